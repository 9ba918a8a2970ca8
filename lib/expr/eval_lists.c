/* Making lists, contexts and ranges while a program runs, and going through them. */
#include <string.h>

#include "expr/machine.h"

/* --- Building --- */

bool greffe__build_list(const greffe__frame *f, greffe__value *at, uint32_t count)
{
    if (count == 0) {
        *at = greffe__list_of(NULL, 0);
        return true;
    }
    greffe__value *items = greffe__arena_alloc(f->m->eval->arena, count * sizeof *items);
    if (items == NULL) {
        return greffe__no_memory(f);
    }
    memcpy(items, at, count * sizeof *items);
    *at = greffe__list_of(items, count);
    return true;
}

bool greffe__build_context(const greffe__frame *f, greffe__value *at, const greffe__value *names)
{
    uint32_t count = names->count;
    greffe__entry *entries = greffe__arena_alloc(f->m->eval->arena, (count + 1) * sizeof *entries);
    if (entries == NULL) {
        return greffe__no_memory(f);
    }
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = (greffe__entry){names->as.items[i].as.string, at[i]};
    }
    *at = greffe__context_of(entries, count);
    return true;
}

/* Ends of one kind that has an order, the lower one not above the other. */
bool greffe__build_range(const greffe__frame *f, greffe__value *at, uint32_t ends)
{
    const greffe__value *low = &at[0], *high = &at[1];
    bool no_low = (ends & GREFFE__RANGE_NO_LOW) != 0, no_high = (ends & GREFFE__RANGE_NO_HIGH) != 0;
    int order;
    bool good = no_low || no_high || (greffe__value_compare(&order, low, high) && order <= 0);
    const greffe__value *end = no_low ? high : low;
    good = good && greffe__value_compare(&order, end, end);
    if (!good) {
        greffe__trouble trouble = {GREFFE__GR_EVAL_TYPE, "these are no ends of a range", *low,
                                   *high, 2};
        return greffe__met(f, &trouble, at);
    }
    greffe__range *range = greffe__arena_alloc(f->m->eval->arena, sizeof *range);
    if (range == NULL) {
        return greffe__no_memory(f);
    }
    *range = (greffe__range){*low, *high, (ends & GREFFE__RANGE_LOW_CLOSED) != 0,
                             (ends & GREFFE__RANGE_HIGH_CLOSED) != 0};
    *at = (greffe__value){.kind = GREFFE__RANGE, .as.range = range};
    return true;
}

/* --- Iterating --- */

/* The whole numbers or days from one to the other, up or down. */
bool greffe__count_through(const greffe__frame *f, greffe__value *at)
{
    int64_t from, to;
    bool dates = at[0].kind == GREFFE__DATE && at[1].kind == GREFFE__DATE;
    if (dates) {
        from = at[0].as.days;
        to = at[1].as.days;
    } else if (at[0].kind != GREFFE__NUMBER || at[1].kind != GREFFE__NUMBER ||
               !greffe__dec_to_i64(&from, at[0].as.number) ||
               !greffe__dec_to_i64(&to, at[1].as.number)) {
        greffe__trouble trouble = {GREFFE__GR_EVAL_TYPE,
                                   "only whole numbers and dates are counted through", at[0], at[1],
                                   2};
        return greffe__met(f, &trouble, at);
    }
    uint64_t count = (to >= from ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to);
    if (count >= GREFFE_MAX_EXPR_LIST) {
        return greffe__met_text(f, GREFFE__GR_EVAL_LIMIT,
                                "a list would have more than 10,000 items", NULL, at);
    }
    greffe__value *items = greffe__arena_alloc(f->m->eval->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return greffe__no_memory(f);
    }
    for (uint64_t i = 0; i <= count; i++) {
        int64_t value = to >= from ? from + (int64_t)i : from - (int64_t)i;
        items[i] = dates ? greffe__date(value) : greffe__integer(value);
    }
    *at = greffe__list_of(items, (uint32_t)count + 1);
    return true;
}

bool greffe__iterate(const greffe__frame *f, greffe__value *at)
{
    if (at->kind == GREFFE__LIST) {
        return true;
    }
    if (at->kind == GREFFE__RANGE) {
        const greffe__range *range = at->as.range;
        greffe__value ends[2] = {range->low, range->high};
        greffe__value one = greffe__integer(1);
        greffe__trouble trouble;
        bool number = ends[0].kind == GREFFE__NUMBER && ends[1].kind == GREFFE__NUMBER;
        bool good = true;
        if (number && !range->low_closed) {
            good = greffe__arithmetic(&ends[0], GREFFE__OP_ADD, &ends[0], &one, NULL, &trouble);
        } else if (ends[0].kind == GREFFE__DATE && !range->low_closed) {
            ends[0].as.days += 1;
        }
        if (number && !range->high_closed) {
            good = good &&
                   greffe__arithmetic(&ends[1], GREFFE__OP_SUB, &ends[1], &one, NULL, &trouble);
        } else if (ends[1].kind == GREFFE__DATE && !range->high_closed) {
            ends[1].as.days -= 1;
        }
        int order;
        if (good && greffe__value_compare(&order, &ends[0], &ends[1]) && order > 0) {
            *at = greffe__list_of(NULL, 0);
            return true;
        }
        good = good && greffe__count_through(f, ends);
        *at = ends[0];
        return good;
    }
    if (!f->program->lenient || at->kind == GREFFE__NULL) {
        return greffe__met_text(
            f, at->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
            "a list is needed", at, at);
    }
    return greffe__build_list(f, at, 1);
}

/* list, place: the next item is pushed, or nothing. */
bool greffe__has_next(greffe__value *top, greffe__value *item)
{
    greffe__value *list = top - 2, *place = top - 1;
    uint64_t index = (uint64_t)place->as.days;
    if (list->kind != GREFFE__LIST || index >= list->count) {
        return false;
    }
    place->as.days += 1;
    *item = list->as.items[index];
    return true;
}

bool greffe__append(const greffe__frame *f, greffe__value *list, const greffe__value *item)
{
    if (list->kind != GREFFE__LIST) {
        return true; /* what iterated was no list: null stays null */
    }
    if (list->count == GREFFE_MAX_EXPR_LIST) {
        greffe__value unused;
        return greffe__met_text(f, GREFFE__GR_EVAL_LIMIT,
                                "a list would have more than 10,000 items", NULL, &unused);
    }
    return greffe__list_append(f->m->eval->arena, list, item) || greffe__no_memory(f);
}

void greffe__index_of(greffe__value *out, const greffe__value *list, const greffe__value *number)
{
    int64_t index;
    *out = greffe__null();
    if (greffe__dec_to_i64(&index, number->as.number)) {
        index = index < 0 ? index + list->count : index - 1;
        if (index >= 0 && index < (int64_t)list->count) {
            *out = list->as.items[index];
        }
    }
}

/* acc … list, place, item, condition */
bool greffe__filter(const greffe__frame *f, greffe__value *found, greffe__value *top)
{
    const greffe__value *condition = top - 1, *item = top - 2;
    greffe__value *list = top - 4, unused;
    if (condition->kind == GREFFE__BOOL) {
        return !condition->as.truth || greffe__append(f, found, item);
    }
    if (condition->kind == GREFFE__NUMBER && found->kind == GREFFE__LIST) { /* it is an index */
        greffe__index_of(found, list, condition);
        *list = greffe__list_of(NULL, 0);
        return true;
    }
    if (condition->kind != GREFFE__NULL) {
        *found = greffe__null();
        *list = greffe__list_of(NULL, 0);
    }
    return greffe__met_text(
        f, condition->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
        "a condition is neither true nor false", condition, &unused);
}

bool greffe__quantify(const greffe__frame *f, bool some, greffe__value *known,
                      const greffe__value *value)
{
    greffe__value unused;
    if (value->kind != GREFFE__BOOL) {
        *known = known->kind == GREFFE__BOOL && known->as.truth == some ? *known : greffe__null();
        return greffe__met_text(
            f, value->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
            "a condition is neither true nor false", value, &unused);
    }
    if (value->as.truth == some) {
        *known = *value;
    }
    return true;
}
