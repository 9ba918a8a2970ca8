/* Lists and single things, as JSON. */
#include <stdio.h>
#include <string.h>

#include "host/host_priv.h"
#include "value/json.h"

typedef struct reading {
    const greffe_query *query;
    greffe__buf *out;
    greffe__arena *arena;
    bool first;
} reading;

/* --- Small writers --- */

static void open_object(reading *r)
{
    greffe__buf_byte(r->out, '{');
    r->first = true;
}

static void name(reading *r, const char *text)
{
    greffe__buf_format(r->out, "%s\"%s\":", r->first ? "" : ",", text);
    r->first = false;
}

static void text(reading *r, const char *key, greffe__str value)
{
    name(r, key);
    greffe__buf_json(r->out, value);
}

static void optional_text(reading *r, const char *key, greffe__str value)
{
    if (value.size > 0) {
        text(r, key, value);
    }
}

static void number(reading *r, const char *key, int64_t value)
{
    name(r, key);
    greffe__buf_format(r->out, "%lld", (long long)value);
}

static void date(reading *r, const char *key, int64_t days)
{
    char form[GREFFE__DATE_CHARS];
    (void)greffe__date_format(form, days);
    text(r, key, greffe__str_of(form));
}

static void instant(reading *r, const char *key, int64_t ms)
{
    char form[GREFFE__DATE_CHARS];
    (void)greffe__instant_format(form, ms);
    text(r, key, greffe__str_of(form));
}

static void cents(reading *r, const char *key, int64_t amount)
{
    char form[32];
    int64_t magnitude = amount < 0 ? -amount : amount;
    (void)snprintf(form, sizeof form, "%s%lld.%02d", amount < 0 ? "-" : "",
                   (long long)(magnitude / 100), (int)(magnitude % 100));
    text(r, key, greffe__str_of(form));
}

static void close_object(reading *r)
{
    greffe__buf_byte(r->out, '}');
    r->first = false;
}

/* --- Rows --- */

static void money_of(reading *r, const greffe__dossier *d)
{
    int64_t spent = 0;
    for (uint32_t i = 0; i < d->money.count; i++) {
        spent += d->money.at[i].spent;
    }
    cents(r, "paid", spent);
}

static void clocks_of(reading *r, const greffe__dossier *d)
{
    static const char *const phases[] = {"", "running", "paused", "stopped", "fired"};
    name(r, "clocks");
    greffe__buf_byte(r->out, '[');
    for (uint32_t i = 0; i < d->clocks.count; i++) {
        const greffe__clock *clock = &d->clocks.at[i];
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        open_object(r);
        text(r, "name", clock->name);
        text(r, "phase", greffe__str_of(phases[clock->phase <= 4 ? clock->phase : 0]));
        date(r, "from", clock->from);
        number(r, "suspended_days", clock->suspended);
        if (clock->due != 0) {
            date(r, "due", clock->due);
        } else if (clock->phase == GREFFE__CLOCK_PAUSED) {
            date(r, "paused_on", clock->paused_on);
        }
        optional_text(r, "stopped_by", clock->stopped_by);
        close_object(r);
    }
    greffe__buf_byte(r->out, ']');
    r->first = false;
}

static greffe_status decode(reading *r, uint32_t kind, greffe__str bytes, void **out)
{
    const greffe__shape *shape = greffe__state_shape(kind);
    *out = greffe__arena_zalloc(r->arena, shape->size);
    return *out == NULL ? GREFFE_ENOMEM : greffe__record_decode(*out, r->arena, shape, bytes);
}

static greffe_status stream_row(reading *r, const greffe_read_row *row)
{
    void *state;
    greffe_status status = decode(r, row->kind, row->body, &state);
    if (status != GREFFE_OK) {
        return status;
    }
    const greffe__dossier *d = state;
    const greffe__allotment *a = state;
    const greffe__order *o = state;
    const greffe__batch *b = state;
    open_object(r);
    text(r, greffe__stream_kind_name(row->kind), row->key);
    number(r, "version", (int64_t)row->version);
    optional_text(r, "status", row->status);
    switch ((greffe__stream_kind)row->kind) {
    case GREFFE__DOSSIER:
        text(r, "number", d->number);
        text(r, "procedure", d->procedure);
        text(r, "phase",
             greffe__str_of(d->phase == GREFFE__PHASE_CLOSED  ? "closed"
                            : d->phase == GREFFE__PHASE_DRAFT ? "draft"
                                                              : "open"));
        optional_text(r, "outcome", d->outcome);
        optional_text(r, "shown", d->shown);
        money_of(r, d);
        clocks_of(r, d);
        break;
    case GREFFE__SESSION:
        text(r, "board", ((const greffe__session *)state)->board.id);
        date(r, "on", ((const greffe__session *)state)->on);
        number(r, "items", ((const greffe__session *)state)->items.count);
        break;
    case GREFFE__ALLOTMENT:
        text(r, "title", a->title);
        cents(r, "allocated", a->allocated);
        cents(r, "reserved", a->reserved);
        cents(r, "committed", a->committed);
        cents(r, "spent", a->spent);
        cents(r, "free", a->allocated - a->reserved - a->committed - a->spent);
        break;
    case GREFFE__ORDER:
        text(r, "dossier", o->dossier);
        cents(r, "amount", o->cents);
        optional_text(r, "batch", o->batch);
        optional_text(r, "reason", o->reason);
        break;
    case GREFFE__BATCH:
        number(r, "orders", b->orders.count);
        cents(r, "sum", b->cents);
        date(r, "on", b->on);
        break;
    case GREFFE__CLAIM: break;
    }
    close_object(r);
    return GREFFE_OK;
}

static void task_row(reading *r, const greffe_read_row *row)
{
    open_object(r);
    text(r, "dossier", row->key);
    text(r, "step", row->name);
    text(r, "for", row->who);
    optional_text(r, "assignee", row->assignee);
    optional_text(r, "session", row->ref);
    if (row->due != 0) {
        date(r, "due", row->due);
    }
    instant(r, "since", row->since_ms);
    close_object(r);
}

/* Why an effect waits for an operator: kept apart, with all that may name a person. */
static greffe_status problem_of(greffe_engine *e, reading *r, const greffe_read_row *row)
{
    greffe_load items[2] = {{.what = GREFFE_LOAD_STREAM, .kind = row->kind, .key = row->key},
                            {.what = GREFFE_LOAD_PERSONAL, .kind = row->kind, .key = row->key}};
    void *state;
    greffe_status status = greffe__wait_load(e, items, 2, r->arena);
    if (status != GREFFE_OK || !items[0].found) {
        return status;
    }
    status = decode(r, row->kind, items[0].body, &state);
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
                optional_text(r, "problem",
                              value.kind == GREFFE__STRING ? value.as.string
                                                           : (greffe__str){"", 0});
            }
        }
    }
    return status;
}

static greffe_status effect_row(greffe_engine *e, reading *r, const greffe_read_row *row)
{
    greffe_status status = GREFFE_OK;
    open_object(r);
    text(r, "stream", row->key);
    text(r, "effect", row->item);
    text(r, "channel", row->name);
    optional_text(r, "letter", row->who);
    optional_text(r, "state", row->assignee);
    number(r, "attempts", row->due);
    if (row->assignee.size > 0) {
        status = problem_of(e, r, row);
    }
    close_object(r);
    return status;
}

static void bundle_row(reading *r, const greffe_read_row *row)
{
    open_object(r);
    text(r, "procedure", row->group);
    text(r, "bundle", row->key);
    name(r, "active");
    greffe__buf_text(r->out, row->version != 0 ? "true" : "false");
    instant(r, "published", row->since_ms);
    close_object(r);
}

/* --- Lists --- */

static greffe_status list(greffe_engine *e, reading *r, greffe_read *read)
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

/* --- One dossier --- */

/* What the form calls the options that were chosen. */
static void labels_of(reading *r, const greffe__plan *plan, greffe__str owner,
                      const greffe__value *answers)
{
    bool first = true;
    for (uint32_t i = 0; answers->kind == GREFFE__CONTEXT && i < answers->count; i++) {
        const greffe__entry *answer = &answers->as.entries[i];
        greffe__str path = greffe__str_format(r->arena, "%.*s.%.*s", (int)owner.size, owner.data,
                                              (int)answer->name.size, answer->name.data);
        uint32_t at =
            answer->value.kind == GREFFE__STRING ? greffe__plan_field_at(plan, path) : GREFFE__NONE;
        const greffe__field_def *field = at != GREFFE__NONE ? &plan->fields.at[at] : NULL;
        for (uint32_t j = 0; field != NULL && j < field->option_labels.count; j++) {
            if (greffe__str_equal(field->options.at[j], answer->value.as.string)) {
                greffe__buf_text(r->out, first ? ",\"labels\":{" : ",");
                greffe__buf_json(r->out, answer->name);
                greffe__buf_byte(r->out, ':');
                greffe__buf_json(r->out, field->option_labels.at[j]);
                first = false;
            }
        }
    }
    greffe__buf_text(r->out, first ? "" : "}");
}

static void answers_of(reading *r, const greffe__dossier *d, const greffe_load *personal,
                       const greffe__plan *plan)
{
    name(r, "answers");
    greffe__buf_byte(r->out, '[');
    bool first = true;
    for (uint32_t i = 0; i < d->fills.count; i++) {
        for (size_t j = 0; j < personal->personal_count; j++) {
            const greffe_personal_row *row = &personal->personal[j];
            greffe__cbor in;
            if (!greffe__str_equal(row->ref, d->fills.at[i].ref) || row->value.size == 0) {
                continue;
            }
            greffe__cbor_open(&in, row->value);
            greffe__value value = greffe__cbor_read_value(&in, r->arena);
            greffe__buf_text(r->out, first ? "{\"of\":" : ",{\"of\":");
            greffe__buf_json(r->out, d->fills.at[i].owner);
            greffe__buf_text(r->out, ",\"values\":");
            greffe__json_write(r->out, &value);
            labels_of(r, plan, d->fills.at[i].owner, &value);
            greffe__buf_byte(r->out, '}');
            first = false;
        }
    }
    greffe__buf_byte(r->out, ']');
    r->first = false;
}

/* A number with all its digits, as a text: what reads JSON may know floating point alone. */
static void frozen_value(reading *r, const greffe__value *value)
{
    char form[GREFFE__DEC_CHARS];
    if (value->kind == GREFFE__NUMBER) {
        (void)greffe__dec_format(form, value->as.number);
        text(r, "is", greffe__str_of(form));
    } else {
        name(r, "is");
        greffe__json_write(r->out, value);
    }
}

static void why_of(reading *r, const greffe__dossier *d)
{
    name(r, "moments");
    greffe__buf_byte(r->out, '[');
    for (uint32_t i = 0; i < d->marks.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        open_object(r);
        text(r, "moment", d->marks.at[i].moment);
        number(r, "count", d->marks.at[i].count);
        instant(r, "at", d->marks.at[i].at_ms);
        close_object(r);
    }
    greffe__buf_byte(r->out, ']');
    r->first = false;
    name(r, "timers");
    greffe__buf_byte(r->out, '[');
    for (uint32_t i = 0; i < d->timers.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        open_object(r);
        text(r, "kind", d->timers.at[i].kind);
        optional_text(r, "name", d->timers.at[i].name);
        date(r, "day", d->timers.at[i].day);
        instant(r, "due", d->timers.at[i].due_ms);
        close_object(r);
    }
    greffe__buf_byte(r->out, ']');
    r->first = false;
    name(r, "frozen");
    greffe__buf_byte(r->out, '[');
    for (uint32_t i = 0; i < d->frozen.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        open_object(r);
        text(r, "value", d->frozen.at[i].name);
        frozen_value(r, &d->frozen.at[i].value);
        text(r, "at", d->frozen.at[i].moment);
        close_object(r);
    }
    greffe__buf_byte(r->out, ']');
    r->first = false;
}

static void open_of(reading *r, const greffe__dossier *d)
{
    name(r, "open");
    greffe__buf_byte(r->out, '[');
    for (uint32_t i = 0; i < d->tokens.count; i++) {
        const greffe__task *task = greffe__task_of(d, d->tokens.at[i].id);
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        open_object(r);
        text(r, "at", d->tokens.at[i].path);
        instant(r, "since", d->tokens.at[i].since_ms);
        if (task != NULL) {
            text(r, "role", task->role);
            optional_text(r, "assignee", task->assignee);
        }
        close_object(r);
    }
    greffe__buf_byte(r->out, ']');
    r->first = false;
}

static void documents_of(reading *r, const greffe__dossier *d)
{
    name(r, "documents");
    greffe__buf_byte(r->out, '[');
    for (uint32_t i = 0; i < d->documents.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        greffe__buf_json(r->out, d->documents.at[i].id);
    }
    greffe__buf_byte(r->out, ']');
    r->first = false;
}

static greffe_status one_dossier(greffe_engine *e, reading *r)
{
    greffe__str key = greffe__str_of(r->query->key);
    greffe_load items[2] = {{.what = GREFFE_LOAD_STREAM, .kind = GREFFE__DOSSIER, .key = key},
                            {.what = GREFFE_LOAD_PERSONAL, .kind = GREFFE__DOSSIER, .key = key}};
    greffe_status status = greffe__wait_load(e, items, 2, r->arena);
    void *state;
    if (status != GREFFE_OK || !items[0].found) {
        return status != GREFFE_OK ? status : GREFFE_ENOTFOUND;
    }
    status = decode(r, GREFFE__DOSSIER, items[0].body, &state);
    const greffe__dossier *d = state;
    greffe__cached_plan cached = {.plan = NULL};
    if (status == GREFFE_OK) {
        status = greffe__plan_by(e, GREFFE_LOAD_PINNED, d->pinned, &cached, r->arena);
    }
    if (status != GREFFE_OK) {
        return status;
    }
    open_object(r);
    text(r, "dossier", key);
    text(r, "number", d->number);
    text(r, "procedure", d->procedure);
    number(r, "version", (int64_t)items[0].version);
    text(r, "phase",
         greffe__str_of(d->phase == GREFFE__PHASE_CLOSED  ? "closed"
                        : d->phase == GREFFE__PHASE_DRAFT ? "draft"
                                                          : "open"));
    optional_text(r, "outcome", d->outcome);
    optional_text(r, "shown", d->shown);
    if (d->erased_on != 0) {
        date(r, "erased_on", d->erased_on);
    }
    if (d->filed_on != 0) {
        date(r, "filed_on", d->filed_on);
    }
    money_of(r, d);
    clocks_of(r, d);
    open_of(r, d);
    documents_of(r, d);
    answers_of(r, d, &items[1], greffe__plan_of(cached.plan));
    why_of(r, d);
    close_object(r);
    greffe_plan_unref(cached.plan);
    return GREFFE_OK;
}

/* --- History, session --- */

static greffe_status history(greffe_engine *e, reading *r)
{
    const greffe_query *q = r->query;
    greffe_read read = {.what = GREFFE_READ_ENTRIES,
                        .group = greffe__str_of(q->key),
                        .after = greffe__str_of(q->after != NULL ? q->after : "0"),
                        .limit = q->limit == 0     ? 100
                                 : q->limit > 1000 ? 1000
                                                   : q->limit};
    read.kind = q->stream_kind == NULL ? GREFFE__DOSSIER
                                       : greffe__stream_kind_named(greffe__str_of(q->stream_kind));
    greffe_status status = read.kind == 0 ? GREFFE_EMISUSE : greffe__wait_read(e, &read, r->arena);
    greffe__buf_text(r->out, "{\"items\":[");
    for (size_t i = 0; i < read.count && status == GREFFE_OK; i++) {
        greffe__journal_entry entry;
        status = greffe__record_decode(&entry, r->arena, &greffe__entry_shape, read.rows[i].body);
        if (status != GREFFE_OK) {
            break;
        }
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        open_object(r);
        number(r, "version", (int64_t)read.rows[i].version);
        instant(r, "at", entry.now_ms);
        text(r, "verb", entry.verb);
        optional_text(r, "by", entry.actor);
        optional_text(r, "as", entry.actor_kind);
        if (entry.effective != 0) {
            date(r, "effective", entry.effective);
        }
        if (entry.bundle.size == GREFFE__HASH_BYTES) {
            char hex[GREFFE__HASH_CHARS];
            greffe__hex(hex, entry.bundle);
            text(r, "bundle", greffe__str_of(hex));
        }
        name(r, "events");
        greffe__buf_byte(r->out, '[');
        for (uint32_t j = 0; j < entry.events.count; j++) {
            const greffe__event *event = &entry.events.at[j];
            greffe__buf_text(r->out, j == 0 ? "" : ",");
            open_object(r);
            text(r, "event", greffe__str_of(greffe__event_name(event->type)));
            optional_text(r, "path", event->path);
            optional_text(r, "name", event->name);
            optional_text(r, "key", event->key);
            if (event->amount != 0) {
                cents(r, "amount", event->amount);
            }
            close_object(r);
        }
        greffe__buf_byte(r->out, ']');
        close_object(r);
    }
    greffe__buf_byte(r->out, ']');
    if (status == GREFFE_OK && read.count == read.limit) {
        greffe__buf_format(r->out, ",\"cursor\":\"%llu\"",
                           (unsigned long long)read.rows[read.count - 1].version);
    }
    greffe__buf_byte(r->out, '}');
    return status;
}

static greffe_status one_session(greffe_engine *e, reading *r)
{
    greffe_load item = {
        .what = GREFFE_LOAD_STREAM, .kind = GREFFE__SESSION, .key = greffe__str_of(r->query->key)};
    greffe_status status = greffe__wait_load(e, &item, 1, r->arena);
    void *state;
    if (status != GREFFE_OK || !item.found) {
        return status != GREFFE_OK ? status : GREFFE_ENOTFOUND;
    }
    status = decode(r, GREFFE__SESSION, item.body, &state);
    if (status == GREFFE_OK) {
        greffe__record_json(r->out, greffe__state_shape(GREFFE__SESSION), state);
    }
    return status;
}

static greffe_status run(greffe_engine *e, void *data)
{
    reading *r = data;
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
    case GREFFE_QUERY_DOSSIER: return one_dossier(e, r);
    case GREFFE_QUERY_HISTORY: return history(e, r);
    case GREFFE_QUERY_SESSION: return one_session(e, r);
    default: return GREFFE_EMISUSE;
    }
    return list(e, r, &read);
}

greffe_status greffe_engine_read(greffe_engine *engine, char **out, const greffe_query *query)
{
    bool named = query != NULL && query->kind >= GREFFE_QUERY_DOSSIER;
    if (engine == NULL || out == NULL || query == NULL || query->size != sizeof *query ||
        (named && query->key == NULL)) {
        return GREFFE_EMISUSE;
    }
    greffe__arena arena;
    greffe__buf text_out;
    greffe__arena_init(&arena, engine->context);
    greffe__buf_init(&text_out, engine->context);
    reading r = {.query = query, .out = &text_out, .arena = &arena};
    greffe_status status = greffe__queue_call(engine->queue, run, &r);
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
