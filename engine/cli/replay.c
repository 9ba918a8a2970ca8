/* Playing the way to a fault: each move of the proof becomes what a person, a board, a bank or time
 * would do, on the engine itself. Only what is seen to happen there is called refuted; it can be
 * written as a scenario. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/replay.h"

enum { most_variants = 8 };

/* A letter that has not left when time ends it all could not leave. */
static void hold_letter(replay *r, const cJSON *move)
{
    const cJSON *last = move;
    for (move = move->next; move != NULL && !replay_is_waited_for(r, move); move = move->next) {
        last = replay_node_of(r, move) != NULL ? move : last;
    }
    const cJSON *edge = plan_edge(replay_node_of(r, last), cli_words(last, "outcome"));
    const cJSON *to = edge != NULL ? plan_at(r->s.plan, "nodes", cli_number(edge, "target")) : NULL;
    const char *channel = cli_words(to, "channel");
    bool waits = cli_number(to, "op") == PLAN_EFFECT &&
                 cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(to, "awaited"));
    if (waits && move != NULL && cJSON_GetObjectItemCaseSensitive(r->s.failing, channel) == NULL) {
        cJSON *step = cJSON_CreateObject(), *fail = cJSON_AddObjectToObject(step, "fail");
        cJSON_AddStringToObject(fail, "channel", channel);
        cJSON_AddStringToObject(fail, "problem", "no server answers");
        replay_play(r, step);
    }
}

/* A letter that leaves after all, once its channel works again. */
static void let_leave(replay *r, const cJSON *move)
{
    const cJSON *node = replay_node_of(r, move);
    const char *channel = cli_words(node, "channel");
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(node, "awaited")) &&
        cJSON_GetObjectItemCaseSensitive(r->s.failing, channel) != NULL) {
        cJSON *step = cJSON_CreateObject();
        cJSON_AddStringToObject(step, "mend", channel);
        cJSON_AddStringToObject(step, "after", "1 hour");
        replay_play(r, step);
    }
}

/* Whoever pays has the money, unless the way says otherwise. */
static void give_all_money(replay *r)
{
    const cJSON *node, *move;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(r->s.plan, "nodes"))
    {
        bool told = cli_number(node, "port") != PLAN_ORDER;
        cJSON_ArrayForEach(move, r->moves)
        {
            const cJSON *other = replay_node_of(r, move);
            told = told || (cli_number(other, "port") == PLAN_RESERVE &&
                            strcmp(cli_words(other, "budget"), cli_words(node, "budget")) == 0);
        }
        if (!told) {
            replay_give_money(r, node, "");
        }
    }
}

static bool has_incident(replay *r)
{
    cJSON *all = scenario_incidents(&r->s);
    bool any = cJSON_GetArraySize(all) > 0;
    cJSON_Delete(all);
    return any;
}

/* --- The way --- */

static void count_move(replay *r, const cJSON *move)
{
    const cJSON *node = replay_node_of(r, move),
                *edge = plan_edge(node, cli_words(move, "outcome"));
    const char *item = cli_text(move, "item");
    char moment[300];
    if (item != NULL) {
        int begun = cli_number(r->items, item);
        cJSON_DeleteItemFromObjectCaseSensitive(r->items, item);
        cJSON_AddNumberToObject(r->items, item, begun + 1);
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(edge, "done"))) {
        (void)snprintf(moment, sizeof moment, "%s.%s", plan_step_of(r->s.plan, node),
                       cli_words(edge, "outcome"));
        int count = cli_number(r->happened, moment);
        cJSON_DeleteItemFromObjectCaseSensitive(r->happened, moment);
        cJSON_AddNumberToObject(r->happened, moment, count + 1);
    }
}

/* Whether what is left of the way follows by itself. */
static bool is_last(const replay *r, const cJSON *move)
{
    for (move = move->next; move != NULL; move = move->next) {
        if (replay_is_waited_for(r, move)) {
            return false;
        }
    }
    return true;
}

/* Whether nothing has to leave before the way is at its end: no letter that is awaited, no call. */
static bool follows_at_once(const replay *r, const cJSON *move)
{
    for (move = move->next; move != NULL; move = move->next) {
        const cJSON *node = replay_node_of(r, move);
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(node, "awaited")) ||
            cli_number(node, "port") == PLAN_CALL) {
            return false;
        }
    }
    return true;
}

/* With what the engine refuses the end of the way, or NULL: it happens. */
static const char *refusal_of(const replay *r)
{
    bool no_case = strcmp(cli_words(r->trace, "goal"), "no case") == 0;
    bool not_frozen = strcmp(cli_words(r->trace, "code"), "GR-4108") == 0;
    return no_case ? "GR-5303" : not_frozen ? "GR-5302" : NULL;
}

/* How often the moment of a move has happened. */
static int times(replay *r, const cJSON *move)
{
    char moment[300];
    cJSON *whole = replay_read_dossier(r);
    (void)snprintf(moment, sizeof moment, "%s.%s", plan_step_of(r->s.plan, replay_node_of(r, move)),
                   cli_words(move, "outcome"));
    int count = replay_count_of(whole, moment);
    cJSON_Delete(whole);
    return count;
}

static void play_way(replay *r)
{
    const char *refused = refusal_of(r);
    const cJSON *move;
    cJSON_ArrayForEach(move, r->moves)
    {
        bool waited = replay_is_waited_for(r, move);
        if (waited) {
            replay_prepare(r, move);
            hold_letter(r, move);
        }
        if (waited && refused != NULL && is_last(r, move)) {
            int before = times(r, move);
            r->refused = follows_at_once(r, move) ? refused : NULL;
            replay_move(r, move);
            r->refused = NULL;
            r->fails = r->fails || has_incident(r) || times(r, move) == before;
            r->good = r->good && r->fails;
            return; /* nothing of it counts */
        }
        if (waited && r->good) {
            replay_move(r, move);
        } else if (!waited) {
            let_leave(r, move);
        }
        count_move(r, move);
        if (!r->good) {
            return;
        }
    }
}

/* --- What is seen in the end --- */

/* None of the outcomes of the task may be chosen. */
static void try_outcomes(replay *r)
{
    const cJSON *edge, *node = replay_node_of(r, r->trace);
    cJSON_ArrayForEach(edge, cJSON_GetObjectItemCaseSensitive(node, "edges"))
    {
        bool own = strcmp(cli_words(edge, "outcome"), "expired") != 0;
        if (own && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(edge, "done"))) {
            r->refused = "GR-5124";
            replay_complete(r, node, edge, NULL);
        }
    }
}

/* Where two moments of a promise came in the journal, first and last; -1: never. */
typedef struct order {
    const char *of, *other;
    int at, first_of, last_of, first_other, last_other;
} order;

static bool is_moment(const char *name, const char *wanted)
{
    size_t size = strlen(wanted);
    bool whole = strchr(wanted, '.') != NULL;
    return strcmp(name, wanted) == 0 ||
           (!whole && strncmp(name, wanted, size) == 0 && strcmp(name + size, ".done") == 0);
}

static int note_order(cli *c, const cJSON *entry, void *data)
{
    order *o = data;
    const cJSON *event;
    (void)c;
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(entry, "events"))
    {
        const char *name = cli_words(event, "name");
        bool happened = strcmp(cli_words(event, "event"), "happened") == 0;
        o->at += 1;
        if (happened && is_moment(name, o->of)) {
            o->first_of = o->first_of < 0 ? o->at : o->first_of;
            o->last_of = o->at;
        }
        if (happened && is_moment(name, o->other)) {
            o->first_other = o->first_other < 0 ? o->at : o->first_other;
            o->last_other = o->at;
        }
    }
    return EXIT_FINE;
}

/* Whether the journal breaks {before: of, always: other}, or {after: of, always: other}. */
static bool breaks_order(replay *r)
{
    const char *pattern = cli_words(r->trace, "pattern");
    order o = {.of = cli_words(r->trace, "of"),
               .other = cli_words(r->trace, "other"),
               .first_of = -1,
               .last_of = -1,
               .first_other = -1,
               .last_other = -1};
    greffe_query query = {.size = sizeof query,
                          .kind = GREFFE_QUERY_HISTORY,
                          .stream_kind = "dossier",
                          .key = REPLAY_DOSSIER};
    if (pattern[0] == '\0') {
        return true;
    }
    (void)cli_each_row(r->s.c, &query, note_order, &o);
    return strcmp(pattern, "before") == 0
               ? o.first_of >= 0 && (o.first_other < 0 || o.first_of < o.first_other)
               : o.last_of >= 0 && o.last_of > o.last_other;
}

static void add_count(cJSON *happened, const char *moment, int count)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", count);
    cJSON_AddStringToObject(happened, moment, text);
}

/* All that the way says has happened, and what it says has not. */
static void look(replay *r)
{
    const char *never =
        cli_words(r->trace, "pattern")[0] != '\0' ? cli_words(r->trace, "other") : "";
    cJSON *whole = replay_read_dossier(r), *step = cJSON_CreateObject();
    cJSON *expect = cJSON_AddObjectToObject(step, "expect");
    const cJSON *one;
    if (whole == NULL) { /* it was refused at its filing: the step says so */
        cJSON_Delete(step);
        return;
    }
    cJSON_AddStringToObject(expect, "dossier", REPLAY_DOSSIER);
    cJSON_AddStringToObject(expect, "phase", cli_words(whole, "phase"));
    cJSON *happened = cJSON_CreateObject();
    cJSON_ArrayForEach(one, r->happened)
    {
        int found = replay_count_of(whole, one->string);
        r->good = r->good && found >= one->valueint;
        add_count(happened, one->string, found);
    }
    r->good = r->good && breaks_order(r);
    if (strchr(never, '.') != NULL && cli_number(r->happened, never) == 0) {
        add_count(happened, never, replay_count_of(whole, never));
    }
    cJSON_AddItemToObject(expect, "happened", happened);
    if (r->fails) {
        cJSON_AddItemToObject(expect, "incidents", scenario_incidents(&r->s));
    }
    cJSON_Delete(whole);
    replay_play(r, step);
}

/* --- Door --- */

static void begin(replay *r, int64_t start_ms)
{
    char title[400];
    (void)snprintf(title, sizeof title, "%s: %s", cli_words(r->trace, "code"),
                   cli_words(r->trace, "story"));
    scenario_begin(&r->s, title, start_ms);
    r->happened = cJSON_CreateObject();
    r->items = cJSON_CreateObject();
    r->money = cJSON_CreateObject();
    r->answers = cJSON_CreateObject();
}

static void end(replay *r)
{
    cJSON *const own[] = {r->s.root, r->happened, r->items, r->money, r->answers, r->s.findings};
    scenario_close(&r->s);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        cJSON_Delete(own[i]);
    }
}

/* The first day on which the procedure is open, at nine. */
static int64_t start_of(const cJSON *plan)
{
    const int64_t day_ms = 86400000, usual = INT64_C(1772409600000); /* 2026-03-02 */
    const cJSON *from = cJSON_GetObjectItemCaseSensitive(plan, "open_from");
    bool opens = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(plan, "opens"));
    return (opens && from != NULL ? (int64_t)from->valuedouble * day_ms : usual) + 9 * 3600000;
}

/* Writes the scenario and its picture into the folder that the command line names. */
static void keep(replay *r, const replaying *data)
{
    char path[1400], procedure[1400];
    const char *of = cli_words(r->trace, "of"), *node = cli_words(r->trace, "node");
    (void)snprintf(path, sizeof path, "%.900s/%.100s-%.20s%s%.200s.yaml", data->c->counterexamples,
                   cli_words(r->s.plan, "procedure"), cli_words(r->trace, "code"),
                   of[0] != '\0' || node[0] != '\0' ? "-" : "", of[0] != '\0' ? of : node);
    for (char *at = path + strlen(data->c->counterexamples) + 1; *at != '\0'; at++) {
        *at = *at == '/' ? '-' : *at;
    }
    (void)mkdir(data->c->counterexamples, 0777);
    if (!cli_path_from(data->c->counterexamples, data->procedure, procedure)) {
        (void)cli_fail(EXIT_ENVIRONMENT, "%s is no folder", data->c->counterexamples);
        return;
    }
    cJSON_ReplaceItemInObjectCaseSensitive(r->s.root, "procedure", cJSON_CreateString(procedure));
    FILE *file = fopen(path, "wb");
    if (file != NULL) {
        scenario_write(file, r->s.root);
    }
    bool written = file != NULL && fclose(file) == 0;
    r->s.coverage = cJSON_CreateObject();
    coverage_add(&r->s);
    (void)snprintf(strrchr(path, '.'), 5, ".svg");
    if (!written || !coverage_draw(r->s.coverage->child, path, true)) {
        (void)cli_fail(EXIT_ENVIRONMENT, "%s cannot be written", path);
    }
    cJSON_Delete(r->s.coverage);
    r->s.coverage = NULL;
}

static bool try_variant(const replaying *data, const greffe_plan *plan, const cJSON *trace,
                        unsigned variant)
{
    char *text = NULL;
    replay r = {.s = {.c = data->c, .path = data->procedure, .procedure = data->procedure},
                .trace = trace,
                .moves = cJSON_GetObjectItemCaseSensitive(trace, "moves"),
                .variant = variant,
                .good = true};
    cJSON *shown = NULL;
    if (greffe_plan_render(&text, plan, GREFFE_PLAN_JSON) == GREFFE_OK) {
        shown = cJSON_Parse(text);
    }
    greffe_free(data->c->context, text);
    r.s.findings = cli_findings_new();
    begin(&r, start_of(shown));
    cJSON_Delete(shown);
    if (scenario_open(&r.s, plan) != GREFFE_OK) {
        r.good = false;
    }
    if (r.good) {
        give_all_money(&r);
        play_way(&r);
    }
    if (r.good && strcmp(cli_words(trace, "goal"), "stuck") == 0) {
        try_outcomes(&r);
    }
    if (r.good) {
        look(&r);
    }
    bool good = r.good;
    if (good && data->c->counterexamples != NULL) {
        keep(&r, data);
    }
    end(&r);
    return good;
}

bool scenario_replay(void *data, const greffe_plan *plan, greffe_str text)
{
    const replaying *all = data;
    bool good = false;
    greffe_site *accounts = all->c->accounts;
    greffe_engine *engine = all->c->engine;
    cJSON *trace = cJSON_ParseWithLength(text.data, text.size);
    all->c->accounts = NULL; /* everybody is known by their role */
    all->c->mute = true;     /* what fails on the way is meant to */
    for (unsigned i = 0; trace != NULL && !good && i < most_variants; i++) {
        good = try_variant(all, plan, trace, i);
    }
    all->c->accounts = accounts;
    all->c->engine = engine;
    all->c->mute = false;
    cJSON_Delete(trace);
    return good;
}
