/* Steps: their keys, by kind, and the outcomes that `then` declares. */
#include <stddef.h>

#include "base/limits.h"
#include "compile/compile_priv.h"

enum {
    SUBMISSION = 1 << GREFFE__KIND_SUBMISSION,
    COMPLETENESS = 1 << GREFFE__KIND_COMPLETENESS,
    INSTRUCTION = 1 << GREFFE__KIND_INSTRUCTION,
    DECISION = 1 << GREFFE__KIND_DECISION,
    DELIBERATION = 1 << GREFFE__KIND_DELIBERATION,
    NOTIFICATION = 1 << GREFFE__KIND_NOTIFICATION,
    PAYMENT = 1 << GREFFE__KIND_PAYMENT,
    TASK = 1 << GREFFE__KIND_TASK,
    CHOOSE = 1 << GREFFE__KIND_CHOOSE,
    WAIT = 1 << GREFFE__KIND_WAIT,
    END = 1 << GREFFE__KIND_END,
    PARALLEL = 1 << GREFFE__KIND_PARALLEL,
    EACH = 1 << GREFFE__KIND_EACH,
    CALL = 1 << GREFFE__KIND_CALL,
    HUMAN = SUBMISSION | COMPLETENESS | INSTRUCTION | DECISION | DELIBERATION | PAYMENT | TASK,
    TIMED = COMPLETENESS | INSTRUCTION | DECISION | TASK | WAIT | CALL,
    LEADS_ON = ~(END | CHOOSE)
};

static const char *const kinds[] = {
    "submission",   "completeness", "instruction", "decision", "deliberation",
    "notification", "payment",      "task",        "choose",   "wait",
    "end",          "parallel",     "each",        "call",     NULL,
};

#define ROW(key, type, member, required, kinds, doc)                                               \
    {                                                                                              \
        key, GREFFE__K_##type, required, offsetof(greffe__step_def, member), (uint32_t)(kinds),    \
            NULL, doc                                                                              \
    }
static const greffe__key step_rows[] = {
    {"kind", GREFFE__K_WORD, true, offsetof(greffe__step_def, kind), 0, kinds,
     "what the step is: submission, completeness, instruction, decision, deliberation, "
     "notification, payment, task, choose, wait, end, parallel, each or call"},
    ROW("title", TEXT, title, false, 0, "its name"),
    ROW("shown", TEXT, shown, false, 0, "the public status while the dossier is here"),
    ROW("by", NAMES, by, true, HUMAN, "who acts: a role, a board, or a list of roles"),
    ROW("to", NAME, to, true, NOTIFICATION | PAYMENT, "who receives"),
    ROW("template", NAME, letter, true, NOTIFICATION, "the letter: letters/<template>.txt"),
    ROW("channel", NAME, channel, false, NOTIFICATION,
        "how it leaves: mail, or a channel of the portal's own; default mail"),
    ROW("within", TERM, within, false, TIMED | PARALLEL | EACH,
        "the time allotted; then the outcome 'expired'"),
    ROW("remind", TERM, remind, false, TIMED, "so long before its end, a reminder is sent"),
    ROW("then", NODE, then, true, LEADS_ON, "a step, or {outcome: step}"),
    ROW("reserve", NODE, reserve, false, DELIBERATION,
        "{budget: allotment, amount: value}: money is reserved before the board decides"),
    ROW("budget", NAME, budget, true, PAYMENT, "the allotment that pays"),
    ROW("amount", NAME, amount, true, PAYMENT, "the frozen value that is paid"),
    ROW("account", EXPR, account, true, PAYMENT, "the IBAN to pay to"),
    ROW("cases", NODE, cases, true, CHOOSE, "[{when: condition, then: step}, …]"),
    ROW("otherwise", NAME, otherwise_ref, false, CHOOSE,
        "the step when no case holds; not needed where one always does"),
    ROW("message", NAME, message, false, WAIT, "the message that ends the wait"),
    ROW("at", EXPR, at, false, WAIT, "the date on which the wait ends"),
    ROW("outcome", NAME, outcome, true, END, "the dossier's outcome"),
    ROW("branches", NODE, branches, true, PARALLEL, "{id: {steps: …}}"),
    ROW("join", SCALAR, join_word, false, PARALLEL | EACH, "all, any, or a number; default all"),
    ROW("of", EXPR, of, true, EACH, "the list, fixed when the step begins"),
    ROW("as", NAME, item, false, EACH, "the name of the item inside the steps"),
    ROW("steps", NODE, steps, true, EACH, "what is done for each item"),
    ROW("limit", UINT, limit, false, EACH, "the greatest number of items; default 1,000"),
    ROW("service", NAME, service, true, CALL, "a declared service"),
    ROW("with", NODE, with, false, CALL, "what it is given: {name: expression}"),
    ROW("sealed", BOOL, sealed, false, LEADS_ON, "true: nothing interrupts it"),
    ROW("see", NODE, see, false, HUMAN | CALL,
        "who sees what is filled in here: a role, or a list of roles; default: all agents of the "
        "procedure, and of a decision the applicant"),
    ROW("because", TEXT, because, false, 0, "why, in words"),
};
const greffe__keys greffe__keys_step = {"a step", step_rows, sizeof step_rows / sizeof *step_rows};

typedef struct branch_keys {
    const greffe__node *fill;
    greffe__ref then;
    const greffe__node *condition, *must;
    greffe__str message;
} branch_keys;
static const greffe__key branch_rows[] = {
    {"fill", GREFFE__K_NODE, false, offsetof(branch_keys, fill), 0, NULL,
     "fields that are filled in with this outcome"},
    {"must", GREFFE__K_EXPR, false, offsetof(branch_keys, must), 0, NULL,
     "what must hold for a person to choose it, with what is filled in"},
    {"message", GREFFE__K_TEXT, false, offsetof(branch_keys, message), 0, NULL,
     "what people read when it does not hold"},
    {"then", GREFFE__K_NAME, true, offsetof(branch_keys, then), 0, NULL, "the next step"},
};
const greffe__keys greffe__keys_outcome = {"an outcome", branch_rows, 4};

static const greffe__key case_rows[] = {
    {"when", GREFFE__K_EXPR, true, offsetof(branch_keys, condition), 0, NULL, "the condition"},
    {"then", GREFFE__K_NAME, true, offsetof(branch_keys, then), 0, NULL, "the next step"},
};
const greffe__keys greffe__keys_case = {"a case", case_rows, 2};

/* --- Outcomes --- */

static greffe__branch *add_branch(greffe__definition *d, greffe__step_def *step,
                                  greffe__ref outcome, greffe__ref target)
{
    greffe__branch *branch = greffe__arena_push(d->binder.arena, &step->outcomes, sizeof *branch);
    if (branch != NULL) {
        branch->outcome = outcome;
        branch->target = target;
    }
    return branch;
}

/* Only what a person chooses can be refused to them, and then in words. */
static void check_must(greffe__definition *d, const greffe__step_def *step, const branch_keys *keys,
                       const greffe__node *node)
{
    bool person = step->kind == GREFFE__KIND_COMPLETENESS ||
                  step->kind == GREFFE__KIND_INSTRUCTION || step->kind == GREFFE__KIND_DECISION ||
                  step->kind == GREFFE__KIND_TASK;
    if (keys->must != NULL && !person) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_OUTCOME, keys->must,
                         "write a step of the kind 'choose' before this one",
                         "nobody chooses this outcome, so nothing can be asked of who does");
    } else if (keys->must != NULL && keys->message.size == 0) {
        greffe__complain(&d->binder, GREFFE__GR_MISSING_KEY, keys->must, "message: <why not>",
                         "who may not choose this outcome has to read why");
    } else if (keys->must == NULL && keys->message.size > 0) {
        greffe__complain(&d->binder, GREFFE__GR_MISSING_KEY, node, "must: <condition>",
                         "a message without 'must' is never read");
    }
}

static void bind_outcome(greffe__definition *d, greffe__step_def *step, const greffe__node *name,
                         const greffe__node *node)
{
    greffe__binder *b = &d->binder;
    greffe__ref outcome = {name->text, name};
    if (!greffe__check_id(b, name)) {
        return;
    }
    if (node->kind == GREFFE__SCALAR) {
        (void)add_branch(d, step, outcome, (greffe__ref){node->text, node});
        return;
    }
    branch_keys keys = {0};
    greffe__bind(b, &greffe__keys_outcome, node, 0, &keys);
    greffe__branch *branch = add_branch(d, step, outcome, keys.then);
    if (branch != NULL) {
        check_must(d, step, &keys, node);
        branch->must = keys.must;
        branch->message = keys.message;
    }
    if (branch != NULL && keys.fill != NULL &&
        greffe__expect_mapping(b, keys.fill, "the fields to fill in")) {
        greffe__bind_section(d, b->doc, step->id, keys.fill, &branch->fill);
    }
}

/* A single step stands for the one outcome that the kind has, or "done". */
static const char *only_outcome(uint32_t kind)
{
    switch (kind) {
    case GREFFE__KIND_SUBMISSION: return "filed";
    case GREFFE__KIND_COMPLETENESS: return "complete";
    case GREFFE__KIND_NOTIFICATION: return "sent";
    case GREFFE__KIND_PAYMENT: return "paid";
    case GREFFE__KIND_DELIBERATION: return "granted";
    case GREFFE__KIND_CALL: return "answered";
    default: return "done";
    }
}

static void bind_then(greffe__definition *d, greffe__step_def *step)
{
    const greffe__node *then = step->then;
    if (then->kind == GREFFE__SCALAR) {
        greffe__ref outcome = {greffe__str_of(only_outcome(step->kind)), then};
        (void)add_branch(d, step, outcome, (greffe__ref){then->text, then});
    } else if (greffe__expect_mapping(&d->binder, then, "'then' with several outcomes")) {
        (void)greffe__arena_reserve(d->binder.arena, &step->outcomes, sizeof *step->outcomes.at,
                                    then->count / 2);
        for (uint32_t i = 0; i + 1 < then->count; i += 2) {
            bind_outcome(d, step, then->children[i], greffe__node_resolve(then->children[i + 1]));
        }
    }
}

static void bind_cases(greffe__definition *d, greffe__step_def *step)
{
    greffe__binder *b = &d->binder;
    if (step->cases->kind != GREFFE__SEQUENCE || step->cases->count == 0) {
        greffe__complain(b, GREFFE__GR_WRONG_SHAPE, step->cases, "- {when: …, then: …}",
                         "'cases' takes a list of at least one case");
        return;
    }
    (void)greffe__arena_reserve(b->arena, &step->outcomes, sizeof *step->outcomes.at,
                                step->cases->count + 1);
    for (uint32_t i = 0; i < step->cases->count; i++) {
        const greffe__node *item = greffe__node_resolve(step->cases->children[i]);
        branch_keys keys = {0};
        greffe__bind(b, &greffe__keys_case, item, 0, &keys);
        greffe__str name = greffe__str_format(b->arena, "case_%u", i + 1);
        greffe__branch *branch = add_branch(d, step, (greffe__ref){name, item}, keys.then);
        if (branch != NULL) {
            branch->when = keys.condition;
        }
    }
    if (step->otherwise_ref.node != NULL) {
        greffe__ref outcome = {greffe__str_of("otherwise"), step->otherwise_ref.node};
        (void)add_branch(d, step, outcome, step->otherwise_ref);
    }
}

/* --- Blocks --- */

static uint32_t add_scope(greffe__definition *d, uint32_t parent, greffe__str path)
{
    greffe__scope *scope = greffe__arena_push(d->binder.arena, &d->plan->scopes, sizeof *scope);
    if (scope == NULL) {
        return 0;
    }
    *scope = (greffe__scope){path, parent, 0};
    return d->plan->scopes.count - 1;
}

static void add_inner(greffe__definition *d, greffe__step_def *step, greffe__str path,
                      const greffe__node *steps)
{
    uint32_t scope = add_scope(d, step->scope, path);
    uint32_t *place = greffe__arena_push(d->binder.arena, &step->scopes, sizeof *place);
    if (place != NULL && scope != 0) {
        *place = scope;
        greffe__bind_steps(d, steps, scope);
    }
}

static void bind_branches(greffe__definition *d, greffe__step_def *step)
{
    if (!greffe__expect_mapping(&d->binder, step->branches, "the list of branches")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < step->branches->count; i += 2) {
        const greffe__node *name = step->branches->children[i];
        const greffe__node *body = greffe__node_resolve(step->branches->children[i + 1]);
        const greffe__node *steps = greffe__node_get(body, "steps");
        if (!greffe__check_id(&d->binder, name)) {
            continue;
        }
        if (steps == NULL || body->count != 2) {
            greffe__complain(&d->binder, GREFFE__GR_WRONG_SHAPE, body, "{steps: {…}}",
                             "a branch has the one key 'steps'");
            continue;
        }
        add_inner(d, step,
                  greffe__str_join(d->binder.arena, step->id.data, "/", name->text.data, NULL),
                  steps);
    }
}

static void bind_join(greffe__definition *d, greffe__step_def *step)
{
    int64_t number;
    const greffe__ref *join = &step->join_word;
    if (join->node == NULL || greffe__str_is(join->id, "all")) {
        return;
    }
    if (greffe__str_is(join->id, "any")) {
        step->join = 1;
    } else if (greffe__str_to_i64(&number, join->id) && number >= 1 && number <= 1000) {
        step->join = (uint32_t)number;
    } else {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_VALUE, join->node, "all, any, or a number",
                         "this is no way to join");
    }
}

/* --- Steps --- */

/* Which keys a step takes depends on its kind: without one, nothing else is worth saying. */
static void unknown_kind(greffe__binder *b, const greffe__node *node, const greffe__node *kind)
{
    if (!greffe__expect_mapping(b, node, "a step")) {
        return;
    }
    if (kind == NULL) {
        greffe__complain(b, GREFFE__GR_MISSING_KEY, node, step_rows[0].doc,
                         "a step needs the key 'kind'");
    } else if (kind->kind != GREFFE__SCALAR) {
        greffe__complain(b, GREFFE__GR_WRONG_SHAPE, kind, step_rows[0].doc,
                         "'kind' takes a single value, not %s", greffe__node_kind_name(kind));
    } else {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, kind,
                         greffe__did_you_mean(b, kind->text, kinds, step_rows[0].doc),
                         "'%.*s' is not a kind of step", (int)kind->text.size, kind->text.data);
    }
}

static void bind_step(greffe__definition *d, const greffe__node *name, const greffe__node *node,
                      uint32_t scope)
{
    greffe__binder *b = &d->binder;
    greffe__step_def *step = greffe__arena_zalloc(b->arena, sizeof *step);
    greffe__step_def **place = greffe__arena_push(b->arena, &d->steps, sizeof(greffe__step_def *));
    greffe__step *planned = greffe__arena_push(b->arena, &d->plan->steps, sizeof *planned);
    if (step == NULL || place == NULL || planned == NULL) {
        return;
    }
    *place = step;
    step->id = name->text;
    step->node = node;
    step->scope = scope;
    step->plan_step = d->plan->steps.count - 1;
    const greffe__node *kind = greffe__node_get(node, "kind");
    uint32_t number = kind != NULL ? greffe__step_kind_named(kind->text) : 0;
    (void)greffe__name_add(d, name, step->id, GREFFE__THING_STEP, step->plan_step);
    *planned = (greffe__step){.id = step->id, .title = step->id, .scope = scope};
    if (number == 0) {
        unknown_kind(b, node, kind);
        return;
    }
    greffe__bind(b, &greffe__keys_step, node, number, step);
    planned->kind = step->kind;
    planned->title = step->title.size > 0 ? step->title : step->id;
    planned->shown = step->shown;
    greffe__read_see(d, step->see, &planned->see);
    if (step->then != NULL) {
        bind_then(d, step);
    }
    if (step->cases != NULL) {
        bind_cases(d, step);
    }
    bind_join(d, step);
    if (step->branches != NULL) {
        bind_branches(d, step);
    } else if (step->steps != NULL) {
        add_inner(d, step, greffe__str_join(b->arena, step->id.data, "/each", NULL), step->steps);
    }
}

void greffe__bind_steps(greffe__definition *d, const greffe__node *steps, uint32_t scope)
{
    if (!greffe__expect_mapping(&d->binder, steps, "the list of steps")) {
        return;
    }
    if (steps->count == 0) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_SHAPE, steps, "name its first step",
                         "a block without steps leads nowhere");
        return;
    }
    if (scope == 0) {
        greffe__arena *arena = d->binder.arena;
        uint32_t count = steps->count / 2;
        (void)add_scope(d, 0, (greffe__str){"", 0});
        (void)greffe__arena_reserve(arena, &d->steps, sizeof *d->steps.at, count);
        (void)greffe__arena_reserve(arena, &d->plan->steps, sizeof *d->plan->steps.at, count);
        (void)greffe__arena_reserve(arena, &d->names, sizeof *d->names.at, d->names.count + count);
    }
    for (uint32_t i = 0; i + 1 < steps->count; i += 2) {
        if (d->plan->steps.count >= GREFFE_MAX_STEPS) {
            greffe__complain(&d->binder, GREFFE__GR_TOO_MANY, steps->children[i],
                             "make two procedures of it", "a procedure has at most 5,000 steps");
            return;
        }
        if (greffe__check_id(&d->binder, steps->children[i])) {
            bind_step(d, steps->children[i], greffe__node_resolve(steps->children[i + 1]), scope);
        }
    }
}
