/* Load, decide, commit: the one way in which anything changes.
 *
 * A command runs against what was loaded; the commit is refused when any stream it looked at has
 * moved on since, and then all begins again. A key that was answered gets its first answer. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"
#include "value/json.h"

enum { most_tries = 16 };

typedef struct attempt {
    greffe_engine *e;
    greffe__command *command;
    greffe__arena *arena;
    greffe__world world;
    unsigned char seed[GREFFE__HASH_BYTES];
    struct {
        greffe_plan **at;
        uint32_t count, capacity;
    } held;
    const greffe_write_set *writes; /* that the host is asked about */
    bool vetoed;
    char reason[256];
} attempt;

/* --- Loading --- */

static greffe_status add_stream(attempt *a, const greffe_load *item)
{
    greffe__stream *stream = greffe__arena_zalloc(a->arena, sizeof *stream);
    greffe__stream **place =
        stream == NULL ? NULL
                       : greffe__arena_push(a->arena, &a->world.streams, sizeof(greffe__stream *));
    if (place == NULL) {
        return GREFFE_ENOMEM;
    }
    *place = stream;
    stream->kind = item->kind;
    stream->key = greffe__str_dup(a->arena, item->key);
    stream->exists = item->found;
    stream->version = item->found ? item->version : 0;
    stream->bytes = item->body;
    stream->head = item->found ? item->head : (greffe__str){"", 0};
    stream->last_ms = item->found ? item->last_ms : INT64_MIN;
    return GREFFE_OK;
}

static greffe_status add_values(attempt *a, const greffe_load *item)
{
    greffe__stream *stream = greffe__world_stream(&a->world, item->kind, item->key);
    if (stream == NULL) {
        return GREFFE_ECORRUPT;
    }
    stream->values_loaded = true;
    for (size_t i = 0; i < item->personal_count; i++) {
        const greffe_personal_row *row = &item->personal[i];
        greffe__personal *value = greffe__arena_push(a->arena, &stream->values, sizeof *value);
        greffe__cbor in;
        if (value == NULL) {
            return GREFFE_ENOMEM;
        }
        value->ref = row->ref;
        value->stored = true;
        value->value = greffe__null();
        if (row->value.size == 0) {
            continue; /* erased */
        }
        greffe__cbor_open(&in, row->value);
        value->value = greffe__cbor_read_value(&in, a->arena);
        if (!greffe__cbor_done(&in)) {
            return a->arena->failed ? GREFFE_ENOMEM : GREFFE_ECORRUPT;
        }
    }
    return GREFFE_OK;
}

static greffe_status add_plan(attempt *a, const greffe__need *need)
{
    greffe__cached_plan found = {.plan = NULL};
    greffe_load_kind what = need->kind == GREFFE__NEED_PLAN        ? GREFFE_LOAD_PINNED
                            : need->kind == GREFFE__NEED_PROCEDURE ? GREFFE_LOAD_ACTIVE
                                                                   : GREFFE_LOAD_KNOWN;
    greffe__str name =
        what == GREFFE_LOAD_KNOWN ? greffe__known_name(a->arena, need->kind, need->key) : need->key;
    greffe_status status = greffe__plan_by(a->e, what, name, &found, a->arena);
    greffe_plan **held =
        status == GREFFE_OK ? greffe__arena_push(a->arena, &a->held, sizeof(greffe_plan *)) : NULL;
    if (held == NULL) {
        greffe_plan_unref(found.plan);
        return status != GREFFE_OK ? status : GREFFE_ENOMEM;
    }
    *held = found.plan; /* given back when the attempt is over */
    greffe__known_plan *known = greffe__arena_push(a->arena, &a->world.plans, sizeof *known);
    if (known == NULL) {
        return GREFFE_ENOMEM;
    }
    *known = (greffe__known_plan){.need = need->kind,
                                  .key = greffe__str_dup(a->arena, need->key),
                                  .hash = greffe__str_dup(a->arena, greffe__str_of(found.hash)),
                                  .pinned = greffe__str_dup(a->arena, greffe__str_of(found.pinned)),
                                  .plan = greffe__plan_of(found.plan),
                                  .zone = found.zone};
    return GREFFE_OK;
}

static greffe_status add_number(attempt *a, greffe__str name)
{
    greffe_load item = {.what = GREFFE_LOAD_NUMBER, .command = name};
    greffe_status status = greffe__wait_load(a->e, &item, 1, a->arena);
    greffe__sequence *sequence =
        greffe__arena_push(a->arena, &a->world.sequences, sizeof *sequence);
    if (sequence == NULL) {
        return GREFFE_ENOMEM;
    }
    sequence->name = greffe__str_dup(a->arena, name);
    sequence->next = item.found ? (int64_t)item.version : 1;
    return status;
}

static greffe_status satisfy(attempt *a, const greffe__needs *needs)
{
    greffe_load *items = greffe__arena_zalloc(a->arena, needs->count * sizeof *items);
    size_t count = 0;
    greffe_status status = items == NULL ? GREFFE_ENOMEM : GREFFE_OK;
    if (a->world.streams.count + needs->count > GREFFE_MAX_NEEDS * 2) {
        return GREFFE_ELIMIT;
    }
    for (uint32_t i = 0; i < needs->count && status == GREFFE_OK; i++) {
        const greffe__need *need = &needs->at[i];
        if (need->kind == GREFFE__NEED_STREAM || need->kind == GREFFE__NEED_VALUES) {
            items[count++] =
                (greffe_load){.what = need->kind == GREFFE__NEED_STREAM ? GREFFE_LOAD_STREAM
                                                                        : GREFFE_LOAD_PERSONAL,
                              .kind = need->stream_kind,
                              .key = greffe__str_dup(a->arena, need->key)};
        } else if (need->kind == GREFFE__NEED_NUMBER) {
            status = add_number(a, need->key);
        } else {
            status = add_plan(a, need);
        }
    }
    if (status == GREFFE_OK && count > 0) {
        status = greffe__wait_load(a->e, items, count, a->arena);
    }
    for (size_t i = 0; i < count && status == GREFFE_OK; i++) {
        status = items[i].what == GREFFE_LOAD_STREAM ? add_stream(a, &items[i])
                                                     : add_values(a, &items[i]);
    }
    return status;
}

/* --- Committing --- */

bool greffe__row_same(const greffe__row *a, const greffe__row *b)
{
    return a->kind == b->kind && greffe__str_equal(a->item, b->item) &&
           greffe__str_equal(a->name, b->name) && greffe__str_equal(a->who, b->who) &&
           greffe__str_equal(a->assignee, b->assignee) && greffe__str_equal(a->ref, b->ref) &&
           a->due == b->due && a->since_ms == b->since_ms;
}

static const greffe__row *find_row(const greffe__rows *rows, const greffe__row *wanted)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->at[i].kind == wanted->kind && greffe__str_equal(rows->at[i].item, wanted->item)) {
            return &rows->at[i];
        }
    }
    return NULL;
}

/* What changed between the rows before and after: removals first. */
static greffe_status row_changes(greffe__arena *arena, const greffe__rows *before,
                                 const greffe__rows *after, greffe_stream_write *write)
{
    size_t most = (size_t)before->count + after->count;
    greffe_list_row *rows = greffe__arena_zalloc(arena, most * sizeof *rows);
    if (rows == NULL) {
        return GREFFE_ENOMEM;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < before->count; i++) {
        if (find_row(after, &before->at[i]) == NULL) {
            rows[count++] = (greffe_list_row){.kind = (greffe_list_kind)before->at[i].kind,
                                              .remove = true,
                                              .item = before->at[i].item};
        }
    }
    for (uint32_t i = 0; i < after->count; i++) {
        const greffe__row *row = &after->at[i], *old = find_row(before, row);
        if (old == NULL || !greffe__row_same(old, row)) {
            rows[count++] = (greffe_list_row){.kind = (greffe_list_kind)row->kind,
                                              .item = row->item,
                                              .name = row->name,
                                              .who = row->who,
                                              .assignee = row->assignee,
                                              .ref = row->ref,
                                              .due = row->due,
                                              .since_ms = row->since_ms};
        }
    }
    write->rows = rows;
    write->row_count = count;
    return GREFFE_OK;
}

greffe__str greffe__encoded(greffe__arena *arena, const greffe__shape *shape, const void *record)
{
    enum { usual = 1000 };
    greffe__buf bytes;
    greffe__buf_init(&bytes, arena->context);
    (void)greffe__buf_reserve(&bytes, usual);
    greffe__record_write(&bytes, shape, record);
    greffe__str copy = greffe__str_dup(arena, (greffe__str){bytes.data, bytes.size});
    arena->failed = arena->failed || bytes.failed;
    greffe__buf_free(&bytes);
    return copy;
}

greffe__str greffe__chained(greffe__arena *arena, greffe__str head, greffe__str body)
{
    static const char zeros[GREFFE__HASH_BYTES] = {0};
    greffe__str before = head.size > 0 ? head : (greffe__str){zeros, sizeof zeros};
    greffe__hash hash = greffe__sha256_pair(before, body);
    return greffe__str_dup(arena, greffe__hash_str(&hash));
}

static greffe_status personal_rows(greffe__arena *arena, const greffe__personals *created,
                                   greffe_stream_write *write)
{
    greffe_personal_row *rows = greffe__arena_alloc(arena, created->count * sizeof *rows);
    if (rows == NULL) {
        return GREFFE_ENOMEM;
    }
    for (uint32_t i = 0; i < created->count; i++) {
        const greffe__personal *value = &created->at[i];
        rows[i] = (greffe_personal_row){value->ref, value->class_name, value->salt, value->bytes};
    }
    write->personal = rows;
    write->personal_count = created->count;
    return GREFFE_OK;
}

/* What persons and what the engine itself call their commands never meet. */
static greffe__str stored_key(greffe__arena *arena, const greffe__command *c)
{
    bool engine = greffe__str_is(c->actor.kind, "system");
    return GREFFE__CONCAT(arena, {engine ? "e:" : "c:", 2}, c->key);
}

static greffe_status write_of(attempt *a, const greffe__stream *stream,
                              const greffe__decision *decision, greffe_stream_write *write)
{
    *write = (greffe_stream_write){
        .kind = stream->kind, .key = stream->key, .expected = stream->version};
    const greffe__command *c = a->command;
    bool own = stream->kind == c->stream_kind && greffe__str_equal(stream->key, c->stream_key);
    /* A command that changes nothing is kept all the same: its key has been answered. */
    if (stream->events.count == 0 && !(own && stream->exists)) {
        return GREFFE_OK;
    }
    greffe__journal_entry entry = {.verb = c->verb,
                                   .key = c->key,
                                   .request = c->request,
                                   .actor = c->actor.tag,
                                   .actor_kind = c->actor.kind,
                                   .channel = c->actor.channel,
                                   .now_ms = decision->now_ms,
                                   .events = stream->events};
    entry.answer = own ? decision->answer : entry.answer;
    entry.effective = own && c->dated ? c->effective : 0;
    greffe__hash bundle;
    if (own && stream->kind == GREFFE__DOSSIER && greffe__unhex(&bundle, decision->bundle)) {
        entry.bundle = greffe__hash_str(&bundle);
    }
    greffe_entry_row *row = greffe__arena_zalloc(a->arena, sizeof *row);
    greffe__summary summary;
    if (row == NULL) {
        return GREFFE_ENOMEM;
    }
    row->body = greffe__encoded(a->arena, &greffe__entry_shape, &entry);
    /* Another stream's entry is keyed by the stream whose command it was. */
    row->command =
        own ? stored_key(a->arena, c)
            : greffe__str_format(a->arena, "x:%s/%.*s/%.*s",
                                 greffe__stream_kind_name(c->stream_kind), (int)c->stream_key.size,
                                 c->stream_key.data, (int)c->key.size, c->key.data);
    write->entry = row;
    write->head = greffe__chained(a->arena, stream->head, row->body);
    write->state = greffe__encoded(a->arena, greffe__state_shape(stream->kind), stream->state);
    write->last_ms = decision->now_ms;
    greffe_status status = greffe__summarise(&summary, stream->kind, stream->state, a->arena);
    if (status != GREFFE_OK) {
        return status;
    }
    write->group = summary.group;
    write->status = summary.status;
    write->label = summary.label;
    write->owner = summary.owner;
    write->due_ms = summary.due_ms;
    write->erase = stream->erase;
    write->has_amounts = stream->kind == GREFFE__ALLOTMENT;
    memcpy(write->amounts, summary.amounts, sizeof write->amounts);
    status = row_changes(a->arena, &stream->rows, &summary.rows, write);
    return status == GREFFE_OK ? personal_rows(a->arena, &stream->created, write) : status;
}

/* Inside the transaction: the host may take it back. */
static greffe_status ask_host(void *data, void *connection)
{
    attempt *a = data;
    const greffe__command *c = a->command;
    greffe_change change = {.connection = connection,
                            .verb = greffe__str_dup(a->arena, c->verb).data,
                            .stream_kind = greffe__stream_kind_name(c->stream_kind),
                            .stream = greffe__str_dup(a->arena, c->stream_key).data,
                            .status = "",
                            .label = ""};
    for (size_t i = 0; i < a->writes->stream_count; i++) {
        const greffe_stream_write *write = &a->writes->streams[i];
        if (write->kind == c->stream_kind && greffe__str_equal(write->key, c->stream_key)) {
            change.status = greffe__str_dup(a->arena, write->status).data;
            change.label = greffe__str_dup(a->arena, write->label).data;
            change.version = write->expected + (write->entry != NULL);
        }
    }
    if (a->arena->failed) {
        return GREFFE_ENOMEM;
    }
    (void)snprintf(a->reason, sizeof a->reason, "the portal took it back");
    a->vetoed = !a->e->before_commit(a->e->before_commit_data, &change, a->reason);
    return a->vetoed ? GREFFE_EDENIED : GREFFE_OK;
}

static greffe_status commit(attempt *a, const greffe__decision *decision)
{
    uint32_t count = a->world.streams.count;
    greffe_stream_write *writes = greffe__arena_alloc(a->arena, count * sizeof *writes);
    greffe_number_write *numbers =
        greffe__arena_alloc(a->arena, a->world.sequences.count * sizeof *numbers);
    greffe_write_set set = {.streams = writes, .numbers = numbers};
    if (writes == NULL || numbers == NULL) {
        return GREFFE_ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        const greffe__stream *stream = a->world.streams.at[i];
        if (stream->state == NULL) {
            continue; /* loaded, but not looked at */
        }
        greffe_status status = write_of(a, stream, decision, &writes[set.stream_count]);
        if (status != GREFFE_OK) {
            return status;
        }
        set.stream_count += 1;
    }
    for (uint32_t i = 0; i < a->world.sequences.count; i++) {
        if (a->world.sequences.at[i].taken) {
            numbers[set.number_count++] =
                (greffe_number_write){a->world.sequences.at[i].name, a->world.sequences.at[i].next};
        }
    }
    if (a->e->before_commit != NULL) {
        set.before = ask_host;
        set.before_data = a;
        a->writes = &set;
    }
    greffe_status status = a->arena->failed ? GREFFE_ENOMEM : greffe__wait_commit(a->e, &set);
    a->writes = NULL;
    return status;
}

/* --- One command --- */

greffe__str greffe__request_hash(greffe__arena *arena, const greffe__command *c)
{
    greffe__buf bytes;
    greffe__buf_init(&bytes, arena->context);
    greffe__cbor_array(&bytes, c->dated ? 6 : 4);
    greffe__cbor_text(&bytes, c->verb);
    greffe__cbor_text(&bytes, c->actor.tag);
    greffe__cbor_text(&bytes, c->represented.tag);
    greffe__cbor_value(&bytes, &c->args);
    if (c->dated) {
        greffe__cbor_int(&bytes, c->effective);
        greffe__cbor_text(&bytes, c->because);
    }
    greffe__hash hash = greffe__sha256((greffe__str){bytes.data, bytes.size});
    arena->failed = arena->failed || bytes.failed;
    greffe__buf_free(&bytes);
    return greffe__str_dup(arena, greffe__hash_str(&hash));
}

static greffe_status answered_before(greffe__outcome *out, const greffe__command *c,
                                     const greffe_load *found, uint64_t version,
                                     greffe__arena *arena)
{
    greffe__journal_entry entry;
    greffe_status status = greffe__record_decode(&entry, arena, &greffe__entry_shape, found->body);
    if (status != GREFFE_OK) {
        return status;
    }
    if (!greffe__str_equal(entry.request, c->request)) {
        out->status = GREFFE_EKEY;
        out->code = GREFFE__GR_CMD_KEY_REUSED;
        out->message = greffe__str_of("this idempotency key was used for another command");
        out->hint = greffe__str_of("give each command a key of its own");
        return GREFFE_OK;
    }
    out->repeated = true;
    out->version = version;
    out->answer = entry.answer;
    return GREFFE_OK;
}

/* Decides, or looks when there is something to be seen, with all that this needs. Done: not
 * refused. */
static greffe_status settle(attempt *a, greffe__outcome *out, greffe__decision *decision,
                            greffe__value *seen)
{
    for (uint32_t rounds = 0; rounds < GREFFE_MAX_NEEDS; rounds++) {
        greffe_status status = seen == NULL
                                   ? greffe__decide(decision, &a->world, a->command, a->arena)
                                   : greffe__view(decision, seen, &a->world, a->command, a->arena);
        if (status != GREFFE_OK) {
            return status;
        }
        if (!decision->needs_more) {
            break;
        }
        status = satisfy(a, &decision->needs);
        if (status == GREFFE_ENOTFOUND) {
            out->status = status;
            out->code = GREFFE__GR_CMD_NO_STREAM;
            out->message = greffe__str_format(a->arena, "nothing that is published knows '%.*s'",
                                              (int)decision->needs.at[0].key.size,
                                              decision->needs.at[0].key.data);
            out->hint = greffe__str_of("publish the procedure first");
            return GREFFE_OK;
        }
        if (status != GREFFE_OK) {
            return status;
        }
    }
    if (decision->refused != GREFFE__GR_NONE) {
        out->status = decision->status;
        out->code = decision->refused;
        out->message = decision->message;
        out->hint = decision->hint;
        return GREFFE_OK;
    }
    return decision->needs_more ? GREFFE_ELIMIT : GREFFE_OK;
}

static greffe_status decide_and_commit(attempt *a, greffe__outcome *out)
{
    greffe__decision decision;
    greffe_status status = settle(a, out, &decision, NULL);
    if (status != GREFFE_OK || out->status != GREFFE_OK) {
        return status;
    }
    if (a->e->documents != NULL) { /* durable before there is anything that names them */
        status = greffe__hold_documents(a->e, &a->world, a->arena, a->reason);
        if (status == GREFFE_ESTATE) {
            out->status = status;
            out->code = GREFFE__GR_DOCUMENT_CONTENT;
            out->message = greffe__str_dup(a->arena, greffe__str_of(a->reason));
            out->hint =
                greffe__str_of("send it first, and name it by the SHA-256 that is answered");
            return a->arena->failed ? GREFFE_ENOMEM : GREFFE_OK;
        }
        if (status != GREFFE_OK) {
            return status;
        }
    }
    status = commit(a, &decision);
    if (status == GREFFE_EDENIED && a->vetoed) {
        out->status = status;
        out->code = GREFFE__GR_HOST_VETO;
        out->message = greffe__str_dup(a->arena, greffe__str_of(a->reason));
        return a->arena->failed ? GREFFE_ENOMEM : GREFFE_OK;
    }
    if (status == GREFFE_OK) {
        const greffe__stream *own =
            greffe__world_stream(&a->world, a->command->stream_kind, a->command->stream_key);
        out->version = own != NULL ? own->version + (own->exists || own->events.count > 0) : 0;
        out->answer = decision.answer;
    }
    return status;
}

/* A timer that cannot be fired must not hold its dossier for ever: it becomes an incident. */
static greffe_status give_up(greffe__command *timer, greffe__str why, greffe__arena *arena)
{
    uint32_t count = timer->args.count;
    greffe__entry *entries = greffe__arena_alloc(arena, (count + 1) * sizeof *entries);
    if (entries == NULL) {
        return GREFFE_ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = timer->args.as.entries[i];
    }
    entries[count] = (greffe__entry){greffe__str_of("failed"), greffe__string(why)};
    timer->args = greffe__context_of(entries, count + 1);
    timer->key = greffe__str_format(arena, "%.*s/failed", (int)timer->key.size, timer->key.data);
    return GREFFE_OK;
}

/* One attempt: what was asked, or a timer that is due before it. `failed` says why the timer was
 * refused when it was tried before. */
static greffe_status attempt_it(attempt *a, greffe__outcome *out, greffe__command *command,
                                greffe__str failed, bool *timer_fired)
{
    greffe__arena *arena = a->arena;
    greffe__command chosen = *command;
    greffe_load first[2] = {
        {.what = GREFFE_LOAD_STREAM, .kind = command->stream_kind, .key = command->stream_key},
        {.what = GREFFE_LOAD_ENTRY,
         .kind = command->stream_kind,
         .key = command->stream_key,
         .command = stored_key(arena, command)}};
    greffe_status status = greffe__wait_load(a->e, first, 2, arena);
    if (status != GREFFE_OK) {
        return status;
    }
    chosen.request =
        command->request.size > 0 ? command->request : greffe__request_hash(arena, command);
    if (first[1].found) {
        return answered_before(out, &chosen, &first[1], first[0].version, arena);
    }
    status = a->e->random(a->e->random_data, a->seed, sizeof a->seed);
    if (status == GREFFE_OK) {
        status = greffe__expand(a->e, &chosen, &first[0], arena);
    }
    if (status == GREFFE_OK) {
        status = add_stream(a, &first[0]);
    }
    a->command = &chosen;
    a->world.secret = a->e->secret;
    a->world.seed = a->seed;
    bool is_timer = greffe__str_is(command->verb, "timer");
    bool due = first[0].found && first[0].due_ms <= command->now_ms;
    if (status == GREFFE_OK && !is_timer && due) {
        *timer_fired = greffe__due_timer(&chosen, a->world.streams.at[0], command->now_ms, arena);
    }
    if (status == GREFFE_OK && failed.size > 0 && (is_timer || *timer_fired)) {
        status = give_up(&chosen, failed, arena);
    }
    if (*timer_fired) {
        chosen.request = greffe__request_hash(arena, &chosen);
    }
    if (status == GREFFE_OK) {
        status = decide_and_commit(a, out);
    }
    a->command = command;
    return status;
}

static void give_back_plans(attempt *a)
{
    for (uint32_t i = 0; i < a->held.count; i++) {
        greffe_plan_unref(a->held.at[i]);
    }
}

static greffe_status try_once(greffe_engine *e, greffe__outcome *out, greffe__command *command,
                              greffe__arena *arena, greffe__str failed, bool *timer_fired)
{
    attempt a = {.e = e, .command = command, .arena = arena};
    greffe_status status = attempt_it(&a, out, command, failed, timer_fired);
    give_back_plans(&a);
    return status;
}

greffe_status greffe__look(greffe_engine *e, greffe__outcome *out, greffe__buf *json,
                           greffe__command *command, greffe__arena *arena)
{
    attempt a = {.e = e, .command = command, .arena = arena};
    greffe__decision decision;
    greffe__value seen;
    a.world.secret = e->secret;
    a.world.seed = a.seed; /* of what is typed and never kept */
    *out = (greffe__outcome){.status = GREFFE_OK};
    greffe_status status = settle(&a, out, &decision, &seen);
    if (status == GREFFE_OK && out->status == GREFFE_OK) {
        greffe__json_write(json, &seen); /* before the plans are given back that it lies in */
    }
    give_back_plans(&a);
    return status == GREFFE_OK && arena->failed ? GREFFE_ENOMEM : status;
}

greffe_status greffe__execute(greffe_engine *e, greffe__outcome *out, greffe__command *command,
                              greffe__arena *arena)
{
    greffe__str failed = {"", 0};
    for (uint32_t tries = 0, timers = 0; tries < most_tries;) {
        bool timer_fired = false;
        *out = (greffe__outcome){.status = GREFFE_OK};
        greffe_status status = try_once(e, out, command, arena, failed, &timer_fired);
        if (status == GREFFE_ECONFLICT) {
            tries += 1; /* somebody was faster: look again */
            continue;
        }
        bool timer = timer_fired || greffe__str_is(command->verb, "timer");
        if (status == GREFFE_OK && out->status != GREFFE_OK && timer && failed.size == 0) {
            failed = out->message;
            continue;
        }
        out->gave_up = timer && failed.size > 0;
        failed = (greffe__str){"", 0};
        if (status != GREFFE_OK || !timer_fired || out->status != GREFFE_OK) {
            return status;
        }
        if (++timers > GREFFE_MAX_ADVANCE) {
            return GREFFE_ELIMIT;
        }
    }
    return GREFFE_EBUSY;
}
