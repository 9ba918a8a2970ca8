/* Time zones: TZif bytes (RFC 8536) and the POSIX rule in their footer. */
#include "base/calendar.h"

#include <string.h>

/* One date of change in a POSIX rule, of the form Mm.w.d/time. */
typedef struct change {
    int month, week, weekday; /* weekday 0 is Sunday; week 5 is the last */
    int32_t second;           /* of the local day, may be negative or past a day */
} change;

typedef struct rule {
    bool has_summer;
    int32_t standard, summer; /* seconds east of UTC */
    change start, end;
} rule;

struct greffe__zone {
    const int64_t *instants; /* seconds, ascending */
    const int32_t *offsets;  /* in force from the instant of the same index */
    uint32_t count;
    int32_t before; /* in force before the first */
    rule after;     /* in force after the last */
};

static const greffe__zone paris = {
    .before = 3600,
    .after = {true, 3600, 7200, {3, 5, 0, 2 * 3600}, {10, 5, 0, 3 * 3600}},
};
static const greffe__zone utc = {.before = 0};

const greffe__zone *greffe__zone_paris(void)
{
    return &paris;
}

const greffe__zone *greffe__zone_utc(void)
{
    return &utc;
}

/* --- The footer's rule --- */

static bool skip_name(const char **at, const char *end)
{
    const char *start = *at;
    if (*at < end && **at == '<') {
        while (*at < end && **at != '>') {
            *at += 1;
        }
        if (*at == end) {
            return false;
        }
        *at += 1;
        return true;
    }
    while (*at < end && ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))) {
        *at += 1;
    }
    return *at - start >= 3;
}

static bool number(const char **at, const char *end, int *out)
{
    const char *start = *at;
    int value = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - start < 4) {
        value = value * 10 + (**at - '0');
        *at += 1;
    }
    *out = value;
    return *at > start;
}

/* [+-]hh[:mm[:ss]] */
static bool clock_time(const char **at, const char *end, int32_t *out)
{
    int sign = 1;
    if (*at < end && (**at == '-' || **at == '+')) {
        sign = **at == '-' ? -1 : 1;
        *at += 1;
    }
    int part, total = 0;
    for (int unit = 3600; unit > 0; unit /= 60) {
        if (unit < 3600) {
            if (*at == end || **at != ':') {
                break;
            }
            *at += 1;
        }
        if (!number(at, end, &part) || part > 167) {
            return false;
        }
        total += part * unit;
    }
    *out = sign * total;
    return true;
}

static bool read_change(const char **at, const char *end, change *out)
{
    if (end - *at < 2 || (*at)[0] != ',' || (*at)[1] != 'M') {
        return false; /* Julian forms are not used by any zone in force */
    }
    *at += 2;
    out->second = 7200;
    if (!number(at, end, &out->month) || *at == end || *(*at)++ != '.' ||
        !number(at, end, &out->week) || *at == end || *(*at)++ != '.' ||
        !number(at, end, &out->weekday)) {
        return false;
    }
    if (*at < end && **at == '/') {
        *at += 1;
        if (!clock_time(at, end, &out->second)) {
            return false;
        }
    }
    return out->month >= 1 && out->month <= 12 && out->week >= 1 && out->week <= 5 &&
           out->weekday <= 6;
}

static bool read_rule(rule *out, greffe__str text)
{
    const char *at = text.data, *end = text.data + text.size;
    int32_t west;
    *out = (rule){0};
    if (!skip_name(&at, end) || !clock_time(&at, end, &west)) {
        return false;
    }
    out->standard = -west;
    if (at == end) {
        return true;
    }
    if (!skip_name(&at, end)) {
        return false;
    }
    out->has_summer = true;
    out->summer = out->standard + 3600;
    if (at < end && *at != ',') {
        if (!clock_time(&at, end, &west)) {
            return false;
        }
        out->summer = -west;
    }
    return read_change(&at, end, &out->start) && read_change(&at, end, &out->end) && at == end;
}

/* The local second, counted from 1970 as if it were UTC, at which a change falls in a year. */
static int64_t change_second(change c, int64_t year)
{
    int64_t first = greffe__days_of(year, c.month, 1);
    int first_weekday = greffe__weekday(first) % 7;
    int day = 1 + (c.weekday - first_weekday + 7) % 7 + (c.week - 1) * 7;
    while (day > greffe__month_days(year, c.month)) {
        day -= 7;
    }
    return (first + day - 1) * 86400 + c.second;
}

static int32_t rule_offset(const rule *r, int64_t second)
{
    if (!r->has_summer) {
        return r->standard;
    }
    int64_t day = (second + r->standard) / 86400 - ((second + r->standard) % 86400 < 0);
    int64_t year = greffe__civil_of(day).year;
    int64_t start = change_second(r->start, year) - r->standard;
    int64_t end = change_second(r->end, year) - r->summer;
    bool summer = start < end ? second >= start && second < end : second >= start || second < end;
    return summer ? r->summer : r->standard;
}

/* --- TZif --- */

static int64_t big_endian(const unsigned char *at, int size)
{
    uint64_t value = (at[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (int i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return (int64_t)value;
}

typedef struct head {
    uint32_t is_ut, is_std, leaps, times, types, chars;
} head;

enum { head_bytes = 44 };

static bool read_head(head *out, const unsigned char *at, size_t left)
{
    if (left < head_bytes || memcmp(at, "TZif", 4) != 0) {
        return false;
    }
    uint32_t counts[6];
    for (int i = 0; i < 6; i++) {
        int64_t count = big_endian(at + 20 + 4 * i, 4);
        if (count < 0 || count > 100000) {
            return false;
        }
        counts[i] = (uint32_t)count;
    }
    *out = (head){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    return true;
}

static size_t body_bytes(const head *h, size_t time_bytes)
{
    return h->times * (time_bytes + 1) + h->types * 6u + h->chars + h->leaps * (time_bytes + 4) +
           h->is_std + h->is_ut;
}

static greffe_status read_body(greffe__zone *zone, greffe__arena *arena, const head *h,
                               const unsigned char *at)
{
    int64_t *instants = greffe__arena_alloc(arena, (h->times + 1) * sizeof *instants);
    int32_t *offsets = greffe__arena_alloc(arena, (h->times + 1) * sizeof *offsets);
    if (instants == NULL || offsets == NULL) {
        return GREFFE_ENOMEM;
    }
    const unsigned char *indexes = at + h->times * 8u;
    const unsigned char *types = indexes + h->times;
    for (uint32_t i = 0; i < h->times; i++) {
        if (indexes[i] >= h->types) {
            return GREFFE_EINVALID;
        }
        instants[i] = big_endian(at + i * 8u, 8);
        offsets[i] = (int32_t)big_endian(types + indexes[i] * 6u, 4);
    }
    zone->instants = instants;
    zone->offsets = offsets;
    zone->count = h->times;
    zone->before = (int32_t)big_endian(types, 4);
    return GREFFE_OK;
}

greffe_status greffe__zone_read(greffe__zone **out, greffe__arena *arena, greffe__str bytes)
{
    const unsigned char *at = (const unsigned char *)(bytes.size > 0 ? bytes.data : "");
    const unsigned char *end = at + bytes.size;
    head h;
    if (!read_head(&h, at, bytes.size) || at[4] < '2') {
        return GREFFE_EINVALID; /* version 1 has no rule for the years to come */
    }
    size_t skipped = head_bytes + body_bytes(&h, 4);
    if (skipped > bytes.size) {
        return GREFFE_EINVALID;
    }
    at += skipped;
    if (!read_head(&h, at, (size_t)(end - at)) || h.types == 0) {
        return GREFFE_EINVALID;
    }
    at += head_bytes;
    size_t size = body_bytes(&h, 8);
    if (size > (size_t)(end - at)) {
        return GREFFE_EINVALID;
    }
    const unsigned char *footer = at + size;
    if (end - footer < 2 || footer[0] != '\n' || end[-1] != '\n') {
        return GREFFE_EINVALID; /* the footer stands between two line ends */
    }
    greffe__str text = {(const char *)footer + 1, (size_t)(end - footer) - 2};
    greffe__zone *zone = greffe__arena_zalloc(arena, sizeof *zone);
    if (zone == NULL) {
        return GREFFE_ENOMEM;
    }
    if (!read_rule(&zone->after, text)) {
        return GREFFE_EINVALID;
    }
    greffe_status status = read_body(zone, arena, &h, at);
    if (status == GREFFE_OK) {
        *out = zone;
    }
    return status;
}

/* --- Use --- */

static int64_t second_of(int64_t instant_ms)
{
    return instant_ms / 1000 - (instant_ms % 1000 < 0);
}

int32_t greffe__zone_offset(const greffe__zone *zone, int64_t instant_ms)
{
    int64_t second = second_of(instant_ms);
    if (zone->count == 0 || second >= zone->instants[zone->count - 1]) {
        return rule_offset(&zone->after, second);
    }
    uint32_t low = 0, high = zone->count; /* the first transition after the instant */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->instants[middle] <= second) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? zone->before : zone->offsets[low - 1];
}

int64_t greffe__zone_date(const greffe__zone *zone, int64_t instant_ms)
{
    int64_t local = second_of(instant_ms) + greffe__zone_offset(zone, instant_ms);
    return local / 86400 - (local % 86400 < 0);
}

int64_t greffe__zone_instant(const greffe__zone *zone, int64_t days, int64_t ms_of_day)
{
    int64_t local = days * GREFFE__DAY_MS + ms_of_day;
    int32_t before = greffe__zone_offset(zone, local - GREFFE__DAY_MS);
    int32_t after = greffe__zone_offset(zone, local + GREFFE__DAY_MS);
    int64_t first = local - (int64_t)before * 1000, last = local - (int64_t)after * 1000;
    if (greffe__zone_offset(zone, first) == before) {
        return first; /* of a local time that happens twice, the first */
    }
    if (greffe__zone_offset(zone, last) == after) {
        return last;
    }
    int64_t low = last / 1000, high = first / 1000; /* the change lies between them */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (greffe__zone_offset(zone, middle * 1000) == before) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high * 1000;
}
