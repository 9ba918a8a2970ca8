/* Deterministic CBOR: heads, typed values, and a reader that refuses every other encoding. */
#include "value/cbor.h"

#include <string.h>

#include "base/limits.h"

enum { MAJOR_UINT, MAJOR_NEGATIVE, MAJOR_BYTES, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG };
enum { SIMPLE_FALSE = 0xF4, SIMPLE_TRUE = 0xF5, SIMPLE_NULL = 0xF6 };
enum {
    TAG_POSITIVE_BIG = 2,
    TAG_NEGATIVE_BIG = 3,
    TAG_DECIMAL = 4,
    TAG_DAYS = 100,
    TAG_TIME = 65000,
    TAG_DATETIME = 65001,
    TAG_DURATION = 65002,
    TAG_MONTHS = 65003,
    TAG_RANGE = 65004
};

/* --- Writing --- */

static void long_head(greffe__buf *out, unsigned major, uint64_t value)
{
    unsigned char bytes[9];
    unsigned char top = (unsigned char)(major << 5);
    unsigned width = value <= 0xFF ? 0 : value <= 0xFFFF ? 1 : value <= 0xFFFFFFFF ? 2 : 3;
    size_t size = (size_t)1 << width;
    bytes[0] = (unsigned char)(top | (24 + width));
    for (size_t i = 0; i < size; i++) {
        bytes[1 + i] = (unsigned char)(value >> (8 * (size - 1 - i)));
    }
    greffe__buf_put(out, bytes, size + 1);
}

/* Most of what is written is a byte. */
static inline void head(greffe__buf *out, unsigned major, uint64_t value)
{
    if (value < 24) {
        greffe__buf_byte(out, (char)(major << 5 | value));
    } else {
        long_head(out, major, value);
    }
}

void greffe__cbor_long_uint(greffe__buf *out, uint64_t value)
{
    head(out, MAJOR_UINT, value);
}

void greffe__cbor_int(greffe__buf *out, int64_t value)
{
    if (value < 0) {
        head(out, MAJOR_NEGATIVE, ~(uint64_t)value);
    } else {
        head(out, MAJOR_UINT, (uint64_t)value);
    }
}

void greffe__cbor_text(greffe__buf *out, greffe__str text)
{
    head(out, MAJOR_TEXT, text.size);
    greffe__buf_str(out, text);
}

void greffe__cbor_bytes(greffe__buf *out, greffe__str bytes)
{
    head(out, MAJOR_BYTES, bytes.size);
    greffe__buf_str(out, bytes);
}

void greffe__cbor_array(greffe__buf *out, uint64_t count)
{
    head(out, MAJOR_ARRAY, count);
}

void greffe__cbor_map(greffe__buf *out, uint64_t pairs)
{
    head(out, MAJOR_MAP, pairs);
}

void greffe__cbor_bool(greffe__buf *out, bool truth)
{
    greffe__buf_byte(out, (char)(truth ? SIMPLE_TRUE : SIMPLE_FALSE));
}

void greffe__cbor_null(greffe__buf *out)
{
    greffe__buf_byte(out, (char)SIMPLE_NULL);
}

static void put_number(greffe__buf *out, greffe__dec number)
{
    int64_t whole;
    if (greffe__dec_to_i64(&whole, number)) {
        greffe__cbor_int(out, whole);
        return;
    }
    bool negative;
    uint64_t high, low;
    int exponent;
    greffe__dec_split(number, &negative, &high, &low, &exponent);
    head(out, MAJOR_TAG, TAG_DECIMAL);
    greffe__cbor_array(out, 2);
    greffe__cbor_int(out, exponent);
    if (high == 0) {
        head(out, negative ? MAJOR_NEGATIVE : MAJOR_UINT, negative ? low - 1 : low);
        return;
    }
    if (negative) { /* CBOR's negative n stands for -1 - n */
        high -= low == 0;
        low -= 1;
    }
    unsigned char bytes[16];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(high >> (8 * (7 - i)));
        bytes[8 + i] = (unsigned char)(low >> (8 * (7 - i)));
    }
    size_t skip = 0;
    while (skip < 8 && bytes[skip] == 0) {
        skip += 1;
    }
    head(out, MAJOR_TAG, negative ? TAG_NEGATIVE_BIG : TAG_POSITIVE_BIG);
    greffe__cbor_bytes(out, (greffe__str){(const char *)bytes + skip, sizeof bytes - skip});
}

static void put_moment(greffe__buf *out, uint64_t tag, const greffe__value *value)
{
    const greffe__moment moment = greffe__moment_in(value);
    const greffe__str zone = greffe__zone_name(value);
    head(out, MAJOR_TAG, tag);
    greffe__cbor_array(out, zone.size > 0 ? 4 : 3);
    greffe__cbor_int(out, moment.seconds);
    greffe__cbor_int(out, moment.nanos);
    if (moment.offset == GREFFE__NO_OFFSET) {
        greffe__cbor_null(out);
    } else {
        greffe__cbor_int(out, moment.offset);
    }
    if (zone.size > 0) {
        greffe__cbor_text(out, zone);
    }
}

/* Names in ascending order of their bytes, so that one context has one encoding. */
static void put_context(greffe__buf *out, const greffe__value *value)
{
    greffe__cbor_map(out, value->count);
    bool sorted = greffe__in_order(value);
    uint32_t written = 0;
    for (const greffe__entry *entry = greffe__entry_after(value, NULL, sorted); entry != NULL;
         entry = greffe__entry_after(value, entry, sorted)) {
        greffe__cbor_text(out, entry->name);
        greffe__cbor_value(out, &entry->value);
        written += 1;
    }
    out->failed = out->failed || written != value->count; /* a name stands twice */
}

void greffe__cbor_value(greffe__buf *out, const greffe__value *value)
{
    switch ((greffe__kind)value->kind) {
    case GREFFE__NULL: greffe__cbor_null(out); return;
    case GREFFE__BOOL: greffe__cbor_bool(out, value->as.truth); return;
    case GREFFE__NUMBER: put_number(out, value->as.number); return;
    case GREFFE__STRING: greffe__cbor_text(out, value->as.string); return;
    case GREFFE__DATE:
        head(out, MAJOR_TAG, TAG_DAYS);
        greffe__cbor_int(out, value->as.days);
        return;
    case GREFFE__PERIOD:
        head(out, MAJOR_TAG, TAG_MONTHS);
        greffe__cbor_int(out, value->as.months);
        return;
    case GREFFE__TIME: put_moment(out, TAG_TIME, value); return;
    case GREFFE__DATETIME: put_moment(out, TAG_DATETIME, value); return;
    case GREFFE__DURATION: put_moment(out, TAG_DURATION, value); return;
    case GREFFE__LIST:
        greffe__cbor_array(out, value->count);
        for (uint32_t i = 0; i < value->count; i++) {
            greffe__cbor_value(out, &value->as.items[i]);
        }
        return;
    case GREFFE__CONTEXT: put_context(out, value); return;
    case GREFFE__RANGE:
        head(out, MAJOR_TAG, TAG_RANGE);
        greffe__cbor_array(out, 4);
        greffe__cbor_value(out, &value->as.range->low);
        greffe__cbor_value(out, &value->as.range->high);
        greffe__cbor_bool(out, value->as.range->low_closed);
        greffe__cbor_bool(out, value->as.range->high_closed);
        return;
    case GREFFE__FUNCTION: out->failed = true; return; /* it lives while an expression runs */
    }
}

/* --- Reading --- */

void greffe__cbor_open(greffe__cbor *in, greffe__str bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    *in = (greffe__cbor){.at = data, .end = data == NULL ? NULL : data + bytes.size};
}

bool greffe__cbor_done(const greffe__cbor *in)
{
    return !in->failed && in->at == in->end;
}

static uint64_t fail(greffe__cbor *in)
{
    in->failed = true;
    in->at = in->end;
    return 0;
}

/* The major type of the next item, or an impossible one. */
static unsigned peek(const greffe__cbor *in)
{
    return in->at < in->end ? (unsigned)(*in->at >> 5) : 8;
}

/* With a width of its own behind it. */
static uint64_t read_long_head(greffe__cbor *in)
{
    unsigned low = *in->at & 0x1F;
    if (low > 27) {
        return fail(in);
    }
    size_t size = (size_t)1 << (low - 24);
    if ((size_t)(in->end - in->at) < size + 1) {
        return fail(in);
    }
    uint64_t value = 0;
    for (size_t i = 1; i <= size; i++) {
        value = value << 8 | in->at[i];
    }
    static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
    if (value < least[low - 24]) {
        return fail(in); /* a shorter head would have done */
    }
    in->at += size + 1;
    return value;
}

static inline uint64_t read_head(greffe__cbor *in, unsigned major)
{
    if (peek(in) != major) {
        return fail(in);
    }
    unsigned low = *in->at & 0x1F;
    if (low >= 24) {
        return read_long_head(in);
    }
    in->at += 1;
    return low;
}

uint64_t greffe__cbor_read_long_uint(greffe__cbor *in)
{
    return read_head(in, MAJOR_UINT);
}

int64_t greffe__cbor_read_int(greffe__cbor *in)
{
    bool negative = peek(in) == MAJOR_NEGATIVE;
    uint64_t value = read_head(in, negative ? MAJOR_NEGATIVE : MAJOR_UINT);
    if (value > (uint64_t)INT64_MAX) {
        return (int64_t)fail(in);
    }
    return negative ? -1 - (int64_t)value : (int64_t)value;
}

bool greffe__cbor_read_bool(greffe__cbor *in)
{
    if (in->at == in->end || (*in->at != SIMPLE_TRUE && *in->at != SIMPLE_FALSE)) {
        return fail(in) != 0;
    }
    return *in->at++ == SIMPLE_TRUE;
}

static bool read_null(greffe__cbor *in)
{
    if (in->at < in->end && *in->at == SIMPLE_NULL) {
        in->at += 1;
        return true;
    }
    return false;
}

static greffe__str read_string(greffe__cbor *in, unsigned major)
{
    uint64_t size = read_head(in, major);
    if (size > (uint64_t)(in->end - in->at)) {
        fail(in);
        return (greffe__str){"", 0};
    }
    greffe__str result = {(const char *)in->at, (size_t)size};
    in->at += size;
    return size == 0 ? (greffe__str){"", 0} : result;
}

greffe__str greffe__cbor_read_text(greffe__cbor *in)
{
    greffe__str text = read_string(in, MAJOR_TEXT);
    if (!greffe__str_ascii(text) && !greffe__utf8_valid(text, NULL)) {
        fail(in);
        return (greffe__str){"", 0};
    }
    return text;
}

greffe__str greffe__cbor_read_bytes(greffe__cbor *in)
{
    return read_string(in, MAJOR_BYTES);
}

static uint32_t read_count(greffe__cbor *in, unsigned major)
{
    uint64_t count = read_head(in, major);
    if (count > (uint64_t)(in->end - in->at) || count > GREFFE_MAX_RECORD_ITEMS) {
        return (uint32_t)fail(in);
    }
    return (uint32_t)count;
}

uint32_t greffe__cbor_read_array(greffe__cbor *in)
{
    return read_count(in, MAJOR_ARRAY);
}

uint32_t greffe__cbor_read_map(greffe__cbor *in)
{
    return read_count(in, MAJOR_MAP);
}

static greffe__value read_decimal(greffe__cbor *in)
{
    greffe__dec number = greffe__dec_of(0);
    if (greffe__cbor_read_array(in) != 2) {
        fail(in);
        return greffe__null();
    }
    int64_t exponent = greffe__cbor_read_int(in);
    uint64_t high = 0, low = 0;
    unsigned major = peek(in);
    bool negative = major == MAJOR_NEGATIVE;
    if (major == MAJOR_TAG) {
        uint64_t tag = read_head(in, MAJOR_TAG);
        negative = tag == TAG_NEGATIVE_BIG;
        greffe__str bytes = greffe__cbor_read_bytes(in);
        if (tag < TAG_POSITIVE_BIG || tag > TAG_NEGATIVE_BIG || bytes.size <= 8 ||
            bytes.size > 16 || bytes.data[0] == 0) {
            fail(in);
        }
        for (size_t i = 0; i < bytes.size && i < 16; i++) {
            high = high << 8 | low >> 56;
            low = low << 8 | (unsigned char)bytes.data[i];
        }
    } else {
        low = read_head(in, negative ? MAJOR_NEGATIVE : MAJOR_UINT);
    }
    if (negative) {
        low += 1;
        high += low == 0;
    }
    int64_t whole;
    bool small = exponent > -7000 && exponent < 7000;
    bool trailing = high == 0 && low % 10 == 0;
    if (in->failed || !small || trailing ||
        !greffe__dec_join(&number, negative, high, low, (int)exponent) ||
        greffe__dec_to_i64(&whole, number)) {
        fail(in); /* also: an integer would have done */
    }
    return greffe__number(number);
}

static greffe__value read_moment(greffe__cbor *in, greffe__kind kind, greffe__arena *arena)
{
    uint32_t parts = greffe__cbor_read_array(in);
    if (parts != 3 && (parts != 4 || kind == GREFFE__DURATION)) {
        fail(in);
        return greffe__null();
    }
    int64_t seconds = greffe__cbor_read_int(in);
    int64_t nanos = greffe__cbor_read_int(in);
    int64_t offset = read_null(in) ? GREFFE__NO_OFFSET : greffe__cbor_read_int(in);
    greffe__str zone = parts == 4 ? greffe__cbor_read_text(in) : (greffe__str){"", 0};
    if (nanos < 0 || nanos > 999999999 || (parts == 4 && zone.size == 0) ||
        (offset != GREFFE__NO_OFFSET && (offset < -86400 || offset > 86400))) {
        fail(in);
        return greffe__null();
    }
    const greffe__moment moment = {seconds, (int32_t)nanos, (int32_t)offset};
    greffe__value value = greffe__temporal(kind, moment);
    if (parts == 4) {
        greffe__zoned *zoned = greffe__arena_alloc(arena, sizeof *zoned);
        if (zoned == NULL) {
            fail(in);
            return greffe__null();
        }
        *zoned = (greffe__zoned){moment, zone};
        value.count = 1;
        value.as.zoned = zoned;
    }
    return value;
}

static greffe__value read_range(greffe__cbor *in, greffe__arena *arena)
{
    greffe__range *range = greffe__arena_zalloc(arena, sizeof *range);
    if (range == NULL || greffe__cbor_read_array(in) != 4) {
        fail(in);
        return greffe__null();
    }
    range->low = greffe__cbor_read_value(in, arena);
    range->high = greffe__cbor_read_value(in, arena);
    range->low_closed = greffe__cbor_read_bool(in);
    range->high_closed = greffe__cbor_read_bool(in);
    return (greffe__value){.kind = GREFFE__RANGE, .as.range = range};
}

static greffe__value read_tagged(greffe__cbor *in, greffe__arena *arena)
{
    uint64_t tag = read_head(in, MAJOR_TAG);
    switch (tag) {
    case TAG_DECIMAL: return read_decimal(in);
    case TAG_DAYS: return greffe__date(greffe__cbor_read_int(in));
    case TAG_TIME: return read_moment(in, GREFFE__TIME, arena);
    case TAG_DATETIME: return read_moment(in, GREFFE__DATETIME, arena);
    case TAG_DURATION: return read_moment(in, GREFFE__DURATION, arena);
    case TAG_MONTHS:
        return (greffe__value){.kind = GREFFE__PERIOD, .as.months = greffe__cbor_read_int(in)};
    case TAG_RANGE: return read_range(in, arena);
    default: fail(in); return greffe__null();
    }
}

static greffe__value read_list(greffe__cbor *in, greffe__arena *arena)
{
    uint32_t count = greffe__cbor_read_array(in);
    greffe__value *items = greffe__arena_alloc(arena, count * sizeof *items);
    if (items == NULL) {
        fail(in);
        return greffe__null();
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i] = greffe__cbor_read_value(in, arena);
    }
    return greffe__list_of(items, count);
}

static greffe__value read_context(greffe__cbor *in, greffe__arena *arena)
{
    uint32_t count = greffe__cbor_read_map(in);
    greffe__entry *entries = greffe__arena_alloc(arena, count * sizeof *entries);
    if (entries == NULL) {
        fail(in);
        return greffe__null();
    }
    for (uint32_t i = 0; i < count; i++) {
        entries[i].name = greffe__cbor_read_text(in);
        entries[i].value = greffe__cbor_read_value(in, arena);
        if (i > 0 && greffe__str_compare(entries[i - 1].name, entries[i].name) >= 0) {
            fail(in);
        }
    }
    return greffe__context_of(entries, count);
}

greffe__value greffe__cbor_read_value(greffe__cbor *in, greffe__arena *arena)
{
    greffe__value value = greffe__null();
    if (in->depth >= GREFFE_MAX_CBOR_DEPTH) {
        fail(in);
        return value;
    }
    in->depth += 1;
    uint64_t number;
    switch (peek(in)) {
    case MAJOR_UINT:
    case MAJOR_NEGATIVE: value = greffe__integer(greffe__cbor_read_int(in)); break;
    case MAJOR_TEXT: value = greffe__string(greffe__cbor_read_text(in)); break;
    case MAJOR_ARRAY: value = read_list(in, arena); break;
    case MAJOR_MAP: value = read_context(in, arena); break;
    case MAJOR_TAG: value = read_tagged(in, arena); break;
    default:
        if (!read_null(in)) {
            number = in->at < in->end ? *in->at : 0;
            value = number == SIMPLE_TRUE || number == SIMPLE_FALSE
                        ? greffe__bool(greffe__cbor_read_bool(in))
                        : greffe__null();
            if (value.kind == GREFFE__NULL) {
                fail(in);
            }
        }
        break;
    }
    in->depth -= 1;
    return in->failed ? greffe__null() : value;
}
