/* From a plan to the facts that its proof needs: what guards ask for, and when it changes. */
#include <string.h>

#include "compile/verify_priv.h"

static bool add_number(greffe__proof *p, greffe__u32s *list, uint32_t number)
{
    uint32_t *place = greffe__arena_push(p->arena, list, sizeof *place);
    if (place == NULL) {
        return false;
    }
    *place = number;
    return true;
}

/* --- Occasions --- */

uint32_t greffe__proof_fact(greffe__proof *p)
{
    return p->fact_count++;
}

void greffe__proof_add(greffe__proof *p, greffe__occasion *occasion, greffe__effect effect)
{
    greffe__effect *place = greffe__arena_push(p->arena, &p->effects, sizeof *place);
    if (place == NULL || occasion == NULL) {
        p->failed = true;
        return;
    }
    *place = effect;
    place->next = GREFFE__NONE;
    place->before = occasion->last;
    uint32_t at = p->effects.count - 1;
    if (occasion->first == GREFFE__NONE) {
        occasion->first = at;
    } else {
        p->effects.at[occasion->last].next = at;
    }
    occasion->last = at;
}

static uint32_t moment_of(greffe__proof *p, greffe__str moment)
{
    uint32_t index;
    if (greffe__map_get(&p->moment_index, moment, &index)) {
        return index;
    }
    greffe__occasion *place = greffe__arena_push(p->arena, &p->moments, sizeof *place);
    uint32_t *fact = greffe__arena_push(p->arena, &p->moment_facts, sizeof *fact);
    if (place == NULL || fact == NULL ||
        !greffe__map_add(&p->moment_index, moment, p->moments.count - 1)) {
        p->failed = true;
        return GREFFE__NONE;
    }
    *place = (greffe__occasion){GREFFE__NONE, GREFFE__NONE};
    *fact = GREFFE__NONE;
    return p->moments.count - 1;
}

greffe__occasion *greffe__proof_occasion(greffe__proof *p, greffe__str moment)
{
    uint32_t index = moment_of(p, moment);
    return index != GREFFE__NONE ? &p->moments.at[index] : NULL;
}

uint32_t greffe__proof_happened(greffe__proof *p, greffe__str moment)
{
    uint32_t index = moment_of(p, moment);
    if (index == GREFFE__NONE) {
        return 0;
    }
    if (p->moment_facts.at[index] == GREFFE__NONE) {
        p->moment_facts.at[index] = greffe__proof_fact(p);
        greffe__proof_add(
            p, &p->moments.at[index],
            (greffe__effect){.op = GREFFE__FX_SET, .value = 1, .fact = p->moment_facts.at[index]});
    }
    return p->moment_facts.at[index];
}

bool greffe__proof_reaches(const greffe__proof *p, uint32_t node, const greffe__edge *edge,
                           greffe__str moment)
{
    greffe__str step = p->plan->steps.at[p->plan->nodes.at[node].step].id;
    bool own = edge->done && moment.size > step.size &&
               memcmp(moment.data, step.data, step.size) == 0 && moment.data[step.size] == '.';
    const greffe__str outcome = {moment.data + step.size + 1, moment.size - step.size - 1};
    return own && (greffe__str_is(outcome, "done") || greffe__str_equal(outcome, edge->outcome));
}

/* --- Guards --- */

static bool read_guards(greffe__proof *p)
{
    uint32_t edges = 0;
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        p->edge_base[i] = edges;
        edges += p->plan->nodes.at[i].edges.count;
    }
    p->guards = greffe__arena_alloc(p->arena, (edges + 1) * sizeof *p->guards);
    p->edge_moments = greffe__arena_alloc(p->arena, (edges + 1) * 2 * sizeof *p->edge_moments);
    p->edge_taken = greffe__arena_zalloc(p->arena, edges + 1);
    if (p->guards == NULL || p->edge_moments == NULL || p->edge_taken == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__edges *list = &p->plan->nodes.at[i].edges;
        for (uint32_t j = 0; j < list->count; j++) {
            uint32_t *guard = &p->guards[p->edge_base[i] + j];
            const greffe__program *program = list->at[j].guard;
            *guard = GREFFE__NONE;
            if (program != NULL && !greffe__conditions_add(p->conditions, program, guard)) {
                return false;
            }
        }
    }
    return true;
}

/* Under which condition a field is asked for at all. */
static bool read_applies(greffe__proof *p)
{
    uint32_t count = p->plan->fields.count;
    p->applies = greffe__arena_alloc(p->arena, (count + 1) * sizeof *p->applies);
    p->field_names = greffe__arena_alloc(p->arena, (count + 1) * sizeof *p->field_names);
    for (uint32_t i = 0; p->applies != NULL && p->field_names != NULL && i < count; i++) {
        const greffe__program *when = p->plan->fields.at[i].when;
        p->applies[i] = GREFFE__NONE;
        p->field_names[i] = GREFFE__NONE;
        if (greffe__step_named(p->d, p->plan->fields.at[i].owner) == GREFFE__NONE &&
            !add_number(p, &p->form_fields, i)) {
            return false;
        }
        if (when != NULL && !greffe__conditions_add(p->conditions, when, &p->applies[i])) {
            return false;
        }
    }
    return p->applies != NULL && p->field_names != NULL;
}

/* A value that is always the same is a segment of its own. */
static const greffe__value *constant_of(const greffe__proof *p, const greffe__slot *slot)
{
    uint32_t value = slot->kind == GREFFE__SLOT_VALUE ? greffe__plan_value_at(p->plan, slot->name)
                                                      : GREFFE__NONE;
    bool one = value != GREFFE__NONE && p->plan->values.at[value].rules.count == 1;
    return one ? greffe__program_constant(&p->plan->values.at[value].rules.at[0].program) : NULL;
}

static bool cut(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->slots.count; i++) {
        const greffe__value *constant = constant_of(p, &p->plan->slots.at[i]);
        if (constant != NULL && !greffe__conditions_mark(p->conditions, i, constant)) {
            return false;
        }
    }
    return greffe__conditions_cut(p->conditions);
}

/* The step of step.waiting and step.date. */
static uint32_t step_of(const greffe__proof *p, greffe__str moment)
{
    for (uint32_t i = 0; i < p->plan->steps.count; i++) {
        greffe__str id = p->plan->steps.at[i].id;
        if (moment.size > id.size && moment.data[id.size] == '.' &&
            memcmp(moment.data, id.data, id.size) == 0) {
            return i;
        }
    }
    return 0;
}

static void know(greffe__proof *p, uint32_t index)
{
    const greffe__name_cut *name = &p->names->at[index];
    const greffe__slot *slot = &p->plan->slots.at[name->slot];
    greffe__known *known = &p->known[index];
    *known = (greffe__known){.kind = slot->kind,
                             .fact = GREFFE__NONE,
                             .segment = GREFFE__NONE,
                             .null = GREFFE__NONE,
                             .applies = GREFFE__NONE,
                             .among = GREFFE__NONE,
                             .read = name->exact && name->count <= GREFFE__MOST_SEGMENTS};
    for (uint32_t i = 0; i < name->count; i++) {
        known->null = name->samples[i].kind == GREFFE__NULL ? i : known->null;
    }
    const greffe__value *constant = constant_of(p, slot);
    for (uint32_t i = 0; constant != NULL && i < name->count; i++) {
        known->segment = greffe__value_equal(&name->samples[i], constant) ? i : known->segment;
    }
    uint32_t value, field;
    switch ((greffe__slot_kind)slot->kind) {
    case GREFFE__SLOT_FIELD:
        field = greffe__plan_field_at(p->plan, slot->name);
        known->fact = greffe__proof_fact(p);
        known->applies = p->applies[field];
        known->optional = p->plan->fields.at[field].optional;
        p->field_names[field] = index;
        break;
    case GREFFE__SLOT_VALUE:
        value = greffe__plan_value_at(p->plan, slot->name);
        if (p->plan->values.at[value].frozen_at.size > 0) {
            known->fact = greffe__proof_fact(p);
            greffe__proof_add(p, greffe__proof_occasion(p, p->plan->values.at[value].frozen_at),
                              (greffe__effect){.op = GREFFE__FX_SET, .fact = known->fact});
        }
        break;
    case GREFFE__SLOT_MOMENT: known->fact = greffe__proof_happened(p, slot->name); break;
    case GREFFE__SLOT_WAITING: /* its fact says nothing: that it is asked for ties branches */
        known->step = step_of(p, slot->name);
        known->fact = greffe__proof_fact(p);
        break;
    case GREFFE__SLOT_DATE:
        known->step = step_of(p, slot->name);
        known->fact = greffe__proof_happened(
            p,
            greffe__str_format(p->arena, "%.*s.done", (int)p->plan->steps.at[known->step].id.size,
                               p->plan->steps.at[known->step].id.data));
        break;
    case GREFFE__SLOT_ITEM: break;
    }
}

static bool is_of_fields(const greffe__proof *p, const greffe__program *program)
{
    bool all = program != NULL && program->slots.count > 0;
    for (uint32_t i = 0; all && i < program->slots.count; i++) {
        all = all && p->plan->slots.at[program->slots.at[i]].kind == GREFFE__SLOT_FIELD;
    }
    return all;
}

/* The lists of `each` that only answers change: those of one expression are empty together. */
static bool add_lists(greffe__proof *p)
{
    const greffe__plan_nodes *nodes = &p->plan->nodes;
    p->list_facts = greffe__arena_alloc(p->arena, (nodes->count + 1) * sizeof *p->list_facts);
    for (uint32_t i = 0; p->list_facts != NULL && i < nodes->count; i++) {
        const greffe__program *list = nodes->at[i].expression;
        p->list_facts[i] = GREFFE__NONE;
        if (nodes->at[i].op != GREFFE__P_EACH || !is_of_fields(p, list)) {
            continue;
        }
        for (uint32_t j = 0; j < p->lists.count; j++) {
            bool same =
                greffe__str_equal(nodes->at[p->lists.at[j]].expression->source, list->source);
            p->list_facts[i] = same ? p->list_facts[p->lists.at[j]] : p->list_facts[i];
        }
        if (p->list_facts[i] == GREFFE__NONE) {
            p->list_facts[i] = greffe__proof_fact(p);
        }
        if (!add_number(p, &p->lists, i)) {
            return false;
        }
    }
    return p->list_facts != NULL;
}

/* --- Clocks --- */

static bool add_clocks(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->clocks.count; i++) {
        const greffe__clock_def *clock = &p->plan->clocks.at[i];
        uint32_t fact = greffe__proof_fact(p);
        if (!add_number(p, &p->clock_facts, fact)) {
            return false;
        }
        greffe__proof_add(p, greffe__proof_occasion(p, clock->from),
                          (greffe__effect){.op = GREFFE__FX_START, .fact = fact});
        for (uint32_t j = 0; j < clock->until.count; j++) {
            greffe__proof_add(p, greffe__proof_occasion(p, clock->until.at[j]),
                              (greffe__effect){.op = GREFFE__FX_STOP, .fact = fact});
        }
        greffe__proof_add(
            p, &p->firing[i],
            (greffe__effect){.op = GREFFE__FX_SET, .value = GREFFE__CLOCK_OVER, .fact = fact});
    }
    return !p->failed;
}

static greffe__occasion *occasions(greffe__proof *p, uint32_t count)
{
    greffe__occasion *list = greffe__arena_alloc(p->arena, (count + 1) * sizeof *list);
    for (uint32_t i = 0; list != NULL && i < count; i++) {
        list[i] = (greffe__occasion){GREFFE__NONE, GREFFE__NONE};
    }
    return list;
}

bool greffe__proof_net(greffe__proof *p)
{
    uint32_t count = p->plan->nodes.count;
    greffe__map_init(&p->moment_index, p->arena);
    p->conditions = greffe__conditions_create(p->arena, &p->d->symbols);
    p->edge_base = greffe__arena_alloc(p->arena, (count + 1) * sizeof *p->edge_base);
    p->entering = occasions(p, count);
    p->firing = occasions(p, p->plan->clocks.count);
    if (p->conditions == NULL || p->edge_base == NULL || p->entering == NULL || p->firing == NULL ||
        !read_guards(p) || !read_applies(p) || !cut(p)) {
        return false;
    }
    p->names = greffe__conditions_names(p->conditions);
    p->known = greffe__arena_zalloc(p->arena, (p->names->count + 1) * sizeof *p->known);
    if (p->known == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < p->names->count; i++) {
        know(p, i);
    }
    return !p->failed && add_lists(p) && add_clocks(p);
}
