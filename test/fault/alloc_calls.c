/* The sweep's part about outside services: a call is answered with what it gives. */
#include <string.h>

#include "alloc_sweep.h"

static const char PROCEDURE[] =
    "greffe: 1\n"
    "procedure: carte\n"
    "title: Carte\n"
    "retention: {other: 2 years}\n"
    "roles: {habitant: {kind: applicant}}\n"
    "form: {demande: {fields: {enfants: {type: integer, label: Enfants}}}}\n"
    "services:\n"
    "  caf: {with: {enfants: integer}, gives: {quotient: {type: money, label: Quotient}}, within: "
    "2 "
    "days}\n"
    "steps:\n"
    "  depot: {kind: submission, by: habitant, then: appel}\n"
    "  appel: {kind: call, service: caf, with: {enfants: demande.enfants}, then: {answered: fin, "
    "expired: fin}}\n"
    "  fin: {kind: end, outcome: fin}\n";
static const char ARGS[] = "{\"procedure\":\"carte\",\"answers\":{\"demande\":{\"enfants\":2}}}";
static const char GIVES[] = "{\"quotient\":\"612.00\"}";
static const int64_t START_MS = INT64_C(1580544000000), HOUR_MS = 3600000;

static struct {
    greffe_context *context;
    greffe_plan *plan;
} held;

static int64_t read_clock(void *data)
{
    return *(const int64_t *)data;
}

static greffe_status serve(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)problem;
    return effect->channel[0] == 'c'
               ? greffe_effect_answer(effect, "answered", (greffe_str){GIVES, strlen(GIVES)})
               : GREFFE_OK;
}

/* Each step is tried once more with memory back; what was put off comes an hour later. */
static bool live(greffe_engine *engine, int64_t *now_ms)
{
    static const char *const channels[] = {"mail", "call:caf"};
    const greffe_command command = sweep_filing(ARGS);
    greffe_status status = GREFFE_ENOMEM;
    for (int i = 0; i < 2 && status != GREFFE_OK; i++) {
        greffe_result result = {0};
        greffe_progress did;
        status = greffe_engine_publish(engine, held.plan);
        for (size_t j = 0; j < 2 && status == GREFFE_OK; j++) {
            const greffe_handler handler = {
                .size = sizeof handler, .channel = channels[j], .run = serve};
            status = greffe_engine_handle(engine, &handler);
        }
        status = status == GREFFE_OK ? greffe_engine_execute(engine, &result, &command) : status;
        greffe_result_free(engine, &result);
        for (int j = 0; j < 3 && status == GREFFE_OK; j++) {
            status = greffe_engine_run(engine, &did, 9, *now_ms);
        }
        if (!sweep_status("a call", status, true)) {
            return false;
        }
        if (i == 0 && memory_failed()) { /* whatever it said: once more */
            memory_restore();
            *now_ms += HOUR_MS;
            status = GREFFE_ENOMEM;
        }
    }
    return true;
}

static bool is_answered(greffe_engine *engine)
{
    char *answer = NULL;
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = "d1"};
    greffe_status status = greffe_engine_read(engine, &answer, &query);
    if (status == GREFFE_ENOMEM) {
        memory_restore();
        status = greffe_engine_read(engine, &answer, &query);
    }
    const bool there = status == GREFFE_OK && strstr(answer, "\"quotient\":612") != NULL;
    const bool fine = there || sweep_fault("the answer is not there: %s",
                                           answer != NULL ? answer : greffe_status_name(status));
    greffe_engine_free(engine, answer);
    return fine;
}

static bool run(void)
{
    greffe_engine *engine = NULL;
    int64_t now_ms = START_MS;
    greffe_engine_options options = {
        .size = sizeof options, .clock = read_clock, .clock_data = &now_ms};
    greffe_status status = greffe_store_memory(&options.store);
    if (status == GREFFE_OK) {
        status = greffe_engine_open(&engine, held.context, &options);
    }
    const bool fine = status != GREFFE_OK ? sweep_status("opening", status, false)
                                          : live(engine, &now_ms) && is_answered(engine);
    greffe_engine_close(engine);
    return fine;
}

static bool prepare(void)
{
    greffe_diags *diags = NULL;
    const greffe_compile_options options = {.size = sizeof options};
    const bool fine =
        sweep_context(&held.context) == GREFFE_OK &&
        greffe_diags_create(&diags, held.context) == GREFFE_OK &&
        greffe_compile(&held.plan, held.context, diags, "carte.yaml",
                       (greffe_str){PROCEDURE, sizeof PROCEDURE - 1}, &options) == GREFFE_OK;
    greffe_diags_destroy(diags);
    return fine;
}

static void dismiss(void)
{
    greffe_plan_unref(held.plan);
    greffe_context_destroy(held.context);
}

const scenario CALL_SCENARIO = {.name = "call", .prepare = prepare, .run = run, .dismiss = dismiss};
