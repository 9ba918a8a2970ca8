/* What states are made of: their parts found by name or number, lists that grow and shrink, and
 * what all aggregates share. */
#include <string.h>

#include "run/run_priv.h"

/* --- Parts --- */

#define FIND(list, condition)                                                                      \
    for (uint32_t i = 0; i < (list).count; i++) {                                                  \
        if (condition) {                                                                           \
            return &(list).at[i];                                                                  \
        }                                                                                          \
    }                                                                                              \
    return NULL

greffe__token *greffe__token_of(const greffe__dossier *d, uint32_t id)
{
    FIND(d->tokens, d->tokens.at[i].id == id);
}

greffe__task *greffe__task_of(const greffe__dossier *d, uint32_t token)
{
    FIND(d->tasks, d->tasks.at[i].token == token);
}

greffe__clock *greffe__clock_of(const greffe__dossier *d, greffe__str name)
{
    FIND(d->clocks, greffe__str_equal(d->clocks.at[i].name, name));
}

greffe__mark *greffe__mark_of(const greffe__dossier *d, greffe__str moment)
{
    FIND(d->marks, greffe__str_equal(d->marks.at[i].moment, moment));
}

greffe__frozen *greffe__frozen_of(const greffe__dossier *d, greffe__str name)
{
    FIND(d->frozen, greffe__str_equal(d->frozen.at[i].name, name));
}

greffe__ruling *greffe__ruling_of(const greffe__dossier *d, greffe__str table)
{
    FIND(d->rulings, greffe__str_equal(d->rulings.at[i].table, table));
}

greffe__money *greffe__money_of(const greffe__dossier *d, greffe__str allotment)
{
    FIND(d->money, greffe__str_equal(d->money.at[i].allotment, allotment));
}

greffe__ask *greffe__ask_of(const greffe__dossier *d, uint32_t scope, greffe__str step)
{
    FIND(d->asks, d->asks.at[i].scope == scope && greffe__str_equal(d->asks.at[i].step, step));
}

greffe__document *greffe__document_of(const greffe__dossier *d, greffe__str id)
{
    FIND(d->documents, greffe__str_equal(d->documents.at[i].id, id));
}

greffe__pending *greffe__pending_of(const greffe__pendings *list, greffe__str key)
{
    FIND(*list, greffe__str_equal(list->at[i].key, key));
}

greffe__scope_state *greffe__scope_of(const greffe__dossier *d, uint32_t id)
{
    FIND(d->scopes, d->scopes.at[i].id == id);
}

/* --- Lists --- */

void greffe__remove_at(void *list, uint32_t index, size_t size)
{
    greffe__list header;
    memcpy(&header, list, sizeof header);
    char *at = (char *)header.items + index * size;
    memmove(at, at + size, (header.count - index - 1) * size);
    header.count -= 1;
    memcpy(list, &header, sizeof header);
}

bool greffe__push_str(greffe__strs *list, greffe__str text, greffe__arena *arena)
{
    greffe__str *place = greffe__arena_push(arena, list, sizeof *place);
    if (place == NULL) {
        return false;
    }
    *place = text;
    return true;
}

bool greffe__has_str(const greffe__strs *list, greffe__str text)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (greffe__str_equal(list->at[i], text)) {
            return true;
        }
    }
    return false;
}

bool greffe__add_person(greffe__persons *people, const greffe__event *e, greffe__arena *arena)
{
    greffe__person *person = greffe__arena_push(arena, people, sizeof *person);
    if (person == NULL) {
        return false;
    }
    *person = (greffe__person){e->key, e->ref, e->commitment};
    return true;
}

/* --- Effects --- */

const greffe__pendings *greffe__pendings_of(uint32_t kind, const void *state)
{
    switch ((greffe__stream_kind)kind) {
    case GREFFE__DOSSIER: return &((const greffe__dossier *)state)->pending;
    case GREFFE__SESSION: return &((const greffe__session *)state)->pending;
    case GREFFE__BATCH: return &((const greffe__batch *)state)->pending;
    case GREFFE__ALLOTMENT:
    case GREFFE__ORDER:
    case GREFFE__CLAIM: break;
    }
    return NULL;
}

/* Effects of streams that wait for no node: queued, failed, tried again, done. */
bool greffe__apply_pending(greffe__pendings *list, const greffe__event *e, greffe__arena *arena)
{
    greffe__pending *pending = greffe__pending_of(list, e->key);
    if (e->type == GREFFE__EV_EFFECT_QUEUED) {
        pending = greffe__arena_push(arena, list, sizeof *pending);
        if (pending == NULL) {
            return false;
        }
        *pending = (greffe__pending){.key = e->key,
                                     .channel = e->name,
                                     .letter = e->path,
                                     .token = e->id,
                                     .ref = e->ref,
                                     .commitment = e->commitment};
        return true;
    }
    if (pending == NULL) {
        return false;
    }
    if (e->type == GREFFE__EV_INCIDENT_OPENED || e->type == GREFFE__EV_INCIDENT_CLOSED) {
        pending->incident = e->type == GREFFE__EV_INCIDENT_OPENED;
        pending->problem_ref = e->ref;
        pending->problem_commitment = e->commitment;
        return true;
    }
    greffe__remove_at(list, (uint32_t)(pending - list->at), sizeof *pending);
    return true;
}
