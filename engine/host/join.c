/* The host's own transaction: a second, small engine over a store on the host's connection. It has
 * no thread, handlers or notices; all else is as on the store thread. */
#include <greffe/join.h>
#include <string.h>

#include "host/host_priv.h"

struct greffe_joined {
    greffe_engine view;
    greffe_engine *host;
};

void greffe_engine_leave(greffe_joined *joined)
{
    if (joined == NULL) {
        return;
    }
    greffe_engine *view = &joined->view;
    for (uint32_t i = 0; i < view->plan_count; i++) {
        greffe_plan_unref(view->plans[i].plan);
    }
    if (view->store != NULL) {
        view->store->ops->close(view->store);
    }
    if (view->own != NULL) {
        greffe__arena_free(&view->work);
        greffe__arena_free(&view->zones);
        greffe_context_destroy(view->own);
    }
    greffe__free(joined->host->context, joined);
}

greffe_status greffe_engine_join(greffe_joined **out, greffe_engine *engine, void *connection)
{
    if (out == NULL || engine == NULL || connection == NULL ||
        !GREFFE__STORE_HAS(engine->store, join)) {
        return GREFFE_EMISUSE;
    }
    greffe_joined *joined = greffe__alloc(engine->context, NULL, sizeof *joined);
    if (joined == NULL) {
        return GREFFE_ENOMEM;
    }
    *joined = (greffe_joined){.host = engine};
    joined->view = (greffe_engine){.context = engine->context,
                                   .clock = engine->clock,
                                   .clock_data = engine->clock_data,
                                   .random = engine->random,
                                   .random_data = engine->random_data,
                                   .zone_bytes = engine->zone_bytes,
                                   .authorize = engine->authorize,
                                   .authorize_data = engine->authorize_data,
                                   .before_commit = engine->before_commit,
                                   .before_commit_data = engine->before_commit_data};
    memcpy(joined->view.secret, engine->secret, sizeof engine->secret);
    greffe_status status = greffe__context_clone(&joined->view.own, engine->context);
    if (status == GREFFE_OK) {
        greffe__arena_init(&joined->view.zones, joined->view.own);
        greffe__arena_init(&joined->view.work, joined->view.own);
        status = engine->store->ops->join(engine->store, connection, engine->secret,
                                          &joined->view.store);
    }
    if (status != GREFFE_OK) {
        greffe_engine_leave(joined);
        return status;
    }
    *out = joined;
    return GREFFE_OK;
}

/* Runs a job in the host's transaction. What the store says of that transaction counts most: it may
 * be gone. */
static greffe_status run_in(greffe_joined *joined, greffe__job *job)
{
    greffe_status status = greffe__wait_group(&joined->view, true);
    if (status != GREFFE_OK) {
        return status;
    }
    job->status = job->run(&joined->view, job->data);
    status = greffe__wait_group(&joined->view, false);
    if (status != GREFFE_OK && job->undo != NULL) {
        job->undo(job);
    }
    return status != GREFFE_OK ? status : job->status;
}

greffe_status greffe_engine_execute_in(greffe_joined *joined, greffe_result *out,
                                       const greffe_command *command)
{
    if (joined == NULL || out == NULL || greffe__check_command(command) != GREFFE_OK) {
        return GREFFE_EMISUSE;
    }
    *out = (greffe_result){0};
    greffe__execution x = {.command = command, .result = out, .context = joined->view.context};
    greffe__job job = greffe__command_job(&x);
    return job.stream == NULL ? GREFFE_EMISUSE : run_in(joined, &job);
}

greffe_status greffe_engine_read_in(greffe_joined *joined, char **out, const greffe_query *query)
{
    if (joined == NULL || out == NULL || greffe__check_query(query) != GREFFE_OK) {
        return GREFFE_EMISUSE;
    }
    greffe__asked asked = {query, out};
    greffe__job job = {.run = greffe__answer_query, .data = &asked};
    return run_in(joined, &job);
}

greffe_status greffe_engine_publish_in(greffe_joined *joined, const greffe_plan *plan)
{
    if (joined == NULL || plan == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe__job job = {.run = greffe__publish, .data = &plan};
    return run_in(joined, &job);
}

greffe_status greffe_engine_acknowledge_in(greffe_joined *joined, const char *subscriber,
                                           const char *cursor)
{
    greffe__acknowledgement a;
    if (joined == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe_status status = greffe__acknowledgement_read(&a, subscriber, cursor);
    greffe__job job = {.run = greffe__acknowledge, .data = &a};
    return status == GREFFE_OK ? run_in(joined, &job) : status;
}
