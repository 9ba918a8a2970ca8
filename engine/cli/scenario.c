/* test: scenarios. A procedure is published in a store in memory; people act, time moves, and what
 * is expected is compared. Letters and payments are caught instead of leaving. */
#include <cjson/cJSON.h>
#include <greffe/scenario.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

/* --- What leaves is caught --- */

static greffe_status catch_letter(void *data, const greffe_effect *effect, char problem[256])
{
    scenario *s = data;
    (void)problem;
    if (s->letter_count < SCENARIO_MOST_LETTERS) {
        s->letters[s->letter_count] = strdup(effect->letter);
        s->letter_count += s->letters[s->letter_count] != NULL;
    }
    return GREFFE_OK;
}

static greffe_status catch_file(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)effect;
    (void)problem;
    return GREFFE_OK;
}

static bool has_only(scenario *s, const cJSON *object, const char *const *words, const char *help)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, object)
    {
        size_t i = 0;
        while (words[i] != NULL && strcmp(one->string, words[i]) != 0) {
            i += 1;
        }
        if (words[i] == NULL) {
            scenario_fail(s, "%s, and not '%s'", help, one->string);
            return false;
        }
    }
    return true;
}

/* A service of the scenario's: what it answers stands in the file. */
static greffe_status answer_call(void *data, const greffe_effect *effect, char problem[256])
{
    const cJSON *service = data;
    char *gives = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(service, "gives"));
    greffe_status status = GREFFE_OK;
    (void)problem;
    if (gives != NULL || cli_text(service, "outcome") != NULL) {
        status = greffe_effect_answer(effect, cli_text(service, "outcome"),
                                      (greffe_str){gives, gives != NULL ? strlen(gives) : 0});
    }
    cJSON_free(gives);
    return status;
}

/* One that the scenario does not name never answers. */
static greffe_status take_services(scenario *s)
{
    static const char *const keys[] = {"outcome", "gives", "@line", NULL};
    const cJSON *services = cJSON_GetObjectItemCaseSensitive(s->root, "services");
    cJSON *service;
    greffe_status status = GREFFE_OK;
    cJSON_ArrayForEach(service, services)
    {
        char channel[80];
        if (!cJSON_IsObject(service)) {
            continue; /* its line */
        }
        if (!has_only(s, service, keys, "a service has 'outcome' and 'gives'")) {
            return GREFFE_EINVALID;
        }
        (void)snprintf(channel, sizeof channel, "call:%s", service->string);
        const greffe_handler handler = {
            .size = sizeof handler, .channel = channel, .run = answer_call, .data = service};
        status = status == GREFFE_OK ? greffe_engine_handle(s->c->engine, &handler) : status;
    }
    return status;
}

/* --- Time --- */

static bool settle(scenario *s)
{
    greffe_progress total = {0};
    return cli_settle(s->c, s->now_ms, &total) == GREFFE_OK;
}

/* "3 days", "5 hours", "2 weeks": what passes in a test need not be a legal length. */
static bool pass(scenario *s, const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"hour", 3600000}, {"day", 86400000}, {"week", 604800000}};
    char *end;
    long count = strtol(text, &end, 10);
    for (size_t i = 0; count > 0 && count < 100000 && i < sizeof units / sizeof *units; i++) {
        size_t size = strlen(units[i].unit);
        bool named = *end == ' ' && strncmp(end + 1, units[i].unit, size) == 0;
        if (named && (end[1 + size] == '\0' || strcmp(end + 1 + size, "s") == 0)) {
            s->now_ms += count * units[i].ms;
            return true;
        }
    }
    return false;
}

static void move_time(scenario *s, const cJSON *step)
{
    const char *at = cli_text(step, "at"), *after = cli_text(step, "after");
    int64_t now = s->now_ms;
    if (at != NULL && (!cli_instant(at, &now) || now < s->now_ms)) {
        scenario_fail(s, "'at' takes a later instant, such as 2020-03-02T09:00:00Z, and not %s",
                      at);
        return;
    }
    s->now_ms = now;
    if (after != NULL && !pass(s, after)) {
        scenario_fail(s, "'after' takes hours, days or weeks, such as 3 days, and not %s", after);
    }
    if (!settle(s)) {
        scenario_fail(s, "what was due could not be done");
    }
}

/* --- Acting --- */

/* [facture, rib] stands for documents that are as they should be. */
static void complete_documents(cJSON *action)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(action, "documents");
    const char *verb = cli_text(action, "do");
    bool good = cJSON_IsArray(list);
    const cJSON *one;
    cJSON_ArrayForEach(one, list)
    {
        good = good && cJSON_IsString(one);
    }
    if (!good || (verb != NULL && strcmp(verb, "ask") == 0)) {
        return;
    }
    cJSON *full = cJSON_CreateObject();
    cJSON_ArrayForEach(one, list)
    {
        cJSON *document = cJSON_AddObjectToObject(full, one->valuestring);
        cJSON_AddStringToObject(document, "name", one->valuestring);
        cJSON_AddStringToObject(document, "media", "application/pdf");
        cJSON_AddNumberToObject(document, "size", 1000);
        cJSON_AddStringToObject(document, "sha256",
                                "0000000000000000000000000000000000000000000000000000000000000000");
    }
    cJSON_ReplaceItemInObjectCaseSensitive(action, "documents", full);
}

/* "@line" is the reader's own; it is in no answer. */
static void drop_lines(cJSON *value)
{
    cJSON *child;
    cJSON_DeleteItemFromObjectCaseSensitive(value, "@line");
    cJSON_ArrayForEach(child, value)
    {
        drop_lines(child);
    }
}

static void act(scenario *s, cJSON *step, const char *verb)
{
    char key[32];
    greffe_result result;
    const char *own_key = cli_text(step, "key"), *refused = cli_text(step, "refused");
    (void)snprintf(key, sizeof key, "step %u", s->steps);
    drop_lines(step);
    complete_documents(step);
    const char *problem =
        cli_execute(s->c, step, verb, own_key != NULL ? own_key : key, s->now_ms, &result);
    if (problem != NULL) {
        scenario_fail(s, "%s", problem);
    } else if (refused != NULL && strcmp(refused, result.code) != 0) {
        scenario_fail(s, "%s: expected %s, found %s", verb, refused,
                      result.code[0] != '\0' ? result.code : "acceptance");
    } else if (refused == NULL && result.status != GREFFE_OK) {
        scenario_fail(s, "%s was refused: %s %s", verb, result.code, result.message);
    }
    greffe_result_free(s->c->engine, &result);
    s->expectations += refused != NULL;
    if (!settle(s)) {
        scenario_fail(s, "what was due could not be done");
    }
}

/* --- One step --- */

/* What stands beside a command are its arguments, which the engine checks. */
static bool check_step(scenario *s, const cJSON *step)
{
    static const char *const words[] = {"at", "after", "expect", "@line", NULL};
    static const char help[] = "a step has 'do', 'at', 'after' or 'expect'";
    if (cli_text(step, "do") != NULL) {
        return true;
    }
    if (cJSON_GetArraySize(step) < 2) { /* its line alone */
        scenario_fail(s, "%s", help);
        return false;
    }
    return has_only(s, step, words, help);
}

/* The oracle: the journals give what is stored. */
static void fold(scenario *s)
{
    greffe_verified verified;
    if (greffe_engine_verify(s->c->engine, &verified, NULL) != GREFFE_OK) {
        scenario_fail(s, "the journal does not give the stored state");
    }
}

static void run_step(scenario *s, cJSON *step)
{
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(step, "@line");
    cJSON *expect = cJSON_GetObjectItemCaseSensitive(step, "expect");
    const char *verb = cli_text(step, "do");
    s->line = cJSON_IsNumber(line) ? line->valueint : 0;
    s->steps += 1;
    if (!check_step(s, step)) {
        return;
    }
    move_time(s, step);
    if (verb != NULL) {
        act(s, step, verb);
    }
    fold(s);
    if (expect != NULL) {
        scenario_expect(s, expect);
    }
}

/* --- One file --- */

static void beside(const char *path, const char *name, char out[1400])
{
    const char *slash = strrchr(path, '/');
    (void)snprintf(out, 1400, "%.*s%s", slash != NULL ? (int)(slash - path + 1) : 0, path, name);
}

static int open_engine(scenario *s, const char *procedure)
{
    char path[1400];
    greffe_plan *plan = NULL;
    greffe_engine_options options = {.size = sizeof options};
    beside(s->path, procedure, path);
    int code = cli_compile(s->c, path, &plan);
    if (code != EXIT_FINE) {
        cli_print_diags(s->c);
        return code;
    }
    greffe_status status = greffe_store_memory(&options.store);
    if (status == GREFFE_OK) {
        status = greffe_engine_open(&s->c->engine, s->c->context, &options);
    }
    if (status == GREFFE_OK) {
        status = greffe_engine_publish(s->c->engine, plan);
    }
    const greffe_handler handlers[] = {
        {.size = sizeof(greffe_handler),
         .channel = "*", /* by whichever way */
         .run = catch_letter,
         .data = s,
         .repeatable = false},
        {.size = sizeof(greffe_handler),
         .channel = "payment",
         .run = catch_file,
         .data = s,
         .repeatable = true},
        {.size = sizeof(greffe_handler),
         .channel = "minutes",
         .run = catch_file,
         .data = s,
         .repeatable = false},
        {.size = sizeof(greffe_handler),
         .channel = "documents", /* a scenario has none */
         .run = catch_file,
         .data = s,
         .repeatable = true},
    };
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers && status == GREFFE_OK; i++) {
        status = greffe_engine_handle(s->c->engine, &handlers[i]);
    }
    status = status == GREFFE_OK ? take_services(s) : status;
    greffe_plan_unref(plan);
    return cli_status(status, s->path);
}

static int read_scenario(scenario *s)
{
    char *text, *json;
    size_t size;
    if (!cli_read_file(s->path, &text, &size)) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", s->path);
    }
    greffe_status status =
        greffe_yaml_to_json(&json, s->c->context, s->c->diags, s->path, (greffe_str){text, size});
    free(text);
    if (status != GREFFE_OK) {
        cli_print_diags(s->c);
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
        beside(s->path, name, path);
        s->c->site = path;
    }
    int code = cli_read_site(s->c);
    s->c->site = outside;
    return code;
}

static int play(scenario *s)
{
    const char *procedure = cli_text(s->root, "procedure"), *start = cli_text(s->root, "start");
    cJSON *step, *steps = cJSON_GetObjectItemCaseSensitive(s->root, "steps");
    static const char *const keys[] = {"greffe", "scenario", "procedure", "site", "services",
                                       "start",  "steps",    "@line",     NULL};
    s->line = 1;
    if (!has_only(s, s->root, keys,
                  "a scenario has 'procedure', 'site', 'services', 'start' and 'steps'")) {
        return EXIT_FAULTS;
    }
    if (procedure == NULL || start == NULL || !cJSON_IsArray(steps) ||
        !cli_instant(start, &s->now_ms)) {
        return cli_fail(EXIT_FAULTS,
                        "%s: a scenario has 'procedure' (a file), 'start' (an instant) and 'steps'",
                        s->path);
    }
    int code = read_site(s, cli_text(s->root, "site"));
    code = code == EXIT_FINE ? open_engine(s, procedure) : code;
    if (code != EXIT_FINE) {
        return code;
    }
    cJSON_ArrayForEach(step, steps)
    {
        run_step(s, step);
    }
    if (s->expectations == 0) {
        scenario_fail(s, "a scenario that expects nothing shows nothing");
    }
    return s->failures == 0 ? EXIT_FINE : EXIT_FAULTS;
}

static void print_verdict(const scenario *s, bool passed)
{
    if (!s->c->json) {
        (void)printf("%s %s (%u steps, %u expectations)\n", passed ? "ok  " : "FAIL", s->path,
                     s->steps, s->expectations);
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "file", s->path);
    cJSON_AddBoolToObject(object, "passed", passed);
    cJSON_AddNumberToObject(object, "steps", s->steps);
    cJSON_AddNumberToObject(object, "expectations", s->expectations);
    cli_print_object(object);
}

int cli_test(cli *c)
{
    int worst = EXIT_FINE, passed = 0, failed = 0;
    if (c->word_count == 0) {
        return cli_fail(EXIT_USAGE, "greffe test SCENARIO.yaml…");
    }
    for (int i = 0; i < c->word_count; i++) {
        scenario s = {.c = c, .path = c->words[i]};
        greffe_diags_clear(c->diags);
        int code = read_scenario(&s);
        code = code == EXIT_FINE ? play(&s) : code;
        print_verdict(&s, code == EXIT_FINE);
        passed += code == EXIT_FINE;
        failed += code != EXIT_FINE;
        worst = code > worst ? code : worst;
        scenario_forget_letters(&s);
        cJSON_Delete(s.root);
        greffe_engine_close(c->engine);
        c->engine = NULL;
    }
    if (!c->json) {
        (void)printf("%d passed, %d failed\n", passed, failed);
    }
    return worst;
}
