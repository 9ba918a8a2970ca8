/* Inside the expression room: what the files that make programs share. */
#ifndef GREFFE_EXPR_GENERATE_H
#define GREFFE_EXPR_GENERATE_H

#include "base/limits.h"
#include "expr/expr_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct greffe__generator {
    greffe__expr_work *work;
    greffe__program *program;
    const greffe__ast *function; /* whose body is made; NULL: the whole */
    uint32_t level;
    uint32_t height; /* values in the frame */
    bool folding;    /* what is made now runs at once */
} greffe__generator;

/* Writes an operation; `growth` is what it does to the height of the frame. */
bool greffe__generate_op(greffe__generator *g, greffe__op op, uint32_t operand,
                         const greffe__ast *node, int growth);
/* An operation whose operand is a constant; one that pushes a constant. */
bool greffe__generate_with(greffe__generator *g, greffe__op op, greffe__value value,
                           const greffe__ast *node, int growth);
bool greffe__generate_constant(greffe__generator *g, greffe__value value, const greffe__ast *node);
/* The place of the next operation, and making the jump at `at` lead there. */
uint32_t greffe__generate_here(const greffe__generator *g);
void greffe__generate_land(greffe__generator *g, uint32_t at);
greffe__value greffe__generate_names(greffe__generator *g, const greffe__strs *names);
bool greffe__generate_no_memory(greffe__generator *g);

/* Writes what gives a node's value. */
bool greffe__generate(greffe__generator *g, greffe__ast *node);
bool greffe__generate_table(greffe__generator *g, const greffe__ast *node);

/* Calculates a fixed tree now. False: it has no value, and says so when it runs. */
bool greffe__fold(greffe__generator *g, greffe__ast *node, greffe__value *out);

#ifdef __cplusplus
}
#endif
#endif
