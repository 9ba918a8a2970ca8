/* Decision tables: read from a block with pipes, or as rows; compiled, and analysed, once all names
 * are known. A table is a value: what its rules give has its name. */
#include <string.h>

#include "compile/compile_priv.h"

typedef struct table_keys {
    greffe__str title;
    uint32_t hit, as_of;
    const greffe__node *inputs, *outputs, *rules, *otherwise, *order;
} table_keys;

static const char *const hits[] = {"unique",  "any",        "first",        "priority",
                                   "collect", "rule order", "output order", "sum",
                                   "min",     "max",        "count",        NULL};
static const char *const dates[] = {"filing", "today", NULL};
static const greffe__key table_rows[] = {
    {"title", GREFFE__K_TEXT, false, offsetof(table_keys, title), 0, NULL, "its name"},
    {"hit", GREFFE__K_WORD, false, offsetof(table_keys, hit), 0, hits,
     "what counts when several rules fire: unique (the default: none may), any, first, priority, "
     "collect, rule order, output order, sum, min, max, count"},
    {"as_of", GREFFE__K_WORD, false, offsetof(table_keys, as_of), 0, dates,
     "by which day a dated table is chosen: filing (the default) or today"},
    {"inputs", GREFFE__K_NODE, false, offsetof(table_keys, inputs), 0, NULL,
     "of a table in rows: the expressions that are tested"},
    {"outputs", GREFFE__K_NODE, false, offsetof(table_keys, outputs), 0, NULL,
     "of a table in rows: the names of what it gives"},
    {"rules", GREFFE__K_NODE, true, offsetof(table_keys, rules), 0, NULL,
     "a block with pipes, a list of rows, or a list of {from: date, rules: …}"},
    {"otherwise", GREFFE__K_NODE, false, offsetof(table_keys, otherwise), 0, NULL,
     "what it gives when no rule fires: an expression, or {output: expression}"},
    {"order", GREFFE__K_NODE, false, offsetof(table_keys, order), 0, NULL,
     "of priority and output order: the values, the most important first, by commas"},
};
const greffe__keys greffe__keys_table = {"a table", table_rows,
                                         sizeof table_rows / sizeof *table_rows};

/* A text of the table, where it stands in the source that is made of them all. */
typedef struct part {
    uint32_t at, size;
    const greffe__node *node;
    uint32_t within; /* of the node's own text */
} part;

typedef struct parts {
    part *at;
    uint32_t count, capacity;
} parts;

struct greffe__table_def {
    greffe__definition *d;
    table_keys keys;
    const greffe__node *node, *rules;
    greffe__buf source;
    parts parts;
    uint32_t inputs, outputs, rows;
    greffe__u32s header;           /* parts: inputs, then outputs */
    greffe__u32s cells;            /* parts, row by row */
    greffe__u32s order, otherwise; /* parts, or none, of each output */
    const char *text;              /* the source, once all parts are in it */
    greffe__table made;            /* once it was compiled */
};

static void complain(struct greffe__table_def *t, const greffe__node *node, const char *hint,
                     const char *message)
{
    greffe__complain(&t->d->binder, GREFFE__GR_TABLE_SHAPE, node, hint, "%s", message);
}

/* --- Texts --- */

static bool add_part(struct greffe__table_def *t, const greffe__node *node, greffe__str text,
                     uint32_t *index)
{
    part *place = greffe__arena_push(t->d->binder.arena, &t->parts, sizeof *place);
    if (place == NULL) {
        return false;
    }
    *place = (part){(uint32_t)t->source.size, (uint32_t)text.size, node,
                    (uint32_t)(text.data - node->text.data)};
    greffe__buf_str(&t->source, text);
    greffe__buf_byte(&t->source, '\n');
    *index = t->parts.count - 1;
    return !t->source.failed;
}

static bool add_to(struct greffe__table_def *t, greffe__u32s *list, const greffe__node *node,
                   greffe__str text)
{
    uint32_t *place = greffe__arena_push(t->d->binder.arena, list, sizeof *place);
    return place != NULL && add_part(t, node, text, place);
}

static greffe__str text_at(const struct greffe__table_def *t, uint32_t index)
{
    const part *p = &t->parts.at[index];
    return (greffe__str){(t->text != NULL ? t->text : t->source.data) + p->at, p->size};
}

/* The part that a byte of the source stands in, or NULL. */
static const part *part_at(const struct greffe__table_def *t, uint32_t at)
{
    for (uint32_t i = 0; i < t->parts.count; i++) {
        const part *p = &t->parts.at[i];
        if (at >= p->at && at <= p->at + p->size) {
            return p;
        }
    }
    return NULL;
}

/* Where a byte of the source stands in the file. */
static greffe__span place_of(const struct greffe__table_def *t, uint32_t start, uint32_t end)
{
    const part *p = part_at(t, start);
    if (p == NULL) {
        return t->rules->span;
    }
    uint32_t from = start - p->at, to = end - p->at;
    to = to > p->size ? p->size : to;
    return greffe__node_place(&t->d->procedure, p->node, p->within + from,
                              p->within + (to > from ? to : from + 1));
}

/* --- A block with pipes --- */

/* The next cell of a line: up to a bar outside quotes. `*bars` says how many ended it. */
static greffe__str next_cell(greffe__str *line, int *bars)
{
    const char *at = line->data, *end = line->data + line->size;
    bool quoted = false;
    while (at < end && (quoted || *at != '|')) {
        quoted = quoted != (*at == '"');
        at += *at == '\\' && quoted && end - at > 1 ? 2 : 1;
    }
    greffe__str cell = {line->data, (size_t)(at - line->data)};
    *bars = 0;
    while (at < end && *at == '|' && *bars < 2) {
        *bars += 1;
        at += 1;
    }
    line->data = at;
    line->size = (size_t)(end - at);
    return greffe__str_trim(cell);
}

/* A line that only draws: dashes, bars, signs. */
static bool is_drawn(greffe__str line)
{
    bool dashes = false;
    for (size_t i = 0; i < line.size; i++) {
        if (strchr("-|=+: ", line.data[i]) == NULL) {
            return false;
        }
        dashes = dashes || (i + 2 < line.size && memcmp(line.data + i, "---", 3) == 0);
    }
    return dashes;
}

/* Adds a line's cells; `*division` gets after how many of them the double bar stands, or 0. */
static bool read_line(struct greffe__table_def *t, greffe__str line, greffe__u32s *out,
                      uint32_t *count, uint32_t *division)
{
    *count = 0;
    *division = 0;
    if (line.size > 0 && line.data[0] == '|') {
        line.data += 1;
        line.size -= 1;
    }
    if (line.size > 0 && line.data[line.size - 1] == '|') {
        line.size -= 1;
    }
    for (;;) {
        int bars;
        greffe__str cell = next_cell(&line, &bars);
        if (!add_to(t, out, t->rules, cell)) {
            return false;
        }
        *count += 1;
        if (bars == 2) {
            *division = *count;
        }
        if (bars == 0) {
            return true;
        }
    }
}

static bool read_header(struct greffe__table_def *t, greffe__str line)
{
    uint32_t count, division;
    if (!read_line(t, line, &t->header, &count, &division)) {
        return false;
    }
    if (division == 0 || division == count) {
        complain(t, t->rules, "velo.modele | demandeur.revenu || taux",
                 "the first line of a table names what is tested, a double bar, and what it gives");
        return false;
    }
    t->inputs = division;
    t->outputs = count - division;
    return true;
}

static bool read_rule(struct greffe__table_def *t, greffe__str line)
{
    uint32_t count, division, before = t->parts.count;
    if (!read_line(t, line, &t->cells, &count, &division)) {
        return false;
    }
    if (count != t->inputs + t->outputs || (division != 0 && division != t->inputs)) {
        greffe__report(t->d->binder.diags, GREFFE__GR_TABLE_SHAPE, &t->d->procedure.source,
                       place_of(t, t->parts.at[before].at, t->parts.at[before].at + 1),
                       "a cell that does not matter holds a dash: -",
                       "this rule has %u cells, and the table %u columns before the double bar and "
                       "%u after it",
                       count, t->inputs, t->outputs);
        return false;
    }
    t->rows += 1;
    return true;
}

static bool read_block(struct greffe__table_def *t)
{
    greffe__str text = t->rules->text;
    bool header = false;
    while (text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end != NULL ? (size_t)(end - text.data) : text.size;
        greffe__str line = greffe__str_trim((greffe__str){text.data, size});
        size_t skip = size + (end != NULL ? 1 : 0);
        text.data += skip;
        text.size -= skip;
        if (line.size == 0 || is_drawn(line)) {
            continue;
        }
        if (!(header ? read_rule(t, line) : read_header(t, line))) {
            return false;
        }
        header = true;
    }
    if (!header) {
        complain(t, t->rules, "velo.modele | demandeur.revenu || taux", "the table is empty");
    }
    return header;
}

/* --- Rows --- */

static bool cell_node(struct greffe__table_def *t, const greffe__node *node, greffe__u32s *out)
{
    if (node->kind != GREFFE__SCALAR) {
        greffe__taken_for_list(&t->d->binder, node);
        return false;
    }
    return !greffe__trap_expression(&t->d->procedure, t->d->binder.diags, node) &&
           add_to(t, out, node, greffe__str_trim(node->text));
}

static bool names_of(struct greffe__table_def *t, const greffe__node *list, uint32_t *count)
{
    if (list == NULL || list->kind != GREFFE__SEQUENCE || list->count == 0) {
        complain(t, list != NULL ? list : t->node, "inputs: [velo.modele], outputs: [taux]",
                 "a table in rows names its columns under 'inputs' and 'outputs'");
        return false;
    }
    *count = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!cell_node(t, greffe__node_resolve(list->children[i]), &t->header)) {
            return false;
        }
    }
    return true;
}

static bool read_rows(struct greffe__table_def *t)
{
    if (!names_of(t, t->keys.inputs, &t->inputs) || !names_of(t, t->keys.outputs, &t->outputs)) {
        return false;
    }
    for (uint32_t i = 0; i < t->rules->count; i++) {
        const greffe__node *row = greffe__node_resolve(t->rules->children[i]);
        if (row->kind != GREFFE__SEQUENCE || row->count != t->inputs + t->outputs) {
            complain(t, row, "a cell that does not matter holds a dash: '-'",
                     "a row has a cell for each input, then one for each output");
            return false;
        }
        for (uint32_t j = 0; j < row->count; j++) {
            if (!cell_node(t, greffe__node_resolve(row->children[j]), &t->cells)) {
                return false;
            }
        }
        t->rows += 1;
    }
    return true;
}

/* --- What stands beside the rules --- */

/* The text for an output under `otherwise` or `order`: the scalar, or the mapping's entry. */
static bool beside(struct greffe__table_def *t, const greffe__node *node, greffe__str output,
                   greffe__u32s *out)
{
    const greffe__node *found = node;
    if (node != NULL && node->kind == GREFFE__MAPPING) {
        greffe__str name = greffe__str_dup(t->d->binder.arena, output);
        found = name.data != NULL ? greffe__node_get(node, name.data) : NULL;
    } else if (node != NULL && t->outputs > 1) {
        complain(t, node, "write {taux: 0, plafond: 0}",
                 "a table with several outputs needs one expression for each");
        return false;
    }
    if (found != NULL) {
        return cell_node(t, greffe__node_resolve(found), out);
    }
    uint32_t *none = greffe__arena_push(t->d->binder.arena, out, sizeof *none);
    if (none != NULL) {
        *none = GREFFE__NONE;
    }
    return none != NULL;
}

static bool check_outputs(struct greffe__table_def *t)
{
    for (uint32_t i = 0; i < t->outputs; i++) {
        greffe__str name = text_at(t, t->header.at[t->inputs + i]);
        bool good = name.size > 0 && name.size <= 64;
        for (size_t j = 0; good && j < name.size; j++) {
            char c = name.data[j];
            good = (c >= 'a' && c <= 'z') || (j > 0 && ((c >= '0' && c <= '9') || c == '_'));
        }
        for (uint32_t j = 0; good && j < i; j++) {
            good = !greffe__str_equal(name, text_at(t, t->header.at[t->inputs + j]));
        }
        if (!good) {
            const part *p = &t->parts.at[t->header.at[t->inputs + i]];
            greffe__report(
                t->d->binder.diags, GREFFE__GR_TABLE_SHAPE, &t->d->procedure.source,
                place_of(t, p->at, p->at + p->size), "small letters, digits and _, each name once",
                "'%.*s' cannot be the name of what a table gives", (int)name.size, name.data);
            return false;
        }
    }
    return true;
}

/* --- The table that the expression room takes --- */

static void policy_of(const struct greffe__table_def *t, greffe__table *out)
{
    static const struct {
        uint8_t hit, aggregate;
    } policies[] = {{GREFFE__HIT_UNIQUE, 0},
                    {GREFFE__HIT_UNIQUE, 0},
                    {GREFFE__HIT_ANY, 0},
                    {GREFFE__HIT_FIRST, 0},
                    {GREFFE__HIT_PRIORITY, 0},
                    {GREFFE__HIT_COLLECT, 0},
                    {GREFFE__HIT_RULE_ORDER, 0},
                    {GREFFE__HIT_OUTPUT_ORDER, 0},
                    {GREFFE__HIT_COLLECT, GREFFE__AGGREGATE_SUM},
                    {GREFFE__HIT_COLLECT, GREFFE__AGGREGATE_MIN},
                    {GREFFE__HIT_COLLECT, GREFFE__AGGREGATE_MAX},
                    {GREFFE__HIT_COLLECT, GREFFE__AGGREGATE_COUNT}};
    out->hit = policies[t->keys.hit].hit;
    out->aggregate = policies[t->keys.hit].aggregate;
}

/* The order of outputs stands where it counts, and nowhere else. */
static bool check_order(struct greffe__table_def *t)
{
    greffe__table by;
    policy_of(t, &by);
    bool counts = by.hit == GREFFE__HIT_PRIORITY || by.hit == GREFFE__HIT_OUTPUT_ORDER;
    if (counts && t->keys.order == NULL) {
        complain(t, t->keys.rules, "order: '\"refus\", \"accord\"', the first counts most",
                 "this 'hit' goes by the order of what the rules give, and there is no 'order'");
    } else if (!counts && t->keys.order != NULL) {
        complain(t, t->keys.order, "leave it out, or write hit: priority",
                 "an 'order' counts with hit: priority and hit: output order alone");
    }
    return counts == (t->keys.order != NULL);
}

/* Puts all texts into one source that lasts. */
static bool settle(struct greffe__table_def *t)
{
    if (!check_order(t)) {
        return false;
    }
    for (uint32_t i = 0; i < t->outputs; i++) {
        greffe__str name = text_at(t, t->header.at[t->inputs + i]);
        if (!beside(t, t->keys.order, name, &t->order) ||
            !beside(t, t->keys.otherwise, text_at(t, t->header.at[t->inputs + i]), &t->otherwise)) {
            return false;
        }
    }
    t->text = t->source.failed
                  ? NULL
                  : greffe__arena_copy(t->d->binder.arena, t->source.data, t->source.size);
    return t->text != NULL;
}

static greffe__str text_or_none(const struct greffe__table_def *t, uint32_t index)
{
    return index == GREFFE__NONE ? (greffe__str){"", 0} : text_at(t, index);
}

static bool make_table(struct greffe__table_def *t, greffe__table *out)
{
    greffe__arena *arena = t->d->binder.arena;
    greffe__column *inputs = greffe__arena_zalloc(arena, (t->inputs + 1) * sizeof *inputs);
    greffe__column *outputs = greffe__arena_zalloc(arena, (t->outputs + 1) * sizeof *outputs);
    greffe__str *cells = greffe__arena_alloc(arena, (t->cells.count + 1) * sizeof *cells);
    if (inputs == NULL || outputs == NULL || cells == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < t->inputs; i++) {
        inputs[i].text = text_at(t, t->header.at[i]);
    }
    for (uint32_t i = 0; i < t->outputs; i++) {
        outputs[i].name = text_at(t, t->header.at[t->inputs + i]);
        outputs[i].allowed = text_or_none(t, t->order.at[i]);
        outputs[i].otherwise = text_or_none(t, t->otherwise.at[i]);
    }
    for (uint32_t i = 0; i < t->cells.count; i++) {
        cells[i] = text_at(t, t->cells.at[i]);
    }
    *out = (greffe__table){.inputs = inputs,
                           .outputs = outputs,
                           .input_count = t->inputs,
                           .output_count = t->outputs,
                           .rule_count = t->rows,
                           .cells = cells};
    return true;
}

/* --- What the analysis found --- */

static greffe__span rule_span(const struct greffe__table_def *t, uint32_t rule)
{
    const part *p = &t->parts.at[t->cells.at[rule * (t->inputs + t->outputs)]];
    return place_of(t, p->at, p->at + p->size);
}

static void tell(struct greffe__table_def *t, const greffe__finding *found)
{
    greffe_diags *diags = t->d->binder.diags;
    const greffe__source *source = &t->d->procedure.source;
    const part *head = &t->parts.at[t->header.at[0]];
    greffe__span header = place_of(t, head->at, head->at + head->size);
    switch ((greffe__finding_kind)found->kind) {
    case GREFFE__FOUND_GAP:
        greffe__report(diags, GREFFE__GR_TABLE_GAP, source, header,
                       "add a rule for it, or say under 'otherwise' what the table gives then",
                       "no rule fires when %.*s", (int)found->text.size, found->text.data);
        return;
    case GREFFE__FOUND_OVERLAP:
        greffe__report(diags, GREFFE__GR_TABLE_OVERLAP, source, rule_span(t, found->other),
                       "narrow one of them, or say by 'hit' which counts: first, priority, collect",
                       "rules %u and %u both fire when %.*s", found->rule + 1, found->other + 1,
                       (int)found->text.size, found->text.data);
        return;
    case GREFFE__FOUND_DEAD:
        greffe__report(diags, GREFFE__GR_TABLE_DEAD, source, rule_span(t, found->rule),
                       "take it out, or put it before the rules that cover it",
                       "rule %u never fires", found->rule + 1);
        return;
    case GREFFE__FOUND_NOT_PROVED:
        greffe__report(diags, GREFFE__GR_TABLE_NOT_PROVED, source, header,
                       "what was found is so, but there may be more",
                       "that this table has no gap is not proved: %.*s", (int)found->text.size,
                       found->text.data);
        return;
    }
}

static bool analyse(struct greffe__table_def *t, greffe__str source, const greffe__table *table)
{
    greffe__findings findings;
    greffe__expr_error error;
    greffe_status status =
        greffe__table_analyse(&findings, &error, t->d->binder.arena, &t->d->symbols, source, table);
    for (uint32_t i = 0; status == GREFFE_OK && i < findings.count; i++) {
        tell(t, &findings.at[i]);
    }
    return status == GREFFE_OK;
}

bool greffe__compile_table(greffe__definition *d, struct greffe__table_def *t,
                           greffe__dated_program *rule, greffe__type *type)
{
    greffe__expr_error error;
    greffe__table table;
    greffe__buf_init(&t->source, d->binder.context);
    bool good = t->rules->kind == GREFFE__SEQUENCE ? read_rows(t) : read_block(t);
    good = good && check_outputs(t) && settle(t);
    size_t size = t->source.size;
    greffe__buf_free(&t->source);
    if (!good || !make_table(t, &table)) {
        return false;
    }
    policy_of(t, &table);
    rule->rows = table.rule_count;
    rule->otherwise = t->keys.otherwise != NULL;
    const greffe__str source = {t->text, size};
    const greffe__boxed boxed = {.kind = GREFFE__BOXED_TABLE, .table = &table};
    greffe_status status = greffe__expr_compile_boxed(&rule->program, type, &error, d->binder.arena,
                                                      &d->symbols, source, &boxed, NULL);
    if (status == GREFFE_EINVALID) {
        greffe__report(d->binder.diags, error.code, &d->procedure.source,
                       place_of(t, error.start, error.end), error.hint, "%s", error.message);
    }
    t->made = table;
    return status == GREFFE_OK && analyse(t, source, &table);
}

greffe__str greffe__table_made(const struct greffe__table_def *t, greffe__boxed *out)
{
    const part *last = t->parts.count > 0 ? &t->parts.at[t->parts.count - 1] : NULL;
    bool made = t->made.inputs != NULL && last != NULL;
    *out = (greffe__boxed){.kind = GREFFE__BOXED_TABLE, .table = &t->made};
    return made ? (greffe__str){t->text, last->at + last->size + 1} : (greffe__str){"", 0};
}

const greffe__node *greffe__table_part(const struct greffe__table_def *t, greffe__str text)
{
    const part *p = part_at(t, (uint32_t)(text.data - t->text));
    return p != NULL ? p->node : t->rules;
}

/* --- Binding --- */

static struct greffe__table_def *make_def(greffe__definition *d, const table_keys *keys,
                                          const greffe__node *node, const greffe__node *rules)
{
    struct greffe__table_def *t = greffe__arena_zalloc(d->binder.arena, sizeof *t);
    if (t != NULL) {
        *t = (struct greffe__table_def){.d = d, .keys = *keys, .node = node, .rules = rules};
    }
    return t;
}

static const greffe__key version_rows[] = {
    {"from", GREFFE__K_DATE, true, offsetof(greffe__dated, from), 0, NULL,
     "the first day it holds"},
    {"rules", GREFFE__K_NODE, true, offsetof(greffe__dated, node), 0, NULL,
     "a block with pipes, or a list of rows"},
};
const greffe__keys greffe__keys_version = {"a dated table", version_rows, 2};

/* What the versions of a table share. */
typedef struct versions {
    uint32_t value;
    const table_keys *keys;
    const greffe__node *node;
} versions;

static void add_version(greffe__definition *d, void *data, const greffe__node *node, int64_t from)
{
    const versions *v = data;
    (void)greffe__add_rule(d, v->value, NULL, make_def(d, v->keys, v->node, node), false, from);
}

void greffe__bind_table(greffe__definition *d, const greffe__node *name, const greffe__node *node)
{
    table_keys keys = {0};
    greffe__value_def *value = greffe__arena_push(d->binder.arena, &d->plan->values, sizeof *value);
    if (value == NULL) {
        return;
    }
    value->name = name->text;
    uint32_t position = d->plan->values.count - 1;
    (void)greffe__name_add(d, name, name->text, GREFFE__THING_VALUE, position);
    greffe__bind(&d->binder, &greffe__keys_table, node, 0, &keys);
    value->by_today = keys.as_of == 2;
    if (keys.rules == NULL) {
        return; /* reported */
    }
    bool list = keys.rules->kind == GREFFE__SEQUENCE && keys.rules->count > 0;
    const greffe__node *first = list ? greffe__node_resolve(keys.rules->children[0]) : NULL;
    if (keys.rules->kind == GREFFE__MAPPING) {
        greffe__complain(&d->binder, GREFFE__GR_TABLE_SHAPE, keys.rules,
                         "write 'rules: |', then a line for each rule",
                         "the rules of a table are a block of lines, or a list");
    } else if (first != NULL && first->kind == GREFFE__MAPPING) {
        versions shared = {position, &keys, node};
        greffe__bind_dated(d, &greffe__keys_version, keys.rules, add_version, &shared);
    } else {
        (void)greffe__add_rule(d, position, NULL, make_def(d, &keys, node, keys.rules), true, 0);
    }
}
