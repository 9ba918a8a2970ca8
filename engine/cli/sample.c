/* What people might answer: each field has a few candidates by its type, its bounds and what its
 * rules name; those that the engine finds fault with are changed until it finds none. */
#include "cli/sample.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan.h"

enum { most_fields = 500, most_rounds = 60 };

/* The fields that are asked for, what may be answered to each, and which of it is tried. */
typedef struct form {
    const sample *s;
    const cJSON *fields[most_fields];
    cJSON *candidates[most_fields];
    int tried[most_fields];
    int count;
} form;

/* --- Candidates --- */

static void add_text(cJSON *list, const char *text)
{
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static void add_number(cJSON *list, double number, bool whole)
{
    char text[64];
    (void)snprintf(text, sizeof text, whole ? "%.0f" : "%.2f", number);
    add_text(list, text);
}

/* Constants that stand in a field's own rules, and their neighbours. */
static void add_constants(cJSON *list, const cJSON *field, bool whole)
{
    static const char *const rules[] = {"must", "when"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const cJSON *one, *rule = cJSON_GetObjectItemCaseSensitive(field, rules[i]);
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(rule, "constants"))
        {
            if (cJSON_IsNumber(one)) {
                add_number(list, one->valuedouble, whole);
                add_number(list, one->valuedouble - 1, whole);
                add_number(list, one->valuedouble + 1, whole);
            } else if (cJSON_IsString(one)) {
                add_text(list, one->valuestring);
            }
        }
    }
}

static void add_numbers(cJSON *list, const cJSON *field, bool whole)
{
    static const char *const bounds[] = {"min", "max"};
    static const double usual[] = {100, 1000, 1, 10, 0, 18, 50, 500, 5000, 50000};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        add_number(list, usual[i], whole);
    }
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const cJSON *bound = cJSON_GetObjectItemCaseSensitive(field, bounds[i]);
        if (cJSON_IsNumber(bound)) {
            add_number(list, bound->valuedouble, whole);
        }
    }
    add_constants(list, field, whole);
}

static void add_dates(cJSON *list, const cJSON *field, int64_t now_ms)
{
    static const int days[] = {-10, 0, 10, -40, 40, -200, 200, -400, 400, -1000, -12000, -25000};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        char day[16];
        cli_day(now_ms + (int64_t)days[i] * 86400000, day);
        add_text(list, day);
    }
    add_constants(list, field, true);
}

/* A text of the length, or of as many digits, as the field asks for. */
static void add_texts(cJSON *list, const cJSON *field)
{
    char text[256];
    int digits = cli_number(field, "digits"), least = cli_number(field, "min_length");
    size_t size = (size_t)(digits > 0 ? digits : least > 7 ? least : 7);
    size = size < sizeof text - 1 ? size : sizeof text - 1;
    int most = cli_number(field, "max_length");
    size = most > 0 && (size_t)most < size ? (size_t)most : size;
    memset(text, digits > 0 ? '1' : 'x', size);
    text[size] = '\0';
    if (digits == 0 && size >= 7) {
        memcpy(text, "Exemple", 7);
    }
    add_text(list, text);
    add_constants(list, field, true);
    text[0] = digits > 0 ? '9' : 'y';
    add_text(list, text);
}

static void add_options(cJSON *list, const cJSON *field, bool several)
{
    const cJSON *one, *options = cJSON_GetObjectItemCaseSensitive(field, "options");
    cJSON_ArrayForEach(one, options)
    {
        cJSON *value = cJSON_CreateString(one->valuestring);
        if (several) {
            cJSON *chosen = cJSON_CreateArray();
            cJSON_AddItemToArray(chosen, value);
            value = chosen;
        }
        cJSON_AddItemToArray(list, value);
    }
    if (several) {
        cJSON_AddItemToArray(list, cJSON_Duplicate(options, true));
    }
}

static void add_by_type(cJSON *list, const cJSON *field, int64_t now_ms)
{
    switch (cli_number(field, "type")) {
    case PLAN_BOOLEAN:
        cJSON_AddItemToArray(list, cJSON_CreateTrue());
        cJSON_AddItemToArray(list, cJSON_CreateFalse());
        break;
    case PLAN_INTEGER: add_numbers(list, field, true); break;
    case PLAN_NUMBER:
    case PLAN_MONEY: add_numbers(list, field, false); break;
    case PLAN_DATE: add_dates(list, field, now_ms); break;
    case PLAN_CHOICE: add_options(list, field, false); break;
    case PLAN_CHOICES: add_options(list, field, true); break;
    case PLAN_EMAIL: add_text(list, "exemple@example.org"); break;
    case PLAN_IBAN:
        add_text(list, "FR7630006000011234567890189");
        add_text(list, "FR1420041010050500013M02606");
        break;
    case PLAN_PHONE: add_text(list, "+33612345678"); break;
    case PLAN_LIST: {
        cJSON *items = cJSON_CreateArray();
        add_text(items, "exemple");
        cJSON_AddItemToArray(list, items);
        break;
    }
    default: add_texts(list, field); break;
    }
}

/* What is fixed has no other candidate; what may be left out is, at first. */
static cJSON *candidates_of(const sample *s, const cJSON *field)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *fixed = cJSON_GetObjectItemCaseSensitive(s->fixed, cli_words(field, "path"));
    bool optional = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(field, "optional"));
    if (fixed != NULL) {
        cJSON_AddItemToArray(list, cJSON_Duplicate(fixed, true));
        return list;
    }
    if (optional) {
        cJSON_AddItemToArray(list, cJSON_CreateNull());
    }
    add_by_type(list, field, s->now_ms);
    if (!optional) {
        cJSON_AddItemToArray(list, cJSON_CreateNull()); /* where it does not apply */
    }
    return list;
}

static void add_field(form *f, const cJSON *field)
{
    if (f->count < most_fields) {
        int at = f->count++;
        f->fields[at] = field;
        f->candidates[at] = candidates_of(f->s, field);
        int size = cJSON_GetArraySize(f->candidates[at]);
        f->tried[at] = (int)(f->s->variant % (unsigned)(size > 1 ? size - 1 : 1));
    }
}

static void forget(form *f)
{
    for (int i = 0; i < f->count; i++) {
        cJSON_Delete(f->candidates[i]);
    }
}

/* --- Trying --- */

static const cJSON *value_of(const form *f, int field)
{
    return cJSON_GetArrayItem(f->candidates[field], f->tried[field]);
}

/* What is tried, by section, or of one step alone. */
static cJSON *answers_of(const form *f, bool by_section)
{
    cJSON *all = cJSON_CreateObject();
    for (int i = 0; i < f->count; i++) {
        const char *owner = cli_words(f->fields[i], "owner");
        const cJSON *value = value_of(f, i);
        cJSON *section = by_section ? cJSON_GetObjectItemCaseSensitive(all, owner) : all;
        if (section == NULL) {
            section = cJSON_AddObjectToObject(all, owner);
        }
        if (value != NULL && !cJSON_IsNull(value)) {
            cJSON_AddItemToObject(section, cli_words(f->fields[i], "name"),
                                  cJSON_Duplicate(value, true));
        }
    }
    return all;
}

/* The faults that the engine finds; takes `args` over. */
static cJSON *check(const sample *s, cJSON *args)
{
    char *text = cJSON_PrintUnformatted(args);
    const greffe_query query = {.size = sizeof query,
                                .kind = GREFFE_QUERY_CHECK,
                                .key = s->dossier,
                                .group =
                                    s->dossier == NULL ? cli_words(s->plan, "procedure") : NULL,
                                .args = {text, text != NULL ? strlen(text) : 0},
                                .now_ms = s->now_ms};
    cJSON *whole = text != NULL ? cli_read(s->c, &query) : NULL;
    cJSON_free(text);
    cJSON_Delete(args);
    return whole;
}

/* Tries the next candidate of what a fault is about; false: there is none. */
static bool change(form *f, const char *path)
{
    for (int i = 0; i < f->count; i++) {
        int size = cJSON_GetArraySize(f->candidates[i]);
        if (strcmp(cli_words(f->fields[i], "path"), path) == 0 && size > 1) {
            f->tried[i] = (f->tried[i] + 1) % size;
            return true;
        }
    }
    return false;
}

static void drop_document(cJSON *documents, const char *id)
{
    for (int i = cJSON_GetArraySize(documents); i > 0; i--) {
        const cJSON *one = cJSON_GetArrayItem(documents, i - 1);
        if (cJSON_IsString(one) && strcmp(one->valuestring, id) == 0) {
            cJSON_DeleteItemFromArray(documents, i - 1);
        }
    }
}

/* Changes what the faults are about; false: nothing is left to change. */
static bool mend(form *f, const cJSON *whole, cJSON *documents)
{
    bool changed = false;
    const cJSON *fault;
    cJSON_ArrayForEach(fault, cJSON_GetObjectItemCaseSensitive(whole, "faults"))
    {
        const char *path = cli_words(fault, "path");
        int before = cJSON_GetArraySize(documents);
        drop_document(documents, path);
        changed = change(f, path) || cJSON_GetArraySize(documents) != before || changed;
    }
    return changed;
}

/* --- Doors --- */

cJSON *sample_document(const cJSON *plan, const char *id)
{
    const char *media = "application/pdf";
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(plan, "documents"))
    {
        const cJSON *accept = cJSON_GetObjectItemCaseSensitive(one, "accept");
        if (strcmp(cli_words(one, "id"), id) == 0 && cJSON_GetArraySize(accept) > 0) {
            media = cJSON_GetArrayItem(accept, 0)->valuestring;
        }
    }
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "name", id);
    cJSON_AddStringToObject(document, "media", media);
    cJSON_AddNumberToObject(document, "size", 1000);
    cJSON_AddStringToObject(document, "sha256",
                            "0000000000000000000000000000000000000000000000000000000000000000");
    return document;
}

static cJSON *documents_as_given(const sample *s, const cJSON *documents)
{
    cJSON *given = cJSON_CreateObject();
    const cJSON *one;
    cJSON_ArrayForEach(one, documents)
    {
        cJSON_AddItemToObject(given, one->valuestring, sample_document(s->plan, one->valuestring));
    }
    return given;
}

cJSON *sample_filing(const sample *s, cJSON **documents)
{
    form f = {.s = s};
    const cJSON *one;
    *documents = cJSON_CreateArray();
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, "documents"))
    {
        add_text(*documents, cli_words(one, "id"));
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, "fields"))
    {
        const cJSON *section;
        cJSON_ArrayForEach(section, cJSON_GetObjectItemCaseSensitive(s->plan, "sections"))
        {
            if (strcmp(cli_words(section, "id"), cli_words(one, "owner")) == 0) {
                add_field(&f, one);
            }
        }
    }
    bool again = true;
    for (int round = 0; again && round < most_rounds; round++) {
        cJSON *args = cJSON_CreateObject();
        cJSON_AddStringToObject(args, "verb", "file");
        cJSON_AddItemToObject(args, "answers", answers_of(&f, true));
        cJSON_AddItemToObject(args, "documents", documents_as_given(s, *documents));
        cJSON *whole = check(s, args);
        again = whole != NULL && mend(&f, whole, *documents);
        cJSON_Delete(whole);
    }
    cJSON *answers = answers_of(&f, true);
    forget(&f);
    return answers;
}

cJSON *sample_fill(const sample *s, const char *step, const cJSON *edge)
{
    form f = {.s = s};
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(edge, "fill"))
    {
        add_field(&f, cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(s->plan, "fields"),
                                         one->valueint));
    }
    bool again = f.count > 0;
    for (int round = 0; again && round < most_rounds; round++) {
        cJSON *args = cJSON_CreateObject();
        cJSON_AddStringToObject(args, "verb", "complete");
        cJSON_AddStringToObject(args, "step", step);
        cJSON_AddStringToObject(args, "outcome", cli_words(edge, "outcome"));
        cJSON_AddItemToObject(args, "fill", answers_of(&f, false));
        cJSON *whole = check(s, args);
        again = whole != NULL && mend(&f, whole, NULL);
        cJSON_Delete(whole);
    }
    cJSON *fill = answers_of(&f, false);
    forget(&f);
    return fill;
}

cJSON *sample_given(const sample *s, const char *step)
{
    form f = {.s = s};
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(s->plan, "fields"))
    {
        if (strcmp(cli_words(one, "owner"), step) == 0) {
            add_field(&f, one);
        }
    }
    cJSON *given = answers_of(&f, false);
    forget(&f);
    return given;
}
