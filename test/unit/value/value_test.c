/* Tests typed values: equality and order as FEEL has them, copies, and the text forms of dates and
 * durations. */
#include "room.h"

typedef struct sample {
    const char *name;
    greffe__value value;
} sample;

static const greffe__value ITEMS[2] = {{.kind = GREFFE__BOOL, .as = {.truth = true}},
                                       {.kind = GREFFE__NULL}};
static const greffe__entry ENTRIES[2] = {{{"a", 1}, {.kind = GREFFE__DATE, .as = {.days = 3}}},
                                         {{"b", 1}, {.kind = GREFFE__NULL}}};
static const greffe__entry TURNED[2] = {{{"b", 1}, {.kind = GREFFE__NULL}},
                                        {{"a", 1}, {.kind = GREFFE__DATE, .as = {.days = 3}}}};
static const greffe__range RANGE = {
    {.kind = GREFFE__DATE, .as = {.days = 1}}, {.kind = GREFFE__NULL}, true, false};
static const greffe__range OPEN_RANGE = {
    {.kind = GREFFE__DATE, .as = {.days = 1}}, {.kind = GREFFE__NULL}, false, false};

enum { SAMPLES = 20 };

/* All different. */
static void fill_samples(sample samples[SAMPLES])
{
    const greffe__moment noon = {43200, 0, GREFFE__NO_OFFSET}, nano = {43200, 1, GREFFE__NO_OFFSET};
    size_t i = 0;
    samples[i++] = (sample){"null", greffe__null()};
    samples[i++] = (sample){"false", greffe__bool(false)};
    samples[i++] = (sample){"true", greffe__bool(true)};
    samples[i++] = (sample){"0", greffe__integer(0)};
    samples[i++] = (sample){"max", greffe__integer(INT64_MAX)};
    samples[i++] = (sample){"max - 1", greffe__integer(INT64_MAX - 1)};
    samples[i++] = (sample){"min", greffe__integer(INT64_MIN)};
    samples[i++] = (sample){"empty text", greffe__text("")};
    samples[i++] = (sample){"0 as text", greffe__text("0")};
    samples[i++] = (sample){"text with null", greffe__string((greffe__str){"0\0", 2})};
    samples[i++] = (sample){"day 0", greffe__date(0)};
    samples[i++] = (sample){"noon", {.kind = GREFFE__TIME, .as = {.moment = noon}}};
    samples[i++] = (sample){"noon and a nano", {.kind = GREFFE__TIME, .as = {.moment = nano}}};
    samples[i++] = (sample){"instant", {.kind = GREFFE__DATETIME, .as = {.moment = noon}}};
    samples[i++] = (sample){"12 h", {.kind = GREFFE__DURATION, .as = {.moment = noon}}};
    samples[i++] = (sample){"0 months", {.kind = GREFFE__PERIOD, .as = {.months = 0}}};
    samples[i++] = (sample){"list", greffe__list_of(ITEMS, 2)};
    samples[i++] = (sample){"shorter list", greffe__list_of(ITEMS, 1)};
    samples[i++] = (sample){"context", greffe__context_of(ENTRIES, 2)};
    samples[i++] = (sample){"range", {.kind = GREFFE__RANGE, .as = {.range = &RANGE}}};
    assert_int_equal(i, SAMPLES);
}

static greffe__value number(const char *text)
{
    greffe__dec dec;
    assert_true(greffe__dec_parse(&dec, greffe__str_of(text)));
    return greffe__number(dec);
}

static void a_value_equals_itself_and_no_other(void **state)
{
    sample samples[SAMPLES];
    (void)state;
    fill_samples(samples);
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t k = 0; k < SAMPLES; k++) {
            if (greffe__value_equal(&samples[i].value, &samples[k].value) != (i == k)) {
                fail_msg("%s and %s", samples[i].name, samples[k].name);
            }
        }
    }
}

static void numbers_are_equal_by_value_and_contexts_in_any_order(void **state)
{
    (void)state;
    const greffe__value a = number("1.0"), b = number("1"), c = number("100e-2");
    assert_true(greffe__value_equal(&a, &b));
    assert_true(greffe__value_equal(&b, &c));
    const greffe__value one = greffe__context_of(ENTRIES, 2), other = greffe__context_of(TURNED, 2);
    assert_true(greffe__value_equal(&one, &other));
    const greffe__value shut = {.kind = GREFFE__RANGE, .as = {.range = &RANGE}};
    const greffe__value open = {.kind = GREFFE__RANGE, .as = {.range = &OPEN_RANGE}};
    assert_false(greffe__value_equal(&shut, &open));
}

static void only_values_of_one_comparable_kind_have_an_order(void **state)
{
    sample samples[SAMPLES];
    (void)state;
    fill_samples(samples);
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t k = 0; k < SAMPLES; k++) {
            const greffe__value *a = &samples[i].value, *b = &samples[k].value;
            int order = 42, back = 42;
            const bool ordered = greffe__value_compare(&order, a, b);
            assert_int_equal(greffe__value_compare(&back, b, a), ordered);
            assert_true(!ordered || a->kind == b->kind);
            if (ordered) {
                assert_true((order < 0) == (back > 0) && (order == 0) == (back == 0));
                assert_true((order == 0) == greffe__value_equal(a, b));
            } else if (a->kind == b->kind && a->kind >= GREFFE__NUMBER &&
                       a->kind <= GREFFE__PERIOD) {
                fail_msg("%s and %s have no order", samples[i].name, samples[k].name);
            }
        }
    }
}

static void numbers_dates_and_texts_are_ordered(void **state)
{
    int order = 0;
    (void)state;
    const greffe__value a = number("200.05"), b = number("200.1");
    assert_true(greffe__value_compare(&order, &a, &b) && order < 0);
    const greffe__value max = greffe__integer(INT64_MAX), less = greffe__integer(INT64_MAX - 1);
    assert_true(greffe__value_compare(&order, &max, &less) && order > 0);
    const greffe__value e = greffe__text("e"), f = greffe__text("f"), ee = greffe__text("ee");
    assert_true(greffe__value_compare(&order, &e, &f) && order < 0);
    assert_true(greffe__value_compare(&order, &e, &ee) && order < 0);
    const greffe__value past = greffe__date(INT64_C(-719162)), now = greffe__date(18262);
    assert_true(greffe__value_compare(&order, &past, &now) && order < 0);
}

static void a_copy_is_equal_and_shares_nothing(void **state)
{
    room *r = *state;
    sample samples[SAMPLES];
    char text[] = "abc";
    fill_samples(samples);
    for (size_t i = 0; i < SAMPLES; i++) {
        const greffe__value copy = greffe__value_copy(&r->arena, &samples[i].value);
        assert_true(greffe__value_equal(&copy, &samples[i].value));
    }
    greffe__value inner = greffe__string((greffe__str){text, 3});
    greffe__entry entry = {{text, 3}, inner};
    greffe__value context = greffe__context_of(&entry, 1);
    const greffe__value list = greffe__list_of(&context, 1);
    const greffe__value copy = greffe__value_copy(&r->arena, &list);
    memset(text, 'x', 3);
    entry.value = greffe__null();
    context = greffe__null();
    assert_int_equal(copy.count, 1);
    assert_true(greffe__str_is(greffe__value_str(&copy.as.items[0], "abc"), "abc"));
}

static void an_entry_is_found_by_its_name_only(void **state)
{
    (void)state;
    const greffe__value context = greffe__context_of(ENTRIES, 2), list = greffe__list_of(ITEMS, 2);
    assert_non_null(greffe__value_at(&context, "a"));
    assert_int_equal(greffe__value_at(&context, "b")->kind, GREFFE__NULL);
    assert_null(greffe__value_at(&context, "A"));
    assert_null(greffe__value_get(&context, (greffe__str){"a\0", 2}));
    assert_null(greffe__value_at(&list, "a"));
    assert_int_equal(greffe__value_str(&context, "a").size, 0);
    assert_int_equal(greffe__value_str(&context, "c").size, 0);
}

static void check_duration(room *r, const char *text, greffe__kind kind, int64_t length,
                           const char *canonical)
{
    greffe__value value = greffe__null();
    if (!greffe__duration_parse(&value, greffe__str_of(text))) {
        fail_msg("%s is not read", text);
    }
    assert_int_equal(value.kind, kind);
    const int64_t found = kind == GREFFE__PERIOD ? value.as.months : value.as.moment.seconds;
    assert_true(found == length);
    greffe__value_temporal(fresh(r), &value);
    assert_string_equal(greffe__buf_done(&r->buf), canonical);
    greffe__value again = greffe__null();
    assert_true(greffe__duration_parse(&again, greffe__str_of(canonical)));
    assert_true(greffe__value_equal(&value, &again));
}

static void durations_are_read_and_have_one_text_form(void **state)
{
    room *r = *state;
    check_duration(r, "P2M", GREFFE__PERIOD, 2, "P2M");
    check_duration(r, "P14M", GREFFE__PERIOD, 14, "P1Y2M");
    check_duration(r, "P1Y", GREFFE__PERIOD, 12, "P1Y");
    check_duration(r, "-P1Y2M", GREFFE__PERIOD, -14, "-P1Y2M");
    check_duration(r, "P0M", GREFFE__PERIOD, 0, "P0M");
    check_duration(r, "PT36H", GREFFE__DURATION, 129600, "P1DT12H");
    check_duration(r, "P1D", GREFFE__DURATION, 86400, "P1D");
    check_duration(r, "PT1M", GREFFE__DURATION, 60, "PT1M");
    check_duration(r, "-PT90S", GREFFE__DURATION, -90, "-PT1M30S");
    check_duration(r, "PT0S", GREFFE__DURATION, 0, "PT0S");
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const refused[] = {"",
                                          "P",
                                          "PT",
                                          "P1",
                                          "1D",
                                          "P1DT",
                                          "P1M1D",
                                          "P1Y1D",
                                          "PT1D",
                                          "P1H",
                                          "P-1D",
                                          "P1.5M",
                                          " P1D",
                                          "P1D ",
                                          "P1D2D",
                                          "PT1S1M",
                                          "p1d",
                                          "P99999999999999999999D",
                                          "P9223372036854775807Y",
                                          "PT9223372036854775807H",
                                          "--P1D",
                                          "+P1D"};
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        greffe__value value = greffe__null();
        if (greffe__duration_parse(&value, greffe__str_of(refused[i]))) {
            fail_msg("%s is read", refused[i]);
        }
    }
}

static void every_temporal_value_has_its_iso_8601_form(void **state)
{
    room *r = *state;
    const struct {
        greffe__value value;
        const char *text;
    } forms[] = {
        {greffe__date(greffe__days_of(2020, 2, 29)), "2020-02-29"},
        {{.kind = GREFFE__TIME, .as = {.moment = {36000, 0, 3600}}}, "10:00:00+01:00"},
        {{.kind = GREFFE__TIME, .as = {.moment = {36000, 0, GREFFE__NO_OFFSET}}}, "10:00:00"},
        {{.kind = GREFFE__TIME, .as = {.moment = {86399, 0, -12600}}}, "23:59:59-03:30"},
        {{.kind = GREFFE__DATETIME, .as = {.moment = {0, 0, GREFFE__NO_OFFSET}}},
         "1970-01-01T00:00:00"},
        {{.kind = GREFFE__DATETIME, .as = {.moment = {-1, 0, 7200}}}, "1969-12-31T23:59:59+02:00"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        greffe__value_temporal(fresh(r), &forms[i].value);
        assert_string_equal(greffe__buf_done(&r->buf), forms[i].text);
    }
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int a = GREFFE__NULL; a <= GREFFE__RANGE; a++) {
        assert_non_null(greffe__kind_name((greffe__kind)a));
        for (int b = GREFFE__NULL; b < a; b++) {
            assert_string_not_equal(greffe__kind_name((greffe__kind)a),
                                    greffe__kind_name((greffe__kind)b));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(a_value_equals_itself_and_no_other),
        ROOM_TEST(numbers_are_equal_by_value_and_contexts_in_any_order),
        ROOM_TEST(only_values_of_one_comparable_kind_have_an_order),
        ROOM_TEST(numbers_dates_and_texts_are_ordered),
        ROOM_TEST(a_copy_is_equal_and_shares_nothing),
        ROOM_TEST(an_entry_is_found_by_its_name_only),
        ROOM_TEST(durations_are_read_and_have_one_text_form),
        ROOM_TEST(what_is_no_duration_is_refused),
        ROOM_TEST(every_temporal_value_has_its_iso_8601_form),
        ROOM_TEST(every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
