/* Minutes: what is to be written down of a session, gathered when it closes. */
#include "run/run_priv.h"

static greffe__value texts(greffe__bench *b, const greffe__strs *list)
{
    greffe__value *items = greffe__arena_alloc(b->arena, list->count * sizeof *items);
    for (uint32_t i = 0; items != NULL && i < list->count; i++) {
        items[i] = greffe__string(list->at[i]);
    }
    return items == NULL ? greffe__null() : greffe__list_of(items, list->count);
}

static greffe__value proxies(greffe__bench *b, const greffe__session *s)
{
    greffe__entry *entries = greffe__arena_alloc(b->arena, s->proxies.count * sizeof *entries);
    for (uint32_t i = 0; entries != NULL && i < s->proxies.count; i++) {
        entries[i] =
            (greffe__entry){s->proxies.at[i].absent, greffe__string(s->proxies.at[i].holder)};
    }
    return entries == NULL ? greffe__null() : greffe__context_of(entries, s->proxies.count);
}

static bool item_value(greffe__bench *b, const greffe__item *item, greffe__value *out)
{
    enum { members = 8 };
    greffe__entry *e = greffe__arena_alloc(b->arena, members * sizeof *e);
    const greffe__value *reasons = greffe__personal_value(b, b->stream, item->ref);
    if (e == NULL || b->stop) {
        return false;
    }
    greffe__str outcome = item->outcome.size > 0 ? item->outcome : greffe__str_of("unreached");
    e[0] = (greffe__entry){greffe__str_of("abstain"), greffe__integer(item->abstentions)};
    e[1] = (greffe__entry){greffe__str_of("against"), greffe__integer(item->votes_against)};
    e[2] = (greffe__entry){greffe__str_of("for"), greffe__integer(item->votes_for)};
    e[3] = (greffe__entry){greffe__str_of("number"), greffe__string(item->number)};
    e[4] = (greffe__entry){greffe__str_of("outcome"), greffe__string(outcome)};
    e[5] = (greffe__entry){greffe__str_of("proposal"), greffe__string(item->proposal)};
    e[6] =
        (greffe__entry){greffe__str_of("reasons"), reasons != NULL ? *reasons : greffe__text("")};
    e[7] = (greffe__entry){greffe__str_of("recused"), texts(b, &item->recused)};
    *out = greffe__context_of(e, members);
    return true;
}

bool greffe__queue_minutes(greffe__bench *b, const greffe__session *s)
{
    enum { members = 8 };
    if (b->stop) {
        return false;
    }
    greffe__entry *e = greffe__arena_alloc(b->arena, members * sizeof *e);
    greffe__value *items = greffe__arena_alloc(b->arena, s->items.count * sizeof *items);
    if (e == NULL || items == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < s->items.count; i++) {
        if (!item_value(b, &s->items.at[i], &items[i])) {
            return false;
        }
    }
    e[0] = (greffe__entry){greffe__str_of("board"), greffe__string(s->board.title)};
    e[1] = (greffe__entry){greffe__str_of("how"), greffe__string(s->closed_how)};
    e[2] = (greffe__entry){greffe__str_of("items"), greffe__list_of(items, s->items.count)};
    e[3] = (greffe__entry){greffe__str_of("members"), greffe__integer(s->board.members.count)};
    e[4] = (greffe__entry){greffe__str_of("on"), greffe__date(s->on)};
    e[5] = (greffe__entry){greffe__str_of("present"), texts(b, &s->present)};
    e[6] = (greffe__entry){greffe__str_of("proxies"), proxies(b, s)};
    e[7] = (greffe__entry){greffe__str_of("quorum"), greffe__integer(s->board.quorum)};
    greffe__event event = {.type = GREFFE__EV_EFFECT_QUEUED,
                           .name = greffe__str_of("minutes"),
                           .key =
                               greffe__str_format(b->arena, "%.*s/minutes",
                                                  (int)b->stream->key.size, b->stream->key.data)};
    return greffe__keep_personal(b, b->stream, "minutes", greffe__context_of(e, members), &event) &&
           greffe__emit(b, b->stream, event);
}
