/* Tests expressions from text to value: tables of expressions with the value, or the error and its
 * place, that each must give; limits; and programs that were damaged in storage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "expr/expr.h"
#include "value/json.h"

enum { NAMES = 14, TODAY = 18322 /* 2020-03-01 */, MS_PER_DAY = 86400000 };

typedef struct room {
    greffe_context *context;
    greffe__arena arena;
    greffe__symbols symbols;
    greffe__value values[NAMES];
    uint32_t absent; /* bits: names whose value is null */
    bool fetching;   /* the value of n has to be fetched first */
} room;

typedef struct name {
    const char *name;
    greffe__type type;
} name;

static greffe__str option_names[] = {{"ville", 5}, {"cargo", 5}};
static const greffe__strs OPTIONS = {option_names, 2, 2};
static const greffe__type NUMBER_TYPE = {.kind = GREFFE__NUMBER};

static const name TABLE[NAMES] = {
    {"n", {.kind = GREFFE__NUMBER}},
    {"velo.prix", {.kind = GREFFE__NUMBER}},
    {"x", {.kind = GREFFE__NUMBER, .optional = true}},
    {"s", {.kind = GREFFE__STRING}},
    {"modele", {.kind = GREFFE__STRING, .options = &OPTIONS}},
    {"oui", {.kind = GREFFE__BOOL}},
    {"achat", {.kind = GREFFE__DATE}},
    {"fin", {.kind = GREFFE__DATE, .optional = true}},
    {"liste", {.kind = GREFFE__LIST, .item = &NUMBER_TYPE}},
    {"tout", {.any = true}},
    {"mot", {.kind = GREFFE__STRING, .optional = true}},
    {"montant", {.kind = GREFFE__NUMBER}},
    {"choix", {.kind = GREFFE__STRING, .optional = true, .options = &OPTIONS}},
    {"grand", {.kind = GREFFE__NUMBER}}};

static int open_room(void **state)
{
    static greffe__value items[3];
    room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    assert_int_equal(greffe_context_create(&r->context, NULL), GREFFE_OK);
    greffe__arena_init(&r->arena, r->context);
    greffe__symbols_init(&r->symbols, &r->arena);
    for (uint32_t i = 0; i < NAMES; i++) {
        assert_true(
            greffe__symbols_add(&r->symbols, greffe__str_of(TABLE[i].name), TABLE[i].type, i));
    }
    for (int i = 0; i < 3; i++) {
        items[i] = greffe__integer(i + 1);
    }
    greffe__value *v = r->values;
    v[0] = greffe__integer(12);
    v[1] = greffe__integer(1000);
    v[2] = greffe__integer(5);
    v[3] = greffe__text("\xc3\xa9t\xc3\xa9");
    v[4] = greffe__text("cargo");
    v[5] = greffe__bool(true);
    v[6] = greffe__date(18322 - 30);
    v[7] = greffe__date(18322 + 30);
    v[8] = greffe__list_of(items, 3);
    v[9] = greffe__text("mot");
    v[10] = greffe__text("mot");
    v[11] = greffe__integer(200);
    v[12] = greffe__text("ville");
    v[13] = greffe__integer(INT64_MAX);
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

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    const room *r = data;
    if (slot >= NAMES || (slot == 0 && r->fetching)) {
        return GREFFE_ENOTFOUND;
    }
    *out = r->absent >> slot & 1 ? greffe__null() : r->values[slot];
    return GREFFE_OK;
}

static greffe_status evaluate(room *r, greffe__value *out, greffe__expr_error *error,
                              const greffe__program *program)
{
    const greffe__eval eval = {.load = load,
                               .data = r,
                               .arena = &r->arena,
                               .today = TODAY,
                               .now_ms = (int64_t)TODAY * MS_PER_DAY,
                               .offset = 3600};
    memset(error, 0, sizeof *error);
    if (!greffe__program_sound(program)) { /* what reads programs asks this first */
        error->code = GREFFE__GR_BUNDLE_READ;
        error->message = "damaged";
        return GREFFE_EINVALID;
    }
    return greffe__expr_eval(out, error, program, &eval);
}

static greffe_status compile(room *r, greffe__program *program, greffe__expr_error *error,
                             greffe__str source, const greffe__type *wanted)
{
    greffe__type type;
    memset(error, 0, sizeof *error);
    return greffe__expr_compile(program, &type, error, &r->arena, &r->symbols, source, wanted);
}

static void compile_or_fail(room *r, greffe__program *program, const char *source)
{
    greffe__expr_error error;
    if (compile(r, program, &error, greffe__str_of(source), NULL) != GREFFE_OK) {
        fail_msg("%s: %s at %u: %s", source, greffe__code_text(error.code), (unsigned)error.start,
                 error.message);
    }
}

/* --- Values --- */

typedef struct gives {
    const char *source, *json;
} gives;

static void check_values(room *r, const gives *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        greffe__program program;
        greffe__expr_error error;
        greffe__value value = greffe__null();
        greffe__buf text;
        compile_or_fail(r, &program, rows[i].source);
        if (evaluate(r, &value, &error, &program) != GREFFE_OK) {
            fail_msg("%s: %s %s", rows[i].source, greffe__code_text(error.code), error.message);
        }
        greffe__buf_init(&text, r->context);
        greffe__json_write(&text, &value);
        if (strcmp(greffe__buf_done(&text), rows[i].json) != 0) {
            fail_msg("%s gives %s, not %s", rows[i].source, text.data, rows[i].json);
        }
        assert_true(program.any || value.kind == GREFFE__NULL || value.kind == program.result);
        greffe__buf_free(&text);
    }
}
#define CHECK_VALUES(rows) check_values(*state, rows, sizeof rows / sizeof rows[0])

static void numbers_are_decimal_to_34_digits(void **state)
{
    static const gives rows[] = {
        {"0.1 + 0.2", "0.3"},
        {"1/3", "0.3333333333333333333333333333333333"},
        {"2/3", "0.6666666666666666666666666666666667"},
        {".5 * 3", "1.5"},
        {"2 ** 10", "1024"},
        {"2 ** -1", "0.5"},
        {"1 - 2 - 3", "-4"},
        {"2 + 3 * 4", "14"},
        {"(2 + 3) * 4", "20"},
        {"100 / 10 / 5", "2"},
        {"-n", "-12"},
        {"- -n", "12"},
        {"0.25 * velo.prix", "250"},
        {"grand + 1", "9223372036854775808"},
        {"grand - grand", "0"},
        {"1234567890123456789012345678901234 + 1", "1234567890123456789012345678901235"},
        {"round half up(2.345, 2)", "2.35"},
        {"round half down(2.345, 2)", "2.34"},
        {"round half even(2.345, 2)", "2.34"},
        {"round half even(2.355, 2)", "2.36"},
        {"decimal(0.125, 2)", "0.12"},
        {"round up(-1.1, 0)", "-2"},
        {"round down(-1.9, 0)", "-1"},
        {"floor(-1.5)", "-2"},
        {"ceiling(-1.5)", "-1"},
        {"floor(1.59, 1)", "1.5"},
        {"abs(-3.5)", "3.5"},
        {"modulo(-7, 3)", "2"},
        {"modulo(7, -3)", "-2"},
        {"min(3, 1, 2)", "1"},
        {"max([3, 1, 2])", "3"},
        {"sum(liste)", "6"},
        {"sum(1, 2.5)", "3.5"},
        {"count([])", "0"},
        {"round half up(if modele = \"cargo\" then min(0.5 * velo.prix, 300) else 1, 2)", "300"},
    };
    CHECK_VALUES(rows);
}

static void comparisons_and_logic_are_two_valued(void **state)
{
    static const gives rows[] = {
        {"1.0 = 1", "true"},
        {"n != 12", "false"},
        {"n < 12 or n >= 12", "true"},
        {"n <= 12 and n > 11.99", "true"},
        {"oui and not(oui)", "false"},
        {"not(oui) or oui", "true"},
        {"false and 1/0 > 1", "false"},
        {"true or 1/0 > 1", "true"},
        {"s = \"\xc3\xa9t\xc3\xa9\"", "true"},
        {"\"a\" < \"b\"", "true"},
        {"modele = \"cargo\" and choix = \"ville\"", "true"},
        {"x = null", "false"},
        {"x != null", "true"},
        {"if n > 3 then \"a\" else \"b\"", "\"a\""},
        {"if n > 3 then if n > 20 then 1 else 2 else 3", "2"},
        {"[1, 2] = [1.0, 2]", "true"},
        {"{a: 1, b: 2} = {b: 2, a: 1}", "true"},
    };
    CHECK_VALUES(rows);
}

static void ranges_and_lists_are_tested_with_in_and_between(void **state)
{
    static const gives rows[] = {
        {"n in [1..12]", "true"},
        {"n in [1..12)", "false"},
        {"n in (12..20]", "false"},
        {"n in ]12..20]", "false"},
        {"n in [1, 12]", "true"},
        {"modele in [\"ville\", \"cargo\"]", "true"},
        {"n in [12..20[", "true"},
        {"n between 1 and 12", "true"},
        {"n between 13 and 20", "false"},
        {"n between 1 and 12 and oui", "true"},
        {"achat in [@\"2020-01-01\"..@\"2020-12-31\"]", "true"},
        {"2 in liste", "true"},
        {"list contains(liste, 4)", "false"},
        {"[1, n, [2]]", "[1,12,[2]]"},
        {"{a: 1, \"b c\": [n]}", "{\"a\":1,\"b c\":[12]}"},
        {"{a: {b: 7}}.a.b", "7"},
    };
    CHECK_VALUES(rows);
}

static void a_list_may_begin_with_a_list(void **state)
{
    static const gives rows[] = {
        {"[[1]]", "[[1]]"}, {"[[1, 2], [3]]", "[[1,2],[3]]"}, {"count([[1, 2], 3])", "2"}};
    CHECK_VALUES(rows);
}

static void dates_and_durations_are_calculated_as_the_law_counts(void **state)
{
    static const gives rows[] = {
        {"today()", "\"2020-03-01\""},
        {"achat", "\"2020-01-31\""},
        {"achat + @\"P1M\"", "\"2020-02-29\""},
        {"achat + @\"P1D\"", "\"2020-02-01\""},
        {"@\"2020-02-29\" + @\"P1Y\"", "\"2021-02-28\""},
        {"@\"2020-02-29\" - @\"P18Y\"", "\"2002-02-28\""},
        {"@\"2020-03-01\" - @\"2020-02-28\"", "\"P2D\""},
        {"achat <= today()", "true"},
        {"achat + duration(\"P2M\") > today()", "true"},
        {"date(\"2020-05-04\")", "\"2020-05-04\""},
        {"date(2020, 5, 4)", "\"2020-05-04\""},
        {"duration(\"PT36H\")", "\"P1DT12H\""},
        {"duration(\"P14M\")", "\"P1Y2M\""},
        {"@\"P1Y\" + @\"P2M\"", "\"P1Y2M\""},
        {"@\"PT1H\" = @\"PT60M\"", "true"},
        {"@\"P1Y\" > @\"P11M\"", "true"},
        {"years and months duration(@\"2019-01-15\", @\"2020-03-14\")", "\"P1Y1M\""},
    };
    CHECK_VALUES(rows);
}

static void texts_are_counted_in_characters(void **state)
{
    static const gives rows[] = {
        {"string length(s)", "3"},
        {"contains(s, \"t\")", "true"},
        {"starts with(s, \"\xc3\xa9\")", "true"},
        {"ends with(s, \"t\")", "false"},
        {"s + \"!\"", "\"\xc3\xa9t\xc3\xa9!\""},
        {"\"\\u00e9\" = \"\xc3\xa9\"", "true"},
        {"\"\\n\\t\\\"\\\\\"", "\"\\n\\t\\\"\\\\\""},
        {"string length(\"\\U01F600\")", "1"},
        {"string(1.50)", "\"1.5\""},
        {"string(achat)", "\"2020-01-31\""},
    };
    CHECK_VALUES(rows);
}

static void an_optional_value_is_narrowed_by_its_test(void **state)
{
    static const gives rows[] = {
        {"x != null and x > 3", "true"},
        {"if x != null then x + 1 else 0", "6"},
        {"if x = null then 0 else x + 1", "6"},
        {"x = null or x > 3", "true"},
        {"if x = null or mot = null then \"-\" else mot", "\"mot\""},
        {"if mot != null then mot else s", "\"mot\""},
        {"if fin != null and fin > achat then fin else achat", "\"2020-03-31\""},
    };
    static const gives without[] = {
        {"x != null and x > 3", "false"},
        {"x", "null"},
        {"if fin != null and fin > achat then fin else achat", "\"2020-01-31\""},
    };
    room *r = *state;
    CHECK_VALUES(rows);
    r->absent = 1u << 2 | 1u << 7 | 1u << 10;
    CHECK_VALUES(without);
}

/* --- Faults that the compiler finds --- */

typedef struct refused {
    const char *source, *code;
    uint32_t start, end;
    const char *said; /* in the message or the hint; NULL: anything */
} refused;

static bool says(const greffe__expr_error *error, const char *text)
{
    return text == NULL || strstr(error->message, text) != NULL ||
           (error->hint != NULL && strstr(error->hint, text) != NULL);
}

static void check_error(const refused *row, const greffe__expr_error *error)
{
    const char *code = greffe__code_text(error->code);
    if (code == NULL || strcmp(code, row->code) != 0 || error->start != row->start ||
        error->end != row->end || !says(error, row->said)) {
        fail_msg("%s: expected %s at %u-%u saying \"%s\", got %s at %u-%u: %s (%s)", row->source,
                 row->code, (unsigned)row->start, (unsigned)row->end,
                 row->said == NULL ? "" : row->said, code, (unsigned)error->start,
                 (unsigned)error->end, error->message, error->hint == NULL ? "" : error->hint);
    }
}

static void check_refused(room *r, const refused *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        greffe__program program;
        greffe__expr_error error;
        if (compile(r, &program, &error, greffe__str_of(rows[i].source), NULL) != GREFFE_EINVALID) {
            fail_msg("%s is not refused", rows[i].source);
        }
        check_error(&rows[i], &error);
    }
}
#define CHECK_REFUSED(rows) check_refused(*state, rows, sizeof rows / sizeof rows[0])

static void a_comma_between_digits_is_no_decimal_point(void **state)
{
    static const refused rows[] = {
        {"0,25 * n", "GR-3005", 0, 3, "0.25"},
        {"min(0,25, 3)", "GR-3005", 4, 7, "0.25"},
        {"[1,5]", "GR-3005", 1, 4, NULL},
    };
    static const gives spaced[] = {{"min(1, 5)", "1"}, {"[1, 5]", "[1,5]"}};
    CHECK_REFUSED(rows);
    CHECK_VALUES(spaced);
}

static void an_unknown_name_is_answered_with_the_nearest_one(void **state)
{
    static const refused rows[] = {
        {"montent + 1", "GR-3002", 0, 7, "montant"},
        {"1 + velo.prx", "GR-3002", 4, 12, "velo.prix"},
        {"modle = \"cargo\"", "GR-3002", 0, 5, "modele"},
        {"zzzzzzzzz", "GR-3002", 0, 9, NULL},
        {"todday()", "GR-3007", 0, 6, "today"},
        {"flor(1)", "GR-3007", 0, 4, "floor"},
    };
    CHECK_REFUSED(rows);
}

static void an_option_that_a_choice_does_not_have_is_found(void **state)
{
    static const refused rows[] = {
        {"modele = \"carg\"", "GR-3009", 9, 15, "cargo"},
        {"modele != \"velo\"", "GR-3009", 10, 16, NULL},
        {"\"kargo\" = modele", "GR-3009", 0, 7, "cargo"},
    };
    CHECK_REFUSED(rows);
}

static void an_optional_value_is_not_used_untested(void **state)
{
    static const refused rows[] = {
        {"x > 3", "GR-3008", 0, 1, "null"},
        {"x + 1", "GR-3008", 0, 1, NULL},
        {"n + x", "GR-3008", 4, 5, NULL},
        {"x != null or x > 3", "GR-3008", 13, 14, NULL},
        {"if x = null and mot = null then 0 else x + 1", "GR-3008", 39, 40, NULL},
        {"x = null and x > 3", "GR-3008", 13, 14, NULL},
        {"if x = null then x + 1 else 0", "GR-3008", 17, 18, NULL},
        {"x > 3 and x != null", "GR-3008", 0, 1, NULL},
    };
    CHECK_REFUSED(rows);
}

static void operands_of_wrong_types_are_found_before_anything_runs(void **state)
{
    static const refused rows[] = {
        {"n + s", "GR-3003", 0, 5, NULL},
        {"n < s", "GR-3003", 0, 5, NULL},
        {"achat + 1", "GR-3003", 0, 9, NULL},
        {"not(n)", "GR-3007", 4, 5, NULL},
        {"n and oui", "GR-3003", 0, 1, NULL},
        {"-s", "GR-3003", 0, 2, NULL},
        {"if n then 1 else 2", "GR-3003", 3, 4, NULL},
        {"floor(s)", "GR-3007", 6, 7, NULL},
        {"today(1)", "GR-3007", 0, 8, NULL},
        {"decimal(1)", "GR-3007", 0, 10, NULL},
        {"n = s", "GR-3003", 0, 5, NULL},
    };
    CHECK_REFUSED(rows);
}

static void what_is_not_feel_is_refused_with_its_place(void **state)
{
    static const refused rows[] = {
        {"", "GR-3001", 0, 0, NULL},
        {"n +", "GR-3001", 3, 3, NULL},
        {"(n", "GR-3001", 2, 2, NULL},
        {"n)", "GR-3001", 1, 2, NULL},
        {"n == 1", "GR-3001", 3, 4, NULL},
        {"\"abc", "GR-3001", 0, 4, NULL},
        {"@\"2020-13-01\"", "GR-3001", 0, 13, NULL},
        {"if n > 1 then 2", "GR-3001", 15, 15, NULL},
        {"n ; 1", "GR-3001", 2, 3, NULL},
        {"\"\\q\"", "GR-3001", 0, 4, NULL},
        {"{a: 1", "GR-3001", 5, 5, NULL},
        {"{\"", "GR-3001", 1, 2, NULL},
    };
    CHECK_REFUSED(rows);
}

static void a_context_with_a_name_that_stands_twice_is_refused(void **state)
{
    greffe__program program;
    greffe__expr_error error;
    assert_int_equal(
        compile(*state, &program, &error, greffe__str_of("{a: 1, b: 2, \"a\": 3}"), NULL),
        GREFFE_EINVALID);
}

static void the_result_must_have_the_type_that_is_asked_for(void **state)
{
    static const greffe__type truth = {.kind = GREFFE__BOOL}, number = {.kind = GREFFE__NUMBER};
    static const greffe__type maybe = {.kind = GREFFE__NUMBER, .optional = true};
    room *r = *state;
    greffe__program program;
    greffe__expr_error error;
    assert_int_equal(compile(r, &program, &error, greffe__str_of("n > 1"), &truth), GREFFE_OK);
    assert_int_equal(compile(r, &program, &error, greffe__str_of("n"), &truth), GREFFE_EINVALID);
    assert_int_equal(error.code, GREFFE__GR_EXPR_RESULT);
    assert_int_equal(compile(r, &program, &error, greffe__str_of("x"), &maybe), GREFFE_OK);
    assert_int_equal(compile(r, &program, &error, greffe__str_of("x"), &number), GREFFE_EINVALID);
    assert_true(error.code == GREFFE__GR_EXPR_RESULT || error.code == GREFFE__GR_EXPR_OPTIONAL);
}

/* --- Errors of evaluation --- */

static void an_error_of_evaluation_names_its_operands_and_its_place(void **state)
{
    static const refused rows[] = {
        {"1 + n / 0", "GR-3103", 4, 9, "12"},
        {"(n - 2) ** 9999", "GR-3103", 0, 15, "10"},
        {"tout + 1", "GR-3101", 0, 8, "mot"},
        {"n > 1 and tout > 1", "GR-3101", 10, 18, "mot"},
        {"duration(s)", "GR-3105", 0, 11, NULL},
        {"date(2020, 2, n * 10)", "GR-3105", 0, 21, NULL},
        {"decimal(n, 99999)", "GR-3105", 0, 17, NULL},
        {"modulo(n, n - 12)", "GR-3103", 0, 17, NULL},
    };
    room *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        greffe__program program;
        greffe__expr_error error;
        greffe__value value = greffe__null();
        compile_or_fail(r, &program, rows[i].source);
        if (evaluate(r, &value, &error, &program) != GREFFE_EINVALID) {
            fail_msg("%s is calculated", rows[i].source);
        }
        check_error(&rows[i], &error);
    }
}

static void what_is_always_the_same_must_have_a_value(void **state)
{
    static const refused rows[] = {
        {"10 ** 9999", "GR-3103", 0, 10, NULL},
        {"n + 1 / 0", "GR-3103", 4, 9, NULL},
        {"n in [5..3]", "GR-3101", 5, 11, NULL},
        {"if oui then number(\"douze\") else n", "GR-3105", 12, 27, NULL},
    };
    check_refused(*state, rows, sizeof rows / sizeof rows[0]);
}

/* A reason that names the limit, in a strict and in a lenient program. */
static void every_limit_of_evaluation_has_its_error(void **state)
{
    static const char *const rows[][2] = {
        {"count(for i in 1..9999 return for j in 1..99 return n)", "100,000 steps"},
        {"count(for i in 1..9999, j in [1, 2] return n)", "10,000 items"},
        {"for i in 1..(n * 1000) return i", "10,000 items"},
        {"count(split(string join(for i in 1..9999 return s, \",\"), \"\"))", "10,000 items"},
        {"matches(string join(for i in 1..30 return \"a\", \"\") + \"b\", \"^(a+)+$\")",
         "100,000 steps"},
        {"{a: [s, s], b: [a, a], c: [b, b], d: [c, c], e: [d, d], f: [e, e], g: [f, f], h: [g, g], "
         "i: [h, h], j: [i, i], k: [j, j], l: [k, k], m: [l, l], o: [m, m], p: [o, o], q: [p, p], "
         "r: [q, q], t: [r, r], w: string(t)}.w",
         "1 MiB"},
        {"{a: [s, s], b: [a, a], c: [b, b], d: [c, c], e: [d, d], f: [e, e], g: [f, f], h: [g, g], "
         "i: [h, h], j: [i, i], k: [j, j], l: [k, k], m: [l, l], o: [m, m], p: [o, o], q: [p, p], "
         "r: [q, q], t: [r, r], u: [t, t], v: [u, u]}.v",
         "16 MiB"},
        {"{a: [s, s], b: [a, a], c: [b, b], d: [c, c], e: [d, d], f: [e, e], g: [f, f], h: [g, g], "
         "i: [h, h], j: [i, i], k: [j, j], l: [k, k], m: [l, l], o: [m, m], p: [o, o], q: [p, p], "
         "r: [q, q], t: [r, r], u: [t, t], v: [u, u], w: v = v}.w",
         "100,000 parts"},
    };
    room *r = *state;
    for (int lenient = 0; lenient < 2; lenient++) {
        r->symbols.lenient = lenient == 1;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            greffe__program program;
            greffe__expr_error error;
            greffe__value value = greffe__null();
            compile_or_fail(r, &program, rows[i][0]);
            greffe_status status = evaluate(r, &value, &error, &program);
            if (status != GREFFE_EINVALID ||
                strcmp(greffe__code_text(error.code), "GR-3104") != 0 ||
                strstr(error.message, rows[i][1]) == NULL) {
                fail_msg("%s: %s %s, not %s", rows[i][0], greffe__code_text(error.code),
                         error.message, rows[i][1]);
            }
        }
    }
}

static void functions_that_call_each_other_end(void **state)
{
    room *r = *state;
    greffe__program program;
    greffe__expr_error error;
    greffe__value value = greffe__null();
    r->symbols.lenient = true;
    compile_or_fail(r, &program,
                    "{f: function(g, k) if k = 0 then 0 else 1 + g(g, k - 1), a: f(f, 40)}.a");
    assert_int_equal(evaluate(r, &value, &error, &program), GREFFE_OK);
    assert_true(greffe__dec_compare(value.as.number, greffe__dec_of(40)) == 0);
    compile_or_fail(r, &program,
                    "{f: function(g, k) if k = 0 then 0 else 1 + g(g, k - 1), a: f(f, 400)}.a");
    assert_int_equal(evaluate(r, &value, &error, &program), GREFFE_EINVALID);
    assert_non_null(strstr(error.message, "64 deep"));
}

static void a_value_that_must_be_fetched_stops_the_evaluation(void **state)
{
    room *r = *state;
    greffe__program program;
    greffe__expr_error error;
    greffe__value value = greffe__null();
    compile_or_fail(r, &program, "oui and n > 3");
    r->fetching = true;
    assert_int_equal(evaluate(r, &value, &error, &program), GREFFE_ENOTFOUND);
    r->fetching = false;
    assert_int_equal(evaluate(r, &value, &error, &program), GREFFE_OK);
    assert_int_equal(program.slots.count, 2);
    assert_true(program.slots.at[0] == 0 && program.slots.at[1] == 5);
}

/* --- What may have no value --- */

static const struct {
    const char *source, *part;
} PARTIAL[] = {
    {"1 / n", "1 / n"},
    {"n / 4 + 1 / (n * 0.5)", "1 / (n * 0.5"},
    {"if n > 0 then 1 / n else 0", ""},
    {"if n != 0 then 1 / n else 0", ""},
    {"if n >= 0 then 1 / n else 0", "1 / n"},
    {"if n <= -1 then 1 / n else 0", ""},
    {"if n < 1 then 1 / n else 0", "1 / n"},
    {"if n = 0 then 0 else 1 / n", ""},
    {"if n in (> 0) then 1 / n else 0", ""},
    {"if n in (>= 0) then 1 / n else 0", "1 / n"},
    {"if n in [1..9] then sqrt(n) else 0", ""},
    {"if n in [0..9] then 1 / n else 0", "1 / n"},
    {"if n in ]0..9] then 1 / n else 0", ""},
    {"if n in [-9..0[ then 1 / n else 0", ""},
    {"if n in (1, 2, [5..9]) then 1 / n else 0", ""},
    {"if n in (0, 2) then 1 / n else 0", "1 / n"},
    {"if n in (<= 0) then 0 else sqrt(n)", ""},
    {"if n in [-5..5] then 0 else 1 / n", "1 / n"},
    {"if not(n in (0)) then 1 / n else 0", ""},
    {"if montant in (> 0) then 1 / n else 0", "1 / n"},
    {"n > 0 and 1 / n > 2", ""},
    {"n <= 0 or sqrt(n) > 2", ""},
    {"sqrt(n)", "sqrt(n)"},
};

static void what_may_have_no_value_is_found_and_what_is_asked_before_counts(void **state)
{
    room *r = *state;
    for (size_t i = 0; i < sizeof PARTIAL / sizeof *PARTIAL; i++) {
        greffe__str part = {"", 0};
        bool found = greffe__expr_partial(&part, &r->arena, &r->symbols,
                                          greffe__str_of(PARTIAL[i].source), NULL);
        size_t size = strlen(PARTIAL[i].part);
        if (found != (size > 0) ||
            (found && (part.size < size || memcmp(part.data, PARTIAL[i].part, size) != 0))) {
            fail_msg("%s: '%.*s'", PARTIAL[i].source, (int)part.size, part.data);
        }
    }
}

/* --- Limits --- */

static void check_nested(room *r, uint32_t depth, const char *open, const char *close, bool fine)
{
    char source[16 * GREFFE_MAX_EXPR_DEPTH * 4] = "";
    greffe__program program;
    greffe__expr_error error;
    for (uint32_t i = 0; i < depth; i++) {
        strcat(source, open);
    }
    strcat(source, "1");
    for (uint32_t i = 0; i < depth; i++) {
        strcat(source, close);
    }
    const greffe_status status = compile(r, &program, &error, greffe__str_of(source), NULL);
    if (status != (fine ? GREFFE_OK : GREFFE_EINVALID) ||
        (!fine && error.code != GREFFE__GR_EXPR_LIMIT)) {
        fail_msg("%u times %s: status %d, %s", (unsigned)depth, open, (int)status,
                 status == GREFFE_OK ? "" : error.message);
    }
}

static void nesting_and_length_are_bounded(void **state)
{
    static const char *const pairs[][2] = {{"(", ")"}, {"[0, ", "]"}, {"abs(", ")"},
                                           {"-", ""},  {"{a: ", "}"}, {"if oui then ", " else 1"}};
    room *r = *state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        check_nested(r, 15, pairs[i][0], pairs[i][1], true);
        check_nested(r, GREFFE_MAX_EXPR_DEPTH + 1, pairs[i][0], pairs[i][1], false);
        check_nested(r, GREFFE_MAX_EXPR_DEPTH * 3, pairs[i][0], pairs[i][1], false);
    }
    greffe__program program;
    greffe__expr_error error;
    char *source = malloc(GREFFE_MAX_EXPR_BYTES + 1);
    assert_non_null(source);
    memset(source, ' ', GREFFE_MAX_EXPR_BYTES + 1);
    source[0] = '1';
    const greffe__str most = {source, GREFFE_MAX_EXPR_BYTES};
    const greffe__str more = {source, GREFFE_MAX_EXPR_BYTES + 1};
    assert_int_equal(compile(r, &program, &error, most, NULL), GREFFE_OK);
    assert_int_equal(compile(r, &program, &error, more, NULL), GREFFE_EINVALID);
    assert_int_equal(error.code, GREFFE__GR_EXPR_LIMIT);
    free(source);
}

static void a_long_sum_is_no_deep_one(void **state)
{
    room *r = *state;
    greffe__program program;
    greffe__expr_error error;
    greffe__value value = greffe__null();
    char source[4001] = "1";
    for (size_t size = 1; size + 4 < sizeof source; size += 4) {
        memcpy(source + size, " + 1", 5);
    }
    compile_or_fail(r, &program, source);
    assert_int_equal(evaluate(r, &value, &error, &program), GREFFE_OK);
    const greffe__value expected = greffe__integer((int64_t)(strlen(source) - 1) / 4 + 1);
    assert_true(greffe__value_equal(&value, &expected));
}

static void a_text_that_grows_past_its_limit_is_stopped(void **state)
{
    room *r = *state;
    greffe__program program;
    greffe__expr_error error;
    greffe__value value = greffe__null();
    char *text = malloc(GREFFE_MAX_EXPR_STRING);
    assert_non_null(text);
    memset(text, 'a', GREFFE_MAX_EXPR_STRING);
    r->values[3] = greffe__string((greffe__str){text, GREFFE_MAX_EXPR_STRING});
    compile_or_fail(r, &program, "s + \"b\"");
    assert_int_equal(evaluate(r, &value, &error, &program), GREFFE_EINVALID);
    assert_int_equal(error.code, GREFFE__GR_EVAL_LIMIT);
    free(text);
}

/* --- Storage --- */

static const char *const STORED[] = {
    "n + 1",
    "if x != null and x > 3 then [1, n, {a: s}] else liste",
    "n in [11..13) or n between 1 and 2",
    "round half up(if modele = \"cargo\" then min(0.5 * velo.prix, 300) else 200, 2)",
    "achat + @\"P1M\" <= today() or not(oui)",
    "{a: {b: n}}.a.b = sum(liste)"};

static void a_program_that_is_stored_and_read_gives_the_same(void **state)
{
    room *r = *state;
    for (size_t i = 0; i < sizeof STORED / sizeof STORED[0]; i++) {
        greffe__program program, again;
        greffe__expr_error error;
        greffe__value first = greffe__null(), second = greffe__null();
        greffe__buf bytes;
        compile_or_fail(r, &program, STORED[i]);
        greffe__buf_init(&bytes, r->context);
        greffe__record_write(&bytes, &greffe__program_shape, &program);
        assert_int_equal(greffe__record_decode(&again, &r->arena, &greffe__program_shape,
                                               (greffe__str){bytes.data, bytes.size}),
                         GREFFE_OK);
        assert_int_equal(evaluate(r, &first, &error, &program), GREFFE_OK);
        assert_int_equal(evaluate(r, &second, &error, &again), GREFFE_OK);
        assert_true(greffe__value_equal(&first, &second));
        greffe__buf_free(&bytes);
    }
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static void damage(greffe__program *program, uint64_t *random)
{
    uint32_t *word = &program->code.at[next_random(random) % program->code.count];
    switch (next_random(random) % 7) {
    case 0: *word = next_random(random) << 1; break;
    case 1: *word ^= 1u << next_random(random) % 32; break;
    case 2: *word = (*word & 0xff) | next_random(random) % 64 << 8; break;
    case 3: *word = (*word & 0xffffff00u) | next_random(random) % 64; break;
    case 4: *word |= 0xffffff00u; break;
    case 5: program->depth = next_random(random) % 8; break;
    default: program->code.count = 1 + next_random(random) % program->code.count; break;
    }
}

/* Whatever the words say, the evaluator answers: a value, or a refusal. */
static void a_damaged_program_never_does_harm(void **state)
{
    room *r = *state;
    uint64_t random = 1;
    unsigned answered = 0, refusals = 0;
    for (size_t i = 0; i < sizeof STORED / sizeof STORED[0]; i++) {
        for (int round = 0; round < 20000; round++) {
            greffe__program program;
            greffe__expr_error error;
            greffe__value value = greffe__null();
            greffe__arena_reset(&r->arena);
            greffe__symbols_init(&r->symbols, &r->arena);
            for (uint32_t k = 0; k < NAMES; k++) {
                (void)greffe__symbols_add(&r->symbols, greffe__str_of(TABLE[k].name), TABLE[k].type,
                                          k);
            }
            compile_or_fail(r, &program, STORED[i]);
            for (uint32_t edits = 1 + next_random(&random) % 3; edits > 0; edits--) {
                damage(&program, &random);
            }
            const greffe_status status = evaluate(r, &value, &error, &program);
            assert_true(status == GREFFE_OK || status == GREFFE_EINVALID ||
                        status == GREFFE_ENOTFOUND);
            answered += status == GREFFE_OK;
            refusals += status == GREFFE_EINVALID;
        }
    }
    assert_true(answered > 1000 && refusals > 1000);
}

static void a_program_that_goes_round_for_ever_is_stopped(void **state)
{
    room *r = *state;
    greffe__program program;
    greffe__expr_error error;
    greffe__value value = greffe__null();
    uint32_t tried = 0;
    compile_or_fail(r, &program, "if oui then 1 else 2");
    for (uint32_t i = 0; i < program.code.count; i++) {
        const uint32_t word = program.code.at[i];
        for (uint32_t op = 0; op < 64; op++) { /* among them, the jump back to the beginning */
            program.code.at[i] = op;
            const greffe_status status = evaluate(r, &value, &error, &program);
            assert_true(status == GREFFE_OK || status == GREFFE_EINVALID);
            tried++;
        }
        program.code.at[i] = word;
    }
    assert_true(tried >= 64);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_decimal_to_34_digits),
        TEST(comparisons_and_logic_are_two_valued),
        TEST(ranges_and_lists_are_tested_with_in_and_between),
        TEST(a_list_may_begin_with_a_list),
        TEST(dates_and_durations_are_calculated_as_the_law_counts),
        TEST(texts_are_counted_in_characters),
        TEST(an_optional_value_is_narrowed_by_its_test),
        TEST(a_comma_between_digits_is_no_decimal_point),
        TEST(an_unknown_name_is_answered_with_the_nearest_one),
        TEST(an_option_that_a_choice_does_not_have_is_found),
        TEST(an_optional_value_is_not_used_untested),
        TEST(operands_of_wrong_types_are_found_before_anything_runs),
        TEST(what_is_not_feel_is_refused_with_its_place),
        TEST(a_context_with_a_name_that_stands_twice_is_refused),
        TEST(the_result_must_have_the_type_that_is_asked_for),
        TEST(an_error_of_evaluation_names_its_operands_and_its_place),
        TEST(what_is_always_the_same_must_have_a_value),
        TEST(every_limit_of_evaluation_has_its_error),
        TEST(functions_that_call_each_other_end),
        TEST(a_value_that_must_be_fetched_stops_the_evaluation),
        TEST(what_may_have_no_value_is_found_and_what_is_asked_before_counts),
        TEST(nesting_and_length_are_bounded),
        TEST(a_long_sum_is_no_deep_one),
        TEST(a_text_that_grows_past_its_limit_is_stopped),
        TEST(a_program_that_is_stored_and_read_gives_the_same),
        TEST(a_damaged_program_never_does_harm),
        TEST(a_program_that_goes_round_for_ever_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
