/* Actions: a command of a person as one JSON object, shared by seasons and scenarios. */
#ifndef GREFFE_CLI_ACTION_H
#define GREFFE_CLI_ACTION_H

#include "cli/cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The text of a member, or NULL. */
const char *cli_text(const struct cJSON *object, const char *name);
/* Gives the command; `result` is to be freed also when a problem is returned. NULL: it was given,
 * and `result` says what became of it. */
const char *cli_execute(cli *c, const struct cJSON *action, const char *verb, const char *key,
                        int64_t now_ms, greffe_result *result);

#ifdef __cplusplus
}
#endif
#endif
