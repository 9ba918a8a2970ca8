/* Memory with many dossiers that wait:
 *
 *     parked --dir DIRECTORY [--dossiers N] [--plant 1]
 *
 * Files N/10 and N dossiers into stores of their own; each then waits for an agent, with a timer.
 * A process that was begun for it opens each store, does a round, and reads a page of tasks, of
 * dossiers and of what is due: how much memory it took must not hang on how many there are, but
 * for SQLite's page cache, which fills up to 2 MiB. Exit code 1: it took more than that. Planted,
 * it keeps a little of each. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <greffe/async.h>

#include "support/prime_kit.c"

enum { in_flight = 200, most_keys = 10000, least_dossiers = 1000, cache_kib = 2048 };
static bool planted;

static void fail(const char *what)
{
    (void)fprintf(stderr, "parked: %s\n", what);
    exit(2);
}

static void expect(greffe_status status, const char *what)
{
    if (status != GREFFE_OK) {
        (void)fprintf(stderr, "parked: %s: %s\n", what, greffe_status_name(status));
        exit(2);
    }
}

static int64_t read_clock(void *data)
{
    (void)data;
    return PRIME_START;
}

typedef struct host {
    greffe_context *context;
    greffe_engine *engine;
    uint32_t told;
} host;

static host open_host(const char *path)
{
    host h = {0};
    const greffe_engine_options options = {.size = sizeof options, .clock = read_clock};
    expect(greffe_context_create(&h.context, NULL), "a context");
    h.engine = prime_open(h.context, path, options);
    if (h.engine == NULL) {
        fail("the store cannot be opened");
    }
    return h;
}

static void close_host(const host *h)
{
    greffe_engine_close(h->engine);
    greffe_context_destroy(h->context);
}

/* --- Filing --- */

static greffe_status leave(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)effect;
    (void)problem;
    return GREFFE_OK;
}

static void on_filed(void *data, greffe_result *result)
{
    host *h = data;
    expect(result->status, "a filing");
    greffe_result_free(h->engine, result);
    h->told += 1;
}

static void take_replies(host *h, uint32_t wanted)
{
    while (h->told < wanted) {
        uint32_t taken;
        expect(greffe_engine_poll(h->engine, in_flight, &taken), "replies");
        if (taken == 0) {
            (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        }
    }
}

static void deliver(host *h)
{
    greffe_progress did = {.more = true};
    while (did.more || did.effects > 0) {
        expect(greffe_engine_run(h->engine, &did, 1000, 0), "a round");
    }
}

static void file_all(const char *path, uint32_t count)
{
    host h = open_host(path);
    greffe_plan *plan = prime_compile(h.context, "Prime");
    if (plan == NULL) {
        fail("the procedure cannot be compiled");
    }
    expect(greffe_engine_publish(h.engine, plan), "publishing");
    expect(prime_take(h.engine, "mail", leave, NULL), "a handler");
    const greffe_actor citizen = prime_actor_of(CITIZEN);
    for (uint32_t i = 0; i < count; i++) {
        char key[32], args[256];
        (void)snprintf(key, sizeof key, "d%u", i);
        const char *answers = prime_filing(args, i % most_keys);
        const greffe_command command = {.size = sizeof command,
                                        .verb = "file",
                                        .stream = key,
                                        .key = "k",
                                        .actor = &citizen,
                                        .args = {answers, strlen(answers)}};
        expect(greffe_engine_submit(h.engine, &command, on_filed, &h), "submitting");
        if ((i + 1) % in_flight == 0 || i + 1 == count) {
            take_replies(&h, i + 1);
        }
        if ((i + 1) % (in_flight * 50) == 0) {
            deliver(&h);
            (void)fprintf(stderr, "\r%u of %u", i + 1, count);
        }
    }
    deliver(&h);
    (void)fprintf(stderr, "\r%24s\r", "");
    greffe_plan_unref(plan);
    close_host(&h);
}

/* --- Looking --- */

static void read_page(const host *h, greffe_query_kind kind, const char *group)
{
    char *answer;
    const greffe_query query = {.size = sizeof query, .kind = kind, .group = group, .limit = 100};
    expect(greffe_engine_read(h->engine, &answer, &query), "a page");
    if (strstr(answer, "d1") == NULL) {
        fail("nobody waits there");
    }
    greffe_engine_free(h->engine, answer);
}

static long most_kib(void)
{
    char line[160];
    long found = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            found = strtol(line + 6, NULL, 10);
        }
    }
    if (status == NULL || found == 0) {
        fail("/proc/self/status does not say how much memory there is");
    }
    (void)fclose(status);
    return found;
}

static long look(const char *path, uint32_t count)
{
    enum { little = 256 };
    host h = open_host(path);
    volatile char *kept = planted ? malloc((size_t)count * little) : NULL;
    for (size_t i = 0; kept != NULL && i < (size_t)count * little; i++) {
        kept[i] = 1;
    }
    expect(prime_take(h.engine, "mail", leave, NULL), "a handler");
    deliver(&h);
    read_page(&h, GREFFE_QUERY_TASKS, "mobilites");
    read_page(&h, GREFFE_QUERY_DOSSIERS, NULL);
    long kib = most_kib();
    close_host(&h);
    free((void *)kept);
    return kib;
}

/* In a process of its own, so that what one takes is not the other's. */
static long apart(const char *path, uint32_t count, bool files)
{
    int ends[2];
    long kib = 0;
    if (pipe(ends) != 0) {
        fail("no pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        if (files) {
            file_all(path, count);
        } else {
            kib = look(path, count);
        }
        _exit(write(ends[1], &kib, sizeof kib) == sizeof kib ? 0 : 2);
    }
    (void)close(ends[1]);
    int status = 0;
    if (child < 0 || read(ends[0], &kib, sizeof kib) != sizeof kib ||
        waitpid(child, &status, 0) != child || status != 0) {
        fail("the other process failed");
    }
    (void)close(ends[0]);
    return kib;
}

static long measure(const char *directory, uint32_t count)
{
    char path[400];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s/parked-%u.db", directory, count);
    (void)remove(path);
    (void)apart(path, count, true);
    if (stat(path, &found) != 0) {
        fail("the store is not there");
    }
    long kib = apart(path, count, false);
    (void)printf("%8u dossiers wait, %7.1f MiB of store: %6.1f MiB of memory at most\n", count,
                 (double)found.st_size / 1048576, (double)kib / 1024);
    (void)remove(path);
    return kib;
}

int main(int argc, char **argv)
{
    const char *directory = NULL;
    uint32_t dossiers = 100000;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--dir") == 0) {
            directory = argv[i + 1];
        } else if (strcmp(argv[i], "--dossiers") == 0) {
            dossiers = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--plant") == 0) {
            planted = true;
        }
    }
    if (directory == NULL || dossiers / 10 < least_dossiers) {
        fail("parked --dir DIRECTORY [--dossiers N], N at least 10000");
    }
    long few = measure(directory, dossiers / 10), many = measure(directory, dossiers);
    bool flat = many - few <= cache_kib;
    (void)printf("ten times as many take %.1f MiB more: %s\n", (double)(many - few) / 1024,
                 flat ? "no more than the page cache" : "that is more than the page cache");
    return flat ? 0 : 1;
}
