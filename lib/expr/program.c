/* Programs: compiling them whole, storing them, and looking over one that was stored. */
#include <string.h>

#include "base/limits.h"
#include "expr/machine.h"

#define LAMBDA_FIELD(key, type, member)                                                            \
    {                                                                                              \
        key, type, offsetof(greffe__lambda, member), #member, NULL, false                          \
    }
static const greffe__field lambda_fields[] = {
    LAMBDA_FIELD(1, GREFFE__F_STRS, names),
    LAMBDA_FIELD(2, GREFFE__F_VALUES, types),
    LAMBDA_FIELD(3, GREFFE__F_U32S, taken),
    LAMBDA_FIELD(4, GREFFE__F_U32, from),
};
static const greffe__shape lambda_shape = {"lambda", sizeof(greffe__lambda), 4, lambda_fields};

#define PROGRAM_FIELD(key, type, member)                                                           \
    {                                                                                              \
        key, type, offsetof(greffe__program, member), #member, NULL, false                         \
    }
static const greffe__field program_fields[] = {
    PROGRAM_FIELD(1, GREFFE__F_STR, source),
    PROGRAM_FIELD(2, GREFFE__F_U32S, code),
    PROGRAM_FIELD(3, GREFFE__F_VALUES, constants),
    PROGRAM_FIELD(4, GREFFE__F_U32S, slots),
    PROGRAM_FIELD(5, GREFFE__F_U32S, places),
    PROGRAM_FIELD(6, GREFFE__F_U32, result),
    PROGRAM_FIELD(7, GREFFE__F_U32, depth),
    PROGRAM_FIELD(8, GREFFE__F_BOOL, any),
    PROGRAM_FIELD(9, GREFFE__F_BOOL, lenient),
    {10, GREFFE__F_RECORDS, offsetof(greffe__program, lambdas), "lambdas", &lambda_shape, false},
};
const greffe__shape greffe__program_shape = {"program", sizeof(greffe__program),
                                             sizeof program_fields / sizeof *program_fields,
                                             program_fields};

greffe_status greffe__expr_compile_boxed(greffe__program *out, greffe__type *type,
                                         greffe__expr_error *error, greffe__arena *arena,
                                         const greffe__symbols *symbols, greffe__str source,
                                         const greffe__boxed *boxed, const greffe__type *wanted)
{
    *error = (greffe__expr_error){0};
    greffe__expr_work work = {.arena = arena, .symbols = symbols, .source = source, .error = error};
    *out = (greffe__program){.source = source, .lenient = symbols->lenient};
    greffe__ast *root = greffe__expr_parse(&work, boxed);
    bool good = root != NULL && greffe__expr_check(&work, root, wanted) &&
                greffe__expr_generate(&work, root, out);
    if (arena->failed) {
        return GREFFE_ENOMEM;
    }
    if (!good) {
        return GREFFE_EINVALID;
    }
    out->result = root->type.kind;
    out->any = root->type.any;
    if (type != NULL) {
        *type = root->type;
    }
    return GREFFE_OK;
}

greffe_status greffe__expr_compile(greffe__program *out, greffe__type *type,
                                   greffe__expr_error *error, greffe__arena *arena,
                                   const greffe__symbols *symbols, greffe__str source,
                                   const greffe__type *wanted)
{
    const greffe__boxed boxed = {.kind = GREFFE__BOXED_TEXT, .text = source};
    return greffe__expr_compile_boxed(out, type, error, arena, symbols, source, &boxed, wanted);
}

const greffe__value *greffe__program_constant(const greffe__program *program)
{
    bool constant = program->code.count == 2 && (program->code.at[0] & 0xFF) == GREFFE__OP_CONST;
    return constant ? &program->constants.at[program->code.at[0] >> 8] : NULL;
}

/* --- Looking over --- */

enum { UNKNOWN = -1 };

typedef struct effect {
    uint32_t takes, gives;
    bool known;
} effect;

static bool is_names(const greffe__value *value)
{
    bool all = value->kind == GREFFE__LIST;
    for (uint32_t i = 0; all && i < value->count; i++) {
        all = value->as.items[i].kind == GREFFE__STRING;
    }
    return all;
}

static const greffe__value *constant_at(const greffe__program *program, uint32_t operand)
{
    return operand < program->constants.count ? &program->constants.at[operand] : NULL;
}

static bool sound_call(uint32_t operand)
{
    uint32_t number = operand >> 8, count = operand & 0xFF, least, most;
    const greffe__function *function =
        number < greffe__function_count() ? greffe__function_at(number) : NULL;
    if (function == NULL) {
        return false;
    }
    greffe__function_bounds(function, &least, &most);
    return count >= least && count <= most;
}

static bool sound_closure(const greffe__program *program, uint32_t operand, uint32_t height)
{
    if ((operand & 1u << 23) != 0) {
        uint32_t number = operand & ~(1u << 23);
        return number < greffe__function_count() && greffe__function_at(number) != NULL;
    }
    if (operand >= program->lambdas.count) {
        return false;
    }
    const greffe__lambda *lambda = &program->lambdas.at[operand];
    for (uint32_t i = 0; i < lambda->taken.count; i++) {
        if (lambda->taken.at[i] >= height) {
            return false;
        }
    }
    return true;
}

/* What an operation takes from the stack and puts there; not known: it is damaged. */
static effect effect_of(const greffe__program *program, greffe__op op, uint32_t operand,
                        uint32_t height)
{
    const effect damaged = {0, 0, false};
    const greffe__value *constant = constant_at(program, operand);
    switch (op) {
    case GREFFE__OP_CONST: return (effect){0, 1, constant != NULL};
    case GREFFE__OP_LOAD:
    case GREFFE__OP_BEGIN: return (effect){0, 1, true};
    case GREFFE__OP_LOCAL: return (effect){0, 1, operand < height};
    case GREFFE__OP_DROP: return (effect){operand, 0, true};
    case GREFFE__OP_SLIDE: return (effect){operand + 1, 1, operand < height};
    case GREFFE__OP_TOP: return (effect){height - operand, 0, operand <= height};
    case GREFFE__OP_ADD:
    case GREFFE__OP_SUB:
    case GREFFE__OP_MUL:
    case GREFFE__OP_DIV:
    case GREFFE__OP_POW:
    case GREFFE__OP_EQ:
    case GREFFE__OP_NE:
    case GREFFE__OP_LT:
    case GREFFE__OP_LE:
    case GREFFE__OP_GT:
    case GREFFE__OP_GE:
    case GREFFE__OP_IN:
    case GREFFE__OP_AND:
    case GREFFE__OP_OR:
    case GREFFE__OP_RANGE:
    case GREFFE__OP_INDEX:
    case GREFFE__OP_COUNTING: return (effect){2, 1, true};
    case GREFFE__OP_NEG:
    case GREFFE__OP_NOT:
    case GREFFE__OP_AND_JUMP:
    case GREFFE__OP_OR_JUMP:
    case GREFFE__OP_DECIDE: return (effect){1, 1, true};
    case GREFFE__OP_ITERATE: return (effect){1, 1, operand + 1 < height};
    case GREFFE__OP_INSTANCE:
    case GREFFE__OP_CONFORM: return (effect){1, 1, constant != NULL};
    case GREFFE__OP_MEMBER:
        return (effect){1, 1, constant != NULL && constant->kind == GREFFE__STRING};
    case GREFFE__OP_FAULT:
        return (effect){0, 1, constant != NULL && constant->kind == GREFFE__STRING};
    case GREFFE__OP_JUMP: return (effect){0, 0, true};
    case GREFFE__OP_JUMP_IF_FALSE:
    case GREFFE__OP_NEXT:
    case GREFFE__OP_RETURN: return (effect){1, 0, true};
    case GREFFE__OP_TRY_MEMBER: return (effect){2, 0, true};
    case GREFFE__OP_LIST: return (effect){operand, 1, operand <= GREFFE_MAX_EXPR_LIST};
    case GREFFE__OP_CONTEXT:
        return constant != NULL && is_names(constant) ? (effect){constant->count, 1, true}
                                                      : damaged;
    case GREFFE__OP_CALL: return (effect){operand & 0xFF, 1, sound_call(operand)};
    case GREFFE__OP_CALL_VALUE: return (effect){operand + 1, 1, operand <= GREFFE__MAX_ARGUMENTS};
    case GREFFE__OP_CALL_NAMED: return (effect){operand + 2, 1, operand <= GREFFE__MAX_ARGUMENTS};
    case GREFFE__OP_CLOSURE: return (effect){0, 1, sound_closure(program, operand, height)};
    case GREFFE__OP_LOOP: return (effect){2, 3, true};
    case GREFFE__OP_APPEND:
    case GREFFE__OP_SOME:
    case GREFFE__OP_EVERY: return (effect){1, 0, operand + 1 < height};
    case GREFFE__OP_FILTER: return (effect){4, 3, operand + 4 < height};
    case GREFFE__OP_HIT: return (effect){3, 1, true};
    case GREFFE__OP_RULE: return (effect){0, 0, true};
    }
    return damaged;
}

/* Whether the names before a call by name, and before the trial of an entry, are what they are
 * taken for. */
static bool sound_names(const greffe__program *program, uint32_t at, greffe__op op)
{
    if (op != GREFFE__OP_CALL_NAMED && op != GREFFE__OP_TRY_MEMBER) {
        return true;
    }
    uint32_t before = at > 0 ? program->code.at[at - 1] : 0;
    const greffe__value *constant = constant_at(program, before >> 8);
    if (at == 0 || (before & 0xFF) != GREFFE__OP_CONST || constant == NULL) {
        return false;
    }
    return op == GREFFE__OP_TRY_MEMBER
               ? constant->kind == GREFFE__STRING
               : is_names(constant) && constant->count == program->code.at[at] >> 8;
}

static bool reach(int16_t *heights, const greffe__program *program, uint32_t target,
                  uint32_t height)
{
    if (target >= program->code.count) {
        return false;
    }
    bool top = (program->code.at[target] & 0xFF) == GREFFE__OP_TOP;
    if (heights[target] == UNKNOWN || (top && heights[target] > (int16_t)height)) {
        heights[target] = (int16_t)height; /* TOP takes any height: the least is what counts */
        return true;
    }
    return top || heights[target] == (int16_t)height;
}

/* Follows where an operation leads. Backward leads only NEXT, which counts steps. */
static bool follow(int16_t *heights, const greffe__program *program, uint32_t at, uint32_t height)
{
    greffe__op op = (greffe__op)(program->code.at[at] & 0xFF);
    uint32_t target = program->code.at[at] >> 8;
    switch (op) {
    case GREFFE__OP_RETURN: return true;
    case GREFFE__OP_NEXT:
        return target <= at && (program->code.at[target] & 0xFF) == GREFFE__OP_LOOP &&
               heights[target] == (int16_t)height;
    case GREFFE__OP_JUMP: return target > at && reach(heights, program, target, height);
    case GREFFE__OP_JUMP_IF_FALSE:
    case GREFFE__OP_AND_JUMP:
    case GREFFE__OP_OR_JUMP:
    case GREFFE__OP_DECIDE:
        return target > at && reach(heights, program, target, height) &&
               reach(heights, program, at + 1, height);
    case GREFFE__OP_TRY_MEMBER:
        return target > at && reach(heights, program, target, height + 1) &&
               reach(heights, program, at + 1, height);
    case GREFFE__OP_LOOP:
        return target > at && reach(heights, program, target, height - 1) &&
               reach(heights, program, at + 1, height);
    default: return reach(heights, program, at + 1, height);
    }
}

static bool sound_heights(const greffe__program *program, int16_t *heights)
{
    heights[0] = 0;
    for (uint32_t i = 0; i < program->lambdas.count; i++) {
        const greffe__lambda *lambda = &program->lambdas.at[i];
        uint32_t height = lambda->names.count + lambda->taken.count;
        if (height >= GREFFE_MAX_EXPR_STACK || lambda->from == 0 ||
            lambda->types.count < lambda->names.count ||
            !reach(heights, program, lambda->from, height)) {
            return false;
        }
    }
    for (uint32_t at = 0; at < program->code.count; at++) {
        greffe__op op = (greffe__op)(program->code.at[at] & 0xFF);
        if (heights[at] == UNKNOWN) {
            continue; /* nothing leads here */
        }
        uint32_t height = (uint32_t)heights[at];
        effect e = effect_of(program, op, program->code.at[at] >> 8, height);
        if (!e.known || height < e.takes || height - e.takes + e.gives > program->depth ||
            !sound_names(program, at, op) ||
            !follow(heights, program, at, height - e.takes + e.gives)) {
            return false;
        }
    }
    return true;
}

bool greffe__program_sound(const greffe__program *program)
{
    int16_t heights[GREFFE_MAX_EXPR_CODE];
    uint32_t count = program->code.count;
    if (count == 0) {
        return program->source.size == 0;
    }
    if (program->places.count != count || count > GREFFE_MAX_EXPR_CODE ||
        program->depth >= GREFFE_MAX_EXPR_STACK) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        heights[i] = UNKNOWN;
        if ((program->code.at[i] & 0xFF) > GREFFE__OP_LAST) {
            return false;
        }
    }
    return sound_heights(program, heights);
}
