/* Where a site's effects go: its mail server, its webhooks, the services that it calls. */
#include <stddef.h>

#include "compile/site_priv.h"

typedef struct destination_keys {
    greffe__ref url, user, password, certificates;
    greffe__strs secrets, networks;
    greffe__term answers_within;
    uint32_t within, at_once, per_minute;
    bool plain, repeatable;
} destination_keys;

static const greffe__key rows[] = {
    {"url", GREFFE__K_SCALAR, true, offsetof(destination_keys, url), 0, NULL,
     "smtp://relais.example.org:587 of letters, https://… of a webhook"},
    {"user", GREFFE__K_SCALAR, false, offsetof(destination_keys, user), 0, NULL,
     "who the mail server knows"},
    {"password", GREFFE__K_SCALAR, false, offsetof(destination_keys, password), 0, NULL,
     "with what password"},
    {"secrets", GREFFE__K_WORDS, false, offsetof(destination_keys, secrets), 0, NULL,
     "what webhooks are signed with: whsec_…, or a list of them while one takes another's place"},
    {"networks", GREFFE__K_WORDS, false, offsetof(destination_keys, networks), 0, NULL,
     "networks that are not public and may be reached: 10.1.0.0/16"},
    {"certificates", GREFFE__K_SCALAR, false, offsetof(destination_keys, certificates), 0, NULL,
     "a file of the certificates that vouch for the other side"},
    {"plain", GREFFE__K_BOOL, false, offsetof(destination_keys, plain), 0, NULL,
     "true: without TLS"},
    {"repeatable", GREFFE__K_BOOL, false, offsetof(destination_keys, repeatable), 0, NULL,
     "true, of payments: who receives one key twice pays once"},
    {"within", GREFFE__K_UINT, false, offsetof(destination_keys, within), 0, NULL,
     "how long one attempt takes: 30 s"},
    {"answers_within", GREFFE__K_TERM, false, offsetof(destination_keys, answers_within), 0, NULL,
     "how long a service takes that says that it will answer later: 2 days"},
    {"at_once", GREFFE__K_UINT, false, offsetof(destination_keys, at_once), 0, NULL,
     "how many are under way: 4"},
    {"per_minute", GREFFE__K_UINT, false, offsetof(destination_keys, per_minute), 0, NULL,
     "how many begin in a minute: as many as there are"},
};
const greffe__keys greffe__keys_destination = {"a destination", rows, sizeof rows / sizeof *rows};

const char *const *greffe__terminated(greffe__arena *arena, const greffe__strs *list)
{
    const char **result = greffe__arena_alloc(arena, (list->count + 1) * sizeof *result);
    for (uint32_t i = 0; result != NULL && i < list->count; i++) {
        result[i] = greffe__str_dup(arena, list->at[i]).data;
    }
    if (result != NULL) {
        result[list->count] = NULL;
    }
    return result;
}

static const char *text_of(greffe__arena *arena, greffe__str text)
{
    return text.size > 0 ? greffe__str_dup(arena, text).data : NULL;
}

static uint32_t seconds_of(greffe__binder *b, const greffe__node *mapping, greffe__term term)
{
    uint32_t hours = term.unit == GREFFE__UNIT_HOURS   ? 1
                     : term.unit == GREFFE__UNIT_DAYS  ? 24
                     : term.unit == GREFFE__UNIT_WEEKS ? 168
                                                       : 0;
    uint64_t seconds = (uint64_t)term.count * hours * 3600;
    enum { most = 90 * 86400 };
    if (term.count > 0 && (seconds == 0 || seconds > most)) {
        const greffe__node *node = greffe__node_get(mapping, "answers_within");
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, node, "write 12 hours, 2 days or 3 weeks",
                         "'answers_within' takes hours, days or weeks, at most 90 days");
        return 0;
    }
    return (uint32_t)seconds;
}

static uint32_t line_of(const greffe__binder *b, const greffe__node *node)
{
    uint32_t line, column;
    greffe__source_place(&b->doc->source, node->span.start, &line, &column);
    return line;
}

void greffe__bind_destination(greffe__destinations *list, greffe__binder *b, greffe__str channel,
                              const greffe__node *node)
{
    destination_keys keys = {0};
    greffe__bind(b, &greffe__keys_destination, node, 0, &keys);
    greffe_destination *place = greffe__arena_push(b->arena, list, sizeof *place);
    if (place == NULL) {
        return;
    }
    *place = (greffe_destination){.size = sizeof *place,
                                  .line = line_of(b, node),
                                  .channel = greffe__str_dup(b->arena, channel).data,
                                  .url = greffe__str_dup(b->arena, keys.url.id).data,
                                  .user = text_of(b->arena, keys.user.id),
                                  .password = text_of(b->arena, keys.password.id),
                                  .secrets = greffe__terminated(b->arena, &keys.secrets),
                                  .networks = greffe__terminated(b->arena, &keys.networks),
                                  .certificates = text_of(b->arena, keys.certificates.id),
                                  .plain = keys.plain,
                                  .repeatable = keys.repeatable,
                                  .within_s = keys.within,
                                  .at_once = keys.at_once,
                                  .per_minute = keys.per_minute,
                                  .answers_within_s = seconds_of(b, node, keys.answers_within)};
}
