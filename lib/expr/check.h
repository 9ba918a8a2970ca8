/* Inside the expression room: what the files of the check share. */
#ifndef GREFFE_EXPR_CHECK_H
#define GREFFE_EXPR_CHECK_H

#include "base/limits.h"
#include "expr/expr_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GREFFE__MAX_NARROWED = 32 };

typedef struct greffe__checker {
    greffe__expr_work *work;
    const greffe__symbols *symbols;
    bool lenient;
    greffe__variable *scope;                           /* the innermost name */
    greffe__ast *functions[GREFFE_MAX_EXPR_DEPTH + 1]; /* that are around */
    uint32_t level;
    greffe__variable *input;                    /* what ? stands for */
    const void *narrowed[GREFFE__MAX_NARROWED]; /* symbols and variables that are not null here */
    uint32_t narrowed_count;
} greffe__checker;

extern const greffe__type greffe__any_type;

/* Reports a fault; false, to be returned. */
bool greffe__check_problem(greffe__checker *c, greffe__code code, const greffe__ast *node,
                           const char *hint, const char *message);
/* In a lenient program the node is null when it runs; else a fault. */
bool greffe__check_no_value(greffe__checker *c, greffe__code code, greffe__ast *node,
                            const char *hint, const char *message);
/* Refuses the two operands of an operation. */
bool greffe__check_operands(greffe__checker *c, const greffe__ast *node, greffe__op op,
                            const greffe__type *a, const greffe__type *b);
/* Refuses what may be absent, and what is no condition. */
bool greffe__check_present(greffe__checker *c, const greffe__ast *node);
bool greffe__check_boolean(greffe__checker *c, const greffe__ast *node);
/* Refuses a choice that is compared with an option that it does not have. */
bool greffe__check_option(greffe__checker *c, const greffe__type *choice,
                          const greffe__ast *constant);
bool greffe__check_equality(greffe__checker *c, const greffe__ast *node, greffe__op op,
                            const greffe__type *a, const greffe__ast *other);

greffe__type greffe__check_type_of(greffe__kind kind);
const char *greffe__check_words(const greffe__checker *c, const greffe__type *type);
/* A copy in the arena. */
const greffe__type *greffe__check_keep(greffe__checker *c, greffe__type type);
bool greffe__check_order(const greffe__type *type);
/* Whether an argument of this type may be of what a letter asks for. */
bool greffe__check_fits(char letter, const greffe__type *type);

/* Looks for a name from the inside out; `*found` is false when nothing has it for certain. */
bool greffe__check_resolve(greffe__checker *c, greffe__ast *node, bool *found);
bool greffe__check_variable(greffe__checker *c, greffe__ast *node, greffe__variable *variable);
/* The built-in function of this name, its first form. */
const greffe__function *greffe__check_function(const greffe__checker *c, greffe__str name,
                                               uint32_t *number);
/* Gives a name to what follows, until the scope is put back. */
greffe__variable *greffe__check_bind(greffe__checker *c, greffe__ast *node, greffe__str name,
                                     greffe__type type);

/* Each resolves and types a node of its kind; greffe__check_node any. */
bool greffe__check_node(greffe__checker *c, greffe__ast *node);
bool greffe__check_name(greffe__checker *c, greffe__ast *node);
bool greffe__check_member(greffe__checker *c, greffe__ast *node);
bool greffe__check_iteration(greffe__checker *c, greffe__ast *node);
bool greffe__check_filter(greffe__checker *c, greffe__ast *node);
bool greffe__check_lambda(greffe__checker *c, greffe__ast *node);
bool greffe__check_context(greffe__checker *c, greffe__ast *node);
bool greffe__check_list(greffe__checker *c, greffe__ast *node);
bool greffe__check_range(greffe__checker *c, greffe__ast *node);
bool greffe__check_counting(greffe__checker *c, greffe__ast *node);
bool greffe__check_call(greffe__checker *c, greffe__ast *node);
bool greffe__check_in(greffe__checker *c, greffe__ast *node);
bool greffe__check_between(greffe__checker *c, greffe__ast *node);
bool greffe__check_table(greffe__checker *c, greffe__ast *node);

#ifdef __cplusplus
}
#endif
#endif
