/* What comes back by itself: timers that are due, results of effects, outcomes of sessions and
 * orders. Late results are recorded and move nothing. */
#include "run/run_priv.h"

/* --- Outcomes of sessions --- */

static bool late(greffe__bench *b, greffe__str what, greffe__str outcome)
{
    return greffe__emit(
        b, b->stream, (greffe__event){.type = GREFFE__EV_CAME_LATE, .key = what, .name = outcome});
}

static greffe__token *asking(greffe__bench *b, uint32_t port)
{
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        const greffe__plan_node *node = greffe__node_of(b, &b->dossier->tokens.at[i]);
        if (node != NULL && node->op == GREFFE__P_ASK && node->port == port) {
            return &b->dossier->tokens.at[i];
        }
    }
    return NULL;
}

/* Brings a session's outcome to the bench's dossier. */
static bool take_outcome(greffe__bench *b, greffe__str key)
{
    greffe__stream *stream = greffe__open_stream(b, GREFFE__SESSION, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__session *session = stream->state;
    const greffe__item *item = greffe__item_of(session, b->stream->key);
    if (item == NULL || !session->closed || item->relayed) {
        return greffe__refuse(b, GREFFE__GR_NOT_ON_AGENDA, GREFFE_ESTATE, NULL,
                              "the session has no outcome for this dossier");
    }
    greffe__str outcome = item->outcome, ref = item->ref;
    greffe__event relayed = {.type = GREFFE__EV_ITEM_RELAYED, .key = b->stream->key};
    bool back =
        outcome.size == 0 ||
        greffe__str_is(session->closed_how,
                       "no quorum"); /* no quorum, or not reached: the next session takes it */
    if (!greffe__emit(b, stream, relayed)) {
        return false;
    }
    if (asking(b, GREFFE__PORT_BOARD) == NULL || !greffe__str_equal(b->dossier->session, key)) {
        return late(b, key, outcome);
    }
    greffe__event unlisted = {.type = GREFFE__EV_UNLISTED, .key = key};
    if (!greffe__emit(b, b->stream, unlisted) || back) {
        return !b->stop;
    }
    const greffe__value *reasons = greffe__personal_value(b, stream, ref);
    greffe__event reasoned = {.type = GREFFE__EV_REASONED};
    if (b->stop ||
        (reasons != NULL && (!greffe__keep_personal(b, b->stream, "reasons", *reasons, &reasoned) ||
                             !greffe__emit(b, b->stream, reasoned)))) {
        return false;
    }
    return greffe__leave_with(b, asking(b, GREFFE__PORT_BOARD), outcome);
}

static bool session_result(greffe__bench *b)
{
    greffe__str key;
    return greffe__open_dossier(b, b->command->stream_key) &&
           greffe__arg_needed(b, "session", &key) && take_outcome(b, key);
}

/* --- Timers --- */

bool greffe__due_timer(greffe__command *out, const greffe__stream *stream, int64_t now_ms,
                       greffe__arena *arena)
{
    greffe__dossier dossier;
    if (stream->kind != GREFFE__DOSSIER || !stream->exists ||
        greffe__record_decode(&dossier, arena, greffe__state_shape(GREFFE__DOSSIER),
                              stream->bytes) != GREFFE_OK) {
        return false;
    }
    const greffe__timer *first = NULL;
    for (uint32_t i = 0; i < dossier.timers.count; i++) {
        const greffe__timer *timer = &dossier.timers.at[i];
        bool sooner = first == NULL || timer->due_ms < first->due_ms ||
                      (timer->due_ms == first->due_ms && timer->id < first->id);
        first = timer->due_ms <= now_ms && sooner ? timer : first;
    }
    if (first == NULL) {
        return false;
    }
    greffe__entry *argument = greffe__arena_alloc(arena, sizeof *argument);
    if (argument == NULL) {
        return false;
    }
    *argument = (greffe__entry){greffe__str_of("timer"), greffe__integer(first->id)};
    *out = (greffe__command){.verb = greffe__str_of("timer"),
                             .stream_kind = GREFFE__DOSSIER,
                             .stream_key = stream->key,
                             .key = greffe__str_format(arena, "timer/%u", first->id),
                             .now_ms = first->due_ms,
                             .args = greffe__context_of(argument, 1)};
    out->actor =
        (greffe__person_in){.kind = greffe__str_of("system"), .channel = greffe__str_of("system")};
    return true;
}

/* A board has decided in time, and the dossier has not been told yet: that outcome comes first. */
bool greffe__board_decided(greffe__bench *b, bool *out)
{
    greffe__str key = b->dossier->session;
    *out = false;
    if (key.size == 0) {
        return true;
    }
    greffe__stream *stream = greffe__open_stream(b, GREFFE__SESSION, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__session *session = stream->state;
    const greffe__item *item = greffe__item_of(session, b->stream->key);
    *out = session->closed && item != NULL && !item->relayed && item->outcome.size > 0 &&
           !greffe__str_is(session->closed_how, "no quorum") &&
           !greffe__str_is(item->outcome, "postponed");
    return true;
}

static bool fire_clock(greffe__bench *b, greffe__str name)
{
    bool decided;
    if (!greffe__board_decided(b, &decided)) {
        return false;
    }
    if (decided) {
        return take_outcome(b, b->dossier->session);
    }
    uint32_t at = greffe__plan_clock_at(b->plan, name);
    const greffe__clock *clock = greffe__clock_of(b->dossier, name);
    if (at == GREFFE__NONE || clock == NULL || clock->phase != GREFFE__CLOCK_RUNNING) {
        return !b->stop;
    }
    greffe__event fired = {.type = GREFFE__EV_CLOCK_FIRED, .name = name, .days = clock->due};
    if (!greffe__emit(b, b->stream, fired)) {
        return false;
    }
    if (greffe__is_sealed(b)) {
        return true; /* recorded; a sealed part is not interrupted */
    }
    return greffe__cancel_scope(b, 0) && greffe__enter(b, 0, b->plan->clocks.at[at].then);
}

static bool fire(greffe__bench *b, const greffe__timer *timer)
{
    greffe__str kind = timer->kind, name = timer->name;
    uint32_t id = timer->token;
    if (!greffe__emit(b, b->stream,
                      (greffe__event){.type = GREFFE__EV_TIMER_CLOSED, .parent = timer->id})) {
        return false;
    }
    if (greffe__str_is(kind, "clock")) {
        return fire_clock(b, name);
    }
    if (greffe__str_is(kind, "warn")) {
        return greffe__emit(b, b->stream,
                            (greffe__event){.type = GREFFE__EV_HAPPENED,
                                            .name = greffe__str_format(b->arena, "%.*s.warned",
                                                                       (int)name.size, name.data),
                                            .at = b->now_ms,
                                            .days = b->today});
    }
    greffe__token *token = greffe__token_of(b->dossier, id);
    if (token == NULL) {
        return !b->stop;
    }
    const greffe__plan_node *node = greffe__node_of(b, token);
    if (greffe__str_is(kind, "remind")) {
        b->scope = token->scope;
        return node == NULL || !node->supply || greffe__queue_effect(b, node, 0, "rappel", NULL);
    }
    if (greffe__seals_in(b, id)) {
        return greffe__set_timer(
            b, id, "expire", name, b->today + 1,
            greffe__day_end_ms(b, b->today + 1)); /* what is sealed ends first */
    }
    return greffe__cancel_block(b, id) &&
           greffe__leave_with(b, greffe__token_of(b->dossier, id), name);
}

bool greffe__open_incident(greffe__bench *b, greffe__str effect, greffe__str problem)
{
    greffe__event opened = {.type = GREFFE__EV_INCIDENT_OPENED, .key = effect};
    return greffe__keep_personal(b, b->stream, "problem", greffe__string(problem), &opened) &&
           greffe__emit(b, b->stream, opened);
}

/* What the timer was to set off was refused: an operator will see to it, the dossier stays usable.
 */
static bool timer_incident(greffe__bench *b, const greffe__timer *timer, greffe__str why)
{
    greffe__event queued = {.type = GREFFE__EV_EFFECT_QUEUED,
                            .id = timer->token,
                            .name = greffe__str_of("incident"),
                            .path = timer->kind};
    queued.key = greffe__str_format(b->arena, "timer/%u/%.*s", timer->id, (int)timer->name.size,
                                    timer->name.data);
    greffe__event closed = {.type = GREFFE__EV_TIMER_CLOSED, .parent = timer->id};
    return greffe__emit(b, b->stream, closed) && greffe__emit(b, b->stream, queued) &&
           greffe__open_incident(b, queued.key, why);
}

bool greffe__decide_timer(greffe__bench *b)
{
    const greffe__value *id = greffe__value_at(&b->command->args, "timer");
    int64_t wanted = 0;
    if (!greffe__str_is(b->command->actor.kind, "system")) {
        return greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                              "timers are the engine's alone");
    }
    if (!greffe__open_dossier(b, b->command->stream_key)) {
        return false;
    }
    if (id != NULL && id->kind == GREFFE__NUMBER) {
        (void)greffe__dec_to_i64(&wanted, id->as.number);
    }
    greffe__str failed = greffe__arg(b, "failed");
    for (uint32_t i = 0; i < b->dossier->timers.count; i++) {
        if (b->dossier->timers.at[i].id == (uint32_t)wanted) {
            const greffe__timer *timer = &b->dossier->timers.at[i];
            return failed.size > 0 ? timer_incident(b, timer, failed) : fire(b, timer);
        }
    }
    return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                          "the timer does not exist any more");
}

/* --- Results of effects --- */

bool greffe__take_given(greffe__bench *b, const greffe__token *token, greffe__str outcome,
                        const greffe__value *gives)
{
    const greffe__plan_node *node = greffe__node_of(b, token);
    const greffe__edge *edge = node == NULL ? NULL : greffe__node_edge(node, outcome);
    if (edge == NULL || node->port != GREFFE__PORT_CALL || edge->fill.count == 0) {
        return !b->stop;
    }
    /* What else a service says is its own affair. */
    greffe__entry *entries = greffe__arena_alloc(b->arena, edge->fill.count * sizeof *entries);
    uint32_t count = 0;
    for (uint32_t i = 0; entries != NULL && i < edge->fill.count; i++) {
        greffe__str name = b->plan->fields.at[edge->fill.at[i]].name;
        const greffe__value *value = greffe__value_get(gives, name);
        if (value != NULL) {
            entries[count++] = (greffe__entry){name, *value};
        }
    }
    const greffe__value known = greffe__context_of(entries, count);
    b->scope = token->scope;
    return entries != NULL &&
           greffe__take_fill(b, b->plan->steps.at[node->step].id, &edge->fill, &known);
}

static bool effect_result(greffe__bench *b)
{
    greffe__str key, outcome;
    if (!greffe__open_dossier(b, b->command->stream_key) ||
        !greffe__arg_needed(b, "effect", &key) || !greffe__arg_needed(b, "outcome", &outcome)) {
        return false;
    }
    const greffe__pending *pending = greffe__pending_of(&b->dossier->pending, key);
    if (pending == NULL) {
        return late(b, key, outcome);
    }
    uint32_t id = pending->token;
    if (greffe__str_is(outcome, "failed")) {
        return greffe__open_incident(b, key, greffe__arg(b, "problem"));
    }
    if (!greffe__emit(
            b, b->stream,
            (greffe__event){.type = GREFFE__EV_EFFECT_DONE, .key = key, .name = outcome})) {
        return false;
    }
    greffe__token *token = id == 0 ? NULL : greffe__token_of(b->dossier, id);
    return token == NULL ||
           (greffe__take_given(b, token, outcome, greffe__value_at(&b->command->args, "gives")) &&
            greffe__leave_with(b, greffe__token_of(b->dossier, id), outcome));
}

/* A file of a stream that waits for no node, such as a batch or a session: written, failed, or it
 * is unknown which. */
bool greffe__written(greffe__bench *b, const greffe__pendings *list, bool *failed)
{
    greffe__str key = greffe__arg(b, "effect");
    greffe__str outcome = greffe__arg(b, "outcome");
    *failed = greffe__str_is(outcome, "failed") || greffe__str_is(outcome, "unknown");
    if (!greffe__str_is(b->command->actor.kind, "system") ||
        greffe__pending_of(list, key) == NULL) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                              "there is no such effect");
    }
    greffe__event done = {.type = GREFFE__EV_EFFECT_DONE, .key = key, .name = outcome};
    return *failed ? greffe__open_incident(b, key, greffe__arg(b, "problem"))
                   : greffe__emit(b, b->stream, done);
}

/* An operator has a failed file tried again. */
bool greffe__retried(greffe__bench *b, const greffe__pendings *list)
{
    greffe__str key;
    if (!greffe__arg_needed(b, "effect", &key)) {
        return false;
    }
    const greffe__pending *pending = greffe__pending_of(list, key);
    if (pending == NULL || !pending->incident) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                              "there is no incident '%.*s'", (int)key.size, key.data);
    }
    return greffe__emit(b, b->stream,
                        (greffe__event){.type = GREFFE__EV_INCIDENT_CLOSED,
                                        .key = key,
                                        .name = greffe__str_of("retried")});
}

/* --- Outcomes of orders --- */

static bool pay_out(greffe__bench *b, const greffe__order *order)
{
    greffe__str key = order->allotment;
    int64_t cents = order->cents;
    greffe__stream *stream = greffe__open_stream(b, GREFFE__ALLOTMENT, key);
    greffe__event spent = {.type = GREFFE__EV_SPENT, .key = key, .amount = cents};
    greffe__event paid = {.type = GREFFE__EV_PAID_OUT, .key = b->stream->key, .amount = cents};
    return stream != NULL && greffe__emit(b, b->stream, spent) && greffe__emit(b, stream, paid);
}

static bool order_result(greffe__bench *b)
{
    greffe__str key;
    if (!greffe__open_dossier(b, b->command->stream_key) || !greffe__arg_needed(b, "order", &key)) {
        return false;
    }
    greffe__stream *stream = greffe__open_stream(b, GREFFE__ORDER, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__order *order = stream->state;
    if (!order->relay) {
        return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE, NULL,
                              "the order has no outcome to tell");
    }
    const char *outcome = greffe__str_is(order->phase, "accepted")   ? "paid"
                          : greffe__str_is(order->phase, "rejected") ? "rejected"
                                                                     : "unknown";
    bool paid = greffe__str_is(greffe__str_of(outcome), "paid");
    if (greffe__str_is(order->phase, "batched") || greffe__str_is(order->phase, "prepared")) {
        return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE, NULL,
                              "the order has no outcome to tell");
    }
    if (!greffe__emit(b, stream, (greffe__event){.type = GREFFE__EV_ORDER_RELAYED})) {
        return false;
    }
    if (!greffe__str_equal(b->dossier->order, key)) {
        return late(b, key, greffe__str_of(outcome));
    }
    b->who = order->payer;
    const greffe__plan_node *node = greffe__node_of(b, asking(b, GREFFE__PORT_ORDER));
    bool leaves = node != NULL && greffe__node_edge(node, greffe__str_of(outcome)) != NULL;
    greffe__event ended = {
        .type = GREFFE__EV_ORDER_ENDED, .key = key, .name = greffe__str_of(outcome)};
    /* Unknown is no end: the order stays open until the payer says more, and no other is made. */
    bool open = greffe__str_is(order->phase, "unknown");
    if ((paid && !pay_out(b, order)) || (!open && !greffe__emit(b, b->stream, ended))) {
        return false;
    }
    if (!leaves) { /* the dossier went on without it, or has ended: then nothing holds its money */
        bool over = b->dossier->phase == GREFFE__PHASE_CLOSED && !open;
        return late(b, key, greffe__str_of(outcome)) && (!over || greffe__release_money(b));
    }
    return greffe__leave_with(b, asking(b, GREFFE__PORT_ORDER), greffe__str_of(outcome));
}

bool greffe__decide_result(greffe__bench *b)
{
    if (!greffe__str_is(b->command->actor.kind, "system")) {
        return greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                              "results come from the engine alone");
    }
    if (greffe__str_is(b->command->verb, "session.result")) {
        return session_result(b);
    }
    return greffe__str_is(b->command->verb, "order.result") ? order_result(b) : effect_result(b);
}
