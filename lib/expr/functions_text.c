/* Built-in functions over texts, counted in characters; regular expressions are in regex.c. */
#include <string.h>

#include "base/limits.h"
#include "expr/expr_priv.h"
#include "expr/regex.h"

static bool find_part(greffe__str text, greffe__str part, size_t *out)
{
    for (size_t i = 0; i + part.size <= text.size; i++) {
        if (part.size == 0 || memcmp(text.data + i, part.data, part.size) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool run_contains(greffe__call *call, greffe__value *out)
{
    size_t at;
    *out = greffe__bool(find_part(call->at[0].as.string, call->at[1].as.string, &at));
    return true;
}

static bool run_starts(greffe__call *call, greffe__value *out)
{
    greffe__str text = call->at[0].as.string, part = call->at[1].as.string;
    *out = greffe__bool(text.size >= part.size &&
                        (part.size == 0 || memcmp(text.data, part.data, part.size) == 0));
    return true;
}

static bool run_ends(greffe__call *call, greffe__value *out)
{
    greffe__str text = call->at[0].as.string, part = call->at[1].as.string;
    size_t skip = text.size - part.size;
    *out = greffe__bool(text.size >= part.size &&
                        (part.size == 0 || memcmp(text.data + skip, part.data, part.size) == 0));
    return true;
}

static bool run_length(greffe__call *call, greffe__value *out)
{
    *out = greffe__integer((int64_t)greffe__utf8_length(call->at[0].as.string));
    return true;
}

/* The byte at which the character of this number begins. */
static size_t byte_of(greffe__str text, uint64_t character)
{
    const char *at = text.data, *end = text.data + text.size;
    while (character > 0 && at < end) {
        (void)greffe__utf8_next(&at, end);
        character -= 1;
    }
    return (size_t)(at - text.data);
}

static bool whole(greffe__call *call, uint32_t index, int64_t *out)
{
    greffe__dec number;
    return (greffe__dec_round(&number, call->at[index].as.number, 0, GREFFE__ROUND_DOWN) &&
            greffe__dec_to_i64(out, number)) ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                     "a place in a text is a whole number", &call->at[index]);
}

static bool run_substring(greffe__call *call, greffe__value *out)
{
    greffe__str text = call->at[0].as.string;
    int64_t start = 0, length = INT64_MAX, size = (int64_t)greffe__utf8_length(text);
    if (!whole(call, 1, &start) || (call->count > 2 && !whole(call, 2, &length))) {
        return false;
    }
    start = start < 0 ? start + size : start - 1;
    if (start < 0 || start > size || length < 1) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "no part of the text begins there", &call->at[1]);
    }
    length = length > size - start ? size - start : length;
    size_t from = byte_of(text, (uint64_t)start);
    greffe__str rest = {text.data + from, text.size - from};
    *out = greffe__string((greffe__str){rest.data, byte_of(rest, (uint64_t)length)});
    return true;
}

static bool run_before(greffe__call *call, greffe__value *out)
{
    size_t at;
    greffe__str text = call->at[0].as.string;
    bool found = find_part(text, call->at[1].as.string, &at);
    *out = greffe__string((greffe__str){found ? text.data : "", found ? at : 0});
    return true;
}

static bool run_after(greffe__call *call, greffe__value *out)
{
    size_t at;
    greffe__str text = call->at[0].as.string, part = call->at[1].as.string;
    bool found = find_part(text, part, &at);
    size_t skip = found ? at + part.size : text.size;
    *out = greffe__string((greffe__str){text.data + skip, text.size - skip});
    return true;
}

static bool made(greffe__call *call, greffe__buf *text, greffe__value *out)
{
    bool good = !text->failed;
    if (!good) {
        call->arena->failed = true;
    } else if (text->size > GREFFE_MAX_EXPR_STRING) {
        good =
            greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT, "the text would be longer than 1 MiB");
    } else {
        *out = greffe__string(greffe__str_dup(call->arena, (greffe__str){text->data, text->size}));
    }
    greffe__buf_free(text);
    return good;
}

static bool run_string(greffe__call *call, greffe__value *out)
{
    greffe__buf text;
    if (call->at[0].kind == GREFFE__STRING) {
        *out = call->at[0];
        return true;
    }
    uint64_t left = 2 * (uint64_t)GREFFE_MAX_EXPR_STRING;
    if (!greffe__value_within(&call->at[0], &left)) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                   "the text would be longer than 1 MiB");
    }
    greffe__buf_init(&text, call->arena->context);
    greffe__value_feel(&text, &call->at[0], false);
    return made(call, &text, out);
}

static bool run_join(greffe__call *call, greffe__value *out)
{
    const greffe__value *list = &call->at[0];
    greffe__str delimiter = {"", 0};
    if (call->count > 1 && call->at[1].kind == GREFFE__STRING) {
        delimiter = call->at[1].as.string;
    } else if (call->count > 1 && call->at[1].kind != GREFFE__NULL) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "what joins texts is a text", &call->at[1]);
    }
    greffe__buf text;
    greffe__buf_init(&text, call->arena->context);
    bool first = true;
    for (uint32_t i = 0; i < list->count; i++) {
        const greffe__value *item = &list->as.items[i];
        if (item->kind == GREFFE__NULL) {
            continue;
        }
        if (item->kind != GREFFE__STRING) {
            greffe__buf_free(&text);
            return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                             "only texts are joined", item);
        }
        if (!first) {
            greffe__buf_str(&text, delimiter);
        }
        first = false;
        greffe__buf_str(&text, item->as.string);
        if (text.size > GREFFE_MAX_EXPR_STRING) {
            break;
        }
    }
    return made(call, &text, out);
}

static bool run_upper(greffe__call *call, greffe__value *out)
{
    return greffe__regex_case(call, call->at[0].as.string, true, out);
}

static bool run_lower(greffe__call *call, greffe__value *out)
{
    return greffe__regex_case(call, call->at[0].as.string, false, out);
}

static bool flags_of(greffe__call *call, uint32_t index, greffe__str *out)
{
    *out = (greffe__str){"", 0};
    if (call->count <= index || call->at[index].kind == GREFFE__NULL) {
        return true;
    }
    *out = call->at[index].as.string;
    return call->at[index].kind == GREFFE__STRING ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT, "flags are a text",
                                     &call->at[index]);
}

static bool run_matches(greffe__call *call, greffe__value *out)
{
    greffe__str flags;
    return flags_of(call, 2, &flags) &&
           greffe__regex_matches(call, call->at[0].as.string, call->at[1].as.string, flags, out);
}

static bool run_replace(greffe__call *call, greffe__value *out)
{
    greffe__str flags;
    return flags_of(call, 3, &flags) &&
           greffe__regex_replace(call, call->at[0].as.string, call->at[1].as.string,
                                 call->at[2].as.string, flags, out);
}

static bool run_split(greffe__call *call, greffe__value *out)
{
    return greffe__regex_split(call, call->at[0].as.string, call->at[1].as.string, out);
}

static const greffe__function functions[] = {
    {"contains", "string,match", "ss", "b", false, run_contains},
    {"starts with", "string,match", "ss", "b", false, run_starts},
    {"ends with", "string,match", "ss", "b", false, run_ends},
    {"string length", "string", "s", "n", false, run_length},
    {"string", "from", "a", "s", false, run_string},
    {"substring", "string,start position,length?", "snn", "s", false, run_substring},
    {"substring before", "string,match", "ss", "s", false, run_before},
    {"substring after", "string,match", "ss", "s", false, run_after},
    {"upper case", "string", "s", "s", false, run_upper},
    {"lower case", "string", "s", "s", false, run_lower},
    {"matches", "input,pattern,flags?", "ssx", "b", false, run_matches},
    {"replace", "input,pattern,replacement,flags?", "sssx", "s", false, run_replace},
    {"split", "string,delimiter", "ss", "l", false, run_split},
    {"string join", "list,delimiter?", "lx", "s", false, run_join},
};

const greffe__family greffe__text_functions = {functions, sizeof functions / sizeof *functions};
