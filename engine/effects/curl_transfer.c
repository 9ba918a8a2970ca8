/* One transfer: where it may go, what it may hear, and what is told of its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "effects/curl_priv.h"

enum { connect_ms = 10000 };

int64_t greffe__steady_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void greffe__transfer_free(greffe__transfer *t)
{
    if (t != NULL) {
        curl_easy_cleanup(t->curl);
        curl_slist_free_all(t->lines);
        free(t->sent.data);
        free(t->answer.data);
        free(t);
    }
}

/* --- What it hears --- */

/* What there is to hear has its bound. */
static bool hears(greffe__transfer *t, size_t size)
{
    t->heard += size;
    return t->heard <= GREFFE_MAX_REPLY_BYTES;
}

static size_t take_answer(char *data, size_t one, size_t size, void *user)
{
    greffe__transfer *t = user;
    if (!hears(t, size)) {
        return CURL_WRITEFUNC_ERROR;
    }
    greffe__text_put(&t->answer, data, size);
    return t->answer.failed ? CURL_WRITEFUNC_ERROR : one * size;
}

static void keep_line(greffe__transfer *t, const char *data, size_t size)
{
    size_t kept = size < sizeof t->said - 1 ? size : sizeof t->said - 1;
    memcpy(t->said, data, kept);
    t->said[kept] = '\0';
    t->said[strcspn(t->said, "\r\n")] = '\0';
    for (char *c = t->said; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
    }
}

static size_t take_header(char *data, size_t one, size_t size, void *user)
{
    greffe__transfer *t = user;
    if (!t->leaves) {
        keep_line(t, data, size);
    }
    return hears(t, size) ? one * size : CURL_WRITEFUNC_ERROR;
}

/* --- Where it may go --- */

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    greffe__transfer *t = user;
    const greffe__route *route = t->route;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        !greffe__may_reach(&address->addr, route->networks, route->network_count)) {
        (void)snprintf(t->kept_from, sizeof t->kept_from, "it is at an address that is not public");
        return CURL_SOCKET_BAD;
    }
    curl_socket_t fd = socket(address->family, address->socktype, address->protocol);
    if (t->hand != NULL) {
        greffe__hand_opened(t->hand, fd);
    }
    return fd;
}

/* A connection that was opened for another destination is looked at too. */
static int before_request(void *user, char *theirs, char *ours, int their_port, int our_port)
{
    greffe__transfer *t = user;
    (void)ours;
    (void)their_port;
    (void)our_port;
    if (!greffe__may_reach_text(theirs, t->route->networks, t->route->network_count)) {
        (void)snprintf(t->kept_from, sizeof t->kept_from, "%.40s is not public", theirs);
        return CURL_PREREQFUNC_ABORT;
    }
    return CURL_PREREQFUNC_OK;
}

/* Longer than it may take, which libcurl does not see while it waits for a mail server's last word;
 * or it is broken off. */
static int look_at_time(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const greffe__transfer *t = user;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return greffe__steady_ms() > t->until_ms || (t->hand != NULL && greffe__hand_stops(t->hand));
}

/* --- Options --- */

static bool set_bounds(greffe__transfer *t)
{
    const greffe__route *route = t->route;
    CURL *c = t->curl;
    long within = (long)route->within_ms;
    t->until_ms = greffe__steady_ms() + within;
    return greffe__taken(curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_PRIVATE, t)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_PROXY, "")) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, within)) &&
           greffe__taken(
               curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (within + 999) / 1000)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                                          within < connect_ms ? within : (long)connect_ms)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)) &&
           (route->certificates == NULL ||
            (greffe__taken(curl_easy_setopt(c, CURLOPT_CAINFO, route->certificates)) &&
             greffe__taken(curl_easy_setopt(c, CURLOPT_CAPATH, NULL))));
}

static bool set_ways(greffe__transfer *t)
{
    CURL *c = t->curl;
    return greffe__taken(curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_PREREQDATA, t)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_WRITEDATA, t)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_HEADERDATA, t)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_at_time)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_XFERINFODATA, t));
}

bool greffe__transfer_set(greffe__transfer *t)
{
    return set_bounds(t) && set_ways(t);
}

/* --- End --- */

/* What libcurl says, in words that help. */
static void describe(const greffe__transfer *t, CURLcode code, greffe__end *end)
{
    if (t->kept_from[0] != '\0') {
        (void)snprintf(end->problem, sizeof end->problem,
                       "%.60s: %s; name its network in the site file if that is meant",
                       t->route->channel, t->kept_from);
    } else if (t->heard > GREFFE_MAX_REPLY_BYTES) {
        (void)snprintf(end->problem, sizeof end->problem, "the other side says more than %u bytes",
                       GREFFE_MAX_REPLY_BYTES);
    } else if (code == CURLE_ABORTED_BY_CALLBACK) {
        (void)snprintf(end->problem, sizeof end->problem, "it took longer than %u s",
                       t->route->within_ms / 1000);
    } else if (end->problem[0] == '\0') {
        (void)snprintf(end->problem, sizeof end->problem, "%s%s%s", curl_easy_strerror(code),
                       t->said[0] != '\0' ? "; it said last: " : "", t->said);
    }
}

static void tell(greffe_engine *engine, const greffe__transfer *t, const greffe__end *end)
{
    greffe_end told = {.size = sizeof told,
                       .status = end->status,
                       .problem = end->problem,
                       .outcome = end->outcome,
                       .again_ms = end->again_ms};
    if (end->gives != NULL) {
        told.gives = (greffe_str){end->gives, strlen(end->gives)};
    }
    if (!end->later) { /* what cannot be told now is given again when its time is over */
        (void)greffe_engine_finish(engine, t->token, &told);
    }
}

bool greffe__transfer_end(greffe_engine *engine, greffe__transfer *t, CURLcode code)
{
    greffe__end end = {.status = GREFFE_EIO};
    if (t->answer.failed || code == CURLE_OUT_OF_MEMORY) {
        end.status = GREFFE_ENOMEM;
    } else if (t->route->mail) {
        greffe__smtp_end(t, code, &end);
    } else {
        greffe__webhook_end(t, code, &end);
    }
    if (end.status != GREFFE_OK) {
        describe(t, code, &end);
    }
    tell(engine, t, &end);
    free(end.outcome);
    free(end.gives);
    return end.status == GREFFE_OK;
}
