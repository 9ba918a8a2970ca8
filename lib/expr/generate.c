/* From a checked tree to a program: slots resolved, places in the frame known, what is always the
 * same calculated once. */
#include "expr/generate.h"

/* --- Writing --- */

bool greffe__generate_no_memory(greffe__generator *g)
{
    g->work->failed = true;
    return false;
}

/* Room for operations and their places, which grow together. */
static bool make_room(greffe__generator *g)
{
    greffe__u32s *code = &g->program->code, *places = &g->program->places;
    uint32_t wanted = code->capacity == 0 ? 16 : code->capacity * 2;
    if (!greffe__arena_reserve(g->work->arena, code, sizeof *code->at, wanted) ||
        !greffe__arena_reserve(g->work->arena, places, sizeof *places->at, wanted)) {
        return greffe__generate_no_memory(g);
    }
    return true;
}

bool greffe__generate_op(greffe__generator *g, greffe__op op, uint32_t operand,
                         const greffe__ast *node, int growth)
{
    greffe__u32s *code = &g->program->code, *places = &g->program->places;
    if (code->count == code->capacity && !make_room(g)) {
        return false;
    }
    uint32_t length = node->end - node->start;
    code->at[code->count++] = operand << 8 | (uint32_t)op;
    places->at[places->count++] = node->start << 12 | (length < 0xFFF ? length : 0xFFF);
    g->height = (uint32_t)((int)g->height + growth);
    g->program->depth = g->height > g->program->depth ? g->height : g->program->depth;
    if (code->count > GREFFE_MAX_EXPR_CODE) {
        (void)greffe__expr_fail(g->work, GREFFE__GR_EXPR_LIMIT, node->start, node->end,
                                "make two of it", "this needs more than 65,536 operations");
        return false;
    }
    if (g->height >= GREFFE_MAX_EXPR_STACK || operand > 0xFFFFFF) {
        (void)greffe__expr_fail(g->work, GREFFE__GR_EXPR_LIMIT, node->start, node->end,
                                "take a part out, and give it a name under 'values'",
                                "the expression needs more than 256 values at once");
        return false;
    }
    return true;
}

uint32_t greffe__generate_here(const greffe__generator *g)
{
    return g->program->code.count;
}

/* Makes the jump at `at` lead here. */
void greffe__generate_land(greffe__generator *g, uint32_t at)
{
    g->program->code.at[at] = greffe__generate_here(g) << 8 | (g->program->code.at[at] & 0xFF);
}

static bool add_constant(greffe__generator *g, greffe__value value, uint32_t *index)
{
    greffe__value *place =
        greffe__arena_push(g->work->arena, &g->program->constants, sizeof *place);
    if (place == NULL) {
        return greffe__generate_no_memory(g);
    }
    *place = value;
    *index = g->program->constants.count - 1;
    return true;
}

bool greffe__generate_constant(greffe__generator *g, greffe__value value, const greffe__ast *node)
{
    uint32_t index;
    return add_constant(g, value, &index) &&
           greffe__generate_op(g, GREFFE__OP_CONST, index, node, 1);
}

/* An operation whose operand is a constant. */
bool greffe__generate_with(greffe__generator *g, greffe__op op, greffe__value value,
                           const greffe__ast *node, int growth)
{
    uint32_t index;
    return add_constant(g, value, &index) && greffe__generate_op(g, op, index, node, growth);
}

static bool use_slot(greffe__generator *g, uint32_t slot)
{
    greffe__u32s *slots = &g->program->slots;
    uint32_t at = 0;
    while (at < slots->count && slots->at[at] < slot) {
        at += 1;
    }
    if (at < slots->count && slots->at[at] == slot) {
        return true;
    }
    if (greffe__arena_push(g->work->arena, slots, sizeof slot) == NULL) {
        return greffe__generate_no_memory(g);
    }
    for (uint32_t i = slots->count - 1; i > at; i--) {
        slots->at[i] = slots->at[i - 1];
    }
    slots->at[at] = slot;
    return true;
}

greffe__value greffe__generate_names(greffe__generator *g, const greffe__strs *names)
{
    greffe__value *items = greffe__arena_alloc(g->work->arena, (names->count + 1) * sizeof *items);
    if (items == NULL) {
        (void)greffe__generate_no_memory(g);
        return greffe__null();
    }
    for (uint32_t i = 0; i < names->count; i++) {
        items[i] = greffe__string(names->at[i]);
    }
    return greffe__list_of(items, names->count);
}

/* --- Names --- */

static uint32_t place_of(const greffe__generator *g, const greffe__variable *variable)
{
    if (variable->level == g->level || g->function == NULL) {
        return variable->place;
    }
    const greffe__variables *taken = &g->function->taken;
    uint32_t at = 0;
    while (at < taken->count && taken->at[at] != variable) {
        at += 1;
    }
    return g->function->names.count + at;
}

static bool push_variable(greffe__generator *g, const greffe__variable *variable,
                          const greffe__ast *node)
{
    return greffe__generate_op(g, GREFFE__OP_LOCAL, place_of(g, variable), node, 1);
}

static bool push_symbol(greffe__generator *g, const greffe__ast *node)
{
    return use_slot(g, node->symbol->slot) &&
           greffe__generate_op(g, GREFFE__OP_LOAD, node->symbol->slot, node, 1);
}

static bool nothing_found(greffe__generator *g, const greffe__ast *node)
{
    greffe__str message = greffe__str_format(g->work->arena, "'%.*s' is not known here",
                                             (int)node->text.size, node->text.data);
    return greffe__generate_with(g, GREFFE__OP_FAULT, greffe__string(message), node, 1);
}

/* An entry of an item, where it has one of this name; else what is outside. */
static bool generate_name(greffe__generator *g, const greffe__ast *node)
{
    greffe__u32s jumps = {0};
    for (uint32_t i = 0; i < node->dynamic.count; i++) {
        uint32_t *jump = greffe__arena_push(g->work->arena, &jumps, sizeof *jump);
        if (jump == NULL) {
            return greffe__generate_no_memory(g);
        }
        if (!push_variable(g, node->dynamic.at[i], node) ||
            !greffe__generate_constant(g, greffe__string(node->text), node)) {
            return false;
        }
        *jump = greffe__generate_here(g);
        if (!greffe__generate_op(g, GREFFE__OP_TRY_MEMBER, 0, node, -2)) {
            return false;
        }
    }
    bool good =
        node->variable != NULL ? push_variable(g, node->variable, node)
        : node->symbol != NULL ? push_symbol(g, node)
        : node->function != 0
            ? greffe__generate_op(g, GREFFE__OP_CLOSURE, (node->function - 1) | 1u << 23, node, 1)
            : nothing_found(g, node);
    for (uint32_t i = 0; i < jumps.count; i++) {
        greffe__generate_land(g, jumps.at[i]);
    }
    return good;
}

/* --- Logic --- */

static bool generate_logic(greffe__generator *g, const greffe__ast *node)
{
    bool both = node->kind == GREFFE__AST_AND;
    if (!greffe__generate(g, node->at[0])) {
        return false;
    }
    uint32_t jump = greffe__generate_here(g);
    if (!greffe__generate_op(g, both ? GREFFE__OP_AND_JUMP : GREFFE__OP_OR_JUMP, 0, node->at[0],
                             0) ||
        !greffe__generate(g, node->at[1]) ||
        !greffe__generate_op(g, both ? GREFFE__OP_AND : GREFFE__OP_OR, 0, node->at[1], -1)) {
        return false;
    }
    greffe__generate_land(g, jump);
    return true;
}

static bool generate_if(greffe__generator *g, const greffe__ast *node)
{
    if (!greffe__generate(g, node->at[0])) {
        return false;
    }
    uint32_t decide = greffe__generate_here(g);
    if (g->program->lenient && !greffe__generate_op(g, GREFFE__OP_DECIDE, 0, node->at[0], 0)) {
        return false;
    }
    uint32_t skip = greffe__generate_here(g);
    if (!greffe__generate_op(g, GREFFE__OP_JUMP_IF_FALSE, 0, node->at[0], -1) ||
        !greffe__generate(g, node->at[1])) {
        return false;
    }
    uint32_t end = greffe__generate_here(g);
    if (!greffe__generate_op(g, GREFFE__OP_JUMP, 0, node, -1)) {
        return false;
    }
    greffe__generate_land(g, skip);
    if (!greffe__generate(g, node->at[2])) {
        return false;
    }
    greffe__generate_land(g, end);
    if (g->program->lenient) {
        greffe__generate_land(g, decide);
    }
    return true;
}

/* --- Tests --- */

static bool is_null(const greffe__ast *test)
{
    return test->kind == GREFFE__AST_CONSTANT && test->value.kind == GREFFE__NULL;
}

/* One test of the value at a place of the frame: pushes whether it passes. */
static bool generate_test(greffe__generator *g, greffe__ast *test, uint32_t place)
{
    if (test->uses_input && test->kind != GREFFE__AST_EQUALS && test->kind != GREFFE__AST_RANGE) {
        return greffe__generate(g, test);
    }
    bool equals = test->kind == GREFFE__AST_EQUALS;
    if (is_null(test)) { /* to be absent is a test that always has an answer */
        return greffe__generate_op(g, GREFFE__OP_LOCAL, place, test, 1) &&
               greffe__generate(g, test) && greffe__generate_op(g, GREFFE__OP_EQ, 0, test, -1);
    }
    return greffe__generate_op(g, GREFFE__OP_LOCAL, place, test, 1) &&
           greffe__generate(g, equals ? test->at[0] : test) &&
           greffe__generate_op(g, equals ? (greffe__op)test->op : GREFFE__OP_IN, 0, test, -1);
}

/* Tests for null come first: the others are then asked of what is there. */
static void nulls_first(const greffe__ast *node)
{
    uint32_t kept = 1;
    for (uint32_t i = 1; i < node->count; i++) {
        if (is_null(node->at[i])) {
            greffe__ast *test = node->at[i];
            for (uint32_t j = i; j > kept; j--) {
                node->at[j] = node->at[j - 1];
            }
            node->at[kept++] = test;
        }
    }
}

/* A test that has an answer for what is absent: it equals nothing else. */
static bool is_equality(const greffe__ast *test)
{
    bool all = test->kind == GREFFE__AST_LIST;
    for (uint32_t i = 0; all && i < test->count; i++) {
        all = test->at[i]->kind == GREFFE__AST_CONSTANT;
    }
    return all || test->kind == GREFFE__AST_EQUALS || test->kind == GREFFE__AST_CONSTANT;
}

/* Whether a cell's input may be absent, and a test has no answer then: the cell is not met. */
static bool guards_absence(const greffe__generator *g, const greffe__ast *node)
{
    const greffe__ast *input = node->at[0];
    bool asks = false, own = false;
    for (uint32_t i = 1; i < node->count; i++) {
        asks = asks || !is_equality(node->at[i]);
        own = own || node->at[i]->uses_input || is_null(node->at[i]);
    }
    return asks && !own && !g->program->lenient && input->kind == GREFFE__AST_INPUT &&
           input->type.optional;
}

/* Leaves false, and jumps to where `absent` will lead, when nothing is there. */
static bool generate_guard(greffe__generator *g, const greffe__ast *node, uint32_t place,
                           uint32_t *absent)
{
    if (!greffe__generate_op(g, GREFFE__OP_LOCAL, place, node, 1) ||
        !greffe__generate_constant(g, greffe__null(), node) ||
        !greffe__generate_op(g, GREFFE__OP_NE, 0, node, -1)) {
        return false;
    }
    *absent = greffe__generate_here(g);
    return greffe__generate_op(g, GREFFE__OP_AND_JUMP, 0, node, 0) &&
           greffe__generate_op(g, GREFFE__OP_DROP, 1, node, -1);
}

/* Tests by commas: one of them passes, or, negated, none. */
static bool generate_tests(greffe__generator *g, const greffe__ast *node, uint32_t place)
{
    greffe__u32s jumps = {0};
    uint32_t absent = 0;
    bool guarded = guards_absence(g, node);
    nulls_first(node);
    if (guarded && !generate_guard(g, node, place, &absent)) {
        return false;
    }
    for (uint32_t i = 1; i < node->count; i++) {
        if (!generate_test(g, node->at[i], place)) {
            return false;
        }
        if (i > 1 && !greffe__generate_op(g, GREFFE__OP_OR, 0, node, -1)) {
            return false;
        }
        if (i + 1 < node->count) {
            uint32_t *jump = greffe__arena_push(g->work->arena, &jumps, sizeof *jump);
            if (jump == NULL) {
                return greffe__generate_no_memory(g);
            }
            *jump = greffe__generate_here(g);
            if (!greffe__generate_op(g, GREFFE__OP_OR_JUMP, 0, node, 0)) {
                return false;
            }
        }
    }
    for (uint32_t i = 0; i < jumps.count; i++) {
        greffe__generate_land(g, jumps.at[i]);
    }
    bool good = node->op == 0 || greffe__generate_op(g, GREFFE__OP_NOT, 0, node, 0);
    if (good && guarded) {
        greffe__generate_land(g, absent);
    }
    return good;
}

static bool generate_in(greffe__generator *g, const greffe__ast *node)
{
    const greffe__ast *value = node->at[0];
    if (value->kind == GREFFE__AST_INPUT) {
        return generate_tests(g, node, place_of(g, value->variable));
    }
    if (!greffe__generate(g, node->at[0])) {
        return false;
    }
    const greffe__ast *test = node->at[1];
    if (node->count == 2 && !test->uses_input && test->kind != GREFFE__AST_EQUALS &&
        !is_null(test)) {
        return greffe__generate(g, node->at[1]) &&
               greffe__generate_op(g, GREFFE__OP_IN, 0, node, -1);
    }
    uint32_t place = g->height - 1;
    for (uint32_t i = 0; i < node->bound.count; i++) {
        node->bound.at[i]->place = place;
    }
    return generate_tests(g, node, place) && greffe__generate_op(g, GREFFE__OP_SLIDE, 1, node, -1);
}

/* value >= low and value <= high; the value is calculated once. */
static bool generate_between(greffe__generator *g, const greffe__ast *node)
{
    if (!greffe__generate(g, node->at[0])) {
        return false;
    }
    uint32_t place = g->height - 1;
    return greffe__generate_op(g, GREFFE__OP_LOCAL, place, node, 1) &&
           greffe__generate(g, node->at[1]) && greffe__generate_op(g, GREFFE__OP_GE, 0, node, -1) &&
           greffe__generate_op(g, GREFFE__OP_LOCAL, place, node, 1) &&
           greffe__generate(g, node->at[2]) && greffe__generate_op(g, GREFFE__OP_LE, 0, node, -1) &&
           greffe__generate_op(g, GREFFE__OP_AND, 0, node, -1) &&
           greffe__generate_op(g, GREFFE__OP_SLIDE, 1, node, -1);
}

/* --- Collections --- */

static bool generate_list(greffe__generator *g, const greffe__ast *node)
{
    enum { most_at_once = 32 };
    if (node->count <= most_at_once) {
        for (uint32_t i = 0; i < node->count; i++) {
            if (!greffe__generate(g, node->at[i])) {
                return false;
            }
        }
        return greffe__generate_op(g, GREFFE__OP_LIST, node->count, node, 1 - (int)node->count);
    }
    uint32_t place = g->height;
    if (!greffe__generate_op(g, GREFFE__OP_LIST, 0, node, 1)) {
        return false;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (!greffe__generate(g, node->at[i]) ||
            !greffe__generate_op(g, GREFFE__OP_APPEND, place, node, -1)) {
            return false;
        }
    }
    return true;
}

static bool generate_context(greffe__generator *g, const greffe__ast *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (i < node->bound.count) {
            node->bound.at[i]->place = g->height;
        }
        if (!greffe__generate(g, node->at[i])) {
            return false;
        }
    }
    int count = (int)node->names.count;
    return node->op == 1
               ? greffe__generate_op(g, GREFFE__OP_SLIDE, node->names.count, node, -count)
               : greffe__generate_with(g, GREFFE__OP_CONTEXT,
                                       greffe__generate_names(g, &node->names), node, 1 - count);
}

static bool generate_range(greffe__generator *g, const greffe__ast *node)
{
    uint32_t child = 0;
    bool low = (node->op & GREFFE__RANGE_NO_LOW) == 0;
    bool high = (node->op & GREFFE__RANGE_NO_HIGH) == 0;
    if (!(low ? greffe__generate(g, node->at[child++])
              : greffe__generate_constant(g, greffe__null(), node)) ||
        !(high ? greffe__generate(g, node->at[child])
               : greffe__generate_constant(g, greffe__null(), node))) {
        return false;
    }
    return greffe__generate_op(g, GREFFE__OP_RANGE, node->op, node, -1);
}

/* --- Iterations --- */

/* Lists one inside the other: item after item is at a place of its own. `loops` gets where each
 * loop stands. */
static bool open_loops(greffe__generator *g, const greffe__ast *node, uint32_t *loops,
                       uint32_t count)
{
    uint32_t place = g->height - 1; /* of what the loops make */
    for (uint32_t i = 0; i < count; i++) {
        if (!greffe__generate(g, node->at[i]) ||
            !greffe__generate_op(g, GREFFE__OP_ITERATE, place, node->at[i], 0) ||
            !greffe__generate_op(g, GREFFE__OP_BEGIN, 0, node->at[i], 1)) {
            return false;
        }
        loops[i] = greffe__generate_here(g);
        node->bound.at[i]->place = g->height;
        if (!greffe__generate_op(g, GREFFE__OP_LOOP, 0, node->at[i], 1)) {
            return false;
        }
    }
    return true;
}

static bool close_loops(greffe__generator *g, const greffe__ast *node, const uint32_t *loops,
                        uint32_t count)
{
    for (uint32_t i = count; i > 0; i--) {
        if (!greffe__generate_op(g, GREFFE__OP_NEXT, loops[i - 1], node, -1)) {
            return false;
        }
        greffe__generate_land(g, loops[i - 1]);
        if (!greffe__generate_op(g, GREFFE__OP_DROP, 2, node, -2)) {
            return false;
        }
    }
    return true;
}

static bool generate_for(greffe__generator *g, const greffe__ast *node)
{
    uint32_t loops[GREFFE_MAX_EXPR_DEPTH], count = node->names.count, place = g->height;
    if (count > GREFFE_MAX_EXPR_DEPTH) {
        (void)greffe__expr_fail(g->work, GREFFE__GR_EXPR_LIMIT, node->start, node->end, NULL,
                                "more than 64 lists are iterated at once");
        return false;
    }
    node->bound.at[count]->place = place; /* partial */
    return greffe__generate_op(g, GREFFE__OP_LIST, 0, node, 1) &&
           open_loops(g, node, loops, count) && greffe__generate(g, node->at[count]) &&
           greffe__generate_op(g, GREFFE__OP_APPEND, place, node, -1) &&
           close_loops(g, node, loops, count);
}

static bool generate_quantified(greffe__generator *g, const greffe__ast *node)
{
    uint32_t loops[GREFFE_MAX_EXPR_DEPTH], count = node->names.count, place = g->height;
    bool some = node->kind == GREFFE__AST_SOME;
    if (count > GREFFE_MAX_EXPR_DEPTH) {
        (void)greffe__expr_fail(g->work, GREFFE__GR_EXPR_LIMIT, node->start, node->end, NULL,
                                "more than 64 lists are iterated at once");
        return false;
    }
    if (!greffe__generate_constant(g, greffe__bool(!some), node) ||
        !open_loops(g, node, loops, count) || !greffe__generate(g, node->at[count]) ||
        !greffe__generate_op(g, some ? GREFFE__OP_SOME : GREFFE__OP_EVERY, place, node->at[count],
                             -1) ||
        !greffe__generate_op(g, GREFFE__OP_LOCAL, place, node, 1)) {
        return false;
    }
    uint32_t decided = greffe__generate_here(g);
    if (!greffe__generate_op(g, some ? GREFFE__OP_OR_JUMP : GREFFE__OP_AND_JUMP, 0, node, 0) ||
        !greffe__generate_op(g, GREFFE__OP_DROP, 1, node, -1) ||
        !close_loops(g, node, loops, count)) {
        return false;
    }
    greffe__generate_land(g, decided);
    return greffe__generate_op(g, GREFFE__OP_TOP, place + 1, node, 0);
}

static bool generate_filter(greffe__generator *g, const greffe__ast *node)
{
    uint32_t place = g->height, loop;
    const greffe__ast *condition = node->at[1];
    bool number = !condition->type.any && condition->type.kind == GREFFE__NUMBER;
    bool literal =
        condition->kind == GREFFE__AST_CONSTANT && condition->value.kind == GREFFE__NUMBER;
    bool negated =
        condition->kind == GREFFE__AST_NEGATE && condition->at[0]->kind == GREFFE__AST_CONSTANT;
    if (number || literal || negated) {
        return greffe__generate(g, node->at[0]) && greffe__generate(g, node->at[1]) &&
               greffe__generate_op(g, GREFFE__OP_INDEX, 0, node, -1);
    }
    if (!greffe__generate_op(g, GREFFE__OP_LIST, 0, node, 1) || !open_loops(g, node, &loop, 1) ||
        !greffe__generate(g, node->at[1]) ||
        !greffe__generate_op(g, GREFFE__OP_FILTER, place, node->at[1], -1)) {
        return false;
    }
    return close_loops(g, node, &loop, 1);
}

/* --- Functions --- */

static bool fill_lambda(greffe__generator *g, const greffe__ast *node, greffe__lambda *lambda)
{
    const greffe__type *types = node->params.items;
    for (uint32_t i = 0; i < node->names.count; i++) {
        greffe__str *name = greffe__arena_push(g->work->arena, &lambda->names, sizeof *name);
        greffe__value *type = greffe__arena_push(g->work->arena, &lambda->types, sizeof *type);
        if (name == NULL || type == NULL) {
            return greffe__generate_no_memory(g);
        }
        *name = node->names.at[i];
        *type = greffe__type_value(&types[i], g->work->arena);
    }
    greffe__value *result = greffe__arena_push(g->work->arena, &lambda->types, sizeof *result);
    if (result == NULL) {
        return greffe__generate_no_memory(g);
    }
    *result = greffe__type_value(&node->at[0]->type, g->work->arena);
    for (uint32_t i = 0; i < node->taken.count; i++) {
        uint32_t *taken = greffe__arena_push(g->work->arena, &lambda->taken, sizeof *taken);
        if (taken == NULL) {
            return greffe__generate_no_memory(g);
        }
        *taken = place_of(g, node->taken.at[i]);
    }
    return true;
}

static bool generate_function(greffe__generator *g, const greffe__ast *node)
{
    uint32_t skip = greffe__generate_here(g), height = g->height;
    const greffe__ast *outer = g->function;
    greffe__lambda lambda = {.from = skip + 1};
    if (!fill_lambda(g, node, &lambda) || !greffe__generate_op(g, GREFFE__OP_JUMP, 0, node, 0)) {
        return false;
    }
    g->function = node;
    g->level += 1;
    g->height = node->names.count + node->taken.count;
    for (uint32_t i = 0; i < node->bound.count; i++) {
        node->bound.at[i]->place = i;
    }
    bool good = greffe__generate(g, node->at[0]) &&
                greffe__generate_op(g, GREFFE__OP_RETURN, 0, node->at[0], -1);
    g->function = outer;
    g->level -= 1;
    g->height = height;
    greffe__lambda *place =
        good ? greffe__arena_push(g->work->arena, &g->program->lambdas, sizeof *place) : NULL;
    if (place == NULL) {
        return good ? greffe__generate_no_memory(g) : false;
    }
    *place = lambda;
    greffe__generate_land(g, skip);
    return greffe__generate_op(g, GREFFE__OP_CLOSURE, g->program->lambdas.count - 1, node, 1);
}

/* `not` of what is true or false, and nothing else, is no call. */
static bool is_plain_not(const greffe__generator *g, const greffe__ast *node)
{
    const greffe__type *type = &node->at[node->count - 1]->type;
    return !g->program->lenient && node->count == 2 && type->kind == GREFFE__BOOL && !type->any &&
           !type->optional && strcmp(greffe__function_at(node->function - 1)->name, "not") == 0;
}

static bool generate_call(greffe__generator *g, const greffe__ast *node)
{
    uint32_t count = node->count - 1;
    if (node->function == 0 && !greffe__generate(g, node->at[0])) {
        return false;
    }
    if (count > GREFFE__MAX_ARGUMENTS) {
        (void)greffe__expr_fail(g->work, GREFFE__GR_EXPR_LIMIT, node->start, node->end,
                                "put them into a list", "a call has more than 32 arguments");
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!greffe__generate(g, node->at[i + 1])) {
            return false;
        }
    }
    if (node->function != 0 && is_plain_not(g, node)) {
        return greffe__generate_op(g, GREFFE__OP_NOT, 0, node, 0);
    }
    if (node->function != 0) {
        return greffe__generate_op(g, GREFFE__OP_CALL, (node->function - 1) << 8 | count, node,
                                   1 - (int)count);
    }
    if (node->names.count > 0) {
        return greffe__generate_constant(g, greffe__generate_names(g, &node->names), node) &&
               greffe__generate_op(g, GREFFE__OP_CALL_NAMED, count, node, -(int)count - 1);
    }
    return greffe__generate_op(g, GREFFE__OP_CALL_VALUE, count, node, -(int)count);
}

/* --- The tree --- */

static bool generate_children(greffe__generator *g, const greffe__ast *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (!greffe__generate(g, node->at[i])) {
            return false;
        }
    }
    return true;
}

static bool generate_member(greffe__generator *g, const greffe__ast *node)
{
    if (node->symbol != NULL) {
        return push_symbol(g, node);
    }
    return greffe__generate(g, node->at[0]) &&
           greffe__generate_with(g, GREFFE__OP_MEMBER, greffe__string(node->text), node, 0);
}

static bool generate_kind(greffe__generator *g, greffe__ast *node)
{
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_NOTHING: return greffe__generate_constant(g, greffe__bool(true), node);
    case GREFFE__AST_CONSTANT: return greffe__generate_constant(g, node->value, node);
    case GREFFE__AST_NAME:
    case GREFFE__AST_INPUT: return generate_name(g, node);
    case GREFFE__AST_MEMBER: return generate_member(g, node);
    case GREFFE__AST_BINARY:
        return generate_children(g, node) &&
               greffe__generate_op(g, (greffe__op)node->op, 0, node, -1);
    case GREFFE__AST_NEGATE:
        return generate_children(g, node) && greffe__generate_op(g, GREFFE__OP_NEG, 0, node, 0);
    case GREFFE__AST_AND:
    case GREFFE__AST_OR: return generate_logic(g, node);
    case GREFFE__AST_IF: return generate_if(g, node);
    case GREFFE__AST_LIST: return generate_list(g, node);
    case GREFFE__AST_CONTEXT: return generate_context(g, node);
    case GREFFE__AST_RANGE: return generate_range(g, node);
    case GREFFE__AST_COUNTING:
        return generate_children(g, node) &&
               greffe__generate_op(g, GREFFE__OP_COUNTING, 0, node, -1);
    case GREFFE__AST_IN: return generate_in(g, node);
    case GREFFE__AST_BETWEEN: return generate_between(g, node);
    case GREFFE__AST_CALL: return generate_call(g, node);
    case GREFFE__AST_FILTER: return generate_filter(g, node);
    case GREFFE__AST_FOR: return generate_for(g, node);
    case GREFFE__AST_SOME:
    case GREFFE__AST_EVERY: return generate_quantified(g, node);
    case GREFFE__AST_FUNCTION: return generate_function(g, node);
    case GREFFE__AST_INSTANCE:
    case GREFFE__AST_CONFORM:
        return generate_children(g, node) &&
               greffe__generate_with(
                   g, node->kind == GREFFE__AST_INSTANCE ? GREFFE__OP_INSTANCE : GREFFE__OP_CONFORM,
                   greffe__type_value(node->wanted, g->work->arena), node, 0);
    case GREFFE__AST_TABLE: return greffe__generate_table(g, node);
    case GREFFE__AST_FAULT:
        return greffe__generate_with(g, GREFFE__OP_FAULT, greffe__string(node->text), node, 1);
    case GREFFE__AST_EQUALS: break;
    }
    return false;
}

bool greffe__generate(greffe__generator *g, greffe__ast *node)
{
    greffe__value value;
    if (node->fixed && node->kind != GREFFE__AST_CONSTANT && !g->folding) {
        if (greffe__fold(g, node, &value)) {
            return greffe__generate_constant(g, value, node);
        }
        if (g->work->failed) {
            return false;
        }
    }
    return generate_kind(g, node);
}

bool greffe__expr_generate(greffe__expr_work *work, greffe__ast *root, greffe__program *out)
{
    greffe__generator g = {.work = work, .program = out};
    return greffe__generate(&g, root) && greffe__generate_op(&g, GREFFE__OP_RETURN, 0, root, -1);
}
