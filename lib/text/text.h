/* Documents: a YAML file as a tree of nodes with their places, within bounds.
 *
 * What the tree keeps is what the language uses: mappings, lists and scalars as they were written.
 * It knows nothing of procedures. Tags, merge keys, directives, duplicate keys and several
 * documents in one file are refused; the traps of YAML are diagnosed from the source bytes. */
#ifndef GREFFE_TEXT_TEXT_H
#define GREFFE_TEXT_TEXT_H

#include "base/diag.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum greffe__node_kind {
    GREFFE__SCALAR,
    GREFFE__SEQUENCE,
    GREFFE__MAPPING,
    GREFFE__ALIAS
} greffe__node_kind;

typedef enum greffe__style {
    GREFFE__PLAIN,
    GREFFE__SINGLE_QUOTED,
    GREFFE__DOUBLE_QUOTED,
    GREFFE__LITERAL, /* | */
    GREFFE__FOLDED,  /* > */
    GREFFE__FLOW     /* [] and {} */
} greffe__style;

typedef struct greffe__node greffe__node;

struct greffe__node {
    uint8_t kind, style;
    greffe__span span;  /* of the source bytes */
    uint32_t count;     /* of children */
    greffe__str text;   /* of a scalar, decoded; terminated */
    const char *anchor; /* without its &; NULL: it has none */
    union {
        const greffe__node *const *children; /* of a mapping: key, value, key, value… */
        const greffe__node *target;          /* of an alias */
    };
};

typedef struct greffe__doc {
    greffe__source source;
    greffe__node *root;
    bool explicit_start, explicit_end;
} greffe__doc;

/* Reads `text`, which must outlive the document. Faults go to `diags`.
 * GREFFE_EINVALID, GREFFE_ENOMEM. */
greffe_status greffe__doc_read(greffe__doc *out, greffe__arena *arena, greffe_diags *diags,
                               const char *name, greffe__str text);

/* The node itself, or what an alias stands for. */
const greffe__node *greffe__node_resolve(const greffe__node *node);
/* The value of a key of a mapping, or NULL. */
const greffe__node *greffe__node_get(const greffe__node *mapping, const char *key);
/* The place of the byte at `offset` of a scalar's decoded text. Exact for plain and quoted
 * scalars on one line and for literal blocks; else the scalar's beginning. */
greffe__span greffe__node_place(const greffe__doc *doc, const greffe__node *node, uint32_t start,
                                uint32_t end);
/* "a mapping", "a list", "a text". */
const char *greffe__node_kind_name(const greffe__node *node);

/* Traps inside one scalar or mapping that only its meaning can tell: reports and says true.
 * A title, label or message: a comment after a single space. */
bool greffe__trap_text(const greffe__doc *doc, greffe_diags *diags, const greffe__node *node);
/* An expression: quotes that YAML removed, a comma that cut it inside braces. */
bool greffe__trap_expression(const greffe__doc *doc, greffe_diags *diags, const greffe__node *node);

#ifdef __cplusplus
}
#endif
#endif
