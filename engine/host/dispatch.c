/* Rounds: what is due is done. Timers fire, effects are handed to their handlers, outcomes are
 * told. Everything that comes back is a command. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "host/host_priv.h"

enum { most_at_once = 10000, told_together = 64, told_at_the_latest_ms = 1000 };

typedef struct round_data {
    greffe_progress *progress;
    uint32_t limit;
    int64_t now_ms;
    int64_t given_ms; /* 0: the engine's clock, asked anew for each lease */
    greffe__page page;
    greffe__delivery *one; /* that a job is about */
    greffe__delivery *done[told_together];
    size_t done_count;
} round_data;

/* --- Timers --- */

static greffe_status fire_timers(greffe_engine *e, void *data)
{
    round_data *d = data;
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe_claim_request request = {.now_ms = d->now_ms, .limit = d->limit};
    greffe_status status = greffe__wait_claim(e, &request, &arena);
    for (size_t i = 0; i < request.count && status == GREFFE_OK; i++) {
        greffe__arena inner;
        greffe__arena_init(&inner, e->own);
        greffe__command timer;
        greffe__outcome outcome;
        greffe_load item = {
            .what = GREFFE_LOAD_STREAM, .kind = request.due[i].kind, .key = request.due[i].key};
        status = greffe__wait_load(e, &item, 1, &inner);
        greffe__stream stream = {
            .kind = item.kind, .key = item.key, .exists = item.found, .bytes = item.body};
        if (status == GREFFE_OK && greffe__due_timer(&timer, &stream, d->now_ms, &inner)) {
            status = greffe__execute(e, &outcome, &timer, &inner);
            if (!greffe__of_the_store(status) && status != GREFFE_OK) {
                greffe__log(e->own, GREFFE_LOG_ERROR, "a timer could not be fired");
                d->progress->incidents += 1;
                status = GREFFE_OK;
            }
            bool done = status == GREFFE_OK && outcome.status == GREFFE_OK;
            d->progress->timers += done && !outcome.gave_up;
            d->progress->incidents += done && outcome.gave_up;
        }
        greffe__arena_free(&inner);
    }
    d->progress->more = d->progress->more || request.count == d->limit;
    greffe__arena_free(&arena);
    return status;
}

/* --- Effects --- */

static greffe_status claim(greffe_engine *e, void *data)
{
    round_data *d = data;
    return greffe__claim_page(e, &d->page);
}

static greffe_status mark(greffe_engine *e, void *data)
{
    round_data *d = data;
    return greffe__delivery_mark(e, d->one, 0);
}

static greffe_status tell_done(greffe_engine *e, void *data)
{
    round_data *d = data;
    return greffe__tell_all(e, d->done, d->done_count);
}

static greffe_status flush(greffe_engine *e, round_data *d)
{
    greffe_status status =
        d->done_count > 0 ? greffe__queue_call(e->queue, tell_done, d) : GREFFE_OK;
    for (size_t i = 0; i < d->done_count; i++) {
        greffe__progress_add(d->progress, &d->done[i]->did);
    }
    d->done_count = 0;
    return status;
}

/* For how long what was done has not been told: the machine's own clock, which no host sets. */
static int64_t elapsed_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A payment is told before the next one leaves, and marked before it does itself. */
static greffe_status deliver(greffe_engine *e, round_data *d, greffe__delivery *one)
{
    d->one = one;
    greffe_status status =
        one->once && one->status == GREFFE_OK ? greffe__queue_call(e->queue, mark, d) : GREFFE_OK;
    if (status == GREFFE_ECONFLICT) {
        return GREFFE_OK; /* it took too long to come to it: somebody else has it now */
    }
    if (status == GREFFE_OK && one->status == GREFFE_OK) {
        one->status = one->handler->run(one->handler->data, &one->effect, one->problem);
    }
    if (status == GREFFE_OK) {
        d->done[d->done_count++] = one;
    }
    return status;
}

static greffe_status deliver_page(greffe_engine *e, round_data *d)
{
    greffe_status status = greffe__queue_call(e->queue, claim, d);
    int64_t since = elapsed_ms();
    for (size_t i = 0; i < d->page.count && status == GREFFE_OK; i++) {
        status = deliver(e, d, &d->page.at[i]);
        bool late = elapsed_ms() - since >= told_at_the_latest_ms;
        if (status == GREFFE_OK && (late || d->page.at[i].once)) {
            status = flush(e, d);
            since = elapsed_ms();
        }
    }
    greffe_status told = flush(e, d);
    greffe__progress_add(d->progress, &d->page.did);
    return status == GREFFE_OK ? told : status;
}

static greffe_status deliver_effects(greffe_engine *e, round_data *d)
{
    greffe_status status = GREFFE_OK;
    bool full = true;
    for (uint32_t done = 0; done < d->limit && status == GREFFE_OK && full;) {
        d->page = (greffe__page){.limit = d->limit, .now_ms = d->now_ms, .given_ms = d->given_ms};
        greffe__arena_init(&d->page.arena, e->context);
        status = deliver_page(e, d);
        full = d->page.full;
        done += told_together;
        greffe__arena_free(&d->page.arena);
    }
    return status;
}

/* --- Door --- */

static greffe_status set_handler(greffe_engine *e, void *data)
{
    const greffe__handler *wanted = data;
    for (uint32_t i = 0; i < e->handler_count; i++) {
        if (strcmp(e->handlers[i].channel, wanted->channel) == 0) {
            e->handlers[i] = *wanted;
            return GREFFE_OK;
        }
    }
    if (e->handler_count == GREFFE__MAX_CHANNELS) {
        return GREFFE_ELIMIT;
    }
    e->handlers[e->handler_count++] = *wanted;
    return GREFFE_OK;
}

greffe_status greffe_engine_handle(greffe_engine *engine, const greffe_handler *handler)
{
    if (engine == NULL || handler == NULL || handler->size != sizeof *handler ||
        handler->channel == NULL || handler->channel[0] == '\0') {
        return GREFFE_EMISUSE;
    }
    greffe__handler wanted = {
        .run = handler->run, .data = handler->data, .repeatable = handler->repeatable};
    if (strlen(handler->channel) >= sizeof wanted.channel) {
        return GREFFE_EMISUSE;
    }
    (void)snprintf(wanted.channel, sizeof wanted.channel, "%s", handler->channel);
    return greffe__queue_call(engine->queue, set_handler, &wanted);
}

greffe_status greffe_engine_run(greffe_engine *engine, greffe_progress *out, uint32_t limit,
                                int64_t now_ms)
{
    if (engine == NULL || out == NULL || limit == 0) {
        return GREFFE_EMISUSE;
    }
    limit = limit < most_at_once ? limit : most_at_once;
    *out = (greffe_progress){0};
    round_data d = {
        .progress = out, .limit = limit, .given_ms = now_ms, .now_ms = greffe__now(engine, now_ms)};
    if (!greffe__good_instant(d.now_ms) || !greffe__queue_begin_round(engine->queue)) {
        return GREFFE_EMISUSE;
    }
    /* What was decided before goes first: an outcome that waits is older than a delay that ends. */
    greffe_status status = deliver_effects(engine, &d);
    if (status == GREFFE_OK) {
        status = greffe__queue_call(engine->queue, fire_timers, &d);
    }
    status = status == GREFFE_OK ? deliver_effects(engine, &d) : status;
    greffe__queue_end_round(engine->queue);
    return status;
}
