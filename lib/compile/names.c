/* The one namespace of a procedure, and the moments that its parts speak of. */
#include "compile/compile_priv.h"

bool greffe__name_add(greffe__definition *d, const greffe__node *node, greffe__str id,
                      greffe__thing thing, uint32_t index)
{
    static const char *const things[] = {"",      "role",  "board",     "form section", "step",
                                         "value", "clock", "allotment", "service",      "document"};
    uint32_t other;
    if (greffe__map_get(&d->name_index, id, &other)) {
        greffe__complain(&d->binder, GREFFE__GR_DUPLICATE_ID, node,
                         "choose another id: roles, boards, sections, steps, values, clocks, "
                         "allotments, services and documents share one namespace",
                         "'%.*s' is already the id of a %s", (int)id.size, id.data,
                         things[d->names.at[other].thing]);
        return false;
    }
    greffe__named *named = greffe__arena_push(d->binder.arena, &d->names, sizeof *named);
    if (named == NULL) {
        return false;
    }
    *named = (greffe__named){id, thing, index};
    return greffe__map_add(&d->name_index, id, d->names.count - 1);
}

const greffe__named *greffe__name_find(greffe__definition *d, const greffe__node *node,
                                       greffe__str id, uint32_t wanted_things, const char *what)
{
    uint32_t index;
    bool known = greffe__map_get(&d->name_index, id, &index);
    if (known && (wanted_things >> d->names.at[index].thing & 1) != 0) {
        return &d->names.at[index];
    }
    enum { most = 256, shown = 8 };
    const char *words[most + 1];
    uint32_t count = 0;
    greffe__str list = {"", 0};
    for (uint32_t i = 0; i < d->names.count && count < most; i++) {
        if ((wanted_things >> d->names.at[i].thing & 1) != 0) {
            greffe__str one = greffe__str_dup(d->binder.arena, d->names.at[i].id);
            if (count < shown) {
                list = greffe__str_format(d->binder.arena, "%.*s%s%.*s", (int)list.size, list.data,
                                          count == 0 ? "" : ", ", (int)one.size, one.data);
            }
            words[count++] = one.data;
        }
    }
    words[count] = NULL;
    const char *choices = "none is declared";
    if (count > 0) {
        choices = greffe__str_format(d->binder.arena, "there %s %.*s%s", count > 1 ? "are" : "is",
                                     (int)list.size, list.data, count > shown ? "…" : "")
                      .data;
    }
    if (known) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_NAME_KIND, node, choices, "'%.*s' is not %s",
                         (int)id.size, id.data, what);
        return NULL;
    }
    greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_NAME, node,
                     greffe__did_you_mean(&d->binder, id, words, choices),
                     "there is no '%.*s'; %s is needed here", (int)id.size, id.data, what);
    return NULL;
}

static const greffe__step_def *step_named(const greffe__definition *d, greffe__str id)
{
    for (uint32_t i = 0; i < d->steps.count; i++) {
        if (greffe__str_equal(d->steps.at[i]->id, id)) {
            return d->steps.at[i];
        }
    }
    return NULL;
}

/* Whether some edge of the step finishes it with this outcome. */
static bool has_outcome(const greffe__definition *d, uint32_t step, greffe__str outcome)
{
    for (uint32_t i = 0; i < d->plan->nodes.count; i++) {
        const greffe__plan_node *node = &d->plan->nodes.at[i];
        const greffe__edge *edge = greffe__node_edge(node, outcome);
        if (node->step == step && edge != NULL && edge->done) {
            return true;
        }
    }
    return false;
}

bool greffe__read_moment(greffe__definition *d, const greffe__node *node, greffe__str text,
                         greffe__str *out)
{
    size_t dot = 0;
    while (dot < text.size && text.data[dot] != '.') {
        dot += 1;
    }
    greffe__str id = {text.data, dot};
    if (greffe__name_find(d, node, id, 1u << GREFFE__THING_STEP, "a step") == NULL) {
        return false;
    }
    if (dot == text.size) {
        *out = greffe__str_format(d->binder.arena, "%.*s.done", (int)id.size, id.data);
        return true;
    }
    *out = text;
    greffe__str outcome = {text.data + dot + 1, text.size - dot - 1};
    const greffe__step_def *step = step_named(d, id);
    if (greffe__str_is(outcome, "done") ||
        (step != NULL && has_outcome(d, step->plan_step, outcome))) {
        return true;
    }
    greffe__complain(&d->binder, GREFFE__GR_BAD_MOMENT, node,
                     "write step.outcome with one of the step's outcomes, or step.done",
                     "the step '%.*s' has no outcome '%.*s'", (int)id.size, id.data,
                     (int)outcome.size, outcome.data);
    return false;
}

static void add_seer(greffe__definition *d, const greffe__node *node, greffe__strs *out)
{
    if (node->kind != GREFFE__SCALAR) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_SHAPE, node, "see: [instructeur]",
                         "'see' takes a role, or a list of roles");
        return;
    }
    const unsigned things = 1u << GREFFE__THING_ROLE | 1u << GREFFE__THING_BOARD;
    greffe__str *place = greffe__name_find(d, node, node->text, things, "a role") == NULL
                             ? NULL
                             : greffe__arena_push(d->binder.arena, out, sizeof *place);
    if (place != NULL) {
        *place = node->text;
    }
}

void greffe__read_see(greffe__definition *d, const greffe__node *see, greffe__strs *out)
{
    if (see == NULL || see->kind == GREFFE__SCALAR) {
        if (see != NULL) {
            add_seer(d, see, out);
        }
        return;
    }
    if (see->kind != GREFFE__SEQUENCE || see->count == 0) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_SHAPE, see, "see: [instructeur]",
                         "'see' takes a role, or a list of at least one");
        return;
    }
    for (uint32_t i = 0; i < see->count; i++) {
        add_seer(d, greffe__node_resolve(see->children[i]), out);
    }
}

uint32_t greffe__step_named(const greffe__definition *d, greffe__str id)
{
    uint32_t index;
    bool step = greffe__map_get(&d->name_index, id, &index) &&
                d->names.at[index].thing == GREFFE__THING_STEP;
    return step ? d->names.at[index].index : GREFFE__NONE;
}
