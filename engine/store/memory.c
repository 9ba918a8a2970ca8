/* The store in memory, for tests and trials: what it holds, and how a write set enters it whole or
 * not at all. It shares nothing with the SQLite store but the interface, so each shows what the
 * other takes for granted.
 *
 * A commit first makes all that is new beside what is there, then swaps: the second part needs no
 * memory and cannot fail. */
#include <stdlib.h>
#include <string.h>

#include "store/memory_priv.h"

/* --- Records --- */

int greffe__memory_compare(greffe_str a, greffe_str b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;
    return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

static record *record_make(const greffe_str *texts, size_t count)
{
    size_t size = sizeof(record);
    for (size_t i = 0; i < count; i++) {
        size += texts[i].size + 1;
    }
    record *made = calloc(1, size);
    char *bytes = (char *)(made + 1);
    for (size_t i = 0; made != NULL && i < count; i++) {
        if (texts[i].size > 0) {
            memcpy(bytes, texts[i].data, texts[i].size);
        }
        made->texts[i] = (greffe_str){bytes, texts[i].size};
        bytes += texts[i].size + 1;
    }
    return made;
}

static bool reserve(records *list, size_t more)
{
    if (list->capacity - list->count >= more) {
        return true;
    }
    size_t capacity =
        list->capacity * 2 > list->count + more ? list->capacity * 2 : list->count + more;
    record **at = realloc(list->at, capacity * sizeof(record *));
    if (at == NULL) {
        return false;
    }
    list->at = at;
    list->capacity = capacity;
    return true;
}

static bool push(records *list, record *one)
{
    if (one == NULL || !reserve(list, 1)) {
        free(one);
        return false;
    }
    list->at[list->count++] = one;
    return true;
}

/* Takes over what `from` holds; the room is there. */
static void append(records *list, records *from)
{
    for (size_t i = 0; i < from->count; i++) {
        list->at[list->count++] = from->at[i];
    }
    from->count = 0;
}

static void records_free(records *list, bool rows_too)
{
    for (size_t i = 0; rows_too && i < list->count; i++) {
        free(list->at[i]);
    }
    free(list->at);
    *list = (records){0};
}

record *greffe__memory_named(const records *list, size_t text, greffe_str name)
{
    for (size_t i = list->count; i > 0; i--) { /* what is asked for is often new */
        if (greffe__memory_compare(list->at[i - 1]->texts[text], name) == 0) {
            return list->at[i - 1];
        }
    }
    return NULL;
}

stream *greffe__memory_find(const memory_store *s, uint32_t kind, greffe_str key, size_t *place)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const stream *one = s->streams[middle];
        int order =
            one->kind != kind ? (one->kind < kind ? -1 : 1) : greffe__memory_compare(one->key, key);
        if (order == 0) {
            low = middle;
            break;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    if (place != NULL) {
        *place = low;
    }
    return low < high ? s->streams[low] : NULL;
}

static void stream_free(stream *one)
{
    if (one == NULL) {
        return;
    }
    free(one->row);
    records_free(&one->entries, true);
    records_free(&one->personal, true);
    records_free(&one->tasks, true);
    records_free(&one->effects, true);
    free(one);
}

/* --- A write set, beside what is there --- */

typedef struct draft {
    stream *stream; /* NULL: only its version was asked for */
    bool fresh;
    record *row;
    records entries, personal; /* what comes behind */
    records tasks, effects;    /* all of them as they will be */
    records made, gone;        /* made for these two lists; in them before, and not any more */
    bool erase;
    bool has_amounts;
    int64_t amounts[4];
} draft;

static bool copy_list(records *out, const records *from, size_t more)
{
    if (!reserve(out, from->count + more)) {
        return false;
    }
    for (size_t i = 0; i < from->count; i++) {
        out->at[out->count++] = from->at[i];
    }
    return true;
}

/* Puts a record in the place of the one with its item, or behind the others; NULL only takes that
 * one away. */
static bool put(draft *d, records *list, greffe_str item, record *one)
{
    if (one != NULL && !push(&d->made, one)) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (greffe__memory_compare(list->at[i]->texts[ROW_ITEM], item) != 0) {
            continue;
        }
        if (!reserve(&d->gone, 1)) {
            return false;
        }
        d->gone.at[d->gone.count++] = list->at[i];
        list->at[i] = one != NULL ? one : list->at[--list->count];
        return true;
    }
    if (one != NULL) {
        list->at[list->count++] = one;
    }
    return true;
}

static bool draft_row(draft *d, const greffe_list_row *row)
{
    bool task = row->kind == GREFFE_LIST_TASK;
    records *list = task ? &d->tasks : &d->effects;
    if (row->remove) {
        return put(d, list, row->item, NULL);
    }
    greffe_str texts[] = {row->item, row->name, row->who, row->assignee, row->ref};
    const record *before = task ? NULL : greffe__memory_named(list, ROW_ITEM, row->item);
    if (before != NULL) { /* an effect is what it was: only its incident changes */
        texts[ROW_NAME] = before->texts[ROW_NAME];
        texts[ROW_WHO] = before->texts[ROW_WHO];
        texts[ROW_REF] = before->texts[ROW_REF];
    }
    record *one = record_make(texts, 5);
    if (one == NULL) {
        return false;
    }
    if (task) {
        one->numbers[TASK_DUE] = row->due;
        one->numbers[TASK_SINCE] = row->since_ms;
    }
    return put(d, list, row->item, one);
}

static greffe_status draft_personal(draft *d, const greffe_stream_write *w)
{
    for (size_t i = 0; i < w->personal_count; i++) {
        const greffe_personal_row *row = &w->personal[i];
        greffe_str texts[] = {row->ref, row->class_name, row->salt, row->value};
        if (greffe__memory_named(&d->stream->personal, PERSONAL_REF, row->ref) != NULL ||
            greffe__memory_named(&d->personal, PERSONAL_REF, row->ref) != NULL) {
            return GREFFE_ECONFLICT;
        }
        if (!push(&d->personal, record_make(texts, 4))) {
            return GREFFE_ENOMEM;
        }
    }
    return reserve(&d->stream->personal, d->personal.count) ? GREFFE_OK : GREFFE_ENOMEM;
}

static bool funded(const int64_t amounts[4])
{
    int64_t allocated = amounts[0], used = 0;
    for (int i = 1; i < 4; i++) {
        if (amounts[i] < 0 || amounts[i] > INT64_MAX - used) {
            return false;
        }
        used += amounts[i];
    }
    return used <= allocated;
}

static bool draft_own(draft *d, const greffe_stream_write *w)
{
    greffe_str own[] = {w->head, w->state, w->group, w->status, w->label, w->owner};
    greffe_str entry[] = {w->entry->command, w->entry->body, w->head};
    d->row = record_make(own, 6);
    if (d->row == NULL || !push(&d->entries, record_make(entry, 3))) {
        return false;
    }
    d->row->numbers[STREAM_VERSION] = (int64_t)w->expected + 1;
    d->row->numbers[STREAM_DUE] = w->due_ms;
    d->row->numbers[STREAM_LAST] = w->last_ms;
    return reserve(&d->stream->entries, 1) &&
           copy_list(&d->tasks, &d->stream->tasks, w->row_count) &&
           copy_list(&d->effects, &d->stream->effects, w->row_count);
}

static greffe_status draft_make(draft *d, const memory_store *s, const greffe_stream_write *w)
{
    stream *found = greffe__memory_find(s, w->kind, w->key, NULL);
    uint64_t version = found != NULL ? (uint64_t)found->row->numbers[STREAM_VERSION] : 0;
    if (version != w->expected) {
        return GREFFE_ECONFLICT;
    }
    if (w->entry == NULL) {
        return GREFFE_OK;
    }
    d->fresh = found == NULL;
    d->stream = found;
    if (d->fresh) {
        d->stream = calloc(1, sizeof *d->stream + w->key.size + 1);
        if (d->stream == NULL) {
            return GREFFE_ENOMEM;
        }
        char *key = (char *)(d->stream + 1);
        memcpy(key, w->key.data, w->key.size);
        d->stream->kind = w->kind;
        d->stream->key = (greffe_str){key, w->key.size};
    }
    d->erase = w->erase;
    d->has_amounts = w->has_amounts;
    memcpy(d->amounts, w->amounts, sizeof d->amounts);
    if ((w->has_amounts && !funded(w->amounts)) ||
        greffe__memory_named(&d->stream->entries, ENTRY_COMMAND, w->entry->command) != NULL) {
        return GREFFE_ECONFLICT;
    }
    if (!draft_own(d, w)) {
        return GREFFE_ENOMEM;
    }
    greffe_status status = draft_personal(d, w);
    for (size_t i = 0; i < w->row_count && status == GREFFE_OK; i++) {
        status = draft_row(d, &w->rows[i]) ? GREFFE_OK : GREFFE_ENOMEM;
    }
    return status;
}

static void draft_drop(draft *d)
{
    if (d->fresh) {
        stream_free(d->stream);
    }
    free(d->row);
    records_free(&d->entries, true);
    records_free(&d->personal, true);
    records_free(&d->made, true);
    records_free(&d->gone, false);
    records_free(&d->tasks, false);
    records_free(&d->effects, false);
}

/* --- The swap: nothing here can fail --- */

static void enter_stream(memory_store *s, stream *one)
{
    size_t place = 0;
    (void)greffe__memory_find(s, one->kind, one->key, &place);
    memmove(&s->streams[place + 1], &s->streams[place], (s->count - place) * sizeof(stream *));
    s->streams[place] = one;
    s->count += 1;
}

static void erase_text(greffe_str *text)
{
    memset((char *)text->data, 0, text->size);
    text->size = 0;
}

static void draft_apply(memory_store *s, draft *d)
{
    stream *one = d->stream;
    if (one == NULL) {
        return;
    }
    free(one->row);
    one->row = d->row;
    for (size_t i = 0; d->erase && i < one->personal.count; i++) {
        erase_text(&one->personal.at[i]->texts[PERSONAL_SALT]);
        erase_text(&one->personal.at[i]->texts[PERSONAL_VALUE]);
    }
    for (size_t i = 0; i < d->entries.count; i++) {
        d->entries.at[i]->numbers[ENTRY_POSITION] = ++s->position;
    }
    append(&one->entries, &d->entries);
    append(&one->personal, &d->personal);
    records tasks = one->tasks, effects = one->effects;
    one->tasks = d->tasks;
    one->effects = d->effects;
    if (d->has_amounts) {
        one->has_amounts = true;
        memcpy(one->amounts, d->amounts, sizeof one->amounts);
    }
    if (d->fresh) {
        enter_stream(s, one);
    }
    records_free(&tasks, false);
    records_free(&effects, false);
    records_free(&d->gone, true);
    records_free(&d->made, false);
    records_free(&d->entries, false);
    records_free(&d->personal, false);
    *d = (draft){0};
}

/* --- Committing --- */

static bool room_for_streams(memory_store *s, size_t more)
{
    if (s->capacity - s->count >= more) {
        return true;
    }
    size_t capacity = s->capacity * 2 > s->count + more ? s->capacity * 2 : s->count + more;
    stream **at = realloc(s->streams, capacity * sizeof(stream *));
    if (at == NULL) {
        return false;
    }
    s->streams = at;
    s->capacity = capacity;
    return true;
}

static greffe_status draft_number(const memory_store *s, const greffe_number_write *w,
                                  records *fresh)
{
    const record *known = greffe__memory_named(&s->numbers, NUMBER_NAME, w->name);
    if (w->expected != (known != NULL ? known->numbers[NUMBER_NEXT] : 1)) {
        return GREFFE_ECONFLICT;
    }
    return known != NULL || push(fresh, record_make(&w->name, 1)) ? GREFFE_OK : GREFFE_ENOMEM;
}

/* Whether an earlier write of the set is of the same stream. */
static bool twice(const greffe_write_set *set, const draft *drafts, size_t at)
{
    for (size_t i = 0; drafts[at].stream != NULL && i < at; i++) {
        if (drafts[i].stream != NULL && set->streams[i].kind == set->streams[at].kind &&
            greffe__memory_compare(set->streams[i].key, set->streams[at].key) == 0) {
            return true;
        }
    }
    return false;
}

static greffe_status make_drafts(memory_store *s, const greffe_write_set *set, draft *drafts,
                                 records *numbers)
{
    greffe_status status = GREFFE_OK;
    size_t fresh = 0;
    for (size_t i = 0; i < set->stream_count && status == GREFFE_OK; i++) {
        status = draft_make(&drafts[i], s, &set->streams[i]);
        if (status == GREFFE_OK && twice(set, drafts, i)) {
            status = GREFFE_ECONFLICT;
        }
        fresh += drafts[i].fresh;
    }
    for (size_t i = 0; i < set->number_count && status == GREFFE_OK; i++) {
        status = draft_number(s, &set->numbers[i], numbers);
    }
    if (status == GREFFE_OK &&
        (!room_for_streams(s, fresh) || !reserve(&s->numbers, numbers->count))) {
        status = GREFFE_ENOMEM;
    }
    return status;
}

static void commit(greffe_store *store, const greffe_write_set *set, greffe_done_fn done,
                   void *data)
{
    memory_store *s = (memory_store *)store;
    draft *drafts = calloc(set->stream_count + 1, sizeof *drafts);
    records numbers = {0};
    greffe_status status = drafts != NULL ? make_drafts(s, set, drafts, &numbers) : GREFFE_ENOMEM;
    if (status == GREFFE_OK && set->before != NULL) {
        status = set->before(set->before_data, NULL);
    }
    if (status == GREFFE_OK) {
        append(&s->numbers, &numbers);
        for (size_t i = 0; i < set->number_count; i++) {
            greffe__memory_named(&s->numbers, NUMBER_NAME, set->numbers[i].name)
                ->numbers[NUMBER_NEXT] = set->numbers[i].expected + 1;
        }
    }
    for (size_t i = 0; drafts != NULL && i < set->stream_count; i++) {
        if (status == GREFFE_OK) {
            draft_apply(s, &drafts[i]);
        } else {
            draft_drop(&drafts[i]);
        }
    }
    records_free(&numbers, true);
    free(drafts);
    done(data, status);
}

/* --- Effects put off, bundles, the secret --- */

static void postpone(greffe_store *store, const greffe_effect_row *effect, int64_t next_ms,
                     greffe_done_fn done, void *data)
{
    const memory_store *s = (memory_store *)store;
    const stream *one = greffe__memory_find(s, effect->kind, effect->key, NULL);
    record *row = one != NULL ? greffe__memory_named(&one->effects, ROW_ITEM, effect->item) : NULL;
    if (row == NULL || row->numbers[EFFECT_NEXT] != effect->lease_ms) {
        done(data, GREFFE_ECONFLICT);
        return;
    }
    row->numbers[EFFECT_ATTEMPTS] = effect->attempts;
    row->numbers[EFFECT_STARTED] = effect->started;
    row->numbers[EFFECT_NEXT] = next_ms;
    done(data, GREFFE_OK);
}

static bool draft_names(const greffe_publication *p, records *out)
{
    for (size_t i = 0; i < p->name_count; i++) {
        greffe_str texts[] = {p->names[i], p->hash};
        if (!push(out, record_make(texts, 2))) {
            return false;
        }
    }
    return true;
}

static void publish(greffe_store *store, const greffe_publication *publication, greffe_done_fn done,
                    void *data)
{
    memory_store *s = (memory_store *)store;
    const greffe_publication *p = publication;
    greffe_str texts[] = {p->hash, p->procedure, p->body, p->pinned};
    record *one = record_make(texts, 4);
    records names = {0};
    if (one == NULL || !draft_names(p, &names) || !reserve(&s->bundles, 1) ||
        !reserve(&s->known, names.count)) {
        free(one);
        records_free(&names, true);
        done(data, GREFFE_ENOMEM);
        return;
    }
    one->numbers[BUNDLE_ACTIVE] = 1;
    one->numbers[BUNDLE_PUBLISHED] = p->now_ms;
    size_t kept = 0;
    for (size_t i = 0; i < s->bundles.count; i++) {
        record *old = s->bundles.at[i];
        bool own = greffe__memory_compare(old->texts[BUNDLE_PROCEDURE], p->procedure) == 0;
        if (own && greffe__memory_compare(old->texts[BUNDLE_HASH], p->hash) == 0) {
            free(old);
            continue;
        }
        old->numbers[BUNDLE_ACTIVE] = own ? 0 : old->numbers[BUNDLE_ACTIVE];
        s->bundles.at[kept++] = old;
    }
    s->bundles.at[kept++] = one;
    s->bundles.count = kept;
    append(&s->known, &names);
    records_free(&names, false);
    done(data, GREFFE_OK);
}

static void secret(greffe_store *store, const unsigned char fresh[32], unsigned char out[32],
                   greffe_done_fn done, void *data)
{
    memory_store *s = (memory_store *)store;
    if (!s->has_secret) {
        memcpy(s->secret, fresh, sizeof s->secret);
        s->has_secret = true;
    }
    memcpy(out, s->secret, sizeof s->secret);
    done(data, GREFFE_OK);
}

static void keep(greffe_store *store, greffe_str subscriber, int64_t position, greffe_done_fn done,
                 void *data)
{
    memory_store *s = (memory_store *)store;
    record *one = greffe__memory_named(&s->cursors, NUMBER_NAME, subscriber);
    if (one == NULL && push(&s->cursors, record_make(&subscriber, 1))) {
        one = s->cursors.at[s->cursors.count - 1];
    }
    if (one != NULL && one->numbers[NUMBER_NEXT] < position) {
        one->numbers[NUMBER_NEXT] = position;
    }
    done(data, one != NULL ? GREFFE_OK : GREFFE_ENOMEM);
}

/* --- Door --- */

static void close_store(greffe_store *store)
{
    memory_store *s = (memory_store *)store;
    for (size_t i = 0; i < s->count; i++) {
        stream_free(s->streams[i]);
    }
    free(s->streams);
    records_free(&s->bundles, true);
    records_free(&s->numbers, true);
    records_free(&s->cursors, true);
    records_free(&s->known, true);
    free(s);
}

greffe_status greffe_store_memory(greffe_store **out)
{
    static const greffe_store_ops ops = {
        .size = sizeof ops,
        .load = greffe__memory_load,
        .commit = commit,
        .claim = greffe__memory_claim,
        .read = greffe__memory_read,
        .postpone = postpone,
        .publish = publish,
        .secret = secret,
        .close = close_store,
        .keep = keep,
    };
    if (out == NULL) {
        return GREFFE_EMISUSE;
    }
    memory_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return GREFFE_ENOMEM;
    }
    s->head.ops = &ops;
    *out = &s->head;
    return GREFFE_OK;
}
