/* What people do with a dossier: complete a task, ask for what is missing, supply it, take and hand
 * over tasks, comment, withdraw, answer for an incident. */
#include "run/run_priv.h"

/* --- complete, ask, supply --- */

/* Only what this outcome asks for may be filled in. */
bool greffe__only_fields(greffe__bench *b, const greffe__u32s *fields, const greffe__value *fill)
{
    for (uint32_t i = 0; fill != NULL && fill->kind == GREFFE__CONTEXT && i < fill->count; i++) {
        bool known = false;
        for (uint32_t j = 0; j < fields->count; j++) {
            known = known || greffe__str_equal(b->plan->fields.at[fields->at[j]].name,
                                               fill->as.entries[i].name);
        }
        if (!known) {
            return greffe__refuse(b, GREFFE__GR_FIELD_UNKNOWN, GREFFE_EINVALID, NULL,
                                  "this outcome does not ask for '%.*s'",
                                  (int)fill->as.entries[i].name.size,
                                  fill->as.entries[i].name.data);
        }
    }
    return true;
}

/* What the procedure asks of who chooses this outcome, with what was just filled in. */
bool greffe__may_choose(greffe__bench *b, const greffe__edge *edge)
{
    bool holds = true;
    if (!greffe__evaluate_condition(b, edge->guard, &holds)) {
        return false;
    }
    return holds ||
           greffe__refuse(b, GREFFE__GR_OUTCOME_MUST, GREFFE_EINVALID, "choose another outcome",
                          "%.*s", (int)edge->message.size, edge->message.data);
}

static bool complete(greffe__bench *b)
{
    greffe__str step, outcome;
    greffe__place at;
    if (!greffe__arg_needed(b, "step", &step) || !greffe__arg_needed(b, "outcome", &outcome) ||
        !greffe__find_place(b, step, GREFFE__P_TASK, &at) || !greffe__has_right(b, &at) ||
        !greffe__check_people(b, step)) {
        return false;
    }
    if (greffe__str_is(outcome, "ask") || greffe__str_is(outcome, "filed") ||
        greffe__str_is(outcome, "expired")) {
        return greffe__refuse(b, GREFFE__GR_NO_SUCH_OUTCOME, GREFFE_EINVALID, NULL,
                              "'%.*s' is not an outcome that a person chooses", (int)outcome.size,
                              outcome.data);
    }
    const greffe__edge *edge = greffe__node_edge(at.node, outcome);
    const greffe__value *fill = greffe__value_at(&b->command->args, "fill");
    bool checks = b->plan->steps.at[at.node->step].kind == GREFFE__KIND_COMPLETENESS;
    if (edge == NULL) {
        return greffe__leave_with(b, at.token, outcome); /* says which there are */
    }
    if (checks && !greffe__documents_ready(b, GREFFE__NEEDED_TO_INSTRUCT)) {
        return false;
    }
    uint32_t token = at.token->id;
    return greffe__only_fields(b, &edge->fill, fill) &&
           greffe__take_fill(b, step, &edge->fill, fill) && greffe__may_choose(b, edge) &&
           greffe__leave_by(b, greffe__token_of(b->dossier, token), edge);
}

static bool add_asked(greffe__bench *b, const char *name, greffe__strs *out)
{
    const greffe__value *list = greffe__value_at(&b->command->args, name);
    bool documents = name[0] == 'd';
    for (uint32_t i = 0; list != NULL && list->kind == GREFFE__LIST && i < list->count; i++) {
        greffe__str what = list->as.items[i].kind == GREFFE__STRING ? list->as.items[i].as.string
                                                                    : (greffe__str){"", 0};
        uint32_t at = documents ? greffe__plan_document_at(b->plan, what)
                                : greffe__plan_field_at(b->plan, what);
        if (at == GREFFE__NONE) {
            return greffe__refuse(
                b, documents ? GREFFE__GR_DOCUMENT_UNKNOWN : GREFFE__GR_FIELD_UNKNOWN,
                GREFFE_EINVALID, NULL, "there is no %s '%.*s' to ask for",
                documents ? "document" : "field", (int)what.size, what.data);
        }
        if (!greffe__push_str(out, what, b->arena)) {
            return false;
        }
    }
    return true;
}

static bool ask(greffe__bench *b)
{
    greffe__str step;
    greffe__place at;
    greffe__event asked = {.type = GREFFE__EV_ASKED};
    if (!greffe__arg_needed(b, "step", &step) ||
        !greffe__find_place(b, step, GREFFE__P_TASK, &at) || !greffe__has_right(b, &at) ||
        !add_asked(b, "documents", &asked.list) || !add_asked(b, "fields", &asked.list)) {
        return false;
    }
    if (asked.list.count == 0) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID,
                              "name what is missing under 'documents' or 'fields'",
                              "nothing is asked for");
    }
    asked.path = step;
    asked.parent = at.token->scope;
    return greffe__keep_personal(b, b->stream, "message", greffe__string(greffe__arg(b, "message")),
                                 &asked) &&
           greffe__emit(b, b->stream, asked) &&
           greffe__leave_with(b, at.token, greffe__str_of("ask"));
}

/* Whether the command itself answers a field. */
static bool answered(const greffe__bench *b, greffe__str path)
{
    const greffe__value *answers = greffe__value_at(&b->command->args, "answers");
    size_t dot = 0;
    while (dot < path.size && path.data[dot] != '.') {
        dot += 1;
    }
    const greffe__value *owner = greffe__value_get(answers, (greffe__str){path.data, dot});
    size_t skip = dot < path.size ? dot + 1 : dot;
    return greffe__value_get(owner, (greffe__str){path.data + skip, path.size - skip}) != NULL;
}

bool greffe__gives(const greffe__bench *b, greffe__str what)
{
    const greffe__value *documents = greffe__value_at(&b->command->args, "documents");
    bool document = greffe__plan_document_at(b->plan, what) != GREFFE__NONE;
    return document ? greffe__value_get(documents, what) != NULL : answered(b, what);
}

/* The first thing that was asked for and that the command does not give; empty: it gives all. */
static greffe__str lacking(const greffe__bench *b, const greffe__ask *ask)
{
    for (uint32_t i = 0; i < ask->what.count; i++) {
        if (!greffe__gives(b, ask->what.at[i])) {
            return ask->what.at[i];
        }
    }
    return (greffe__str){"", 0};
}

bool greffe__refuse_lacking(greffe__bench *b, greffe__str what)
{
    bool document = greffe__plan_document_at(b->plan, what) != GREFFE__NONE;
    return greffe__refuse(b, document ? GREFFE__GR_DOCUMENT_MISSING : GREFFE__GR_FIELD_MISSING,
                          GREFFE_EINVALID, "supply all that was asked for, at once",
                          "%.*s: this %s was asked for", (int)what.size, what.data,
                          document ? "document" : "answer");
}

static bool was_asked(const greffe__bench *b, greffe__str what)
{
    bool found = false;
    for (uint32_t i = 0; i < b->dossier->asks.count; i++) {
        found = found || greffe__has_str(&b->dossier->asks.at[i].what, what);
    }
    return found;
}

/* Nothing but what was asked for may change once a dossier is filed. */
static bool only_asked(greffe__bench *b)
{
    const greffe__value *answers = greffe__value_at(&b->command->args, "answers");
    const greffe__value *documents = greffe__value_at(&b->command->args, "documents");
    for (uint32_t i = 0;
         documents != NULL && documents->kind == GREFFE__CONTEXT && i < documents->count; i++) {
        greffe__str id = documents->as.entries[i].name;
        if (!was_asked(b, id)) {
            return greffe__refuse(b, GREFFE__GR_DOCUMENT_UNKNOWN, GREFFE_EINVALID, NULL,
                                  "%.*s: this document was not asked for", (int)id.size, id.data);
        }
    }
    for (uint32_t i = 0; answers != NULL && answers->kind == GREFFE__CONTEXT && i < answers->count;
         i++) {
        const greffe__entry *owner = &answers->as.entries[i];
        for (uint32_t j = 0; owner->value.kind == GREFFE__CONTEXT && j < owner->value.count; j++) {
            greffe__str name = owner->value.as.entries[j].name;
            greffe__str path = greffe__str_format(b->arena, "%.*s.%.*s", (int)owner->name.size,
                                                  owner->name.data, (int)name.size, name.data);
            if (!was_asked(b, path)) {
                return greffe__refuse(b, GREFFE__GR_FIELD_UNKNOWN, GREFFE_EINVALID, NULL,
                                      "%.*s: this answer was not asked for", (int)path.size,
                                      path.data);
            }
        }
    }
    return true;
}

/* What was never given may come at any time, asked for or not: it may be needed later, to pay. What
 * was given stays as it is. */
static bool give_missing(greffe__bench *b)
{
    const greffe__value *documents = greffe__value_at(&b->command->args, "documents");
    bool only = documents != NULL && documents->kind == GREFFE__CONTEXT && documents->count > 0 &&
                greffe__value_at(&b->command->args, "answers") == NULL;
    if (!only) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE,
                              "documents that were never given may come at any time",
                              "nothing was asked for, or the time for it is over");
    }
    for (uint32_t i = 0; i < documents->count; i++) {
        greffe__str id = documents->as.entries[i].name;
        if (greffe__document_of(b->dossier, id) != NULL) {
            return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE,
                                  "the service may ask for another one",
                                  "%.*s: this document was given already", (int)id.size, id.data);
        }
    }
    return greffe__take_documents(b, documents);
}

/* The first wait that the command answers, and what the first one lacks that it does not. */
static const greffe__token *answered_wait(const greffe__bench *b, greffe__str *lacks)
{
    const greffe__ask *ask;
    uint32_t from = 0;
    *lacks = (greffe__str){"", 0};
    for (const greffe__token *token = greffe__wait_at(b, &from, &ask); token != NULL;
         token = greffe__wait_at(b, &from, &ask)) {
        greffe__str what = ask == NULL ? *lacks : lacking(b, ask);
        if (ask != NULL && what.size == 0) {
            return token;
        }
        *lacks = lacks->size == 0 ? what : *lacks;
    }
    return NULL;
}

/* The day on which the first of those that the command answers was asked. */
static bool asked_before(greffe__bench *b, const greffe__token *token)
{
    return b->today >= greffe__zone_date(b->zone, token->since_ms) ||
           greffe__refuse(b, GREFFE__GR_CMD_BACKDATED, GREFFE_EINVALID,
                          "name a day between the request and today",
                          "what was asked for cannot have come before it was asked for");
}

/* One answer may be what several parts of the procedure wait for: each that has all goes on. */
static bool give_asked(greffe__bench *b)
{
    greffe__str lacks;
    const greffe__token *token = answered_wait(b, &lacks);
    const greffe__strs *what = NULL;
    if (b->stop || !only_asked(b)) {
        return false;
    }
    if (token == NULL) {
        return greffe__refuse_lacking(b, lacks);
    }
    if (!asked_before(b, token) ||
        !greffe__take_answers(b, greffe__value_at(&b->command->args, "answers"), true) ||
        !greffe__take_documents(b, greffe__value_at(&b->command->args, "documents"))) {
        return false;
    }
    for (; token != NULL; token = answered_wait(b, &lacks)) {
        const greffe__plan_node *node = greffe__node_of(b, token);
        what = &greffe__ask_of(b->dossier, token->scope, b->plan->steps.at[node->step].id)->what;
        if (!greffe__check_answers(b, what) ||
            !greffe__leave_with(b, greffe__token_of(b->dossier, token->id),
                                greffe__str_of("supplied"))) {
            return false;
        }
    }
    return !b->stop;
}

static bool supply(greffe__bench *b)
{
    if (!greffe__is_applicant(b)) {
        return false;
    }
    const greffe__ask *ask;
    uint32_t from = 0;
    if (greffe__wait_at(b, &from, &ask) != NULL) {
        return give_asked(b);
    }
    return greffe__overtaken(b) ? greffe__open_correction(b) : give_missing(b);
}

/* --- Tasks change hands --- */

static bool reassign(greffe__bench *b)
{
    greffe__str step, tag = b->command->actor.tag, person = greffe__arg(b, "person");
    greffe__place at;
    if (!greffe__arg_needed(b, "step", &step) ||
        !greffe__find_place(b, step, GREFFE__P_TASK, &at) || at.task == NULL) {
        return false;
    }
    bool releases = greffe__str_is(b->command->verb, "release");
    bool hands_over =
        greffe__str_is(b->command->verb, "hand over") || greffe__str_is(b->command->verb, "assign");
    greffe__task held = *at.task;
    greffe__place unheld = at;
    held.assignee = (greffe__str){"", 0};
    if (hands_over || releases) {
        unheld.task = &held; /* a colleague of the same role may do it while the holder is away */
    }
    if (!greffe__has_right(b, &unheld)) {
        return false;
    }
    if (hands_over) {
        if (!greffe__arg_needed(b, "person", &person)) {
            return false;
        }
        tag = greffe__tag_of(b->world->secret, person, b->arena);
    }
    greffe__event event = {.type = GREFFE__EV_TASK_ASSIGNED, .id = at.token->id};
    event.key = releases ? (greffe__str){"", 0} : tag;
    return greffe__emit(b, b->stream, event);
}

/* --- comment, withdraw, message --- */

static bool comment(greffe__bench *b)
{
    greffe__str text;
    greffe__event event = {.type = GREFFE__EV_COMMENTED};
    return greffe__takes_part(b) && greffe__arg_needed(b, "text", &text) &&
           greffe__keep_personal(b, b->stream, "comment", greffe__string(text), &event) &&
           greffe__emit(b, b->stream, event);
}

/* The decision was taken, and the dossier was not sent back to be instructed again. */
static bool decided(const greffe__bench *b)
{
    static const char *const outcomes[] = {"granted", "refused"};
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        const greffe__plan_node *node = greffe__node_of(b, &b->dossier->tokens.at[i]);
        uint32_t kind = node == NULL ? 0 : b->plan->steps.at[node->step].kind;
        if (kind == GREFFE__KIND_INSTRUCTION || kind == GREFFE__KIND_COMPLETENESS) {
            return false;
        }
    }
    for (uint32_t i = 0; i < b->plan->steps.count; i++) {
        const greffe__step *step = &b->plan->steps.at[i];
        for (size_t j = 0; j < 2; j++) {
            const char *outcome = step->kind == GREFFE__KIND_DELIBERATION ? outcomes[j]
                                  : step->kind == GREFFE__KIND_DECISION   ? "done"
                                                                          : NULL;
            if (outcome != NULL &&
                greffe__mark_of(b->dossier,
                                greffe__str_format(b->arena, "%.*s.%s", (int)step->id.size,
                                                   step->id.data, outcome)) != NULL) {
                return true;
            }
        }
    }
    return false;
}

bool greffe__may_withdraw(greffe__bench *b)
{
    bool untold;
    if (!greffe__board_decided(b, &untold)) {
        return false;
    }
    if (untold || decided(b)) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                              "the decision was taken; nothing is left to withdraw");
    }
    return !greffe__is_sealed(b) ||
           greffe__refuse(b, GREFFE__GR_SEALED, GREFFE_ESTATE, NULL,
                          "the dossier is in a part that nothing may interrupt");
}

static bool withdraw(greffe__bench *b)
{
    greffe__event event = {.type = GREFFE__EV_WITHDRAWN};
    if (!greffe__is_applicant(b)) {
        return false;
    }
    if (greffe__overtaken(b)) {
        return greffe__open_correction(b);
    }
    return greffe__may_withdraw(b) &&
           greffe__keep_personal(b, b->stream, "motive", greffe__string(greffe__arg(b, "because")),
                                 &event) &&
           greffe__emit(b, b->stream, event) && greffe__finish(b, greffe__str_of("withdrawn"));
}

static bool message(greffe__bench *b)
{
    greffe__str name;
    if (!greffe__is_staff(b) || !greffe__arg_needed(b, "message", &name)) {
        return false;
    }
    bool awaited = false;
    for (uint32_t i = 0; i < b->plan->nodes.count; i++) {
        awaited = awaited || greffe__str_equal(b->plan->nodes.at[i].message, name);
    }
    if (!awaited) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE,
                              "a remark is a comment: greffe act comment",
                              "no step of this procedure waits for this message");
    }
    const greffe__value *content = greffe__value_at(&b->command->args, "content");
    greffe__event event = {.type = GREFFE__EV_MESSAGE_CAME, .name = name};
    if (!greffe__keep_personal(b, b->stream, "message", content != NULL ? *content : greffe__null(),
                               &event) ||
        !greffe__emit(b, b->stream, event)) {
        return false;
    }
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        greffe__token *token = &b->dossier->tokens.at[i];
        const greffe__plan_node *node = greffe__node_of(b, token);
        if (node != NULL && node->op == GREFFE__P_WAIT && greffe__str_equal(node->message, name)) {
            return greffe__leave_with(b, token, greffe__str_of("done"));
        }
    }
    greffe__event late = {
        .type = GREFFE__EV_CAME_LATE, .key = name, .name = greffe__str_of("message")};
    return greffe__overtaken(b) ? greffe__open_correction(b) : greffe__emit(b, b->stream, late);
}

/* --- Incidents --- */

/* A timer that could not be fired is set again, for now. */
static bool retry_timer(greffe__bench *b, const greffe__pending *pending)
{
    greffe__str kind = pending->letter, name = pending->key;
    uint32_t token = pending->token;
    for (int parts = 0; parts < 2 && name.size > 0;) {
        parts += name.data[0] == '/';
        name.data += 1;
        name.size -= 1;
    }
    greffe__event done = {
        .type = GREFFE__EV_EFFECT_DONE, .key = pending->key, .name = greffe__str_of("retried")};
    const char *again = greffe__str_is(kind, "clock")    ? "clock"
                        : greffe__str_is(kind, "warn")   ? "warn"
                        : greffe__str_is(kind, "remind") ? "remind"
                                                         : "expire";
    return greffe__emit(b, b->stream, done) &&
           greffe__set_timer(b, token, again, name, b->today, b->now_ms);
}

/* An incident is no way round a person's step, a decision or a payment: there only what the delay
 * itself would have brought. Where nothing waits, there is nothing to choose. */
static bool may_answer(greffe__bench *b, uint32_t token)
{
    greffe__str outcome = greffe__arg(b, "outcome"), only = {"sent", 4};
    const greffe__plan_node *node =
        token == 0 ? NULL : greffe__node_of(b, greffe__token_of(b->dossier, token));
    bool free = node != NULL && (node->op == GREFFE__P_EFFECT || node->op == GREFFE__P_WAIT ||
                                 (node->op == GREFFE__P_ASK && node->port == GREFFE__PORT_CALL));
    if (node != NULL && !free) {
        only = node->expired;
    }
    return free || (node == NULL && outcome.size == 0) || greffe__str_equal(outcome, only) ||
           greffe__refuse(b, GREFFE__GR_NO_SUCH_OUTCOME, GREFFE_EINVALID,
                          only.size > 0 ? greffe__str_dup(b->arena, only).data : NULL,
                          "an incident here cannot be answered with '%.*s'", (int)outcome.size,
                          outcome.data);
}

static bool incident(greffe__bench *b)
{
    greffe__str key, because;
    bool answers = greffe__str_is(b->command->verb, "answer");
    if (!greffe__is_staff(b) || !greffe__arg_needed(b, "effect", &key) ||
        (answers && !greffe__arg_needed(b, "because", &because))) {
        return false;
    }
    const greffe__pending *pending = greffe__pending_of(&b->dossier->pending, key);
    if (pending == NULL || !pending->incident) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                              "there is no incident '%.*s'", (int)key.size, key.data);
    }
    uint32_t token = pending->token;
    if (answers && !may_answer(b, token)) {
        return false;
    }
    if (answers && token != 0 && greffe__seals_in(b, token)) {
        return greffe__refuse(b, GREFFE__GR_SEALED, GREFFE_ESTATE, "answer when that has ended",
                              "inside is a part that nothing may interrupt");
    }
    bool correction = greffe__str_is(pending->letter, "correction");
    if (!answers && correction) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE,
                              "decide what follows from it, then say so: answer, with because",
                              "a correction is for people to decide; it cannot be tried again");
    }
    if (!answers && greffe__str_is(pending->channel, "incident")) {
        return retry_timer(b, pending);
    }
    greffe__event closed = {.type = GREFFE__EV_INCIDENT_CLOSED,
                            .key = key,
                            .name = greffe__str_of(answers ? "answered" : "retried")};
    if (!greffe__emit(b, b->stream, closed) || !answers) {
        return !b->stop;
    }
    greffe__event reason = {.type = GREFFE__EV_COMMENTED};
    greffe__str outcome = greffe__arg(b, "outcome");
    outcome = outcome.size > 0 ? outcome : greffe__str_of("sent");
    return greffe__keep_personal(b, b->stream, "comment", greffe__string(because), &reason) &&
           greffe__emit(b, b->stream, reason) &&
           greffe__emit(
               b, b->stream,
               (greffe__event){.type = GREFFE__EV_EFFECT_DONE, .key = key, .name = outcome}) &&
           (token == 0 || (greffe__take_given(b, greffe__token_of(b->dossier, token), outcome,
                                              greffe__value_at(&b->command->args, "gives")) &&
                           greffe__cancel_block(b, token) &&
                           greffe__leave_with(b, greffe__token_of(b->dossier, token), outcome)));
}

bool greffe__decide_dossier(greffe__bench *b)
{
    static const struct {
        const char *verb;
        bool (*decide)(greffe__bench *);
    } verbs[] = {
        {"complete", complete},  {"ask", ask},         {"supply", supply},
        {"claim", reassign},     {"assign", reassign}, {"release", reassign},
        {"hand over", reassign}, {"comment", comment}, {"withdraw", withdraw},
        {"message", message},    {"retry", incident},  {"answer", incident},
    };
    if (!greffe__open_dossier(b, b->command->stream_key)) {
        return false;
    }
    if (greffe__str_is(b->command->verb, "erase")) {
        return greffe__erase(b); /* what it adds itself comes after */
    }
    if (!greffe__meet_actor(b, b->stream) || !greffe__note_effective(b)) {
        return false;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!greffe__str_is(b->command->verb, verbs[i].verb)) {
            continue;
        }
        bool over = b->dossier->phase == GREFFE__PHASE_CLOSED && !b->verb->ended;
        if (over && greffe__overtaken(b)) {
            return greffe__is_applicant(b) && greffe__open_correction(b);
        }
        if (over) {
            return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                                  "the dossier has ended (%.*s)", (int)b->dossier->outcome.size,
                                  b->dossier->outcome.data);
        }
        return verbs[i].decide(b);
    }
    return false;
}
