/* Random decision tables that are known from within: their columns and cells are small structs, so
 * that what they mean is said without the library, and their text is made from them. */
#ifndef GREFFE_TEST_TABLE_MODEL_H
#define GREFFE_TEST_TABLE_MODEL_H

#include "base/str.h"
#include "expr/expr.h"

enum {
    MODEL_COLUMNS = 10,
    MODEL_RULES = 100,
    MODEL_PIECES = 3,
    MODEL_CANDIDATES = 1024, /* values of a column, at and around the bounds of its cells */
    MODEL_ENDLESS = 1000000  /* no bound of a cell lies further, in units */
};

typedef enum axis_kind { AXIS_NUMBER, AXIS_DATE, AXIS_PERIOD, AXIS_BOOL, AXIS_CHOICE } axis_kind;

/* A value is a count of units: of the last digit, days, months; an option's place; 0 or 1. */
typedef struct spot {
    bool null;
    int64_t at;
} spot;

typedef struct axis {
    axis_kind kind;
    bool optional, bounded;
    int32_t scale;     /* of a number; -1: any number of digits, and the unit is a thousandth */
    int64_t low, high; /* both inclusive; of a bounded one and of options */
} axis;

typedef enum piece_kind { PIECE_RANGE, PIECE_VALUE, PIECE_NULL } piece_kind;

typedef struct piece {
    piece_kind kind;
    uint8_t form;      /* how a range is written */
    int64_t low, high; /* inclusive; past MODEL_ENDLESS: no end */
    bool open_low, open_high;
} piece;

typedef struct cell {
    uint8_t count; /* of its pieces; 0: - */
    bool negated;
    piece at[MODEL_PIECES];
} cell;

typedef struct model {
    greffe__hit hit;
    bool otherwise; /* the output has a default */
    uint32_t column_count, rule_count;
    axis axes[MODEL_COLUMNS];
    cell cells[MODEL_RULES][MODEL_COLUMNS];
    uint8_t outputs[MODEL_RULES]; /* 0 to 3, the most important first */
    /* What the making of it tells of it. */
    bool exact;   /* a partition: no gap, no overlap */
    bool one_gap; /* a partition but for `gap` */
    cell gap[MODEL_COLUMNS];
} model;

uint64_t model_random(uint64_t *state);
/* Less than the bound. */
uint32_t model_below(uint64_t *state, uint32_t bound);
bool model_chance(uint64_t *state, uint32_t percent);

/* `present`: no input may be null. */
void model_make(model *m, uint64_t *random, bool present);
/* The table as the kit reads it. `only` (may be NULL) says which rules it has. `marked`: the rule
 * whose output is 9; any number past the rules: none. */
void model_text(greffe__buf *out, const model *m, const bool *only, uint32_t marked);

/* Whether a cell is passed: 1, 0, or -1 where null makes it unknown. */
int model_passes(const cell *tests, spot value);
/* Whether a rule fires for one value of each column. */
bool model_fires(const model *m, uint32_t rule, const spot *values);
/* Values that lie at and around the bounds of a column's cells, each once, within its domain. */
uint32_t model_candidates(const model *m, uint32_t column, spot out[MODEL_CANDIDATES]);
greffe__value model_value(const axis *a, spot value);
/* The value as a spot; false: it lies between two units. */
bool model_spot(const axis *a, const greffe__value *value, spot *out);
bool model_may_be(const axis *a, spot value);

#endif
