/* A plan in JSON: finding what stands in it, and the people of its roles. */
#include "cli/plan.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "cli/cli.h"

const cJSON *plan_at(const cJSON *plan, const char *list, int index)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(plan, list), index);
}

const cJSON *plan_named(const cJSON *plan, const char *list, const char *id)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(plan, list))
    {
        if (strcmp(cli_words(one, "id"), id) == 0) {
            return one;
        }
    }
    return NULL;
}

const char *plan_step_of(const cJSON *plan, const cJSON *node)
{
    return cli_words(plan_at(plan, "steps", cli_number(node, "step")), "id");
}

const cJSON *plan_edge(const cJSON *node, const char *outcome)
{
    const cJSON *edge;
    cJSON_ArrayForEach(edge, cJSON_GetObjectItemCaseSensitive(node, "edges"))
    {
        if (strcmp(cli_words(edge, "outcome"), outcome) == 0) {
            return edge;
        }
    }
    return NULL;
}

const char *plan_kind(const cJSON *role)
{
    int kind = cli_number(role, "kind");
    return kind == PLAN_APPLICANT ? "applicant" : kind == PLAN_DELEGATE ? "delegate" : "agent";
}

cJSON *plan_person(const char *subject, const char *kind, const char *service, const char *role)
{
    cJSON *person = cJSON_CreateObject();
    cJSON_AddStringToObject(person, "subject", subject);
    cJSON_AddStringToObject(person, "kind", kind);
    if (service != NULL && strcmp(kind, "agent") == 0) {
        cli_add_word(person, "services", service);
    } else if (role != NULL && strcmp(kind, "delegate") == 0) {
        cli_add_word(person, "roles", role);
    }
    return person;
}
