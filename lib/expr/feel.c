/* FEEL for a host program: names with values, and expressions over them. */
#include <greffe/feel.h>
#include <string.h>

#include "expr/expr.h"
#include "value/json.h"

struct greffe_feel {
    greffe_context *context;
    greffe_feel_options options;
    greffe__arena kept; /* names and their values */
    greffe__arena work; /* of one evaluation */
    greffe__strs names;
    greffe__values values;
    greffe__list types; /* greffe__type */
};

greffe_status greffe_feel_create(greffe_feel **out, greffe_context *context,
                                 const greffe_feel_options *options)
{
    enum { most = 18 * 3600 };
    if (out == NULL || context == NULL ||
        (options != NULL && (options->size != sizeof *options || options->offset_s > most ||
                             options->offset_s < -most))) {
        return GREFFE_EMISUSE;
    }
    greffe_feel *feel = greffe__alloc(context, NULL, sizeof *feel);
    if (feel == NULL) {
        return GREFFE_ENOMEM;
    }
    *feel = (greffe_feel){.context = context};
    if (options != NULL) {
        feel->options = *options;
    }
    greffe__arena_init(&feel->kept, context);
    greffe__arena_init(&feel->work, context);
    *out = feel;
    return GREFFE_OK;
}

void greffe_feel_destroy(greffe_feel *feel)
{
    if (feel == NULL) {
        return;
    }
    greffe__arena_free(&feel->kept);
    greffe__arena_free(&feel->work);
    greffe__free(feel->context, feel);
}

size_t greffe_feel_count(const greffe_feel *feel)
{
    return feel != NULL ? feel->names.count : 0;
}

greffe_str greffe_feel_name(const greffe_feel *feel, size_t index)
{
    return index < greffe_feel_count(feel) ? feel->names.at[index] : (greffe_str){"", 0};
}

/* --- Names --- */

static bool is_name(const greffe_feel *feel, greffe__str name)
{
    static const char *const kept[] = {"true",  "false",    "null", "if",        "then",
                                       "else",  "for",      "in",   "return",    "some",
                                       "every", "and",      "or",   "satisfies", "between",
                                       "not",   "instance", "of",   "function"};
    size_t bad;
    bool good = name.size > 0 && name.size <= 64 && greffe__utf8_valid(name, &bad);
    for (size_t i = 0; good && i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        bool digit = c >= '0' && c <= '9';
        good = letter || (digit && i > 0) || (c == ' ' && i > 0 && feel->options.lenient);
    }
    for (size_t i = 0; good && i < sizeof kept / sizeof *kept; i++) {
        good = !greffe__str_is(name, kept[i]);
    }
    return good;
}

static bool keep(greffe_feel *feel, greffe__str name, const greffe__value *value, greffe__type type)
{
    uint32_t at = 0;
    while (at < feel->names.count && !greffe__str_equal(feel->names.at[at], name)) {
        at += 1;
    }
    if (at == feel->names.count) {
        greffe__str *place = greffe__arena_push(&feel->kept, &feel->names, sizeof *place);
        greffe__value *kept = greffe__arena_push(&feel->kept, &feel->values, sizeof *kept);
        greffe__type *typed = greffe__arena_push(&feel->kept, &feel->types, sizeof *typed);
        if (place == NULL || kept == NULL || typed == NULL) {
            return false;
        }
        *place = greffe__str_dup(&feel->kept, name);
    }
    feel->values.at[at] = *value;
    ((greffe__type *)feel->types.items)[at] = type;
    return !feel->kept.failed;
}

/* The type of a value that came from outside. */
static greffe__type type_of(greffe_feel *feel, const greffe__value *value)
{
    greffe__type type = {.kind = value->kind, .optional = value->kind == GREFFE__NULL};
    if (value->kind == GREFFE__NULL) {
        type.any = true;
    } else if (value->kind == GREFFE__LIST) {
        bool same = value->count > 0;
        for (uint32_t i = 1; i < value->count; i++) {
            same = same && value->as.items[i].kind == value->as.items[0].kind;
        }
        greffe__type *item = greffe__arena_alloc(&feel->kept, sizeof *item);
        if (same && item != NULL) {
            *item = type_of(feel, &value->as.items[0]);
            item->names = NULL; /* other items may have other entries */
            type.item = item;
        }
    } else if (value->kind == GREFFE__CONTEXT && value->count > 0) {
        greffe__type *of = greffe__arena_alloc(&feel->kept, value->count * sizeof *of);
        greffe__strs *names = greffe__arena_zalloc(&feel->kept, sizeof *names);
        for (uint32_t i = 0; of != NULL && names != NULL && i < value->count; i++) {
            greffe__str *name = greffe__arena_push(&feel->kept, names, sizeof *name);
            if (name == NULL) {
                break;
            }
            *name = value->as.entries[i].name;
            of[i] = type_of(feel, &value->as.entries[i].value);
        }
        type.names = names;
        type.of = of;
    }
    return type;
}

/* --- Evaluating --- */

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    const greffe_feel *feel = data;
    *out = feel->values.at[slot];
    return GREFFE_OK;
}

static void tell(greffe_diags *diags, greffe__str text, const greffe__expr_error *error)
{
    greffe__arena *arena = greffe__diags_arena(diags);
    greffe__source *source = greffe__arena_alloc(arena, sizeof *source);
    greffe__str kept = greffe__str_dup(arena, text);
    bool placed = source != NULL && kept.data != NULL &&
                  greffe__source_init(source, arena, "expression", kept) == GREFFE_OK;
    const char *hint =
        error->hint != NULL ? greffe__str_dup(arena, greffe__str_of(error->hint)).data : NULL;
    uint32_t end = error->end > error->start ? error->end : error->start + 1;
    greffe__report(diags, error->code, placed ? source : NULL, (greffe__span){error->start, end},
                   hint, "%s", error->message);
}

/* Compiles and evaluates in an arena, which keeps what the value is made of. */
static greffe_status evaluate(greffe_feel *feel, greffe__arena *arena, greffe_diags *diags,
                              greffe__str text, greffe__value *out, greffe__type *type)
{
    greffe__symbols symbols;
    greffe__program program;
    greffe__expr_error error = {0};
    const greffe__type *types = feel->types.items;
    const int64_t local = feel->options.now_ms + (int64_t)feel->options.offset_s * 1000;
    greffe__str kept = greffe__str_dup(arena, text);
    greffe__symbols_init(&symbols, arena);
    symbols.lenient = feel->options.lenient;
    for (uint32_t i = 0; i < feel->names.count; i++) {
        (void)greffe__symbols_add(&symbols, feel->names.at[i], types[i], i);
    }
    if (arena->failed) {
        return GREFFE_ENOMEM;
    }
    const greffe__eval eval = {.load = load,
                               .data = feel,
                               .arena = arena,
                               .today = local / 86400000 - (local % 86400000 < 0),
                               .now_ms = feel->options.now_ms,
                               .offset = feel->options.offset_s};
    greffe_status status =
        greffe__expr_compile(&program, type, &error, arena, &symbols, kept, NULL);
    if (status == GREFFE_OK) {
        /* A function lives as long as its program. */
        greffe__program *lasting = greffe__arena_alloc(arena, sizeof *lasting);
        if (lasting == NULL) {
            return GREFFE_ENOMEM;
        }
        *lasting = program;
        status = greffe__expr_eval(out, &error, lasting, &eval);
    }
    if (error.code != GREFFE__GR_NONE && status != GREFFE_ENOMEM) {
        tell(diags, text, &error);
    }
    return status;
}

static bool is_wrong(const greffe_feel *feel, const greffe_diags *diags, greffe_str text)
{
    return feel == NULL || diags == NULL || text.data == NULL;
}

static greffe_status wrong_name(greffe_feel *feel, greffe_diags *diags, greffe_str name)
{
    greffe__expr_error error = {
        GREFFE__GR_EXPR_NAME, 0, (uint32_t)name.size, "this cannot be the name of a value",
        feel->options.lenient ? "letters, digits, _ and single spaces, and no keyword"
                              : "letters, digits and _, and no keyword"};
    tell(diags, name, &error);
    return GREFFE_EINVALID;
}

greffe_status greffe_feel_set(greffe_feel *feel, greffe_diags *diags, greffe_str name,
                              greffe_str expression)
{
    greffe__value value = greffe__null();
    greffe__type type;
    if (is_wrong(feel, diags, expression) || name.data == NULL) {
        return GREFFE_EMISUSE;
    }
    if (!is_name(feel, name)) {
        return wrong_name(feel, diags, name);
    }
    greffe_status status = evaluate(feel, &feel->kept, diags, expression, &value, &type);
    if (status != GREFFE_OK) {
        return status;
    }
    type.optional = value.kind == GREFFE__NULL; /* the value is known now */
    if (type.any) {
        type = type_of(feel, &value);
    }
    return keep(feel, name, &value, type) ? GREFFE_OK : GREFFE_ENOMEM;
}

greffe_status greffe_feel_set_json(greffe_feel *feel, greffe_diags *diags, greffe_str name,
                                   greffe_str json)
{
    greffe__value value;
    if (is_wrong(feel, diags, json) || name.data == NULL) {
        return GREFFE_EMISUSE;
    }
    if (!is_name(feel, name)) {
        return wrong_name(feel, diags, name);
    }
    greffe__str kept = greffe__str_dup(&feel->kept, json);
    if (feel->kept.failed) {
        return GREFFE_ENOMEM;
    }
    greffe_status status = greffe__json_read(&value, &feel->kept, diags, "json", kept);
    if (status != GREFFE_OK) {
        return status;
    }
    greffe__value copy = greffe__value_copy(&feel->kept, &value);
    return keep(feel, name, &copy, type_of(feel, &copy)) ? GREFFE_OK : GREFFE_ENOMEM;
}

greffe_status greffe_feel_eval(char **out, greffe_feel *feel, greffe_diags *diags,
                               greffe_str expression, greffe_feel_form form)
{
    greffe__value value = greffe__null();
    greffe__type type;
    greffe__buf text;
    if (out == NULL || is_wrong(feel, diags, expression) || form < GREFFE_FEEL_TEXT ||
        form > GREFFE_FEEL_JSON) {
        return GREFFE_EMISUSE;
    }
    greffe__arena_reset(&feel->work);
    feel->work.failed = false;
    greffe_status status = evaluate(feel, &feel->work, diags, expression, &value, &type);
    if (status != GREFFE_OK) {
        return status;
    }
    greffe__buf_init(&text, feel->context);
    if (form == GREFFE_FEEL_JSON) {
        greffe__json_write(&text, &value);
    } else {
        greffe__value_feel(&text, &value, true);
    }
    const char *done = greffe__buf_done(&text);
    char *copy = done != NULL ? greffe__alloc(feel->context, NULL, text.size + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, done, text.size + 1);
        *out = copy;
    }
    greffe__buf_free(&text);
    return copy != NULL ? GREFFE_OK : GREFFE_ENOMEM;
}
