/* One case of the DMN Technology Compatibility Kit: read from its line, run, and compared.
 *
 * It counts nothing and judges nothing: what a result means in either mode is the runner's. */
#ifndef GREFFE_TEST_DMN_CASE_H
#define GREFFE_TEST_DMN_CASE_H

#include "expr/expr.h"

/* What all cases share. Zones are read once for the whole process. */
typedef struct dmn_zone {
    greffe__str name;
    const greffe__zone *zone; /* NULL: there is none of that name */
} dmn_zone;

typedef struct dmn_zones {
    dmn_zone *at;
    uint32_t count, capacity;
    greffe__arena arena;
} dmn_zones;

typedef struct dmn_case {
    /* Set before it is read. */
    greffe__arena *arena;
    dmn_zones *zones;
    bool strict;

    /* Of its line. */
    size_t line_bytes;
    greffe__str id;
    greffe__value expected; /* typed, as the line writes it */
    bool err;
    greffe__value expr, type, in, pre, items;

    /* While it runs. */
    greffe__symbols symbols;
    greffe__values held; /* by slot */
    bool malformed;

    /* What came. */
    greffe_status status;     /* GREFFE_EINVALID: it was refused, for `error` */
    greffe__expr_error error; /* the first one; in lenient mode, the reason of a null */
    greffe__str source;
    greffe__value got;
    bool tolerated; /* a number was equal only within the kit's tolerance */
} dmn_case;

/* False when the line is not a case of the extract, or without memory. */
bool dmn_case_read(dmn_case *c, greffe__str line);
/* False when a part of the line is not as the extract writes it. */
bool dmn_case_run(dmn_case *c);
/* Whether a value is what a typed one says. */
bool dmn_case_matches(dmn_case *c, const greffe__value *typed, const greffe__value *got);

/* The tree of an expression (dmn_boxed.c). Its texts are put one after the other into `*source`,
 * which has room for `line_bytes`; NULL when it has not the form of one. */
const greffe__boxed *dmn_boxed_read(greffe__arena *arena, size_t line_bytes,
                                    const greffe__value *expr, greffe__str *source);

#endif
