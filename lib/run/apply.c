/* Folding: the door, and the small aggregates: allotments, orders, batches, claims. */
#include "run/run_priv.h"

static bool add(int64_t *to, int64_t amount)
{
    if (amount < 0 || *to > INT64_MAX - amount) {
        return false;
    }
    *to += amount;
    return true;
}

static bool move(int64_t *from, int64_t *to, int64_t amount)
{
    if (amount < 0 || *from < amount || !add(to, amount)) {
        return false;
    }
    *from -= amount;
    return true;
}

/* Holds at every event: reserved + committed + spent <= allocated. */
static bool apply_allotment(greffe__allotment *a, const greffe__event *e)
{
    bool good;
    switch (e->type) {
    case GREFFE__EV_ALLOCATED:
        good = e->amount >= 0 ? add(&a->allocated, e->amount) : a->allocated >= -e->amount;
        a->allocated += good && e->amount < 0 ? e->amount : 0;
        a->title = e->text.size > 0 ? e->text : a->title;
        a->service = e->name.size > 0 ? e->name : a->service;
        break;
    case GREFFE__EV_HELD: good = add(&a->reserved, e->amount); break;
    case GREFFE__EV_PLEDGED: good = move(&a->reserved, &a->committed, e->amount); break;
    case GREFFE__EV_PAID_OUT: good = move(&a->committed, &a->spent, e->amount); break;
    case GREFFE__EV_GIVEN_BACK: {
        bool committed = greffe__str_is(e->name, "committed");
        int64_t *from = committed ? &a->committed : &a->reserved;
        good = e->amount >= 0 && *from >= e->amount;
        *from -= good ? e->amount : 0;
        break;
    }
    default: return false;
    }
    return good && a->reserved + a->committed + a->spent <= a->allocated;
}

static bool apply_order(greffe__order *o, const greffe__event *e)
{
    switch (e->type) {
    case GREFFE__EV_ORDER_PREPARED:
        o->dossier = e->key;
        o->cents = e->amount;
        o->allotment = e->name;
        o->service = e->text;
        o->ref = e->ref;
        o->commitment = e->commitment;
        o->excluded = e->list;
        o->phase = greffe__str_of("prepared");
        return true;
    case GREFFE__EV_ORDER_BATCHED:
        o->batch = e->key;
        o->payer = e->text;
        o->phase = greffe__str_of("batched");
        o->relay = false; /* an "unknown" that was not told yet is none any more */
        return true;
    case GREFFE__EV_ORDER_ANSWERED:
        o->phase = e->name;
        o->reason = e->text;
        o->relay = true;
        return true;
    case GREFFE__EV_ORDER_RELAYED: o->relay = false; return true;
    case GREFFE__EV_ORDER_CANCELLED: o->phase = greffe__str_of("cancelled"); return true;
    default: return false;
    }
}

static bool apply_batch(greffe__batch *b, const greffe__event *e, greffe__arena *arena)
{
    switch (e->type) {
    case GREFFE__EV_BATCH_MADE:
        b->orders = e->list;
        b->cents = e->amount;
        b->on = e->days;
        b->service = e->name;
        return true;
    case GREFFE__EV_EFFECT_QUEUED:
    case GREFFE__EV_EFFECT_DONE:
    case GREFFE__EV_INCIDENT_OPENED:
    case GREFFE__EV_INCIDENT_CLOSED: return greffe__apply_pending(&b->pending, e, arena);
    case GREFFE__EV_BATCH_EMITTED:
        b->emitted = true;
        b->unknown = false;
        return true;
    case GREFFE__EV_BATCH_UNKNOWN: b->unknown = true; return true;
    case GREFFE__EV_BATCH_SETTLED: b->unknown = false; return true;
    case GREFFE__EV_BATCH_REPORTED: b->reported = true; return true;
    default: return false;
    }
}

static bool apply_claim(greffe__claim *c, const greffe__event *e)
{
    if (e->type == GREFFE__EV_CLAIM_TAKEN) {
        c->holder = e->key;
        c->since = e->days;
        c->until = e->due;
        return true;
    }
    if (e->type == GREFFE__EV_CLAIM_FREED) {
        c->holder = (greffe__str){"", 0};
        c->since = c->until = 0;
        return true;
    }
    return false;
}

/* --- Door --- */

static greffe__persons *people_of(uint32_t kind, void *state)
{
    switch ((greffe__stream_kind)kind) {
    case GREFFE__DOSSIER: return &((greffe__dossier *)state)->people;
    case GREFFE__SESSION: return &((greffe__session *)state)->people;
    case GREFFE__ALLOTMENT: return &((greffe__allotment *)state)->people;
    case GREFFE__ORDER: return &((greffe__order *)state)->people;
    case GREFFE__CLAIM: return &((greffe__claim *)state)->people;
    case GREFFE__BATCH: return &((greffe__batch *)state)->people;
    }
    return NULL;
}

greffe_status greffe__apply(uint32_t kind, void *state, const greffe__event *event,
                            greffe__arena *arena)
{
    bool good = false;
    if (event->type == GREFFE__EV_PERSON_MET) {
        greffe__persons *people = people_of(kind, state);
        good = people != NULL && greffe__add_person(people, event, arena);
    } else {
        switch ((greffe__stream_kind)kind) {
        case GREFFE__DOSSIER: good = greffe__apply_dossier(state, event, arena); break;
        case GREFFE__SESSION: good = greffe__apply_session(state, event, arena); break;
        case GREFFE__ALLOTMENT: good = apply_allotment(state, event); break;
        case GREFFE__ORDER: good = apply_order(state, event); break;
        case GREFFE__BATCH: good = apply_batch(state, event, arena); break;
        case GREFFE__CLAIM: good = apply_claim(state, event); break;
        }
    }
    if (arena->failed) {
        return GREFFE_ENOMEM;
    }
    return good ? GREFFE_OK : GREFFE_ECORRUPT;
}
