/* Allotments, and payment: batches of orders, and what the payer answers. */
#include "base/limits.h"
#include "run/run_priv.h"

static bool allowed(greffe__bench *b, greffe__str service)
{
    return greffe__has_service(b, service) ||
           greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                          "this is done by the service '%.*s'", (int)service.size, service.data);
}

/* --- Allotments --- */

static bool allocate(greffe__bench *b)
{
    int64_t cents;
    greffe__str key = b->command->stream_key, none = {"", 0};
    const greffe__known_plan *known = greffe__find_plan(b, GREFFE__NEED_ALLOTMENT, key);
    if (known == NULL || !greffe__arg_cents(b, "amount", &cents)) {
        return false;
    }
    const greffe__allotment_def *def = NULL;
    for (uint32_t i = 0; known->plan != NULL && i < known->plan->allotments.count; i++) {
        const greffe__allotment_def *one = &known->plan->allotments.at[i];
        def = greffe__str_equal(one->id, key) ? one : def;
    }
    if (def == NULL) {
        return greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND, NULL,
                              "no published procedure has an allotment '%.*s'", (int)key.size,
                              key.data);
    }
    const greffe__allotment *a = b->stream->state;
    if (cents < 0 && a->allocated - a->reserved - a->committed - a->spent < -cents) {
        return greffe__refuse(b, GREFFE__GR_UNFUNDED, GREFFE_ESTATE, NULL,
                              "so much of the allotment is not free any more");
    }
    greffe__event event = {.type = GREFFE__EV_ALLOCATED, .amount = cents};
    event.text = b->stream->exists ? none : def->title;
    event.name = b->stream->exists ? none : def->service;
    return allowed(b, def->service) && greffe__meet_actor(b, b->stream) &&
           greffe__emit(b, b->stream, event);
}

static bool transfer(greffe__bench *b)
{
    int64_t cents;
    greffe__str to;
    if (!greffe__arg_needed(b, "to", &to) || !greffe__arg_cents(b, "amount", &cents)) {
        return false;
    }
    greffe__stream *other = greffe__open_stream(b, GREFFE__ALLOTMENT, to);
    if (other == NULL) {
        return false;
    }
    const greffe__allotment *a = b->stream->state;
    if (!b->stream->exists || !other->exists || other == b->stream) {
        return greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND, NULL,
                              "a transfer goes between two allotments that have been allocated");
    }
    if (cents <= 0 || a->allocated - a->reserved - a->committed - a->spent < cents) {
        return greffe__refuse(b, GREFFE__GR_UNFUNDED, GREFFE_ESTATE, NULL,
                              "so much of the allotment is not free");
    }
    return allowed(b, a->service) && greffe__meet_actor(b, b->stream) &&
           greffe__emit(b, b->stream,
                        (greffe__event){.type = GREFFE__EV_ALLOCATED, .amount = -cents}) &&
           greffe__emit(b, other, (greffe__event){.type = GREFFE__EV_ALLOCATED, .amount = cents});
}

bool greffe__decide_allotment(greffe__bench *b)
{
    b->stream = greffe__open_stream(b, GREFFE__ALLOTMENT, b->command->stream_key);
    if (b->stream == NULL) {
        return false;
    }
    return greffe__str_is(b->command->verb, "allotment.transfer") ? transfer(b) : allocate(b);
}

/* --- Batches --- */

/* One line of the payment file: who gets how much, and the key that makes it unique. */
static bool add_line(greffe__bench *b, greffe__str key, greffe__event *made, greffe__value *line)
{
    greffe__stream *stream = greffe__open_stream(b, GREFFE__ORDER, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__order *order = stream->state;
    if (!stream->exists || !greffe__str_is(order->phase, "prepared")) {
        return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE, NULL,
                              "the order '%.*s' is not prepared, or already in a batch",
                              (int)key.size, key.data);
    }
    if (greffe__has_str(&order->excluded, b->command->actor.tag)) {
        return greffe__refuse(b, GREFFE__GR_DENIED_PERSON, GREFFE_EDENIED,
                              "another person must pay it",
                              "the person who instructed the dossier '%.*s' may not pay it",
                              (int)order->dossier.size, order->dossier.data);
    }
    if (!allowed(b, order->service)) {
        return false;
    }
    if (made->amount > INT64_MAX - order->cents) {
        return greffe__refuse(b, GREFFE__GR_CMD_LIMIT, GREFFE_ELIMIT, NULL, "the sum is too large");
    }
    const greffe__value *payee = greffe__personal_value(b, stream, order->ref);
    greffe__entry *e = greffe__arena_alloc(b->arena, 4 * sizeof *e);
    if (b->stop || e == NULL || payee == NULL) {
        return b->stop || e == NULL ? false
                                    : greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE, NULL,
                                                     "the payee of the order '%.*s' was erased",
                                                     (int)key.size, key.data);
    }
    e[0] = (greffe__entry){greffe__str_of("account"),
                           greffe__string(greffe__value_str(payee, "account"))};
    e[1] = (greffe__entry){greffe__str_of("cents"), greffe__integer(order->cents)};
    e[2] = (greffe__entry){greffe__str_of("key"), greffe__string(key)};
    e[3] =
        (greffe__entry){greffe__str_of("name"), greffe__string(greffe__value_str(payee, "name"))};
    *line = greffe__context_of(e, 4);
    made->amount += order->cents;
    made->name = order->service;
    return greffe__push_str(&made->list, key, b->arena) &&
           greffe__emit(b, stream,
                        (greffe__event){.type = GREFFE__EV_ORDER_BATCHED,
                                        .key = b->stream->key,
                                        .text = b->command->actor.tag});
}

static bool open_values(greffe__bench *b, const greffe__value *keys)
{
    bool missing = false;
    for (uint32_t i = 0; i < keys->count; i++) {
        const greffe__stream *stream =
            greffe__world_stream(b->world, GREFFE__ORDER, keys->as.items[i].as.string);
        if (stream != NULL && stream->exists && !stream->values_loaded) {
            (void)greffe__need_more(b, GREFFE__NEED_VALUES, GREFFE__ORDER, stream->key);
            b->stop = b->arena->failed;
            missing = true;
        }
    }
    b->stop = b->stop || missing;
    return !b->stop;
}

static bool make_batch(greffe__bench *b)
{
    const greffe__value *orders;
    greffe__event made = {.type = GREFFE__EV_BATCH_MADE};
    greffe__str on;
    if (b->stream->exists) {
        return greffe__refuse(b, GREFFE__GR_CMD_EXISTS, GREFFE_ESTATE, "choose another key",
                              "this batch exists already");
    }
    if (!greffe__arg_keys(b, "orders", &orders)) {
        return false;
    }
    if (b->stream->key.size > 35) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, "choose a shorter one",
                              "a batch's key has at most 35 bytes: it names the payment file");
    }
    if (orders->count == 0) {
        return greffe__refuse(b, GREFFE__GR_NOTHING_TO_PAY, GREFFE_ESTATE, NULL,
                              "no order waits to be paid");
    }
    if (orders->count > GREFFE_MAX_BATCH) {
        return greffe__refuse(b, GREFFE__GR_CMD_LIMIT, GREFFE_ELIMIT, "make several batches",
                              "a batch has at most 1,000 orders");
    }
    if (!greffe__arg_needed(b, "on", &on) || !greffe__date_parse(&made.days, on)) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, "write 2026-01-31",
                              "'on' must be a date");
    }
    greffe__value *lines = greffe__arena_alloc(b->arena, orders->count * sizeof *lines);
    if (lines == NULL || !greffe__open_all(b, GREFFE__ORDER, orders) || !open_values(b, orders)) {
        return false;
    }
    for (uint32_t i = 0; i < orders->count; i++) {
        if (!add_line(b, orders->as.items[i].as.string, &made, &lines[i])) {
            return false;
        }
    }
    greffe__entry *e = greffe__arena_alloc(b->arena, 4 * sizeof *e);
    if (e == NULL) {
        return false;
    }
    e[0] = (greffe__entry){greffe__str_of("batch"), greffe__string(b->stream->key)};
    e[1] = (greffe__entry){greffe__str_of("cents"), greffe__integer(made.amount)};
    e[2] = (greffe__entry){greffe__str_of("lines"), greffe__list_of(lines, orders->count)};
    e[3] = (greffe__entry){greffe__str_of("on"), greffe__date(made.days)};
    greffe__event queued = {
        .type = GREFFE__EV_EFFECT_QUEUED, .name = greffe__str_of("payment"), .key = b->stream->key};
    b->out->answer = greffe__str_format(b->arena, "{\"orders\":%u,\"sum\":\"%.*s\"}", orders->count,
                                        (int)greffe__cents_text(b, made.amount).size,
                                        greffe__cents_text(b, made.amount).data);
    return greffe__meet_actor(b, b->stream) && greffe__emit(b, b->stream, made) &&
           greffe__keep_personal(b, b->stream, "payment", greffe__context_of(e, 4), &queued) &&
           greffe__emit(b, b->stream, queued);
}

static bool open_orders(greffe__bench *b, const greffe__batch *batch)
{
    greffe__value *keys = greffe__arena_alloc(b->arena, batch->orders.count * sizeof *keys);
    for (uint32_t i = 0; keys != NULL && i < batch->orders.count; i++) {
        keys[i] = greffe__string(batch->orders.at[i]);
    }
    greffe__value list = greffe__list_of(keys, batch->orders.count);
    return keys != NULL && greffe__open_all(b, GREFFE__ORDER, &list);
}

/* The same event for every order of the batch that is in this phase. */
static bool tell_orders(greffe__bench *b, const greffe__batch *batch, const char *phase,
                        greffe__event event)
{
    if (!open_orders(b, batch)) {
        return false;
    }
    for (uint32_t i = 0; i < batch->orders.count; i++) {
        greffe__stream *stream = greffe__open_stream(b, GREFFE__ORDER, batch->orders.at[i]);
        if (stream == NULL) {
            return false;
        }
        const greffe__order *order = stream->state;
        event.text = event.type == GREFFE__EV_ORDER_BATCHED ? order->payer : event.text;
        if (greffe__str_is(order->phase, phase) && !greffe__emit(b, stream, event)) {
            return false;
        }
    }
    return true;
}

/* What became of the file: it is out, it failed, or nobody knows. An end that comes late settles
 * what was unknown. */
static bool emitted(greffe__bench *b, const greffe__batch *batch)
{
    bool failed;
    if (batch->emitted) {
        return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE, NULL,
                              "the batch was already emitted");
    }
    bool unknown = greffe__str_is(greffe__arg(b, "outcome"), "unknown");
    if (!greffe__written(b, &batch->pending, &failed)) {
        return false;
    }
    greffe__event event = {.type = unknown ? GREFFE__EV_BATCH_UNKNOWN : GREFFE__EV_BATCH_EMITTED};
    greffe__event order = {.type = GREFFE__EV_ORDER_BATCHED, .key = b->stream->key};
    if (unknown) {
        order =
            (greffe__event){.type = GREFFE__EV_ORDER_ANSWERED, .name = greffe__str_of("unknown")};
    }
    bool orders_too = unknown || batch->unknown;
    return (failed && !unknown) ||
           ((!orders_too || tell_orders(b, batch, unknown ? "batched" : "unknown", order)) &&
            greffe__emit(b, b->stream, event));
}

/* An operator found out whether a batch left: it did, or it goes again under the same key. */
static bool settle(greffe__bench *b, const greffe__batch *batch)
{
    const greffe__value *sent = greffe__value_at(&b->command->args, "sent");
    greffe__str because;
    if (!batch->unknown || batch->pending.count == 0) {
        return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE, NULL,
                              "it is known what became of this batch");
    }
    if (sent == NULL || sent->kind != GREFFE__BOOL) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID,
                              "{\"sent\": false, \"because\": \"the bank never received it\"}",
                              "'sent' must be true or false");
    }
    if (!greffe__arg_needed(b, "because", &because) || !allowed(b, batch->service)) {
        return false;
    }
    bool left = sent->as.truth;
    greffe__str key = batch->pending.at[0].key;
    greffe__event settled = {.type = GREFFE__EV_BATCH_SETTLED,
                             .name = greffe__str_of(left ? "sent" : "not sent")};
    greffe__event closed = {.type = left ? GREFFE__EV_EFFECT_DONE : GREFFE__EV_INCIDENT_CLOSED,
                            .key = key,
                            .name = settled.name};
    if (!greffe__meet_actor(b, b->stream) ||
        !greffe__keep_personal(b, b->stream, "comment", greffe__string(because), &settled) ||
        !greffe__emit(b, b->stream, settled) || !greffe__emit(b, b->stream, closed)) {
        return false;
    }
    greffe__event again = {.type = GREFFE__EV_ORDER_BATCHED, .key = b->stream->key};
    return tell_orders(b, batch, "unknown", again) &&
           (!left || greffe__emit(b, b->stream, (greffe__event){.type = GREFFE__EV_BATCH_EMITTED}));
}

/* What the payer says of each order: rejected with a reason, unknown, or accepted. */
static bool report_one(greffe__bench *b, greffe__str key)
{
    greffe__stream *stream = greffe__open_stream(b, GREFFE__ORDER, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__order *order = stream->state;
    const greffe__value *rejected =
        greffe__value_get(greffe__value_at(&b->command->args, "rejected"), order->dossier);
    const greffe__value *list = greffe__value_at(&b->command->args, "unknown");
    bool unknown = false;
    for (uint32_t i = 0; list != NULL && list->kind == GREFFE__LIST && i < list->count; i++) {
        unknown = unknown || (list->as.items[i].kind == GREFFE__STRING &&
                              greffe__str_equal(list->as.items[i].as.string, order->dossier));
    }
    bool open = greffe__str_is(order->phase, "batched") || greffe__str_is(order->phase, "unknown");
    if (!open) {
        return true; /* answered before: a second report changes nothing */
    }
    greffe__str reason = rejected != NULL && rejected->kind == GREFFE__STRING
                             ? rejected->as.string
                             : (greffe__str){"", 0};
    bool code = reason.size <= 8;
    for (size_t i = 0; i < reason.size; i++) {
        char c = reason.data[i];
        code = code && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
    }
    if (rejected != NULL && (!code || reason.size == 0)) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, "AC04",
                              "a bank's reason is a code of at most 8 letters and digits");
    }
    greffe__event event = {.type = GREFFE__EV_ORDER_ANSWERED};
    event.name = greffe__str_of(rejected != NULL ? "rejected" : unknown ? "unknown" : "accepted");
    event.text = reason;
    return greffe__emit(b, stream, event);
}

/* Every dossier that the report names has an order in this batch. */
static bool check_report(greffe__bench *b, const greffe__batch *batch)
{
    const greffe__value *rejected = greffe__value_at(&b->command->args, "rejected");
    const greffe__value *unknown = greffe__value_at(&b->command->args, "unknown");
    if ((rejected != NULL && rejected->kind != GREFFE__CONTEXT) ||
        (unknown != NULL && !greffe__arg_keys(b, "unknown", &unknown))) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID,
                              "{\"rejected\": {\"d1\": \"AC04\"}, \"unknown\": [\"d2\"]}",
                              "'rejected' must be an object of dossiers and reasons");
    }
    uint32_t named =
        (rejected != NULL ? rejected->count : 0) + (unknown != NULL ? unknown->count : 0);
    uint32_t found = 0;
    for (uint32_t i = 0; i < batch->orders.count; i++) {
        const greffe__stream *stream = greffe__open_stream(b, GREFFE__ORDER, batch->orders.at[i]);
        if (stream == NULL) {
            return false;
        }
        greffe__str dossier = ((const greffe__order *)stream->state)->dossier;
        found += greffe__value_get(rejected, dossier) != NULL;
        for (uint32_t j = 0; unknown != NULL && j < unknown->count; j++) {
            found += greffe__str_equal(unknown->as.items[j].as.string, dossier);
        }
    }
    return found == named || greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                                            "the report names a dossier that this batch does not "
                                            "pay");
}

static bool report(greffe__bench *b, const greffe__batch *batch)
{
    if (!batch->emitted && !batch->unknown) {
        return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE, NULL,
                              "the batch is not emitted yet");
    }
    if (!allowed(b, batch->service) || !greffe__meet_actor(b, b->stream) ||
        !open_orders(b, batch) || !check_report(b, batch)) {
        return false;
    }
    if (batch->unknown && batch->pending.count > 0) { /* whoever answers has it */
        greffe__event done = {.type = GREFFE__EV_EFFECT_DONE,
                              .key = batch->pending.at[0].key,
                              .name = greffe__str_of("sent")};
        if (!greffe__emit(b, b->stream, done) ||
            !greffe__emit(b, b->stream, (greffe__event){.type = GREFFE__EV_BATCH_EMITTED})) {
            return false;
        }
    }
    for (uint32_t i = 0; i < batch->orders.count; i++) {
        if (!report_one(b, batch->orders.at[i])) {
            return false;
        }
    }
    return greffe__emit(b, b->stream, (greffe__event){.type = GREFFE__EV_BATCH_REPORTED});
}

bool greffe__decide_pay(greffe__bench *b)
{
    const greffe__command *c = b->command;
    b->stream = greffe__open_stream(b, GREFFE__BATCH, c->stream_key);
    if (b->stream == NULL) {
        return false;
    }
    if (greffe__str_is(c->verb, "pay.batch")) {
        return make_batch(b);
    }
    if (!b->stream->exists) {
        return greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND, NULL,
                              "there is no batch '%.*s'", (int)c->stream_key.size,
                              c->stream_key.data);
    }
    const greffe__batch *batch = b->stream->state;
    if (greffe__str_is(c->verb, "pay.settle")) {
        return settle(b, batch);
    }
    if (greffe__str_is(c->verb, "pay.retry")) {
        if (batch->unknown) {
            return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE,
                                  "ask the bank, then say what became of it: pay settle",
                                  "this batch may have left already; to send it again could pay "
                                  "twice");
        }
        return allowed(b, batch->service) && greffe__meet_actor(b, b->stream) &&
               greffe__retried(b, &batch->pending);
    }
    return greffe__str_is(c->verb, "pay.written") ? emitted(b, batch) : report(b, batch);
}
