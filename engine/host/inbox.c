/* The inbox: commands that a host with nothing but SQL wrote in its own transaction. Each is
 * executed and answered, in one commit where the store can; the idempotency key sees to it that one
 * whose answer was lost is not done twice. */
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"
#include "value/json.h"

/* One command of the inbox. */
typedef struct incoming {
    const greffe_inbox_row *row;
    greffe__arena *arena; /* of the round */
    int64_t now_ms;
    bool answered;
} incoming;

/* --- The actor, as JSON --- */

static const char *text_of(const greffe__value *context, const char *name, greffe__arena *arena)
{
    greffe__str text = greffe__value_str(context, name);
    return text.size == 0 ? NULL : greffe__str_dup(arena, text).data;
}

/* NULL when there is none; *good is false for what is no list of texts. */
static const char *const *list_of(const greffe__value *context, const char *name, bool *good,
                                  greffe__arena *arena)
{
    const greffe__value *list = greffe__value_get(context, greffe__str_of(name));
    if (list == NULL) {
        return NULL;
    }
    *good = *good && list->kind == GREFFE__LIST;
    uint32_t count = list->kind == GREFFE__LIST ? list->count : 0;
    const char **texts = greffe__arena_zalloc(arena, (count + 1) * sizeof *texts);
    for (uint32_t i = 0; texts != NULL && i < count; i++) {
        const greffe__value *item = &list->as.items[i];
        *good = *good && item->kind == GREFFE__STRING;
        texts[i] = item->kind == GREFFE__STRING ? greffe__str_dup(arena, item->as.string).data : "";
    }
    return texts;
}

static greffe_status read_actor(greffe_actor *out, greffe__str text, greffe__arena *arena)
{
    greffe__value who;
    bool good = true;
    greffe_status status = greffe__json_read(&who, arena, NULL, "actor", text);
    if (status != GREFFE_OK || who.kind != GREFFE__CONTEXT) {
        return status == GREFFE_ENOMEM ? status : GREFFE_EINVALID;
    }
    *out = (greffe_actor){.size = sizeof *out,
                          .subject = text_of(&who, "subject", arena),
                          .kind = text_of(&who, "kind", arena),
                          .on_behalf_of = text_of(&who, "on_behalf_of", arena),
                          .mandate = text_of(&who, "mandate", arena),
                          .assurance = text_of(&who, "assurance", arena),
                          .channel = text_of(&who, "channel", arena),
                          .services = list_of(&who, "services", &good, arena),
                          .roles = list_of(&who, "roles", &good, arena)};
    good = good && out->subject != NULL && out->kind != NULL;
    return arena->failed ? GREFFE_ENOMEM : good ? GREFFE_OK : GREFFE_EINVALID;
}

/* --- Executing --- */

static const char *terminated(greffe__arena *arena, greffe__str text)
{
    return greffe__str_dup(arena, text).data;
}

static const char *optional(greffe__arena *arena, greffe__str text)
{
    return text.size == 0 ? NULL : terminated(arena, text);
}

/* Texts that lie in a database may hold zeros, which no text of a command may. */
static bool has_zero(const greffe_inbox_row *row)
{
    const greffe__str texts[] = {row->verb,        row->stream,    row->key,
                                 row->represented, row->effective, row->because};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].size > 0 && memchr(texts[i].data, 0, texts[i].size) != NULL) {
            return true;
        }
    }
    return false;
}

static greffe_status answer_it(greffe_engine *e, incoming *in, const greffe_result *result)
{
    const greffe_inbox_answer answer = {
        .id = in->row->id,
        .now_ms = in->now_ms,
        .status = greffe__str_of(greffe_status_name(result->status)),
        .code = greffe__str_of(result->code),
        .message = greffe__str_of(result->message),
        .answer = greffe__str_of(result->answer != NULL ? result->answer : "{}"),
        .version = result->version,
        .repeated = result->repeated};
    greffe_status status = greffe__wait_answer(e, &answer);
    in->answered = status == GREFFE_OK;
    return status;
}

static greffe_status refuse(greffe_engine *e, incoming *in, char *why)
{
    const greffe_result result = {
        .status = GREFFE_EINVALID, .code = greffe__code_text(GREFFE__GR_CMD_SHAPE), .message = why};
    return answer_it(e, in, &result);
}

static greffe_status run(greffe_engine *e, void *data)
{
    static char no_actor[] =
        "the column actor holds no JSON object with texts \"subject\" and \"kind\", and lists of "
        "texts \"services\" and \"roles\"; write {\"subject\":\"…\",\"kind\":\"agent\","
        "\"services\":[\"…\"]}";
    static char no_command[] = "the row is no command: a text holds a zero byte, or the actor's "
                               "kind is \"system\"; see greffe help act";
    incoming *in = data;
    const greffe_inbox_row *row = in->row;
    greffe_actor actor;
    greffe_result result = {0};
    in->answered = false;
    greffe_status status = read_actor(&actor, row->actor, in->arena);
    if (status != GREFFE_OK) {
        return status == GREFFE_ENOMEM ? status : refuse(e, in, no_actor);
    }
    const greffe_command command = {.size = sizeof command,
                                    .verb = terminated(in->arena, row->verb),
                                    .stream = terminated(in->arena, row->stream),
                                    .key = terminated(in->arena, row->key),
                                    .actor = &actor,
                                    .represented = optional(in->arena, row->represented),
                                    .effective = optional(in->arena, row->effective),
                                    .because = optional(in->arena, row->because),
                                    .if_version = row->if_version,
                                    .args = row->args,
                                    .now_ms = in->now_ms};
    if (in->arena->failed) {
        return GREFFE_ENOMEM;
    }
    if (has_zero(row) || greffe__check_command(&command) != GREFFE_OK) {
        return refuse(e, in, no_command);
    }
    greffe__execution x = {.command = &command, .result = &result, .context = e->own};
    greffe__job job = greffe__command_job(&x);
    status = job.run(e, &x);
    if (!greffe__of_the_store(status)) { /* else nobody knows yet: it stays */
        status = answer_it(e, in, &result);
    }
    job.undo(&job); /* its texts */
    return status;
}

static void take_back(greffe__job *job)
{
    incoming *in = job->data;
    in->answered = false;
}

/* --- Rounds --- */

/* A page of the inbox: those that may share a commit do. */
static greffe_status execute_all(greffe_engine *e, incoming *all, size_t count)
{
    greffe__job jobs[GREFFE_MAX_GROUP], *places[GREFFE_MAX_GROUP];
    greffe_status status = GREFFE_OK;
    for (size_t i = 0; i < count && status == GREFFE_OK;) {
        size_t some = 0;
        for (; i < count && some < GREFFE_MAX_GROUP; some++, i++) {
            bool alone = greffe__str_is(all[i].row->verb, "erase");
            if (alone && some > 0) {
                break;
            }
            jobs[some] =
                (greffe__job){.run = run, .data = &all[i], .stream = "inbox", .undo = take_back};
            places[some] = &jobs[some];
            if (alone) {
                some += 1;
                i += 1;
                break;
            }
        }
        (void)greffe__run_group(e, places, some, NULL, NULL);
        for (size_t j = 0; j < some; j++) {
            bool stuck = greffe__of_the_store(jobs[j].status);
            status = status == GREFFE_OK && stuck ? jobs[j].status : status;
        }
    }
    return status;
}

greffe_status greffe__empty_inbox(greffe_engine *e, int64_t now_ms, uint32_t limit,
                                  greffe_progress *did)
{
    if (!GREFFE__STORE_HAS(e->store, inbox)) {
        return GREFFE_OK;
    }
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe_inbox_request request = {.limit = limit < GREFFE_MAX_GROUP ? limit : GREFFE_MAX_GROUP};
    greffe_status status = greffe__wait_inbox(e, &request, &arena);
    incoming *all = greffe__arena_zalloc(&arena, (request.count + 1) * sizeof *all);
    status = status == GREFFE_OK && all == NULL ? GREFFE_ENOMEM : status;
    for (size_t i = 0; i < request.count && status == GREFFE_OK; i++) {
        all[i] = (incoming){.row = &request.rows[i], .arena = &arena, .now_ms = now_ms};
    }
    status = status == GREFFE_OK ? execute_all(e, all, request.count) : status;
    for (size_t i = 0; all != NULL && i < request.count; i++) {
        did->commands += all[i].answered;
    }
    did->more = did->more || (status == GREFFE_OK && request.count == request.limit);
    greffe__arena_free(&arena);
    return status;
}
