/* Where a dossier waits for somebody: the open nodes of its steps, and who may do something there.
 */
#include "run/run_priv.h"

/* The open node of a step that is done by somebody. Inside `each` the item is named by its index.
 */
bool greffe__find_place(greffe__bench *b, greffe__str step, greffe__primitive op,
                        greffe__place *out)
{
    int64_t index = -1;
    if (!greffe__arg_whole(b, "item", &index)) {
        return false;
    }
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        greffe__token *token = &b->dossier->tokens.at[i];
        const greffe__plan_node *node = greffe__node_of(b, token);
        if (node == NULL || node->op != op) {
            continue;
        }
        const greffe__scope_state *scope = greffe__scope_of(b->dossier, token->scope);
        bool here = index < 0 || (scope != NULL && scope->index == (uint32_t)index);
        if (here && greffe__str_equal(b->plan->steps.at[node->step].id, step)) {
            *out = (greffe__place){token, node, greffe__task_of(b->dossier, token->id)};
            b->scope = token->scope;
            return true;
        }
    }
    greffe__str where =
        b->dossier->tokens.count > 0 ? b->dossier->tokens.at[0].path : b->dossier->outcome;
    greffe__str hint =
        greffe__str_format(b->arena, "the dossier is at '%.*s'", (int)where.size, where.data);
    (void)greffe__refuse(b, GREFFE__GR_NO_SUCH_TASK, GREFFE_ESTATE, hint.data,
                         "nothing is to be done at '%.*s' now", (int)step.size, step.data);
    return false;
}

bool greffe__has_right(greffe__bench *b, const greffe__place *at)
{
    bool allowed = false, delegate = greffe__str_is(b->command->actor.kind, "delegate");
    uint32_t kind = b->plan->steps.at[at->node->step].kind;
    for (uint32_t i = 0; i < at->node->roles.count; i++) {
        allowed = allowed || greffe__may_act(b, at->node->roles.at[i]);
    }
    if (delegate && (kind == GREFFE__KIND_DECISION || kind == GREFFE__KIND_PAYMENT)) {
        return greffe__refuse(b, GREFFE__GR_DENIED_DELEGATE, GREFFE_EDENIED, NULL,
                              "a delegate never decides and never pays");
    }
    if (!allowed) {
        greffe__str role = at->node->roles.count > 0 ? b->plan->roles.at[at->node->roles.at[0]].id
                                                     : at->node->path;
        return greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                              "'%.*s' is done by the role '%.*s'", (int)at->node->path.size,
                              at->node->path.data, (int)role.size, role.data);
    }
    const greffe__task *task = at->task;
    if (task != NULL && task->assignee.size > 0 &&
        !greffe__str_equal(task->assignee, b->command->actor.tag)) {
        return greffe__refuse(b, GREFFE__GR_DENIED_ASSIGNED, GREFFE_EDENIED,
                              "have it handed over, or released",
                              "the task '%.*s' is held by another person", (int)at->node->path.size,
                              at->node->path.data);
    }
    return true;
}

/* A wait for the applicant, with what it waits for; NULL behind the last. */
const greffe__token *greffe__wait_at(const greffe__bench *b, uint32_t *from,
                                     const greffe__ask **ask)
{
    while (*from < b->dossier->tokens.count) {
        const greffe__token *token = &b->dossier->tokens.at[(*from)++];
        const greffe__plan_node *node = greffe__node_of(b, token);
        if (node != NULL && node->op == GREFFE__P_WAIT && node->supply) {
            *ask = greffe__ask_of(b->dossier, token->scope, b->plan->steps.at[node->step].id);
            return token;
        }
    }
    return NULL;
}
