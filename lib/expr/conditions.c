/* Conditions over names, read together: guards of a choice, of outcomes, of several steps.
 *
 * It knows no steps and no paths: who asks says which segment each name is in, and is told what a
 * condition is there. */
#include "expr/grid.h"

typedef struct condition {
    greffe__ast *root;              /* of a box */
    const greffe__program *program; /* of what has finitely many cases: it is run; else NULL */
    greffe__u32s names;
} condition;

struct greffe__conditions {
    greffe__arena *arena;
    const greffe__symbols *symbols;
    greffe__grid grid;
    condition *at;
    uint32_t count, capacity;
    greffe__names names; /* as they are told, once cut */
};

greffe__conditions *greffe__conditions_create(greffe__arena *arena, const greffe__symbols *symbols)
{
    greffe__conditions *c = greffe__arena_zalloc(arena, sizeof *c);
    if (c != NULL) {
        c->arena = arena;
        c->symbols = symbols;
        c->grid.arena = arena;
    }
    return c;
}

/* Notes which names a condition is about. */
static bool note_names(greffe__conditions *c, condition *one, const greffe__ast *node)
{
    if (node->symbol != NULL) {
        const greffe__axis *axis = greffe__grid_axis(&c->grid, node);
        uint32_t index = axis != NULL ? (uint32_t)(axis - c->grid.at) : 0;
        for (uint32_t i = 0; i < one->names.count; i++) {
            if (one->names.at[i] == index) {
                return true;
            }
        }
        uint32_t *place =
            axis != NULL ? greffe__arena_push(c->arena, &one->names, sizeof *place) : NULL;
        if (place == NULL) {
            return false;
        }
        *place = index;
        return true;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (!note_names(c, one, node->at[i])) {
            return false;
        }
    }
    return true;
}

/* Whether a tree looks at nothing but names of finitely many values. */
static bool is_finite(const greffe__ast *node)
{
    const greffe__type *type = node->symbol != NULL ? &node->symbol->type : NULL;
    bool outside = node->function != 0 && greffe__function_at(node->function - 1)->outside;
    bool finite =
        !outside &&
        (type == NULL || (!type->any && (type->kind == GREFFE__BOOL ||
                                         (type->kind == GREFFE__STRING && type->options != NULL))));
    for (uint32_t i = 0; finite && node->symbol == NULL && i < node->count; i++) {
        finite = is_finite(node->at[i]);
    }
    return finite;
}

bool greffe__conditions_add(greffe__conditions *c, const greffe__program *program, uint32_t *index)
{
    greffe__expr_error error = {0};
    greffe__expr_work work = {
        .arena = c->arena, .symbols = c->symbols, .source = program->source, .error = &error};
    const greffe__boxed boxed = {.kind = GREFFE__BOXED_TEXT, .text = program->source};
    condition *one = greffe__arena_push(c->arena, &c->at, sizeof *one);
    if (one == NULL) {
        return false;
    }
    *index = c->count - 1;
    greffe__ast *root = greffe__expr_parse(&work, &boxed);
    if (root == NULL || !greffe__expr_check(&work, root, NULL)) {
        return !c->arena->failed;
    }
    if (greffe__grid_collect(&c->grid, root) && note_names(c, one, root)) {
        one->root = root;
        return !c->arena->failed;
    }
    /* No box; but of names of which all values are known, the program says what it is for each. */
    one->names.count = 0;
    if (is_finite(root) && note_names(c, one, root)) {
        one->program = program;
    }
    return !c->arena->failed;
}

static greffe__axis *axis_of(greffe__conditions *c, uint32_t slot)
{
    for (uint32_t i = 0; i < c->grid.count; i++) {
        const greffe__symbol *symbol = c->grid.at[i].leaf;
        if (symbol->slot == slot) {
            return &c->grid.at[i];
        }
    }
    return NULL;
}

bool greffe__conditions_mark(greffe__conditions *c, uint32_t slot, const greffe__value *value)
{
    greffe__axis *axis = axis_of(c, slot);
    greffe__value *place =
        axis != NULL ? greffe__arena_push(c->arena, &axis->marks, sizeof *place) : NULL;
    if (place != NULL) {
        *place = *value;
        axis->marked = true;
    }
    return axis == NULL || place != NULL;
}

/* --- Values that no condition tells apart --- */

enum { most_compared = 512 }; /* ways to answer the other names of a condition */

/* The next way to answer the names of a condition, but for one; false: all were seen. */
static bool next_way(const greffe__conditions *c, const greffe__u32s *names, uint32_t except,
                     uint32_t *at, greffe__value *values)
{
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t name = names->at[i];
        if (name == except) {
            continue;
        }
        at[i] += 1;
        bool over = at[i] == c->names.at[name].count;
        at[i] = over ? 0 : at[i];
        values[name] = c->names.at[name].samples[at[i]];
        if (!over) {
            return true;
        }
    }
    return false;
}

static bool is_small(const greffe__conditions *c, const greffe__u32s *names, uint32_t except)
{
    uint32_t ways = 1;
    for (uint32_t i = 0; i < names->count && ways <= most_compared; i++) {
        ways *= names->at[i] != except ? c->names.at[names->at[i]].count : 1;
    }
    return ways <= most_compared && names->count <= 16;
}

/* Whether a condition is the same for both values, whatever the other names are. */
static bool is_blind(const greffe__conditions *c, uint32_t condition_index, uint32_t name,
                     const greffe__value *one, const greffe__value *other, greffe__value *values)
{
    const greffe__u32s *names = greffe__condition_names(c, condition_index);
    uint32_t at[16] = {0};
    for (uint32_t i = 0; i < names->count; i++) {
        values[names->at[i]] = c->names.at[names->at[i]].samples[0];
    }
    do {
        values[name] = *one;
        greffe__value first = greffe__condition_holds(c, condition_index, values);
        values[name] = *other;
        greffe__value second = greffe__condition_holds(c, condition_index, values);
        if (first.kind != second.kind ||
            (first.kind == GREFFE__BOOL && first.as.truth != second.as.truth)) {
            return false;
        }
    } while (next_way(c, names, name, at, values));
    return true;
}

static bool is_about(const greffe__u32s *names, uint32_t name)
{
    bool about = false;
    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        about = about || names->at[i] == name;
    }
    return about;
}

/* One stands for all that no condition tells from it; null, the last, stands for itself. Of a name
 * that is always the same, or of truth values, nothing is left out: who asks compares them. */
static bool merge(greffe__conditions *c, uint32_t name, greffe__value *values)
{
    greffe__name_cut *cut = &c->names.at[name];
    const greffe__axis *axis = &c->grid.at[name];
    greffe__value *kept = greffe__arena_alloc(c->arena, cut->count * sizeof *kept);
    uint32_t count = 0;
    bool small = !axis->type.any && axis->type.kind != GREFFE__BOOL && !axis->marked;
    for (uint32_t j = 0; small && j < c->count; j++) {
        const greffe__u32s *names = greffe__condition_names(c, j);
        small = !is_about(names, name) || is_small(c, names, name);
    }
    for (uint32_t i = 0; kept != NULL && i < cut->count; i++) {
        bool told = true;
        for (uint32_t k = 0; small && told && k < count; k++) {
            bool blind = (kept[k].kind == GREFFE__NULL) == (cut->samples[i].kind == GREFFE__NULL);
            for (uint32_t j = 0; blind && j < c->count; j++) {
                blind = !is_about(greffe__condition_names(c, j), name) ||
                        is_blind(c, j, name, &kept[k], &cut->samples[i], values);
            }
            told = !blind;
        }
        if (told) {
            kept[count++] = cut->samples[i];
        }
    }
    cut->samples = kept;
    cut->count = count;
    return kept != NULL;
}

static bool merge_all(greffe__conditions *c)
{
    greffe__value *values = greffe__arena_zalloc(c->arena, (c->names.count + 1) * sizeof *values);
    bool good = values != NULL;
    for (uint32_t i = 0; good && i < c->names.count; i++) {
        good = merge(c, i, values);
    }
    return good;
}

bool greffe__conditions_cut(greffe__conditions *c)
{
    for (uint32_t i = 0; i < c->grid.count; i++) {
        const greffe__symbol *symbol = c->grid.at[i].leaf;
        c->grid.at[i].type = symbol->type; /* not as a test before it has narrowed it */
    }
    if (!greffe__grid_cut(&c->grid)) {
        return false;
    }
    for (uint32_t i = 0; i < c->grid.count; i++) {
        const greffe__axis *axis = &c->grid.at[i];
        const greffe__symbol *symbol = axis->leaf;
        greffe__name_cut *place = greffe__arena_push(c->arena, &c->names, sizeof *place);
        if (place == NULL) {
            return false;
        }
        *place =
            (greffe__name_cut){symbol->slot, axis->samples.count, axis->samples.at, axis->exact};
    }
    return merge_all(c);
}

const greffe__names *greffe__conditions_names(const greffe__conditions *c)
{
    return &c->names;
}

const greffe__u32s *greffe__condition_names(const greffe__conditions *c, uint32_t index)
{
    const condition *one = &c->at[index];
    return one->root != NULL || one->program != NULL ? &one->names : NULL;
}

typedef struct given {
    const greffe__conditions *c;
    const greffe__value *values;
} given;

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    const given *g = data;
    for (uint32_t i = 0; i < g->c->names.count; i++) {
        if (g->c->names.at[i].slot == slot) {
            *out = g->values[i];
            return GREFFE_OK;
        }
    }
    return GREFFE_ENOTFOUND;
}

greffe__value greffe__condition_holds(const greffe__conditions *c, uint32_t index,
                                      const greffe__value *values)
{
    const condition *one = &c->at[index];
    if (one->root != NULL) {
        return greffe__grid_holds(&c->grid, one->root, values);
    }
    given g = {c, values};
    const greffe__eval eval = {.load = load, .data = &g, .arena = c->arena};
    greffe__expr_error error;
    greffe__value value;
    bool good = greffe__expr_eval(&value, &error, one->program, &eval) == GREFFE_OK;
    return good ? value : greffe__null();
}
