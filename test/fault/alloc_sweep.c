/* Fails every allocation in turn, under everything that reads input and under an engine's life.
 *
 *     alloc_sweep FOLDER [--stride N] [--only NAME] [--point N [--ever-after] [--trap]]
 *     alloc_sweep --self-check
 *
 * FOLDER is workflows/gpso-velo. Each scenario runs once for each of its allocations, which fails
 * alone, and once more with all later ones. Every time it must say GREFFE_ENOMEM or succeed with
 * the result it always has, leave no block behind, and succeed when memory is back. A stride of N
 * takes each N-th point, from one that the point before chose. Prints the points; exit 0: no
 * fault, 1: faults, 2: wrong use. A crash or a standstill names its point before it ends. */
#define _POSIX_C_SOURCE 200809L

#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alloc_sweep.h"

enum { SHOWN_FAULTS = 20, POINT_SECONDS = 60, STATUSES = 17 };

static const char *sweep_folder;

static struct {
    const scenario *now;
    size_t point;
    bool ever_after, quiet;
    size_t points, faults;
    size_t statuses[STATUSES];
} sweep;

/* Written ahead, so that a signal handler has only to show it. */
static char where[160];

/* --- Reporting --- */

bool sweep_fault(const char *format, ...)
{
    memory_restore();
    sweep.faults++;
    if (!sweep.quiet && sweep.faults <= SHOWN_FAULTS) {
        va_list arguments;
        va_start(arguments, format);
        printf("%s", where);
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
    }
    return false;
}

bool sweep_status(const char *what, greffe_status status, bool sqlite)
{
    if ((unsigned)status < STATUSES) {
        sweep.statuses[status]++;
    }
    if (status == GREFFE_OK || status == GREFFE_ENOMEM || (sqlite && status == GREFFE_EIO)) {
        return true;
    }
    return sweep_fault("%s says \"%s\"", what, greffe_status_name(status));
}

greffe_command sweep_filing(const char *args)
{
    static const greffe_actor citizen = {
        .size = sizeof citizen, .subject = "c1", .kind = "applicant"};
    return (greffe_command){.size = sizeof(greffe_command),
                            .verb = "file",
                            .stream = "d1",
                            .key = "k1",
                            .actor = &citizen,
                            .args = {args, strlen(args)}};
}

static void on_signal(int number)
{
    static const char crash[] = "crashed here\n", still[] = "stood still here\n";
    (void)!write(STDOUT_FILENO, where, strlen(where));
    if (number == SIGALRM) {
        (void)!write(STDOUT_FILENO, still, sizeof still - 1);
    } else {
        (void)!write(STDOUT_FILENO, crash, sizeof crash - 1);
    }
    signal(number, SIG_DFL);
    raise(number == SIGALRM ? SIGABRT : number);
}

/* --- Sweeping --- */

static void run_point(const scenario *s, size_t point, bool ever_after)
{
    snprintf(where, sizeof where, "%s, point %zu%s: ", s->name, point,
             ever_after ? " and all after it" : "");
    fflush(stdout);
    alarm(POINT_SECONDS);
    const long before = memory_live();
    memory_fail(point, ever_after);
    const bool fine = s->run();
    memory_restore();
    alarm(0);
    /* A thread that resolves a name for a transfer that is gone gives its memory back when it ends.
     */
    for (int waited = 0; fine && memory_live() != before && waited < 200; waited++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    if (fine && memory_live() != before) {
        (void)sweep_fault("%+ld blocks are left", memory_live() - before);
    }
}

/* Without failures: the allocations there are, after a run that fills what is filled only once. */
static size_t measure(const scenario *s)
{
    const bool quiet = sweep.quiet;
    const size_t faults = sweep.faults;
    sweep.quiet = true;
    run_point(s, SIZE_MAX, false);
    run_point(s, SIZE_MAX, false);
    sweep.quiet = quiet;
    sweep.faults = faults;
    run_point(s, SIZE_MAX, false);
    return memory_calls();
}

static void sweep_scenario(const scenario *s, size_t stride)
{
    sweep.now = s;
    const size_t faults = sweep.faults, first = sweep.points;
    if (s->prepare != NULL && !s->prepare()) {
        (void)sweep_fault("cannot be prepared");
        return;
    }
    const size_t count = measure(s);
    for (int ever = 0; ever < 2 && sweep.faults < faults + SHOWN_FAULTS; ever++) {
        size_t chosen = (size_t)ever;
        for (size_t point = 1; sweep.faults < faults + SHOWN_FAULTS; point++) {
            if (stride > 1 && point < count && point % stride != chosen % stride) {
                continue;
            }
            run_point(s, point, ever != 0);
            if (!memory_failed()) {
                break; /* past the last allocation */
            }
            sweep.points++;
            chosen = chosen * 7 + 1;
        }
    }
    if (s->dismiss != NULL) {
        s->dismiss();
    }
    if (!sweep.quiet) {
        printf("%-12s %7zu allocations, %7zu points, %zu faults\n", s->name, count,
               sweep.points - first, sweep.faults - faults);
    }
}

/* --- Files --- */

static char *sweep_file(const char *folder, const char *name, size_t *size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    enum { MOST = 1 << 20 };
    char *text = malloc(MOST);
    *size = text == NULL ? 0 : fread(text, 1, MOST - 1, file);
    if (text != NULL) {
        text[*size] = '\0';
    }
    fclose(file);
    return text;
}

greffe_status sweep_context(greffe_context **out)
{
    const greffe_context_options options = {.size = sizeof options, .alloc = memory_context_alloc};
    return greffe_context_create(out, &options);
}

/* What the procedure names, read before memory fails. */
enum { MAX_FILES = 16 };
static struct {
    char name[64];
    char *text;
    size_t size;
} files[MAX_FILES];
static size_t file_count;

static bool keep_file(const char *name)
{
    snprintf(files[file_count].name, sizeof files[file_count].name, "%s", name);
    files[file_count].text = sweep_file(sweep_folder, name, &files[file_count].size);
    return files[file_count++].text != NULL;
}

static bool keep_files(void)
{
    static const char *const names[] = {"velo.yaml",
                                        "gpso.yaml",
                                        "site.yaml",
                                        "letters/accord.txt",
                                        "letters/accuse_reception.txt",
                                        "letters/classement.txt",
                                        "letters/demande_pieces.txt",
                                        "letters/rappel.txt",
                                        "letters/refus.txt",
                                        "letters/refus_implicite.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!keep_file(names[i])) {
            fprintf(stderr, "alloc_sweep: %s/%s cannot be read\n", sweep_folder, names[i]);
            return false;
        }
    }
    return true;
}

static greffe_status give_file(void *data, const char *name, greffe_str *out)
{
    (void)data;
    for (size_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].name, name) == 0) {
            *out = (greffe_str){files[i].text, files[i].size};
            return GREFFE_OK;
        }
    }
    return GREFFE_ENOTFOUND;
}

static greffe_str text_of(const char *name)
{
    greffe_str text = {NULL, 0};
    (void)give_file(NULL, name, &text);
    return text;
}

/* --- Compiling, and reading a bundle --- */

static char *reference; /* the bundle as it must be */
static size_t reference_size;

greffe_status sweep_plan(greffe_plan **out, greffe_context *context, greffe_diags *diags)
{
    const greffe_compile_options options = {.size = sizeof options, .read = give_file};
    return greffe_compile(out, context, diags, "velo.yaml", text_of("velo.yaml"), &options);
}

static bool same_bundle(const greffe_plan *plan)
{
    const greffe_str bundle = greffe_plan_bundle(plan);
    return reference == NULL ||
           (bundle.size == reference_size && memcmp(bundle.data, reference, bundle.size) == 0);
}

static bool compile_in(greffe_context *context)
{
    greffe_diags *diags = NULL;
    greffe_plan *plan = NULL;
    bool fine = true;
    greffe_status status = greffe_diags_create(&diags, context);
    for (int attempt = 0; fine && status == GREFFE_OK && attempt < 2 && plan == NULL; attempt++) {
        status = sweep_plan(&plan, context, diags);
        fine = sweep_status("greffe_compile", status, false) &&
               (status == GREFFE_OK || plan == NULL || sweep_fault("a plan came with ENOMEM")) &&
               (status == GREFFE_OK || attempt == 0 || sweep_fault("memory is back, no plan"));
        memory_restore();
        if (status != GREFFE_OK) {
            greffe_diags_clear(diags);
            status = GREFFE_OK;
        }
    }
    if (fine && plan != NULL && !same_bundle(plan)) {
        fine = sweep_fault("the plan is another");
    }
    if (reference == NULL && plan != NULL) {
        const greffe_str bundle = greffe_plan_bundle(plan);
        reference = malloc(bundle.size);
        reference_size = bundle.size;
        if (reference != NULL) {
            memcpy(reference, bundle.data, bundle.size);
        }
    }
    greffe_plan_unref(plan);
    greffe_diags_destroy(diags);
    return fine && sweep_status("greffe_diags_create", status, false);
}

/* The context may fail too; what is made in it is always given back. */
static bool in_context(bool (*body)(greffe_context *context))
{
    greffe_context *context = NULL;
    const greffe_status status = sweep_context(&context);
    if (!sweep_status("greffe_context_create", status, false)) {
        return false;
    }
    if (status != GREFFE_OK) {
        return context == NULL || sweep_fault("a context came with ENOMEM");
    }
    const bool fine = body(context);
    greffe_context_destroy(context);
    return fine;
}

static bool run_compile(void)
{
    return in_context(compile_in);
}

static bool read_in(greffe_context *context)
{
    greffe_plan *plan = NULL;
    bool fine = true;
    for (int attempt = 0; fine && attempt < 2 && plan == NULL; attempt++) {
        const greffe_str bundle = {reference, reference_size};
        const greffe_status status = greffe_plan_read(&plan, context, bundle);
        fine = sweep_status("greffe_plan_read", status, false) &&
               (status == GREFFE_OK || plan == NULL || sweep_fault("a plan came with ENOMEM")) &&
               (status == GREFFE_OK || attempt == 0 || sweep_fault("memory is back, no plan"));
        memory_restore();
    }
    if (fine && plan != NULL && !same_bundle(plan)) {
        fine = sweep_fault("the plan is another");
    }
    if (fine && plan != NULL) {
        greffe_plan_unref(greffe_plan_ref(plan));
        fine = (greffe_plan_id(plan).size == 4 && greffe_plan_hash(plan).size == 32) ||
               sweep_fault("the plan lost its name");
    }
    greffe_plan_unref(plan);
    return fine;
}

static bool run_read(void)
{
    return in_context(read_in);
}

static bool render_plan_in(greffe_context *context)
{
    static size_t sizes[2];
    greffe_plan *plan = NULL;
    const greffe_str bundle = {reference, reference_size};
    bool fine = sweep_status("greffe_plan_read", greffe_plan_read(&plan, context, bundle), false);
    for (int form = 0; fine && plan != NULL && form < 2; form++) {
        char *text = NULL;
        const greffe_status status = greffe_plan_render(&text, plan, (greffe_plan_form)form);
        fine = sweep_status("greffe_plan_render", status, false);
        if (fine && status == GREFFE_OK) {
            sizes[form] = sizes[form] == 0 ? strlen(text) : sizes[form];
            fine = strlen(text) == sizes[form] || sweep_fault("the form is another");
        }
        greffe_free(context, text);
    }
    greffe_plan_unref(plan);
    char *schema = NULL;
    fine =
        fine && sweep_status("greffe_schema", greffe_schema(&schema, context, "procedure"), false);
    greffe_free(context, schema);
    return fine;
}

static bool run_render_plan(void)
{
    return in_context(render_plan_in);
}

/* What is written for tools: the commands, and a scenario as JSON. */
static bool describe_in(greffe_context *context)
{
    static size_t sizes[2];
    greffe_diags *diags = NULL;
    bool fine = true;
    greffe_status made = greffe_diags_create(&diags, context);
    for (int form = 0; fine && made == GREFFE_OK && form < 2; form++) {
        char *text = NULL;
        const greffe_status status =
            form == 0
                ? greffe_commands_describe(&text, context)
                : greffe_yaml_to_json(&text, context, diags, "site.yaml", text_of("site.yaml"));
        fine = sweep_status(form == 0 ? "greffe_commands_describe" : "greffe_yaml_to_json", status,
                            false);
        if (fine && status == GREFFE_OK) {
            sizes[form] = sizes[form] == 0 ? strlen(text) : sizes[form];
            fine = strlen(text) == sizes[form] || sweep_fault("the text is another");
        }
        greffe_free(context, text);
    }
    greffe_diags_destroy(diags);
    return fine && sweep_status("greffe_diags_create", made, false);
}

static bool run_describe(void)
{
    return in_context(describe_in);
}

/* --- The site, and diagnostics --- */

static bool site_in(greffe_context *context)
{
    greffe_diags *diags = NULL;
    greffe_site *site = NULL;
    bool fine = true;
    const greffe_status made = greffe_diags_create(&diags, context);
    for (int attempt = 0; fine && made == GREFFE_OK && attempt < 2 && site == NULL; attempt++) {
        const greffe_status status =
            greffe_site_read(&site, context, diags, "site.yaml", text_of("site.yaml"));
        fine = sweep_status("greffe_site_read", status, false) &&
               (status == GREFFE_OK || attempt == 0 || sweep_fault("memory is back, no site"));
        memory_restore();
        greffe_diags_clear(diags);
    }
    if (fine && site != NULL &&
        (greffe_site_account(site, "finances-1") == NULL ||
         greffe_site_account(site, "guichet-1") == NULL ||
         greffe_site_text(site, "payer_iban") == NULL ||
         greffe_site_destination(site, 0) != NULL)) {
        fine = sweep_fault("the site lacks something");
    }
    greffe_site_destroy(site);
    greffe_diags_destroy(diags);
    return fine && sweep_status("greffe_diags_create", made, false);
}

static bool run_site(void)
{
    return in_context(site_in);
}

/* Each fault is counted, whether or not it found memory. */
static bool diags_in(greffe_context *context)
{
    static const char faulty[] = "greffe: 1\nprocedure: Velo\ntitel: a\nuses: gpso\nsteps:\n"
                                 "  depot: {kind: submision, by: demandeur, then: nulle_part}\n";
    const greffe_compile_options options = {.size = sizeof options, .read = give_file};
    greffe_diags *diags = NULL;
    greffe_plan *plan = NULL;
    bool fine = true;
    greffe_status status = greffe_diags_create(&diags, context);
    if (status != GREFFE_OK) {
        return sweep_status("greffe_diags_create", status, false);
    }
    const greffe_str text = {faulty, sizeof faulty - 1};
    status = greffe_compile(&plan, context, diags, "faulty.yaml", text, &options);
    if (status != GREFFE_EINVALID && status != GREFFE_ENOMEM) {
        fine = sweep_fault("a faulty file gives \"%s\"", greffe_status_name(status));
    } else if (status == GREFFE_EINVALID && greffe_diags_total(diags, GREFFE_ERROR) == 0) {
        fine = sweep_fault("a refusal without a fault");
    }
    const char *shown = NULL;
    for (size_t i = 0; fine && i < greffe_diags_count(diags); i++) {
        const greffe_diag *diag = greffe_diags_get(diags, i);
        fine = (diag->message != NULL && diag->hint != NULL && diag->source_line != NULL &&
                diag->file != NULL) ||
               sweep_fault("a diagnostic with a NULL in it");
        fine = fine &&
               sweep_status("greffe_diags_render", greffe_diags_render(&shown, diags, i), false);
    }
    fine = fine &&
           sweep_status("greffe_diags_render_json", greffe_diags_render_json(&shown, diags), false);
    memory_restore();
    if (fine && (greffe_diags_render_json(&shown, diags) != GREFFE_OK || shown[0] != '[')) {
        fine = sweep_fault("memory is back, no JSON");
    }
    greffe_diags_destroy(diags);
    return fine;
}

static bool run_diags(void)
{
    return in_context(diags_in);
}

/* --- Planted faults --- */

/* Seen from outside, so that no compiler leaves the allocation out. */
static void *volatile sink;

static void *planted_block(void)
{
    sink = malloc(10);
    return sink;
}

static bool plant_a_leak(void)
{
    void *first = planted_block(), *second = planted_block();
    if (second != NULL) { /* else first is lost */
        free(first);
    }
    free(second);
    return true;
}

static bool plant_a_wrong_status(void)
{
    void *block = planted_block();
    const greffe_status status = block == NULL ? GREFFE_EINVALID : GREFFE_OK;
    free(block);
    return sweep_status("planted", status, false);
}

static bool plant_a_lost_effect(void)
{
    static int done;
    void *block = planted_block();
    const int before = done;
    done += block != NULL;
    free(block);
    return done == before + 1 || sweep_fault("planted: the effect is lost");
}

static bool plant_nothing(void)
{
    void *first = planted_block(), *second = planted_block();
    free(first);
    free(second);
    return true;
}

static int self_check(void)
{
    static const scenario planted[] = {{.name = "leak", .run = plant_a_leak},
                                       {.name = "status", .run = plant_a_wrong_status},
                                       {.name = "effect", .run = plant_a_lost_effect}};
    static const scenario fine = {.name = "nothing", .run = plant_nothing};
    sweep.quiet = true;
    sweep_scenario(&fine, 1);
    bool found = sweep.faults == 0 && sweep.points == 4;
    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
        const size_t before = sweep.faults;
        sweep_scenario(&planted[i], 1);
        found = found && sweep.faults > before;
    }
    printf("alloc_sweep: planted faults %s\n", found ? "were found" : "WERE NOT FOUND");
    return found ? 0 : 1;
}

/* --- The command --- */

static const scenario SCENARIOS[] = {{.name = "compile", .run = run_compile},
                                     {.name = "read plan", .run = run_read},
                                     {.name = "render plan", .run = run_render_plan},
                                     {.name = "describe", .run = run_describe},
                                     {.name = "site", .run = run_site},
                                     {.name = "diagnostics", .run = run_diags}};

static void sweep_all(const char *only, size_t stride, size_t point, bool ever_after, bool trap)
{
    static const scenario *const others[] = {
        &LETTER_SCENARIO,  &PAYMENT_SCENARIO, &MINUTES_SCENARIO, &COMPACT_SCENARIO,
        &ENGINE_SCENARIO,  &SQLITE_SCENARIO,  &LIFE_SCENARIO,    &JOIN_SCENARIO,
        &INBOX_SCENARIO,   &CALL_SCENARIO,    &FEEL_SCENARIO,    &DOCUMENT_SCENARIO,
#ifdef GREFFE_CURL
        &WEBHOOK_SCENARIO, &SMTP_SCENARIO,
#endif
    };
    const size_t own = sizeof SCENARIOS / sizeof SCENARIOS[0];
    (void)run_compile(); /* gives the reference */
    for (size_t i = 0; i < own + sizeof others / sizeof others[0]; i++) {
        const scenario *s = i < own ? &SCENARIOS[i] : others[i - own];
        if (only != NULL && strcmp(only, s->name) != 0) {
            continue;
        }
        if (point == 0) {
            sweep_scenario(s, stride);
        } else if (s->prepare == NULL || s->prepare()) {
            (void)measure(s);
            memory_trap(trap);
            run_point(s, point, ever_after);
            sweep.points++;
        }
    }
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    size_t stride = 1, point = 0;
    bool ever_after = false, trap = false;
    static const int caught[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGALRM};
    static char output[1 << 16]; /* else the first line printed would take a block */
    (void)setvbuf(stdout, output, _IOFBF, sizeof output);
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
        signal(caught[i], on_signal);
    }
#ifndef SWEEP_WRAP
    (void)mallopt(M_PERTURB, 0xa5); /* freed and fresh memory is no longer what it was */
#endif
    if (argc == 2 && strcmp(argv[1], "--self-check") == 0) {
        return self_check();
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--stride") == 0 && i + 1 < argc) {
            stride = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--point") == 0 && i + 1 < argc) {
            point = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--ever-after") == 0) {
            ever_after = true;
        } else if (strcmp(argv[i], "--trap") == 0) {
            trap = true;
        } else {
            sweep_folder = argv[i];
        }
    }
    if (sweep_folder == NULL || stride == 0 || !keep_files()) {
        fprintf(stderr, "usage: alloc_sweep FOLDER [--stride N] [--only NAME] [--point N]\n");
        return 2;
    }
    sweep_all(only, stride, point, ever_after, trap);
    printf("alloc_sweep: %zu points, %zu faults; answers:", sweep.points, sweep.faults);
    for (int i = 0; i < STATUSES; i++) {
        if (sweep.statuses[i] > 0) {
            printf(" %s %zu", greffe_status_name((greffe_status)i), sweep.statuses[i]);
        }
    }
    printf("\n");
    return sweep.faults == 0 && sweep.points > 0 ? 0 : 1;
}
