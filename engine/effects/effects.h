/* Inside the effects: how a file gets its name. */
#ifndef GREFFE_EFFECTS_EFFECTS_H
#define GREFFE_EFFECTS_EFFECTS_H

#include <greffe/effects.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a file whole or not at all, synced before it has its name. */
greffe_status greffe__file_write(const char *directory, const char *folder, const char *name,
                                 const char *data, size_t size, char problem[256]);

#ifdef __cplusplus
}
#endif
#endif
