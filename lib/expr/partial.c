/* Which part of an expression may have no value: a quotient whose divisor may be zero, a root of
 * what may be negative, a text that may be no date. What is asked before it, and the bounds of
 * fields, are taken into account; what they do not show is told. */
#include <string.h>

#include "expr/expr_priv.h"

enum { most_known = 16 };

/* What holds where a part stands: conditions that were met on the way to it, or were not. */
typedef struct looking {
    struct {
        const greffe__ast *condition;
        bool holds;
    } known[most_known];
    uint32_t count;
    const greffe__ast *table; /* whose inputs ? stands for, or NULL */
    const greffe__ast *found;
} looking;

/* --- Signs --- */

static bool number_of(const greffe__ast *node, greffe__dec *out)
{
    if (node->kind == GREFFE__AST_NEGATE && number_of(node->at[0], out)) {
        *out = greffe__dec_neg(*out);
        return true;
    }
    bool number = node->kind == GREFFE__AST_CONSTANT && node->value.kind == GREFFE__NUMBER;
    if (number) {
        *out = node->value.as.number;
    }
    return number;
}

/* What is to be shown of a number. */
typedef enum wanted { NOT_ZERO, ABOVE_ZERO, NOT_BELOW } wanted;

static uint8_t opposite(uint8_t op)
{
    switch ((greffe__op)op) {
    case GREFFE__OP_EQ: return GREFFE__OP_NE;
    case GREFFE__OP_NE: return GREFFE__OP_EQ;
    case GREFFE__OP_GT: return GREFFE__OP_LE;
    case GREFFE__OP_LE: return GREFFE__OP_GT;
    case GREFFE__OP_GE: return GREFFE__OP_LT;
    case GREFFE__OP_LT: return GREFFE__OP_GE;
    default: return op;
    }
}

/* What a comparison that holds, with a number of this sign, shows. */
static bool comparison_shows(uint8_t op, int sign, wanted what)
{
    switch ((greffe__op)op) {
    case GREFFE__OP_EQ:
        return what == NOT_ZERO ? sign != 0 : what == ABOVE_ZERO ? sign > 0 : sign >= 0;
    case GREFFE__OP_NE: return what == NOT_ZERO && sign == 0;
    case GREFFE__OP_GT: return sign >= 0;
    case GREFFE__OP_GE: return what == NOT_BELOW ? sign >= 0 : sign > 0;
    case GREFFE__OP_LT: return what == NOT_ZERO && sign <= 0;
    case GREFFE__OP_LE: return what == NOT_ZERO && sign < 0;
    default: return false;
    }
}

static uint8_t turned(uint8_t op)
{
    switch ((greffe__op)op) {
    case GREFFE__OP_GT: return GREFFE__OP_LT;
    case GREFFE__OP_GE: return GREFFE__OP_LE;
    case GREFFE__OP_LT: return GREFFE__OP_GT;
    case GREFFE__OP_LE: return GREFFE__OP_GE;
    default: return op;
    }
}

static bool is_call_of(const greffe__ast *node, const char *name)
{
    return node->kind == GREFFE__AST_CALL && node->function != 0 && node->count > 1 &&
           strcmp(greffe__function_at(node->function - 1)->name, name) == 0;
}

/* The name that a part is; of ?, the name that is the column's input. */
static const greffe__symbol *name_of(const looking *l, const greffe__ast *node)
{
    bool input = node->kind == GREFFE__AST_INPUT && l->table != NULL;
    for (uint32_t i = 0; input && i < l->table->table->input_count; i++) {
        if (l->table->bound.at[i] == node->variable) {
            return l->table->at[i]->symbol;
        }
    }
    return node->symbol;
}

static bool shows(const looking *l, const greffe__ast *condition, bool holds,
                  const greffe__symbol *name, wanted what);

/* Whether an end of a range shows it, where what is tested lies within, or beyond it. */
static bool end_shows(const greffe__ast *end, bool low, bool closed, bool holds, wanted what)
{
    greffe__dec number;
    greffe__op op =
        low ? (closed ? GREFFE__OP_GE : GREFFE__OP_GT) : (closed ? GREFFE__OP_LE : GREFFE__OP_LT);
    return number_of(end, &number) &&
           comparison_shows(holds ? (uint8_t)op : opposite((uint8_t)op),
                            greffe__dec_compare(number, greffe__dec_of(0)), what);
}

/* What a test that passes, or does not, shows of what it tests. */
static bool test_shows(const looking *l, const greffe__ast *test, bool holds,
                       const greffe__symbol *name, wanted what)
{
    greffe__dec number;
    if (test->kind == GREFFE__AST_RANGE) {
        bool low = (test->op & GREFFE__RANGE_NO_LOW) == 0;
        bool high = (test->op & GREFFE__RANGE_NO_HIGH) == 0;
        bool either = holds || !(low && high); /* beyond two ends: which, nobody knows */
        return either &&
               ((low && end_shows(test->at[0], true, (test->op & GREFFE__RANGE_LOW_CLOSED) != 0,
                                  holds, what)) ||
                (high && end_shows(test->at[low ? 1 : 0], false,
                                   (test->op & GREFFE__RANGE_HIGH_CLOSED) != 0, holds, what)));
    }
    if (test->kind != GREFFE__AST_EQUALS && test->uses_input) {
        return l->table != NULL && shows(l, test, holds, name, what);
    }
    uint8_t op = test->kind == GREFFE__AST_EQUALS ? test->op : (uint8_t)GREFFE__OP_EQ;
    return number_of(test->kind == GREFFE__AST_EQUALS ? test->at[0] : test, &number) &&
           comparison_shows(holds ? op : opposite(op),
                            greffe__dec_compare(number, greffe__dec_of(0)), what);
}

/* One of the tests passes, or none does. */
static bool in_shows(const looking *l, const greffe__ast *in, bool holds,
                     const greffe__symbol *name, wanted what)
{
    bool one = holds == (in->op == 0), all = in->count > 1, some = false;
    for (uint32_t i = 1; i < in->count; i++) {
        bool shown = test_shows(l, in->at[i], one, name, what);
        all = all && shown;
        some = some || shown;
    }
    return name_of(l, in->at[0]) == name && (one ? all : some);
}

/* Whether a condition that holds, or does not, shows it of a name. */
static bool shows(const looking *l, const greffe__ast *condition, bool holds,
                  const greffe__symbol *name, wanted what)
{
    greffe__dec number;
    if (is_call_of(condition, "not")) {
        return shows(l, condition->at[1], !holds, name, what);
    }
    if (condition->kind == (holds ? GREFFE__AST_AND : GREFFE__AST_OR)) {
        return shows(l, condition->at[0], holds, name, what) ||
               shows(l, condition->at[1], holds, name, what);
    }
    if (condition->kind == GREFFE__AST_IN) {
        return in_shows(l, condition, holds, name, what);
    }
    if (condition->kind != GREFFE__AST_BINARY || condition->count != 2) {
        return false;
    }
    bool left = name_of(l, condition->at[0]) == name && number_of(condition->at[1], &number);
    bool right = name_of(l, condition->at[1]) == name && number_of(condition->at[0], &number);
    int sign = left || right ? greffe__dec_compare(number, greffe__dec_of(0)) : 0;
    uint8_t op = left ? condition->op : turned(condition->op);
    return (left || right) && comparison_shows(holds ? op : opposite(op), sign, what);
}

/* What the bounds of a field show. */
static bool bounds_show(const greffe__domain *domain, wanted what)
{
    bool low = domain != NULL && domain->low.kind == GREFFE__NUMBER;
    bool high = domain != NULL && domain->high.kind == GREFFE__NUMBER;
    int least = low ? greffe__dec_compare(domain->low.as.number, greffe__dec_of(0)) : 0;
    int most = high ? greffe__dec_compare(domain->high.as.number, greffe__dec_of(0)) : 0;
    return (low && (what == NOT_BELOW ? least >= 0 : least > 0)) ||
           (high && what == NOT_ZERO && most < 0);
}

static bool is_shown(const looking *l, const greffe__ast *node, wanted what)
{
    greffe__dec number;
    if (number_of(node, &number)) {
        return comparison_shows(GREFFE__OP_EQ, greffe__dec_compare(number, greffe__dec_of(0)),
                                what);
    }
    if (is_call_of(node, "count")) {
        return what == NOT_BELOW;
    }
    if (node->kind == GREFFE__AST_BINARY && node->op == GREFFE__OP_MUL) {
        return is_shown(l, node->at[0], what) && is_shown(l, node->at[1], what);
    }
    if (node->kind == GREFFE__AST_BINARY && node->op == GREFFE__OP_ADD) {
        wanted either = what == NOT_BELOW ? NOT_BELOW : ABOVE_ZERO;
        return (is_shown(l, node->at[0], either) && is_shown(l, node->at[1], NOT_BELOW)) ||
               (is_shown(l, node->at[0], NOT_BELOW) && is_shown(l, node->at[1], either));
    }
    bool shown = node->symbol != NULL && bounds_show(node->type.domain, what);
    for (uint32_t i = 0; node->symbol != NULL && i < l->count && !shown; i++) {
        shown = shows(l, l->known[i].condition, l->known[i].holds, node->symbol, what);
    }
    return shown;
}

/* --- Parts --- */

/* Functions that not every argument has a value for. */
static bool call_fails(const looking *l, const greffe__ast *node)
{
    static const char *const readers[] = {"number", "date", "time", "date and time", "duration"};
    const greffe__function *function =
        node->function != 0 ? greffe__function_at(node->function - 1) : NULL;
    const greffe__ast *first = node->count > 1 ? node->at[1] : NULL;
    if (function == NULL || first == NULL || node->fixed) {
        return false;
    }
    if (strcmp(function->name, "sqrt") == 0) {
        return !is_shown(l, first, NOT_BELOW);
    }
    if (strcmp(function->name, "log") == 0) {
        return !is_shown(l, first, ABOVE_ZERO);
    }
    if (strcmp(function->name, "modulo") == 0) {
        return node->count > 2 && !is_shown(l, node->at[2], NOT_ZERO);
    }
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (strcmp(function->name, readers[i]) == 0) {
            return first->type.any || first->type.kind == GREFFE__STRING;
        }
    }
    return false;
}

static bool fails(const looking *l, const greffe__ast *node)
{
    bool divides = node->kind == GREFFE__AST_BINARY && node->op == GREFFE__OP_DIV && !node->fixed;
    return (divides && !is_shown(l, node->at[1], NOT_ZERO)) ||
           (node->kind == GREFFE__AST_CALL && call_fails(l, node));
}

static void look(looking *l, const greffe__ast *node);

static void know(looking *l, const greffe__ast *condition, bool holds)
{
    if (l->count < most_known) {
        l->known[l->count].condition = condition;
        l->known[l->count++].holds = holds;
    }
}

static void look_where(looking *l, const greffe__ast *node, const greffe__ast *condition,
                       bool holds)
{
    uint32_t before = l->count;
    know(l, condition, holds);
    look(l, node);
    l->count = before;
}

/* Inputs are read always; a cell where those before it pass, and outputs where all do. */
static void look_in_table(looking *l, const greffe__ast *node)
{
    const greffe__table *table = node->table;
    const greffe__ast *outer = l->table;
    uint32_t before = l->count, outputs = 2 * table->input_count;
    for (uint32_t i = 0; i < outputs + 2 * table->output_count; i++) {
        if (i < table->input_count || i >= outputs + table->output_count) {
            look(l, node->at[i]); /* what is otherwise, too */
        }
    }
    l->table = node;
    for (uint32_t rule = 0; rule < table->rule_count; rule++) {
        for (uint32_t i = 0; i < table->input_count + table->output_count; i++) {
            const greffe__ast *cell = node->at[greffe__table_cell(table, rule, i)];
            look(l, cell);
            if (i < table->input_count && cell->kind == GREFFE__AST_IN) {
                know(l, cell, true);
            }
        }
        l->count = before;
    }
    l->table = outer;
}

/* The left one is looked at first: what is right of `and` is only asked where it holds. */
static void look(looking *l, const greffe__ast *node)
{
    if (l->found != NULL || node == NULL) {
        return;
    }
    if (fails(l, node)) {
        l->found = node;
        return;
    }
    bool logic = node->kind == GREFFE__AST_AND || node->kind == GREFFE__AST_OR;
    if (node->kind == GREFFE__AST_IF && node->count == 3) {
        look(l, node->at[0]);
        look_where(l, node->at[1], node->at[0], true);
        look_where(l, node->at[2], node->at[0], false);
    } else if (logic && node->count == 2) {
        look(l, node->at[0]);
        look_where(l, node->at[1], node->at[0], node->kind == GREFFE__AST_AND);
    } else if (node->kind == GREFFE__AST_TABLE) {
        look_in_table(l, node);
    } else {
        for (uint32_t i = 0; i < node->count; i++) {
            look(l, node->at[i]);
        }
    }
}

bool greffe__expr_partial(greffe__str *part, greffe__arena *arena, const greffe__symbols *symbols,
                          greffe__str source, const greffe__boxed *boxed)
{
    greffe__expr_error error = {0};
    greffe__expr_work work = {
        .arena = arena, .symbols = symbols, .source = source, .error = &error};
    const greffe__boxed plain = {.kind = GREFFE__BOXED_TEXT, .text = source};
    greffe__ast *root = greffe__expr_parse(&work, boxed != NULL ? boxed : &plain);
    if (root == NULL || !greffe__expr_check(&work, root, NULL)) {
        return false; /* told elsewhere */
    }
    looking l = {.count = 0};
    look(&l, root);
    if (l.found != NULL) {
        *part = (greffe__str){source.data + l.found->start, l.found->end - l.found->start};
    }
    return l.found != NULL;
}
