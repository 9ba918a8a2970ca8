/* Typing what an expression makes: lists, contexts, functions, iterations, and the names in them.
 */
#include <string.h>

#include "expr/check.h"

/* --- Names that an expression gives --- */

greffe__variable *greffe__check_bind(greffe__checker *c, greffe__ast *node, greffe__str name,
                                     greffe__type type)
{
    greffe__variable *variable = greffe__arena_zalloc(c->work->arena, sizeof *variable);
    greffe__variable **place = greffe__arena_push(c->work->arena, &node->bound, sizeof *place);
    if (variable == NULL || place == NULL) {
        c->work->failed = true;
        return NULL;
    }
    *variable =
        (greffe__variable){.name = name, .type = type, .level = c->level, .outer = c->scope};
    *place = variable;
    c->scope = variable;
    return variable;
}

static greffe__type item_of(const greffe__checker *c, const greffe__ast *list)
{
    const greffe__type *type = &list->type;
    if (c->lenient || type->any || type->item == NULL) {
        return greffe__any_type;
    }
    return *type->item;
}

static bool iterable(greffe__checker *c, const greffe__ast *list)
{
    const greffe__type *type = &list->type;
    if (c->lenient || type->any || type->kind == GREFFE__LIST || type->kind == GREFFE__RANGE) {
        return greffe__check_present(c, list);
    }
    (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_TYPE, list->start, list->end,
                            "give a list: [1, 2], or from..to", "a list stands here, not a %s",
                            greffe__check_words(c, type));
    return false;
}

bool greffe__check_iteration(greffe__checker *c, greffe__ast *node)
{
    greffe__variable *scope = c->scope;
    uint32_t lists = node->names.count;
    bool good = true;
    for (uint32_t i = 0; good && i < lists; i++) {
        good = greffe__check_node(c, node->at[i]) && iterable(c, node->at[i]) &&
               greffe__check_bind(c, node, node->names.at[i], item_of(c, node->at[i])) != NULL;
    }
    bool collects = node->kind == GREFFE__AST_FOR;
    if (good && collects) {
        greffe__type list = {.kind = GREFFE__LIST};
        good = greffe__check_bind(c, node, greffe__str_of("partial"), list) != NULL;
    }
    good = good && greffe__check_node(c, node->at[lists]);
    good = good && (collects || greffe__check_boolean(c, node->at[lists]));
    c->scope = scope;
    node->type = greffe__check_type_of(collects ? GREFFE__LIST : GREFFE__BOOL);
    if (good && collects) {
        node->type.item = greffe__check_keep(c, node->at[lists]->type);
    }
    return good;
}

bool greffe__check_filter(greffe__checker *c, greffe__ast *node)
{
    greffe__variable *scope = c->scope;
    greffe__ast *list = node->at[0], *condition = node->at[1];
    if (!greffe__check_node(c, list) || !iterable(c, list)) {
        return false;
    }
    greffe__variable *item = greffe__check_bind(c, node, greffe__str_of("item"), item_of(c, list));
    if (item == NULL) {
        return false;
    }
    item->item = true;
    bool good = greffe__check_node(c, condition);
    c->scope = scope;
    if (!good || c->lenient) {
        return good;
    }
    if (condition->type.kind == GREFFE__NUMBER && !condition->type.any) {
        node->type = item->type;
        node->type.optional = true; /* there may be no such item */
        return greffe__check_present(c, condition);
    }
    node->type = condition->type.any ? greffe__any_type : list->type;
    return greffe__check_boolean(c, condition);
}

bool greffe__check_lambda(greffe__checker *c, greffe__ast *node)
{
    greffe__variable *scope = c->scope;
    const greffe__type *types = node->params.items;
    if (c->level == GREFFE_MAX_EXPR_DEPTH) {
        return greffe__check_problem(c, GREFFE__GR_EXPR_LIMIT, node, NULL,
                                     "functions are nested too deep");
    }
    c->functions[c->level] = node;
    c->level += 1;
    bool good = true;
    for (uint32_t i = 0; good && i < node->names.count; i++) {
        greffe__type type = types[i];
        type.optional = type.optional && !type.any;
        good = greffe__check_bind(c, node, node->names.at[i], type) != NULL;
    }
    greffe__variable *input = c->input;
    c->input = NULL;
    good = good && greffe__check_node(c, node->at[0]);
    c->input = input;
    c->level -= 1;
    c->scope = scope;
    node->type = (greffe__type){.kind = GREFFE__FUNCTION, .of = types, .count = node->names.count};
    node->type.item = good ? greffe__check_keep(c, node->at[0]->type) : NULL;
    return good;
}

bool greffe__check_context(greffe__checker *c, greffe__ast *node)
{
    greffe__variable *scope = c->scope;
    greffe__type *types = greffe__arena_alloc(c->work->arena, (node->count + 1) * sizeof *types);
    greffe__strs *names = greffe__arena_alloc(c->work->arena, sizeof *names);
    bool good = types != NULL && names != NULL;
    c->work->failed = c->work->failed || !good;
    for (uint32_t i = 0; good && i < node->count; i++) {
        good = greffe__check_node(c, node->at[i]);
        if (good && i < node->names.count) {
            types[i] = node->at[i]->type;
            good = greffe__check_bind(c, node, node->names.at[i], types[i]) != NULL;
        }
    }
    c->scope = scope;
    if (!good) {
        return false;
    }
    *names = node->names;
    node->type = node->op == 1
                     ? node->at[node->count - 1]->type
                     : (greffe__type){.kind = GREFFE__CONTEXT, .names = names, .of = types};
    return true;
}

bool greffe__check_list(greffe__checker *c, greffe__ast *node)
{
    const greffe__type *item = NULL;
    bool same = true;
    for (uint32_t i = 0; i < node->count; i++) {
        greffe__ast *child = node->at[i];
        if (child->kind == GREFFE__AST_EQUALS) {
            if (!greffe__check_no_value(c, GREFFE__GR_EXPR_SYNTAX, child, "leave the sign out",
                                        "a list holds values and ranges, no such test")) {
                return false;
            }
        }
        if (!greffe__check_node(c, child)) {
            return false;
        }
        bool null = child->type.kind == GREFFE__NULL && !child->type.any;
        same = same && (null || item == NULL || item->kind == child->type.kind);
        item = null ? item : &child->type;
    }
    node->type = greffe__check_type_of(GREFFE__LIST);
    node->type.item = same ? item : NULL;
    return true;
}

bool greffe__check_range(greffe__checker *c, greffe__ast *node)
{
    const greffe__type *item = NULL;
    for (uint32_t i = 0; i < node->count; i++) {
        greffe__ast *end = node->at[i];
        if (!greffe__check_node(c, end) || !greffe__check_present(c, end)) {
            return false;
        }
        if (!c->lenient && !greffe__check_order(&end->type)) {
            return greffe__check_problem(c, GREFFE__GR_EXPR_TYPE, end,
                                         "give a number, a text, a date or a length",
                                         "the end of a range must have an order");
        }
        if (!c->lenient && item != NULL && !item->any && !end->type.any &&
            item->kind != end->type.kind) {
            return greffe__check_problem(c, GREFFE__GR_EXPR_TYPE, node, "both must be of one type",
                                         "the ends of this range are of two kinds");
        }
        item = item == NULL || item->any ? &end->type : item;
    }
    node->type = greffe__check_type_of(GREFFE__RANGE);
    node->type.item = item;
    return true;
}

bool greffe__check_counting(greffe__checker *c, greffe__ast *node)
{
    for (uint32_t i = 0; i < 2; i++) {
        greffe__ast *end = node->at[i];
        if (!greffe__check_node(c, end) || !greffe__check_present(c, end)) {
            return false;
        }
        bool counts =
            end->type.any || end->type.kind == GREFFE__NUMBER || end->type.kind == GREFFE__DATE;
        if (!c->lenient && (!counts || end->type.kind != node->at[0]->type.kind)) {
            return greffe__check_problem(c, GREFFE__GR_EXPR_TYPE, node, "write 1..10, or two dates",
                                         "only whole numbers and dates are counted through");
        }
    }
    node->type = greffe__check_type_of(GREFFE__LIST);
    node->type.item = &node->at[0]->type;
    return true;
}
