/* From which of the states that were reached an end can be reached, and which tasks can be
 * completed. */
#include <string.h>

#include "compile/verify_priv.h"

/* The arrows backwards: those that lead to a state, and those that are an outcome of a node. */
typedef struct arrows {
    uint32_t *to_heads, *to_nexts, *node_heads, *node_nexts;
    uint32_t *stack;
    uint32_t *reached; /* of each state: the search that came to it last */
} arrows;

static bool index_arrows(arrows *a, const greffe__proof *p)
{
    uint32_t nodes = p->plan->nodes.count;
    a->to_heads = greffe__arena_alloc(p->arena, (p->count + 1) * sizeof *a->to_heads);
    a->to_nexts = greffe__arena_alloc(p->arena, (p->arrows.count + 1) * sizeof *a->to_nexts);
    a->node_heads = greffe__arena_alloc(p->arena, (nodes + 1) * sizeof *a->node_heads);
    a->node_nexts = greffe__arena_alloc(p->arena, (p->arrows.count + 1) * sizeof *a->node_nexts);
    a->stack = greffe__arena_alloc(p->arena, (p->count + 1) * sizeof *a->stack);
    a->reached = greffe__arena_zalloc(p->arena, (p->count + 1) * sizeof *a->reached);
    if (p->arena->failed) {
        return false;
    }
    memset(a->to_heads, 0xFF, p->count * sizeof *a->to_heads);
    memset(a->node_heads, 0xFF, nodes * sizeof *a->node_heads);
    for (uint32_t i = 0; i < p->arrows.count; i++) {
        const greffe__arrow *arrow = &p->arrows.at[i];
        a->to_nexts[i] = a->to_heads[arrow->to];
        a->to_heads[arrow->to] = i;
        if (arrow->node != GREFFE__NONE) {
            a->node_nexts[i] = a->node_heads[arrow->node];
            a->node_heads[arrow->node] = i;
        }
    }
    return true;
}

static uint32_t come_to(arrows *a, uint32_t state, uint32_t search, uint32_t depth)
{
    if (a->reached[state] == search) {
        return depth;
    }
    a->reached[state] = search;
    a->stack[depth] = state;
    return depth + 1;
}

/* From where the first `depth` states of the stack can be reached; with a node, while a token
 * stands there. */
static void search_back(arrows *a, const greffe__proof *p, uint32_t node, uint32_t search,
                        uint32_t depth)
{
    while (depth > 0) {
        uint32_t to = a->stack[--depth];
        for (uint32_t i = a->to_heads[to]; i != GREFFE__NONE; i = a->to_nexts[i]) {
            uint32_t from = p->arrows.at[i].from;
            if (node == GREFFE__NONE || greffe__proof_stands(p, from, node)) {
                depth = come_to(a, from, search, depth);
            }
        }
    }
}

/* The first state in which nobody can complete a task any more, whatever happens beside it: a clock
 * may end such a dossier, or another branch the block, but nobody could do that work. */
static void find_closed(arrows *a, greffe__proof *p, uint32_t node, uint32_t search)
{
    uint32_t depth = 0;
    for (uint32_t i = a->node_heads[node]; i != GREFFE__NONE; i = a->node_nexts[i]) {
        depth = come_to(a, p->arrows.at[i].from, search, depth);
    }
    search_back(a, p, node, search, depth);
    for (uint32_t i = 0; i < p->held_count && p->stuck_at[node] == GREFFE__NONE; i++) {
        const struct greffe__held *held = &p->held[i];
        if (held->move.node == node && a->reached[held->state] != search &&
            !greffe__proof_rests(p, held->state)) {
            p->stuck_at[node] = held->from;
            p->stuck_by[node] = held->move;
        }
    }
}

/* The first state from which no end is reached, and the tasks that nobody can complete. */
bool greffe__proof_ends(greffe__proof *p)
{
    arrows a;
    const uint32_t ending = 1, tasks = 2; /* searches; of a task, and its node */
    uint32_t depth = 0;
    bool *looked = greffe__arena_zalloc(p->arena, p->plan->nodes.count + 1);
    if (looked == NULL || !index_arrows(&a, p)) {
        return false;
    }
    for (uint32_t i = 0; i < p->held_count; i++) {
        uint32_t node = p->held[i].move.node;
        if (!looked[node]) {
            looked[node] = true;
            find_closed(&a, p, node, tasks + node);
        }
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const greffe__plan_node *root = greffe__proof_root(p, i);
        if (root != NULL && root->op == GREFFE__P_END) {
            depth = come_to(&a, i, ending, depth);
        }
    }
    search_back(&a, p, GREFFE__NONE, ending, depth);
    for (uint32_t i = 0; i < p->count && p->caught == GREFFE__NONE; i++) {
        if (a.reached[i] != ending && !greffe__proof_rests(p, i)) {
            p->caught = i;
        }
    }
    return true;
}
