/* Greffe's side of the canonical benchmark: the public interface, as a portal would use it. */
#include <greffe/async.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canonical.h"

static struct {
    const char *procedure;
    greffe_context *context;
    greffe_engine *engine;
    uint32_t told; /* of what is in flight */
} self;

/* --- Opening --- */

static char *read_all(const char *path, size_t *size)
{
    enum { most = 1 << 20 };
    FILE *file = fopen(path, "rb");
    char *text = malloc(most);
    if (file == NULL || text == NULL) {
        bench_fail(path, "cannot be read");
    }
    *size = fread(text, 1, most, file);
    (void)fclose(file);
    return text;
}

typedef struct folder {
    const char *procedure;
    char *texts[8];
    size_t count;
} folder;

static greffe_status read_beside(void *data, const char *name, greffe_str *out)
{
    folder *f = data;
    char path[1024];
    const char *slash = strrchr(f->procedure, '/');
    int before = slash != NULL ? (int)(slash - f->procedure + 1) : 0;
    if (f->count == sizeof f->texts / sizeof *f->texts) {
        return GREFFE_ELIMIT;
    }
    (void)snprintf(path, sizeof path, "%.*s%s", before, f->procedure, name);
    FILE *there = fopen(path, "rb");
    if (there == NULL) {
        return GREFFE_ENOTFOUND;
    }
    (void)fclose(there);
    f->texts[f->count] = read_all(path, &out->size);
    out->data = f->texts[f->count++];
    return GREFFE_OK;
}

static greffe_plan *compile(const char *procedure)
{
    folder f = {.procedure = procedure};
    greffe_str text;
    greffe_diags *diags;
    greffe_plan *plan;
    const char *problems = "";
    char *source = read_all(procedure, &text.size);
    text.data = source;
    greffe_compile_options options = {.size = sizeof options, .read = read_beside, .read_data = &f};
    if (greffe_diags_create(&diags, self.context) != GREFFE_OK) {
        bench_fail(procedure, "out of memory");
    }
    if (greffe_compile(&plan, self.context, diags, procedure, text, &options) != GREFFE_OK) {
        (void)greffe_diags_render_json(&problems, diags);
        bench_fail(procedure, problems);
    }
    greffe_diags_destroy(diags);
    for (size_t i = 0; i < f.count; i++) {
        free(f.texts[i]);
    }
    free(source);
    return plan;
}

/* Letters reach nobody here: handing one over costs nothing. */
static greffe_status deliver(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)effect;
    (void)problem;
    return GREFFE_OK;
}

static void open_on(greffe_store *store)
{
    greffe_engine_options options = {.size = sizeof options, .store = store};
    if (greffe_context_create(&self.context, NULL) != GREFFE_OK ||
        greffe_engine_open(&self.engine, self.context, &options) != GREFFE_OK) {
        bench_fail("greffe", "the engine cannot be opened");
    }
    greffe_plan *plan = compile(self.procedure);
    const greffe_handler mail = {.size = sizeof mail, .channel = "mail", .run = deliver};
    if (greffe_engine_publish(self.engine, plan) != GREFFE_OK ||
        greffe_engine_handle(self.engine, &mail) != GREFFE_OK) {
        bench_fail("greffe", "the procedure cannot be published");
    }
    greffe_plan_unref(plan);
}

static void open_greffe(const char *path)
{
    greffe_sqlite_options options = {.size = sizeof options, .path = path};
    greffe_store *store;
    if (greffe_store_sqlite(&store, &options) != GREFFE_OK) {
        bench_fail(path, "cannot be opened");
    }
    open_on(store);
}

static void close_greffe(void)
{
    greffe_engine_close(self.engine);
    greffe_context_destroy(self.context);
}

/* --- Commands --- */

static void take(void *data, greffe_result *result)
{
    (void)data;
    if (result->status != GREFFE_OK) {
        bench_fail("a command", result->message != NULL ? result->message : "is refused");
    }
    self.told += 1;
    greffe_result_free(self.engine, result);
}

static void execute(const greffe_actor *actor, const char *dossier, const char *verb,
                    const char *key, const char *args, int transition)
{
    greffe_command command = {.size = sizeof command,
                              .verb = verb,
                              .stream = dossier,
                              .key = key,
                              .actor = actor,
                              .args = {args, strlen(args)},
                              .now_ms = bench_instant_ms(transition)};
    greffe_result result;
    if (bench_flight > 0 || bench_visits) {
        if (greffe_engine_submit(self.engine, &command, take, NULL) != GREFFE_OK) {
            bench_fail(verb, "is not accepted");
        }
        return;
    }
    if (greffe_engine_execute(self.engine, &result, &command) != GREFFE_OK) {
        bench_fail(verb, result.message != NULL ? result.message : "cannot be given");
    }
    greffe_result_free(self.engine, &result);
}

/* One command of a dossier: the filing, or the step that follows. */
static void give(uint32_t number, int transition)
{
    static const char *const counter[] = {"guichet", NULL}, *const head[] = {"direction", NULL};
    static const char *const steps[] = {
        "{\"step\":\"completude\",\"outcome\":\"complete\"}",
        "{\"step\":\"instruction\",\"outcome\":\"favorable\",\"fill\":{\"avis\":\"Conforme\"}}",
        "{\"step\":\"decision\",\"outcome\":\"accordee\"}"};
    static const char *const keys[] = {"completude-1", "instruction-1", "decision-1"};
    char dossier[16], citizen[32];
    bench_key(dossier, number);
    (void)snprintf(citizen, sizeof citizen, "citoyen-%s", dossier);
    greffe_actor applicant = {.size = sizeof applicant, .subject = citizen, .kind = "applicant"};
    greffe_actor agent = {
        .size = sizeof agent, .subject = "agent-0001", .kind = "agent", .services = counter};
    greffe_actor director = {
        .size = sizeof director, .subject = "directeur-0001", .kind = "agent", .services = head};
    int step = transition - 1;
    if (transition == 0) {
        execute(&applicant, dossier, "file", "depot-1", bench_answers, 0);
    } else {
        execute(step < 2 ? &agent : &director, dossier, "complete", keys[step], steps[step],
                transition);
    }
}

static void take_replies(uint32_t count)
{
    struct pollfd ready = {.fd = greffe_engine_fd(self.engine), .events = POLLIN};
    for (uint32_t taken; self.told < count;) {
        (void)poll(&ready, 1, -1);
        if (greffe_engine_poll(self.engine, count, &taken) != GREFFE_OK) {
            bench_fail("greffe", "replies are not given");
        }
    }
}

/* A hundred portals' requests at a time: each dossier's next command when all have theirs. */
static void decide_in_flight(uint32_t first, uint32_t count)
{
    for (int t = 0; t < bench_transitions - bench_letters; t++) {
        self.told = 0;
        for (uint32_t i = 0; i < count; i++) {
            give(first + i, t);
        }
        take_replies(count);
    }
}

/* One dossier after the other; with visits, what belongs to one is given before it is waited for.
 */
static void decide_one_by_one(uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (int t = 0, after; t < bench_transitions - bench_letters; t = after) {
            after = bench_after(t);
            self.told = 0;
            for (int given = t; given < after; given++) {
                give(first + i, given);
            }
            if (bench_visits) {
                take_replies((uint32_t)(after - t));
            }
        }
    }
}

static void run(uint32_t first, uint32_t count)
{
    greffe_progress progress;
    if (bench_flight > 0) {
        decide_in_flight(first, count);
    } else {
        decide_one_by_one(first, count);
    }
    greffe_status status = greffe_engine_run(self.engine, &progress, bench_letters * count,
                                             bench_instant_ms(bench_transitions - 1));
    if (status != GREFFE_OK || progress.effects != (uint64_t)bench_letters * count) {
        bench_fail("greffe", "letters were not delivered");
    }
}

const bench_program *bench_greffe(const char *procedure)
{
    static const bench_program program = {"greffe", open_greffe, run, close_greffe};
    self.procedure = procedure;
    return &program;
}

void bench_greffe_once(greffe_store *store, const char *procedure)
{
    self.procedure = procedure;
    open_on(store);
    run(1, 1);
    close_greffe();
}
