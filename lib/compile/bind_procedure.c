/* The procedure's file: header, roles, form, documents, values, clocks, promises. Steps have a
 * file of their own. */
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "compile/compile_priv.h"

typedef struct procedure_keys {
    greffe__ref version, id, uses, prefix;
    greffe__str title;
    const greffe__node *open, *roles, *form, *documents, *once, *values, *tables, *freeze, *clocks,
        *steps, *guarantees, *retention, *services, *waive;
} procedure_keys;

#define ROW(key, type, required, doc)                                                              \
    {                                                                                              \
#key, GREFFE__K_##type, required, offsetof(procedure_keys, key), 0, NULL, doc              \
    }
static const greffe__key procedure_rows[] = {
    {"greffe", GREFFE__K_SCALAR, true, offsetof(procedure_keys, version), 0, NULL,
     "the version of the language: 1"},
    {"procedure", GREFFE__K_NAME, true, offsetof(procedure_keys, id), 0, NULL, "its id"},
    ROW(title, TEXT, true, "its name"),
    ROW(uses, NAME, false, "the id of the authority's file"),
    ROW(prefix, SCALAR, false, "of dossiers' numbers; default: the id in capitals"),
    ROW(open, NODE, false, "{from: date, until: date, redirect: where to go instead}"),
    ROW(roles, NODE, true, "who takes part: {id: {kind: applicant}}"),
    ROW(form, NODE, false, "sections of fields: {id: {title: …, fields: …}}"),
    ROW(documents, NODE, false, "what is asked for: {id: {label: …, accept: [pdf]}}"),
    ROW(once, NODE, false, "{key: field, every: 5 years, claimed: moment}"),
    ROW(values, NODE, false, "named calculations: {montant: expression}"),
    ROW(tables, NODE, false, "decision tables: {taux: {rules: …}}"),
    ROW(freeze, NODE, false, "when a value is fixed: {montant: moment}"),
    ROW(clocks, NODE, false, "legal delays: {id: {from: …, within: …, means: …, then: …}}"),
    ROW(services, NODE, false, "outside services of call steps: {id: {outcomes: […]}}"),
    ROW(steps, NODE, false, "the steps: {id: {kind: …}}; default: filed, seen to, answered"),
    ROW(guarantees, NODE, false, "what must hold on every path"),
    ROW(waive, NODE, false, "rules that are let pass: {rule: GR-4206, because: why, until: date}"),
    ROW(retention, NODE, false, "how long dossiers are kept: {outcome: 10 years, other: 2 years}"),
};
const greffe__keys greffe__keys_procedure = {"a procedure", procedure_rows,
                                             sizeof procedure_rows / sizeof *procedure_rows};

/* --- Opening, roles --- */

typedef struct open_keys {
    greffe__maybe_date from, until;
    greffe__str redirect;
} open_keys;
static const greffe__key open_rows[] = {
    {"from", GREFFE__K_DATE, false, offsetof(open_keys, from), 0, NULL, "the first day of filing"},
    {"until", GREFFE__K_DATE, false, offsetof(open_keys, until), 0, NULL, "the last day of filing"},
    {"redirect", GREFFE__K_TEXT, false, offsetof(open_keys, redirect), 0, NULL,
     "what a citizen is told outside these dates"},
};
const greffe__keys greffe__keys_open = {"the opening", open_rows, 3};

static void bind_open(greffe__definition *d, const greffe__node *node)
{
    open_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_open, node, 0, &keys);
    d->plan->opens = keys.from.given;
    d->plan->closes = keys.until.given;
    d->plan->open_from = keys.from.days;
    d->plan->open_until = keys.until.days;
    d->plan->redirect = keys.redirect;
    if (keys.from.given && keys.until.given && keys.until.days < keys.from.days) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_VALUE, node, "exchange the two dates",
                         "the procedure closes before it opens");
    }
}

typedef struct role_keys {
    uint32_t kind;
    greffe__ref service, stands_for, form;
    greffe__str title;
    const greffe__node *see;
} role_keys;
static const char *const role_kinds[] = {"applicant", "agent", "delegate", NULL};
static const greffe__key role_rows[] = {
    {"kind", GREFFE__K_WORD, true, offsetof(role_keys, kind), 0, role_kinds,
     "applicant, agent or delegate"},
    {"service", GREFFE__K_NAME, false, offsetof(role_keys, service), 0, NULL,
     "of an agent: a service of the authority"},
    {"for", GREFFE__K_NAME, false, offsetof(role_keys, stands_for), 0, NULL,
     "of a delegate: the role it acts for"},
    {"form", GREFFE__K_NAME, false, offsetof(role_keys, form), 0, NULL,
     "of an applicant: a section of the authority's form"},
    {"title", GREFFE__K_TEXT, false, offsetof(role_keys, title), 0, NULL, "its name"},
    {"see", GREFFE__K_NODE, false, offsetof(role_keys, see), 0, NULL,
     "of an applicant: who sees the section 'form'; default: all agents of the procedure"},
};
const greffe__keys greffe__keys_role = {"a role", role_rows, sizeof role_rows / sizeof *role_rows};

static void add_section(greffe__definition *d, const greffe__section_source *source,
                        greffe__str owner, greffe__str role)
{
    greffe__section *section =
        greffe__arena_push(d->binder.arena, &d->plan->sections, sizeof *section);
    if (section != NULL) {
        *section = (greffe__section){.id = owner, .title = source->title, .role = role};
        greffe__add_fields(d, source, owner, false, NULL);
    }
}

static void role_form(greffe__definition *d, const role_keys *keys, greffe__str id)
{
    for (uint32_t i = 0; i < d->shared.count; i++) {
        if (greffe__str_equal(d->shared.at[i].id, keys->form.id)) {
            add_section(d, &d->shared.at[i], id, id);
            return;
        }
    }
    greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_NAME, keys->form.node,
                     "declare it under 'form' in the authority's file",
                     "the authority shares no form section '%.*s'", (int)keys->form.id.size,
                     keys->form.id.data);
}

static void bind_role(greffe__definition *d, const greffe__node *name, const greffe__node *node)
{
    role_keys keys = {0};
    greffe__binder *b = &d->binder;
    greffe__bind(b, &greffe__keys_role, node, 0, &keys);
    greffe__role *role = greffe__arena_push(b->arena, &d->plan->roles, sizeof *role);
    if (role == NULL) {
        return;
    }
    *role = (greffe__role){.id = name->text,
                           .kind = keys.kind,
                           .service = keys.service.id,
                           .stands_for = keys.stands_for.id,
                           .title = keys.title.size > 0 ? keys.title : name->text};
    (void)greffe__name_add(d, name, name->text, GREFFE__THING_ROLE, d->plan->roles.count - 1);
    const greffe__ref *foreign =
        keys.kind != GREFFE__ROLE_AGENT && keys.service.node != NULL         ? &keys.service
        : keys.kind != GREFFE__ROLE_APPLICANT && keys.form.node != NULL      ? &keys.form
        : keys.kind != GREFFE__ROLE_DELEGATE && keys.stands_for.node != NULL ? &keys.stands_for
                                                                             : NULL;
    if (foreign != NULL && keys.kind != 0) {
        greffe__complain(b, GREFFE__GR_UNKNOWN_KEY, foreign->node,
                         "service belongs to agents, form to applicants, for to delegates",
                         "this key does not belong to a role of this kind");
    }
    if (keys.kind == GREFFE__ROLE_AGENT && keys.service.node == NULL) {
        greffe__complain(b, GREFFE__GR_MISSING_KEY, node, "service: the id of a service",
                         "an agent's role needs the key 'service'");
    } else if (keys.service.node != NULL) {
        (void)greffe__name_find(d, keys.service.node, keys.service.id, 1u << GREFFE__THING_SERVICE,
                                "a service of the authority");
    }
    if (keys.kind == GREFFE__ROLE_DELEGATE && keys.stands_for.node == NULL) {
        greffe__complain(b, GREFFE__GR_MISSING_KEY, node, "for: the id of an agent's role",
                         "a delegate's role needs the key 'for'");
    }
    if (keys.form.node != NULL) {
        role_form(d, &keys, name->text);
    }
    if (keys.see != NULL && keys.form.node == NULL) {
        greffe__complain(b, GREFFE__GR_UNKNOWN_KEY, keys.see, "write it where the data stand",
                         "a role without a form has nothing of its own to be seen");
    }
}

/* Who sees the applicant's own section: the roles may stand after it. */
static void own_sections(greffe__definition *d, const greffe__node *roles)
{
    for (uint32_t i = 0; i + 1 < roles->count; i += 2) {
        const greffe__node *see = greffe__node_get(roles->children[i + 1], "see");
        for (uint32_t j = 0; see != NULL && j < d->plan->sections.count; j++) {
            greffe__section *section = &d->plan->sections.at[j];
            if (greffe__str_equal(section->role, roles->children[i]->text)) {
                greffe__read_see(d, see, &section->see);
            }
        }
    }
}

/* A delegate acts for an agent's role, which may stand after it. */
static void check_delegates(greffe__definition *d, const greffe__node *roles)
{
    for (uint32_t i = 0; i + 1 < roles->count; i += 2) {
        const greffe__node *stands_for = greffe__node_get(roles->children[i + 1], "for");
        if (stands_for == NULL || stands_for->kind != GREFFE__SCALAR) {
            continue;
        }
        uint32_t role = greffe__plan_role_at(d->plan, stands_for->text);
        if (greffe__name_find(d, stands_for, stands_for->text, 1u << GREFFE__THING_ROLE,
                              "an agent's role") != NULL &&
            role != GREFFE__NONE && d->plan->roles.at[role].kind != GREFFE__ROLE_AGENT) {
            greffe__complain(&d->binder, GREFFE__GR_WRONG_ROLE, stands_for,
                             "name the role of an agent", "a delegate acts for an agent's role");
        }
    }
}

static void bind_roles(greffe__definition *d, const greffe__node *roles)
{
    if (!greffe__expect_mapping(&d->binder, roles, "the list of roles")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < roles->count; i += 2) {
        if (greffe__check_id(&d->binder, roles->children[i])) {
            bind_role(d, roles->children[i], greffe__node_resolve(roles->children[i + 1]));
        }
    }
    check_delegates(d, roles);
    for (uint32_t i = 0; i < d->plan->boards.count; i++) { /* a board may act as a role */
        const greffe__board *board = &d->plan->boards.at[i];
        greffe__role *role = greffe__arena_push(d->binder.arena, &d->plan->roles, sizeof *role);
        if (role != NULL) {
            *role =
                (greffe__role){.id = board->id, .kind = GREFFE__ROLE_BOARD, .title = board->title};
        }
    }
    own_sections(d, roles);
}

/* --- Form, documents --- */

static void bind_form(greffe__definition *d, const greffe__node *form)
{
    greffe__binder *b = &d->binder;
    if (!greffe__expect_mapping(b, form, "the form")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < form->count; i += 2) {
        const greffe__node *name = form->children[i];
        greffe__section_source section;
        if (!greffe__check_id(b, name)) {
            continue;
        }
        (void)greffe__name_add(d, name, name->text, GREFFE__THING_SECTION, d->plan->sections.count);
        if (greffe__bind_form_section(d, name->text, greffe__node_resolve(form->children[i + 1]),
                                      &section)) {
            add_section(d, &section, name->text, (greffe__str){"", 0});
            if (d->plan->sections.count > 0) { /* else there is no memory */
                greffe__section *added = &d->plan->sections.at[d->plan->sections.count - 1];
                greffe__read_see(d, section.see, &added->see);
            }
        }
    }
}

typedef struct document_keys {
    greffe__str label;
    greffe__ref max_size;
    uint32_t needed_to;
    bool optional;
    const greffe__node *accept_node, *when, *see;
} document_keys;
static const char *const needs[] = {"file", "instruct", "pay", NULL};
static const greffe__key document_rows[] = {
    {"label", GREFFE__K_TEXT, true, offsetof(document_keys, label), 0, NULL, "what people read"},
    {"accept", GREFFE__K_NODE, false, offsetof(document_keys, accept_node), 0, NULL,
     "pdf, jpeg, png, or a list of them; default all three"},
    {"max_size", GREFFE__K_SCALAR, false, offsetof(document_keys, max_size), 0, NULL,
     "such as 5 MB; default 10 MB"},
    {"needed_to", GREFFE__K_WORD, false, offsetof(document_keys, needed_to), 0, needs,
     "file, instruct or pay; default instruct"},
    {"optional", GREFFE__K_BOOL, false, offsetof(document_keys, optional), 0, NULL,
     "true when it may be left out"},
    {"when", GREFFE__K_EXPR, false, offsetof(document_keys, when), 0, NULL,
     "it is asked for only if this holds"},
    {"see", GREFFE__K_NODE, false, offsetof(document_keys, see), 0, NULL,
     "who sees it: a role, or a list of roles; default: all agents of the procedure"},
};
const greffe__keys greffe__keys_document = {"a document", document_rows,
                                            sizeof document_rows / sizeof *document_rows};

static const struct {
    const char *word, *media;
} media_types[] = {{"pdf", "application/pdf"}, {"jpeg", "image/jpeg"}, {"png", "image/png"}};

static void accept_one(greffe__definition *d, const greffe__node *node, greffe__strs *out)
{
    for (size_t i = 0; i < sizeof media_types / sizeof *media_types; i++) {
        bool named = node == NULL || (node->kind == GREFFE__SCALAR &&
                                      greffe__str_is(node->text, media_types[i].word));
        if (!named) {
            continue;
        }
        greffe__str *place = greffe__arena_push(d->binder.arena, out, sizeof *place);
        if (place != NULL) {
            *place = greffe__str_of(media_types[i].media);
        }
        if (node != NULL) {
            return;
        }
    }
    if (node != NULL) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_VALUE, node, "pdf, jpeg or png",
                         "this is no accepted type of document");
    }
}

static int64_t read_size(greffe__definition *d, const greffe__ref *ref)
{
    static const int64_t megabyte = 1000000;
    int64_t count;
    size_t digits = 0;
    if (ref->node == NULL) {
        return 10 * megabyte;
    }
    while (digits < ref->id.size && ref->id.data[digits] >= '0' && ref->id.data[digits] <= '9') {
        digits += 1;
    }
    greffe__str unit =
        greffe__str_trim((greffe__str){ref->id.data + digits, ref->id.size - digits});
    bool known = greffe__str_is(unit, "MB") || greffe__str_is(unit, "kB");
    if (!greffe__str_to_i64(&count, (greffe__str){ref->id.data, digits}) || count < 1 ||
        count > 2000 || !known) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_VALUE, ref->node, "write 5 MB or 500 kB",
                         "this is no size of a document");
        return 10 * megabyte;
    }
    return count * (unit.data[0] == 'M' ? megabyte : 1000);
}

static void bind_document(greffe__definition *d, const greffe__node *name, const greffe__node *node)
{
    document_keys keys = {.needed_to = GREFFE__NEEDED_TO_INSTRUCT};
    greffe__binder *b = &d->binder;
    greffe__bind(b, &greffe__keys_document, node, 0, &keys);
    greffe__document_def *document =
        greffe__arena_push(b->arena, &d->plan->documents, sizeof *document);
    struct greffe__document_pending *pending =
        greffe__arena_push(b->arena, &d->document_sources, sizeof *pending);
    if (document == NULL || pending == NULL) {
        return;
    }
    *document = (greffe__document_def){.id = name->text,
                                       .label = keys.label,
                                       .max_bytes = read_size(d, &keys.max_size),
                                       .needed_to = keys.needed_to,
                                       .optional = keys.optional};
    *pending = (struct greffe__document_pending){d->plan->documents.count - 1, keys.when};
    greffe__read_see(d, keys.see, &document->see);
    const greffe__node *list = keys.accept_node;
    if (list != NULL && list->kind == GREFFE__MAPPING) {
        greffe__complain(b, GREFFE__GR_WRONG_SHAPE, list, "accept: [pdf, jpeg]",
                         "'accept' takes a type of document, or a list of them");
    }
    if (list == NULL || list->kind == GREFFE__SCALAR) {
        accept_one(d, list, &document->accept);
    }
    for (uint32_t i = 0; list != NULL && list->kind == GREFFE__SEQUENCE && i < list->count; i++) {
        accept_one(d, greffe__node_resolve(list->children[i]), &document->accept);
    }
    (void)greffe__name_add(d, name, name->text, GREFFE__THING_DOCUMENT,
                           d->plan->documents.count - 1);
}

/* --- Values --- */

bool greffe__add_rule(greffe__definition *d, uint32_t value, const greffe__node *expression,
                      struct greffe__table_def *table, bool always, int64_t from)
{
    greffe__dated_programs *rules = &d->plan->values.at[value].rules;
    greffe__dated_program *rule = greffe__arena_push(d->binder.arena, rules, sizeof *rule);
    struct greffe__value_source *source =
        greffe__arena_push(d->binder.arena, &d->value_sources, sizeof *source);
    if (rule == NULL || source == NULL) {
        return false;
    }
    rule->always = always;
    rule->from = from;
    *source = (struct greffe__value_source){value, rules->count - 1, expression, table};
    return true;
}

static const greffe__key rule_rows[] = {
    {"from", GREFFE__K_DATE, true, offsetof(greffe__dated, from), 0, NULL,
     "the first day it holds"},
    {"value", GREFFE__K_EXPR, true, offsetof(greffe__dated, node), 0, NULL, "an expression"},
};
const greffe__keys greffe__keys_rule = {"a dated rule", rule_rows, 2};

typedef struct value_keys {
    uint32_t as_of;
    const greffe__node *rules;
} value_keys;
static const char *const dates[] = {"filing", "today", NULL};
static const greffe__key value_rows[] = {
    {"as_of", GREFFE__K_WORD, false, offsetof(value_keys, as_of), 0, dates,
     "by which day a rule is chosen: filing (the default) or today"},
    {"rules", GREFFE__K_NODE, true, offsetof(value_keys, rules), 0, NULL,
     "an expression, or dated rules"},
};
const greffe__keys greffe__keys_value = {"a value", value_rows, 2};

void greffe__bind_dated(greffe__definition *d, const greffe__keys *keys, const greffe__node *list,
                        void (*add)(greffe__definition *d, void *data, const greffe__node *node,
                                    int64_t from),
                        void *data)
{
    int64_t previous = INT64_MIN;
    for (uint32_t i = 0; i < list->count; i++) {
        const greffe__node *item = greffe__node_resolve(list->children[i]);
        greffe__dated dated = {0};
        greffe__bind(&d->binder, keys, item, 0, &dated);
        if (!dated.from.given || dated.node == NULL) {
            continue; /* reported */
        }
        if (dated.from.days <= previous) {
            greffe__complain(&d->binder, GREFFE__GR_WRONG_VALUE, item, "put the earlier date first",
                             "the dates of a value's rules must ascend");
        }
        previous = dated.from.days;
        add(d, data, dated.node, dated.from.days);
    }
}

static void add_expression(greffe__definition *d, void *data, const greffe__node *node,
                           int64_t from)
{
    (void)greffe__add_rule(d, *(const uint32_t *)data, node, NULL, false, from);
}

/* A dated value: [{from: 2019-01-01, value: 200}, …], ascending. */
static void bind_rules(greffe__definition *d, uint32_t value, const greffe__node *list)
{
    greffe__binder *b = &d->binder;
    const greffe__node *first = list->count > 0 ? greffe__node_resolve(list->children[0]) : NULL;
    if (first != NULL && first->kind == GREFFE__SCALAR && list->style == GREFFE__FLOW) {
        greffe__taken_for_list(b, list);
        return;
    }
    if (list->count == 0) {
        greffe__complain(b, GREFFE__GR_WRONG_SHAPE, list, "- {from: 2026-01-01, value: 200}",
                         "the list of rules is empty");
    }
    greffe__bind_dated(d, &greffe__keys_rule, list, add_expression, &value);
}

static void bind_value(greffe__definition *d, const greffe__node *name, const greffe__node *node)
{
    greffe__value_def *value = greffe__arena_push(d->binder.arena, &d->plan->values, sizeof *value);
    if (value == NULL) {
        return;
    }
    value->name = name->text;
    uint32_t position = d->plan->values.count - 1;
    (void)greffe__name_add(d, name, name->text, GREFFE__THING_VALUE, position);
    const greffe__node *rules = node;
    if (node->kind == GREFFE__MAPPING) {
        value_keys keys = {0};
        greffe__bind(&d->binder, &greffe__keys_value, node, 0, &keys);
        rules = keys.rules;
        value->by_today = keys.as_of == 2;
    }
    if (rules == NULL) {
        return; /* reported */
    }
    if (rules->kind == GREFFE__SEQUENCE) {
        bind_rules(d, position, rules);
    } else {
        (void)greffe__add_rule(d, position, rules, NULL, true, 0);
    }
}

static void pairs(greffe__definition *d, const greffe__node *node, const char *what,
                  void (*bind)(greffe__definition *, const greffe__node *, const greffe__node *))
{
    if (node == NULL || !greffe__expect_mapping(&d->binder, node, what)) {
        return;
    }
    for (uint32_t i = 0; i + 1 < node->count; i += 2) {
        if (greffe__check_id(&d->binder, node->children[i])) {
            bind(d, node->children[i], greffe__node_resolve(node->children[i + 1]));
        }
    }
}

static void bind_freeze(greffe__definition *d, const greffe__node *name, const greffe__node *node)
{
    uint32_t value = greffe__plan_value_at(d->plan, name->text);
    if (value == GREFFE__NONE) {
        greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_NAME, name, "declare it under 'values'",
                         "there is no value '%.*s'", (int)name->text.size, name->text.data);
    } else if (node->kind == GREFFE__SCALAR) {
        (void)greffe__read_moment(d, node, node->text, &d->plan->values.at[value].frozen_at);
    } else {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_SHAPE, node, "montant: instruction.done",
                         "a value is frozen at one moment");
    }
}

/* --- Once, retention, services --- */

typedef struct once_keys {
    greffe__ref key, claimed;
    greffe__term every;
} once_keys;
static const greffe__key once_rows[] = {
    {"key", GREFFE__K_NAME, true, offsetof(once_keys, key), 0, NULL,
     "the field that tells who: demandeur.foyer"},
    {"every", GREFFE__K_TERM, false, offsetof(once_keys, every), 0, NULL,
     "after how long it may be granted again; default never"},
    {"claimed", GREFFE__K_NAME, true, offsetof(once_keys, claimed), 0, NULL,
     "the moment from which it counts: instruction.favorable"},
};
const greffe__keys greffe__keys_once = {"'once'", once_rows, 3};

/* Whether a person comes to this moment by choosing it, and could choose something else. */
static bool is_chosen(const greffe__definition *d, uint32_t step, greffe__str moment)
{
    const greffe__step *one = &d->plan->steps.at[step];
    const greffe__step_def *def = d->steps.at[step];
    bool others = false;
    for (uint32_t i = 0; i < def->outcomes.count; i++) {
        greffe__str outcome = def->outcomes.at[i].outcome.id;
        greffe__str rest = {moment.data + one->id.size + 1, moment.size - one->id.size - 1};
        others =
            others || !(greffe__str_is(outcome, "expired") || greffe__str_equal(rest, outcome));
    }
    switch ((greffe__step_kind)one->kind) {
    case GREFFE__KIND_SUBMISSION: return true; /* who may not claim does not file */
    case GREFFE__KIND_COMPLETENESS: return !greffe__moment_is(moment, one->id, "expired");
    case GREFFE__KIND_INSTRUCTION:
    case GREFFE__KIND_DECISION:
    case GREFFE__KIND_TASK:
        return others && !greffe__moment_is(moment, one->id, "done") &&
               !greffe__moment_is(moment, one->id, "expired");
    default: return false;
    }
}

/* A claim that is held by another refuses the command that comes to it: so a person has to give
 * that command, and can choose another outcome. A board's grant is the exception: its claim is held
 * from the agenda on. And something must make it last. */
static void check_claimed(greffe__definition *d, const greffe__node *node)
{
    greffe__str moment = d->plan->once.claimed;
    bool lasts = false;
    for (uint32_t i = 0; i < d->plan->steps.count; i++) {
        const greffe__step *step = &d->plan->steps.at[i];
        bool own = greffe__moment_of(moment, step->id);
        bool decides = step->kind == GREFFE__KIND_DECISION && own &&
                       !greffe__moment_is(moment, step->id, "done");
        lasts = lasts || decides || step->kind == GREFFE__KIND_DELIBERATION ||
                step->kind == GREFFE__KIND_PAYMENT;
        bool board = step->kind == GREFFE__KIND_DELIBERATION &&
                     greffe__moment_is(moment, step->id, "granted");
        if (own && !board && !is_chosen(d, i, moment)) {
            greffe__complain(&d->binder, GREFFE__GR_BAD_MOMENT, node,
                             "claim it at the instruction's favorable outcome, or at a board's "
                             "'granted'",
                             "nobody could choose otherwise at this moment, if another holds the "
                             "claim");
        }
    }
    if (!lasts) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_MOMENT, node,
                         "claim it at the outcome of a decision that grants: decision.accordee",
                         "nothing makes this claim last: no board grants, nothing is paid, and no "
                         "decision takes it");
    }
}

/* A claim belongs to whom an answer names: it is always there when the claim is taken, and two that
 * are the same are the same text. */
static void check_key(greffe__definition *d, const greffe__node *node, uint32_t at)
{
    const greffe__field_def *field = &d->plan->fields.at[at];
    bool text = field->type == GREFFE__DATA_TEXT || field->type == GREFFE__DATA_CHOICE ||
                field->type == GREFFE__DATA_EMAIL || field->type == GREFFE__DATA_IBAN ||
                field->type == GREFFE__DATA_PHONE;
    bool filed = greffe__plan_section_at(d->plan, field->owner) != GREFFE__NONE;
    bool may_lack = field->optional;
    for (uint32_t i = 0; i < d->field_sources.count; i++) {
        may_lack =
            may_lack || (d->field_sources.at[i].field == at && d->field_sources.at[i].when != NULL);
    }
    if (!text || !filed) {
        greffe__complain(
            &d->binder, GREFFE__GR_BAD_ONCE_KEY, node,
            "name a field of the form whose type is text, choice, email, iban or phone",
            "'%.*s' cannot tell who: it is %s", (int)field->path.size, field->path.data,
            filed ? "no short text" : "not filled in when filing");
    } else if (may_lack) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_ONCE_KEY, node,
                         "take 'optional' and 'when' from the field, or name another one",
                         "'%.*s' may be left out, and then nobody knows who was granted",
                         (int)field->path.size, field->path.data);
    }
}

static void bind_once(greffe__definition *d, const greffe__node *node)
{
    once_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_once, node, 0, &keys);
    d->plan->once.every = keys.every;
    if (keys.key.node != NULL) {
        uint32_t field = greffe__plan_field_at(d->plan, keys.key.id);
        if (field == GREFFE__NONE) {
            greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_NAME, keys.key.node,
                             "name a field of the form, with its section",
                             "there is no field '%.*s'", (int)keys.key.id.size, keys.key.id.data);
        } else {
            check_key(d, keys.key.node, field);
        }
        d->plan->once.key = keys.key.id;
    }
    if (keys.claimed.node != NULL &&
        greffe__read_moment(d, keys.claimed.node, keys.claimed.id, &d->plan->once.claimed)) {
        check_claimed(d, keys.claimed.node);
    }
    if (keys.every.unit == GREFFE__UNIT_HOURS) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_PERIOD, node, "every: 5 years",
                         "a claim is kept for days, weeks, months or years");
    }
}

static void bind_retention(greffe__definition *d, const greffe__node *name,
                           const greffe__node *node)
{
    greffe__retention *retention =
        greffe__arena_push(d->binder.arena, &d->plan->retention, sizeof *retention);
    if (retention == NULL) {
        return;
    }
    bool other = greffe__str_is(name->text, "other"), known = other;
    for (uint32_t i = 0; i < d->steps.count; i++) {
        known = known || (d->steps.at[i]->kind == GREFFE__KIND_END &&
                          greffe__str_equal(d->steps.at[i]->outcome.id, name->text));
    }
    if (!known) {
        greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_NAME, name,
                         "name the outcome of an end, or write 'other'",
                         "no dossier ends with the outcome '%.*s'", (int)name->text.size,
                         name->text.data);
    }
    retention->outcome = other ? (greffe__str){"", 0} : name->text;
    if (node->kind != GREFFE__SCALAR || !greffe__read_term(&retention->keep, node->text)) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_PERIOD, node, "write 10 years",
                         "this is not a length of time");
    }
}

/* --- The whole file --- */

static void bind_header(greffe__definition *d, const procedure_keys *keys)
{
    greffe__plan *plan = d->plan;
    if (keys->version.node != NULL && !greffe__str_is(keys->version.id, "1")) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_LANGUAGE_VERSION, keys->version.node,
                         "greffe: 1", "this library knows version 1 of the language");
    }
    if (keys->id.node != NULL && greffe__check_id(&d->binder, keys->id.node)) {
        plan->procedure = keys->id.id;
    }
    plan->title = keys->title;
    plan->semantics = GREFFE__SEMANTICS;
    greffe__str from = keys->prefix.node != NULL ? keys->prefix.id : plan->procedure;
    char *prefix = greffe__arena_copy(d->binder.arena, from.data, from.size);
    for (size_t i = 0; prefix != NULL && i < from.size; i++) {
        prefix[i] = prefix[i] >= 'a' && prefix[i] <= 'z' ? (char)(prefix[i] - 32) : prefix[i];
        prefix[i] = prefix[i] == '_' ? '-' : prefix[i];
    }
    plan->prefix = (greffe__str){prefix != NULL ? prefix : "", from.size};
}

void greffe__bind_procedure(greffe__definition *d)
{
    procedure_keys keys = {0};
    const greffe__node *root = d->procedure.root;
    if (greffe__node_get(root, "authority") != NULL &&
        greffe__node_get(root, "procedure") == NULL) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_FILE_KIND, root,
                         "give the procedure's file; it names its authority by 'uses'",
                         "this is an authority's file, not a procedure's");
        return;
    }
    greffe__bind(&d->binder, &greffe__keys_procedure, root, 0, &keys);
    bind_header(d, &keys);
    if (keys.open != NULL) {
        bind_open(d, keys.open);
    }
    if (keys.roles != NULL) {
        bind_roles(d, keys.roles);
    }
    if (keys.form != NULL) {
        bind_form(d, keys.form);
    }
    pairs(d, keys.documents, "the list of documents", bind_document);
    bool tables_first = keys.tables != NULL && keys.values != NULL &&
                        keys.tables->span.start < keys.values->span.start;
    if (tables_first) { /* in the order of the file: each may use what stands above it */
        pairs(d, keys.tables, "the list of tables", greffe__bind_table);
    }
    pairs(d, keys.values, "the list of values", bind_value);
    if (!tables_first) {
        pairs(d, keys.tables, "the list of tables", greffe__bind_table);
    }
    pairs(d, keys.services, "the list of services", greffe__bind_call_service);
    const greffe__node *steps = keys.steps;
    if (steps == NULL && root->kind == GREFFE__MAPPING) {
        steps = greffe__default_steps(d, root);
    }
    if (steps != NULL) {
        greffe__bind_steps(d, steps, 0);
        greffe__lower_all(d);
    }
    d->binder.doc = &d->procedure;
    pairs(d, keys.freeze, "'freeze'", bind_freeze);
    if (keys.once != NULL) {
        bind_once(d, keys.once);
    }
    pairs(d, keys.retention, "'retention'", bind_retention);
    if (keys.clocks != NULL) {
        greffe__bind_clocks(d, keys.clocks);
    }
    if (keys.guarantees != NULL) {
        greffe__bind_guarantees(d, keys.guarantees);
    }
    if (keys.waive != NULL) {
        greffe__bind_waivers(d, keys.waive);
    }
}
