/* A form as the portal shows it, with what applies now; and what is wrong with what was typed. */
#include "run/view_priv.h"

static const char *const needs[] = {"", "file", "instruct", "pay"};

/* --- Pieces --- */

/* Whether it applies: null while that hangs on answers that are not there yet. */
static greffe__value applies(greffe__bench *b, const greffe__program *when)
{
    bool holds = false;
    bool known = greffe__view_probe(b, greffe__evaluate_condition(b, when, &holds));
    return known ? greffe__bool(holds) : greffe__null();
}

static greffe__value options_of(greffe__bench *b, const greffe__field_def *field)
{
    greffe__array list = {0};
    for (uint32_t i = 0; i < field->options.count; i++) {
        greffe__object option = {0};
        greffe__view_put(b, &option, "id", greffe__string(field->options.at[i]));
        greffe__view_put(b, &option, "label",
                         greffe__string(i < field->option_labels.count ? field->option_labels.at[i]
                                                                       : field->options.at[i]));
        greffe__view_add(b, &list, greffe__view_object(&option));
    }
    return greffe__view_array(&list);
}

static bool is_asked(const greffe__bench *b, greffe__str what)
{
    bool asked = false;
    for (uint32_t i = 0; i < b->dossier->asks.count; i++) {
        asked = asked || greffe__has_str(&b->dossier->asks.at[i].what, what);
    }
    return asked;
}

static void number_unless_zero(greffe__bench *b, greffe__object *o, const char *name, int64_t value)
{
    if (value != 0) {
        greffe__view_put(b, o, name, greffe__integer(value));
    }
}

static greffe__value field_view(greffe__bench *b, const greffe__field_def *field, bool seen)
{
    greffe__object o = {0};
    greffe__value value = greffe__null();
    greffe__view_put(b, &o, "path", greffe__string(field->path));
    greffe__view_put(b, &o, "name", greffe__string(field->name));
    greffe__view_text(b, &o, "label", field->label);
    greffe__view_text(b, &o, "help", field->help);
    greffe__view_put(b, &o, "type", greffe__text(greffe__data_type_name(field->type)));
    greffe__view_put(b, &o, "required", greffe__bool(!field->optional));
    greffe__view_put(b, &o, "applies", applies(b, field->when));
    greffe__view_text(b, &o, "when", greffe__program_text(field->when));
    if (field->min.kind != GREFFE__NULL) {
        greffe__view_put(b, &o, "min", field->min);
    }
    if (field->max.kind != GREFFE__NULL) {
        greffe__view_put(b, &o, "max", field->max);
    }
    number_unless_zero(b, &o, "min_length", field->min_length);
    number_unless_zero(b, &o, "max_length", field->max_length);
    number_unless_zero(b, &o, "digits", field->digits);
    if (field->options.count > 0) {
        greffe__view_put(b, &o, "options", options_of(b, field));
    }
    greffe__view_text(b, &o, "must", greffe__program_text(field->must));
    greffe__view_text(b, &o, "message", field->message);
    if (is_asked(b, field->path)) {
        greffe__view_put(b, &o, "asked", greffe__bool(true));
    }
    if (seen && greffe__field_value(b, field->path, &value) && value.kind != GREFFE__NULL) {
        greffe__view_put(b, &o, "value", value);
    }
    return greffe__view_object(&o);
}

static greffe__value section_view(greffe__bench *b, greffe__str id, greffe__str title,
                                  greffe__str role, const greffe__u32s *only, bool seen)
{
    greffe__object o = {0};
    greffe__array fields = {0};
    for (uint32_t i = 0; i < b->plan->fields.count && !b->stop; i++) {
        const greffe__field_def *field = &b->plan->fields.at[i];
        bool wanted = greffe__str_equal(field->owner, id);
        for (uint32_t j = 0; only != NULL && j <= only->count; j++) {
            wanted = wanted && j < only->count;
            if (!wanted || only->at[j] == i) {
                break;
            }
        }
        if (wanted) {
            greffe__view_add(b, &fields, field_view(b, field, seen));
        }
    }
    greffe__view_put(b, &o, "id", greffe__string(id));
    greffe__view_text(b, &o, "title", title);
    greffe__view_text(b, &o, "role", role);
    greffe__view_put(b, &o, "fields", greffe__view_array(&fields));
    return greffe__view_object(&o);
}

static greffe__value document_view(greffe__bench *b, const greffe__document_def *def)
{
    greffe__object o = {0};
    greffe__view_put(b, &o, "id", greffe__string(def->id));
    greffe__view_text(b, &o, "label", def->label);
    greffe__view_put(b, &o, "accept", greffe__view_strs(b, &def->accept));
    greffe__view_put(b, &o, "max_bytes", greffe__integer(def->max_bytes));
    greffe__view_put(b, &o, "needed_to",
                     greffe__text(needs[def->needed_to < 4 ? def->needed_to : 0]));
    greffe__view_put(b, &o, "required", greffe__bool(!def->optional));
    greffe__view_put(b, &o, "applies", applies(b, def->when));
    greffe__view_text(b, &o, "when", greffe__program_text(def->when));
    greffe__view_put(b, &o, "given",
                     greffe__bool(greffe__document_of(b->dossier, def->id) != NULL));
    if (is_asked(b, def->id)) {
        greffe__view_put(b, &o, "asked", greffe__bool(true));
    }
    return greffe__view_object(&o);
}

static void open_view(greffe__bench *b, greffe__object *out)
{
    const greffe__plan *plan = b->plan;
    greffe__object o = {0};
    bool early = plan->opens && b->today < plan->open_from;
    bool late = plan->closes && b->today > plan->open_until;
    if (plan->opens) {
        greffe__view_put(b, &o, "from", greffe__date(plan->open_from));
    }
    if (plan->closes) {
        greffe__view_put(b, &o, "until", greffe__date(plan->open_until));
    }
    greffe__view_text(b, &o, "redirect", plan->redirect);
    greffe__view_put(b, &o, "now", greffe__bool(!early && !late));
    greffe__view_put(b, out, "open", greffe__view_object(&o));
}

/* --- Faults --- */

static greffe__value faults_view(greffe__bench *b, const greffe__faults *faults)
{
    greffe__array list = {0};
    for (uint32_t i = 0; i < faults->count; i++) {
        const greffe__fault *fault = &faults->at[i];
        greffe__object o = {0};
        greffe__view_text(b, &o, "path", fault->path);
        greffe__view_put(b, &o, "code", greffe__text(greffe__code_text(fault->code)));
        greffe__view_put(b, &o, "message", greffe__string(fault->message));
        greffe__view_text(b, &o, "hint", fault->hint);
        greffe__view_add(b, &list, greffe__view_object(&o));
    }
    return greffe__view_array(&list);
}

/* What was typed, section by section, on top of what is there. */
static bool try_sections(greffe__bench *b, greffe__faults *faults)
{
    const greffe__value *answers = greffe__value_at(&b->command->args, "answers");
    if (answers != NULL && answers->kind != GREFFE__CONTEXT) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                              "'answers' must be an object");
    }
    for (uint32_t i = 0; answers != NULL && i < answers->count && !b->stop; i++) {
        greffe__str owner = answers->as.entries[i].name;
        if (!greffe__section_known(b, owner)) {
            (void)greffe__view_fault(b, faults, owner);
        } else {
            (void)greffe__try_answers(b, owner, &answers->as.entries[i].value, faults);
        }
    }
    return !b->stop;
}

/* The step that is being completed, with what is filled in; *edge NULL: no outcome was named. */
static bool try_step(greffe__bench *b, greffe__place *at, const greffe__edge **edge,
                     greffe__faults *faults)
{
    greffe__str step = greffe__arg(b, "step"), outcome = greffe__arg(b, "outcome");
    const greffe__value *fill = greffe__value_at(&b->command->args, "fill");
    if (!greffe__find_place(b, step, GREFFE__P_TASK, at)) {
        return false;
    }
    *edge = outcome.size > 0 ? greffe__node_edge(at->node, outcome) : NULL;
    if (outcome.size > 0 && *edge == NULL) {
        return greffe__refuse(b, GREFFE__GR_NO_SUCH_OUTCOME, GREFFE_EINVALID, NULL,
                              "'%.*s' has no outcome '%.*s'", (int)step.size, step.data,
                              (int)outcome.size, outcome.data);
    }
    if (fill == NULL || *edge == NULL) {
        return true;
    }
    return (greffe__only_fields(b, &(*edge)->fill, fill) ||
            greffe__view_fault(b, faults, (greffe__str){"", 0})) &&
           greffe__try_answers(b, step, fill, faults);
}

/* --- Views --- */

bool greffe__view_form(greffe__bench *b, greffe__value *out)
{
    greffe__sight sight;
    greffe__object o = {0};
    greffe__array sections = {0}, documents = {0};
    greffe__faults faults = {0};
    greffe__str step = greffe__arg(b, "step");
    if (!greffe__view_open(b, b->command->stream_key.size == 0, &sight)) {
        return false;
    }
    const greffe__plan *plan = b->plan;
    if (step.size > 0) {
        greffe__place at;
        const greffe__edge *edge;
        if (!try_step(b, &at, &edge, &faults)) {
            return false;
        }
        const greffe__step *def = &plan->steps.at[at.node->step];
        greffe__view_add(b, &sections,
                         section_view(b, def->id, def->title, (greffe__str){"", 0},
                                      edge != NULL ? &edge->fill : NULL,
                                      greffe__sees_answers(&sight, def->id)));
    } else if (!try_sections(b, &faults) ||
               !greffe__try_documents(b, greffe__value_at(&b->command->args, "documents"),
                                      &faults)) {
        return false;
    }
    for (uint32_t i = 0; step.size == 0 && i < plan->sections.count; i++) {
        const greffe__section *section = &plan->sections.at[i];
        if (greffe__sees_answers(&sight, section->id)) {
            greffe__view_add(
                b, &sections,
                section_view(b, section->id, section->title, section->role, NULL, true));
        }
    }
    for (uint32_t i = 0; step.size == 0 && i < plan->documents.count; i++) {
        if (greffe__sees_document(&sight, plan->documents.at[i].id)) {
            greffe__view_add(b, &documents, document_view(b, &plan->documents.at[i]));
        }
    }
    greffe__view_put(b, &o, "procedure", greffe__string(plan->procedure));
    greffe__view_put(b, &o, "title", greffe__string(plan->title));
    greffe__view_put(b, &o, "bundle", greffe__string(b->out->bundle));
    open_view(b, &o);
    greffe__view_put(b, &o, "sections", greffe__view_array(&sections));
    greffe__view_put(b, &o, "documents", greffe__view_array(&documents));
    greffe__view_put(b, &o, "faults", faults_view(b, &faults));
    *out = greffe__view_object(&o);
    return !b->stop;
}

static bool check_filing(greffe__bench *b, greffe__faults *faults)
{
    const greffe__plan *plan = b->plan;
    if (!try_sections(b, faults) ||
        !greffe__try_documents(b, greffe__value_at(&b->command->args, "documents"), faults)) {
        return false;
    }
    if (!greffe__is_open(b)) {
        (void)greffe__view_fault(b, faults, (greffe__str){"", 0});
    }
    for (uint32_t i = 0; i < plan->fields.count && !b->stop; i++) {
        if (greffe__plan_step_at(plan, plan->fields.at[i].owner) == GREFFE__NONE) {
            (void)greffe__try_field(b, i, faults);
        }
    }
    for (uint32_t i = 0; i < plan->documents.count && !b->stop; i++) {
        const greffe__document_def *def = &plan->documents.at[i];
        if (!greffe__has_fault(faults, def->id) && def->needed_to == GREFFE__NEEDED_TO_FILE &&
            !greffe__document_ready(b, def)) {
            (void)greffe__view_fault(b, faults, def->id);
        }
    }
    return !b->stop;
}

/* All that is asked for, wherever the dossier waits for it. */
static bool check_supply(greffe__bench *b, greffe__faults *faults)
{
    if (!greffe__is_applicant(b) || !try_sections(b, faults) ||
        !greffe__try_documents(b, greffe__value_at(&b->command->args, "documents"), faults)) {
        return false;
    }
    const greffe__ask *ask;
    uint32_t from = 0;
    while (greffe__wait_at(b, &from, &ask) != NULL && !b->stop) {
        for (uint32_t i = 0; ask != NULL && i < ask->what.count && !b->stop; i++) {
            greffe__str what = ask->what.at[i];
            uint32_t field = greffe__plan_field_at(b->plan, what);
            if (greffe__has_fault(faults, what)) {
                continue;
            }
            if (!greffe__gives(b, what)) {
                (void)greffe__refuse_lacking(b, what);
                (void)greffe__view_fault(b, faults, what);
            } else if (field != GREFFE__NONE) {
                (void)greffe__try_field(b, field, faults);
            }
        }
    }
    return !b->stop;
}

static bool check_completing(greffe__bench *b, greffe__faults *faults)
{
    greffe__place at;
    const greffe__edge *edge;
    greffe__str step, outcome, none = {"", 0};
    if (!greffe__arg_needed(b, "step", &step) || !greffe__arg_needed(b, "outcome", &outcome) ||
        !try_step(b, &at, &edge, faults) || edge == NULL || !greffe__has_right(b, &at) ||
        !greffe__check_people(b, step)) {
        return false;
    }
    for (uint32_t i = 0; i < edge->fill.count && !b->stop; i++) {
        (void)greffe__try_field(b, edge->fill.at[i], faults);
    }
    if (b->plan->steps.at[at.node->step].kind == GREFFE__KIND_COMPLETENESS) {
        for (uint32_t i = 0; i < b->plan->documents.count && !b->stop; i++) {
            const greffe__document_def *def = &b->plan->documents.at[i];
            if (def->needed_to <= GREFFE__NEEDED_TO_INSTRUCT && !greffe__document_ready(b, def)) {
                (void)greffe__view_fault(b, faults, def->id);
            }
        }
    }
    if (!b->stop && faults->count == 0 && !greffe__may_choose(b, edge)) {
        (void)greffe__view_fault(b, faults, none);
    }
    return !b->stop;
}

bool greffe__view_check(greffe__bench *b, greffe__value *out)
{
    greffe__sight sight;
    greffe__object o = {0};
    greffe__faults faults = {0};
    greffe__str verb = greffe__arg(b, "verb");
    bool files = verb.size == 0 || greffe__str_is(verb, "file");
    if (!greffe__view_open(b, files && b->command->stream_key.size == 0, &sight)) {
        return false;
    }
    bool done = files                            ? check_filing(b, &faults)
                : greffe__str_is(verb, "supply") ? check_supply(b, &faults)
                : !greffe__str_is(verb, "complete")
                    ? greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                                     "what is checked is given with file, supply or complete")
                    : check_completing(b, &faults);
    if (!done) {
        return false;
    }
    greffe__view_put(b, &o, "valid", greffe__bool(faults.count == 0));
    greffe__view_put(b, &o, "faults", faults_view(b, &faults));
    *out = greffe__view_object(&o);
    return true;
}
