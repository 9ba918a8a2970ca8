/* Generated procedures. Six blocks take turns, each of one to three steps, one after the other:
 *
 *     a task with two outcomes, one of which fills in a field
 *     a choice of two cases, over the task's outcome and an answer of the form; one has a task
 *     two branches at once, with a task each
 *     a wait for a message, with an end
 *     a letter
 *     a task that may be put off: a loop with a wait in it
 *
 * Around them a form, a clock whose silence means rejection, a decision, and letters of both
 * outcomes. Nothing is drawn at random: the same wish gives the same text. */
#define _POSIX_C_SOURCE 200809L

#include "check_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char authority[] = "greffe: 1\n"
                                "authority: commune\n"
                                "title: Commune d'essai\n"
                                "zone: Europe/Paris\n"
                                "calendar: {holidays: fr}\n"
                                "contact: Service instructeur, instruction@commune.example\n"
                                "appeal: Un recours est possible dans un délai de deux mois.\n"
                                "services:\n"
                                "  guichet: {title: Service instructeur}\n"
                                "  direction: {title: Direction}\n";

static const char head[] =
    "greffe: 1\n"
    "procedure: longue\n"
    "title: Aide de la commune en beaucoup d'étapes\n"
    "uses: commune\n"
    "roles:\n"
    "  demandeur: {kind: applicant, title: Demandeur}\n"
    "  instructeur: {kind: agent, service: guichet, title: Instructeur}\n"
    "  directeur: {kind: agent, service: direction, title: Directeur}\n"
    "form:\n"
    "  demande:\n"
    "    title: Votre demande\n"
    "    fields:\n"
    "      nom: {type: text, label: Nom, max_length: 100}\n"
    "      courriel: {type: email, label: Courriel}\n"
    "      montant: {type: money, label: Montant des travaux, min: 100.00, max: 200000.00}\n"
    "      nature:\n"
    "        type: choice\n"
    "        label: Nature des travaux\n"
    "        options: {isolation: Isolation, chauffage: Chauffage, fenetres: Fenêtres}\n"
    "      urgent: {type: boolean, label: Les travaux sont urgents}\n"
    "clocks:\n"
    "  silence: {from: depot, within: 2 years, until: [decision.done], warn: 15 days,\n"
    "            means: rejection, then: refus_implicite}\n"
    "retention: {accordee: 10 years, other: 2 years}\n"
    "steps:\n"
    "  depot: {kind: submission, by: demandeur, shown: Déposée, then: completude}\n"
    "  completude:\n"
    "    kind: completeness\n"
    "    by: instructeur\n"
    "    shown: En cours de vérification\n"
    "    within: 1 month\n";

static const char tail[] =
    "  decision:\n"
    "    kind: decision\n"
    "    by: directeur\n"
    "    shown: En attente de décision\n"
    "    then:\n"
    "      accordee: accord\n"
    "      refusee: {fill: {motif: {type: text, label: Motif}}, then: refus}\n"
    "  accord: {kind: notification, to: demandeur, template: accord, then: accordee}\n"
    "  refus: {kind: notification, to: demandeur, template: refus, then: refusee}\n"
    "  refus_implicite: {kind: notification, to: demandeur, template: rejet, then: rejetee}\n"
    "  accordee: {kind: end, outcome: accordee, shown: Accordée}\n"
    "  refusee: {kind: end, outcome: refusee, shown: Refusée}\n"
    "  rejetee: {kind: end, outcome: rejetee, shown: Refusée}\n";

static const struct {
    const char *name, *text;
} files[] = {
    {"commune.yaml", authority},
    {"letters/point.txt", "Objet: Votre demande {{number}}\n\nElle suit son cours.\n"},
    {"letters/accord.txt", "Objet: Votre demande {{number}}\n\nElle est accordée.\n"},
    {"letters/refus.txt",
     "Objet: Votre demande {{number}}\n\nElle est refusée : {{reason}}\n{{appeal}}\n"},
    {"letters/rejet.txt", "Objet: Votre demande {{number}}\n\nElle est rejetée.\n{{appeal}}\n"},
};
enum { file_count = sizeof files / sizeof *files };

greffe_status text_read(void *data, const char *name, greffe_str *out)
{
    (void)data;
    for (uint32_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].name, name) == 0) {
            *out = (greffe_str){files[i].text, strlen(files[i].text)};
            return GREFFE_OK;
        }
    }
    return GREFFE_ENOTFOUND;
}

const char *text_file(uint32_t index)
{
    return index < file_count ? files[index].name : NULL;
}

/* --- Writing --- */

typedef struct writer {
    made *out;
    size_t room;
    bool failed;
    uint32_t answers, task; /* the block of the last task */
    bool gap;
} writer;

static void put(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(writer *w, const char *format, ...)
{
    enum { most = 4096 };
    made *out = w->out;
    if (out->size + most > w->room && !w->failed) {
        size_t room = 2 * w->room + most;
        char *larger = realloc(out->bytes, room);
        w->failed = larger == NULL;
        out->bytes = w->failed ? out->bytes : larger;
        w->room = w->failed ? w->room : room;
    }
    if (w->failed) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(out->bytes + out->size, most, format, arguments);
    va_end(arguments);
    w->failed = size < 0 || size >= most;
    out->size += w->failed ? 0 : (size_t)size;
}

/* --- Blocks --- */

enum { block_task, block_choice, block_branches, block_wait, block_letter, block_loop, kinds };
static const uint32_t steps_of[kinds] = {1, 2, 3, 1, 1, 2};
static const char *const first_of[kinds] = {"examen", "tri", "avis", "attente", "lettre", "visite"};

/* What begins after a block, by its name and number; the last one leads to the decision. */
typedef struct next {
    char id[32];
} next;

static next next_of(uint32_t number, uint32_t kind, bool last)
{
    next result = {"decision"};
    if (!last) {
        (void)snprintf(result.id, sizeof result.id, "%s_%04u", first_of[kind], (unsigned)number);
    }
    return result;
}

/* A case over one of the answers that are asked for. */
static const char *guard_of(const writer *w, uint32_t n)
{
    static const char *const guards[most_answers] = {
        "demande.montant > 4000", "demande.nature = \"chauffage\"", "demande.urgent"};
    return guards[n / kinds % w->answers];
}

static void put_choice(writer *w, uint32_t n, const char *to)
{
    put(w,
        "  tri_%04u:\n"
        "    kind: choose\n"
        "    cases:\n"
        "      - {when: examen_%04u.reserve, then: visa_%04u}\n",
        n, w->task, n);
    if (w->answers > 0) {
        put(w, "      - {when: '%s', then: %s}\n", guard_of(w, n), to);
    } else {
        put(w, "      - {when: examen_%04u.conforme, then: %s}\n", w->task, to);
    }
    if (w->answers > 0 && !w->gap) {
        put(w, "    otherwise: visa_%04u\n", n);
    }
    put(w, "  visa_%04u: {kind: task, by: directeur, title: Visa %u, then: {donne: %s}}\n", n, n,
        to);
}

static void put_branches(writer *w, uint32_t n, const char *to)
{
    put(w,
        "  avis_%04u:\n"
        "    kind: parallel\n"
        "    branches:\n"
        "      technique:\n"
        "        steps:\n"
        "          technique_%04u: {kind: task, by: instructeur, then: {rendu: end, sans: end}}\n"
        "      finances:\n"
        "        steps:\n"
        "          finances_%04u: {kind: task, by: directeur, then: {rendu: end}}\n"
        "    then: %s\n",
        n, n, n, to);
}

static void put_block(writer *w, uint32_t kind, uint32_t n, const char *to)
{
    w->out->steps += steps_of[kind];
    switch (kind) {
    case block_task:
        w->task = n;
        put(w,
            "  examen_%04u:\n"
            "    kind: task\n"
            "    by: instructeur\n"
            "    title: Examen %u\n"
            "    then:\n"
            "      conforme: %s\n"
            "      reserve: {fill: {reserve_%04u: {type: text, label: Réserve}}, then: %s}\n",
            n, n, to, n, to);
        break;
    case block_choice: put_choice(w, n, to); break;
    case block_branches: put_branches(w, n, to); break;
    case block_wait:
        put(w,
            "  attente_%04u:\n"
            "    kind: wait\n"
            "    message: piece_%04u\n"
            "    within: 15 days\n"
            "    then: {done: %s, expired: %s}\n",
            n, n, to, to);
        break;
    case block_letter:
        put(w, "  lettre_%04u: {kind: notification, to: demandeur, template: point, then: %s}\n", n,
            to);
        break;
    default:
        put(w,
            "  visite_%04u:\n"
            "    kind: task\n"
            "    by: instructeur\n"
            "    title: Visite %u\n"
            "    then: {faite: %s, reportee: delai_%04u}\n"
            "  delai_%04u: {kind: wait, within: 1 month, then: visite_%04u}\n",
            n, n, to, n, n, n);
        break;
    }
}

/* --- Procedures --- */

/* The kind of block that fits into what is left: none would leave a choice without its task. */
static uint32_t kind_of(const text_wanted *wanted, uint32_t number, uint32_t steps)
{
    uint32_t kind = (number - 1) % kinds;
    bool fits = wanted->blocks > 0 || steps + steps_of[kind] <= wanted->steps;
    return fits ? kind : (uint32_t)block_letter;
}

static bool is_last(const text_wanted *wanted, uint32_t number, uint32_t steps)
{
    return wanted->blocks > 0 ? number == wanted->blocks : steps >= wanted->steps;
}

static void put_blocks(writer *w, const text_wanted *wanted)
{
    bool last = false;
    put(w, "    then: {complete: %s, expired: refus_implicite}\n",
        next_of(1, block_task, false).id);
    for (uint32_t n = 1; !last && !w->failed; n++) {
        uint32_t kind = kind_of(wanted, n, w->out->steps);
        uint32_t steps = w->out->steps + steps_of[kind];
        last = is_last(wanted, n, steps);
        put_block(w, kind, n, next_of(n + 1, kind_of(wanted, n + 1, steps), last).id);
    }
}

/* Every third branch asks for an answer of the form, every fourth for what came of its own. */
static void put_branch(writer *w, uint32_t n)
{
    put(w,
        "      b_%02u:\n"
        "        steps:\n"
        "          examen_%02u: {kind: task, by: instructeur, then: {conforme: avis_%02u, "
        "reserve: avis_%02u}}\n",
        n, n, n, n);
    if (n % 3 == 0) {
        put(w,
            "          avis_%02u:\n"
            "            kind: task\n"
            "            by: instructeur\n"
            "            then:\n"
            "              court: {must: demande.montant <= 4000, message: Au-delà de 4 000 € "
            "l'avis est long, then: visa_%02u}\n"
            "              long: visa_%02u\n",
            n, n, n);
    } else {
        put(w, "          avis_%02u: {kind: task, by: instructeur, then: {rendu: visa_%02u}}\n", n,
            n);
    }
    if (n % 4 == 0) {
        put(w,
            "          visa_%02u:\n"
            "            kind: task\n"
            "            by: directeur\n"
            "            then:\n"
            "              donne: {must: examen_%02u.conforme, message: L'examen a fait une "
            "réserve, then: end}\n"
            "              refuse: end\n",
            n, n);
    } else {
        put(w, "          visa_%02u: {kind: task, by: directeur, then: {donne: end}}\n", n);
    }
    w->out->steps += 3;
}

static void put_parallel(writer *w, uint32_t branches)
{
    put(w, "    then: {complete: ensemble, expired: refus_implicite}\n"
           "  ensemble:\n"
           "    kind: parallel\n"
           "    branches:\n");
    w->out->steps += 1;
    for (uint32_t i = 1; i <= branches; i++) {
        put_branch(w, i);
    }
    put(w, "    then: decision\n");
}

bool text_make(made *out, const text_wanted *wanted)
{
    *out = (made){.steps = frame_steps};
    writer w = {.out = out, .answers = wanted->answers, .gap = wanted->gap};
    put(&w, "%s", head);
    if (wanted->branches > 0) {
        put_parallel(&w, wanted->branches);
    } else {
        put_blocks(&w, wanted);
    }
    put(&w, "%s", tail);
    if (w.failed) {
        free(out->bytes);
        *out = (made){0};
    }
    return !w.failed;
}
