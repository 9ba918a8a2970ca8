/* The states that were reached, each kept once, with the way to it and the arrows between them. */
#include <string.h>

#include "compile/verify_priv.h"

uint32_t greffe__proof_place(const uint8_t *state, uint32_t scope)
{
    return (uint32_t)state[2 * scope] | (uint32_t)state[2 * scope + 1] << 8;
}

const uint8_t *greffe__proof_facts(const greffe__proof *p, const uint8_t *state)
{
    return state + 2 * (size_t)p->plan->scopes.count;
}

const uint8_t *greffe__proof_state(const greffe__proof *p, uint32_t index)
{
    return p->states + (size_t)index * p->size;
}

const greffe__plan_node *greffe__proof_token(const greffe__proof *p, const uint8_t *state,
                                             uint32_t scope)
{
    uint32_t place = greffe__proof_place(state, scope);
    bool node = place != GREFFE__PLACE_NONE && place < GREFFE__PLACE_REST;
    return node ? &p->plan->nodes.at[place - 1] : NULL;
}

static uint32_t hash_of(const uint8_t *bytes, uint32_t size)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint32_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t *slot_of(const greffe__proof *p, const uint8_t *state)
{
    for (uint32_t i = hash_of(state, p->size) & p->mask;; i = (i + 1) & p->mask) {
        uint32_t index = p->table[i];
        if (index == GREFFE__NONE || memcmp(greffe__proof_state(p, index), state, p->size) == 0) {
            return &p->table[i];
        }
    }
}

static bool make_room(greffe__proof *p)
{
    uint32_t room = p->room == 0 ? 64 : p->room * 2;
    uint32_t slots = room * 2;
    uint8_t *states = greffe__arena_alloc(p->arena, (size_t)room * p->size);
    uint32_t *parents = greffe__arena_alloc(p->arena, room * sizeof *parents);
    greffe__move *moves = greffe__arena_alloc(p->arena, room * sizeof *moves);
    uint32_t *table = greffe__arena_alloc(p->arena, slots * sizeof *table);
    if (states == NULL || parents == NULL || moves == NULL || table == NULL) {
        return false;
    }
    if (p->count > 0) {
        memcpy(states, p->states, (size_t)p->count * p->size);
        memcpy(parents, p->parents, p->count * sizeof *parents);
        memcpy(moves, p->moves, p->count * sizeof *moves);
    }
    p->states = states;
    p->parents = parents;
    p->moves = moves;
    p->table = table;
    p->mask = slots - 1;
    p->room = room;
    memset(table, 0xFF, slots * sizeof *table);
    for (uint32_t i = 0; i < p->count; i++) {
        *slot_of(p, greffe__proof_state(p, i)) = i;
    }
    return true;
}

static void note_arrow(greffe__proof *p, uint32_t from, uint32_t to, bool clock)
{
    uint32_t *at = greffe__arena_push(p->arena, &p->arrows, sizeof *at);
    uint32_t *next = at != NULL ? greffe__arena_push(p->arena, &p->arrows, sizeof *at) : NULL;
    if (next == NULL) {
        p->failed = true;
        return;
    }
    p->arrows.at[p->arrows.count - 2] = from | (clock ? GREFFE__BY_CLOCK : 0);
    p->arrows.at[p->arrows.count - 1] = to;
}

uint32_t greffe__proof_reach(greffe__proof *p, const uint8_t *state, uint32_t from,
                             const greffe__move *move)
{
    bool spent = p->count >= GREFFE_MAX_PROOF_STATES ||
                 (uint64_t)p->count * p->size > GREFFE_MAX_PROOF_BYTES;
    if (p->failed || (p->count == p->room && !spent && !make_room(p))) {
        p->failed = true;
        return GREFFE__NONE;
    }
    uint32_t *slot = slot_of(p, state);
    if (*slot == GREFFE__NONE) {
        if (spent) {
            p->spent = true;
            return GREFFE__NONE;
        }
        *slot = p->count;
        memcpy(p->states + (size_t)p->count * p->size, state, p->size);
        p->parents[p->count] = from;
        p->moves[p->count] = *move;
        p->count += 1;
    }
    uint32_t reached = *slot;
    if (from != GREFFE__NONE) {
        note_arrow(p, from, reached, move->kind == GREFFE__MOVE_CLOCK);
    }
    return reached;
}
