/* The host's own rights, and its look at what is about to become durable. */
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

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    char folder[folder_room], path[store_path_room];
    greffe_engine *engine;
    /* what the hooks saw, and say */
    unsigned asked, looked;
    bool forbids, vetoes, writes, calls;
    greffe_status called;
    char verb[32], kind[32], key[64], status[64], label[64], subject[32];
    uint64_t version;
    int query;
} fixture;

static void keep(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text != NULL ? text : "-");
}

static bool authorize(void *data, const greffe_access *access, char reason[256])
{
    fixture *f = data;
    f->asked += 1;
    f->query = access->query;
    keep(f->verb, sizeof f->verb, access->verb);
    keep(f->kind, sizeof f->kind, access->stream_kind);
    keep(f->key, sizeof f->key, access->stream);
    keep(f->subject, sizeof f->subject, access->actor != NULL ? access->actor->subject : NULL);
    (void)snprintf(reason, 256, "the portal's session has ended");
    if (f->calls) {
        greffe_verified verified;
        f->called = greffe_engine_verify(f->engine, &verified, NULL);
    }
    return !f->forbids;
}

static bool look(void *data, const greffe_change *change, char reason[256])
{
    fixture *f = data;
    f->looked += 1;
    f->version = change->version;
    keep(f->verb, sizeof f->verb, change->verb);
    keep(f->status, sizeof f->status, change->status);
    keep(f->label, sizeof f->label, change->label);
    if (f->writes) {
        char sql[200];
        (void)snprintf(sql, sizeof sql, "INSERT INTO portal (dossier) VALUES ('%s')",
                       change->stream);
        assert_int_equal(sqlite3_exec(change->connection, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    (void)snprintf(reason, 256, "the portal's own row is locked");
    return !f->vetoes;
}

static int rows(const fixture *f)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM portal", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int count = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return count;
}

static greffe_status file(fixture *f, greffe_result *out, unsigned number)
{
    char filing[256], dossier[16];
    (void)snprintf(dossier, sizeof dossier, "d%u", number);
    return prime_do(f->engine, out, "file", dossier, "k", CITIZEN, prime_filing(filing, number),
                    PRIME_START);
}

static void assert_refused(fixture *f, unsigned number, const char *code, const char *why)
{
    greffe_result result;
    assert_int_equal(file(f, &result, number), GREFFE_EDENIED);
    assert_string_equal(result.code, code);
    assert_non_null(strstr(result.message, why));
    greffe_result_free(f->engine, &result);
}

static void assert_filed(fixture *f, unsigned number)
{
    greffe_result result;
    assert_int_equal(file(f, &result, number), GREFFE_OK);
    greffe_result_free(f->engine, &result);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_store_folder(f->folder, f->path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE portal (dossier TEXT)", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    f->plan = prime_compile(f->context, "d'essai");
    const greffe_engine_options options = {.authorize = authorize,
                                           .authorize_data = f,
                                           .before_commit = look,
                                           .before_commit_data = f};
    f->engine = prime_open(f->context, f->path, options);
    assert_non_null(f->engine);
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

static void the_host_narrows_what_the_procedure_allows(void **state)
{
    fixture *f = *state;
    f->forbids = true;
    assert_refused(f, 1, "GR-5105", "the portal's session has ended");
    assert_string_equal(f->verb, "file");
    assert_string_equal(f->kind, "dossier");
    assert_string_equal(f->key, "d1");
    assert_string_equal(f->subject, "c1");
    assert_int_equal(f->looked, 0); /* nothing came as far as that */
    f->forbids = false;
    assert_filed(f, 1);
    /* It widens nothing. */
    assert_int_equal(prime_tell(f->engine, "complete", "d1", "k2", CITIZEN,
                                "{\"step\":\"completude\",\"outcome\":\"complete\"}", PRIME_START),
                     GREFFE_EDENIED);
}

static void reads_are_asked_about_too(void **state)
{
    fixture *f = *state;
    char *answer;
    const greffe_actor actor = prime_actor_of(AGENT);
    greffe_query query = {
        .size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = "d1", .actor = &actor};
    assert_filed(f, 1);
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    greffe_engine_free(f->engine, answer);
    assert_string_equal(f->verb, "-");
    assert_string_equal(f->kind, "dossier");
    assert_string_equal(f->key, "d1");
    assert_string_equal(f->subject, "agent-1");
    assert_int_equal(f->query, GREFFE_QUERY_DOSSIER);
    f->forbids = true;
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_EDENIED);
    query.kind = GREFFE_QUERY_TASKS;
    query.key = NULL;
    query.actor = NULL;
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_EDENIED);
    assert_string_equal(f->kind, "-");
    assert_string_equal(f->subject, "-");
    f->forbids = false;
}

static void the_host_s_row_and_the_dossier_are_durable_together_or_not_at_all(void **state)
{
    fixture *f = *state;
    f->writes = true;
    assert_filed(f, 1);
    assert_string_equal(f->status, "completude");
    assert_string_equal(f->label, "PRIME-2026-000001");
    assert_int_equal(f->version, 1);
    assert_int_equal(rows(f), 1);
    f->vetoes = true;
    assert_refused(f, 2, "GR-5106", "the portal's own row is locked");
    assert_int_equal(rows(f), 1); /* what it wrote is gone with the rest */
    f->vetoes = false;
    assert_filed(f, 2); /* the same key: it had not been done */
    assert_int_equal(rows(f), 2);
    assert_filed(f, 2); /* it has now: nobody is asked again */
    assert_int_equal(rows(f), 2);
}

typedef struct reply {
    greffe_engine *engine;
    unsigned told, done;
} reply;

static void note(void *data, greffe_result *result)
{
    reply *r = data;
    r->told += 1;
    r->done += result->status == GREFFE_OK;
    greffe_result_free(r->engine, result);
}

static void a_veto_in_a_group_is_one_command_s_own(void **state)
{
    fixture *f = *state;
    reply r = {.engine = f->engine};
    const greffe_actor actor = prime_actor_of(CITIZEN);
    f->writes = true;
    for (unsigned i = 0; i < 20; i++) {
        char filing[256], dossier[16];
        (void)snprintf(dossier, sizeof dossier, "d%u", i);
        const char *args = prime_filing(filing, i);
        const greffe_command command = {.size = sizeof command,
                                        .verb = "file",
                                        .stream = dossier,
                                        .key = "k",
                                        .actor = &actor,
                                        .args = {args, strlen(args)},
                                        .now_ms = PRIME_START};
        assert_int_equal(greffe_engine_submit(f->engine, &command, note, &r), GREFFE_OK);
    }
    for (int i = 0; i < 20000 && r.told < 20; i++) {
        uint32_t taken;
        assert_int_equal(greffe_engine_poll(f->engine, 100, &taken), GREFFE_OK);
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(r.done, 20);
    assert_int_equal(rows(f), 20);
}

static void a_hook_that_calls_the_engine_is_told_that_it_may_not(void **state)
{
    fixture *f = *state;
    f->calls = true;
    assert_filed(f, 1);
    assert_int_equal(f->called, GREFFE_EMISUSE);
    f->calls = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(the_host_narrows_what_the_procedure_allows),
        TEST(reads_are_asked_about_too),
        TEST(the_host_s_row_and_the_dossier_are_durable_together_or_not_at_all),
        TEST(a_veto_in_a_group_is_one_command_s_own),
        TEST(a_hook_that_calls_the_engine_is_told_that_it_may_not),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
