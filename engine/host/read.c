/* Lists and single things, as JSON. */
#include <string.h>

#include "host/read_priv.h"
#include "value/json.h"

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
        if (event->type == GREFFE__EV_ASKED) { /* documents and fields, by their ids */
            greffe__put_texts(r, "what", &event->list);
        }
        if (event->type == GREFFE__EV_RULED) {
            greffe__put_texts(r, "rules", &event->list);
        }
        if (event->type == GREFFE__EV_RULED || event->type == GREFFE__EV_FROZEN) {
            greffe__put_version(r, event->days);
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

/* Of a dossier who is not of the house reads the public side. */
static greffe_status history(greffe_engine *e, greffe__reading *r)
{
    const greffe_query *q = r->query;
    greffe__str key = greffe__str_of(q->key);
    bool sees = false;
    greffe_read read = {.what = GREFFE_READ_ENTRIES,
                        .group = greffe__str_of(q->key),
                        .after = greffe__str_of(q->after != NULL ? q->after : "0")};
    read.kind = q->stream_kind == NULL ? GREFFE__DOSSIER
                                       : greffe__stream_kind_named(greffe__str_of(q->stream_kind));
    if (read.kind == 0) {
        return GREFFE_EMISUSE;
    }
    greffe_status status = greffe__reader_sees_key(e, r, read.kind, key, &sees);
    if (status != GREFFE_OK || !sees) {
        return status != GREFFE_OK ? status : GREFFE_ENOTFOUND;
    }
    if (r->reader == NULL || greffe__reader_is(r, "agent")) {
        return entries(e, r, &read);
    }
    greffe__put_open(r);
    status = greffe__put_public_history(e, r, key);
    greffe__put_close(r);
    return status;
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

/* The public side of a journal: what was shown when, and how it ended. */
static greffe_status public_entry(greffe__reading *r, const greffe_read_row *row, bool *first)
{
    greffe__journal_entry entry;
    greffe_status status = greffe__record_decode(&entry, r->arena, &greffe__entry_shape, row->body);
    for (uint32_t i = 0; status == GREFFE_OK && i < entry.events.count; i++) {
        const greffe__event *event = &entry.events.at[i];
        bool filed = event->type == GREFFE__EV_FILED, ended = event->type == GREFFE__EV_ENDED;
        if (!filed && !ended && event->type != GREFFE__EV_SHOWN) {
            continue;
        }
        greffe__buf_text(r->out, *first ? "" : ",");
        *first = false;
        greffe__put_open(r);
        greffe__put_instant(r, "at", entry.now_ms);
        if (filed) {
            greffe__put_date(r, "filed_on", event->days);
        } else {
            greffe__put_text(r, ended ? "outcome" : "shown", ended ? event->name : event->text);
        }
        greffe__put_close(r);
    }
    return status;
}

greffe_status greffe__put_public_history(greffe_engine *e, greffe__reading *r, greffe__str key)
{
    greffe_read read = {.what = GREFFE_READ_ENTRIES,
                        .kind = GREFFE__DOSSIER,
                        .group = key,
                        .after = greffe__str_of("0"),
                        .limit = 1000};
    bool first = true, more = true;
    greffe_status status = GREFFE_OK;
    greffe__put_list(r, "history");
    while (more && status == GREFFE_OK) {
        status = greffe__wait_read(e, &read, r->arena);
        const greffe_read_row *rows = read.rows;
        more = status == GREFFE_OK && read.count == read.limit;
        for (size_t i = 0; i < read.count && status == GREFFE_OK; i++) {
            status = public_entry(r, &rows[i], &first);
        }
        if (more) {
            read.after = greffe__str_format(r->arena, "%llu",
                                            (unsigned long long)rows[read.count - 1].version);
        }
    }
    greffe__put_list_end(r);
    return status;
}

static greffe_status one_session(greffe_engine *e, greffe__reading *r)
{
    greffe_load item = {
        .what = GREFFE_LOAD_STREAM, .kind = GREFFE__SESSION, .key = greffe__str_of(r->query->key)};
    greffe_status status = greffe__wait_load(e, &item, 1, r->arena);
    void *state;
    bool sees = false;
    if (status != GREFFE_OK || !item.found) {
        return status != GREFFE_OK ? status : GREFFE_ENOTFOUND;
    }
    status = greffe__read_state(r, GREFFE__SESSION, item.body, &state);
    status =
        status == GREFFE_OK ? greffe__reader_sees(e, r, GREFFE__SESSION, state, &sees) : status;
    if (status == GREFFE_OK && sees) {
        greffe__record_json(r->out, greffe__state_shape(GREFFE__SESSION), state);
    }
    return status == GREFFE_OK && !sees ? GREFFE_ENOTFOUND : status;
}

/* --- Views --- */

static greffe_status view(greffe_engine *e, greffe__reading *r, const char *verb)
{
    const greffe_query *q = r->query;
    greffe__outcome outcome;
    greffe__command command = {.verb = greffe__str_of(verb),
                               .stream_kind = GREFFE__DOSSIER,
                               .stream_key = greffe__str_of(q->key),
                               .now_ms = greffe__now(e, q->now_ms),
                               .args = greffe__context_of(NULL, 0)};
    if (r->reader != NULL) {
        command.actor = *r->reader;
    }
    if (q->subject != NULL) {
        command.represented.subject = greffe__str_of(q->subject);
        command.represented.tag = greffe__tag_of(e->secret, command.represented.subject, r->arena);
    }
    greffe_status status = q->args.size == 0
                               ? GREFFE_OK
                               : greffe__json_read(&command.args, r->arena, NULL, "args", q->args);
    if (status != GREFFE_OK || command.args.kind != GREFFE__CONTEXT) {
        return status == GREFFE_OK ? GREFFE_EINVALID : status;
    }
    if (q->group != NULL) { /* of which procedure */
        uint32_t count = command.args.count;
        greffe__entry *entries = greffe__arena_alloc(r->arena, (count + 1) * sizeof *entries);
        if (entries == NULL) {
            return GREFFE_ENOMEM;
        }
        for (uint32_t i = 0; i < count; i++) {
            entries[i + 1] = command.args.as.entries[i];
        }
        entries[0] =
            (greffe__entry){greffe__str_of("procedure"), greffe__string(greffe__str_of(q->group))};
        command.args = greffe__context_of(entries, count + 1);
    }
    status = greffe__look(e, &outcome, r->out, &command, r->arena);
    return status == GREFFE_OK ? outcome.status : status;
}

/* --- The door --- */

/* A list of what is the services' own affair. */
static bool of_the_house(greffe_query_kind kind)
{
    return kind == GREFFE_QUERY_TASKS || kind == GREFFE_QUERY_SESSIONS ||
           kind == GREFFE_QUERY_ALLOTMENTS || kind == GREFFE_QUERY_ORDERS ||
           kind == GREFFE_QUERY_BATCHES || kind == GREFFE_QUERY_EFFECTS;
}

/* The feed and the counts tell of all there is: they are the host's own. */
static bool of_the_host(greffe_query_kind kind)
{
    return kind == GREFFE_QUERY_FEED || kind == GREFFE_QUERY_COUNTS;
}

static bool good_order(const greffe_query *q)
{
    return q->order == NULL || strcmp(q->order, "key") == 0 ||
           (strcmp(q->order, "recent") == 0 && q->kind < GREFFE_QUERY_EFFECTS &&
            q->kind != GREFFE_QUERY_TASKS) ||
           (strcmp(q->order, "due") == 0 && q->kind == GREFFE_QUERY_TASKS);
}

static greffe_status list(greffe_engine *e, greffe__reading *r, greffe_read *read)
{
    const greffe_query *q = r->query;
    greffe__str mine = greffe__reader_is(r, "applicant") ? r->person.tag : (greffe__str){"", 0};
    read->order = q->order == NULL || strcmp(q->order, "key") == 0 ? GREFFE_ORDER_KEY
                  : strcmp(q->order, "due") == 0                   ? GREFFE_ORDER_DUE
                                                                   : GREFFE_ORDER_RECENT;
    if (q->kind == GREFFE_QUERY_DOSSIERS) {
        read->owner = q->subject != NULL
                          ? greffe__tag_of(e->secret, greffe__str_of(q->subject), r->arena)
                          : mine;
    }
    if (q->person != NULL) {
        read->by_assignee = true;
        read->assignee = q->person[0] == '\0'
                             ? (greffe__str){"", 0}
                             : greffe__tag_of(e->secret, greffe__str_of(q->person), r->arena);
    }
    return greffe__read_list(e, r, read);
}

static greffe_status run(greffe_engine *e, greffe__reading *r)
{
    const greffe_query *q = r->query;
    greffe_read read = {.what = GREFFE_READ_STREAMS,
                        .group = greffe__str_of(q->group),
                        .status = greffe__str_of(q->status)};
    bool staff = r->reader == NULL || greffe__reader_is(r, "agent") ||
                 greffe__reader_is(r, "delegate") || greffe__reader_is(r, "member");
    if ((of_the_house(q->kind) && !staff) || (of_the_host(q->kind) && r->reader != NULL)) {
        return GREFFE_EDENIED;
    }
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
    case GREFFE_QUERY_COUNTS: {
        bool tasks = q->stream_kind != NULL && strcmp(q->stream_kind, "task") == 0;
        read.what = GREFFE_READ_COUNTS;
        read.kind = q->stream_kind == NULL ? GREFFE__DOSSIER
                    : tasks                ? 0
                            : greffe__stream_kind_named(greffe__str_of(q->stream_kind));
        if (!tasks && read.kind == 0) {
            return GREFFE_EMISUSE;
        }
        break;
    }
    case GREFFE_QUERY_EFFECTS: read.what = GREFFE_READ_EFFECTS; break;
    case GREFFE_QUERY_PROCEDURES: read.what = GREFFE_READ_BUNDLES; break;
    case GREFFE_QUERY_DOSSIER: return greffe__read_dossier(e, r);
    case GREFFE_QUERY_HISTORY: return history(e, r);
    case GREFFE_QUERY_FEED: return feed(e, r);
    case GREFFE_QUERY_SESSION: return one_session(e, r);
    case GREFFE_QUERY_FORM: return view(e, r, "form");
    case GREFFE_QUERY_CHECK: return view(e, r, "check");
    case GREFFE_QUERY_ACTIONS: return view(e, r, "actions");
    default: return GREFFE_EMISUSE;
    }
    return list(e, r, &read);
}

/* What must be named: a stream, or of a form that is new its procedure. */
static bool is_named(const greffe_query *q)
{
    switch (q->kind) {
    case GREFFE_QUERY_DOSSIER:
    case GREFFE_QUERY_HISTORY:
    case GREFFE_QUERY_SESSION:
    case GREFFE_QUERY_FEED:
    case GREFFE_QUERY_ACTIONS: return q->key != NULL && q->key[0] != '\0';
    case GREFFE_QUERY_FORM:
    case GREFFE_QUERY_CHECK: return (q->key != NULL && q->key[0] != '\0') || q->group != NULL;
    default: return true;
    }
}

greffe_status greffe__check_query(const greffe_query *query)
{
    bool good = query != NULL && query->size == sizeof *query && is_named(query) &&
                good_order(query) && (query->actor == NULL || greffe__is_actor(query->actor)) &&
                greffe__is_text(query->args) &&
                (query->now_ms == 0 || greffe__good_instant(query->now_ms));
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
    greffe__reader_begin(e, &r);
    greffe_status status = may_read(e, query) ? run(e, &r) : GREFFE_EDENIED;
    status = status == GREFFE_OK && arena.failed ? GREFFE_ENOMEM : status;
    greffe__reader_end(&r);
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
