/* Answers and documents: checked against the plan's form, converted by type, kept as personal
 * values. The first fault refuses the command, and names the field. */
#include <string.h>

#include "base/account.h"
#include "run/view_priv.h"

static bool field_fault(greffe__bench *b, greffe__code code, const greffe__field_def *field,
                        const char *hint, const char *problem)
{
    return greffe__refuse(b, code, GREFFE_EINVALID, hint, "%.*s: %s", (int)field->path.size,
                          field->path.data, problem);
}

/* --- Conversion --- */

static bool iban(greffe__bench *b, greffe__str text, greffe__str *out)
{
    char account[GREFFE__IBAN_CHARS];
    bool valid = greffe__iban_read(account, text);
    *out = valid ? greffe__str_dup(b->arena, greffe__str_of(account)) : (greffe__str){"", 0};
    return valid;
}

static bool email(greffe__str text)
{
    size_t at = 0, signs = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == ',' || c == ';' || c == '<' || c == '>' || c == '"' || c == 127) {
            return false;
        }
        signs += c == '@';
        at = c == '@' ? i : at;
    }
    return signs == 1 && at > 0 && at + 3 < text.size && text.size <= 254 &&
           memchr(text.data + at, '.', text.size - at) != NULL && text.data[text.size - 1] != '.';
}

static bool convert_text(greffe__bench *b, const greffe__field_def *field, greffe__value *value)
{
    if (value->kind != GREFFE__STRING) {
        return field_fault(b, GREFFE__GR_FIELD_TYPE, field, NULL, "a text is expected");
    }
    greffe__str text = value->as.string, account;
    uint32_t length = (uint32_t)greffe__utf8_length(text);
    bool digits = field->digits == 0 || length == field->digits;
    for (size_t i = 0; field->digits > 0 && i < text.size; i++) {
        digits = digits && text.data[i] >= '0' && text.data[i] <= '9';
    }
    if (!digits) {
        greffe__str hint = greffe__str_format(b->arena, "write exactly %u digits", field->digits);
        return field_fault(b, GREFFE__GR_FIELD_RANGE, field, hint.data,
                           "the answer has another number of digits");
    }
    if (length < field->min_length || (field->max_length > 0 && length > field->max_length) ||
        text.size > 100000) {
        return field_fault(b, GREFFE__GR_FIELD_RANGE, field, NULL,
                           "the text is too short or too long");
    }
    if (field->type == GREFFE__DATA_EMAIL && !email(text)) {
        return field_fault(b, GREFFE__GR_FIELD_TYPE, field, "write name@example.org",
                           "this is not an e-mail address");
    }
    if (field->type == GREFFE__DATA_IBAN) {
        if (!iban(b, text, &account)) {
            return field_fault(b, GREFFE__GR_FIELD_IBAN, field,
                               "copy it from the bank's document; its check digits are wrong",
                               "this is not a valid IBAN");
        }
        *value = greffe__string(account);
    }
    return true;
}

static bool convert_number(greffe__bench *b, const greffe__field_def *field, greffe__value *value)
{
    greffe__dec number;
    int64_t whole;
    if (value->kind == GREFFE__STRING && greffe__dec_parse(&number, value->as.string)) {
        *value = greffe__number(number);
    }
    if (value->kind != GREFFE__NUMBER) {
        return field_fault(b, GREFFE__GR_FIELD_TYPE, field, NULL, "a number is expected");
    }
    if (field->type == GREFFE__DATA_MONEY && !greffe__dec_to_cents(&whole, value->as.number)) {
        return field_fault(b, GREFFE__GR_FIELD_TYPE, field, "write 1200.00",
                           "an amount has two decimals at most");
    }
    if (field->type == GREFFE__DATA_INTEGER && !greffe__dec_to_i64(&whole, value->as.number)) {
        return field_fault(b, GREFFE__GR_FIELD_TYPE, field, NULL, "a whole number is expected");
    }
    return true;
}

static bool option(greffe__bench *b, const greffe__field_def *field, const greffe__value *value)
{
    if (value->kind != GREFFE__STRING) {
        return field_fault(b, GREFFE__GR_FIELD_TYPE, field, NULL, "an option is expected");
    }
    if (!greffe__has_str(&field->options, value->as.string)) {
        greffe__str hint = {"its options are ", 16};
        for (uint32_t i = 0; i < field->options.count; i++) {
            hint = greffe__str_format(b->arena, "%.*s%s%.*s", (int)hint.size, hint.data,
                                      i == 0 ? "" : ", ", (int)field->options.at[i].size,
                                      field->options.at[i].data);
        }
        return field_fault(b, GREFFE__GR_FIELD_OPTION, field, hint.data,
                           "the answer is not one of the options");
    }
    return true;
}

static bool convert_list(greffe__bench *b, const greffe__field_def *field,
                         const greffe__value *value)
{
    if (value->kind != GREFFE__LIST || value->count > 1000) {
        return field_fault(b, GREFFE__GR_FIELD_TYPE, field, NULL, "a list is expected");
    }
    for (uint32_t i = 0; i < value->count; i++) {
        bool good = field->type == GREFFE__DATA_CHOICES ? option(b, field, &value->as.items[i])
                                                        : value->as.items[i].kind == GREFFE__STRING;
        if (!good) {
            return field_fault(b, GREFFE__GR_FIELD_TYPE, field, NULL,
                               "a list of texts is expected");
        }
    }
    return true;
}

static bool in_bounds(greffe__bench *b, const greffe__field_def *field, const greffe__value *value)
{
    int order;
    bool low = field->min.kind == GREFFE__NULL ||
               (greffe__value_compare(&order, value, &field->min) && order >= 0);
    bool high = field->max.kind == GREFFE__NULL ||
                (greffe__value_compare(&order, value, &field->max) && order <= 0);
    return (low && high) || field_fault(b, GREFFE__GR_FIELD_RANGE, field, NULL,
                                        low ? "the answer is above the greatest that is accepted"
                                            : "the answer is below the least that is accepted");
}

static bool convert(greffe__bench *b, const greffe__field_def *field, greffe__value *value)
{
    int64_t days;
    switch ((greffe__data_type)field->type) {
    case GREFFE__DATA_TEXT:
    case GREFFE__DATA_LONG_TEXT:
    case GREFFE__DATA_EMAIL:
    case GREFFE__DATA_IBAN:
    case GREFFE__DATA_PHONE: return convert_text(b, field, value);
    case GREFFE__DATA_BOOLEAN:
        return value->kind == GREFFE__BOOL ||
               field_fault(b, GREFFE__GR_FIELD_TYPE, field, NULL, "true or false is expected");
    case GREFFE__DATA_INTEGER:
    case GREFFE__DATA_NUMBER:
    case GREFFE__DATA_MONEY: return convert_number(b, field, value) && in_bounds(b, field, value);
    case GREFFE__DATA_DATE:
        if (value->kind != GREFFE__STRING || !greffe__date_parse(&days, value->as.string)) {
            return field_fault(b, GREFFE__GR_FIELD_TYPE, field, "write 2026-01-31",
                               "a date is expected");
        }
        *value = greffe__date(days);
        return in_bounds(b, field, value);
    case GREFFE__DATA_CHOICE: return option(b, field, value);
    case GREFFE__DATA_CHOICES:
    case GREFFE__DATA_LIST: return convert_list(b, field, value);
    }
    return false;
}

/* --- Answers --- */

static const greffe__field_def *field_of(const greffe__bench *b, greffe__str owner,
                                         greffe__str name)
{
    for (uint32_t i = 0; i < b->plan->fields.count; i++) {
        const greffe__field_def *field = &b->plan->fields.at[i];
        if (greffe__str_equal(field->owner, owner) && greffe__str_equal(field->name, name)) {
            return field;
        }
    }
    return NULL;
}

/* Converts one owner's answers and keeps them as one personal value. */
static bool keep_answers(greffe__bench *b, greffe__str owner, const greffe__value *given)
{
    if (given->kind != GREFFE__CONTEXT) {
        return greffe__refuse(b, GREFFE__GR_FIELD_TYPE, GREFFE_EINVALID, NULL,
                              "the answers of '%.*s' must be an object", (int)owner.size,
                              owner.data);
    }
    greffe__entry *entries = greffe__arena_alloc(b->arena, given->count * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < given->count; i++) {
        const greffe__field_def *field = field_of(b, owner, given->as.entries[i].name);
        if (field == NULL) {
            return greffe__refuse(b, GREFFE__GR_FIELD_UNKNOWN, GREFFE_EINVALID, NULL,
                                  "there is no field '%.*s.%.*s'", (int)owner.size, owner.data,
                                  (int)given->as.entries[i].name.size,
                                  given->as.entries[i].name.data);
        }
        entries[count] = given->as.entries[i];
        entries[count].name = field->name;
        bool empty = entries[count].value.kind == GREFFE__NULL ||
                     (entries[count].value.kind == GREFFE__STRING &&
                      entries[count].value.as.string.size == 0);
        entries[count].value = empty ? greffe__null() : entries[count].value;
        if (!empty && !convert(b, field, &entries[count].value)) {
            return false;
        }
        count += 1;
    }
    greffe__event event = {.type = GREFFE__EV_ANSWERED, .path = greffe__record_owner(b, owner)};
    return greffe__keep_personal(b, b->stream, "answers", greffe__context_of(entries, count),
                                 &event) &&
           greffe__emit(b, b->stream, event);
}

static bool check_field(greffe__bench *b, const greffe__field_def *field)
{
    bool applies, holds;
    greffe__value value;
    if (!greffe__evaluate_condition(b, field->when, &applies) ||
        !greffe__field_value(b, field->path, &value)) {
        return false;
    }
    if (value.kind == GREFFE__NULL) {
        return !applies || field->optional ||
               field_fault(b, GREFFE__GR_FIELD_MISSING, field, NULL, "an answer is required");
    }
    if (!greffe__evaluate_condition(b, field->must, &holds)) {
        return false;
    }
    return holds || greffe__refuse(b, GREFFE__GR_FIELD_MUST, GREFFE_EINVALID, NULL, "%.*s: %.*s",
                                   (int)field->path.size, field->path.data,
                                   (int)field->message.size, field->message.data);
}

/* An applicant's own section has the name of the role. */
bool greffe__section_known(greffe__bench *b, greffe__str owner)
{
    if (greffe__plan_section_at(b->plan, owner) != GREFFE__NONE) {
        return true;
    }
    greffe__str list = greffe__str_of("those are:");
    for (uint32_t i = 0; i < b->plan->sections.count; i++) {
        greffe__str id = b->plan->sections.at[i].id;
        list = greffe__str_format(b->arena, "%.*s%s %.*s", (int)list.size, list.data,
                                  i > 0 ? "," : "", (int)id.size, id.data);
    }
    return greffe__refuse(b, GREFFE__GR_FIELD_UNKNOWN, GREFFE_EINVALID, list.data,
                          "there is no form section '%.*s'", (int)owner.size, owner.data);
}

bool greffe__take_answers(greffe__bench *b, const greffe__value *answers, bool partial)
{
    if (answers != NULL && answers->kind != GREFFE__CONTEXT) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                              "'answers' must be an object");
    }
    for (uint32_t i = 0; answers != NULL && i < answers->count; i++) {
        greffe__str owner = answers->as.entries[i].name;
        if (!greffe__section_known(b, owner) ||
            !keep_answers(b, owner, &answers->as.entries[i].value)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < b->plan->fields.count && !partial; i++) {
        const greffe__field_def *field = &b->plan->fields.at[i];
        bool of_step = greffe__plan_step_at(b->plan, field->owner) != GREFFE__NONE;
        if (!of_step && !check_field(b, field)) {
            return false;
        }
    }
    return !b->stop;
}

bool greffe__check_answers(greffe__bench *b, const greffe__strs *paths)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        uint32_t field = greffe__plan_field_at(b->plan, paths->at[i]);
        if (field != GREFFE__NONE && !check_field(b, &b->plan->fields.at[field])) {
            return false;
        }
    }
    return !b->stop;
}

bool greffe__take_fill(greffe__bench *b, greffe__str owner, const greffe__u32s *fields,
                       const greffe__value *fill)
{
    if (fill != NULL && fill->kind == GREFFE__CONTEXT && fill->count > 0 &&
        !keep_answers(b, owner, fill)) {
        return false;
    }
    for (uint32_t i = 0; i < fields->count; i++) {
        const greffe__field_def *field = &b->plan->fields.at[fields->at[i]];
        const greffe__value *given = greffe__value_get(fill, field->name);
        bool missing = given == NULL || given->kind == GREFFE__NULL, applies;
        if (!greffe__evaluate_condition(b, field->when, &applies)) {
            return false;
        }
        if (missing && applies && !field->optional) {
            return field_fault(b, GREFFE__GR_FIELD_MISSING, field, NULL, "an answer is required");
        }
        if (!missing && !check_field(b, field)) {
            return false;
        }
    }
    return true;
}

/* --- Documents --- */

static bool document_fault(greffe__bench *b, greffe__code code, greffe__str id, const char *hint,
                           const char *problem)
{
    return greffe__refuse(b, code, GREFFE_EINVALID, hint, "%.*s: %s", (int)id.size, id.data,
                          problem);
}

static bool is_hash(greffe__str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.size == 64;
}

static bool take_document(greffe__bench *b, greffe__str id, const greffe__value *given)
{
    uint32_t at = greffe__plan_document_at(b->plan, id);
    if (at == GREFFE__NONE) {
        return document_fault(b, GREFFE__GR_DOCUMENT_UNKNOWN, id, NULL,
                              "the procedure asks for no such document");
    }
    const greffe__document_def *def = &b->plan->documents.at[at];
    if (!greffe__has_str(&def->accept, greffe__value_str(given, "media"))) {
        return document_fault(b, GREFFE__GR_DOCUMENT_MEDIA, id, "send it as PDF or as a picture",
                              "this type of document is not accepted");
    }
    const greffe__value *size = greffe__value_at(given, "size");
    int64_t bytes = 0;
    bool known =
        size != NULL && size->kind == GREFFE__NUMBER && greffe__dec_to_i64(&bytes, size->as.number);
    if (!known || bytes <= 0 || bytes > def->max_bytes) {
        greffe__str hint =
            greffe__str_format(b->arena, "at most %lld bytes", (long long)def->max_bytes);
        return document_fault(b, GREFFE__GR_DOCUMENT_SIZE, id, hint.data,
                              "the document is empty or too large");
    }
    if (!is_hash(greffe__value_str(given, "sha256"))) {
        return document_fault(b, GREFFE__GR_CMD_SHAPE, id, "64 hexadecimal digits",
                              "a document comes with its SHA-256");
    }
    greffe__event event = {.type = GREFFE__EV_DOCUMENT_GIVEN, .name = def->id, .days = b->today};
    return greffe__keep_personal(b, b->stream, "document", *given, &event) &&
           greffe__emit(b, b->stream, event);
}

bool greffe__take_documents(greffe__bench *b, const greffe__value *documents)
{
    if (documents == NULL) {
        return !b->stop;
    }
    if (documents->kind != GREFFE__CONTEXT) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                              "'documents' must be an object");
    }
    for (uint32_t i = 0; i < documents->count; i++) {
        if (!take_document(b, documents->as.entries[i].name, &documents->as.entries[i].value)) {
            return false;
        }
    }
    return true;
}

bool greffe__document_ready(greffe__bench *b, const greffe__document_def *def)
{
    bool applies;
    if (def->optional || !greffe__evaluate_condition(b, def->when, &applies)) {
        return !b->stop;
    }
    return !applies || greffe__document_of(b->dossier, def->id) != NULL ||
           document_fault(b, GREFFE__GR_DOCUMENT_MISSING, def->id,
                          "ask the applicant for it, or supply it", "this document is needed now");
}

bool greffe__documents_ready(greffe__bench *b, uint32_t needed_to)
{
    for (uint32_t i = 0; i < b->plan->documents.count; i++) {
        const greffe__document_def *def = &b->plan->documents.at[i];
        if (def->needed_to <= needed_to && !greffe__document_ready(b, def)) {
            return false;
        }
    }
    return true;
}

/* --- Gathering what is wrong --- */

bool greffe__try_answers(greffe__bench *b, greffe__str owner, const greffe__value *given,
                         greffe__faults *faults)
{
    for (uint32_t i = 0; i < given->count || given->kind != GREFFE__CONTEXT; i++) {
        bool object = given->kind == GREFFE__CONTEXT;
        greffe__value one = object ? greffe__context_of(&given->as.entries[i], 1) : *given;
        greffe__str path = object
                               ? greffe__str_format(b->arena, "%.*s.%.*s", (int)owner.size,
                                                    owner.data, (int)given->as.entries[i].name.size,
                                                    given->as.entries[i].name.data)
                               : owner;
        if ((!keep_answers(b, owner, &one) && !greffe__view_fault(b, faults, path)) || !object) {
            break;
        }
    }
    return !b->stop;
}

bool greffe__try_field(greffe__bench *b, uint32_t field, greffe__faults *faults)
{
    const greffe__field_def *def = &b->plan->fields.at[field];
    return greffe__has_fault(faults, def->path) || check_field(b, def) ||
           greffe__view_fault(b, faults, def->path);
}

bool greffe__try_documents(greffe__bench *b, const greffe__value *documents, greffe__faults *faults)
{
    if (documents == NULL || documents->kind != GREFFE__CONTEXT) {
        return greffe__take_documents(b, documents);
    }
    for (uint32_t i = 0; i < documents->count && !b->stop; i++) {
        greffe__str id = documents->as.entries[i].name;
        if (!take_document(b, id, &documents->as.entries[i].value)) {
            (void)greffe__view_fault(b, faults, id);
        }
    }
    return !b->stop;
}
