/* Typed values: making, comparing and copying. */
#include "value/value.h"

#include <string.h>

const greffe__value greffe__truths[2] = {{.kind = GREFFE__BOOL, .as.truth = false},
                                         {.kind = GREFFE__BOOL, .as.truth = true}};

greffe__value greffe__number(greffe__dec number)
{
    return (greffe__value){.kind = GREFFE__NUMBER, .as.number = number};
}

greffe__value greffe__integer(int64_t number)
{
    return greffe__number(greffe__dec_of(number));
}

greffe__value greffe__string(greffe__str string)
{
    return (greffe__value){.kind = GREFFE__STRING, .as.string = string};
}

greffe__value greffe__text(const char *terminated)
{
    return greffe__string(greffe__str_of(terminated));
}

greffe__value greffe__date(int64_t days)
{
    return (greffe__value){.kind = GREFFE__DATE, .as.days = days};
}

greffe__value greffe__temporal(greffe__kind kind, greffe__moment moment)
{
    return (greffe__value){.kind = (uint8_t)kind, .as.moment = moment};
}

static bool is_zoned(const greffe__value *value)
{
    return (value->kind == GREFFE__TIME || value->kind == GREFFE__DATETIME) && value->count == 1;
}

greffe__moment greffe__moment_in(const greffe__value *value)
{
    return is_zoned(value) ? value->as.zoned->moment : value->as.moment;
}

greffe__str greffe__zone_name(const greffe__value *value)
{
    return is_zoned(value) ? value->as.zoned->zone : (greffe__str){"", 0};
}

greffe__value greffe__list_of(const greffe__value *items, uint32_t count)
{
    return (greffe__value){.kind = GREFFE__LIST, .count = count, .as.items = items};
}

greffe__value greffe__context_of(const greffe__entry *entries, uint32_t count)
{
    return (greffe__value){.kind = GREFFE__CONTEXT, .count = count, .as.entries = entries};
}

const greffe__value *greffe__value_get(const greffe__value *context, greffe__str name)
{
    if (context == NULL || context->kind != GREFFE__CONTEXT) {
        return NULL;
    }
    for (uint32_t i = 0; i < context->count; i++) {
        if (greffe__str_equal(context->as.entries[i].name, name)) {
            return &context->as.entries[i].value;
        }
    }
    return NULL;
}

const greffe__value *greffe__value_at(const greffe__value *context, const char *name)
{
    return greffe__value_get(context, greffe__str_of(name));
}

greffe__str greffe__value_str(const greffe__value *context, const char *name)
{
    const greffe__value *value = greffe__value_at(context, name);
    return value != NULL && value->kind == GREFFE__STRING ? value->as.string : (greffe__str){"", 0};
}

/* --- Order --- */

/* A moment's place on the line: local values without offset compare as they stand. */
static int64_t line_seconds(const greffe__moment *m)
{
    return m->offset == GREFFE__NO_OFFSET ? m->seconds : m->seconds - m->offset;
}

static int sign(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

bool greffe__value_compare(int *order, const greffe__value *a, const greffe__value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch ((greffe__kind)a->kind) {
    case GREFFE__NUMBER: *order = greffe__dec_compare(a->as.number, b->as.number); return true;
    case GREFFE__STRING: *order = greffe__str_compare(a->as.string, b->as.string); return true;
    case GREFFE__DATE: *order = sign(a->as.days, b->as.days); return true;
    case GREFFE__PERIOD: *order = sign(a->as.months, b->as.months); return true;
    case GREFFE__TIME:
    case GREFFE__DATETIME:
    case GREFFE__DURATION: {
        greffe__moment x = greffe__moment_in(a), y = greffe__moment_in(b);
        if ((x.offset == GREFFE__NO_OFFSET) != (y.offset == GREFFE__NO_OFFSET)) {
            return false;
        }
        *order = sign(line_seconds(&x), line_seconds(&y));
        *order = *order != 0 ? *order : sign(x.nanos, y.nanos);
        return true;
    }
    case GREFFE__NULL:
    case GREFFE__BOOL:
    case GREFFE__LIST:
    case GREFFE__CONTEXT:
    case GREFFE__RANGE:
    case GREFFE__FUNCTION: break;
    }
    return false;
}

static bool contexts_equal(const greffe__value *a, const greffe__value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const greffe__value *other = greffe__value_get(b, a->as.entries[i].name);
        if (other == NULL || !greffe__value_equal(&a->as.entries[i].value, other)) {
            return false;
        }
    }
    return a->count == b->count;
}

bool greffe__value_equal(const greffe__value *a, const greffe__value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    int order;
    switch ((greffe__kind)a->kind) {
    case GREFFE__NULL: return true;
    case GREFFE__BOOL: return a->as.truth == b->as.truth;
    case GREFFE__LIST:
        for (uint32_t i = 0; a->count == b->count && i < a->count; i++) {
            if (!greffe__value_equal(&a->as.items[i], &b->as.items[i])) {
                return false;
            }
        }
        return a->count == b->count;
    case GREFFE__CONTEXT: return contexts_equal(a, b);
    case GREFFE__RANGE:
        return a->as.range->low_closed == b->as.range->low_closed &&
               a->as.range->high_closed == b->as.range->high_closed &&
               greffe__value_equal(&a->as.range->low, &b->as.range->low) &&
               greffe__value_equal(&a->as.range->high, &b->as.range->high);
    case GREFFE__FUNCTION: return a->as.function == b->as.function;
    case GREFFE__STRING: return greffe__str_equal(a->as.string, b->as.string);
    case GREFFE__NUMBER:
    case GREFFE__DATE:
    case GREFFE__TIME:
    case GREFFE__DATETIME:
    case GREFFE__DURATION:
    case GREFFE__PERIOD: return greffe__value_compare(&order, a, b) && order == 0;
    }
    return false;
}

bool greffe__in_order(const greffe__value *context)
{
    for (uint32_t i = 1; i < context->count; i++) {
        if (greffe__str_compare(context->as.entries[i - 1].name, context->as.entries[i].name) >=
            0) {
            return false;
        }
    }
    return true;
}

const greffe__entry *greffe__entry_after(const greffe__value *context,
                                         const greffe__entry *previous, bool in_order)
{
    const greffe__entry *entries = context->as.entries, *next = NULL;
    if (in_order) {
        uint32_t at = previous == NULL ? 0 : (uint32_t)(previous - entries) + 1;
        return at < context->count ? &entries[at] : NULL;
    }
    for (uint32_t i = 0; i < context->count; i++) {
        bool after = previous == NULL || greffe__str_compare(entries[i].name, previous->name) > 0;
        if (after && (next == NULL || greffe__str_compare(entries[i].name, next->name) < 0)) {
            next = &entries[i];
        }
    }
    return next;
}

/* Merges runs of `width` from one list into the other. */
static void merge(const greffe__entry *from, greffe__entry *to, uint32_t count, uint32_t width)
{
    for (uint32_t start = 0; start < count; start += 2 * width) {
        uint32_t middle = count - start > width ? start + width : count;
        uint32_t end = count - middle > width ? middle + width : count;
        uint32_t left = start, right = middle;
        for (uint32_t at = start; at < end; at++) {
            bool take_left =
                left < middle &&
                (right == end || greffe__str_compare(from[left].name, from[right].name) <= 0);
            to[at] = take_left ? from[left++] : from[right++];
        }
    }
}

bool greffe__value_sort(greffe__arena *arena, greffe__value *context)
{
    uint32_t count = context->count;
    greffe__entry *a = greffe__arena_alloc(arena, count * sizeof *a);
    greffe__entry *b = greffe__arena_alloc(arena, count * sizeof *b);
    if (a == NULL || b == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(a, context->as.entries, count * sizeof *a);
    }
    for (uint32_t width = 1; width < count; width *= 2) {
        merge(a, b, count, width);
        greffe__entry *other = a;
        a = b;
        b = other;
    }
    for (uint32_t i = 1; i < count; i++) {
        if (greffe__str_equal(a[i - 1].name, a[i].name)) {
            return false;
        }
    }
    context->as.entries = a;
    return true;
}

greffe__value greffe__value_copy(greffe__arena *arena, const greffe__value *value)
{
    greffe__value copy = *value;
    if (value->kind == GREFFE__STRING) {
        copy.as.string = greffe__str_dup(arena, value->as.string);
    } else if (value->kind == GREFFE__LIST && value->count > 0) {
        greffe__value *items = greffe__arena_alloc(arena, value->count * sizeof *items);
        if (items == NULL) {
            return greffe__null();
        }
        for (uint32_t i = 0; i < value->count; i++) {
            items[i] = greffe__value_copy(arena, &value->as.items[i]);
        }
        copy.as.items = items;
    } else if (value->kind == GREFFE__CONTEXT && value->count > 0) {
        greffe__entry *entries = greffe__arena_alloc(arena, value->count * sizeof *entries);
        if (entries == NULL) {
            return greffe__null();
        }
        for (uint32_t i = 0; i < value->count; i++) {
            entries[i].name = greffe__str_dup(arena, value->as.entries[i].name);
            entries[i].value = greffe__value_copy(arena, &value->as.entries[i].value);
        }
        copy.as.entries = entries;
    } else if (value->kind == GREFFE__RANGE) {
        greffe__range *range = greffe__arena_alloc(arena, sizeof *range);
        if (range == NULL) {
            return greffe__null();
        }
        *range = *value->as.range;
        range->low = greffe__value_copy(arena, &value->as.range->low);
        range->high = greffe__value_copy(arena, &value->as.range->high);
        copy.as.range = range;
    } else if (is_zoned(value)) {
        greffe__zoned *zoned = greffe__arena_alloc(arena, sizeof *zoned);
        if (zoned == NULL) {
            return greffe__null();
        }
        *zoned =
            (greffe__zoned){value->as.zoned->moment, greffe__str_dup(arena, value->as.zoned->zone)};
        copy.as.zoned = zoned;
    }
    return copy;
}

const char *greffe__kind_name(greffe__kind kind)
{
    static const char *const names[] = {
        "null",
        "boolean",
        "number",
        "string",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
        "list",
        "context",
        "range",
        "function",
    };
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}
