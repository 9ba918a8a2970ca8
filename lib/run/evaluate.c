/* What expressions read in a dossier: answers, values, moments; and their evaluation. */
#include "run/run_priv.h"

/* The scope of the innermost item around the one in which the bench works, or NULL. */
static const greffe__scope_state *item_scope(const greffe__bench *b)
{
    uint32_t id = b->scope;
    for (uint32_t depth = 0; id != 0 && depth < b->dossier->scopes.count + 1; depth++) {
        const greffe__scope_state *scope = greffe__scope_of(b->dossier, id);
        const greffe__token *block =
            scope == NULL ? NULL : greffe__token_of(b->dossier, scope->token);
        if (scope == NULL || scope->ref.size > 0 || block == NULL) {
            return scope;
        }
        id = block->scope;
    }
    return NULL;
}

greffe__str greffe__record_owner(greffe__bench *b, greffe__str owner)
{
    const greffe__scope_state *scope = item_scope(b);
    uint32_t step = greffe__plan_step_at(b->plan, owner);
    bool inside = scope != NULL && scope->ref.size > 0 && step != GREFFE__NONE &&
                  b->plan->steps.at[step].scope != 0;
    return inside
               ? greffe__str_format(b->arena, "%.*s#%u", (int)owner.size, owner.data, scope->index)
               : owner;
}

/* The newest answer wins: fills are searched from the last. */
bool greffe__field_value(greffe__bench *b, greffe__str path, greffe__value *out)
{
    *out = greffe__null();
    uint32_t field = greffe__plan_field_at(b->plan, path);
    if (field == GREFFE__NONE) {
        return true;
    }
    const greffe__field_def *def = &b->plan->fields.at[field];
    greffe__str owner = greffe__record_owner(b, def->owner);
    for (uint32_t i = b->dossier->fills.count; i > 0; i--) {
        const greffe__fill *fill = &b->dossier->fills.at[i - 1];
        if (!greffe__str_equal(fill->owner, owner)) {
            continue;
        }
        const greffe__value *answers = greffe__personal_value(b, b->stream, fill->ref);
        if (b->stop) {
            return false;
        }
        const greffe__value *value = greffe__value_get(answers, def->name);
        if (value != NULL) {
            *out = *value;
            return true;
        }
    }
    return true;
}

static bool is_waiting(const greffe__bench *b, greffe__str step)
{
    for (uint32_t i = 0; i < b->dossier->tokens.count; i++) {
        const greffe__plan_node *node = greffe__node_of(b, &b->dossier->tokens.at[i]);
        bool waits = node != NULL && node->op == GREFFE__P_WAIT;
        if (waits && greffe__str_equal(b->plan->steps.at[node->step].id, step)) {
            return true;
        }
    }
    return false;
}

static greffe_status load_item(greffe__bench *b, greffe__value *out)
{
    const greffe__scope_state *scope = item_scope(b);
    const greffe__value *list =
        scope == NULL ? NULL : greffe__personal_value(b, b->stream, scope->ref);
    if (b->stop) {
        return GREFFE_ENOTFOUND;
    }
    bool there = list != NULL && list->kind == GREFFE__LIST && scope->index < list->count;
    *out = there ? list->as.items[scope->index] : greffe__null();
    return GREFFE_OK;
}

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    greffe__bench *b = data;
    if (slot >= b->plan->slots.count) {
        return GREFFE_ECORRUPT;
    }
    const greffe__slot *what = &b->plan->slots.at[slot];
    const greffe__mark *mark;
    greffe__str moment;
    uint32_t value;
    switch ((greffe__slot_kind)what->kind) {
    case GREFFE__SLOT_FIELD:
        return greffe__field_value(b, what->name, out) ? GREFFE_OK : GREFFE_ENOTFOUND;
    case GREFFE__SLOT_VALUE:
        value = greffe__plan_value_at(b->plan, what->name);
        return value != GREFFE__NONE && greffe__value_now(b, value, out) ? GREFFE_OK
                                                                         : GREFFE_ENOTFOUND;
    case GREFFE__SLOT_MOMENT:
        *out = greffe__bool(greffe__mark_of(b->dossier, what->name) != NULL);
        return GREFFE_OK;
    case GREFFE__SLOT_WAITING: {
        greffe__str step = what->name;
        step.size -= sizeof ".waiting" - 1;
        *out = greffe__bool(is_waiting(b, step));
        return GREFFE_OK;
    }
    case GREFFE__SLOT_DATE:
        moment = greffe__str_format(b->arena, "%.*s.done",
                                    (int)(what->name.size - (sizeof ".date" - 1)), what->name.data);
        mark = greffe__mark_of(b->dossier, moment);
        *out = mark != NULL ? greffe__date(mark->on) : greffe__null();
        return GREFFE_OK;
    case GREFFE__SLOT_ITEM: return load_item(b, out);
    }
    return GREFFE_ECORRUPT;
}

/* The authority's zone by its name; others are not known where procedures run. */
static const greffe__zone *zone_of(void *data, greffe__str name)
{
    const greffe__bench *b = data;
    return greffe__str_equal(name, b->plan->zone) ? b->zone : NULL;
}

static bool note_rule(void *data, uint32_t rule)
{
    greffe__bench *b = data;
    greffe__str *place =
        b->fired != NULL ? greffe__arena_push(b->arena, b->fired, sizeof *place) : NULL;
    if (place != NULL) {
        *place = rule == GREFFE__RULE_OTHERWISE ? greffe__str_of("otherwise")
                                                : greffe__str_format(b->arena, "%u", rule + 1);
    }
    return !b->arena->failed;
}

bool greffe__evaluate(greffe__bench *b, const greffe__program *program, greffe__value *out)
{
    greffe__expr_error error = {0};
    const greffe__calendar calendar = greffe__plan_calendar(b->plan);
    greffe__eval eval = {.load = load,
                         .data = b,
                         .arena = b->arena,
                         .today = b->today,
                         .now_ms = b->now_ms,
                         .offset = greffe__zone_offset(b->zone, b->now_ms),
                         .zone = zone_of,
                         .calendar = &calendar,
                         .rule = note_rule};
    *out = greffe__null(); /* of no program */
    if (b->stop || program == NULL) {
        return !b->stop;
    }
    greffe_status status = greffe__expr_eval(out, &error, program, &eval);
    if (status == GREFFE_OK) {
        return true;
    }
    if (status != GREFFE_EINVALID) {
        b->stop = true; /* a need was noted by `load`, or memory ran out */
        b->failure = status == GREFFE_ENOTFOUND ? b->failure : status;
        return false;
    }
    greffe__str source = program->source;
    return greffe__refuse(b, GREFFE__GR_GUARD_UNDETERMINED, GREFFE_EINVALID,
                          "the answers this reads are missing or of another kind",
                          "the expression '%.*s' cannot be decided: %s (%s)",
                          (int)(source.size > 200 ? 200 : source.size), source.data, error.message,
                          greffe__code_text(error.code));
}

bool greffe__evaluate_condition(greffe__bench *b, const greffe__program *program, bool *out)
{
    greffe__value value;
    *out = true;
    if (program == NULL) {
        return true;
    }
    if (!greffe__evaluate(b, program, &value)) {
        return false;
    }
    if (value.kind != GREFFE__BOOL) {
        return greffe__refuse(b, GREFFE__GR_GUARD_UNDETERMINED, GREFFE_EINVALID, NULL,
                              "the condition '%.*s' is neither true nor false",
                              (int)program->source.size, program->source.data);
    }
    *out = value.as.truth;
    return true;
}

const greffe__dated_program *greffe__rule_in_force(const greffe__bench *b,
                                                   const greffe__value_def *def)
{
    int64_t day = def->by_today || b->dossier->filed_on == 0 ? b->today : b->dossier->filed_on;
    for (uint32_t i = def->rules.count; i > 0; i--) {
        const greffe__dated_program *rule = &def->rules.at[i - 1];
        if (rule->always || rule->from <= day) {
            return rule;
        }
    }
    return NULL;
}

static bool same_rules(const greffe__ruling *ruling, const greffe__strs *fired, int64_t from)
{
    bool same = ruling != NULL && ruling->from == from && ruling->rules.count == fired->count;
    for (uint32_t i = 0; same && i < fired->count; i++) {
        same = greffe__str_equal(ruling->rules.at[i], fired->at[i]);
    }
    return same;
}

/* Reads a table, and journals which of its rules fired, unless the same did the last time: whoever
 * asks why an amount is what it is, or why a way was taken, is owed the rule. */
static bool read_table(greffe__bench *b, const greffe__value_def *def,
                       const greffe__dated_program *rule, greffe__value *out)
{
    greffe__strs fired = {0}, *outer = b->fired;
    b->fired = &fired;
    bool good = greffe__evaluate(b, &rule->program, out);
    b->fired = outer;
    int64_t from = rule->always ? 0 : rule->from;
    if (!good || b->verb == NULL ||
        same_rules(greffe__ruling_of(b->dossier, def->name), &fired, from)) {
        return good;
    }
    greffe__event event = {
        .type = GREFFE__EV_RULED, .name = def->name, .list = fired, .days = from};
    return greffe__emit(b, b->stream, event);
}

bool greffe__value_now(greffe__bench *b, uint32_t value, greffe__value *out)
{
    const greffe__value_def *def = &b->plan->values.at[value];
    const greffe__frozen *frozen = greffe__frozen_of(b->dossier, def->name);
    if (frozen != NULL) {
        *out = frozen->value;
        return true;
    }
    const greffe__dated_program *rule = greffe__rule_in_force(b, def);
    if (rule == NULL) {
        return greffe__refuse(b, GREFFE__GR_AMOUNT_UNDETERMINED, GREFFE_EINVALID,
                              "add a rule that begins earlier",
                              "no rule of the value '%.*s' is in force on that day",
                              (int)def->name.size, def->name.data);
    }
    return rule->rows > 0 ? read_table(b, def, rule, out)
                          : greffe__evaluate(b, &rule->program, out);
}

bool greffe__frozen_cents(greffe__bench *b, greffe__str name, int64_t *out)
{
    const greffe__frozen *frozen = greffe__frozen_of(b->dossier, name);
    if (frozen == NULL || frozen->value.kind != GREFFE__NUMBER ||
        !greffe__dec_to_cents(out, frozen->value.as.number) || *out <= 0) {
        return greffe__refuse(b, GREFFE__GR_AMOUNT_UNDETERMINED, GREFFE_EINVALID,
                              "round it in the expression: round half up(…, 2)",
                              "the amount '%.*s' is not a positive number of whole cents",
                              (int)name.size, name.data);
    }
    return true;
}
