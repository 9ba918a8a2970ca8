/* Inside the text room: the traps that yaml.c asks about. */
#ifndef GREFFE_TEXT_TEXT_PRIV_H
#define GREFFE_TEXT_TEXT_PRIV_H

#include "text/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Explains a syntax error of YAML by the trap that caused it; false when none is recognised. */
bool greffe__trap_syntax(const greffe__source *source, greffe_diags *diags, uint32_t offset);
/* Traps that can be told from a scalar's bytes alone. */
bool greffe__trap_scalar(const greffe__source *source, greffe_diags *diags,
                         const greffe__node *node);

#ifdef __cplusplus
}
#endif
#endif
