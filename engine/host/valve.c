/* How fast the effects of a channel begin: how many at once, how many in a minute, and a breaker
 * that lets a channel rest whose other side fails. What is held back waits in the outbox, and costs
 * no attempt.
 *
 * All of it is this process's own and is not stored: one process dispatches at a time, and the next
 * one finds out for itself. On the store thread. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"

enum {
    us_in_ms = 1000,
    us_in_minute = 60000000,
    ahead_ms = 1000, /* what a second allows may begin at its start */
    first_rest_ms = 30000,
    most_doublings = 5, /* of a rest: 16 minutes */
    look_again_ms = 1000
};

static bool has_valve(const greffe__handler *handler)
{
    return strcmp(handler->channel, "*") != 0 && strcmp(handler->channel, "call") != 0;
}

static uint64_t id_of(const greffe_effect_row *row)
{
    greffe__hash hash = greffe__sha256_pair(row->key, row->item);
    uint64_t id;
    memcpy(&id, hash.bytes, sizeof id);
    return id;
}

/* What was begun and whose time is over has been given up: by a handler that forgot it, or by
 * another process that told its end. */
static void drop_old(greffe__valve *v, int64_t now_ms)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < v->open_count; i++) {
        if (v->open[i].until_ms > now_ms) {
            v->open[kept++] = v->open[i];
        }
    }
    v->open_count = kept;
}

static uint32_t room_by_rate(const greffe__valve *v, const greffe__handler *handler, int64_t now_ms)
{
    if (handler->per_minute == 0) {
        return GREFFE_MAX_AT_ONCE;
    }
    int64_t every = us_in_minute / handler->per_minute;
    int64_t now_us = now_ms * us_in_ms;
    int64_t free = now_us + ahead_ms * us_in_ms - (v->next_us > now_us ? v->next_us : now_us);
    return free < 0                             ? 0
           : free / every >= GREFFE_MAX_AT_ONCE ? GREFFE_MAX_AT_ONCE
                                                : (uint32_t)(free / every) + 1;
}

static bool rests(const greffe__valve *v, int64_t now_ms)
{
    return v->shut_until_ms > now_ms;
}

/* After a rest one attempt shows whether the other side is there again. */
static bool tries(const greffe__valve *v, const greffe__handler *handler)
{
    return v->failures >= handler->trips;
}

bool greffe__valve_bounds(const greffe_engine *e, uint32_t at, int64_t now_ms)
{
    const greffe__handler *handler = &e->handlers[at];
    const greffe__valve *v = &e->valves[at];
    return has_valve(handler) && (handler->at_once > 0 || handler->per_minute > 0 ||
                                  rests(v, now_ms) || tries(v, handler));
}

uint32_t greffe__valve_room(greffe_engine *e, uint32_t at, int64_t now_ms)
{
    const greffe__handler *handler = &e->handlers[at];
    greffe__valve *v = &e->valves[at];
    drop_old(v, now_ms);
    if (v->next_us > (now_ms + ahead_ms + look_again_ms) * us_in_ms + us_in_minute) {
        v->next_us = 0; /* the clock went back */
    }
    uint32_t most = tries(v, handler)      ? 1
                    : handler->at_once > 0 ? handler->at_once
                                           : GREFFE_MAX_AT_ONCE;
    uint32_t room = v->open_count < most ? most - v->open_count : 0;
    uint32_t by_rate = room_by_rate(v, handler, now_ms);
    return rests(v, now_ms) ? 0 : room < by_rate ? room : by_rate;
}

int64_t greffe__valve_next(const greffe_engine *e, int64_t now_ms)
{
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; i < e->handler_count; i++) {
        const greffe__valve *v = &e->valves[i];
        if (!greffe__valve_bounds(e, i, now_ms)) {
            continue;
        }
        int64_t by_rate = v->next_us / us_in_ms - ahead_ms + 1;
        int64_t at = rests(v, now_ms)   ? v->shut_until_ms
                     : by_rate > now_ms ? by_rate
                                        : now_ms + look_again_ms;
        next = at < next ? at : next;
    }
    /* Another channel's may be due meanwhile, which what is held back hides. */
    return next < now_ms + look_again_ms || next == INT64_MAX ? next : now_ms + look_again_ms;
}

void greffe__valve_begin(greffe_engine *e, const greffe__delivery *d, int64_t now_ms,
                         int64_t until_ms)
{
    greffe__valve *v = &e->valves[d->valve];
    const greffe__handler *handler = &e->handlers[d->valve];
    if (handler->per_minute > 0) {
        int64_t from = now_ms * us_in_ms;
        v->next_us = (v->next_us > from ? v->next_us : from) + us_in_minute / handler->per_minute;
    }
    if (v->open_count < GREFFE_MAX_AT_ONCE) {
        v->open[v->open_count++] = (greffe__open){id_of(&d->row), until_ms};
    }
}

static greffe__open *find_open(greffe_engine *e, const greffe_effect_row *row, uint32_t *valve)
{
    uint64_t id = id_of(row);
    for (*valve = 0; *valve < e->handler_count; *valve += 1) {
        greffe__valve *v = &e->valves[*valve];
        for (uint32_t i = 0; i < v->open_count; i++) {
            if (v->open[i].id == id) {
                return &v->open[i];
            }
        }
    }
    return NULL;
}

void greffe__valve_hold(greffe_engine *e, const greffe_effect_row *row, int64_t until_ms)
{
    uint32_t valve;
    greffe__open *open = find_open(e, row, &valve);
    if (open != NULL) {
        open->until_ms = until_ms;
    }
}

int64_t greffe__spread(const greffe_effect_row *row, int64_t wait_ms)
{
    return wait_ms / 2 + (int64_t)((id_of(row) + row->attempts * UINT64_C(0x9E3779B97F4A7C15)) %
                                   (uint64_t)(wait_ms / 2 + 1));
}

/* Whether it is the channel that failed, and not this effect. */
static bool of_the_channel(greffe_status status)
{
    return status == GREFFE_EIO || status == GREFFE_EBUSY || status == GREFFE_EUNKNOWN;
}

static void rest(greffe_engine *e, uint32_t at, const greffe__delivery *d, int64_t until_ms)
{
    char line[512];
    e->valves[at].shut_until_ms = until_ms;
    (void)snprintf(line, sizeof line, "the channel '%s' fails, and rests for %lld s: %s",
                   e->handlers[at].channel,
                   (long long)((until_ms - greffe__now(e, d->given_ms)) / 1000), d->problem);
    greffe__log(e->own, GREFFE_LOG_ERROR, line);
}

void greffe__valve_end(greffe_engine *e, const greffe__delivery *d)
{
    int64_t now_ms = greffe__now(e, d->given_ms);
    uint32_t at;
    greffe__open *open = find_open(e, &d->row, &at);
    if (open == NULL) {
        return; /* another process began it, or before a restart */
    }
    greffe__valve *v = &e->valves[at];
    *open = v->open[--v->open_count];
    if (!of_the_channel(d->status)) {
        v->failures = d->status == GREFFE_OK || d->status == GREFFE_EDENIED ? 0 : v->failures;
        return;
    }
    uint32_t trips = e->handlers[at].trips;
    v->failures += v->failures < UINT32_MAX;
    if (d->again_ms > 0) { /* the other side says when */
        rest(e, at, d, now_ms + d->again_ms);
    } else if (v->failures >= trips && !rests(v, now_ms) && has_valve(&e->handlers[at])) {
        uint32_t doublings =
            v->failures - trips < most_doublings ? v->failures - trips : most_doublings;
        rest(e, at, d, now_ms + greffe__spread(&d->row, (int64_t)first_rest_ms << doublings));
    }
}

void greffe__valve_renew(greffe_engine *e, uint32_t at)
{
    e->valves[at].failures = 0;
    e->valves[at].shut_until_ms = 0;
}
