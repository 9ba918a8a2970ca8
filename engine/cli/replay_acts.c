/* Playing a way: what people, boards, banks, services and time do to take a dossier along it. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "cli/sample.h"

/* --- The plan --- */

const cJSON *replay_node_of(const replay *r, const cJSON *move)
{
    const char *path = cli_text(move, "node");
    const cJSON *node;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(r->s.plan, "nodes"))
    {
        if (path != NULL && strcmp(cli_words(node, "path"), path) == 0) {
            return node;
        }
    }
    return NULL;
}

/* The `each` that a node stands in, or NULL. */
static const cJSON *each_of(const replay *r, const cJSON *node)
{
    int scope = cli_number(node, "scope");
    while (scope != 0) {
        const cJSON *block, *one, *found = NULL;
        cJSON_ArrayForEach(block, cJSON_GetObjectItemCaseSensitive(r->s.plan, "nodes"))
        {
            cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(block, "scopes"))
            {
                found = one->valueint == scope ? block : found;
            }
        }
        if (found == NULL || cli_number(found, "op") == PLAN_EACH) {
            return found;
        }
        scope = cli_number(found, "scope");
    }
    return NULL;
}

/* Whether a move is somebody's, or time's: the others follow by themselves. */
bool replay_is_waited_for(const replay *r, const cJSON *move)
{
    const cJSON *node = replay_node_of(r, move);
    const char *outcome = cli_words(move, "outcome");
    int op = cli_number(node, "op"), port = cli_number(node, "port");
    if (cli_text(move, "clock") != NULL || op == PLAN_TASK || op == PLAN_WAIT) {
        return true;
    }
    if (strcmp(outcome, "expired") == 0) {
        return op == PLAN_FORK || op == PLAN_EACH || port == PLAN_CALL;
    }
    return op == PLAN_ASK && (port == PLAN_BOARD || port == PLAN_ORDER);
}

/* --- Playing --- */

void replay_play(replay *r, cJSON *step)
{
    r->good = scenario_add(&r->s, step) && r->good;
}

/* A command, which may have to be refused. */
static void give(replay *r, cJSON *step)
{
    if (r->refused != NULL) {
        cJSON_AddStringToObject(step, "refused", r->refused);
        r->refused = NULL;
        r->fails = true;
    }
    replay_play(r, step);
}

static cJSON *command(const char *verb, const char *stream, const char *key)
{
    cJSON *step = cJSON_CreateObject();
    cJSON_AddStringToObject(step, "do", verb);
    cJSON_AddStringToObject(step, stream, key);
    return step;
}

static const cJSON *role_at(const replay *r, int index)
{
    return plan_at(r->s.plan, "roles", index);
}

/* The applicant is one person; everybody else is another at each step. */
static void add_person(replay *r, cJSON *step, const cJSON *role)
{
    char subject[160];
    int kind = cli_number(role, "kind");
    const char *id = cli_words(role, "id");
    if (kind == PLAN_APPLICANT) {
        (void)snprintf(subject, sizeof subject, "%s", id);
    } else {
        (void)snprintf(subject, sizeof subject, "%s-%d", id, ++r->people);
    }
    cJSON_AddItemToObject(step, "as",
                          plan_person(subject, plan_kind(role),
                                      kind == PLAN_AGENT ? cli_words(role, "service") : NULL, id));
}

static const cJSON *role_of_node(const replay *r, const cJSON *node)
{
    const cJSON *roles = cJSON_GetObjectItemCaseSensitive(node, "roles");
    return role_at(r, cJSON_GetArraySize(roles) > 0 ? cJSON_GetArrayItem(roles, 0)->valueint : 0);
}

static const cJSON *applicant(const replay *r)
{
    const cJSON *role;
    cJSON_ArrayForEach(role, cJSON_GetObjectItemCaseSensitive(r->s.plan, "roles"))
    {
        if (cli_number(role, "kind") == PLAN_APPLICANT) {
            return role;
        }
    }
    return role_at(r, 0);
}

cJSON *replay_read_dossier(replay *r)
{
    const greffe_query query = {
        .size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = REPLAY_DOSSIER};
    return cli_read(r->s.c, &query);
}

int replay_count_of(const cJSON *whole, const char *moment)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(whole, "moments"))
    {
        if (strcmp(cli_words(one, "moment"), moment) == 0) {
            return cli_number(one, "count");
        }
    }
    return 0;
}

static sample sample_of(const replay *r, const char *of, const cJSON *fixed)
{
    return (sample){.c = r->s.c,
                    .plan = r->s.plan,
                    .dossier = of,
                    .now_ms = r->s.now_ms,
                    .variant = r->variant,
                    .fixed = fixed};
}

/* --- People --- */

/* Lists that an `each` goes through have as many items as the way has. */
static cJSON *with_items(const replay *r, const cJSON *fixed)
{
    cJSON *all = cJSON_Duplicate(fixed, true);
    const cJSON *items, *slot;
    cJSON_ArrayForEach(items, cJSON_GetObjectItemCaseSensitive(r->trace, "items"))
    {
        cJSON *of = cJSON_CreateObject(), *list = cJSON_CreateArray();
        cJSON_AddStringToObject(of, "node", items->string);
        const cJSON *one, *node = replay_node_of(r, of);
        const cJSON *expression = cJSON_GetObjectItemCaseSensitive(node, "expression");
        cJSON_ArrayForEach(one, items)
        {
            char text[32];
            (void)snprintf(text, sizeof text, "exemple %d", cJSON_GetArraySize(list) + 1);
            cJSON_AddItemToArray(list, cJSON_IsNull(one) ? cJSON_CreateString(text)
                                                         : cJSON_Duplicate(one, true));
        }
        cJSON_ArrayForEach(slot, cJSON_GetObjectItemCaseSensitive(expression, "slots"))
        {
            const char *path = cli_words(plan_at(r->s.plan, "slots", slot->valueint), "name");
            const cJSON *field;
            cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(r->s.plan, "fields"))
            {
                bool is_list = cli_number(field, "type") == PLAN_LIST &&
                               strcmp(cli_words(field, "path"), path) == 0;
                if (is_list && cJSON_GetObjectItemCaseSensitive(all, path) == NULL) {
                    cJSON_AddItemToObject(all, path, cJSON_Duplicate(list, true));
                }
            }
        }
        cJSON_Delete(of);
        cJSON_Delete(list);
    }
    return all;
}

static void file(replay *r)
{
    cJSON *documents, *fixed = with_items(r, cJSON_GetObjectItemCaseSensitive(r->trace, "answers"));
    const sample s = sample_of(r, NULL, fixed);
    cJSON *step = command("file", "dossier", REPLAY_DOSSIER);
    add_person(r, step, applicant(r));
    cJSON_AddStringToObject(step, "procedure", cli_words(r->s.plan, "procedure"));
    cJSON_AddItemToObject(step, "answers", sample_filing(&s, &documents));
    cJSON_AddItemToObject(step, "documents", documents);
    cJSON_Delete(fixed);
    give(r, step);
}

static void add_place(const replay *r, cJSON *step, const cJSON *node)
{
    const cJSON *each = each_of(r, node);
    cJSON_AddStringToObject(step, "step", plan_step_of(r->s.plan, node));
    if (each != NULL) {
        cJSON_AddNumberToObject(step, "item", cli_number(r->items, cli_words(each, "path")) - 1);
    }
}

void replay_complete(replay *r, const cJSON *node, const cJSON *edge, const cJSON *fixed)
{
    const sample s = sample_of(r, REPLAY_DOSSIER, fixed);
    cJSON *step = command("complete", "dossier", REPLAY_DOSSIER);
    add_person(r, step, role_of_node(r, node));
    add_place(r, step, node);
    cJSON_AddStringToObject(step, "outcome", cli_words(edge, "outcome"));
    cJSON *fill = sample_fill(&s, plan_step_of(r->s.plan, node), edge);
    if (cJSON_GetArraySize(fill) > 0) {
        cJSON_AddItemToObject(step, "fill", fill);
    } else {
        cJSON_Delete(fill);
    }
    give(r, step);
}

/* What is supplied next: {field: value}, of the first move that waits for it. */
static const cJSON *next_supply(const replay *r, const cJSON *move)
{
    for (; move != NULL; move = move->next) {
        const cJSON *node = replay_node_of(r, move);
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(node, "supply"))) {
            return cJSON_GetObjectItemCaseSensitive(move, "fill");
        }
    }
    return NULL;
}

/* The applicant is asked for the fields that change, or else for something. */
static void ask(replay *r, const cJSON *node, const cJSON *move)
{
    cJSON *step = command("ask", "dossier", REPLAY_DOSSIER);
    const cJSON *one, *fill = next_supply(r, move->next);
    const cJSON *document = plan_at(r->s.plan, "documents", 0),
                *field = plan_at(r->s.plan, "fields", 0);
    add_person(r, step, role_of_node(r, node));
    add_place(r, step, node);
    if (cJSON_GetArraySize(fill) > 0) {
        cJSON *fields = cJSON_AddArrayToObject(step, "fields");
        cJSON_ArrayForEach(one, fill)
        {
            cJSON_AddItemToArray(fields, cJSON_CreateString(one->string));
        }
    } else if (document != NULL) {
        cli_add_word(step, "documents", cli_words(document, "id"));
    } else {
        cli_add_word(step, "fields", cli_words(field, "path"));
    }
    cJSON_AddStringToObject(step, "message", "Il manque ceci");
    replay_play(r, step);
}

static void supply(replay *r, const cJSON *move)
{
    cJSON *whole = replay_read_dossier(r), *documents, *given = cJSON_CreateArray();
    cJSON *step = command("supply", "dossier", REPLAY_DOSSIER), *answers = cJSON_CreateObject();
    const sample s = sample_of(r, NULL, cJSON_GetObjectItemCaseSensitive(move, "fill"));
    cJSON *form = sample_filing(&s, &documents);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(whole, "asked"))
    {
        char section[160];
        const char *point = strchr(one->valuestring, '.');
        if (point == NULL) {
            cJSON_AddItemToArray(given, cJSON_Duplicate(one, true));
            continue;
        }
        (void)snprintf(section, sizeof section, "%.*s", (int)(point - one->valuestring),
                       one->valuestring);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(form, section), point + 1);
        cJSON *of = cJSON_GetObjectItemCaseSensitive(answers, section);
        of = of != NULL ? of : cJSON_AddObjectToObject(answers, section);
        cJSON_AddItemToObject(of, point + 1,
                              value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull());
    }
    add_person(r, step, applicant(r));
    cJSON_AddItemToObject(step, "answers", answers);
    cJSON_AddItemToObject(step, "documents", given);
    cJSON_Delete(whole);
    cJSON_Delete(form);
    cJSON_Delete(documents);
    give(r, step);
}

/* --- Boards, banks, services, time --- */

static void decide(replay *r, const cJSON *node, const char *outcome)
{
    char session[16];
    cJSON *step = cJSON_CreateObject();
    (void)snprintf(session, sizeof session, "s%d", ++r->sessions);
    cJSON_AddStringToObject(step, "hold", cli_words(node, "board"));
    cJSON_AddStringToObject(step, "session", session);
    cJSON *decision =
        cJSON_AddObjectToObject(cJSON_AddObjectToObject(step, "decide"), REPLAY_DOSSIER);
    cJSON_AddStringToObject(decision, "outcome", outcome);
    cJSON_AddStringToObject(decision, "because", "Exemple");
    replay_play(r, step);
}

static void pay(replay *r, const cJSON *node, const char *outcome)
{
    char batch[16], day[16];
    (void)snprintf(batch, sizeof batch, "b%d", ++r->batches);
    cli_day(r->s.now_ms + 2 * 86400000, day);
    cJSON *step = command("pay.batch", "batch", batch);
    add_person(r, step, role_of_node(r, node));
    cJSON_AddStringToObject(step, "on", day);
    replay_play(r, step);
    step = command("pay.report", "batch", batch);
    add_person(r, step, role_of_node(r, node));
    if (strcmp(outcome, "rejected") == 0) {
        cJSON_AddStringToObject(cJSON_AddObjectToObject(step, "rejected"), REPLAY_DOSSIER, "AC04");
    } else if (strcmp(outcome, "unknown") == 0) {
        cli_add_word(step, "unknown", REPLAY_DOSSIER);
    }
    replay_play(r, step);
}

static void bring(replay *r, const cJSON *node)
{
    cJSON *step = command("message", "dossier", REPLAY_DOSSIER);
    const cJSON *role, *agent = NULL;
    cJSON_ArrayForEach(role, cJSON_GetObjectItemCaseSensitive(r->s.plan, "roles"))
    {
        agent = agent == NULL && cli_number(role, "kind") == PLAN_AGENT ? role : agent;
    }
    add_person(r, step, agent);
    cJSON_AddStringToObject(step, "message", cli_words(node, "message"));
    give(r, step);
}

/* The instant of the first timer of a kind; of a clock, by its name. */
static int64_t due_of(replay *r, const char *kind, const char *name)
{
    int64_t due = 0, one;
    const cJSON *timer;
    cJSON *whole = replay_read_dossier(r);
    cJSON_ArrayForEach(timer, cJSON_GetObjectItemCaseSensitive(whole, "timers"))
    {
        bool is = strcmp(cli_words(timer, "kind"), kind) == 0 &&
                  (name == NULL || strcmp(cli_words(timer, "name"), name) == 0);
        if (is && cli_instant(cli_words(timer, "due"), &one) && (due == 0 || one < due)) {
            due = one;
        }
    }
    cJSON_Delete(whole);
    return due;
}

static void let_pass(replay *r, const char *kind, const char *name)
{
    char at[32];
    int64_t due = due_of(r, kind, name);
    if (due < r->s.now_ms) {
        return; /* it has come with what was due before */
    }
    cJSON *step = cJSON_CreateObject();
    cli_moment(due + 1000, at);
    cJSON_AddStringToObject(step, "at", at);
    replay_play(r, step);
}

/* What comes next decides what an allotment has, and what a service answers. */
void replay_give_money(replay *r, const cJSON *node, const char *outcome)
{
    const char *budget = cli_words(node, "budget");
    bool wanted = strcmp(outcome, "unfunded") != 0;
    const char *before = cli_words(r->money, budget), *amount = wanted ? "900000.00" : NULL;
    const cJSON *allotment;
    if (strcmp(before, wanted ? "has" : "lacks") == 0 || (!wanted && before[0] == '\0')) {
        return;
    }
    cJSON_ArrayForEach(allotment, cJSON_GetObjectItemCaseSensitive(r->s.plan, "allotments"))
    {
        if (strcmp(cli_words(allotment, "id"), budget) != 0) {
            continue;
        }
        cJSON *step = command("allotment.allocate", "allotment", budget);
        cJSON_AddItemToObject(
            step, "as", plan_person("finances-0", "agent", cli_words(allotment, "service"), NULL));
        /* What is left after a reservation is taken back but for a cent's worth of doubt. */
        cJSON_AddStringToObject(step, "amount", amount != NULL ? amount : "-800000.00");
        replay_play(r, step);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(r->money, budget);
    cJSON_AddStringToObject(r->money, budget, wanted ? "has" : "lacks");
}

static void set_service(replay *r, const cJSON *node, const char *outcome)
{
    const char *service = cli_words(node, "service");
    bool never = strcmp(outcome, "expired") == 0;
    if (strcmp(cli_words(r->answers, service), outcome) == 0) {
        return;
    }
    cJSON *step = cJSON_CreateObject();
    cJSON *answer = cJSON_AddObjectToObject(cJSON_AddObjectToObject(step, "services"), service);
    if (!never) {
        const sample s = sample_of(r, NULL, NULL);
        cJSON_AddStringToObject(answer, "outcome", outcome);
        cJSON *gives = sample_given(&s, plan_step_of(r->s.plan, node));
        cJSON_AddItemToObject(answer, "gives", gives);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(r->answers, service);
    cJSON_AddStringToObject(r->answers, service, outcome);
    replay_play(r, step);
}

void replay_prepare(replay *r, const cJSON *move)
{
    cJSON *seen = cJSON_CreateObject();
    for (; move != NULL && r->good; move = move->next) {
        const cJSON *node = replay_node_of(r, move);
        int port = cli_number(node, "port");
        bool money = port == PLAN_RESERVE || port == PLAN_ORDER;
        const char *of = money               ? cli_words(node, "budget")
                         : port == PLAN_CALL ? cli_words(node, "service")
                                             : "";
        if (of[0] == '\0' || cJSON_GetObjectItemCaseSensitive(seen, of) != NULL) {
            continue;
        }
        cJSON_AddTrueToObject(seen, of);
        if (money) {
            replay_give_money(r, node, cli_words(move, "outcome"));
        } else {
            set_service(r, node, cli_words(move, "outcome"));
        }
    }
    cJSON_Delete(seen);
}

/* --- A move --- */

static void do_task(replay *r, const cJSON *move, const cJSON *node)
{
    const cJSON *edge = plan_edge(node, cli_words(move, "outcome"));
    const cJSON *step = plan_at(r->s.plan, "steps", cli_number(node, "step"));
    if (strcmp(cli_words(edge, "outcome"), "expired") == 0 &&
        cJSON_GetObjectItemCaseSensitive(node, "within") != NULL) {
        let_pass(r, "expire", NULL);
    } else if (cli_number(step, "kind") == PLAN_SUBMISSION) {
        file(r);
    } else if (strcmp(cli_words(edge, "outcome"), "ask") == 0 &&
               !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(edge, "done"))) {
        ask(r, node, move);
    } else {
        replay_complete(r, node, edge, cJSON_GetObjectItemCaseSensitive(move, "fill"));
    }
}

void replay_move(replay *r, const cJSON *move)
{
    const cJSON *node = replay_node_of(r, move);
    const char *outcome = cli_words(move, "outcome"), *clock = cli_text(move, "clock");
    int op = cli_number(node, "op"), port = cli_number(node, "port");
    if (clock != NULL) {
        let_pass(r, "clock", clock);
    } else if (op == PLAN_TASK) {
        do_task(r, move, node);
    } else if (op == PLAN_ASK && port == PLAN_BOARD) {
        decide(r, node, outcome);
    } else if (op == PLAN_ASK && port == PLAN_ORDER) {
        pay(r, node, outcome);
    } else if (op == PLAN_WAIT && strcmp(outcome, cli_words(node, "expired")) != 0 &&
               cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(node, "supply"))) {
        supply(r, move);
    } else if (op == PLAN_WAIT && strcmp(outcome, cli_words(node, "expired")) != 0 &&
               cli_words(node, "message")[0] != '\0') {
        bring(r, node);
    } else {
        let_pass(r, "expire", NULL);
    }
}
