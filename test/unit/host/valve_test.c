/* How fast the effects of a channel begin: limits, rests, and what the other side asks for. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <greffe/engine.h>

#include "support/prime_kit.c"
#include "support/store_folder.h"

enum { dossiers = 20, second_ms = 1000, most_begun = 64 };

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
    char folder[folder_room], path[store_path_room];
    int64_t now_ms;
    greffe_status says;
    unsigned asked; /* attempts that began */
    char tokens[most_begun][1000];
    unsigned logged;
} fixture;

static int64_t read_clock(void *data)
{
    return ((const fixture *)data)->now_ms;
}

static void keep_log(void *data, greffe_log_level level, const char *text)
{
    fixture *f = data;
    f->logged += level == GREFFE_LOG_ERROR && strstr(text, "'mail' fails, and rests") != NULL;
}

static greffe_status run(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)snprintf(problem, 256, "the relay is silent");
    f->asked += 1;
    return f->says;
}

static greffe_status begin(void *data, const greffe_effect *effect, const char *token,
                           char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)problem;
    assert_in_range(f->asked, 0, most_begun - 1);
    (void)snprintf(f->tokens[f->asked++], sizeof f->tokens[0], "%s", token);
    return GREFFE_OK;
}

static int open_with(void **state, bool file)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->now_ms = PRIME_START;
    const greffe_context_options logs = {.size = sizeof logs, .log = keep_log, .log_data = f};
    assert_int_equal(greffe_context_create(&f->context, &logs), GREFFE_OK);
    f->plan = prime_compile(f->context, "Prime");
    assert_non_null(f->plan);
    greffe_engine_options options = {
        .size = sizeof options, .clock = read_clock, .clock_data = f, .alone = !file};
    if (file) {
        make_store_folder(f->folder, f->path);
        f->engine = prime_open(f->context, f->path, options);
        assert_non_null(f->engine);
    } else {
        assert_int_equal(greffe_store_memory(&options.store), GREFFE_OK);
        assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    }
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    *state = f;
    return 0;
}

static int in_memory(void **state)
{
    return open_with(state, false);
}

static int in_a_file(void **state)
{
    return open_with(state, true);
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    greffe_engine_close(f->engine);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    if (f->path[0] != '\0') {
        remove_store_folder(f->folder, f->path);
    }
    free(f);
    return 0;
}

static greffe_status set(fixture *f, greffe_handler handler)
{
    handler.size = sizeof handler;
    handler.channel = handler.channel != NULL ? handler.channel : "mail";
    handler.data = f;
    return greffe_engine_handle(f->engine, &handler);
}

/* Each filing is acknowledged with a letter. */
static void file_dossiers(fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char key[32], args[256];
        (void)snprintf(key, sizeof key, "d%u", i);
        assert_int_equal(
            prime_tell(f->engine, "file", key, "k", CITIZEN, prime_filing(args, i), f->now_ms),
            GREFFE_OK);
    }
}

/* How many attempts begin at this instant. */
static unsigned turn(fixture *f)
{
    unsigned before = f->asked;
    greffe_progress progress = {.more = true};
    for (int rounds = 0; progress.more && rounds < 50; rounds++) {
        assert_int_equal(greffe_engine_run(f->engine, &progress, 100, 0), GREFFE_OK);
    }
    assert_false(progress.more);
    return f->asked - before;
}

static void finish(fixture *f, unsigned which, greffe_status status, uint64_t again_ms)
{
    const greffe_end end = {.size = sizeof end, .status = status, .again_ms = again_ms};
    assert_int_equal(greffe_engine_finish(f->engine, f->tokens[which], &end), GREFFE_OK);
}

static unsigned waiting(fixture *f, const char *what)
{
    const greffe_query query = {
        .size = sizeof query, .kind = GREFFE_QUERY_EFFECTS, .limit = 100, .now_ms = f->now_ms};
    char *answer;
    unsigned count = 0;
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    for (const char *at = answer; (at = strstr(at, what)) != NULL; at++) {
        count += 1;
    }
    greffe_engine_free(f->engine, answer);
    return count;
}

/* --- Limits --- */

static void so_many_are_begun_at_once_and_no_more(void **state)
{
    fixture *f = *state;
    assert_int_equal(set(f, (greffe_handler){.start = begin, .at_once = 3}), GREFFE_OK);
    file_dossiers(f, dossiers);
    assert_int_equal(turn(f), 3);
    assert_int_equal(turn(f), 0);
    finish(f, 1, GREFFE_OK, 0);
    assert_int_equal(turn(f), 1);
    finish(f, 0, GREFFE_EINVALID, 0); /* it is tried again, and its place is free meanwhile */
    finish(f, 2, GREFFE_OK, 0);
    assert_int_equal(turn(f), 2);
    assert_int_equal(turn(f), 0);
    assert_int_equal(waiting(f, "\"attempts\":0"), dossiers - 3);
    assert_int_equal(waiting(f, "\"attempts\":1"), 1);
}

static void what_was_forgotten_gives_its_place_back_when_its_time_is_over(void **state)
{
    fixture *f = *state;
    const greffe_handler handler = {.start = begin, .at_once = 2, .within_ms = 90 * second_ms};
    assert_int_equal(set(f, handler), GREFFE_OK);
    file_dossiers(f, dossiers);
    assert_int_equal(turn(f), 2);
    f->now_ms += 89 * second_ms;
    assert_int_equal(turn(f), 0);
    f->now_ms += second_ms;
    assert_int_equal(turn(f), 2);
}

static void so_many_begin_in_a_minute_evenly(void **state)
{
    fixture *f = *state;
    assert_int_equal(set(f, (greffe_handler){.run = run, .per_minute = 12}), GREFFE_OK);
    file_dossiers(f, dossiers);
    assert_int_equal(turn(f), 1);
    for (int second = 1; second <= 60; second++) {
        f->now_ms += second_ms;
        assert_in_range(turn(f), 0, 1);
    }
    assert_in_range(f->asked, 12, 13);
    f->now_ms += 3600 * second_ms; /* what was not used is not saved up */
    assert_int_equal(turn(f), 1);
}

static void a_fast_rate_begins_with_what_a_second_allows(void **state)
{
    fixture *f = *state;
    assert_int_equal(set(f, (greffe_handler){.run = run, .per_minute = 300}), GREFFE_OK);
    file_dossiers(f, dossiers);
    assert_int_equal(turn(f), 6);
    f->now_ms += second_ms;
    assert_int_equal(turn(f), 5);
}

static void a_clock_that_goes_back_stops_no_channel(void **state)
{
    fixture *f = *state;
    file_dossiers(f, dossiers);
    assert_int_equal(set(f, (greffe_handler){.run = run, .per_minute = 60}), GREFFE_OK);
    f->now_ms += 86400 * second_ms;
    assert_in_range(turn(f), 1, 2);
    f->now_ms -= 86000 * second_ms;
    assert_in_range(turn(f), 1, 2);
}

/* It leaves minutes behind, whoever came. */
static void hold_a_session(fixture *f)
{
    assert_int_equal(prime_tell(f->engine, "session.convene", "s1", "k1", SECRETARY,
                                "{\"board\":\"bureau\",\"on\":\"2026-03-02\"}", f->now_ms),
                     GREFFE_OK);
    assert_int_equal(prime_tell(f->engine, "session.presence", "s1", "k2", SECRETARY,
                                "{\"present\":[\"maire\",\"doyen\"]}", f->now_ms),
                     GREFFE_OK);
    assert_int_equal(prime_tell(f->engine, "session.close", "s1", "k3", SECRETARY, "{}", f->now_ms),
                     GREFFE_OK);
}

static void other_channels_go_on(void **state)
{
    fixture *f = *state;
    assert_int_equal(set(f, (greffe_handler){.start = begin, .at_once = 1}), GREFFE_OK);
    file_dossiers(f, dossiers);
    assert_int_equal(turn(f), 1);
    assert_int_equal(
        set(f, (greffe_handler){.channel = "minutes", .run = run, .per_minute = 60000}), GREFFE_OK);
    hold_a_session(f);
    unsigned before = f->asked;
    assert_in_range(turn(f), 1, 2);
    assert_int_equal(waiting(f, "\"minutes\""), 0);
    assert_in_range(f->asked - before, 1, 2);
}

static void limits_that_cannot_be_kept_are_refused(void **state)
{
    fixture *f = *state;
    assert_int_equal(set(f, (greffe_handler){.start = begin, .at_once = 64}), GREFFE_OK);
    assert_int_equal(set(f, (greffe_handler){.start = begin, .at_once = 65}), GREFFE_ELIMIT);
    assert_int_equal(set(f, (greffe_handler){.run = run, .per_minute = 60001}), GREFFE_ELIMIT);
    assert_int_equal(set(f, (greffe_handler){.channel = "*", .run = run, .per_minute = 1}),
                     GREFFE_EMISUSE);
    assert_int_equal(set(f, (greffe_handler){.channel = "call", .start = begin, .at_once = 1}),
                     GREFFE_EMISUSE);
}

/* --- Rests --- */

static void a_channel_that_fails_rests_and_is_tried_with_one(void **state)
{
    fixture *f = *state;
    f->says = GREFFE_EIO;
    assert_int_equal(set(f, (greffe_handler){.run = run, .trips = 4}), GREFFE_OK);
    file_dossiers(f, dossiers);
    /* One page may be under way when it trips. */
    assert_int_equal(turn(f), dossiers);
    assert_int_equal(f->logged, 1);
    assert_int_equal(waiting(f, "\"attempts\":1"), dossiers);
    f->now_ms += 14 * second_ms; /* a rest is at least half of 30 s */
    assert_int_equal(turn(f), 0);
    unsigned attempts = 0;
    for (int minutes = 0; minutes < 240; minutes++) {
        f->now_ms += 60 * second_ms;
        attempts += turn(f);
    }
    /* For four hours one attempt is made after each rest of 8 to 16 minutes. */
    assert_in_range(attempts, 12, 45);
    assert_int_equal(waiting(f, "\"incident\""), 0);
    f->says = GREFFE_OK;
    for (int minutes = 0; minutes < 240 && waiting(f, "\"attempts\"") > 0; minutes++) {
        f->now_ms += 60 * second_ms;
        (void)turn(f);
    }
    assert_int_equal(waiting(f, "\"attempts\""), 0);
}

static void an_effect_that_fails_by_itself_gives_its_channel_no_rest(void **state)
{
    fixture *f = *state;
    f->says = GREFFE_EINVALID;
    assert_int_equal(set(f, (greffe_handler){.run = run, .trips = 4}), GREFFE_OK);
    file_dossiers(f, dossiers);
    assert_int_equal(turn(f), dossiers);
    assert_int_equal(f->logged, 0);
    f->now_ms += 30 * second_ms; /* the second attempts come by then, each at another instant */
    assert_int_equal(turn(f), dossiers);
}

static void what_the_other_side_will_never_take_is_an_incident_at_once(void **state)
{
    fixture *f = *state;
    f->says = GREFFE_EDENIED;
    assert_int_equal(set(f, (greffe_handler){.run = run}), GREFFE_OK);
    file_dossiers(f, 1);
    assert_int_equal(turn(f), 1);
    assert_int_equal(waiting(f, "\"incident\""), 1);
    f->says = GREFFE_OK;
    f->now_ms += 86400 * second_ms;
    assert_int_equal(turn(f), 0);
}

static void a_channel_that_asks_for_it_is_left_alone(void **state)
{
    fixture *f = *state;
    assert_int_equal(set(f, (greffe_handler){.start = begin, .at_once = 2}), GREFFE_OK);
    file_dossiers(f, dossiers);
    assert_int_equal(turn(f), 2);
    finish(f, 0, GREFFE_EBUSY, 120 * second_ms);
    finish(f, 1, GREFFE_OK, 0);
    assert_int_equal(turn(f), 0);
    f->now_ms += 119 * second_ms;
    assert_int_equal(turn(f), 0);
    f->now_ms += second_ms;
    assert_int_equal(turn(f), 2);
}

static void a_new_handler_has_no_past(void **state)
{
    fixture *f = *state;
    f->says = GREFFE_EIO;
    assert_int_equal(set(f, (greffe_handler){.run = run, .trips = 1}), GREFFE_OK);
    file_dossiers(f, 1);
    assert_int_equal(turn(f), 1);
    f->says = GREFFE_OK;
    f->now_ms += 16 * second_ms;
    assert_int_equal(set(f, (greffe_handler){.run = run, .trips = 1}), GREFFE_OK);
    file_dossiers(f, 2);
    assert_in_range(turn(f), 1, 2);
}

#define IN_BOTH(test)                                                                              \
    {"in memory: " #test, test, in_memory, tear_down, NULL},                                       \
    {                                                                                              \
        "in a file: " #test, test, in_a_file, tear_down, NULL                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(so_many_are_begun_at_once_and_no_more),
        IN_BOTH(what_was_forgotten_gives_its_place_back_when_its_time_is_over),
        IN_BOTH(so_many_begin_in_a_minute_evenly),
        IN_BOTH(a_fast_rate_begins_with_what_a_second_allows),
        IN_BOTH(a_clock_that_goes_back_stops_no_channel),
        IN_BOTH(other_channels_go_on),
        IN_BOTH(limits_that_cannot_be_kept_are_refused),
        IN_BOTH(a_channel_that_fails_rests_and_is_tried_with_one),
        IN_BOTH(an_effect_that_fails_by_itself_gives_its_channel_no_rest),
        IN_BOTH(what_the_other_side_will_never_take_is_an_incident_at_once),
        IN_BOTH(a_channel_that_asks_for_it_is_left_alone),
        IN_BOTH(a_new_handler_has_no_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
