/* The way to a fault, for whoever plays it: moves in their order, and what people have to answer
 * for guards to let them through. Answers go back to where they were given: at the filing, with an
 * outcome, or when something was supplied. */
#include <string.h>

#include "compile/verify_priv.h"
#include "value/json.h"

/* What is answered for a field at a move; move 0 is the filing. */
typedef struct answer {
    uint32_t move, field;
    const greffe__value *value;
} answer;

/* An item of an `each`: what it is, or NULL where nothing asks. */
typedef struct item {
    uint32_t node, index;
    const greffe__value *value;
} item;

typedef struct trace {
    greffe__proof *p;
    greffe__moves moves;  /* in their order, with the state each begins in */
    uint32_t *given_at;   /* of each field: the last move that gave it */
    uint32_t *item_count; /* of each node: how many items have begun */
    struct {
        answer *at;
        uint32_t count, capacity;
    } answers;
    struct {
        item *at;
        uint32_t count, capacity;
    } items;
} trace;

/* --- Reading the way --- */

static bool add_move(trace *t, uint32_t from, const greffe__move *move)
{
    greffe__moved *one = greffe__arena_push(t->p->arena, &t->moves, sizeof *one);
    if (one == NULL) {
        return false;
    }
    *one = (greffe__moved){from, *move};
    return true;
}

static bool collect(trace *t, uint32_t state, const greffe__move *last)
{
    const greffe__proof *p = t->p;
    for (uint32_t at = state; at != GREFFE__NONE && p->parents[at] != GREFFE__NONE;
         at = p->parents[at]) {
        if (!add_move(t, p->parents[at], &p->moves[at])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < t->moves.count / 2; i++) {
        greffe__moved other = t->moves.at[i];
        t->moves.at[i] = t->moves.at[t->moves.count - 1 - i];
        t->moves.at[t->moves.count - 1 - i] = other;
    }
    return last == NULL || add_move(t, state, last);
}

static void answer_field(trace *t, uint32_t move, uint32_t field, const greffe__value *value)
{
    for (uint32_t i = 0; i < t->answers.count; i++) {
        if (t->answers.at[i].move == move && t->answers.at[i].field == field) {
            t->answers.at[i].value = value;
            return;
        }
    }
    answer *one = greffe__arena_push(t->p->arena, &t->answers, sizeof *one);
    if (one != NULL) {
        *one = (answer){move, field, value};
    }
}

/* The item that is under way is what its guard asks for. */
static void answer_item(trace *t, greffe__str step, const greffe__value *value)
{
    const greffe__plan *plan = t->p->plan;
    uint32_t at = greffe__plan_step_at(plan, step);
    uint32_t node = at != GREFFE__NONE ? plan->steps.at[at].entry : GREFFE__NONE;
    item *one = node != GREFFE__NONE && t->item_count[node] > 0
                    ? greffe__arena_push(t->p->arena, &t->items, sizeof *one)
                    : NULL;
    if (one != NULL) {
        *one = (item){node, t->item_count[node] - 1, value};
    }
}

static void take_answers(trace *t, const greffe__asked *asked, const uint32_t *segments)
{
    const greffe__proof *p = t->p;
    for (uint32_t i = 0; i < asked->count; i++) {
        const greffe__name_cut *name = &p->names->at[asked->names[i]];
        const greffe__slot *slot = &p->plan->slots.at[name->slot];
        const greffe__value *value = &name->samples[segments[i]];
        if (slot->kind == GREFFE__SLOT_FIELD) {
            uint32_t field = greffe__plan_field_at(p->plan, slot->name);
            if (field != GREFFE__NONE) {
                answer_field(t, t->given_at[field], field, value);
            }
        } else if (slot->kind == GREFFE__SLOT_ITEM) {
            answer_item(t, slot->name, value);
        }
    }
}

/* What the guards of a move asked for. */
static void read_guards(trace *t, const greffe__moved *one)
{
    greffe__asked asked;
    uint32_t segments[GREFFE_MAX_ASKED];
    const uint8_t *from = greffe__proof_state(t->p, one->from);
    greffe__proof_ask(&asked, t->p, from, one->move.node);
    if (asked.ways > 0) {
        greffe__proof_way(segments, t->p, from, &asked, one->move.way);
        take_answers(t, &asked, segments);
    }
}

/* What is filled in with an edge, and asked for by its own guard. */
static void read_fill(trace *t, const greffe__moved *one, uint8_t *state)
{
    const greffe__proof *p = t->p;
    greffe__asked asked;
    uint32_t segments[GREFFE_MAX_ASKED];
    const greffe__u32s *fill = &p->plan->nodes.at[one->move.node].edges.at[one->move.edge].fill;
    memcpy(state, greffe__proof_state(p, one->from), p->size);
    for (uint32_t i = 0; i < fill->count; i++) {
        greffe__proof_fill(p, state, fill->at[i]);
    }
    greffe__proof_ask_fill(&asked, p, state, one->move.node, one->move.edge);
    if (asked.ways > 0) {
        greffe__proof_way(segments, p, state, &asked, one->move.fill);
        take_answers(t, &asked, segments);
    }
}

static void read_move(trace *t, uint32_t index, uint8_t *state)
{
    const greffe__moved *one = &t->moves.at[index];
    const greffe__proof *p = t->p;
    uint32_t node = one->move.node;
    if (one->move.kind == GREFFE__MOVE_AGAIN) {
        t->item_count[node] += 1;
        return;
    }
    if (one->move.kind != GREFFE__MOVE_EDGE && one->move.kind != GREFFE__MOVE_KNOW) {
        return;
    }
    if (greffe__proof_guarded(p, node)) {
        read_guards(t, one);
    }
    const greffe__plan_node *at = &p->plan->nodes.at[node];
    const greffe__edge *edge = one->move.edge != GREFFE__NONE && one->move.kind == GREFFE__MOVE_EDGE
                                   ? &at->edges.at[one->move.edge]
                                   : NULL;
    for (uint32_t i = 0; edge != NULL && i < edge->fill.count; i++) {
        t->given_at[edge->fill.at[i]] = index + 1;
    }
    bool supplies = at->op == GREFFE__P_WAIT && at->supply && edge != NULL && !edge->done;
    for (uint32_t i = 0; supplies && i < p->form_fields.count; i++) {
        t->given_at[p->form_fields.at[i]] = index + 1;
    }
    if (edge != NULL && p->guards[p->edge_base[node] + one->move.edge] != GREFFE__NONE) {
        read_fill(t, one, state);
    }
}

/* --- Writing it --- */

static void name(greffe__buf *out, const char *text, bool first)
{
    greffe__buf_format(out, "%s\"%s\":", first ? "" : ",", text);
}

/* A number is written as a text, which loses no digit. */
static void write_value(greffe__buf *out, const greffe__value *value)
{
    bool number = value != NULL && value->kind == GREFFE__NUMBER;
    if (value == NULL) {
        greffe__buf_text(out, "null");
        return;
    }
    greffe__buf_text(out, number ? "\"" : "");
    greffe__json_write(out, value);
    greffe__buf_text(out, number ? "\"" : "");
}

static void write_answers(greffe__buf *out, const trace *t, uint32_t move)
{
    bool first = true;
    greffe__buf_byte(out, '{');
    for (uint32_t i = 0; i < t->answers.count; i++) {
        const answer *one = &t->answers.at[i];
        if (one->move == move) {
            greffe__buf_text(out, first ? "" : ",");
            greffe__buf_json(out, t->p->plan->fields.at[one->field].path);
            greffe__buf_byte(out, ':');
            write_value(out, one->value);
            first = false;
        }
    }
    greffe__buf_byte(out, '}');
}

static void write_item(greffe__buf *out, const trace *t, uint32_t node, uint32_t index)
{
    const greffe__value *value = NULL;
    for (uint32_t i = 0; i < t->items.count; i++) {
        bool same = t->items.at[i].node == node && t->items.at[i].index == index;
        value = same ? t->items.at[i].value : value;
    }
    write_value(out, value);
}

/* How many items each list has, and what they are. */
static void write_items(greffe__buf *out, const trace *t)
{
    bool first = true;
    greffe__buf_byte(out, '{');
    for (uint32_t i = 0; i < t->p->plan->nodes.count; i++) {
        if (t->p->plan->nodes.at[i].op != GREFFE__P_EACH) {
            continue;
        }
        greffe__buf_text(out, first ? "" : ",");
        greffe__buf_json(out, t->p->plan->nodes.at[i].path);
        greffe__buf_text(out, ":[");
        for (uint32_t j = 0; j < t->item_count[i]; j++) {
            greffe__buf_text(out, j == 0 ? "" : ",");
            write_item(out, t, i, j);
        }
        greffe__buf_byte(out, ']');
        first = false;
    }
    greffe__buf_byte(out, '}');
}

static void write_move(greffe__buf *out, const trace *t, uint32_t index)
{
    const greffe__move *move = &t->moves.at[index].move;
    const greffe__plan *plan = t->p->plan;
    greffe__buf_byte(out, '{');
    if (move->kind == GREFFE__MOVE_CLOCK) {
        name(out, "clock", true);
        greffe__buf_json(out, plan->clocks.at[move->node].name);
    } else if (move->kind == GREFFE__MOVE_AGAIN) {
        name(out, "item", true);
        greffe__buf_json(out, plan->nodes.at[move->node].path);
    } else if (move->kind == GREFFE__MOVE_EDGE && move->edge != GREFFE__NONE) {
        name(out, "node", true);
        greffe__buf_json(out, plan->nodes.at[move->node].path);
        name(out, "outcome", false);
        greffe__buf_json(out, plan->nodes.at[move->node].edges.at[move->edge].outcome);
        name(out, "fill", false);
        write_answers(out, t, index + 1);
    }
    greffe__buf_byte(out, '}');
}

greffe__str greffe__proof_trace(greffe__proof *p, const greffe__goal *goal)
{
    trace t = {.p = p};
    uint8_t *state = greffe__arena_alloc(p->arena, p->size + 1);
    t.given_at = greffe__arena_zalloc(p->arena, (p->plan->fields.count + 1) * sizeof *t.given_at);
    t.item_count =
        greffe__arena_zalloc(p->arena, (p->plan->nodes.count + 1) * sizeof *t.item_count);
    if (state == NULL || t.given_at == NULL || t.item_count == NULL ||
        !collect(&t, goal->state, goal->last)) {
        return (greffe__str){"", 0};
    }
    for (uint32_t i = 0; i < t.moves.count; i++) {
        read_move(&t, i, state);
    }
    greffe__buf out;
    greffe__buf_init(&out, p->arena->context);
    greffe__buf_byte(&out, '{');
    name(&out, "code", true);
    greffe__buf_json(&out, greffe__str_of(greffe__code_text(goal->code)));
    name(&out, "goal", false);
    greffe__buf_json(&out, greffe__str_of(goal->kind));
    name(&out, "node", false);
    greffe__buf_json(&out, goal->node != GREFFE__NONE ? p->plan->nodes.at[goal->node].path
                                                      : (greffe__str){"", 0});
    name(&out, "pattern", false);
    greffe__buf_json(&out, greffe__str_of(goal->pattern != NULL ? goal->pattern : ""));
    name(&out, "of", false);
    greffe__buf_json(&out, goal->of);
    name(&out, "other", false);
    greffe__buf_json(&out, goal->other);
    name(&out, "story", false);
    greffe__buf_json(&out, goal->story);
    name(&out, "answers", false);
    write_answers(&out, &t, 0);
    name(&out, "items", false);
    write_items(&out, &t);
    name(&out, "moves", false);
    greffe__buf_byte(&out, '[');
    for (uint32_t i = 0; i < t.moves.count; i++) {
        greffe__buf_text(&out, i == 0 ? "" : ",");
        write_move(&out, &t, i);
    }
    greffe__buf_text(&out, "]}");
    return greffe__buf_keep(&out, p->arena);
}
