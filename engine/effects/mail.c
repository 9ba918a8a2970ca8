/* Letters as messages of RFC 5322, one file each. */
#include <cjson/cJSON.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "effects/effects.h"

/* A header's text as encoded words (RFC 2047), at most 39 bytes of UTF-8 in each, cut between
 * characters: with the header's name, no line is longer than 76 characters. A line feed never gets
 * into a header. */
static void encoded(greffe__text *m, const char *text)
{
    size_t left = strlen(text);
    bool first = true;
    while (left > 0) {
        size_t size = left < 39 ? left : 39;
        while (size < left && ((unsigned char)text[size] & 0xC0) == 0x80) {
            size -= 1;
        }
        greffe__text_say(m, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        char digits[BASE64_ENCODE_RAW_LENGTH(39)];
        base64_encode_raw(digits, size, (const unsigned char *)text);
        greffe__text_put(m, digits, BASE64_ENCODE_RAW_LENGTH(size));
        greffe__text_say(m, "?=");
        text += size;
        left -= size;
        first = false;
    }
}

/* Quoted-printable (RFC 2045 §6.7), lines of at most 76 characters. */
static void quoted(greffe__text *m, const char *text)
{
    size_t column = 0;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '\n') {
            greffe__text_say(m, "\r\n");
            column = 0;
            continue;
        }
        bool last = text[1] == '\n' || text[1] == '\0';
        bool plain = c >= 33 && c <= 126 && c != '=' && !(c == '.' && column == 0);
        plain = plain || (c == ' ' && !last);
        size_t width = plain ? 1 : 3;
        if (column + width > 75) {
            greffe__text_say(m, "=\r\n");
            column = 0;
            plain = plain && c != '.';
            width = plain ? 1 : 3;
        }
        char form[4];
        if (plain) {
            greffe__text_put(m, (const char *)&c, 1);
        } else {
            (void)snprintf(form, sizeof form, "=%02X", c);
            greffe__text_say(m, form);
        }
        column += width;
    }
    greffe__text_say(m, "\r\n");
}

static void header_date(greffe__text *m, int64_t at_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm t;
    char text[64];
    if (gmtime_r(&seconds, &t) != NULL) {
        (void)snprintf(text, sizeof text, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
                       days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                       t.tm_min, t.tm_sec);
        greffe__text_say(m, text);
    }
}

static bool is_address(const char *text)
{
    const char *at = strrchr(text, '@');
    if (at == NULL || at == text || at[1] == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == 127 || *text == ',' || *text == '<' ||
            *text == '>') {
            return false;
        }
    }
    return true;
}

/* "Direction des mobilités <aide@example.org>": the name as encoded words, the address as it is. */
static void sender(greffe__text *m, const char *text)
{
    const char *open = strrchr(text, '<');
    size_t size = open == NULL ? 0 : (size_t)(open - text);
    while (size > 0 && text[size - 1] == ' ') {
        size -= 1;
    }
    char *name = strndup(text, size);
    m->failed = m->failed || name == NULL;
    if (name != NULL && size > 0) {
        encoded(m, name);
        greffe__text_say(m, "\r\n ");
    }
    greffe__text_say(m, open == NULL ? text : open);
    free(name);
}

bool greffe__mail_sender(char out[GREFFE__ADDRESS_ROOM], const char *from)
{
    size_t size = strlen(from);
    const char *open = strrchr(from, '<');
    bool named = open != NULL && size > 0 && from[size - 1] == '>';
    int shown = snprintf(out, GREFFE__ADDRESS_ROOM, "%.*s",
                         (int)(named ? from + size - 1 - (open + 1) : (ptrdiff_t)size),
                         named ? open + 1 : from);
    return shown > 0 && shown < GREFFE__ADDRESS_ROOM && strpbrk(from, "\r\n") == NULL &&
           is_address(out);
}

/* The part behind the @ of who sends, for the message's name. */
static void message_id(greffe__text *m, const greffe_effect *effect, const char *address)
{
    greffe__text_format(m, "Message-ID: <%s@%s>\r\n", effect->id, strrchr(address, '@') + 1);
}

static void compose(greffe__text *m, const greffe_effect *effect, const char *to, const char *from,
                    const char *address)
{
    greffe__text_say(m, "From: ");
    sender(m, from);
    greffe__text_say(m, "\r\nTo: ");
    greffe__text_say(m, to);
    greffe__text_say(m, "\r\nSubject: ");
    encoded(m, effect->subject);
    greffe__text_say(m, "\r\n");
    header_date(m, effect->at_ms);
    message_id(m, effect, address);
    greffe__text_say(m, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    quoted(m, effect->text);
}

greffe_status greffe__mail_compose(greffe__text *out, char **reader, const greffe_effect *effect,
                                   const char *from, char problem[256])
{
    cJSON *body = cJSON_ParseWithLength(effect->body.data, effect->body.size);
    const cJSON *email = cJSON_GetObjectItemCaseSensitive(body, "email");
    const char *to = cJSON_IsString(email) ? email->valuestring : "";
    char address[GREFFE__ADDRESS_ROOM];
    bool sends = greffe__mail_sender(address, from);
    greffe_status status = GREFFE_EINVALID;
    *reader = NULL;
    if (!sends || !is_address(to) || effect->text[0] == '\0') {
        (void)snprintf(problem, 256,
                       !sends ? "the site's sender is no address: Service <aide@example.org>"
                       : !is_address(to) ? "the applicant has no e-mail address"
                                         : "the letter '%s' has no text",
                       effect->letter);
    } else {
        compose(out, effect, to, from, address);
        *reader = strdup(to);
        status = out->failed || *reader == NULL ? GREFFE_ENOMEM : GREFFE_OK;
    }
    cJSON_Delete(body);
    return status;
}

greffe_status greffe_effect_mail(void *data, const greffe_effect *effect, char problem[256])
{
    const greffe_file_effects *site = data;
    greffe__text m = {0};
    char name[200], *reader;
    const char *from = site->sender != NULL ? site->sender : "greffe@localhost";
    greffe_status status = greffe__mail_compose(&m, &reader, effect, from, problem);
    (void)snprintf(name, sizeof name, "%.140s.eml", effect->key);
    if (status == GREFFE_OK) {
        status = greffe__file_write(site->directory, "letters", name, m.data, m.size, problem);
    }
    free(m.data);
    free(reader);
    return status;
}
