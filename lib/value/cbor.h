/* Deterministic CBOR (RFC 8949): the bytes of bundles, events, states and commitments.
 *
 * One value has one encoding: shortest heads, definite lengths, names in ascending order of their
 * UTF-8 bytes (not of their encoded length, as RFC 8949 would sort them). The reader refuses any
 * other, so reading and writing again gives the same bytes, and a hash of them means the value.
 *
 * Typed values: null, booleans, text, arrays and maps as CBOR has them; a whole number that fits
 * 64 bits as an integer; another number as tag 4 [exponent, mantissa] without trailing zeros; a
 * date as tag 100 (days); and private tags 65000 time, 65001 date and time, 65002 duration (each
 * [seconds, nanoseconds, offset or null], and the zone's name where it has one), 65003 months,
 * 65004 range. */
#ifndef GREFFE_VALUE_CBOR_H
#define GREFFE_VALUE_CBOR_H

#include "value/value.h"

#ifdef __cplusplus
extern "C" {
#endif

void greffe__cbor_long_uint(greffe__buf *out, uint64_t value);
static inline void greffe__cbor_uint(greffe__buf *out, uint64_t value)
{
    if (value < 24) { /* most are */
        greffe__buf_byte(out, (char)value);
    } else {
        greffe__cbor_long_uint(out, value);
    }
}
void greffe__cbor_int(greffe__buf *out, int64_t value);
void greffe__cbor_text(greffe__buf *out, greffe__str text);
void greffe__cbor_bytes(greffe__buf *out, greffe__str bytes);
void greffe__cbor_array(greffe__buf *out, uint64_t count);
void greffe__cbor_map(greffe__buf *out, uint64_t pairs);
void greffe__cbor_bool(greffe__buf *out, bool truth);
void greffe__cbor_null(greffe__buf *out);
void greffe__cbor_value(greffe__buf *out, const greffe__value *value);

/* A reader stops at its first fault and stays there: `failed` is checked once, at the end. */
typedef struct greffe__cbor {
    const unsigned char *at, *end;
    uint32_t depth;
    bool failed;
} greffe__cbor;

void greffe__cbor_open(greffe__cbor *in, greffe__str bytes);
/* Everything read, nothing wrong. */
bool greffe__cbor_done(const greffe__cbor *in);
uint64_t greffe__cbor_read_long_uint(greffe__cbor *in);
static inline uint64_t greffe__cbor_read_uint(greffe__cbor *in)
{
    bool small = in->at < in->end && *in->at < 24;
    return small ? *in->at++ : greffe__cbor_read_long_uint(in);
}
int64_t greffe__cbor_read_int(greffe__cbor *in);
bool greffe__cbor_read_bool(greffe__cbor *in);
greffe__str greffe__cbor_read_text(greffe__cbor *in);  /* borrowed from the bytes; valid UTF-8 */
greffe__str greffe__cbor_read_bytes(greffe__cbor *in); /* borrowed */
/* The count is never larger than the bytes that are left. */
uint32_t greffe__cbor_read_array(greffe__cbor *in);
uint32_t greffe__cbor_read_map(greffe__cbor *in);
/* Strings are borrowed from the bytes. */
greffe__value greffe__cbor_read_value(greffe__cbor *in, greffe__arena *arena);

#ifdef __cplusplus
}
#endif
#endif
