/* Counts the syncs of the program that it is linked with, or that it is preloaded to (LD_PRELOAD),
 * and makes each dearer when that is asked for. All programs wait for the same call: an SQLite that
 * was built without fdatasync, as the one of npm's better-sqlite3, asks for fsync.
 *
 * BENCH_SYNC_US: how many microseconds dearer. BENCH_SYNCS: a file in which the count is left when
 * the program ends. */
#include "syncs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

atomic_ulong bench_syncs;
uint32_t bench_sync_extra_us;

/* These take the place of the C library's: SQLite's calls come here. */
__attribute__((visibility("default"))) int fdatasync(int file)
{
    (void)atomic_fetch_add(&bench_syncs, 1);
    if (bench_sync_extra_us > 0) {
        const struct timespec more = {.tv_nsec = (long)bench_sync_extra_us * 1000};
        (void)nanosleep(&more, NULL);
    }
    return (int)syscall(SYS_fdatasync, file);
}

__attribute__((visibility("default"))) int fsync(int file)
{
    return fdatasync(file);
}

__attribute__((constructor)) static void begin(void)
{
    const char *dearer = getenv("BENCH_SYNC_US");
    bench_sync_extra_us = dearer != NULL ? (uint32_t)strtoul(dearer, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("BENCH_SYNCS");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL) {
        (void)fprintf(file, "%lu\n", atomic_load(&bench_syncs));
        (void)fclose(file);
    }
}
