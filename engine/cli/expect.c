/* test: what a step of a scenario expects. Whatever it names is compared: what cannot be compared
 * is a fault of the scenario, and never passed over. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/scenario.h"

enum { most_text = 16000, most_shown = 200 };

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
    {"batch", GREFFE_QUERY_BATCHES, {"status", "orders", "sum", "on", NULL}},
    {"order", GREFFE_QUERY_ORDERS, {"status", "dossier", "amount", "batch", "reason", NULL}},
};

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

static bool compare(scenario *s, const char *what, const cJSON *expected, const char *found)
{
    char text[most_text];
    s->expectations += 1;
    if (!line_of(expected, text)) {
        scenario_fail(s, "'%s' takes a text, or a list of texts", what);
        return false;
    }
    bool same = strcmp(text, found) == 0;
    if (!same) {
        scenario_fail(s, "%s: expected %s, found %s", what, text[0] != '\0' ? text : "nothing",
                      found[0] != '\0' ? found : "nothing");
    }
    return same;
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

/* --- What is there --- */

static cJSON *read_json(scenario *s, greffe_query *query)
{
    query->size = sizeof *query;
    query->limit = 1000;
    return cli_read(s->c, query);
}

/* --- A dossier --- */

/* What is expected by name, in a list of objects of the dossier. */
typedef struct named {
    const char *key, *list, *name;
    void (*is)(const cJSON *one, char out[64]);
    const char *without; /* what it is where the list does not name it */
} named;

/* `depot` alone is `depot.done`. */
static bool is_named(const char *name, const char *wanted)
{
    size_t size = strlen(wanted);
    return strcmp(name, wanted) == 0 ||
           (strncmp(name, wanted, size) == 0 && strcmp(name + size, ".done") == 0);
}

/* Whether a step may end so: `done`, or an outcome of one of its nodes. */
static bool is_outcome(const scenario *s, int step, const char *outcome)
{
    bool found = strcmp(outcome, "done") == 0;
    const cJSON *node, *edge;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(s->plan, "nodes"))
    {
        bool own = cli_number(node, "step") == step; /* what is 0 is left out */
        const cJSON *edges = own ? cJSON_GetObjectItemCaseSensitive(node, "edges") : NULL;
        cJSON_ArrayForEach(edge, edges)
        {
            found = found || strcmp(cli_words(edge, "outcome"), outcome) == 0;
        }
    }
    return found;
}

/* A moment that there cannot be is a mistake of whoever wrote it. */
static bool is_known(const scenario *s, const named *list, const char *wanted)
{
    static const struct {
        const char *key, *plan, *name;
    } lists[] = {{"happened", "clocks", "name"},

                 {"happened", "steps", "id"},
                 {"due", "clocks", "name"},
                 {"amounts", "values", "name"}};
    const cJSON *one;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int place = -1;
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, lists[i].plan))
        {
            place += 1;
            const char *name = cli_words(one, lists[i].name);
            size_t size = strlen(name);
            if (strcmp(list->key, lists[i].key) == 0 && strncmp(wanted, name, size) == 0 &&
                (wanted[size] == '\0' || (wanted[size] == '.' && i == 0) ||
                 (wanted[size] == '.' && i == 1 && is_outcome(s, place, wanted + size + 1)))) {
                return true;
            }
        }
    }
    return false;
}

/* {silence: 2020-05-04}, {montant: 200.00}: by name, in a list of objects of the dossier. */
static void compare_named(scenario *s, const cJSON *expected, const cJSON *dossier,
                          const named *list)
{
    const cJSON *wanted, *one;
    if (!cJSON_IsObject(expected)) {
        scenario_fail(s, "'%s' takes {name: what is expected}", expected->string);
        return;
    }
    cJSON_ArrayForEach(wanted, expected)
    {
        char found[64];
        (void)snprintf(found, sizeof found, "%s", list->without);
        if (strcmp(wanted->string, "@line") == 0) {
            continue;
        }
        if (!is_known(s, list, wanted->string)) {
            scenario_fail(s, "the procedure has no '%s' for '%s'", wanted->string, list->key);
            continue;
        }
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(dossier, list->list))
        {
            if (is_named(cli_words(one, list->name), wanted->string)) {
                list->is(one, found);
            }
        }
        compare(s, wanted->string, wanted, found);
    }
}

static void due_of(const cJSON *clock, char out[64])
{
    bool paused = strcmp(cli_words(clock, "phase"), "paused") == 0;
    (void)snprintf(out, 64, "%s", paused ? "paused" : cli_words(clock, "due"));
}

static void amount_of(const cJSON *frozen, char out[64])
{
    (void)snprintf(out, 64, "%s", cli_words(frozen, "is"));
}

static void count_of(const cJSON *moment, char out[64])
{
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(moment, "count");
    (void)snprintf(out, 64, "%d", count != NULL ? count->valueint : 0);
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

static const named named_lists[] = {
    {"due", "clocks", "name", due_of, ""},
    {"amounts", "frozen", "value", amount_of, ""},
    {"happened", "moments", "moment", count_of, "0"},
};

/* What the applicant is asked for, and the documents that were given. */
static void compare_words(scenario *s, const cJSON *expected, const cJSON *dossier)
{
    char found[most_text] = "";
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(dossier, expected->string))
    {
        add_text(found, cJSON_IsString(one) ? one->valuestring : "");
    }
    compare(s, expected->string, expected, found);
}

/* The journal since the last look, an event after the other: "task closed complete". */
static void compare_journal(scenario *s, const cJSON *expected, const char *key)
{
    char found[most_text] = "";
    int count = 0;
    const cJSON *entry, *event, *looked = cJSON_GetObjectItemCaseSensitive(s->looked, key);
    greffe_query query = {.kind = GREFFE_QUERY_HISTORY, .stream_kind = "dossier", .key = key};
    cJSON *whole = read_json(s, &query);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(whole, "items"))
    {
        count += 1;
        bool fresh = looked == NULL || count > looked->valueint;
        const cJSON *events = fresh ? cJSON_GetObjectItemCaseSensitive(entry, "events") : NULL;
        cJSON_ArrayForEach(event, events)
        {
            char text[400];
            const char *path = cli_words(event, "path"), *name = cli_words(event, "name");
            (void)snprintf(text, sizeof text, "%s%s%s%s%s", cli_words(event, "event"),
                           path[0] != '\0' ? " " : "", path, name[0] != '\0' ? " " : "", name);
            add_text(found, text);
        }
    }
    compare(s, "journal", expected, found);
    cJSON_Delete(whole);
    cJSON_DeleteItemFromObjectCaseSensitive(s->looked, key);
    cJSON_AddNumberToObject(s->looked, key, count);
}

static bool compare_own(scenario *s, cJSON *expected, const cJSON *dossier)
{
    const char *name = expected->string;
    for (size_t i = 0; i < sizeof named_lists / sizeof *named_lists; i++) {
        if (strcmp(name, named_lists[i].key) == 0) {
            if (strcmp(name, "amounts") == 0) {
                trim_amounts(expected);
            }
            compare_named(s, expected, dossier, &named_lists[i]);
            return true;
        }
    }
    if (strcmp(name, "at") == 0) {
        compare_places(s, expected, dossier);
    } else if (strcmp(name, "asked") == 0 || strcmp(name, "documents") == 0) {
        compare_words(s, expected, dossier);
    } else if (strcmp(name, "journal") == 0) {
        compare_journal(s, expected, cli_words(dossier, "dossier"));
    } else {
        return false;
    }
    return true;
}

/* --- Lists --- */

/* Where two texts part: the line, and what stands there in each. Final line feeds are none. */
static bool find_difference(const char *expected, const char *found, int *line,
                            char at[2][most_shown])
{
    *line = 1;
    for (;;) {
        size_t a = strcspn(expected, "\r\n"), b = strcspn(found, "\n");
        if (a != b || strncmp(expected, found, a) != 0) {
            (void)snprintf(at[0], most_shown, "%.*s", (int)a, expected);
            (void)snprintf(at[1], most_shown, "%.*s", (int)b, found);
            return true;
        }
        expected += a + strspn(expected + a, "\r");
        found += b;
        if (*expected == '\0' || *found == '\0') {
            break;
        }
        expected += 1;
        found += 1;
        *line += 1;
    }
    bool more =
        strspn(expected, "\r\n") != strlen(expected) || strspn(found, "\n") != strlen(found);
    (void)snprintf(at[0], most_shown, "%s", *expected != '\0' ? "more" : "its end");
    (void)snprintf(at[1], most_shown, "%s", *found != '\0' ? "more" : "its end");
    return more;
}

static void make_folders(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, 0777);
            *at = '/';
        }
    }
}

/* The text of a letter as it was seen to be right: a file beside the scenario. */
static void compare_golden(scenario *s, const scenario_letter *letter, const char *file)
{
    char path[1400], at[2][most_shown];
    char *text = NULL;
    size_t size;
    int line = 1;
    scenario_beside(s, file, path);
    bool there = cli_read_file(path, &text, &size);
    bool same = there && !find_difference(text, letter->text, &line, at);
    free(text);
    if (same) {
        return;
    }
    if (!s->c->update && !there) {
        scenario_fail(s, "the letter '%s': there is no %s; --update writes it", letter->name, path);
        return;
    }
    if (!s->c->update) {
        scenario_fail(
            s, "the letter '%s', line %d: %s has %s, found %s; --update writes what is found",
            letter->name, line, path, at[0], at[1]);
        return;
    }
    make_folders(path);
    FILE *out = fopen(path, "wb");
    bool good = out != NULL && fprintf(out, "%s\n", letter->text) >= 0;
    good = out != NULL && fclose(out) == 0 && good;
    if (!good) {
        scenario_fail(s, "%s cannot be written: %s", path, strerror(errno));
    }
}

/* `accord`, or {accord: attendu/accord.txt} of one or more; false for anything else. */
static bool add_expected(cJSON *names, cJSON *files, const cJSON *of)
{
    const cJSON *one;
    if (cJSON_IsString(of)) {
        cJSON_AddItemToArray(names, cJSON_CreateString(of->valuestring));
        cJSON_AddItemToArray(files, cJSON_CreateNull());
        return true;
    }
    if (!cJSON_IsObject(of)) {
        return false;
    }
    cJSON_ArrayForEach(one, of)
    {
        if (strcmp(one->string, "@line") != 0) {
            cJSON_AddItemToArray(names, cJSON_CreateString(one->string));
            cJSON_AddItemToArray(files, cJSON_Duplicate(one, true));
            if (!cJSON_IsString(one)) {
                return false;
            }
        }
    }
    return true;
}

/* The letters that left, by their names, and the text of those that have a file. */
static void compare_letters(scenario *s, const cJSON *expected)
{
    char found[most_text] = "";
    bool good = true;
    const cJSON *one;
    cJSON *names = cJSON_CreateArray(), *files = cJSON_CreateArray();
    if (cJSON_IsArray(expected)) {
        cJSON_ArrayForEach(one, expected)
        {
            good = add_expected(names, files, one) && good;
        }
    } else {
        good = add_expected(names, files, expected);
    }
    for (size_t i = 0; i < s->letter_count; i++) {
        add_text(found, s->letters[i].name);
    }
    if (!good) {
        scenario_fail(s, "'letters' takes names, or {name: file}");
    }
    size_t at = 0;
    const cJSON *texts = good && compare(s, "letters", names, found) ? files : NULL;
    cJSON_ArrayForEach(one, texts)
    {
        if (cJSON_IsString(one)) {
            compare_golden(s, &s->letters[at], one->valuestring);
        }
        at += 1;
    }
    cJSON_Delete(names);
    cJSON_Delete(files);
    scenario_forget_letters(s);
}

static void compare_incidents(scenario *s, const cJSON *expected)
{
    char found[most_text];
    cJSON *incidents = scenario_incidents(s);
    (void)line_of(incidents, found);
    compare(s, "incidents", expected, found);
    cJSON_Delete(incidents);
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
        bool of_dossier = about->kind == GREFFE_QUERY_ORDERS &&
                          strcmp(cli_words(one, "dossier"), key) == 0; /* its last */
        found = of_dossier || strcmp(cli_words(one, about->name), key) == 0 ? one : found;
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
    static const char *const names[] = {"letters", "tasks", "for", "incidents", "@line"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void expect_subject(scenario *s, const cJSON *expect, const subject *about, const char *key)
{
    cJSON *one, *whole, *found = find_subject(s, about, key, &whole);
    if (found == NULL) {
        scenario_fail(s, "there is no %s '%s'", about->name, key);
    }
    cJSON_ArrayForEach(one, expect)
    {
        bool itself = strcmp(one->string, about->name) == 0;
        if (found == NULL || itself || is_list(one->string)) {
            continue;
        }
        if (is_member(about, one->string)) {
            compare_member(s, one, found);
        } else if (about->kind != GREFFE_QUERY_DOSSIER || !compare_own(s, one, found)) {
            scenario_fail(s, "of '%s' nothing called '%s' is compared", about->name, one->string);
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
    if (!cJSON_IsObject(expect)) {
        scenario_fail(s, "'expect' takes {dossier: d1, at: …}, {letters: […]} or the like");
        return;
    }
    const subject *about = subject_of(expect);
    const cJSON *letters = cJSON_GetObjectItemCaseSensitive(expect, "letters");
    const cJSON *tasks = cJSON_GetObjectItemCaseSensitive(expect, "tasks");
    const cJSON *incidents = cJSON_GetObjectItemCaseSensitive(expect, "incidents"), *one;
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
    if (incidents != NULL) {
        compare_incidents(s, incidents);
    }
    if (s->expectations == before && s->failures == failures) {
        scenario_fail(s, "this step expects nothing");
    }
}
