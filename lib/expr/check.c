/* Resolving and typing: every name found, every operation checked, before anything runs.
 *
 * In a lenient program types are not looked at: what FEEL makes null becomes null when it runs. */
#include <string.h>

#include "expr/check.h"

const greffe__type greffe__any_type = {.any = true};

bool greffe__check_problem(greffe__checker *c, greffe__code code, const greffe__ast *node,
                           const char *hint, const char *message)
{
    (void)greffe__expr_fail(c->work, code, node->start, node->end, hint, "%s", message);
    return false;
}

/* In a lenient program the node is null when it runs; else a fault. */
bool greffe__check_no_value(greffe__checker *c, greffe__code code, greffe__ast *node,
                            const char *hint, const char *message)
{
    if (!c->lenient) {
        return greffe__check_problem(c, code, node, hint, message);
    }
    node->kind = GREFFE__AST_FAULT;
    node->text = greffe__str_dup(c->work->arena, greffe__str_of(message));
    node->count = 0;
    node->type = greffe__any_type;
    return true;
}

greffe__type greffe__check_type_of(greffe__kind kind)
{
    return (greffe__type){.kind = (uint8_t)kind};
}

const char *greffe__check_words(const greffe__checker *c, const greffe__type *type)
{
    return greffe__type_words(type, c->work->arena);
}

/* --- Operations --- */

bool greffe__check_present(greffe__checker *c, const greffe__ast *node)
{
    if (c->lenient || !node->type.optional) {
        return true;
    }
    return greffe__check_problem(c, GREFFE__GR_EXPR_OPTIONAL, node,
                                 "test it first: if x != null then … else …",
                                 "this may be absent, and then the calculation has no result");
}

static bool is_length(const greffe__type *type)
{
    return type->kind == GREFFE__PERIOD || type->kind == GREFFE__DURATION;
}

static greffe__type sum_type(const greffe__type *a, const greffe__type *b, bool subtract, bool *ok)
{
    *ok = true;
    if (a->any || b->any) {
        return greffe__any_type;
    }
    bool same = a->kind == b->kind;
    if (same &&
        (a->kind == GREFFE__NUMBER || is_length(a) || (a->kind == GREFFE__STRING && !subtract))) {
        return greffe__check_type_of((greffe__kind)a->kind);
    }
    bool line_a = a->kind == GREFFE__DATE || a->kind == GREFFE__DATETIME;
    bool line_b = b->kind == GREFFE__DATE || b->kind == GREFFE__DATETIME;
    if (subtract && ((line_a && line_b) || (same && a->kind == GREFFE__TIME))) {
        return greffe__check_type_of(GREFFE__DURATION);
    }
    if ((line_a && is_length(b)) || (a->kind == GREFFE__TIME && b->kind == GREFFE__DURATION)) {
        return greffe__check_type_of((greffe__kind)a->kind);
    }
    if (!subtract &&
        ((line_b && is_length(a)) || (b->kind == GREFFE__TIME && a->kind == GREFFE__DURATION))) {
        return greffe__check_type_of((greffe__kind)b->kind);
    }
    *ok = false;
    return *a;
}

static greffe__type product_type(greffe__op op, const greffe__type *a, const greffe__type *b,
                                 bool *ok)
{
    *ok = true;
    if (a->any || b->any) {
        return greffe__any_type;
    }
    if (a->kind == GREFFE__NUMBER && b->kind == GREFFE__NUMBER) {
        return greffe__check_type_of(GREFFE__NUMBER);
    }
    if (op != GREFFE__OP_POW && is_length(a) && b->kind == GREFFE__NUMBER) {
        return greffe__check_type_of((greffe__kind)a->kind);
    }
    if (op == GREFFE__OP_MUL && is_length(b) && a->kind == GREFFE__NUMBER) {
        return greffe__check_type_of((greffe__kind)b->kind);
    }
    *ok = op == GREFFE__OP_DIV && is_length(a) && a->kind == b->kind;
    return greffe__check_type_of(GREFFE__NUMBER);
}

static const char *mend_operands(greffe__op op, const greffe__type *x, const greffe__type *y)
{
    greffe__kind a = (greffe__kind)x->kind, b = (greffe__kind)y->kind;
    bool dated = a == GREFFE__DATE || b == GREFFE__DATE;
    bool numeral = a == GREFFE__NUMBER || b == GREFFE__NUMBER;
    bool text = a == GREFFE__STRING || b == GREFFE__STRING;
    bool sum = op == GREFFE__OP_ADD || op == GREFFE__OP_SUB;
    if (sum && dated && numeral) {
        return "to a date add a length: @\"P60D\" for days, @\"P2M\" for months";
    }
    if (sum && text && numeral) {
        return "string(…) makes a text of a number";
    }
    return dated ? "compare a date with a date: @\"2026-01-31\"" : "both must be of one type";
}

bool greffe__check_operands(greffe__checker *c, const greffe__ast *node, greffe__op op,
                            const greffe__type *a, const greffe__type *b)
{
    static const char *const names[] = {
        [GREFFE__OP_ADD] = "+", [GREFFE__OP_SUB] = "-",  [GREFFE__OP_MUL] = "*",
        [GREFFE__OP_DIV] = "/", [GREFFE__OP_POW] = "**", [GREFFE__OP_EQ] = "=",
        [GREFFE__OP_NE] = "!=", [GREFFE__OP_LT] = "<",   [GREFFE__OP_LE] = "<=",
        [GREFFE__OP_GT] = ">",  [GREFFE__OP_GE] = ">=",  [GREFFE__OP_IN] = "in",
    };
    (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_TYPE, node->start, node->end,
                            mend_operands(op, a, b), "'%s' does not take a %s and a %s", names[op],
                            greffe__check_words(c, a), greffe__check_words(c, b));
    return false;
}

/* A number or a date compared with one that its field never has. */
static bool check_domain(greffe__checker *c, const greffe__domain *domain,
                         const greffe__ast *constant)
{
    const greffe__value *value = &constant->value;
    greffe__dec rounded;
    int order;
    bool below = domain->low.kind != GREFFE__NULL &&
                 greffe__value_compare(&order, value, &domain->low) && order < 0;
    bool above = domain->high.kind != GREFFE__NULL &&
                 greffe__value_compare(&order, value, &domain->high) && order > 0;
    bool finer =
        domain->scale >= 0 && value->kind == GREFFE__NUMBER &&
        (!greffe__dec_round(&rounded, value->as.number, domain->scale, GREFFE__ROUND_DOWN) ||
         greffe__dec_compare(rounded, value->as.number) != 0);
    if (!below && !above && !finer) {
        return true;
    }
    greffe__str hint =
        greffe__str_format(c->work->arena, "it has %d decimals at the most", (int)domain->scale);
    (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_OPTION, constant->start, constant->end,
                            finer ? hint.data : "its field says the least and the most it may be",
                            "what this is compared with never has this value");
    return false;
}

/* A choice compared with an option that it does not have. */
bool greffe__check_option(greffe__checker *c, const greffe__type *choice,
                          const greffe__ast *constant)
{
    const greffe__strs *options = choice->options;
    if (!c->lenient && choice->domain != NULL && constant->kind == GREFFE__AST_CONSTANT &&
        !check_domain(c, choice->domain, constant)) {
        return false;
    }
    if (c->lenient || options == NULL || constant->kind != GREFFE__AST_CONSTANT ||
        constant->value.kind != GREFFE__STRING) {
        return true;
    }
    greffe__buf list;
    greffe__buf_init(&list, c->work->arena->context);
    bool known = false;
    for (uint32_t i = 0; i < options->count; i++) {
        known = known || greffe__str_equal(options->at[i], constant->value.as.string);
        greffe__buf_text(&list, i == 0 ? "its options are " : ", ");
        greffe__buf_str(&list, options->at[i]);
    }
    if (!known) {
        greffe__str hint = greffe__str_dup(c->work->arena, (greffe__str){list.data, list.size});
        (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_OPTION, constant->start, constant->end,
                                hint.data, "this choice never has the value \"%.*s\"",
                                (int)constant->value.as.string.size,
                                constant->value.as.string.data);
    }
    greffe__buf_free(&list);
    return known;
}

bool greffe__check_equality(greffe__checker *c, const greffe__ast *node, greffe__op op,
                            const greffe__type *a, const greffe__ast *other)
{
    const greffe__type *b = &other->type;
    bool null = a->kind == GREFFE__NULL || b->kind == GREFFE__NULL;
    if (!c->lenient && !null && !a->any && !b->any && a->kind != b->kind) {
        return greffe__check_operands(c, node, op, a, b);
    }
    return greffe__check_option(c, a, other);
}

bool greffe__check_order(const greffe__type *type)
{
    return type->any || (type->kind >= GREFFE__NUMBER && type->kind <= GREFFE__PERIOD);
}

static bool is_months(const greffe__ast *node)
{
    return node->fixed && node->type.kind == GREFFE__PERIOD;
}

/* 31 January and a month and a month is 28 March; and two months, 31 March. */
static void advise_months(const greffe__checker *c, const greffe__ast *node)
{
    const greffe__ast *inner = node->at[0];
    bool dated = node->type.kind == GREFFE__DATE || node->type.kind == GREFFE__DATETIME;
    if (!c->lenient && dated && inner->kind == GREFFE__AST_BINARY && inner->op == node->op &&
        is_months(node->at[1]) && is_months(inner->at[1])) {
        *c->work->error = (greffe__expr_error){GREFFE__GR_MONTHS_TWICE, node->start, node->end,
                                               "months that are added one after the other may end "
                                               "on another day than their sum",
                                               "add them at once, as one length"};
    }
}

static bool check_binary(greffe__checker *c, greffe__ast *node)
{
    if (!greffe__check_node(c, node->at[0]) || !greffe__check_node(c, node->at[1])) {
        return false;
    }
    const greffe__type *a = &node->at[0]->type, *b = &node->at[1]->type;
    greffe__op op = (greffe__op)node->op;
    node->type = greffe__check_type_of(GREFFE__BOOL);
    if (op == GREFFE__OP_EQ || op == GREFFE__OP_NE) {
        return greffe__check_equality(c, node, op, a, node->at[1]) &&
               greffe__check_option(c, b, node->at[0]);
    }
    if (!greffe__check_present(c, node->at[0]) || !greffe__check_present(c, node->at[1])) {
        return false;
    }
    bool good = true;
    switch (op) {
    case GREFFE__OP_ADD:
    case GREFFE__OP_SUB:
        node->type = sum_type(a, b, op == GREFFE__OP_SUB, &good);
        advise_months(c, node);
        break;
    case GREFFE__OP_MUL:
    case GREFFE__OP_DIV:
    case GREFFE__OP_POW: node->type = product_type(op, a, b, &good); break;
    default:
        good = greffe__check_order(a) && greffe__check_order(b) &&
               (a->any || b->any || a->kind == b->kind);
        break;
    }
    return c->lenient || good || greffe__check_operands(c, node, op, a, b);
}

bool greffe__check_boolean(greffe__checker *c, const greffe__ast *node)
{
    if (c->lenient) {
        return true;
    }
    if (!node->type.any && node->type.kind != GREFFE__BOOL) {
        (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_TYPE, node->start, node->end,
                                "a condition is true or false", "a condition stands here, not a %s",
                                greffe__check_words(c, &node->type));
        return false;
    }
    return greffe__check_present(c, node);
}

/* --- Logic --- */

/* `x != null` makes x present where it holds, and `x = null` where it does not: what
 * follows when the condition is `held`. Returns how many names to forget again. */
static uint32_t narrow(greffe__checker *c, const greffe__ast *node, bool held)
{
    if (node->kind == (held ? GREFFE__AST_AND : GREFFE__AST_OR)) {
        return narrow(c, node->at[0], held) + narrow(c, node->at[1], held);
    }
    if (node->kind != GREFFE__AST_BINARY ||
        node->op != (held ? (uint32_t)GREFFE__OP_NE : (uint32_t)GREFFE__OP_EQ)) {
        return 0;
    }
    const greffe__ast *tested = node->at[1]->type.kind == GREFFE__NULL ? node->at[0] : node->at[1];
    const greffe__ast *other = tested == node->at[0] ? node->at[1] : node->at[0];
    bool with_null = other->kind == GREFFE__AST_CONSTANT && other->value.kind == GREFFE__NULL;
    const void *what =
        tested->symbol != NULL ? (const void *)tested->symbol : (const void *)tested->variable;
    if (what == NULL || !with_null || c->narrowed_count == GREFFE__MAX_NARROWED) {
        return 0;
    }
    c->narrowed[c->narrowed_count++] = what;
    return 1;
}

/* The type of either branch. */
static bool unite(greffe__checker *c, greffe__ast *node, const greffe__ast *a, const greffe__ast *b)
{
    bool a_null = !a->type.any && a->type.kind == GREFFE__NULL;
    bool b_null = !b->type.any && b->type.kind == GREFFE__NULL;
    if (a->type.any || b->type.any) {
        node->type = greffe__any_type;
    } else if (!a_null && !b_null && a->type.kind != b->type.kind) {
        (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_TYPE, node->start, node->end,
                                "give the same type after 'then' and after 'else'",
                                "one branch gives a %s, the other a %s",
                                greffe__check_words(c, &a->type), greffe__check_words(c, &b->type));
        return false;
    } else {
        node->type = a_null ? b->type : a->type;
    }
    node->type.options = NULL;
    node->type.domain = NULL;
    node->type.optional = a_null || b_null || a->type.optional || b->type.optional;
    return true;
}

static bool check_if(greffe__checker *c, greffe__ast *node)
{
    if (!greffe__check_node(c, node->at[0]) || !greffe__check_boolean(c, node->at[0])) {
        return false;
    }
    uint32_t added = narrow(c, node->at[0], true);
    bool good = greffe__check_node(c, node->at[1]);
    c->narrowed_count -= added;
    added = narrow(c, node->at[0], false);
    good = good && greffe__check_node(c, node->at[2]);
    c->narrowed_count -= added;
    return good && (c->lenient || unite(c, node, node->at[1], node->at[2]));
}

static bool check_logic(greffe__checker *c, greffe__ast *node)
{
    if (!greffe__check_node(c, node->at[0]) || !greffe__check_boolean(c, node->at[0])) {
        return false;
    }
    /* The right side is looked at only when the left one holds, or only when it does not. */
    uint32_t added = narrow(c, node->at[0], node->kind == GREFFE__AST_AND);
    bool good = greffe__check_node(c, node->at[1]) && greffe__check_boolean(c, node->at[1]);
    c->narrowed_count -= added;
    node->type = greffe__check_type_of(GREFFE__BOOL);
    return good;
}

/* --- The tree --- */

static bool check_conform(greffe__checker *c, greffe__ast *node)
{
    if (!greffe__check_node(c, node->at[0])) {
        return false;
    }
    const greffe__type *is = &node->at[0]->type, *wanted = node->wanted;
    bool list = wanted->kind == GREFFE__LIST || is->kind == GREFFE__LIST;
    if (!c->lenient && !is->any && !list && is->kind != wanted->kind && is->kind != GREFFE__NULL) {
        (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_TYPE, node->start, node->end, NULL,
                                "this gives a %s, where a %s is declared",
                                greffe__check_words(c, is), greffe__check_words(c, wanted));
        return false;
    }
    node->type = *wanted;
    node->type.optional = is->optional;
    return true;
}

static bool check_input(greffe__checker *c, greffe__ast *node)
{
    if (c->input == NULL) {
        return greffe__check_no_value(c, GREFFE__GR_EXPR_NAME, node, "name the value that is meant",
                                      "? stands for a table's input, and there is none here");
    }
    return greffe__check_variable(c, node, c->input);
}

static bool check_children(greffe__checker *c, greffe__ast *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (!greffe__check_node(c, node->at[i])) {
            return false;
        }
    }
    return true;
}

static bool check_kind(greffe__checker *c, greffe__ast *node)
{
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_NOTHING:
    case GREFFE__AST_FAULT: return true;
    case GREFFE__AST_CONSTANT:
        node->type = greffe__check_type_of((greffe__kind)node->value.kind);
        node->type.optional = node->value.kind == GREFFE__NULL;
        return true;
    case GREFFE__AST_NAME: return greffe__check_name(c, node);
    case GREFFE__AST_MEMBER: return greffe__check_member(c, node);
    case GREFFE__AST_BINARY: return check_binary(c, node);
    case GREFFE__AST_NEGATE:
        if (!greffe__check_node(c, node->at[0]) || !greffe__check_present(c, node->at[0])) {
            return false;
        }
        node->type = node->at[0]->type;
        node->type.domain = NULL;
        return c->lenient || greffe__check_fits('m', &node->type) ||
               greffe__check_problem(c, GREFFE__GR_EXPR_TYPE, node, NULL,
                                     "only numbers and durations have a sign");
    case GREFFE__AST_AND:
    case GREFFE__AST_OR: return check_logic(c, node);
    case GREFFE__AST_IF: return check_if(c, node);
    case GREFFE__AST_LIST: return greffe__check_list(c, node);
    case GREFFE__AST_CONTEXT: return greffe__check_context(c, node);
    case GREFFE__AST_RANGE: return greffe__check_range(c, node);
    case GREFFE__AST_COUNTING: return greffe__check_counting(c, node);
    case GREFFE__AST_IN: return greffe__check_in(c, node);
    case GREFFE__AST_BETWEEN: return greffe__check_between(c, node);
    case GREFFE__AST_INPUT: return check_input(c, node);
    case GREFFE__AST_CALL: return greffe__check_call(c, node);
    case GREFFE__AST_FILTER: return greffe__check_filter(c, node);
    case GREFFE__AST_FOR:
    case GREFFE__AST_SOME:
    case GREFFE__AST_EVERY: return greffe__check_iteration(c, node);
    case GREFFE__AST_FUNCTION: return greffe__check_lambda(c, node);
    case GREFFE__AST_INSTANCE:
        node->type = greffe__check_type_of(GREFFE__BOOL);
        return check_children(c, node);
    case GREFFE__AST_CONFORM: return check_conform(c, node);
    case GREFFE__AST_TABLE: return greffe__check_table(c, node);
    case GREFFE__AST_EQUALS:
        return greffe__check_no_value(c, GREFFE__GR_EXPR_SYNTAX, node,
                                      "write what is compared before the sign",
                                      "a test stands where a value should");
    }
    return false;
}

bool greffe__check_node(greffe__checker *c, greffe__ast *node)
{
    bool good = check_kind(c, node) && !c->work->failed;
    if (c->lenient) {
        node->type = greffe__any_type;
    }
    node->fixed = greffe__expr_fixed(node);
    return good;
}

/* --- Door --- */

static const char *mend_result(const greffe__type *wanted)
{
    switch ((greffe__kind)wanted->kind) {
    case GREFFE__BOOL: return "compare it with something: achat.prix > 100";
    case GREFFE__STRING: return "string(…) makes a text";
    case GREFFE__DATE: return "name a date, or write @\"2026-01-31\"";
    case GREFFE__LIST: return "name a field that holds a list, or write [1, 2]";
    default: return "name a field or a value of this type";
    }
}

bool greffe__expr_check(greffe__expr_work *work, greffe__ast *root, const greffe__type *wanted)
{
    greffe__checker c = {.work = work, .symbols = work->symbols, .lenient = work->symbols->lenient};
    if (!greffe__check_node(&c, root)) {
        return false;
    }
    if (wanted == NULL || wanted->any || root->type.any) {
        return wanted == NULL || wanted->optional || greffe__check_present(&c, root);
    }
    if (root->type.kind != wanted->kind) {
        (void)greffe__expr_fail(work, GREFFE__GR_EXPR_RESULT, root->start, root->end,
                                mend_result(wanted), "this gives a %s, where a %s is needed",
                                greffe__check_words(&c, &root->type),
                                greffe__check_words(&c, wanted));
        return false;
    }
    return wanted->optional || greffe__check_present(&c, root);
}
