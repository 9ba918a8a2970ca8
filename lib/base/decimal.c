/* Decimal numbers over the Intel decimal library, with a fast path for coefficients that fit a
 * word. Text forms, and the splitting that the binary codec needs, are our own. */
#include "base/decimal.h"

#include <stdio.h>
#include <string.h>

#define DECIMAL_CALL_BY_REFERENCE 0
#define DECIMAL_GLOBAL_ROUNDING 0
#define DECIMAL_GLOBAL_EXCEPTION_FLAGS 0
#include <bid_conf.h>
#include <bid_functions.h>

enum {
    bias = 6176,
    exponent_shift = 49,
    lowest_exponent = -6176,
    highest_exponent = 6111,
    max_digits = 34
};
static const uint64_t high_mask = (UINT64_C(1) << exponent_shift) - 1;
static const uint64_t sign_bit = UINT64_C(1) << 63;

static BID_UINT128 to_bid(greffe__dec a)
{
    BID_UINT128 result;
    result.w[0] = a.w[0];
    result.w[1] = a.w[1];
    return result;
}

/* The special encodings begin with the bits 11 after the sign: infinities, NaN, and coefficients
 * that are not canonical. */
static bool is_special(uint64_t high)
{
    return (high & UINT64_C(0x6000000000000000)) == UINT64_C(0x6000000000000000);
}

static bool accept(greffe__dec *out, BID_UINT128 value)
{
    if (is_special(value.w[1])) {
        return false;
    }
    if (value.w[0] == 0 && (value.w[1] & high_mask) == 0) {
        value.w[1] &= ~sign_bit;
    }
    out->w[0] = value.w[0];
    out->w[1] = value.w[1];
    return true;
}

static greffe__dec make(bool negative, uint64_t high, uint64_t low, int exponent)
{
    bool zero = high == 0 && low == 0;
    uint64_t top = (uint64_t)(exponent + bias) << exponent_shift | high;
    return (greffe__dec){{low, top | (negative && !zero ? sign_bit : 0)}};
}

static int exponent_of(greffe__dec a)
{
    return (int)(a.w[1] >> exponent_shift & 0x3FFF) - bias;
}

static bool is_small(greffe__dec a)
{
    return (a.w[1] & high_mask) == 0;
}

static bool is_negative(greffe__dec a)
{
    return (a.w[1] & sign_bit) != 0;
}

static bool is_zero(greffe__dec a)
{
    return a.w[0] == 0 && (a.w[1] & high_mask) == 0;
}

greffe__dec greffe__dec_of(int64_t value)
{
    uint64_t magnitude = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    return make(value < 0, 0, magnitude, 0);
}

bool greffe__dec_scaled(greffe__dec *out, int64_t coefficient, int exponent)
{
    uint64_t magnitude =
        coefficient < 0 ? (uint64_t)0 - (uint64_t)coefficient : (uint64_t)coefficient;
    return greffe__dec_join(out, coefficient < 0, 0, magnitude, exponent);
}

/* --- 128-bit coefficients in 32-bit limbs, lowest first --- */

typedef struct wide {
    uint32_t limb[4];
} wide;

static wide wide_of(uint64_t high, uint64_t low)
{
    return (wide){{(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)}};
}

static uint32_t wide_divide(wide *value, uint32_t divisor)
{
    uint64_t rest = 0;
    for (int i = 3; i >= 0; i--) {
        uint64_t part = rest << 32 | value->limb[i];
        value->limb[i] = (uint32_t)(part / divisor);
        rest = part % divisor;
    }
    return (uint32_t)rest;
}

/* The digits of a coefficient without leading zeros; none for zero. */
static int digits_of(char out[40], uint64_t high, uint64_t low)
{
    wide value = wide_of(high, low);
    char reversed[40];
    int count = 0;
    while ((value.limb[0] | value.limb[1] | value.limb[2] | value.limb[3]) != 0 && count < 39) {
        reversed[count++] = (char)('0' + wide_divide(&value, 10));
    }
    for (int i = 0; i < count; i++) {
        out[i] = reversed[count - 1 - i];
    }
    return count;
}

static bool from_digits(greffe__dec *out, bool negative, const char *digits, int count,
                        int64_t exponent)
{
    char text[max_digits + 64];
    int at = 0;
    text[at++] = negative ? '-' : '+';
    if (count == 0) {
        *out = make(false, 0, 0, 0);
        return true;
    }
    memcpy(text + at, digits, (size_t)count);
    at += count;
    text[at++] = 'E';
    if (exponent > 100000) {
        return false;
    }
    exponent = exponent < -100000 ? -100000 : exponent; /* both are zero once rounded */
    text[at++] = exponent < 0 ? '-' : '+';
    int magnitude = (int)(exponent < 0 ? -exponent : exponent);
    for (int unit = 100000; unit > 0; unit /= 10) {
        text[at++] = (char)('0' + magnitude / unit % 10);
    }
    text[at] = '\0';
    _IDEC_flags flags = 0;
    BID_UINT128 value = bid128_from_string(text, BID_ROUNDING_TO_NEAREST, &flags);
    return accept(out, value);
}

/* --- Text --- */

static bool scan_exponent(const char *at, const char *end, int64_t *out)
{
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    if (at == end) {
        return false;
    }
    int64_t value = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        value = value > 1000000 ? value : value * 10 + (*at - '0');
    }
    *out = negative ? -value : value;
    return true;
}

/* Digits and perhaps a point, few enough for a word; false: look closer. */
static bool parse_plain(greffe__dec *out, greffe__str text)
{
    uint64_t coefficient = 0;
    int decimals = 0;
    bool point = false;
    if (text.size > 18 || text.data[text.size - 1] == '.') {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9') {
            coefficient = coefficient * 10 + (uint64_t)(c - '0');
            decimals += point;
        } else {
            return false;
        }
    }
    *out = make(false, 0, coefficient, coefficient == 0 ? 0 : -decimals);
    return true;
}

bool greffe__dec_parse(greffe__dec *out, greffe__str text)
{
    if (text.size == 0) {
        return false;
    }
    if (parse_plain(out, text)) {
        return true;
    }
    const char *at = text.data, *end = text.data + text.size;
    bool negative = *at == '-';
    at += negative;
    char digits[max_digits + 2];
    int count = 0, seen = 0;
    int64_t exponent = 0;
    bool after_point = false, last_is_digit = false, lost = false;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.' && !after_point) {
            after_point = true;
            last_is_digit = false;
            continue;
        }
        if (*at < '0' || *at > '9') {
            return false;
        }
        seen = 1;
        last_is_digit = true;
        exponent -= after_point;
        if (count == 0 && *at == '0') {
            continue;
        }
        if (count < max_digits + 1) {
            digits[count++] = *at;
        } else {
            lost = lost || *at != '0'; /* kept as a sticky digit, for exact rounding */
            exponent += 1;
        }
    }
    if (seen == 0 || !last_is_digit) {
        return false;
    }
    if (lost) {
        digits[count++] = '1';
        exponent -= 1;
    }
    int64_t written = 0;
    if (at < end && !scan_exponent(at + 1, end, &written)) {
        return false;
    }
    return from_digits(out, negative, digits, count, exponent + written);
}

size_t greffe__dec_format(char out[GREFFE__DEC_CHARS], greffe__dec value)
{
    bool negative;
    uint64_t high, low;
    int exponent;
    greffe__dec_split(value, &negative, &high, &low, &exponent);
    char digits[40];
    int count = digits_of(digits, high, low);
    size_t at = 0;
    if (negative) {
        out[at++] = '-';
    }
    if (count == 0) {
        out[at++] = '0';
    } else if (exponent >= 0 && count + exponent <= max_digits) {
        memcpy(out + at, digits, (size_t)count);
        at += (size_t)count;
        memset(out + at, '0', (size_t)exponent);
        at += (size_t)exponent;
    } else if (exponent < 0 && count + exponent > 0) {
        int whole = count + exponent;
        memcpy(out + at, digits, (size_t)whole);
        at += (size_t)whole;
        out[at++] = '.';
        memcpy(out + at, digits + whole, (size_t)(count - whole));
        at += (size_t)(count - whole);
    } else if (exponent < 0 && -exponent <= max_digits) {
        out[at++] = '0';
        out[at++] = '.';
        memset(out + at, '0', (size_t)(-exponent - count));
        at += (size_t)(-exponent - count);
        memcpy(out + at, digits, (size_t)count);
        at += (size_t)count;
    } else {
        memcpy(out + at, digits, (size_t)count);
        at += (size_t)count;
        at += (size_t)snprintf(out + at, GREFFE__DEC_CHARS - at, "e%d", exponent);
    }
    out[at] = '\0';
    return at;
}

/* --- Arithmetic --- */

/* A coefficient for an exponent that is lower by `gap`: false where it would not be of one word. */
static inline bool lower(uint64_t *coefficient, int gap)
{
    static const uint32_t powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    enum { most = sizeof powers / sizeof powers[0] - 1 };
    if (gap > most || *coefficient >> 32 != 0) {
        return false;
    }
    *coefficient *= powers[gap];
    return true;
}

/* Both coefficients for one exponent, the lower of the two. */
static inline bool align(uint64_t *x, uint64_t *y, greffe__dec a, greffe__dec b)
{
    *x = a.w[0];
    *y = b.w[0];
    if (!is_small(a) || !is_small(b)) {
        return false;
    }
    int gap = exponent_of(a) - exponent_of(b);
    return gap == 0 || (gap > 0 ? lower(x, gap) : lower(y, -gap));
}

static bool add_small(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    uint64_t x, y;
    if (!align(&x, &y, a, b)) {
        return false;
    }
    int exponent = exponent_of(a) < exponent_of(b) ? exponent_of(a) : exponent_of(b);
    bool negative = is_negative(a);
    if (negative == is_negative(b)) {
        uint64_t sum = x + y;
        if (sum < x) {
            return false;
        }
        *out = make(negative, 0, sum, exponent);
        return true;
    }
    *out = x >= y ? make(negative, 0, x - y, exponent) : make(!negative, 0, y - x, exponent);
    return true;
}

/* What the library does stays out of the functions that mostly don't call it: its numbers are
 * passed in memory, and so would theirs be. */
__attribute__((noinline)) static bool add_any(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    _IDEC_flags flags = 0;
    return accept(out, bid128_add(to_bid(a), to_bid(b), BID_ROUNDING_TO_NEAREST, &flags));
}

__attribute__((noinline)) static bool mul_any(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    _IDEC_flags flags = 0;
    return accept(out, bid128_mul(to_bid(a), to_bid(b), BID_ROUNDING_TO_NEAREST, &flags));
}

__attribute__((noinline)) static int compare_any(greffe__dec a, greffe__dec b)
{
    _IDEC_flags flags = 0;
    if (bid128_quiet_equal(to_bid(a), to_bid(b), &flags)) {
        return 0;
    }
    return bid128_quiet_less(to_bid(a), to_bid(b), &flags) ? -1 : 1;
}

bool greffe__dec_add(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    return add_small(out, a, b) || add_any(out, a, b);
}

bool greffe__dec_sub(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    return greffe__dec_add(out, a, greffe__dec_neg(b));
}

bool greffe__dec_mul(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    int exponent = exponent_of(a) + exponent_of(b);
    if (is_small(a) && is_small(b) && (a.w[0] | b.w[0]) >> 32 == 0 && exponent >= lowest_exponent &&
        exponent <= highest_exponent) {
        *out = make(is_negative(a) != is_negative(b), 0, a.w[0] * b.w[0], exponent);
        return true;
    }
    return mul_any(out, a, b);
}

bool greffe__dec_div(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    _IDEC_flags flags = 0;
    return accept(out, bid128_div(to_bid(a), to_bid(b), BID_ROUNDING_TO_NEAREST, &flags));
}

bool greffe__dec_pow(greffe__dec *out, greffe__dec a, int64_t exponent)
{
    uint64_t left = exponent < 0 ? (uint64_t)0 - (uint64_t)exponent : (uint64_t)exponent;
    greffe__dec result = greffe__dec_of(1), square = a;
    while (left > 0) {
        if ((left & 1) != 0 && !greffe__dec_mul(&result, result, square)) {
            return false;
        }
        left >>= 1;
        if (left > 0 && !greffe__dec_mul(&square, square, square)) {
            return false;
        }
    }
    if (exponent < 0) {
        return greffe__dec_div(out, greffe__dec_of(1), result);
    }
    *out = result;
    return true;
}

/* The library's remainder is exact, however many digits the quotient has: only the last step, where
 * the signs differ, may round. */
bool greffe__dec_modulo(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    if (is_zero(b)) {
        return false;
    }
    const greffe__dec divisor = greffe__dec_abs(b);
    greffe__dec rest = greffe__dec_abs(a);
    if (exponent_of(a) == exponent_of(b) && is_small(a) && is_small(b)) {
        rest.w[0] %= divisor.w[0];
    } else {
        _IDEC_flags flags = 0;
        if (!accept(&rest, bid128_fmod(to_bid(rest), to_bid(divisor), &flags))) {
            return false;
        }
    }
    if (!is_zero(rest) && is_negative(a) != is_negative(b) &&
        !greffe__dec_sub(&rest, divisor, rest)) {
        return false;
    }
    *out = is_negative(b) ? greffe__dec_neg(rest) : rest;
    return true;
}

bool greffe__dec_sqrt(greffe__dec *out, greffe__dec a)
{
    _IDEC_flags flags = 0;
    return accept(out, bid128_sqrt(to_bid(a), BID_ROUNDING_TO_NEAREST, &flags));
}

greffe__dec greffe__dec_neg(greffe__dec a)
{
    if (is_zero(a)) {
        return a;
    }
    return (greffe__dec){{a.w[0], a.w[1] ^ sign_bit}};
}

greffe__dec greffe__dec_abs(greffe__dec a)
{
    return (greffe__dec){{a.w[0], a.w[1] & ~sign_bit}};
}

bool greffe__dec_negative(greffe__dec a)
{
    return is_negative(a);
}

int greffe__dec_compare(greffe__dec a, greffe__dec b)
{
    uint64_t x, y;
    if (!align(&x, &y, a, b)) {
        return compare_any(a, b);
    }
    bool negative = is_negative(a);
    if (negative != is_negative(b)) {
        return negative ? -1 : 1;
    }
    int order = x < y ? -1 : x > y;
    return negative ? -order : order;
}

/* Round to a whole number in the direction asked for. */
static BID_UINT128 to_whole(BID_UINT128 value, greffe__rounding mode)
{
    _IDEC_flags flags = 0;
    switch (mode) {
    case GREFFE__ROUND_HALF_EVEN: return bid128_round_integral_nearest_even(value, &flags);
    case GREFFE__ROUND_HALF_UP: return bid128_round_integral_nearest_away(value, &flags);
    case GREFFE__ROUND_DOWN: return bid128_round_integral_zero(value, &flags);
    case GREFFE__ROUND_FLOOR: return bid128_round_integral_negative(value, &flags);
    case GREFFE__ROUND_CEILING: return bid128_round_integral_positive(value, &flags);
    case GREFFE__ROUND_UP:
        return (value.w[1] & sign_bit) != 0 ? bid128_round_integral_negative(value, &flags)
                                            : bid128_round_integral_positive(value, &flags);
    case GREFFE__ROUND_HALF_DOWN: break;
    }
    /* Half towards zero: the nearest whole number, but the one below in magnitude on a tie. */
    BID_UINT128 cut = bid128_round_integral_zero(value, &flags);
    BID_UINT128 rest = bid128_abs(bid128_sub(value, cut, BID_ROUNDING_TO_NEAREST, &flags));
    BID_UINT128 half =
        bid128_from_string((char[]){'0', '.', '5', 0}, BID_ROUNDING_TO_NEAREST, &flags);
    return bid128_quiet_greater(rest, half, &flags)
               ? bid128_round_integral_nearest_away(value, &flags)
               : cut;
}

/* Whether a magnitude that is cut is raised by one: `rest` of `unit` was cut off. */
static bool raises(uint64_t kept, uint64_t rest, uint64_t unit, bool negative,
                   greffe__rounding mode)
{
    uint64_t half = unit / 2; /* a power of ten is even */
    switch (mode) {
    case GREFFE__ROUND_HALF_EVEN: return rest > half || (rest == half && kept % 2 == 1);
    case GREFFE__ROUND_HALF_UP: return rest >= half;
    case GREFFE__ROUND_HALF_DOWN: return rest > half;
    case GREFFE__ROUND_UP: return rest > 0;
    case GREFFE__ROUND_DOWN: return false;
    case GREFFE__ROUND_FLOOR: return rest > 0 && negative;
    case GREFFE__ROUND_CEILING: return rest > 0 && !negative;
    }
    return false;
}

/* Coefficients of a word that lose few digits: as most amounts do. */
static bool round_small(greffe__dec *out, greffe__dec a, int scale, greffe__rounding mode)
{
    int cut = -exponent_of(a) - scale;
    uint64_t unit = 1;
    if (!is_small(a) || cut < 1 || cut > 18) {
        return false;
    }
    for (int i = 0; i < cut; i++) {
        unit *= 10;
    }
    uint64_t kept = a.w[0] / unit, rest = a.w[0] % unit;
    kept += raises(kept, rest, unit, is_negative(a), mode) ? 1 : 0;
    *out = make(is_negative(a), 0, kept, kept == 0 ? 0 : -scale);
    return true;
}

__attribute__((noinline)) static bool round_any(greffe__dec *out, greffe__dec a, int scale,
                                                greffe__rounding mode)
{
    _IDEC_flags flags = 0;
    int exponent = exponent_of(a);
    if (exponent + scale < -2 * max_digits && !is_zero(a)) {
        /* Far below the last digit kept, all such values round alike: take one near enough that
         * shifting it loses nothing. */
        a = make(is_negative(a), 0, 1, -2 * max_digits - scale);
        if (-2 * max_digits - scale < lowest_exponent) {
            a = make(is_negative(a), 0, 1, lowest_exponent);
        }
    }
    BID_UINT128 shifted = bid128_scalbn(to_bid(a), scale, BID_ROUNDING_TO_NEAREST, &flags);
    BID_UINT128 whole = to_whole(shifted, mode);
    return accept(out, bid128_scalbn(whole, -scale, BID_ROUNDING_TO_NEAREST, &flags));
}

bool greffe__dec_round(greffe__dec *out, greffe__dec a, int scale, greffe__rounding mode)
{
    if (scale < lowest_exponent || scale > -lowest_exponent) {
        return false;
    }
    if (-exponent_of(a) <= scale) {
        *out = a; /* no digit to lose */
        return true;
    }
    return round_small(out, a, scale, mode) || round_any(out, a, scale, mode);
}

/* --- Exact conversions --- */

bool greffe__dec_to_i64(int64_t *out, greffe__dec a)
{
    bool negative;
    uint64_t high, low;
    int exponent;
    greffe__dec_split(a, &negative, &high, &low, &exponent);
    if (high != 0 || exponent < 0 || exponent > 18) {
        return false;
    }
    for (; exponent > 0; exponent--) {
        if (low > UINT64_MAX / 10) {
            return false;
        }
        low *= 10;
    }
    if (low > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    *out = negative ? (low > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)low) : (int64_t)low;
    return true;
}

bool greffe__dec_to_cents(int64_t *out, greffe__dec a)
{
    greffe__dec hundred;
    return greffe__dec_mul(&hundred, a, greffe__dec_of(100)) && greffe__dec_to_i64(out, hundred);
}

void greffe__dec_split(greffe__dec a, bool *negative, uint64_t *high, uint64_t *low, int *exponent)
{
    *negative = is_negative(a);
    *exponent = exponent_of(a);
    *high = a.w[1] & high_mask;
    *low = a.w[0];
    if (*high == 0 && *low == 0) {
        *negative = false;
        *exponent = 0;
        return;
    }
    while (*high == 0 && *low % 10 == 0) {
        *low /= 10;
        *exponent += 1;
    }
    while (*high != 0) {
        wide value = wide_of(*high, *low);
        if (wide_divide(&value, 10) != 0) {
            return;
        }
        *high = (uint64_t)value.limb[3] << 32 | value.limb[2];
        *low = (uint64_t)value.limb[1] << 32 | value.limb[0];
        *exponent += 1;
        if (*high == 0) {
            while (*low % 10 == 0) {
                *low /= 10;
                *exponent += 1;
            }
        }
    }
}

bool greffe__dec_join(greffe__dec *out, bool negative, uint64_t high, uint64_t low, int exponent)
{
    char digits[40];
    int count = digits_of(digits, high, low);
    if (count > max_digits) {
        return false;
    }
    if (high <= high_mask && exponent >= lowest_exponent && exponent <= highest_exponent) {
        *out = make(negative, high, low, high == 0 && low == 0 ? 0 : exponent);
        return true;
    }
    return from_digits(out, negative, digits, count, exponent);
}
