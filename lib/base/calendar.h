/* Civil dates, working days, public holidays, and time zones parsed from bytes.
 *
 * It reads no clock and no file. Days count from 1970-01-01 (day 0); instants are milliseconds of
 * UTC since 1970-01-01T00:00Z, without leap seconds. The Gregorian calendar holds for all years. */
#ifndef GREFFE_BASE_CALENDAR_H
#define GREFFE_BASE_CALENDAR_H

#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GREFFE__DAY_MS = 86400000, GREFFE__DATE_CHARS = 40 };

typedef struct greffe__civil {
    int64_t year;
    int month, day; /* 1–12, 1–31 */
} greffe__civil;

bool greffe__civil_valid(int64_t year, int month, int day);
int64_t greffe__days_of(int64_t year, int month, int day);
greffe__civil greffe__civil_of(int64_t days);
int greffe__weekday(int64_t days); /* 1 Monday … 7 Sunday */
int greffe__month_days(int64_t year, int month);
/* The same day of the month, or the month's last day (31 January + 1 month = 28 February), as
 * French procedure counts months (code de procédure civile, art. 641). */
int64_t greffe__add_months(int64_t days, int64_t months);
int64_t greffe__easter(int64_t year); /* Sunday */

/* "2020-05-04"; returns the length. */
size_t greffe__date_format(char out[GREFFE__DATE_CHARS], int64_t days);
bool greffe__date_parse(int64_t *out, greffe__str text);
/* "2020-05-04T08:00:00Z", with milliseconds only when there are some. */
size_t greffe__instant_format(char out[GREFFE__DATE_CHARS], int64_t instant_ms);
/* Takes Z or an offset; without either, false. */
bool greffe__instant_parse(int64_t *out, greffe__str text);

/* --- Working days --- */

/* A calendar is named data: which public holidays, and days that the authority closes besides.
 * Saturdays and Sundays are never working days. */
typedef struct greffe__calendar {
    uint32_t holidays;     /* GREFFE__HOLIDAYS_… */
    const int64_t *closed; /* further days, ascending */
    uint32_t closed_count;
} greffe__calendar;

/* Sets of public holidays. France: code du travail, art. L3133-1, eleven days. Alsace-Moselle adds
 * Good Friday and 26 December (art. L3134-13). */
enum { GREFFE__HOLIDAYS_NONE = 0, GREFFE__HOLIDAYS_FR = 1, GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE = 2 };

/* The set's number for "none", "fr", "fr-alsace-moselle". */
bool greffe__holidays_named(uint32_t *out, greffe__str name);
/* A name in the set's language ("Lundi de Pâques"), or NULL. */
const char *greffe__holiday_name(uint32_t holidays, int64_t days);
bool greffe__is_working_day(const greffe__calendar *calendar, int64_t days);
/* The day itself, or the next working day (CPC art. 642). */
int64_t greffe__roll(const greffe__calendar *calendar, int64_t days);
/* The `count`-th working day after `days`; count >= 0, where 0 gives `days` itself. */
int64_t greffe__add_working_days(const greffe__calendar *calendar, int64_t days, int64_t count);

/* --- Zones --- */

typedef struct greffe__zone greffe__zone;

/* Reads a TZif file's bytes (RFC 8536), of version 2 or later, whose footer has rules of the form
 * Mm.w.d, as all zones in force have. The zone lives in the arena. GREFFE_EINVALID when the bytes
 * are not such a file. */
greffe_status greffe__zone_read(greffe__zone **out, greffe__arena *arena, greffe__str bytes);
/* The rule of Europe/Paris since 1996, for hosts without zone files. */
const greffe__zone *greffe__zone_paris(void);
const greffe__zone *greffe__zone_utc(void);
/* Seconds to add to UTC at an instant. */
int32_t greffe__zone_offset(const greffe__zone *zone, int64_t instant_ms);
/* The civil date at an instant, and the instant at which a civil date begins (the first one, or
 * the first that exists where a clock change skips it). */
int64_t greffe__zone_date(const greffe__zone *zone, int64_t instant_ms);
int64_t greffe__zone_instant(const greffe__zone *zone, int64_t days, int64_t ms_of_day);

#ifdef __cplusplus
}
#endif
#endif
