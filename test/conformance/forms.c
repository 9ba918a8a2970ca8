/* One suite over all forms of the interface: the same commands, the same journals to the byte.
 *
 *     forms [FORM]      blocking, asynchronous, in, inbox: each in a store of its own
 *
 * Prints each form's seal, a hash over the heads of all journals, and fails when two differ. Time
 * and randomness are given, so that nothing else can tell the stores apart. With FORM only that one
 * is played; "planted" plays one with a command that differs; "script" tells a binding what to
 * play. */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <greffe/async.h>
#include <greffe/join.h>

#include "support/prime_kit.c"

static const struct {
    const char *verb, *stream, *key, *args;
    prime_actor actor;
} SCRIPT[] = {
    {"allotment.allocate", "prime_2026", "a1", "{\"amount\":\"500.00\"}", TREASURER},
    {"file", "d1", "k1",
     "{\"procedure\":\"prime\",\"answers\":{\"demandeur\":{\"nom\":\"Exemple\",\"foyer\":\"0001\","
     "\"iban\":\"FR7630006000011234567890189\"}}}",
     CITIZEN},
    {"file", "d1", "k1",
     "{\"procedure\":\"prime\",\"answers\":{\"demandeur\":{\"nom\":\"Exemple\",\"foyer\":\"0001\","
     "\"iban\":\"FR7630006000011234567890189\"}}}",
     CITIZEN}, /* the same key again */
    {"file", "d2", "k1", "{\"procedure\":\"prime\",\"answers\":{}}", CITIZEN}, /* refused */
    {"ask", "d1", "k2",
     "{\"step\":\"completude\",\"fields\":[\"demandeur.nom\"],\"message\":\"Votre nom ?\"}", AGENT},
    {"supply", "d1", "k3", "{\"answers\":{\"demandeur\":{\"nom\":\"Autre Exemple\"}}}", CITIZEN},
    {"complete", "d1", "k4", "{\"step\":\"completude\",\"outcome\":\"complete\"}", CITIZEN},
    {"complete", "d1", "k4", "{\"step\":\"completude\",\"outcome\":\"complete\"}", AGENT},
    {"complete", "d1", "k5", "{\"step\":\"instruction\",\"outcome\":\"favorable\"}", AGENT},
    {"comment", "d1", "k6", "{\"text\":\"Rappelé\"}", AGENT},
    {"session.convene", "s1", "s1", "{\"board\":\"bureau\",\"on\":\"2026-03-02\"}", SECRETARY},
    {"session.agenda", "s1", "s2", "{\"take\":\"waiting\"}", SECRETARY},
    {"session.presence", "s1", "s3", "{\"present\":[\"maire\",\"doyen\"]}", SECRETARY},
    {"session.decide", "s1", "s4", "{\"rest\":\"proposed\"}", SECRETARY},
    {"session.close", "s1", "s5", "{}", SECRETARY},
};
enum { commands = (int)(sizeof SCRIPT / sizeof *SCRIPT), most_answers = 65536 };

typedef struct played {
    greffe_engine *engine;
    const char *path;
    uint64_t random;
    char answers[most_answers]; /* what each command was told */
    char seal[65];
    bool told;
    const char *planted;
} played;

static void expect(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "forms: %s\n", what);
        exit(1);
    }
}

static int64_t read_clock(void *data)
{
    (void)data;
    return PRIME_START;
}

static void note(played *p, const char *status, const char *code, const char *answer,
                 unsigned long long version)
{
    size_t used = strlen(p->answers);
    (void)snprintf(p->answers + used, sizeof p->answers - used, "%s %s %llu %s\n", status, code,
                   version, answer);
}

static void note_result(played *p, const greffe_result *r)
{
    note(p, greffe_status_name(r->status), r->code, r->answer, (unsigned long long)r->version);
}

static greffe_command command_of(const played *p, int i, const greffe_actor *actor)
{
    const char *args = p->planted != NULL && i == 9 ? p->planted : SCRIPT[i].args;
    return (greffe_command){.size = sizeof(greffe_command),
                            .verb = SCRIPT[i].verb,
                            .stream = SCRIPT[i].stream,
                            .key = SCRIPT[i].key,
                            .actor = actor,
                            .args = {args, strlen(args)}};
}

/* --- The forms --- */

static void play_blocking(played *p)
{
    for (int i = 0; i < commands; i++) {
        const greffe_actor actor = prime_actor_of(SCRIPT[i].actor);
        const greffe_command command = command_of(p, i, &actor);
        greffe_result result;
        (void)greffe_engine_execute(p->engine, &result, &command);
        note_result(p, &result);
        greffe_result_free(p->engine, &result);
    }
}

static void take(void *data, greffe_result *result)
{
    played *p = data;
    note_result(p, result);
    p->told = true;
    greffe_result_free(p->engine, result);
}

static void play_asynchronous(played *p)
{
    struct pollfd ready = {.fd = greffe_engine_fd(p->engine), .events = POLLIN};
    for (int i = 0; i < commands; i++) {
        const greffe_actor actor = prime_actor_of(SCRIPT[i].actor);
        const greffe_command command = command_of(p, i, &actor);
        p->told = false;
        expect(greffe_engine_submit(p->engine, &command, take, p) == GREFFE_OK, "not accepted");
        while (!p->told) {
            uint32_t taken;
            (void)poll(&ready, 1, -1);
            expect(greffe_engine_poll(p->engine, 9, &taken) == GREFFE_OK, "not polled");
        }
    }
}

static void sql(sqlite3 *db, const char *text)
{
    expect(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text);
}

static void play_in(played *p)
{
    sqlite3 *db;
    greffe_joined *joined;
    expect(sqlite3_open(p->path, &db) == SQLITE_OK, p->path);
    expect(greffe_engine_join(&joined, p->engine, db) == GREFFE_OK, "not joined");
    for (int i = 0; i < commands; i++) {
        const greffe_actor actor = prime_actor_of(SCRIPT[i].actor);
        const greffe_command command = command_of(p, i, &actor);
        greffe_result result;
        sql(db, "BEGIN IMMEDIATE");
        (void)greffe_engine_execute_in(joined, &result, &command);
        sql(db, "COMMIT");
        note_result(p, &result);
        greffe_result_free(p->engine, &result);
    }
    greffe_engine_leave(joined);
    (void)sqlite3_close(db);
}

static void put_row(sqlite3 *db, const played *p, int i)
{
    const greffe_actor actor = prime_actor_of(SCRIPT[i].actor);
    const greffe_command command = command_of(p, i, &actor);
    char who[200];
    (void)snprintf(who, sizeof who, "{\"subject\":\"%s\",\"kind\":\"%s\",\"services\":[%s%s%s]}",
                   actor.subject, actor.kind, actor.services != NULL ? "\"" : "",
                   actor.services != NULL ? actor.services[0] : "",
                   actor.services != NULL ? "\"" : "");
    char *text = sqlite3_mprintf(
        "INSERT INTO greffe_inbox (verb, stream, key, actor, args) VALUES (%Q, %Q, %Q, %Q, %Q)",
        command.verb, command.stream, command.key, who, command.args.data);
    sql(db, text);
    sqlite3_free(text);
}

static int note_row(void *data, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    note(data, values[0], values[1], values[2], strtoull(values[3], NULL, 10));
    return 0;
}

/* No handler is set: what has to leave waits, as in the other forms. */
static void play_inbox(played *p)
{
    sqlite3 *db;
    greffe_progress did = {.commands = 1};
    expect(sqlite3_open(p->path, &db) == SQLITE_OK, p->path);
    for (int i = 0; i < commands; i++) {
        put_row(db, p, i);
    }
    for (int i = 0; i < commands && did.commands > 0; i++) {
        /* One at a time: what is due between them is not theirs. */
        expect(greffe_engine_run(p->engine, &did, 1, 0) == GREFFE_OK, "a round");
    }
    expect(sqlite3_exec(db, "SELECT status, code, answer, version FROM greffe_inbox ORDER BY id",
                        note_row, p, NULL) == SQLITE_OK,
           "the answers");
    (void)sqlite3_close(db);
}

/* --- Playing --- */

static const struct {
    const char *name;
    void (*play)(played *);
} FORMS[] = {{"blocking", play_blocking},
             {"asynchronous", play_asynchronous},
             {"in", play_in},
             {"inbox", play_inbox}};
enum { forms = (int)(sizeof FORMS / sizeof *FORMS) };

static void play(played *p, int form, const char *planted)
{
    char folder[] = "/tmp/greffe-forms-XXXXXX", path[64], command[128];
    greffe_context *context;
    expect(mkdtemp(folder) != NULL, "no folder");
    (void)snprintf(path, sizeof path, "%s/greffe.db", folder);
    *p = (played){.path = path, .random = 7, .planted = planted};
    expect(greffe_context_create(&context, NULL) == GREFFE_OK, "no context");
    const greffe_engine_options options = {
        .clock = read_clock, .random = prime_random, .random_data = &p->random, .alone = true};
    p->engine = prime_open(context, path, options);
    greffe_plan *plan = prime_compile(context, "d'essai");
    expect(p->engine != NULL && plan != NULL, "no engine");
    expect(greffe_engine_publish(p->engine, plan) == GREFFE_OK, "not published");
    FORMS[form].play(p);
    greffe_progress did; /* what the board decided reaches the dossier */
    greffe_verified verified;
    expect(greffe_engine_run(p->engine, &did, 100, 0) == GREFFE_OK, "a round");
    expect(greffe_engine_verify(p->engine, &verified, NULL) == GREFFE_OK, "not verified");
    memcpy(p->seal, verified.seal, sizeof p->seal);
    greffe_engine_close(p->engine);
    greffe_plan_unref(plan);
    greffe_context_destroy(context);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    expect(system(command) == 0, command);
}

/* For a binding: the script, what each command is told, the bundle and the seal, as JSON. */
static void print_script(const played *p, const greffe_plan *plan)
{
    greffe_str bundle = greffe_plan_bundle(plan);
    const char *line = p->answers;
    (void)printf("{\"random\":7,\"now_ms\":%lld,\"seal\":\"%s\",\"commands\":[",
                 (long long)PRIME_START, p->seal);
    for (int i = 0; i < commands; i++) {
        const greffe_actor actor = prime_actor_of(SCRIPT[i].actor);
        bool serves = actor.services != NULL;
        (void)printf("%s{\"verb\":\"%s\",\"stream\":\"%s\",\"key\":\"%s\",\"args\":%s,"
                     "\"subject\":\"%s\",\"kind\":\"%s\",\"services\":[%s%s%s],\"status\":"
                     "\"%.*s\"}",
                     i > 0 ? "," : "", SCRIPT[i].verb, SCRIPT[i].stream, SCRIPT[i].key,
                     SCRIPT[i].args, actor.subject, actor.kind, serves ? "\"" : "",
                     serves ? actor.services[0] : "", serves ? "\"" : "", (int)strcspn(line, " "),
                     line);
        line = strchr(line, '\n') + 1;
    }
    (void)printf("],\"bundle\":\"");
    for (size_t i = 0; i < bundle.size; i++) {
        (void)printf("%02x", (unsigned char)bundle.data[i]);
    }
    (void)printf("\"}\n");
}

static int tell_script(void)
{
    static played p;
    greffe_context *context;
    play(&p, 0, NULL);
    expect(greffe_context_create(&context, NULL) == GREFFE_OK, "no context");
    greffe_plan *plan = prime_compile(context, "d'essai");
    expect(plan != NULL, "no plan");
    print_script(&p, plan);
    greffe_plan_unref(plan);
    greffe_context_destroy(context);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "script") == 0) {
        return tell_script();
    }
    static played first, other;
    bool planted = argc > 1 && strcmp(argv[1], "planted") == 0, all = argc == 1 || planted;
    int same = 0;
    for (int i = 0; i < forms; i++) {
        if (!all && strcmp(argv[1], FORMS[i].name) != 0) {
            continue;
        }
        played *p = i == 0 ? &first : &other;
        play(p, i, planted && i == 1 ? "{\"text\":\"Planté\"}" : NULL);
        (void)printf("%-13s %s\n", FORMS[i].name, p->seal);
        if (all && i > 0 &&
            (strcmp(first.seal, p->seal) != 0 || strcmp(first.answers, p->answers) != 0)) {
            (void)printf("%s differs:\n%s\nfrom\n%s\n", FORMS[i].name, p->answers, first.answers);
        } else {
            same += 1;
        }
    }
    if (planted) {
        (void)printf("the planted difference was %s\n", same == forms - 1 ? "found" : "NOT found");
        return same == forms - 1 ? 0 : 1;
    }
    (void)printf("%d commands each; %d forms the same\n", commands, same);
    return same == (all ? forms : 1) ? 0 : 1;
}
