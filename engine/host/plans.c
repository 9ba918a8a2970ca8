/* Plans: those that the store thread has read, which of them a dossier, a board or an allotment
 * takes, and publishing. What the store says is asked each time, once for commands that share a
 * commit: another process may have published. */
#include <stdio.h>
#include <string.h>

#include "host/host_priv.h"

static const greffe__zone *zone_of(greffe_engine *e, greffe__str name)
{
    for (uint32_t i = 0; i < e->plan_count; i++) {
        const greffe__plan *known = greffe__plan_of(e->plans[i].plan);
        if (greffe__str_equal(known->zone, name)) {
            return e->plans[i].zone;
        }
    }
    greffe__zone *zone;
    greffe__str bytes = e->zone_bytes;
    if (bytes.size == 0) {
        greffe__str terminated = greffe__str_dup(&e->zones, name);
        bytes = greffe__system_zone(&e->zones, terminated.data);
    }
    if (bytes.size > 0 && greffe__zone_read(&zone, &e->zones, bytes) == GREFFE_OK) {
        return zone;
    }
    return greffe__str_is(name, "UTC") ? greffe__zone_utc() : greffe__zone_paris();
}

static greffe_status plan_from_bytes(greffe_engine *e, greffe__str hash, greffe__str bytes,
                                     greffe__cached_plan *out)
{
    greffe_plan *plan;
    greffe_status status = greffe_plan_read(&plan, e->own, bytes);
    if (status != GREFFE_OK) {
        return status;
    }
    if (e->plan_count == GREFFE__MAX_PLANS) { /* the oldest makes room */
        greffe_plan_unref(e->plans[0].plan);
        memmove(&e->plans[0], &e->plans[1], (GREFFE__MAX_PLANS - 1) * sizeof e->plans[0]);
        e->plan_count -= 1;
    }
    greffe__cached_plan *place = &e->plans[e->plan_count];
    e->zones.failed = false;
    const greffe__zone *zone = zone_of(e, greffe__plan_of(plan)->zone);
    if (e->zones.failed) { /* no other zone in its place: dates would be wrong, and be written */
        greffe_plan_unref(plan);
        return GREFFE_ENOMEM;
    }
    *place = (greffe__cached_plan){.plan = plan, .zone = zone};
    (void)snprintf(place->hash, sizeof place->hash, "%.*s", (int)hash.size, hash.data);
    greffe__hex(place->pinned, greffe_plan_hash(plan));
    e->plan_count += 1;
    *out = *place;
    (void)greffe_plan_ref(plan);
    return GREFFE_OK;
}

greffe_status greffe__plan_by_hash(greffe_engine *e, greffe__str hash, greffe__cached_plan *out,
                                   greffe__arena *arena)
{
    for (uint32_t i = 0; i < e->plan_count; i++) {
        if (greffe__str_is(hash, e->plans[i].hash)) {
            *out = e->plans[i];
            (void)greffe_plan_ref(out->plan);
            return GREFFE_OK;
        }
    }
    greffe_load item = {.what = GREFFE_LOAD_BUNDLE, .command = hash};
    greffe_status status = greffe__wait_load(e, &item, 1, arena);
    if (status == GREFFE_OK && !item.found) {
        status = GREFFE_ENOTFOUND;
    }
    return status == GREFFE_OK ? plan_from_bytes(e, hash, item.body, out) : status;
}

greffe__str greffe__known_name(greffe__arena *arena, uint32_t need, greffe__str key)
{
    return greffe__str_format(arena, "%s %.*s", need == GREFFE__NEED_BOARD ? "board" : "allotment",
                              (int)key.size, key.data);
}

static greffe__named_plan *find_named(greffe_engine *e, greffe_load_kind what, greffe__str name)
{
    for (uint32_t i = 0; e->shares && i < e->named_count; i++) {
        if (e->named[i].what == what && greffe__str_is(name, e->named[i].name)) {
            return &e->named[i];
        }
    }
    return NULL;
}

static void keep_named(greffe_engine *e, greffe_load_kind what, greffe__str name, greffe__str hash)
{
    if (!e->shares || e->named_count == GREFFE__MAX_NAMED || name.size >= sizeof e->named->name ||
        hash.size >= sizeof e->named->hash) {
        return;
    }
    greffe__named_plan *place = &e->named[e->named_count++];
    *place = (greffe__named_plan){.what = what};
    memcpy(place->name, name.data, name.size);
    memcpy(place->hash, hash.data, hash.size);
}

greffe_status greffe__plan_by(greffe_engine *e, greffe_load_kind what, greffe__str name,
                              greffe__cached_plan *out, greffe__arena *arena)
{
    const greffe__named_plan *named = find_named(e, what, name);
    if (named != NULL) {
        return greffe__plan_by_hash(e, greffe__str_of(named->hash), out, arena);
    }
    greffe_load item = {.what = what, .command = name};
    greffe_status status = greffe__wait_load(e, &item, 1, arena);
    if (status == GREFFE_OK && !item.found) {
        status = GREFFE_ENOTFOUND;
    }
    if (status == GREFFE_OK) {
        keep_named(e, what, name, item.label);
    }
    return status == GREFFE_OK ? greffe__plan_by_hash(e, item.label, out, arena) : status;
}

static greffe_status publish_plan(greffe_engine *e, const greffe_plan *plan, greffe__arena *arena)
{
    char hash[GREFFE__HASH_CHARS], pinned[GREFFE__HASH_CHARS];
    /* The whole bundle's hash: two that differ only in their letters are both kept. */
    greffe__hash whole = greffe__sha256(greffe_plan_bundle(plan));
    greffe__hex(hash, greffe__hash_str(&whole));
    greffe__hex(pinned, greffe_plan_hash(plan));
    const greffe__plan *p = greffe__plan_of(plan);
    greffe__str *names =
        greffe__arena_alloc(arena, ((size_t)p->boards.count + p->allotments.count) * sizeof *names);
    size_t count = 0;
    for (uint32_t i = 0; names != NULL && i < p->boards.count; i++) {
        names[count++] = greffe__known_name(arena, GREFFE__NEED_BOARD, p->boards.at[i].id);
    }
    for (uint32_t i = 0; names != NULL && i < p->allotments.count; i++) {
        names[count++] = greffe__known_name(arena, GREFFE__NEED_ALLOTMENT, p->allotments.at[i].id);
    }
    greffe_publication publication = {.procedure = greffe_plan_id(plan),
                                      .hash = greffe__str_of(hash),
                                      .pinned = greffe__str_of(pinned),
                                      .body = greffe_plan_bundle(plan),
                                      .now_ms = greffe__now(e, 0),
                                      .names = names,
                                      .name_count = count};
    return arena->failed ? GREFFE_ENOMEM : greffe__wait_publish(e, &publication);
}

greffe_status greffe__publish(greffe_engine *e, void *data)
{
    const greffe_plan *const *plan = data;
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe_status status = publish_plan(e, *plan, &arena);
    greffe__arena_free(&arena);
    return status;
}

greffe_status greffe_engine_publish(greffe_engine *engine, const greffe_plan *plan)
{
    return engine == NULL || plan == NULL
               ? GREFFE_EMISUSE
               : greffe__queue_call(engine->queue, greffe__publish, &plan);
}
