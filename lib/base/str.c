/* Strings, UTF-8, buffers and the string table. */
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

greffe__str greffe__str_of(const char *terminated)
{
    return terminated == NULL ? (greffe__str){"", 0}
                              : (greffe__str){terminated, strlen(terminated)};
}

bool greffe__str_is(greffe__str a, const char *terminated)
{
    size_t i = 0; /* most differ in the first byte */
    while (i < a.size && terminated[i] != '\0' && a.data[i] == terminated[i]) {
        i += 1;
    }
    return i == a.size && terminated[i] == '\0';
}

int greffe__str_compare(greffe__str a, greffe__str b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0) {
        return order;
    }
    return a.size < b.size ? -1 : a.size > b.size;
}

bool greffe__str_starts(greffe__str a, const char *prefix)
{
    size_t size = strlen(prefix);
    return a.size >= size && (size == 0 || memcmp(a.data, prefix, size) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

greffe__str greffe__str_trim(greffe__str a)
{
    while (a.size > 0 && is_blank(a.data[0])) {
        a.data += 1;
        a.size -= 1;
    }
    while (a.size > 0 && is_blank(a.data[a.size - 1])) {
        a.size -= 1;
    }
    return a;
}

greffe__str greffe__str_dup(greffe__arena *arena, greffe__str a)
{
    const char *copy = greffe__arena_copy(arena, a.data, a.size);
    return copy == NULL ? (greffe__str){"", 0} : (greffe__str){copy, a.size};
}

greffe__str greffe__str_join(greffe__arena *arena, const char *first, ...)
{
    size_t size = 0;
    va_list parts;
    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *)) {
        size += strlen(part);
    }
    va_end(parts);
    char *data = greffe__arena_alloc(arena, size + 1);
    if (data == NULL) {
        return (greffe__str){"", 0};
    }
    char *at = data;
    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *)) {
        size_t length = strlen(part);
        memcpy(at, part, length);
        at += length;
    }
    va_end(parts);
    *at = '\0';
    return (greffe__str){data, size};
}

greffe__str greffe__str_concat(greffe__arena *arena, const greffe__str *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].size;
    }
    char *data = greffe__arena_alloc(arena, size + 1), *at = data;
    if (data == NULL) {
        return (greffe__str){"", 0};
    }
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > 0) {
            memcpy(at, parts[i].data, parts[i].size);
            at += parts[i].size;
        }
    }
    *at = '\0';
    return (greffe__str){data, size};
}

size_t greffe__put_digits(char *out, uint64_t number, unsigned least)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 || sizeof digits - at < least);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

greffe__str greffe__str_of_uint(greffe__arena *arena, uint64_t number)
{
    char digits[20];
    size_t size = greffe__put_digits(digits, number, 1);
    return greffe__str_dup(arena, (greffe__str){digits, size});
}

greffe__str greffe__str_format(greffe__arena *arena, const char *format, ...)
{
    char text[256]; /* most are short: then they are formatted once */
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size >= 0 && (size_t)size < sizeof text) {
        return greffe__str_dup(arena, (greffe__str){text, (size_t)size});
    }
    char *data = size < 0 ? NULL : greffe__arena_alloc(arena, (size_t)size + 1);
    if (data == NULL) {
        return (greffe__str){"", 0};
    }
    va_start(arguments, format);
    (void)vsnprintf(data, (size_t)size + 1, format, arguments);
    va_end(arguments);
    return (greffe__str){data, (size_t)size};
}

greffe__str greffe__message(greffe__arena *arena, const char *format, va_list arguments)
{
    char text[GREFFE_MAX_MESSAGE_BYTES];
    int size = vsnprintf(text, sizeof text, format, arguments);
    const greffe__str whole = {text, size < 0 ? 0 : (size_t)size};
    bool cut = whole.size >= sizeof text; /* perhaps within a character */
    return greffe__str_dup(arena, cut ? greffe__utf8_cut(whole, sizeof text - 1) : whole);
}

unsigned greffe__str_distance(greffe__str a, greffe__str b, unsigned limit)
{
    enum { longest = 64 };
    if (a.size > longest || b.size > longest) {
        return limit + 1;
    }
    unsigned before[longest + 1], previous[longest + 1], current[longest + 1];
    for (size_t j = 0; j <= b.size; j++) {
        previous[j] = (unsigned)j;
        before[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        current[0] = (unsigned)i;
        for (size_t j = 1; j <= b.size; j++) {
            unsigned cost = a.data[i - 1] == b.data[j - 1] ? 0 : 1;
            unsigned best = previous[j - 1] + cost;
            if (previous[j] + 1 < best) {
                best = previous[j] + 1;
            }
            if (current[j - 1] + 1 < best) {
                best = current[j - 1] + 1;
            }
            bool swapped =
                i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
            if (swapped && before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            current[j] = best;
        }
        memcpy(before, previous, sizeof before);
        memcpy(previous, current, sizeof previous);
    }
    return previous[b.size] > limit ? limit + 1 : previous[b.size];
}

bool greffe__str_to_i64(int64_t *out, greffe__str a)
{
    size_t i = a.size > 0 && a.data[0] == '-' ? 1 : 0;
    bool negative = i == 1;
    if (i == a.size) {
        return false;
    }
    uint64_t value = 0;
    for (; i < a.size; i++) {
        if (a.data[i] < '0' || a.data[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(a.data[i] - '0');
        if (value > ((uint64_t)INT64_MAX + negative - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)((uint64_t)0 - value) : (int64_t)value;
    return true;
}

/* --- UTF-8 --- */

uint32_t greffe__utf8_next(const char **at, const char *end)
{
    const unsigned char *p = (const unsigned char *)*at;
    size_t left = (size_t)(end - *at);
    if (left == 0) {
        return UINT32_MAX;
    }
    if (p[0] < 0x80) {
        *at += 1;
        return p[0];
    }
    size_t size = p[0] >= 0xF0 && p[0] <= 0xF4   ? 4
                  : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
                  : p[0] >= 0xC2 && p[0] <= 0xDF ? 2
                                                 : 0;
    if (size == 0 || left < size) {
        return UINT32_MAX;
    }
    uint32_t value = p[0] & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return UINT32_MAX;
        }
        value = value << 6 | (p[i] & 0x3Fu);
    }
    bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return UINT32_MAX;
    }
    *at += size;
    return value;
}

greffe__str greffe__utf8_cut(greffe__str a, size_t most)
{
    size_t whole = most;
    if (a.size <= most) {
        return a; /* as it is, valid or not */
    }
    greffe__str cut = {a.data, most};
    if (!greffe__utf8_valid(cut, &whole)) {
        cut.size = whole;
    }
    return cut;
}

bool greffe__utf8_valid(greffe__str a, size_t *bad_offset)
{
    if (a.size == 0) {
        return true;
    }
    const char *at = a.data, *end = a.data + a.size;
    while (at < end) {
        uint64_t eight;
        if (end - at >= 8) { /* most text is ASCII: eight bytes at a time */
            memcpy(&eight, at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += 8;
                continue;
            }
        }
        if ((unsigned char)*at < 0x80) {
            at += 1;
        } else if (greffe__utf8_next(&at, end) == UINT32_MAX) {
            if (bad_offset != NULL) {
                *bad_offset = (size_t)(at - a.data);
            }
            return false;
        }
    }
    return true;
}

size_t greffe__utf8_put(char *out, uint32_t c)
{
    unsigned char *p = (unsigned char *)out;
    if (c < 0x80) {
        p[0] = (unsigned char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (unsigned char)(0xC0 | c >> 6);
        p[1] = (unsigned char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (unsigned char)(0xE0 | c >> 12);
        p[1] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        p[2] = (unsigned char)(0x80 | (c & 0x3F));
        return 3;
    }
    p[0] = (unsigned char)(0xF0 | c >> 18);
    p[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
    p[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
    p[3] = (unsigned char)(0x80 | (c & 0x3F));
    return 4;
}

/* Whether a byte continues a character. */
static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* How many of eight bytes do not continue a character. */
static size_t begin_in(uint64_t eight)
{
    uint64_t continued = eight >> 7 & ~(eight >> 6) & UINT64_C(0x0101010101010101);
    return 8 - (size_t)(continued * UINT64_C(0x0101010101010101) >> 56);
}

size_t greffe__utf8_length(greffe__str a)
{
    size_t count = 0, i = 0;
    for (uint64_t eight; a.size - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, a.data + i, sizeof eight);
        count += begin_in(eight);
    }
    for (; i < a.size; i++) {
        count += !continues(a.data[i]);
    }
    return count;
}

size_t greffe__utf8_skip(greffe__str a, size_t at, size_t count)
{
    uint64_t eight;
    while (count > 0 && a.size - at >= sizeof eight) {
        memcpy(&eight, a.data + at, sizeof eight);
        bool ascii = (eight & UINT64_C(0x8080808080808080)) == 0;
        if (!ascii && count < 8) {
            break;
        }
        size_t begin = !ascii ? begin_in(eight) : count < 8 ? count : 8;
        at += ascii ? begin : 8;
        count -= begin;
    }
    for (; at < a.size && (count > 0 || continues(a.data[at])); at++) {
        count -= !continues(a.data[at]);
    }
    return at;
}

/* --- Buffer --- */

void greffe__buf_init(greffe__buf *buf, greffe_context *context)
{
    *buf = (greffe__buf){.context = context};
}

void greffe__buf_free(greffe__buf *buf)
{
    greffe__free(buf->context, buf->data);
    *buf = (greffe__buf){.context = buf->context};
}

bool greffe__buf_reserve(greffe__buf *buf, size_t more)
{
    if (buf->failed || more > SIZE_MAX / 4 || buf->size > SIZE_MAX / 4) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->size + more + 1;
    if (needed <= buf->capacity) {
        return true;
    }
    size_t capacity = buf->capacity == 0 ? 256 : buf->capacity * 2;
    capacity = capacity < needed ? needed : capacity;
    char *data = greffe__alloc(buf->context, buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void greffe__buf_put(greffe__buf *buf, const void *data, size_t size)
{
    if (size > 0 && (greffe__buf_has_room(buf, size) || greffe__buf_reserve(buf, size))) {
        memcpy(buf->data + buf->size, data, size);
        buf->size += size;
    }
}

void greffe__buf_str(greffe__buf *buf, greffe__str text)
{
    greffe__buf_put(buf, text.data, text.size);
}

void greffe__buf_text(greffe__buf *buf, const char *terminated)
{
    greffe__buf_put(buf, terminated, strlen(terminated));
}

void greffe__buf_format(greffe__buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0 || !greffe__buf_reserve(buf, (size_t)size)) {
        buf->failed = true;
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    buf->size += (size_t)size;
}

void greffe__buf_json(greffe__buf *buf, greffe__str text)
{
    greffe__buf_byte(buf, '"');
    size_t plain = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        greffe__buf_put(buf, text.data + plain, i - plain);
        plain = i + 1;
        switch (c) {
        case '"': greffe__buf_text(buf, "\\\""); break;
        case '\\': greffe__buf_text(buf, "\\\\"); break;
        case '\n': greffe__buf_text(buf, "\\n"); break;
        case '\r': greffe__buf_text(buf, "\\r"); break;
        case '\t': greffe__buf_text(buf, "\\t"); break;
        default: greffe__buf_format(buf, "\\u%04x", c); break;
        }
    }
    if (text.size > plain) {
        greffe__buf_put(buf, text.data + plain, text.size - plain);
    }
    greffe__buf_byte(buf, '"');
}

const char *greffe__buf_done(greffe__buf *buf)
{
    if (!greffe__buf_reserve(buf, 0)) {
        return NULL;
    }
    buf->data[buf->size] = '\0';
    return buf->data;
}

greffe__str greffe__buf_keep(greffe__buf *buf, greffe__arena *arena)
{
    const greffe__str kept = greffe__str_dup(arena, (greffe__str){buf->data, buf->size});
    arena->failed = arena->failed || buf->failed;
    greffe__buf_free(buf);
    return kept;
}

/* --- Table --- */

struct greffe__map_slot {
    greffe__str name;
    uint32_t value;
    uint32_t hash; /* 0: empty */
};

static uint32_t hash_of(greffe__str name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < name.size; i++) {
        hash = (hash ^ (unsigned char)name.data[i]) * 16777619u;
    }
    return hash == 0 ? 1 : hash;
}

void greffe__map_init(greffe__map *map, greffe__arena *arena)
{
    *map = (greffe__map){.arena = arena};
}

static struct greffe__map_slot *find(const greffe__map *map, greffe__str name, uint32_t hash)
{
    uint32_t mask = map->capacity - 1;
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        struct greffe__map_slot *slot = &map->slots[i];
        if (slot->hash == 0 || (slot->hash == hash && greffe__str_equal(slot->name, name))) {
            return slot;
        }
    }
}

static bool rehash(greffe__map *map)
{
    greffe__map larger = *map;
    larger.capacity = map->capacity == 0 ? 16 : map->capacity * 2;
    larger.slots = greffe__arena_zalloc(map->arena, larger.capacity * sizeof *larger.slots);
    if (larger.slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].hash != 0) {
            *find(&larger, map->slots[i].name, map->slots[i].hash) = map->slots[i];
        }
    }
    *map = larger;
    return true;
}

bool greffe__map_add(greffe__map *map, greffe__str name, uint32_t value)
{
    if (map->count * 4 >= map->capacity * 3 && !rehash(map)) {
        return false;
    }
    uint32_t hash = hash_of(name);
    struct greffe__map_slot *slot = find(map, name, hash);
    if (slot->hash != 0) {
        return false;
    }
    *slot = (struct greffe__map_slot){.name = name, .value = value, .hash = hash};
    map->count += 1;
    return true;
}

bool greffe__map_get(const greffe__map *map, greffe__str name, uint32_t *out)
{
    if (map->capacity == 0) {
        return false;
    }
    const struct greffe__map_slot *slot = find(map, name, hash_of(name));
    if (slot->hash == 0) {
        return false;
    }
    *out = slot->value;
    return true;
}
