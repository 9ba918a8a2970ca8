/* Folding events into a session of a board. */
#include "run/run_priv.h"

greffe__item *greffe__item_of(const greffe__session *s, greffe__str dossier)
{
    for (uint32_t i = 0; i < s->items.count; i++) {
        if (greffe__str_equal(s->items.at[i].dossier, dossier)) {
            return &s->items.at[i];
        }
    }
    return NULL;
}

static uint32_t small(const greffe__value *context, const char *name)
{
    const greffe__value *value = greffe__value_at(context, name);
    int64_t number = 0;
    if (value != NULL && value->kind == GREFFE__NUMBER) {
        (void)greffe__dec_to_i64(&number, value->as.number);
    } else if (value != NULL && value->kind == GREFFE__BOOL) {
        number = value->as.truth;
    }
    return number < 0 || number > UINT32_MAX ? 0 : (uint32_t)number;
}

static bool convened(greffe__session *s, const greffe__event *e)
{
    s->board = (greffe__board){
        .id = e->path,
        .title = greffe__value_str(&e->value, "title"),
        .members = e->list,
        .chair = greffe__value_str(&e->value, "chair"),
        .secretary = greffe__value_str(&e->value, "secretary"),
        .quorum = small(&e->value, "quorum"),
        .majority = small(&e->value, "majority"),
        .proxies = small(&e->value, "proxies"),
        .casting = small(&e->value, "casting") != 0,
    };
    s->on = e->days;
    s->second = e->count != 0;
    return true;
}

static bool present(greffe__session *s, const greffe__event *e, greffe__arena *arena)
{
    s->counted = true;
    s->present = e->list;
    s->proxies = (greffe__proxies){0};
    for (uint32_t i = 0; e->value.kind == GREFFE__CONTEXT && i < e->value.count; i++) {
        greffe__proxy *proxy = greffe__arena_push(arena, &s->proxies, sizeof *proxy);
        if (proxy == NULL || e->value.as.entries[i].value.kind != GREFFE__STRING) {
            return false;
        }
        *proxy =
            (greffe__proxy){e->value.as.entries[i].name, e->value.as.entries[i].value.as.string};
    }
    s->quorate = s->second || s->present.count >= s->board.quorum;
    return true;
}

static bool item_event(greffe__session *s, const greffe__event *e, greffe__arena *arena)
{
    greffe__item *item = greffe__item_of(s, e->key);
    if (e->type == GREFFE__EV_ITEM_ADDED) {
        item = item == NULL ? greffe__arena_push(arena, &s->items, sizeof *item) : NULL;
        if (item == NULL) {
            return false;
        }
        *item = (greffe__item){
            .dossier = e->key, .proposal = e->name, .number = e->text, .barred = e->path};
        return true;
    }
    if (item == NULL) {
        return false;
    }
    switch (e->type) {
    case GREFFE__EV_ITEM_REMOVED:
        greffe__remove_at(&s->items, (uint32_t)(item - s->items.at), sizeof *item);
        return true;
    case GREFFE__EV_RECUSED: return greffe__push_str(&item->recused, e->name, arena);
    case GREFFE__EV_ITEM_RELAYED: item->relayed = true; return true;
    default:
        item->outcome = e->name;
        item->ref = e->ref;
        item->commitment = e->commitment;
        item->votes_for = small(&e->value, "for");
        item->votes_against = small(&e->value, "against");
        item->abstentions = small(&e->value, "abstain");
        return true;
    }
}

bool greffe__apply_session(greffe__session *s, const greffe__event *e, greffe__arena *arena)
{
    switch ((greffe__event_type)e->type) {
    case GREFFE__EV_CONVENED: return convened(s, e);
    case GREFFE__EV_PRESENT: return present(s, e, arena);
    case GREFFE__EV_ITEM_ADDED:
    case GREFFE__EV_ITEM_REMOVED:
    case GREFFE__EV_RECUSED:
    case GREFFE__EV_DECIDED:
    case GREFFE__EV_ITEM_RELAYED: return item_event(s, e, arena);
    case GREFFE__EV_EFFECT_QUEUED:
    case GREFFE__EV_EFFECT_DONE:
    case GREFFE__EV_INCIDENT_OPENED:
    case GREFFE__EV_INCIDENT_CLOSED: return greffe__apply_pending(&s->pending, e, arena);
    case GREFFE__EV_SESSION_CLOSED:
        s->closed = true;
        s->closed_how = e->name;
        return true;
    default: return false;
    }
}
