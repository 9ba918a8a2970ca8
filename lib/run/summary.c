/* Summaries: the rows and columns that a store keeps beside a state so that lists are quick. They
 * are a function of the state alone, so that anyone can check them. */
#include "run/run_priv.h"

static greffe__row *add(greffe__summary *s, greffe__arena *arena, greffe__row_kind kind,
                        greffe__str item)
{
    greffe__row *row = greffe__arena_push(arena, &s->rows, sizeof *row);
    if (row != NULL) {
        row->kind = kind;
        row->item = item;
    }
    return row;
}

static void pending_rows(greffe__summary *s, const greffe__pendings *list, greffe__arena *arena)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const greffe__pending *pending = &list->at[i];
        greffe__row *row = add(s, arena, GREFFE__ROW_EFFECT, pending->key);
        if (row != NULL) {
            row->name = pending->channel;
            row->who = pending->letter;
            row->ref = pending->ref;
            row->assignee = greffe__str_of(pending->incident ? "incident" : "");
        }
    }
}

/* From its warning on, what a clock means at its end weighs on every task of the dossier: the first
 * day on which a warned clock ends; 0: none. */
static int64_t warned_day(const greffe__dossier *d, greffe__arena *arena)
{
    int64_t day = 0;
    for (uint32_t i = 0; i < d->clocks.count; i++) {
        const greffe__clock *clock = &d->clocks.at[i];
        greffe__str moment = GREFFE__CONCAT(arena, clock->name, {".warned", 7});
        if (clock->phase == GREFFE__CLOCK_RUNNING && greffe__mark_of(d, moment) != NULL &&
            (day == 0 || clock->due < day)) {
            day = clock->due;
        }
    }
    return day;
}

static void dossier(greffe__summary *s, const greffe__dossier *d, greffe__arena *arena)
{
    s->group = d->procedure;
    s->label = d->number;
    s->owner = d->applicant;
    s->status = d->phase == GREFFE__PHASE_CLOSED  ? d->outcome
                : d->phase == GREFFE__PHASE_DRAFT ? greffe__str_of("draft")
                : d->tokens.count > 0             ? d->tokens.at[0].path
                                                  : greffe__str_of("open");
    for (uint32_t i = 0; i < d->timers.count; i++) {
        s->due_ms = d->timers.at[i].due_ms < s->due_ms ? d->timers.at[i].due_ms : s->due_ms;
    }
    int64_t warned = warned_day(d, arena);
    for (uint32_t i = 0; i < d->tasks.count; i++) {
        const greffe__task *task = &d->tasks.at[i];
        const greffe__token *token = greffe__token_of(d, task->token);
        greffe__row *row = add(s, arena, GREFFE__ROW_TASK, greffe__str_of_uint(arena, task->token));
        if (row == NULL || token == NULL) {
            return;
        }
        row->name = token->path;
        row->who = task->service;
        row->assignee = task->assignee;
        row->due = warned != 0 && (task->due == 0 || warned < task->due) ? warned : task->due;
        row->since_ms = task->opened_ms;
        row->ref = d->session; /* on whose agenda it stands */
    }
    pending_rows(s, &d->pending, arena);
}

/* An outcome that has still to reach its dossier, as an effect of the engine's own channel. */
static void relay(greffe__summary *s, greffe__str dossier_key, const char *verb,
                  greffe__arena *arena)
{
    greffe__row *row = add(s, arena, GREFFE__ROW_EFFECT, dossier_key);
    if (row != NULL) {
        row->name = greffe__str_of("greffe");
        row->who = greffe__str_of(verb);
    }
}

greffe_status greffe__summarise(greffe__summary *out, uint32_t kind, const void *state,
                                greffe__arena *arena)
{
    greffe__str none = {"", 0};
    *out = (greffe__summary){
        .group = none, .status = none, .label = none, .owner = none, .due_ms = INT64_MAX};
    const greffe__session *session = state;
    const greffe__order *order = state;
    switch ((greffe__stream_kind)kind) {
    case GREFFE__DOSSIER: dossier(out, state, arena); break;
    case GREFFE__SESSION:
        out->group = session->board.id;
        out->status = session->closed ? session->closed_how : greffe__str_of("open");
        pending_rows(out, &session->pending, arena);
        for (uint32_t i = 0; session->closed && i < session->items.count; i++) {
            if (!session->items.at[i].relayed) {
                relay(out, session->items.at[i].dossier, "session.result", arena);
            }
        }
        break;
    case GREFFE__ALLOTMENT: {
        const greffe__allotment *a = state;
        out->label = a->title;
        out->amounts[0] = a->allocated;
        out->amounts[1] = a->reserved;
        out->amounts[2] = a->committed;
        out->amounts[3] = a->spent;
        break;
    }
    case GREFFE__ORDER:
        out->group = order->allotment;
        out->status = order->phase;
        out->label = order->dossier;
        out->owner = order->service;
        if (order->relay) {
            relay(out, order->dossier, "order.result", arena);
        }
        break;
    case GREFFE__BATCH: {
        const greffe__batch *batch = state;
        out->status = greffe__str_of(batch->reported  ? "reported"
                                     : batch->emitted ? "emitted"
                                     : batch->unknown ? "unknown"
                                                      : "made");
        pending_rows(out, &batch->pending, arena);
        break;
    }
    case GREFFE__CLAIM: out->status = ((const greffe__claim *)state)->holder; break;
    }
    return arena->failed ? GREFFE_ENOMEM : GREFFE_OK;
}
