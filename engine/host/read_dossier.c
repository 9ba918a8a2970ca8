/* One dossier as JSON: where it is, what it says, and on what grounds. */
#include "host/read_priv.h"
#include "value/json.h"

greffe__str greffe__phase_name(const greffe__dossier *d)
{
    return greffe__str_of(d->phase == GREFFE__PHASE_CLOSED  ? "closed"
                          : d->phase == GREFFE__PHASE_DRAFT ? "draft"
                                                            : "open");
}

/* --- Money and clocks --- */

void greffe__put_money(greffe__reading *r, const greffe__dossier *d)
{
    int64_t spent = 0;
    for (uint32_t i = 0; i < d->money.count; i++) {
        spent += d->money.at[i].spent;
    }
    greffe__put_cents(r, "paid", spent);
}

static void days_list(greffe__reading *r, const char *key, const greffe__i64s *days)
{
    char form[GREFFE__DATE_CHARS];
    greffe__put_list(r, key);
    for (uint32_t i = 0; i < days->count; i++) {
        (void)greffe__date_format(form, days->at[i]);
        greffe__buf_format(r->out, "%s\"%s\"", i > 0 ? "," : "", form);
    }
    greffe__put_list_end(r);
}

/* On what grounds a clock ends when it does: its length, and the day before it is rolled. */
static void grounds_of(greffe__reading *r, const greffe__clock *clock, const greffe__plan *plan)
{
    static const char *const units[] = {"", "day", "working day", "week", "month", "year", "hour"};
    uint32_t at = greffe__plan_clock_at(plan, clock->name);
    if (at == GREFFE__NONE) {
        return;
    }
    const greffe__clock_def *def = &plan->clocks.at[at];
    greffe__calendar calendar = greffe__plan_calendar(plan);
    bool working = def->within.unit == GREFFE__UNIT_WORKING_DAYS;
    const char *unit =
        units[def->within.unit < sizeof units / sizeof *units ? def->within.unit : 0];
    greffe__put_text(r, "within",
                     greffe__str_format(r->arena, "%u %s%s", def->within.count, unit,
                                        def->within.count == 1 ? "" : "s"));
    if (!working) {
        int64_t end = greffe__term_add(&calendar, clock->from, def->within, 1);
        greffe__put_date(r, "length_ends", end);
        greffe__put_date(r, "unrolled", end + clock->suspended);
    }
    days_list(r, "suspensions", &clock->spans);
    greffe__put_optional(r, "because", def->because);
}

/* With a plan, on what grounds as well. */
void greffe__put_clocks(greffe__reading *r, const greffe__dossier *d, const greffe__plan *plan)
{
    static const char *const phases[] = {"", "running", "paused", "stopped", "fired"};
    greffe__put_list(r, "clocks");
    for (uint32_t i = 0; i < d->clocks.count; i++) {
        const greffe__clock *clock = &d->clocks.at[i];
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        greffe__put_open(r);
        greffe__put_text(r, "name", clock->name);
        greffe__put_text(r, "phase", greffe__str_of(phases[clock->phase <= 4 ? clock->phase : 0]));
        greffe__put_date(r, "from", clock->from);
        greffe__put_number(r, "suspended_days", clock->suspended);
        if (clock->due != 0) {
            greffe__put_date(r, "due", clock->due);
        } else if (clock->phase == GREFFE__CLOCK_PAUSED) {
            greffe__put_date(r, "paused_on", clock->paused_on);
        }
        greffe__put_optional(r, "stopped_by", clock->stopped_by);
        if (plan != NULL) {
            grounds_of(r, clock, plan);
        }
        greffe__put_close(r);
    }
    greffe__put_list_end(r);
}

/* --- Answers and moments --- */

/* A field's path; an item of `each` has a record of its own, and the fields of its step. */
static greffe__str path_of(greffe__reading *r, greffe__str owner, greffe__str name)
{
    size_t size = 0;
    while (size < owner.size && owner.data[size] != '#') {
        size += 1;
    }
    return greffe__str_format(r->arena, "%.*s.%.*s", (int)size, owner.data, (int)name.size,
                              name.data);
}

/* What the form calls the options that were chosen. */
static void labels_of(greffe__reading *r, const greffe__plan *plan, greffe__str owner,
                      const greffe__value *answers)
{
    bool first = true;
    for (uint32_t i = 0; answers->kind == GREFFE__CONTEXT && i < answers->count; i++) {
        const greffe__entry *answer = &answers->as.entries[i];
        uint32_t at = answer->value.kind == GREFFE__STRING
                          ? greffe__plan_field_at(plan, path_of(r, owner, answer->name))
                          : GREFFE__NONE;
        const greffe__field_def *field = at != GREFFE__NONE ? &plan->fields.at[at] : NULL;
        for (uint32_t j = 0; field != NULL && j < field->option_labels.count; j++) {
            if (greffe__str_equal(field->options.at[j], answer->value.as.string)) {
                greffe__buf_text(r->out, first ? ",\"labels\":{" : ",");
                greffe__buf_json(r->out, answer->name);
                greffe__buf_byte(r->out, ':');
                greffe__buf_json(r->out, field->option_labels.at[j]);
                first = false;
            }
        }
    }
    greffe__buf_text(r->out, first ? "" : "}");
}

/* What JSON cannot tell from a text or another number. */
static void types_of(greffe__reading *r, const greffe__plan *plan, greffe__str owner,
                     const greffe__value *answers)
{
    bool first = true;
    for (uint32_t i = 0; answers->kind == GREFFE__CONTEXT && i < answers->count; i++) {
        const greffe__entry *answer = &answers->as.entries[i];
        greffe__kind kind = (greffe__kind)answer->value.kind;
        uint32_t at = greffe__plan_field_at(plan, path_of(r, owner, answer->name));
        if (at != GREFFE__NONE && (kind == GREFFE__NUMBER || kind == GREFFE__DATE)) {
            greffe__buf_text(r->out, first ? ",\"types\":{" : ",");
            greffe__buf_json(r->out, answer->name);
            greffe__buf_format(r->out, ":\"%s\"", greffe__data_type_name(plan->fields.at[at].type));
            first = false;
        }
    }
    greffe__buf_text(r->out, first ? "" : "}");
}

static void answers_of(greffe__reading *r, const greffe__dossier *d, const greffe_load *personal,
                       const greffe__sight *sight)
{
    greffe__put_list(r, "answers");
    bool first = true;
    for (uint32_t i = 0; i < d->fills.count; i++) {
        for (size_t j = 0; j < personal->personal_count; j++) {
            const greffe_personal_row *row = &personal->personal[j];
            greffe__cbor in;
            if (!greffe__str_equal(row->ref, d->fills.at[i].ref) || row->value.size == 0 ||
                !greffe__sees_answers(sight, d->fills.at[i].owner)) {
                continue;
            }
            greffe__cbor_open(&in, row->value);
            greffe__value value = greffe__cbor_read_value(&in, r->arena);
            greffe__buf_text(r->out, first ? "{\"of\":" : ",{\"of\":");
            greffe__buf_json(r->out, d->fills.at[i].owner);
            greffe__buf_text(r->out, ",\"values\":");
            greffe__json_write(r->out, &value);
            labels_of(r, sight->plan, d->fills.at[i].owner, &value);
            types_of(r, sight->plan, d->fills.at[i].owner, &value);
            greffe__buf_byte(r->out, '}');
            first = false;
        }
    }
    greffe__put_list_end(r);
}

/* A number with all its digits, as a text: what reads JSON may know floating point alone. */
static void frozen_value(greffe__reading *r, const greffe__value *value)
{
    char form[GREFFE__DEC_CHARS];
    if (value->kind == GREFFE__NUMBER) {
        (void)greffe__dec_format(form, value->as.number);
        greffe__put_text(r, "is", greffe__str_of(form));
    } else {
        greffe__put_name(r, "is");
        greffe__json_write(r->out, value);
    }
}

/* The condition under which a step was left with this outcome; empty when there was none. */
static greffe__str condition_of(const greffe__plan *plan, greffe__str moment)
{
    size_t dot = 0;
    while (dot < moment.size && moment.data[dot] != '.') {
        dot += 1;
    }
    greffe__str step = {moment.data, dot};
    greffe__str outcome = {moment.data + dot + 1, moment.size - dot - (dot < moment.size)};
    for (uint32_t i = 0; dot < moment.size && i < plan->nodes.count; i++) {
        const greffe__plan_node *node = &plan->nodes.at[i];
        const greffe__edge *edge = greffe__str_equal(plan->steps.at[node->step].id, step)
                                       ? greffe__node_edge(node, outcome)
                                       : NULL;
        if (edge != NULL && edge->guard != NULL) {
            return edge->guard->source;
        }
    }
    return (greffe__str){"", 0};
}

/* What is frozen, and which rules of its tables gave it. */
static void amounts_of(greffe__reading *r, const greffe__dossier *d)
{
    greffe__put_list(r, "frozen");
    for (uint32_t i = 0; i < d->frozen.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        greffe__put_open(r);
        greffe__put_text(r, "value", d->frozen.at[i].name);
        frozen_value(r, &d->frozen.at[i].value);
        greffe__put_text(r, "at", d->frozen.at[i].moment);
        greffe__put_version(r, d->frozen.at[i].rule_from);
        greffe__put_close(r);
    }
    greffe__put_list_end(r);
    greffe__put_list(r, "tables");
    for (uint32_t i = 0; i < d->rulings.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        greffe__put_open(r);
        greffe__put_text(r, "table", d->rulings.at[i].table);
        greffe__put_texts(r, "rules", &d->rulings.at[i].rules);
        greffe__put_version(r, d->rulings.at[i].from);
        greffe__put_close(r);
    }
    greffe__put_list_end(r);
}

static void why_of(greffe__reading *r, const greffe__dossier *d, const greffe__plan *plan)
{
    greffe__put_list(r, "moments");
    for (uint32_t i = 0; i < d->marks.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        greffe__put_open(r);
        greffe__put_text(r, "moment", d->marks.at[i].moment);
        greffe__put_number(r, "count", d->marks.at[i].count);
        greffe__put_instant(r, "at", d->marks.at[i].at_ms);
        greffe__put_optional(r, "condition", condition_of(plan, d->marks.at[i].moment));
        greffe__put_close(r);
    }
    greffe__put_list_end(r);
    greffe__put_list(r, "timers");
    for (uint32_t i = 0; i < d->timers.count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        greffe__put_open(r);
        greffe__put_text(r, "kind", d->timers.at[i].kind);
        greffe__put_optional(r, "name", d->timers.at[i].name);
        greffe__put_date(r, "day", d->timers.at[i].day);
        greffe__put_instant(r, "due", d->timers.at[i].due_ms);
        greffe__put_close(r);
    }
    greffe__put_list_end(r);
    amounts_of(r, d);
}

static void open_of(greffe__reading *r, const greffe__dossier *d, const greffe__sight *sight)
{
    bool first = true;
    greffe__put_list(r, "open");
    for (uint32_t i = 0; i < d->tokens.count; i++) {
        const greffe__task *task = greffe__task_of(d, d->tokens.at[i].id);
        uint32_t at = greffe__plan_node_at(sight->plan, d->tokens.at[i].path);
        const greffe__plan_node *node = at != GREFFE__NONE ? &sight->plan->nodes.at[at] : NULL;
        if (!greffe__sees_place(sight, node)) {
            continue;
        }
        greffe__buf_text(r->out, first ? "" : ",");
        first = false;
        greffe__put_open(r);
        greffe__put_text(r, "at", d->tokens.at[i].path);
        if (node != NULL) {
            greffe__put_optional(r, "title", sight->plan->steps.at[node->step].title);
        }
        greffe__put_instant(r, "since", d->tokens.at[i].since_ms);
        if (task != NULL) {
            greffe__put_text(r, "role", task->role);
            greffe__put_optional(r, "assignee", task->assignee);
        }
        greffe__put_close(r);
    }
    greffe__put_list_end(r);
}

static void documents_of(greffe__reading *r, const greffe__dossier *d, const greffe__sight *sight)
{
    bool first = true;
    greffe__put_list(r, "documents");
    for (uint32_t i = 0; i < d->documents.count; i++) {
        if (greffe__sees_document(sight, d->documents.at[i].id)) {
            greffe__buf_text(r->out, first ? "" : ",");
            greffe__buf_json(r->out, d->documents.at[i].id);
            first = false;
        }
    }
    greffe__put_list_end(r);
}

/* What the applicant is asked for. */
static void asked_of(greffe__reading *r, const greffe__dossier *d)
{
    bool first = true;
    greffe__put_list(r, "asked");
    for (uint32_t i = 0; i < d->asks.count; i++) {
        for (uint32_t j = 0; j < d->asks.at[i].what.count; j++) {
            greffe__buf_text(r->out, first ? "" : ",");
            greffe__buf_json(r->out, d->asks.at[i].what.at[j]);
            first = false;
        }
    }
    greffe__put_list_end(r);
}

greffe_status greffe__read_dossier(greffe_engine *e, greffe__reading *r)
{
    greffe__str key = greffe__str_of(r->query->key);
    greffe_load items[2] = {{.what = GREFFE_LOAD_STREAM, .kind = GREFFE__DOSSIER, .key = key},
                            {.what = GREFFE_LOAD_PERSONAL, .kind = GREFFE__DOSSIER, .key = key}};
    greffe_status status = greffe__wait_load(e, items, 2, r->arena);
    void *state;
    if (status != GREFFE_OK || !items[0].found) {
        return status != GREFFE_OK ? status : GREFFE_ENOTFOUND;
    }
    status = greffe__read_state(r, GREFFE__DOSSIER, items[0].body, &state);
    const greffe__dossier *d = state;
    greffe__sight sight;
    status = status == GREFFE_OK ? greffe__reader_sight(e, r, d, &sight) : status;
    if (status != GREFFE_OK || sight.sees == GREFFE__SEES_NOTHING) {
        return status != GREFFE_OK ? status : GREFFE_ENOTFOUND;
    }
    bool house = sight.sees >= GREFFE__SEES_WORK, own = sight.sees == GREFFE__SEES_OWN;
    greffe__put_open(r);
    greffe__put_text(r, "dossier", key);
    greffe__put_text(r, "number", d->number);
    greffe__put_text(r, "procedure", d->procedure);
    greffe__put_number(r, "version", (int64_t)items[0].version);
    greffe__put_text(r, "phase", greffe__phase_name(d));
    greffe__put_optional(r, "outcome", d->outcome);
    greffe__put_optional(r, "shown", d->shown);
    if (d->erased_on != 0) {
        greffe__put_date(r, "erased_on", d->erased_on);
    }
    if (d->filed_on != 0) {
        greffe__put_date(r, "filed_on", d->filed_on);
    }
    if (house || own) {
        greffe__put_money(r, d);
        greffe__put_clocks(r, d, sight.plan);
        asked_of(r, d);
    }
    if (!own) {
        open_of(r, d, &sight);
    }
    documents_of(r, d, &sight);
    answers_of(r, d, &items[1], &sight);
    if (house) {
        why_of(r, d, sight.plan);
    } else {
        status = greffe__put_public_history(e, r, key);
    }
    greffe__put_close(r);
    return status;
}
