/* The equal program: hand-written SQLite that writes the same rows as Greffe, and has no engine.
 *
 * Equal to Greffe: the tables, their columns and indexes; every row inserted, updated and deleted,
 * with values of the same size, because they are what Greffe committed for one dossier, noted
 * beforehand; the state that is written whole; the journal's entry with its unique idempotency
 * key; the personal rows apart; task and outbox rows; the number taken from a sequence; the hash
 * chain, computed here for each entry (SHA-256 of the hash before and the body); the update that
 * asks for the version it expects; one transaction for each command, and one that leases a page of
 * letters; WAL, synchronous=FULL, prepared statements.
 *
 * Not here: reading what is stored, commands in JSON, answers checked, rights, rules, decisions,
 * encoding, commitments to personal values, letters filled in, a thread of its own. That is the
 * price of Greffe, and what the ratio shows. */
#include <nettle/sha2.h>
#include <sqlite3.h>
#include <string.h>

#include "canonical.h"

static const char schema[] =
    "CREATE TABLE equal_stream (tenant TEXT NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL,"
    " version INTEGER NOT NULL, head BLOB NOT NULL, state BLOB NOT NULL, grp TEXT NOT NULL,"
    " status TEXT NOT NULL, label TEXT NOT NULL, owner TEXT NOT NULL, due_ms INTEGER,"
    " last_ms INTEGER NOT NULL, PRIMARY KEY (tenant, kind, key));"
    "CREATE INDEX equal_stream_due ON equal_stream (tenant, due_ms) WHERE due_ms IS NOT NULL;"
    "CREATE INDEX equal_stream_list ON equal_stream (tenant, kind, grp, status, key);"
    "CREATE TABLE equal_entry (position INTEGER PRIMARY KEY, tenant TEXT NOT NULL,"
    " kind INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, command TEXT NOT NULL,"
    " head BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE UNIQUE INDEX equal_entry_stream ON equal_entry (tenant, kind, key, version);"
    "CREATE UNIQUE INDEX equal_entry_command ON equal_entry (tenant, kind, key, command);"
    "CREATE TABLE equal_personal (tenant TEXT NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL,"
    " ref TEXT NOT NULL, class TEXT NOT NULL, salt BLOB, value BLOB,"
    " PRIMARY KEY (tenant, kind, key, ref)) WITHOUT ROWID;"
    "CREATE TABLE equal_task (tenant TEXT NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL,"
    " item TEXT NOT NULL, name TEXT NOT NULL, who TEXT NOT NULL, assignee TEXT NOT NULL,"
    " ref TEXT NOT NULL, due INTEGER NOT NULL, since_ms INTEGER NOT NULL,"
    " PRIMARY KEY (tenant, kind, key, item)) WITHOUT ROWID;"
    "CREATE INDEX equal_task_who ON equal_task (tenant, who, key);"
    "CREATE TABLE equal_outbox (tenant TEXT NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL,"
    " item TEXT NOT NULL, channel TEXT NOT NULL, letter TEXT NOT NULL, ref TEXT NOT NULL,"
    " incident TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " started INTEGER NOT NULL DEFAULT 0,"
    " next_ms INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (tenant, kind, key, item)) WITHOUT ROWID;"
    "CREATE INDEX equal_outbox_next ON equal_outbox (tenant, next_ms) WHERE incident = '';"
    "CREATE TABLE equal_sequence (tenant TEXT NOT NULL, name TEXT NOT NULL,"
    " next INTEGER NOT NULL, PRIMARY KEY (tenant, name)) WITHOUT ROWID;";

enum {
    BEGIN,
    COMMIT,
    INSERT_STREAM,
    UPDATE_STREAM,
    INSERT_ENTRY,
    INSERT_PERSONAL,
    INSERT_TASK,
    DELETE_TASK,
    INSERT_EFFECT,
    DELETE_EFFECT,
    LEASE_EFFECT,
    INSERT_NUMBER,
    UPDATE_NUMBER,
    STATEMENTS
};

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [INSERT_STREAM] = "INSERT INTO equal_stream (tenant, kind, key, version, head, state, grp,"
                      " status, label, owner, due_ms, last_ms)"
                      " VALUES ('', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [UPDATE_STREAM] = "UPDATE equal_stream SET version = ?4, head = ?5, state = ?6, grp = ?7,"
                      " status = ?8, label = ?9, owner = ?10, due_ms = ?11, last_ms = ?12"
                      " WHERE tenant = '' AND kind = ?2 AND key = ?3 AND version = ?13",
    [INSERT_ENTRY] = "INSERT INTO equal_entry (tenant, kind, key, version, command, body, head)"
                     " VALUES ('', ?2, ?3, ?4, ?5, ?6, ?7)",
    [INSERT_PERSONAL] = "INSERT INTO equal_personal VALUES ('', ?2, ?3, ?4, ?5, ?6, ?7)",
    [INSERT_TASK] = "INSERT INTO equal_task VALUES ('', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [DELETE_TASK] = "DELETE FROM equal_task WHERE tenant = '' AND kind = ?2 AND key = ?3 AND"
                    " item = ?4",
    [INSERT_EFFECT] = "INSERT INTO equal_outbox (tenant, kind, key, item, channel, letter,"
                      " incident, ref) VALUES ('', ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [DELETE_EFFECT] = "DELETE FROM equal_outbox WHERE tenant = '' AND kind = ?2 AND key = ?3 AND"
                      " item = ?4",
    [LEASE_EFFECT] = "UPDATE equal_outbox SET next_ms = ?5, attempts = ?6 WHERE tenant = '' AND"
                     " kind = ?2 AND key = ?3 AND item = ?4",
    [INSERT_NUMBER] = "INSERT INTO equal_sequence VALUES ('', ?2, ?3)",
    [UPDATE_NUMBER] = "UPDATE equal_sequence SET next = ?3 WHERE tenant = '' AND name = ?2 AND"
                      " next = ?4",
};

static struct {
    const bench_script *script;
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENTS];
    unsigned char heads[bench_most_flight][32];
    int64_t next; /* number of the sequence */
} self;

static void open_equal(const char *path)
{
    self.db = bench_open(path, schema);
    self.next = 1;
    for (int i = 0; i < STATEMENTS; i++) {
        self.prepared[i] = bench_prepare(self.db, statements[i]);
    }
}

static void close_equal(void)
{
    bench_close(self.db, self.prepared, STATEMENTS);
}

/* --- Rows --- */

static void text(sqlite3_stmt *stmt, int at, greffe_str value)
{
    sqlite3_bind_text(stmt, at, value.data, (int)value.size, SQLITE_STATIC);
}

static void blob(sqlite3_stmt *stmt, int at, greffe_str value)
{
    sqlite3_bind_blob(stmt, at, value.data, (int)value.size, SQLITE_STATIC);
}

static sqlite3_stmt *keyed(int which, const bench_write *write, const char *key)
{
    sqlite3_stmt *stmt = self.prepared[which];
    sqlite3_bind_int64(stmt, 2, write->stream.kind);
    sqlite3_bind_text(stmt, 3, key, -1, SQLITE_STATIC);
    return stmt;
}

static void chain(unsigned char head[32], greffe_str body)
{
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, 32, head);
    sha256_update(&state, body.size, (const unsigned char *)body.data);
    sha256_digest(&state, 32, head);
}

static void put_stream(const bench_write *write, const char *key, unsigned char head[32])
{
    const greffe_stream_write *w = &write->stream;
    bool fresh = w->expected == 0;
    sqlite3_stmt *stmt = keyed(fresh ? INSERT_STREAM : UPDATE_STREAM, write, key);
    sqlite3_bind_int64(stmt, 4, (int64_t)w->expected + 1);
    sqlite3_bind_blob(stmt, 5, head, 32, SQLITE_STATIC);
    blob(stmt, 6, w->state);
    text(stmt, 7, w->group);
    text(stmt, 8, w->status);
    text(stmt, 9, w->label);
    text(stmt, 10, w->owner);
    sqlite3_bind_int64(stmt, 11, w->due_ms);
    if (w->due_ms == INT64_MAX) {
        sqlite3_bind_null(stmt, 11);
    }
    sqlite3_bind_int64(stmt, 12, w->last_ms);
    if (!fresh) {
        sqlite3_bind_int64(stmt, 13, (int64_t)w->expected);
    }
    bench_step(self.db, stmt, true);
}

static void put_entry(const bench_write *write, const char *key, const unsigned char head[32])
{
    sqlite3_stmt *stmt = keyed(INSERT_ENTRY, write, key);
    sqlite3_bind_int64(stmt, 4, (int64_t)write->stream.expected + 1);
    text(stmt, 5, write->entry.command);
    blob(stmt, 6, write->entry.body);
    sqlite3_bind_blob(stmt, 7, head, 32, SQLITE_STATIC);
    bench_step(self.db, stmt, true);
}

static void put_personal(const bench_write *write, const char *key)
{
    for (size_t i = 0; i < write->stream.personal_count; i++) {
        const greffe_personal_row *row = &write->stream.personal[i];
        sqlite3_stmt *stmt = keyed(INSERT_PERSONAL, write, key);
        text(stmt, 4, row->ref);
        text(stmt, 5, row->class_name);
        blob(stmt, 6, row->salt);
        blob(stmt, 7, row->value);
        bench_step(self.db, stmt, true);
    }
}

static void put_rows(const bench_write *write, const char *key)
{
    for (size_t i = 0; i < write->stream.row_count; i++) {
        const greffe_list_row *row = &write->stream.rows[i];
        bool task = row->kind == GREFFE_LIST_TASK;
        int which = row->remove ? (task ? DELETE_TASK : DELETE_EFFECT)
                                : (task ? INSERT_TASK : INSERT_EFFECT);
        sqlite3_stmt *stmt = keyed(which, write, key);
        text(stmt, 4, row->item);
        if (!row->remove) {
            text(stmt, 5, row->name);
            text(stmt, 6, row->who);
            text(stmt, 7, row->assignee);
            text(stmt, 8, row->ref);
        }
        if (!row->remove && task) {
            sqlite3_bind_int64(stmt, 9, row->due);
            sqlite3_bind_int64(stmt, 10, row->since_ms);
        }
        bench_step(self.db, stmt, true);
    }
}

static void take_number(const bench_write *write)
{
    sqlite3_stmt *stmt = self.prepared[self.next == 1 ? INSERT_NUMBER : UPDATE_NUMBER];
    text(stmt, 2, write->sequence);
    sqlite3_bind_int64(stmt, 3, self.next + 1);
    if (self.next > 1) {
        sqlite3_bind_int64(stmt, 4, self.next);
    }
    bench_step(self.db, stmt, true);
    self.next += 1;
}

/* --- Transitions --- */

static void transit(const bench_write *write, const char *key, unsigned char head[32])
{
    chain(head, write->entry.body);
    put_stream(write, key, head);
    put_entry(write, key, head);
    put_personal(write, key);
    put_rows(write, key);
    if (write->numbered) {
        take_number(write);
    }
}

/* The dispatcher's own commit: nobody else takes these letters meanwhile. */
static void lease(uint32_t first, uint32_t count)
{
    enum { lease_ms = 60000 };
    char key[16];
    bench_step(self.db, self.prepared[BEGIN], false);
    for (uint32_t i = 0; i < count; i++) {
        bench_key(key, first + i);
        for (size_t t = bench_transitions - bench_letters; t < bench_transitions; t++) {
            const bench_write *write = &self.script->writes[t];
            for (size_t r = 0; r < write->stream.row_count; r++) {
                sqlite3_stmt *stmt = keyed(LEASE_EFFECT, write, key);
                text(stmt, 4, write->stream.rows[r].item);
                sqlite3_bind_int64(stmt, 5, bench_instant_ms(bench_transitions - 1) + lease_ms);
                sqlite3_bind_int64(stmt, 6, 0);
                bench_step(self.db, stmt, true);
            }
        }
    }
    bench_step(self.db, self.prepared[COMMIT], false);
}

/* The transitions up to another, of some dossiers, in one commit. */
static void commit(uint32_t first, uint32_t offset, uint32_t count, int from, int before)
{
    char key[16];
    bench_step(self.db, self.prepared[BEGIN], false);
    for (uint32_t i = offset; i < offset + count; i++) {
        bench_key(key, first + i);
        for (int t = from; t < before; t++) {
            transit(&self.script->writes[t], key, self.heads[i]);
        }
    }
    bench_step(self.db, self.prepared[COMMIT], false);
}

static void run(uint32_t first, uint32_t count)
{
    const int decisions = bench_transitions - bench_letters;
    uint32_t together = bench_flight > 0 ? count : 1;
    memset(self.heads, 0, sizeof self.heads);
    for (uint32_t done = 0; done < count; done += together) {
        for (int t = 0; t < decisions; t = bench_after(t)) {
            commit(first, done, together, t, bench_after(t));
        }
    }
    lease(first, count);
    commit(first, 0, count, decisions, bench_transitions); /* that they have left */
}

const bench_program *bench_equal(const bench_script *script)
{
    static const bench_program program = {"equal", open_equal, run, close_equal};
    self.script = script;
    return &program;
}
