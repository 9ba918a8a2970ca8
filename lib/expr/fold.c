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

/* Marks what has the same value whenever it runs: built of constants by functions that look at
 * nothing else. */
bool greffe__expr_fixed(greffe__ast *node)
{
    bool all = true;
    for (uint32_t i = 0; i < node->count; i++) {
        bool callee = i == 0 && node->kind == GREFFE__AST_CALL;
        all = (callee ? node->function != 0 : greffe__expr_fixed(node->at[i])) && all;
        if (callee && node->function == 0) {
            (void)greffe__expr_fixed(node->at[i]);
        }
    }
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_CONSTANT: all = true; break;
    case GREFFE__AST_MEMBER: all = all && node->symbol == NULL; break;
    case GREFFE__AST_CALL:
        all = all && node->function != 0 && !greffe__function_at(node->function - 1)->outside;
        break;
    case GREFFE__AST_BINARY:
    case GREFFE__AST_NEGATE:
    case GREFFE__AST_AND:
    case GREFFE__AST_OR:
    case GREFFE__AST_IF:
    case GREFFE__AST_LIST:
    case GREFFE__AST_RANGE:
    case GREFFE__AST_BETWEEN:
    case GREFFE__AST_INSTANCE: break;
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
    case GREFFE__AST_FAULT: all = false; break;
    }
    node->fixed = all;
    return all;
}

static greffe_status no_slot(void *data, uint32_t slot, greffe__value *out)
{
    (void)data;
    (void)slot;
    (void)out;
    return GREFFE_ENOTFOUND;
}

/* Calculates a fixed tree now. False: it has no value, and says so when it runs. */
bool greffe__fold(greffe__generator *g, greffe__ast *node, greffe__value *out)
{
    greffe__program *program = g->program,
                    apart = {.source = program->source, .lenient = program->lenient};
    greffe__expr_error error = {0};
    const greffe__eval eval = {.load = no_slot, .arena = g->work->arena};
    uint32_t height = g->height;
    g->program = &apart;
    g->folding = true;
    g->height = 0;
    bool good = greffe__generate(g, node) && greffe__generate_op(g, GREFFE__OP_RETURN, 0, node, -1);
    g->program = program;
    g->folding = false;
    g->height = height;
    uint64_t left = GREFFE_MAX_EXPR_FOLDED;
    greffe_status status = good ? greffe__expr_eval(out, &error, &apart, &eval) : GREFFE_EINVALID;
    if (good && status == GREFFE_EINVALID && !program->lenient) { /* it never has a value */
        (void)greffe__expr_fail(g->work, error.code, error.start, error.end,
                                "what is always the same must have a value", "%s", error.message);
        return false;
    }
    return status == GREFFE_OK && error.code == GREFFE__GR_NONE && !holds_function(out) &&
           greffe__value_within(out, &left);
}
