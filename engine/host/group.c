/* Commands that share a commit: each is decided and taken, or refused, by itself, and all of them
 * wait for one sync. Nobody is told before that. */
#include "host/host_priv.h"

static void run_alone(greffe_engine *e, greffe__job *job)
{
    job->status = job->run(e, job->data);
}

/* What commands have committed may be due at once. */
static void stir(greffe_engine *e, greffe__job *const *jobs, size_t count)
{
    bool commits = false;
    for (size_t i = 0; i < count; i++) {
        commits = commits || (jobs[i]->stream != NULL && jobs[i]->status == GREFFE_OK);
    }
    if (commits) {
        greffe__notices_stir(e->notices);
    }
}

size_t greffe__run_group(greffe_engine *e, greffe__job **jobs, size_t count, greffe__more_fn more,
                         void *data)
{
    bool grouped = (count > 1 || more != NULL) && GREFFE__STORE_HAS(e->store, group) &&
                   greffe__wait_group(e, true) == GREFFE_OK;
    e->shares = grouped;
    e->named_count = 0;
    for (size_t done = 0; done < count;) {
        run_alone(e, jobs[done++]);
        count = done == count && grouped && more != NULL ? more(data, jobs, count) : count;
    }
    e->shares = false;
    bool lost = grouped && greffe__wait_group(e, false) != GREFFE_OK;
    /* Nothing of it was done: what one of them met shall not be the others' fate. */
    for (size_t i = 0; lost && i < count; i++) {
        jobs[i]->undo(jobs[i]);
        run_alone(e, jobs[i]);
    }
    stir(e, jobs, count);
    return count;
}
