/* submission: the applicant files; the receipt is acknowledged as the law asks (CRPA R112-5). */
#include "compile/compile_priv.h"

void greffe__lower_submission(greffe__lowering *l)
{
    static const char *const outcomes[] = {"filed", NULL};
    greffe__plan_node *task = greffe__new_node(l, GREFFE__P_TASK, NULL);
    if (task == NULL) {
        return;
    }
    uint32_t filing = greffe__node_position(l, task);
    greffe__step_roles(l, &task->roles);
    greffe__plan_node *receipt = greffe__new_node(l, GREFFE__P_EFFECT, "receipt");
    if (receipt == NULL) {
        return;
    }
    uint32_t acknowledgement = greffe__node_position(l, receipt);
    receipt->channel = greffe__str_of("mail");
    receipt->template_name = greffe__str_of("accuse_reception");
    greffe__edge *filed = greffe__inner_edge(l, filing, "filed", acknowledgement);
    greffe__edge *on = greffe__author_edge(l, acknowledgement, "filed", true);
    if (filed != NULL && on != NULL) {
        filed->done = true; /* the step is done when it is filed, not when the letter is out */
        on->done = false;
        on->outcome = greffe__str_of("sent");
    }
    greffe__check_outcomes(l, outcomes);
}
