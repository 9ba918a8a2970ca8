/* Inside the SQLite store: its statements and the operations of the table of functions. */
#ifndef GREFFE_STORE_SQLITE_PRIV_H
#define GREFFE_STORE_SQLITE_PRIV_H

#include <greffe/sys/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;
struct sqlite3_stmt;

typedef enum statement {
    BEGIN,
    BEGIN_READ,
    COMMIT,
    ROLLBACK,
    SAVEPOINT,
    RELEASE,
    ROLLBACK_TO,
    LOAD_STREAM,
    LOAD_PERSONAL,
    LOAD_ENTRY,
    LOAD_BUNDLE,
    LOAD_ACTIVE,
    LOAD_NUMBER,
    LOAD_PINNED,
    LOAD_KNOWN,
    CHECK_STREAM,
    INSERT_STREAM,
    UPDATE_STREAM,
    INSERT_ENTRY,
    INSERT_PERSONAL,
    ERASE_PERSONAL,
    INSERT_TASK,
    DELETE_TASK,
    INSERT_EFFECT,
    DELETE_EFFECT,
    PUT_ALLOTMENT,
    INSERT_NUMBER,
    UPDATE_NUMBER,
    CLAIM_DUE,
    CLAIM_EFFECTS,
    SEEK_EFFECT,
    LEASE_EFFECT,
    RETIRE_BUNDLES,
    INSERT_BUNDLE,
    PUT_KNOWN,
    READ_STREAMS,
    READ_RECENT,
    READ_TASKS,
    READ_DUE,
    COUNT_STREAMS,
    COUNT_TASKS,
    READ_ENTRIES,
    READ_ROWS,
    READ_EFFECTS,
    READ_BUNDLES,
    READ_AMOUNTS,
    READ_ORPHANS,
    READ_NUMBERS,
    READ_NEXT,
    READ_FEED,
    LOAD_CURSOR,
    KEEP_CURSOR,
    READ_LEASE,
    TAKE_LEASE,
    RETURN_LEASE,
    READ_INBOX,
    ANSWER_INBOX,
    DATA_VERSION,
    STATEMENT_COUNT
} statement;

typedef struct sqlite_store {
    greffe_store head;
    struct sqlite3 *db;
    char *prefix, *tenant;
    struct sqlite3_stmt *prepared[STATEMENT_COUNT];
    bool joined;                /* the connection, and its transaction, are the host's */
    bool grouped;               /* commits are parts of one transaction */
    bool guarded;               /* a part of it can be taken back by itself */
    int changes;                /* as many as there were when that part began */
    greffe_status group_status; /* why that transaction was lost, if it was */
    int data_version;           /* as it was when it was asked for last */
} sqlite_store;

greffe_status greffe__sqlite_status(int code);
greffe_status greffe__sqlite_prepare(sqlite_store *s, statement which, struct sqlite3_stmt **out);
greffe_status greffe__sqlite_run(sqlite_store *s, statement which);
/* One change, or several loads that belong together: a transaction, or a part of the group's. What
 * cannot be ended well is taken back whole. */
greffe_status greffe__sqlite_begin(sqlite_store *s, bool writes);
greffe_status greffe__sqlite_end(sqlite_store *s, bool writes, greffe_status status);
void greffe__sqlite_group(greffe_store *store, bool begin, greffe_done_fn done, void *data);

/* --- Binding, stepping and reading --- */

void greffe__sqlite_bind(struct sqlite3_stmt *stmt, int at, greffe_str text);
/* Runs a change to its end and makes the statement ready again. */
greffe_status greffe__sqlite_step(struct sqlite3_stmt *stmt);
/* A column's copy in the caller's memory; sets *failed when there is none. */
greffe_str greffe__sqlite_take(struct sqlite3_stmt *stmt, int column, greffe_memory *memory,
                               bool *failed);

/* --- What processes share (sqlite_shared.c) --- */

void greffe__sqlite_lease(greffe_store *store, greffe_lease *lease, greffe_done_fn done,
                          void *data);
void greffe__sqlite_inbox(greffe_store *store, greffe_inbox_request *request, greffe_memory *memory,
                          greffe_done_fn done, void *data);
void greffe__sqlite_answer(greffe_store *store, const greffe_inbox_answer *answer,
                           greffe_done_fn done, void *data);
/* Notes how far others have come. */
greffe_status greffe__sqlite_look(sqlite_store *s);
void greffe__sqlite_moved(greffe_store *store, bool *out, greffe_done_fn done, void *data);

/* --- All else (sqlite_ops.c) --- */

void greffe__sqlite_load(greffe_store *store, greffe_load *items, size_t count,
                         greffe_memory *memory, greffe_done_fn done, void *data);
void greffe__sqlite_commit(greffe_store *store, const greffe_write_set *set, greffe_done_fn done,
                           void *data);
void greffe__sqlite_claim(greffe_store *store, greffe_claim_request *request, greffe_memory *memory,
                          greffe_done_fn done, void *data);
void greffe__sqlite_read(greffe_store *store, greffe_read *request, greffe_memory *memory,
                         greffe_done_fn done, void *data);
void greffe__sqlite_postpone(greffe_store *store, const greffe_effect_row *effect, int64_t next_ms,
                             greffe_done_fn done, void *data);
void greffe__sqlite_keep(greffe_store *store, greffe_str subscriber, int64_t position,
                         greffe_done_fn done, void *data);
void greffe__sqlite_publish(greffe_store *store, const greffe_publication *publication,
                            greffe_done_fn done, void *data);

#ifdef __cplusplus
}
#endif
#endif
