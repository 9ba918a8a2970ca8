/* Where a program begins to run, and calls while it does: built-in functions, functions that are
 * values, and those that a built-in function is given. */
#include <string.h>

#include "expr/machine.h"

/* --- Functions --- */

bool greffe__call_refuse(greffe__call *call, greffe__code code, const char *problem)
{
    call->trouble = (greffe__trouble){.code = code, .problem = problem};
    return false;
}

bool greffe__call_refuse_value(greffe__call *call, greffe__code code, const char *problem,
                               const greffe__value *value)
{
    call->trouble = (greffe__trouble){.code = code, .problem = problem, .a = *value, .values = 1};
    return false;
}

bool greffe__call_work(greffe__call *call, uint64_t steps)
{
    if (steps < call->machine->steps) {
        call->machine->steps -= (uint32_t)steps;
        return true;
    }
    return greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                               "the evaluation takes more than 100,000 steps");
}

static bool argument_problem(const greffe__frame *f, const greffe__function *function,
                             const greffe__value *value, greffe__value *result)
{
    greffe__trouble trouble = {GREFFE__GR_EVAL_ARGUMENT, "a function does not take this value",
                               greffe__text(function->name), *value, 2};
    return greffe__met(f, &trouble, result);
}

/* In FEEL an item is a list of one where a list is asked for, and the other way round. */
static void adapt(const greffe__frame *f, char letter, greffe__value *value)
{
    if (letter == 'l' && value->kind != GREFFE__LIST && value->kind != GREFFE__NULL) {
        greffe__value *item = greffe__arena_alloc(f->m->eval->arena, sizeof *item);
        if (item != NULL) {
            *item = *value;
            *value = greffe__list_of(item, 1);
        }
    } else if (value->kind == GREFFE__LIST && value->count == 1 && letter != 'l' && letter != 'a' &&
               letter != 'x' && greffe__argument_fits(letter, &value->as.items[0])) {
        *value = value->as.items[0];
    }
}

/* Calls a built-in function on the arguments that begin at `at`. */
bool greffe__run_built_in(const greffe__frame *f, const greffe__function *function,
                          greffe__value *at, uint32_t count, greffe__value *result)
{
    const char *letters = function->arguments;
    for (uint32_t i = 0; i < count; i++) {
        char letter = *letters;
        letters += letters[0] != '\0' && letters[1] != '\0' ? 1 : 0; /* the last is repeated */
        if (!greffe__argument_fits(letter, &at[i])) {
            if (f->program->lenient) {
                adapt(f, letter, &at[i]);
            }
            if (!greffe__argument_fits(letter, &at[i])) {
                return argument_problem(f, function, &at[i], result);
            }
        }
    }
    greffe__call call; /* its trouble is filled where the call is refused */
    call.machine = f->m;
    call.eval = f->m->eval;
    call.arena = f->m->eval->arena;
    call.program = f->program;
    call.at = at;
    call.count = count;
    greffe__value *free = f->m->free;
    f->m->free = at + count;
    greffe__value value = greffe__null();
    bool good = function->run(&call, &value);
    f->m->free = free;
    if (good) {
        *result = value;
        return true;
    }
    if (f->m->status != GREFFE_OK) {
        return false;
    }
    return call.arena->failed ? greffe__no_memory(f) : greffe__met(f, &call.trouble, result);
}

static bool arguments_conform(const greffe__frame *f, const greffe__lambda *lambda,
                              greffe__value *at)
{
    for (uint32_t i = 0; i < lambda->names.count; i++) {
        greffe__value conforming;
        if (!greffe__type_conforms(&conforming, &at[i], &lambda->types.at[i], f->m->eval->arena)) {
            return false;
        }
        at[i] = conforming;
    }
    return true;
}

/* Calls any function on the arguments that begin at `at`, above which the stack is free. */
static bool call_closure(const greffe__frame *f, const greffe__closure *closure, greffe__value *at,
                         uint32_t count, greffe__value *result)
{
    greffe__machine *m = f->m;
    if (closure->lambda == NULL) {
        uint32_t least, most;
        greffe__function_bounds(closure->function, &least, &most);
        if (count < least || count > most) {
            return greffe__met_text(f, GREFFE__GR_EVAL_ARGUMENT,
                                    "a function is called with another number of arguments", NULL,
                                    result);
        }
        return greffe__run_built_in(f, closure->function, at, count, result);
    }
    const greffe__lambda *lambda = closure->lambda;
    if (count != lambda->names.count) {
        return greffe__met_text(f, GREFFE__GR_EVAL_ARGUMENT,
                                "a function is called with another number of arguments", NULL,
                                result);
    }
    if (!arguments_conform(f, lambda, at)) {
        return greffe__met_text(f, GREFFE__GR_EVAL_ARGUMENT, "a function does not take this value",
                                NULL, result);
    }
    uint32_t needed = closure->program->depth + lambda->taken.count + 1;
    if (m->calls == GREFFE_MAX_EXPR_CALLS || (size_t)(m->limit - at) <= needed + count ||
        !greffe__count_work(f, 10)) {
        return m->status == GREFFE_OK &&
               greffe__met_text(f, GREFFE__GR_EVAL_LIMIT,
                                "functions call one another more than 64 deep", NULL, result);
    }
    for (uint32_t i = 0; i < lambda->taken.count; i++) {
        at[count + i] = closure->taken[i];
    }
    greffe__frame body = {m, closure->program, lambda->from};
    m->calls += 1;
    bool good = greffe__run(&body, at, at + count + lambda->taken.count, result);
    m->calls -= 1;
    return good;
}

bool greffe__call_function(greffe__call *call, const greffe__value *function,
                           const greffe__value *arguments, uint32_t count, greffe__value *out)
{
    greffe__machine *m = call->machine;
    greffe__frame f = {m, call->program, 0};
    greffe__value *at = m->free;
    if ((size_t)(m->limit - at) <= count) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                   "functions call one another more than 64 deep");
    }
    memcpy(at, arguments, count * sizeof *arguments);
    m->free = at + count;
    bool good = call_closure(&f, function->as.function, at, count, out);
    m->free = at;
    return good;
}

bool greffe__run_closure(const greffe__frame *f, uint32_t operand, const greffe__value *base,
                         greffe__value *result)
{
    greffe__arena *arena = f->m->eval->arena;
    greffe__closure *closure = greffe__arena_zalloc(arena, sizeof *closure);
    if (closure == NULL) {
        return greffe__no_memory(f);
    }
    if ((operand & 1u << 23) != 0) {
        closure->function = greffe__function_at(operand & ~(1u << 23));
    } else {
        const greffe__lambda *lambda = &f->program->lambdas.at[operand];
        greffe__value *taken =
            greffe__arena_alloc(arena, (lambda->taken.count + 1) * sizeof *taken);
        if (taken == NULL) {
            return greffe__no_memory(f);
        }
        for (uint32_t i = 0; i < lambda->taken.count; i++) {
            taken[i] = base[lambda->taken.at[i]];
        }
        closure->program = f->program;
        closure->lambda = lambda;
        closure->taken = taken;
    }
    *result = (greffe__value){.kind = GREFFE__FUNCTION, .as.function = closure};
    return true;
}

/* Puts named arguments in the order of the parameters. */
static bool arrange(const greffe__closure *closure, const greffe__value *names, greffe__value *at)
{
    greffe__value arranged[GREFFE__MAX_ARGUMENTS];
    uint32_t count = names->count;
    if (names->kind != GREFFE__LIST || count > GREFFE__MAX_ARGUMENTS) {
        return false;
    }
    bool there[GREFFE__MAX_ARGUMENTS] = {false};
    for (uint32_t i = 0; i < count; i++) {
        if (names->as.items[i].kind != GREFFE__STRING) {
            return false;
        }
        greffe__str name = names->as.items[i].as.string;
        int place = -1;
        if (closure->lambda == NULL) {
            place = greffe__function_parameter(closure->function, name);
        }
        for (uint32_t j = 0; closure->lambda != NULL && j < closure->lambda->names.count; j++) {
            place = greffe__str_equal(closure->lambda->names.at[j], name) ? (int)j : place;
        }
        if (place < 0 || (uint32_t)place >= count || there[place]) {
            return false;
        }
        there[place] = true;
        arranged[place] = at[i];
    }
    memcpy(at, arranged, count * sizeof *arranged);
    return true;
}

/* The function, its arguments, and perhaps the list of their names, from `at` on. */
bool greffe__run_value(const greffe__frame *f, greffe__value *at, uint32_t count, bool named)
{
    if (at->kind != GREFFE__FUNCTION) {
        return greffe__met_text(f, GREFFE__GR_EVAL_TYPE,
                                "this is no function, and cannot be called", at, at);
    }
    const greffe__closure *closure = at->as.function;
    if (named && !arrange(closure, &at[count + 1], at + 1)) {
        return greffe__met_text(f, GREFFE__GR_EVAL_ARGUMENT,
                                "a function has no parameters of these names", NULL, at);
    }
    return call_closure(f, closure, at + 1, count, at);
}

/* --- Door --- */

greffe_status greffe__expr_eval(greffe__value *out, greffe__expr_error *error,
                                const greffe__program *program, const greffe__eval *eval)
{
    greffe__value stack[GREFFE_MAX_EXPR_STACK];
    greffe__machine machine = {.eval = eval,
                               .error = error,
                               .status = GREFFE_OK,
                               .steps = GREFFE_MAX_EXPR_STEPS,
                               .limit = stack + GREFFE_MAX_EXPR_STACK};
    greffe__frame f = {&machine, program, 0};
    *error = (greffe__expr_error){0};
    if (program->code.count == 0) { /* what was never written: a stored one may say so */
        *out = greffe__null();
        *error = (greffe__expr_error){.code = GREFFE__GR_BUNDLE_READ,
                                      .message = "the program of an expression is empty"};
        return GREFFE_EINVALID;
    }
    uint64_t left = GREFFE_MAX_EXPR_VALUE;
    bool good = greffe__run(&f, stack, stack, out);
    if (good && (out->kind == GREFFE__LIST || out->kind == GREFFE__CONTEXT) &&
        !greffe__value_within(out, &left)) {
        good = greffe__met_text(&f, GREFFE__GR_EVAL_LIMIT, "the result is larger than 16 MiB", NULL,
                                out);
    }
    if (!good) {
        *out = greffe__null();
        return machine.status != GREFFE_OK ? machine.status : GREFFE_EINVALID;
    }
    return eval->arena != NULL && eval->arena->failed ? GREFFE_ENOMEM : GREFFE_OK;
}
