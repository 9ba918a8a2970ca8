/* Letters as messages of RFC 5322, one file each. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "effects/effects.h"

static void base64(greffe__text *m, const unsigned char *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        unsigned group = (unsigned)data[i] << 16 | (i + 1 < size ? (unsigned)data[i + 1] << 8 : 0) |
                         (i + 2 < size ? (unsigned)data[i + 2] : 0);
        char out[4] = {digits[group >> 18 & 63], digits[group >> 12 & 63],
                       i + 1 < size ? digits[group >> 6 & 63] : '=',
                       i + 2 < size ? digits[group & 63] : '='};
        greffe__text_put(m, out, 4);
    }
}

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
        base64(m, (const unsigned char *)text, size);
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

static void header_date(greffe__text *m, int64_t now_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(now_ms / 1000);
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
    if (text == NULL || strchr(text, '@') == NULL) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == ',' || *text == '<' || *text == '>') {
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

greffe_status greffe_effect_mail(void *data, const greffe_effect *effect, char problem[256])
{
    const greffe_file_effects *site = data;
    greffe__text m = {0};
    char id[400], name[200];
    cJSON *body = cJSON_ParseWithLength(effect->body.data, effect->body.size);
    const cJSON *email = cJSON_GetObjectItemCaseSensitive(body, "email");
    const char *to = cJSON_IsString(email) ? email->valuestring : NULL;
    const char *from = site->sender != NULL ? site->sender : "greffe@localhost";
    bool sends = strpbrk(from, "\r\n") == NULL;
    if (!sends || !is_address(to) || effect->text[0] == '\0') {
        (void)snprintf(problem, 256,
                       !sends            ? "the site's sender has more than one line"
                       : !is_address(to) ? "the applicant has no e-mail address"
                                         : "the letter '%s' has no text",
                       effect->letter);
        cJSON_Delete(body);
        return GREFFE_EINVALID;
    }
    greffe__text_say(&m, "From: ");
    sender(&m, from);
    greffe__text_say(&m, "\r\nTo: ");
    greffe__text_say(&m, to);
    greffe__text_say(&m, "\r\nSubject: ");
    encoded(&m, effect->subject);
    greffe__text_say(&m, "\r\n");
    header_date(&m, effect->now_ms);
    (void)snprintf(id, sizeof id, "Message-ID: <%.120s@greffe>\r\n", effect->key);
    for (char *c = id; *c != '\0'; c++) {
        *c = *c == '/' ? '.' : *c;
    }
    greffe__text_say(&m, id);
    greffe__text_say(&m, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                         "Content-Type: text/plain; charset=utf-8\r\n"
                         "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    quoted(&m, effect->text);
    (void)snprintf(name, sizeof name, "%.140s.eml", effect->key);
    greffe_status status =
        m.failed ? GREFFE_ENOMEM
                 : greffe__file_write(site->directory, "letters", name, m.data, m.size, problem);
    free(m.data);
    cJSON_Delete(body);
    return status;
}
