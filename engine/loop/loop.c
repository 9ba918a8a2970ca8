/* The engine on a libuv loop. It sees the engine through its public face alone: a descriptor to
 * watch, rounds that do not wait, and the instant at which there is something to do again. */
#include <greffe/loop.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "loop/loop_priv.h"

enum { default_limit = 100, default_idle_ms = 30000, busy_ms = 50, handles = 4 };

struct greffe_loop {
    greffe_engine *engine;
    uv_loop_t *uv, own;
    uv_poll_t readable;
    uv_timer_t timer;
    uv_async_t async;
    greffe__watching watching;
    uint32_t limit, idle_ms;
    bool dispatching; /* a round's reply is awaited */
    bool again;       /* something came up meanwhile */
    atomic_bool stops;
    bool detaches;
    unsigned open; /* handles that are not closed yet */
    void (*closed)(void *data);
    void *closed_data;
};

/* --- Rounds --- */

static void dispatch(greffe_loop *loop);
static void close_handles(greffe_loop *loop, unsigned made);

static void on_timer(uv_timer_t *timer)
{
    dispatch(timer->data);
}

/* A number of a round's answer; `absent` when it is null. */
static int64_t number_of(const char *answer, const char *name, int64_t absent)
{
    const char *at = strstr(answer, name);
    return at == NULL || at[strlen(name)] == 'n' ? absent : strtoll(at + strlen(name), NULL, 10);
}

/* How long until the engine wants to be asked again; at once when it said so. */
static uint64_t delay_of(const greffe_loop *loop, const greffe_result *result)
{
    if (result->status != GREFFE_OK) {
        return busy_ms; /* another round is under way, or the store is in trouble */
    }
    if (strstr(result->answer, "\"more\":true") != NULL) {
        return 0;
    }
    int64_t now = number_of(result->answer, "\"now_ms\":", 0);
    int64_t next = number_of(result->answer, "\"next_ms\":", INT64_MAX);
    int64_t delay = next == INT64_MAX ? loop->idle_ms : next - now;
    /* What is due and stays so, such as an effect whose disk is full, is no reason to spin. */
    delay = delay < busy_ms ? busy_ms : delay;
    return (uint64_t)(delay < loop->idle_ms ? delay : loop->idle_ms);
}

static void on_round(void *data, greffe_result *result)
{
    greffe_loop *loop = data;
    uint64_t delay = delay_of(loop, result);
    greffe_result_free(loop->engine, result);
    loop->dispatching = false;
    if (loop->detaches) {
        close_handles(loop, handles);
    } else {
        (void)uv_timer_start(&loop->timer, on_timer, loop->again ? 0 : delay, 0);
    }
    loop->again = false;
}

static void dispatch(greffe_loop *loop)
{
    if (loop->dispatching || loop->detaches) {
        loop->again = true;
        return;
    }
    loop->dispatching =
        greffe_engine_dispatch(loop->engine, loop->limit, 0, on_round, loop) == GREFFE_OK;
    if (!loop->dispatching) { /* there is no room now: later */
        (void)uv_timer_start(&loop->timer, on_timer, busy_ms, 0);
    }
}

/* --- What comes --- */

static void on_work(void *data)
{
    dispatch(data);
}

static void on_readable(uv_poll_t *readable, int status, int events)
{
    greffe_loop *loop = readable->data;
    uint32_t taken;
    (void)events;
    if (status == 0) { /* few at a time: the host's own handles want their turn */
        (void)greffe_engine_poll(loop->engine, loop->limit, &taken);
    }
}

static void on_async(uv_async_t *async)
{
    greffe_loop *loop = async->data;
    if (loop->stops && loop->uv == &loop->own) {
        uv_stop(loop->uv);
    }
    dispatch(loop);
}

/* --- Life --- */

static void on_closed(uv_handle_t *handle)
{
    greffe_loop *loop = handle->data;
    if (--loop->open > 0) {
        return;
    }
    if (loop->closed != NULL) {
        loop->closed(loop->closed_data);
    }
    if (loop->uv != &loop->own) {
        free(loop);
    }
}

/* The first `made` of them, in the order in which they are initialised. */
static void close_handles(greffe_loop *loop, unsigned made)
{
    greffe__watch_end(&loop->watching);
    uv_handle_t *all[handles] = {(uv_handle_t *)&loop->async, (uv_handle_t *)&loop->timer,
                                 (uv_handle_t *)&loop->watching.timer,
                                 (uv_handle_t *)&loop->readable};
    loop->open = made;
    for (unsigned i = 0; i < made; i++) {
        uv_close(all[i], on_closed);
    }
}

/* Handles that were initialised are closed by the loop, and only then gone. */
static greffe_status give_up(greffe_loop *loop, unsigned made)
{
    bool own = loop->uv == &loop->own;
    close_handles(loop, made);
    if (own) {
        (void)uv_run(loop->uv, UV_RUN_DEFAULT);
        (void)uv_loop_close(&loop->own);
    }
    if (own || made == 0) {
        free(loop);
    }
    return GREFFE_EIO;
}

greffe_status greffe_loop_attach(greffe_loop **out, const greffe_loop_options *options)
{
    if (out == NULL || options == NULL || options->size != sizeof *options ||
        options->engine == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return GREFFE_ENOMEM;
    }
    loop->engine = options->engine;
    loop->limit = options->limit > 0 ? options->limit : default_limit;
    loop->idle_ms = options->idle_ms > 0 ? options->idle_ms : default_idle_ms;
    loop->uv = options->uv != NULL ? options->uv : &loop->own;
    if (options->uv == NULL && uv_loop_init(&loop->own) != 0) {
        free(loop);
        return GREFFE_EIO;
    }
    loop->watching.sender = options->sender;
    loop->watching.uv = loop->uv;
    loop->readable.data = loop->timer.data = loop->async.data = loop->watching.timer.data = loop;
    if (uv_async_init(loop->uv, &loop->async, on_async) != 0) {
        return give_up(loop, 0);
    }
    if (uv_timer_init(loop->uv, &loop->timer) != 0) {
        return give_up(loop, 1);
    }
    if (uv_timer_init(loop->uv, &loop->watching.timer) != 0) {
        return give_up(loop, 2);
    }
    if (uv_poll_init(loop->uv, &loop->readable, greffe_engine_fd(loop->engine)) != 0) {
        return give_up(loop, 3);
    }
    if (uv_poll_start(&loop->readable, UV_READABLE, on_readable) != 0 ||
        greffe__watch_begin(&loop->watching) != GREFFE_OK) {
        return give_up(loop, handles);
    }
    (void)greffe_engine_watch(loop->engine, on_work, loop);
    dispatch(loop); /* what was left undone before */
    *out = loop;
    return GREFFE_OK;
}

greffe_status greffe_loop_run(greffe_loop *loop)
{
    if (loop == NULL || loop->uv != &loop->own) {
        return GREFFE_EMISUSE;
    }
    (void)uv_run(loop->uv, UV_RUN_DEFAULT);
    loop->stops = false; /* what was said before the loop turned counts too */
    return GREFFE_OK;
}

void greffe_loop_stop(greffe_loop *loop)
{
    if (loop != NULL) {
        loop->stops = true;
        (void)uv_async_send(&loop->async);
    }
}

void greffe_loop_detach(greffe_loop *loop, void (*closed)(void *data), void *data)
{
    if (loop == NULL) {
        return;
    }
    bool own = loop->uv == &loop->own;
    (void)greffe_engine_watch(loop->engine, NULL, NULL);
    loop->closed = closed;
    loop->closed_data = data;
    loop->detaches = true;
    if (!loop->dispatching) { /* else when its reply has come, which names this loop */
        close_handles(loop, handles);
    }
    if (own) {
        (void)uv_run(loop->uv, UV_RUN_DEFAULT);
        (void)uv_loop_close(&loop->own);
        free(loop);
    }
}
