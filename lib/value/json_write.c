/* Writing values as canonical JSON. */
#include "value/json.h"

static void temporal(greffe__buf *out, const greffe__value *value)
{
    greffe__buf_byte(out, '"');
    greffe__value_temporal(out, value);
    greffe__buf_byte(out, '"');
}

static void number(greffe__buf *out, greffe__dec value)
{
    char text[GREFFE__DEC_CHARS];
    greffe__buf_put(out, text, greffe__dec_format(text, value));
}

static void context(greffe__buf *out, const greffe__value *value)
{
    bool sorted = greffe__in_order(value), first = true;
    greffe__buf_byte(out, '{');
    for (const greffe__entry *entry = greffe__entry_after(value, NULL, sorted); entry != NULL;
         entry = greffe__entry_after(value, entry, sorted)) {
        greffe__buf_text(out, first ? "" : ",");
        greffe__buf_json(out, entry->name);
        greffe__buf_byte(out, ':');
        greffe__json_write(out, &entry->value);
        first = false;
    }
    greffe__buf_byte(out, '}');
}

static void range_end(greffe__buf *out, const greffe__value *value)
{
    bool dated = value->kind >= GREFFE__DATE && value->kind <= GREFFE__PERIOD;
    if (dated) {
        greffe__buf_text(out, "@\"");
        greffe__value_temporal(out, value);
        greffe__buf_byte(out, '"');
    } else {
        greffe__json_write(out, value);
    }
}

/* As FEEL writes it, in a string. */
static void range(greffe__buf *out, const greffe__range *range)
{
    greffe__buf text;
    greffe__buf_init(&text, out->context);
    greffe__buf_byte(&text, range->low_closed ? '[' : '(');
    range_end(&text, &range->low);
    greffe__buf_text(&text, "..");
    range_end(&text, &range->high);
    greffe__buf_byte(&text, range->high_closed ? ']' : ')');
    greffe__buf_json(out, (greffe__str){text.data, text.size});
    out->failed = out->failed || text.failed;
    greffe__buf_free(&text);
}

void greffe__json_write(greffe__buf *out, const greffe__value *value)
{
    switch ((greffe__kind)value->kind) {
    case GREFFE__NULL: greffe__buf_text(out, "null"); return;
    case GREFFE__BOOL: greffe__buf_text(out, value->as.truth ? "true" : "false"); return;
    case GREFFE__NUMBER: number(out, value->as.number); return;
    case GREFFE__STRING: greffe__buf_json(out, value->as.string); return;
    case GREFFE__DATE:
    case GREFFE__TIME:
    case GREFFE__DATETIME:
    case GREFFE__DURATION:
    case GREFFE__PERIOD: temporal(out, value); return;
    case GREFFE__LIST:
        greffe__buf_byte(out, '[');
        for (uint32_t i = 0; i < value->count; i++) {
            greffe__buf_text(out, i == 0 ? "" : ",");
            greffe__json_write(out, &value->as.items[i]);
        }
        greffe__buf_byte(out, ']');
        return;
    case GREFFE__CONTEXT: context(out, value); return;
    case GREFFE__RANGE: range(out, value->as.range); return;
    case GREFFE__FUNCTION: greffe__buf_json(out, greffe__str_of("function")); return;
    }
}
