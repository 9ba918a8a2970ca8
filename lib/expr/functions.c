/* FEEL's built-in functions: one table of names, arguments and results, and their bodies. */
#include "expr/expr_priv.h"

#include <string.h>

#include "base/limits.h"

static bool refuse(greffe__call *call, greffe__code code, const char *problem)
{
    call->code = code;
    call->problem = problem;
    return false;
}

static bool argument(greffe__call *call, const char *problem)
{
    return refuse(call, GREFFE__GR_EVAL_ARGUMENT, problem);
}

/* --- Numbers --- */

static bool run_abs(greffe__call *call, greffe__value *out)
{
    *out = call->at[0];
    if (out->kind == GREFFE__NUMBER) {
        out->as.number = greffe__dec_abs(out->as.number);
    } else if (out->kind == GREFFE__PERIOD) {
        out->as.months = out->as.months < 0 ? -out->as.months : out->as.months;
    } else {
        out->as.moment.seconds =
            out->as.moment.seconds < 0 ? -out->as.moment.seconds : out->as.moment.seconds;
    }
    return true;
}

static bool round_by(greffe__call *call, greffe__value *out, greffe__rounding mode)
{
    int64_t scale = 0;
    if (call->count > 1 && !greffe__dec_to_i64(&scale, call->at[1].as.number)) {
        return argument(call, "the number of decimals must be a whole number");
    }
    greffe__dec result;
    if (scale < -6111 || scale > 6176 ||
        !greffe__dec_round(&result, call->at[0].as.number, (int)scale, mode)) {
        return argument(call, "the number of decimals is out of range");
    }
    *out = greffe__number(result);
    return true;
}

static bool run_decimal(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_HALF_EVEN);
}
static bool run_half_up(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_HALF_UP);
}
static bool run_half_down(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_HALF_DOWN);
}
static bool run_round_up(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_UP);
}
static bool run_round_down(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_DOWN);
}
static bool run_floor(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_FLOOR);
}
static bool run_ceiling(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_CEILING);
}

static bool run_modulo(greffe__call *call, greffe__value *out)
{
    greffe__dec a = call->at[0].as.number, b = call->at[1].as.number, q, product, result;
    if (!greffe__dec_div(&q, a, b) || !greffe__dec_round(&q, q, 0, GREFFE__ROUND_FLOOR) ||
        !greffe__dec_mul(&product, q, b) || !greffe__dec_sub(&result, a, product)) {
        return refuse(call, GREFFE__GR_EVAL_NUMBER, "modulo has no finite result");
    }
    *out = greffe__number(result);
    return true;
}

/* The items that a variadic function works on: its arguments, or those of its one list. */
static const greffe__value *items_of(const greffe__call *call, uint32_t *count)
{
    if (call->count == 1 && call->at[0].kind == GREFFE__LIST) {
        *count = call->at[0].count;
        return call->at[0].as.items;
    }
    *count = call->count;
    return call->at;
}

static bool extreme(greffe__call *call, greffe__value *out, int wanted)
{
    uint32_t count;
    const greffe__value *items = items_of(call, &count);
    if (count == 0) {
        return argument(call, "an empty list has no smallest or largest value");
    }
    *out = items[0];
    for (uint32_t i = 1; i < count; i++) {
        int order;
        if (!greffe__value_compare(&order, &items[i], out)) {
            return refuse(call, GREFFE__GR_EVAL_TYPE, "values of different kinds have no order");
        }
        *out = order == wanted || (order != 0 && (order < 0) == (wanted < 0)) ? items[i] : *out;
    }
    return true;
}

static bool run_min(greffe__call *call, greffe__value *out)
{
    return extreme(call, out, -1);
}
static bool run_max(greffe__call *call, greffe__value *out)
{
    return extreme(call, out, 1);
}

static bool run_sum(greffe__call *call, greffe__value *out)
{
    uint32_t count;
    const greffe__value *items = items_of(call, &count);
    greffe__dec total = greffe__dec_of(0);
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].kind != GREFFE__NUMBER) {
            return refuse(call, GREFFE__GR_EVAL_TYPE, "only numbers have a sum");
        }
        if (!greffe__dec_add(&total, total, items[i].as.number)) {
            return refuse(call, GREFFE__GR_EVAL_NUMBER, "the sum has no finite result");
        }
    }
    *out = greffe__number(total);
    return true;
}

static bool run_count(greffe__call *call, greffe__value *out)
{
    *out = greffe__integer(call->at[0].count);
    return true;
}

/* --- Texts --- */

static bool find(greffe__str text, greffe__str part, size_t *out)
{
    for (size_t i = 0; i + part.size <= text.size; i++) {
        if (part.size == 0 || memcmp(text.data + i, part.data, part.size) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool run_contains(greffe__call *call, greffe__value *out)
{
    size_t at;
    *out = greffe__bool(find(call->at[0].as.string, call->at[1].as.string, &at));
    return true;
}

static bool run_starts(greffe__call *call, greffe__value *out)
{
    greffe__str text = call->at[0].as.string, part = call->at[1].as.string;
    *out = greffe__bool(text.size >= part.size &&
                        (part.size == 0 || memcmp(text.data, part.data, part.size) == 0));
    return true;
}

static bool run_ends(greffe__call *call, greffe__value *out)
{
    greffe__str text = call->at[0].as.string, part = call->at[1].as.string;
    size_t skip = text.size - part.size;
    *out = greffe__bool(text.size >= part.size &&
                        (part.size == 0 || memcmp(text.data + skip, part.data, part.size) == 0));
    return true;
}

static bool run_length(greffe__call *call, greffe__value *out)
{
    *out = greffe__integer((int64_t)greffe__utf8_length(call->at[0].as.string));
    return true;
}

static bool run_string(greffe__call *call, greffe__value *out)
{
    const greffe__value *value = &call->at[0];
    greffe__buf text;
    char number[GREFFE__DEC_CHARS];
    if (value->kind == GREFFE__STRING) {
        *out = *value;
        return true;
    }
    if (value->kind == GREFFE__NUMBER) {
        size_t size = greffe__dec_format(number, value->as.number);
        *out = greffe__string(greffe__str_dup(call->eval->arena, (greffe__str){number, size}));
        return true;
    }
    if (value->kind == GREFFE__BOOL) {
        *out = greffe__text(value->as.truth ? "true" : "false");
        return true;
    }
    greffe__buf_init(&text, call->eval->arena->context);
    greffe__value_temporal(&text, value);
    *out = greffe__string(greffe__str_dup(call->eval->arena, (greffe__str){text.data, text.size}));
    call->eval->arena->failed = call->eval->arena->failed || text.failed;
    greffe__buf_free(&text);
    return true;
}

/* --- Logic and lists --- */

static bool run_not(greffe__call *call, greffe__value *out)
{
    *out = greffe__bool(!call->at[0].as.truth);
    return true;
}

static bool run_list_contains(greffe__call *call, greffe__value *out)
{
    *out = greffe__bool(false);
    for (uint32_t i = 0; i < call->at[0].count; i++) {
        if (greffe__value_equal(&call->at[0].as.items[i], &call->at[1])) {
            *out = greffe__bool(true);
        }
    }
    return true;
}

/* --- Time --- */

static bool run_today(greffe__call *call, greffe__value *out)
{
    *out = greffe__date(call->eval->today);
    return true;
}

static bool run_now(greffe__call *call, greffe__value *out)
{
    int64_t now = call->eval->now_ms;
    int64_t seconds = now / 1000 - (now % 1000 < 0);
    *out = (greffe__value){.kind = GREFFE__DATETIME,
                           .as.moment = {seconds + call->eval->offset,
                                         (int32_t)(now - seconds * 1000) * 1000000,
                                         call->eval->offset}};
    return true;
}

static bool run_date(greffe__call *call, greffe__value *out)
{
    int64_t days, year, month, day;
    if (call->count == 1 && call->at[0].kind == GREFFE__STRING) {
        if (!greffe__date_parse(&days, call->at[0].as.string)) {
            return argument(call, "this text is no date of the form 2020-05-04");
        }
    } else if (call->count == 1 && call->at[0].kind == GREFFE__DATE) {
        days = call->at[0].as.days;
    } else if (call->count == 1 && call->at[0].kind == GREFFE__DATETIME) {
        int64_t seconds = call->at[0].as.moment.seconds;
        days = seconds / 86400 - (seconds % 86400 < 0);
    } else if (call->count == 3 && call->at[0].kind == GREFFE__NUMBER &&
               greffe__dec_to_i64(&year, call->at[0].as.number) &&
               greffe__dec_to_i64(&month, call->at[1].as.number) &&
               greffe__dec_to_i64(&day, call->at[2].as.number) && month >= 1 && month <= 12 &&
               day >= 1 && day <= 31 && greffe__civil_valid(year, (int)month, (int)day)) {
        days = greffe__days_of(year, (int)month, (int)day);
    } else {
        return argument(call, "no date is made from these values");
    }
    *out = greffe__date(days);
    return true;
}

static bool run_duration(greffe__call *call, greffe__value *out)
{
    return greffe__duration_parse(out, call->at[0].as.string) ||
           argument(call, "this text is no duration such as P2M, P10D or PT36H");
}

/* Whole months from the first date to the second. */
static bool run_months_between(greffe__call *call, greffe__value *out)
{
    int64_t from = call->at[0].as.days, to = call->at[1].as.days;
    greffe__civil a = greffe__civil_of(from), b = greffe__civil_of(to);
    int64_t months = (b.year - a.year) * 12 + (b.month - a.month);
    if (to >= from && b.day < a.day) {
        months -= 1;
    } else if (to < from && b.day > a.day) {
        months += 1;
    }
    *out = (greffe__value){.kind = GREFFE__PERIOD, .as.months = months};
    return true;
}

/* In ascending order of nothing: programs hold an index, so an entry never moves. */
static const greffe__function functions[] = {
    {"abs", 1, 1, "m", GREFFE__NULL, run_abs},
    {"decimal", 2, 2, "n", GREFFE__NUMBER, run_decimal},
    {"round half up", 2, 2, "n", GREFFE__NUMBER, run_half_up},
    {"round half down", 2, 2, "n", GREFFE__NUMBER, run_half_down},
    {"round half even", 2, 2, "n", GREFFE__NUMBER, run_decimal},
    {"round up", 2, 2, "n", GREFFE__NUMBER, run_round_up},
    {"round down", 2, 2, "n", GREFFE__NUMBER, run_round_down},
    {"floor", 1, 2, "n", GREFFE__NUMBER, run_floor},
    {"ceiling", 1, 2, "n", GREFFE__NUMBER, run_ceiling},
    {"modulo", 2, 2, "n", GREFFE__NUMBER, run_modulo},
    {"min", 1, GREFFE__MAX_ARGUMENTS, "c", GREFFE__NULL, run_min},
    {"max", 1, GREFFE__MAX_ARGUMENTS, "c", GREFFE__NULL, run_max},
    {"sum", 1, GREFFE__MAX_ARGUMENTS, "a", GREFFE__NUMBER, run_sum},
    {"count", 1, 1, "l", GREFFE__NUMBER, run_count},
    {"contains", 2, 2, "s", GREFFE__BOOL, run_contains},
    {"starts with", 2, 2, "s", GREFFE__BOOL, run_starts},
    {"ends with", 2, 2, "s", GREFFE__BOOL, run_ends},
    {"string length", 1, 1, "s", GREFFE__NUMBER, run_length},
    {"string", 1, 1, "c", GREFFE__STRING, run_string},
    {"not", 1, 1, "b", GREFFE__BOOL, run_not},
    {"list contains", 2, 2, "la", GREFFE__BOOL, run_list_contains},
    {"today", 0, 0, "", GREFFE__DATE, run_today},
    {"now", 0, 0, "", GREFFE__DATETIME, run_now},
    {"date", 1, 3, "a", GREFFE__DATE, run_date},
    {"duration", 1, 1, "s", GREFFE__NULL, run_duration},
    {"years and months duration", 2, 2, "d", GREFFE__PERIOD, run_months_between},
};

const greffe__function *greffe__function_at(uint32_t index)
{
    return &functions[index];
}

uint32_t greffe__function_count(void)
{
    return (uint32_t)(sizeof functions / sizeof *functions);
}

/* --- Addition across kinds --- */

static bool add_i64(int64_t *out, int64_t a, int64_t b)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b)) {
        return false;
    }
    *out = a + b;
    return true;
}

static bool date_plus(greffe__value *out, const greffe__value *a, const greffe__value *b, int sign)
{
    static const int64_t farthest = 400000000000; /* days: past any year that FEEL has */
    *out = *a;
    if (b->kind == GREFFE__PERIOD) {
        if (b->as.months > 24000000000 || b->as.months < -24000000000) {
            return false;
        }
        out->as.days = greffe__add_months(a->as.days, sign * b->as.months);
    } else {
        int64_t seconds = sign * b->as.moment.seconds;
        out->as.days = a->as.days + seconds / 86400 - (seconds % 86400 < 0);
    }
    return out->as.days > -farthest && out->as.days < farthest;
}

static bool moment_plus(greffe__value *out, const greffe__value *a, const greffe__value *b,
                        int sign)
{
    *out = *a;
    if (b->kind == GREFFE__PERIOD) {
        int64_t seconds = a->as.moment.seconds;
        int64_t days = seconds / 86400 - (seconds % 86400 < 0);
        greffe__value date = greffe__date(days), moved;
        if (!date_plus(&moved, &date, b, sign)) {
            return false;
        }
        out->as.moment.seconds = moved.as.days * 86400 + (seconds - days * 86400);
        return true;
    }
    int64_t nanos = (int64_t)a->as.moment.nanos + sign * (int64_t)b->as.moment.nanos;
    int64_t carry = nanos < 0 ? -1 : nanos >= 1000000000 ? 1 : 0;
    out->as.moment.nanos = (int32_t)(nanos - carry * 1000000000);
    return add_i64(&out->as.moment.seconds, a->as.moment.seconds,
                   sign * b->as.moment.seconds + carry);
}

bool greffe__value_add(greffe__value *out, const greffe__value *a, const greffe__value *b,
                       bool subtract, greffe__arena *arena)
{
    int sign = subtract ? -1 : 1;
    bool step = b->kind == GREFFE__PERIOD || b->kind == GREFFE__DURATION;
    if (a->kind == GREFFE__NUMBER && b->kind == GREFFE__NUMBER) {
        *out = greffe__null();
        out->kind = GREFFE__NUMBER;
        return subtract ? greffe__dec_sub(&out->as.number, a->as.number, b->as.number)
                        : greffe__dec_add(&out->as.number, a->as.number, b->as.number);
    }
    if (a->kind == GREFFE__STRING && b->kind == GREFFE__STRING && !subtract) {
        greffe__str x = a->as.string, y = b->as.string;
        if (x.size + y.size > GREFFE_MAX_EXPR_STRING) {
            return false;
        }
        *out = greffe__string(
            greffe__str_format(arena, "%.*s%.*s", (int)x.size, x.data, (int)y.size, y.data));
        return true;
    }
    if (a->kind == GREFFE__DATE && step) {
        return date_plus(out, a, b, sign);
    }
    if (a->kind == GREFFE__DATE && b->kind == GREFFE__DATE && subtract) {
        *out =
            (greffe__value){.kind = GREFFE__DURATION,
                            .as.moment = {(a->as.days - b->as.days) * 86400, 0, GREFFE__NO_OFFSET}};
        return true;
    }
    if (a->kind == GREFFE__DATETIME && step) {
        return moment_plus(out, a, b, sign);
    }
    if (a->kind == GREFFE__PERIOD && b->kind == GREFFE__PERIOD) {
        *out = *a;
        return add_i64(&out->as.months, a->as.months, sign * b->as.months);
    }
    if (a->kind == GREFFE__DURATION && b->kind == GREFFE__DURATION) {
        return moment_plus(out, a, b, sign);
    }
    return false;
}
