/* The SQLite store: WAL, synchronous=FULL, one transaction a write set. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/schema_sql.h"
#include "store/sqlite_priv.h"

enum { schema_version = 3, busy_ms = 5000, most_prefix = 32 };
/* The log is copied into the database when it has as many pages, 16 MiB. A page that several
 * transactions write between two such copies is copied once; reading a log finds its pages in the
 * first segment of the log's index as long as there are fewer than 4,062. */
enum { log_pages = 4000 };

static const char *const statements[STATEMENT_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [BEGIN_READ] = "BEGIN",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SAVEPOINT] = "SAVEPOINT {p}one",
    [RELEASE] = "RELEASE {p}one",
    [ROLLBACK_TO] = "ROLLBACK TO {p}one",
    [LOAD_STREAM] = "SELECT version, head, state, last_ms, due_ms FROM {p}stream "
                    "WHERE tenant = ?1 AND kind = ?2 AND key = ?3",
    [LOAD_PERSONAL] = "SELECT ref, class, salt, value FROM {p}personal "
                      "WHERE tenant = ?1 AND kind = ?2 AND key = ?3",
    [LOAD_ENTRY] = "SELECT version, body FROM {p}entry "
                   "WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND command = ?4",
    [LOAD_BUNDLE] = "SELECT hash, body FROM {p}bundle WHERE tenant = ?1 AND hash = ?4 LIMIT 1",
    [LOAD_ACTIVE] = "SELECT hash, body FROM {p}bundle "
                    "WHERE tenant = ?1 AND procedure = ?4 AND active = 1",
    [LOAD_NUMBER] = "SELECT next FROM {p}sequence WHERE tenant = ?1 AND name = ?4",
    [LOAD_PINNED] = "SELECT hash FROM {p}bundle WHERE tenant = ?1 AND pinned = ?4 "
                    "ORDER BY rowid DESC LIMIT 1",
    [LOAD_KNOWN] = "SELECT hash FROM {p}known WHERE tenant = ?1 AND name = ?4",
    [CHECK_STREAM] = "SELECT version FROM {p}stream WHERE tenant = ?1 AND kind = ?2 AND key = ?3",
    [INSERT_STREAM] =
        "INSERT INTO {p}stream (tenant, kind, key, version, head, state, grp, status, "
        "label, owner, due_ms, last_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
        "?10, ?11, ?12) ON CONFLICT DO NOTHING",
    [UPDATE_STREAM] = "UPDATE {p}stream SET version = ?4, head = ?5, state = ?6, grp = ?7, "
                      "status = ?8, label = ?9, owner = ?10, due_ms = ?11, last_ms = ?12 "
                      "WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND version = ?13",
    [INSERT_ENTRY] = "INSERT INTO {p}entry (tenant, kind, key, version, command, body, "
                     "head) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [INSERT_PERSONAL] = "INSERT INTO {p}personal (tenant, kind, key, ref, class, salt, value) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [ERASE_PERSONAL] = "UPDATE {p}personal SET salt = x'', value = x'' WHERE tenant = ?1 AND "
                       "kind = ?2 AND key = ?3",
    [INSERT_TASK] = "INSERT OR REPLACE INTO {p}task (tenant, kind, key, item, name, who, assignee, "
                    "ref, due, since_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [DELETE_TASK] =
        "DELETE FROM {p}task WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND item = ?4",
    [INSERT_EFFECT] =
        "INSERT INTO {p}outbox (tenant, kind, key, item, channel, letter, incident, "
        "ref) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
        "ON CONFLICT DO UPDATE SET incident = ?7, attempts = 0, started = 0, next_ms = 0",
    [DELETE_EFFECT] =
        "DELETE FROM {p}outbox WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND item = ?4",
    [PUT_ALLOTMENT] = "INSERT INTO {p}allotment VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO "
                      "UPDATE SET allocated = ?3, reserved = ?4, committed = ?5, spent = ?6",
    [INSERT_NUMBER] = "INSERT INTO {p}sequence VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [UPDATE_NUMBER] =
        "UPDATE {p}sequence SET next = ?3 WHERE tenant = ?1 AND name = ?2 AND next = ?4",
    [CLAIM_DUE] = "SELECT kind, key, due_ms FROM {p}stream WHERE tenant = ?1 AND due_ms <= ?2 "
                  "AND due_ms IS NOT NULL ORDER BY due_ms, kind, key LIMIT ?3",
    [CLAIM_EFFECTS] = "SELECT o.kind, o.key, o.item, o.channel, o.letter, p.value, o.attempts, "
                      "o.started, o.next_ms "
                      "FROM {p}outbox o LEFT JOIN {p}personal p ON p.tenant = o.tenant AND "
                      "p.kind = o.kind AND p.key = o.key AND p.ref = o.ref "
                      "WHERE o.tenant = ?1 AND o.incident = '' AND o.next_ms <= ?2 "
                      "AND (instr(?4, char(10) || o.channel || CASE o.channel WHEN 'call' "
                      "THEN ':' || o.letter ELSE '' END || char(10)) > 0) = ?5 "
                      "ORDER BY o.channel <> 'greffe', o.next_ms, o.kind, o.key, o.item LIMIT ?3",
    [SEEK_EFFECT] = "SELECT 1 FROM {p}outbox o WHERE o.tenant = ?1 AND o.incident = '' AND "
                    "o.next_ms <= ?2 AND (instr(?4, char(10) || o.channel || CASE o.channel WHEN "
                    "'call' THEN ':' || o.letter ELSE '' END || char(10)) > 0) = ?5 LIMIT 1",
    [LEASE_EFFECT] =
        "UPDATE {p}outbox SET next_ms = ?5, attempts = ?6, started = ?7 WHERE tenant = ?1 "
        "AND kind = ?2 AND key = ?3 AND item = ?4 AND next_ms = ?8 AND (?9 = 0 OR EXISTS (SELECT 1 "
        "FROM {p}lease WHERE tenant = ?1 AND name = 'dispatcher' AND epoch = ?9))",
    [RETIRE_BUNDLES] = "UPDATE {p}bundle SET active = 0 WHERE tenant = ?1 AND procedure = ?2",
    [INSERT_BUNDLE] = "INSERT OR REPLACE INTO {p}bundle (tenant, procedure, hash, published_ms, "
                      "active, body, pinned) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)",
    [PUT_KNOWN] = "INSERT OR REPLACE INTO {p}known VALUES (?1, ?2, ?3)",
    [READ_STREAMS] = "SELECT kind, key, label, status, grp, owner, version, last_ms, state, head, "
                     "due_ms FROM {p}stream WHERE tenant = ?1 AND kind = ?2 AND key > ?6 AND "
                     "(?3 = '' OR grp = ?3) AND (?4 = '' OR status = ?4) AND "
                     "(?5 = '' OR owner = ?5) ORDER BY key LIMIT ?8",
    [READ_RECENT] = "SELECT kind, key, label, status, grp, owner, version, last_ms, state, head, "
                    "due_ms FROM {p}stream WHERE tenant = ?1 AND kind = ?2 AND "
                    "(?3 = '' OR grp = ?3) AND (?4 = '' OR status = ?4) AND "
                    "(?5 = '' OR owner = ?5) AND (last_ms < ?9 OR (last_ms = ?9 AND key > ?6)) "
                    "ORDER BY last_ms DESC, key LIMIT ?8",
    [READ_TASKS] = "SELECT kind, key, item, name, who, assignee, ref, due, since_ms FROM {p}task "
                   "WHERE tenant = ?1 AND (?5 = '' OR who = ?5) AND (?4 = '' OR name = ?4) AND "
                   "(?10 = 0 OR assignee = ?11) AND "
                   "(key > ?6 OR (key = ?6 AND item > ?7)) ORDER BY key, item LIMIT ?8",
    [READ_DUE] = "SELECT * FROM (SELECT kind, key, item, name, who, assignee, ref, due, since_ms, "
                 "iif(due = 0, 9223372036854775807, due) AS place FROM {p}task "
                 "WHERE tenant = ?1 AND (?5 = '' OR who = ?5) AND (?4 = '' OR name = ?4) AND "
                 "(?10 = 0 OR assignee = ?11)) WHERE place > ?9 OR (place = ?9 AND (key > ?6 OR "
                 "(key = ?6 AND item > ?7))) ORDER BY place, key, item LIMIT ?8",
    [COUNT_STREAMS] = "SELECT grp, status, count(*) FROM {p}stream WHERE tenant = ?1 AND "
                      "kind = ?2 AND (?3 = '' OR grp = ?3) AND (?5 = '' OR owner = ?5) "
                      "GROUP BY grp, status ORDER BY grp, status LIMIT ?8",
    [COUNT_TASKS] = "SELECT who, name, count(*) FROM {p}task WHERE tenant = ?1 AND "
                    "(?3 = '' OR who = ?3) AND (?10 = 0 OR assignee = ?11) "
                    "GROUP BY who, name ORDER BY who, name LIMIT ?8",
    [READ_ENTRIES] =
        "SELECT kind, key, version, command, body, head FROM {p}entry WHERE tenant = ?1 AND "
        "kind = ?2 AND key = ?3 AND version > CAST(?6 AS INTEGER) "
        "ORDER BY version LIMIT ?8",
    [READ_ROWS] = "SELECT * FROM (SELECT 1 AS list, key, item, name, who, assignee, ref, due, "
                  "since_ms FROM {p}task WHERE tenant = ?1 AND kind = ?2 AND key = ?3 UNION ALL "
                  "SELECT 2, key, item, channel, letter, incident, ref, 0, 0 FROM {p}outbox WHERE "
                  "tenant = ?1 AND kind = ?2 AND key = ?3) WHERE ?7 = '' OR item > ?7 "
                  "ORDER BY item, list LIMIT ?8",
    [READ_EFFECTS] = "SELECT kind, key, item, channel, letter, incident, ref, attempts, next_ms "
                     "FROM {p}outbox WHERE tenant = ?1 AND (key > ?6 OR (key = ?6 AND item > ?7)) "
                     "ORDER BY key, item LIMIT ?8",
    [READ_AMOUNTS] = "SELECT allocated, reserved, committed, spent FROM {p}allotment "
                     "WHERE tenant = ?1 AND key = ?3",
    [READ_ORPHANS] = "SELECT DISTINCT e.kind, e.key FROM {p}entry e WHERE e.tenant = ?1 AND NOT "
                     "EXISTS (SELECT 1 FROM {p}stream s WHERE s.tenant = e.tenant AND "
                     "s.kind = e.kind AND s.key = e.key) LIMIT ?8",
    [READ_NUMBERS] = "SELECT name, next FROM {p}sequence WHERE tenant = ?1 ORDER BY name LIMIT ?8",
    [READ_FEED] = "SELECT kind, key, version, command, body, head, position FROM {p}entry WHERE "
                  "tenant = ?1 AND position > CAST(?6 AS INTEGER) ORDER BY position LIMIT ?8",
    [LOAD_CURSOR] = "SELECT position FROM {p}cursor WHERE tenant = ?1 AND subscriber = ?4",
    [KEEP_CURSOR] = "INSERT INTO {p}cursor (tenant, subscriber, position) VALUES (?1, ?4, ?5) ON "
                    "CONFLICT (tenant, subscriber) DO UPDATE SET position = max(position, ?5)",
    [READ_NEXT] =
        "SELECT (SELECT min(due_ms) FROM {p}stream WHERE tenant = ?1 AND due_ms IS NOT "
        "NULL), (SELECT min(next_ms) FROM {p}outbox WHERE tenant = ?1 AND incident = ''), "
        "EXISTS (SELECT 1 FROM {p}inbox WHERE tenant = ?1 AND answered_ms IS NULL)",
    [READ_LEASE] = "SELECT owner, epoch, until_ms FROM {p}lease WHERE tenant = ?1 AND "
                   "name = 'dispatcher'",
    /* ?4 is the end that is asked for, ?3 now: twice as long as that, nobody could have asked. */
    [TAKE_LEASE] = "INSERT INTO {p}lease VALUES (?1, 'dispatcher', ?2, 1, ?4) ON CONFLICT DO "
                   "UPDATE SET epoch = epoch + (owner <> ?2), owner = ?2, until_ms = ?4 WHERE "
                   "owner = ?2 OR until_ms <= ?3 OR until_ms > ?3 + 2 * (?4 - ?3)",
    [RETURN_LEASE] = "UPDATE {p}lease SET until_ms = 0 WHERE tenant = ?1 AND name = 'dispatcher' "
                     "AND owner = ?2",
    [READ_INBOX] = "SELECT id, verb, stream, key, actor, args, represented, effective, because, "
                   "if_version FROM {p}inbox WHERE tenant = ?1 AND answered_ms IS NULL AND "
                   "id > ?2 ORDER BY id LIMIT ?3",
    [ANSWER_INBOX] = "UPDATE {p}inbox SET answered_ms = ?2, status = ?4, code = ?5, message = ?6, "
                     "answer = ?7, version = ?8, repeated = ?9, actor = '', args = '', "
                     "represented = NULL, because = NULL WHERE tenant = ?1 AND id = ?3",
    [DATA_VERSION] = "PRAGMA data_version",
    [READ_BUNDLES] = "SELECT procedure, hash, active, published_ms, body FROM {p}bundle WHERE "
                     "tenant = ?1 AND hash > ?6 ORDER BY hash LIMIT ?8",
};

greffe_status greffe__sqlite_status(int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW: return GREFFE_OK;
    case SQLITE_NOMEM: return GREFFE_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return GREFFE_EBUSY;
    case SQLITE_READONLY: return GREFFE_EREADONLY;
    case SQLITE_FULL: return GREFFE_EFULL;
    case SQLITE_CONSTRAINT: return GREFFE_ECONFLICT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return GREFFE_ECORRUPT;
    default: return GREFFE_EIO;
    }
}

/* The text with every {p} replaced; from malloc. */
static char *with_prefix(const sqlite_store *s, const char *text)
{
    size_t prefix = strlen(s->prefix), size = strlen(text) + 1;
    for (const char *at = strstr(text, "{p}"); at != NULL; at = strstr(at + 3, "{p}")) {
        size += prefix;
    }
    char *result = malloc(size);
    char *out = result;
    while (result != NULL && *text != '\0') {
        if (strncmp(text, "{p}", 3) == 0) {
            memcpy(out, s->prefix, prefix);
            out += prefix;
            text += 3;
        } else {
            *out++ = *text++;
        }
    }
    if (result != NULL) {
        *out = '\0';
    }
    return result;
}

greffe_status greffe__sqlite_prepare(sqlite_store *s, statement which, sqlite3_stmt **out)
{
    if (s->prepared[which] == NULL) {
        char *sql = with_prefix(s, statements[which]);
        if (sql == NULL) {
            return GREFFE_ENOMEM;
        }
        int code = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      &s->prepared[which], NULL);
        free(sql);
        if (code != SQLITE_OK) {
            return greffe__sqlite_status(code);
        }
    }
    *out = s->prepared[which];
    sqlite3_reset(*out);
    return GREFFE_OK;
}

static greffe_status prepared(sqlite_store *s, statement which)
{
    sqlite3_stmt *stmt;
    return greffe__sqlite_prepare(s, which, &stmt);
}

greffe_status greffe__sqlite_run(sqlite_store *s, statement which)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = GREFFE_OK;
    /* What ends a transaction must not want memory when it is needed. */
    static const statement whole[] = {COMMIT, ROLLBACK}, part[] = {RELEASE, ROLLBACK_TO};
    const statement *ends = which == SAVEPOINT ? part : whole;
    for (int i = 0; i < 2 && (which == BEGIN || which == BEGIN_READ || which == SAVEPOINT); i++) {
        status = status == GREFFE_OK ? prepared(s, ends[i]) : status;
    }
    if (status == GREFFE_OK) {
        status = greffe__sqlite_prepare(s, which, &stmt);
    }
    if (status == GREFFE_OK) {
        status = greffe__sqlite_status(sqlite3_step(stmt));
        sqlite3_reset(stmt);
    }
    return status;
}

/* --- Opening --- */

static greffe_status execute(sqlite_store *s, const char *text)
{
    char *sql = with_prefix(s, text);
    if (sql == NULL) {
        return GREFFE_ENOMEM;
    }
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    free(sql);
    return greffe__sqlite_status(code);
}

/* The schema's version; 0 for an empty database. */
static greffe_status read_version(sqlite_store *s, int *out)
{
    sqlite3_stmt *stmt = NULL;
    char *sql = with_prefix(s, "SELECT value FROM {p}meta WHERE name = 'schema'");
    if (sql == NULL) {
        return GREFFE_ENOMEM;
    }
    int code = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
    free(sql);
    *out = 0;
    if (code == SQLITE_ERROR) {
        return GREFFE_OK; /* no such table */
    }
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        *out = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return greffe__sqlite_status(code);
}

static greffe_status create(sqlite_store *s)
{
    greffe_status status = execute(s, "BEGIN IMMEDIATE");
    int version = 0;
    if (status == GREFFE_OK) {
        status = read_version(s, &version); /* another process may have been first */
    }
    if (status == GREFFE_OK && version == 0) {
        status = execute(s, schema_sql);
    }
    if (status == GREFFE_OK && version == 0) {
        status = execute(s, "INSERT INTO {p}meta VALUES ('schema', 3)");
    }
    if (status != GREFFE_OK) {
        (void)execute(s, "ROLLBACK");
        return status;
    }
    return execute(s, "COMMIT");
}

static greffe_status prepare_database(sqlite_store *s, bool read_only)
{
    int version;
    sqlite3_busy_timeout(s->db, busy_ms);
    greffe_status status = GREFFE_OK;
    if (!read_only) {
        for (int tries = 0; tries < busy_ms / 10; tries++) { /* it does not wait by itself */
            status = execute(s, "PRAGMA journal_mode = WAL");
            if (status != GREFFE_EBUSY) {
                break;
            }
            sqlite3_sleep(10);
        }
        if (status == GREFFE_OK) {
            status = execute(s, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
        }
        (void)sqlite3_wal_autocheckpoint(s->db, log_pages);
    }
    if (status == GREFFE_OK) {
        status = read_version(s, &version);
    }
    if (status != GREFFE_OK) {
        return status;
    }
    if (version == 0) {
        return read_only ? GREFFE_EREADONLY : create(s);
    }
    return version == schema_version ? GREFFE_OK : GREFFE_EVERSION;
}

static void close_store(greffe_store *store)
{
    sqlite_store *s = (sqlite_store *)store;
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(s->prepared[i]);
    }
    if (!s->joined) {
        sqlite3_close(s->db);
    }
    free(s->prefix);
    free(s->tenant);
    free(s);
}

/* Each tenant has a secret of its own: what is made with it is no other's, either. */
static int prepare_secret(sqlite_store *s, const char *sql, sqlite3_stmt **stmt)
{
    char *whole = with_prefix(s, sql);
    int code = whole == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(s->db, whole, -1, stmt, NULL);
    free(whole);
    char *name = code == SQLITE_OK
                     ? sqlite3_mprintf("secret%s%s", s->tenant[0] != '\0' ? "/" : "", s->tenant)
                     : NULL;
    return code != SQLITE_OK ? code
           : name == NULL    ? SQLITE_NOMEM
                             : sqlite3_bind_text(*stmt, 1, name, -1, sqlite3_free);
}

static greffe_status read_secret(sqlite_store *s, unsigned char out[32], bool *found)
{
    sqlite3_stmt *stmt = NULL;
    int code = prepare_secret(s, "SELECT value FROM {p}meta WHERE name = ?1", &stmt);
    *found = false;
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        *found = sqlite3_column_bytes(stmt, 0) == 32;
        if (*found) {
            memcpy(out, sqlite3_column_blob(stmt, 0), 32);
        }
    }
    sqlite3_finalize(stmt);
    return greffe__sqlite_status(code);
}

static greffe_status write_secret(sqlite_store *s, const unsigned char fresh[32])
{
    sqlite3_stmt *stmt = NULL;
    int code =
        prepare_secret(s, "INSERT INTO {p}meta VALUES (?1, ?2) ON CONFLICT DO NOTHING", &stmt);
    if (code == SQLITE_OK) {
        sqlite3_bind_blob(stmt, 2, fresh, 32, SQLITE_STATIC);
        code = sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    return greffe__sqlite_status(code);
}

/* Made by the first who needs it: readers of a store that has one take no lock. */
static void secret(greffe_store *store, const unsigned char fresh[32], unsigned char out[32],
                   greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    bool found;
    greffe_status status = read_secret(s, out, &found);
    if (status == GREFFE_OK && !found) {
        status = write_secret(s, fresh);
        if (status == GREFFE_OK) {
            status = read_secret(s, out, &found);
        }
        status = status == GREFFE_OK && !found ? GREFFE_ECORRUPT : status;
    }
    done(data, status);
}

static bool good_prefix(const char *prefix)
{
    size_t size = strlen(prefix);
    for (size_t i = 0; i < size; i++) {
        char c = prefix[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
              (i > 0 && c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return size > 0 && size <= most_prefix;
}

/* A copy that was put aside, without a log beside it: nobody writes it. */
static bool has_no_log(const char *path)
{
    char *log = sqlite3_mprintf("%s-wal", path);
    bool none = log != NULL && access(log, F_OK) != 0;
    sqlite3_free(log);
    return none;
}

/* The path as a URI that says that the file does not change; to be freed with sqlite3_free. */
static char *immutable_uri(const char *path)
{
    sqlite3_str *uri = sqlite3_str_new(NULL);
    sqlite3_str_appendall(uri, "file:");
    for (const char *c = path; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '/' || *c == '.' || *c == '-' || *c == '_';
        sqlite3_str_appendf(uri, plain ? "%c" : "%%%02x", plain ? *c : (unsigned char)*c);
    }
    sqlite3_str_appendall(uri, "?immutable=1");
    return sqlite3_str_finish(uri);
}

/* What lies where nothing can be written is read as a file that does not change: SQLite would want
 * to share its log's index with others. */
static greffe_status open_database(sqlite_store *s, const char *path, bool read_only,
                                   bool immutable)
{
    int flags = SQLITE_OPEN_NOMUTEX |
                (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    char *uri = immutable ? immutable_uri(path) : NULL;
    if (immutable && uri == NULL) {
        return GREFFE_ENOMEM;
    }
    greffe_status status = greffe__sqlite_status(sqlite3_open_v2(
        immutable ? uri : path, &s->db, flags | (immutable ? SQLITE_OPEN_URI : 0), NULL));
    sqlite3_free(uri);
    return status == GREFFE_OK ? prepare_database(s, read_only) : status;
}

static greffe_status join(greffe_store *store, void *connection, const unsigned char secret[32],
                          greffe_store **out);

static const greffe_store_ops sqlite_ops = {
    .size = sizeof sqlite_ops,
    .load = greffe__sqlite_load,
    .commit = greffe__sqlite_commit,
    .claim = greffe__sqlite_claim,
    .read = greffe__sqlite_read,
    .postpone = greffe__sqlite_postpone,
    .publish = greffe__sqlite_publish,
    .secret = secret,
    .close = close_store,
    .group = greffe__sqlite_group,
    .keep = greffe__sqlite_keep,
    .join = join,
    .lease = greffe__sqlite_lease,
    .inbox = greffe__sqlite_inbox,
    .answer = greffe__sqlite_answer,
    .moved = greffe__sqlite_moved,
};

/* A store without its database; NULL: there is no memory. */
static sqlite_store *new_store(const char *prefix, const char *tenant)
{
    sqlite_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->head.ops = &sqlite_ops;
    s->prefix = strdup(prefix);
    s->tenant = strdup(tenant);
    if (s->prefix == NULL || s->tenant == NULL) {
        close_store(&s->head);
        return NULL;
    }
    return s;
}

static greffe_status join(greffe_store *store, void *connection, const unsigned char secret[32],
                          greffe_store **out)
{
    const sqlite_store *host = (const sqlite_store *)store;
    sqlite_store *s = new_store(host->prefix, host->tenant);
    if (s == NULL) {
        return GREFFE_ENOMEM;
    }
    unsigned char found_secret[32];
    bool found = false;
    int version = 0;
    s->db = connection;
    s->joined = true;
    s->grouped = true;
    s->guarded = true;
    greffe_status status = read_version(s, &version);
    if (status == GREFFE_OK && version == schema_version) {
        status = read_secret(s, found_secret, &found);
    }
    if (status == GREFFE_OK && (!found || memcmp(found_secret, secret, 32) != 0)) {
        status = GREFFE_EMISUSE;
    }
    if (status != GREFFE_OK) {
        close_store(&s->head);
        return status;
    }
    *out = &s->head;
    return GREFFE_OK;
}

greffe_status greffe_store_sqlite(greffe_store **out, const greffe_sqlite_options *options)
{
    if (out == NULL || options == NULL || options->size != sizeof *options ||
        options->path == NULL || options->path[0] == '\0') { /* SQLite's own: gone when closed */
        return GREFFE_EMISUSE;
    }
    const char *prefix = options->prefix != NULL ? options->prefix : "greffe_";
    if (!good_prefix(prefix)) {
        return GREFFE_EMISUSE;
    }
    sqlite_store *s = new_store(prefix, options->tenant != NULL ? options->tenant : "");
    if (s == NULL) {
        return GREFFE_ENOMEM;
    }
    greffe_status status = open_database(s, options->path, options->read_only, false);
    if (status != GREFFE_OK && options->read_only && has_no_log(options->path)) {
        sqlite3_close(s->db);
        s->db = NULL;
        status = open_database(s, options->path, true, true);
    }
    if (status == GREFFE_OK) { /* from here on */
        status = greffe__sqlite_look(s);
    }
    if (status == GREFFE_EIO && access(options->path, R_OK) == 0 &&
        access(options->path, W_OK) != 0) {
        status = GREFFE_EREADONLY;
    }
    if (status != GREFFE_OK) {
        close_store(&s->head);
        return status;
    }
    *out = &s->head;
    return GREFFE_OK;
}

greffe_status greffe_sqlite_compact(const char *path)
{
    sqlite3 *db = NULL;
    if (path == NULL) {
        return GREFFE_EMISUSE;
    }
    if (access(path, F_OK) != 0) {
        return GREFFE_ENOTFOUND;
    }
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(db, busy_ms);
        code = sqlite3_exec(db, "VACUUM", NULL, NULL, NULL);
    }
    int left = 1; /* of the log, while somebody reads it */
    if (code == SQLITE_OK) {
        code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, NULL);
    }
    sqlite3_close(db);
    return code == SQLITE_OK && left > 0 ? GREFFE_EBUSY : greffe__sqlite_status(code);
}
