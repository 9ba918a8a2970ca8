/* Inside the expression room: regular expressions, as XPath has them, on PCRE2. */
#ifndef GREFFE_EXPR_REGEX_H
#define GREFFE_EXPR_REGEX_H

#include "expr/expr_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each gives its value, or refuses the call. */
bool greffe__regex_matches(greffe__call *call, greffe__str text, greffe__str pattern,
                           greffe__str flags, greffe__value *out);
bool greffe__regex_replace(greffe__call *call, greffe__str text, greffe__str pattern,
                           greffe__str replacement, greffe__str flags, greffe__value *out);
bool greffe__regex_split(greffe__call *call, greffe__str text, greffe__str delimiter,
                         greffe__value *out);
/* All letters in upper or lower case, by Unicode's simple mapping. */
bool greffe__regex_case(greffe__call *call, greffe__str text, bool upper, greffe__value *out);

#ifdef __cplusplus
}
#endif
#endif
