/* What a decision table gives for what its rules found: hit policies and aggregations. */
#include "expr/expr_priv.h"

static bool equal(const greffe__value *a, const greffe__value *b)
{
    greffe__trouble trouble;
    greffe__value same;
    return greffe__compare_values(&same, GREFFE__OP_EQ, a, b, &trouble) && same.as.truth;
}

static bool refuse(greffe__trouble *trouble, const char *problem)
{
    *trouble = (greffe__trouble){.code = GREFFE__GR_EVAL_TABLE, .problem = problem};
    return false;
}

/* The place of an output's value among those allowed; what is not there comes last. */
static uint32_t rank_of(const greffe__value *allowed, const greffe__value *value)
{
    uint32_t at = 0;
    while (allowed->kind == GREFFE__LIST && at < allowed->count &&
           !equal(&allowed->as.items[at], value)) {
        at += 1;
    }
    return at;
}

/* Whether the outputs `a` come before `b`: column by column, by the order of what is allowed. */
static bool comes_before(const greffe__value *order, const greffe__value *a, const greffe__value *b)
{
    bool many = order->count > 1;
    for (uint32_t i = 0; i < order->count; i++) {
        const greffe__value *x = many ? &a->as.entries[i].value : a;
        const greffe__value *y = many ? &b->as.entries[i].value : b;
        uint32_t rank_a = rank_of(&order->as.entries[i].value, x);
        uint32_t rank_b = rank_of(&order->as.entries[i].value, y);
        if (rank_a != rank_b) {
            return rank_a < rank_b;
        }
    }
    return false;
}

static bool by_order(greffe__value *out, const greffe__value *found, const greffe__value *order,
                     greffe__arena *arena)
{
    greffe__value sorted = greffe__list_of(NULL, 0);
    bool good = true;
    for (uint32_t i = 0; good && i < found->count; i++) {
        good = greffe__list_append(arena, &sorted, &found->as.items[i]);
    }
    greffe__value *items = (greffe__value *)(uintptr_t)sorted.as.items;
    for (uint32_t i = 1; good && i < found->count; i++) { /* few rules fire at once */
        greffe__value moved = items[i];
        uint32_t at = i;
        while (at > 0 && comes_before(order, &moved, &items[at - 1])) {
            items[at] = items[at - 1];
            at -= 1;
        }
        items[at] = moved;
    }
    *out = sorted;
    return good;
}

static bool aggregate(greffe__value *out, greffe__aggregate how, const greffe__value *found,
                      greffe__arena *arena, greffe__trouble *trouble)
{
    if (how == GREFFE__AGGREGATE_COUNT) {
        *out = greffe__integer(found->count);
        return true;
    }
    if (found->count == 0) {
        *out = greffe__null();
        return true;
    }
    greffe__value total = found->as.items[0];
    for (uint32_t i = 0; i < found->count; i++) {
        const greffe__value *item = &found->as.items[i];
        int order;
        if (how == GREFFE__AGGREGATE_SUM) {
            if (item->kind != GREFFE__NUMBER && item->kind != GREFFE__DURATION &&
                item->kind != GREFFE__PERIOD) {
                return refuse(trouble, "only numbers and lengths are added up");
            }
            if (i > 0 &&
                !greffe__arithmetic(&total, GREFFE__OP_ADD, &total, item, arena, trouble)) {
                return false;
            }
            continue;
        }
        if (!greffe__value_compare(&order, item, &total)) {
            return refuse(trouble, "the rules that fire give values that have no order");
        }
        bool smaller = how == GREFFE__AGGREGATE_MIN;
        total = order != 0 && (order < 0) == smaller ? *item : total;
    }
    *out = total;
    return true;
}

static bool one_of(greffe__value *out, greffe__hit hit, const greffe__value *found,
                   const greffe__value *order, greffe__trouble *trouble)
{
    *out = found->as.items[0];
    for (uint32_t i = 1; i < found->count; i++) {
        const greffe__value *item = &found->as.items[i];
        if (hit == GREFFE__HIT_UNIQUE) {
            return refuse(trouble, "several rules fire, and only one may");
        }
        if (hit == GREFFE__HIT_ANY && !equal(out, item)) {
            return refuse(trouble, "rules fire that do not agree");
        }
        if (hit == GREFFE__HIT_PRIORITY && comes_before(order, item, out)) {
            *out = *item;
        }
    }
    return true;
}

bool greffe__table_hit(greffe__value *out, uint32_t operand, const greffe__value *found,
                       const greffe__value *otherwise, const greffe__value *order,
                       greffe__arena *arena, greffe__trouble *trouble)
{
    greffe__hit hit = (greffe__hit)(operand & 0xF);
    greffe__aggregate how = (greffe__aggregate)(operand >> 4 & 0xF);
    bool with_default = (operand & 1u << 8) != 0;
    bool many = hit == GREFFE__HIT_COLLECT || hit == GREFFE__HIT_RULE_ORDER ||
                hit == GREFFE__HIT_OUTPUT_ORDER;
    if (found->kind != GREFFE__LIST || order->kind != GREFFE__CONTEXT) {
        return refuse(trouble, "the program of a table is damaged");
    }
    for (uint32_t i = 0; order->count > 1 && i < found->count; i++) {
        if (found->as.items[i].kind != GREFFE__CONTEXT ||
            found->as.items[i].count != order->count) {
            return refuse(trouble, "the program of a table is damaged");
        }
    }
    bool listed = many && how == GREFFE__AGGREGATE_NONE;
    if (found->count == 0 && with_default) { /* a last rule, which fires where no other does */
        *out = listed ? greffe__list_of(NULL, 0) : *otherwise;
        return !listed || greffe__list_append(arena, out, otherwise);
    }
    if (many && !listed) {
        return aggregate(out, how, found, arena, trouble);
    }
    if (listed) {
        *out = *found;
        return hit != GREFFE__HIT_OUTPUT_ORDER || by_order(out, found, order, arena);
    }
    return found->count > 0 ? one_of(out, hit, found, order, trouble)
                            : refuse(trouble, "no rule fires for these values");
}
