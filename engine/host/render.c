/* Letters: a small subset of mustache. {{name}} and {{name.part}} give a fact; {{#list}}…{{/list}}
 * repeats for each item, or once for a text that is not empty; a line that holds only such a mark
 * disappears. Texts go into plain text, so that nothing needs escaping but control characters. */
#include <stdio.h>
#include <string.h>

#include "host/host_priv.h"
#include "value/json.h"

enum { most_depth = 8 };

typedef struct rendering {
    greffe__buf *out;
    const greffe__value *stack[most_depth];
    uint32_t depth;
    char *problem;
} rendering;

static const greffe__value *part_of(const greffe__value *from, greffe__str path)
{
    while (from != NULL && path.size > 0) {
        size_t dot = 0;
        while (dot < path.size && path.data[dot] != '.') {
            dot += 1;
        }
        from = greffe__value_get(from, (greffe__str){path.data, dot});
        size_t skip = dot < path.size ? dot + 1 : dot;
        path = (greffe__str){path.data + skip, path.size - skip};
    }
    return from;
}

static const greffe__value *lookup(const rendering *r, greffe__str name)
{
    for (uint32_t i = r->depth; i > 0; i--) {
        const greffe__value *value = part_of(r->stack[i - 1], name);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

static void put_clean(greffe__buf *out, greffe__str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool control = (unsigned char)c < 0x20 && c != '\n' && c != '\t';
        greffe__buf_byte(out, control || c == 127 ? ' ' : c);
    }
}

static void put_value(rendering *r, const greffe__value *value)
{
    greffe__buf text;
    if (value->kind == GREFFE__STRING) {
        put_clean(r->out, value->as.string);
        return;
    }
    greffe__buf_init(&text, r->out->context);
    greffe__json_write(&text, value);
    size_t skip = text.size > 1 && text.data[0] == '"' ? 1 : 0;
    put_clean(r->out, (greffe__str){text.data + skip, text.size - 2 * skip});
    greffe__buf_free(&text);
}

static bool is_empty(const greffe__value *value)
{
    return value == NULL || value->kind == GREFFE__NULL ||
           (value->kind == GREFFE__BOOL && !value->as.truth) ||
           (value->kind == GREFFE__STRING && value->as.string.size == 0) ||
           (value->kind == GREFFE__LIST && value->count == 0);
}

static greffe_status fault(rendering *r, const char *what, greffe__str name)
{
    (void)snprintf(r->problem, 256, "%s: %.*s", what, (int)name.size, name.data);
    return GREFFE_EINVALID;
}

/* The end of the section that begins after `text`, and where to go on after it. */
static bool find_end(greffe__str text, greffe__str name, greffe__str *inside, size_t *after)
{
    uint32_t depth = 0;
    for (size_t i = 0; i + 3 < text.size; i++) {
        if (text.data[i] != '{' || text.data[i + 1] != '{') {
            continue;
        }
        char mark = text.data[i + 2];
        size_t close = i + 2;
        while (close + 1 < text.size && !(text.data[close] == '}' && text.data[close + 1] == '}')) {
            close += 1;
        }
        greffe__str word = {text.data + i + 3, close > i + 3 ? close - i - 3 : 0};
        if (mark == '#') {
            depth += 1;
        } else if (mark == '/' && depth > 0) {
            depth -= 1;
        } else if (mark == '/' && greffe__str_equal(greffe__str_trim(word), name)) {
            *inside = (greffe__str){text.data, i};
            *after = close + 2;
            return true;
        }
    }
    return false;
}

static greffe_status render(rendering *r, greffe__str text);

static greffe_status repeat(rendering *r, const greffe__value *value, greffe__str inside)
{
    bool list = value->kind == GREFFE__LIST;
    uint32_t count = list ? value->count : 1;
    if (r->depth == most_depth) {
        return fault(r, "sections are nested too deep", inside);
    }
    greffe_status status = GREFFE_OK;
    for (uint32_t i = 0; i < count && status == GREFFE_OK; i++) {
        r->stack[r->depth++] = list ? &value->as.items[i] : value;
        status = render(r, inside);
        r->depth -= 1;
    }
    return status;
}

/* A mark alone on its line takes the line with it. */
static size_t whole_line(greffe__str text, size_t after, bool alone_before)
{
    return alone_before && after < text.size && text.data[after] == '\n' ? after + 1 : after;
}

static greffe_status render(rendering *r, greffe__str text)
{
    size_t plain = 0;
    for (size_t i = 0; i + 3 < text.size; i++) {
        if (text.data[i] != '{' || text.data[i + 1] != '{') {
            continue;
        }
        size_t close = i + 2;
        while (close + 1 < text.size && !(text.data[close] == '}' && text.data[close + 1] == '}')) {
            close += 1;
        }
        if (close + 1 >= text.size) {
            return fault(r, "a mark is not closed", (greffe__str){text.data + i, 2});
        }
        bool section = text.data[i + 2] == '#';
        size_t skip = section ? 3 : 2;
        greffe__str name = greffe__str_trim((greffe__str){text.data + i + skip, close - i - skip});
        const greffe__value *value = lookup(r, name);
        greffe__buf_put(r->out, text.data + plain, i - plain);
        size_t after = close + 2;
        if (section) {
            bool alone = i == 0 || text.data[i - 1] == '\n';
            greffe__str inside;
            size_t start = whole_line(text, after, alone), rest;
            if (!find_end((greffe__str){text.data + start, text.size - start}, name, &inside,
                          &rest)) {
                return fault(r, "a section is not closed", name);
            }
            bool last_alone = inside.size == 0 || inside.data[inside.size - 1] == '\n';
            after = whole_line(text, start + rest, last_alone);
            greffe_status status = is_empty(value) ? GREFFE_OK : repeat(r, value, inside);
            if (status != GREFFE_OK) {
                return status;
            }
        } else if (value == NULL) {
            return fault(r, "a letter names something unknown", name);
        } else {
            put_value(r, value);
        }
        plain = after;
        i = after - 1;
    }
    greffe__buf_put(r->out, text.data + plain, text.size - plain);
    return r->out->failed ? GREFFE_ENOMEM : GREFFE_OK;
}

greffe_status greffe__render(greffe__buf *out, greffe__str text, const greffe__value *facts,
                             char problem[256])
{
    rendering r = {.out = out, .stack = {facts}, .depth = 1, .problem = problem};
    return render(&r, text);
}
