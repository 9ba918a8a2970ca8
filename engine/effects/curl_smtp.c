/* Letters by SMTP (RFC 5321), submitted to the site's own server. A letter that was given whole and
 * has no answer may have been taken; what else fails has surely not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "effects/curl_priv.h"

static size_t give(char *out, size_t one, size_t count, void *user)
{
    greffe__transfer *t = user;
    if (greffe__hand_stops(t->hand)) {
        return CURL_READFUNC_ABORT; /* not the end: then half a letter would be one */
    }
    size_t room = one * count, left = t->sent.size - t->given;
    size_t size = left < room ? left : room;
    memcpy(out, t->sent.data + t->given, size);
    t->given += size;
    return size;
}

/* Only what is said before a refusal tells what the refusal is about; what answers the farewell is
 * none. */
static int listen_in(CURL *curl, curl_infotype type, char *data, size_t size, void *user)
{
    greffe__transfer *t = user;
    (void)curl;
    if (type == CURLINFO_HEADER_OUT && size >= 5) {
        t->stage = memcmp(data, "MAIL ", 5) == 0   ? GREFFE__NAMES_SENDER
                   : memcmp(data, "RCPT ", 5) == 0 ? GREFFE__NAMES_READER
                                                   : t->stage;
        t->leaves = t->leaves || memcmp(data, "QUIT", 4) == 0;
    }
    return 0;
}

bool greffe__smtp_set(greffe__transfer *t)
{
    const greffe__route *route = t->route;
    CURL *c = t->curl;
    long tls = route->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL;
    return greffe__taken(curl_easy_setopt(c, CURLOPT_URL, route->url)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps")) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_USE_SSL, tls)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_MAIL_FROM, route->address)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_MAIL_RCPT, t->lines)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_UPLOAD, 1L)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_READFUNCTION, give)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_READDATA, t)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_VERBOSE, 1L)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, listen_in)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_DEBUGDATA, t)) &&
           (route->user == NULL ||
            greffe__taken(curl_easy_setopt(c, CURLOPT_USERNAME, route->user))) &&
           (route->password == NULL ||
            greffe__taken(curl_easy_setopt(c, CURLOPT_PASSWORD, route->password)));
}

greffe_status greffe__smtp_begin(greffe__transfer *t, const greffe_effect *effect,
                                 char problem[256])
{
    char *reader;
    greffe_status status = greffe__mail_compose(&t->sent, &reader, effect, t->route->from, problem);
    if (status == GREFFE_OK) {
        t->lines = curl_slist_append(NULL, reader);
        status = t->lines != NULL ? GREFFE_OK : GREFFE_ENOMEM;
    }
    free(reader);
    return status;
}

/* A refusal: of this letter, or of all that come this way. */
static greffe_status refused(const greffe__transfer *t, long reply)
{
    bool own = t->stage == GREFFE__NAMES_READER && reply != 421;
    return !own          ? reply < 500 ? GREFFE_EBUSY : GREFFE_EIO
           : reply < 500 ? GREFFE_ESTATE
                         : GREFFE_EDENIED;
}

void greffe__smtp_end(greffe__transfer *t, CURLcode code, greffe__end *end)
{
    long reply = strtol(t->said, NULL, 10);
    bool whole = t->given == t->sent.size;
    if (code == CURLE_OK) {
        end->status = GREFFE_OK;
    } else if (code == CURLE_USE_SSL_FAILED) {
        (void)snprintf(end->problem, sizeof end->problem,
                       "the mail server offers no STARTTLS: write smtps://, or plain: true if that "
                       "is meant");
    } else if (reply >= 400 && reply < 600) {
        end->status = refused(t, reply);
        (void)snprintf(end->problem, sizeof end->problem, "the mail server says: %s", t->said);
    } else {
        end->status = whole ? GREFFE_EUNKNOWN : GREFFE_EIO;
    }
}
