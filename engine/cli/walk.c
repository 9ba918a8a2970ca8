/* The procedures of a folder, or its scenarios, in the order of their names: one that both stand in
 * is looked through as a whole. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

enum { most_deep = 32, most_path = 4096 };

static bool ends_in(const char *name, const char *end)
{
    size_t size = strlen(name), wanted = strlen(end);
    return size > wanted && strcmp(name + size - wanted, end) == 0;
}

/* Whether a file's top level has this key. */
static bool has_key(const char *text, const char *key)
{
    size_t size = strlen(key);
    for (const char *line = text; line != NULL && *line != '\0';) {
        if (strncmp(line, key, size) == 0) {
            return true;
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return false;
}

static bool is_wanted(const char *path, cli_files which)
{
    char *text;
    size_t size;
    if (!(ends_in(path, ".yaml") || ends_in(path, ".yml")) || !cli_read_file(path, &text, &size)) {
        return false;
    }
    bool scenario = has_key(text, "scenario:");
    bool wanted = which == CLI_SCENARIOS ? scenario : !scenario && has_key(text, "procedure:");
    free(text);
    return wanted;
}

static int walk(cli *c, const char *path, cli_files which,
                int (*take)(cli *c, const char *path, void *data), void *data, int depth)
{
    struct dirent **names;
    int count = depth < most_deep ? scandir(path, &names, NULL, alphasort) : -1, worst = EXIT_FINE;
    if (count < 0) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", path);
    }
    for (int i = 0; i < count; i++) {
        char inner[most_path];
        struct stat info;
        bool here = strcmp(path, ".") == 0; /* files are named as they are from here */
        int size = snprintf(inner, sizeof inner, "%s%s%s", here ? "" : path, here ? "" : "/",
                            names[i]->d_name);
        bool fits = size > 0 && (size_t)size < sizeof inner && names[i]->d_name[0] != '.';
        if (fits && lstat(inner, &info) == 0) {
            if (S_ISDIR(info.st_mode)) {
                worst = cli_worse(worst, walk(c, inner, which, take, data, depth + 1));
            } else if (S_ISREG(info.st_mode) && is_wanted(inner, which)) {
                worst = cli_worse(worst, take(c, inner, data));
            }
        }
        free(names[i]);
    }
    free((void *)names);
    return worst;
}

int cli_walk(cli *c, const char *path, cli_files which,
             int (*take)(cli *c, const char *path, void *data), void *data)
{
    struct stat info;
    char plain[most_path];
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') {
        size -= 1;
    }
    if (size >= sizeof plain || stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return take(c, path, data);
    }
    (void)snprintf(plain, sizeof plain, "%.*s", (int)size, path);
    return walk(c, plain, which, take, data, 0);
}
