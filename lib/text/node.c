/* Nodes of a document: looking up, and the places of characters inside scalars. */
#include "text/text.h"

#include <string.h>

const greffe__node *greffe__node_resolve(const greffe__node *node)
{
    while (node != NULL && node->kind == GREFFE__ALIAS) {
        node = node->target;
    }
    return node;
}

const greffe__node *greffe__node_get(const greffe__node *mapping, const char *key)
{
    mapping = greffe__node_resolve(mapping);
    if (mapping == NULL || mapping->kind != GREFFE__MAPPING) {
        return NULL;
    }
    for (uint32_t i = 0; i + 1 < mapping->count; i += 2) {
        if (greffe__str_is(mapping->children[i]->text, key)) {
            return greffe__node_resolve(mapping->children[i + 1]);
        }
    }
    return NULL;
}

const char *greffe__node_kind_name(const greffe__node *node)
{
    switch ((greffe__node_kind)node->kind) {
    case GREFFE__SCALAR: return "a text";
    case GREFFE__SEQUENCE: return "a list";
    case GREFFE__MAPPING: return "a mapping";
    case GREFFE__ALIAS: return "an alias";
    }
    return "a node";
}

/* The source byte of a decoded byte in a literal block: its lines follow the | line, each after
 * the block's indentation. */
static bool literal_place(const greffe__source *source, const greffe__node *node, uint32_t offset,
                          uint32_t *out)
{
    uint32_t line, column;
    greffe__source_place(source, node->span.start, &line, &column);
    uint32_t indent = 0;
    for (uint32_t probe = line + 1; probe <= source->line_count && indent == 0; probe++) {
        greffe__str text = greffe__source_line(source, probe);
        uint32_t blanks = 0;
        while (blanks < text.size && text.data[blanks] == ' ') {
            blanks += 1;
        }
        indent = blanks < text.size ? blanks : 0;
        if (blanks < text.size && indent == 0) {
            return false;
        }
    }
    uint32_t start = 0, at = 0;
    for (; at < offset && at < node->text.size; at++) {
        if (node->text.data[at] == '\n') {
            line += 1;
            start = at + 1;
        }
    }
    if (line + 1 > source->line_count) {
        return false;
    }
    *out = source->lines[line] + indent + (offset - start);
    return true;
}

static uint32_t place_of(const greffe__doc *doc, const greffe__node *node, uint32_t offset)
{
    greffe__str source = doc->source.text;
    uint32_t start = node->span.start, at;
    if (node->style == GREFFE__LITERAL && literal_place(&doc->source, node, offset, &at)) {
        return at;
    }
    bool quoted = node->style == GREFFE__SINGLE_QUOTED || node->style == GREFFE__DOUBLE_QUOTED;
    start += quoted ? 1 : 0;
    uint32_t size = (uint32_t)node->text.size;
    if ((node->style == GREFFE__PLAIN || quoted) && offset <= size && start + size <= source.size &&
        memcmp(source.data + start, node->text.data, offset) == 0) {
        return start + offset; /* no escape or fold before it */
    }
    return node->span.start;
}

greffe__span greffe__node_place(const greffe__doc *doc, const greffe__node *node, uint32_t start,
                                uint32_t end)
{
    node = greffe__node_resolve(node);
    greffe__span span = {place_of(doc, node, start), place_of(doc, node, end)};
    if (span.end <= span.start) {
        span.end = span.start + 1;
    }
    return span;
}
