/* The sweep's part about sending: a letter goes to a port where nobody listens, as a webhook and by
 * SMTP. What a
 * library keeps for the process is made before, by another sender, that lives through the sweep. */
#define _POSIX_C_SOURCE 200809L

#include <greffe/sender.h>
#include <pthread.h>
#include <string.h>

#include "alloc_sweep.h"

/* A name: of an address that finds no memory, libcurl 7.88 leaves a block. */
static const char WEB[] = "http://localhost:9/", MAIL[] = "smtp://localhost:9";
static const int64_t START_MS = INT64_C(1580544000000), HOUR_MS = 3600000;

static struct {
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
    greffe_sender *sender;
} held;

static int64_t read_clock(void *data)
{
    return data != NULL ? *(const int64_t *)data : START_MS;
}

static greffe_status open(greffe_engine **engine, int64_t *now_ms)
{
    const greffe_command command = sweep_filing(FILING);
    greffe_engine_options options = {
        .size = sizeof options, .clock = read_clock, .clock_data = now_ms, .alone = true};
    greffe_result result = {0};
    greffe_status status = greffe_store_memory(&options.store);
    status = status == GREFFE_OK ? greffe_engine_open(engine, held.context, &options) : status;
    status = status == GREFFE_OK ? greffe_engine_publish(*engine, held.plan) : status;
    status = status == GREFFE_OK ? greffe_engine_execute(*engine, &result, &command) : status;
    if (*engine != NULL) {
        greffe_result_free(*engine, &result);
    }
    return status;
}

static greffe_status add(greffe_sender *sender, bool web)
{
    static const char *const secrets[] = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL};
    static const char *const networks[] = {"127.0.0.1", "::1", NULL};
    char problem[256];
    const greffe_destination letters = {.size = sizeof letters,
                                        .channel = "mail",
                                        .url = web ? WEB : MAIL,
                                        .sender = "Ville <ville@example.org>",
                                        .secrets = web ? secrets : NULL,
                                        .networks = networks,
                                        .plain = true};
    return greffe_sender_add(sender, &letters, problem);
}

static greffe_status send_once(greffe_engine *engine, greffe_sender *sender, greffe_sending *sum)
{
    greffe_progress did;
    greffe_sending sending = {0};
    greffe_status status = greffe_engine_run(engine, &did, 9, 0);
    for (int i = 0; i < 9 && status == GREFFE_OK; i++) {
        status = greffe_sender_turn(sender, &sending, 1000);
        sum->sent += sending.sent;
        sum->failed += sending.failed;
        if (sending.under_way == 0) {
            break;
        }
    }
    return status;
}

/* Whatever is refused is done once more with memory back; then the attempt must have been made. */
static bool live(greffe_engine *engine, int64_t *now_ms, bool web)
{
    greffe_sender *sender = NULL;
    greffe_sending sum = {0};
    greffe_status status = GREFFE_ENOMEM;
    bool fine = true;
    for (int i = 0; i < 2 && fine && (status != GREFFE_OK || sum.failed == 0); i++) {
        status = sender == NULL ? greffe_sender_create(&sender, engine) : GREFFE_OK;
        status = status == GREFFE_OK ? add(sender, web) : status;
        status = status == GREFFE_OK ? send_once(engine, sender, &sum) : status;
        fine = sweep_status("greffe_sender_turn", status, true);
        memory_restore();
        *now_ms += HOUR_MS;
    }
    fine = fine && (sum.failed > 0 || sweep_fault("nothing was tried"));
    greffe_sender_destroy(sender);
    return fine;
}

static greffe_status watch_descriptor(void *data, int fd, unsigned events)
{
    (void)data;
    (void)fd;
    (void)events;
    return GREFFE_OK;
}

static void watch_time(void *data, int64_t in_ms)
{
    (void)in_ms;
    *(bool *)data = true;
}

/* Taken to a loop that turns once, and off again. */
static bool be_watched(greffe_engine *engine)
{
    greffe_sender *sender = NULL;
    greffe_progress did;
    bool asked = false;
    const greffe_watch watch = {
        .size = sizeof watch, .descriptor = watch_descriptor, .timer = watch_time, .data = &asked};
    greffe_status status = greffe_sender_create(&sender, engine);
    status = status == GREFFE_OK ? greffe_sender_watch(sender, &watch) : status;
    status = status == GREFFE_OK ? add(sender, true) : status;
    status = status == GREFFE_OK ? greffe_engine_run(engine, &did, 9, 0) : status;
    if (status == GREFFE_OK && asked) {
        greffe_sender_ready(sender, -1, 0);
    }
    status = status == GREFFE_OK ? greffe_sender_watch(sender, NULL) : status;
    greffe_sender_destroy(sender);
    return sweep_status("greffe_sender_watch", status, true);
}

static bool in_engine(bool web)
{
    greffe_engine *engine = NULL;
    int64_t now_ms = START_MS;
    const greffe_status status = open(&engine, &now_ms);
    bool fine = status == GREFFE_OK || sweep_status("opening", status, false);
    if (status == GREFFE_OK && web) {
        fine = be_watched(engine);
        now_ms += HOUR_MS;
    }
    fine = fine && (status != GREFFE_OK || live(engine, &now_ms, web));
    greffe_engine_close(engine);
    return fine;
}

static bool run_webhook(void)
{
    return in_engine(true);
}

static bool run_letter(void)
{
    return in_engine(false);
}

static void *wait_for_all(void *barrier)
{
    (void)pthread_barrier_wait(barrier);
    return NULL;
}

/* The C library keeps a block of each thread that has ended, for as many as there were at once. */
static bool fill_threads(void)
{
    enum { most = 8, stack_bytes = 512 * 1024 };
    pthread_attr_t attributes;
    pthread_t threads[most];
    pthread_barrier_t barrier;
    bool fine = pthread_barrier_init(&barrier, NULL, most) == 0 &&
                pthread_attr_init(&attributes) == 0 &&
                pthread_attr_setstacksize(&attributes, stack_bytes) == 0;
    for (int i = 0; i < most && fine; i++) {
        fine = pthread_create(&threads[i], &attributes, wait_for_all, &barrier) == 0;
    }
    for (int i = 0; i < most && fine; i++) {
        fine = pthread_join(threads[i], NULL) == 0;
    }
    return fine;
}

static bool prepare(void)
{
    greffe_diags *diags = NULL;
    greffe_sending sum = {0};
    const bool fine = fill_threads() && sweep_context(&held.context) == GREFFE_OK &&
                      greffe_diags_create(&diags, held.context) == GREFFE_OK &&
                      sweep_plan(&held.plan, held.context, diags) == GREFFE_OK &&
                      open(&held.engine, NULL) == GREFFE_OK &&
                      greffe_sender_create(&held.sender, held.engine) == GREFFE_OK &&
                      add(held.sender, false) == GREFFE_OK &&
                      send_once(held.engine, held.sender, &sum) == GREFFE_OK && sum.failed > 0;
    greffe_diags_destroy(diags);
    return fine;
}

static void dismiss(void)
{
    greffe_sender_destroy(held.sender);
    greffe_engine_close(held.engine);
    greffe_plan_unref(held.plan);
    greffe_context_destroy(held.context);
}

const scenario WEBHOOK_SCENARIO = {
    .name = "webhook", .prepare = prepare, .run = run_webhook, .dismiss = dismiss};
const scenario SMTP_SCENARIO = {
    .name = "smtp", .prepare = prepare, .run = run_letter, .dismiss = dismiss};
