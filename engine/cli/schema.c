/* schema: what editors know of the language. Of procedures, authorities and sites the library
 * writes it; scenarios are the command line's own. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

/* What a key of a scenario takes, and what it means. */
typedef struct key {
    const char *name, *value, *doc;
} key;

#define TEXT "\"type\":[\"string\",\"number\",\"boolean\"]"
#define TEXTS "\"type\":[\"string\",\"number\",\"array\"],\"items\":{" TEXT "}"
#define INSTANT                                                                                    \
    "\"type\":\"string\",\"patternErrorMessage\":\"an instant: 2026-03-02T08:00:00Z\","            \
    "\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$|<\""
#define LENGTH                                                                                     \
    "\"type\":\"string\",\"patternErrorMessage\":\"hours, days or weeks: 3 days\","                \
    "\"pattern\":\"^[0-9]+ (hours?|days?|weeks?)$|<\""
#define SERVICES                                                                                   \
    "\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\",\"additionalProperties\":"  \
    "false,\"properties\":{\"outcome\":{\"description\":\"one of the step's; else "                \
    "answered\"," TEXT                                                                             \
    "},\"gives\":{\"description\":\"what it gives back\",\"type\":\"object\"}}}"

static const key top[] = {
    {"greffe", TEXT, "the version of the language: 1"},
    {"scenario", TEXT, "what it shows, in words"},
    {"procedure", TEXT, "the procedure's file, from this one's folder"},
    {"site", TEXT, "a file with the accounts that act; not needed where roles act"},
    {"services", SERVICES, "what outside services answer from the start"},
    {"examples", "\"type\":\"array\",\"items\":{\"type\":\"object\"}",
     "rows for which it is played: <column> stands for the row's value"},
    {"start", INSTANT, "the instant at which it begins, in UTC"},
    {"steps", "\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/step\"}",
     "what happens, one after the other"},
};

/* Beside `do` stand a command's own arguments: no key is refused there. */
static const key steps[] = {
    {"do", TEXT, "a command: file, ask, supply, complete, session.decide, pay.batch…"},
    {"as", "\"type\":[\"string\",\"object\"]",
     "who acts: an account, a role, a service, or {subject, kind, services, roles}"},
    {"at", INSTANT, "time moves to this instant"},
    {"after", LENGTH, "so much time passes"},
    {"refused", "\"type\":[\"string\",\"object\"]",
     "the command must be refused, with this code; {code: message}: in these words"},
    {"hold", TEXT, "a session of this board, at once: all members are there"},
    {"session", TEXT, "the session's key"},
    {"decide", "\"type\":\"object\"", "{dossier: outcome}, or {dossier: {outcome, because}}"},
    {"rest", TEXT, "proposed: what is left, as the instruction proposed"},
    {"services", SERVICES, "what outside services answer from here on"},
    {"fail",
     "\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"channel\",\"problem\"],"
     "\"properties\":{\"channel\":{\"description\":\"mail, payment, call:<service>…\"," TEXT
     "},\"problem\":{\"description\":\"what goes wrong, in words\"," TEXT
     "},\"for_good\":{\"description\":\"true: it is an incident at once\",\"type\":\"boolean\"}}",
     "from here on what goes this way fails"},
    {"mend", TEXT, "this channel works again"},
    {"expect", "\"$ref\":\"#/definitions/expect\"",
     "what is compared, once all else of this step is done"},
};

static const key expected[] = {
    {"dossier", TEXT, "the dossier that is looked at"},
    {"session", TEXT, "the session that is looked at"},
    {"allotment", TEXT, "the allotment that is looked at"},
    {"order", TEXT, "the order that is looked at: its dossier's last, or its own key"},
    {"batch", TEXT, "the batch that is looked at, or that an order is in"},
    {"at", TEXTS, "the open places, one or a list"},
    {"phase", TEXT, "open or closed"},
    {"outcome", TEXT, "how it ended"},
    {"shown", TEXT, "the public status"},
    {"number", TEXT, "the number one can say on the phone"},
    {"filed_on", TEXT, "the day of the filing"},
    {"erased_on", TEXT, "the day on which it was erased"},
    {"paid", TEXT, "what was paid"},
    {"asked", TEXTS, "what the applicant is asked for"},
    {"documents", TEXTS, "what was given"},
    {"due", "\"type\":\"object\"", "{clock: date}, or paused"},
    {"amounts", "\"type\":\"object\"", "{value: amount}, once frozen"},
    {"happened", "\"type\":\"object\"", "{moment: how often}"},
    {"journal", TEXTS, "all events since they were last compared"},
    {"status", TEXT, "of a session, an order or a batch"},
    {"board", TEXT, "of a session"},
    {"on", TEXT, "the day"},
    {"items", TEXT, "how many dossiers are on the agenda"},
    {"allocated", TEXT, "of an allotment"},
    {"reserved", TEXT, "of an allotment"},
    {"committed", TEXT, "of an allotment"},
    {"spent", TEXT, "of an allotment"},
    {"free", TEXT, "of an allotment: what is left"},
    {"amount", TEXT, "of an order"},
    {"reason", TEXT, "of an order: why the bank rejected it"},
    {"orders", TEXT, "how many a batch has"},
    {"sum", TEXT, "of a batch"},
    {"letters", "\"type\":[\"string\",\"array\",\"object\"]",
     "names of those that left since the last look, or {name: file with its text}"},
    {"tasks", TEXTS, "dossier/step of what waits for somebody"},
    {"for", TEXT, "of tasks: a service, a board, or a delegate's role"},
    {"incidents", TEXTS, "what waits for an operator"},
};

static void put_keys(const key *keys, size_t count, bool closed, const char *required)
{
    (void)printf("\"type\":\"object\",\"additionalProperties\":%s,\"required\":[%s],"
                 "\"properties\":{",
                 closed ? "false" : "true", required);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s\"%s\":{\"description\":\"%s\",%s}", i > 0 ? "," : "", keys[i].name,
                     keys[i].doc, keys[i].value);
    }
    (void)printf("}");
}

static void put_scenario(void)
{
    (void)printf("{\"$schema\":\"http://json-schema.org/draft-07/schema#\","
                 "\"title\":\"a scenario\",");
    put_keys(top, sizeof top / sizeof *top, true,
             "\"greffe\",\"scenario\",\"procedure\",\"start\",\"steps\"");
    (void)printf(",\"definitions\":{\"step\":{");
    put_keys(steps, sizeof steps / sizeof *steps, false, "");
    (void)printf(
        ",\"if\":{\"not\":{\"required\":[\"do\"]}},\"then\":{\"additionalProperties\":false,"
        "\"properties\":{");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        (void)printf("%s\"%s\":true", i > 0 ? "," : "", steps[i].name);
    }
    (void)printf("}}},\"expect\":{");
    put_keys(expected, sizeof expected / sizeof *expected, true, "");
    (void)printf("}}}\n");
}

int cli_schema(cli *c)
{
    char *text = NULL;
    if (c->word_count == 1 && strcmp(c->words[0], "scenario") == 0) {
        put_scenario();
        return EXIT_FINE;
    }
    greffe_status status =
        c->word_count == 1 ? greffe_schema(&text, c->context, c->words[0]) : GREFFE_ENOTFOUND;
    if (status == GREFFE_ENOTFOUND) {
        return cli_fail(EXIT_USAGE, "greffe schema procedure|authority|site|scenario");
    }
    if (status == GREFFE_OK) {
        (void)fputs(text, stdout);
    }
    greffe_free(c->context, text);
    return cli_status(status, "schema");
}
