/* Lowering: what the kinds of step share when they become primitives, and the edges between. */
#include <string.h>

#include "compile/compile_priv.h"

greffe__plan_node *greffe__new_node(greffe__lowering *l, greffe__primitive op, const char *suffix)
{
    greffe__arena *arena = l->d->binder.arena;
    greffe__plan_node *node = greffe__arena_push(arena, &l->plan->nodes, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->path =
        suffix == NULL ? l->step->id : greffe__str_join(arena, l->step->id.data, "/", suffix, NULL);
    node->op = op;
    node->step = l->step->plan_step;
    node->scope = l->step->scope;
    node->sealed = l->step->sealed;
    return node;
}

uint32_t greffe__node_position(const greffe__lowering *l, const greffe__plan_node *node)
{
    return (uint32_t)(node - l->plan->nodes.at);
}

static greffe__edge *new_edge(greffe__lowering *l, uint32_t node, greffe__str outcome)
{
    greffe__edges *edges = &l->plan->nodes.at[node].edges;
    if (edges->capacity == 0) {
        (void)greffe__arena_reserve(l->d->binder.arena, edges, sizeof *edges->at,
                                    l->step->outcomes.count);
    }
    greffe__edge *edge = greffe__arena_push(l->d->binder.arena, edges, sizeof *edge);
    if (edge != NULL) {
        edge->outcome = outcome;
        edge->label = outcome;
    }
    return edge;
}

greffe__edge *greffe__inner_edge(greffe__lowering *l, uint32_t node, const char *outcome,
                                 uint32_t target)
{
    greffe__edge *edge = new_edge(l, node, greffe__str_of(outcome));
    if (edge != NULL) {
        edge->target = target;
    }
    return edge;
}

static greffe__edge *branch_edge(greffe__lowering *l, uint32_t node, uint32_t index)
{
    greffe__branch *branch = &l->step->outcomes.at[index];
    greffe__arena *arena = l->d->binder.arena;
    greffe__edge *edge = new_edge(l, node, branch->outcome.id);
    struct greffe__fixup *fixup = greffe__arena_push(arena, &l->d->fixups, sizeof *fixup);
    if (edge == NULL || fixup == NULL) {
        return NULL;
    }
    edge->done = true;
    edge->message = branch->message;
    l->step->taken |= index < 64 ? (uint64_t)1 << index : 0;
    *fixup = (struct greffe__fixup){node, l->plan->nodes.at[node].edges.count - 1, branch->target,
                                    l->step->scope};
    greffe__add_fields(l->d, &branch->fill, l->step->id, false, &edge->fill);
    return edge;
}

greffe__edge *greffe__author_edge(greffe__lowering *l, uint32_t node, const char *outcome,
                                  bool required)
{
    for (uint32_t i = 0; i < l->step->outcomes.count; i++) {
        if (greffe__str_is(l->step->outcomes.at[i].outcome.id, outcome)) {
            return branch_edge(l, node, i);
        }
    }
    if (required) {
        const greffe__node *where = l->step->then != NULL ? l->step->then : l->step->node;
        greffe__str hint =
            greffe__str_join(l->d->binder.arena, "then: {…, ", outcome, ": <step>}", NULL);
        greffe__complain(&l->d->binder, GREFFE__GR_MISSING_OUTCOME, where, hint.data,
                         "the step '%.*s' does not say where '%s' leads", (int)l->step->id.size,
                         l->step->id.data, outcome);
    }
    return NULL;
}

void greffe__author_edges(greffe__lowering *l, uint32_t node)
{
    for (uint32_t i = 0; i < l->step->outcomes.count; i++) {
        if (i >= 64 || (l->step->taken >> i & 1) == 0) {
            (void)branch_edge(l, node, i);
        }
    }
}

static const char *all_of(greffe__binder *b, const char *const *known)
{
    greffe__str all = greffe__str_of(known[1] == NULL ? "there is " : "there are ");
    for (uint32_t i = 0; known[i] != NULL; i++) {
        all = greffe__str_format(b->arena, "%.*s%s%s", (int)all.size, all.data, i == 0 ? "" : ", ",
                                 known[i]);
    }
    return all.data;
}

void greffe__check_outcomes(greffe__lowering *l, const char *const *known)
{
    for (uint32_t i = 0; i < l->step->outcomes.count; i++) {
        const greffe__ref *outcome = &l->step->outcomes.at[i].outcome;
        bool found = false;
        for (uint32_t j = 0; known[j] != NULL; j++) {
            found = found || greffe__str_is(outcome->id, known[j]);
        }
        if (!found) {
            greffe__complain(&l->d->binder, GREFFE__GR_BAD_OUTCOME, outcome->node,
                             greffe__did_you_mean(&l->d->binder, outcome->id, known,
                                                  all_of(&l->d->binder, known)),
                             "a step of kind %s has no outcome '%.*s'",
                             greffe__step_kind_name(l->step->kind), (int)outcome->id.size,
                             outcome->id.data);
        }
    }
}

void greffe__needs_key(greffe__lowering *l, const char *outcome, const char *key, const char *hint)
{
    bool given_badly = greffe__node_get(l->step->node, key) != NULL; /* that is told already */
    for (uint32_t i = 0; !given_badly && i < l->step->outcomes.count; i++) {
        const greffe__ref *given = &l->step->outcomes.at[i].outcome;
        if (greffe__str_is(given->id, outcome)) {
            greffe__complain(&l->d->binder, GREFFE__GR_BAD_OUTCOME, given->node, hint,
                             "'%s' never comes of this step without the key '%s'", outcome, key);
        }
    }
}

void greffe__only_at_top(greffe__lowering *l)
{
    if (l->step->scope != 0) {
        greffe__complain(&l->d->binder, GREFFE__GR_STEP_ELSEWHERE, l->step->node,
                         "put it after the block", "a step of kind %s cannot stand inside a block",
                         greffe__step_kind_name(l->step->kind));
    }
}

void greffe__step_roles(greffe__lowering *l, greffe__u32s *out)
{
    for (uint32_t i = 0; i < l->step->by.count; i++) {
        const greffe__ref *by = &l->step->by.at[i];
        uint32_t wanted = 1u << GREFFE__THING_ROLE | 1u << GREFFE__THING_BOARD;
        if (greffe__name_find(l->d, by->node, by->id, wanted, "a role") == NULL) {
            continue;
        }
        uint32_t role = greffe__plan_role_at(l->plan, by->id);
        uint32_t *place = greffe__arena_push(l->d->binder.arena, out, sizeof *place);
        if (place == NULL || role == GREFFE__NONE) {
            return;
        }
        *place = role;
        uint32_t kind = l->plan->roles.at[role].kind;
        bool decides =
            l->step->kind == GREFFE__KIND_DECISION || l->step->kind == GREFFE__KIND_PAYMENT;
        bool board = l->step->kind == GREFFE__KIND_DELIBERATION;
        bool applicant = l->step->kind == GREFFE__KIND_SUBMISSION;
        const char *problem =
            board != (kind == GREFFE__ROLE_BOARD)
                ? (board ? "only a board deliberates" : "a board only deliberates")
            : applicant && kind != GREFFE__ROLE_APPLICANT ? "only an applicant files"
            : decides && kind == GREFFE__ROLE_DELEGATE    ? "a delegate never decides, never pays"
            : decides && kind == GREFFE__ROLE_APPLICANT   ? "an applicant never decides, never pays"
                                                          : NULL;
        if (problem != NULL) {
            greffe__complain(&l->d->binder, GREFFE__GR_WRONG_ROLE, by->node, "name another role",
                             "'%.*s' cannot do this step: %s", (int)by->id.size, by->id.data,
                             problem);
        }
    }
}

/* --- All steps --- */

static const greffe__lower_fn by_kind[] = {
    [GREFFE__KIND_SUBMISSION] = greffe__lower_submission,
    [GREFFE__KIND_COMPLETENESS] = greffe__lower_completeness,
    [GREFFE__KIND_INSTRUCTION] = greffe__lower_task,
    [GREFFE__KIND_DECISION] = greffe__lower_task,
    [GREFFE__KIND_DELIBERATION] = greffe__lower_deliberation,
    [GREFFE__KIND_NOTIFICATION] = greffe__lower_notification,
    [GREFFE__KIND_PAYMENT] = greffe__lower_payment,
    [GREFFE__KIND_TASK] = greffe__lower_task,
    [GREFFE__KIND_CHOOSE] = greffe__lower_choose,
    [GREFFE__KIND_WAIT] = greffe__lower_wait,
    [GREFFE__KIND_END] = greffe__lower_end,
    [GREFFE__KIND_PARALLEL] = greffe__lower_block,
    [GREFFE__KIND_EACH] = greffe__lower_block,
    [GREFFE__KIND_CALL] = greffe__lower_call,
};

/* `end` inside a block finishes its branch: one exit node a scope, made when it is first named. */
static uint32_t exit_of(greffe__definition *d, uint32_t scope, uint32_t step)
{
    greffe__arena *arena = d->binder.arena;
    while (d->exits.count <= scope) {
        uint32_t *none = greffe__arena_push(arena, &d->exits, sizeof *none);
        if (none == NULL) {
            return 0;
        }
        *none = GREFFE__NONE;
    }
    if (d->exits.at[scope] != GREFFE__NONE) {
        return d->exits.at[scope];
    }
    greffe__plan_node *node = greffe__arena_push(arena, &d->plan->nodes, sizeof *node);
    if (node == NULL) {
        return 0;
    }
    *node = (greffe__plan_node){
        .path = greffe__str_join(arena, d->plan->scopes.at[scope].path.data, "/end", NULL),
        .op = GREFFE__P_EXIT,
        .step = step,
        .scope = scope,
        .outcome = greffe__str_of("done")};
    d->exits.at[scope] = d->plan->nodes.count - 1;
    return d->exits.at[scope];
}

static void resolve(greffe__definition *d, const struct greffe__fixup *fixup)
{
    uint32_t step = d->plan->nodes.at[fixup->node].step;
    if (fixup->target.node == NULL) {
        return;
    }
    if (fixup->scope != 0 && greffe__str_is(fixup->target.id, "end")) {
        uint32_t exit = exit_of(d, fixup->scope, step);
        d->plan->nodes.at[fixup->node].edges.at[fixup->edge].target = exit;
        return;
    }
    const greffe__named *named = greffe__name_find(d, fixup->target.node, fixup->target.id,
                                                   1u << GREFFE__THING_STEP, "a step");
    if (named == NULL) {
        return;
    }
    const greffe__step *target = &d->plan->steps.at[named->index];
    if (target->scope != fixup->scope) {
        greffe__complain(&d->binder, GREFFE__GR_STEP_ELSEWHERE, fixup->target.node,
                         "lead to a step of the same block, or to 'end', which finishes the branch",
                         "'%.*s' stands in another block", (int)target->id.size, target->id.data);
        return;
    }
    d->plan->nodes.at[fixup->node].edges.at[fixup->edge].target = target->entry;
}

static void lower_step(greffe__definition *d, greffe__step_def *step)
{
    greffe__lowering l = {d, step, d->plan};
    uint32_t first = d->plan->nodes.count;
    if (step->kind == 0) {
        return;
    }
    by_kind[step->kind](&l);
    /* The entry is the kind's first node, but a reservation comes before its board. */
    d->plan->steps.at[step->plan_step].entry = first;
    for (uint32_t i = 0; i < step->scopes.count; i++) {
        uint32_t *place =
            greffe__arena_push(d->binder.arena, &d->plan->nodes.at[first].scopes, sizeof *place);
        if (place != NULL) {
            *place = step->scopes.at[i];
        }
    }
}

static void enter_scopes(greffe__definition *d)
{
    greffe__plan *plan = d->plan;
    for (uint32_t i = plan->steps.count; i > 0; i--) { /* a scope is entered at its first step */
        plan->scopes.at[plan->steps.at[i - 1].scope].entry = plan->steps.at[i - 1].entry;
    }
    const greffe__step_def *first = d->steps.count > 0 ? d->steps.at[0] : NULL;
    if (first != NULL && first->kind != 0 && first->kind != GREFFE__KIND_SUBMISSION) {
        greffe__complain(&d->binder, GREFFE__GR_NO_SUBMISSION, first->node,
                         "depot: {kind: submission, by: <applicant's role>, then: <step>}",
                         "the first step must be of kind submission");
    }
}

void greffe__lower_all(greffe__definition *d)
{
    greffe__plan *plan = d->plan; /* most steps are one node, some are two */
    (void)greffe__arena_reserve(d->binder.arena, &plan->nodes, sizeof *plan->nodes.at,
                                d->steps.count + d->steps.count / 2);
    (void)greffe__arena_reserve(d->binder.arena, &d->fixups, sizeof *d->fixups.at,
                                d->steps.count * 2);
    for (uint32_t i = 0; i < d->steps.count && !d->binder.arena->failed; i++) {
        lower_step(d, d->steps.at[i]);
    }
    for (uint32_t i = 0; i < d->fixups.count && !d->binder.arena->failed; i++) {
        resolve(d, &d->fixups.at[i]);
    }
    enter_scopes(d);
}
