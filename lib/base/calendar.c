/* Civil dates, their text forms, public holidays and working days. */
#include "base/calendar.h"

#include <string.h>

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int greffe__month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool greffe__civil_valid(int64_t year, int month, int day)
{
    return year >= -999999999 && year <= 999999999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= greffe__month_days(year, month);
}

/* Counts in eras of 400 years that begin on 1 March, so that a leap day ends its year. */
int64_t greffe__days_of(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

greffe__civil greffe__civil_of(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    int month = (int)(m < 10 ? m + 3 : m - 9);
    return (greffe__civil){y + era * 400 + (month <= 2), month,
                           (int)(of_year - (153 * m + 2) / 5 + 1)};
}

int greffe__weekday(int64_t days)
{
    int64_t since_monday = (days + 3) % 7; /* day 0 was a Thursday */
    return (int)((since_monday + 7) % 7) + 1;
}

int64_t greffe__add_months(int64_t days, int64_t months)
{
    greffe__civil civil = greffe__civil_of(days);
    int64_t total = civil.year * 12 + (civil.month - 1) + months;
    int64_t year = floor_div(total, 12);
    int month = (int)(total - year * 12) + 1;
    int last = greffe__month_days(year, month);
    return greffe__days_of(year, month, civil.day < last ? civil.day : last);
}

int64_t greffe__easter(int64_t year)
{
    /* The Gregorian computus as an anonymous correspondent gave it to Nature in 1876. */
    int64_t a = year % 19, b = year / 100, c = year % 100;
    int64_t h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    int64_t l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    int64_t m = (a + 11 * h + 22 * l) / 451;
    int64_t n = h + l - 7 * m + 114;
    return greffe__days_of(year, (int)(n / 31), (int)(n % 31) + 1);
}

/* --- Text --- */

size_t greffe__date_format(char out[GREFFE__DATE_CHARS], int64_t days)
{
    greffe__civil c = greffe__civil_of(days);
    size_t at = 0;
    if (c.year < 0) {
        out[at++] = '-';
    }
    at += greffe__put_digits(out + at, (uint64_t)(c.year < 0 ? -c.year : c.year), 4);
    out[at++] = '-';
    at += greffe__put_digits(out + at, (uint64_t)c.month, 2);
    out[at++] = '-';
    at += greffe__put_digits(out + at, (uint64_t)c.day, 2);
    out[at] = '\0';
    return at;
}

static bool digits(const char **at, const char *end, int count, int64_t *out)
{
    if (end - *at < count) {
        return false;
    }
    int64_t value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *at += count;
    *out = value;
    return true;
}

static bool character(const char **at, const char *end, char wanted)
{
    if (*at == end || **at != wanted) {
        return false;
    }
    *at += 1;
    return true;
}

static bool read_date(const char **at, const char *end, int64_t *out)
{
    bool negative = character(at, end, '-');
    const char *start = *at;
    int width = 0;
    while (start + width < end && start[width] >= '0' && start[width] <= '9') {
        width += 1;
    }
    int64_t year, month, day;
    bool plausible = width >= 4 && width <= 9 && (width == 4 || *start != '0');
    if (!plausible || !digits(at, end, width, &year) || !character(at, end, '-') ||
        !digits(at, end, 2, &month) || !character(at, end, '-') || !digits(at, end, 2, &day)) {
        return false;
    }
    year = negative ? -year : year;
    if (!greffe__civil_valid(year, (int)month, (int)day)) {
        return false;
    }
    *out = greffe__days_of(year, (int)month, (int)day);
    return true;
}

bool greffe__date_parse(int64_t *out, greffe__str text)
{
    const char *at = text.data, *end = text.data + text.size;
    int64_t days;
    if (!read_date(&at, end, &days) || at != end) {
        return false;
    }
    *out = days;
    return true;
}

size_t greffe__instant_format(char out[GREFFE__DATE_CHARS], int64_t instant_ms)
{
    int64_t days = floor_div(instant_ms, GREFFE__DAY_MS);
    int64_t ms = instant_ms - days * GREFFE__DAY_MS;
    size_t at = greffe__date_format(out, days);
    const int64_t parts[] = {ms / 3600000, ms / 60000 % 60, ms / 1000 % 60};
    for (int i = 0; i < 3; i++) {
        out[at++] = i == 0 ? 'T' : ':';
        at += greffe__put_digits(out + at, (uint64_t)parts[i], 2);
    }
    if (ms % 1000 != 0) {
        out[at++] = '.';
        at += greffe__put_digits(out + at, (uint64_t)(ms % 1000), 3);
    }
    out[at++] = 'Z';
    out[at] = '\0';
    return at;
}

static bool read_offset(const char **at, const char *end, int64_t *minutes)
{
    if (character(at, end, 'Z')) {
        *minutes = 0;
        return true;
    }
    bool west = character(at, end, '-');
    if (!west && !character(at, end, '+')) {
        return false;
    }
    int64_t hour, minute;
    if (!digits(at, end, 2, &hour) || !character(at, end, ':') || !digits(at, end, 2, &minute) ||
        hour > 18 || minute > 59) {
        return false;
    }
    *minutes = west ? -(hour * 60 + minute) : hour * 60 + minute;
    return true;
}

bool greffe__instant_parse(int64_t *out, greffe__str text)
{
    const char *at = text.data, *end = text.data + text.size;
    int64_t days, hour, minute, second = 0, ms = 0, offset = 0;
    if (!read_date(&at, end, &days) || !character(&at, end, 'T') || !digits(&at, end, 2, &hour) ||
        !character(&at, end, ':') || !digits(&at, end, 2, &minute) || hour > 23 || minute > 59) {
        return false;
    }
    if (character(&at, end, ':') && (!digits(&at, end, 2, &second) || second > 59)) {
        return false;
    }
    if (character(&at, end, '.')) {
        int unit = 100;
        int64_t digit = 0;
        if (at == end || *at < '0' || *at > '9') {
            return false;
        }
        for (; at < end && *at >= '0' && *at <= '9'; unit /= 10) {
            (void)digits(&at, end, 1, &digit);
            ms += digit * unit;
        }
    }
    if (!read_offset(&at, end, &offset) || at != end) {
        return false;
    }
    *out = days * GREFFE__DAY_MS + ((hour * 60 + minute - offset) * 60 + second) * 1000 + ms;
    return true;
}

/* --- Holidays --- */

bool greffe__holidays_named(uint32_t *out, greffe__str name)
{
    static const char *const names[] = {"none", "fr", "fr-alsace-moselle"};
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (greffe__str_is(name, names[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static const char *fixed_holiday(uint32_t holidays, greffe__civil c)
{
    static const struct {
        int month, day;
        const char *name;
    } fixed[] = {
        {1, 1, "Jour de l'an"},        {5, 1, "Fête du Travail"}, {5, 8, "Victoire de 1945"},
        {7, 14, "Fête nationale"},     {8, 15, "Assomption"},     {11, 1, "Toussaint"},
        {11, 11, "Armistice de 1918"}, {12, 25, "Noël"},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (fixed[i].month == c.month && fixed[i].day == c.day) {
            return fixed[i].name;
        }
    }
    bool second_christmas =
        holidays == GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE && c.month == 12 && c.day == 26;
    return second_christmas ? "Saint-Étienne" : NULL;
}

const char *greffe__holiday_name(uint32_t holidays, int64_t days)
{
    if (holidays == GREFFE__HOLIDAYS_NONE) {
        return NULL;
    }
    greffe__civil c = greffe__civil_of(days);
    const char *fixed = fixed_holiday(holidays, c);
    if (fixed != NULL || c.month < 3 || c.month > 6) {
        return fixed;
    }
    switch (days - greffe__easter(c.year)) {
    case -2: return holidays == GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE ? "Vendredi saint" : NULL;
    case 1: return "Lundi de Pâques";
    case 39: return "Ascension";
    case 50: return "Lundi de Pentecôte";
    default: return NULL;
    }
}

bool greffe__is_working_day(const greffe__calendar *calendar, int64_t days)
{
    if (greffe__weekday(days) >= 6 || greffe__holiday_name(calendar->holidays, days) != NULL) {
        return false;
    }
    for (uint32_t i = 0; i < calendar->closed_count; i++) {
        if (calendar->closed[i] == days) {
            return false;
        }
    }
    return true;
}

int64_t greffe__roll(const greffe__calendar *calendar, int64_t days)
{
    while (!greffe__is_working_day(calendar, days)) {
        days += 1;
    }
    return days;
}

int64_t greffe__add_working_days(const greffe__calendar *calendar, int64_t days, int64_t count)
{
    for (; count > 0; count--) {
        days = greffe__roll(calendar, days + 1);
    }
    return days;
}
