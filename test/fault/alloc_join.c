/* The sweep's part about the host's own transaction. Its connection and the engine's share a
 * database in memory; all that is done is rolled back, so that each run meets the same. */
#include <greffe/join.h>
#include <sqlite3.h>
#include <string.h>

#include "alloc_sweep.h"

static const char NAME[] = "file:sweep?mode=memory&cache=shared";

static struct {
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
} held;

static int64_t read_clock(void *data)
{
    (void)data;
    return INT64_C(1580544000000);
}

typedef greffe_status (*step_fn)(greffe_joined **joined, sqlite3 *db);

static greffe_status join(greffe_joined **joined, sqlite3 *db)
{
    return greffe_engine_join(joined, held.engine, db);
}

static greffe_status file_it(greffe_joined **joined, sqlite3 *db)
{
    (void)db;
    greffe_result result = {0};
    const greffe_command command = sweep_filing(FILING);
    const greffe_status status = greffe_engine_execute_in(*joined, &result, &command);
    greffe_result_free(held.engine, &result);
    return status;
}

static greffe_status read_it(greffe_joined **joined, sqlite3 *db)
{
    (void)db;
    char *answer = NULL;
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS};
    const greffe_status status = greffe_engine_read_in(*joined, &answer, &query);
    if (status == GREFFE_OK && strstr(answer, "VELO-2020-000001") == NULL) {
        (void)sweep_fault("a dossier that was filed is not there");
    }
    greffe_engine_free(held.engine, answer);
    return status;
}

static greffe_status publish_it(greffe_joined **joined, sqlite3 *db)
{
    (void)db;
    return greffe_engine_publish_in(*joined, held.plan);
}

static greffe_status acknowledge_it(greffe_joined **joined, sqlite3 *db)
{
    (void)db;
    return greffe_engine_acknowledge_in(*joined, "s", "1");
}

/* A step that finds no memory is taken again with memory back: in the transaction as it was, or,
 * when SQLite took that back, with all steps before it. */
static bool take_steps(greffe_joined **joined, sqlite3 *db)
{
    static const step_fn steps[] = {join, file_it, read_it, publish_it, acknowledge_it};
    static const char *const names[] = {"greffe_engine_join", "greffe_engine_execute_in",
                                        "greffe_engine_read_in", "greffe_engine_publish_in",
                                        "greffe_engine_acknowledge_in"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        greffe_status status = steps[i](joined, db);
        if (!sweep_status(names[i], status, true)) {
            return false;
        }
        if (status == GREFFE_OK) {
            continue;
        }
        memory_restore();
        const bool lost = sqlite3_get_autocommit(db) != 0;
        if (lost && sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
            return sweep_fault("no transaction can be begun: %s", sqlite3_errmsg(db));
        }
        for (size_t j = lost && i > 0 ? 1 : i; j <= i; j++) {
            status = steps[j](joined, db);
            if (status != GREFFE_OK) {
                return sweep_fault("memory is back, and %s says \"%s\"", names[j],
                                   greffe_status_name(status));
            }
        }
    }
    return true;
}

/* --- The inbox --- */

static greffe_status let_leave(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)effect;
    (void)problem;
    return GREFFE_OK;
}

static int waiting(void *data, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    *(bool *)data = strcmp(values[0], "0") != 0;
    return 0;
}

/* A command of the inbox is answered, at the latest when memory is back. */
static bool run_inbox(void)
{
    sqlite3 *db = NULL;
    greffe_progress did;
    bool waits = true;
    char *text = sqlite3_mprintf("INSERT INTO greffe_inbox (verb, stream, key, actor, args) VALUES "
                                 "('file', 'd2', 'k1', '{\"subject\":\"c1\",\"kind\":"
                                 "\"applicant\",\"services\":[\"x\"]}', %Q)",
                                 FILING);
    const bool inserted =
        text != NULL &&
        sqlite3_open_v2(NAME, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL) == SQLITE_OK &&
        sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(text);
    greffe_status status = inserted ? greffe_engine_run(held.engine, &did, 9, 0) : GREFFE_OK;
    bool fine = sweep_status("greffe_engine_run", status, true);
    memory_restore();
    for (int i = 0; fine && inserted && i < 2 && waits; i++) {
        status = greffe_engine_run(held.engine, &did, 9, 0);
        fine =
            (status == GREFFE_OK ||
             sweep_fault("memory is back, and run says \"%s\"", greffe_status_name(status))) &&
            sqlite3_exec(db, "SELECT count(*) FROM greffe_inbox WHERE coalesce(status, '') <> 'ok'",
                         waiting, &waits, NULL) == SQLITE_OK;
    }
    (void)sqlite3_exec(db, "DELETE FROM greffe_inbox", NULL, NULL, NULL);
    (void)sqlite3_close(db);
    return fine && (!inserted || !waits || sweep_fault("a command of the inbox has no answer"));
}

static bool run(void)
{
    sqlite3 *db = NULL;
    greffe_joined *joined = NULL;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI;
    bool fine = true;
    if (sqlite3_open_v2(NAME, &db, flags, NULL) == SQLITE_OK &&
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK) {
        fine = take_steps(&joined, db);
    }
    greffe_engine_leave(joined);
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    if (sqlite3_close(db) != SQLITE_OK) {
        return sweep_fault("something of ours is left on the host's connection");
    }
    return fine;
}

static bool prepare(void)
{
    greffe_diags *diags = NULL;
    greffe_engine_options options = {.size = sizeof options, .clock = read_clock};
    const greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = NAME};
    const greffe_handler mail = {.size = sizeof mail, .channel = "mail", .run = let_leave};
    (void)sqlite3_shutdown(); /* the engine's own name for the file is to be a URI too */
    if (sqlite3_config(SQLITE_CONFIG_URI, 1) != SQLITE_OK ||
        sweep_context(&held.context) != GREFFE_OK ||
        greffe_diags_create(&diags, held.context) != GREFFE_OK) {
        return false;
    }
    bool fine = sweep_plan(&held.plan, held.context, diags) == GREFFE_OK &&
                greffe_store_sqlite(&options.store, &sqlite) == GREFFE_OK &&
                greffe_engine_open(&held.engine, held.context, &options) == GREFFE_OK &&
                greffe_engine_publish(held.engine, held.plan) == GREFFE_OK &&
                greffe_engine_handle(held.engine, &mail) == GREFFE_OK;
    greffe_diags_destroy(diags);
    return fine;
}

static void dismiss(void)
{
    greffe_engine_close(held.engine);
    greffe_plan_unref(held.plan);
    greffe_context_destroy(held.context);
}

/* The first time a dossier is filed, every other time its key is known. */
static bool prepare_inbox(void)
{
    return prepare() && run_inbox();
}

const scenario JOIN_SCENARIO = {.name = "join", .prepare = prepare, .run = run, .dismiss = dismiss};
const scenario INBOX_SCENARIO = {
    .name = "inbox", .prepare = prepare_inbox, .run = run_inbox, .dismiss = dismiss};
