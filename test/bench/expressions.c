/* Expressions: what evaluating one costs, anew from its text and as a compiled program:
 *
 *     expressions [--rounds N] [--count N] [--json] [--plant result|allocation] [--print inputs]
 *
 * Three of an aid for bicycles, a guard, an amount and a date, over a ring of inputs, so that
 * no two evaluations in a row have the same values. Three forms of each:
 *
 *     anew      its text is parsed, compiled and evaluated
 *     compiled  its program is evaluated
 *     by hand   the same in C, over the same decimals, strings and dates, and the same `load`
 *
 * It prints nanoseconds for one evaluation. Exit code 1: a form gives another result than the
 * table says, or the compiled guard asks the context for memory. No time decides over it. */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "expr/expr.h"

enum { inputs = 16, most_rounds = 1000, most_count = 100000000 };
enum { price, model, aided, bought, filed, slots }; /* what an expression may load */
enum { guard, amount, date, works };
enum { anew, compiled, by_hand, forms };

/* What comes in, and what each expression gives for it, worked out apart from any program. */
typedef struct row {
    const char *price, *model;
    bool aided;
    const char *bought, *filed;
    bool guard;
    const char *amount;
    bool date;
} row;

static const row rows[inputs] = {
    {"1000", "ville", false, "2026-03-01", "2026-04-15", true, "200", true},
    {"89.99", "ville", false, "2026-01-10", "2026-03-10", false, "22.5", true},
    {"250.02", "cargo", false, "2026-10-31", "2026-12-31", true, "125.01", true},
    {"3499", "cargo", true, "2026-05-20", "2026-08-01", false, "300", false},
    {"412.5", "pliant", false, "2026-12-05", "2027-01-04", false, "103.13", false},
    {"250.02", "ville", false, "2026-01-31", "2026-03-31", true, "62.51", true},
    {"100", "ville", false, "2025-12-31", "2026-02-28", false, "25", true},
    {"100.01", "cargo", false, "2025-12-31", "2026-03-01", true, "50.01", false},
    {"639.9", "cargo", false, "2026-06-30", "2026-08-30", true, "300", true},
    {"559.9", "cargo", true, "2026-06-30", "2026-08-31", false, "279.95", false},
    {"1299", "pliant", true, "2026-09-14", "2026-09-15", false, "200", true},
    {"799.99", "ville", false, "2026-11-01", "2026-12-31", true, "200", true},
    {"45", "cargo", false, "2026-11-02", "2027-01-01", false, "22.5", false},
    {"2150.5", "cargo", false, "2026-02-28", "2026-04-29", true, "300", false},
    {"330.3", "ville", true, "2026-07-07", "2026-09-07", false, "82.58", true},
    {"640.2", "ville", false, "2026-08-31", "2026-10-31", true, "160.05", true},
};

static const char *const names[works] = {"guard", "amount", "date"};
static const char *const form_names[forms] = {"anew", "compiled", "by hand"};
static const char *const texts[works] = {
    "velo.prix > 100 and velo.modele in [\"ville\", \"cargo\"] and not(demandeur.deja_aide)",
    ("round half up(if velo.modele = \"cargo\" then min(0.5 * velo.prix, 300) "
     "else min(0.25 * velo.prix, 200), 2)"),
    "achat + duration(\"P2M\") >= depot and depot <= @\"2026-12-31\"",
};
static const greffe__type wanted[works] = {
    {.kind = GREFFE__BOOL}, {.kind = GREFFE__NUMBER}, {.kind = GREFFE__BOOL}};

typedef struct bench {
    greffe_context *context;
    uint64_t allocations; /* of the context, so far */
    greffe__arena kept;   /* names and programs */
    greffe__arena arena;  /* what an evaluation needs, given back after it */
    greffe__symbols symbols;
    greffe__program programs[works];
    greffe__eval eval;
    greffe__value ring[inputs][slots], results[works][inputs];
    const greffe__value *now; /* the inputs of this evaluation */
    greffe__dec hundred, two_hundred, three_hundred, half, quarter;
    greffe__str city, cargo;
    int64_t last_day;
    bool allocates; /* a planted fault */
} bench;

static void fail(const char *what)
{
    (void)fprintf(stderr, "expressions: %s\n", what);
    exit(2);
}

static void *count_alloc(void *data, void *ptr, size_t size)
{
    bench *b = data;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    b->allocations += 1;
    return realloc(ptr, size);
}

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    const bench *b = data;
    *out = b->now[slot];
    return GREFFE_OK;
}

/* --- The same by hand --- */

/* As the evaluator does: through the callback, and never trusting what it gives. */
static bool take(greffe__value *out, const greffe__eval *eval, uint32_t slot, greffe__kind kind)
{
    return eval->load(eval->data, slot, out) == GREFFE_OK && out->kind == (uint8_t)kind;
}

static bool guard_by_hand(greffe__value *out, const bench *b)
{
    greffe__value value;
    bool truth = false;
    if (!take(&value, &b->eval, price, GREFFE__NUMBER)) {
        return false;
    }
    if (greffe__dec_compare(value.as.number, b->hundred) > 0) {
        if (!take(&value, &b->eval, model, GREFFE__STRING)) {
            return false;
        }
        if (greffe__str_equal(value.as.string, b->city) ||
            greffe__str_equal(value.as.string, b->cargo)) {
            if (!take(&value, &b->eval, aided, GREFFE__BOOL)) {
                return false;
            }
            truth = !value.as.truth;
        }
    }
    *out = greffe__bool(truth);
    return true;
}

static bool amount_by_hand(greffe__value *out, const bench *b)
{
    greffe__value kind, value;
    greffe__dec share;
    if (!take(&kind, &b->eval, model, GREFFE__STRING) ||
        !take(&value, &b->eval, price, GREFFE__NUMBER)) {
        return false;
    }
    bool large = greffe__str_equal(kind.as.string, b->cargo);
    greffe__dec most = large ? b->three_hundred : b->two_hundred;
    if (!greffe__dec_mul(&share, large ? b->half : b->quarter, value.as.number)) {
        return false;
    }
    share = greffe__dec_compare(share, most) > 0 ? most : share;
    if (!greffe__dec_round(&share, share, 2, GREFFE__ROUND_HALF_UP)) {
        return false;
    }
    *out = greffe__number(share);
    return true;
}

static bool date_by_hand(greffe__value *out, const bench *b)
{
    greffe__value from, to;
    if (!take(&from, &b->eval, bought, GREFFE__DATE) || !take(&to, &b->eval, filed, GREFFE__DATE)) {
        return false;
    }
    *out = greffe__bool(greffe__add_months(from.as.days, 2) >= to.as.days &&
                        to.as.days <= b->last_day);
    return true;
}

/* --- One evaluation in each form --- */

static greffe_status evaluate_anew(greffe__value *out, bench *b, uint32_t work)
{
    greffe__program program;
    greffe__type type;
    greffe__expr_error error;
    greffe__arena_reset(&b->arena);
    greffe_status status = greffe__expr_compile(&program, &type, &error, &b->arena, &b->symbols,
                                                greffe__str_of(texts[work]), &wanted[work]);
    return status == GREFFE_OK ? greffe__expr_eval(out, &error, &program, &b->eval) : status;
}

static greffe_status evaluate_compiled(greffe__value *out, bench *b, uint32_t work)
{
    greffe__expr_error error;
    greffe__arena_reset(&b->arena);
    if (b->allocates) {
        greffe__free(b->context, greffe__alloc(b->context, NULL, 1));
    }
    return greffe__expr_eval(out, &error, &b->programs[work], &b->eval);
}

static greffe_status evaluate_by_hand(greffe__value *out, bench *b, uint32_t work)
{
    bool good = work == guard    ? guard_by_hand(out, b)
                : work == amount ? amount_by_hand(out, b)
                                 : date_by_hand(out, b);
    return good ? GREFFE_OK : GREFFE_EINVALID;
}

typedef greffe_status (*evaluate_fn)(greffe__value *out, bench *b, uint32_t work);
static const evaluate_fn evaluate[forms] = {evaluate_anew, evaluate_compiled, evaluate_by_hand};

/* --- Setting up --- */

static greffe__dec number(const char *text)
{
    greffe__dec result = greffe__dec_of(0);
    if (!greffe__dec_parse(&result, greffe__str_of(text))) {
        fail("a number of the table cannot be read");
    }
    return result;
}

static int64_t day(const char *text)
{
    int64_t result = 0;
    if (!greffe__date_parse(&result, greffe__str_of(text))) {
        fail("a date of the table cannot be read");
    }
    return result;
}

static void fill_ring(bench *b)
{
    for (uint32_t i = 0; i < inputs; i++) {
        greffe__value *value = b->ring[i];
        value[price] = greffe__number(number(rows[i].price));
        value[model] = greffe__text(rows[i].model);
        value[aided] = greffe__bool(rows[i].aided);
        value[bought] = greffe__date(day(rows[i].bought));
        value[filed] = greffe__date(day(rows[i].filed));
        b->results[guard][i] = greffe__bool(rows[i].guard);
        b->results[amount][i] = greffe__number(number(rows[i].amount));
        b->results[date][i] = greffe__bool(rows[i].date);
    }
    b->now = b->ring[0];
    b->hundred = greffe__dec_of(100);
    b->two_hundred = greffe__dec_of(200);
    b->three_hundred = greffe__dec_of(300);
    b->half = number("0.5");
    b->quarter = number("0.25");
    b->city = greffe__str_of("ville");
    b->cargo = greffe__str_of("cargo");
    b->last_day = day("2026-12-31");
}

static void add_symbols(bench *b)
{
    static greffe__str at[] = {{"ville", 5}, {"cargo", 5}, {"pliant", 6}};
    static const greffe__strs models = {at, 3, 3};
    const greffe__symbol symbols[slots] = {
        {greffe__str_of("velo.prix"), {.kind = GREFFE__NUMBER}, price},
        {greffe__str_of("velo.modele"), {.kind = GREFFE__STRING, .options = &models}, model},
        {greffe__str_of("demandeur.deja_aide"), {.kind = GREFFE__BOOL}, aided},
        {greffe__str_of("achat"), {.kind = GREFFE__DATE}, bought},
        {greffe__str_of("depot"), {.kind = GREFFE__DATE}, filed}};
    greffe__symbols_init(&b->symbols, &b->kept);
    for (uint32_t i = 0; i < slots; i++) {
        if (!greffe__symbols_add(&b->symbols, symbols[i].name, symbols[i].type, symbols[i].slot)) {
            fail("no memory");
        }
    }
}

static void compile_all(bench *b)
{
    for (uint32_t i = 0; i < works; i++) {
        greffe__type type;
        greffe__expr_error error = {0};
        if (greffe__expr_compile(&b->programs[i], &type, &error, &b->kept, &b->symbols,
                                 greffe__str_of(texts[i]), &wanted[i]) != GREFFE_OK) {
            fail(error.message != NULL ? error.message : "no memory");
        }
    }
}

static void open_bench(bench *b)
{
    const greffe_context_options options = {
        .size = sizeof options, .alloc = count_alloc, .alloc_data = b};
    if (greffe_context_create(&b->context, &options) != GREFFE_OK) {
        fail("no memory");
    }
    greffe__arena_init(&b->kept, b->context);
    greffe__arena_init(&b->arena, b->context);
    b->eval = (greffe__eval){.load = load, .data = b, .arena = &b->arena};
    b->eval.today = day("2026-06-15");
    b->eval.now_ms = b->eval.today * GREFFE__DAY_MS;
    fill_ring(b);
    add_symbols(b);
    compile_all(b);
}

static void close_bench(bench *b)
{
    greffe__arena_free(&b->arena);
    greffe__arena_free(&b->kept);
    greffe_context_destroy(b->context);
}

/* --- Checking --- */

static void show(const char *what, const greffe__value *value)
{
    char text[GREFFE__DEC_CHARS] = "another kind";
    if (value->kind == GREFFE__BOOL) {
        (void)snprintf(text, sizeof text, "%s", value->as.truth ? "true" : "false");
    } else if (value->kind == GREFFE__NUMBER) {
        (void)greffe__dec_format(text, value->as.number);
    }
    (void)fprintf(stderr, "%s %s", what, text);
}

/* Whether every form of every expression gives what the table says. */
static bool all_equal(bench *b)
{
    bool equal = true;
    for (uint32_t at = 0; at < (uint32_t)works * forms * inputs; at++) {
        uint32_t work = at / (forms * inputs), form = at / inputs % forms, input = at % inputs;
        greffe__value value = greffe__null();
        b->now = b->ring[input];
        if (evaluate[form](&value, b, work) != GREFFE_OK ||
            !greffe__value_equal(&value, &b->results[work][input])) {
            (void)fprintf(stderr, "expressions: %s, %s, input %u:", names[work], form_names[form],
                          (unsigned)input);
            show(" it gives", &value);
            show("; the table says", &b->results[work][input]);
            (void)fputs("\n", stderr);
            equal = false;
        }
    }
    return equal;
}

/* --- Measuring --- */

/* So that no evaluation can be left out. */
static uint64_t digest(const greffe__value *value)
{
    return value->kind == GREFFE__BOOL ? (uint64_t)value->as.truth : value->as.number.w[0];
}

static uint64_t evaluate_ring(bench *b, evaluate_fn run, uint32_t work, uint64_t count)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        greffe__value value;
        b->now = b->ring[i % inputs];
        if (run(&value, b, work) != GREFFE_OK) {
            fail("an evaluation failed");
        }
        sum += digest(&value);
    }
    return sum;
}

static double read_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        fail("no clock");
    }
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* `count` is whole rings: then the sum is as many times that of one. */
static double measure(bench *b, uint32_t form, uint32_t work, uint64_t count)
{
    uint64_t one = evaluate_ring(b, evaluate[form], work, inputs);
    double begun = read_ns();
    uint64_t sum = evaluate_ring(b, evaluate[form], work, count);
    double ended = read_ns();
    if (sum != one * (count / inputs)) {
        fail("not every evaluation gave what it gave before");
    }
    return (ended - begun) / (double)count;
}

typedef struct measures {
    uint32_t rounds;
    uint64_t count;
    double ns[works][forms][most_rounds];
    uint64_t allocations[works]; /* of the compiled form, over all rounds */
} measures;

static void measure_all(bench *b, measures *m)
{
    for (uint32_t work = 0; work < works; work++) { /* warms up */
        for (uint32_t form = 0; form < forms; form++) {
            (void)evaluate_ring(b, evaluate[form], work, m->count / 10);
        }
    }
    for (uint32_t i = 0; i < m->rounds * works * forms; i++) {
        uint32_t round = i / (works * forms), work = i / forms % works, form = i % forms;
        uint64_t before = b->allocations;
        m->ns[work][form][round] = measure(b, form, work, m->count);
        m->allocations[work] += form == compiled ? b->allocations - before : 0;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static double median(const double *sorted, uint32_t count)
{
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* --- What is printed --- */

static void print_table(const measures *m)
{
    (void)printf("%u rounds of %" PRIu64 " evaluations; ns for one: median (least..most)\n\n%-8s",
                 (unsigned)m->rounds, m->count, "");
    for (uint32_t form = 0; form < forms; form++) {
        (void)printf("%-28s", form_names[form]);
    }
    (void)puts("");
    for (uint32_t work = 0; work < works; work++) {
        (void)printf("%-8s", names[work]);
        for (uint32_t form = 0; form < forms; form++) {
            char text[80];
            const double *ns = m->ns[work][form];
            (void)snprintf(text, sizeof text, "%.1f (%.1f..%.1f)", median(ns, m->rounds), ns[0],
                           ns[m->rounds - 1]);
            (void)printf("%-28s", text);
        }
        (void)puts("");
    }
    (void)printf("\nguard, compiled/by hand: %.2f\n", median(m->ns[guard][compiled], m->rounds) /
                                                          median(m->ns[guard][by_hand], m->rounds));
    (void)printf("guard, compiled: %" PRIu64 " allocations in %" PRIu64 " evaluations\n",
                 m->allocations[guard], m->rounds * m->count);
}

static void print_json(const measures *m)
{
    (void)printf("{\"program\": \"greffe\", \"rounds\": %u, \"count\": %" PRIu64,
                 (unsigned)m->rounds, m->count);
    for (uint32_t work = 0; work < works; work++) {
        (void)printf(", \"%s\": {\"allocations\": %" PRIu64, names[work], m->allocations[work]);
        for (uint32_t form = 0; form < forms; form++) {
            (void)printf(", \"%s\": %.3f", form_names[form], median(m->ns[work][form], m->rounds));
        }
        (void)printf("}");
    }
    (void)puts("}");
}

/* For the peers: what comes in, and what has to come out. */
static void print_inputs(void)
{
    for (uint32_t i = 0; i < inputs; i++) {
        const row *r = &rows[i];
        (void)printf("%s{\"prix\": %s, \"modele\": \"%s\", \"deja_aide\": %s, \"achat\": \"%s\", "
                     "\"depot\": \"%s\", \"guard\": %s, \"amount\": %s, \"date\": %s}",
                     i == 0 ? "[" : ",\n ", r->price, r->model, r->aided ? "true" : "false",
                     r->bought, r->filed, r->guard ? "true" : "false", r->amount,
                     r->date ? "true" : "false");
    }
    (void)puts("]");
}

/* --- The command --- */

typedef struct options {
    uint32_t rounds;
    uint64_t count;
    bool json, print;
    const char *plant;
} options;

static uint64_t read_number(const char *text, uint64_t most)
{
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > most) {
        fail("--rounds takes 1 to 1000, --count 1 to 100000000");
    }
    return value;
}

static options read_options(int argc, char **argv)
{
    options o = {.rounds = 7, .count = 100000, .plant = ""};
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0) {
            o.json = true;
            continue;
        }
        if (next == NULL) {
            fail("it takes --rounds N, --count N, --json, --plant FAULT, --print inputs");
        } else if (strcmp(argv[i], "--rounds") == 0) {
            o.rounds = (uint32_t)read_number(next, most_rounds);
        } else if (strcmp(argv[i], "--count") == 0) {
            /* Whole rings, so that all inputs weigh the same. */
            o.count = (read_number(next, most_count) + inputs - 1) / inputs * inputs;
        } else if (strcmp(argv[i], "--plant") == 0) {
            o.plant = next;
        } else if (strcmp(argv[i], "--print") == 0 && strcmp(next, "inputs") == 0) {
            o.print = true;
        } else {
            fail("it takes --rounds N, --count N, --json, --plant FAULT, --print inputs");
        }
        i += 1;
    }
    return o;
}

int main(int argc, char **argv)
{
    static bench b;
    static measures m;
    options o = read_options(argc, argv);
    if (o.print) {
        print_inputs();
        return 0;
    }
    open_bench(&b);
    b.allocates = strcmp(o.plant, "allocation") == 0;
    if (strcmp(o.plant, "result") == 0) {
        b.hundred = greffe__dec_of(101);
    }
    m.rounds = o.rounds;
    m.count = o.count;
    bool good = all_equal(&b);
    if (good) {
        measure_all(&b, &m);
        for (uint32_t i = 0; i < (uint32_t)works * forms; i++) {
            qsort(m.ns[i / forms][i % forms], m.rounds, sizeof(double), compare_doubles);
        }
        (o.json ? print_json : print_table)(&m);
        if (m.allocations[guard] > 0) {
            (void)fputs("expressions: the compiled guard asks the context for memory\n", stderr);
            good = false;
        }
    }
    close_bench(&b);
    return good ? 0 : 1;
}
