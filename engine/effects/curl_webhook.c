/* Effects as webhooks: signed as Standard Webhooks 1.0.0 says, by each of the destination's
 * secrets; and what is made of the answer. */
#include <cjson/cJSON.h>
#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "effects/curl_priv.h"

enum { id_room = 48, least_secret_bytes = 24 };

bool greffe__secret_read(greffe__secret *out, const char *text)
{
    static const char prefix[] = "whsec_";
    unsigned char bytes[BASE64_DECODE_LENGTH(2 * GREFFE__MAX_SECRET_BYTES)];
    struct base64_decode_ctx decode;
    size_t size = sizeof bytes;
    bool begins = strncmp(text, prefix, sizeof prefix - 1) == 0;
    const char *digits = begins ? text + sizeof prefix - 1 : "";
    base64_decode_init(&decode);
    if (strlen(digits) > 2 * GREFFE__MAX_SECRET_BYTES ||
        !base64_decode_update(&decode, &size, bytes, strlen(digits), digits) ||
        !base64_decode_final(&decode) || size < least_secret_bytes ||
        size > GREFFE__MAX_SECRET_BYTES) {
        return false;
    }
    memcpy(out->bytes, bytes, size);
    out->size = size;
    return true;
}

static void sign(greffe__text *out, const greffe__secret *secret, const char *id,
                 const char *seconds, const greffe__text *body)
{
    struct hmac_sha256_ctx hmac;
    unsigned char digest[SHA256_DIGEST_SIZE];
    char digits[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];
    const char *parts[] = {id, ".", seconds, "."};
    hmac_sha256_set_key(&hmac, secret->size, secret->bytes);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hmac_sha256_update(&hmac, strlen(parts[i]), (const uint8_t *)parts[i]);
    }
    hmac_sha256_update(&hmac, body->size, (const uint8_t *)body->data);
    hmac_sha256_digest(&hmac, sizeof digest, digest);
    base64_encode_raw(digits, sizeof digest, digest);
    greffe__text_say(out, " v1,");
    greffe__text_put(out, digits, sizeof digits);
}

static bool add_line(greffe__transfer *t, const char *format, const char *value)
{
    greffe__text line = {0};
    greffe__text_format(&line, format, value);
    struct curl_slist *lines = line.failed ? NULL : curl_slist_append(t->lines, line.data);
    free(line.data);
    t->lines = lines != NULL ? lines : t->lines;
    return lines != NULL;
}

static bool add_headers(greffe__transfer *t, const greffe_effect *effect)
{
    char id[id_room], seconds[24], attempt[24];
    greffe__text signatures = {0};
    (void)snprintf(id, id_room, "msg_%s", effect->id);
    (void)snprintf(attempt, sizeof attempt, "%u", effect->attempts + 1);
    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)(effect->now_ms / 1000));
    for (size_t i = 0; i < t->route->secret_count; i++) {
        sign(&signatures, &t->route->secrets[i], id, seconds, &t->sent);
    }
    bool good = !signatures.failed && add_line(t, "webhook-id: %s", id) &&
                add_line(t, "webhook-timestamp: %s", seconds) &&
                add_line(t, "webhook-signature:%s", signatures.data) &&
                add_line(t, "greffe-attempt: %s", attempt) &&
                add_line(t, "greffe-token: %s", t->token) &&
                add_line(t, "Content-Type: %s", "application/json") && add_line(t, "Expect:%s", "");
    free(signatures.data);
    return good;
}

/* --- What is sent --- */

static void put_json(greffe__text *out, const char *name, const char *value)
{
    cJSON *text = cJSON_CreateString(value);
    char *printed = text != NULL ? cJSON_PrintUnformatted(text) : NULL;
    out->failed = out->failed || printed == NULL;
    greffe__text_format(out, "\"%s\":%s,", name, printed != NULL ? printed : "");
    cJSON_free(printed);
    cJSON_Delete(text);
}

/* The same at each attempt. */
static void write_body(greffe__text *out, const greffe_effect *effect, bool call)
{
    char at[40] = "", type[200];
    time_t seconds = (time_t)(effect->at_ms / 1000);
    struct tm t;
    if (gmtime_r(&seconds, &t) != NULL) {
        (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &t);
    }
    (void)snprintf(type, sizeof type, "%.80s%s%.100s", effect->channel, call ? "." : "",
                   call ? effect->letter : "");
    greffe__text_say(out, "{");
    put_json(out, "type", type);
    put_json(out, "timestamp", at);
    greffe__text_say(out, "\"data\":{");
    put_json(out, "key", effect->key);
    put_json(out, "channel", effect->channel);
    put_json(out, call ? "service" : "letter", effect->letter);
    if (!call) {
        put_json(out, "subject", effect->subject);
        put_json(out, "text", effect->text);
    }
    greffe__text_say(out, "\"facts\":");
    greffe__text_put(out, effect->body.data, effect->body.size);
    greffe__text_say(out, effect->body.size > 0 ? "}}" : "null}}");
}

static bool set_request(greffe__transfer *t)
{
    CURL *c = t->curl;
    return greffe__taken(curl_easy_setopt(c, CURLOPT_URL, t->route->url)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR,
                                          t->route->plain ? "http,https" : "https")) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_POST, 1L)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->sent.data)) &&
           greffe__taken(
               curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->sent.size)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->lines)) &&
           greffe__taken(curl_easy_setopt(c, CURLOPT_USERAGENT, "greffe"));
}

greffe_status greffe__webhook_begin(greffe__transfer *t, const greffe_effect *effect)
{
    write_body(&t->sent, effect, t->call);
    return !t->sent.failed && add_headers(t, effect) && set_request(t) ? GREFFE_OK : GREFFE_ENOMEM;
}

/* --- What comes back --- */

static bool take_member(char **out, const cJSON *item, bool text)
{
    if (item == NULL) {
        return true;
    }
    if (text ? !cJSON_IsString(item) : !cJSON_IsObject(item)) {
        return false;
    }
    *out = text ? strdup(item->valuestring) : cJSON_PrintUnformatted(item);
    return *out != NULL;
}

static bool is_blank(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t' || *from == '\r' || *from == '\n')) {
        from += 1;
    }
    return from == to;
}

/* What a service answers: nothing, or {"outcome": …, "gives": {…}}. */
static void read_answer(greffe__transfer *t, greffe__end *end)
{
    const char *end_of_text = NULL;
    cJSON *body = t->answer.size == 0
                      ? NULL
                      : cJSON_ParseWithLengthOpts(t->answer.data, t->answer.size, &end_of_text, 0);
    bool good =
        t->answer.size == 0 ||
        (cJSON_IsObject(body) && is_blank(end_of_text, t->answer.data + t->answer.size) &&
         take_member(&end->outcome, cJSON_GetObjectItemCaseSensitive(body, "outcome"), true) &&
         take_member(&end->gives, cJSON_GetObjectItemCaseSensitive(body, "gives"), false));
    cJSON_Delete(body);
    end->status = good ? GREFFE_OK : GREFFE_EINVALID;
    if (!good) {
        (void)snprintf(end->problem, sizeof end->problem,
                       "the service answers no JSON object of outcome and gives");
    }
}

static greffe_status status_of(long code)
{
    switch (code) {
    case 400:
    case 413:
    case 415:
    case 422: return GREFFE_EDENIED;
    case 408:
    case 425:
    case 429: return GREFFE_EBUSY;
    default: return code >= 500 ? GREFFE_EBUSY : GREFFE_EIO;
    }
}

static void refuse(const greffe__transfer *t, long code, greffe__end *end)
{
    curl_off_t seconds = 0;
    end->status = status_of(code);
    (void)snprintf(end->problem, sizeof end->problem,
                   code < 200   ? "it answers %ld, which ends nothing"
                   : code < 400 ? "it answers %ld: redirects are not followed; the site file names "
                                  "the last address"
                                : "it answers %ld",
                   code);
    if (end->status == GREFFE_EBUSY &&
        curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0) {
        end->again_ms = (uint64_t)(seconds < 86400 ? seconds : 86400) * 1000;
    }
}

void greffe__webhook_end(greffe__transfer *t, CURLcode code, greffe__end *end)
{
    long answer = 0;
    curl_off_t given = 0;
    (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &answer);
    (void)curl_easy_getinfo(t->curl, CURLINFO_SIZE_UPLOAD_T, &given);
    if (answer >= 300 || (code == CURLE_OK && answer < 200)) {
        refuse(t, answer, end); /* said, however it went on */
    } else if (answer >= 200 && !t->call) {
        end->status = GREFFE_OK; /* taken, whatever it says besides */
    } else if (code != CURLE_OK) {
        end->status = given == (curl_off_t)t->sent.size ? GREFFE_EUNKNOWN : GREFFE_EIO;
    } else if (answer == 202) {
        end->later = t->route->later;
        end->status = end->later ? GREFFE_OK : GREFFE_EINVALID;
        (void)snprintf(end->problem, sizeof end->problem,
                       "it answers 202, and the site file does not say `answers_within`");
    } else {
        read_answer(t, end);
    }
}
