/* Actions: a command of a person as one JSON object, shared by seasons and scenarios. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/action.h"

const char *cli_text(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

enum { most_words = 8 };

/* Who acts, with room for the lists that it points to. */
typedef struct person {
    greffe_actor actor;
    const char *services[most_words + 1], *roles[most_words + 1];
} person;

static bool fill_list(const cJSON *as, const char *name, const char *out[most_words + 1],
                      const char *const **to)
{
    const cJSON *one, *list = cJSON_GetObjectItemCaseSensitive(as, name);
    int count = 0;
    if (cJSON_GetArraySize(list) > most_words) {
        return false;
    }
    cJSON_ArrayForEach(one, list)
    {
        out[count] = cJSON_IsString(one) ? one->valuestring : "";
        count += 1;
    }
    out[count] = NULL;
    *to = count > 0 ? out : NULL;
    return true;
}

static bool fill_person(const cli *c, const cJSON *as, person *out)
{
    out->actor = (greffe_actor){.size = sizeof out->actor};
    if (cJSON_IsString(as)) {
        const greffe_actor *account =
            c->accounts != NULL ? greffe_site_account(c->accounts, as->valuestring) : NULL;
        out->actor = account != NULL ? *account : out->actor;
        return account != NULL;
    }
    out->actor.subject = cli_text(as, "subject");
    out->actor.kind = cli_text(as, "kind");
    return fill_list(as, "services", out->services, &out->actor.services) &&
           fill_list(as, "roles", out->roles, &out->actor.roles) && out->actor.subject != NULL &&
           out->actor.kind != NULL;
}

/* What is left of an action once its frame is taken away: the command's arguments. */
static char *arguments_of(const cJSON *action, const char *verb)
{
    static const char *const own[] = {
        "at",         "after",    "key",   "as",     "do",        "for",
        "channel",    "refused",  "@line", "expect", "effective", "effective_because",
        "if_version", "services", "fail",  "mend",
    };
    cJSON *args = cJSON_Duplicate(action, true);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(args, own[i]);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(args, cli_family_of(verb)->stream);
    char *text = cJSON_PrintUnformatted(args);
    cJSON_Delete(args);
    return text;
}

/* {"if_version": 3}, or "3" from YAML, which has texts alone; 0: whatever it is. */
static uint64_t version_of(const cJSON *action)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(action, "if_version");
    return cJSON_IsNumber(version)   ? (uint64_t)version->valuedouble
           : cJSON_IsString(version) ? strtoull(version->valuestring, NULL, 10)
                                     : 0;
}

const char *cli_execute(cli *c, const cJSON *action, const char *verb, const char *key,
                        int64_t now_ms, greffe_result *result)
{
    person who;
    const char *channel = cli_text(action, "channel");
    *result = (greffe_result){.status = GREFFE_EMISUSE, .code = ""};
    if (!fill_person(c, cJSON_GetObjectItemCaseSensitive(action, "as"), &who)) {
        return "'as' must be an account of the site file, or {subject, kind, services, roles} with "
               "lists of at most 8";
    }
    who.actor.channel = channel != NULL ? channel : who.actor.channel;
    const cJSON *represented = cJSON_GetObjectItemCaseSensitive(action, "for");
    greffe_command command = {.size = sizeof command,
                              .verb = verb,
                              .stream = cli_text(action, cli_family_of(verb)->stream),
                              .key = key,
                              .actor = &who.actor,
                              .now_ms = now_ms,
                              .represented = cli_text(represented, "subject"),
                              .effective = cli_text(action, "effective"),
                              .because = cli_text(action, "effective_because"),
                              .if_version = version_of(action)};
    if (command.stream == NULL || command.key == NULL) {
        return "an action names its stream ('dossier', 'session'…) and its 'key'";
    }
    char *text = arguments_of(action, verb);
    if (text == NULL) {
        return "out of memory";
    }
    command.args = (greffe_str){text, strlen(text)};
    greffe_status status = greffe_engine_execute(c->engine, result, &command);
    result->status = status;
    result->code = result->code != NULL ? result->code : "";
    free(text);
    return result->status == GREFFE_EMISUSE ? "this is not an action that a person takes" : NULL;
}
