/* Procedures that are generated, so that they may be as large as one pleases. */
#ifndef CHECK_TEXT_H
#define CHECK_TEXT_H

#include <greffe/compile.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { most_answers = 3, frame_steps = 9 };

/* What is asked for. Either so many blocks in a row, or so many steps in all, or one `parallel` of
 * so many branches. */
typedef struct text_wanted {
    uint32_t blocks, steps, branches;
    uint32_t answers; /* of the form, that guards ask for: 0 to most_answers */
    bool gap;         /* planted: choices have no way on for some answers */
} text_wanted;

typedef struct made {
    char *bytes; /* terminated; to be freed */
    size_t size;
    uint32_t steps;
} made;

/* The text of a procedure. False without memory. */
bool text_make(made *out, const text_wanted *wanted);

/* The other files of these procedures: greffe_read_fn. */
greffe_status text_read(void *data, const char *name, greffe_str *out);
/* The name of each of them, or NULL past the last. */
const char *text_file(uint32_t index);

#endif
