/* Who reads, and which streams of a list they may see. A dossier's own rules are the plan's
 * (run/sight.c); what belongs to a service or a board is seen by it. */
#include "host/read_priv.h"

void greffe__reader_begin(const greffe_engine *e, greffe__reading *r)
{
    const greffe_actor *actor = r->query->actor;
    r->reader = NULL;
    r->plan = (greffe__cached_plan){.plan = NULL};
    if (actor != NULL) {
        greffe__person_of(e, &r->person, actor, r->arena);
        r->reader = &r->person;
    }
}

void greffe__reader_end(greffe__reading *r)
{
    greffe_plan_unref(r->plan.plan);
}

bool greffe__reader_is(const greffe__reading *r, const char *kind)
{
    return r->reader != NULL && greffe__str_is(r->reader->kind, kind);
}

greffe_status greffe__reader_sight(greffe_engine *e, greffe__reading *r, const greffe__dossier *d,
                                   greffe__sight *out)
{
    greffe_status status = GREFFE_OK;
    if (r->plan.plan == NULL || !greffe__str_is(d->pinned, r->plan.pinned)) {
        greffe__reader_end(r);
        r->plan = (greffe__cached_plan){.plan = NULL};
        status = greffe__plan_by(e, GREFFE_LOAD_PINNED, d->pinned, &r->plan, r->arena);
    }
    if (status == GREFFE_OK) {
        *out = greffe__sight_of(greffe__plan_of(r->plan.plan), d, r->reader);
    }
    return status;
}

static bool serves(const greffe__reading *r, greffe__str service)
{
    return greffe__reader_is(r, "agent") && greffe__has_str(&r->reader->services, service);
}

greffe_status greffe__reader_sees(greffe_engine *e, greffe__reading *r, uint32_t kind,
                                  const void *state, bool *out)
{
    greffe__sight sight;
    greffe_status status = GREFFE_OK;
    *out = r->reader == NULL;
    if (*out) {
        return GREFFE_OK;
    }
    switch ((greffe__stream_kind)kind) {
    case GREFFE__DOSSIER:
        status = greffe__reader_sight(e, r, state, &sight);
        *out = status == GREFFE_OK && sight.sees != GREFFE__SEES_NOTHING;
        return status;
    case GREFFE__SESSION: {
        const greffe__board *board = &((const greffe__session *)state)->board;
        *out = serves(r, board->secretary) ||
               (greffe__reader_is(r, "member") && greffe__has_str(&r->reader->roles, board->id));
        break;
    }
    case GREFFE__ALLOTMENT: *out = serves(r, ((const greffe__allotment *)state)->service); break;
    case GREFFE__ORDER: *out = serves(r, ((const greffe__order *)state)->service); break;
    case GREFFE__BATCH: *out = serves(r, ((const greffe__batch *)state)->service); break;
    case GREFFE__CLAIM: break;
    }
    return GREFFE_OK;
}

greffe_status greffe__reader_sees_key(greffe_engine *e, greffe__reading *r, uint32_t kind,
                                      greffe__str key, bool *out)
{
    greffe_load item = {.what = GREFFE_LOAD_STREAM, .kind = kind, .key = key};
    void *state;
    *out = r->reader == NULL;
    if (*out) {
        return GREFFE_OK;
    }
    greffe_status status = greffe__wait_load(e, &item, 1, r->arena);
    if (status != GREFFE_OK || !item.found) {
        return status;
    }
    status = greffe__read_state(r, kind, item.body, &state);
    return status == GREFFE_OK ? greffe__reader_sees(e, r, kind, state, out) : status;
}
