/* Inside the site file: what its parts share. */
#ifndef GREFFE_COMPILE_SITE_PRIV_H
#define GREFFE_COMPILE_SITE_PRIV_H

#include <greffe/site.h>

#include "compile/compile_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct greffe__destinations {
    greffe_destination *at;
    uint32_t count, capacity;
} greffe__destinations;

/* Texts of a list, behind them NULL. */
const char *const *greffe__terminated(greffe__arena *arena, const greffe__strs *list);
/* Where the effects of a channel go (site_destinations.c). */
void greffe__bind_destination(greffe__destinations *list, greffe__binder *b, greffe__str channel,
                              const greffe__node *node);

#ifdef __cplusplus
}
#endif
#endif
