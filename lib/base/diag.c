/* The collector of diagnostics, and their human and JSON forms. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

struct greffe_diags {
    greffe_context *context;
    greffe__arena arena;
    greffe_diag *items;
    uint32_t count, capacity;
    size_t totals[3];
    greffe__buf rendered;
};

static const struct {
    greffe__code code;
    greffe_severity severity;
    const char *text, *summary;
} codes[] = {
#define CODE(number, severity, name, summary) {number, GREFFE_##severity, "GR-" #number, summary},
#include "base/codes.def"
#undef CODE
};

static size_t code_index(greffe__code code)
{
    size_t low = 0, high = sizeof codes / sizeof *codes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (codes[middle].code < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const char *greffe__code_text(greffe__code code)
{
    size_t at = code_index(code);
    return at < sizeof codes / sizeof *codes && codes[at].code == code ? codes[at].text : NULL;
}

const char *greffe__code_summary(greffe__code code)
{
    size_t at = code_index(code);
    return at < sizeof codes / sizeof *codes && codes[at].code == code ? codes[at].summary : NULL;
}

/* --- Sources --- */

/* Where the line after the one at `at` begins; 0: there is none. */
static size_t after_line(greffe__str text, size_t at)
{
    const char *end = at < text.size ? memchr(text.data + at, '\n', text.size - at) : NULL;
    return end != NULL ? (size_t)(end - text.data) + 1 : 0;
}

greffe_status greffe__source_init(greffe__source *source, greffe__arena *arena, const char *name,
                                  greffe__str text)
{
    uint32_t count = 1;
    for (size_t at = 0; (at = after_line(text, at)) != 0;) {
        count += 1;
    }
    uint32_t *lines = greffe__arena_alloc(arena, count * sizeof *lines);
    if (lines == NULL) {
        return GREFFE_ENOMEM;
    }
    lines[0] = 0;
    uint32_t line = 1;
    for (size_t at = 0; (at = after_line(text, at)) != 0;) {
        lines[line++] = (uint32_t)at;
    }
    *source = (greffe__source){name, text, lines, count};
    return GREFFE_OK;
}

greffe__str greffe__source_line(const greffe__source *source, uint32_t line)
{
    if (line == 0 || line > source->line_count) {
        return (greffe__str){"", 0};
    }
    size_t start = source->lines[line - 1];
    size_t end = line < source->line_count ? source->lines[line] - 1 : source->text.size;
    while (end > start && (source->text.data[end - 1] == '\r')) {
        end -= 1;
    }
    return (greffe__str){source->text.data + start, end - start};
}

void greffe__source_place(const greffe__source *source, uint32_t offset, uint32_t *line,
                          uint32_t *column)
{
    uint32_t low = 0, high = source->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    size_t start = source->lines[low];
    size_t end = offset > source->text.size ? source->text.size : offset;
    *line = low + 1;
    *column = (uint32_t)greffe__utf8_length(
                  (greffe__str){source->text.data + start, end < start ? 0 : end - start}) +
              1;
}

/* --- Collector --- */

greffe_status greffe_diags_create(greffe_diags **out, greffe_context *context)
{
    if (out == NULL || context == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe_diags *diags = greffe__alloc(context, NULL, sizeof *diags);
    if (diags == NULL) {
        return GREFFE_ENOMEM;
    }
    *diags = (greffe_diags){.context = context};
    greffe__arena_init(&diags->arena, context);
    greffe__buf_init(&diags->rendered, context);
    *out = diags;
    return GREFFE_OK;
}

void greffe_diags_destroy(greffe_diags *diags)
{
    if (diags != NULL) {
        greffe__arena_free(&diags->arena);
        greffe__buf_free(&diags->rendered);
        greffe__free(diags->context, diags);
    }
}

void greffe_diags_clear(greffe_diags *diags)
{
    greffe__arena_free(&diags->arena);
    diags->items = NULL;
    diags->count = diags->capacity = 0;
    memset(diags->totals, 0, sizeof diags->totals);
}

size_t greffe_diags_count(const greffe_diags *diags)
{
    return diags->count;
}

size_t greffe_diags_total(const greffe_diags *diags, greffe_severity severity)
{
    return (unsigned)severity < 3 ? diags->totals[severity] : 0;
}

const greffe_diag *greffe_diags_get(const greffe_diags *diags, size_t index)
{
    return index < diags->count ? &diags->items[index] : NULL;
}

greffe__arena *greffe__diags_arena(greffe_diags *diags)
{
    return &diags->arena;
}

static void place(greffe_diag *diag, greffe__arena *arena, const greffe__source *source,
                  greffe__span span)
{
    const char *name = greffe__arena_copy(arena, source->name, strlen(source->name));
    greffe__source_place(source, span.start, &diag->line, &diag->column);
    greffe__source_place(source, span.end > span.start ? span.end : span.start, &diag->end_line,
                         &diag->end_column);
    greffe__str line = greffe__source_line(source, diag->line);
    const greffe__str text =
        greffe__str_dup(arena, greffe__utf8_cut(line, GREFFE_MAX_MESSAGE_BYTES - 1));
    diag->file = name != NULL ? name : "";
    diag->source_line = text.data;
}

bool greffe__reported(const greffe_diags *diags, greffe__code code, const greffe__source *source,
                      greffe__span span)
{
    uint32_t line, column;
    const char *text = greffe__code_text(code);
    greffe__source_place(source, span.start, &line, &column);
    for (uint32_t i = 0; i < diags->count; i++) {
        const greffe_diag *diag = &diags->items[i];
        if (diag->line == line && diag->column == column && diag->code == text &&
            strcmp(diag->file, source->name) == 0) {
            return true;
        }
    }
    return false;
}

void greffe__report(greffe_diags *diags, greffe__code code, const greffe__source *source,
                    greffe__span span, const char *hint, const char *format, ...)
{
    greffe_severity severity = codes[code_index(code)].severity;
    diags->totals[severity] += 1;
    if (diags->count >= GREFFE_MAX_DIAGS) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const greffe__str text = greffe__message(&diags->arena, format, arguments);
    va_end(arguments);
    const greffe__str help = greffe__str_dup(
        &diags->arena, greffe__utf8_cut(greffe__str_of(hint), GREFFE_MAX_MESSAGE_BYTES - 1));
    greffe_diag *diag = greffe__arena_push(&diags->arena, &diags->items, sizeof *diag);
    if (diag == NULL) {
        return;
    }
    *diag = (greffe_diag){.code = greffe__code_text(code),
                          .severity = severity,
                          .file = "",
                          .message = text.size > 0 ? text.data : greffe__code_summary(code),
                          .hint = help.data != NULL ? help.data : "",
                          .source_line = "",
                          .story = ""};
    if (source != NULL) {
        place(diag, &diags->arena, source, span);
    }
}

void greffe__report_story(greffe_diags *diags, greffe__str story)
{
    if (diags->count > 0) {
        diags->items[diags->count - 1].story = greffe__str_dup(&diags->arena, story).data;
    }
}

void greffe__diags_sort(greffe_diags *diags)
{
    /* Insertion: stable, and the list is short and nearly sorted. */
    for (uint32_t i = 1; i < diags->count; i++) {
        greffe_diag moved = diags->items[i];
        uint32_t at = i;
        while (at > 0) {
            const greffe_diag *before = &diags->items[at - 1];
            int order = strcmp(before->file, moved.file);
            bool after =
                order > 0 ||
                (order == 0 && (before->line > moved.line ||
                                (before->line == moved.line && before->column > moved.column)));
            if (!after) {
                break;
            }
            diags->items[at] = *before;
            at -= 1;
        }
        diags->items[at] = moved;
    }
}

/* --- Forms --- */

static const char *severity_name(greffe_severity severity)
{
    return severity == GREFFE_ERROR ? "error" : severity == GREFFE_WARNING ? "warning" : "note";
}

static void render_line(greffe__buf *out, const greffe_diag *diag)
{
    char number[16];
    int width = snprintf(number, sizeof number, "%u", diag->line);
    greffe__buf_format(out, "  %s | %s\n  %*s | ", number, diag->source_line, width, "");
    const char *at = diag->source_line, *end = at + strlen(at);
    uint32_t column = 1;
    while (column < diag->column && at < end) {
        char c = *at;
        if (greffe__utf8_next(&at, end) == UINT32_MAX) {
            at += 1;
        }
        greffe__buf_byte(out, c == '\t' ? '\t' : ' ');
        column += 1;
    }
    greffe__buf_byte(out, '^');
    uint32_t last = diag->end_line == diag->line ? diag->end_column : 0;
    uint32_t length = (uint32_t)greffe__utf8_length(greffe__str_of(diag->source_line));
    for (uint32_t i = diag->column + 1; i < last && i <= length; i++) {
        greffe__buf_byte(out, '~');
    }
    greffe__buf_byte(out, '\n');
}

greffe_status greffe_diags_render(const char **out, greffe_diags *diags, size_t index)
{
    const greffe_diag *diag = greffe_diags_get(diags, index);
    if (out == NULL || diag == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe__buf *buf = &diags->rendered;
    buf->size = 0;
    buf->failed = false;
    if (diag->file[0] != '\0') {
        greffe__buf_format(buf, "%s:%u:%u: ", diag->file, diag->line, diag->column);
    }
    greffe__buf_format(buf, "%s %s: %s\n", severity_name(diag->severity), diag->code,
                       diag->message);
    if (diag->line > 0) {
        render_line(buf, diag);
    }
    if (diag->story[0] != '\0') {
        greffe__buf_format(buf, "  way: %s\n", diag->story);
    }
    if (diag->hint[0] != '\0') {
        greffe__buf_format(buf, "  help: %s\n", diag->hint);
    }
    *out = greffe__buf_done(buf);
    return *out == NULL ? GREFFE_ENOMEM : GREFFE_OK;
}

static void json_field(greffe__buf *out, const char *name, const char *value)
{
    greffe__buf_format(out, ",\"%s\":", name);
    greffe__buf_json(out, greffe__str_of(value));
}

greffe_status greffe_diags_render_json(const char **out, greffe_diags *diags)
{
    if (out == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe__buf *buf = &diags->rendered;
    buf->size = 0;
    buf->failed = false;
    greffe__buf_byte(buf, '[');
    for (uint32_t i = 0; i < diags->count; i++) {
        const greffe_diag *diag = &diags->items[i];
        greffe__buf_format(buf, "%s{\"code\":\"%s\",\"severity\":\"%s\"", i == 0 ? "" : ",",
                           diag->code, severity_name(diag->severity));
        json_field(buf, "file", diag->file);
        greffe__buf_format(buf, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u",
                           diag->line, diag->column, diag->end_line, diag->end_column);
        json_field(buf, "message", diag->message);
        json_field(buf, "hint", diag->hint);
        json_field(buf, "story", diag->story);
        greffe__buf_byte(buf, '}');
    }
    greffe__buf_byte(buf, ']');
    *out = greffe__buf_done(buf);
    return *out == NULL ? GREFFE_ENOMEM : GREFFE_OK;
}
