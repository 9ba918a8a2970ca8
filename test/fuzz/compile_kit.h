/* What the fuzzers of the compiler share: an authority and letters in memory, and what has to hold
 * of whatever a procedure is told. */
#ifndef GREFFE_TEST_COMPILE_KIT_H
#define GREFFE_TEST_COMPILE_KIT_H

#include <string.h>

#include <greffe/compile.h>

#include "base/limits.h"
#include "base/str.h"
#include "fuzz.h"

static const char AUTHORITY[] =
    "greffe: 1\n"
    "authority: ville\n"
    "title: Ville\n"
    "zone: Europe/Paris\n"
    "calendar: {holidays: fr}\n"
    "contact: Accueil\n"
    "appeal: Vous pouvez contester cette décision.\n"
    "services:\n"
    "  mobilites: {title: Mobilités}\n"
    "  finances: {title: Finances}\n"
    "boards:\n"
    "  bureau: {title: Bureau, secretary: mobilites, members: [a, b, c], chair: a,"
    " quorum: half, majority: votes, proxies: 1}\n"
    "allotments:\n"
    "  ligne: {title: Ligne, service: finances}\n"
    "form:\n"
    "  personne:\n"
    "    title: Vous\n"
    "    fields:\n"
    "      nom: {type: text, label: Nom, max_length: 100}\n"
    "      naissance: {type: date, label: Naissance}\n"
    "      foyer: {type: text, label: Foyer, digits: 13}\n"
    "      iban: {type: iban, label: IBAN}\n";

static const char LETTER[] =
    "Objet : {{number}}\n\n{{#reason}}{{reason}}{{/reason}}{{#amount}}{{amount}}{{/amount}}\n";

static inline greffe_status give_file(void *data, const char *name, greffe_str *out)
{
    (void)data;
    if (strcmp(name, "ville.yaml") == 0) {
        *out = greffe__str_of(AUTHORITY);
        return GREFFE_OK;
    }
    if (strncmp(name, "letters/", 8) == 0) {
        *out = greffe__str_of(LETTER);
        return GREFFE_OK;
    }
    return GREFFE_ENOTFOUND;
}

/* A source line is shown as it is: as UTF-8, unless the file itself is not. In JSON always. */
static inline void check_diags(greffe_diags *diags, greffe_str input)
{
    const bool readable = greffe__utf8_valid(input, NULL);
    const char *text = NULL;
    for (size_t i = 0; i < greffe_diags_count(diags); i++) {
        const greffe_diag *diag = greffe_diags_get(diags, i);
        fuzz_check(diag != NULL && diag->message[0] != '\0' && diag->hint != NULL,
                   "a diagnostic says something");
        fuzz_check(strncmp(diag->code, "GR-", 3) == 0, "a diagnostic has a code");
        fuzz_check(strlen(diag->message) <= GREFFE_MAX_MESSAGE_BYTES, "a message is bounded");
        fuzz_check(greffe_diags_render(&text, diags, i) == GREFFE_OK, "it can be rendered");
        fuzz_check(!readable || greffe__utf8_valid(greffe__str_of(text), NULL), "as UTF-8");
    }
    fuzz_check(greffe_diags_render_json(&text, diags) == GREFFE_OK, "all of them as JSON");
    fuzz_check(greffe__utf8_valid(greffe__str_of(text), NULL), "as UTF-8");
}

static inline void check_plan(greffe_context *context, const greffe_plan *plan)
{
    greffe_plan *again = NULL;
    char *text = NULL;
    const greffe_str bundle = greffe_plan_bundle(plan);
    fuzz_check(greffe_plan_read(&again, context, bundle) == GREFFE_OK,
               "the bundle of a plan can be read");
    fuzz_check(greffe__str_equal(bundle, greffe_plan_bundle(again)), "to the same bytes");
    fuzz_check(greffe__str_equal(greffe_plan_hash(plan), greffe_plan_hash(again)), "same hash");
    fuzz_check(greffe_plan_render(&text, again, GREFFE_PLAN_JSON) == GREFFE_OK, "as JSON");
    greffe_free(context, text);
    fuzz_check(greffe_plan_render(&text, again, GREFFE_PLAN_DOT) == GREFFE_OK, "as a graph");
    greffe_free(context, text);
    greffe_plan_unref(again);
}

/* A text as a procedure: it is refused with a fault, or gives a plan that reads back. */
static inline void try_procedure(greffe_context *context, greffe_diags *diags, greffe_str text)
{
    const greffe_compile_options options = {.size = sizeof options, .read = give_file};
    greffe_plan *plan = NULL;
    const greffe_status status =
        greffe_compile(&plan, context, diags, "input.yaml", text, &options);
    fuzz_check(status == GREFFE_OK || status == GREFFE_EINVALID, "a documented status");
    fuzz_check((status == GREFFE_OK) == (greffe_diags_total(diags, GREFFE_ERROR) == 0),
               "a procedure is refused with a fault, and only then");
    if (status == GREFFE_OK) {
        check_plan(context, plan);
        greffe_plan_unref(plan);
    }
}

#endif
