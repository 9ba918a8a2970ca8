/* The engine under many threads, two engines on one file, and hosts that make mistakes. To be run
 * with -fsanitize=thread and -fsanitize=address too. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/late_store.c"
#include "support/prime_kit.c"
#include "support/store_folder.h"

enum { threads = 8, each = 12, most_bundles = 70 };

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    char folder[folder_room], path[store_path_room];
    greffe_store *store;
    greffe_engine *engine, *other;
} fixture;

/* --- Fixtures --- */

static greffe_status open_on_file(fixture *f, greffe_engine **out, bool late)
{
    greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = f->path};
    assert_int_equal(greffe_store_sqlite(&f->store, &sqlite), GREFFE_OK);
    if (late) {
        assert_int_equal(late_store_create(&f->store, f->store, 3, 200), GREFFE_OK);
    }
    greffe_engine_options options = {.size = sizeof options, .store = f->store};
    return greffe_engine_open(out, f->context, &options);
}

/* Nothing here needs much: a single large block is a mistake, and refused. */
static void *modest_alloc(void *data, void *ptr, size_t size)
{
    (void)data;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return size > (size_t)64 << 20 ? NULL : realloc(ptr, size);
}

/* A store whose calls are quick, so that engines meet more often. */
static void use_quick_store(fixture *f)
{
    greffe_engine_close(f->engine);
    f->engine = NULL;
    assert_int_equal(open_on_file(f, &f->engine, false), GREFFE_OK);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_store_folder(f->folder, f->path);
    greffe_context_options options = {.size = sizeof options, .alloc = modest_alloc};
    assert_int_equal(greffe_context_create(&f->context, &options), GREFFE_OK);
    f->plan = prime_compile(f->context, "d'essai");
    assert_non_null(f->plan);
    assert_int_equal(open_on_file(f, &f->engine, true), GREFFE_OK);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_engine_close(f->other);
    greffe_engine_close(f->engine);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    remove_store_folder(f->folder, f->path);
    free(f);
    return 0;
}

/* --- Many callers --- */

typedef struct caller {
    greffe_engine *engine;
    unsigned number, done, repeated, failed;
    greffe_status last_failure;
    const char *dossier; /* NULL: dossiers of its own */
    bool same_keys;
    uint64_t versions; /* the sum of those that it was told */
} caller;

static void note(caller *c, greffe_status status, const greffe_result *result)
{
    c->done += status == GREFFE_OK && !result->repeated;
    c->repeated += status == GREFFE_OK && result->repeated;
    c->versions += status == GREFFE_OK && !result->repeated ? result->version : 0;
    if (status != GREFFE_OK) {
        c->failed += 1;
        c->last_failure = status;
    }
}

static void *file_many(void *data)
{
    caller *c = data;
    for (unsigned i = 0; i < each; i++) {
        char key[32], args[256];
        greffe_result result;
        (void)snprintf(key, sizeof key, "d%u-%u", c->number, i);
        greffe_status status = prime_do(c->engine, &result, "file", key, "k", CITIZEN,
                                        prime_filing(args, c->number * 100 + i), PRIME_START);
        note(c, status, &result);
        greffe_result_free(c->engine, &result);
    }
    return NULL;
}

static void *comment_many(void *data)
{
    caller *c = data;
    for (unsigned i = 0; i < each; i++) {
        char key[32];
        greffe_result result;
        (void)snprintf(key, sizeof key, "c%u-%u", c->same_keys ? 0 : c->number, i);
        greffe_status status = prime_do(c->engine, &result, "comment", c->dossier, key, AGENT,
                                        "{\"text\":\"Vu.\"}", PRIME_START + prime_minute_ms);
        note(c, status, &result);
        greffe_result_free(c->engine, &result);
    }
    return NULL;
}

/* Half of the threads use the other engine, when there is one. */
static void call_at_once(fixture *f, void *(*run)(void *), caller callers[threads],
                         const caller *like)
{
    pthread_t thread[threads];
    for (unsigned i = 0; i < threads; i++) {
        callers[i] = *like;
        callers[i].engine = f->other != NULL && i % 2 == 1 ? f->other : f->engine;
        callers[i].number = i;
        assert_int_equal(pthread_create(&thread[i], NULL, run, &callers[i]), 0);
    }
    for (unsigned i = 0; i < threads; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
}

static caller sum_of(const caller callers[threads])
{
    caller sum = {.failed = 0};
    for (unsigned i = 0; i < threads; i++) {
        sum.done += callers[i].done;
        sum.repeated += callers[i].repeated;
        sum.failed += callers[i].failed;
        sum.versions += callers[i].versions;
        if (callers[i].failed > 0) {
            print_message("thread %u: %u calls failed, at last %s\n", i, callers[i].failed,
                          greffe_status_name(callers[i].last_failure));
        }
    }
    return sum;
}

static void tell_finding(void *data, const char *kind, const char *key, uint64_t version,
                         const char *code, const char *message)
{
    (void)data;
    print_message("%s %s at %llu: %s %s\n", kind, key, (unsigned long long)version, code, message);
}

static greffe_verified verified(greffe_engine *engine)
{
    greffe_verified result;
    const greffe_verify_options options = {.size = sizeof options, .finding = tell_finding};
    assert_int_equal(greffe_engine_verify(engine, &result, &options), GREFFE_OK);
    return result;
}

static void file_one(const fixture *f, const char *dossier, unsigned household)
{
    char args[256];
    assert_int_equal(prime_tell(f->engine, "file", dossier, "k", CITIZEN,
                                prime_filing(args, household), PRIME_START),
                     GREFFE_OK);
}

static void many_threads_file_dossiers_of_their_own(void **state)
{
    fixture *f = *state;
    caller callers[threads];
    call_at_once(f, file_many, callers, &(caller){.dossier = NULL});
    caller sum = sum_of(callers);
    assert_int_equal(sum.failed, 0);
    assert_int_equal(sum.done, threads * each);
    greffe_verified v = verified(f->engine);
    assert_int_equal(v.streams, threads * each);
    assert_int_equal(v.entries, threads * each);
}

/* Comments from many threads, on one dossier: each is done, and counted once. */
static void no_comment_is_lost(fixture *f)
{
    enum { all = threads * each };
    caller callers[threads];
    file_one(f, "d", 1);
    call_at_once(f, comment_many, callers, &(caller){.dossier = "d"});
    caller sum = sum_of(callers);
    assert_int_equal(sum.failed, 0);
    assert_int_equal(sum.done, all);
    /* Each was told a version of its own: 2, 3, … */
    assert_int_equal(sum.versions, all * (all + 3) / 2);
    assert_int_equal(verified(f->engine).entries, all + 1);
}

static void many_threads_write_to_one_dossier_and_none_is_lost(void **state)
{
    no_comment_is_lost(*state);
}

static void one_key_from_many_threads_gives_one_entry(void **state)
{
    fixture *f = *state;
    caller callers[threads];
    file_one(f, "d", 1);
    call_at_once(f, comment_many, callers, &(caller){.dossier = "d", .same_keys = true});
    caller sum = sum_of(callers);
    assert_int_equal(sum.failed, 0);
    assert_int_equal(sum.done, each);
    assert_int_equal(sum.repeated, (threads - 1) * each);
    assert_int_equal(verified(f->engine).entries, each + 1);
}

/* --- Two engines, as two processes of a portal --- */

static void two_engines_number_dossiers_without_gap(void **state)
{
    fixture *f = *state;
    caller callers[threads];
    char *answer;
    assert_int_equal(open_on_file(f, &f->other, false), GREFFE_OK);
    call_at_once(f, file_many, callers, &(caller){.dossier = NULL});
    caller sum = sum_of(callers);
    assert_int_equal(sum.failed, 0);
    assert_int_equal(sum.done, threads * each);
    assert_int_equal(verified(f->other).streams, threads * each);
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS, .limit = 1000};
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    for (unsigned i = 1; i <= threads * each; i++) {
        char number[32];
        (void)snprintf(number, sizeof number, "PRIME-2026-%06u", i);
        const char *first = strstr(answer, number);
        assert_non_null(first);
        assert_null(strstr(first + 1, number));
    }
    greffe_engine_free(f->engine, answer);
}

static void two_engines_write_to_one_dossier_and_none_is_lost(void **state)
{
    fixture *f = *state;
    assert_int_equal(open_on_file(f, &f->other, false), GREFFE_OK);
    no_comment_is_lost(f);
}

static void one_key_through_two_engines_gives_one_entry(void **state)
{
    fixture *f = *state;
    caller callers[threads];
    assert_int_equal(open_on_file(f, &f->other, false), GREFFE_OK);
    file_one(f, "d", 1);
    call_at_once(f, comment_many, callers, &(caller){.dossier = "d", .same_keys = true});
    caller sum = sum_of(callers);
    assert_int_equal(sum.failed, 0);
    assert_int_equal(sum.done, each);
    assert_int_equal(verified(f->engine).entries, each + 1);
}

static void verifying_beside_a_writer_finds_no_fault(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    uint64_t faults = 0;
    assert_int_equal(open_on_file(f, &f->other, false), GREFFE_OK);
    file_one(f, "d", 1);
    for (int round = 0; round < 5; round++) {
        caller c = {.engine = f->engine, .number = (unsigned)round, .dossier = "d"};
        assert_int_equal(pthread_create(&thread, NULL, comment_many, &c), 0);
        for (int i = 0; i < 20; i++) {
            greffe_verified v;
            (void)greffe_engine_verify(f->other, &v, NULL);
            faults += v.faults;
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(c.failed, 0);
    }
    assert_int_equal(verified(f->other).faults, 0);
    assert_int_equal(faults, 0);
}

/* --- Effects --- */

typedef struct postman {
    pthread_mutex_t lock;
    unsigned letters, twice, other_text;
    char keys[threads * each][64];
} postman;

static greffe_status bring(void *data, const greffe_effect *effect, char problem[256])
{
    postman *p = data;
    (void)problem;
    pthread_mutex_lock(&p->lock);
    bool known = false;
    for (unsigned i = 0; i < p->letters; i++) {
        known = known || strcmp(p->keys[i], effect->key) == 0;
    }
    p->twice += known;
    if (!known && p->letters < threads * each) {
        (void)snprintf(p->keys[p->letters++], sizeof p->keys[0], "%s", effect->key);
    }
    p->other_text += strcmp(effect->letter, "accuse_reception") != 0 ||
                     strcmp(effect->channel, "mail") != 0 || strstr(effect->text, "Madame") == NULL;
    pthread_mutex_unlock(&p->lock);
    return GREFFE_OK;
}

typedef struct runner {
    greffe_engine *engine;
    greffe_status status;
    uint64_t effects;
} runner;

static void *run_once(void *data)
{
    runner *r = data;
    greffe_progress progress;
    r->status = greffe_engine_run(r->engine, &progress, 1000, PRIME_START + prime_minute_ms);
    r->effects = progress.effects;
    return NULL;
}

static void run_at_once(fixture *f, postman *p, unsigned count)
{
    pthread_t thread[2];
    runner runners[2] = {{.engine = f->engine},
                         {.engine = f->other != NULL ? f->other : f->engine}};
    pthread_mutex_init(&p->lock, NULL);
    assert_int_equal(prime_take(runners[0].engine, "mail", bring, p), GREFFE_OK);
    assert_int_equal(prime_take(runners[1].engine, "mail", bring, p), GREFFE_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, run_once, &runners[i]), 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(runners[i].status, GREFFE_OK);
    }
    pthread_mutex_destroy(&p->lock);
    assert_int_equal(p->letters, count);
    assert_int_equal(p->twice, 0);
}

static void file_all(fixture *f)
{
    caller callers[threads];
    call_at_once(f, file_many, callers, &(caller){.dossier = NULL});
    assert_int_equal(sum_of(callers).failed, 0);
}

static void two_dispatchers_of_one_engine_deliver_each_letter_once(void **state)
{
    fixture *f = *state;
    static postman p;
    p = (postman){.letters = 0};
    use_quick_store(f);
    file_all(f);
    run_at_once(f, &p, threads * each);
    assert_int_equal(verified(f->engine).faults, 0);
}

static void two_engines_deliver_each_letter_once(void **state)
{
    fixture *f = *state;
    static postman p;
    use_quick_store(f);
    file_all(f);
    assert_int_equal(open_on_file(f, &f->other, false), GREFFE_OK);
    p = (postman){.letters = 0};
    run_at_once(f, &p, threads * each);
    assert_int_equal(verified(f->engine).faults, 0);
}

/* The store's strings end without a zero; a handler's do not. */
static void a_handler_is_given_terminated_strings(void **state)
{
    fixture *f = *state;
    static postman p;
    greffe_progress progress;
    p = (postman){.letters = 0};
    pthread_mutex_init(&p.lock, NULL);
    file_one(f, "d", 1);
    assert_int_equal(prime_take(f->engine, "mail", bring, &p), GREFFE_OK);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 9, PRIME_START), GREFFE_OK);
    assert_int_equal(p.letters, 1);
    assert_int_equal(p.other_text, 0);
    assert_null(strchr(p.keys[0], '#'));
    pthread_mutex_destroy(&p.lock);
}

static void a_run_does_no_more_than_its_limit_and_says_what_is_left(void **state)
{
    fixture *f = *state;
    static postman p;
    greffe_progress progress;
    p = (postman){.letters = 0};
    pthread_mutex_init(&p.lock, NULL);
    for (unsigned i = 0; i < 4; i++) {
        static const char *const names[] = {"a", "b", "c", "d"};
        file_one(f, names[i], i);
    }
    assert_int_equal(prime_take(f->engine, "mail", bring, &p), GREFFE_OK);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 1, PRIME_START), GREFFE_OK);
    assert_in_range(progress.effects, 1, 2); /* before the timers, and after them */
    assert_true(progress.more);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 9, PRIME_START), GREFFE_OK);
    assert_int_equal(p.letters, 4);
    assert_false(progress.more);
    pthread_mutex_destroy(&p.lock);
}

static void a_run_says_that_timers_are_left(void **state)
{
    fixture *f = *state;
    greffe_progress progress;
    int64_t later = PRIME_START + 50 * 1440 * (int64_t)prime_minute_ms;
    file_one(f, "a", 1);
    file_one(f, "b", 2);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 100, PRIME_START), GREFFE_OK);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 1, later), GREFFE_OK);
    assert_int_equal(progress.timers, 1);
    assert_true(progress.more);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 100, later), GREFFE_OK);
    assert_int_equal(progress.timers, 1);
    assert_false(progress.more);
}

static void a_run_without_bounds_is_fine(void **state)
{
    fixture *f = *state;
    greffe_progress progress;
    assert_int_equal(greffe_engine_run(f->engine, &progress, UINT32_MAX, PRIME_START), GREFFE_OK);
}

typedef struct handler_setter {
    greffe_engine *engine;
    postman *postman;
} handler_setter;

static void *set_handlers(void *data)
{
    const handler_setter *h = data;
    for (int i = 0; i < 200; i++) {
        (void)prime_take(h->engine, i % 2 == 0 ? "call" : "mail", bring, h->postman);
    }
    return NULL;
}

static void an_effect_that_nobody_takes_waits_and_counts_no_attempts(void **state)
{
    fixture *f = *state;
    static postman p;
    greffe_progress progress;
    char *answer;
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_EFFECTS};
    p = (postman){.letters = 0};
    pthread_mutex_init(&p.lock, NULL);
    file_one(f, "d", 1);
    for (int64_t i = 0; i < 12; i++) {
        assert_int_equal(
            greffe_engine_run(f->engine, &progress, 9, PRIME_START + i * prime_minute_ms),
            GREFFE_OK);
    }
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    assert_non_null(strstr(answer, "\"attempts\":0"));
    greffe_engine_free(f->engine, answer);
    assert_int_equal(prime_take(f->engine, "mail", bring, &p), GREFFE_OK);
    assert_int_equal(greffe_engine_run(f->engine, &progress, 9, PRIME_START + 13 * prime_minute_ms),
                     GREFFE_OK);
    assert_int_equal(p.letters, 1);
    pthread_mutex_destroy(&p.lock);
}

static void a_handler_may_be_set_while_another_thread_runs(void **state)
{
    fixture *f = *state;
    static postman p;
    pthread_t thread;
    p = (postman){.letters = 0};
    file_all(f);
    handler_setter setter = {f->engine, &p};
    pthread_mutex_init(&p.lock, NULL);
    assert_int_equal(prime_take(f->engine, "mail", bring, &p), GREFFE_OK);
    assert_int_equal(pthread_create(&thread, NULL, set_handlers, &setter), 0);
    greffe_progress progress;
    assert_int_equal(greffe_engine_run(f->engine, &progress, 1000, PRIME_START), GREFFE_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(p.letters, threads * each);
    pthread_mutex_destroy(&p.lock);
}

/* --- Closing, and mistakes --- */

static void *file_and_leave(void *data)
{
    caller *c = data;
    char key[32], args[256];
    greffe_result result;
    (void)snprintf(key, sizeof key, "d%u", c->number);
    c->last_failure = prime_do(c->engine, &result, "file", key, "k", CITIZEN,
                               prime_filing(args, c->number), PRIME_START);
    free(result.message); /* its engine may be closed by now */
    free(result.answer);
    return NULL;
}

static void rest(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static void *let_go_later(void *data)
{
    rest(100);
    late_store_hold(data, false);
    return NULL;
}

static void closing_finishes_what_was_accepted(void **state)
{
    fixture *f = *state;
    pthread_t thread[threads], releaser;
    caller callers[threads];
    greffe_store *late = f->store;
    late_store_hold(late, true);
    for (unsigned i = 0; i < threads; i++) {
        callers[i] = (caller){.engine = f->engine, .number = i, .last_failure = GREFFE_EMISUSE};
        assert_int_equal(pthread_create(&thread[i], NULL, file_and_leave, &callers[i]), 0);
    }
    rest(100); /* all of them wait in the queue now */
    assert_int_equal(pthread_create(&releaser, NULL, let_go_later, late), 0);
    greffe_engine_close(f->engine);
    f->engine = NULL;
    assert_int_equal(pthread_join(releaser, NULL), 0);
    for (unsigned i = 0; i < threads; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(callers[i].last_failure, GREFFE_OK);
    }
    assert_int_equal(open_on_file(f, &f->engine, false), GREFFE_OK);
    assert_int_equal(verified(f->engine).streams, threads);
}

static void misuse_is_told_and_changes_nothing(void **state)
{
    fixture *f = *state;
    greffe_result result = {.status = GREFFE_OK};
    greffe_progress progress;
    char *answer = NULL;
    greffe_engine *e = f->engine;
    greffe_actor actor = {.size = sizeof actor, .subject = "c1", .kind = "applicant"};
    greffe_actor nobody = {.size = sizeof nobody, .kind = "applicant"};
    greffe_actor engine = {.size = sizeof engine, .subject = "x", .kind = "system"};
    greffe_actor older = {.size = 8, .subject = "x", .kind = "applicant"};
    const greffe_command good = {
        .size = sizeof good, .verb = "file", .stream = "d", .key = "k", .actor = &actor};
    greffe_command bad[8];
    for (size_t i = 0; i < 8; i++) {
        bad[i] = good;
    }
    bad[0].size = 1;
    bad[1].verb = NULL;
    bad[2].stream = NULL;
    bad[3].key = NULL;
    bad[4].actor = NULL;
    bad[5].actor = &nobody;
    bad[6].actor = &engine;
    bad[7].actor = &older;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(greffe_engine_execute(e, &result, &bad[i]), GREFFE_EMISUSE);
    }
    assert_int_equal(greffe_engine_execute(NULL, &result, &good), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_execute(e, NULL, &good), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_execute(e, &result, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_publish(NULL, f->plan), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_publish(e, NULL), GREFFE_EMISUSE);
    assert_int_equal(prime_take(NULL, "mail", bring, NULL), GREFFE_EMISUSE);
    assert_int_equal(prime_take(e, NULL, bring, NULL), GREFFE_EMISUSE);
    assert_int_equal(prime_take(e, "", bring, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_handle(e, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_handle(e, &(greffe_handler){.channel = "mail"}), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_run(NULL, &progress, 1, 0), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_run(e, NULL, 1, 0), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_run(e, &progress, 0, 0), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_verify(NULL, NULL, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_verify(e, NULL, NULL), GREFFE_EMISUSE);
    greffe_verified verified_to;
    const greffe_verify_options unsized = {.finding = NULL};
    assert_int_equal(greffe_engine_verify(e, &verified_to, &unsized), GREFFE_EMISUSE);
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS};
    assert_int_equal(greffe_engine_read(NULL, &answer, &query), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_read(e, NULL, &query), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_read(e, &answer, NULL), GREFFE_EMISUSE);
    query.size = 2;
    assert_int_equal(greffe_engine_read(e, &answer, &query), GREFFE_EMISUSE);
    query = (greffe_query){.size = sizeof query, .kind = (greffe_query_kind)99};
    assert_int_equal(greffe_engine_read(e, &answer, &query), GREFFE_EMISUSE);
    query = (greffe_query){.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER};
    assert_int_equal(greffe_engine_read(e, &answer, &query), GREFFE_EMISUSE);
    query.kind = GREFFE_QUERY_SESSION;
    assert_int_equal(greffe_engine_read(e, &answer, &query), GREFFE_EMISUSE);
    query.kind = GREFFE_QUERY_HISTORY;
    assert_int_equal(greffe_engine_read(e, &answer, &query), GREFFE_EMISUSE);
    assert_null(answer);
    assert_int_equal(verified(e).streams, 0);
}

static void engines_are_not_opened_by_mistake(void **state)
{
    fixture *f = *state;
    greffe_engine *none = NULL;
    greffe_store *store;
    greffe_engine_options options = {.size = sizeof options};
    assert_int_equal(greffe_engine_open(&none, f->context, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_open(&none, f->context, &options), GREFFE_EMISUSE);
    assert_int_equal(greffe_store_memory(&store), GREFFE_OK);
    options.store = store; /* taken over: closed although nothing is opened */
    assert_int_equal(greffe_engine_open(NULL, f->context, &options), GREFFE_EMISUSE);
    assert_int_equal(greffe_store_memory(&store), GREFFE_OK);
    options.store = store;
    assert_int_equal(greffe_engine_open(&none, NULL, &options), GREFFE_EMISUSE);
    assert_null(none);
    greffe_engine_close(NULL);
}

static void arguments_that_are_no_object_are_refused(void **state)
{
    static const char *const bad[] = {"[]", "{", "1", "\"x\"", "{\"a\":1}{", "{\"a\":1,\"a\":2}"};
    const fixture *f = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        greffe_result result;
        assert_int_equal(
            prime_do(f->engine, &result, "file", "d", "k", CITIZEN, bad[i], PRIME_START),
            GREFFE_EINVALID);
        assert_string_equal(result.code, "GR-5001");
        assert_string_equal(result.answer, "{}");
        assert_true(strlen(result.message) > 0);
        greffe_result_free(f->engine, &result);
    }
    assert_int_equal(verified(f->engine).streams, 0);
}

static void keys_have_from_1_to_128_bytes(void **state)
{
    const fixture *f = *state;
    char longest[130], args[256];
    memset(longest, 'k', sizeof longest);
    longest[129] = '\0';
    (void)prime_filing(args, 1);
    assert_int_equal(prime_tell(f->engine, "file", "", "k", CITIZEN, args, PRIME_START),
                     GREFFE_EINVALID);
    assert_int_equal(prime_tell(f->engine, "file", "d", "", CITIZEN, args, PRIME_START),
                     GREFFE_EINVALID);
    assert_int_equal(prime_tell(f->engine, "file", longest, "k", CITIZEN, args, PRIME_START),
                     GREFFE_EINVALID);
    assert_int_equal(prime_tell(f->engine, "file", "d", longest, CITIZEN, args, PRIME_START),
                     GREFFE_EINVALID);
    longest[128] = '\0';
    assert_int_equal(prime_tell(f->engine, "file", longest, longest, CITIZEN, args, PRIME_START),
                     GREFFE_OK);
    assert_int_equal(verified(f->engine).streams, 1);
}

static void a_key_with_other_content_is_an_error(void **state)
{
    const fixture *f = *state;
    char first[256], second[256];
    greffe_result result;
    assert_int_equal(
        prime_tell(f->engine, "file", "d", "k", CITIZEN, prime_filing(first, 1), PRIME_START),
        GREFFE_OK);
    assert_int_equal(
        prime_do(f->engine, &result, "file", "d", "k", CITIZEN, first, PRIME_START + 5), GREFFE_OK);
    assert_true(result.repeated);
    greffe_result_free(f->engine, &result);
    assert_int_equal(prime_do(f->engine, &result, "file", "d", "k", CITIZEN,
                              prime_filing(second, 2), PRIME_START),
                     GREFFE_EKEY);
    assert_string_equal(result.code, "GR-5004");
    greffe_result_free(f->engine, &result);
    assert_int_equal(verified(f->engine).entries, 1);
}

/* --- What was read may have moved on --- */

static greffe_status comment_at(const fixture *f, greffe_result *out, const char *key,
                                uint64_t version)
{
    static const char *const services[] = {"mobilites", NULL};
    const greffe_actor agent = {
        .size = sizeof agent, .subject = "agent-1", .kind = "agent", .services = services};
    static const char args[] = "{\"text\":\"Vu\"}";
    const greffe_command command = {.size = sizeof command,
                                    .verb = "comment",
                                    .stream = "d",
                                    .key = key,
                                    .actor = &agent,
                                    .args = {args, sizeof args - 1},
                                    .now_ms = PRIME_START,
                                    .if_version = version};
    return greffe_engine_execute(f->engine, out, &command);
}

static void a_command_for_a_version_that_has_passed_is_refused(void **state)
{
    const fixture *f = *state;
    greffe_result result;
    file_one(f, "d", 1);
    assert_int_equal(comment_at(f, &result, "k1", 1), GREFFE_OK);
    assert_int_equal(result.version, 2);
    greffe_result_free(f->engine, &result);
    static const uint64_t others[] = {1, 3, UINT64_MAX};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(comment_at(f, &result, "k2", others[i]), GREFFE_ECONFLICT);
        assert_string_equal(result.code, "GR-5005");
        assert_true(strlen(result.message) > 0);
        greffe_result_free(f->engine, &result);
    }
    assert_int_equal(comment_at(f, &result, "k2", 2), GREFFE_OK);
    assert_int_equal(result.version, 3);
    greffe_result_free(f->engine, &result);
    assert_int_equal(comment_at(f, &result, "k3", 0), GREFFE_OK);
    greffe_result_free(f->engine, &result);
    assert_int_equal(verified(f->engine).entries, 4);
}

/* The answer was lost on its way, not the command: the version that it named is behind by then. */
static void a_repeated_command_gets_its_answer_whatever_the_version(void **state)
{
    const fixture *f = *state;
    greffe_result result;
    file_one(f, "d", 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(comment_at(f, &result, "k1", 1), GREFFE_OK);
        assert_int_equal(result.version, 2);
        assert_int_equal(result.repeated, i == 1);
        greffe_result_free(f->engine, &result);
    }
    assert_int_equal(verified(f->engine).entries, 2);
}

static int64_t at_start(void *data)
{
    (void)data;
    return PRIME_START;
}

static void publish_labelled(const fixture *f, int number)
{
    char label[16];
    (void)snprintf(label, sizeof label, "numéro %d", number);
    greffe_plan *plan = prime_compile(f->context, label);
    assert_non_null(plan);
    assert_int_equal(greffe_engine_publish(f->engine, plan), GREFFE_OK);
    greffe_plan_unref(plan);
}

static void the_active_plan_speaks_for_its_authority_among_many(void **state)
{
    fixture *f = *state;
    char *answer;
    greffe_engine_close(f->engine);
    f->engine = NULL;
    greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = f->path};
    greffe_engine_options options = {.size = sizeof options, .clock = at_start};
    assert_int_equal(greffe_store_sqlite(&options.store, &sqlite), GREFFE_OK);
    assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    for (int i = 0; i < most_bundles; i++) {
        publish_labelled(f, i);
    }
    publish_labelled(f, 7);
    assert_int_equal(prime_tell(f->engine, "allotment.allocate", "prime_2026", "k", TREASURER,
                                "{\"amount\":\"10.00\"}", PRIME_START),
                     GREFFE_OK);
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_ALLOTMENTS};
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    if (strstr(answer, "numéro 7\"") == NULL) {
        print_message("%s\n", answer);
    }
    assert_non_null(strstr(answer, "numéro 7\""));
    greffe_engine_free(f->engine, answer);
}

static void one_command_may_need_more_plans_than_are_kept(void **state)
{
    fixture *f = *state;
    const int64_t now = PRIME_START;
    use_quick_store(f);
    assert_int_equal(prime_tell(f->engine, "allotment.allocate", "prime_2026", "k", TREASURER,
                                "{\"amount\":\"20000.00\"}", now),
                     GREFFE_OK);
    for (int i = 0; i < most_bundles; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "d%d", i);
        publish_labelled(f, i);
        file_one(f, key, (unsigned)i);
        assert_int_equal(prime_tell(f->engine, "complete", key, "k1", AGENT,
                                    "{\"step\":\"completude\",\"outcome\":\"complete\"}", now),
                         GREFFE_OK);
        assert_int_equal(prime_tell(f->engine, "complete", key, "k2", AGENT,
                                    "{\"step\":\"instruction\",\"outcome\":\"favorable\"}", now),
                         GREFFE_OK);
    }
    assert_int_equal(prime_tell(f->engine, "session.convene", "s1", "k1", SECRETARY,
                                "{\"board\":\"bureau\",\"on\":\"2026-03-03\"}", now),
                     GREFFE_OK);
    greffe_result result;
    greffe_status status = prime_do(f->engine, &result, "session.agenda", "s1", "k2", SECRETARY,
                                    "{\"take\":\"waiting\"}", now);
    if (status != GREFFE_OK) {
        print_message("%s %s\n", result.code, result.message);
    }
    greffe_result_free(f->engine, &result);
    assert_int_equal(status, GREFFE_OK);
    assert_int_equal(verified(f->engine).faults, 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(many_threads_file_dossiers_of_their_own),
        TEST(many_threads_write_to_one_dossier_and_none_is_lost),
        TEST(one_key_from_many_threads_gives_one_entry),
        TEST(two_engines_number_dossiers_without_gap),
        TEST(two_engines_write_to_one_dossier_and_none_is_lost),
        TEST(one_key_through_two_engines_gives_one_entry),
        TEST(verifying_beside_a_writer_finds_no_fault),
        TEST(two_dispatchers_of_one_engine_deliver_each_letter_once),
        TEST(two_engines_deliver_each_letter_once),
        TEST(a_handler_is_given_terminated_strings),
        TEST(a_run_does_no_more_than_its_limit_and_says_what_is_left),
        TEST(a_run_says_that_timers_are_left),
        TEST(a_run_without_bounds_is_fine),
        TEST(an_effect_that_nobody_takes_waits_and_counts_no_attempts),
        TEST(a_handler_may_be_set_while_another_thread_runs),
        TEST(closing_finishes_what_was_accepted),
        TEST(misuse_is_told_and_changes_nothing),
        TEST(engines_are_not_opened_by_mistake),
        TEST(arguments_that_are_no_object_are_refused),
        TEST(keys_have_from_1_to_128_bytes),
        TEST(a_key_with_other_content_is_an_error),
        TEST(a_command_for_a_version_that_has_passed_is_refused),
        TEST(a_repeated_command_gets_its_answer_whatever_the_version),
        TEST(the_active_plan_speaks_for_its_authority_among_many),
        TEST(one_command_may_need_more_plans_than_are_kept),
    };
#undef TEST
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
