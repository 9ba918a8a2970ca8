/* FEEL: from the text of an expression to a small typed program, and its evaluation.
 *
 * It knows no YAML and no procedure: names are given by a table of symbols, their values by a
 * function at evaluation. Strict mode: where FEEL would give null for a type error, this gives an
 * error with its place. Neither clock nor locale: today and now come in. */
#ifndef GREFFE_EXPR_EXPR_H
#define GREFFE_EXPR_EXPR_H

#include "base/diag.h"
#include "value/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The static type of a name or an expression. */
typedef struct greffe__type {
    uint8_t kind;                    /* greffe__kind */
    bool any;                        /* not known before it runs */
    bool optional;                   /* may be null */
    const struct greffe__type *item; /* of a list; NULL when not known */
    const greffe__strs *options;     /* of a choice, else NULL */
} greffe__type;

typedef struct greffe__symbol {
    greffe__str name; /* dotted: demandeur.foyer */
    greffe__type type;
    uint32_t slot; /* what the evaluator asks for */
} greffe__symbol;

typedef struct greffe__symbols {
    greffe__symbol *at;
    uint32_t count, capacity;
    greffe__map index;
} greffe__symbols;

void greffe__symbols_init(greffe__symbols *symbols, greffe__arena *arena);
bool greffe__symbols_add(greffe__symbols *symbols, greffe__str name, greffe__type type,
                         uint32_t slot);
const greffe__symbol *greffe__symbols_find(const greffe__symbols *symbols, greffe__str name);

/* A compiled expression: immutable, shared by threads, stored in bundles. */
typedef struct greffe__program {
    greffe__str source;
    greffe__u32s code; /* operation in the low 8 bits, operand above */
    greffe__values constants;
    greffe__u32s slots;  /* which slots it may read, ascending */
    greffe__u32s places; /* for each operation, start and end in the source: start << 16 | end */
    uint32_t result;     /* greffe__kind */
    uint32_t depth;      /* of the stack */
    bool any;            /* the result's kind is known only when it runs */
} greffe__program;

extern const greffe__shape greffe__program_shape;

/* What is wrong with an expression, in bytes of its source. */
typedef struct greffe__expr_error {
    greffe__code code;
    uint32_t start, end;
    const char *message; /* in the arena */
    const char *hint;    /* in the arena, or NULL */
} greffe__expr_error;

/* Compiles; `wanted` (may be NULL) is the type that the result must have.
 * GREFFE_EINVALID with `*error` filled, GREFFE_ENOMEM. Everything lives in the arena. */
greffe_status greffe__expr_compile(greffe__program *out, greffe__type *type,
                                   greffe__expr_error *error, greffe__arena *arena,
                                   const greffe__symbols *symbols, greffe__str source,
                                   const greffe__type *wanted);

/* --- Evaluation --- */

typedef struct greffe__eval {
    /* Gives a slot's value; null when it is absent. GREFFE_ENOTFOUND stops the evaluation: the
     * caller will fetch what is missing and evaluate again. */
    greffe_status (*load)(void *data, uint32_t slot, greffe__value *out);
    void *data;
    greffe__arena *arena; /* for results that need memory */
    int64_t today;        /* civil date of the authority, in days */
    int64_t now_ms;
    int32_t offset; /* the zone's, in seconds, for now() */
} greffe__eval;

/* GREFFE_OK; GREFFE_EINVALID with `*error` (the operands are named in the message);
 * GREFFE_ENOTFOUND as `load` gave it; GREFFE_ENOMEM. */
greffe_status greffe__expr_eval(greffe__value *out, greffe__expr_error *error,
                                const greffe__program *program, const greffe__eval *eval);

#ifdef __cplusplus
}
#endif
#endif
