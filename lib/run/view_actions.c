/* What an actor may do with a dossier now: each command that would not be refused for who gives it
 * or for where the dossier is. What stands in its arguments may still be refused. */
#include "run/view_priv.h"

typedef struct listing {
    greffe__bench *b;
    greffe__array actions;
} listing;

static void add(listing *l, greffe__object *action)
{
    greffe__view_add(l->b, &l->actions, greffe__view_object(action));
}

static void add_plain(listing *l, const char *verb)
{
    greffe__object o = {0};
    greffe__view_put(l->b, &o, "verb", greffe__text(verb));
    add(l, &o);
}

/* What a command about a place says of it. */
static greffe__object at_place(listing *l, const char *verb, const greffe__place *at)
{
    greffe__bench *b = l->b;
    greffe__object o = {0};
    const greffe__step *step = &b->plan->steps.at[at->node->step];
    const greffe__scope_state *scope = greffe__scope_of(b->dossier, at->token->scope);
    greffe__view_put(b, &o, "verb", greffe__text(verb));
    greffe__view_put(b, &o, "step", greffe__string(step->id));
    greffe__view_text(b, &o, "title", step->title);
    if (scope != NULL && scope->ref.size > 0) {
        greffe__view_put(b, &o, "item", greffe__integer(scope->index));
    }
    if (at->task != NULL && at->task->due != 0) {
        greffe__view_put(b, &o, "due", greffe__date(at->task->due));
    }
    return o;
}

/* --- At a task --- */

static bool is_chosen(const greffe__edge *edge)
{
    return !greffe__str_is(edge->outcome, "ask") && !greffe__str_is(edge->outcome, "filed") &&
           !greffe__str_is(edge->outcome, "expired");
}

static greffe__value outcomes_of(greffe__bench *b, const greffe__plan_node *node)
{
    greffe__array list = {0};
    for (uint32_t i = 0; i < node->edges.count; i++) {
        const greffe__edge *edge = &node->edges.at[i];
        greffe__object o = {0};
        greffe__array fill = {0};
        if (!is_chosen(edge)) {
            continue;
        }
        for (uint32_t j = 0; j < edge->fill.count; j++) {
            greffe__view_add(b, &fill, greffe__string(b->plan->fields.at[edge->fill.at[j]].path));
        }
        greffe__view_put(b, &o, "outcome", greffe__string(edge->outcome));
        greffe__view_text(b, &o, "label", edge->label);
        greffe__view_put(b, &o, "fill", greffe__view_array(&fill));
        greffe__view_add(b, &list, greffe__view_object(&o));
    }
    return greffe__view_array(&list);
}

static void task_commands(listing *l, const greffe__place *at)
{
    greffe__bench *b = l->b;
    greffe__place unheld = *at;
    greffe__task free = at->task != NULL ? *at->task : (greffe__task){0};
    greffe__str holder = free.assignee;
    const greffe__step *step = &b->plan->steps.at[at->node->step];
    free.assignee = (greffe__str){"", 0};
    unheld.task = at->task != NULL ? &free : NULL;
    if (step->kind == GREFFE__KIND_SUBMISSION ||
        !greffe__view_probe(b, greffe__has_right(b, &unheld))) {
        return;
    }
    bool mine = holder.size > 0 && greffe__str_equal(holder, b->command->actor.tag);
    bool may = holder.size == 0 || mine;
    if (may && greffe__view_probe(b, greffe__check_people(b, step->id))) {
        greffe__object o = at_place(l, "complete", at);
        greffe__view_put(b, &o, "outcomes", outcomes_of(b, at->node));
        add(l, &o);
    }
    if (may && greffe__node_edge(at->node, greffe__str_of("ask")) != NULL) {
        greffe__object o = at_place(l, "ask", at);
        add(l, &o);
    }
    if (at->task == NULL) {
        return;
    }
    if (may) {
        greffe__object o = at_place(l, "claim", at);
        add(l, &o);
    }
    static const char *const others[] = {"assign", "hand over", "release"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        greffe__object o = at_place(l, others[i], at);
        if (holder.size > 0) {
            greffe__view_put(b, &o, "held", greffe__text(mine ? "by you" : "by another"));
        }
        add(l, &o);
    }
}

/* --- The applicant's --- */

static bool supplies(listing *l)
{
    greffe__bench *b = l->b;
    const greffe__ask *ask;
    uint32_t from = 0, waits = 0;
    for (const greffe__token *token = greffe__wait_at(b, &from, &ask); token != NULL;
         token = greffe__wait_at(b, &from, &ask)) {
        const greffe__place at = {greffe__token_of(b->dossier, token->id),
                                  greffe__node_of(b, token), NULL};
        greffe__object o = at_place(l, "supply", &at);
        const greffe__value *message =
            ask != NULL ? greffe__personal_value(b, b->stream, ask->ref) : NULL;
        if (b->stop) {
            return false;
        }
        if (ask != NULL) {
            greffe__view_put(b, &o, "asked", greffe__view_strs(b, &ask->what));
        }
        if (message != NULL && message->kind == GREFFE__STRING) {
            greffe__view_text(b, &o, "message", message->as.string);
        }
        for (uint32_t i = 0; i < b->dossier->timers.count; i++) {
            const greffe__timer *timer = &b->dossier->timers.at[i];
            if (timer->token == token->id && greffe__str_is(timer->kind, "expire")) {
                greffe__view_put(b, &o, "due", greffe__date(timer->day));
            }
        }
        add(l, &o);
        waits += 1;
    }
    greffe__array missing = {0};
    for (uint32_t i = 0; waits == 0 && i < b->plan->documents.count; i++) {
        greffe__str id = b->plan->documents.at[i].id;
        if (greffe__document_of(b->dossier, id) == NULL) {
            greffe__view_add(b, &missing, greffe__string(id));
        }
    }
    if (missing.count > 0) { /* what was never given may come at any time */
        greffe__object o = {0};
        greffe__view_put(b, &o, "verb", greffe__text("supply"));
        greffe__view_put(b, &o, "documents", greffe__view_array(&missing));
        add(l, &o);
    }
    return true;
}

static bool applicant_commands(listing *l)
{
    greffe__bench *b = l->b;
    if (!greffe__view_probe(b, greffe__is_applicant(b))) {
        return !b->stop;
    }
    if (b->dossier->phase == GREFFE__PHASE_DRAFT) {
        if (greffe__view_probe(b, greffe__is_open(b))) {
            add_plain(l, "file");
            add_plain(l, "save");
        }
    } else if (!supplies(l)) {
        return false;
    }
    if (greffe__view_probe(b, greffe__may_withdraw(b))) {
        add_plain(l, "withdraw");
    }
    return !b->stop;
}

/* --- The staff's --- */

static void messages(listing *l)
{
    greffe__bench *b = l->b;
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        const greffe__place at = {&b->dossier->tokens.at[i],
                                  greffe__node_of(b, &b->dossier->tokens.at[i]), NULL};
        if (at.node != NULL && at.node->op == GREFFE__P_WAIT && at.node->message.size > 0) {
            greffe__object o = at_place(l, "message", &at);
            greffe__view_put(b, &o, "message", greffe__string(at.node->message));
            add(l, &o);
        }
    }
}

static void incidents(listing *l)
{
    greffe__bench *b = l->b;
    for (uint32_t i = 0; i < b->dossier->pending.count; i++) {
        const greffe__pending *pending = &b->dossier->pending.at[i];
        bool correction = greffe__str_is(pending->letter, "correction");
        for (int answers = correction; pending->incident && answers < 2; answers++) {
            greffe__object o = {0};
            greffe__view_put(b, &o, "verb", greffe__text(answers ? "answer" : "retry"));
            greffe__view_put(b, &o, "effect", greffe__string(pending->key));
            greffe__view_text(b, &o, "channel", pending->channel);
            greffe__view_text(b, &o, "letter", pending->letter);
            add(l, &o);
        }
    }
}

bool greffe__view_actions(greffe__bench *b, greffe__value *out)
{
    greffe__sight sight;
    listing l = {.b = b};
    greffe__object o = {0};
    if (!greffe__view_open(b, false, &sight)) {
        return false;
    }
    bool open = b->dossier->phase != GREFFE__PHASE_CLOSED;
    if (open && !applicant_commands(&l)) {
        return false;
    }
    for (uint32_t i = 0; open && i < b->dossier->tokens.count && !b->stop; i++) {
        greffe__token *token = &b->dossier->tokens.at[i];
        const greffe__place at = {token, greffe__node_of(b, token),
                                  greffe__task_of(b->dossier, token->id)};
        if (at.node != NULL && at.node->op == GREFFE__P_TASK) {
            task_commands(&l, &at);
        }
    }
    if (greffe__view_probe(b, greffe__takes_part(b))) {
        add_plain(&l, "comment");
        if (greffe__view_probe(b, greffe__is_staff(b))) {
            messages(&l);
            incidents(&l);
        }
    }
    greffe__view_put(b, &o, "dossier", greffe__string(b->stream->key));
    greffe__view_put(b, &o, "version", greffe__integer((int64_t)b->stream->version));
    greffe__view_put(b, &o, "actions", greffe__view_array(&l.actions));
    *out = greffe__view_object(&o);
    return !b->stop;
}
