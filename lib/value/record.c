/* The codec of described structs. */
#include "value/record.h"

#include <string.h>

#include "base/limits.h"
#include "value/json.h"

static greffe__list list_at(const char *at)
{
    greffe__list list;
    memcpy(&list, at, sizeof list);
    return list;
}

static bool all_default(const greffe__shape *shape, const char *record);

static const char *pointer_at(const char *at)
{
    const char *pointer;
    memcpy(&pointer, at, sizeof pointer);
    return pointer;
}

static inline bool is_default(const greffe__field *field, const char *at)
{
    switch ((greffe__field_type)field->type) {
    case GREFFE__F_BOOL: return !*(const bool *)at;
    case GREFFE__F_U32: return *(const uint32_t *)(const void *)at == 0;
    case GREFFE__F_I64: return *(const int64_t *)(const void *)at == 0;
    case GREFFE__F_STR:
    case GREFFE__F_BYTES: return ((const greffe__str *)(const void *)at)->size == 0;
    case GREFFE__F_VALUE: return ((const greffe__value *)(const void *)at)->kind == GREFFE__NULL;
    case GREFFE__F_RECORD: return all_default(field->shape, at);
    case GREFFE__F_MAYBE:
        return pointer_at(at) == NULL || all_default(field->shape, pointer_at(at));
    case GREFFE__F_RECORDS:
    case GREFFE__F_STRS:
    case GREFFE__F_U32S:
    case GREFFE__F_I64S:
    case GREFFE__F_VALUES: return list_at(at).count == 0;
    }
    return true;
}

static bool all_default(const greffe__shape *shape, const char *record)
{
    bool all = true;
    for (uint16_t i = 0; i < shape->count && all; i++) {
        all = is_default(&shape->fields[i], record + shape->fields[i].offset);
    }
    return all;
}

static inline size_t item_size(const greffe__field *field)
{
    switch ((greffe__field_type)field->type) {
    case GREFFE__F_STRS: return sizeof(greffe__str);
    case GREFFE__F_U32S: return sizeof(uint32_t);
    case GREFFE__F_I64S: return sizeof(int64_t);
    case GREFFE__F_VALUES: return sizeof(greffe__value);
    case GREFFE__F_RECORDS: return field->shape->size;
    case GREFFE__F_BOOL:
    case GREFFE__F_U32:
    case GREFFE__F_I64:
    case GREFFE__F_STR:
    case GREFFE__F_BYTES:
    case GREFFE__F_VALUE:
    case GREFFE__F_MAYBE:
    case GREFFE__F_RECORD: break;
    }
    return 0;
}

static greffe__field_type item_type(const greffe__field *field)
{
    switch ((greffe__field_type)field->type) {
    case GREFFE__F_STRS: return GREFFE__F_STR;
    case GREFFE__F_U32S: return GREFFE__F_U32;
    case GREFFE__F_I64S: return GREFFE__F_I64;
    case GREFFE__F_VALUES: return GREFFE__F_VALUE;
    default: return GREFFE__F_RECORD;
    }
}

/* --- Writing --- */

static void write(greffe__buf *out, const greffe__shape *shape, const void *record, bool words);

static void write_one(greffe__buf *out, const greffe__field *field, greffe__field_type type,
                      const char *at, bool words)
{
    switch (type) {
    case GREFFE__F_BOOL: greffe__cbor_bool(out, *(const bool *)at); return;
    case GREFFE__F_U32: greffe__cbor_uint(out, *(const uint32_t *)(const void *)at); return;
    case GREFFE__F_I64: greffe__cbor_int(out, *(const int64_t *)(const void *)at); return;
    case GREFFE__F_STR: greffe__cbor_text(out, *(const greffe__str *)(const void *)at); return;
    case GREFFE__F_BYTES: greffe__cbor_bytes(out, *(const greffe__str *)(const void *)at); return;
    case GREFFE__F_VALUE: greffe__cbor_value(out, (const greffe__value *)(const void *)at); return;
    case GREFFE__F_RECORD: write(out, field->shape, at, words); return;
    case GREFFE__F_MAYBE: write(out, field->shape, pointer_at(at), words); return;
    case GREFFE__F_RECORDS:
    case GREFFE__F_STRS:
    case GREFFE__F_U32S:
    case GREFFE__F_I64S:
    case GREFFE__F_VALUES: return;
    }
}

/* A member with its key, if it is no default. */
static bool write_field(greffe__buf *out, const greffe__field *field, const char *at, bool words)
{
    if ((!words && field->words) || is_default(field, at)) {
        return false;
    }
    greffe__cbor_uint(out, field->key);
    size_t size = item_size(field);
    if (size == 0) {
        write_one(out, field, (greffe__field_type)field->type, at, words);
        return true;
    }
    greffe__list list = list_at(at);
    greffe__field_type type = item_type(field);
    greffe__cbor_array(out, list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        write_one(out, field, type, (const char *)list.items + i * size, words);
    }
    return true;
}

/* How many members are written comes before them: where that is one byte whatever it is, it is put
 * there afterwards. */
static void write(greffe__buf *out, const greffe__shape *shape, const void *record, bool words)
{
    enum { one_byte = 24 };
    const char *base = record;
    uint32_t present = 0;
    size_t place = out->size;
    for (uint16_t i = 0; shape->count >= one_byte && i < shape->count; i++) {
        const greffe__field *field = &shape->fields[i];
        present += (words || !field->words) && !is_default(field, base + field->offset);
    }
    greffe__cbor_map(out, present);
    for (uint16_t i = 0; i < shape->count; i++) {
        const greffe__field *field = &shape->fields[i];
        bool written = write_field(out, field, base + field->offset, words);
        present += written && shape->count < one_byte;
    }
    if (shape->count < one_byte && !out->failed) {
        out->data[place] = (char)(out->data[place] | (int)present);
    }
}

void greffe__record_write(greffe__buf *out, const greffe__shape *shape, const void *record)
{
    write(out, shape, record, true);
}

void greffe__record_write_deciding(greffe__buf *out, const greffe__shape *shape, const void *record)
{
    write(out, shape, record, false);
}

/* --- Reading --- */

static void fail(greffe__cbor *in)
{
    in->failed = true;
    in->at = in->end;
}

static void read_fields(greffe__cbor *in, greffe__arena *arena, const greffe__shape *shape,
                        char *record);

static void read_maybe(greffe__cbor *in, greffe__arena *arena, const greffe__shape *shape, char *at)
{
    char *record = greffe__arena_zalloc(arena, shape->size);
    if (record == NULL) {
        fail(in);
        return;
    }
    memcpy(at, &record, sizeof record);
    read_fields(in, arena, shape, record);
}

static void read_one(greffe__cbor *in, greffe__arena *arena, greffe__field_type type,
                     const greffe__shape *shape, char *at)
{
    uint64_t number;
    switch (type) {
    case GREFFE__F_BOOL: *(bool *)at = greffe__cbor_read_bool(in); return;
    case GREFFE__F_U32:
        number = greffe__cbor_read_uint(in);
        if (number > UINT32_MAX) {
            fail(in);
        }
        *(uint32_t *)(void *)at = (uint32_t)number;
        return;
    case GREFFE__F_I64: *(int64_t *)(void *)at = greffe__cbor_read_int(in); return;
    case GREFFE__F_STR: *(greffe__str *)(void *)at = greffe__cbor_read_text(in); return;
    case GREFFE__F_BYTES: *(greffe__str *)(void *)at = greffe__cbor_read_bytes(in); return;
    case GREFFE__F_VALUE: *(greffe__value *)(void *)at = greffe__cbor_read_value(in, arena); return;
    case GREFFE__F_RECORD: read_fields(in, arena, shape, at); return;
    case GREFFE__F_MAYBE: read_maybe(in, arena, shape, at); return;
    case GREFFE__F_RECORDS:
    case GREFFE__F_STRS:
    case GREFFE__F_U32S:
    case GREFFE__F_I64S:
    case GREFFE__F_VALUES: return;
    }
}

static void read_list(greffe__cbor *in, greffe__arena *arena, const greffe__field *field, char *at)
{
    size_t size = item_size(field);
    greffe__field_type type = item_type(field);
    uint32_t count = greffe__cbor_read_array(in);
    char *items = greffe__arena_zalloc(arena, count * size);
    if (items == NULL) {
        fail(in);
        return;
    }
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        read_one(in, arena, type, field->shape, items + i * size);
    }
    greffe__list list = {items, count, count};
    memcpy(at, &list, sizeof list);
}

/* Into a record that is all zeros. */
static void read_fields(greffe__cbor *in, greffe__arena *arena, const greffe__shape *shape,
                        char *record)
{
    if (in->depth >= GREFFE_MAX_CBOR_DEPTH) {
        fail(in);
        return;
    }
    in->depth += 1;
    uint32_t present = greffe__cbor_read_map(in);
    const greffe__field *field = shape->fields, *end = field + shape->count;
    for (uint32_t i = 0; i < present && !in->failed; i++, field++) {
        uint64_t key = greffe__cbor_read_uint(in);
        while (field < end && field->key < key) {
            field++;
        }
        if (in->failed || field == end || field->key != key) {
            fail(in); /* unknown, or not in ascending order */
            break;
        }
        char *at = record + field->offset;
        if (item_size(field) > 0) {
            read_list(in, arena, field, at);
        } else {
            read_one(in, arena, (greffe__field_type)field->type, field->shape, at);
        }
        if (!in->failed && is_default(field, at)) {
            fail(in); /* a default that is written: not the one encoding */
        }
    }
    in->depth -= 1;
}

void greffe__record_read(greffe__cbor *in, greffe__arena *arena, const greffe__shape *shape,
                         void *record)
{
    memset(record, 0, shape->size);
    read_fields(in, arena, shape, record);
}

greffe_status greffe__record_decode(void *record, greffe__arena *arena, const greffe__shape *shape,
                                    greffe__str bytes)
{
    greffe__cbor in;
    greffe__cbor_open(&in, bytes);
    greffe__record_read(&in, arena, shape, record);
    if (arena->failed) {
        return GREFFE_ENOMEM;
    }
    return greffe__cbor_done(&in) ? GREFFE_OK : GREFFE_ECORRUPT;
}

/* --- Dump --- */

static void dump_one(greffe__buf *out, greffe__field_type type, const greffe__shape *shape,
                     const char *at)
{
    const greffe__str *text = (const greffe__str *)(const void *)at;
    switch (type) {
    case GREFFE__F_BOOL: greffe__buf_text(out, *(const bool *)at ? "true" : "false"); return;
    case GREFFE__F_U32: greffe__buf_format(out, "%u", *(const uint32_t *)(const void *)at); return;
    case GREFFE__F_I64:
        greffe__buf_format(out, "%lld", (long long)*(const int64_t *)(const void *)at);
        return;
    case GREFFE__F_STR: greffe__buf_json(out, *text); return;
    case GREFFE__F_BYTES:
        greffe__buf_byte(out, '"');
        for (size_t i = 0; i < text->size; i++) {
            greffe__buf_format(out, "%02x", (unsigned)(unsigned char)text->data[i]);
        }
        greffe__buf_byte(out, '"');
        return;
    case GREFFE__F_VALUE: greffe__json_write(out, (const greffe__value *)(const void *)at); return;
    case GREFFE__F_RECORD: greffe__record_json(out, shape, at); return;
    case GREFFE__F_MAYBE: greffe__record_json(out, shape, pointer_at(at)); return;
    case GREFFE__F_RECORDS:
    case GREFFE__F_STRS:
    case GREFFE__F_U32S:
    case GREFFE__F_I64S:
    case GREFFE__F_VALUES: return;
    }
}

void greffe__record_json(greffe__buf *out, const greffe__shape *shape, const void *record)
{
    const char *base = record;
    bool first = true;
    greffe__buf_byte(out, '{');
    for (uint16_t i = 0; i < shape->count; i++) {
        const greffe__field *field = &shape->fields[i];
        const char *at = base + field->offset;
        if (is_default(field, at)) {
            continue;
        }
        greffe__buf_format(out, "%s\"%s\":", first ? "" : ",", field->name);
        first = false;
        size_t size = item_size(field);
        if (size == 0) {
            dump_one(out, (greffe__field_type)field->type, field->shape, at);
            continue;
        }
        greffe__list list = list_at(at);
        greffe__buf_byte(out, '[');
        for (uint32_t j = 0; j < list.count; j++) {
            greffe__buf_text(out, j == 0 ? "" : ",");
            dump_one(out, item_type(field), field->shape, (const char *)list.items + j * size);
        }
        greffe__buf_byte(out, ']');
    }
    greffe__buf_byte(out, '}');
}
