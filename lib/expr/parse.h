/* Inside the expression room: what the files of the parser share. */
#ifndef GREFFE_EXPR_PARSE_H
#define GREFFE_EXPR_PARSE_H

#include "expr/lex.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef greffe__lexer greffe__parser;

/* Says what stands where something else should; NULL, to be returned. */
void *greffe__parse_unexpected(greffe__parser *p, const char *wanted);
bool greffe__parse_expect(greffe__parser *p, const char *symbol);
/* Counts a level of nesting; false, and reported, past the limit. */
bool greffe__parse_deeper(greffe__parser *p);

/* A node that begins at a byte of the source; NULL without memory. */
greffe__ast *greffe__parse_make(greffe__parser *p, greffe__ast_kind kind, uint32_t start);
/* False when there is no child, or no memory. */
bool greffe__parse_adopt(greffe__parser *p, greffe__ast *node, greffe__ast *child);
bool greffe__parse_add_name(greffe__parser *p, greffe__ast *node, greffe__str name);
/* Notes a name of several words, which the texts that follow may use as one. */
bool greffe__parse_declare(greffe__parser *p, greffe__str name);

greffe__ast *greffe__parse_expression(greffe__parser *p);
/* One test: a comparison without its left side, or an expression. */
greffe__ast *greffe__parse_test(greffe__parser *p);
bool greffe__parse_begins_test(const greffe__parser *p);
greffe__ast *greffe__parse_comparison(greffe__parser *p);

const greffe__type *greffe__parse_type(greffe__parser *p);
const greffe__type *greffe__parse_keep_type(greffe__parser *p, greffe__type type);
bool greffe__parse_push_type(greffe__parser *p, greffe__list *list, const greffe__type *type);

#ifdef __cplusplus
}
#endif
#endif
