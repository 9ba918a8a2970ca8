/* What must hold on every way through a procedure: the author's guarantees, and those that every
 * procedure for citizens gives, each with its source in law. Each becomes a fact that remembers
 * what is needed, and a check where it would be broken. */
#include "compile/verify_priv.h"

static uint16_t add_rule(greffe__proof *p, greffe__code code, const greffe__node *node,
                         greffe__str of, greffe__str other)
{
    greffe__rule *rule = greffe__arena_push(p->arena, &p->rules, sizeof *rule);
    if (rule == NULL || p->rules.count > UINT16_MAX) {
        p->failed = true;
        return 0;
    }
    *rule = (greffe__rule){.code = code, .node = node, .of = of, .other = other};
    return (uint16_t)(p->rules.count - 1);
}

static void at_moment(greffe__proof *p, greffe__str moment, greffe__effect effect)
{
    greffe__proof_add(p, greffe__proof_occasion(p, moment), effect);
}

static void set_at(greffe__proof *p, greffe__str moment, uint32_t fact, uint8_t value)
{
    at_moment(p, moment, (greffe__effect){.op = GREFFE__FX_SET, .value = value, .fact = fact});
}

static greffe__effect check(uint16_t rule, uint32_t fact, uint8_t bad)
{
    return (greffe__effect){.op = GREFFE__FX_CHECK, .value = bad, .rule = rule, .fact = fact};
}

/* The rule is broken where a dossier ends with this fact. */
static void check_at_ends(greffe__proof *p, uint16_t rule, uint32_t fact)
{
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        if (p->plan->nodes.at[i].op == GREFFE__P_END) {
            greffe__proof_add(p, &p->entering[i], check(rule, fact, 1));
        }
    }
}

static greffe__str moment_of(greffe__proof *p, const greffe__step *step, const char *outcome)
{
    return greffe__str_join(p->arena, step->id.data, ".", outcome, NULL);
}

/* --- The author's --- */

static void add_never(greffe__proof *p, uint16_t rule, const greffe__strs *what)
{
    for (uint32_t i = 0; i < what->count; i++) {
        uint32_t fact = greffe__proof_happened(p, what->at[i]);
        uint32_t *place = greffe__arena_push(p->arena, &p->rules.at[rule].facts, sizeof *place);
        if (place == NULL) {
            p->failed = true;
            return;
        }
        *place = fact;
    }
    for (uint32_t i = 0; i < what->count; i++) {
        at_moment(p, what->at[i], (greffe__effect){.op = GREFFE__FX_ALL, .rule = rule});
    }
}

static void add_guarantee(greffe__proof *p, uint32_t index)
{
    const greffe__guarantee *g = &p->plan->guarantees.at[index];
    const greffe__strs *what = &g->what;
    bool pair = g->pattern == GREFFE__BEFORE_ALWAYS || g->pattern == GREFFE__AFTER_ALWAYS;
    if (g->pattern == GREFFE__DIFFERENT_PEOPLE || what->count < (pair ? 2u : 1u)) {
        return; /* that no person does two of its steps is seen to when they are done */
    }
    uint16_t rule = add_rule(p, GREFFE__GR_GUARANTEE_BROKEN, p->d->guarantee_nodes.at[index],
                             what->at[0], what->count > 1 ? what->at[1] : (greffe__str){"", 0});
    if (p->failed) {
        return;
    }
    p->rules.at[rule].pattern = g->pattern;
    uint32_t fact;
    switch ((greffe__pattern)g->pattern) {
    case GREFFE__BEFORE_ALWAYS:
        at_moment(p, what->at[0], check(rule, greffe__proof_happened(p, what->at[1]), 0));
        break;
    case GREFFE__AFTER_ALWAYS:
        fact = greffe__proof_fact(p);
        set_at(p, what->at[0], fact, 1);
        set_at(p, what->at[1], fact, 0);
        check_at_ends(p, rule, fact);
        break;
    case GREFFE__NEVER: add_never(p, rule, what); break;
    case GREFFE__AT_MOST_ONCE:
        fact = greffe__proof_fact(p);
        at_moment(p, what->at[0], check(rule, fact, 1));
        set_at(p, what->at[0], fact, 1);
        break;
    case GREFFE__DIFFERENT_PEOPLE: break;
    }
}

/* --- Money --- */

/* Money moves only once its amount is frozen. */
static void add_frozen(greffe__proof *p, uint32_t node)
{
    const greffe__plan_node *at = &p->plan->nodes.at[node];
    uint32_t value = greffe__plan_value_at(p->plan, at->amount);
    if (at->amount.size == 0 || value == GREFFE__NONE || at->port == GREFFE__PORT_COMMIT ||
        p->plan->values.at[value].frozen_at.size == 0) {
        return;
    }
    uint16_t rule = add_rule(p, GREFFE__GR_NOT_YET_FROZEN, p->d->steps.at[at->step]->node,
                             at->amount, p->plan->values.at[value].frozen_at);
    greffe__proof_add(
        p, &p->entering[node],
        check(rule, greffe__proof_happened(p, p->plan->values.at[value].frozen_at), 0));
}

/* Payments of one amount have one fact: that it was paid. */
static uint32_t paid_fact(greffe__proof *p, greffe__map *paid, greffe__str amount)
{
    uint32_t fact;
    if (!greffe__map_get(paid, amount, &fact)) {
        fact = greffe__proof_fact(p);
        p->failed = p->failed || !greffe__map_add(paid, amount, fact);
    }
    return fact;
}

/* A board granted it, or somebody decided it; no amount is paid twice. */
static void add_payments(greffe__proof *p)
{
    uint32_t decided = greffe__proof_fact(p);
    greffe__map amounts;
    greffe__map_init(&amounts, p->arena);
    for (uint32_t i = 0; i < p->plan->steps.count; i++) {
        const greffe__step *step = &p->plan->steps.at[i];
        bool board = step->kind == GREFFE__KIND_DELIBERATION;
        if (board || step->kind == GREFFE__KIND_DECISION) {
            set_at(p, moment_of(p, step, board ? "granted" : "done"), decided, 1);
        }
        if (step->kind != GREFFE__KIND_PAYMENT) {
            continue;
        }
        const greffe__node *node = p->d->steps.at[i]->node;
        uint16_t rule = add_rule(p, GREFFE__GR_PAID_UNDECIDED, node, step->id, step->id);
        greffe__proof_add(p, &p->entering[step->entry], check(rule, decided, 0));
        uint32_t paid = paid_fact(p, &amounts, p->d->steps.at[i]->amount.id);
        rule = add_rule(p, GREFFE__GR_PAID_TWICE, node, step->id, step->id);
        at_moment(p, moment_of(p, step, "paid"), check(rule, paid, 1));
        set_at(p, moment_of(p, step, "paid"), paid, 1);
        set_at(p, moment_of(p, step, "unknown"), paid, 1); /* the bank may say so still */
    }
}

/* --- What the applicant is told --- */

static bool to_applicant(const greffe__proof *p, uint32_t step)
{
    const greffe__ref *to = &p->d->steps.at[step]->to;
    uint32_t role = to->node != NULL ? greffe__plan_role_at(p->plan, to->id) : GREFFE__NONE;
    return p->plan->steps.at[step].kind == GREFFE__KIND_NOTIFICATION &&
           (role == GREFFE__NONE || p->plan->roles.at[role].kind == GREFFE__ROLE_APPLICANT);
}

/* A letter to the applicant settles it. */
static void settled_by_letters(greffe__proof *p, uint32_t fact)
{
    for (uint32_t i = 0; i < p->plan->steps.count; i++) {
        if (to_applicant(p, i)) {
            set_at(p, moment_of(p, &p->plan->steps.at[i], "done"), fact, 0);
        }
    }
}

/* Whether a letter leaves here for the applicant, and whether it has a place for a fact. */
static bool tells(const greffe__proof *p, uint32_t node, const char *fact, bool has)
{
    greffe__str letter = p->plan->nodes.at[node].template_name;
    return letter.size > 0 && to_applicant(p, p->plan->nodes.at[node].step) &&
           greffe__letter_names(p->plan, letter, fact) == has;
}

static bool some_tell(const greffe__proof *p, const char *fact, bool has)
{
    bool some = false;
    for (uint32_t i = 0; i < p->plan->nodes.count && !some; i++) {
        some = tells(p, i, fact, has);
    }
    return some;
}

/* A letter that tells what was refused has a place for a fact, or breaks a rule. */
static void told_with(greffe__proof *p, uint32_t untold, greffe__str refuses, greffe__code code,
                      const char *fact)
{
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        const greffe__step_def *step = p->d->steps.at[node->step];
        if (!tells(p, i, fact, false)) {
            continue;
        }
        uint16_t rule =
            add_rule(p, code, step->letter.node != NULL ? step->letter.node : step->node,
                     node->template_name, refuses);
        greffe__proof_add(p, &p->entering[i], check(rule, untold, 1));
    }
}

/* The time to appeal runs only where the citizen was told of it (code de justice administrative,
 * art. R421-5). */
static void told_with_appeal(greffe__proof *p, uint32_t untold, greffe__str refuses)
{
    told_with(p, untold, refuses, GREFFE__GR_REFUSAL_FINAL, "appeal");
}

/* Its letters give the reasons (CRPA L211-2) and the ways of appeal. */
static void told_whole(greffe__proof *p, uint32_t untold, greffe__str refuses)
{
    told_with_appeal(p, untold, refuses);
    told_with(p, untold, refuses, GREFFE__GR_REFUSAL_BARE, "reason");
}

/* From an outcome that refuses on, until a letter tells it; a clock's letters tell of silence. */
static void told_of_agent(greffe__proof *p, const greffe__step *step, const greffe__edges *edges)
{
    uint32_t refused = greffe__proof_fact(p);
    for (uint32_t i = 0; i < edges->count; i++) {
        if (edges->at[i].done && greffe__gives_reasons(p->plan, &edges->at[i])) {
            set_at(p, moment_of(p, step, edges->at[i].outcome.data), refused, 1);
        }
    }
    told_whole(p, refused, step->id);
    settled_by_letters(p, refused);
    for (uint32_t i = 0; i < p->plan->clocks.count; i++) {
        greffe__proof_add(p, &p->firing[i],
                          (greffe__effect){.op = GREFFE__FX_SET, .fact = refused});
    }
}

/* Which of its outcomes refuse, an agent's decision says by what is filled in with them: whoever
 * refuses gives reasons. They may have been given before, by who instructed: a letter that has a
 * place for them proves that they were. */
static void add_reasoned(greffe__proof *p, uint32_t index)
{
    const greffe__step *step = &p->plan->steps.at[index];
    const greffe__edges *edges = &p->plan->nodes.at[step->entry].edges;
    uint32_t outcomes = 0, reasoned = 0;
    for (uint32_t i = 0; i < edges->count; i++) {
        const greffe__edge *edge = &edges->at[i];
        outcomes += edge->done && !greffe__str_is(edge->outcome, "expired");
        reasoned += edge->done && greffe__gives_reasons(p->plan, edge);
    }
    if (reasoned > 0 && (some_tell(p, "appeal", false) || some_tell(p, "reason", false))) {
        told_of_agent(p, step, edges);
    }
    if (reasoned == 0 && outcomes > 1 && !some_tell(p, "reason", true)) {
        greffe__proof_report(p, GREFFE__GR_DECISION_BARE, p->d->steps.at[index]->node,
                             (greffe__str){"", 0},
                             "let the outcome that refuses fill in a 'motif' (CRPA L211-2)",
                             "'%.*s' has %u outcomes, and none of them gives reasons",
                             (int)step->id.size, step->id.data, outcomes);
    }
}

/* A board's refusal is one by its name; what an agent decides binds from its notification on,
 * whatever it is (CRPA L221-8). */
static void add_refusals(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->steps.count; i++) {
        const greffe__step *step = &p->plan->steps.at[i];
        bool board = step->kind == GREFFE__KIND_DELIBERATION;
        if (!board && step->kind != GREFFE__KIND_DECISION) {
            continue;
        }
        uint16_t rule = add_rule(p, board ? GREFFE__GR_REFUSAL_UNTOLD : GREFFE__GR_DECISION_UNTOLD,
                                 p->d->steps.at[i]->node, step->id, step->id);
        uint32_t untold = greffe__proof_fact(p);
        set_at(p, moment_of(p, step, board ? "refused" : "done"), untold, 1);
        if (board) {
            told_whole(p, untold, step->id);
        } else {
            add_reasoned(p, i);
        }
        settled_by_letters(p, untold);
        check_at_ends(p, rule, untold);
    }
}

/* --- Clocks --- */

/* Decided, until the dossier is worked on again. */
static uint32_t add_decided(greffe__proof *p)
{
    uint32_t decided = greffe__proof_fact(p);
    for (uint32_t i = 0; i < p->plan->steps.count; i++) {
        const greffe__step *step = &p->plan->steps.at[i];
        bool board = step->kind == GREFFE__KIND_DELIBERATION;
        if (board) {
            set_at(p, moment_of(p, step, "granted"), decided, 1);
            set_at(p, moment_of(p, step, "refused"), decided, 1);
        } else if (step->kind == GREFFE__KIND_DECISION) {
            set_at(p, moment_of(p, step, "done"), decided, 1);
        }
        if (board || step->kind == GREFFE__KIND_DECISION ||
            step->kind == GREFFE__KIND_INSTRUCTION || step->kind == GREFFE__KIND_COMPLETENESS) {
            greffe__proof_add(p, &p->entering[step->entry],
                              (greffe__effect){.op = GREFFE__FX_SET, .fact = decided});
        }
    }
    return decided;
}

static void add_clocks(greffe__proof *p)
{
    uint32_t decided = add_decided(p);
    for (uint32_t i = 0; i < p->plan->clocks.count; i++) {
        const greffe__node *node = p->d->clock_nodes.at[i];
        greffe__str name = p->plan->clocks.at[i].name;
        uint16_t rule = add_rule(p, GREFFE__GR_CLOCK_OUTLIVES, node, name, name);
        greffe__proof_add(p, &p->firing[i], check(rule, decided, 1));
        uint32_t untold = greffe__proof_fact(p);
        rule = add_rule(p, GREFFE__GR_CLOCK_UNTOLD, node, name, name);
        greffe__proof_add(p, &p->firing[i],
                          (greffe__effect){.op = GREFFE__FX_SET, .value = 1, .fact = untold});
        if (p->plan->clocks.at[i].means != GREFFE__MEANS_ACCEPTANCE) {
            told_with_appeal(p, untold, name);
        }
        settled_by_letters(p, untold);
        check_at_ends(p, rule, untold);
    }
}

bool greffe__proof_rules(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->guarantees.count; i++) {
        add_guarantee(p, i);
    }
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        add_frozen(p, i);
    }
    greffe__proof_letters(p);
    if (greffe__is_public(p->plan)) {
        add_payments(p);
        add_refusals(p);
        add_clocks(p);
    }
    return !p->failed && !p->arena->failed;
}
