/* What Greffe commits for one dossier: a store that notes every write set and hands it on, and the
 * file in which these are kept. The hand-written program replays them, so that it writes the same
 * rows by construction, also after Greffe has changed what it writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canonical.h"

typedef struct recorder {
    greffe_store head;
    greffe_store *inner;
    bench_script *script;
} recorder;

static greffe_store *inner_of(greffe_store *store)
{
    return ((recorder *)store)->inner;
}

static void load(greffe_store *store, greffe_load *items, size_t count, greffe_memory *memory,
                 greffe_done_fn done, void *data)
{
    inner_of(store)->ops->load(inner_of(store), items, count, memory, done, data);
}

/* Copies live until the program ends. */
static void *copied(const void *from, size_t size)
{
    char *copy = calloc(size + 1, 1);
    if (copy == NULL) {
        bench_fail("recorder", "out of memory");
    }
    if (size > 0) {
        memcpy(copy, from, size);
    }
    return copy;
}

static void keep(greffe_str *text)
{
    text->data = copied(text->data, text->size);
}

static void note(bench_write *out, const greffe_write_set *set)
{
    greffe_stream_write *w = &out->stream;
    *w = set->streams[0];
    out->entry = *w->entry;
    out->numbered = set->number_count > 0;
    out->sequence = out->numbered ? set->numbers[0].name : (greffe_str){"", 0};
    greffe_str *texts[] = {&w->key,          &w->head,      &w->state, &w->group,
                           &w->status,       &w->label,     &w->owner, &out->entry.command,
                           &out->entry.body, &out->sequence};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        keep(texts[i]);
    }
    greffe_personal_row *personal = copied(w->personal, w->personal_count * sizeof *personal);
    for (size_t i = 0; i < w->personal_count; i++) {
        keep(&personal[i].ref);
        keep(&personal[i].class_name);
        keep(&personal[i].salt);
        keep(&personal[i].value);
    }
    greffe_list_row *rows = copied(w->rows, w->row_count * sizeof *rows);
    for (size_t i = 0; i < w->row_count; i++) {
        keep(&rows[i].item);
        keep(&rows[i].name);
        keep(&rows[i].who);
        keep(&rows[i].assignee);
        keep(&rows[i].ref);
    }
    w->personal = personal;
    w->rows = rows;
}

static void commit(greffe_store *store, const greffe_write_set *set, greffe_done_fn done,
                   void *data)
{
    bench_script *script = ((recorder *)store)->script;
    bool plain = set->stream_count == 1 && set->number_count <= 1 &&
                 set->streams[0].entry != NULL && !set->streams[0].has_amounts;
    if (!plain || script->count == bench_transitions) {
        bench_fail("recorder", "the canonical dossier is six commands on one stream");
    }
    note(&script->writes[script->count++], set);
    inner_of(store)->ops->commit(inner_of(store), set, done, data);
}

static void claim(greffe_store *store, greffe_claim_request *request, greffe_memory *memory,
                  greffe_done_fn done, void *data)
{
    inner_of(store)->ops->claim(inner_of(store), request, memory, done, data);
}

static void read_rows(greffe_store *store, greffe_read *request, greffe_memory *memory,
                      greffe_done_fn done, void *data)
{
    inner_of(store)->ops->read(inner_of(store), request, memory, done, data);
}

static void postpone(greffe_store *store, const greffe_effect_row *effect, int64_t next_ms,
                     greffe_done_fn done, void *data)
{
    inner_of(store)->ops->postpone(inner_of(store), effect, next_ms, done, data);
}

static void publish(greffe_store *store, const greffe_publication *publication, greffe_done_fn done,
                    void *data)
{
    inner_of(store)->ops->publish(inner_of(store), publication, done, data);
}

static void secret(greffe_store *store, const unsigned char fresh[32], unsigned char out[32],
                   greffe_done_fn done, void *data)
{
    inner_of(store)->ops->secret(inner_of(store), fresh, out, done, data);
}

static void close_store(greffe_store *store)
{
    inner_of(store)->ops->close(inner_of(store));
}

void bench_record(bench_script *out, const char *procedure)
{
    static const greffe_store_ops ops = {.size = sizeof ops,
                                         .load = load,
                                         .commit = commit,
                                         .claim = claim,
                                         .read = read_rows,
                                         .postpone = postpone,
                                         .publish = publish,
                                         .secret = secret,
                                         .close = close_store};
    static recorder r;
    *out = (bench_script){.count = 0};
    r = (recorder){.head = {&ops}, .script = out};
    if (greffe_store_memory(&r.inner) != GREFFE_OK) {
        bench_fail("recorder", "out of memory");
    }
    bench_greffe_once(&r.head, procedure);
    if (out->count != bench_transitions) {
        bench_fail("recorder", "the canonical dossier is six commands");
    }
}

/* --- The script in a file --- */

typedef struct coder {
    FILE *file;
    bool saves;
} coder;

static void pass(coder *c, void *data, size_t size)
{
    size_t done = c->saves ? fwrite(data, 1, size, c->file) : fread(data, 1, size, c->file);
    if (done != size) {
        bench_fail("script", "the file is damaged");
    }
}

/* The size is known: it lies in the record. */
static void pass_text(coder *c, greffe_str *text)
{
    char *data = calloc(text->size + 1, 1);
    if (data == NULL) {
        bench_fail("script", "out of memory");
    }
    if (c->saves && text->size > 0) {
        memcpy(data, text->data, text->size);
    }
    pass(c, data, text->size);
    text->data = data;
}

/* An array of records whose texts follow; the records themselves are kept as they lie in memory,
 * since the same program reads them. */
static void *pass_array(coder *c, const void *from, size_t count, size_t size)
{
    void *array = calloc(count + 1, size);
    if (array == NULL) {
        bench_fail("script", "out of memory");
    }
    if (c->saves && count > 0) {
        memcpy(array, from, count * size);
    }
    pass(c, array, count * size);
    return array;
}

static void pass_write(coder *c, bench_write *out)
{
    pass(c, out, sizeof *out);
    greffe_stream_write *w = &out->stream;
    greffe_str *texts[] = {&w->key,          &w->head,      &w->state, &w->group,
                           &w->status,       &w->label,     &w->owner, &out->entry.command,
                           &out->entry.body, &out->sequence};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pass_text(c, texts[i]);
    }
    greffe_personal_row *personal = pass_array(c, w->personal, w->personal_count, sizeof *personal);
    for (size_t i = 0; i < w->personal_count; i++) {
        pass_text(c, &personal[i].ref);
        pass_text(c, &personal[i].class_name);
        pass_text(c, &personal[i].salt);
        pass_text(c, &personal[i].value);
    }
    greffe_list_row *rows = pass_array(c, w->rows, w->row_count, sizeof *rows);
    for (size_t i = 0; i < w->row_count; i++) {
        pass_text(c, &rows[i].item);
        pass_text(c, &rows[i].name);
        pass_text(c, &rows[i].who);
        pass_text(c, &rows[i].assignee);
        pass_text(c, &rows[i].ref);
    }
    w->personal = personal;
    w->rows = rows;
}

static void pass_script(bench_script *script, const char *path, bool saves)
{
    coder c = {fopen(path, saves ? "wb" : "rb"), saves};
    if (c.file == NULL) {
        bench_fail(path, "cannot be opened");
    }
    for (size_t i = 0; i < bench_transitions; i++) {
        pass_write(&c, &script->writes[i]);
    }
    if (fclose(c.file) != 0) {
        bench_fail(path, "cannot be written");
    }
    script->count = bench_transitions;
}

void bench_save(const bench_script *script, const char *path)
{
    bench_script copy = *script;
    pass_script(&copy, path, true);
}

void bench_load(bench_script *out, const char *path)
{
    pass_script(out, path, false);
}
