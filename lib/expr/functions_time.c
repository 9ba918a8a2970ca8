/* Built-in functions over dates, times and durations, and how their texts are read. */
#include <string.h>

#include "expr/expr_priv.h"

enum { DAY = 86400 };

static bool no_such(greffe__call *call, const char *problem)
{
    return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT, problem, &call->at[0]);
}

static int64_t floor_days(int64_t seconds)
{
    return seconds / DAY - (seconds % DAY < 0);
}

/* --- Zones --- */

static const greffe__zone *zone_named(greffe__str name, const greffe__eval *eval)
{
    const greffe__zone *zone = eval->zone != NULL ? eval->zone(eval->data, name) : NULL;
    if (zone != NULL) {
        return zone;
    }
    if (greffe__str_is(name, "Europe/Paris")) {
        return greffe__zone_paris();
    }
    bool utc = greffe__str_is(name, "UTC") || greffe__str_is(name, "Etc/UTC") ||
               greffe__str_is(name, "GMT") || greffe__str_is(name, "Etc/GMT") ||
               greffe__str_is(name, "Z");
    return utc ? greffe__zone_utc() : NULL;
}

bool greffe__zoned_value(greffe__value *out, greffe__kind kind, greffe__moment moment,
                         greffe__str zone, const greffe__eval *eval, greffe__arena *arena)
{
    if (zone.size == 0) {
        *out = greffe__temporal(kind, moment);
        return true;
    }
    const greffe__zone *rules = zone_named(zone, eval);
    greffe__zoned *zoned = greffe__arena_alloc(arena, sizeof *zoned);
    if (rules == NULL || zoned == NULL) {
        return false;
    }
    /* A time without a date takes the offset of today. */
    int64_t days = kind == GREFFE__TIME ? eval->today : floor_days(moment.seconds);
    int64_t in_day = kind == GREFFE__TIME ? moment.seconds : moment.seconds - days * DAY;
    int64_t instant = days > -100000000 && days < 100000000
                          ? greffe__zone_instant(rules, days, in_day * 1000)
                          : 0;
    moment.offset = greffe__zone_offset(rules, instant);
    *zoned = (greffe__zoned){moment, greffe__str_dup(arena, zone)};
    *out = (greffe__value){.kind = (uint8_t)kind, .count = 1, .as.zoned = zoned};
    return true;
}

bool greffe__zoned_again(greffe__value *value, const greffe__eval *eval, greffe__arena *arena,
                         bool on_line)
{
    static const int64_t farthest_seconds = INT64_C(100000000) * DAY;
    greffe__moment moment = value->as.zoned->moment;
    const greffe__str name = value->as.zoned->zone;
    const greffe__zone *rules = zone_named(name, eval);
    int64_t instant = moment.seconds - moment.offset;
    if (rules == NULL || instant > farthest_seconds || instant < -farthest_seconds) {
        return true; /* as it was */
    }
    if (!on_line) {
        return greffe__zoned_value(value, GREFFE__DATETIME, moment, name, eval, arena);
    }
    moment.offset = greffe__zone_offset(rules, instant * 1000);
    moment.seconds = instant + moment.offset;
    greffe__zoned *zoned = greffe__arena_alloc(arena, sizeof *zoned);
    if (zoned != NULL) {
        *zoned = (greffe__zoned){moment, name};
        value->as.zoned = zoned;
    }
    return zoned != NULL;
}

bool greffe__temporal_parse(greffe__value *out, greffe__str text, const greffe__eval *eval,
                            greffe__arena *arena)
{
    int64_t days;
    greffe__moment moment;
    greffe__str zone;
    if (greffe__date_parse(&days, text)) {
        *out = greffe__date(days);
        return true;
    }
    if (greffe__duration_parse(out, text)) {
        return true;
    }
    if (greffe__datetime_parse(&moment, &zone, text)) {
        return greffe__zoned_value(out, GREFFE__DATETIME, moment, zone, eval, arena);
    }
    return greffe__time_parse(&moment, &zone, text) &&
           greffe__zoned_value(out, GREFFE__TIME, moment, zone, eval, arena);
}

/* --- Making --- */

static bool run_literal(greffe__call *call, greffe__value *out)
{
    return greffe__temporal_parse(out, call->at[0].as.string, call->eval, call->arena) ||
           no_such(call, "this text is no date, time or duration");
}

static bool run_today(greffe__call *call, greffe__value *out)
{
    *out = greffe__date(call->eval->today);
    return true;
}

static bool run_now(greffe__call *call, greffe__value *out)
{
    int64_t now = call->eval->now_ms;
    int64_t seconds = now / 1000 - (now % 1000 < 0);
    *out = greffe__temporal(GREFFE__DATETIME,
                            (greffe__moment){seconds + call->eval->offset,
                                             (int32_t)(now - seconds * 1000) * 1000000,
                                             call->eval->offset});
    return true;
}

static bool whole(const greffe__value *value, int64_t *out)
{
    return value->kind == GREFFE__NUMBER && greffe__dec_to_i64(out, value->as.number);
}

static bool civil(greffe__call *call, int64_t *days)
{
    int64_t year, month, day;
    if (!whole(&call->at[0], &year) || !whole(&call->at[1], &month) || !whole(&call->at[2], &day) ||
        month < 1 || month > 12 || day < 1 || day > 31 ||
        !greffe__civil_valid(year, (int)month, (int)day)) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                   "no date is made from these values");
    }
    *days = greffe__days_of(year, (int)month, (int)day);
    return true;
}

static bool run_date(greffe__call *call, greffe__value *out)
{
    const greffe__value *from = &call->at[0];
    int64_t days;
    if (from->kind == GREFFE__STRING) {
        if (!greffe__date_parse(&days, from->as.string)) {
            return no_such(call, "this text is no date of the form 2020-05-04");
        }
    } else if (from->kind == GREFFE__DATE) {
        days = from->as.days;
    } else if (from->kind == GREFFE__DATETIME) {
        days = floor_days(greffe__moment_in(from).seconds);
    } else {
        return no_such(call, "no date is made from this value");
    }
    *out = greffe__date(days);
    return true;
}

static bool run_date_of(greffe__call *call, greffe__value *out)
{
    int64_t days = 0;
    if (!civil(call, &days)) {
        return false;
    }
    *out = greffe__date(days);
    return true;
}

/* The same, with the clock of another value. */
static bool with_clock(greffe__value *out, greffe__kind kind, const greffe__value *from,
                       int64_t seconds, greffe__call *call)
{
    greffe__moment m = greffe__moment_in(from);
    m.seconds = seconds;
    if (greffe__zone_name(from).size > 0) {
        return greffe__zoned_value(out, kind, m, greffe__zone_name(from), call->eval, call->arena);
    }
    *out = greffe__temporal(kind, m);
    return true;
}

static bool run_time(greffe__call *call, greffe__value *out)
{
    const greffe__value *from = &call->at[0];
    greffe__moment moment;
    greffe__str zone;
    if (from->kind == GREFFE__STRING) {
        return (greffe__time_parse(&moment, &zone, from->as.string) &&
                greffe__zoned_value(out, GREFFE__TIME, moment, zone, call->eval, call->arena)) ||
               no_such(call, "this text is no time of the form 10:30:00");
    }
    if (from->kind == GREFFE__TIME) {
        *out = *from;
        return true;
    }
    if (from->kind == GREFFE__DATETIME) {
        int64_t seconds = greffe__moment_in(from).seconds;
        return with_clock(out, GREFFE__TIME, from, seconds - floor_days(seconds) * DAY, call);
    }
    if (from->kind == GREFFE__DATE) { /* a date is its midnight, in UTC */
        *out = greffe__temporal(GREFFE__TIME, (greffe__moment){0, 0, 0});
        return true;
    }
    return no_such(call, "no time is made from this value");
}

/* hour, minute, second from the argument at `first` on. */
static bool clock_of(greffe__call *call, uint32_t first, greffe__moment *out)
{
    int64_t hour, minute, second, nanos;
    greffe__dec seconds, rest;
    bool good =
        whole(&call->at[first], &hour) && whole(&call->at[first + 1], &minute) && hour >= 0 &&
        hour < 24 && minute >= 0 && minute < 60 &&
        greffe__dec_round(&seconds, call->at[first + 2].as.number, 0, GREFFE__ROUND_FLOOR) &&
        greffe__dec_to_i64(&second, seconds) && second >= 0 && second < 60 &&
        greffe__dec_sub(&rest, call->at[first + 2].as.number, seconds) &&
        greffe__dec_mul(&rest, rest, greffe__dec_of(1000000000)) &&
        greffe__dec_round(&rest, rest, 0, GREFFE__ROUND_DOWN) && greffe__dec_to_i64(&nanos, rest);
    if (!good) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                   "no time is made from these values");
    }
    *out = (greffe__moment){(hour * 60 + minute) * 60 + second, (int32_t)nanos, GREFFE__NO_OFFSET};
    return true;
}

static bool offset_of(greffe__call *call, uint32_t index, greffe__moment *moment, greffe__str *zone)
{
    enum { most = 18 * 3600 };
    *zone = (greffe__str){"", 0};
    if (call->count <= index || call->at[index].kind == GREFFE__NULL) {
        return true;
    }
    const greffe__value *offset = &call->at[index];
    if (offset->kind == GREFFE__STRING) {
        *zone = offset->as.string;
        return true;
    }
    if (offset->kind != GREFFE__DURATION || offset->as.moment.seconds > most ||
        offset->as.moment.seconds < -most) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "an offset is a duration of 18 hours at the most", offset);
    }
    moment->offset = (int32_t)offset->as.moment.seconds;
    return true;
}

static bool run_time_of(greffe__call *call, greffe__value *out)
{
    greffe__moment moment = {0};
    greffe__str zone;
    if (!clock_of(call, 0, &moment) || !offset_of(call, 3, &moment, &zone)) {
        return false;
    }
    *out = greffe__temporal(GREFFE__TIME, moment);
    return zone.size == 0 ||
           greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT, "an offset is a duration");
}

static bool run_datetime(greffe__call *call, greffe__value *out)
{
    const greffe__value *from = &call->at[0];
    greffe__moment moment;
    greffe__str zone;
    int64_t days;
    if (from->kind == GREFFE__DATETIME) {
        *out = *from;
        return true;
    }
    if (from->kind == GREFFE__DATE) {
        *out = greffe__temporal(GREFFE__DATETIME, (greffe__moment){from->as.days * DAY, 0, 0});
        return true;
    }
    if (from->kind == GREFFE__STRING && greffe__date_parse(&days, from->as.string)) {
        *out =
            greffe__temporal(GREFFE__DATETIME, (greffe__moment){days * DAY, 0, GREFFE__NO_OFFSET});
        return true;
    }
    bool good = from->kind == GREFFE__STRING &&
                greffe__datetime_parse(&moment, &zone, from->as.string) &&
                greffe__zoned_value(out, GREFFE__DATETIME, moment, zone, call->eval, call->arena);
    return good || no_such(call, "no date and time is made from this value");
}

static bool run_date_and_time(greffe__call *call, greffe__value *out)
{
    const greffe__value *date = &call->at[0], *time = &call->at[1];
    if (time->kind == GREFFE__STRING && date->kind == GREFFE__DATETIME) { /* seen from a zone */
        greffe__moment m = greffe__moment_in(date);
        greffe__value seen;
        const greffe__zone *zone = zone_named(time->as.string, call->eval);
        if (zone == NULL || m.offset == GREFFE__NO_OFFSET) {
            return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                             "no zone has this name", time);
        }
        int64_t utc = m.seconds - m.offset;
        m.seconds = utc + greffe__zone_offset(zone, utc * 1000);
        bool good = greffe__zoned_value(&seen, GREFFE__DATETIME, m, time->as.string, call->eval,
                                        call->arena);
        *out = seen;
        return good;
    }
    if ((date->kind != GREFFE__DATE && date->kind != GREFFE__DATETIME) ||
        time->kind != GREFFE__TIME) {
        return no_such(call, "no date and time is made from this value");
    }
    int64_t days =
        date->kind == GREFFE__DATE ? date->as.days : floor_days(greffe__moment_in(date).seconds);
    return with_clock(out, GREFFE__DATETIME, time, days * DAY + greffe__moment_in(time).seconds,
                      call);
}

static bool run_datetime_of(greffe__call *call, greffe__value *out)
{
    int64_t days = 0;
    greffe__moment moment = {0};
    greffe__str zone;
    if (!civil(call, &days) || !clock_of(call, 3, &moment) || !offset_of(call, 6, &moment, &zone)) {
        return false;
    }
    moment.seconds += days * DAY;
    return greffe__zoned_value(out, GREFFE__DATETIME, moment, zone, call->eval, call->arena) ||
           greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT, "no zone has this name");
}

static bool run_duration(greffe__call *call, greffe__value *out)
{
    if (call->at[0].kind == GREFFE__DURATION || call->at[0].kind == GREFFE__PERIOD) {
        *out = call->at[0];
        return true;
    }
    return (call->at[0].kind == GREFFE__STRING &&
            greffe__duration_parse(out, call->at[0].as.string)) ||
           no_such(call, "this text is no duration such as P2M, P10D or PT36H");
}

/* --- The calendar --- */

static int64_t days_in(const greffe__value *value)
{
    return value->kind == GREFFE__DATE ? value->as.days
                                       : floor_days(greffe__moment_in(value).seconds);
}

/* Whole months from the first date to the second; clocks are not looked at. */
static bool run_months_between(greffe__call *call, greffe__value *out)
{
    int64_t from = days_in(&call->at[0]), to = days_in(&call->at[1]);
    greffe__civil a = greffe__civil_of(from), b = greffe__civil_of(to);
    int64_t months = (b.year - a.year) * 12 + (b.month - a.month);
    months += to >= from && b.day < a.day ? -1 : to < from && b.day > a.day ? 1 : 0;
    *out = (greffe__value){.kind = GREFFE__PERIOD, .as.months = months};
    return true;
}

static bool run_day_of_year(greffe__call *call, greffe__value *out)
{
    int64_t days = days_in(&call->at[0]);
    *out = greffe__integer(days - greffe__days_of(greffe__civil_of(days).year, 1, 1) + 1);
    return true;
}

static bool run_day_of_week(greffe__call *call, greffe__value *out)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    *out = greffe__text(names[greffe__weekday(days_in(&call->at[0])) - 1]);
    return true;
}

static bool run_month_of_year(greffe__call *call, greffe__value *out)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    *out = greffe__text(names[greffe__civil_of(days_in(&call->at[0])).month - 1]);
    return true;
}

/* ISO 8601: a week belongs to the year that its Thursday is in. */
static bool run_week_of_year(greffe__call *call, greffe__value *out)
{
    int64_t days = days_in(&call->at[0]);
    int64_t thursday = days - greffe__weekday(days) + 4;
    int64_t first = greffe__days_of(greffe__civil_of(thursday).year, 1, 1);
    *out = greffe__integer((thursday - first) / 7 + 1);
    return true;
}

static const greffe__function functions[] = {
    {"@", "from", "s", "a", true, run_literal},
    {"today", "", "", "d", true, run_today},
    {"now", "", "", "D", true, run_now},
    {"date", "from", "a", "d", false, run_date},
    {"date", "year,month,day", "nnn", "d", false, run_date_of},
    {"time", "from", "a", "T", true, run_time},
    {"time", "hour,minute,second,offset?", "nnnx", "T", false, run_time_of},
    {"date and time", "from", "a", "D", true, run_datetime},
    {"date and time", "date,time", "aa", "D", true, run_date_and_time},
    {"date and time", "date,timezone", "aa", "D", true, run_date_and_time},
    {"date and time", "year,month,day,hour,minute,second,offset?", "nnnnnnx", "D", true,
     run_datetime_of},
    {"date and time", "year,month,day,hour,minute,second,timezone?", "nnnnnnx", "D", true,
     run_datetime_of},
    {"duration", "from", "a", "a", false, run_duration},
    {"years and months duration", "from,to", "tt", "y", false, run_months_between},
    {"day of year", "date", "t", "n", false, run_day_of_year},
    {"day of week", "date", "t", "s", false, run_day_of_week},
    {"month of year", "date", "t", "s", false, run_month_of_year},
    {"week of year", "date", "t", "n", false, run_week_of_year},
};

const greffe__family greffe__temporal_functions = {functions, sizeof functions / sizeof *functions};
