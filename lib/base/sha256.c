/* Hashes over nettle, which takes what the processor has for them. */
#include "base/sha256.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>

static const uint8_t *bytes_of(greffe__str text)
{
    return (const uint8_t *)text.data;
}

greffe__hash greffe__sha256(greffe__str data)
{
    return greffe__sha256_pair(data, (greffe__str){"", 0});
}

greffe__hash greffe__sha256_pair(greffe__str first, greffe__str second)
{
    greffe__hash result;
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, first.size, bytes_of(first));
    sha256_update(&state, second.size, bytes_of(second));
    sha256_digest(&state, GREFFE__HASH_BYTES, result.bytes);
    return result;
}

greffe__hash greffe__hmac(const unsigned char key[GREFFE__HASH_BYTES], greffe__str first,
                          greffe__str second)
{
    greffe__hash result;
    struct hmac_sha256_ctx state;
    hmac_sha256_set_key(&state, GREFFE__HASH_BYTES, key);
    hmac_sha256_update(&state, first.size, bytes_of(first));
    /* A separator that cannot stand in an id keeps ("ab","c") and ("a","bc") apart. */
    hmac_sha256_update(&state, 1, (const uint8_t *)"");
    hmac_sha256_update(&state, second.size, bytes_of(second));
    hmac_sha256_digest(&state, GREFFE__HASH_BYTES, result.bytes);
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
