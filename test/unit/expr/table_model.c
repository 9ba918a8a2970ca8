/* Random decision tables: how they are made, written, and what they mean. */
#include "table_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- Chance --- */

uint64_t model_random(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint32_t model_below(uint64_t *state, uint32_t bound)
{
    return bound == 0 ? 0 : (uint32_t)(model_random(state) >> 20) % bound;
}

bool model_chance(uint64_t *state, uint32_t percent)
{
    return model_below(state, 100) < percent;
}

static int64_t between(uint64_t *state, int64_t low, int64_t high)
{
    return low + (int64_t)model_below(state, (uint32_t)(high - low + 1));
}

/* --- Meaning --- */

static int piece_passes(const piece *p, spot value)
{
    if (p->kind == PIECE_NULL) {
        return value.null;
    }
    if (value.null) {
        return p->kind == PIECE_VALUE ? 0 : -1;
    }
    if (p->kind == PIECE_VALUE) {
        return value.at == p->low;
    }
    return (p->low < -MODEL_ENDLESS || value.at > p->low || (value.at == p->low && !p->open_low)) &&
           (p->high > MODEL_ENDLESS || value.at < p->high ||
            (value.at == p->high && !p->open_high));
}

int model_passes(const cell *tests, spot value)
{
    int any = tests->count == 0 ? 1 : 0;
    for (uint32_t i = 0; i < tests->count; i++) {
        const int one = piece_passes(&tests->at[i], value);
        any = any == 1 || one == 1 ? 1 : any == -1 || one == -1 ? -1 : 0;
    }
    return tests->negated && any >= 0 ? !any : any;
}

bool model_fires(const model *m, uint32_t rule, const spot *values)
{
    for (uint32_t i = 0; i < m->column_count; i++) {
        if (model_passes(&m->cells[rule][i], values[i]) != 1) {
            return false;
        }
    }
    return true;
}

bool model_may_be(const axis *a, spot value)
{
    const bool ends = a->bounded || a->kind >= AXIS_BOOL;
    return value.null ? a->optional : !ends || (value.at >= a->low && value.at <= a->high);
}

static uint32_t add_candidate(spot *out, uint32_t count, const axis *a, spot value)
{
    for (uint32_t i = 0; i < count; i++) {
        if (out[i].null == value.null && out[i].at == value.at) {
            return count;
        }
    }
    if (model_may_be(a, value) && count < MODEL_CANDIDATES) {
        out[count++] = value;
    }
    return count;
}

uint32_t model_candidates(const model *m, uint32_t column, spot out[MODEL_CANDIDATES])
{
    const axis *a = &m->axes[column];
    uint32_t count = 0;
    if (a->kind >= AXIS_BOOL) {
        for (int64_t i = a->low; i <= a->high; i++) {
            count = add_candidate(out, count, a, (spot){.at = i});
        }
        return add_candidate(out, count, a, (spot){.null = true});
    }
    for (uint32_t rule = 0; rule < m->rule_count; rule++) {
        const cell *tests = &m->cells[rule][column];
        for (uint32_t i = 0; i < tests->count; i++) {
            const int64_t ends[] = {tests->at[i].low, tests->at[i].high};
            for (int64_t k = 0; tests->at[i].kind != PIECE_NULL && k < 6; k++) {
                const int64_t at = ends[k / 3];
                if (at >= -MODEL_ENDLESS && at <= MODEL_ENDLESS) {
                    count = add_candidate(out, count, a, (spot){.at = at + k % 3 - 1});
                }
            }
        }
    }
    const int64_t least = a->bounded ? a->low : -2 * MODEL_ENDLESS;
    const int64_t most = a->bounded ? a->high : 2 * MODEL_ENDLESS;
    count = add_candidate(out, count, a, (spot){.at = least});
    count = add_candidate(out, count, a, (spot){.at = most});
    return add_candidate(out, count, a, (spot){.null = true});
}

/* --- Values and their texts --- */

static int32_t digits(const axis *a)
{
    return a->scale < 0 ? 3 : a->scale;
}

static const char *const options[] = {"cargo", "ville", "pliant", "enfant",
                                      "tout",  "gris",  "un_peu", "autre"};

greffe__value model_value(const axis *a, spot value)
{
    greffe__dec number;
    if (value.null) {
        return greffe__null();
    }
    switch (a->kind) {
    case AXIS_NUMBER:
        return greffe__dec_scaled(&number, value.at, -digits(a)) ? greffe__number(number)
                                                                 : greffe__null();
    case AXIS_DATE: return greffe__date(value.at);
    case AXIS_PERIOD: return (greffe__value){.kind = GREFFE__PERIOD, .as = {.months = value.at}};
    case AXIS_BOOL: return greffe__bool(value.at != 0);
    case AXIS_CHOICE: break;
    }
    return greffe__text(options[value.at]);
}

bool model_spot(const axis *a, const greffe__value *value, spot *out)
{
    greffe__dec scale, units;
    *out = (spot){.null = value->kind == GREFFE__NULL};
    switch ((greffe__kind)value->kind) {
    case GREFFE__NULL: return true;
    case GREFFE__BOOL: out->at = value->as.truth; return true;
    case GREFFE__DATE:
    case GREFFE__PERIOD: out->at = value->as.days; return true;
    case GREFFE__STRING:
        while (out->at < 7 && !greffe__str_is(value->as.string, options[out->at])) {
            out->at += 1;
        }
        return true;
    default:
        return value->kind == GREFFE__NUMBER && greffe__dec_scaled(&scale, 1, digits(a)) &&
               greffe__dec_mul(&units, value->as.number, scale) &&
               greffe__dec_to_i64(&out->at, units);
    }
}

static void put_value(greffe__buf *out, const axis *a, int64_t at, bool feel)
{
    const greffe__value value = model_value(a, (spot){.at = at});
    char number[GREFFE__DEC_CHARS];
    switch (a->kind) {
    case AXIS_NUMBER:
        greffe__dec_format(number, value.as.number);
        greffe__buf_text(out, number);
        break;
    case AXIS_DATE:
    case AXIS_PERIOD:
        greffe__buf_text(out, feel ? "@\"" : "");
        greffe__value_temporal(out, &value);
        greffe__buf_text(out, feel ? "\"" : "");
        break;
    case AXIS_BOOL: greffe__buf_text(out, at != 0 ? "true" : "false"); break;
    case AXIS_CHOICE: greffe__buf_format(out, "\"%s\"", options[at]); break;
    }
}

static void put_condition(greffe__buf *out, const axis *a, const char *sign, int64_t at)
{
    greffe__buf_text(out, sign);
    put_value(out, a, at, true);
}

/* The same range, in one of several ways. */
static void put_range(greffe__buf *out, const axis *a, const piece *p)
{
    const bool low = p->low >= -MODEL_ENDLESS, high = p->high <= MODEL_ENDLESS;
    const bool asks = !a->optional; /* what may be absent is tested first where ? names it */
    if (!low || !high) {
        const char *above = p->open_low ? "> " : ">= ", *below = p->open_high ? "< " : "<= ";
        greffe__buf_text(out, asks && p->form % 2 == 1 ? "? " : "");
        put_condition(out, a, low ? above : below, low ? p->low : p->high);
        return;
    }
    if (asks && p->form == 1 && !p->open_low && !p->open_high) {
        put_condition(out, a, "? between ", p->low);
        put_condition(out, a, " and ", p->high);
        return;
    }
    if (asks && p->form == 2) {
        put_condition(out, a, p->open_low ? "? > " : "? >= ", p->low);
        put_condition(out, a, p->open_high ? " and ? < " : " and ? <= ", p->high);
        return;
    }
    const bool french = p->form == 3;
    put_condition(out, a, p->open_low ? (french ? "]" : "(") : "[", p->low);
    put_condition(out, a, "..", p->high);
    greffe__buf_text(out, p->open_high ? (french ? "[" : ")") : "]");
}

static void put_cell(greffe__buf *out, const axis *a, const cell *tests)
{
    greffe__buf_text(out, tests->count == 0 ? "-" : tests->negated ? "not(" : "");
    for (uint32_t i = 0; i < tests->count; i++) {
        const piece *p = &tests->at[i];
        greffe__buf_text(out, i > 0 ? ", " : "");
        if (p->kind == PIECE_NULL) {
            greffe__buf_text(out, "null");
        } else if (p->kind == PIECE_VALUE) {
            put_value(out, a, p->low, true);
        } else {
            put_range(out, a, p);
        }
    }
    greffe__buf_text(out, tests->negated && tests->count > 0 ? ")" : "");
}

static void put_axis(greffe__buf *out, const axis *a, uint32_t at)
{
    static const char *const kinds[] = {"number", "date", "period", "boolean", "string"};
    greffe__buf_format(out, "name c%u %s", (unsigned)at, kinds[a->kind]);
    greffe__buf_text(out, a->optional ? " optional" : "");
    if (a->kind == AXIS_NUMBER && a->scale >= 0) {
        greffe__buf_format(out, " scale %d", (int)a->scale);
    }
    if (a->bounded) {
        greffe__buf_text(out, " low ");
        put_value(out, a, a->low, false);
        greffe__buf_text(out, " high ");
        put_value(out, a, a->high, false);
    }
    greffe__buf_text(out, a->kind == AXIS_CHOICE ? " options" : "");
    for (int64_t i = a->low; a->kind == AXIS_CHOICE && i <= a->high; i++) {
        greffe__buf_format(out, " %s", options[i]);
    }
    greffe__buf_byte(out, '\n');
}

void model_text(greffe__buf *out, const model *m, const bool *only, uint32_t marked)
{
    static const char *const hits[] = {"unique", "any", "priority", "first", "collect"};
    greffe__buf_format(out, "hit %s\n", hits[m->hit]);
    for (uint32_t i = 0; i < m->column_count; i++) {
        put_axis(out, &m->axes[i], i);
    }
    for (uint32_t i = 0; i < m->column_count; i++) {
        greffe__buf_format(out, "in c%u\n", (unsigned)i);
    }
    greffe__buf_text(out, m->hit == GREFFE__HIT_PRIORITY ? "out o ; 0, 1, 2, 3" : "out o ;");
    greffe__buf_text(out, m->otherwise ? " ; 8\n" : "\n");
    for (uint32_t rule = 0; rule < m->rule_count; rule++) {
        if (only != NULL && !only[rule]) {
            continue;
        }
        for (uint32_t i = 0; i < m->column_count; i++) {
            greffe__buf_text(out, i == 0 ? "rule " : " | ");
            put_cell(out, &m->axes[i], &m->cells[rule][i]);
        }
        const unsigned output = rule == marked ? 9 : m->outputs[rule];
        greffe__buf_format(out, " => %u\n", output);
    }
}

/* --- Making --- */

typedef enum flavour { MIXED, NUMBERS, BOOLEANS, CHOICES, DATES, FLAVOURS } flavour;

static void make_axis(axis *a, uint64_t *random, flavour taste, bool present)
{
    static const axis_kind usual[] = {AXIS_NUMBER, AXIS_NUMBER, AXIS_BOOL, AXIS_CHOICE, AXIS_DATE};
    const bool other = taste == MIXED || model_chance(random, 15);
    *a = (axis){.kind = other ? (axis_kind)model_below(random, 5) : usual[taste], .scale = -1};
    a->optional = model_chance(random, 10) && !present;
    a->bounded = a->kind < AXIS_BOOL && model_chance(random, 60);
    if (a->kind == AXIS_NUMBER) {
        a->scale = (int32_t)model_below(random, 5) - 1;
        a->low = model_chance(random, 50) ? 0 : between(random, -5000, 5000);
        a->high = a->low + between(random, 10, 900000);
        a->low = a->scale < 0 ? a->low / 10 * 10 : a->low;
        a->high = a->scale < 0 ? a->high / 10 * 10 : a->high;
    } else if (a->kind == AXIS_DATE) {
        a->low = between(random, 17000, 19000);
        a->high = a->low + between(random, 5, 4000);
    } else if (a->kind == AXIS_PERIOD) {
        a->low = between(random, 0, 12);
        a->high = a->low + between(random, 2, 400);
    } else {
        a->low = 0;
        a->high = a->kind == AXIS_BOOL ? 1 : between(random, 1, 6);
    }
}

/* Bounds of cells lie ten units apart where there are values between any two. */
static int64_t pick(const axis *a, uint64_t *random)
{
    const int64_t at = between(random, a->low, a->high);
    return a->kind == AXIS_NUMBER && a->scale < 0 ? at / 10 * 10 : at;
}

static piece make_range(const axis *a, int64_t low, int64_t high, uint64_t *random)
{
    piece p = {.kind = PIECE_RANGE, .low = low, .high = high};
    p.form = (uint8_t)model_below(random, 5);
    if (low == high) {
        p.kind = model_chance(random, 60) ? PIECE_VALUE : PIECE_RANGE;
        return p;
    }
    const bool steps = a->kind != AXIS_NUMBER || a->scale >= 0;
    if (a->bounded && low == a->low && model_chance(random, 50)) {
        p.low = -2 * MODEL_ENDLESS;
    } else if (steps && p.low >= -MODEL_ENDLESS && model_chance(random, 30)) {
        p.low -= 1;
        p.open_low = true;
    }
    if (a->bounded && high == a->high && model_chance(random, 50)) {
        p.high = p.low < -MODEL_ENDLESS ? high : 2 * MODEL_ENDLESS;
    } else if (steps && p.high <= MODEL_ENDLESS && model_chance(random, 30)) {
        p.high += 1;
        p.open_high = true;
    }
    return p;
}

static void make_random_cell(cell *out, const axis *a, uint64_t *random, uint32_t any_percent)
{
    *out = (cell){0};
    if (model_chance(random, any_percent)) {
        return;
    }
    out->count = (uint8_t)(1 + (model_chance(random, 25) ? model_below(random, MODEL_PIECES) : 0));
    out->negated = model_chance(random, 12);
    for (uint32_t i = 0; i < out->count; i++) {
        int64_t x = pick(a, random), y = pick(a, random);
        if (a->optional && model_chance(random, 15)) {
            out->at[i] = (piece){.kind = PIECE_NULL};
        } else if (a->kind >= AXIS_BOOL) {
            out->at[i] = (piece){.kind = PIECE_VALUE, .low = x, .high = x};
        } else {
            out->at[i] = make_range(a, x < y ? x : y, x < y ? y : x, random);
            const bool strict = a->scale < 0 && a->kind == AXIS_NUMBER && x != y;
            if (strict && model_chance(random, 50)) {
                *(model_chance(random, 50) ? &out->at[i].open_low : &out->at[i].open_high) = true;
            }
        }
    }
}

static void make_random_rules(model *m, uint64_t *random)
{
    const uint32_t any = model_chance(random, 50) ? 30 : 70;
    m->rule_count = 1 + model_below(random, model_chance(random, 60) ? 12 : MODEL_RULES);
    for (uint32_t rule = 0; rule < m->rule_count; rule++) {
        for (uint32_t i = 0; i < m->column_count; i++) {
            make_random_cell(&m->cells[rule][i], &m->axes[i], random, any);
        }
    }
}

/* --- Partitions: a box that is cut in two, again and again --- */

typedef struct region {
    bool null;         /* null alone */
    bool with_null;    /* it may be null too */
    bool any;          /* all of the column's values */
    int64_t low, high; /* inclusive */
    bool open_low;
} region;

typedef struct box {
    region at[MODEL_COLUMNS];
} box;

static region whole(const axis *a)
{
    const bool ends = a->bounded || a->kind >= AXIS_BOOL;
    return (region){.any = true,
                    .with_null = a->optional,
                    .low = ends ? a->low : -2 * MODEL_ENDLESS,
                    .high = ends ? a->high : 2 * MODEL_ENDLESS};
}

/* Cuts one column of a box in two; false: it has one value only. */
static bool cut_box(box *from, box *rest, const axis *a, uint32_t column, uint64_t *random)
{
    region *r = &from->at[column];
    *rest = *from;
    region *s = &rest->at[column];
    if (r->null || (r->low == r->high && !r->with_null)) {
        return false;
    }
    const bool ends = a->bounded || a->kind >= AXIS_BOOL;
    r->any = s->any = false;
    if (r->with_null) {
        if (!ends) {
            r->any = s->any = true; /* null and the rest of an endless column: no cell says that */
            return false;
        }
        r->with_null = false;
        *s = (region){.null = true};
        return true;
    }
    const bool units = a->kind != AXIS_NUMBER || a->scale >= 0;
    const int64_t low = r->low < -MODEL_ENDLESS ? a->low - 50 : r->low;
    const int64_t high = r->high > MODEL_ENDLESS ? a->high + 50 : r->high;
    if (low >= high || (!units && high - low < 40)) {
        r->any = s->any = r->low < -MODEL_ENDLESS && r->high > MODEL_ENDLESS;
        return false;
    }
    if (!units) { /* up to and with the bound, and past it */
        r->high = between(random, low + 15, high - 15) / 10 * 10;
        s->low = r->high;
        s->open_low = true;
        return true;
    }
    r->high = between(random, low, high - 1);
    s->low = r->high + 1;
    s->open_low = false;
    return true;
}

static void region_cell(cell *out, const axis *a, const region *r, uint64_t *random)
{
    *out = (cell){0};
    if (r->any) {
        return;
    }
    if (r->null) {
        *out = (cell){.count = 1, .at = {{.kind = PIECE_NULL}}};
    } else if (a->kind < AXIS_BOOL) {
        out->count = 1;
        if (r->open_low) {
            out->at[0] = (piece){.kind = PIECE_RANGE,
                                 .low = r->low,
                                 .high = r->high,
                                 .open_low = true,
                                 .form = (uint8_t)model_below(random, 5)};
        } else {
            out->at[0] = make_range(a, r->low, r->high, random);
        }
    } else if (r->high - r->low < MODEL_PIECES) {
        for (int64_t i = r->low; i <= r->high; i++) {
            out->at[out->count++] = (piece){.kind = PIECE_VALUE, .low = i, .high = i};
        }
    } else { /* all but the others: only where there are few */
        out->negated = true;
        for (int64_t i = a->low; i <= a->high; i++) {
            if (i < r->low || i > r->high) {
                out->at[out->count++] = (piece){.kind = PIECE_VALUE, .low = i, .high = i};
            }
        }
        out->negated = out->count > 0;
    }
}

static void make_partition(model *m, uint64_t *random)
{
    static box boxes[MODEL_RULES];
    const uint32_t wanted = 2 + model_below(random, model_chance(random, 50) ? 14 : 98);
    for (uint32_t i = 0; i < m->column_count; i++) {
        m->axes[i].optional = m->axes[i].optional && m->axes[i].kind != AXIS_CHOICE;
        boxes[0].at[i] = whole(&m->axes[i]);
    }
    m->rule_count = 1;
    for (uint32_t tries = 0; m->rule_count < wanted && tries < 4 * wanted; tries++) {
        const uint32_t at = model_below(random, m->rule_count);
        const uint32_t column = model_below(random, m->column_count);
        m->rule_count +=
            cut_box(&boxes[at], &boxes[m->rule_count], &m->axes[column], column, random) ? 1 : 0;
    }
    for (uint32_t rule = 0; rule < m->rule_count; rule++) {
        for (uint32_t i = 0; i < m->column_count; i++) {
            region_cell(&m->cells[rule][i], &m->axes[i], &boxes[rule].at[i], random);
        }
    }
    m->exact = true;
}

static void remove_rule(model *m, uint64_t *random)
{
    const uint32_t rule = model_below(random, m->rule_count);
    memcpy(m->gap, m->cells[rule], sizeof m->gap);
    m->rule_count -= 1;
    memmove(m->cells[rule], m->cells[rule + 1], (m->rule_count - rule) * sizeof m->cells[0]);
    m->exact = false;
    m->one_gap = true;
}

/* Moves the lower end of one range up: what it leaves is the gap. */
static void move_bound(model *m, uint64_t *random)
{
    for (uint32_t tries = 0; tries < 200; tries++) {
        const uint32_t rule = model_below(random, m->rule_count);
        const uint32_t column = model_below(random, m->column_count);
        cell *tests = &m->cells[rule][column];
        piece *p = &tests->at[0];
        const bool steps = m->axes[column].kind != AXIS_NUMBER || m->axes[column].scale >= 0;
        const int64_t step = steps ? 1 : 10;
        if (tests->count != 1 || p->kind != PIECE_RANGE || p->low < -MODEL_ENDLESS ||
            p->high - p->low < 4 * step) {
            continue;
        }
        memcpy(m->gap, m->cells[rule], sizeof m->gap);
        m->gap[column].at[0].high = p->low + step;
        m->gap[column].at[0].open_high = !p->open_low;
        p->low += step;
        m->exact = false;
        m->one_gap = true;
        return;
    }
}

void model_make(model *m, uint64_t *random, bool present)
{
    const flavour taste = (flavour)model_below(random, FLAVOURS);
    const uint32_t shape = model_below(random, 4);
    memset(m, 0, sizeof *m);
    m->column_count = 1 + model_below(random, model_chance(random, 50) ? 3 : MODEL_COLUMNS);
    m->hit = (greffe__hit)model_below(random, 4);
    m->otherwise = model_chance(random, 8);
    for (uint32_t i = 0; i < m->column_count; i++) {
        make_axis(&m->axes[i], random, taste, present);
    }
    if (shape == 0) {
        make_random_rules(m, random);
    } else {
        make_partition(m, random);
    }
    if (shape == 2) {
        remove_rule(m, random);
    } else if (shape == 3) {
        move_bound(m, random);
    }
    for (uint32_t rule = 0; rule < m->rule_count; rule++) {
        m->outputs[rule] = (uint8_t)model_below(random, 4);
    }
}
