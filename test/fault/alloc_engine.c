/* The sweep's scenario of an engine: open, publish, file, complete, run, read, verify, close.
 *
 * A call that was refused for want of memory is made again when memory is back, and must then do
 * what it always does, once: a command that had been told "no memory" must not be found done. */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_sweep.h"

enum { MAX_ROUNDS = 20, HOUR_MS = 3600000 };

static const int64_t START_MS = INT64_C(1583139600000); /* 2020-03-02T09:00Z */

static struct {
    greffe_context *context; /* of the plan, which is made before memory fails */
    greffe_plan *plan;
    bool known; /* what an undisturbed run gives */
    greffe_verified verified;
    size_t effects, tasks_size, entries_size, body_size, text_size;
} expected;

static size_t delivered;
static uint64_t random_state;

static int64_t read_clock(void *data)
{
    (void)data;
    return START_MS;
}

static greffe_status give_random(void *data, unsigned char *out, size_t size)
{
    (void)data;
    for (size_t i = 0; i < size; i++) {
        random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        out[i] = (unsigned char)(random_state >> 56);
    }
    return GREFFE_OK;
}

static greffe_status deliver(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)problem;
    if (!expected.known) {
        expected.body_size = effect->body.size;
        expected.text_size = strlen(effect->text);
    } else if (effect->body.size != expected.body_size ||
               strlen(effect->text) != expected.text_size) {
        (void)sweep_fault("a letter leaves with another body (%zu bytes) or text (%zu)",
                          effect->body.size, strlen(effect->text));
    }
    delivered++;
    return GREFFE_OK;
}

/* --- Steps: each is tried again once, with memory back --- */

typedef greffe_status (*step_fn)(greffe_engine *engine, const void *how, bool again);

/* True with the step done. */
static bool take(greffe_engine *engine, const char *what, step_fn step, const void *how)
{
    const greffe_status status = step(engine, how, false);
    if (!sweep_status(what, status, true)) {
        return false;
    }
    if (status == GREFFE_OK) {
        return true;
    }
    memory_restore();
    const greffe_status again = step(engine, how, true);
    return again == GREFFE_OK ||
           sweep_fault("%s said \"%s\"; memory is back, and it says \"%s\"", what,
                       greffe_status_name(status), greffe_status_name(again));
}

static greffe_status publish(greffe_engine *engine, const void *how, bool again)
{
    (void)again;
    return greffe_engine_publish(engine, how);
}

static greffe_status handle(greffe_engine *engine, const void *how, bool again)
{
    (void)again;
    const greffe_handler handler = {.size = sizeof handler, .channel = how, .run = deliver};
    return greffe_engine_handle(engine, &handler);
}

static greffe_status execute(greffe_engine *engine, const void *how, bool again)
{
    greffe_result result;
    memset(&result, 0, sizeof result);
    const greffe_status status = greffe_engine_execute(engine, &result, how);
    if (again && status == GREFFE_OK && result.repeated) {
        (void)sweep_fault("a command that was told \"no memory\" had been done");
    } else if (status == GREFFE_OK && (result.answer == NULL || result.answer[0] != '{')) {
        (void)sweep_fault("a command was done, and there is no answer");
    } else if (status != GREFFE_OK && status != GREFFE_ENOMEM) {
        (void)sweep_fault("%s %s", result.code == NULL ? "" : result.code,
                          result.message == NULL ? "" : result.message);
    }
    if (status != GREFFE_ENOMEM || result.status == GREFFE_ENOMEM) {
        greffe_result_free(engine, &result);
    } else if (result.message != NULL || result.answer != NULL) {
        (void)sweep_fault("half a result came with \"no memory\"");
        greffe_result_free(engine, &result);
    }
    return status;
}

static greffe_status run(greffe_engine *engine, const void *how, bool again)
{
    /* An effect whose outcome found no memory is leased for a while: again means later. */
    const int64_t now_ms = START_MS + (again ? HOUR_MS : 0);
    greffe_progress progress = {.more = true};
    greffe_status status = GREFFE_OK;
    (void)how;
    for (int i = 0; i < MAX_ROUNDS && status == GREFFE_OK && progress.more; i++) {
        status = greffe_engine_run(engine, &progress, 100, now_ms);
        if (status == GREFFE_OK && progress.incidents > 0) {
            (void)sweep_fault("an effect became an incident");
        }
    }
    return status;
}

/* What could not be delivered for want of memory was put off: it is delivered later. */
static bool run_later(greffe_engine *engine)
{
    if (!memory_failed()) {
        return true;
    }
    memory_restore();
    const greffe_status status = run(engine, NULL, true);
    return status == GREFFE_OK ||
           sweep_fault("memory is back, and run says \"%s\"", greffe_status_name(status));
}

/* --- Calls that do not wait --- */

static void note(void *data, greffe_result *result)
{
    greffe_status *told = data;
    *told = result->status;
}

/* Takes the one reply that is awaited. */
static greffe_status told(greffe_engine *engine, greffe_status accepted)
{
    const greffe_end end = {.size = sizeof end};
    struct pollfd ready = {.fd = greffe_engine_fd(engine), .events = POLLIN};
    if (accepted != GREFFE_OK) {
        return accepted;
    }
    for (;;) {
        greffe_notice notice = {.size = sizeof notice};
        (void)poll(&ready, 1, -1);
        if (greffe_engine_next(engine, &notice) != GREFFE_OK || notice.kind == GREFFE_NOTICE_NONE) {
            (void)sweep_fault("a call was accepted, and nothing came of it");
            return GREFFE_EINVALID;
        }
        const bool effect = notice.kind == GREFFE_NOTICE_EFFECT;
        const greffe_status said = notice.result.status;
        if (effect) { /* an end that was not accepted: the effect is given again */
            delivered += greffe_engine_finish(engine, notice.token, &end) == GREFFE_OK;
        }
        greffe_notice_release(engine, &notice);
        if (!effect) {
            return said;
        }
    }
}

static greffe_status dispatch(greffe_engine *engine, const void *how, bool again)
{
    greffe_status unused;
    (void)how;
    return told(engine, greffe_engine_dispatch(engine, 100, START_MS + (again ? HOUR_MS : 0), note,
                                               &unused));
}

static greffe_status submit(greffe_engine *engine, const void *how, bool again)
{
    greffe_status unused;
    (void)again;
    return told(engine, greffe_engine_submit(engine, how, note, &unused));
}

static greffe_status ask(greffe_engine *engine, const void *how, bool again)
{
    greffe_status unused;
    (void)again;
    return told(engine, greffe_engine_ask(engine, how, note, &unused));
}

static greffe_status submit_plan(greffe_engine *engine, const void *how, bool again)
{
    greffe_status unused;
    uint32_t none;
    (void)again;
    return greffe_engine_poll(engine, 1, &none) == GREFFE_OK && none == 0
               ? told(engine, greffe_engine_submit_plan(engine, how, note, &unused))
               : GREFFE_EINVALID;
}

static unsigned followed;

static greffe_status on_event(void *data, const char *entry)
{
    (void)data;
    followed += entry[0] == '{';
    return GREFFE_OK;
}

static greffe_status subscribe(greffe_engine *engine, const void *how, bool again)
{
    (void)how;
    (void)again;
    followed = 0;
    return greffe_engine_subscribe(engine, "s", on_event, NULL);
}

static greffe_status acknowledge(greffe_engine *engine, const void *how, bool again)
{
    (void)how;
    (void)again;
    return greffe_engine_acknowledge(engine, "s", "1");
}

static void give_back(void *data, greffe_result *result)
{
    greffe_result_free(data, result);
}

/* The events that a round announces, or a later one when it found no memory. */
static bool follow_up(greffe_engine *engine)
{
    for (int i = 0; i < MAX_ROUNDS && followed == 0; i++) {
        struct pollfd ready = {.fd = greffe_engine_fd(engine), .events = POLLIN};
        uint32_t taken = 0;
        if (i > 0) {
            memory_restore();
        }
        if (greffe_engine_dispatch(engine, 100, START_MS, give_back, engine) == GREFFE_OK) {
            (void)poll(&ready, 1, -1);
        }
        while (greffe_engine_poll(engine, 1, &taken) == GREFFE_OK && taken > 0) {
        }
    }
    return followed > 0 || sweep_fault("a subscriber is given nothing");
}

static size_t answer_size; /* of the last answer that was read */

static greffe_status read_list(greffe_engine *engine, const void *how, bool again)
{
    char *answer = NULL;
    (void)again;
    const greffe_status status = greffe_engine_read(engine, &answer, how);
    if (status == GREFFE_OK) {
        answer_size = strlen(answer);
    } else if (answer != NULL) {
        (void)sweep_fault("an answer came with a refusal");
    }
    greffe_engine_free(engine, answer);
    return status;
}

static greffe_verified seen;

static void on_finding(void *data, const char *stream_kind, const char *key, uint64_t version,
                       const char *code, const char *message)
{
    (void)data;
    (void)version;
    (void)sweep_fault("verifying finds %s in %s %s: %s", code, stream_kind, key, message);
}

static void on_line(void *data, const char *line)
{
    (void)data;
    (void)line;
}

static greffe_status verify(greffe_engine *engine, const void *how, bool again)
{
    (void)how;
    (void)again;
    const greffe_verify_options options = {
        .size = sizeof options, .finding = on_finding, .seal = on_line};
    return greffe_engine_verify(engine, &seen, &options);
}

/* --- The scenario --- */

const char FILING[] =
    "{\"procedure\":\"velo\",\"answers\":{\"demandeur\":{\"nom\":\"Tirapo\",\"prenom\":\"Digulu\","
    "\"naissance\":\"1954-09-26\",\"courriel\":\"c1@example.org\",\"adresse\":\"1 rue\","
    "\"code_postal\":\"92190\",\"commune\":\"92048\",\"foyer\":\"8843300000001\","
    "\"iban\":\"FR7630006000011234567890189\"},\"velo\":{\"modele\":\"pliant\",\"neuf\":true,"
    "\"prix\":\"2176.00\",\"achat\":\"2019-10-07\"}},\"documents\":{"
    "\"facture\":{\"name\":\"f.pdf\",\"media\":\"application/pdf\",\"size\":9,\"sha256\":"
    "\"ff31b7cb2f904c061bbf5b4194affaedcb4772e3b0ab6dc0161ea36881c04db1\"},"
    "\"conformite\":{\"name\":\"c.pdf\",\"media\":\"application/pdf\",\"size\":9,\"sha256\":"
    "\"ff31b7cb2f904c061bbf5b4194affaedcb4772e3b0ab6dc0161ea36881c04db1\"},"
    "\"identite\":{\"name\":\"i.pdf\",\"media\":\"application/pdf\",\"size\":9,\"sha256\":"
    "\"ff31b7cb2f904c061bbf5b4194affaedcb4772e3b0ab6dc0161ea36881c04db1\"},"
    "\"domicile\":{\"name\":\"d.pdf\",\"media\":\"application/pdf\",\"size\":9,\"sha256\":"
    "\"ff31b7cb2f904c061bbf5b4194affaedcb4772e3b0ab6dc0161ea36881c04db1\"}}}";
static const char TYPED[] = "{\"answers\":{\"velo\":{\"prix\":\"x\"}}}";
static const char COMPLETING[] = "{\"step\":\"completude\",\"outcome\":\"complete\"}";

static bool command(greffe_engine *engine, const char *verb, const char *stream, const char *key,
                    const greffe_actor *actor, const char *args)
{
    const greffe_command c = {.size = sizeof c,
                              .verb = verb,
                              .stream = stream,
                              .key = key,
                              .actor = actor,
                              .args = {args, strlen(args)}};
    return take(engine, verb, execute, &c);
}

static bool live(greffe_engine *engine)
{
    static const char *const mobility[] = {"mobilites", NULL};
    const greffe_actor citizen = {.size = sizeof citizen, .subject = "c1", .kind = "applicant"};
    const greffe_actor agent = {
        .size = sizeof agent, .subject = "a1", .kind = "agent", .services = mobility};
    const greffe_query tasks = {.size = sizeof tasks, .kind = GREFFE_QUERY_TASKS};
    const greffe_query dossier = {
        .size = sizeof dossier, .kind = GREFFE_QUERY_DOSSIER, .key = "d1", .actor = &citizen};
    const greffe_query filled = {.size = sizeof filled,
                                 .kind = GREFFE_QUERY_FORM,
                                 .group = "velo",
                                 .args = {FILING, strlen(FILING)}};
    const greffe_query checked = {.size = sizeof checked,
                                  .kind = GREFFE_QUERY_CHECK,
                                  .group = "velo",
                                  .actor = &citizen,
                                  .args = {TYPED, sizeof TYPED - 1}};
    const greffe_query actions = {
        .size = sizeof actions, .kind = GREFFE_QUERY_ACTIONS, .key = "d1", .actor = &agent};
    const greffe_query recent = {
        .size = sizeof recent, .kind = GREFFE_QUERY_DOSSIERS, .actor = &agent, .order = "recent"};
    const greffe_query counts = {.size = sizeof counts, .kind = GREFFE_QUERY_COUNTS};
    const greffe_query history = {.size = sizeof history,
                                  .kind = GREFFE_QUERY_HISTORY,
                                  .stream_kind = "dossier",
                                  .key = "d1"};
    bool fine = take(engine, "handle", handle, "mail") &&
                take(engine, "publish", publish, expected.plan) &&
                command(engine, "file", "d1", "k1", &citizen, FILING) &&
                command(engine, "complete", "d1", "k2", &agent, COMPLETING) &&
                take(engine, "run", run, NULL) && run_later(engine) &&
                take(engine, "read dossier", read_list, &dossier) &&
                take(engine, "read form", read_list, &filled) &&
                take(engine, "read check", read_list, &checked) &&
                take(engine, "read actions", read_list, &actions) &&
                take(engine, "read dossiers", read_list, &recent) &&
                take(engine, "read counts", read_list, &counts) &&
                take(engine, "read tasks", read_list, &tasks);
    const size_t tasks_size = answer_size;
    static const char remark[] = "{\"text\":\"Vu\"}";
    const greffe_command comment = {.size = sizeof comment,
                                    .verb = "comment",
                                    .stream = "d1",
                                    .key = "k3",
                                    .actor = &agent,
                                    .args = {remark, sizeof remark - 1}};
    fine = fine && take(engine, "submit", submit, &comment) && take(engine, "ask", ask, &tasks) &&
           take(engine, "submit_plan", submit_plan, expected.plan) &&
           greffe_engine_watch(engine, NULL, NULL) == GREFFE_OK &&
           take(engine, "subscribe", subscribe, NULL) && follow_up(engine) &&
           take(engine, "acknowledge", acknowledge, NULL);
    fine = fine && take(engine, "read history", read_list, &history);
    const size_t entries_size = answer_size;
    fine = fine && take(engine, "verify", verify, NULL);
    if (!fine) {
        return false;
    }
    if (!expected.known) {
        expected.known = true;
        expected.verified = seen;
        expected.effects = delivered;
        expected.tasks_size = tasks_size;
        expected.entries_size = entries_size;
    }
    /* An effect may be delivered twice, when its outcome found no memory. */
    if (delivered < expected.effects || seen.streams != expected.verified.streams ||
        seen.entries != expected.verified.entries || seen.faults != 0 ||
        seen.personal != expected.verified.personal || tasks_size != expected.tasks_size ||
        entries_size != expected.entries_size) {
        return sweep_fault("the store is another: %zu effects, %llu entries, %llu personal values",
                           delivered, (unsigned long long)seen.entries,
                           (unsigned long long)seen.personal);
    }
    return true;
}

/* --- A whole life: from the money that is allocated to the money that is paid --- */

static const struct {
    const char *verb, *stream, *who, *args;
} LIFE[] = {
    {"allotment.allocate", "velo_2020", "finances", "{\"amount\":\"1000.00\"}"},
    {"file", "d1", NULL, FILING},
    {"ask", "d1", "mobilites",
     "{\"step\":\"completude\",\"documents\":[\"rib\"],\"message\":\"Le RIB\"}"},
    {"run", NULL, NULL, NULL},
    {"supply", "d1", NULL,
     "{\"documents\":{\"rib\":{\"name\":\"r.pdf\",\"media\":\"application/"
     "pdf\",\"size\":9,\"sha256\":"
     "\"ff31b7cb2f904c061bbf5b4194affaedcb4772e3b0ab6dc0161ea36881c04db1\"}}}"},
    {"claim", "d1", "mobilites", "{\"step\":\"completude\"}"},
    {"complete", "d1", "mobilites", COMPLETING},
    {"comment", "d1", "mobilites", "{\"text\":\"Vu\"}"},
    {"complete", "d1", "mobilites", "{\"step\":\"instruction\",\"outcome\":\"favorable\"}"},
    {"session.convene", "s1", "assemblees", "{\"board\":\"bureau\",\"on\":\"2020-03-02\"}"},
    {"session.agenda", "s1", "assemblees", "{\"take\":\"waiting\"}"},
    {"session.presence", "s1", "assemblees",
     "{\"present\":[\"president\",\"boulogne\",\"chaville\",\"issy\",\"vanves\"],"
     "\"proxies\":{\"meudon\":\"issy\"}}"},
    {"session.recuse", "s1", "assemblees", "{\"member\":\"chaville\",\"dossier\":\"d1\"}"},
    {"session.decide", "s1", "assemblees",
     "{\"dossier\":\"d1\",\"outcome\":\"granted\",\"votes\":{\"for\":5},\"because\":\"Oui\"}"},
    {"session.close", "s1", "assemblees", "{}"},
    {"dispatch", NULL, NULL, NULL},
    {"dispatch", NULL, NULL, NULL},
    {"run", NULL, NULL, NULL},
    {"pay.batch", "b1", "finances", "{\"on\":\"2020-03-05\"}"},
    {"run", NULL, NULL, NULL},
    {"pay.report", "b1", "finances", "{\"rejected\":{}}"},
    {"run", NULL, NULL, NULL},
};

static greffe_status let_leave(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)effect;
    (void)problem;
    delivered++;
    return GREFFE_OK;
}

static greffe_status handle_any(greffe_engine *engine, const void *how, bool again)
{
    (void)again;
    /* Repeatable: what could not be told for want of memory may leave again. */
    const greffe_handler handler = {
        .size = sizeof handler, .channel = how, .run = let_leave, .repeatable = true};
    return greffe_engine_handle(engine, &handler);
}

static bool live_one(greffe_engine *engine, size_t at)
{
    const char *const services[] = {LIFE[at].who, NULL};
    const greffe_actor citizen = {.size = sizeof citizen, .subject = "c1", .kind = "applicant"};
    const greffe_actor agent = {
        .size = sizeof agent, .subject = LIFE[at].who, .kind = "agent", .services = services};
    char key[16];
    snprintf(key, sizeof key, "l%zu", at);
    if (LIFE[at].stream == NULL) {
        const bool rounds = strcmp(LIFE[at].verb, "run") == 0;
        return take(engine, LIFE[at].verb, rounds ? run : dispatch, NULL) && run_later(engine);
    }
    return command(engine, LIFE[at].verb, LIFE[at].stream, key,
                   LIFE[at].who == NULL ? &citizen : &agent, LIFE[at].args);
}

static bool live_whole(greffe_engine *engine)
{
    const greffe_query money = {.size = sizeof money, .kind = GREFFE_QUERY_ALLOTMENTS};
    bool fine = take(engine, "handle", handle_any, "mail") &&
                take(engine, "handle", handle_any, "minutes") &&
                take(engine, "handle", handle_any, "payment") &&
                take(engine, "publish", publish, expected.plan);
    for (size_t i = 0; fine && i < sizeof LIFE / sizeof LIFE[0]; i++) {
        fine = live_one(engine, i);
    }
    fine = fine && take(engine, "read money", read_list, &money);
    const size_t money_size = answer_size;
    fine = fine && take(engine, "verify", verify, NULL);
    if (!fine) {
        return false;
    }
    if (!expected.known) {
        expected.known = true;
        expected.verified = seen;
        expected.tasks_size = money_size;
        expected.effects = delivered;
    }
    return (seen.faults == 0 && delivered >= expected.effects &&
            seen.streams == expected.verified.streams && money_size == expected.tasks_size) ||
           sweep_fault("another life: %llu streams, %llu entries, %zu effects",
                       (unsigned long long)seen.streams, (unsigned long long)seen.entries,
                       delivered);
}

/* Both stores live through the same: this says which one now. */
static bool on_sqlite, whole;

static greffe_status open_store(greffe_store **out)
{
    const greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = ":memory:"};
    return on_sqlite ? greffe_store_sqlite(out, &sqlite) : greffe_store_memory(out);
}

/* A store and an engine, tried again with memory back. */
static bool open_engine(greffe_engine **out, greffe_context *context)
{
    greffe_status status = GREFFE_ENOMEM;
    for (int attempt = 0; attempt < 2 && status != GREFFE_OK; attempt++) {
        greffe_engine_options options = {
            .size = sizeof options, .clock = read_clock, .random = give_random};
        status = open_store(&options.store);
        if (!sweep_status("a store's opening", status, true)) {
            return false;
        }
        if (status == GREFFE_OK) {
            status = greffe_engine_open(out, context, &options);
            if (!sweep_status("greffe_engine_open", status, true)) {
                return false;
            }
        }
        if (status != GREFFE_OK) {
            memory_restore();
        }
    }
    return status == GREFFE_OK || sweep_fault("memory is back, no engine");
}

static bool run_engine(void)
{
    greffe_context *context = NULL;
    greffe_engine *engine = NULL;
    delivered = 0;
    random_state = 1;
    memset(&seen, 0, sizeof seen);
    const greffe_status status = sweep_context(&context);
    if (status != GREFFE_OK) {
        return sweep_status("greffe_context_create", status, false);
    }
    const bool fine = open_engine(&engine, context) && (whole ? live_whole(engine) : live(engine));
    greffe_engine_close(engine);
    greffe_context_destroy(context);
    return fine;
}

static bool prepare(void)
{
    greffe_diags *diags = NULL;
    memset(&expected, 0, sizeof expected);
    if (sweep_context(&expected.context) != GREFFE_OK ||
        greffe_diags_create(&diags, expected.context) != GREFFE_OK) {
        return false;
    }
    const greffe_status status = sweep_plan(&expected.plan, expected.context, diags);
    greffe_diags_destroy(diags);
    return status == GREFFE_OK;
}

static void dismiss(void)
{
    greffe_plan_unref(expected.plan);
    greffe_context_destroy(expected.context);
}

static bool prepare_sqlite(void)
{
    on_sqlite = true;
    return prepare();
}

static void dismiss_sqlite(void)
{
    on_sqlite = false;
    dismiss();
}

static bool prepare_life(void)
{
    whole = true;
    return prepare();
}

static void dismiss_life(void)
{
    whole = false;
    dismiss();
}

const scenario LIFE_SCENARIO = {
    .name = "life", .prepare = prepare_life, .run = run_engine, .dismiss = dismiss_life};
const scenario ENGINE_SCENARIO = {
    .name = "engine", .prepare = prepare, .run = run_engine, .dismiss = dismiss};
const scenario SQLITE_SCENARIO = {.name = "engine on SQLite",
                                  .prepare = prepare_sqlite,
                                  .run = run_engine,
                                  .dismiss = dismiss_sqlite};
