/* What all parts of a scenario need: to say what is wrong, to find files and lines, to ask the
 * engine and the plan. */
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

enum { most_said = 16200 };

void scenario_fail(scenario *s, const char *format, ...)
{
    char text[most_said];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    s->failures += 1;
    const char *row = strchr(s->name, '[');
    if (s->findings != NULL) {
        cli_findings_say(s->findings, s->name, s->path, s->line, text);
    } else {
        (void)fprintf(stderr, "%s:%d: %s%s%s\n", s->path, s->line, row != NULL ? row : "",
                      row != NULL ? " " : "", text);
    }
}

bool scenario_has_only(scenario *s, const cJSON *object, const char *const *words, const char *help)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, object)
    {
        size_t i = 0;
        while (words[i] != NULL && strcmp(one->string, words[i]) != 0) {
            i += 1;
        }
        if (words[i] == NULL) {
            const cJSON *line = cJSON_GetObjectItemCaseSensitive(object, "@line");
            bool whole = object == s->root;
            s->line = whole          ? scenario_line(s, one->string)
                      : line != NULL ? line->valueint
                                     : s->line;
            scenario_fail(s, "%s, and not '%s'", help, one->string);
            return false;
        }
    }
    return true;
}

int scenario_line(const scenario *s, const char *key)
{
    size_t size = strlen(key);
    int line = 1;
    for (const char *at = s->text; at != NULL; line++) {
        if (strncmp(at, key, size) == 0 && at[size] == ':') {
            return line;
        }
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    return 1;
}

void scenario_beside(const scenario *s, const char *name, char out[1400])
{
    const char *slash = strrchr(s->path, '/');
    size_t folder = slash != NULL && name[0] != '/' ? (size_t)(slash - s->path) + 1 : 0;
    while (strncmp(name, "../", 3) == 0 && folder > 1) { /* a/b/../velo.yaml reads a/velo.yaml */
        size_t up = folder - 1;
        while (up > 0 && s->path[up - 1] != '/') {
            up -= 1;
        }
        size_t size = folder - 1 - up;
        if (size == 0 || strncmp(s->path + up, "..", size) == 0) {
            break;
        }
        folder = up;
        name += 3;
    }
    (void)snprintf(out, 1400, "%.*s%s", (int)folder, s->path, name);
}

void scenario_forget_letters(scenario *s)
{
    for (size_t i = 0; i < s->letter_count; i++) {
        free(s->letters[i].name);
        free(s->letters[i].text);
    }
    s->letter_count = 0;
}

cJSON *scenario_incidents(const scenario *s)
{
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_EFFECTS, .limit = 1000};
    cJSON *found = cJSON_CreateArray(), *whole = cli_read(s->c, &query);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(whole, "items"))
    {
        const char *letter = cli_words(one, "letter");
        if (cli_words(one, "state")[0] != '\0') {
            cJSON_AddItemToArray(
                found, cJSON_CreateString(letter[0] != '\0' ? letter : cli_words(one, "channel")));
        }
    }
    cJSON_Delete(whole);
    return found;
}
