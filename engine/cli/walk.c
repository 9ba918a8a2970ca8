/* The procedures of a folder, or its scenarios, in the order of their names: one that both stand in
 * is looked through as a whole. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/cli.h"

enum { most_deep = 32, most_path = 4096 };

static bool ends_in(const char *name, const char *end)
{
    size_t size = strlen(name), wanted = strlen(end);
    return size > wanted && strcasecmp(name + size - wanted, end) == 0;
}

/* Behind a key, which may stand in quotes, and the spaces after it: a colon. */
static bool is_key(const char *at, const char *key)
{
    char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
    size_t size = strlen(key);
    if (strncmp(at, key, size) != 0 || (quote != '\0' && at[size] != quote)) {
        return false;
    }
    at += size + (quote != '\0');
    return at[strspn(at, " \t")] == ':';
}

/* A mapping in braces, as JSON is: its keys stand behind a brace or a comma. */
static bool has_flow_key(const char *at, const char *key)
{
    for (; *at != '\0'; at++) {
        if ((*at == '{' || *at == ',') && is_key(at + 1 + strspn(at + 1, " \t\r\n"), key)) {
            return true;
        }
    }
    return false;
}

/* Whether a file's top level has this key, however YAML lets it be written. */
static bool has_key(const char *text, const char *key)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t top = SIZE_MAX;
    text += strncmp(text, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
    while (*text != '\0') {
        size_t indent = strspn(text, " ");
        const char *at = text + indent;
        bool said = strchr("\r\n#%", *at) == NULL && strncmp(at, "---", 3) != 0;
        if (said && top == SIZE_MAX && *at == '{') {
            return has_flow_key(at, key);
        }
        top = said && top == SIZE_MAX ? indent : top;
        if (said && indent == top && is_key(at, key)) {
            return true;
        }
        text = at + strcspn(at, "\r\n");
        text += strspn(text, "\r\n");
    }
    return false;
}

/* What cannot be read is not passed over: whoever takes it says so. */
static bool is_wanted(const char *path, cli_files which)
{
    char *text;
    size_t size;
    if (!ends_in(path, ".yaml") && !ends_in(path, ".yml")) {
        return false;
    }
    if (!cli_read_file(path, &text, &size)) {
        return true;
    }
    bool wide = size > 1 && ((text[0] == '\xFF' && text[1] == '\xFE') ||
                             (text[0] == '\xFE' && text[1] == '\xFF')); /* not UTF-8: a fault */
    bool scenario = has_key(text, "scenario");
    bool wanted =
        which == CLI_SCENARIOS ? scenario : wide || (!scenario && has_key(text, "procedure"));
    free(text);
    return wanted;
}

/* Folders are not entered through links, which may lead round; files are. */
static bool is_file(const char *path, const struct stat *info)
{
    struct stat target;
    return S_ISREG(info->st_mode) ||
           (S_ISLNK(info->st_mode) && stat(path, &target) == 0 && S_ISREG(target.st_mode));
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
            } else if (is_file(inner, &info) && is_wanted(inner, which)) {
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
