/* Tests civil dates, months, holidays, working days and zones on cases that a person can check.
 * The oracle beside it (calendar_oracle.py) goes through all days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"

enum { HOUR_MS = 3600000, FILE_BYTES = 1 << 16 };

static greffe_context *context;
static greffe__arena arena;

static int set_up(void **state)
{
    (void)state;
    if (greffe_context_create(&context, NULL) != GREFFE_OK) {
        return -1;
    }
    greffe__arena_init(&arena, context);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    greffe__arena_free(&arena);
    greffe_context_destroy(context);
    return 0;
}

static int64_t day(const char *text)
{
    int64_t days = 0;
    if (!greffe__date_parse(&days, greffe__str_of(text))) {
        fail_msg("not read: %s", text);
    }
    return days;
}

static int64_t instant(const char *text)
{
    int64_t ms = 0;
    if (!greffe__instant_parse(&ms, greffe__str_of(text))) {
        fail_msg("not read: %s", text);
    }
    return ms;
}

static void assert_date(int64_t days, const char *expected)
{
    char text[GREFFE__DATE_CHARS];
    const size_t length = greffe__date_format(text, days);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void assert_instant(int64_t ms, const char *expected)
{
    char text[GREFFE__DATE_CHARS];
    const size_t length = greffe__instant_format(text, ms);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

/* --- Civil dates --- */

static void days_count_from_the_first_of_january_1970(void **state)
{
    (void)state;
    assert_true(greffe__days_of(1970, 1, 1) == 0);
    assert_true(greffe__days_of(1969, 12, 31) == -1);
    assert_true(greffe__days_of(2000, 2, 29) == 11016);
    assert_true(greffe__days_of(2000, 3, 1) == 11017);
    assert_true(greffe__days_of(0, 3, 1) == -719468);
    assert_true(greffe__days_of(2020, 5, 4) == 18386);
}

static void every_day_of_three_thousand_years_comes_and_goes(void **state)
{
    (void)state;
    int64_t days = greffe__days_of(-500, 1, 1);
    int weekday = greffe__weekday(days);
    for (int64_t year = -500; year < 2500; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int date = 1; date <= greffe__month_days(year, month); date++, days++) {
                const greffe__civil civil = greffe__civil_of(days);
                if (greffe__days_of(year, month, date) != days || civil.year != year ||
                    civil.month != month || civil.day != date ||
                    !greffe__civil_valid(year, month, date) || greffe__weekday(days) != weekday) {
                    fail_msg("%d-%d-%d", (int)year, month, date);
                }
                weekday = weekday % 7 + 1;
            }
        }
    }
}

static void only_days_that_exist_are_valid(void **state)
{
    (void)state;
    assert_true(greffe__civil_valid(2024, 2, 29));
    assert_true(greffe__civil_valid(2000, 2, 29));
    assert_false(greffe__civil_valid(2023, 2, 29));
    assert_false(greffe__civil_valid(1900, 2, 29));
    assert_false(greffe__civil_valid(2100, 2, 29));
    assert_false(greffe__civil_valid(2024, 2, 30));
    assert_false(greffe__civil_valid(2024, 4, 31));
    assert_false(greffe__civil_valid(2024, 0, 1));
    assert_false(greffe__civil_valid(2024, 13, 1));
    assert_false(greffe__civil_valid(2024, 1, 0));
    assert_false(greffe__civil_valid(2024, 1, 32));
    assert_false(greffe__civil_valid(2024, -1, -1));
}

static void known_days_have_their_weekdays(void **state)
{
    (void)state;
    assert_int_equal(greffe__weekday(0), 4);
    assert_int_equal(greffe__weekday(-1), 3);
    assert_int_equal(greffe__weekday(day("2000-01-01")), 6);
    assert_int_equal(greffe__weekday(day("1789-07-14")), 2);
    assert_int_equal(greffe__weekday(day("2024-03-31")), 7);
    assert_int_equal(greffe__weekday(day("2024-04-01")), 1);
}

static void dates_are_written_and_read_as_year_month_day(void **state)
{
    static const char *const refused[] = {
        "",           "2020",        "2020-05",     "2020-5-4",    "2020-05-4",  "2020-5-04",
        "20-05-04",   "2020-05-04 ", " 2020-05-04", "2020-05-04T", "2020/05/04", "20200504",
        "2020-02-30", "2021-02-29",  "2020-13-01",  "2020-00-01",  "2020-01-00", "2020-01-32",
        "2020-0a-01", "2020-+1-01",  "+020-01-01",  "04/05/2020",  "2020--1-01",
    };
    int64_t days = 77;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (greffe__date_parse(&days, greffe__str_of(refused[i]))) {
            fail_msg("was read: \"%s\"", refused[i]);
        }
        if (days != 77) {
            fail_msg("refused, and yet set: \"%s\"", refused[i]);
        }
    }
    assert_false(greffe__date_parse(&days, (greffe__str){"2020-05-04", 9}));
    assert_date(day("2020-05-04"), "2020-05-04");
    assert_date(day("2024-02-29"), "2024-02-29");
    assert_date(day("0001-01-01"), "0001-01-01");
    assert_date(day("9999-12-31"), "9999-12-31");
    assert_date(0, "1970-01-01");
}

static void instants_are_written_in_utc_with_milliseconds_only_if_any(void **state)
{
    (void)state;
    assert_instant(0, "1970-01-01T00:00:00Z");
    assert_instant(-1, "1969-12-31T23:59:59.999Z");
    assert_instant(1588579200000, "2020-05-04T08:00:00Z");
    assert_instant(1588579200007, "2020-05-04T08:00:00.007Z");
    assert_instant(1588579200500, "2020-05-04T08:00:00.500Z");
}

static void instants_take_z_or_an_offset(void **state)
{
    (void)state;
    assert_true(instant("2020-05-04T08:00:00Z") == 1588579200000);
    assert_true(instant("2020-05-04T08:00:00.007Z") == 1588579200007);
    assert_true(instant("2020-05-04T10:00:00+02:00") == 1588579200000);
    assert_true(instant("2020-05-04T02:30:00-05:30") == 1588579200000);
    assert_true(instant("2020-05-04T22:00:00+14:00") == 1588579200000);
    assert_true(instant("1969-12-31T23:59:59.999Z") == -1);
    assert_true(instant("2020-01-01T00:30:00+01:00") == instant("2019-12-31T23:30:00Z"));
}

static void instants_without_zone_or_form_are_not_read(void **state)
{
    static const char *const refused[] = {
        "",
        "2020-05-04",
        "2020-05-04T08:00:00",
        "2020-05-04T08:00:00.007",
        "2020-05-04T08Z",
        "2020-05-04T25:00:00Z",
        "2020-05-04T08:60:00Z",
        "2020-05-04T08:00:61Z",
        "2020-02-30T08:00:00Z",
        "2020-05-04T08:00:00ZZ",
        "2020-05-04T08:00:00Z ",
        "2020-05-04T8:00:00Z",
        "2020-05-04T08:00:00+2",
        "2020-05-04T08:00:00+02:60",
        "2020-05-04T08:00:00+25:00",
        "2020-05-04T08:00:00.Z",
        "2020-05-04T-8:00:00Z",
        "2020-05-04T08:00:00+",
        "2020-05-04T08:00:00 +02:00",
        "2020-05-04_08:00:00Z",
    };
    int64_t ms = 77;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (greffe__instant_parse(&ms, greffe__str_of(refused[i]))) {
            fail_msg("was read: \"%s\"", refused[i]);
        }
        assert_true(ms == 77);
    }
}

static void a_text_of_an_instant_reads_back_as_the_same_instant(void **state)
{
    (void)state;
    for (int64_t ms = -3000000000000; ms < 9000000000000; ms += 98765432109) {
        char text[GREFFE__DATE_CHARS];
        greffe__instant_format(text, ms);
        assert_true(instant(text) == ms);
    }
}

/* --- Months --- */

static void thirty_one_january_plus_one_month_is_the_last_of_february(void **state)
{
    (void)state;
    assert_date(greffe__add_months(day("2023-01-31"), 1), "2023-02-28");
    assert_date(greffe__add_months(day("2024-01-31"), 1), "2024-02-29");
    assert_date(greffe__add_months(day("2100-01-31"), 1), "2100-02-28");
    assert_date(greffe__add_months(day("2024-01-30"), 1), "2024-02-29");
    assert_date(greffe__add_months(day("2024-01-29"), 1), "2024-02-29");
}

static void one_month_twice_is_not_two_months(void **state)
{
    (void)state;
    const int64_t january = day("2023-01-31");
    assert_date(greffe__add_months(january, 2), "2023-03-31");
    assert_date(greffe__add_months(greffe__add_months(january, 1), 1), "2023-03-28");
}

static void months_pass_over_years_in_both_directions(void **state)
{
    (void)state;
    assert_date(greffe__add_months(day("2023-12-15"), 1), "2024-01-15");
    assert_date(greffe__add_months(day("2024-01-15"), -1), "2023-12-15");
    assert_date(greffe__add_months(day("2024-02-29"), 12), "2025-02-28");
    assert_date(greffe__add_months(day("2024-02-29"), 48), "2028-02-29");
    assert_date(greffe__add_months(day("2024-02-29"), -12), "2023-02-28");
    assert_date(greffe__add_months(day("2024-03-31"), -1), "2024-02-29");
    assert_date(greffe__add_months(day("2024-03-31"), 0), "2024-03-31");
    assert_date(greffe__add_months(day("1970-01-31"), -11), "1969-02-28");
}

/* --- Holidays and working days --- */

static void easter_falls_on_its_known_sundays(void **state)
{
    static const char *const sundays[] = {
        "1818-03-22", "1943-04-25", "1954-04-18", "1961-04-02", "1981-04-19",
        "2000-04-23", "2008-03-23", "2019-04-21", "2024-03-31", "2025-04-20",
        "2038-04-25", "2049-04-18", "2076-04-19", "2285-03-22",
    };
    (void)state;
    for (size_t i = 0; i < sizeof sundays / sizeof sundays[0]; i++) {
        const int64_t sunday = day(sundays[i]);
        assert_date(greffe__easter(greffe__civil_of(sunday).year), sundays[i]);
    }
}

static unsigned count_holidays(uint32_t set, int64_t year)
{
    unsigned count = 0;
    for (int64_t at = greffe__days_of(year, 1, 1); at < greffe__days_of(year + 1, 1, 1); at++) {
        count += greffe__holiday_name(set, at) != NULL;
    }
    return count;
}

static void france_has_eleven_holidays_and_alsace_moselle_thirteen(void **state)
{
    static const char *const common[] = {
        "2024-01-01", "2024-04-01", "2024-05-01", "2024-05-08", "2024-05-09", "2024-05-20",
        "2024-07-14", "2024-08-15", "2024-11-01", "2024-11-11", "2024-12-25",
    };
    (void)state;
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        assert_non_null(greffe__holiday_name(GREFFE__HOLIDAYS_FR, day(common[i])));
        assert_non_null(greffe__holiday_name(GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE, day(common[i])));
        assert_null(greffe__holiday_name(GREFFE__HOLIDAYS_NONE, day(common[i])));
    }
    assert_null(greffe__holiday_name(GREFFE__HOLIDAYS_FR, day("2024-03-29")));
    assert_null(greffe__holiday_name(GREFFE__HOLIDAYS_FR, day("2024-12-26")));
    assert_non_null(greffe__holiday_name(GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE, day("2024-03-29")));
    assert_non_null(greffe__holiday_name(GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE, day("2024-12-26")));
    assert_int_equal(count_holidays(GREFFE__HOLIDAYS_NONE, 2024), 0);
    assert_int_equal(count_holidays(GREFFE__HOLIDAYS_FR, 2024), 11);
    assert_int_equal(count_holidays(GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE, 2024), 13);
    /* In 2008 Ascension fell on the first of May. */
    assert_int_equal(count_holidays(GREFFE__HOLIDAYS_FR, 2008), 10);
    assert_int_equal(count_holidays(GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE, 2008), 12);
}

static void holidays_are_named_in_french(void **state)
{
    (void)state;
    assert_string_equal(greffe__holiday_name(GREFFE__HOLIDAYS_FR, day("2024-04-01")),
                        "Lundi de P\xc3\xa2ques");
    assert_string_equal(greffe__holiday_name(GREFFE__HOLIDAYS_FR, day("2025-04-21")),
                        "Lundi de P\xc3\xa2ques");
}

static void sets_of_holidays_are_found_by_name(void **state)
{
    uint32_t set = 77;
    (void)state;
    assert_false(greffe__holidays_named(&set, greffe__str_of("")));
    assert_false(greffe__holidays_named(&set, greffe__str_of("FR")));
    assert_false(greffe__holidays_named(&set, greffe__str_of("fr-")));
    assert_false(greffe__holidays_named(&set, greffe__str_of("de")));
    assert_int_equal(set, 77);
    assert_true(greffe__holidays_named(&set, greffe__str_of("none")));
    assert_int_equal(set, GREFFE__HOLIDAYS_NONE);
    assert_true(greffe__holidays_named(&set, greffe__str_of("fr")));
    assert_int_equal(set, GREFFE__HOLIDAYS_FR);
    assert_true(greffe__holidays_named(&set, greffe__str_of("fr-alsace-moselle")));
    assert_int_equal(set, GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE);
}

static void a_term_that_ends_on_a_closed_day_rolls_to_the_next_working_day(void **state)
{
    const greffe__calendar france = {GREFFE__HOLIDAYS_FR, NULL, 0};
    const greffe__calendar east = {GREFFE__HOLIDAYS_FR_ALSACE_MOSELLE, NULL, 0};
    const greffe__calendar plain = {GREFFE__HOLIDAYS_NONE, NULL, 0};
    (void)state;
    assert_date(greffe__roll(&france, day("2024-05-06")), "2024-05-06"); /* a Monday */
    assert_date(greffe__roll(&france, day("2024-05-04")), "2024-05-06"); /* a Saturday */
    assert_date(greffe__roll(&france, day("2024-05-05")), "2024-05-06"); /* a Sunday */
    assert_date(greffe__roll(&france, day("2024-05-08")), "2024-05-10"); /* then Ascension */
    assert_date(greffe__roll(&plain, day("2024-05-08")), "2024-05-08");
    assert_date(greffe__roll(&france, day("2024-03-30")), "2024-04-02"); /* over Easter */
    assert_date(greffe__roll(&france, day("2024-03-29")), "2024-03-29");
    assert_date(greffe__roll(&east, day("2024-03-29")), "2024-04-02"); /* Good Friday */
    assert_date(greffe__roll(&france, day("2024-12-25")), "2024-12-26");
    assert_date(greffe__roll(&east, day("2024-12-25")), "2024-12-27");
    assert_date(greffe__roll(&france, day("2022-12-31")), "2023-01-02");
}

static void days_that_the_authority_closes_are_not_worked(void **state)
{
    const int64_t closed[] = {day("2024-05-02"), day("2024-05-03"), day("2024-05-10"),
                              day("2024-05-13")};
    const greffe__calendar calendar = {GREFFE__HOLIDAYS_FR, closed, 4};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_false(greffe__is_working_day(&calendar, closed[i]));
    }
    assert_true(greffe__is_working_day(&calendar, day("2024-04-30")));
    assert_true(greffe__is_working_day(&calendar, day("2024-05-06")));
    assert_true(greffe__is_working_day(&calendar, day("2024-05-14")));
    assert_date(greffe__roll(&calendar, day("2024-05-01")), "2024-05-06");
    assert_date(greffe__roll(&calendar, day("2024-05-08")), "2024-05-14");
    assert_date(greffe__add_working_days(&calendar, day("2024-05-07"), 1), "2024-05-14");
}

static void working_days_are_counted_after_the_day(void **state)
{
    const greffe__calendar france = {GREFFE__HOLIDAYS_FR, NULL, 0};
    (void)state;
    assert_date(greffe__add_working_days(&france, day("2024-05-06"), 0), "2024-05-06");
    assert_date(greffe__add_working_days(&france, day("2024-05-06"), 1), "2024-05-07");
    assert_date(greffe__add_working_days(&france, day("2024-05-07"), 1), "2024-05-10");
    assert_date(greffe__add_working_days(&france, day("2024-05-03"), 1), "2024-05-06");
    assert_date(greffe__add_working_days(&france, day("2024-05-04"), 1), "2024-05-06");
    assert_date(greffe__add_working_days(&france, day("2024-05-04"), 5), "2024-05-14");
    assert_date(greffe__add_working_days(&france, day("2024-01-01"), 252), "2024-12-31");
}

/* --- Zones --- */

static void assert_switch(const greffe__zone *zone, const char *at, int before, int after)
{
    const int64_t ms = instant(at);
    assert_int_equal(greffe__zone_offset(zone, ms - 1), before);
    assert_int_equal(greffe__zone_offset(zone, ms), after);
    assert_int_equal(greffe__zone_offset(zone, ms + 1), after);
}

static void check_paris_switches(const greffe__zone *zone)
{
    static const char *const springs[] = {
        "1996-03-31T01:00:00Z", "2000-03-26T01:00:00Z", "2019-03-31T01:00:00Z",
        "2024-03-31T01:00:00Z", "2025-03-30T01:00:00Z", "2037-03-29T01:00:00Z",
        "2038-03-28T01:00:00Z", "2099-03-29T01:00:00Z",
    };
    static const char *const autumns[] = {
        "1996-10-27T01:00:00Z", "2000-10-29T01:00:00Z", "2019-10-27T01:00:00Z",
        "2024-10-27T01:00:00Z", "2025-10-26T01:00:00Z", "2037-10-25T01:00:00Z",
        "2038-10-31T01:00:00Z", "2099-10-25T01:00:00Z",
    };
    for (size_t i = 0; i < sizeof springs / sizeof springs[0]; i++) {
        assert_switch(zone, springs[i], 3600, 7200);
        assert_switch(zone, autumns[i], 7200, 3600);
    }
}

static void check_paris_starts(const greffe__zone *zone)
{
    static const struct {
        const char *date;
        int ms_of_day;
        const char *expected;
    } cases[] = {
        {"2024-01-15", 0, "2024-01-14T23:00:00Z"},
        {"2024-07-15", 0, "2024-07-14T22:00:00Z"},
        {"2024-03-31", 0, "2024-03-30T23:00:00Z"},
        {"2024-03-31", 3 * HOUR_MS, "2024-03-31T01:00:00Z"},
        {"2024-03-31", 12 * HOUR_MS, "2024-03-31T10:00:00Z"},
        {"2024-03-31", 23 * HOUR_MS, "2024-03-31T21:00:00Z"},
        {"2024-04-01", 0, "2024-03-31T22:00:00Z"},
        {"2024-04-01", HOUR_MS, "2024-03-31T23:00:00Z"},
        {"2024-04-02", 0, "2024-04-01T22:00:00Z"},
        {"2024-10-27", 0, "2024-10-26T22:00:00Z"},
        {"2024-10-27", 3 * HOUR_MS, "2024-10-27T02:00:00Z"},
        {"2024-10-27", 12 * HOUR_MS, "2024-10-27T11:00:00Z"},
        {"2024-10-28", 0, "2024-10-27T23:00:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_instant(greffe__zone_instant(zone, day(cases[i].date), cases[i].ms_of_day),
                       cases[i].expected);
    }
}

static void the_built_in_paris_changes_its_clocks_on_the_last_sundays(void **state)
{
    (void)state;
    check_paris_switches(greffe__zone_paris());
}

static void days_in_paris_begin_at_midnight_even_around_clock_changes(void **state)
{
    (void)state;
    check_paris_starts(greffe__zone_paris());
}

static void each_day_in_paris_begins_where_the_day_before_ends(void **state)
{
    const greffe__zone *paris = greffe__zone_paris();
    (void)state;
    for (int64_t at = day("1996-01-02"); at < day("2100-01-01"); at++) {
        const int64_t start = greffe__zone_instant(paris, at, 0);
        if (greffe__zone_date(paris, start) != at ||
            greffe__zone_date(paris, start - 1) != at - 1) {
            char text[GREFFE__DATE_CHARS];
            greffe__date_format(text, at);
            fail_msg("%s", text);
        }
    }
}

static void a_time_that_comes_twice_means_its_first_instant(void **state)
{
    (void)state;
    assert_instant(greffe__zone_instant(greffe__zone_paris(), day("2024-10-27"), 5 * HOUR_MS / 2),
                   "2024-10-27T00:30:00Z");
    assert_instant(greffe__zone_instant(greffe__zone_paris(), day("2024-10-27"), 2 * HOUR_MS),
                   "2024-10-27T00:00:00Z");
}

static void a_time_that_is_skipped_means_the_first_instant_after_it(void **state)
{
    (void)state;
    assert_instant(greffe__zone_instant(greffe__zone_paris(), day("2024-03-31"), 2 * HOUR_MS),
                   "2024-03-31T01:00:00Z");
    assert_instant(greffe__zone_instant(greffe__zone_paris(), day("2024-03-31"), 5 * HOUR_MS / 2),
                   "2024-03-31T01:00:00Z");
}

static void utc_has_no_offset(void **state)
{
    const greffe__zone *utc = greffe__zone_utc();
    (void)state;
    assert_int_equal(greffe__zone_offset(utc, instant("2024-07-01T00:00:00Z")), 0);
    assert_int_equal(greffe__zone_offset(utc, -1), 0);
    assert_date(greffe__zone_date(utc, -1), "1969-12-31");
    assert_date(greffe__zone_date(utc, 0), "1970-01-01");
    assert_instant(greffe__zone_instant(utc, day("2024-07-01"), 7), "2024-07-01T00:00:00.007Z");
}

static void the_civil_date_follows_the_offset(void **state)
{
    const greffe__zone *paris = greffe__zone_paris();
    (void)state;
    assert_date(greffe__zone_date(paris, instant("2024-07-14T21:59:59.999Z")), "2024-07-14");
    assert_date(greffe__zone_date(paris, instant("2024-07-14T22:00:00Z")), "2024-07-15");
    assert_date(greffe__zone_date(paris, instant("2023-12-31T22:59:59.999Z")), "2023-12-31");
    assert_date(greffe__zone_date(paris, instant("2023-12-31T23:00:00Z")), "2024-01-01");
}

static greffe__str read_file(const char *path)
{
    static char bytes[FILE_BYTES];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("SKIPPED: no file %s\n", path);
        skip();
        return (greffe__str){NULL, 0};
    }
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return (greffe__str){bytes, size};
}

static greffe__zone *read_zone(const char *path)
{
    greffe__zone *zone = NULL;
    assert_int_equal(greffe__zone_read(&zone, &arena, read_file(path)), GREFFE_OK);
    assert_non_null(zone);
    return zone;
}

static void the_file_of_paris_gives_the_same_switches(void **state)
{
    const greffe__zone *zone = read_zone("/usr/share/zoneinfo/Europe/Paris");
    (void)state;
    check_paris_switches(zone);
    assert_switch(zone, "1976-03-28T00:00:00Z", 3600, 7200);
    assert_switch(zone, "1976-09-25T23:00:00Z", 7200, 3600);
    for (int64_t ms = instant("1996-01-01T00:00:00Z"); ms < instant("2400-01-01T00:00:00Z");
         ms += 7 * HOUR_MS / 2) {
        if (greffe__zone_offset(zone, ms) != greffe__zone_offset(greffe__zone_paris(), ms)) {
            char text[GREFFE__DATE_CHARS];
            greffe__instant_format(text, ms);
            fail_msg("the file and the built-in rule differ at %s", text);
        }
    }
}

static void the_file_of_paris_gives_the_same_days(void **state)
{
    (void)state;
    check_paris_starts(read_zone("/usr/share/zoneinfo/Europe/Paris"));
}

static void a_day_whose_midnight_is_skipped_begins_at_one(void **state)
{
    const greffe__zone *zone = read_zone("/usr/share/zoneinfo/America/Sao_Paulo");
    (void)state;
    assert_instant(greffe__zone_instant(zone, day("2018-11-04"), 0), "2018-11-04T03:00:00Z");
    assert_date(greffe__zone_date(zone, instant("2018-11-04T02:59:59.999Z")), "2018-11-03");
    assert_date(greffe__zone_date(zone, instant("2018-11-04T03:00:00Z")), "2018-11-04");
}

/* --- Zone files, byte by byte --- */

typedef struct bytes {
    unsigned char data[512];
    size_t size;
} bytes;

static void put(bytes *out, uint64_t value, unsigned width)
{
    for (unsigned i = width; i > 0; i--) {
        out->data[out->size++] = (unsigned char)(value >> (8 * (i - 1)) & 0xff);
    }
}

static void put_header(bytes *out, char version, unsigned times, unsigned types, unsigned chars)
{
    memcpy(out->data + out->size, "TZif", 4);
    out->size += 4;
    put(out, (unsigned char)version, 1);
    put(out, 0, 8);
    put(out, 0, 7);
    put(out, 0, 4); /* UT/local indicators */
    put(out, 0, 4); /* standard/wall indicators */
    put(out, 0, 4); /* leap seconds */
    put(out, times, 4);
    put(out, types, 4);
    put(out, chars, 4);
}

/* One change, at 2001-09-09T01:46:40Z, from +01:00 to +03:00. */
static void put_block(bytes *out, char version, unsigned width)
{
    put_header(out, version, 1, 2, 8);
    put(out, 1000000000, width);
    put(out, 1, 1);
    put(out, 3600, 4);
    put(out, 0, 2);
    put(out, 10800, 4);
    put(out, 0x0104, 2);
    memcpy(out->data + out->size, "AAA\0BBB", 8);
    out->size += 8;
}

static bytes file_of(char version, const char *footer)
{
    bytes out = {.size = 0};
    put_block(&out, version, 4);
    if (version != '\0') {
        put_block(&out, version, 8);
        out.data[out.size++] = '\n';
        memcpy(out.data + out.size, footer, strlen(footer));
        out.size += strlen(footer);
        out.data[out.size++] = '\n';
    }
    return out;
}

static greffe_status read_bytes(const greffe__zone **out, const bytes *file)
{
    greffe__zone *zone = NULL;
    const greffe_status status =
        greffe__zone_read(&zone, &arena, (greffe__str){(const char *)file->data, file->size});
    *out = zone;
    return status;
}

static void files_of_version_two_and_later_are_read(void **state)
{
    static const char versions[] = {'2', '3', '4'};
    (void)state;
    for (size_t i = 0; i < sizeof versions; i++) {
        const greffe__zone *zone = NULL;
        const bytes file = file_of(versions[i], "BBB-3");
        if (read_bytes(&zone, &file) != GREFFE_OK) {
            fail_msg("version %d is refused", versions[i]);
        }
        assert_switch(zone, "2001-09-09T01:46:40Z", 3600, 10800);
        assert_int_equal(greffe__zone_offset(zone, instant("1950-01-01T00:00:00Z")), 3600);
        assert_int_equal(greffe__zone_offset(zone, instant("2090-01-01T00:00:00Z")), 10800);
    }
}

static void a_file_of_version_one_is_refused(void **state)
{
    (void)state;
    const greffe__zone *zone = NULL;
    const bytes file = file_of('\0', "BBB-3");
    assert_int_equal(read_bytes(&zone, &file), GREFFE_EINVALID);
}

typedef struct footer_case {
    const char *footer, *at;
    int before, after;
} footer_case;

static void check_footers(const footer_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const greffe__zone *zone = NULL;
        const bytes file = file_of('3', cases[i].footer);
        if (read_bytes(&zone, &file) != GREFFE_OK) {
            fail_msg("not read: %s", cases[i].footer);
        }
        const int64_t ms = instant(cases[i].at);
        if (greffe__zone_offset(zone, ms - 1) != cases[i].before ||
            greffe__zone_offset(zone, ms) != cases[i].after) {
            fail_msg("%s at %s: %d, then %d", cases[i].footer, cases[i].at,
                     (int)greffe__zone_offset(zone, ms - 1), (int)greffe__zone_offset(zone, ms));
        }
    }
}

static void the_footer_rules_after_the_last_change(void **state)
{
    static const footer_case cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T01:00:00Z", 3600, 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T01:00:00Z", 7200, 3600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2024-04-06T16:00:00Z", 39600, 36000},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2024-10-05T16:00:00Z", 36000, 39600},
        {"EST5EDT,M3.2.0,M11.1.0", "2024-03-10T07:00:00Z", -18000, -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2024-11-03T06:00:00Z", -14400, -18000},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2024-10-27T01:00:00Z", 3600, 0},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2024-03-31T01:00:00Z", 0, 3600},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2024-03-31T01:00:00Z", -7200, -3600},
        {"<+0545>-5:45", "2024-03-31T01:00:00Z", 20700, 20700},
        {"XXX0YYY-2,M3.1.1/26,M10.1.1", "2024-03-05T02:00:00Z", 0, 7200},
    };
    (void)state;
    check_footers(cases, sizeof cases / sizeof cases[0]);
}

static void a_footer_that_counts_days_of_the_year_is_refused(void **state)
{
    static const char *const footers[] = {"XXX0YYY,J60/0,J300/0", "XXX0YYY,59/0,299/0"};
    (void)state;
    for (size_t i = 0; i < sizeof footers / sizeof *footers; i++) {
        const greffe__zone *zone = NULL;
        const bytes file = file_of('3', footers[i]);
        assert_int_equal(read_bytes(&zone, &file), GREFFE_EINVALID);
    }
}

static void a_file_cut_short_is_refused(void **state)
{
    const bytes whole = file_of('2', "CET-1CEST,M3.5.0,M10.5.0/3");
    (void)state;
    for (size_t size = 0; size < whole.size; size++) {
        const greffe__zone *zone = NULL;
        bytes cut = whole;
        cut.size = size;
        if (read_bytes(&zone, &cut) != GREFFE_EINVALID || zone != NULL) {
            fail_msg("read with %zu of %zu bytes", size, whole.size);
        }
    }
}

static void a_file_with_any_byte_changed_is_read_or_refused(void **state)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff, ',', '/', '-', '9'};
    const bytes whole = file_of('2', "CET-1CEST,M3.5.0,M10.5.0/3");
    (void)state;
    for (size_t i = 0; i < whole.size; i++) {
        for (size_t k = 0; k < sizeof values; k++) {
            const greffe__zone *zone = NULL;
            bytes spoiled = whole;
            spoiled.data[i] = values[k];
            const greffe_status status = read_bytes(&zone, &spoiled);
            assert_true(status == GREFFE_OK || status == GREFFE_EINVALID);
            if (status == GREFFE_OK) {
                greffe__zone_offset(zone, instant("1900-01-01T00:00:00Z"));
                greffe__zone_offset(zone, instant("2050-06-01T00:00:00Z"));
                greffe__zone_instant(zone, day("2001-09-09"), 0);
            }
        }
        greffe__arena_reset(&arena);
    }
}

static void what_is_no_zone_file_is_refused(void **state)
{
    greffe__zone *zone = NULL;
    (void)state;
    assert_int_equal(greffe__zone_read(&zone, &arena, greffe__str_of("")), GREFFE_EINVALID);
    assert_int_equal(greffe__zone_read(&zone, &arena, (greffe__str){NULL, 0}), GREFFE_EINVALID);
    assert_int_equal(greffe__zone_read(&zone, &arena, greffe__str_of("TZif")), GREFFE_EINVALID);
    assert_int_equal(greffe__zone_read(&zone, &arena,
                                       greffe__str_of("# a text file of more than fifty bytes "
                                                      "is no zone file either, however long")),
                     GREFFE_EINVALID);
    assert_null(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_count_from_the_first_of_january_1970),
        cmocka_unit_test(every_day_of_three_thousand_years_comes_and_goes),
        cmocka_unit_test(only_days_that_exist_are_valid),
        cmocka_unit_test(known_days_have_their_weekdays),
        cmocka_unit_test(dates_are_written_and_read_as_year_month_day),
        cmocka_unit_test(instants_are_written_in_utc_with_milliseconds_only_if_any),
        cmocka_unit_test(instants_take_z_or_an_offset),
        cmocka_unit_test(instants_without_zone_or_form_are_not_read),
        cmocka_unit_test(a_text_of_an_instant_reads_back_as_the_same_instant),
        cmocka_unit_test(thirty_one_january_plus_one_month_is_the_last_of_february),
        cmocka_unit_test(one_month_twice_is_not_two_months),
        cmocka_unit_test(months_pass_over_years_in_both_directions),
        cmocka_unit_test(easter_falls_on_its_known_sundays),
        cmocka_unit_test(france_has_eleven_holidays_and_alsace_moselle_thirteen),
        cmocka_unit_test(holidays_are_named_in_french),
        cmocka_unit_test(sets_of_holidays_are_found_by_name),
        cmocka_unit_test(a_term_that_ends_on_a_closed_day_rolls_to_the_next_working_day),
        cmocka_unit_test(days_that_the_authority_closes_are_not_worked),
        cmocka_unit_test(working_days_are_counted_after_the_day),
        cmocka_unit_test(the_built_in_paris_changes_its_clocks_on_the_last_sundays),
        cmocka_unit_test(days_in_paris_begin_at_midnight_even_around_clock_changes),
        cmocka_unit_test(each_day_in_paris_begins_where_the_day_before_ends),
        cmocka_unit_test(a_time_that_comes_twice_means_its_first_instant),
        cmocka_unit_test(a_time_that_is_skipped_means_the_first_instant_after_it),
        cmocka_unit_test(utc_has_no_offset),
        cmocka_unit_test(the_civil_date_follows_the_offset),
        cmocka_unit_test(the_file_of_paris_gives_the_same_switches),
        cmocka_unit_test(the_file_of_paris_gives_the_same_days),
        cmocka_unit_test(a_day_whose_midnight_is_skipped_begins_at_one),
        cmocka_unit_test(files_of_version_two_and_later_are_read),
        cmocka_unit_test(a_file_of_version_one_is_refused),
        cmocka_unit_test(the_footer_rules_after_the_last_change),
        cmocka_unit_test(a_footer_that_counts_days_of_the_year_is_refused),
        cmocka_unit_test(a_file_cut_short_is_refused),
        cmocka_unit_test(a_file_with_any_byte_changed_is_read_or_refused),
        cmocka_unit_test(what_is_no_zone_file_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
