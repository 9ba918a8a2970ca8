/* Feeds decision tables, as ../support/table_kit.h writes them, to the compiler, the analysis and
 * the evaluator.
 *
 * The compiler and the analysis refuse the same tables, with the same error. Each example is one
 * that its inputs may have; at a gap no rule may fire, at an overlap several must; a dead rule
 * alone fires at no example. A table that is stored and read gives the same. */
#include "../support/table_kit.h"

#include "fuzz.h"
#include "value/json.h"

typedef struct room {
    greffe__arena arena;
    table_kit kit, sole;
    greffe__findings found;
    bool open; /* there may be more than what was found */
} room;

static void check_error(const table_kit *kit)
{
    const greffe__expr_error *error = &kit->error;
    fuzz_check(error->message != NULL && error->message[0] != '\0', "an error says something");
    fuzz_check(greffe__code_text(error->code) != NULL, "an error has a code");
    fuzz_check(error->start <= error->end && error->end <= kit->source.size,
               "an error has its place in the source");
}

static bool has_null(const table_kit *kit)
{
    bool null = false;
    for (uint32_t i = 0; i < kit->name_count; i++) {
        null = null || kit->values[i].kind == GREFFE__NULL;
    }
    return null;
}

/* Values of the names that are no inputs. */
static void set_others(table_kit *kit)
{
    for (uint32_t i = 0; i < kit->name_count; i++) {
        const greffe__type *type = &kit->types[i];
        const greffe__moment noon = {43200, 0, GREFFE__NO_OFFSET};
        greffe__value value = {.kind = type->any ? GREFFE__NULL : type->kind};
        if (value.kind == GREFFE__STRING) {
            value = greffe__string(type->options != NULL ? type->options->at[0]
                                                         : greffe__str_of("mot"));
        } else if (value.kind == GREFFE__NUMBER) {
            value = greffe__integer(7);
        } else if (value.kind >= GREFFE__TIME && value.kind <= GREFFE__DURATION) {
            value = greffe__temporal((greffe__kind)value.kind, noon);
        }
        kit->values[i] = value;
    }
}

static kit_outcome run(room *r, table_kit *kit)
{
    greffe__value value, again;
    greffe__program stored, kept = kit->program;
    greffe__buf bytes, text;
    const kit_outcome outcome = kit_run(&value, kit, &r->arena);
    fuzz_check(outcome != KIT_NO_MEMORY, "a documented status");
    if (kit->error.code != GREFFE__GR_NONE) {
        check_error(kit);
    }
    fuzz_check(greffe__program_sound(&kit->program), "a compiled table is sound");
    greffe__buf_init(&bytes, r->arena.context);
    greffe__buf_init(&text, r->arena.context);
    greffe__record_write(&bytes, &greffe__program_shape, &kit->program);
    fuzz_check(greffe__record_decode(&stored, &r->arena, &greffe__program_shape,
                                     (greffe__str){bytes.data, bytes.size}) == GREFFE_OK &&
                   greffe__program_sound(&stored),
               "a compiled table can be stored");
    kit->program = stored;
    fuzz_check(kit_run(&again, kit, &r->arena) == outcome, "and takes the same course");
    kit->program = kept;
    greffe__json_write(&text, &value);
    fuzz_check(!text.failed && text.size > 0, "a result can be written");
    fuzz_check(value.kind == GREFFE__FUNCTION || value.kind == GREFFE__LIST ||
                   value.kind == GREFFE__CONTEXT || greffe__value_equal(&value, &again),
               "the same result");
    greffe__buf_free(&bytes);
    greffe__buf_free(&text);
    return outcome;
}

/* Whether an outcome is one that a finding foretells. An absent value, a cell that nothing is known
 * of, or the output of a rule that fires may stop the table before it. */
static bool fits(const room *r, kit_outcome outcome, kit_outcome foretold)
{
    return outcome == foretold || (outcome == KIT_ABSENT && (r->open || has_null(&r->kit))) ||
           (outcome == KIT_REFUSED && (r->open || foretold == KIT_SEVERAL));
}

static bool use_example(room *r, const greffe__finding *finding)
{
    if (finding->kind == GREFFE__FOUND_NOT_PROVED) {
        return false;
    }
    set_others(&r->kit);
    if (!kit_set_example(&r->kit, finding)) {
        return false;
    }
    for (uint32_t i = 0; i < r->kit.table.input_count; i++) {
        fuzz_check(finding->kind == GREFFE__FOUND_DEAD ||
                       kit_may_be(&r->kit.types[r->kit.slot_of[i]], &finding->example[i]),
                   "an example is one that the inputs may have");
    }
    return true;
}

static void confirm(room *r, const greffe__finding *finding)
{
    const greffe__table *table = &r->kit.table;
    fuzz_check(finding->kind >= GREFFE__FOUND_GAP && finding->kind <= GREFFE__FOUND_NOT_PROVED,
               "a finding has a kind");
    fuzz_check(greffe__utf8_valid(finding->text, NULL), "its text is UTF-8");
    if (!use_example(r, finding)) {
        return;
    }
    const kit_outcome outcome = run(r, &r->kit);
    if (finding->kind == GREFFE__FOUND_GAP) {
        fuzz_check(fits(r, outcome, KIT_NO_RULE), "no rule fires at a gap");
    } else if (finding->kind == GREFFE__FOUND_OVERLAP) {
        fuzz_check(finding->rule < finding->other && finding->other < table->rule_count,
                   "an overlap is of two rules");
        fuzz_check(fits(r, outcome, KIT_SEVERAL), "several rules fire at an overlap");
    } else {
        fuzz_check(finding->rule < table->rule_count, "a dead rule is one of the table");
    }
}

/* A rule alone in its table, at each example. */
static void check_dead(room *r, uint32_t rule)
{
    table_kit *sole = &r->sole;
    const greffe__table *table = &r->kit.table;
    if (table->hit == GREFFE__HIT_FIRST || table->hit == GREFFE__HIT_PRIORITY) {
        return;
    }
    *sole = r->kit;
    sole->boxed.table = &sole->table;
    sole->table.hit = GREFFE__HIT_RULE_ORDER;
    sole->table.aggregate = GREFFE__AGGREGATE_NONE;
    sole->table.rule_count = 1;
    sole->table.cells += rule * (table->input_count + table->output_count);
    if (kit_compile(sole, &r->arena) != GREFFE_OK) {
        return; /* its outputs are of another type without the others */
    }
    for (uint32_t i = 0; i < r->found.count; i++) {
        greffe__value value;
        if (use_example(r, &r->found.at[i])) {
            memcpy(sole->values, r->kit.values, sizeof sole->values);
            fuzz_check(kit_run(&value, sole, &r->arena) != KIT_VALUE ||
                           value.kind != GREFFE__LIST || value.count == 0 ||
                           sole->outputs[0].otherwise.size > 0,
                       "a dead rule does not fire");
        }
    }
}

static void try_table(room *r)
{
    const greffe_status compiled = kit_compile(&r->kit, &r->arena);
    const greffe__expr_error first = r->kit.error;
    fuzz_check(compiled == GREFFE_OK || compiled == GREFFE_EINVALID, "a documented status");
    const greffe_status analysed = kit_analyse(&r->found, &r->kit, &r->arena);
    fuzz_check(analysed == GREFFE_OK || analysed == GREFFE_EINVALID, "a documented status");
    if (analysed != GREFFE_OK) {
        check_error(&r->kit);
        fuzz_check(compiled == GREFFE_EINVALID && first.code == r->kit.error.code &&
                       first.start == r->kit.error.start,
                   "the compiler and the analysis refuse the same");
        return;
    }
    if (compiled != GREFFE_OK) { /* limits of programs, and constants without a value, are not the
                                  * analysis's */
        fuzz_check(first.code == GREFFE__GR_EXPR_LIMIT || first.code >= GREFFE__GR_EVAL_TYPE,
                   "what compiles is analysed");
        return;
    }
    for (uint32_t i = 0; i < r->found.count; i++) {
        r->open = r->open || r->found.at[i].kind == GREFFE__FOUND_NOT_PROVED;
    }
    set_others(&r->kit);
    (void)run(r, &r->kit);
    for (uint32_t i = 0; i < r->found.count; i++) {
        confirm(r, &r->found.at[i]);
    }
    for (uint32_t i = 0; i < r->found.count; i++) {
        if (r->found.at[i].kind == GREFFE__FOUND_DEAD) {
            check_dead(r, r->found.at[i].rule);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static room r;
    greffe_context *context = NULL;
    const greffe__str text = {(const char *)data, size};
    if (!greffe__utf8_valid(text, NULL)) { /* readers give no other texts */
        return 0;
    }
    fuzz_check(greffe_context_create(&context, NULL) == GREFFE_OK, "a context");
    greffe__arena_init(&r.arena, context);
    r.open = false;
    if (kit_read(&r.kit, &r.arena, text)) {
        try_table(&r);
    }
    greffe__arena_free(&r.arena);
    greffe_context_destroy(context);
    return 0;
}
