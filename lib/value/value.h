/* Typed values: what fields hold, what expressions give, what the journal commits to.
 *
 * A value is immutable and lives in an arena; lists, contexts and strings are borrowed from it. */
#ifndef GREFFE_VALUE_VALUE_H
#define GREFFE_VALUE_VALUE_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are written in stored records: they never change. */
typedef enum greffe__kind {
    GREFFE__NULL = 0,
    GREFFE__BOOL = 1,
    GREFFE__NUMBER = 2,
    GREFFE__STRING = 3,
    GREFFE__DATE = 4,     /* days */
    GREFFE__TIME = 5,     /* moment: seconds of the day */
    GREFFE__DATETIME = 6, /* moment: local seconds since 1970, as if UTC */
    GREFFE__DURATION = 7, /* moment: days-and-time duration in seconds */
    GREFFE__PERIOD = 8,   /* months */
    GREFFE__LIST = 9,
    GREFFE__CONTEXT = 10,
    GREFFE__RANGE = 11,
    GREFFE__FUNCTION = 12 /* lives while an expression runs; never stored */
} greffe__kind;

enum { GREFFE__NO_OFFSET = INT32_MIN };

typedef struct greffe__moment {
    int64_t seconds;
    int32_t nanos;  /* 0–999,999,999, added to seconds */
    int32_t offset; /* seconds east of UTC, or GREFFE__NO_OFFSET */
} greffe__moment;

/* A time, or date and time, whose zone has a name: its value's count is 1. */
typedef struct greffe__zoned {
    greffe__moment moment;
    greffe_str zone; /* Europe/Paris */
} greffe__zoned;

typedef struct greffe__value greffe__value;
typedef struct greffe__entry greffe__entry;
typedef struct greffe__range greffe__range;

struct greffe__value {
    uint8_t kind;
    uint8_t grows;  /* a list that has room: see greffe__list_append */
    uint32_t count; /* of a list or a context; 1: a zoned time */
    union {
        bool truth;
        greffe__dec number;
        greffe__str string;
        int64_t days, months;
        greffe__moment moment;
        const greffe__value *items;
        const greffe__entry *entries; /* in the order they were written */
        const greffe__range *range;
        const greffe__zoned *zoned;
        const struct greffe__closure *function;
    } as;
};

struct greffe__entry {
    greffe__str name;
    greffe__value value;
};

/* An end that is missing (`< 5`) is null. */
struct greffe__range {
    greffe__value low, high;
    bool low_closed, high_closed;
};

static inline greffe__value greffe__null(void)
{
    return (greffe__value){.kind = GREFFE__NULL};
}

/* Copied whole: what is written part by part and then read at once has to wait. */
extern const greffe__value greffe__truths[2];
static inline greffe__value greffe__bool(bool truth)
{
    return greffe__truths[truth];
}

greffe__value greffe__number(greffe__dec number);
greffe__value greffe__integer(int64_t number);
greffe__value greffe__string(greffe__str string);
greffe__value greffe__text(const char *terminated);
greffe__value greffe__date(int64_t days);
/* A time, a date and time or a duration. */
greffe__value greffe__temporal(greffe__kind kind, greffe__moment moment);
greffe__moment greffe__moment_in(const greffe__value *value);
/* The zone's name, or the empty string. */
greffe__str greffe__zone_name(const greffe__value *value);
greffe__value greffe__list_of(const greffe__value *items, uint32_t count);
greffe__value greffe__context_of(const greffe__entry *entries, uint32_t count);

/* The entry's value, or NULL. */
const greffe__value *greffe__value_get(const greffe__value *context, greffe__str name);
const greffe__value *greffe__value_at(const greffe__value *context, const char *name);
/* The text of an entry, or the empty string. */
greffe__str greffe__value_str(const greffe__value *context, const char *name);

/* Equality as FEEL has it: 1.0 equals 1; values of two kinds differ. */
bool greffe__value_equal(const greffe__value *a, const greffe__value *b);
/* Orders two values of one comparable kind; false when they have no order. */
bool greffe__value_compare(int *order, const greffe__value *a, const greffe__value *b);
/* Whether the names of a context ascend; and its entries one after the other by ascending names,
 * the first one after NULL. */
bool greffe__in_order(const greffe__value *context);
const greffe__entry *greffe__entry_after(const greffe__value *context,
                                         const greffe__entry *previous, bool in_order);
/* Puts a context's entries in ascending order of their names, in a new list; false without memory,
 * or when a name stands twice. */
bool greffe__value_sort(greffe__arena *arena, greffe__value *context);
/* A deep copy; the null value when the arena failed. */
greffe__value greffe__value_copy(greffe__arena *arena, const greffe__value *value);
/* "string", "number"…, for messages. */
const char *greffe__kind_name(greffe__kind kind);

/* Text forms of ISO 8601 for temporal values: "P2M", "PT36H", "2020-05-04", "10:00:00+01:00", and
 * FEEL's "10:00:00@Europe/Paris". What names a zone gives its name, and no offset. */
bool greffe__duration_parse(greffe__value *out, greffe__str text);
bool greffe__time_parse(greffe__moment *out, greffe__str *zone, greffe__str text);
bool greffe__datetime_parse(greffe__moment *out, greffe__str *zone, greffe__str text);
void greffe__value_temporal(greffe__buf *out, const greffe__value *value);

#ifdef __cplusplus
}
#endif
#endif
