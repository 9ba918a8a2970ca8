/* Tests decision tables, in the text form of support/table_kit.h: what they give by each hit
 * policy, what the compiler refuses, and what their analysis finds, to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/table_kit.h"
#include "value/json.h"

typedef struct room {
    greffe_context *context;
    greffe__arena arena;
    table_kit kit;
} room;

static int open_room(void **state)
{
    room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    assert_int_equal(greffe_context_create(&r->context, NULL), GREFFE_OK);
    greffe__arena_init(&r->arena, r->context);
    *state = r;
    return 0;
}

static int close_room(void **state)
{
    room *r = *state;
    greffe__arena_free(&r->arena);
    greffe_context_destroy(r->context);
    free(r);
    return 0;
}

static void read_or_fail(room *r, const char *text)
{
    if (!kit_read(&r->kit, &r->arena, greffe__str_of(text))) {
        fail_msg("this is no table of the kit:\n%s", text);
    }
}

/* --- Values --- */

/* The values of the names in their order, as FEEL, by semicolons. */
static void give(room *r, const char *given)
{
    greffe__str rest = greffe__str_of(given);
    for (uint32_t i = 0; i < r->kit.name_count; i++) {
        const greffe__eval eval = {.load = kit_load, .data = &r->kit, .arena = &r->arena};
        greffe__symbols none;
        greffe__program program;
        greffe__type type;
        greffe__expr_error error = {0};
        greffe__symbols_init(&none, &r->arena);
        assert_int_equal(greffe__expr_compile(&program, &type, &error, &r->arena, &none,
                                              kit_take(&rest, ";"), NULL),
                         GREFFE_OK);
        assert_int_equal(greffe__expr_eval(&r->kit.values[i], &error, &program, &eval), GREFFE_OK);
    }
}

typedef struct gives {
    const char *given;
    const char *json; /* or the code of an error, and a part of its message: GR-3106 no rule */
} gives;

static void check_one(room *r, const char *table, const gives *row)
{
    greffe__value value;
    greffe__buf text;
    give(r, row->given);
    const kit_outcome outcome = kit_run(&value, &r->kit, &r->arena);
    greffe__buf_init(&text, r->context);
    if (outcome == KIT_VALUE) {
        greffe__json_write(&text, &value);
    } else {
        greffe__buf_format(&text, "%s %s", greffe__code_text(r->kit.error.code),
                           r->kit.error.message);
    }
    const char *said = greffe__buf_done(&text);
    const bool refused = strncmp(row->json, "GR-", 3) == 0;
    const bool as = refused
                        ? strncmp(said, row->json, 7) == 0 && strstr(said, row->json + 7) != NULL
                        : strcmp(said, row->json) == 0;
    if (!as) {
        fail_msg("%s\nat %s gives %s, not %s", table, row->given, said, row->json);
    }
    greffe__buf_free(&text);
}

static void check_table(room *r, const char *table, const gives *rows, size_t count)
{
    read_or_fail(r, table);
    if (kit_compile(&r->kit, &r->arena) != GREFFE_OK) {
        fail_msg("%s\n%s: %s", table, greffe__code_text(r->kit.error.code), r->kit.error.message);
    }
    for (size_t i = 0; i < count; i++) {
        check_one(r, table, &rows[i]);
    }
}
#define CHECK_TABLE(table, ...)                                                                    \
    do {                                                                                           \
        static const gives rows[] = {__VA_ARGS__};                                                 \
        check_table(*state, table, rows, sizeof rows / sizeof rows[0]);                            \
    } while (0)

static void a_unique_table_gives_the_only_rule_that_fires(void **state)
{
    CHECK_TABLE("hit unique\nname revenu number\nname modele string options ville cargo\n"
                "in revenu\nin modele\nout aide\n"
                "rule <= 400 | - => 300\n"
                "rule (400..900] | \"cargo\" => 200\n"
                "rule > 400 | \"ville\" => revenu / 10\n",
                {"400; \"cargo\"", "300"}, {"400.01; \"cargo\"", "200"},
                {"400.01; \"ville\"", "40.001"}, {"900; \"cargo\"", "200"},
                {"901; \"cargo\"", "GR-3106 no rule fires"});
    CHECK_TABLE("hit unique\nname n number\nin n\nout a\nrule < 5 => 1\nrule > 3 => 1\n",
                {"3", "1"}, {"4", "GR-3106 several rules fire"}, {"5", "1"});
}

static void an_any_table_gives_what_its_rules_agree_on(void **state)
{
    CHECK_TABLE("hit any\nname n number\nin n\nout a\n"
                "rule < 5 => 1\nrule > 3 => 2 - 1\nrule > 10 => 2\n",
                {"3", "1"}, {"4", "1"}, {"11", "GR-3106 do not agree"});
    CHECK_TABLE("hit any\nname n number\nin n\nout a\nout b\n"
                "rule < 5 => 1 | \"x\"\nrule > 3 => 1 | \"x\"\nrule > 10 => 1 | \"y\"\n",
                {"4", "{\"a\":1,\"b\":\"x\"}"}, {"11", "GR-3106 do not agree"});
}

static void a_priority_table_gives_the_first_of_the_allowed_outputs(void **state)
{
    CHECK_TABLE("hit priority\nname n number\nin n\nout a ; \"haut\", \"moyen\", \"bas\"\n"
                "rule - => \"bas\"\nrule > 3 => \"moyen\"\nrule > 5 => \"haut\"\n",
                {"1", "\"bas\""}, {"4", "\"moyen\""}, {"6", "\"haut\""});
    CHECK_TABLE("hit priority\nname n number\nin n\nout a ; 1, 2\nout b ; \"x\", \"y\"\n"
                "rule > 0 => 2 | \"x\"\nrule > 1 => 1 | \"y\"\nrule > 2 => 1 | \"x\"\n",
                {"1", "{\"a\":2,\"b\":\"x\"}"}, {"2", "{\"a\":1,\"b\":\"y\"}"},
                {"3", "{\"a\":1,\"b\":\"x\"}"}, {"0", "GR-3106 no rule fires"});
}

static void a_first_table_stops_at_the_first_rule_that_fires(void **state)
{
    CHECK_TABLE("hit first\nname n number\nin n\nout a\n"
                "rule < 3 => 1\nrule < 5 => 10 / (n - 4)\nrule < 9 => 3\n",
                {"2", "1"}, {"3", "-10"}, {"4", "GR-3103"}, {"5", "3"},
                {"9", "GR-3106 no rule fires"});
}

static void a_collecting_table_gives_all_in_the_order_of_its_rules(void **state)
{
    CHECK_TABLE("hit collect\nname n number\nin n\nout a\n"
                "rule > 1 => \"b\"\nrule > 2 => \"a\"\nrule > 1 => \"b\"\n",
                {"0", "[]"}, {"2", "[\"b\",\"b\"]"}, {"3", "[\"b\",\"a\",\"b\"]"});
    CHECK_TABLE("hit rule_order\nname n number\nin n\nout a ; 3, 2, 1\n"
                "rule > 1 => 1\nrule > 2 => 3\nrule > 1 => 2\n",
                {"3", "[1,3,2]"});
    CHECK_TABLE("hit output_order\nname n number\nin n\nout a ; 3, 2, 1\n"
                "rule > 1 => 1\nrule > 2 => 3\nrule > 1 => 2\n",
                {"0", "[]"}, {"2", "[2,1]"}, {"3", "[3,2,1]"});
    CHECK_TABLE("hit output_order\nname n number\nin n\nout a ; 2, 1\nout b ; 1, 2\n"
                "rule - => 1 | 1\nrule - => 2 | 2\nrule - => 2 | 1\n",
                {"0", "[{\"a\":2,\"b\":1},{\"a\":2,\"b\":2},{\"a\":1,\"b\":1}]"});
}

static void a_collecting_table_can_aggregate(void **state)
{
    CHECK_TABLE("hit collect sum\nname n number\nin n\nout a\n"
                "rule > 1 => 0.1\nrule > 2 => 0.2\nrule > 3 => n\n",
                {"1", "null"}, {"2", "0.1"}, {"3", "0.3"}, {"4", "4.3"});
    CHECK_TABLE("hit collect min\nname n number\nin n\nout a\n"
                "rule > 1 => 5\nrule > 2 => 3\nrule > 3 => 4\n",
                {"1", "null"}, {"2", "5"}, {"4", "3"});
    CHECK_TABLE("hit collect max\nname d date\nin d\nout a\n"
                "rule > @\"2020-01-01\" => d\nrule - => @\"2020-02-01\"\n",
                {"@\"2020-01-01\"", "\"2020-02-01\""}, {"@\"2020-03-01\"", "\"2020-03-01\""});
    CHECK_TABLE("hit collect count\nname n number\nin n\nout a\n"
                "rule > 1 => \"x\"\nrule > 2 => \"x\"\n",
                {"1", "0"}, {"2", "1"}, {"3", "2"});
}

static void a_default_is_given_where_no_rule_fires(void **state)
{
    CHECK_TABLE("hit unique\nname n number\nin n\nout a ; ; n * 2\nrule > 3 => 1\n", {"3", "6"},
                {"4", "1"});
    CHECK_TABLE("hit unique\nname n number\nin n\nout a\nout b ; ; 9\nrule > 3 => 1 | 2\n",
                {"3", "{\"a\":null,\"b\":9}"}, {"4", "{\"a\":1,\"b\":2}"});
    CHECK_TABLE("hit collect sum\nname n number\nin n\nout a ; ; 0\nrule > 3 => 1\n", {"3", "0"},
                {"4", "1"});
    CHECK_TABLE("hit collect\nname n number\nin n\nout a ; ; 0\nrule > 3 => 1\n", {"3", "[0]"},
                {"4", "[1]"});
    CHECK_TABLE("hit rule_order\nname n number\nin n\nout a ; ; [0]\nrule > 3 => [1]\n",
                {"3", "[[0]]"}, {"4", "[[1]]"});
    CHECK_TABLE("hit output_order\nname n number\nin n\nout a ; 2, 1, 0 ; 0\nrule > 3 => 1\n"
                "rule > 4 => 2\n",
                {"3", "[0]"}, {"5", "[2,1]"});
}

static void an_input_that_is_not_allowed_is_an_error(void **state)
{
    CHECK_TABLE(
        "hit unique\nname n number\nname s string\nin n ; [0..10], 99\nin s ; \"a\", \"b\"\n"
        "out a ; ; 0\nrule > 3 | - => 1\n",
        {"10; \"a\"", "1"}, {"99; \"b\"", "1"}, {"3; \"a\"", "0"},
        {"11; \"a\"", "GR-3101 an input has a value that the table does not allow"},
        {"10; \"c\"", "GR-3101 an input has a value that the table does not allow"});
}

static void cells_are_tests_of_every_form(void **state)
{
    CHECK_TABLE("hit first\nname n number\nname m number\nin n\nout a\n"
                "rule 1, 2 => 1\nrule [3..4) => 2\nrule ]4..5] => 3\nrule not(< 6, > 9) => 4\n"
                "rule ? > 9 and ? < 11 => 5\nrule ? between 12 and 13 => 6\nrule > m => 7\n"
                "rule ? in [14, 15] => 8\nrule = 16 => 9\nrule != 17 => 10\n",
                {"2; 100", "1"}, {"3; 100", "2"}, {"5; 100", "3"}, {"9; 100", "4"},
                {"10; 100", "5"}, {"13; 100", "6"}, {"101; 100", "7"}, {"15; 100", "8"},
                {"16; 100", "9"}, {"4; 100", "10"}, {"17; 100", "GR-3106 no rule fires"});
    CHECK_TABLE("hit unique\nname d date\nin d\nout a\n"
                "rule < @\"2020-02-29\" => d\n"
                "rule [date(\"2020-02-29\")..@\"2020-03-31\"] => d + @\"P1M\"\n",
                {"@\"2020-02-28\"", "\"2020-02-28\""}, {"@\"2020-03-31\"", "\"2020-04-30\""},
                {"@\"2020-04-01\"", "GR-3106 no rule fires"});
}

static void a_cell_may_be_the_negation_of_a_range_that_is_open_at_one_end(void **state)
{
    CHECK_TABLE("hit first\nname n number\nin n\nout a\n"
                "rule not([1..2)) => 1\nrule not((1..3]) => 2\nrule - => 3\n",
                {"2", "1"}, {"1", "2"}, {"1.5", "3"});
}

static void an_absent_input_is_asked_for_by_the_rule_that_looks_at_it(void **state)
{
    CHECK_TABLE("hit first\nname n number optional\nin n\nout a\n"
                "rule null => 0\nrule <= 3 => 1\nrule > 3 => 2\n",
                {"null", "0"}, {"3", "1"}, {"4", "2"});
    CHECK_TABLE("hit first\nname n number optional\nname t boolean\nin t\nin n\nout a\n"
                "rule true | - => 0\nrule false | <= 3 => 1\n",
                {"null; true", "0"}, {"3; false", "1"}, {"null; false", "GR-3106"});
}

static void a_rule_for_null_answers_where_only_one_rule_may_fire(void **state)
{
    CHECK_TABLE("hit unique\nname n number optional\nin n\nout a\n"
                "rule <= 3 => 1\nrule > 3 => 2\nrule null => 0\n",
                {"3", "1"}, {"4", "2"}, {"null", "0"});
    CHECK_TABLE("hit unique\nname c string optional options ville cargo\nin c\nout a\n"
                "rule null => 0\nrule \"ville\" => 1\nrule \"cargo\" => 2\n",
                {"null", "0"}, {"\"cargo\"", "2"});
    CHECK_TABLE("hit collect sum\nname n number optional\nin n\nout a\n"
                "rule - => 1\nrule null => 0\nrule > 3 => 2\n",
                {"4", "3"}, {"null", "1"});
}

/* --- Refusals --- */

typedef struct refused {
    const char *table, *code, *at, *said; /* the text at its place */
} refused;

static void tables_are_refused_with_the_place_of_their_fault(void **state)
{
    static const refused rows[] = {
        {"hit unique\nname n number\nin n\nout a\nrule \"a\" => 1\n", "GR-3003", "\"a\"",
         "another kind"},
        {"hit unique\nname c string options ville cargo\nin c\nout a\nrule \"carg\" => 1\n",
         "GR-3009", "\"carg\"", "cargo"},
        {"hit unique\nname n number\nin n\nout a\nrule 1 => 1\nrule 2 => \"x\"\n", "GR-3003",
         "\"x\"", "number"},
        {"hit unique\nname n number\nin m\nout a\nrule 1 => 1\n", "GR-3002", "m", NULL},
        {"hit unique\nname n number\nin n\nout a\nrule 1, => 1\n", "GR-3001", "", NULL},
        {"hit unique\nname n number\nin n\nout a\nrule > 1 and < 3 => 1\n", "GR-3001", "and", NULL},
        {"hit unique\nname n number\nin n\nout a\nrule < 1,5 => 1\n", "GR-3005", "1,5", NULL},
        {"hit unique\nname n number\nname o number optional\nin n\nout a\nrule < o => 1\n",
         "GR-3008", "o", NULL},
        {"hit unique\nname t boolean\nin t\nout a\nrule ? + 1 => 1\n", "GR-3003", "? + 1", NULL},
        {"hit unique\nname n number\nin n\nout a\nrule 1 => n +\n", "GR-3001", "", NULL},
        {"hit unique\nname n number\nin n\nout a\nrule @\"2020-01-01\" => 1\n", "GR-3003",
         "@\"2020-01-01\"", NULL},
        {"hit collect count\nname n number\nin n\nout a ; ; 7\nrule 1 => 1\n", "GR-3003", "7",
         "leave it out"},
    };
    room *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const refused *row = &rows[i];
        greffe__findings found;
        read_or_fail(r, row->table);
        if (kit_compile(&r->kit, &r->arena) != GREFFE_EINVALID) {
            fail_msg("this is not refused:\n%s", row->table);
        }
        const greffe__expr_error error = r->kit.error;
        const greffe__str place = {row->table + error.start, error.end - error.start};
        const bool said = row->said == NULL || strstr(error.message, row->said) != NULL ||
                          (error.hint != NULL && strstr(error.hint, row->said) != NULL);
        if (strcmp(greffe__code_text(error.code), row->code) != 0 ||
            !greffe__str_is(place, row->at) || !said) {
            fail_msg("%s\nis refused by %s at '%.*s': %s", row->table,
                     greffe__code_text(error.code), (int)place.size, place.data, error.message);
        }
        assert_int_equal(kit_analyse(&found, &r->kit, &r->arena), GREFFE_EINVALID);
        assert_int_equal(r->kit.error.code, error.code);
        assert_int_equal(r->kit.error.start, error.start);
    }
}

/* A bundle's bytes are not terminated where a text of them ends. */
static void the_error_of_a_table_that_was_stored_says_the_same(void **state)
{
    room *r = *state;
    greffe__value value;
    greffe__buf bytes;
    greffe__program again;
    read_or_fail(r, "hit unique\nname n number\nin n ; [0..10]\nout a\nrule > 3 => \"oui\"\n");
    assert_int_equal(kit_compile(&r->kit, &r->arena), GREFFE_OK);
    greffe__buf_init(&bytes, r->context);
    greffe__record_write(&bytes, &greffe__program_shape, &r->kit.program);
    assert_int_equal(greffe__record_decode(&again, &r->arena, &greffe__program_shape,
                                           (greffe__str){bytes.data, bytes.size}),
                     GREFFE_OK);
    give(r, "11");
    assert_int_equal(kit_run(&value, &r->kit, &r->arena), KIT_REFUSED);
    const greffe__expr_error first = r->kit.error;
    r->kit.program = again;
    assert_int_equal(kit_run(&value, &r->kit, &r->arena), KIT_REFUSED);
    assert_string_equal(r->kit.error.message, first.message);
    greffe__buf_free(&bytes);
}

/* --- Analysis --- */

static void put_finding(greffe__buf *out, const greffe__finding *finding)
{
    static const char *const kinds[] = {"?", "gap", "overlap", "dead", "not proved"};
    greffe__buf_text(out, out->size > 0 ? "; " : "");
    greffe__buf_text(out, kinds[finding->kind]);
    if (finding->kind == GREFFE__FOUND_OVERLAP) {
        greffe__buf_format(out, " %u %u", (unsigned)finding->rule, (unsigned)finding->other);
    } else if (finding->kind == GREFFE__FOUND_DEAD) {
        greffe__buf_format(out, " %u", (unsigned)finding->rule);
    }
    if (finding->kind == GREFFE__FOUND_GAP || finding->kind == GREFFE__FOUND_OVERLAP) {
        greffe__buf_text(out, ": ");
        greffe__buf_str(out, finding->text);
    }
}

/* What a gap or an overlap says is so once the table runs. */
static void confirm(room *r, const char *table, const greffe__finding *finding)
{
    greffe__value value;
    if (kit_compile(&r->kit, &r->arena) != GREFFE_OK || !kit_set_example(&r->kit, finding)) {
        fail_msg("%s\nthere is no example, or it does not compile", table);
    }
    bool null = false;
    for (uint32_t i = 0; i < r->kit.table.input_count; i++) {
        null = null || finding->example[i].kind == GREFFE__NULL;
    }
    const kit_outcome outcome = kit_run(&value, &r->kit, &r->arena);
    const bool gap = finding->kind == GREFFE__FOUND_GAP;
    if (outcome != (gap ? KIT_NO_RULE : KIT_SEVERAL) && !(null && outcome == KIT_ABSENT)) {
        fail_msg("%s\nhas no such %s: %.*s", table, gap ? "gap" : "overlap",
                 (int)finding->text.size, finding->text.data);
    }
}

typedef struct finds {
    const char *table, *found;
} finds;

static void check_found(room *r, const finds *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        greffe__findings found;
        greffe__buf text;
        read_or_fail(r, rows[i].table);
        if (kit_analyse(&found, &r->kit, &r->arena) != GREFFE_OK) {
            fail_msg("%s\n%s", rows[i].table, r->kit.error.message);
        }
        greffe__buf_init(&text, r->context);
        for (uint32_t k = 0; k < found.count; k++) {
            put_finding(&text, &found.at[k]);
        }
        if (strcmp(greffe__buf_done(&text), rows[i].found) != 0) {
            fail_msg("%s\nhas: %s\nnot: %s", rows[i].table, text.data, rows[i].found);
        }
        greffe__buf_free(&text);
        for (uint32_t k = 0; k < found.count; k++) {
            if (found.at[k].kind <= GREFFE__FOUND_OVERLAP) {
                confirm(r, rows[i].table, &found.at[k]);
            }
        }
    }
}
#define CHECK_FOUND(rows) check_found(*state, rows, sizeof rows / sizeof rows[0])

/* A column n of numbers, and rules after it. */
#define NUMBER(type, hit, rules) "hit " hit "\nname n number " type "\nin n\nout a\n" rules
#define OPEN "not proved"

static void a_step_of_the_last_digit_is_no_gap(void **state)
{
    static const finds rows[] = {
        {NUMBER("scale 2", "unique", "rule <= 400 => 1\nrule >= 400.01 => 2\n"), ""},
        {NUMBER("scale 3", "unique", "rule <= 400 => 1\nrule >= 400.01 => 2\n"),
         "gap: n = 400.001"},
        {NUMBER("", "unique", "rule <= 400 => 1\nrule >= 400.01 => 2\n"), "gap: n = 400.005"},
        {NUMBER("scale 0", "unique", "rule <= 400 => 1\nrule >= 401 => 2\n"), ""},
        {NUMBER("scale 0", "unique", "rule <= 400 => 1\nrule >= 402 => 2\n"), "gap: n = 401"},
        {NUMBER("scale 0", "unique", "rule < 400.5 => 1\nrule > 400.5 => 2\n"), ""},
        {NUMBER("scale 1", "unique", "rule < 400.5 => 1\nrule > 400.5 => 2\n"), "gap: n = 400.5"},
        {NUMBER("scale 2 low 0", "unique", "rule [0..1) => 1\nrule (1..2] => 2\nrule > 2 => 3\n"),
         "gap: n = 1"},
    };
    CHECK_FOUND(rows);
}

static void a_domain_bounds_what_is_looked_at(void **state)
{
    static const finds rows[] = {
        {NUMBER("scale 0 low 0 high 10", "unique", "rule [0..4] => 1\nrule [5..10] => 2\n"), ""},
        {NUMBER("scale 0 low 0 high 11", "unique", "rule [0..4] => 1\nrule [5..10] => 2\n"),
         "gap: n = 11"},
        {NUMBER("scale 0 low -1", "unique", "rule [0..4] => 1\nrule >= 5 => 2\n"), "gap: n = -1"},
        {NUMBER("scale 0 low 0 high 10", "unique", "rule > 10 => 1\nrule <= 10 => 2\n"), "dead 0"},
        {NUMBER("low 0 high 10", "unique", "rule [0..5] => 1\nrule [5..10] => 2\n"),
         "overlap 0 1: n = 5"},
        {NUMBER("", "unique", ""), "gap: n = 0"},
        {NUMBER("", "unique", "rule - => 1\n"), ""},
    };
    CHECK_FOUND(rows);
}

static void choices_and_booleans_are_looked_at_one_by_one(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname c string options ville cargo pliant\nin c\nout a\n"
         "rule \"ville\" => 1\nrule \"cargo\" => 2\n",
         "gap: c = \"pliant\""},
        {"hit unique\nname c string options ville cargo pliant\nin c\nout a\n"
         "rule \"ville\" => 1\nrule \"cargo\", \"pliant\" => 2\n",
         ""},
        {"hit unique\nname c string options ville cargo\nin c\nout a\n"
         "rule not(\"ville\") => 1\nrule \"ville\", \"cargo\" => 2\n",
         "overlap 0 1: c = \"cargo\""},
        {"hit unique\nname s string\nin s\nout a\nrule \"ville\" => 1\nrule \"cargo\" => 2\n",
         "gap: s = \"autre\""},
        {"hit unique\nname s string\nin s\nout a\nrule \"autre\" => 1\nrule not(\"autre\") => 2\n",
         ""},
        {"hit unique\nname s string\nin s\nout a\nrule \"autre\" => 1\n", "gap: s = \"autre_\""},
        {"hit unique\nname t boolean\nin t\nout a\nrule true => 1\n", "gap: t = false"},
        {"hit unique\nname t boolean\nname u boolean\nin t\nin u\nout a\n"
         "rule true | - => 1\nrule - | true => 2\n",
         "overlap 0 1: t = true, u = true; gap: t = false, u = false"},
        {"hit unique\nname t boolean\nname u boolean\nin t\nin u\nout a\n"
         "rule true | - => 1\nrule false | true => 2\nrule false | not(true) => 3\n",
         ""},
    };
    CHECK_FOUND(rows);
}

static void dates_go_by_days_and_periods_by_months(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname d date\nin d\nout a\n"
         "rule <= @\"2020-02-28\" => 1\nrule >= @\"2020-02-29\" => 2\n",
         ""},
        {"hit unique\nname d date\nin d\nout a\n"
         "rule <= @\"2020-02-28\" => 1\nrule > @\"2020-02-29\" => 2\n",
         "gap: d = @\"2020-02-29\""},
        {"hit unique\nname d date low 2020-01-01 high 2020-12-31\nin d\nout a\n"
         "rule [@\"2020-01-01\"..@\"2020-06-30\"] => 1\nrule [@\"2020-07-01\"..@\"2020-12-31\") => "
         "2\n",
         "gap: d = @\"2020-12-31\""},
        {"hit unique\nname p period\nin p\nout a\n"
         "rule < @\"P1Y\" => 1\nrule > @\"P1Y\" => 2\n",
         "gap: p = @\"P1Y\""},
        {"hit unique\nname p period\nin p\nout a\n"
         "rule <= @\"P11M\" => 1\nrule >= @\"P1Y\" => 2\n",
         ""},
    };
    CHECK_FOUND(rows);
}

static void an_optional_input_may_be_null(void **state)
{
    static const finds rows[] = {
        {NUMBER("optional", "first", "rule <= 3 => 1\nrule > 3 => 2\n"), "gap: n = null"},
        {NUMBER("optional", "first", "rule null => 0\nrule <= 3 => 1\nrule > 3 => 2\n"), ""},
        {NUMBER("optional", "unique", "rule - => 1\n"), ""},
        {"hit first\nname t boolean optional\nin t\nout a\nrule true => 1\nrule false => 2\n",
         "gap: t = null"},
        {"hit first\nname c string optional options ville cargo\nin c\nout a\n"
         "rule \"ville\", \"cargo\" => 1\n",
         "gap: c = null"},
        {NUMBER("", "first", "rule null => 0\nrule - => 1\n"), "dead 0"},
    };
    CHECK_FOUND(rows);
}

static void a_test_for_what_is_not_null_holds_for_every_value(void **state)
{
    static const finds rows[] = {
        {NUMBER("optional", "first", "rule null => 0\nrule not(null) => 1\n"), ""},
        {NUMBER("", "unique", "rule not(null) => 1\n"), ""},
    };
    CHECK_FOUND(rows);
}

static void an_overlap_is_one_where_the_policy_allows_none(void **state)
{
    static const char *const other[] = {"first", "priority", "collect", "rule_order"};
    static const finds rows[] = {
        {NUMBER("", "unique", "rule < 5 => 1\nrule >= 4 => 1\n"), "overlap 0 1: n = 4"},
        {NUMBER("", "any", "rule < 5 => 1\nrule >= 4 => 1\n"), ""},
        {NUMBER("", "any", "rule < 5 => 1\nrule >= 4 => 2\n"), "overlap 0 1: n = 4"},
        {NUMBER("", "any", "rule < 5 => 1\nrule >= 4 => n\n"), OPEN},
        {NUMBER("", "unique", "rule - => 1\nrule > 3 => 1\nrule > 4 => 1\n"),
         "overlap 0 1: n = 3.5; overlap 0 2: n = 5; overlap 1 2: n = 5"},
    };
    room *r = *state;
    CHECK_FOUND(rows);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        char table[200];
        snprintf(table, sizeof table,
                 "hit %s\nname n number\nin n\nout a ; 2, 1\nrule < 5 => 1\nrule >= 4 => 2\n",
                 other[i]);
        const finds none = {table, ""};
        check_found(r, &none, 1);
    }
}

static void a_rule_that_is_covered_before_it_is_dead(void **state)
{
    static const finds rows[] = {
        {NUMBER("", "first", "rule < 5 => 1\nrule >= 5 => 2\nrule 7 => 3\n"), "dead 2"},
        {NUMBER("", "first", "rule < 5 => 1\nrule > 5 => 2\nrule [4..6] => 3\n"), ""},
        {NUMBER("", "unique", "rule ? > 5 and ? < 3 => 1\nrule - => 2\n"), "dead 0"},
        {NUMBER("", "collect", "rule ? > 5 and ? < 3 => 1\nrule - => 2\n"), "dead 0"},
        {"hit priority\nname n number\nin n\nout a ; 3, 2\n"
         "rule > 4 => 2\nrule > 3 => 3\nrule - => 2\n",
         "dead 0"},
        {"hit priority\nname n number\nin n\nout a ; 3, 2\n"
         "rule > 4 => 3\nrule > 3 => 2\nrule - => 2\n",
         ""},
        {"hit first\nname t boolean\nname n number\nin t\nin n\nout a\n"
         "rule true | - => 1\nrule - | > 3 => 2\nrule false | > 5 => 3\nrule false | - => 4\n",
         "dead 2"},
    };
    CHECK_FOUND(rows);
}

static void of_several_outputs_the_first_that_differs_decides_what_is_dead(void **state)
{
    static const finds rows[] = {
        {"hit priority\nname n number\nin n\nout a ; 1, 2\nout b ; 1, 2\n"
         "rule - => 1 | 1\nrule > 3 => 1 | 2\n",
         "dead 1"},
        {"hit priority\nname n number\nin n\nout a ; 1, 2\n"
         "rule - => 7\nrule > 3 => 8\n", /* neither is listed: the one above stays */
         "dead 1"},
    };
    CHECK_FOUND(rows);
}

static void what_is_not_known_is_said_to_be_not_proved(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname s string\nin s\nout a\nrule starts with(?, \"a\") => 1\n"
         "rule \"b\" => 2\n",
         OPEN},
        {"hit unique\nname n number\nname m number\nin n\nout a\nrule < m => 1\nrule >= m => 2\n",
         OPEN},
        {"hit unique\nname d date\nin d\nout a\nrule < today() => 1\nrule >= today() => 2\n", OPEN},
        {"hit unique\nname x any\nin x\nout a\nrule \"b\" => 1\nrule 2 => 2\n", OPEN},
        {"hit unique\nname q duration\nin q\nout a\nrule < @\"PT1H\" => 1\nrule >= @\"PT1H\" => "
         "2\n",
         OPEN},
        {"hit unique\nname s string\nin s\nout a\nrule < \"b\" => 1\nrule >= \"b\" => 2\n", OPEN},
        {"hit first\nname n number\nin n\nin n\nout a\nrule < 3 | - => 1\nrule - | >= 3 => 2\n",
         OPEN},
        {NUMBER("", "first", "rule - => 1\nrule modulo(?, 2) = 0 => 2\n"), "dead 1; " OPEN},
    };
    CHECK_FOUND(rows);
}

static void a_cell_that_asks_for_another_name_is_not_proved(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname n number\nname m number\nin n\nout a\n"
         "rule ? >= 0 and m > 5 => 1\nrule < 0 => 2\n",
         OPEN},
        {"hit unique\nname n number\nname t boolean\nin n\nout a\n"
         "rule ? >= 0 and t => 1\nrule < 0 => 2\n",
         OPEN},
        {"hit unique\nname n number\nin n\nout a\nrule ? >= 0 and n < 5 => 1\nrule < 0 => 2\n",
         "gap: n = 5"}, /* the column's own name is what it tests */
        {"hit unique\nname n number\nname m number\nin n ; [0..m]\nout a\nrule >= 0 => 1\n", OPEN},
    };
    CHECK_FOUND(rows);
}

/* Its values are not known to fill the kind that they are of. */
static void a_calculated_input_has_no_gap_that_is_proved(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname n number\nin abs(n)\nout a\nrule >= 0 => 1\n", OPEN},
        {"hit unique\nname t boolean\nin if t then \"a\" else \"b\"\nout a\n"
         "rule \"a\" => 1\nrule \"b\" => 2\n",
         OPEN},
    };
    CHECK_FOUND(rows);
}

static void a_declared_type_changes_nothing_of_a_name_that_has_it(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname n number low 0 scale 0\nin n ; ; number\nout a\nrule >= 0 => 1\n", ""},
        {"hit unique\nname n number\nname m number\nin n ; ; number\nin m ; ; number\nout a\n"
         "rule >= 0 | - => 1\nrule < 0 | > 1 => 2\n",
         "gap: n = -1, m = 0"},
        {"hit unique\nname c string options ville cargo\nin c ; ; string\nout a\n"
         "rule \"ville\", \"cargo\" => 1\n",
         ""},
    };
    CHECK_FOUND(rows);
}

static void numbers_that_have_no_neighbour_are_no_silence(void **state)
{
    static const finds rows[] = {
        {NUMBER("", "unique", "rule <= 1e33 => 1\n"),
         "gap: n = 1000000000000000000000000000000001"},
    };
    static const char *const silent[] = {NUMBER("", "unique", "rule <= 1e34 => 1\n"),
                                         NUMBER("", "unique", "rule >= -1e40 => 1\n"),
                                         NUMBER("scale 2", "unique", "rule <= 1e33 => 1\n")};
    room *r = *state;
    CHECK_FOUND(rows);
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        greffe__findings found;
        read_or_fail(r, silent[i]);
        assert_int_equal(kit_analyse(&found, &r->kit, &r->arena), GREFFE_OK);
        if (found.count == 0) {
            fail_msg("%s\nhas a gap, and nothing is said", silent[i]);
        }
    }
}

static void what_is_not_allowed_is_no_gap(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname n number scale 0\nin n ; [0..10], 99\nout a\nrule [0..10] => 1\n",
         "gap: n = 99"},
        {"hit unique\nname n number scale 0\nin n ; [0..10], 99\nout a\nrule >= 0 => 1\n", ""},
        {"hit unique\nname s string\nin s ; \"a\", \"b\"\nout a\nrule \"a\", \"b\" => 1\n", ""},
        {"hit unique\nname n number scale 0\nin n ; [0..10]\nout a\nrule - => 1\nrule > 10 => 2\n",
         "dead 1"},
    };
    CHECK_FOUND(rows);
}

static void a_default_or_a_collection_leaves_no_gap(void **state)
{
    static const finds rows[] = {
        {"hit unique\nname n number\nin n\nout a ; ; 0\nrule > 3 => 1\n", ""},
        {"hit first\nname n number\nin n\nout a\nout b ; ; 0\nrule > 3 => 1 | 2\n", ""},
        {NUMBER("", "collect", "rule > 3 => 1\n"), ""},
        {NUMBER("", "collect sum", "rule > 3 => 1\n"), ""},
        {NUMBER("", "rule_order", "rule > 3 => 1\n"), ""},
        {"hit unique\nname n number\nin n\nout a ; ; 0\nrule > 3 => 1\nrule >= 4 => 1\n",
         "overlap 0 1: n = 4"},
    };
    CHECK_FOUND(rows);
}

static void a_table_may_have_no_inputs(void **state)
{
    static const finds rows[] = {
        {"hit unique\nout a\nrule => 1\n", ""},
        {"hit unique\nout a\nrule => 1\nrule => 2\n", "overlap 0 1: "},
        {"hit first\nout a\nrule => 1\nrule => 2\n", "dead 1"},
        {"hit unique\nout a\n", "gap: "},
    };
    CHECK_FOUND(rows);
}

static void findings_are_bounded(void **state)
{
    static char table[16384];
    size_t size = (size_t)snprintf(table, sizeof table, "hit unique\nname n number\nin n\nout a\n");
    room *r = *state;
    greffe__findings found;
    uint32_t overlaps = 0, gaps = 0;
    for (int i = 0; i < 60; i++) {
        size += (size_t)snprintf(table + size, sizeof table - size, "rule [%d..%d] => 1\n", i * 10,
                                 i * 10 + 12);
    }
    read_or_fail(r, table);
    assert_int_equal(kit_analyse(&found, &r->kit, &r->arena), GREFFE_OK);
    for (uint32_t i = 0; i < found.count; i++) {
        overlaps += found.at[i].kind == GREFFE__FOUND_OVERLAP;
        gaps += found.at[i].kind == GREFFE__FOUND_GAP;
    }
    assert_int_equal(overlaps, GREFFE_MAX_FINDINGS);
    assert_int_equal(gaps, 1); /* below and above: the same rules are possible, none */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
    const struct CMUnitTest tests[] = {
        TEST(a_unique_table_gives_the_only_rule_that_fires),
        TEST(an_any_table_gives_what_its_rules_agree_on),
        TEST(a_priority_table_gives_the_first_of_the_allowed_outputs),
        TEST(a_first_table_stops_at_the_first_rule_that_fires),
        TEST(a_collecting_table_gives_all_in_the_order_of_its_rules),
        TEST(a_collecting_table_can_aggregate),
        TEST(a_default_is_given_where_no_rule_fires),
        TEST(an_input_that_is_not_allowed_is_an_error),
        TEST(cells_are_tests_of_every_form),
        TEST(a_cell_may_be_the_negation_of_a_range_that_is_open_at_one_end),
        TEST(an_absent_input_is_asked_for_by_the_rule_that_looks_at_it),
        TEST(a_rule_for_null_answers_where_only_one_rule_may_fire),
        TEST(tables_are_refused_with_the_place_of_their_fault),
        TEST(the_error_of_a_table_that_was_stored_says_the_same),
        TEST(a_step_of_the_last_digit_is_no_gap),
        TEST(a_domain_bounds_what_is_looked_at),
        TEST(choices_and_booleans_are_looked_at_one_by_one),
        TEST(dates_go_by_days_and_periods_by_months),
        TEST(an_optional_input_may_be_null),
        TEST(a_test_for_what_is_not_null_holds_for_every_value),
        TEST(an_overlap_is_one_where_the_policy_allows_none),
        TEST(a_rule_that_is_covered_before_it_is_dead),
        TEST(of_several_outputs_the_first_that_differs_decides_what_is_dead),
        TEST(what_is_not_known_is_said_to_be_not_proved),
        TEST(a_cell_that_asks_for_another_name_is_not_proved),
        TEST(a_calculated_input_has_no_gap_that_is_proved),
        TEST(a_declared_type_changes_nothing_of_a_name_that_has_it),
        TEST(numbers_that_have_no_neighbour_are_no_silence),
        TEST(what_is_not_allowed_is_no_gap),
        TEST(a_default_or_a_collection_leaves_no_gap),
        TEST(a_table_may_have_no_inputs),
        TEST(findings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
