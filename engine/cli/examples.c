/* test: tables of examples. A scenario is played once for each row, with the row's values where its
 * texts say <column>. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

typedef struct filling {
    scenario *s;
    const cJSON *row;
    cJSON *used; /* {column: true} */
} filling;

static const char *value_of(const filling *f, const char *name, size_t size)
{
    const cJSON *column;
    cJSON_ArrayForEach(column, f->row)
    {
        if (strlen(column->string) == size && strncmp(column->string, name, size) == 0 &&
            cJSON_IsString(column)) {
            return column->valuestring;
        }
    }
    return NULL;
}

/* The length of a name between < and >, or 0: no placeholder begins here. */
static size_t placeholder(const char *at)
{
    size_t size = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return *at == '<' && at[1 + size] == '>' ? size : 0;
}

/* Puts values into a text, from malloc; NULL: a column that is not there, or no memory. */
static char *fill_text(const filling *f, const char *text)
{
    size_t used = 0, room = strlen(text) + 1;
    char *out = malloc(room);
    for (const char *at = text; out != NULL && *at != '\0';) {
        size_t name = placeholder(at), size = 1;
        const char *value = at;
        if (name > 0) {
            value = value_of(f, at + 1, name);
            if (value == NULL) {
                scenario_fail(f->s, "there is no column '%.*s' in this example", (int)name, at + 1);
                free(out);
                return NULL;
            }
            char column[64];
            (void)snprintf(column, sizeof column, "%.*s", (int)name, at + 1);
            cJSON_DeleteItemFromObjectCaseSensitive(f->used, column);
            cJSON_AddTrueToObject(f->used, column);
            size = strlen(value);
        }
        if (used + size + strlen(at) + 1 > room) {
            room = used + size + strlen(at) + 64;
            char *more = realloc(out, room);
            if (more == NULL) {
                free(out);
            }
            out = more;
        }
        if (out != NULL) {
            memcpy(out + used, value, size);
            used += size;
            at += name > 0 ? name + 2 : 1;
        }
    }
    if (out != NULL) {
        out[used] = '\0';
    }
    return out;
}

static bool fill(const filling *f, cJSON *value)
{
    bool good = true;
    cJSON *child;
    if (cJSON_IsString(value) && strchr(value->valuestring, '<') != NULL) {
        char *text = fill_text(f, value->valuestring);
        good = text != NULL && cJSON_SetValuestring(value, text) != NULL;
        free(text);
    }
    cJSON_ArrayForEach(child, value)
    {
        good = good && fill(f, child);
    }
    return good;
}

/* A column that nothing reads is a mistake of whoever wrote it. */
static bool all_used(const filling *f)
{
    const cJSON *column;
    cJSON_ArrayForEach(column, f->row)
    {
        bool own = strcmp(column->string, "example") == 0 || strcmp(column->string, "@line") == 0;
        if (!own && cJSON_GetObjectItemCaseSensitive(f->used, column->string) == NULL) {
            scenario_fail(f->s, "no step says <%s>", column->string);
            return false;
        }
    }
    return true;
}

cJSON *scenario_of_row(scenario *s, const cJSON *row)
{
    if (!cJSON_IsObject(row)) {
        scenario_fail(s, "an example is {column: value}");
        return NULL;
    }
    cJSON *whole = cJSON_Duplicate(s->root, true);
    filling f = {.s = s, .row = row, .used = cJSON_CreateObject()};
    cJSON_DeleteItemFromObjectCaseSensitive(whole, "examples");
    bool good = fill(&f, whole) && all_used(&f);
    cJSON_Delete(f.used);
    if (!good) {
        cJSON_Delete(whole);
        return NULL;
    }
    return whole;
}
