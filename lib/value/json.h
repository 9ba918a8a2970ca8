/* JSON at the boundary: RFC 8259 read strictly into typed values, and written canonically.
 *
 * A number keeps every digit up to 34; a 64-bit integer is exact. A name that stands twice, bytes
 * that are not UTF-8, and everything that the grammar does not allow are refused with the place. */
#ifndef GREFFE_VALUE_JSON_H
#define GREFFE_VALUE_JSON_H

#include "base/diag.h"
#include "value/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `diags` may be NULL. GREFFE_EINVALID, GREFFE_ELIMIT, GREFFE_ENOMEM. */
greffe_status greffe__json_read(greffe__value *out, greffe__arena *arena, greffe_diags *diags,
                                const char *name, greffe__str text);
/* Names in ascending order, numbers in their shortest plain form, temporal values as strings of
 * ISO 8601, a range as {"from": …, "to": …}. */
void greffe__json_write(greffe__buf *out, const greffe__value *value);

#ifdef __cplusplus
}
#endif
#endif
