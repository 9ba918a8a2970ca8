/* Values cut into segments: marks collected from conditions, and a sample of each segment. */
#include "expr/grid.h"

#include <string.h>

static const void *leaf_of(const greffe__ast *node)
{
    bool simple = node->kind == GREFFE__AST_NAME || node->kind == GREFFE__AST_INPUT ||
                  node->kind == GREFFE__AST_MEMBER;
    if (!simple || node->dynamic.count > 0) {
        return NULL;
    }
    return node->symbol != NULL ? (const void *)node->symbol : (const void *)node->variable;
}

static bool is_of(const greffe__axis *axis, const void *leaf)
{
    return axis->leaf == leaf || (axis->also != NULL && axis->also == leaf);
}

greffe__axis *greffe__grid_axis(greffe__grid *grid, const greffe__ast *leaf)
{
    const void *what = leaf_of(leaf);
    for (uint32_t i = 0; what != NULL && i < grid->count; i++) {
        if (is_of(&grid->at[i], what)) {
            return grid->only == NULL || grid->only == grid->at[i].leaf ? &grid->at[i] : NULL;
        }
    }
    bool makes = what != NULL && grid->only == NULL;
    greffe__axis *axis = makes ? greffe__arena_push(grid->arena, &grid->at, sizeof *axis) : NULL;
    if (axis != NULL) {
        *axis = (greffe__axis){.leaf = what, .type = leaf->type, .exact = true};
    }
    return axis;
}

/* --- Collecting --- */

static greffe_status no_slot(void *data, uint32_t slot, greffe__value *out)
{
    (void)data;
    (void)slot;
    (void)out;
    return GREFFE_ENOTFOUND;
}

/* The value of what is always the same; the node becomes that constant. */
static bool settle(greffe__grid *grid, greffe__ast *node)
{
    greffe__program program = {.lenient = true};
    greffe__expr_error error = {0};
    greffe__symbols none;
    greffe__expr_work work = {.arena = grid->arena, .symbols = &none, .error = &error};
    const greffe__eval eval = {.load = no_slot, .arena = grid->arena};
    greffe__value value;
    if (node->kind == GREFFE__AST_CONSTANT) {
        return true;
    }
    greffe__symbols_init(&none, grid->arena);
    if (!node->fixed || !greffe__expr_generate(&work, node, &program) ||
        greffe__expr_eval(&value, &error, &program, &eval) != GREFFE_OK ||
        error.code != GREFFE__GR_NONE || value.kind == GREFFE__NULL) {
        return false; /* only null itself is a test for null */
    }
    node->kind = GREFFE__AST_CONSTANT;
    node->value = value;
    return true;
}

static bool add_mark(greffe__grid *grid, greffe__axis *axis, const greffe__value *value)
{
    if (value->kind == GREFFE__NULL) {
        return true;
    }
    if (value->kind == GREFFE__LIST && axis->type.kind != GREFFE__LIST) {
        bool good = true;
        for (uint32_t i = 0; good && i < value->count; i++) {
            good = add_mark(grid, axis, &value->as.items[i]);
        }
        return good;
    }
    if (value->kind == GREFFE__RANGE) {
        axis->exact = axis->exact && value->as.range->low.kind != GREFFE__STRING &&
                      value->as.range->high.kind != GREFFE__STRING;
        return add_mark(grid, axis, &value->as.range->low) &&
               add_mark(grid, axis, &value->as.range->high);
    }
    for (uint32_t i = 0; i < axis->marks.count; i++) {
        if (greffe__value_equal(&axis->marks.at[i], value)) {
            return true;
        }
    }
    greffe__value *place = greffe__arena_push(grid->arena, &axis->marks, sizeof *place);
    if (place != NULL) {
        *place = *value;
    }
    return place != NULL;
}

static bool collect_pair(greffe__grid *grid, greffe__ast *a, greffe__ast *b, bool ordered)
{
    greffe__ast *leaf = leaf_of(a) != NULL ? a : b, *other = leaf == a ? b : a;
    greffe__axis *axis = leaf_of(leaf) != NULL ? greffe__grid_axis(grid, leaf) : NULL;
    if (axis == NULL || leaf_of(other) != NULL || !settle(grid, other)) {
        return false;
    }
    axis->exact = axis->exact && !(ordered && other->value.kind == GREFFE__STRING);
    return add_mark(grid, axis, &other->value);
}

static bool collect_tests(greffe__grid *grid, greffe__ast *node)
{
    greffe__axis *axis = greffe__grid_axis(grid, node->at[0]);
    bool good = axis != NULL;
    for (uint32_t i = 1; good && i < node->count; i++) {
        greffe__ast *test = node->at[i];
        if (test->uses_input && test->kind != GREFFE__AST_EQUALS) {
            good = greffe__grid_collect(grid, test);
        } else {
            greffe__ast *value = test->kind == GREFFE__AST_EQUALS ? test->at[0] : test;
            axis = greffe__grid_axis(grid, node->at[0]);
            good = axis != NULL && settle(grid, value) && add_mark(grid, axis, &value->value);
        }
    }
    return good;
}

static bool is_not(const greffe__ast *node)
{
    return node->kind == GREFFE__AST_CALL && node->function != 0 && node->count == 2 &&
           strcmp(greffe__function_at(node->function - 1)->name, "not") == 0;
}

bool greffe__grid_collect(greffe__grid *grid, greffe__ast *node)
{
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_NOTHING: return true;
    case GREFFE__AST_CONSTANT: return node->value.kind == GREFFE__BOOL;
    case GREFFE__AST_AND:
    case GREFFE__AST_OR:
        return greffe__grid_collect(grid, node->at[0]) && greffe__grid_collect(grid, node->at[1]);
    case GREFFE__AST_BINARY:
        return node->op >= GREFFE__OP_EQ && node->op <= GREFFE__OP_GE &&
               collect_pair(grid, node->at[0], node->at[1], node->op >= GREFFE__OP_LT);
    case GREFFE__AST_BETWEEN:
        return leaf_of(node->at[0]) != NULL && collect_pair(grid, node->at[0], node->at[1], true) &&
               collect_pair(grid, node->at[0], node->at[2], true);
    case GREFFE__AST_IN: return collect_tests(grid, node);
    case GREFFE__AST_CALL: return is_not(node) && greffe__grid_collect(grid, node->at[1]);
    case GREFFE__AST_NAME:
    case GREFFE__AST_INPUT:
    case GREFFE__AST_MEMBER:
        return node->type.kind == GREFFE__BOOL && greffe__grid_axis(grid, node) != NULL;
    default: return false;
    }
}

/* --- Holding --- */

static greffe__value operand(const greffe__grid *grid, const greffe__ast *node,
                             const greffe__value *values)
{
    const void *leaf = leaf_of(node);
    for (uint32_t i = 0; leaf != NULL && i < grid->count; i++) {
        if (is_of(&grid->at[i], leaf)) {
            return values[i];
        }
    }
    return node->value;
}

static greffe__value both(greffe__value a, greffe__value b, bool decided)
{
    bool wins = (a.kind == GREFFE__BOOL && a.as.truth == decided) ||
                (b.kind == GREFFE__BOOL && b.as.truth == decided);
    bool open = a.kind != GREFFE__BOOL || b.kind != GREFFE__BOOL;
    return wins ? greffe__bool(decided) : open ? greffe__null() : greffe__bool(!decided);
}

static greffe__value compare(greffe__op op, greffe__value a, greffe__value b)
{
    greffe__trouble trouble;
    greffe__value result = greffe__null();
    return greffe__compare_values(&result, op, &a, &b, &trouble) ? result : greffe__null();
}

static greffe__value pass(const greffe__grid *grid, const greffe__ast *node,
                          const greffe__value *values)
{
    greffe__value input = operand(grid, node->at[0], values), any = greffe__bool(false);
    for (uint32_t i = 1; i < node->count; i++) {
        const greffe__ast *test = node->at[i];
        greffe__value one = greffe__null();
        greffe__trouble trouble;
        if (test->kind == GREFFE__AST_EQUALS) {
            one = compare((greffe__op)test->op, input, test->at[0]->value);
        } else if (test->uses_input) {
            one = greffe__grid_holds(grid, test, values);
        } else if (test->value.kind == GREFFE__NULL) {
            one = greffe__bool(input.kind == GREFFE__NULL);
        } else if (!greffe__value_in(&one, &input, &test->value, &trouble)) {
            one = greffe__null();
        }
        any = both(any, one, true);
    }
    bool negate = node->op == 1 && any.kind == GREFFE__BOOL;
    return negate ? greffe__bool(!any.as.truth) : any;
}

greffe__value greffe__grid_holds(const greffe__grid *grid, const greffe__ast *node,
                                 const greffe__value *values)
{
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_NOTHING: return greffe__bool(true);
    case GREFFE__AST_CONSTANT: return node->value;
    case GREFFE__AST_AND:
    case GREFFE__AST_OR:
        return both(greffe__grid_holds(grid, node->at[0], values),
                    greffe__grid_holds(grid, node->at[1], values), node->kind == GREFFE__AST_OR);
    case GREFFE__AST_BINARY:
        return compare((greffe__op)node->op, operand(grid, node->at[0], values),
                       operand(grid, node->at[1], values));
    case GREFFE__AST_BETWEEN: {
        greffe__value value = operand(grid, node->at[0], values);
        return both(compare(GREFFE__OP_GE, value, node->at[1]->value),
                    compare(GREFFE__OP_LE, value, node->at[2]->value), false);
    }
    case GREFFE__AST_IN: return pass(grid, node, values);
    case GREFFE__AST_CALL: {
        greffe__value inner = greffe__grid_holds(grid, node->at[1], values);
        return inner.kind == GREFFE__BOOL ? greffe__bool(!inner.as.truth) : inner;
    }
    default: return operand(grid, node, values);
    }
}

/* --- Cutting --- */

static bool add_sample(greffe__grid *grid, greffe__axis *axis, greffe__value value)
{
    greffe__value *place = greffe__arena_push(grid->arena, &axis->samples, sizeof *place);
    if (place != NULL) {
        *place = value;
    }
    return place != NULL;
}

static void sort_marks(greffe__values *marks)
{
    for (uint32_t i = 1; i < marks->count; i++) { /* as many as a column has values */
        greffe__value moved = marks->at[i];
        uint32_t at = i;
        int order;
        while (at > 0 && greffe__value_compare(&order, &moved, &marks->at[at - 1]) && order < 0) {
            marks->at[at] = marks->at[at - 1];
            at -= 1;
        }
        marks->at[at] = moved;
    }
}

/* The next value that the input may have above `low`: a step further, or half way to `high`. */
static bool above(greffe__value *out, const greffe__axis *axis, const greffe__value *low,
                  const greffe__value *high)
{
    const greffe__domain *domain = axis->type.domain;
    int32_t scale = domain != NULL ? domain->scale : -1;
    greffe__dec step, number;
    *out = *low;
    if (low->kind == GREFFE__DATE) {
        out->as.days += 1;
        return true;
    }
    if (low->kind == GREFFE__PERIOD) {
        out->as.months += 1;
        return true;
    }
    if (low->kind != GREFFE__NUMBER) {
        return false;
    }
    if (scale >= 0) {
        return greffe__dec_scaled(&step, 1, -scale) &&
               greffe__dec_round(&number, low->as.number, scale, GREFFE__ROUND_FLOOR) &&
               greffe__dec_add(&out->as.number, number, step);
    }
    if (high == NULL) {
        return greffe__dec_add(&out->as.number, low->as.number, greffe__dec_of(1));
    }
    return greffe__dec_add(&number, low->as.number, high->as.number) &&
           greffe__dec_div(&out->as.number, number, greffe__dec_of(2));
}

static bool below(greffe__value *out, const greffe__axis *axis, const greffe__value *high)
{
    const greffe__domain *domain = axis->type.domain;
    int32_t scale = domain != NULL ? domain->scale : -1;
    greffe__dec step, number;
    *out = *high;
    if (high->kind == GREFFE__DATE || high->kind == GREFFE__PERIOD) {
        out->as.days -= 1; /* months stand at the same place */
        return true;
    }
    if (high->kind != GREFFE__NUMBER) {
        return false;
    }
    scale = scale < 0 ? 0 : scale;
    return greffe__dec_scaled(&step, 1, -scale) &&
           greffe__dec_round(&number, high->as.number, scale, GREFFE__ROUND_CEILING) &&
           greffe__dec_sub(&out->as.number, number, step);
}

/* Whether the input may have this value. */
static bool may_be(const greffe__axis *axis, const greffe__value *value)
{
    const greffe__domain *domain = axis->type.domain;
    greffe__dec rounded;
    int order;
    if (domain == NULL) {
        return true;
    }
    if (domain->low.kind != GREFFE__NULL && greffe__value_compare(&order, value, &domain->low) &&
        order < 0) {
        return false;
    }
    if (domain->high.kind != GREFFE__NULL && greffe__value_compare(&order, value, &domain->high) &&
        order > 0) {
        return false;
    }
    return domain->scale < 0 || value->kind != GREFFE__NUMBER ||
           (greffe__dec_round(&rounded, value->as.number, domain->scale, GREFFE__ROUND_DOWN) &&
            greffe__dec_compare(rounded, value->as.number) == 0);
}

/* Adds a value that lies between two marks. A step that is lost to rounding proves nothing. */
static bool sample_if(greffe__grid *grid, greffe__axis *axis, const greffe__value *value,
                      const greffe__value *low, const greffe__value *high)
{
    int order;
    bool lost = (low != NULL && greffe__value_equal(value, low)) ||
                (low == NULL && high != NULL && greffe__value_equal(value, high));
    axis->exact = axis->exact && !lost;
    bool inside = (low == NULL || (greffe__value_compare(&order, value, low) && order > 0)) &&
                  (high == NULL || (greffe__value_compare(&order, value, high) && order < 0));
    return !inside || !may_be(axis, value) || add_sample(grid, axis, *value);
}

/* Numbers, dates, months: before the first mark, each mark, between two, after the last. */
static bool cut_line(greffe__grid *grid, greffe__axis *axis)
{
    const greffe__domain *domain = axis->type.domain;
    greffe__values *marks = &axis->marks;
    bool good = true;
    if (domain != NULL) {
        good = add_mark(grid, axis, &domain->low) && add_mark(grid, axis, &domain->high);
    }
    if (marks->count == 0) {
        greffe__value any = {.kind = axis->type.kind};
        return good && add_sample(grid, axis, any);
    }
    sort_marks(marks);
    greffe__value sample;
    if (below(&sample, axis, &marks->at[0])) {
        good = good && sample_if(grid, axis, &sample, NULL, &marks->at[0]);
    } else {
        axis->exact = false;
    }
    for (uint32_t i = 0; good && i < marks->count; i++) {
        const greffe__value *next = i + 1 < marks->count ? &marks->at[i + 1] : NULL;
        good = sample_if(grid, axis, &marks->at[i], NULL, NULL);
        if (above(&sample, axis, &marks->at[i], next)) {
            good = good && sample_if(grid, axis, &sample, &marks->at[i], next);
        } else {
            axis->exact = false;
        }
    }
    return good;
}

static bool cut_texts(greffe__grid *grid, greffe__axis *axis)
{
    const greffe__strs *options = axis->type.options;
    bool good = true;
    if (options != NULL) {
        for (uint32_t i = 0; good && i < options->count; i++) {
            good = add_sample(grid, axis, greffe__string(options->at[i]));
        }
        return good;
    }
    char other[64] = "autre";
    size_t size = 5;
    for (uint32_t i = 0; good && i < axis->marks.count; i++) {
        good = add_sample(grid, axis, axis->marks.at[i]);
    }
    for (uint32_t i = 0; i < axis->marks.count && size + 1 < sizeof other;) { /* equal to none */
        greffe__value value = greffe__string((greffe__str){other, size});
        bool taken = greffe__value_equal(&axis->marks.at[i], &value);
        other[size] = taken ? '_' : other[size];
        size += taken ? 1 : 0;
        i = taken ? 0 : i + 1;
    }
    greffe__str text = greffe__str_dup(grid->arena, (greffe__str){other, size});
    return good && add_sample(grid, axis, greffe__string(text));
}

static bool cut(greffe__grid *grid, greffe__axis *axis)
{
    bool good = true;
    bool line = axis->type.kind == GREFFE__NUMBER || axis->type.kind == GREFFE__DATE ||
                axis->type.kind == GREFFE__PERIOD;
    for (uint32_t i = 0; i < axis->marks.count; i++) {
        line = line && axis->marks.at[i].kind == axis->type.kind;
    }
    if (axis->type.any) {
        axis->exact = false;
    }
    if (axis->type.kind == GREFFE__BOOL) {
        good = add_sample(grid, axis, greffe__bool(false)) &&
               add_sample(grid, axis, greffe__bool(true));
    } else if (axis->type.kind == GREFFE__STRING && !axis->type.any) {
        good = cut_texts(grid, axis);
    } else if (line && !axis->type.any) {
        good = cut_line(grid, axis);
    } else {
        axis->exact = false; /* only those of its marks that it may have are looked at */
        for (uint32_t i = 0; good && i < axis->marks.count; i++) {
            bool alike = axis->type.any || axis->marks.at[i].kind == axis->type.kind;
            good = !alike || add_sample(grid, axis, axis->marks.at[i]);
        }
    }
    if (good && axis->type.optional) {
        good = add_sample(grid, axis, greffe__null());
    }
    const greffe__value some = {.kind = axis->type.kind};
    bool whole = some.kind != GREFFE__RANGE && some.kind != GREFFE__FUNCTION;
    if (good && axis->samples.count == 0 && !axis->type.any && whole && may_be(axis, &some)) {
        good = add_sample(grid, axis, some);
    }
    return good;
}

bool greffe__grid_cut(greffe__grid *grid)
{
    bool good = true;
    for (uint32_t i = 0; good && i < grid->count; i++) {
        good = cut(grid, &grid->at[i]);
    }
    return good;
}
