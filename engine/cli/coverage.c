/* test --coverage: which steps, outcomes, guards, rules of tables and clocks of a procedure its
 * scenarios pass through. What was passed is read from the journals, never guessed. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/picture.h"
#include "cli/scenario.h"

/* What is to be covered, in the order in which it is told. A name that is passed through is a
 * member of the procedure's object of its kind; true: it was passed. */
static const char *const kinds[] = {"steps", "outcomes", "guards", "rules", "clocks"};
enum { kind_count = sizeof kinds / sizeof *kinds };

/* --- Noting --- */

static void want(cJSON *of, const char *kind, const char *name)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(of, kind);
    if (cJSON_GetObjectItemCaseSensitive(list, name) == NULL) {
        cJSON_AddFalseToObject(list, name);
    }
}

/* What the procedure does not have is not noted: its journal may name what the engine added. */
static void pass(cJSON *of, const char *kind, const char *name)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(of, kind);
    if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(list, name))) {
        cJSON_ReplaceItemInObjectCaseSensitive(list, name, cJSON_CreateTrue());
    }
}

static bool has_guard(const cJSON *edge)
{
    const cJSON *guard = cJSON_GetObjectItemCaseSensitive(edge, "guard");
    return cli_words(guard, "source")[0] != '\0';
}

static void way(char out[400], const char *moment, bool holds)
{
    (void)snprintf(out, 400, "%s %s", moment, holds ? "holds" : "does not hold");
}

static void want_edges(cJSON *of, const cJSON *plan, const cJSON *node)
{
    const cJSON *edge;
    cJSON_ArrayForEach(edge, cJSON_GetObjectItemCaseSensitive(node, "edges"))
    {
        char moment[300], text[400];
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(edge, "done"))) {
            continue;
        }
        (void)snprintf(moment, sizeof moment, "%s.%s", plan_step_of(plan, node),
                       cli_words(edge, "outcome"));
        want(of, "outcomes", moment);
        for (int holds = 0; has_guard(edge) && holds < 2; holds++) {
            way(text, moment, holds == 1);
            want(of, "guards", text);
        }
    }
}

/* A rule of a table, by its number or "otherwise"; of one that is dated, with its first day. */
static void rule_name(char out[400], const char *table, const char *from, const char *rule)
{
    bool numbered = rule[0] >= '0' && rule[0] <= '9';
    (void)snprintf(out, 400, "%.200s%s%s %s%s", table, from[0] != '\0' ? " " : "", from,
                   numbered ? "rule " : "", rule);
}

static void want_rules(cJSON *of, const cJSON *value)
{
    const cJSON *version;
    cJSON_ArrayForEach(version, cJSON_GetObjectItemCaseSensitive(value, "rules"))
    {
        char text[400], number[16], day[16] = "";
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(version, "always"))) {
            cli_day(cli_number(version, "from") * INT64_C(86400000), day);
        }
        for (int i = 0; i < cli_number(version, "rows"); i++) {
            (void)snprintf(number, sizeof number, "%d", i + 1);
            rule_name(text, cli_words(value, "name"), day, number);
            want(of, "rules", text);
        }
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(version, "otherwise"))) {
            rule_name(text, cli_words(value, "name"), day, "otherwise");
            want(of, "rules", text);
        }
    }
}

static cJSON *procedure_of(const scenario *s)
{
    char *path = realpath(s->procedure, NULL); /* however it is named */
    cJSON *of = cJSON_GetObjectItemCaseSensitive(s->coverage, path != NULL ? path : s->procedure);
    const cJSON *one;
    if (of != NULL) {
        free(path);
        return of;
    }
    of = cJSON_AddObjectToObject(s->coverage, path != NULL ? path : s->procedure);
    cJSON_AddStringToObject(of, "name", s->procedure);
    cJSON_AddItemToObject(of, "plan", cJSON_Duplicate(s->plan, true));
    free(path);
    for (size_t i = 0; i < kind_count; i++) {
        (void)cJSON_AddObjectToObject(of, kinds[i]);
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, "steps"))
    {
        want(of, "steps", cli_words(one, "id"));
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, "nodes"))
    {
        want_edges(of, s->plan, one);
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, "values"))
    {
        want_rules(of, one);
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, "clocks"))
    {
        char text[300];
        (void)snprintf(text, sizeof text, "%s ends", cli_words(one, "name"));
        want(of, "clocks", text);
        (void)snprintf(text, sizeof text, "%s is stopped", cli_words(one, "name"));
        want(of, "clocks", text);
    }
    return of;
}

/* --- Reading journals --- */

/* A choice that was made: what stands above it did not hold. */
static void pass_choice(cJSON *of, const cJSON *plan, const char *moment)
{
    const cJSON *node, *edge;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(plan, "nodes"))
    {
        const char *step = plan_step_of(plan, node);
        size_t size = strlen(step);
        bool here = strncmp(moment, step, size) == 0 && moment[size] == '.';
        bool above = cli_number(node, "op") == PLAN_CHOOSE;
        here = here && plan_edge(node, moment + size + 1) != NULL;
        const cJSON *edges = here ? cJSON_GetObjectItemCaseSensitive(node, "edges") : NULL;
        cJSON_ArrayForEach(edge, edges)
        {
            char own[300], text[400];
            bool taken = strcmp(cli_words(edge, "outcome"), moment + size + 1) == 0;
            (void)snprintf(own, sizeof own, "%s.%s", step, cli_words(edge, "outcome"));
            way(text, own, taken);
            if (has_guard(edge) && (taken || above)) {
                pass(of, "guards", text);
            }
            above = above && !taken;
        }
    }
}

static void pass_event(cJSON *of, const cJSON *plan, const cJSON *event)
{
    const char *kind = cli_words(event, "event"), *name = cli_words(event, "name");
    char text[400];
    if (strcmp(kind, "entered") == 0) {
        const char *path = cli_words(event, "path");
        (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(path, "/"), path);
        pass(of, "steps", text);
        const cJSON *node; /* inside a block the path begins with the block's */
        cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(plan, "nodes"))
        {
            if (strcmp(cli_words(node, "path"), path) == 0) {
                pass(of, "steps", plan_step_of(plan, node));
            }
        }
    } else if (strcmp(kind, "happened") == 0) {
        pass(of, "outcomes", name);
        pass_choice(of, plan, name);
    } else if (strcmp(kind, "ruled") == 0) {
        const cJSON *rule;
        cJSON_ArrayForEach(rule, cJSON_GetObjectItemCaseSensitive(event, "rules"))
        {
            rule_name(text, name, cli_words(event, "from"), rule->valuestring);
            pass(of, "rules", text);
        }
    } else if (strcmp(kind, "clock fired") == 0) {
        (void)snprintf(text, sizeof text, "%s ends", name);
        pass(of, "clocks", text);
    } else if (strcmp(kind, "clock stopped") == 0) {
        (void)snprintf(text, sizeof text, "%s is stopped", name);
        pass(of, "clocks", text);
    }
}

typedef struct reading {
    const scenario *s;
    cJSON *of;
} reading;

static int read_entry(cli *c, const cJSON *entry, void *data)
{
    const reading *r = data;
    const cJSON *event;
    (void)c;
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(entry, "events"))
    {
        pass_event(r->of, r->s->plan, event);
    }
    return EXIT_FINE;
}

static int read_dossier(cli *c, const cJSON *row, void *data)
{
    greffe_query query = {.size = sizeof query,
                          .kind = GREFFE_QUERY_HISTORY,
                          .stream_kind = "dossier",
                          .key = cli_words(row, "dossier")};
    return cli_each_row(c, &query, read_entry, data);
}

void coverage_add(const scenario *s)
{
    reading r = {.s = s, .of = procedure_of(s)};
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIERS};
    const cJSON *moment;
    (void)cli_each_row(s->c, &query, read_dossier, &r);
    cJSON_ArrayForEach(moment, s->refused)
    {
        char text[400];
        way(text, moment->string, false);
        pass(r.of, "guards", text);
    }
}

/* --- Pictures --- */

bool coverage_draw(const cJSON *of, const char *path, bool way)
{
    const picture_overlay overlay = {.passed = of, .path = way};
    FILE *out = fopen(path, "wb");
    bool good = out != NULL &&
                picture_write_svg(out, cJSON_GetObjectItemCaseSensitive(of, "plan"), &overlay);
    return out != NULL && fclose(out) == 0 && good;
}

int coverage_draw_all(const cJSON *all, const char *folder)
{
    int code = EXIT_FINE;
    const cJSON *of;
    (void)mkdir(folder, 0777);
    cJSON_ArrayForEach(of, all)
    {
        char path[1400];
        const cJSON *plan = cJSON_GetObjectItemCaseSensitive(of, "plan");
        (void)snprintf(path, sizeof path, "%.1000s/%.200s.svg", folder,
                       cli_words(plan, "procedure"));
        if (!coverage_draw(of, path, false)) {
            code = cli_fail(EXIT_ENVIRONMENT, "%s cannot be written", path);
        }
    }
    return code;
}

/* --- Telling --- */

typedef struct share {
    int passed, all;
} share;

static double percent(share of)
{
    return of.all > 0 ? 100.0 * of.passed / of.all : 100.0;
}

static share count(const cJSON *list)
{
    share of = {0, 0};
    const cJSON *one;
    cJSON_ArrayForEach(one, list)
    {
        of.all += 1;
        of.passed += cJSON_IsTrue(one);
    }
    return of;
}

static void print_kind(FILE *out, const char *kind, const cJSON *list, share of)
{
    const char *before = "  not: ";
    const cJSON *one;
    (void)fprintf(out, "  %-9s %4d of %4d  %5.1f %%", kind, of.passed, of.all, percent(of));
    cJSON_ArrayForEach(one, list)
    {
        if (cJSON_IsFalse(one)) {
            (void)fprintf(out, "%s%s", before, one->string);
            before = ", ";
        }
    }
    (void)fputc('\n', out);
}

double coverage_print(const cJSON *all, FILE *out)
{
    share whole = {0, 0};
    const cJSON *of;
    cJSON_ArrayForEach(of, all)
    {
        if (out != NULL) {
            (void)fprintf(out, "%s\n", cli_words(of, "name"));
        }
        for (size_t i = 0; i < kind_count; i++) {
            const cJSON *list = cJSON_GetObjectItemCaseSensitive(of, kinds[i]);
            share part = count(list);
            whole.passed += part.passed;
            whole.all += part.all;
            if (out != NULL && part.all > 0) {
                print_kind(out, kinds[i], list, part);
            }
        }
    }
    if (out != NULL) {
        (void)fprintf(out, "covered   %5d of %4d  %5.1f %%\n", whole.passed, whole.all,
                      percent(whole));
    }
    return percent(whole);
}
