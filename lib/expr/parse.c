/* FEEL's grammar: from bytes to a syntax tree, by recursive descent within a depth. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "expr/expr_priv.h"

typedef enum token {
    T_END,
    T_NUMBER,
    T_STRING,
    T_TEMPORAL, /* @"…" */
    T_NAME,
    T_SYMBOL
} token;

typedef struct parser {
    greffe__expr_work *work;
    const char *at, *end;
    token kind;
    uint32_t start, stop; /* of the token */
    char symbol[3];
    uint32_t depth;
} parser;

void *greffe__expr_fail(greffe__expr_work *work, greffe__code code, uint32_t start, uint32_t end,
                        const char *hint, const char *format, ...)
{
    if (!work->failed) {
        char message[GREFFE_MAX_MESSAGE_BYTES];
        va_list arguments;
        va_start(arguments, format);
        int size = vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        size_t length = size < 0                        ? 0
                        : (size_t)size < sizeof message ? (size_t)size
                                                        : sizeof message - 1;
        const char *text = greffe__arena_copy(work->arena, message, length);
        *work->error = (greffe__expr_error){code, start, end, text != NULL ? text : "", hint};
        work->failed = true;
    }
    return NULL;
}

/* --- Tokens --- */

static bool name_start(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(parser *p)
{
    while (p->at < p->end) {
        if (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r') {
            p->at += 1;
        } else if (p->end - p->at >= 2 && p->at[0] == '/' && p->at[1] == '/') {
            while (p->at < p->end && *p->at != '\n') {
                p->at += 1;
            }
        } else if (p->end - p->at >= 2 && p->at[0] == '/' && p->at[1] == '*') {
            const char *close = p->at + 2;
            while (close + 1 < p->end && !(close[0] == '*' && close[1] == '/')) {
                close += 1;
            }
            p->at = close + 1 < p->end ? close + 2 : p->end;
        } else {
            return;
        }
    }
}

static uint32_t offset(const parser *p, const char *at)
{
    return (uint32_t)(at - p->work->source.data);
}

static void lex_number(parser *p)
{
    while (p->at < p->end && digit(*p->at)) {
        p->at += 1;
    }
    if (p->end - p->at >= 2 && *p->at == '.' && digit(p->at[1])) {
        p->at += 1;
        while (p->at < p->end && digit(*p->at)) {
            p->at += 1;
        }
    }
    if (p->end - p->at >= 2 && *p->at == ',' && digit(p->at[1])) {
        (void)greffe__expr_fail(p->work, GREFFE__GR_EXPR_COMMA, p->start, offset(p, p->at + 2),
                                "write a point for decimals (0.25), or a space after a comma that "
                                "separates",
                                "a comma between two digits is neither a decimal point nor a "
                                "separator");
    }
    p->kind = T_NUMBER;
}

static void lex_string(parser *p)
{
    p->at += 1;
    while (p->at < p->end && *p->at != '"') {
        p->at += *p->at == '\\' && p->end - p->at >= 2 ? 2 : 1;
    }
    if (p->at >= p->end) {
        (void)greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, offset(p, p->end),
                                "close the text with \"", "this text has no closing quote");
        p->at = p->end;
        return;
    }
    p->at += 1;
}

static void next(parser *p)
{
    skip_blanks(p);
    p->start = offset(p, p->at);
    if (p->at == p->end) {
        p->kind = T_END;
        p->stop = p->start;
        return;
    }
    char c = *p->at;
    if (digit(c) || (c == '.' && p->end - p->at >= 2 && digit(p->at[1]))) {
        lex_number(p);
    } else if (c == '"') {
        lex_string(p);
        p->kind = T_STRING;
    } else if (c == '@' && p->end - p->at >= 2 && p->at[1] == '"') {
        p->at += 1;
        lex_string(p);
        p->kind = T_TEMPORAL;
    } else if (name_start((unsigned char)c)) {
        while (p->at < p->end && (name_start((unsigned char)*p->at) || digit(*p->at))) {
            p->at += 1;
        }
        p->kind = T_NAME;
    } else {
        static const char *const pairs[] = {"<=", ">=", "!=", "..", "**"};
        p->kind = T_SYMBOL;
        memset(p->symbol, 0, sizeof p->symbol);
        p->symbol[0] = c;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
            if (p->end - p->at >= 2 && memcmp(p->at, pairs[i], 2) == 0) {
                p->symbol[1] = pairs[i][1];
            }
        }
        p->at += p->symbol[1] != '\0' ? 2 : 1;
    }
    p->stop = offset(p, p->at);
}

static greffe__str token_text(const parser *p)
{
    return (greffe__str){p->work->source.data + p->start, p->stop - p->start};
}

static bool is_symbol(const parser *p, const char *symbol)
{
    return p->kind == T_SYMBOL && strcmp(p->symbol, symbol) == 0;
}

static bool is_word(const parser *p, const char *word)
{
    return p->kind == T_NAME && greffe__str_is(token_text(p), word);
}

static bool take(parser *p, const char *symbol)
{
    if (!is_symbol(p, symbol)) {
        return false;
    }
    next(p);
    return true;
}

/* What the author may have meant where something else should stand. */
static const char *likely_mend(const parser *p, greffe__str text, const char *wanted)
{
    static const struct {
        const char *wanted, *mend;
    } by_place[] = {
        {"'then'", "write: if condition then value else value"},
        {"'else'", "write: if condition then value else value"},
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

static void *unexpected(parser *p, const char *wanted)
{
    if (p->kind == T_END) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                 likely_mend(p, (greffe__str){"", 0}, wanted),
                                 "the expression ends where %s should stand", wanted);
    }
    greffe__str text = token_text(p);
    const char *hint = likely_mend(p, text, wanted);
    return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop, hint,
                             "'%.*s' stands where %s should", (int)text.size, text.data, wanted);
}

static bool expect(parser *p, const char *symbol)
{
    if (!take(p, symbol)) {
        char wanted[8];
        (void)snprintf(wanted, sizeof wanted, "'%s'", symbol);
        (void)unexpected(p, wanted);
        return false;
    }
    return true;
}

static bool expect_word(parser *p, const char *word)
{
    if (!is_word(p, word)) {
        char wanted[16];
        (void)snprintf(wanted, sizeof wanted, "'%s'", word);
        (void)unexpected(p, wanted);
        return false;
    }
    next(p);
    return true;
}

/* --- Trees --- */

static greffe__ast *make(parser *p, greffe__ast_kind kind, uint32_t start)
{
    greffe__ast *node = greffe__arena_zalloc(p->work->arena, sizeof *node);
    if (node == NULL) {
        p->work->failed = true;
        return NULL;
    }
    node->kind = (uint8_t)kind;
    node->start = start;
    node->end = p->stop;
    return node;
}

static bool adopt(parser *p, greffe__ast *node, greffe__ast *child)
{
    greffe__ast **place =
        child == NULL ? NULL : greffe__arena_push(p->work->arena, &node->at, sizeof(greffe__ast *));
    if (place == NULL) {
        p->work->failed = true;
        return false;
    }
    *place = child;
    node->end = child->end > node->end ? child->end : node->end;
    return true;
}

static greffe__ast *binary(parser *p, greffe__ast_kind kind, greffe__op op, greffe__ast *left,
                           greffe__ast *right)
{
    if (left == NULL || right == NULL) {
        return NULL;
    }
    greffe__ast *node = make(p, kind, left->start);
    if (node == NULL || !adopt(p, node, left) || !adopt(p, node, right)) {
        return NULL;
    }
    node->op = (uint8_t)op;
    node->end = right->end;
    return node;
}

static greffe__ast *expression(parser *p);
static greffe__ast *sum(parser *p);

static bool hex(const char *at, const char *end, int count, uint32_t *out)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        if (at + i >= end) {
            return false;
        }
        char c = at[i];
        uint32_t d = digit(c)                             ? (uint32_t)(c - '0')
                     : (c | 32) >= 'a' && (c | 32) <= 'f' ? (uint32_t)((c | 32) - 'a' + 10)
                                                          : 16;
        if (d == 16) {
            return false;
        }
        value = value * 16 + d;
    }
    *out = value;
    return true;
}

/* Decodes \n \r \t \" \\ \' \uXXXX and \UXXXXXX. */
static bool unescape(parser *p, greffe__str raw, greffe__str *out)
{
    char *data = greffe__arena_alloc(p->work->arena, raw.size + 1);
    if (data == NULL) {
        p->work->failed = true;
        return false;
    }
    size_t size = 0;
    const char *end = raw.data + raw.size;
    for (const char *at = raw.data; at < end;) {
        if (*at != '\\') {
            data[size++] = *at++;
            continue;
        }
        char c = at[1];
        uint32_t point;
        static const char from[] = "nrt\"\\'", to[] = "\n\r\t\"\\'";
        const char *simple = strchr(from, c);
        if (simple != NULL && c != '\0') {
            data[size++] = to[simple - from];
            at += 2;
        } else if ((c == 'u' && hex(at + 2, end, 4, &point)) ||
                   (c == 'U' && hex(at + 2, end, 6, &point))) {
            at += c == 'u' ? 6 : 8;
            uint32_t low;
            if (point >= 0xD800 && point <= 0xDBFF && end - at >= 6 && at[0] == '\\' &&
                at[1] == 'u' && hex(at + 2, end, 4, &low) && low >= 0xDC00 && low <= 0xDFFF) {
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
                at += 6;
            }
            if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
                (void)greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                        "half of a pair needs its other half: \\uD83D\\uDEB2",
                                        "an escape names no character");
                return false;
            }
            size += greffe__utf8_put(data + size, point);
        } else {
            (void)greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                    "known are \\n \\r \\t \\\" \\\\ \\uXXXX and \\UXXXXXX",
                                    "an escape in this text is unknown");
            return false;
        }
    }
    data[size] = '\0';
    *out = (greffe__str){data, size};
    return true;
}

static bool temporal_value(greffe__value *out, greffe__str text)
{
    int64_t number;
    if (greffe__date_parse(&number, text)) {
        *out = greffe__date(number);
        return true;
    }
    if (greffe__duration_parse(out, text)) {
        return true;
    }
    if (greffe__instant_parse(&number, text)) {
        int64_t seconds = number / 1000 - (number % 1000 < 0);
        *out = (greffe__value){
            .kind = GREFFE__DATETIME,
            .as.moment = {seconds, (int32_t)(number - seconds * 1000) * 1000000, 0}};
        return true;
    }
    return false;
}

static greffe__ast *constant(parser *p, greffe__value value)
{
    greffe__ast *node = make(p, GREFFE__AST_CONSTANT, p->start);
    if (node != NULL) {
        node->value = value;
    }
    next(p);
    return node;
}

static greffe__ast *literal(parser *p)
{
    greffe__str text = token_text(p), decoded;
    greffe__dec number;
    greffe__value value;
    if (p->kind == T_NUMBER) {
        if (!greffe__dec_parse(&number, text)) {
            return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                     "numbers have 34 digits and exponents from -6143 to 6144",
                                     "this number is outside the range of decimal numbers");
        }
        return constant(p, greffe__number(number));
    }
    size_t skip = p->kind == T_TEMPORAL ? 2 : 1;
    greffe__str raw = {text.data + skip, text.size - skip - 1};
    if (p->work->failed || !unescape(p, raw, &decoded)) {
        return NULL;
    }
    if (p->kind == T_STRING) {
        return constant(p, greffe__string(decoded));
    }
    if (!temporal_value(&value, decoded)) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_SYNTAX, p->start, p->stop,
                                 "write @\"2020-05-04\", @\"P2M\", @\"PT36H\" or "
                                 "@\"2020-05-04T10:00:00Z\"",
                                 "this is no date, duration or instant");
    }
    return constant(p, value);
}

/* The longest function name, of one word or several, that begins here and is followed by an
 * opening parenthesis. */
static bool function_here(parser *p, uint32_t *out, const char **after)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < greffe__function_count(); i++) {
        const char *name = greffe__function_at(i)->name, *at = p->work->source.data + p->start;
        while (*name != '\0' && at < p->end) {
            if (*name == ' ') {
                const char *gap = at;
                while (at < p->end && (*at == ' ' || *at == '\n' || *at == '\t')) {
                    at += 1;
                }
                if (at == gap) {
                    break;
                }
                name += 1;
            } else if (*name == *at) {
                name += 1;
                at += 1;
            } else {
                break;
            }
        }
        const char *paren = at;
        while (paren < p->end && (*paren == ' ' || *paren == '\n' || *paren == '\t')) {
            paren += 1;
        }
        size_t length = strlen(greffe__function_at(i)->name);
        if (*name == '\0' && paren < p->end && *paren == '(' && length > longest) {
            longest = length;
            *out = i;
            *after = at;
        }
    }
    return longest > 0;
}

static greffe__ast *call(parser *p, uint32_t function, const char *after)
{
    greffe__ast *node = make(p, GREFFE__AST_CALL, p->start);
    if (node == NULL) {
        return NULL;
    }
    node->function = function;
    p->at = after;
    next(p);
    if (!expect(p, "(")) {
        return NULL;
    }
    while (!is_symbol(p, ")")) {
        if (node->count > 0 && !expect(p, ",")) {
            return NULL;
        }
        if (!adopt(p, node, expression(p))) {
            return NULL;
        }
    }
    node->end = p->stop;
    next(p);
    return node;
}

static greffe__ast *unknown_call(parser *p, greffe__str name)
{
    greffe__str best = {"", 0};
    unsigned least = 4;
    for (uint32_t i = 0; i < greffe__function_count(); i++) {
        greffe__str candidate = greffe__str_of(greffe__function_at(i)->name);
        unsigned distance = greffe__str_distance(name, candidate, 3);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    greffe__str hint =
        greffe__str_format(p->work->arena, "did you mean %.*s?", (int)best.size, best.data);
    return greffe__expr_fail(p->work, GREFFE__GR_EXPR_FUNCTION, p->start, p->stop,
                             best.size > 0 ? hint.data
                                           : "LANGUAGE.md lists them under 'Expressions'",
                             "there is no function '%.*s'", (int)name.size, name.data);
}

static greffe__ast *name(parser *p)
{
    uint32_t function;
    const char *after;
    greffe__str text = token_text(p);
    if (greffe__str_is(text, "true") || greffe__str_is(text, "false")) {
        return constant(p, greffe__bool(text.data[0] == 't'));
    }
    if (greffe__str_is(text, "null")) {
        return constant(p, greffe__null());
    }
    if (function_here(p, &function, &after)) {
        return call(p, function, after);
    }
    greffe__ast *node = make(p, GREFFE__AST_NAME, p->start);
    if (node == NULL) {
        return NULL;
    }
    node->text = text;
    uint32_t start = p->start;
    next(p);
    if (is_symbol(p, "(")) {
        p->start = start;
        p->stop = start + (uint32_t)text.size;
        return unknown_call(p, text);
    }
    return node;
}

static bool closes_range(const parser *p)
{
    return is_symbol(p, "]") || is_symbol(p, ")") || is_symbol(p, "[");
}

/* [a, b] is a list; [a..b] a range, whose open end is written ) or [. */
static greffe__ast *bracket(parser *p)
{
    greffe__ast *node = make(p, GREFFE__AST_LIST, p->start);
    bool closed = is_symbol(p, "[");
    next(p);
    while (node != NULL && !is_symbol(p, "]")) {
        if (node->count > 0 && !expect(p, ",")) {
            return NULL;
        }
        if (!adopt(p, node, expression(p))) {
            return NULL;
        }
        if (node->count == 1 && take(p, "..")) {
            node->kind = GREFFE__AST_RANGE;
            if (!adopt(p, node, expression(p))) {
                return NULL;
            }
            if (!closes_range(p)) {
                return unexpected(p, "']' or ')'");
            }
            node->op = (uint8_t)((closed ? 1 : 0) | (is_symbol(p, "]") ? 2 : 0));
            break;
        }
    }
    if (node != NULL) {
        node->end = p->stop;
        next(p);
    }
    return node;
}

static greffe__ast *context(parser *p)
{
    greffe__ast *node = make(p, GREFFE__AST_CONTEXT, p->start);
    next(p);
    while (node != NULL && !is_symbol(p, "}")) {
        if (node->count > 0 && !expect(p, ",")) {
            return NULL;
        }
        greffe__str *key = greffe__arena_push(p->work->arena, &node->names, sizeof *key);
        if (key == NULL) {
            p->work->failed = true;
            return NULL;
        }
        greffe__str text = token_text(p);
        if (p->kind == T_NAME) {
            *key = text;
        } else if (p->work->failed || p->kind != T_STRING ||
                   !unescape(p, (greffe__str){text.data + 1, text.size - 2}, key)) {
            return unexpected(p, "a name");
        }
        for (uint32_t i = 0; i + 1 < node->names.count; i++) {
            if (greffe__str_equal(node->names.at[i], *key)) {
                return unexpected(p, "another name");
            }
        }
        next(p);
        if (!expect(p, ":") || !adopt(p, node, expression(p))) {
            return NULL;
        }
    }
    if (node != NULL) {
        node->end = p->stop;
        next(p);
    }
    return node;
}

static greffe__ast *parenthesised(parser *p)
{
    uint32_t start = p->start;
    next(p);
    greffe__ast *inner = expression(p);
    if (inner != NULL && take(p, "..")) { /* (a..b] */
        greffe__ast *node = make(p, GREFFE__AST_RANGE, start);
        if (node == NULL || !adopt(p, node, inner) || !adopt(p, node, expression(p))) {
            return NULL;
        }
        node->op = is_symbol(p, "]") ? 2 : 0;
        if (!is_symbol(p, "]") && !is_symbol(p, ")") && !is_symbol(p, "[")) {
            return unexpected(p, "']' or ')'");
        }
        node->end = p->stop;
        next(p);
        return node;
    }
    if (inner == NULL || !expect(p, ")")) {
        return NULL;
    }
    return inner;
}

static greffe__ast *primary(parser *p)
{
    if (p->work->failed) {
        return NULL;
    }
    if (p->kind == T_NUMBER || p->kind == T_STRING || p->kind == T_TEMPORAL) {
        return literal(p);
    }
    if (p->kind == T_NAME) {
        return name(p);
    }
    if (is_symbol(p, "(")) {
        return parenthesised(p);
    }
    if (is_symbol(p, "[") || is_symbol(p, "]")) {
        return bracket(p);
    }
    if (is_symbol(p, "{")) {
        return context(p);
    }
    return unexpected(p, "a value");
}

static greffe__ast *postfix(parser *p)
{
    greffe__ast *node = primary(p);
    while (node != NULL && is_symbol(p, ".")) {
        next(p);
        if (p->kind != T_NAME) {
            return unexpected(p, "a name");
        }
        greffe__ast *member = make(p, GREFFE__AST_MEMBER, node->start);
        if (member == NULL || !adopt(p, member, node)) {
            return NULL;
        }
        member->text = token_text(p);
        member->end = p->stop;
        next(p);
        node = member;
    }
    return node;
}

static greffe__ast *unary(parser *p)
{
    if (!is_symbol(p, "-")) {
        return postfix(p);
    }
    greffe__ast *node = make(p, GREFFE__AST_NEGATE, p->start);
    next(p);
    if (++p->depth > GREFFE_MAX_EXPR_DEPTH) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_LIMIT, p->start, p->stop,
                                 "take a part out, and give it a name under 'values'",
                                 "the expression is nested deeper than 64 levels");
    }
    bool good = node != NULL && adopt(p, node, unary(p));
    p->depth -= 1;
    return good ? node : NULL;
}

static greffe__ast *power(parser *p)
{
    greffe__ast *left = unary(p);
    while (left != NULL && take(p, "**")) {
        left = binary(p, GREFFE__AST_BINARY, GREFFE__OP_POW, left, unary(p));
    }
    return left;
}

static greffe__ast *product(parser *p)
{
    greffe__ast *left = power(p);
    while (left != NULL && (is_symbol(p, "*") || is_symbol(p, "/"))) {
        greffe__op op = is_symbol(p, "*") ? GREFFE__OP_MUL : GREFFE__OP_DIV;
        next(p);
        left = binary(p, GREFFE__AST_BINARY, op, left, power(p));
    }
    return left;
}

static greffe__ast *sum(parser *p)
{
    greffe__ast *left = product(p);
    while (left != NULL && (is_symbol(p, "+") || is_symbol(p, "-"))) {
        greffe__op op = is_symbol(p, "+") ? GREFFE__OP_ADD : GREFFE__OP_SUB;
        next(p);
        left = binary(p, GREFFE__AST_BINARY, op, left, product(p));
    }
    return left;
}

/* x between a and b is x >= a and x <= b. */
static greffe__ast *between(parser *p, greffe__ast *left)
{
    next(p);
    greffe__ast *low = sum(p);
    if (low == NULL || !expect_word(p, "and")) {
        return NULL;
    }
    greffe__ast *high = sum(p);
    return binary(p, GREFFE__AST_AND, GREFFE__OP_CONST,
                  binary(p, GREFFE__AST_BINARY, GREFFE__OP_GE, left, low),
                  binary(p, GREFFE__AST_BINARY, GREFFE__OP_LE, left, high));
}

static greffe__ast *comparison(parser *p)
{
    static const struct {
        const char *symbol;
        greffe__op op;
    } operators[] = {
        {"=", GREFFE__OP_EQ},  {"!=", GREFFE__OP_NE}, {"<", GREFFE__OP_LT},
        {"<=", GREFFE__OP_LE}, {">", GREFFE__OP_GT},  {">=", GREFFE__OP_GE},
    };
    greffe__ast *left = sum(p);
    for (;;) {
        greffe__op op = GREFFE__OP_CONST;
        for (size_t i = 0; left != NULL && i < sizeof operators / sizeof *operators; i++) {
            op = is_symbol(p, operators[i].symbol) ? operators[i].op : op;
        }
        if (op != GREFFE__OP_CONST) {
            next(p);
            left = binary(p, GREFFE__AST_BINARY, op, left, sum(p));
        } else if (left != NULL && is_word(p, "between")) {
            left = between(p, left);
        } else if (left != NULL && is_word(p, "in")) {
            next(p);
            left = binary(p, GREFFE__AST_IN, GREFFE__OP_IN, left, sum(p));
        } else {
            return left;
        }
    }
}

static greffe__ast *conjunction(parser *p)
{
    greffe__ast *left = comparison(p);
    while (left != NULL && is_word(p, "and")) {
        next(p);
        left = binary(p, GREFFE__AST_AND, GREFFE__OP_CONST, left, comparison(p));
    }
    return left;
}

static greffe__ast *disjunction(parser *p)
{
    greffe__ast *left = conjunction(p);
    while (left != NULL && is_word(p, "or")) {
        next(p);
        left = binary(p, GREFFE__AST_OR, GREFFE__OP_CONST, left, conjunction(p));
    }
    return left;
}

static greffe__ast *conditional(parser *p)
{
    greffe__ast *node = make(p, GREFFE__AST_IF, p->start);
    next(p);
    if (node == NULL || !adopt(p, node, expression(p)) || !expect_word(p, "then") ||
        !adopt(p, node, expression(p)) || !expect_word(p, "else") ||
        !adopt(p, node, expression(p))) {
        return NULL;
    }
    return node;
}

static greffe__ast *expression(parser *p)
{
    if (++p->depth > GREFFE_MAX_EXPR_DEPTH) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_LIMIT, p->start, p->stop,
                                 "take a part out, and give it a name under 'values'",
                                 "the expression is nested deeper than 64 levels");
    }
    greffe__ast *node = is_word(p, "if") ? conditional(p) : disjunction(p);
    p->depth -= 1;
    return node;
}

greffe__ast *greffe__expr_parse(greffe__expr_work *work)
{
    parser p = {
        .work = work, .at = work->source.data, .end = work->source.data + work->source.size};
    if (work->source.size > GREFFE_MAX_EXPR_BYTES) {
        return greffe__expr_fail(work, GREFFE__GR_EXPR_LIMIT, 0, 1,
                                 "take a part out, and give it a name under 'values'",
                                 "the expression is longer than 16,384 bytes");
    }
    next(&p);
    greffe__ast *node = expression(&p);
    if (node != NULL && !work->failed && p.kind != T_END) {
        return unexpected(&p, "the end of the expression");
    }
    return work->failed ? NULL : node;
}
