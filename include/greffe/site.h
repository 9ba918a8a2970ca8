/* The site file: accounts, who pays, who writes. It is never hashed and never in a bundle.
 *
 * Thread rule: as the context. */
#ifndef GREFFE_SITE_H
#define GREFFE_SITE_H

#include <greffe/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct greffe_site greffe_site;

/** Reads a site file's text; faults go to `diags`. `*out` is the caller's to destroy.
 *  GREFFE_EINVALID, GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_site_read(greffe_site **out, greffe_context *context,
                                          greffe_diags *diags, const char *name, greffe_str text);
GREFFE_API void greffe_site_destroy(greffe_site *site);
/** The actor of an account, or NULL. Lives as long as the site. */
GREFFE_API const greffe_actor *greffe_site_account(const greffe_site *site, const char *id);
/** "sender", "payer", "payer_iban", "payer_bic"; NULL when the file doesn't say. */
GREFFE_API const char *greffe_site_text(const greffe_site *site, const char *name);

/** Whether an account number is an IBAN (ISO 13616): its country's length, check digits that agree.
 *  Spaces and small letters are borne. From any thread. */
GREFFE_API bool greffe_iban_valid(greffe_str text);
/** Whether a bank is named by a BIC (ISO 9362), in capitals. From any thread. */
GREFFE_API bool greffe_bic_valid(greffe_str text);

#ifdef __cplusplus
}
#endif
#endif
