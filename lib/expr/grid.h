/* Inside the expression room: the values of an input cut into segments, on each of which every
 * condition that is looked at is true throughout, or false throughout.
 *
 * So questions over infinitely many values (is a rule always met? can two both be?) become ones
 * over finitely many boxes of segments. A condition counts when it is built of comparisons of one
 * input with a value that is known; it then changes only at its marks. */
#ifndef GREFFE_EXPR_GRID_H
#define GREFFE_EXPR_GRID_H

#include "expr/expr_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct greffe__axis {
    const void *leaf; /* the symbol or variable that it is of */
    const void *also; /* another name of the same value, or NULL */
    greffe__type type;
    greffe__values marks;   /* where conditions change */
    greffe__values samples; /* a value of each segment */
    bool exact;             /* every value that the input may have lies in a segment */
    bool marked;            /* somebody compares its segments with a value */
} greffe__axis;

typedef struct greffe__grid {
    greffe__arena *arena;
    const void *only; /* the leaf of the one axis that conditions may be about; NULL: any */
    greffe__axis *at;
    uint32_t count, capacity;
} greffe__grid;

/* The axis of a name or of ?; made when there is none. NULL: the node is neither, is not the one
 * that counts, or no memory. It moves when another is made. */
greffe__axis *greffe__grid_axis(greffe__grid *grid, const greffe__ast *leaf);
/* Notes the marks of a checked condition. False: its truth may change elsewhere too. */
bool greffe__grid_collect(greffe__grid *grid, greffe__ast *condition);
/* Cuts every axis at its marks, within its type's domain. False without memory. */
bool greffe__grid_cut(greffe__grid *grid);
/* Whether a collected condition holds for one value of each axis: true, false or null. */
greffe__value greffe__grid_holds(const greffe__grid *grid, const greffe__ast *condition,
                                 const greffe__value *values);

#ifdef __cplusplus
}
#endif
#endif
