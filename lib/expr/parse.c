/* FEEL's grammar: from tokens to a syntax tree, by recursive descent within a depth. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "expr/parse.h"

static greffe__str text_of(const greffe__parser *p)
{
    return greffe__lex_text(p);
}

static bool is(const greffe__parser *p, const char *symbol)
{
    return greffe__lex_is(p, symbol);
}

/* --- Faults --- */

/* What the author may have meant where something else should stand. */
static const char *likely_mend(const greffe__parser *p, greffe__str text, const char *wanted)
{
    static const struct {
        const char *wanted, *mend;
    } by_place[] = {
        {"'then'", "write: if condition then value else value"},
        {"'else'", "write: if condition then value else value"},
        {"'return'", "write: for x in list return value"},
        {"'satisfies'", "write: some x in list satisfies condition"},
        {"'in'", "write: for x in list return value"},
        {"a value", "write a number, a text in double quotes, or a name"},
        {"the end of the expression", "put an operator between two values: + - * / = and or"},
    };
    char first = text.size > 0 ? text.data[0] : '\0';
    switch (first) {
    case '\'': return "texts are written in double quotes: \"cargo\"";
    case '&': return "write 'and'";
    case '|': return "write 'or'";
    case '!': return "write 'not(…)', or != to compare";
    case '=': return "one '=' compares: achat.prix = 100";
    default: break;
    }
    for (size_t i = 0; i < sizeof by_place / sizeof *by_place; i++) {
        if (strcmp(by_place[i].wanted, wanted) == 0) {
            return by_place[i].mend;
        }
    }
    return greffe__str_format(p->work->arena, "add %s", wanted).data;
}

void *greffe__parse_unexpected(greffe__parser *p, const char *wanted)
{
    if (p->kind == GREFFE__T_END) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                 likely_mend(p, (greffe__str){"", 0}, wanted),
                                 "the expression ends where %s should stand", wanted);
    }
    greffe__str text = text_of(p);
    const char *hint = likely_mend(p, text, wanted);
    return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop, hint,
                             "'%.*s' stands where %s should", (int)text.size, text.data, wanted);
}

bool greffe__parse_expect(greffe__parser *p, const char *symbol)
{
    if (!greffe__lex_take(p, symbol)) {
        char wanted[8];
        (void)snprintf(wanted, sizeof wanted, "'%s'", symbol);
        (void)greffe__parse_unexpected(p, wanted);
        return false;
    }
    return true;
}

static bool expect_word(greffe__parser *p, greffe__word word)
{
    if (p->word != word) {
        char wanted[16];
        (void)snprintf(wanted, sizeof wanted, "'%s'", greffe__lex_word_text(word));
        (void)greffe__parse_unexpected(p, wanted);
        return false;
    }
    greffe__lex_next(p);
    return true;
}

bool greffe__parse_deeper(greffe__parser *p)
{
    if (++p->depth > GREFFE_MAX_EXPR_DEPTH) {
        (void)greffe__expr_fail(p->work, GREFFE__GR_EXPR_LIMIT, p->start, p->stop,
                                "take a part out, and give it a name under 'values'",
                                "the expression is nested deeper than 64 levels");
        return false;
    }
    return true;
}

/* --- Trees --- */

greffe__ast *greffe__parse_make(greffe__parser *p, greffe__ast_kind kind, uint32_t start)
{
    greffe__ast *node = greffe__arena_zalloc(p->work->arena, sizeof *node);
    if (node == NULL) {
        p->work->failed = true;
        return NULL;
    }
    node->kind = (uint8_t)kind;
    node->start = start;
    node->end = p->stop;
    node->at = node->two;
    node->capacity = sizeof node->two / sizeof *node->two;
    return node;
}

bool greffe__parse_adopt(greffe__parser *p, greffe__ast *node, greffe__ast *child)
{
    greffe__ast **place = NULL;
    if (node != NULL && child != NULL) {
        place = node->count < node->capacity
                    ? &node->at[node->count++]
                    : greffe__arena_push(p->work->arena, &node->at, sizeof *place);
    }
    if (place == NULL) {
        p->work->failed = true;
        return false;
    }
    *place = child;
    node->end = child->end > node->end ? child->end : node->end;
    return true;
}

bool greffe__parse_add_name(greffe__parser *p, greffe__ast *node, greffe__str name)
{
    greffe__str *place = greffe__arena_push(p->work->arena, &node->names, sizeof *place);
    if (place == NULL) {
        p->work->failed = true;
        return false;
    }
    *place = name;
    return true;
}

static greffe__ast *with_two(greffe__parser *p, greffe__ast_kind kind, uint32_t op,
                             greffe__ast *left, greffe__ast *right)
{
    if (left == NULL || right == NULL) {
        return NULL;
    }
    greffe__ast *node = greffe__parse_make(p, kind, left->start);
    if (!greffe__parse_adopt(p, node, left) || !greffe__parse_adopt(p, node, right)) {
        return NULL;
    }
    node->op = (uint8_t)op;
    node->end = right->end;
    return node;
}

static greffe__ast *sum(greffe__parser *p);

/* --- Literals --- */

static greffe__ast *constant(greffe__parser *p, greffe__value value)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_CONSTANT, p->start);
    if (node != NULL) {
        node->value = value;
    }
    greffe__lex_next(p);
    return node;
}

/* What names a zone is known only where zones are: when it runs. */
static greffe__ast *temporal(greffe__parser *p, greffe__str text)
{
    greffe__value value;
    greffe__eval nowhere = {0};
    if (greffe__temporal_parse(&value, text, &nowhere, p->work->arena)) {
        return constant(p, value);
    }
    if (memchr(text.data, '@', text.size) == NULL && !p->work->symbols->lenient) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                 "write @\"2020-05-04\", @\"P2M\", @\"PT36H\" or "
                                 "@\"2020-05-04T10:00:00Z\"",
                                 "this is no date, duration or instant");
    }
    greffe__ast *call = greffe__parse_make(p, GREFFE__AST_CALL, p->start);
    greffe__ast *name = greffe__parse_make(p, GREFFE__AST_NAME, p->start);
    if (call == NULL || name == NULL) {
        return NULL;
    }
    name->text = greffe__str_of("@");
    return greffe__parse_adopt(p, call, name) &&
                   greffe__parse_adopt(p, call, constant(p, greffe__string(text)))
               ? call
               : NULL;
}

static greffe__ast *literal(greffe__parser *p)
{
    greffe__dec number;
    greffe__str text;
    if (p->kind == GREFFE__T_NUMBER) {
        if (!greffe__dec_parse(&number, text_of(p))) {
            return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                     "numbers have 34 digits and exponents from -6143 to 6144",
                                     "this number is outside the range of decimal numbers");
        }
        return constant(p, greffe__number(number));
    }
    bool dated = p->kind == GREFFE__T_TEMPORAL;
    if (!greffe__lex_string(p, &text)) {
        return NULL;
    }
    return dated ? temporal(p, text) : constant(p, greffe__string(text));
}

/* --- Names and calls --- */

static greffe__ast *name(greffe__parser *p)
{
    if (p->word == GREFFE__W_TRUE || p->word == GREFFE__W_FALSE) {
        return constant(p, greffe__bool(p->word == GREFFE__W_TRUE));
    }
    if (p->word == GREFFE__W_NULL) {
        return constant(p, greffe__null());
    }
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_NAME, p->start);
    if (node == NULL) {
        return NULL;
    }
    node->text = p->name;
    greffe__lex_next(p);
    return node;
}

static greffe__ast *call(greffe__parser *p, greffe__ast *function)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_CALL, function->start);
    if (!greffe__parse_adopt(p, node, function) || !greffe__parse_expect(p, "(")) {
        return NULL;
    }
    while (!is(p, ")")) {
        greffe__str parameter;
        if (node->count > 1 && !greffe__parse_expect(p, ",")) {
            return NULL;
        }
        bool named = p->colons && greffe__lex_name(p, ":", "", &parameter);
        if (named &&
            (!greffe__parse_expect(p, ":") || !greffe__parse_add_name(p, node, parameter))) {
            return NULL;
        }
        if (!greffe__parse_adopt(p, node, greffe__parse_expression(p))) {
            return NULL;
        }
        if (node->names.count != 0 && node->names.count != node->count - 1) {
            return greffe__expr_fail(p->work, GREFFE__GR_EXPR_FUNCTION,
                                     node->at[node->count - 1]->start,
                                     node->at[node->count - 1]->end, "name all of them, or none",
                                     "some arguments have names, and some have none");
        }
    }
    node->end = p->stop;
    greffe__lex_next(p);
    return node;
}

/* --- Brackets --- */

static bool closes_range(const greffe__parser *p)
{
    return is(p, "]") || is(p, ")") || is(p, "[");
}

/* Whether a '[' after the upper end of a range closes it: what follows begins no filter. */
static bool bracket_closes(const greffe__parser *p)
{
    greffe__parser ahead = *p;
    if (!p->range || !is(p, "[")) {
        return false;
    }
    greffe__lex_next(&ahead);
    switch (ahead.word) {
    case GREFFE__W_AND:
    case GREFFE__W_OR:
    case GREFFE__W_THEN:
    case GREFFE__W_ELSE:
    case GREFFE__W_RETURN:
    case GREFFE__W_SATISFIES:
    case GREFFE__W_IN:
    case GREFFE__W_BETWEEN: return true;
    default:
        return ahead.kind == GREFFE__T_END ||
               (ahead.kind == GREFFE__T_SYMBOL && strchr(")],}=!<>+*/.:", ahead.symbol[0]));
    }
}

static greffe__ast *range_end(greffe__parser *p, greffe__ast *range, bool low_closed)
{
    bool before = p->range;
    p->range = true;
    bool good = range != NULL && greffe__parse_adopt(p, range, sum(p));
    p->range = before;
    if (!good) {
        return NULL;
    }
    if (!closes_range(p)) {
        return greffe__parse_unexpected(p, "']' or ')'");
    }
    range->op = (uint8_t)((low_closed ? GREFFE__RANGE_LOW_CLOSED : 0) |
                          (is(p, "]") ? GREFFE__RANGE_HIGH_CLOSED : 0));
    range->end = p->stop;
    greffe__lex_next(p);
    return range;
}

bool greffe__parse_begins_test(const greffe__parser *p)
{
    char first = p->symbol[0];
    return first == '<' || first == '>' || first == '=' || (first == '!' && p->symbol[1] == '=');
}

/* < 5 is the range of what is less; = 5 and != 5 are tests. */
greffe__ast *greffe__parse_comparison(greffe__parser *p)
{
    uint32_t start = p->start;
    bool less = p->symbol[0] == '<', equal = p->symbol[1] == '=';
    bool range = less || p->symbol[0] == '>';
    greffe__ast *node =
        greffe__parse_make(p, range ? GREFFE__AST_RANGE : GREFFE__AST_EQUALS, start);
    uint8_t op = 0;
    if (!range) {
        op = p->symbol[0] == '=' ? GREFFE__OP_EQ : GREFFE__OP_NE;
    } else if (less) {
        op = (uint8_t)(GREFFE__RANGE_NO_LOW | (equal ? GREFFE__RANGE_HIGH_CLOSED : 0));
    } else {
        op = (uint8_t)(GREFFE__RANGE_NO_HIGH | (equal ? GREFFE__RANGE_LOW_CLOSED : 0));
    }
    greffe__lex_next(p);
    if (!greffe__parse_adopt(p, node, sum(p))) {
        return NULL;
    }
    node->op = op;
    return node;
}

/* [a, b] is a list; [a..b] a range, whose open end is written ) or [. */
static greffe__ast *bracket(greffe__parser *p)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_LIST, p->start);
    bool closed = is(p, "[");
    greffe__lex_next(p);
    while (node != NULL && !is(p, "]")) {
        if (node->count > 0 && !greffe__parse_expect(p, ",")) {
            return NULL;
        }
        greffe__ast *item = greffe__parse_begins_test(p) ? greffe__parse_comparison(p)
                                                         : greffe__parse_expression(p);
        if (!greffe__parse_adopt(p, node, item)) {
            return NULL;
        }
        if (node->count == 1 && greffe__lex_take(p, "..")) {
            node->kind = GREFFE__AST_RANGE;
            return range_end(p, node, closed);
        }
        if (!closed) {
            return greffe__parse_unexpected(p, "'..'");
        }
    }
    if (node != NULL) {
        node->end = p->stop;
        greffe__lex_next(p);
    }
    return node;
}

static greffe__ast *parenthesised(greffe__parser *p)
{
    uint32_t start = p->start;
    greffe__lex_next(p);
    greffe__ast *inner =
        greffe__parse_begins_test(p) ? greffe__parse_comparison(p) : greffe__parse_expression(p);
    if (inner != NULL && greffe__lex_take(p, "..")) { /* (a..b] */
        greffe__ast *node = greffe__parse_make(p, GREFFE__AST_RANGE, start);
        return greffe__parse_adopt(p, node, inner) ? range_end(p, node, false) : NULL;
    }
    uint32_t stop = p->stop;
    if (inner == NULL || !greffe__parse_expect(p, ")")) {
        return NULL;
    }
    if (inner->kind != GREFFE__AST_NAME && inner->kind != GREFFE__AST_MEMBER) {
        inner->start = start; /* what is shown has its parentheses */
        inner->end = stop;
    }
    return inner;
}

/* Names that later texts may use as one word. */
bool greffe__parse_declare(greffe__parser *p, greffe__str name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80 ||
                     (c >= '0' && c <= '9');
        if (!plain) {
            greffe__str *place = greffe__arena_push(p->work->arena, &p->spaced, sizeof *place);
            if (place == NULL) {
                p->work->failed = true;
                return false;
            }
            *place = name;
            return true;
        }
    }
    return true;
}

static bool context_key(greffe__parser *p, greffe__str *key)
{
    if (p->kind == GREFFE__T_STRING) {
        if (!greffe__lex_string(p, key) || !greffe__parse_declare(p, *key)) {
            return false;
        }
        greffe__lex_next(p);
        return true;
    }
    if (!greffe__lex_name(p, ":", "", key)) {
        (void)greffe__parse_unexpected(p, "a name and ':'");
        return false;
    }
    return true;
}

static greffe__ast *context(greffe__parser *p)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_CONTEXT, p->start);
    greffe__lex_next(p);
    while (node != NULL && !is(p, "}")) {
        greffe__str key;
        if (node->count > 0 && !greffe__parse_expect(p, ",")) {
            return NULL;
        }
        uint32_t start = p->start, stop = p->stop;
        if (!context_key(p, &key)) {
            return NULL;
        }
        for (uint32_t i = 0; i < node->names.count; i++) {
            if (greffe__str_equal(node->names.at[i], key)) {
                return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, start, stop,
                                         "give each entry a name of its own",
                                         "the name '%.*s' stands twice in this context",
                                         (int)key.size, key.data);
            }
        }
        if (!greffe__parse_add_name(p, node, key) || !greffe__parse_expect(p, ":") ||
            !greffe__parse_adopt(p, node, greffe__parse_expression(p))) {
            return NULL;
        }
    }
    if (node != NULL) {
        node->end = p->stop;
        greffe__lex_next(p);
    }
    return node;
}

/* --- Textual expressions --- */

static greffe__ast *conditional(greffe__parser *p)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_IF, p->start);
    greffe__lex_next(p);
    if (!greffe__parse_adopt(p, node, greffe__parse_expression(p)) ||
        !expect_word(p, GREFFE__W_THEN) ||
        !greffe__parse_adopt(p, node, greffe__parse_expression(p)) ||
        !expect_word(p, GREFFE__W_ELSE) ||
        !greffe__parse_adopt(p, node, greffe__parse_expression(p))) {
        return NULL;
    }
    return node;
}

static greffe__ast *iterated(greffe__parser *p, bool counting)
{
    greffe__ast *list = greffe__parse_expression(p);
    if (list == NULL || !counting || !is(p, "..")) {
        return list;
    }
    greffe__lex_next(p);
    return with_two(p, GREFFE__AST_COUNTING, 0, list, sum(p));
}

static greffe__ast *iteration(greffe__parser *p, greffe__ast_kind kind, greffe__word closing)
{
    greffe__ast *node = greffe__parse_make(p, kind, p->start);
    do {
        greffe__str variable;
        greffe__lex_next(p); /* the keyword, or a comma */
        if (node == NULL || !greffe__lex_name(p, ",()[]{}=<>:\"?", "in", &variable) ||
            !greffe__parse_add_name(p, node, variable)) {
            return greffe__parse_unexpected(p, "a name");
        }
        if (!expect_word(p, GREFFE__W_IN) ||
            !greffe__parse_adopt(p, node, iterated(p, kind == GREFFE__AST_FOR))) {
            return NULL;
        }
    } while (is(p, ","));
    if (!expect_word(p, closing) || !greffe__parse_adopt(p, node, greffe__parse_expression(p))) {
        return NULL;
    }
    return node;
}

static greffe__ast *function_literal(greffe__parser *p)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_FUNCTION, p->start);
    greffe__lex_next(p);
    if (node == NULL || !greffe__parse_expect(p, "(")) {
        return NULL;
    }
    while (!is(p, ")")) {
        greffe__str parameter;
        static const greffe__type any = {.any = true, .optional = true};
        const greffe__type *type = &any;
        if (node->names.count > 0 && !greffe__parse_expect(p, ",")) {
            return NULL;
        }
        if (!greffe__lex_name(p, ",):", "", &parameter)) {
            return greffe__parse_unexpected(p, "the name of a parameter");
        }
        if (greffe__lex_take(p, ":")) {
            type = greffe__parse_type(p);
        }
        if (type == NULL || !greffe__parse_add_name(p, node, parameter) ||
            !greffe__parse_push_type(p, &node->params, type)) {
            return NULL;
        }
    }
    greffe__lex_next(p);
    if (p->word == GREFFE__W_EXTERNAL) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_FUNCTION, p->start, p->stop,
                                 "an outside service is called by a step of kind call",
                                 "functions of other languages are not called from expressions");
    }
    return greffe__parse_adopt(p, node, greffe__parse_expression(p)) ? node : NULL;
}

/* What begins with a word. */
static greffe__ast *textual(greffe__parser *p)
{
    switch (p->word) {
    case GREFFE__W_IF: return conditional(p);
    case GREFFE__W_FOR: return iteration(p, GREFFE__AST_FOR, GREFFE__W_RETURN);
    case GREFFE__W_SOME: return iteration(p, GREFFE__AST_SOME, GREFFE__W_SATISFIES);
    case GREFFE__W_EVERY: return iteration(p, GREFFE__AST_EVERY, GREFFE__W_SATISFIES);
    case GREFFE__W_FUNCTION: return greffe__lex_peek(p) == '(' ? function_literal(p) : name(p);
    default: return name(p);
    }
}

static greffe__ast *primary(greffe__parser *p)
{
    if (p->work->failed) {
        return NULL;
    }
    switch (p->kind) {
    case GREFFE__T_NUMBER:
    case GREFFE__T_STRING:
    case GREFFE__T_TEMPORAL: return literal(p);
    case GREFFE__T_NAME: return textual(p);
    case GREFFE__T_SYMBOL:
    case GREFFE__T_END: break;
    }
    if (is(p, "?")) {
        greffe__ast *node = greffe__parse_make(p, GREFFE__AST_INPUT, p->start);
        greffe__lex_next(p);
        return node;
    }
    return is(p, "(")                 ? parenthesised(p)
           : is(p, "[") || is(p, "]") ? bracket(p)
           : is(p, "{")               ? context(p)
                                      : greffe__parse_unexpected(p, "a value");
}

static greffe__ast *member(greffe__parser *p, greffe__ast *base)
{
    greffe__lex_next(p);
    static const char *const words[] = {"time offset", "start included", "end included"};
    if (p->kind != GREFFE__T_NAME) {
        return greffe__parse_unexpected(p, "a name");
    }
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_MEMBER, base->start);
    if (!greffe__parse_adopt(p, node, base)) {
        return NULL;
    }
    node->text = p->name;
    node->end = p->stop;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (p->name.data[0] == words[i][0] && greffe__lex_words(p, words[i])) {
            node->text = greffe__str_of(words[i]);
            return node;
        }
    }
    greffe__lex_next(p);
    return node;
}

static greffe__ast *instance_of(greffe__parser *p, greffe__ast *value)
{
    greffe__lex_next(p);
    if (!expect_word(p, GREFFE__W_OF)) {
        return NULL;
    }
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_INSTANCE, value->start);
    if (!greffe__parse_adopt(p, node, value)) {
        return NULL;
    }
    const greffe__type *wanted = greffe__parse_type(p);
    if (wanted == NULL) {
        return NULL;
    }
    greffe__type bare = *wanted; /* what is allowed restricts a type; it makes no other one */
    bare.allowed = NULL;
    node->wanted = greffe__parse_keep_type(p, bare);
    node->end = p->start;
    return node->wanted == NULL ? NULL : node;
}

static greffe__ast *postfix(greffe__parser *p)
{
    greffe__ast *node = primary(p);
    while (node != NULL && !p->work->failed) {
        if (is(p, ".")) {
            node = member(p, node);
        } else if (is(p, "(")) {
            node = call(p, node);
        } else if (is(p, "[") && !bracket_closes(p)) {
            greffe__lex_next(p);
            node = with_two(p, GREFFE__AST_FILTER, 0, node, greffe__parse_expression(p));
            if (node == NULL || !is(p, "]")) {
                return greffe__parse_unexpected(p, "']'");
            }
            node->end = p->stop;
            greffe__lex_next(p);
        } else if (p->word == GREFFE__W_INSTANCE) {
            node = instance_of(p, node);
        } else {
            break;
        }
    }
    return node;
}

/* --- Operators --- */

static greffe__ast *unary(greffe__parser *p)
{
    if (!is(p, "-")) {
        return postfix(p);
    }
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_NEGATE, p->start);
    greffe__lex_next(p);
    if (!greffe__parse_deeper(p)) {
        return NULL;
    }
    bool good = greffe__parse_adopt(p, node, unary(p));
    p->depth -= 1;
    return good ? node : NULL;
}

static greffe__ast *between(greffe__parser *p, greffe__ast *value)
{
    greffe__lex_next(p);
    greffe__ast *low = sum(p);
    greffe__ast *node = with_two(p, GREFFE__AST_BETWEEN, 0, value, low);
    if (node == NULL || !expect_word(p, GREFFE__W_AND) || !greffe__parse_adopt(p, node, sum(p))) {
        return NULL;
    }
    return node;
}

/* Whether the parentheses that open here hold several tests, or one that is a comparison. */
static bool tests_follow(greffe__parser *p)
{
    greffe__parser ahead = *p;
    if (!is(p, "(")) {
        return false;
    }
    greffe__lex_next(&ahead);
    if (greffe__parse_begins_test(&ahead)) {
        return true;
    }
    for (int depth = 1; ahead.kind != GREFFE__T_END && depth > 0 && !ahead.work->failed;) {
        bool opens = is(&ahead, "(") || is(&ahead, "{") || is(&ahead, "[");
        bool closes = is(&ahead, ")") || is(&ahead, "}") || is(&ahead, "]");
        if (depth == 1 && is(&ahead, ",")) {
            return true;
        }
        if (depth == 1 && is(&ahead, "..")) {
            return false;
        }
        depth += opens ? 1 : closes ? -1 : 0;
        greffe__lex_next(&ahead);
    }
    return false;
}

/* x in test, or x in (test, test). */
static greffe__ast *in(greffe__parser *p, greffe__ast *value)
{
    greffe__ast *node = greffe__parse_make(p, GREFFE__AST_IN, value->start);
    greffe__lex_next(p);
    bool several = tests_follow(p);
    if (!greffe__parse_adopt(p, node, value)) {
        return NULL;
    }
    if (!several) {
        return greffe__parse_adopt(
                   p, node, greffe__parse_begins_test(p) ? greffe__parse_comparison(p) : sum(p))
                   ? node
                   : NULL;
    }
    do {
        greffe__lex_next(p);
        if (!greffe__parse_adopt(p, node, greffe__parse_test(p))) {
            return NULL;
        }
    } while (is(p, ","));
    node->end = p->stop;
    return greffe__parse_expect(p, ")") ? node : NULL;
}

/* How an operator binds, the loosest first; all of them to the left. */
typedef enum level { NONE, OR, AND, COMPARISON, SUM, PRODUCT, POWER } binding;

static binding found(uint8_t *out, greffe__op op, binding level)
{
    *out = (uint8_t)op;
    return level;
}

/* The operator that the token is; NONE: it is none. */
static binding operator_of(const greffe__parser *p, uint8_t *op)
{
    bool equal = p->symbol[1] == '=';
    switch (p->symbol[0]) {
    case '=': return found(op, GREFFE__OP_EQ, COMPARISON);
    case '!': return found(op, GREFFE__OP_NE, equal ? COMPARISON : NONE);
    case '<': return found(op, equal ? GREFFE__OP_LE : GREFFE__OP_LT, COMPARISON);
    case '>': return found(op, equal ? GREFFE__OP_GE : GREFFE__OP_GT, COMPARISON);
    case '+': return found(op, GREFFE__OP_ADD, SUM);
    case '-': return found(op, GREFFE__OP_SUB, p->symbol[1] == '\0' ? SUM : NONE);
    case '*':
        return p->symbol[1] == '*' ? found(op, GREFFE__OP_POW, POWER)
                                   : found(op, GREFFE__OP_MUL, PRODUCT);
    case '/': return found(op, GREFFE__OP_DIV, PRODUCT);
    case '\0': break;
    default: return NONE;
    }
    switch (p->word) {
    case GREFFE__W_AND: return found(op, GREFFE__OP_AND, AND);
    case GREFFE__W_OR: return found(op, GREFFE__OP_OR, OR);
    case GREFFE__W_BETWEEN:
    case GREFFE__W_IN: return found(op, GREFFE__OP_IN, COMPARISON);
    default: return NONE;
    }
}

/* Operands and the operators between them that bind at least so. */
static greffe__ast *operation(greffe__parser *p, binding least)
{
    greffe__ast *left = unary(p);
    while (left != NULL) {
        uint8_t op;
        binding level = operator_of(p, &op);
        if (level < least || level == NONE) {
            break;
        }
        if (op == GREFFE__OP_IN) {
            left = p->word == GREFFE__W_IN ? in(p, left) : between(p, left);
            continue;
        }
        greffe__ast_kind kind = level == OR    ? GREFFE__AST_OR
                                : level == AND ? GREFFE__AST_AND
                                               : GREFFE__AST_BINARY;
        greffe__lex_next(p);
        left =
            with_two(p, kind, kind == GREFFE__AST_BINARY ? op : 0, left, operation(p, level + 1));
    }
    return left;
}

static greffe__ast *sum(greffe__parser *p)
{
    return operation(p, SUM);
}

greffe__ast *greffe__parse_expression(greffe__parser *p)
{
    if (p->work->failed || !greffe__parse_deeper(p)) {
        return NULL;
    }
    bool before = p->range;
    p->range = false;
    greffe__ast *node = operation(p, OR);
    p->range = before;
    p->depth -= 1;
    return node;
}

/* --- Tests --- */

greffe__ast *greffe__parse_test(greffe__parser *p)
{
    if (greffe__parse_begins_test(p)) {
        return greffe__parse_comparison(p);
    }
    bool before = p->uses_input;
    p->uses_input = is(p, "?");
    greffe__ast *node = greffe__parse_expression(p);
    if (node != NULL) {
        node->uses_input = p->uses_input;
    }
    p->uses_input = before || p->uses_input;
    return node;
}
