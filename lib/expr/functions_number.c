/* Built-in functions over numbers; rounding is always named. */
#include "expr/expr_priv.h"

static bool no_result(greffe__call *call)
{
    return greffe__call_refuse(call, GREFFE__GR_EVAL_NUMBER,
                               "the calculation has no finite result");
}

static bool run_abs(greffe__call *call, greffe__value *out)
{
    *out = call->at[0];
    if (out->kind == GREFFE__NUMBER) {
        out->as.number = greffe__dec_abs(out->as.number);
        return true;
    }
    bool negative = out->kind == GREFFE__PERIOD ? out->as.months < 0 : out->as.moment.seconds < 0;
    return !negative || greffe__negate(out, &call->trouble);
}

static bool round_by(greffe__call *call, greffe__value *out, greffe__rounding mode)
{
    int64_t scale = 0;
    greffe__dec whole, result;
    if (call->count > 1 &&
        (!greffe__dec_round(&whole, call->at[1].as.number, 0, GREFFE__ROUND_DOWN) ||
         !greffe__dec_to_i64(&scale, whole))) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                   "the number of decimals is out of range");
    }
    if (scale < -6111 || scale > 6176 ||
        !greffe__dec_round(&result, call->at[0].as.number, (int)scale, mode)) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "the number of decimals is out of range", &call->at[1]);
    }
    *out = greffe__number(result);
    return true;
}

static bool run_half_even(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_HALF_EVEN);
}

static bool run_half_up(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_HALF_UP);
}

static bool run_half_down(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_HALF_DOWN);
}

static bool run_round_up(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_UP);
}

static bool run_round_down(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_DOWN);
}

static bool run_floor(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_FLOOR);
}

static bool run_ceiling(greffe__call *call, greffe__value *out)
{
    return round_by(call, out, GREFFE__ROUND_CEILING);
}

static bool run_modulo(greffe__call *call, greffe__value *out)
{
    out->kind = GREFFE__NUMBER;
    return greffe__dec_modulo(&out->as.number, call->at[0].as.number, call->at[1].as.number) ||
           no_result(call);
}

static bool run_sqrt(greffe__call *call, greffe__value *out)
{
    out->kind = GREFFE__NUMBER;
    return greffe__dec_sqrt(&out->as.number, call->at[0].as.number) || no_result(call);
}

static bool run_exp(greffe__call *call, greffe__value *out)
{
    out->kind = GREFFE__NUMBER;
    return greffe__dec_exp(&out->as.number, call->at[0].as.number) || no_result(call);
}

static bool run_log(greffe__call *call, greffe__value *out)
{
    out->kind = GREFFE__NUMBER;
    return greffe__dec_ln(&out->as.number, call->at[0].as.number) || no_result(call);
}

/* Whether a number is a multiple of two, or of two plus one; what is not whole is neither. */
static bool parity(greffe__call *call, greffe__value *out, int64_t rest)
{
    greffe__dec modulo;
    if (!greffe__dec_modulo(&modulo, call->at[0].as.number, greffe__dec_of(2))) {
        return no_result(call);
    }
    *out = greffe__bool(greffe__dec_compare(modulo, greffe__dec_of(rest)) == 0);
    return true;
}

static bool run_odd(greffe__call *call, greffe__value *out)
{
    return parity(call, out, 1);
}

static bool run_even(greffe__call *call, greffe__value *out)
{
    return parity(call, out, 0);
}

static bool is_separator(greffe__str text, const char *allowed)
{
    return text.size == 1 && greffe__str_of(allowed).size > 0 &&
           (text.data[0] == allowed[0] || text.data[0] == allowed[1] ||
            (allowed[2] != '\0' && text.data[0] == allowed[2]));
}

static bool run_number(greffe__call *call, greffe__value *out)
{
    if (call->at[0].kind == GREFFE__NUMBER && call->count == 1) {
        *out = call->at[0];
        return true;
    }
    greffe__str text = call->at[0].as.string;
    greffe__str group = {"", 0}, point = {".", 1};
    if (call->count == 3) {
        bool grouped = call->at[1].kind == GREFFE__STRING;
        bool pointed = call->at[2].kind == GREFFE__STRING;
        group = grouped ? call->at[1].as.string : group;
        point = pointed ? call->at[2].as.string : point;
        if ((!grouped && call->at[1].kind != GREFFE__NULL) ||
            (!pointed && call->at[2].kind != GREFFE__NULL) ||
            (grouped && !is_separator(group, " ,.")) || (pointed && !is_separator(point, ".,")) ||
            (grouped && pointed && greffe__str_equal(group, point))) {
            return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                       "separators are a space, a comma or a point, and differ");
        }
    }
    char digits[256];
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < sizeof digits; i++) {
        char c = text.data[i];
        if (group.size == 1 && c == group.data[0]) {
            continue;
        }
        bool other_point = c == '.' && point.data[0] != '.';
        digits[size++] = other_point ? '?' : c == point.data[0] ? '.' : c;
    }
    greffe__dec number;
    if (size == sizeof digits || !greffe__dec_parse(&number, (greffe__str){digits, size})) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT, "this text is no number",
                                         &call->at[0]);
    }
    *out = greffe__number(number);
    return true;
}

static const greffe__function functions[] = {
    {"abs", "n", "m", "1", false, run_abs},
    {"decimal", "n,scale", "nn", "n", false, run_half_even},
    {"round half up", "n,scale", "nn", "n", false, run_half_up},
    {"round half down", "n,scale", "nn", "n", false, run_half_down},
    {"round half even", "n,scale", "nn", "n", false, run_half_even},
    {"round up", "n,scale", "nn", "n", false, run_round_up},
    {"round down", "n,scale", "nn", "n", false, run_round_down},
    {"floor", "n,scale?", "nn", "n", false, run_floor},
    {"ceiling", "n,scale?", "nn", "n", false, run_ceiling},
    {"modulo", "dividend,divisor", "nn", "n", false, run_modulo},
    {"sqrt", "number", "n", "n", false, run_sqrt},
    {"exp", "number", "n", "n", false, run_exp},
    {"log", "number", "n", "n", false, run_log},
    {"odd", "number", "n", "b", false, run_odd},
    {"even", "number", "n", "b", false, run_even},
    {"number", "from", "a", "n", false, run_number},
    {"number", "from,grouping separator,decimal separator", "sxx", "n", false, run_number},
};

const greffe__family greffe__numeric_functions = {functions, sizeof functions / sizeof *functions};
