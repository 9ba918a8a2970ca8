/* What the parts of `greffe test` share: one scenario that is being played. */
#ifndef GREFFE_CLI_SCENARIO_H
#define GREFFE_CLI_SCENARIO_H

#include <stdint.h>

#include "cli/action.h"
#include "cli/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCENARIO_MOST_LETTERS = 500 };

typedef struct scenario_letter {
    char *name, *text; /* text: its subject, an empty line, what it says */
} scenario_letter;

typedef struct scenario {
    cli *c;
    const char *path; /* of its file; what it names stands beside it */
    char name[1500];  /* of its file, with the example that is played */
    const char *text; /* the file's own, or NULL */
    struct cJSON *root;
    struct cJSON *plan;     /* the procedure, as greffe_plan_render gives it */
    struct cJSON *services; /* {service: what it answers} */
    struct cJSON *failing;  /* {channel: {problem, for_good}} */
    struct cJSON *looked;   /* {dossier: how much of its journal was compared} */
    struct cJSON *refused;  /* {step.outcome: true}: what a person may not choose */
    struct cJSON *findings; /* where failures go, or NULL: they are printed */
    struct cJSON *coverage; /* what is passed through is added here, unless NULL */
    const char *procedure;  /* its file */
    int64_t now_ms;
    unsigned steps, expectations, failures;
    scenario_letter letters[SCENARIO_MOST_LETTERS]; /* since the last look */
    size_t letter_count;
    int line;
} scenario;

/* (scenario_base.c) Says what is wrong in the step that is played, with its line. */
void scenario_fail(scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void scenario_forget_letters(scenario *s);
/* What waits for an operator, by the name of the letter or the service, or else its channel; to be
 * deleted. */
struct cJSON *scenario_incidents(const scenario *s);
/* (expect.c) Compares what a step expects with what is there. */
void scenario_expect(scenario *s, const struct cJSON *expect);
/* A file that the scenario names: the path to it. */
void scenario_beside(const scenario *s, const char *name, char out[1400]);
/* Whether an object has these keys alone; says `help` otherwise. */
bool scenario_has_only(scenario *s, const struct cJSON *object, const char *const *words,
                       const char *help);

/* The line on which a key of the file itself stands. */
int scenario_line(const scenario *s, const char *key);

/* (scenario_steps.c) What leaves is caught from now on. */
greffe_status scenario_catch(scenario *s);
greffe_status scenario_services(scenario *s, const struct cJSON *services);
/* Plays one step, and folds every journal after it. */
void scenario_step(scenario *s, struct cJSON *step);

/* (scenario.c) Publishes a plan in a store in memory; its `root` says when it starts. To be closed
 * also when that fails. */
greffe_status scenario_open(scenario *s, const greffe_plan *plan);
void scenario_close(scenario *s);
/* A scenario that is made while it is played: its root, then a step after the other, taken over.
 * False: the step does not go as it should. */
void scenario_begin(scenario *s, const char *title, int64_t start_ms);
bool scenario_add(scenario *s, struct cJSON *step);

/* (examples.c) The scenario of one row of `examples`, whose <column>s have its values; the caller
 * deletes it. NULL: it was told what is wrong with it. */
struct cJSON *scenario_of_row(scenario *s, const struct cJSON *row);

/* (replay.c) Plays the way to a fault that the proof has found: a greffe_replay_fn whose data is a
 * replaying. */
typedef struct replaying {
    cli *c;
    const char *procedure; /* its file */
} replaying;
bool scenario_replay(void *data, const greffe_plan *plan, greffe_str trace);

/* (yaml.c) Writes a scenario as people write it. */
void scenario_write(FILE *out, const struct cJSON *root);

/* (coverage.c) What scenarios passed through, over all of them: an object by procedure's file. The
 * engine is still open. */
void coverage_add(const scenario *s);
/* Draws one procedure, with what was not passed, or with the way that was gone; and all of them,
 * into a folder, under their ids. False, or an exit code: a file cannot be written. */
bool coverage_draw(const struct cJSON *of, const char *path, bool way);
int coverage_draw_all(const struct cJSON *all, const char *folder);
/* Prints it, unless `out` is NULL; the share of all that was passed, in percent. */
double coverage_print(const struct cJSON *all, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
