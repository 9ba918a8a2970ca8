/* What the tests of decision tables share: tables written as short texts, and what a table gives
 * where its analysis says that it has a gap or an overlap.
 *
 *     hit unique                                  or: hit collect sum; lenient
 *     name n number optional scale 2 low 0 high 1000
 *     name modele string options ville cargo
 *     in n ; [0..500] ; number                    expression ; allowed ; declared type
 *     out aide ; "a", "b" ; "b"                   name ; allowed ; otherwise
 *     rule <= 400 | "cargo" => "a"
 *
 * A line that begins with # says nothing. It knows the door of the expression room, no more. */
#ifndef GREFFE_TEST_TABLE_KIT_H
#define GREFFE_TEST_TABLE_KIT_H

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "expr/expr.h"

enum {
    KIT_NAMES = 16,
    KIT_COLUMNS = 16, /* inputs, and outputs */
    KIT_RULES = 160,
    KIT_OPTIONS = 12,
    KIT_TODAY = 18322, /* 2020-03-01 */
    KIT_MS_PER_DAY = 86400000
};

typedef struct table_kit {
    greffe__symbols symbols;
    greffe__str source;
    bool lenient;
    greffe__table table;
    greffe__boxed boxed;
    greffe__type types[KIT_NAMES];
    greffe__domain domains[KIT_NAMES];
    greffe__str options[KIT_NAMES][KIT_OPTIONS];
    greffe__strs option_lists[KIT_NAMES];
    greffe__str names[KIT_NAMES];
    uint32_t name_count;
    uint32_t slot_of[KIT_COLUMNS]; /* the name that an input is; KIT_NAMES: a calculated one */
    greffe__column inputs[KIT_COLUMNS], outputs[KIT_COLUMNS];
    greffe__str cells[KIT_RULES * 2 * KIT_COLUMNS];
    greffe__value values[KIT_NAMES]; /* what each name has when the table is evaluated */
    greffe__program program;
    greffe__type type;
    greffe__expr_error error;
} table_kit;

/* What an evaluation came to. */
typedef enum kit_outcome {
    KIT_VALUE,
    KIT_NO_RULE,  /* no rule fires */
    KIT_SEVERAL,  /* rules fire that may not together, or do not agree */
    KIT_ABSENT,   /* a rule asks for a value that is null */
    KIT_REFUSED,  /* another error */
    KIT_NO_MEMORY /* or a status that is not documented */
} kit_outcome;

/* --- Reading --- */

/* Takes what stands before a separator, or all; trimmed. */
static inline greffe__str kit_take(greffe__str *rest, const char *separator)
{
    const size_t size = strlen(separator);
    size_t at = 0;
    while (at + size <= rest->size && memcmp(rest->data + at, separator, size) != 0) {
        at += 1;
    }
    const bool found = at + size <= rest->size;
    const greffe__str taken = {rest->data, found ? at : rest->size};
    const size_t gone = found ? at + size : rest->size;
    *rest = (greffe__str){rest->data + gone, rest->size - gone};
    return greffe__str_trim(taken);
}

static inline greffe__str kit_word(greffe__str *rest)
{
    *rest = greffe__str_trim(*rest);
    return kit_take(rest, " ");
}

static inline bool kit_number_of(uint8_t *out, const char *const *words, size_t count,
                                 greffe__str text)
{
    for (size_t i = 0; i < count; i++) {
        if (greffe__str_is(text, words[i])) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static inline bool kit_hit(table_kit *kit, greffe__str rest)
{
    static const char *const hits[] = {"unique",  "any",        "priority",    "first",
                                       "collect", "rule_order", "output_order"};
    static const char *const aggregates[] = {"", "sum", "min", "max", "count"};
    return kit_number_of(&kit->table.hit, hits, sizeof hits / sizeof hits[0], kit_word(&rest)) &&
           kit_number_of(&kit->table.aggregate, aggregates,
                         sizeof aggregates / sizeof aggregates[0], kit_word(&rest));
}

static inline bool kit_bound(greffe__value *out, uint8_t kind, greffe__str text)
{
    greffe__dec number;
    int64_t days;
    if (kind == GREFFE__DATE && greffe__date_parse(&days, text)) {
        *out = greffe__date(days);
        return true;
    }
    if (kind == GREFFE__NUMBER && greffe__dec_parse(&number, text)) {
        *out = greffe__number(number);
        return true;
    }
    return kind == GREFFE__PERIOD && greffe__duration_parse(out, text) &&
           out->kind == GREFFE__PERIOD;
}

static inline bool kit_scale(greffe__domain *domain, greffe__str text)
{
    int64_t scale;
    if (!greffe__str_to_i64(&scale, text) || scale < -1 || scale > 20) {
        return false;
    }
    domain->scale = (int32_t)scale;
    return true;
}

static inline bool kit_options(table_kit *kit, uint32_t at, greffe__str rest)
{
    greffe__strs *options = &kit->option_lists[at];
    options->at = kit->options[at];
    for (greffe__str word = kit_word(&rest); word.size > 0; word = kit_word(&rest)) {
        if (options->count == KIT_OPTIONS) {
            return false;
        }
        options->at[options->count++] = word;
        options->capacity = options->count;
    }
    kit->types[at].options = options;
    return options->count > 0;
}

static inline bool kit_kind(greffe__type *type, greffe__str text)
{
    static const char *const kinds[] = {"any",  "boolean",  "number",   "string", "date",
                                        "time", "datetime", "duration", "period", "list"};
    type->any = greffe__str_is(text, "any");
    return kit_number_of(&type->kind, kinds, sizeof kinds / sizeof kinds[0], text);
}

static inline bool kit_name(table_kit *kit, greffe__str rest)
{
    const uint32_t at = kit->name_count;
    if (at == KIT_NAMES) {
        return false;
    }
    greffe__type *type = &kit->types[at];
    greffe__domain *domain = &kit->domains[at];
    domain->scale = -1;
    kit->names[at] = kit_word(&rest);
    bool good = kit_kind(type, kit_word(&rest));
    for (greffe__str word = kit_word(&rest); good && word.size > 0; word = kit_word(&rest)) {
        const bool bounded = greffe__str_is(word, "scale") || greffe__str_is(word, "low") ||
                             greffe__str_is(word, "high");
        type->domain = bounded ? domain : type->domain;
        if (greffe__str_is(word, "optional")) {
            type->optional = true;
        } else if (greffe__str_is(word, "scale")) {
            good = kit_scale(domain, kit_word(&rest));
        } else if (greffe__str_is(word, "low")) {
            good = kit_bound(&domain->low, type->kind, kit_word(&rest));
        } else if (greffe__str_is(word, "high")) {
            good = kit_bound(&domain->high, type->kind, kit_word(&rest));
        } else if (greffe__str_is(word, "options") && type->kind == GREFFE__STRING) {
            good = kit_options(kit, at, rest);
            rest.size = 0;
        } else {
            good = false;
        }
    }
    kit->name_count += good ? 1 : 0;
    return good && kit->names[at].size > 0 &&
           greffe__symbols_add(&kit->symbols, kit->names[at], *type, at);
}

static inline bool kit_column(greffe__column *columns, uint32_t *count, greffe__str rest,
                              bool output)
{
    if (*count == KIT_COLUMNS) {
        return false;
    }
    greffe__column *column = &columns[(*count)++];
    greffe__str *first = output ? &column->name : &column->text;
    *first = kit_take(&rest, ";");
    column->allowed = kit_take(&rest, ";");
    *(output ? &column->otherwise : &column->type) = kit_take(&rest, ";");
    return true;
}

static inline bool kit_rule(table_kit *kit, greffe__str rest)
{
    greffe__table *table = &kit->table;
    if (table->rule_count == KIT_RULES || table->output_count == 0) {
        return false;
    }
    greffe__str *cell = &kit->cells[table->rule_count * (table->input_count + table->output_count)];
    greffe__str tests = kit_take(&rest, "=>");
    for (uint32_t i = 0; i < table->input_count; i++) {
        *cell++ = kit_take(&tests, "|");
    }
    for (uint32_t i = 0; i < table->output_count; i++) {
        *cell++ = kit_take(&rest, "|");
    }
    table->rule_count += 1;
    return tests.size == 0 && rest.size == 0;
}

static inline bool kit_line(table_kit *kit, greffe__str line)
{
    greffe__table *table = &kit->table;
    const greffe__str word = kit_word(&line);
    if (word.size == 0 || word.data[0] == '#') {
        return true;
    }
    if (greffe__str_is(word, "rule")) {
        return kit_rule(kit, line);
    }
    if (greffe__str_is(word, "lenient")) {
        kit->lenient = true;
        return true;
    }
    if (table->rule_count > 0) { /* the width of a rule stays */
        return false;
    }
    if (greffe__str_is(word, "hit")) {
        return kit_hit(kit, line);
    }
    if (greffe__str_is(word, "name")) {
        return kit_name(kit, line);
    }
    if (greffe__str_is(word, "in")) {
        return kit_column(kit->inputs, &table->input_count, line, false);
    }
    return greffe__str_is(word, "out") &&
           kit_column(kit->outputs, &table->output_count, line, true);
}

/* Reads a table's text, which stays its source. False: it is no such text. */
static inline bool kit_read(table_kit *kit, greffe__arena *arena, greffe__str text)
{
    greffe__str rest = text;
    *kit = (table_kit){.source = text};
    greffe__symbols_init(&kit->symbols, arena);
    kit->table.inputs = kit->inputs;
    kit->table.outputs = kit->outputs;
    kit->table.cells = kit->cells;
    kit->boxed = (greffe__boxed){.kind = GREFFE__BOXED_TABLE, .table = &kit->table};
    bool good = true;
    while (good && rest.size > 0) {
        good = kit_line(kit, kit_take(&rest, "\n"));
    }
    kit->symbols.lenient = kit->lenient;
    for (uint32_t i = 0; good && i < kit->table.input_count; i++) {
        kit->slot_of[i] = 0;
        while (kit->slot_of[i] < kit->name_count &&
               !greffe__str_equal(kit->names[kit->slot_of[i]], kit->inputs[i].text)) {
            kit->slot_of[i] += 1;
        }
        kit->slot_of[i] = kit->slot_of[i] == kit->name_count ? KIT_NAMES : kit->slot_of[i];
    }
    return good && kit->table.output_count > 0;
}

/* --- Running --- */

static inline greffe_status kit_compile(table_kit *kit, greffe__arena *arena)
{
    kit->error = (greffe__expr_error){0};
    return greffe__expr_compile_boxed(&kit->program, &kit->type, &kit->error, arena, &kit->symbols,
                                      kit->source, &kit->boxed, NULL);
}

static inline greffe_status kit_analyse(greffe__findings *out, table_kit *kit, greffe__arena *arena)
{
    kit->error = (greffe__expr_error){0};
    return greffe__table_analyse(out, &kit->error, arena, &kit->symbols, kit->source, &kit->table);
}

static inline greffe_status kit_load(void *data, uint32_t slot, greffe__value *out)
{
    const table_kit *kit = data;
    if (slot >= kit->name_count) {
        return GREFFE_ENOTFOUND;
    }
    *out = kit->values[slot];
    return GREFFE_OK;
}

/* Evaluates the compiled table with `values` of the names. */
static inline kit_outcome kit_run(greffe__value *out, table_kit *kit, greffe__arena *arena)
{
    const greffe__eval eval = {.load = kit_load,
                               .data = kit,
                               .arena = arena,
                               .today = KIT_TODAY,
                               .now_ms = (int64_t)KIT_TODAY * KIT_MS_PER_DAY};
    kit->error = (greffe__expr_error){0};
    *out = greffe__null();
    const greffe_status status = greffe__expr_eval(out, &kit->error, &kit->program, &eval);
    if (status != GREFFE_OK && status != GREFFE_EINVALID) {
        return KIT_NO_MEMORY;
    }
    if (status == GREFFE_OK && (!kit->lenient || out->kind != GREFFE__NULL)) {
        return KIT_VALUE;
    }
    if (kit->error.code == GREFFE__GR_NONE) {
        return status == GREFFE_OK ? KIT_VALUE : KIT_REFUSED;
    }
    if (kit->error.code == GREFFE__GR_EVAL_TABLE) {
        const char *said = kit->error.message;
        return strstr(said, "no rule fires") != NULL ? KIT_NO_RULE
               : strstr(said, "several rules") != NULL || strstr(said, "do not agree") != NULL
                   ? KIT_SEVERAL
                   : KIT_REFUSED;
    }
    return kit->error.code == GREFFE__GR_EVAL_ABSENT ? KIT_ABSENT : KIT_REFUSED;
}

/* Gives the names what a finding says of the inputs. False: an input is calculated, or stands
 * twice with two values, so that there is nothing to give. */
static inline bool kit_set_example(table_kit *kit, const greffe__finding *finding)
{
    bool set[KIT_NAMES] = {false};
    for (uint32_t i = 0; i < kit->table.input_count; i++) {
        const uint32_t slot = kit->slot_of[i];
        if (slot == KIT_NAMES ||
            (set[slot] && !greffe__value_equal(&kit->values[slot], &finding->example[i]))) {
            return false;
        }
        kit->values[slot] = finding->example[i];
        set[slot] = true;
    }
    return true;
}

/* Whether a value is one that its name may have: its kind, its options, its domain. */
static inline bool kit_may_be(const greffe__type *type, const greffe__value *value)
{
    const greffe__domain *domain = type->domain;
    int order = 0;
    greffe__dec rounded;
    if (value->kind == GREFFE__NULL) {
        return type->optional;
    }
    if (type->any) {
        return true;
    }
    bool listed = type->options == NULL;
    for (uint32_t i = 0; !listed && i < type->options->count; i++) {
        listed = greffe__str_equal(type->options->at[i], value->as.string);
    }
    if (value->kind != type->kind || !listed || domain == NULL) {
        return value->kind == type->kind && listed;
    }
    if (domain->low.kind != GREFFE__NULL &&
        (!greffe__value_compare(&order, value, &domain->low) || order < 0)) {
        return false;
    }
    if (domain->high.kind != GREFFE__NULL &&
        (!greffe__value_compare(&order, value, &domain->high) || order > 0)) {
        return false;
    }
    return value->kind != GREFFE__NUMBER || domain->scale < 0 ||
           (greffe__dec_round(&rounded, value->as.number, domain->scale, GREFFE__ROUND_DOWN) &&
            greffe__dec_compare(rounded, value->as.number) == 0);
}

#endif
