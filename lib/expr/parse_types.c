/* The names of types, as `instance of` and declarations have them. */
#include "expr/parse.h"

static bool is(const greffe__parser *p, const char *symbol)
{
    return greffe__lex_is(p, symbol);
}

/* --- Types --- */

const greffe__type *greffe__parse_keep_type(greffe__parser *p, greffe__type type)
{
    greffe__type *kept = greffe__arena_alloc(p->work->arena, sizeof *kept);
    if (kept == NULL) {
        p->work->failed = true;
        return NULL;
    }
    *kept = type;
    return kept;
}

static bool simple_type(greffe__parser *p, greffe__type *out)
{
    static const struct {
        const char *words;
        greffe__kind kind;
    } simple[] = {
        {"number", GREFFE__NUMBER},
        {"string", GREFFE__STRING},
        {"boolean", GREFFE__BOOL},
        {"date and time", GREFFE__DATETIME},
        {"dateTime", GREFFE__DATETIME},
        {"date", GREFFE__DATE},
        {"time", GREFFE__TIME},
        {"days and time duration", GREFFE__DURATION},
        {"dayTimeDuration", GREFFE__DURATION},
        {"years and months duration", GREFFE__PERIOD},
        {"yearMonthDuration", GREFFE__PERIOD},
        {"Null", GREFFE__NULL},
    };
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
        if (greffe__lex_words(p, simple[i].words)) {
            *out = (greffe__type){.kind = (uint8_t)simple[i].kind,
                                  .optional = simple[i].kind == GREFFE__NULL};
            return true;
        }
    }
    if (greffe__lex_words(p, "Any")) {
        *out = (greffe__type){.any = true, .optional = true};
        return true;
    }
    return false;
}

bool greffe__parse_push_type(greffe__parser *p, greffe__list *list, const greffe__type *type)
{
    greffe__type *place =
        type == NULL ? NULL : greffe__arena_push(p->work->arena, list, sizeof *place);
    if (place == NULL) {
        p->work->failed = true;
        return false;
    }
    *place = *type;
    return true;
}

/* <a: T, b: T> */
static const greffe__type *context_type(greffe__parser *p)
{
    greffe__strs *names = greffe__arena_zalloc(p->work->arena, sizeof *names);
    greffe__list of = {0};
    p->work->failed = p->work->failed || names == NULL;
    while (!p->work->failed && !is(p, ">")) {
        greffe__str name;
        if ((of.count > 0 && !greffe__parse_expect(p, ",")) ||
            !greffe__lex_name(p, ":", "", &name)) {
            return greffe__parse_unexpected(p, "a name and ':'");
        }
        greffe__str *place = greffe__arena_push(p->work->arena, names, sizeof *place);
        if (place == NULL || !greffe__parse_expect(p, ":") ||
            !greffe__parse_push_type(p, &of, greffe__parse_type(p))) {
            p->work->failed = true;
            return NULL;
        }
        *place = name;
    }
    if (p->work->failed) {
        return NULL;
    }
    greffe__lex_next(p);
    return greffe__parse_keep_type(
        p, (greffe__type){.kind = GREFFE__CONTEXT, .names = names, .of = of.items});
}

/* <T, T> -> T */
static const greffe__type *function_type(greffe__parser *p)
{
    greffe__list of = {0};
    while (!p->work->failed && !is(p, ">")) {
        if ((of.count > 0 && !greffe__parse_expect(p, ",")) ||
            !greffe__parse_push_type(p, &of, greffe__parse_type(p))) {
            return NULL;
        }
    }
    greffe__lex_next(p);
    if (p->work->failed || !greffe__parse_expect(p, "->")) {
        return NULL;
    }
    const greffe__type *result = greffe__parse_type(p);
    return result == NULL ? NULL
                          : greffe__parse_keep_type(p, (greffe__type){.kind = GREFFE__FUNCTION,
                                                                      .item = result,
                                                                      .of = of.items,
                                                                      .count = of.count});
}

static const greffe__type *named_type(greffe__parser *p)
{
    greffe__str name = greffe__lex_text(p);
    uint32_t index;
    const greffe__symbols *symbols = p->work->symbols;
    while (greffe__lex_peek(p) == '.') { /* a type of another model: its name is dotted */
        greffe__lex_next(p);
        greffe__lex_next(p);
        name.size = (size_t)(p->work->source.data + p->stop - name.data);
    }
    if (p->kind != GREFFE__T_NAME || !greffe__map_get(&symbols->types, name, &index)) {
        return greffe__expr_fail(p->work, GREFFE__GR_EXPR_TYPE, p->start, p->stop,
                                 "types are number, string, boolean, date, time, date and time, "
                                 "list<…>, context<…>, range<…> and function<…>",
                                 "'%.*s' is no type", (int)name.size, name.data);
    }
    greffe__lex_next(p);
    return greffe__parse_keep_type(p, ((const greffe__type *)symbols->typed.items)[index]);
}

const greffe__type *greffe__parse_type(greffe__parser *p)
{
    greffe__type type = {0};
    const greffe__type *made = NULL;
    if (p->work->failed || !greffe__parse_deeper(p)) {
        return NULL;
    }
    bool list = p->word == GREFFE__W_LIST, range = p->word == GREFFE__W_RANGE;
    bool open = greffe__lex_peek(p) == '<';
    if (open && (list || range)) {
        greffe__lex_next(p);
        greffe__lex_next(p);
        const greffe__type *item = greffe__parse_type(p);
        if (item != NULL && greffe__parse_expect(p, ">")) {
            made = greffe__parse_keep_type(
                p, (greffe__type){.kind = list ? GREFFE__LIST : GREFFE__RANGE, .item = item});
        }
    } else if (open && (p->word == GREFFE__W_CONTEXT || p->word == GREFFE__W_FUNCTION)) {
        bool context = p->word == GREFFE__W_CONTEXT;
        greffe__lex_next(p);
        greffe__lex_next(p);
        made = context ? context_type(p) : function_type(p);
    } else if (simple_type(p, &type)) {
        made = greffe__parse_keep_type(p, type);
    } else {
        made = named_type(p);
    }
    p->depth -= 1;
    return made;
}

const greffe__type *greffe__expr_parse_type(greffe__expr_work *work)
{
    greffe__parser p = {.work = work};
    greffe__lex_open(&p, work->source);
    const greffe__type *type = greffe__parse_type(&p);
    return type != NULL && p.kind == GREFFE__T_END ? type : NULL;
}
