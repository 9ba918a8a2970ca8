/* Inside the expression room: FEEL's tokens. */
#ifndef GREFFE_EXPR_LEX_H
#define GREFFE_EXPR_LEX_H

#include "expr/expr_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum greffe__token {
    GREFFE__T_END,
    GREFFE__T_NUMBER,
    GREFFE__T_STRING,
    GREFFE__T_TEMPORAL, /* @"…" */
    GREFFE__T_NAME,     /* one word, or a known name of several */
    GREFFE__T_SYMBOL
} greffe__token;

/* The words that the grammar knows; one that stands where a name may is a name all the same. */
typedef enum greffe__word {
    GREFFE__W_NONE,
    GREFFE__W_AND,
    GREFFE__W_BETWEEN,
    GREFFE__W_CONTEXT,
    GREFFE__W_ELSE,
    GREFFE__W_EVERY,
    GREFFE__W_EXTERNAL,
    GREFFE__W_FALSE,
    GREFFE__W_FOR,
    GREFFE__W_FUNCTION,
    GREFFE__W_IF,
    GREFFE__W_IN,
    GREFFE__W_INSTANCE,
    GREFFE__W_LIST,
    GREFFE__W_NOT,
    GREFFE__W_NULL,
    GREFFE__W_OF,
    GREFFE__W_OR,
    GREFFE__W_RANGE,
    GREFFE__W_RETURN,
    GREFFE__W_SATISFIES,
    GREFFE__W_SOME,
    GREFFE__W_THEN,
    GREFFE__W_TRUE
} greffe__word;

typedef struct greffe__lexer {
    greffe__expr_work *work;
    const char *at, *end;
    greffe__token kind;
    greffe__word word;    /* of a T_NAME that is one, else W_NONE */
    uint32_t start, stop; /* of the token, in the source */
    greffe__str name;     /* of a T_NAME, as it was declared: blanks in the source may differ */
    char symbol[3];       /* of a T_SYMBOL, else empty */
    uint32_t depth;
    greffe__strs spaced; /* names of several words that this expression gave */
    bool colons;         /* there is a colon in the text: arguments may have names */
    bool uses_input;     /* ? was read */
    bool range;          /* the upper end of a range is read: '[' may close it */
} greffe__lexer;

/* Begins with a text, which is a part of the source. */
void greffe__lex_open(greffe__lexer *lexer, greffe__str text);
void greffe__lex_next(greffe__lexer *lexer);
greffe__str greffe__lex_text(const greffe__lexer *lexer);
/* Whether the token is this sign, of one or two characters. */
static inline bool greffe__lex_is(const greffe__lexer *lexer, const char *symbol)
{
    return lexer->symbol[0] == symbol[0] && lexer->symbol[1] == symbol[1];
}
/* How a word is written. */
const char *greffe__lex_word_text(greffe__word word);
bool greffe__lex_take(greffe__lexer *lexer, const char *symbol);
/* The next byte past blanks, or '\0'. */
char greffe__lex_peek(const greffe__lexer *lexer);

/* A name of any words and signs that ends before one of the bytes `ends`, or before the word
 * `keyword`: read from the current token on, blanks made single spaces. False, nothing read: what
 * stands there is no such name. */
bool greffe__lex_name(greffe__lexer *lexer, const char *ends, const char *keyword,
                      greffe__str *out);
/* The text of the current string or temporal token, decoded. */
bool greffe__lex_string(greffe__lexer *lexer, greffe__str *out);
/* Reads one of several words ("days and time duration") from the current token on. */
bool greffe__lex_words(greffe__lexer *lexer, const char *words);

#ifdef __cplusplus
}
#endif
#endif
