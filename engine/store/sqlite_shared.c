/* What the processes that share a database need of each other: who dispatches, the inbox of those
 * that have nothing but SQL, and whether somebody else has committed. */
#include <sqlite3.h>
#include <string.h>

#include "store/sqlite_priv.h"

static greffe_status prepare(sqlite_store *s, statement which, sqlite3_stmt **out)
{
    greffe_status status = greffe__sqlite_prepare(s, which, out);
    if (status == GREFFE_OK) {
        sqlite3_bind_text(*out, 1, s->tenant, -1, SQLITE_STATIC);
    }
    return status;
}

/* --- The dispatcher's lease --- */

static greffe_status read_lease(sqlite_store *s, greffe_lease *lease)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare(s, READ_LEASE, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    int code = sqlite3_step(stmt);
    lease->held = false;
    lease->epoch = 0;
    lease->held_ms = 0;
    if (code == SQLITE_ROW) {
        size_t size = (size_t)sqlite3_column_bytes(stmt, 0);
        lease->epoch = (uint64_t)sqlite3_column_int64(stmt, 1);
        lease->held_ms = sqlite3_column_int64(stmt, 2);
        lease->held = lease->held_ms > lease->now_ms && size == lease->owner.size &&
                      memcmp(sqlite3_column_blob(stmt, 0), lease->owner.data, size) == 0;
    }
    sqlite3_reset(stmt);
    return greffe__sqlite_status(code);
}

static greffe_status change_lease(sqlite_store *s, statement how, const greffe_lease *lease)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare(s, how, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    greffe__sqlite_bind(stmt, 2, lease->owner);
    if (how == TAKE_LEASE) {
        sqlite3_bind_int64(stmt, 3, lease->now_ms);
        sqlite3_bind_int64(stmt, 4, lease->until_ms);
    }
    return greffe__sqlite_step(stmt);
}

/* Who asks while it is another's only reads. */
void greffe__sqlite_lease(greffe_store *store, greffe_lease *lease, greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    int64_t length = lease->until_ms - lease->now_ms;
    greffe_status status = read_lease(s, lease);
    bool others = !lease->held && lease->held_ms > lease->now_ms &&
                  (length <= 0 || lease->held_ms <= lease->now_ms + 2 * length);
    if (status != GREFFE_OK || others || (length <= 0 && !lease->held)) {
        done(data, status);
        return;
    }
    status = greffe__sqlite_begin(s, true);
    if (status == GREFFE_OK) {
        status = change_lease(s, length > 0 ? TAKE_LEASE : RETURN_LEASE, lease);
        status = status == GREFFE_OK ? read_lease(s, lease) : status;
        status = greffe__sqlite_end(s, true, status);
    }
    lease->held = lease->held && status == GREFFE_OK;
    done(data, status);
}

/* --- The inbox --- */

void greffe__sqlite_inbox(greffe_store *store, greffe_inbox_request *request, greffe_memory *memory,
                          greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    sqlite3_stmt *stmt = NULL;
    request->count = 0;
    greffe_status status = prepare(s, READ_INBOX, &stmt);
    if (status != GREFFE_OK) {
        done(data, status);
        return;
    }
    sqlite3_bind_int64(stmt, 2, request->after);
    sqlite3_bind_int64(stmt, 3, request->limit);
    greffe_inbox_row *rows = memory->take(memory->data, request->limit * sizeof *rows);
    bool failed = rows == NULL;
    int code = SQLITE_DONE;
    while (!failed && request->count < request->limit &&
           (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        greffe_inbox_row *row = &rows[request->count++];
        greffe_str *texts[] = {&row->verb, &row->stream,      &row->key,       &row->actor,
                               &row->args, &row->represented, &row->effective, &row->because};
        row->id = sqlite3_column_int64(stmt, 0);
        for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) {
            *texts[i] = greffe__sqlite_take(stmt, i + 1, memory, &failed);
        }
        row->if_version = (uint64_t)sqlite3_column_int64(stmt, 9);
    }
    request->rows = rows;
    status = failed ? GREFFE_ENOMEM : greffe__sqlite_status(code);
    sqlite3_reset(stmt);
    done(data, status);
}

static greffe_status write_answer(sqlite_store *s, const greffe_inbox_answer *a)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare(s, ANSWER_INBOX, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    const greffe_str texts[] = {a->status, a->code, a->message, a->answer};
    sqlite3_bind_int64(stmt, 2, a->now_ms);
    sqlite3_bind_int64(stmt, 3, a->id);
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) {
        greffe__sqlite_bind(stmt, 4 + i, texts[i]);
    }
    sqlite3_bind_int64(stmt, 8, (int64_t)a->version);
    sqlite3_bind_int64(stmt, 9, a->repeated);
    return greffe__sqlite_step(stmt);
}

void greffe__sqlite_answer(greffe_store *store, const greffe_inbox_answer *answer,
                           greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    greffe_status status = greffe__sqlite_begin(s, true);
    if (status == GREFFE_OK) {
        status = greffe__sqlite_end(s, true, write_answer(s, answer));
    }
    done(data, status);
}

/* --- Others' commits --- */

greffe_status greffe__sqlite_look(sqlite_store *s)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = greffe__sqlite_prepare(s, DATA_VERSION, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    int code = sqlite3_step(stmt);
    s->data_version = code == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : s->data_version;
    sqlite3_reset(stmt);
    return greffe__sqlite_status(code);
}

void greffe__sqlite_moved(greffe_store *store, bool *out, greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    int before = s->data_version;
    greffe_status status = greffe__sqlite_look(s);
    *out = s->data_version != before;
    done(data, status);
}
