/* The evaluator: a loop over a program's operations, on a stack of its own.
 *
 * A program may come from a stored bundle: every index is checked, so that a damaged one gives an
 * error and never reads outside. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "expr/expr_priv.h"

typedef struct machine {
    const greffe__program *program;
    const greffe__eval *eval;
    greffe__expr_error *error;
    greffe__value stack[GREFFE_MAX_EXPR_STACK];
    uint32_t top; /* values on the stack */
    uint32_t at;  /* of the operation that runs */
} machine;

static greffe_status fail(machine *m, greffe__code code, const char *message)
{
    const greffe__u32s *places = &m->program->places;
    uint32_t place = m->at < places->count ? places->at[m->at] : 0;
    const char *copy = greffe__arena_copy(m->eval->arena, message, strlen(message));
    *m->error =
        (greffe__expr_error){code, place >> 16, place & 0xFFFF, copy != NULL ? copy : "", NULL};
    return GREFFE_EINVALID;
}

static greffe_status damaged(machine *m)
{
    return fail(m, GREFFE__GR_BUNDLE_READ, "the program of an expression is damaged");
}

static void describe(greffe__buf *out, const greffe__value *value)
{
    char number[GREFFE__DEC_CHARS];
    switch ((greffe__kind)value->kind) {
    case GREFFE__NULL: greffe__buf_text(out, "nothing (null)"); return;
    case GREFFE__BOOL: greffe__buf_text(out, value->as.truth ? "true" : "false"); return;
    case GREFFE__NUMBER:
        greffe__buf_put(out, number, greffe__dec_format(number, value->as.number));
        return;
    case GREFFE__STRING:
        greffe__buf_format(out, "\"%.*s\"",
                           (int)(value->as.string.size > 60 ? 60 : value->as.string.size),
                           value->as.string.data);
        return;
    case GREFFE__DATE:
    case GREFFE__TIME:
    case GREFFE__DATETIME:
    case GREFFE__DURATION:
    case GREFFE__PERIOD: greffe__value_temporal(out, value); return;
    case GREFFE__LIST:
    case GREFFE__CONTEXT:
    case GREFFE__RANGE: greffe__buf_text(out, greffe__kind_name((greffe__kind)value->kind)); return;
    }
}

/* Names both operands. */
static greffe_status fail_operands(machine *m, greffe__code code, const char *problem,
                                   const greffe__value *a, const greffe__value *b)
{
    greffe__buf text;
    greffe__buf_init(&text, m->eval->arena->context);
    greffe__buf_text(&text, problem);
    greffe__buf_text(&text, ": ");
    describe(&text, a);
    greffe__buf_text(&text, " and ");
    describe(&text, b);
    const char *message = greffe__buf_done(&text);
    greffe_status status = message == NULL ? GREFFE_ENOMEM : fail(m, code, message);
    greffe__buf_free(&text);
    return status;
}

static greffe_status arithmetic(machine *m, greffe__op op, const greffe__value *a,
                                const greffe__value *b, greffe__value *out)
{
    if (a->kind == GREFFE__NULL || b->kind == GREFFE__NULL) {
        return fail_operands(m, GREFFE__GR_EVAL_ABSENT, "a value that is needed is absent", a, b);
    }
    bool numbers = a->kind == GREFFE__NUMBER && b->kind == GREFFE__NUMBER;
    bool good;
    int64_t exponent;
    greffe__dec x = a->as.number, y = b->as.number, result = greffe__dec_of(0);
    switch (op) {
    case GREFFE__OP_ADD:
    case GREFFE__OP_SUB:
        good = greffe__value_add(out, a, b, op == GREFFE__OP_SUB, m->eval->arena);
        if (!good && op == GREFFE__OP_ADD && a->kind == GREFFE__STRING &&
            b->kind == GREFFE__STRING) {
            return fail(m, GREFFE__GR_EVAL_LIMIT, "the text would be longer than 1 MiB");
        }
        return good ? GREFFE_OK
                    : fail_operands(m, numbers ? GREFFE__GR_EVAL_NUMBER : GREFFE__GR_EVAL_TYPE,
                                    "these cannot be added or subtracted", a, b);
    case GREFFE__OP_MUL: good = numbers && greffe__dec_mul(&result, x, y); break;
    case GREFFE__OP_DIV: good = numbers && greffe__dec_div(&result, x, y); break;
    default:
        good = numbers && greffe__dec_to_i64(&exponent, y) && exponent <= 100000 &&
               exponent >= -100000 && greffe__dec_pow(&result, x, exponent);
        break;
    }
    if (!good) {
        return fail_operands(m, numbers ? GREFFE__GR_EVAL_NUMBER : GREFFE__GR_EVAL_TYPE,
                             numbers ? "the calculation has no finite result"
                                     : "only numbers can be calculated with",
                             a, b);
    }
    *out = greffe__number(result);
    return GREFFE_OK;
}

static greffe_status compare(machine *m, greffe__op op, const greffe__value *a,
                             const greffe__value *b, greffe__value *out)
{
    if (op == GREFFE__OP_EQ || op == GREFFE__OP_NE) {
        bool null = a->kind == GREFFE__NULL || b->kind == GREFFE__NULL;
        if (a->kind != b->kind && !null) {
            return fail_operands(m, GREFFE__GR_EVAL_TYPE, "values of different kinds are compared",
                                 a, b);
        }
        *out = greffe__bool(greffe__value_equal(a, b) == (op == GREFFE__OP_EQ));
        return GREFFE_OK;
    }
    int order;
    if (a->kind == GREFFE__NULL || b->kind == GREFFE__NULL) {
        return fail_operands(m, GREFFE__GR_EVAL_ABSENT, "a value that is needed is absent", a, b);
    }
    if (!greffe__value_compare(&order, a, b)) {
        return fail_operands(m, GREFFE__GR_EVAL_TYPE, "these have no order", a, b);
    }
    bool truth = op == GREFFE__OP_LT   ? order < 0
                 : op == GREFFE__OP_LE ? order <= 0
                 : op == GREFFE__OP_GT ? order > 0
                                       : order >= 0;
    *out = greffe__bool(truth);
    return GREFFE_OK;
}

static greffe_status contained(machine *m, const greffe__value *a, const greffe__value *b,
                               greffe__value *out)
{
    bool found = false;
    int order;
    if (a->kind == GREFFE__NULL) {
        return fail_operands(m, GREFFE__GR_EVAL_ABSENT, "a value that is needed is absent", a, b);
    }
    if (b->kind == GREFFE__LIST) {
        for (uint32_t i = 0; i < b->count && !found; i++) {
            found = greffe__value_equal(a, &b->as.items[i]);
        }
    } else if (b->kind == GREFFE__RANGE) {
        const greffe__range *range = b->as.range;
        if (!greffe__value_compare(&order, a, &range->low)) {
            return fail_operands(m, GREFFE__GR_EVAL_TYPE, "these have no order", a, &range->low);
        }
        found = order > 0 || (order == 0 && range->low_closed);
        if (!greffe__value_compare(&order, a, &range->high)) {
            return fail_operands(m, GREFFE__GR_EVAL_TYPE, "these have no order", a, &range->high);
        }
        found = found && (order < 0 || (order == 0 && range->high_closed));
    } else {
        return fail_operands(m, GREFFE__GR_EVAL_TYPE, "'in' needs a list or a range", a, b);
    }
    *out = greffe__bool(found);
    return GREFFE_OK;
}

static greffe_status member(machine *m, greffe__value *base, greffe__str name)
{
    const greffe__value *entry = greffe__value_get(base, name);
    int64_t number = 0;
    bool known = true;
    if (base->kind == GREFFE__CONTEXT) {
        *base = entry != NULL ? *entry : greffe__null();
        return GREFFE_OK;
    }
    if (base->kind == GREFFE__DATE || base->kind == GREFFE__DATETIME) {
        int64_t seconds = base->as.moment.seconds;
        int64_t days =
            base->kind == GREFFE__DATE ? base->as.days : seconds / 86400 - (seconds % 86400 < 0);
        greffe__civil civil = greffe__civil_of(days);
        number = greffe__str_is(name, "year")    ? civil.year
                 : greffe__str_is(name, "month") ? civil.month
                 : greffe__str_is(name, "day")   ? civil.day
                                                 : greffe__weekday(days);
        known = greffe__str_is(name, "year") || greffe__str_is(name, "month") ||
                greffe__str_is(name, "day") || greffe__str_is(name, "weekday");
    } else if (base->kind == GREFFE__PERIOD) {
        number = greffe__str_is(name, "years") ? base->as.months / 12 : base->as.months % 12;
        known = greffe__str_is(name, "years") || greffe__str_is(name, "months");
    } else if (base->kind == GREFFE__DURATION) {
        number = base->as.moment.seconds / 86400;
        known = greffe__str_is(name, "days");
    } else {
        known = false;
    }
    if (!known) {
        greffe__value text = greffe__string(name);
        return fail_operands(m, GREFFE__GR_EVAL_TYPE, "a value has no such part", base, &text);
    }
    *base = greffe__integer(number);
    return GREFFE_OK;
}

static greffe_status negate(machine *m, greffe__value *value)
{
    if (value->kind == GREFFE__NUMBER) {
        value->as.number = greffe__dec_neg(value->as.number);
    } else if (value->kind == GREFFE__PERIOD && value->as.months != INT64_MIN) {
        value->as.months = -value->as.months;
    } else if (value->kind == GREFFE__DURATION && value->as.moment.seconds != INT64_MIN) {
        value->as.moment.seconds = -value->as.moment.seconds;
    } else {
        return fail(m, value->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
                    "only numbers and durations have a sign");
    }
    return GREFFE_OK;
}

/* --- Building --- */

static greffe_status build_list(machine *m, uint32_t count)
{
    if (count > m->top || count > GREFFE_MAX_EXPR_LIST) {
        return damaged(m);
    }
    greffe__value *items = greffe__arena_alloc(m->eval->arena, count * sizeof *items);
    if (items == NULL) {
        return GREFFE_ENOMEM;
    }
    m->top -= count;
    memcpy(items, &m->stack[m->top], count * sizeof *items);
    m->stack[m->top++] = greffe__list_of(items, count);
    return GREFFE_OK;
}

static greffe_status build_context(machine *m, uint32_t count)
{
    if (count > m->top / 2) {
        return damaged(m);
    }
    greffe__entry *entries = greffe__arena_alloc(m->eval->arena, count * sizeof *entries);
    if (entries == NULL) {
        return GREFFE_ENOMEM;
    }
    m->top -= 2 * count;
    for (uint32_t i = 0; i < count; i++) {
        if (m->stack[m->top + 2 * i].kind != GREFFE__STRING) {
            return damaged(m);
        }
        entries[i].name = m->stack[m->top + 2 * i].as.string;
        entries[i].value = m->stack[m->top + 2 * i + 1];
    }
    m->stack[m->top++] = greffe__context_of(entries, count);
    return GREFFE_OK;
}

static greffe_status build_range(machine *m, uint32_t closed)
{
    greffe__range *range = greffe__arena_zalloc(m->eval->arena, sizeof *range);
    if (range == NULL) {
        return GREFFE_ENOMEM;
    }
    range->low = m->stack[m->top - 2];
    range->high = m->stack[m->top - 1];
    range->low_closed = (closed & 1) != 0;
    range->high_closed = (closed & 2) != 0;
    m->top -= 1;
    m->stack[m->top - 1] = (greffe__value){.kind = GREFFE__RANGE, .as.range = range};
    return GREFFE_OK;
}

static bool argument_fits(char letter, const greffe__value *value)
{
    switch (letter) {
    case 'n': return value->kind == GREFFE__NUMBER;
    case 's': return value->kind == GREFFE__STRING;
    case 'd': return value->kind == GREFFE__DATE;
    case 'b': return value->kind == GREFFE__BOOL;
    case 'l': return value->kind == GREFFE__LIST;
    case 'm':
        return value->kind == GREFFE__NUMBER || value->kind == GREFFE__PERIOD ||
               value->kind == GREFFE__DURATION;
    default: return value->kind != GREFFE__NULL;
    }
}

static greffe_status call(machine *m, uint32_t operand)
{
    uint32_t index = operand >> 8, count = operand & 0xFF;
    if (index >= greffe__function_count() || count > m->top) {
        return damaged(m);
    }
    const greffe__function *function = greffe__function_at(index);
    if (count < function->least || count > function->most) {
        return damaged(m);
    }
    greffe__call arguments = {.eval = m->eval, .at = &m->stack[m->top - count], .count = count};
    size_t letters = strlen(function->arguments);
    for (uint32_t i = 0; i < count; i++) {
        if (!argument_fits(function->arguments[i < letters ? i : letters - 1], &arguments.at[i])) {
            greffe__value name = greffe__text(function->name);
            return fail_operands(m, GREFFE__GR_EVAL_ARGUMENT, "a function does not take this value",
                                 &name, &arguments.at[i]);
        }
    }
    greffe__value result = greffe__null();
    if (!function->run(&arguments, &result)) {
        return fail(m, arguments.code, arguments.problem);
    }
    m->top -= count;
    m->stack[m->top++] = result;
    return GREFFE_OK;
}

/* --- The loop --- */

/* How many values an operation takes from the stack. */
static uint32_t takes(greffe__op op)
{
    switch (op) {
    case GREFFE__OP_CONST:
    case GREFFE__OP_LOAD:
    case GREFFE__OP_JUMP:
    case GREFFE__OP_LIST:
    case GREFFE__OP_CONTEXT:
    case GREFFE__OP_CALL: return 0;
    case GREFFE__OP_NEG:
    case GREFFE__OP_JUMP_IF_FALSE:
    case GREFFE__OP_AND_JUMP:
    case GREFFE__OP_OR_JUMP:
    case GREFFE__OP_CHECK_BOOL:
    case GREFFE__OP_MEMBER: return 1;
    default: return 2;
    }
}

static greffe_status jump(machine *m, greffe__op op, uint32_t target)
{
    if (target > m->program->code.count || target <= m->at) {
        return damaged(m); /* programs only jump forward, so that every one ends */
    }
    if (op == GREFFE__OP_JUMP) {
        m->at = target - 1;
        return GREFFE_OK;
    }
    const greffe__value *value = &m->stack[m->top - 1];
    if (value->kind != GREFFE__BOOL) {
        return fail(m, value->kind == GREFFE__NULL ? GREFFE__GR_EVAL_ABSENT : GREFFE__GR_EVAL_TYPE,
                    "a condition is neither true nor false");
    }
    bool truth = value->as.truth;
    bool taken = op == GREFFE__OP_OR_JUMP ? truth : !truth;
    if (op == GREFFE__OP_JUMP_IF_FALSE || !taken) {
        m->top -= 1;
    }
    m->at = taken ? target - 1 : m->at;
    return GREFFE_OK;
}

static greffe_status push(machine *m, greffe__op op, uint32_t operand)
{
    if (m->top >= GREFFE_MAX_EXPR_STACK) {
        return damaged(m);
    }
    if (op == GREFFE__OP_CONST) {
        if (operand >= m->program->constants.count) {
            return damaged(m);
        }
        m->stack[m->top++] = m->program->constants.at[operand];
        return GREFFE_OK;
    }
    greffe__value value = greffe__null();
    greffe_status status = m->eval->load(m->eval->data, operand, &value);
    m->stack[m->top++] = value;
    return status;
}

static greffe_status step(machine *m, uint32_t word)
{
    greffe__op op = (greffe__op)(word & 0xFF);
    uint32_t operand = word >> 8;
    if ((word & 0xFF) > GREFFE__OP_LAST || m->top < takes(op)) {
        return damaged(m);
    }
    greffe__value *a = m->top >= 2 ? &m->stack[m->top - 2] : m->stack;
    greffe__value *last = m->top >= 1 ? &m->stack[m->top - 1] : m->stack;
    greffe__value result = greffe__null();
    greffe_status status;
    switch (op) {
    case GREFFE__OP_CONST:
    case GREFFE__OP_LOAD: return push(m, op, operand);
    case GREFFE__OP_NEG: return negate(m, last);
    case GREFFE__OP_JUMP:
    case GREFFE__OP_JUMP_IF_FALSE:
    case GREFFE__OP_AND_JUMP:
    case GREFFE__OP_OR_JUMP: return jump(m, op, operand);
    case GREFFE__OP_CHECK_BOOL:
        return last->kind == GREFFE__BOOL
                   ? GREFFE_OK
                   : fail(m, GREFFE__GR_EVAL_TYPE, "a condition is neither true nor false");
    case GREFFE__OP_LIST: return build_list(m, operand);
    case GREFFE__OP_CONTEXT: return build_context(m, operand);
    case GREFFE__OP_RANGE: return build_range(m, operand);
    case GREFFE__OP_MEMBER:
        if (operand >= m->program->constants.count ||
            m->program->constants.at[operand].kind != GREFFE__STRING) {
            return damaged(m);
        }
        return member(m, last, m->program->constants.at[operand].as.string);
    case GREFFE__OP_CALL: return call(m, operand);
    case GREFFE__OP_IN: status = contained(m, a, last, &result); break;
    case GREFFE__OP_EQ:
    case GREFFE__OP_NE:
    case GREFFE__OP_LT:
    case GREFFE__OP_LE:
    case GREFFE__OP_GT:
    case GREFFE__OP_GE: status = compare(m, op, a, last, &result); break;
    default: status = arithmetic(m, op, a, last, &result); break;
    }
    m->top -= 1;
    m->stack[m->top - 1] = result;
    return status;
}

greffe_status greffe__expr_eval(greffe__value *out, greffe__expr_error *error,
                                const greffe__program *program, const greffe__eval *eval)
{
    machine m; /* its stack is written before it is read */
    m.program = program;
    m.eval = eval;
    m.error = error;
    m.top = 0;
    for (m.at = 0; m.at < program->code.count; m.at++) {
        greffe_status status = step(&m, program->code.at[m.at]);
        if (status != GREFFE_OK) {
            return status;
        }
    }
    if (m.top != 1) {
        m.at = 0;
        return damaged(&m);
    }
    if (eval->arena->failed) {
        return GREFFE_ENOMEM;
    }
    *out = m.stack[0];
    return GREFFE_OK;
}
