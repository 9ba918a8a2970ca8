/* choose, wait, end, parallel and each: the kinds that are primitives already. */
#include "base/limits.h"
#include "compile/compile_priv.h"

void greffe__lower_choose(greffe__lowering *l)
{
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_CHOOSE, NULL);
    if (node != NULL) {
        greffe__author_edges(l, greffe__node_position(l, node));
    }
}

void greffe__lower_wait(greffe__lowering *l)
{
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_WAIT, NULL);
    if (node == NULL) {
        return;
    }
    uint32_t wait = greffe__node_position(l, node);
    node->message = l->step->message.id;
    node->within = l->step->within;
    node->remind = l->step->remind;
    node->expired = greffe__str_of(l->step->message.node != NULL ? "expired" : "done");
    if (l->step->message.node == NULL && l->step->within.count == 0 && l->step->at == NULL) {
        greffe__complain(&l->d->binder, GREFFE__GR_MISSING_KEY, l->step->node,
                         "within: 3 years, at: <date>, or message: <name>",
                         "a wait needs to know what it waits for");
    }
    if (l->step->message.node != NULL && l->step->within.count > 0) {
        (void)greffe__author_edge(l, wait, "expired", true);
    }
    (void)greffe__author_edge(l, wait, "done", true);
    greffe__author_edges(l, wait);
}

void greffe__lower_end(greffe__lowering *l)
{
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_END, NULL);
    if (node == NULL) {
        return;
    }
    node->outcome = l->step->outcome.id;
    if (l->step->scope != 0) {
        greffe__complain(&l->d->binder, GREFFE__GR_STEP_ELSEWHERE, l->step->node,
                         "write 'then: end' to finish a branch",
                         "the dossier cannot end inside a block");
    }
}

void greffe__lower_block(greffe__lowering *l)
{
    static const char *const outcomes[] = {"done", "expired", NULL};
    bool each = l->step->kind == GREFFE__KIND_EACH;
    greffe__plan_node *node = greffe__new_node(l, each ? GREFFE__P_EACH : GREFFE__P_FORK, NULL);
    if (node == NULL) {
        return;
    }
    node->join = l->step->join;
    if (!each && l->step->join > l->step->scopes.count) {
        greffe__complain(&l->d->binder, GREFFE__GR_WRONG_VALUE, l->step->join_word.node,
                         "all, any, or a number of branches that there are",
                         "%u branches are to finish, and there are %u", l->step->join,
                         l->step->scopes.count);
    }
    node->limit = l->step->limit > 0 ? l->step->limit : GREFFE_MAX_EACH;
    uint32_t block = greffe__node_position(l, node);
    node->within = l->step->within;
    node->expired = greffe__str_of("expired");
    (void)greffe__author_edge(l, block, "done", true);
    if (l->step->within.count > 0) { /* a deadline: what is not finished by then is cancelled */
        (void)greffe__author_edge(l, block, "expired", true);
    } else {
        greffe__needs_key(l, "expired", "within", "within: 1 month");
    }
    greffe__check_outcomes(l, outcomes);
}
