/* Typing and compiling: every name resolved, every operation checked, before anything runs. */
#include <string.h>

#include "base/limits.h"
#include "expr/expr_priv.h"

#define PROGRAM_FIELD(key, type, member)                                                           \
    {                                                                                              \
        key, type, offsetof(greffe__program, member), #member, NULL, false                         \
    }
static const greffe__field program_fields[] = {
    PROGRAM_FIELD(1, GREFFE__F_STR, source),       PROGRAM_FIELD(2, GREFFE__F_U32S, code),
    PROGRAM_FIELD(3, GREFFE__F_VALUES, constants), PROGRAM_FIELD(4, GREFFE__F_U32S, slots),
    PROGRAM_FIELD(5, GREFFE__F_U32S, places),      PROGRAM_FIELD(6, GREFFE__F_U32, result),
    PROGRAM_FIELD(7, GREFFE__F_U32, depth),        PROGRAM_FIELD(8, GREFFE__F_BOOL, any),
};
const greffe__shape greffe__program_shape = {"program", sizeof(greffe__program), 8, program_fields};

/* --- Symbols --- */

void greffe__symbols_init(greffe__symbols *symbols, greffe__arena *arena)
{
    *symbols = (greffe__symbols){0};
    greffe__map_init(&symbols->index, arena);
}

bool greffe__symbols_add(greffe__symbols *symbols, greffe__str name, greffe__type type,
                         uint32_t slot)
{
    if (!greffe__map_add(&symbols->index, name, symbols->count)) {
        return false;
    }
    greffe__symbol *symbol = greffe__arena_push(symbols->index.arena, symbols, sizeof *symbol);
    if (symbol == NULL) {
        return false;
    }
    *symbol = (greffe__symbol){name, type, slot};
    return true;
}

const greffe__symbol *greffe__symbols_find(const greffe__symbols *symbols, greffe__str name)
{
    uint32_t index;
    return greffe__map_get(&symbols->index, name, &index) ? &symbols->at[index] : NULL;
}

/* --- Work --- */

enum { max_narrowed = 32 };

typedef struct compiler {
    greffe__expr_work work;
    const greffe__symbols *symbols;
    greffe__program *program;
    uint32_t stack;
    const greffe__symbol *narrowed[max_narrowed]; /* known not to be null here */
    uint32_t narrowed_count;
} compiler;

static bool problem(compiler *c, greffe__code code, const greffe__ast *node, const char *hint,
                    const char *message)
{
    (void)greffe__expr_fail(&c->work, code, node->start, node->end, hint, "%s", message);
    return false;
}

static greffe__type type_of(greffe__kind kind)
{
    return (greffe__type){.kind = (uint8_t)kind};
}

static const char *type_name(const greffe__type *type)
{
    return type->any ? "any value" : greffe__kind_name((greffe__kind)type->kind);
}

static bool numeric(const greffe__type *type)
{
    return type->any || type->kind == GREFFE__NUMBER;
}

/* --- Names --- */

static greffe__str nearest(const greffe__symbols *symbols, greffe__str name)
{
    greffe__str best = {"", 0};
    unsigned least = name.size < 4 ? 2 : 4;
    for (uint32_t i = 0; symbols->at != NULL && i < symbols->count; i++) {
        unsigned distance = greffe__str_distance(name, symbols->at[i].name, 3);
        if (distance < least) {
            least = distance;
            best = symbols->at[i].name;
        }
    }
    return best;
}

/* The whole dotted name of a chain of members that ends in a name, or an empty string. */
static greffe__str dotted(const compiler *c, const greffe__ast *node)
{
    const greffe__ast *root = node;
    while (root->kind == GREFFE__AST_MEMBER) {
        root = root->at[0];
    }
    if (root->kind != GREFFE__AST_NAME) {
        return (greffe__str){"", 0};
    }
    return (greffe__str){c->work.source.data + node->start, node->end - node->start};
}

static bool is_narrowed(const compiler *c, const greffe__symbol *symbol)
{
    for (uint32_t i = 0; i < c->narrowed_count; i++) {
        if (c->narrowed[i] == symbol) {
            return true;
        }
    }
    return false;
}

static bool type_name_node(compiler *c, greffe__ast *node)
{
    greffe__str name = dotted(c, node);
    node->symbol = name.size > 0 ? greffe__symbols_find(c->symbols, name) : NULL;
    if (node->symbol != NULL) {
        node->type = node->symbol->type;
        node->type.optional = node->type.optional && !is_narrowed(c, node->symbol);
        return true;
    }
    greffe__str near = nearest(c->symbols, name);
    greffe__str hint =
        greffe__str_format(c->work.arena, "did you mean %.*s?", (int)near.size, near.data);
    (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_NAME, node->start, node->end,
                            near.size > 0 ? hint.data : "texts are written in double quotes",
                            "'%.*s' is not known here", (int)name.size, name.data);
    return false;
}

static bool type_check(compiler *c, greffe__ast *node);

static bool type_member(compiler *c, greffe__ast *node)
{
    greffe__str name = dotted(c, node);
    if (name.size > 0 && greffe__symbols_find(c->symbols, name) != NULL) {
        return type_name_node(c, node);
    }
    greffe__ast *base = node->at[0];
    greffe__str owner = dotted(c, base);
    if (owner.size > 0 && greffe__symbols_find(c->symbols, owner) == NULL) {
        return type_name_node(c, node);
    }
    if (!type_check(c, base)) {
        return false;
    }
    static const char *const date_parts[] = {"year", "month", "day", "weekday"};
    bool dated = base->type.kind == GREFFE__DATE || base->type.kind == GREFFE__DATETIME;
    for (size_t i = 0; dated && i < 4; i++) {
        if (greffe__str_is(node->text, date_parts[i])) {
            node->type = type_of(GREFFE__NUMBER);
            return !base->type.optional ||
                   problem(c, GREFFE__GR_EXPR_OPTIONAL, base, "test it first: if x != null then …",
                           "this date may be absent");
        }
    }
    bool duration = base->type.kind == GREFFE__PERIOD &&
                    (greffe__str_is(node->text, "years") || greffe__str_is(node->text, "months"));
    duration =
        duration || (base->type.kind == GREFFE__DURATION && greffe__str_is(node->text, "days"));
    if (duration) {
        node->type = type_of(GREFFE__NUMBER);
        return true;
    }
    if (base->type.any || base->type.kind == GREFFE__CONTEXT) {
        node->type = (greffe__type){.any = true, .optional = true};
        return true;
    }
    const char *parts = dated ? "its parts are year, month, day, weekday"
                        : base->type.kind == GREFFE__PERIOD   ? "its parts are years, months"
                        : base->type.kind == GREFFE__DURATION ? "its part is days"
                                                              : "only dates and lengths have parts";
    (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_NAME, node->start, node->end, parts,
                            "a %s has no part '%.*s'", type_name(&base->type), (int)node->text.size,
                            node->text.data);
    return false;
}

/* --- Operations --- */

static bool present(compiler *c, const greffe__ast *node)
{
    if (!node->type.optional) {
        return true;
    }
    return problem(c, GREFFE__GR_EXPR_OPTIONAL, node, "test it first: if x != null then … else …",
                   "this may be absent, and then the calculation has no result");
}

static greffe__type sum_type(const greffe__type *a, const greffe__type *b, bool subtract, bool *ok)
{
    bool step = b->kind == GREFFE__PERIOD || b->kind == GREFFE__DURATION;
    *ok = true;
    if (a->any || b->any) {
        return (greffe__type){.any = true};
    }
    if (a->kind == b->kind &&
        (a->kind == GREFFE__NUMBER || a->kind == GREFFE__PERIOD || a->kind == GREFFE__DURATION ||
         (a->kind == GREFFE__STRING && !subtract))) {
        return type_of((greffe__kind)a->kind);
    }
    if (a->kind == GREFFE__DATE && b->kind == GREFFE__DATE && subtract) {
        return type_of(GREFFE__DURATION);
    }
    if ((a->kind == GREFFE__DATE || a->kind == GREFFE__DATETIME) && step) {
        return type_of((greffe__kind)a->kind);
    }
    *ok = false;
    return *a;
}

static const char *mend_operands(const greffe__ast *node)
{
    greffe__kind a = (greffe__kind)node->at[0]->type.kind, b = (greffe__kind)node->at[1]->type.kind;
    bool dated = a == GREFFE__DATE || b == GREFFE__DATE;
    bool numeral = a == GREFFE__NUMBER || b == GREFFE__NUMBER;
    bool text = a == GREFFE__STRING || b == GREFFE__STRING;
    bool sum = node->op == GREFFE__OP_ADD || node->op == GREFFE__OP_SUB;
    if (sum && dated && numeral) {
        return "to a date add a length: @\"P60D\" for days, @\"P2M\" for months";
    }
    if (sum && text && numeral) {
        return "string(…) makes a text of a number";
    }
    return dated ? "compare a date with a date: @\"2026-01-31\"" : "both must be of one type";
}

static bool operand_error(compiler *c, const greffe__ast *node)
{
    static const char *const names[] = {
        [GREFFE__OP_ADD] = "+", [GREFFE__OP_SUB] = "-",  [GREFFE__OP_MUL] = "*",
        [GREFFE__OP_DIV] = "/", [GREFFE__OP_POW] = "**", [GREFFE__OP_EQ] = "=",
        [GREFFE__OP_NE] = "!=", [GREFFE__OP_LT] = "<",   [GREFFE__OP_LE] = "<=",
        [GREFFE__OP_GT] = ">",  [GREFFE__OP_GE] = ">=",  [GREFFE__OP_IN] = "in",
    };
    (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_TYPE, node->start, node->end,
                            mend_operands(node), "'%s' does not take a %s and a %s",
                            names[node->op], type_name(&node->at[0]->type),
                            type_name(&node->at[1]->type));
    return false;
}

/* A choice compared with an option that it does not have. */
static bool check_option(compiler *c, const greffe__ast *choice, const greffe__ast *constant)
{
    const greffe__strs *options = choice->type.options;
    if (options == NULL || constant->kind != GREFFE__AST_CONSTANT ||
        constant->value.kind != GREFFE__STRING) {
        return true;
    }
    greffe__buf list;
    greffe__buf_init(&list, c->work.arena->context);
    bool known = false;
    for (uint32_t i = 0; i < options->count; i++) {
        known = known || greffe__str_equal(options->at[i], constant->value.as.string);
        greffe__buf_text(&list, i == 0 ? "its options are " : ", ");
        greffe__buf_str(&list, options->at[i]);
    }
    if (!known) {
        greffe__str hint = greffe__str_dup(c->work.arena, (greffe__str){list.data, list.size});
        (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_OPTION, constant->start, constant->end,
                                hint.data, "this choice never has the value \"%.*s\"",
                                (int)constant->value.as.string.size,
                                constant->value.as.string.data);
    }
    greffe__buf_free(&list);
    return known;
}

static bool type_equality(compiler *c, greffe__ast *node)
{
    const greffe__ast *a = node->at[0], *b = node->at[1];
    node->type = type_of(GREFFE__BOOL);
    bool null = a->type.kind == GREFFE__NULL || b->type.kind == GREFFE__NULL;
    if (!null && !a->type.any && !b->type.any && a->type.kind != b->type.kind) {
        return operand_error(c, node);
    }
    return check_option(c, a, b) && check_option(c, b, a);
}

static bool comparable(const greffe__type *type)
{
    return type->any || (type->kind >= GREFFE__NUMBER && type->kind <= GREFFE__PERIOD);
}

static bool type_binary(compiler *c, greffe__ast *node)
{
    if (!type_check(c, node->at[0]) || !type_check(c, node->at[1])) {
        return false;
    }
    const greffe__type *a = &node->at[0]->type, *b = &node->at[1]->type;
    if (node->op == GREFFE__OP_EQ || node->op == GREFFE__OP_NE) {
        return type_equality(c, node);
    }
    if (!present(c, node->at[0]) || !present(c, node->at[1])) {
        return false;
    }
    bool good = true;
    switch ((greffe__op)node->op) {
    case GREFFE__OP_ADD:
    case GREFFE__OP_SUB: node->type = sum_type(a, b, node->op == GREFFE__OP_SUB, &good); break;
    case GREFFE__OP_MUL:
    case GREFFE__OP_DIV:
    case GREFFE__OP_POW:
        node->type = type_of(GREFFE__NUMBER);
        good = numeric(a) && numeric(b);
        break;
    default:
        node->type = type_of(GREFFE__BOOL);
        good = comparable(a) && comparable(b) && (a->any || b->any || a->kind == b->kind);
        break;
    }
    return good || operand_error(c, node);
}

static bool type_in(compiler *c, greffe__ast *node)
{
    if (!type_check(c, node->at[0]) || !type_check(c, node->at[1]) || !present(c, node->at[0])) {
        return false;
    }
    node->type = type_of(GREFFE__BOOL);
    const greffe__ast *right = node->at[1];
    if (!right->type.any && right->type.kind != GREFFE__LIST && right->type.kind != GREFFE__RANGE) {
        return operand_error(c, node);
    }
    for (uint32_t i = 0; i < right->count; i++) {
        const greffe__type *item = &right->at[i]->type;
        if (!item->any && !node->at[0]->type.any && item->kind != node->at[0]->type.kind) {
            return problem(c, GREFFE__GR_EXPR_TYPE, right->at[i], NULL,
                           "this is of another kind than what is looked for");
        }
        if (!check_option(c, node->at[0], right->at[i])) {
            return false;
        }
    }
    return true;
}

static bool boolean(compiler *c, const greffe__ast *node)
{
    if (!node->type.any && node->type.kind != GREFFE__BOOL) {
        (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_TYPE, node->start, node->end,
                                "a condition is true or false", "a condition stands here, not a %s",
                                type_name(&node->type));
        return false;
    }
    return present(c, node);
}

/* `x != null` makes x present where it holds, and `x = null` where it does not: what follows when
 * the condition is `held`. Returns how many names to forget again. */
static uint32_t narrow(compiler *c, const greffe__ast *node, bool held)
{
    if (node->kind == (held ? GREFFE__AST_AND : GREFFE__AST_OR)) {
        return narrow(c, node->at[0], held) + narrow(c, node->at[1], held);
    }
    if (node->kind != GREFFE__AST_BINARY ||
        node->op != (held ? (uint32_t)GREFFE__OP_NE : (uint32_t)GREFFE__OP_EQ)) {
        return 0;
    }
    const greffe__ast *tested = node->at[1]->type.kind == GREFFE__NULL ? node->at[0] : node->at[1];
    const greffe__ast *other = tested == node->at[0] ? node->at[1] : node->at[0];
    bool with_null = other->kind == GREFFE__AST_CONSTANT && other->value.kind == GREFFE__NULL;
    if (tested->symbol == NULL || !with_null || c->narrowed_count == max_narrowed) {
        return 0;
    }
    c->narrowed[c->narrowed_count++] = tested->symbol;
    return 1;
}

/* The type of either branch. */
static bool unite(compiler *c, greffe__ast *node, const greffe__ast *a, const greffe__ast *b)
{
    bool a_null = !a->type.any && a->type.kind == GREFFE__NULL;
    bool b_null = !b->type.any && b->type.kind == GREFFE__NULL;
    if (a->type.any || b->type.any) {
        node->type = (greffe__type){.any = true};
    } else if (!a_null && !b_null && a->type.kind != b->type.kind) {
        (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_TYPE, node->start, node->end,
                                "give the same type after 'then' and after 'else'",
                                "one branch gives a %s, the other a %s", type_name(&a->type),
                                type_name(&b->type));
        return false;
    } else {
        node->type = a_null ? b->type : a->type;
    }
    node->type.options = NULL;
    node->type.optional = a_null || b_null || a->type.optional || b->type.optional;
    return true;
}

static bool type_if(compiler *c, greffe__ast *node)
{
    if (!type_check(c, node->at[0]) || !boolean(c, node->at[0])) {
        return false;
    }
    uint32_t added = narrow(c, node->at[0], true);
    bool good = type_check(c, node->at[1]);
    c->narrowed_count -= added;
    added = narrow(c, node->at[0], false);
    good = good && type_check(c, node->at[2]);
    c->narrowed_count -= added;
    return good && unite(c, node, node->at[1], node->at[2]);
}

static bool type_logic(compiler *c, greffe__ast *node)
{
    if (!type_check(c, node->at[0]) || !boolean(c, node->at[0])) {
        return false;
    }
    /* The right side is looked at only when the left one holds, or only when it does not. */
    uint32_t added = narrow(c, node->at[0], node->kind == GREFFE__AST_AND);
    bool good = type_check(c, node->at[1]) && boolean(c, node->at[1]);
    c->narrowed_count -= added;
    node->type = type_of(GREFFE__BOOL);
    return good;
}

static bool fits(char letter, const greffe__type *type)
{
    if (type->any) {
        return true;
    }
    switch (letter) {
    case 'n': return type->kind == GREFFE__NUMBER;
    case 's': return type->kind == GREFFE__STRING;
    case 'd': return type->kind == GREFFE__DATE;
    case 'b': return type->kind == GREFFE__BOOL;
    case 'l': return type->kind == GREFFE__LIST;
    case 'm':
        return type->kind == GREFFE__NUMBER || type->kind == GREFFE__PERIOD ||
               type->kind == GREFFE__DURATION;
    case 'c': return type->kind != GREFFE__CONTEXT && type->kind != GREFFE__RANGE;
    default: return true;
    }
}

static const char *mend_argument(char letter)
{
    switch (letter) {
    case 'n': return "it takes a number here";
    case 's': return "it takes a text here; string(…) makes one";
    case 'd': return "it takes a date here: @\"2026-01-31\"";
    case 'b': return "it takes a condition here";
    case 'l': return "it takes a list here: [1, 2]";
    case 'm': return "it takes a number or a length here";
    default: return "it takes what can be compared here";
    }
}

static bool type_call(compiler *c, greffe__ast *node)
{
    const greffe__function *function = greffe__function_at(node->function);
    if (node->count < function->least || node->count > function->most) {
        (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_FUNCTION, node->start, node->end,
                                "separate its arguments by a comma and a space",
                                "%s takes %u to %u arguments, not %u", function->name,
                                function->least, function->most, node->count);
        return false;
    }
    size_t letters = strlen(function->arguments);
    for (uint32_t i = 0; i < node->count; i++) {
        greffe__ast *child = node->at[i];
        if (!type_check(c, child) || !present(c, child)) {
            return false;
        }
        char letter = function->arguments[i < letters ? i : letters - 1];
        if (!fits(letter, &child->type)) {
            (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_FUNCTION, child->start, child->end,
                                    mend_argument(letter), "%s does not take a %s here",
                                    function->name, type_name(&child->type));
            return false;
        }
    }
    node->type = type_of((greffe__kind)function->result);
    if (function->result == GREFFE__NULL) {
        node->type = node->count > 0 ? node->at[0]->type : node->type;
        node->type.options = NULL;
        if (node->type.kind == GREFFE__LIST) {
            node->type = node->type.item != NULL ? *node->type.item : (greffe__type){.any = true};
        } else if (node->type.kind == GREFFE__STRING && strcmp(function->name, "duration") == 0) {
            node->type = (greffe__type){.any = true}; /* months or days: known only by its text */
            greffe__value parsed;
            if (node->at[0]->kind == GREFFE__AST_CONSTANT) {
                if (!greffe__duration_parse(&parsed, node->at[0]->value.as.string)) {
                    return problem(c, GREFFE__GR_EXPR_FUNCTION, node->at[0],
                                   "write P2M, P10D or PT36H", "this text is no duration");
                }
                node->type = type_of((greffe__kind)parsed.kind);
            }
        }
    }
    return true;
}

static bool type_list(compiler *c, greffe__ast *node)
{
    greffe__type *item = NULL;
    for (uint32_t i = 0; i < node->count; i++) {
        if (!type_check(c, node->at[i])) {
            return false;
        }
        bool same = i == 0 || (item != NULL && item->kind == node->at[i]->type.kind);
        item = same ? &node->at[i]->type : NULL;
    }
    node->type = type_of(node->kind == GREFFE__AST_LIST    ? GREFFE__LIST
                         : node->kind == GREFFE__AST_RANGE ? GREFFE__RANGE
                                                           : GREFFE__CONTEXT);
    node->type.item = node->kind == GREFFE__AST_LIST ? item : NULL;
    return true;
}

static bool type_check(compiler *c, greffe__ast *node)
{
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_CONSTANT:
        node->type = type_of((greffe__kind)node->value.kind);
        node->type.optional = node->value.kind == GREFFE__NULL;
        return true;
    case GREFFE__AST_NAME: return type_name_node(c, node);
    case GREFFE__AST_MEMBER: return type_member(c, node);
    case GREFFE__AST_BINARY: return type_binary(c, node);
    case GREFFE__AST_NEGATE:
        if (!type_check(c, node->at[0]) || !present(c, node->at[0])) {
            return false;
        }
        node->type = node->at[0]->type;
        return fits('m', &node->type) || problem(c, GREFFE__GR_EXPR_TYPE, node, NULL,
                                                 "only numbers and durations have a sign");
    case GREFFE__AST_AND:
    case GREFFE__AST_OR: return type_logic(c, node);
    case GREFFE__AST_IF: return type_if(c, node);
    case GREFFE__AST_LIST:
    case GREFFE__AST_CONTEXT:
    case GREFFE__AST_RANGE: return type_list(c, node);
    case GREFFE__AST_IN: return type_in(c, node);
    case GREFFE__AST_CALL: return type_call(c, node);
    }
    return false;
}

/* --- Code --- */

static bool emit(compiler *c, greffe__op op, uint32_t operand, const greffe__ast *node, int pushes)
{
    uint32_t *word = greffe__arena_push(c->work.arena, &c->program->code, sizeof *word);
    uint32_t *place = greffe__arena_push(c->work.arena, &c->program->places, sizeof *place);
    if (word == NULL || place == NULL || operand > 0xFFFFFF) {
        c->work.failed = true;
        return false;
    }
    *word = operand << 8 | (uint32_t)op;
    *place = node->start << 16 | (node->end & 0xFFFF);
    c->stack = (uint32_t)((int)c->stack + pushes);
    c->program->depth = c->stack > c->program->depth ? c->stack : c->program->depth;
    if (c->stack >= GREFFE_MAX_EXPR_STACK) {
        return problem(c, GREFFE__GR_EXPR_LIMIT, node, NULL,
                       "the expression needs more than 256 values at once");
    }
    return true;
}

static bool constant(compiler *c, greffe__value value, uint32_t *index)
{
    greffe__value *place = greffe__arena_push(c->work.arena, &c->program->constants, sizeof *place);
    if (place == NULL) {
        c->work.failed = true;
        return false;
    }
    *place = value;
    *index = c->program->constants.count - 1;
    return true;
}

static bool use_slot(compiler *c, uint32_t slot)
{
    greffe__u32s *slots = &c->program->slots;
    uint32_t at = 0;
    while (at < slots->count && slots->at[at] < slot) {
        at += 1;
    }
    if (at < slots->count && slots->at[at] == slot) {
        return true;
    }
    if (greffe__arena_push(c->work.arena, slots, sizeof slot) == NULL) {
        c->work.failed = true;
        return false;
    }
    for (uint32_t i = slots->count - 1; i > at; i--) {
        slots->at[i] = slots->at[i - 1];
    }
    slots->at[at] = slot;
    return true;
}

static bool generate(compiler *c, const greffe__ast *node);

static bool children(compiler *c, const greffe__ast *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        uint32_t index;
        if (node->kind == GREFFE__AST_CONTEXT &&
            (!constant(c, greffe__string(node->names.at[i]), &index) ||
             !emit(c, GREFFE__OP_CONST, index, node, 1))) {
            return false;
        }
        if (!generate(c, node->at[i])) {
            return false;
        }
    }
    return true;
}

static void patch(compiler *c, uint32_t at)
{
    greffe__u32s *code = &c->program->code;
    code->at[at] = code->count << 8 | (code->at[at] & 0xFF);
}

static bool generate_logic(compiler *c, const greffe__ast *node)
{
    greffe__op op = node->kind == GREFFE__AST_AND ? GREFFE__OP_AND_JUMP : GREFFE__OP_OR_JUMP;
    if (!generate(c, node->at[0]) || !emit(c, op, 0, node->at[0], -1)) {
        return false;
    }
    uint32_t jump = c->program->code.count - 1;
    if (!generate(c, node->at[1]) || !emit(c, GREFFE__OP_CHECK_BOOL, 0, node->at[1], 0)) {
        return false;
    }
    patch(c, jump);
    return true;
}

static bool generate_if(compiler *c, const greffe__ast *node)
{
    if (!generate(c, node->at[0]) || !emit(c, GREFFE__OP_JUMP_IF_FALSE, 0, node->at[0], -1)) {
        return false;
    }
    uint32_t skip = c->program->code.count - 1;
    if (!generate(c, node->at[1]) || !emit(c, GREFFE__OP_JUMP, 0, node, -1)) {
        return false;
    }
    uint32_t end = c->program->code.count - 1;
    patch(c, skip);
    if (!generate(c, node->at[2])) {
        return false;
    }
    patch(c, end);
    return true;
}

static bool generate(compiler *c, const greffe__ast *node)
{
    uint32_t index;
    if (node->symbol != NULL) {
        return use_slot(c, node->symbol->slot) &&
               emit(c, GREFFE__OP_LOAD, node->symbol->slot, node, 1);
    }
    int count = (int)node->count;
    switch ((greffe__ast_kind)node->kind) {
    case GREFFE__AST_CONSTANT:
        return constant(c, node->value, &index) && emit(c, GREFFE__OP_CONST, index, node, 1);
    case GREFFE__AST_MEMBER:
        return generate(c, node->at[0]) && constant(c, greffe__string(node->text), &index) &&
               emit(c, GREFFE__OP_MEMBER, index, node, 0);
    case GREFFE__AST_BINARY:
    case GREFFE__AST_IN: return children(c, node) && emit(c, (greffe__op)node->op, 0, node, -1);
    case GREFFE__AST_NEGATE: return children(c, node) && emit(c, GREFFE__OP_NEG, 0, node, 0);
    case GREFFE__AST_AND:
    case GREFFE__AST_OR: return generate_logic(c, node);
    case GREFFE__AST_IF: return generate_if(c, node);
    case GREFFE__AST_LIST:
        return children(c, node) && emit(c, GREFFE__OP_LIST, node->count, node, 1 - count);
    case GREFFE__AST_CONTEXT:
        return children(c, node) && emit(c, GREFFE__OP_CONTEXT, node->count, node, 1 - 2 * count);
    case GREFFE__AST_RANGE:
        return children(c, node) && emit(c, GREFFE__OP_RANGE, node->op, node, -1);
    case GREFFE__AST_CALL:
        return children(c, node) &&
               emit(c, GREFFE__OP_CALL, node->function << 8 | node->count, node, 1 - count);
    case GREFFE__AST_NAME: break;
    }
    return false;
}

/* --- Door --- */

static const char *mend_result(const greffe__type *wanted)
{
    switch ((greffe__kind)wanted->kind) {
    case GREFFE__BOOL: return "compare it with something: achat.prix > 100";
    case GREFFE__STRING: return "string(…) makes a text";
    case GREFFE__DATE: return "name a date, or write @\"2026-01-31\"";
    case GREFFE__LIST: return "name a field that holds a list, or write [1, 2]";
    default: return "name a field or a value of this type";
    }
}

static bool check_wanted(compiler *c, const greffe__ast *root, const greffe__type *wanted)
{
    if (wanted == NULL || wanted->any || root->type.any) {
        return wanted == NULL || wanted->optional || present(c, root);
    }
    if (root->type.kind != wanted->kind) {
        (void)greffe__expr_fail(&c->work, GREFFE__GR_EXPR_RESULT, root->start, root->end,
                                mend_result(wanted), "this gives a %s, where a %s is needed",
                                type_name(&root->type), type_name(wanted));
        return false;
    }
    return wanted->optional || present(c, root);
}

greffe_status greffe__expr_compile(greffe__program *out, greffe__type *type,
                                   greffe__expr_error *error, greffe__arena *arena,
                                   const greffe__symbols *symbols, greffe__str source,
                                   const greffe__type *wanted)
{
    *error = (greffe__expr_error){0};
    compiler c = {.work = {.arena = arena, .source = source, .error = error},
                  .symbols = symbols,
                  .program = out};
    *out = (greffe__program){.source = source};
    greffe__ast *root = greffe__expr_parse(&c.work);
    bool good = root != NULL && type_check(&c, root) && check_wanted(&c, root, wanted) &&
                generate(&c, root);
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
