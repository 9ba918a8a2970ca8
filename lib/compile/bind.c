/* The one mechanism that binds YAML: from a table of keys to the members of a struct. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "compile/compile_priv.h"

void greffe__complain(greffe__binder *b, greffe__code code, const greffe__node *node,
                      const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = greffe__message(b->arena, format, arguments).data;
    va_end(arguments);
    greffe__span span = node->span;
    if (node->kind == GREFFE__MAPPING && node->count > 0 && node->style != GREFFE__FLOW) {
        span = node->children[0]->span; /* a block's first key shows where it is */
    }
    greffe__report(b->diags, code, &b->doc->source, span, hint, "%s",
                   message != NULL ? message : "");
}

const char *greffe__did_you_mean(greffe__binder *b, greffe__str word, const char *const *words,
                                 const char *otherwise)
{
    const char *best = NULL;
    unsigned least = word.size < 4 ? 2 : 4;
    for (; *words != NULL; words++) {
        unsigned distance = greffe__str_distance(word, greffe__str_of(*words), 3);
        if (distance < least) {
            least = distance;
            best = *words;
        }
    }
    if (best == NULL) {
        return otherwise;
    }
    return greffe__str_format(b->arena, "did you mean '%s'?", best).data;
}

bool greffe__expect_mapping(greffe__binder *b, const greffe__node *node, const char *what)
{
    if (node->kind == GREFFE__MAPPING) {
        return true;
    }
    greffe__complain(b, GREFFE__GR_WRONG_SHAPE, node, "write keys, each with a colon",
                     "%s is a mapping, not %s", what, greffe__node_kind_name(node));
    return false;
}

bool greffe__check_id(greffe__binder *b, const greffe__node *node)
{
    greffe__str id = node->text;
    bool good = node->kind == GREFFE__SCALAR && id.size > 0 && id.size <= GREFFE_MAX_ID_BYTES &&
                id.data[0] >= 'a' && id.data[0] <= 'z';
    for (size_t i = 0; good && i < id.size; i++) {
        char c = id.data[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    if (!good) {
        greffe__complain(b, GREFFE__GR_BAD_ID, node,
                         "begin with a letter a-z, then letters, digits and _ (no accents)",
                         "'%.*s' cannot be an id", (int)id.size, id.data);
    }
    return good;
}

/* --- Scalars --- */

static const struct {
    const char *word;
    greffe__unit unit;
} units[] = {
    {"working day", GREFFE__UNIT_WORKING_DAYS},
    {"working days", GREFFE__UNIT_WORKING_DAYS},
    {"day", GREFFE__UNIT_DAYS},
    {"days", GREFFE__UNIT_DAYS},
    {"week", GREFFE__UNIT_WEEKS},
    {"weeks", GREFFE__UNIT_WEEKS},
    {"month", GREFFE__UNIT_MONTHS},
    {"months", GREFFE__UNIT_MONTHS},
    {"year", GREFFE__UNIT_YEARS},
    {"years", GREFFE__UNIT_YEARS},
    {"hour", GREFFE__UNIT_HOURS},
    {"hours", GREFFE__UNIT_HOURS},
};

bool greffe__read_term(greffe__term *out, greffe__str text)
{
    size_t digits = 0;
    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits += 1;
    }
    int64_t count;
    if (!greffe__str_to_i64(&count, (greffe__str){text.data, digits}) || count < 1 ||
        count > 10000) {
        return false;
    }
    greffe__str word = greffe__str_trim((greffe__str){text.data + digits, text.size - digits});
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (greffe__str_is(word, units[i].word)) {
            *out = (greffe__term){(uint32_t)count, units[i].unit};
            return true;
        }
    }
    return false;
}

bool greffe__read_money(greffe__dec *out, greffe__str text)
{
    int64_t cents;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if ((c < '0' || c > '9') && c != '.' && c != '-') {
            return false;
        }
    }
    return greffe__dec_parse(out, text) && greffe__dec_to_cents(&cents, *out);
}

static bool expect_scalar(greffe__binder *b, const greffe__key *key, const greffe__node *node)
{
    if (node->kind == GREFFE__SCALAR) {
        return true;
    }
    greffe__complain(b, GREFFE__GR_WRONG_SHAPE, node, key->doc, "'%s' takes a single value, not %s",
                     key->name, greffe__node_kind_name(node));
    return false;
}

static void bind_word(greffe__binder *b, const greffe__key *key, const greffe__node *node,
                      uint32_t *out)
{
    for (uint32_t i = 0; key->words[i] != NULL; i++) {
        if (greffe__str_is(node->text, key->words[i])) {
            *out = i + 1;
            return;
        }
    }
    greffe__str all = {"", 0};
    for (uint32_t i = 0; key->words[i] != NULL; i++) {
        all = greffe__str_join(b->arena, all.data, i == 0 ? "one of: " : ", ", key->words[i], NULL);
    }
    greffe__complain(
        b, GREFFE__GR_WRONG_VALUE, node, greffe__did_you_mean(b, node->text, key->words, all.data),
        "'%.*s' is not a value of '%s'", (int)node->text.size, node->text.data, key->name);
}

static void bind_number(greffe__binder *b, const greffe__key *key, const greffe__node *node,
                        void *place)
{
    int64_t number;
    greffe__term term;
    greffe__maybe_date date = {.given = true};
    switch ((greffe__key_type)key->type) {
    case GREFFE__K_UINT:
        if (greffe__str_to_i64(&number, node->text) && number >= 0 && number <= 1000000000) {
            *(uint32_t *)place = (uint32_t)number;
            return;
        }
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, node, key->doc, "'%s' takes a whole number",
                         key->name);
        return;
    case GREFFE__K_DATE:
        if (greffe__date_parse(&date.days, node->text)) {
            *(greffe__maybe_date *)place = date;
            return;
        }
        greffe__complain(b, GREFFE__GR_BAD_DATE, node, "write year-month-day: 2026-01-31",
                         "'%.*s' is not a date", (int)node->text.size, node->text.data);
        return;
    default:
        if (greffe__read_term(&term, node->text)) {
            *(greffe__term *)place = term;
            return;
        }
        greffe__complain(b, GREFFE__GR_BAD_PERIOD, node,
                         "write a number and hours, days, working days, weeks, months or years: "
                         "2 months",
                         "'%.*s' is not a length of time", (int)node->text.size, node->text.data);
        return;
    }
}

static void bind_bool(greffe__binder *b, const greffe__key *key, const greffe__node *node,
                      bool *out)
{
    bool yes = greffe__str_is(node->text, "true");
    if (!yes && !greffe__str_is(node->text, "false")) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, node, "write true or false",
                         "'%s' takes true or false", key->name);
        return;
    }
    *out = yes;
}

/* --- Lists --- */

static void bind_names(greffe__binder *b, const greffe__key *key, const greffe__node *node,
                       void *place)
{
    bool raw = key->type == GREFFE__K_WORDS;
    if (node->kind == GREFFE__SEQUENCE && node->count == 0) {
        greffe__complain(b, GREFFE__GR_WRONG_SHAPE, node, key->doc, "the list '%s' is empty",
                         key->name);
        return;
    }
    uint32_t count = node->kind == GREFFE__SEQUENCE ? node->count : 1;
    for (uint32_t i = 0; i < count; i++) {
        const greffe__node *item =
            node->kind == GREFFE__SEQUENCE ? greffe__node_resolve(node->children[i]) : node;
        if (!expect_scalar(b, key, item)) {
            continue;
        }
        if (raw) {
            greffe__str *text = greffe__arena_push(b->arena, place, sizeof *text);
            if (text != NULL) {
                *text = item->text;
            }
            continue;
        }
        greffe__ref *ref = greffe__arena_push(b->arena, place, sizeof *ref);
        if (ref != NULL) {
            *ref = (greffe__ref){item->text, item};
        }
    }
}

static void bind_value(greffe__binder *b, const greffe__key *key, const greffe__node *node,
                       char *out)
{
    void *place = out + key->offset;
    greffe__key_type type = (greffe__key_type)key->type;
    if (type == GREFFE__K_NODE || type == GREFFE__K_EXPR) {
        *(const greffe__node **)place = node;
        return;
    }
    if (type == GREFFE__K_NAMES || type == GREFFE__K_WORDS) {
        bind_names(b, key, node, place);
        return;
    }
    if (!expect_scalar(b, key, node)) {
        return;
    }
    switch (type) {
    case GREFFE__K_TEXT:
        if (!greffe__trap_text(b->doc, b->diags, node)) {
            *(greffe__str *)place = node->text;
        }
        return;
    case GREFFE__K_NAME:
    case GREFFE__K_SCALAR: *(greffe__ref *)place = (greffe__ref){node->text, node}; return;
    case GREFFE__K_WORD: bind_word(b, key, node, place); return;
    case GREFFE__K_BOOL: bind_bool(b, key, node, place); return;
    default: bind_number(b, key, node, place); return;
    }
}

/* --- Mappings --- */

/* Keys mostly stand in the table's order: the search begins at the one that was found last. */
static const greffe__key *find_key(const greffe__keys *keys, greffe__str name, uint32_t near)
{
    for (uint32_t i = 0; i < keys->count; i++, near++) {
        near = near < keys->count ? near : 0;
        bool like = name.size > 0 && name.data[0] == keys->at[near].name[0];
        if (like && greffe__str_is(name, keys->at[near].name)) {
            return &keys->at[near];
        }
    }
    return NULL;
}

static bool meant_for(const greffe__key *key, uint32_t kind)
{
    return key->kinds == 0 || kind == 0 || (key->kinds >> kind & 1) != 0;
}

static void unknown_key(greffe__binder *b, const greffe__keys *keys, const greffe__node *name,
                        uint32_t kind)
{
    enum { most = 64 };
    const char *words[most + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < keys->count && count < most; i++) {
        if (meant_for(&keys->at[i], kind)) {
            words[count++] = keys->at[i].name;
        }
    }
    words[count] = NULL;
    greffe__str all = {"known here: ", 12};
    for (uint32_t i = 0; i < count; i++) {
        all = greffe__str_join(b->arena, all.data, i == 0 ? "" : ", ", words[i], NULL);
    }
    bool elsewhere = find_key(keys, name->text, 0) != NULL;
    greffe__complain(b, GREFFE__GR_UNKNOWN_KEY, name,
                     elsewhere ? all.data : greffe__did_you_mean(b, name->text, words, all.data),
                     elsewhere ? "the key '%.*s' does not belong to %s of this kind"
                               : "the key '%.*s' is not known in %s",
                     (int)name->text.size, name->text.data, keys->what);
}

/* {title: Aide aux vélos, exercice 2020}: the second half became a key without a value. */
bool greffe__cut_by_comma(const greffe__node *mapping, uint32_t at)
{
    const greffe__node *value = greffe__node_resolve(mapping->children[at + 1]);
    return mapping->style == GREFFE__FLOW && at > 0 && value->kind == GREFFE__SCALAR &&
           value->style == GREFFE__PLAIN && value->text.size == 0 &&
           mapping->children[at - 1]->kind == GREFFE__SCALAR &&
           mapping->children[at - 1]->style == GREFFE__PLAIN;
}

void greffe__bind(greffe__binder *b, const greffe__keys *keys, const greffe__node *mapping,
                  uint32_t kind, void *out)
{
    if (!greffe__expect_mapping(b, mapping, keys->what)) {
        return;
    }
    uint64_t found = 0; /* which keys: no table has more than 64 */
    for (uint32_t i = 0, near = 0; i + 1 < mapping->count; i += 2) {
        const greffe__node *name = mapping->children[i];
        const greffe__key *key = find_key(keys, name->text, near);
        if (key != NULL) {
            near = (uint32_t)(key - keys->at);
            found |= (uint64_t)1 << near;
        }
        const greffe__node *value = greffe__node_resolve(mapping->children[i + 1]);
        if (key == NULL && greffe__cut_by_comma(mapping, i)) {
            greffe__complain(b, GREFFE__GR_TRAP_FLOW_COMMA, mapping->children[i - 1],
                             "put the whole text in quotes",
                             "inside braces, YAML ends this text at the comma");
            continue;
        }
        if (key == NULL || !meant_for(key, kind)) {
            unknown_key(b, keys, name, kind);
            continue;
        }
        if (value->kind == GREFFE__SCALAR && value->style == GREFFE__PLAIN &&
            value->text.size == 0) {
            greffe__complain(b, GREFFE__GR_WRONG_SHAPE, name, key->doc, "the key '%s' has no value",
                             key->name);
            continue;
        }
        bind_value(b, key, value, out);
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        const greffe__key *key = &keys->at[i];
        if (key->required && meant_for(key, kind) && (found >> i & 1) == 0) {
            greffe__complain(b, GREFFE__GR_MISSING_KEY, mapping, key->doc, "%s needs the key '%s'",
                             keys->what, key->name);
        }
    }
}
