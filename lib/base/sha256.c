/* Hashes over libsodium, which needs no initialisation for these two. */
#include "base/sha256.h"

#include <sodium.h>

greffe__hash greffe__sha256(greffe__str data)
{
    return greffe__sha256_pair(data, (greffe__str){"", 0});
}

greffe__hash greffe__sha256_pair(greffe__str first, greffe__str second)
{
    greffe__hash result;
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, (const unsigned char *)first.data, first.size);
    (void)crypto_hash_sha256_update(&state, (const unsigned char *)second.data, second.size);
    (void)crypto_hash_sha256_final(&state, result.bytes);
    return result;
}

greffe__hash greffe__hmac(const unsigned char key[GREFFE__HASH_BYTES], greffe__str first,
                          greffe__str second)
{
    greffe__hash result;
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, key, GREFFE__HASH_BYTES);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)first.data, first.size);
    /* A separator that cannot stand in an id keeps ("ab","c") and ("a","bc") apart. */
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)"", 1);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)second.data, second.size);
    (void)crypto_auth_hmacsha256_final(&state, result.bytes);
    return result;
}

greffe__str greffe__hash_str(const greffe__hash *hash)
{
    return (greffe__str){(const char *)hash->bytes, GREFFE__HASH_BYTES};
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool greffe__unhex(greffe__hash *out, greffe__str text)
{
    bool good = text.size == 2 * GREFFE__HASH_BYTES;
    for (size_t i = 0; good && i < GREFFE__HASH_BYTES; i++) {
        int high = digit(text.data[2 * i]), low = digit(text.data[2 * i + 1]);
        good = high >= 0 && low >= 0;
        out->bytes[i] = (unsigned char)(good ? high * 16 + low : 0);
    }
    return good;
}

void greffe__hex(char *out, greffe__str bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        out[2 * i] = digits[byte >> 4];
        out[2 * i + 1] = digits[byte & 15];
    }
    out[2 * bytes.size] = '\0';
}
