/* The evaluator: a loop over a program's operations, on a stack of its own.
 *
 * It trusts the program: what comes from a stored bundle was looked over by
 * greffe__program_sound. Kinds of values are not trusted: an operation that meets another kind
 * than it takes gives an error, or null in a lenient program. */
#include <stdio.h>
#include <string.h>

#include "expr/machine.h"

/* --- Faults --- */

static void describe(greffe__buf *out, const greffe__value *value)
{
    enum { most = 60 };
    switch ((greffe__kind)value->kind) {
    case GREFFE__NULL: greffe__buf_text(out, "nothing (null)"); return;
    case GREFFE__STRING:
        greffe__buf_byte(out, '"');
        greffe__buf_str(out, greffe__utf8_cut(value->as.string, most));
        greffe__buf_byte(out, '"');
        return;
    case GREFFE__LIST:
    case GREFFE__CONTEXT:
    case GREFFE__RANGE:
    case GREFFE__FUNCTION:
        greffe__buf_text(out, greffe__kind_name((greffe__kind)value->kind));
        return;
    case GREFFE__BOOL:
    case GREFFE__NUMBER:
    case GREFFE__DATE:
    case GREFFE__TIME:
    case GREFFE__DATETIME:
    case GREFFE__DURATION:
    case GREFFE__PERIOD: greffe__value_feel(out, value, false); return;
    }
}

static const char *explain(const greffe__frame *f, const greffe__trouble *trouble)
{
    greffe__arena *arena = f->m->eval->arena;
    if (trouble->values == 0) {
        return greffe__arena_copy(arena, trouble->problem, strlen(trouble->problem));
    }
    greffe__buf text;
    greffe__buf_init(&text, arena->context);
    greffe__buf_text(&text, trouble->problem);
    greffe__buf_text(&text, ": ");
    describe(&text, &trouble->a);
    if (trouble->values > 1) {
        greffe__buf_text(&text, " and ");
        describe(&text, &trouble->b);
    }
    const char *done = greffe__buf_done(&text);
    const char *message = done != NULL ? greffe__arena_copy(arena, done, strlen(done)) : NULL;
    greffe__buf_free(&text);
    return message;
}

/* In a strict program the evaluation ends; in a lenient one the result is null, and the first
 * reason is kept. Limits end both. */
bool greffe__met(const greffe__frame *f, const greffe__trouble *trouble, greffe__value *result)
{
    greffe__machine *m = f->m;
    bool stays = f->program->lenient && trouble->code != GREFFE__GR_EVAL_LIMIT;
    *result = greffe__null();
    if (m->error->code == GREFFE__GR_NONE || !stays) {
        uint32_t place = f->program->places.at[f->at];
        const char *message = explain(f, trouble);
        *m->error =
            (greffe__expr_error){trouble->code, place >> 12, (place >> 12) + (place & 0xFFF),
                                 message != NULL ? message : "", NULL};
    }
    if (!stays) {
        m->status = m->eval->arena->failed ? GREFFE_ENOMEM : GREFFE_EINVALID;
    }
    return stays;
}

bool greffe__met_text(const greffe__frame *f, greffe__code code, const char *problem,
                      const greffe__value *value, greffe__value *result)
{
    greffe__trouble trouble = {.code = code, .problem = problem};
    if (value != NULL) {
        trouble.a = *value;
        trouble.values = 1;
    }
    return greffe__met(f, &trouble, result);
}

bool greffe__no_memory(const greffe__frame *f)
{
    f->m->status = GREFFE_ENOMEM;
    return false;
}

bool greffe__count_work(const greffe__frame *f, uint64_t steps)
{
    greffe__machine *m = f->m;
    greffe__value unused;
    if (steps < m->steps) {
        m->steps -= (uint32_t)steps;
        return true;
    }
    return greffe__met_text(f, GREFFE__GR_EVAL_LIMIT,
                            "the evaluation takes more than 100,000 steps", NULL, &unused);
}

/* --- Logic --- */

static bool no_truth(const greffe__frame *f, greffe__value *value)
{
    return greffe__met_text(
        f, value->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
        "a condition is neither true nor false", value, value);
}

static inline bool as_truth(const greffe__frame *f, greffe__value *value)
{
    return value->kind == GREFFE__BOOL || no_truth(f, value);
}

static inline bool negate(const greffe__frame *f, greffe__value *value)
{
    bool good = as_truth(f, value);
    if (value->kind == GREFFE__BOOL) {
        *value = greffe__bool(!value->as.truth);
    }
    return good;
}

/* Three values: `decided` (false for and, true for or) wins over null. */
static bool combine(const greffe__frame *f, bool decided, greffe__value *a)
{
    greffe__value *b = a + 1;
    if (a->kind == GREFFE__BOOL && b->kind == GREFFE__BOOL) {
        *a = greffe__bool(decided ? a->as.truth || b->as.truth : a->as.truth && b->as.truth);
        return true;
    }
    bool good = as_truth(f, a) && as_truth(f, b);
    bool wins_a = a->kind == GREFFE__BOOL && a->as.truth == decided;
    bool wins_b = b->kind == GREFFE__BOOL && b->as.truth == decided;
    if (wins_a || wins_b) {
        *a = greffe__bool(decided);
    } else if (a->kind != GREFFE__BOOL || b->kind != GREFFE__BOOL) {
        *a = greffe__null();
    }
    return good;
}

/* --- The loop --- */

static bool slow_arithmetic(const greffe__frame *f, greffe__op op, greffe__value *a)
{
    greffe__trouble trouble; /* filled where it is met */
    greffe__value result;
    if (greffe__arithmetic(&result, op, &a[0], &a[1], f->m->eval->arena, &trouble)) {
        bool months = a[0].kind == GREFFE__PERIOD || a[1].kind == GREFFE__PERIOD;
        bool zoned = result.kind == GREFFE__DATETIME && result.count == 1;
        *a = result;
        return !zoned || greffe__zoned_again(a, f->m->eval, f->m->eval->arena, !months) ||
               greffe__no_memory(f);
    }
    return f->m->eval->arena->failed ? greffe__no_memory(f) : greffe__met(f, &trouble, a);
}

static bool slow_compare(const greffe__frame *f, greffe__op op, greffe__value *a)
{
    greffe__trouble trouble; /* filled where it is met */
    greffe__value result;
    if (greffe__compare_values(&result, op, &a[0], &a[1], &trouble)) {
        *a = result;
        return true;
    }
    return greffe__met(f, &trouble, a);
}

static bool is_in(const greffe__frame *f, greffe__value *a)
{
    greffe__trouble trouble; /* filled where it is met */
    greffe__value result;
    if (greffe__value_in(&result, &a[0], &a[1], &trouble)) {
        *a = result;
        return true;
    }
    return greffe__met(f, &trouble, a);
}

static bool take_member(const greffe__frame *f, greffe__value *base, const greffe__value *name)
{
    greffe__trouble trouble = {0};
    greffe__value part;
    if (greffe__member_of(&part, base, name->as.string, f->m->eval->arena, &trouble)) {
        *base = part;
        return !f->m->eval->arena->failed || greffe__no_memory(f);
    }
    return greffe__met(f, &trouble, base);
}

static bool take_index(const greffe__frame *f, greffe__value *at)
{
    greffe__value list = at[0];
    if (at[1].kind != GREFFE__NUMBER) {
        return greffe__met_text(f, GREFFE__GR_EVAL_TYPE, "the place in a list is a number", &at[1],
                                at);
    }
    if (!greffe__iterate(f, &list)) {
        return false;
    }
    if (list.kind != GREFFE__LIST) {
        *at = greffe__null();
        return true;
    }
    greffe__index_of(at, &list, &at[1]);
    return true;
}

/* What is gone through part by part has to end. */
static bool is_bounded(const greffe__frame *f, const greffe__value *value)
{
    uint64_t left = GREFFE_MAX_EXPR_VALUE;
    greffe__value unused;
    bool made = value->kind == GREFFE__LIST || value->kind == GREFFE__CONTEXT;
    return !made || greffe__value_within(value, &left) ||
           greffe__met_text(f, GREFFE__GR_EVAL_LIMIT, "the value is larger than 16 MiB", NULL,
                            &unused);
}

static bool conform(const greffe__frame *f, greffe__value *value, const greffe__value *type)
{
    greffe__value conforming;
    if (!is_bounded(f, value)) {
        return false;
    }
    if (greffe__type_conforms(&conforming, value, type, f->m->eval->arena)) {
        *value = conforming;
        return true;
    }
    return greffe__met_text(f, GREFFE__GR_EVAL_TYPE, "a value is not of the type that is declared",
                            value, value);
}

static bool tell_rule(const greffe__frame *f, uint32_t rule)
{
    const greffe__eval *eval = f->m->eval;
    return eval->rule == NULL || eval->rule(eval->data, rule) || greffe__no_memory(f);
}

static bool hit(const greffe__frame *f, uint32_t operand, greffe__value *at)
{
    greffe__trouble trouble = {0};
    greffe__value result = greffe__null();
    bool none = at->kind == GREFFE__LIST && at->count == 0;
    if (none && !tell_rule(f, GREFFE__RULE_OTHERWISE)) {
        return false;
    }
    if (greffe__table_hit(&result, operand, &at[0], &at[1], &at[2], f->m->eval->arena, &trouble)) {
        *at = result;
        return true;
    }
    return f->m->eval->arena->failed ? greffe__no_memory(f) : greffe__met(f, &trouble, at);
}

/* What is not done at once in the loop; `top` is one past the last value. */
static bool seldom(greffe__frame *f, greffe__op op, uint32_t operand, greffe__value *base,
                   greffe__value *top)
{
    const greffe__value *constants = f->program->constants.at;
    switch (op) {
    case GREFFE__OP_NEG: {
        greffe__trouble trouble = {0};
        return greffe__negate(top - 1, &trouble) || greffe__met(f, &trouble, top - 1);
    }
    case GREFFE__OP_LIST: return greffe__build_list(f, top - operand, operand);
    case GREFFE__OP_CONTEXT: {
        const greffe__value *names = &constants[operand];
        return greffe__build_context(f, top - names->count, names);
    }
    case GREFFE__OP_RANGE: return greffe__build_range(f, top - 2, operand);
    case GREFFE__OP_MEMBER: return take_member(f, top - 1, &constants[operand]);
    case GREFFE__OP_INDEX: return take_index(f, top - 2);
    case GREFFE__OP_CALL: {
        uint32_t count = operand & 0xFF;
        return greffe__run_built_in(f, greffe__function_at(operand >> 8), top - count, count,
                                    top - count);
    }
    case GREFFE__OP_CALL_VALUE: return greffe__run_value(f, top - operand - 1, operand, false);
    case GREFFE__OP_CALL_NAMED: return greffe__run_value(f, top - operand - 2, operand, true);
    case GREFFE__OP_CLOSURE: return greffe__run_closure(f, operand, base, top);
    case GREFFE__OP_ITERATE:
        if (!greffe__iterate(f, top - 1)) {
            return false;
        }
        if (top[-1].kind != GREFFE__LIST) { /* nothing is gone through: the whole is null */
            base[operand] = greffe__null();
        }
        return true;
    case GREFFE__OP_COUNTING: return greffe__count_through(f, top - 2);
    case GREFFE__OP_APPEND: return greffe__append(f, base + operand, top - 1);
    case GREFFE__OP_FILTER: return greffe__filter(f, base + operand, top);
    case GREFFE__OP_SOME:
    case GREFFE__OP_EVERY:
        return greffe__quantify(f, op == GREFFE__OP_SOME, base + operand, top - 1);
    case GREFFE__OP_INSTANCE:
        if (!is_bounded(f, top - 1)) {
            return false;
        }
        top[-1] = greffe__bool(greffe__type_has(&constants[operand], top - 1));
        return true;
    case GREFFE__OP_CONFORM: return conform(f, top - 1, &constants[operand]);
    case GREFFE__OP_HIT: return hit(f, operand, top - 3);
    case GREFFE__OP_RULE: return tell_rule(f, operand);
    case GREFFE__OP_FAULT: {
        /* What was read from a bundle is not terminated. */
        greffe__str reason = greffe__str_dup(f->m->eval->arena, constants[operand].as.string);
        greffe__trouble trouble = {.code = GREFFE__GR_EVAL_TYPE, .problem = reason.data};
        return reason.data != NULL ? greffe__met(f, &trouble, top) : greffe__no_memory(f);
    }
    default: return false;
    }
}

/* How an operation that is not done in the loop moves the top. */
static int32_t growth(const greffe__program *program, greffe__op op, uint32_t operand)
{
    switch (op) {
    case GREFFE__OP_RANGE:
    case GREFFE__OP_INDEX:
    case GREFFE__OP_COUNTING:
    case GREFFE__OP_APPEND:
    case GREFFE__OP_FILTER:
    case GREFFE__OP_SOME:
    case GREFFE__OP_EVERY: return -1;
    case GREFFE__OP_LIST: return 1 - (int32_t)operand;
    case GREFFE__OP_CONTEXT: return 1 - (int32_t)program->constants.at[operand].count;
    case GREFFE__OP_CALL: return 1 - (int32_t)(operand & 0xFF);
    case GREFFE__OP_CALL_VALUE: return -(int32_t)operand;
    case GREFFE__OP_CALL_NAMED: return -(int32_t)operand - 1;
    case GREFFE__OP_CLOSURE:
    case GREFFE__OP_FAULT: return 1;
    case GREFFE__OP_HIT: return -2;
    default: return 0;
    }
}

static bool compare_numbers(greffe__op op, const greffe__value *a)
{
    int order = greffe__dec_compare(a[0].as.number, a[1].as.number);
    switch (op) {
    case GREFFE__OP_EQ: return order == 0;
    case GREFFE__OP_NE: return order != 0;
    case GREFFE__OP_LT: return order < 0;
    case GREFFE__OP_LE: return order <= 0;
    case GREFFE__OP_GT: return order > 0;
    default: return order >= 0;
    }
}

/* Of two numbers, most often; equality of two texts. */
static inline bool arithmetic(const greffe__frame *f, greffe__op op, greffe__value *a)
{
    bool numbers = a[0].kind == GREFFE__NUMBER && a[1].kind == GREFFE__NUMBER;
    greffe__dec x = a[0].as.number, y = a[1].as.number;
    return (numbers && ((op == GREFFE__OP_MUL && greffe__dec_mul(&a->as.number, x, y)) ||
                        (op == GREFFE__OP_ADD && greffe__dec_add(&a->as.number, x, y)))) ||
           slow_arithmetic(f, op, a);
}

static inline bool compare(const greffe__frame *f, greffe__op op, greffe__value *a)
{
    if (a[0].kind == GREFFE__NUMBER && a[1].kind == GREFFE__NUMBER) {
        *a = greffe__bool(compare_numbers(op, a));
        return true;
    }
    if (a[0].kind == GREFFE__STRING && a[1].kind == GREFFE__STRING && op <= GREFFE__OP_NE) {
        bool equal = greffe__str_equal(a[0].as.string, a[1].as.string);
        *a = greffe__bool(equal == (op == GREFFE__OP_EQ));
        return true;
    }
    return slow_compare(f, op, a);
}

static bool load_slot(const greffe__frame *f, uint32_t slot, greffe__value *top)
{
    const greffe__eval *eval = f->m->eval;
    *top = greffe__null();
    f->m->status = eval->load(eval->data, slot, top);
    return f->m->status == GREFFE_OK;
}

static bool is_truth(const greffe__value *value, bool truth)
{
    return value->kind == GREFFE__BOOL && value->as.truth == truth;
}

/* Puts the entry of this name in the place of the context and the name. */
static bool try_member(greffe__value *at)
{
    bool named = at[1].kind == GREFFE__STRING; /* of a damaged program it may not be */
    const greffe__value *entry = named ? greffe__value_get(at, at[1].as.string) : NULL;
    *at = entry != NULL ? *entry : *at;
    return entry != NULL;
}

/* The last value goes so many places down. */
static inline greffe__value *slide(greffe__value *top, uint32_t places)
{
    top[-1 - (int32_t)places] = top[-1];
    return top - places;
}

bool greffe__run(greffe__frame *f, greffe__value *base, greffe__value *top, greffe__value *result)
{
    const greffe__program *program = f->program;
    const uint32_t *code = program->code.at;
    for (uint32_t at = f->at;; at++) {
        const uint32_t operand = code[at] >> 8;
        const greffe__op op = (greffe__op)(code[at] & 0xFF);
        bool good = true, taken = false;
        f->at = at;
        switch (op) {
        case GREFFE__OP_CONST: *top++ = program->constants.at[operand]; continue;
        case GREFFE__OP_LOAD: good = load_slot(f, operand, top++); break;
        case GREFFE__OP_LOCAL: *top++ = base[operand]; continue;
        case GREFFE__OP_DROP: top -= operand; continue;
        case GREFFE__OP_TOP: top = base + operand; continue;
        case GREFFE__OP_SLIDE: top = slide(top, operand); continue;
        case GREFFE__OP_ADD:
        case GREFFE__OP_SUB:
        case GREFFE__OP_MUL:
        case GREFFE__OP_DIV:
        case GREFFE__OP_POW: good = arithmetic(f, op, --top - 1); break;
        case GREFFE__OP_EQ:
        case GREFFE__OP_NE:
        case GREFFE__OP_LT:
        case GREFFE__OP_LE:
        case GREFFE__OP_GT:
        case GREFFE__OP_GE: good = compare(f, op, --top - 1); break;
        case GREFFE__OP_AND:
        case GREFFE__OP_OR: good = combine(f, op == GREFFE__OP_OR, --top - 1); break;
        case GREFFE__OP_NOT: good = negate(f, top - 1); break;
        case GREFFE__OP_IN: good = is_in(f, --top - 1); break;
        case GREFFE__OP_JUMP: at = operand - 1; continue;
        case GREFFE__OP_JUMP_IF_FALSE:
            good = as_truth(f, --top);
            taken = !is_truth(top, true);
            break;
        case GREFFE__OP_DECIDE:
            taken = top[-1].kind != GREFFE__BOOL && top[-1].kind != GREFFE__NULL;
            good = !taken || as_truth(f, top - 1);
            break;
        case GREFFE__OP_AND_JUMP: taken = is_truth(top - 1, false); break;
        case GREFFE__OP_OR_JUMP: taken = is_truth(top - 1, true); break;
        case GREFFE__OP_TRY_MEMBER:
            taken = try_member(top - 2);
            top -= taken ? 1 : 2;
            break;
        case GREFFE__OP_BEGIN: *top++ = greffe__null(); continue;
        case GREFFE__OP_LOOP:
            taken = !greffe__has_next(top, top);
            top += taken ? 0 : 1;
            break;
        case GREFFE__OP_NEXT:
            top -= 1;
            taken = true;
            good = greffe__count_work(f, at - operand + 1);
            break;
        case GREFFE__OP_RETURN: *result = top[-1]; return true;
        default:
            good = seldom(f, op, operand, base, top);
            top += growth(program, op, operand);
            break;
        }
        if (!good) {
            return false;
        }
        at = taken ? operand - 1 : at;
    }
}
