/* explain: what a diagnostic code means, with what gives it and how it is mended. The texts stand
 * in explain/, a file each. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/explain_text.h"

/* The text of a code, from "GR-4101", "gr-4101" or "4101" on to its form feed; NULL: none. */
static const char *text_of(const char *word)
{
    bool prefixed =
        (word[0] == 'G' || word[0] == 'g') && (word[1] == 'R' || word[1] == 'r') && word[2] == '-';
    const char *number = prefixed ? word + 3 : word;
    size_t size = strlen(number);
    for (const char *at = explain_text; size == 4 && *at != '\0';) {
        if (strncmp(at + 3, number, size) == 0) {
            return at;
        }
        at = strchr(at, '\f') + 1;
    }
    return NULL;
}

static cJSON *as_json(const char *text)
{
    char *copy = strndup(text, strcspn(text, "\f"));
    char *summary = strndup(text + 9, strcspn(text + 9, "\n"));
    char code[8];
    cJSON *object = cJSON_CreateObject();
    (void)snprintf(code, sizeof code, "%.7s", text);
    cJSON_AddStringToObject(object, "code", code);
    cJSON_AddStringToObject(object, "summary", summary != NULL ? summary : "");
    cJSON_AddStringToObject(object, "text", copy != NULL ? copy : "");
    free(summary);
    free(copy);
    return object;
}

static void print_one(const cli *c, const char *text, bool alone)
{
    if (c->json) {
        cli_print_object(as_json(text));
    } else {
        (void)printf("%.*s%s", (int)strcspn(text, alone ? "\n" : "\f"), text, alone ? "\n" : "");
    }
}

cJSON *cli_explained(const char *code)
{
    const char *text = text_of(code);
    return text != NULL ? as_json(text) : NULL;
}

int cli_explain(cli *c)
{
    if (c->word_count == 0) { /* all of them, a line each */
        for (const char *at = explain_text; *at != '\0'; at = strchr(at, '\f') + 1) {
            print_one(c, at, true);
        }
    }
    for (int i = 0; i < c->word_count; i++) {
        const char *text = text_of(c->words[i]);
        if (text == NULL) {
            return cli_fail(EXIT_USAGE, "there is no code '%s'; greffe explain lists them",
                            c->words[i]);
        }
        (void)fputs(i > 0 && !c->json ? "\n" : "", stdout);
        print_one(c, text, false);
    }
    return EXIT_FINE;
}
