/* deliberation: a board decides in a session. Money, where the step reserves some, is set aside
 * before the board sees the dossier, and committed when it grants. A postponed dossier stays with
 * the board unless the author says otherwise. */
#include <stddef.h>

#include "compile/compile_priv.h"

typedef struct reserve_keys {
    greffe__ref budget, amount;
} reserve_keys;
static const greffe__key reserve_rows[] = {
    {"budget", GREFFE__K_NAME, true, offsetof(reserve_keys, budget), 0, NULL,
     "an allotment of the authority"},
    {"amount", GREFFE__K_NAME, true, offsetof(reserve_keys, amount), 0, NULL,
     "a frozen value of the procedure"},
};
const greffe__keys greffe__keys_reserve = {"a reservation", reserve_rows, 2};

static void money(greffe__lowering *l, uint32_t node, const reserve_keys *keys)
{
    greffe__plan_node *at = &l->plan->nodes.at[node];
    if (keys->budget.node != NULL &&
        greffe__name_find(l->d, keys->budget.node, keys->budget.id, 1u << GREFFE__THING_ALLOTMENT,
                          "an allotment") != NULL) {
        at->budget = keys->budget.id;
    }
    if (keys->amount.node != NULL &&
        greffe__name_find(l->d, keys->amount.node, keys->amount.id, 1u << GREFFE__THING_VALUE,
                          "a value") != NULL) {
        at->amount = keys->amount.id;
    }
}

void greffe__lower_deliberation(greffe__lowering *l)
{
    greffe__only_at_top(l);
    static const char *const outcomes[] = {"granted", "refused", "postponed", "unfunded", NULL};
    reserve_keys keys = {0};
    uint32_t reserve = GREFFE__NONE;
    greffe__plan_node *node;
    if (l->step->reserve != NULL) {
        greffe__bind(&l->d->binder, &greffe__keys_reserve, l->step->reserve, 0, &keys);
        node = greffe__new_node(l, GREFFE__P_ASK, "reserve");
        if (node == NULL) {
            return;
        }
        reserve = greffe__node_position(l, node);
        node->port = GREFFE__PORT_RESERVE;
        money(l, reserve, &keys);
    }
    node = greffe__new_node(l, GREFFE__P_ASK, NULL);
    if (node == NULL) {
        return;
    }
    uint32_t board = greffe__node_position(l, node);
    node->port = GREFFE__PORT_BOARD;
    greffe__step_roles(l, &node->roles);
    node->board = l->step->by.count > 0 ? l->step->by.at[0].id : (greffe__str){"", 0};
    greffe__edge *granted = greffe__author_edge(l, board, "granted", true);
    (void)greffe__author_edge(l, board, "refused", true);
    if (greffe__author_edge(l, board, "postponed", false) == NULL) {
        (void)greffe__inner_edge(l, board, "postponed", board);
    }
    if (reserve != GREFFE__NONE && granted != NULL) {
        node = greffe__new_node(l, GREFFE__P_ASK, "commit");
        if (node == NULL) {
            return;
        }
        uint32_t commit = greffe__node_position(l, node);
        node->port = GREFFE__PORT_COMMIT;
        money(l, commit, &keys);
        (void)greffe__inner_edge(l, reserve, "reserved", board);
        (void)greffe__author_edge(l, reserve, "unfunded", true);
        /* The grant passes by the commitment on its way to where the author sends it. */
        greffe__edge *on = greffe__inner_edge(l, commit, "committed", 0);
        granted = on == NULL ? NULL : &l->plan->nodes.at[board].edges.at[0];
        for (uint32_t i = 0; granted != NULL && i < l->d->fixups.count; i++) {
            struct greffe__fixup *fixup = &l->d->fixups.at[i];
            if (fixup->node == board && fixup->edge == 0) {
                fixup->node = commit;
                granted->target = commit;
            }
        }
    }
    if (reserve == GREFFE__NONE) {
        greffe__needs_key(l, "unfunded", "reserve",
                          "reserve: {budget: <allotment>, amount: <value>}");
    }
    greffe__check_outcomes(l, outcomes);
}
