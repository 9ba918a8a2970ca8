/* Lists, as JSON: rows that the reader may see, in pages that begin behind the last one seen. */
#include <stdlib.h>
#include <string.h>

#include "host/read_priv.h"
#include "value/json.h"

enum { most_pages = 16 }; /* that are looked through for one that is given */

/* --- Rows --- */

static void stream_row(greffe__reading *r, const greffe_read_row *row, const void *state)
{
    const greffe__dossier *d = state;
    const greffe__allotment *a = state;
    const greffe__order *o = state;
    const greffe__batch *b = state;
    greffe__put_open(r);
    greffe__put_text(r, greffe__stream_kind_name(row->kind), row->key);
    greffe__put_number(r, "version", (int64_t)row->version);
    if (!greffe__reader_is(r, "applicant")) { /* they read what is shown */
        greffe__put_optional(r, "status", row->status);
    }
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
}

static void task_row(greffe__reading *r, const greffe_read_row *row)
{
    greffe__put_open(r);
    greffe__put_text(r, "dossier", row->key);
    greffe__put_text(r, "step", row->name);
    greffe__put_text(r, "for", row->who);
    greffe__put_optional(r, "assignee", row->assignee);
    if (r->reader != NULL && greffe__str_equal(row->assignee, r->reader->tag)) {
        greffe__put_name(r, "mine");
        greffe__buf_text(r->out, "true");
    }
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
    } else if (row->since_ms > 0) {
        greffe__put_instant(r, "again", row->since_ms);
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

static void count_row(greffe__reading *r, const greffe_read_row *row, bool tasks)
{
    greffe__put_open(r);
    greffe__put_text(r, tasks ? "for" : "group", row->group);
    greffe__put_text(r, tasks ? "step" : "status", row->status);
    greffe__put_number(r, "count", (int64_t)row->version);
    greffe__put_close(r);
}

/* --- What the reader may see --- */

/* A task of one's own service is seen without a look at its dossier. */
static greffe_status sees_task(greffe_engine *e, greffe__reading *r, const greffe_read_row *row,
                               bool *out)
{
    greffe_load item = {.what = GREFFE_LOAD_STREAM, .kind = row->kind, .key = row->key};
    greffe__sight sight;
    void *state;
    *out = r->reader == NULL ||
           (greffe__reader_is(r, "agent") && greffe__has_str(&r->reader->services, row->who));
    if (*out) {
        return GREFFE_OK;
    }
    greffe_status status = greffe__wait_load(e, &item, 1, r->arena);
    if (status != GREFFE_OK || !item.found) {
        return status;
    }
    status = greffe__read_state(r, row->kind, item.body, &state);
    const greffe__dossier *d = state;
    status = status == GREFFE_OK ? greffe__reader_sight(e, r, d, &sight) : status;
    for (uint32_t i = 0; status == GREFFE_OK && !*out && i < d->tokens.count; i++) {
        uint32_t at = greffe__plan_node_at(sight.plan, d->tokens.at[i].path);
        const greffe__plan_node *node = at != GREFFE__NONE ? &sight.plan->nodes.at[at] : NULL;
        *out = node != NULL && sight.sees != GREFFE__SEES_NOTHING &&
               greffe__str_equal(sight.plan->steps.at[node->step].id, row->name) &&
               greffe__sees_place(&sight, node);
    }
    return status;
}

/* Writes a row, if the reader may see it. */
static greffe_status give_row(greffe_engine *e, greffe__reading *r, const greffe_read *read,
                              const greffe_read_row *row, uint32_t *given)
{
    bool sees = true;
    void *state = NULL;
    greffe_status status = GREFFE_OK;
    if (read->what == GREFFE_READ_STREAMS) {
        status = greffe__read_state(r, row->kind, row->body, &state);
        status = status == GREFFE_OK ? greffe__reader_sees(e, r, row->kind, state, &sees) : status;
    } else if (read->what == GREFFE_READ_TASKS) {
        status = sees_task(e, r, row, &sees);
    } else if (read->what == GREFFE_READ_EFFECTS) {
        status = greffe__reader_sees_key(e, r, row->kind, row->key, &sees);
    }
    if (status != GREFFE_OK || !sees) {
        return status;
    }
    greffe__buf_text(r->out, *given == 0 ? "" : ",");
    *given += 1;
    switch (read->what) {
    case GREFFE_READ_STREAMS: stream_row(r, row, state); break;
    case GREFFE_READ_TASKS: task_row(r, row); break;
    case GREFFE_READ_EFFECTS: status = effect_row(e, r, row); break;
    case GREFFE_READ_BUNDLES: bundle_row(r, row); break;
    case GREFFE_READ_COUNTS: count_row(r, row, read->kind == 0); break;
    case GREFFE_READ_ENTRIES:
    case GREFFE_READ_AMOUNTS:
    case GREFFE_READ_ORPHANS:
    case GREFFE_READ_NUMBERS:
    case GREFFE_READ_NEXT:
    case GREFFE_READ_FEED:
    case GREFFE_READ_ROWS: break;
    }
    return status;
}

/* --- Pages: the cursor is a number when the list is ordered by one, a line feed, the key, and of
 * items a line feed and the item --- */

static void begin_behind(greffe_read *read, greffe__str cursor)
{
    greffe__str parts[3] = {{"", 0}, {"", 0}, {"", 0}};
    uint32_t count = read->order == GREFFE_ORDER_KEY ? 1 : 0;
    for (size_t i = 0, from = 0; i <= cursor.size && count < 3; i++) {
        if (i == cursor.size || cursor.data[i] == '\n') {
            parts[count++] = (greffe__str){cursor.data + from, i - from};
            from = i + 1;
        }
    }
    read->after_number = read->order == GREFFE_ORDER_RECENT ? INT64_MAX : INT64_MIN;
    if (read->order != GREFFE_ORDER_KEY && cursor.size > 0) {
        read->after_number = strtoll(cursor.data, NULL, 10);
    }
    read->after = parts[1];
    read->after_item = parts[2];
}

static void go_behind(greffe_read *read, const greffe_read_row *row)
{
    bool due = read->order == GREFFE_ORDER_DUE;
    read->after_number = !due ? row->last_ms : row->due == 0 ? INT64_MAX : row->due;
    read->after = row->key;
    read->after_item = row->item;
}

static void put_cursor(greffe__reading *r, const greffe_read *read)
{
    bool items = read->what == GREFFE_READ_TASKS || read->what == GREFFE_READ_EFFECTS;
    greffe__str number =
        read->order == GREFFE_ORDER_KEY
            ? (greffe__str){"", 0}
            : greffe__str_format(r->arena, "%lld\n", (long long)read->after_number);
    greffe__str item = !items ? (greffe__str){"", 0}
                              : greffe__str_format(r->arena, "\n%.*s", (int)read->after_item.size,
                                                   read->after_item.data);
    greffe__buf_text(r->out, ",\"cursor\":");
    greffe__buf_json(r->out, greffe__str_format(r->arena, "%.*s%.*s%.*s", (int)number.size,
                                                number.data, (int)read->after.size,
                                                read->after.data, (int)item.size, item.data));
}

greffe_status greffe__read_list(greffe_engine *e, greffe__reading *r, greffe_read *read)
{
    const greffe_query *q = r->query;
    bool whole = read->what == GREFFE_READ_BUNDLES || read->what == GREFFE_READ_COUNTS;
    uint32_t wanted = whole || q->limit > 1000 ? 1000 : q->limit == 0 ? 100 : q->limit, given = 0;
    bool more = true;
    greffe_status status = GREFFE_OK;
    begin_behind(read, greffe__str_of(q->after));
    greffe__buf_text(r->out, "{\"items\":[");
    for (int pages = 0; pages < most_pages && more && given < wanted && status == GREFFE_OK;
         pages++) {
        read->limit = wanted;
        status = greffe__wait_read(e, read, r->arena);
        more = status == GREFFE_OK && read->count == read->limit;
        const greffe_read_row *rows = read->rows;
        size_t count = read->count;
        for (size_t i = 0; i < count && given < wanted && status == GREFFE_OK; i++) {
            status = give_row(e, r, read, &rows[i], &given);
            go_behind(read, &rows[i]);
            more = more || (given == wanted && i + 1 < count);
        }
    }
    greffe__buf_byte(r->out, ']');
    if (status == GREFFE_OK && more && !whole) {
        put_cursor(r, read);
    }
    greffe__buf_byte(r->out, '}');
    return status;
}
