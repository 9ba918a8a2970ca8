/* What waits: due timers fire, effects are delivered, outcomes are relayed. Everything that comes
 * back is a command. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"
#include "value/json.h"

enum { lease_ms = 60000, first_wait_ms = 30000, page = 64, most_at_once = 10000 };

typedef struct round_data {
    greffe_progress *progress;
    uint32_t limit;
    int64_t now_ms;
    int64_t given_ms; /* 0: the engine's clock, asked anew for each lease */
    bool once;        /* a payment whose handler does not bear the same key twice */
    bool left;        /* it left, or may have: what follows must never send it again */
    greffe__arena *arena;
    greffe_claim_request request;
    greffe_effect_row *effect;
    greffe__str outcome, problem;
    /* Taken along with a page, so that delivering it asks the store thread for nothing else. */
    greffe__handler handlers[GREFFE__MAX_CHANNELS];
    uint32_t handler_count;
    greffe__cached_plan letters; /* of the bundle whose letters were filled in last */
} round_data;

/* Faults of one stream harm no other; those of the store end the round. */
static bool of_the_store(greffe_status status)
{
    return status == GREFFE_ENOMEM || status == GREFFE_EIO || status == GREFFE_EFULL ||
           status == GREFFE_EREADONLY || status == GREFFE_EBUSY || status == GREFFE_EVERSION;
}

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
            if (!of_the_store(status) && status != GREFFE_OK) {
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

/* Handlers are set and read on the store thread alone, from whichever thread that is asked. */
static greffe_status claim_effects(greffe_engine *e, void *data)
{
    round_data *d = data;
    memcpy(d->handlers, e->handlers, sizeof d->handlers);
    d->handler_count = e->handler_count;
    d->request = (greffe_claim_request){.now_ms = greffe__now(e, d->given_ms),
                                        .limit = d->limit < page ? d->limit : page,
                                        .effects = true,
                                        .lease_ms = e->alone ? 0 : lease_ms};
    return greffe__wait_claim(e, &d->request, d->arena);
}

static greffe__value arguments(const round_data *d, greffe__arena *arena, bool relay)
{
    const greffe_effect_row *effect = d->effect;
    greffe__entry *args = greffe__arena_alloc(arena, 3 * sizeof *args);
    if (args == NULL) {
        return greffe__null();
    }
    const char *name = !relay ? "effect" : effect->kind == GREFFE__SESSION ? "session" : "order";
    args[0] =
        (greffe__entry){greffe__str_of(name), greffe__string(relay ? effect->key : effect->item)};
    args[1] = (greffe__entry){greffe__str_of("outcome"), greffe__string(d->outcome)};
    args[2] = (greffe__entry){greffe__str_of("problem"), greffe__string(d->problem)};
    return greffe__context_of(args, relay ? 1 : 3);
}

/* Only what may be told more than once is told apart by the version of its source. */
static bool needs_version(const round_data *d)
{
    return greffe__str_is(d->effect->channel, "greffe") || greffe__str_is(d->outcome, "failed") ||
           greffe__str_is(d->outcome, "unknown");
}

/* The command that tells a stream what became of its effect, or a dossier of an outcome. `version`
 * is the source's: an order that is answered a second time is told a second time. */
static greffe__command telling(const round_data *d, greffe__arena *arena, uint64_t version)
{
    const greffe_effect_row *effect = d->effect;
    bool relay = greffe__str_is(effect->channel, "greffe");
    const char *suffix = relay                                   ? ""
                         : greffe__str_is(d->outcome, "failed")  ? "/failed"
                         : greffe__str_is(d->outcome, "unknown") ? "/unknown"
                                                                 : "";
    const char *verb = effect->kind == GREFFE__BATCH     ? "pay.written"
                       : effect->kind == GREFFE__SESSION ? "session.written"
                                                         : "result";
    greffe__command command = {.verb = relay ? effect->letter : greffe__str_of(verb),
                               .stream_kind = relay ? GREFFE__DOSSIER : effect->kind,
                               .stream_key = relay ? effect->item : effect->key,
                               .now_ms = d->now_ms,
                               .args = arguments(d, arena, relay)};
    command.actor =
        (greffe__person_in){.kind = greffe__str_of("system"), .channel = greffe__str_of("system")};
    greffe__hash id = greffe__sha256(relay ? effect->key : effect->item);
    char text[GREFFE__HASH_CHARS];
    greffe__hex(text, (greffe__str){(const char *)id.bytes, 16});
    command.key =
        greffe__str_format(arena, "%.*s/%s/%llu%s", (int)command.verb.size, command.verb.data, text,
                           (unsigned long long)(needs_version(d) ? version : 0), suffix);
    return command;
}

static greffe_status tell(greffe_engine *e, void *data)
{
    round_data *d = data;
    const greffe_effect_row *effect = d->effect;
    greffe__arena arena;
    greffe__outcome outcome = {.status = GREFFE_OK};
    greffe__arena_init(&arena, e->own);
    bool relay = greffe__str_is(effect->channel, "greffe");
    greffe_load source = {.what = GREFFE_LOAD_STREAM, .kind = effect->kind, .key = effect->key};
    greffe_status status = needs_version(d) ? greffe__wait_load(e, &source, 1, &arena) : GREFFE_OK;
    if (status == GREFFE_OK) {
        greffe__command command = telling(d, &arena, source.version);
        /* An outcome counts from the instant of its decision, however late it is told. */
        bool earlier = relay && source.found && source.last_ms < command.now_ms;
        command.now_ms = earlier ? source.last_ms : command.now_ms;
        status = greffe__execute(e, &outcome, &command, &arena);
    }
    bool told = greffe__str_is(d->outcome, "unknown");
    if (status == GREFFE_OK && outcome.status != GREFFE_OK && !relay && !told) {
        /* It is done, but what should follow was refused: an operator has to see to it. Money that
         * may be on its way has not failed: then it could be sent again. */
        d->outcome = greffe__str_of(d->once ? "unknown" : "failed");
        d->problem = outcome.message;
        d->progress->incidents += 1;
        status = greffe__wait_load(e, &source, 1, &arena);
        if (status == GREFFE_OK) {
            greffe__command command = telling(d, &arena, source.version);
            status = greffe__execute(e, &outcome, &command, &arena);
        }
    }
    if (status == GREFFE_OK && outcome.status != GREFFE_OK) {
        greffe__log(e->own, GREFFE_LOG_ERROR, outcome.message.data);
        status = outcome.status;
    }
    greffe__arena_free(&arena);
    return status;
}

static greffe_status postpone(greffe_engine *e, const greffe_effect_row *row, int64_t until_ms)
{
    greffe_status status = greffe__wait_postpone(e, row, until_ms);
    return status == GREFFE_ECONFLICT ? GREFFE_OK : status; /* somebody else has it now */
}

static greffe_status put_off(greffe_engine *e, void *data)
{
    const round_data *d = data;
    greffe_effect_row row = *d->effect;
    row.attempts += 1;
    row.started = d->left && row.started;
    uint32_t doublings = row.attempts < 12 ? row.attempts - 1 : 11;
    return postpone(e, &row, greffe__now(e, d->given_ms) + ((int64_t)first_wait_ms << doublings));
}

/* Nobody takes this channel yet: that is no attempt. */
static greffe_status leave_waiting(greffe_engine *e, void *data)
{
    const round_data *d = data;
    return postpone(e, d->effect, greffe__now(e, d->given_ms) + first_wait_ms);
}

/* Durable before the handler is called: who finds it later knows that it may have left. And taken
 * back when it surely did not. */
static greffe_status mark_started(greffe_engine *e, void *data)
{
    round_data *d = data;
    greffe_effect_row row = *d->effect;
    row.started = !row.started;
    int64_t until = e->alone ? row.lease_ms : greffe__now(e, d->given_ms) + lease_ms;
    greffe_status status = greffe__wait_postpone(e, &row, until);
    if (status == GREFFE_OK) {
        *d->effect = row;
        d->effect->lease_ms = until;
    }
    return status;
}

static const greffe__handler *find_handler(const round_data *d, greffe__str channel)
{
    for (uint32_t i = 0; i < d->handler_count; i++) {
        if (greffe__str_is(channel, d->handlers[i].channel) && d->handlers[i].run != NULL) {
            return &d->handlers[i];
        }
    }
    return NULL;
}

/* The bundle's own letters; there may be none, then the facts alone are handed over. */
typedef struct letters_job {
    greffe__str bundle;
    greffe__cached_plan *out;
} letters_job;

static greffe_status find_letters(greffe_engine *e, void *data)
{
    letters_job *job = data;
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe_status status = greffe__plan_by_hash(e, job->bundle, job->out, &arena);
    greffe__arena_free(&arena);
    return status;
}

static greffe_status fill_letter(greffe_engine *e, round_data *d, const greffe__value *facts,
                                 greffe__buf *subject, greffe__buf *text, char problem[256])
{
    letters_job job = {greffe__value_str(facts, "bundle"), &d->letters};
    if (job.bundle.size == 0) {
        return GREFFE_OK;
    }
    if (!greffe__str_is(job.bundle, d->letters.hash)) {
        greffe_plan_unref(d->letters.plan);
        d->letters = (greffe__cached_plan){.plan = NULL};
        greffe_status status = greffe__queue_call(e->queue, find_letters, &job);
        if (status != GREFFE_OK) {
            return status;
        }
    }
    const greffe__plan *plan = greffe__plan_of(d->letters.plan);
    const greffe__letter *letter = NULL;
    for (uint32_t i = 0; i < plan->letters.count && letter == NULL; i++) {
        bool it = greffe__str_equal(plan->letters.at[i].name, d->effect->letter);
        letter = it ? &plan->letters.at[i] : NULL;
    }
    if (letter == NULL || letter->body.size == 0) {
        return GREFFE_OK;
    }
    greffe_status status = greffe__render(subject, letter->subject, facts, problem);
    return status == GREFFE_OK ? greffe__render(text, letter->body, facts, problem) : status;
}

static const char *terminated(greffe__arena *arena, greffe__str text)
{
    const char *copy = greffe__arena_copy(arena, text.data, text.size);
    return copy != NULL ? copy : ""; /* the arena's own flag tells */
}

static greffe_status hand_over(greffe_engine *e, round_data *d, const greffe__handler *handler,
                               char problem[256])
{
    greffe__arena arena;
    greffe__buf body, subject, text;
    greffe__cbor in;
    greffe__arena_init(&arena, e->context);
    greffe__buf_init(&body, e->context);
    greffe__buf_init(&subject, e->context);
    greffe__buf_init(&text, e->context);
    greffe__cbor_open(&in, d->effect->body);
    greffe__value facts =
        d->effect->body.size > 0 ? greffe__cbor_read_value(&in, &arena) : greffe__null();
    greffe__json_write(&body, &facts);
    greffe_status status = fill_letter(e, d, &facts, &subject, &text, problem);
    greffe_effect effect = {.key = terminated(&arena, d->effect->item),
                            .channel = terminated(&arena, d->effect->channel),
                            .letter = terminated(&arena, d->effect->letter),
                            .subject = greffe__buf_done(&subject),
                            .text = greffe__buf_done(&text),
                            .attempts = d->effect->attempts,
                            .now_ms = d->now_ms};
    const char *json = greffe__buf_done(&body);
    effect.body = (greffe_str){json, body.size};
    if (status == GREFFE_OK &&
        (arena.failed || json == NULL || effect.subject == NULL || effect.text == NULL)) {
        status = GREFFE_ENOMEM;
    }
    if (status == GREFFE_OK) {
        status = handler->run(handler->data, &effect, problem);
    }
    greffe__buf_free(&text);
    greffe__buf_free(&subject);
    greffe__buf_free(&body);
    greffe__arena_free(&arena);
    return status;
}

/* Tells the stream; what cannot be told now is tried again later, and the others go on. */
static greffe_status tell_or_put_off(greffe_engine *e, round_data *d)
{
    d->left = true;
    greffe_status status = greffe__queue_call(e->queue, tell, d);
    if (status == GREFFE_OK) {
        d->progress->effects += 1;
        return GREFFE_OK;
    }
    return of_the_store(status) ? status : greffe__queue_call(e->queue, put_off, d);
}

/* Nobody knows whether the money is on its way: an operator or the payer's answer has to tell. */
static greffe_status tell_unknown(greffe_engine *e, round_data *d, const char *problem)
{
    d->outcome = greffe__str_of("unknown");
    d->problem = greffe__str_of(problem);
    d->progress->incidents += 1;
    return tell_or_put_off(e, d);
}

static greffe_status deliver(greffe_engine *e, round_data *d)
{
    char problem[256] = "";
    d->problem = greffe__str_of("");
    d->outcome = greffe__str_of("");
    d->once = d->left = false;
    if (greffe__str_is(d->effect->channel, "greffe")) {
        return tell_or_put_off(e, d);
    }
    const greffe__handler *handler = find_handler(d, d->effect->channel);
    if (handler == NULL) {
        return greffe__queue_call(e->queue, leave_waiting, d);
    }
    bool once = d->once = greffe__str_is(d->effect->channel, "payment") && !handler->repeatable;
    if (once && d->effect->started) {
        return tell_unknown(e, d, "an attempt to send it was interrupted");
    }
    greffe_status status = once ? greffe__queue_call(e->queue, mark_started, d) : GREFFE_OK;
    if (status == GREFFE_ECONFLICT) {
        return GREFFE_OK; /* it took too long to come to it: somebody else has it now */
    }
    if (status != GREFFE_OK) {
        return status;
    }
    status = hand_over(e, d, handler, problem);
    if (once && status == GREFFE_EUNKNOWN) {
        return tell_unknown(e, d, problem);
    }
    bool call = greffe__str_is(d->effect->channel, "call");
    d->outcome = greffe__str_of(call ? "answered" : "sent");
    if (status == GREFFE_OK) {
        return tell_or_put_off(e, d);
    }
    if (status == GREFFE_EFULL || status == GREFFE_EREADONLY) {
        greffe__log(e->context, GREFFE_LOG_ERROR, problem);
        (void)(once ? greffe__queue_call(e->queue, mark_started, d) : GREFFE_OK);
        return status; /* no fault of the effect: everything waits until there is room again */
    }
    if (d->effect->attempts + 1 < GREFFE_MAX_ATTEMPTS) {
        return greffe__queue_call(e->queue, put_off, d);
    }
    d->outcome = greffe__str_of("failed");
    d->problem = greffe__str_of(problem);
    d->progress->incidents += 1;
    return tell_or_put_off(e, d);
}

static greffe_status deliver_effects(greffe_engine *e, round_data *d)
{
    greffe__arena arena;
    greffe__arena_init(&arena, e->context);
    d->arena = &arena;
    greffe_status status = GREFFE_OK;
    for (uint32_t done = 0; done < d->limit && status == GREFFE_OK;) {
        status = greffe__queue_call(e->queue, claim_effects, d);
        for (size_t i = 0; i < d->request.count && status == GREFFE_OK; i++) {
            d->effect = &d->request.effect[i];
            status = deliver(e, d);
        }
        done += (uint32_t)d->request.count;
        bool last = d->request.count < d->request.limit;
        d->progress->more = d->progress->more || !last;
        greffe__arena_reset(&arena);
        if (last) {
            break;
        }
    }
    greffe_plan_unref(d->letters.plan);
    d->letters = (greffe__cached_plan){.plan = NULL};
    greffe__arena_free(&arena);
    d->arena = NULL;
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
