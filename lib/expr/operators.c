/* What FEEL's operators do with values: arithmetic, comparisons, membership, parts of values. */
#include <string.h>

#include "base/limits.h"
#include "expr/expr_priv.h"

enum { DAY = 86400, NANOS = 1000000000 };

static bool refuse(greffe__trouble *trouble, greffe__code code, const char *problem,
                   const greffe__value *a, const greffe__value *b)
{
    *trouble = (greffe__trouble){code, problem, *a, *b, 2};
    return false;
}

static bool add_i64(int64_t *out, int64_t a, int64_t b)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b)) {
        return false;
    }
    *out = a + b;
    return true;
}

static int64_t floor_days(int64_t seconds)
{
    return seconds / DAY - (seconds % DAY < 0);
}

/* --- Time --- */

static const int64_t farthest = 365243219162; /* days to the last of the year 999,999,999 */

static bool date_plus(greffe__value *out, const greffe__value *a, const greffe__value *b, int sign)
{
    *out = *a;
    if (b->kind == GREFFE__PERIOD) {
        if (b->as.months > 24000000000 || b->as.months < -24000000000) {
            return false;
        }
        out->as.days = greffe__add_months(a->as.days, sign * b->as.months);
    } else {
        greffe__moment m = b->as.moment;
        if (m.seconds == INT64_MIN) {
            return false;
        }
        /* A whole day is subtracted for each that began. */
        int64_t seconds = sign < 0 ? -m.seconds - (m.nanos > 0) : m.seconds;
        out->as.days = a->as.days + floor_days(seconds);
    }
    return out->as.days > -farthest && out->as.days < farthest;
}

/* The same moment with another place on the clock; a zone that has a name stays. */
static greffe__value moved(const greffe__value *from, greffe__moment to, greffe__arena *arena)
{
    if (from->count != 1 || from->kind == GREFFE__DURATION) {
        return greffe__temporal((greffe__kind)from->kind, to);
    }
    greffe__zoned *zoned = greffe__arena_alloc(arena, sizeof *zoned);
    if (zoned == NULL) {
        return greffe__null();
    }
    *zoned = (greffe__zoned){to, from->as.zoned->zone};
    greffe__value value = *from;
    value.as.zoned = zoned;
    return value;
}

static bool add_moments(greffe__moment *out, greffe__moment a, greffe__moment b, int sign)
{
    int64_t nanos = (int64_t)a.nanos + sign * (int64_t)b.nanos;
    int64_t carry = nanos < 0 ? -1 : nanos >= NANOS ? 1 : 0;
    if (b.seconds == INT64_MIN || !add_i64(&out->seconds, a.seconds, sign * b.seconds) ||
        !add_i64(&out->seconds, out->seconds, carry)) {
        return false;
    }
    out->nanos = (int32_t)(nanos - carry * NANOS);
    out->offset = a.offset;
    return true;
}

static bool moment_plus(greffe__value *out, const greffe__value *a, const greffe__value *b,
                        int sign, greffe__arena *arena)
{
    greffe__moment from = greffe__moment_in(a), to;
    if (b->kind == GREFFE__PERIOD) {
        int64_t days = floor_days(from.seconds);
        greffe__value date = greffe__date(days), later;
        if (!date_plus(&later, &date, b, sign)) {
            return false;
        }
        to = from;
        to.seconds = later.as.days * DAY + (from.seconds - days * DAY);
    } else if (!add_moments(&to, from, b->as.moment, sign)) {
        return false;
    }
    if (a->kind == GREFFE__TIME) { /* the clock goes round */
        to.seconds = ((to.seconds % DAY) + DAY) % DAY;
    } else if (a->kind == GREFFE__DATETIME &&
               (to.seconds > farthest * DAY || to.seconds < -farthest * DAY)) {
        return false;
    }
    *out = moved(a, to, arena);
    return true;
}

static greffe__moment on_line(const greffe__value *value)
{
    greffe__moment m = value->kind == GREFFE__DATE ? (greffe__moment){value->as.days * DAY, 0, 0}
                                                   : greffe__moment_in(value);
    m.seconds -= m.offset == GREFFE__NO_OFFSET ? 0 : m.offset;
    return m;
}

/* What lies between two points of one line; both have an offset, or none has. */
static bool moment_minus(greffe__value *out, const greffe__value *a, const greffe__value *b)
{
    greffe__moment x = on_line(a), y = on_line(b), between;
    if ((x.offset == GREFFE__NO_OFFSET) != (y.offset == GREFFE__NO_OFFSET) ||
        !add_moments(&between, x, y, -1)) {
        return false;
    }
    between.offset = GREFFE__NO_OFFSET;
    *out = greffe__temporal(GREFFE__DURATION, between);
    return true;
}

static bool is_line(const greffe__value *value)
{
    return value->kind == GREFFE__DATE || value->kind == GREFFE__DATETIME;
}

static bool temporal_sum(greffe__value *out, const greffe__value *a, const greffe__value *b,
                         bool subtract, greffe__arena *arena)
{
    int sign = subtract ? -1 : 1;
    bool step = b->kind == GREFFE__PERIOD || b->kind == GREFFE__DURATION;
    bool step_first = a->kind == GREFFE__PERIOD || a->kind == GREFFE__DURATION;
    if (a->kind == GREFFE__DATE && step) {
        return date_plus(out, a, b, sign);
    }
    if ((a->kind == GREFFE__DATETIME && step) ||
        (a->kind == GREFFE__TIME && b->kind == GREFFE__DURATION) ||
        (a->kind == GREFFE__DURATION && b->kind == GREFFE__DURATION)) {
        return moment_plus(out, a, b, sign, arena);
    }
    if (a->kind == GREFFE__PERIOD && b->kind == GREFFE__PERIOD) {
        *out = *a;
        return b->as.months != INT64_MIN &&
               add_i64(&out->as.months, a->as.months, sign * b->as.months);
    }
    if (step_first && !subtract && b->kind >= GREFFE__DATE && b->kind <= GREFFE__DATETIME) {
        return temporal_sum(out, b, a, false, arena);
    }
    bool apart = (is_line(a) && is_line(b)) || (a->kind == GREFFE__TIME && b->kind == GREFFE__TIME);
    return subtract && apart && moment_minus(out, a, b);
}

static bool seconds_of(greffe__dec *out, const greffe__moment *m)
{
    greffe__dec nanos;
    return greffe__dec_scaled(&nanos, m->nanos, -9) &&
           greffe__dec_add(out, greffe__dec_of(m->seconds), nanos);
}

static bool moment_of_seconds(greffe__value *out, greffe__dec seconds)
{
    greffe__dec whole, rest, billion = greffe__dec_of(NANOS);
    int64_t whole_seconds, nanos;
    if (!greffe__dec_round(&seconds, seconds, 9, GREFFE__ROUND_DOWN) ||
        !greffe__dec_round(&whole, seconds, 0, GREFFE__ROUND_FLOOR) ||
        !greffe__dec_sub(&rest, seconds, whole) || !greffe__dec_mul(&rest, rest, billion) ||
        !greffe__dec_to_i64(&whole_seconds, whole) || !greffe__dec_to_i64(&nanos, rest)) {
        return false;
    }
    *out = greffe__temporal(GREFFE__DURATION,
                            (greffe__moment){whole_seconds, (int32_t)nanos, GREFFE__NO_OFFSET});
    return true;
}

static bool length_of(greffe__dec *out, const greffe__value *value)
{
    if (value->kind == GREFFE__PERIOD) {
        *out = greffe__dec_of(value->as.months);
        return true;
    }
    return seconds_of(out, &value->as.moment);
}

static bool length_as(greffe__value *out, greffe__kind kind, greffe__dec length)
{
    int64_t months;
    if (kind == GREFFE__DURATION) {
        return moment_of_seconds(out, length);
    }
    if (!greffe__dec_round(&length, length, 0, GREFFE__ROUND_DOWN) ||
        !greffe__dec_to_i64(&months, length)) {
        return false;
    }
    *out = (greffe__value){.kind = GREFFE__PERIOD, .as.months = months};
    return true;
}

static bool is_length(const greffe__value *value)
{
    return value->kind == GREFFE__PERIOD || value->kind == GREFFE__DURATION;
}

/* A duration times a number, divided by a number, or by a duration of its kind. */
static bool scaled_length(greffe__value *out, bool divide, const greffe__value *a,
                          const greffe__value *b)
{
    greffe__dec x, y, result;
    const greffe__value *length = is_length(a) ? a : b;
    if (is_length(a) && is_length(b)) {
        if (!divide || a->kind != b->kind || !length_of(&x, a) || !length_of(&y, b) ||
            !greffe__dec_div(&result, x, y)) {
            return false;
        }
        *out = greffe__number(result);
        return true;
    }
    const greffe__value *number = is_length(a) ? b : a;
    if (number->kind != GREFFE__NUMBER || (divide && !is_length(a)) || !length_of(&x, length)) {
        return false;
    }
    y = number->as.number;
    return (divide ? greffe__dec_div(&result, x, y) : greffe__dec_mul(&result, x, y)) &&
           length_as(out, (greffe__kind)length->kind, result);
}

/* --- Arithmetic --- */

static bool join_texts(greffe__value *out, const greffe__value *a, const greffe__value *b,
                       greffe__arena *arena, greffe__trouble *trouble)
{
    greffe__str x = a->as.string, y = b->as.string;
    if (x.size + y.size > GREFFE_MAX_EXPR_STRING) {
        *trouble = (greffe__trouble){.code = GREFFE__GR_EVAL_LIMIT,
                                     .problem = "the text would be longer than 1 MiB"};
        return false;
    }
    char *data = greffe__arena_alloc(arena, x.size + y.size + 1);
    if (data == NULL) {
        return refuse(trouble, GREFFE__GR_EVAL_LIMIT, "there is no memory for this text", a, b);
    }
    if (x.size > 0) {
        memcpy(data, x.data, x.size);
    }
    if (y.size > 0) {
        memcpy(data + x.size, y.data, y.size);
    }
    data[x.size + y.size] = '\0';
    *out = greffe__string((greffe__str){data, x.size + y.size});
    return true;
}

static bool numbers(greffe__value *out, greffe__op op, const greffe__value *a,
                    const greffe__value *b)
{
    greffe__dec x = a->as.number, y = b->as.number;
    out->kind = GREFFE__NUMBER;
    switch (op) {
    case GREFFE__OP_ADD: return greffe__dec_add(&out->as.number, x, y);
    case GREFFE__OP_SUB: return greffe__dec_sub(&out->as.number, x, y);
    case GREFFE__OP_MUL: return greffe__dec_mul(&out->as.number, x, y);
    case GREFFE__OP_DIV: return greffe__dec_div(&out->as.number, x, y);
    default: return greffe__dec_power(&out->as.number, x, y);
    }
}

bool greffe__arithmetic(greffe__value *out, greffe__op op, const greffe__value *a,
                        const greffe__value *b, greffe__arena *arena, greffe__trouble *trouble)
{
    greffe__value result = greffe__null();
    bool sum = op == GREFFE__OP_ADD || op == GREFFE__OP_SUB, good;
    if (a->kind == GREFFE__NUMBER && b->kind == GREFFE__NUMBER) {
        good = numbers(&result, op, a, b);
        *out = good ? result : greffe__null();
        return good || refuse(trouble, GREFFE__GR_EVAL_NUMBER,
                              "the calculation has no finite result", a, b);
    }
    if (a->kind == GREFFE__NULL || b->kind == GREFFE__NULL) {
        return refuse(trouble, GREFFE__GR_EVAL_ABSENT, "a value that is needed is absent", a, b);
    }
    if (op == GREFFE__OP_ADD && a->kind == GREFFE__STRING && b->kind == GREFFE__STRING) {
        return join_texts(out, a, b, arena, trouble);
    }
    bool lengths = is_length(a) || is_length(b);
    good =
        sum ? temporal_sum(&result, a, b, op == GREFFE__OP_SUB, arena)
            : lengths && op != GREFFE__OP_POW && scaled_length(&result, op == GREFFE__OP_DIV, a, b);
    if (!good) {
        return refuse(trouble, GREFFE__GR_EVAL_TYPE,
                      sum ? "these cannot be added or subtracted"
                          : "only numbers can be calculated with",
                      a, b);
    }
    *out = result;
    return true;
}

bool greffe__negate(greffe__value *value, greffe__trouble *trouble)
{
    if (value->kind == GREFFE__NUMBER) {
        value->as.number = greffe__dec_neg(value->as.number);
        return true;
    }
    if (value->kind == GREFFE__PERIOD && value->as.months != INT64_MIN) {
        value->as.months = -value->as.months;
        return true;
    }
    if (value->kind == GREFFE__DURATION && value->as.moment.seconds != INT64_MIN) {
        greffe__moment *m = &value->as.moment;
        m->seconds = -m->seconds - (m->nanos > 0);
        m->nanos = m->nanos > 0 ? NANOS - m->nanos : 0;
        return true;
    }
    *trouble = (greffe__trouble){
        value->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
        "only numbers and durations have a sign", *value, greffe__null(), 1};
    return false;
}

/* --- Comparing --- */

/* A comparison of two values, part by part. */
typedef struct comparison {
    bool known;    /* FEEL has an answer */
    uint32_t left; /* parts that may still be looked at */
} comparison;

/* Whether two values of one kind are equal: false, and not known, where FEEL has no answer. */
static bool same(const greffe__value *a, const greffe__value *b, comparison *c)
{
    if (a->kind == GREFFE__NULL || b->kind == GREFFE__NULL) {
        return a->kind == b->kind;
    }
    if (a->kind != b->kind || c->left == 0) {
        c->known = false;
        return false;
    }
    c->left -= 1;
    bool all = a->count == b->count;
    if (a->kind == GREFFE__LIST) {
        for (uint32_t i = 0; all && i < a->count; i++) {
            all = same(&a->as.items[i], &b->as.items[i], c);
        }
        return all;
    }
    if (a->kind == GREFFE__CONTEXT) {
        for (uint32_t i = 0; all && i < a->count; i++) {
            const greffe__value *other = greffe__value_get(b, a->as.entries[i].name);
            all = other != NULL && same(&a->as.entries[i].value, other, c);
        }
        return all;
    }
    return greffe__value_equal(a, b);
}

static comparison begin(void)
{
    return (comparison){true, GREFFE_MAX_EXPR_COMPARED};
}

bool greffe__value_within(const greffe__value *value, uint64_t *left)
{
    enum { each = 16 };
    uint64_t size = each + (value->kind == GREFFE__STRING ? value->as.string.size : 0);
    if (size > *left) {
        return false;
    }
    *left -= size;
    bool within = true;
    for (uint32_t i = 0; value->kind == GREFFE__LIST && within && i < value->count; i++) {
        within = greffe__value_within(&value->as.items[i], left);
    }
    for (uint32_t i = 0; value->kind == GREFFE__CONTEXT && within && i < value->count; i++) {
        within = value->as.entries[i].name.size < *left &&
                 greffe__value_within(&value->as.entries[i].value, left);
        *left -= within ? value->as.entries[i].name.size : 0;
    }
    return within;
}

bool greffe__compare_values(greffe__value *out, greffe__op op, const greffe__value *a,
                            const greffe__value *b, greffe__trouble *trouble)
{
    uint32_t looked;
    return greffe__compare_counted(out, op, a, b, trouble, &looked);
}

bool greffe__compare_counted(greffe__value *out, greffe__op op, const greffe__value *a,
                             const greffe__value *b, greffe__trouble *trouble, uint32_t *looked)
{
    int order;
    *looked = 1;
    *out = greffe__null();
    if (op == GREFFE__OP_EQ || op == GREFFE__OP_NE) {
        comparison c = begin();
        bool equal = same(a, b, &c);
        *looked = GREFFE_MAX_EXPR_COMPARED - c.left;
        if (c.left == 0) {
            return refuse(trouble, GREFFE__GR_EVAL_LIMIT,
                          "a comparison looks at more than 100,000 parts", a, b);
        }
        if (!c.known) {
            return refuse(trouble, GREFFE__GR_EVAL_TYPE, "values of different kinds are compared",
                          a, b);
        }
        *out = greffe__bool(equal == (op == GREFFE__OP_EQ));
        return true;
    }
    if (a->kind == GREFFE__NULL || b->kind == GREFFE__NULL) {
        return refuse(trouble, GREFFE__GR_EVAL_ABSENT, "a value that is needed is absent", a, b);
    }
    if (!greffe__value_compare(&order, a, b)) {
        return refuse(trouble, GREFFE__GR_EVAL_TYPE, "these have no order", a, b);
    }
    *out = greffe__bool(op == GREFFE__OP_LT   ? order < 0
                        : op == GREFFE__OP_LE ? order <= 0
                        : op == GREFFE__OP_GT ? order > 0
                                              : order >= 0);
    return true;
}

static bool in_range(greffe__value *out, const greffe__value *value, const greffe__range *range,
                     greffe__trouble *trouble)
{
    int order;
    bool inside = true;
    if (range->low.kind != GREFFE__NULL) {
        if (!greffe__value_compare(&order, value, &range->low)) {
            return refuse(trouble, GREFFE__GR_EVAL_TYPE, "these have no order", value, &range->low);
        }
        inside = order > 0 || (order == 0 && range->low_closed);
    }
    if (range->high.kind != GREFFE__NULL) {
        if (!greffe__value_compare(&order, value, &range->high)) {
            return refuse(trouble, GREFFE__GR_EVAL_TYPE, "these have no order", value,
                          &range->high);
        }
        inside = inside && (order < 0 || (order == 0 && range->high_closed));
    }
    *out = greffe__bool(inside);
    return true;
}

static bool in_list(greffe__value *out, const greffe__value *value, const greffe__value *list,
                    greffe__trouble *trouble)
{
    greffe__trouble unknown = {0};
    bool undecided = false;
    comparison c = begin(); /* one budget for the whole list */
    for (uint32_t i = 0; i < list->count; i++) {
        const greffe__value *item = &list->as.items[i];
        greffe__value inside = greffe__null();
        if (item->kind == GREFFE__RANGE && value->kind != GREFFE__RANGE) {
            undecided = !in_range(&inside, value, item->as.range, &unknown) || undecided;
        } else {
            inside = greffe__bool(same(value, item, &c));
        }
        if (inside.kind == GREFFE__BOOL && inside.as.truth) {
            *out = inside;
            return true;
        }
    }
    *out = greffe__bool(false);
    if (c.left == 0) {
        return refuse(trouble, GREFFE__GR_EVAL_LIMIT,
                      "a comparison looks at more than 100,000 parts", value, list);
    }
    if (undecided) {
        *trouble = unknown;
        *out = greffe__null();
    }
    return !undecided;
}

/* Most lists are of texts: 1 when it is one of them, 0 when it is none, -1 when there are others.
 */
static int among_texts(greffe__str text, const greffe__value *list)
{
    int none = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const greffe__value *item = &list->as.items[i];
        if (item->kind != GREFFE__STRING) {
            none = -1;
        } else if (greffe__str_equal(text, item->as.string)) {
            return 1;
        }
    }
    return none;
}

bool greffe__value_in(greffe__value *out, const greffe__value *value, const greffe__value *test,
                      greffe__trouble *trouble)
{
    *out = greffe__null();
    int found = test->kind == GREFFE__LIST && value->kind == GREFFE__STRING
                    ? among_texts(value->as.string, test)
                    : -1;
    if (found >= 0) {
        *out = greffe__bool(found > 0);
        return true;
    }
    if (test->kind == GREFFE__LIST && value->kind != GREFFE__LIST) {
        return in_list(out, value, test, trouble);
    }
    if (test->kind == GREFFE__LIST) { /* equal to it, or one of its items */
        comparison c = begin();
        if (same(value, test, &c)) {
            *out = greffe__bool(true);
            return true;
        }
        return in_list(out, value, test, trouble);
    }
    if (test->kind == GREFFE__RANGE && value->kind != GREFFE__RANGE) {
        if (value->kind == GREFFE__NULL) {
            return refuse(trouble, GREFFE__GR_EVAL_ABSENT, "a value that is needed is absent",
                          value, test);
        }
        return in_range(out, value, test->as.range, trouble);
    }
    if (test->kind == GREFFE__NULL && value->kind != GREFFE__NULL) {
        return refuse(trouble, GREFFE__GR_EVAL_ABSENT, "a value that is needed is absent", value,
                      test);
    }
    return greffe__compare_values(out, GREFFE__OP_EQ, value, test, trouble);
}

/* --- Parts --- */

static const char *const date_parts[] = {"year", "month", "day", "weekday"};
static const char *const clock_parts[] = {"hour", "minute", "second", "time offset", "timezone"};
static const char *const period_parts[] = {"years", "months"};
static const char *const duration_parts[] = {"days", "hours", "minutes", "seconds"};
static const char *const range_parts[] = {"start", "end", "start included", "end included"};

static int place_of(greffe__str name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (greffe__str_is(name, names[i])) {
            return i;
        }
    }
    return -1;
}

static bool date_part(greffe__value *out, int64_t days, int part)
{
    greffe__civil civil = greffe__civil_of(days);
    *out = greffe__integer(part == 0   ? civil.year
                           : part == 1 ? civil.month
                           : part == 2 ? civil.day
                                       : greffe__weekday(days));
    return true;
}

static bool with_fraction(greffe__value *out, int64_t seconds, int32_t nanos)
{
    greffe__moment m = {seconds, nanos, 0};
    out->kind = GREFFE__NUMBER;
    return seconds_of(&out->as.number, &m);
}

static bool clock_part(greffe__value *out, const greffe__value *base, int part)
{
    greffe__moment m = greffe__moment_in(base);
    int64_t seconds = ((m.seconds % DAY) + DAY) % DAY;
    greffe__str zone = greffe__zone_name(base);
    switch (part) {
    case 0: *out = greffe__integer(seconds / 3600); return true;
    case 1: *out = greffe__integer(seconds / 60 % 60); return true;
    case 2: return with_fraction(out, seconds % 60, m.nanos);
    case 3:
        *out = m.offset == GREFFE__NO_OFFSET
                   ? greffe__null()
                   : greffe__temporal(GREFFE__DURATION,
                                      (greffe__moment){m.offset, 0, GREFFE__NO_OFFSET});
        return true;
    default: *out = zone.size > 0 ? greffe__string(zone) : greffe__null(); return true;
    }
}

static bool duration_part(greffe__value *out, const greffe__value *base, int part)
{
    greffe__value positive = *base;
    greffe__trouble trouble;
    bool negative = base->as.moment.seconds < 0;
    if (negative && !greffe__negate(&positive, &trouble)) {
        return false;
    }
    int64_t seconds = positive.as.moment.seconds;
    bool good = true;
    switch (part) {
    case 0: *out = greffe__integer(seconds / DAY); break;
    case 1: *out = greffe__integer(seconds / 3600 % 24); break;
    case 2: *out = greffe__integer(seconds / 60 % 60); break;
    default: good = with_fraction(out, seconds % 60, positive.as.moment.nanos); break;
    }
    if (good && negative) {
        out->as.number = greffe__dec_neg(out->as.number);
    }
    return good;
}

static bool part_of(greffe__value *out, const greffe__value *base, greffe__str name)
{
    bool dated = base->kind == GREFFE__DATE || base->kind == GREFFE__DATETIME;
    bool clocked = base->kind == GREFFE__TIME || base->kind == GREFFE__DATETIME;
    int part = dated ? place_of(name, date_parts, 4) : -1;
    if (part >= 0) {
        int64_t days = base->kind == GREFFE__DATE ? base->as.days
                                                  : floor_days(greffe__moment_in(base).seconds);
        return date_part(out, days, part);
    }
    part = clocked ? place_of(name, clock_parts, 5) : -1;
    if (part >= 0) {
        return clock_part(out, base, part);
    }
    part = base->kind == GREFFE__PERIOD ? place_of(name, period_parts, 2) : -1;
    if (part >= 0) {
        *out = greffe__integer(part == 0 ? base->as.months / 12 : base->as.months % 12);
        return true;
    }
    part = base->kind == GREFFE__DURATION ? place_of(name, duration_parts, 4) : -1;
    if (part >= 0) {
        return duration_part(out, base, part);
    }
    part = base->kind == GREFFE__RANGE ? place_of(name, range_parts, 4) : -1;
    if (part >= 0) {
        const greffe__range *range = base->as.range;
        *out = part == 0   ? range->low
               : part == 1 ? range->high
                           : greffe__bool(part == 2 ? range->low_closed : range->high_closed);
        return true;
    }
    return false;
}

bool greffe__has_member(const greffe__value *base, greffe__str name)
{
    greffe__value part;
    return base->kind == GREFFE__CONTEXT ? greffe__value_get(base, name) != NULL
                                         : part_of(&part, base, name);
}

/* Of a list: the parts of its items. */
static bool parts_of(greffe__value *out, const greffe__value *list, greffe__str name,
                     greffe__arena *arena, greffe__trouble *trouble)
{
    greffe__value *items = greffe__arena_alloc(arena, (list->count + 1) * sizeof *items);
    if (items == NULL) {
        return refuse(trouble, GREFFE__GR_EVAL_LIMIT, "there is no memory for this list", list,
                      list);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->as.items[i].kind == GREFFE__LIST ||
            !greffe__member_of(&items[i], &list->as.items[i], name, arena, trouble)) {
            items[i] = greffe__null();
        }
    }
    *out = greffe__list_of(items, list->count);
    return true;
}

bool greffe__member_of(greffe__value *out, const greffe__value *base, greffe__str name,
                       greffe__arena *arena, greffe__trouble *trouble)
{
    *out = greffe__null();
    if (base->kind == GREFFE__CONTEXT) {
        const greffe__value *entry = greffe__value_get(base, name);
        if (entry != NULL) {
            *out = *entry;
            return true;
        }
    } else if (base->kind == GREFFE__LIST) {
        return parts_of(out, base, name, arena, trouble);
    } else if (part_of(out, base, name)) {
        return true;
    }
    greffe__value text = greffe__string(name);
    return refuse(trouble,
                  base->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
                  "a value has no such part", base, &text);
}

bool greffe__list_append(greffe__arena *arena, greffe__value *list, const greffe__value *item)
{
    uint32_t count = list->count, room = 4;
    while (room < count) {
        room *= 2;
    }
    if (list->grows == 0 || count == 0 || count == room) {
        room *= count == room ? 2 : 1;
        greffe__value *items = greffe__arena_alloc(arena, room * sizeof *items);
        if (items == NULL) {
            return false;
        }
        if (count > 0) {
            memcpy(items, list->as.items, count * sizeof *items);
        }
        list->as.items = items;
        list->grows = 1;
    }
    /* The list's own growing memory: what others hold of it ends before this item. */
    greffe__value *place = (greffe__value *)(uintptr_t)&list->as.items[count];
    *place = *item;
    list->count += 1;
    return true;
}
