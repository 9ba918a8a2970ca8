/* instruction, decision and task: a person completes it with one of the author's outcomes. An
 * instruction proposes; a decision decides, which no delegate may. */
#include "compile/compile_priv.h"

void greffe__lower_task(greffe__lowering *l)
{
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_TASK, NULL);
    if (node == NULL) {
        return;
    }
    uint32_t task = greffe__node_position(l, node);
    greffe__step_roles(l, &node->roles);
    node->within = l->step->within;
    node->remind = l->step->remind;
    node->expired = greffe__str_of("expired");
    if (l->step->within.count > 0) {
        (void)greffe__author_edge(l, task, "expired", true);
    } else {
        greffe__needs_key(l, "expired", "within", "within: 1 month");
    }
    greffe__author_edges(l, task);
}
