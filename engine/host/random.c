/* Randomness of the system, unless the host gives its own. */
#include <sodium.h>

#include "host/host_priv.h"

greffe_status greffe__system_random(void *data, unsigned char *out, size_t size)
{
    (void)data;
    if (sodium_init() < 0) {
        return GREFFE_EIO;
    }
    randombytes_buf(out, size);
    return GREFFE_OK;
}
