/* Lets every store call of a season in small fail, one at a time and in every way, under an engine:
 * the engine says so, nothing is half-done, and the same command again comes to the same end.
 *
 * The script touches every kind of stream: dossier, session, allotment, order, claim, batch. A
 * commit that was lost is followed by a new engine on the same file, as after a crash. Planted
 * lies of the store show that the checks can fail. */
#define _POSIX_C_SOURCE 200809L

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/late_store.c"
#include "support/prime_kit.c"
#include "support/store_folder.h"

enum { most_delay_us = 20, most_keys = 32, most_texts = 16384 };

/* --- One run --- */

typedef struct handled {
    char keys[most_keys][96];
    unsigned count, twice;
} handled;

typedef struct season {
    greffe_context *context;
    greffe_plan *plan;
    char folder[folder_room], path[store_path_room];
    uint64_t random;
    greffe_store *store;
    greffe_engine *engine;
    handled mail, payment;
    uint64_t calls; /* of engines that were closed */
    /* The fault that this run has, at one of its calls; 0: none. */
    uint64_t fault_at;
    late_fault fault;
    greffe_status status;
    bool found;    /* it came, and the engine told it */
    bool engulfed; /* it came, and the engine said that all was well */
    bool stumbled; /* a step failed otherwise */
    bool unsound;  /* verifying after the step with a lie found a fault */
    int at_step;
    late_call call; /* what failed */
} season;

static greffe_status take_in(void *data, const greffe_effect *effect, char problem[256])
{
    handled *h = data;
    (void)problem;
    for (unsigned i = 0; i < h->count; i++) {
        if (strcmp(h->keys[i], effect->key) == 0) {
            h->twice += 1;
            return GREFFE_OK;
        }
    }
    assert_in_range(h->count, 0, most_keys - 1);
    (void)snprintf(h->keys[h->count++], sizeof h->keys[0], "%s", effect->key);
    return GREFFE_OK;
}

/* The post office is closed when the first answer is brought. */
static greffe_status take_letter(void *data, const greffe_effect *effect, char problem[256])
{
    if (effect->attempts == 0 && strncmp(effect->letter, "accord", 6) == 0) {
        (void)snprintf(problem, 256, "closed");
        return GREFFE_EBUSY;
    }
    return take_in(data, effect, problem);
}

static greffe_status open_engine(season *s)
{
    greffe_store *file;
    greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = s->path};
    assert_int_equal(greffe_store_sqlite(&file, &sqlite), GREFFE_OK);
    assert_int_equal(late_store_create(&s->store, file, s->fault_at + 1, most_delay_us), GREFFE_OK);
    if (s->fault_at > s->calls && !s->found) {
        late_store_arm(s->store, s->fault_at - s->calls, s->fault, s->status);
    }
    greffe_engine_options options = {.size = sizeof options,
                                     .store = s->store,
                                     .random = prime_random,
                                     .random_data = &s->random};
    s->engine = NULL;
    greffe_status status = greffe_engine_open(&s->engine, s->context, &options);
    if (status == GREFFE_OK) {
        assert_int_equal(prime_take(s->engine, "mail", take_letter, &s->mail), GREFFE_OK);
        assert_int_equal(prime_take(s->engine, "minutes", take_in, &s->mail), GREFFE_OK);
        assert_int_equal(prime_take(s->engine, "payment", take_in, &s->payment), GREFFE_OK);
    }
    return status;
}

static void close_engine(season *s)
{
    s->calls += late_store_calls(s->store);
    greffe_engine_close(s->engine);
    s->engine = NULL;
}

/* --- The script --- */

typedef struct step {
    const char *verb; /* "publish", "run" or a command's */
    const char *stream;
    prime_actor actor;
    const char *args;
    int64_t minutes; /* from the start */
} step;

#define ANSWERS(household)                                                                         \
    "{\"procedure\":\"prime\",\"answers\":{\"demandeur\":{\"nom\":\"Exemple\",\"foyer\":"          \
    "\"" household "\",\"iban\":\"FR7630006000011234567890189\"}}}"

static const step SCRIPT[] = {
    {"publish", NULL, CITIZEN, NULL, 0},
    {"allotment.allocate", "prime_2026", TREASURER, "{\"amount\":\"1000.00\"}", 1},
    {"file", "d1", CITIZEN, ANSWERS("0001"), 2},
    {"run", NULL, CITIZEN, NULL, 10},
    {"file", "d2", CITIZEN, ANSWERS("0002"), 20},
    {"complete", "d1", AGENT, "{\"step\":\"completude\",\"outcome\":\"complete\"}", 30},
    {"complete", "d1", AGENT, "{\"step\":\"instruction\",\"outcome\":\"favorable\"}", 40},
    {"session.convene", "s1", SECRETARY, "{\"board\":\"bureau\",\"on\":\"2026-03-03\"}", 50},
    {"session.agenda", "s1", SECRETARY, "{\"take\":\"waiting\"}", 60},
    {"session.presence", "s1", SECRETARY, "{\"present\":[\"maire\",\"doyen\"]}", 1500},
    {"session.decide", "s1", SECRETARY, "{\"rest\":\"proposed\"}", 1510},
    {"session.close", "s1", SECRETARY, "{}", 1520},
    {"run", NULL, CITIZEN, NULL, 1530},
    {"pay.batch", "b1", TREASURER, "{\"on\":\"2026-03-05\"}", 1560},
    {"run", NULL, CITIZEN, NULL, 1570},
    {"pay.report", "b1", TREASURER, "{\"rejected\":{}}", 1600},
    {"run", NULL, CITIZEN, NULL, 1610},
    {"run", NULL, CITIZEN, NULL, 50000},
    {"run", NULL, CITIZEN, NULL, 70000},  /* the clock warns: a step of its own, to be verified */
    {"run", NULL, CITIZEN, NULL, 150000}, /* and silence means a refusal */
};
enum { steps = sizeof SCRIPT / sizeof *SCRIPT };

/* Runs until nothing is left, each time some minutes later, so that leases have ended. */
static greffe_status settle(const season *s, int64_t now_ms)
{
    greffe_status status = GREFFE_OK;
    for (int i = 0; i < 3 && status == GREFFE_OK; i++) {
        greffe_progress progress;
        status = greffe_engine_run(s->engine, &progress, 100, now_ms);
        now_ms += 2 * (int64_t)prime_minute_ms;
    }
    return status;
}

static greffe_status take_step(const season *s, int at, int64_t delay_minutes)
{
    const step *p = &SCRIPT[at];
    char key[16];
    (void)snprintf(key, sizeof key, "k%d", at);
    int64_t now_ms = PRIME_START + (p->minutes + delay_minutes) * prime_minute_ms;
    if (strcmp(p->verb, "publish") == 0) {
        return greffe_engine_publish(s->engine, s->plan);
    }
    if (strcmp(p->verb, "run") == 0) {
        return settle(s, now_ms);
    }
    greffe_result result;
    greffe_status status =
        prime_do(s->engine, &result, p->verb, p->stream, key, p->actor, p->args, now_ms);
    if (status != GREFFE_OK && s->fault < LATE_DROPS_ROW && result.code[0] != '\0') {
        print_message("step %d (%s): %s %s\n", at, p->verb, greffe_status_name(status),
                      result.message);
    }
    if (status == GREFFE_OK) {
        assert_int_equal(result.status, GREFFE_OK);
    }
    greffe_result_free(s->engine, &result);
    return status;
}

/* --- The end, as text: what does not depend on instants and random bytes --- */

static bool depends_on_the_run(const char *name)
{
    static const char *const names[] = {"at",  "since", "published", "due", "effect", "bundle",
                                        "tag", "ref",   "salt",      "day", "key",    "commitment"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name != NULL && strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void forget_the_run(cJSON *node)
{
    for (cJSON *child = node->child; child != NULL;) {
        cJSON *next = child->next;
        if (depends_on_the_run(child->string) && cJSON_IsString(child)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(node, child));
        } else {
            forget_the_run(child);
        }
        child = next;
    }
}

static void add_answer(const season *s, char *out, const greffe_query *query)
{
    char *answer;
    greffe_query full = *query;
    full.size = sizeof full;
    greffe_status status = greffe_engine_read(s->engine, &answer, &full);
    if (status == GREFFE_ECORRUPT && s->fault >= LATE_DROPS_ROW) { /* a lie that reading finds */
        size_t size = strlen(out);
        (void)snprintf(out + size, most_texts - size, "corrupt\n");
        return;
    }
    assert_int_equal(status, GREFFE_OK);
    cJSON *tree = cJSON_Parse(answer);
    assert_non_null(tree);
    forget_the_run(tree);
    char *text = cJSON_Print(tree);
    size_t size = strlen(out);
    assert_true(size + strlen(text) + 2 < most_texts);
    (void)snprintf(out + size, most_texts - size, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(tree);
    greffe_engine_free(s->engine, answer);
}

static void describe_end(const season *s, char out[most_texts])
{
    static const greffe_query queries[] = {
        {.kind = GREFFE_QUERY_DOSSIERS},
        {.kind = GREFFE_QUERY_TASKS},
        {.kind = GREFFE_QUERY_SESSIONS},
        {.kind = GREFFE_QUERY_ALLOTMENTS},
        {.kind = GREFFE_QUERY_ORDERS},
        {.kind = GREFFE_QUERY_BATCHES},
        {.kind = GREFFE_QUERY_EFFECTS},
        {.kind = GREFFE_QUERY_PROCEDURES},
        {.kind = GREFFE_QUERY_DOSSIER, .key = "d1"},
        {.kind = GREFFE_QUERY_DOSSIER, .key = "d2"},
        {.kind = GREFFE_QUERY_SESSION, .key = "s1"},
    };
    out[0] = '\0';
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        add_answer(s, out, &queries[i]);
    }
    size_t size = strlen(out);
    (void)snprintf(out + size, most_texts - size, "letters %u, payments %u\n", s->mail.count,
                   s->payment.count);
}

/* --- Faults --- */

static void tell_finding(void *data, const char *kind, const char *key, uint64_t version,
                         const char *code, const char *message)
{
    const season *s = data;
    if (s->fault < LATE_DROPS_ROW) {
        print_message("call %llu, step %d: %s %s at %llu: %s %s\n", (unsigned long long)s->fault_at,
                      s->at_step, kind, key, (unsigned long long)version, code, message);
    }
}

static uint64_t faults_found(season *s)
{
    greffe_verified verified;
    const greffe_verify_options options = {
        .size = sizeof options, .finding = tell_finding, .finding_data = s};
    greffe_status status = greffe_engine_verify(s->engine, &verified, &options);
    assert_true(status == (verified.faults > 0 ? GREFFE_ECORRUPT : GREFFE_OK));
    return verified.faults;
}

/* The engine says what the store said; then, as after a crash or a disk that is well again, nothing
 * is half-done. */
static void look_after_the_fault(season *s, greffe_status status)
{
    s->found = true;
    s->call = late_store_faulty_call(s->store);
    greffe_status told = s->fault == LATE_REFUSED ? s->status : GREFFE_EIO;
    if (status != told) {
        print_message("call %llu (%s), step %d: the store said '%s', the engine '%s'\n",
                      (unsigned long long)s->fault_at, late_call_name(s->call), s->at_step,
                      greffe_status_name(told), greffe_status_name(status));
        s->engulfed = true;
    }
    if (s->fault != LATE_REFUSED) {
        close_engine(s);
        assert_int_equal(open_engine(s), GREFFE_OK);
    }
    assert_int_equal(faults_found(s), 0);
}

static void play(season *s)
{
    s->at_step = -1;
    greffe_status status = open_engine(s);
    if (status != GREFFE_OK) { /* the store is closed */
        assert_int_equal(status, s->fault == LATE_REFUSED ? s->status : GREFFE_EIO);
        s->found = true;
        s->call = LATE_SECRET;
        s->calls += 1;
        assert_int_equal(open_engine(s), GREFFE_OK);
    }
    for (s->at_step = 0; s->at_step < steps; s->at_step++) {
        uint64_t before = late_store_faults(s->store);
        status = take_step(s, s->at_step, 0);
        if (late_store_faults(s->store) > before && s->fault < LATE_DROPS_ROW) {
            look_after_the_fault(s, status);
            status = take_step(s, s->at_step, 11);
        }
        bool lied = late_store_faults(s->store) > before && s->fault >= LATE_DROPS_ROW;
        s->unsound = (lied && faults_found(s) > 0) || s->unsound;
        s->stumbled = status != GREFFE_OK || s->stumbled;
        if (s->fault < LATE_DROPS_ROW) {
            assert_int_equal(status, GREFFE_OK);
        }
    }
}

static void begin(season *s, greffe_context *context, greffe_plan *plan)
{
    *s = (season){.context = context, .plan = plan, .random = 1};
    make_store_folder(s->folder, s->path);
}

static void end(season *s)
{
    close_engine(s);
    remove_store_folder(s->folder, s->path);
}

/* --- Tests --- */

typedef struct common {
    greffe_context *context;
    greffe_plan *plan;
    uint64_t calls; /* of a run without faults, before its verification */
    char expected[most_texts];
} common;

static int set_up(void **state)
{
    common *c = calloc(1, sizeof *c);
    assert_non_null(c);
    assert_int_equal(greffe_context_create(&c->context, NULL), GREFFE_OK);
    c->plan = prime_compile(c->context, "d'essai");
    assert_non_null(c->plan);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    common *c = *state;
    greffe_plan_unref(c->plan);
    greffe_context_destroy(c->context);
    free(c);
    return 0;
}

static void without_faults_the_script_comes_to_its_end(void **state)
{
    common *c = *state;
    season s;
    begin(&s, c->context, c->plan);
    play(&s);
    c->calls = late_store_calls(s.store);
    assert_int_equal(faults_found(&s), 0);
    describe_end(&s, c->expected);
    assert_non_null(strstr(c->expected, "\"verse\""));
    assert_non_null(strstr(c->expected, "\"refuse\""));
    assert_int_equal(s.payment.count, 1);
    assert_int_equal(s.mail.twice + s.payment.twice, 0);
    end(&s);
}

static bool same_end(const season *s, const char *reached, const char *expected)
{
    size_t at = 0;
    while (reached[at] != '\0' && reached[at] == expected[at]) {
        at += 1;
    }
    if (reached[at] == expected[at]) {
        return true;
    }
    size_t from = at > 200 ? at - 200 : 0;
    print_message("call %llu (%s): another end: %.300s\ninstead of: %.300s\n",
                  (unsigned long long)s->fault_at, late_call_name(s->call), reached + from,
                  expected + from);
    return false;
}

static void sweep(void **state, late_fault fault, greffe_status status, const char *name)
{
    common *c = *state;
    uint64_t injected = 0, engulfed = 0, different = 0, by_call[LATE_CALLS] = {0};
    for (uint64_t at = 1; at <= c->calls; at++) {
        season s;
        char reached[most_texts];
        begin(&s, c->context, c->plan);
        s.fault_at = at;
        s.fault = fault;
        s.status = status;
        play(&s);
        injected += s.found;
        engulfed += s.engulfed;
        by_call[s.call] += s.found;
        assert_int_equal(faults_found(&s), 0);
        describe_end(&s, reached);
        different += !same_end(&s, reached, c->expected);
        end(&s);
    }
    print_message("%s: %llu points injected (", name, (unsigned long long)injected);
    for (int i = 0; i < LATE_CALLS; i++) {
        print_message("%s%s %llu", i == 0 ? "" : ", ", late_call_name((late_call)i),
                      (unsigned long long)by_call[i]);
    }
    print_message(")\n");
    assert_int_equal(injected, c->calls);
    assert_int_equal(engulfed, 0);
    assert_int_equal(different, 0);
}

static void a_store_that_fails_once_leaves_no_trace(void **state)
{
    sweep(state, LATE_REFUSED, GREFFE_EIO, "input or output fails");
}

static void a_disk_that_was_full_once_leaves_no_trace(void **state)
{
    sweep(state, LATE_REFUSED, GREFFE_EFULL, "the disk is full");
}

static void a_store_that_was_busy_once_leaves_no_trace(void **state)
{
    sweep(state, LATE_REFUSED, GREFFE_EBUSY, "the store is busy");
}

static void memory_that_was_short_once_leaves_no_trace(void **state)
{
    sweep(state, LATE_REFUSED, GREFFE_ENOMEM, "memory is short");
}

static void a_crash_before_a_commit_is_made_good_by_the_same_command(void **state)
{
    sweep(state, LATE_LOST_BEFORE, GREFFE_EIO, "lost before it is durable");
}

static void a_crash_after_a_commit_is_made_good_by_the_same_command(void **state)
{
    sweep(state, LATE_LOST_AFTER, GREFFE_EIO, "lost after it is durable");
}

/* What a call that failed left in its reply is nobody's to look at. */
static void reading_and_verifying_tell_what_the_store_said(void **state)
{
    common *c = *state;
    season s;
    greffe_verified v;
    unsigned points = 0;
    greffe_query list = {.size = sizeof list, .kind = GREFFE_QUERY_DOSSIERS};
    (void)signal(SIGSEGV, SIG_DFL); /* the engine's thread cannot jump back into a test */
    begin(&s, c->context, c->plan);
    play(&s);
    for (uint64_t at = 1;; at++, points++) {
        uint64_t before = late_store_faults(s.store);
        late_store_arm(s.store, at, LATE_REFUSED, GREFFE_EIO);
        greffe_status status = greffe_engine_verify(s.engine, &v, NULL);
        if (late_store_faults(s.store) == before) {
            assert_int_equal(status, GREFFE_OK);
            break;
        }
        assert_int_equal(status, GREFFE_EIO);
        assert_int_equal(v.faults, 0);
    }
    for (int kind = GREFFE_QUERY_DOSSIERS; kind <= GREFFE_QUERY_SESSION; kind++, points++) {
        char *answer = NULL;
        list.kind = (greffe_query_kind)kind;
        list.key = kind == GREFFE_QUERY_SESSION ? "s1" : "d1";
        late_store_arm(s.store, 1, LATE_REFUSED, GREFFE_EIO);
        assert_int_equal(greffe_engine_read(s.engine, &answer, &list), GREFFE_EIO);
        assert_null(answer);
    }
    print_message("reading and verifying: %u points injected\n", points);
    end(&s);
}

/* Negative controls: a store that lies is found out. Verifying sees what one stream holds against
 * its journal; a stream or a value that is missing altogether shows in what comes after. */
typedef struct exposure {
    unsigned told, verified, found;
} exposure;

static exposure tell_lies(common *c, late_fault fault)
{
    exposure e = {0};
    for (uint64_t at = 1; at <= c->calls; at += 8) {
        season s;
        char reached[most_texts];
        begin(&s, c->context, c->plan);
        s.fault_at = at;
        s.fault = fault;
        play(&s);
        bool told = late_store_faults(s.store) > 0, verified = s.unsound || faults_found(&s) > 0;
        describe_end(&s, reached);
        e.told += told;
        e.verified += told && verified;
        e.found += told && (verified || s.stumbled || strcmp(reached, c->expected) != 0);
        end(&s);
    }
    return e;
}

static void a_store_that_lies_is_found_out(void **state)
{
    static const struct {
        late_fault fault;
        bool verifiable;
        const char *name;
    } lies[] = {{LATE_DROPS_ROW, true, "drops a row"},
                {LATE_DROPS_REMOVAL, true, "drops a removal"},
                {LATE_SPOILS_STATE, true, "spoils a state"},
                {LATE_DROPS_STREAM, false, "drops a stream"},
                {LATE_DROPS_PERSONAL, false, "drops a personal value"}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        exposure e = tell_lies(*state, lies[i].fault);
        print_message("a store that %s: %u lies, %u found, %u of them by verifying\n", lies[i].name,
                      e.told, e.found, e.verified);
        assert_int_not_equal(e.told, 0);
        assert_int_not_equal(e.found, 0);
        if (lies[i].verifiable) {
            assert_int_equal(e.verified, e.told);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_faults_the_script_comes_to_its_end),
        cmocka_unit_test(a_store_that_fails_once_leaves_no_trace),
        cmocka_unit_test(a_disk_that_was_full_once_leaves_no_trace),
        cmocka_unit_test(a_store_that_was_busy_once_leaves_no_trace),
        cmocka_unit_test(memory_that_was_short_once_leaves_no_trace),
        cmocka_unit_test(a_crash_before_a_commit_is_made_good_by_the_same_command),
        cmocka_unit_test(a_crash_after_a_commit_is_made_good_by_the_same_command),
        cmocka_unit_test(a_store_that_lies_is_found_out),
        cmocka_unit_test(reading_and_verifying_tell_what_the_store_said),
    };
    return cmocka_run_group_tests_name("faults of the store", tests, set_up, tear_down);
}
