/* A host that sends, as a process of its own, told what to do line by line on its input.
 *
 *     sender_kit SITE STORE turn|loop|watch       STORE is a path, or "memory"
 *
 * Words of a line are parted by tabs:
 *
 *     file PROCEDURE DOSSIER ANSWERS FILL   files a dossier, and an agent fills in a motif
 *     go ENDS MS                       sends until so many attempts have ended, nothing is left to
 *                                      do now, or the time is over
 *     later MS                         the clock goes on; nothing is done
 *     finish TOKEN STATUS AGAIN_MS OUTCOME GIVES
 *     look DOSSIER
 *
 * What happens is a line of JSON each; the last line of a command has "did". The clock is the
 * system's, and as much later as was said. Three ways to turn the sender: by hand, on a loop of
 * libuv, and on a loop that is nothing but poll(). */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <greffe/loop.h>
#include <uv.h>

enum { most_rows = 512, most_watched = 256, most_line = 1 << 17, tick_ms = 5, quiet_ms = 60 };

typedef struct row {
    char stream[130], effect[130], channel[80];
    unsigned attempts;
    bool incident, there;
} row;

typedef struct kit {
    greffe_context *context;
    greffe_site *site;
    greffe_engine *engine;
    greffe_sender *sender;
    const char *how;
    int64_t later_ms; /* how much the clock is later than the system's */
    row rows[most_rows];
    unsigned row_count, ends, commands;
    /* on libuv */
    uv_loop_t uv;
    uv_timer_t tick;
    greffe_loop *loop;
    /* on poll() */
    struct pollfd watched[most_watched];
    nfds_t watched_count;
    int64_t timer_ms; /* below 0: none */
} kit;

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "sender_kit: %s\n", what);
    exit(1);
}

static void expect(greffe_status status, const char *what)
{
    if (status != GREFFE_OK) {
        (void)fprintf(stderr, "%s: ", greffe_status_name(status));
        die(what);
    }
}

static int64_t instant(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t read_clock(void *data)
{
    const kit *k = data;
    return instant(CLOCK_REALTIME) + k->later_ms;
}

/* --- What is told --- */

static void say(cJSON *line)
{
    char *text = cJSON_PrintUnformatted(line);
    if (text == NULL) {
        die("no memory");
    }
    (void)puts(text);
    (void)fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(line);
}

static cJSON *line_of(const char *name, const char *value)
{
    cJSON *line = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(line, name, value);
    return line;
}

static unsigned descriptors(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL) {
        count += 1;
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return count;
}

static double resident_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        char text[128];
        const char *second = fgets(text, sizeof text, file) != NULL ? strchr(text, ' ') : NULL;
        pages = second != NULL ? strtol(second, NULL, 10) : 0;
        (void)fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static void say_did(kit *k, const char *what, const char *status)
{
    cJSON *line = line_of("did", what);
    (void)cJSON_AddStringToObject(line, "status", status);
    (void)cJSON_AddNumberToObject(line, "now_ms", (double)read_clock(k));
    (void)cJSON_AddNumberToObject(line, "descriptors", descriptors());
    (void)cJSON_AddNumberToObject(line, "watched", (double)k->watched_count);
    (void)cJSON_AddNumberToObject(line, "resident_kb", resident_kb());
    say(line);
}

/* Why an attempt failed, and that a channel rests, is told by the log alone. */
static void keep_log(void *data, greffe_log_level level, const char *text)
{
    (void)data;
    if (level <= GREFFE_LOG_WARNING) {
        say(line_of("log", text));
    }
}

static void say_end(kit *k, const row *one, const char *state, const char *problem)
{
    cJSON *line = line_of("state", state);
    k->ends += 1;
    (void)cJSON_AddStringToObject(line, "dossier", one->stream);
    (void)cJSON_AddStringToObject(line, "effect", one->effect);
    (void)cJSON_AddStringToObject(line, "channel", one->channel);
    (void)cJSON_AddNumberToObject(line, "attempts", one->attempts);
    (void)cJSON_AddStringToObject(line, "problem", problem);
    (void)cJSON_AddNumberToObject(line, "now_ms", (double)read_clock(k));
    say(line);
}

/* --- What becomes of effects --- */

static const char *text_of(const cJSON *item, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name));
    return text != NULL ? text : "";
}

static row *row_of(kit *k, const cJSON *item)
{
    const char *stream = text_of(item, "stream"), *effect = text_of(item, "effect");
    for (unsigned i = 0; i < k->row_count; i++) {
        row *one = &k->rows[i];
        if (strcmp(one->stream, stream) == 0 && strcmp(one->effect, effect) == 0) {
            return one;
        }
    }
    if (k->row_count == most_rows) {
        die("too many effects");
    }
    row *one = &k->rows[k->row_count++];
    *one = (row){0};
    (void)snprintf(one->stream, sizeof one->stream, "%s", stream);
    (void)snprintf(one->effect, sizeof one->effect, "%s", effect);
    (void)snprintf(one->channel, sizeof one->channel, "%s", text_of(item, "channel"));
    return one;
}

static void compare(kit *k, const cJSON *item)
{
    row *one = row_of(k, item);
    unsigned attempts = (unsigned)cJSON_GetNumberValue(cJSON_GetObjectItem(item, "attempts"));
    bool incident = strcmp(text_of(item, "state"), "incident") == 0;
    one->there = true;
    if (incident && !one->incident) {
        one->attempts = attempts;
        say_end(k, one, "incident", text_of(item, "problem"));
    } else if (!incident && attempts > one->attempts) {
        one->attempts = attempts;
        say_end(k, one, "again", "");
    }
    one->incident = incident;
}

/* What was there and is there no more has left. */
static void tell_sent(kit *k)
{
    for (unsigned i = 0; i < k->row_count;) {
        row *one = &k->rows[i];
        if (one->there) {
            i += 1;
            continue;
        }
        say_end(k, one, "sent", "");
        *one = k->rows[--k->row_count];
    }
}

static void look_at_effects(kit *k)
{
    const greffe_query query = {
        .size = sizeof query, .kind = GREFFE_QUERY_EFFECTS, .limit = most_rows};
    char *answer;
    const cJSON *item;
    expect(greffe_engine_read(k->engine, &answer, &query), "effects are not read");
    cJSON *page = cJSON_Parse(answer);
    greffe_engine_free(k->engine, answer);
    for (unsigned i = 0; i < k->row_count; i++) {
        k->rows[i].there = false;
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(page, "items"))
    {
        compare(k, item);
    }
    tell_sent(k);
    cJSON_Delete(page);
}

/* --- Three ways to turn it --- */

/* False: there is nothing to do now. */
static bool turn_by_hand(kit *k)
{
    greffe_progress progress;
    greffe_sending sending;
    expect(greffe_engine_run(k->engine, &progress, 100, 0), "the engine does not run");
    look_at_effects(k);
    expect(greffe_sender_turn(k->sender, &sending, tick_ms), "the sender does not turn");
    return progress.more || progress.timers + progress.effects + progress.incidents > 0 ||
           sending.sent + sending.failed > 0 || sending.under_way > 0;
}

static void note_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* A loop does not say what is under way. */
static bool turn_on_libuv(kit *k)
{
    (void)uv_run(&k->uv, UV_RUN_ONCE);
    return true;
}

static greffe_status watch_descriptor(void *data, int fd, unsigned events)
{
    kit *k = data;
    nfds_t at = 0;
    while (at < k->watched_count && k->watched[at].fd != fd) {
        at++;
    }
    if (events == 0) {
        if (at < k->watched_count) {
            k->watched[at] = k->watched[--k->watched_count];
        }
        return GREFFE_OK;
    }
    if (at == most_watched) {
        return GREFFE_ENOMEM;
    }
    k->watched_count += at == k->watched_count;
    unsigned wanted = ((events & GREFFE_WATCH_READ) != 0 ? (unsigned)POLLIN : 0) |
                      ((events & GREFFE_WATCH_WRITE) != 0 ? (unsigned)POLLOUT : 0);
    k->watched[at] = (struct pollfd){.fd = fd, .events = (short)wanted};
    return GREFFE_OK;
}

static void watch_timer(void *data, int64_t in_ms)
{
    kit *k = data;
    k->timer_ms = in_ms < 0 ? -1 : instant(CLOCK_MONOTONIC) + in_ms;
}

static unsigned came_of(int revents)
{
    unsigned failed = (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? 3 : 0;
    return failed | ((revents & POLLIN) != 0 ? GREFFE_WATCH_READ : 0) |
           ((revents & POLLOUT) != 0 ? GREFFE_WATCH_WRITE : 0);
}

static bool turn_on_poll(kit *k)
{
    static struct pollfd came[most_watched];
    greffe_progress progress;
    expect(greffe_engine_run(k->engine, &progress, 100, 0), "the engine does not run");
    nfds_t count = k->watched_count;
    memcpy(came, k->watched, count * sizeof *came);
    (void)poll(came, count, tick_ms);
    for (nfds_t i = 0; i < count; i++) {
        if (came[i].revents != 0) {
            greffe_sender_ready(k->sender, came[i].fd, came_of(came[i].revents));
        }
    }
    if (k->timer_ms >= 0 && instant(CLOCK_MONOTONIC) >= k->timer_ms) {
        k->timer_ms = -1;
        greffe_sender_ready(k->sender, -1, 0);
    }
    greffe_sending sending;
    expect(greffe_sender_turn(k->sender, &sending, 0), "the sender does not say what it does");
    return progress.more || progress.timers + progress.effects > 0 || sending.under_way > 0;
}

static bool turn(kit *k)
{
    return strcmp(k->how, "turn") == 0   ? turn_by_hand(k)
           : strcmp(k->how, "loop") == 0 ? turn_on_libuv(k)
                                         : turn_on_poll(k);
}

static void attach(kit *k)
{
    const greffe_loop_options options = {.size = sizeof options,
                                         .engine = k->engine,
                                         .uv = &k->uv,
                                         .idle_ms = 50,
                                         .sender = k->sender};
    const greffe_watch watch = {
        .size = sizeof watch, .descriptor = watch_descriptor, .timer = watch_timer, .data = k};
    if (strcmp(k->how, "watch") == 0) {
        expect(greffe_sender_watch(k->sender, &watch), "the sender is not watched");
    }
    if (strcmp(k->how, "loop") != 0) {
        return;
    }
    if (uv_loop_init(&k->uv) != 0 || uv_timer_init(&k->uv, &k->tick) != 0 ||
        uv_timer_start(&k->tick, note_tick, tick_ms, tick_ms) != 0) {
        die("no loop");
    }
    expect(greffe_loop_attach(&k->loop, &options), "the engine is not on the loop");
}

static void detach(kit *k)
{
    if (strcmp(k->how, "watch") == 0) {
        expect(greffe_sender_watch(k->sender, NULL), "the sender is not let go");
    }
    if (strcmp(k->how, "loop") == 0) {
        greffe_loop_detach(k->loop, NULL, NULL);
        uv_close((uv_handle_t *)&k->tick, NULL);
        (void)uv_run(&k->uv, UV_RUN_DEFAULT);
        if (uv_loop_close(&k->uv) != 0) {
            die("something is left on the loop");
        }
        uv_library_shutdown();
    }
}

/* --- Commands --- */

static void go(kit *k, unsigned wanted, int64_t most_ms)
{
    int64_t begun = instant(CLOCK_MONOTONIC), busy = begun, now = begun, longest_ms = 0;
    unsigned before = k->ends;
    do {
        unsigned ends = k->ends;
        int64_t turned = instant(CLOCK_MONOTONIC);
        bool more = turn(k);
        look_at_effects(k);
        now = instant(CLOCK_MONOTONIC);
        longest_ms = now - turned > longest_ms ? now - turned : longest_ms;
        busy = more || k->ends > ends ? now : busy;
    } while (k->ends - before < wanted && now - begun < most_ms && now - busy < quiet_ms);
    cJSON *line = line_of("turned", k->how);
    (void)cJSON_AddNumberToObject(line, "ends", k->ends - before);
    (void)cJSON_AddNumberToObject(line, "took_ms", (double)(now - begun));
    (void)cJSON_AddNumberToObject(line, "longest_ms", (double)longest_ms);
    say(line);
    say_did(k, "go", "ok");
}

static greffe_status execute(kit *k, const char *verb, const char *dossier,
                             const greffe_actor *actor, const char *args)
{
    greffe_result result;
    const greffe_command command = {.size = sizeof command,
                                    .verb = verb,
                                    .stream = dossier,
                                    .key = verb,
                                    .actor = actor,
                                    .args = {args, strlen(args)}};
    greffe_status status = greffe_engine_execute(k->engine, &result, &command);
    greffe_result_free(k->engine, &result);
    return status;
}

/* A citizen files, and an agent writes what the answer tells of: {"motif": …} of `fill`. */
static void file(kit *k, const char *procedure, const char *dossier, const char *answers,
                 const char *fill)
{
    static char args[most_line + 256];
    static const char *const services[] = {"accueil", NULL};
    const greffe_actor citizen = {.size = sizeof citizen, .subject = "c1", .kind = "applicant"};
    const greffe_actor agent = {
        .size = sizeof agent, .subject = "a1", .kind = "agent", .services = services};
    (void)snprintf(args, sizeof args, "{\"procedure\":\"%s\",\"answers\":%s}", procedure, answers);
    greffe_status status = execute(k, "file", dossier, &citizen, args);
    if (status == GREFFE_OK) {
        (void)snprintf(args, sizeof args,
                       "{\"step\":\"instruction\",\"outcome\":\"fait\",\"fill\":%s}", fill);
        status = execute(k, "complete", dossier, &agent, args);
    }
    look_at_effects(k);
    say_did(k, "file", greffe_status_name(status));
}

static void finish(kit *k, char *const words[5])
{
    const greffe_end end = {.size = sizeof end,
                            .status = (greffe_status)strtol(words[1], NULL, 10),
                            .again_ms = strtoull(words[2], NULL, 10),
                            .outcome = words[3][0] != '\0' ? words[3] : NULL,
                            .gives = {words[4], strlen(words[4])}};
    greffe_status status = greffe_engine_finish(k->engine, words[0], &end);
    say_did(k, "finish", greffe_status_name(status));
}

static void look(kit *k, const char *dossier)
{
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = dossier};
    char *answer;
    expect(greffe_engine_read(k->engine, &answer, &query), dossier);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddItemToObject(line, "dossier", cJSON_Parse(answer));
    greffe_engine_free(k->engine, answer);
    say(line);
    say_did(k, "look", "ok");
}

static void obey(kit *k, char *line)
{
    char *words[6] = {"", "", "", "", "", ""};
    for (size_t count = 0; line != NULL && count < 6; count++) {
        words[count] = line;
        line = strchr(line, '\t');
        if (line != NULL) {
            *line++ = '\0';
        }
    }
    if (strcmp(words[0], "file") == 0) {
        file(k, words[1], words[2], words[3], words[4]);
    } else if (strcmp(words[0], "go") == 0) {
        go(k, (unsigned)strtoul(words[1], NULL, 10), strtoll(words[2], NULL, 10));
    } else if (strcmp(words[0], "later") == 0) {
        k->later_ms += strtoll(words[1], NULL, 10);
        greffe_engine_kick(k->engine);
        say_did(k, "later", "ok");
    } else if (strcmp(words[0], "finish") == 0) {
        finish(k, &words[1]);
    } else if (strcmp(words[0], "look") == 0) {
        look(k, words[1]);
    } else {
        die(words[0]);
    }
}

/* --- Three procedures: a letter, a message by a channel of the host's own, a call --- */

/* Letters tell of what an agent has written by {{reason}}, which is what is filled in as motif. */
#define HEAD(name)                                                                                 \
    "greffe: 1\n"                                                                                  \
    "procedure: " name "\n"                                                                        \
    "title: Essai\n"                                                                               \
    "retention: {other: 2 years}\n"                                                                \
    "uses: ville\n"                                                                                \
    "roles:\n"                                                                                     \
    "  demandeur: {kind: applicant, form: personne}\n"                                             \
    "  agent: {kind: agent, service: accueil}\n"
#define STEPS(next)                                                                                \
    "steps:\n"                                                                                     \
    "  depot: {kind: submission, by: demandeur, then: instruction}\n"                              \
    "  instruction: {kind: task, by: agent, then: {fait: {fill: {motif: {type: long text, label: " \
    "Motif}}, then: " next "}}}\n"

static const struct {
    const char *name, *text;
} files[] = {
    {"ville.yaml", "greffe: 1\n"
                   "authority: ville\n"
                   "title: Ville d'essai\n"
                   "zone: Europe/Paris\n"
                   "calendar: {holidays: fr}\n"
                   "contact: mairie@example.org\n"
                   "appeal: Un recours est possible.\n"
                   "services: {accueil: {title: Accueil}}\n"
                   "form:\n"
                   "  personne:\n"
                   "    title: Vous\n"
                   "    fields: {courriel: {type: email, label: Courriel}}\n"},
    {"lettre", HEAD("lettre") STEPS(
                   "reponse") "  reponse: {kind: notification, to: demandeur, template: motif, "
                              "then: fini}\n"
                              "  fini: {kind: end, outcome: fini}\n"},
    {"avis", HEAD("avis")
                 STEPS("reponse") "  reponse: {kind: notification, to: demandeur, template: motif, "
                                  "channel: sms, then: fini}\n"
                                  "  fini: {kind: end, outcome: fini}\n"},
    {"appel",
     HEAD("appel") "services:\n"
                   "  caf:\n"
                   "    with: {nom: text}\n"
                   "    gives: {quotient: {type: money, label: Quotient}}\n"
                   "    outcomes: [inconnu]\n"
                   "    within: 30 days\n" STEPS(
                       "demande") "  demande:\n    kind: call\n    service: caf\n"
                                  "    with: {nom: 'if instruction.motif != null then "
                                  "instruction.motif else demandeur.courriel'}\n"
                                  "    then: {answered: fini, inconnu: perdu, expired: perdu}\n"
                                  "  fini: {kind: end, outcome: fini}\n"
                                  "  perdu: {kind: end, outcome: perdu}\n"},
    {"letters/motif.txt", "Objet: Réponse {{reason}}\n\n"
                          ".une ligne\n..deux points\n.\nFrom rien\n{{reason}}\n.\nFin.\n"},
    {"letters/accuse_reception.txt", "Objet: Reçu {{number}}\n\nMerci.\n"},
};

static greffe_status read_in_memory(void *data, const char *name, greffe_str *out)
{
    (void)data;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].name, name) == 0) {
            *out = (greffe_str){files[i].text, strlen(files[i].text)};
            return GREFFE_OK;
        }
    }
    return GREFFE_ENOTFOUND;
}

static void publish(kit *k, const char *procedure)
{
    const greffe_compile_options options = {.size = sizeof options, .read = read_in_memory};
    greffe_diags *diags;
    greffe_plan *plan;
    greffe_str text;
    const char *json;
    expect(greffe_diags_create(&diags, k->context), "no diagnostics");
    expect(read_in_memory(NULL, procedure, &text), procedure);
    greffe_status status = greffe_compile(&plan, k->context, diags, procedure, text, &options);
    if (status != GREFFE_OK && greffe_diags_render_json(&json, diags) == GREFFE_OK) {
        die(json);
    }
    expect(status, procedure);
    greffe_diags_destroy(diags);
    expect(greffe_engine_publish(k->engine, plan), "nothing is published");
    greffe_plan_unref(plan);
}

/* --- The host --- */

static void read_site(kit *k, const char *path)
{
    static char text[most_line];
    greffe_diags *diags;
    const char *json = "";
    FILE *site = fopen(path, "rb");
    size_t size = site != NULL ? fread(text, 1, sizeof text, site) : 0;
    if (site == NULL || fclose(site) != 0) {
        die(path);
    }
    expect(greffe_diags_create(&diags, k->context), "no diagnostics");
    greffe_status status =
        greffe_site_read(&k->site, k->context, diags, "site.yaml", (greffe_str){text, size});
    if (status != GREFFE_OK && greffe_diags_render_json(&json, diags) == GREFFE_OK) {
        cJSON *line = line_of("refused", greffe_status_name(status));
        (void)cJSON_AddStringToObject(line, "problem", json);
        say(line);
    }
    greffe_diags_destroy(diags);
}

/* What cannot be reached as it is written is told, and waits. */
static void add_destinations(kit *k)
{
    const greffe_destination *one;
    char problem[256] = "";
    for (size_t i = 0; k->site != NULL && (one = greffe_site_destination(k->site, i)) != NULL;
         i++) {
        greffe_status status = greffe_sender_add(k->sender, one, problem);
        if (status != GREFFE_OK) {
            cJSON *line = line_of("refused", greffe_status_name(status));
            (void)cJSON_AddStringToObject(line, "problem", problem);
            say(line);
        }
    }
}

static void open_host(kit *k, const char *store)
{
    const greffe_context_options logs = {.size = sizeof logs, .log = keep_log};
    const greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = store};
    greffe_engine_options options = {
        .size = sizeof options, .clock = read_clock, .clock_data = k, .alone = true};
    expect(greffe_context_create(&k->context, &logs), "no context");
    expect(strcmp(store, "memory") == 0 ? greffe_store_memory(&options.store)
                                        : greffe_store_sqlite(&options.store, &sqlite),
           "no store");
    expect(greffe_engine_open(&k->engine, k->context, &options), "no engine");
    publish(k, "lettre");
    publish(k, "avis");
    publish(k, "appel");
    expect(greffe_sender_create(&k->sender, k->engine), "no sender");
}

int main(int argc, char **argv)
{
    static kit k = {.timer_ms = -1};
    static char line[most_line];
    if (argc != 4) {
        die("SITE STORE turn|loop|watch");
    }
    k.how = argv[3];
    unsigned before = descriptors();
    open_host(&k, argv[2]);
    read_site(&k, argv[1]);
    add_destinations(&k);
    attach(&k);
    look_at_effects(&k);
    say_did(&k, "open", "ok");
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        obey(&k, line);
    }
    detach(&k);
    greffe_sender_destroy(k.sender);
    greffe_engine_close(k.engine);
    greffe_site_destroy(k.site);
    greffe_context_destroy(k.context);
    cJSON *end = line_of("did", "end");
    (void)cJSON_AddNumberToObject(end, "watched", (double)k.watched_count);
    (void)cJSON_AddNumberToObject(end, "left_open", (double)descriptors() - (double)before);
    say(end);
    return 0;
}
