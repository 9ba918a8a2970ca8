/* Tests JSON at the boundary: no digit is lost, the written form is canonical, and what the
 * grammar does not allow is refused with its place. */
#include "room.h"
#include "value/json.h"

static greffe_status read_bytes(room *r, greffe__value *out, const char *data, size_t size)
{
    greffe_diags_clear(r->diags);
    return greffe__json_read(out, &r->arena, r->diags, "a.json", (greffe__str){data, size});
}

static greffe__value read_text(room *r, const char *text)
{
    greffe__value value = greffe__null();
    if (read_bytes(r, &value, text, strlen(text)) != GREFFE_OK) {
        fail_msg("%s is refused", text);
    }
    assert_int_equal(greffe_diags_count(r->diags), 0);
    return value;
}

static const char *written(room *r, const greffe__value *value)
{
    greffe__json_write(fresh(r), value);
    const char *text = greffe__buf_done(&r->buf);
    assert_non_null(text);
    return text;
}

static void check_form(room *r, const char *text, const char *canonical)
{
    const greffe__value value = read_text(r, text);
    assert_string_equal(written(r, &value), canonical);
    const greffe__value again = read_text(r, canonical);
    assert_true(greffe__value_equal(&value, &again));
    assert_string_equal(written(r, &again), canonical);
}

static void check_refused(room *r, const char *text, const char *code, uint32_t line,
                          uint32_t column)
{
    greffe__value value = greffe__integer(42);
    if (read_bytes(r, &value, text, strlen(text)) != GREFFE_EINVALID) {
        fail_msg("%s is not refused", text);
    }
    const greffe_diag *diag = greffe_diags_get(r->diags, 0);
    assert_non_null(diag);
    if (strcmp(diag->code, code) != 0 || diag->line != line || diag->column != column) {
        fail_msg("%s: expected %s at %u:%u, got %s at %u:%u", text, code, (unsigned)line,
                 (unsigned)column, diag->code, (unsigned)diag->line, (unsigned)diag->column);
    }
}

static void no_digit_of_a_number_is_lost(void **state)
{
    static const char *const kept[] = {"0",
                                       "1",
                                       "-1",
                                       "200.05",
                                       "0.1",
                                       "0.01",
                                       "-0.01",
                                       "9007199254740993",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "9223372036854775808",
                                       "18446744073709551615",
                                       "92233720368547758.07",
                                       "-92233720368547758.08",
                                       "1234567890123456789012345678901234",
                                       "12345678901234567890123456789012.34",
                                       "0.1234567890123456789012345678901234",
                                       "-9999999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        check_form(*state, kept[i], kept[i]);
    }
}

static void every_64_bit_integer_near_a_power_of_two_is_exact(void **state)
{
    room *r = *state;
    for (int power = 0; power < 63; power++) {
        for (int near = -2; near <= 2; near++) {
            for (int sign = -1; sign <= 1; sign += 2) {
                char text[32];
                int64_t back = 0;
                const int64_t number = sign * (((int64_t)1 << power) + near);
                snprintf(text, sizeof text, "%lld", (long long)number);
                const greffe__value value = read_text(r, text);
                assert_int_equal(value.kind, GREFFE__NUMBER);
                assert_true(greffe__dec_to_i64(&back, value.as.number));
                assert_true(back == number);
                assert_string_equal(written(r, &value), text);
            }
        }
    }
}

static void an_amount_keeps_its_cents(void **state)
{
    room *r = *state;
    for (int64_t cents = -250; cents <= 1000000; cents += cents < 300 ? 1 : 9973) {
        char text[32];
        int64_t back = 0;
        const long long whole = (long long)(cents < 0 ? -cents : cents);
        snprintf(text, sizeof text, "%s%lld.%02lld", cents < 0 ? "-" : "", whole / 100,
                 whole % 100);
        const greffe__value value = read_text(r, text);
        assert_true(greffe__dec_to_cents(&back, value.as.number));
        assert_true(back == cents);
    }
}

static void numbers_have_one_written_form(void **state)
{
    room *r = *state;
    check_form(r, "-0", "0");
    check_form(r, "0.00", "0");
    check_form(r, "1.0", "1");
    check_form(r, "1.50", "1.5");
    check_form(r, "15e-1", "1.5");
    check_form(r, "1E+3", "1000");
    check_form(r, "1e3", "1000");
    check_form(r, "0e10", "0");
    check_form(r, "200.00", "200");
}

static void names_are_written_in_ascending_order(void **state)
{
    room *r = *state;
    check_form(r, " { \"b\" : 1 , \"a\" : { \"z\" : [ ] , \"c\" : null } , \"\" : true } ",
               "{\"\":true,\"a\":{\"c\":null,\"z\":[]},\"b\":1}");
    check_form(r, "{\"ab\":1,\"a\":2,\"\xc3\xa9\":3,\"B\":4}",
               "{\"B\":4,\"a\":2,\"ab\":1,\"\xc3\xa9\":3}");
}

static void text_keeps_every_character_the_null_too(void **state)
{
    room *r = *state;
    greffe__value value = read_text(r, "\"a\\u0000b\"");
    assert_int_equal(value.kind, GREFFE__STRING);
    assert_int_equal(value.as.string.size, 3);
    assert_memory_equal(value.as.string.data, "a\0b", 3);
    assert_string_equal(written(r, &value), "\"a\\u0000b\"");
    value = read_text(r, "{\"a\\u0000b\":1,\"a\":2,\"a\\u0000\":3}");
    assert_int_equal(value.count, 3);
    const greffe__value *entry = greffe__value_get(&value, (greffe__str){"a\0b", 3});
    assert_non_null(entry);
    const greffe__value one = greffe__integer(1);
    assert_true(greffe__value_equal(entry, &one));
    value = read_text(r, "\"\\ud83d\\ude00 \\u00e9 \\/ \\b\\f\\n\\r\\t\\\"\\\\ \\u007f\"");
    assert_memory_equal(value.as.string.data, "\xf0\x9f\x98\x80 \xc3\xa9 / \b\f\n\r\t\"\\ \x7f",
                        value.as.string.size);
    const greffe__value again = read_text(r, written(r, &value));
    assert_true(greffe__value_equal(&value, &again));
}

static void a_name_that_stands_twice_is_refused_at_the_second(void **state)
{
    room *r = *state;
    check_refused(r, "{\"a\":1,\"b\":2,\"a\":1}", "GR-1102", 1, 14);
    check_refused(r, "{\"a\":1,\n \"\\u0061\":1}", "GR-1102", 2, 2);
    check_form(r, "{\"a\":{\"a\":1}}", "{\"a\":{\"a\":1}}");
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    room *r = *state;
    check_refused(r, "[1,]", "GR-1101", 1, 4);
    check_refused(r, "[01]", "GR-1101", 1, 3);
    check_refused(r, "{'a':1}", "GR-1101", 1, 2);
    check_refused(r, "[1]\n x", "GR-1101", 2, 2);
    check_refused(r, "[\xc3\xa9\xc3\xa9]", "GR-1101", 1, 2);
    check_refused(r, "nul", "GR-1101", 1, 1);
    check_refused(r, "[NaN]", "GR-1101", 1, 2);
    check_refused(r, "[.5]", "GR-1101", 1, 2);
    check_refused(r, "[+1]", "GR-1101", 1, 2);
}

static void what_the_grammar_leaves_out_is_refused(void **state)
{
    static const char *const refused[] = {"",
                                          " ",
                                          "[",
                                          "{",
                                          "\"",
                                          "[1",
                                          "{\"a\"",
                                          "{\"a\":",
                                          "{\"a\":1",
                                          "1.",
                                          "1e",
                                          "-",
                                          "--1",
                                          "0x1",
                                          "1 2",
                                          "[1 2]",
                                          "[,1]",
                                          "{,}",
                                          "{\"a\":1,}",
                                          "\"\t\"",
                                          "\"\n\"",
                                          "\"\\x\"",
                                          "\"\\u12\"",
                                          "\"\\ud800\"",
                                          "\"\\udc00\"",
                                          "\"\\ud800\\u0041\"",
                                          "True",
                                          "//c\n1",
                                          "/**/1",
                                          "\xef\xbb\xbf"
                                          "1",
                                          "\xc2\xa0"
                                          "1",
                                          "Infinity",
                                          "tru",
                                          "[\"\xff\"]",
                                          "\"\xc0\x80\"",
                                          "\"\xed\xa0\x80\""};
    room *r = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        greffe__value value = greffe__integer(42);
        if (read_bytes(r, &value, refused[i], strlen(refused[i])) != GREFFE_EINVALID ||
            greffe_diags_total(r->diags, GREFFE_ERROR) == 0) {
            fail_msg("'%s' is not refused with a fault", refused[i]);
        }
        const greffe__value before = greffe__integer(42);
        assert_true(greffe__value_equal(&value, &before));
        assert_int_equal(
            greffe__json_read(&value, &r->arena, NULL, "a.json", greffe__str_of(refused[i])),
            GREFFE_EINVALID);
    }
    greffe__value value = greffe__null();
    assert_int_equal(read_bytes(r, &value, "[1]\0", 4), GREFFE_EINVALID);
}

static void depth_is_bounded_and_the_limit_itself_is_allowed(void **state)
{
    char text[2 * GREFFE_MAX_JSON_DEPTH + 8];
    room *r = *state;
    greffe__value value = greffe__null();
    memset(text, '[', GREFFE_MAX_JSON_DEPTH);
    memset(text + GREFFE_MAX_JSON_DEPTH, ']', GREFFE_MAX_JSON_DEPTH);
    assert_int_equal(read_bytes(r, &value, text, 2 * GREFFE_MAX_JSON_DEPTH), GREFFE_OK);
    memset(text, '[', GREFFE_MAX_JSON_DEPTH + 1);
    memset(text + GREFFE_MAX_JSON_DEPTH + 1, ']', GREFFE_MAX_JSON_DEPTH + 1);
    assert_int_equal(read_bytes(r, &value, text, 2 * GREFFE_MAX_JSON_DEPTH + 2), GREFFE_ELIMIT);
    assert_string_equal(greffe_diags_get(r->diags, 0)->code, "GR-1103");
}

static void size_is_bounded(void **state)
{
    room *r = *state;
    greffe__value value = greffe__null();
    const size_t size = GREFFE_MAX_JSON_BYTES + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, ' ', size);
    text[0] = '1';
    assert_int_equal(read_bytes(r, &value, text, size), GREFFE_ELIMIT);
    assert_int_equal(read_bytes(r, &value, text, size - 1), GREFFE_OK);
    free(text);
}

static void a_number_out_of_all_range_is_refused_and_never_infinite(void **state)
{
    room *r = *state;
    greffe__value value = greffe__null();
    static const char *const far[] = {"1e99999", "-1e99999", "1e6200", "[1e9999999999999999999]"};
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        const greffe_status status = read_bytes(r, &value, far[i], strlen(far[i]));
        assert_true(status == GREFFE_EINVALID || status == GREFFE_ELIMIT);
        assert_true(greffe_diags_total(r->diags, GREFFE_ERROR) > 0);
    }
}

static void temporal_values_are_written_as_iso_8601_and_ranges_as_feel(void **state)
{
    room *r = *state;
    greffe__value value = greffe__date(greffe__days_of(2020, 5, 4));
    assert_string_equal(written(r, &value), "\"2020-05-04\"");
    value = (greffe__value){.kind = GREFFE__PERIOD, .as = {.months = 14}};
    assert_string_equal(written(r, &value), "\"P1Y2M\"");
    value =
        (greffe__value){.kind = GREFFE__DURATION, .as = {.moment = {129600, 0, GREFFE__NO_OFFSET}}};
    assert_true(greffe__duration_parse(&value, greffe__str_of("PT36H")));
    const greffe__value again = value;
    assert_string_equal(written(r, &value), "\"P1DT12H\"");
    assert_true(greffe__duration_parse(&value, greffe__str_of("P1DT12H")));
    assert_true(greffe__value_equal(&value, &again));
    const greffe__range range = {greffe__integer(1), greffe__integer(10), true, false};
    value = (greffe__value){.kind = GREFFE__RANGE, .as = {.range = &range}};
    assert_string_equal(written(r, &value), "\"[1..10)\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(no_digit_of_a_number_is_lost),
        ROOM_TEST(every_64_bit_integer_near_a_power_of_two_is_exact),
        ROOM_TEST(an_amount_keeps_its_cents),
        ROOM_TEST(numbers_have_one_written_form),
        ROOM_TEST(names_are_written_in_ascending_order),
        ROOM_TEST(text_keeps_every_character_the_null_too),
        ROOM_TEST(a_name_that_stands_twice_is_refused_at_the_second),
        ROOM_TEST(what_is_not_json_is_refused_with_its_place),
        ROOM_TEST(what_the_grammar_leaves_out_is_refused),
        ROOM_TEST(depth_is_bounded_and_the_limit_itself_is_allowed),
        ROOM_TEST(size_is_bounded),
        ROOM_TEST(a_number_out_of_all_range_is_refused_and_never_infinite),
        ROOM_TEST(temporal_values_are_written_as_iso_8601_and_ranges_as_feel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
