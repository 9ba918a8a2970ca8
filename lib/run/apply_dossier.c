/* Folding events into a dossier. It evaluates nothing and reads no personal value. */

#include "run/run_priv.h"

#define PUSH(arena, list) greffe__arena_push(arena, list, sizeof *(list)->at)

static bool remember(greffe__dossier *d, const greffe__event *e)
{
    d->serial = e->id > d->serial ? e->id : d->serial;
    return true;
}

static bool add_fill(greffe__fills *list, const greffe__event *e, const char *owner,
                     greffe__arena *arena)
{
    greffe__fill *fill = PUSH(arena, list);
    if (fill == NULL) {
        return false;
    }
    *fill = (greffe__fill){owner != NULL ? greffe__str_of(owner) : e->path, e->ref, e->commitment};
    return true;
}

static bool document(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__document *place = greffe__document_of(d, e->name); /* a newer one takes its place */
    place = place != NULL ? place : PUSH(arena, &d->documents);
    if (place == NULL) {
        return false;
    }
    *place = (greffe__document){e->name, e->ref, e->commitment, e->days};
    return true;
}

static bool opened(greffe__dossier *d, const greffe__event *e)
{
    d->procedure = e->path;
    d->pinned = e->key;
    d->applicant = e->text;
    d->opened_ms = e->at;
    d->phase = GREFFE__PHASE_DRAFT;
    return true;
}

/* --- Tokens, tasks, timers --- */

static bool entered(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__token *token = PUSH(arena, &d->tokens);
    if (token == NULL) {
        return false;
    }
    *token = (greffe__token){e->id, e->parent, e->path, e->at};
    return remember(d, e);
}

static bool left(greffe__dossier *d, const greffe__event *e)
{
    for (uint32_t i = 0; i < d->tokens.count; i++) {
        if (d->tokens.at[i].id == e->id) {
            greffe__remove_at(&d->tokens, i, sizeof *d->tokens.at);
            return true;
        }
    }
    return false;
}

static bool happened(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__mark *mark = greffe__mark_of(d, e->name);
    if (mark == NULL) {
        mark = PUSH(arena, &d->marks);
        if (mark == NULL) {
            return false;
        }
        mark->moment = e->name;
        mark->count = 0;
    }
    mark->count += 1;
    mark->at_ms = e->at;
    mark->on = e->days;
    return e->key.size == 0 || greffe__has_str(&mark->who, e->key) ||
           greffe__push_str(&mark->who, e->key, arena);
}

static bool task_event(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__task *task = greffe__task_of(d, e->id);
    if (e->type == GREFFE__EV_TASK_OPENED) {
        task = PUSH(arena, &d->tasks);
        if (task == NULL) {
            return false;
        }
        *task = (greffe__task){.token = e->id,
                               .role = e->path,
                               .service = e->name,
                               .assignee = e->key,
                               .opened_ms = e->at,
                               .due = e->days};
        return true;
    }
    if (task == NULL) {
        return false;
    }
    if (e->type == GREFFE__EV_TASK_ASSIGNED) {
        task->assignee = e->key;
        return true;
    }
    greffe__remove_at(&d->tasks, (uint32_t)(task - d->tasks.at), sizeof *task);
    return true;
}

static bool timer_event(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    if (e->type == GREFFE__EV_TIMER_SET) {
        greffe__timer *timer = PUSH(arena, &d->timers);
        if (timer == NULL) {
            return false;
        }
        *timer = (greffe__timer){.id = e->parent,
                                 .token = e->id,
                                 .kind = e->name,
                                 .name = e->path,
                                 .due_ms = e->at,
                                 .day = e->days};
        d->serial = e->parent > d->serial ? e->parent : d->serial;
        return true;
    }
    for (uint32_t i = 0; i < d->timers.count; i++) {
        if (d->timers.at[i].id == e->parent) {
            greffe__remove_at(&d->timers, i, sizeof *d->timers.at);
            return true;
        }
    }
    return false;
}

static bool scope_event(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__scope_state *scope = greffe__scope_of(d, e->id);
    if (e->type == GREFFE__EV_SCOPE_OPENED) {
        scope = PUSH(arena, &d->scopes);
        if (scope == NULL) {
            return false;
        }
        *scope = (greffe__scope_state){.id = e->id,
                                       .token = e->parent,
                                       .path = e->path,
                                       .index = e->count,
                                       .ref = e->ref,
                                       .commitment = e->commitment};
        return remember(d, e);
    }
    if (scope == NULL) {
        return false;
    }
    if (greffe__str_is(e->name, "finished")) {
        scope->finished = true; /* its brothers may still run */
        return true;
    }
    greffe__remove_at(&d->scopes, (uint32_t)(scope - d->scopes.at), sizeof *scope);
    return true;
}

/* --- Clocks, money --- */

static bool add_span(greffe__clock *clock, int64_t first, int64_t after, greffe__arena *arena)
{
    int64_t *place = PUSH(arena, &clock->spans);
    if (place == NULL) {
        return false;
    }
    *place = first;
    place = PUSH(arena, &clock->spans);
    if (place == NULL) {
        return false;
    }
    *place = after;
    return true;
}

static bool clock_event(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__clock *clock = greffe__clock_of(d, e->name);
    if (clock == NULL) {
        clock = e->type == GREFFE__EV_CLOCK_STARTED ? PUSH(arena, &d->clocks) : NULL;
        if (clock == NULL) {
            return false;
        }
    }
    switch (e->type) {
    case GREFFE__EV_CLOCK_STARTED:
        *clock = (greffe__clock){
            .name = e->name, .phase = GREFFE__CLOCK_RUNNING, .from = e->days, .due = e->due};
        return true;
    case GREFFE__EV_CLOCK_PAUSED:
        clock->phase = GREFFE__CLOCK_PAUSED;
        clock->due = 0; /* unknown until it goes on */
        clock->paused_on = e->days;
        return true;
    case GREFFE__EV_CLOCK_RESUMED:
        if (!add_span(clock, clock->paused_on, e->days, arena)) {
            return false;
        }
        clock->phase = GREFFE__CLOCK_RUNNING;
        clock->suspended = e->count;
        clock->due = e->due;
        clock->paused_on = 0;
        return true;
    case GREFFE__EV_CLOCK_STOPPED:
        clock->phase = GREFFE__CLOCK_STOPPED;
        clock->stopped_by = e->path;
        return true;
    default: clock->phase = GREFFE__CLOCK_FIRED; return true;
    }
}

static bool money_event(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__money *money = greffe__money_of(d, e->key);
    if (money == NULL) {
        money = e->type == GREFFE__EV_RESERVED ? PUSH(arena, &d->money) : NULL;
        if (money == NULL) {
            return false;
        }
        *money = (greffe__money){.allotment = e->key};
    }
    int64_t *from = e->type == GREFFE__EV_COMMITTED ? &money->reserved : &money->committed;
    int64_t *to = e->type == GREFFE__EV_COMMITTED ? &money->committed : &money->spent;
    switch (e->type) {
    case GREFFE__EV_RESERVED: money->reserved += e->amount; return e->amount >= 0;
    case GREFFE__EV_RELEASED:
        from = greffe__str_is(e->name, "committed") ? &money->committed : &money->reserved;
        if (*from < e->amount) {
            return false;
        }
        *from -= e->amount;
        return true;
    default:
        if (*from < e->amount) {
            return false;
        }
        *from -= e->amount;
        *to += e->amount;
        return true;
    }
}

static bool frozen(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__frozen *place = greffe__frozen_of(d, e->name);
    place = place != NULL ? place : PUSH(arena, &d->frozen);
    if (place == NULL) {
        return false;
    }
    *place = (greffe__frozen){e->name, e->value, e->path, e->days};
    return true;
}

static bool ruled(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__ruling *place = greffe__ruling_of(d, e->name);
    place = place != NULL ? place : PUSH(arena, &d->rulings);
    if (place == NULL) {
        return false;
    }
    *place = (greffe__ruling){e->name, e->list, e->days};
    return true;
}

/* --- Effects --- */

static bool effect_event(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    d->serial = e->type == GREFFE__EV_EFFECT_QUEUED && e->count > d->serial ? e->count : d->serial;
    return greffe__apply_pending(&d->pending, e, arena);
}

static bool asked(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    greffe__ask *ask = greffe__ask_of(d, e->parent, e->path);
    if (ask == NULL) {
        ask = greffe__arena_push(arena, &d->asks, sizeof *ask);
    }
    if (ask != NULL) {
        *ask = (greffe__ask){e->parent, e->path, e->list, e->ref, e->commitment};
    }
    return ask != NULL;
}

static bool supplied(greffe__dossier *d, const greffe__event *e)
{
    greffe__ask *ask = greffe__ask_of(d, e->parent, e->path);
    if (ask != NULL) {
        greffe__remove_at(&d->asks, (uint32_t)(ask - d->asks.at), sizeof *ask);
    }
    return ask != NULL;
}

static bool ended(greffe__dossier *d, const greffe__event *e)
{
    d->phase = GREFFE__PHASE_CLOSED;
    d->outcome = e->name;
    d->ended_ms = e->at;
    return true;
}

bool greffe__apply_dossier(greffe__dossier *d, const greffe__event *e, greffe__arena *arena)
{
    static const greffe__str none = {"", 0};
    switch ((greffe__event_type)e->type) {
    case GREFFE__EV_OPENED: return opened(d, e);
    case GREFFE__EV_NUMBERED: d->number = e->name; return true;
    case GREFFE__EV_FILED:
        d->phase = GREFFE__PHASE_OPEN;
        d->filed_on = e->days;
        d->channel = e->text;
        return true;
    case GREFFE__EV_ANSWERED: return add_fill(&d->fills, e, NULL, arena);
    case GREFFE__EV_DOCUMENT_GIVEN: return document(d, e, arena);
    case GREFFE__EV_ENTERED: return entered(d, e, arena);
    case GREFFE__EV_LEFT: return left(d, e);
    case GREFFE__EV_HAPPENED: return happened(d, e, arena);
    case GREFFE__EV_TASK_OPENED:
    case GREFFE__EV_TASK_CLOSED:
    case GREFFE__EV_TASK_ASSIGNED: return task_event(d, e, arena);
    case GREFFE__EV_TIMER_SET:
    case GREFFE__EV_TIMER_CLOSED: return timer_event(d, e, arena);
    case GREFFE__EV_SCOPE_OPENED:
    case GREFFE__EV_SCOPE_CLOSED: return scope_event(d, e, arena);
    case GREFFE__EV_ASKED: return asked(d, e, arena);
    case GREFFE__EV_SUPPLIED: return supplied(d, e);
    case GREFFE__EV_SHOWN: d->shown = e->text; return true;
    case GREFFE__EV_CLOCK_STARTED:
    case GREFFE__EV_CLOCK_PAUSED:
    case GREFFE__EV_CLOCK_RESUMED:
    case GREFFE__EV_CLOCK_STOPPED:
    case GREFFE__EV_CLOCK_FIRED: return clock_event(d, e, arena);
    case GREFFE__EV_FROZEN: return frozen(d, e, arena);
    case GREFFE__EV_RULED: return ruled(d, e, arena);
    case GREFFE__EV_RESERVED:
    case GREFFE__EV_COMMITTED:
    case GREFFE__EV_SPENT:
    case GREFFE__EV_RELEASED: return money_event(d, e, arena);
    case GREFFE__EV_CLAIMED: d->claim = e->key; return true;
    case GREFFE__EV_UNCLAIMED: d->claim = none; return true;
    case GREFFE__EV_EFFECT_QUEUED:
    case GREFFE__EV_EFFECT_DONE:
    case GREFFE__EV_EFFECT_REVOKED:
    case GREFFE__EV_INCIDENT_OPENED:
    case GREFFE__EV_INCIDENT_CLOSED: return effect_event(d, e, arena);
    case GREFFE__EV_LISTED: d->session = e->key; return true;
    case GREFFE__EV_UNLISTED: d->session = none; return true;
    case GREFFE__EV_ORDERED: d->order = e->key; return true;
    case GREFFE__EV_ORDER_ENDED: d->order = none; return true;
    case GREFFE__EV_COMMENTED: return add_fill(&d->notes, e, "comment", arena);
    case GREFFE__EV_WITHDRAWN: return add_fill(&d->notes, e, "withdrawal", arena);
    case GREFFE__EV_ERASED:
        d->erased_on = e->days;
        d->people = (greffe__persons){0}; /* who comes from now on is met anew */
        return add_fill(&d->notes, e, "erased", arena);
    case GREFFE__EV_BACKDATED: return add_fill(&d->notes, e, "backdated", arena);
    case GREFFE__EV_REASONED: return add_fill(&d->notes, e, "reasons", arena);
    case GREFFE__EV_MESSAGE_CAME: return add_fill(&d->notes, e, "message", arena);
    case GREFFE__EV_CAME_LATE: return true;
    case GREFFE__EV_ENDED: return ended(d, e);
    default: return false;
    }
}
