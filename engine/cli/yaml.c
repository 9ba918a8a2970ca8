/* A scenario, written as people write it: a step on a line, quotes only where YAML needs them. */
#include <cjson/cJSON.h>
#include <string.h>

#include "cli/scenario.h"

/* Whether a text may stand without quotes, also between braces. */
static bool is_plain(const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "~"};
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_-.:/+@ ";
    size_t size = strlen(text);
    bool plain = size > 0 && strchr("-.:/+@ ", text[0]) == NULL && text[size - 1] != ' ' &&
                 text[size - 1] != ':' && strspn(text, safe) == size &&
                 strstr(text, ": ") == NULL && strstr(text, "  ") == NULL;
    for (size_t i = 0; plain && i < sizeof words / sizeof *words; i++) {
        plain = strcmp(text, words[i]) != 0;
    }
    return plain;
}

static void write_text(FILE *out, const char *text)
{
    if (is_plain(text)) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            (void)fputc('\\', out);
        }
        if (*at == '\n') {
            (void)fputs("\\n", out);
        } else if ((unsigned char)*at >= 0x20) {
            (void)fputc(*at, out);
        }
    }
    (void)fputc('"', out);
}

static void write_flow(FILE *out, const cJSON *value)
{
    const cJSON *one;
    bool object = cJSON_IsObject(value);
    if (cJSON_IsString(value)) {
        write_text(out, value->valuestring);
        return;
    }
    if (!object && !cJSON_IsArray(value)) {
        char *text = cJSON_PrintUnformatted(value);
        (void)fputs(text != NULL ? text : "null", out);
        cJSON_free(text);
        return;
    }
    (void)fputc(object ? '{' : '[', out);
    cJSON_ArrayForEach(one, value)
    {
        (void)fputs(one->prev->next == NULL ? "" : ", ", out); /* the first one's is the last */
        if (object) {
            write_text(out, one->string);
            (void)fputs(": ", out);
        }
        write_flow(out, one);
    }
    (void)fputc(object ? '}' : ']', out);
}

void scenario_write(FILE *out, const cJSON *root)
{
    const cJSON *key, *step;
    cJSON_ArrayForEach(key, root)
    {
        write_text(out, key->string);
        if (strcmp(key->string, "steps") != 0) {
            (void)fputs(": ", out);
            write_flow(out, key);
            (void)fputc('\n', out);
            continue;
        }
        (void)fputs(":\n", out);
        cJSON_ArrayForEach(step, key)
        {
            bool alone = cJSON_GetArraySize(step) == 1;
            (void)fputs("  - ", out);
            if (alone) {
                write_text(out, step->child->string);
                (void)fputs(": ", out);
            }
            write_flow(out, alone ? step->child : step);
            (void)fputc('\n', out);
        }
    }
}
