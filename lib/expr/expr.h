/* FEEL (DMN 1.5): from the text of an expression, or a decision table, to a small program, and its
 * evaluation.
 *
 * It knows no YAML and no procedure: names are given by a table of symbols, their values by a
 * function at evaluation. One evaluator serves two modes. Strict, for procedures: what FEEL would
 * make null is an error with its place, most of it before anything runs. Lenient, as DMN has it:
 * null, and the reason is kept. Neither clock nor locale: today, now and the zones come in. */
#ifndef GREFFE_EXPR_EXPR_H
#define GREFFE_EXPR_EXPR_H

#include "base/diag.h"
#include "value/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Types and names --- */

/* What a value may be at the most: bounds that are null are none. */
typedef struct greffe__domain {
    greffe__value low, high; /* both inclusive */
    int32_t scale;           /* digits after the point; -1: any number of them */
} greffe__domain;

/* The static type of a name or an expression. */
typedef struct greffe__type {
    uint8_t kind;                    /* greffe__kind */
    bool any;                        /* not known before it runs */
    bool optional;                   /* may be null */
    const struct greffe__type *item; /* of a list or a range, result of a function; NULL: any */
    const greffe__strs *options;     /* of a choice, else NULL */
    const greffe__domain *domain;    /* NULL: the whole of its kind */
    const greffe__strs *names;       /* of a context's entries, or NULL: not known */
    const struct greffe__type *of;   /* those entries' types; a function's parameters' */
    uint32_t count;                  /* how many parameters a function has */
    const greffe__value *allowed;    /* a list of values and ranges, or NULL */
} greffe__type;

typedef struct greffe__symbol {
    greffe__str name; /* dotted: demandeur.foyer; in DMN it may have spaces */
    greffe__type type;
    uint32_t slot; /* what the evaluator asks for */
} greffe__symbol;

typedef struct greffe__symbols {
    greffe__symbol **at; /* each stays where it is */
    uint32_t count, capacity;
    greffe__map index;
    /* Of a name that was not added: adds it and gives its symbol, or NULL when there is none; of
     * an empty name, adds all that there are. May be NULL. */
    const greffe__symbol *(*supply)(void *data, greffe__str name);
    void *data;
    greffe__str own; /* one more name, of the symbol `own_is`; or empty */
    const greffe__symbol *own_is;
    greffe__strs spaced;   /* names of several words, or with signs in them */
    greffe__map types;     /* names of types */
    greffe__list typed;    /* greffe__type: what they stand for */
    greffe__map functions; /* names of built-in functions */
    greffe__map begun;     /* first words of those that have several */
    bool lenient;          /* the expressions over these names give null for an error */
} greffe__symbols;

void greffe__symbols_init(greffe__symbols *symbols, greffe__arena *arena);
/* False for a name that is there already, or without memory. */
bool greffe__symbols_add(greffe__symbols *symbols, greffe__str name, greffe__type type,
                         uint32_t slot);
const greffe__symbol *greffe__symbols_find(const greffe__symbols *symbols, greffe__str name);
/* A name for a type, as DMN's item definitions give one. */
bool greffe__symbols_add_type(greffe__symbols *symbols, greffe__str name, greffe__type type);
/* The type that a text names: number, list<date>, or a name given before. */
bool greffe__symbols_type(const greffe__symbols *symbols, greffe__arena *arena, greffe__str text,
                          greffe__type *out);

/* --- What is compiled --- */

typedef enum greffe__hit {
    GREFFE__HIT_UNIQUE,
    GREFFE__HIT_ANY,
    GREFFE__HIT_PRIORITY,
    GREFFE__HIT_FIRST,
    GREFFE__HIT_COLLECT,
    GREFFE__HIT_RULE_ORDER,
    GREFFE__HIT_OUTPUT_ORDER
} greffe__hit;

typedef enum greffe__aggregate {
    GREFFE__AGGREGATE_NONE,
    GREFFE__AGGREGATE_SUM,
    GREFFE__AGGREGATE_MIN,
    GREFFE__AGGREGATE_MAX,
    GREFFE__AGGREGATE_COUNT
} greffe__aggregate;

/* Texts that are empty are not there. */
typedef struct greffe__column {
    greffe__str name;      /* of an output; one that stands alone may have none */
    greffe__str text;      /* of an input: its expression */
    greffe__str type;      /* declared */
    greffe__str allowed;   /* unary tests; the values of an output, the most important first */
    greffe__str otherwise; /* of an output: what it is when no rule fires */
} greffe__column;

typedef struct greffe__table {
    uint8_t hit, aggregate;
    const greffe__column *inputs, *outputs;
    uint32_t input_count, output_count, rule_count;
    const greffe__str *cells; /* rule by rule: unary tests, then outputs' expressions */
} greffe__table;

typedef enum greffe__boxed_kind {
    GREFFE__BOXED_TEXT,
    GREFFE__BOXED_TABLE,
    GREFFE__BOXED_CONTEXT, /* names; one that is empty is the result */
    GREFFE__BOXED_LIST,
    GREFFE__BOXED_FUNCTION, /* names and types of parameters; the body */
    GREFFE__BOXED_CALL,     /* the function; then names and their arguments */
    GREFFE__BOXED_IF,       /* condition, then, else */
    GREFFE__BOXED_FOR,      /* names: the iterator; the list, the result */
    GREFFE__BOXED_SOME,     /* names: the iterator; the list, the condition */
    GREFFE__BOXED_EVERY,
    GREFFE__BOXED_FILTER /* the list, the condition */
} greffe__boxed_kind;

/* An expression made of several texts, as DMN boxes them. */
typedef struct greffe__boxed {
    uint8_t kind;
    greffe__str text; /* of BOXED_TEXT: a part of the source */
    greffe__str type; /* declared, or empty */
    greffe__strs names;
    greffe__strs types; /* of parameters; may be shorter than their names */
    const struct greffe__boxed *const *at;
    uint32_t count;
    const greffe__table *table; /* of BOXED_TABLE */
} greffe__boxed;

/* A function that an expression holds: its parameters and where its code is. */
typedef struct greffe__lambda {
    greffe__strs names;
    greffe__values types; /* of the parameters, as greffe__type_value writes them */
    greffe__u32s taken;   /* from the stack where it is made: what its body uses of outside */
    uint32_t from;        /* its first operation */
} greffe__lambda;

typedef struct greffe__lambdas {
    greffe__lambda *at;
    uint32_t count, capacity;
} greffe__lambdas;

/* A compiled expression: immutable, shared by threads, stored in bundles. */
typedef struct greffe__program {
    greffe__str source;
    greffe__u32s code; /* operation in the low 8 bits, operand above */
    greffe__values constants;
    greffe__u32s slots;  /* which slots it may read, ascending */
    greffe__u32s places; /* for each operation, in the source: start << 12 | bytes */
    uint32_t result;     /* greffe__kind */
    uint32_t depth;      /* of the stack */
    bool any;            /* the result's kind is known only when it runs */
    bool lenient;
    greffe__lambdas lambdas;
} greffe__program;

extern const greffe__shape greffe__program_shape;

/* Its text; empty where there is no program. */
static inline greffe__str greffe__program_text(const greffe__program *program)
{
    return program != NULL ? program->source : (greffe__str){"", 0};
}

/* The value of a program that is nothing but a constant; NULL for another. */
const greffe__value *greffe__program_constant(const greffe__program *program);
/* Whether a program that was stored can run: its jumps, operands and stack. False: damaged. */
bool greffe__program_sound(const greffe__program *program);

/* What is wrong with an expression, in bytes of its source. */
typedef struct greffe__expr_error {
    greffe__code code;
    uint32_t start, end;
    const char *message; /* in the arena */
    const char *hint;    /* in the arena, or NULL */
} greffe__expr_error;

/* Compiles; `wanted` (may be NULL) is the type that the result must have.
 * GREFFE_EINVALID with `*error` filled, GREFFE_ENOMEM. Everything lives in the arena. Where what
 * compiles is hardly what was meant, GREFFE_OK comes with `*error` too: its code is a warning's. */
greffe_status greffe__expr_compile(greffe__program *out, greffe__type *type,
                                   greffe__expr_error *error, greffe__arena *arena,
                                   const greffe__symbols *symbols, greffe__str source,
                                   const greffe__type *wanted);
/* The same of a boxed expression, whose texts are parts of `source`. */
greffe_status greffe__expr_compile_boxed(greffe__program *out, greffe__type *type,
                                         greffe__expr_error *error, greffe__arena *arena,
                                         const greffe__symbols *symbols, greffe__str source,
                                         const greffe__boxed *boxed, const greffe__type *wanted);

/* --- Analysis --- */

typedef enum greffe__finding_kind {
    GREFFE__FOUND_GAP = 1,   /* values for which no rule fires */
    GREFFE__FOUND_OVERLAP,   /* values for which two rules fire that may not, or do not agree */
    GREFFE__FOUND_DEAD,      /* a rule that fires for no values */
    GREFFE__FOUND_NOT_PROVED /* there may be more than what was found */
} greffe__finding_kind;

typedef struct greffe__finding {
    uint8_t kind;
    uint32_t rule, other;         /* from 0; of an overlap, of a rule that is dead */
    const greffe__value *example; /* a value for each input; null where there is none */
    greffe__str text;             /* velo.modele = "cargo", revenu = 400.01; or why not proved */
} greffe__finding;

typedef struct greffe__findings {
    greffe__finding *at;
    uint32_t count, capacity;
} greffe__findings;

/* Looks for gaps, overlaps and rules that never fire, over all the values that the inputs' types
 * and domains allow. What is reported is so: its example shows it. Where nothing is reported, and
 * GREFFE__FOUND_NOT_PROVED neither, there is nothing to be found. Over inputs whose types are not
 * known, as in a lenient program, nothing is proved.
 * GREFFE_EINVALID as greffe__expr_compile, GREFFE_ENOMEM. */
greffe_status greffe__table_analyse(greffe__findings *out, greffe__expr_error *error,
                                    greffe__arena *arena, const greffe__symbols *symbols,
                                    greffe__str source, const greffe__table *table);

/* Conditions over names, read together: the values of each name are cut into segments, on each of
 * which every condition is true throughout, or false throughout, or null. */
typedef struct greffe__conditions greffe__conditions;

typedef struct greffe__name_cut {
    uint32_t slot, count; /* of the name; how many segments */
    const greffe__value
        *samples; /* a value of each; null, where the name may be absent, the last */
    bool exact;   /* every value that the name may have lies in one of them */
} greffe__name_cut;

typedef struct greffe__names {
    greffe__name_cut *at;
    uint32_t count, capacity;
} greffe__names;

/* Whether a part of a text may have no value, for some values of its names: a quotient, a root, a
 * text that is read as a date. `*part` is the first such part. What is asked before it counts.
 * `boxed` is NULL, or what is made of parts of the text, as of a table. */
bool greffe__expr_partial(greffe__str *part, greffe__arena *arena, const greffe__symbols *symbols,
                          greffe__str source, const greffe__boxed *boxed);

/* Between which bounds a number lies, and how many decimals it has at most; -1: any. */
typedef struct greffe__bounds {
    greffe__dec low, high;
    bool has_low, has_high;
    int decimals;
} greffe__bounds;

/* Of a value, or of one output of a table that has several. */
typedef struct greffe__named_bounds {
    greffe__str name, member;
    greffe__bounds bounds;
} greffe__named_bounds;

typedef struct greffe__bounds_list {
    greffe__named_bounds *at;
    uint32_t count, capacity;
} greffe__bounds_list;

/* Both of them. */
greffe__bounds greffe__bounds_either(greffe__bounds a, greffe__bounds b);

/* Adds what is known of an expression, under the name of its value; it may use those that are there
 * already. `boxed` as above. False: it has a fault, or there is no memory. */
bool greffe__expr_bounds(greffe__bounds_list *out, greffe__arena *arena,
                         const greffe__symbols *symbols, greffe__str source,
                         const greffe__boxed *boxed, greffe__str name);

/* In the arena; the symbols do not change as long as it lives. NULL without memory. */
greffe__conditions *greffe__conditions_create(greffe__arena *arena, const greffe__symbols *symbols);
/* Adds a condition that was compiled over the symbols, and lives as long; `*index` is its number.
 * False without memory. */
bool greffe__conditions_add(greffe__conditions *conditions, const greffe__program *program,
                            uint32_t *index);
/* Makes a value a segment of its own, where a condition is about the name. */
bool greffe__conditions_mark(greffe__conditions *conditions, uint32_t slot,
                             const greffe__value *value);
/* Once all are added: segments that no condition tells apart are one. False without memory. */
bool greffe__conditions_cut(greffe__conditions *conditions);
const greffe__names *greffe__conditions_names(const greffe__conditions *conditions);
/* The names that a condition is about; NULL: it is more than comparisons of names with values that
 * are known, or asks for names of infinitely many values, and nothing can be said of it. */
const greffe__u32s *greffe__condition_names(const greffe__conditions *conditions, uint32_t index);
/* What a condition is where each of its names has the value that `values` holds for it. */
greffe__value greffe__condition_holds(const greffe__conditions *conditions, uint32_t index,
                                      const greffe__value *values);

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
    /* A zone by its name, or NULL; may itself be NULL: then UTC and Europe/Paris are known. */
    const greffe__zone *(*zone)(void *data, greffe__str name);
    const greffe__calendar *calendar; /* the authority's working days, or NULL: France's */
    /* Is told each rule of a table that fires, from 0, and GREFFE__RULE_OTHERWISE where none does;
     * may be NULL. False: without memory. */
    bool (*rule)(void *data, uint32_t rule);
} greffe__eval;

#define GREFFE__RULE_OTHERWISE UINT32_MAX

/* GREFFE_OK; GREFFE_EINVALID with `*error` (the operands are named in the message);
 * GREFFE_ENOTFOUND as `load` gave it; GREFFE_ENOMEM. A lenient program gives GREFFE_OK and null,
 * and `*error` says the first reason for a null (its code is 0 when there was none); only a limit
 * (GR-3104) ends it like a strict one. A function
 * that is the result may be called while its program and the arena last. */
greffe_status greffe__expr_eval(greffe__value *out, greffe__expr_error *error,
                                const greffe__program *program, const greffe__eval *eval);

/* Whether a value is of a type, and as which value: a list of one item is that item where no list
 * is wanted, an item a list of one where a list is. False, and null, when it is not. */
bool greffe__type_conform(greffe__value *out, const greffe__value *value, const greffe__type *type,
                          greffe__arena *arena);

/* A value as FEEL writes it; `quoted`: texts in quotes. */
void greffe__value_feel(greffe__buf *out, const greffe__value *value, bool quoted);

#ifdef __cplusplus
}
#endif
#endif
