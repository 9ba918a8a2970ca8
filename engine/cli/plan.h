/* A plan as greffe_plan_render gives it in JSON: what its numbers mean, and where things stand in
 * it. Every function takes NULL for an object that is not there. */
#ifndef GREFFE_CLI_PLAN_H
#define GREFFE_CLI_PLAN_H

#ifdef __cplusplus
extern "C" {
#endif

struct cJSON;

enum { PLAN_APPLICANT = 1, PLAN_AGENT = 2, PLAN_DELEGATE = 3 }; /* kind of a role */
enum { PLAN_SUBMISSION = 1 };                                   /* kind of a step */
enum { PLAN_DAYS = 1 };                                         /* unit of a term */
enum { PLAN_REJECTION = 1 };                                    /* what a clock's end means */

/* type of a field */
enum {
    PLAN_BOOLEAN = 3,
    PLAN_INTEGER = 4,
    PLAN_NUMBER = 5,
    PLAN_MONEY = 6,
    PLAN_DATE = 7,
    PLAN_CHOICE = 8,
    PLAN_CHOICES = 9,
    PLAN_EMAIL = 10,
    PLAN_IBAN = 11,
    PLAN_PHONE = 12,
    PLAN_LIST = 13
};

/* op of a node */
enum {
    PLAN_TASK = 1,
    PLAN_WAIT = 2,
    PLAN_CHOOSE = 3,
    PLAN_FORK = 4,
    PLAN_EACH = 5,
    PLAN_EFFECT = 6,
    PLAN_ASK = 7,
    PLAN_END = 8,
    PLAN_EXIT = 9
};

/* port of a node */
enum { PLAN_BOARD = 1, PLAN_RESERVE = 2, PLAN_COMMIT = 3, PLAN_ORDER = 4, PLAN_CALL = 5 };

/* By its position in a list of the plan, or by its id; NULL: there is none. */
const struct cJSON *plan_at(const struct cJSON *plan, const char *list, int index);
const struct cJSON *plan_named(const struct cJSON *plan, const char *list, const char *id);
/* The id of the step that a node belongs to, or "". */
const char *plan_step_of(const struct cJSON *plan, const struct cJSON *node);
/* The way on from a node with this outcome, or NULL. */
const struct cJSON *plan_edge(const struct cJSON *node, const char *outcome);

/* "applicant", "delegate", or else "agent". */
const char *plan_kind(const struct cJSON *role);
/* Who acts, as `as` says it: an agent of a service, a delegate in a role; NULL: of none. The caller
 * deletes it. */
struct cJSON *plan_person(const char *subject, const char *kind, const char *service,
                          const char *role);

#ifdef __cplusplus
}
#endif
#endif
