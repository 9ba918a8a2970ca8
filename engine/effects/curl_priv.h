/* Inside the sender: destinations, and what is on its way to them. Only curl_*.c see libcurl. */
#ifndef GREFFE_EFFECTS_CURL_PRIV_H
#define GREFFE_EFFECTS_CURL_PRIV_H

#include <curl/curl.h>
#include <greffe/sender.h>

#include "effects/effects.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sockaddr;

enum {
    GREFFE__MAX_ROUTES = 16,
    GREFFE__MAX_SECRETS = 8,
    GREFFE__MAX_SECRET_BYTES = 64,
    GREFFE__MAX_NETWORKS = 16,
    GREFFE__TOKEN_ROOM = 1000
};

/* --- Networks (curl_networks.c) --- */

/* An address of IPv6, or of IPv4 behind ::ffff:0:0/96, and how many of its bits count. */
typedef struct greffe__network {
    unsigned char bytes[16];
    unsigned bits;
} greffe__network;

/* "10.0.0.0/8", "::1"; false: it is none. */
bool greffe__network_read(greffe__network *out, const char *text);
/* Whether an address may be connected to: it is public, or in one of these networks. */
bool greffe__may_reach(const struct sockaddr *address, const greffe__network *networks,
                       size_t count);
/* The same of an address as text. */
bool greffe__may_reach_text(const char *address, const greffe__network *networks, size_t count);

/* --- Destinations --- */

typedef struct greffe__secret {
    unsigned char bytes[GREFFE__MAX_SECRET_BYTES];
    size_t size;
} greffe__secret;

typedef struct greffe__route {
    greffe_sender *sender;
    char *channel, *url, *user, *password, *from, *certificates;
    char address[GREFFE__ADDRESS_ROOM]; /* of `from` */
    greffe__secret secrets[GREFFE__MAX_SECRETS];
    size_t secret_count;
    greffe__network networks[GREFFE__MAX_NETWORKS];
    size_t network_count;
    bool mail, plain, later;
    uint32_t within_ms;
} greffe__route;

/* Says why there is no such destination; always GREFFE_EINVALID. */
greffe_status greffe__route_refuse(char problem[256], const char *channel, const char *why,
                                   const char *what);
/* Checks and copies one. On an error `*out` may be there too, to be freed. */
greffe_status greffe__route_make(greffe__route **out, greffe_sender *sender,
                                 const greffe_destination *destination, char problem[256]);
void greffe__route_free(greffe__route *route);

/* --- On the way --- */

/* How far a letter has come: what a refusal is about hangs on it. */
typedef enum greffe__stage {
    GREFFE__GREETS,
    GREFFE__NAMES_SENDER,
    GREFFE__NAMES_READER
} greffe__stage;

typedef struct greffe__hand greffe__hand;

typedef struct greffe__transfer {
    const greffe__route *route;
    greffe__hand *hand; /* of a letter: whose connection it is */
    CURL *curl;
    int64_t until_ms; /* of the machine's steady clock */
    char token[GREFFE__TOKEN_ROOM];
    bool call;
    greffe__text sent; /* what is sent, or was */
    size_t given;      /* of it, to libcurl */
    greffe__text answer;
    size_t heard;             /* bytes of headers and of the answer */
    struct curl_slist *lines; /* headers, or recipients */
    greffe__stage stage;
    bool leaves;        /* has said QUIT */
    char said[160];     /* the other side's last line before that */
    char kept_from[64]; /* an address that may not be reached */
    struct greffe__transfer *next, *previous;
} greffe__transfer;

/* What has become of one. */
typedef struct greffe__end {
    greffe_status status;
    char problem[256];
    uint64_t again_ms;
    bool later;            /* the answer will come by itself */
    char *outcome, *gives; /* of a call; the end's, to be freed */
} greffe__end;

/* The options that all have; false: want of memory. It has its handle. */
bool greffe__transfer_set(greffe__transfer *t);
/* Tells the engine what has become of it; true: it has left. */
bool greffe__transfer_end(greffe_engine *engine, greffe__transfer *t, CURLcode code);
void greffe__transfer_free(greffe__transfer *t);

/* Milliseconds of the machine's steady clock. */
int64_t greffe__steady_ms(void);

/* --- The connections of a thread (curl_hand.c) --- */

/* NULL: want of memory. */
greffe__hand *greffe__hand_create(void);
void greffe__hand_destroy(greffe__hand *hand);
/* A socket of its was opened; one is to be closed, as libcurl asks for it. */
void greffe__hand_opened(greffe__hand *hand, curl_socket_t fd);
int greffe__hand_close(void *hand, curl_socket_t fd);
/* Breaks off what goes through it, from any thread, until it is told otherwise; and whether it is
 * broken. */
void greffe__hand_break(greffe__hand *hand, bool stops);
bool greffe__hand_stops(greffe__hand *hand);

/* --- Letters (curl_posting.c) --- */

typedef struct greffe__posting greffe__posting;
/* `ended` is called by its threads when a letter has ended, one at a time. */
greffe_status greffe__posting_open(greffe__posting **out, greffe_engine *engine,
                                   void (*ended)(void *data), void *data);
/* Takes a letter over. GREFFE_ENOMEM: it is still the caller's. */
greffe_status greffe__posting_give(greffe__posting *posting, greffe__transfer *t);
/* What has ended since it was asked last, and what has not. */
greffe_sending greffe__posting_look(greffe__posting *posting);
/* Breaks off what is under way, and comes back when nothing is. */
void greffe__posting_break(greffe__posting *posting);
/* The same, for good; NULL is fine. */
void greffe__posting_close(greffe__posting *posting);

/* --- Ways --- */

/* Fills in what differs (curl_smtp.c, curl_webhook.c); what is not begun is cleared by the
 * caller. */
greffe_status greffe__smtp_begin(greffe__transfer *t, const greffe_effect *effect,
                                 char problem[256]);
/* The options of a letter; false: want of memory. */
bool greffe__smtp_set(greffe__transfer *t);
void greffe__smtp_end(greffe__transfer *t, CURLcode code, greffe__end *end);
greffe_status greffe__webhook_begin(greffe__transfer *t, const greffe_effect *effect);
void greffe__webhook_end(greffe__transfer *t, CURLcode code, greffe__end *end);
/* "whsec_…"; false: it is none. */
bool greffe__secret_read(greffe__secret *out, const char *text);

/* Whether libcurl took an option. */
static inline bool greffe__taken(CURLcode code)
{
    return code == CURLE_OK;
}

#ifdef __cplusplus
}
#endif
#endif
