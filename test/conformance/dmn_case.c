/* One case of the kit: its names and types put into scope, its logic run, its result compared.
 *
 * Temporal values are read by the evaluator itself, as FEEL's @"...": there is no second reader to
 * be wrong. Numbers are compared as the kit's own runners do, which take a difference below
 * 0.00000001 for none. */
#include <stdio.h>
#include <string.h>

#include "dmn_case.h"
#include "value/json.h"

enum {
    TODAY = 18322, /* 2020-03-01 */
    MORNING_MS = 36000000,
    MAX_DEPTH = 16, /* of types that are made of types */
    MAX_ZONE_BYTES = 1 << 16,
    MAX_ZONE_NAME = 64
};

static const char FOLDER[] = "/usr/share/zoneinfo/";

/* --- Zones --- */

/* A zone's name comes from a case: it must not lead out of the folder. */
static bool zone_name_safe(greffe__str name)
{
    if (name.size == 0 || name.size > MAX_ZONE_NAME || name.data[0] == '/') {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '/' && c != '_' && c != '+' && c != '-') {
            return false;
        }
    }
    return true;
}

static const greffe__zone *read_zone(greffe__arena *arena, greffe__str name)
{
    static char bytes[MAX_ZONE_BYTES];
    char path[sizeof FOLDER + MAX_ZONE_NAME];
    greffe__zone *zone = NULL;
    snprintf(path, sizeof path, "%s%.*s", FOLDER, (int)name.size, name.data);
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        if (greffe__zone_read(&zone, arena, (greffe__str){bytes, size}) == GREFFE_OK) {
            return zone;
        }
    }
    /* A host without zone files knows these two. */
    return greffe__str_is(name, "Europe/Paris") ? greffe__zone_paris()
           : greffe__str_is(name, "UTC")        ? greffe__zone_utc()
                                                : NULL;
}

static const greffe__zone *find_zone(void *data, greffe__str name)
{
    dmn_zones *zones = ((dmn_case *)data)->zones;
    for (uint32_t i = 0; i < zones->count; i++) {
        if (greffe__str_equal(zones->at[i].name, name)) {
            return zones->at[i].zone;
        }
    }
    if (!zone_name_safe(name)) {
        return NULL;
    }
    dmn_zone *zone = greffe__arena_push(&zones->arena, zones, sizeof *zone);
    if (zone == NULL) {
        return NULL;
    }
    zone->name = greffe__str_dup(&zones->arena, name);
    zone->zone = read_zone(&zones->arena, name);
    return zone->zone;
}

/* --- Evaluation --- */

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    const dmn_case *c = data;
    if (slot >= c->held.count) {
        return GREFFE_ENOTFOUND;
    }
    *out = c->held.at[slot];
    return GREFFE_OK;
}

static greffe_status evaluate(dmn_case *c, greffe__value *out, greffe__expr_error *error,
                              const greffe__program *program)
{
    const greffe__eval eval = {.load = load,
                               .data = c,
                               .arena = c->arena,
                               .today = TODAY,
                               .now_ms = (int64_t)TODAY * GREFFE__DAY_MS + MORNING_MS,
                               .zone = find_zone};
    return greffe__expr_eval(out, error, program, &eval);
}

/* A value written in FEEL that stands on its own, strictly. */
static bool constant(dmn_case *c, greffe__value *out, greffe__str source)
{
    greffe__symbols none;
    greffe__type type;
    greffe__expr_error error = {.start = 0};
    greffe__program *program = greffe__arena_zalloc(c->arena, sizeof *program);
    *out = greffe__null();
    if (program == NULL) {
        return false;
    }
    greffe__symbols_init(&none, c->arena);
    return greffe__expr_compile(program, &type, &error, c->arena, &none, source, NULL) ==
               GREFFE_OK &&
           evaluate(c, out, &error, program) == GREFFE_OK && out->kind != GREFFE__NULL;
}

/* An error of the runner's own, where a value has not the type that the case declares. */
static greffe_status not_of_type(dmn_case *c, const char *what, greffe__str name)
{
    if (c->error.message == NULL) {
        c->error.code = GREFFE__GR_NONE;
        c->error.message = greffe__str_format(c->arena, "%s is not of the declared type %.*s", what,
                                              (int)name.size, name.data)
                               .data;
    }
    return GREFFE_EINVALID;
}

/* Runs a boxed expression. The program stays: a function that it gives may be called later.
 * Lenient, an expression that does not compile is null like one that cannot be evaluated. */
static greffe_status run_boxed(dmn_case *c, greffe__value *out, greffe__type *type,
                               greffe__str *source, const greffe__value *expr)
{
    greffe__expr_error error = {.start = 0};
    greffe__program *program = greffe__arena_zalloc(c->arena, sizeof *program);
    const greffe__boxed *boxed = dmn_boxed_read(c->arena, c->line_bytes, expr, source);
    *out = greffe__null();
    *type = (greffe__type){.any = true, .optional = true};
    if (boxed == NULL || program == NULL) {
        c->malformed = true;
        return GREFFE_EINVALID;
    }
    greffe_status status = greffe__expr_compile_boxed(program, type, &error, c->arena, &c->symbols,
                                                      *source, boxed, NULL);
    if (status != GREFFE_OK) {
        *type = (greffe__type){.any = true, .optional = true};
    } else {
        status = evaluate(c, out, &error, program);
    }
    if (c->error.message == NULL && error.code != GREFFE__GR_NONE) {
        c->error = error;
    }
    if (status == GREFFE_EINVALID && !c->strict) {
        *out = greffe__null();
        status = GREFFE_OK;
    }
    return status;
}

/* --- Typed values --- */

static bool is_number(greffe__str tag)
{
    return greffe__str_is(tag, "decimal") || greffe__str_is(tag, "double");
}

static bool is_temporal(greffe__str tag)
{
    return greffe__str_is(tag, "date") || greffe__str_is(tag, "time") ||
           greffe__str_is(tag, "dateTime") || greffe__str_is(tag, "duration");
}

/* Takes a typed value apart: its tag, and what follows it (NULL for null). */
static bool take_apart(const greffe__value *typed, greffe__str *tag, const greffe__value **rest)
{
    if (typed->kind != GREFFE__LIST || typed->count == 0 ||
        typed->as.items[0].kind != GREFFE__STRING) {
        return false;
    }
    *tag = typed->as.items[0].as.string;
    *rest = typed->count > 1 ? &typed->as.items[1] : NULL;
    if (greffe__str_is(*tag, "null")) {
        return typed->count == 1;
    }
    const uint8_t kind = greffe__str_is(*tag, "list")  ? GREFFE__LIST
                         : greffe__str_is(*tag, "ctx") ? GREFFE__CONTEXT
                                                       : GREFFE__STRING;
    return typed->count == 2 && (*rest)->kind == kind;
}

static bool read_typed(dmn_case *c, greffe__value *out, const greffe__value *typed);

static bool read_items(dmn_case *c, greffe__value *out, const greffe__value *list)
{
    greffe__value *items = greffe__arena_zalloc(c->arena, list->count * sizeof *items + 1);
    for (uint32_t i = 0; items != NULL && i < list->count; i++) {
        if (!read_typed(c, &items[i], &list->as.items[i])) {
            return false;
        }
    }
    *out = greffe__list_of(items, list->count);
    return items != NULL;
}

static bool read_entries(dmn_case *c, greffe__value *out, const greffe__value *context)
{
    greffe__entry *entries = greffe__arena_zalloc(c->arena, context->count * sizeof *entries + 1);
    for (uint32_t i = 0; entries != NULL && i < context->count; i++) {
        entries[i].name = context->as.entries[i].name;
        if (!read_typed(c, &entries[i].value, &context->as.entries[i].value)) {
            return false;
        }
    }
    *out = greffe__context_of(entries, context->count);
    return entries != NULL;
}

static bool read_temporal(dmn_case *c, greffe__value *out, greffe__str text)
{
    const greffe__str literal =
        greffe__str_format(c->arena, "@\"%.*s\"", (int)text.size, text.data);
    return constant(c, out, literal);
}

/* False when it is not a typed value of the extract; a temporal one that FEEL does not read is
 * null. */
static bool read_typed(dmn_case *c, greffe__value *out, const greffe__value *typed)
{
    greffe__str tag;
    const greffe__value *rest;
    *out = greffe__null();
    if (!take_apart(typed, &tag, &rest)) {
        return false;
    }
    if (rest == NULL) {
        return true;
    }
    if (rest->kind == GREFFE__LIST) {
        return read_items(c, out, rest);
    }
    if (rest->kind == GREFFE__CONTEXT) {
        return read_entries(c, out, rest);
    }
    if (greffe__str_is(tag, "string")) {
        *out = *rest;
        return true;
    }
    if (greffe__str_is(tag, "boolean")) {
        *out = greffe__bool(greffe__str_is(rest->as.string, "true"));
        return out->as.truth || greffe__str_is(rest->as.string, "false");
    }
    if (is_number(tag)) {
        greffe__dec number;
        const bool fine = greffe__dec_parse(&number, rest->as.string);
        *out = fine ? greffe__number(number) : greffe__null();
        return fine;
    }
    if (is_temporal(tag)) {
        (void)read_temporal(c, out, rest->as.string);
        return true;
    }
    return false;
}

/* --- Comparison --- */

static bool numbers_match(dmn_case *c, greffe__dec expected, greffe__dec got)
{
    greffe__dec difference, tolerance;
    if (greffe__dec_compare(expected, got) == 0) {
        return true;
    }
    const bool within = greffe__dec_scaled(&tolerance, 1, -8) &&
                        greffe__dec_sub(&difference, expected, got) &&
                        greffe__dec_compare(greffe__dec_abs(difference), tolerance) < 0;
    c->tolerated = c->tolerated || within;
    return within;
}

static bool temporals_match(dmn_case *c, greffe__str expected, const greffe__value *got)
{
    greffe__value value;
    greffe__buf text, wanted;
    if (got->kind < GREFFE__DATE || got->kind > GREFFE__PERIOD) {
        return false;
    }
    const bool read = read_temporal(c, &value, expected);
    if (read && greffe__value_equal(&value, got)) {
        return true;
    }
    greffe__buf_init(&text, c->arena->context);
    greffe__buf_init(&wanted, c->arena->context);
    greffe__value_temporal(&text, got);
    if (read && value.kind >= GREFFE__DATE && value.kind <= GREFFE__PERIOD) {
        greffe__value_temporal(&wanted, &value);
    } else {
        greffe__buf_str(&wanted, expected);
    }
    const bool same = !text.failed && !wanted.failed &&
                      greffe__str_equal((greffe__str){text.data, text.size},
                                        (greffe__str){wanted.data, wanted.size});
    greffe__buf_free(&text);
    greffe__buf_free(&wanted);
    return same;
}

static bool contexts_match(dmn_case *c, const greffe__value *expected, const greffe__value *got)
{
    bool same = got->kind == GREFFE__CONTEXT && got->count == expected->count;
    for (uint32_t i = 0; same && i < expected->count; i++) {
        const greffe__entry *entry = &expected->as.entries[i];
        const greffe__value *found = greffe__value_get(got, entry->name);
        same = found != NULL && dmn_case_matches(c, &entry->value, found);
    }
    return same;
}

bool dmn_case_matches(dmn_case *c, const greffe__value *typed, const greffe__value *got)
{
    greffe__str tag;
    const greffe__value *rest;
    greffe__value value;
    if (!take_apart(typed, &tag, &rest)) {
        return false;
    }
    if (rest == NULL) {
        return got->kind == GREFFE__NULL;
    }
    if (rest->kind == GREFFE__CONTEXT) {
        return contexts_match(c, rest, got);
    }
    if (rest->kind == GREFFE__LIST) {
        bool same = got->kind == GREFFE__LIST && got->count == rest->count;
        for (uint32_t i = 0; same && i < rest->count; i++) {
            same = dmn_case_matches(c, &rest->as.items[i], &got->as.items[i]);
        }
        return same;
    }
    if (is_temporal(tag)) {
        return temporals_match(c, rest->as.string, got);
    }
    if (!read_typed(c, &value, typed)) {
        return false;
    }
    if (is_number(tag)) {
        return got->kind == GREFFE__NUMBER && numbers_match(c, value.as.number, got->as.number);
    }
    return greffe__value_equal(&value, got);
}

/* --- Types --- */

static greffe__type type_named(dmn_case *c, greffe__str name, bool optional, unsigned depth);

static greffe__str member_str(const greffe__value *context, const char *name)
{
    const greffe__value *found = greffe__value_at(context, name);
    return found != NULL && found->kind == GREFFE__STRING ? found->as.string : (greffe__str){"", 0};
}

static greffe__type *type_dup(dmn_case *c, greffe__type type)
{
    greffe__type *made = greffe__arena_zalloc(c->arena, sizeof *made);
    if (made != NULL) {
        *made = type;
    }
    return made;
}

/* Unary tests that can stand in a list give the values and ranges that are allowed; others are
 * left out. */
static const greffe__value *allowed(dmn_case *c, greffe__str tests)
{
    greffe__value *value = greffe__arena_zalloc(c->arena, sizeof *value);
    const greffe__str source = greffe__str_format(c->arena, "[%.*s]", (int)tests.size, tests.data);
    if (value == NULL || !constant(c, value, source) || value->kind != GREFFE__LIST) {
        return NULL;
    }
    return value;
}

static greffe__type item_type(dmn_case *c, const greffe__value *item, bool optional,
                              unsigned depth);

static greffe__type context_type(dmn_case *c, const greffe__value *parts, bool optional,
                                 unsigned depth)
{
    greffe__type type = {.kind = GREFFE__CONTEXT};
    greffe__strs *names = greffe__arena_zalloc(c->arena, sizeof *names);
    greffe__str *at = greffe__arena_zalloc(c->arena, parts->count * sizeof *at);
    greffe__type *of = greffe__arena_zalloc(c->arena, parts->count * sizeof *of);
    if (names == NULL || at == NULL || of == NULL) {
        return (greffe__type){.any = true};
    }
    for (uint32_t i = 0; i < parts->count; i++) {
        at[i] = parts->as.entries[i].name;
        of[i] = item_type(c, &parts->as.entries[i].value, optional, depth + 1);
    }
    *names = (greffe__strs){at, parts->count, parts->count};
    type.names = names;
    type.of = of;
    return type;
}

/* An item definition: a type with a name, a context, or, where the extract says nothing of it (a
 * function's), anything. */
static greffe__type item_type(dmn_case *c, const greffe__value *item, bool optional, unsigned depth)
{
    greffe__type type = {.any = true};
    if (item->kind != GREFFE__CONTEXT || depth > MAX_DEPTH) {
        c->malformed = true;
        return type;
    }
    const greffe__value *parts = greffe__value_at(item, "comps");
    const greffe__value *list = greffe__value_at(item, "list");
    const greffe__str ref = member_str(item, "ref"), tests = member_str(item, "allowed");
    if (ref.size > 0) {
        type = type_named(c, ref, optional, depth + 1);
    } else if (parts != NULL && parts->kind == GREFFE__CONTEXT && parts->count > 0) {
        type = context_type(c, parts, optional, depth);
    }
    type.optional = type.optional || optional;
    if (tests.size > 0) {
        type.allowed = allowed(c, tests);
    }
    if (list != NULL && list->kind == GREFFE__BOOL && list->as.truth) {
        type =
            (greffe__type){.kind = GREFFE__LIST, .item = type_dup(c, type), .optional = optional};
    }
    return type;
}

/* The spellings of XML Schema, and the names that stand for no type in particular. */
static const char *const ALIASES[][2] = {{"dateTime", "date and time"},
                                         {"dayTimeDuration", "days and time duration"},
                                         {"yearMonthDuration", "years and months duration"}};

static greffe__type type_named(dmn_case *c, greffe__str name, bool optional, unsigned depth)
{
    greffe__type type = {.any = true};
    const greffe__value *item =
        c->items.kind == GREFFE__CONTEXT ? greffe__value_get(&c->items, name) : NULL;
    if (item != NULL) {
        return item_type(c, item, optional, depth + 1);
    }
    for (size_t i = 0; i < sizeof ALIASES / sizeof *ALIASES; i++) {
        if (greffe__str_is(name, ALIASES[i][0])) {
            name = greffe__str_of(ALIASES[i][1]);
        }
    }
    if (name.size == 0 || greffe__str_is(name, "Any") ||
        !greffe__symbols_type(&c->symbols, c->arena, name, &type)) {
        type = (greffe__type){.any = true};
    }
    type.optional = type.optional || optional;
    return type;
}

/* Gives the expressions the names of types. Each is resolved whole, so that their order does not
 * matter. Lenient, null is of every type. */
static void add_types(dmn_case *c)
{
    for (size_t i = 0; i < sizeof ALIASES / sizeof *ALIASES; i++) {
        const greffe__str alias = greffe__str_of(ALIASES[i][0]);
        (void)greffe__symbols_add_type(&c->symbols, alias, type_named(c, alias, !c->strict, 0));
    }
    (void)greffe__symbols_add_type(&c->symbols, greffe__str_of("Any"),
                                   (greffe__type){.any = true, .optional = true});
    for (uint32_t i = 0; c->items.kind == GREFFE__CONTEXT && i < c->items.count; i++) {
        const greffe__entry *entry = &c->items.as.entries[i];
        (void)greffe__symbols_add_type(&c->symbols, entry->name,
                                       item_type(c, &entry->value, !c->strict, 0));
    }
}

/* Makes a value one of its declared type. Null is of every type. A value that is not of its type
 * is null, and strictly an error. */
static greffe_status conform(dmn_case *c, greffe__value *value, const greffe__type *type,
                             const char *what, greffe__str name)
{
    greffe__value as = greffe__null();
    if (value->kind == GREFFE__NULL || type->any ||
        greffe__type_conform(&as, value, type, c->arena)) {
        *value = value->kind == GREFFE__NULL || type->any ? *value : as;
        return GREFFE_OK;
    }
    *value = greffe__null();
    const greffe_status status = not_of_type(c, what, name);
    return c->strict ? status : GREFFE_OK;
}

/* --- What is in scope --- */

/* The name that stands first keeps its value. */
static greffe_status hold(dmn_case *c, greffe__str name, greffe__type type, greffe__value value)
{
    if (greffe__symbols_find(&c->symbols, name) != NULL) {
        return GREFFE_OK;
    }
    greffe__value *slot = greffe__arena_push(c->arena, &c->held, sizeof *slot);
    if (slot == NULL || !greffe__symbols_add(&c->symbols, name, type, c->held.count - 1)) {
        return GREFFE_ENOMEM;
    }
    *slot = value;
    return GREFFE_OK;
}

/* An input that is missing is null. Strictly, one that holds a null may be null: then only what
 * tests it may use it. */
static greffe_status take_input(dmn_case *c, greffe__str name, greffe__str declared)
{
    greffe__value value = greffe__null(), as;
    const greffe__value *typed = greffe__value_get(&c->in, name);
    if (typed != NULL && !read_typed(c, &value, typed)) {
        c->malformed = true;
        return GREFFE_EINVALID;
    }
    bool optional = !c->strict || value.kind == GREFFE__NULL;
    greffe__type type = type_named(c, declared, optional, 0);
    if (!optional && !type.any && !greffe__type_conform(&as, &value, &type, c->arena)) {
        type = type_named(c, declared, true, 0);
    }
    const greffe_status status = conform(c, &value, &type, "an input", declared);
    return status != GREFFE_OK ? status : hold(c, name, type, value);
}

static greffe_status take_logic(dmn_case *c, greffe__str name, const greffe__value *expr)
{
    greffe__value value;
    greffe__type type;
    greffe__str source;
    const greffe_status status = run_boxed(c, &value, &type, &source, expr);
    if (status != GREFFE_OK) {
        return status;
    }
    type.optional = type.optional || !c->strict || value.kind == GREFFE__NULL;
    return hold(c, name, type, value);
}

static greffe_status take_scope(dmn_case *c)
{
    greffe_status status = GREFFE_OK;
    for (uint32_t i = 0; status == GREFFE_OK && i < c->pre.count; i++) {
        const greffe__value *part = &c->pre.as.items[i];
        if (part->kind != GREFFE__CONTEXT || member_str(part, "n").size == 0) {
            c->malformed = true;
            return GREFFE_EINVALID;
        }
        const greffe__value *decision = greffe__value_at(part, "dec");
        const greffe__value *function = greffe__value_at(part, "bkm");
        const greffe__str name = member_str(part, "n");
        if (greffe__value_at(part, "input") != NULL) {
            status = take_input(c, name, member_str(part, "input"));
        } else if (decision != NULL || function != NULL) {
            status = take_logic(c, name, decision != NULL ? decision : function);
        } else {
            c->malformed = true;
            return GREFFE_EINVALID;
        }
    }
    return status;
}

/* --- Door --- */

/* A member that is absent or null has the empty value of its kind. */
static bool take_member(greffe__value *out, const greffe__value *line, const char *name,
                        greffe__kind kind)
{
    const greffe__value *found = greffe__value_at(line, name);
    if (found == NULL || found->kind == GREFFE__NULL) {
        *out = (greffe__value){.kind = (uint8_t)kind};
        return true;
    }
    *out = *found;
    return found->kind == kind;
}

bool dmn_case_read(dmn_case *c, greffe__str line)
{
    greffe__value read = greffe__null(), id, err, checked;
    if (greffe__json_read(&read, c->arena, NULL, "case", line) != GREFFE_OK ||
        read.kind != GREFFE__CONTEXT || greffe__value_at(&read, "exp") == NULL) {
        return false;
    }
    if (!take_member(&id, &read, "id", GREFFE__STRING) || id.as.string.size == 0 ||
        !take_member(&err, &read, "err", GREFFE__BOOL) ||
        !take_member(&c->expr, &read, "expr", GREFFE__CONTEXT) ||
        !take_member(&c->type, &read, "type", GREFFE__STRING) ||
        !take_member(&c->in, &read, "in", GREFFE__CONTEXT) ||
        !take_member(&c->pre, &read, "pre", GREFFE__LIST) ||
        !take_member(&c->items, &read, "items", GREFFE__CONTEXT)) {
        return false;
    }
    c->line_bytes = line.size;
    c->id = id.as.string;
    c->err = err.as.truth;
    c->expected = *greffe__value_at(&read, "exp");
    c->got = greffe__null();
    return read_typed(c, &checked, &c->expected);
}

bool dmn_case_run(dmn_case *c)
{
    greffe__type type;
    greffe__symbols_init(&c->symbols, c->arena);
    c->symbols.lenient = !c->strict;
    add_types(c);
    c->status = take_scope(c);
    if (c->status == GREFFE_OK) {
        c->status = run_boxed(c, &c->got, &type, &c->source, &c->expr);
    } else if (dmn_boxed_read(c->arena, c->line_bytes, &c->expr, &c->source) == NULL) {
        c->malformed = true; /* its text is wanted for the report in any case */
    }
    if (c->status == GREFFE_OK) {
        const greffe__type declared = type_named(c, c->type.as.string, true, 0);
        c->status = conform(c, &c->got, &declared, "the result", c->type.as.string);
    }
    if (c->arena->failed) {
        c->status = GREFFE_ENOMEM;
    }
    return !c->malformed;
}
