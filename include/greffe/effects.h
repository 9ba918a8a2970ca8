/* Handlers that write what leaves into files: letters, payment files, minutes. A host may take any
 * of them, each with greffe_engine_handle and a greffe_file_effects as its data, or its own
 * instead.
 *
 * Thread rule: as greffe_engine_run, which calls them. */
#ifndef GREFFE_EFFECTS_H
#define GREFFE_EFFECTS_H

#include <greffe/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where files go, who sends and who pays: the site's own data, never part of a procedure. The
 *  strings are the host's, and live as long as the handlers are set. */
typedef struct greffe_file_effects {
    const char *directory;  /**< letters/, payments/ and minutes/ are made below it */
    const char *sender;     /**< "Service <adresse@example.org>", or the address alone; UTF-8 */
    const char *payer;      /**< who pays, at most 70 characters */
    const char *payer_iban; /**< the account, without spaces */
    const char *payer_bic;  /**< its bank */
} greffe_file_effects;

/** Channel "mail": a message of RFC 5322, one file each, named by the effect's key. Writing the
 * same one again gives the same file. GREFFE_EINVALID, with the problem: there is no address or
 * text. */
GREFFE_API greffe_status greffe_effect_mail(void *data, const greffe_effect *effect,
                                            char problem[256]);
/** Channel "payment": a file of ISO 20022 pain.001.001.09, one for each batch, always the same
 * bytes for the same batch; repeatable. GREFFE_EINVALID, with the problem: the payer's account or
 * bank is not valid, or the lines do not add up. */
GREFFE_API greffe_status greffe_effect_payment(void *data, const greffe_effect *effect,
                                               char problem[256]);
/** Channel "minutes": the minutes of a session as text. */
GREFFE_API greffe_status greffe_effect_minutes(void *data, const greffe_effect *effect,
                                               char problem[256]);

#ifdef __cplusplus
}
#endif
#endif
