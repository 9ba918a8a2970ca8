/* test: scenarios. A procedure is published in a store in memory; people act, time moves, and what
 * is expected is compared. Letters and payments are caught instead of leaving. */
#include <cjson/cJSON.h>
#include <greffe/scenario.h>
#include <stdlib.h>
#include <string.h>

#include "cli/action.h"

enum { most_letters = 500 };

typedef struct scenario {
    cli *c;
    const char *path;
    cJSON *root;
    int64_t now_ms;
    unsigned steps, expectations, failures;
    char *letters[most_letters]; /* "stream letter" since the last look */
    size_t letter_count;
    int line;
} scenario;

static void fail(scenario *s, const char *format, const char *a, const char *b, const char *d)
{
    s->failures += 1;
    (void)fprintf(stderr, "%s:%d: ", s->path, s->line);
    (void)fprintf(stderr, "%s%s%s%s%s%s\n", format, a, b[0] != '\0' ? ": expected " : "", b,
                  d[0] != '\0' ? ", found " : "", d);
}

/* --- What leaves is caught --- */

static greffe_status catch_letter(void *data, const greffe_effect *effect, char problem[256])
{
    scenario *s = data;
    (void)problem;
    if (s->letter_count < most_letters) {
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

static void forget_letters(scenario *s)
{
    for (size_t i = 0; i < s->letter_count; i++) {
        free(s->letters[i]);
    }
    s->letter_count = 0;
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
        fail(s, "'at' takes a later instant: 2020-03-02T09:00:00Z", "", "", at);
        return;
    }
    s->now_ms = now;
    if (after != NULL && !pass(s, after)) {
        fail(s, "'after' takes hours, days or weeks: 3 days", "", "", after);
    }
    if (!settle(s)) {
        fail(s, "what was due could not be done", "", "", "");
    }
}

/* --- Acting --- */

/* [facture, rib] stands for documents that are as they should be. */
static void complete_documents(cJSON *action)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(action, "documents");
    const char *verb = cli_text(action, "do");
    if (!cJSON_IsArray(list) || (verb != NULL && strcmp(verb, "ask") == 0)) {
        return;
    }
    cJSON *full = cJSON_CreateObject();
    const cJSON *one;
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
        fail(s, problem, "", "", "");
    } else if (refused != NULL && strcmp(refused, result.code) != 0) {
        fail(s, verb, "", refused, result.code[0] != '\0' ? result.code : "acceptance");
    } else if (refused == NULL && result.status != GREFFE_OK) {
        fail(s, verb, " was refused: ", "", "");
        (void)fprintf(stderr, "  %s %s\n", result.code, result.message);
    }
    greffe_result_free(s->c->engine, &result);
    s->expectations += refused != NULL;
    if (!settle(s)) {
        fail(s, "what was due could not be done", "", "", "");
    }
}

/* --- Expecting --- */

static void expect_text(scenario *s, const char *what, const char *expected, const char *found)
{
    s->expectations += 1;
    if (strcmp(expected, found != NULL ? found : "") != 0) {
        fail(s, what, "", expected, found != NULL ? found : "nothing");
    }
}

static void expect_places(scenario *s, const cJSON *expected, const cJSON *dossier)
{
    const cJSON *open = cJSON_GetObjectItemCaseSensitive(dossier, "open"), *one, *wanted;
    char found[400] = "", list[400] = "";
    cJSON_ArrayForEach(one, open)
    {
        size_t used = strlen(found);
        (void)snprintf(found + used, sizeof found - used, "%s%s", used > 0 ? ", " : "",
                       cli_text(one, "at"));
    }
    if (cJSON_IsString(expected)) {
        (void)snprintf(list, sizeof list, "%s", expected->valuestring);
    }
    cJSON_ArrayForEach(wanted, expected)
    {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                       cJSON_IsString(wanted) ? wanted->valuestring : "?");
    }
    expect_text(s, "at", list, found);
}

static void expect_due(scenario *s, const cJSON *expected, const cJSON *dossier)
{
    const cJSON *clocks = cJSON_GetObjectItemCaseSensitive(dossier, "clocks"), *clock, *wanted;
    cJSON_ArrayForEach(wanted, expected)
    {
        const char *found = NULL;
        if (strcmp(wanted->string, "@line") == 0) {
            continue;
        }
        cJSON_ArrayForEach(clock, clocks)
        {
            bool own = strcmp(cli_text(clock, "name"), wanted->string) == 0;
            const char *phase = cli_text(clock, "phase");
            found = !own ? found : strcmp(phase, "paused") == 0 ? "paused" : cli_text(clock, "due");
        }
        expect_text(s, wanted->string, cJSON_IsString(wanted) ? wanted->valuestring : "?", found);
    }
}

static void expect_letters(scenario *s, const cJSON *expected)
{
    char found[2000] = "", list[2000] = "";
    const cJSON *one;
    for (size_t i = 0; i < s->letter_count; i++) {
        size_t used = strlen(found);
        (void)snprintf(found + used, sizeof found - used, "%s%s", used > 0 ? ", " : "",
                       s->letters[i]);
    }
    cJSON_ArrayForEach(one, expected)
    {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                       cJSON_IsString(one) ? one->valuestring : "?");
    }
    expect_text(s, "letters", list, found);
    forget_letters(s);
}

static void expect_dossier(scenario *s, const cJSON *expect, const char *key)
{
    static const char *const texts[] = {"outcome", "phase", "shown", "number", "paid", "filed_on"};
    static const char *const known[] = {"dossier", "at",      "due",     "letters",
                                        "@line",   "outcome", "phase",   "shown",
                                        "number",  "paid",    "filed_on"};
    char *text;
    const cJSON *one;
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = key};
    if (greffe_engine_read(s->c->engine, &text, &query) != GREFFE_OK) {
        fail(s, "there is no dossier ", key, "", "");
        return;
    }
    cJSON *dossier = cJSON_Parse(text);
    greffe_engine_free(s->c->engine, text);
    cJSON_ArrayForEach(one, expect)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            found = found || strcmp(known[i], one->string) == 0;
        }
        if (!found) {
            fail(s, "nothing like this can be expected: ", one->string, "", "");
        }
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *expected = cli_text(expect, texts[i]);
        if (expected != NULL) {
            expect_text(s, texts[i], expected, cli_text(dossier, texts[i]));
        }
    }
    if (cJSON_HasObjectItem(expect, "at")) {
        expect_places(s, cJSON_GetObjectItemCaseSensitive(expect, "at"), dossier);
    }
    expect_due(s, cJSON_GetObjectItemCaseSensitive(expect, "due"), dossier);
    cJSON_Delete(dossier);
}

static void run_step(scenario *s, cJSON *step)
{
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(step, "@line");
    cJSON *expect = cJSON_GetObjectItemCaseSensitive(step, "expect");
    const char *verb = cli_text(step, "do");
    s->line = cJSON_IsNumber(line) ? line->valueint : 0;
    s->steps += 1;
    move_time(s, step);
    if (verb != NULL) {
        act(s, step, verb);
    }
    if (expect != NULL) {
        const char *key = cli_text(expect, "dossier");
        if (key != NULL) {
            expect_dossier(s, expect, key);
        }
        if (cJSON_HasObjectItem(expect, "letters")) {
            expect_letters(s, cJSON_GetObjectItemCaseSensitive(expect, "letters"));
        }
    }
    if (verb == NULL && expect == NULL && cli_text(step, "at") == NULL &&
        cli_text(step, "after") == NULL) {
        fail(s, "a step has 'do', 'expect', 'at' or 'after'", "", "", "");
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
        {sizeof(greffe_handler), "mail", catch_letter, s, false},
        {sizeof(greffe_handler), "payment", catch_file, s, true},
        {sizeof(greffe_handler), "minutes", catch_file, s, false},
    };
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers && status == GREFFE_OK; i++) {
        status = greffe_engine_handle(s->c->engine, &handlers[i]);
    }
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

static int play(scenario *s)
{
    const char *procedure = cli_text(s->root, "procedure"), *start = cli_text(s->root, "start");
    const char *site = cli_text(s->root, "site");
    cJSON *step, *steps = cJSON_GetObjectItemCaseSensitive(s->root, "steps");
    char path[1400];
    if (procedure == NULL || start == NULL || !cJSON_IsArray(steps) ||
        !cli_instant(start, &s->now_ms)) {
        return cli_fail(EXIT_FAULTS,
                        "%s: a scenario has 'procedure' (a file), 'start' (an instant) and 'steps'",
                        s->path);
    }
    if (site != NULL) {
        beside(s->path, site, path);
        s->c->site = path;
        greffe_site_destroy(s->c->accounts);
        s->c->accounts = NULL;
        int code = cli_read_site(s->c);
        if (code != EXIT_FINE) {
            return code;
        }
    }
    int code = open_engine(s, procedure);
    if (code != EXIT_FINE) {
        return code;
    }
    cJSON_ArrayForEach(step, steps)
    {
        run_step(s, step);
    }
    /* The oracle that every scenario ends with: the journal gives what is stored. */
    greffe_verified verified;
    if (greffe_engine_verify(s->c->engine, &verified, NULL) != GREFFE_OK) {
        fail(s, "the journal does not give the stored state", "", "", "");
    }
    if (s->expectations == 0) {
        fail(s, "a scenario that expects nothing shows nothing", "", "", "");
    }
    return s->failures == 0 ? EXIT_FINE : EXIT_FAULTS;
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
        (void)printf("%s %s (%u steps, %u expectations)\n", code == EXIT_FINE ? "ok  " : "FAIL",
                     c->words[i], s.steps, s.expectations);
        passed += code == EXIT_FINE;
        failed += code != EXIT_FINE;
        worst = code > worst ? code : worst;
        forget_letters(&s);
        cJSON_Delete(s.root);
        greffe_engine_close(c->engine);
        c->engine = NULL;
    }
    (void)printf("%d passed, %d failed\n", passed, failed);
    return worst;
}
