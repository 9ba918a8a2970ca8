/* Diagnostics: what is wrong, where, and how to mend it.
 *
 * A collector is made by the caller, handed to functions that read input, and read afterwards.
 * Thread rule: as its context. */
#ifndef GREFFE_DIAG_H
#define GREFFE_DIAG_H

#include <greffe/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A collector of diagnostics; opaque. */
typedef struct greffe_diags greffe_diags;

/** How much a diagnostic matters. */
typedef enum greffe_severity {
    GREFFE_ERROR = 0,
    GREFFE_WARNING = 1,
    GREFFE_NOTE = 2
} greffe_severity;

/** One diagnostic. Pointers live as long as the collector, or until it is cleared.
 *  Lines and columns count from 1; columns count characters, not bytes; 0 means no place. */
typedef struct greffe_diag {
    const char *code;              /**< "GR-2001"; stable */
    greffe_severity severity;      /**< an error refuses the input; a warning does not */
    const char *file;              /**< its name, as it was given, or "" */
    uint32_t line, column;         /**< where it begins */
    uint32_t end_line, end_column; /**< just past its end */
    const char *message;           /**< what is wrong, one sentence */
    const char *hint;              /**< how to mend it, one sentence; never NULL, may be "" */
    const char *source_line;       /**< the line's text, or "" */
    const char *story;             /**< the shortest way to it, told, or "" */
} greffe_diag;

/** Makes an empty collector. At most GREFFE_MAX_DIAGS are kept; the rest are counted. */
GREFFE_API greffe_status greffe_diags_create(greffe_diags **out, greffe_context *context);
/** Destroys a collector, with its diagnostics; NULL is fine. */
GREFFE_API void greffe_diags_destroy(greffe_diags *diags);
/** Forgets all diagnostics; their pointers die. */
GREFFE_API void greffe_diags_clear(greffe_diags *diags);
/** How many are kept. */
GREFFE_API size_t greffe_diags_count(const greffe_diags *diags);
/** How many of a severity were reported, kept or not. */
GREFFE_API size_t greffe_diags_total(const greffe_diags *diags, greffe_severity severity);
/** The diagnostic at `index`, in order of file, line and column after a compile; NULL past the
 *  end. */
GREFFE_API const greffe_diag *greffe_diags_get(const greffe_diags *diags, size_t index);
/** The human form, with the source line and a caret, as a terminated string owned by the
 *  collector until the next call of this function or clear. Errors: GREFFE_ENOMEM. */
GREFFE_API greffe_status greffe_diags_render(const char **out, greffe_diags *diags, size_t index);
/** The whole collector as JSON: an array of objects. Ownership as greffe_diags_render. */
GREFFE_API greffe_status greffe_diags_render_json(const char **out, greffe_diags *diags);

#ifdef __cplusplus
}
#endif
#endif
