/* Reporting: source files with their lines, spans, and the collector that greffe/diag.h shows.
 *
 * Codes are listed once, in codes.def; a code never changes its meaning. */
#ifndef GREFFE_BASE_DIAG_H
#define GREFFE_BASE_DIAG_H

#include <greffe/diag.h>

#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum greffe__code {
#define CODE(number, severity, name, summary) GREFFE__GR_##name = number,
#include "base/codes.def"
#undef CODE
    GREFFE__GR_NONE = 0
} greffe__code;

/* A file as it was read. Text and name outlive it. */
typedef struct greffe__source {
    const char *name;
    greffe__str text;
    const uint32_t *lines; /* byte offset of each line's first byte */
    uint32_t line_count;
} greffe__source;

/* Finds the lines. GREFFE_ENOMEM. */
greffe_status greffe__source_init(greffe__source *source, greffe__arena *arena, const char *name,
                                  greffe__str text);
/* The text of a line (from 1) without its end. */
greffe__str greffe__source_line(const greffe__source *source, uint32_t line);

/* From the byte at `start` to the byte before `end`. */
typedef struct greffe__span {
    uint32_t start, end;
} greffe__span;

/* Line and column (both from 1, columns in characters) of a byte offset. */
void greffe__source_place(const greffe__source *source, uint32_t offset, uint32_t *line,
                          uint32_t *column);

/* Adds a diagnostic; with `source` NULL it has no place. `hint` may be NULL. A diagnostic that
 * finds no memory is still counted, so that a fault is never taken for none. */
void greffe__report(greffe_diags *diags, greffe__code code, const greffe__source *source,
                    greffe__span span, const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Adds the way to what was reported last. */
void greffe__report_story(greffe_diags *diags, greffe__str story);
/* Whether this code was reported at this place already. */
bool greffe__reported(const greffe_diags *diags, greffe__code code, const greffe__source *source,
                      greffe__span span);
/* The arena that lives as long as the collector: for hints made on the way. */
greffe__arena *greffe__diags_arena(greffe_diags *diags);
void greffe__diags_sort(greffe_diags *diags);
/* "GR-2001" and the one-sentence summary; NULL for an unknown number. */
const char *greffe__code_text(greffe__code code);
const char *greffe__code_summary(greffe__code code);

#ifdef __cplusplus
}
#endif
#endif
