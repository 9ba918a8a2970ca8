/* Outside services: who answers a call, what the answer gives, and what is no answer. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poll.h>

#include <cmocka.h>
#include <greffe/async.h>

#include "support/prime_kit.c"

static const char PROCEDURE_OF_CALLS[] =
    "greffe: 1\n"
    "procedure: carte\n"
    "title: Carte\n"
    "retention: {other: 2 years}\n"
    "roles:\n"
    "  habitant: {kind: applicant}\n"
    "form: {demande: {fields: {enfants: {type: integer, label: Enfants}}}}\n"
    "services:\n"
    "  caf:\n"
    "    with: {enfants: integer}\n"
    "    gives: {quotient: {type: money, label: Quotient}, note: {type: text, label: Note, "
    "optional: true}}\n"
    "    outcomes: [inconnu]\n"
    "    within: 2 days\n"
    "  autre: {within: 1 day}\n"
    "steps:\n"
    "  depot: {kind: submission, by: habitant, then: consultation}\n"
    "  consultation: {kind: call, service: caf, with: {enfants: demande.enfants}, then: {answered: "
    "suite, inconnu: perdu, expired: perdu}}\n"
    "  suite: {kind: call, service: autre, then: {answered: fini, expired: perdu}}\n"
    "  fini: {kind: end, outcome: fini}\n"
    "  perdu: {kind: end, outcome: perdu}\n";

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
    const char *outcome, *gives; /* what the service says */
    greffe_status said, status;
    unsigned asked, others;
    char body[512], token[1000], service[32];
} fixture;

static greffe_status take_mail(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)problem;
    f->said = greffe_effect_answer(effect, NULL, (greffe_str){"{}", 2}); /* a letter answers not */
    return GREFFE_OK;
}

static greffe_status serve(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)problem;
    f->asked += 1;
    (void)snprintf(f->body, sizeof f->body, "%s", effect->body.data);
    (void)snprintf(f->service, sizeof f->service, "%s", effect->letter);
    if (f->gives != NULL || f->outcome != NULL) {
        const char *text = f->gives != NULL ? f->gives : "";
        f->said = greffe_effect_answer(effect, f->outcome, (greffe_str){text, strlen(text)});
    }
    return f->status;
}

static greffe_status begin(void *data, const greffe_effect *effect, const char *token,
                           char problem[256])
{
    fixture *f = data;
    (void)problem;
    f->asked += 1;
    f->said = greffe_effect_answer(effect, NULL, (greffe_str){"{}", 2}); /* it is only begun */
    (void)snprintf(f->token, sizeof f->token, "%s", token);
    return GREFFE_OK;
}

static greffe_status serve_any(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)problem;
    f->others += 1;
    return GREFFE_OK;
}

static void handle(fixture *f, const char *channel, greffe_effect_fn run,
                   greffe_effect_start_fn start)
{
    const greffe_handler handler = {
        .size = sizeof handler, .channel = channel, .run = run, .start = start, .data = f};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
}

static int64_t read_clock(void *data)
{
    (void)data;
    return PRIME_START + prime_minute_ms;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    greffe_store *store;
    greffe_diags *diags;
    const char *said;
    assert_non_null(f);
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    assert_int_equal(greffe_diags_create(&diags, f->context), GREFFE_OK);
    const greffe_compile_options compile = {.size = sizeof compile, .read = read_in_memory};
    if (greffe_compile(&f->plan, f->context, diags, "carte.yaml",
                       (greffe_str){PROCEDURE_OF_CALLS, strlen(PROCEDURE_OF_CALLS)},
                       &compile) != GREFFE_OK) {
        assert_int_equal(greffe_diags_render_json(&said, diags), GREFFE_OK);
        fail_msg("%s", said);
    }
    greffe_diags_destroy(diags);
    assert_int_equal(greffe_store_memory(&store), GREFFE_OK);
    const greffe_engine_options options = {
        .size = sizeof options, .store = store, .clock = read_clock};
    assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    handle(f, "mail", take_mail, NULL);
    handle(f, "call:caf", serve, NULL);
    handle(f, "call", serve_any, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    greffe_engine_close(f->engine);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    free(f);
    return 0;
}

static void file(fixture *f)
{
    assert_int_equal(
        prime_tell(f->engine, "file", "d1", "k", CITIZEN,
                   "{\"procedure\":\"carte\",\"answers\":{\"demande\":{\"enfants\":2}}}",
                   PRIME_START),
        GREFFE_OK);
}

static greffe_progress run(fixture *f, int64_t minutes)
{
    greffe_progress all = {0}, did = {.effects = 1};
    for (int i = 0; i < 9 && did.effects + did.timers > 0; i++) {
        assert_int_equal(
            greffe_engine_run(f->engine, &did, 99, PRIME_START + minutes * prime_minute_ms),
            GREFFE_OK);
        all.effects += did.effects;
        all.incidents += did.incidents;
    }
    return all;
}

static void assert_dossier(fixture *f, const char *wanted)
{
    char *answer;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = "d1"};
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    if (strstr(answer, wanted) == NULL) {
        fail_msg("no %s in %s", wanted, answer);
    }
    greffe_engine_free(f->engine, answer);
}

/* --- Tests --- */

static void a_handler_answers_with_what_the_service_gives(void **state)
{
    fixture *f = *state;
    f->gives = "{\"quotient\":\"612.50\",\"note\":\"ok\",\"more\":[1]}";
    file(f);
    (void)run(f, 1);
    assert_int_equal(f->asked, 1);
    assert_string_equal(f->service, "caf");
    /* What is declared, and what names the call; nothing else of the dossier. */
    assert_non_null(strstr(f->body, "\"letter\":\"caf\",\"number\":\"CARTE-2026-000001\","
                                    "\"procedure\":\"carte\",\"service\":\"caf\",\"with\":{"
                                    "\"enfants\":2}}"));
    assert_null(strstr(f->body, "email"));
    assert_int_equal(f->others, 1); /* the other service has no handler of its own */
    assert_dossier(f, "\"outcome\":\"fini\"");
    assert_dossier(f, "\"of\":\"consultation\",\"values\":{\"note\":\"ok\",\"quotient\":612.5}");
}

static void another_outcome_gives_nothing(void **state)
{
    fixture *f = *state;
    f->outcome = "inconnu";
    file(f);
    (void)run(f, 1);
    assert_dossier(f, "\"outcome\":\"perdu\"");
}

static void what_is_no_answer_is_an_incident(void **state)
{
    static const struct {
        const char *outcome, *gives;
    } bad[] = {{NULL, NULL},
               {NULL, "{}"},
               {NULL, "{\"quotient\":\"beaucoup\"}"},
               {"ailleurs", "{\"quotient\":1}"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture *f = *state;
        f->outcome = bad[i].outcome;
        f->gives = bad[i].gives;
        file(f);
        assert_int_equal(run(f, 1).incidents, 1);
        assert_dossier(f, "\"at\":\"consultation\"");
        if (i + 1 < sizeof bad / sizeof *bad) {
            (void)tear_down(state);
            (void)set_up(state);
        }
    }
}

static void a_failing_service_is_asked_again(void **state)
{
    fixture *f = *state;
    f->status = GREFFE_EIO;
    file(f);
    (void)run(f, 1);
    assert_int_equal(f->asked, 1);
    f->status = GREFFE_OK;
    f->gives = "{\"quotient\":1}";
    (void)run(f, 10);
    assert_int_equal(f->asked, 2);
    assert_dossier(f, "\"outcome\":\"fini\"");
}

static void what_was_begun_is_answered_later(void **state)
{
    fixture *f = *state;
    handle(f, "call:caf", NULL, begin);
    file(f);
    (void)run(f, 1);
    assert_int_equal(f->said, GREFFE_EMISUSE);
    greffe_end end = {.size = sizeof end, .gives = {"[1]", 3}};
    assert_int_equal(greffe_engine_finish(f->engine, f->token, &end), GREFFE_EINVALID);
    end.gives = (greffe_str){"{\"quotient\":7", 13};
    assert_int_equal(greffe_engine_finish(f->engine, f->token, &end), GREFFE_EINVALID);
    end.gives = (greffe_str){"{\"quotient\":7}", 14};
    assert_int_equal(greffe_engine_finish(f->engine, f->token, &end), GREFFE_OK);
    (void)run(f, 2);
    assert_dossier(f, "\"values\":{\"quotient\":7}");
    assert_dossier(f, "\"outcome\":\"fini\"");
}

static void note(void *data, greffe_result *result)
{
    fixture *f = data;
    f->others += 100;
    greffe_result_free(f->engine, result);
}

static void an_answer_comes_as_well_where_nobody_waits(void **state)
{
    fixture *f = *state;
    uint32_t taken;
    f->gives = "{\"quotient\":\"3.00\"}";
    file(f);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(
            greffe_engine_dispatch(f->engine, 9, PRIME_START + prime_minute_ms, note, f),
            GREFFE_OK);
        (void)poll(NULL, 0, 2);
        assert_int_equal(greffe_engine_poll(f->engine, 99, &taken), GREFFE_OK);
        if (f->asked == 1 && f->others % 100 == 1) {
            break;
        }
    }
    (void)run(f, 5);
    assert_dossier(f, "\"values\":{\"quotient\":3}");
    assert_dossier(f, "\"outcome\":\"fini\"");
}

static void wrong_use_is_told(void **state)
{
    fixture *f = *state;
    const greffe_effect loose = {.channel = "call"};
    f->gives = "{\"quotient\":";
    file(f);
    (void)run(f, 1);
    assert_int_equal(f->said, GREFFE_EINVALID);
    assert_int_equal(greffe_effect_answer(NULL, NULL, (greffe_str){"", 0}), GREFFE_EMISUSE);
    assert_int_equal(greffe_effect_answer(&loose, NULL, (greffe_str){"", 0}), GREFFE_EMISUSE);
    char channel[100];
    memset(channel, 'c', sizeof channel);
    channel[79] = '\0';
    handle(f, channel, serve_any, NULL);
    channel[79] = 'c';
    channel[80] = '\0';
    const greffe_handler handler = {
        .size = sizeof handler, .channel = channel, .run = serve_any, .data = f};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_EMISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_handler_answers_with_what_the_service_gives),
        TEST(another_outcome_gives_nothing),
        TEST(what_is_no_answer_is_an_incident),
        TEST(a_failing_service_is_asked_again),
        TEST(what_was_begun_is_answered_later),
        TEST(an_answer_comes_as_well_where_nobody_waits),
        TEST(wrong_use_is_told),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
