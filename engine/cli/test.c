/* test: scenarios. A procedure is published in a store in memory; people act, time moves, and what
 * is expected is compared. */
#include <cjson/cJSON.h>
#include <greffe/scenario.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

/* --- Playing --- */

static int play(scenario *s, const greffe_plan *plan)
{
    cJSON *step, *steps = cJSON_GetObjectItemCaseSensitive(s->root, "steps");
    greffe_status status = scenario_open(s, plan);
    steps = status == GREFFE_OK && s->failures == 0 ? steps : NULL;
    cJSON_ArrayForEach(step, steps)
    {
        scenario_step(s, step);
    }
    if (s->expectations == 0 && s->failures == 0) {
        scenario_fail(s, "a scenario that expects nothing shows nothing");
    }
    if (s->coverage != NULL && status == GREFFE_OK) {
        coverage_add(s);
    }
    scenario_close(s);
    int code = s->failures > 0 ? EXIT_FINE : cli_status(status, s->name);
    return s->failures > 0 ? EXIT_FAULTS : code;
}

/* --- One file --- */

static int read_scenario(scenario *s)
{
    char *text, *json;
    size_t size;
    if (!cli_read_file(s->path, &text, &size)) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", s->path);
    }
    greffe_status status =
        greffe_yaml_to_json(&json, s->c->context, s->c->diags, s->path, (greffe_str){text, size});
    s->text = text;
    if (status != GREFFE_OK) {
        return EXIT_FAULTS;
    }
    s->root = cJSON_Parse(json);
    greffe_free(s->c->context, json);
    return s->root != NULL ? EXIT_FINE : cli_fail(EXIT_ENVIRONMENT, "out of memory");
}

/* The scenario's own site file, or that of the command line. */
static int read_site(scenario *s, const char *name)
{
    char path[1400];
    const char *outside = s->c->site;
    greffe_site_destroy(s->c->accounts);
    s->c->accounts = NULL;
    if (name == NULL && outside == NULL) {
        return EXIT_FINE;
    }
    if (name != NULL) {
        scenario_beside(s, name, path);
        s->c->site = path;
    }
    int code = cli_read_site(s->c);
    s->c->site = outside;
    return code;
}

static bool is_list(const cJSON *root, const char *name)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, name);
    return cJSON_IsArray(list) && cJSON_GetArraySize(list) > 0;
}

static bool check_keys(scenario *s)
{
    static const char *const keys[] = {"greffe",   "scenario", "procedure", "site",  "services",
                                       "examples", "start",    "steps",     "@line", NULL};
    static const char *const texts[] = {"greffe", "scenario", "procedure", "start"};
    s->line = 1;
    if (!cJSON_IsObject(s->root)) {
        scenario_fail(s, "a scenario has keys: greffe: 1, scenario: <what it shows>, …");
        return false;
    }
    if (!scenario_has_only(s, s->root, keys,
                           "a scenario has 'greffe', 'scenario', 'procedure', 'site', 'services', "
                           "'examples', 'start' and 'steps'")) {
        return false;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (cli_text(s->root, texts[i]) == NULL) {
            scenario_fail(s, "a scenario needs the key '%s'", texts[i]);
            return false;
        }
    }
    bool examples = cJSON_GetObjectItemCaseSensitive(s->root, "examples") != NULL;
    if (strcmp(cli_words(s->root, "greffe"), "1") != 0) {
        scenario_fail(s, "this is the language 'greffe: 1', and not %s",
                      cli_words(s->root, "greffe"));
    } else if (!is_list(s->root, "steps")) {
        s->line = scenario_line(s, "steps");
        scenario_fail(s, "'steps' takes a list: - {do: file, …}");
    } else if (examples && !is_list(s->root, "examples")) {
        s->line = scenario_line(s, "examples");
        scenario_fail(s, "'examples' takes a list: - {example: <name>, column: value}");
    }
    return s->failures == 0;
}

typedef struct round {
    int passed, failed;
    cJSON *findings; /* for tools; NULL: what fails is printed */
    cJSON *coverage; /* over all scenarios, or NULL */
} round;

/* One line of JSON: what failed, with its line. */
static void print_object(const scenario *s, const round *all, bool passed)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "file", s->name);
    cJSON_AddBoolToObject(object, "passed", passed);
    cJSON_AddNumberToObject(object, "steps", s->steps);
    cJSON_AddNumberToObject(object, "expectations", s->expectations);
    cJSON *failures = cJSON_AddArrayToObject(object, "failures");
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(all->findings, "findings"))
    {
        if (strcmp(cli_words(one, "of"), s->name) == 0) {
            static const char *const members[] = {"file", "line", "code", "message"};
            cJSON *failure = cJSON_CreateObject();
            for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
                const cJSON *member = cJSON_GetObjectItemCaseSensitive(one, members[i]);
                cJSON_AddItemToObject(failure, members[i], cJSON_Duplicate(member, true));
            }
            cJSON_AddItemToArray(failures, failure);
        }
    }
    cli_print_object(object);
}

static void say_verdict(const scenario *s, const round *all, bool passed)
{
    if (s->c->json) {
        print_object(s, all, passed);
    } else if (all->findings != NULL) {
        cli_findings_end(all->findings, s->name, passed ? EXIT_FINE : EXIT_FAULTS);
    } else {
        (void)printf("%s %s (%u steps, %u expectations)\n", passed ? "ok  " : "FAIL", s->name,
                     s->steps, s->expectations);
    }
}

static int end_of(const scenario *s, round *all, int code)
{
    all->passed += code == EXIT_FINE;
    all->failed += code != EXIT_FINE;
    say_verdict(s, all, code == EXIT_FINE);
    return code;
}

/* The whole file, or one row of its examples, which has a number from 1. */
static int play_one(const scenario *file, round *all, const greffe_plan *plan, const cJSON *row,
                    int number)
{
    scenario s = *file;
    int code = EXIT_FAULTS;
    if (row != NULL) {
        char numbered[16];
        const char *name = cli_text(row, "example");
        const cJSON *line = cJSON_GetObjectItemCaseSensitive(row, "@line");
        s.line = line != NULL ? line->valueint : 1;
        (void)snprintf(numbered, sizeof numbered, "%d", number);
        (void)snprintf(s.name, sizeof s.name, "%.1200s [%.200s]", file->path,
                       name != NULL ? name : numbered);
        s.root = scenario_of_row(&s, row);
    }
    if (s.root != NULL) {
        code = play(&s, plan);
    }
    if (row != NULL) {
        cJSON_Delete(s.root);
    }
    s.c->mute = false;
    return end_of(&s, all, code);
}

static int play_file(const scenario *s, round *all, const greffe_plan *plan)
{
    const cJSON *row, *rows = cJSON_GetObjectItemCaseSensitive(s->root, "examples");
    int worst = EXIT_FINE;
    if (rows == NULL) {
        return play_one(s, all, plan, NULL, 0);
    }
    int number = 0;
    cJSON_ArrayForEach(row, rows)
    {
        int code = play_one(s, all, plan, row, ++number);
        worst = cli_worse(code, worst);
    }
    return worst;
}

static int take_file(cli *c, const char *path, void *data)
{
    round *all = data;
    greffe_plan *plan = NULL;
    char procedure[1400] = "";
    scenario s = {.c = c,
                  .path = path,
                  .procedure = procedure,
                  .findings = all->findings,
                  .coverage = all->coverage};
    (void)snprintf(s.name, sizeof s.name, "%s", path);
    greffe_diags_clear(c->diags);
    int code = read_scenario(&s);
    if (code == EXIT_FINE) {
        code = check_keys(&s) ? read_site(&s, cli_text(s.root, "site")) : EXIT_FAULTS;
    }
    if (code == EXIT_FINE) {
        scenario_beside(&s, cli_text(s.root, "procedure"), procedure);
        code = cli_compile(c, procedure, &plan);
    }
    if (code != EXIT_FINE && all->findings == NULL) {
        cli_print_diags(c);
    } else if (code != EXIT_FINE) {
        cli_findings_diags(c, all->findings, path);
    }
    if (code == EXIT_ENVIRONMENT && all->findings != NULL) {
        char what[1500];
        (void)snprintf(what, sizeof what, "%s%s cannot be read",
                       procedure[0] == '\0' && s.root != NULL ? "its site beside " : "",
                       procedure[0] != '\0' ? procedure : path);
        cli_findings_say(all->findings, path, path,
                         scenario_line(&s, procedure[0] != '\0' ? "procedure" : "site"), what);
    }
    code = code == EXIT_FINE ? play_file(&s, all, plan) : end_of(&s, all, code);
    greffe_plan_unref(plan);
    cJSON_Delete(s.root);
    free((void *)s.text);
    return code;
}

/* Whether as much was passed through as is asked for: of what tools read, a test of its own. */
static int covered(const cli *c, const round *all, double share)
{
    char what[120];
    int code = share + 1e-9 >= c->min_coverage ? EXIT_FINE : EXIT_FAULTS;
    (void)snprintf(what, sizeof what, "the scenarios cover %.1f %%, and %d are asked for", share,
                   c->min_coverage);
    if (all->findings != NULL && c->min_coverage > 0) {
        if (code != EXIT_FINE) {
            cli_findings_say(all->findings, "coverage", "coverage", 1, what);
        }
        cli_findings_end(all->findings, "coverage", code);
    }
    return code == EXIT_FINE ? code : cli_fail(code, "%s", what);
}

/* What is left to do once all were played: what tools read, and coverage. */
static int conclude(cli *c, const round *all, const char *format)
{
    int code = EXIT_FINE;
    bool human = all->findings == NULL;
    if (human) {
        (void)printf("%d passed, %d failed\n", all->passed, all->failed);
        (void)fflush(stdout);
    }
    if (all->coverage != NULL) {
        code = covered(c, all, coverage_print(all->coverage, human ? stdout : stderr));
    }
    if (strcmp(format, "junit") == 0) {
        cli_findings_print(all->findings, format, "test");
    }
    if (all->coverage != NULL && strcmp(c->out, "out") != 0) {
        code = cli_worse(coverage_draw_all(all->coverage, c->out), code);
    }
    return code;
}

int cli_test(cli *c)
{
    int worst = EXIT_FINE;
    const char *format = c->format != NULL ? c->format : "human";
    bool known =
        strcmp(format, "human") == 0 || strcmp(format, "json") == 0 || strcmp(format, "junit") == 0;
    if (c->word_count == 0 || !known) {
        return cli_fail(EXIT_USAGE,
                        "greffe test SCENARIO.yaml|FOLDER… [--format human|json|junit] [--update] "
                        "[--coverage] [--min-coverage PERCENT]");
    }
    c->json = c->json || strcmp(format, "json") == 0;
    round all = {.findings = c->json || strcmp(format, "junit") == 0 ? cli_findings_new() : NULL,
                 .coverage = c->coverage || c->min_coverage > 0 ? cJSON_CreateObject() : NULL};
    for (int i = 0; i < c->word_count; i++) {
        int code = cli_walk(c, c->words[i], CLI_SCENARIOS, take_file, &all);
        worst = cli_worse(code, worst);
    }
    if (all.passed + all.failed == 0 && worst == EXIT_FINE) {
        worst = cli_fail(EXIT_FAULTS, "there is no scenario in what was named");
    }
    int code = conclude(c, &all, format);
    cJSON_Delete(all.findings);
    cJSON_Delete(all.coverage);
    return cli_worse(code, worst);
}
