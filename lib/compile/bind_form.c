/* Forms: sections and their fields, from YAML to the plan. */
#include <stddef.h>

#include "base/limits.h"
#include "compile/compile_priv.h"

typedef struct field_keys {
    greffe__ref type;
    greffe__str label, message, help;
    bool optional;
    greffe__ref min, max;
    uint32_t min_length, max_length, digits;
    const greffe__node *options, *when, *must;
} field_keys;

static const greffe__key field_key_rows[] = {
    {"type", GREFFE__K_NAME, true, offsetof(field_keys, type), 0, NULL,
     "text, long text, boolean, integer, number, money, date, choice, choices, email, iban, phone "
     "or list"},
    {"label", GREFFE__K_TEXT, false, offsetof(field_keys, label), 0, NULL, "what people read"},
    {"help", GREFFE__K_TEXT, false, offsetof(field_keys, help), 0, NULL, "a line below the field"},
    {"optional", GREFFE__K_BOOL, false, offsetof(field_keys, optional), 0, NULL,
     "true when it may stay empty"},
    {"min", GREFFE__K_SCALAR, false, offsetof(field_keys, min), 0, NULL, "the least value"},
    {"max", GREFFE__K_SCALAR, false, offsetof(field_keys, max), 0, NULL, "the greatest value"},
    {"min_length", GREFFE__K_UINT, false, offsetof(field_keys, min_length), 0, NULL,
     "the least number of characters"},
    {"max_length", GREFFE__K_UINT, false, offsetof(field_keys, max_length), 0, NULL,
     "the greatest number of characters"},
    {"digits", GREFFE__K_UINT, false, offsetof(field_keys, digits), 0, NULL,
     "exactly so many digits: a postcode, a tax number"},
    {"options", GREFFE__K_NODE, false, offsetof(field_keys, options), 0, NULL,
     "the options of a choice: {id: label}"},
    {"when", GREFFE__K_EXPR, false, offsetof(field_keys, when), 0, NULL,
     "the field applies only if this holds"},
    {"must", GREFFE__K_EXPR, false, offsetof(field_keys, must), 0, NULL,
     "the answer is valid only if this holds"},
    {"message", GREFFE__K_TEXT, false, offsetof(field_keys, message), 0, NULL,
     "what people read when it is not valid"},
};
const greffe__keys greffe__keys_field = {"a field", field_key_rows,
                                         sizeof field_key_rows / sizeof *field_key_rows};

static bool read_bound(greffe__binder *b, const greffe__ref *ref, uint32_t type, greffe__value *out)
{
    greffe__dec number;
    int64_t days;
    if (ref->node == NULL) {
        return true;
    }
    if ((type == GREFFE__DATA_MONEY && greffe__read_money(&number, ref->id)) ||
        ((type == GREFFE__DATA_INTEGER || type == GREFFE__DATA_NUMBER) &&
         greffe__dec_parse(&number, ref->id))) {
        *out = greffe__number(number);
    } else if (type == GREFFE__DATA_DATE && greffe__date_parse(&days, ref->id)) {
        *out = greffe__date(days);
    } else {
        greffe__complain(b,
                         type == GREFFE__DATA_MONEY  ? GREFFE__GR_BAD_MONEY
                         : type == GREFFE__DATA_DATE ? GREFFE__GR_BAD_DATE
                                                     : GREFFE__GR_WRONG_VALUE,
                         ref->node,
                         type == GREFFE__DATA_MONEY  ? "write 1200.00, with a point and no sign €"
                         : type == GREFFE__DATA_DATE ? "write year-month-day: 2026-01-31"
                                                     : "write a number, with a point",
                         "'%.*s' is no bound for a field of type %s", (int)ref->id.size,
                         ref->id.data, greffe__data_type_name(type));
        return false;
    }
    return true;
}

static void bind_options(greffe__binder *b, const greffe__node *options, greffe__field_def *out)
{
    if (!greffe__expect_mapping(b, options, "the list of options")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < options->count; i += 2) {
        const greffe__node *name = options->children[i];
        const greffe__node *label = greffe__node_resolve(options->children[i + 1]);
        if (greffe__cut_by_comma(options, i)) {
            greffe__complain(b, GREFFE__GR_TRAP_FLOW_COMMA, options->children[i - 1],
                             "put the whole label in quotes",
                             "inside braces, YAML ends this text at the comma");
            continue;
        }
        greffe__str trimmed = greffe__str_trim(name->text);
        if (name->text.size == 0 || name->text.size > GREFFE_MAX_ID_BYTES ||
            trimmed.size != name->text.size) {
            greffe__complain(b, GREFFE__GR_NOT_TRIMMED, name, "write a short id: ville",
                             "an option's id is empty, too long, or has spaces at its ends");
            continue;
        }
        if (label->kind != GREFFE__SCALAR || label->text.size == 0) {
            greffe__complain(b, GREFFE__GR_WRONG_SHAPE, label, "ville: Vélo de ville",
                             "an option has a label");
            continue;
        }
        greffe__str *id = greffe__arena_push(b->arena, &out->options, sizeof *id);
        greffe__str *text = greffe__arena_push(b->arena, &out->option_labels, sizeof *text);
        if (id == NULL || text == NULL) {
            return;
        }
        *id = options->children[i]->text;
        *text = label->text;
    }
}

static void check_type(greffe__binder *b, const field_keys *keys, const greffe__node *node,
                       greffe__field_def *out)
{
    static const char *const words[] = {"text",  "long text", "boolean", "integer", "number",
                                        "money", "date",      "choice",  "choices", "email",
                                        "iban",  "phone",     "list",    NULL};
    if (keys->type.node == NULL) {
        return;
    }
    out->type = greffe__data_type_named(keys->type.id);
    if (out->type == 0) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, keys->type.node,
                         greffe__did_you_mean(b, keys->type.id, words, field_key_rows[0].doc),
                         "'%.*s' is not a type of field", (int)keys->type.id.size,
                         keys->type.id.data);
        return;
    }
    bool choice = out->type == GREFFE__DATA_CHOICE || out->type == GREFFE__DATA_CHOICES;
    if (choice && out->options.count == 0) {
        greffe__complain(b, GREFFE__GR_MISSING_KEY, node, "options: {id: label, …}",
                         "a choice needs the key 'options'");
    } else if (!choice && keys->options != NULL) {
        greffe__complain(b, GREFFE__GR_UNKNOWN_KEY, keys->options, "type: choice",
                         "only a choice has options");
    }
}

static void bind_field(greffe__definition *d, const greffe__doc *doc, const greffe__node *name,
                       const greffe__node *node, greffe__field_source *out)
{
    greffe__binder *b = &d->binder;
    field_keys keys = {0};
    greffe__bind(b, &greffe__keys_field, node, 0, &keys);
    *out = (greffe__field_source){.node = node, .doc = doc, .when = keys.when, .must = keys.must};
    greffe__field_def *def = &out->def;
    def->name = name->text;
    def->label = keys.label.size > 0 ? keys.label : name->text;
    def->optional = keys.optional;
    def->message = keys.message;
    def->help = keys.help;
    def->min_length = keys.min_length;
    def->max_length = keys.max_length;
    def->digits = keys.digits;
    if (keys.options != NULL) {
        bind_options(b, keys.options, def);
    }
    check_type(b, &keys, node, def);
    (void)read_bound(b, &keys.min, def->type, &def->min);
    (void)read_bound(b, &keys.max, def->type, &def->max);
    int order;
    if (greffe__value_compare(&order, &def->min, &def->max) && order > 0) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, keys.min.node, "exchange the two",
                         "the least value is above the greatest");
    }
    if (keys.must != NULL && keys.message.size == 0) {
        greffe__complain(b, GREFFE__GR_MISSING_KEY, keys.must, "message: what people read",
                         "a field with 'must' needs the key 'message'");
    }
}

void greffe__bind_section(greffe__definition *d, const greffe__doc *doc, greffe__str id,
                          const greffe__node *node, greffe__section_source *out)
{
    greffe__binder *b = &d->binder;
    *out = (greffe__section_source){.id = id, .title = id, .node = node, .doc = doc};
    for (uint32_t i = 0; i + 1 < node->count; i += 2) {
        const greffe__node *name = node->children[i];
        if (!greffe__check_id(b, name)) {
            continue;
        }
        greffe__field_source *field = greffe__arena_push(b->arena, &out->fields, sizeof *field);
        if (field == NULL) {
            return;
        }
        bind_field(d, doc, name, greffe__node_resolve(node->children[i + 1]), field);
    }
}

typedef struct section_keys {
    greffe__str title;
    const greffe__node *fields, *see;
} section_keys;
static const greffe__key section_rows[] = {
    {"title", GREFFE__K_TEXT, false, offsetof(section_keys, title), 0, NULL, "its heading"},
    {"fields", GREFFE__K_NODE, true, offsetof(section_keys, fields), 0, NULL,
     "its fields: {id: {type: …}}"},
    {"see", GREFFE__K_NODE, false, offsetof(section_keys, see), 0, NULL,
     "who sees it: a role, or a list of roles; default: all agents of the procedure"},
};
const greffe__keys greffe__keys_section = {"a form section", section_rows, 3};

bool greffe__bind_form_section(greffe__definition *d, greffe__str id, const greffe__node *node,
                               greffe__section_source *out)
{
    section_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_section, node, 0, &keys);
    if (keys.fields == NULL ||
        !greffe__expect_mapping(&d->binder, keys.fields, "the list of fields")) {
        return false;
    }
    greffe__bind_section(d, d->binder.doc, id, keys.fields, out);
    out->title = keys.title.size > 0 ? keys.title : id;
    out->see = keys.see;
    return true;
}

/* A field of that path is there already: it is shared, if it is of the same type. */
static bool same_field(greffe__definition *d, const greffe__field_source *source, greffe__str path,
                       greffe__u32s *positions)
{
    uint32_t at;
    if (!greffe__map_get(&d->field_index, path, &at)) {
        return false;
    }
    if (d->plan->fields.at[at].type != source->def.type) {
        greffe__complain(&d->binder, GREFFE__GR_DUPLICATE_ID, source->node,
                         "give it the same type, or another name",
                         "'%.*s' is filled in with another type elsewhere", (int)path.size,
                         path.data);
    }
    uint32_t *place =
        positions == NULL ? NULL : greffe__arena_push(d->binder.arena, positions, sizeof *place);
    if (place != NULL) {
        *place = at;
    }
    return true;
}

void greffe__add_fields(greffe__definition *d, const greffe__section_source *section,
                        greffe__str owner, bool optional, greffe__u32s *positions)
{
    greffe__plan *plan = d->plan;
    greffe__arena *arena = d->binder.arena;
    for (uint32_t i = 0; i < section->fields.count; i++) {
        const greffe__field_source *source = &section->fields.at[i];
        greffe__str path = GREFFE__CONCAT(arena, owner, {".", 1}, source->def.name);
        if (same_field(d, source, path, positions)) {
            continue; /* two outcomes of a step may ask for the same */
        }
        greffe__field_def *field = greffe__arena_push(arena, &plan->fields, sizeof *field);
        struct greffe__field_pending *pending =
            greffe__arena_push(arena, &d->field_sources, sizeof *pending);
        if (field == NULL || pending == NULL) {
            return;
        }
        if (plan->fields.count > GREFFE_MAX_FIELDS) {
            greffe__complain(&d->binder, GREFFE__GR_TOO_MANY, source->node,
                             "ask for less, or in two procedures",
                             "a procedure has at most 2,000 fields");
            plan->fields.count -= 1;
            return;
        }
        *field = source->def;
        field->owner = owner;
        field->optional = field->optional || optional;
        field->path = path;
        uint32_t position = plan->fields.count - 1;
        (void)greffe__map_add(&d->field_index, path, position);
        *pending =
            (struct greffe__field_pending){position, source->when, source->must, source->doc};
        if (positions != NULL) {
            uint32_t *place = greffe__arena_push(arena, positions, sizeof *place);
            if (place != NULL) {
                *place = position;
            }
        }
    }
}
