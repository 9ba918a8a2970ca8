/* What is always the same in an expression, calculated once. */
#include "expr/generate.h"

static bool holds_function(const greffe__value *value)
{
    bool holds = value->kind == GREFFE__FUNCTION;
    for (uint32_t i = 0; value->kind == GREFFE__LIST && i < value->count && !holds; i++) {
        holds = holds_function(&value->as.items[i]);
    }
    for (uint32_t i = 0; value->kind == GREFFE__CONTEXT && i < value->count && !holds; i++) {
        holds = holds_function(&value->as.entries[i].value);
    }
    return holds;
}

/* Built of constants by functions that look at nothing else: the function that is called is named,
 * and is no part. */
bool greffe__expr_fixed(const greffe__ast *node)
{
    bool call = node->kind == GREFFE__AST_CALL, all = true;
    for (uint32_t i = call ? 1 : 0; i < node->count && all; i++) {
        all = node->at[i]->fixed;
    }
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_CONSTANT: return true;
    case GREFFE__AST_MEMBER: return all && node->symbol == NULL;
    case GREFFE__AST_CALL:
        return all && node->function != 0 && !greffe__function_at(node->function - 1)->outside;
    case GREFFE__AST_BINARY:
    case GREFFE__AST_NEGATE:
    case GREFFE__AST_AND:
    case GREFFE__AST_OR:
    case GREFFE__AST_IF:
    case GREFFE__AST_LIST:
    case GREFFE__AST_RANGE:
    case GREFFE__AST_BETWEEN:
    case GREFFE__AST_INSTANCE: return all;
    case GREFFE__AST_NOTHING:
    case GREFFE__AST_NAME:
    case GREFFE__AST_CONTEXT:
    case GREFFE__AST_COUNTING:
    case GREFFE__AST_IN:
    case GREFFE__AST_EQUALS:
    case GREFFE__AST_INPUT:
    case GREFFE__AST_FILTER:
    case GREFFE__AST_FOR:
    case GREFFE__AST_SOME:
    case GREFFE__AST_EVERY:
    case GREFFE__AST_FUNCTION:
    case GREFFE__AST_CONFORM:
    case GREFFE__AST_TABLE:
    case GREFFE__AST_FAULT: break;
    }
    return false;
}

static greffe_status no_slot(void *data, uint32_t slot, greffe__value *out)
{
    (void)data;
    (void)slot;
    (void)out;
    return GREFFE_ENOTFOUND;
}

/* A list that only constants make needs no program. */
static bool listed(greffe__generator *g, const greffe__ast *node, greffe__value *out)
{
    bool all =
        node->kind == GREFFE__AST_LIST && node->count > 0 && node->count <= GREFFE_MAX_EXPR_LIST;
    for (uint32_t i = 0; i < node->count && all; i++) {
        all = node->at[i]->kind == GREFFE__AST_CONSTANT;
    }
    greffe__value *items =
        all ? greffe__arena_alloc(g->work->arena, node->count * sizeof *items) : NULL;
    if (items == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        items[i] = node->at[i]->value;
    }
    *out = greffe__list_of(items, node->count);
    return true;
}

/* Calculates a fixed tree now. False: it has no value, and says so when it runs. */
bool greffe__fold(greffe__generator *g, greffe__ast *node, greffe__value *out)
{
    greffe__program *program = g->program,
                    apart = {.source = program->source, .lenient = program->lenient};
    greffe__expr_error error = {0};
    const greffe__eval eval = {.load = no_slot, .arena = g->work->arena};
    uint32_t height = g->height;
    uint64_t left = GREFFE_MAX_EXPR_FOLDED;
    if (listed(g, node, out)) {
        return greffe__value_within(out, &left);
    }
    g->program = &apart;
    g->folding = true;
    g->height = 0;
    bool good = greffe__generate(g, node) && greffe__generate_op(g, GREFFE__OP_RETURN, 0, node, -1);
    g->program = program;
    g->folding = false;
    g->height = height;
    greffe_status status = good ? greffe__expr_eval(out, &error, &apart, &eval) : GREFFE_EINVALID;
    if (good && status == GREFFE_EINVALID && !program->lenient) { /* it never has a value */
        (void)greffe__expr_fail(g->work, error.code, error.start, error.end,
                                "what is always the same must have a value", "%s", error.message);
        return false;
    }
    return status == GREFFE_OK && error.code == GREFFE__GR_NONE && !holds_function(out) &&
           greffe__value_within(out, &left);
}
