/* Letters leave from threads of their own: after the last byte of a letter libcurl waits for the
 * mail server's word, and nothing else goes on in its thread meanwhile. A thread keeps its
 * connection for the next letter. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "effects/curl_priv.h"

enum {
    most_hands = 64,
    most_sockets = 4, /* of one thread at a time: two while it connects */
    stack_bytes = 512 * 1024
};

struct greffe__hand {
    greffe__posting *posting;
    pthread_t thread;
    curl_socket_t sockets[most_sockets];
};

struct greffe__posting {
    greffe_engine *engine;
    void (*ended)(void *data);
    void *data;
    pthread_mutex_t lock;
    pthread_cond_t given, done;
    greffe__transfer *first, *last; /* that no hand has taken */
    greffe__hand *hands[most_hands];
    unsigned hand_count, idle, waiting;
    bool breaking, closing;
    greffe_sending sending;
};

/* --- Breaking off --- */

void greffe__hand_opened(greffe__hand *hand, curl_socket_t fd)
{
    greffe__posting *p = hand->posting;
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < most_sockets && fd != CURL_SOCKET_BAD; i++) {
        if (hand->sockets[i] == CURL_SOCKET_BAD) {
            hand->sockets[i] = fd;
            break;
        }
    }
    if (p->breaking && fd != CURL_SOCKET_BAD) {
        (void)shutdown(fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&p->lock);
}

static int close_socket(void *data, curl_socket_t fd)
{
    greffe__hand *hand = data;
    pthread_mutex_lock(&hand->posting->lock);
    for (unsigned i = 0; i < most_sockets; i++) {
        if (hand->sockets[i] == fd) {
            hand->sockets[i] = CURL_SOCKET_BAD;
        }
    }
    int status = close(fd);
    pthread_mutex_unlock(&hand->posting->lock);
    return status;
}

bool greffe__hand_stops(const greffe__hand *hand)
{
    pthread_mutex_lock(&hand->posting->lock);
    bool stops = hand->posting->breaking;
    pthread_mutex_unlock(&hand->posting->lock);
    return stops;
}

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
    for (unsigned i = 0; i < p->hand_count; i++) {
        for (unsigned j = 0; j < most_sockets; j++) {
            if (p->hands[i]->sockets[j] != CURL_SOCKET_BAD) {
                (void)shutdown(p->hands[i]->sockets[j], SHUT_RDWR);
            }
        }
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
    pthread_mutex_unlock(&p->lock);
}

/* --- One hand --- */

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
        !greffe__taken(curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket)) ||
        !greffe__taken(curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, hand))) {
        return CURLE_OUT_OF_MEMORY;
    }
    return curl_easy_perform(curl);
}

static void post_one(greffe__hand *hand, CURL *curl, greffe__transfer *t)
{
    greffe__posting *p = hand->posting;
    CURLcode code = post(hand, curl, t);
    bool broken = greffe__hand_stops(hand);
    bool sent = !broken && greffe__transfer_end(p->engine, t, code);
    t->curl = NULL; /* the hand's */
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
    greffe__hand *hand = data;
    CURL *curl = NULL;
    for (greffe__transfer *t; (t = take(hand->posting)) != NULL;) {
        curl = curl != NULL ? curl : curl_easy_init();
        post_one(hand, curl, t);
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

/* With the lock: one hand more. The host's signals are not its business. */
static bool add_hand(greffe__posting *p)
{
    greffe__hand *hand = p->hand_count < most_hands ? calloc(1, sizeof *hand) : NULL;
    if (hand == NULL) {
        return false;
    }
    pthread_attr_t attributes;
    sigset_t all, before;
    (void)sigfillset(&all);
    hand->posting = p;
    for (unsigned i = 0; i < most_sockets; i++) {
        hand->sockets[i] = CURL_SOCKET_BAD;
    }
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_attr_init(&attributes) == 0;
    if (made) {
        made = pthread_attr_setstacksize(&attributes, stack_bytes) == 0 &&
               pthread_create(&hand->thread, &attributes, work, hand) == 0;
        (void)pthread_attr_destroy(&attributes);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (made) {
        p->hands[p->hand_count++] = hand;
    } else {
        free(hand);
    }
    return made;
}

greffe_status greffe__posting_give(greffe__posting *p, greffe__transfer *t)
{
    pthread_mutex_lock(&p->lock);
    bool taken = p->idle > p->waiting || add_hand(p) || p->hand_count > 0;
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
    for (unsigned i = 0; i < p->hand_count; i++) {
        (void)pthread_join(p->hands[i]->thread, NULL);
        free(p->hands[i]);
    }
    (void)pthread_cond_destroy(&p->done);
    (void)pthread_cond_destroy(&p->given);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}
