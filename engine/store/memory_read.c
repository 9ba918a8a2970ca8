/* What the store in memory gives back: loads, waiting work, and lists in pages. */
#include <stdlib.h>
#include <string.h>

#include "store/memory_priv.h"

/* A copy in the caller's memory; sets *failed when there is none. */
static greffe_str take(greffe_str text, greffe_memory *memory, bool *failed)
{
    char *copy = memory->take(memory->data, text.size + 1);
    if (copy == NULL) {
        *failed = true;
        return (greffe_str){"", 0};
    }
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    copy[text.size] = '\0';
    return (greffe_str){copy, text.size};
}

/* --- Loading --- */

static greffe_status load_personal(const stream *one, greffe_load *item, greffe_memory *memory)
{
    bool failed = false;
    item->found = true;
    item->personal = NULL;
    if (one == NULL || one->personal.count == 0) {
        return GREFFE_OK;
    }
    greffe_personal_row *rows = memory->take(memory->data, one->personal.count * sizeof *rows);
    if (rows == NULL) {
        return GREFFE_ENOMEM;
    }
    for (size_t i = 0; i < one->personal.count; i++) {
        const greffe_str *texts = one->personal.at[i]->texts;
        rows[i] = (greffe_personal_row){take(texts[PERSONAL_REF], memory, &failed),
                                        take(texts[PERSONAL_CLASS], memory, &failed),
                                        take(texts[PERSONAL_SALT], memory, &failed),
                                        take(texts[PERSONAL_VALUE], memory, &failed)};
    }
    item->personal = rows;
    item->personal_count = one->personal.count;
    return failed ? GREFFE_ENOMEM : GREFFE_OK;
}

static void load_stream(const stream *one, greffe_load *item, greffe_memory *memory, bool *failed)
{
    item->found = one != NULL;
    if (one != NULL) {
        item->version = (uint64_t)one->row->numbers[STREAM_VERSION];
        item->head = take(one->row->texts[STREAM_HEAD], memory, failed);
        item->body = take(one->row->texts[STREAM_STATE], memory, failed);
        item->last_ms = one->row->numbers[STREAM_LAST];
        item->due_ms = one->row->numbers[STREAM_DUE];
    }
}

static void load_entry(const stream *one, greffe_load *item, greffe_memory *memory, bool *failed)
{
    for (size_t i = one != NULL ? one->entries.count : 0; i > 0 && !item->found; i--) {
        const record *entry = one->entries.at[i - 1];
        if (greffe__memory_compare(entry->texts[ENTRY_COMMAND], item->command) == 0) {
            item->found = true;
            item->version = i;
            item->body = take(entry->texts[ENTRY_BODY], memory, failed);
        }
    }
}

static const record *active(const memory_store *s, greffe_str procedure)
{
    for (size_t i = 0; i < s->bundles.count; i++) {
        const record *bundle = s->bundles.at[i];
        if (bundle->numbers[BUNDLE_ACTIVE] != 0 &&
            greffe__memory_compare(bundle->texts[BUNDLE_PROCEDURE], procedure) == 0) {
            return bundle;
        }
    }
    return NULL;
}

static void load_bundle(const record *bundle, greffe_load *item, greffe_memory *memory,
                        bool *failed)
{
    item->found = bundle != NULL;
    if (bundle != NULL) {
        item->label = take(bundle->texts[BUNDLE_HASH], memory, failed);
        item->body = take(bundle->texts[BUNDLE_BODY], memory, failed);
    }
}

static greffe_status load_one(const memory_store *s, greffe_load *item, greffe_memory *memory)
{
    const stream *one = greffe__memory_find(s, item->kind, item->key, NULL);
    const record *number, *found;
    bool failed = false;
    item->found = false;
    item->personal_count = 0;
    switch (item->what) {
    case GREFFE_LOAD_STREAM: load_stream(one, item, memory, &failed); break;
    case GREFFE_LOAD_PERSONAL: return load_personal(one, item, memory);
    case GREFFE_LOAD_ENTRY: load_entry(one, item, memory, &failed); break;
    case GREFFE_LOAD_BUNDLE:
        load_bundle(greffe__memory_named(&s->bundles, BUNDLE_HASH, item->command), item, memory,
                    &failed);
        break;
    case GREFFE_LOAD_ACTIVE: load_bundle(active(s, item->command), item, memory, &failed); break;
    case GREFFE_LOAD_PINNED:
    case GREFFE_LOAD_KNOWN:
        found = item->what == GREFFE_LOAD_KNOWN
                    ? greffe__memory_named(&s->known, KNOWN_NAME, item->command)
                    : greffe__memory_named(&s->bundles, BUNDLE_PINNED, item->command);
        item->found = found != NULL;
        if (found != NULL) {
            size_t hash = item->what == GREFFE_LOAD_KNOWN ? KNOWN_HASH : BUNDLE_HASH;
            item->label = take(found->texts[hash], memory, &failed);
        }
        break;
    case GREFFE_LOAD_NUMBER:
    case GREFFE_LOAD_CURSOR:
        number = greffe__memory_named(item->what == GREFFE_LOAD_NUMBER ? &s->numbers : &s->cursors,
                                      NUMBER_NAME, item->command);
        item->found = number != NULL;
        item->version = number != NULL ? (uint64_t)number->numbers[NUMBER_NEXT] : 0;
        break;
    }
    return failed ? GREFFE_ENOMEM : GREFFE_OK;
}

void greffe__memory_load(greffe_store *store, greffe_load *items, size_t count,
                         greffe_memory *memory, greffe_done_fn done, void *data)
{
    greffe_status status = GREFFE_OK;
    for (size_t i = 0; i < count && status == GREFFE_OK; i++) {
        status = load_one((memory_store *)store, &items[i], memory);
    }
    done(data, status);
}

/* --- Matches, put in order and cut --- */

typedef struct match {
    const stream *stream;
    record *row;   /* of the stream's lists, or a bundle, a number */
    int64_t first; /* orders before all else */
    uint32_t list; /* of a stream's rows: which one */
    uint64_t version;
    greffe_str group, status; /* of a count */
} match;

typedef struct matches {
    match *at;
    size_t count, capacity;
    bool failed;
} matches;

static void add(matches *m, match one)
{
    if (m->count == m->capacity && !m->failed) {
        size_t capacity = m->capacity == 0 ? 64 : m->capacity * 2;
        match *at = realloc(m->at, capacity * sizeof *at);
        m->failed = at == NULL;
        m->at = at != NULL ? at : m->at;
        m->capacity = at != NULL ? capacity : m->capacity;
    }
    if (!m->failed) {
        m->at[m->count++] = one;
    }
}

static int by_number(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static greffe_str item_of(const match *m)
{
    return m->row != NULL ? m->row->texts[ROW_ITEM] : (greffe_str){"", 0};
}

/* Waiting work: by instant, kind, key, item. */
static int by_instant(const void *left, const void *right)
{
    const match *a = left, *b = right;
    int order = by_number(a->first, b->first);
    order = order != 0 ? order : by_number(a->stream->kind, b->stream->kind);
    order = order != 0 ? order : greffe__memory_compare(a->stream->key, b->stream->key);
    return order != 0 ? order : greffe__memory_compare(item_of(a), item_of(b));
}

/* Lists: by key, then item, then list. */
static int by_key(const void *left, const void *right)
{
    const match *a = left, *b = right;
    int order = greffe__memory_compare(a->stream->key, b->stream->key);
    order = order != 0 ? order : greffe__memory_compare(item_of(a), item_of(b));
    return order != 0 ? order : by_number(a->list, b->list);
}

/* Bundles and numbers: by the name that stands first. */
static int by_name(const void *left, const void *right)
{
    const match *a = left, *b = right;
    return greffe__memory_compare(a->row->texts[0], b->row->texts[0]);
}

static void sort(matches *m, int (*compare)(const void *, const void *))
{
    if (m->count > 1) {
        qsort(m->at, m->count, sizeof *m->at, compare);
    }
}

/* --- Waiting work --- */

/* What the engine itself has to tell goes first, then what has waited longest. */
static int by_channel(const void *left, const void *right)
{
    const match *a = left, *b = right;
    greffe_str own = {"greffe", 6};
    int order = by_number(greffe__memory_compare(a->row->texts[ROW_NAME], own) != 0,
                          greffe__memory_compare(b->row->texts[ROW_NAME], own) != 0);
    return order != 0 ? order : by_instant(left, right);
}

static void due_matches(const memory_store *s, const greffe_claim_request *request, matches *m)
{
    for (size_t i = 0; i < s->count; i++) {
        const stream *one = s->streams[i];
        int64_t due = one->row->numbers[STREAM_DUE];
        if (due != INT64_MAX && due <= request->now_ms) {
            add(m, (match){.stream = one, .first = due});
        }
    }
    sort(m, by_instant);
}

/* "call:NAME" is one service's. */
static bool is_of(const record *row, greffe_str name)
{
    greffe_str channel = row->texts[ROW_NAME], letter = row->texts[ROW_WHO];
    bool whole = greffe__memory_compare(channel, name) == 0;
    bool call = channel.size == 4 && memcmp(channel.data, "call", 4) == 0;
    return call ? name.size == letter.size + 5 && memcmp(name.data, "call:", 5) == 0 &&
                      memcmp(name.data + 5, letter.data, letter.size) == 0
                : whole;
}

static bool is_wanted(const greffe_claim_request *request, const record *row)
{
    bool named = false;
    for (size_t i = 0; i < request->channel_count; i++) {
        named = named || is_of(row, request->channels[i]);
    }
    return request->channel_count == 0 || named != request->others;
}

static void effect_matches(const memory_store *s, const greffe_claim_request *request, matches *m)
{
    for (size_t i = 0; i < s->count; i++) {
        const stream *one = s->streams[i];
        for (size_t j = 0; j < one->effects.count; j++) {
            record *row = one->effects.at[j];
            int64_t next = row->numbers[EFFECT_NEXT];
            if (row->texts[ROW_ASSIGNEE].size == 0 && next <= request->now_ms &&
                is_wanted(request, row)) {
                add(m, (match){.stream = one, .row = row, .first = next});
            }
        }
    }
    sort(m, by_channel);
}

static bool give_due(const matches *m, greffe_claim_request *request, greffe_memory *memory)
{
    bool failed = false;
    greffe_due_row *rows = memory->take(memory->data, request->limit * sizeof *rows);
    for (size_t i = 0; rows != NULL && i < m->count && i < request->limit; i++) {
        const stream *one = m->at[i].stream;
        rows[request->count++] =
            (greffe_due_row){one->kind, take(one->key, memory, &failed), m->at[i].first};
    }
    request->due = rows;
    return rows != NULL && !failed;
}

static bool give_effects(const matches *m, greffe_claim_request *request, greffe_memory *memory)
{
    bool failed = false;
    greffe_effect_row *rows = memory->take(memory->data, request->limit * sizeof *rows);
    for (size_t i = 0; rows != NULL && i < m->count && i < request->limit; i++) {
        const stream *one = m->at[i].stream;
        const record *row = m->at[i].row;
        const record *value =
            greffe__memory_named(&one->personal, PERSONAL_REF, row->texts[ROW_REF]);
        greffe_str body = value != NULL ? value->texts[PERSONAL_VALUE] : (greffe_str){"", 0};
        rows[request->count++] =
            (greffe_effect_row){.kind = one->kind,
                                .key = take(one->key, memory, &failed),
                                .item = take(row->texts[ROW_ITEM], memory, &failed),
                                .channel = take(row->texts[ROW_NAME], memory, &failed),
                                .letter = take(row->texts[ROW_WHO], memory, &failed),
                                .body = take(body, memory, &failed),
                                .attempts = (uint32_t)row->numbers[EFFECT_ATTEMPTS],
                                .started = row->numbers[EFFECT_STARTED] != 0,
                                .lease_ms = row->numbers[EFFECT_NEXT]};
    }
    request->effect = rows;
    return rows != NULL && !failed;
}

void greffe__memory_claim(greffe_store *store, greffe_claim_request *request, greffe_memory *memory,
                          greffe_done_fn done, void *data)
{
    const memory_store *s = (memory_store *)store;
    matches m = {0};
    request->count = 0;
    (request->effects ? effect_matches : due_matches)(s, request, &m);
    bool good = !m.failed && (request->effects ? give_effects : give_due)(&m, request, memory);
    for (size_t i = 0; good && request->effects && request->lease_ms > 0 && i < request->count;
         i++) {
        request->effect[i].lease_ms = request->now_ms + request->lease_ms;
        m.at[i].row->numbers[EFFECT_NEXT] = request->effect[i].lease_ms;
    }
    free(m.at);
    done(data, good ? GREFFE_OK : GREFFE_ENOMEM);
}

/* --- Lists --- */

static bool asked(greffe_str wanted, greffe_str value)
{
    return wanted.size == 0 || greffe__memory_compare(wanted, value) == 0;
}

static bool held_so(const greffe_read *r, const record *task)
{
    return !r->by_assignee || greffe__memory_compare(task->texts[ROW_ASSIGNEE], r->assignee) == 0;
}

static bool after(const greffe_read *r, greffe_str key, greffe_str item)
{
    int order = greffe__memory_compare(key, r->after);
    return order > 0 || (order == 0 && greffe__memory_compare(item, r->after_item) > 0);
}

/* By what it is ordered, then by key and item. */
static int by_first(const void *left, const void *right)
{
    const match *a = left, *b = right;
    int order = by_number(a->first, b->first);
    return order != 0 ? order : by_key(left, right);
}

/* Behind the last row of the page before; `number` ascends. */
static bool behind(const greffe_read *r, int64_t number, int64_t from, greffe_str key,
                   greffe_str item)
{
    return r->order == GREFFE_ORDER_KEY ? after(r, key, item)
                                        : number > from || (number == from && after(r, key, item));
}

static void stream_matches(const memory_store *s, const greffe_read *r, matches *m)
{
    bool recent = r->order == GREFFE_ORDER_RECENT;
    greffe_str none = {"", 0};
    size_t place = 0;
    (void)greffe__memory_find(s, r->kind, recent ? none : r->after, &place);
    for (size_t i = place; i < s->count && s->streams[i]->kind == r->kind; i++) {
        const stream *one = s->streams[i];
        const greffe_str *texts = one->row->texts;
        int64_t last = ~one->row->numbers[STREAM_LAST]; /* the latest first */
        if (behind(r, last, ~r->after_number, one->key, none) &&
            asked(r->group, texts[STREAM_GROUP]) && asked(r->status, texts[STREAM_STATUS]) &&
            asked(r->owner, texts[STREAM_OWNER])) {
            add(m, (match){.stream = one, .first = recent ? last : 0});
        }
        if (!recent && m->count == r->limit) {
            break;
        }
    }
    sort(m, by_first);
}

static void row_matches(const memory_store *s, const greffe_read *r, matches *m)
{
    bool tasks = r->what == GREFFE_READ_TASKS, by_due = tasks && r->order == GREFFE_ORDER_DUE;
    for (size_t i = 0; i < s->count; i++) {
        const stream *one = s->streams[i];
        const records *list = tasks ? &one->tasks : &one->effects;
        for (size_t j = 0; j < list->count; j++) {
            record *row = list->at[j];
            int64_t due = row->numbers[TASK_DUE] == 0 ? INT64_MAX : row->numbers[TASK_DUE];
            bool wanted = !tasks || (asked(r->owner, row->texts[ROW_WHO]) &&
                                     asked(r->status, row->texts[ROW_NAME]) && held_so(r, row));
            if (wanted && behind(r, due, r->after_number, one->key, row->texts[ROW_ITEM])) {
                add(m, (match){.stream = one, .row = row, .first = by_due ? due : 0});
            }
        }
    }
    sort(m, by_first);
}

/* --- Counts: each group once, with how many there are of it --- */

static void count_one(matches *m, greffe_str group, greffe_str status)
{
    for (size_t i = 0; i < m->count; i++) {
        if (greffe__memory_compare(m->at[i].group, group) == 0 &&
            greffe__memory_compare(m->at[i].status, status) == 0) {
            m->at[i].version += 1;
            return;
        }
    }
    add(m, (match){.group = group, .status = status, .version = 1});
}

static int by_group(const void *left, const void *right)
{
    const match *a = left, *b = right;
    int order = greffe__memory_compare(a->group, b->group);
    return order != 0 ? order : greffe__memory_compare(a->status, b->status);
}

static void count_matches(const memory_store *s, const greffe_read *r, matches *m)
{
    for (size_t i = 0; i < s->count; i++) {
        const stream *one = s->streams[i];
        const greffe_str *texts = one->row->texts;
        if (r->kind == one->kind && asked(r->group, texts[STREAM_GROUP]) &&
            asked(r->owner, texts[STREAM_OWNER])) {
            count_one(m, texts[STREAM_GROUP], texts[STREAM_STATUS]);
        }
        for (size_t j = 0; r->kind == 0 && j < one->tasks.count; j++) {
            const record *row = one->tasks.at[j];
            if (asked(r->group, row->texts[ROW_WHO]) && held_so(r, row)) {
                count_one(m, row->texts[ROW_WHO], row->texts[ROW_NAME]);
            }
        }
    }
    sort(m, by_group);
}

static void own_rows(const stream *one, const greffe_read *r, matches *m)
{
    for (uint32_t list = 1; one != NULL && list <= 2; list++) {
        const records *rows = list == 1 ? &one->tasks : &one->effects;
        for (size_t i = 0; i < rows->count; i++) {
            record *row = rows->at[i];
            if (r->after_item.size == 0 ||
                greffe__memory_compare(row->texts[ROW_ITEM], r->after_item) > 0) {
                add(m, (match){.stream = one, .row = row, .list = list});
            }
        }
    }
    sort(m, by_key);
}

static uint64_t number_after(const greffe_read *r)
{
    uint64_t from = 0;
    for (size_t i = 0; i < r->after.size && r->after.data[i] >= '0' && r->after.data[i] <= '9';
         i++) {
        from = from * 10 + (uint64_t)(r->after.data[i] - '0');
    }
    return from;
}

static void feed_matches(const memory_store *s, const greffe_read *r, matches *m)
{
    int64_t from = (int64_t)number_after(r);
    for (size_t i = 0; i < s->count; i++) {
        const stream *one = s->streams[i];
        for (size_t j = 0; j < one->entries.count; j++) {
            record *entry = one->entries.at[j];
            int64_t position = entry->numbers[ENTRY_POSITION];
            if (position > from) {
                add(m, (match){.stream = one, .row = entry, .version = j + 1, .first = position});
            }
        }
    }
    sort(m, by_instant);
}

static void entry_matches(const stream *one, const greffe_read *r, matches *m)
{
    uint64_t from = number_after(r);
    for (uint64_t i = from; one != NULL && i < one->entries.count && m->count < r->limit; i++) {
        add(m, (match){.stream = one, .row = one->entries.at[i], .version = i + 1});
    }
}

static void named_matches(const records *list, const greffe_read *r, matches *m)
{
    for (size_t i = 0; i < list->count; i++) {
        if (r->what == GREFFE_READ_NUMBERS ||
            greffe__memory_compare(list->at[i]->texts[BUNDLE_HASH], r->after) > 0) {
            add(m, (match){.row = list->at[i]});
        }
    }
    sort(m, by_name);
}

static greffe_read_row list_row(const match *m, greffe_read_kind what, greffe_memory *memory,
                                bool *failed)
{
    const greffe_str *texts = m->row->texts;
    bool effect = what == GREFFE_READ_EFFECTS || m->list == 2;
    bool own = what == GREFFE_READ_ROWS;
    greffe_read_row row = {.kind = own ? m->list : m->stream->kind};
    row.key = take(m->stream->key, memory, failed);
    row.item = take(texts[ROW_ITEM], memory, failed);
    row.name = take(texts[ROW_NAME], memory, failed);
    row.who = take(texts[ROW_WHO], memory, failed);
    row.assignee = take(texts[ROW_ASSIGNEE], memory, failed);
    row.ref = take(texts[ROW_REF], memory, failed);
    if (!effect) {
        row.due = m->row->numbers[TASK_DUE];
        row.since_ms = m->row->numbers[TASK_SINCE];
    } else if (!own) {
        row.due = m->row->numbers[EFFECT_ATTEMPTS];
        row.since_ms = m->row->numbers[EFFECT_NEXT];
    }
    return row;
}

static greffe_read_row stream_row(const stream *one, greffe_memory *memory, bool *failed)
{
    const record *row = one->row;
    greffe_read_row out = {.kind = one->kind,
                           .version = (uint64_t)row->numbers[STREAM_VERSION],
                           .last_ms = row->numbers[STREAM_LAST],
                           .due = row->numbers[STREAM_DUE]};
    out.key = take(one->key, memory, failed);
    out.label = take(row->texts[STREAM_LABEL], memory, failed);
    out.status = take(row->texts[STREAM_STATUS], memory, failed);
    out.group = take(row->texts[STREAM_GROUP], memory, failed);
    out.owner = take(row->texts[STREAM_OWNER], memory, failed);
    out.body = take(row->texts[STREAM_STATE], memory, failed);
    out.head = take(row->texts[STREAM_HEAD], memory, failed);
    return out;
}

static greffe_read_row read_row(const match *m, greffe_read_kind what, greffe_memory *memory,
                                bool *failed)
{
    greffe_read_row row = {0};
    switch (what) {
    case GREFFE_READ_STREAMS: return stream_row(m->stream, memory, failed);
    case GREFFE_READ_TASKS:
    case GREFFE_READ_ROWS:
    case GREFFE_READ_EFFECTS: return list_row(m, what, memory, failed);
    case GREFFE_READ_FEED:
        row.since_ms = m->first; /* and as entries */
    /* fall through */
    case GREFFE_READ_ENTRIES:
        row.kind = m->stream->kind;
        row.key = take(m->stream->key, memory, failed);
        row.version = m->version;
        row.item = take(m->row->texts[ENTRY_COMMAND], memory, failed);
        row.body = take(m->row->texts[ENTRY_BODY], memory, failed);
        row.head = take(m->row->texts[ENTRY_HEAD], memory, failed);
        return row;
    case GREFFE_READ_BUNDLES:
        row.group = take(m->row->texts[BUNDLE_PROCEDURE], memory, failed);
        row.key = take(m->row->texts[BUNDLE_HASH], memory, failed);
        row.version = (uint64_t)m->row->numbers[BUNDLE_ACTIVE];
        row.since_ms = m->row->numbers[BUNDLE_PUBLISHED];
        row.body = take(m->row->texts[BUNDLE_BODY], memory, failed);
        return row;
    case GREFFE_READ_AMOUNTS: memcpy(row.amounts, m->stream->amounts, sizeof row.amounts); break;
    case GREFFE_READ_NUMBERS:
        row.key = take(m->row->texts[NUMBER_NAME], memory, failed);
        row.version = (uint64_t)m->row->numbers[NUMBER_NEXT];
        break;
    case GREFFE_READ_NEXT:
        row.due = m->first;
        row.since_ms = (int64_t)m->version;
        break;
    case GREFFE_READ_COUNTS:
        row.group = take(m->group, memory, failed);
        row.status = take(m->status, memory, failed);
        row.version = m->version;
        break;
    case GREFFE_READ_ORPHANS: break;
    }
    return row;
}

/* The allotment of this key, of whatever kind its stream is. */
static void amount_matches(const memory_store *s, const greffe_read *r, matches *m)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->streams[i]->has_amounts &&
            greffe__memory_compare(s->streams[i]->key, r->group) == 0) {
            add(m, (match){.stream = s->streams[i]});
        }
    }
}

/* The one row of what comes next: timers, and effects. */
static void next_match(const memory_store *s, matches *m)
{
    int64_t timer = INT64_MAX, effect = INT64_MAX;
    for (size_t i = 0; i < s->count; i++) {
        const stream *one = s->streams[i];
        timer = one->row->numbers[STREAM_DUE] < timer ? one->row->numbers[STREAM_DUE] : timer;
        for (size_t j = 0; j < one->effects.count; j++) {
            const record *row = one->effects.at[j];
            bool sooner = row->texts[ROW_ASSIGNEE].size == 0 && row->numbers[EFFECT_NEXT] < effect;
            effect = sooner ? row->numbers[EFFECT_NEXT] : effect;
        }
    }
    add(m, (match){.first = timer, .version = (uint64_t)effect});
}

static void find_matches(const memory_store *s, const greffe_read *r, matches *m)
{
    const stream *one = greffe__memory_find(s, r->kind, r->group, NULL);
    switch (r->what) {
    case GREFFE_READ_STREAMS: stream_matches(s, r, m); break;
    case GREFFE_READ_TASKS:
    case GREFFE_READ_EFFECTS: row_matches(s, r, m); break;
    case GREFFE_READ_ENTRIES: entry_matches(one, r, m); break;
    case GREFFE_READ_FEED: feed_matches(s, r, m); break;
    case GREFFE_READ_ROWS: own_rows(one, r, m); break;
    case GREFFE_READ_BUNDLES: named_matches(&s->bundles, r, m); break;
    case GREFFE_READ_NUMBERS: named_matches(&s->numbers, r, m); break;
    case GREFFE_READ_AMOUNTS: amount_matches(s, r, m); break;
    case GREFFE_READ_NEXT: next_match(s, m); break;
    case GREFFE_READ_COUNTS: count_matches(s, r, m); break;
    case GREFFE_READ_ORPHANS: break; /* entries lie in their stream: none can be without one */
    }
}

void greffe__memory_read(greffe_store *store, greffe_read *request, greffe_memory *memory,
                         greffe_done_fn done, void *data)
{
    matches m = {0};
    bool failed = false;
    find_matches((memory_store *)store, request, &m);
    size_t count = m.count < request->limit ? m.count : request->limit;
    greffe_read_row *rows = memory->take(memory->data, (count + 1) * sizeof *rows);
    request->count = 0;
    for (size_t i = 0; rows != NULL && i < count; i++) {
        rows[request->count++] = read_row(&m.at[i], request->what, memory, &failed);
    }
    request->rows = rows;
    bool good = rows != NULL && !m.failed && !failed;
    free(m.at);
    done(data, good ? GREFFE_OK : GREFFE_ENOMEM);
}
