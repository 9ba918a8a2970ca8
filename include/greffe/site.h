/* The site file: accounts, who pays, who writes. It is never hashed and never in a bundle.
 *
 * Thread rule: as the context. */
#ifndef GREFFE_SITE_H
#define GREFFE_SITE_H

#include <greffe/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A site file that was read; opaque. */
typedef struct greffe_site greffe_site;

/** Reads a site file's text; faults go to `diags`. `*out` is the caller's to destroy.
 *  GREFFE_EINVALID, GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_site_read(greffe_site **out, greffe_context *context,
                                          greffe_diags *diags, const char *name, greffe_str text);
/** Destroys a site, with all that was asked of it; NULL is fine. */
GREFFE_API void greffe_site_destroy(greffe_site *site);
/** The actor of an account, or NULL. Lives as long as the site. */
GREFFE_API const greffe_actor *greffe_site_account(const greffe_site *site, const char *id);
/** "sender", "payer", "payer_iban", "payer_bic"; NULL when the file doesn't say. */
GREFFE_API const char *greffe_site_text(const greffe_site *site, const char *name);

/** Where the effects of a channel go (greffe/sender.h). Strings are borrowed. */
typedef struct greffe_destination {
    size_t size;   /**< sizeof(greffe_destination) */
    uint32_t line; /**< of the site file; 0: it is from nowhere */
    const char
        *channel;     /**< "mail", "sms", "payment"; "call:cadastre" are the calls of a service */
    const char *url;  /**< of letters, smtp://host, smtp://host:587, smtps://host; of a webhook,
                         https:// */
    const char *user; /**< of an SMTP server; NULL: nobody */
    const char *password;        /**< of `user`; NULL: none */
    const char *sender;          /**< of letters: "Service <aide@example.org>" */
    const char *const *secrets;  /**< of a webhook: 1 to 8 of "whsec_" and 24 to 64 bytes in base64,
                                    then NULL. Each signs, so that one can take the place of another
                                    without a gap */
    const char *const *networks; /**< not public, but to be reached: "10.1.0.0/16", "fd00::/8", an
                                    address alone; at most 16, then NULL; NULL: none */
    const char *certificates; /**< a file of those that may vouch for the other side, instead of the
                                 system's; NULL: the system's */
    bool plain; /**< without TLS: http://, or smtp:// without STARTTLS; never with a password */
    bool repeatable;           /**< of "payment": as of greffe_handler */
    uint32_t within_s;         /**< one attempt, in seconds: 0: 30; at most 600 */
    uint32_t at_once;          /**< 0: 4; at most 64 */
    uint32_t per_minute;       /**< 0: as many as there are */
    uint32_t answers_within_s; /**< of a call: how long an answer of 202 may be late; 0: it is no
                                  answer; at most 90 days */
} greffe_destination;

/** The destinations of a site: those of its letters, webhooks and services, from 0; NULL behind the
 *  last. Lives as long as the site. */
GREFFE_API const greffe_destination *greffe_site_destination(const greffe_site *site, size_t index);

/** Whether an account number is an IBAN (ISO 13616): its country's length, check digits that agree.
 *  Spaces and small letters are borne. From any thread. */
GREFFE_API bool greffe_iban_valid(greffe_str text);
/** Whether a bank is named by a BIC (ISO 9362), in capitals. From any thread. */
GREFFE_API bool greffe_bic_valid(greffe_str text);

#ifdef __cplusplus
}
#endif
#endif
