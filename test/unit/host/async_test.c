/* Calls that do not wait: every one that is accepted is done, told once, and told on the host's
 * thread; and what shares a commit does not share a fate. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>

#include <cmocka.h>
#include <greffe/async.h>

#include "support/prime_kit.c"
#include "support/store_folder.h"

enum { threads = 8, each = 40, wait_ms = 20000 };

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    char folder[folder_room], path[store_path_room];
    greffe_engine *engine;
    /* what was told */
    unsigned told, done, refused, lost;
    pthread_t teller;
    bool elsewhere;
    char last[16384];
    uint64_t version;
    _Atomic int64_t minutes; /* that have passed */
} fixture;

static void note(void *data, greffe_result *result)
{
    fixture *f = data;
    f->elsewhere = f->elsewhere || !pthread_equal(pthread_self(), f->teller);
    f->told += 1;
    f->done += result->status == GREFFE_OK;
    f->refused += result->status != GREFFE_OK && result->code[0] != '\0';
    f->lost += result->status != GREFFE_OK && result->code[0] == '\0';
    f->version = result->version;
    (void)snprintf(f->last, sizeof f->last, "%s", result->answer != NULL ? result->answer : "");
    greffe_result_free(f->engine, result);
}

/* As a loop does: waits for the descriptor, then takes what has come. */
static void take_until(fixture *f, unsigned count)
{
    f->teller = pthread_self();
    while (f->told < count) {
        struct pollfd ready = {.fd = greffe_engine_fd(f->engine), .events = POLLIN};
        uint32_t taken;
        assert_int_equal(poll(&ready, 1, wait_ms), 1);
        assert_int_equal(greffe_engine_poll(f->engine, 50, &taken), GREFFE_OK);
        assert_in_range(taken, 1, 50);
    }
    assert_false(f->elsewhere);
}

static bool is_readable(const fixture *f)
{
    struct pollfd ready = {.fd = greffe_engine_fd(f->engine), .events = POLLIN};
    return poll(&ready, 1, 0) == 1;
}

static greffe_status submit(fixture *f, const char *verb, const char *stream, const char *key,
                            prime_actor who, const char *args)
{
    const greffe_actor actor = prime_actor_of(who);
    const greffe_command command = {.size = sizeof command,
                                    .verb = verb,
                                    .stream = stream,
                                    .key = key,
                                    .actor = &actor,
                                    .args = {args, strlen(args)},
                                    .now_ms = PRIME_START};
    return greffe_engine_submit(f->engine, &command, note, f);
}

static int64_t read_clock(void *data);

static greffe_engine *opened(fixture *f)
{
    greffe_store *store;
    greffe_engine *engine;
    greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = f->path};
    assert_int_equal(greffe_store_sqlite(&store, &sqlite), GREFFE_OK);
    greffe_engine_options options = {
        .size = sizeof options, .store = store, .clock = read_clock, .clock_data = f};
    assert_int_equal(greffe_engine_open(&engine, f->context, &options), GREFFE_OK);
    return engine;
}

/* --- Effects that take their time --- */

/* A post office: what it was given, to be finished later. */
typedef struct post {
    unsigned begun, run;
    char tokens[64][1000], keys[64][64], subject[128];
    greffe_status says;
} post;

static greffe_status begin_letter(void *data, const greffe_effect *effect, const char *token,
                                  char problem[256])
{
    post *p = data;
    (void)snprintf(problem, 256, "the office is closed");
    if (p->says != GREFFE_OK) {
        return p->says;
    }
    assert_in_range(p->begun, 0, 63);
    (void)snprintf(p->tokens[p->begun], sizeof p->tokens[0], "%s", token);
    (void)snprintf(p->keys[p->begun], sizeof p->keys[0], "%s", effect->key);
    (void)snprintf(p->subject, sizeof p->subject, "%s", effect->subject);
    p->begun += 1;
    return GREFFE_OK;
}

static greffe_status take_letter(void *data, const greffe_effect *effect, char problem[256])
{
    post *p = data;
    (void)effect;
    (void)problem;
    p->run += 1;
    return p->says;
}

static void use_post(const fixture *f, post *p, bool starts)
{
    const greffe_handler handler = {.size = sizeof handler,
                                    .channel = "mail",
                                    .run = starts ? NULL : take_letter,
                                    .start = starts ? begin_letter : NULL,
                                    .data = p,
                                    .within_ms = starts ? 3600000 : 0};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
}

static void finish(const fixture *f, const char *token, greffe_status status)
{
    const greffe_end end = {.size = sizeof end, .status = status, .problem = "no such street"};
    assert_int_equal(greffe_engine_finish(f->engine, token, &end), GREFFE_OK);
}

/* A round that does not wait; every effect that it announced is handed over before its reply. */
static void dispatch(fixture *f)
{
    unsigned before = f->told;
    assert_int_equal(greffe_engine_dispatch(f->engine, 100, 0, note, f), GREFFE_OK);
    take_until(f, before + 1);
}

static void assert_waiting(fixture *f, unsigned count)
{
    char *list;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_EFFECTS, .limit = 1000};
    assert_int_equal(greffe_engine_read(f->engine, &list, &query), GREFFE_OK);
    unsigned found = 0;
    for (const char *at = list; (at = strstr(at, "\"effect\":")) != NULL; at++) {
        found += 1;
    }
    assert_int_equal(found, count);
    greffe_engine_free(f->engine, list);
}

static int64_t read_clock(void *data)
{
    fixture *f = data;
    return PRIME_START + atomic_load(&f->minutes) * prime_minute_ms;
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
    f->teller = pthread_self();
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
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
    remove_store_folder(f->folder, f->path);
    free(f);
    return 0;
}

/* --- Tests --- */

static void a_command_is_told_once_when_it_is_durable(void **state)
{
    fixture *f = *state;
    char filing[256];
    assert_false(is_readable(f));
    assert_int_equal(submit(f, "file", "d1", "k", CITIZEN, prime_filing(filing, 1)), GREFFE_OK);
    memset(filing, 'x', sizeof filing); /* what it needs was copied */
    take_until(f, 1);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->version, 1);
    assert_false(is_readable(f));
    assert_int_equal(submit(f, "file", "d1", "k", CITIZEN, prime_filing(filing, 1)), GREFFE_OK);
    take_until(f, 2);
    assert_int_equal(f->done, 2);
    assert_int_equal(f->version, 1); /* the first answer again */
}

static void what_must_not_be_accepted_is_not(void **state)
{
    fixture *f = *state;
    const greffe_actor system = {.size = sizeof system, .subject = "s", .kind = "system"};
    greffe_command command = {.size = sizeof command, .verb = "file", .stream = "d", .key = "k"};
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER};
    assert_int_equal(greffe_engine_submit(f->engine, &command, note, f), GREFFE_EMISUSE);
    command.actor = &system;
    assert_int_equal(greffe_engine_submit(f->engine, &command, note, f), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_ask(f->engine, &query, note, f), GREFFE_EMISUSE);
    query.key = "d";
    assert_int_equal(greffe_engine_ask(f->engine, &query, NULL, f), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_submit_plan(f->engine, NULL, note, f), GREFFE_EMISUSE);
    assert_false(is_readable(f));
    assert_int_equal(f->told, 0);
}

static void a_read_sees_what_was_accepted_before_it(void **state)
{
    fixture *f = *state;
    char filing[256];
    const greffe_query dossier = {
        .size = sizeof dossier, .kind = GREFFE_QUERY_DOSSIER, .key = "d1"};
    assert_int_equal(submit(f, "file", "d1", "k", CITIZEN, prime_filing(filing, 1)), GREFFE_OK);
    assert_int_equal(greffe_engine_ask(f->engine, &dossier, note, f), GREFFE_OK);
    take_until(f, 2);
    assert_int_equal(f->done, 2);
    assert_non_null(strstr(f->last, "PRIME-2026-000001"));
    const greffe_query other = {.size = sizeof other, .kind = GREFFE_QUERY_DOSSIER, .key = "d2"};
    assert_int_equal(greffe_engine_ask(f->engine, &other, note, f), GREFFE_OK);
    take_until(f, 3);
    assert_int_equal(f->lost, 1); /* GREFFE_ENOTFOUND has no code of its own */
}

static void a_plan_is_published_without_waiting(void **state)
{
    fixture *f = *state;
    greffe_plan *other = prime_compile(f->context, "nouvelle");
    assert_int_equal(greffe_engine_submit_plan(f->engine, other, note, f), GREFFE_OK);
    take_until(f, 1);
    assert_int_equal(f->done, 1);
    greffe_plan_unref(other);
}

static void a_notice_can_be_taken_without_a_call(void **state)
{
    fixture *f = *state;
    char filing[256];
    greffe_notice notice = {.size = sizeof notice};
    assert_int_equal(greffe_engine_next(f->engine, &notice), GREFFE_OK);
    assert_int_equal(notice.kind, GREFFE_NOTICE_NONE);
    assert_int_equal(submit(f, "file", "d1", "k", CITIZEN, prime_filing(filing, 1)), GREFFE_OK);
    struct pollfd ready = {.fd = greffe_engine_fd(f->engine), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, wait_ms), 1);
    assert_int_equal(greffe_engine_next(f->engine, &notice), GREFFE_OK);
    assert_int_equal(notice.kind, GREFFE_NOTICE_REPLY);
    assert_ptr_equal(notice.data, f);
    assert_int_equal(notice.result.status, GREFFE_OK);
    assert_int_equal(f->told, 0); /* nothing was called */
    greffe_notice_release(f->engine, &notice);
    assert_int_equal(notice.kind, GREFFE_NOTICE_NONE);
    greffe_notice_release(f->engine, &notice);
    notice.size = 1;
    assert_int_equal(greffe_engine_next(f->engine, &notice), GREFFE_EMISUSE);
}

static void poll_within(void *data, greffe_result *result)
{
    fixture *f = data;
    uint32_t taken;
    assert_int_equal(greffe_engine_poll(f->engine, 1, &taken), GREFFE_EMISUSE);
    note(data, result);
}

static void a_reply_that_polls_is_told_that_it_may_not(void **state)
{
    fixture *f = *state;
    const greffe_query tasks = {.size = sizeof tasks, .kind = GREFFE_QUERY_TASKS};
    assert_int_equal(greffe_engine_ask(f->engine, &tasks, poll_within, f), GREFFE_OK);
    take_until(f, 1);
}

static void *give_many(void *data)
{
    fixture *f = ((void **)data)[0];
    unsigned number = (unsigned)(uintptr_t)((void **)data)[1];
    for (unsigned i = 0; i < each; i++) {
        char filing[256], dossier[16];
        (void)snprintf(dossier, sizeof dossier, "t%u-%u", number, i);
        while (submit(f, "file", dossier, "k", CITIZEN, prime_filing(filing, number * each + i)) ==
               GREFFE_EBUSY) {
        }
    }
    return NULL;
}

static void eight_threads_give_and_one_takes(void **state)
{
    fixture *f = *state;
    pthread_t all[threads];
    void *data[threads][2];
    for (unsigned i = 0; i < threads; i++) {
        data[i][0] = f;
        data[i][1] = (void *)(uintptr_t)i;
        assert_int_equal(pthread_create(&all[i], NULL, give_many, data[i]), 0);
    }
    take_until(f, threads * each);
    for (unsigned i = 0; i < threads; i++) {
        assert_int_equal(pthread_join(all[i], NULL), 0);
    }
    assert_int_equal(f->done, threads * each);
}

/* One of them cannot be done; the others do not notice. */
static void a_command_that_is_refused_harms_no_neighbour(void **state)
{
    fixture *f = *state;
    for (unsigned i = 0; i < 60; i++) {
        char filing[256], dossier[16];
        (void)snprintf(dossier, sizeof dossier, "d%u", i);
        bool wrong = i % 3 == 1;
        assert_int_equal(submit(f, "file", dossier, "k", CITIZEN,
                                wrong ? "{\"procedure\":\"prime\"}" : prime_filing(filing, i)),
                         GREFFE_OK);
    }
    take_until(f, 60);
    assert_int_equal(f->done, 40);
    assert_int_equal(f->refused, 20);
}

static void commands_of_one_dossier_keep_their_order(void **state)
{
    fixture *f = *state;
    char filing[256];
    assert_int_equal(submit(f, "file", "d1", "k", CITIZEN, prime_filing(filing, 1)), GREFFE_OK);
    for (unsigned i = 0; i < 100; i++) {
        char key[16], text[64];
        (void)snprintf(key, sizeof key, "c%u", i);
        (void)snprintf(text, sizeof text, "{\"text\":\"remarque %u\"}", i);
        assert_int_equal(submit(f, "comment", "d1", key, AGENT, text), GREFFE_OK);
        /* and others between them */
        (void)snprintf(key, sizeof key, "o%u", i);
        assert_int_equal(submit(f, "file", key, "k", CITIZEN, prime_filing(filing, 100 + i)),
                         GREFFE_OK);
    }
    take_until(f, 201);
    assert_int_equal(f->done, 201);
    char *history;
    greffe_query query = {
        .size = sizeof query, .kind = GREFFE_QUERY_HISTORY, .key = "d1", .limit = 1000};
    assert_int_equal(greffe_engine_read(f->engine, &history, &query), GREFFE_OK);
    assert_non_null(strstr(history, "\"version\":101"));
    greffe_engine_free(f->engine, history);
    char *dossier;
    query.kind = GREFFE_QUERY_DOSSIER;
    assert_int_equal(greffe_engine_read(f->engine, &dossier, &query), GREFFE_OK);
    greffe_engine_free(f->engine, dossier);
}

static off_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : 0;
}

/* No file of this process grows beyond so many bytes: a disk that is full. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What all of them want does not fit; what some of them want does. Each is told what became of it,
 * and what was refused is given again when there is room. */
static void a_group_that_does_not_fit_is_done_one_by_one(void **state)
{
    enum { many = 90 };
    fixture *f = *state;
    char filing[256], log[96];
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)snprintf(log, sizeof log, "%s-wal", f->path);
    limit_files((rlim_t)size_of(log) + 100000);
    for (unsigned i = 0; i < many; i++) {
        char dossier[16];
        (void)snprintf(dossier, sizeof dossier, "d%u", i);
        assert_int_equal(submit(f, "file", dossier, "k", CITIZEN, prime_filing(filing, i)),
                         GREFFE_OK);
    }
    take_until(f, many);
    limit_files(RLIM_INFINITY);
    assert_int_equal(f->done + f->lost, many);
    assert_in_range(f->done, 1, many - 1);
    unsigned first = f->done;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    for (unsigned i = 0; i < many; i++) {
        char dossier[16];
        (void)snprintf(dossier, sizeof dossier, "d%u", i);
        assert_int_equal(submit(f, "file", dossier, "k", CITIZEN, prime_filing(filing, i)),
                         GREFFE_OK);
    }
    take_until(f, 2 * many);
    assert_int_equal(f->done, first + many);
    char *list;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS, .limit = 1000};
    assert_int_equal(greffe_engine_read(f->engine, &list, &query), GREFFE_OK);
    unsigned found = 0;
    for (const char *at = list; (at = strstr(at, "\"dossier\":")) != NULL; at++) {
        found += 1;
    }
    assert_int_equal(found, many); /* each once */
    greffe_engine_free(f->engine, list);
}

/* --- Syncs are counted where the system is asked for them --- */

static atomic_uint syncs;

int fdatasync(int file)
{
    (void)file;
    atomic_fetch_add(&syncs, 1);
    return 0;
}

int fsync(int file)
{
    return fdatasync(file);
}

static void a_hundred_in_flight_share_their_syncs(void **state)
{
    fixture *f = *state;
    char filing[256];
    unsigned before = atomic_load(&syncs);
    for (unsigned i = 0; i < 100; i++) {
        char dossier[16];
        (void)snprintf(dossier, sizeof dossier, "d%u", i);
        assert_int_equal(submit(f, "file", dossier, "k", CITIZEN, prime_filing(filing, i)),
                         GREFFE_OK);
    }
    take_until(f, 100);
    assert_int_equal(f->done, 100);
    print_message("100 commands: %u syncs\n", atomic_load(&syncs) - before);
    assert_in_range(atomic_load(&syncs) - before, 1, 20);
}

static void too_many_are_not_accepted(void **state)
{
    fixture *f = *state;
    const greffe_query tasks = {.size = sizeof tasks, .kind = GREFFE_QUERY_TASKS, .limit = 1};
    for (unsigned i = 0; i < GREFFE_MAX_ACCEPTED; i++) {
        assert_int_equal(greffe_engine_ask(f->engine, &tasks, note, f), GREFFE_OK);
    }
    assert_int_equal(greffe_engine_ask(f->engine, &tasks, note, f), GREFFE_EBUSY);
    take_until(f, 1);
    assert_int_equal(greffe_engine_ask(f->engine, &tasks, note, f), GREFFE_OK);
    take_until(f, GREFFE_MAX_ACCEPTED + 1);
    assert_int_equal(f->done, GREFFE_MAX_ACCEPTED + 1);
}

static void what_was_accepted_is_done_and_told_when_the_engine_closes(void **state)
{
    fixture *f = *state;
    for (unsigned i = 0; i < 50; i++) {
        char filing[256], dossier[16];
        (void)snprintf(dossier, sizeof dossier, "d%u", i);
        assert_int_equal(submit(f, "file", dossier, "k", CITIZEN, prime_filing(filing, i)),
                         GREFFE_OK);
    }
    greffe_engine_close(f->engine);
    assert_int_equal(f->told, 50);
    assert_int_equal(f->done, 50);
    f->engine = opened(f);
    char *list;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS};
    assert_int_equal(greffe_engine_read(f->engine, &list, &query), GREFFE_OK);
    assert_non_null(strstr(list, "\"d49\""));
    greffe_engine_free(f->engine, list);
}

static void file_some(fixture *f, unsigned count)
{
    unsigned before = f->told;
    for (unsigned i = 0; i < count; i++) {
        char filing[256], dossier[16];
        (void)snprintf(dossier, sizeof dossier, "d%u", i);
        assert_int_equal(submit(f, "file", dossier, "k", CITIZEN, prime_filing(filing, i)),
                         GREFFE_OK);
    }
    take_until(f, before + count);
}

static void a_round_that_does_not_wait_hands_over_on_the_host_s_thread(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, false);
    file_some(f, 3);
    dispatch(f);
    assert_int_equal(p.run, 3);
    assert_non_null(strstr(f->last, "\"effects\":3"));
    dispatch(f); /* the ends were told before */
    assert_waiting(f, 0);
    assert_int_equal(p.run, 3);
    assert_non_null(strstr(f->last, "\"more\":false,\"elsewhere\":false,\"now_ms\":"));
    assert_null(strstr(f->last, "\"next_ms\":null")); /* the clock's warning is next */
}

static void what_was_begun_ends_later_from_any_thread(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, true);
    file_some(f, 2);
    dispatch(f);
    assert_int_equal(p.begun, 2);
    assert_string_not_equal(p.keys[0], p.keys[1]);
    assert_waiting(f, 2);
    dispatch(f);
    assert_int_equal(p.begun, 2); /* it is not begun again meanwhile */
    finish(f, p.tokens[0], GREFFE_OK);
    finish(f, p.tokens[0], GREFFE_OK); /* said twice, it ends once */
    dispatch(f);
    assert_waiting(f, 1);
    finish(f, p.tokens[1], GREFFE_OK);
    dispatch(f);
    assert_waiting(f, 0);
}

static void what_was_begun_may_end_after_a_restart(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, true);
    file_some(f, 1);
    dispatch(f);
    greffe_engine_close(f->engine);
    f->engine = opened(f);
    use_post(f, &p, true);
    finish(f, p.tokens[0], GREFFE_OK);
    dispatch(f);
    assert_waiting(f, 0);
    assert_int_equal(p.begun, 1);
}

static void what_never_ends_is_begun_again_and_its_late_success_counts(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, true);
    file_some(f, 1);
    dispatch(f);
    f->minutes = 59;
    dispatch(f);
    assert_int_equal(p.begun, 1);
    f->minutes = 61; /* its hour is over */
    dispatch(f);
    assert_int_equal(p.begun, 2);
    assert_string_equal(p.keys[0], p.keys[1]); /* the same key to the other side */
    finish(f, p.tokens[0], GREFFE_EIO);        /* the first one's failure is nobody's any more */
    finish(f, p.tokens[0], GREFFE_EDENIED);    /* and no incident */
    dispatch(f);
    assert_int_equal(p.begun, 2);
    assert_waiting(f, 1);
    finish(f, p.tokens[0], GREFFE_OK);
    dispatch(f);
    assert_waiting(f, 0);
}

static void what_never_ends_is_an_incident_some_day(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, true);
    file_some(f, 1);
    for (unsigned i = 0; i < 20; i++) {
        dispatch(f);
        f->minutes += 61;
    }
    assert_int_equal(p.begun, 8);
    char *list;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_EFFECTS};
    assert_int_equal(greffe_engine_read(f->engine, &list, &query), GREFFE_OK);
    assert_non_null(strstr(list, "\"state\":\"incident\""));
    assert_non_null(strstr(list, "it was begun 8 times, and never finished"));
    greffe_engine_free(f->engine, list);
}

static void what_failed_is_tried_again_later_and_in_the_end_an_incident(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, true);
    file_some(f, 1);
    for (unsigned i = 0; i < 12; i++) {
        unsigned before = p.begun;
        dispatch(f);
        if (p.begun > before) {
            finish(f, p.tokens[p.begun - 1], GREFFE_EIO);
            assert_waiting(f, 1); /* and it was told before time goes on */
        }
        f->minutes += 120;
    }
    assert_int_equal(p.begun, 8);
    char *list;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_EFFECTS};
    assert_int_equal(greffe_engine_read(f->engine, &list, &query), GREFFE_OK);
    assert_non_null(strstr(list, "\"state\":\"incident\""));
    assert_non_null(strstr(list, "no such street"));
    greffe_engine_free(f->engine, list);
}

static void what_cannot_be_begun_is_tried_again(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_EIO};
    use_post(f, &p, true);
    file_some(f, 1);
    dispatch(f);
    assert_int_equal(p.begun, 0);
    assert_waiting(f, 1); /* that it failed was told before time goes on */
    p.says = GREFFE_OK;
    f->minutes = 3;
    dispatch(f);
    assert_int_equal(p.begun, 1);
    finish(f, p.tokens[0], GREFFE_OK);
    dispatch(f);
    assert_waiting(f, 0);
}

static void a_blocking_round_begins_them_as_well(void **state)
{
    fixture *f = *state;
    greffe_progress progress;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, true);
    file_some(f, 2);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 100, 0), GREFFE_OK);
    assert_int_equal(p.begun, 2);
    assert_string_equal(p.subject, "Demande PRIME-2026-000002");
    finish(f, p.tokens[0], GREFFE_OK);
    finish(f, p.tokens[1], GREFFE_OK);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 100, 0), GREFFE_OK);
    assert_waiting(f, 0);
}

static void what_is_no_token_is_refused(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    const greffe_end end = {.size = sizeof end};
    use_post(f, &p, true);
    file_some(f, 1);
    dispatch(f);
    static const char *const wrong[] = {"",
                                        "g1",
                                        "g2.1.0.0.5.6431.6431.6d61696c",
                                        "g1.9.0.0.5.6431.6431.6d61696c",
                                        "g1.1.0.2.5.6431.6431.6d61696c",
                                        "g1.1.0.0.5.643.6431.6d61696c",
                                        "g1.1.0.0.5.6431.6431.6d61696c.00",
                                        "g1.1.0.0.5.6431.64zz.6d61696c",
                                        "g1.1.0.0.5.6431.6431"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(greffe_engine_finish(f->engine, wrong[i], &end), GREFFE_EINVALID);
    }
    for (size_t cut = 0; cut < strlen(p.tokens[0]); cut++) {
        char shorter[1000];
        (void)snprintf(shorter, sizeof shorter, "%.*s", (int)cut, p.tokens[0]);
        assert_int_equal(greffe_engine_finish(f->engine, shorter, &end), GREFFE_EINVALID);
        (void)snprintf(shorter, sizeof shorter, "%s", p.tokens[0]);
        shorter[cut] = shorter[cut] == '1' ? '2' : '1';
        assert_int_equal(greffe_engine_finish(f->engine, shorter, &end), GREFFE_EINVALID);
    }
    assert_int_equal(greffe_engine_finish(f->engine, p.tokens[0], NULL), GREFFE_EMISUSE);
    dispatch(f);
    assert_waiting(f, 1);
}

static void a_binding_takes_effects_without_a_call(void **state)
{
    fixture *f = *state;
    post p = {.says = GREFFE_OK};
    use_post(f, &p, false);
    file_some(f, 1);
    assert_int_equal(greffe_engine_dispatch(f->engine, 100, 0, note, f), GREFFE_OK);
    unsigned effects = 0;
    for (greffe_notice_kind kind = GREFFE_NOTICE_NONE; kind != GREFFE_NOTICE_REPLY;) {
        greffe_notice notice = {.size = sizeof notice};
        struct pollfd ready = {.fd = greffe_engine_fd(f->engine), .events = POLLIN};
        assert_int_equal(poll(&ready, 1, wait_ms), 1);
        assert_int_equal(greffe_engine_next(f->engine, &notice), GREFFE_OK);
        kind = notice.kind;
        if (kind == GREFFE_NOTICE_EFFECT) {
            effects += 1;
            assert_string_equal(notice.effect->channel, "mail");
            finish(f, notice.token, GREFFE_OK);
        }
        greffe_notice_release(f->engine, &notice);
    }
    assert_int_equal(effects, 1);
    assert_int_equal(p.run, 0);
    dispatch(f);
    assert_waiting(f, 0);
}

/* --- The feed --- */

typedef struct follower {
    fixture *f;
    unsigned seen, fails_at;
    int64_t last;
    bool backwards;
    char words[4096];
} follower;

static greffe_status follow(void *data, const char *entry)
{
    follower *w = data;
    const char *at = strstr(entry, "\"position\":");
    int64_t position = at != NULL ? strtoll(at + 11, NULL, 10) : 0;
    if (w->fails_at > 0 && w->seen + 1 >= w->fails_at) {
        return GREFFE_EIO;
    }
    w->backwards = w->backwards || position <= w->last;
    w->last = position;
    w->seen += 1;
    (void)snprintf(w->words, sizeof w->words, "%s", entry);
    return GREFFE_OK;
}

static void a_subscriber_is_given_everything_once_and_in_order(void **state)
{
    fixture *f = *state;
    follower w = {.f = f};
    file_some(f, 150); /* more than one reading */
    assert_int_equal(greffe_engine_subscribe(f->engine, "portail", follow, &w), GREFFE_OK);
    for (int i = 0; i < 5; i++) {
        dispatch(f);
    }
    assert_int_equal(w.seen, 150);
    assert_false(w.backwards);
    assert_non_null(strstr(w.words, "\"stream\":\"dossier\""));
    assert_non_null(strstr(w.words, "\"verb\":\"file\""));
    assert_null(strstr(w.words, "Exemple")); /* it names nobody */
    greffe_engine_close(f->engine);          /* how far it has read is durable */
    f->engine = opened(f);
    assert_int_equal(greffe_engine_subscribe(f->engine, "portail", follow, &w), GREFFE_OK);
    dispatch(f);
    assert_int_equal(w.seen, 150);
    follower other = {.f = f};
    assert_int_equal(greffe_engine_subscribe(f->engine, "autre", follow, &other), GREFFE_OK);
    for (int i = 0; i < 4; i++) {
        dispatch(f);
    }
    assert_int_equal(other.seen, 150);
}

static void what_was_not_dealt_with_comes_again_and_nothing_before_it(void **state)
{
    fixture *f = *state;
    follower w = {.f = f, .fails_at = 4};
    file_some(f, 6);
    assert_int_equal(greffe_engine_subscribe(f->engine, "portail", follow, &w), GREFFE_OK);
    dispatch(f);
    dispatch(f);
    assert_int_equal(w.seen, 3);
    w.fails_at = 0;
    dispatch(f);
    dispatch(f);
    assert_int_equal(w.seen, 6);
    assert_false(w.backwards);
    assert_int_equal(greffe_engine_subscribe(f->engine, "portail", NULL, NULL), GREFFE_OK);
    file_some(f, 6); /* the same keys: nothing new */
    dispatch(f);
    assert_int_equal(w.seen, 6);
}

static void a_binding_reads_the_feed_and_acknowledges(void **state)
{
    fixture *f = *state;
    char *page;
    greffe_query feed = {
        .size = sizeof feed, .kind = GREFFE_QUERY_FEED, .key = "portail", .limit = 2};
    file_some(f, 3);
    assert_int_equal(greffe_engine_read(f->engine, &page, &feed), GREFFE_OK);
    const char *at = strstr(page, "\"cursor\":\"");
    assert_non_null(at);
    char cursor[24];
    (void)snprintf(cursor, sizeof cursor, "%.*s", (int)strcspn(at + 10, "\""), at + 10);
    greffe_engine_free(f->engine, page);
    assert_int_equal(greffe_engine_acknowledge(f->engine, "portail", "douze"), GREFFE_EINVALID);
    assert_int_equal(greffe_engine_acknowledge(f->engine, "", cursor), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_acknowledge(f->engine, "portail", cursor), GREFFE_OK);
    assert_int_equal(greffe_engine_read(f->engine, &page, &feed), GREFFE_OK);
    assert_null(strstr(page, "\"key\":\"d0\""));
    assert_non_null(strstr(page, "\"key\":\"d2\""));
    greffe_engine_free(f->engine, page);
    feed.after = "0"; /* from the beginning */
    assert_int_equal(greffe_engine_read(f->engine, &page, &feed), GREFFE_OK);
    assert_non_null(strstr(page, "\"key\":\"d0\""));
    greffe_engine_free(f->engine, page);
}

static void there_are_at_most_eight_subscribers(void **state)
{
    fixture *f = *state;
    follower w = {.f = f};
    char name[8];
    for (int i = 0; i < 8; i++) {
        (void)snprintf(name, sizeof name, "s%d", i);
        assert_int_equal(greffe_engine_subscribe(f->engine, name, follow, &w), GREFFE_OK);
    }
    assert_int_equal(greffe_engine_subscribe(f->engine, "s8", follow, &w), GREFFE_ELIMIT);
    assert_int_equal(greffe_engine_subscribe(f->engine, "s3", NULL, NULL), GREFFE_OK);
    assert_int_equal(greffe_engine_subscribe(f->engine, "s8", follow, &w), GREFFE_OK);
    assert_int_equal(greffe_engine_subscribe(f->engine, NULL, follow, &w), GREFFE_EMISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_command_is_told_once_when_it_is_durable),
        TEST(what_must_not_be_accepted_is_not),
        TEST(a_read_sees_what_was_accepted_before_it),
        TEST(a_plan_is_published_without_waiting),
        TEST(a_notice_can_be_taken_without_a_call),
        TEST(a_reply_that_polls_is_told_that_it_may_not),
        TEST(eight_threads_give_and_one_takes),
        TEST(a_command_that_is_refused_harms_no_neighbour),
        TEST(commands_of_one_dossier_keep_their_order),
        TEST(a_group_that_does_not_fit_is_done_one_by_one),
        TEST(a_hundred_in_flight_share_their_syncs),
        TEST(too_many_are_not_accepted),
        TEST(what_was_accepted_is_done_and_told_when_the_engine_closes),
        TEST(a_round_that_does_not_wait_hands_over_on_the_host_s_thread),
        TEST(what_was_begun_ends_later_from_any_thread),
        TEST(what_was_begun_may_end_after_a_restart),
        TEST(what_never_ends_is_begun_again_and_its_late_success_counts),
        TEST(what_never_ends_is_an_incident_some_day),
        TEST(what_failed_is_tried_again_later_and_in_the_end_an_incident),
        TEST(what_cannot_be_begun_is_tried_again),
        TEST(a_blocking_round_begins_them_as_well),
        TEST(what_is_no_token_is_refused),
        TEST(a_binding_takes_effects_without_a_call),
        TEST(a_subscriber_is_given_everything_once_and_in_order),
        TEST(what_was_not_dealt_with_comes_again_and_nothing_before_it),
        TEST(a_binding_reads_the_feed_and_acknowledges),
        TEST(there_are_at_most_eight_subscribers),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
