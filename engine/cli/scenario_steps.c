/* test: the steps of a scenario. People act, time moves, boards sit, channels fail; what leaves is
 * caught. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sample.h"
#include "cli/scenario.h"

/* --- What leaves is caught --- */

/* Whether the scenario lets this channel fail: a service's is "call:" and its name. */
static bool fails(const scenario *s, const greffe_effect *effect, char problem[256],
                  greffe_status *status)
{
    char channel[160];
    bool call = strcmp(effect->channel, "call") == 0 && effect->letter[0] != '\0';
    (void)snprintf(channel, sizeof channel, "%s%s%s", effect->channel, call ? ":" : "",
                   call ? effect->letter : "");
    const cJSON *failing = cJSON_GetObjectItemCaseSensitive(s->failing, channel);
    if (failing == NULL) {
        return false;
    }
    bool for_good = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(failing, "for_good"));
    (void)snprintf(problem, 256, "%s", cli_words(failing, "problem"));
    *status = for_good ? GREFFE_EDENIED : GREFFE_EIO;
    return true;
}

static greffe_status catch_letter(void *data, const greffe_effect *effect, char problem[256])
{
    scenario *s = data;
    greffe_status status;
    if (fails(s, effect, problem, &status)) {
        return status;
    }
    size_t size = strlen(effect->subject) + strlen(effect->text) + 3;
    scenario_letter letter = {.name = strdup(effect->letter), .text = malloc(size)};
    if (s->letter_count == SCENARIO_MOST_LETTERS || letter.name == NULL || letter.text == NULL) {
        free(letter.name);
        free(letter.text);
        return s->letter_count == SCENARIO_MOST_LETTERS ? GREFFE_EDENIED : GREFFE_ENOMEM;
    }
    (void)snprintf(letter.text, size, "%s\n\n%s", effect->subject, effect->text);
    s->letters[s->letter_count++] = letter;
    return GREFFE_OK;
}

static greffe_status catch_file(void *data, const greffe_effect *effect, char problem[256])
{
    greffe_status status = GREFFE_OK;
    (void)fails(data, effect, problem, &status);
    return status;
}

/* A service of the scenario's: what it answers stands in the file. */
static greffe_status answer_call(void *data, const greffe_effect *effect, char problem[256])
{
    scenario *s = data;
    greffe_status status = GREFFE_OK;
    const cJSON *service = cJSON_GetObjectItemCaseSensitive(s->services, effect->letter);
    if (fails(s, effect, problem, &status)) {
        return status;
    }
    char *gives = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(service, "gives"));
    if (gives != NULL || cli_text(service, "outcome") != NULL) {
        status = greffe_effect_answer(effect, cli_text(service, "outcome"),
                                      (greffe_str){gives, gives != NULL ? strlen(gives) : 0});
    }
    cJSON_free(gives);
    return status;
}

static bool is_called(const scenario *s, const char *service)
{
    const cJSON *node;
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(s->plan, "nodes"))
    {
        if (strcmp(cli_words(node, "service"), service) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether something of the procedure leaves by this channel. */
static bool is_channel(const scenario *s, const char *channel)
{
    static const char *const own[] = {"mail", "payment", "minutes", "documents"};
    const cJSON *node;
    bool found = strncmp(channel, "call:", 5) == 0 && is_called(s, channel + 5);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        found = found || strcmp(channel, own[i]) == 0;
    }
    cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(s->plan, "nodes"))
    {
        found = found || strcmp(cli_words(node, "channel"), channel) == 0;
    }
    return found;
}

/* One that the scenario does not name never answers. */
greffe_status scenario_services(scenario *s, const cJSON *services)
{
    static const char *const keys[] = {"outcome", "gives", "@line", NULL};
    greffe_status status = GREFFE_OK;
    const cJSON *service;
    if (services != NULL && !cJSON_IsObject(services)) {
        scenario_fail(s, "'services' takes {service: {outcome, gives}}");
        return GREFFE_EINVALID;
    }
    cJSON_ArrayForEach(service, services)
    {
        char channel[80];
        if (strcmp(service->string, "@line") == 0) {
            continue;
        }
        if (!is_called(s, service->string) || !cJSON_IsObject(service)) {
            scenario_fail(s,
                          "'%s' is no service that the procedure calls, or has no {outcome, gives}",
                          service->string);
            return GREFFE_EINVALID;
        }
        if (!scenario_has_only(s, service, keys, "a service has 'outcome' and 'gives'")) {
            return GREFFE_EINVALID;
        }
        (void)snprintf(channel, sizeof channel, "call:%s", service->string);
        const greffe_handler handler = {
            .size = sizeof handler, .channel = channel, .run = answer_call, .data = s};
        cJSON_DeleteItemFromObjectCaseSensitive(s->services, service->string);
        cJSON_AddItemToObject(s->services, service->string, cJSON_Duplicate(service, true));
        status = status == GREFFE_OK ? greffe_engine_handle(s->c->engine, &handler) : status;
    }
    return status;
}

greffe_status scenario_catch(scenario *s)
{
    static const struct {
        const char *channel;
        greffe_effect_fn run;
        bool repeatable;
    } channels[] = {
        {"*", catch_letter, false}, /* by whichever way */
        {"payment", catch_file, true},
        {"minutes", catch_file, false},
        {"documents", catch_file, true}, /* a scenario has none */
    };
    greffe_status status = GREFFE_OK;
    for (size_t i = 0; i < sizeof channels / sizeof *channels && status == GREFFE_OK; i++) {
        const greffe_handler handler = {.size = sizeof handler,
                                        .channel = channels[i].channel,
                                        .run = channels[i].run,
                                        .data = s,
                                        .repeatable = channels[i].repeatable};
        status = greffe_engine_handle(s->c->engine, &handler);
    }
    return status;
}

/* {fail: {channel: mail, problem: 550 no such box, for_good: true}}, {mend: mail} */
static void change_channels(scenario *s, const cJSON *step)
{
    static const char *const keys[] = {"channel", "problem", "for_good", "@line", NULL};
    const cJSON *fail = cJSON_GetObjectItemCaseSensitive(step, "fail");
    const char *channel = cli_text(fail, "channel"), *mend = cli_text(step, "mend");
    if (channel != NULL && !is_channel(s, channel)) {
        scenario_fail(s, "nothing leaves by '%s': mail, payment, minutes, or call:<service>",
                      channel);
    } else if (fail != NULL && (channel == NULL || cli_text(fail, "problem") == NULL)) {
        scenario_fail(s, "'fail' takes {channel: mail, problem: <what goes wrong>}");
    } else if (fail != NULL &&
               scenario_has_only(s, fail, keys, "'fail' has 'channel', 'problem' and 'for_good'")) {
        cJSON_DeleteItemFromObjectCaseSensitive(s->failing, channel);
        cJSON_AddItemToObject(s->failing, channel, cJSON_Duplicate(fail, true));
    }
    if (mend != NULL && cJSON_GetObjectItemCaseSensitive(s->failing, mend) == NULL) {
        scenario_fail(s, "the channel '%s' does not fail", mend);
    } else if (mend != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(s->failing, mend);
    }
}

/* --- Time --- */

static bool settle(scenario *s)
{
    greffe_progress total = {0};
    return cli_settle(s->c, s->now_ms, &total) == GREFFE_OK;
}

/* "3 days", "5 hours", "2 weeks": what passes in a test need not be a legal length. */
static bool pass(int64_t *now_ms, const char *text)
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
            *now_ms += count * units[i].ms;
            return true;
        }
    }
    return false;
}

/* The next instant at which what failed is tried again, at most `until`. */
static int64_t next_attempt(scenario *s, int64_t until)
{
    int64_t next = until, again;
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_EFFECTS, .limit = 1000};
    cJSON *whole = cli_read(s->c, &query);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(whole, "items"))
    {
        if (cli_instant(cli_words(one, "again"), &again) && again + 1000 > s->now_ms) {
            next = again + 1000 < next ? again + 1000 : next;
        }
    }
    cJSON_Delete(whole);
    return next;
}

/* Goes to an instant by way of all that is tried again before. */
static bool go_to(scenario *s, int64_t until)
{
    enum { most_attempts = 1000 };
    bool good = true;
    for (int i = 0; good && i < most_attempts && s->now_ms < until; i++) {
        int64_t next = cJSON_GetArraySize(s->failing) > 0 ? next_attempt(s, until) : until;
        s->now_ms = next > s->now_ms ? next : until;
        good = settle(s);
    }
    s->now_ms = until;
    return good && settle(s);
}

static void move_time(scenario *s, const cJSON *step)
{
    const cJSON *given_at = cJSON_GetObjectItemCaseSensitive(step, "at");
    const cJSON *given_after = cJSON_GetObjectItemCaseSensitive(step, "after");
    const char *at = cli_text(step, "at"), *after = cli_text(step, "after");
    int64_t now = s->now_ms;
    if ((given_at != NULL && at == NULL) || (at != NULL && !cli_instant(at, &now))) {
        scenario_fail(s, "'at' takes an instant, such as 2020-03-02T09:00:00Z%s%s",
                      at != NULL ? ", and not " : "", at != NULL ? at : "");
        return;
    }
    if (now < s->now_ms) {
        scenario_fail(s, "'at' takes a later instant: it is past %s already", at);
        return;
    }
    if ((given_after != NULL && after == NULL) || (after != NULL && !pass(&now, after))) {
        scenario_fail(s, "'after' takes hours, days or weeks, such as 3 days%s%s",
                      after != NULL ? ", and not " : "", after != NULL ? after : "");
        return;
    }
    if (!go_to(s, now)) {
        scenario_fail(s, "what was due could not be done");
    }
}

/* --- Who acts --- */

static bool is_service(const scenario *s, const char *id)
{
    static const char *const places[][2] = {
        {"roles", "service"}, {"boards", "secretary"}, {"allotments", "service"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const cJSON *one;
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, places[i][0]))
        {
            if (strcmp(cli_words(one, places[i][1]), id) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* `as: instructeur`: whoever has that role; `as: finances`: an agent of that service. An account of
 * the site goes before both. */
static bool stand_in(scenario *s, cJSON *action)
{
    static const char *const words[] = {"subject", "kind", "services", "roles", "@line", NULL};
    const cJSON *who = cJSON_GetObjectItemCaseSensitive(action, "as");
    const char *as = cli_text(action, "as");
    if (cJSON_IsObject(who)) {
        return scenario_has_only(s, who, words,
                                 "'as' has 'subject', 'kind', 'services' and 'roles'");
    }
    if (as == NULL) {
        scenario_fail(s, "'as' says who acts: an account of the site, a role of the procedure, a "
                         "service of the authority, or {subject, kind}");
        return false;
    }
    if (s->c->accounts != NULL && greffe_site_account(s->c->accounts, as) != NULL) {
        return true;
    }
    const cJSON *role = plan_named(s->plan, "roles", as);
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(role, "kind");
    int is = kind != NULL ? kind->valueint : is_service(s, as) ? PLAN_AGENT : 0;
    if (is < PLAN_APPLICANT || is > PLAN_DELEGATE) {
        scenario_fail(s,
                      "'%s' is no account of the site, no role of the procedure that acts, and no "
                      "service of the authority",
                      as);
        return false;
    }
    cJSON *person =
        plan_person(as, plan_kind(role), role != NULL ? cli_words(role, "service") : as, as);
    cJSON_ReplaceItemInObjectCaseSensitive(action, "as", person);
    return true;
}

/* --- Acting --- */

/* [facture, rib] stands for documents that are as they should be. */
static void complete_documents(const scenario *s, cJSON *action)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(action, "documents");
    const char *verb = cli_text(action, "do");
    bool good = cJSON_IsArray(list);
    const cJSON *one;
    cJSON_ArrayForEach(one, list)
    {
        good = good && cJSON_IsString(one);
    }
    cJSON *document;
    cJSON *documents = cJSON_GetObjectItemCaseSensitive(action, "documents");
    cJSON_ArrayForEach(document, documents)
    {
        const char *size = cli_text(document, "size"); /* YAML has texts alone */
        if (size != NULL && strspn(size, "0123456789") == strlen(size)) {
            cJSON_ReplaceItemInObjectCaseSensitive(document, "size",
                                                   cJSON_CreateNumber(atof(size)));
        }
    }
    if (!good || (verb != NULL && strcmp(verb, "ask") == 0)) {
        return;
    }
    cJSON *full = cJSON_CreateObject();
    cJSON_ArrayForEach(one, list)
    {
        cJSON_AddItemToObject(full, one->valuestring, sample_document(s->plan, one->valuestring));
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

/* Whether a message is this, its hint left out or not. */
static bool is_message(const char *expected, const char *message)
{
    size_t size = strlen(expected);
    return strncmp(expected, message, size) == 0 &&
           (message[size] == '\0' || strncmp(message + size, "; ", 2) == 0);
}

/* `refused: GR-5121`, or {GR-5121: the message that is read}. */
static void compare_refusal(scenario *s, const char *verb, const cJSON *refused,
                            const greffe_result *result)
{
    bool words = cJSON_IsObject(refused) && refused->child != NULL;
    const char *code = words                     ? refused->child->string
                       : cJSON_IsString(refused) ? refused->valuestring
                                                 : NULL;
    s->expectations += 1;
    if (code == NULL || (words && !cJSON_IsString(refused->child))) {
        scenario_fail(s, "'refused' takes a code, or {code: message}");
    } else if (strcmp(code, result->code) != 0) {
        scenario_fail(s, "%s: expected %s, found %s", verb, code,
                      result->code[0] != '\0' ? result->code : "acceptance");
    } else if (words && !is_message(refused->child->valuestring, result->message)) {
        scenario_fail(s, "%s: expected the message %s, found %s", verb, refused->child->valuestring,
                      result->message);
    }
}

/* What a person may not choose shows a guard from its other side. */
static void note_refusal(scenario *s, const cJSON *step, const greffe_result *result)
{
    const char *of = cli_text(step, "step"), *outcome = cli_text(step, "outcome");
    char moment[300];
    if (strcmp(result->code, "GR-5124") == 0 && of != NULL && outcome != NULL) {
        (void)snprintf(moment, sizeof moment, "%s.%s", of, outcome);
        cJSON_DeleteItemFromObjectCaseSensitive(s->refused, moment);
        cJSON_AddTrueToObject(s->refused, moment);
    }
}

/* `effect: accord`: the letter, the service or the channel instead of a key that nobody knows. */
static void name_effect(scenario *s, cJSON *action)
{
    const char *name = cli_text(action, "effect");
    if (name == NULL || strchr(name, '/') != NULL) {
        return;
    }
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_EFFECTS, .limit = 1000};
    cJSON *whole = cli_read(s->c, &query);
    const cJSON *one, *found = NULL;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(whole, "items"))
    {
        bool is = strcmp(cli_words(one, "letter"), name) == 0 ||
                  strcmp(cli_words(one, "channel"), name) == 0;
        found = is ? one : found;
    }
    if (found != NULL) {
        cJSON_ReplaceItemInObjectCaseSensitive(action, "effect",
                                               cJSON_CreateString(cli_words(found, "effect")));
    }
    cJSON_Delete(whole);
}

static bool give(scenario *s, cJSON *action, const char *verb, const char *key)
{
    greffe_result result;
    const cJSON *refused = cJSON_GetObjectItemCaseSensitive(action, "refused");
    unsigned failures = s->failures;
    if (!stand_in(s, action)) {
        return false;
    }
    drop_lines(action);
    name_effect(s, action);
    complete_documents(s, action);
    const char *problem = cli_execute(s->c, action, verb, key, s->now_ms, &result);
    if (problem != NULL) {
        scenario_fail(s, "%s", problem);
    } else if (refused != NULL) {
        compare_refusal(s, verb, refused, &result);
    } else if (result.status != GREFFE_OK) {
        scenario_fail(s, "%s was refused: %s %s", verb, result.code, result.message);
    }
    note_refusal(s, action, &result);
    greffe_result_free(s->c->engine, &result);
    if (!settle(s)) {
        scenario_fail(s, "what was due could not be done");
    }
    return s->failures == failures;
}

static void act(scenario *s, cJSON *step, const char *verb)
{
    char key[32];
    const char *own_key = cli_text(step, "key");
    (void)snprintf(key, sizeof key, "step %u", s->steps);
    (void)give(s, step, verb, own_key != NULL ? own_key : key);
}

/* --- A session at once --- */

typedef struct sitting {
    scenario *s;
    const char *session;
    const char *secretary; /* its service */
    unsigned given;
} sitting;

/* Gives one command of the session; takes `arguments` over. */
static bool sit(sitting *at, const char *verb, cJSON *arguments)
{
    char key[64];
    (void)snprintf(key, sizeof key, "step %u, %u", at->s->steps, ++at->given);
    cJSON_AddStringToObject(arguments, "session", at->session);
    cJSON_AddStringToObject(arguments, "as", at->secretary);
    bool good = give(at->s, arguments, verb, key);
    cJSON_Delete(arguments);
    return good;
}

static cJSON *one_argument(const char *name, const char *value)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddStringToObject(arguments, name, value);
    return arguments;
}

static bool convene(sitting *at, const char *board)
{
    char day[16];
    cli_day(at->s->now_ms, day);
    cJSON *arguments = one_argument("board", board);
    cJSON_AddStringToObject(arguments, "on", day);
    if (!sit(at, "session.convene", arguments) ||
        !sit(at, "session.agenda", one_argument("take", "waiting"))) {
        return false;
    }
    const cJSON *members =
        cJSON_GetObjectItemCaseSensitive(plan_named(at->s->plan, "boards", board), "members");
    cJSON *present = cJSON_CreateObject();
    cJSON_AddItemToObject(present, "present", cJSON_Duplicate(members, true));
    return sit(at, "session.presence", present);
}

static bool decide(sitting *at, const cJSON *decisions, const char *rest)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, decisions)
    {
        if (strcmp(one->string, "@line") == 0) {
            continue;
        }
        cJSON *arguments = cJSON_IsObject(one) ? cJSON_Duplicate(one, true) : cJSON_CreateObject();
        cJSON_AddStringToObject(arguments, "dossier", one->string);
        if (cJSON_IsString(one)) {
            cJSON_AddStringToObject(arguments, "outcome", one->valuestring);
        }
        if (!sit(at, "session.decide", arguments)) {
            return false;
        }
    }
    return rest == NULL || sit(at, "session.decide", one_argument("rest", rest));
}

/* {hold: bureau, session: s1, decide: {d1: granted}}: all members are there, and it ends. */
static void hold(scenario *s, const cJSON *step, const char *board)
{
    const cJSON *planned = plan_named(s->plan, "boards", board);
    const cJSON *decisions = cJSON_GetObjectItemCaseSensitive(step, "decide");
    sitting at = {
        .s = s, .session = cli_text(step, "session"), .secretary = cli_words(planned, "secretary")};
    if (planned == NULL || at.session == NULL ||
        (decisions != NULL && !cJSON_IsObject(decisions))) {
        scenario_fail(s,
                      "'hold' takes a board, 'session' the session's key, 'decide' {dossier: "
                      "outcome}; there is %s board '%s'",
                      planned == NULL ? "no" : "a", board);
        return;
    }
    bool good = convene(&at, board) && decide(&at, decisions, cli_text(step, "rest"));
    (void)(good && sit(&at, "session.close", cJSON_CreateObject()));
}

/* --- One step --- */

/* What stands beside a command are its arguments, which the engine checks. */
static bool check_step(scenario *s, const cJSON *step)
{
    static const char *const words[] = {"at",   "after",    "expect", "hold", "session", "decide",
                                        "rest", "services", "fail",   "mend", "@line",   NULL};
    static const char *const texts[] = {"do", "hold", "mend"};
    static const char help[] =
        "a step has 'do', 'at', 'after', 'hold', 'services', 'fail', 'mend' or 'expect'";
    int lines = cJSON_GetObjectItemCaseSensitive(step, "@line") != NULL;
    if (!cJSON_IsObject(step) || cJSON_GetArraySize(step) == lines) {
        scenario_fail(s, "%s", help);
        return false;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (cJSON_GetObjectItemCaseSensitive(step, texts[i]) != NULL &&
            cli_text(step, texts[i]) == NULL) {
            scenario_fail(s, "'%s' takes a text", texts[i]);
            return false;
        }
    }
    if (cli_text(step, "do") != NULL && cli_text(step, "hold") != NULL) {
        scenario_fail(s, "a step has either 'do' or 'hold'");
        return false;
    }
    return cli_text(step, "do") != NULL || scenario_has_only(s, step, words, help);
}

/* The oracle: the journals give what is stored. */
static void fold(scenario *s)
{
    greffe_verified verified;
    if (greffe_engine_verify(s->c->engine, &verified, NULL) != GREFFE_OK) {
        scenario_fail(s, "the journal does not give the stored state");
    }
}

void scenario_step(scenario *s, cJSON *step)
{
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(step, "@line");
    cJSON *expect = cJSON_GetObjectItemCaseSensitive(step, "expect");
    const char *verb = cli_text(step, "do"), *board = cli_text(step, "hold");
    s->line = cJSON_IsNumber(line) ? line->valueint : s->line;
    s->steps += 1;
    if (!check_step(s, step)) {
        return;
    }
    (void)scenario_services(s, cJSON_GetObjectItemCaseSensitive(step, "services"));
    change_channels(s, step);
    s->c->mute = s->c->mute || cJSON_GetArraySize(s->failing) > 0; /* it is meant to */
    move_time(s, step);
    if (board != NULL) {
        hold(s, step, board);
    }
    if (verb != NULL) {
        act(s, step, verb);
    }
    fold(s);
    if (expect != NULL) {
        scenario_expect(s, expect);
    }
}
