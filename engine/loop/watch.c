/* A sender on a libuv loop: one handle for each descriptor that it waits for, and one timer. */
#include <stdlib.h>

#include "loop/loop_priv.h"

struct greffe__poll {
    uv_poll_t handle; /* the first member: a handle is its poll */
    greffe__watching *watching;
    int fd;
    greffe__poll *next;
};

static void on_ready(uv_poll_t *handle, int status, int events)
{
    const greffe__poll *poll = (greffe__poll *)handle;
    unsigned both = GREFFE_WATCH_READ | GREFFE_WATCH_WRITE; /* a fault shows when it is read */
    unsigned ready = status < 0 ? both
                                : ((events & UV_READABLE) != 0 ? GREFFE_WATCH_READ : 0U) |
                                      ((events & UV_WRITABLE) != 0 ? GREFFE_WATCH_WRITE : 0U);
    greffe_sender_ready(poll->watching->sender, poll->fd, ready);
}

static void on_timer(uv_timer_t *timer)
{
    const greffe__watching *watching = (const greffe__watching *)timer;
    greffe_sender_ready(watching->sender, -1, 0);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void forget(greffe__poll **at)
{
    greffe__poll *poll = *at;
    *at = poll->next;
    (void)uv_poll_stop(&poll->handle); /* the descriptor may be closed from here on */
    uv_close((uv_handle_t *)&poll->handle, on_closed);
}

static greffe__poll **find(greffe__watching *watching, int fd)
{
    greffe__poll **at = &watching->first;
    while (*at != NULL && (*at)->fd != fd) {
        at = &(*at)->next;
    }
    return at;
}

static greffe_status watch_descriptor(void *data, int fd, unsigned events)
{
    greffe__watching *watching = data;
    greffe__poll **at = find(watching, fd);
    if (events == 0) {
        if (*at != NULL) {
            forget(at);
        }
        return GREFFE_OK;
    }
    if (*at == NULL) {
        greffe__poll *poll = calloc(1, sizeof *poll);
        if (poll == NULL) {
            return GREFFE_ENOMEM;
        }
        poll->watching = watching;
        poll->fd = fd;
        if (uv_poll_init_socket(watching->uv, &poll->handle, fd) != 0) {
            free(poll);
            return GREFFE_EIO;
        }
        *at = poll;
    }
    int wanted = ((events & GREFFE_WATCH_READ) != 0 ? UV_READABLE : 0) |
                 ((events & GREFFE_WATCH_WRITE) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(&(*at)->handle, wanted, on_ready) == 0 ? GREFFE_OK : GREFFE_EIO;
}

static void set_timer(void *data, int64_t in_ms)
{
    greffe__watching *watching = data;
    if (in_ms < 0) {
        (void)uv_timer_stop(&watching->timer);
    } else {
        (void)uv_timer_start(&watching->timer, on_timer, (uint64_t)in_ms, 0);
    }
}

greffe_status greffe__watch_begin(greffe__watching *watching)
{
    const greffe_watch watch = {
        .size = sizeof watch, .descriptor = watch_descriptor, .timer = set_timer, .data = watching};
    return watching->sender != NULL ? greffe_sender_watch(watching->sender, &watch) : GREFFE_OK;
}

void greffe__watch_end(greffe__watching *watching)
{
    if (watching->sender != NULL) {
        (void)greffe_sender_watch(watching->sender, NULL);
    }
    while (watching->first != NULL) { /* none is left, unless a sender forgot it */
        forget(&watching->first);
    }
}
