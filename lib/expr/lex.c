/* FEEL's tokens. Names may hold spaces and signs where a scope gives such names: the longest one
 * that is known, and stands here, is one token. */
#include "expr/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

void *greffe__expr_fail(greffe__expr_work *work, greffe__code code, uint32_t start, uint32_t end,
                        const char *hint, const char *format, ...)
{
    if (!work->failed) {
        va_list arguments;
        va_start(arguments, format);
        const char *text = greffe__message(work->arena, format, arguments).data;
        va_end(arguments);
        *work->error = (greffe__expr_error){code, start, end, text != NULL ? text : "", hint};
        work->failed = true;
    }
    return NULL;
}

/* --- Bytes --- */

enum { BLANK = 1, DIGIT = 2, LETTER = 4, LONG = 8 /* of a code point of several bytes */ };

static const uint8_t classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, /* tab, line feed, … */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* space */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, /* 0 */
    0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* A */
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 4, /* P … _ */
    0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, /* a */
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, /* p */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* of UTF-8 */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, /* */
};

static inline uint8_t class_of(char c)
{
    return classes[(unsigned char)c];
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The blanks of Unicode that are code points of two bytes or three. */
static size_t long_blank(const char *at, const char *end)
{
    const char *after = at;
    uint32_t point = (unsigned char)*at < 0xC2 ? 0 : greffe__utf8_next(&after, end);
    bool is_blank = point == 0x85 || point == 0xA0 || point == 0x1680 || point == 0x180E ||
                    (point >= 0x2000 && point <= 0x200B) || point == 0x2028 || point == 0x2029 ||
                    point == 0x202F || point == 0x205F || point == 0x3000 || point == 0xFEFF;
    return is_blank ? (size_t)(after - at) : 0;
}

/* How many bytes of a blank stand here; 0: none. */
static inline size_t blank(const char *at, const char *end)
{
    uint8_t class = class_of(*at);
    return class == LONG ? long_blank(at, end) : class & BLANK;
}

static inline bool name_start(const char *at, const char *end)
{
    uint8_t class = class_of(*at);
    return class == LETTER || (class == LONG && long_blank(at, end) == 0);
}

/* Where the letters and digits end that begin here. */
static inline const char *skip_name(const char *at, const char *end)
{
    while (at < end) {
        uint8_t class = class_of(*at);
        if ((class & (LETTER | DIGIT)) == 0 && (class != LONG || long_blank(at, end) > 0)) {
            break;
        }
        at += 1;
    }
    return at;
}

static inline bool name_part(const char *at, const char *end)
{
    return class_of(*at) == DIGIT || name_start(at, end);
}

/* Where a comment ends that begins here; `at` itself: none does. */
static const char *skip_comment(const char *at, const char *end)
{
    if (end - at >= 2 && at[1] == '/') {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        return line != NULL ? line : end;
    }
    if (end - at >= 2 && at[1] == '*') {
        const char *close = at + 2;
        while (close + 1 < end && !(close[0] == '*' && close[1] == '/')) {
            close += 1;
        }
        return close + 1 < end ? close + 2 : end;
    }
    return at;
}

static inline const char *skip_blanks(const char *at, const char *end)
{
    while (at < end) {
        size_t size = blank(at, end);
        const char *after = size == 0 && *at == '/' ? skip_comment(at, end) : at + size;
        if (after == at) {
            break;
        }
        at = after;
    }
    return at;
}

static uint32_t offset(const greffe__lexer *l, const char *at)
{
    return (uint32_t)(at - l->work->source.data);
}

void greffe__lex_open(greffe__lexer *l, greffe__str text)
{
    l->at = text.data;
    l->end = text.data + text.size;
    l->colons = text.size > 0 && memchr(text.data, ':', text.size) != NULL;
    greffe__lex_next(l);
}

static void lex_number(greffe__lexer *l)
{
    while (l->at < l->end && is_digit(*l->at)) {
        l->at += 1;
    }
    if (l->end - l->at >= 2 && *l->at == '.' && is_digit(l->at[1])) {
        l->at += 1;
        while (l->at < l->end && is_digit(*l->at)) {
            l->at += 1;
        }
    }
    const char *p = l->at;
    if (l->end - p >= 2 && (*p == 'e' || *p == 'E')) {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        while (p < l->end && is_digit(*p)) {
            l->at = ++p;
        }
    }
    if (!l->work->symbols->lenient && l->end - l->at >= 2 && *l->at == ',' && is_digit(l->at[1])) {
        (void)greffe__expr_fail(l->work, GREFFE__GR_EXPR_COMMA, l->start, offset(l, l->at + 2),
                                "write a point for decimals (0.25), or a space after a comma that "
                                "separates",
                                "a comma between two digits is neither a decimal point nor a "
                                "separator");
    }
    l->kind = GREFFE__T_NUMBER;
}

static void lex_string(greffe__lexer *l)
{
    l->at += 1;
    while (l->at < l->end && *l->at != '"') {
        l->at += *l->at == '\\' && l->end - l->at >= 2 ? 2 : 1;
    }
    if (l->at >= l->end) {
        (void)greffe__expr_fail(l->work, GREFFE__GR_EXPR_SYNTAX, l->start, offset(l, l->end),
                                "close the text with \"", "this text has no closing quote");
        l->at = l->end;
        return;
    }
    l->at += 1;
}

/* Where a name of several words that begins at `at` ends, or NULL when it does not stand there. */
static const char *spaced_at(const char *at, const char *end, greffe__str name)
{
    const char *p = name.data, *stop = name.data + name.size;
    while (p < stop) {
        const char *after = skip_blanks(at, end);
        if (*p == ' ') {
            if (after == at) {
                return NULL;
            }
            at = after;
            p += 1;
            continue;
        }
        /* Around a sign, blanks are as good as none. */
        bool sign = !name_part(p, stop) || (p > name.data && !name_part(p - 1, stop));
        at = sign ? after : at;
        if (at >= end || *at != *p) {
            return NULL;
        }
        at += 1;
        p += 1;
    }
    bool ends = at == end || !name_part(at, end) || !name_part(stop - 1, stop);
    return ends ? at : NULL;
}

static const char *longest(greffe__lexer *l, const greffe__strs *names, const char *best)
{
    for (uint32_t i = 0; i < names->count; i++) {
        const char *stop = spaced_at(l->at, l->end, names->at[i]);
        if (stop != NULL && stop > best) {
            best = stop;
            l->name = names->at[i];
        }
    }
    return best;
}

/* Built-in functions of several words are names where an opening parenthesis follows, and, in
 * FEEL proper, wherever they stand. */
static const char *longest_function(greffe__lexer *l, greffe__str word, const char *best)
{
    const char *stop_of_word = word.data + word.size, *next = skip_blanks(stop_of_word, l->end);
    uint32_t first;
    if (next == stop_of_word || next == l->end || class_of(*next) != LETTER ||
        !greffe__map_get(&l->work->symbols->begun, word, &first)) {
        return best;
    }
    const greffe__function *function;
    for (uint32_t i = first; (function = greffe__function_at(i)) != NULL; i++) { /* of its family */
        if (strncmp(function->name, word.data, word.size) != 0 ||
            function->name[word.size] != ' ' || function->name[word.size + 1] != *next) {
            continue;
        }
        const char *stop = spaced_at(l->at, l->end, greffe__str_of(function->name));
        const char *after = stop != NULL ? skip_blanks(stop, l->end) : l->end;
        bool called = after < l->end && *after == '(';
        if (stop != NULL && stop > best && (called || l->work->symbols->lenient)) {
            best = stop;
            l->name = greffe__str_of(function->name);
        }
    }
    return best;
}

/* By their first letters. */
static const char *const grammar[] = {
    [GREFFE__W_NONE] = "",
    [GREFFE__W_AND] = "and",
    [GREFFE__W_BETWEEN] = "between",
    [GREFFE__W_CONTEXT] = "context",
    [GREFFE__W_ELSE] = "else",
    [GREFFE__W_EVERY] = "every",
    [GREFFE__W_EXTERNAL] = "external",
    [GREFFE__W_FALSE] = "false",
    [GREFFE__W_FOR] = "for",
    [GREFFE__W_FUNCTION] = "function",
    [GREFFE__W_IF] = "if",
    [GREFFE__W_IN] = "in",
    [GREFFE__W_INSTANCE] = "instance",
    [GREFFE__W_LIST] = "list",
    [GREFFE__W_NOT] = "not",
    [GREFFE__W_NULL] = "null",
    [GREFFE__W_OF] = "of",
    [GREFFE__W_OR] = "or",
    [GREFFE__W_RANGE] = "range",
    [GREFFE__W_RETURN] = "return",
    [GREFFE__W_SATISFIES] = "satisfies",
    [GREFFE__W_SOME] = "some",
    [GREFFE__W_THEN] = "then",
    [GREFFE__W_TRUE] = "true",
};

const char *greffe__lex_word_text(greffe__word word)
{
    return grammar[word];
}

/* The first word of a letter, whose others stand after it. */
static greffe__word first_word(char letter)
{
    switch (letter) {
    case 'a': return GREFFE__W_AND;
    case 'b': return GREFFE__W_BETWEEN;
    case 'c': return GREFFE__W_CONTEXT;
    case 'e': return GREFFE__W_ELSE;
    case 'f': return GREFFE__W_FALSE;
    case 'i': return GREFFE__W_IF;
    case 'l': return GREFFE__W_LIST;
    case 'n': return GREFFE__W_NOT;
    case 'o': return GREFFE__W_OF;
    case 'r': return GREFFE__W_RANGE;
    case 's': return GREFFE__W_SATISFIES;
    case 't': return GREFFE__W_THEN;
    default: return GREFFE__W_NONE;
    }
}

static greffe__word word_of(greffe__str name)
{
    enum { longest_word = 9 };
    greffe__word word = name.size <= longest_word ? first_word(name.data[0]) : GREFFE__W_NONE;
    while (word != GREFFE__W_NONE && grammar[word][0] == name.data[0]) {
        if (strncmp(grammar[word], name.data, name.size) == 0 && grammar[word][name.size] == '\0') {
            return word;
        }
        word = word == GREFFE__W_TRUE ? GREFFE__W_NONE : word + 1;
    }
    return GREFFE__W_NONE;
}

static void lex_name_token(greffe__lexer *l)
{
    const char *stop = skip_name(l->at, l->end);
    const greffe__str word = {l->at, (size_t)(stop - l->at)};
    l->name = word;
    stop = longest(l, &l->work->symbols->spaced, stop);
    stop = longest(l, &l->spaced, stop);
    stop = longest_function(l, word, stop);
    l->at = stop;
    l->kind = GREFFE__T_NAME;
    l->word = l->name.data == word.data ? word_of(word) : GREFFE__W_NONE;
}

static bool pair_follows(char first, char second)
{
    switch (first) {
    case '<':
    case '>':
    case '!': return second == '=';
    case '.': return second == '.';
    case '*': return second == '*';
    case '-': return second == '>';
    default: return false;
    }
}

static void lex_symbol(greffe__lexer *l)
{
    l->kind = GREFFE__T_SYMBOL;
    l->symbol[0] = *l->at;
    if (l->end - l->at >= 2 && pair_follows(l->at[0], l->at[1])) {
        l->symbol[1] = l->at[1];
    }
    l->uses_input = l->uses_input || l->symbol[0] == '?';
    l->at += l->symbol[1] != '\0' ? 2 : 1;
}

void greffe__lex_next(greffe__lexer *l)
{
    l->at = skip_blanks(l->at, l->end);
    l->start = offset(l, l->at);
    l->symbol[0] = '\0';
    l->symbol[1] = '\0';
    l->word = GREFFE__W_NONE;
    if (l->at == l->end) {
        l->kind = GREFFE__T_END;
        l->stop = l->start;
        return;
    }
    char c = *l->at;
    if (is_digit(c) || (c == '.' && l->end - l->at >= 2 && is_digit(l->at[1]))) {
        lex_number(l);
    } else if (c == '"') {
        lex_string(l);
        l->kind = GREFFE__T_STRING;
    } else if (c == '@' && l->end - l->at >= 2 && l->at[1] == '"') {
        l->at += 1;
        lex_string(l);
        l->kind = GREFFE__T_TEMPORAL;
    } else if (name_start(l->at, l->end)) {
        lex_name_token(l);
    } else {
        lex_symbol(l);
    }
    l->stop = offset(l, l->at);
}

greffe__str greffe__lex_text(const greffe__lexer *l)
{
    return (greffe__str){l->work->source.data + l->start, l->stop - l->start};
}

bool greffe__lex_take(greffe__lexer *l, const char *symbol)
{
    if (!greffe__lex_is(l, symbol)) {
        return false;
    }
    greffe__lex_next(l);
    return true;
}

char greffe__lex_peek(const greffe__lexer *l)
{
    const char *at = skip_blanks(l->at, l->end);
    return at < l->end ? *at : '\0';
}

bool greffe__lex_words(greffe__lexer *l, const char *words)
{
    const char *start = l->work->source.data + l->start;
    const char *stop = spaced_at(start, l->end, greffe__str_of(words));
    if (l->kind != GREFFE__T_NAME || stop == NULL) {
        return false;
    }
    l->at = stop;
    l->stop = offset(l, stop);
    greffe__lex_next(l);
    return true;
}

/* --- Names of any words --- */

static bool is_word_at(const char *at, const char *end, const char *word)
{
    size_t size = strlen(word);
    return size > 0 && (size_t)(end - at) >= size && memcmp(at, word, size) == 0 &&
           ((size_t)(end - at) == size || !name_part(at + size, end));
}

bool greffe__lex_name(greffe__lexer *l, const char *ends, const char *keyword, greffe__str *out)
{
    const char *start = l->work->source.data + l->start, *at = start;
    char name[GREFFE_MAX_EXPR_NAME];
    size_t size = 0;
    if (l->kind == GREFFE__T_END || !name_start(at, l->end)) {
        return false;
    }
    for (;;) {
        size_t gap = at < l->end ? blank(at, l->end) : 0;
        if (gap > 0) {
            at += gap;
            continue;
        }
        if (at == l->end || strchr(ends, *at) != NULL) {
            break;
        }
        bool after_gap = at > start && blank(at - 1, l->end) > 0;
        if (after_gap && is_word_at(at, l->end, keyword)) {
            break;
        }
        bool fits = size + 2 < sizeof name;
        if (!fits || (!name_part(at, l->end) && strchr(".-/*+'", *at) == NULL)) {
            return false;
        }
        if (after_gap && size > 0) {
            name[size++] = ' ';
        }
        name[size++] = *at++;
    }
    if (size == 0 || (*keyword == '\0' && at == l->end)) {
        return false;
    }
    *out = greffe__str_dup(l->work->arena, (greffe__str){name, size});
    bool spaced = false;
    for (size_t i = 0; i < size; i++) {
        spaced = spaced || !name_part(name + i, name + size);
    }
    if (spaced) {
        greffe__str *place = greffe__arena_push(l->work->arena, &l->spaced, sizeof *place);
        if (place == NULL) {
            l->work->failed = true;
            return false;
        }
        *place = *out;
    }
    l->at = at;
    greffe__lex_next(l);
    return true;
}

/* --- Strings --- */

static bool hex(const char *at, const char *end, int count, uint32_t *out)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        if (at + i >= end) {
            return false;
        }
        char c = at[i];
        uint32_t d = is_digit(c)                          ? (uint32_t)(c - '0')
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

/* A code point after \u or \U; a pair of surrogates is one. UINT32_MAX: it names none. */
static uint32_t escaped_point(const char **at, const char *end)
{
    uint32_t point, low;
    int digits = (*at)[1] == 'u' ? 4 : 6;
    if (!hex(*at + 2, end, digits, &point)) {
        return UINT32_MAX;
    }
    *at += 2 + digits;
    if (point >= 0xD800 && point <= 0xDBFF && end - *at >= 6 && (*at)[0] == '\\' &&
        (*at)[1] == 'u' && hex(*at + 2, end, 4, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        *at += 6;
    }
    return point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF) ? UINT32_MAX : point;
}

static bool unknown_escape(greffe__lexer *l, bool half)
{
    (void)greffe__expr_fail(l->work, GREFFE__GR_EXPR_SYNTAX, l->start, l->stop,
                            half ? "half of a pair needs its other half: \\uD83D\\uDEB2"
                                 : "known are \\n \\r \\t \\\" \\\\ \\uXXXX and \\UXXXXXX",
                            half ? "an escape names no character"
                                 : "an escape in this text is unknown");
    return false;
}

/* Decodes \n \r \t \" \\ \' \uXXXX and \UXXXXXX. In FEEL proper another backslash is itself. */
bool greffe__lex_string(greffe__lexer *l, greffe__str *out)
{
    greffe__str raw = greffe__lex_text(l);
    size_t skip = l->kind == GREFFE__T_TEMPORAL ? 2 : 1;
    if (l->work->failed || raw.size < skip + 1) {
        return false;
    }
    const char *at = raw.data + skip, *end = raw.data + raw.size - 1;
    char *data = greffe__arena_alloc(l->work->arena, raw.size + 1);
    size_t size = 0;
    if (data == NULL) {
        l->work->failed = true;
        return false;
    }
    while (at < end) {
        static const char from[] = "nrt\"\\'", to[] = "\n\r\t\"\\'";
        if (*at != '\\') {
            data[size++] = *at++;
            continue;
        }
        const char *simple = at[1] != '\0' ? strchr(from, at[1]) : NULL;
        if (simple != NULL) {
            data[size++] = to[simple - from];
            at += 2;
        } else if (at[1] == 'u' || at[1] == 'U') {
            uint32_t point = escaped_point(&at, end);
            if (point == UINT32_MAX) {
                return unknown_escape(l, true);
            }
            size += greffe__utf8_put(data + size, point);
        } else if (l->work->symbols->lenient) {
            data[size++] = *at++;
        } else {
            return unknown_escape(l, false);
        }
    }
    data[size] = '\0';
    *out = (greffe__str){data, size};
    return true;
}
