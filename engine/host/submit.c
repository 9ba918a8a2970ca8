/* Calls that do not wait: what they need is copied, done on the store thread, and told as a notice.
 */
#include <string.h>

#include "host/host_priv.h"

typedef struct submission {
    greffe__job job; /* the first member: a job is its submission */
    greffe_engine *engine;
    greffe__notice *notice;
    greffe__arena *arena; /* of the copies, and of this: its notice's, given back by who takes it */
    greffe__execution execution;
    greffe_command command;
    greffe_actor actor;
    greffe_query query;
    const greffe_plan *plan;
    uint32_t limit; /* of a round */
    int64_t now_ms;
} submission;

/* --- Copies --- */

static const char *copy(greffe__arena *arena, const char *text)
{
    return text == NULL ? NULL : greffe__str_dup(arena, greffe__str_of(text)).data;
}

static const char *const *copy_list(greffe__arena *arena, const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count += 1;
    }
    const char **all = list == NULL ? NULL : greffe__arena_zalloc(arena, (count + 1) * sizeof *all);
    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i] = copy(arena, list[i]);
    }
    return all;
}

static void copy_actor(submission *s, const greffe_actor *a)
{
    s->actor = (greffe_actor){.size = sizeof s->actor,
                              .subject = copy(s->arena, a->subject),
                              .kind = copy(s->arena, a->kind),
                              .on_behalf_of = copy(s->arena, a->on_behalf_of),
                              .mandate = copy(s->arena, a->mandate),
                              .services = copy_list(s->arena, a->services),
                              .roles = copy_list(s->arena, a->roles),
                              .assurance = copy(s->arena, a->assurance),
                              .channel = copy(s->arena, a->channel)};
}

static void copy_command(submission *s, const greffe_command *c)
{
    copy_actor(s, c->actor);
    s->command = (greffe_command){.size = sizeof s->command,
                                  .verb = copy(s->arena, c->verb),
                                  .stream = copy(s->arena, c->stream),
                                  .key = copy(s->arena, c->key),
                                  .actor = &s->actor,
                                  .represented = copy(s->arena, c->represented),
                                  .effective = copy(s->arena, c->effective),
                                  .because = copy(s->arena, c->because),
                                  .if_version = c->if_version,
                                  .args = greffe__str_dup(s->arena, c->args),
                                  .now_ms = c->now_ms};
}

static void copy_query(submission *s, const greffe_query *q)
{
    s->query = *q;
    s->query.key = copy(s->arena, q->key);
    s->query.group = copy(s->arena, q->group);
    s->query.status = copy(s->arena, q->status);
    s->query.stream_kind = copy(s->arena, q->stream_kind);
    s->query.after = copy(s->arena, q->after);
    s->query.subject = copy(s->arena, q->subject);
    s->query.person = copy(s->arena, q->person);
    s->query.order = copy(s->arena, q->order);
    s->query.args = greffe__str_dup(s->arena, q->args);
    if (q->actor != NULL) {
        copy_actor(s, q->actor);
        s->query.actor = &s->actor;
    }
}

/* --- Doing --- */

static greffe_status read_it(greffe_engine *e, void *data)
{
    submission *s = data;
    return greffe__read_query(e, &s->notice->what.result.answer, &s->query);
}

static greffe_status publish_it(greffe_engine *e, void *data)
{
    submission *s = data;
    return greffe__publish(e, &s->plan);
}

static greffe_status run_round(greffe_engine *e, void *data)
{
    submission *s = data;
    return greffe__dispatch(e, s->limit, s->now_ms, &s->notice->what.result.answer);
}

/* Texts are there, unless there is no memory. */
static void fill(const greffe_engine *e, char **text, const char *with)
{
    size_t size = strlen(with) + 1;
    if (*text == NULL && (*text = greffe__alloc(e->context, NULL, size)) != NULL) {
        memcpy(*text, with, size);
    }
}

static void tell(greffe__job *job)
{
    submission *s = (submission *)job;
    greffe_result *result = &s->notice->what.result;
    result->status = job->status;
    result->code = result->code != NULL ? result->code : "";
    fill(s->engine, &result->message,
         job->status == GREFFE_OK ? "" : greffe_status_name(job->status));
    fill(s->engine, &result->answer, "{}");
    greffe__notices_put(s->engine->notices, s->notice);
}

/* --- Accepting --- */

/* Room for a call and for its reply, taken before it is accepted. */
static greffe_status prepare(submission **out, greffe_engine *e, greffe_reply_fn reply, void *data)
{
    if (!greffe__notices_accept(e->notices)) {
        return GREFFE_EBUSY;
    }
    greffe__notice *notice = greffe__alloc(e->context, NULL, sizeof *notice);
    if (notice == NULL) {
        greffe__notices_refuse(e->notices);
        return GREFFE_ENOMEM;
    }
    *notice = (greffe__notice){.what = {.size = sizeof notice->what,
                                        .kind = GREFFE_NOTICE_REPLY,
                                        .reply = reply,
                                        .data = data}};
    greffe__arena_init(&notice->arena, e->context);
    submission *s = greffe__arena_alloc(&notice->arena, sizeof *s);
    if (s == NULL) {
        greffe__notice_free(e, notice);
        greffe__notices_refuse(e->notices);
        return GREFFE_ENOMEM;
    }
    *s = (submission){.engine = e, .notice = notice, .arena = &notice->arena};
    *out = s;
    return GREFFE_OK;
}

static greffe_status accept(submission *s)
{
    greffe_engine *e = s->engine;
    if (s->arena->failed) {
        greffe__free(e->context, s->execution.message);
        greffe__free(e->context, s->execution.answer);
        greffe__notice_free(e, s->notice);
        greffe__notices_refuse(e->notices);
        return GREFFE_ENOMEM;
    }
    s->job.finished = tell;
    greffe__queue_post(e->queue, &s->job);
    return GREFFE_OK;
}

greffe_status greffe_engine_submit(greffe_engine *engine, const greffe_command *command,
                                   greffe_reply_fn reply, void *data)
{
    submission *s;
    if (engine == NULL || reply == NULL || greffe__check_command(command) != GREFFE_OK) {
        return GREFFE_EMISUSE;
    }
    greffe_status status = prepare(&s, engine, reply, data);
    if (status != GREFFE_OK) {
        return status;
    }
    copy_command(s, command);
    if (!s->arena->failed) {
        s->execution = (greffe__execution){
            .command = &s->command, .result = &s->notice->what.result, .context = engine->context};
        s->job = greffe__command_job(&s->execution);
        greffe__read_early(engine, &s->execution, s->arena); /* not the store thread's work */
    }
    return accept(s);
}

greffe_status greffe_engine_ask(greffe_engine *engine, const greffe_query *query,
                                greffe_reply_fn reply, void *data)
{
    submission *s;
    if (engine == NULL || reply == NULL || greffe__check_query(query) != GREFFE_OK) {
        return GREFFE_EMISUSE;
    }
    greffe_status status = prepare(&s, engine, reply, data);
    if (status != GREFFE_OK) {
        return status;
    }
    copy_query(s, query);
    s->job = (greffe__job){.run = read_it, .data = s};
    return accept(s);
}

greffe_status greffe_engine_submit_plan(greffe_engine *engine, const greffe_plan *plan,
                                        greffe_reply_fn reply, void *data)
{
    submission *s;
    if (engine == NULL || plan == NULL || reply == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe_status status = prepare(&s, engine, reply, data);
    if (status != GREFFE_OK) {
        return status;
    }
    s->plan = plan;
    s->job = (greffe__job){.run = publish_it, .data = s};
    return accept(s);
}

greffe_status greffe_engine_dispatch(greffe_engine *engine, uint32_t limit, int64_t now_ms,
                                     greffe_reply_fn reply, void *data)
{
    submission *s;
    if (engine == NULL || limit == 0 || reply == NULL ||
        (now_ms != 0 && !greffe__good_instant(now_ms))) {
        return GREFFE_EMISUSE;
    }
    greffe_status status = prepare(&s, engine, reply, data);
    if (status != GREFFE_OK) {
        return status;
    }
    s->limit = limit;
    s->now_ms = now_ms;
    s->job = (greffe__job){.run = run_round, .data = s};
    return accept(s);
}
