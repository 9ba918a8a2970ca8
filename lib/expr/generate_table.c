/* From a checked decision table to a program: inputs, rule after rule, and what their policy makes
 * of what was found. */
#include "expr/generate.h"

/* --- Tables --- */

static bool no_value_here(greffe__generator *g, const greffe__ast *node, const char *message)
{
    return greffe__generate_with(g, GREFFE__OP_FAULT, greffe__text(message), node, 1);
}

/* Inputs that are not allowed make the whole table null. */
static bool generate_inputs(greffe__generator *g, const greffe__ast *node, greffe__u32s *refused)
{
    uint32_t inputs = node->table->input_count;
    for (uint32_t i = 0; i < inputs; i++) {
        node->bound.at[i]->place = g->height;
        if (!greffe__generate(g, node->at[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < inputs; i++) {
        greffe__ast *allowed = node->at[inputs + i];
        uint32_t *jump;
        if (allowed->kind == GREFFE__AST_NOTHING) {
            continue;
        }
        jump = greffe__arena_push(g->work->arena, refused, sizeof *jump);
        if (jump == NULL) {
            return greffe__generate_no_memory(g);
        }
        if (!greffe__generate(g, allowed)) {
            return false;
        }
        *jump = greffe__generate_here(g);
        if (!greffe__generate_op(g, GREFFE__OP_JUMP_IF_FALSE, 0, allowed, -1)) {
            return false;
        }
    }
    return true;
}

static bool generate_outputs(greffe__generator *g, const greffe__ast *node, uint32_t first,
                             const greffe__ast *at)
{
    const greffe__table *table = node->table;
    greffe__strs names = {0};
    for (uint32_t i = 0; i < table->output_count; i++) {
        greffe__ast *cell = node->at[first + i];
        greffe__str *name = greffe__arena_push(g->work->arena, &names, sizeof *name);
        if (name == NULL) {
            return greffe__generate_no_memory(g);
        }
        *name = table->outputs[i].name;
        if (!(cell->kind == GREFFE__AST_NOTHING ? greffe__generate_constant(g, greffe__null(), at)
                                                : greffe__generate(g, cell))) {
            return false;
        }
    }
    return table->output_count == 1 ||
           greffe__generate_with(g, GREFFE__OP_CONTEXT, greffe__generate_names(g, &names), at,
                                 1 - (int)table->output_count);
}

/* Tests of a rule, and, where all pass, its outputs appended to what was found. */
static bool generate_rule(greffe__generator *g, const greffe__ast *node, uint32_t rule,
                          uint32_t found)
{
    const greffe__table *table = node->table;
    greffe__u32s jumps = {0};
    for (uint32_t i = 0; i < table->input_count; i++) {
        greffe__ast *cell = node->at[greffe__table_cell(table, rule, i)];
        if (cell->kind == GREFFE__AST_NOTHING) {
            continue;
        }
        uint32_t *jump = greffe__arena_push(g->work->arena, &jumps, sizeof *jump);
        if (jump == NULL) {
            return greffe__generate_no_memory(g);
        }
        if (!greffe__generate(g, cell)) {
            return false;
        }
        *jump = greffe__generate_here(g);
        if (!greffe__generate_op(g, GREFFE__OP_JUMP_IF_FALSE, 0, cell, -1)) {
            return false;
        }
    }
    uint32_t first = greffe__table_cell(table, rule, table->input_count);
    const greffe__ast *at = node->at[first];
    if (!generate_outputs(g, node, first, at) ||
        !greffe__generate_op(g, GREFFE__OP_APPEND, found, at, -1) ||
        !greffe__generate_op(g, GREFFE__OP_RULE, rule, at, 0)) {
        return false;
    }
    uint32_t done = greffe__generate_here(g);
    bool last = table->hit == GREFFE__HIT_FIRST;
    if (last && !greffe__generate_op(g, GREFFE__OP_JUMP, 0, at, 0)) {
        return false;
    }
    for (uint32_t i = 0; i < jumps.count; i++) {
        greffe__generate_land(g, jumps.at[i]);
    }
    if (last) { /* where it leads is known at the table's end: chained through the operands */
        g->program->code.at[done] = (uint32_t)GREFFE__OP_JUMP;
    }
    return true;
}

static bool generate_order(greffe__generator *g, const greffe__ast *node)
{
    const greffe__table *table = node->table;
    for (uint32_t i = 0; i < table->output_count; i++) {
        greffe__ast *allowed = node->at[2 * table->input_count + i];
        if (!(allowed->kind == GREFFE__AST_NOTHING
                  ? greffe__generate_constant(g, greffe__null(), node)
                  : greffe__generate(g, allowed))) {
            return false;
        }
    }
    greffe__strs names = {0};
    for (uint32_t i = 0; i < table->output_count; i++) {
        greffe__str *name = greffe__arena_push(g->work->arena, &names, sizeof *name);
        if (name == NULL) {
            return greffe__generate_no_memory(g);
        }
        *name = table->outputs[i].name;
    }
    return greffe__generate_with(g, GREFFE__OP_CONTEXT, greffe__generate_names(g, &names), node,
                                 1 - (int)table->output_count);
}

bool greffe__generate_table(greffe__generator *g, const greffe__ast *node)
{
    const greffe__table *table = node->table;
    greffe__u32s refused = {0};
    uint32_t bottom = g->height;
    if (!generate_inputs(g, node, &refused)) {
        return false;
    }
    uint32_t found = g->height, from = greffe__generate_here(g);
    if (!greffe__generate_op(g, GREFFE__OP_LIST, 0, node, 1)) {
        return false;
    }
    for (uint32_t i = 0; i < table->rule_count; i++) {
        if (!generate_rule(g, node, i, found)) {
            return false;
        }
    }
    for (uint32_t i = from; i < greffe__generate_here(g);
         i++) { /* FIRST: what was found ends the table */
        if (g->program->code.at[i] == (uint32_t)GREFFE__OP_JUMP) {
            greffe__generate_land(g, i);
        }
    }
    uint32_t defaults = 2 * table->input_count + table->output_count;
    bool some = false;
    for (uint32_t i = 0; i < table->output_count; i++) {
        some = some || node->at[defaults + i]->kind != GREFFE__AST_NOTHING;
    }
    uint32_t operand = table->hit | (uint32_t)table->aggregate << 4 | (some ? 1u << 8 : 0) |
                       (table->output_count > 1 ? 1u << 9 : 0);
    if (!generate_outputs(g, node, defaults, node) || !generate_order(g, node) ||
        !greffe__generate_op(g, GREFFE__OP_HIT, operand, node, -2)) {
        return false;
    }
    if (refused.count > 0) {
        uint32_t end = greffe__generate_here(g);
        if (!greffe__generate_op(g, GREFFE__OP_JUMP, 0, node, -1)) {
            return false;
        }
        for (uint32_t i = 0; i < refused.count; i++) {
            greffe__generate_land(g, refused.at[i]);
        }
        if (!no_value_here(g, node, "an input has a value that the table does not allow")) {
            return false;
        }
        greffe__generate_land(g, end);
    }
    return greffe__generate_op(g, GREFFE__OP_SLIDE, found - bottom, node, -(int)(found - bottom));
}
