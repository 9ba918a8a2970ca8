/* What a letter's connection goes through, so that another thread can break it off. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "effects/curl_priv.h"

enum { most_sockets = 4 /* of one thread at a time: two while it connects */ };

struct greffe__hand {
    pthread_mutex_t lock;
    curl_socket_t sockets[most_sockets];
    bool stops;
};

greffe__hand *greffe__hand_create(void)
{
    greffe__hand *hand = calloc(1, sizeof *hand);
    if (hand == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&hand->lock, NULL);
    for (unsigned i = 0; i < most_sockets; i++) {
        hand->sockets[i] = CURL_SOCKET_BAD;
    }
    return hand;
}

void greffe__hand_destroy(greffe__hand *hand)
{
    if (hand != NULL) {
        (void)pthread_mutex_destroy(&hand->lock);
        free(hand);
    }
}

void greffe__hand_opened(greffe__hand *hand, curl_socket_t fd)
{
    pthread_mutex_lock(&hand->lock);
    for (unsigned i = 0; i < most_sockets && fd != CURL_SOCKET_BAD; i++) {
        if (hand->sockets[i] == CURL_SOCKET_BAD) {
            hand->sockets[i] = fd;
            break;
        }
    }
    if (hand->stops && fd != CURL_SOCKET_BAD) {
        (void)shutdown(fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&hand->lock);
}

int greffe__hand_close(void *data, curl_socket_t fd)
{
    greffe__hand *hand = data;
    pthread_mutex_lock(&hand->lock);
    for (unsigned i = 0; i < most_sockets; i++) {
        if (hand->sockets[i] == fd) {
            hand->sockets[i] = CURL_SOCKET_BAD;
        }
    }
    int status = close(fd);
    pthread_mutex_unlock(&hand->lock);
    return status;
}

bool greffe__hand_stops(greffe__hand *hand)
{
    pthread_mutex_lock(&hand->lock);
    bool stops = hand->stops;
    pthread_mutex_unlock(&hand->lock);
    return stops;
}

void greffe__hand_break(greffe__hand *hand, bool stops)
{
    pthread_mutex_lock(&hand->lock);
    hand->stops = stops;
    for (unsigned i = 0; i < most_sockets && stops; i++) {
        if (hand->sockets[i] != CURL_SOCKET_BAD) {
            (void)shutdown(hand->sockets[i], SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&hand->lock);
}
