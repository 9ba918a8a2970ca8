/* What the system gives: time and zone files. Each can be replaced by the host. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/host_priv.h"

int64_t greffe__system_clock(void *data)
{
    (void)data;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return 0;
    }
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

greffe__str greffe__system_zone(greffe__arena *arena, const char *name)
{
    enum { most = 1 << 16 };
    char path[256];
    greffe__str none = {"", 0};
    if (strstr(name, "..") != NULL || name[0] == '/' || strlen(name) > 100) {
        return none;
    }
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    char *bytes = file == NULL ? NULL : greffe__arena_alloc(arena, most);
    size_t size = bytes == NULL ? 0 : fread(bytes, 1, most, file);
    if (file != NULL) {
        (void)fclose(file);
    }
    return (greffe__str){bytes != NULL ? bytes : "", size};
}

int64_t greffe__steady_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t greffe__now(greffe_engine *e, int64_t given)
{
    return given != 0 ? given : e->clock(e->clock_data);
}

bool greffe__good_instant(int64_t at_ms)
{
    static const int64_t earliest_ms = -62135596800000, latest_ms = 253402300799000;
    return at_ms >= earliest_ms && at_ms <= latest_ms;
}
