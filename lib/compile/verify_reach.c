/* Checks on the finished graph: every step can be reached, every step leads to an end, every
 * circle waits for something, and money is only moved once its amount is frozen. */
#include "base/limits.h"
#include "compile/compile_priv.h"

typedef struct graph {
    greffe__definition *d;
    const greffe__plan *plan;
    bool *reached, *ends;
    uint32_t *stack;
} graph;

static bool block_waits(const graph *g, const greffe__plan_node *block, uint32_t depth);

static bool waits(const graph *g, uint32_t at, uint32_t depth)
{
    const greffe__plan_node *node = &g->plan->nodes.at[at];
    /* The list of `each` may be empty; a day that is calculated may be past; and a letter leaves at
     * once, again and again. */
    bool at_once =
        (node->op == GREFFE__P_WAIT && node->expression != NULL) || node->op == GREFFE__P_EFFECT;
    return node->op == GREFFE__P_FORK ? block_waits(g, node, depth + 1)
                                      : greffe__node_waits(node) && !at_once;
}

/* Whether a branch comes to its end without a wait, from a node on. */
static bool passes(const graph *g, bool *seen, uint32_t at, uint32_t depth)
{
    const greffe__plan_node *node = &g->plan->nodes.at[at];
    if (node->op == GREFFE__P_EXIT) {
        return true;
    }
    if (seen[at] || waits(g, at, depth)) {
        return false;
    }
    seen[at] = true;
    for (uint32_t i = 0; i < node->edges.count; i++) {
        if (passes(g, seen, node->edges.at[i].target, depth)) {
            return true;
        }
    }
    return false;
}

/* A block waits where fewer of its branches than have to finish can do so at once. */
static bool block_waits(const graph *g, const greffe__plan_node *block, uint32_t depth)
{
    uint32_t total = block->scopes.count, passing = 0;
    bool *seen = depth < GREFFE_MAX_YAML_DEPTH
                     ? greffe__arena_zalloc(g->d->binder.arena, g->plan->nodes.count)
                     : NULL;
    for (uint32_t i = 0; seen != NULL && i < total; i++) {
        passing += passes(g, seen, g->plan->scopes.at[block->scopes.at[i]].entry, depth);
    }
    return seen != NULL && passing < greffe__node_needs(block, total);
}

/* The nodes that may follow: edges, the first step of each inner block, and, from an exit, the
 * edges of the block it leaves are those of the block's own node. */
static uint32_t follow(const graph *g, uint32_t at, uint32_t index)
{
    const greffe__plan_node *node = &g->plan->nodes.at[at];
    if (index < node->edges.count) {
        return node->edges.at[index].target;
    }
    index -= node->edges.count;
    return index < node->scopes.count ? g->plan->scopes.at[node->scopes.at[index]].entry
                                      : GREFFE__NONE;
}

static void reach(graph *g, uint32_t start)
{
    uint32_t depth = 0;
    if (!g->reached[start]) {
        g->reached[start] = true;
        g->stack[depth++] = start;
    }
    while (depth > 0) {
        uint32_t at = g->stack[--depth], next;
        for (uint32_t i = 0; (next = follow(g, at, i)) != GREFFE__NONE; i++) {
            if (!g->reached[next]) {
                g->reached[next] = true;
                g->stack[depth++] = next;
            }
        }
    }
}

static bool find_ends(graph *g)
{
    bool changed = false;
    for (uint32_t i = g->plan->nodes.count; i-- > 0;) { /* most lead on to those after them */
        const greffe__plan_node *node = &g->plan->nodes.at[i];
        bool ends = node->op == GREFFE__P_END || node->op == GREFFE__P_EXIT;
        for (uint32_t j = 0; j < node->edges.count; j++) {
            ends = ends || g->ends[node->edges.at[j].target];
        }
        changed = changed || (ends && !g->ends[i]);
        g->ends[i] = g->ends[i] || ends;
    }
    return changed;
}

static void report_steps(graph *g)
{
    for (uint32_t i = 0; i < g->d->steps.count; i++) {
        const greffe__step_def *step = g->d->steps.at[i];
        uint32_t entry = g->plan->steps.at[step->plan_step].entry;
        if (step->kind == 0 || entry >= g->plan->nodes.count) {
            continue;
        }
        if (!g->reached[entry]) {
            greffe__complain(&g->d->binder, GREFFE__GR_UNREACHABLE_STEP, step->node,
                             "lead to it from another step, or delete it",
                             "no path leads to the step '%.*s'", (int)step->id.size, step->id.data);
        } else if (!g->ends[entry]) {
            greffe__complain(
                &g->d->binder, GREFFE__GR_DEAD_END, step->node, "lead on to a step of kind end",
                "from the step '%.*s' no path leads to an end", (int)step->id.size, step->id.data);
        }
    }
}

/* A circle of nodes that never waits, found by walking only through such nodes. */
static void report_cycles(graph *g)
{
    uint32_t count = g->plan->nodes.count;
    uint8_t *colour = greffe__arena_zalloc(g->d->binder.arena, count);
    uint32_t *next_edge = greffe__arena_zalloc(g->d->binder.arena, count * sizeof *next_edge);
    if (colour == NULL || next_edge == NULL) {
        return;
    }
    for (uint32_t start = 0; start < count; start++) {
        uint32_t depth = 0;
        if (colour[start] != 0 || waits(g, start, 0)) {
            continue;
        }
        colour[start] = 1;
        g->stack[depth++] = start;
        while (depth > 0) {
            uint32_t at = g->stack[depth - 1], next = follow(g, at, next_edge[at]++);
            if (next == GREFFE__NONE) {
                colour[at] = 2;
                depth -= 1;
            } else if (colour[next] == 1) {
                uint32_t step = g->plan->nodes.at[next].step;
                greffe__complain(
                    &g->d->binder, GREFFE__GR_CYCLE_WITHOUT_WAIT, g->d->steps.at[step]->node,
                    "put a task, or a wait of some length, into the circle",
                    "the circle through '%.*s' never waits for anything",
                    (int)g->plan->steps.at[step].id.size, g->plan->steps.at[step].id.data);
                return;
            } else if (colour[next] == 0 && !waits(g, next, 0)) {
                colour[next] = 1;
                g->stack[depth++] = next;
            }
        }
    }
}

static void report_amounts(graph *g)
{
    for (uint32_t i = 0; i < g->plan->nodes.count; i++) {
        const greffe__plan_node *node = &g->plan->nodes.at[i];
        uint32_t value = greffe__plan_value_at(g->plan, node->amount);
        if (node->port == GREFFE__PORT_COMMIT) {
            continue; /* its reservation was looked at */
        }
        for (uint32_t j = 0; value != GREFFE__NONE && j < g->plan->values.at[value].rules.count;
             j++) {
            const greffe__program *rule = &g->plan->values.at[value].rules.at[j].program;
            if (!rule->any && rule->result != GREFFE__NUMBER) {
                greffe__complain(&g->d->binder, GREFFE__GR_EXPR_RESULT,
                                 g->d->steps.at[node->step]->node, "an amount is a number of euros",
                                 "the value '%.*s' gives a %s, not an amount",
                                 (int)node->amount.size, node->amount.data,
                                 greffe__kind_name((greffe__kind)rule->result));
            }
        }
        if (node->amount.size > 0 && value != GREFFE__NONE &&
            g->plan->values.at[value].frozen_at.size == 0) {
            const greffe__step_def *step = g->d->steps.at[node->step];
            greffe__complain(&g->d->binder, GREFFE__GR_NOT_FROZEN,
                             step->amount.node != NULL ? step->amount.node
                             : step->reserve != NULL   ? step->reserve
                                                       : step->node,
                             "freeze: {montant: instruction.done}",
                             "the amount '%.*s' is used here, and no moment freezes it",
                             (int)node->amount.size, node->amount.data);
        }
    }
}

void greffe__verify_reach(greffe__definition *d)
{
    const greffe__plan *plan = d->plan;
    uint32_t count = plan->nodes.count;
    if (count == 0 || plan->scopes.count == 0) {
        return;
    }
    graph g = {.d = d, .plan = plan};
    g.reached = greffe__arena_zalloc(d->binder.arena, count);
    g.ends = greffe__arena_zalloc(d->binder.arena, count);
    g.stack = greffe__arena_zalloc(d->binder.arena, count * sizeof *g.stack);
    if (g.reached == NULL || g.ends == NULL || g.stack == NULL) {
        return;
    }
    reach(&g, plan->scopes.at[0].entry);
    for (uint32_t i = 0; i < plan->clocks.count; i++) {
        reach(&g, plan->clocks.at[i].then);
    }
    while (find_ends(&g)) {
    }
    report_steps(&g);
    report_cycles(&g);
    report_amounts(&g);
}
