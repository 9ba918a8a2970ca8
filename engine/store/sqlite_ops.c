/* The operations of the SQLite store. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_priv.h"

/* --- Binding and reading --- */

void greffe__sqlite_bind(sqlite3_stmt *stmt, int at, greffe_str text)
{
    sqlite3_bind_text64(stmt, at, text.data != NULL ? text.data : "", text.size, SQLITE_STATIC,
                        SQLITE_UTF8);
}

static void bind_blob(sqlite3_stmt *stmt, int at, greffe_str bytes)
{
    sqlite3_bind_blob64(stmt, at, bytes.data != NULL ? bytes.data : "", bytes.size, SQLITE_STATIC);
}

static void bind_key(sqlite_store *s, sqlite3_stmt *stmt, uint32_t kind, greffe_str key)
{
    sqlite3_bind_text(stmt, 1, s->tenant, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, kind);
    greffe__sqlite_bind(stmt, 3, key);
}

/* A statement about one stream, with its first three parameters. */
static greffe_status prepare_keyed(sqlite_store *s, statement which, uint32_t kind, greffe_str key,
                                   sqlite3_stmt **out)
{
    greffe_status status = greffe__sqlite_prepare(s, which, out);
    if (status == GREFFE_OK) {
        bind_key(s, *out, kind, key);
    }
    return status;
}

greffe_str greffe__sqlite_take(sqlite3_stmt *stmt, int column, greffe_memory *memory, bool *failed)
{
    int size = sqlite3_column_bytes(stmt, column);
    const void *data = sqlite3_column_blob(stmt, column);
    char *copy = memory->take(memory->data, (size_t)size + 1);
    if (copy == NULL) {
        *failed = true;
        return (greffe_str){"", 0};
    }
    if (size > 0) {
        memcpy(copy, data, (size_t)size);
    }
    copy[size] = '\0';
    return (greffe_str){copy, (size_t)size};
}

/* None is stored as null. */
static int64_t instant(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? INT64_MAX
                                                            : sqlite3_column_int64(stmt, column);
}

/* --- Transactions --- */

static greffe_status end_whole(sqlite_store *s, greffe_status status)
{
    if (status == GREFFE_OK) {
        status = greffe__sqlite_run(s, COMMIT);
    }
    if (status != GREFFE_OK && sqlite3_get_autocommit(s->db) == 0) {
        (void)greffe__sqlite_run(s, ROLLBACK);
    }
    return status;
}

/* A part that cannot be taken back and has written something takes the group with it. What is
 * refused has mostly written nothing: versions are asked first. */
static greffe_status end_plain_part(sqlite_store *s, greffe_status status)
{
    bool gone = sqlite3_get_autocommit(s->db) != 0;
    bool wrote = sqlite3_total_changes(s->db) != s->changes;
    if (gone || (wrote && status != GREFFE_OK)) {
        s->group_status = status != GREFFE_OK ? status : GREFFE_EIO;
    }
    return status;
}

/* A full disk or the like takes the whole transaction back by itself: the group is lost then. */
static greffe_status end_part(sqlite_store *s, greffe_status status)
{
    if (!s->guarded) {
        return end_plain_part(s, status);
    }
    if (status == GREFFE_OK) {
        status = greffe__sqlite_run(s, RELEASE);
    }
    if (status != GREFFE_OK && sqlite3_get_autocommit(s->db) == 0) {
        (void)greffe__sqlite_run(s, ROLLBACK_TO);
        (void)greffe__sqlite_run(s, RELEASE);
    }
    if (sqlite3_get_autocommit(s->db) != 0) {
        s->group_status = status != GREFFE_OK ? status : GREFFE_EIO;
    }
    return status;
}

greffe_status greffe__sqlite_begin(sqlite_store *s, bool writes)
{
    if (!s->grouped) {
        return greffe__sqlite_run(s, writes ? BEGIN : BEGIN_READ);
    }
    s->changes = sqlite3_total_changes(s->db);
    return s->group_status != GREFFE_OK ? s->group_status
           : writes && s->guarded       ? greffe__sqlite_run(s, SAVEPOINT)
                                        : GREFFE_OK;
}

greffe_status greffe__sqlite_end(sqlite_store *s, bool writes, greffe_status status)
{
    return !s->grouped ? end_whole(s, status) : writes ? end_part(s, status) : status;
}

void greffe__sqlite_group(greffe_store *store, bool begin, greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    greffe_status status;
    if (s->joined) { /* its parts are ours, its beginning and end are not */
        bool open = sqlite3_get_autocommit(s->db) == 0;
        s->group_status = begin ? GREFFE_OK : s->group_status;
        status = begin && !open ? GREFFE_EMISUSE : s->group_status;
    } else if (begin) {
        status = greffe__sqlite_run(s, BEGIN);
        s->grouped = status == GREFFE_OK;
        s->group_status = GREFFE_OK;
    } else {
        s->grouped = false;
        status = end_whole(s, s->group_status);
    }
    done(data, status);
}

/* --- Loading --- */

static greffe_status load_personal(sqlite3_stmt *stmt, greffe_load *item, greffe_memory *memory)
{
    size_t capacity = 0;
    greffe_personal_row *rows = NULL;
    int code;
    bool failed = false;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (item->personal_count == capacity) {
            capacity = capacity == 0 ? 8 : capacity * 2;
            greffe_personal_row *more = memory->take(memory->data, capacity * sizeof *more);
            if (more == NULL) {
                return GREFFE_ENOMEM;
            }
            if (item->personal_count > 0) {
                memcpy(more, rows, item->personal_count * sizeof *more);
            }
            rows = more;
        }
        rows[item->personal_count++] =
            (greffe_personal_row){greffe__sqlite_take(stmt, 0, memory, &failed),
                                  greffe__sqlite_take(stmt, 1, memory, &failed),
                                  greffe__sqlite_take(stmt, 2, memory, &failed),
                                  greffe__sqlite_take(stmt, 3, memory, &failed)};
        if (failed) {
            return GREFFE_ENOMEM;
        }
    }
    item->personal = rows;
    item->found = true;
    return greffe__sqlite_status(code);
}

static greffe_status load_one(sqlite_store *s, greffe_load *item, greffe_memory *memory)
{
    static const statement by_kind[] = {
        [GREFFE_LOAD_STREAM] = LOAD_STREAM, [GREFFE_LOAD_PERSONAL] = LOAD_PERSONAL,
        [GREFFE_LOAD_ENTRY] = LOAD_ENTRY,   [GREFFE_LOAD_BUNDLE] = LOAD_BUNDLE,
        [GREFFE_LOAD_ACTIVE] = LOAD_ACTIVE, [GREFFE_LOAD_NUMBER] = LOAD_NUMBER,
        [GREFFE_LOAD_CURSOR] = LOAD_CURSOR, [GREFFE_LOAD_PINNED] = LOAD_PINNED,
        [GREFFE_LOAD_KNOWN] = LOAD_KNOWN,
    };
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare_keyed(s, by_kind[item->what], item->kind, item->key, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    greffe__sqlite_bind(stmt, 4, item->command);
    item->found = false;
    item->personal_count = 0;
    bool failed = false;
    if (item->what == GREFFE_LOAD_PERSONAL) {
        status = load_personal(stmt, item, memory);
        sqlite3_reset(stmt);
        return status;
    }
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        item->found = true;
        if (item->what == GREFFE_LOAD_STREAM) {
            item->version = (uint64_t)sqlite3_column_int64(stmt, 0);
            item->head = greffe__sqlite_take(stmt, 1, memory, &failed);
            item->body = greffe__sqlite_take(stmt, 2, memory, &failed);
            item->last_ms = sqlite3_column_int64(stmt, 3);
            item->due_ms = instant(stmt, 4);
        } else if (item->what == GREFFE_LOAD_NUMBER || item->what == GREFFE_LOAD_CURSOR) {
            item->version = (uint64_t)sqlite3_column_int64(stmt, 0);
        } else if (item->what == GREFFE_LOAD_ENTRY) {
            item->version = (uint64_t)sqlite3_column_int64(stmt, 0);
            item->body = greffe__sqlite_take(stmt, 1, memory, &failed);
        } else {
            bool whole = item->what == GREFFE_LOAD_BUNDLE || item->what == GREFFE_LOAD_ACTIVE;
            item->label = greffe__sqlite_take(stmt, 0, memory, &failed);
            item->body =
                whole ? greffe__sqlite_take(stmt, 1, memory, &failed) : (greffe_str){"", 0};
        }
    }
    status = failed ? GREFFE_ENOMEM : greffe__sqlite_status(code);
    sqlite3_reset(stmt);
    return status;
}

void greffe__sqlite_load(greffe_store *store, greffe_load *items, size_t count,
                         greffe_memory *memory, greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    bool together = count > 1; /* one snapshot for all, and its locks taken once */
    greffe_status status = together ? greffe__sqlite_begin(s, false) : GREFFE_OK;
    bool began = status == GREFFE_OK && together;
    for (size_t i = 0; i < count && status == GREFFE_OK; i++) {
        status = load_one(s, &items[i], memory);
    }
    done(data, began ? greffe__sqlite_end(s, false, status) : status);
}

/* --- Committing --- */

greffe_status greffe__sqlite_step(sqlite3_stmt *stmt)
{
    greffe_status status = greffe__sqlite_status(sqlite3_step(stmt));
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return status;
}

/* Runs an update that must touch exactly one row. */
static greffe_status step_conditional(sqlite_store *s, sqlite3_stmt *stmt)
{
    greffe_status status = greffe__sqlite_step(stmt);
    return status == GREFFE_OK && sqlite3_changes(s->db) != 1 ? GREFFE_ECONFLICT : status;
}

static greffe_status check_version(sqlite_store *s, const greffe_stream_write *write)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare_keyed(s, CHECK_STREAM, write->kind, write->key, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    int code = sqlite3_step(stmt);
    uint64_t version = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    status = greffe__sqlite_status(code);
    sqlite3_reset(stmt);
    return status == GREFFE_OK && version != write->expected ? GREFFE_ECONFLICT : status;
}

static greffe_status put_stream(sqlite_store *s, const greffe_stream_write *write)
{
    sqlite3_stmt *stmt = NULL;
    bool fresh = write->expected == 0;
    greffe_status status =
        prepare_keyed(s, fresh ? INSERT_STREAM : UPDATE_STREAM, write->kind, write->key, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    sqlite3_bind_int64(stmt, 4, (int64_t)write->expected + 1);
    bind_blob(stmt, 5, write->head);
    bind_blob(stmt, 6, write->state);
    greffe__sqlite_bind(stmt, 7, write->group);
    greffe__sqlite_bind(stmt, 8, write->status);
    greffe__sqlite_bind(stmt, 9, write->label);
    greffe__sqlite_bind(stmt, 10, write->owner);
    if (write->due_ms != INT64_MAX) {
        sqlite3_bind_int64(stmt, 11, write->due_ms);
    }
    sqlite3_bind_int64(stmt, 12, write->last_ms);
    if (!fresh) {
        sqlite3_bind_int64(stmt, 13, (int64_t)write->expected);
    }
    return step_conditional(s, stmt);
}

static greffe_status put_entry(sqlite_store *s, const greffe_stream_write *write)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare_keyed(s, INSERT_ENTRY, write->kind, write->key, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    sqlite3_bind_int64(stmt, 4, (int64_t)write->expected + 1);
    greffe__sqlite_bind(stmt, 5, write->entry->command);
    bind_blob(stmt, 6, write->entry->body);
    bind_blob(stmt, 7, write->head);
    return greffe__sqlite_step(stmt);
}

static greffe_status put_personal(sqlite_store *s, const greffe_stream_write *write)
{
    for (size_t i = 0; i < write->personal_count; i++) {
        sqlite3_stmt *stmt = NULL;
        greffe_status status = prepare_keyed(s, INSERT_PERSONAL, write->kind, write->key, &stmt);
        if (status != GREFFE_OK) {
            return status;
        }
        greffe__sqlite_bind(stmt, 4, write->personal[i].ref);
        greffe__sqlite_bind(stmt, 5, write->personal[i].class_name);
        bind_blob(stmt, 6, write->personal[i].salt);
        bind_blob(stmt, 7, write->personal[i].value);
        status = greffe__sqlite_step(stmt);
        if (status != GREFFE_OK) {
            return status;
        }
    }
    return GREFFE_OK;
}

static greffe_status erase_personal(sqlite_store *s, const greffe_stream_write *write)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare_keyed(s, ERASE_PERSONAL, write->kind, write->key, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    return greffe__sqlite_step(stmt);
}

static greffe_status put_row(sqlite_store *s, const greffe_stream_write *write,
                             const greffe_list_row *row)
{
    bool task = row->kind == GREFFE_LIST_TASK;
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare_keyed(s,
                                         row->remove ? (task ? DELETE_TASK : DELETE_EFFECT)
                                         : task      ? INSERT_TASK
                                                     : INSERT_EFFECT,
                                         write->kind, write->key, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    greffe__sqlite_bind(stmt, 4, row->item);
    if (!row->remove) {
        greffe__sqlite_bind(stmt, 5, row->name);
        greffe__sqlite_bind(stmt, 6, row->who);
        greffe__sqlite_bind(stmt, 7, row->assignee);
        greffe__sqlite_bind(stmt, 8, row->ref);
        if (task) {
            sqlite3_bind_int64(stmt, 9, row->due);
            sqlite3_bind_int64(stmt, 10, row->since_ms);
        }
    }
    return greffe__sqlite_step(stmt);
}

static greffe_status put_allotment(sqlite_store *s, const greffe_stream_write *write)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = greffe__sqlite_prepare(s, PUT_ALLOTMENT, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    sqlite3_bind_text(stmt, 1, s->tenant, -1, SQLITE_STATIC);
    greffe__sqlite_bind(stmt, 2, write->key);
    for (int i = 0; i < 4; i++) {
        sqlite3_bind_int64(stmt, 3 + i, write->amounts[i]);
    }
    return greffe__sqlite_step(stmt);
}

static greffe_status write_stream(sqlite_store *s, const greffe_stream_write *write)
{
    if (write->entry == NULL) {
        return check_version(s, write);
    }
    greffe_status status = put_stream(s, write);
    if (status == GREFFE_OK) {
        status = put_entry(s, write);
    }
    if (status == GREFFE_OK && write->erase) {
        status = erase_personal(s, write);
    }
    if (status == GREFFE_OK) {
        status = put_personal(s, write);
    }
    for (size_t i = 0; i < write->row_count && status == GREFFE_OK; i++) {
        status = put_row(s, write, &write->rows[i]);
    }
    if (status == GREFFE_OK && write->has_amounts) {
        status = put_allotment(s, write);
    }
    return status;
}

static greffe_status write_number(sqlite_store *s, const greffe_number_write *write)
{
    sqlite3_stmt *stmt = NULL;
    bool fresh = write->expected == 1;
    greffe_status status = greffe__sqlite_prepare(s, fresh ? INSERT_NUMBER : UPDATE_NUMBER, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    sqlite3_bind_text(stmt, 1, s->tenant, -1, SQLITE_STATIC);
    greffe__sqlite_bind(stmt, 2, write->name);
    sqlite3_bind_int64(stmt, 3, write->expected + 1);
    if (!fresh) {
        sqlite3_bind_int64(stmt, 4, write->expected);
    }
    return step_conditional(s, stmt);
}

void greffe__sqlite_commit(greffe_store *store, const greffe_write_set *set, greffe_done_fn done,
                           void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    bool erases = false;
    for (size_t i = 0; i < set->stream_count; i++) {
        erases = erases || set->streams[i].erase;
    }
    /* A savepoint costs a copy of every page that is touched, so a part has one only where it can
     * be refused once it is written: by the host, or inside the host's own transaction. */
    s->guarded = s->joined || set->before != NULL;
    greffe_status status = greffe__sqlite_begin(s, true);
    if (status != GREFFE_OK) {
        done(data, status);
        return;
    }
    if (erases) { /* what is overwritten shall not be found in the file's free places */
        (void)sqlite3_exec(s->db, "PRAGMA secure_delete = ON", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < set->stream_count && status == GREFFE_OK; i++) {
        status = write_stream(s, &set->streams[i]);
    }
    for (size_t i = 0; i < set->number_count && status == GREFFE_OK; i++) {
        status = write_number(s, &set->numbers[i]);
    }
    if (status == GREFFE_OK && set->before != NULL) {
        status = set->before(set->before_data, s->db);
    }
    status = greffe__sqlite_end(s, true, status);
    s->guarded = s->joined;
    if (erases) { /* nor in the log, unless somebody reads it; pages keep more:
                     greffe_sqlite_compact */
        (void)sqlite3_exec(s->db, "PRAGMA secure_delete = OFF; PRAGMA wal_checkpoint(TRUNCATE)",
                           NULL, NULL, NULL);
    }
    done(data, status);
}

/* --- Waiting work --- */

static greffe_status claim_due(sqlite3_stmt *stmt, greffe_claim_request *request,
                               greffe_memory *memory)
{
    greffe_due_row *rows = memory->take(memory->data, request->limit * sizeof *rows);
    bool failed = rows == NULL;
    int code = SQLITE_DONE;
    while (!failed && request->count < request->limit &&
           (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        rows[request->count++] = (greffe_due_row){(uint32_t)sqlite3_column_int64(stmt, 0),
                                                  greffe__sqlite_take(stmt, 1, memory, &failed),
                                                  sqlite3_column_int64(stmt, 2)};
    }
    request->due = rows;
    return failed ? GREFFE_ENOMEM : greffe__sqlite_status(code);
}

static greffe_status claim_effects(sqlite3_stmt *stmt, greffe_claim_request *request,
                                   greffe_memory *memory)
{
    greffe_effect_row *rows = memory->take(memory->data, request->limit * sizeof *rows);
    bool failed = rows == NULL;
    int code = SQLITE_DONE;
    while (!failed && request->count < request->limit &&
           (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        rows[request->count++] = (greffe_effect_row){(uint32_t)sqlite3_column_int64(stmt, 0),
                                                     greffe__sqlite_take(stmt, 1, memory, &failed),
                                                     greffe__sqlite_take(stmt, 2, memory, &failed),
                                                     greffe__sqlite_take(stmt, 3, memory, &failed),
                                                     greffe__sqlite_take(stmt, 4, memory, &failed),
                                                     greffe__sqlite_take(stmt, 5, memory, &failed),
                                                     (uint32_t)sqlite3_column_int64(stmt, 6),
                                                     sqlite3_column_int64(stmt, 7) != 0,
                                                     sqlite3_column_int64(stmt, 8),
                                                     request->fence};
    }
    request->effect = rows;
    return failed ? GREFFE_ENOMEM : greffe__sqlite_status(code);
}

static greffe_status lease(sqlite_store *s, const greffe_effect_row *effect, int64_t next_ms)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare_keyed(s, LEASE_EFFECT, effect->kind, effect->key, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    greffe__sqlite_bind(stmt, 4, effect->item);
    sqlite3_bind_int64(stmt, 5, next_ms);
    sqlite3_bind_int64(stmt, 6, effect->attempts);
    sqlite3_bind_int64(stmt, 7, effect->started);
    sqlite3_bind_int64(stmt, 8, effect->lease_ms);
    sqlite3_bind_int64(stmt, 9, (int64_t)effect->fence);
    return step_conditional(s, stmt);
}

enum { max_names_bytes = 16 * 80 + 2 };

/* Each between line feeds, which no name has. */
static void join_names(char out[max_names_bytes], const greffe_claim_request *request)
{
    size_t at = 0;
    out[at++] = '\n';
    for (size_t i = 0; i < request->channel_count; i++) {
        greffe_str name = request->channels[i];
        if (at + name.size + 2 <= max_names_bytes) {
            memcpy(out + at, name.data, name.size);
            at += name.size;
            out[at++] = '\n';
        }
    }
    out[at] = '\0';
}

static void bind_claim(sqlite_store *s, sqlite3_stmt *stmt, const greffe_claim_request *request,
                       char names[max_names_bytes])
{
    sqlite3_bind_text(stmt, 1, s->tenant, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, request->now_ms);
    sqlite3_bind_int64(stmt, 3, request->limit);
    if (request->effects) {
        join_names(names, request);
        sqlite3_bind_text(stmt, 4, names, -1, SQLITE_STATIC);
        sqlite3_bind_int(stmt, 5, request->channel_count > 0 && !request->others);
    }
}

/* Whether there is an effect to be claimed. */
static greffe_status seek_effect(sqlite_store *s, const greffe_claim_request *request, bool *found)
{
    char names[max_names_bytes];
    sqlite3_stmt *stmt = NULL;
    greffe_status status = greffe__sqlite_prepare(s, SEEK_EFFECT, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    bind_claim(s, stmt, request, names);
    int code = sqlite3_step(stmt);
    *found = code == SQLITE_ROW;
    sqlite3_reset(stmt);
    return greffe__sqlite_status(code);
}

static greffe_status claim(sqlite_store *s, greffe_claim_request *request, greffe_memory *memory)
{
    char names[max_names_bytes];
    sqlite3_stmt *stmt = NULL;
    greffe_status status =
        greffe__sqlite_prepare(s, request->effects ? CLAIM_EFFECTS : CLAIM_DUE, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    bind_claim(s, stmt, request, names);
    request->count = 0;
    status =
        request->effects ? claim_effects(stmt, request, memory) : claim_due(stmt, request, memory);
    sqlite3_reset(stmt);
    return status;
}

void greffe__sqlite_claim(greffe_store *store, greffe_claim_request *request, greffe_memory *memory,
                          greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    bool leases = request->effects && request->lease_ms > 0, found = false;
    request->count = 0;
    greffe_status status = leases ? seek_effect(s, request, &found) : claim(s, request, memory);
    if (status != GREFFE_OK || !found) {
        done(data, status);
        return;
    }
    /* There is something: it is read inside the transaction that leases it, so that no two
     * processes are given the same. */
    status = greffe__sqlite_begin(s, true);
    if (status == GREFFE_OK) {
        status = claim(s, request, memory);
        for (size_t i = 0; i < request->count && status == GREFFE_OK; i++) {
            greffe_effect_row row = request->effect[i];
            row.fence = i == 0 ? row.fence : 0; /* of all: nobody else writes meanwhile */
            status = lease(s, &row, request->now_ms + request->lease_ms);
            request->effect[i].lease_ms = request->now_ms + request->lease_ms;
        }
        status = greffe__sqlite_end(s, true, status);
    }
    done(data, status);
}

void greffe__sqlite_postpone(greffe_store *store, const greffe_effect_row *effect, int64_t next_ms,
                             greffe_done_fn done, void *data)
{
    done(data, lease((sqlite_store *)store, effect, next_ms));
}

void greffe__sqlite_keep(greffe_store *store, greffe_str subscriber, int64_t position,
                         greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    sqlite3_stmt *stmt = NULL;
    greffe_status status = prepare_keyed(s, KEEP_CURSOR, 0, (greffe_str){"", 0}, &stmt);
    if (status == GREFFE_OK) {
        greffe__sqlite_bind(stmt, 4, subscriber);
        sqlite3_bind_int64(stmt, 5, position);
        status = greffe__sqlite_step(stmt);
    }
    done(data, status);
}

static greffe_status insert_bundle(sqlite_store *s, const greffe_publication *p)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = greffe__sqlite_prepare(s, INSERT_BUNDLE, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    sqlite3_bind_text(stmt, 1, s->tenant, -1, SQLITE_STATIC);
    greffe__sqlite_bind(stmt, 2, p->procedure);
    greffe__sqlite_bind(stmt, 3, p->hash);
    sqlite3_bind_int64(stmt, 4, p->now_ms);
    bind_blob(stmt, 5, p->body);
    greffe__sqlite_bind(stmt, 6, p->pinned);
    return greffe__sqlite_step(stmt);
}

/* A statement whose parameters are the tenant and two texts. */
static greffe_status run_texts(sqlite_store *s, statement which, greffe_str first,
                               greffe_str second)
{
    sqlite3_stmt *stmt = NULL;
    greffe_status status = greffe__sqlite_prepare(s, which, &stmt);
    if (status != GREFFE_OK) {
        return status;
    }
    sqlite3_bind_text(stmt, 1, s->tenant, -1, SQLITE_STATIC);
    greffe__sqlite_bind(stmt, 2, first);
    greffe__sqlite_bind(stmt, 3, second);
    return greffe__sqlite_step(stmt);
}

void greffe__sqlite_publish(greffe_store *store, const greffe_publication *publication,
                            greffe_done_fn done, void *data)
{
    sqlite_store *s = (sqlite_store *)store;
    const greffe_publication *p = publication;
    greffe_status status = greffe__sqlite_begin(s, true);
    if (status != GREFFE_OK) {
        done(data, status);
        return;
    }
    status = run_texts(s, RETIRE_BUNDLES, p->procedure, (greffe_str){"", 0});
    if (status == GREFFE_OK) {
        status = insert_bundle(s, p);
    }
    for (size_t i = 0; i < p->name_count && status == GREFFE_OK; i++) {
        status = run_texts(s, PUT_KNOWN, p->names[i], p->hash);
    }
    done(data, greffe__sqlite_end(s, true, status));
}

/* --- Lists --- */

static greffe_read_row stream_row(sqlite3_stmt *stmt, greffe_memory *memory, bool *failed)
{
    greffe_read_row row = {0};
    row.kind = (uint32_t)sqlite3_column_int64(stmt, 0);
    row.key = greffe__sqlite_take(stmt, 1, memory, failed);
    row.label = greffe__sqlite_take(stmt, 2, memory, failed);
    row.status = greffe__sqlite_take(stmt, 3, memory, failed);
    row.group = greffe__sqlite_take(stmt, 4, memory, failed);
    row.owner = greffe__sqlite_take(stmt, 5, memory, failed);
    row.version = (uint64_t)sqlite3_column_int64(stmt, 6);
    row.last_ms = sqlite3_column_int64(stmt, 7);
    row.body = greffe__sqlite_take(stmt, 8, memory, failed);
    row.head = greffe__sqlite_take(stmt, 9, memory, failed);
    row.due = instant(stmt, 10);
    return row;
}

static greffe_read_row read_row(sqlite3_stmt *stmt, greffe_read_kind what, greffe_memory *memory,
                                bool *failed)
{
    greffe_read_row row = {0};
    switch (what) {
    case GREFFE_READ_STREAMS: return stream_row(stmt, memory, failed);
    case GREFFE_READ_FEED:
        row.since_ms = sqlite3_column_int64(stmt, 6); /* and as entries */
    /* fall through */
    case GREFFE_READ_ENTRIES:
        row.kind = (uint32_t)sqlite3_column_int64(stmt, 0);
        row.key = greffe__sqlite_take(stmt, 1, memory, failed);
        row.version = (uint64_t)sqlite3_column_int64(stmt, 2);
        row.item = greffe__sqlite_take(stmt, 3, memory, failed);
        row.body = greffe__sqlite_take(stmt, 4, memory, failed);
        row.head = greffe__sqlite_take(stmt, 5, memory, failed);
        return row;
    case GREFFE_READ_AMOUNTS:
        for (int i = 0; i < 4; i++) {
            row.amounts[i] = sqlite3_column_int64(stmt, i);
        }
        return row;
    case GREFFE_READ_ORPHANS:
        row.kind = (uint32_t)sqlite3_column_int64(stmt, 0);
        row.key = greffe__sqlite_take(stmt, 1, memory, failed);
        return row;
    case GREFFE_READ_COUNTS:
        row.group = greffe__sqlite_take(stmt, 0, memory, failed);
        row.status = greffe__sqlite_take(stmt, 1, memory, failed);
        row.version = (uint64_t)sqlite3_column_int64(stmt, 2);
        return row;
    case GREFFE_READ_NUMBERS:
        row.key = greffe__sqlite_take(stmt, 0, memory, failed);
        row.version = (uint64_t)sqlite3_column_int64(stmt, 1);
        return row;
    case GREFFE_READ_NEXT:
        row.due = instant(stmt, 0);
        row.since_ms = instant(stmt, 1);
        row.version = (uint64_t)sqlite3_column_int64(stmt, 2);
        return row;
    case GREFFE_READ_BUNDLES:
        row.group = greffe__sqlite_take(stmt, 0, memory, failed);
        row.key = greffe__sqlite_take(stmt, 1, memory, failed);
        row.version = (uint64_t)sqlite3_column_int64(stmt, 2);
        row.since_ms = sqlite3_column_int64(stmt, 3);
        row.body = greffe__sqlite_take(stmt, 4, memory, failed);
        return row;
    case GREFFE_READ_TASKS:
    case GREFFE_READ_ROWS:
    case GREFFE_READ_EFFECTS: break;
    }
    row.kind = (uint32_t)sqlite3_column_int64(stmt, 0);
    row.key = greffe__sqlite_take(stmt, 1, memory, failed);
    row.item = greffe__sqlite_take(stmt, 2, memory, failed);
    row.name = greffe__sqlite_take(stmt, 3, memory, failed);
    row.who = greffe__sqlite_take(stmt, 4, memory, failed);
    row.assignee = greffe__sqlite_take(stmt, 5, memory, failed);
    row.ref = greffe__sqlite_take(stmt, 6, memory, failed);
    row.due = sqlite3_column_int64(stmt, 7);
    row.since_ms = sqlite3_column_int64(stmt, 8);
    return row;
}

void greffe__sqlite_read(greffe_store *store, greffe_read *request, greffe_memory *memory,
                         greffe_done_fn done, void *data)
{
    static const statement by_kind[] = {
        [GREFFE_READ_STREAMS] = READ_STREAMS, [GREFFE_READ_TASKS] = READ_TASKS,
        [GREFFE_READ_ENTRIES] = READ_ENTRIES, [GREFFE_READ_ROWS] = READ_ROWS,
        [GREFFE_READ_EFFECTS] = READ_EFFECTS, [GREFFE_READ_BUNDLES] = READ_BUNDLES,
        [GREFFE_READ_AMOUNTS] = READ_AMOUNTS, [GREFFE_READ_ORPHANS] = READ_ORPHANS,
        [GREFFE_READ_NUMBERS] = READ_NUMBERS, [GREFFE_READ_NEXT] = READ_NEXT,
        [GREFFE_READ_FEED] = READ_FEED,       [GREFFE_READ_COUNTS] = COUNT_STREAMS,
    };
    sqlite_store *s = (sqlite_store *)store;
    sqlite3_stmt *stmt = NULL;
    statement which = by_kind[request->what];
    which = which == READ_STREAMS && request->order == GREFFE_ORDER_RECENT ? READ_RECENT
            : which == READ_TASKS && request->order == GREFFE_ORDER_DUE    ? READ_DUE
            : which == COUNT_STREAMS && request->kind == 0                 ? COUNT_TASKS
                                                                           : which;
    request->count = 0;
    greffe_status status = greffe__sqlite_prepare(s, which, &stmt);
    if (status != GREFFE_OK) {
        done(data, status);
        return;
    }
    sqlite3_bind_text(stmt, 1, s->tenant, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, request->kind);
    greffe__sqlite_bind(stmt, 3, request->group);
    greffe__sqlite_bind(stmt, 4, request->status);
    greffe__sqlite_bind(stmt, 5, request->owner);
    greffe__sqlite_bind(stmt, 6, request->after);
    greffe__sqlite_bind(stmt, 7, request->after_item);
    sqlite3_bind_int64(stmt, 8, request->limit);
    sqlite3_bind_int64(stmt, 9, request->after_number);
    sqlite3_bind_int64(stmt, 10, request->by_assignee);
    greffe__sqlite_bind(stmt, 11, request->assignee);
    greffe_read_row *rows = memory->take(memory->data, request->limit * sizeof *rows);
    bool failed = rows == NULL;
    int code = SQLITE_DONE;
    while (!failed && request->count < request->limit &&
           (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        rows[request->count++] = read_row(stmt, request->what, memory, &failed);
    }
    request->rows = rows;
    status = failed ? GREFFE_ENOMEM : greffe__sqlite_status(code);
    sqlite3_reset(stmt);
    done(data, status);
}
