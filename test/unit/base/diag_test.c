/* Tests reporting: places in sources, the exact text and JSON of diagnostics, limits and codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/limits.h"

typedef struct fixture {
    greffe_context *context;
    greffe_diags *diags;
    greffe__source source;
} fixture;

static int set_up(void **state)
{
    fixture *all = calloc(1, sizeof *all);
    if (all == NULL || greffe_context_create(&all->context, NULL) != GREFFE_OK ||
        greffe_diags_create(&all->diags, all->context) != GREFFE_OK) {
        return -1;
    }
    *state = all;
    return 0;
}

static int tear_down(void **state)
{
    fixture *all = *state;
    greffe_diags_destroy(all->diags);
    greffe_context_destroy(all->context);
    free(all);
    return 0;
}

static void read_source(fixture *all, const char *name, const char *text)
{
    assert_int_equal(greffe__source_init(&all->source, greffe__diags_arena(all->diags), name,
                                         greffe__str_of(text)),
                     GREFFE_OK);
}

static void assert_render(fixture *all, size_t index, const char *expected)
{
    const char *text = NULL;
    assert_int_equal(greffe_diags_render(&text, all->diags, index), GREFFE_OK);
    assert_string_equal(text, expected);
}

static void assert_json(fixture *all, const char *expected)
{
    const char *text = NULL;
    assert_int_equal(greffe_diags_render_json(&text, all->diags), GREFFE_OK);
    assert_string_equal(text, expected);
}

static void assert_place(const fixture *all, uint32_t offset, uint32_t line, uint32_t column)
{
    uint32_t got_line = 0;
    uint32_t got_column = 0;
    greffe__source_place(&all->source, offset, &got_line, &got_column);
    assert_int_equal(got_line, line);
    assert_int_equal(got_column, column);
}

static void assert_line(const fixture *all, uint32_t line, const char *expected)
{
    const greffe__str text = greffe__source_line(&all->source, line);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

/* --- Places --- */

static void lines_and_columns_count_from_one(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "ab\nc\n\nde");
    assert_int_equal(all->source.line_count, 4);
    assert_place(all, 0, 1, 1);
    assert_place(all, 1, 1, 2);
    assert_place(all, 2, 1, 3); /* the line's end belongs to the line */
    assert_place(all, 3, 2, 1);
    assert_place(all, 5, 3, 1);
    assert_place(all, 6, 4, 1);
    assert_place(all, 8, 4, 3); /* the end of the text */
}

static void columns_count_characters_and_not_bytes(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x\n\ty");
    assert_place(all, 0, 1, 1);
    assert_place(all, 2, 1, 2);
    assert_place(all, 5, 1, 3);
    assert_place(all, 9, 1, 4);
    assert_place(all, 11, 2, 1);
    assert_place(all, 12, 2, 2); /* a tab is one character */
}

static void malformed_bytes_still_have_places(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "\xff\xc3\x80\xe2\x82\nab");
    for (uint32_t offset = 0; offset <= 5; offset++) {
        uint32_t line = 0;
        uint32_t column = 0;
        greffe__source_place(&all->source, offset, &line, &column);
        assert_int_equal(line, 1);
        assert_true(column >= 1 && column <= offset + 1);
    }
    assert_place(all, 7, 2, 2);
}

static void lines_are_given_without_their_ends(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "ab\r\ncd\n\nlast");
    assert_int_equal(all->source.line_count, 4);
    assert_line(all, 1, "ab");
    assert_line(all, 2, "cd");
    assert_line(all, 3, "");
    assert_line(all, 4, "last");
}

static void an_empty_text_has_one_place(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "");
    assert_place(all, 0, 1, 1);
    assert_line(all, 1, "");
}

/* --- Text --- */

static void a_diagnostic_shows_its_line_a_caret_and_help(void **state)
{
    fixture *all = *state;
    read_source(all, "aid.yaml", "title: x\n  tilte: y\nlast: z\n");
    greffe__report(all->diags, GREFFE__GR_UNKNOWN_KEY, &all->source, (greffe__span){11, 16},
                   "write title", "the key %s is not known", "tilte");
    assert_render(all, 0,
                  "aid.yaml:2:3: error GR-2001: the key tilte is not known\n"
                  "  2 |   tilte: y\n"
                  "    |   ^~~~~\n"
                  "  help: write title\n");
}

static void a_diagnostic_without_hint_shows_no_help(void **state)
{
    fixture *all = *state;
    read_source(all, "aid.yaml", "title: x\n");
    greffe__report(all->diags, GREFFE__GR_NOT_PROVED, &all->source, (greffe__span){7, 8}, NULL,
                   "not proved");
    assert_render(all, 0,
                  "aid.yaml:1:8: warning GR-4001: not proved\n"
                  "  1 | title: x\n"
                  "    |        ^\n");
    assert_string_equal(greffe_diags_get(all->diags, 0)->hint, "");
}

static void carets_stand_under_characters_and_not_bytes(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "\xc3\xa9t\xc3\xa9: \xe2\x82\xac\xe2\x82\xac !\n");
    greffe__report(all->diags, GREFFE__GR_WRONG_VALUE, &all->source, (greffe__span){7, 13}, NULL,
                   "no amount");
    assert_render(all, 0,
                  "a.yaml:1:6: error GR-2004: no amount\n"
                  "  1 | \xc3\xa9t\xc3\xa9: \xe2\x82\xac\xe2\x82\xac !\n"
                  "    |      ^~\n");
}

static void tabs_are_repeated_so_that_the_caret_stays_below(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "a\t\tbc\n");
    greffe__report(all->diags, GREFFE__GR_WRONG_VALUE, &all->source, (greffe__span){3, 5}, NULL,
                   "wrong");
    assert_render(all, 0,
                  "a.yaml:1:4: error GR-2004: wrong\n"
                  "  1 | a\t\tbc\n"
                  "    |  \t\t^~\n");
}

static void an_empty_span_and_the_end_of_the_text_have_one_caret(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "ab\n");
    greffe__report(all->diags, GREFFE__GR_MISSING_KEY, &all->source, (greffe__span){2, 2}, NULL,
                   "at the line's end");
    greffe__report(all->diags, GREFFE__GR_MISSING_KEY, &all->source, (greffe__span){3, 3}, NULL,
                   "at the end");
    assert_render(all, 0,
                  "a.yaml:1:3: error GR-2002: at the line's end\n"
                  "  1 | ab\n"
                  "    |   ^\n");
    assert_render(all, 1,
                  "a.yaml:2:1: error GR-2002: at the end\n"
                  "  2 | \n"
                  "    | ^\n");
}

static void the_number_of_the_line_moves_the_bars_together(void **state)
{
    fixture *all = *state;
    char text[2000];
    for (size_t i = 0; i < 1999; i++) {
        text[i] = '\n';
    }
    text[1999] = '\0';
    memcpy(text + 1500, "abc", 3);
    read_source(all, "a.yaml", text);
    greffe__report(all->diags, GREFFE__GR_WRONG_VALUE, &all->source, (greffe__span){1500, 1503},
                   NULL, "far below");
    const char *out = NULL;
    assert_int_equal(greffe_diags_render(&out, all->diags, 0), GREFFE_OK);
    const char *second = strchr(out, '\n');
    assert_non_null(second);
    const char *third = strchr(second + 1, '\n');
    assert_non_null(third);
    const char *bar = strchr(second + 1, '|');
    const char *below = strchr(third + 1, '|');
    assert_non_null(bar);
    assert_non_null(below);
    assert_int_equal(bar - second, below - third);
    assert_memory_equal(bar, "| abc\n", 6);
    assert_string_equal(below, "| ^~~\n");
}

static void a_span_over_lines_shows_its_first_line_and_keeps_both_places(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "ab\ncd\n");
    greffe__report(all->diags, GREFFE__GR_WRONG_SHAPE, &all->source, (greffe__span){1, 4}, NULL,
                   "two lines");
    const greffe_diag *diag = greffe_diags_get(all->diags, 0);
    assert_int_equal(diag->line, 1);
    assert_int_equal(diag->column, 2);
    assert_int_equal(diag->end_line, 2);
    assert_int_equal(diag->end_column, 2);
    assert_string_equal(diag->source_line, "ab");
    assert_render(all, 0,
                  "a.yaml:1:2: error GR-2003: two lines\n"
                  "  1 | ab\n"
                  "    |  ^\n");
}

static void a_diagnostic_without_source_has_no_place(void **state)
{
    fixture *all = *state;
    greffe__report(all->diags, GREFFE__GR_STORE_FULL, NULL, (greffe__span){0, 0}, "make room",
                   "the disk is full");
    const greffe_diag *diag = greffe_diags_get(all->diags, 0);
    assert_string_equal(diag->code, "GR-6004");
    assert_int_equal(diag->severity, GREFFE_ERROR);
    assert_int_equal(diag->line, 0);
    assert_int_equal(diag->column, 0);
    assert_int_equal(diag->end_line, 0);
    assert_int_equal(diag->end_column, 0);
    assert_string_equal(diag->source_line, "");
    assert_render(all, 0, "error GR-6004: the disk is full\n  help: make room\n");
}

static void a_line_with_a_carriage_return_is_shown_without_it(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "ab\r\ncd\r\n");
    greffe__report(all->diags, GREFFE__GR_WRONG_VALUE, &all->source, (greffe__span){4, 6}, NULL,
                   "wrong");
    assert_render(all, 0,
                  "a.yaml:2:1: error GR-2004: wrong\n"
                  "  2 | cd\n"
                  "    | ^~\n");
}

/* --- JSON --- */

static void an_empty_collector_is_an_empty_array(void **state)
{
    assert_json(*state, "[]");
}

static void the_json_form_has_every_part(void **state)
{
    fixture *all = *state;
    read_source(all, "a \"b\".yaml", "\xc3\xa9: 1\n");
    greffe__report(all->diags, GREFFE__GR_UNKNOWN_KEY, &all->source, (greffe__span){0, 2}, "a\\b",
                   "say \"%s\"\n", "\xc3\xa9");
    greffe__report(all->diags, GREFFE__GR_NOT_PROVED, NULL, (greffe__span){0, 0}, NULL, "m");
    assert_json(all, "[{\"code\":\"GR-2001\",\"severity\":\"error\",\"file\":\"a \\\"b\\\".yaml\","
                     "\"line\":1,\"column\":1,\"end_line\":1,\"end_column\":2,"
                     "\"message\":\"say \\\"\xc3\xa9\\\"\\n\",\"hint\":\"a\\\\b\",\"story\":\"\"},"
                     "{\"code\":\"GR-4001\",\"severity\":\"warning\",\"file\":\"\","
                     "\"line\":0,\"column\":0,\"end_line\":0,\"end_column\":0,"
                     "\"message\":\"m\",\"hint\":\"\",\"story\":\"\"}]");
}

/* --- The collector --- */

static void past_the_limit_diagnostics_are_only_counted(void **state)
{
    fixture *all = *state;
    const size_t limit = GREFFE_MAX_DIAGS;
    for (unsigned i = 0; i < GREFFE_MAX_DIAGS + 50; i++) {
        greffe__report(all->diags, GREFFE__GR_UNKNOWN_KEY, NULL, (greffe__span){0, 0}, NULL, "%u",
                       i);
        assert_int_equal(greffe_diags_count(all->diags), i + 1 < limit ? i + 1 : limit);
    }
    greffe__report(all->diags, GREFFE__GR_NOT_PROVED, NULL, (greffe__span){0, 0}, NULL, "m");
    assert_int_equal(greffe_diags_count(all->diags), limit);
    assert_int_equal(greffe_diags_total(all->diags, GREFFE_ERROR), limit + 50);
    assert_int_equal(greffe_diags_total(all->diags, GREFFE_WARNING), 1);
    assert_int_equal(greffe_diags_total(all->diags, GREFFE_NOTE), 0);
    assert_string_equal(greffe_diags_get(all->diags, 0)->message, "0");
    assert_string_equal(greffe_diags_get(all->diags, limit - 1)->message, "199");
    assert_null(greffe_diags_get(all->diags, limit));
    assert_null(greffe_diags_get(all->diags, SIZE_MAX));
}

static void clearing_forgets_all(void **state)
{
    fixture *all = *state;
    greffe__report(all->diags, GREFFE__GR_UNKNOWN_KEY, NULL, (greffe__span){0, 0}, NULL, "a");
    greffe_diags_clear(all->diags);
    assert_int_equal(greffe_diags_count(all->diags), 0);
    assert_int_equal(greffe_diags_total(all->diags, GREFFE_ERROR), 0);
    assert_null(greffe_diags_get(all->diags, 0));
    assert_json(all, "[]");
    greffe__report(all->diags, GREFFE__GR_UNKNOWN_KEY, NULL, (greffe__span){0, 0}, NULL, "b");
    assert_render(all, 0, "error GR-2001: b\n");
}

static void rendering_past_the_end_is_a_misuse(void **state)
{
    fixture *all = *state;
    const char *text = NULL;
    assert_int_equal(greffe_diags_render(&text, all->diags, 0), GREFFE_EMISUSE);
    assert_null(text);
}

static void a_long_message_ends_within_the_limit_and_on_a_character(void **state)
{
    fixture *all = *state;
    char longest[5000];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(longest, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof longest; i += 3) {
            memcpy(longest + i, "\xe2\x82\xac", 3);
            longest[i + 3] = '\0';
        }
        greffe__report(all->diags, GREFFE__GR_UNKNOWN_KEY, NULL, (greffe__span){0, 0}, longest,
                       "%s", longest);
        const greffe_diag *diag = greffe_diags_get(all->diags, shift);
        assert_non_null(diag);
        assert_true(strlen(diag->message) > 900);
        assert_true(strlen(diag->message) <= GREFFE_MAX_MESSAGE_BYTES);
        assert_true(greffe__utf8_valid(greffe__str_of(diag->message), &(size_t){0}));
        assert_true(greffe__utf8_valid(greffe__str_of(diag->hint), &(size_t){0}));
    }
}

static void a_long_hint_ends_within_the_limit(void **state)
{
    fixture *all = *state;
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    greffe__report(all->diags, GREFFE__GR_UNKNOWN_KEY, NULL, (greffe__span){0, 0}, longest, "m");
    const greffe_diag *diag = greffe_diags_get(all->diags, 0);
    assert_non_null(diag);
    assert_true(strlen(diag->hint) <= GREFFE_MAX_MESSAGE_BYTES);
}

static void sorting_goes_by_file_line_and_column(void **state)
{
    fixture *all = *state;
    greffe__source other;
    read_source(all, "b.yaml", "ab\ncd\n");
    assert_int_equal(greffe__source_init(&other, greffe__diags_arena(all->diags), "a.yaml",
                                         greffe__str_of("ab\ncd\n")),
                     GREFFE_OK);
    greffe__report(all->diags, GREFFE__GR_BAD_ID, &all->source, (greffe__span){4, 5}, NULL, "5");
    greffe__report(all->diags, GREFFE__GR_BAD_ID, &all->source, (greffe__span){3, 4}, NULL, "4");
    greffe__report(all->diags, GREFFE__GR_BAD_ID, &other, (greffe__span){3, 4}, NULL, "2");
    greffe__report(all->diags, GREFFE__GR_BAD_ID, &all->source, (greffe__span){1, 2}, NULL, "3");
    greffe__report(all->diags, GREFFE__GR_BAD_ID, &other, (greffe__span){0, 1}, NULL, "1");
    greffe__diags_sort(all->diags);
    for (size_t i = 0; i < 5; i++) {
        const char expected[] = {(char)('1' + (int)i), '\0'};
        assert_string_equal(greffe_diags_get(all->diags, i)->message, expected);
    }
}

static void sorting_keeps_the_order_of_equal_places(void **state)
{
    fixture *all = *state;
    read_source(all, "a.yaml", "ab\n");
    for (unsigned i = 0; i < 150; i++) {
        greffe__report(all->diags, GREFFE__GR_BAD_ID, &all->source, (greffe__span){0, 1}, NULL,
                       "%03u", i);
    }
    greffe__diags_sort(all->diags);
    for (unsigned i = 0; i < 150; i++) {
        char expected[8];
        snprintf(expected, sizeof expected, "%03u", i);
        assert_string_equal(greffe_diags_get(all->diags, i)->message, expected);
    }
}

/* --- Codes and names --- */

static void every_code_has_a_text_of_its_number_and_a_summary(void **state)
{
    static const int numbers[] = {
#define CODE(number, severity, name, summary) number,
#include "base/codes.def"
#undef CODE
    };
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "GR-%04d", numbers[i]);
        const char *text = greffe__code_text((greffe__code)numbers[i]);
        assert_non_null(text);
        assert_string_equal(text, expected);
        const char *summary = greffe__code_summary((greffe__code)numbers[i]);
        assert_non_null(summary);
        assert_true(strlen(summary) > 0);
        assert_true(i == 0 || numbers[i] > numbers[i - 1]); /* none twice */
    }
    assert_null(greffe__code_text(GREFFE__GR_NONE));
    assert_null(greffe__code_summary(GREFFE__GR_NONE));
    assert_null(greffe__code_text((greffe__code)1999));
}

static void every_status_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (int i = GREFFE_OK; i <= GREFFE_EUNPROVED; i++) {
        const char *name = greffe_status_name((greffe_status)i);
        assert_non_null(name);
        for (int k = GREFFE_OK; k < i; k++) {
            assert_string_not_equal(name, greffe_status_name((greffe_status)k));
        }
    }
    assert_string_equal(greffe_status_name(GREFFE_EDENIED), "denied");
    assert_non_null(greffe_status_name((greffe_status)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_and_columns_count_from_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(columns_count_characters_and_not_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(malformed_bytes_still_have_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_are_given_without_their_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_text_has_one_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_diagnostic_shows_its_line_a_caret_and_help, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_diagnostic_without_hint_shows_no_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(carets_stand_under_characters_and_not_bytes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tabs_are_repeated_so_that_the_caret_stays_below, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_empty_span_and_the_end_of_the_text_have_one_caret,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_number_of_the_line_moves_the_bars_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_span_over_lines_shows_its_first_line_and_keeps_both_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_diagnostic_without_source_has_no_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_with_a_carriage_return_is_shown_without_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_empty_collector_is_an_empty_array, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_json_form_has_every_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(past_the_limit_diagnostics_are_only_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(clearing_forgets_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rendering_past_the_end_is_a_misuse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_message_ends_within_the_limit_and_on_a_character,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_hint_ends_within_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sorting_goes_by_file_line_and_column, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sorting_keeps_the_order_of_equal_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_code_has_a_text_of_its_number_and_a_summary, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_status_has_a_word_of_its_own, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
