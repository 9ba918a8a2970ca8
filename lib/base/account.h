/* Account numbers and banks: IBAN (ISO 13616) and BIC (ISO 9362). */
#ifndef GREFFE_BASE_ACCOUNT_H
#define GREFFE_BASE_ACCOUNT_H

#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GREFFE__IBAN_CHARS = 35 }; /* the longest, terminated */

/* The account as it is compared and paid to: capitals, no spaces. False when its length is not its
 * country's, or its check digits do not agree. */
bool greffe__iban_read(char out[GREFFE__IBAN_CHARS], greffe__str text);
/* Four letters, a country, two signs, and three more for a branch or none; capitals. */
bool greffe__bic_valid(greffe__str text);

#ifdef __cplusplus
}
#endif
#endif
