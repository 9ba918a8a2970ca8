/* completeness: an agent finds the file complete, or asks for what is missing. While the answer is
 * awaited the step is `.waiting`; what is supplied brings it back to the agent, and several rounds
 * are normal. When the time allotted ends, the outcome is `expired`. */
#include "compile/compile_priv.h"

void greffe__lower_completeness(greffe__lowering *l)
{
    static const char *const outcomes[] = {"complete", "expired", NULL};
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_TASK, NULL);
    if (node == NULL) {
        return;
    }
    uint32_t check = greffe__node_position(l, node);
    greffe__step_roles(l, &node->roles);
    node = greffe__new_node(l, GREFFE__P_EFFECT, "request");
    if (node == NULL) {
        return;
    }
    uint32_t request = greffe__node_position(l, node);
    node->channel = greffe__str_of("mail");
    node->template_name = greffe__str_of("demande_pieces");
    node = greffe__new_node(l, GREFFE__P_WAIT, "waiting");
    if (node == NULL) {
        return;
    }
    uint32_t waiting = greffe__node_position(l, node);
    node->supply = true;
    node->within = l->step->within;
    node->remind = l->step->remind;
    node->expired = greffe__str_of("expired");
    (void)greffe__author_edge(l, check, "complete", true);
    (void)greffe__inner_edge(l, check, "ask", request);
    (void)greffe__inner_edge(l, request, "sent", waiting);
    (void)greffe__inner_edge(l, waiting, "supplied", check);
    bool timed = l->step->within.count > 0;
    if (timed) {
        (void)greffe__author_edge(l, waiting, "expired", true);
    } else {
        greffe__complain(&l->d->binder, GREFFE__GR_MISSING_KEY, l->step->node,
                         "within: 1 month; an answer may never come",
                         "a step of kind completeness needs the key 'within'");
    }
    greffe__check_outcomes(l, outcomes);
}
