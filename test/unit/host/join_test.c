/* The host's own transaction: its row and a dossier, together or not at all. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <cmocka.h>
#include <greffe/async.h>
#include <greffe/join.h>

#include "support/prime_kit.c"
#include "support/store_folder.h"

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    char folder[folder_room], path[store_path_room];
    greffe_engine *engine;
    sqlite3 *db; /* the host's */
    greffe_joined *joined;
    bool vetoes;
    unsigned looked;
    void *connection; /* that the hook saw */
} fixture;

static bool look(void *data, const greffe_change *change, char reason[256])
{
    fixture *f = data;
    (void)reason;
    f->looked += 1;
    f->connection = change->connection;
    return !f->vetoes;
}

static void sql(sqlite3 *db, const char *text)
{
    char *problem = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &problem) != SQLITE_OK) {
        fail_msg("%s: %s", text, problem);
    }
}

static sqlite3 *connect_to(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_store_folder(f->folder, f->path);
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    f->plan = prime_compile(f->context, "d'essai");
    const greffe_engine_options options = {.before_commit = look, .before_commit_data = f};
    f->engine = prime_open(f->context, f->path, options);
    assert_non_null(f->engine);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    f->db = connect_to(f->path);
    sql(f->db, "CREATE TABLE portal (dossier TEXT UNIQUE)");
    assert_int_equal(greffe_engine_join(&f->joined, f->engine, f->db), GREFFE_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    greffe_engine_leave(f->joined);
    assert_int_equal(sqlite3_close(f->db), SQLITE_OK); /* nothing of ours is left there */
    greffe_engine_close(f->engine);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    remove_store_folder(f->folder, f->path);
    free(f);
    return 0;
}

static greffe_status file_in(greffe_joined *joined, greffe_engine *engine, unsigned number)
{
    char filing[256], dossier[16];
    const greffe_actor actor = prime_actor_of(CITIZEN);
    const char *args = prime_filing(filing, number);
    greffe_result result;
    (void)snprintf(dossier, sizeof dossier, "d%u", number);
    const greffe_command command = {.size = sizeof command,
                                    .verb = "file",
                                    .stream = dossier,
                                    .key = "k",
                                    .actor = &actor,
                                    .args = {args, strlen(args)},
                                    .now_ms = PRIME_START};
    greffe_status status = greffe_engine_execute_in(joined, &result, &command);
    greffe_result_free(engine, &result);
    return status;
}

static greffe_status read_dossier(fixture *f, const char *key)
{
    char *answer = NULL;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = key};
    greffe_status status = greffe_engine_read(f->engine, &answer, &query);
    greffe_engine_free(f->engine, answer);
    return status;
}

static int portal_rows(const fixture *f)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(f->db, "SELECT count(*) FROM portal", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int count = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return count;
}

/* --- Tests --- */

static void a_commit_of_the_host_s_makes_both_durable(void **state)
{
    fixture *f = *state;
    sql(f->db, "BEGIN IMMEDIATE");
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_OK);
    sql(f->db, "INSERT INTO portal VALUES ('d1')");
    assert_int_equal(read_dossier(f, "d1"), GREFFE_ENOTFOUND); /* nobody else sees it yet */
    sql(f->db, "COMMIT");
    assert_int_equal(read_dossier(f, "d1"), GREFFE_OK);
    assert_int_equal(portal_rows(f), 1);
    assert_ptr_equal(f->connection, f->db);
}

static void a_rollback_of_the_host_s_takes_both_back(void **state)
{
    fixture *f = *state;
    sql(f->db, "BEGIN IMMEDIATE");
    sql(f->db, "INSERT INTO portal VALUES ('d1')");
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_OK);
    /* The planted failure: the portal's own row is refused. */
    assert_int_equal(sqlite3_exec(f->db, "INSERT INTO portal VALUES ('d1')", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    sql(f->db, "ROLLBACK");
    assert_int_equal(read_dossier(f, "d1"), GREFFE_ENOTFOUND);
    assert_int_equal(portal_rows(f), 0);
    sql(f->db, "BEGIN IMMEDIATE"); /* the same command, as if it had never been given */
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_OK);
    sql(f->db, "COMMIT");
    assert_int_equal(read_dossier(f, "d1"), GREFFE_OK);
}

static void a_refused_command_leaves_the_transaction_as_it_was(void **state)
{
    fixture *f = *state;
    sql(f->db, "BEGIN IMMEDIATE");
    sql(f->db, "INSERT INTO portal VALUES ('a')");
    f->vetoes = true;
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_EDENIED);
    f->vetoes = false;
    assert_int_equal(file_in(f->joined, f->engine, 2), GREFFE_OK);
    sql(f->db, "COMMIT");
    assert_int_equal(read_dossier(f, "d1"), GREFFE_ENOTFOUND);
    assert_int_equal(read_dossier(f, "d2"), GREFFE_OK);
    assert_int_equal(portal_rows(f), 1);
}

static void many_commands_of_one_transaction_see_each_other(void **state)
{
    fixture *f = *state;
    char *answer;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS};
    sql(f->db, "BEGIN IMMEDIATE");
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(file_in(f->joined, f->engine, i), GREFFE_OK);
    }
    assert_int_equal(file_in(f->joined, f->engine, 7), GREFFE_OK); /* the first answer again */
    assert_int_equal(f->looked, 20);
    assert_int_equal(greffe_engine_read_in(f->joined, &answer, &query), GREFFE_OK);
    assert_non_null(strstr(answer, "PRIME-2026-000020"));
    greffe_engine_free(f->engine, answer);
    sql(f->db, "COMMIT");
    assert_int_equal(read_dossier(f, "d19"), GREFFE_OK);
}

static void an_overtaken_transaction_is_told_to_begin_again(void **state)
{
    fixture *f = *state;
    sqlite3 *other = connect_to(f->path);
    sql(f->db, "BEGIN");
    assert_int_equal(portal_rows(f), 0); /* it has read, and sees the database as of now */
    sql(other, "INSERT INTO portal VALUES ('x')");
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_EBUSY);
    sql(f->db, "ROLLBACK");
    sql(f->db, "BEGIN IMMEDIATE");
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_OK);
    sql(f->db, "COMMIT");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void a_procedure_is_published_with_the_host_s_rows(void **state)
{
    fixture *f = *state;
    greffe_plan *plan = prime_compile(f->context, "nouvelle");
    char *answer;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_PROCEDURES};
    sql(f->db, "BEGIN IMMEDIATE");
    assert_int_equal(greffe_engine_publish_in(f->joined, plan), GREFFE_OK);
    sql(f->db, "ROLLBACK");
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    assert_null(strstr(answer, "},{")); /* the first is the only one */
    greffe_engine_free(f->engine, answer);
    sql(f->db, "BEGIN IMMEDIATE");
    assert_int_equal(greffe_engine_publish_in(f->joined, plan), GREFFE_OK);
    sql(f->db, "COMMIT");
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    assert_non_null(strstr(answer, "},{"));
    greffe_engine_free(f->engine, answer);
    greffe_plan_unref(plan);
}

static void what_was_made_of_the_feed_and_how_far_it_was_read_are_durable_together(void **state)
{
    fixture *f = *state;
    char *answer;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_FEED, .key = "mirror"};
    sql(f->db, "BEGIN IMMEDIATE");
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_OK);
    sql(f->db, "COMMIT");
    for (int round = 0; round < 2; round++) {
        assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
        assert_non_null(strstr(answer, "\"d1\""));
        greffe_engine_free(f->engine, answer);
        sql(f->db, "BEGIN IMMEDIATE");
        sql(f->db, "INSERT INTO portal VALUES ('d1')");
        assert_int_equal(greffe_engine_acknowledge_in(f->joined, "mirror", "1"), GREFFE_OK);
        sql(f->db, round == 0 ? "ROLLBACK" : "COMMIT");
        assert_int_equal(portal_rows(f), round);
    }
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    assert_null(strstr(answer, "\"d1\""));
    greffe_engine_free(f->engine, answer);
}

static void count_one(void *data)
{
    *(unsigned *)data += 1;
}

static void a_kick_wakes_whoever_watches(void **state)
{
    fixture *f = *state;
    uint32_t taken;
    unsigned woken = 0;
    greffe_engine_kick(f->engine);
    assert_int_equal(greffe_engine_poll(f->engine, 9, &taken), GREFFE_OK);
    assert_int_equal(taken, 0); /* nobody watches */
    assert_int_equal(greffe_engine_watch(f->engine, count_one, &woken), GREFFE_OK);
    greffe_engine_kick(f->engine);
    greffe_engine_kick(f->engine);
    assert_int_equal(greffe_engine_poll(f->engine, 9, &taken), GREFFE_OK);
    assert_int_equal(woken, 1);
    assert_int_equal(greffe_engine_watch(f->engine, NULL, NULL), GREFFE_OK);
}

static void wrong_use_is_told(void **state)
{
    fixture *f = *state;
    greffe_joined *joined;
    greffe_store *store;
    greffe_engine *other;
    char *answer;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS};
    const greffe_actor actor = prime_actor_of(AGENT);
    greffe_command erase = {
        .size = sizeof erase, .verb = "erase", .stream = "d1", .key = "e", .actor = &actor};
    greffe_result result;
    /* No transaction is open. */
    assert_int_equal(file_in(f->joined, f->engine, 1), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_read_in(f->joined, &answer, &query), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_publish_in(f->joined, f->plan), GREFFE_EMISUSE);
    sql(f->db, "BEGIN IMMEDIATE");
    assert_int_equal(greffe_engine_execute_in(f->joined, &result, &erase), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_execute_in(f->joined, NULL, &erase), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_execute_in(NULL, &result, &erase), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_acknowledge_in(f->joined, "mirror", "x"), GREFFE_EINVALID);
    assert_int_equal(greffe_engine_acknowledge_in(f->joined, "", "1"), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_acknowledge_in(NULL, "mirror", "1"), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_read_in(f->joined, NULL, &query), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_publish_in(f->joined, NULL), GREFFE_EMISUSE);
    sql(f->db, "ROLLBACK");
    /* Another database, and none in a file. */
    sqlite3 *empty = connect_to(":memory:");
    assert_int_equal(greffe_engine_join(&joined, f->engine, empty), GREFFE_EMISUSE);
    assert_int_equal(sqlite3_close(empty), SQLITE_OK);
    assert_int_equal(greffe_store_memory(&store), GREFFE_OK);
    greffe_engine_options options = {.size = sizeof options, .store = store};
    assert_int_equal(greffe_engine_open(&other, f->context, &options), GREFFE_OK);
    assert_int_equal(greffe_engine_join(&joined, other, f->db), GREFFE_EMISUSE);
    greffe_engine_close(other);
    assert_int_equal(greffe_engine_join(NULL, f->engine, f->db), GREFFE_EMISUSE);
    assert_int_equal(greffe_engine_join(&joined, NULL, f->db), GREFFE_EMISUSE);
    greffe_engine_leave(NULL);
}

static void a_database_with_another_store_is_another_database(void **state)
{
    fixture *f = *state;
    char folder[folder_room], path[store_path_room];
    greffe_store *store;
    greffe_engine *other;
    greffe_joined *joined;
    make_store_folder(folder, path);
    greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = path};
    assert_int_equal(greffe_store_sqlite(&store, &sqlite), GREFFE_OK);
    greffe_engine_options options = {.size = sizeof options, .store = store};
    assert_int_equal(greffe_engine_open(&other, f->context, &options), GREFFE_OK);
    assert_int_equal(greffe_engine_join(&joined, other, f->db), GREFFE_EMISUSE);
    greffe_engine_close(other);
    remove_store_folder(folder, path);
}

static void a_full_disk_is_told_and_nothing_of_the_transaction_is_left(void **state)
{
    fixture *f = *state;
    greffe_status status = GREFFE_OK;
    sql(f->db, "PRAGMA max_page_count = 1"); /* no page more than there are */
    sql(f->db, "BEGIN IMMEDIATE");
    for (unsigned i = 0; i < 200 && status == GREFFE_OK; i++) {
        status = file_in(f->joined, f->engine, i);
    }
    assert_int_equal(status, GREFFE_EFULL);
    if (sqlite3_get_autocommit(f->db) == 0) {
        sql(f->db, "ROLLBACK");
    }
    assert_int_equal(read_dossier(f, "d0"), GREFFE_ENOTFOUND);
    sql(f->db, "PRAGMA max_page_count = 100000");
    sql(f->db, "BEGIN IMMEDIATE");
    assert_int_equal(file_in(f->joined, f->engine, 0), GREFFE_OK);
    sql(f->db, "COMMIT");
    assert_int_equal(read_dossier(f, "d0"), GREFFE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_commit_of_the_host_s_makes_both_durable),
        TEST(a_rollback_of_the_host_s_takes_both_back),
        TEST(a_refused_command_leaves_the_transaction_as_it_was),
        TEST(many_commands_of_one_transaction_see_each_other),
        TEST(an_overtaken_transaction_is_told_to_begin_again),
        TEST(a_procedure_is_published_with_the_host_s_rows),
        TEST(what_was_made_of_the_feed_and_how_far_it_was_read_are_durable_together),
        TEST(a_kick_wakes_whoever_watches),
        TEST(wrong_use_is_told),
        TEST(a_database_with_another_store_is_another_database),
        TEST(a_full_disk_is_told_and_nothing_of_the_transaction_is_left),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
