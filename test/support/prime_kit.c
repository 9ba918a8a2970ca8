/* A small procedure in memory. A test includes this file. */
#include <stdio.h>
#include <string.h>

#include "support/prime_kit.h"

static const char AUTHORITY[] = "greffe: 1\n"
                                "authority: ville\n"
                                "title: Ville d'essai\n"
                                "zone: Europe/Paris\n"
                                "calendar: {holidays: fr}\n"
                                "contact: mairie@example.org\n"
                                "appeal: Un recours est possible dans un délai de deux mois.\n"
                                "services:\n"
                                "  mobilites: {title: Mobilités}\n"
                                "  assemblees: {title: Assemblées}\n"
                                "  finances: {title: Finances}\n"
                                "boards:\n"
                                "  bureau:\n"
                                "    title: Bureau\n"
                                "    secretary: assemblees\n"
                                "    members: [maire, adjointe, doyen]\n"
                                "    chair: maire\n"
                                "    quorum: half\n"
                                "    majority: votes\n"
                                "    proxies: 1\n"
                                "allotments:\n"
                                "  prime_2026: {title: Primes %s, service: finances}\n"
                                "form:\n"
                                "  personne:\n"
                                "    title: Vous\n"
                                "    fields:\n"
                                "      nom: {type: text, label: Nom}\n"
                                "      foyer: {type: text, label: Foyer, digits: 4}\n"
                                "      iban: {type: iban, label: IBAN}\n";

static const char PROCEDURE[] =
    "greffe: 1\n"
    "procedure: prime\n"
    "title: Prime %s\n"
    "retention: {other: 2 years}\n"
    "guarantees: [{different_people: [instruction, paiement], because: Qui instruit ne paie pas}]\n"
    "uses: ville\n"
    "roles:\n"
    "  demandeur: {kind: applicant, form: personne}\n"
    "  instructeur: {kind: agent, service: mobilites}\n"
    "  ordonnateur: {kind: agent, service: finances}\n"
    "once: {key: demandeur.foyer, every: 5 years, claimed: instruction.favorable}\n"
    "values: {montant: '200.00'}\n"
    "freeze: {montant: instruction.done}\n"
    "clocks:\n"
    "  silence: {from: depot, within: 2 months, paused_while: completude.waiting,\n"
    "            warn: 15 days, means: rejection, then: refus}\n"
    "steps:\n"
    "  depot: {kind: submission, by: demandeur, then: completude}\n"
    "  completude:\n"
    "    kind: completeness\n"
    "    by: instructeur\n"
    "    within: 1 month\n"
    "    remind: 15 days\n"
    "    then: {complete: instruction, expired: refus}\n"
    "  instruction:\n"
    "    kind: instruction\n"
    "    by: instructeur\n"
    "    then: {favorable: deliberation, defavorable: refus}\n"
    "  deliberation:\n"
    "    kind: deliberation\n"
    "    by: bureau\n"
    "    reserve: {budget: prime_2026, amount: montant}\n"
    "    then: {granted: accord, refused: refus, unfunded: refus}\n"
    "  accord: {kind: notification, to: demandeur, template: accord, then: paiement}\n"
    "  paiement:\n"
    "    kind: payment\n"
    "    by: ordonnateur\n"
    "    to: demandeur\n"
    "    account: demandeur.iban\n"
    "    amount: montant\n"
    "    budget: prime_2026\n"
    "    then: {paid: verse, rejected: refus}\n"
    "  refus: {kind: notification, to: demandeur, template: refus, then: refuse}\n"
    "  verse: {kind: end, outcome: verse}\n"
    "  refuse: {kind: end, outcome: refuse}\n";

static const char LETTER[] = "Objet: Demande {{number}}\n\nMadame, Monsieur, voici notre réponse.\n"
                             "{{#reason}}\n{{reason}}\n{{/reason}}{{appeal}}\n";

static greffe_status read_in_memory(void *data, const char *name, greffe_str *out)
{
    const char *text = strcmp(name, "ville.yaml") == 0           ? data
                       : strcmp(name, "letters/accord.txt") == 0 ? LETTER
                       : strcmp(name, "letters/refus.txt") == 0  ? LETTER
                       : strncmp(name, "letters/", 8) == 0       ? LETTER
                                                                 : NULL;
    *out = (greffe_str){text, text == NULL ? 0 : strlen(text)};
    return text == NULL ? GREFFE_ENOTFOUND : GREFFE_OK;
}

greffe_plan *prime_compile(greffe_context *context, const char *label)
{
    char text[sizeof PROCEDURE + 64], authority[sizeof AUTHORITY + 64];
    greffe_diags *diags;
    greffe_plan *plan = NULL;
    const char *json;
    greffe_compile_options options = {
        .size = sizeof options, .read = read_in_memory, .read_data = authority};
    (void)snprintf(authority, sizeof authority, AUTHORITY, label);
    (void)snprintf(text, sizeof text, PROCEDURE, label);
    if (greffe_diags_create(&diags, context) != GREFFE_OK) {
        return NULL;
    }
    if (greffe_compile(&plan, context, diags, "prime.yaml", (greffe_str){text, strlen(text)},
                       &options) != GREFFE_OK &&
        greffe_diags_render_json(&json, diags) == GREFFE_OK) {
        (void)fprintf(stderr, "%s\n", json);
    }
    greffe_diags_destroy(diags);
    return plan;
}

greffe_engine *prime_open(greffe_context *context, const char *path, greffe_engine_options options)
{
    const greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = path};
    greffe_engine *engine = NULL;
    options.size = sizeof options;
    return greffe_store_sqlite(&options.store, &sqlite) == GREFFE_OK &&
                   greffe_engine_open(&engine, context, &options) == GREFFE_OK
               ? engine
               : NULL;
}

greffe_actor prime_actor_of(prime_actor who)
{
    static const char *const of_agent[] = {"mobilites", NULL},
                             *const of_secretary[] = {"assemblees", NULL},
                             *const of_treasurer[] = {"finances", NULL};
    const greffe_actor actors[] = {
        [CITIZEN] = {.size = sizeof actors[0], .subject = "c1", .kind = "applicant"},
        [AGENT] = {.size = sizeof actors[0],
                   .subject = "agent-1",
                   .kind = "agent",
                   .services = of_agent},
        [SECRETARY] = {.size = sizeof actors[0],
                       .subject = "secretary-1",
                       .kind = "agent",
                       .services = of_secretary},
        [TREASURER] = {.size = sizeof actors[0],
                       .subject = "treasurer-1",
                       .kind = "agent",
                       .services = of_treasurer}};
    return actors[who];
}

greffe_status prime_do(greffe_engine *engine, greffe_result *out, const char *verb,
                       const char *stream, const char *key, prime_actor who, const char *args,
                       int64_t now_ms)
{
    const greffe_actor actor = prime_actor_of(who);
    greffe_command command = {.size = sizeof command,
                              .verb = verb,
                              .stream = stream,
                              .key = key,
                              .actor = &actor,
                              .args = {args, strlen(args)},
                              .now_ms = now_ms};
    return greffe_engine_execute(engine, out, &command);
}

greffe_status prime_tell(greffe_engine *engine, const char *verb, const char *stream,
                         const char *key, prime_actor actor, const char *args, int64_t now_ms)
{
    greffe_result result;
    greffe_verified verified;
    greffe_status status = prime_do(engine, &result, verb, stream, key, actor, args, now_ms);
    greffe_result_free(engine, &result);
    greffe_status folded =
        status == GREFFE_OK ? greffe_engine_verify(engine, &verified, NULL) : status;
    return folded == GREFFE_OK ? status : folded;
}

const char *prime_filing(char out[256], unsigned household)
{
    (void)snprintf(out, 256,
                   "{\"procedure\":\"prime\",\"answers\":{\"demandeur\":{\"nom\":\"Exemple\","
                   "\"foyer\":\"%04u\",\"iban\":\"FR7630006000011234567890189\"}}}",
                   household % 10000);
    return out;
}

greffe_status prime_random(void *data, unsigned char *out, size_t size)
{
    uint64_t *state = data;
    for (size_t i = 0; i < size; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (unsigned char)(*state >> 56);
    }
    return GREFFE_OK;
}

greffe_status prime_take(greffe_engine *engine, const char *channel, greffe_effect_fn run,
                         void *data)
{
    const greffe_handler handler = {
        .size = sizeof handler, .channel = channel, .run = run, .data = data, .repeatable = true};
    return greffe_engine_handle(engine, &handler);
}
