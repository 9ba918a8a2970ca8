/* Replaces malloc, calloc, realloc and free of the whole process by ones that count and fail.
 *
 * glibc lets a program do so, and uses them itself. Under a sanitizer, which has its own, build
 * with SWEEP_WRAP and -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free: then the
 * allocations of Greffe alone are counted. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "alloc_sweep.h"

#ifdef SWEEP_WRAP
#define OWN(name) __wrap_##name
#define REAL(name) __real_##name
#else
#define OWN(name) name
#define REAL(name) __libc_##name
#endif

void *OWN(malloc)(size_t size);
void *OWN(calloc)(size_t count, size_t size);
void *OWN(realloc)(void *ptr, size_t size);
void OWN(free)(void *ptr);
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *ptr, size_t size);
void REAL(free)(void *ptr);

static atomic_bool armed, failed, forever, trapping;
static atomic_size_t calls, fail_at;
static atomic_long live;

static bool refuse(void)
{
    if (!atomic_load(&armed)) {
        return false;
    }
    const size_t call = atomic_fetch_add(&calls, 1) + 1;
    const size_t point = atomic_load(&fail_at);
    if (call == point || (call > point && atomic_load(&forever))) {
        atomic_store(&failed, true);
        if (atomic_load(&trapping)) {
            raise(SIGTRAP);
        }
        errno = ENOMEM;
        return true;
    }
    return false;
}

static void *counted(void *ptr)
{
    if (ptr != NULL) {
        atomic_fetch_add(&live, 1);
    }
    return ptr;
}

void *OWN(malloc)(size_t size)
{
    return refuse() ? NULL : counted(REAL(malloc)(size));
}

void *OWN(calloc)(size_t count, size_t size)
{
    return refuse() ? NULL : counted(REAL(calloc)(count, size));
}

void *OWN(realloc)(void *ptr, size_t size)
{
    if (ptr == NULL) {
        return OWN(malloc)(size);
    }
    if (size == 0) {
        OWN(free)(ptr);
        return NULL;
    }
    return refuse() ? NULL : REAL(realloc)(ptr, size);
}

void OWN(free)(void *ptr)
{
    if (ptr != NULL) {
        atomic_fetch_sub(&live, 1);
        REAL(free)(ptr);
    }
}

void memory_fail(size_t point, bool ever_after)
{
    atomic_store(&calls, 0);
    atomic_store(&fail_at, point);
    atomic_store(&forever, ever_after);
    atomic_store(&failed, false);
    atomic_store(&armed, true);
}

void memory_restore(void)
{
    atomic_store(&armed, false);
}

bool memory_failed(void)
{
    return atomic_load(&failed);
}

size_t memory_calls(void)
{
    return atomic_load(&calls);
}

long memory_live(void)
{
#ifdef SWEEP_WRAP
    return 0; /* Greffe also frees what libraries gave: the leak sanitizer knows better */
#else
    return atomic_load(&live);
#endif
}

void memory_trap(bool on)
{
    atomic_store(&trapping, on);
}

void *memory_context_alloc(void *data, void *ptr, size_t size)
{
    (void)data;
    if (size == 0) {
        OWN(free)(ptr);
        return NULL;
    }
    void *block = OWN(malloc)(size);
    if (block != NULL && ptr != NULL) {
        const size_t old = malloc_usable_size(ptr);
        memcpy(block, ptr, old < size ? old : size);
        OWN(free)(ptr);
    }
    return block;
}
