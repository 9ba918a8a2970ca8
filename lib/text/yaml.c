/* From libyaml's events to the document tree. The only file that knows libyaml.
 *
 * Every bound is checked at each event, before the parser goes on: libyaml's own work grows with
 * the square of the depth of open brackets, so that a file of them must be left early. */
#include <string.h>
#include <yaml.h>

#include "base/limits.h"
#include "text/text_priv.h"

typedef struct reader {
    yaml_parser_t parser;
    greffe__arena *arena;
    greffe_diags *diags;
    greffe__doc *doc;
    const uint32_t *starts; /* of libyaml's lines, in bytes */
    bool *wide;             /* of each: it has characters of several bytes */
    uint32_t start_count;
    bool no_break; /* a no-break space stands somewhere */
    uint32_t bom;  /* bytes of a byte order mark, which libyaml does not count */
    uint32_t events, aliases, expansion;
    greffe__map anchors;
    struct {
        greffe__node **at;
        uint32_t count, capacity;
    } anchored;
    struct { /* what is open: its node, its keys, and where its children begin below */
        greffe__node *node;
        greffe__map keys;
        uint32_t first;
    } open[GREFFE_MAX_YAML_DEPTH + 1];
    uint32_t depth;
    struct {
        const greffe__node **at;
        uint32_t count, capacity;
    } children; /* of all that is open */
} reader;

/* --- Places --- */

static const char next_line[] = "\xC2\x85", line_separator[] = "\xE2\x80\xA8",
                  paragraph_separator[] = "\xE2\x80\xA9";

/* The bytes of a line's break, as libyaml knows them; 0: none begins here. */
static size_t break_at(greffe__str text, size_t i)
{
    const char *at = text.data + i;
    size_t left = text.size - i;
    if (*at == '\r') {
        return left > 1 && at[1] == '\n' ? 2 : 1;
    }
    if (left > 1 && memcmp(at, next_line, 2) == 0) {
        return 2;
    }
    bool separator =
        left > 2 && (memcmp(at, line_separator, 3) == 0 || memcmp(at, paragraph_separator, 3) == 0);
    return separator ? 3 : *at == '\n' ? 1 : 0;
}

static uint32_t find_starts(greffe__str text, uint32_t *starts)
{
    uint32_t count = 1;
    starts[0] = 0;
    size_t i = 0;
    while (i < text.size) {
        size_t size = break_at(text, i);
        i += size > 0 ? size : 1;
        if (size > 0) {
            starts[count++] = (uint32_t)i;
        }
    }
    return count;
}

/* Events tell lines and characters in them; places are bytes. */
static greffe_status index_lines(reader *r, greffe__str text)
{
    bool others = greffe__trap_has(text, "\r") || greffe__trap_has(text, next_line) ||
                  greffe__trap_has(text, line_separator) ||
                  greffe__trap_has(text, paragraph_separator);
    r->starts = r->doc->source.lines;
    r->start_count = r->doc->source.line_count;
    if (others) {
        uint32_t *starts = greffe__arena_alloc(r->arena, (text.size + 1) * sizeof *starts);
        if (starts == NULL) {
            return GREFFE_ENOMEM;
        }
        r->start_count = find_starts(text, starts);
        r->starts = starts;
    }
    r->wide = greffe__arena_alloc(r->arena, r->start_count);
    for (uint32_t i = 0; r->wide != NULL && i < r->start_count; i++) {
        size_t end = i + 1 < r->start_count ? r->starts[i + 1] : text.size;
        greffe__str line = {text.data + r->starts[i], end - r->starts[i]};
        r->wide[i] = !greffe__str_ascii(line);
    }
    return r->wide == NULL ? GREFFE_ENOMEM : GREFFE_OK;
}

static uint32_t byte_of(const reader *r, const yaml_mark_t *mark)
{
    const greffe__str text = r->doc->source.text;
    if (mark->line >= r->start_count) {
        return (uint32_t)text.size;
    }
    size_t start = r->starts[mark->line] + (mark->line == 0 ? r->bom : 0);
    size_t at =
        r->wide[mark->line] ? greffe__utf8_skip(text, start, mark->column) : start + mark->column;
    return (uint32_t)(at < text.size ? at : text.size);
}

static greffe__span span_of(const reader *r, const yaml_event_t *event)
{
    const yaml_mark_t *start = &event->start_mark, *end = &event->end_mark;
    uint32_t at = byte_of(r, start);
    if (start->line != end->line || start->line >= r->start_count) {
        return (greffe__span){at, byte_of(r, end)};
    }
    size_t width = end->column - start->column;
    width = r->wide[start->line] ? greffe__utf8_skip(r->doc->source.text, at, width) - at : width;
    return (greffe__span){at, at + (uint32_t)width};
}

static greffe_status refuse(reader *r, greffe__code code, greffe__span span, const char *hint,
                            const char *message)
{
    greffe__report(r->diags, code, &r->doc->source, span, hint, "%s", message);
    return GREFFE_EINVALID;
}

/* --- Nodes --- */

/* Whether a key stands in the open mapping already, and where. Few keys are compared one by one,
 * many are looked up: the index is made when they become many. */
static bool stands_there(reader *r, const greffe__node *key, uint32_t *first, bool *failed)
{
    enum { few = 8 };
    const greffe__node *const *known_keys = r->children.at + r->open[r->depth - 1].first;
    greffe__map *keys = &r->open[r->depth - 1].keys;
    uint32_t i = 0, count = r->children.count - r->open[r->depth - 1].first;
    if (count < 2 * few) {
        while (i < count && !greffe__str_equal(known_keys[i]->text, key->text)) {
            i += 2;
        }
        *first = i < count ? known_keys[i]->span.start : 0;
        return i < count;
    }
    for (; keys->count == 0 && i < count; i += 2) {
        const greffe__node *known = known_keys[i];
        *failed = *failed || !greffe__map_add(keys, known->text, known->span.start);
    }
    if (greffe__map_get(keys, key->text, first)) {
        return true;
    }
    *failed = *failed || !greffe__map_add(keys, key->text, key->span.start);
    return false;
}

static greffe_status check_key(reader *r, const greffe__node *key)
{
    if (key->kind != GREFFE__SCALAR) {
        return refuse(r, GREFFE__GR_YAML_KEY_NOT_SCALAR, key->span, "write a word before the colon",
                      "a key must be a plain word");
    }
    if (greffe__str_is(key->text, "<<") && key->style == GREFFE__PLAIN) {
        return refuse(r, GREFFE__GR_YAML_MERGE_KEY, key->span,
                      "write the keys out, or share a form section in the authority's file",
                      "the merge key << is not part of the language");
    }
    uint32_t first = 0, line, column;
    bool failed = false;
    if (stands_there(r, key, &first, &failed)) {
        greffe__source_place(&r->doc->source, first, &line, &column);
        greffe__report(r->diags, GREFFE__GR_YAML_DUPLICATE_KEY, &r->doc->source, key->span,
                       "keep one of the two",
                       "the key '%.*s' stands twice in this mapping (first on line %u)",
                       (int)key->text.size, key->text.data, line);
        return GREFFE_EINVALID;
    }
    return failed ? GREFFE_ENOMEM : GREFFE_OK;
}

static greffe_status attach(reader *r, greffe__node *node)
{
    if (r->depth == 0) {
        r->doc->root = node;
        return GREFFE_OK;
    }
    bool even = (r->children.count - r->open[r->depth - 1].first) % 2 == 0;
    if (even && r->open[r->depth - 1].node->kind == GREFFE__MAPPING) {
        greffe_status status = check_key(r, node);
        if (status != GREFFE_OK) {
            return status;
        }
    }
    /* Pushed by hand: every node comes by here. */
    if (r->children.count == r->children.capacity &&
        !greffe__arena_reserve(r->arena, &r->children, sizeof *r->children.at,
                               2 * r->children.capacity)) {
        return GREFFE_ENOMEM;
    }
    r->children.at[r->children.count++] = node;
    return GREFFE_OK;
}

/* What was read since it was opened are its children. */
static bool close_node(reader *r, greffe__node *node, uint32_t first)
{
    node->count = r->children.count - first;
    const greffe__node **own = greffe__arena_alloc(r->arena, node->count * sizeof *own);
    if (own == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        own[i] = r->children.at[first + i];
    }
    node->children = own;
    r->children.count = first;
    return true;
}

/* A node, and behind it `room` bytes. */
static greffe__node *new_node(reader *r, greffe__node_kind kind, const yaml_event_t *event,
                              size_t room)
{
    greffe__node *node = greffe__arena_alloc(r->arena, sizeof *node + room);
    if (node != NULL) {
        *node = (greffe__node){.kind = (uint8_t)kind, .span = span_of(r, event), .text = {"", 0}};
    }
    return node;
}

static const char *name_of(reader *r, const yaml_char_t *name)
{
    return name == NULL ? NULL : greffe__str_dup(r->arena, greffe__str_of((const char *)name)).data;
}

/* Names a finished node. Later use of the same anchor replaces it, as YAML says. */
static greffe_status anchor(reader *r, greffe__node *node)
{
    uint32_t index;
    greffe__str name = greffe__str_of(node->anchor);
    if (greffe__map_get(&r->anchors, name, &index)) {
        r->anchored.at[index] = node;
        return GREFFE_OK;
    }
    greffe__node **place = greffe__arena_push(r->arena, &r->anchored, sizeof *place);
    if (place == NULL || !greffe__map_add(&r->anchors, name, r->anchored.count - 1)) {
        return GREFFE_ENOMEM;
    }
    *place = node;
    return GREFFE_OK;
}

static uint32_t weight(const greffe__node *node, uint32_t limit)
{
    uint32_t total = 1;
    if (node->kind == GREFFE__ALIAS) {
        return weight(node->target, limit);
    }
    for (uint32_t i = 0; i < node->count && total <= limit; i++) {
        total += weight(node->children[i], limit - total);
    }
    return total;
}

static greffe_status on_alias(reader *r, const yaml_event_t *event)
{
    greffe__node *node = new_node(r, GREFFE__ALIAS, event, 0);
    if (node == NULL) {
        return GREFFE_ENOMEM;
    }
    const char *name = (const char *)event->data.alias.anchor;
    uint32_t index;
    if (!greffe__map_get(&r->anchors, greffe__str_of(name), &index)) {
        return refuse(r, GREFFE__GR_YAML_UNKNOWN_ALIAS, node->span,
                      "put a text that begins with * in quotes, or write the anchor before it",
                      "this alias names no anchor that ends before it");
    }
    node->target = r->anchored.at[index];
    node->text = greffe__str_dup(r->arena, greffe__str_of(name));
    r->aliases += 1;
    r->expansion += weight(node->target, GREFFE_MAX_YAML_EXPANSION);
    if (r->aliases > GREFFE_MAX_YAML_ALIASES || r->expansion > GREFFE_MAX_YAML_EXPANSION) {
        return refuse(r, GREFFE__GR_YAML_ALIASES, node->span,
                      "write the parts out, or fewer aliases",
                      "aliases stand for more than 10,000 nodes in this file");
    }
    return attach(r, node);
}

static greffe_status check_tag(reader *r, const yaml_event_t *event, const yaml_char_t *tag)
{
    if (tag == NULL) {
        return GREFFE_OK;
    }
    greffe__span span = span_of(r, event);
    const char *at = r->doc->source.text.data + span.start;
    if (span.end - span.start >= 2 && at[0] == '!' && at[1] == '=') {
        return refuse(r, GREFFE__GR_TRAP_TAG, span,
                      "put the whole expression in quotes: '!= \"cargo\"'",
                      "YAML takes != at the beginning of a value for a tag");
    }
    return refuse(r, GREFFE__GR_YAML_TAG, span, "leave the tag out, or quote the text",
                  "tags (words that begin with !) are not part of the language");
}

/* Most scalars end their line, or stand before a colon, a comma or a bracket. */
static bool may_be_trap(const reader *r, const greffe__node *node)
{
    greffe__str text = r->doc->source.text;
    uint32_t end = node->span.end;
    return node->style == GREFFE__PLAIN &&
           (r->no_break || (end < text.size && (text.data[end] == ' ' || text.data[end] == '#')));
}

static greffe_status on_scalar(reader *r, const yaml_event_t *event)
{
    greffe_status status = check_tag(r, event, event->data.scalar.tag);
    size_t size = event->data.scalar.length;
    greffe__node *node = status == GREFFE_OK ? new_node(r, GREFFE__SCALAR, event, size + 1) : NULL;
    if (node == NULL) {
        return status != GREFFE_OK ? status : GREFFE_ENOMEM;
    }
    switch (event->data.scalar.style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: node->style = GREFFE__SINGLE_QUOTED; break;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: node->style = GREFFE__DOUBLE_QUOTED; break;
    case YAML_LITERAL_SCALAR_STYLE: node->style = GREFFE__LITERAL; break;
    case YAML_FOLDED_SCALAR_STYLE: node->style = GREFFE__FOLDED; break;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE: node->style = GREFFE__PLAIN; break;
    }
    char *text = (char *)(node + 1);
    memcpy(text, event->data.scalar.value, size + 1); /* with the zero that libyaml ends it by */
    node->text = (greffe__str){text, size};
    node->anchor = name_of(r, event->data.scalar.anchor);
    if (may_be_trap(r, node) && greffe__trap_scalar(&r->doc->source, r->diags, node, r->no_break)) {
        return GREFFE_EINVALID;
    }
    status = node->anchor != NULL ? anchor(r, node) : GREFFE_OK;
    return status == GREFFE_OK ? attach(r, node) : status;
}

static greffe_status on_start(reader *r, const yaml_event_t *event, greffe__node_kind kind)
{
    bool mapping = kind == GREFFE__MAPPING;
    const yaml_char_t *name =
        mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    bool flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                        : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    greffe_status status = check_tag(
        r, event, mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    if (status != GREFFE_OK) {
        return status;
    }
    if (r->depth >= GREFFE_MAX_YAML_DEPTH) {
        return refuse(r, GREFFE__GR_YAML_TOO_DEEP, span_of(r, event),
                      "no procedure needs this; look for brackets that are not closed",
                      "the text is nested deeper than 64 levels");
    }
    greffe__node *node = new_node(r, kind, event, 0);
    if (node == NULL) {
        return GREFFE_ENOMEM;
    }
    node->style = flow ? GREFFE__FLOW : GREFFE__PLAIN;
    node->anchor = name_of(r, name);
    status = attach(r, node);
    r->open[r->depth].node = node;
    r->open[r->depth].first = r->children.count;
    greffe__map_init(&r->open[r->depth].keys, r->arena);
    r->depth += 1;
    return status;
}

static greffe_status on_end(reader *r, const yaml_event_t *event)
{
    r->depth -= 1;
    greffe__node *node = r->open[r->depth].node;
    node->span.end = byte_of(r, &event->end_mark);
    if (!close_node(r, node, r->open[r->depth].first)) {
        return GREFFE_ENOMEM;
    }
    return node->anchor != NULL ? anchor(r, node) : GREFFE_OK;
}

static greffe_status on_document(reader *r, const yaml_event_t *event)
{
    greffe__span span = span_of(r, event);
    if (r->doc->root != NULL) {
        return refuse(r, GREFFE__GR_YAML_MANY_DOCUMENTS, span, "put each in a file of its own",
                      "the file holds more than one document (a line with ---)");
    }
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        return refuse(r, GREFFE__GR_YAML_DIRECTIVE, span, "delete the line that begins with %",
                      "directives (lines that begin with %) are not part of the language");
    }
    r->doc->explicit_start = !event->data.document_start.implicit;
    return GREFFE_OK;
}

static greffe_status on_event(reader *r, const yaml_event_t *event)
{
    if (++r->events > GREFFE_MAX_YAML_EVENTS) {
        return refuse(r, GREFFE__GR_YAML_TOO_MANY_EVENTS, span_of(r, event), "split the procedure",
                      "the file has more than 200,000 nodes");
    }
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT: return on_document(r, event);
    case YAML_DOCUMENT_END_EVENT:
        r->doc->explicit_end = !event->data.document_end.implicit;
        return GREFFE_OK;
    case YAML_ALIAS_EVENT: return on_alias(r, event);
    case YAML_SCALAR_EVENT: return on_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT: return on_start(r, event, GREFFE__SEQUENCE);
    case YAML_MAPPING_START_EVENT: return on_start(r, event, GREFFE__MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return on_end(r, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT: return GREFFE_OK;
    }
    return GREFFE_OK;
}

/* --- Syntax errors --- */

static greffe_status syntax_error(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        return GREFFE_ENOMEM;
    }
    uint32_t at = byte_of(r, &p->problem_mark);
    if (p->error == YAML_READER_ERROR) {
        size_t found = p->problem_offset + r->bom;
        at = (uint32_t)(found < r->doc->source.text.size ? found : r->doc->source.text.size);
        return refuse(r, GREFFE__GR_YAML_SYNTAX, (greffe__span){at, at + 1}, "delete the character",
                      "a control character stands in the text");
    }
    if (greffe__trap_syntax(&r->doc->source, r->diags, at)) {
        return GREFFE_EINVALID;
    }
    const char *problem = p->problem != NULL ? p->problem : "unknown";
    if (at == r->doc->source.text.size && p->context != NULL) {
        at = byte_of(r, &p->context_mark); /* what was left open says more than the end */
    }
    greffe__report(r->diags, GREFFE__GR_YAML_SYNTAX, &r->doc->source, (greffe__span){at, at + 1},
                   "look at the indentation, the colons and the quotes here and on the line before",
                   "this is not YAML: %s%s%s", p->context != NULL ? p->context : "",
                   p->context != NULL ? ", " : "", problem);
    return GREFFE_EINVALID;
}

static greffe_status parse_all(reader *r)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event)) {
            return syntax_error(r);
        }
        bool last = event.type == YAML_STREAM_END_EVENT;
        greffe_status status = on_event(r, &event);
        yaml_event_delete(&event);
        if (status == GREFFE_OK && r->arena->failed) {
            status = GREFFE_ENOMEM;
        }
        if (status != GREFFE_OK || last) {
            return status;
        }
    }
}

/* --- Door --- */

static greffe_status check_bytes(reader *r, greffe__str text)
{
    size_t offset;
    if (text.size > GREFFE_MAX_YAML_BYTES) {
        return refuse(r, GREFFE__GR_YAML_TOO_LARGE, (greffe__span){0, 0}, "split the file",
                      "the file is larger than 1 MiB");
    }
    if (!greffe__utf8_valid(text, &offset)) {
        return refuse(
            r, GREFFE__GR_YAML_ENCODING, (greffe__span){(uint32_t)offset, (uint32_t)offset + 1},
            "save the file as UTF-8 (in the editor: \"Encoding\")", "the bytes here are not UTF-8");
    }
    if (text.size >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0) {
        r->bom = 3;
    }
    return GREFFE_OK;
}

greffe_status greffe__doc_read(greffe__doc *out, greffe__arena *arena, greffe_diags *diags,
                               const char *name, greffe__str text)
{
    *out = (greffe__doc){0};
    greffe_status status = greffe__source_init(&out->source, arena, name, text);
    reader *r = greffe__arena_zalloc(arena, sizeof *r);
    if (status != GREFFE_OK || r == NULL) {
        return GREFFE_ENOMEM;
    }
    r->arena = arena;
    r->diags = diags;
    r->doc = out;
    r->no_break = greffe__has_no_break(text);
    greffe__map_init(&r->anchors, arena);
    if (!greffe__arena_reserve(arena, &r->children, sizeof *r->children.at, 64)) {
        return GREFFE_ENOMEM;
    }
    status = check_bytes(r, text);
    if (status == GREFFE_OK) {
        status = index_lines(r, text);
    }
    if (status != GREFFE_OK) {
        return status;
    }
    if (!yaml_parser_initialize(&r->parser)) {
        return GREFFE_ENOMEM;
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text.data + r->bom,
                                 text.size - r->bom);
    status = parse_all(r);
    yaml_parser_delete(&r->parser);
    if (status == GREFFE_OK && out->root == NULL) {
        status = refuse(r, GREFFE__GR_YAML_EMPTY, (greffe__span){0, 0},
                        "begin with 'greffe: 1' and 'procedure: <id>'", "the file is empty");
    }
    return status;
}
