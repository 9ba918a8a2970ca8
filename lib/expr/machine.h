/* Inside the expression room: what runs a program, and the parts of it. */
#ifndef GREFFE_EXPR_MACHINE_H
#define GREFFE_EXPR_MACHINE_H

#include "base/limits.h"
#include "expr/expr_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

struct greffe__machine {
    const greffe__eval *eval;
    greffe__expr_error *error;
    greffe_status status; /* why the evaluation stops */
    uint32_t steps, calls;
    greffe__value *limit; /* one past the stack */
    greffe__value *free;  /* where a function that is called from outside the loop begins */
};

/* What runs: a program, or the body of one of its functions. */
typedef struct greffe__frame {
    greffe__machine *m;
    const greffe__program *program;
    uint32_t at; /* the operation */
} greffe__frame;

/* In a strict program the evaluation ends; in a lenient one the result is null, and the first
 * reason is kept. Limits end both. */
bool greffe__met(const greffe__frame *f, const greffe__trouble *trouble, greffe__value *result);
/* The same, naming a value or none. */
bool greffe__met_text(const greffe__frame *f, greffe__code code, const char *problem,
                      const greffe__value *value, greffe__value *result);
bool greffe__no_memory(const greffe__frame *f);
/* Takes steps off those that are left; false when too few are. */
bool greffe__count_work(const greffe__frame *f, uint64_t steps);

/* Runs from f->at to RETURN; locals begin at `base`, the stack is free from `top` on. */
bool greffe__run(greffe__frame *f, greffe__value *base, greffe__value *top, greffe__value *result);

/* Calls a built-in function on the arguments that begin at `at`. */
bool greffe__run_built_in(const greffe__frame *f, const greffe__function *function,
                          greffe__value *at, uint32_t count, greffe__value *result);
/* Calls the function at `at` on the arguments above it, and above them perhaps their names. */
bool greffe__run_value(const greffe__frame *f, greffe__value *at, uint32_t count, bool named);
bool greffe__run_closure(const greffe__frame *f, uint32_t operand, const greffe__value *base,
                         greffe__value *result);

/* Each makes its value of those that begin at `at`, and leaves it there. */
bool greffe__build_list(const greffe__frame *f, greffe__value *at, uint32_t count);
bool greffe__build_context(const greffe__frame *f, greffe__value *at, const greffe__value *names);
bool greffe__build_range(const greffe__frame *f, greffe__value *at, uint32_t ends);
/* The whole numbers or days from at[0] to at[1], up or down. */
bool greffe__count_through(const greffe__frame *f, greffe__value *at);
/* Makes a list of a value: of a range what lies in it. */
bool greffe__iterate(const greffe__frame *f, greffe__value *at);
/* list, place below `top`: the next item; false when there is none. */
bool greffe__has_next(greffe__value *top, greffe__value *item);
bool greffe__append(const greffe__frame *f, greffe__value *list, const greffe__value *item);
void greffe__index_of(greffe__value *out, const greffe__value *list, const greffe__value *number);
/* list, place, item, condition below `top`. */
bool greffe__filter(const greffe__frame *f, greffe__value *found, greffe__value *top);
bool greffe__quantify(const greffe__frame *f, bool some, greffe__value *known,
                      const greffe__value *value);

#ifdef __cplusplus
}
#endif
#endif
