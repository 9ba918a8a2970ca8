/* Who dispatches, when several processes share a store: the one that holds the lease. It is taken
 * when there is something to do, and prolonged while there is; who comes late with what it claimed
 * before is told so by the store, which knows the epoch.
 *
 * The lease keeps two processes from doing the same round. That money never leaves twice, and that
 * no timer counts twice, does not hang on it: attempts are marked, commits name their versions. */
#include "base/limits.h"
#include "host/host_priv.h"

greffe_status greffe__name_owner(greffe_engine *e)
{
    unsigned char bytes[(sizeof e->owner - 1) / 2];
    greffe_status status = e->random(e->random_data, bytes, sizeof bytes);
    if (status == GREFFE_OK) {
        greffe__hex(e->owner, (greffe__str){(const char *)bytes, sizeof bytes});
    }
    return status;
}

greffe_status greffe__next_instant(greffe_engine *e, greffe__next *out)
{
    greffe__arena arena;
    greffe_read read = {.what = GREFFE_READ_NEXT, .limit = 1};
    *out = (greffe__next){INT64_MAX, INT64_MAX};
    greffe__arena_init(&arena, e->own);
    greffe_status status = greffe__wait_read(e, &read, &arena);
    if (status == GREFFE_OK && read.count == 1) {
        const greffe_read_row *row = &read.rows[0];
        *out = (greffe__next){row->since_ms, row->version > 0 ? 0 : row->due};
    }
    greffe__arena_free(&arena);
    return status;
}

greffe_status greffe__lead(greffe_engine *e, greffe__turn *turn)
{
    int64_t now_ms = greffe__now(e, 0); /* the machine's: a round's own may be another time */
    *turn = (greffe__turn){.leads = true};
    if (e->alone || !GREFFE__STORE_HAS(e->store, lease)) {
        return GREFFE_OK;
    }
    bool ours = e->epoch > 0 && e->lease_until_ms - now_ms > GREFFE_DISPATCH_LEASE_MS / 2 &&
                e->lease_until_ms - now_ms <= GREFFE_DISPATCH_LEASE_MS;
    if (ours) {
        return GREFFE_OK;
    }
    greffe_lease lease = {.owner = greffe__str_of(e->owner),
                          .now_ms = now_ms,
                          .until_ms = now_ms + GREFFE_DISPATCH_LEASE_MS};
    greffe_status status = greffe__wait_lease(e, &lease);
    turn->leads = status == GREFFE_OK && lease.held;
    turn->until_ms = lease.held_ms;
    e->epoch = turn->leads ? lease.epoch : 0;
    e->lease_until_ms = turn->leads ? lease.held_ms : 0;
    return status;
}

void greffe__give_lead_back(greffe_engine *e)
{
    if (e->epoch > 0) {
        greffe_lease lease = {.owner = greffe__str_of(e->owner), .now_ms = greffe__now(e, 0)};
        (void)greffe__wait_lease(e, &lease); /* else it ends by itself, soon */
        e->epoch = 0;
    }
}
