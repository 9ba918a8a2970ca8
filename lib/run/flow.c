/* Moving through the graph: entering and leaving nodes, moments, blocks, cancelling, ending. */
#include "base/limits.h"
#include "run/run_priv.h"

/* A state that names a node which its plan does not have contradicts itself. */
static const greffe__plan_node *node_of(greffe__bench *b, const greffe__token *token)
{
    const greffe__plan_node *node = greffe__node_of(b, token);
    if (node == NULL) {
        b->stop = true;
        b->failure = GREFFE_ECORRUPT;
    }
    return node;
}

/* --- Moments --- */

static bool freeze(greffe__bench *b, greffe__str moment)
{
    for (uint32_t i = 0; i < b->plan->values.count; i++) {
        const greffe__value_def *def = &b->plan->values.at[i];
        greffe__value value;
        if (!greffe__str_equal(def->frozen_at, moment)) {
            continue;
        }
        greffe__frozen *before = greffe__frozen_of(b->dossier, def->name);
        if (before != NULL) {
            before->name = (greffe__str){"", 0}; /* calculate afresh, not from what was frozen */
        }
        bool good = greffe__value_now(b, i, &value);
        if (before != NULL) {
            before->name = def->name;
        }
        const greffe__dated_program *rule = good ? greffe__rule_in_force(b, def) : NULL;
        greffe__event event = {.type = GREFFE__EV_FROZEN,
                               .name = def->name,
                               .value = value,
                               .path = moment,
                               .days = rule != NULL && !rule->always ? rule->from : 0};
        if (!good || !greffe__emit(b, b->stream, event)) {
            return false;
        }
    }
    return !b->stop;
}

static bool one_moment(greffe__bench *b, greffe__str moment)
{
    greffe__event event = {.type = GREFFE__EV_HAPPENED,
                           .name = moment,
                           .at = b->now_ms,
                           .days = b->today,
                           .key = b->who.size > 0 ? b->who : b->command->actor.tag};
    return greffe__emit(b, b->stream, event) && freeze(b, moment) &&
           greffe__claim_at_moment(b, moment) && greffe__clocks_on_moment(b, moment);
}

bool greffe__reach_moment(greffe__bench *b, greffe__str step, greffe__str outcome)
{
    greffe__str done = GREFFE__CONCAT(b->arena, step, {".done", 5});
    if (!one_moment(b, done) || greffe__str_is(outcome, "done")) {
        return !b->stop;
    }
    return one_moment(b, GREFFE__CONCAT(b->arena, step, {".", 1}, outcome));
}

/* --- Leaving --- */

static bool close_timers(greffe__bench *b, uint32_t token)
{
    for (uint32_t i = b->dossier->timers.count; i > 0; i--) {
        const greffe__timer *timer = &b->dossier->timers.at[i - 1];
        if (timer->token == token &&
            !greffe__emit(b, b->stream,
                          (greffe__event){.type = GREFFE__EV_TIMER_CLOSED, .parent = timer->id})) {
            return false;
        }
    }
    return true;
}

/* What was to leave for a node that is over stays here; what is on its way comes back late. */
static bool revoke(greffe__bench *b, uint32_t token)
{
    for (uint32_t i = b->dossier->pending.count; i > 0; i--) {
        const greffe__pending *pending = &b->dossier->pending.at[i - 1];
        if (pending->token == token &&
            !greffe__emit(
                b, b->stream,
                (greffe__event){.type = GREFFE__EV_EFFECT_REVOKED, .key = pending->key})) {
            return false;
        }
    }
    return true;
}

/* Whether the step waits for the applicant in another part still: then clocks stay suspended. */
static bool awaits(const greffe__bench *b, greffe__str step)
{
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        const greffe__plan_node *node = greffe__node_of(b, &b->dossier->tokens.at[i]);
        if (node != NULL && node->op == GREFFE__P_WAIT && node->supply &&
            greffe__str_equal(b->plan->steps.at[node->step].id, step)) {
            return true;
        }
    }
    return false;
}

static bool close_token(greffe__bench *b, uint32_t id, greffe__str outcome)
{
    const greffe__token *token = greffe__token_of(b->dossier, id);
    const greffe__plan_node *node = token == NULL ? NULL : node_of(b, token);
    if (node == NULL) {
        return false;
    }
    if (greffe__task_of(b->dossier, id) != NULL &&
        !greffe__emit(b, b->stream,
                      (greffe__event){.type = GREFFE__EV_TASK_CLOSED,
                                      .id = id,
                                      .name = outcome,
                                      .key = b->command->actor.tag})) {
        return false;
    }
    greffe__event supplied = {.type = GREFFE__EV_SUPPLIED,
                              .path = b->plan->steps.at[node->step].id,
                              .parent = token->scope};
    bool asks = node->op == GREFFE__P_WAIT && node->supply;
    return close_timers(b, id) && revoke(b, id) &&
           greffe__emit(b, b->stream, (greffe__event){.type = GREFFE__EV_LEFT, .id = id}) &&
           (!asks || (greffe__emit(b, b->stream, supplied) &&
                      (awaits(b, supplied.path) || greffe__clocks_pause(b, supplied.path, false))));
}

bool greffe__leave_by(greffe__bench *b, greffe__token *token, const greffe__edge *edge)
{
    uint32_t scope = token->scope, id = token->id;
    const greffe__plan_node *node = node_of(b, token);
    if (node == NULL || !close_token(b, id, edge->outcome)) {
        return false;
    }
    if (edge->done && !greffe__reach_moment(b, b->plan->steps.at[node->step].id, edge->outcome)) {
        return false;
    }
    return greffe__enter(b, scope, edge->target);
}

bool greffe__leave_with(greffe__bench *b, greffe__token *token, greffe__str outcome)
{
    const greffe__plan_node *node = token == NULL ? NULL : node_of(b, token);
    const greffe__edge *edge = node == NULL ? NULL : greffe__node_edge(node, outcome);
    if (node == NULL) {
        return false;
    }
    if (edge == NULL) {
        greffe__str all = {"its outcomes are ", 17};
        for (uint32_t i = 0; i < node->edges.count; i++) {
            all = greffe__str_format(b->arena, "%.*s%s%.*s", (int)all.size, all.data,
                                     i == 0 ? "" : ", ", (int)node->edges.at[i].outcome.size,
                                     node->edges.at[i].outcome.data);
        }
        return greffe__refuse(b, GREFFE__GR_NO_SUCH_OUTCOME, GREFFE_EINVALID, all.data,
                              "'%.*s' has no outcome '%.*s'", (int)node->path.size, node->path.data,
                              (int)outcome.size, outcome.data);
    }
    return greffe__leave_by(b, token, edge);
}

/* --- Cancelling --- */

bool greffe__is_sealed(const greffe__bench *b)
{
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        const greffe__plan_node *node = greffe__node_of(b, &b->dossier->tokens.at[i]);
        if (node != NULL && node->sealed) {
            return true;
        }
    }
    return false;
}

static bool is_within(const greffe__dossier *d, const greffe__token *token, uint32_t block)
{
    while (token != NULL && token->scope != 0) {
        const greffe__scope_state *scope = greffe__scope_of(d, token->scope);
        if (scope == NULL || scope->token == block) {
            return scope != NULL;
        }
        token = greffe__token_of(d, scope->token);
    }
    return false;
}

bool greffe__seals_in(const greffe__bench *b, uint32_t block)
{
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        const greffe__plan_node *node = greffe__node_of(b, &b->dossier->tokens.at[i]);
        if (node != NULL && node->sealed &&
            is_within(b->dossier, &b->dossier->tokens.at[i], block)) {
            return true;
        }
    }
    return false;
}

static bool cancel_token(greffe__bench *b, uint32_t id)
{
    for (uint32_t i = b->dossier->scopes.count; i > 0; i--) { /* innermost first */
        const greffe__scope_state *scope = &b->dossier->scopes.at[i - 1];
        if (scope->token == id && !greffe__cancel_scope(b, scope->id)) {
            return false;
        }
    }
    const greffe__token *token = greffe__token_of(b->dossier, id);
    const greffe__plan_node *node = token == NULL ? NULL : node_of(b, token);
    bool board = node != NULL && node->op == GREFFE__P_ASK && node->port == GREFFE__PORT_BOARD;
    return node != NULL && (!board || greffe__leave_agenda(b)) &&
           close_token(b, id, greffe__str_of("cancelled"));
}

static const greffe__token *last_token_in(const greffe__dossier *d, uint32_t scope)
{
    for (uint32_t i = d->tokens.count; i > 0; i--) {
        if (d->tokens.at[i - 1].scope == scope) {
            return &d->tokens.at[i - 1];
        }
    }
    return NULL;
}

bool greffe__cancel_scope(greffe__bench *b, uint32_t scope)
{
    for (const greffe__token *token = last_token_in(b->dossier, scope); token != NULL;
         token = last_token_in(b->dossier, scope)) {
        if (!cancel_token(b, token->id)) {
            return false;
        }
    }
    return scope == 0 || greffe__emit(b, b->stream,
                                      (greffe__event){.type = GREFFE__EV_SCOPE_CLOSED,
                                                      .id = scope,
                                                      .name = greffe__str_of("closed")});
}

bool greffe__cancel_block(greffe__bench *b, uint32_t token)
{
    for (uint32_t i = b->dossier->scopes.count; i > 0; i--) {
        if (b->dossier->scopes.at[i - 1].token == token &&
            !greffe__cancel_scope(b, b->dossier->scopes.at[i - 1].id)) {
            return false;
        }
    }
    return true;
}

bool greffe__finish(greffe__bench *b, greffe__str outcome)
{
    /* Clocks first: a suspension that is cut short by the end gives no new due date. */
    return greffe__stop_clocks(b, "end") && greffe__cancel_scope(b, 0) &&
           greffe__release_money(b) && greffe__release_claim(b) &&
           greffe__emit(
               b, b->stream,
               (greffe__event){.type = GREFFE__EV_ENDED, .name = outcome, .at = b->now_ms});
}

/* --- Blocks --- */

static bool open_scope(greffe__bench *b, uint32_t token, greffe__str path, uint32_t index,
                       const greffe__event *list)
{
    greffe__event event = {.type = GREFFE__EV_SCOPE_OPENED,
                           .id = b->dossier->serial + 1,
                           .parent = token,
                           .path = path,
                           .count = index};
    event.ref = list->ref;
    event.commitment = list->commitment;
    return greffe__emit(b, b->stream, event);
}

/* Opens every branch before any is entered: one that ends at once must not join for the others.
 * `items` 0: each of the node's scopes once; else its one scope so many times. */
static bool open_all(greffe__bench *b, const greffe__plan_node *node, uint32_t token,
                     uint32_t items, const greffe__event *list)
{
    uint32_t count = items > 0 ? items : node->scopes.count;
    uint32_t first = b->dossier->serial + 1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t planned = node->scopes.at[items > 0 ? 0 : i];
        if (!open_scope(b, token, b->plan->scopes.at[planned].path, i, list)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t planned = node->scopes.at[items > 0 ? 0 : i];
        bool open = greffe__scope_of(b->dossier, first + i) != NULL; /* else joined already */
        if (open && !greffe__enter(b, first + i, b->plan->scopes.at[planned].entry)) {
            return false;
        }
    }
    return !b->stop;
}

static bool enter_block(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    greffe__event frozen = {0}; /* what a person typed stays apart from the journal */
    greffe__value list;
    int64_t due;
    if (!greffe__set_terms(b, node, token, &due)) {
        return false;
    }
    if (node->op == GREFFE__P_FORK) {
        return open_all(b, node, token, 0, &frozen);
    }
    if (node->scopes.count != 1 || !greffe__evaluate(b, node->expression, &list)) {
        return false;
    }
    if (list.kind != GREFFE__LIST || list.count > node->limit) {
        return greffe__refuse(b, GREFFE__GR_CMD_LIMIT, GREFFE_ELIMIT, NULL,
                              "'%.*s' takes a list of at most %u items", (int)node->path.size,
                              node->path.data, node->limit);
    }
    if (list.count == 0) {
        return greffe__leave_with(b, greffe__token_of(b->dossier, token), greffe__str_of("done"));
    }
    return greffe__keep_personal(b, b->stream, "list", list, &frozen) &&
           open_all(b, node, token, list.count, &frozen);
}

/* A branch has come to its end: its block is left once enough of them have. */
static bool leave_scope(greffe__bench *b, uint32_t scope)
{
    const greffe__scope_state *state = greffe__scope_of(b->dossier, scope);
    if (state == NULL) {
        b->stop = true;
        b->failure = GREFFE_ECORRUPT;
        return false;
    }
    uint32_t block = state->token;
    if (!greffe__emit(b, b->stream,
                      (greffe__event){.type = GREFFE__EV_SCOPE_CLOSED,
                                      .id = scope,
                                      .name = greffe__str_of("finished")})) {
        return false;
    }
    const greffe__token *token = greffe__token_of(b->dossier, block);
    const greffe__plan_node *node = token == NULL ? NULL : node_of(b, token);
    if (node == NULL) {
        return false;
    }
    uint32_t finished = 0, total = 0;
    for (uint32_t i = 0; i < b->dossier->scopes.count; i++) {
        bool brother = b->dossier->scopes.at[i].token == block;
        total += brother;
        finished += brother && b->dossier->scopes.at[i].finished;
    }
    uint32_t expected = node->op == GREFFE__P_FORK ? node->scopes.count : total;
    uint32_t needed = greffe__node_needs(node, expected);
    if (finished < needed || (finished < total && greffe__seals_in(b, block))) {
        return true; /* money on its way is waited for */
    }
    return greffe__cancel_block(b, block) &&
           greffe__leave_with(b, greffe__token_of(b->dossier, block), greffe__str_of("done"));
}

/* --- Entering --- */

bool greffe__set_terms(greffe__bench *b, const greffe__plan_node *node, uint32_t token,
                       int64_t *due)
{
    greffe__calendar calendar = greffe__plan_calendar(b->plan);
    *due = 0;
    if (node->within.count == 0) {
        return true;
    }
    if (node->within.unit == GREFFE__UNIT_HOURS) {
        int64_t at = b->now_ms + (int64_t)node->within.count * 3600000;
        return greffe__set_timer(b, token, "expire", node->expired, b->today, at);
    }
    *due = greffe__roll(&calendar, greffe__term_add(&calendar, b->today, node->within, 1));
    if (node->remind.count > 0) {
        int64_t day = greffe__term_add(&calendar, *due, node->remind, -1);
        int64_t at = greffe__zone_instant(b->zone, day, 0);
        if (at > b->now_ms &&
            !greffe__set_timer(b, token, "remind", (greffe__str){"", 0}, day, at)) {
            return false;
        }
    }
    return greffe__set_timer(b, token, "expire", node->expired, *due, greffe__day_end_ms(b, *due));
}

static bool enter_task(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    int64_t due;
    if (!greffe__set_terms(b, node, token, &due)) {
        return false;
    }
    const greffe__role *role = node->roles.count > 0 ? &b->plan->roles.at[node->roles.at[0]] : NULL;
    greffe__event event = {
        .type = GREFFE__EV_TASK_OPENED, .id = token, .at = b->now_ms, .days = due};
    if (role != NULL) {
        event.path = role->id;
        event.name = role->kind == GREFFE__ROLE_AGENT ? role->service : role->id;
    }
    return greffe__emit(b, b->stream, event);
}

static bool enter_wait(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    int64_t due;
    greffe__value value;
    if (!greffe__set_terms(b, node, token, &due)) {
        return false;
    }
    if (node->expression != NULL) {
        if (!greffe__evaluate(b, node->expression, &value)) {
            return false;
        }
        if (value.kind == GREFFE__DATE &&
            !greffe__set_timer(b, token, "expire", node->expired, value.as.days,
                               greffe__zone_instant(b->zone, value.as.days, 0))) {
            return false;
        }
    }
    return !node->supply || greffe__clocks_pause(b, b->plan->steps.at[node->step].id, true);
}

static bool enter_choose(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    for (uint32_t i = 0; i < node->edges.count; i++) {
        bool holds;
        if (!greffe__evaluate_condition(b, node->edges.at[i].guard, &holds)) {
            return false;
        }
        if (holds) {
            return greffe__leave_by(b, greffe__token_of(b->dossier, token), &node->edges.at[i]);
        }
    }
    return greffe__refuse(b, GREFFE__GR_GUARD_UNDETERMINED, GREFFE_EINVALID, NULL,
                          "no case of '%.*s' holds", (int)node->path.size, node->path.data);
}

static bool show(greffe__bench *b, const greffe__plan_node *node)
{
    greffe__str shown = b->plan->steps.at[node->step].shown;
    if (shown.size == 0 || greffe__str_equal(shown, b->dossier->shown)) {
        return true;
    }
    return greffe__emit(b, b->stream, (greffe__event){.type = GREFFE__EV_SHOWN, .text = shown});
}

bool greffe__enter(greffe__bench *b, uint32_t scope, uint32_t target)
{
    const greffe__plan_node *node = &b->plan->nodes.at[target];
    if (++b->passed > GREFFE_MAX_ADVANCE) {
        return greffe__refuse(b, GREFFE__GR_CMD_LIMIT, GREFFE_ELIMIT, NULL,
                              "the command passes more than 2,000 nodes");
    }
    greffe__event event = {.type = GREFFE__EV_ENTERED,
                           .id = b->dossier->serial + 1,
                           .parent = scope,
                           .path = node->path,
                           .at = b->now_ms};
    uint32_t token = event.id;
    b->scope = scope;
    if (!greffe__emit(b, b->stream, event) || !show(b, node)) {
        return false;
    }
    switch ((greffe__primitive)node->op) {
    case GREFFE__P_TASK: return enter_task(b, node, token);
    case GREFFE__P_WAIT: return enter_wait(b, node, token);
    case GREFFE__P_CHOOSE: return enter_choose(b, node, token);
    case GREFFE__P_FORK:
    case GREFFE__P_EACH: return enter_block(b, node, token);
    case GREFFE__P_EFFECT:
        if (!greffe__queue_effect(b, node, node->awaited ? token : 0, NULL, NULL)) {
            return false;
        }
        return node->awaited ||
               greffe__leave_by(b, greffe__token_of(b->dossier, token), &node->edges.at[0]);
    case GREFFE__P_ASK: return greffe__enter_ask(b, node, token);
    case GREFFE__P_END: return greffe__finish(b, node->outcome);
    case GREFFE__P_EXIT: return close_token(b, token, node->outcome) && leave_scope(b, scope);
    }
    return false;
}
