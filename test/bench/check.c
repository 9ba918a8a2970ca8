/* What checking a procedure costs, beside reading its YAML:
 *
 *     check [--rounds N] [--ms N] [--blocks N] [--answers N] [--steps N] [--pages new|kept]
 *           [--plot FILE]
 *     check --write DIRECTORY [--blocks N | --steps N | --branches N] [--answers N]
 *
 * Generated procedures (check_text.c) are compiled, and the same text is parsed by libyaml alone,
 * whose events are thrown away. In each round every text has its turn, both ways; the first round
 * isn't counted, and each begins with another text. Printed are medians over the rounds, with least
 * and most in brackets; ratios are taken within a round. Time is the processor's. With --pages new
 * every compile takes its memory from the system, as the first one of a process does; else it is
 * there already.
 *
 *     blocks    one procedure of --blocks blocks, and where its time goes; its guards ask for
 *               so many --answers of the form
 *     branches  one `parallel` of ten branches, and of twenty
 *     answers   the procedure of blocks again, with guards that ask for no answer to three
 *     growth    from 50 steps to --steps
 *
 * Exit code 1: a procedure is not compiled, has not the steps that were asked for, or a pass was
 * not seen. No time decides over it. --write writes the files of one, for `greffe check` and for a
 * profile. --plant gap|steps|pass are faults to be found. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "check_passes.h"
#include "check_plot.h"
#include "check_text.h"
#include "compile/compile.h"

enum { most_rounds = 101, most_works = 20, growth_sizes = 7, most_times = 10000 };
static const uint32_t sizes[growth_sizes] = {50, 100, 200, 500, 1000, 2000, 5000};

/* A text, and what it took in each round. */
typedef struct work {
    text_wanted wanted;
    made made;
    passes_taken last;
    double yaml[most_rounds], compile[most_rounds], pass_ns[passes][most_rounds];
    bool proved;
} work;

typedef struct bench {
    greffe_context *context;
    greffe_diags *diags;
    work works[most_works];
    uint32_t count, rounds, branches, answers, growth; /* where each part begins; blocks: at 0 */
    double ms;
    const char *plant;
} bench;

static void fail(const char *what)
{
    (void)fprintf(stderr, "check: %s\n", what);
    exit(2);
}

static bool planted(const bench *b, const char *what)
{
    return strcmp(b->plant, what) == 0;
}

/* What is given back either stays with the process, or goes to the system, which then has to find
 * and clear other pages: as each does that a new process asks for. Left alone, malloc does now one,
 * now the other, and ratios jump. */
static void keep_pages(bool keep)
{
#ifdef __GLIBC__
    enum { little = 128 << 10, much = 1 << 30 };
    (void)mallopt(M_MMAP_THRESHOLD, keep ? much : little);
    (void)mallopt(M_TRIM_THRESHOLD, keep ? much : little);
#else
    (void)keep; /* the page faults that are printed tell what was done */
#endif
}

/* --- One text, once --- */

/* As whoever reads events does, without looking at them. */
static void parse(const made *from)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool more = true;
    if (!yaml_parser_initialize(&parser)) {
        fail("no memory");
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)from->bytes, from->size);
    while (more) {
        if (!yaml_parser_parse(&parser, &event)) {
            fail("libyaml cannot read a text");
        }
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

static const greffe_compile_options options = {.size = sizeof options, .read = text_read};

static void compile(bench *b, work *w, passes_taken *taken)
{
    greffe_plan *plan = NULL;
    const char *why = "no memory";
    greffe_diags_clear(b->diags);
    passes_begin(taken);
    greffe_status status = greffe_compile(&plan, b->context, b->diags, "longue.yaml",
                                          (greffe_str){w->made.bytes, w->made.size}, &options);
    passes_end();
    if (status != GREFFE_OK) {
        (void)greffe_diags_render(&why, b->diags, 0);
        (void)fprintf(stderr, "check: a procedure of %u steps is refused: %s\n",
                      (unsigned)w->made.steps, why);
        exit(1);
    }
    w->proved = greffe_diags_count(b->diags) == 0;
    uint32_t steps = greffe__plan_of(plan)->steps.count;
    greffe_plan_unref(plan);
    if (steps != w->made.steps + (planted(b, "steps") ? 1 : 0)) {
        (void)fprintf(stderr, "check: a plan has %u steps, and not as many as its text\n",
                      (unsigned)steps);
        exit(1);
    }
}

/* Each pass is there, or a time would be told that is another's. */
static void see_passes(const bench *b, const work *w)
{
    for (uint32_t i = 1; i < passes; i++) {
        if (w->last.calls[i] == 0 || (planted(b, "pass") && i == pass_explore)) {
            (void)fprintf(stderr, "check: pass %u was not seen\n", (unsigned)i);
            exit(1);
        }
    }
}

/* --- Rounds --- */

/* Each is done once more before it is timed, so that it does not pay for what the one before it has
 * left in caches and in the heap. */
static double measure_yaml(const work *w, uint32_t times)
{
    parse(&w->made);
    double begun = passes_clock();
    for (uint32_t i = 0; i < times; i++) {
        parse(&w->made);
    }
    return (passes_clock() - begun) / times;
}

static void measure_compile(bench *b, work *w, uint32_t times, uint32_t round)
{
    double sum[passes] = {0};
    w->compile[round] = 0;
    compile(b, w, &w->last);
    for (uint32_t i = 0; i < times; i++) {
        compile(b, w, &w->last);
        for (uint32_t j = 0; j < passes; j++) {
            sum[j] += w->last.ns[j];
        }
    }
    for (uint32_t j = 0; j < passes; j++) {
        w->pass_ns[j][round] = sum[j] / times;
        w->compile[round] += sum[j] / times;
    }
}

static uint32_t times_of(const bench *b, double ns)
{
    double times = b->ms * 1e6 / (ns > 1 ? ns : 1);
    return times < 1 ? 1 : times > most_times ? (uint32_t)most_times : (uint32_t)times;
}

static void measure_all(bench *b)
{
    uint32_t of_yaml[most_works], of_compile[most_works];
    for (uint32_t i = 0; i < b->count; i++) { /* warms up, and tells how often each fits in */
        work *w = &b->works[i];
        of_yaml[i] = times_of(b, measure_yaml(w, 1));
        measure_compile(b, w, 1, 0);
        see_passes(b, w);
        of_compile[i] = times_of(b, w->compile[0]);
    }
    for (uint32_t round = 0; round < b->rounds; round++) {
        for (uint32_t i = 0; i < b->count; i++) {
            uint32_t at = (i + round) % b->count;
            work *w = &b->works[at];
            w->yaml[round] = measure_yaml(w, of_yaml[at]);
            measure_compile(b, w, of_compile[at], round);
        }
        (void)fprintf(stderr, "\rround %u of %u", (unsigned)round + 1, (unsigned)b->rounds);
    }
    (void)fprintf(stderr, "\r%24s\r", "");
}

/* --- Numbers over the rounds --- */

static int compare_doubles(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

typedef struct spread {
    double median, least, most;
} spread;

static spread spread_of(const double *rounds, uint32_t count)
{
    double sorted[most_rounds];
    memcpy(sorted, rounds, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    double middle =
        count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
    return (spread){middle, sorted[0], sorted[count - 1]};
}

/* Of each round, one by the other. */
static spread ratio_of(const double *a, const double *b, uint32_t count)
{
    double ratios[most_rounds];
    for (uint32_t i = 0; i < count; i++) {
        ratios[i] = a[i] / b[i];
    }
    return spread_of(ratios, count);
}

static void add_passes(double *out, const work *w, pass first, pass last, uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds; i++) {
        out[i] = 0;
        for (uint32_t j = (uint32_t)first; j <= (uint32_t)last; j++) {
            out[i] += w->pass_ns[j][i];
        }
    }
}

/* --- What is printed --- */

static const struct {
    const char *name;
    pass first, last;
    bool part; /* of the one above it */
} lines[] = {
    {"read", pass_read, pass_read, false},
    {"bind", pass_bind, pass_bind, false},
    {"expressions", pass_expressions, pass_expressions, false},
    {"proof", pass_graph, pass_tell, false},
    {"  graph", pass_graph, pass_graph, true},
    {"  facts", pass_facts, pass_facts, true},
    {"  live", pass_live, pass_live, true},
    {"  states", pass_explore, pass_explore, true},
    {"  tell", pass_tell, pass_tell, true},
    {"freeze", pass_write, pass_hash, false},
    {"  write", pass_write, pass_write, true},
    {"  read back", pass_read_back, pass_read_back, true},
    {"  SHA-256", pass_hash, pass_hash, true},
    {"rest", pass_rest, pass_rest, false},
};

static void print_ratio(const char *what, spread of, const char *yardstick)
{
    (void)printf("%-40s %.2f (%.2f..%.2f)%s\n", what, of.median, of.least, of.most, yardstick);
}

static void print_line(const char *name, const double *ns, const work *w, uint32_t rounds)
{
    char times[60];
    spread time = spread_of(ns, rounds), ratio = ratio_of(ns, w->yaml, rounds);
    (void)snprintf(times, sizeof times, "%9.3f ms (%.3f..%.3f)", time.median / 1e6,
                   time.least / 1e6, time.most / 1e6);
    (void)printf("%-14s %-32s %6.2f", name, times, ratio.median);
}

static void print_faults(const work *w, pass first, pass last)
{
    uint32_t faults = 0;
    for (uint32_t i = (uint32_t)first; i <= (uint32_t)last; i++) {
        faults += w->last.faults[i];
    }
    (void)printf(" %8u\n", (unsigned)faults);
}

static void print_blocks(const bench *b)
{
    const work *w = &b->works[0];
    double sum[most_rounds];
    (void)printf("%u blocks: %u steps, %.1f kB, %u states, %llu arrows%s; times, as a multiple of "
                 "libyaml, page faults\n",
                 (unsigned)w->wanted.blocks, (unsigned)w->made.steps, (double)w->made.size / 1000,
                 (unsigned)w->last.states, (unsigned long long)w->last.arrows,
                 w->proved ? "" : ", not proved");
    print_line("libyaml", w->yaml, w, b->rounds);
    (void)puts("");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        add_passes(sum, w, lines[i].first, lines[i].last, b->rounds);
        print_line(lines[i].name, sum, w, b->rounds);
        print_faults(w, lines[i].first, lines[i].last);
    }
    print_line("compile", w->compile, w, b->rounds);
    print_faults(w, pass_rest, pass_hash);
    add_passes(sum, w, pass_read, pass_bind, b->rounds);
    (void)puts("");
    print_ratio("speed of reading and binding/libyaml", ratio_of(w->yaml, sum, b->rounds),
                " yardstick: 0.60 at least");
    add_passes(sum, w, pass_rest, pass_tell, b->rounds);
    print_ratio("checking (no plan is made)/libyaml", ratio_of(sum, w->yaml, b->rounds),
                " yardstick: 3 at most");
    print_ratio("compile/libyaml", ratio_of(w->compile, w->yaml, b->rounds), "");
}

static void print_branches(const bench *b)
{
    const work *few = &b->works[b->branches], *many = few + 1;
    double few_proof[most_rounds], many_proof[most_rounds];
    add_passes(few_proof, few, pass_graph, pass_tell, b->rounds);
    add_passes(many_proof, many, pass_graph, pass_tell, b->rounds);
    (void)printf("\n%u and %u branches: %.3f and %.3f ms, %u and %u states, %llu and %llu arrows\n",
                 (unsigned)few->wanted.branches, (unsigned)many->wanted.branches,
                 spread_of(few->compile, b->rounds).median / 1e6,
                 spread_of(many->compile, b->rounds).median / 1e6, (unsigned)few->last.states,
                 (unsigned)many->last.states, (unsigned long long)few->last.arrows,
                 (unsigned long long)many->last.arrows);
    print_ratio("compile, twice as many branches", ratio_of(many->compile, few->compile, b->rounds),
                " yardstick: 3 at most");
    print_ratio("its proof alone", ratio_of(many_proof, few_proof, b->rounds), "");
}

static void print_row(const bench *b, const work *w, unsigned first)
{
    double part[most_rounds];
    spread whole = spread_of(w->compile, b->rounds);
    (void)printf("%8u %7u %8.1f %8u %8llu %9.3f", first, (unsigned)w->made.steps,
                 (double)w->made.size / 1000, (unsigned)w->last.states,
                 (unsigned long long)w->last.arrows, spread_of(w->yaml, b->rounds).median / 1e6);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!lines[i].part && lines[i].first != pass_rest) {
            add_passes(part, w, lines[i].first, lines[i].last, b->rounds);
            (void)printf(" %11.3f", spread_of(part, b->rounds).median / 1e6);
        }
    }
    (void)printf(" %9.3f (%.3f..%.3f) %8.2f %8.2f%s\n", whole.median / 1e6, whole.least / 1e6,
                 whole.most / 1e6, whole.median / 1e3 / w->made.steps,
                 ratio_of(w->compile, w->yaml, b->rounds).median, w->proved ? "" : " not proved");
}

static void print_rows(const bench *b, const char *what, uint32_t from, uint32_t to)
{
    (void)printf("\n%8s %7s %8s %8s %8s %9s %11s %11s %11s %11s %11s %9s; us for a step, and as a "
                 "multiple of libyaml\n",
                 what, "steps", "kB", "states", "arrows", "libyaml", "read", "bind", "expressions",
                 "proof", "freeze", "compile");
    for (uint32_t i = from; i < to; i++) {
        const text_wanted *wanted = &b->works[i].wanted;
        print_row(b, &b->works[i], wanted->steps > 0 ? wanted->steps : wanted->answers);
    }
}

static void print_growth(const bench *b)
{
    const work *last = &b->works[b->count - 1], *first = &b->works[b->growth];
    double by_step[most_rounds], before[most_rounds];
    for (uint32_t i = 0; i < b->rounds; i++) {
        by_step[i] = last->compile[i] / last->made.steps;
        before[i] = first->compile[i] / first->made.steps;
    }
    print_rows(b, "growth", b->growth, b->count);
    print_ratio("time for a step, the most steps/the fewest", ratio_of(by_step, before, b->rounds),
                " linear: 1");
}

static void plot(const bench *b, const char *path)
{
    plot_line drawn[] = {
        {"compile", {0}}, {"proof", {0}}, {"read and bind", {0}}, {"libyaml", {0}}};
    double part[most_rounds], steps[growth_sizes];
    uint32_t count = b->count - b->growth;
    for (uint32_t i = 0; i < count; i++) {
        const work *w = &b->works[b->growth + i];
        steps[i] = w->made.steps;
        drawn[0].ms[i] = spread_of(w->compile, b->rounds).median / 1e6;
        add_passes(part, w, pass_graph, pass_tell, b->rounds);
        drawn[1].ms[i] = spread_of(part, b->rounds).median / 1e6;
        add_passes(part, w, pass_read, pass_bind, b->rounds);
        drawn[2].ms[i] = spread_of(part, b->rounds).median / 1e6;
        drawn[3].ms[i] = spread_of(w->yaml, b->rounds).median / 1e6;
    }
    if (!plot_write(path, steps, count, drawn, sizeof drawn / sizeof *drawn)) {
        fail("the plot cannot be written");
    }
}

/* --- The command --- */

typedef struct options_given {
    uint32_t blocks, steps, branches, answers;
    bool stepped; /* --steps was given */
    bool new_pages;
    const char *plot, *folder;
} options_given;

static const char usage[] = "it takes --rounds, --ms, --blocks, --steps, --branches, --answers, "
                            "--pages, --plot, --write, --plant";

static uint32_t read_number(const char *text, uint32_t least, uint32_t most)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > most) {
        fail("a number is not in its range: rounds to 101, blocks to 2500, steps to 5000, "
             "branches to 99, answers to 3");
    }
    return (uint32_t)value;
}

static options_given read_options(bench *b, int argc, char **argv)
{
    options_given given = {.blocks = 500, .steps = sizes[growth_sizes - 1], .answers = 1};
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (next == NULL) {
            fail(usage);
        } else if (strcmp(name, "--rounds") == 0) {
            b->rounds = read_number(next, 1, most_rounds);
        } else if (strcmp(name, "--ms") == 0) {
            b->ms = read_number(next, 0, 10000);
        } else if (strcmp(name, "--blocks") == 0) {
            given.blocks = read_number(next, 1, 2500);
        } else if (strcmp(name, "--steps") == 0) {
            given.steps = read_number(next, 0, sizes[growth_sizes - 1]);
            given.stepped = true;
        } else if (strcmp(name, "--branches") == 0) {
            given.branches = read_number(next, 1, 99);
        } else if (strcmp(name, "--answers") == 0) {
            given.answers = read_number(next, 0, most_answers);
        } else if (strcmp(name, "--pages") == 0) {
            given.new_pages = strcmp(next, "new") == 0;
        } else if (strcmp(name, "--plot") == 0) {
            given.plot = next;
        } else if (strcmp(name, "--write") == 0) {
            given.folder = next;
        } else if (strcmp(name, "--plant") == 0) {
            b->plant = next;
        } else {
            fail(usage);
        }
    }
    return given;
}

static work *add_work(bench *b, text_wanted wanted)
{
    work *w = &b->works[b->count++];
    w->wanted = wanted;
    w->wanted.gap = planted(b, "gap");
    if (!text_make(&w->made, &w->wanted)) {
        fail("no memory");
    }
    return w;
}

static void add_works(bench *b, const options_given *given)
{
    (void)add_work(b, (text_wanted){.blocks = given->blocks, .answers = given->answers});
    b->branches = b->count;
    (void)add_work(b, (text_wanted){.branches = 10});
    (void)add_work(b, (text_wanted){.branches = 20});
    b->answers = b->count;
    for (uint32_t i = 0; i <= most_answers; i++) {
        (void)add_work(b, (text_wanted){.blocks = given->blocks, .answers = i});
    }
    b->growth = b->count;
    for (uint32_t i = 0; i < growth_sizes && sizes[i] <= given->steps; i++) {
        (void)add_work(b, (text_wanted){.steps = sizes[i], .answers = given->answers});
    }
}

static void write_file(const char *folder, const char *name, greffe_str text)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(text.data, 1, text.size, file) != text.size || fclose(file) != 0) {
        fail("a file cannot be written");
    }
}

static void write_files(bench *b, const options_given *given)
{
    char letters[400];
    greffe_str text;
    const char *name;
    const work *w = add_work(b, (text_wanted){.blocks = given->stepped ? 0 : given->blocks,
                                              .steps = given->steps,
                                              .branches = given->branches,
                                              .answers = given->answers});
    (void)snprintf(letters, sizeof letters, "%s/letters", given->folder);
    (void)mkdir(given->folder, 0777);
    (void)mkdir(letters, 0777);
    for (uint32_t i = 0; (name = text_file(i)) != NULL; i++) {
        (void)text_read(NULL, name, &text);
        write_file(given->folder, name, text);
    }
    write_file(given->folder, "longue.yaml", (greffe_str){w->made.bytes, w->made.size});
}

static void measure_and_print(bench *b, const options_given *given)
{
    add_works(b, given);
    measure_all(b);
    (void)printf("%u rounds, each text for %g ms\n\n", (unsigned)b->rounds, b->ms);
    print_blocks(b);
    print_branches(b);
    print_rows(b, "answers", b->answers, b->growth);
    if (b->growth < b->count) {
        print_growth(b);
    }
    if (given->plot != NULL) {
        plot(b, given->plot);
    }
}

int main(int argc, char **argv)
{
    static bench b = {.rounds = 7, .ms = 50, .plant = ""};
    const options_given given = read_options(&b, argc, argv);
    keep_pages(!given.new_pages);
    if (greffe_context_create(&b.context, NULL) != GREFFE_OK ||
        greffe_diags_create(&b.diags, b.context) != GREFFE_OK) {
        fail("no memory");
    }
    if (given.folder != NULL) {
        write_files(&b, &given);
    } else {
        measure_and_print(&b, &given);
    }
    for (uint32_t i = 0; i < b.count; i++) {
        free(b.works[i].made.bytes);
    }
    greffe_diags_destroy(b.diags);
    greffe_context_destroy(b.context);
    return 0;
}
