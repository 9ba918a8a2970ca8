/* Expressions of a procedure: the names they may use, and their compiling once all are known. */
#include <string.h>

#include "compile/compile_priv.h"

static const greffe__type truth = {.kind = GREFFE__BOOL};

static greffe__type field_type(greffe__arena *arena, const greffe__field_def *field)
{
    static const uint8_t kinds[] = {
        [GREFFE__DATA_TEXT] = GREFFE__STRING,   [GREFFE__DATA_LONG_TEXT] = GREFFE__STRING,
        [GREFFE__DATA_BOOLEAN] = GREFFE__BOOL,  [GREFFE__DATA_INTEGER] = GREFFE__NUMBER,
        [GREFFE__DATA_NUMBER] = GREFFE__NUMBER, [GREFFE__DATA_MONEY] = GREFFE__NUMBER,
        [GREFFE__DATA_DATE] = GREFFE__DATE,     [GREFFE__DATA_CHOICE] = GREFFE__STRING,
        [GREFFE__DATA_CHOICES] = GREFFE__LIST,  [GREFFE__DATA_EMAIL] = GREFFE__STRING,
        [GREFFE__DATA_IBAN] = GREFFE__STRING,   [GREFFE__DATA_PHONE] = GREFFE__STRING,
        [GREFFE__DATA_LIST] = GREFFE__LIST,
    };
    static const greffe__type text = {.kind = GREFFE__STRING};
    greffe__type type = {.kind = kinds[field->type]};
    bool list = type.kind == GREFFE__LIST;
    type.item = list ? &text : NULL;
    type.options = field->type == GREFFE__DATA_CHOICE ? &field->options : NULL;
    bool whole = field->type == GREFFE__DATA_INTEGER, money = field->type == GREFFE__DATA_MONEY;
    if (arena != NULL && (type.kind == GREFFE__NUMBER || type.kind == GREFFE__DATE)) {
        greffe__domain *domain = greffe__arena_alloc(arena, sizeof *domain);
        if (domain != NULL) {
            *domain = (greffe__domain){field->min, field->max, whole ? 0 : money ? 2 : -1};
        }
        type.domain = domain;
    }
    return type;
}

void greffe__taken_for_list(greffe__binder *b, const greffe__node *node)
{
    enum { most = 200 };
    greffe__str source = b->doc->source.text;
    size_t size = node->span.end - node->span.start;
    bool shown = size <= most && memchr(source.data + node->span.start, '\'', size) == NULL &&
                 memchr(source.data + node->span.start, '\n', size) == NULL;
    greffe__str hint = greffe__str_format(greffe__diags_arena(b->diags),
                                          "put the whole expression in single quotes: '%.*s'",
                                          (int)size, source.data + node->span.start);
    greffe__report(b->diags, GREFFE__GR_TRAP_EXPRESSION, &b->doc->source, node->span,
                   shown ? hint.data : "put the whole expression in single quotes",
                   "YAML takes this expression for %s", greffe__node_kind_name(node));
}

static const greffe__symbol *add_symbol(greffe__definition *d, greffe__str name,
                                        greffe__slot_kind kind, greffe__type type)
{
    greffe__slot *slot = greffe__arena_push(d->binder.arena, &d->plan->slots, sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    *slot = (greffe__slot){kind, name};
    return greffe__symbols_add(&d->symbols, name, type, d->plan->slots.count - 1)
               ? d->symbols.at[d->symbols.count - 1]
               : NULL;
}

static bool is_step(const greffe__definition *d, greffe__str owner)
{
    return greffe__step_named(d, owner) != GREFFE__NONE;
}

/* --- Moments of steps: most are in no expression, and are made where one names them --- */

/* step.done, step.waiting, step.date; step.outcome is looked for among the step's ways on. */
static const greffe__symbol *moment_of(greffe__definition *d, uint32_t step, greffe__str rest,
                                       greffe__str name)
{
    const greffe__plan *plan = d->plan;
    const greffe__type date = {.kind = GREFFE__DATE, .optional = true};
    bool day = greffe__str_is(rest, "date"), waits = greffe__str_is(rest, "waiting");
    bool known = day || waits || greffe__str_is(rest, "done");
    uint32_t i = plan->steps.at[step].entry; /* its nodes follow each other */
    for (; !known && i < plan->nodes.count && plan->nodes.at[i].step == step; i++) {
        const greffe__edge *edge = greffe__node_edge(&plan->nodes.at[i], rest);
        known = edge != NULL && edge->done;
    }
    if (!known) {
        return NULL;
    }
    return add_symbol(d, greffe__str_dup(d->binder.arena, name),
                      day     ? GREFFE__SLOT_DATE
                      : waits ? GREFFE__SLOT_WAITING
                              : GREFFE__SLOT_MOMENT,
                      day ? date : truth);
}

/* All that there are: for whoever looks for a name that is near to one that is none. */
static void add_moments(greffe__definition *d)
{
    static const char *const built_in[] = {"done", "waiting", "date"};
    const greffe__plan *plan = d->plan;
    for (uint32_t i = 0; i < plan->nodes.count; i++) {
        const greffe__plan_node *node = &plan->nodes.at[i];
        greffe__str step = plan->steps.at[node->step].id;
        uint32_t own = sizeof built_in / sizeof *built_in;
        for (uint32_t j = 0; j < own + node->edges.count; j++) {
            greffe__str rest =
                j < own ? greffe__str_of(built_in[j]) : node->edges.at[j - own].outcome;
            greffe__str name = greffe__str_format(d->binder.arena, "%.*s.%.*s", (int)step.size,
                                                  step.data, (int)rest.size, rest.data);
            (void)greffe__symbols_find(&d->symbols, name);
        }
    }
    d->symbols.supply = NULL; /* all are there */
}

static const greffe__symbol *supply_moment(void *data, greffe__str name)
{
    greffe__definition *d = data;
    const char *dot = name.size > 0 ? memchr(name.data, '.', name.size) : NULL;
    if (name.size == 0) {
        add_moments(d);
    }
    if (dot == NULL) {
        return NULL;
    }
    size_t size = (size_t)(dot - name.data);
    uint32_t step = greffe__step_named(d, (greffe__str){name.data, size});
    return step == GREFFE__NONE
               ? NULL
               : moment_of(d, step, (greffe__str){dot + 1, name.size - size - 1}, name);
}

void greffe__make_symbols(greffe__definition *d)
{
    greffe__plan *plan = d->plan;
    greffe__arena *arena = d->binder.arena;
    greffe__symbols_init(&d->symbols, arena);
    for (uint32_t i = 0; i < plan->fields.count; i++) {
        greffe__field_def *field = &plan->fields.at[i];
        greffe__type type = field_type(arena, field);
        const struct greffe__field_pending *pending = &d->field_sources.at[i];
        /* What a step fills in, and what applies only sometimes, may be absent. */
        type.optional = field->optional || pending->when != NULL || is_step(d, field->owner);
        (void)add_symbol(d, field->path, GREFFE__SLOT_FIELD, type);
    }
    d->symbols.supply = supply_moment;
    d->symbols.data = d;
}

bool greffe__compile_expression(greffe__definition *d, const greffe__doc *doc,
                                const greffe__node *node, const greffe__type *wanted,
                                greffe__program *out)
{
    return greffe__compile_typed(d, doc, node, wanted, out, NULL);
}

/* Of what may be absent: a program of its own, or NULL. */
static const greffe__program *program_of(greffe__definition *d, const greffe__doc *doc,
                                         const greffe__node *node, const greffe__type *wanted)
{
    greffe__program *program =
        node != NULL ? greffe__arena_zalloc(d->binder.arena, sizeof *program) : NULL;
    bool good = program != NULL && greffe__compile_expression(d, doc, node, wanted, program);
    return good ? program : NULL;
}

bool greffe__compile_typed(greffe__definition *d, const greffe__doc *doc, const greffe__node *node,
                           const greffe__type *wanted, greffe__program *out, greffe__type *type)
{
    greffe__expr_error error;
    if (node->kind != GREFFE__SCALAR) {
        greffe__binder b = d->binder;
        b.doc = doc;
        greffe__taken_for_list(&b, node);
        return false;
    }
    if (greffe__trap_expression(doc, d->binder.diags, node)) {
        return false;
    }
    greffe_status status =
        greffe__expr_compile(out, type, &error, d->binder.arena, &d->symbols, node->text, wanted);
    if (status == GREFFE_EINVALID ||
        (status == GREFFE_OK && error.code != GREFFE__GR_NONE && !greffe__waives(d, error.code))) {
        greffe__report(d->binder.diags, error.code, &doc->source,
                       greffe__node_place(doc, node, error.start, error.end), error.hint, "%s",
                       error.message);
    }
    greffe__str part;
    if (status == GREFFE_OK &&
        greffe__expr_partial(&part, d->binder.arena, &d->symbols, node->text, NULL)) {
        struct greffe__partial *one =
            greffe__arena_push(d->binder.arena, &d->partials, sizeof *one);
        if (one != NULL) {
            *one = (struct greffe__partial){doc, node, part};
        }
    }
    return status == GREFFE_OK;
}

/* The item of `each` has the name that the author gives it, and the type of a list's item. */
static void add_items(greffe__definition *d)
{
    for (uint32_t i = 0; i < d->steps.count; i++) {
        const greffe__step_def *step = d->steps.at[i];
        if (step->item.node == NULL || !greffe__check_id(&d->binder, step->item.node)) {
            continue;
        }
        greffe__slot *slot = greffe__arena_push(d->binder.arena, &d->plan->slots, sizeof *slot);
        if (slot == NULL) {
            return;
        }
        *slot = (greffe__slot){GREFFE__SLOT_ITEM, step->id};
        greffe__type any = {.any = true};
        if (!greffe__symbols_add(&d->symbols, step->item.id, any, d->plan->slots.count - 1) &&
            !d->binder.arena->failed) {
            greffe__complain(&d->binder, GREFFE__GR_DUPLICATE_ID, step->item.node,
                             "choose another name", "'%.*s' is already a name in expressions",
                             (int)step->item.id.size, step->item.id.data);
        }
    }
}

/* What a service says of an argument's type; any, when it says nothing. */
static greffe__type argument_type(const greffe__definition *d, greffe__str service,
                                  greffe__str name)
{
    for (uint32_t i = 0; i < d->calls.count; i++) {
        const greffe__call_service *one = &d->calls.at[i];
        for (uint32_t j = 0; greffe__str_equal(one->id, service) && j < one->with.count; j++) {
            if (greffe__str_equal(one->with.at[j], name) && j < one->types.count &&
                one->types.at[j] != 0) { /* 0: a fault that was reported */
                const greffe__field_def like = {.type = one->types.at[j]};
                greffe__type type = field_type(NULL, &like);
                type.options = NULL; /* whichever there are */
                return type;
            }
        }
    }
    return (greffe__type){.any = true, .optional = true};
}

static void compile_arguments(greffe__definition *d, const greffe__node *with,
                              greffe__plan_node *node)
{
    if (!greffe__expect_mapping(&d->binder, with, "'with'")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < with->count; i += 2) {
        greffe__argument *argument =
            greffe__arena_push(d->binder.arena, &node->with, sizeof *argument);
        if (argument == NULL || !greffe__check_id(&d->binder, with->children[i])) {
            return;
        }
        argument->name = with->children[i]->text;
        const greffe__type wanted = argument_type(d, node->service, argument->name);
        (void)greffe__compile_expression(d, &d->procedure,
                                         greffe__node_resolve(with->children[i + 1]), &wanted,
                                         &argument->program);
    }
}

static void compile_values(greffe__definition *d)
{
    greffe__plan *plan = d->plan;
    for (uint32_t i = 0; i < plan->values.count; i++) {
        greffe__value_def *value = &plan->values.at[i];
        greffe__type type = {.any = true};
        for (uint32_t j = 0; j < d->value_sources.count; j++) {
            const struct greffe__value_source *source = &d->value_sources.at[j];
            if (source->value != i) {
                continue;
            }
            greffe__dated_program *rule = &value->rules.at[source->rule];
            greffe__type found;
            bool good = source->table != NULL
                            ? greffe__compile_table(d, source->table, rule, &found)
                            : greffe__compile_typed(d, &d->procedure, source->node, NULL,
                                                    &rule->program, &found);
            type = good ? found : type;
        }
        /* Known from here on: a value may use those that stand above it. */
        (void)add_symbol(d, value->name, GREFFE__SLOT_VALUE, type);
    }
}

/* The scope of the items of the `each` that a scope lies in; GREFFE__NONE: it lies in none. */
static uint32_t items_of(const greffe__plan *plan, uint32_t scope)
{
    for (uint32_t i = 0; i < plan->nodes.count; i++) {
        const greffe__plan_node *node = &plan->nodes.at[i];
        if (node->op == GREFFE__P_EACH && node->scopes.count == 1 &&
            greffe__scope_within(plan, scope, node->scopes.at[0])) {
            return node->scopes.at[0];
        }
    }
    return GREFFE__NONE;
}

/* An item, and what is filled in for it, is known inside its `each` alone. */
static void check_items(greffe__definition *d, uint32_t scope, const greffe__node *node,
                        const greffe__program *program)
{
    for (uint32_t i = 0; program != NULL && i < program->slots.count; i++) {
        const greffe__slot *slot = &d->plan->slots.at[program->slots.at[i]];
        uint32_t field = slot->kind == GREFFE__SLOT_FIELD
                             ? greffe__plan_field_at(d->plan, slot->name)
                             : GREFFE__NONE;
        greffe__str owner = field != GREFFE__NONE             ? d->plan->fields.at[field].owner
                            : slot->kind == GREFFE__SLOT_ITEM ? slot->name
                                                              : (greffe__str){"", 0};
        uint32_t step = owner.size > 0 ? greffe__step_named(d, owner) : GREFFE__NONE;
        if (step == GREFFE__NONE) {
            continue;
        }
        bool item = slot->kind == GREFFE__SLOT_ITEM;
        const greffe__plan_node *each = &d->plan->nodes.at[d->plan->steps.at[step].entry];
        uint32_t home = !item                    ? items_of(d->plan, d->plan->steps.at[step].scope)
                        : each->scopes.count > 0 ? each->scopes.at[0]
                                                 : GREFFE__NONE;
        if (home != GREFFE__NONE && !greffe__scope_within(d->plan, scope, home)) {
            greffe__complain(
                &d->binder, GREFFE__GR_EXPR_NAME, node, "use it in a step of the same 'each'",
                "'%.*s' has a value for each item, and is known inside the block alone",
                (int)slot->name.size, slot->name.data);
        }
    }
}

/* What an outcome asks to be filled in is there where its `must` is looked at. */
static void filled_in(greffe__definition *d, const greffe__u32s *fill, bool there)
{
    uint32_t index;
    for (uint32_t i = 0; i < fill->count; i++) {
        const greffe__field_def *field = &d->plan->fields.at[fill->at[i]];
        if (!field->optional && field->when == NULL &&
            greffe__map_get(&d->symbols.index, field->path, &index)) {
            d->symbols.at[index]->type.optional = !there;
        }
    }
}

/* What must hold for a person to choose an outcome. */
static void compile_musts(greffe__definition *d, const greffe__step_def *step,
                          greffe__plan_node *node)
{
    for (uint32_t i = 0; i < step->outcomes.count; i++) {
        const greffe__branch *branch = &step->outcomes.at[i];
        for (uint32_t j = 0; branch->must != NULL && j < node->edges.count; j++) {
            greffe__edge *edge = &node->edges.at[j];
            if (greffe__str_equal(edge->outcome, branch->outcome.id)) {
                filled_in(d, &edge->fill, true);
                edge->guard = program_of(d, &d->procedure, branch->must, &truth);
                filled_in(d, &edge->fill, false);
                check_items(d, node->scope, branch->must, edge->guard);
            }
        }
    }
}

static void compile_nodes(greffe__definition *d)
{
    static const greffe__type text = {.kind = GREFFE__STRING}, list = {.kind = GREFFE__LIST},
                              date = {.kind = GREFFE__DATE};
    greffe__plan *plan = d->plan;
    for (uint32_t i = 0; i < d->steps.count; i++) {
        const greffe__step_def *step = d->steps.at[i];
        greffe__plan_node *node = step->kind != 0 && plan->nodes.count > 0
                                      ? &plan->nodes.at[plan->steps.at[step->plan_step].entry]
                                      : NULL;
        if (node == NULL) {
            continue;
        }
        node->account = program_of(d, &d->procedure, step->account, &text);
        if (step->of != NULL) {
            node->expression = program_of(d, &d->procedure, step->of, &list);
            check_items(d, node->scope, step->of, node->expression);
        }
        if (step->with != NULL) {
            compile_arguments(d, step->with, node);
        }
        if (step->at != NULL) {
            node->expression = program_of(d, &d->procedure, step->at, &date);
        }
        compile_musts(d, step, node);
        for (uint32_t j = 0; j < step->outcomes.count && j < node->edges.count; j++) {
            const greffe__node *when = step->outcomes.at[j].when;
            if (when != NULL) {
                node->edges.at[j].guard = program_of(d, &d->procedure, when, &truth);
                check_items(d, node->scope, when, node->edges.at[j].guard);
            }
        }
    }
}

/* A rule is only asked of an answer that is there. It may name its field alone. */
static void compile_must(greffe__definition *d, const struct greffe__field_pending *pending,
                         greffe__field_def *field)
{
    uint32_t index;
    if (!greffe__map_get(&d->symbols.index, field->path, &index)) {
        return; /* without memory */
    }
    greffe__symbol *own = d->symbols.at[index];
    bool optional = own->type.optional;
    own->type.optional = false;
    d->symbols.own = field->name;
    d->symbols.own_is = own;
    field->must = program_of(d, pending->doc, pending->must, &truth);
    d->symbols.own = (greffe__str){"", 0};
    own->type.optional = optional;
}

void greffe__compile_expressions(greffe__definition *d)
{
    greffe__plan *plan = d->plan;
    greffe__make_symbols(d);
    compile_values(d);
    add_items(d);
    for (uint32_t i = 0; i < d->field_sources.count; i++) {
        const struct greffe__field_pending *pending = &d->field_sources.at[i];
        greffe__field_def *field = &plan->fields.at[pending->field];
        field->when = program_of(d, pending->doc, pending->when, &truth);
        if (pending->must != NULL) {
            compile_must(d, pending, field);
        }
    }
    for (uint32_t i = 0; i < d->document_sources.count; i++) {
        const struct greffe__document_pending *pending = &d->document_sources.at[i];
        plan->documents.at[pending->document].when =
            program_of(d, &d->procedure, pending->when, &truth);
    }
    compile_nodes(d);
}
