/* What people might answer: values for a form that the engine finds nothing wrong with. */
#ifndef GREFFE_CLI_SAMPLE_H
#define GREFFE_CLI_SAMPLE_H

#include "cli/cli.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sample {
    cli *c;
    const struct cJSON *plan; /* as greffe_plan_render gives it */
    const char *dossier;      /* NULL: a new one */
    int64_t now_ms;
    unsigned variant;          /* another number, other values */
    const struct cJSON *fixed; /* {"velo.prix": "400"}: null, it is left out */
} sample;

/* {section: {field: value}}, with the documents that are needed as a list of ids; both are the
 * caller's. */
struct cJSON *sample_filing(const sample *s, struct cJSON **documents);
/* {field: value}: what an outcome asks for. `edge` is the plan's. */
struct cJSON *sample_fill(const sample *s, const char *step, const struct cJSON *edge);
/* {name: value}: what a service gives at a step. */
struct cJSON *sample_given(const sample *s, const char *step);
/* A document as it should be: {name, media, size, sha256}. */
struct cJSON *sample_document(const struct cJSON *plan, const char *id);

#ifdef __cplusplus
}
#endif
#endif
