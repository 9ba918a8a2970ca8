/* Gaps, overlaps and dead rules of a decision table, found on boxes of segments.
 *
 * Overlaps are looked for pair by pair, exactly. Gaps are looked for column by column: for each
 * segment of an input, the rules that are still possible; the same set of rules at the same column
 * is looked at once. Past a budget of boxes the answer is "not proved". */
#include <string.h>

#include "base/limits.h"
#include "expr/grid.h"

typedef struct analysis {
    greffe__arena *arena;
    const greffe__table *table;
    greffe__ast *root;
    greffe__grid grid;
    greffe__findings *out;
    uint32_t *axis_of; /* of each input */
    uint64_t **cover;  /* per axis, per segment: the rules that may fire there */
    uint32_t *first;   /* of each axis: its first row in cover */
    uint32_t words;    /* of a set of rules */
    uint32_t told;     /* findings of the kind that is looked for */
    uint32_t boxes;    /* looked at */
    bool open;         /* some cells could not be read as boxes */
    bool spent;
    greffe__map seen;
    uint32_t *chosen;       /* a segment of each axis, on the way */
    const uint64_t *within; /* of a rule that is asked after: segments are taken where it fires */
} analysis;

static bool has(const uint64_t *set, uint32_t at)
{
    return (set[at / 64] >> (at % 64) & 1) != 0;
}

static const uint64_t *covering(const analysis *a, uint32_t axis, uint32_t segment)
{
    return a->cover[a->first[axis] + segment];
}

/* --- Preparing --- */

/* What a column tests, without the type that is declared for it. */
static const greffe__ast *input_at(const analysis *a, uint32_t index)
{
    const greffe__ast *input = a->root->at[index];
    while (input->kind == GREFFE__AST_CONFORM && input->at[0]->type.kind == input->type.kind) {
        input = input->at[0];
    }
    return input;
}

/* Reads a cell as a condition over its column alone; else it is marked as not known. */
static void collect_cell(analysis *a, uint32_t column, greffe__ast *cell)
{
    a->grid.only = a->grid.at[a->axis_of[column]].leaf;
    if (!greffe__grid_collect(&a->grid, cell)) {
        cell->kind = GREFFE__AST_FAULT;
        a->open = true;
    }
}

static bool collect_columns(analysis *a)
{
    const greffe__table *table = a->table;
    a->axis_of = greffe__arena_alloc(a->arena, (table->input_count + 1) * sizeof *a->axis_of);
    if (a->axis_of == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < table->input_count; i++) {
        const greffe__ast *input = input_at(a, i);
        greffe__ast leaf = {.kind = GREFFE__AST_INPUT, .variable = a->root->bound.at[i]};
        leaf.type = input->type; /* with its domain, and absent where it may be */
        greffe__axis *axis = greffe__grid_axis(&a->grid, &leaf);
        if (axis == NULL) {
            return false;
        }
        axis->also = input->symbol;
        a->axis_of[i] = (uint32_t)(axis - a->grid.at);
    }
    for (uint32_t i = 0; i < table->input_count; i++) { /* what is not allowed is no gap */
        collect_cell(a, i, a->root->at[table->input_count + i]);
    }
    for (uint32_t i = 0; i < table->rule_count * table->input_count; i++) {
        uint32_t column = i % table->input_count;
        collect_cell(a, column,
                     a->root->at[greffe__table_cell(table, i / table->input_count, column)]);
    }
    a->grid.only = NULL;
    return !a->arena->failed && greffe__grid_cut(&a->grid);
}

static bool allowed_there(const analysis *a, uint32_t input, const greffe__value *values)
{
    const greffe__ast *allowed = a->root->at[a->table->input_count + input];
    greffe__value holds = allowed->kind == GREFFE__AST_FAULT
                              ? greffe__bool(true)
                              : greffe__grid_holds(&a->grid, allowed, values);
    return holds.kind == GREFFE__BOOL && holds.as.truth;
}

static void cover_segment(analysis *a, uint32_t input, uint64_t *set, greffe__value *values)
{
    const greffe__table *table = a->table;
    for (uint32_t rule = 0; rule < table->rule_count; rule++) {
        const greffe__ast *cell = a->root->at[greffe__table_cell(table, rule, input)];
        bool unknown = cell->kind == GREFFE__AST_FAULT;
        greffe__value holds =
            unknown ? greffe__bool(true) : greffe__grid_holds(&a->grid, cell, values);
        if (holds.kind == GREFFE__BOOL && holds.as.truth) {
            set[rule / 64] |= UINT64_C(1) << (rule % 64);
        }
    }
}

/* For each segment of each input, the rules whose cell is true there. */
static bool make_cover(analysis *a)
{
    const greffe__table *table = a->table;
    uint32_t rows = 0;
    a->words = (table->rule_count + 63) / 64 + 1;
    a->first = greffe__arena_alloc(a->arena, (a->grid.count + 1) * sizeof *a->first);
    a->chosen = greffe__arena_zalloc(a->arena, (a->grid.count + 1) * sizeof *a->chosen);
    greffe__value *values = greffe__arena_zalloc(a->arena, (a->grid.count + 1) * sizeof *values);
    for (uint32_t i = 0; a->first != NULL && i < a->grid.count; i++) {
        a->first[i] = rows;
        rows += a->grid.at[i].samples.count;
    }
    a->cover = greffe__arena_alloc(a->arena, (rows + 1) * sizeof *a->cover);
    if (a->first == NULL || a->chosen == NULL || values == NULL || a->cover == NULL) {
        return false;
    }
    for (uint32_t input = 0; input < table->input_count; input++) {
        uint32_t axis = a->axis_of[input], kept = 0;
        greffe__values *samples = &a->grid.at[axis].samples;
        for (uint32_t i = 0; i < samples->count; i++) {
            values[axis] = samples->at[i];
            if (!allowed_there(a, input, values)) {
                continue;
            }
            uint64_t *set = greffe__arena_zalloc(a->arena, a->words * sizeof *set);
            if (set == NULL) {
                return false;
            }
            cover_segment(a, input, set, values);
            samples->at[kept] = samples->at[i];
            a->cover[a->first[axis] + kept] = set;
            kept += 1;
        }
        samples->count = kept;
    }
    return true;
}

/* --- Telling --- */

static greffe__str describe(analysis *a, const greffe__value *example)
{
    greffe__buf text;
    greffe__buf_init(&text, a->arena->context);
    for (uint32_t i = 0; i < a->table->input_count; i++) {
        greffe__buf_text(&text, i == 0 ? "" : ", ");
        greffe__buf_str(&text, a->table->inputs[i].text);
        greffe__buf_text(&text, " = ");
        greffe__value_feel(&text, &example[i], true);
    }
    return greffe__buf_keep(&text, a->arena);
}

static bool tell(analysis *a, greffe__finding_kind kind, uint32_t rule, uint32_t other)
{
    if (a->told++ >= GREFFE_MAX_FINDINGS) {
        return true;
    }
    uint32_t inputs = a->table->input_count;
    greffe__finding *finding = greffe__arena_push(a->arena, a->out, sizeof *finding);
    greffe__value *example = greffe__arena_zalloc(a->arena, (inputs + 1) * sizeof *example);
    if (finding == NULL || example == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < inputs; i++) {
        uint32_t axis = a->axis_of[i];
        const greffe__values *samples = &a->grid.at[axis].samples;
        example[i] = samples->count > 0 ? samples->at[a->chosen[axis]] : greffe__null();
    }
    *finding = (greffe__finding){.kind = (uint8_t)kind, .rule = rule, .other = other};
    finding->example = example;
    finding->text = describe(a, example);
    return !a->arena->failed;
}

static bool tell_open(analysis *a, const char *why)
{
    greffe__finding *finding = greffe__arena_push(a->arena, a->out, sizeof *finding);
    if (finding != NULL) {
        *finding = (greffe__finding){.kind = GREFFE__FOUND_NOT_PROVED, .text = greffe__str_of(why)};
    }
    return finding != NULL;
}

/* --- Overlaps --- */

/* A segment of each input where both rules are possible. */
static bool meet(analysis *a, uint32_t rule, uint32_t other)
{
    for (uint32_t axis = 0; axis < a->grid.count; axis++) {
        uint32_t count = a->grid.at[axis].samples.count, at = 0;
        while (at < count &&
               !(has(covering(a, axis, at), rule) && has(covering(a, axis, at), other))) {
            at += 1;
        }
        if (at == count) {
            return false;
        }
        a->chosen[axis] = at;
    }
    return true;
}

static bool is_known(const analysis *a, uint32_t rule)
{
    for (uint32_t i = 0; i < a->table->input_count; i++) {
        if (a->root->at[greffe__table_cell(a->table, rule, i)]->kind == GREFFE__AST_FAULT) {
            return false;
        }
    }
    return true;
}

/* Whether two rules give the same; not known when they are calculated. */
static bool agree(analysis *a, uint32_t rule, uint32_t other, bool *known)
{
    const greffe__table *table = a->table;
    bool same = true;
    *known = true;
    for (uint32_t i = 0; i < table->output_count; i++) {
        greffe__ast *x = a->root->at[greffe__table_cell(table, rule, table->input_count + i)];
        greffe__ast *y = a->root->at[greffe__table_cell(table, other, table->input_count + i)];
        bool constant = x->kind == GREFFE__AST_CONSTANT && y->kind == GREFFE__AST_CONSTANT;
        same = same && constant && greffe__value_equal(&x->value, &y->value);
        *known = *known && constant;
    }
    return same;
}

static bool find_overlaps(analysis *a)
{
    bool any = a->table->hit == GREFFE__HIT_ANY;
    a->told = 0;
    for (uint32_t i = 0; i < a->table->rule_count; i++) {
        for (uint32_t j = i + 1; j < a->table->rule_count; j++) {
            bool known = true;
            if (!meet(a, i, j) || (any && agree(a, i, j, &known))) {
                continue;
            }
            if (!known || !is_known(a, i) || !is_known(a, j)) {
                a->open = true;
            } else if (!tell(a, GREFFE__FOUND_OVERLAP, i, j)) {
                return false;
            }
        }
    }
    return true;
}

/* --- Gaps --- */

typedef enum verdict { COVERED, FOUND, NO_MEMORY } verdict;

static bool is_empty(const analysis *a, const uint64_t *set)
{
    uint64_t any = 0;
    for (uint32_t i = 0; i < a->words; i++) {
        any |= set[i];
    }
    return any == 0;
}

/* Whether this set of rules at this axis was looked at before. */
static bool seen_before(analysis *a, uint32_t axis, const uint64_t *set)
{
    size_t size = sizeof axis + a->words * sizeof *set;
    char *key = greffe__arena_alloc(a->arena, size);
    if (key == NULL) {
        return true;
    }
    memcpy(key, &axis, sizeof axis);
    memcpy(key + sizeof axis, set, a->words * sizeof *set);
    return !greffe__map_add(&a->seen, (greffe__str){key, size}, 0);
}

/* Looks, from an axis on, for values that none of the rules in `possible` covers. The rule that
 * `only` names keeps to the segments where it fires; NO_RULE: all. `stop` ends at the first. */
enum { NO_RULE = 0x7FFFFFFF };

static verdict search(analysis *a, uint32_t axis, const uint64_t *possible, uint32_t only)
{
    if (is_empty(a, possible)) {
        for (uint32_t i = axis; i < a->grid.count; i++) { /* any value will do, or one of `only` */
            uint32_t at = 0, count = a->grid.at[i].samples.count;
            while (only != NO_RULE && at + 1 < count && !has(covering(a, i, at), only)) {
                at += 1;
            }
            a->chosen[i] = at;
        }
        return FOUND;
    }
    if (axis == a->grid.count || a->spent) {
        return COVERED;
    }
    verdict result = COVERED;
    uint64_t *next = greffe__arena_alloc(a->arena, a->words * sizeof *next);
    if (next == NULL) {
        return NO_MEMORY;
    }
    for (uint32_t at = 0; at < a->grid.at[axis].samples.count; at++) {
        const uint64_t *set = covering(a, axis, at);
        if (only != NO_RULE && !has(set, only)) {
            continue;
        }
        for (uint32_t i = 0; i < a->words; i++) {
            next[i] = possible[i] & set[i];
        }
        a->spent = a->spent || ++a->boxes > GREFFE_MAX_BOXES;
        if (a->spent || seen_before(a, axis + 1, next)) {
            continue;
        }
        a->chosen[axis] = at;
        verdict below = search(a, axis + 1, next, only);
        if (below == NO_MEMORY || (below == FOUND && only != NO_RULE)) {
            return below;
        }
        if (below == FOUND && is_empty(a, next) && !tell(a, GREFFE__FOUND_GAP, 0, 0)) {
            return NO_MEMORY;
        }
        result = below == FOUND ? FOUND : result;
    }
    return a->arena->failed ? NO_MEMORY : result;
}

static bool begin_search(analysis *a, uint64_t **possible)
{
    greffe__map_init(&a->seen, a->arena);
    a->boxes = 0;
    *possible = greffe__arena_zalloc(a->arena, a->words * sizeof **possible);
    return *possible != NULL;
}

static bool find_gaps(analysis *a)
{
    uint64_t *possible;
    if (!begin_search(a, &possible)) {
        return false;
    }
    for (uint32_t i = 0; i < a->table->rule_count; i++) {
        possible[i / 64] |= UINT64_C(1) << (i % 64);
    }
    a->told = 0;
    verdict found = search(a, 0, possible, NO_RULE);
    if (found == FOUND && is_empty(a, possible) && !tell(a, GREFFE__FOUND_GAP, 0, 0)) {
        return false; /* a table without rules */
    }
    return found != NO_MEMORY;
}

/* --- Rules that never fire --- */

/* The place of a rule's output in the order of what is allowed; false: it is calculated. */
static bool rank_of(const analysis *a, uint32_t rule, uint32_t output, uint32_t *out)
{
    const greffe__table *table = a->table;
    const greffe__ast *cell =
        a->root->at[greffe__table_cell(table, rule, table->input_count + output)];
    const greffe__ast *allowed = a->root->at[2 * table->input_count + output];
    *out = 0;
    if (allowed->kind == GREFFE__AST_NOTHING) {
        return true;
    }
    if (cell->kind != GREFFE__AST_CONSTANT || allowed->kind != GREFFE__AST_LIST) {
        return false;
    }
    for (; *out < allowed->count; *out += 1) {
        const greffe__ast *item = allowed->at[*out];
        if (item->kind != GREFFE__AST_CONSTANT) {
            return false;
        }
        if (greffe__value_equal(&item->value, &cell->value)) {
            return true;
        }
    }
    return true;
}

/* Whether a rule is looked at before another: by its place, or by the order of its outputs. */
static bool goes_first(analysis *a, uint32_t other, uint32_t rule)
{
    if (a->table->hit != GREFFE__HIT_PRIORITY) {
        return a->table->hit == GREFFE__HIT_FIRST && other < rule;
    }
    for (uint32_t i = 0; i < a->table->output_count; i++) {
        uint32_t rank_other, rank;
        if (!rank_of(a, other, i, &rank_other) || !rank_of(a, rule, i, &rank)) {
            a->open = true;
            return false;
        }
        if (rank_other != rank) {
            return rank_other < rank;
        }
    }
    return other < rule;
}

static bool can_fire(analysis *a, uint32_t rule, bool *out)
{
    uint64_t *before;
    *out = true;
    for (uint32_t axis = 0; axis < a->grid.count; axis++) {
        uint32_t at = 0, count = a->grid.at[axis].samples.count;
        while (at < count && !has(covering(a, axis, at), rule)) {
            at += 1;
        }
        if (at == count) {
            *out = !a->grid.at[axis].exact;
            a->open = a->open || *out;
            return true;
        }
    }
    if (!begin_search(a, &before)) {
        return false;
    }
    for (uint32_t i = 0; i < a->table->rule_count; i++) {
        if (i != rule && goes_first(a, i, rule) && is_known(a, i)) {
            before[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
    if (is_empty(a, before)) {
        return true;
    }
    verdict found = search(a, 0, before, rule);
    *out = found == FOUND || a->spent;
    for (uint32_t axis = 0; axis < a->grid.count; axis++) {
        if (!*out && !a->grid.at[axis].exact) {
            *out = true; /* between its samples it may */
            a->open = true;
        }
    }
    return found != NO_MEMORY;
}

static bool find_dead(analysis *a)
{
    a->told = 0;
    for (uint32_t i = 0; i < a->table->rule_count; i++) {
        bool fires = true;
        if (!can_fire(a, i, &fires)) {
            return false;
        }
        memset(a->chosen, 0, a->grid.count * sizeof *a->chosen);
        if (!fires && !tell(a, GREFFE__FOUND_DEAD, i, i)) {
            return false;
        }
    }
    return true;
}

/* --- Door --- */

static bool needs_an_answer(const analysis *a)
{
    const greffe__table *table = a->table;
    greffe__hit hit = (greffe__hit)table->hit;
    uint32_t defaults = 2 * table->input_count + table->output_count;
    bool otherwise = false;
    for (uint32_t i = 0; i < table->output_count; i++) {
        otherwise = otherwise || a->root->at[defaults + i]->kind != GREFFE__AST_NOTHING;
    }
    return !otherwise && (hit == GREFFE__HIT_UNIQUE || hit == GREFFE__HIT_ANY ||
                          hit == GREFFE__HIT_PRIORITY || hit == GREFFE__HIT_FIRST);
}

/* Whether the inputs may have fewer values than their columns together: one is calculated, two are
 * of the same name, or what is allowed is not known. */
static bool is_narrower(const analysis *a)
{
    for (uint32_t i = 0; i < a->table->input_count; i++) {
        const greffe__ast *x = input_at(a, i);
        for (uint32_t j = 0; j < i; j++) {
            if (x->symbol == input_at(a, j)->symbol) {
                return true;
            }
        }
        bool unread = a->root->at[a->table->input_count + i]->kind == GREFFE__AST_FAULT;
        if (x->symbol == NULL || unread) {
            return true;
        }
    }
    return false;
}

static bool look(analysis *a)
{
    bool unique = a->table->hit == GREFFE__HIT_UNIQUE || a->table->hit == GREFFE__HIT_ANY;
    if (!collect_columns(a) || !make_cover(a)) {
        return false;
    }
    for (uint32_t i = 0; i < a->grid.count; i++) {
        a->open = a->open || !a->grid.at[i].exact;
        if (a->grid.at[i].samples.count == 0) { /* there would be no example */
            return tell_open(a, "of what is allowed for an input, no value is known");
        }
    }
    for (uint32_t i = 0; i < a->table->output_count; i++) { /* a list that may have no value */
        const greffe__ast *allowed = a->root->at[2 * a->table->input_count + i];
        a->open = a->open || (allowed->kind != GREFFE__AST_NOTHING && !allowed->fixed);
    }
    if ((unique && !find_overlaps(a)) || !find_dead(a) || (needs_an_answer(a) && !find_gaps(a))) {
        return false;
    }
    if (a->out->count > 0 && is_narrower(a)) { /* what was found may lie where no values are */
        a->out->count = 0;
        return tell_open(a, "a column tests a calculation, the same answer as another, or what "
                            "is allowed is not known");
    }
    if (a->spent) {
        return tell_open(a, "the table has more boxes than are looked at (200,000)");
    }
    return !a->open || tell_open(a, "a cell is no comparison with a value that is known");
}

greffe_status greffe__table_analyse(greffe__findings *out, greffe__expr_error *error,
                                    greffe__arena *arena, const greffe__symbols *symbols,
                                    greffe__str source, const greffe__table *table)
{
    const greffe__boxed boxed = {.kind = GREFFE__BOXED_TABLE, .table = table};
    greffe__expr_work work = {.arena = arena, .symbols = symbols, .source = source, .error = error};
    analysis a = {.arena = arena, .table = table, .out = out, .grid = {.arena = arena}};
    *error = (greffe__expr_error){0};
    *out = (greffe__findings){0};
    a.root = greffe__expr_parse(&work, &boxed);
    bool good = a.root != NULL && greffe__expr_check(&work, a.root, NULL);
    if (arena->failed || !good) {
        return arena->failed ? GREFFE_ENOMEM : GREFFE_EINVALID;
    }
    bool told =
        symbols->lenient ? tell_open(&a, "the types of a lenient table are not known") : look(&a);
    return told ? GREFFE_OK : GREFFE_ENOMEM;
}
