/* What steps become: the plan of a procedure that has every kind, node by node, and its bundle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile/compile.h"

enum { most_files = 16, most_text = 16384 };

typedef struct room {
    greffe_context *context;
    greffe_diags *diags;
    const char *folder;
    char *texts[most_files];
    size_t count;
} room;

static char *file_text(const char *folder, const char *name, size_t *size)
{
    char path[512], *text = malloc(most_text);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(text);
    *size = file != NULL ? fread(text, 1, most_text - 1, file) : 0;
    text[*size] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}

static greffe_status read_file(void *data, const char *name, greffe_str *out)
{
    room *r = data;
    size_t size;
    assert_in_range(r->count, 0, most_files - 1);
    char *text = r->texts[r->count++] = file_text(r->folder, name, &size);
    *out = (greffe_str){text, size};
    return size > 0 ? GREFFE_OK : GREFFE_ENOTFOUND;
}

/* The procedure of the file, with one text in it changed (or not: NULL). */
static greffe_plan *compiled(room *r, const char *name, const char *old, const char *new)
{
    size_t size;
    char *text = r->texts[r->count++] = file_text(r->folder, name, &size), changed[most_text];
    const char *at = old != NULL ? strstr(text, old) : text;
    assert_non_null(at);
    size_t skip = old != NULL ? strlen(old) : 0;
    (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text,
                   new != NULL ? new : "", at + skip);
    greffe_compile_options options = {.size = sizeof options, .read = read_file, .read_data = r};
    greffe_plan *plan = NULL;
    greffe_status status = greffe_compile(&plan, r->context, r->diags, name,
                                          (greffe_str){changed, strlen(changed)}, &options);
    if (status != GREFFE_OK) {
        const char *problems;
        assert_int_equal(greffe_diags_render_json(&problems, r->diags), GREFFE_OK);
        print_message("%s\n", problems);
    }
    assert_int_equal(status, GREFFE_OK);
    for (; r->count > 0; r->count--) {
        free(r->texts[r->count - 1]);
    }
    return plan;
}

static int set_up(void **state)
{
    room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    assert_int_equal(greffe_context_create(&r->context, NULL), GREFFE_OK);
    assert_int_equal(greffe_diags_create(&r->diags, r->context), GREFFE_OK);
    r->folder = FLOW;
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    room *r = *state;
    greffe_diags_destroy(r->diags);
    greffe_context_destroy(r->context);
    free(r);
    return 0;
}

/* --- Shapes --- */

/* One node in a line: path, primitive, its scope's path in brackets, where each outcome leads (a
 * star: that finishes the step), the blocks that it opens. */
static void describe(char *out, size_t size, const greffe__plan *plan, uint32_t at)
{
    static const char *const primitives[] = {"",     "task",   "wait", "choose", "fork",
                                             "each", "effect", "ask",  "end",    "exit"};
    static const char *const ports[] = {"", ":board", ":reserve", ":commit", ":order", ":call"};
    const greffe__plan_node *node = &plan->nodes.at[at];
    const greffe__scope *scope = &plan->scopes.at[node->scope];
    int used =
        snprintf(out, size, "%.*s %s%s [%.*s]", (int)node->path.size, node->path.data,
                 primitives[node->op], ports[node->port], (int)scope->path.size, scope->path.data);
    for (uint32_t i = 0; i < node->edges.count; i++) {
        const greffe__edge *edge = &node->edges.at[i];
        const greffe__str to = plan->nodes.at[edge->target].path;
        used += snprintf(out + used, size - (size_t)used, " %.*s%s>%.*s", (int)edge->outcome.size,
                         edge->outcome.data, edge->done ? "*" : "", (int)to.size, to.data);
    }
    for (uint32_t i = 0; i < node->scopes.count; i++) {
        const greffe__scope *opened = &plan->scopes.at[node->scopes.at[i]];
        const greffe__str entry = plan->nodes.at[opened->entry].path;
        used += snprintf(out + used, size - (size_t)used, " {%.*s: %.*s}", (int)opened->path.size,
                         opened->path.data, (int)entry.size, entry.data);
    }
    assert_in_range(used, 1, (int)size - 1);
}

static void check_shape(const greffe_plan *plan, const char *const *expected)
{
    const greffe__plan *p = greffe__plan_of(plan);
    uint32_t at = 0;
    for (; expected[at] != NULL && at < p->nodes.count; at++) {
        char line[512];
        describe(line, sizeof line, p, at);
        assert_string_equal(line, expected[at]);
    }
    for (uint32_t i = at; i < p->nodes.count; i++) {
        char line[512];
        describe(line, sizeof line, p, i);
        print_message("not expected: %s\n", line);
    }
    assert_int_equal(at, p->nodes.count);
    assert_null(expected[at]);
}

static void steps_that_move_a_dossier_become_these_nodes(void **state)
{
    static const char *const expected[] = {
        "depot task [] filed*>depot/receipt",
        "depot/receipt effect [] sent>tri",
        "tri choose [] case_1*>avis case_2*>visites case_3*>affichage case_4*>verification "
        "otherwise*>examen",
        "avis fork [] done*>examen {avis/urbanisme: avis_urbanisme} {avis/voirie: avis_voirie}",
        "avis_urbanisme task [avis/urbanisme] expired*>avis/urbanisme/end "
        "rendu*>avis/urbanisme/end",
        "avis_voirie task [avis/voirie] rendu*>relecture",
        "relecture task [avis/voirie] done*>avis/voirie/end",
        "visites each [] done*>examen {visites/each: orientation}",
        "orientation choose [visites/each] case_1*>dispense otherwise*>visite",
        "visite task [visites/each] done*>suite",
        "suite choose [visites/each] case_1*>visite otherwise*>visites/each/end",
        "dispense task [visites/each] done*>visites/each/end",
        "affichage wait [] expired*>sans_suite done*>examen",
        "verification ask:call [] answered*>examen expired*>sans_suite",
        "examen task [] favorable*>courrier defavorable*>sans_suite",
        "courrier effect [] sent*>fin",
        "fin end []",
        "sans_suite end []",
        "avis/urbanisme/end exit [avis/urbanisme]",
        "avis/voirie/end exit [avis/voirie]",
        "visites/each/end exit [visites/each]",
        NULL,
    };
    greffe_plan *plan = compiled(*state, "flux.yaml", NULL, NULL);
    check_shape(plan, expected);
    greffe_plan_unref(plan);
}

static void steps_of_an_aid_become_these_nodes(void **state)
{
    static const char *const expected[] = {
        "depot task [] filed*>depot/receipt",
        "depot/receipt effect [] sent>completude",
        "completude task [] complete*>instruction ask>completude/request",
        "completude/request effect [] sent>completude/waiting",
        "completude/waiting wait [] supplied>completude expired*>classement",
        "instruction task [] favorable*>deliberation/reserve defavorable*>examen",
        "deliberation/reserve ask:reserve [] reserved>deliberation unfunded*>attente_credits",
        "deliberation ask:board [] granted*>deliberation/commit refused*>refus "
        "postponed>deliberation",
        "deliberation/commit ask:commit [] committed>accord",
        "examen ask:board [] granted*>instruction refused*>refus postponed>examen",
        "attente_credits task [] credits*>deliberation/reserve",
        "accord effect [] sent*>paiement",
        "paiement ask:order [] paid*>verse rejected*>iban",
        "iban task [] fourni*>paiement",
        "refus effect [] sent*>refuse",
        "classement effect [] sent*>classe",
        "refus_implicite effect [] sent*>rejet",
        "verse end []",
        "refuse end []",
        "classe end []",
        "rejet end []",
        NULL,
    };
    room *r = *state;
    r->folder = AID;
    greffe_plan *plan = compiled(r, "velo.yaml", NULL, NULL);
    check_shape(plan, expected);
    greffe_plan_unref(plan);
}

/* --- Bundles --- */

static void a_bundle_that_is_read_back_is_the_same_plan(void **state)
{
    room *r = *state;
    const char *const names[] = {"flux.yaml", "velo.yaml"};
    for (size_t i = 0; i < 2; i++) {
        greffe_plan *again;
        char *before, *after;
        r->folder = i == 0 ? FLOW : AID;
        greffe_plan *plan = compiled(r, names[i], NULL, NULL);
        greffe_str bytes = greffe_plan_bundle(plan);
        assert_int_equal(greffe_plan_read(&again, r->context, bytes), GREFFE_OK);
        greffe_str other = greffe_plan_bundle(again);
        assert_int_equal(other.size, bytes.size);
        assert_memory_equal(other.data, bytes.data, bytes.size);
        assert_memory_equal(greffe_plan_hash(again).data, greffe_plan_hash(plan).data, 32);
        assert_int_equal(greffe_plan_render(&before, plan, GREFFE_PLAN_JSON), GREFFE_OK);
        assert_int_equal(greffe_plan_render(&after, again, GREFFE_PLAN_JSON), GREFFE_OK);
        assert_string_equal(before, after);
        greffe_free(r->context, before);
        greffe_free(r->context, after);
        greffe_plan_unref(plan);
        greffe_plan_unref(again);
    }
}

static void a_bundle_that_was_cut_or_changed_is_refused(void **state)
{
    room *r = *state;
    greffe_plan *plan = compiled(r, "flux.yaml", NULL, NULL), *again;
    greffe_str bytes = greffe_plan_bundle(plan);
    char *copy = malloc(bytes.size);
    assert_non_null(copy);
    for (size_t size = 0; size < bytes.size; size += 7) {
        assert_int_equal(greffe_plan_read(&again, r->context, (greffe_str){bytes.data, size}),
                         GREFFE_ECORRUPT);
    }
    size_t refused = 0, tried = 0;
    for (size_t at = 0; at < bytes.size; at += 5) {
        memcpy(copy, bytes.data, bytes.size);
        copy[at] = (char)(copy[at] ^ 1);
        greffe_status status = greffe_plan_read(&again, r->context, (greffe_str){copy, bytes.size});
        tried += 1;
        refused += status != GREFFE_OK;
        if (status == GREFFE_OK) { /* words alone: nothing is decided by them */
            assert_memory_equal(greffe_plan_hash(again).data, greffe_plan_hash(plan).data, 32);
            greffe_plan_unref(again);
        }
    }
    assert_true(refused * 10 > tried * 7);
    free(copy);
    greffe_plan_unref(plan);
}

typedef struct change {
    const char *old, *new;
    bool decides;
} change;

static void what_only_people_read_is_not_in_the_hash(void **state)
{
    static const change changes[] = {
        {"title: Aide à l'achat", "title: Une aide à l'achat", false},
        {"label: Modèle", "label: Le modèle", false},
        {"ville: Vélo de ville", "ville: Vélo urbain", false},
        {"message: La date d'achat est dans le futur", "message: Cette date est à venir", false},
        {"shown: Déposée", "shown: Reçue", false},
        {"because: Le Bureau décide de chaque aide", "because: Il décide", false},
        {"until: 2020-12-31", "until: 2021-01-31", false},
        {"redirect: Cette aide", "redirect: L'aide", false},
        {"montant: '200.00'", "montant: '201.00'", true},
        {"pliant: Vélo pliant, ", "", true},
        {"max: 20000.00", "max: 20001.00", true},
        {"every: 5 years", "every: 4 years", true},
        {"within: 2 months", "within: 3 months", true},
        {"remind: 15 days", "remind: 14 days", true},
        {"must: achat <= today()", "must: achat < today()", true},
        {"needed_to: pay", "needed_to: instruct", true},
        {"{credits: deliberation}", "{credits: examen}", true},
        {"refuse: {kind: end, outcome: refuse,", "refuse: {kind: end, outcome: refus,", true},
    };
    room *r = *state;
    r->folder = AID;
    greffe_plan *plan = compiled(r, "velo.yaml", NULL, NULL);
    greffe_str bytes = greffe_plan_bundle(plan);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        greffe_plan *other = compiled(r, "velo.yaml", changes[i].old, changes[i].new);
        bool same = memcmp(greffe_plan_hash(plan).data, greffe_plan_hash(other).data, 32) == 0;
        if (same == changes[i].decides) {
            print_message("'%s' instead of '%s'\n", changes[i].new, changes[i].old);
        }
        assert_true(same != changes[i].decides);
        greffe_str others = greffe_plan_bundle(other);
        assert_true(others.size != bytes.size || memcmp(others.data, bytes.data, bytes.size) != 0);
        greffe_plan_unref(other);
    }
    greffe_plan_unref(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(steps_that_move_a_dossier_become_these_nodes),
        TEST(steps_of_an_aid_become_these_nodes),
        TEST(a_bundle_that_is_read_back_is_the_same_plan),
        TEST(a_bundle_that_was_cut_or_changed_is_refused),
        TEST(what_only_people_read_is_not_in_the_hash),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
