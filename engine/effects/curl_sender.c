/* The sender: destinations, what is under way to them, and the loop that it is on. What a letter or
 * a webhook is, curl_smtp.c and curl_webhook.c know. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "effects/curl_priv.h"

enum {
    default_at_once = 4,
    spare_ms = 30000 /* between the end of an attempt and the instant at which it is given again */
};

struct greffe_sender {
    greffe_engine *engine;
    greffe__posting *letters;
    CURLM *multi; /* of webhooks */
    greffe__route *routes[GREFFE__MAX_ROUTES];
    size_t route_count;
    greffe__transfer *first;
    greffe_sending sending; /* of webhooks too */
    greffe_watch watch;
    bool watched;
};

/* --- Begin --- */

static greffe_status begin_webhook(greffe_sender *s, greffe__transfer *t,
                                   const greffe_effect *effect)
{
    t->curl = curl_easy_init();
    greffe_status status = t->curl != NULL && greffe__transfer_set(t) ? GREFFE_OK : GREFFE_ENOMEM;
    status = status == GREFFE_OK ? greffe__webhook_begin(t, effect) : status;
    if (status == GREFFE_OK && curl_multi_add_handle(s->multi, t->curl) != CURLM_OK) {
        status = GREFFE_ENOMEM;
    }
    if (status == GREFFE_OK) {
        t->next = s->first;
        if (t->next != NULL) {
            t->next->previous = t;
        }
        s->first = t;
        s->sending.under_way += 1;
    }
    return status;
}

static greffe_status begin_letter(greffe_sender *s, greffe__transfer *t,
                                  const greffe_effect *effect, char problem[256])
{
    greffe_status status = greffe__smtp_begin(t, effect, problem);
    return status == GREFFE_OK ? greffe__posting_give(s->letters, t) : status;
}

static greffe_status start(void *data, const greffe_effect *effect, const char *token,
                           char problem[256])
{
    const greffe__route *route = data;
    greffe_sender *s = route->sender;
    greffe__transfer *t = calloc(1, sizeof *t);
    (void)snprintf(problem, 256, "out of memory");
    if (t == NULL) {
        return GREFFE_ENOMEM;
    }
    t->route = route;
    t->call = strcmp(effect->channel, "call") == 0;
    (void)snprintf(t->token, sizeof t->token, "%s", token);
    greffe_status status =
        route->mail ? begin_letter(s, t, effect, problem) : begin_webhook(s, t, effect);
    if (status != GREFFE_OK) {
        greffe__transfer_free(t);
    }
    return status;
}

/* --- End --- */

static void drop(greffe_sender *s, greffe__transfer *t)
{
    (void)curl_multi_remove_handle(s->multi, t->curl);
    *(t->previous != NULL ? &t->previous->next : &s->first) = t->next;
    if (t->next != NULL) {
        t->next->previous = t->previous;
    }
    s->sending.under_way -= 1;
    greffe__transfer_free(t);
}

static void end_one(greffe_sender *s, greffe__transfer *t, CURLcode code)
{
    bool sent = greffe__transfer_end(s->engine, t, code);
    *(sent ? &s->sending.sent : &s->sending.failed) += 1;
    drop(s, t);
}

static void collect(greffe_sender *s)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(s->multi, &left)) != NULL;) {
        char *t = NULL;
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result;
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
            end_one(s, (greffe__transfer *)(void *)t, code);
        }
    }
}

/* --- Turned by hand --- */

/* Of both kinds, since it was asked last. */
static greffe_sending look(greffe_sender *s)
{
    greffe_sending all = s->sending, letters = greffe__posting_look(s->letters);
    s->sending.sent = s->sending.failed = 0;
    all.sent += letters.sent;
    all.failed += letters.failed;
    all.under_way += letters.under_way;
    return all;
}

greffe_status greffe_sender_turn(greffe_sender *sender, greffe_sending *out, uint32_t wait_ms)
{
    if (sender == NULL || out == NULL || (sender->watched && wait_ms > 0)) {
        return GREFFE_EMISUSE;
    }
    if (sender->watched) {
        *out = look(sender);
        return GREFFE_OK;
    }
    int running;
    int64_t end = greffe__steady_ms() + wait_ms;
    bool good = true, more = true;
    while (good && more) {
        good = curl_multi_perform(sender->multi, &running) == CURLM_OK;
        collect(sender);
        *out = look(sender);
        int64_t left = end - greffe__steady_ms();
        more = out->under_way > 0 && out->sent + out->failed == 0 && left > 0;
        int wait = left < INT32_MAX ? (int)left : INT32_MAX;
        good = good && (!more || curl_multi_poll(sender->multi, NULL, 0, wait, NULL) == CURLM_OK);
    }
    return good ? GREFFE_OK : GREFFE_EIO;
}

/* --- On a loop --- */

static int ask_for_descriptor(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
    const greffe_sender *s = user;
    (void)easy;
    (void)unused;
    unsigned events = what == CURL_POLL_IN      ? GREFFE_WATCH_READ
                      : what == CURL_POLL_OUT   ? GREFFE_WATCH_WRITE
                      : what == CURL_POLL_INOUT ? GREFFE_WATCH_READ | GREFFE_WATCH_WRITE
                                                : 0;
    return s->watched && s->watch.descriptor(s->watch.data, fd, events) != GREFFE_OK ? -1 : 0;
}

static int ask_for_timer(CURLM *multi, long in_ms, void *user)
{
    const greffe_sender *s = user;
    (void)multi;
    if (s->watched) {
        s->watch.timer(s->watch.data, in_ms);
    }
    return 0;
}

void greffe_sender_ready(greffe_sender *sender, int fd, unsigned events)
{
    int running, bits = ((events & GREFFE_WATCH_READ) != 0 ? CURL_CSELECT_IN : 0) |
                        ((events & GREFFE_WATCH_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    if (sender != NULL && sender->watched) {
        (void)curl_multi_socket_action(sender->multi, fd < 0 ? CURL_SOCKET_TIMEOUT : fd, bits,
                                       &running);
        collect(sender);
    }
}

/* --- Life --- */

static greffe_status open_multi(greffe_sender *s)
{
    s->multi = curl_multi_init();
    bool good = s->multi != NULL;
    if (good && s->watched) {
        good =
            curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, ask_for_descriptor) == CURLM_OK &&
            curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s) == CURLM_OK &&
            curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, ask_for_timer) == CURLM_OK &&
            curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s) == CURLM_OK;
    }
    return good ? GREFFE_OK : GREFFE_ENOMEM;
}

/* What is under way is broken off; connections close while the loop still listens. */
static void close_multi(greffe_sender *s)
{
    for (greffe__transfer *t = s->first, *next; t != NULL; t = next) {
        next = t->next;
        drop(s, t);
    }
    (void)curl_multi_cleanup(s->multi);
    s->multi = NULL;
}

greffe_status greffe_sender_watch(greffe_sender *sender, const greffe_watch *watch)
{
    bool complete = watch == NULL || (watch->size == sizeof *watch && watch->descriptor != NULL &&
                                      watch->timer != NULL);
    if (sender == NULL || !complete || (watch != NULL && look(sender).under_way > 0)) {
        return GREFFE_EMISUSE;
    }
    greffe__posting_break(sender->letters);
    close_multi(sender);
    sender->watched = watch != NULL;
    sender->watch = watch != NULL ? *watch : (greffe_watch){.size = 0};
    return open_multi(sender);
}

/* A letter has ended; called by threads of the posting's. */
static void wake(void *data)
{
    (void)curl_multi_wakeup(((greffe_sender *)data)->multi);
}

greffe_status greffe_sender_create(greffe_sender **out, greffe_engine *engine)
{
    if (out == NULL || engine == NULL) {
        return GREFFE_EMISUSE;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return GREFFE_ENOMEM;
    }
    greffe_sender *s = calloc(1, sizeof *s);
    greffe_status status = s != NULL ? open_multi(s) : GREFFE_ENOMEM;
    status = status == GREFFE_OK ? greffe__posting_open(&s->letters, engine, wake, s) : status;
    if (status != GREFFE_OK) {
        if (s != NULL) {
            (void)curl_multi_cleanup(s->multi);
        }
        free(s);
        curl_global_cleanup();
        return status;
    }
    s->engine = engine;
    *out = s;
    return GREFFE_OK;
}

void greffe_sender_destroy(greffe_sender *sender)
{
    if (sender == NULL) {
        return;
    }
    greffe__posting_close(sender->letters);
    close_multi(sender);
    for (size_t i = 0; i < sender->route_count; i++) {
        const greffe_handler none = {.size = sizeof none, .channel = sender->routes[i]->channel};
        (void)greffe_engine_handle(sender->engine, &none);
        greffe__route_free(sender->routes[i]);
    }
    curl_global_cleanup();
    free(sender);
}

/* --- Destinations --- */

static greffe_status handle(greffe_sender *s, greffe__route *route, const greffe_destination *d,
                            char problem[256])
{
    uint64_t within = route->later ? (uint64_t)d->answers_within_s * 1000 : 0;
    within = within > route->within_ms ? within : route->within_ms;
    const greffe_handler handler = {.size = sizeof handler,
                                    .channel = route->channel,
                                    .start = start,
                                    .data = route,
                                    .repeatable = d->repeatable,
                                    .within_ms = within + spare_ms,
                                    .at_once = d->at_once > 0 ? d->at_once : default_at_once,
                                    .per_minute = d->per_minute};
    greffe_status status = greffe_engine_handle(s->engine, &handler);
    return status != GREFFE_ELIMIT
               ? status
               : greffe__route_refuse(
                     problem, d->channel,
                     "at most 16 channels are handled, 64 effects of each at once, "
                     "60,000 in a minute",
                     "");
}

/* What is under way to the one before goes on, and keeps it alive until the sender is gone. */
static greffe_status keep_route(greffe_sender *s, greffe__route *route, char problem[256])
{
    if (s->route_count == GREFFE__MAX_ROUTES) {
        return greffe__route_refuse(problem, route->channel, "a sender has at most 16 destinations",
                                    "");
    }
    s->routes[s->route_count++] = route;
    return GREFFE_OK;
}

greffe_status greffe_sender_add(greffe_sender *sender, const greffe_destination *destination,
                                char problem[256])
{
    const greffe_destination *d = destination;
    if (sender == NULL || d == NULL || d->size != sizeof *d || d->channel == NULL ||
        d->url == NULL || problem == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe__route *route = NULL;
    problem[0] = '\0';
    greffe_status status = greffe__route_make(&route, sender, d, problem);
    status = status == GREFFE_OK ? keep_route(sender, route, problem) : status;
    if (status != GREFFE_OK) {
        greffe__route_free(route);
        return status;
    }
    status = handle(sender, route, d, problem);
    if (status != GREFFE_OK) {
        sender->route_count -= 1;
        greffe__route_free(route);
    }
    return status;
}
