/* From a plan to what is drawn: a vertex for each step, one where the branches of a block meet, one
 * for each clock; and the ways between them, with what an official calls them. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/picture.h"
#include "cli/plan.h"

enum { title_width = 170 };

/* --- Texts --- */

/* In ems of a sans-serif face, a little more than it takes. */
static double em_of(unsigned char c)
{
    if (strchr("iljtf.,;:'|!()[] ", c) != NULL) {
        return 0.36;
    }
    if (strchr("mwMW%@", c) != NULL) {
        return 0.95;
    }
    return c >= 'A' && c <= 'Z' ? 0.74 : 0.6;
}

double picture_text_width(const char *text)
{
    double ems = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool continues = (*at & 0xC0) == 0x80;
        ems += continues ? 0 : *at >= 0x80 ? 0.64 : em_of(*at);
    }
    return 12 * ems;
}

/* A byte count at which a text may be cut: not within a character. */
static size_t whole_characters(const char *text, size_t size)
{
    while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80) {
        size -= 1;
    }
    return size;
}

/* Breaks a title into lines of a width; what does not fit ends with "…". */
static void break_lines(picture_vertex *v, const char *title)
{
    v->line_count = 0;
    while (*title != '\0' && v->line_count < PICTURE_MOST_LINES) {
        char line[PICTURE_LINE];
        size_t best = 0, size = strlen(title), limit = sizeof line - 8;
        for (size_t i = 1; i <= size && i < limit; i++) {
            bool word = title[i] == ' ' || title[i] == '\0';
            (void)snprintf(line, sizeof line, "%.*s", (int)i, title);
            if (word && (best == 0 || picture_text_width(line) <= title_width)) {
                best = i;
            }
        }
        best = best == 0 ? whole_characters(title, size < limit ? size : limit) : best;
        bool last = v->line_count == PICTURE_MOST_LINES - 1 && title[best] != '\0';
        (void)snprintf(v->lines[v->line_count++], PICTURE_LINE, "%.*s%s", (int)best, title,
                       last ? " …" : "");
        title += best;
        title += strspn(title, " ");
    }
}

/* "2 mois", in the official's language: letters' built-in words are French too. */
static void term_text(const cJSON *term, char out[64])
{
    static const char *const units[][2] = {{"", ""},
                                           {"jour", "jours"},
                                           {"jour ouvré", "jours ouvrés"},
                                           {"semaine", "semaines"},
                                           {"mois", "mois"},
                                           {"an", "ans"},
                                           {"heure", "heures"}};
    int count = cli_number(term, "count"), unit = cli_number(term, "unit");
    bool known = unit >= PLAN_DAYS && unit < (int)(sizeof units / sizeof *units);
    out[0] = '\0';
    if (count > 0 && known) {
        (void)snprintf(out, 64, "%d %s", count, units[unit][count > 1]);
    }
}

/* --- Vertices --- */

static picture_kind kind_of(int step_kind)
{
    switch (step_kind) {
    case 1: return PICTURE_FILING;
    case 5: return PICTURE_BOARD;
    case 6: return PICTURE_LETTER;
    case 7: return PICTURE_PAYMENT;
    case 9: return PICTURE_CHOICE;
    case 10: return PICTURE_WAIT;
    case 11: return PICTURE_END;
    case 12:
    case 13: return PICTURE_BLOCK;
    case 14: return PICTURE_CALL;
    default: return PICTURE_TASK;
    }
}

static picture_vertex *add_vertex(picture *p, const char *id, const char *title, picture_kind kind)
{
    picture_vertex *v = &p->vertices[p->vertex_count++];
    *v = (picture_vertex){.kind = kind, .lane = -1};
    (void)snprintf(v->id, sizeof v->id, "%s", id);
    break_lines(v, title);
    return v;
}

static int lane_named(picture *p, const char *title)
{
    for (int i = 0; i < p->lane_count; i++) {
        if (strcmp(p->lanes[i], title) == 0) {
            return i;
        }
    }
    (void)snprintf(p->lanes[p->lane_count], PICTURE_LINE, "%s", title);
    return p->lane_count++;
}

/* Who acts at a step has a lane, in the order in which they come; what goes by itself has one. */
static void set_lanes(picture *p)
{
    const cJSON *node;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(p->plan, "nodes"))
    {
        const cJSON *roles = cJSON_GetObjectItemCaseSensitive(node, "roles");
        picture_vertex *v = &p->vertices[cli_number(node, "step")];
        if (cJSON_GetArraySize(roles) > 0 && v->lane < 0) {
            v->lane = lane_named(
                p, cli_words(plan_at(p->plan, "roles", cJSON_GetArrayItem(roles, 0)->valueint),
                             "title"));
        }
    }
    for (int i = 0; i < p->vertex_count; i++) {
        if (p->vertices[i].lane < 0) {
            bool clock = p->vertices[i].kind == PICTURE_CLOCK;
            p->vertices[i].lane = lane_named(p, clock ? "Délais" : "Sans intervention");
        }
    }
}

static void add_steps(picture *p)
{
    const cJSON *step;
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(p->plan, "steps"))
    {
        const char *title = cli_words(step, "title"), *id = cli_words(step, "id");
        add_vertex(p, id, title[0] != '\0' ? title : id, kind_of(cli_number(step, "kind")));
    }
}

/* --- Ways --- */

static picture_edge *add_edge(picture *p, int from, int to, const char *label, const char *moment,
                              bool by_time)
{
    for (int i = 0; i < p->edge_count; i++) { /* two outcomes that lead to one place share a line */
        picture_edge *e = &p->edges[i];
        size_t used = strlen(e->label), more = strlen(label);
        if (e->from == from && e->to == to && e->dashed == by_time && used > 0 &&
            used + more + 3 < sizeof e->label && used + more < 30) {
            (void)snprintf(e->label + used, sizeof e->label - used, ", %s", label);
            used = strlen(e->moment);
            (void)snprintf(e->moment + used, sizeof e->moment - used, " %s", moment);
            return e;
        }
    }
    picture_edge *e = &p->edges[p->edge_count++];
    *e = (picture_edge){.from = from, .to = to, .dashed = by_time, .gutter = -1};
    (void)snprintf(e->label, sizeof e->label, "%s", label);
    (void)snprintf(e->moment, sizeof e->moment, "%s", moment);
    return e;
}

/* Where the branches of a block meet: the vertex after its own. */
static int *joins_of(picture *p)
{
    int nodes = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(p->plan, "nodes")), index = 0;
    int *joins = malloc(((size_t)nodes + 1) * sizeof *joins);
    const cJSON *node;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(p->plan, "nodes"))
    {
        int op = cli_number(node, "op");
        bool block = op == PLAN_FORK || op == PLAN_EACH;
        if (joins != NULL) {
            joins[index] = block ? p->vertex_count : -1;
        }
        index += 1;
        if (block) {
            const picture_vertex *own = &p->vertices[cli_number(node, "step")];
            char id[PICTURE_LINE + 8];
            (void)snprintf(id, sizeof id, "%s/join", own->id);
            add_vertex(p, id,
                       op == PLAN_FORK ? "réunion des branches" : "tous les éléments traités",
                       PICTURE_JOIN);
        }
    }
    return joins;
}

/* The vertex that a node is drawn as: the end of a branch is where its block joins. */
static int vertex_of(const picture *p, const int *joins, const cJSON *node)
{
    int index = 0;
    const cJSON *block, *one;
    if (cli_number(node, "op") != PLAN_EXIT) {
        return cli_number(node, "step");
    }
    cJSON_ArrayForEach(block, cJSON_GetObjectItemCaseSensitive(p->plan, "nodes"))
    {
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(block, "scopes"))
        {
            if (one->valueint == cli_number(node, "scope")) {
                return joins[index];
            }
        }
        index += 1;
    }
    return cli_number(node, "step");
}

/* What a way is called: the condition of a case, the outcome; nothing where there is one way. */
static void label_of(const cJSON *node, const cJSON *edge, char out[PICTURE_LABEL])
{
    const char *outcome = cli_words(edge, "outcome");
    const cJSON *guard = cJSON_GetObjectItemCaseSensitive(edge, "guard");
    char term[64];
    bool alone = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(node, "edges")) == 1;
    out[0] = '\0';
    if (cli_number(node, "op") == PLAN_CHOOSE) {
        const char *source = cli_words(guard, "source");
        size_t size = strlen(source);
        size_t cut = size > 34 ? whole_characters(source, 33) : size;
        (void)snprintf(out, PICTURE_LABEL, "%.*s%s", (int)cut, size > 0 ? source : "sinon",
                       size > 34 ? "…" : "");
        if (size == 0) {
            (void)snprintf(out, PICTURE_LABEL, "sinon");
        }
    } else if (strcmp(outcome, "expired") == 0) {
        term_text(cJSON_GetObjectItemCaseSensitive(node, "within"), term);
        (void)snprintf(out, PICTURE_LABEL, "expiré%s%s", term[0] != '\0' ? " : " : "", term);
    } else if (!alone || (strcmp(outcome, "done") != 0 && strcmp(outcome, "sent") != 0 &&
                          strcmp(outcome, "filed") != 0)) {
        (void)snprintf(out, PICTURE_LABEL, "%.60s", outcome);
    }
}

/* What a step does by itself on its way out: a receipt that is sent, money that is committed. */
static bool passes_through(const picture *p, const cJSON *node)
{
    const char *id = p->vertices[cli_number(node, "step")].id;
    int op = cli_number(node, "op");
    bool alone = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(node, "edges")) == 1;
    return alone && strcmp(cli_words(node, "path"), id) != 0 &&
           (op == PLAN_EFFECT || (op == PLAN_ASK && cli_number(node, "port") == PLAN_COMMIT));
}

static const cJSON *target_of(const picture *p, const cJSON *edge)
{
    const cJSON *node = plan_at(p->plan, "nodes", cli_number(edge, "target"));
    for (int i = 0; i < 8 && passes_through(p, node); i++) {
        const cJSON *next = cJSON_GetObjectItemCaseSensitive(node, "edges");
        node = plan_at(p->plan, "nodes", cli_number(next->child, "target"));
    }
    return node;
}

static void add_ways(picture *p, const int *joins)
{
    const cJSON *node, *edge, *scope;
    int index = 0;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(p->plan, "nodes"))
    {
        int own = vertex_of(p, joins, node), from = joins[index] >= 0 ? joins[index] : own;
        cJSON_ArrayForEach(scope, cJSON_GetObjectItemCaseSensitive(node, "scopes"))
        {
            const cJSON *planned = plan_at(p->plan, "scopes", scope->valueint);
            add_edge(p, own,
                     vertex_of(p, joins, plan_at(p->plan, "nodes", cli_number(planned, "entry"))),
                     "", "", false);
        }
        const cJSON *edges =
            passes_through(p, node) ? NULL : cJSON_GetObjectItemCaseSensitive(node, "edges");
        cJSON_ArrayForEach(edge, edges)
        {
            char label[PICTURE_LABEL], moment[PICTURE_LINE];
            int to = vertex_of(p, joins, target_of(p, edge));
            bool done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(edge, "done"));
            if (to == own && !done) {
                continue; /* within a step */
            }
            label_of(node, edge, label);
            (void)snprintf(moment, sizeof moment, "%.75s.%.75s", p->vertices[own].id,
                           cli_words(edge, "outcome"));
            add_edge(p, from, to, label, done ? moment : "",
                     strcmp(cli_words(edge, "outcome"), "expired") == 0);
        }
        index += 1;
    }
}

/* A clock: how long, from when, what its end means, and where it leads. */
static void add_clocks(picture *p)
{
    const cJSON *clock;
    cJSON_ArrayForEach(clock, cJSON_GetObjectItemCaseSensitive(p->plan, "clocks"))
    {
        char title[PICTURE_LINE], term[64];
        const char *name = cli_words(clock, "name"), *from = cli_words(clock, "from");
        term_text(cJSON_GetObjectItemCaseSensitive(clock, "within"), term);
        (void)snprintf(title, sizeof title, "%.60s : %s dès %.*s", name, term,
                       (int)strcspn(from, "."), from);
        int at = p->vertex_count;
        add_vertex(p, name, title, PICTURE_CLOCK);
        const cJSON *target = plan_at(p->plan, "nodes", cli_number(clock, "then"));
        picture_edge *e = add_edge(
            p, at, cli_number(target, "step"),
            cli_number(clock, "means") == PLAN_REJECTION ? "vaut rejet" : "vaut acceptation", "",
            true);
        (void)snprintf(e->moment, sizeof e->moment, "%s.ended", name);
    }
}

bool picture_read(picture *p, const cJSON *plan)
{
    static const char *const lists[] = {"steps", "nodes", "clocks", "scopes"};
    size_t room = 8, ways = 8;
    const cJSON *node;
    *p = (picture){.plan = plan};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        room += (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(plan, lists[i]));
    }
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(plan, "nodes"))
    {
        ways += (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(node, "edges"));
    }
    p->vertices = calloc(room, sizeof *p->vertices);
    p->edges = calloc(ways + room, sizeof *p->edges);
    p->lanes = calloc(room + 2, sizeof *p->lanes);
    if (p->vertices == NULL || p->edges == NULL || p->lanes == NULL) {
        return false;
    }
    add_steps(p);
    int *joins = joins_of(p);
    if (joins == NULL) {
        return false;
    }
    add_ways(p, joins);
    add_clocks(p);
    set_lanes(p);
    free(joins);
    return true;
}
