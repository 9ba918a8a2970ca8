/* Letters leave from threads of their own: after the last byte of a letter libcurl waits for the
 * mail server's word, and nothing else goes on in its thread meanwhile. A thread keeps its
 * connection for the next letter. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "effects/curl_priv.h"

enum { most_workers = 64, stack_bytes = 512 * 1024 };

typedef struct worker {
    greffe__posting *posting;
    greffe__hand *hand;
    pthread_t thread;
} worker;

struct greffe__posting {
    greffe_engine *engine;
    void (*ended)(void *data);
    void *data;
    pthread_mutex_t lock;
    pthread_cond_t given, done;
    greffe__transfer *first, *last; /* that no thread has taken */
    worker *workers[most_workers];
    unsigned worker_count, idle, waiting;
    bool breaking, closing;
    greffe_sending sending;
};

/* --- Breaking off --- */

/* With the lock: whoever waits for the other side finds the connection closed. */
static void hang_up(greffe__posting *p)
{
    p->breaking = true;
    while (p->first != NULL) {
        greffe__transfer *t = p->first;
        p->first = t->next;
        p->sending.under_way -= 1;
        greffe__transfer_free(t);
    }
    p->last = NULL;
    p->waiting = 0;
    for (unsigned i = 0; i < p->worker_count; i++) {
        greffe__hand_break(p->workers[i]->hand, true);
    }
}

void greffe__posting_break(greffe__posting *p)
{
    pthread_mutex_lock(&p->lock);
    hang_up(p);
    while (p->sending.under_way > 0) {
        pthread_cond_wait(&p->done, &p->lock);
    }
    p->breaking = false;
    for (unsigned i = 0; i < p->worker_count; i++) {
        greffe__hand_break(p->workers[i]->hand, false);
    }
    pthread_mutex_unlock(&p->lock);
}

/* --- One thread --- */

static CURLcode post(greffe__hand *hand, CURL *curl, greffe__transfer *t)
{
    t->hand = hand;
    t->curl = curl;
    if (curl == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }
    curl_easy_reset(curl); /* keeps the connection */
    if (!greffe__transfer_set(t) || !greffe__smtp_set(t) ||
        !greffe__taken(curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L)) ||
        !greffe__taken(curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, greffe__hand_close)) ||
        !greffe__taken(curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, hand))) {
        return CURLE_OUT_OF_MEMORY;
    }
    return curl_easy_perform(curl);
}

static void post_one(const worker *w, CURL *curl, greffe__transfer *t)
{
    greffe__posting *p = w->posting;
    CURLcode code = post(w->hand, curl, t);
    bool broken = greffe__hand_stops(w->hand);
    bool sent = !broken && greffe__transfer_end(p->engine, t, code);
    t->curl = NULL; /* the thread's */
    greffe__transfer_free(t);
    pthread_mutex_lock(&p->lock);
    p->sending.under_way -= 1;
    p->sending.sent += sent;
    p->sending.failed += !sent;
    if (!p->breaking) {
        p->ended(p->data);
    }
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
}

static greffe__transfer *take(greffe__posting *p)
{
    pthread_mutex_lock(&p->lock);
    p->idle += 1;
    while (p->first == NULL && !p->closing) {
        pthread_cond_wait(&p->given, &p->lock);
    }
    p->idle -= 1;
    greffe__transfer *t = p->first;
    if (t != NULL) {
        p->waiting -= 1;
        p->first = t->next;
        p->last = p->first != NULL ? p->last : NULL;
    }
    pthread_mutex_unlock(&p->lock);
    return t;
}

static void *work(void *data)
{
    const worker *w = data;
    CURL *curl = NULL;
    for (greffe__transfer *t; (t = take(w->posting)) != NULL;) {
        curl = curl != NULL ? curl : curl_easy_init();
        post_one(w, curl, t);
    }
    curl_easy_cleanup(curl);
    return NULL;
}

/* --- Door --- */

greffe_status greffe__posting_open(greffe__posting **out, greffe_engine *engine,
                                   void (*ended)(void *data), void *data)
{
    greffe__posting *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return GREFFE_ENOMEM;
    }
    *p = (greffe__posting){.engine = engine, .ended = ended, .data = data};
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->given, NULL);
    (void)pthread_cond_init(&p->done, NULL);
    *out = p;
    return GREFFE_OK;
}

static void forget(worker *w)
{
    if (w != NULL) {
        greffe__hand_destroy(w->hand);
        free(w);
    }
}

/* The host's signals are not its business. */
static bool start(worker *w)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    (void)sigfillset(&all);
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_attr_setstacksize(&attributes, stack_bytes) == 0 &&
                pthread_create(&w->thread, &attributes, work, w) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return made;
}

/* With the lock: one thread more. */
static bool add_worker(greffe__posting *p)
{
    worker *w = p->worker_count < most_workers ? calloc(1, sizeof *w) : NULL;
    if (w != NULL) {
        w->posting = p;
        w->hand = greffe__hand_create();
    }
    if (w == NULL || w->hand == NULL || !start(w)) {
        forget(w);
        return false;
    }
    p->workers[p->worker_count++] = w;
    return true;
}

greffe_status greffe__posting_give(greffe__posting *p, greffe__transfer *t)
{
    pthread_mutex_lock(&p->lock);
    bool taken = p->idle > p->waiting || add_worker(p) || p->worker_count > 0;
    if (taken) {
        *(p->last != NULL ? &p->last->next : &p->first) = t;
        p->last = t;
        p->waiting += 1;
        p->sending.under_way += 1;
        pthread_cond_signal(&p->given);
    }
    pthread_mutex_unlock(&p->lock);
    return taken ? GREFFE_OK : GREFFE_ENOMEM;
}

greffe_sending greffe__posting_look(greffe__posting *p)
{
    pthread_mutex_lock(&p->lock);
    greffe_sending sending = p->sending;
    p->sending.sent = p->sending.failed = 0;
    pthread_mutex_unlock(&p->lock);
    return sending;
}

void greffe__posting_close(greffe__posting *p)
{
    if (p == NULL) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    hang_up(p);
    p->closing = true;
    pthread_cond_broadcast(&p->given);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->worker_count; i++) {
        (void)pthread_join(p->workers[i]->thread, NULL);
        forget(p->workers[i]);
    }
    (void)pthread_cond_destroy(&p->done);
    (void)pthread_cond_destroy(&p->given);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}
