/* What the parts of `greffe test` share: one scenario that is being played. */
#ifndef GREFFE_CLI_SCENARIO_H
#define GREFFE_CLI_SCENARIO_H

#include <stdint.h>

#include "cli/action.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCENARIO_MOST_LETTERS = 500 };

typedef struct scenario {
    cli *c;
    const char *path;
    struct cJSON *root;
    int64_t now_ms;
    unsigned steps, expectations, failures;
    char *letters[SCENARIO_MOST_LETTERS]; /* their names, since the last look */
    size_t letter_count;
    int line;
} scenario;

/* (expect.c) Says what is wrong in the step that is played, with its line. */
void scenario_fail(scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void scenario_forget_letters(scenario *s);
/* Compares what a step expects with what is there. */
void scenario_expect(scenario *s, const struct cJSON *expect);

#ifdef __cplusplus
}
#endif
#endif
