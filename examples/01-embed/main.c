/* Greffe on a portal's own libuv loop: nothing blocks, and nothing is called from another thread.
 *
 *     embed BUNDLE STORE
 *
 * A citizen's form comes in, an agent answers it, two letters leave; the portal hears of each event
 * and goes on with its own timer meanwhile. BUNDLE is what `greffe build ../town/composteur.yaml`
 * wrote. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <greffe/loop.h>

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
    uv_loop_t uv;
    uv_timer_t heart; /* what the portal does anyway */
    greffe_engine *engine;
    greffe_loop *loop;
    unsigned beats, letters, events;
    bool before; /* this store has the dossier already: nothing will leave again */
} portal;

/* --- A letter takes its time: begun here, finished by a timer of the portal's --- */

typedef struct letter {
    uv_timer_t timer;
    portal *portal;
    char token[1000];
} letter;

static void on_letter_gone(uv_handle_t *timer)
{
    free(timer->data);
}

static void on_sent(uv_timer_t *timer)
{
    letter *l = timer->data;
    const greffe_end end = {.size = sizeof end}; /* it has left; a status says otherwise */
    expect(greffe_engine_finish(l->portal->engine, l->token, &end), "finishing");
    l->portal->letters += 1;
    uv_close((uv_handle_t *)timer, on_letter_gone);
}

static greffe_status begin_letter(void *data, const greffe_effect *effect, const char *token,
                                  char problem[256])
{
    portal *p = data;
    letter *l = calloc(1, sizeof *l);
    if (l == NULL) {
        (void)snprintf(problem, 256, "out of memory");
        return GREFFE_ENOMEM; /* it is tried again later */
    }
    (void)printf("letter %-16s %s\n", effect->letter, effect->subject);
    (void)snprintf(l->token, sizeof l->token, "%s", token);
    l->portal = p;
    l->timer.data = l;
    (void)uv_timer_init(&p->uv, &l->timer);
    (void)uv_timer_start(&l->timer, on_sent, 20, 0);
    return GREFFE_OK;
}

/* --- What was committed, in order, at least once --- */

static greffe_status on_event(void *data, const char *entry)
{
    portal *p = data;
    p->events += 1;
    (void)printf("event  %.100s…\n", entry);
    return GREFFE_OK;
}

/* --- Commands --- */

static void submit(portal *p, const char *verb, const char *key, const greffe_actor *actor,
                   const char *args, greffe_reply_fn reply)
{
    const greffe_command command = {.size = sizeof command,
                                    .verb = verb,
                                    .stream = "d1",
                                    .key = key,
                                    .actor = actor,
                                    .args = {args, strlen(args)}};
    expect(greffe_engine_submit(p->engine, &command, reply, p), verb);
}

static void tell(const greffe_result *result, const char *what)
{
    if (result->status == GREFFE_OK) {
        (void)printf("%s: %s\n", what, result->answer);
    } else {
        (void)printf("%s was refused: %s %s\n", what, result->code, result->message);
    }
}

static void on_answered(void *data, greffe_result *result)
{
    portal *p = data;
    tell(result, result->repeated ? "the answer, as it was given before" : "the answer");
    p->before = result->repeated;
    greffe_result_free(p->engine, result);
}

static void on_filed(void *data, greffe_result *result)
{
    static const char *const services[] = {"technique", NULL};
    static const greffe_actor agent = {
        .size = sizeof agent, .subject = "agent-7", .kind = "agent", .services = services};
    portal *p = data;
    tell(result, "the filing");
    greffe_result_free(p->engine, result);
    submit(p, "complete", "answer-1", &agent,
           "{\"step\":\"examen\",\"outcome\":\"accord\",\"fill\":{\"modele\":\"petit\"}}",
           on_answered);
}

/* --- The portal --- */

static void on_detached(void *data)
{
    portal *p = data;
    uv_close((uv_handle_t *)&p->heart, NULL);
}

/* Two letters are out and their ends are told: the portal shuts down. */
static void on_beat(uv_timer_t *timer)
{
    portal *p = timer->data;
    p->beats += 1;
    if (p->loop != NULL && (p->before || (p->letters >= 2 && p->events >= 4))) {
        greffe_loop_detach(p->loop, on_detached, p);
        p->loop = NULL;
    }
}

int main(int argc, char **argv)
{
    static const greffe_actor anne = {.size = sizeof anne, .subject = "anne", .kind = "applicant"};
    portal p = {.beats = 0};
    greffe_context *context;
    greffe_store *store;
    if (argc != 3) {
        (void)fprintf(stderr, "embed BUNDLE STORE\n");
        return 2;
    }
    expect(greffe_context_create(&context, NULL), "a context");
    const greffe_sqlite_options where = {.size = sizeof where, .path = argv[2]};
    expect(greffe_store_sqlite(&store, &where), "the store");
    const greffe_engine_options options = {.size = sizeof options, .store = store};
    expect(greffe_engine_open(&p.engine, context, &options), "the engine");
    greffe_plan *plan = read_plan(context, argv[1]);
    expect(greffe_engine_publish(p.engine, plan), "publishing");

    const greffe_handler mail = {
        .size = sizeof mail, .channel = "mail", .start = begin_letter, .data = &p};
    expect(greffe_engine_handle(p.engine, &mail), "the handler");
    expect(greffe_engine_subscribe(p.engine, "portal", on_event, &p), "the feed");

    (void)uv_loop_init(&p.uv);
    (void)uv_timer_init(&p.uv, &p.heart);
    p.heart.data = &p;
    (void)uv_timer_start(&p.heart, on_beat, 1, 1);
    const greffe_loop_options on = {.size = sizeof on, .engine = p.engine, .uv = &p.uv};
    expect(greffe_loop_attach(&p.loop, &on), "the loop");

    submit(&p, "file", "form-4711", &anne,
           "{\"procedure\":\"composteur\",\"answers\":{\"habitant\":{\"nom\":\"Anne Exemple\","
           "\"courriel\":\"anne@bourg.example\"},\"jardin\":{\"logement\":\"maison\","
           "\"surface\":120,\"pose\":\"2099-01-01\"}}}",
           on_filed);
    (void)uv_run(&p.uv, UV_RUN_DEFAULT); /* the portal's own loop, as ever */

    (void)printf("%u letters, %u events; the loop turned on: %s\n", p.letters, p.events,
                 p.beats > 2 ? "yes" : "no");
    (void)uv_loop_close(&p.uv);
    greffe_engine_close(p.engine);
    greffe_plan_unref(plan);
    greffe_context_destroy(context);
    return p.before || p.letters == 2 ? 0 : 1;
}
