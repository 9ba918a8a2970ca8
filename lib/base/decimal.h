/* Decimal numbers: 34 digits, rounded half to even (IEEE 754 decimal128), as FEEL asks.
 *
 * Only decimal.c knows the library behind it. Every operation gives a finite number or says
 * false; there is no infinity, no NaN and no negative zero outside this file. */
#ifndef GREFFE_BASE_DECIMAL_H
#define GREFFE_BASE_DECIMAL_H

#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct greffe__dec {
    uint64_t w[2]; /* binary integer decimal encoding, low word first */
} greffe__dec;

typedef enum greffe__rounding {
    GREFFE__ROUND_HALF_EVEN,
    GREFFE__ROUND_HALF_UP,   /* half away from zero */
    GREFFE__ROUND_HALF_DOWN, /* half towards zero */
    GREFFE__ROUND_UP,        /* away from zero */
    GREFFE__ROUND_DOWN,      /* towards zero */
    GREFFE__ROUND_FLOOR,
    GREFFE__ROUND_CEILING
} greffe__rounding;

enum { GREFFE__DEC_CHARS = 64 }; /* room for the longest text form, terminated */

greffe__dec greffe__dec_of(int64_t value);
/* coefficient × 10^exponent */
bool greffe__dec_scaled(greffe__dec *out, int64_t coefficient, int exponent);
/* A JSON or FEEL literal that fills the text: -12, .5, 1.50, 1e3. Rounds past 34 digits. */
bool greffe__dec_parse(greffe__dec *out, greffe__str text);
/* The shortest plain form ("1.5", "1200") while it has at most 34 digits and as many zeros after
 * the point; else digits and an exponent ("12e40"). Returns its length. */
size_t greffe__dec_format(char out[GREFFE__DEC_CHARS], greffe__dec value);

bool greffe__dec_add(greffe__dec *out, greffe__dec a, greffe__dec b);
bool greffe__dec_sub(greffe__dec *out, greffe__dec a, greffe__dec b);
bool greffe__dec_mul(greffe__dec *out, greffe__dec a, greffe__dec b);
bool greffe__dec_div(greffe__dec *out, greffe__dec a, greffe__dec b); /* false for b = 0 */
bool greffe__dec_pow(greffe__dec *out, greffe__dec a, int64_t exponent);
/* a - b × floor(a / b), which has the sign of b; rounded once. False for b = 0. */
bool greffe__dec_modulo(greffe__dec *out, greffe__dec a, greffe__dec b);
/* Correctly rounded, like the above; only greffe__dec_pow rounds after each multiplication. Too
 * large is false, too small is zero. The digits that decide are sought 140 digits far: a result
 * that is still as near to a tie is taken for one. */
bool greffe__dec_sqrt(greffe__dec *out, greffe__dec a); /* false for a < 0 */
bool greffe__dec_exp(greffe__dec *out, greffe__dec a);
bool greffe__dec_ln(greffe__dec *out, greffe__dec a); /* false for a <= 0 */
/* a^b, and 1 for 0^0. False for a below zero with a fraction, and for zero with b below zero. */
bool greffe__dec_power(greffe__dec *out, greffe__dec a, greffe__dec b);
greffe__dec greffe__dec_neg(greffe__dec a);
greffe__dec greffe__dec_abs(greffe__dec a);
int greffe__dec_compare(greffe__dec a, greffe__dec b); /* by value: 1.0 equals 1 */
bool greffe__dec_negative(greffe__dec a);              /* below zero */
/* Rounds to `scale` digits after the point (negative: before it). False when the result is out of
 * range, or the scale outside -6176 to 6176. */
bool greffe__dec_round(greffe__dec *out, greffe__dec a, int scale, greffe__rounding mode);
/* Exact conversions; false when the value is not such an integer. */
bool greffe__dec_to_i64(int64_t *out, greffe__dec a);
bool greffe__dec_to_cents(int64_t *out, greffe__dec a);
/* Trailing zeros removed: value = ± high:low × 10^exponent. */
void greffe__dec_split(greffe__dec a, bool *negative, uint64_t *high, uint64_t *low, int *exponent);
bool greffe__dec_join(greffe__dec *out, bool negative, uint64_t high, uint64_t low, int exponent);

#ifdef __cplusplus
}
#endif
#endif
