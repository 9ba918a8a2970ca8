/* A small procedure with a delegate, parts that only some see, and answers that decide what is
 * asked; an engine in memory with it, and short forms of what people ask and do. A test includes
 * this file, and the headers that it needs before it. */
#include <cjson/cJSON.h>
#include <cmocka.h>
#include <greffe/async.h>

#include "support/prime_kit.c"

static const char TOWN[] = "greffe: 1\n"
                           "authority: bourg\n"
                           "title: Bourg d'essai\n"
                           "services:\n"
                           "  accueil: {title: Accueil}\n"
                           "  culture: {title: Culture}\n"
                           "  finances: {title: Finances}\n"
                           "  voirie: {title: Voirie}\n"
                           "boards:\n" /* which this procedure does not ask */
                           "  conseil: {title: Conseil, secretary: voirie, members: [a, b, c], "
                           "chair: a, quorum: half, majority: votes}\n"
                           "form:\n"
                           "  personne: {title: Vous, fields: {nom: {type: text, label: Nom}, "
                           "revenu: {type: money, label: Revenu}}}\n";

static const char GRANT[] =
    "greffe: 1\n"
    "procedure: bourse\n"
    "title: Bourse\n"
    "retention: {other: 2 years}\n"
    "waive:\n"
    "  - {rule: GR-4301, because: Cet essai regarde autre chose, until: 2999-12-31}\n"
    "  - {rule: GR-4302, because: Cet essai regarde autre chose, until: 2999-12-31}\n"
    "  - {rule: GR-4214, because: Cet essai regarde autre chose, until: 2999-12-31}\n"
    "  - {rule: GR-4215, because: Cet essai regarde autre chose, until: 2999-12-31}\n"
    "uses: bourg\n"
    "roles:\n"
    "  demandeur: {kind: applicant, form: personne, see: [instructeur, comptable]}\n"
    "  instructeur: {kind: agent, service: culture}\n"
    "  comptable: {kind: agent, service: finances}\n"
    "  relais: {kind: delegate, for: instructeur}\n"
    "form:\n"
    "  projet:\n"
    "    title: Votre projet\n"
    "    see: [instructeur, relais]\n"
    "    fields:\n"
    "      genre: {type: choice, label: Genre, options: {stage: Stage, voyage: Voyage}, help: "
    "Un seul}\n"
    "      pays: {type: text, label: Pays, when: projet.genre = \"voyage\", min_length: 2}\n"
    "      cout: {type: money, label: Coût, min: 1.00, must: projet.cout <= 5000, message: Trop "
    "cher}\n"
    "documents:\n"
    "  devis: {label: Devis, needed_to: file}\n"
    "  avis: {label: Avis d'imposition, see: comptable, optional: true}\n"
    "clocks:\n"
    "  silence: {from: depot, within: 2 months, until: choix.done, means: rejection, then: non}\n"
    "steps:\n"
    "  depot: {kind: submission, by: demandeur, shown: Reçue, then: completude}\n"
    "  completude: {kind: completeness, by: [instructeur, relais], within: 1 month, shown: En "
    "cours, then: {complete: examen, expired: non}}\n"
    "  examen:\n"
    "    kind: instruction\n"
    "    by: [instructeur, relais]\n"
    "    title: Examen du projet\n"
    "    see: [instructeur, comptable]\n"
    "    within: 10 days\n"
    "    then:\n"
    "      expired: non\n"
    "      bon: {fill: {note: {type: integer, label: Note, min: 0, max: 20}}, then: attente}\n"
    "      mauvais: {fill: {motif: {type: text, label: Motif}}, then: choix}\n"
    "  attente: {kind: wait, message: affiche, within: 10 days, then: {done: choix, expired: "
    "choix}}\n"
    "  choix:\n"
    "    kind: decision\n"
    "    by: comptable\n"
    "    shown: En décision\n"
    "    then: {accorde: {fill: {raison: {type: text, label: Raison}}, then: oui}, rejete: non}\n"
    "  oui: {kind: end, outcome: accordee, shown: Accordée}\n"
    "  non: {kind: end, outcome: rejetee, shown: Rejetée}\n";

static greffe_status read_text(void *data, const char *name, greffe_str *out)
{
    (void)data;
    const char *text = strcmp(name, "bourg.yaml") == 0 ? TOWN : NULL;
    *out = (greffe_str){text, text == NULL ? 0 : strlen(text)};
    return text == NULL ? GREFFE_ENOTFOUND : GREFFE_OK;
}

/* --- Who asks --- */

typedef enum who { HOST, ANNE, BOB, CULTURE, FINANCE, ROADS, RELAY, WHO_COUNT } who;

static const char *const of_culture[] = {"culture", NULL}, *const of_finance[] = {"finances", NULL},
                         *const of_roads[] = {"voirie", NULL}, *const of_relay[] = {"relais", NULL};
static const greffe_actor PEOPLE[WHO_COUNT] = {
    [ANNE] = {.size = sizeof(greffe_actor), .subject = "anne", .kind = "applicant"},
    [BOB] = {.size = sizeof(greffe_actor), .subject = "bob", .kind = "applicant"},
    [CULTURE] = {.size = sizeof(greffe_actor),
                 .subject = "agent-c",
                 .kind = "agent",
                 .services = of_culture},
    [FINANCE] = {.size = sizeof(greffe_actor),
                 .subject = "agent-f",
                 .kind = "agent",
                 .services = of_finance},
    [ROADS] = {.size = sizeof(greffe_actor),
               .subject = "agent-v",
               .kind = "agent",
               .services = of_roads},
    [RELAY] = {.size = sizeof(greffe_actor),
               .subject = "relais-1",
               .kind = "delegate",
               .roles = of_relay},
};

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
    bool tries; /* nothing is done: it would have been */
    unsigned keys;
} fixture;

static const char TRIED[] = "GR-5106";

static bool look(void *data, const greffe_change *change, char reason[256])
{
    const fixture *f = data;
    (void)change;
    (void)reason;
    return !f->tries;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    greffe_store *store;
    greffe_diags *diags;
    const char *said;
    assert_non_null(f);
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    assert_int_equal(greffe_diags_create(&diags, f->context), GREFFE_OK);
    const greffe_compile_options compile = {.size = sizeof compile, .read = read_text};
    if (greffe_compile(&f->plan, f->context, diags, "bourse.yaml",
                       (greffe_str){GRANT, strlen(GRANT)}, &compile) != GREFFE_OK) {
        assert_int_equal(greffe_diags_render_json(&said, diags), GREFFE_OK);
        fail_msg("%s", said);
    }
    greffe_diags_destroy(diags);
    assert_int_equal(greffe_store_memory(&store), GREFFE_OK);
    const greffe_engine_options options = {
        .size = sizeof options, .store = store, .before_commit = look, .before_commit_data = f};
    assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    greffe_engine_close(f->engine);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    free(f);
    return 0;
}

/* --- Asking and doing --- */

static greffe_query query_of(who actor, greffe_query_kind kind, const char *key)
{
    return (greffe_query){.size = sizeof(greffe_query),
                          .kind = kind,
                          .key = key,
                          .actor = actor == HOST ? NULL : &PEOPLE[actor],
                          .now_ms = PRIME_START};
}

static greffe_status status_of(fixture *f, const greffe_query *query)
{
    char *answer = NULL;
    greffe_status status = greffe_engine_read(f->engine, &answer, query);
    greffe_engine_free(f->engine, answer);
    return status;
}

/* The answer, as a tree; the caller's. */
static cJSON *asked(fixture *f, const greffe_query *query)
{
    char *answer = NULL;
    greffe_status status = greffe_engine_read(f->engine, &answer, query);
    if (status != GREFFE_OK) {
        fail_msg("query %d says %s", (int)query->kind, greffe_status_name(status));
    }
    cJSON *tree = cJSON_Parse(answer);
    if (tree == NULL) {
        fail_msg("no JSON: %s", answer);
    }
    greffe_engine_free(f->engine, answer);
    return tree;
}

static greffe_status give(fixture *f, greffe_result *out, who actor, const char *verb,
                          const char *stream, const char *args)
{
    char key[16];
    (void)snprintf(key, sizeof key, "k%u", f->keys++);
    const greffe_command command = {.size = sizeof command,
                                    .verb = verb,
                                    .stream = stream,
                                    .key = key,
                                    .actor = &PEOPLE[actor],
                                    .args = {args, strlen(args)},
                                    .now_ms = PRIME_START};
    return greffe_engine_execute(f->engine, out, &command);
}

static void done(fixture *f, who actor, const char *verb, const char *stream, const char *args)
{
    greffe_result result;
    if (give(f, &result, actor, verb, stream, args) != GREFFE_OK) {
        fail_msg("%s: %s %s", verb, result.code, result.message);
    }
    greffe_result_free(f->engine, &result);
}

#define DEVIS                                                                                      \
    "{\"name\":\"d.pdf\",\"media\":\"application/pdf\",\"size\":9,\"sha256\":"                     \
    "\"ff31b7cb2f904c061bbf5b4194affaedcb4772e3b0ab6dc0161ea36881c04db1\"}"
#define ANSWERS                                                                                    \
    "\"answers\":{\"demandeur\":{\"nom\":\"Anne\",\"revenu\":\"900.00\"},\"projet\":{\"genre\":"   \
    "\"stage\",\"cout\":\"1200.00\"}}"
static const char FILING[] =
    "{\"procedure\":\"bourse\"," ANSWERS ",\"documents\":{\"devis\":" DEVIS ",\"avis\":" DEVIS "}}";

/* The element of a list whose member has this text, or NULL. */
static const cJSON *with(const cJSON *list, const char *member, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, member));
        if (found != NULL && strcmp(found, text) == 0) {
            return item;
        }
    }
    return NULL;
}

static bool is(const cJSON *object, const char *member, const char *wanted)
{
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(object, member));
    bool same = text != NULL && strcmp(text, wanted) == 0;
    if (!same) {
        print_error("%s is %s, not %s\n", member, text != NULL ? text : "absent", wanted);
    }
    cJSON_free(text);
    return same;
}
