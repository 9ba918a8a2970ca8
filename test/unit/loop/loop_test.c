/* The engine on a loop: the host's own, or one that is made for it. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pthread.h>
#include <uv.h>

#include <cmocka.h>
#include <greffe/loop.h>

#include "support/prime_kit.c"

enum { patience_ms = 20000 };

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
    uv_loop_t uv;
    uv_timer_t patience, later;
    greffe_loop *loop;
    pthread_t thread; /* of the loop */
    unsigned begun, ended, told, closed, wanted;
    bool elsewhere, gave_up;
    char tokens[16][1000];
    _Atomic int64_t minutes;
} fixture;

static int64_t read_clock(void *data)
{
    fixture *f = data;
    return PRIME_START + atomic_load(&f->minutes) * prime_minute_ms;
}

static void look(fixture *f)
{
    f->elsewhere = f->elsewhere || !pthread_equal(pthread_self(), f->thread);
    if (f->ended >= f->wanted) {
        uv_stop(&f->uv);
    }
}

/* A letter takes ten milliseconds of the host's loop. */
static void on_later(uv_timer_t *timer)
{
    fixture *f = timer->data;
    const greffe_end end = {.size = sizeof end};
    for (; f->ended < f->begun; f->ended++) {
        assert_int_equal(greffe_engine_finish(f->engine, f->tokens[f->ended], &end), GREFFE_OK);
    }
    look(f);
}

static greffe_status begin_letter(void *data, const greffe_effect *effect, const char *token,
                                  char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)problem;
    look(f);
    assert_in_range(f->begun, 0, 15);
    (void)snprintf(f->tokens[f->begun++], sizeof f->tokens[0], "%s", token);
    assert_int_equal(uv_timer_start(&f->later, on_later, 10, 0), 0);
    return GREFFE_OK;
}

static greffe_status take_letter(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)problem;
    f->ended += 1;
    if (f->ended >= f->wanted) {
        greffe_loop_stop(f->loop);
    }
    return GREFFE_OK;
}

static void note(void *data, greffe_result *result)
{
    fixture *f = data;
    assert_int_equal(result->status, GREFFE_OK);
    f->told += 1;
    look(f);
    greffe_result_free(f->engine, result);
}

static void on_patience(uv_timer_t *timer)
{
    fixture *f = timer->data;
    f->gave_up = true;
    uv_stop(&f->uv);
}

static void attach(fixture *f, bool own)
{
    const greffe_loop_options options = {
        .size = sizeof options, .engine = f->engine, .uv = own ? NULL : &f->uv, .idle_ms = 200};
    assert_int_equal(greffe_loop_attach(&f->loop, &options), GREFFE_OK);
}

static void note_closed(void *data)
{
    fixture *f = data;
    f->closed += 1;
}

/* Turns the host's loop until so many letters have left. */
static void turn(fixture *f, unsigned wanted)
{
    f->wanted = wanted;
    f->thread = pthread_self();
    assert_int_equal(uv_timer_start(&f->patience, on_patience, patience_ms, 0), 0);
    (void)uv_run(&f->uv, UV_RUN_DEFAULT);
    (void)uv_timer_stop(&f->patience);
    assert_false(f->gave_up);
    assert_false(f->elsewhere);
    assert_int_equal(f->ended, wanted);
}

static void detach(fixture *f)
{
    unsigned before = f->closed;
    greffe_loop_detach(f->loop, note_closed, f);
    for (int i = 0; i < 1000 && f->closed == before; i++) {
        (void)uv_run(&f->uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_int_equal(f->closed, before + 1);
}

static greffe_status file(fixture *f, unsigned number, bool waits)
{
    char filing[256], dossier[16];
    const greffe_actor actor = prime_actor_of(CITIZEN);
    (void)snprintf(dossier, sizeof dossier, "d%u", number);
    const char *args = prime_filing(filing, number);
    const greffe_command command = {.size = sizeof command,
                                    .verb = "file",
                                    .stream = dossier,
                                    .key = "k",
                                    .actor = &actor,
                                    .args = {args, strlen(args)}};
    greffe_result result;
    if (!waits) {
        return greffe_engine_submit(f->engine, &command, note, f);
    }
    greffe_status status = greffe_engine_execute(f->engine, &result, &command);
    greffe_result_free(f->engine, &result);
    return status;
}

static void use_post(fixture *f, bool starts)
{
    const greffe_handler handler = {.size = sizeof handler,
                                    .channel = "mail",
                                    .run = starts ? NULL : take_letter,
                                    .start = starts ? begin_letter : NULL,
                                    .data = f};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    greffe_store *store;
    assert_non_null(f);
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    f->plan = prime_compile(f->context, "d'essai");
    assert_int_equal(greffe_store_memory(&store), GREFFE_OK);
    greffe_engine_options options = {
        .size = sizeof options, .store = store, .clock = read_clock, .clock_data = f};
    assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    assert_int_equal(uv_loop_init(&f->uv), 0);
    assert_int_equal(uv_timer_init(&f->uv, &f->patience), 0);
    assert_int_equal(uv_timer_init(&f->uv, &f->later), 0);
    f->patience.data = f->later.data = f;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    greffe_engine_close(f->engine);
    uv_close((uv_handle_t *)&f->patience, NULL);
    uv_close((uv_handle_t *)&f->later, NULL);
    (void)uv_run(&f->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->uv), 0); /* nothing of the engine is left in it */
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    free(f);
    return 0;
}

/* --- Tests --- */

static void replies_and_letters_come_in_the_host_s_loop(void **state)
{
    fixture *f = *state;
    use_post(f, true);
    attach(f, false);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(file(f, i, false), GREFFE_OK);
    }
    turn(f, 5);
    assert_int_equal(f->told, 5);
    assert_int_equal(f->begun, 5);
    detach(f);
}

static void *file_one(void *data)
{
    fixture *f = data;
    uv_sleep(20);
    (void)file(f, 1, true); /* a call that waits, in another thread of the portal */
    return NULL;
}

static void what_another_thread_commits_is_dispatched_at_once(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    use_post(f, true);
    attach(f, false);
    assert_int_equal(pthread_create(&thread, NULL, file_one, f), 0);
    turn(f, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    detach(f);
}

static void timers_fire_when_they_are_due(void **state)
{
    fixture *f = *state;
    use_post(f, true);
    attach(f, false);
    assert_int_equal(file(f, 1, false), GREFFE_OK);
    turn(f, 1);
    atomic_store(&f->minutes, INT64_C(80) * 24 * 60); /* silence means a rejection, by letter */
    greffe_engine_kick(f->engine);
    turn(f, 2);
    detach(f);
}

static void what_was_left_is_done_when_the_engine_is_attached(void **state)
{
    fixture *f = *state;
    use_post(f, true);
    assert_int_equal(file(f, 1, true), GREFFE_OK);
    attach(f, false);
    turn(f, 1);
    detach(f);
    assert_int_equal(file(f, 2, true), GREFFE_OK);
    attach(f, false); /* and again */
    turn(f, 2);
    detach(f);
}

static void *run_own(void *data)
{
    fixture *f = data;
    (void)greffe_loop_run(f->loop);
    return NULL;
}

static void a_loop_of_its_own_turns_until_it_is_stopped(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    f->wanted = 3;
    use_post(f, false);
    attach(f, true);
    assert_int_equal(pthread_create(&thread, NULL, run_own, f), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(file(f, i, true), GREFFE_OK);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(f->ended, 3);
    greffe_loop_detach(f->loop, note_closed, f);
    assert_int_equal(f->closed, 1);
}

static void wrong_use_is_told(void **state)
{
    fixture *f = *state;
    greffe_loop_options options = {.size = sizeof options};
    assert_int_equal(greffe_loop_attach(&f->loop, &options), GREFFE_EMISUSE);
    assert_int_equal(greffe_loop_attach(NULL, &options), GREFFE_EMISUSE);
    attach(f, false);
    assert_int_equal(greffe_loop_run(f->loop), GREFFE_EMISUSE); /* it is the host's */
    detach(f);
    greffe_loop_detach(NULL, NULL, NULL);
    greffe_engine_kick(NULL);
    greffe_loop_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(replies_and_letters_come_in_the_host_s_loop),
        TEST(what_another_thread_commits_is_dispatched_at_once),
        TEST(timers_fire_when_they_are_due),
        TEST(what_was_left_is_done_when_the_engine_is_attached),
        TEST(a_loop_of_its_own_turns_until_it_is_stopped),
        TEST(wrong_use_is_told),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
