/* Built-in functions over contexts, and those over values of any kind; how values are written. */
#include <string.h>

#include "base/limits.h"
#include "expr/expr_priv.h"

/* --- Writing --- */

static bool plain_name(greffe__str name)
{
    bool plain = name.size > 0 && !(name.data[0] >= '0' && name.data[0] <= '9');
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                          c >= 0x80 || c == ' ' || (c >= '0' && c <= '9'));
    }
    return plain;
}

static void put_text(greffe__buf *out, greffe__str text)
{
    greffe__buf_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"' || c == '\\') {
            greffe__buf_byte(out, '\\');
            greffe__buf_byte(out, c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            greffe__buf_text(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else {
            greffe__buf_byte(out, c);
        }
    }
    greffe__buf_byte(out, '"');
}

static void put_range(greffe__buf *out, const greffe__range *range)
{
    bool no_low = range->low.kind == GREFFE__NULL, no_high = range->high.kind == GREFFE__NULL;
    if (no_low != no_high) { /* what a comparison is */
        bool closed = no_low ? range->high_closed : range->low_closed;
        greffe__buf_text(out, no_low ? "<" : ">");
        greffe__buf_text(out, closed ? "=" : "");
        greffe__value_feel(out, no_low ? &range->high : &range->low, true);
        return;
    }
    greffe__buf_byte(out, range->low_closed ? '[' : '(');
    greffe__value_feel(out, &range->low, true);
    greffe__buf_text(out, "..");
    greffe__value_feel(out, &range->high, true);
    greffe__buf_byte(out, range->high_closed ? ']' : ')');
}

static void put_context(greffe__buf *out, const greffe__value *value)
{
    greffe__buf_byte(out, '{');
    for (uint32_t i = 0; i < value->count; i++) {
        const greffe__entry *entry = &value->as.entries[i];
        greffe__buf_text(out, i == 0 ? "" : ", ");
        if (plain_name(entry->name)) {
            greffe__buf_str(out, entry->name);
        } else {
            put_text(out, entry->name);
        }
        greffe__buf_text(out, ": ");
        greffe__value_feel(out, &entry->value, true);
    }
    greffe__buf_byte(out, '}');
}

void greffe__value_feel(greffe__buf *out, const greffe__value *value, bool quoted)
{
    char number[GREFFE__DEC_CHARS];
    if (out->size > 2 * (size_t)GREFFE_MAX_EXPR_VALUE) {
        return; /* larger than any result: who asked for it refuses it */
    }
    switch ((greffe__kind)value->kind) {
    case GREFFE__NULL: greffe__buf_text(out, "null"); return;
    case GREFFE__BOOL: greffe__buf_text(out, value->as.truth ? "true" : "false"); return;
    case GREFFE__NUMBER:
        greffe__buf_put(out, number, greffe__dec_format(number, value->as.number));
        return;
    case GREFFE__STRING:
        if (quoted) {
            put_text(out, value->as.string);
        } else {
            greffe__buf_str(out, value->as.string);
        }
        return;
    case GREFFE__DATE:
    case GREFFE__TIME:
    case GREFFE__DATETIME:
    case GREFFE__DURATION:
    case GREFFE__PERIOD:
        greffe__buf_text(out, quoted ? "@\"" : "");
        greffe__value_temporal(out, value);
        greffe__buf_text(out, quoted ? "\"" : "");
        return;
    case GREFFE__LIST:
        greffe__buf_byte(out, '[');
        for (uint32_t i = 0; i < value->count; i++) {
            greffe__buf_text(out, i == 0 ? "" : ", ");
            greffe__value_feel(out, &value->as.items[i], true);
        }
        greffe__buf_byte(out, ']');
        return;
    case GREFFE__CONTEXT: put_context(out, value); return;
    case GREFFE__RANGE: put_range(out, value->as.range); return;
    case GREFFE__FUNCTION: greffe__buf_text(out, "function"); return;
    }
}

/* --- Contexts --- */

static bool run_get_value(greffe__call *call, greffe__value *out)
{
    const greffe__value *value = &call->at[0];
    if (call->at[1].kind == GREFFE__STRING) {
        value = greffe__value_get(value, call->at[1].as.string);
    } else if (call->at[1].kind == GREFFE__LIST) {
        for (uint32_t i = 0; value != NULL && i < call->at[1].count; i++) {
            const greffe__value *key = &call->at[1].as.items[i];
            value = key->kind == GREFFE__STRING ? greffe__value_get(value, key->as.string) : NULL;
        }
    } else {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "an entry is named by a text", &call->at[1]);
    }
    *out = value != NULL ? *value : greffe__null();
    return true;
}

static bool run_get_entries(greffe__call *call, greffe__value *out)
{
    uint32_t count = call->at[0].count;
    greffe__value *items = greffe__arena_alloc(call->arena, (count + 1) * sizeof *items);
    greffe__entry *entries =
        greffe__arena_alloc(call->arena, (2 * (size_t)count + 1) * sizeof *entries);
    if (items == NULL || entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const greffe__entry *from = &call->at[0].as.entries[i];
        size_t at = 2 * (size_t)i;
        entries[at] = (greffe__entry){greffe__str_of("key"), greffe__string(from->name)};
        entries[at + 1] = (greffe__entry){greffe__str_of("value"), from->value};
        items[i] = greffe__context_of(&entries[at], 2);
    }
    *out = greffe__list_of(items, count);
    return greffe__call_work(call, count);
}

/* A copy with room for `more` entries. */
static greffe__entry *copy_entries(greffe__call *call, const greffe__value *from, uint32_t more)
{
    greffe__entry *entries =
        greffe__arena_alloc(call->arena, ((size_t)from->count + more + 1) * sizeof *entries);
    if (entries != NULL && from->count > 0) {
        memcpy(entries, from->as.entries, from->count * sizeof *entries);
    }
    return entries;
}

static void set_entry(greffe__entry *entries, uint32_t *count, greffe__str name,
                      const greffe__value *value)
{
    uint32_t at = 0;
    while (at < *count && !greffe__str_equal(entries[at].name, name)) {
        at += 1;
    }
    entries[at] = (greffe__entry){name, *value};
    *count += at == *count ? 1 : 0;
}

static bool put_at(greffe__call *call, greffe__value *out, const greffe__value *context,
                   const greffe__value *keys, uint32_t from)
{
    const greffe__value none = greffe__context_of(NULL, 0);
    const greffe__value *key = &keys[from];
    if (key->kind != GREFFE__STRING || context->kind != GREFFE__CONTEXT) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "an entry is named by a text", key);
    }
    greffe__value inner = call->at[2];
    if (from + 1 < call->at[1].count && call->at[1].kind == GREFFE__LIST) {
        const greffe__value *next = greffe__value_get(context, key->as.string);
        if (from > GREFFE_MAX_EXPR_DEPTH ||
            !put_at(call, &inner, next != NULL ? next : &none, keys, from + 1)) {
            return false;
        }
    }
    uint32_t count = context->count;
    greffe__entry *entries = copy_entries(call, context, 1);
    if (entries == NULL) {
        return false;
    }
    set_entry(entries, &count, key->as.string, &inner);
    *out = greffe__context_of(entries, count);
    return true;
}

static bool run_put(greffe__call *call, greffe__value *out)
{
    const greffe__value *keys = &call->at[1];
    if (keys->kind == GREFFE__LIST) {
        return (keys->count > 0 ||
                greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT, "no entry is named")) &&
               put_at(call, out, &call->at[0], keys->as.items, 0);
    }
    return put_at(call, out, &call->at[0], keys, 0);
}

static bool run_merge(greffe__call *call, greffe__value *out)
{
    const greffe__value *list = &call->at[0];
    uint64_t room = 1;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->as.items[i].kind != GREFFE__CONTEXT) {
            return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                             "only contexts are merged", &list->as.items[i]);
        }
        room += list->as.items[i].count;
    }
    if (room > GREFFE_MAX_EXPR_LIST || !greffe__call_work(call, room)) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                   "a context would have more than 10,000 entries");
    }
    greffe__entry *entries = greffe__arena_alloc(call->arena, room * sizeof *entries);
    uint32_t count = 0;
    if (entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        for (uint32_t j = 0; j < list->as.items[i].count; j++) {
            const greffe__entry *entry = &list->as.items[i].as.entries[j];
            if (!greffe__call_work(call, count / 16 + 1)) {
                return false;
            }
            set_entry(entries, &count, entry->name, &entry->value);
        }
    }
    *out = greffe__context_of(entries, count);
    return true;
}

static bool run_context(greffe__call *call, greffe__value *out)
{
    const greffe__value *list = &call->at[0];
    greffe__entry *entries =
        greffe__arena_alloc(call->arena, ((size_t)list->count + 1) * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const greffe__value *key = greffe__value_at(&list->as.items[i], "key");
        const greffe__value *value = greffe__value_at(&list->as.items[i], "value");
        bool good = key != NULL && value != NULL && key->kind == GREFFE__STRING;
        for (uint32_t j = 0; good && j < i; j++) {
            good = !greffe__str_equal(entries[j].name, key->as.string);
        }
        if (!good || !greffe__call_work(call, i / 16 + 1)) {
            return greffe__call_refuse_value(
                call, GREFFE__GR_EVAL_ARGUMENT,
                "a context is made of entries {key, value} with names that differ",
                &list->as.items[i]);
        }
        entries[i] = (greffe__entry){key->as.string, *value};
    }
    *out = greffe__context_of(entries, list->count);
    return true;
}

/* --- Any values --- */

/* The same value, not only an equal one: of the same kind, and written alike but for zeros. */
static bool run_is(greffe__call *call, greffe__value *out)
{
    const greffe__value *a = &call->at[0], *b = &call->at[1];
    bool same = a->kind == b->kind && greffe__value_equal(a, b);
    if (same && (a->kind == GREFFE__TIME || a->kind == GREFFE__DATETIME)) {
        same = greffe__moment_in(a).offset == greffe__moment_in(b).offset &&
               greffe__str_equal(greffe__zone_name(a), greffe__zone_name(b));
    }
    *out = greffe__bool(same);
    return true;
}

static const greffe__function functions[] = {
    {"get value", "m,key", "cx", "a?", false, run_get_value},
    {"get value", "context,key", "cx", "a?", false, run_get_value},
    {"get entries", "m", "c", "l", false, run_get_entries},
    {"get entries", "context", "c", "l", false, run_get_entries},
    {"context put", "context,key,value", "cax", "c", false, run_put},
    {"context put", "context,keys,value", "cax", "c", false, run_put},
    {"context merge", "contexts", "l", "c", false, run_merge},
    {"context", "entries", "l", "c", false, run_context},
    {"is", "value1,value2", "xx", "b", false, run_is},
};

const greffe__family greffe__context_functions = {functions, sizeof functions / sizeof *functions};
