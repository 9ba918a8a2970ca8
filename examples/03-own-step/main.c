/* A step of the portal's own: the procedure asks the portal's calendar for a mower, and the answer
 * leaves as a text message by the portal's own gateway.
 *
 *     own_step BUNDLE STORE
 *
 * In tondeuse.yaml, `services:` declares what the calendar is given and gives, `channel: sms` which
 * way the letter leaves. The portal brings a function for each. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <greffe/engine.h>

static void expect(greffe_status status, const char *what)
{
    if (status != GREFFE_OK) {
        (void)fprintf(stderr, "%s: %s\n", what, greffe_status_name(status));
        exit(1);
    }
}

/* The procedure, checked and frozen: running needs no YAML. */
static greffe_plan *read_plan(greffe_context *context, const char *path)
{
    static char bytes[1 << 18];
    greffe_plan *plan;
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    expect(greffe_plan_read(&plan, context, (greffe_str){bytes, size}), path);
    return plan;
}

typedef struct portal {
    unsigned mowers; /* that are free */
    unsigned asked, messages;
} portal;

/* The calendar. What it gives is checked against the procedure, kept, and read there as
 * reservation.tondeuse. */
static greffe_status ask_calendar(void *data, const greffe_effect *effect, char problem[256])
{
    portal *p = data;
    p->asked += 1;
    (void)printf("calendar is asked: %s\n", effect->body.data);
    if (p->asked == 1) { /* nothing works the first time: it is asked again, later */
        (void)snprintf(problem, 256, "the calendar does not answer");
        return GREFFE_EIO;
    }
    if (p->mowers == 0) {
        return greffe_effect_answer(effect, "complet", (greffe_str){"", 0});
    }
    char gives[64];
    int size = snprintf(gives, sizeof gives, "{\"tondeuse\":\"T-%u\"}", p->mowers--);
    return greffe_effect_answer(effect, NULL, (greffe_str){gives, (size_t)size});
}

static greffe_status send_sms(void *data, const greffe_effect *effect, char problem[256])
{
    portal *p = data;
    (void)problem;
    p->messages += 1;
    (void)printf("sms %s: %s\n", effect->letter, effect->subject);
    return GREFFE_OK;
}

static greffe_status take_letter(void *data, const greffe_effect *effect, char problem[256])
{
    (void)data;
    (void)problem;
    (void)printf("mail %s: %s\n", effect->letter, effect->subject);
    return GREFFE_OK;
}

static void handle(greffe_engine *engine, portal *p, const char *channel, greffe_effect_fn run)
{
    const greffe_handler handler = {
        .size = sizeof handler, .channel = channel, .run = run, .data = p};
    expect(greffe_engine_handle(engine, &handler), channel);
}

static int64_t now_ms = INT64_C(1772438400000); /* 2 March 2026: time belongs to this program */

static int64_t tell_time(void *data)
{
    (void)data;
    return now_ms;
}

static void file(greffe_engine *engine, const char *dossier)
{
    static const greffe_actor anne = {.size = sizeof anne, .subject = "anne", .kind = "applicant"};
    static const char args[] =
        "{\"procedure\":\"tondeuse\",\"answers\":{\"habitant\":{\"nom\":\"Anne Exemple\","
        "\"courriel\":\"anne@bourg.example\"},\"pret\":{\"jour\":\"2026-05-02\",\"telephone\":"
        "\"+33600000000\"}}}";
    const greffe_command command = {.size = sizeof command,
                                    .verb = "file",
                                    .stream = dossier,
                                    .key = "form",
                                    .actor = &anne,
                                    .args = {args, sizeof args - 1}};
    greffe_result result;
    greffe_status status = greffe_engine_execute(engine, &result, &command);
    (void)printf("%s: %s %s\n", dossier, result.answer, result.message);
    greffe_result_free(engine, &result);
    expect(status, "file");
}

static bool has_ended(greffe_engine *engine, const char *dossier, const char *outcome)
{
    char *answer;
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = dossier};
    expect(greffe_engine_read(engine, &answer, &query), dossier);
    bool ended = strstr(answer, outcome) != NULL;
    (void)printf("%s: %s: %s\n", dossier, outcome, ended ? "yes" : answer);
    greffe_engine_free(engine, answer);
    return ended;
}

int main(int argc, char **argv)
{
    portal p = {.mowers = 1};
    greffe_context *context;
    greffe_store *store;
    greffe_engine *engine;
    if (argc != 3) {
        (void)fprintf(stderr, "own_step BUNDLE STORE\n");
        return 2;
    }
    expect(greffe_context_create(&context, NULL), "a context");
    const greffe_sqlite_options where = {.size = sizeof where, .path = argv[2]};
    expect(greffe_store_sqlite(&store, &where), "the store");
    const greffe_engine_options options = {
        .size = sizeof options, .store = store, .clock = tell_time, .alone = true};
    expect(greffe_engine_open(&engine, context, &options), "the engine");
    greffe_plan *plan = read_plan(context, argv[1]);
    expect(greffe_engine_publish(engine, plan), "publishing");
    handle(engine, &p, "call:agenda", ask_calendar);
    handle(engine, &p, "sms", send_sms);
    handle(engine, &p, "mail", take_letter);

    file(engine, "d1");
    file(engine, "d2");
    for (int i = 0; i < 10; i++, now_ms += 60000) { /* a minute passes each time */
        greffe_progress did;
        expect(greffe_engine_run(engine, &did, 100, 0), "a round");
    }
    /* One mower: one of the two was first. */
    bool good = has_ended(engine, "d2", "\"outcome\":\"reservee\"") &&
                has_ended(engine, "d1", "\"outcome\":\"refusee\"") && p.messages == 2;
    greffe_engine_close(engine);
    greffe_plan_unref(plan);
    greffe_context_destroy(context);
    return good ? 0 : 1;
}
