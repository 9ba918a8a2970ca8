/* Resolving names: of the host, of the expression itself, of the items that it filters; and the
 * parts of values. */
#include <string.h>

#include "expr/check.h"

/* --- Names --- */

static greffe__str nearest(const greffe__checker *c, greffe__str name)
{
    greffe__str best = {"", 0};
    unsigned least = name.size < 4 ? 2 : 4;
    const greffe__symbols *symbols = c->symbols;
    for (const greffe__variable *v = c->scope; v != NULL; v = v->outer) {
        unsigned distance = greffe__str_distance(name, v->name, 3);
        if (v->name.size > 0 && distance < least) {
            least = distance;
            best = v->name;
        }
    }
    if (symbols->supply != NULL) {
        (void)symbols->supply(symbols->data, (greffe__str){"", 0});
    }
    for (uint32_t i = 0; i < symbols->count; i++) {
        unsigned distance = greffe__str_distance(name, symbols->at[i]->name, 3);
        if (distance < least) {
            least = distance;
            best = symbols->at[i]->name;
        }
    }
    return best;
}

static bool is_narrowed(const greffe__checker *c, const void *what)
{
    for (uint32_t i = 0; i < c->narrowed_count; i++) {
        if (c->narrowed[i] == what) {
            return true;
        }
    }
    return false;
}

static bool use_symbol(const greffe__checker *c, greffe__ast *node, const greffe__symbol *symbol)
{
    node->symbol = symbol;
    node->type = symbol->type;
    node->type.optional = node->type.optional && !is_narrowed(c, symbol);
    return true;
}

/* Notes that the functions between a variable and its use take it along. */
static bool take_along(greffe__checker *c, greffe__variable *variable)
{
    for (uint32_t level = variable->level; level < c->level; level++) {
        greffe__variables *taken = &c->functions[level]->taken;
        bool there = false;
        for (uint32_t i = 0; i < taken->count; i++) {
            there = there || taken->at[i] == variable;
        }
        greffe__variable **place =
            there ? NULL : greffe__arena_push(c->work->arena, taken, sizeof *place);
        if (!there && place == NULL) {
            c->work->failed = true;
            return false;
        }
        if (place != NULL) {
            *place = variable;
        }
    }
    return true;
}

bool greffe__check_variable(greffe__checker *c, greffe__ast *node, greffe__variable *variable)
{
    node->variable = variable;
    node->type = variable->type;
    node->type.optional = node->type.optional && !is_narrowed(c, variable);
    return take_along(c, variable);
}

static const greffe__type *entry_type(const greffe__type *context, greffe__str name)
{
    for (uint32_t i = 0; context->names != NULL && i < context->names->count; i++) {
        if (greffe__str_equal(context->names->at[i], name)) {
            return &context->of[i];
        }
    }
    return NULL;
}

/* Whether an item of a filter has an entry of this name: certainly, or perhaps. */
static bool try_item(greffe__checker *c, greffe__ast *node, greffe__variable *item, bool *certain)
{
    const greffe__type *entry = entry_type(&item->type, node->text);
    bool unknown =
        item->type.any || (item->type.kind == GREFFE__CONTEXT && item->type.names == NULL);
    *certain = entry != NULL;
    if (entry == NULL && !unknown) {
        return true;
    }
    greffe__variable **place = greffe__arena_push(c->work->arena, &node->dynamic, sizeof *place);
    if (place == NULL) {
        c->work->failed = true;
        return false;
    }
    *place = item;
    node->type = entry != NULL ? *entry : (greffe__type){.any = true};
    return take_along(c, item);
}

const greffe__function *greffe__check_function(const greffe__checker *c, greffe__str name,
                                               uint32_t *number)
{
    return greffe__map_get(&c->symbols->functions, name, number) ? greffe__function_at(*number)
                                                                 : NULL;
}

/* Looks for a name from the inside out. `*found` stays false when nothing has it for certain. */
bool greffe__check_resolve(greffe__checker *c, greffe__ast *node, bool *found)
{
    *found = true;
    for (greffe__variable *v = c->scope; v != NULL; v = v->outer) {
        bool certain = false;
        if (v->item && !try_item(c, node, v, &certain)) {
            return false;
        }
        if (certain) {
            return true;
        }
        if (greffe__str_equal(v->name, node->text)) {
            greffe__type of_item = node->type;
            bool good = greffe__check_variable(c, node, v);
            node->type = node->dynamic.count > 0 ? of_item : node->type;
            return good;
        }
    }
    const greffe__symbol *symbol = greffe__symbols_find(c->symbols, node->text);
    if (symbol != NULL) {
        greffe__type of_item = node->type;
        use_symbol(c, node, symbol);
        node->type = node->dynamic.count > 0 ? of_item : node->type;
        return true;
    }
    *found = node->dynamic.count > 0;
    return true;
}

static bool unknown_name(greffe__checker *c, greffe__ast *node, greffe__str name)
{
    if (c->lenient) {
        greffe__str message = greffe__str_format(c->work->arena, "'%.*s' is not known here",
                                                 (int)name.size, name.data);
        return greffe__check_no_value(c, GREFFE__GR_EXPR_NAME, node, NULL, message.data);
    }
    greffe__str near = nearest(c, name);
    greffe__str hint =
        greffe__str_format(c->work->arena, "did you mean %.*s?", (int)near.size, near.data);
    (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_NAME, node->start, node->end,
                            near.size > 0 ? hint.data : "texts are written in double quotes",
                            "'%.*s' is not known here", (int)name.size, name.data);
    return false;
}

bool greffe__check_name(greffe__checker *c, greffe__ast *node)
{
    bool found;
    uint32_t number;
    if (!greffe__check_resolve(c, node, &found)) {
        return false;
    }
    bool named = node->variable != NULL || node->symbol != NULL;
    if (!named && greffe__check_function(c, node->text, &number) != NULL) {
        node->function = number + 1;
        if (!found) {
            node->type = greffe__check_type_of(GREFFE__FUNCTION);
        }
        return true;
    }
    return found || unknown_name(c, node, node->text);
}

/* The whole dotted name of a chain of members that ends in a name, or an empty string. */
static greffe__str dotted(const greffe__checker *c, const greffe__ast *node)
{
    const greffe__ast *root = node;
    while (root->kind == GREFFE__AST_MEMBER) {
        root = root->at[0];
    }
    if (root->kind != GREFFE__AST_NAME) {
        return (greffe__str){"", 0};
    }
    for (const greffe__variable *v = c->scope; v != NULL; v = v->outer) {
        if (greffe__str_equal(v->name, root->text)) {
            return (greffe__str){"", 0}; /* a name of the expression hides those outside */
        }
    }
    return (greffe__str){c->work->source.data + node->start, node->end - node->start};
}

/* --- Parts of values --- */

static const char *const parts_words[] = {
    [GREFFE__DATE] = "its parts are year, month, day, weekday",
    [GREFFE__TIME] = "its parts are hour, minute, second, time offset, timezone",
    [GREFFE__DATETIME] = "its parts are those of a date and of a time",
    [GREFFE__DURATION] = "its parts are days, hours, minutes, seconds",
    [GREFFE__PERIOD] = "its parts are years, months",
    [GREFFE__RANGE] = "its parts are start, end, start included, end included",
};

static bool part_type(const greffe__type *base, greffe__str name, greffe__type *out)
{
    greffe__value sample = {.kind = base->kind};
    greffe__range range = {greffe__null(), greffe__null(), true, true};
    *out = greffe__check_type_of(GREFFE__NUMBER);
    if (base->kind == GREFFE__RANGE) {
        sample.as.range = &range;
        bool end = greffe__str_is(name, "start") || greffe__str_is(name, "end");
        *out = !end                 ? greffe__check_type_of(GREFFE__BOOL)
               : base->item != NULL ? *base->item
                                    : greffe__any_type;
        out->optional = end;
    } else if (greffe__str_is(name, "time offset")) {
        *out = (greffe__type){.kind = GREFFE__DURATION, .optional = true};
    } else if (greffe__str_is(name, "timezone")) {
        *out = (greffe__type){.kind = GREFFE__STRING, .optional = true};
    }
    return base->kind != GREFFE__CONTEXT && base->kind != GREFFE__LIST &&
           greffe__has_member(&sample, name);
}

const greffe__type *greffe__check_keep(greffe__checker *c, greffe__type type)
{
    greffe__type *kept = greffe__arena_alloc(c->work->arena, sizeof *kept);
    if (kept == NULL) {
        c->work->failed = true;
        return &greffe__any_type;
    }
    *kept = type;
    return kept;
}

static bool no_part(greffe__checker *c, const greffe__ast *node, const greffe__type *base)
{
    const char *hint = "only dates, lengths, ranges and contexts have parts";
    if (base->kind < sizeof parts_words / sizeof *parts_words && parts_words[base->kind] != NULL) {
        hint = parts_words[base->kind];
    } else if (base->kind == GREFFE__CONTEXT) {
        hint = "it has none of this name";
    }
    (void)greffe__expr_fail(c->work, GREFFE__GR_EXPR_NAME, node->start, node->end, hint,
                            "a %s has no part '%.*s'", greffe__check_words(c, base),
                            (int)node->text.size, node->text.data);
    return false;
}

static bool member_type(greffe__checker *c, greffe__ast *node, const greffe__type *base)
{
    if (c->lenient || base->any || (base->kind == GREFFE__CONTEXT && base->names == NULL)) {
        node->type = (greffe__type){.any = true, .optional = true};
        return true;
    }
    if (base->kind == GREFFE__CONTEXT) {
        const greffe__type *entry = entry_type(base, node->text);
        node->type = entry != NULL ? *entry : greffe__any_type;
        return entry != NULL || no_part(c, node, base);
    }
    if (base->kind == GREFFE__LIST) {
        greffe__ast of_item = *node;
        bool good = member_type(c, &of_item, base->item != NULL ? base->item : &greffe__any_type);
        node->type = greffe__check_type_of(GREFFE__LIST);
        node->type.item = greffe__check_keep(c, of_item.type);
        return good;
    }
    return part_type(base, node->text, &node->type) || no_part(c, node, base);
}

bool greffe__check_member(greffe__checker *c, greffe__ast *node)
{
    greffe__str name = dotted(c, node);
    const greffe__symbol *symbol = name.size > 0 ? greffe__symbols_find(c->symbols, name) : NULL;
    if (symbol != NULL) {
        return use_symbol(c, node, symbol);
    }
    greffe__ast *base = node->at[0], *root = base;
    while (root->kind == GREFFE__AST_MEMBER) {
        root = root->at[0];
    }
    greffe__str owner = dotted(c, base);
    if (!c->lenient && owner.size > 0 && greffe__symbols_find(c->symbols, owner) == NULL) {
        greffe__ast first = {.text = root->text, .start = root->start, .end = root->end};
        bool found;
        if (!greffe__check_resolve(c, &first, &found)) {
            return false;
        }
        if (!found) {
            return unknown_name(c, node, name);
        }
    }
    if (!greffe__check_node(c, base)) {
        return false;
    }
    if (!c->lenient && base->type.optional) {
        bool dated = base->type.kind == GREFFE__DATE || base->type.kind == GREFFE__DATETIME;
        return greffe__check_problem(c, GREFFE__GR_EXPR_OPTIONAL, base,
                                     "test it first: if x != null then …",
                                     dated ? "this date may be absent" : "this may be absent");
    }
    return member_type(c, node, &base->type);
}
