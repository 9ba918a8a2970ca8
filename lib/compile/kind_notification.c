/* notification: a letter leaves through the outbox; the step is done when it is out. */
#include "compile/compile_priv.h"

void greffe__lower_notification(greffe__lowering *l)
{
    static const char *const outcomes[] = {"sent", NULL};
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_EFFECT, NULL);
    if (node == NULL) {
        return;
    }
    node->channel = greffe__str_of("mail");
    node->template_name = l->step->letter.id;
    node->awaited = true;
    const greffe__ref *to = &l->step->to;
    if (to->node != NULL) {
        (void)greffe__name_find(l->d, to->node, to->id, 1u << GREFFE__THING_ROLE, "a role");
    }
    (void)greffe__author_edge(l, greffe__node_position(l, node), "sent", true);
    greffe__check_outcomes(l, outcomes);
}
