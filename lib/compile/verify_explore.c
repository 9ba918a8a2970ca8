/* All the states of a net, the nearest first: so that the way to each is a shortest one. */
#include <string.h>

#include "compile/verify_priv.h"

/* One step further: from a state, by a move, on a copy. */
typedef struct step {
    greffe__proof *p;
    uint32_t from;
    uint8_t *before;             /* a copy of the state that is left: the list of states may move */
    uint8_t *state;              /* the one that is made */
    uint32_t *segments, *filled; /* of what is asked, and of what is filled in */
    greffe__value *values;       /* of each name that is asked */
    greffe__u32s open, made;     /* scopes that have a place in the one; that may, in the other */
    bool *listed;                /* of each scope: it is among those that are made */
    bool with_others;            /* also what other items of an `each` may do meanwhile */
    greffe__move move;
} step;

/* --- States --- */

static uint8_t *facts_of(const greffe__proof *p, uint8_t *state)
{
    return state + 2 * (size_t)p->plan->scopes.count;
}

static void put_place(step *s, uint32_t scope, uint32_t place)
{
    greffe__proof_put(s->state, scope, place);
    if (!s->listed[scope]) {
        s->listed[scope] = true;
        s->made.at[s->made.count++] = scope;
    }
}

/* Those of the list that have a place, in the order of scopes. */
static void settle_list(step *s)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->made.count; i++) {
        uint32_t scope = s->made.at[i], at = count;
        if (greffe__proof_place(s->state, scope) == GREFFE__PLACE_NONE) {
            s->listed[scope] = false;
            continue;
        }
        for (; at > 0 && s->made.at[at - 1] > scope; at--) { /* nearly in order */
            s->made.at[at] = s->made.at[at - 1];
        }
        s->made.at[at] = scope;
        count += 1;
    }
    s->made.count = count;
}

/* Branches rest only in a block that needs all of them: where one rests, those that are done are as
 * good as at rest. */
static void settle_block(step *s, const greffe__plan_node *block)
{
    bool rests = false;
    for (uint32_t i = 0; i < block->scopes.count; i++) {
        rests = rests || greffe__proof_place(s->state, block->scopes.at[i]) == GREFFE__PLACE_REST;
    }
    for (uint32_t i = 0; rests && i < block->scopes.count; i++) {
        if (greffe__proof_place(s->state, block->scopes.at[i]) == GREFFE__PLACE_DONE) {
            put_place(s, block->scopes.at[i], GREFFE__PLACE_REST);
        }
    }
}

/* Forgets what is asked for no more. Most facts are unknown: eight at a time are passed over. */
static void forget(const step *s)
{
    const greffe__proof *p = s->p;
    uint8_t *facts = facts_of(p, s->state);
    for (uint32_t word = 0; word < p->words; word++) {
        uint64_t live = 0;
        for (uint32_t i = 0; i < s->made.count; i++) {
            const greffe__plan_node *node = greffe__proof_token(p, s->state, s->made.at[i]);
            size_t at = node != NULL ? (size_t)(node - p->plan->nodes.at) : 0;
            live |= node != NULL ? p->live_held[at * p->words + word] : 0;
        }
        uint32_t end = p->fact_count < (word + 1) * 64 ? p->fact_count : (word + 1) * 64;
        for (uint32_t i = word * 64; i < end;) {
            uint64_t eight = 1;
            if (i + 8 <= end) {
                memcpy(&eight, facts + i, sizeof eight);
            }
            uint32_t stop = i + 8 <= end ? i + 8 : end;
            for (; eight != 0 && i < stop; i++) {
                facts[i] = (live >> (i % 64) & 1) != 0 ? facts[i] : 0;
            }
            i = stop;
        }
    }
}

/* The state that was made is reached; which it is, or GREFFE__NONE. */
static uint32_t arrive(step *s)
{
    greffe__proof *p = s->p;
    settle_list(s);
    for (uint32_t i = 0; i < s->made.count; i++) {
        const greffe__plan_node *block = greffe__proof_token(p, s->state, s->made.at[i]);
        if (block != NULL && block->op == GREFFE__P_FORK &&
            !p->tied[(size_t)(block - p->plan->nodes.at)]) {
            settle_block(s, block);
        }
    }
    forget(s);
    return greffe__proof_reach(p, s->state, &s->made, s->from, &s->move);
}

/* --- Effects --- */

static void break_rule(const step *s, uint32_t rule)
{
    if (s->p->broken_at[rule] == GREFFE__NONE) {
        s->p->broken_at[rule] = s->from;
        s->p->broken_by[rule] = s->move;
    }
}

static void happen(const step *s, const greffe__occasion *occasion)
{
    const greffe__proof *p = s->p;
    uint8_t *facts = facts_of(p, s->state);
    for (uint32_t i = occasion->first; i != GREFFE__NONE; i = p->effects.at[i].next) {
        const greffe__effect *effect = &p->effects.at[i];
        uint8_t *fact = &facts[effect->fact];
        bool all = true;
        switch ((greffe__effect_op)effect->op) {
        case GREFFE__FX_SET: *fact = effect->value; break;
        case GREFFE__FX_START:
            *fact = *fact == GREFFE__CLOCK_FRESH ? GREFFE__CLOCK_RUNS : *fact;
            break;
        case GREFFE__FX_STOP:
            *fact = *fact == GREFFE__CLOCK_RUNS ? GREFFE__CLOCK_OVER : *fact;
            break;
        case GREFFE__FX_CHECK:
            if (*fact == effect->value) {
                break_rule(s, effect->rule);
            }
            break;
        case GREFFE__FX_ALL:
            for (uint32_t j = 0; j < p->rules.at[effect->rule].facts.count; j++) {
                all = all && facts[p->rules.at[effect->rule].facts.at[j]] == 1;
            }
            if (all) {
                break_rule(s, effect->rule);
            }
            break;
        }
    }
}

/* Lists that are made of an answer may have another length from now on. */
static void forget_lists(const step *s, uint32_t field)
{
    const greffe__proof *p = s->p;
    for (uint32_t i = 0; i < p->lists.count; i++) {
        uint32_t node = p->lists.at[i];
        const greffe__u32s *slots = &p->plan->nodes.at[node].expression->slots;
        for (uint32_t j = 0; j < slots->count; j++) {
            if (greffe__str_equal(p->plan->slots.at[slots->at[j]].name,
                                  p->plan->fields.at[field].path)) {
                facts_of(p, s->state)[p->list_facts[node]] = GREFFE__LIST_UNKNOWN;
            }
        }
    }
}

void greffe__proof_fill(const greffe__proof *p, uint8_t *state, uint32_t field)
{
    uint32_t name = p->field_names[field];
    const greffe__field_def *def = &p->plan->fields.at[field];
    if (name != GREFFE__NONE) {
        bool present = !def->optional && def->when == NULL;
        facts_of(p, state)[p->known[name].fact] = present ? GREFFE__PRESENT : GREFFE__ANY;
    }
}

static void fill(const step *s, uint32_t field)
{
    forget_lists(s, field);
    greffe__proof_fill(s->p, s->state, field);
}

static void fill_all(const step *s, const greffe__u32s *fields)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        fill(s, fields->at[i]);
    }
}

static void clear_within(step *s, uint32_t node)
{
    const greffe__u32s *scopes = &s->p->plan->nodes.at[node].scopes;
    for (uint32_t i = 0; i < scopes->count; i++) {
        for (uint32_t k = 0; k < s->open.count; k++) {
            uint32_t j = s->open.at[k];
            if (greffe__scope_within(s->p->plan, j, scopes->at[i])) {
                put_place(s, j, GREFFE__PLACE_NONE);
            }
        }
    }
}

static void enter(step *s, uint32_t scope, uint32_t target)
{
    const greffe__plan_node *node = &s->p->plan->nodes.at[target];
    uint32_t block = s->p->block_of[scope];
    bool over = node->op == GREFFE__P_EXIT && block != GREFFE__NONE &&
                s->p->plan->nodes.at[block].op == GREFFE__P_FORK;
    happen(s, &s->p->entering[target]);
    s->p->node_seen[target] = s->p->node_seen[target] || over; /* no token stays there */
    put_place(s, scope, over ? (uint32_t)GREFFE__PLACE_DONE : target + 1);
    for (uint32_t i = 0; node->op == GREFFE__P_FORK && i < node->scopes.count; i++) {
        uint32_t inner = node->scopes.at[i];
        enter(s, inner, s->p->plan->scopes.at[inner].entry);
    }
}

static void restart(step *s, uint8_t kind, uint32_t node, uint32_t edge)
{
    const greffe__proof *p = s->p;
    for (uint32_t i = 0; i < s->made.count; i++) {
        greffe__proof_put(s->state, s->made.at[i], GREFFE__PLACE_NONE);
        s->listed[s->made.at[i]] = false;
    }
    s->made.count = 0;
    for (uint32_t i = 0; i < s->open.count; i++) {
        put_place(s, s->open.at[i], greffe__proof_place(s->before, s->open.at[i]));
    }
    memcpy(facts_of(p, s->state), greffe__proof_facts(p, s->before), p->fact_count);
    s->move = (greffe__move){.kind = kind, .node = node, .edge = edge};
}

/* Keeps what was chosen, where a state keeps it. */
static void keep_choice(const step *s, const greffe__asked *asked, const uint32_t *segments)
{
    const greffe__proof *p = s->p;
    uint8_t *facts = facts_of(p, s->state);
    for (uint32_t i = 0; i < asked->count && !p->coarse; i++) {
        const greffe__known *known = &p->known[asked->names[i]];
        bool kept = known->kind == GREFFE__SLOT_FIELD || known->kind == GREFFE__SLOT_VALUE;
        if (kept && known->fact != GREFFE__NONE && known->segment == GREFFE__NONE) {
            facts[known->fact] = (uint8_t)(segments[i] + 1);
        }
    }
}

/* Takes an edge, from the copy on: what was chosen on the way to it stays known, and what was
 * filled in with it, where its guard asked for that. */
static void leave_filled(step *s, uint32_t node, uint32_t index, const greffe__asked *filled)
{
    greffe__proof *p = s->p;
    const greffe__plan_node *at = &p->plan->nodes.at[node];
    const greffe__edge *edge = &at->edges.at[index];
    const uint32_t *moments = &p->edge_moments[2 * (size_t)(p->edge_base[node] + index)];
    p->edge_taken[p->edge_base[node] + index] = true;
    fill_all(s, &edge->fill);
    if (filled != NULL) {
        keep_choice(s, filled, s->filled);
    }
    if (at->op == GREFFE__P_WAIT && at->supply && !edge->done) {
        fill_all(s, &p->form_fields); /* any answer of the form may be another now */
    }
    clear_within(s, node);
    for (int i = 0; i < 2; i++) {
        if (moments[i] != GREFFE__NONE) {
            happen(s, &p->moments.at[moments[i]]);
        }
    }
    enter(s, at->scope, edge->target);
    (void)arrive(s);
}

static void leave(step *s, uint32_t node, uint32_t index)
{
    leave_filled(s, node, index, NULL);
}

/* --- Guards --- */

typedef enum truth { FALSE, TRUE, UNKNOWN } truth;

static void put_values(const step *s, const greffe__asked *asked, const uint32_t *segments)
{
    for (uint32_t i = 0; i < asked->count; i++) {
        s->values[asked->names[i]] = s->p->names->at[asked->names[i]].samples[segments[i]];
    }
}

static bool holds(const step *s, uint32_t condition)
{
    greffe__value value = greffe__condition_holds(s->p->conditions, condition, s->values);
    return value.kind == GREFFE__BOOL && value.as.truth;
}

/* Whether these answers go together: a field that does not apply is absent, and one that does is
 * there, unless it is optional. */
static bool go_together(const step *s, const greffe__asked *asked, const uint32_t *segments)
{
    for (uint32_t i = 0; i < asked->count; i++) {
        const greffe__known *known = &s->p->known[asked->names[i]];
        if (known->applies == GREFFE__NONE ||
            !greffe__proof_reads(s->p, s->before, known->applies)) {
            continue;
        }
        bool absent = segments[i] == known->null;
        if (holds(s, known->applies) ? absent && !known->optional : !absent) {
            return false;
        }
    }
    return true;
}

static void stuck(const step *s, uint32_t node, bool maybe)
{
    greffe__proof *p = s->p;
    if (maybe) {
        p->maybe_stuck[node] = true;
    } else if (p->stuck_at[node] == GREFFE__NONE) {
        p->stuck_at[node] = s->from;
        p->stuck_by[node] = s->move;
    }
}

/* Takes an edge if its guard holds: for one of the ways to fill in what it asks for. */
static truth try_edge(step *s, const greffe__asked *asked, uint32_t node, uint32_t index,
                      greffe__move move)
{
    greffe__proof *p = s->p;
    uint32_t guard = p->guards[p->edge_base[node] + index];
    greffe__asked filled = {.count = 0, .ways = 1};
    truth result = guard == GREFFE__NONE ? TRUE : FALSE;
    move.edge = index;
    restart(s, GREFFE__MOVE_EDGE, node, index);
    if (guard == GREFFE__NONE || asked->ways == 0 || !greffe__proof_reads(p, s->before, guard)) {
        result = guard == GREFFE__NONE ? TRUE : UNKNOWN;
        move.guessed = move.guessed || result == UNKNOWN;
        s->move = move;
        keep_choice(s, asked, s->segments);
        leave(s, node, index);
        return result;
    }
    const greffe__u32s *fields = &p->plan->nodes.at[node].edges.at[index].fill;
    fill_all(s, fields);
    greffe__proof_ask_fill(&filled, p, s->state, node, index);
    for (uint32_t way = 0; way < filled.ways; way++) {
        restart(s, GREFFE__MOVE_EDGE, node, index);
        fill_all(s, fields);
        greffe__proof_way(s->filled, p, s->state, &filled, way);
        put_values(s, asked, s->segments); /* what another outcome fills in is not there */
        put_values(s, &filled, s->filled);
        if (!holds(s, guard)) {
            continue;
        }
        result = TRUE;
        move.fill = way;
        s->move = move;
        keep_choice(s, asked, s->segments);
        leave_filled(s, node, index, &filled);
    }
    return result;
}

/* Whether a state keeps all that was asked. */
static bool is_kept(const greffe__proof *p, const greffe__asked *asked)
{
    bool kept = true;
    for (uint32_t i = 0; i < asked->count; i++) {
        const greffe__known *known = &p->known[asked->names[i]];
        kept = kept && known->kind != GREFFE__SLOT_ITEM &&
               (known->kind != GREFFE__SLOT_VALUE || known->fact != GREFFE__NONE ||
                known->segment != GREFFE__NONE);
    }
    return kept;
}

/* No outcome may be chosen now: whether one ever may, another branch of the procedure decides. */
static void hold(step *s, const greffe__asked *asked)
{
    greffe__proof *p = s->p;
    keep_choice(s, asked, s->segments);
    uint32_t state = arrive(s);
    struct greffe__held *place =
        state != GREFFE__NONE ? greffe__arena_push(p->arena, &p->held, sizeof *place) : NULL;
    if (place != NULL) {
        *place = (struct greffe__held){s->from, state, s->move};
    } else {
        p->failed = p->failed || state != GREFFE__NONE;
    }
}

/* Looks at the guards of a node for one way to answer. A choice takes the first that holds; a
 * person any. */
static void choose(step *s, const greffe__asked *asked, uint32_t node, uint32_t way)
{
    const greffe__plan_node *at = &s->p->plan->nodes.at[node];
    bool first = at->op == GREFFE__P_CHOOSE, open = false;
    greffe__move move = {.kind = GREFFE__MOVE_EDGE, .node = node, .way = way};
    bool guessed = false;
    for (uint32_t i = 0; i < at->edges.count && !(first && open); i++) {
        truth result = try_edge(s, asked, node, i, move);
        guessed = guessed || result == UNKNOWN;
        move.guessed = first && guessed;
        open = open || result == TRUE;
    }
    if (open) {
        return;
    }
    restart(s, first ? GREFFE__MOVE_EDGE : GREFFE__MOVE_KNOW, node, GREFFE__NONE);
    s->move.way = way;
    if (first || guessed || s->p->coarse || !is_kept(s->p, asked)) {
        stuck(s, node, guessed);
    } else {
        hold(s, asked);
    }
}

static void expand_guarded(step *s, uint32_t node)
{
    greffe__asked asked;
    greffe__proof_ask(&asked, s->p, s->before, node);
    if (asked.ways == 0) { /* too many: nothing is read */
        asked.count = 0;
        choose(s, &asked, node, 0);
        return;
    }
    for (uint32_t way = 0; way < asked.ways && !s->p->failed; way++) {
        greffe__proof_way(s->segments, s->p, s->before, &asked, way);
        put_values(s, &asked, s->segments);
        if (go_together(s, &asked, s->segments)) {
            choose(s, &asked, node, way);
        }
    }
}

/* --- Moves --- */

static bool is_sealed(const step *s, uint32_t scope)
{
    for (uint32_t k = 0; k < s->open.count; k++) {
        uint32_t i = s->open.at[k];
        const greffe__plan_node *node = greffe__proof_token(s->p, s->before, i);
        if (node != NULL && node->sealed && greffe__scope_within(s->p->plan, i, scope)) {
            return true;
        }
    }
    return false;
}

static void expand(step *s, uint32_t scope);
static void expand_clocks(step *s);

static uint32_t edge_named(const greffe__plan_node *node, greffe__str outcome)
{
    for (uint32_t i = 0; i < node->edges.count; i++) {
        if (greffe__str_equal(node->edges.at[i].outcome, outcome)) {
            return i;
        }
    }
    return GREFFE__NONE;
}

static void leave_block(step *s, uint32_t node, const char *outcome)
{
    uint32_t edge = edge_named(&s->p->plan->nodes.at[node], greffe__str_of(outcome));
    if (edge != GREFFE__NONE) {
        restart(s, GREFFE__MOVE_EDGE, node, edge);
        leave(s, node, edge);
    }
}

static bool is_block_sealed(const step *s, const greffe__plan_node *block)
{
    bool sealed = false;
    for (uint32_t i = 0; i < block->scopes.count; i++) {
        sealed = sealed || is_sealed(s, block->scopes.at[i]);
    }
    return sealed;
}

/* Whether a block is left: enough branches are done, and nothing sealed is in the others. */
static bool is_joined(const step *s, const greffe__plan_node *block)
{
    uint32_t done = 0, total = block->scopes.count;
    for (uint32_t i = 0; i < total; i++) {
        done += greffe__proof_place(s->before, block->scopes.at[i]) == GREFFE__PLACE_DONE;
    }
    return done >= greffe__node_needs(block, total) &&
           (done == total || !is_block_sealed(s, block));
}

static void expand_fork(step *s, uint32_t node)
{
    const greffe__proof *p = s->p;
    const greffe__plan_node *at = &p->plan->nodes.at[node];
    if (is_joined(s, at)) {
        leave_block(s, node, "done");
        return;
    }
    if (at->within.count > 0 && !is_block_sealed(s, at)) {
        leave_block(s, node, "expired");
    }
    for (uint32_t i = 0; i < at->scopes.count; i++) {
        uint32_t inner = at->scopes.at[i];
        if (greffe__proof_token(p, s->before, inner) == NULL) {
            continue;
        }
        expand(s, inner);
        if (p->tied[node]) {
            continue;
        }
        if (!is_sealed(s, inner)) {
            restart(s, GREFFE__MOVE_REST, node, i);
            for (uint32_t k = 0; k < s->open.count; k++) {
                uint32_t j = s->open.at[k];
                if (greffe__scope_within(p->plan, j, inner)) {
                    put_place(s, j, j == inner ? GREFFE__PLACE_REST : GREFFE__PLACE_NONE);
                }
            }
            (void)arrive(s);
        }
        return; /* the others do not ask after it */
    }
}

/* Notes whether a list is empty, where its `each` comes by again and answers are kept. */
static void keep_list(const step *s, uint32_t fact, uint8_t length)
{
    if (fact != GREFFE__NONE && !s->p->coarse) {
        facts_of(s->p, s->state)[fact] = length;
    }
}

/* An `each` is over where its list is empty, and else begins with an item. */
static void begin_items(step *s, uint32_t node, uint32_t scope)
{
    uint32_t fact = s->p->list_facts[node];
    uint8_t length = fact != GREFFE__NONE ? greffe__proof_facts(s->p, s->before)[fact]
                                          : (uint8_t)GREFFE__LIST_UNKNOWN;
    uint32_t done = edge_named(&s->p->plan->nodes.at[node], greffe__str_of("done"));
    if (length != GREFFE__LIST_FULL && done != GREFFE__NONE) {
        restart(s, GREFFE__MOVE_EDGE, node, done);
        keep_list(s, fact, GREFFE__LIST_EMPTY);
        leave(s, node, done);
    }
    if (length != GREFFE__LIST_EMPTY) {
        restart(s, GREFFE__MOVE_AGAIN, node, 0);
        keep_list(s, fact, GREFFE__LIST_FULL);
        enter(s, scope, s->p->plan->scopes.at[scope].entry);
        (void)arrive(s);
    }
}

/* An item has a record of its own, which is empty at first. */
static void clear_record(const step *s, uint32_t scope)
{
    const greffe__proof *p = s->p;
    for (uint32_t i = 0; i < p->plan->fields.count; i++) {
        uint32_t name = p->field_names[i];
        uint32_t owner = name != GREFFE__NONE
                             ? greffe__plan_step_at(p->plan, p->plan->fields.at[i].owner)
                             : GREFFE__NONE;
        if (owner != GREFFE__NONE && p->known[name].null != GREFFE__NONE &&
            greffe__scope_within(p->plan, p->plan->steps.at[owner].scope, scope)) {
            facts_of(p, s->state)[p->known[name].fact] = (uint8_t)(p->known[name].null + 1);
        }
    }
}

/* Another item begins, where there may be more than one. */
static void next_item(step *s, uint32_t node, uint32_t scope)
{
    if (s->p->plan->nodes.at[node].limit == 1) {
        return;
    }
    restart(s, GREFFE__MOVE_AGAIN, node, 0);
    for (uint32_t k = 0; k < s->open.count; k++) {
        uint32_t i = s->open.at[k];
        if (greffe__scope_within(s->p->plan, i, scope)) {
            put_place(s, i, GREFFE__PLACE_NONE);
        }
    }
    clear_record(s, scope);
    enter(s, scope, s->p->plan->scopes.at[scope].entry);
    (void)arrive(s);
}

/* While an item goes no further, another may come to what this one asks after. */
static void others(step *s, uint32_t node)
{
    const greffe__shareds *shared = &s->p->shared;
    for (uint32_t i = 0, edge; i < shared->count;) {
        if (shared->at[i].each != node) {
            i += 1;
            continue;
        }
        restart(s, GREFFE__MOVE_OTHER, node, 0);
        s->move.guessed = true;
        for (edge = shared->at[i].edge; i < shared->count && shared->at[i].edge == edge; i++) {
            facts_of(s->p, s->state)[shared->at[i].fact] = shared->at[i].value;
        }
        (void)arrive(s);
    }
}

static void expand_each(step *s, uint32_t node)
{
    const greffe__plan_node *at = &s->p->plan->nodes.at[node];
    uint32_t inner = at->scopes.count > 0 ? at->scopes.at[0] : 0;
    uint32_t place = greffe__proof_place(s->before, inner);
    if (at->scopes.count != 1 || place == GREFFE__PLACE_DONE) {
        leave_block(s, node, "done");
        return;
    }
    if (place != GREFFE__PLACE_NONE && at->within.count > 0 && !is_sealed(s, inner)) {
        leave_block(s, node, "expired");
    }
    if (place == GREFFE__PLACE_NONE) {
        begin_items(s, node, inner);
        return;
    }
    expand(s, inner);
    if (s->with_others) {
        others(s, node);
    }
    if (at->join != 0 && !is_sealed(s, inner)) {
        next_item(s, node, inner); /* while this one goes no further: another may end the block */
    }
}

/* An item has come to its end; the next one may begin. */
static void expand_exit(step *s, uint32_t scope)
{
    uint32_t block = s->p->block_of[scope];
    restart(s, GREFFE__MOVE_JOIN, block, 0);
    put_place(s, scope, GREFFE__PLACE_DONE);
    (void)arrive(s);
    if (s->p->plan->nodes.at[block].join != 1) {
        next_item(s, block, scope);
    }
}

static void expand(step *s, uint32_t scope)
{
    const greffe__plan_node *node = greffe__proof_token(s->p, s->before, scope);
    uint32_t at = node != NULL ? (uint32_t)(node - s->p->plan->nodes.at) : 0;
    if (node == NULL || node->op == GREFFE__P_END) {
        return;
    }
    if (node->op == GREFFE__P_FORK) {
        expand_fork(s, at);
    } else if (node->op == GREFFE__P_EACH) {
        expand_each(s, at);
    } else if (node->op == GREFFE__P_EXIT) {
        expand_exit(s, scope);
    } else if (greffe__proof_guarded(s->p, at)) {
        expand_guarded(s, at);
    } else {
        /* A wait for time alone ends when it is over, and in no other way. */
        bool timed = node->op == GREFFE__P_WAIT && !node->supply && node->message.size == 0;
        for (uint32_t i = 0; i < node->edges.count; i++) {
            if (!timed || greffe__str_equal(node->edges.at[i].outcome, node->expired)) {
                restart(s, GREFFE__MOVE_EDGE, at, i);
                leave(s, at, i);
            }
        }
    }
}

/* Whether a token goes on in the same command: then nothing else comes in between. */
static bool passes_on(const step *s, const greffe__plan_node *node)
{
    uint32_t place;
    switch ((greffe__primitive)node->op) {
    case GREFFE__P_END: return false;
    case GREFFE__P_FORK: return is_joined(s, node);
    case GREFFE__P_EACH:
        if (node->scopes.count != 1) {
            return true;
        }
        place = greffe__proof_place(s->before, node->scopes.at[0]);
        return place == GREFFE__PLACE_DONE || place == GREFFE__PLACE_NONE;
    default: return !greffe__node_waits(node);
    }
}

/* A token is where it stands, and in the blocks around it. Branches begin in their order: one that
 * ends at once may end the block before others have begun. */
static void see(const step *s, uint32_t scope)
{
    const greffe__proof *p = s->p;
    const greffe__plan_node *node = greffe__proof_token(p, s->before, scope);
    if (node != NULL) {
        p->node_seen[node - p->plan->nodes.at] = true;
    }
    for (uint32_t block = p->block_of[scope]; block != GREFFE__NONE;
         block = p->block_of[p->plan->nodes.at[block].scope]) {
        p->node_seen[block] = true;
    }
}

/* All that may follow a state. */
static void expand_state(step *s)
{
    for (uint32_t k = 0; k < s->open.count; k++) {
        uint32_t i = s->open.at[k];
        const greffe__plan_node *node = greffe__proof_token(s->p, s->before, i);
        see(s, i); /* those that stand before it have begun */
        if (node != NULL && passes_on(s, node)) {
            expand(s, i);
            return;
        }
    }
    expand(s, 0);
    expand_clocks(s);
}

/* Of a state from which all else was looked at: what other items may do there. */
static void expand_others(step *s)
{
    const greffe__proof *p = s->p;
    for (uint32_t k = 0; k < s->open.count; k++) {
        const greffe__plan_node *node = greffe__proof_token(p, s->before, s->open.at[k]);
        if (node != NULL && passes_on(s, node)) {
            return;
        }
    }
    for (uint32_t k = 0; k < s->open.count; k++) {
        const greffe__plan_node *node = greffe__proof_token(p, s->before, s->open.at[k]);
        if (node != NULL && node->op == GREFFE__P_EACH) { /* an item goes no further: see above */
            others(s, (uint32_t)(node - p->plan->nodes.at));
        }
    }
}

/* A clock that runs may end, wherever nothing is sealed and it is not suspended. */
static void expand_clocks(step *s)
{
    const greffe__proof *p = s->p;
    const greffe__plan_node *root = greffe__proof_token(p, s->before, 0);
    for (uint32_t i = 0; i < p->plan->clocks.count; i++) {
        const greffe__clock_def *clock = &p->plan->clocks.at[i];
        uint32_t paused = clock->paused_while.size > 0
                              ? greffe__plan_step_at(p->plan, clock->paused_while)
                              : GREFFE__NONE;
        bool runs = greffe__proof_facts(p, s->before)[p->clock_facts.at[i]] == GREFFE__CLOCK_RUNS;
        if (!runs || root == NULL || root->op == GREFFE__P_END || is_sealed(s, 0) ||
            (paused != GREFFE__NONE && greffe__proof_waits(p, s->before, paused))) {
            continue;
        }
        restart(s, GREFFE__MOVE_CLOCK, i, 0);
        for (uint32_t k = 0; k < s->open.count; k++) {
            put_place(s, s->open.at[k], GREFFE__PLACE_NONE);
        }
        happen(s, &p->firing[i]);
        enter(s, 0, clock->then);
        (void)arrive(s);
    }
}

/* --- Door --- */

static bool begin(step *s)
{
    greffe__proof *p = s->p;
    memset(s->state, 0, p->size);
    uint8_t *facts = facts_of(p, s->state);
    for (uint32_t i = 0; i < p->names->count; i++) {
        const greffe__known *known = &p->known[i];
        greffe__str path = p->plan->slots.at[p->names->at[i].slot].name;
        uint32_t field =
            known->kind == GREFFE__SLOT_FIELD ? greffe__plan_field_at(p->plan, path) : GREFFE__NONE;
        bool absent =
            field != GREFFE__NONE && known->null != GREFFE__NONE &&
            greffe__plan_step_at(p->plan, p->plan->fields.at[field].owner) != GREFFE__NONE;
        if (absent) { /* nobody has filled it in yet */
            facts[known->fact] = (uint8_t)(known->null + 1);
        }
    }
    s->from = GREFFE__NONE;
    s->move = (greffe__move){.kind = GREFFE__MOVE_BEGIN};
    enter(s, 0, p->plan->scopes.at[0].entry);
    return arrive(s) != GREFFE__NONE || p->spent;
}

static bool allocate(greffe__proof *p)
{
    uint32_t nodes = p->plan->nodes.count, rules = p->rules.count;
    p->size = 2 * p->plan->scopes.count + p->fact_count;
    p->node_seen = greffe__arena_zalloc(p->arena, nodes + 1);
    p->maybe_stuck = greffe__arena_zalloc(p->arena, nodes + 1);
    p->broken_at = greffe__arena_alloc(p->arena, (rules + 1) * sizeof *p->broken_at);
    p->broken_by = greffe__arena_zalloc(p->arena, (rules + 1) * sizeof *p->broken_by);
    p->stuck_at = greffe__arena_alloc(p->arena, (nodes + 1) * sizeof *p->stuck_at);
    p->stuck_by = greffe__arena_zalloc(p->arena, (nodes + 1) * sizeof *p->stuck_by);
    p->packed = greffe__arena_alloc(p->arena, (p->size + 1) * sizeof *p->packed);
    p->unpacked = greffe__arena_alloc(p->arena, p->size + 1);
    p->key_count = p->key_room = 0;
    if (p->arena->failed) {
        return false;
    }
    memset(p->broken_at, 0xFF, (rules + 1) * sizeof *p->broken_at);
    memset(p->stuck_at, 0xFF, (nodes + 1) * sizeof *p->stuck_at);
    p->caught = GREFFE__NONE;
    return true;
}

static bool explore(greffe__proof *p)
{
    uint8_t *before = greffe__arena_zalloc(p->arena, p->size + 1);
    uint8_t *state = greffe__arena_alloc(p->arena, p->size + 1);
    uint32_t segments[GREFFE_MAX_ASKED], filled[GREFFE_MAX_ASKED];
    step s = {.p = p, .before = before, .state = state, .segments = segments, .filled = filled};
    size_t scopes = ((size_t)p->plan->scopes.count + 1) * sizeof *s.open.at;
    s.open.at = greffe__arena_zalloc(p->arena, scopes);
    s.made.at = greffe__arena_zalloc(p->arena, scopes);
    s.listed = greffe__arena_zalloc(p->arena, p->plan->scopes.count + 1);
    s.values = greffe__arena_zalloc(p->arena, (p->names->count + 1) * sizeof *s.values);
    if (p->arena->failed || !begin(&s)) {
        return false;
    }
    /* What items do by themselves comes first: a fault is told by a way that needs no other. */
    uint32_t alone = 0;
    for (uint32_t pass = 0; pass < 1 + (p->shared.count > 0); pass++) {
        s.with_others = pass > 0;
        for (uint32_t i = 0; i < p->count && !p->failed && !p->spent; i++) {
            greffe__proof_load(p, i, before, &s.open);
            s.from = i;
            if (i < alone) {
                expand_others(&s);
            } else {
                expand_state(&s);
            }
        }
        alone = p->count;
    }
    return !p->failed;
}

/* Where there are too many states, answers are no longer kept from one choice to the next. Then
 * more ways are looked at than there are: what is not found on them is not there. */
bool greffe__proof_explore(greffe__proof *p)
{
    if (!allocate(p) || !explore(p)) {
        return false;
    }
    if (p->spent) {
        p->spent = false;
        p->coarse = true;
        p->count = 0;
        p->room = 0;
        p->arrows.count = 0;
        p->held_count = 0;
        if (!allocate(p) || !explore(p)) {
            return false;
        }
    }
    return p->spent || greffe__proof_ends(p);
}
