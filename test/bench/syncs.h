/* The syncs of this program: see syncs.c. */
#ifndef GREFFE_BENCH_SYNCS_H
#define GREFFE_BENCH_SYNCS_H

#include <stdatomic.h>
#include <stdint.h>

extern atomic_ulong bench_syncs;
extern uint32_t bench_sync_extra_us;

#endif
