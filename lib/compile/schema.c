/* JSON Schemas (draft 07) of the kinds of file, for editors: written from the tables of keys that
 * bind them, and from what stands below about the shapes that those leave to code. */
#include <string.h>

#include "compile/compile_priv.h"

/* What a key takes that code of its own binds. */
typedef enum shape {
    TABLE,       /* a mapping with the keys of a table */
    MAP,         /* {id: such a mapping} */
    LIST,        /* a list of such mappings */
    MAP_OF_TEXT, /* {id: text} */
    MAP_OF_TERM, /* {id: 2 months} */
    TEXT_OR_LIST,
    LIST_OF_DATES,
    TEXT_OR_MAP,  /* a text, or {id: text or such a mapping} */
    MAP_TEXT_OR,  /* {id: text, or such a mapping} */
    LIST_OR_TEXT, /* a text, or a list of such mappings */
    WORD_OR_LIST, /* one of some words, or a list of them */
    WORD_OR_NUMBER,
    MAP_OF_TYPE,      /* {name: the type of a field} */
    MAP_OF_BRANCHES,  /* {id: {steps: …}} */
    ANYTHING_IN_ROWS, /* a block of text, or a list */
    WORD,
    TYPE /* the type of a field */
} shape;

static const char *const media[] = {"pdf", "jpeg", "png", NULL};
static const char *const joins[] = {"all", "any", NULL};
static const char *const quorums[] = {"half", NULL};
static const char *const holidays[] = {"fr", "fr-alsace-moselle", "none", NULL};

static const struct holding {
    const greffe__keys *in;
    const char *key;
    shape shape;
    const greffe__keys *of;
    const char *const *words;
} holdings[] = {
    {&greffe__keys_authority, "calendar", TABLE, &greffe__keys_calendar, NULL},
    {&greffe__keys_authority, "services", MAP, &greffe__keys_authority_service, NULL},
    {&greffe__keys_authority, "boards", MAP, &greffe__keys_board, NULL},
    {&greffe__keys_authority, "allotments", MAP, &greffe__keys_allotment, NULL},
    {&greffe__keys_authority, "form", MAP, &greffe__keys_section, NULL},
    {&greffe__keys_board, "quorum", WORD_OR_NUMBER, NULL, quorums},
    {&greffe__keys_calendar, "holidays", WORD, NULL, holidays},
    {&greffe__keys_calendar, "closed", LIST_OF_DATES, NULL, NULL},
    {&greffe__keys_field, "type", TYPE, NULL, NULL},
    {&greffe__keys_field, "options", MAP_OF_TEXT, NULL, NULL},
    {&greffe__keys_section, "fields", MAP, &greffe__keys_field, NULL},
    {&greffe__keys_section, "see", TEXT_OR_LIST, NULL, NULL},
    {&greffe__keys_procedure, "open", TABLE, &greffe__keys_open, NULL},
    {&greffe__keys_procedure, "roles", MAP, &greffe__keys_role, NULL},
    {&greffe__keys_procedure, "form", MAP, &greffe__keys_section, NULL},
    {&greffe__keys_procedure, "documents", MAP, &greffe__keys_document, NULL},
    {&greffe__keys_procedure, "once", TABLE, &greffe__keys_once, NULL},
    {&greffe__keys_procedure, "values", MAP_TEXT_OR, &greffe__keys_value, NULL},
    {&greffe__keys_procedure, "tables", MAP, &greffe__keys_table, NULL},
    {&greffe__keys_procedure, "freeze", MAP_OF_TEXT, NULL, NULL},
    {&greffe__keys_procedure, "clocks", MAP, &greffe__keys_clock, NULL},
    {&greffe__keys_procedure, "services", MAP, &greffe__keys_service, NULL},
    {&greffe__keys_procedure, "steps", MAP, &greffe__keys_step, NULL},
    {&greffe__keys_procedure, "guarantees", LIST, &greffe__keys_guarantee, NULL},
    {&greffe__keys_procedure, "waive", LIST, &greffe__keys_waiver, NULL},
    {&greffe__keys_procedure, "retention", MAP_OF_TERM, NULL, NULL},
    {&greffe__keys_role, "see", TEXT_OR_LIST, NULL, NULL},
    {&greffe__keys_document, "accept", WORD_OR_LIST, NULL, media},
    {&greffe__keys_document, "see", TEXT_OR_LIST, NULL, NULL},
    {&greffe__keys_value, "rules", LIST_OR_TEXT, &greffe__keys_rule, NULL},
    {&greffe__keys_service, "with", MAP_OF_TYPE, NULL, NULL},
    {&greffe__keys_service, "gives", MAP, &greffe__keys_field, NULL},
    {&greffe__keys_step, "then", TEXT_OR_MAP, &greffe__keys_outcome, NULL},
    {&greffe__keys_step, "reserve", TABLE, &greffe__keys_reserve, NULL},
    {&greffe__keys_step, "cases", LIST, &greffe__keys_case, NULL},
    {&greffe__keys_step, "branches", MAP_OF_BRANCHES, &greffe__keys_step, NULL},
    {&greffe__keys_step, "steps", MAP, &greffe__keys_step, NULL},
    {&greffe__keys_step, "with", MAP_OF_TEXT, NULL, NULL},
    {&greffe__keys_step, "join", WORD_OR_NUMBER, NULL, joins},
    {&greffe__keys_step, "see", TEXT_OR_LIST, NULL, NULL},
    {&greffe__keys_outcome, "fill", MAP, &greffe__keys_field, NULL},
    {&greffe__keys_table, "inputs", TEXT_OR_LIST, NULL, NULL},
    {&greffe__keys_table, "outputs", TEXT_OR_LIST, NULL, NULL},
    {&greffe__keys_table, "rules", ANYTHING_IN_ROWS, NULL, NULL},
    {&greffe__keys_table, "otherwise", TEXT_OR_MAP, NULL, NULL},
    {&greffe__keys_table, "order", TEXT_OR_MAP, NULL, NULL},
    {&greffe__keys_site, "payer", TABLE, &greffe__keys_payer, NULL},
    {&greffe__keys_site, "mail", TABLE, &greffe__keys_destination, NULL},
    {&greffe__keys_site, "webhooks", MAP, &greffe__keys_destination, NULL},
    {&greffe__keys_site, "services", MAP, &greffe__keys_destination, NULL},
    {&greffe__keys_site, "accounts", MAP, &greffe__keys_account, NULL},
};

static const greffe__keys *const described[] = {
    &greffe__keys_authority_service,
    &greffe__keys_calendar,
    &greffe__keys_board,
    &greffe__keys_allotment,
    &greffe__keys_field,
    &greffe__keys_section,
    &greffe__keys_open,
    &greffe__keys_role,
    &greffe__keys_document,
    &greffe__keys_rule,
    &greffe__keys_value,
    &greffe__keys_once,
    &greffe__keys_clock,
    &greffe__keys_guarantee,
    &greffe__keys_waiver,
    &greffe__keys_service,
    &greffe__keys_outcome,
    &greffe__keys_case,
    &greffe__keys_table,
    &greffe__keys_reserve,
    &greffe__keys_payer,
    &greffe__keys_account,
    &greffe__keys_destination,
    &greffe__keys_step,
};

/* --- Pieces --- */

/* A text may be written as YAML's numbers and booleans are. */
static const char text[] = "\"type\":[\"string\",\"number\",\"boolean\"]";
static const char date[] = "\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\","
                           "\"patternErrorMessage\":\"year-month-day: 2026-01-31\"";
static const char term[] =
    "\"type\":\"string\",\"pattern\":\"^[0-9]+ *(working days?|days?|weeks?|months?|years?|hours?)"
    "$\",\"patternErrorMessage\":\"a number and a unit: 2 months, 5 working days\","
    "\"examples\":[\"2 months\",\"15 days\",\"5 working days\"]";

static void put(greffe__buf *out, const char *words)
{
    greffe__buf_text(out, words);
}

static void put_words(greffe__buf *out, const char *const *words)
{
    put(out, "\"enum\":[");
    for (size_t i = 0; words[i] != NULL; i++) {
        put(out, i > 0 ? "," : "");
        greffe__buf_json(out, greffe__str_of(words[i]));
    }
    greffe__buf_byte(out, ']');
}

static void put_type(greffe__buf *out)
{
    put(out, "\"enum\":[");
    for (uint32_t i = GREFFE__DATA_TEXT; i <= GREFFE__DATA_LIST; i++) {
        put(out, i > GREFFE__DATA_TEXT ? "," : "");
        greffe__buf_json(out, greffe__str_of(greffe__data_type_name(i)));
    }
    greffe__buf_byte(out, ']');
}

/* A table's definition is named by what it is about: "a role" is role. */
static void put_ref(greffe__buf *out, const greffe__keys *table)
{
    for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
        if (described[i] == table) {
            greffe__buf_format(out, "\"$ref\":\"#/definitions/t%zu\"", i);
        }
    }
}

static void put_map(greffe__buf *out, const char *before, const greffe__keys *of, const char *after)
{
    put(out, "\"type\":\"object\",\"additionalProperties\":{");
    put(out, before);
    if (of != NULL) {
        put_ref(out, of);
    }
    put(out, after);
    greffe__buf_byte(out, '}');
}

static void put_list(greffe__buf *out, const char *type, const char *items, const greffe__keys *of)
{
    greffe__buf_format(out, "\"type\":%s,\"items\":{%s", type, items);
    if (of != NULL) {
        put_ref(out, of);
    }
    greffe__buf_byte(out, '}');
}

/* --- Keys --- */

static void put_shape(greffe__buf *out, const struct holding *holding)
{
    switch (holding->shape) {
    case TABLE: put(out, "\"allOf\":[{"), put_ref(out, holding->of), put(out, "}]"); break;
    case MAP: put_map(out, "", holding->of, ""); break;
    case LIST: put_list(out, "\"array\"", "", holding->of); break;
    case MAP_OF_TEXT: put_map(out, text, NULL, ""); break;
    case MAP_OF_TERM: put_map(out, term, NULL, ""); break;
    case TEXT_OR_LIST:
        put_list(out, "[\"string\",\"number\",\"boolean\",\"array\"]", text, NULL);
        break;
    case LIST_OF_DATES: put_list(out, "\"array\"", date, NULL); break;
    case TEXT_OR_MAP:
        put(out, "\"type\":[\"string\",\"number\",\"boolean\",\"object\"],"
                 "\"additionalProperties\":{");
        put(out, holding->of != NULL ? "\"anyOf\":[{" : "");
        put(out, text);
        if (holding->of != NULL) {
            put(out, "},{");
            put_ref(out, holding->of);
            put(out, "}]");
        }
        greffe__buf_byte(out, '}');
        break;
    case MAP_TEXT_OR:
        put(out, "\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[{");
        put(out, text);
        put(out, "},{\"type\":\"array\",\"items\":{");
        put_ref(out, &greffe__keys_rule);
        put(out, "}},{");
        put_ref(out, holding->of);
        put(out, "}]}");
        break;
    case LIST_OR_TEXT:
        put_list(out, "[\"string\",\"number\",\"boolean\",\"array\"]", "", holding->of);
        break;
    case WORD_OR_LIST:
        put(out, "\"anyOf\":[{");
        put_words(out, holding->words);
        put(out, "},{\"type\":\"array\",\"items\":{");
        put_words(out, holding->words);
        put(out, "}}]");
        break;
    case WORD: put_words(out, holding->words); break;
    case WORD_OR_NUMBER:
        put(out, "\"anyOf\":[{");
        put_words(out, holding->words);
        put(out, "},{\"type\":\"integer\",\"minimum\":1}]");
        break;
    case MAP_OF_TYPE:
        put(out, "\"type\":\"object\",\"additionalProperties\":{");
        put_type(out);
        greffe__buf_byte(out, '}');
        break;
    case MAP_OF_BRANCHES:
        put(out, "\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\","
                 "\"required\":[\"steps\"],\"additionalProperties\":false,\"properties\":{"
                 "\"steps\":{\"description\":\"the steps of this branch\",");
        put_map(out, "", holding->of, "");
        put(out, "}}}");
        break;
    case ANYTHING_IN_ROWS: put(out, "\"type\":[\"string\",\"array\"]"); break;
    case TYPE: put_type(out); break;
    }
}

static void put_value(greffe__buf *out, const greffe__keys *table, const greffe__key *key)
{
    for (size_t i = 0; i < sizeof holdings / sizeof *holdings; i++) {
        if (holdings[i].in == table && strcmp(holdings[i].key, key->name) == 0) {
            put_shape(out, &holdings[i]);
            return;
        }
    }
    switch ((greffe__key_type)key->type) {
    case GREFFE__K_NAMES:
    case GREFFE__K_WORDS:
        put_list(out, "[\"string\",\"number\",\"boolean\",\"array\"]", text, NULL);
        break;
    case GREFFE__K_WORD: put_words(out, key->words); break;
    case GREFFE__K_BOOL: put(out, "\"type\":\"boolean\""); break;
    case GREFFE__K_UINT: put(out, "\"type\":\"integer\",\"minimum\":0"); break;
    case GREFFE__K_DATE: put(out, date); break;
    case GREFFE__K_TERM: put(out, term); break;
    case GREFFE__K_TEXT:
    case GREFFE__K_NAME:
    case GREFFE__K_SCALAR:
    case GREFFE__K_EXPR:
    case GREFFE__K_NODE: put(out, text); break;
    }
}

static bool is_of_kind(const greffe__key *key, uint32_t kind)
{
    return kind == 0 || key->kinds == 0 || (key->kinds >> kind & 1) != 0;
}

/* The keys of a table; of steps, those of a kind, which itself stands outside. */
static void put_keys(greffe__buf *out, const greffe__keys *table, uint32_t kind)
{
    bool first = true;
    put(out, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (uint32_t i = 0; i < table->count; i++) {
        const greffe__key *key = &table->at[i];
        if (!is_of_kind(key, kind)) {
            continue;
        }
        put(out, first ? "" : ",");
        first = false;
        greffe__buf_json(out, greffe__str_of(key->name));
        if (kind != 0 && strcmp(key->name, "kind") == 0) {
            put(out, ":true");
            continue;
        }
        put(out, ":{\"description\":");
        greffe__buf_json(out, greffe__str_of(key->doc));
        greffe__buf_byte(out, ',');
        put_value(out, table, key);
        greffe__buf_byte(out, '}');
    }
    put(out, "},\"required\":[");
    first = true;
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->at[i].required && is_of_kind(&table->at[i], kind)) {
            put(out, first ? "" : ",");
            greffe__buf_json(out, greffe__str_of(table->at[i].name));
            first = false;
        }
    }
    greffe__buf_byte(out, ']');
}

/* What a step may say hangs on its kind. */
static void put_step(greffe__buf *out)
{
    const greffe__key *kinds = &greffe__keys_step.at[0];
    put(out, "\"type\":\"object\",\"properties\":{\"kind\":{\"description\":");
    greffe__buf_json(out, greffe__str_of(kinds->doc));
    greffe__buf_byte(out, ',');
    put_words(out, kinds->words);
    put(out, "}},\"required\":[\"kind\"],\"allOf\":[");
    for (uint32_t i = 0; kinds->words[i] != NULL; i++) {
        greffe__buf_format(out,
                           "%s{\"if\":{\"properties\":{\"kind\":{\"const\":\"%s\"}},"
                           "\"required\":[\"kind\"]},\"then\":{\"title\":\"a step of kind %s\",",
                           i > 0 ? "," : "", kinds->words[i], kinds->words[i]);
        put_keys(out, &greffe__keys_step, i + 1);
        put(out, "}}");
    }
    greffe__buf_byte(out, ']');
}

/* --- Door --- */

static void write_schema(greffe__buf *out, const greffe__keys *table)
{
    put(out, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":");
    greffe__buf_json(out, greffe__str_of(table->what));
    greffe__buf_byte(out, ',');
    put_keys(out, table, 0);
    put(out, ",\"definitions\":{");
    for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
        greffe__buf_format(out, "%s\"t%zu\":{", i > 0 ? "," : "", i);
        if (described[i] == &greffe__keys_step) {
            put_step(out);
        } else {
            put_keys(out, described[i], 0);
        }
        greffe__buf_byte(out, '}');
    }
    put(out, "}}\n");
}

greffe_status greffe_schema(char **out, greffe_context *context, const char *kind)
{
    static const struct {
        const char *kind;
        const greffe__keys *table;
    } files[] = {{"procedure", &greffe__keys_procedure},
                 {"authority", &greffe__keys_authority},
                 {"site", &greffe__keys_site}};
    if (out == NULL || context == NULL || kind == NULL) {
        return GREFFE_EMISUSE;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(kind, files[i].kind) == 0) {
            greffe__buf text_of_it;
            greffe__buf_init(&text_of_it, context);
            write_schema(&text_of_it, files[i].table);
            if (greffe__buf_done(&text_of_it) == NULL) {
                greffe__buf_free(&text_of_it);
                return GREFFE_ENOMEM;
            }
            *out = text_of_it.data;
            return GREFFE_OK;
        }
    }
    return GREFFE_ENOTFOUND;
}
