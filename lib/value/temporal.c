/* The text forms of temporal values, as ISO 8601 and FEEL have them. */
#include <stdio.h>
#include <string.h>

#include "value/value.h"

enum { DAY_SECONDS = 86400, MOST_OFFSET = 18 * 3600, MOST_DIGITS = 12 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(const char **at, const char *end, char wanted)
{
    if (*at == end || **at != wanted) {
        return false;
    }
    *at += 1;
    return true;
}

static bool two_digits(const char **at, const char *end, int64_t *out)
{
    if (end - *at < 2 || !is_digit((*at)[0]) || !is_digit((*at)[1])) {
        return false;
    }
    *out = ((*at)[0] - '0') * 10 + ((*at)[1] - '0');
    *at += 2;
    return true;
}

/* Digits after a point: nanoseconds; further digits are cut off. */
static bool fraction(const char **at, const char *end, int32_t *out)
{
    const char *start = *at;
    int32_t unit = 100000000, value = 0;
    while (*at < end && is_digit(**at)) {
        value += unit * (**at - '0');
        unit /= 10;
        *at += 1;
    }
    *out = value;
    return *at > start;
}

/* --- Durations --- */

static bool part(const char **at, const char *end, char unit, int64_t *out)
{
    const char *p = *at;
    int64_t value = 0;
    while (p < end && is_digit(*p) && p - *at < MOST_DIGITS) {
        value = value * 10 + (*p - '0');
        p += 1;
    }
    if (p == *at || p == end || *p != unit) {
        *out = 0;
        return false;
    }
    *at = p + 1;
    *out = value;
    return true;
}

static bool seconds_part(const char **at, const char *end, int64_t *seconds, int32_t *nanos)
{
    const char *p = *at;
    int64_t value = 0;
    while (p < end && is_digit(*p) && p - *at < MOST_DIGITS) {
        value = value * 10 + (*p - '0');
        p += 1;
    }
    bool some = p > *at;
    if (p < end && *p == '.') {
        p += 1;
        (void)fraction(&p, end, nanos);
    }
    if (!some || p == end || *p != 'S') {
        *nanos = 0;
        return false;
    }
    *at = p + 1;
    *seconds = value;
    return true;
}

bool greffe__duration_parse(greffe__value *out, greffe__str text)
{
    const char *at = text.data, *end = text.data + text.size;
    bool negative = at < end && *at == '-';
    at += negative;
    if (at == end || *at++ != 'P' || at == end) {
        return false;
    }
    int64_t years, months, days, hours = 0, minutes = 0, seconds = 0;
    int32_t nanos = 0;
    bool calendar = part(&at, end, 'Y', &years);
    calendar = part(&at, end, 'M', &months) || calendar;
    bool clock = part(&at, end, 'D', &days);
    if (take(&at, end, 'T')) {
        bool any = part(&at, end, 'H', &hours);
        any = part(&at, end, 'M', &minutes) || any;
        any = seconds_part(&at, end, &seconds, &nanos) || any;
        if (!any) {
            return false;
        }
        clock = true;
    }
    if (at != end || calendar == clock) {
        return false; /* a mixture of months and days has no fixed length */
    }
    if (calendar) {
        int64_t total = years * 12 + months;
        *out = (greffe__value){.kind = GREFFE__PERIOD, .as.months = negative ? -total : total};
        return true;
    }
    int64_t total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    if (negative) {
        total = -total - (nanos > 0);
        nanos = nanos > 0 ? 1000000000 - nanos : 0;
    }
    *out = greffe__temporal(GREFFE__DURATION, (greffe__moment){total, nanos, GREFFE__NO_OFFSET});
    return true;
}

/* --- Times --- */

static bool offset_of(const char **at, const char *end, int32_t *out)
{
    bool negative = **at == '-';
    int64_t hours, minutes, seconds = 0;
    *at += 1;
    if (!two_digits(at, end, &hours) || !take(at, end, ':') || !two_digits(at, end, &minutes)) {
        return false;
    }
    if (take(at, end, ':') && !two_digits(at, end, &seconds)) {
        return false;
    }
    int64_t total = (hours * 60 + minutes) * 60 + seconds;
    *out = (int32_t)(negative ? -total : total);
    return minutes < 60 && seconds < 60 && total <= MOST_OFFSET;
}

static bool zone_of(const char **at, const char *end, greffe__str *zone)
{
    *at += 1;
    *zone = (greffe__str){*at, (size_t)(end - *at)};
    for (; *at < end; *at += 1) {
        char c = **at;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool sign = c == '/' || c == '_' || c == '+' || c == '-';
        if (!letter && (zone->data == *at || (!is_digit(c) && !sign))) {
            return false;
        }
    }
    return zone->size > 0;
}

/* hh:mm:ss, a fraction, and one of: nothing, Z, an offset, the name of a zone. */
static bool clock_of(const char *at, const char *end, greffe__moment *out, greffe__str *zone)
{
    int64_t hours, minutes, seconds;
    *zone = (greffe__str){"", 0};
    *out = (greffe__moment){0, 0, GREFFE__NO_OFFSET};
    if (!two_digits(&at, end, &hours) || !take(&at, end, ':') || !two_digits(&at, end, &minutes) ||
        !take(&at, end, ':') || !two_digits(&at, end, &seconds)) {
        return false;
    }
    if (take(&at, end, '.') && !fraction(&at, end, &out->nanos)) {
        return false;
    }
    if (hours > 23 || minutes > 59 || seconds > 59) {
        return false;
    }
    out->seconds = (hours * 60 + minutes) * 60 + seconds;
    bool good = true;
    if (at < end && (*at == 'Z' || *at == 'z')) {
        out->offset = 0;
        at += 1;
    } else if (at < end && (*at == '+' || *at == '-')) {
        good = offset_of(&at, end, &out->offset);
    } else if (at < end && *at == '@') {
        good = zone_of(&at, end, zone);
    }
    return good && at == end;
}

bool greffe__time_parse(greffe__moment *out, greffe__str *zone, greffe__str text)
{
    return clock_of(text.data, text.data + text.size, out, zone);
}

bool greffe__datetime_parse(greffe__moment *out, greffe__str *zone, greffe__str text)
{
    const char *mark = text.size > 0 ? memchr(text.data, 'T', text.size) : NULL;
    int64_t days;
    if (mark == NULL ||
        !greffe__date_parse(&days, (greffe__str){text.data, (size_t)(mark - text.data)})) {
        return false;
    }
    const char *end = text.data + text.size;
    if (end - mark == 9 && memcmp(mark, "T24:00:00", 9) == 0) { /* the end of a day */
        *zone = (greffe__str){"", 0};
        *out = (greffe__moment){(days + 1) * DAY_SECONDS, 0, GREFFE__NO_OFFSET};
        return true;
    }
    if (!clock_of(mark + 1, end, out, zone)) {
        return false;
    }
    out->seconds += days * DAY_SECONDS;
    return true;
}

/* --- Writing --- */

static void put_offset(greffe__buf *out, int32_t offset)
{
    if (offset == GREFFE__NO_OFFSET) {
        return;
    }
    if (offset == 0) {
        greffe__buf_byte(out, 'Z');
        return;
    }
    int32_t all = offset < 0 ? -offset : offset;
    greffe__buf_format(out, "%c%02d:%02d", offset < 0 ? '-' : '+', all / 3600, all / 60 % 60);
    if (all % 60 != 0) {
        greffe__buf_format(out, ":%02d", all % 60);
    }
}

static void put_fraction(greffe__buf *out, int32_t nanos)
{
    char digits[16];
    int width = 9;
    if (nanos == 0) {
        return;
    }
    for (; nanos % 10 == 0; width--) {
        nanos /= 10;
    }
    for (int i = width - 1; i >= 0; i--) {
        digits[i] = (char)('0' + nanos % 10);
        nanos /= 10;
    }
    greffe__buf_byte(out, '.');
    greffe__buf_put(out, digits, (size_t)width);
}

static void put_clock(greffe__buf *out, int64_t seconds, int32_t nanos)
{
    greffe__buf_format(out, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                       (int)(seconds % 60));
    put_fraction(out, nanos);
}

static void put_duration(greffe__buf *out, const greffe__moment *m)
{
    bool negative = m->seconds < 0;
    uint64_t total = negative ? (uint64_t)0 - (uint64_t)m->seconds : (uint64_t)m->seconds;
    int32_t nanos = m->nanos;
    if (negative && nanos > 0) {
        total -= 1;
        nanos = 1000000000 - nanos;
    }
    greffe__buf_text(out, negative ? "-P" : "P");
    if (total >= DAY_SECONDS) {
        greffe__buf_format(out, "%lluD", (unsigned long long)(total / DAY_SECONDS));
    }
    int rest = (int)(total % DAY_SECONDS);
    bool nothing = total == 0 && nanos == 0;
    if (rest > 0 || nanos > 0 || nothing) {
        greffe__buf_byte(out, 'T');
        if (rest >= 3600) {
            greffe__buf_format(out, "%dH", rest / 3600);
        }
        if (rest % 3600 >= 60) {
            greffe__buf_format(out, "%dM", rest % 3600 / 60);
        }
        if (rest % 60 > 0 || nanos > 0 || nothing) {
            greffe__buf_format(out, "%d", rest % 60);
            put_fraction(out, nanos);
            greffe__buf_byte(out, 'S');
        }
    }
}

static void put_period(greffe__buf *out, int64_t signed_months)
{
    bool negative = signed_months < 0;
    uint64_t months = negative ? (uint64_t)0 - (uint64_t)signed_months : (uint64_t)signed_months;
    greffe__buf_text(out, negative ? "-P" : "P");
    if (months >= 12) {
        greffe__buf_format(out, "%lluY", (unsigned long long)(months / 12));
    }
    if (months % 12 != 0 || months == 0) {
        greffe__buf_format(out, "%dM", (int)(months % 12));
    }
}

static void put_where(greffe__buf *out, const greffe__value *value, int32_t offset)
{
    greffe__str zone = greffe__zone_name(value);
    if (zone.size > 0) {
        greffe__buf_byte(out, '@');
        greffe__buf_str(out, zone);
    } else {
        put_offset(out, offset);
    }
}

void greffe__value_temporal(greffe__buf *out, const greffe__value *value)
{
    char text[GREFFE__DATE_CHARS];
    const greffe__moment m = greffe__moment_in(value);
    const int64_t days = m.seconds / DAY_SECONDS - (m.seconds % DAY_SECONDS < 0);
    switch ((greffe__kind)value->kind) {
    case GREFFE__DATE:
        greffe__buf_put(out, text, greffe__date_format(text, value->as.days));
        return;
    case GREFFE__TIME:
        put_clock(out, m.seconds, m.nanos);
        put_where(out, value, m.offset);
        return;
    case GREFFE__DATETIME:
        greffe__buf_put(out, text, greffe__date_format(text, days));
        greffe__buf_byte(out, 'T');
        put_clock(out, m.seconds - days * DAY_SECONDS, m.nanos);
        put_where(out, value, m.offset);
        return;
    case GREFFE__DURATION: put_duration(out, &m); return;
    case GREFFE__PERIOD: put_period(out, value->as.months); return;
    case GREFFE__NULL:
    case GREFFE__BOOL:
    case GREFFE__NUMBER:
    case GREFFE__STRING:
    case GREFFE__LIST:
    case GREFFE__CONTEXT:
    case GREFFE__RANGE:
    case GREFFE__FUNCTION: return;
    }
}
