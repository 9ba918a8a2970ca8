/* Built-in functions over points and ranges: how two of them lie to each other. */
#include "expr/expr_priv.h"

/* A point is a range that holds itself alone. */
typedef struct span {
    greffe__value low, high;
    bool low_closed, high_closed, point;
} span;

static span span_of(const greffe__value *value)
{
    if (value->kind != GREFFE__RANGE) {
        return (span){*value, *value, true, true, true};
    }
    const greffe__range *range = value->as.range;
    return (span){range->low, range->high, range->low_closed, range->high_closed, false};
}

/* The order of two ends; false, and refused, where they have none. An end that is missing lies
 * beyond all others. */
static bool order_of(greffe__call *call, const greffe__value *a, int beyond_a,
                     const greffe__value *b, int beyond_b, int *out)
{
    bool no_a = a->kind == GREFFE__NULL, no_b = b->kind == GREFFE__NULL;
    if (no_a || no_b) {
        *out = no_a && no_b ? beyond_a - beyond_b : no_a ? beyond_a : -beyond_b;
        return true;
    }
    return greffe__value_compare(out, a, b) ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_TYPE, "these have no order", b);
}

typedef struct relation {
    span a, b;
    int high_low; /* a's high end to b's low end */
    int low_high;
    int lows, highs;
} relation;

static bool relate(greffe__call *call, relation *r, bool swapped)
{
    r->a = span_of(&call->at[swapped ? 1 : 0]);
    r->b = span_of(&call->at[swapped ? 0 : 1]);
    return order_of(call, &r->a.high, 1, &r->b.low, -1, &r->high_low) &&
           order_of(call, &r->a.low, -1, &r->b.high, 1, &r->low_high) &&
           order_of(call, &r->a.low, -1, &r->b.low, -1, &r->lows) &&
           order_of(call, &r->a.high, 1, &r->b.high, 1, &r->highs);
}

static bool before(const relation *r)
{
    return r->high_low < 0 || (r->high_low == 0 && !(r->a.high_closed && r->b.low_closed));
}

static bool meets(const relation *r)
{
    return r->high_low == 0 && r->a.high_closed && r->b.low_closed;
}

/* a begins no later than b, and ends no earlier: b lies in a. */
static bool starts_no_later(const relation *r)
{
    return r->lows < 0 || (r->lows == 0 && (r->a.low_closed || !r->b.low_closed));
}

static bool ends_no_earlier(const relation *r)
{
    return r->highs > 0 || (r->highs == 0 && (r->a.high_closed || !r->b.high_closed));
}

static bool includes(const relation *r)
{
    return starts_no_later(r) && ends_no_earlier(r);
}

static bool overlaps(const relation *r)
{
    bool apart = r->high_low < 0 || (r->high_low == 0 && !(r->a.high_closed && r->b.low_closed)) ||
                 r->low_high > 0 || (r->low_high == 0 && !(r->a.low_closed && r->b.high_closed));
    return !apart;
}

static bool same_low(const relation *r)
{
    return r->lows == 0 && r->a.low_closed == r->b.low_closed;
}

static bool same_high(const relation *r)
{
    return r->highs == 0 && r->a.high_closed == r->b.high_closed;
}

/* a begins before b, reaches into it, and ends in it. */
static bool overlaps_before(const relation *r)
{
    bool begins = r->lows < 0 || (r->lows == 0 && r->a.low_closed && !r->b.low_closed);
    bool ends = r->highs < 0 || (r->highs == 0 && (!r->a.high_closed || r->b.high_closed));
    return begins && ends && overlaps(r);
}

/* a ends b: a lies in b and has its end. */
static bool finishes(const relation *r)
{
    bool begins = r->lows > 0 || (r->lows == 0 && (!r->a.low_closed || r->b.low_closed));
    return r->a.point ? r->highs == 0 && r->b.high_closed : same_high(r) && begins;
}

static bool starts(const relation *r)
{
    bool ends = r->highs < 0 || (r->highs == 0 && (!r->a.high_closed || r->b.high_closed));
    return r->a.point ? r->lows == 0 && r->b.low_closed : same_low(r) && ends;
}

static bool coincides(const relation *r)
{
    return same_low(r) && same_high(r);
}

static bool answer(greffe__call *call, greffe__value *out, bool swapped,
                   bool (*holds)(const relation *r))
{
    relation r;
    if (!relate(call, &r, swapped)) {
        return false;
    }
    *out = greffe__bool(holds(&r));
    return true;
}

static bool only_range(greffe__call *call, uint32_t index)
{
    return call->at[index].kind == GREFFE__RANGE ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT, "a range is needed",
                                     &call->at[index]);
}

static bool only_ranges(greffe__call *call)
{
    return only_range(call, 0) && only_range(call, 1);
}

static bool run_before(greffe__call *call, greffe__value *out)
{
    return answer(call, out, false, before);
}

static bool run_after(greffe__call *call, greffe__value *out)
{
    return answer(call, out, true, before);
}

static bool run_meets(greffe__call *call, greffe__value *out)
{
    return only_ranges(call) && answer(call, out, false, meets);
}

static bool run_met_by(greffe__call *call, greffe__value *out)
{
    return only_ranges(call) && answer(call, out, true, meets);
}

static bool run_overlaps(greffe__call *call, greffe__value *out)
{
    return only_ranges(call) && answer(call, out, false, overlaps);
}

static bool run_overlaps_before(greffe__call *call, greffe__value *out)
{
    return only_ranges(call) && answer(call, out, false, overlaps_before);
}

static bool run_overlaps_after(greffe__call *call, greffe__value *out)
{
    return only_ranges(call) && answer(call, out, true, overlaps_before);
}

static bool run_finishes(greffe__call *call, greffe__value *out)
{
    return only_range(call, 1) && answer(call, out, false, finishes);
}

static bool run_finished_by(greffe__call *call, greffe__value *out)
{
    return only_range(call, 0) && answer(call, out, true, finishes);
}

static bool run_includes(greffe__call *call, greffe__value *out)
{
    return only_range(call, 0) && answer(call, out, false, includes);
}

static bool run_during(greffe__call *call, greffe__value *out)
{
    return only_range(call, 1) && answer(call, out, true, includes);
}

static bool run_starts(greffe__call *call, greffe__value *out)
{
    return only_range(call, 1) && answer(call, out, false, starts);
}

static bool run_started_by(greffe__call *call, greffe__value *out)
{
    return only_range(call, 0) && answer(call, out, true, starts);
}

static bool run_coincides(greffe__call *call, greffe__value *out)
{
    bool points = call->at[0].kind != GREFFE__RANGE && call->at[1].kind != GREFFE__RANGE;
    return (points || only_ranges(call)) && answer(call, out, false, coincides);
}

/* An end of a range in a text: a literal, or a temporal function of one. */
static bool is_literal(const greffe__ast *end)
{
    static const char *const names[] = {"@", "date", "time", "date and time", "duration"};
    if (end->kind == GREFFE__AST_CONSTANT) {
        return true;
    }
    if (end->kind == GREFFE__AST_NEGATE) {
        return end->at[0]->kind == GREFFE__AST_CONSTANT;
    }
    bool known = false;
    for (size_t i = 0; end->kind == GREFFE__AST_CALL && i < sizeof names / sizeof *names; i++) {
        known = known || greffe__str_is(end->at[0]->text, names[i]);
    }
    return known && end->count == 2 && end->at[1]->kind == GREFFE__AST_CONSTANT;
}

/* A range from its text: "[1..10)". */
static bool run_range(greffe__call *call, greffe__value *out)
{
    greffe__symbols symbols;
    greffe__program program;
    greffe__expr_error error = {0};
    greffe__type type;
    greffe__str text = call->at[0].as.string;
    greffe__symbols_init(&symbols, call->arena);
    const greffe__boxed boxed = {.kind = GREFFE__BOXED_TEXT, .text = text};
    greffe__expr_work work = {
        .arena = call->arena, .symbols = &symbols, .source = text, .error = &error};
    const greffe__ast *root =
        greffe__call_work(call, 100) ? greffe__expr_parse(&work, &boxed) : NULL;
    bool good = root != NULL && root->kind == GREFFE__AST_RANGE && root->count == 2 &&
                is_literal(root->at[0]) && is_literal(root->at[1]) &&
                greffe__expr_compile(&program, &type, &error, call->arena, &symbols, text, NULL) ==
                    GREFFE_OK &&
                greffe__expr_eval(out, &error, &program, call->eval) == GREFFE_OK;
    return good || greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                             "this text is no range", &call->at[0]);
}

static const greffe__function functions[] = {
    {"before", "point1,point2", "pp", "b", false, run_before},
    {"before", "point,range", "pp", "b", false, run_before},
    {"before", "range,point", "pp", "b", false, run_before},
    {"before", "range1,range2", "pp", "b", false, run_before},
    {"after", "point1,point2", "pp", "b", false, run_after},
    {"after", "point,range", "pp", "b", false, run_after},
    {"after", "range,point", "pp", "b", false, run_after},
    {"after", "range1,range2", "pp", "b", false, run_after},
    {"meets", "range1,range2", "pp", "b", false, run_meets},
    {"met by", "range1,range2", "pp", "b", false, run_met_by},
    {"overlaps", "range1,range2", "pp", "b", false, run_overlaps},
    {"overlaps before", "range1,range2", "pp", "b", false, run_overlaps_before},
    {"overlaps after", "range1,range2", "pp", "b", false, run_overlaps_after},
    {"finishes", "point,range", "pp", "b", false, run_finishes},
    {"finishes", "range1,range2", "pp", "b", false, run_finishes},
    {"finished by", "range,point", "pp", "b", false, run_finished_by},
    {"finished by", "range1,range2", "pp", "b", false, run_finished_by},
    {"includes", "range,point", "pp", "b", false, run_includes},
    {"includes", "range1,range2", "pp", "b", false, run_includes},
    {"during", "point,range", "pp", "b", false, run_during},
    {"during", "range1,range2", "pp", "b", false, run_during},
    {"starts", "point,range", "pp", "b", false, run_starts},
    {"starts", "range1,range2", "pp", "b", false, run_starts},
    {"started by", "range,point", "pp", "b", false, run_started_by},
    {"started by", "range1,range2", "pp", "b", false, run_started_by},
    {"coincides", "point1,point2", "pp", "b", false, run_coincides},
    {"coincides", "range1,range2", "pp", "b", false, run_coincides},
    {"range", "from", "s", "p", false, run_range},
};

const greffe__family greffe__range_functions = {functions, sizeof functions / sizeof *functions};
