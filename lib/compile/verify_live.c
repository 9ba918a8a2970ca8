/* Which facts may still be asked for from where on: the others are forgotten there, so that states
 * that differ in them alone are one. And which branches ask after each other. */
#include <string.h>

#include "compile/verify_priv.h"

typedef struct flow {
    greffe__proof *p;
    uint64_t *set; /* that is being worked out */
    bool changed;
} flow;

static void put(uint64_t *set, uint32_t fact, bool in)
{
    uint64_t bit = UINT64_C(1) << (fact % 64);
    set[fact / 64] = in ? set[fact / 64] | bit : set[fact / 64] & ~bit;
}

static uint64_t *live_at(const greffe__proof *p, uint32_t node)
{
    return p->live + (size_t)node * p->words;
}

/* What an occasion's effects ask for and settle, the last first. */
static void before_effects(const greffe__proof *p, uint64_t *set, const greffe__occasion *occasion)
{
    for (uint32_t i = occasion->last; i != GREFFE__NONE; i = p->effects.at[i].before) {
        const greffe__effect *effect = &p->effects.at[i];
        if (effect->op == GREFFE__FX_ALL) {
            const greffe__u32s *facts = &p->rules.at[effect->rule].facts;
            for (uint32_t j = 0; j < facts->count; j++) {
                put(set, facts->at[j], true);
            }
        } else {
            put(set, effect->fact, effect->op != GREFFE__FX_SET);
        }
    }
}

static void before_fills(const greffe__proof *p, uint64_t *set, const greffe__edge *edge)
{
    for (uint32_t i = 0; i < edge->fill.count; i++) {
        uint32_t name = p->field_names[edge->fill.at[i]];
        if (name != GREFFE__NONE) {
            put(set, p->known[name].fact, false);
        }
    }
}

/* The facts asked for on the way into a node and from there on, added to the flow's. */
static void add_arrow(flow *f, uint64_t *work, uint32_t target)
{
    memcpy(work, live_at(f->p, target), f->p->words * sizeof *work);
    before_effects(f->p, work, &f->p->entering[target]);
}

static void merge(flow *f, const uint64_t *from)
{
    for (uint32_t i = 0; i < f->p->words; i++) {
        uint64_t both = f->set[i] | from[i];
        f->changed = f->changed || both != f->set[i];
        f->set[i] = both;
    }
}

static void add_edges(flow *f, uint64_t *work, uint32_t node)
{
    const greffe__proof *p = f->p;
    const greffe__edges *edges = &p->plan->nodes.at[node].edges;
    for (uint32_t i = 0; i < edges->count; i++) {
        const uint32_t *moments = &p->edge_moments[2 * (size_t)(p->edge_base[node] + i)];
        add_arrow(f, work, edges->at[i].target);
        for (int j = 1; j >= 0; j--) {
            if (moments[j] != GREFFE__NONE) {
                before_effects(p, work, &p->moments.at[moments[j]]);
            }
        }
        before_fills(p, work, &edges->at[i]);
        merge(f, work);
    }
}

/* What the first steps of a block's branches, or of its items, ask for. */
static void add_scopes(flow *f, uint64_t *work, const greffe__plan_node *block)
{
    for (uint32_t i = 0; i < block->scopes.count; i++) {
        add_arrow(f, work, f->p->plan->scopes.at[block->scopes.at[i]].entry);
        merge(f, work);
    }
}

/* What a condition asks for, and what says whether its fields apply. */
static void add_condition(flow *f, uint32_t condition, int depth)
{
    const greffe__proof *p = f->p;
    const greffe__u32s *names = condition != GREFFE__NONE && depth < GREFFE_MAX_APPLIES
                                    ? greffe__condition_names(p->conditions, condition)
                                    : NULL;
    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        const greffe__known *known = &p->known[names->at[i]];
        if (known->fact != GREFFE__NONE) {
            put(f->set, known->fact, true);
        }
        add_condition(f, known->applies, depth + 1);
    }
}

/* What a node's guards ask for. */
static void add_guards(flow *f, uint32_t node)
{
    const greffe__proof *p = f->p;
    for (uint32_t i = 0; i < p->plan->nodes.at[node].edges.count; i++) {
        add_condition(f, p->guards[p->edge_base[node] + i], 0);
    }
}

/* What a token at a node may still ask for: after it, after the blocks around it, after a clock.
 * `opens`: it is about to open its block; else its branches have tokens, which ask for themselves.
 * Of the other branches around it the same holds; but another item may still begin. */
static void pass(flow *f, uint64_t *work, uint32_t node, bool opens)
{
    greffe__proof *p = f->p;
    const greffe__plan_node *at = &p->plan->nodes.at[node];
    add_edges(f, work, node);
    if (opens) {
        add_scopes(f, work, at);
    }
    for (uint32_t scope = at->scope; p->block_of[scope] != GREFFE__NONE;
         scope = p->plan->scopes.at[scope].parent) {
        const greffe__plan_node *block = &p->plan->nodes.at[p->block_of[scope]];
        add_edges(f, work, p->block_of[scope]);
        if (block->op == GREFFE__P_EACH) {
            add_scopes(f, work, block);
        }
    }
    for (uint32_t i = 0; i < p->plan->clocks.count; i++) {
        add_arrow(f, work, p->plan->clocks.at[i].then);
        before_effects(p, work, &p->firing[i]);
        merge(f, work);
    }
}

static bool link_edges(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        greffe__str step = p->plan->steps.at[node->step].id;
        greffe__str done = greffe__str_join(p->arena, step.data, ".done", NULL);
        for (uint32_t j = 0; j < node->edges.count; j++) {
            const greffe__edge *edge = &node->edges.at[j];
            uint32_t *moments = &p->edge_moments[2 * (size_t)(p->edge_base[i] + j)];
            bool own = edge->done && !greffe__str_is(edge->outcome, "done");
            greffe__str outcome =
                own ? greffe__str_format(p->arena, "%.*s.%.*s", (int)step.size, step.data,
                                         (int)edge->outcome.size, edge->outcome.data)
                    : (greffe__str){"", 0};
            moments[0] = GREFFE__NONE;
            moments[1] = GREFFE__NONE;
            if (edge->done) {
                (void)greffe__map_get(&p->moment_index, done, &moments[0]);
            }
            if (own) {
                (void)greffe__map_get(&p->moment_index, outcome, &moments[1]);
            }
        }
    }
    return !p->arena->failed;
}

/* --- Branches that ask after each other --- */

typedef struct ties {
    uint64_t *asked, *cleared, *made; /* of each scope: facts */
} ties;

static void note_moment(const greffe__proof *p, ties *t, uint32_t scope, uint32_t moment)
{
    uint32_t i = moment != GREFFE__NONE ? p->moments.at[moment].first : GREFFE__NONE;
    for (; i != GREFFE__NONE; i = p->effects.at[i].next) {
        const greffe__effect *effect = &p->effects.at[i];
        uint64_t *set = (effect->value != 0 ? t->made : t->cleared) + (size_t)scope * p->words;
        if (effect->op == GREFFE__FX_SET) {
            put(set, effect->fact, true);
        }
    }
}

static void note_node(greffe__proof *p, ties *t, uint32_t node)
{
    const greffe__plan_node *at = &p->plan->nodes.at[node];
    for (uint32_t scope = at->scope; p->block_of[scope] != GREFFE__NONE;
         scope = p->plan->scopes.at[scope].parent) {
        flow f = {.p = p, .set = t->asked + (size_t)scope * p->words};
        add_guards(&f, node);
        for (uint32_t i = 0; i < p->names->count; i++) { /* what it waits for, and what comes */
            const greffe__known *known = &p->known[i];
            bool waits = known->kind == GREFFE__SLOT_WAITING && at->op == GREFFE__P_WAIT &&
                         known->step == at->step;
            bool supplied = known->kind == GREFFE__SLOT_FIELD && at->supply;
            if (waits || supplied) {
                put(t->made + (size_t)scope * p->words, known->fact, true);
            }
        }
        for (uint32_t i = 0; i < at->edges.count; i++) {
            const uint32_t *moments = &p->edge_moments[2 * (size_t)(p->edge_base[node] + i)];
            note_moment(p, t, scope, moments[0]);
            note_moment(p, t, scope, moments[1]);
            for (uint32_t j = 0; j < at->edges.at[i].fill.count; j++) {
                uint32_t name = p->field_names[at->edges.at[i].fill.at[j]];
                if (name != GREFFE__NONE) {
                    put(t->made + (size_t)scope * p->words, p->known[name].fact, true);
                }
            }
        }
    }
}

static bool meet(const greffe__proof *p, const ties *t, uint32_t a, uint32_t b)
{
    const uint64_t *asked = t->asked + (size_t)a * p->words;
    const uint64_t *cleared = t->cleared + (size_t)a * p->words;
    const uint64_t *made = t->made + (size_t)b * p->words;
    for (uint32_t i = 0; i < p->words; i++) {
        if (((asked[i] | cleared[i]) & made[i]) != 0) {
            return true;
        }
    }
    return false;
}

/* What a moment makes of that which the guards of a scope ask for. */
static void share(greffe__proof *p, const uint64_t *asked, greffe__shared one, uint32_t moment)
{
    uint32_t i = moment != GREFFE__NONE ? p->moments.at[moment].first : GREFFE__NONE;
    for (; i != GREFFE__NONE; i = p->effects.at[i].next) {
        const greffe__effect *effect = &p->effects.at[i];
        one.fact = effect->fact;
        one.value = effect->value;
        bool is =
            effect->op == GREFFE__FX_SET && (asked[one.fact / 64] >> (one.fact % 64) & 1) != 0;
        greffe__shared *shared =
            is ? greffe__arena_push(p->arena, &p->shared, sizeof *shared) : NULL;
        if (shared != NULL) {
            *shared = one;
        }
    }
}

/* Items are looked at one after the other, and go on beside each other: where they ask after what
 * any of them came to, another may have come to it at any time. */
static void share_moments(greffe__proof *p, const ties *t, uint32_t each)
{
    uint32_t items = p->plan->nodes.at[each].scopes.at[0];
    const uint64_t *asked = t->asked + (size_t)items * p->words;
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        bool inside = greffe__scope_within(p->plan, node->scope, items);
        for (uint32_t j = 0; inside && j < node->edges.count; j++) {
            uint32_t edge = p->edge_base[i] + j;
            const greffe__shared one = {.each = each, .edge = edge};
            share(p, asked, one, p->edge_moments[2 * (size_t)edge]);
            share(p, asked, one, p->edge_moments[2 * (size_t)edge + 1]);
        }
    }
    for (uint32_t i = 0; i < p->names->count; i++) {
        greffe__known *known = &p->known[i];
        if (known->kind == GREFFE__SLOT_WAITING &&
            greffe__scope_within(p->plan, p->plan->steps.at[known->step].scope, items)) {
            known->among = items;
        }
    }
}

static bool tie(greffe__proof *p)
{
    size_t size = (size_t)p->plan->scopes.count * p->words;
    ties t = {greffe__arena_zalloc(p->arena, size * sizeof *t.asked),
              greffe__arena_zalloc(p->arena, size * sizeof *t.cleared),
              greffe__arena_zalloc(p->arena, size * sizeof *t.made)};
    p->tied = greffe__arena_zalloc(p->arena, p->plan->nodes.count + 1);
    if (t.asked == NULL || t.cleared == NULL || t.made == NULL || p->tied == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        note_node(p, &t, i);
    }
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__u32s *scopes = &p->plan->nodes.at[i].scopes;
        if (p->plan->nodes.at[i].op == GREFFE__P_EACH && scopes->count == 1 &&
            p->plan->nodes.at[i].limit != 1) {
            share_moments(p, &t, i);
        }
        /* A branch that is done may end the others. */
        p->tied[i] = greffe__node_needs(&p->plan->nodes.at[i], scopes->count) < scopes->count;
        for (uint32_t j = 0; j < scopes->count * scopes->count; j++) {
            uint32_t a = scopes->at[j / scopes->count], b = scopes->at[j % scopes->count];
            p->tied[i] = p->tied[i] || (a != b && meet(p, &t, a, b));
        }
    }
    return true;
}

static bool find_blocks(greffe__proof *p)
{
    p->block_of = greffe__arena_alloc(p->arena, (p->plan->scopes.count + 1) * sizeof *p->block_of);
    for (uint32_t i = 0; p->block_of != NULL && i < p->plan->scopes.count; i++) {
        p->block_of[i] = GREFFE__NONE;
    }
    for (uint32_t i = 0; p->block_of != NULL && i < p->plan->nodes.count; i++) {
        const greffe__u32s *scopes = &p->plan->nodes.at[i].scopes;
        for (uint32_t j = 0; j < scopes->count; j++) {
            p->block_of[scopes->at[j]] = i;
        }
    }
    return p->block_of != NULL;
}

static void put_clocks(flow *f, bool live)
{
    for (uint32_t i = 0; i < f->p->clock_facts.count; i++) {
        put(f->set, f->p->clock_facts.at[i], live);
    }
}

/* While the branches of a block go on, its own token asks for what comes after them alone. */
static bool hold_forks(flow *f, uint64_t *work)
{
    greffe__proof *p = f->p;
    uint32_t count = p->plan->nodes.count;
    p->live_held =
        greffe__arena_zalloc(p->arena, (size_t)(count + 1) * p->words * sizeof *p->live_held);
    for (uint32_t i = 0; p->live_held != NULL && i < count; i++) {
        f->set = p->live_held + (size_t)i * p->words;
        if (p->plan->nodes.at[i].op == GREFFE__P_FORK) {
            put_clocks(f, true);
            pass(f, work, i, false);
        } else {
            memcpy(f->set, live_at(p, i), p->words * sizeof *f->set);
        }
    }
    return p->live_held != NULL;
}

bool greffe__proof_live(greffe__proof *p)
{
    uint32_t count = p->plan->nodes.count;
    p->words = p->fact_count / 64 + 1;
    p->live = greffe__arena_zalloc(p->arena, (size_t)(count + 1) * p->words * sizeof *p->live);
    uint64_t *work = greffe__arena_alloc(p->arena, p->words * sizeof *work);
    if (p->live == NULL || work == NULL || !find_blocks(p) || !link_edges(p)) {
        return false;
    }
    flow f = {.p = p, .changed = true};
    for (uint32_t i = 0; i < count; i++) {
        f.set = live_at(p, i);
        add_guards(&f, i);
        if (p->list_facts[i] != GREFFE__NONE) {
            put(f.set, p->list_facts[i], true);
        }
        put_clocks(&f, p->plan->nodes.at[i].op != GREFFE__P_END);
    }
    while (f.changed) {
        f.changed = false;
        for (uint32_t i = count; i > 0; i--) {
            if (p->plan->nodes.at[i - 1].op != GREFFE__P_END) {
                f.set = live_at(p, i - 1);
                pass(&f, work, i - 1, true);
            }
        }
    }
    return hold_forks(&f, work) && tie(p);
}
