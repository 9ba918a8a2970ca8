/* test: what a step of a scenario expects. Whatever it names is compared: what cannot be compared
 * is a fault of the scenario, and never passed over. */
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

enum { most_text = 2000 };

/* A thing that can be expected, the list it stands in, and those of its members that are texts or
 * numbers. */
typedef struct subject {
    const char *name;
    greffe_query_kind kind;
    const char *members[8];
} subject;

static const subject subjects[] = {
    {"dossier",
     GREFFE_QUERY_DOSSIER,
     {"phase", "outcome", "shown", "number", "paid", "filed_on", "erased_on", NULL}},
    {"session", GREFFE_QUERY_SESSIONS, {"status", "board", "on", "items", NULL}},
    {"allotment",
     GREFFE_QUERY_ALLOTMENTS,
     {"allocated", "reserved", "committed", "spent", "free", NULL}},
    {"order", GREFFE_QUERY_ORDERS, {"status", "dossier", "amount", "batch", "reason", NULL}},
    {"batch", GREFFE_QUERY_BATCHES, {"status", "orders", "sum", "on", NULL}},
};

void scenario_fail(scenario *s, const char *format, ...)
{
    va_list arguments;
    s->failures += 1;
    (void)fprintf(stderr, "%s:%d: ", s->path, s->line);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
}

void scenario_forget_letters(scenario *s)
{
    for (size_t i = 0; i < s->letter_count; i++) {
        free(s->letters[i]);
    }
    s->letter_count = 0;
}

/* --- Texts --- */

static void add_text(char text[most_text], const char *more)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, most_text - used, "%s%s", used > 0 ? ", " : "", more);
}

/* A text, or a list of texts, as one line; false for anything else. */
static bool line_of(const cJSON *value, char text[most_text])
{
    const cJSON *one;
    text[0] = '\0';
    if (cJSON_IsString(value)) {
        add_text(text, value->valuestring);
        return true;
    }
    cJSON_ArrayForEach(one, value)
    {
        if (!cJSON_IsString(one)) {
            return false;
        }
        add_text(text, one->valuestring);
    }
    return cJSON_IsArray(value);
}

static void compare(scenario *s, const char *what, const cJSON *expected, const char *found)
{
    char text[most_text];
    s->expectations += 1;
    if (!line_of(expected, text)) {
        scenario_fail(s, "'%s' takes a text, or a list of texts", what);
    } else if (strcmp(text, found) != 0) {
        scenario_fail(s, "%s: expected %s, found %s", what, text[0] != '\0' ? text : "nothing",
                      found[0] != '\0' ? found : "nothing");
    }
}

/* A member of what was read, as a text. */
static void compare_member(scenario *s, const cJSON *expected, const cJSON *found)
{
    char text[32] = "";
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(found, expected->string);
    if (cJSON_IsNumber(member)) {
        (void)snprintf(text, sizeof text, "%d", member->valueint);
    }
    compare(s, expected->string, expected, cJSON_IsString(member) ? member->valuestring : text);
}

/* --- A dossier --- */

/* {silence: 2020-05-04}, {montant: 200.00}: by name, in a list of objects of the dossier. */
static void compare_named(scenario *s, const cJSON *expected, const cJSON *list, const char *named,
                          const char *(*is)(const cJSON *))
{
    const cJSON *wanted, *one;
    if (!cJSON_IsObject(expected)) {
        scenario_fail(s, "'%s' takes an object of names", expected->string);
        return;
    }
    cJSON_ArrayForEach(wanted, expected)
    {
        const char *found = "";
        if (strcmp(wanted->string, "@line") == 0) {
            continue;
        }
        cJSON_ArrayForEach(one, list)
        {
            const char *name = cli_text(one, named);
            found = name != NULL && strcmp(name, wanted->string) == 0 ? is(one) : found;
        }
        compare(s, wanted->string, wanted, found);
    }
}

static const char *due_of(const cJSON *clock)
{
    const char *phase = cli_text(clock, "phase"), *due = cli_text(clock, "due");
    bool paused = phase != NULL && strcmp(phase, "paused") == 0;
    return paused ? "paused" : due != NULL ? due : "";
}

static const char *amount_of(const cJSON *frozen)
{
    const char *is = cli_text(frozen, "is");
    return is != NULL ? is : "";
}

/* 200, 200.0 and 200.00 are one amount: they are compared without the zeros that say nothing. */
static void trim_amounts(cJSON *amounts)
{
    cJSON *one;
    cJSON_ArrayForEach(one, amounts)
    {
        char *text = cJSON_IsString(one) ? one->valuestring : NULL;
        size_t size = text != NULL ? strlen(text) : 0;
        bool decimals = text != NULL && strchr(text, '.') != NULL;
        while (decimals && size > 0 && (text[size - 1] == '0' || text[size - 1] == '.')) {
            decimals = text[size - 1] == '0';
            text[--size] = '\0';
        }
    }
}

static void compare_places(scenario *s, const cJSON *expected, const cJSON *dossier)
{
    char found[most_text] = "";
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(dossier, "open"))
    {
        add_text(found, cli_text(one, "at"));
    }
    compare(s, "at", expected, found);
}

static bool compare_own(scenario *s, cJSON *expected, const cJSON *dossier)
{
    const char *name = expected->string;
    if (strcmp(name, "at") == 0) {
        compare_places(s, expected, dossier);
    } else if (strcmp(name, "due") == 0) {
        compare_named(s, expected, cJSON_GetObjectItemCaseSensitive(dossier, "clocks"), "name",
                      due_of);
    } else if (strcmp(name, "amounts") == 0) {
        trim_amounts(expected);
        compare_named(s, expected, cJSON_GetObjectItemCaseSensitive(dossier, "frozen"), "value",
                      amount_of);
    } else {
        return false;
    }
    return true;
}

/* --- Lists --- */

static void compare_letters(scenario *s, const cJSON *expected)
{
    char found[most_text] = "";
    for (size_t i = 0; i < s->letter_count; i++) {
        add_text(found, s->letters[i]);
    }
    compare(s, "letters", expected, found);
    scenario_forget_letters(s);
}

/* What the engine answers, to be deleted; NULL when there is no such thing. */
static cJSON *read_json(scenario *s, greffe_query *query)
{
    char *text;
    query->size = sizeof *query;
    query->limit = 1000;
    if (greffe_engine_read(s->c->engine, &text, query) != GREFFE_OK) {
        return NULL;
    }
    cJSON *answer = cJSON_Parse(text);
    greffe_engine_free(s->c->engine, text);
    return answer;
}

/* All that waits, or what waits for a service, a board or a role. */
static void compare_tasks(scenario *s, const cJSON *expected, const char *waits_for)
{
    char found[most_text] = "";
    const cJSON *one;
    greffe_query query = {.kind = GREFFE_QUERY_TASKS, .group = waits_for};
    cJSON *whole = read_json(s, &query);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(whole, "items"))
    {
        char text[300];
        const char *step = cli_text(one, "step"), *waits = cli_text(one, "for");
        (void)snprintf(text, sizeof text, "%s/%s", cli_text(one, "dossier"),
                       step != NULL && step[0] != '\0' ? step : waits);
        add_text(found, text);
    }
    compare(s, "tasks", expected, found);
    cJSON_Delete(whole);
}

/* --- One expectation --- */

static cJSON *find_subject(scenario *s, const subject *about, const char *key, cJSON **whole)
{
    cJSON *one, *found = NULL;
    bool dossier = about->kind == GREFFE_QUERY_DOSSIER;
    greffe_query query = {.kind = about->kind, .key = dossier ? key : NULL};
    *whole = read_json(s, &query);
    if (dossier) {
        return *whole;
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(*whole, "items"))
    {
        const char *own = cli_text(one, about->name);
        found = own != NULL && strcmp(own, key) == 0 ? one : found;
    }
    return found;
}

static bool is_member(const subject *about, const char *name)
{
    for (size_t i = 0; about->members[i] != NULL; i++) {
        if (strcmp(about->members[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_list(const char *name)
{
    return strcmp(name, "letters") == 0 || strcmp(name, "tasks") == 0 || strcmp(name, "for") == 0 ||
           strcmp(name, "@line") == 0;
}

static void expect_subject(scenario *s, const cJSON *expect, const subject *about, const char *key)
{
    cJSON *one, *whole, *found = find_subject(s, about, key, &whole);
    if (found == NULL) {
        scenario_fail(s, "there is no %s '%s'", about->name, key);
    }
    cJSON_ArrayForEach(one, expect)
    {
        bool named = strcmp(one->string, about->name) == 0;
        if (found == NULL || named || is_list(one->string)) {
            continue;
        }
        if (is_member(about, one->string)) {
            compare_member(s, one, found);
        } else if (about->kind != GREFFE_QUERY_DOSSIER || !compare_own(s, one, found)) {
            scenario_fail(s, "nothing like this can be expected of a %s: %s", about->name,
                          one->string);
        }
    }
    cJSON_Delete(whole);
}

/* `order: {dossier: d1}` is about an order, `{dossier: d1}` about a dossier: the later kind in the
 * table is the subject. */
static const subject *subject_of(const cJSON *expect)
{
    const subject *about = NULL;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        about = cli_text(expect, subjects[i].name) != NULL ? &subjects[i] : about;
    }
    return about;
}

void scenario_expect(scenario *s, const cJSON *expect)
{
    unsigned before = s->expectations, failures = s->failures;
    const subject *about = subject_of(expect);
    const cJSON *letters = cJSON_GetObjectItemCaseSensitive(expect, "letters");
    const cJSON *tasks = cJSON_GetObjectItemCaseSensitive(expect, "tasks"), *one;
    if (about != NULL) {
        expect_subject(s, expect, about, cli_text(expect, about->name));
    }
    cJSON_ArrayForEach(one, expect)
    {
        if (about == NULL && !is_list(one->string)) {
            scenario_fail(s, "nothing like this can be expected by itself: %s", one->string);
        }
    }
    if (letters != NULL) {
        compare_letters(s, letters);
    }
    if (tasks != NULL) {
        compare_tasks(s, tasks, cli_text(expect, "for"));
    }
    if (s->expectations == before && s->failures == failures) {
        scenario_fail(s, "this step expects nothing");
    }
}
