/* The states that were reached, each kept once, with the way to it and the arrows between them. */
#include <string.h>

#include "compile/verify_priv.h"

const uint8_t *greffe__proof_facts(const greffe__proof *p, const uint8_t *state)
{
    return state + 2 * (size_t)p->plan->scopes.count;
}

void greffe__proof_put(uint8_t *state, uint32_t scope, uint32_t place)
{
    state[2 * scope] = (uint8_t)(place & 0xFF);
    state[2 * scope + 1] = (uint8_t)(place >> 8);
}

static uint32_t unpack(const greffe__proof *p, uint32_t index, uint8_t *state, uint32_t *open)
{
    uint32_t scopes = p->plan->scopes.count, count = 0;
    for (uint32_t i = p->key_at[index]; i < p->key_at[index + 1]; i++) {
        uint32_t at = p->keys[i] >> 16, value = p->keys[i] & 0xFFFF;
        if (at >= scopes) {
            state[scopes + at] = (uint8_t)value;
            continue;
        }
        greffe__proof_put(state, at, value);
        if (open != NULL) {
            open[count++] = at;
        }
    }
    return count;
}

const uint8_t *greffe__proof_state(const greffe__proof *p, uint32_t index)
{
    memset(p->unpacked, 0, p->size);
    (void)unpack(p, index, p->unpacked, NULL);
    return p->unpacked;
}

void greffe__proof_load(const greffe__proof *p, uint32_t index, uint8_t *state, greffe__u32s *open)
{
    for (uint32_t i = 0; i < open->count; i++) {
        greffe__proof_put(state, open->at[i], GREFFE__PLACE_NONE);
    }
    memset(state + 2 * (size_t)p->plan->scopes.count, 0, p->fact_count);
    open->count = unpack(p, index, state, open->at);
}

/* Of what is kept of a state, places come first, and the root's before them all. */
const greffe__plan_node *greffe__proof_root(const greffe__proof *p, uint32_t index)
{
    uint32_t key = p->key_at[index] < p->key_at[index + 1] ? p->keys[p->key_at[index]] : 0;
    bool node = key >> 16 == 0 && key != 0 && key < GREFFE__PLACE_REST;
    return node ? &p->plan->nodes.at[key - 1] : NULL;
}

bool greffe__proof_stands(const greffe__proof *p, uint32_t index, uint32_t node)
{
    uint32_t key = p->plan->nodes.at[node].scope << 16 | (node + 1);
    for (uint32_t i = p->key_at[index]; i < p->key_at[index + 1]; i++) {
        if (p->keys[i] == key) {
            return true;
        }
    }
    return false;
}

bool greffe__proof_rests(const greffe__proof *p, uint32_t index)
{
    for (uint32_t i = p->key_at[index]; i < p->key_at[index + 1]; i++) {
        if (p->keys[i] >> 16 < p->plan->scopes.count &&
            (p->keys[i] & 0xFFFF) == GREFFE__PLACE_REST) {
            return true;
        }
    }
    return false;
}

const greffe__plan_node *greffe__proof_token(const greffe__proof *p, const uint8_t *state,
                                             uint32_t scope)
{
    uint32_t place = greffe__proof_place(state, scope);
    bool node = place != GREFFE__PLACE_NONE && place < GREFFE__PLACE_REST;
    return node ? &p->plan->nodes.at[place - 1] : NULL;
}

static uint32_t hash_of(const uint32_t *key, uint32_t count)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ key[i]) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t *slot_of(const greffe__proof *p, const uint32_t *key, uint32_t count)
{
    for (uint32_t i = hash_of(key, count) & p->mask;; i = (i + 1) & p->mask) {
        uint32_t index = p->table[i];
        if (index == GREFFE__NONE ||
            (p->key_at[index + 1] - p->key_at[index] == count &&
             memcmp(p->keys + p->key_at[index], key, count * sizeof *key) == 0)) {
            return &p->table[i];
        }
    }
}

/* What is 0 is left out: of the places of a state few are taken, and of its facts few are known. */
static uint32_t pack(const greffe__proof *p, const uint8_t *state, const greffe__u32s *open)
{
    uint32_t count = 0, scopes = p->plan->scopes.count;
    for (uint32_t i = 0; i < open->count; i++) {
        p->packed[count++] = open->at[i] << 16 | greffe__proof_place(state, open->at[i]);
    }
    const uint8_t *facts = greffe__proof_facts(p, state);
    uint32_t i = 0;
    for (; i + 8 <= p->fact_count; i += 8) {
        uint64_t eight;
        memcpy(&eight, facts + i, 8);
        for (uint32_t j = 0; eight != 0 && j < 8; j++) {
            if (facts[i + j] != 0) {
                p->packed[count++] = (scopes + i + j) << 16 | facts[i + j];
            }
        }
    }
    for (; i < p->fact_count; i++) {
        if (facts[i] != 0) {
            p->packed[count++] = (scopes + i) << 16 | facts[i];
        }
    }
    return count;
}

static void *larger(greffe__proof *p, const void *old, size_t used, size_t size)
{
    void *result = greffe__arena_alloc(p->arena, size);
    if (result != NULL && used > 0) {
        memcpy(result, old, used);
    }
    return result;
}

static bool make_key_room(greffe__proof *p, uint32_t size)
{
    if (p->key_count + size > p->key_room) {
        uint32_t room = 2 * p->key_room + size + 1024;
        uint32_t *keys = larger(p, p->keys, p->key_count * sizeof *keys, room * sizeof *keys);
        if (keys == NULL) {
            return false;
        }
        p->keys = keys;
        p->key_room = room;
    }
    return true;
}

static bool make_room(greffe__proof *p)
{
    uint32_t room = p->room == 0 ? 64 : p->room * 2;
    uint32_t slots = room * 2;
    uint32_t *key_at = larger(p, p->key_at, (p->room == 0 ? 0 : p->count + 1) * sizeof *key_at,
                              (room + 1) * sizeof *key_at);
    uint32_t *parents = larger(p, p->parents, p->count * sizeof *parents, room * sizeof *parents);
    greffe__move *moves = larger(p, p->moves, p->count * sizeof *moves, room * sizeof *moves);
    uint32_t *table = greffe__arena_alloc(p->arena, slots * sizeof *table);
    if (key_at == NULL || parents == NULL || moves == NULL || table == NULL) {
        return false;
    }
    if (p->room == 0) {
        key_at[0] = 0;
        p->key_count = 0;
    }
    p->key_at = key_at;
    p->parents = parents;
    p->moves = moves;
    p->table = table;
    p->mask = slots - 1;
    p->room = room;
    memset(table, 0xFF, slots * sizeof *table);
    for (uint32_t i = 0; i < p->count; i++) {
        *slot_of(p, p->keys + p->key_at[i], p->key_at[i + 1] - p->key_at[i]) = i;
    }
    return true;
}

static void note_arrow(greffe__proof *p, uint32_t from, uint32_t to, const greffe__move *move)
{
    greffe__arrow *arrow = greffe__arena_push(p->arena, &p->arrows, sizeof *arrow);
    if (arrow == NULL) {
        p->failed = true;
        return;
    }
    bool edge = move->kind == GREFFE__MOVE_EDGE && move->edge != GREFFE__NONE;
    *arrow = (greffe__arrow){from, to, edge ? move->node : GREFFE__NONE};
}

uint32_t greffe__proof_reach(greffe__proof *p, const uint8_t *state, const greffe__u32s *open,
                             uint32_t from, const greffe__move *move)
{
    enum { most_indexes = 65535 }; /* that a key can tell apart */
    bool spent = p->count >= GREFFE_MAX_PROOF_STATES ||
                 (uint64_t)p->key_count * sizeof *p->keys > GREFFE_MAX_PROOF_BYTES ||
                 p->plan->scopes.count + p->fact_count > most_indexes;
    if (p->failed || (p->count == p->room && !spent && !make_room(p))) {
        p->failed = true;
        return GREFFE__NONE;
    }
    uint32_t size = pack(p, state, open);
    uint32_t *slot = slot_of(p, p->packed, size);
    if (*slot == GREFFE__NONE) {
        if (spent) {
            p->spent = true;
            return GREFFE__NONE;
        }
        if (!make_key_room(p, size)) {
            p->failed = true;
            return GREFFE__NONE;
        }
        *slot = p->count;
        memcpy(p->keys + p->key_count, p->packed, size * sizeof *p->packed);
        p->key_count += size;
        p->key_at[p->count + 1] = p->key_count;
        p->parents[p->count] = from;
        p->moves[p->count] = *move;
        p->count += 1;
    }
    uint32_t reached = *slot;
    if (from != GREFFE__NONE && move->kind != GREFFE__MOVE_OTHER) { /* none may rely on another */
        note_arrow(p, from, reached, move);
    }
    return reached;
}
