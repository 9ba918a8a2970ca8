/* Exponential, logarithm and powers of decimals, correctly rounded.
 *
 * They are computed in binary fixed point, with far more digits than 34 and a bound of the error.
 * Where that bound leaves open which of two neighbours is nearer, once more with three times the
 * digits; what is then still within the bound of a tie is a tie, as 35 digits that end in 5 are
 * when a power has exactly those. It knows nothing of how a decimal is encoded. */
#include "base/decimal.h"

#include <string.h>

enum {
    most = 20, /* limbs after the point, at the most */
    whole = 6, /* limbs before it */
    lowest_exponent = -6176
};

/* The limbs, lowest first, over 2^(32 × fraction). Wraps as two's complement when subtracting. */
typedef struct fixed {
    uint32_t limb[most + whole];
} fixed;

typedef struct precision {
    int fraction; /* limbs after the point */
    int halvings; /* of the argument of a series */
    int terms;    /* of the series, for an argument below 4 / 2^halvings */
    bool last;
} precision;

static const precision precisions[] = {{8, 16, 16, false}, {most, 24, 26, true}};
static const fixed ln10 = {{0xC360C7EF, 0xD96A9B0E, 0x2A324479, 0xE0B3E28A, 0x0B945B59, 0xEE3DE210,
                            0x042F8B6B, 0xB1889061, 0xB17C35A0, 0x31C32F00, 0xC6A04173, 0x58BC0B5E,
                            0x07C0B5CA, 0x0F187A08, 0x6977E43A, 0x8A3FB3E7, 0x0B4C28A3, 0xA95B58AE,
                            0xAAA2B05B, 0x4D763776, 0x00000002}};

typedef enum outcome { UNCLEAR, NONE, FOUND } outcome;

/* --- Fixed point. Results are cut, so each is less than one unit of the last limb too small. ---
 */

static int size_of(const precision *p)
{
    return p->fraction + whole;
}

static int used(const fixed *a, const precision *p)
{
    int size = size_of(p);
    while (size > 0 && a->limb[size - 1] == 0) {
        size--;
    }
    return size;
}

static void add(fixed *a, const fixed *b, bool subtract, const precision *p)
{
    uint64_t carry = subtract;
    for (int i = 0; i < size_of(p); i++) {
        carry += (uint64_t)a->limb[i] + (subtract ? ~b->limb[i] : b->limb[i]);
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* Makes a number that may have wrapped its magnitude; returns whether it was below zero. */
static bool make_magnitude(fixed *a, const precision *p)
{
    if (a->limb[size_of(p) - 1] >> 31 == 0) {
        return false;
    }
    fixed zero = {{0}};
    add(&zero, a, true, p);
    *a = zero;
    return true;
}

static void times(fixed *a, uint32_t factor, const precision *p)
{
    uint64_t carry = 0;
    for (int i = 0; i < size_of(p); i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void over(fixed *a, uint32_t divisor, const precision *p)
{
    uint64_t rest = 0;
    for (int i = used(a, p) - 1; i >= 0; i--) {
        const uint64_t part = rest << 32 | a->limb[i];
        a->limb[i] = (uint32_t)(part / divisor);
        rest = part % divisor;
    }
}

/* The product must be below 2^(32 × whole). */
static fixed product(const fixed *a, const fixed *b, const precision *p)
{
    uint32_t limb[2 * (most + whole)] = {0};
    fixed result = {{0}};
    const int a_size = used(a, p), b_size = used(b, p);
    for (int i = 0; i < a_size; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < b_size; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + limb[i + j];
            limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        limb[i + b_size] = (uint32_t)carry;
    }
    memcpy(result.limb, limb + p->fraction, (size_t)size_of(p) * sizeof limb[0]);
    return result;
}

static fixed fixed_of(uint64_t high, uint64_t low, const precision *p)
{
    fixed result = {{0}};
    uint32_t *limb = result.limb + p->fraction;
    limb[0] = (uint32_t)low;
    limb[1] = (uint32_t)(low >> 32);
    limb[2] = (uint32_t)high;
    limb[3] = (uint32_t)(high >> 32);
    return result;
}

/* Whether the limbs above the first before the point are in use. */
static bool is_huge(const fixed *a, const precision *p)
{
    return used(a, p) > p->fraction + 1;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Times 10^exponent, until all is used up or all gone. The error is below 2^*lost units of the last
 * limb, before and after. */
static void scale(fixed *a, int exponent, int *lost, const precision *p)
{
    while (exponent > 0 && used(a, p) < size_of(p)) {
        const bool three = exponent >= 3;
        times(a, three ? 1000 : 10, p);
        *lost += three ? 10 : 4;
        exponent -= three ? 3 : 1;
    }
    while (exponent < 0 && used(a, p) > 0) {
        const bool nine = exponent <= -9;
        over(a, nine ? 1000000000 : 10, p);
        *lost = larger(*lost - (nine ? 29 : 3), 0) + 1;
        exponent += nine ? 9 : 1;
    }
}

/* --- From fixed point to the nearest decimal --- */

/* Whether the fraction is nearer to one half than its error. */
static bool is_near_half(const fixed *a, int lost, const precision *p)
{
    const int sure =
        (32 * p->fraction - lost) / 32; /* its error is below one of the last of them */
    if (sure < 1) {
        return true;
    }
    const uint32_t first = a->limb[p->fraction - 1];
    if (first != 0x80000000 && first != 0x7FFFFFFF) {
        return false;
    }
    for (int i = 2; i <= sure; i++) {
        if (a->limb[p->fraction - i] != (first == 0x80000000 ? 0 : UINT32_MAX)) {
            return false;
        }
    }
    return true;
}

/* value × 10^exponent, to 34 digits, or fewer at the lower end of the range. */
static outcome settle(greffe__dec *out, fixed value, bool negative, int exponent, int lost,
                      const precision *p)
{
    const uint64_t high_30 = UINT64_C(54210108624); /* 10^30 and 10^33, their upper words */
    const uint64_t high_33 = UINT64_C(54210108624275), low_33 = UINT64_C(4089650035136921600);
    uint64_t high, low;
    for (; exponent < lowest_exponent && exponent > lowest_exponent - 4; exponent++) {
        over(&value, 10, p);
        lost += 1;
    }
    for (;;) {
        const uint32_t *limb = value.limb + p->fraction;
        high = (uint64_t)limb[3] << 32 | limb[2];
        low = (uint64_t)limb[1] << 32 | limb[0];
        if (exponent <= lowest_exponent || high > high_33 || (high == high_33 && low >= low_33)) {
            break;
        }
        const int step = high < high_30 && exponent - 3 >= lowest_exponent ? 3 : 1;
        scale(&value, step, &lost, p);
        exponent -= step;
    }
    if (exponent < lowest_exponent) {
        *out = greffe__dec_of(0);
        return FOUND;
    }
    const bool near = is_near_half(&value, lost, p);
    if (near && !p->last) {
        return UNCLEAR;
    }
    const bool up = near ? (low & 1) != 0 : value.limb[p->fraction - 1] >> 31 != 0;
    low += up;
    high += up && low == 0;
    if (high == UINT64_C(542101086242752) && low == UINT64_C(4003012203950112768)) {
        high = high_33; /* 10^34 */
        low = low_33;
        exponent++;
    }
    return greffe__dec_join(out, negative, high, low, exponent) ? FOUND : NONE;
}

/* --- Exponential --- */

/* e^s or e^-s, for s below 4, within 2^(halvings + 7) units of the last limb. */
static fixed exponential(fixed s, bool negative, const precision *p)
{
    const fixed one = fixed_of(0, 1, p);
    fixed result = one;
    over(&s, (uint32_t)1 << p->halvings, p);
    for (int i = p->terms; i > 0; i--) {
        fixed term = product(&result, &s, p);
        over(&term, (uint32_t)i, p);
        result = one;
        add(&result, &term, negative, p);
    }
    for (int i = 0; i < p->halvings; i++) {
        result = product(&result, &result, p);
    }
    return result;
}

/* ± e^t or ± e^-t, when t is known within 2^lost units of its last limb. */
static outcome settle_power_of_e(greffe__dec *out, fixed t, bool below, bool negative, int lost,
                                 const precision *p)
{
    if (is_huge(&t, p) || t.limb[p->fraction] > 20000) {
        if (!below) {
            return NONE;
        }
        *out = greffe__dec_of(0); /* e^-20000 rounds to it */
        return FOUND;
    }
    /* t = tens × ln 10 + rest, with 10 × 2^16 × ln 10 taken a little too large. */
    const uint64_t top = (uint64_t)t.limb[p->fraction] << 16 | t.limb[p->fraction - 1] >> 16;
    const int tens = (int)(top * 10 / 1509023);
    fixed part = {{0}};
    memcpy(part.limb, ln10.limb + most - p->fraction, (size_t)(p->fraction + 1) * sizeof(uint32_t));
    times(&part, (uint32_t)tens, p);
    add(&t, &part, true, p);
    const int error = larger(larger(lost, 14) + 5, p->halvings + 7) + 1;
    return settle(out, exponential(t, below, p), negative, below ? -tens : tens, error, p);
}

bool greffe__dec_exp(greffe__dec *out, greffe__dec a)
{
    bool negative;
    uint64_t high, low;
    int exponent;
    greffe__dec_split(a, &negative, &high, &low, &exponent);
    outcome found = UNCLEAR;
    for (const precision *p = precisions; found == UNCLEAR; p++) {
        fixed t = fixed_of(high, low, p);
        int lost = 0;
        scale(&t, exponent, &lost, p);
        found = settle_power_of_e(out, t, negative, false, lost, p);
    }
    return found == FOUND;
}

/* --- Logarithm --- */

/* ln m to about eight digits, for m from 0.4 to 4: 2 × artanh((m - 1) / (m + 1)). */
static fixed guess_logarithm(const fixed *m, bool *negative, const precision *p)
{
    const uint32_t *limb = m->limb + p->fraction;
    const uint64_t one = UINT64_C(1) << 29, value = (uint64_t)limb[0] << 29 | limb[-1] >> 3;
    *negative = value < one;
    const uint64_t ratio = ((*negative ? one - value : value - one) << 30) / (value + one);
    uint64_t sum = 0, power = ratio;
    for (unsigned i = 1; i < 32; i += 2) {
        sum += power / i;
        power = (power * ratio >> 30) * ratio >> 30;
    }
    fixed result = fixed_of(0, sum >> 29, p);
    result.limb[p->fraction - 1] = (uint32_t)(sum << 3);
    return result;
}

/* Adds ln w, for w near 1, by its series. */
static void add_series(fixed *sum, fixed w, const precision *p)
{
    const fixed one = fixed_of(0, 1, p);
    add(&w, &one, true, p);
    const bool below = make_magnitude(&w, p);
    fixed power = w;
    for (uint32_t i = 1; used(&power, p) > 0; i++) {
        fixed term = power;
        over(&term, i, p);
        add(sum, &term, below || i % 2 == 0, p);
        power = product(&power, &w, p);
    }
}

/* |ln a|, for a above zero, within 2^*lost units of the last limb. a = m × 10^tens, with m chosen
 * so that there is nothing to cancel near 1; ln m = guess + ln(m × e^-guess). */
static fixed logarithm(bool *negative, int *lost, greffe__dec a, const precision *p)
{
    uint64_t high, low;
    int tens, ignored = 0;
    greffe__dec_split(a, negative, &high, &low, &tens);
    fixed m = fixed_of(high, low, p);
    while (is_huge(&m, p) || m.limb[p->fraction] > 3) {
        const int step = is_huge(&m, p) || m.limb[p->fraction] > 3999999999 ? 9 : 1;
        scale(&m, -step, &ignored, p);
        tens += step;
    }
    bool below;
    const fixed guess = guess_logarithm(&m, &below, p);
    const fixed divisor = exponential(guess, !below, p);
    fixed sum = {{0}}, part = {{0}};
    add(&sum, &guess, below, p);
    add_series(&sum, product(&m, &divisor, p), p);
    memcpy(part.limb, ln10.limb + most - p->fraction, (size_t)(p->fraction + 1) * sizeof(uint32_t));
    times(&part, (uint32_t)(tens < 0 ? -tens : tens), p);
    add(&sum, &part, tens < 0, p);
    *negative = make_magnitude(&sum, p);
    *lost = p->halvings + 10;
    return sum;
}

bool greffe__dec_ln(greffe__dec *out, greffe__dec a)
{
    const int order = greffe__dec_compare(a, greffe__dec_of(1));
    if (order == 0) {
        *out = greffe__dec_of(0);
        return true;
    }
    if (greffe__dec_compare(a, greffe__dec_of(0)) <= 0) {
        return false;
    }
    outcome found = UNCLEAR;
    for (const precision *p = precisions; found == UNCLEAR; p++) {
        bool negative;
        int lost;
        const fixed sum = logarithm(&negative, &lost, a, p);
        found = settle(out, sum, negative, 0, lost, p);
    }
    return found == FOUND;
}

/* --- Powers --- */

/* A small whole power that needs no rounding, or its reciprocal, which is rounded once. */
static bool power_exactly(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    bool negative;
    uint64_t high, low;
    int exponent, bits = 0;
    int64_t count;
    greffe__dec_split(a, &negative, &high, &low, &exponent);
    for (; low != 0; low >>= 1) {
        bits++;
    }
    if (high != 0 || !greffe__dec_to_i64(&count, b) || count < -112 || count > 112) {
        return false;
    }
    const int times_taken = (int)(count < 0 ? -count : count);
    const int reach = (exponent < 0 ? -exponent : exponent) * times_taken;
    return bits * times_taken <= 112 && reach < 6000 && greffe__dec_pow(out, a, count);
}

/* ± a^b, for a above zero and other than 1, and b other than 0. */
static outcome power_closely(greffe__dec *out, greffe__dec a, greffe__dec b, bool negative,
                             const precision *p)
{
    bool b_negative, below;
    uint64_t high, low;
    int exponent, lost;
    greffe__dec_split(b, &b_negative, &high, &low, &exponent);
    const fixed base = logarithm(&below, &lost, a, p);
    const uint32_t limb[4] = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high,
                              (uint32_t)(high >> 32)};
    fixed t = {{0}};
    for (int i = 3; i >= 0; i--) {
        fixed part = base;
        memmove(t.limb + 1, t.limb, (size_t)(size_of(p) - 1) * sizeof limb[0]);
        t.limb[0] = 0;
        times(&part, limb[i], p);
        add(&t, &part, false, p);
    }
    lost += high != 0 ? 65 : 1;
    for (uint64_t left = high != 0 ? high : low; left != 0; left >>= 1) {
        lost++;
    }
    scale(&t, exponent, &lost, p);
    return settle_power_of_e(out, t, below != b_negative, negative, lost, p);
}

bool greffe__dec_power(greffe__dec *out, greffe__dec a, greffe__dec b)
{
    bool b_negative;
    uint64_t high, low;
    int exponent;
    greffe__dec_split(b, &b_negative, &high, &low, &exponent);
    const greffe__dec zero = greffe__dec_of(0), one = greffe__dec_of(1);
    const bool fraction = exponent < 0;
    const bool negative = greffe__dec_negative(a) && exponent == 0 && (low & 1) != 0;
    if (high == 0 && low == 0) {
        *out = one;
        return true;
    }
    const bool a_zero = greffe__dec_compare(a, zero) == 0;
    if ((a_zero && b_negative) || (greffe__dec_negative(a) && fraction)) {
        return false;
    }
    if (a_zero) {
        *out = zero;
        return true;
    }
    a = greffe__dec_abs(a);
    if (greffe__dec_compare(a, one) == 0) {
        *out = negative ? greffe__dec_neg(one) : one;
        return true;
    }
    greffe__dec result;
    if (power_exactly(&result, a, b)) {
        *out = negative ? greffe__dec_neg(result) : result;
        return true;
    }
    outcome found = UNCLEAR;
    for (const precision *p = precisions; found == UNCLEAR; p++) {
        found = power_closely(out, a, b, negative, p);
    }
    return found == FOUND;
}
