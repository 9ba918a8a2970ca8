/* A payment leaves at most once: what happens when nobody knows whether it did. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pthread.h>
#include <sqlite3.h>

#include <cmocka.h>

#include "support/prime_kit.c"
#include "support/store_folder.h"

enum { lease_minutes = 2 };

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    char folder[folder_room], path[store_path_room];
    greffe_engine *engine;
    int64_t minute;
    unsigned steps, dies_after, deaths;
    greffe_clock_fn clock;
} fixture;

/* The bank's counter: what it was given, and what it answers. */
typedef struct bank {
    unsigned given;
    char keys[8][64];
    greffe_status says;
    bool kills; /* the process ends in the middle */
    fixture *meanwhile;
} bank;

/* --- Fixtures --- */

static int64_t look(void *data)
{
    const fixture *f = data;
    return PRIME_START + f->minute * prime_minute_ms;
}

static greffe_engine *opened(fixture *f)
{
    const greffe_engine_options options = {.clock = f->clock != NULL ? f->clock : look,
                                           .clock_data = f};
    greffe_engine *engine = prime_open(f->context, f->path, options);
    assert_non_null(engine);
    return engine;
}

static greffe_status do_it(fixture *f, const char *verb, const char *stream, prime_actor actor,
                           const char *args)
{
    char key[16];
    (void)snprintf(key, sizeof key, "k%u", f->steps++);
    f->minute += lease_minutes;
    return prime_tell(f->engine, verb, stream, key, actor, args,
                      PRIME_START + f->minute * prime_minute_ms);
}

static greffe_status run(fixture *f)
{
    greffe_progress progress;
    f->minute += lease_minutes;
    return greffe_engine_run(f->engine, &progress, 100, PRIME_START + f->minute * prime_minute_ms);
}

static greffe_status take_letter(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)effect;
    (void)problem;
    return GREFFE_OK;
}

static greffe_status see_later(fixture *f)
{
    greffe_engine *own = f->engine;
    f->engine = opened(f);
    bank nobody = {.says = GREFFE_OK};
    const greffe_handler handler = {
        .size = sizeof handler, .channel = "payment", .run = take_letter, .data = &nobody};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
    greffe_status status = run(f);
    greffe_engine_close(f->engine);
    f->engine = own;
    return status;
}

static greffe_status take_money(void *data, const greffe_effect *effect, char problem[256])
{
    bank *b = data;
    if (b->kills) {
        _exit(0);
    }
    (void)snprintf(problem, 256, "the line broke");
    assert_in_range(b->given, 0, 7);
    (void)snprintf(b->keys[b->given++], sizeof b->keys[0], "%s", effect->key);
    if (b->meanwhile != NULL) {
        assert_int_equal(see_later(b->meanwhile), GREFFE_OK);
    }
    return b->says;
}

static void use_bank(fixture *f, bank *b, bool repeatable)
{
    const greffe_handler handler = {.size = sizeof handler,
                                    .channel = "payment",
                                    .run = take_money,
                                    .data = b,
                                    .repeatable = repeatable};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
    assert_int_equal(prime_take(f->engine, "mail", take_letter, NULL), GREFFE_OK);
    assert_int_equal(prime_take(f->engine, "minutes", take_letter, NULL), GREFFE_OK);
}

/* A dossier that was granted, and a batch with its order that waits to leave. */
static void make_batch(fixture *f, bank *b)
{
    char filing[256];
    use_bank(f, b, false);
    assert_int_equal(
        do_it(f, "allotment.allocate", "prime_2026", TREASURER, "{\"amount\":\"1000.00\"}"),
        GREFFE_OK);
    assert_int_equal(do_it(f, "file", "d1", CITIZEN, prime_filing(filing, 1)), GREFFE_OK);
    assert_int_equal(
        do_it(f, "complete", "d1", AGENT, "{\"step\":\"completude\",\"outcome\":\"complete\"}"),
        GREFFE_OK);
    assert_int_equal(
        do_it(f, "complete", "d1", AGENT, "{\"step\":\"instruction\",\"outcome\":\"favorable\"}"),
        GREFFE_OK);
    assert_int_equal(do_it(f, "session.convene", "s1", SECRETARY,
                           "{\"board\":\"bureau\",\"on\":\"2026-03-03\"}"),
                     GREFFE_OK);
    assert_int_equal(do_it(f, "session.agenda", "s1", SECRETARY, "{\"take\":\"waiting\"}"),
                     GREFFE_OK);
    f->minute = 1500;
    assert_int_equal(
        do_it(f, "session.presence", "s1", SECRETARY, "{\"present\":[\"maire\",\"doyen\"]}"),
        GREFFE_OK);
    assert_int_equal(do_it(f, "session.decide", "s1", SECRETARY, "{\"rest\":\"proposed\"}"),
                     GREFFE_OK);
    assert_int_equal(do_it(f, "session.close", "s1", SECRETARY, "{}"), GREFFE_OK);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(do_it(f, "pay.batch", "b1", TREASURER, "{\"on\":\"2026-03-05\"}"), GREFFE_OK);
    assert_int_equal(b->given, 0);
}

/* A process of its own delivers, and is killed while the bank is being told. */
static void be_killed(fixture *f, bank *b)
{
    b->kills = true;
    greffe_engine_close(f->engine);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        f->engine = opened(f);
        use_bank(f, b, false);
        (void)run(f);
        _exit(1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    f->minute += lease_minutes;
    f->engine = opened(f);
    b->kills = false;
    use_bank(f, b, false);
}

static void assert_listed(fixture *f, greffe_query_kind kind, const char *wanted)
{
    char *answer;
    greffe_query query = {.size = sizeof query, .kind = kind};
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    if (strstr(answer, wanted) == NULL) {
        print_message("%s has no %s\n", answer, wanted);
    }
    assert_non_null(strstr(answer, wanted));
    greffe_engine_free(f->engine, answer);
}

static void assert_status(fixture *f, greffe_query_kind kind, const char *status)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "\"status\":\"%s\"", status);
    assert_listed(f, kind, wanted);
}

/* The bank says that all is well, the dossier is paid, and every journal folds to its state. */
static void assert_paid_at_the_end(fixture *f)
{
    greffe_verified verified;
    assert_int_equal(do_it(f, "pay.report", "b1", TREASURER, "{\"rejected\":{}}"), GREFFE_OK);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(run(f), GREFFE_OK);
    assert_status(f, GREFFE_QUERY_ORDERS, "accepted");
    assert_status(f, GREFFE_QUERY_BATCHES, "reported");
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_store_folder(f->folder, f->path);
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    f->plan = prime_compile(f->context, "d'essai");
    assert_non_null(f->plan);
    f->engine = opened(f);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_engine_close(f->engine);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    remove_store_folder(f->folder, f->path);
    free(f);
    return 0;
}

/* --- Tests --- */

static void a_payment_that_was_interrupted_is_never_sent_again_by_itself(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK};
    make_batch(f, &b);
    be_killed(f, &b);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(f), GREFFE_OK);
    }
    assert_int_equal(b.given, 0);
    assert_status(f, GREFFE_QUERY_BATCHES, "unknown");
    assert_status(f, GREFFE_QUERY_ORDERS, "unknown");
    char retry[128];
    (void)snprintf(retry, sizeof retry, "{\"effect\":\"b1\"}");
    assert_int_equal(do_it(f, "pay.retry", "b1", TREASURER, retry), GREFFE_ESTATE);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 0);
}

static void it_goes_again_under_its_key_once_an_operator_knows_that_it_did_not_leave(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK};
    make_batch(f, &b);
    be_killed(f, &b);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(do_it(f, "pay.settle", "b1", TREASURER, "{\"sent\":false}"), GREFFE_EINVALID);
    assert_int_equal(do_it(f, "pay.settle", "b1", TREASURER, "{\"sent\":\"no\",\"because\":\"?\"}"),
                     GREFFE_EINVALID);
    assert_int_equal(
        do_it(f, "pay.settle", "b1", AGENT, "{\"sent\":false,\"because\":\"rien reçu\"}"),
        GREFFE_EDENIED);
    assert_int_equal(
        do_it(f, "pay.settle", "b1", TREASURER, "{\"sent\":false,\"because\":\"rien reçu\"}"),
        GREFFE_OK);
    assert_status(f, GREFFE_QUERY_ORDERS, "batched");
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 1);
    assert_string_equal(b.keys[0], "b1");
    assert_status(f, GREFFE_QUERY_BATCHES, "emitted");
    assert_int_equal(
        do_it(f, "pay.settle", "b1", TREASURER, "{\"sent\":true,\"because\":\"encore\"}"),
        GREFFE_ESTATE);
    assert_paid_at_the_end(f);
}

static void it_is_not_sent_again_once_an_operator_knows_that_it_left(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK};
    make_batch(f, &b);
    be_killed(f, &b);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(
        do_it(f, "pay.settle", "b1", TREASURER, "{\"sent\":true,\"because\":\"vu au relevé\"}"),
        GREFFE_OK);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 0);
    assert_status(f, GREFFE_QUERY_BATCHES, "emitted");
    assert_paid_at_the_end(f);
}

/* A clock that is the death of its process: at the first look after the bank was told, and the
 * batch said to be unknown. */
static int64_t look_and_die(void *data)
{
    fixture *f = data;
    if (f->dies_after > 0 && f->deaths++ == f->dies_after) {
        _exit(0);
    }
    return look(f);
}

static void die_before_the_dossier_is_told(fixture *f, bank *b)
{
    greffe_engine_close(f->engine);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        greffe_progress progress;
        f->clock = look_and_die;
        f->engine = opened(f);
        use_bank(f, b, false);
        (void)greffe_engine_run(f->engine, &progress, 1, 0);
        _exit(1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    f->engine = opened(f);
    use_bank(f, b, false);
}

static void what_is_settled_before_the_dossier_was_told_never_reaches_it(void **state)
{
    fixture *f = *state;
    char *history;
    bank b = {.says = GREFFE_EUNKNOWN};
    make_batch(f, &b);
    f->minute += lease_minutes;
    for (f->dies_after = 1; f->dies_after < 9; f->dies_after++) {
        die_before_the_dossier_is_told(f, &b);
        f->minute += lease_minutes;
        greffe_query orders = {
            .size = sizeof orders, .kind = GREFFE_QUERY_ORDERS, .status = "unknown"};
        assert_int_equal(greffe_engine_read(f->engine, &history, &orders), GREFFE_OK);
        bool unknown = strstr(history, "PRIME") != NULL;
        greffe_engine_free(f->engine, history);
        if (unknown) {
            break;
        }
    }
    assert_status(f, GREFFE_QUERY_ORDERS, "unknown");
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_HISTORY, .key = "d1"};
    assert_int_equal(greffe_engine_read(f->engine, &history, &query), GREFFE_OK);
    assert_null(strstr(history, "order.result")); /* it has not been told */
    greffe_engine_free(f->engine, history);
    assert_int_equal(
        do_it(f, "pay.settle", "b1", TREASURER, "{\"sent\":false,\"because\":\"rien reçu\"}"),
        GREFFE_OK);
    greffe_query waiting = {.size = sizeof waiting, .kind = GREFFE_QUERY_EFFECTS};
    assert_int_equal(greffe_engine_read(f->engine, &history, &waiting), GREFFE_OK);
    assert_null(strstr(history, "order.result")); /* nothing is left to tell */
    greffe_engine_free(f->engine, history);
    b.says = GREFFE_OK;
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 1);
    assert_string_equal(b.keys[0], "b1");
    assert_paid_at_the_end(f);
    assert_int_equal(greffe_engine_read(f->engine, &history, &query), GREFFE_OK);
    assert_null(strstr(history, "unknown"));
    assert_non_null(strstr(history, "order.result"));
    greffe_engine_free(f->engine, history);
}

static void the_bank_s_answer_settles_what_the_line_left_unknown(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_EUNKNOWN};
    make_batch(f, &b);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 1);
    assert_status(f, GREFFE_QUERY_BATCHES, "unknown");
    assert_listed(f, GREFFE_QUERY_EFFECTS, "\"problem\":\"the line broke\"");
    assert_paid_at_the_end(f);
    assert_int_equal(b.given, 1);
}

static void an_end_that_comes_late_settles_it_too(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK, .meanwhile = f};
    make_batch(f, &b);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 1);
    assert_status(f, GREFFE_QUERY_BATCHES, "emitted");
    assert_status(f, GREFFE_QUERY_ORDERS, "batched");
    b.meanwhile = NULL;
    assert_paid_at_the_end(f);
}

static void what_surely_did_not_leave_is_tried_again(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_EIO};
    make_batch(f, &b);
    assert_int_equal(run(f), GREFFE_OK);
    assert_status(f, GREFFE_QUERY_BATCHES, "made");
    b.says = GREFFE_EFULL;
    assert_int_equal(run(f), GREFFE_EFULL);
    assert_status(f, GREFFE_QUERY_BATCHES, "made");
    b.says = GREFFE_OK;
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 3);
    assert_status(f, GREFFE_QUERY_BATCHES, "emitted");
    assert_paid_at_the_end(f);
}

static void a_handler_that_bears_the_same_key_twice_is_asked_again(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK};
    make_batch(f, &b);
    be_killed(f, &b);
    use_bank(f, &b, true);
    assert_int_equal(run(f), GREFFE_OK);
    assert_int_equal(b.given, 1);
    assert_status(f, GREFFE_QUERY_BATCHES, "emitted");
    assert_paid_at_the_end(f);
}

/* --- What cannot be told --- */

static void spoil(const fixture *f, int kind)
{
    sqlite3 *db;
    char text[80];
    (void)snprintf(text, sizeof text, "UPDATE greffe_stream SET state = x'ff' WHERE kind = %d",
                   kind);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The bank has it, and then the batch can no longer be read. */
static greffe_status take_and_spoil(void *data, const greffe_effect *effect, char problem[256])
{
    bank *b = data;
    (void)effect;
    (void)problem;
    b->given += 1;
    spoil(b->meanwhile, 6);
    return GREFFE_OK;
}

static void what_left_and_cannot_be_told_is_not_sent_again(void **state)
{
    fixture *f = *state;
    bank b = {.meanwhile = f};
    make_batch(f, &b);
    const greffe_handler handler = {
        .size = sizeof handler, .channel = "payment", .run = take_and_spoil, .data = &b};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
    for (int i = 0; i < 12; i++) {
        (void)run(f);
        f->minute += 60;
    }
    assert_int_equal(b.given, 1);
}

static void what_was_interrupted_and_cannot_be_told_is_not_sent_again(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK};
    make_batch(f, &b);
    be_killed(f, &b);
    spoil(f, 4);
    for (int i = 0; i < 12; i++) {
        (void)run(f);
        f->minute += 60;
    }
    assert_int_equal(b.given, 0);
}

/* --- Two threads --- */

static greffe_status take_slowly(void *data, const greffe_effect *effect, char problem[256])
{
    bank *b = data;
    const struct timespec rest = {0, 20000000};
    (void)effect;
    (void)problem;
    (void)nanosleep(&rest, NULL);
    b->given += 1; /* rounds take turns: nobody else counts meanwhile */
    return GREFFE_OK;
}

static void *run_a_round(void *data)
{
    const fixture *f = data;
    greffe_progress progress;
    (void)greffe_engine_run(f->engine, &progress, 100, PRIME_START + f->minute * prime_minute_ms);
    return NULL;
}

static void two_threads_of_a_process_that_is_alone_pay_once(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK};
    pthread_t threads[2];
    make_batch(f, &b);
    greffe_engine_close(f->engine);
    greffe_store *store;
    greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = f->path};
    assert_int_equal(greffe_store_sqlite(&store, &sqlite), GREFFE_OK);
    greffe_engine_options options = {.size = sizeof options, .store = store, .alone = true};
    assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    use_bank(f, &b, false);
    const greffe_handler handler = {
        .size = sizeof handler, .channel = "payment", .run = take_slowly, .data = &b};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
    f->minute += lease_minutes;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_a_round, f), 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(b.given, 1);
    assert_status(f, GREFFE_QUERY_BATCHES, "emitted");
}

static greffe_status run_within(void *data, const greffe_effect *effect, char problem[256])
{
    greffe_progress progress;
    fixture *f = data;
    (void)effect;
    (void)problem;
    assert_int_equal(greffe_engine_run(f->engine, &progress, 9, PRIME_START), GREFFE_EMISUSE);
    return GREFFE_OK;
}

static void a_handler_that_runs_a_round_is_told_that_it_may_not(void **state)
{
    fixture *f = *state;
    bank b = {.says = GREFFE_OK};
    make_batch(f, &b);
    assert_int_equal(prime_take(f->engine, "payment", run_within, f), GREFFE_OK);
    assert_int_equal(run(f), GREFFE_OK);
    assert_status(f, GREFFE_QUERY_BATCHES, "emitted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_payment_that_was_interrupted_is_never_sent_again_by_itself),
        TEST(it_goes_again_under_its_key_once_an_operator_knows_that_it_did_not_leave),
        TEST(it_is_not_sent_again_once_an_operator_knows_that_it_left),
        TEST(what_is_settled_before_the_dossier_was_told_never_reaches_it),
        TEST(the_bank_s_answer_settles_what_the_line_left_unknown),
        TEST(an_end_that_comes_late_settles_it_too),
        TEST(what_surely_did_not_leave_is_tried_again),
        TEST(a_handler_that_bears_the_same_key_twice_is_asked_again),
        TEST(what_left_and_cannot_be_told_is_not_sent_again),
        TEST(what_was_interrupted_and_cannot_be_told_is_not_sent_again),
        TEST(two_threads_of_a_process_that_is_alone_pay_once),
        TEST(a_handler_that_runs_a_round_is_told_that_it_may_not),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
