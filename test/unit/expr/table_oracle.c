/* The analysis of decision tables against evaluation: random tables of up to 100 rules and 10
 * columns, whose every reported gap, overlap and dead rule is confirmed by evaluating the table,
 * and in which no gap, overlap or dead rule is found by sampling that was not reported.
 *
 *     table_oracle [--count N] [--seed S] [--planted] [--present]
 *
 * --present: no input is ever absent. --planted: faults are put between the analysis and the
 * evaluation, and each kind of them has to be found. A table that fails is made smaller while it
 * fails in the same way, and printed. Exit 0, or 1. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/table_kit.h"
#include "table_model.h"
#include "value/json.h"

enum { SAMPLES = 400, MOST_BOXES = 4000, SHOWN = 6 };

typedef enum planted { NOTHING, SHIFTED, GAP_HIDDEN, OVERLAP_HIDDEN, DEAD_INVENTED, KINDS } planted;

typedef struct oracle {
    greffe_context *context;
    greffe__arena arena;
    model m;
    table_kit kit, other; /* the table, and one with a rule changed */
    greffe__findings found;
    bool gap, overlap, open; /* what is among the findings */
    bool dead[MODEL_RULES];
    uint32_t overlaps;
    bool pair[MODEL_RULES][MODEL_RULES];
    spot candidates[MODEL_COLUMNS][MODEL_CANDIDATES];
    uint32_t count_of[MODEL_COLUMNS];
    planted fault;
    bool present; /* no input is optional */
    /* What sampling came upon. */
    bool decided[MODEL_RULES]; /* rules whose output the table gave */
    const char *shown[SHOWN];  /* sentences that a table was shown of */
    unsigned long gaps, overlaps_seen, deads, not_proved, samples, whole; /* over all tables */
} oracle;

/* --- The table's parts --- */

static const char *prepare(oracle *o, table_kit *kit, const bool *only, uint32_t marked)
{
    greffe__buf text;
    greffe__buf_init(&text, o->context);
    model_text(&text, &o->m, only, marked);
    const greffe__str kept = greffe__str_dup(&o->arena, (greffe__str){text.data, text.size});
    greffe__buf_free(&text);
    if (!kit_read(kit, &o->arena, kept)) {
        return "the kit reads the table";
    }
    return kit_compile(kit, &o->arena) == GREFFE_OK ? NULL : "the table compiles";
}

/* The bound of a range in a rule, moved by some units. */
static bool shift(model *m, uint64_t *random)
{
    for (uint32_t tries = 0; tries < 100; tries++) {
        const uint32_t rule = model_below(random, m->rule_count);
        piece *p = &m->cells[rule][model_below(random, m->column_count)].at[0];
        if (p->kind == PIECE_RANGE && p->low >= -MODEL_ENDLESS && p->high - p->low > 100) {
            p->low += 20;
            return true;
        }
    }
    return false;
}

static const char *analyse(oracle *o)
{
    o->gap = o->overlap = o->open = false;
    o->overlaps = 0;
    memset(o->dead, 0, sizeof o->dead);
    memset(o->pair, 0, sizeof o->pair);
    if (kit_analyse(&o->found, &o->kit, &o->arena) != GREFFE_OK) {
        return "the table is analysed";
    }
    for (uint32_t i = 0; i < o->found.count; i++) {
        const greffe__finding *finding = &o->found.at[i];
        o->gap = o->gap || finding->kind == GREFFE__FOUND_GAP;
        o->open = o->open || finding->kind == GREFFE__FOUND_NOT_PROVED;
        if (finding->kind == GREFFE__FOUND_OVERLAP) {
            o->overlap = true;
            o->overlaps += 1;
            o->pair[finding->rule][finding->other] = true;
        } else if (finding->kind == GREFFE__FOUND_DEAD) {
            o->dead[finding->rule] = true;
        }
    }
    o->gap = o->gap && o->fault != GAP_HIDDEN;
    o->overlap = o->overlap && o->fault != OVERLAP_HIDDEN;
    o->dead[0] = o->dead[0] || o->fault == DEAD_INVENTED;
    return NULL;
}

/* --- What was reported --- */

static bool has_null(const oracle *o)
{
    bool null = false;
    for (uint32_t i = 0; i < o->m.column_count; i++) {
        null = null || o->kit.values[i].kind == GREFFE__NULL;
    }
    return null;
}

static bool possible(const oracle *o)
{
    bool good = true;
    for (uint32_t i = 0; i < o->m.column_count; i++) {
        good = good && kit_may_be(&o->kit.types[i], &o->kit.values[i]);
    }
    return good;
}

static const char *confirm_gap(oracle *o)
{
    greffe__value value;
    const kit_outcome outcome = kit_run(&value, &o->kit, &o->arena);
    if (outcome != KIT_NO_RULE && !(outcome == KIT_ABSENT && has_null(o))) {
        return "no rule fires at a gap";
    }
    if (!o->m.one_gap) {
        return o->m.exact ? "a partition has no gap" : NULL;
    }
    for (uint32_t i = 0; i < o->m.column_count; i++) {
        spot at;
        if (model_spot(&o->m.axes[i], &o->kit.values[i], &at) &&
            model_passes(&o->m.gap[i], at) == 0) {
            return "the gap lies where the rule was taken away";
        }
    }
    return NULL;
}

/* The table with two of its rules, at the values that are set. */
static const char *confirm_overlap(oracle *o, const greffe__finding *finding)
{
    greffe__value value;
    bool only[MODEL_RULES] = {false};
    const kit_outcome outcome = kit_run(&value, &o->kit, &o->arena);
    if (outcome != KIT_SEVERAL && !(outcome == KIT_ABSENT && has_null(o))) {
        return "several rules fire at an overlap";
    }
    only[finding->rule] = only[finding->other] = true;
    const char *wrong = prepare(o, &o->other, only, MODEL_RULES);
    if (wrong != NULL) {
        return wrong;
    }
    memcpy(o->other.values, o->kit.values, sizeof o->other.values);
    const kit_outcome two = kit_run(&value, &o->other, &o->arena);
    return two == KIT_SEVERAL || (two == KIT_ABSENT && has_null(o)) ? NULL
                                                                    : "the two rules overlap";
}

static const char *confirm(oracle *o)
{
    for (uint32_t i = 0; i < o->found.count; i++) {
        const greffe__finding *finding = &o->found.at[i];
        const char *wrong = NULL;
        if (finding->kind != GREFFE__FOUND_GAP && finding->kind != GREFFE__FOUND_OVERLAP) {
            continue;
        }
        if (!kit_set_example(&o->kit, finding)) {
            return "an example gives a value for each input";
        }
        if (!possible(o)) {
            return "an example lies within the domains";
        }
        if (finding->kind == GREFFE__FOUND_GAP) {
            wrong = confirm_gap(o);
        } else {
            wrong = o->m.exact || o->m.one_gap ? "a partition has no overlap"
                                               : confirm_overlap(o, finding);
        }
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

/* --- What was not --- */

/* The rule that gives the table's value; the number of rules: none does. */
static uint32_t deciding(const oracle *o, const spot *values, uint32_t *fired)
{
    uint32_t winner = o->m.rule_count;
    *fired = 0;
    for (uint32_t i = 0; i < o->m.rule_count; i++) {
        if (!model_fires(&o->m, i, values)) {
            continue;
        }
        const bool better = *fired == 0 || (o->m.hit == GREFFE__HIT_PRIORITY &&
                                            o->m.outputs[i] < o->m.outputs[winner]);
        winner = better ? i : winner;
        *fired += 1;
    }
    return winner;
}

static bool agreed(const oracle *o, const spot *values, uint32_t winner)
{
    bool same = true;
    for (uint32_t i = 0; i < o->m.rule_count; i++) {
        const bool other =
            o->m.hit == GREFFE__HIT_UNIQUE ? i != winner : o->m.outputs[i] != o->m.outputs[winner];
        same = same && !(other && model_fires(&o->m, i, values));
    }
    return same;
}

static const char *compare(oracle *o, kit_outcome outcome, const greffe__value *value,
                           const spot *values)
{
    uint32_t fired = 0;
    const uint32_t winner = deciding(o, values, &fired);
    const bool sole = o->m.hit == GREFFE__HIT_UNIQUE || o->m.hit == GREFFE__HIT_ANY;
    const bool clash = fired > 1 && sole && !agreed(o, values, winner);
    const uint8_t output = fired == 0 ? 8 : o->m.outputs[winner];
    const greffe__value expected = greffe__integer(output);
    if (fired > 0 && !clash) { /* where all rules agree, each of them decides */
        o->decided[winner] = true;
        for (uint32_t i = 0; i < o->m.rule_count; i++) {
            if (o->m.hit != GREFFE__HIT_FIRST && o->m.outputs[i] == output && !o->decided[i] &&
                model_fires(&o->m, i, values)) {
                o->decided[i] = o->m.hit == GREFFE__HIT_ANY;
            }
        }
    }
    if (clash) {
        for (uint32_t i = 0; i < o->m.rule_count; i++) {
            o->decided[i] = o->decided[i] || model_fires(&o->m, i, values);
        }
    }
    if (outcome == KIT_ABSENT && has_null(o)) {
        return o->gap || o->open ? NULL : "there is an answer where no gap is reported";
    }
    if (clash) {
        return outcome != KIT_SEVERAL  ? "rules that clash are an error"
               : o->overlap || o->open ? NULL
                                       : "an overlap that sampling finds is reported";
    }
    if (fired == 0 && !o->m.otherwise) {
        return outcome != KIT_NO_RULE ? "a table without a rule for its inputs has no answer"
               : o->gap || o->open    ? NULL
                                      : "a gap that sampling finds is reported";
    }
    return outcome == KIT_VALUE && greffe__value_equal(value, &expected)
               ? NULL
               : "the table gives what its rule says";
}

static const char *try_spots(oracle *o, const spot *values)
{
    greffe__value value;
    for (uint32_t i = 0; i < o->m.column_count; i++) {
        o->kit.values[i] = model_value(&o->m.axes[i], values[i]);
    }
    o->samples += 1;
    const kit_outcome outcome = kit_run(&value, &o->kit, &o->arena);
    return compare(o, outcome, &value, values);
}

/* One value of each column: by chance, or where a rule is passed, but perhaps for one column. */
static void draw(oracle *o, spot *values, uint32_t rule, uint64_t *random)
{
    const uint32_t besides = model_below(random, 2 * o->m.column_count);
    for (uint32_t i = 0; i < o->m.column_count; i++) {
        const uint32_t count = o->count_of[i], from = model_below(random, count);
        values[i] = o->candidates[i][from];
        for (uint32_t k = 0; rule < o->m.rule_count && i != besides && k < count; k++) {
            const spot tried = o->candidates[i][(from + k) % count];
            if (model_passes(&o->m.cells[rule][i], tried) == 1) {
                values[i] = tried;
                break;
            }
        }
    }
}

static const char *sample(oracle *o, uint64_t *random)
{
    spot values[MODEL_COLUMNS];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const uint32_t rule = i % 4 == 0 ? MODEL_RULES : model_below(random, o->m.rule_count);
        draw(o, values, rule, random);
        const char *wrong = try_spots(o, values);
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

static const char *try_all(oracle *o)
{
    spot values[MODEL_COLUMNS];
    uint32_t at[MODEL_COLUMNS] = {0};
    for (uint32_t column = 0; column < o->m.column_count;) {
        for (uint32_t i = 0; i < o->m.column_count; i++) {
            values[i] = o->candidates[i][at[i]];
        }
        const char *wrong = try_spots(o, values);
        if (wrong != NULL) {
            return wrong;
        }
        for (column = 0; column < o->m.column_count; column++) {
            at[column] += 1;
            if (at[column] < o->count_of[column]) {
                break;
            }
            at[column] = 0;
        }
    }
    return NULL;
}

/* Where every box was looked at: a rule that decided nowhere is dead, and was to be reported. */
static const char *all_dead_told(oracle *o)
{
    uint32_t dead = 0;
    bool missed = false;
    for (uint32_t i = 0; i < o->m.rule_count; i++) {
        dead += o->dead[i] ? 1 : 0;
        bool twin = false; /* of PRIORITY: another rule of the same output may come first */
        for (uint32_t k = 0; k < i; k++) {
            twin = twin || (o->m.hit == GREFFE__HIT_PRIORITY && o->m.outputs[k] == o->m.outputs[i]);
        }
        missed = missed || (!o->decided[i] && !o->dead[i] && !twin);
    }
    return missed && dead < GREFFE_MAX_FINDINGS && !o->open ? "a rule that never fires is reported"
                                                            : NULL;
}

/* A rule that is dead may say what it likes: the table gives the same. */
static const char *dead_changes_nothing(oracle *o, uint64_t *random)
{
    spot values[MODEL_COLUMNS];
    for (uint32_t rule = 0; rule < o->m.rule_count; rule++) {
        if (!o->dead[rule]) {
            continue;
        }
        if (o->decided[rule]) {
            return "a dead rule does not fire";
        }
        const char *wrong = prepare(o, &o->other, NULL, rule);
        for (uint32_t i = 0; wrong == NULL && i < SAMPLES / 8; i++) {
            greffe__value first, second;
            draw(o, values, rule, random);
            for (uint32_t k = 0; k < o->m.column_count; k++) {
                o->kit.values[k] = model_value(&o->m.axes[k], values[k]);
            }
            memcpy(o->other.values, o->kit.values, sizeof o->other.values);
            const kit_outcome as = kit_run(&first, &o->kit, &o->arena);
            const kit_outcome changed = kit_run(&second, &o->other, &o->arena);
            /* Of rules that clash, a dead one is none; one whose output counts for more may win. */
            const bool wins = o->m.hit == GREFFE__HIT_PRIORITY;
            wrong = wins || (as == changed && greffe__value_equal(&first, &second))
                        ? NULL
                        : "a dead rule's output is never seen";
        }
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

/* --- One table --- */

static const char *look_for_more(oracle *o, uint64_t *random)
{
    uint64_t boxes = 1;
    memset(o->decided, 0, sizeof o->decided);
    for (uint32_t i = 0; i < o->m.column_count; i++) {
        o->count_of[i] = model_candidates(&o->m, i, o->candidates[i]);
        boxes = boxes > MOST_BOXES ? boxes : boxes * o->count_of[i];
        boxes = o->count_of[i] == MODEL_CANDIDATES ? MOST_BOXES + 1 : boxes;
    }
    const bool all = boxes <= MOST_BOXES;
    const char *wrong = all ? try_all(o) : sample(o, random);
    o->whole += all ? 1 : 0;
    if (wrong == NULL && all) {
        wrong = all_dead_told(o);
    }
    return wrong == NULL ? dead_changes_nothing(o, random) : wrong;
}

/* Why the table fails, or NULL. */
static const char *check(oracle *o, uint64_t seed)
{
    uint64_t random = seed;
    greffe__arena_reset(&o->arena);
    o->found = (greffe__findings){0};
    model kept = o->m;
    if (o->fault == SHIFTED && !shift(&o->m, &random)) {
        return NULL;
    }
    const char *wrong = prepare(o, &o->kit, NULL, MODEL_RULES);
    wrong = wrong == NULL ? analyse(o) : wrong;
    if (o->fault == SHIFTED) { /* analysed with the bound moved, evaluated as it was */
        o->m = kept;
        wrong = wrong == NULL ? prepare(o, &o->kit, NULL, MODEL_RULES) : wrong;
    }
    wrong = wrong == NULL ? confirm(o) : wrong;
    if (wrong == NULL && o->m.one_gap && !o->gap && !o->open && !o->m.otherwise) {
        wrong = "the gap that was made is reported";
    }
    return wrong == NULL ? look_for_more(o, &random) : wrong;
}

/* --- A smaller table that fails in the same way --- */

static bool still(oracle *o, const char *wrong, const model *before, uint64_t seed)
{
    const char *now = check(o, seed);
    if (now == wrong) {
        return true;
    }
    o->m = *before;
    return false;
}

static bool drop_some(oracle *o, const char *wrong, uint64_t seed)
{
    model before = o->m;
    bool smaller = false;
    for (uint32_t i = 0; i < o->m.rule_count && o->m.rule_count > 1;) {
        before = o->m;
        o->m.rule_count -= 1;
        memmove(o->m.cells[i], o->m.cells[i + 1], (o->m.rule_count - i) * sizeof o->m.cells[0]);
        memmove(o->m.outputs + i, o->m.outputs + i + 1, o->m.rule_count - i);
        const bool gone = still(o, wrong, &before, seed);
        smaller = smaller || gone;
        i += gone ? 0 : 1;
    }
    for (uint32_t i = 0; i < o->m.column_count && o->m.column_count > 1;) {
        before = o->m;
        o->m.column_count -= 1;
        const uint32_t moved = o->m.column_count - i;
        memmove(&o->m.axes[i], &o->m.axes[i + 1], moved * sizeof o->m.axes[0]);
        for (uint32_t rule = 0; rule < o->m.rule_count; rule++) {
            memmove(&o->m.cells[rule][i], &o->m.cells[rule][i + 1], moved * sizeof(cell));
        }
        const bool gone = still(o, wrong, &before, seed);
        smaller = smaller || gone;
        i += gone ? 0 : 1;
    }
    return smaller;
}

static bool empty_some(oracle *o, const char *wrong, uint64_t seed)
{
    bool smaller = false;
    for (uint32_t i = 0; i < o->m.rule_count * o->m.column_count; i++) {
        model before = o->m;
        cell *tests = &o->m.cells[i / o->m.column_count][i % o->m.column_count];
        if (tests->count > 0) {
            *tests = (cell){0};
            smaller = still(o, wrong, &before, seed) || smaller;
        }
    }
    return smaller;
}

static void show(oracle *o, const char *wrong, uint64_t table, uint64_t seed)
{
    greffe__buf text;
    o->m.exact = o->m.one_gap = false; /* smaller tables are no partitions */
    if (check(o, seed) == wrong) {
        while (drop_some(o, wrong, seed) || empty_some(o, wrong, seed)) {
        }
        (void)check(o, seed);
    }
    greffe__buf_init(&text, o->context);
    model_text(&text, &o->m, NULL, MODEL_RULES);
    printf("table %" PRIu64 " (seed %" PRIu64 "): this should hold: %s\n%s", table, seed, wrong,
           greffe__buf_done(&text));
    for (uint32_t i = 0; i < o->m.column_count; i++) {
        greffe__buf value;
        greffe__buf_init(&value, o->context);
        greffe__json_write(&value, &o->kit.values[i]);
        printf("# c%u = %s\n", (unsigned)i, greffe__buf_done(&value));
        greffe__buf_free(&value);
    }
    for (uint32_t i = 0; i < o->found.count; i++) {
        const greffe__finding *finding = &o->found.at[i];
        printf("# found %u of rules %u and %u: " GREFFE__STR_FMT "\n", (unsigned)finding->kind,
               (unsigned)finding->rule, (unsigned)finding->other, (int)finding->text.size,
               finding->text.data);
    }
    greffe__buf_free(&text);
}

/* --- Many --- */

/* One table is shown for each sentence that does not hold. */
static bool is_new(oracle *o, const char *wrong)
{
    for (int i = 0; i < SHOWN; i++) {
        if (o->shown[i] == wrong || o->shown[i] == NULL) {
            const bool new = o->shown[i] == NULL;
            o->shown[i] = wrong;
            return new;
        }
    }
    return false;
}

static unsigned long run(oracle *o, uint64_t count, uint64_t seed, bool quiet)
{
    unsigned long failed = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t random = seed * UINT64_C(1000003) + i;
        const uint64_t table_seed = random;
        model_make(&o->m, &random, o->present);
        const char *wrong = check(o, table_seed);
        for (uint32_t k = 0; wrong == NULL && k < o->found.count; k++) {
            const uint8_t kind = o->found.at[k].kind;
            o->gaps += kind == GREFFE__FOUND_GAP;
            o->overlaps_seen += kind == GREFFE__FOUND_OVERLAP;
            o->deads += kind == GREFFE__FOUND_DEAD;
            o->not_proved += kind == GREFFE__FOUND_NOT_PROVED;
        }
        failed += wrong != NULL ? 1 : 0;
        if (wrong != NULL && !quiet && is_new(o, wrong)) {
            show(o, wrong, i, table_seed);
        }
        if (isatty(2) == 1 && (i + 1) % 50 == 0) {
            fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " tables, %lu failed", i + 1, count,
                    failed);
        }
    }
    if (isatty(2) == 1) {
        fprintf(stderr, "\n");
    }
    return failed;
}

static int run_planted(oracle *o, uint64_t count, uint64_t seed)
{
    static const char *const names[KINDS] = {"", "a bound is moved", "gaps are hidden",
                                             "overlaps are hidden", "a dead rule is invented"};
    int missed = 0;
    for (int fault = SHIFTED; fault < KINDS; fault++) {
        o->fault = (planted)fault;
        const unsigned long failed = run(o, count, seed, true);
        printf("planted: %s: %lu of %" PRIu64 " tables fail\n", names[fault], failed, count);
        missed += failed < count / 20 ? 1 : 0;
    }
    return missed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static oracle o;
    uint64_t count = 300, seed = 1;
    bool faults = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--count") == 0 && i + 1 < argc) {
            count = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--planted") == 0) {
            faults = true;
        } else if (strcmp(argv[i], "--present") == 0) {
            o.present = true;
        } else {
            fprintf(stderr, "usage: %s [--count N] [--seed S] [--planted] [--present]\n", argv[0]);
            return 2;
        }
    }
    if (count == 0 || greffe_context_create(&o.context, NULL) != GREFFE_OK) {
        return 2;
    }
    greffe__arena_init(&o.arena, o.context);
    int status;
    if (faults) {
        status = run_planted(&o, count, seed);
    } else {
        status = run(&o, count, seed, false) == 0 ? 0 : 1;
        printf("%" PRIu64 " tables (seed %" PRIu64 "): %lu gaps, %lu overlaps, %lu dead rules, "
               "%lu not proved; %lu samples, %lu tables whole: %s\n",
               count, seed, o.gaps, o.overlaps_seen, o.deads, o.not_proved, o.samples, o.whole,
               status == 0 ? "no fault" : "FAULTS");
    }
    greffe__arena_free(&o.arena);
    greffe_context_destroy(o.context);
    return status;
}
