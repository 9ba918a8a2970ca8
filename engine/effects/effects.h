/* Inside the effects: texts that grow, and how a file gets its name. */
#ifndef GREFFE_EFFECTS_EFFECTS_H
#define GREFFE_EFFECTS_EFFECTS_H

#include <greffe/effects.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- A text that grows (text.c). The end frees `data`. --- */

typedef struct greffe__text {
    char *data; /* terminated, once there is anything */
    size_t size, capacity;
    bool failed; /* there was no memory: what is there is not all */
} greffe__text;

void greffe__text_put(greffe__text *text, const char *data, size_t size);
void greffe__text_say(greffe__text *text, const char *words);
void greffe__text_format(greffe__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A member's text, or "". */
struct cJSON;
const char *greffe__text_of(const struct cJSON *object, const char *name);

enum { GREFFE__ADDRESS_ROOM = 320 };
/* The address of a sender, "Service <aide@example.org>" or alone; false: there is none. */
bool greffe__mail_sender(char out[GREFFE__ADDRESS_ROOM], const char *from);
/* A letter as a message of RFC 5322, and whom it goes to: both the caller's to free, also when it
 * fails. GREFFE_EINVALID, with the problem: there is no address or text. */
greffe_status greffe__mail_compose(greffe__text *out, char **reader, const greffe_effect *effect,
                                   const char *from, char problem[256]);

/* Writes a file whole or not at all, synced before it has its name. */
greffe_status greffe__file_write(const char *directory, const char *folder, const char *name,
                                 const char *data, size_t size, char problem[256]);

#ifdef __cplusplus
}
#endif
#endif
