/* What comes back to a host that does not wait: a list, and a descriptor that says that it is not
 * empty. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "host/host_priv.h"

struct greffe__notices {
    greffe_context *context;
    pthread_mutex_t lock;
    greffe__notice *first, *last;
    uint32_t accepted; /* and not taken yet */
    bool polling, closing;
    void (*work)(void *data); /* who watches */
    void *work_data;
    greffe__notice stirred; /* in the list when `stirs` */
    bool stirs;
    int ends[2];   /* of a pipe */
    bool lit;      /* one byte lies in it: the list is not empty */
    bool gathered; /* more come at once: then it is lit */
};

greffe_status greffe__notices_open(greffe__notices **out, greffe_context *context)
{
    greffe__notices *n = greffe__alloc(context, NULL, sizeof *n);
    if (n == NULL) {
        return GREFFE_ENOMEM;
    }
    *n = (greffe__notices){.context = context, .ends = {-1, -1}};
    if (pipe(n->ends) != 0) {
        greffe__free(context, n);
        return GREFFE_EIO;
    }
    for (int i = 0; i < 2; i++) {
        (void)fcntl(n->ends[i], F_SETFL, O_NONBLOCK);
        (void)fcntl(n->ends[i], F_SETFD, FD_CLOEXEC);
    }
    pthread_mutex_init(&n->lock, NULL);
    *out = n;
    return GREFFE_OK;
}

void greffe__notices_lock(greffe__notices *n)
{
    pthread_mutex_lock(&n->lock);
}

void greffe__notices_unlock(greffe__notices *n)
{
    pthread_mutex_unlock(&n->lock);
}

bool greffe__notices_accept(greffe__notices *n)
{
    pthread_mutex_lock(&n->lock);
    bool room = n->accepted < GREFFE_MAX_ACCEPTED && !n->closing;
    n->accepted += room;
    pthread_mutex_unlock(&n->lock);
    return room;
}

void greffe__notices_refuse(greffe__notices *n)
{
    pthread_mutex_lock(&n->lock);
    n->accepted -= 1;
    pthread_mutex_unlock(&n->lock);
}

static void light(greffe__notices *n)
{
    static const char byte = 1;
    if (n->lit || n->gathered || n->first == NULL) {
        return;
    }
    n->lit = true;
    while (write(n->ends[1], &byte, 1) < 0 && errno == EINTR) {
    }
}

static void append(greffe__notices *n, greffe__notice *notice)
{
    notice->next = NULL;
    *(n->first == NULL ? &n->first : &n->last->next) = notice;
    n->last = notice;
    light(n);
}

void greffe__notices_gather(greffe__notices *n, bool begin)
{
    pthread_mutex_lock(&n->lock);
    n->gathered = begin;
    light(n);
    pthread_mutex_unlock(&n->lock);
}

void greffe__notices_put(greffe__notices *n, greffe__notice *notice)
{
    pthread_mutex_lock(&n->lock);
    append(n, notice);
    pthread_mutex_unlock(&n->lock);
}

void greffe__notices_stir(greffe__notices *n)
{
    pthread_mutex_lock(&n->lock);
    if (n->work != NULL && !n->stirs) {
        n->stirs = true;
        n->stirred.what =
            (greffe_notice){.size = sizeof n->stirred.what, .kind = GREFFE_NOTICE_WORK};
        append(n, &n->stirred);
    }
    pthread_mutex_unlock(&n->lock);
}

void greffe_engine_kick(greffe_engine *engine)
{
    if (engine != NULL) {
        greffe__notices_stir(engine->notices);
    }
}

static greffe__notice *take(greffe__notices *n)
{
    char byte;
    pthread_mutex_lock(&n->lock);
    greffe__notice *notice = n->first;
    if (notice != NULL) {
        n->first = notice->next;
        n->last = n->first == NULL ? NULL : n->last;
        n->accepted -= notice->what.kind == GREFFE_NOTICE_REPLY;
        n->stirs = n->stirs && notice != &n->stirred;
        bool dark = n->lit && n->first == NULL;
        while (dark && read(n->ends[0], &byte, 1) < 0 && errno == EINTR) {
        }
        n->lit = n->lit && !dark;
    }
    pthread_mutex_unlock(&n->lock);
    return notice;
}

greffe__notice *greffe__effect_notice(greffe_engine *e, const greffe__delivery *d)
{
    greffe__notice *notice = greffe__alloc(e->context, NULL, sizeof *notice);
    if (notice == NULL) {
        return NULL;
    }
    *notice = (greffe__notice){.handler = *d->handler};
    greffe__arena_init(&notice->arena, e->context);
    greffe_effect *effect = greffe__arena_zalloc(&notice->arena, sizeof *effect);
    char *token = greffe__arena_zalloc(&notice->arena, GREFFE__TOKEN_CHARS);
    if (effect != NULL && token != NULL) {
        *effect = d->effect;
        const char **texts[] = {&effect->key, &effect->channel, &effect->letter, &effect->subject,
                                &effect->text};
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            *texts[i] = greffe__str_dup(&notice->arena, greffe__str_of(*texts[i])).data;
        }
        effect->body = greffe__str_dup(&notice->arena, d->effect.body);
        greffe__token_write(e, token, d);
    }
    notice->what = (greffe_notice){.size = sizeof notice->what,
                                   .kind = GREFFE_NOTICE_EFFECT,
                                   .effect = effect,
                                   .token = token};
    if (notice->arena.failed) {
        greffe__notice_free(e, notice);
        return NULL;
    }
    return notice;
}

void greffe__notice_free(greffe_engine *e, greffe__notice *notice)
{
    if (notice != NULL && notice != &e->notices->stirred) {
        greffe__arena_free(&notice->arena);
        greffe__free(e->context, notice);
    }
}

void greffe__notices_close(greffe_engine *e)
{
    greffe__notices *n = e->notices;
    if (n == NULL) {
        return;
    }
    pthread_mutex_lock(&n->lock);
    n->closing = true; /* a reply that gives more is told that there is no room */
    pthread_mutex_unlock(&n->lock);
    for (greffe__notice *notice = take(n); notice != NULL; notice = take(n)) {
        if (notice->what.kind == GREFFE_NOTICE_REPLY) {
            notice->what.reply(notice->what.data, &notice->what.result);
        }
        greffe__notice_free(e, notice);
    }
    (void)close(n->ends[0]);
    (void)close(n->ends[1]);
    pthread_mutex_destroy(&n->lock);
    greffe__free(n->context, n);
}

/* --- The host's side --- */

int greffe_engine_fd(const greffe_engine *engine)
{
    return engine == NULL ? -1 : engine->notices->ends[0];
}

greffe_status greffe_engine_next(greffe_engine *engine, greffe_notice *out)
{
    if (engine == NULL || out == NULL || out->size != sizeof *out) {
        return GREFFE_EMISUSE;
    }
    greffe__notice *notice = take(engine->notices);
    *out = notice != NULL ? notice->what : (greffe_notice){.size = sizeof *out};
    out->own = notice;
    return GREFFE_OK;
}

void greffe_notice_release(greffe_engine *engine, greffe_notice *notice)
{
    if (engine != NULL && notice != NULL) {
        greffe_result_free(engine, &notice->result);
        greffe__notice_free(engine, notice->own);
        *notice = (greffe_notice){.size = notice->size};
    }
}

/* --- Calling --- */

/* What has ended, or could not be begun, is told; else its end is awaited. */
static void deliver(greffe_engine *engine, greffe__notice *notice)
{
    char problem[256] = "";
    greffe_end end = {.size = sizeof end, .problem = problem};
    const greffe__handler *handler = &notice->handler;
    bool starts = handler->start != NULL;
    greffe__answer answer = {.arena = &notice->arena};
    greffe_effect effect = *notice->what.effect;
    effect.own = starts ? NULL : &answer;
    end.status = starts ? handler->start(handler->data, &effect, notice->what.token, problem)
                        : handler->run(handler->data, &effect, problem);
    end.outcome = answer.outcome.size > 0 ? answer.outcome.data : NULL;
    end.gives = answer.gives;
    if (!starts || end.status != GREFFE_OK) {
        (void)greffe_engine_finish(engine, notice->what.token, &end); /* else it is given again */
    }
}

static void tell_watcher(greffe__notices *n)
{
    pthread_mutex_lock(&n->lock);
    void (*work)(void *data) = n->work;
    void *data = n->work_data;
    pthread_mutex_unlock(&n->lock);
    if (work != NULL) {
        work(data);
    }
}

greffe_status greffe_engine_watch(greffe_engine *engine, void (*work)(void *data), void *data)
{
    if (engine == NULL) {
        return GREFFE_EMISUSE;
    }
    pthread_mutex_lock(&engine->notices->lock);
    engine->notices->work = work;
    engine->notices->work_data = data;
    pthread_mutex_unlock(&engine->notices->lock);
    greffe__queue_glance(engine->queue, work != NULL);
    return GREFFE_OK;
}

static bool begin_polling(greffe__notices *n)
{
    pthread_mutex_lock(&n->lock);
    bool free = !n->polling;
    n->polling = true;
    pthread_mutex_unlock(&n->lock);
    return free;
}

static void end_polling(greffe__notices *n)
{
    pthread_mutex_lock(&n->lock);
    n->polling = false;
    pthread_mutex_unlock(&n->lock);
}

greffe_status greffe_engine_poll(greffe_engine *engine, uint32_t limit, uint32_t *taken)
{
    if (engine == NULL || taken == NULL || !begin_polling(engine->notices)) {
        return GREFFE_EMISUSE;
    }
    *taken = 0;
    for (greffe__notice *notice; *taken < limit && (notice = take(engine->notices)) != NULL;) {
        *taken += 1;
        switch (notice->what.kind) {
        case GREFFE_NOTICE_EFFECT: deliver(engine, notice); break;
        case GREFFE_NOTICE_EVENT: greffe__hand_event(engine, notice); break;
        case GREFFE_NOTICE_WORK: tell_watcher(engine->notices); break;
        case GREFFE_NOTICE_REPLY:
        case GREFFE_NOTICE_NONE: notice->what.reply(notice->what.data, &notice->what.result); break;
        }
        greffe__notice_free(engine, notice);
    }
    end_polling(engine->notices);
    return GREFFE_OK;
}
