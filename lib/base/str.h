/* Strings (bytes with a length), a growing buffer, and a table from strings to numbers. */
#ifndef GREFFE_BASE_STR_H
#define GREFFE_BASE_STR_H

#include <stdarg.h>
#include <string.h>

#include "base/memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef greffe_str greffe__str;

#define GREFFE__STR_FMT "%.*s"

/* The pair of arguments that GREFFE__STR_FMT takes is (int)s.size, s.data. */
greffe__str greffe__str_of(const char *terminated); /* NULL gives the empty string */
static inline bool greffe__str_equal(greffe__str a, greffe__str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
bool greffe__str_is(greffe__str a, const char *terminated);
/* Byte order: <0, 0, >0. */
int greffe__str_compare(greffe__str a, greffe__str b);
bool greffe__str_starts(greffe__str a, const char *prefix);
greffe__str greffe__str_trim(greffe__str a); /* spaces, tabs, line ends at both ends */
greffe__str greffe__str_dup(greffe__arena *arena, greffe__str a);
/* Joins terminated parts until NULL. */
greffe__str greffe__str_join(greffe__arena *arena, const char *first, ...);
/* A message: printf into the arena, cut at GREFFE_MAX_MESSAGE_BYTES. Empty without memory. */
greffe__str greffe__message(greffe__arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* printf into the arena. Integers and strings only: no locale is ever asked. */
/* Texts one after the other; where every command comes by, and formatting would be felt. */
greffe__str greffe__str_concat(greffe__arena *arena, const greffe__str *parts, size_t count);
#define GREFFE__CONCAT(arena, ...)                                                                 \
    greffe__str_concat(arena, (const greffe__str[]){__VA_ARGS__},                                  \
                       sizeof((const greffe__str[]){__VA_ARGS__}) / sizeof(greffe__str))
/* A number's digits, at least so many, with zeros before them; how many. No end is put there. */
size_t greffe__put_digits(char *out, uint64_t number, unsigned least);
/* A whole number in digits. */
greffe__str greffe__str_of_uint(greffe__arena *arena, uint64_t number);
greffe__str greffe__str_format(greffe__arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Edits (insert, delete, replace, swap) between two words, for a did-you-mean; at most `limit`+1.
 */
unsigned greffe__str_distance(greffe__str a, greffe__str b, unsigned limit);

/* Reads a decimal integer that fills the whole string. */
bool greffe__str_to_i64(int64_t *out, greffe__str a);

/* UTF-8. `greffe__utf8_next` returns the code point at `*at` and moves past it, or UINT32_MAX on
 * a malformed sequence (overlong, surrogate, past U+10FFFF), which it doesn't pass. */
uint32_t greffe__utf8_next(const char **at, const char *end);
/* Whether all its bytes are ASCII. */
static inline bool greffe__str_ascii(greffe__str a)
{
    uint64_t eight, all = 0;
    size_t i = 0;
    for (; a.size - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, a.data + i, sizeof eight);
        all |= eight;
    }
    for (; i < a.size; i++) {
        all |= (unsigned char)a.data[i];
    }
    return (all & UINT64_C(0x8080808080808080)) == 0;
}
bool greffe__utf8_valid(greffe__str a, size_t *bad_offset);
/* As much of a text as fits into so many bytes: cut before a character that does not. */
greffe__str greffe__utf8_cut(greffe__str a, size_t most);
/* Writes up to 4 bytes; returns how many. */
size_t greffe__utf8_put(char *out, uint32_t code_point);
size_t greffe__utf8_length(greffe__str a);
/* Where the text goes on `count` characters after the one that begins at `at`; its size at most. */
size_t greffe__utf8_skip(greffe__str a, size_t at, size_t count);

/* A growing byte buffer. A failed allocation sets `failed`; later writes do nothing, so one check
 * at the end is enough. */
typedef struct greffe__buf {
    greffe_context *context;
    char *data;
    size_t size, capacity;
    bool failed;
} greffe__buf;

void greffe__buf_init(greffe__buf *buf, greffe_context *context);
void greffe__buf_free(greffe__buf *buf);
void greffe__buf_put(greffe__buf *buf, const void *data, size_t size);
bool greffe__buf_reserve(greffe__buf *buf, size_t more); /* for so many bytes and an end */

/* Whether there is room for it and the end of the text; what has failed has none. */
static inline bool greffe__buf_has_room(const greffe__buf *buf, size_t more)
{
    return more < buf->capacity - buf->size && !buf->failed;
}

static inline void greffe__buf_byte(greffe__buf *buf, char byte)
{
    if (greffe__buf_has_room(buf, 1) || greffe__buf_reserve(buf, 1)) {
        buf->data[buf->size++] = byte;
    }
}

void greffe__buf_str(greffe__buf *buf, greffe__str text);
void greffe__buf_text(greffe__buf *buf, const char *terminated);
void greffe__buf_format(greffe__buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string literal with its quotes. */
void greffe__buf_json(greffe__buf *buf, greffe__str text);
/* Terminates and returns the text, owned by the buffer; NULL when it failed. */
const char *greffe__buf_done(greffe__buf *buf);
/* Moves the text into an arena, which fails where the buffer has; the buffer is freed. */
greffe__str greffe__buf_keep(greffe__buf *buf, greffe__arena *arena);

/* From strings to numbers; the first value of a name stays. Open addressing in an arena. */
typedef struct greffe__map {
    greffe__arena *arena;
    struct greffe__map_slot *slots;
    uint32_t count, capacity;
} greffe__map;

void greffe__map_init(greffe__map *map, greffe__arena *arena);
/* False when the name was there already, or memory ran out (the arena's `failed` tells). */
bool greffe__map_add(greffe__map *map, greffe__str name, uint32_t value);
bool greffe__map_get(const greffe__map *map, greffe__str name, uint32_t *out);

#ifdef __cplusplus
}
#endif
#endif
