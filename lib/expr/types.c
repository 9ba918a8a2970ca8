/* Names and their types; types as values that programs keep, and what is of a type. */
#include <string.h>

#include "expr/expr_priv.h"

/* --- Symbols --- */

/* So that a name costs one look, and not one at each of a hundred functions. */
static void index_functions(greffe__symbols *symbols)
{
    for (uint32_t i = 0; i < greffe__function_count(); i++) {
        const greffe__function *function = greffe__function_at(i);
        if (function == NULL) {
            continue;
        }
        greffe__str name = greffe__str_of(function->name);
        const char *space = memchr(name.data, ' ', name.size);
        (void)greffe__map_add(&symbols->functions, name, i);
        if (space != NULL) {
            greffe__str word = {name.data, (size_t)(space - name.data)};
            (void)greffe__map_add(&symbols->begun, word, i);
        }
    }
}

void greffe__symbols_init(greffe__symbols *symbols, greffe__arena *arena)
{
    *symbols = (greffe__symbols){0};
    greffe__map_init(&symbols->index, arena);
    greffe__map_init(&symbols->types, arena);
    greffe__map_init(&symbols->functions, arena);
    greffe__map_init(&symbols->begun, arena);
    index_functions(symbols);
}

/* A name that the lexer would not read as one word, or as words with points between them. */
static bool is_spaced(greffe__str name)
{
    bool start = true;
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (c != '.' && !letter && (!digit || start)) {
            return true;
        }
        start = c == '.';
    }
    return false;
}

static bool add_spaced(greffe__symbols *symbols, greffe__str name)
{
    if (!is_spaced(name)) {
        return true;
    }
    greffe__str *place = greffe__arena_push(symbols->index.arena, &symbols->spaced, sizeof *place);
    if (place == NULL) {
        return false;
    }
    *place = name;
    return true;
}

static bool add_entries(greffe__symbols *symbols, const greffe__type *type, int depth)
{
    bool good = true;
    for (uint32_t i = 0; depth < 8 && type->names != NULL && i < type->names->count; i++) {
        good = good && add_spaced(symbols, type->names->at[i]) &&
               add_entries(symbols, &type->of[i], depth + 1);
    }
    return good &&
           (type->item == NULL || depth >= 8 || add_entries(symbols, type->item, depth + 1));
}

bool greffe__symbols_add(greffe__symbols *symbols, greffe__str name, greffe__type type,
                         uint32_t slot)
{
    if (!greffe__map_add(&symbols->index, name, symbols->count)) {
        return false;
    }
    greffe__symbol **place = greffe__arena_push(symbols->index.arena, symbols, sizeof *place);
    greffe__symbol *symbol = greffe__arena_alloc(symbols->index.arena, sizeof *symbol);
    if (place == NULL || symbol == NULL) {
        symbols->count -= place != NULL ? 1 : 0;
        return false;
    }
    *symbol = (greffe__symbol){name, type, slot};
    *place = symbol;
    return add_spaced(symbols, name) && add_entries(symbols, &type, 0);
}

const greffe__symbol *greffe__symbols_find(const greffe__symbols *symbols, greffe__str name)
{
    uint32_t index;
    if (greffe__map_get(&symbols->index, name, &index)) {
        return symbols->at[index];
    }
    if (symbols->own.size > 0 && greffe__str_equal(symbols->own, name)) {
        return symbols->own_is;
    }
    return symbols->supply != NULL && name.size > 0 ? symbols->supply(symbols->data, name) : NULL;
}

bool greffe__symbols_add_type(greffe__symbols *symbols, greffe__str name, greffe__type type)
{
    if (!greffe__map_add(&symbols->types, name, symbols->typed.count)) {
        return false;
    }
    greffe__type *place = greffe__arena_push(symbols->types.arena, &symbols->typed, sizeof *place);
    if (place == NULL || !add_entries(symbols, &type, 0)) {
        return false;
    }
    *place = type;
    return true;
}

bool greffe__symbols_type(const greffe__symbols *symbols, greffe__arena *arena, greffe__str text,
                          greffe__type *out)
{
    greffe__expr_error error = {0};
    uint32_t index;
    if (greffe__map_get(&symbols->types, text, &index)) {
        *out = ((const greffe__type *)symbols->typed.items)[index];
        return true;
    }
    greffe__expr_work work = {.arena = arena, .symbols = symbols, .source = text, .error = &error};
    const greffe__type *type = text.size > 0 ? greffe__expr_parse_type(&work) : NULL;
    *out = type != NULL ? *type : (greffe__type){.any = true, .optional = true};
    return type != NULL;
}

/* --- Types as values --- */

static greffe__value one_entry(const char *name, greffe__value value, greffe__arena *arena)
{
    greffe__entry *entry = greffe__arena_alloc(arena, sizeof *entry);
    if (entry == NULL) {
        return greffe__null();
    }
    *entry = (greffe__entry){greffe__str_of(name), value};
    return greffe__context_of(entry, 1);
}

static greffe__value two_entries(const char *name, greffe__value value, const char *other,
                                 greffe__value with, greffe__arena *arena)
{
    greffe__entry *entries = greffe__arena_alloc(arena, 2 * sizeof *entries);
    if (entries == NULL) {
        return greffe__null();
    }
    entries[0] = (greffe__entry){greffe__str_of(name), value};
    entries[1] = (greffe__entry){greffe__str_of(other), with};
    return greffe__context_of(entries, 2);
}

static greffe__value context_type(const greffe__type *type, greffe__arena *arena)
{
    greffe__entry *entries = greffe__arena_alloc(arena, (type->names->count + 1) * sizeof *entries);
    if (entries == NULL) {
        return greffe__null();
    }
    for (uint32_t i = 0; i < type->names->count; i++) {
        entries[i] = (greffe__entry){type->names->at[i], greffe__type_value(&type->of[i], arena)};
    }
    return one_entry("context", greffe__context_of(entries, type->names->count), arena);
}

static greffe__value function_type(const greffe__type *type, greffe__arena *arena)
{
    greffe__value *items = greffe__arena_alloc(arena, (type->count + 1) * sizeof *items);
    if (items == NULL) {
        return greffe__null();
    }
    for (uint32_t i = 0; i < type->count; i++) {
        items[i] = greffe__type_value(&type->of[i], arena);
    }
    return two_entries("function", greffe__list_of(items, type->count), "gives",
                       greffe__type_value(type->item, arena), arena);
}

static greffe__value bare_value(const greffe__type *type, greffe__arena *arena)
{
    if (type->any) {
        return greffe__text("Any");
    }
    switch ((greffe__kind)type->kind) {
    case GREFFE__LIST:
        return type->item == NULL ? greffe__text("list")
                                  : one_entry("list", greffe__type_value(type->item, arena), arena);
    case GREFFE__RANGE:
        return type->item == NULL
                   ? greffe__text("range")
                   : one_entry("range", greffe__type_value(type->item, arena), arena);
    case GREFFE__CONTEXT:
        return type->names == NULL ? greffe__text("context") : context_type(type, arena);
    case GREFFE__FUNCTION:
        return type->item == NULL ? greffe__text("function") : function_type(type, arena);
    case GREFFE__NULL: return greffe__text("Null");
    case GREFFE__BOOL:
    case GREFFE__NUMBER:
    case GREFFE__STRING:
    case GREFFE__DATE:
    case GREFFE__TIME:
    case GREFFE__DATETIME:
    case GREFFE__DURATION:
    case GREFFE__PERIOD: break;
    }
    return greffe__text(greffe__kind_name((greffe__kind)type->kind));
}

greffe__value greffe__type_value(const greffe__type *type, greffe__arena *arena)
{
    greffe__value value = bare_value(type, arena);
    return type->allowed == NULL ? value
                                 : two_entries("of", value, "allowed", *type->allowed, arena);
}

/* --- What is of a type --- */

static bool named(const greffe__value *type, const char *name)
{
    return type->kind == GREFFE__STRING && greffe__str_is(type->as.string, name);
}

static bool is_allowed(const greffe__value *allowed, const greffe__value *value)
{
    greffe__trouble trouble;
    greffe__value in = greffe__null();
    return greffe__value_in(&in, value, allowed, &trouble) && in.kind == GREFFE__BOOL &&
           in.as.truth;
}

/* Whether what is of type `a` is of type `b` too. */
static bool narrower(const greffe__value *a, const greffe__value *b)
{
    if (named(b, "Any") || greffe__value_equal(a, b)) {
        return true;
    }
    if (a->kind != GREFFE__CONTEXT || b->kind != GREFFE__CONTEXT) {
        return false;
    }
    static const char *const made[] = {"list", "range"};
    for (size_t i = 0; i < 2; i++) {
        const greffe__value *x = greffe__value_at(a, made[i]), *y = greffe__value_at(b, made[i]);
        if (x != NULL && y != NULL) {
            return narrower(x, y);
        }
    }
    const greffe__value *x = greffe__value_at(a, "context"), *y = greffe__value_at(b, "context");
    bool all = x != NULL && y != NULL;
    for (uint32_t i = 0; all && i < y->count; i++) {
        const greffe__value *entry = greffe__value_get(x, y->as.entries[i].name);
        all = entry != NULL && narrower(entry, &y->as.entries[i].value);
    }
    return all;
}

static bool function_has(const greffe__value *type, const greffe__closure *closure)
{
    const greffe__value *wanted = greffe__value_at(type, "function");
    const greffe__value *gives = greffe__value_at(type, "gives");
    if (wanted == NULL || gives == NULL) {
        return false;
    }
    if (closure->lambda == NULL) {
        uint32_t least, most;
        greffe__function_bounds(closure->function, &least, &most);
        return wanted->count >= least && wanted->count <= most;
    }
    const greffe__values *types = &closure->lambda->types;
    if (types->count != wanted->count + 1) {
        return false;
    }
    for (uint32_t i = 0; i < wanted->count; i++) {
        if (!narrower(&wanted->as.items[i], &types->at[i])) {
            return false;
        }
    }
    return narrower(&types->at[wanted->count], gives);
}

static bool context_has(const greffe__value *entries, const greffe__value *value)
{
    for (uint32_t i = 0; i < entries->count; i++) {
        const greffe__value *entry = greffe__value_get(value, entries->as.entries[i].name);
        const greffe__value *type = &entries->as.entries[i].value;
        bool there =
            entry != NULL && (entry->kind == GREFFE__NULL || greffe__type_has(type, entry));
        if (!there) {
            return false;
        }
    }
    return true;
}

static bool made_type_has(const greffe__value *type, const greffe__value *value)
{
    const greffe__value *part = greffe__value_at(type, "of");
    if (part != NULL) {
        const greffe__value *allowed = greffe__value_at(type, "allowed");
        return greffe__type_has(part, value) && allowed != NULL && is_allowed(allowed, value);
    }
    part = greffe__value_at(type, "list");
    if (part != NULL) {
        bool all = value->kind == GREFFE__LIST;
        for (uint32_t i = 0; all && i < value->count; i++) {
            const greffe__value *item = &value->as.items[i];
            all = greffe__type_has(part, item) || (item->kind == GREFFE__NULL);
        }
        return all;
    }
    part = greffe__value_at(type, "range");
    if (part != NULL) {
        const greffe__range *range = value->as.range;
        return value->kind == GREFFE__RANGE &&
               (range->low.kind == GREFFE__NULL || greffe__type_has(part, &range->low)) &&
               (range->high.kind == GREFFE__NULL || greffe__type_has(part, &range->high));
    }
    part = greffe__value_at(type, "context");
    if (part != NULL) {
        return value->kind == GREFFE__CONTEXT && context_has(part, value);
    }
    return value->kind == GREFFE__FUNCTION && function_has(type, value->as.function);
}

bool greffe__type_has(const greffe__value *type, const greffe__value *value)
{
    if (value->kind == GREFFE__NULL) {
        return named(type, "Null");
    }
    if (type->kind == GREFFE__STRING) {
        return named(type, "Any") ||
               greffe__str_is(type->as.string, greffe__kind_name((greffe__kind)value->kind));
    }
    return type->kind == GREFFE__CONTEXT && made_type_has(type, value);
}

static bool wants_list(const greffe__value *type)
{
    const greffe__value *of = greffe__value_at(type, "of");
    return of != NULL ? wants_list(of)
                      : named(type, "list") || greffe__value_at(type, "list") != NULL;
}

static bool is_datetime(const greffe__value *type)
{
    const greffe__value *of = greffe__value_at(type, "of");
    return of != NULL ? is_datetime(of) : named(type, "date and time");
}

bool greffe__type_conforms(greffe__value *out, const greffe__value *value,
                           const greffe__value *type, greffe__arena *arena)
{
    *out = *value;
    if (value->kind == GREFFE__NULL || greffe__type_has(type, value)) {
        return true;
    }
    bool list = wants_list(type);
    if (!list && value->kind == GREFFE__LIST && value->count == 1 &&
        greffe__type_has(type, &value->as.items[0])) {
        *out = value->as.items[0];
        return true;
    }
    if (list && value->kind != GREFFE__LIST) {
        greffe__value *item = greffe__arena_alloc(arena, sizeof *item);
        if (item != NULL) {
            *item = *value;
            *out = greffe__list_of(item, 1);
            if (greffe__type_has(type, out)) {
                return true;
            }
        }
    }
    if (value->kind == GREFFE__DATE && is_datetime(type)) {
        *out = greffe__temporal(GREFFE__DATETIME, (greffe__moment){value->as.days * 86400, 0, 0});
        return true;
    }
    *out = greffe__null();
    return false;
}

bool greffe__type_conform(greffe__value *out, const greffe__value *value, const greffe__type *type,
                          greffe__arena *arena)
{
    greffe__value wanted = greffe__type_value(type, arena);
    return greffe__type_conforms(out, value, &wanted, arena);
}

/* --- Words --- */

const char *greffe__type_words(const greffe__type *type, greffe__arena *arena)
{
    if (type->any) {
        return "any value";
    }
    const char *name = greffe__kind_name((greffe__kind)type->kind);
    if (type->kind != GREFFE__LIST || type->item == NULL || type->item->any) {
        return name;
    }
    greffe__str words =
        greffe__str_format(arena, "list of %s", greffe__kind_name((greffe__kind)type->item->kind));
    return words.data != NULL ? words.data : name;
}
