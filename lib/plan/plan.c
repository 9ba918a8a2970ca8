/* Looking things up in a plan, and its small vocabularies. */
#include "plan/plan.h"

#include <string.h>

/* Every list that is searched begins each item with the string it is searched by. */
static uint32_t position(const void *list, size_t size, greffe__str name)
{
    greffe__list header;
    memcpy(&header, list, sizeof header);
    for (uint32_t i = 0; i < header.count; i++) {
        const void *item = (const char *)header.items + i * size;
        greffe__str first;
        memcpy(&first, item, sizeof first);
        if (greffe__str_equal(first, name)) {
            return i;
        }
    }
    return GREFFE__NONE;
}

uint32_t greffe__plan_node_at(const greffe__plan *plan, greffe__str path)
{
    return position(&plan->nodes, sizeof *plan->nodes.at, path);
}

uint32_t greffe__plan_step_at(const greffe__plan *plan, greffe__str id)
{
    return position(&plan->steps, sizeof *plan->steps.at, id);
}

uint32_t greffe__plan_role_at(const greffe__plan *plan, greffe__str id)
{
    return position(&plan->roles, sizeof *plan->roles.at, id);
}

uint32_t greffe__plan_field_at(const greffe__plan *plan, greffe__str path)
{
    return position(&plan->fields, sizeof *plan->fields.at, path);
}

uint32_t greffe__plan_section_at(const greffe__plan *plan, greffe__str id)
{
    return position(&plan->sections, sizeof *plan->sections.at, id);
}

uint32_t greffe__plan_document_at(const greffe__plan *plan, greffe__str id)
{
    return position(&plan->documents, sizeof *plan->documents.at, id);
}

bool greffe__is_own_channel(greffe__str channel)
{
    static const char *const own[] = {"call",   "payment",  "minutes",
                                      "greffe", "incident", "documents"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (greffe__str_is(channel, own[i])) {
            return true;
        }
    }
    return false;
}

uint32_t greffe__plan_value_at(const greffe__plan *plan, greffe__str name)
{
    return position(&plan->values, sizeof *plan->values.at, name);
}

uint32_t greffe__plan_clock_at(const greffe__plan *plan, greffe__str name)
{
    return position(&plan->clocks, sizeof *plan->clocks.at, name);
}

uint32_t greffe__plan_board_at(const greffe__plan *plan, greffe__str id)
{
    return position(&plan->boards, sizeof *plan->boards.at, id);
}

bool greffe__moment_of(greffe__str moment, greffe__str step)
{
    return moment.size > step.size && moment.data[step.size] == '.' &&
           greffe__str_equal((greffe__str){moment.data, step.size}, step);
}

bool greffe__moment_is(greffe__str moment, greffe__str step, const char *outcome)
{
    return greffe__moment_of(moment, step) &&
           greffe__str_is((greffe__str){moment.data + step.size + 1, moment.size - step.size - 1},
                          outcome);
}

uint32_t greffe__node_needs(const greffe__plan_node *node, uint32_t total)
{
    return node->join == 0 || node->join > total ? total : node->join;
}

bool greffe__node_waits(const greffe__plan_node *node)
{
    switch ((greffe__primitive)node->op) {
    case GREFFE__P_TASK:
    case GREFFE__P_WAIT: return true;
    case GREFFE__P_ASK:
        return node->port != GREFFE__PORT_RESERVE && node->port != GREFFE__PORT_COMMIT;
    case GREFFE__P_EFFECT: return node->awaited;
    default: return false;
    }
}

bool greffe__scope_within(const greffe__plan *plan, uint32_t scope, uint32_t outer)
{
    while (scope != outer && scope != 0) {
        scope = plan->scopes.at[scope].parent;
    }
    return scope == outer;
}

const greffe__edge *greffe__node_edge(const greffe__plan_node *node, greffe__str outcome)
{
    uint32_t at = position(&node->edges, sizeof *node->edges.at, outcome);
    return at == GREFFE__NONE ? NULL : &node->edges.at[at];
}

greffe__calendar greffe__plan_calendar(const greffe__plan *plan)
{
    return (greffe__calendar){plan->holidays, plan->closed.at, plan->closed.count};
}

static const char *const step_kinds[] = {
    "",         "submission",   "completeness", "instruction",
    "decision", "deliberation", "notification", "payment",
    "task",     "choose",       "wait",         "end",
    "parallel", "each",         "call",
};

static const char *const data_types[] = {
    "",     "text",   "long text", "boolean", "integer", "number", "money",
    "date", "choice", "choices",   "email",   "iban",    "phone",  "list",
};

static uint32_t named(const char *const *names, uint32_t count, greffe__str name)
{
    for (uint32_t i = 1; i < count; i++) {
        if (greffe__str_is(name, names[i])) {
            return i;
        }
    }
    return 0;
}

enum {
    step_kind_count = sizeof step_kinds / sizeof *step_kinds,
    data_type_count = sizeof data_types / sizeof *data_types
};

const char *greffe__step_kind_name(uint32_t kind)
{
    return kind < step_kind_count ? step_kinds[kind] : "";
}

uint32_t greffe__step_kind_named(greffe__str name)
{
    return named(step_kinds, step_kind_count, name);
}

const char *greffe__data_type_name(uint32_t type)
{
    return type < data_type_count ? data_types[type] : "";
}

uint32_t greffe__data_type_named(greffe__str name)
{
    return named(data_types, data_type_count, name);
}

int64_t greffe__term_add(const greffe__calendar *calendar, int64_t days, greffe__term term,
                         int sign)
{
    int64_t count = (int64_t)term.count * sign;
    switch ((greffe__unit)term.unit) {
    case GREFFE__UNIT_DAYS: return days + count;
    case GREFFE__UNIT_WEEKS: return days + 7 * count;
    case GREFFE__UNIT_MONTHS: return greffe__add_months(days, count);
    case GREFFE__UNIT_YEARS: return greffe__add_months(days, 12 * count);
    case GREFFE__UNIT_HOURS: return days;
    case GREFFE__UNIT_WORKING_DAYS:
        if (sign > 0) {
            return greffe__add_working_days(calendar, days, count);
        }
        for (; count < 0; count++) {
            do {
                days -= 1;
            } while (!greffe__is_working_day(calendar, days));
        }
        return days;
    }
    return days;
}
