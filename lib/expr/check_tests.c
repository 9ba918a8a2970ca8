/* Typing tests and decision tables: what a value is looked for in, and the columns of cells. */
#include <string.h>

#include "expr/check.h"

/* --- Tests --- */

static bool other_kind(greffe__checker *c, const greffe__ast *node)
{
    return greffe__check_problem(c, GREFFE__GR_EXPR_TYPE, node,
                                 "write a value of the same kind as what is tested",
                                 "this is of another kind than what is looked for");
}

/* One test of a value of a type: a range, a list, what it equals, or a condition over ?. */
static bool check_test(greffe__checker *c, const greffe__type *value, greffe__ast *test)
{
    if (test->kind == GREFFE__AST_EQUALS) {
        if (!greffe__check_node(c, test->at[0])) {
            return false;
        }
        test->type = greffe__check_type_of(GREFFE__BOOL);
        return greffe__check_equality(c, test, (greffe__op)test->op, value, test->at[0]);
    }
    if (!greffe__check_node(c, test) || c->lenient) {
        return c->lenient;
    }
    if (test->uses_input) {
        return greffe__check_boolean(c, test);
    }
    const greffe__type *type = &test->type;
    if (type->any || value->any || type->kind == GREFFE__NULL) {
        return true;
    }
    if (type->kind == GREFFE__LIST || type->kind == GREFFE__RANGE) {
        bool literal = test->kind == GREFFE__AST_LIST;
        for (uint32_t i = 0; literal && i < test->count; i++) {
            const greffe__type *item = &test->at[i]->type;
            bool range = item->kind == GREFFE__RANGE && value->kind != GREFFE__RANGE;
            item = range && item->item != NULL ? item->item : item;
            if (!item->any && item->kind != value->kind && item->kind != GREFFE__NULL) {
                return other_kind(c, test->at[i]);
            }
            if (!greffe__check_option(c, value, test->at[i])) {
                return false;
            }
        }
        const greffe__type *item = type->item;
        bool greffe__check_fits = literal || item == NULL || item->any ||
                                  item->kind == value->kind || type->kind == value->kind ||
                                  item->kind == GREFFE__RANGE;
        return greffe__check_fits || greffe__check_operands(c, test, GREFFE__OP_IN, value, type);
    }
    return type->kind == value->kind ? greffe__check_option(c, value, test) : other_kind(c, test);
}

bool greffe__check_in(greffe__checker *c, greffe__ast *node)
{
    bool cell = node->at[0]->kind == GREFFE__AST_INPUT; /* what is absent passes no test but null */
    if (!greffe__check_node(c, node->at[0]) || (!cell && !greffe__check_present(c, node->at[0]))) {
        return false;
    }
    greffe__variable *outer = c->input;
    for (uint32_t i = 1; i < node->count; i++) {
        greffe__ast *test = node->at[i];
        bool own = node->at[0]->kind != GREFFE__AST_INPUT && test->uses_input;
        if (own) { /* ? stands for what is looked for */
            greffe__variable *input = greffe__arena_zalloc(c->work->arena, sizeof *input);
            greffe__variable **place =
                greffe__arena_push(c->work->arena, &node->bound, sizeof *place);
            if (input == NULL || place == NULL) {
                c->work->failed = true;
                return false;
            }
            *input = (greffe__variable){.type = node->at[0]->type, .level = c->level};
            *place = input;
            c->input = input;
        }
        bool sole = node->count == 2 && node->at[0]->kind != GREFFE__AST_INPUT;
        bool good = check_test(c, &node->at[0]->type, test);
        c->input = outer;
        if (!good) {
            return false;
        }
        const greffe__type *type = &test->type;
        bool scalar = type->kind != GREFFE__LIST && type->kind != GREFFE__RANGE;
        if (sole && !c->lenient && !type->any && scalar && test->kind != GREFFE__AST_EQUALS) {
            return greffe__check_operands(c, node, GREFFE__OP_IN, &node->at[0]->type, type);
        }
    }
    node->type = greffe__check_type_of(GREFFE__BOOL);
    return true;
}

bool greffe__check_between(greffe__checker *c, greffe__ast *node)
{
    for (uint32_t i = 0; i < 3; i++) {
        if (!greffe__check_node(c, node->at[i]) || !greffe__check_present(c, node->at[i])) {
            return false;
        }
    }
    const greffe__type *value = &node->at[0]->type;
    node->type = greffe__check_type_of(GREFFE__BOOL);
    for (uint32_t i = 1; i < 3; i++) {
        const greffe__type *end = &node->at[i]->type;
        bool good = greffe__check_order(value) && greffe__check_order(end) &&
                    (value->any || end->any || value->kind == end->kind);
        if (!c->lenient && !good) {
            return greffe__check_operands(c, node, i == 1 ? GREFFE__OP_GE : GREFFE__OP_LE, value,
                                          end);
        }
    }
    return true;
}

/* --- Tables --- */

static bool check_cells(greffe__checker *c, greffe__ast *node, const greffe__table *table,
                        uint32_t from, uint32_t column)
{
    greffe__variable *input = c->input;
    c->input = node->bound.at[column];
    bool good =
        node->at[from]->kind == GREFFE__AST_NOTHING || greffe__check_node(c, node->at[from]);
    c->input = input;
    (void)table;
    return good;
}

/* The type of an output: that of all its cells. */
static bool check_output(greffe__checker *c, greffe__ast *node, const greffe__table *table,
                         uint32_t column, greffe__type *out)
{
    uint32_t base = 2 * table->input_count + column;
    greffe__ast *first = NULL;
    bool optional = false;
    for (uint32_t i = 0; i < table->rule_count + 2; i++) {
        uint32_t at = i == 0   ? base
                      : i == 1 ? base + table->output_count
                               : greffe__table_cell(table, i - 2, table->input_count + column);
        greffe__ast *cell = node->at[at];
        if (cell->kind == GREFFE__AST_NOTHING) {
            optional = optional || i >= 2;
            continue;
        }
        if (!greffe__check_node(c, cell)) {
            return false;
        }
        bool null = cell->type.kind == GREFFE__NULL && !cell->type.any;
        optional = optional || cell->type.optional;
        if (i == 0 || null) {
            continue; /* the list of what is allowed */
        }
        if (!c->lenient && first != NULL && !first->type.any && !cell->type.any &&
            first->type.kind != cell->type.kind) {
            (void)greffe__expr_fail(
                c->work, GREFFE__GR_EXPR_TYPE, cell->start, cell->end,
                "give the same type in each rule", "this gives a %s, and a rule above a %s",
                greffe__check_words(c, &cell->type), greffe__check_words(c, &first->type));
            return false;
        }
        first = first == NULL ? cell : first;
    }
    *out = first != NULL ? first->type : (greffe__type){.any = true};
    out->optional = optional;
    out->options = NULL;
    out->domain = NULL;
    return true;
}

/* What the first of its outputs gives where no rule fires; NULL: none does. */
static const greffe__ast *otherwise_of(const greffe__ast *node)
{
    const greffe__table *table = node->table;
    for (uint32_t i = 0; i < table->output_count; i++) {
        const greffe__ast *part = node->at[2 * table->input_count + table->output_count + i];
        if (part->kind != GREFFE__AST_NOTHING) {
            return part;
        }
    }
    return NULL;
}

static greffe__type table_type(greffe__checker *c, const greffe__ast *node, greffe__type row)
{
    const greffe__table *table = node->table;
    switch ((greffe__hit)table->hit) {
    case GREFFE__HIT_RULE_ORDER:
    case GREFFE__HIT_OUTPUT_ORDER: break;
    case GREFFE__HIT_COLLECT:
        if (table->aggregate == GREFFE__AGGREGATE_COUNT) {
            return greffe__check_type_of(GREFFE__NUMBER);
        }
        if (table->aggregate != GREFFE__AGGREGATE_NONE) {
            row.optional = row.optional || otherwise_of(node) == NULL; /* no rule, no sum */
            return row;
        }
        break;
    case GREFFE__HIT_UNIQUE:
    case GREFFE__HIT_ANY:
    case GREFFE__HIT_PRIORITY:
    case GREFFE__HIT_FIRST: return row;
    }
    greffe__type list = greffe__check_type_of(GREFFE__LIST);
    list.item = greffe__check_keep(c, row);
    return list;
}

bool greffe__check_table(greffe__checker *c, greffe__ast *node)
{
    const greffe__table *table = node->table;
    greffe__variable *scope = c->scope;
    uint32_t inputs = table->input_count, outputs = table->output_count;
    greffe__type *types = greffe__arena_zalloc(c->work->arena, (outputs + 1) * sizeof *types);
    greffe__strs *names = greffe__arena_zalloc(c->work->arena, sizeof *names);
    bool good = types != NULL && names != NULL;
    const greffe__ast *otherwise = otherwise_of(node);
    if (table->aggregate == GREFFE__AGGREGATE_COUNT && otherwise != NULL) {
        (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_TYPE, otherwise->start, otherwise->end,
                                "leave it out", "a count is 0 where no rule fires");
        return false;
    }
    if (outputs > 1 && table->aggregate != GREFFE__AGGREGATE_NONE &&
        table->aggregate != GREFFE__AGGREGATE_COUNT) {
        return greffe__check_no_value(c, GREFFE__GR_EXPR_TYPE, node,
                                      "make a table for each of them",
                                      "a sum, a smallest or a largest is taken of one output");
    }
    for (uint32_t i = 0; good && i < inputs; i++) {
        good = greffe__check_node(c, node->at[i]) &&
               greffe__check_bind(c, node, (greffe__str){"", 0}, node->at[i]->type) != NULL;
    }
    for (uint32_t i = 0; good && i < inputs; i++) {
        good = check_cells(c, node, table, inputs + i, i);
    }
    for (uint32_t i = 0; good && i < table->rule_count * inputs; i++) {
        good = check_cells(c, node, table, greffe__table_cell(table, i / inputs, i % inputs),
                           i % inputs);
    }
    for (uint32_t i = 0; good && i < outputs; i++) {
        greffe__str *name = greffe__arena_push(c->work->arena, names, sizeof *name);
        good = name != NULL && check_output(c, node, table, i, &types[i]);
        if (name != NULL) {
            *name = table->outputs[i].name;
        }
    }
    c->scope = scope;
    if (!good) {
        return false;
    }
    const greffe__type *summed = &types[0];
    if (table->aggregate == GREFFE__AGGREGATE_SUM && !summed->any &&
        summed->kind != GREFFE__NUMBER && summed->kind != GREFFE__DURATION &&
        summed->kind != GREFFE__PERIOD) {
        return greffe__check_no_value(c, GREFFE__GR_EXPR_TYPE, node,
                                      "say by 'hit' which rule counts, or collect them",
                                      "only numbers and lengths of time are added up");
    }
    greffe__type row = outputs == 1
                           ? types[0]
                           : (greffe__type){.kind = GREFFE__CONTEXT, .names = names, .of = types};
    node->type = table_type(c, node, row);
    return true;
}
