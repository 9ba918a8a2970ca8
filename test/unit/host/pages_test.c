/* What a portal's own pages need: forms, checks, actions, and who sees what of a dossier. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poll.h>

#include "support/grant_kit.c"

/* --- Forms --- */

static const cJSON *field_of(const cJSON *form, const char *section, const char *path)
{
    const cJSON *found = with(cJSON_GetObjectItem(form, "sections"), "id", section);
    return with(cJSON_GetObjectItem(found, "fields"), "path", path);
}

static cJSON *form(fixture *f, who actor, const char *key, const char *args)
{
    greffe_query query = query_of(actor, GREFFE_QUERY_FORM, key);
    query.group = key == NULL ? "bourse" : NULL;
    query.args = (greffe_str){args, strlen(args)};
    return asked(f, &query);
}

static void a_form_says_what_is_asked(void **state)
{
    fixture *f = *state;
    cJSON *all = form(f, ANNE, NULL, "");
    assert_true(is(all, "title", "\"Bourse\""));
    assert_true(is(all, "open", "{\"now\":true}"));
    const cJSON *genre = field_of(all, "projet", "projet.genre");
    assert_true(is(genre, "type", "\"choice\"") && is(genre, "required", "true") &&
                is(genre, "applies", "true") && is(genre, "help", "\"Un seul\""));
    assert_true(is(genre, "options",
                   "[{\"id\":\"stage\",\"label\":\"Stage\"},{\"id\":\"voyage\",\"label\":\"Voyage\""
                   "}]"));
    const cJSON *cost = field_of(all, "projet", "projet.cout");
    assert_true(is(cost, "min", "1") && is(cost, "message", "\"Trop cher\""));
    const cJSON *quote = with(cJSON_GetObjectItem(all, "documents"), "id", "devis");
    assert_true(is(quote, "needed_to", "\"file\"") && is(quote, "given", "false") &&
                is(quote, "accept", "[\"application/pdf\",\"image/jpeg\",\"image/png\"]"));
    assert_non_null(field_of(all, "demandeur", "demandeur.nom"));
    cJSON_Delete(all);
}

static void what_applies_follows_what_was_typed_so_far(void **state)
{
    static const struct {
        const char *args, *applies;
    } cases[] = {{"{}", "false"},
                 {"{\"answers\":{\"projet\":{\"genre\":\"stage\"}}}", "false"},
                 {"{\"answers\":{\"projet\":{\"genre\":\"voyage\"}}}", "true"},
                 {"{\"answers\":{\"projet\":{\"genre\":\"fusée\"}}}", "false"}};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *all = form(f, ANNE, NULL, cases[i].args);
        assert_true(is(field_of(all, "projet", "projet.pays"), "applies", cases[i].applies));
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(all, "faults")), i == 3);
        cJSON_Delete(all);
    }
}

static void a_draft_s_form_holds_what_was_kept(void **state)
{
    fixture *f = *state;
    done(f, ANNE, "save", "d1",
         "{\"procedure\":\"bourse\",\"answers\":{\"projet\":{\"genre\":\"voyage\"}}}");
    cJSON *all = form(f, ANNE, "d1", "{\"answers\":{\"projet\":{\"pays\":\"Italie\"}}}");
    assert_true(is(field_of(all, "projet", "projet.genre"), "value", "\"voyage\""));
    assert_true(is(field_of(all, "projet", "projet.pays"), "value", "\"Italie\""));
    assert_true(is(field_of(all, "projet", "projet.pays"), "applies", "true"));
    cJSON_Delete(all);
    all = form(f, ANNE, "d1", "");
    assert_null(cJSON_GetObjectItem(field_of(all, "projet", "projet.pays"), "value"));
    cJSON_Delete(all);
    greffe_query query = query_of(BOB, GREFFE_QUERY_FORM, "d1");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
    query = query_of(CULTURE, GREFFE_QUERY_FORM, "d1");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND); /* a draft is nobody else's */
}

static void a_step_s_form_is_what_its_outcome_asks_for(void **state)
{
    fixture *f = *state;
    done(f, ANNE, "file", "d1", FILING);
    greffe_query query = query_of(CULTURE, GREFFE_QUERY_FORM, "d1");
    static const char wrong[] = "{\"step\":\"examen\"}";
    query.args = (greffe_str){wrong, strlen(wrong)};
    assert_int_equal(status_of(f, &query), GREFFE_ESTATE);
    done(f, CULTURE, "complete", "d1", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    cJSON *all = form(f, CULTURE, "d1", "{\"step\":\"examen\",\"outcome\":\"bon\"}");
    assert_true(is(field_of(all, "examen", "examen.note"), "max", "20"));
    assert_null(field_of(all, "examen", "examen.motif"));
    cJSON_Delete(all);
    all = form(f, CULTURE, "d1", "{\"step\":\"examen\"}");
    assert_non_null(field_of(all, "examen", "examen.motif"));
    cJSON_Delete(all);
}

/* --- Checks --- */

static cJSON *check(fixture *f, who actor, const char *key, const char *args)
{
    greffe_query query = query_of(actor, GREFFE_QUERY_CHECK, key);
    query.group = key == NULL ? "bourse" : NULL;
    query.args = (greffe_str){args, strlen(args)};
    return asked(f, &query);
}

static void assert_fault(const cJSON *checked, const char *path, const char *code)
{
    const cJSON *fault = with(cJSON_GetObjectItem(checked, "faults"), "path", path);
    if (fault == NULL || !is(fault, "code", code)) {
        char *text = cJSON_PrintUnformatted(checked);
        print_error("no fault %s of %s in %s\n", code, path, text);
        cJSON_free(text);
        fail();
    }
}

static void all_that_is_wrong_with_a_filing_is_told_at_once(void **state)
{
    fixture *f = *state;
    cJSON *all = check(f, ANNE, NULL,
                       "{\"answers\":{\"demandeur\":{\"revenu\":\"beaucoup\",\"age\":3},"
                       "\"projet\":{\"genre\":\"voyage\",\"cout\":\"9000.00\"},\"autre\":{}},"
                       "\"documents\":{\"avis\":{\"media\":\"text/html\"}}}");
    assert_true(is(all, "valid", "false"));
    assert_fault(all, "demandeur.nom", "\"GR-5202\"");
    assert_fault(all, "demandeur.revenu", "\"GR-5203\"");
    assert_fault(all, "demandeur.age", "\"GR-5201\"");
    assert_fault(all, "projet.pays", "\"GR-5202\"");
    assert_fault(all, "projet.cout", "\"GR-5211\"");
    assert_fault(all, "autre", "\"GR-5201\"");
    assert_fault(all, "devis", "\"GR-5207\"");
    assert_fault(all, "avis", "\"GR-5208\"");
    const cJSON *must = with(cJSON_GetObjectItem(all, "faults"), "path", "projet.cout");
    assert_true(is(must, "message", "\"Trop cher\"")); /* without its path, which stands beside */
    cJSON_Delete(all);
    all = check(f, ANNE, NULL, FILING);
    assert_true(is(all, "valid", "true"));
    cJSON_Delete(all);
}

static void a_completion_and_a_supply_are_checked_alike(void **state)
{
    fixture *f = *state;
    done(f, ANNE, "file", "d1", FILING);
    done(f, CULTURE, "ask", "d1",
         "{\"step\":\"completude\",\"documents\":[\"devis\"],\"fields\":[\"projet.cout\"]}");
    cJSON *all =
        check(f, ANNE, "d1", "{\"verb\":\"supply\",\"answers\":{\"projet\":{\"cout\":\"x\"}}}");
    assert_fault(all, "projet.cout", "\"GR-5203\"");
    assert_fault(all, "devis", "\"GR-5207\"");
    cJSON_Delete(all);
    static const char good[] =
        "{\"verb\":\"supply\",\"answers\":{\"projet\":{\"cout\":\"800.00\"}},\"documents\":"
        "{\"devis\":" DEVIS "}}";
    all = check(f, ANNE, "d1", good);
    assert_true(is(all, "valid", "true"));
    cJSON_Delete(all);
    done(f, ANNE, "supply", "d1",
         "{\"answers\":{\"projet\":{\"cout\":\"800.00\"}},\"documents\":{\"devis\":" DEVIS "}}");
    done(f, CULTURE, "complete", "d1", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    all = check(f, CULTURE, "d1",
                "{\"verb\":\"complete\",\"step\":\"examen\",\"outcome\":\"bon\",\"fill\":{\"note\":"
                "21}}");
    assert_fault(all, "examen.note", "\"GR-5204\"");
    cJSON_Delete(all);
    greffe_query query = query_of(ROADS, GREFFE_QUERY_CHECK, "d1");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
    query = query_of(FINANCE, GREFFE_QUERY_CHECK, "d1");
    static const char theirs[] = "{\"verb\":\"complete\",\"step\":\"examen\",\"outcome\":\"bon\"}";
    query.args = (greffe_str){theirs, strlen(theirs)};
    assert_int_equal(status_of(f, &query), GREFFE_EDENIED);
    static const char flies[] = "{\"verb\":\"fly\"}";
    query.args = (greffe_str){flies, strlen(flies)};
    assert_int_equal(status_of(f, &query), GREFFE_EINVALID);
    query.args = (greffe_str){"[1]", 3};
    assert_int_equal(status_of(f, &query), GREFFE_EINVALID);
}

/* What is checked as valid is accepted, and what is not is refused: by the command itself. */
static void a_check_says_what_the_command_will_say(void **state)
{
    static const char *const nom[] = {"\"nom\":\"A\",", "\"nom\":\"\",", ""},
                             *const genre[] = {"\"stage\"", "\"voyage\"", "\"x\"", "7"},
                             *const pays[] = {"", ",\"pays\":\"Italie\"", ",\"pays\":\"I\""},
                             *const cout[] = {"\"1.00\"", "\"0.50\"", "\"5000.01\"", "5000",
                                              "null"},
                             *const paper[] = {"", "\"devis\":" DEVIS, "\"devis\":{}"};
    fixture *f = *state;
    unsigned valid = 0, all = 0;
    f->tries = true;
    for (unsigned n = 0; n < 3 * 4 * 3 * 5 * 3; n++) {
        char args[1024];
        (void)snprintf(args, sizeof args,
                       "{\"procedure\":\"bourse\",\"answers\":{\"demandeur\":{%s\"revenu\":1},"
                       "\"projet\":{\"genre\":%s%s,\"cout\":%s}},\"documents\":{%s}}",
                       nom[n % 3], genre[n / 3 % 4], pays[n / 12 % 3], cout[n / 36 % 5],
                       paper[n / 180 % 3]);
        cJSON *checked = check(f, ANNE, NULL, args);
        greffe_result result;
        (void)give(f, &result, ANNE, "file", "d1", args);
        bool accepted = strcmp(result.code, TRIED) == 0;
        if (cJSON_IsTrue(cJSON_GetObjectItem(checked, "valid")) != accepted) {
            fail_msg("%s: checked otherwise than %s %s", args, result.code, result.message);
        }
        if (!accepted) {
            const cJSON *fault, *faults = cJSON_GetObjectItem(checked, "faults");
            bool told = false; /* what the command says first is among what the check says */
            cJSON_ArrayForEach(fault, faults)
            {
                told = told || strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(fault, "code")),
                                      result.code) == 0;
            }
            assert_true(told);
        }
        valid += accepted;
        all += 1;
        greffe_result_free(f->engine, &result);
        cJSON_Delete(checked);
    }
    f->tries = false;
    print_message("%u of %u filings are valid\n", valid, all);
    assert_true(valid > 4 && valid < all / 4);
}

/* --- Actions --- */

static const struct {
    const char *verb, *step, *args;
} TRIALS[] = {
    {"complete", "completude", "{\"step\":\"completude\",\"outcome\":\"complete\"}"},
    {"complete", "examen",
     "{\"step\":\"examen\",\"outcome\":\"mauvais\",\"fill\":{\"motif\":\"m\"}}"},
    {"complete", "choix", "{\"step\":\"choix\",\"outcome\":\"rejete\"}"},
    {"ask", "completude", "{\"step\":\"completude\",\"documents\":[\"avis\"]}"},
    {"ask", "examen", "{\"step\":\"examen\",\"documents\":[\"avis\"]}"},
    {"claim", "completude", "{\"step\":\"completude\"}"},
    {"claim", "examen", "{\"step\":\"examen\"}"},
    {"claim", "choix", "{\"step\":\"choix\"}"},
    {"assign", "examen", "{\"step\":\"examen\",\"person\":\"agent-9\"}"},
    {"hand over", "examen", "{\"step\":\"examen\",\"person\":\"agent-9\"}"},
    {"release", "examen", "{\"step\":\"examen\"}"},
    {"release", "choix", "{\"step\":\"choix\"}"},
    {"supply", NULL,
     "{\"answers\":{\"projet\":{\"cout\":\"700.00\"}},\"documents\":{\"devis\":" DEVIS "}}"},
    {"withdraw", NULL, "{}"},
    {"comment", NULL, "{\"text\":\"t\"}"},
    {"message", "attente", "{\"message\":\"affiche\"}"},
    {"file", NULL, "{\"procedure\":\"bourse\"}"},
    {"save", NULL, "{\"procedure\":\"bourse\"}"},
};

static bool is_listed(const cJSON *actions, const char *verb, const char *step)
{
    const cJSON *action;
    cJSON_ArrayForEach(action, actions)
    {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(action, "step"));
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(action, "verb")), verb) == 0 &&
            (step == NULL || (own != NULL && strcmp(own, step) == 0))) {
            return true;
        }
    }
    return false;
}

/* Every actor, every command: listed exactly when it is not refused for who or where. */
static unsigned compare_actions(fixture *f, const char *key)
{
    unsigned listed = 0;
    f->tries = true;
    for (who actor = ANNE; actor < WHO_COUNT; actor++) {
        greffe_query query = query_of(actor, GREFFE_QUERY_ACTIONS, key);
        bool seen = status_of(f, &query) == GREFFE_OK;
        cJSON *answer = seen ? asked(f, &query) : NULL;
        const cJSON *actions = cJSON_GetObjectItem(answer, "actions");
        for (size_t i = 0; i < sizeof TRIALS / sizeof *TRIALS; i++) {
            greffe_result result;
            greffe_status status = give(f, &result, actor, TRIALS[i].verb, key, TRIALS[i].args);
            bool tried = strcmp(result.code, TRIED) == 0;
            bool open = tried || (status != GREFFE_EDENIED && status != GREFFE_ESTATE &&
                                  strcmp(result.code, "GR-5122") != 0);
            bool there = is_listed(actions, TRIALS[i].verb, TRIALS[i].step);
            /* A message that nobody waits for is kept; it is no action. */
            bool late = strcmp(TRIALS[i].verb, "message") == 0 && tried && !there;
            if (there != open && !late) {
                fail_msg("%s %s by %s is %slisted: %s %s", TRIALS[i].verb,
                         TRIALS[i].step != NULL ? TRIALS[i].step : "", PEOPLE[actor].subject,
                         there ? "" : "not ", result.code, result.message);
            }
            listed += there;
            greffe_result_free(f->engine, &result);
        }
        cJSON_Delete(answer);
    }
    f->tries = false;
    return listed;
}

static void what_is_listed_is_what_would_be_accepted(void **state)
{
    fixture *f = *state;
    unsigned listed = 0;
    done(f, ANNE, "save", "d1", "{\"procedure\":\"bourse\"}");
    listed += compare_actions(f, "d1");
    done(f, ANNE, "file", "d1", FILING);
    listed += compare_actions(f, "d1");
    done(f, CULTURE, "ask", "d1",
         "{\"step\":\"completude\",\"documents\":[\"devis\"],\"fields\":[\"projet.cout\"]}");
    listed += compare_actions(f, "d1");
    done(f, ANNE, "supply", "d1",
         "{\"answers\":{\"projet\":{\"cout\":\"700.00\"}},\"documents\":{\"devis\":" DEVIS "}}");
    done(f, RELAY, "claim", "d1", "{\"step\":\"completude\"}");
    listed += compare_actions(f, "d1");
    done(f, RELAY, "complete", "d1", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    done(f, CULTURE, "claim", "d1", "{\"step\":\"examen\"}");
    listed += compare_actions(f, "d1");
    done(f, CULTURE, "complete", "d1",
         "{\"step\":\"examen\",\"outcome\":\"bon\",\"fill\":{\"note\":12}}");
    listed += compare_actions(f, "d1");
    done(f, CULTURE, "message", "d1", "{\"message\":\"affiche\"}");
    listed += compare_actions(f, "d1");
    done(f, FINANCE, "complete", "d1",
         "{\"step\":\"choix\",\"outcome\":\"accorde\",\"fill\":{\"raison\":\"Bon projet\"}}");
    listed += compare_actions(f, "d1");
    print_message("%u actions were listed\n", listed);
    assert_true(listed > 40);
}

static void an_action_says_what_it_needs(void **state)
{
    fixture *f = *state;
    done(f, ANNE, "file", "d1", FILING);
    done(f, CULTURE, "ask", "d1",
         "{\"step\":\"completude\",\"fields\":[\"projet.cout\"],\"message\":\"Le coût ?\"}");
    greffe_query query = query_of(ANNE, GREFFE_QUERY_ACTIONS, "d1");
    cJSON *answer = asked(f, &query);
    const cJSON *supply = with(cJSON_GetObjectItem(answer, "actions"), "verb", "supply");
    assert_true(is(supply, "asked", "[\"projet.cout\"]") &&
                is(supply, "message", "\"Le coût ?\"") && is(supply, "due", "\"2026-04-02\""));
    cJSON_Delete(answer);
    done(f, ANNE, "supply", "d1", "{\"answers\":{\"projet\":{\"cout\":\"700.00\"}}}");
    done(f, CULTURE, "complete", "d1", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    query = query_of(CULTURE, GREFFE_QUERY_ACTIONS, "d1");
    answer = asked(f, &query);
    const cJSON *complete = with(cJSON_GetObjectItem(answer, "actions"), "verb", "complete");
    assert_true(is(complete, "title", "\"Examen du projet\"") &&
                is(complete, "outcomes",
                   "[{\"fill\":[\"examen.note\"],\"label\":\"bon\",\"outcome\":\"bon\"},"
                   "{\"fill\":[\"examen.motif\"],\"label\":\"mauvais\",\"outcome\":\"mauvais\"}]"));
    cJSON_Delete(answer);
}

/* --- Who sees what --- */

static bool sees(fixture *f, who actor, const char *key, const char *text)
{
    greffe_query query = query_of(actor, GREFFE_QUERY_DOSSIER, key);
    char *answer = NULL;
    assert_int_equal(greffe_engine_read(f->engine, &answer, &query), GREFFE_OK);
    bool found = strstr(answer, text) != NULL;
    greffe_engine_free(f->engine, answer);
    return found;
}

static void each_sees_what_the_procedure_lets_them_see(void **state)
{
    static const struct {
        const char *text;
        who not [5]; /* ends with HOST */
    } parts[] = {
        {"\"revenu\"", {RELAY}},             /* see: [instructeur, comptable] */
        {"\"genre\"", {FINANCE}},            /* see: [instructeur, relais] */
        {"\"avis\"", {CULTURE, RELAY}},      /* see: comptable */
        {"\"devis\"", {RELAY}},              /* all agents */
        {"\"note\"", {ANNE, RELAY}},         /* of a step */
        {"\"raison\"", {RELAY}},             /* of a decision: the applicant's too */
        {"\"moments\"", {ANNE, RELAY}},      /* the house's own affair */
        {"\"number\"", {HOST}},              /* everyone */
        {"\"shown\":\"Accord", {HOST}},      /* everyone */
        {"\"history\"", {CULTURE, FINANCE}}, /* they have the whole journal */
    };
    fixture *f = *state;
    done(f, ANNE, "file", "d1", FILING);
    done(f, RELAY, "complete", "d1", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    done(f, CULTURE, "complete", "d1",
         "{\"step\":\"examen\",\"outcome\":\"bon\",\"fill\":{\"note\":12}}");
    done(f, CULTURE, "message", "d1", "{\"message\":\"affiche\"}");
    done(f, FINANCE, "complete", "d1",
         "{\"step\":\"choix\",\"outcome\":\"accorde\",\"fill\":{\"raison\":\"Bon projet\"}}");
    static const who readers[] = {ANNE, CULTURE, FINANCE, RELAY};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (size_t j = 0; j < sizeof readers / sizeof *readers; j++) {
            bool hidden = false;
            for (size_t k = 0; k < 5 && parts[i].not [k] != HOST; k++) {
                hidden = hidden || parts[i].not [k] == readers[j];
            }
            if (sees(f, readers[j], "d1", parts[i].text) == hidden) {
                fail_msg("%s: %s of %s", hidden ? "seen" : "not seen", parts[i].text,
                         PEOPLE[readers[j]].subject);
            }
        }
    }
    greffe_query query = query_of(BOB, GREFFE_QUERY_DOSSIER, "d1");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
    query = query_of(ROADS, GREFFE_QUERY_DOSSIER, "d1");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
}

static void a_delegate_sees_what_is_before_them_and_what_they_did(void **state)
{
    fixture *f = *state;
    done(f, ANNE, "file", "d1", FILING);
    done(f, ANNE, "file", "d2", FILING);
    for (int i = 1; i <= 2; i++) {
        const char *key = i == 1 ? "d1" : "d2";
        done(f, i == 1 ? RELAY : CULTURE, "complete", key,
             "{\"step\":\"completude\",\"outcome\":\"complete\"}");
        done(f, CULTURE, "complete", key,
             "{\"step\":\"examen\",\"outcome\":\"mauvais\",\"fill\":{\"motif\":\"m\"}}");
    }
    assert_true(sees(f, RELAY, "d1", "BOURSE")); /* it acted there */
    greffe_query query = query_of(RELAY, GREFFE_QUERY_DOSSIER, "d2");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
}

static void the_public_history_is_what_was_shown(void **state)
{
    fixture *f = *state;
    done(f, ANNE, "file", "d1", FILING);
    done(f, CULTURE, "complete", "d1", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    done(f, CULTURE, "complete", "d1",
         "{\"step\":\"examen\",\"outcome\":\"mauvais\",\"fill\":{\"motif\":\"m\"}}");
    done(f, FINANCE, "complete", "d1", "{\"step\":\"choix\",\"outcome\":\"rejete\"}");
    greffe_query query = query_of(ANNE, GREFFE_QUERY_HISTORY, "d1");
    cJSON *answer = asked(f, &query);
    const cJSON *history = cJSON_GetObjectItem(answer, "history");
    assert_non_null(with(history, "filed_on", "2026-03-02"));
    assert_non_null(with(history, "shown", "En cours"));
    assert_non_null(with(history, "shown", "En décision"));
    assert_non_null(with(history, "outcome", "rejetee"));
    assert_null(cJSON_GetObjectItem(answer, "items"));
    cJSON_Delete(answer);
    query = query_of(CULTURE, GREFFE_QUERY_HISTORY, "d1");
    answer = asked(f, &query);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(answer, "items")), 4);
    cJSON_Delete(answer);
    query = query_of(BOB, GREFFE_QUERY_HISTORY, "d1");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
}

typedef struct told {
    fixture *f;
    bool came;
    char answer[4096];
} told;

static void take(void *data, greffe_result *result)
{
    told *t = data;
    t->came = true;
    (void)snprintf(t->answer, sizeof t->answer, "%s", result->answer != NULL ? result->answer : "");
    greffe_result_free(t->f->engine, result);
}

/* Who asks may be gone before the answer is there. */
static void a_read_that_does_not_wait_keeps_who_asks(void **state)
{
    fixture *f = *state;
    told t = {.f = f};
    uint32_t taken;
    done(f, ANNE, "file", "d1", FILING);
    {
        char subject[] = "anne", kind[] = "applicant", key[] = "d1";
        greffe_actor actor = {.size = sizeof actor, .subject = subject, .kind = kind};
        greffe_query query = query_of(HOST, GREFFE_QUERY_ACTIONS, key);
        query.actor = &actor;
        assert_int_equal(greffe_engine_ask(f->engine, &query, take, &t), GREFFE_OK);
        memset(subject, 'x', sizeof subject - 1);
        memset(kind, 'x', sizeof kind - 1);
        memset(key, 'x', sizeof key - 1);
        memset(&actor, 0, sizeof actor);
    }
    for (int i = 0; i < 5000 && !t.came; i++) {
        (void)poll(NULL, 0, 1);
        assert_int_equal(greffe_engine_poll(f->engine, 9, &taken), GREFFE_OK);
    }
    assert_non_null(strstr(t.answer, "\"withdraw\""));
}

static void wrong_use_is_told(void **state)
{
    fixture *f = *state;
    greffe_query query = query_of(ANNE, GREFFE_QUERY_FORM, NULL);
    assert_int_equal(status_of(f, &query), GREFFE_EMISUSE); /* of what? */
    query = query_of(ANNE, GREFFE_QUERY_ACTIONS, "");
    assert_int_equal(status_of(f, &query), GREFFE_EMISUSE);
    query = query_of(ANNE, GREFFE_QUERY_ACTIONS, "d9");
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
    query = query_of(ANNE, GREFFE_QUERY_FORM, NULL);
    query.group = "nothing";
    assert_int_equal(status_of(f, &query), GREFFE_ENOTFOUND);
    query = query_of(HOST, GREFFE_QUERY_DOSSIERS, NULL);
    query.order = "due";
    assert_int_equal(status_of(f, &query), GREFFE_EMISUSE);
    query.kind = GREFFE_QUERY_TASKS;
    query.order = "recent";
    assert_int_equal(status_of(f, &query), GREFFE_EMISUSE);
    query.order = NULL;
    query.now_ms = INT64_MAX;
    assert_int_equal(status_of(f, &query), GREFFE_EMISUSE);
    greffe_actor nobody = {.size = sizeof nobody};
    query.now_ms = 0;
    query.actor = &nobody;
    assert_int_equal(status_of(f, &query), GREFFE_EMISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_form_says_what_is_asked),
        TEST(what_applies_follows_what_was_typed_so_far),
        TEST(a_draft_s_form_holds_what_was_kept),
        TEST(a_step_s_form_is_what_its_outcome_asks_for),
        TEST(all_that_is_wrong_with_a_filing_is_told_at_once),
        TEST(a_completion_and_a_supply_are_checked_alike),
        TEST(a_check_says_what_the_command_will_say),
        TEST(what_is_listed_is_what_would_be_accepted),
        TEST(an_action_says_what_it_needs),
        TEST(each_sees_what_the_procedure_lets_them_see),
        TEST(a_delegate_sees_what_is_before_them_and_what_they_did),
        TEST(the_public_history_is_what_was_shown),
        TEST(a_read_that_does_not_wait_keeps_who_asks),
        TEST(wrong_use_is_told),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
