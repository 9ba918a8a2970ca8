/* Several processes on one store, each here an engine of its own: one dispatches, the others wait;
 * and the inbox of a host that has nothing but SQL. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poll.h>
#include <sqlite3.h>

#include <cmocka.h>
#include <greffe/async.h>

#include "support/prime_kit.c"
#include "support/store_folder.h"

enum { lease_ms = 10000, most_waits = 4000 };

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    char folder[folder_room], path[store_path_room];
    greffe_engine *one, *other;
    int64_t ms; /* since PRIME_START */
    unsigned letters, woken;
    bool forbids;
    struct fixture *late; /* the other engine's turn comes while a letter leaves */
    sqlite3 *db;          /* the host's */
} fixture;

static int64_t read_clock(void *data)
{
    const fixture *f = data;
    return PRIME_START + f->ms;
}

static bool authorize(void *data, const greffe_access *access, char reason[256])
{
    const fixture *f = data;
    (void)access;
    (void)reason;
    return !f->forbids;
}

static greffe_progress run(greffe_engine *engine)
{
    greffe_progress did;
    assert_int_equal(greffe_engine_run(engine, &did, 100, 0), GREFFE_OK);
    return did;
}

static greffe_status take_letter(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)problem;
    f->letters += 1;
    return GREFFE_OK;
}

static greffe_engine *opened(fixture *f)
{
    const greffe_engine_options options = {
        .clock = read_clock, .clock_data = f, .authorize = authorize, .authorize_data = f};
    greffe_engine *engine = prime_open(f->context, f->path, options);
    assert_non_null(engine);
    assert_int_equal(prime_take(engine, "mail", take_letter, f), GREFFE_OK);
    return engine;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_store_folder(f->folder, f->path);
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    f->plan = prime_compile(f->context, "d'essai");
    f->one = opened(f);
    f->other = opened(f);
    assert_int_equal(greffe_engine_publish(f->one, f->plan), GREFFE_OK);
    assert_int_equal(sqlite3_open(f->path, &f->db), SQLITE_OK);
    sqlite3_busy_timeout(f->db, 5000);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->one, &verified, NULL), GREFFE_OK);
    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    greffe_engine_close(f->one);
    greffe_engine_close(f->other);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    remove_store_folder(f->folder, f->path);
    free(f);
    return 0;
}

static void file(fixture *f, unsigned number)
{
    char filing[256], dossier[16];
    (void)snprintf(dossier, sizeof dossier, "d%u", number);
    assert_int_equal(
        prime_tell(f->one, "file", dossier, "k", CITIZEN, prime_filing(filing, number), 0),
        GREFFE_OK);
}

/* --- Who dispatches --- */

static void one_dispatches_and_the_others_leave_it_to_it(void **state)
{
    fixture *f = *state;
    file(f, 1);
    assert_int_equal(run(f->one).effects, 1);
    file(f, 2);
    greffe_progress did = run(f->other);
    assert_true(did.elsewhere);
    assert_int_equal(did.effects, 0);
    assert_int_equal(f->letters, 1);
    assert_int_equal(run(f->one).effects, 1);
    assert_false(run(f->other).elsewhere); /* nothing is left that another could be about */
}

static void who_is_gone_is_replaced_when_its_lease_is_over(void **state)
{
    fixture *f = *state;
    file(f, 1);
    (void)run(f->one);
    file(f, 2);
    f->ms += lease_ms - 1;
    assert_true(run(f->other).elsewhere);
    f->ms += 1;
    assert_int_equal(run(f->other).effects, 1);
    file(f, 3);
    assert_true(run(f->one).elsewhere);
}

static void who_dispatches_goes_on_to(void **state)
{
    fixture *f = *state;
    for (unsigned i = 0; i < 10; i++) {
        file(f, i);
        assert_int_equal(run(f->one).effects, 1);
        f->ms += lease_ms * 2 / 3;
        assert_false(run(f->other).elsewhere); /* nothing waits */
    }
}

static void who_closes_gives_it_back(void **state)
{
    fixture *f = *state;
    file(f, 1);
    (void)run(f->one);
    file(f, 2);
    assert_true(run(f->other).elsewhere);
    greffe_engine_close(f->one);
    assert_int_equal(run(f->other).effects, 1);
    f->one = opened(f);
}

static void a_lease_from_another_time_binds_nobody(void **state)
{
    fixture *f = *state;
    file(f, 1);
    f->ms = INT64_C(400) * 86400000; /* its clock was wrong, and it died */
    assert_int_equal(run(f->one).effects + run(f->one).timers > 0, 1);
    f->ms = 60000;
    file(f, 2);
    assert_int_equal(run(f->other).effects, 1);
}

/* A letter that takes longer than the lease: another process goes on meanwhile. */
static greffe_status take_long(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)problem;
    f->letters += 1;
    if (f->late != NULL) {
        f->late = NULL;
        f->ms += 2 * lease_ms;
        (void)run(f->other);
    }
    return GREFFE_OK;
}

static void who_comes_late_is_fenced(void **state)
{
    fixture *f = *state;
    assert_int_equal(prime_take(f->one, "mail", take_long, f), GREFFE_OK);
    for (unsigned i = 0; i < 150; i++) {
        file(f, i);
    }
    f->late = f; /* with the first letter of the first page */
    greffe_progress did = run(f->one);
    assert_int_equal(did.effects, 100); /* its page: each was leased to it for a minute */
    f->ms += lease_ms;
    (void)run(f->other);
    assert_int_equal(f->letters, 150); /* none twice, none lost */
}

/* Each letter takes some time, and all of them more than they were claimed for. Another process
 * has a turn after each. */
static greffe_status take_slowly(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)effect;
    (void)problem;
    f->letters += 1;
    f->ms += 25000;
    if (f->late == NULL) {
        greffe_progress did;
        f->late = f;
        assert_int_equal(greffe_engine_run(f->other, &did, 1, 0), GREFFE_OK);
        f->late = NULL;
    }
    return GREFFE_OK;
}

static void what_takes_long_is_not_sent_by_another_too(void **state)
{
    enum { all = 12 };
    fixture *f = *state;
    assert_int_equal(prime_take(f->one, "mail", take_slowly, f), GREFFE_OK);
    assert_int_equal(prime_take(f->other, "mail", take_slowly, f), GREFFE_OK);
    for (unsigned i = 0; i < all; i++) {
        file(f, i);
    }
    (void)run(f->one);
    f->late = f; /* from now on nobody else is there */
    for (unsigned i = 0; i < 5; i++) {
        f->ms += 120000;
        (void)run(f->other);
    }
    assert_int_equal(f->letters, all); /* none twice, none lost */
}

/* --- The inbox --- */

static void sql(fixture *f, const char *text)
{
    char *problem = NULL;
    if (sqlite3_exec(f->db, text, NULL, NULL, &problem) != SQLITE_OK) {
        fail_msg("%s: %s", text, problem);
    }
}

static void put(fixture *f, const char *verb, const char *stream, const char *key,
                const char *actor, const char *args)
{
    sqlite3_stmt *stmt;
    const char *const texts[] = {verb, stream, key, actor, args};
    assert_int_equal(sqlite3_prepare_v2(f->db,
                                        "INSERT INTO greffe_inbox (verb, stream, key, actor, args) "
                                        "VALUES (?1, ?2, ?3, ?4, ?5)",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    for (int i = 0; i < 5; i++) {
        sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
    }
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
}

static void put_filing(fixture *f, unsigned number)
{
    char filing[256], dossier[16];
    (void)snprintf(dossier, sizeof dossier, "d%u", number);
    put(f, "file", dossier, "k", "{\"subject\":\"c1\",\"kind\":\"applicant\"}",
        prime_filing(filing, number));
}

/* One column of one row, as text; "-" is null. */
static void assert_row(fixture *f, int id, const char *column, const char *wanted)
{
    char text[200];
    sqlite3_stmt *stmt;
    (void)snprintf(text, sizeof text, "SELECT coalesce(%s, '-') FROM greffe_inbox WHERE id = %d",
                   column, id);
    assert_int_equal(sqlite3_prepare_v2(f->db, text, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const char *found = (const char *)sqlite3_column_text(stmt, 0);
    if (strstr(found, wanted) == NULL || (wanted[0] == '\0' && found[0] != '\0')) {
        fail_msg("%s of row %d is '%s', not '%s'", column, id, found, wanted);
    }
    sqlite3_finalize(stmt);
}

static void what_was_inserted_is_executed_and_answered(void **state)
{
    fixture *f = *state;
    put_filing(f, 1);
    greffe_progress did = run(f->one);
    assert_int_equal(did.commands, 1);
    assert_int_equal(did.effects, 1); /* its receipt has left in the same round */
    assert_row(f, 1, "status", "ok");
    assert_row(f, 1, "code", "");
    assert_row(f, 1, "version", "1");
    assert_row(f, 1, "repeated", "0");
    assert_row(f, 1, "answer", "PRIME-2026-000001");
    assert_row(f, 1, "answered_ms", "1772438400000");
    assert_row(f, 1, "actor", ""); /* what persons typed lies in the dossier now */
    assert_row(f, 1, "args", "");
    assert_int_equal(run(f->one).commands, 0);
}

static void what_was_rolled_back_was_never_asked(void **state)
{
    fixture *f = *state;
    sql(f, "BEGIN");
    put_filing(f, 1);
    assert_int_equal(run(f->one).commands, 0);
    sql(f, "ROLLBACK");
    assert_int_equal(run(f->one).commands, 0);
}

static void the_same_key_gets_the_first_answer(void **state)
{
    fixture *f = *state;
    put_filing(f, 1);
    put_filing(f, 1);
    assert_int_equal(run(f->one).commands, 2);
    assert_row(f, 2, "status", "ok");
    assert_row(f, 2, "repeated", "1");
    assert_row(f, 2, "answer", "PRIME-2026-000001");
}

static void each_is_refused_for_itself(void **state)
{
    static const struct {
        const char *verb, *actor, *args, *status, *code, *message;
    } bad[] = {
        {"fly", "{\"subject\":\"c1\",\"kind\":\"applicant\"}", "{}", "invalid", "GR-5002", "fly"},
        {"file", "c1", "{}", "invalid", "GR-", "the column actor"},
        {"file", "{\"subject\":\"c1\"}", "{}", "invalid", "GR-", "the column actor"},
        {"file", "{\"subject\":\"c1\",\"kind\":\"agent\",\"services\":\"x\"}", "{}", "invalid",
         "GR-", "the column actor"},
        {"file", "{\"subject\":\"c1\",\"kind\":\"agent\",\"roles\":[1]}", "{}", "invalid", "GR-",
         "the column actor"},
        {"timer", "{\"subject\":\"c1\",\"kind\":\"system\"}", "{}", "invalid", "GR-", "system"},
        {"file", "{\"subject\":\"c1\",\"kind\":\"applicant\"}", "[", "invalid", "GR-", "JSON"},
    };
    enum { count = (int)(sizeof bad / sizeof *bad) };
    fixture *f = *state;
    for (int i = 0; i < count; i++) {
        put(f, bad[i].verb, "d0", "k", bad[i].actor, bad[i].args);
        put_filing(f, (unsigned)i + 1);
    }
    assert_int_equal(run(f->one).commands, 2 * count);
    for (int i = 0; i < count; i++) {
        assert_row(f, 2 * i + 1, "status", bad[i].status);
        assert_row(f, 2 * i + 1, "code", bad[i].code);
        assert_row(f, 2 * i + 1, "message", bad[i].message);
        assert_row(f, 2 * i + 2, "status", "ok"); /* it harms no neighbour */
    }
}

static void the_host_s_rights_count_there_too(void **state)
{
    fixture *f = *state;
    f->forbids = true;
    put_filing(f, 1);
    assert_int_equal(run(f->one).commands, 1);
    f->forbids = false;
    assert_row(f, 1, "status", "denied");
    assert_row(f, 1, "code", "GR-5105");
}

static void who_is_erased_leaves_alone(void **state)
{
    fixture *f = *state;
    put_filing(f, 1);
    put(f, "erase", "d1", "e", "{\"subject\":\"a1\",\"kind\":\"agent\",\"roles\":[\"archivist\"]}",
        "{}");
    put_filing(f, 2);
    assert_int_equal(run(f->one).commands, 3);
    assert_row(f, 1, "status", "ok");
    assert_row(f, 2, "status", "denied"); /* done alone: it would have emptied the log */
    assert_row(f, 3, "status", "ok");
}

static void more_than_a_page_is_done_in_order(void **state)
{
    fixture *f = *state;
    sql(f, "BEGIN");
    for (unsigned i = 0; i < 250; i++) {
        put_filing(f, i);
    }
    sql(f, "COMMIT");
    greffe_progress did = {.more = true};
    uint64_t all = 0;
    for (int rounds = 0; rounds < 9 && did.more; rounds++) {
        did = run(f->one);
        all += did.commands;
    }
    assert_int_equal(all, 250);
    assert_row(f, 250, "answer", "PRIME-2026-000250");
}

static void on_work(void *data)
{
    fixture *f = data;
    f->woken += 1;
}

static void what_others_commit_is_noticed(void **state)
{
    fixture *f = *state;
    uint32_t taken;
    assert_int_equal(greffe_engine_watch(f->one, on_work, f), GREFFE_OK);
    struct pollfd ready = {.fd = greffe_engine_fd(f->one), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 300), 0); /* nobody does anything */
    put_filing(f, 1);
    assert_int_equal(poll(&ready, 1, most_waits), 1);
    assert_int_equal(greffe_engine_poll(f->one, 9, &taken), GREFFE_OK);
    assert_int_equal(f->woken, 1);
    assert_int_equal(run(f->one).commands, 1);
    assert_int_equal(greffe_engine_watch(f->one, NULL, NULL), GREFFE_OK);
    assert_int_equal(greffe_engine_poll(f->one, 9, &taken), GREFFE_OK);
    put_filing(f, 2);
    assert_int_equal(poll(&ready, 1, 300), 0); /* nobody watches */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(one_dispatches_and_the_others_leave_it_to_it),
        TEST(who_is_gone_is_replaced_when_its_lease_is_over),
        TEST(who_dispatches_goes_on_to),
        TEST(who_closes_gives_it_back),
        TEST(a_lease_from_another_time_binds_nobody),
        TEST(who_comes_late_is_fenced),
        TEST(what_takes_long_is_not_sent_by_another_too),
        TEST(what_was_inserted_is_executed_and_answered),
        TEST(what_was_rolled_back_was_never_asked),
        TEST(the_same_key_gets_the_first_answer),
        TEST(each_is_refused_for_itself),
        TEST(the_host_s_rights_count_there_too),
        TEST(who_is_erased_leaves_alone),
        TEST(more_than_a_page_is_done_in_order),
        TEST(what_others_commit_is_noticed),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
