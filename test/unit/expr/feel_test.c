/* Tests FEEL as a host program has it: names, both modes, both forms, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <greffe/compile.h>
#include <greffe/feel.h>

typedef struct place {
    greffe_context *context;
    greffe_diags *diags;
    greffe_feel *strict, *lenient;
} place;

static place here;

static greffe_str text_of(const char *text)
{
    return (greffe_str){text, strlen(text)};
}

static int open_place(void **state)
{
    (void)state;
    greffe_feel_options options = {
        .size = sizeof options, .now_ms = INT64_C(1583020800000), .offset_s = 3600};
    assert_int_equal(greffe_context_create(&here.context, NULL), GREFFE_OK);
    assert_int_equal(greffe_diags_create(&here.diags, here.context), GREFFE_OK);
    assert_int_equal(greffe_feel_create(&here.strict, here.context, &options), GREFFE_OK);
    options.lenient = true;
    assert_int_equal(greffe_feel_create(&here.lenient, here.context, &options), GREFFE_OK);
    return 0;
}

static int close_place(void **state)
{
    (void)state;
    greffe_feel_destroy(here.strict);
    greffe_feel_destroy(here.lenient);
    greffe_feel_destroy(NULL);
    greffe_diags_destroy(here.diags);
    greffe_context_destroy(here.context);
    return 0;
}

static void gives(greffe_feel *feel, const char *expression, greffe_feel_form form,
                  const char *expected)
{
    char *text = NULL;
    assert_int_equal(greffe_feel_eval(&text, feel, here.diags, text_of(expression), form),
                     GREFFE_OK);
    assert_string_equal(text, expected);
    greffe_free(here.context, text);
}

static void a_name_keeps_its_value_and_may_have_another(void **state)
{
    (void)state;
    greffe_feel *feel = here.strict;
    assert_int_equal(greffe_feel_set(feel, here.diags, text_of("prix"), text_of("1249.90")),
                     GREFFE_OK);
    assert_int_equal(greffe_feel_set(feel, here.diags, text_of("aide"),
                                     text_of("round half up(0.125 * prix, 2)")),
                     GREFFE_OK);
    gives(feel, "aide", GREFFE_FEEL_TEXT, "156.24");
    assert_int_equal(greffe_feel_set(feel, here.diags, text_of("prix"), text_of("\"cher\"")),
                     GREFFE_OK);
    gives(feel, "prix", GREFFE_FEEL_TEXT, "\"cher\"");
    gives(feel, "aide", GREFFE_FEEL_TEXT, "156.24");
    assert_int_equal(greffe_feel_count(feel), 2);
    assert_memory_equal(greffe_feel_name(feel, 0).data, "prix", 4);
    assert_int_equal(greffe_feel_name(feel, 2).size, 0);
}

static void json_comes_in_and_goes_out_with_every_digit(void **state)
{
    (void)state;
    static const char json[] = "{\"montant\":12345678901234567890.12,\"enfants\":[{\"age\":3},"
                               "{\"age\":9}]}";
    assert_int_equal(greffe_feel_set_json(here.strict, here.diags, text_of("d"), text_of(json)),
                     GREFFE_OK);
    gives(here.strict, "d.montant", GREFFE_FEEL_JSON, "12345678901234567890.12");
    gives(here.strict, "d.enfants[age > 5]", GREFFE_FEEL_JSON, "[{\"age\":9}]");
    gives(here.strict, "{j: today(), l: [1, @\"P2M\"]}", GREFFE_FEEL_JSON,
          "{\"j\":\"2020-03-01\",\"l\":[1,\"P2M\"]}");
}

static void a_function_that_has_a_name_can_be_called(void **state)
{
    (void)state;
    assert_int_equal(greffe_feel_set(here.strict, here.diags, text_of("tva"),
                                     text_of("function(ht: number, taux: number) ht * taux")),
                     GREFFE_OK);
    gives(here.strict, "tva(100, 0.2) + tva(taux: 0.1, ht: 50)", GREFFE_FEEL_TEXT, "25");
}

static void a_mistake_is_told_with_its_place_and_lenient_gives_null(void **state)
{
    (void)state;
    char *text = NULL;
    greffe_str expression = text_of("1 + \"a\"");
    assert_int_equal(greffe_feel_eval(&text, here.strict, here.diags, expression, GREFFE_FEEL_TEXT),
                     GREFFE_EINVALID);
    assert_null(text);
    assert_int_equal(greffe_diags_count(here.diags), 1);
    assert_string_equal(greffe_diags_get(here.diags, 0)->code, "GR-3003");
    greffe_diags_clear(here.diags);
    gives(here.lenient, "1 + \"a\"", GREFFE_FEEL_TEXT, "null");
    assert_int_equal(greffe_diags_count(here.diags), 1);
    assert_string_equal(greffe_diags_get(here.diags, 0)->code, "GR-3101");
}

static void names_of_several_words_are_for_lenient_ones(void **state)
{
    (void)state;
    assert_int_equal(greffe_feel_set(here.strict, here.diags, text_of("prix net"), text_of("1")),
                     GREFFE_EINVALID);
    assert_int_equal(greffe_feel_set(here.strict, here.diags, text_of("if"), text_of("1")),
                     GREFFE_EINVALID);
    assert_int_equal(greffe_feel_set(here.lenient, here.diags, text_of("prix net"), text_of("41")),
                     GREFFE_OK);
    gives(here.lenient, "prix net + 1", GREFFE_FEEL_TEXT, "42");
}

static void wrong_use_is_refused(void **state)
{
    (void)state;
    char *text = NULL;
    greffe_feel *feel = NULL;
    greffe_feel_options options = {.size = 1};
    const greffe_str one = {"1", 1}, none = {NULL, 0};
    assert_int_equal(greffe_feel_create(NULL, here.context, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_create(&feel, NULL, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_create(&feel, here.context, &options), GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_eval(NULL, here.strict, here.diags, one, GREFFE_FEEL_TEXT),
                     GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_eval(&text, here.strict, NULL, one, GREFFE_FEEL_TEXT),
                     GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_eval(&text, here.strict, here.diags, one, (greffe_feel_form)7),
                     GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_set(here.strict, here.diags, none, one), GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_set_json(here.strict, here.diags, one, none), GREFFE_EMISUSE);
    assert_int_equal(greffe_feel_count(NULL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)
    const struct CMUnitTest tests[] = {
        TEST(a_name_keeps_its_value_and_may_have_another),
        TEST(json_comes_in_and_goes_out_with_every_digit),
        TEST(a_function_that_has_a_name_can_be_called),
        TEST(a_mistake_is_told_with_its_place_and_lenient_gives_null),
        TEST(names_of_several_words_are_for_lenient_ones),
        TEST(wrong_use_is_refused),
    };
    return cmocka_run_group_tests_name("feel", tests, NULL, NULL);
}
