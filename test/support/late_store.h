/* A deliberately asynchronous store around another one, for tests of those who use stores.
 *
 * Each call is executed by a thread of its own after a short random delay, and `done` comes from
 * that thread; calls that were not awaited overtake each other. Replies hold no more than the
 * interface promises: strings are not terminated, and a call that failed leaves counts without
 * rows. Any call can be made to fail, before or after the store beneath it has done its work. It
 * knows nothing about what is stored. */
#ifndef GREFFE_TEST_LATE_STORE_H
#define GREFFE_TEST_LATE_STORE_H

#include <greffe/sys/store.h>

typedef enum late_fault {
    LATE_REFUSED = 1,    /* nothing was done; the status given is returned */
    LATE_LOST_BEFORE,    /* nothing was done, and nobody knows: GREFFE_EIO */
    LATE_LOST_AFTER,     /* it was done and is durable, and nobody knows: GREFFE_EIO */
    LATE_DROPS_ROW,      /* a store that lies: a commit forgets the first row of a list */
    LATE_DROPS_REMOVAL,  /* forgets the first removal from a list */
    LATE_DROPS_PERSONAL, /* forgets the first personal value */
    LATE_DROPS_STREAM,   /* forgets the last of several streams */
    LATE_SPOILS_STATE    /* changes a byte of a state */
} late_fault;

typedef enum late_call {
    LATE_LOAD = 0,
    LATE_COMMIT,
    LATE_CLAIM,
    LATE_READ,
    LATE_POSTPONE,
    LATE_PUBLISH,
    LATE_SECRET,
    LATE_CALLS
} late_call;

/* Wraps a store, which it closes with itself, also when it fails. GREFFE_ENOMEM. */
greffe_status late_store_create(greffe_store **out, greffe_store *inner, uint64_t seed,
                                unsigned most_delay_us);
/* The n-th call from now on (1: the next) has this fault, once. A fault that drops something waits
 * for the first commit that has such a thing. `status` is for LATE_REFUSED. */
void late_store_arm(greffe_store *store, uint64_t nth, late_fault fault, greffe_status status);
/* Calls so far, and how many of them had a fault. */
uint64_t late_store_calls(greffe_store *store);
uint64_t late_store_faults(greffe_store *store);
/* What the call with the last fault was. */
late_call late_store_faulty_call(greffe_store *store);
const char *late_call_name(late_call call);
/* While it is held, calls wait; greffe_store_ops.close must not be called. */
void late_store_hold(greffe_store *store, bool held);
/* How many calls are on their way. */
unsigned late_store_waiting(greffe_store *store);

#endif
