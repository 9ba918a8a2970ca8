/* Effect handlers that write files. Each may be replaced by a host's own. */
#ifndef GREFFE_EFFECTS_EFFECTS_H
#define GREFFE_EFFECTS_EFFECTS_H

#include <greffe/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where files go, and who pays: the site's own data, never part of a procedure. */
typedef struct greffe_file_effects {
    const char *directory; /* letters/, payments/ and minutes/ are made below it */
    const char *sender;    /* "Service <adresse@example.org>" */
    const char *payer, *payer_iban, *payer_bic;
} greffe_file_effects;

/* Channel "mail": a message of RFC 5322, one file each, named by the effect's key. */
GREFFE_API greffe_status greffe_effect_mail(void *data, const greffe_effect *effect,
                                            char problem[256]);
/* Channel "payment": a file of ISO 20022 pain.001.001.09, one for each batch. */
GREFFE_API greffe_status greffe_effect_payment(void *data, const greffe_effect *effect,
                                               char problem[256]);
/* Channel "minutes": the minutes of a session as text. */
GREFFE_API greffe_status greffe_effect_minutes(void *data, const greffe_effect *effect,
                                               char problem[256]);
/* Writes a file whole or not at all, synced before it has its name. */
greffe_status greffe__file_write(const char *directory, const char *folder, const char *name,
                                 const char *data, size_t size, char problem[256]);

#ifdef __cplusplus
}
#endif
#endif
