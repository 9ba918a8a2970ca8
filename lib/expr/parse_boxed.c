/* Unary tests, decision tables and boxed expressions: trees that several texts make. */
#include <string.h>

#include "base/limits.h"
#include "expr/parse.h"

static bool is(const greffe__parser *p, const char *symbol)
{
    return greffe__lex_is(p, symbol);
}

static bool tests_by_commas(greffe__parser *p, greffe__ast *node)
{
    do {
        if (!greffe__parse_adopt(p, node, greffe__parse_test(p))) {
            return false;
        }
    } while (greffe__lex_take(p, ","));
    return !p->work->failed;
}

/* Whether not(…) is around the whole cell: read once on trial. */
static bool is_negated(const greffe__parser *p)
{
    greffe__expr_error error = {0};
    greffe__expr_work trial = *p->work;
    greffe__parser ahead = *p;
    greffe__ast node = {.kind = GREFFE__AST_IN};
    trial.error = &error;
    ahead.work = &trial;
    if (p->word != GREFFE__W_NOT || greffe__lex_peek(p) != '(') {
        return false;
    }
    greffe__lex_next(&ahead);
    greffe__lex_next(&ahead);
    return tests_by_commas(&ahead, &node) && greffe__lex_take(&ahead, ")") &&
           ahead.kind == GREFFE__T_END;
}

/* `-`, tests by commas, or not(tests): about ?, the column's input. */
static greffe__ast *tests(greffe__parser *p, greffe__str text)
{
    greffe__lex_open(p, text);
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_IN, p->start);
    greffe__ast *input = greffe__parse_make(p, GREFFE__AST_INPUT, p->start);
    if (p->kind == GREFFE__T_END || (is(p, "-") && greffe__lex_peek(p) == '\0')) {
        return greffe__parse_make(p, GREFFE__AST_NOTHING, p->start);
    }
    if (node == NULL || input == NULL) {
        return NULL;
    }
    input->end = input->start;
    node->op = is_negated(p);
    if (node->op != 0) {
        greffe__lex_next(p);
        greffe__lex_next(p);
    }
    bool good = greffe__parse_adopt(p, node, input) && tests_by_commas(p, node) &&
                (node->op == 0 || greffe__parse_expect(p, ")"));
    if (good && p->kind != GREFFE__T_END) {
        return greffe__parse_unexpected(p, "',' or the end");
    }
    return good && !p->work->failed ? node : NULL;
}

/* --- Boxed expressions --- */

static greffe__ast *boxed_of(greffe__parser *p, const greffe__boxed *boxed);

static greffe__ast *whole(greffe__parser *p, greffe__str text)
{
    greffe__lex_open(p, text);
    greffe__ast *node = greffe__parse_expression(p);
    if (node != NULL && !p->work->failed && p->kind != GREFFE__T_END) {
        return greffe__parse_unexpected(p, "the end of the expression");
    }
    return p->work->failed ? NULL : node;
}

static const greffe__type *declared(greffe__parser *p, greffe__str text)
{
    greffe__expr_error error = {0};
    greffe__expr_work work = {
        .arena = p->work->arena, .symbols = p->work->symbols, .source = text, .error = &error};
    return greffe__expr_parse_type(&work);
}

/* A node whose value must be of a declared type; one that is unknown asks for nothing. */
static greffe__ast *conforming(greffe__parser *p, greffe__ast *node, greffe__str text)
{
    const greffe__type *type = text.size > 0 ? declared(p, text) : NULL;
    if (node == NULL || type == NULL || type->any) {
        return node;
    }
    greffe__ast *outer = greffe__parse_make(p, GREFFE__AST_CONFORM, node->start);
    if (!greffe__parse_adopt(p, outer, node)) {
        return NULL;
    }
    outer->end = node->end;
    outer->wanted = type;
    return outer;
}

uint32_t greffe__table_cell(const greffe__table *table, uint32_t rule, uint32_t column)
{
    return 2 * table->input_count + 2 * table->output_count +
           rule * (table->input_count + table->output_count) + column;
}

/* The text of an optional part; nothing where there is none. */
static greffe__ast *part(greffe__parser *p, greffe__str text, bool list)
{
    if (text.size == 0) {
        return greffe__parse_make(p, GREFFE__AST_NOTHING, p->start);
    }
    if (!list) {
        return whole(p, text);
    }
    greffe__ast *allowed = tests(p, text);
    if (allowed != NULL && allowed->kind == GREFFE__AST_IN && allowed->op == 0) {
        allowed->kind = GREFFE__AST_LIST; /* the tests of what is allowed are its values in order */
        allowed->at += 1;
        allowed->count -= 1;
    }
    return allowed;
}

static greffe__ast *table_of(greffe__parser *p, const greffe__table *table)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_TABLE, p->start);
    bool good = node != NULL;
    uint32_t width = table->input_count + table->output_count;
    for (uint32_t i = 0; good && i < table->input_count; i++) {
        const greffe__column *column = &table->inputs[i];
        good = greffe__parse_adopt(p, node, conforming(p, whole(p, column->text), column->type));
    }
    for (uint32_t i = 0; good && i < table->input_count; i++) {
        greffe__str text = table->inputs[i].allowed;
        good = greffe__parse_adopt(p, node, text.size == 0 ? part(p, text, false) : tests(p, text));
    }
    for (uint32_t i = 0; good && i < table->output_count; i++) {
        good = greffe__parse_adopt(p, node, part(p, table->outputs[i].allowed, true));
    }
    for (uint32_t i = 0; good && i < table->output_count; i++) {
        good = greffe__parse_adopt(p, node, part(p, table->outputs[i].otherwise, false));
    }
    for (uint32_t i = 0; good && i < table->rule_count * width; i++) {
        uint32_t column = i % width;
        greffe__str text = table->cells[i];
        good = greffe__parse_adopt(
            p, node, column < table->input_count ? tests(p, text) : part(p, text, false));
    }
    if (!good) {
        return NULL;
    }
    node->table = table;
    return node;
}

static bool adopt_boxes(greffe__parser *p, greffe__ast *node, const greffe__boxed *boxed)
{
    for (uint32_t i = 0; i < boxed->count; i++) {
        if (!greffe__parse_adopt(p, node, boxed_of(p, boxed->at[i]))) {
            return false;
        }
    }
    return true;
}

static greffe__ast *boxed_context(greffe__parser *p, const greffe__boxed *boxed)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_CONTEXT, p->start);
    for (uint32_t i = 0; node != NULL && i < boxed->count; i++) {
        greffe__str name = boxed->names.at[i];
        if (!greffe__parse_adopt(p, node, boxed_of(p, boxed->at[i])) ||
            !greffe__parse_declare(p, name)) {
            return NULL;
        }
        if (name.size == 0) {
            node->op = 1; /* what a context ends with is what it gives */
        } else if (!greffe__parse_add_name(p, node, name)) {
            return NULL;
        }
    }
    return node;
}

static greffe__ast *boxed_function(greffe__parser *p, const greffe__boxed *boxed)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_FUNCTION, p->start);
    static const greffe__type any = {.any = true, .optional = true};
    for (uint32_t i = 0; node != NULL && i < boxed->names.count; i++) {
        bool typed = i < boxed->types.count && boxed->types.at[i].size > 0;
        const greffe__type *type = typed ? declared(p, boxed->types.at[i]) : NULL;
        if (!greffe__parse_declare(p, boxed->names.at[i]) ||
            !greffe__parse_add_name(p, node, boxed->names.at[i]) ||
            !greffe__parse_push_type(p, &node->params, type != NULL ? type : &any)) {
            return NULL;
        }
    }
    return node != NULL && adopt_boxes(p, node, boxed) ? node : NULL;
}

static greffe__ast *boxed_named(greffe__parser *p, const greffe__boxed *boxed,
                                greffe__ast_kind kind)
{
    greffe__ast *node = greffe__parse_make(p, kind, p->start);
    for (uint32_t i = 0; node != NULL && i < boxed->names.count; i++) {
        bool declared_here =
            kind == GREFFE__AST_CALL || greffe__parse_declare(p, boxed->names.at[i]);
        if (!declared_here || !greffe__parse_add_name(p, node, boxed->names.at[i])) {
            return NULL;
        }
    }
    return node != NULL && adopt_boxes(p, node, boxed) ? node : NULL;
}

static greffe__ast *boxed_of(greffe__parser *p, const greffe__boxed *boxed)
{
    greffe__ast *node = NULL;
    if (p->work->failed) {
        return NULL;
    }
    if (boxed->kind == GREFFE__BOXED_TEXT) {
        return conforming(p, whole(p, boxed->text), boxed->type);
    }
    if (!greffe__parse_deeper(p)) {
        return NULL;
    }
    switch ((greffe__boxed_kind)boxed->kind) {
    case GREFFE__BOXED_TEXT: break;
    case GREFFE__BOXED_TABLE: node = table_of(p, boxed->table); break;
    case GREFFE__BOXED_CONTEXT: node = boxed_context(p, boxed); break;
    case GREFFE__BOXED_LIST: node = boxed_named(p, boxed, GREFFE__AST_LIST); break;
    case GREFFE__BOXED_FUNCTION: node = boxed_function(p, boxed); break;
    case GREFFE__BOXED_CALL: node = boxed_named(p, boxed, GREFFE__AST_CALL); break;
    case GREFFE__BOXED_IF: node = boxed_named(p, boxed, GREFFE__AST_IF); break;
    case GREFFE__BOXED_FOR: node = boxed_named(p, boxed, GREFFE__AST_FOR); break;
    case GREFFE__BOXED_SOME: node = boxed_named(p, boxed, GREFFE__AST_SOME); break;
    case GREFFE__BOXED_EVERY: node = boxed_named(p, boxed, GREFFE__AST_EVERY); break;
    case GREFFE__BOXED_FILTER: node = boxed_named(p, boxed, GREFFE__AST_FILTER); break;
    }
    p->depth -= 1;
    return conforming(p, node, boxed->type);
}

greffe__ast *greffe__expr_parse(greffe__expr_work *work, const greffe__boxed *boxed)
{
    greffe__parser p = {.work = work};
    if (work->source.size > GREFFE_MAX_EXPR_BYTES && boxed->kind == GREFFE__BOXED_TEXT) {
        return greffe__expr_fail(work, GREFFE__GR_EXPR_LIMIT, 0, 1,
                                 "take a part out, and give it a name under 'values'",
                                 "the expression is longer than 16,384 bytes");
    }
    if (work->source.size > GREFFE_MAX_TABLE_BYTES) {
        return greffe__expr_fail(work, GREFFE__GR_EXPR_LIMIT, 0, 1, "make two tables of it",
                                 "the table is longer than 1,048,576 bytes");
    }
    greffe__ast *node = boxed_of(&p, boxed);
    return work->failed ? NULL : node;
}
