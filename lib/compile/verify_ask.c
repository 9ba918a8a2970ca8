/* What guards ask for in a state: the names, and the segments that each may be in there. */
#include "compile/verify_priv.h"

bool greffe__proof_waits(const greffe__proof *p, const uint8_t *state, uint32_t step_index)
{
    for (uint32_t i = 0; i < p->plan->scopes.count; i++) {
        const greffe__plan_node *node = greffe__proof_token(p, state, i);
        if (node != NULL && node->op == GREFFE__P_WAIT && node->step == step_index) {
            return true;
        }
    }
    return false;
}

static bool may_be(const greffe__proof *p, const uint8_t *state, uint32_t name, uint32_t segment)
{
    const greffe__known *known = &p->known[name];
    const greffe__value *sample = &p->names->at[name].samples[segment];
    uint32_t fact =
        known->fact != GREFFE__NONE ? greffe__proof_facts(p, state)[known->fact] : GREFFE__ANY;
    if (known->segment != GREFFE__NONE) {
        return segment == known->segment;
    }
    switch ((greffe__slot_kind)known->kind) {
    case GREFFE__SLOT_MOMENT: return sample->as.truth == (fact == 1);
    case GREFFE__SLOT_WAITING:
        return sample->as.truth == greffe__proof_waits(p, state, known->step);
    case GREFFE__SLOT_DATE: return (segment == known->null) == (fact == 0);
    default:
        return fact == GREFFE__ANY || (fact == GREFFE__PRESENT && segment != known->null) ||
               fact == segment + 1;
    }
}

bool greffe__proof_reads(const greffe__proof *p, const uint8_t *state, uint32_t guard)
{
    const greffe__u32s *names = greffe__condition_names(p->conditions, guard);
    bool read = names != NULL;
    for (uint32_t i = 0; read && i < names->count; i++) {
        const greffe__known *known = &p->known[names->at[i]];
        bool others = known->among != GREFFE__NONE && /* another item may wait too */
                      greffe__proof_place(state, known->among) != GREFFE__PLACE_NONE;
        read = known->read && !others;
    }
    return read;
}

/* The names of a condition whose segments say all; else NULL. */
static const greffe__u32s *read_names(const greffe__proof *p, const uint8_t *state,
                                      uint32_t condition)
{
    return condition != GREFFE__NONE && greffe__proof_reads(p, state, condition)
               ? greffe__condition_names(p->conditions, condition)
               : NULL;
}

bool greffe__proof_guarded(const greffe__proof *p, uint32_t node)
{
    for (uint32_t i = 0; i < p->plan->nodes.at[node].edges.count; i++) {
        if (p->guards[p->edge_base[node] + i] != GREFFE__NONE) {
            return true;
        }
    }
    return p->plan->nodes.at[node].op == GREFFE__P_CHOOSE;
}

static void ask_condition(greffe__asked *out, const greffe__proof *p, const uint8_t *state,
                          uint32_t condition, const greffe__u32s *except);

static void ask_name(greffe__asked *out, const greffe__proof *p, const uint8_t *state,
                     uint32_t name, const greffe__u32s *except)
{
    uint32_t segments = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->names[i] == name) {
            return;
        }
    }
    for (uint32_t i = 0; i < p->names->at[name].count; i++) {
        segments += may_be(p, state, name, i);
    }
    bool fits = out->count < GREFFE_MAX_ASKED && out->ways * segments <= GREFFE_MAX_WAYS;
    out->ways = fits ? out->ways * segments : 0;
    if (fits) {
        out->names[out->count++] = name;
        ask_condition(out, p, state, p->known[name].applies, except);
    }
}

static bool is_filled(const greffe__proof *p, const greffe__u32s *fill, uint32_t name)
{
    for (uint32_t i = 0; fill != NULL && i < fill->count; i++) {
        if (p->field_names[fill->at[i]] == name) {
            return true;
        }
    }
    return false;
}

static void ask_condition(greffe__asked *out, const greffe__proof *p, const uint8_t *state,
                          uint32_t condition, const greffe__u32s *except)
{
    const greffe__u32s *names = read_names(p, state, condition);
    for (uint32_t i = 0; names != NULL && i < names->count && out->ways > 0; i++) {
        if (!is_filled(p, except, names->at[i])) {
            ask_name(out, p, state, names->at[i], except);
        }
    }
}

void greffe__proof_ask(greffe__asked *out, const greffe__proof *p, const uint8_t *state,
                       uint32_t node)
{
    const greffe__edges *edges = &p->plan->nodes.at[node].edges;
    out->count = 0;
    out->ways = 1;
    for (uint32_t i = 0; i < edges->count; i++) {
        ask_condition(out, p, state, p->guards[p->edge_base[node] + i], &edges->at[i].fill);
    }
}

void greffe__proof_ask_fill(greffe__asked *out, const greffe__proof *p, const uint8_t *state,
                            uint32_t node, uint32_t edge)
{
    const greffe__u32s *fill = &p->plan->nodes.at[node].edges.at[edge].fill;
    const greffe__u32s *names = read_names(p, state, p->guards[p->edge_base[node] + edge]);
    out->count = 0;
    out->ways = 1;
    for (uint32_t i = 0; names != NULL && i < names->count && out->ways > 0; i++) {
        if (is_filled(p, fill, names->at[i])) {
            ask_name(out, p, state, names->at[i], NULL);
        }
    }
}

void greffe__proof_way(uint32_t *segments, const greffe__proof *p, const uint8_t *state,
                       const greffe__asked *asked, uint32_t way)
{
    for (uint32_t i = 0; i < asked->count; i++) {
        uint32_t name = asked->names[i], possible = 0, count = p->names->at[name].count;
        for (uint32_t j = 0; j < count; j++) {
            possible += may_be(p, state, name, j);
        }
        possible = possible > 0 ? possible : 1; /* where there are none, there is no way */
        uint32_t wanted = way % possible;
        way /= possible;
        segments[i] = 0;
        for (uint32_t j = 0; j < count; j++) {
            if (may_be(p, state, name, j) && wanted-- == 0) {
                segments[i] = j;
                break;
            }
        }
    }
}
