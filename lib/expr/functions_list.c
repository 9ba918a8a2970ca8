/* Built-in functions over lists. Where FEEL allows it, the items may also be given one by one. */
#include <string.h>

#include "base/limits.h"
#include "expr/expr_priv.h"

/* The items that a function of many arguments works on: its arguments, or those of its one list. */
static const greffe__value *items_of(const greffe__call *call, uint32_t *count)
{
    if (call->count == 1 && call->at[0].kind == GREFFE__LIST) {
        *count = call->at[0].count;
        return call->at[0].as.items;
    }
    *count = call->count;
    return call->at;
}

/* Whether two values are equal; false, and refused, when too much was compared. */
static bool equal(greffe__call *call, const greffe__value *a, const greffe__value *b, bool *out)
{
    greffe__trouble trouble;
    greffe__value same = greffe__null();
    uint32_t looked;
    bool known = greffe__compare_counted(&same, GREFFE__OP_EQ, a, b, &trouble, &looked);
    *out = known && same.as.truth;
    if (!known && trouble.code == GREFFE__GR_EVAL_LIMIT) {
        call->trouble = trouble;
        return false;
    }
    return looked < 16 || greffe__call_work(call, looked / 16);
}

static bool push(greffe__call *call, greffe__value *list, const greffe__value *item)
{
    if (list->count >= GREFFE_MAX_EXPR_LIST) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                   "a list would have more than 10,000 items");
    }
    return greffe__list_append(call->arena, list, item);
}

static bool push_all(greffe__call *call, greffe__value *list, const greffe__value *from,
                     uint32_t start, uint32_t end)
{
    bool good = greffe__call_work(call, end > start ? end - start : 0);
    for (uint32_t i = start; good && i < end; i++) {
        good = push(call, list, &from->as.items[i]);
    }
    return good;
}

static greffe__value empty(void)
{
    return greffe__list_of(NULL, 0);
}

/* --- Asking --- */

static bool run_list_contains(greffe__call *call, greffe__value *out)
{
    *out = greffe__bool(false);
    for (uint32_t i = 0; i < call->at[0].count && !out->as.truth; i++) {
        bool same;
        if (!equal(call, &call->at[0].as.items[i], &call->at[1], &same)) {
            return false;
        }
        *out = greffe__bool(same);
    }
    return greffe__call_work(call, call->at[0].count);
}

static bool run_count(greffe__call *call, greffe__value *out)
{
    *out = greffe__integer(call->at[0].count);
    return true;
}

static bool run_index_of(greffe__call *call, greffe__value *out)
{
    greffe__value found = empty();
    for (uint32_t i = 0; i < call->at[0].count; i++) {
        greffe__value place = greffe__integer(i + 1);
        bool same;
        if (!equal(call, &call->at[0].as.items[i], &call->at[1], &same) ||
            (same && !push(call, &found, &place))) {
            return false;
        }
    }
    *out = found;
    return greffe__call_work(call, call->at[0].count);
}

/* True wins in any, false in all; else null where one is neither. */
static bool decide(greffe__call *call, greffe__value *out, bool deciding)
{
    uint32_t count;
    const greffe__value *items = items_of(call, &count), *odd = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].kind != GREFFE__BOOL) {
            odd = &items[i];
        } else if (items[i].as.truth == deciding) {
            *out = greffe__bool(deciding);
            return true;
        }
    }
    if (odd != NULL) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE,
                                         "a condition is neither true nor false", odd);
    }
    *out = greffe__bool(!deciding);
    return true;
}

static bool run_all(greffe__call *call, greffe__value *out)
{
    return decide(call, out, false);
}

static bool run_any(greffe__call *call, greffe__value *out)
{
    return decide(call, out, true);
}

/* --- Sorting --- */

static bool precedes(greffe__call *call, const greffe__value *function, const greffe__value *a,
                     const greffe__value *b, bool *out)
{
    greffe__value arguments[2] = {*a, *b}, answer;
    int order;
    if (function == NULL) {
        if (!greffe__value_compare(&order, a, b)) {
            return greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE, "these have no order", a);
        }
        *out = order < 0;
        return true;
    }
    if (!greffe__call_function(call, function, arguments, 2, &answer)) {
        return false;
    }
    *out = answer.kind == GREFFE__BOOL && answer.as.truth;
    return answer.kind == GREFFE__BOOL ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE,
                                     "a condition is neither true nor false", &answer);
}

/* Merges runs of `width` from one list into the other; what is equal keeps its order. */
static bool merge(greffe__call *call, const greffe__value *function, const greffe__value *from,
                  greffe__value *to, uint32_t count, uint32_t width)
{
    for (uint32_t start = 0; start < count; start += 2 * width) {
        uint32_t middle = count - start > width ? start + width : count;
        uint32_t end = count - middle > width ? middle + width : count;
        uint32_t left = start, right = middle;
        for (uint32_t i = start; i < end; i++) {
            bool later = right < end && left == middle;
            if (right < end && left < middle &&
                !precedes(call, function, &from[right], &from[left], &later)) {
                return false;
            }
            to[i] = later ? from[right++] : from[left++];
        }
    }
    return true;
}

/* A sorted copy, by a function or by their own order; NULL: refused, or no memory. */
static greffe__value *sorted(greffe__call *call, const greffe__value *items, uint32_t count,
                             const greffe__value *function)
{
    greffe__value *a = greffe__arena_alloc(call->arena, (count + 1) * sizeof *a);
    greffe__value *b = greffe__arena_alloc(call->arena, (count + 1) * sizeof *b);
    if (a == NULL || b == NULL || !greffe__call_work(call, 10 * (uint64_t)count)) {
        return NULL;
    }
    if (count > 0) {
        memcpy(a, items, count * sizeof *a);
    }
    for (uint32_t width = 1; width < count; width *= 2) {
        if (!merge(call, function, a, b, count, width)) {
            return NULL;
        }
        greffe__value *other = a;
        a = b;
        b = other;
    }
    return a;
}

static bool run_sort(greffe__call *call, greffe__value *out)
{
    const greffe__value *list = &call->at[0];
    greffe__value *items =
        sorted(call, list->as.items, list->count, call->count > 1 ? &call->at[1] : NULL);
    *out = greffe__list_of(items, list->count);
    return items != NULL;
}

/* --- Numbers --- */

static bool extreme(greffe__call *call, greffe__value *out, int wanted)
{
    uint32_t count;
    const greffe__value *items = items_of(call, &count);
    if (count == 0) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                   "an empty list has no smallest or largest value");
    }
    *out = items[0];
    for (uint32_t i = 0; i < count; i++) {
        int order;
        if (!greffe__value_compare(&order, &items[i], out)) {
            return greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE,
                                             "values of different kinds have no order", &items[i]);
        }
        *out = order != 0 && (order < 0) == (wanted < 0) ? items[i] : *out;
    }
    return true;
}

static bool run_min(greffe__call *call, greffe__value *out)
{
    return extreme(call, out, -1);
}

static bool run_max(greffe__call *call, greffe__value *out)
{
    return extreme(call, out, 1);
}

/* Sums or multiplies; an empty list has neither. */
static bool combine(greffe__call *call, greffe__value *out, greffe__op op)
{
    uint32_t count;
    const greffe__value *items = items_of(call, &count);
    if (count == 0) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                   "an empty list has no such result");
    }
    greffe__value total = items[0];
    bool length = total.kind == GREFFE__DURATION || total.kind == GREFFE__PERIOD;
    for (uint32_t i = 0; i < count; i++) {
        bool fits = items[i].kind == GREFFE__NUMBER ||
                    (op == GREFFE__OP_ADD && length && items[i].kind == total.kind);
        if (!fits) {
            return greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE,
                                             "only numbers are added up", &items[i]);
        }
        if (i > 0 &&
            !greffe__arithmetic(&total, op, &total, &items[i], call->arena, &call->trouble)) {
            return false;
        }
    }
    *out = total;
    return greffe__call_work(call, count);
}

/* In a procedure nothing adds up to zero; in FEEL proper, an empty list has no sum. */
static bool run_sum(greffe__call *call, greffe__value *out)
{
    if (!call->program->lenient && call->count == 1 && call->at[0].kind == GREFFE__LIST &&
        call->at[0].count == 0) {
        *out = greffe__integer(0);
        return true;
    }
    return combine(call, out, GREFFE__OP_ADD);
}

static bool run_product(greffe__call *call, greffe__value *out)
{
    return combine(call, out, GREFFE__OP_MUL);
}

static bool run_mean(greffe__call *call, greffe__value *out)
{
    uint32_t count;
    greffe__value sum, number;
    (void)items_of(call, &count);
    if (!combine(call, &sum, GREFFE__OP_ADD)) {
        return false;
    }
    number = greffe__integer(count);
    return greffe__arithmetic(out, GREFFE__OP_DIV, &sum, &number, call->arena, &call->trouble);
}

static greffe__value *sorted_numbers(greffe__call *call, uint32_t *count)
{
    const greffe__value *items = items_of(call, count);
    for (uint32_t i = 0; i < *count; i++) {
        if (items[i].kind != GREFFE__NUMBER) {
            (void)greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE, "only numbers have this",
                                            &items[i]);
            return NULL;
        }
    }
    return sorted(call, items, *count, NULL);
}

static bool run_median(greffe__call *call, greffe__value *out)
{
    uint32_t count;
    greffe__value two = greffe__integer(2);
    greffe__value *items = sorted_numbers(call, &count);
    if (items == NULL) {
        return false;
    }
    if (count == 0) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT, "an empty list has no median");
    }
    *out = items[count / 2];
    return count % 2 == 1 ||
           (greffe__arithmetic(out, GREFFE__OP_ADD, &items[count / 2 - 1], &items[count / 2],
                               call->arena, &call->trouble) &&
            greffe__arithmetic(out, GREFFE__OP_DIV, out, &two, call->arena, &call->trouble));
}

/* What occurs most often, ascending; several values may. */
static bool run_mode(greffe__call *call, greffe__value *out)
{
    uint32_t count, most = 0;
    greffe__value *items = sorted_numbers(call, &count), list = empty();
    if (items == NULL) {
        return false;
    }
    for (uint32_t i = 0, run = 0; i < count; i++) {
        run = i > 0 && greffe__value_equal(&items[i], &items[i - 1]) ? run + 1 : 1;
        most = run > most ? run : most;
    }
    for (uint32_t i = 0, run = 0; i < count; i++) {
        run = i > 0 && greffe__value_equal(&items[i], &items[i - 1]) ? run + 1 : 1;
        if (run == most && !push(call, &list, &items[i])) {
            return false;
        }
    }
    *out = list;
    return true;
}

/* Of a sample: divided by one less than there are. */
static bool run_stddev(greffe__call *call, greffe__value *out)
{
    uint32_t count;
    const greffe__value *items = items_of(call, &count);
    greffe__value mean, rest, sum = greffe__integer(0), less_one;
    if (count < 2) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                   "a deviation needs two numbers or more");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].kind != GREFFE__NUMBER) {
            return greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE, "only numbers deviate",
                                             &items[i]);
        }
    }
    bool good = run_mean(call, &mean);
    for (uint32_t i = 0; good && i < count; i++) {
        good =
            greffe__arithmetic(&rest, GREFFE__OP_SUB, &items[i], &mean, call->arena,
                               &call->trouble) &&
            greffe__arithmetic(&rest, GREFFE__OP_MUL, &rest, &rest, call->arena, &call->trouble) &&
            greffe__arithmetic(&sum, GREFFE__OP_ADD, &sum, &rest, call->arena, &call->trouble);
    }
    less_one = greffe__integer((int64_t)count - 1);
    good = good &&
           greffe__arithmetic(&rest, GREFFE__OP_DIV, &sum, &less_one, call->arena, &call->trouble);
    out->kind = GREFFE__NUMBER;
    return good && greffe__dec_sqrt(&out->as.number, rest.as.number);
}

/* --- Changing --- */

/* A place from 1, or from the end with -1: as an index from 0. */
static bool place_in(greffe__call *call, uint32_t argument, uint32_t count, uint32_t *out)
{
    int64_t place;
    const greffe__value *value = &call->at[argument];
    greffe__dec number = value->as.number;
    bool whole = value->kind == GREFFE__NUMBER;
    if (whole && call->program->lenient) { /* FEEL proper cuts the fraction off */
        whole = greffe__dec_round(&number, number, 0, GREFFE__ROUND_DOWN);
    }
    whole = whole && greffe__dec_to_i64(&place, number);
    int64_t index = whole && place < 0 ? place + count : whole ? place - 1 : -1;
    *out = (uint32_t)index;
    return (whole && index >= 0 && index < (int64_t)count) ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT, "the list has no such place",
                                     value);
}

static bool run_sublist(greffe__call *call, greffe__value *out)
{
    const greffe__value *list = &call->at[0];
    uint32_t start;
    int64_t length = list->count;
    greffe__value part = empty();
    if (!place_in(call, 1, list->count, &start)) {
        return false;
    }
    if (call->count > 2 && (!greffe__dec_to_i64(&length, call->at[2].as.number) || length < 1 ||
                            length > (int64_t)(list->count - start))) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "the list has no part of this length there", &call->at[2]);
    }
    length = length > (int64_t)(list->count - start) ? (int64_t)(list->count - start) : length;
    bool good = push_all(call, &part, list, start, start + (uint32_t)length);
    *out = part;
    return good;
}

static bool run_append(greffe__call *call, greffe__value *out)
{
    greffe__value list = empty();
    bool good = push_all(call, &list, &call->at[0], 0, call->at[0].count);
    for (uint32_t i = 1; good && i < call->count; i++) {
        good = push(call, &list, &call->at[i]);
    }
    *out = list;
    return good;
}

static bool run_concatenate(greffe__call *call, greffe__value *out)
{
    greffe__value list = empty();
    bool good = true;
    for (uint32_t i = 0; good && i < call->count; i++) {
        good = push_all(call, &list, &call->at[i], 0, call->at[i].count);
    }
    *out = list;
    return good;
}

static bool run_insert(greffe__call *call, greffe__value *out)
{
    const greffe__value *from = &call->at[0];
    greffe__value list = empty();
    uint32_t place;
    bool good = place_in(call, 1, from->count, &place) && push_all(call, &list, from, 0, place) &&
                push(call, &list, &call->at[2]) && push_all(call, &list, from, place, from->count);
    *out = list;
    return good;
}

static bool run_remove(greffe__call *call, greffe__value *out)
{
    const greffe__value *from = &call->at[0];
    greffe__value list = empty();
    uint32_t place;
    bool good = place_in(call, 1, from->count, &place) && push_all(call, &list, from, 0, place) &&
                push_all(call, &list, from, place + 1, from->count);
    *out = list;
    return good;
}

/* By a place, or by a function of an item and the new one. */
static bool run_replace(greffe__call *call, greffe__value *out)
{
    const greffe__value *from = &call->at[0];
    greffe__value list = empty();
    uint32_t place = 0;
    bool by_function = call->at[1].kind == GREFFE__FUNCTION;
    bool good = by_function || place_in(call, 1, from->count, &place);
    for (uint32_t i = 0; good && i < from->count; i++) {
        bool replaced = i == place;
        if (by_function) {
            greffe__value arguments[2] = {from->as.items[i], call->at[2]}, answer;
            good = greffe__call_function(call, &call->at[1], arguments, 2, &answer);
            if (good && answer.kind != GREFFE__BOOL) {
                good = greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE,
                                                 "a condition is neither true nor false", &answer);
            }
            replaced = good && answer.as.truth;
        }
        good = good && push(call, &list, replaced ? &call->at[2] : &from->as.items[i]);
    }
    *out = list;
    return good;
}

static bool run_reverse(greffe__call *call, greffe__value *out)
{
    const greffe__value *from = &call->at[0];
    greffe__value list = empty();
    bool good = greffe__call_work(call, from->count);
    for (uint32_t i = from->count; good && i > 0; i--) {
        good = push(call, &list, &from->as.items[i - 1]);
    }
    *out = list;
    return good;
}

static bool push_new(greffe__call *call, greffe__value *list, const greffe__value *item)
{
    for (uint32_t i = 0; i < list->count; i++) {
        bool same;
        if (!equal(call, &list->as.items[i], item, &same)) {
            return false;
        }
        if (same) {
            return true;
        }
    }
    return greffe__call_work(call, list->count + 1) && push(call, list, item);
}

static bool run_union(greffe__call *call, greffe__value *out)
{
    greffe__value list = empty();
    bool good = true;
    for (uint32_t i = 0; good && i < call->count; i++) {
        for (uint32_t j = 0; good && j < call->at[i].count; j++) {
            good = push_new(call, &list, &call->at[i].as.items[j]);
        }
    }
    *out = list;
    return good;
}

static bool flatten(greffe__call *call, greffe__value *list, const greffe__value *from, int depth)
{
    bool good = greffe__call_work(call, from->count + 1);
    for (uint32_t i = 0; good && i < from->count; i++) {
        const greffe__value *item = &from->as.items[i];
        good = item->kind == GREFFE__LIST && depth < 100 ? flatten(call, list, item, depth + 1)
                                                         : push(call, list, item);
    }
    return good;
}

static bool run_flatten(greffe__call *call, greffe__value *out)
{
    greffe__value list = empty();
    bool good = flatten(call, &list, &call->at[0], 0);
    *out = list;
    return good;
}

static bool run_not(greffe__call *call, greffe__value *out)
{
    *out = greffe__bool(!call->at[0].as.truth);
    return true;
}

static const greffe__function functions[] = {
    {"list contains", "list,element", "lx", "b", false, run_list_contains},
    {"count", "list", "l", "n", false, run_count},
    {"min", "list*", "o", "i", false, run_min},
    {"max", "list*", "o", "i", false, run_max},
    {"sum", "list*", "a", "i", false, run_sum},
    {"mean", "list*", "a", "i", false, run_mean},
    {"product", "list*", "a", "n", false, run_product},
    {"median", "list*", "a", "n", false, run_median},
    {"stddev", "list*", "a", "n", false, run_stddev},
    {"mode", "list*", "a", "l", false, run_mode},
    {"all", "list*", "x", "b", false, run_all},
    {"any", "list*", "x", "b", false, run_any},
    {"sublist", "list,start position,length?", "lnn", "L", false, run_sublist},
    {"append", "list,item*", "lx", "L", false, run_append},
    {"concatenate", "list*", "l", "L", false, run_concatenate},
    {"insert before", "list,position,newItem", "lnx", "L", false, run_insert},
    {"remove", "list,position", "ln", "L", false, run_remove},
    {"list replace", "list,position,newItem", "lax", "L", false, run_replace},
    {"list replace", "list,match,newItem", "lax", "L", false, run_replace},
    {"reverse", "list", "l", "L", false, run_reverse},
    {"index of", "list,match", "lx", "l", false, run_index_of},
    {"union", "list*", "l", "L", false, run_union},
    {"distinct values", "list", "l", "L", false, run_union},
    {"flatten", "list", "l", "l", false, run_flatten},
    {"sort", "list,precedes?", "lf", "L", false, run_sort},
    {"not", "negand", "b", "b", false, run_not},
};

const greffe__family greffe__list_functions = {functions, sizeof functions / sizeof *functions};
