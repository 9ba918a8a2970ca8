/* Between which bounds the numbers of an expression lie, and how many decimals they have: for
 * amounts, which have to be above zero and of whole cents. What is not known has no bound. */
#include <string.h>

#include "expr/expr_priv.h"

enum { most_known = 8, no_decimals_known = -1 };

typedef struct bounding {
    const greffe__bounds_list *values; /* of values that stand above */
    struct {
        const greffe__ast *condition;
        bool holds;
    } known[most_known];
    uint32_t count;
} bounding;

static const greffe__bounds nothing = {.decimals = no_decimals_known};

static greffe__bounds span_of(bounding *s, const greffe__ast *node);

/* --- Bounds --- */

static greffe__dec smaller(greffe__dec a, greffe__dec b)
{
    return greffe__dec_compare(a, b) < 0 ? a : b;
}

static greffe__dec larger(greffe__dec a, greffe__dec b)
{
    return greffe__dec_compare(a, b) > 0 ? a : b;
}

static int most_decimals(int a, int b)
{
    return a < 0 || b < 0 ? no_decimals_known : a > b ? a : b;
}

greffe__bounds greffe__bounds_either(greffe__bounds a, greffe__bounds b)
{
    return (greffe__bounds){.low = a.has_low && b.has_low ? smaller(a.low, b.low) : a.low,
                            .high = a.has_high && b.has_high ? larger(a.high, b.high) : a.high,
                            .has_low = a.has_low && b.has_low,
                            .has_high = a.has_high && b.has_high,
                            .decimals = most_decimals(a.decimals, b.decimals)};
}

static greffe__bounds exactly(greffe__dec number)
{
    bool negative;
    uint64_t high, low;
    int exponent;
    greffe__dec_split(number, &negative, &high, &low, &exponent);
    return (greffe__bounds){number, number, true, true, exponent < 0 ? -exponent : 0};
}

static bool not_below_zero(greffe__bounds a)
{
    return a.has_low && greffe__dec_compare(a.low, greffe__dec_of(0)) >= 0;
}

/* --- Arithmetic --- */

static greffe__bounds negated(greffe__bounds a)
{
    return (greffe__bounds){greffe__dec_neg(a.high), greffe__dec_neg(a.low), a.has_high, a.has_low,
                            a.decimals};
}

static greffe__bounds sum(greffe__bounds a, greffe__bounds b)
{
    greffe__bounds out = {.decimals = most_decimals(a.decimals, b.decimals)};
    out.has_low = a.has_low && b.has_low && greffe__dec_add(&out.low, a.low, b.low);
    out.has_high = a.has_high && b.has_high && greffe__dec_add(&out.high, a.high, b.high);
    return out;
}

static greffe__bounds product(greffe__bounds a, greffe__bounds b)
{
    greffe__bounds out = nothing;
    if (not_below_zero(a) && not_below_zero(b)) {
        out.has_low = greffe__dec_mul(&out.low, a.low, b.low);
        out.has_high = a.has_high && b.has_high && greffe__dec_mul(&out.high, a.high, b.high);
    } else if (a.has_low && a.has_high && b.has_low && b.has_high) {
        greffe__dec corners[4];
        bool good = greffe__dec_mul(&corners[0], a.low, b.low) &&
                    greffe__dec_mul(&corners[1], a.low, b.high) &&
                    greffe__dec_mul(&corners[2], a.high, b.low) &&
                    greffe__dec_mul(&corners[3], a.high, b.high);
        out.has_low = out.has_high = good;
        out.low = smaller(smaller(corners[0], corners[1]), smaller(corners[2], corners[3]));
        out.high = larger(larger(corners[0], corners[1]), larger(corners[2], corners[3]));
    }
    out.decimals = a.decimals < 0 || b.decimals < 0 ? no_decimals_known : a.decimals + b.decimals;
    return out;
}

static greffe__bounds quotient(greffe__bounds a, greffe__bounds b)
{
    greffe__bounds out = nothing;
    if (!not_below_zero(a) || !not_below_zero(b) ||
        greffe__dec_compare(b.low, greffe__dec_of(0)) == 0) {
        return out;
    }
    out.low = greffe__dec_of(0);
    out.has_low = !b.has_high || greffe__dec_div(&out.low, a.low, b.high);
    out.has_high = a.has_high && greffe__dec_div(&out.high, a.high, b.low);
    return out;
}

/* --- Conditions on the way --- */

static bool constant(const greffe__ast *node, greffe__dec *out)
{
    bool number = node->kind == GREFFE__AST_CONSTANT && node->value.kind == GREFFE__NUMBER;
    if (number) {
        *out = node->value.as.number;
    }
    return number;
}

/* What a comparison with a number says of a name that has at most so many decimals. */
static void narrow_by(greffe__bounds *a, greffe__op op, greffe__dec number)
{
    greffe__dec step = greffe__dec_of(0), bound;
    bool above = op == GREFFE__OP_GT || op == GREFFE__OP_GE || op == GREFFE__OP_EQ;
    bool below = op == GREFFE__OP_LT || op == GREFFE__OP_LE || op == GREFFE__OP_EQ;
    bool strict = op == GREFFE__OP_GT || op == GREFFE__OP_LT;
    if (strict && a->decimals >= 0) {
        (void)greffe__dec_scaled(&step, 1, -a->decimals);
    }
    if (above && greffe__dec_add(&bound, number, step)) {
        a->low = a->has_low ? larger(a->low, bound) : bound;
        a->has_low = true;
    }
    if (below && greffe__dec_sub(&bound, number, step)) {
        a->high = a->has_high ? smaller(a->high, bound) : bound;
        a->has_high = true;
    }
}

static void narrow(greffe__bounds *a, const greffe__symbol *name, const greffe__ast *condition,
                   bool holds)
{
    greffe__dec number;
    if (condition->kind == (holds ? GREFFE__AST_AND : GREFFE__AST_OR) && condition->count == 2) {
        narrow(a, name, condition->at[0], holds);
        narrow(a, name, condition->at[1], holds);
    }
    if (condition->kind != GREFFE__AST_BINARY || condition->count != 2) {
        return;
    }
    bool left = condition->at[0]->symbol == name && constant(condition->at[1], &number);
    bool right = condition->at[1]->symbol == name && constant(condition->at[0], &number);
    greffe__op op = (greffe__op)condition->op;
    op = left ? op : greffe__op_turned(op);
    if (left || right) {
        narrow_by(a, holds ? op : greffe__op_opposite(op), number);
    }
}

/* --- Parts --- */

/* Of dated rules, whichever is in force. */
static greffe__bounds value_span(const bounding *s, greffe__str name, greffe__str member)
{
    greffe__bounds out = nothing;
    bool some = false;
    for (uint32_t i = 0; i < s->values->count; i++) {
        const greffe__named_bounds *one = &s->values->at[i];
        if (greffe__str_equal(one->name, name) && greffe__str_equal(one->member, member)) {
            out = some ? greffe__bounds_either(out, one->bounds) : one->bounds;
            some = true;
        }
    }
    return out;
}

static greffe__bounds name_span(const bounding *s, const greffe__ast *node)
{
    greffe__bounds out = value_span(s, node->symbol->name, (greffe__str){"", 0});
    const greffe__domain *domain = node->type.domain;
    if (domain != NULL) {
        out = (greffe__bounds){.decimals = domain->scale};
        out.has_low = domain->low.kind == GREFFE__NUMBER;
        out.low = out.has_low ? domain->low.as.number : out.low;
        out.has_high = domain->high.kind == GREFFE__NUMBER;
        out.high = out.has_high ? domain->high.as.number : out.high;
    }
    for (uint32_t i = 0; i < s->count; i++) {
        narrow(&out, node->symbol, s->known[i].condition, s->known[i].holds);
    }
    return out;
}

static greffe__bounds where(bounding *s, const greffe__ast *node, const greffe__ast *condition,
                            bool holds)
{
    uint32_t before = s->count;
    if (s->count < most_known) {
        s->known[s->count].condition = condition;
        s->known[s->count++].holds = holds;
    }
    greffe__bounds out = span_of(s, node);
    s->count = before;
    return out;
}

/* The smallest, or the largest, of what is written one by one. */
static greffe__bounds extreme(bounding *s, const greffe__ast *call, bool smallest)
{
    greffe__bounds out = span_of(s, call->at[1]);
    out = smallest ? out : negated(out);
    for (uint32_t i = 2; i < call->count; i++) {
        greffe__bounds next = span_of(s, call->at[i]);
        next = smallest ? next : negated(next);
        int decimals = most_decimals(out.decimals, next.decimals);
        bool both = out.has_high && next.has_high;
        out.high = both ? smaller(out.high, next.high) : out.has_high ? out.high : next.high;
        out.has_high = out.has_high || next.has_high;
        out.low = out.has_low && next.has_low ? smaller(out.low, next.low) : out.low;
        out.has_low = out.has_low && next.has_low;
        out.decimals = decimals;
    }
    return smallest ? out : negated(out);
}

static const struct {
    const char *name;
    greffe__rounding mode;
} roundings[] = {{"round half up", GREFFE__ROUND_HALF_UP},
                 {"round half down", GREFFE__ROUND_HALF_DOWN},
                 {"round half even", GREFFE__ROUND_HALF_EVEN},
                 {"decimal", GREFFE__ROUND_HALF_EVEN},
                 {"round up", GREFFE__ROUND_UP},
                 {"round down", GREFFE__ROUND_DOWN},
                 {"floor", GREFFE__ROUND_FLOOR},
                 {"ceiling", GREFFE__ROUND_CEILING}};

static greffe__bounds rounded(bounding *s, const greffe__ast *call, greffe__rounding mode)
{
    greffe__bounds out = span_of(s, call->at[1]);
    greffe__dec number = greffe__dec_of(0);
    int64_t scale;
    if ((call->count > 2 && !constant(call->at[2], &number)) ||
        !greffe__dec_to_i64(&scale, number) || scale < 0 || scale > 30) {
        return nothing;
    }
    out.has_low = out.has_low && greffe__dec_round(&out.low, out.low, (int)scale, mode);
    out.has_high = out.has_high && greffe__dec_round(&out.high, out.high, (int)scale, mode);
    out.decimals = (int)scale;
    return out;
}

static greffe__bounds call_span(bounding *s, const greffe__ast *node)
{
    const char *name =
        node->function != 0 && node->count > 1 ? greffe__function_at(node->function - 1)->name : "";
    bool smallest = strcmp(name, "min") == 0;
    if ((smallest || strcmp(name, "max") == 0) && node->count > 2) {
        return extreme(s, node, smallest);
    }
    if (strcmp(name, "count") == 0 || strcmp(name, "string length") == 0) {
        return (greffe__bounds){.low = greffe__dec_of(0), .has_low = true};
    }
    if (strcmp(name, "abs") == 0) {
        greffe__bounds out = span_of(s, node->at[1]);
        bool kept = not_below_zero(out);
        return kept ? out
                    : (greffe__bounds){
                          .low = greffe__dec_of(0), .has_low = true, .decimals = out.decimals};
    }
    for (size_t i = 0; i < sizeof roundings / sizeof *roundings; i++) {
        if (strcmp(name, roundings[i].name) == 0) {
            return rounded(s, node, roundings[i].mode);
        }
    }
    return nothing;
}

/* What one output of a table gives, over all its rules. */
static greffe__bounds output_span(bounding *s, const greffe__ast *node, uint32_t output)
{
    const greffe__table *table = node->table;
    const greffe__ast *otherwise = node->at[2 * table->input_count + table->output_count + output];
    bool some = otherwise->kind != GREFFE__AST_NOTHING;
    greffe__bounds out = some ? span_of(s, otherwise) : nothing;
    for (uint32_t i = 0; i < table->rule_count; i++) {
        greffe__bounds one =
            span_of(s, node->at[greffe__table_cell(table, i, table->input_count + output)]);
        out = some ? greffe__bounds_either(out, one) : one;
        some = true;
    }
    return out;
}

static greffe__bounds table_span(bounding *s, const greffe__ast *node, uint32_t output)
{
    const greffe__table *table = node->table;
    greffe__bounds out = output_span(s, node, output);
    bool many = table->hit == GREFFE__HIT_COLLECT || table->hit == GREFFE__HIT_RULE_ORDER ||
                table->hit == GREFFE__HIT_OUTPUT_ORDER;
    switch ((greffe__aggregate)table->aggregate) {
    case GREFFE__AGGREGATE_COUNT:
        return (greffe__bounds){.low = greffe__dec_of(0), .has_low = true};
    case GREFFE__AGGREGATE_SUM: /* at least one of them */
        out.has_low = not_below_zero(out);
        out.has_high = false;
        return out;
    case GREFFE__AGGREGATE_MIN:
    case GREFFE__AGGREGATE_MAX: return out;
    case GREFFE__AGGREGATE_NONE: break;
    }
    return many ? nothing : out;
}

static greffe__bounds binary_span(bounding *s, const greffe__ast *node)
{
    greffe__bounds a = span_of(s, node->at[0]), b = span_of(s, node->at[1]);
    switch ((greffe__op)node->op) {
    case GREFFE__OP_ADD: return sum(a, b);
    case GREFFE__OP_SUB: return sum(a, negated(b));
    case GREFFE__OP_MUL: return product(a, b);
    case GREFFE__OP_DIV: return quotient(a, b);
    default: return nothing;
    }
}

static greffe__bounds span_of(bounding *s, const greffe__ast *node)
{
    greffe__dec number;
    if (constant(node, &number)) {
        return exactly(number);
    }
    switch ((int)node->kind) {
    case GREFFE__AST_NEGATE: return negated(span_of(s, node->at[0]));
    case GREFFE__AST_BINARY: return node->count == 2 ? binary_span(s, node) : nothing;
    case GREFFE__AST_CALL: return call_span(s, node);
    case GREFFE__AST_TABLE: return table_span(s, node, 0);
    case GREFFE__AST_MEMBER:
        if (node->symbol == NULL && node->at[0]->symbol != NULL) {
            return value_span(s, node->at[0]->symbol->name, node->text);
        }
        break;
    case GREFFE__AST_IF:
        return greffe__bounds_either(where(s, node->at[1], node->at[0], true),
                                     where(s, node->at[2], node->at[0], false));
    default: break;
    }
    return node->symbol != NULL ? name_span(s, node) : nothing;
}

/* --- Door --- */

bool greffe__expr_bounds(greffe__bounds_list *out, greffe__arena *arena,
                         const greffe__symbols *symbols, greffe__str source,
                         const greffe__boxed *boxed, greffe__str name)
{
    const greffe__ast *root = greffe__expr_again(arena, symbols, source, boxed);
    if (root == NULL) {
        return false;
    }
    bounding s = {.values = out};
    bool parts = root->kind == GREFFE__AST_TABLE && root->table->output_count > 1;
    for (uint32_t i = 0; i < (parts ? root->table->output_count : 1); i++) {
        greffe__bounds span = parts ? table_span(&s, root, i) : span_of(&s, root);
        greffe__named_bounds *one = greffe__arena_push(arena, out, sizeof *one);
        if (one == NULL) {
            return false;
        }
        greffe__str member = parts ? root->table->outputs[i].name : (greffe__str){"", 0};
        *one = (greffe__named_bounds){name, greffe__str_dup(arena, member), span};
    }
    return true;
}
