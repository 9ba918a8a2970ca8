/* The sweep's part about FEEL for hosts: names, JSON, expressions of every kind, and tables. */
#include <greffe/feel.h>
#include <string.h>

#include "alloc_sweep.h"

static const char *const EXPRESSIONS[] = {
    "round half up(min(0.25 * prix, 200), 2)",
    "for i in 1..9 return if i < 2 then 1 else i * partial[-1]",
    "[{nom: \"x\", age: 3}, {nom: \"y\", age: 9}][age > 5].nom",
    "sort([3, 1, 2], function(a, b) a > b)",
    "replace(\"2026-05-04\", \"([0-9]+)-([0-9]+)\", \"$2\") + upper case(\"é\")",
    "{a: split(\"a;b\", \";\"), b: string([1, @\"P2M\"])}",
    "some x in personne.enfants satisfies x > 7",
    "context put(personne, [\"adresse\", \"ville\"], \"Sèvres\")",
    "@\"2026-05-04T10:00:00@Europe/Paris\"",
    "range(\"[1..5)\")",
    "1 / 0",
    "prix +",
};

static greffe_str text_of(const char *text)
{
    return (greffe_str){text, strlen(text)};
}

static bool is_told(greffe_status status)
{
    return status == GREFFE_OK || status == GREFFE_EINVALID ||
           sweep_status("an expression", status, false);
}

static bool evaluate_all(greffe_feel *feel, greffe_context *context, greffe_diags *diags)
{
    bool fine = true;
    for (size_t i = 0; fine && i < sizeof EXPRESSIONS / sizeof *EXPRESSIONS; i++) {
        for (int form = GREFFE_FEEL_TEXT; fine && form <= GREFFE_FEEL_JSON; form++) {
            char *text = NULL;
            greffe_status status = greffe_feel_eval(&text, feel, diags, text_of(EXPRESSIONS[i]),
                                                    (greffe_feel_form)form);
            fine = is_told(status);
            if (status == GREFFE_OK) {
                greffe_free(context, text);
            }
        }
    }
    return fine;
}

static bool live(greffe_context *context, greffe_diags *diags, bool lenient)
{
    greffe_feel *feel = NULL;
    const greffe_feel_options options = {.size = sizeof options, .lenient = lenient};
    greffe_status status = greffe_feel_create(&feel, context, &options);
    if (status != GREFFE_OK) {
        return sweep_status("feel", status, false);
    }
    bool fine = is_told(greffe_feel_set(feel, diags, text_of("prix"), text_of("1249.90"))) &&
                is_told(greffe_feel_set_json(feel, diags, text_of("personne"),
                                             text_of("{\"enfants\": [3, 9], \"nom\": \"Eve\"}"))) &&
                evaluate_all(feel, context, diags) &&
                (greffe_feel_count(feel) < 3 || sweep_fault("more names than were given")) &&
                (greffe_feel_name(feel, 2).size == 0 || sweep_fault("a name that was not given"));
    greffe_feel_destroy(feel);
    return fine;
}

static bool run(void)
{
    greffe_context *context = NULL;
    greffe_diags *diags = NULL;
    greffe_status status = sweep_context(&context);
    if (status == GREFFE_OK) {
        status = greffe_diags_create(&diags, context);
    }
    bool fine = status != GREFFE_OK ? sweep_status("a context", status, false)
                                    : live(context, diags, false) && live(context, diags, true);
    greffe_diags_destroy(diags);
    greffe_context_destroy(context);
    return fine;
}

const scenario FEEL_SCENARIO = {.name = "feel", .run = run};
