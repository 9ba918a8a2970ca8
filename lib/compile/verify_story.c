/* The way to a state, told as a story: who does what, in the order in which it happens. */
#include "compile/verify_priv.h"

enum { most_told = 40 };

static void say(greffe__buf *out, greffe__str text)
{
    greffe__buf_str(out, text);
}

/* The title or id of who acts at a node. */
static greffe__str actor_of(const greffe__proof *p, const greffe__plan_node *node)
{
    if (node->port == GREFFE__PORT_BOARD) {
        return node->board;
    }
    return node->roles.count > 0 ? p->plan->roles.at[node->roles.at[0]].id
                                 : greffe__str_of("the applicant");
}

static void tell_values(greffe__buf *out, const greffe__proof *p, const uint8_t *state,
                        const greffe__move *move)
{
    greffe__asked asked;
    uint32_t segments[GREFFE_MAX_ASKED];
    greffe__proof_ask(&asked, p, state, move->node);
    if (asked.ways == 0) {
        return;
    }
    greffe__proof_way(segments, p, state, &asked, move->way);
    for (uint32_t i = 0; i < asked.count; i++) {
        const greffe__name_cut *name = &p->names->at[asked.names[i]];
        greffe__buf_text(out, i == 0 ? "" : ", ");
        say(out, p->plan->slots.at[name->slot].name);
        greffe__buf_text(out, " = ");
        greffe__value_feel(out, &name->samples[segments[i]], true);
    }
}

greffe__str greffe__proof_values(const greffe__proof *p, uint32_t state, const greffe__move *move)
{
    greffe__buf text;
    greffe__buf_init(&text, p->arena->context);
    tell_values(&text, p, greffe__proof_state(p, state), move);
    return greffe__buf_keep(&text, p->arena);
}

/* A person's task: who, the step, how it ends. */
static void tell_task(greffe__buf *out, const greffe__proof *p, const greffe__plan_node *node,
                      const greffe__edge *edge)
{
    const greffe__step *step = &p->plan->steps.at[node->step];
    say(out, actor_of(p, node));
    if (step->kind == GREFFE__KIND_SUBMISSION) {
        greffe__buf_text(out, " files");
    } else if (step->kind == GREFFE__KIND_COMPLETENESS && !edge->done) {
        greffe__buf_text(out, " asks for what is missing");
    } else {
        greffe__buf_text(out, " ends '");
        say(out, step->id);
        greffe__buf_text(out, "' with '");
        say(out, edge->outcome);
        greffe__buf_text(out, "'");
    }
}

static void tell_ask(greffe__buf *out, const greffe__proof *p, const greffe__plan_node *node,
                     const greffe__edge *edge)
{
    greffe__str step = p->plan->steps.at[node->step].id;
    switch ((greffe__port)node->port) {
    case GREFFE__PORT_BOARD:
        greffe__buf_format(out, "%.*s decides '%.*s': %.*s", (int)node->board.size,
                           node->board.data, (int)step.size, step.data, (int)edge->outcome.size,
                           edge->outcome.data);
        break;
    case GREFFE__PORT_RESERVE:
        greffe__buf_format(out, "the allotment %.*s %s", (int)node->budget.size, node->budget.data,
                           greffe__str_is(edge->outcome, "reserved") ? "has the money"
                                                                     : "lacks the money");
        break;
    case GREFFE__PORT_ORDER:
        greffe__buf_format(out, "the payment '%.*s' is %.*s", (int)step.size, step.data,
                           (int)edge->outcome.size, edge->outcome.data);
        break;
    case GREFFE__PORT_CALL:
        greffe__buf_format(out, "the service of '%.*s' answers: %.*s", (int)step.size, step.data,
                           (int)edge->outcome.size, edge->outcome.data);
        break;
    case GREFFE__PORT_COMMIT:
    case GREFFE__PORT_NONE: break;
    }
}

static void tell_edge(greffe__buf *out, const greffe__proof *p, uint32_t from,
                      const greffe__move *move)
{
    const greffe__plan_node *node = &p->plan->nodes.at[move->node];
    greffe__str step = p->plan->steps.at[node->step].id;
    if (move->edge == GREFFE__NONE) {
        return;
    }
    const greffe__edge *edge = &node->edges.at[move->edge];
    bool expired = greffe__str_is(edge->outcome, "expired") && node->within.count > 0;
    if (expired) {
        greffe__buf_format(out, "the time allotted to '%.*s' ends", (int)step.size, step.data);
        return;
    }
    switch ((greffe__primitive)node->op) {
    case GREFFE__P_TASK: tell_task(out, p, node, edge); break;
    case GREFFE__P_ASK: tell_ask(out, p, node, edge); break;
    case GREFFE__P_WAIT:
        greffe__buf_format(out,
                           node->supply ? "the applicant supplies what was asked for"
                                        : "what '%.*s' waits for comes",
                           (int)step.size, step.data);
        break;
    case GREFFE__P_CHOOSE: {
        greffe__str target = p->plan->steps.at[p->plan->nodes.at[edge->target].step].id;
        size_t before = out->size;
        tell_values(out, p, greffe__proof_state(p, from), move);
        greffe__buf_format(out, "%s '%.*s' leads to '%.*s'", out->size > before ? ":" : "",
                           (int)step.size, step.data, (int)target.size, target.data);
        break;
    }
    case GREFFE__P_EFFECT:
        if (edge->done) {
            greffe__buf_format(out, "the letter of '%.*s' leaves", (int)step.size, step.data);
        }
        break;
    case GREFFE__P_FORK:
    case GREFFE__P_EACH:
        greffe__buf_format(out, "'%.*s' is done", (int)step.size, step.data);
        break;
    case GREFFE__P_END:
    case GREFFE__P_EXIT: break;
    }
}

static void tell_move(greffe__buf *out, const greffe__proof *p, uint32_t from,
                      const greffe__move *move)
{
    size_t before = out->size;
    bool first = before == 0;
    greffe__buf_text(out, first ? "" : "; ");
    size_t begun = out->size;
    if (move->kind == GREFFE__MOVE_EDGE) {
        tell_edge(out, p, from, move);
    } else if (move->kind == GREFFE__MOVE_CLOCK) {
        greffe__str clock = p->plan->clocks.at[move->node].name;
        greffe__buf_format(out, "the clock '%.*s' ends", (int)clock.size, clock.data);
    }
    if (out->size == begun && !out->failed) { /* nothing that a person would see */
        out->size = before;
    }
}

greffe__str greffe__proof_story(const greffe__proof *p, uint32_t state, const greffe__move *last)
{
    uint32_t way[most_told], count = 0, at = state;
    for (; at != GREFFE__NONE && p->parents[at] != GREFFE__NONE && count < most_told;
         at = p->parents[at]) {
        way[count++] = at;
    }
    greffe__buf text;
    greffe__buf_init(&text, p->arena->context);
    if (count == most_told) {
        greffe__buf_text(&text, "…");
    }
    for (uint32_t i = count; i > 0; i--) {
        tell_move(&text, p, p->parents[way[i - 1]], &p->moves[way[i - 1]]);
    }
    if (last != NULL) {
        tell_move(&text, p, state, last);
    }
    return greffe__buf_keep(&text, p->arena);
}
