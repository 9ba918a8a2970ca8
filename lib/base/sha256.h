/* SHA-256 and HMAC-SHA-256. Only sha256.c knows the library behind them. */
#ifndef GREFFE_BASE_SHA256_H
#define GREFFE_BASE_SHA256_H

#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GREFFE__HASH_BYTES = 32, GREFFE__HASH_CHARS = 65 };

typedef struct greffe__hash {
    unsigned char bytes[GREFFE__HASH_BYTES];
} greffe__hash;

greffe__hash greffe__sha256(greffe__str data);
/* The hash of two strings one after the other. */
greffe__hash greffe__sha256_pair(greffe__str first, greffe__str second);
greffe__hash greffe__hmac(const unsigned char key[GREFFE__HASH_BYTES], greffe__str first,
                          greffe__str second);
greffe__str greffe__hash_str(const greffe__hash *hash);  /* its 32 bytes, borrowed */
bool greffe__unhex(greffe__hash *out, greffe__str text); /* 64 lower-case digits, or false */
void greffe__hex(char *out, greffe__str bytes);          /* 2 × size characters, terminated */

#ifdef __cplusplus
}
#endif
#endif
