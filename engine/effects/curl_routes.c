/* Destinations: what is taken for one, and what is kept of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "effects/curl_priv.h"

enum { default_within_s = 30, most_within_s = 600, most_later_s = 90 * 86400 };

void greffe__route_free(greffe__route *route)
{
    if (route == NULL) {
        return;
    }
    char *texts[] = {route->channel,  route->url,  route->user,
                     route->password, route->from, route->certificates};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(texts[i]);
    }
    free(route);
}

greffe_status greffe__route_refuse(char problem[256], const char *channel, const char *why,
                                   const char *what)
{
    (void)snprintf(problem, 256, "%.60s: %s%.80s", channel, why, what);
    return GREFFE_EINVALID;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const char no_memory[] = "out of memory";

static const char *fault_of_part(CURLU *parts, CURLUPart part, CURLUcode wanted, const char *fault)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(parts, part, &text, 0);
    bool empty = code == CURLUE_OK && text[0] == '\0';
    curl_free(text);
    return code == CURLUE_OUT_OF_MEMORY ? no_memory : code != wanted || empty ? fault : NULL;
}

/* Who is spoken to: the part that libcurl itself reads. */
static const char *fault_of_url(const greffe_destination *d)
{
    static const char host[] = "its url names no host that could be: write https://host/path";
    static const char user[] = "there is a user in its url: write user: and password: beside it";
    CURLU *parts = curl_url();
    if (parts == NULL) {
        return no_memory;
    }
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, d->url, 0);
    const char *fault = code == CURLUE_OUT_OF_MEMORY ? no_memory : code != CURLUE_OK ? host : NULL;
    fault = fault != NULL ? fault : fault_of_part(parts, CURLUPART_HOST, CURLUE_OK, host);
    fault = fault != NULL ? fault : fault_of_part(parts, CURLUPART_USER, CURLUE_NO_USER, user);
    if (fault == NULL) {
        fault = fault_of_part(parts, CURLUPART_PASSWORD, CURLUE_NO_PASSWORD, user);
    }
    curl_url_cleanup(parts);
    return fault;
}

static bool has_control(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 127) {
            return true;
        }
    }
    return false;
}

static const char *fault_of_mail(const greffe_destination *d)
{
    char sender[GREFFE__ADDRESS_ROOM];
    return strcmp(d->channel, "mail") != 0
               ? "only letters of the channel 'mail' go by SMTP: give it a url with https://"
           : d->sender == NULL ? "letters have no sender: write sender: Service <aide@example.org>"
           : !greffe__mail_sender(sender, d->sender)
               ? "their sender has no address: write sender: Service <aide@example.org>"
           : d->secrets != NULL && d->secrets[0] != NULL
               ? "letters are not signed: take its secrets out"
           : (d->user != NULL) != (d->password != NULL)
               ? "a user and a password go together: write both, or none"
           : has_control(d->user) || has_control(d->password)
               ? "there is a line end in its user or password: take it out"
           : d->password != NULL && d->plain
               ? "a password is never sent without TLS: take out 'plain', or the password"
               : NULL;
}

static const char *fault_of_webhook(const greffe_destination *d)
{
    return begins(d->url, "http://") && !d->plain
               ? "without TLS: write https://, or plain: true if that is meant"
           : d->user != NULL || d->password != NULL
               ? "a webhook has no user: what it sends is signed"
           : d->secrets == NULL || d->secrets[0] == NULL
               ? "a webhook needs a secret: write secrets: whsec_…"
               : NULL;
}

/* What the address says must agree with what else is said. */
static const char *fault_of(const greffe_destination *d)
{
    bool mail = begins(d->url, "smtp://") || begins(d->url, "smtps://");
    bool web = begins(d->url, "https://") || begins(d->url, "http://");
    if (strpbrk(d->url, " \t") != NULL || has_control(d->url)) {
        return "there are spaces in its url: write them %20, or take them out";
    }
    if (!mail && !web) {
        return "its url begins with smtp://, smtps:// or https://";
    }
    const char *fault = fault_of_url(d);
    fault = fault != NULL ? fault : mail ? fault_of_mail(d) : fault_of_webhook(d);
    return fault != NULL ? fault
           : d->within_s > most_within_s
               ? "one attempt takes at most 600 s: write a smaller 'within'"
           : d->answers_within_s > most_later_s
               ? "an answer may be late by 90 days at most: write a smaller 'answers_within'"
               : NULL;
}

static bool copied(char **out, const char *text)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

static greffe_status read_lists(greffe__route *r, const greffe_destination *d, char problem[256])
{
    for (size_t i = 0; d->secrets != NULL && d->secrets[i] != NULL; i++) {
        if (i == GREFFE__MAX_SECRETS || !greffe__secret_read(&r->secrets[i], d->secrets[i])) {
            return greffe__route_refuse(problem, d->channel,
                                        i == GREFFE__MAX_SECRETS
                                            ? "it has more than 8 secrets"
                                            : "a secret is 'whsec_' and 24 to 64 bytes in base64",
                                        "");
        }
        r->secret_count += 1;
    }
    for (size_t i = 0; d->networks != NULL && d->networks[i] != NULL; i++) {
        if (i == GREFFE__MAX_NETWORKS || !greffe__network_read(&r->networks[i], d->networks[i])) {
            return greffe__route_refuse(
                problem, d->channel,
                i == GREFFE__MAX_NETWORKS
                    ? "it names more than 16 networks; here "
                    : "a network is 10.1.0.0/16, fd00::/8 or an address, not ",
                d->networks[i]);
        }
        r->network_count += 1;
    }
    return GREFFE_OK;
}

greffe_status greffe__route_make(greffe__route **out, greffe_sender *s, const greffe_destination *d,
                                 char problem[256])
{
    const char *fault = fault_of(d);
    *out = NULL;
    if (fault == NULL && d->certificates != NULL && access(d->certificates, R_OK) != 0) {
        return greffe__route_refuse(problem, d->channel,
                                    "its certificates cannot be read: ", d->certificates);
    }
    if (fault == no_memory) {
        return GREFFE_ENOMEM;
    }
    if (fault != NULL) {
        return greffe__route_refuse(problem, d->channel, fault, "");
    }
    greffe__route *r = calloc(1, sizeof *r);
    *out = r;
    if (r == NULL) {
        return GREFFE_ENOMEM;
    }
    r->sender = s;
    r->mail = begins(d->url, "smtp");
    r->plain = d->plain;
    r->later = d->answers_within_s > 0;
    r->within_ms = (d->within_s > 0 ? d->within_s : default_within_s) * 1000;
    bool good = copied(&r->channel, d->channel) && copied(&r->url, d->url) &&
                copied(&r->user, d->user) && copied(&r->password, d->password) &&
                copied(&r->from, d->sender) && copied(&r->certificates, d->certificates);
    if (r->mail) {
        (void)greffe__mail_sender(r->address, d->sender); /* it was looked at */
    }
    return good ? read_lists(r, d, problem) : GREFFE_ENOMEM;
}
