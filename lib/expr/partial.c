/* Which part of an expression may have no value: a quotient whose divisor may be zero, a root of
 * what may be negative, a text that may be no date, the largest of a list that may be empty. What
 * is asked before it, and the bounds of fields, are taken into account; what they do not show is
 * told. */
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
    bool counts; /* asked of how many a list has, and not of a name's value */
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

greffe__op greffe__op_opposite(greffe__op op)
{
    switch (op) {
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

greffe__op greffe__op_turned(greffe__op op)
{
    switch (op) {
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
    if (l->counts) {
        return is_call_of(node, "count") ? node->at[1]->symbol : NULL;
    }
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
           comparison_shows(holds ? (uint8_t)op : (uint8_t)greffe__op_opposite(op),
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
           comparison_shows(holds ? op : (uint8_t)greffe__op_opposite((greffe__op)op),
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
    uint8_t op = left ? condition->op : (uint8_t)greffe__op_turned((greffe__op)condition->op);
    return (left || right) &&
           comparison_shows(holds ? op : (uint8_t)greffe__op_opposite((greffe__op)op), sign, what);
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

/* From where to where a number lies; false where that is not known. */
static bool lies_in(const greffe__ast *node, greffe__dec *low, greffe__dec *high)
{
    const greffe__domain *domain = node->symbol != NULL ? node->type.domain : NULL;
    if (number_of(node, low)) {
        *high = *low;
        return true;
    }
    if (domain != NULL && domain->low.kind == GREFFE__NUMBER &&
        domain->high.kind == GREFFE__NUMBER) {
        *low = domain->low.as.number;
        *high = domain->high.as.number;
        return true;
    }
    greffe__dec from, to;
    bool added = node->kind == GREFFE__AST_BINARY && node->op == GREFFE__OP_ADD;
    bool taken = node->kind == GREFFE__AST_BINARY && node->op == GREFFE__OP_SUB;
    return (added || taken) && lies_in(node->at[0], low, high) &&
           lies_in(node->at[1], &from, &to) &&
           greffe__dec_add(low, *low, added ? from : greffe__dec_neg(to)) &&
           greffe__dec_add(high, *high, added ? to : greffe__dec_neg(from));
}

static bool lies_within(const greffe__ast *node, int64_t least, int64_t most)
{
    greffe__dec low, high;
    return lies_in(node, &low, &high) && greffe__dec_compare(low, greffe__dec_of(least)) >= 0 &&
           greffe__dec_compare(high, greffe__dec_of(most)) <= 0;
}

/* A day that is not typed without bounds: any year may be typed. */
static bool is_plain_day(const greffe__ast *node)
{
    const greffe__domain *domain = node->type.domain;
    return domain == NULL ||
           (domain->low.kind != GREFFE__NULL && domain->high.kind != GREFFE__NULL);
}

/* Whether there is at least one of what a function is given: written one by one, or in a list. */
static bool is_filled(looking *l, const greffe__ast *call)
{
    const greffe__ast *list = call->at[1];
    if (call->count > 2 || (list->kind == GREFFE__AST_LIST && list->count > 0) ||
        (!list->type.any && list->type.kind != GREFFE__LIST)) {
        return true;
    }
    bool shown = false;
    l->counts = true;
    for (uint32_t i = 0; list->symbol != NULL && i < l->count && !shown; i++) {
        shown = shows(l, l->known[i].condition, l->known[i].holds, list->symbol, NOT_ZERO);
    }
    l->counts = false;
    return shown;
}

/* What a function asks of its arguments to have a value; one that is not here has one for all. */
typedef enum asks {
    ASKS_ROOT,     /* the first: not below zero */
    ASKS_LOG,      /* the first: above zero */
    ASKS_DIVISOR,  /* the second: not zero */
    ASKS_PARTS,    /* what it reads or is made of: no text, and no parts */
    ASKS_ITEMS,    /* one at least */
    ASKS_TWO,      /* two at least, one by one */
    ASKS_SCALE,    /* the second: a number of decimals */
    ASKS_PLACE,    /* the second: 1 */
    ASKS_LIST,     /* a place that the list has */
    ASKS_PATTERN,  /* the second and third: always the same */
    ASKS_DAYS,     /* the second: a number of days; the third, a calendar: always the same */
    ASKS_YEARS,    /* days of years that there are; the third: always the same */
    ASKS_CALENDAR, /* the second: always the same */
    ASKS_SPAN,     /* the third: always the same */
    ASKS_MUCH      /* that it is not too large */
} asks;

static const struct {
    const char *name;
    asks what;
} asking[] = {{"sqrt", ASKS_ROOT},
              {"log", ASKS_LOG},
              {"modulo", ASKS_DIVISOR},
              {"number", ASKS_PARTS},
              {"date", ASKS_PARTS},
              {"time", ASKS_PARTS},
              {"date and time", ASKS_PARTS},
              {"duration", ASKS_PARTS},
              {"range", ASKS_PARTS},
              {"min", ASKS_ITEMS},
              {"max", ASKS_ITEMS},
              {"mean", ASKS_ITEMS},
              {"median", ASKS_ITEMS},
              {"product", ASKS_ITEMS},
              {"stddev", ASKS_TWO},
              {"decimal", ASKS_SCALE},
              {"round half up", ASKS_SCALE},
              {"round half down", ASKS_SCALE},
              {"round half even", ASKS_SCALE},
              {"round up", ASKS_SCALE},
              {"round down", ASKS_SCALE},
              {"floor", ASKS_SCALE},
              {"ceiling", ASKS_SCALE},
              {"substring", ASKS_PLACE},
              {"sublist", ASKS_LIST},
              {"insert before", ASKS_LIST},
              {"remove", ASKS_LIST},
              {"list replace", ASKS_LIST},
              {"matches", ASKS_PATTERN},
              {"replace", ASKS_PATTERN},
              {"split", ASKS_PATTERN},
              {"add working days", ASKS_DAYS},
              {"working days between", ASKS_YEARS},
              {"is working day", ASKS_CALENDAR},
              {"next working day", ASKS_CALENDAR},
              {"public holiday", ASKS_CALENDAR},
              {"legal deadline", ASKS_SPAN},
              {"exp", ASKS_MUCH}};

/* Whether what a function asks is not shown of its arguments, of which it has one at least. */
static bool is_not_met(looking *l, asks what, const greffe__ast *call)
{
    enum { most_decimals = 6000, most_days = 100000 };
    const greffe__ast *first = call->at[1], *second = call->count > 2 ? call->at[2] : NULL;
    const greffe__ast *third = call->count > 3 ? call->at[3] : NULL;
    greffe__dec number;
    bool any_third = third != NULL && !third->fixed;
    switch (what) {
    case ASKS_ROOT: return !is_shown(l, first, NOT_BELOW);
    case ASKS_LOG: return !is_shown(l, first, ABOVE_ZERO);
    case ASKS_DIVISOR: return second != NULL && !is_shown(l, second, NOT_ZERO);
    case ASKS_PARTS:
        return first->type.any || first->type.kind == GREFFE__STRING || third != NULL ||
               (second != NULL && second->type.kind == GREFFE__STRING && !second->fixed);
    case ASKS_ITEMS: return !is_filled(l, call);
    case ASKS_TWO: return second == NULL;
    case ASKS_SCALE: return second != NULL && !lies_within(second, 0, most_decimals);
    case ASKS_PLACE:
        return second == NULL || !number_of(second, &number) ||
               greffe__dec_compare(number, greffe__dec_of(1)) != 0 ||
               (third != NULL && !is_shown(l, third, ABOVE_ZERO));
    case ASKS_LIST: return second == NULL || second->type.kind != GREFFE__FUNCTION;
    case ASKS_PATTERN: return second == NULL || !second->fixed || any_third;
    case ASKS_DAYS: return second == NULL || !lies_within(second, 0, most_days) || any_third;
    case ASKS_YEARS:
        return second == NULL || !is_plain_day(first) || !is_plain_day(second) || any_third;
    case ASKS_CALENDAR: return second != NULL && !second->fixed;
    case ASKS_SPAN: return any_third;
    case ASKS_MUCH: return true;
    }
    return true;
}

static bool call_fails(looking *l, const greffe__ast *node)
{
    const greffe__function *function =
        node->function != 0 ? greffe__function_at(node->function - 1) : NULL;
    if (function == NULL || node->count < 2 || node->fixed) {
        return false;
    }
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
        if (strcmp(function->name, asking[i].name) == 0) {
            return is_not_met(l, asking[i].what, node);
        }
    }
    return false;
}

/* A power whose exponent is a small whole number has a value, but for zero's below one. */
static bool power_fails(looking *l, const greffe__ast *node)
{
    enum { largest = 16 };
    const greffe__ast *base = node->at[0], *exponent = node->at[1];
    greffe__dec number;
    int64_t whole;
    if (!number_of(exponent, &number)) {
        return true;
    }
    if (!greffe__dec_to_i64(&whole, number)) {
        return !is_shown(l, base, ABOVE_ZERO);
    }
    return whole > largest || whole < -largest || (whole < 0 && !is_shown(l, base, NOT_ZERO));
}

static bool is_length(const greffe__ast *node)
{
    return node->type.kind == GREFFE__DURATION || node->type.kind == GREFFE__PERIOD;
}

/* Ends that may lie the wrong way round. */
static bool range_fails(const greffe__ast *node)
{
    greffe__dec low, most, least, high;
    if (node->count < 2 || node->fixed || (node->at[0]->fixed && node->at[1]->fixed)) {
        return false;
    }
    return !lies_in(node->at[0], &low, &most) || !lies_in(node->at[1], &least, &high) ||
           greffe__dec_compare(most, least) > 0;
}

static bool binary_fails(looking *l, const greffe__ast *node)
{
    enum { most_times = 1000000 };
    switch ((greffe__op)node->op) {
    case GREFFE__OP_DIV: return !is_shown(l, node->at[1], NOT_ZERO);
    case GREFFE__OP_POW: return power_fails(l, node);
    case GREFFE__OP_MUL: /* of a length of time: so many of it */
        return is_length(node) && !lies_within(is_length(node->at[0]) ? node->at[1] : node->at[0],
                                               -most_times, most_times);
    default: return false;
    }
}

static bool fails(looking *l, const greffe__ast *node)
{
    enum { most = 1000 };
    if (node->fixed) {
        return false;
    }
    switch ((int)node->kind) {
    case GREFFE__AST_BINARY: return node->count == 2 && binary_fails(l, node);
    case GREFFE__AST_CALL: return call_fails(l, node);
    case GREFFE__AST_RANGE: return range_fails(node);
    case GREFFE__AST_COUNTING:
        return !lies_within(node->at[0], -most, most) || !lies_within(node->at[1], -most, most);
    default: return false;
    }
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

greffe__ast *greffe__expr_again(greffe__arena *arena, const greffe__symbols *symbols,
                                greffe__str source, const greffe__boxed *boxed)
{
    greffe__expr_error error = {0};
    greffe__expr_work work = {
        .arena = arena, .symbols = symbols, .source = source, .error = &error};
    const greffe__boxed plain = {.kind = GREFFE__BOXED_TEXT, .text = source};
    greffe__ast *root = greffe__expr_parse(&work, boxed != NULL ? boxed : &plain);
    return root != NULL && greffe__expr_check(&work, root, NULL) ? root : NULL;
}

bool greffe__expr_partial(greffe__str *part, greffe__arena *arena, const greffe__symbols *symbols,
                          greffe__str source, const greffe__boxed *boxed)
{
    const greffe__ast *root = greffe__expr_again(arena, symbols, source, boxed);
    if (root == NULL) {
        return false;
    }
    looking l = {.count = 0};
    look(&l, root);
    if (l.found != NULL) {
        *part = (greffe__str){source.data + l.found->start, l.found->end - l.found->start};
    }
    return l.found != NULL;
}
