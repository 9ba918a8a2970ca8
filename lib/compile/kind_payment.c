/* payment: an order to pay is prepared; the role that pays puts it in a batch; the payer's answer
 * is the outcome. It is sealed: nothing interrupts money on its way. */
#include "compile/compile_priv.h"

void greffe__lower_payment(greffe__lowering *l)
{
    greffe__only_at_top(l);
    static const char *const outcomes[] = {"paid", "rejected", "unknown", NULL};
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_ASK, NULL);
    if (node == NULL) {
        return;
    }
    uint32_t order = greffe__node_position(l, node);
    node->port = GREFFE__PORT_ORDER;
    node->sealed = true;
    greffe__step_roles(l, &node->roles);
    const greffe__step_def *step = l->step;
    if (step->budget.node != NULL &&
        greffe__name_find(l->d, step->budget.node, step->budget.id, 1u << GREFFE__THING_ALLOTMENT,
                          "an allotment") != NULL) {
        node->budget = step->budget.id;
    }
    if (step->amount.node != NULL &&
        greffe__name_find(l->d, step->amount.node, step->amount.id, 1u << GREFFE__THING_VALUE,
                          "a value") != NULL) {
        node->amount = step->amount.id;
    }
    (void)greffe__author_edge(l, order, "paid", true);
    (void)greffe__author_edge(l, order, "rejected", true);
    (void)greffe__author_edge(l, order, "unknown", false);
    greffe__check_outcomes(l, outcomes);
}
