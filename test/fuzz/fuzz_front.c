/* The whole front, from bytes to a verdict, with the bytes taken for choices: which kinds of step,
 * where they lead, what guards ask. So nearly every input is a procedure that comes to its proof,
 * and mutations change its structure instead of its spelling. A choice now and then writes what the
 * language does not have. */
#include "compile_kit.h"

enum { most_text = 1 << 16, most_steps = 14, most_deep = 3 };

typedef struct writer {
    const uint8_t *data;
    size_t size, at;
    char *out;
    size_t used;
    unsigned named; /* steps, over all blocks: each has an id of its own */
} writer;

static unsigned choose(writer *w, unsigned count)
{
    const unsigned byte = w->at < w->size ? w->data[w->at] : 0;
    w->at += 1;
    return byte % count;
}

static void put(writer *w, const char *text)
{
    const size_t size = strlen(text);
    if (w->used + size < most_text) {
        memcpy(w->out + w->used, text, size);
        w->used += size;
    }
}

static void put_number(writer *w, unsigned number)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", number);
    put(w, text);
}

static void put_id(writer *w, unsigned step)
{
    put(w, "s");
    put_number(w, step);
}

static void indent(writer *w, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        put(w, "  ");
    }
}

/* --- Expressions --- */

static void put_one(writer *w, const char *const *words, unsigned count)
{
    put(w, words[choose(w, count)]);
}

static void put_number_of(writer *w, unsigned depth)
{
    static const char *const numbers[] = {"f.x", "f.y", "v", "0", "1", "10.5", "count(f.l)"};
    static const char *const operators[] = {" + ", " - ", " * ", " / "};
    if (depth < most_deep && choose(w, 6) == 5) {
        put(w, "(");
        put_number_of(w, depth + 1);
        put_one(w, operators, 4);
        put_number_of(w, depth + 1);
        put(w, ")");
    } else {
        put_one(w, numbers, sizeof numbers / sizeof *numbers);
    }
}

/* What compares two things of one type, or names a moment; rarely, what is nothing. */
static void put_comparison(writer *w, unsigned steps)
{
    static const char *const operators[] = {" = ", " != ", " < ", " <= ", " > ", " >= "};
    static const char *const others[] = {"f.c = \"a\"",
                                         "f.c in [\"a\", \"z\"]",
                                         "f.b",
                                         "f.z != null and f.z > 3",
                                         "f.d < @\"2026-03-01\"",
                                         "f.d <= today()",
                                         "f.x in [1..5]",
                                         "f.c = \"q\"",
                                         "f.x / 2",
                                         "f.z > 1"};
    static const char *const moments[] = {".done", ".oui", ".expired", ".granted"};
    switch (choose(w, 4)) {
    case 0:
        put_number_of(w, 0);
        put_one(w, operators, 6);
        put_number_of(w, 0);
        break;
    case 1:
        put_id(w, choose(w, steps));
        put(w, choose(w, 30) != 1 ? ".done" : moments[choose(w, 4)]);
        break;
    default: /* those that are wrong are the last */
        put(w, others[choose(w, choose(w, 24) == 1 ? 10 : 7)]);
        break;
    }
}

static void put_condition(writer *w, unsigned steps, unsigned depth)
{
    switch (depth < most_deep ? choose(w, 6) : 0) {
    case 1:
        put(w, "(");
        put_condition(w, steps, depth + 1);
        put(w, choose(w, 2) != 0 ? " and " : " or ");
        put_condition(w, steps, depth + 1);
        put(w, ")");
        break;
    case 2:
        put(w, "not(");
        put_condition(w, steps, depth + 1);
        put(w, ")");
        break;
    default: put_comparison(w, steps); break;
    }
}

static void put_quoted(writer *w, unsigned steps)
{
    put(w, "'");
    put_condition(w, steps, 0);
    put(w, "'");
}

/* --- Steps --- */

/* Steps first..last-1 stand in one block; what leaves it is `end`, or the step `out`. */
typedef struct block {
    unsigned first, last, depth;
    bool inner;
} block;

static void put_next(writer *w, const block *b, unsigned step)
{
    if (step + 1 < b->last) {
        put_id(w, step + 1);
    } else {
        put(w, b->inner ? "end" : "fin");
    }
}

/* Mostly further on; now and then back, or anywhere in the block. */
static void put_target(writer *w, const block *b, unsigned step)
{
    const unsigned ahead = b->last - step;
    if (choose(w, 12) == 1) {
        put_id(w, b->first + choose(w, b->last - b->first));
    } else {
        put_next(w, b, step + choose(w, ahead));
    }
}

/* The first way leads to the next step, so that each is come to. */
static void put_ways(writer *w, const block *b, unsigned step, const char *const *outcomes,
                     unsigned count)
{
    put(w, "then: {");
    for (unsigned i = 0; i < count; i++) {
        put(w, i > 0 ? ", " : "");
        put(w, outcomes[i]);
        put(w, ": ");
        if (i == 0) {
            put_next(w, b, step);
        } else {
            put_target(w, b, step);
        }
    }
    put(w, "}");
}

static void put_steps(writer *w, unsigned count, unsigned depth, bool inner);

static void put_task(writer *w, const block *b, unsigned step)
{
    const unsigned more = choose(w, 4);
    put(w, "{kind: task, by: agent, then: {oui: ");
    put_next(w, b, step);
    if (more == 1) {
        put(w, ", non: {must: ");
        put_quoted(w, b->last);
        put(w, ", message: Non, then: ");
        put_target(w, b, step);
        put(w, "}");
    } else if (more == 2) {
        put(w, ", non: {fill: {motif: {type: text, label: M}}, then: ");
        put_target(w, b, step);
        put(w, "}");
    } else if (more == 3) {
        put(w, ", expired: ");
        put_target(w, b, step);
    }
    put(w, more == 3 ? "}, within: 2 days}" : "}}");
}

static void put_choice(writer *w, const block *b, unsigned step)
{
    put(w, "{kind: choose, cases: [");
    const unsigned cases = 1 + choose(w, 3);
    for (unsigned i = 0; i < cases; i++) {
        put(w, i > 0 ? ", {when: " : "{when: ");
        put_quoted(w, b->last);
        put(w, ", then: ");
        put_target(w, b, step);
        put(w, "}");
    }
    put(w, "]");
    if (choose(w, 3) != 0) {
        put(w, ", otherwise: ");
        put_next(w, b, step);
    }
    put(w, "}");
}

static void put_block(writer *w, const block *b, unsigned step, bool each)
{
    put(w, "\n");
    indent(w, b->depth + 1);
    put(w, each ? "kind: each\n" : "kind: parallel\n");
    indent(w, b->depth + 1);
    put_ways(w, b, step, (const char *const[]){"done"}, 1);
    put(w, "\n");
    if (each) {
        indent(w, b->depth + 1);
        put(w, "of: f.l\n");
        indent(w, b->depth + 1);
        put(w, "as: un");
        put_number(w, step);
        put(w, "\n");
        indent(w, b->depth + 1);
        put(w, "steps:\n");
        put_steps(w, 1 + choose(w, 2), b->depth + 2, true);
        return;
    }
    const unsigned branches = 1 + choose(w, 3);
    indent(w, b->depth + 1);
    put(w, choose(w, 3) == 0 ? "join: any\n" : "join: all\n");
    indent(w, b->depth + 1);
    put(w, "branches:\n");
    for (unsigned i = 0; i < branches; i++) {
        indent(w, b->depth + 2);
        put(w, "b");
        put_number(w, w->named * 10 + i);
        put(w, ":\n");
        indent(w, b->depth + 3);
        put(w, "steps:\n");
        put_steps(w, 1 + choose(w, 2), b->depth + 4, true);
    }
}

static void put_step(writer *w, const block *b, unsigned step)
{
    indent(w, b->depth);
    put_id(w, step);
    put(w, ": ");
    static const unsigned char kinds[] = {0, 1, 2, 3, 4, 5, 2, 2, 8, 9, 6, 7};
    /* Blocks not too deep; boards and payments at the top alone. */
    switch (kinds[choose(w, b->inner ? (b->depth < 8 ? 10 : 8) : 12)]) {
    case 0:
    case 1: put_task(w, b, step); break;
    case 2: put_choice(w, b, step); break;
    case 3:
        put(w, "{kind: notification, to: demandeur, template: accord, then: ");
        put_target(w, b, step);
        put(w, "}");
        break;
    case 4:
        put(w, "{kind: wait, message: m, within: 3 days, ");
        put_ways(w, b, step, (const char *const[]){"done", "expired"}, 2);
        put(w, "}");
        break;
    case 5:
        put(w, "{kind: completeness, by: agent, within: 1 month, ");
        put_ways(w, b, step, (const char *const[]){"complete", "expired"}, 2);
        put(w, "}");
        break;
    case 6:
        put(w, "{kind: deliberation, by: bureau, ");
        put_ways(w, b, step, (const char *const[]){"granted", "refused"}, 2);
        put(w, "}");
        break;
    case 7:
        put(w, "{kind: payment, by: agent, to: demandeur, account: demandeur.iban, amount: v, "
               "budget: ligne, ");
        put_ways(w, b, step, (const char *const[]){"paid", "rejected"}, 2);
        put(w, "}");
        break;
    case 8: put_block(w, b, step, true); return;
    default: put_block(w, b, step, false); return;
    }
    put(w, choose(w, 40) == 1 ? " # reste\n" : "\n");
}

static void put_steps(writer *w, unsigned count, unsigned depth, bool inner)
{
    const block b = {w->named, w->named + count, depth, inner};
    w->named += count;
    for (unsigned i = 0; i < count; i++) {
        put_step(w, &b, b.first + i);
    }
}

/* --- The whole --- */

static void put_procedure(writer *w)
{
    put(w, "greffe: 1\nprocedure: essai\ntitle: Essai\nuses: ville\nretention: {other: 2 years}\n"
           "roles:\n  demandeur: {kind: applicant, form: personne}\n"
           "  agent: {kind: agent, service: mobilites}\nform:\n  f:\n    fields:\n"
           "      x: {type: integer, label: X}\n      y: {type: money, label: Y, min: 1.00}\n"
           "      b: {type: boolean, label: B}\n"
           "      c: {type: choice, label: C, options: {a: A, z: Z}}\n"
           "      d: {type: date, label: D}\n      l: {type: list, label: L}\n"
           "      z: {type: integer, label: Z, optional: true}\nvalues:\n  v: ");
    if (choose(w, 2) == 0) {
        put(w, "'200.00'\nfreeze: {v: depot.done}\n");
    } else {
        put(w, "'");
        put_number_of(w, 0);
        put(w, "'\n");
    }
    put(w, "steps:\n  depot: {kind: submission, by: demandeur, then: s0}\n");
    const unsigned count = 1 + choose(w, most_steps);
    put_steps(w, count, 1, false);
    put(w, "  fin: {kind: end, outcome: fin}\n");
    if (choose(w, 2) == 1) {
        put(w, "clocks:\n  k: {from: depot, within: 2 months, warn: 15 days, means: rejection, "
               "then: ");
        put_id(w, choose(w, count));
        put(w, ", until: [s0.done]}\n");
    }
    static const char *const patterns[] = {"before", "after"};
    if (choose(w, 2) == 1) {
        put(w, "guarantees:\n  - {");
        put(w, patterns[choose(w, 2)]);
        put(w, ": ");
        put_id(w, choose(w, count));
        put(w, ".done, always: ");
        put_id(w, choose(w, count));
        put(w, ".done, because: r}\n");
    }
    if (choose(w, 30) == 1) {
        put(w, "couleur: bleu\n");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    greffe_context *context = NULL;
    greffe_diags *diags = NULL;
    writer w = {.data = data, .size = size, .out = malloc(most_text)};
    fuzz_check(w.out != NULL, "there is memory");
    fuzz_check(greffe_context_create(&context, NULL) == GREFFE_OK, "a context");
    fuzz_check(greffe_diags_create(&diags, context) == GREFFE_OK, "a collector");
    put_procedure(&w);
    const greffe_str text = {w.out, w.used};
    if (getenv("FUZZ_SHOW") != NULL) {
        (void)fwrite(w.out, 1, w.used, stdout);
    }
    try_procedure(context, diags, text);
    if (getenv("FUZZ_SHOW") != NULL && greffe_diags_count(diags) > 0) {
        (void)printf("%s %s\n", greffe_diags_get(diags, 0)->code,
                     greffe_diags_get(diags, 0)->message);
    }
    check_diags(diags, text);
    greffe_diags_destroy(diags);
    greffe_context_destroy(context);
    free(w.out);
    return 0;
}
