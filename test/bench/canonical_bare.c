/* The bare program: what a careful developer writes by hand for the same six transitions, without
 * Greffe's promises. A row with the state and the answers, a row for each event, a row for each
 * open task, a column for the next delay; each transition is one transaction, the letters of a page
 * together one. There is no hash
 * chain, no idempotency key, no version, no outbox, and personal values lie with the rest. */
#include <sqlite3.h>
#include <string.h>

#include "canonical.h"

static const char schema[] =
    "CREATE TABLE dossier (key TEXT PRIMARY KEY, applicant TEXT NOT NULL, status TEXT NOT NULL,"
    " answers TEXT NOT NULL, due_ms INTEGER, updated_ms INTEGER NOT NULL);"
    "CREATE INDEX dossier_due ON dossier (due_ms) WHERE due_ms IS NOT NULL;"
    "CREATE INDEX dossier_status ON dossier (status, key);"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, key TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " who TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL);"
    "CREATE INDEX event_key ON event (key, id);"
    "CREATE TABLE task (key TEXT NOT NULL, step TEXT NOT NULL, service TEXT NOT NULL,"
    " since_ms INTEGER NOT NULL, PRIMARY KEY (key, step)) WITHOUT ROWID;"
    "CREATE INDEX task_service ON task (service, key);";

enum { BEGIN, COMMIT, INSERT, UPDATE, EVENT, OPEN_TASK, CLOSE_TASK, STATEMENTS };

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [INSERT] = "INSERT INTO dossier VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [UPDATE] = "UPDATE dossier SET status = ?2, due_ms = ?3, updated_ms = ?4 WHERE key = ?1",
    [EVENT] = "INSERT INTO event (key, at_ms, who, what, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
    [OPEN_TASK] = "INSERT INTO task VALUES (?1, ?2, ?3, ?4)",
    [CLOSE_TASK] = "DELETE FROM task WHERE key = ?1 AND step = ?2",
};

/* In the order of the commands; NULL: no task is closed, or none is opened. */
static const struct {
    const char *status, *who, *what, *detail, *closes, *opens, *service;
} transitions[bench_transitions] = {
    {"completude", "citoyen", "depot", "portail", NULL, "completude", "guichet"},
    {"instruction", "agent-0001", "complete", "completude", "completude", "instruction", "guichet"},
    {"decision", "agent-0001", "favorable", "Conforme", "instruction", "decision", "direction"},
    {"accord", "directeur-0001", "accordee", "decision", "decision", NULL, NULL},
    {"accord", "poste", "envoi", "accuse_reception", NULL, NULL, NULL},
    {"accordee", "poste", "envoi", "accord", NULL, NULL, NULL},
};

static sqlite3 *db;
static sqlite3_stmt *prepared[STATEMENTS];

static void open_bare(const char *path)
{
    db = bench_open(path, schema);
    for (int i = 0; i < STATEMENTS; i++) {
        prepared[i] = bench_prepare(db, statements[i]);
    }
}

static void close_bare(void)
{
    bench_close(db, prepared, STATEMENTS);
}

static void text(sqlite3_stmt *stmt, int at, const char *value)
{
    sqlite3_bind_text(stmt, at, value, -1, SQLITE_STATIC);
}

static void put_state(const char *key, int transition, int64_t now_ms)
{
    static const int64_t two_months_ms = 61ll * 86400000;
    sqlite3_stmt *stmt = prepared[transition == 0 ? INSERT : UPDATE];
    int status = transition == 0 ? 3 : 2;
    text(stmt, 1, key);
    text(stmt, status, transitions[transition].status);
    if (transition == 0) {
        text(stmt, 2, "citoyen");
        text(stmt, 4, bench_answers);
    }
    int due = transition == 0 ? 5 : 3;
    sqlite3_bind_int64(stmt, due, bench_instant_ms(0) + two_months_ms);
    if (transition >= 3) {
        sqlite3_bind_null(stmt, due);
    }
    sqlite3_bind_int64(stmt, due + 1, now_ms);
    bench_step(db, stmt, true);
}

static void transit(const char *key, int transition)
{
    int64_t now_ms = bench_instant_ms(transition);
    put_state(key, transition, now_ms);
    sqlite3_stmt *stmt = prepared[EVENT];
    text(stmt, 1, key);
    sqlite3_bind_int64(stmt, 2, now_ms);
    text(stmt, 3, transitions[transition].who);
    text(stmt, 4, transitions[transition].what);
    text(stmt, 5, transitions[transition].detail);
    bench_step(db, stmt, true);
    if (transitions[transition].closes != NULL) {
        text(prepared[CLOSE_TASK], 1, key);
        text(prepared[CLOSE_TASK], 2, transitions[transition].closes);
        bench_step(db, prepared[CLOSE_TASK], true);
    }
    if (transitions[transition].opens != NULL) {
        stmt = prepared[OPEN_TASK];
        text(stmt, 1, key);
        text(stmt, 2, transitions[transition].opens);
        text(stmt, 3, transitions[transition].service);
        sqlite3_bind_int64(stmt, 4, now_ms);
        bench_step(db, stmt, true);
    }
}

/* The transitions up to another, of some dossiers, in one commit. */
static void commit(uint32_t first, uint32_t count, int from, int before)
{
    char key[16];
    bench_step(db, prepared[BEGIN], false);
    for (uint32_t i = 0; i < count; i++) {
        bench_key(key, first + i);
        for (int t = from; t < before; t++) {
            transit(key, t);
        }
    }
    bench_step(db, prepared[COMMIT], false);
}

/* One commit for each command or visit, or for as many as are in flight. */
static void decide(uint32_t first, uint32_t count)
{
    uint32_t together = bench_flight > 0 ? count : 1;
    for (uint32_t done = 0; done < count; done += together) {
        for (int t = 0; t < bench_transitions - bench_letters; t = bench_after(t)) {
            commit(first + done, together, t, bench_after(t));
        }
    }
}

static void run(uint32_t first, uint32_t count)
{
    decide(first, count);
    commit(first, count, bench_transitions - bench_letters, bench_transitions);
}

const bench_program *bench_bare(void)
{
    static const bench_program program = {"bare", open_bare, run, close_bare};
    return &program;
}
