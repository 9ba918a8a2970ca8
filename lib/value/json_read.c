/* Reading JSON: a strict pass over the grammar, which rewrites the text so that cJSON can build
 * the tree without losing anything, and the conversion of that tree to values.
 *
 * The pass makes each number a string "n<literal>" and gives each string a mark: "s" as it is,
 * "z" where U+0000 stands in it, written U+0001 "0" (and U+0001 as U+0001 "1"). */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/limits.h"
#include "value/json.h"

typedef struct scan {
    const char *start, *at, *end;
    greffe__buf out;
    uint32_t names, stop_at; /* names met; the one whose place is looked for */
    const char *place;
    uint32_t depth;
    bool too_deep;
    const char *problem;
} scan;

static bool value(scan *s);

static bool bad(scan *s, const char *problem)
{
    if (s->problem == NULL) {
        s->problem = problem;
    }
    return false;
}

static void blanks(scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r')) {
        s->at += 1;
    }
}

static bool digits(scan *s)
{
    const char *start = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        s->at += 1;
    }
    return s->at > start || bad(s, "a digit is missing in a number");
}

static bool number(scan *s)
{
    const char *start = s->at;
    s->at += *s->at == '-';
    if (s->at < s->end && *s->at == '0') {
        s->at += 1;
    } else if (!digits(s)) {
        return false;
    }
    if (s->at < s->end && *s->at == '.') {
        s->at += 1;
        if (!digits(s)) {
            return false;
        }
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at += 1;
        s->at += s->at < s->end && (*s->at == '+' || *s->at == '-');
        if (!digits(s)) {
            return false;
        }
    }
    greffe__dec checked;
    if (!greffe__dec_parse(&checked, (greffe__str){start, (size_t)(s->at - start)})) {
        return bad(s, "a number is outside the range of decimal numbers");
    }
    greffe__buf_text(&s->out, "\"n");
    greffe__buf_put(&s->out, start, (size_t)(s->at - start));
    greffe__buf_byte(&s->out, '"');
    return true;
}

static bool hex4(scan *s, uint32_t *out)
{
    if (s->end - s->at < 4) {
        return bad(s, "an escape \\u needs four hexadecimal digits");
    }
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = *s->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16) {
            return bad(s, "an escape \\u needs four hexadecimal digits");
        }
        unit = unit * 16 + digit;
    }
    *out = unit;
    return true;
}

/* Writes a code point so that cJSON reads it back: U+0000 and U+0001 by their marks. */
static void put_point(scan *s, uint32_t c)
{
    char bytes[4];
    if (c <= 1) {
        greffe__buf_text(&s->out, c == 0 ? "\\u00010" : "\\u00011");
    } else if (c < 0x20) {
        greffe__buf_format(&s->out, "\\u%04x", c);
    } else if (c == '"' || c == '\\') {
        greffe__buf_byte(&s->out, '\\');
        greffe__buf_byte(&s->out, (char)c);
    } else {
        greffe__buf_put(&s->out, bytes, greffe__utf8_put(bytes, c));
    }
}

static bool escape(scan *s, uint32_t *out)
{
    if (s->at == s->end) {
        return bad(s, "a string has no end");
    }
    char c = *s->at++;
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *simple = c == '\0' ? NULL : strchr(from, c);
    if (simple != NULL) {
        *out = (uint32_t)(unsigned char)to[simple - from];
        return true;
    }
    if (c != 'u') {
        return bad(s, "an escape is not one of JSON");
    }
    if (!hex4(s, out)) {
        return false;
    }
    if (*out >= 0xD800 && *out <= 0xDBFF) {
        uint32_t low = 0;
        bool follows = s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u';
        s->at += follows ? 2 : 0;
        if (!follows || !hex4(s, &low) || low < 0xDC00 || low > 0xDFFF) {
            return bad(s, "half of a surrogate pair stands alone");
        }
        *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
        return true;
    }
    return (*out < 0xDC00 || *out > 0xDFFF) || bad(s, "half of a surrogate pair stands alone");
}

/* What means the same here and there, and is written as it stands. */
static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

static void put_plain(scan *s)
{
    const char *start = s->at;
    while (s->at < s->end && is_plain(*s->at)) {
        s->at += 1;
    }
    greffe__buf_put(&s->out, start, (size_t)(s->at - start));
}

static bool string(scan *s)
{
    s->at += 1;
    greffe__buf_byte(&s->out, '"');
    size_t mark = s->out.size;
    bool marked = false;
    greffe__buf_byte(&s->out, 's');
    for (put_plain(s); s->at < s->end && *s->at != '"'; put_plain(s)) {
        uint32_t c = 0;
        if ((unsigned char)*s->at < 0x20) {
            return bad(s, "a control character stands in a string; it must be escaped");
        }
        if (*s->at == '\\') {
            s->at += 1;
            if (!escape(s, &c)) {
                return false;
            }
        } else {
            c = greffe__utf8_next(&s->at, s->end);
            if (c == UINT32_MAX) {
                return bad(s, "the bytes are not UTF-8");
            }
        }
        marked = marked || c <= 1;
        put_point(s, c);
    }
    if (s->at == s->end) {
        return bad(s, "a string has no end");
    }
    s->at += 1;
    greffe__buf_byte(&s->out, '"');
    if (marked && !s->out.failed) {
        s->out.data[mark] = 'z';
    }
    return true;
}

static bool word(scan *s, const char *literal)
{
    size_t size = strlen(literal);
    if ((size_t)(s->end - s->at) < size || memcmp(s->at, literal, size) != 0) {
        return bad(s, "a value is missing");
    }
    s->at += size;
    greffe__buf_text(&s->out, literal);
    return true;
}

/* The inside of an array or an object, after its opening bracket. */
static bool members(scan *s, char close, bool named)
{
    s->at += 1;
    greffe__buf_byte(&s->out, named ? '{' : '[');
    blanks(s);
    if (s->at < s->end && *s->at == close) {
        s->at += 1;
        greffe__buf_byte(&s->out, close);
        return true;
    }
    for (;;) {
        blanks(s);
        if (named) {
            if (s->at == s->end || *s->at != '"') {
                return bad(s, "a name in quotes is missing");
            }
            s->names += 1;
            s->place = s->names == s->stop_at ? s->at : s->place;
            if (!string(s)) {
                return false;
            }
            blanks(s);
            if (s->at == s->end || *s->at != ':') {
                return bad(s, "a colon is missing after a name");
            }
            s->at += 1;
            greffe__buf_byte(&s->out, ':');
        }
        if (!value(s)) {
            return false;
        }
        blanks(s);
        if (s->at == s->end || (*s->at != ',' && *s->at != close)) {
            return bad(s, "a comma or a closing bracket is missing");
        }
        char c = *s->at++;
        greffe__buf_byte(&s->out, c);
        if (c == close) {
            return true;
        }
    }
}

static bool value(scan *s)
{
    blanks(s);
    if (s->at == s->end) {
        return bad(s, "a value is missing");
    }
    char c = *s->at;
    if (c == '"') {
        return string(s);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return number(s);
    }
    if (c == '[' || c == '{') {
        if (++s->depth > GREFFE_MAX_JSON_DEPTH) {
            s->too_deep = true;
            return bad(s, "brackets are nested deeper than 24");
        }
        bool good = members(s, c == '[' ? ']' : '}', c == '{');
        s->depth -= 1;
        return good;
    }
    return word(s, c == 't' ? "true" : c == 'f' ? "false" : "null");
}

/* --- From cJSON's tree to values --- */

typedef struct conversion {
    greffe__arena *arena;
    greffe__str duplicate; /* the name that stands twice, when there is one */
    bool found_duplicate;
    uint32_t names, at; /* names met so far; which of them was the second */
} conversion;

static greffe__str unmark(greffe__arena *arena, const char *marked)
{
    greffe__str text = greffe__str_dup(arena, greffe__str_of(marked + 1));
    if (*marked != 'z') {
        return text;
    }
    char *data = greffe__arena_alloc(arena, text.size + 1);
    if (data == NULL) {
        return (greffe__str){"", 0};
    }
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool escaped = text.data[i] == 1 && i + 1 < text.size;
        data[size++] = escaped ? (char)(text.data[++i] - '0') : text.data[i];
    }
    data[size] = '\0';
    return (greffe__str){data, size};
}

static uint32_t child_count(const cJSON *node)
{
    uint32_t count = 0;
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        count += 1;
    }
    return count;
}

static greffe__value convert(conversion *c, const cJSON *node);

static greffe__value convert_object(conversion *c, const cJSON *node)
{
    uint32_t count = child_count(node), at = 0;
    greffe__entry *entries = greffe__arena_alloc(c->arena, count * sizeof *entries);
    greffe__map names;
    greffe__map_init(&names, c->arena);
    if (entries == NULL) {
        return greffe__null();
    }
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        greffe__str name = unmark(c->arena, child->string);
        c->names += 1;
        if (!greffe__map_add(&names, name, at) && !c->found_duplicate) {
            c->found_duplicate = true;
            c->at = c->names;
            c->duplicate = name;
        }
        entries[at].name = name;
        entries[at].value = convert(c, child);
        at += 1;
    }
    /* Sorted once, so that every canonical form is written in one pass. */
    greffe__value context = greffe__context_of(entries, count);
    return c->found_duplicate || greffe__value_sort(c->arena, &context) ? context : greffe__null();
}

static greffe__value convert(conversion *c, const cJSON *node)
{
    if (cJSON_IsString(node)) {
        if (node->valuestring[0] != 'n') {
            return greffe__string(unmark(c->arena, node->valuestring));
        }
        greffe__dec number = greffe__dec_of(0);
        (void)greffe__dec_parse(&number, greffe__str_of(node->valuestring + 1));
        return greffe__number(number);
    }
    if (cJSON_IsBool(node)) {
        return greffe__bool(cJSON_IsTrue(node));
    }
    if (cJSON_IsObject(node)) {
        return convert_object(c, node);
    }
    if (cJSON_IsArray(node)) {
        uint32_t count = child_count(node), at = 0;
        greffe__value *items = greffe__arena_alloc(c->arena, count * sizeof *items);
        if (items == NULL) {
            return greffe__null();
        }
        for (const cJSON *child = node->child; child != NULL; child = child->next) {
            items[at++] = convert(c, child);
        }
        return greffe__list_of(items, count);
    }
    return greffe__null();
}

/* --- Door --- */

static greffe_status refuse(greffe_diags *diags, greffe__arena *arena, const char *name,
                            greffe__str text, greffe__code code, size_t offset, const char *message,
                            const char *hint)
{
    greffe__source source;
    if (diags == NULL) {
        return code == GREFFE__GR_JSON_LIMIT ? GREFFE_ELIMIT : GREFFE_EINVALID;
    }
    if (greffe__source_init(&source, arena, name, text) != GREFFE_OK) {
        return GREFFE_ENOMEM;
    }
    greffe__span span = {(uint32_t)offset, (uint32_t)offset + 1};
    greffe__report(diags, code, &source, span, hint, "%s", message);
    return code == GREFFE__GR_JSON_LIMIT ? GREFFE_ELIMIT : GREFFE_EINVALID;
}

/* Names stand in the tree in the order of the text: a second pass finds the place of one. */
static size_t second_place(greffe__str text, uint32_t which)
{
    scan s = {.start = text.data, .at = text.data, .end = text.data + text.size, .stop_at = which};
    s.out.failed = true; /* nothing is written this time */
    (void)value(&s);
    return s.place != NULL ? (size_t)(s.place - s.start) : 0;
}

static greffe_status build(greffe__value *out, greffe__arena *arena, greffe_diags *diags,
                           const char *name, greffe__str text, greffe__buf *rewritten)
{
    const char *json = greffe__buf_done(rewritten);
    cJSON *tree = json == NULL ? NULL : cJSON_ParseWithLength(json, rewritten->size + 1);
    if (tree == NULL) {
        return GREFFE_ENOMEM; /* the grammar was checked: nothing else is left to fail */
    }
    conversion c = {.arena = arena};
    greffe__value result = convert(&c, tree);
    cJSON_Delete(tree);
    if (arena->failed) {
        return GREFFE_ENOMEM;
    }
    if (c.found_duplicate) {
        greffe__str message =
            greffe__str_format(arena, "the name \"%.*s\" stands twice in one object",
                               (int)c.duplicate.size, c.duplicate.data);
        return refuse(diags, arena, name, text, GREFFE__GR_JSON_DUPLICATE_KEY,
                      second_place(text, c.at), message.data, "keep one of the two");
    }
    *out = result;
    return GREFFE_OK;
}

greffe_status greffe__json_read(greffe__value *out, greffe__arena *arena, greffe_diags *diags,
                                const char *name, greffe__str text)
{
    if (text.size > GREFFE_MAX_JSON_BYTES) {
        return refuse(diags, arena, name, text, GREFFE__GR_JSON_LIMIT, 0,
                      "the JSON text is larger than 16 MiB", "send less at once");
    }
    scan s = {.start = text.data, .at = text.data, .end = text.data + text.size};
    greffe__buf_init(&s.out, arena->context);
    bool good = value(&s);
    if (good) {
        blanks(&s);
        good = s.at == s.end || bad(&s, "something follows the value");
    }
    greffe_status status;
    if (good) {
        status = build(out, arena, diags, name, text, &s.out);
    } else {
        greffe__code code = s.too_deep ? GREFFE__GR_JSON_LIMIT : GREFFE__GR_JSON_SYNTAX;
        status = refuse(diags, arena, name, text, code, (size_t)(s.at - s.start), s.problem,
                        "the text must be JSON as RFC 8259 defines it");
    }
    greffe__buf_free(&s.out);
    return status;
}
