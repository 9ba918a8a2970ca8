/* The traps of YAML, told from the source bytes: what the author meant, and how to write it.
 *
 * A trap is YAML that reads well and means something else, or that fails with a message about
 * something else. */
#include <string.h>

#include "text/text_priv.h"

static const char no_break_space[] = "\xC2\xA0", narrow_no_break_space[] = "\xE2\x80\xAF";

/* --- Scalars --- */

/* `title: Lot #3` loses "#3"; a comment that is meant has two spaces before it or one after. */
static bool comment_after(const greffe__source *source, const greffe__node *node, bool any)
{
    greffe__str text = source->text;
    uint32_t at = node->span.end;
    if (at >= text.size || (text.data[at] != ' ' && text.data[at] != '#')) {
        return false; /* nothing follows; or a node of another document */
    }
    while (at > node->span.start && text.data[at - 1] == ' ') {
        at -= 1;
    }
    bool one_space = at + 2 < text.size && text.data[at] == ' ' && text.data[at + 1] == '#';
    if (node->style != GREFFE__PLAIN || node->text.size == 0 || !one_space) {
        return false;
    }
    char next = text.data[at + 2];
    return any || (next != ' ' && next != '#' && next != '\n' && next != '\r');
}

static bool report_comment(const greffe__source *source, greffe_diags *diags,
                           const greffe__node *node)
{
    greffe__report(
        diags, GREFFE__GR_TRAP_COMMENT, source, (greffe__span){node->span.start, node->span.end},
        "put the text in quotes; before a comment that is meant, put two spaces and '# '",
        "the text ends here, because a space and # begin a comment");
    return true;
}

bool greffe__trap_has(greffe__str text, const char *space)
{
    size_t size = strlen(space);
    const char *at = text.data, *end = text.data + text.size;
    while (text.size >= size && (size_t)(end - at) >= size &&
           (at = memchr(at, space[0], (size_t)(end - at) - (size - 1))) != NULL) {
        if (memcmp(at, space, size) == 0) {
            return true;
        }
        at += 1;
    }
    return false;
}

bool greffe__has_no_break(greffe__str text)
{
    return greffe__trap_has(text, no_break_space) || greffe__trap_has(text, narrow_no_break_space);
}

/* A colon and a no-break space do not separate a key from its value. */
static const char *colon_then_no_break(greffe__str text)
{
    for (size_t i = 0; i + 2 < text.size; i++) {
        if (text.data[i] == ':' &&
            (memcmp(text.data + i + 1, no_break_space, 2) == 0 ||
             (i + 3 < text.size && memcmp(text.data + i + 1, narrow_no_break_space, 3) == 0))) {
            return text.data + i;
        }
    }
    return NULL;
}

bool greffe__trap_scalar(const greffe__source *source, greffe_diags *diags,
                         const greffe__node *node, bool no_break)
{
    if (node->style != GREFFE__PLAIN) {
        return false;
    }
    if (comment_after(source, node, false)) {
        return report_comment(source, diags, node);
    }
    const char *colon = no_break ? colon_then_no_break(node->text) : NULL;
    if (colon != NULL) {
        uint32_t at = node->span.start + (uint32_t)(colon - node->text.data);
        greffe__report(diags, GREFFE__GR_TRAP_NO_BREAK_SPACE, source, (greffe__span){at, at + 2},
                       "type an ordinary space after the colon, or put the text in quotes",
                       "a no-break space follows this colon, so that YAML sees no key here");
        return true;
    }
    return false;
}

bool greffe__trap_text(const greffe__doc *doc, greffe_diags *diags, const greffe__node *node)
{
    return comment_after(&doc->source, node, true) && report_comment(&doc->source, diags, node);
}

/* --- Expressions --- */

static int open_parentheses(greffe__str text)
{
    int open = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        quoted = quoted != (c == '"' && (i == 0 || text.data[i - 1] != '\\'));
        open += !quoted && (c == '(' || c == '[');
        open -= !quoted && (c == ')' || c == ']');
    }
    return quoted ? open + 1 : open;
}

static bool is_word(greffe__str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '.' || c == '(' || c == '=' || c == '<' || c == '>' || c == '+' || c == '*') {
            return false;
        }
    }
    return text.size > 0 && !(text.data[0] >= '0' && text.data[0] <= '9');
}

/* A text of FEEL that is opened and not closed. */
static bool open_quotes(greffe__str text)
{
    bool open = false;
    for (size_t i = 0; i < text.size; i++) {
        i += open && text.data[i] == '\\' ? 1 : 0;
        open = i < text.size && (open != (text.data[i] == '"'));
    }
    return open;
}

static bool comment_follows(const greffe__doc *doc, const greffe__node *node)
{
    greffe__str text = doc->source.text;
    uint32_t at = node->span.end;
    while (at < text.size && text.data[at] == ' ') {
        at += 1;
    }
    return at > node->span.end && at < text.size && text.data[at] == '#';
}

bool greffe__trap_expression(const greffe__doc *doc, greffe_diags *diags, const greffe__node *node)
{
    if (node->style == GREFFE__PLAIN && open_parentheses(node->text) > 0) {
        uint32_t end = node->span.end;
        bool cut = end < doc->source.text.size && doc->source.text.data[end] == ',';
        if (cut && greffe__reported(diags, GREFFE__GR_TRAP_FLOW_COMMA, &doc->source, node->span)) {
            return true;
        }
        if (cut) {
            greffe__report(diags, GREFFE__GR_TRAP_FLOW_COMMA, &doc->source, node->span,
                           "put the whole expression in single quotes: 'min(a, b)'",
                           "inside braces, YAML ends this expression at the comma");
            return true;
        }
    }
    if (node->style == GREFFE__PLAIN && open_quotes(node->text) && comment_follows(doc, node)) {
        greffe__report(diags, GREFFE__GR_TRAP_COMMENT, &doc->source,
                       (greffe__span){node->span.end, node->span.end + 2},
                       "put the whole expression in single quotes",
                       "a space and # begin a comment: YAML cut the text of this expression there");
        return true;
    }
    if (node->style == GREFFE__DOUBLE_QUOTED && is_word(node->text) &&
        !greffe__str_is(node->text, "true") && !greffe__str_is(node->text, "false")) {
        greffe__str hint =
            greffe__str_format(greffe__diags_arena(diags),
                               "for the text itself, write '\"%.*s\"'; for the name, "
                               "leave the quotes out",
                               (int)node->text.size, node->text.data);
        greffe__report(diags, GREFFE__GR_TRAP_QUOTES, &doc->source, node->span, hint.data,
                       "YAML removes these quotes: FEEL sees the name %.*s, not a text",
                       (int)node->text.size, node->text.data);
        return true;
    }
    return false;
}

/* --- Syntax errors --- */

static uint32_t line_start(greffe__str text, uint32_t at)
{
    at = at > text.size ? (uint32_t)text.size : at;
    while (at > 0 && text.data[at - 1] != '\n') {
        at -= 1;
    }
    return at;
}

/* The offset of the value after the first `key: ` of a line, and its end; false when none. */
static bool value_on_line(greffe__str text, uint32_t start, greffe__span *out)
{
    uint32_t end = start;
    while (end < text.size && text.data[end] != '\n' && text.data[end] != '\r') {
        end += 1;
    }
    for (uint32_t i = start; i + 1 < end; i++) {
        if (text.data[i] == ':' && text.data[i + 1] == ' ') {
            uint32_t at = i + 1;
            while (at < end && text.data[at] == ' ') {
                at += 1;
            }
            *out = (greffe__span){at, end};
            return at < end;
        }
    }
    return false;
}

/* {message: Attention : la date}: a colon and a space, where the entry has one already. */
static bool second_colon_in_braces(greffe__str text, uint32_t offset)
{
    if (offset + 1 >= text.size || text.data[offset] != ':' || text.data[offset + 1] != ' ') {
        return false;
    }
    bool has_key = false;
    for (uint32_t i = offset; i > 0; i--) {
        char c = text.data[i - 1];
        if (c == '\n' || c == '"' || c == '\'') {
            return false;
        }
        if (c == '{' || c == ',') {
            return has_key;
        }
        has_key = has_key || (c == ':' && text.data[i] == ' ');
    }
    return false;
}

/* One past the bracket or quote that closes what opens at `at`, or `end`. */
static uint32_t closing(greffe__str text, uint32_t at, uint32_t end)
{
    char open = text.data[at], close = open == '[' ? ']' : open == '{' ? '}' : open;
    int depth = 0;
    for (uint32_t i = at; i < end; i++) {
        depth += text.data[i] == close && (i > at || open != close) ? -1
                 : text.data[i] == open                             ? 1
                                                                    : 0;
        if (depth == 0) {
            return i + 1;
        }
    }
    return end;
}

/* What YAML takes the first character of a value for, when the value then goes on; or NULL. */
static const char *taken_for(greffe__str text, greffe__span value)
{
    char c = text.data[value.start];
    bool spaced = value.start + 1 < value.end && text.data[value.start + 1] == ' ';
    if (c == '[' || c == '{' || c == '\'') {
        uint32_t after = closing(text, value.start, value.end);
        while (after < value.end && text.data[after] == ' ') {
            after += 1;
        }
        bool goes_on = after < value.end && strchr("#,}]", text.data[after]) == NULL;
        return !goes_on ? NULL : c == '[' ? "a list" : c == '{' ? "a mapping" : "a whole text";
    }
    if (!spaced) {
        return NULL;
    }
    return c == '>' || c == '|' ? "a block of text that follows"
           : c == '-'           ? "an item of a list"
           : c == '?'           ? "a key"
                                : NULL;
}

static greffe__str line_text(greffe__str text, greffe__span value)
{
    return greffe__str_trim((greffe__str){text.data + value.start, value.end - value.start});
}

/* How to write it: in single quotes, those that it has doubled. */
static const char *in_quotes(greffe_diags *diags, greffe__str expression)
{
    enum { most = 200 };
    if (expression.size > most || memchr(expression.data, '\'', expression.size) != NULL) {
        return "put the whole expression in single quotes; a quote inside is doubled: ''";
    }
    return greffe__str_format(greffe__diags_arena(diags),
                              "put the whole expression in single quotes: '%.*s'",
                              (int)expression.size, expression.data)
        .data;
}

static bool taken_otherwise(const greffe__source *source, greffe_diags *diags, greffe__span value)
{
    const char *what = taken_for(source->text, value);
    if (what == NULL) {
        return false;
    }
    greffe__report(diags, GREFFE__GR_TRAP_EXPRESSION, source,
                   (greffe__span){value.start, value.start + 1},
                   in_quotes(diags, line_text(source->text, value)),
                   "YAML takes what begins with %c for %s, and the value goes on",
                   source->text.data[value.start], what);
    return true;
}

static bool starts_reserved(char c)
{
    return c == '@' || c == '`' || c == '%';
}

bool greffe__trap_syntax(const greffe__source *source, greffe_diags *diags, uint32_t offset)
{
    greffe__str text = source->text;
    greffe__span value;
    if (offset < text.size && starts_reserved(text.data[offset])) {
        greffe__report(diags, GREFFE__GR_TRAP_RESERVED, source, (greffe__span){offset, offset + 1},
                       "put the whole value in quotes", "a value cannot begin with %c in YAML",
                       text.data[offset]);
        return true;
    }
    if (second_colon_in_braces(text, offset)) {
        greffe__report(diags, GREFFE__GR_TRAP_COLON, source, (greffe__span){offset, offset + 1},
                       "put the whole text in quotes",
                       "a colon followed by a space cuts this text in two");
        return true;
    }
    uint32_t start = line_start(text, offset);
    for (int back = 0; back < 2; back++) {
        if (value_on_line(text, start, &value) && text.data[value.start] == '"') {
            uint32_t close = value.start + 1;
            while (close < value.end && text.data[close] != '"') {
                close += 1;
            }
            uint32_t after = close + 1;
            while (after < value.end && text.data[after] == ' ') {
                after += 1;
            }
            if (close < value.end && after < value.end && text.data[after] != '#' &&
                text.data[after] != ',' && text.data[after] != '}') {
                greffe__report(diags, GREFFE__GR_TRAP_QUOTES, source, value,
                               "put the whole expression in single quotes",
                               "the quotes end here for YAML, but the value goes on");
                return true;
            }
        }
        bool before = start > 0;
        start = before ? line_start(text, start - 1) : 0;
        if (!before) {
            break;
        }
    }
    start = line_start(text, offset);
    if (!value_on_line(text, start, &value) || offset < value.start) {
        return false;
    }
    if (taken_otherwise(source, diags, value)) {
        return true;
    }
    for (uint32_t i = value.start; i < value.end; i++) {
        bool last = i + 1 == value.end;
        if (text.data[i] == ':' && (last || text.data[i + 1] == ' ') &&
            text.data[value.start] != '{') {
            greffe__report(diags, GREFFE__GR_TRAP_COLON, source, (greffe__span){i, i + 1},
                           "put the whole text in quotes",
                           "a colon followed by a space cuts this text in two");
            return true;
        }
    }
    return false;
}
