/* Effects on their way: claimed, filled in, and what became of them told. All but the handlers'
 * part runs on the store thread. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"
#include "value/json.h"

enum { lease_ms = 60000, first_wait_ms = 30000 };

/* Faults of one stream harm no other; those of the store end the round. */
bool greffe__of_the_store(greffe_status status)
{
    return status == GREFFE_ENOMEM || status == GREFFE_EIO || status == GREFFE_EFULL ||
           status == GREFFE_EREADONLY || status == GREFFE_EBUSY || status == GREFFE_EVERSION;
}

void greffe__progress_add(greffe_progress *sum, const greffe_progress *more)
{
    sum->timers += more->timers;
    sum->effects += more->effects;
    sum->incidents += more->incidents;
    sum->commands += more->commands;
    sum->more = sum->more || more->more;
    sum->elsewhere = sum->elsewhere || more->elsewhere;
}

static bool is_relay(const greffe__delivery *d)
{
    return greffe__str_is(d->row.channel, "greffe");
}

static bool is_call(const greffe__delivery *d)
{
    return greffe__str_is(d->row.channel, "call");
}

/* --- What a service answers --- */

greffe_status greffe__check_gives(greffe_context *context, greffe__str gives)
{
    greffe__arena arena;
    greffe__value value = greffe__context_of(NULL, 0);
    greffe__arena_init(&arena, context);
    greffe_status status =
        gives.size == 0 ? GREFFE_OK : greffe__json_read(&value, &arena, NULL, "gives", gives);
    greffe__arena_free(&arena);
    return status == GREFFE_ENOMEM                                ? status
           : status != GREFFE_OK || value.kind != GREFFE__CONTEXT ? GREFFE_EINVALID
                                                                  : GREFFE_OK;
}

greffe_status greffe_effect_answer(const greffe_effect *effect, const char *outcome,
                                   greffe_str gives)
{
    greffe__answer *answer = effect == NULL ? NULL : effect->own;
    if (answer == NULL || strcmp(effect->channel, "call") != 0) {
        return GREFFE_EMISUSE;
    }
    greffe_status status = greffe__check_gives(answer->arena->context, gives);
    if (status == GREFFE_OK) {
        answer->outcome = greffe__str_dup(answer->arena, greffe__str_of(outcome));
        answer->gives = greffe__str_dup(answer->arena, gives);
    }
    return status == GREFFE_OK && answer->arena->failed ? GREFFE_ENOMEM : status;
}

/* --- Telling --- */

static greffe__value arguments(const greffe__delivery *d, greffe__arena *arena)
{
    const greffe_effect_row *effect = &d->row;
    bool relay = is_relay(d);
    greffe__entry *args = greffe__arena_alloc(arena, 4 * sizeof *args);
    if (args == NULL) {
        return greffe__null();
    }
    const char *name = !relay ? "effect" : effect->kind == GREFFE__SESSION ? "session" : "order";
    args[0] =
        (greffe__entry){greffe__str_of(name), greffe__string(relay ? effect->key : effect->item)};
    args[1] = (greffe__entry){greffe__str_of("outcome"), greffe__string(d->outcome)};
    args[2] = (greffe__entry){greffe__str_of("problem"), greffe__string(d->why)};
    args[3].name = greffe__str_of("gives");
    bool gives = !relay && d->gives.size > 0;
    if (gives && greffe__json_read(&args[3].value, arena, NULL, "gives", d->gives) != GREFFE_OK) {
        arena->failed = true; /* it was JSON when it was accepted */
    }
    return greffe__context_of(args, relay ? 1 : gives ? 4 : 3);
}

/* Only what may be told more than once is told apart by the version of its source. */
static bool needs_version(const greffe__delivery *d)
{
    return is_relay(d) || greffe__str_is(d->outcome, "failed") ||
           greffe__str_is(d->outcome, "unknown");
}

/* The command that tells a stream what became of its effect, or a dossier of an outcome. `version`
 * is the source's: an order that is answered a second time is told a second time. */
static greffe__command telling(const greffe__delivery *d, greffe__arena *arena, uint64_t version)
{
    const greffe_effect_row *effect = &d->row;
    bool relay = is_relay(d);
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
                               .args = arguments(d, arena)};
    command.actor =
        (greffe__person_in){.kind = greffe__str_of("system"), .channel = greffe__str_of("system")};
    greffe__hash id = greffe__sha256(relay ? effect->key : effect->item);
    char text[GREFFE__HASH_CHARS];
    greffe__hex(text, (greffe__str){(const char *)id.bytes, 16});
    command.key = GREFFE__CONCAT(arena, command.verb, {"/", 1}, greffe__str_of(text), {"/", 1},
                                 greffe__str_of_uint(arena, needs_version(d) ? version : 0),
                                 greffe__str_of(suffix));
    return command;
}

/* What is done, but whose consequence was refused: an operator has to see to it. Money that may be
 * on its way has not failed: then it could be sent again. */
static greffe_status tell_refusal(greffe_engine *e, greffe__delivery *d, greffe__outcome *outcome,
                                  greffe__arena *arena)
{
    greffe_load source = {.what = GREFFE_LOAD_STREAM, .kind = d->row.kind, .key = d->row.key};
    d->outcome = greffe__str_of(d->once ? "unknown" : "failed");
    d->why = outcome->message;
    d->did.incidents += 1;
    greffe_status status = greffe__wait_load(e, &source, 1, arena);
    if (status == GREFFE_OK) {
        greffe__command command = telling(d, arena, source.version);
        status = greffe__execute(e, outcome, &command, arena);
    }
    return status;
}

static greffe_status tell(greffe_engine *e, greffe__delivery *d)
{
    greffe__arena arena;
    greffe__outcome outcome = {.status = GREFFE_OK};
    greffe__arena_init(&arena, e->own);
    bool relay = is_relay(d);
    greffe_load source = {.what = GREFFE_LOAD_STREAM, .kind = d->row.kind, .key = d->row.key};
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
        status = tell_refusal(e, d, &outcome, &arena);
    }
    if (status == GREFFE_OK && outcome.status != GREFFE_OK) {
        greffe__log(e->own, GREFFE_LOG_ERROR, outcome.message.data);
        status = outcome.status;
    }
    greffe__arena_free(&arena);
    return status;
}

/* --- Leases --- */

static greffe_status postpone(greffe_engine *e, const greffe_effect_row *row, int64_t until_ms)
{
    greffe_status status = greffe__wait_postpone(e, row, until_ms);
    return status == GREFFE_ECONFLICT ? GREFFE_OK : status; /* somebody else has it now */
}

static void log_failure(const greffe_engine *e, const greffe__delivery *d, int64_t wait_ms)
{
    char line[512];
    (void)snprintf(line, sizeof line, "%.*s by '%.*s' failed, and is tried again in %lld s: %s",
                   (int)d->row.item.size, d->row.item.data, (int)d->row.channel.size,
                   d->row.channel.data, (long long)(wait_ms / 1000),
                   d->problem[0] != '\0' ? d->problem : greffe_status_name(d->status));
    greffe__log(e->own, GREFFE_LOG_WARNING, line);
}

static greffe_status put_off(greffe_engine *e, const greffe__delivery *d)
{
    greffe_effect_row row = d->row;
    row.attempts += 1;
    row.started = d->left && row.started;
    uint32_t doublings = row.attempts < 12 ? row.attempts - 1 : 11;
    int64_t wait_ms = greffe__spread(&row, (int64_t)first_wait_ms << doublings);
    wait_ms = wait_ms > d->again_ms ? wait_ms : d->again_ms;
    log_failure(e, d, wait_ms);
    return postpone(e, &row, greffe__now(e, d->given_ms) + wait_ms);
}

/* Nobody takes this channel yet: that is no attempt. */
static greffe_status leave_waiting(greffe_engine *e, const greffe__delivery *d)
{
    return postpone(e, &d->row, greffe__now(e, d->given_ms) + first_wait_ms);
}

/* The delivery is held until then, and whether an attempt has begun is durable. */
static greffe_status lease(greffe_engine *e, greffe__delivery *d, bool started, int64_t until)
{
    greffe_effect_row row = d->row;
    row.started = started;
    greffe_status status = greffe__wait_postpone(e, &row, until);
    if (status == GREFFE_OK) {
        d->row = row;
        d->row.lease_ms = until;
    }
    /* When somebody else has it now, it is not begun here. */
    greffe__valve_hold(e, &row, status == GREFFE_OK ? until : 0);
    return status;
}

/* Durable before the handler is called: who finds it later knows that it may have left. And taken
 * back when it surely did not. */
greffe_status greffe__delivery_mark(greffe_engine *e, greffe__delivery *d)
{
    int64_t until = e->alone ? d->row.lease_ms : greffe__now(e, d->given_ms) + lease_ms;
    return lease(e, d, !d->row.started, until);
}

greffe_status greffe__delivery_keep(greffe_engine *e, greffe__delivery *d, int64_t passed_ms)
{
    greffe__turn turn; /* who is about it prolongs that, too */
    greffe_status status = greffe__lead(e, &turn);
    return status == GREFFE_OK ? lease(e, d, d->row.started, d->row.lease_ms + passed_ms) : status;
}

int64_t greffe__page_age(greffe_engine *e, const greffe__page *page)
{
    int64_t steady_ms = (greffe__steady_us() - page->claimed_us) / 1000;
    int64_t clock_ms = greffe__now(e, page->given_ms) - page->claimed_ms;
    return steady_ms > clock_ms ? steady_ms : clock_ms;
}

bool greffe__page_is_old(greffe_engine *e, const greffe__page *page)
{
    return !e->alone && greffe__page_age(e, page) >= lease_ms / 2;
}

greffe_status greffe__delivery_hold(greffe_engine *e, greffe__delivery *d)
{
    enum { ten_minutes_ms = 600000 };
    uint64_t within = d->handler->within_ms > 0 ? d->handler->within_ms : ten_minutes_ms;
    return lease(e, d, true, greffe__now(e, d->given_ms) + (int64_t)within);
}

bool greffe__delivery_is_old(greffe_engine *e, const greffe__delivery *d)
{
    return greffe__wait_postpone(e, &d->row, d->row.lease_ms) == GREFFE_ECONFLICT;
}

/* --- Ends --- */

/* What is to be told of a delivery that has ended; empty: nothing, it is tried again. */
static greffe__str end_of(greffe__delivery *d)
{
    bool call = is_call(d);
    bool unknown = d->once && d->status == GREFFE_EUNKNOWN;
    if (is_relay(d)) {
        return (greffe__str){"", 0};
    }
    if (d->status == GREFFE_OK) {
        return !call              ? greffe__str_of("sent")
               : d->said.size > 0 ? d->said
                                  : greffe__str_of("answered");
    }
    bool never = d->status == GREFFE_EDENIED;
    if (unknown || never || d->row.attempts + 1 >= GREFFE_MAX_ATTEMPTS) {
        d->did.incidents += 1;
        return greffe__str_of(unknown ? "unknown" : "failed");
    }
    return (greffe__str){"", 0};
}

/* Tells the stream; what cannot be told now is tried again later, and the others go on. */
static greffe_status finish(greffe_engine *e, void *data)
{
    greffe__delivery *d = data;
    bool full = d->status == GREFFE_EFULL || d->status == GREFFE_EREADONLY;
    d->did = (greffe_progress){0};
    d->why = greffe__str_of(d->problem);
    greffe__valve_end(e, d);
    if (full) { /* no fault of the effect: everything waits until there is room again */
        greffe__log(e->own, GREFFE_LOG_ERROR, d->problem);
        (void)(d->once && d->row.started ? greffe__delivery_mark(e, d) : GREFFE_OK);
        return d->status;
    }
    d->outcome = end_of(d);
    if (d->outcome.size == 0 && !is_relay(d)) {
        return put_off(e, d);
    }
    d->left = true;
    greffe_status status = tell(e, d);
    if (status == GREFFE_OK) {
        d->did.effects += d->did.incidents == 0;
        return GREFFE_OK;
    }
    if (greffe__of_the_store(status) && d->status == GREFFE_OK && !is_relay(d)) {
        greffe__untold_keep(e, d);
    }
    return greffe__of_the_store(status) ? status : put_off(e, d);
}

/* Whatever it changed lies in the group that was lost. */
static void nothing_to_undo(greffe__job *job)
{
    (void)job;
}

greffe_status greffe__tell_all(greffe_engine *e, greffe__delivery *const *all, size_t count)
{
    greffe__job jobs[GREFFE__MAX_PAGE], *places[GREFFE__MAX_PAGE];
    greffe_status status = GREFFE_OK;
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (greffe__job){.run = finish, .data = all[i], .undo = nothing_to_undo};
        places[i] = &jobs[i];
    }
    if (count > 0) {
        (void)greffe__run_group(e, places, count, NULL, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].status == GREFFE_OK) { /* durable by now */
            greffe__untold_forget(e, &all[i]->row);
        }
        status = status == GREFFE_OK ? jobs[i].status : status;
    }
    return status;
}

/* --- Letters --- */

static greffe_status fill_letter(greffe_engine *e, greffe__cached_plan *letters,
                                 const greffe__delivery *d, const greffe__value *facts,
                                 greffe__buf *subject, greffe__buf *text, char problem[256])
{
    greffe__str bundle = greffe__value_str(facts, "bundle");
    if (bundle.size == 0) {
        return GREFFE_OK;
    }
    if (!greffe__str_is(bundle, letters->hash)) {
        greffe__arena arena;
        greffe_plan_unref(letters->plan);
        *letters = (greffe__cached_plan){.plan = NULL};
        greffe__arena_init(&arena, e->own);
        greffe_status status = greffe__plan_by_hash(e, bundle, letters, &arena);
        greffe__arena_free(&arena);
        if (status != GREFFE_OK) {
            return status;
        }
    }
    /* The bundle's own letters; there may be none, then the facts alone are handed over. */
    const greffe__plan *plan = greffe__plan_of(letters->plan);
    const greffe__letter *letter = NULL;
    for (uint32_t i = 0; i < plan->letters.count && letter == NULL; i++) {
        bool it = greffe__str_equal(plan->letters.at[i].name, d->row.letter);
        letter = it ? &plan->letters.at[i] : NULL;
    }
    if (letter == NULL || letter->body.size == 0) {
        return GREFFE_OK;
    }
    greffe_status status = greffe__render(subject, letter->subject, facts, problem);
    return status == GREFFE_OK ? greffe__render(text, letter->body, facts, problem) : status;
}

/* What the handler is given, in the page's memory. */
static void prepare(greffe_engine *e, greffe__cached_plan *letters, greffe__delivery *d,
                    greffe__arena *arena)
{
    greffe__buf body, subject, text;
    greffe__arena facts_arena;
    greffe__cbor in;
    greffe__arena_init(&facts_arena, e->own);
    greffe__buf_init(&body, e->own);
    greffe__buf_init(&subject, e->own);
    greffe__buf_init(&text, e->own);
    greffe__cbor_open(&in, d->row.body);
    greffe__value facts =
        d->row.body.size > 0 ? greffe__cbor_read_value(&in, &facts_arena) : greffe__null();
    greffe__json_write(&body, &facts);
    d->status = fill_letter(e, letters, d, &facts, &subject, &text, d->problem);
    greffe__str json = {body.data, body.size};
    d->effect = (greffe_effect){
        .key = greffe__str_dup(arena, d->row.item).data,
        .stream = greffe__str_dup(arena, d->row.key).data,
        .channel = greffe__str_dup(arena, d->row.channel).data,
        .letter = greffe__str_dup(arena, d->row.letter).data,
        .subject = greffe__str_dup(arena, (greffe__str){subject.data, subject.size}).data,
        .text = greffe__str_dup(arena, (greffe__str){text.data, text.size}).data,
        .body = greffe__str_dup(arena, json),
        .attempts = d->row.attempts,
        .now_ms = d->now_ms,
        .at_ms = d->now_ms};
    greffe__hash id = greffe__hmac(e->secret, greffe__str_of("effect"), d->row.item);
    char digits[GREFFE__HASH_CHARS];
    greffe__hex(digits, greffe__hash_str(&id));
    memcpy(d->effect.id, digits, sizeof d->effect.id - 1); /* the last byte is the end */
    (void)greffe__instant_parse(&d->effect.at_ms, greffe__value_str(&facts, "at"));
    if (d->status == GREFFE_OK &&
        (facts_arena.failed || body.failed || subject.failed || text.failed || arena->failed)) {
        d->status = GREFFE_ENOMEM;
    }
    greffe__buf_free(&text);
    greffe__buf_free(&subject);
    greffe__buf_free(&body);
    greffe__arena_free(&facts_arena);
}

/* --- Claiming --- */

enum { no_handler = GREFFE__MAX_CHANNELS };

static uint32_t handler_of(const greffe_engine *e, greffe__str channel)
{
    for (uint32_t i = 0; i < e->handler_count; i++) {
        const greffe__handler *handler = &e->handlers[i];
        if (greffe__str_is(channel, handler->channel) &&
            (handler->run != NULL || handler->start != NULL)) {
            return i;
        }
    }
    return no_handler;
}

/* A service may have a handler of its own; letters, one for all ways that have none. */
static uint32_t find_handler(const greffe_engine *e, const greffe__delivery *d,
                             greffe__arena *arena)
{
    uint32_t own = no_handler;
    if (is_call(d)) {
        own = handler_of(
            e, greffe__str_format(arena, "call:%.*s", (int)d->row.letter.size, d->row.letter.data));
    }
    own = own != no_handler ? own : handler_of(e, d->row.channel);
    bool letter = !greffe__is_own_channel(d->row.channel);
    return own == no_handler && letter ? handler_of(e, greffe__str_of("*")) : own;
}

/* Sorts a claimed effect: to be told at once, to be handed over, or to wait for a handler. */
static greffe_status sort_out(greffe_engine *e, greffe__page *page, greffe__delivery *d,
                              greffe__delivery **tells, size_t *tell_count)
{
    if (is_relay(d)) {
        tells[(*tell_count)++] = d;
        return GREFFE_OK;
    }
    if (greffe__untold_take(e, d)) { /* it left before: only its end is missing */
        tells[(*tell_count)++] = d;
        return GREFFE_OK;
    }
    d->valve = find_handler(e, d, &page->arena);
    if (d->valve == no_handler) {
        return leave_waiting(e, d);
    }
    greffe__handler *own = greffe__arena_alloc(&page->arena, sizeof *own);
    if (own == NULL) {
        return GREFFE_ENOMEM;
    }
    *own = e->handlers[d->valve];
    d->handler = own; /* a run that is under way may still call the one before */
    d->once = greffe__str_is(d->row.channel, "payment") && !own->repeatable;
    if (d->once && d->row.started) {
        d->status = GREFFE_EUNKNOWN;
        (void)snprintf(d->problem, sizeof d->problem, "an attempt to send it was interrupted");
        tells[(*tell_count)++] = d;
        return GREFFE_OK;
    }
    d->row.attempts += d->row.started; /* it was begun, and its end was never told */
    if (d->row.started && d->row.attempts >= GREFFE_MAX_ATTEMPTS) {
        d->status = GREFFE_EIO;
        (void)snprintf(d->problem, sizeof d->problem, "it was begun %u times, and never finished",
                       d->row.attempts);
        tells[(*tell_count)++] = d;
        return GREFFE_OK;
    }
    d->row.started = false;
    int64_t now_ms = greffe__now(e, d->given_ms);
    greffe__valve_begin(e, d, now_ms, now_ms + lease_ms);
    page->at[page->count++] = d;
    return GREFFE_OK;
}

/* What one claim after the other gives, and what is to be told of it at once. */
typedef struct claiming {
    greffe__page *page;
    greffe_claim_request request;
    uint32_t left; /* of the page */
    greffe__delivery *tells[GREFFE__MAX_PAGE];
    size_t tell_count;
    greffe_str bound[GREFFE__MAX_CHANNELS];
} claiming;

static greffe_status claim_some(greffe_engine *e, claiming *c, uint32_t most)
{
    c->request.limit = most < c->left ? most : c->left;
    if (c->request.limit == 0) {
        return GREFFE_OK;
    }
    greffe_status status = greffe__wait_claim(e, &c->request, &c->page->arena);
    if (status != GREFFE_OK) {
        return status;
    }
    c->left -= (uint32_t)c->request.count;
    greffe__delivery *all = greffe__arena_alloc(&c->page->arena, c->request.count * sizeof *all);
    status = all == NULL ? GREFFE_ENOMEM : GREFFE_OK;
    for (size_t i = 0; i < c->request.count && status == GREFFE_OK; i++) {
        all[i] = (greffe__delivery){
            .row = c->request.effect[i], .now_ms = c->page->now_ms, .given_ms = c->page->given_ms};
        status = sort_out(e, c->page, &all[i], c->tells, &c->tell_count);
    }
    return status;
}

/* Channels that are bound are claimed each by its name, as far as they have room; they come first,
 * for they ask for little. */
static greffe_status claim_all(greffe_engine *e, claiming *c)
{
    size_t count = 0;
    greffe_status status = GREFFE_OK;
    for (uint32_t i = 0; i < e->handler_count && status == GREFFE_OK; i++) {
        if (greffe__valve_bounds(e, i, c->request.now_ms)) {
            c->bound[count] = greffe__str_of(e->handlers[i].channel);
            c->request.channels = &c->bound[count++];
            c->request.channel_count = 1;
            status = claim_some(e, c, greffe__valve_room(e, i, c->request.now_ms));
        }
    }
    c->request.channels = c->bound;
    c->request.channel_count = count;
    c->request.others = true;
    return status == GREFFE_OK ? claim_some(e, c, c->left) : status;
}

greffe_status greffe__claim_page(greffe_engine *e, greffe__page *page)
{
    uint32_t limit = page->limit < GREFFE__MAX_PAGE ? page->limit : GREFFE__MAX_PAGE;
    claiming c = {.page = page,
                  .left = limit,
                  .request = {.now_ms = greffe__now(e, page->given_ms),
                              .effects = true,
                              .lease_ms = e->alone ? 0 : lease_ms}};
    greffe__cached_plan letters = {.plan = NULL};
    greffe__turn turn;
    page->count = 0;
    page->claimed_ms = c.request.now_ms;
    page->claimed_us = greffe__steady_us();
    greffe_status status = greffe__lead(e, &turn);
    if (status != GREFFE_OK || !turn.leads) {
        return status;
    }
    c.request.fence = e->epoch;
    page->at = greffe__arena_alloc(&page->arena, limit * sizeof(greffe__delivery *));
    status = page->arena.failed ? GREFFE_ENOMEM : claim_all(e, &c);
    if (status == GREFFE_ECONFLICT) { /* another process dispatches by now */
        e->epoch = 0;
        status = GREFFE_OK;
    }
    for (size_t i = 0; i < page->count && status == GREFFE_OK; i++) {
        prepare(e, &letters, page->at[i], &page->arena);
    }
    greffe_plan_unref(letters.plan);
    status = status == GREFFE_OK ? greffe__tell_all(e, c.tells, c.tell_count) : status;
    for (size_t i = 0; i < c.tell_count; i++) {
        greffe__progress_add(&page->did, &c.tells[i]->did);
    }
    page->full = c.left == 0;
    page->did.more = page->full;
    return status;
}
