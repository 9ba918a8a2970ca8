/* The engine's life: opening and closing; and the public form of a command. */
#include <stdio.h>
#include <string.h>

#include "host/host_priv.h"
#include "value/json.h"

/* --- Life --- */

static greffe_status begin(greffe_engine *e, void *data)
{
    (void)data;
    unsigned char fresh[32];
    greffe_status status = e->random(e->random_data, fresh, sizeof fresh);
    status = status == GREFFE_OK ? greffe__wait_secret(e, fresh) : status;
    return status == GREFFE_OK ? greffe__name_owner(e) : status;
}

static greffe_status end(greffe_engine *e, void *data)
{
    (void)data;
    greffe__give_lead_back(e);
    return GREFFE_OK;
}

greffe_status greffe_engine_open(greffe_engine **out, greffe_context *context,
                                 const greffe_engine_options *options)
{
    if (options == NULL || options->size != sizeof *options || options->store == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe_engine *e =
        out == NULL || context == NULL ? NULL : greffe__alloc(context, NULL, sizeof *e);
    if (e == NULL) {
        options->store->ops->close(options->store);
        return out == NULL || context == NULL ? GREFFE_EMISUSE : GREFFE_ENOMEM;
    }
    *e = (greffe_engine){.context = context, .store = options->store};
    e->clock = options->clock != NULL ? options->clock : greffe__system_clock;
    e->clock_data = options->clock_data;
    e->random = options->random != NULL ? options->random : greffe__system_random;
    e->random_data = options->random_data;
    e->alone = options->alone;
    e->authorize = options->authorize;
    e->authorize_data = options->authorize_data;
    e->before_commit = options->before_commit;
    e->before_commit_data = options->before_commit_data;
    e->documents = options->documents;
    greffe_status status = greffe__context_clone(&e->own, context);
    if (status == GREFFE_OK) {
        greffe__arena_init(&e->zones, e->own);
        greffe__arena_init(&e->work, e->own);
        if (options->zone_bytes.size > 0) {
            e->zone_bytes = greffe__str_dup(&e->zones, options->zone_bytes);
        }
        status = greffe__queue_open(&e->queue, e);
    }
    if (status == GREFFE_OK) {
        status = greffe__notices_open(&e->notices, context);
    }
    if (status == GREFFE_OK) {
        status = greffe__queue_call(e->queue, begin, NULL);
    }
    status = status == GREFFE_OK ? greffe__take_documents_channel(e) : status;
    if (status != GREFFE_OK) {
        greffe_engine_close(e);
        return status;
    }
    *out = e;
    return GREFFE_OK;
}

void greffe_engine_close(greffe_engine *e)
{
    if (e == NULL) {
        return;
    }
    if (e->queue != NULL) { /* behind all that was accepted */
        (void)greffe__queue_call(e->queue, end, NULL);
    }
    greffe__queue_close(e->queue);
    greffe__notices_close(e);
    for (uint32_t i = 0; i < e->plan_count; i++) {
        greffe_plan_unref(e->plans[i].plan);
    }
    e->store->ops->close(e->store);
    if (e->own != NULL) {
        greffe__untold_free(e);
        greffe__arena_free(&e->work);
        greffe__arena_free(&e->zones);
        greffe_context_destroy(e->own);
    }
    greffe__free(e->context, e);
}

void greffe_engine_free(greffe_engine *engine, void *memory)
{
    greffe__free(engine->context, memory);
}

/* --- Commands --- */

static void strings(greffe__strs *out, const char *const *list, greffe__arena *arena)
{
    for (; list != NULL && *list != NULL; list++) {
        greffe__str *place = greffe__arena_push(arena, out, sizeof *place);
        if (place != NULL) {
            *place = greffe__str_of(*list);
        }
    }
}

/* A command that does not exist is refused where it is decided. */
static uint32_t stream_kind_of(const char *word)
{
    const greffe__verb *verb = greffe__verb_named(greffe__str_of(word));
    return verb == NULL ? GREFFE__DOSSIER : greffe__stream_kind_named(greffe__str_of(verb->stream));
}

/* Keys stand in messages, files and JSON: no control characters, quotes or backslashes in them. */
static bool good_text(greffe__str text, bool key)
{
    if (!greffe__utf8_valid(text, NULL)) {
        return false;
    }
    for (size_t i = 0; key && i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == 127 || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

void greffe__person_of(const greffe_engine *e, greffe__person_in *out, const greffe_actor *a,
                       greffe__arena *arena)
{
    *out = (greffe__person_in){.subject = greffe__str_of(a->subject),
                               .kind = greffe__str_of(a->kind),
                               .channel = greffe__str_of(a->channel)};
    out->tag = greffe__tag_of(e->secret, out->subject, arena);
    strings(&out->services, a->services, arena);
    strings(&out->roles, a->roles, arena);
}

/* Without the engine's clock: from any thread. */
static greffe_status read_command(const greffe_engine *e, greffe__command *out,
                                  const greffe_command *c, greffe__arena *arena)
{
    const greffe_actor *a = c->actor;
    *out = (greffe__command){.verb = greffe__str_of(c->verb),
                             .stream_kind = stream_kind_of(c->verb),
                             .stream_key = greffe__str_of(c->stream),
                             .key = greffe__str_of(c->key),
                             .if_version = c->if_version};
    greffe__person_of(e, &out->actor, a, arena);
    if (c->represented != NULL) {
        out->represented.subject = greffe__str_of(c->represented);
        out->represented.tag = greffe__tag_of(e->secret, out->represented.subject, arena);
    }
    if (c->effective != NULL) {
        out->dated = true;
        out->because = greffe__str_of(c->because);
    }
    if ((c->effective != NULL &&
         !greffe__date_parse(&out->effective, greffe__str_of(c->effective))) ||
        !good_text(out->because, false)) {
        return GREFFE_EINVALID;
    }
    if (!good_text(out->stream_key, true) || !good_text(out->key, true) ||
        !good_text(out->actor.subject, false) || !good_text(out->actor.kind, false) ||
        !good_text(out->actor.channel, false) || !good_text(out->represented.subject, false)) {
        return GREFFE_EINVALID;
    }
    out->args = greffe__context_of(NULL, 0);
    if (c->args.size == 0) {
        return GREFFE_OK;
    }
    greffe_status status = greffe__json_read(&out->args, arena, NULL, "args", c->args);
    return status == GREFFE_OK && out->args.kind != GREFFE__CONTEXT ? GREFFE_EINVALID : status;
}

/* Room for what is said, taken before anything is done: a command that was executed has its answer.
 */
enum { said_bytes = 2304 };

static bool take_said(greffe_context *context, char **out)
{
    *out = greffe__alloc(context, NULL, said_bytes);
    return *out != NULL;
}

void greffe__read_early(const greffe_engine *e, greffe__execution *x, greffe__arena *arena)
{
    (void)take_said(x->context, &x->message); /* what cannot be had now is asked for later */
    (void)take_said(x->context, &x->answer);
    x->read_status = read_command(e, &x->read, x->command, arena);
    x->is_read = true;
    if (x->read_status == GREFFE_OK) {
        x->read.request = greffe__request_hash(arena, &x->read);
    }
}

/* The command as it is decided upon. */
static greffe_status build(greffe_engine *e, greffe__command *out, const greffe__execution *x,
                           greffe__arena *arena)
{
    *out = x->read;
    greffe_status status = x->is_read ? x->read_status : read_command(e, out, x->command, arena);
    out->now_ms = greffe__now(e, x->command->now_ms);
    return status == GREFFE_OK && !greffe__good_instant(out->now_ms) ? GREFFE_EINVALID : status;
}

static void say(char *out, greffe__str a, greffe__str b)
{
    size_t size = 0;
    const greffe__str parts[] = {a, {"; ", a.size > 0 && b.size > 0 ? 2 : 0}, b};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t left = said_bytes - 1 - size;
        size_t part = parts[i].size < left ? parts[i].size : left;
        if (part > 0) {
            memcpy(out + size, parts[i].data, part);
        }
        size += part;
    }
    out[size] = '\0';
}

bool greffe__is_allowed(const greffe_engine *e, const greffe_access *access, char reason[256])
{
    (void)snprintf(reason, 256, "the portal does not allow this");
    return e->authorize == NULL || e->authorize(e->authorize_data, access, reason);
}

static bool may_give(const greffe_engine *e, const greffe_command *c, char reason[256])
{
    const greffe_access access = {.actor = c->actor,
                                  .verb = c->verb,
                                  .stream_kind = greffe__stream_kind_name(stream_kind_of(c->verb)),
                                  .stream = c->stream};
    return greffe__is_allowed(e, &access, reason);
}

/* What a command took is given back, but for a little that the next one begins with. */
static void rest(greffe__arena *arena)
{
#ifdef GREFFE_SANITIZED /* what is held too long shall be seen */
    enum { most_kept = 0 };
#else
    enum { most_kept = 1 << 16 };
#endif
    if (arena->used > most_kept) {
        greffe__arena_free(arena);
    } else {
        greffe__arena_reset(arena);
    }
}

static greffe_status run(greffe_engine *e, void *data)
{
    greffe__execution *x = data;
    greffe__arena *arena = &e->work;
    greffe__command command;
    greffe__outcome outcome = {.status = GREFFE_OK};
    char *message = x->message, *answer = x->answer;
    x->message = x->answer = NULL;
    if ((message == NULL && !take_said(x->context, &message)) ||
        (answer == NULL && !take_said(x->context, &answer))) {
        greffe__free(x->context, message);
        greffe__free(x->context, answer);
        return GREFFE_ENOMEM;
    }
    char reason[256] = "";
    greffe_status status = build(e, &command, x, arena);
    if (status == GREFFE_OK && !may_give(e, x->command, reason)) {
        outcome.status = GREFFE_EDENIED;
        outcome.code = GREFFE__GR_HOST_DENIED;
        outcome.message = greffe__str_of(reason);
    } else if (status == GREFFE_OK) {
        status = greffe__execute(e, &outcome, &command, arena);
    } else if (status == GREFFE_EINVALID || status == GREFFE_ELIMIT) {
        outcome.status = status;
        outcome.code = GREFFE__GR_CMD_SHAPE;
        outcome.message = greffe__str_of(
            "the arguments are not a JSON object, a key has control characters, quotes or "
            "backslashes, a text is not UTF-8, or an instant or a date is none");
        status = GREFFE_OK;
    }
    if (status != GREFFE_OK) {
        outcome = (greffe__outcome){.status = status,
                                    .message = greffe__str_of(greffe_status_name(status))};
    }
    const char *code = greffe__code_text(outcome.code);
    say(message, outcome.message, outcome.hint);
    say(answer, outcome.answer.size > 0 ? outcome.answer : greffe__str_of("{}"),
        (greffe__str){"", 0});
    *x->result = (greffe_result){.status = outcome.status,
                                 .repeated = outcome.repeated,
                                 .version = outcome.version,
                                 .code = code != NULL ? code : "",
                                 .message = message,
                                 .answer = answer};
    rest(arena);
    return outcome.status;
}

static void undo(greffe__job *job)
{
    greffe__execution *x = job->data;
    greffe__free(x->context, x->result->message);
    greffe__free(x->context, x->result->answer);
    *x->result = (greffe_result){0};
}

greffe__job greffe__command_job(greffe__execution *x)
{
    /* Erasing truncates the log, which nothing may be in the way of. */
    bool alone = strcmp(x->command->verb, "erase") == 0;
    return (greffe__job){
        .run = run, .data = x, .undo = undo, .stream = alone ? NULL : x->command->stream};
}

bool greffe__is_text(greffe_str text)
{
    return text.data != NULL || text.size == 0;
}

bool greffe__is_actor(const greffe_actor *actor)
{
    return actor != NULL && actor->size == sizeof *actor && actor->subject != NULL &&
           actor->subject[0] != '\0' && actor->kind != NULL;
}

greffe_status greffe__check_command(const greffe_command *command)
{
    bool whole = command != NULL && command->size == sizeof *command && command->verb != NULL &&
                 command->stream != NULL && command->key != NULL &&
                 greffe__is_actor(command->actor) && greffe__is_text(command->args);
    /* What only the engine itself may say. */
    return whole && strcmp(command->actor->kind, "system") != 0 ? GREFFE_OK : GREFFE_EMISUSE;
}

greffe_status greffe_engine_execute(greffe_engine *engine, greffe_result *out,
                                    const greffe_command *command)
{
    if (engine == NULL || out == NULL || greffe__check_command(command) != GREFFE_OK) {
        return GREFFE_EMISUSE;
    }
    *out = (greffe_result){0};
    greffe__execution x = {.command = command, .result = out, .context = engine->context};
    greffe__job job = greffe__command_job(&x);
    return greffe__queue_await(engine->queue, &job);
}

void greffe_result_free(greffe_engine *engine, greffe_result *result)
{
    if (result != NULL) {
        greffe__free(engine->context, result->message);
        greffe__free(engine->context, result->answer);
        *result = (greffe_result){0};
    }
}
