/* YAML as JSON: the document tree written out, with the line of each mapping. */
#include <greffe/scenario.h>

#include "text/text.h"

static void scalar(greffe__buf *out, const greffe__node *node)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; node->style == GREFFE__PLAIN && i < sizeof words / sizeof *words; i++) {
        if (greffe__str_is(node->text, words[i])) {
            greffe__buf_text(out, words[i]);
            return;
        }
    }
    if (node->style == GREFFE__PLAIN && node->text.size == 0) {
        greffe__buf_text(out, "null");
        return;
    }
    greffe__buf_json(out, node->text);
}

/* Depth is bounded by the reader's, and aliases by the number of nodes they stand for. */
static void write(greffe__buf *out, const greffe__doc *doc, const greffe__node *node)
{
    node = greffe__node_resolve(node);
    if (node->kind == GREFFE__SCALAR) {
        scalar(out, node);
        return;
    }
    bool mapping = node->kind == GREFFE__MAPPING;
    uint32_t line, column;
    greffe__source_place(&doc->source, node->span.start, &line, &column);
    if (mapping) {
        greffe__buf_format(out, "{\"@line\":%u", line);
    } else {
        greffe__buf_byte(out, '[');
    }
    for (uint32_t i = 0; i < node->count; i++) {
        bool value = mapping && i % 2 == 1;
        greffe__buf_text(out, value ? ":" : mapping || i > 0 ? "," : "");
        if (mapping && !value) {
            greffe__buf_json(out, node->children[i]->text);
        } else {
            write(out, doc, node->children[i]);
        }
    }
    greffe__buf_byte(out, mapping ? '}' : ']');
}

greffe_status greffe_yaml_to_json(char **out, greffe_context *context, greffe_diags *diags,
                                  const char *name, greffe_str text)
{
    if (out == NULL || context == NULL || diags == NULL || name == NULL || text.data == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe__arena arena;
    greffe__buf json;
    greffe__doc doc;
    greffe__arena_init(&arena, context);
    greffe__buf_init(&json, context);
    greffe_status status = greffe__doc_read(&doc, &arena, diags, name, text);
    if (status == GREFFE_OK) {
        write(&json, &doc, doc.root);
        status = greffe__buf_done(&json) == NULL ? GREFFE_ENOMEM : GREFFE_OK;
    }
    greffe__arena_free(&arena);
    if (status != GREFFE_OK) {
        greffe__buf_free(&json);
        return status;
    }
    *out = json.data;
    return GREFFE_OK;
}
