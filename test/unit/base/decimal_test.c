/* Tests decimal numbers on hand-picked cases: literals, text forms, ties, 34 digits, limits.
 * The oracle beside it (decimal_oracle.py) covers the rest at random. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"

static greffe__dec number(const char *text)
{
    greffe__dec value = {{0, 0}};
    if (!greffe__dec_parse(&value, greffe__str_of(text))) {
        fail_msg("not read: %s", text);
    }
    return value;
}

static void assert_number(greffe__dec value, const char *expected)
{
    struct {
        char text[GREFFE__DEC_CHARS];
        char guard[8];
    } out;
    memset(&out, '#', sizeof out);
    const size_t length = greffe__dec_format(out.text, value);
    assert_memory_equal(out.guard, "########", sizeof out.guard);
    assert_true(length < sizeof out.text);
    assert_int_equal(out.text[length], '\0');
    assert_int_equal(strlen(out.text), length);
    assert_string_equal(out.text, expected);
}

static void assert_rounds(const char *text, int scale, greffe__rounding mode, const char *expected)
{
    greffe__dec value;
    if (!greffe__dec_round(&value, number(text), scale, mode)) {
        fail_msg("%s was not rounded to %d", text, scale);
    }
    assert_number(value, expected);
}

/* --- Literals and text forms --- */

static void literals_of_json_and_feel_are_read(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"0.000", "0"},
        {"-12", "-12"},
        {".5", "0.5"},
        {"-.5", "-0.5"},
        {"1.50", "1.5"},
        {"1e3", "1000"},
        {"1E3", "1000"},
        {"1e+3", "1000"},
        {"1e-3", "0.001"},
        {"12.34e1", "123.4"},
        {"1200", "1200"},
        {"1200.00", "1200"},
        {"0.10", "0.1"},
        {"100e-2", "1"},
        {"-1.5e-2", "-0.015"},
        {"0e99999", "0"},
        {"1234567890123456789012345678901234", "1234567890123456789012345678901234"},
        {"0.1234567890123456789012345678901234", "0.1234567890123456789012345678901234"},
        {"-9999999999999999.999999999999999999", "-9999999999999999.999999999999999999"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_number(number(cases[i].text), cases[i].expected);
    }
}

static void what_is_no_literal_is_not_read(void **state)
{
    static const char *const cases[] = {
        "",      "-",     ".",     "-.",    "e3",       ".e3",       "1e",       "1e+",
        "1e-",   "1e1.5", "--1",   "- 1",   "+1",       " 1",        "1 ",       "1\n",
        "1,5",   "1.2.3", "1_000", "1 000", "0x10",     "1f",        "1d",       "NaN",
        "nan",   "sNaN",  "NaN12", "Inf",   "inf",      "-Infinity", "Infinity", "infinity",
        "1e3e3", "1..2",  "1-",    "one",   "\xd9\xa1", /* an Arabic digit */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        greffe__dec value = greffe__dec_of(77);
        if (greffe__dec_parse(&value, greffe__str_of(cases[i]))) {
            fail_msg("was read: \"%s\"", cases[i]);
        }
        assert_number(value, "77"); /* outputs are set only on success */
    }
}

static void a_point_without_digits_after_it_is_no_literal(void **state)
{
    (void)state;
    greffe__dec value;
    assert_false(greffe__dec_parse(&value, greffe__str_of("1.")));
    assert_false(greffe__dec_parse(&value, greffe__str_of("1.e3")));
}

static void a_text_is_read_to_its_length_and_no_further(void **state)
{
    (void)state;
    greffe__dec value;
    assert_true(greffe__dec_parse(&value, (greffe__str){"12345", 3}));
    assert_number(value, "123");
    assert_false(greffe__dec_parse(&value, (greffe__str){"1\0"
                                                         "2",
                                                         3}));
    assert_false(greffe__dec_parse(&value, (greffe__str){NULL, 0}));
}

static void more_than_34_digits_are_rounded_half_to_even(void **state)
{
    (void)state;
    assert_number(number("1234567890123456789012345678901234.5"),
                  "1234567890123456789012345678901234");
    assert_number(number("1234567890123456789012345678901235.5"),
                  "1234567890123456789012345678901236");
    assert_int_equal(greffe__dec_compare(number("12345678901234567890123456789012345"),
                                         number("12345678901234567890123456789012340")),
                     0);
    assert_number(number("0.12345678901234567890123456789012345"),
                  "0.1234567890123456789012345678901234");
    assert_number(number("0.12345678901234567890123456789012355"),
                  "0.1234567890123456789012345678901236");
    assert_number(number("0.1234567890123456789012345678901234500000000000000000000000001"),
                  "0.1234567890123456789012345678901235");
    assert_number(number("0.1234567890123456789012345678901234499999999999999999999999999"),
                  "0.1234567890123456789012345678901234");
    assert_number(number("0.99999999999999999999999999999999995"), "1");
    assert_number(number("-0.99999999999999999999999999999999995"), "-1");
}

static void a_digit_a_thousand_places_away_still_breaks_a_tie(void **state)
{
    (void)state;
    char text[1200];
    memset(text, '0', sizeof text);
    memcpy(text, "0.12345678901234567890123456789012345", 37);
    text[1100] = '1';
    greffe__dec value;
    assert_true(greffe__dec_parse(&value, (greffe__str){text, 1101}));
    assert_number(value, "0.1234567890123456789012345678901235");
    text[1100] = '0';
    assert_true(greffe__dec_parse(&value, (greffe__str){text, 1101}));
    assert_number(value, "0.1234567890123456789012345678901234");
}

static void many_leading_zeros_cost_no_digits(void **state)
{
    (void)state;
    assert_number(number("0.000000000000000000000000000000000000000000000000000000000000"
                         "1234567890123456789012345678901234e60"),
                  "0.1234567890123456789012345678901234");
    assert_number(number("100000000000000000000000000000000000000000000000000e-50"), "1");
}

static void a_literal_past_the_range_is_not_read(void **state)
{
    (void)state;
    greffe__dec value;
    assert_true(greffe__dec_parse(&value, greffe__str_of("9e6144")));
    assert_false(greffe__dec_parse(&value, greffe__str_of("1e6145")));
    assert_false(greffe__dec_parse(&value, greffe__str_of("1e99999")));
    assert_false(greffe__dec_parse(&value, greffe__str_of("-1e999999999999999999999999")));
    assert_false(greffe__dec_parse(&value, greffe__str_of("99999999999999999999999999999999995"
                                                          "e6110")));
}

static void a_literal_too_small_for_a_digit_is_zero(void **state)
{
    (void)state;
    assert_number(number("1e-6177"), "0");
    assert_number(number("-1e-6177"), "0");
    assert_number(number("1e-100000"), "0");
    assert_false(greffe__dec_negative(number("-1e-7000")));
}

static void a_literal_far_too_small_for_a_digit_is_zero_as_well(void **state)
{
    (void)state;
    assert_number(number("1e-100001"), "0");
    assert_number(number("1e-999999999999999999999999"), "0");
    assert_number(number("0e999999999999999999999999"), "0");
}

static void thirty_four_digits_are_written_out_and_thirty_five_are_not(void **state)
{
    (void)state;
    assert_number(number("1e33"), "1000000000000000000000000000000000");
    assert_number(number("1e36"), "1e36");
    assert_number(number("1e34"), "1e34");
    assert_number(number("-12e32"), "-1200000000000000000000000000000000");
    assert_number(number("-12e33"), "-12e33");
}

static void the_longest_forms_fit_their_room(void **state)
{
    static const char *const cases[] = {
        "-9999999999999999999999999999999999e34",    "-9999999999999999999999999999999999e33",
        "-9999999999999999999999999999999999e20",    "-9999999999999999999999999999999999e6111",
        "-9999999999999999999999999999999999e-6176", "-1234567890123456789012345678901234e-67",
        "-1234567890123456789012345678901234e-34",   "-1234567890123456789012345678901234e-50",
        "-1234567890123456789012345678901234e-60",   "-1e-6176",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[GREFFE__DEC_CHARS];
        const greffe__dec value = number(cases[i]);
        assert_true(greffe__dec_format(text, value) < sizeof text);
        assert_int_equal(greffe__dec_compare(number(text), value), 0);
    }
}

/* --- Arithmetic --- */

static void tenths_add_up_exactly(void **state)
{
    (void)state;
    greffe__dec value;
    assert_true(greffe__dec_add(&value, number("0.1"), number("0.2")));
    assert_number(value, "0.3");
    assert_true(greffe__dec_sub(&value, number("0.3"), number("0.3")));
    assert_number(value, "0");
    assert_true(greffe__dec_mul(&value, number("19.99"), number("1.055")));
    assert_number(value, "21.08945");
}

static void sums_of_more_than_34_digits_round_half_to_even(void **state)
{
    (void)state;
    greffe__dec value;
    assert_true(
        greffe__dec_add(&value, number("1000000000000000000000000000000000"), number("0.5")));
    assert_number(value, "1000000000000000000000000000000000");
    assert_true(
        greffe__dec_add(&value, number("1000000000000000000000000000000001"), number("0.5")));
    assert_number(value, "1000000000000000000000000000000002");
    assert_true(greffe__dec_add(&value, number("1000000000000000000000000000000000"),
                                number("0.5000000000000000000000000000000001")));
    assert_number(value, "1000000000000000000000000000000001");
    assert_true(
        greffe__dec_sub(&value, number("1000000000000000000000000000000000"), number("1e-6176")));
    assert_number(value, "1000000000000000000000000000000000");
}

static void quotients_have_34_digits_rounded_half_to_even(void **state)
{
    (void)state;
    greffe__dec value;
    assert_true(greffe__dec_div(&value, number("1"), number("3")));
    assert_number(value, "0.3333333333333333333333333333333333");
    assert_true(greffe__dec_div(&value, number("-2"), number("3")));
    assert_number(value, "-0.6666666666666666666666666666666667");
    assert_true(greffe__dec_div(&value, number("6"), number("-3")));
    assert_number(value, "-2");
    assert_true(greffe__dec_div(&value, number("1"), number("8")));
    assert_number(value, "0.125");
    assert_true(greffe__dec_div(&value, number("3000000000000000000000000000000001"), number("2")));
    assert_number(value, "1500000000000000000000000000000000");
    assert_true(greffe__dec_div(&value, number("3000000000000000000000000000000003"), number("2")));
    assert_number(value, "1500000000000000000000000000000002");
}

static void dividing_by_zero_gives_nothing(void **state)
{
    (void)state;
    greffe__dec value = greffe__dec_of(77);
    assert_false(greffe__dec_div(&value, number("1"), number("0")));
    assert_false(greffe__dec_div(&value, number("0"), number("0")));
    assert_false(greffe__dec_div(&value, number("-1"), number("-0.00")));
    assert_number(value, "77");
    assert_true(greffe__dec_div(&value, number("0"), number("-5")));
    assert_number(value, "0");
    assert_false(greffe__dec_negative(value));
}

static void results_past_the_range_give_nothing(void **state)
{
    (void)state;
    const greffe__dec most = number("9999999999999999999999999999999999e6111");
    greffe__dec value = greffe__dec_of(77);
    assert_false(greffe__dec_mul(&value, most, number("10")));
    assert_false(greffe__dec_add(&value, most, most));
    assert_false(greffe__dec_sub(&value, greffe__dec_neg(most), most));
    assert_false(greffe__dec_div(&value, most, number("0.1")));
    assert_number(value, "77");
    assert_true(greffe__dec_mul(&value, number("1e-6176"), number("0.1")));
    assert_number(value, "0");
    assert_true(greffe__dec_mul(&value, number("1e-6176"), number("-0.1")));
    assert_number(value, "0");
    assert_false(greffe__dec_negative(value));
}

static void powers_are_taken_with_whole_exponents(void **state)
{
    (void)state;
    greffe__dec value = greffe__dec_of(77);
    assert_true(greffe__dec_pow(&value, number("2"), 10));
    assert_number(value, "1024");
    assert_true(greffe__dec_pow(&value, number("1.05"), 2));
    assert_number(value, "1.1025");
    assert_true(greffe__dec_pow(&value, number("10"), -2));
    assert_number(value, "0.01");
    assert_true(greffe__dec_pow(&value, number("-2"), 3));
    assert_number(value, "-8");
    assert_true(greffe__dec_pow(&value, number("-2"), 4));
    assert_number(value, "16");
    assert_true(greffe__dec_pow(&value, number("7"), 1));
    assert_number(value, "7");
    assert_true(greffe__dec_pow(&value, number("7"), 0));
    assert_number(value, "1");
    assert_true(greffe__dec_pow(&value, number("0"), 5));
    assert_number(value, "0");
}

static void powers_past_the_range_give_nothing(void **state)
{
    (void)state;
    greffe__dec value = greffe__dec_of(77);
    assert_false(greffe__dec_pow(&value, number("10"), 7000));
    assert_false(greffe__dec_pow(&value, number("2"), INT64_MAX));
    assert_false(greffe__dec_pow(&value, number("0"), -1));
    assert_number(value, "77");
}

static void powers_of_one_end_at_every_exponent(void **state)
{
    (void)state;
    greffe__dec value;
    assert_true(greffe__dec_pow(&value, number("1"), INT64_MAX));
    assert_number(value, "1");
    assert_true(greffe__dec_pow(&value, number("1"), INT64_MIN));
    assert_number(value, "1");
    assert_true(greffe__dec_pow(&value, number("-1"), INT64_MAX));
    assert_number(value, "-1");
    assert_true(greffe__dec_pow(&value, number("-1"), INT64_MIN));
    assert_number(value, "1");
}

/* --- Modulo, roots, exponentials, logarithms and powers --- */

typedef bool (*one_operand)(greffe__dec *out, greffe__dec a);
typedef bool (*two_operands)(greffe__dec *out, greffe__dec a, greffe__dec b);

static void assert_gives(one_operand function, const char *a, const char *expected)
{
    greffe__dec value = greffe__dec_of(77);
    if (!function(&value, number(a))) {
        fail_msg("nothing for %s", a);
    }
    assert_number(value, expected);
}

static void assert_gives_nothing(one_operand function, const char *a)
{
    greffe__dec value = greffe__dec_of(77);
    assert_false(function(&value, number(a)));
    assert_number(value, "77");
}

static void assert_two_give(two_operands function, const char *a, const char *b,
                            const char *expected)
{
    greffe__dec value = greffe__dec_of(77);
    if (!function(&value, number(a), number(b))) {
        fail_msg("nothing for %s and %s", a, b);
    }
    assert_number(value, expected);
}

static void assert_two_give_nothing(two_operands function, const char *a, const char *b)
{
    greffe__dec value = greffe__dec_of(77);
    assert_false(function(&value, number(a), number(b)));
    assert_number(value, "77");
}

static void modulo_has_the_sign_of_the_divisor(void **state)
{
    (void)state;
    assert_two_give(greffe__dec_modulo, "10", "3", "1");
    assert_two_give(greffe__dec_modulo, "-10", "3", "2");
    assert_two_give(greffe__dec_modulo, "10", "-3", "-2");
    assert_two_give(greffe__dec_modulo, "-10", "-3", "-1");
    assert_two_give(greffe__dec_modulo, "-9", "3", "0");
    assert_two_give(greffe__dec_modulo, "10.1", "4.5", "1.1");
    assert_two_give(greffe__dec_modulo, "0", "-3", "0");
    assert_two_give_nothing(greffe__dec_modulo, "10", "0");
}

static void modulo_is_exact_however_long_the_quotient(void **state)
{
    (void)state;
    assert_two_give(greffe__dec_modulo, "1e6000", "7", "1");
    assert_two_give(greffe__dec_modulo, "-1e6000", "7", "6");
    assert_two_give(greffe__dec_modulo, "1e34", "9999999999999999999999999999999999", "1");
    assert_two_give(greffe__dec_modulo, "9e6144", "7e-6176", "4e-6176");
    assert_two_give(greffe__dec_modulo, "-1e-6176", "3", "3");
}

static void square_roots_are_nearest(void **state)
{
    (void)state;
    assert_gives(greffe__dec_sqrt, "0", "0");
    assert_gives(greffe__dec_sqrt, "6.25", "2.5");
    assert_gives(greffe__dec_sqrt, "2", "1.414213562373095048801688724209698");
    assert_gives(greffe__dec_sqrt, "1e-6176", "1e-3088");
    assert_gives_nothing(greffe__dec_sqrt, "-1e-6176");
}

static void exponentials_are_nearest_up_to_the_ends_of_the_range(void **state)
{
    (void)state;
    assert_gives(greffe__dec_exp, "0", "1");
    assert_gives(greffe__dec_exp, "1", "2.718281828459045235360287471352662");
    assert_gives(greffe__dec_exp, "-1", "0.3678794411714423215955237701614609");
    assert_gives(greffe__dec_exp, "-14220", "2e-6176");
    assert_gives(greffe__dec_exp, "-14230", "0");
    assert_gives(greffe__dec_exp, "-1e6000", "0");
    assert_gives(greffe__dec_exp, "14149", "680180926097889412553005085189773e6112");
    assert_gives_nothing(greffe__dec_exp, "14150");
    assert_gives_nothing(greffe__dec_exp, "1e6000");
}

static void what_decides_a_rounding_is_seen_beyond_sixty_digits(void **state)
{
    (void)state;
    /* 1 + 5e-34 + 1.25e-67, 1 - 5e-35 + 1.25e-69, and 1e-33 - 5e-67 + 3.3e-100 */
    assert_gives(greffe__dec_exp, "5e-34", "1.000000000000000000000000000000001");
    assert_gives(greffe__dec_exp, "-5e-35", "1");
    assert_gives(greffe__dec_ln, "1.000000000000000000000000000000001",
                 "9999999999999999999999999999999995e-67");
    assert_two_give(greffe__dec_power, "1.000000000000000000000000000000001", "0.5", "1");
    assert_two_give(greffe__dec_power, "1.000000000000000000000000000000001", "1.5",
                    "1.000000000000000000000000000000002");
}

static void logarithms_are_nearest(void **state)
{
    (void)state;
    assert_gives(greffe__dec_ln, "1.000", "0");
    assert_gives(greffe__dec_ln, "2", "0.6931471805599453094172321214581766");
    assert_gives(greffe__dec_ln, "0.1", "-2.302585092994045684017991454684364");
    assert_gives_nothing(greffe__dec_ln, "0");
    assert_gives_nothing(greffe__dec_ln, "-1");
}

static void powers_with_any_exponent_are_nearest(void **state)
{
    (void)state;
    assert_two_give(greffe__dec_power, "1.05", "2", "1.1025");
    assert_two_give(greffe__dec_power, "1.05", "200", "17292.58081515998599484762328110677");
    assert_two_give(greffe__dec_power, "9", "-1.5", "3703703703703703703703703703703704e-35");
    assert_two_give(greffe__dec_power, "2", "0.5", "1.414213562373095048801688724209698");
    assert_two_give(greffe__dec_power, "-2", "3.0", "-8");
    assert_two_give(greffe__dec_power, "-2", "1e1", "1024");
    assert_two_give(greffe__dec_power, "-1", "1e6000", "1");
    assert_two_give(greffe__dec_power, "-1", "9999999999999999999999999999999999", "-1");
    assert_two_give(greffe__dec_power, "10", "-6000", "1e-6000");
    assert_two_give(greffe__dec_power, "3", "1e-6000", "1");
    assert_two_give(greffe__dec_power, "3", "-1e6000", "0");
    assert_two_give(greffe__dec_power, "0", "0", "1");
    assert_two_give(greffe__dec_power, "0", "0.5", "0");
}

static void a_power_of_35_digits_that_ends_in_5_is_rounded_to_even(void **state)
{
    (void)state;
    assert_two_give(greffe__dec_power, "312345678905", "3",
                    "3047238918958690119079685157306762e1"); /* ...7625 */
    assert_two_give(greffe__dec_power, "312345678915", "3",
                    "3047238919251369588480931613671088e1"); /* ...0875 */
}

static void where_there_is_no_power_there_is_nothing(void **state)
{
    (void)state;
    assert_two_give_nothing(greffe__dec_power, "-8", "0.5");
    assert_two_give_nothing(greffe__dec_power, "0", "-1");
    assert_two_give_nothing(greffe__dec_power, "10", "6145");
    assert_two_give_nothing(greffe__dec_power, "0.1", "-1e6000");
}

static void there_is_no_negative_zero(void **state)
{
    (void)state;
    const greffe__dec zero = greffe__dec_of(0);
    greffe__dec value;
    assert_number(greffe__dec_neg(zero), "0");
    assert_false(greffe__dec_negative(greffe__dec_neg(zero)));
    assert_true(greffe__dec_mul(&value, number("-1"), zero));
    assert_number(value, "0");
    assert_false(greffe__dec_negative(value));
    assert_true(greffe__dec_round(&value, number("-0.4"), 0, GREFFE__ROUND_HALF_EVEN));
    assert_number(value, "0");
    assert_false(greffe__dec_negative(value));
    assert_true(greffe__dec_join(&value, true, 0, 0, 0));
    assert_number(value, "0");
    assert_false(greffe__dec_negative(value));
    assert_false(greffe__dec_negative(greffe__dec_abs(number("-0.0"))));
}

static void signs_change_and_fall_away(void **state)
{
    (void)state;
    assert_number(greffe__dec_neg(number("1.5")), "-1.5");
    assert_number(greffe__dec_neg(number("-1.5")), "1.5");
    assert_number(greffe__dec_abs(number("-1.5")), "1.5");
    assert_number(greffe__dec_abs(number("1.5")), "1.5");
    assert_true(greffe__dec_negative(number("-1e-6176")));
    assert_false(greffe__dec_negative(number("1")));
}

static void numbers_compare_by_value(void **state)
{
    (void)state;
    assert_int_equal(greffe__dec_compare(number("1.0"), number("1")), 0);
    assert_int_equal(greffe__dec_compare(number("1e3"), number("1000.000")), 0);
    assert_int_equal(greffe__dec_compare(number("-0"), number("0.00")), 0);
    assert_true(greffe__dec_compare(number("-2"), number("-1")) < 0);
    assert_true(greffe__dec_compare(number("-1"), number("1e-6176")) < 0);
    assert_true(greffe__dec_compare(number("1e6144"), number("9e6143")) > 0);
    assert_true(greffe__dec_compare(number("0.1000000000000000000000000000000001"), number("0.1")) >
                0);
}

/* --- Rounding --- */

static void ties_go_where_the_mode_says(void **state)
{
    static const struct {
        greffe__rounding mode;
        const char *expected[8]; /* for -2.5 -1.5 -0.5 0.5 1.5 2.5 2.4 -2.6 */
    } modes[] = {
        {GREFFE__ROUND_HALF_EVEN, {"-2", "-2", "0", "0", "2", "2", "2", "-3"}},
        {GREFFE__ROUND_HALF_UP, {"-3", "-2", "-1", "1", "2", "3", "2", "-3"}},
        {GREFFE__ROUND_HALF_DOWN, {"-2", "-1", "0", "0", "1", "2", "2", "-3"}},
        {GREFFE__ROUND_UP, {"-3", "-2", "-1", "1", "2", "3", "3", "-3"}},
        {GREFFE__ROUND_DOWN, {"-2", "-1", "0", "0", "1", "2", "2", "-2"}},
        {GREFFE__ROUND_FLOOR, {"-3", "-2", "-1", "0", "1", "2", "2", "-3"}},
        {GREFFE__ROUND_CEILING, {"-2", "-1", "0", "1", "2", "3", "3", "-2"}},
    };
    static const char *const inputs[8] = {"-2.5", "-1.5", "-0.5", "0.5",
                                          "1.5",  "2.5",  "2.4",  "-2.6"};
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        for (size_t k = 0; k < 8; k++) {
            assert_rounds(inputs[k], 0, modes[i].mode, modes[i].expected[k]);
        }
    }
}

static void amounts_round_to_the_cent(void **state)
{
    (void)state;
    assert_rounds("2.345", 2, GREFFE__ROUND_HALF_EVEN, "2.34");
    assert_rounds("2.355", 2, GREFFE__ROUND_HALF_EVEN, "2.36");
    assert_rounds("2.345", 2, GREFFE__ROUND_HALF_UP, "2.35");
    assert_rounds("-2.345", 2, GREFFE__ROUND_HALF_UP, "-2.35");
    assert_rounds("2.345000000000000000000000000000001", 2, GREFFE__ROUND_HALF_DOWN, "2.35");
    assert_rounds("1.005", 2, GREFFE__ROUND_HALF_UP, "1.01");
    assert_rounds("99.995", 2, GREFFE__ROUND_HALF_UP, "100");
    assert_rounds("-0.001", 2, GREFFE__ROUND_FLOOR, "-0.01");
    assert_rounds("-0.009", 2, GREFFE__ROUND_CEILING, "0");
}

static void a_negative_scale_rounds_before_the_point(void **state)
{
    (void)state;
    assert_rounds("1250", -2, GREFFE__ROUND_HALF_EVEN, "1200");
    assert_rounds("1350", -2, GREFFE__ROUND_HALF_EVEN, "1400");
    assert_rounds("1250", -2, GREFFE__ROUND_HALF_UP, "1300");
    assert_rounds("49", -2, GREFFE__ROUND_HALF_UP, "0");
    assert_rounds("1", -3, GREFFE__ROUND_UP, "1000");
    assert_rounds("-1", -3, GREFFE__ROUND_FLOOR, "-1000");
    assert_rounds("9999999999999999999999999999999999", -36, GREFFE__ROUND_UP, "1e36");
}

static void a_number_with_fewer_digits_stays(void **state)
{
    static const greffe__rounding modes[] = {
        GREFFE__ROUND_HALF_EVEN, GREFFE__ROUND_HALF_UP, GREFFE__ROUND_HALF_DOWN, GREFFE__ROUND_UP,
        GREFFE__ROUND_DOWN,      GREFFE__ROUND_FLOOR,   GREFFE__ROUND_CEILING,
    };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_rounds("1.5", 100, modes[i], "1.5");
        assert_rounds("-1.5", 6176, modes[i], "-1.5");
        assert_rounds("9999999999999999999999999999999999", 10, modes[i],
                      "9999999999999999999999999999999999");
        assert_rounds("9e6144", 6176, modes[i], "9e6144");
        assert_rounds("0", -6111, modes[i], "0");
        assert_rounds("1200", -2, modes[i], "1200");
    }
}

static void rounding_away_from_zero_never_loses_a_tiny_number(void **state)
{
    (void)state;
    assert_rounds("1e-6176", 0, GREFFE__ROUND_UP, "1");
    assert_rounds("-1e-6176", 0, GREFFE__ROUND_FLOOR, "-1");
    assert_rounds("1e-6176", -1, GREFFE__ROUND_UP, "10");
    assert_rounds("1e-6176", -1, GREFFE__ROUND_CEILING, "10");
    assert_rounds("-1e-6176", -2, GREFFE__ROUND_FLOOR, "-100");
}

static void rounding_past_the_range_gives_nothing(void **state)
{
    (void)state;
    greffe__dec value = greffe__dec_of(77);
    assert_false(greffe__dec_round(&value, number("9999999999999999999999999999999999e6111"), -6112,
                                   GREFFE__ROUND_UP));
    assert_number(value, "77");
}

static void no_scale_is_too_large_to_ask_for(void **state)
{
    static const int scales[] = {INT_MIN, INT_MIN + 1, -6177, 6177, INT_MAX - 1, INT_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        greffe__dec value = greffe__dec_of(77);
        /* Nothing, as FEEL answers past -6111..6176, or the right number. */
        if (greffe__dec_round(&value, number("1.5"), scales[i], GREFFE__ROUND_HALF_EVEN)) {
            assert_number(value, scales[i] < 0 ? "0" : "1.5");
        } else {
            assert_number(value, "77");
        }
    }
}

/* --- Conversions --- */

static void every_i64_comes_and_goes(void **state)
{
    static const int64_t cases[] = {0,
                                    1,
                                    -1,
                                    10,
                                    1000000,
                                    INT64_MAX,
                                    INT64_MIN,
                                    INT64_MAX - 1,
                                    INT64_MIN + 1,
                                    9000000000000000000,
                                    -1200};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t back = 77;
        assert_true(greffe__dec_to_i64(&back, greffe__dec_of(cases[i])));
        assert_true(back == cases[i]);
    }
    assert_number(greffe__dec_of(INT64_MAX), "9223372036854775807");
    assert_number(greffe__dec_of(INT64_MIN), "-9223372036854775808");
}

static void only_integers_within_64_bits_convert(void **state)
{
    static const char *const refused[] = {
        "9223372036854775808",
        "-9223372036854775809",
        "1.5",
        "0.1",
        "-0.0001",
        "1e19",
        "18446744073709551616",
        "18446744073709551617",
        "1e33",
        "1e6000",
        "1e-6176",
        "9223372036854775807.5",
        "340282366920938463463374607431768211",
    };
    int64_t value = 77;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (greffe__dec_to_i64(&value, number(refused[i]))) {
            fail_msg("converted: %s", refused[i]);
        }
        assert_true(value == 77);
    }
    assert_true(greffe__dec_to_i64(&value, number("9223372036854775807.000")));
    assert_true(value == INT64_MAX);
    assert_true(greffe__dec_to_i64(&value, number("-9223372036854775808.0")));
    assert_true(value == INT64_MIN);
    assert_true(greffe__dec_to_i64(&value, number("12e2")));
    assert_true(value == 1200);
    assert_true(greffe__dec_to_i64(&value, number("-0.00")));
    assert_true(value == 0);
}

static void amounts_convert_to_cents_exactly(void **state)
{
    int64_t cents = 77;
    (void)state;
    assert_false(greffe__dec_to_cents(&cents, number("1.505")));
    assert_false(greffe__dec_to_cents(&cents, number("0.001")));
    assert_false(greffe__dec_to_cents(&cents, number("92233720368547758.08")));
    assert_false(greffe__dec_to_cents(&cents, number("-92233720368547758.09")));
    assert_false(greffe__dec_to_cents(&cents, number("1e30")));
    assert_false(greffe__dec_to_cents(&cents, number("1e6144")));
    assert_false(greffe__dec_to_cents(&cents, number("9999999999999999999999999999999999e6111")));
    assert_true(cents == 77);
    assert_true(greffe__dec_to_cents(&cents, number("1.50")));
    assert_true(cents == 150);
    assert_true(greffe__dec_to_cents(&cents, number("-0.01")));
    assert_true(cents == -1);
    assert_true(greffe__dec_to_cents(&cents, number("1.500000")));
    assert_true(cents == 150);
    assert_true(greffe__dec_to_cents(&cents, number("1200")));
    assert_true(cents == 120000);
    assert_true(greffe__dec_to_cents(&cents, number("92233720368547758.07")));
    assert_true(cents == INT64_MAX);
    assert_true(greffe__dec_to_cents(&cents, number("-92233720368547758.08")));
    assert_true(cents == INT64_MIN);
}

static void a_coefficient_is_scaled_by_its_exponent(void **state)
{
    greffe__dec value = greffe__dec_of(77);
    (void)state;
    assert_false(greffe__dec_scaled(&value, 1, 6145));
    assert_false(greffe__dec_scaled(&value, -1, INT_MAX));
    assert_number(value, "77");
    assert_true(greffe__dec_scaled(&value, 150, -2));
    assert_number(value, "1.5");
    assert_true(greffe__dec_scaled(&value, INT64_MIN, -2));
    assert_number(value, "-92233720368547758.08");
    assert_true(greffe__dec_scaled(&value, 12, 2));
    assert_number(value, "1200");
    assert_true(greffe__dec_scaled(&value, 1, -6176));
    assert_number(value, "1e-6176");
    assert_true(greffe__dec_scaled(&value, 1, 6144));
    assert_number(value, "1e6144");
    assert_true(greffe__dec_scaled(&value, 0, 0));
    assert_number(value, "0");
}

static void splitting_removes_trailing_zeros(void **state)
{
    bool negative = true;
    uint64_t high = 77;
    uint64_t low = 77;
    int exponent = 77;
    (void)state;
    greffe__dec_split(number("1200"), &negative, &high, &low, &exponent);
    assert_false(negative);
    assert_true(high == 0 && low == 12 && exponent == 2);
    greffe__dec_split(number("-1.50"), &negative, &high, &low, &exponent);
    assert_true(negative);
    assert_true(high == 0 && low == 15 && exponent == -1);
    greffe__dec_split(number("9999999999999999999999999999999999"), &negative, &high, &low,
                      &exponent);
    assert_false(negative); /* 10^34 - 1 = 1ED09BEAD87C0:378D8E63FFFFFFFF in hexadecimal */
    assert_true(high == 0x1ED09BEAD87C0u && low == 0x378D8E63FFFFFFFFu && exponent == 0);
    greffe__dec_split(number("-0.00"), &negative, &high, &low, &exponent);
    assert_false(negative);
    assert_true(high == 0 && low == 0);
}

static void equal_numbers_split_alike_and_join_again(void **state)
{
    static const char *const pairs[][2] = {
        {"1.0", "1"},
        {"1e3", "1000.0"},
        {"-0", "0e50"},
        {"1e6144", "10e6143"},
        {"1e-6176", "1e-6176"},
        {"-1234567890123456789012345678901234e6111", "-1234567890123456789012345678901234e6111"},
        {"1000000000000000000000000000000000e-33", "1"},
        {"0.0", "0e-6176"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bool negative[2];
        uint64_t high[2];
        uint64_t low[2];
        int exponent[2];
        for (size_t k = 0; k < 2; k++) {
            greffe__dec back;
            const greffe__dec value = number(pairs[i][k]);
            greffe__dec_split(value, &negative[k], &high[k], &low[k], &exponent[k]);
            assert_true(greffe__dec_join(&back, negative[k], high[k], low[k], exponent[k]));
            assert_int_equal(greffe__dec_compare(back, value), 0);
        }
        assert_true(negative[0] == negative[1] && high[0] == high[1] && low[0] == low[1]);
        assert_int_equal(exponent[0], exponent[1]);
    }
}

static void parts_past_the_range_do_not_join(void **state)
{
    greffe__dec value = greffe__dec_of(77);
    (void)state;
    assert_false(greffe__dec_join(&value, false, 0, 1, 6145));
    assert_false(greffe__dec_join(&value, false, 0, 1, INT_MAX));
    assert_number(value, "77");
    assert_true(greffe__dec_join(&value, true, 0, 15, -1));
    assert_number(value, "-1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_of_json_and_feel_are_read),
        cmocka_unit_test(what_is_no_literal_is_not_read),
        cmocka_unit_test(a_point_without_digits_after_it_is_no_literal),
        cmocka_unit_test(a_text_is_read_to_its_length_and_no_further),
        cmocka_unit_test(more_than_34_digits_are_rounded_half_to_even),
        cmocka_unit_test(a_digit_a_thousand_places_away_still_breaks_a_tie),
        cmocka_unit_test(many_leading_zeros_cost_no_digits),
        cmocka_unit_test(a_literal_past_the_range_is_not_read),
        cmocka_unit_test(a_literal_too_small_for_a_digit_is_zero),
        cmocka_unit_test(a_literal_far_too_small_for_a_digit_is_zero_as_well),
        cmocka_unit_test(thirty_four_digits_are_written_out_and_thirty_five_are_not),
        cmocka_unit_test(the_longest_forms_fit_their_room),
        cmocka_unit_test(tenths_add_up_exactly),
        cmocka_unit_test(sums_of_more_than_34_digits_round_half_to_even),
        cmocka_unit_test(quotients_have_34_digits_rounded_half_to_even),
        cmocka_unit_test(dividing_by_zero_gives_nothing),
        cmocka_unit_test(results_past_the_range_give_nothing),
        cmocka_unit_test(powers_are_taken_with_whole_exponents),
        cmocka_unit_test(powers_past_the_range_give_nothing),
        cmocka_unit_test(powers_of_one_end_at_every_exponent),
        cmocka_unit_test(modulo_has_the_sign_of_the_divisor),
        cmocka_unit_test(modulo_is_exact_however_long_the_quotient),
        cmocka_unit_test(square_roots_are_nearest),
        cmocka_unit_test(exponentials_are_nearest_up_to_the_ends_of_the_range),
        cmocka_unit_test(what_decides_a_rounding_is_seen_beyond_sixty_digits),
        cmocka_unit_test(logarithms_are_nearest),
        cmocka_unit_test(powers_with_any_exponent_are_nearest),
        cmocka_unit_test(a_power_of_35_digits_that_ends_in_5_is_rounded_to_even),
        cmocka_unit_test(where_there_is_no_power_there_is_nothing),
        cmocka_unit_test(there_is_no_negative_zero),
        cmocka_unit_test(signs_change_and_fall_away),
        cmocka_unit_test(numbers_compare_by_value),
        cmocka_unit_test(ties_go_where_the_mode_says),
        cmocka_unit_test(amounts_round_to_the_cent),
        cmocka_unit_test(a_negative_scale_rounds_before_the_point),
        cmocka_unit_test(a_number_with_fewer_digits_stays),
        cmocka_unit_test(rounding_away_from_zero_never_loses_a_tiny_number),
        cmocka_unit_test(rounding_past_the_range_gives_nothing),
        cmocka_unit_test(no_scale_is_too_large_to_ask_for),
        cmocka_unit_test(every_i64_comes_and_goes),
        cmocka_unit_test(only_integers_within_64_bits_convert),
        cmocka_unit_test(amounts_convert_to_cents_exactly),
        cmocka_unit_test(a_coefficient_is_scaled_by_its_exponent),
        cmocka_unit_test(splitting_removes_trailing_zeros),
        cmocka_unit_test(equal_numbers_split_alike_and_join_again),
        cmocka_unit_test(parts_past_the_range_do_not_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
