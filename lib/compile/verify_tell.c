/* What the proof found, in the words of the file. */
#include <stdarg.h>

#include "compile/verify_priv.h"

static const greffe__step_def *step_at(const greffe__proof *p, uint32_t node)
{
    return p->d->steps.at[p->plan->nodes.at[node].step];
}

bool greffe__waives(greffe__definition *d, greffe__code code)
{
    bool waived = false;
    for (uint32_t i = 0; i < d->waivers.count; i++) {
        if (greffe__str_is(d->waivers.at[i].rule, greffe__code_text(code))) {
            d->waivers.at[i].used = true;
            waived = true;
        }
    }
    return waived;
}

void greffe__proof_report(greffe__proof *p, greffe__code code, const greffe__node *node,
                          greffe__str story, const char *hint, const char *format, ...)
{
    if (greffe__waives(p->d, code)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const char *message = greffe__message(p->arena, format, arguments).data;
    va_end(arguments);
    greffe__complain(&p->d->binder, code, node, hint, "%s", message != NULL ? message : "");
    if (story.size > 0) {
        greffe__report_story(p->d->binder.diags, story);
    }
}

/* Whether a guard that could not be read stands on the way to a state. */
static bool is_guessed(const greffe__proof *p, uint32_t state)
{
    bool guessed = p->coarse;
    for (; state != GREFFE__NONE; state = p->parents[state]) {
        guessed = guessed || p->moves[state].guessed;
    }
    return guessed;
}

/* Whether another item has to do something on the way to a state, which it may never do. */
static bool is_of_others(const greffe__proof *p, uint32_t state)
{
    bool others = false;
    for (; state != GREFFE__NONE && !others; state = p->parents[state]) {
        others = p->moves[state].kind == GREFFE__MOVE_OTHER;
    }
    return others;
}

static void not_proved(greffe__proof *p, const greffe__node *node, const char *hint,
                       const char *what)
{
    greffe__proof_report(p, GREFFE__GR_NOT_PROVED, node, (greffe__str){"", 0}, hint, "%s", what);
}

/* Whether the way to a fault was seen to happen, or nobody looks. */
static bool happens(greffe__proof *p, const greffe__goal *goal)
{
    greffe__definition *d = p->d;
    if (d->options == NULL || d->options->replay == NULL) {
        return true;
    }
    greffe__str trace = greffe__proof_trace(p, goal);
    if (d->as_it_is == NULL && greffe__freeze(&d->as_it_is, d) != GREFFE_OK) {
        d->as_it_is = NULL;
        return false;
    }
    return trace.size > 0 && d->options->replay(d->options->replay_data, d->as_it_is, trace);
}

/* What a way shows that could not be played. */
static void not_replayed(greffe__proof *p, const greffe__node *node, const greffe__goal *goal,
                         const char *hint, const char *what)
{
    greffe__proof_report(p, GREFFE__GR_NOT_PROVED, node, goal->story, hint,
                         "it is not proved that this never happens: %s", what);
}

/* --- Getting stuck --- */

static void tell_unread(greffe__proof *p, uint32_t node, const char *what)
{
    bool choice = p->plan->nodes.at[node].op == GREFFE__P_CHOOSE;
    not_proved(p, step_at(p, node)->node,
               choice ? "add 'otherwise: <step>'" : "give an outcome no 'must'", what);
}

static void tell_stuck(greffe__proof *p, uint32_t node)
{
    const greffe__step_def *step = step_at(p, node);
    bool choice = p->plan->nodes.at[node].op == GREFFE__P_CHOOSE;
    greffe__str values = greffe__proof_values(p, p->stuck_at[node], &p->stuck_by[node]);
    const char *where = values.size > 0 ? " where " : "";
    if (is_guessed(p, p->stuck_at[node])) {
        tell_unread(p, node,
                    is_of_others(p, p->stuck_at[node])
                        ? "that there is always a way on from here is not proved: it is asked what "
                          "any item has done, and another may do it meanwhile"
                        : "that there is always a way on from here is not proved: a condition on "
                          "the way is more than comparisons with values that are known");
        return;
    }
    const greffe__goal goal = {.code = choice ? GREFFE__GR_CHOICE_GAP : GREFFE__GR_TASK_STUCK,
                               .kind = choice ? "no case" : "stuck",
                               .state = p->stuck_at[node],
                               .last = &p->stuck_by[node],
                               .node = node,
                               .story = greffe__proof_story(p, p->stuck_at[node], NULL)};
    const char *hint = choice ? "add a case for it, or 'otherwise: <step>'"
                              : "let one outcome ask for nothing, or ask for what is left";
    const char *what =
        greffe__str_format(p->arena,
                           choice ? "no case of '%.*s' holds%s%.*s"
                                  : "no outcome of '%.*s' may be chosen%s%.*s",
                           (int)step->id.size, step->id.data, where, (int)values.size, values.data)
            .data;
    if (happens(p, &goal)) {
        greffe__proof_report(p, goal.code, step->node, goal.story, hint, "%s", what);
    } else {
        not_replayed(p, step->node, &goal, hint, what);
    }
}

static bool tell_all_stuck(greffe__proof *p)
{
    bool told = false;
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        if (p->stuck_at[i] != GREFFE__NONE) {
            tell_stuck(p, i);
            told = true;
        } else if (p->maybe_stuck[i]) {
            tell_unread(p, i,
                        p->plan->nodes.at[i].op == GREFFE__P_CHOOSE
                            ? "that a case always holds is not proved: a condition is more than "
                              "comparisons with values that are known"
                            : "that an outcome may always be chosen is not proved: a condition is "
                              "more than comparisons with values that are known");
        }
    }
    return told;
}

/* Where a dossier is caught: at a guard that holds it there, or at the one that let it in. */
static uint32_t caught_at(const greffe__proof *p)
{
    const uint8_t *state = greffe__proof_state(p, p->caught);
    uint32_t place = greffe__proof_place(state, 0) - 1;
    const greffe__move *move = &p->moves[p->caught];
    bool held = greffe__proof_guarded(p, place) || move->kind != GREFFE__MOVE_EDGE;
    return held ? place : move->node;
}

static void tell_caught(greffe__proof *p)
{
    const greffe__step_def *step = step_at(p, caught_at(p));
    if (is_guessed(p, p->caught)) {
        not_proved(p, step->node, "let a way out depend on what can still change",
                   "that every dossier comes to an end from here is not proved");
        return;
    }
    const greffe__goal goal = {.code = GREFFE__GR_NEVER_ENDS,
                               .kind = "caught",
                               .state = p->caught,
                               .node = GREFFE__NONE,
                               .story = greffe__proof_story(p, p->caught, NULL)};
    const char *hint = "let a way out depend on something that can still change";
    const char *what =
        greffe__str_format(p->arena,
                           "a dossier that comes to '%.*s' this way never comes to an end",
                           (int)step->id.size, step->id.data)
            .data;
    if (happens(p, &goal)) {
        greffe__proof_report(p, goal.code, step->node, goal.story, hint, "%s", what);
    } else {
        not_replayed(p, step->node, &goal, hint, what);
    }
}

/* --- What never runs --- */

static bool is_dead_outcome(const greffe__proof *p, uint32_t node, uint32_t edge)
{
    const greffe__plan_node *at = &p->plan->nodes.at[node];
    bool asks = p->guards[p->edge_base[node] + edge] != GREFFE__NONE;
    bool chosen = at->op == GREFFE__P_TASK && at->edges.at[edge].done; /* by a person */
    return p->node_seen[node] && !p->edge_taken[p->edge_base[node] + edge] &&
           at->op != GREFFE__P_CHOOSE && (asks || chosen);
}

/* Whether a step begins a branch of a block that begins. */
static bool begins_branch(const greffe__proof *p, uint32_t entry)
{
    uint32_t scope = p->plan->nodes.at[entry].scope, block = p->block_of[scope];
    return p->plan->scopes.at[scope].entry == entry && block != GREFFE__NONE &&
           p->node_seen[block] && p->plan->nodes.at[block].op == GREFFE__P_FORK;
}

/* Whether a step that no dossier comes to is the first on its way, and nothing else tells it. */
static bool is_first_dead(const greffe__proof *p, uint32_t entry)
{
    bool first = begins_branch(p, entry);
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__edges *edges = &p->plan->nodes.at[i].edges;
        for (uint32_t j = 0; j < edges->count; j++) {
            if (edges->at[j].target == entry && p->node_seen[i]) {
                first = true;
                if (is_dead_outcome(p, i, j)) {
                    return false;
                }
            }
        }
    }
    return first;
}

static void tell_dead_edge(greffe__proof *p, uint32_t node, uint32_t index)
{
    const greffe__step_def *step = step_at(p, node);
    const greffe__edge *edge = &p->plan->nodes.at[node].edges.at[index];
    const greffe__str none = {"", 0};
    if (p->plan->nodes.at[node].op == GREFFE__P_CHOOSE) {
        bool told = p->guards[p->edge_base[node] + index] != GREFFE__NONE &&
                    p->node_seen[edge->target] && index < step->outcomes.count;
        if (told) {
            greffe__proof_report(
                p, GREFFE__GR_DEAD_CASE, step->outcomes.at[index].when, none,
                "delete it, or mend the cases above it",
                "this case of '%.*s' never holds: those above it, or the way here, "
                "leave nothing for it",
                (int)step->id.size, step->id.data);
        }
        return;
    }
    bool asks = p->guards[p->edge_base[node] + index] != GREFFE__NONE;
    for (uint32_t i = 0; i < step->outcomes.count; i++) {
        if (greffe__str_equal(step->outcomes.at[i].outcome.id, edge->outcome)) {
            greffe__proof_report(
                p, GREFFE__GR_DEAD_OUTCOME, step->outcomes.at[i].outcome.node, none,
                asks ? "delete it, or mend its 'must'"
                     : "let the branches beside it wait, or take it out of the block",
                asks ? "the outcome '%.*s' may never be chosen: what it asks for never holds here"
                     : "the outcome '%.*s' never comes: the step is always closed before",
                (int)edge->outcome.size, edge->outcome.data);
        }
    }
}

static void tell_dead(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        for (uint32_t j = 0; p->node_seen[i] && j < node->edges.count; j++) {
            bool choice = node->op == GREFFE__P_CHOOSE;
            if (choice ? !p->edge_taken[p->edge_base[i] + j] : is_dead_outcome(p, i, j)) {
                tell_dead_edge(p, i, j);
            }
        }
    }
    for (uint32_t i = 0; i < p->plan->steps.count; i++) {
        uint32_t entry = p->plan->steps.at[i].entry;
        const greffe__step_def *step = p->d->steps.at[i];
        if (!p->node_seen[entry] && is_first_dead(p, entry)) {
            bool late = begins_branch(p, entry);
            greffe__proof_report(
                p, GREFFE__GR_DEAD_STEP, step->node, (greffe__str){"", 0},
                late ? "put its branch first, or let those before it wait"
                     : "mend the conditions on the way to it, or delete it",
                late ? "no dossier comes to the step '%.*s': the branches before it always end "
                       "the block at once"
                     : "no dossier comes to the step '%.*s': the conditions on the way to it "
                       "exclude each other",
                (int)step->id.size, step->id.data);
        }
    }
}

/* --- Promises --- */

typedef struct wording {
    greffe__code code;
    uint32_t pattern;
    const char *message; /* of what it is about, and the other */
    const char *hint;
} wording;

static const wording wordings[] = {
    {GREFFE__GR_GUARANTEE_BROKEN, GREFFE__BEFORE_ALWAYS,
     "'%.*s' may happen although '%.*s' has not", "close this way, or change the guarantee"},
    {GREFFE__GR_GUARANTEE_BROKEN, GREFFE__AFTER_ALWAYS,
     "after '%.*s' a dossier may end without '%.*s'", "close this way, or change the guarantee"},
    {GREFFE__GR_GUARANTEE_BROKEN, GREFFE__NEVER, "'%.*s' and '%.*s' may happen to one dossier",
     "close this way, or change the guarantee"},
    {GREFFE__GR_GUARANTEE_BROKEN, GREFFE__AT_MOST_ONCE, "'%.*s' may happen more than once",
     "close this way, or change the guarantee"},
    {GREFFE__GR_NOT_YET_FROZEN, 0, "the amount '%.*s' may be used here before '%.*s' freezes it",
     "freeze it at a moment that every way here passes"},
    {GREFFE__GR_PAID_UNDECIDED, 0, "'%.*s' may pay what nobody decided",
     "let a deliberation grant it, or a step of kind decision decide it, on every way here"},
    {GREFFE__GR_PAID_TWICE, 0, "'%.*s' may pay one dossier twice",
     "lead from 'paid' to where no payment of this amount follows; what is paid in parts has an "
     "amount for each"},
    {GREFFE__GR_REFUSAL_UNTOLD, 0,
     "after '%.*s' refuses, a dossier may end without a letter to the applicant",
     "put a step of kind notification between the refusal and the end (CRPA L211-2)"},
    {GREFFE__GR_REFUSAL_FINAL, 0,
     "the letter '%.*s' tells what '%.*s' refuses without the ways of appeal",
     "write {{appeal}} into it: the time to appeal runs only once they were told (CJA R421-5)"},
    {GREFFE__GR_DECISION_UNTOLD, 0,
     "after '%.*s' decides, a dossier may end without a letter to the applicant",
     "put a step of kind notification between the decision and the end (CRPA L221-8)"},
    {GREFFE__GR_REFUSAL_BARE, 0, "the letter '%.*s' tells what '%.*s' refuses without its reasons",
     "write {{reason}} into it: a refusal is given with its reasons (CRPA L211-2)"},
    {GREFFE__GR_CLOCK_OUTLIVES, 0, "the clock '%.*s' may end although the decision was taken",
     "name each outcome that decides under 'until'"},
    {GREFFE__GR_LETTER_UNKNOWN, 0,
     "the letter '%.*s' names {{%.*s}}, which is not known on every way here",
     "put it in a section {{#name}}…{{/name}}, use another letter on this way, or let a step give "
     "it before"},
    {GREFFE__GR_CLOCK_UNTOLD, 0,
     "after the clock '%.*s' ends, a dossier may end without a letter to the applicant",
     "put a step of kind notification between the clock's end and the dossier's"},
};

static const wording *wording_of(const greffe__rule *rule)
{
    for (size_t i = 0; i < sizeof wordings / sizeof *wordings; i++) {
        if (wordings[i].code == rule->code && wordings[i].pattern == rule->pattern) {
            return &wordings[i];
        }
    }
    return NULL;
}

/* A rule that is broken where a guard could not be read may hold all the same. */
static void tell_broken(greffe__proof *p, uint32_t index)
{
    const greffe__rule *rule = &p->rules.at[index];
    const wording *words = wording_of(rule);
    if (words == NULL) {
        return;
    }
    const greffe__goal goal = {
        .code = rule->code,
        .kind = "broken",
        .state = p->broken_at[index],
        .last = &p->broken_by[index],
        .node = GREFFE__NONE,
        .pattern = rule->pattern == GREFFE__BEFORE_ALWAYS  ? "before"
                   : rule->pattern == GREFFE__AFTER_ALWAYS ? "after"
                                                           : NULL,
        .of = rule->of,
        .other = rule->other,
        .story = greffe__proof_story(p, p->broken_at[index], &p->broken_by[index])};
    const char *message = greffe__str_format(p->arena, words->message, (int)rule->of.size,
                                             rule->of.data, (int)rule->other.size, rule->other.data)
                              .data;
    bool guessed = p->broken_by[index].guessed || is_guessed(p, p->broken_at[index]);
    if (guessed || !happens(p, &goal)) {
        not_replayed(p, rule->node, &goal, words->hint, message);
    } else {
        greffe__proof_report(p, rule->code, rule->node, goal.story, words->hint, "%s", message);
    }
}

static bool ever_happens(const greffe__proof *p, greffe__str moment)
{
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__edges *edges = &p->plan->nodes.at[i].edges;
        for (uint32_t j = 0; j < edges->count; j++) {
            if (p->edge_taken[p->edge_base[i] + j] &&
                greffe__proof_reaches(p, i, &edges->at[j], moment)) {
                return true;
            }
        }
    }
    return false;
}

static void tell_idle(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->guarantees.count; i++) {
        const greffe__guarantee *g = &p->plan->guarantees.at[i];
        uint32_t count = g->pattern == GREFFE__NEVER              ? g->what.count
                         : g->pattern == GREFFE__DIFFERENT_PEOPLE ? 0
                                                                  : 1;
        for (uint32_t j = 0; j < count; j++) {
            if (!ever_happens(p, g->what.at[j])) {
                greffe__proof_report(p, GREFFE__GR_GUARANTEE_IDLE, p->d->guarantee_nodes.at[i],
                                     (greffe__str){"", 0}, "name a moment that happens",
                                     "'%.*s' never happens: this guarantees nothing",
                                     (int)g->what.at[j].size, g->what.at[j].data);
                break;
            }
        }
    }
    for (uint32_t i = 0; i < p->plan->clocks.count; i++) {
        const greffe__clock_def *clock = &p->plan->clocks.at[i];
        if (!ever_happens(p, clock->from)) {
            greffe__proof_report(p, GREFFE__GR_CLOCK_IDLE, p->d->clock_nodes.at[i],
                                 (greffe__str){"", 0}, "from: <a moment that happens>",
                                 "the clock '%.*s' never starts: '%.*s' never happens",
                                 (int)clock->name.size, clock->name.data, (int)clock->from.size,
                                 clock->from.data);
        }
    }
}

void greffe__proof_tell(greffe__proof *p)
{
    bool stuck = tell_all_stuck(p);
    for (uint32_t i = 0; i < p->rules.count; i++) {
        if (p->broken_at[i] != GREFFE__NONE) {
            tell_broken(p, i);
        }
    }
    if (p->spent) {
        not_proved(p, p->d->procedure.root, "split the procedure, or ask for less in its guards",
                   "the proof has more states than are looked at (200,000)");
        return;
    }
    if (!stuck && p->caught != GREFFE__NONE) {
        tell_caught(p);
    }
    if (!p->coarse) {
        tell_dead(p);
    }
    tell_idle(p);
}

void greffe__verify_proof(greffe__definition *d)
{
    greffe__proof p = {.d = d, .plan = d->plan, .arena = d->binder.arena};
    if (d->plan->nodes.count == 0 || d->plan->scopes.count == 0) {
        return;
    }
    if (greffe__proof_net(&p) && greffe__proof_rules(&p) && greffe__proof_live(&p) &&
        greffe__proof_explore(&p)) {
        greffe__proof_tell(&p);
        greffe__verify_partial(&p);
        greffe__verify_duties(&p);
        greffe__verify_waivers(d);
    } else {
        d->binder.arena->failed = true;
    }
}
