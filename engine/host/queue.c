/* The store thread: jobs in the order they came, and the waiting of their callers. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "host/host_priv.h"

/* How often the store thread looks for the next job before it sleeps. Who waits for one command
 * often gives the next at once, and to be woken costs more than these looks. */
enum { most_looks = 64 };

struct greffe__queue {
    greffe_engine *engine;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    greffe__job *first, *last;
    atomic_bool waiting; /* a job, or the end: written under the lock */
    int64_t shared_us;   /* how long the last commit took, when it was shared: the thread's own */
    int64_t spent_us;    /* of that, waiting for others */
    bool closing;
    unsigned callers; /* that have not left yet */
    pthread_cond_t left;
    pthread_mutex_t round;
    atomic_bool glances; /* somebody wants to know of others' commits */
    int64_t glanced_ms;  /* when that was looked at last: the thread's own */
};

bool greffe__queue_begin_round(greffe__queue *queue)
{
    return pthread_mutex_lock(&queue->round) == 0;
}

bool greffe__queue_try_round(greffe__queue *queue)
{
    return pthread_mutex_trylock(&queue->round) == 0;
}

void greffe__queue_end_round(greffe__queue *queue)
{
    pthread_mutex_unlock(&queue->round);
}

static bool init_round(greffe__queue *queue)
{
    pthread_mutexattr_t kind;
    if (pthread_mutexattr_init(&kind) != 0) {
        return false;
    }
    bool good = pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK) == 0 &&
                pthread_mutex_init(&queue->round, &kind) == 0;
    pthread_mutexattr_destroy(&kind);
    return good;
}

void greffe__queue_glance(greffe__queue *queue, bool wanted)
{
    pthread_mutex_lock(&queue->lock);
    atomic_store(&queue->glances, wanted && GREFFE__STORE_HAS(queue->engine->store, moved));
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_signal(&queue->arrived);
}

/* A fault of the store is for those who do something with it. */
static void glance(greffe__queue *queue)
{
    greffe_engine *e = queue->engine;
    bool moved = false;
    queue->glanced_ms = greffe__steady_us() / 1000;
    if (greffe__wait_moved(e, &moved) == GREFFE_OK && moved) {
        greffe__notices_stir(e->notices);
    }
}

/* Waits until something may have come, or it is time to glance; both under the lock. */
static void sleep_a_while(greffe__queue *queue)
{
    if (!atomic_load(&queue->glances)) {
        pthread_cond_wait(&queue->arrived, &queue->lock);
        return;
    }
    int64_t until = queue->glanced_ms + GREFFE_GLANCE_MS;
    const struct timespec at = {.tv_sec = (time_t)(until / 1000),
                                .tv_nsec = (long)(until % 1000) * 1000000};
    (void)pthread_cond_timedwait(&queue->arrived, &queue->lock, &at);
}

/* Comes back with the lock. */
static void wait_for_work(greffe__queue *queue)
{
    for (int looks = 0; looks < most_looks && !atomic_load(&queue->waiting); looks++) {
        (void)sched_yield();
    }
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        bool glances = atomic_load(&queue->glances) && !queue->closing;
        if (glances && greffe__steady_us() / 1000 >= queue->glanced_ms + GREFFE_GLANCE_MS) {
            pthread_mutex_unlock(&queue->lock);
            glance(queue);
            pthread_mutex_lock(&queue->lock);
        } else if (queue->first != NULL || queue->closing) {
            return;
        } else {
            sleep_a_while(queue);
        }
    }
}

/* How many of these jobs are about a stream. */
static unsigned count_of(greffe__job *const *jobs, size_t count, const char *stream)
{
    unsigned found = 0;
    for (size_t i = 0; i < count; i++) {
        found += strcmp(jobs[i]->stream, stream) == 0;
    }
    return found;
}

/* The first job, and those behind it that may share its commit, or that of the `count` before: up
 * to one that has to be alone, and few of each stream, so that nobody who gives many holds up the
 * others. What is left keeps its order. How many there are now. */
static size_t take_jobs(greffe__queue *queue, greffe__job **jobs, size_t count)
{
    greffe__job *before = NULL;
    for (greffe__job *job = queue->first; job != NULL && count < GREFFE_MAX_GROUP;) {
        bool alone = job->stream == NULL;
        if (alone && (count > 0 || before != NULL)) {
            break;
        }
        greffe__job *next = job->next;
        if (!alone && count_of(jobs, count, job->stream) >= GREFFE_MAX_GROUP_OF_STREAM) {
            before = job;
            job = next;
            continue;
        }
        *(before == NULL ? &queue->first : &before->next) = next;
        queue->last = queue->last == job ? before : queue->last;
        jobs[count++] = job;
        job = alone ? NULL : next;
    }
    atomic_store(&queue->waiting, queue->first != NULL || queue->closing);
    return count;
}

/* Those who give commands together should share a commit, not one of them go first and the others
 * wait for it: what came while the others were decided joins them. Where the last commit was
 * shared, there is some waiting for what follows closely: a quarter of what that one took at the
 * most. */
static size_t join_in(void *data, greffe__job **jobs, size_t count)
{
    enum { most_quiet_us = 100 };
    greffe__queue *queue = data;
    int64_t quiet_us = queue->shared_us / 16, left_us = queue->shared_us / 4 - queue->spent_us;
    quiet_us = quiet_us < most_quiet_us ? quiet_us : most_quiet_us;
    quiet_us = quiet_us < left_us ? quiet_us : left_us;
    if (count < GREFFE_MAX_GROUP && quiet_us > 0 && !atomic_load(&queue->waiting)) {
        int64_t begun_us = greffe__steady_us(), now_us = begun_us;
        while (!atomic_load(&queue->waiting) && now_us - begun_us < quiet_us) {
            (void)sched_yield();
            now_us = greffe__steady_us();
        }
        queue->spent_us += now_us - begun_us;
    }
    pthread_mutex_lock(&queue->lock);
    count = take_jobs(queue, jobs, count);
    pthread_mutex_unlock(&queue->lock);
    return count;
}

/* A command that comes alone begins a group all the same: another may come while it is decided. */
static size_t run_jobs(greffe__queue *queue, greffe__job **jobs, size_t count)
{
    if (jobs[0]->stream == NULL) {
        return greffe__run_group(queue->engine, jobs, count, NULL, NULL);
    }
    int64_t begun_us = greffe__steady_us();
    queue->spent_us = 0;
    count = greffe__run_group(queue->engine, jobs, count, join_in, queue);
    queue->shared_us = count > 1 ? greffe__steady_us() - begun_us : 0;
    return count;
}

static void finish_jobs(greffe__queue *queue, greffe__job *const *jobs, size_t count)
{
    greffe__notices *notices = count > 1 ? queue->engine->notices : NULL;
    if (notices != NULL) {
        greffe__notices_gather(notices, true);
    }
    for (size_t i = 0; i < count; i++) {
        jobs[i]->finished(jobs[i]);
    }
    if (notices != NULL) {
        greffe__notices_gather(notices, false);
    }
}

static void *work(void *data)
{
    greffe__queue *queue = data;
    greffe__job *jobs[GREFFE_MAX_GROUP];
    for (;;) {
        wait_for_work(queue); /* gives the lock */
        size_t count = take_jobs(queue, jobs, 0);
        pthread_mutex_unlock(&queue->lock);
        if (count == 0) {
            return NULL;
        }
        finish_jobs(queue, jobs, run_jobs(queue, jobs, count));
    }
}

greffe_status greffe__queue_open(greffe__queue **out, greffe_engine *engine)
{
    greffe__queue *queue = greffe__alloc(engine->context, NULL, sizeof *queue);
    if (queue == NULL) {
        return GREFFE_ENOMEM;
    }
    *queue = (greffe__queue){.engine = engine};
    if (!init_round(queue)) {
        greffe__free(engine->context, queue);
        return GREFFE_ENOMEM;
    }
    pthread_condattr_t kind;
    atomic_init(&queue->waiting, false);
    atomic_init(&queue->glances, false);
    pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_condattr_init(&kind);
    (void)pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->arrived, &kind);
    (void)pthread_condattr_destroy(&kind);
    pthread_cond_init(&queue->left, NULL);
    if (pthread_create(&queue->thread, NULL, work, queue) != 0) {
        pthread_cond_destroy(&queue->left);
        pthread_cond_destroy(&queue->arrived);
        pthread_mutex_destroy(&queue->lock);
        pthread_mutex_destroy(&queue->round);
        greffe__free(engine->context, queue);
        return GREFFE_ENOMEM;
    }
    *out = queue;
    return GREFFE_OK;
}

void greffe__queue_close(greffe__queue *queue)
{
    if (queue == NULL) {
        return;
    }
    pthread_mutex_lock(&queue->lock);
    queue->closing = true;
    atomic_store(&queue->waiting, true);
    pthread_cond_signal(&queue->arrived);
    pthread_mutex_unlock(&queue->lock);
    pthread_join(queue->thread, NULL);
    pthread_mutex_lock(&queue->lock);
    while (queue->callers > 0) { /* what was accepted is told to who waits for it */
        pthread_cond_wait(&queue->left, &queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_destroy(&queue->left);
    pthread_cond_destroy(&queue->arrived);
    pthread_mutex_destroy(&queue->lock);
    pthread_mutex_destroy(&queue->round);
    greffe__free(queue->engine->context, queue);
}

void greffe__queue_post(greffe__queue *queue, greffe__job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&queue->lock);
    *(queue->last != NULL ? &queue->last->next : &queue->first) = job;
    queue->last = job;
    atomic_store(&queue->waiting, true);
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_signal(&queue->arrived);
}

/* A job that its caller waits for. */
typedef struct awaited {
    greffe__job job;
    sem_t done;
} awaited;

static void wake(greffe__job *job)
{
    awaited *a = (awaited *)job;
    (void)sem_post(&a->done); /* from here on it may be gone */
}

greffe_status greffe__queue_await(greffe__queue *queue, greffe__job *job)
{
    awaited own = {.job = *job};
    own.job.finished = wake;
    if (pthread_equal(pthread_self(), queue->thread)) {
        return GREFFE_EMISUSE; /* a hook that calls the engine would wait for itself */
    }
    if (sem_init(&own.done, 0, 0) != 0) {
        return GREFFE_ENOMEM;
    }
    pthread_mutex_lock(&queue->lock);
    queue->callers += 1;
    pthread_mutex_unlock(&queue->lock);
    greffe__queue_post(queue, &own.job);
    while (sem_wait(&own.done) != 0) {
    } /* a signal's handler ran meanwhile */
    pthread_mutex_lock(&queue->lock);
    queue->callers -= 1;
    pthread_cond_signal(&queue->left);
    pthread_mutex_unlock(&queue->lock);
    (void)sem_destroy(&own.done);
    return own.job.status;
}

greffe_status greffe__queue_call(greffe__queue *queue, greffe__job_fn run, void *data)
{
    greffe__job job = {.run = run, .data = data};
    return greffe__queue_await(queue, &job);
}
