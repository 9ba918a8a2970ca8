/* YAML as JSON, for tools that read files of the language's manners: scenarios, site data.
 *
 * Thread rule: as the context. */
#ifndef GREFFE_SCENARIO_H
#define GREFFE_SCENARIO_H

#include <greffe/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Reads YAML with all the strictness of the language, and gives it as JSON: texts stay texts, so
 *  that 01004 keeps its zero; true, false and null become their JSON words. Each object carries
 *  "@line", the line it begins on. `*out` is the caller's, to be given back with greffe_free.
 *  GREFFE_EINVALID (see `diags`), GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_yaml_to_json(char **out, greffe_context *context,
                                             greffe_diags *diags, const char *name,
                                             greffe_str text);

#ifdef __cplusplus
}
#endif
#endif
