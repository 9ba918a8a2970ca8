/* Verifying: every journal is read, its chain checked, folded anew, and compared with the state,
 * the rows and the personal values that are stored. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"

/* A stream that is written to at every one of so many readings is told as busy. */
enum { page = 256, most_readings = 100 };

/* The highest number seen of a sequence: VELO-2020 of VELO-2020-000123. */
typedef struct sequence {
    greffe__str name;
    int64_t number;
} sequence;

typedef struct verifying {
    greffe_verified *out;
    greffe_verify_options options;
    greffe__seal_text sealed; /* what was sealed before, and has still to come */
    greffe__hash seal;
    greffe__arena *kept;
    struct {
        sequence *at;
        uint32_t count, capacity;
    } highest;
} verifying;

static void report(verifying *v, const greffe_read_row *stream, uint64_t version, greffe__code code,
                   const char *message)
{
    v->out->faults += 1;
    if (v->options.finding != NULL) {
        char key[GREFFE_MAX_KEY_BYTES + 1];
        (void)snprintf(key, sizeof key, "%.*s", (int)stream->key.size, stream->key.data);
        v->options.finding(v->options.finding_data, greffe__stream_kind_name(stream->kind), key,
                           version, greffe__code_text(code), message);
    }
}

/* The commitments that events speak of: ref and hash. */
typedef struct commitment {
    greffe__str ref, hash;
    bool erased;
} commitment;

/* What was found, until it is known that the stream was not written to meanwhile. */
typedef struct fault {
    uint64_t version;
    greffe__code code;
    const char *message;
} fault;

typedef struct folding {
    verifying *v;
    const greffe_read_row *stream;
    const greffe__sealed *sealed; /* NULL: the seal does not know it */
    greffe__arena *arena;
    void *state;
    greffe__str head;
    uint64_t version;
    int64_t last_ms;
    bool broken; /* reading on would only repeat the fault */
    struct {
        commitment *at;
        uint32_t count, capacity;
    } commitments;
    struct {
        fault *at;
        uint32_t count, capacity;
    } faults;
} folding;

static void found(folding *f, uint64_t version, greffe__code code, const char *message)
{
    fault *place = greffe__arena_push(f->arena, &f->faults, sizeof *place);
    if (place != NULL) {
        *place = (fault){version, code, message};
    }
}

static void fold_entry(folding *f, const greffe_read_row *row)
{
    greffe__journal_entry entry;
    f->v->out->entries += 1;
    if (row->version != f->version + 1) {
        found(f, f->version + 1, GREFFE__GR_JOURNAL_GAP, "an entry of the journal is missing");
        f->broken = true;
        return;
    }
    f->version = row->version;
    f->head = greffe__chained(f->arena, f->head, row->body);
    if (greffe__record_decode(&entry, f->arena, &greffe__entry_shape, row->body) != GREFFE_OK) {
        found(f, row->version, GREFFE__GR_JOURNAL_ENTRY, "an entry of the journal cannot be read");
        f->broken = true;
        return;
    }
    if (!greffe__str_equal(f->head, row->head)) {
        found(f, row->version, GREFFE__GR_JOURNAL_HASH,
              "this entry of the journal was changed or moved");
        f->broken = true;
        return;
    }
    if (f->sealed != NULL && f->sealed->version == row->version &&
        !greffe__str_equal(f->head, greffe__hash_str(&f->sealed->head))) {
        found(f, row->version, GREFFE__GR_JOURNAL_HASH,
              "up to this entry, the journal is another than was sealed");
    }
    f->last_ms = entry.now_ms;
    for (uint32_t i = 0; i < entry.events.count && !f->broken; i++) {
        const greffe__event *event = &entry.events.at[i];
        if (greffe__apply(f->stream->kind, f->state, event, f->arena) != GREFFE_OK) {
            found(f, row->version, GREFFE__GR_JOURNAL_FOLD,
                  "an event does not follow from those before it");
            f->broken = true;
        }
        for (uint32_t j = 0; event->type == GREFFE__EV_ERASED && j < f->commitments.count; j++) {
            f->commitments.at[j].erased = true;
        }
        commitment *place = event->ref.size > 0
                                ? greffe__arena_push(f->arena, &f->commitments, sizeof *place)
                                : NULL;
        if (place != NULL) {
            *place = (commitment){event->ref, event->commitment, false};
        }
    }
}

static greffe_status fold_entries(greffe_engine *e, folding *f)
{
    char after[24] = "0";
    for (;;) {
        greffe_read read = {.what = GREFFE_READ_ENTRIES,
                            .kind = f->stream->kind,
                            .group = f->stream->key,
                            .after = greffe__str_of(after),
                            .limit = page};
        greffe_status status = greffe__wait_read(e, &read, f->arena);
        for (size_t i = 0; i < read.count && status == GREFFE_OK && !f->broken; i++) {
            fold_entry(f, &read.rows[i]);
        }
        if (status != GREFFE_OK || read.count < page || f->broken) {
            return f->arena->failed ? GREFFE_ENOMEM : status;
        }
        (void)snprintf(after, sizeof after, "%llu", (unsigned long long)f->version);
    }
}

static void compare_state(folding *f)
{
    greffe__str folded = greffe__encoded(f->arena, greffe__state_shape(f->stream->kind), f->state);
    if (f->arena->failed) {
        return;
    }
    if (f->sealed != NULL && f->version < f->sealed->version) {
        found(f, f->version, GREFFE__GR_JOURNAL_TAIL,
              "the journal is shorter than when it was sealed");
    }
    if (f->version != f->stream->version) {
        found(f, f->version, GREFFE__GR_JOURNAL_TAIL, "the end of the journal is missing");
    } else if (!greffe__str_equal(f->head, f->stream->head)) {
        found(f, f->version, GREFFE__GR_JOURNAL_HASH,
              "an entry of the journal was changed or moved");
    } else if (!greffe__str_equal(folded, f->stream->body)) {
        found(f, f->version, GREFFE__GR_JOURNAL_FOLD, "the state is not what the journal gives");
    }
}

static greffe__row row_of(const greffe_read_row *row)
{
    return (greffe__row){.kind = row->kind,
                         .item = row->item,
                         .name = row->name,
                         .who = row->who,
                         .assignee = row->assignee,
                         .ref = row->ref,
                         .due = row->due,
                         .since_ms = row->since_ms};
}

static greffe_status compare_rows(greffe_engine *e, folding *f)
{
    greffe__summary summary;
    greffe_read read = {
        .what = GREFFE_READ_ROWS, .kind = f->stream->kind, .group = f->stream->key, .limit = 10000};
    greffe_status status = greffe__wait_read(e, &read, f->arena);
    if (status == GREFFE_OK) {
        status = greffe__summarise(&summary, f->stream->kind, f->state, f->arena);
    }
    if (status != GREFFE_OK) {
        return status;
    }
    bool same = read.count == summary.rows.count &&
                greffe__str_equal(summary.status, f->stream->status) &&
                greffe__str_equal(summary.label, f->stream->label) &&
                greffe__str_equal(summary.group, f->stream->group) &&
                greffe__str_equal(summary.owner, f->stream->owner) &&
                summary.due_ms == f->stream->due && f->last_ms == f->stream->last_ms;
    for (uint32_t i = 0; i < summary.rows.count && same; i++) {
        bool there = false;
        for (size_t j = 0; j < read.count && !there; j++) {
            greffe__row row = row_of(&read.rows[j]);
            there = greffe__row_same(&row, &summary.rows.at[i]);
        }
        same = there;
    }
    if (same && f->stream->kind == GREFFE__ALLOTMENT) {
        greffe_read amounts = {.what = GREFFE_READ_AMOUNTS, .group = f->stream->key, .limit = 1};
        status = greffe__wait_read(e, &amounts, f->arena);
        same = status == GREFFE_OK && amounts.count == 1 &&
               memcmp(amounts.rows[0].amounts, summary.amounts, sizeof summary.amounts) == 0;
    }
    if (!same && status == GREFFE_OK) {
        found(f, f->version, GREFFE__GR_JOURNAL_TABLE, "the lists are not what the journal gives");
    }
    return status;
}

static greffe_status compare_personal(greffe_engine *e, folding *f)
{
    greffe_load item = {
        .what = GREFFE_LOAD_PERSONAL, .kind = f->stream->kind, .key = f->stream->key};
    greffe_status status = greffe__wait_load(e, &item, 1, f->arena);
    for (uint32_t i = 0; i < f->commitments.count && status == GREFFE_OK; i++) {
        bool there = false;
        for (size_t j = 0; j < item.personal_count && !there; j++) {
            there = greffe__str_equal(item.personal[j].ref, f->commitments.at[i].ref);
        }
        if (!there) {
            found(f, f->version, GREFFE__GR_JOURNAL_PERSONAL, "a personal value is missing");
        }
    }
    for (size_t i = 0; i < item.personal_count && status == GREFFE_OK; i++) {
        const greffe_personal_row *row = &item.personal[i];
        bool known = false, empty = row->value.size == 0 && row->salt.size == 0;
        greffe__hash hash = greffe__sha256_pair(row->salt, row->value);
        for (uint32_t j = 0; j < f->commitments.count && !known; j++) {
            const commitment *one = &f->commitments.at[j];
            known = greffe__str_equal(one->ref, row->ref) &&
                    (one->erased ? empty : greffe__str_equal(one->hash, greffe__hash_str(&hash)));
        }
        f->v->out->personal += 1;
        if (!known) {
            found(f, f->version, GREFFE__GR_JOURNAL_PERSONAL, "a personal value was changed");
        }
    }
    return status;
}

static void note_number(verifying *v, greffe__str label)
{
    enum { digits = 6 };
    int64_t number;
    greffe__str name = {label.data, label.size > digits + 1 ? label.size - digits - 1 : 0};
    if (name.size == 0 ||
        !greffe__str_to_i64(&number, (greffe__str){label.data + name.size + 1, digits})) {
        return;
    }
    for (uint32_t i = 0; i < v->highest.count; i++) {
        sequence *s = &v->highest.at[i];
        if (greffe__str_equal(s->name, name)) {
            s->number = number > s->number ? number : s->number;
            return;
        }
    }
    sequence *fresh = greffe__arena_push(v->kept, &v->highest, sizeof *fresh);
    if (fresh != NULL) {
        *fresh = (sequence){greffe__str_dup(v->kept, name), number};
    }
}

static greffe_status check(greffe_engine *e, folding *f)
{
    f->state = greffe__arena_zalloc(f->arena, greffe__state_shape(f->stream->kind)->size);
    greffe_status status = f->state == NULL ? GREFFE_ENOMEM : fold_entries(e, f);
    if (status == GREFFE_OK && !f->broken) {
        compare_state(f);
        status = compare_rows(e, f);
        if (status == GREFFE_OK) {
            status = compare_personal(e, f);
        }
    }
    return status == GREFFE_OK && f->arena->failed ? GREFFE_ENOMEM : status;
}

/* The stream as it is now; without it, `found_now` stays false. `before` sorts before its key. */
static greffe_status read_again(greffe_engine *e, greffe_read_row *out, bool *found_now,
                                const greffe_read_row *stream, greffe__str before,
                                greffe__arena *arena)
{
    *found_now = false;
    for (;;) {
        greffe_read read = {
            .what = GREFFE_READ_STREAMS, .kind = stream->kind, .after = before, .limit = 1};
        greffe_status status = greffe__wait_read(e, &read, arena);
        if (status != GREFFE_OK || read.count == 0) {
            return status;
        }
        *out = read.rows[0];
        int order = greffe__str_compare(out->key, stream->key);
        if (order >= 0) {
            *found_now = order == 0;
            return GREFFE_OK;
        }
        before = out->key;
    }
}

/* A store that others write to meanwhile may give the stream and its journal of two instants: what
 * was found counts when the stream is still at the version that was listed. */
static void tell_line(const verifying *v, greffe__buf *line)
{
    if (v->options.seal != NULL && greffe__buf_done(line) != NULL) {
        v->options.seal(v->options.seal_data, line->data);
    }
    v->kept->failed = v->kept->failed || line->failed;
    greffe__buf_free(line);
}

/* What the seal names before this stream is not there any more. NULL: before nothing. */
static void tell_missing(verifying *v, const greffe_read_row *stream)
{
    while (v->sealed.there &&
           (stream == NULL || greffe__sealed_before(&v->sealed.now, stream->kind, stream->key))) {
        greffe_read_row missing = {.kind = v->sealed.now.kind, .key = v->sealed.now.key};
        report(v, &missing, v->sealed.now.version, GREFFE__GR_JOURNAL_STREAM,
               "this stream was sealed, and is missing");
        (void)greffe__seal_next(&v->sealed);
    }
}

static void seal_stream(verifying *v, const greffe_read_row *stream)
{
    greffe__buf line;
    greffe__buf_init(&line, v->kept->context);
    greffe__seal_line(&line, stream->kind, stream->key, stream->version, stream->head);
    v->seal = greffe__seal_link(&v->seal, (greffe__str){line.data, line.size});
    tell_line(v, &line);
}

static greffe_status verify_stream(greffe_engine *e, verifying *v, greffe_read_row stream,
                                   greffe__str before)
{
    tell_missing(v, &stream);
    bool known = v->sealed.there && v->sealed.now.kind == stream.kind &&
                 greffe__str_equal(v->sealed.now.key, stream.key);
    greffe__arena arena, rows;
    greffe_verified counted = *v->out;
    greffe_status status = GREFFE_EBUSY;
    greffe__arena_init(&arena, e->own);
    greffe__arena_init(&rows, e->own);
    for (int i = 0; i < most_readings && status == GREFFE_EBUSY; i++) {
        folding f = {
            .v = v, .stream = &stream, .sealed = known ? &v->sealed.now : NULL, .arena = &arena};
        greffe_read_row now;
        bool there;
        *v->out = counted;
        status = check(e, &f);
        if (status == GREFFE_OK && f.faults.count > 0) {
            status = read_again(e, &now, &there, &stream, before, &rows);
            if (status == GREFFE_OK && there && now.version > stream.version) {
                stream = now;
                status = GREFFE_EBUSY;
            }
        }
        for (uint32_t j = 0; j < f.faults.count && status == GREFFE_OK; j++) {
            const fault *p = &f.faults.at[j];
            report(v, &stream, p->version, p->code, p->message);
        }
        greffe__arena_reset(&arena);
    }
    v->out->streams += 1;
    if (stream.kind == GREFFE__DOSSIER) {
        note_number(v, stream.label);
    }
    if (known) {
        (void)greffe__seal_next(&v->sealed);
    }
    seal_stream(v, &stream);
    greffe__arena_free(&rows);
    greffe__arena_free(&arena);
    return status;
}

static greffe_status verify_kind(greffe_engine *e, verifying *v, uint32_t kind)
{
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe__str after = {"", 0};
    char cursor[160] = "";
    greffe_status status = GREFFE_OK;
    for (bool more = true; more && status == GREFFE_OK;) {
        greffe_read read = {
            .what = GREFFE_READ_STREAMS, .kind = kind, .after = after, .limit = page};
        status = greffe__wait_read(e, &read, &arena);
        for (size_t i = 0; i < read.count && status == GREFFE_OK; i++) {
            status = verify_stream(e, v, read.rows[i], i > 0 ? read.rows[i - 1].key : after);
        }
        more = status == GREFFE_OK && read.count == page;
        if (more) {
            greffe__str last = read.rows[read.count - 1].key;
            (void)snprintf(cursor, sizeof cursor, "%.*s", (int)last.size, last.data);
            after = greffe__str_of(cursor);
        }
        greffe__arena_reset(&arena);
    }
    greffe__arena_free(&arena);
    return status;
}

/* Bundles whose bytes are not what their name says. */
static greffe_status verify_bundles(greffe_engine *e, verifying *v, greffe__arena *arena)
{
    enum { bundles_at_once = 16 }; /* each with its bytes */
    greffe__str after = {"", 0};
    for (;;) {
        greffe_read read = {.what = GREFFE_READ_BUNDLES, .after = after, .limit = bundles_at_once};
        greffe_status status = greffe__wait_read(e, &read, arena);
        for (size_t i = 0; status == GREFFE_OK && i < read.count; i++) {
            char text[GREFFE__HASH_CHARS];
            greffe__hash hash = greffe__sha256(read.rows[i].body);
            greffe__hex(text, greffe__hash_str(&hash));
            if (!greffe__str_is(read.rows[i].key, text)) {
                greffe_read_row row = {.key = read.rows[i].group};
                report(v, &row, 0, GREFFE__GR_BUNDLE_READ, "a published bundle was changed");
            }
        }
        if (status != GREFFE_OK || read.count < bundles_at_once) {
            return status;
        }
        after = read.rows[read.count - 1].key;
    }
}

/* Entries whose stream is gone, and bundles. */
static greffe_status verify_rest(greffe_engine *e, verifying *v, greffe__arena *arena)
{
    greffe_read orphans = {.what = GREFFE_READ_ORPHANS, .limit = page};
    greffe_status status = greffe__wait_read(e, &orphans, arena);
    for (size_t i = 0; status == GREFFE_OK && i < orphans.count; i++) {
        report(v, &orphans.rows[i], 0, GREFFE__GR_JOURNAL_STREAM,
               "the stream of these entries is missing");
    }
    return status == GREFFE_OK ? verify_bundles(e, v, arena) : status;
}

/* No dossier has a number that its sequence has still to give. */
static greffe_status verify_numbers(greffe_engine *e, verifying *v, greffe__arena *arena)
{
    greffe_status status = GREFFE_OK;
    for (uint32_t i = 0; i < v->highest.count && status == GREFFE_OK; i++) {
        const sequence *s = &v->highest.at[i];
        greffe_load item = {.what = GREFFE_LOAD_NUMBER, .command = s->name};
        status = greffe__wait_load(e, &item, 1, arena);
        if (status == GREFFE_OK && (!item.found || s->number >= (int64_t)item.version)) {
            greffe_read_row row = {.key = s->name};
            report(v, &row, 0, GREFFE__GR_JOURNAL_TABLE, "the sequence of numbers was set back");
        }
    }
    return status;
}

static greffe_status run(greffe_engine *e, void *data)
{
    verifying *v = data;
    greffe_status status = GREFFE_OK;
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe__buf line;
    v->kept = &arena;
    greffe__buf_init(&line, e->own);
    greffe__seal_begin(&line);
    tell_line(v, &line);
    for (uint32_t kind = GREFFE__DOSSIER; kind <= GREFFE__BATCH && status == GREFFE_OK; kind++) {
        status = verify_kind(e, v, kind);
    }
    if (status == GREFFE_OK) {
        tell_missing(v, NULL);
        greffe__buf_init(&line, e->own);
        greffe__seal_end(&line, &v->seal);
        tell_line(v, &line);
        status = arena.failed ? GREFFE_ENOMEM : verify_rest(e, v, &arena);
    }
    if (status == GREFFE_OK) {
        status = verify_numbers(e, v, &arena);
    }
    greffe__arena_free(&arena);
    return status;
}

greffe_status greffe_engine_verify(greffe_engine *engine, greffe_verified *out,
                                   const greffe_verify_options *options)
{
    if (engine == NULL || out == NULL ||
        (options != NULL &&
         (options->size != sizeof *options || !greffe__is_text(options->sealed)))) {
        return GREFFE_EMISUSE;
    }
    *out = (greffe_verified){0};
    verifying v = {.out = out};
    v.options = options != NULL ? *options : v.options;
    greffe_status status = greffe__seal_open(&v.sealed, v.options.sealed);
    if (status != GREFFE_OK) {
        return status;
    }
    status = greffe__queue_call(engine->queue, run, &v);
    if (status == GREFFE_OK) { /* else it would not be of all journals */
        greffe__hex(out->seal, greffe__hash_str(&v.seal));
    }
    if (status == GREFFE_ECORRUPT) {
        const greffe_read_row nothing = {.kind = 0, .key = {"", 0}};
        report(&v, &nothing, 0, GREFFE__GR_STORE_FAILED,
               "the store's file is damaged, and was not read to its end");
    }
    return status == GREFFE_OK && out->faults > 0 ? GREFFE_ECORRUPT : status;
}
