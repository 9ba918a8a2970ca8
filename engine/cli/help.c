/* help: the commands that people give, with what they take. Written from the engine's own table. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* How a verb is written on the command line: "session presence SESSION". */
static void print_words(const cJSON *verb)
{
    const char *name = cli_words(verb, "verb");
    const cli_family *family = cli_family_of(name);
    const char *rest = name + strlen(family->prefix);
    bool quoted = strchr(rest, ' ') != NULL;
    if (strcmp(name, "file") == 0) {
        (void)printf("greffe file ");
    } else {
        (void)printf("greffe %s %s%s%s ", family->word, quoted ? "'" : "", rest, quoted ? "'" : "");
    }
    for (const char *c = cli_words(verb, "stream"); *c != '\0'; c++) {
        (void)putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    }
}

static void print_verb(const cJSON *verb)
{
    const cJSON *arg;
    print_words(verb);
    (void)printf("\n    %s\n    by %s\n", cli_words(verb, "what"), cli_words(verb, "who"));
    cJSON_ArrayForEach(arg, cJSON_GetObjectItemCaseSensitive(verb, "args"))
    {
        bool needed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(arg, "needed"));
        (void)printf("      %-10s %s%s\n", cli_words(arg, "name"), needed ? "" : "(optional) ",
                     cli_words(arg, "what"));
    }
    char *example = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(verb, "example"));
    (void)printf("    --args '%s'\n\n", example != NULL ? example : "{}");
    free(example);
}

/* Whether the verb belongs to what was asked about: a verb, or one of the command line's words. */
static bool is_about(const cJSON *verb, const char *what)
{
    const char *name = cli_words(verb, "verb");
    bool files = strcmp(name, "file") == 0 || strcmp(name, "save") == 0;
    const char *rest = name + strlen(cli_family_of(name)->prefix);
    return what[0] == '\0' || strcmp(name, what) == 0 || strcmp(rest, what) == 0 ||
           strcmp(cli_family_of(name)->word, what) == 0 || (strcmp(what, "file") == 0 && files);
}

int cli_help(const char *what, bool json)
{
    greffe_context *context = NULL;
    char *text = NULL;
    int found = 0;
    if (greffe_context_create(&context, NULL) != GREFFE_OK ||
        greffe_commands_describe(&text, context) != GREFFE_OK) {
        greffe_context_destroy(context);
        return cli_fail(EXIT_ENVIRONMENT, "out of memory");
    }
    cJSON *all = cJSON_Parse(text);
    const cJSON *verb;
    cJSON_ArrayForEach(verb, all)
    {
        if (!is_about(verb, what)) {
            continue;
        }
        found += 1;
        char *line = json ? cJSON_PrintUnformatted(verb) : NULL;
        if (line != NULL) {
            (void)printf("%s\n", line);
        } else {
            print_verb(verb);
        }
        free(line);
    }
    cJSON_Delete(all);
    greffe_free(context, text);
    greffe_context_destroy(context);
    return found > 0 ? EXIT_FINE : EXIT_USAGE;
}
