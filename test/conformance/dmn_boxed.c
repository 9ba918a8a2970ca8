/* From the JSON of the extract to trees of boxed expressions, whose texts share one source.
 *
 * It knows the form of the extract and nothing of FEEL. */
#include <string.h>

#include "dmn_case.h"

typedef struct builder {
    greffe__arena *arena;
    char *data; /* the source, so far */
    size_t size, capacity;
    bool bad;
} builder;

static const greffe__value NOTHING = {.kind = GREFFE__NULL};

static const greffe__boxed *read(builder *b, const greffe__value *json);

/* --- Parts --- */

/* The list of that name; one without items, and a bad tree, when there is none. */
static const greffe__value *list(builder *b, const greffe__value *json, const char *name)
{
    const greffe__value *found =
        json->kind == GREFFE__CONTEXT ? greffe__value_at(json, name) : NULL;
    if (found == NULL || found->kind != GREFFE__LIST) {
        b->bad = true;
        return &NOTHING;
    }
    return found;
}

static const greffe__value *item(builder *b, const greffe__value *items, uint32_t at)
{
    if (items->kind != GREFFE__LIST || at >= items->count) {
        b->bad = true;
        return &NOTHING;
    }
    return &items->as.items[at];
}

/* A text, or the empty one for null. */
static greffe__str word(builder *b, const greffe__value *json)
{
    if (json->kind != GREFFE__NULL && json->kind != GREFFE__STRING) {
        b->bad = true;
    }
    return json->kind == GREFFE__STRING ? json->as.string : (greffe__str){"", 0};
}

static greffe__str word_at(builder *b, const greffe__value *json, const char *name)
{
    const greffe__value *found =
        json->kind == GREFFE__CONTEXT ? greffe__value_at(json, name) : NULL;
    return found == NULL ? (greffe__str){"", 0} : word(b, found);
}

/* Puts a text on a line of its own of the source. The line of the case has more bytes than all of
 * its texts with their ends, so that the source never moves. */
static greffe__str put(builder *b, greffe__str text)
{
    if (text.size == 0 || b->size + text.size + 1 > b->capacity) {
        b->bad = b->bad || text.size > 0;
        return (greffe__str){"", 0};
    }
    char *start = b->data + b->size;
    memcpy(start, text.data, text.size);
    start[text.size] = '\n';
    b->size += text.size + 1;
    return (greffe__str){start, text.size};
}

static void *room_for(builder *b, size_t count, size_t size)
{
    void *room = greffe__arena_zalloc(b->arena, count * size + 1);
    b->bad = b->bad || room == NULL;
    return room;
}

static greffe__strs strings(builder *b, uint32_t count)
{
    greffe__strs strs = {room_for(b, count, sizeof *strs.at), count, count};
    if (strs.at == NULL) {
        strs.count = 0;
    }
    return strs;
}

/* A node with room for its children, in *children. */
static greffe__boxed *node(builder *b, greffe__boxed_kind kind, uint32_t count,
                           const greffe__boxed ***children)
{
    greffe__boxed *made = room_for(b, 1, sizeof *made);
    *children = room_for(b, count, sizeof **children);
    if (made == NULL || *children == NULL) {
        return NULL;
    }
    made->kind = (uint8_t)kind;
    made->text = made->type = (greffe__str){"", 0};
    made->at = *children;
    made->count = count;
    return made;
}

static const greffe__boxed *text_node(builder *b, greffe__str text, greffe__str type)
{
    const greffe__boxed **children;
    greffe__boxed *made = node(b, GREFFE__BOXED_TEXT, 0, &children);
    if (made != NULL) {
        made->text = put(b, text);
        made->type = type;
    }
    return made;
}

/* An entry or an argument that is not filled in is null. */
static const greffe__boxed *read_or_null(builder *b, const greffe__value *json)
{
    return json->kind == GREFFE__NULL ? text_node(b, greffe__str_of("null"), (greffe__str){"", 0})
                                      : read(b, json);
}

/* --- Tables --- */

static bool number_of(uint8_t *out, const char *const *words, unsigned count, greffe__str text)
{
    for (unsigned i = 0; i < count; i++) {
        if (greffe__str_is(text, words[i])) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static const greffe__column *columns(builder *b, const greffe__value *json)
{
    greffe__column *made = room_for(b, json->count, sizeof *made);
    for (uint32_t i = 0; !b->bad && i < json->count; i++) {
        const greffe__value *column = &json->as.items[i];
        made[i].name = word_at(b, column, "n");
        made[i].type = word_at(b, column, "type");
        made[i].text = put(b, word_at(b, column, "e"));
        made[i].allowed = put(b, word_at(b, column, "vals"));
        made[i].otherwise = put(b, word_at(b, column, "def"));
    }
    return made;
}

static const greffe__str *cells(builder *b, const greffe__table *table, const greffe__value *rules)
{
    const uint32_t wide[] = {table->input_count, table->output_count};
    greffe__str *made = room_for(b, (size_t)table->rule_count * (wide[0] + wide[1]), sizeof *made);
    greffe__str *next = made;
    for (uint32_t r = 0; !b->bad && r < table->rule_count; r++) {
        for (uint32_t half = 0; !b->bad && half < 2; half++) {
            const greffe__value *texts = item(b, &rules->as.items[r], half);
            b->bad = b->bad || texts->kind != GREFFE__LIST || texts->count != wide[half];
            for (uint32_t i = 0; !b->bad && i < wide[half]; i++) {
                *next++ = put(b, word(b, &texts->as.items[i]));
            }
        }
    }
    return made;
}

static const greffe__boxed *read_table(builder *b, const greffe__value *json)
{
    /* In the order of greffe__hit and greffe__aggregate. */
    static const char *const hits[] = {"UNIQUE",  "ANY",        "PRIORITY",    "FIRST",
                                       "COLLECT", "RULE ORDER", "OUTPUT ORDER"};
    static const char *const aggregates[] = {"", "SUM", "MIN", "MAX", "COUNT"};
    const greffe__boxed **children;
    greffe__boxed *made = node(b, GREFFE__BOXED_TABLE, 0, &children);
    greffe__table *table = room_for(b, 1, sizeof *table);
    if (made == NULL || table == NULL) {
        return NULL;
    }
    const greffe__value *inputs = list(b, json, "in"), *outputs = list(b, json, "out");
    const greffe__value *rules = list(b, json, "rules");
    if (!number_of(&table->hit, hits, sizeof hits / sizeof *hits, word_at(b, json, "hit")) ||
        !number_of(&table->aggregate, aggregates, sizeof aggregates / sizeof *aggregates,
                   word_at(b, json, "agg"))) {
        b->bad = true;
    }
    table->input_count = inputs->count;
    table->output_count = outputs->count;
    table->rule_count = rules->count;
    table->inputs = columns(b, inputs);
    table->outputs = columns(b, outputs);
    table->cells = cells(b, table, rules);
    made->table = table;
    return made;
}

/* --- The other kinds --- */

/* Entries are [name, type, expression]: the declared type is the expression's. */
static const greffe__boxed *read_context(builder *b, const greffe__value *json)
{
    const greffe__value *entries = list(b, json, "e");
    const greffe__boxed **children;
    greffe__boxed *made = node(b, GREFFE__BOXED_CONTEXT, entries->count, &children);
    greffe__strs names = strings(b, entries->count);
    for (uint32_t i = 0; !b->bad && i < entries->count; i++) {
        const greffe__value *entry = &entries->as.items[i];
        const greffe__boxed *child = read_or_null(b, item(b, entry, 2));
        const greffe__str type = word(b, item(b, entry, 1));
        names.at[i] = word(b, item(b, entry, 0));
        if (child != NULL && type.size > 0) {
            greffe__boxed *typed = room_for(b, 1, sizeof *typed);
            if (typed != NULL) {
                *typed = *child;
                typed->type = type;
            }
            child = typed;
        }
        children[i] = child;
    }
    if (made != NULL) {
        made->names = names;
    }
    return made;
}

static const greffe__boxed *read_row(builder *b, const greffe__value *row, greffe__strs names)
{
    const greffe__boxed **children;
    greffe__boxed *made = node(b, GREFFE__BOXED_CONTEXT, names.count, &children);
    b->bad = b->bad || row->kind != GREFFE__LIST || row->count != names.count;
    for (uint32_t i = 0; !b->bad && i < names.count; i++) {
        children[i] = read_or_null(b, &row->as.items[i]);
    }
    if (made != NULL) {
        made->names = names;
    }
    return made;
}

/* A relation is a list of contexts with the same names. */
static const greffe__boxed *read_relation(builder *b, const greffe__value *json)
{
    const greffe__value *heads = list(b, json, "cols"), *rows = list(b, json, "rows");
    const greffe__boxed **children;
    greffe__boxed *made = node(b, GREFFE__BOXED_LIST, rows->count, &children);
    greffe__strs names = strings(b, heads->count);
    for (uint32_t i = 0; !b->bad && i < heads->count; i++) {
        names.at[i] = word(b, &heads->as.items[i]);
    }
    for (uint32_t i = 0; !b->bad && i < rows->count; i++) {
        children[i] = read_row(b, &rows->as.items[i], names);
    }
    return made;
}

/* A list of expressions, for a kind that has just these. */
static const greffe__boxed *read_list(builder *b, const greffe__value *json, const char *name,
                                      greffe__boxed_kind kind)
{
    const greffe__value *items = list(b, json, name);
    const greffe__boxed **children;
    greffe__boxed *made = node(b, kind, items->count, &children);
    for (uint32_t i = 0; !b->bad && i < items->count; i++) {
        children[i] = read_or_null(b, &items->as.items[i]);
    }
    b->bad = b->bad || (kind == GREFFE__BOXED_IF && items->count != 3);
    return made;
}

static const greffe__boxed *member(builder *b, const greffe__value *json, const char *name)
{
    const greffe__value *found = greffe__value_at(json, name);
    b->bad = b->bad || found == NULL;
    return found == NULL ? NULL : read_or_null(b, found);
}

static const greffe__boxed *read_function(builder *b, const greffe__value *json)
{
    const greffe__value *parameters = list(b, json, "p");
    const greffe__boxed **children;
    greffe__boxed *made = node(b, GREFFE__BOXED_FUNCTION, 1, &children);
    greffe__strs names = strings(b, parameters->count), types = strings(b, parameters->count);
    for (uint32_t i = 0; !b->bad && i < parameters->count; i++) {
        names.at[i] = word(b, item(b, &parameters->as.items[i], 0));
        types.at[i] = word(b, item(b, &parameters->as.items[i], 1));
    }
    if (made != NULL) {
        children[0] = member(b, json, "b");
        made->names = names;
        made->types = types;
    }
    return made;
}

static const greffe__boxed *read_call(builder *b, const greffe__value *json)
{
    const greffe__value *bindings = list(b, json, "b");
    const greffe__boxed **children;
    greffe__boxed *made = node(b, GREFFE__BOXED_CALL, bindings->count + 1, &children);
    greffe__strs names = strings(b, bindings->count);
    if (made != NULL) {
        children[0] = member(b, json, "f");
        made->names = names;
    }
    for (uint32_t i = 0; !b->bad && i < bindings->count; i++) {
        names.at[i] = word(b, item(b, &bindings->as.items[i], 0));
        children[i + 1] = read_or_null(b, item(b, &bindings->as.items[i], 1));
    }
    return made;
}

/* A list, with a name for its items or without, and what is made of each. */
static const greffe__boxed *read_over(builder *b, const greffe__value *json,
                                      greffe__boxed_kind kind)
{
    const bool filter = kind == GREFFE__BOXED_FILTER;
    const greffe__boxed **children;
    greffe__boxed *made = node(b, kind, 2, &children);
    if (made == NULL) {
        return NULL;
    }
    children[0] = member(b, json, "in");
    children[1] = member(b, json, filter ? "m" : "b");
    if (!filter) {
        made->names = strings(b, 1);
        if (made->names.count == 1) {
            made->names.at[0] = word_at(b, json, "v");
            b->bad = b->bad || made->names.at[0].size == 0;
        }
    }
    return made;
}

static const greffe__boxed *read(builder *b, const greffe__value *json)
{
    static const struct {
        const char *name;
        greffe__boxed_kind kind;
    } over[] = {{"for", GREFFE__BOXED_FOR},
                {"some", GREFFE__BOXED_SOME},
                {"every", GREFFE__BOXED_EVERY},
                {"filter", GREFFE__BOXED_FILTER}};
    static const struct {
        const char *name;
        const greffe__boxed *(*read)(builder *b, const greffe__value *json);
    } others[] = {{"dt", read_table},
                  {"ctx", read_context},
                  {"rel", read_relation},
                  {"fn", read_function},
                  {"inv", read_call}};
    const greffe__str kind = word_at(b, json, "k");
    if (b->bad || kind.size == 0) {
        b->bad = true;
        return NULL;
    }
    if (greffe__str_is(kind, "lit")) {
        return text_node(b, word_at(b, json, "t"), word_at(b, json, "type"));
    }
    if (greffe__str_is(kind, "list")) {
        return read_list(b, json, "e", GREFFE__BOXED_LIST);
    }
    if (greffe__str_is(kind, "if")) {
        return read_list(b, json, "c", GREFFE__BOXED_IF);
    }
    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        if (greffe__str_is(kind, over[i].name)) {
            return read_over(b, json, over[i].kind);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (greffe__str_is(kind, others[i].name)) {
            return others[i].read(b, json);
        }
    }
    b->bad = true;
    return NULL;
}

const greffe__boxed *dmn_boxed_read(greffe__arena *arena, size_t line_bytes,
                                    const greffe__value *expr, greffe__str *source)
{
    builder b = {.arena = arena, .capacity = line_bytes};
    b.data = room_for(&b, line_bytes, 1);
    const greffe__boxed *made = b.data == NULL ? NULL : read(&b, expr);
    if (made == NULL || b.bad) {
        return NULL;
    }
    *source = (greffe__str){b.data, b.size};
    return made;
}
