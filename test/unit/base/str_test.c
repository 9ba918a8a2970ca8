/* Tests strings, UTF-8, the growing buffer with its JSON literals, and the table of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

typedef struct fixture {
    greffe_context *context;
    greffe__arena arena;
} fixture;

static fixture all;

static int set_up(void **state)
{
    if (greffe_context_create(&all.context, NULL) != GREFFE_OK) {
        return -1;
    }
    greffe__arena_init(&all.arena, all.context);
    *state = &all;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    greffe__arena_free(&all.arena);
    greffe_context_destroy(all.context);
    return 0;
}

static greffe__str str(const char *text)
{
    return greffe__str_of(text);
}

static void assert_str(greffe__str text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    if (text.size > 0) {
        assert_memory_equal(text.data, expected, text.size);
    }
}

/* --- Strings --- */

static void a_null_text_is_the_empty_string(void **state)
{
    (void)state;
    assert_int_equal(str(NULL).size, 0);
    assert_true(greffe__str_equal(str(NULL), str("")));
    assert_true(greffe__str_is((greffe__str){NULL, 0}, ""));
    assert_int_equal(greffe__str_compare(str(NULL), str("")), 0);
    assert_true(greffe__str_starts((greffe__str){NULL, 0}, ""));
    assert_str(greffe__str_trim((greffe__str){NULL, 0}), "");
}

static void strings_are_equal_when_all_bytes_are(void **state)
{
    (void)state;
    assert_true(greffe__str_equal(str("abc"), str("abc")));
    assert_false(greffe__str_equal(str("abc"), str("abd")));
    assert_false(greffe__str_equal(str("abc"), str("ab")));
    assert_false(greffe__str_equal(str("ab"), str("abc")));
    assert_false(greffe__str_equal((greffe__str){"a\0b", 3}, (greffe__str){"a\0c", 3}));
    assert_true(greffe__str_is(str("abc"), "abc"));
    assert_false(greffe__str_is(str("abc"), "abcd"));
    assert_false(greffe__str_is(str("abcd"), "abc"));
    assert_false(greffe__str_is((greffe__str){"abc\0", 4}, "abc"));
}

static void strings_are_ordered_by_their_bytes(void **state)
{
    (void)state;
    assert_true(greffe__str_compare(str("a"), str("b")) < 0);
    assert_true(greffe__str_compare(str("b"), str("a")) > 0);
    assert_true(greffe__str_compare(str("a"), str("ab")) < 0);
    assert_true(greffe__str_compare(str("ab"), str("a")) > 0);
    assert_true(greffe__str_compare(str(""), str("a")) < 0);
    assert_true(greffe__str_compare(str("z"), str("\xc3\xa9")) < 0);
    assert_true(greffe__str_compare(str("Z"), str("a")) < 0);
    assert_int_equal(greffe__str_compare(str("ab"), str("ab")), 0);
}

static void a_prefix_is_found_at_the_start_only(void **state)
{
    (void)state;
    assert_true(greffe__str_starts(str("abc"), "ab"));
    assert_true(greffe__str_starts(str("abc"), "abc"));
    assert_true(greffe__str_starts(str("abc"), ""));
    assert_false(greffe__str_starts(str("abc"), "abcd"));
    assert_false(greffe__str_starts(str("abc"), "bc"));
    assert_false(greffe__str_starts((greffe__str){"abc", 2}, "abc"));
}

static void trimming_takes_white_space_from_both_ends_only(void **state)
{
    (void)state;
    assert_str(greffe__str_trim(str(" \t\r\n a b \n\r\t ")), "a b");
    assert_str(greffe__str_trim(str("a")), "a");
    assert_str(greffe__str_trim(str(" \t\r\n")), "");
    assert_str(greffe__str_trim(str("")), "");
    assert_str(greffe__str_trim(str("\xc2\xa0"
                                    "a")),
               "\xc2\xa0"
               "a");
}

static void a_copy_does_not_share_its_bytes(void **state)
{
    (void)state;
    char bytes[] = "abc";
    const greffe__str copy = greffe__str_dup(&all.arena, (greffe__str){bytes, 3});
    bytes[0] = 'x';
    assert_str(copy, "abc");
    assert_str(greffe__str_dup(&all.arena, (greffe__str){NULL, 0}), "");
}

static void parts_are_joined_in_order(void **state)
{
    (void)state;
    assert_str(greffe__str_join(&all.arena, "a", "", "bc", "d", (char *)NULL), "abcd");
    assert_str(greffe__str_join(&all.arena, "a", (char *)NULL), "a");
}

static void formatting_takes_integers_and_strings_of_any_length(void **state)
{
    (void)state;
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_str(greffe__str_format(&all.arena, "%d %s %zu%%", -7, "a", (size_t)9), "-7 a 9%");
    assert_str(greffe__str_format(&all.arena, GREFFE__STR_FMT, 2, "abc"), "ab");
    assert_str(greffe__str_format(&all.arena, "%s", ""), "");
    assert_str(greffe__str_format(&all.arena, "%s", longest), longest);
}

static void the_distance_counts_inserts_deletes_replacements_and_swaps(void **state)
{
    (void)state;
    assert_int_equal(greffe__str_distance(str("title"), str("title"), 3), 0);
    assert_int_equal(greffe__str_distance(str("titel"), str("title"), 3), 1);
    assert_int_equal(greffe__str_distance(str("titl"), str("title"), 3), 1);
    assert_int_equal(greffe__str_distance(str("titlee"), str("title"), 3), 1);
    assert_int_equal(greffe__str_distance(str("tidle"), str("title"), 3), 1);
    assert_int_equal(greffe__str_distance(str("kitten"), str("sitting"), 3), 3);
    assert_int_equal(greffe__str_distance(str(""), str("abc"), 3), 3);
    assert_int_equal(greffe__str_distance(str(""), str(""), 3), 0);
}

static void the_distance_ends_one_past_its_limit(void **state)
{
    (void)state;
    char words[2][300];
    memset(words[0], 'a', sizeof words[0]);
    memset(words[1], 'b', sizeof words[1]);
    assert_int_equal(greffe__str_distance(str("kitten"), str("sitting"), 2), 3);
    assert_int_equal(greffe__str_distance(str("kitten"), str("sitting"), 1), 2);
    assert_int_equal(greffe__str_distance(str("abc"), str("xyz"), 0), 1);
    assert_int_equal(greffe__str_distance(str("abc"), str("abc"), 0), 0);
    assert_int_equal(
        greffe__str_distance((greffe__str){words[0], 300}, (greffe__str){words[1], 300}, 2), 3);
    assert_int_equal(greffe__str_distance((greffe__str){words[0], 300}, str("a"), 2), 3);
}

static void integers_fill_the_whole_string(void **state)
{
    static const char *const refused[] = {
        "",
        "-",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x10",
        "a",
        "--1",
        "1-",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551617",
        "99999999999999999999999999",
    };
    int64_t value = 77;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (greffe__str_to_i64(&value, str(refused[i]))) {
            fail_msg("was read: \"%s\"", refused[i]);
        }
        assert_true(value == 77);
    }
    assert_true(greffe__str_to_i64(&value, str("0")) && value == 0);
    assert_true(greffe__str_to_i64(&value, str("-12")) && value == -12);
    assert_true(greffe__str_to_i64(&value, str("9223372036854775807")) && value == INT64_MAX);
    assert_true(greffe__str_to_i64(&value, str("-9223372036854775808")) && value == INT64_MIN);
    assert_true(greffe__str_to_i64(&value, (greffe__str){"123", 2}) && value == 12);
}

/* --- UTF-8 --- */

static void every_code_point_is_written_and_read_again(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        char bytes[4];
        if (point >= 0xD800 && point <= 0xDFFF) {
            continue;
        }
        const size_t size = greffe__utf8_put(bytes, point);
        const size_t expected = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        const char *at = bytes;
        if (size != expected || greffe__utf8_next(&at, bytes + size) != point ||
            at != bytes + size) {
            fail_msg("U+%04X", (unsigned)point);
        }
        at = bytes; /* cut short, it is malformed */
        if (size > 1 && (greffe__utf8_next(&at, bytes + size - 1) != UINT32_MAX || at != bytes)) {
            fail_msg("U+%04X cut short", (unsigned)point);
        }
    }
}

static void malformed_sequences_are_not_passed(void **state)
{
    static const char *const cases[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xff",
        "\xfe",
        "\xc3",
        "\xc3"
        "a",
        "\xe2\x82",
        "\xe2\x82"
        "a",
        "\xf0\x9f\x98",
        "\xe2\x28\xa1",
        "\xc3\xc3\xa9",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = cases[i];
        size_t bad = 77;
        const size_t size = strlen(cases[i]);
        if (greffe__utf8_next(&at, cases[i] + size) != UINT32_MAX || at != cases[i]) {
            fail_msg("case %zu was passed", i);
        }
        char text[16] = "\xc3\xa9x";
        memcpy(text + 3, cases[i], size);
        assert_false(greffe__utf8_valid((greffe__str){text, 3 + size}, &bad));
        assert_int_equal(bad, 3);
    }
}

static void valid_text_has_no_bad_offset_and_a_length_in_characters(void **state)
{
    size_t bad = 77;
    (void)state;
    assert_true(greffe__utf8_valid(str("\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), &bad));
    assert_true(greffe__utf8_valid((greffe__str){"a\0b", 3}, &bad));
    assert_true(greffe__utf8_valid((greffe__str){NULL, 0}, NULL));
    assert_int_equal(greffe__utf8_length(str("\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")),
                     7);
    assert_int_equal(greffe__utf8_length(str("")), 0);
}

/* Character by character, as the definition says. */
static size_t skipped(greffe__str text, size_t at, size_t count)
{
    for (; count > 0 && at < text.size; count--) {
        at += 1;
        while (at < text.size && ((unsigned char)text.data[at] & 0xC0) == 0x80) {
            at += 1;
        }
    }
    return at;
}

static void skipping_and_counting_are_by_characters(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "a",
        "abcdefgh",
        "abcdefghi",
        "\xc3\xa9",
        "abcdefg\xc3\xa9hij",
        "\xc3\xa9t\xc3\xa9 a b c d e f g h i j \xe2\x82\xac \xf0\x9f\x98\x80 fin de la ligne",
        "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
        "abcdef\xe2\x82\xac\xe2\x82\xac"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        greffe__str text = str(texts[i]);
        size_t length = 0;
        for (size_t at = 0; at < text.size; at = skipped(text, at, 1)) {
            length += 1;
            for (size_t count = 0; count < 80; count++) {
                assert_int_equal(greffe__utf8_skip(text, at, count), skipped(text, at, count));
            }
        }
        assert_int_equal(greffe__utf8_length(text), length);
        assert_int_equal(greffe__str_ascii(text), length == text.size);
    }
}

/* --- The buffer --- */

static void a_buffer_grows_and_keeps_all(void **state)
{
    greffe__buf buf;
    (void)state;
    greffe__buf_init(&buf, all.context);
    for (int i = 0; i < 10000; i++) {
        greffe__buf_format(&buf, "%d,", i);
    }
    const char *text = greffe__buf_done(&buf);
    assert_non_null(text);
    assert_int_equal(strlen(text), 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5);
    assert_int_equal(buf.size, strlen(text));
    for (int i = 0; i < 10000; i++) {
        char expected[16];
        const size_t size = (size_t)snprintf(expected, sizeof expected, "%d,", i);
        assert_memory_equal(text, expected, size);
        text += size;
    }
    greffe__buf_free(&buf);
}

static void each_way_of_writing_adds_at_the_end(void **state)
{
    greffe__buf buf;
    (void)state;
    greffe__buf_init(&buf, all.context);
    greffe__buf_put(&buf, "ab", 2);
    greffe__buf_put(&buf, NULL, 0);
    greffe__buf_byte(&buf, 'c');
    greffe__buf_str(&buf, (greffe__str){"def", 2});
    greffe__buf_str(&buf, (greffe__str){NULL, 0});
    greffe__buf_text(&buf, "f");
    greffe__buf_format(&buf, "%d%s", 12, "g");
    assert_string_equal(greffe__buf_done(&buf), "abcdef12g");
    assert_false(buf.failed);
    greffe__buf_free(&buf);
}

static void an_empty_buffer_gives_an_empty_text(void **state)
{
    greffe__buf buf;
    (void)state;
    greffe__buf_init(&buf, all.context);
    assert_string_equal(greffe__buf_done(&buf), "");
    greffe__buf_free(&buf);
}

static void terminating_does_not_count_and_writing_may_go_on(void **state)
{
    greffe__buf buf;
    (void)state;
    greffe__buf_init(&buf, all.context);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(buf.size, i);
        assert_int_equal(strlen(greffe__buf_done(&buf)), i);
        greffe__buf_byte(&buf, 'x');
    }
    greffe__buf_free(&buf);
}

static void json_literals_escape_what_json_asks(void **state)
{
    greffe__buf buf;
    (void)state;
    greffe__buf_init(&buf, all.context);
    greffe__buf_json(&buf, str("a\"b\\c/\xc3\xa9 \xf0\x9f\x98\x80\x7f"));
    assert_string_equal(greffe__buf_done(&buf), "\"a\\\"b\\\\c/\xc3\xa9 \xf0\x9f\x98\x80\x7f\"");
    greffe__buf_free(&buf);
    greffe__buf_init(&buf, all.context);
    greffe__buf_json(&buf, (greffe__str){NULL, 0});
    assert_string_equal(greffe__buf_done(&buf), "\"\"");
    greffe__buf_free(&buf);
}

/* What a JSON escape stands for; moves past it. */
static int unescape(const char **at)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char name = *(*at)++;
    if (name == 'u') {
        unsigned value = 0;
        assert_int_equal(sscanf(*at, "%4x", &value), 1);
        *at += 4;
        return (int)value;
    }
    const char *found = strchr(names, name);
    assert_non_null(found);
    return values[found - names];
}

static void every_control_character_is_escaped_in_json(void **state)
{
    (void)state;
    for (int value = 0; value < 0x20; value++) {
        greffe__buf buf;
        const char byte = (char)value;
        greffe__buf_init(&buf, all.context);
        greffe__buf_json(&buf, (greffe__str){&byte, 1});
        const char *at = greffe__buf_done(&buf);
        assert_non_null(at);
        assert_int_equal(*at++, '"');
        assert_int_equal(*at++, '\\');
        assert_int_equal(unescape(&at), value);
        assert_string_equal(at, "\"");
        greffe__buf_free(&buf);
    }
}

/* --- The table --- */

static void a_name_is_found_with_its_value(void **state)
{
    greffe__map map;
    uint32_t value = 77;
    (void)state;
    greffe__map_init(&map, &all.arena);
    assert_false(greffe__map_get(&map, str("a"), &value));
    assert_true(greffe__map_add(&map, str("a"), 1));
    assert_true(greffe__map_add(&map, str("ab"), 2));
    assert_true(greffe__map_add(&map, str(""), 3));
    assert_true(greffe__map_add(&map, (greffe__str){"a\0", 2}, 4));
    assert_true(greffe__map_get(&map, str("a"), &value) && value == 1);
    assert_true(greffe__map_get(&map, str("ab"), &value) && value == 2);
    assert_true(greffe__map_get(&map, str(""), &value) && value == 3);
    assert_true(greffe__map_get(&map, (greffe__str){"a\0", 2}, &value) && value == 4);
    value = 77;
    assert_false(greffe__map_get(&map, str("b"), &value));
    assert_int_equal(value, 77);
    assert_int_equal(map.count, 4);
}

static void the_first_value_of_a_name_stays(void **state)
{
    greffe__map map;
    uint32_t value = 77;
    (void)state;
    greffe__map_init(&map, &all.arena);
    assert_true(greffe__map_add(&map, str("a"), 1));
    assert_false(greffe__map_add(&map, str("a"), 2));
    assert_false(all.arena.failed);
    assert_true(greffe__map_get(&map, str("a"), &value));
    assert_int_equal(value, 1);
    assert_int_equal(map.count, 1);
}

static void twenty_thousand_names_keep_their_values(void **state)
{
    greffe__map map;
    (void)state;
    greffe__map_init(&map, &all.arena);
    for (uint32_t i = 0; i < 20000; i++) {
        assert_true(
            greffe__map_add(&map, greffe__str_format(&all.arena, "name_%u", (unsigned)i), i));
    }
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t value = UINT32_MAX;
        char name[32];
        snprintf(name, sizeof name, "name_%u", (unsigned)i);
        assert_true(greffe__map_get(&map, str(name), &value));
        assert_true(value == i);
        snprintf(name, sizeof name, "other_%u", (unsigned)i);
        assert_false(greffe__map_get(&map, str(name), &value));
    }
    assert_int_equal(map.count, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_null_text_is_the_empty_string),
        cmocka_unit_test(strings_are_equal_when_all_bytes_are),
        cmocka_unit_test(strings_are_ordered_by_their_bytes),
        cmocka_unit_test(a_prefix_is_found_at_the_start_only),
        cmocka_unit_test(trimming_takes_white_space_from_both_ends_only),
        cmocka_unit_test(a_copy_does_not_share_its_bytes),
        cmocka_unit_test(parts_are_joined_in_order),
        cmocka_unit_test(formatting_takes_integers_and_strings_of_any_length),
        cmocka_unit_test(the_distance_counts_inserts_deletes_replacements_and_swaps),
        cmocka_unit_test(the_distance_ends_one_past_its_limit),
        cmocka_unit_test(integers_fill_the_whole_string),
        cmocka_unit_test(every_code_point_is_written_and_read_again),
        cmocka_unit_test(malformed_sequences_are_not_passed),
        cmocka_unit_test(valid_text_has_no_bad_offset_and_a_length_in_characters),
        cmocka_unit_test(skipping_and_counting_are_by_characters),
        cmocka_unit_test(a_buffer_grows_and_keeps_all),
        cmocka_unit_test(each_way_of_writing_adds_at_the_end),
        cmocka_unit_test(an_empty_buffer_gives_an_empty_text),
        cmocka_unit_test(terminating_does_not_count_and_writing_may_go_on),
        cmocka_unit_test(json_literals_escape_what_json_asks),
        cmocka_unit_test(every_control_character_is_escaped_in_json),
        cmocka_unit_test(a_name_is_found_with_its_value),
        cmocka_unit_test(the_first_value_of_a_name_stays),
        cmocka_unit_test(twenty_thousand_names_keep_their_values),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
