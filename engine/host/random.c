/* Randomness of the system, unless the host gives its own. */
#include <errno.h>
#include <sys/random.h>

#include "host/host_priv.h"

greffe_status greffe__system_random(void *data, unsigned char *out, size_t size)
{
    (void)data;
    for (size_t done = 0; done < size;) {
        ssize_t some = getrandom(out + done, size - done, 0);
        if (some < 0 && errno != EINTR) {
            return GREFFE_EIO;
        }
        done += some > 0 ? (size_t)some : 0;
    }
    return GREFFE_OK;
}
