/* record: a real dossier's history as a scenario, for whoever has to understand it or keep it from
 * happening again. What persons typed is replaced, and nobody is named; what decides its course
 * (choices, amounts, numbers, yes and no, months) stays. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sample.h"
#include "cli/scenario.h"

typedef struct record {
    scenario s;
    cJSON *dossier; /* as it is in the store */
    cJSON *entries; /* its journal */
    cJSON *people;  /* {tag: number} */
    cJSON *fixed;   /* {field: value}: what stays */
    int sessions, batches;
    bool funded;
} record;

/* --- Reading --- */

static const cJSON *event_named(const cJSON *entry, const char *name)
{
    const cJSON *event;
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(entry, "events"))
    {
        if (strcmp(cli_words(event, "event"), name) == 0) {
            return event;
        }
    }
    return NULL;
}

/* The step and the outcome that an entry ended: its first moment that is not `done`. */
static bool moment_of(const cJSON *entry, char step[200], char outcome[200])
{
    const cJSON *event;
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(entry, "events"))
    {
        const char *name = cli_words(event, "name"), *point = strchr(name, '.');
        bool moment = strcmp(cli_words(event, "event"), "happened") == 0 && point != NULL;
        if (moment && strcmp(point, ".done") != 0) {
            (void)snprintf(step, 200, "%.*s", (int)(point - name), name);
            (void)snprintf(outcome, 200, "%s", point + 1);
            return true;
        }
    }
    return false;
}

static const cJSON *node_of(const record *r, const char *step)
{
    int index = 0;
    const cJSON *one, *node;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(r->s.plan, "steps"))
    {
        if (strcmp(cli_words(one, "id"), step) == 0) {
            cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(r->s.plan, "nodes"))
            {
                bool acts = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(node, "roles")) > 0;
                if (cli_number(node, "step") == index && acts) {
                    return node;
                }
            }
        }
        index += 1;
    }
    return NULL;
}

/* --- What stays of what was typed --- */

/* NULL: it may say who somebody is. */
static cJSON *kept(const cJSON *field, const cJSON *value)
{
    int type = cli_number(field, "type");
    if (type == PLAN_DATE && cJSON_IsString(value)) {
        char month[16];
        (void)snprintf(month, sizeof month, "%.7s-01", value->valuestring);
        return cJSON_CreateString(month);
    }
    if (type == PLAN_LIST) {
        cJSON *list = cJSON_CreateArray();
        for (int i = 0; i < cJSON_GetArraySize(value); i++) {
            char text[32];
            (void)snprintf(text, sizeof text, "exemple %d", i + 1);
            cJSON_AddItemToArray(list, cJSON_CreateString(text));
        }
        return list;
    }
    bool plain =
        (type >= PLAN_BOOLEAN && type <= PLAN_MONEY) || type == PLAN_CHOICE || type == PLAN_CHOICES;
    return plain ? cJSON_Duplicate(value, true) : NULL;
}

static void keep_answers(record *r)
{
    const cJSON *of, *field;
    r->fixed = cJSON_CreateObject();
    cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(r->s.plan, "fields"))
    {
        const cJSON *value = NULL;
        bool answered = false;
        cJSON_ArrayForEach(of, cJSON_GetObjectItemCaseSensitive(r->dossier, "answers"))
        {
            if (strcmp(cli_words(of, "of"), cli_words(field, "owner")) == 0) {
                const cJSON *values = cJSON_GetObjectItemCaseSensitive(of, "values");
                const cJSON *last =
                    cJSON_GetObjectItemCaseSensitive(values, cli_words(field, "name"));
                value = last != NULL ? last : value; /* what was supplied later counts */
                answered = true;
            }
        }
        cJSON *stays = value != NULL ? kept(field, value) : NULL;
        if (stays != NULL || (answered && value == NULL)) {
            cJSON_AddItemToObject(r->fixed, cli_words(field, "path"),
                                  stays != NULL ? stays : cJSON_CreateNull());
        }
    }
}

static sample sample_of(const record *r, bool filed)
{
    return (sample){.c = r->s.c,
                    .plan = r->s.plan,
                    .dossier = filed ? "d1" : NULL,
                    .now_ms = r->s.now_ms,
                    .fixed = r->fixed};
}

/* --- Who --- */

static const cJSON *role_for(const record *r, const cJSON *node, const char *kind)
{
    int wanted = strcmp(kind, "applicant") == 0  ? PLAN_APPLICANT
                 : strcmp(kind, "delegate") == 0 ? PLAN_DELEGATE
                                                 : PLAN_AGENT;
    const cJSON *one, *roles = cJSON_GetObjectItemCaseSensitive(r->s.plan, "roles");
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(node, "roles"))
    {
        const cJSON *role = cJSON_GetArrayItem(roles, one->valueint);
        if (cli_number(role, "kind") == wanted) {
            return role;
        }
    }
    cJSON_ArrayForEach(one, roles)
    {
        if (cli_number(one, "kind") == wanted) {
            return one;
        }
    }
    return NULL;
}

/* The same person in the journal is the same person here, by a number. */
static void add_person(record *r, cJSON *step, const cJSON *entry, const cJSON *node)
{
    char subject[200];
    const char *tag = cli_words(entry, "by"), *kind = cli_words(entry, "as");
    const cJSON *role = role_for(r, node, kind);
    if (cJSON_GetObjectItemCaseSensitive(r->people, tag) == NULL) {
        cJSON_AddNumberToObject(r->people, tag, cJSON_GetArraySize(r->people) + 1);
    }
    (void)snprintf(subject, sizeof subject, "%s-%d", kind, cli_number(r->people, tag));
    cJSON_AddItemToObject(step, "as",
                          plan_person(strcmp(kind, "applicant") == 0 ? "applicant-1" : subject,
                                      kind, cli_words(role, "service"), cli_words(role, "id")));
}

/* What the applicant does, or an agent does for them. */
static void add_applicant(record *r, cJSON *step, const cJSON *entry)
{
    const char *effective = cli_text(entry, "effective");
    add_person(r, step, entry, NULL);
    cJSON *person = cJSON_GetObjectItemCaseSensitive(step, "as");
    if (strcmp(cli_words(entry, "as"), "applicant") != 0) {
        cJSON_AddStringToObject(cJSON_AddObjectToObject(step, "for"), "subject", "applicant-1");
        cJSON_DeleteItemFromObjectCaseSensitive(person, "roles");
        cli_add_word(person, "roles", "backdate");
    } else {
        cJSON_ReplaceItemInObjectCaseSensitive(person, "subject",
                                               cJSON_CreateString("applicant-1"));
    }
    if (effective != NULL) {
        cJSON_AddStringToObject(step, "effective", effective);
        cJSON_AddStringToObject(step, "effective_because", "Exemple");
    }
}

/* --- Entries --- */

static cJSON *begin(const cJSON *entry, const char *verb)
{
    cJSON *step = cJSON_CreateObject();
    cJSON_AddStringToObject(step, "at", cli_words(entry, "at"));
    if (verb != NULL) {
        cJSON_AddStringToObject(step, "do", verb);
        cJSON_AddStringToObject(step, "dossier", "d1");
    }
    return step;
}

static bool file(record *r, const cJSON *entry)
{
    cJSON *documents, *step = begin(entry, "file");
    const cJSON *event;
    const sample s = sample_of(r, false);
    cJSON *answers = sample_filing(&s, &documents);
    add_applicant(r, step, entry);
    cJSON_AddStringToObject(step, "procedure", cli_words(r->s.plan, "procedure"));
    cJSON_AddItemToObject(step, "answers", answers);
    cJSON *given = cJSON_AddArrayToObject(step, "documents");
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(entry, "events"))
    {
        if (strcmp(cli_words(event, "event"), "document given") == 0) {
            cJSON_AddItemToArray(given, cJSON_CreateString(cli_words(event, "name")));
        }
    }
    cJSON_Delete(documents);
    return scenario_add(&r->s, step);
}

static bool complete(record *r, const cJSON *entry)
{
    char step_id[200], outcome[200];
    if (!moment_of(entry, step_id, outcome)) {
        return true;
    }
    const cJSON *node = node_of(r, step_id), *edge = plan_edge(node, outcome);
    cJSON *step = begin(entry, "complete");
    const sample s = sample_of(r, true);
    add_person(r, step, entry, node);
    cJSON_AddStringToObject(step, "step", step_id);
    cJSON_AddStringToObject(step, "outcome", outcome);
    cJSON *fill = sample_fill(&s, step_id, edge);
    if (cJSON_GetArraySize(fill) > 0) {
        cJSON_AddItemToObject(step, "fill", fill);
    } else {
        cJSON_Delete(fill);
    }
    return scenario_add(&r->s, step);
}

static bool ask(record *r, const cJSON *entry)
{
    const cJSON *one, *event = event_named(entry, "asked");
    cJSON *step = begin(entry, "ask");
    add_person(r, step, entry, node_of(r, cli_words(event, "path")));
    cJSON_AddStringToObject(step, "step", cli_words(event, "path"));
    cJSON *documents = cJSON_AddArrayToObject(step, "documents");
    cJSON *fields = cJSON_AddArrayToObject(step, "fields");
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(event, "what"))
    {
        bool field = cJSON_IsString(one) && strchr(one->valuestring, '.') != NULL;
        cJSON_AddItemToArray(field ? fields : documents, cJSON_Duplicate(one, true));
    }
    cJSON_AddStringToObject(step, "message", "Exemple");
    return scenario_add(&r->s, step);
}

/* The fields that were asked for last, as they are in the end. */
static cJSON *asked_answers(const record *r, const cJSON *entry, const cJSON *all)
{
    cJSON *answers = cJSON_CreateObject();
    const cJSON *one, *before, *asked = NULL;
    cJSON_ArrayForEach(before, r->entries)
    {
        if (before == entry) {
            break;
        }
        const cJSON *event = event_named(before, "asked");
        asked = event != NULL ? event : asked;
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(asked, "what"))
    {
        char section[200];
        const char *point = strchr(one->valuestring, '.');
        if (point == NULL) {
            continue;
        }
        (void)snprintf(section, sizeof section, "%.*s", (int)(point - one->valuestring),
                       one->valuestring);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(all, section), point + 1);
        cJSON *of = cJSON_GetObjectItemCaseSensitive(answers, section);
        of = of != NULL ? of : cJSON_AddObjectToObject(answers, section);
        cJSON_AddItemToObject(of, point + 1, cJSON_Duplicate(value, true));
    }
    return answers;
}

static bool supply(record *r, const cJSON *entry)
{
    const cJSON *event;
    cJSON *documents, *step = begin(entry, "supply");
    const sample s = sample_of(r, false);
    cJSON *all = sample_filing(&s, &documents), *given = cJSON_CreateArray();
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(entry, "events"))
    {
        if (strcmp(cli_words(event, "event"), "document given") == 0) {
            cJSON_AddItemToArray(given, cJSON_CreateString(cli_words(event, "name")));
        }
    }
    add_applicant(r, step, entry);
    if (event_named(entry, "answered") != NULL) {
        cJSON_AddItemToObject(step, "answers", asked_answers(r, entry, all));
    }
    cJSON_AddItemToObject(step, "documents", given);
    cJSON_Delete(all);
    cJSON_Delete(documents);
    return scenario_add(&r->s, step);
}

static bool decide(record *r, const cJSON *entry)
{
    char step_id[200], outcome[200], session[32];
    if (!moment_of(entry, step_id, outcome)) {
        return true;
    }
    cJSON *step = begin(entry, NULL);
    (void)snprintf(session, sizeof session, "s%d", ++r->sessions);
    const char *board = "";
    const cJSON *node;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(r->s.plan, "nodes"))
    {
        const char *path = cli_words(node, "path"), *of = cli_words(node, "board");
        size_t size = strlen(step_id);
        bool here = strncmp(path, step_id, size) == 0 && (path[size] == '\0' || path[size] == '/');
        board = here && of[0] != '\0' ? of : board;
    }
    cJSON_AddStringToObject(step, "hold", board);
    cJSON_AddStringToObject(step, "session", session);
    cJSON *decision = cJSON_AddObjectToObject(cJSON_AddObjectToObject(step, "decide"), "d1");
    cJSON_AddStringToObject(decision, "outcome", outcome);
    cJSON_AddStringToObject(decision, "because", "Exemple");
    return scenario_add(&r->s, step);
}

static bool pay(record *r, const cJSON *entry)
{
    char step_id[200], outcome[200], batch[32], day[16];
    if (!moment_of(entry, step_id, outcome)) {
        return true;
    }
    const cJSON *node = node_of(r, step_id);
    const cJSON *roles = cJSON_GetObjectItemCaseSensitive(node, "roles");
    const cJSON *role =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(r->s.plan, "roles"),
                           cJSON_GetArraySize(roles) > 0 ? roles->child->valueint : 0);
    int64_t at;
    (void)snprintf(batch, sizeof batch, "b%d", ++r->batches);
    cli_day(cli_instant(cli_words(entry, "at"), &at) ? at + 2 * 86400000 : r->s.now_ms, day);
    for (int i = 0; i < 2; i++) {
        cJSON *step = cJSON_CreateObject();
        cJSON_AddStringToObject(step, "at", cli_words(entry, "at"));
        cJSON_AddStringToObject(step, "do", i == 0 ? "pay.batch" : "pay.report");
        cJSON_AddStringToObject(step, "batch", batch);
        cJSON_AddItemToObject(step, "as",
                              plan_person("payer-1", "agent", cli_words(role, "service"), NULL));
        if (i == 0) {
            cJSON_AddStringToObject(step, "on", day);
        } else if (strcmp(outcome, "rejected") == 0) {
            cJSON_AddStringToObject(cJSON_AddObjectToObject(step, "rejected"), "d1", "AC04");
        }
        if (!scenario_add(&r->s, step)) {
            return false;
        }
    }
    return true;
}

/* What a service answered: it answers so from then on. */
static bool answer(record *r, const cJSON *entry)
{
    char step_id[200], outcome[200];
    const cJSON *node;
    if (!moment_of(entry, step_id, outcome)) {
        return true;
    }
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(r->s.plan, "nodes"))
    {
        const char *service = cli_words(node, "service");
        if (strcmp(cli_words(node, "path"), step_id) == 0 && service[0] != '\0') {
            const sample s = sample_of(r, true);
            cJSON *step = begin(entry, NULL);
            cJSON *says =
                cJSON_AddObjectToObject(cJSON_AddObjectToObject(step, "services"), service);
            cJSON_AddStringToObject(says, "outcome", outcome);
            cJSON_AddItemToObject(says, "gives", sample_given(&s, step_id));
            return scenario_add(&r->s, step);
        }
    }
    return true; /* a letter left: it does so by itself */
}

static bool bring(record *r, const cJSON *entry)
{
    cJSON *step = begin(entry, "message");
    add_person(r, step, entry, NULL);
    cJSON_AddStringToObject(step, "message", cli_words(event_named(entry, "message came"), "name"));
    return scenario_add(&r->s, step);
}

static bool withdraw(record *r, const cJSON *entry)
{
    cJSON *step = begin(entry, "withdraw");
    add_applicant(r, step, entry);
    return scenario_add(&r->s, step);
}

static bool wait(record *r, const cJSON *entry)
{
    return scenario_add(&r->s, begin(entry, NULL));
}

/* Claims, hand-overs, remarks and what operators did change nothing of the course. */
static const struct {
    const char *verb;
    bool (*write)(record *r, const cJSON *entry);
} verbs[] = {
    {"file", file},     {"complete", complete},     {"ask", ask},
    {"supply", supply}, {"session.result", decide}, {"order.result", pay},
    {"result", answer}, {"message", bring},         {"withdraw", withdraw},
    {"timer", wait},
};

/* The first time that money is needed, and was there. */
static bool fund(record *r, const cJSON *entry)
{
    bool needs = event_named(entry, "reserved") != NULL || event_named(entry, "ordered") != NULL;
    const cJSON *one;
    if (r->funded || !needs) {
        return true;
    }
    r->funded = true;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(r->s.plan, "allotments"))
    {
        cJSON *step = cJSON_CreateObject();
        cJSON_AddStringToObject(step, "do", "allotment.allocate");
        cJSON_AddStringToObject(step, "allotment", cli_words(one, "id"));
        cJSON_AddStringToObject(step, "as", cli_words(one, "service"));
        cJSON_AddStringToObject(step, "amount", "900000.00");
        if (!scenario_add(&r->s, step)) {
            return false;
        }
    }
    return true;
}

static bool write_entries(record *r)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, r->entries)
    {
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
            if (strcmp(cli_words(entry, "verb"), verbs[i].verb) == 0 &&
                (!fund(r, entry) || !verbs[i].write(r, entry))) {
                return false;
            }
        }
    }
    return true;
}

/* What became of the dossier is what the scenario expects. */
static bool write_end(record *r)
{
    static const char *const words[] = {"phase", "outcome", "paid"};
    cJSON *step = cJSON_CreateObject(), *expect = cJSON_AddObjectToObject(step, "expect");
    const cJSON *one;
    cJSON_AddStringToObject(expect, "dossier", "d1");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (cli_words(r->dossier, words[i])[0] != '\0') {
            cJSON_AddStringToObject(expect, words[i], cli_words(r->dossier, words[i]));
        }
    }
    cJSON *happened = cJSON_AddObjectToObject(expect, "happened");
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(r->dossier, "moments"))
    {
        char text[16];
        const char *moment = cli_words(one, "moment"), *point = strrchr(moment, '.');
        (void)snprintf(text, sizeof text, "%d", cli_number(one, "count"));
        if (point == NULL || strcmp(point, ".done") != 0) {
            cJSON_AddStringToObject(happened, moment, text);
        }
    }
    return scenario_add(&r->s, step);
}

/* --- Door --- */

static int add_entry(cli *c, const cJSON *row, void *data)
{
    cJSON *list = data;
    (void)c;
    return cJSON_AddItemToArray(list, cJSON_Duplicate(row, true)) ? EXIT_FINE : EXIT_ENVIRONMENT;
}

static int read_store(record *r, const char *key)
{
    greffe_query history = {.kind = GREFFE_QUERY_HISTORY, .stream_kind = "dossier", .key = key};
    const greffe_query whole = {.size = sizeof whole, .kind = GREFFE_QUERY_DOSSIER, .key = key};
    r->dossier = cli_read(r->s.c, &whole);
    r->entries = cJSON_CreateArray();
    if (r->dossier == NULL) {
        return cli_fail(EXIT_FAULTS, "GR-5001: there is no dossier %s", key);
    }
    if (cli_text(r->dossier, "erased_on") != NULL) {
        return cli_fail(EXIT_FAULTS, "the dossier %s was erased: nothing is left to record", key);
    }
    return cli_each_row(r->s.c, &history, add_entry, r->entries);
}

/* Plays what it writes: what does not go as it went is told. */
static int make(record *r, const greffe_plan *plan, const char *key)
{
    char title[200];
    int64_t start;
    (void)snprintf(title, sizeof title, "%s, recorded", cli_words(r->dossier, "number"));
    if (r->entries->child == NULL || !cli_instant(cli_words(r->entries->child, "at"), &start)) {
        return cli_fail(EXIT_FAULTS, "the dossier %s has no history", key);
    }
    scenario_begin(&r->s, title, start);
    r->people = cJSON_CreateObject();
    int code = cli_status(scenario_open(&r->s, plan), r->s.procedure);
    if (code == EXIT_FINE) {
        keep_answers(r);
        bool same = write_entries(r) && write_end(r);
        code = same ? EXIT_FINE
                    : cli_fail(EXIT_FAULTS,
                               "played, it does not go as it went: what was replaced may have "
                               "decided it; mend the answers of the scenario");
    }
    return code;
}

/* The procedure is named from where the scenario stands. */
static int write_file(const cli *c, cJSON *root)
{
    bool to_file = strcmp(c->out, "out") != 0;
    char folder[1400], procedure[1400];
    const char *slash = strrchr(c->out, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - c->out + 1) : 1,
                   slash != NULL ? c->out : ".");
    if (to_file && cli_path_from(folder, c->words[1], procedure)) {
        cJSON_ReplaceItemInObjectCaseSensitive(root, "procedure", cJSON_CreateString(procedure));
    }
    FILE *out = to_file ? fopen(c->out, "wb") : stdout;
    if (out == NULL) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be written", c->out);
    }
    scenario_write(out, root);
    return to_file && fclose(out) != 0 ? cli_fail(EXIT_ENVIRONMENT, "%s cannot be written", c->out)
                                       : EXIT_FINE;
}

int cli_record(cli *c)
{
    greffe_plan *plan = NULL;
    greffe_engine *store = c->engine;
    record r = {.s = {.c = c, .path = "record"}};
    if (c->word_count != 2) {
        return cli_fail(EXIT_USAGE, "greffe record DOSSIER PROCEDURE.yaml [--out FILE]");
    }
    (void)snprintf(r.s.name, sizeof r.s.name, "%s", c->words[0]);
    r.s.procedure = c->words[1];
    int code = read_store(&r, c->words[0]);
    if (code == EXIT_FINE) {
        code = cli_compile(c, c->words[1], &plan);
        cli_print_diags(c);
    }
    if (code == EXIT_FINE) {
        c->engine = NULL;
        code = make(&r, plan, c->words[0]);
        int written = write_file(c, r.s.root);
        code = cli_worse(written, code);
        scenario_close(&r.s);
        c->engine = store;
    }
    cJSON *const own[] = {r.dossier, r.entries, r.people, r.fixed, r.s.root};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        cJSON_Delete(own[i]);
    }
    greffe_plan_unref(plan);
    return code;
}
