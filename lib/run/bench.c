/* The workbench of a decision: streams opened from their bytes, events emitted and folded at once,
 * personal values kept apart, and the two ways to unwind: a need, or a refusal. */
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "run/run_priv.h"
#include "value/json.h"

/* --- Unwinding --- */

bool greffe__need_more(greffe__bench *b, uint32_t need, uint32_t stream_kind, greffe__str key)
{
    greffe__need *place =
        b->stop ? NULL : greffe__arena_push(b->arena, &b->out->needs, sizeof *place);
    if (place != NULL) {
        b->out->needs_more = true;
        *place = (greffe__need){need, stream_kind, key};
    }
    b->stop = true;
    return false;
}

bool greffe__refuse(greffe__bench *b, greffe__code code, greffe_status status, const char *hint,
                    const char *format, ...)
{
    if (b->stop) {
        return false;
    }
    va_list arguments;
    va_start(arguments, format);
    b->out->message = greffe__message(b->arena, format, arguments);
    va_end(arguments);
    b->stop = true;
    b->out->refused = code;
    b->out->status = status;
    b->out->hint = greffe__str_dup(b->arena, greffe__str_of(hint));
    return false;
}

static bool fail(greffe__bench *b, greffe_status status)
{
    b->stop = true;
    b->failure = b->failure == GREFFE_OK ? status : b->failure;
    return false;
}

const greffe__plan_node *greffe__node_of(const greffe__bench *b, const greffe__token *token)
{
    uint32_t at = token == NULL ? GREFFE__NONE : greffe__plan_node_at(b->plan, token->path);
    return at == GREFFE__NONE ? NULL : &b->plan->nodes.at[at];
}

/* --- Streams --- */

greffe__stream *greffe__world_stream(const greffe__world *world, uint32_t kind, greffe__str key)
{
    for (uint32_t i = 0; i < world->streams.count; i++) {
        greffe__stream *stream = world->streams.at[i];
        if (stream->kind == kind && greffe__str_equal(stream->key, key)) {
            return stream;
        }
    }
    return NULL;
}

greffe__stream *greffe__open_stream(greffe__bench *b, uint32_t kind, greffe__str key)
{
    greffe__stream *stream = greffe__world_stream(b->world, kind, key);
    if (b->stop) {
        return NULL;
    }
    if (stream == NULL) {
        (void)greffe__need_more(b, GREFFE__NEED_STREAM, kind, key);
        return NULL;
    }
    if (stream->state != NULL) {
        return stream;
    }
    const greffe__shape *shape = greffe__state_shape(kind);
    stream->state = greffe__arena_zalloc(b->arena, shape->size);
    if (stream->state == NULL) {
        (void)fail(b, GREFFE_ENOMEM);
        return NULL;
    }
    if (stream->exists) {
        greffe_status status = greffe__record_decode(stream->state, b->arena, shape, stream->bytes);
        greffe__summary summary;
        if (status == GREFFE_OK && !stream->rows_known) {
            status = greffe__summarise(&summary, kind, stream->state, b->arena);
            stream->rows = summary.rows;
            stream->rows_known = status == GREFFE_OK;
        }
        if (status != GREFFE_OK) {
            (void)fail(b, status);
            return NULL;
        }
    }
    return stream;
}

bool greffe__arg_keys(greffe__bench *b, const char *name, const greffe__value **out)
{
    const greffe__value *list = greffe__value_at(&b->command->args, name);
    bool good = list != NULL && list->kind == GREFFE__LIST;
    for (uint32_t i = 0; good && i < list->count; i++) {
        greffe__str key = list->as.items[i].kind == GREFFE__STRING ? list->as.items[i].as.string
                                                                   : (greffe__str){"", 0};
        good = key.size > 0 && key.size <= GREFFE_MAX_KEY_BYTES;
    }
    *out = list;
    return good || greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                                  "'%s' must be a list of keys", name);
}

bool greffe__open_all(greffe__bench *b, uint32_t kind, const greffe__value *keys)
{
    bool missing = false;
    for (uint32_t i = 0; i < keys->count && !b->stop; i++) {
        bool known = greffe__world_stream(b->world, kind, keys->as.items[i].as.string) != NULL;
        if (!known) {
            (void)greffe__need_more(b, GREFFE__NEED_STREAM, kind, keys->as.items[i].as.string);
            missing = true;
            b->stop = b->arena->failed; /* go on: all of them are fetched together */
        }
    }
    b->stop = b->stop || missing;
    return !b->stop;
}

bool greffe__emit(greffe__bench *b, greffe__stream *stream, greffe__event event)
{
    if (b->stop || stream == NULL) {
        return false;
    }
    greffe__event *place = greffe__arena_push(b->arena, &stream->events, sizeof *place);
    if (place == NULL) {
        return fail(b, GREFFE_ENOMEM);
    }
    *place = event;
    greffe_status status = greffe__apply(stream->kind, stream->state, place, b->arena);
    return status == GREFFE_OK || fail(b, status);
}

/* --- Personal values --- */

/* Bytes that nobody can guess and that no other value has: drawn from the command's seed. */
static greffe__hash draw(greffe__bench *b)
{
    unsigned char counter[4] = {(unsigned char)(b->drawn >> 24), (unsigned char)(b->drawn >> 16),
                                (unsigned char)(b->drawn >> 8), (unsigned char)b->drawn};
    b->drawn += 1;
    return greffe__hmac(b->world->seed, (greffe__str){(const char *)counter, 4}, b->command->key);
}

static greffe__str hexadecimal(greffe__bench *b, const greffe__hash *hash, size_t bytes)
{
    char text[GREFFE__HASH_CHARS];
    greffe__hex(text, (greffe__str){(const char *)hash->bytes, bytes});
    return greffe__str_dup(b->arena, (greffe__str){text, 2 * bytes});
}

bool greffe__keep_personal(greffe__bench *b, greffe__stream *stream, const char *class_name,
                           greffe__value value, greffe__event *event)
{
    if (b->stop) {
        return false;
    }
    greffe__personal *personal = greffe__arena_push(b->arena, &stream->created, sizeof *personal);
    if (personal == NULL) {
        return fail(b, GREFFE_ENOMEM);
    }
    greffe__hash id = draw(b); /* 12 bytes for the reference, 16 others for the salt */
    personal->ref = hexadecimal(b, &id, 12);
    personal->salt = greffe__str_dup(b->arena, (greffe__str){(const char *)id.bytes + 16, 16});
    personal->class_name = greffe__str_of(class_name);
    personal->value = value;
    greffe__buf bytes;
    greffe__buf_init(&bytes, b->arena->context);
    greffe__cbor_value(&bytes, &value);
    greffe__hash commitment =
        greffe__sha256_pair(personal->salt, (greffe__str){bytes.data, bytes.size});
    personal->bytes = greffe__str_dup(b->arena, (greffe__str){bytes.data, bytes.size});
    bool good = !bytes.failed;
    greffe__buf_free(&bytes);
    event->ref = personal->ref;
    event->commitment = greffe__str_dup(b->arena, greffe__hash_str(&commitment));
    return good || fail(b, GREFFE_ENOMEM);
}

static const greffe__value *among(const greffe__personals *list, greffe__str ref)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (greffe__str_equal(list->at[i].ref, ref)) {
            return &list->at[i].value;
        }
    }
    return NULL;
}

const greffe__value *greffe__personal_value(greffe__bench *b, greffe__stream *stream,
                                            greffe__str ref)
{
    const greffe__value *value = among(&stream->created, ref);
    if (value != NULL || ref.size == 0) {
        return value;
    }
    if (stream->exists && !stream->values_loaded) {
        (void)greffe__need_more(b, GREFFE__NEED_VALUES, stream->kind, stream->key);
        return NULL;
    }
    return among(&stream->values, ref);
}

static const greffe__persons *people_in(const greffe__stream *stream)
{
    switch ((greffe__stream_kind)stream->kind) {
    case GREFFE__DOSSIER: return &((const greffe__dossier *)stream->state)->people;
    case GREFFE__SESSION: return &((const greffe__session *)stream->state)->people;
    case GREFFE__ALLOTMENT: return &((const greffe__allotment *)stream->state)->people;
    case GREFFE__ORDER: return &((const greffe__order *)stream->state)->people;
    case GREFFE__CLAIM: return &((const greffe__claim *)stream->state)->people;
    case GREFFE__BATCH: break;
    }
    return &((const greffe__batch *)stream->state)->people;
}

static bool meet(greffe__bench *b, greffe__stream *stream, const greffe__person_in *person)
{
    const greffe__persons *people = people_in(stream);
    for (uint32_t i = 0; i < people->count; i++) {
        if (greffe__str_equal(people->at[i].tag, person->tag)) {
            return true;
        }
    }
    greffe__event event = {.type = GREFFE__EV_PERSON_MET, .key = person->tag};
    return greffe__keep_personal(b, stream, "person", greffe__string(person->subject), &event) &&
           greffe__emit(b, stream, event);
}

bool greffe__meet_actor(greffe__bench *b, greffe__stream *stream)
{
    if (b->stop) {
        return false;
    }
    const greffe__command *c = b->command;
    if (greffe__str_is(c->actor.kind, "system")) {
        return true;
    }
    return meet(b, stream, &c->actor) &&
           (c->represented.tag.size == 0 || meet(b, stream, &c->represented));
}

greffe__str greffe__tag_of(const unsigned char secret[GREFFE__HASH_BYTES], greffe__str subject,
                           greffe__arena *arena)
{
    greffe__hash hash = greffe__hmac(secret, greffe__str_of("person"), subject);
    char text[GREFFE__HASH_CHARS];
    greffe__hex(text, (greffe__str){(const char *)hash.bytes, 8});
    return greffe__str_dup(arena, (greffe__str){text, 16});
}

/* --- Plans --- */

const greffe__known_plan *greffe__find_plan(greffe__bench *b, uint32_t need, greffe__str key)
{
    for (uint32_t i = 0; i < b->world->plans.count; i++) {
        const greffe__known_plan *known = &b->world->plans.at[i];
        if (known->need == need && greffe__str_equal(known->key, key)) {
            return known;
        }
    }
    (void)greffe__need_more(b, need, 0, key);
    return NULL;
}

void greffe__use_plan(greffe__bench *b, const greffe__known_plan *known)
{
    b->plan = known->plan;
    b->out->bundle = known->hash;
    b->zone = known->zone;
    b->today = greffe__zone_date(known->zone, b->now_ms);
}

bool greffe__count_from(greffe__bench *b)
{
    const greffe__command *c = b->command;
    if (!c->dated) {
        return true;
    }
    bool early = b->dossier->filed_on != 0 && c->effective < b->dossier->filed_on;
    if (early || c->effective > b->today) {
        return greffe__refuse(b, GREFFE__GR_CMD_BACKDATED, GREFFE_EINVALID,
                              "name a day between the filing and today",
                              early ? "a command cannot count from a day before the filing"
                                    : "a command cannot count from a day to come");
    }
    b->today = c->effective;
    return true;
}

bool greffe__open_dossier(greffe__bench *b, greffe__str key)
{
    greffe__stream *stream = greffe__open_stream(b, GREFFE__DOSSIER, key);
    if (stream == NULL) {
        return false;
    }
    if (!stream->exists && stream->events.count == 0) {
        return greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND, "look at its key",
                              "there is no dossier '%.*s'", (int)key.size, key.data);
    }
    const greffe__dossier *dossier = stream->state;
    const greffe__known_plan *known = greffe__find_plan(b, GREFFE__NEED_PLAN, dossier->pinned);
    if (known == NULL) {
        return false;
    }
    b->stream = stream;
    b->dossier = stream->state;
    greffe__use_plan(b, known);
    return greffe__count_from(b);
}

/* --- Arguments --- */

greffe__str greffe__arg(const greffe__bench *b, const char *name)
{
    return greffe__value_str(&b->command->args, name);
}

bool greffe__arg_needed(greffe__bench *b, const char *name, greffe__str *out)
{
    *out = greffe__arg(b, name);
    return out->size > 0 || greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                                           "the command %.*s needs '%s'",
                                           (int)b->command->verb.size, b->command->verb.data, name);
}

bool greffe__value_whole(const greffe__value *value, int64_t *out)
{
    int64_t whole = 0;
    bool good = value->kind == GREFFE__NUMBER && greffe__dec_to_i64(&whole, value->as.number);
    bool text =
        value->kind == GREFFE__STRING && value->as.string.size > 0 && value->as.string.size < 10;
    for (size_t i = 0; text && i < value->as.string.size; i++) {
        text = value->as.string.data[i] >= '0' && value->as.string.data[i] <= '9';
        whole = whole * 10 + (value->as.string.data[i] - '0');
    }
    if ((good && whole >= 0) || text) {
        *out = whole;
        return true;
    }
    return false;
}

bool greffe__arg_whole(greffe__bench *b, const char *name, int64_t *out)
{
    const greffe__value *value = greffe__value_at(&b->command->args, name);
    return value == NULL || greffe__value_whole(value, out) ||
           greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                          "'%s' must be a whole number", name);
}

bool greffe__arg_cents(greffe__bench *b, const char *name, int64_t *out)
{
    const greffe__value *value = greffe__value_at(&b->command->args, name);
    greffe__dec number = greffe__dec_of(0);
    bool good = value != NULL &&
                ((value->kind == GREFFE__STRING && greffe__dec_parse(&number, value->as.string)) ||
                 value->kind == GREFFE__NUMBER);
    if (good && value->kind == GREFFE__NUMBER) {
        number = value->as.number;
    }
    return (good && greffe__dec_to_cents(out, number)) ||
           greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, "write \"1200.00\"",
                          "'%s' must be an amount in euros and whole cents", name);
}

greffe__str greffe__cents_text(greffe__bench *b, int64_t cents)
{
    int64_t magnitude = cents < 0 ? -cents : cents;
    return greffe__str_format(b->arena, "%s%lld.%02d", cents < 0 ? "-" : "",
                              (long long)(magnitude / 100), (int)(magnitude % 100));
}
