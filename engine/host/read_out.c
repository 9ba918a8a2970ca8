/* Objects of an answer and their members, as JSON. */
#include <stdio.h>

#include "host/read_priv.h"

void greffe__put_open(greffe__reading *r)
{
    greffe__buf_byte(r->out, '{');
    r->first = true;
}

void greffe__put_name(greffe__reading *r, const char *text)
{
    greffe__buf_format(r->out, "%s\"%s\":", r->first ? "" : ",", text);
    r->first = false;
}

void greffe__put_text(greffe__reading *r, const char *key, greffe__str value)
{
    greffe__put_name(r, key);
    greffe__buf_json(r->out, value);
}

void greffe__put_optional(greffe__reading *r, const char *key, greffe__str value)
{
    if (value.size > 0) {
        greffe__put_text(r, key, value);
    }
}

void greffe__put_number(greffe__reading *r, const char *key, int64_t value)
{
    greffe__put_name(r, key);
    greffe__buf_format(r->out, "%lld", (long long)value);
}

void greffe__put_date(greffe__reading *r, const char *key, int64_t days)
{
    char form[GREFFE__DATE_CHARS];
    (void)greffe__date_format(form, days);
    greffe__put_text(r, key, greffe__str_of(form));
}

void greffe__put_instant(greffe__reading *r, const char *key, int64_t ms)
{
    char form[GREFFE__DATE_CHARS];
    (void)greffe__instant_format(form, ms);
    greffe__put_text(r, key, greffe__str_of(form));
}

void greffe__put_cents(greffe__reading *r, const char *key, int64_t amount)
{
    char form[32];
    int64_t magnitude = amount < 0 ? -amount : amount;
    (void)snprintf(form, sizeof form, "%s%lld.%02d", amount < 0 ? "-" : "",
                   (long long)(magnitude / 100), (int)(magnitude % 100));
    greffe__put_text(r, key, greffe__str_of(form));
}

void greffe__put_close(greffe__reading *r)
{
    greffe__buf_byte(r->out, '}');
    r->first = false;
}

void greffe__put_list(greffe__reading *r, const char *key)
{
    greffe__put_name(r, key);
    greffe__buf_byte(r->out, '[');
}

void greffe__put_list_end(greffe__reading *r)
{
    greffe__buf_byte(r->out, ']');
    r->first = false;
}

void greffe__put_texts(greffe__reading *r, const char *key, const greffe__strs *texts)
{
    greffe__put_list(r, key);
    for (uint32_t i = 0; i < texts->count; i++) {
        greffe__buf_text(r->out, i == 0 ? "" : ",");
        greffe__buf_json(r->out, texts->at[i]);
    }
    greffe__put_list_end(r);
}

void greffe__put_version(greffe__reading *r, int64_t from)
{
    if (from != 0) {
        greffe__put_date(r, "from", from);
    }
}

greffe_status greffe__read_state(greffe__reading *r, uint32_t kind, greffe__str bytes, void **out)
{
    const greffe__shape *shape = greffe__state_shape(kind);
    *out = greffe__arena_zalloc(r->arena, shape->size);
    return *out == NULL ? GREFFE_ENOMEM : greffe__record_decode(*out, r->arena, shape, bytes);
}
