/* Letters: those that steps name, and those that every procedure sends, which have words of their
 * own where the author wrote none. */
#include "compile/compile_priv.h"

/* --- What is built in --- */

static const char receipt[] = "Objet: Accusé de réception de votre demande {{number}}\n"
                              "\n"
                              "Madame, Monsieur,\n"
                              "\n"
                              "Nous avons reçu le {{filed_on}} votre demande « {{procedure}} ».\n"
                              "Elle porte le numéro {{number}}.\n"
                              "{{#missing}}\n"
                              "Il manque la pièce suivante : {{label}}.\n"
                              "{{/missing}}\n";
static const char request[] = "Objet: Votre demande {{number}} : éléments à compléter\n"
                              "\n"
                              "Madame, Monsieur,\n"
                              "\n"
                              "Pour instruire votre demande {{number}}, il nous manque :\n"
                              "{{#asked}}\n"
                              "- {{label}}\n"
                              "{{/asked}}\n"
                              "{{#message}}\n"
                              "\n"
                              "{{message}}\n"
                              "{{/message}}\n"
                              "\n"
                              "Vous pouvez nous les transmettre jusqu'au {{answer_by}}.\n";
static const char reminder[] =
    "Objet: Votre demande {{number}} : rappel\n"
    "\n"
    "Madame, Monsieur,\n"
    "\n"
    "Nous attendons toujours, jusqu'au {{answer_by}}, pour votre demande {{number}} :\n"
    "{{#asked}}\n"
    "- {{label}}\n"
    "{{/asked}}\n";
static const char answer[] =
    "Objet: Votre demande {{number}}\n"
    "\n"
    "Madame, Monsieur,\n"
    "\n"
    "Votre demande « {{procedure}} » du {{filed_on}}, numéro {{number}}, a "
    "été traitée.\n";
static const char closing[] = "{{#contact}}\n"
                              "\n"
                              "Service à contacter : {{contact}}\n"
                              "{{/contact}}\n"
                              "\n"
                              "{{authority}}\n";

static const struct {
    const char *name, *text;
    bool always;  /* every procedure may send it */
    bool receipt; /* it says what silence means */
} built_in[] = {{"accuse_reception", receipt, true, true},
                {"demande_pieces", request, true, false},
                {"rappel", reminder, true, false},
                {"reponse", answer, false, false}};

/* What a receipt has to say, of a clock that runs from the filing on: the day on which silence
 * means something, and what it means; with the ways of appeal where it means a rejection (CRPA,
 * art. R112-5). */
static greffe__str silence(greffe__definition *d)
{
    greffe__str text = {"", 0};
    bool rejects = false;
    for (uint32_t i = 0; i < d->plan->clocks.count; i++) {
        const greffe__clock_def *clock = &d->plan->clocks.at[i];
        bool accepted = clock->means == GREFFE__MEANS_ACCEPTANCE;
        rejects = rejects || !accepted;
        text = greffe__str_format(
            d->binder.arena,
            "%.*s{{#due.%.*s}}\n\nSans réponse de notre part le {{due.%.*s}}, votre demande sera "
            "considérée comme %s.\n{{/due.%.*s}}\n",
            (int)text.size, text.data, (int)clock->name.size, clock->name.data,
            (int)clock->name.size, clock->name.data, accepted ? "acceptée" : "rejetée",
            (int)clock->name.size, clock->name.data);
    }
    return !rejects ? text
                    : greffe__str_join(d->binder.arena, text.data,
                                       "{{#appeal}}\n\n{{appeal}}\n{{/appeal}}\n", NULL);
}

static greffe__str built_in_text(greffe__definition *d, greffe__str name)
{
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
        if (greffe__str_is(name, built_in[i].name)) {
            return greffe__str_join(d->binder.arena, built_in[i].text,
                                    built_in[i].receipt ? silence(d).data : "", closing, NULL);
        }
    }
    return (greffe__str){"", 0};
}

/* --- Reading --- */

/* Its first line "Objet: …" or "Subject: …", an empty line, its body. */
static void keep_letter(greffe__definition *d, greffe__str name, greffe__str text)
{
    greffe__arena *arena = d->binder.arena;
    greffe__letter *letter = greffe__arena_push(arena, &d->plan->letters, sizeof *letter);
    size_t end = 0, colon = 0;
    while (end < text.size && text.data[end] != '\n') {
        end += 1;
    }
    while (colon < end && text.data[colon] != ':') {
        colon += 1;
    }
    if (letter != NULL) {
        greffe__str subject = {text.data + colon + 1, colon < end ? end - colon - 1 : 0};
        greffe__str body = {text.data + end, text.size - end};
        *letter = (greffe__letter){greffe__str_dup(arena, name),
                                   greffe__str_dup(arena, greffe__str_trim(subject)),
                                   greffe__str_dup(arena, greffe__str_trim(body))};
    }
}

static void add_letter(greffe__definition *d, const greffe__node *where, greffe__str name)
{
    for (uint32_t i = 0; i < d->plan->letters.count; i++) {
        if (greffe__str_equal(d->plan->letters.at[i].name, name)) {
            return;
        }
    }
    greffe__str file = greffe__str_join(d->binder.arena, "letters/", name.data, ".txt", NULL), text;
    if (greffe__read_file(d, file.data, &text) != GREFFE_OK) {
        text = built_in_text(d, name);
    }
    if (text.size == 0 && where != NULL) {
        greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_NAME, where, "write the letter",
                         "the letter '%s' cannot be read", file.data);
        return;
    }
    keep_letter(d, name, text);
}

void greffe__read_letters(greffe__definition *d)
{
    for (uint32_t i = 0; i < d->steps.count; i++) {
        const greffe__ref *letter = &d->steps.at[i]->letter;
        if (letter->node != NULL && greffe__check_id(&d->binder, letter->node)) {
            add_letter(d, letter->node, letter->id);
        }
    }
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
        if (built_in[i].always) {
            add_letter(d, NULL, greffe__str_of(built_in[i].name));
        }
    }
}
