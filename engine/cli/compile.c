/* Compiling: what a procedure reads beside it, and the ways to faults, which are played. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/scenario.h"

/* --- What was read --- */

/* Two sums with different beginnings: files that differ by chance have the same ones never. */
void cli_hash(const char *text, size_t size, char out[40])
{
    uint64_t sums[2] = {UINT64_C(0xCBF29CE484222325), UINT64_C(0x9AE16A3B2F90404F)};
    for (size_t i = 0; i < size; i++) {
        for (int j = 0; j < 2; j++) {
            sums[j] = (sums[j] ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
        }
    }
    (void)snprintf(out, 40, "%016" PRIx64 "%016" PRIx64, sums[0], sums[1]);
}

static void note_read(const cli *c, const char *path, const char *text, size_t size)
{
    char hash[40] = "";
    if (c->reads == NULL) {
        return;
    }
    if (text != NULL) {
        cli_hash(text, size, hash);
    }
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "path", path);
    cJSON_AddStringToObject(one, "hash", hash); /* empty: there is no such file */
    cJSON_AddItemToArray(c->reads, one);
}

/* --- Compiling --- */

typedef struct folder {
    cli *c;
    char path[1024];
    char *texts[64];
    size_t count;
} folder;

static greffe_status read_beside(void *data, const char *name, greffe_str *out)
{
    folder *f = data;
    char path[1400];
    char *text;
    size_t size;
    if (f->count == 64 || strstr(name, "..") != NULL) {
        return GREFFE_ENOTFOUND;
    }
    (void)snprintf(path, sizeof path, "%s%s", f->path, name);
    if (!cli_read_file(path, &text, &size)) {
        note_read(f->c, path, NULL, 0);
        return GREFFE_ENOTFOUND;
    }
    note_read(f->c, path, text, size);
    f->texts[f->count++] = text;
    *out = (greffe_str){text, size};
    return GREFFE_OK;
}

int cli_compile(cli *c, const char *path, greffe_plan **out)
{
    char *text;
    size_t size;
    folder f = {.c = c};
    if (!cli_read_file(path, &text, &size)) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", path);
    }
    note_read(c, path, text, size);
    c->waives = strstr(text, "waive:") != NULL;
    const char *slash = strrchr(path, '/');
    (void)snprintf(f.path, sizeof f.path, "%.*s", slash != NULL ? (int)(slash - path + 1) : 0,
                   path);
    /* A scenario may show what is wrong, and so may a picture. */
    bool shown = strcmp(c->command, "test") == 0 || strcmp(c->command, "graph") == 0;
    replaying replayed = {.c = c, .procedure = path};
    greffe_compile_options options = {.size = sizeof options,
                                      .read = read_beside,
                                      .read_data = &f,
                                      .today = (int64_t)time(NULL) / 86400,
                                      .replay = c->no_replay || shown ? NULL : scenario_replay,
                                      .replay_data = &replayed,
                                      .also_refuted = shown};
    greffe_status status =
        greffe_compile(out, c->context, c->diags, path, (greffe_str){text, size}, &options);
    free(text);
    for (size_t i = 0; i < f.count; i++) {
        free(f.texts[i]);
    }
    return status == GREFFE_OK         ? EXIT_FINE
           : status == GREFFE_EINVALID ? EXIT_FAULTS
                                       : cli_status(status, path);
}
