/* The store's calls, awaited: each may complete later, and from another thread. */
#include <pthread.h>

#include "host/host_priv.h"

struct greffe__wait {
    pthread_mutex_t lock;
    pthread_cond_t done;
    pthread_t waits;
    bool at_once; /* finished by who waits for it, before waiting: no lock was needed */
    bool finished;
    greffe_status status;
};

static void begin(greffe__wait *wait)
{
    *wait = (greffe__wait){.status = GREFFE_OK, .waits = pthread_self()};
    pthread_mutex_init(&wait->lock, NULL);
    pthread_cond_init(&wait->done, NULL);
}

static void finish(void *data, greffe_status status)
{
    greffe__wait *wait = data;
    if (pthread_equal(pthread_self(), wait->waits)) {
        wait->status = status;
        wait->at_once = true;
        return;
    }
    pthread_mutex_lock(&wait->lock);
    wait->status = status;
    wait->finished = true;
    pthread_cond_signal(&wait->done);
    pthread_mutex_unlock(&wait->lock);
}

static greffe_status end(greffe__wait *wait)
{
    if (!wait->at_once) {
        pthread_mutex_lock(&wait->lock);
        while (!wait->finished) {
            pthread_cond_wait(&wait->done, &wait->lock);
        }
        pthread_mutex_unlock(&wait->lock);
    }
    pthread_cond_destroy(&wait->done);
    pthread_mutex_destroy(&wait->lock);
    return wait->status;
}

static void *take(void *data, size_t size)
{
    return greffe__arena_alloc(data, size);
}

greffe_status greffe__wait_load(greffe_engine *e, greffe_load *items, size_t count,
                                greffe__arena *arena)
{
    greffe__wait wait;
    greffe_memory memory = {take, arena};
    begin(&wait);
    e->store->ops->load(e->store, items, count, &memory, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_commit(greffe_engine *e, const greffe_write_set *set)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->commit(e->store, set, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_claim(greffe_engine *e, greffe_claim_request *request,
                                 greffe__arena *arena)
{
    greffe__wait wait;
    greffe_memory memory = {take, arena};
    begin(&wait);
    e->store->ops->claim(e->store, request, &memory, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_read(greffe_engine *e, greffe_read *request, greffe__arena *arena)
{
    greffe__wait wait;
    greffe_memory memory = {take, arena};
    begin(&wait);
    e->store->ops->read(e->store, request, &memory, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_postpone(greffe_engine *e, const greffe_effect_row *effect,
                                    int64_t next_ms)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->postpone(e->store, effect, next_ms, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_publish(greffe_engine *e, const greffe_publication *publication)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->publish(e->store, publication, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_group(greffe_engine *e, bool begin_it)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->group(e->store, begin_it, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_keep(greffe_engine *e, greffe__str subscriber, int64_t position)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->keep(e->store, subscriber, position, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_lease(greffe_engine *e, greffe_lease *lease)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->lease(e->store, lease, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_inbox(greffe_engine *e, greffe_inbox_request *request,
                                 greffe__arena *arena)
{
    greffe__wait wait;
    greffe_memory memory = {take, arena};
    begin(&wait);
    e->store->ops->inbox(e->store, request, &memory, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_answer(greffe_engine *e, const greffe_inbox_answer *answer)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->answer(e->store, answer, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_moved(greffe_engine *e, bool *out)
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->moved(e->store, out, finish, &wait);
    return end(&wait);
}

greffe_status greffe__wait_secret(greffe_engine *e, const unsigned char fresh[32])
{
    greffe__wait wait;
    begin(&wait);
    e->store->ops->secret(e->store, fresh, e->secret, finish, &wait);
    return end(&wait);
}
