/* What `check` or `test` found in all its files, in the forms that other tools read: SARIF 2.1.0,
 * JUnit's XML, annotations of GitHub's workflows, JSON. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

static const char *severity_word(greffe_severity severity)
{
    return severity == GREFFE_ERROR ? "error" : severity == GREFFE_WARNING ? "warning" : "note";
}

/* --- Files --- */

enum { most_path = 4096 };

/* A file's name from here, whichever way it was written: without ".", without "..", and not from
 * the root where it stands below. */
static const char *from_here(char out[most_path], const char *path)
{
    char here[most_path];
    size_t size = 0, within = getcwd(here, sizeof here) != NULL ? strlen(here) : 0;
    if (within > 1 && strncmp(path, here, within) == 0 && path[within] == '/') {
        path += within;
        path += strspn(path, "/");
    }
    if (strlen(path) >= most_path) {
        return path;
    }
    size += *path == '/' ? 1 : 0;
    out[0] = '/';
    size_t root = size;
    for (const char *at = path + root; *at != '\0'; at += strspn(at, "/")) {
        size_t part = strcspn(at, "/");
        size_t last = size; /* where the part before begins */
        while (last > root && out[last - 1] != '/') {
            last -= 1;
        }
        bool up = part == 2 && strncmp(at, "..", 2) == 0;
        bool stays = size > root && !(size - last == 2 && strncmp(out + last, "..", 2) == 0);
        if (up && stays) {
            size = last > root ? last - 1 : root;
        } else if (!(part == 1 && *at == '.')) {
            if (size > root) {
                out[size++] = '/';
            }
            memcpy(out + size, at, part);
            size += part;
        }
        at += part;
    }
    out[size] = '\0';
    return out;
}

/* As RFC 3986 has it: what is no letter, digit or - . _ ~ / is written with its bytes. */
static void add_uri(cJSON *to, const char *path)
{
    char plain[most_path], uri[3 * most_path + 8];
    const char *name = from_here(plain, path);
    size_t size = (size_t)snprintf(uri, sizeof uri, "%s", *name == '/' ? "file://" : "");
    for (; *name != '\0' && size + 4 < sizeof uri; name++) {
        bool kept = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                    (*name >= '0' && *name <= '9') || strchr("-._~/", *name) != NULL;
        size += (size_t)snprintf(uri + size, sizeof uri - size, kept ? "%c" : "%%%02X",
                                 (unsigned)(unsigned char)*name);
    }
    cJSON_AddStringToObject(to, "uri", uri);
}

/* --- Collecting --- */

/* The same fault keeps its fingerprint when lines are added above it: it is made of its code, its
 * file, the words of its line, and how many alike stand before it. */
static void add_fingerprint(cJSON *one, const greffe_diag *diag, const cJSON *before)
{
    char plain[most_path];
    const char *parts[] = {diag->code, from_here(plain, diag->file), diag->source_line};
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (const char *at = parts[i]; *at != '\0'; at++) {
            bool blank = *at == ' ' || *at == '\t';
            hash = blank ? hash : (hash ^ (unsigned char)*at) * UINT64_C(0x100000001B3);
        }
        hash = (hash ^ 0xFF) * UINT64_C(0x100000001B3);
    }
    char base[24], text[40];
    (void)snprintf(base, sizeof base, "%016" PRIx64, hash);
    unsigned alike = 0;
    const cJSON *other;
    cJSON_ArrayForEach(other, before)
    {
        alike += strncmp(cli_words(other, "fingerprint"), base, 16) == 0;
    }
    (void)snprintf(text, sizeof text, "%s:%u", base, alike + 1);
    cJSON_AddStringToObject(one, "fingerprint", text);
}

cJSON *cli_findings_new(void)
{
    cJSON *all = cJSON_CreateObject();
    (void)cJSON_AddArrayToObject(all, "files");
    (void)cJSON_AddArrayToObject(all, "findings");
    return all;
}

void cli_findings_end(cJSON *all, const char *path, int code)
{
    cJSON *file = cJSON_CreateObject();
    cJSON_AddStringToObject(file, "path", path);
    cJSON_AddNumberToObject(file, "exit", code);
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(all, "files"), file);
}

static void add(cJSON *all, const char *of, const greffe_diag *diag)
{
    cJSON *findings = cJSON_GetObjectItemCaseSensitive(all, "findings");
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "of", of);
    cJSON_AddStringToObject(one, "code", diag->code);
    cJSON_AddStringToObject(one, "severity", severity_word(diag->severity));
    cJSON_AddStringToObject(one, "file", diag->file[0] != '\0' ? diag->file : of);
    cJSON_AddNumberToObject(one, "line", diag->line);
    cJSON_AddNumberToObject(one, "column", diag->column);
    cJSON_AddNumberToObject(one, "end_line", diag->end_line);
    cJSON_AddNumberToObject(one, "end_column", diag->end_column);
    cJSON_AddStringToObject(one, "message", diag->message);
    cJSON_AddStringToObject(one, "hint", diag->hint);
    cJSON_AddStringToObject(one, "story", diag->story);
    add_fingerprint(one, diag, findings);
    cJSON_AddItemToArray(findings, one);
}

void cli_findings_diags(cli *c, cJSON *all, const char *path)
{
    const greffe_diag *diag;
    for (size_t i = 0; (diag = greffe_diags_get(c->diags, i)) != NULL; i++) {
        add(all, path, diag);
    }
}

void cli_findings_say(cJSON *all, const char *of, const char *file, int line, const char *message)
{
    const greffe_diag diag = {.severity = GREFFE_ERROR,
                              .code = "expectation",
                              .file = file,
                              .line = (uint32_t)line,
                              .column = 1,
                              .end_line = (uint32_t)line,
                              .end_column = 1,
                              .message = message,
                              .hint = "",
                              .story = "",
                              .source_line = message};
    add(all, of, &diag);
}

/* The message with the way to it and how to mend it, a line each. */
static char *whole_text(const cJSON *one)
{
    const char *story = cli_words(one, "story"), *hint = cli_words(one, "hint");
    const char *message = cli_words(one, "message");
    size_t size = strlen(message) + strlen(story) + strlen(hint) + 32;
    char *text = malloc(size);
    if (text != NULL) {
        (void)snprintf(text, size, "%s%s%s%s%s", message, story[0] != '\0' ? "\nWay: " : "", story,
                       hint[0] != '\0' ? "\nHelp: " : "", hint);
    }
    return text;
}

/* --- SARIF --- */

static int rule_index(cJSON *rules, const char *code)
{
    int index = 0;
    const cJSON *rule;
    cJSON_ArrayForEach(rule, rules)
    {
        if (strcmp(cli_words(rule, "id"), code) == 0) {
            return index;
        }
        index += 1;
    }
    cJSON *fresh = cJSON_CreateObject();
    cJSON_AddStringToObject(fresh, "id", code);
    cJSON *explained = cli_explained(code);
    if (explained != NULL) {
        cJSON_AddStringToObject(cJSON_AddObjectToObject(fresh, "shortDescription"), "text",
                                cli_words(explained, "summary"));
        cJSON_AddStringToObject(cJSON_AddObjectToObject(fresh, "help"), "text",
                                cli_words(explained, "text"));
    }
    cJSON_Delete(explained);
    cJSON_AddItemToArray(rules, fresh);
    return index;
}

static cJSON *location(const cJSON *one)
{
    cJSON *place = cJSON_CreateObject();
    cJSON *physical = cJSON_AddObjectToObject(place, "physicalLocation");
    cJSON *artifact = cJSON_AddObjectToObject(physical, "artifactLocation");
    add_uri(artifact, cli_words(one, "file"));
    if (cli_number(one, "line") > 0) {
        cJSON *region = cJSON_AddObjectToObject(physical, "region");
        cJSON_AddNumberToObject(region, "startLine", cli_number(one, "line"));
        cJSON_AddNumberToObject(region, "startColumn", cli_number(one, "column"));
        cJSON_AddNumberToObject(region, "endLine", cli_number(one, "end_line"));
        cJSON_AddNumberToObject(region, "endColumn", cli_number(one, "end_column"));
    }
    return place;
}

static void print_sarif(const cJSON *findings)
{
    cJSON *log = cJSON_CreateObject();
    cJSON_AddStringToObject(log, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    cJSON_AddStringToObject(log, "version", "2.1.0");
    cJSON *run = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(log, "runs"), run);
    cJSON *driver = cJSON_AddObjectToObject(cJSON_AddObjectToObject(run, "tool"), "driver");
    cJSON_AddStringToObject(driver, "name", "greffe");
    cJSON_AddStringToObject(driver, "version", greffe_version());
    cJSON *rules = cJSON_AddArrayToObject(driver, "rules");
    cJSON_AddStringToObject(run, "columnKind", "unicodeCodePoints");
    cJSON *results = cJSON_AddArrayToObject(run, "results");
    const cJSON *one;
    cJSON_ArrayForEach(one, findings)
    {
        cJSON *result = cJSON_CreateObject();
        char *text = whole_text(one);
        cJSON_AddStringToObject(result, "ruleId", cli_words(one, "code"));
        cJSON_AddNumberToObject(result, "ruleIndex", rule_index(rules, cli_words(one, "code")));
        cJSON_AddStringToObject(result, "level", cli_words(one, "severity"));
        cJSON_AddStringToObject(cJSON_AddObjectToObject(result, "message"), "text",
                                text != NULL ? text : "");
        cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "locations"), location(one));
        cJSON_AddStringToObject(cJSON_AddObjectToObject(result, "partialFingerprints"), "greffe/v1",
                                cli_words(one, "fingerprint"));
        cJSON_AddItemToArray(results, result);
        free(text);
    }
    cli_print_object(log);
}

/* --- JUnit --- */

/* A character that XML does not take at all becomes a question mark. */
static void print_xml(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        switch (*at) {
        case '&': (void)fputs("&amp;", stdout); break;
        case '<': (void)fputs("&lt;", stdout); break;
        case '>': (void)fputs("&gt;", stdout); break;
        case '"': (void)fputs("&quot;", stdout); break;
        case '\n': (void)fputs("&#10;", stdout); break;
        case '\t': (void)fputs("&#9;", stdout); break;
        case 0xEF:
            if (at[1] == 0xBF && (at[2] == 0xBE || at[2] == 0xBF)) { /* U+FFFE, U+FFFF */
                (void)putchar('?');
                at += 2;
                break;
            }
            (void)putchar(*at);
            break;
        default: (void)putchar(*at < 0x20 ? '?' : *at); break;
        }
    }
}

static void print_failure(const cJSON *findings, const char *path)
{
    bool first = true;
    const cJSON *one;
    cJSON_ArrayForEach(one, findings)
    {
        if (strcmp(cli_words(one, "of"), path) != 0) {
            continue;
        }
        char *text = whole_text(one);
        if (first) {
            (void)fputs("      <failure type=\"", stdout);
            print_xml(cli_words(one, "code"));
            (void)fputs("\" message=\"", stdout);
            print_xml(cli_words(one, "message"));
            (void)fputs("\">", stdout);
        }
        print_xml(cli_words(one, "file"));
        (void)printf(":%d:%d: %s %s: ", cli_number(one, "line"), cli_number(one, "column"),
                     cli_words(one, "severity"), cli_words(one, "code"));
        print_xml(text != NULL ? text : "");
        (void)putchar('\n');
        free(text);
        first = false;
    }
    (void)fputs(first ? "      <failure type=\"file\" message=\"it cannot be read\"/>\n"
                      : "</failure>\n",
                stdout);
}

/* A file is a test; all that is wrong with it is its one failure. */
static void print_junit(const cJSON *files, const cJSON *findings, const char *command)
{
    int failed = 0;
    const cJSON *file;
    cJSON_ArrayForEach(file, files)
    {
        failed += cli_number(file, "exit") != EXIT_FINE;
    }
    char now[32];
    cli_moment((int64_t)time(NULL) * 1000, now);
    now[strlen("1970-01-01T00:00:00")] = '\0'; /* without its zone, as the schema wants it */
    (void)printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites>\n"
                 "  <testsuite id=\"0\" package=\"greffe\" name=\"%s\" timestamp=\"%s\" "
                 "hostname=\"localhost\" tests=\"%d\" failures=\"%d\" errors=\"0\" time=\"0\">\n"
                 "    <properties/>\n",
                 command, now, cJSON_GetArraySize(files), failed);
    cJSON_ArrayForEach(file, files)
    {
        bool fails = cli_number(file, "exit") != EXIT_FINE;
        (void)printf("    <testcase classname=\"greffe.%s\" time=\"0\" name=\"", command);
        print_xml(cli_words(file, "path"));
        (void)fputs(fails ? "\">\n" : "\"/>\n", stdout);
        if (fails) {
            print_failure(findings, cli_words(file, "path"));
            (void)fputs("    </testcase>\n", stdout);
        }
    }
    (void)fputs("    <system-out/>\n    <system-err/>\n  </testsuite>\n</testsuites>\n", stdout);
}

/* --- GitHub --- */

/* In a property, ':' and ',' separate. */
static void print_escaped(const char *text, bool property)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool escaped =
            *at == '%' || *at == '\r' || *at == '\n' || (property && (*at == ':' || *at == ','));
        if (escaped) {
            (void)printf("%%%02X", (unsigned)(unsigned char)*at);
        } else {
            (void)putchar(*at);
        }
    }
}

static void print_github(const cJSON *findings)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, findings)
    {
        char *text = whole_text(one);
        const char *severity = cli_words(one, "severity");
        (void)printf("::%s file=", strcmp(severity, "note") == 0 ? "notice" : severity);
        print_escaped(cli_words(one, "file"), true);
        (void)printf(",line=%d,col=%d,endLine=%d,endColumn=%d,title=", cli_number(one, "line"),
                     cli_number(one, "column"), cli_number(one, "end_line"),
                     cli_number(one, "end_column"));
        print_escaped(cli_words(one, "code"), true);
        (void)fputs("::", stdout);
        print_escaped(text != NULL ? text : "", false);
        (void)putchar('\n');
        free(text);
    }
}

static void print_json(cJSON *findings)
{
    cJSON *one;
    cJSON_ArrayForEach(one, findings)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(one, "of"); /* `file` says where it stands */
    }
    char *text = cJSON_PrintUnformatted(findings);
    (void)printf("%s\n", text != NULL ? text : "[]");
    cJSON_free(text);
}

/* --- Door --- */

static const char *const formats[] = {"human", "json", "sarif", "junit", "github", NULL};

bool cli_format_known(const char *format)
{
    bool known = format == NULL;
    for (size_t i = 0; formats[i] != NULL; i++) {
        known = known || strcmp(format, formats[i]) == 0;
    }
    return known;
}

void cli_findings_print(cJSON *all, const char *format, const char *command)
{
    cJSON *findings = cJSON_GetObjectItemCaseSensitive(all, "findings");
    if (strcmp(format, "sarif") == 0) {
        print_sarif(findings);
    } else if (strcmp(format, "junit") == 0) {
        print_junit(cJSON_GetObjectItemCaseSensitive(all, "files"), findings, command);
    } else if (strcmp(format, "github") == 0) {
        print_github(findings);
    } else if (strcmp(format, "json") == 0) {
        print_json(findings);
    }
}
