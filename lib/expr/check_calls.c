/* Typing calls: of built-in functions, whose parameters are known, and of those that are values. */
#include <string.h>

#include "expr/check.h"

/* --- Calls --- */

bool greffe__check_fits(char letter, const greffe__type *type)
{
    greffe__value sample = {.kind = type->kind};
    bool null = type->kind == GREFFE__NULL;
    return type->any || greffe__argument_fits(letter, &sample) || (letter == 'x' && null);
}

static const char *mend_argument(char letter)
{
    switch (letter) {
    case 'n': return "it takes a number here";
    case 's': return "it takes a text here; string(…) makes one";
    case 'd': return "it takes a date here: @\"2026-01-31\"";
    case 't': return "it takes a date here, or a date and time";
    case 'b': return "it takes a condition here";
    case 'l': return "it takes a list here: [1, 2]";
    case 'c': return "it takes a context here: {name: value}";
    case 'f': return "it takes a function here: function(a, b) a < b";
    case 'm': return "it takes a number or a length here";
    default: return "it takes what can be compared here";
    }
}

static bool unknown_function(greffe__checker *c, greffe__ast *node, greffe__str name)
{
    greffe__str best = {"", 0};
    unsigned least = 4;
    for (uint32_t i = 0; i < greffe__function_count(); i++) {
        if (greffe__function_at(i) == NULL) {
            continue;
        }
        greffe__str candidate = greffe__str_of(greffe__function_at(i)->name);
        unsigned distance = greffe__str_distance(name, candidate, 3);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    greffe__str hint =
        greffe__str_format(c->work->arena, "did you mean %.*s?", (int)best.size, best.data);
    greffe__str message = greffe__str_format(c->work->arena, "there is no function '%.*s'",
                                             (int)name.size, name.data);
    if (c->lenient) {
        return greffe__check_no_value(c, GREFFE__GR_EXPR_FUNCTION, node, NULL, message.data);
    }
    const greffe__ast *callee = node->at[0];
    (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_FUNCTION, callee->start, callee->end,
                            best.size > 0 ? hint.data
                                          : "LANGUAGE.md lists them under 'Expressions'",
                            "%s", message.data);
    return false;
}

/* The form of a built-in function that these arguments are for; NULL: none. */
static const greffe__function *form_in(const greffe__ast *node, uint32_t first, bool in_order,
                                       uint32_t *number)
{
    const char *name = greffe__function_at(first)->name;
    for (uint32_t i = first;; i++) { /* the forms of a name stand one after the other */
        const greffe__function *function = greffe__function_at(i);
        uint32_t least, most, given = node->count - 1;
        if (function == NULL || strcmp(function->name, name) != 0) {
            return NULL;
        }
        greffe__function_bounds(function, &least, &most);
        bool matches = given >= least && given <= most;
        for (uint32_t j = 0; matches && j < node->names.count; j++) {
            int place = greffe__function_parameter(function, node->names.at[j]);
            matches = place >= 0 && (uint32_t)place < given && (!in_order || (uint32_t)place == j);
            for (uint32_t k = 0; matches && k < j; k++) {
                matches = !greffe__str_equal(node->names.at[k], node->names.at[j]);
            }
        }
        if (matches) {
            *number = i;
            return function;
        }
    }
}

/* Names that come in the order of a form's parameters say which form is meant. */
static const greffe__function *form_of(const greffe__ast *node, uint32_t first, uint32_t *number)
{
    const greffe__function *form = form_in(node, first, true, number);
    return form != NULL || node->names.count == 0 ? form : form_in(node, first, false, number);
}

static bool wrong_arguments(greffe__checker *c, greffe__ast *node, const greffe__function *function)
{
    uint32_t least, most;
    greffe__function_bounds(function, &least, &most);
    greffe__str message =
        greffe__str_format(c->work->arena,
                           node->names.count > 0 ? "%s has no parameters of these names"
                                                 : "%s takes %u to %u arguments, not %u",
                           function->name, least, most, node->count - 1);
    greffe__str hint =
        greffe__str_format(c->work->arena, "its parameters are: %s", function->parameters);
    return greffe__check_no_value(
        c, GREFFE__GR_EXPR_FUNCTION, node,
        node->names.count > 0 ? hint.data : "separate its arguments by a comma and a space",
        message.data);
}

/* Puts named arguments in the order of the parameters. */
static void arrange(greffe__ast *node, const greffe__function *function)
{
    greffe__ast *arranged[GREFFE__MAX_ARGUMENTS];
    uint32_t count = node->names.count;
    for (uint32_t i = 0; i < count; i++) {
        arranged[greffe__function_parameter(function, node->names.at[i])] = node->at[i + 1];
    }
    if (count > 0) {
        memcpy(node->at + 1, arranged, count * sizeof *arranged);
    }
    node->names.count = 0;
}

static char letter_at(const greffe__function *function, uint32_t index)
{
    size_t letters = strlen(function->arguments);
    return letters == 0 ? 'x' : function->arguments[index < letters ? index : letters - 1];
}

static greffe__type result_type(greffe__checker *c, const greffe__ast *node,
                                const greffe__function *function)
{
    static const struct {
        char letter;
        greffe__kind kind;
    } kinds[] = {{'n', GREFFE__NUMBER},   {'s', GREFFE__STRING},   {'b', GREFFE__BOOL},
                 {'d', GREFFE__DATE},     {'D', GREFFE__DATETIME}, {'T', GREFFE__TIME},
                 {'q', GREFFE__DURATION}, {'y', GREFFE__PERIOD},   {'l', GREFFE__LIST},
                 {'c', GREFFE__CONTEXT},  {'p', GREFFE__RANGE}};
    char letter = function->result[0];
    greffe__type type = greffe__any_type;
    const greffe__type *first = node->count > 1 ? &node->at[1]->type : &greffe__any_type;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        type = kinds[i].letter == letter ? greffe__check_type_of(kinds[i].kind) : type;
    }
    if (letter == '1') {
        type = *first;
    } else if (letter == 'i' && !first->any) {
        bool list = first->kind == GREFFE__LIST;
        type = !list ? *first : first->item != NULL ? *first->item : greffe__any_type;
    } else if (letter == 'L') {
        type = greffe__check_type_of(GREFFE__LIST);
        type.item = first->any                    ? NULL
                    : first->kind == GREFFE__LIST ? first->item
                                                  : greffe__check_keep(c, *first);
    }
    type.options = NULL;
    type.domain = NULL;
    type.optional = function->result[1] == '?';
    return type;
}

/* A text that a literal gives is read here: months or days is known only by it. */
static bool literal_type(greffe__checker *c, greffe__ast *node, const greffe__function *function)
{
    greffe__value parsed;
    if (strcmp(function->name, "duration") != 0 || node->at[1]->kind != GREFFE__AST_CONSTANT ||
        node->at[1]->value.kind != GREFFE__STRING || c->lenient) {
        return true;
    }
    if (!greffe__duration_parse(&parsed, node->at[1]->value.as.string)) {
        return greffe__check_problem(c, GREFFE__GR_EXPR_FUNCTION, node->at[1],
                                     "write P2M, P10D or PT36H", "this text is no duration");
    }
    node->type = greffe__check_type_of((greffe__kind)parsed.kind);
    return true;
}

static bool check_built_in(greffe__checker *c, greffe__ast *node, greffe__str name)
{
    uint32_t number;
    const greffe__function *named = greffe__check_function(c, name, &number);
    if (named == NULL) {
        return unknown_function(c, node, name);
    }
    const greffe__function *function = form_of(node, number, &number);
    if (function == NULL) {
        return wrong_arguments(c, node, named);
    }
    arrange(node, function);
    node->function = number + 1;
    for (uint32_t i = 1; i < node->count; i++) {
        greffe__ast *child = node->at[i];
        char letter = letter_at(function, i - 1);
        if (!greffe__check_node(c, child) || (letter != 'x' && !greffe__check_present(c, child))) {
            return false;
        }
        if (!c->lenient && !greffe__check_fits(letter, &child->type)) {
            (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_FUNCTION, child->start, child->end,
                                    mend_argument(letter), "%s does not take a %s here",
                                    function->name, greffe__check_words(c, &child->type));
            return false;
        }
    }
    node->type = result_type(c, node, function);
    return literal_type(c, node, function);
}

bool greffe__check_call(greffe__checker *c, greffe__ast *node)
{
    greffe__ast *callee = node->at[0];
    bool found = true;
    if (callee->kind == GREFFE__AST_NAME) {
        greffe__ast name = *callee;
        uint32_t number;
        if (!greffe__check_resolve(c, &name, &found)) {
            return false;
        }
        /* An item may have an entry of this name: what is built in is meant all the same. */
        bool only_items = name.variable == NULL && name.symbol == NULL;
        found = found && !(only_items && greffe__check_function(c, callee->text, &number) != NULL);
    }
    if (!found) {
        return check_built_in(c, node, callee->text);
    }
    if (!greffe__check_node(c, callee)) {
        return false;
    }
    for (uint32_t i = 1; i < node->count; i++) {
        if (!greffe__check_node(c, node->at[i])) {
            return false;
        }
    }
    const greffe__type *type = &callee->type;
    node->type = (greffe__type){.any = true};
    if (c->lenient || type->any) {
        return true;
    }
    if (type->kind != GREFFE__FUNCTION) {
        return greffe__check_problem(c, GREFFE__GR_EXPR_FUNCTION, callee,
                                     "put an operator before the '('",
                                     "this is no function, and cannot be called");
    }
    if (callee->function == 0 && type->item != NULL) {
        node->type = *type->item;
        if (type->count != node->count - 1) {
            (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_FUNCTION, node->start, node->end, NULL,
                                    "this function takes %u arguments, not %u", type->count,
                                    node->count - 1);
            return false;
        }
    }
    return true;
}
