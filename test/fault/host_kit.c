/* A host as a process of its own, to be killed: it files dossiers, or it dispatches.
 *
 *     host_kit publish STORE BEGAN_MS
 *     host_kit dispatch STORE BEGAN_MS RECEIVED
 *     host_kit submit STORE BEGAN_MS ACCEPTED NAME FIRST      the engine's own transactions
 *     host_kit join STORE BEGAN_MS ACCEPTED NAME FIRST        the host's, with a row of its own
 *
 * RECEIVED and ACCEPTED are files to which a line is appended for each letter that was received and
 * each command that was accepted: they are the world outside, which no kill takes back. Time goes
 * a hundred times as fast, so that leases end soon. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <greffe/join.h>
#include <greffe/loop.h>

#include "support/prime_kit.c"

enum { speed = 100, in_flight = 16, most_text = 4096 };

static int64_t began_ms;

static void die(const char *what)
{
    (void)fprintf(stderr, "host_kit: %s\n", what);
    exit(1);
}

static void expect(greffe_status status, const char *what)
{
    if (status != GREFFE_OK) {
        (void)fprintf(stderr, "%s: ", greffe_status_name(status));
        die(what);
    }
}

static int64_t fast_clock(void *data)
{
    struct timespec now;
    (void)data;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return PRIME_START + (ms - began_ms) * speed;
}

/* One write: a line is there whole, or not at all. */
static void append(const char *path, const char *line)
{
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (file < 0 || write(file, line, strlen(line)) != (ssize_t)strlen(line)) {
        die(path);
    }
    (void)close(file);
}

static greffe_engine *opened(greffe_context *context, const char *store)
{
    const greffe_engine_options options = {.clock = fast_clock};
    greffe_engine *engine = prime_open(context, store, options);
    for (int tries = 0; tries < 100 && engine == NULL; tries++) {
        engine = prime_open(context, store, options);
    }
    if (engine == NULL) {
        die("the store cannot be opened");
    }
    return engine;
}

/* --- The dispatcher --- */

/* FNV-1a: what was received is told apart, not sealed. */
static uint64_t mark_of(const greffe_effect *effect)
{
    const char *const texts[] = {effect->subject, effect->text, effect->body.data};
    uint64_t mark = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < 3; i++) {
        for (const char *c = texts[i]; *c != '\0'; c++) {
            mark = (mark ^ (unsigned char)*c) * UINT64_C(1099511628211);
        }
    }
    return mark;
}

static greffe_status receive(void *data, const greffe_effect *effect, char problem[256])
{
    char line[most_text];
    (void)problem;
    (void)snprintf(line, sizeof line, "%s\t%016llx\t%s\n", effect->key,
                   (unsigned long long)mark_of(effect), effect->letter);
    append(data, line);
    return GREFFE_OK;
}

static void dispatch(greffe_engine *engine, char *received)
{
    greffe_loop *loop;
    const greffe_loop_options options = {.size = sizeof options, .engine = engine, .idle_ms = 20};
    expect(prime_take(engine, "mail", receive, received), "a handler is not taken");
    expect(greffe_loop_attach(&loop, &options), "no loop");
    expect(greffe_loop_run(loop), "the loop does not turn");
}

/* --- Those who file --- */

typedef struct host {
    greffe_engine *engine;
    greffe_joined *joined;
    sqlite3 *db;
    const char *accepted, *name;
    unsigned next, waiting;
} host;

static void accept_one(const host *h, const char *dossier)
{
    char line[most_text];
    (void)snprintf(line, sizeof line, "%s\n", dossier);
    append(h->accepted, line);
}

typedef struct call {
    host *h;
    char dossier[64];
} call;

static void told(void *data, greffe_result *result)
{
    call *c = data;
    c->h->waiting -= 1;
    if (result->status == GREFFE_OK) {
        accept_one(c->h, c->dossier);
    } else if (result->status != GREFFE_EBUSY) {
        die(result->message != NULL ? result->message : "refused");
    }
    greffe_result_free(c->h->engine, result);
    free(c);
}

static greffe_command filing(host *h, char dossier[64], char args[256], const greffe_actor *actor)
{
    (void)snprintf(dossier, 64, "%s-%u", h->name, h->next);
    prime_filing(args, h->next++);
    return (greffe_command){.size = sizeof(greffe_command),
                            .verb = "file",
                            .stream = dossier,
                            .key = "k",
                            .actor = actor,
                            .args = {args, strlen(args)}};
}

static void submit(host *h)
{
    const greffe_actor actor = prime_actor_of(CITIZEN);
    for (;;) {
        uint32_t taken;
        while (h->waiting < in_flight) {
            char args[256];
            call *c = malloc(sizeof *c);
            if (c == NULL) {
                die("no memory");
            }
            c->h = h;
            const greffe_command command = filing(h, c->dossier, args, &actor);
            expect(greffe_engine_submit(h->engine, &command, told, c), "nothing is accepted");
            h->waiting += 1;
        }
        expect(greffe_engine_poll(h->engine, in_flight, &taken), "replies are not given");
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

static void sql(const host *h, const char *text)
{
    char *problem = NULL;
    if (sqlite3_exec(h->db, text, NULL, NULL, &problem) != SQLITE_OK) {
        die(problem);
    }
}

/* Every fifth transaction is taken back: the portal found something wrong. */
static void join(host *h, const char *store)
{
    const greffe_actor actor = prime_actor_of(CITIZEN);
    if (sqlite3_open(store, &h->db) != SQLITE_OK) {
        die("the host's connection");
    }
    sqlite3_busy_timeout(h->db, 10000);
    sql(h, "PRAGMA synchronous = FULL");
    expect(greffe_engine_join(&h->joined, h->engine, h->db), "the connection is not joined");
    for (;;) {
        char dossier[64], args[256], text[200];
        greffe_result result;
        const greffe_command command = filing(h, dossier, args, &actor);
        sql(h, "BEGIN IMMEDIATE");
        (void)snprintf(text, sizeof text, "INSERT INTO portal VALUES ('%s')", dossier);
        sql(h, text);
        expect(greffe_engine_execute_in(h->joined, &result, &command), "the command is refused");
        greffe_result_free(h->engine, &result);
        if (h->next % 5 == 0) {
            sql(h, "ROLLBACK");
        } else {
            sql(h, "COMMIT");
            accept_one(h, dossier);
            greffe_engine_kick(h->engine);
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 4000000}, NULL);
    }
}

int main(int argc, char **argv)
{
    greffe_context *context;
    if (argc < 4) {
        die("publish|dispatch|submit|join STORE BEGAN_MS …");
    }
    began_ms = strtoll(argv[3], NULL, 10);
    expect(greffe_context_create(&context, NULL), "no context");
    greffe_engine *engine = opened(context, argv[2]);
    if (strcmp(argv[1], "publish") == 0) {
        greffe_plan *plan = prime_compile(context, "d'essai");
        expect(greffe_engine_publish(engine, plan), "nothing is published");
        greffe_plan_unref(plan);
    } else if (strcmp(argv[1], "dispatch") == 0 && argc == 5) {
        dispatch(engine, argv[4]);
    } else if (argc == 7) {
        host h = {.engine = engine,
                  .accepted = argv[4],
                  .name = argv[5],
                  .next = (unsigned)strtoul(argv[6], NULL, 10)};
        if (strcmp(argv[1], "submit") == 0) {
            submit(&h);
        } else {
            join(&h, argv[2]);
        }
    }
    greffe_engine_close(engine);
    greffe_context_destroy(context);
    return 0;
}
