/* Lists and single things, as JSON. */
#include <string.h>

#include "host/read_priv.h"
#include "value/json.h"

/* --- Rows --- */

static greffe_status stream_row(greffe__reading *r, const greffe_read_row *row)
{
    void *state;
    greffe_status status = greffe__read_state(r, row->kind, row->body, &state);
    if (status != GREFFE_OK) {
        return status;
    }
    const greffe__dossier *d = state;
    const greffe__allotment *a = state;
    const greffe__order *o = state;
    const greffe__batch *b = state;
    greffe__put_open(r);
    greffe__put_text(r, greffe__stream_kind_name(row->kind), row->key);
    greffe__put_number(r, "version", (int64_t)row->version);
    greffe__put_optional(r, "status", row->status);
    switch ((greffe__stream_kind)row->kind) {
    case GREFFE__DOSSIER:
        greffe__put_text(r, "number", d->number);
        greffe__put_text(r, "procedure", d->procedure);
        greffe__put_text(r, "phase", greffe__phase_name(d));
        greffe__put_optional(r, "outcome", d->outcome);
        greffe__put_optional(r, "shown", d->shown);
        greffe__put_money(r, d);
        greffe__put_clocks(r, d, NULL);
        break;
    case GREFFE__SESSION:
        greffe__put_text(r, "board", ((const greffe__session *)state)->board.id);
        greffe__put_date(r, "on", ((const greffe__session *)state)->on);
        greffe__put_number(r, "items", ((const greffe__session *)state)->items.count);
        break;
    case GREFFE__ALLOTMENT:
        greffe__put_text(r, "title", a->title);
        greffe__put_cents(r, "allocated", a->allocated);
        greffe__put_cents(r, "reserved", a->reserved);
        greffe__put_cents(r, "committed", a->committed);
        greffe__put_cents(r, "spent", a->spent);
        greffe__put_cents(r, "free", a->allocated - a->reserved - a->committed - a->spent);
        break;
    case GREFFE__ORDER:
        greffe__put_text(r, "dossier", o->dossier);
        greffe__put_cents(r, "amount", o->cents);
        greffe__put_optional(r, "batch", o->batch);
        greffe__put_optional(r, "reason", o->reason);
        break;
    case GREFFE__BATCH:
        greffe__put_number(r, "orders", b->orders.count);
        greffe__put_cents(r, "sum", b->cents);
        greffe__put_date(r, "on", b->on);
        break;
    case GREFFE__CLAIM: break;
    }
    greffe__put_close(r);
    return GREFFE_OK;
}

static void task_row(greffe__reading *r, const greffe_read_row *row)
{
    greffe__put_open(r);
    greffe__put_text(r, "dossier", row->key);
    greffe__put_text(r, "step", row->name);
    greffe__put_text(r, "for", row->who);
    greffe__put_optional(r, "assignee", row->assignee);
    greffe__put_optional(r, "session", row->ref);
    if (row->due != 0) {
        greffe__put_date(r, "due", row->due);
    }
    greffe__put_instant(r, "since", row->since_ms);
    greffe__put_close(r);
}

/* Why an effect waits for an operator: kept apart, with all that may name a person. */
static greffe_status problem_of(greffe_engine *e, greffe__reading *r, const greffe_read_row *row)
{
    greffe_load items[2] = {{.what = GREFFE_LOAD_STREAM, .kind = row->kind, .key = row->key},
                            {.what = GREFFE_LOAD_PERSONAL, .kind = row->kind, .key = row->key}};
    void *state;
    greffe_status status = greffe__wait_load(e, items, 2, r->arena);
    if (status != GREFFE_OK || !items[0].found) {
        return status;
    }
    status = greffe__read_state(r, row->kind, items[0].body, &state);
    const greffe__pendings *list =
        status == GREFFE_OK ? greffe__pendings_of(row->kind, state) : NULL;
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        for (size_t j = 0; j < items[1].personal_count; j++) {
            const greffe_personal_row *one = &items[1].personal[j];
            greffe__cbor in;
            if (greffe__str_equal(list->at[i].key, row->item) && one->value.size > 0 &&
                greffe__str_equal(list->at[i].problem_ref, one->ref)) {
                greffe__cbor_open(&in, one->value);
                greffe__value value = greffe__cbor_read_value(&in, r->arena);
                greffe__put_optional(r, "problem",
                                     value.kind == GREFFE__STRING ? value.as.string
                                                                  : (greffe__str){"", 0});
            }
        }
    }
    return status;
}

static greffe_status effect_row(greffe_engine *e, greffe__reading *r, const greffe_read_row *row)
{
    greffe_status status = GREFFE_OK;
    greffe__put_open(r);
    greffe__put_text(r, "stream", row->key);
    greffe__put_text(r, "effect", row->item);
    greffe__put_text(r, "channel", row->name);
    greffe__put_optional(r, "letter", row->who);
    greffe__put_optional(r, "state", row->assignee);
    greffe__put_number(r, "attempts", row->due);
    if (row->assignee.size > 0) {
        status = problem_of(e, r, row);
    }
    greffe__put_close(r);
    return status;
}

static void bundle_row(greffe__reading *r, const greffe_read_row *row)
{
    greffe__put_open(r);
    greffe__put_text(r, "procedure", row->group);
    greffe__put_text(r, "bundle", row->key);
    greffe__put_name(r, "active");
    greffe__buf_text(r->out, row->version != 0 ? "true" : "false");
    greffe__put_instant(r, "published", row->since_ms);
    greffe__put_close(r);
}

/* --- Lists --- */

static greffe_status list(greffe_engine *e, greffe__reading *r, greffe_read *read)
{
    const greffe_query *q = r->query;
    /* The cursor of a list of items is the key, a line feed, and the item. */
    greffe__str after = greffe__str_of(q->after);
    size_t cut = 0;
    while (cut < after.size && after.data[cut] != '\n') {
        cut += 1;
    }
    read->after = (greffe__str){after.data, cut};
    read->after_item = cut < after.size ? (greffe__str){after.data + cut + 1, after.size - cut - 1}
                                        : (greffe__str){"", 0};
    read->limit = q->limit == 0 ? 100 : q->limit > 1000 ? 1000 : q->limit;
    greffe_status status = greffe__wait_read(e, read, r->arena);
    greffe__buf_text(r->out, "{\"items\":[");
    for (size_t i = 0; i < read->count && status == GREFFE_OK; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        switch (read->what) {
        case GREFFE_READ_STREAMS: status = stream_row(r, &read->rows[i]); break;
        case GREFFE_READ_TASKS: task_row(r, &read->rows[i]); break;
        case GREFFE_READ_EFFECTS: status = effect_row(e, r, &read->rows[i]); break;
        case GREFFE_READ_BUNDLES: bundle_row(r, &read->rows[i]); break;
        case GREFFE_READ_ENTRIES:
        case GREFFE_READ_AMOUNTS:
        case GREFFE_READ_ORPHANS:
        case GREFFE_READ_NUMBERS:
        case GREFFE_READ_NEXT:
        case GREFFE_READ_FEED:
        case GREFFE_READ_ROWS: break;
        }
    }
    greffe__buf_byte(r->out, ']');
    if (status == GREFFE_OK && read->count == read->limit && read->what != GREFFE_READ_BUNDLES) {
        const greffe_read_row *last = &read->rows[read->count - 1];
        greffe__str cursor =
            read->what == GREFFE_READ_STREAMS
                ? last->key
                : greffe__str_format(r->arena, "%.*s\n%.*s", (int)last->key.size, last->key.data,
                                     (int)last->item.size, last->item.data);
        greffe__buf_text(r->out, ",\"cursor\":");
        greffe__buf_json(r->out, cursor);
    }
    greffe__buf_byte(r->out, '}');
    return status;
}

/* --- History, session --- */

static void put_events(greffe__reading *r, const greffe__events *events)
{
    greffe__put_list(r, "events");
    for (uint32_t j = 0; j < events->count; j++) {
        const greffe__event *event = &events->at[j];
        greffe__buf_text(r->out, j == 0 ? "" : ",");
        greffe__put_open(r);
        greffe__put_text(r, "event", greffe__str_of(greffe__event_name(event->type)));
        greffe__put_optional(r, "path", event->path);
        greffe__put_optional(r, "name", event->name);
        greffe__put_optional(r, "key", event->key);
        if (event->amount != 0) {
            greffe__put_cents(r, "amount", event->amount);
        }
        greffe__put_close(r);
    }
    greffe__put_list_end(r);
}

greffe_status greffe__put_entry(greffe__reading *r, const greffe_read_row *row, bool feed)
{
    greffe__journal_entry entry;
    greffe_status status = greffe__record_decode(&entry, r->arena, &greffe__entry_shape, row->body);
    if (status != GREFFE_OK) {
        return status;
    }
    greffe__put_open(r);
    if (feed) {
        greffe__put_number(r, "position", row->since_ms);
        greffe__put_text(r, "stream", greffe__str_of(greffe__stream_kind_name(row->kind)));
        greffe__put_text(r, "key", row->key);
    }
    greffe__put_number(r, "version", (int64_t)row->version);
    greffe__put_instant(r, "at", entry.now_ms);
    greffe__put_text(r, "verb", entry.verb);
    greffe__put_optional(r, "by", entry.actor);
    greffe__put_optional(r, "as", entry.actor_kind);
    if (entry.effective != 0) {
        greffe__put_date(r, "effective", entry.effective);
    }
    if (entry.bundle.size == GREFFE__HASH_BYTES) {
        char hex[GREFFE__HASH_CHARS];
        greffe__hex(hex, entry.bundle);
        greffe__put_text(r, "bundle", greffe__str_of(hex));
    }
    put_events(r, &entry.events);
    greffe__put_close(r);
    return GREFFE_OK;
}

/* A page of entries; the cursor is the version, or the position. */
static greffe_status entries(greffe_engine *e, greffe__reading *r, greffe_read *read)
{
    const greffe_query *q = r->query;
    bool feed = read->what == GREFFE_READ_FEED;
    read->limit = q->limit == 0 ? 100 : q->limit > 1000 ? 1000 : q->limit;
    greffe_status status = greffe__wait_read(e, read, r->arena);
    greffe__buf_text(r->out, "{\"items\":[");
    for (size_t i = 0; i < read->count && status == GREFFE_OK; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        status = greffe__put_entry(r, &read->rows[i], feed);
    }
    greffe__buf_byte(r->out, ']');
    if (status == GREFFE_OK && read->count > 0 && (feed || read->count == read->limit)) {
        const greffe_read_row *last = &read->rows[read->count - 1];
        greffe__buf_format(r->out, ",\"cursor\":\"%lld\"",
                           (long long)(feed ? last->since_ms : (int64_t)last->version));
    }
    greffe__buf_byte(r->out, '}');
    return status;
}

static greffe_status history(greffe_engine *e, greffe__reading *r)
{
    const greffe_query *q = r->query;
    greffe_read read = {.what = GREFFE_READ_ENTRIES,
                        .group = greffe__str_of(q->key),
                        .after = greffe__str_of(q->after != NULL ? q->after : "0")};
    read.kind = q->stream_kind == NULL ? GREFFE__DOSSIER
                                       : greffe__stream_kind_named(greffe__str_of(q->stream_kind));
    return read.kind == 0 ? GREFFE_EMISUSE : entries(e, r, &read);
}

/* What a subscriber has not read yet; `after` is another place to read from. */
static greffe_status feed(greffe_engine *e, greffe__reading *r)
{
    const greffe_query *q = r->query;
    greffe_load cursor = {.what = GREFFE_LOAD_CURSOR, .command = greffe__str_of(q->key)};
    greffe_status status =
        q->after == NULL ? greffe__wait_load(e, &cursor, 1, r->arena) : GREFFE_OK;
    greffe_read read = {.what = GREFFE_READ_FEED};
    read.after = q->after != NULL
                     ? greffe__str_of(q->after)
                     : greffe__str_format(r->arena, "%llu",
                                          (unsigned long long)(cursor.found ? cursor.version : 0));
    return status == GREFFE_OK ? entries(e, r, &read) : status;
}

static greffe_status one_session(greffe_engine *e, greffe__reading *r)
{
    greffe_load item = {
        .what = GREFFE_LOAD_STREAM, .kind = GREFFE__SESSION, .key = greffe__str_of(r->query->key)};
    greffe_status status = greffe__wait_load(e, &item, 1, r->arena);
    void *state;
    if (status != GREFFE_OK || !item.found) {
        return status != GREFFE_OK ? status : GREFFE_ENOTFOUND;
    }
    status = greffe__read_state(r, GREFFE__SESSION, item.body, &state);
    if (status == GREFFE_OK) {
        greffe__record_json(r->out, greffe__state_shape(GREFFE__SESSION), state);
    }
    return status;
}

static greffe_status run(greffe_engine *e, greffe__reading *r)
{
    const greffe_query *q = r->query;
    greffe_read read = {.what = GREFFE_READ_STREAMS,
                        .group = greffe__str_of(q->group),
                        .status = greffe__str_of(q->status)};
    switch (q->kind) {
    case GREFFE_QUERY_DOSSIERS: read.kind = GREFFE__DOSSIER; break;
    case GREFFE_QUERY_SESSIONS: read.kind = GREFFE__SESSION; break;
    case GREFFE_QUERY_ALLOTMENTS: read.kind = GREFFE__ALLOTMENT; break;
    case GREFFE_QUERY_ORDERS: read.kind = GREFFE__ORDER; break;
    case GREFFE_QUERY_BATCHES: read.kind = GREFFE__BATCH; break;
    case GREFFE_QUERY_TASKS:
        read.what = GREFFE_READ_TASKS;
        read.owner = read.group;
        break;
    case GREFFE_QUERY_EFFECTS: read.what = GREFFE_READ_EFFECTS; break;
    case GREFFE_QUERY_PROCEDURES: read.what = GREFFE_READ_BUNDLES; break;
    case GREFFE_QUERY_DOSSIER: return greffe__read_dossier(e, r);
    case GREFFE_QUERY_HISTORY: return history(e, r);
    case GREFFE_QUERY_FEED: return feed(e, r);
    case GREFFE_QUERY_SESSION: return one_session(e, r);
    default: return GREFFE_EMISUSE;
    }
    return list(e, r, &read);
}

greffe_status greffe__check_query(const greffe_query *query)
{
    bool named = query != NULL && query->kind >= GREFFE_QUERY_DOSSIER;
    bool good = query != NULL && query->size == sizeof *query && (!named || query->key != NULL);
    return good ? GREFFE_OK : GREFFE_EMISUSE;
}

static bool may_read(const greffe_engine *e, const greffe_query *q)
{
    char reason[256]; /* a read has no place for it */
    bool history = q->kind == GREFFE_QUERY_HISTORY && q->stream_kind != NULL;
    const greffe_access access = {.actor = q->actor,
                                  .query = (int)q->kind,
                                  .stream_kind = history                           ? q->stream_kind
                                                 : q->kind == GREFFE_QUERY_SESSION ? "session"
                                                 : q->key != NULL                  ? "dossier"
                                                                                   : NULL,
                                  .stream = q->kind == GREFFE_QUERY_FEED ? NULL : q->key};
    return greffe__is_allowed(e, &access, reason);
}

greffe_status greffe__read_query(greffe_engine *e, char **out, const greffe_query *query)
{
    greffe__arena arena;
    greffe__buf text_out;
    greffe__arena_init(&arena, e->own);
    greffe__buf_init(&text_out, e->context);
    greffe__reading r = {.query = query, .out = &text_out, .arena = &arena};
    greffe_status status = may_read(e, query) ? run(e, &r) : GREFFE_EDENIED;
    status = status == GREFFE_OK && arena.failed ? GREFFE_ENOMEM : status;
    greffe__arena_free(&arena);
    if (status == GREFFE_OK && greffe__buf_done(&text_out) == NULL) {
        status = GREFFE_ENOMEM;
    }
    if (status != GREFFE_OK) {
        greffe__buf_free(&text_out);
        return status;
    }
    *out = text_out.data;
    return GREFFE_OK;
}

greffe_status greffe__answer_query(greffe_engine *e, void *data)
{
    const greffe__asked *a = data;
    return greffe__read_query(e, a->out, a->query);
}

greffe_status greffe_engine_read(greffe_engine *engine, char **out, const greffe_query *query)
{
    greffe__asked a = {query, out};
    return engine == NULL || out == NULL || greffe__check_query(query) != GREFFE_OK
               ? GREFFE_EMISUSE
               : greffe__queue_call(engine->queue, greffe__answer_query, &a);
}
