/* Rounds: what is due is done. Timers fire, effects are handed to their handlers, outcomes are
 * told. Everything that comes back is a command. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"

enum {
    most_at_once = 10000,
    told_at_the_latest_ms = 1000,
    default_trips = 10,
    most_per_minute = 60000
};

static const uint64_t most_within_ms = UINT64_C(90) * 86400000;

typedef struct round_data {
    greffe_progress *progress;
    uint32_t limit;
    int64_t now_ms;
    int64_t given_ms; /* 0: the engine's clock, asked anew for each lease */
    greffe__page page;
    greffe__delivery *one; /* that a job is about */
    greffe__delivery *done[GREFFE__MAX_PAGE];
    size_t done_count;
} round_data;

/* --- Whose turn it is --- */

/* The lease is taken for what there is to do: who finds nothing leaves it to others. */
static greffe_status take_turn(greffe_engine *e, greffe__turn *turn, int64_t now_ms,
                               greffe_progress *did)
{
    greffe__next next;
    *turn = (greffe__turn){.leads = true};
    if (e->alone) {
        return GREFFE_OK;
    }
    greffe_status status = greffe__next_instant(e, &next);
    bool due = status == GREFFE_OK && (next.effects_ms <= now_ms || next.others_ms <= now_ms);
    turn->leads = false;
    status = due ? greffe__lead(e, turn) : status;
    did->elsewhere = due && !turn->leads;
    return status;
}

typedef struct beginning {
    greffe__turn turn;
    greffe_progress *did;
    int64_t now_ms;
    uint32_t limit;
} beginning;

/* What a round that waits does first, on the store thread. */
static greffe_status begin_round(greffe_engine *e, void *data)
{
    beginning *b = data;
    greffe__progress_add(b->did, &e->ended);
    e->ended = (greffe_progress){0};
    greffe_status status = take_turn(e, &b->turn, b->now_ms, b->did);
    return status == GREFFE_OK && b->turn.leads
               ? greffe__empty_inbox(e, b->now_ms, b->limit, b->did)
               : status;
}

/* --- Timers --- */

greffe_status greffe__fire_timers(greffe_engine *e, int64_t now_ms, uint32_t limit,
                                  greffe_progress *did)
{
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe_claim_request request = {.now_ms = now_ms, .limit = limit};
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
        if (status == GREFFE_OK && greffe__due_timer(&timer, &stream, now_ms, &inner)) {
            status = greffe__execute(e, &outcome, &timer, &inner);
            if (!greffe__of_the_store(status) && status != GREFFE_OK) {
                greffe__log(e->own, GREFFE_LOG_ERROR, "a timer could not be fired");
                did->incidents += 1;
                status = GREFFE_OK;
            }
            bool done = status == GREFFE_OK && outcome.status == GREFFE_OK;
            did->timers += done && !outcome.gave_up;
            did->incidents += done && outcome.gave_up;
        }
        greffe__arena_free(&inner);
    }
    did->more = did->more || request.count == limit;
    greffe__arena_free(&arena);
    return status;
}

static greffe_status fire_timers(greffe_engine *e, void *data)
{
    const round_data *d = data;
    return greffe__fire_timers(e, d->now_ms, d->limit, d->progress);
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
    return d->one->handler->start != NULL ? greffe__delivery_hold(e, d->one)
                                          : greffe__delivery_mark(e, d->one);
}

static greffe_status keep(greffe_engine *e, void *data)
{
    round_data *d = data;
    return greffe__delivery_keep(e, d->one, greffe__page_age(e, &d->page));
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

/* What is begun only is finished by greffe_engine_finish. */
static bool hand_over(const greffe_engine *e, greffe__delivery *one, greffe__arena *arena)
{
    char token[GREFFE__TOKEN_CHARS];
    const greffe__handler *handler = one->handler;
    if (handler->start == NULL) {
        greffe__answer answer = {.arena = arena};
        one->effect.own = &answer;
        one->status = handler->run(handler->data, &one->effect, one->problem);
        one->effect.own = NULL;
        one->said = answer.outcome;
        one->gives = answer.gives;
        return true;
    }
    greffe__token_write(e, token, one);
    one->status = handler->start(handler->data, &one->effect, token, one->problem);
    return one->status != GREFFE_OK;
}

/* A payment is told before the next one leaves, and marked before it does itself. */
static greffe_status deliver(greffe_engine *e, round_data *d, greffe__delivery *one)
{
    bool ready = one->status == GREFFE_OK;
    bool marks = ready && (one->once || one->handler->start != NULL);
    bool old = ready && !marks && greffe__page_is_old(e, &d->page);
    d->one = one;
    greffe_status status = marks ? greffe__queue_call(e->queue, mark, d)
                           : old ? greffe__queue_call(e->queue, keep, d)
                                 : GREFFE_OK;
    if (status == GREFFE_ECONFLICT) {
        return GREFFE_OK; /* it took too long to come to it: somebody else has it now */
    }
    if (status == GREFFE_OK && (!ready || hand_over(e, one, &d->page.arena))) {
        d->done[d->done_count++] = one;
    }
    return status;
}

static greffe_status deliver_page(greffe_engine *e, round_data *d)
{
    greffe_status status = greffe__queue_call(e->queue, claim, d);
    int64_t since = greffe__page_age(e, &d->page);
    for (size_t i = 0; i < d->page.count && status == GREFFE_OK; i++) {
        status = deliver(e, d, d->page.at[i]);
        bool late = greffe__page_age(e, &d->page) - since >= told_at_the_latest_ms;
        if (status == GREFFE_OK && (late || d->page.at[i]->once)) {
            status = flush(e, d);
            since = greffe__page_age(e, &d->page);
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
        done += GREFFE__MAX_PAGE;
        greffe__arena_free(&d->page.arena);
    }
    return status;
}

/* What was decided before goes first: an outcome that waits is older than a delay that ends. */
static greffe_status run_round(greffe_engine *e, round_data *d)
{
    greffe_status status = deliver_effects(e, d);
    status = status == GREFFE_OK ? greffe__queue_call(e->queue, fire_timers, d) : status;
    return status == GREFFE_OK ? deliver_effects(e, d) : status;
}

/* --- A round that does not wait: handlers are called when the host polls --- */

/* Held for its handler before the host hears of it. */
static greffe_status announce(greffe_engine *e, greffe__delivery *one)
{
    greffe_status status = one->status == GREFFE_OK ? greffe__delivery_hold(e, one) : GREFFE_OK;
    if (status == GREFFE_ECONFLICT) {
        return GREFFE_OK;
    }
    if (status == GREFFE_OK && one->status != GREFFE_OK) {
        return greffe__tell_all(e, &one, 1); /* there is nothing that could be handed over */
    }
    greffe__notice *notice = status == GREFFE_OK ? greffe__effect_notice(e, one) : NULL;
    if (notice != NULL) {
        greffe__notices_put(e->notices, notice);
    }
    return status == GREFFE_OK && notice == NULL ? GREFFE_ENOMEM : status;
}

static greffe_status announce_page(greffe_engine *e, greffe__page *page, greffe_progress *did)
{
    page->did = (greffe_progress){0};
    greffe__arena_init(&page->arena, e->own);
    greffe_status status = greffe__claim_page(e, page);
    for (size_t i = 0; i < page->count && status == GREFFE_OK; i++) {
        status = announce(e, page->at[i]);
        greffe__progress_add(&page->did, &page->at[i]->did);
        page->did.effects += page->at[i]->status == GREFFE_OK;
    }
    greffe__progress_add(did, &page->did);
    greffe__arena_free(&page->arena);
    return status;
}

static greffe_status say_what_was_done(greffe_engine *e, const greffe_progress *did,
                                       const greffe__turn *turn, int64_t now_ms, char **answer)
{
    greffe__buf text;
    greffe__next instants;
    greffe_status status = greffe__next_instant(e, &instants);
    if (instants.effects_ms <= now_ms) {
        int64_t free = greffe__valve_next(e, now_ms);
        instants.effects_ms = free != INT64_MAX ? free : instants.effects_ms;
    }
    int64_t next =
        instants.effects_ms < instants.others_ms ? instants.effects_ms : instants.others_ms;
    /* What is due is another's to do, while it is there. */
    next = did->elsewhere && next < turn->until_ms ? turn->until_ms : next;
    greffe__buf_init(&text, e->context);
    greffe__buf_format(&text,
                       "{\"timers\":%llu,\"effects\":%llu,\"incidents\":%llu,\"commands\":%llu,"
                       "\"more\":%s,\"elsewhere\":%s,\"now_ms\":%lld,\"next_ms\":",
                       (unsigned long long)did->timers, (unsigned long long)did->effects,
                       (unsigned long long)did->incidents, (unsigned long long)did->commands,
                       did->more ? "true" : "false", did->elsewhere ? "true" : "false",
                       (long long)now_ms);
    greffe__buf_format(&text, next == INT64_MAX ? "null}" : "%lld}", (long long)next);
    if (status == GREFFE_OK && greffe__buf_done(&text) == NULL) {
        status = GREFFE_ENOMEM;
    }
    if (status != GREFFE_OK) {
        greffe__buf_free(&text);
        return status;
    }
    *answer = text.data;
    return GREFFE_OK;
}

static greffe_status announce_round(greffe_engine *e, greffe__page *page, greffe_progress *did)
{
    greffe_status status = greffe__empty_inbox(e, page->now_ms, page->limit, did);
    status = status == GREFFE_OK ? announce_page(e, page, did) : status;
    status = status == GREFFE_OK ? greffe__fire_timers(e, page->now_ms, page->limit, did) : status;
    return status == GREFFE_OK ? announce_page(e, page, did) : status;
}

greffe_status greffe__dispatch(greffe_engine *e, uint32_t limit, int64_t now_ms, char **answer)
{
    greffe_progress did = {0};
    greffe__page page = {.limit = limit, .now_ms = greffe__now(e, now_ms), .given_ms = now_ms};
    if (!greffe__queue_try_round(e->queue)) {
        return GREFFE_EBUSY;
    }
    greffe__turn turn;
    greffe_status status = take_turn(e, &turn, page.now_ms, &did);
    if (status == GREFFE_OK && turn.leads) {
        status = announce_round(e, &page, &did);
    }
    greffe__queue_end_round(e->queue);
    status = status == GREFFE_OK ? greffe__announce_events(e) : status;
    return status == GREFFE_OK ? say_what_was_done(e, &did, &turn, page.now_ms, answer) : status;
}

/* --- Door --- */

static greffe_status set_handler(greffe_engine *e, void *data)
{
    const greffe__handler *wanted = data;
    for (uint32_t i = 0; i < e->handler_count; i++) {
        if (strcmp(e->handlers[i].channel, wanted->channel) == 0) {
            e->handlers[i] = *wanted;
            greffe__valve_renew(e, i);
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
    greffe__handler wanted = {.run = handler->run,
                              .data = handler->data,
                              .repeatable = handler->repeatable,
                              .start = handler->start,
                              .within_ms = handler->within_ms,
                              .at_once = handler->at_once,
                              .per_minute = handler->per_minute,
                              .trips = handler->trips > 0 ? handler->trips : default_trips};
    bool bound = wanted.at_once > 0 || wanted.per_minute > 0;
    bool named = strcmp(handler->channel, "*") != 0 && strcmp(handler->channel, "call") != 0;
    if ((wanted.run != NULL && wanted.start != NULL) || wanted.within_ms > most_within_ms ||
        (bound && !named) || strlen(handler->channel) >= sizeof wanted.channel) {
        return GREFFE_EMISUSE;
    }
    if (wanted.at_once > GREFFE_MAX_AT_ONCE || wanted.per_minute > most_per_minute) {
        return GREFFE_ELIMIT;
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
    beginning b = {.did = out, .now_ms = d.now_ms, .limit = limit};
    greffe_status status = greffe__queue_call(engine->queue, begin_round, &b);
    if (status == GREFFE_OK && b.turn.leads) {
        status = run_round(engine, &d);
    }
    greffe__queue_end_round(engine->queue);
    return status;
}
