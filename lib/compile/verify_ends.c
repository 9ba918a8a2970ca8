/* From which of the states that were reached an end can be reached. */
#include <string.h>

#include "compile/verify_priv.h"

/* Whether an end can be reached from each state; NULL without memory. */
static bool *reach_ends(greffe__proof *p, bool with_clocks)
{
    uint32_t *heads = greffe__arena_alloc(p->arena, (p->count + 1) * sizeof *heads);
    uint32_t *nexts = greffe__arena_alloc(p->arena, (p->arrows.count + 1) * sizeof *nexts);
    uint32_t *stack = greffe__arena_alloc(p->arena, (p->count + 1) * sizeof *stack);
    bool *ends = greffe__arena_zalloc(p->arena, p->count + 1);
    uint32_t depth = 0;
    if (heads == NULL || nexts == NULL || stack == NULL || ends == NULL) {
        return NULL;
    }
    memset(heads, 0xFF, p->count * sizeof *heads);
    for (uint32_t i = 0; i < p->arrows.count; i += 2) { /* backwards */
        nexts[i] = heads[p->arrows.at[i + 1]];
        heads[p->arrows.at[i + 1]] = i;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const greffe__plan_node *root = greffe__proof_root(p, i);
        if (root != NULL && root->op == GREFFE__P_END) {
            ends[i] = true;
            stack[depth++] = i;
        }
    }
    while (depth > 0) {
        uint32_t to = stack[--depth];
        for (uint32_t i = heads[to]; i != GREFFE__NONE; i = nexts[i]) {
            uint32_t from = p->arrows.at[i] & ~GREFFE__BY_CLOCK;
            bool counts = with_clocks || (p->arrows.at[i] & GREFFE__BY_CLOCK) == 0;
            if (counts && !ends[from]) {
                ends[from] = true;
                stack[depth++] = from;
            }
        }
    }
    return ends;
}

/* The first state from which no end is reached, and the tasks that nobody can ever complete: a
 * clock may end such a dossier, but nobody could do their work. */
bool greffe__proof_ends(greffe__proof *p)
{
    bool *ends = reach_ends(p, true), *free = reach_ends(p, false);
    if (ends == NULL || free == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < p->held_count; i++) { /* for ever */
        const struct greffe__held *held = &p->held[i];
        bool stuck = !free[held->state] && !greffe__proof_rests(p, held->state);
        if (stuck && p->stuck_at[held->move.node] == GREFFE__NONE) {
            p->stuck_at[held->move.node] = held->from;
            p->stuck_by[held->move.node] = held->move;
        }
    }
    for (uint32_t i = 0; i < p->count && p->caught == GREFFE__NONE; i++) {
        if (!ends[i] && !greffe__proof_rests(p, i)) {
            p->caught = i;
        }
    }
    return true;
}
