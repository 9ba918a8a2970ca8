/* Inside the text room: the traps that yaml.c asks about. */
#ifndef GREFFE_TEXT_TEXT_PRIV_H
#define GREFFE_TEXT_TEXT_PRIV_H

#include "text/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Explains a syntax error of YAML by the trap that caused it; false when none is recognised. */
bool greffe__trap_syntax(const greffe__source *source, greffe_diags *diags, uint32_t offset);
/* Whether these bytes stand in a text; whether a no-break space does. */
bool greffe__trap_has(greffe__str text, const char *bytes);
bool greffe__has_no_break(greffe__str text);
/* Traps that can be told from a scalar's bytes alone; `no_break`: such a space stands somewhere. */
bool greffe__trap_scalar(const greffe__source *source, greffe_diags *diags,
                         const greffe__node *node, bool no_break);

#ifdef __cplusplus
}
#endif
#endif
