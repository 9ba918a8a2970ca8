/* The commands, described for whoever writes a form, a client or a help text. */
#include "host/host_priv.h"

static void member(greffe__buf *out, const char *name, const char *text)
{
    greffe__buf_format(out, ",\"%s\":", name);
    greffe__buf_json(out, greffe__str_of(text));
}

static void describe(greffe__buf *out, const greffe__verb *verb)
{
    greffe__buf_text(out, "{\"verb\":");
    greffe__buf_json(out, greffe__str_of(verb->verb));
    member(out, "stream", verb->stream);
    member(out, "who", verb->who);
    member(out, "what", verb->text);
    greffe__buf_text(out, ",\"args\":[");
    for (uint32_t i = 0; i < GREFFE__MOST_ARGS && verb->args[i].name != NULL; i++) {
        greffe__buf_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        greffe__buf_json(out, greffe__str_of(verb->args[i].name));
        greffe__buf_text(out, verb->args[i].needed ? ",\"needed\":true" : ",\"needed\":false");
        member(out, "what", verb->args[i].text);
        greffe__buf_byte(out, '}');
    }
    greffe__buf_format(out, "],\"example\":%s}", verb->example);
}

greffe_status greffe_commands_describe(char **out, greffe_context *context)
{
    if (out == NULL || context == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe__buf text;
    greffe__buf_init(&text, context);
    greffe__buf_byte(&text, '[');
    bool first = true;
    for (uint32_t i = 0; greffe__verb_at(i) != NULL; i++) {
        const greffe__verb *verb = greffe__verb_at(i);
        if (verb->who != NULL) {
            greffe__buf_text(&text, first ? "" : ",");
            describe(&text, verb);
            first = false;
        }
    }
    greffe__buf_byte(&text, ']');
    if (greffe__buf_done(&text) == NULL) {
        greffe__buf_free(&text);
        return GREFFE_ENOMEM;
    }
    *out = text.data;
    return GREFFE_OK;
}
