/* test: tables of examples. A scenario is played once for each row, with the row's values where its
 * start, its services and its steps say <column>. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

typedef struct filling {
    scenario *s;
    const cJSON *row;
    cJSON *used;    /* {column: true} */
    cJSON *renamed; /* empty, but while a key is filled in */
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

/* A key is a text too. */
static bool fill_key(const filling *f, cJSON *child)
{
    if (child->string == NULL || strchr(child->string, '<') == NULL) {
        return true;
    }
    char *text = fill_text(f, child->string);
    cJSON_bool kept =
        cJSON_AddItemToObject(f->renamed, text != NULL ? text : "", cJSON_CreateNull());
    free(text);
    cJSON *named = kept ? cJSON_GetArrayItem(f->renamed, 0) : NULL;
    if (named == NULL || text == NULL) {
        return false;
    }
    char *key = child->string; /* the two keys change places, so that each is freed once */
    child->string = named->string;
    named->string = key;
    cJSON_DeleteItemFromArray(f->renamed, 0);
    return true;
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
        const cJSON *at = cJSON_GetObjectItemCaseSensitive(child, "@line");
        f->s->line = at != NULL ? at->valueint : f->s->line;
        good = good && fill_key(f, child) && fill(f, child);
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

/* Every value of a row is a text. */
static bool check_row(scenario *s, const cJSON *row)
{
    const cJSON *column;
    bool good = cJSON_IsObject(row);
    cJSON_ArrayForEach(column, row)
    {
        good = good && (cJSON_IsString(column) || cJSON_IsNumber(column));
    }
    if (!good) {
        scenario_fail(s, "an example is {column: value}, and each value a text");
    }
    return good;
}

cJSON *scenario_of_row(scenario *s, const cJSON *row)
{
    static const char *const parts[] = {"start", "services", "steps"};
    if (!check_row(s, row)) {
        return NULL;
    }
    int line = s->line;
    cJSON *whole = cJSON_Duplicate(s->root, true);
    filling f = {.s = s, .row = row, .used = cJSON_CreateObject(), .renamed = cJSON_CreateObject()};
    bool good = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        cJSON *part = cJSON_GetObjectItemCaseSensitive(whole, parts[i]);
        good = good && (part == NULL || fill(&f, part));
    }
    s->line = good ? line : s->line;
    good = good && all_used(&f);
    cJSON_Delete(f.used);
    cJSON_Delete(f.renamed);
    if (!good) {
        cJSON_Delete(whole);
        return NULL;
    }
    return whole;
}
