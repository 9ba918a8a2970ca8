/* The store that is late: threads, delays, faults, and replies without a byte too many. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/late_store.h"

typedef struct late_store {
    greffe_store base;
    greffe_store *inner;
    unsigned most_delay_us;
    pthread_mutex_t lock;  /* of what follows */
    pthread_mutex_t using; /* of the inner store: one thread at a time */
    pthread_cond_t changed;
    uint64_t random, calls, faults;
    unsigned waiting;
    bool held;
    uint64_t fault_at; /* counted as `calls`; 0: none */
    late_fault fault;
    greffe_status fault_status;
    late_call faulty;
} late_store;

/* One call on its way. */
typedef struct flight {
    late_store *store;
    late_call call;
    uint64_t number;
    long delay_ns;
    greffe_done_fn done;
    void *data;
    greffe_memory *memory;
    greffe_load *items;
    size_t count;
    const greffe_write_set *set;
    greffe_claim_request *claim;
    greffe_read *read;
    const greffe_effect_row *effect;
    int64_t instant;
    const greffe_publication *publication;
    const unsigned char *fresh;
    unsigned char *out;
} flight;

static const char *const call_names[LATE_CALLS] = {"load",     "commit",  "claim", "read",
                                                   "postpone", "publish", "secret"};

const char *late_call_name(late_call call)
{
    return call_names[call];
}

/* --- Replies as the interface has them --- */

/* A copy that is followed by no zero. */
static bool bare(greffe_memory *memory, greffe_str *text)
{
    char *copy = memory->take(memory->data, text->size + 1);
    if (copy == NULL) {
        return false;
    }
    if (text->size > 0) {
        memcpy(copy, text->data, text->size);
    }
    copy[text->size] = '#';
    text->data = copy;
    return true;
}

static bool bare_all(greffe_memory *memory, greffe_str *const texts[], size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        good = bare(memory, texts[i]) && good;
    }
    return good;
}

static void *copy_of(greffe_memory *memory, const void *rows, size_t size)
{
    void *copy = memory->take(memory->data, size + 1);
    if (copy != NULL && size > 0) {
        memcpy(copy, rows, size);
    }
    return copy;
}

static bool bare_loads(const flight *f)
{
    bool good = true;
    for (size_t i = 0; i < f->count && good; i++) {
        greffe_load *item = &f->items[i];
        greffe_str *const texts[] = {&item->head, &item->body, &item->label};
        greffe_personal_row *rows =
            copy_of(f->memory, item->personal, item->personal_count * sizeof *rows);
        good = rows != NULL && (!item->found || bare_all(f->memory, texts, 3));
        for (size_t j = 0; j < item->personal_count && good; j++) {
            greffe_str *const parts[] = {&rows[j].ref, &rows[j].class_name, &rows[j].salt,
                                         &rows[j].value};
            good = bare_all(f->memory, parts, 4);
        }
        item->personal = rows;
    }
    return good;
}

static bool bare_claim(const flight *f)
{
    greffe_claim_request *c = f->claim;
    bool good = true;
    if (!c->effects) {
        greffe_due_row *due = copy_of(f->memory, c->due, c->count * sizeof *due);
        for (size_t i = 0; i < c->count && due != NULL && good; i++) {
            good = bare(f->memory, &due[i].key);
        }
        c->due = due;
        return due != NULL && good;
    }
    greffe_effect_row *rows = copy_of(f->memory, c->effect, c->count * sizeof *rows);
    for (size_t i = 0; i < c->count && rows != NULL && good; i++) {
        greffe_str *const texts[] = {&rows[i].key, &rows[i].item, &rows[i].channel, &rows[i].letter,
                                     &rows[i].body};
        good = bare_all(f->memory, texts, 5);
    }
    c->effect = rows;
    return rows != NULL && good;
}

static bool bare_read(const flight *f)
{
    greffe_read *r = f->read;
    greffe_read_row *rows = copy_of(f->memory, r->rows, r->count * sizeof *rows);
    bool good = rows != NULL;
    for (size_t i = 0; i < r->count && good; i++) {
        greffe_read_row *row = &rows[i];
        greffe_str *const texts[] = {&row->key,      &row->item,  &row->name,  &row->who,
                                     &row->assignee, &row->ref,   &row->label, &row->status,
                                     &row->group,    &row->owner, &row->body,  &row->head};
        good = bare_all(f->memory, texts, sizeof texts / sizeof *texts);
    }
    r->rows = rows;
    return good;
}

static greffe_status strip_reply(const flight *f)
{
    bool good = f->call == LATE_LOAD    ? bare_loads(f)
                : f->call == LATE_CLAIM ? bare_claim(f)
                : f->call == LATE_READ  ? bare_read(f)
                                        : true;
    return good ? GREFFE_OK : GREFFE_ENOMEM;
}

/* A reply is filled on GREFFE_OK only: whoever looks at another one should stumble. */
static void spoil_reply(const flight *f)
{
    for (size_t i = 0; f->call == LATE_LOAD && i < f->count; i++) {
        f->items[i].found = true;
        f->items[i].body = f->items[i].head = f->items[i].label = (greffe_str){NULL, 7};
        f->items[i].personal = NULL;
        f->items[i].personal_count = 7;
    }
    if (f->call == LATE_CLAIM) {
        f->claim->due = NULL;
        f->claim->effect = NULL;
        f->claim->count = f->claim->limit;
    }
    if (f->call == LATE_READ) {
        f->read->rows = NULL;
        f->read->count = f->read->limit;
    }
}

/* --- The inner store, awaited --- */

typedef struct awaited {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool finished;
    greffe_status status;
} awaited;

static void inner_done(void *data, greffe_status status)
{
    awaited *wait = data;
    pthread_mutex_lock(&wait->lock);
    wait->status = status;
    wait->finished = true;
    pthread_cond_signal(&wait->done);
    pthread_mutex_unlock(&wait->lock);
}

static void start_inner(const flight *f, const greffe_write_set *set, awaited *wait)
{
    greffe_store *inner = f->store->inner;
    const greffe_store_ops *ops = inner->ops;
    switch (f->call) {
    case LATE_LOAD: ops->load(inner, f->items, f->count, f->memory, inner_done, wait); break;
    case LATE_COMMIT: ops->commit(inner, set, inner_done, wait); break;
    case LATE_CLAIM: ops->claim(inner, f->claim, f->memory, inner_done, wait); break;
    case LATE_READ: ops->read(inner, f->read, f->memory, inner_done, wait); break;
    case LATE_POSTPONE: ops->postpone(inner, f->effect, f->instant, inner_done, wait); break;
    case LATE_PUBLISH: ops->publish(inner, f->publication, inner_done, wait); break;
    case LATE_SECRET: ops->secret(inner, f->fresh, f->out, inner_done, wait); break;
    case LATE_CALLS: inner_done(wait, GREFFE_EMISUSE); break;
    }
}

static greffe_status call_inner(const flight *f, const greffe_write_set *set)
{
    awaited wait = {.status = GREFFE_OK};
    pthread_mutex_init(&wait.lock, NULL);
    pthread_cond_init(&wait.done, NULL);
    pthread_mutex_lock(&f->store->using);
    start_inner(f, set, &wait);
    pthread_mutex_lock(&wait.lock);
    while (!wait.finished) {
        pthread_cond_wait(&wait.done, &wait.lock);
    }
    pthread_mutex_unlock(&wait.lock);
    greffe_status status = wait.status == GREFFE_OK ? strip_reply(f) : wait.status;
    pthread_mutex_unlock(&f->store->using);
    pthread_cond_destroy(&wait.done);
    pthread_mutex_destroy(&wait.lock);
    return status;
}

/* --- A store that lies --- */

typedef struct forgery {
    greffe_write_set set;
    greffe_stream_write *streams;
    greffe_list_row *rows;
    char *state;
    bool done;
} forgery;

static void forge_rows(forgery *forged, greffe_stream_write *write, bool removal)
{
    for (size_t i = 0; i < write->row_count && !forged->done; i++) {
        if (write->rows[i].remove == removal) {
            forged->rows = malloc(write->row_count * sizeof *forged->rows);
            forged->done = forged->rows != NULL;
            for (size_t j = 0, k = 0; j < write->row_count && forged->done; j++) {
                if (j != i) {
                    forged->rows[k++] = write->rows[j];
                }
            }
        }
    }
    if (forged->done) {
        write->rows = forged->rows;
        write->row_count -= 1;
    }
}

static void forge_state(forgery *forged, greffe_stream_write *write)
{
    forged->state = write->state.size > 0 ? malloc(write->state.size) : NULL;
    if (forged->state != NULL) {
        memcpy(forged->state, write->state.data, write->state.size);
        forged->state[write->state.size - 1] ^= 1;
        write->state.data = forged->state;
        forged->done = true;
    }
}

static void forge(forgery *forged, const greffe_write_set *set, late_fault fault)
{
    *forged = (forgery){.set = *set};
    forged->streams = malloc((set->stream_count + 1) * sizeof *forged->streams);
    if (forged->streams == NULL) {
        return;
    }
    if (set->stream_count > 0) {
        memcpy(forged->streams, set->streams, set->stream_count * sizeof *forged->streams);
    }
    forged->set.streams = forged->streams;
    if (fault == LATE_DROPS_STREAM) {
        size_t last = set->stream_count;
        forged->done = last > 1 && set->streams[last - 1].entry != NULL;
        forged->set.stream_count -= forged->done;
        return;
    }
    for (size_t i = 0; i < set->stream_count && !forged->done; i++) {
        greffe_stream_write *write = &forged->streams[i];
        if (fault == LATE_DROPS_ROW || fault == LATE_DROPS_REMOVAL) {
            forge_rows(forged, write, fault == LATE_DROPS_REMOVAL);
        } else if (fault == LATE_DROPS_PERSONAL && write->personal_count > 0) {
            write->personal += 1;
            write->personal_count -= 1;
            forged->done = true;
        } else if (fault == LATE_SPOILS_STATE && write->entry != NULL) {
            forge_state(forged, write);
        }
    }
}

/* --- Flights --- */

static bool is_lie(late_fault fault)
{
    return fault >= LATE_DROPS_ROW;
}

/* The fault of this call, or 0. */
static int take_fault(const flight *f, const forgery *forged, greffe_status *status)
{
    late_store *s = f->store;
    int fault = 0;
    pthread_mutex_lock(&s->lock);
    bool due = s->fault_at != 0 && f->number >= s->fault_at;
    if (due && (is_lie(s->fault) ? forged != NULL && forged->done : f->number == s->fault_at)) {
        fault = (int)s->fault;
        *status = s->fault == LATE_REFUSED ? s->fault_status : GREFFE_EIO;
        s->fault_at = 0;
        s->faults += 1;
        s->faulty = f->call;
    }
    pthread_mutex_unlock(&s->lock);
    return fault;
}

static late_fault planned_fault(late_store *s)
{
    pthread_mutex_lock(&s->lock);
    late_fault fault = s->fault;
    pthread_mutex_unlock(&s->lock);
    return fault;
}

static greffe_status land(const flight *f)
{
    forgery forged = {.done = false};
    greffe_status wanted = GREFFE_OK;
    late_fault planned = planned_fault(f->store);
    if (f->call == LATE_COMMIT && is_lie(planned)) {
        forge(&forged, f->set, planned);
    }
    int fault = take_fault(f, &forged, &wanted);
    greffe_status status = wanted;
    if (fault == 0 || fault == LATE_LOST_AFTER || is_lie((late_fault)fault)) {
        bool lies = fault != 0 && is_lie((late_fault)fault);
        status = call_inner(f, lies ? &forged.set : f->set);
        status = fault == LATE_LOST_AFTER ? wanted : status;
    }
    if (status != GREFFE_OK) {
        spoil_reply(f);
    }
    free(forged.rows);
    free(forged.state);
    free(forged.streams);
    return status;
}

static void *fly(void *data)
{
    flight f = *(flight *)data;
    free(data);
    late_store *s = f.store;
    struct timespec delay = {0, f.delay_ns};
    (void)nanosleep(&delay, NULL);
    pthread_mutex_lock(&s->lock);
    while (s->held) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    greffe_status status = land(&f);
    /* The store may be closed once `done` was called: close waits for this thread to leave. */
    f.done(f.data, status);
    pthread_mutex_lock(&s->lock);
    s->waiting -= 1;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* splitmix64 */
static uint64_t next_random(late_store *s)
{
    s->random += 0x9e3779b97f4a7c15u;
    uint64_t z = s->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void take_off(greffe_store *store, const flight *plan)
{
    late_store *s = (late_store *)store;
    flight *f = malloc(sizeof *f);
    if (f == NULL) {
        plan->done(plan->data, GREFFE_ENOMEM);
        return;
    }
    *f = *plan;
    f->store = s;
    pthread_mutex_lock(&s->lock);
    f->number = ++s->calls;
    f->delay_ns = (long)(next_random(s) % (s->most_delay_us + 1ul)) * 1000;
    s->waiting += 1;
    pthread_mutex_unlock(&s->lock);
    pthread_t thread;
    if (pthread_create(&thread, NULL, fly, f) == 0) {
        pthread_detach(thread);
    } else {
        (void)fly(f);
    }
}

/* --- The table of functions --- */

static void late_load(greffe_store *store, greffe_load *items, size_t count, greffe_memory *memory,
                      greffe_done_fn done, void *data)
{
    /* The caller's greffe_memory lives until `done`, as all that it hands over. */
    take_off(store, &(flight){.call = LATE_LOAD,
                              .items = items,
                              .count = count,
                              .memory = memory,
                              .done = done,
                              .data = data});
}

static void late_commit(greffe_store *store, const greffe_write_set *set, greffe_done_fn done,
                        void *data)
{
    take_off(store, &(flight){.call = LATE_COMMIT, .set = set, .done = done, .data = data});
}

static void late_claim(greffe_store *store, greffe_claim_request *request, greffe_memory *memory,
                       greffe_done_fn done, void *data)
{
    take_off(
        store,
        &(flight){
            .call = LATE_CLAIM, .claim = request, .memory = memory, .done = done, .data = data});
}

static void late_read(greffe_store *store, greffe_read *request, greffe_memory *memory,
                      greffe_done_fn done, void *data)
{
    take_off(store,
             &(flight){
                 .call = LATE_READ, .read = request, .memory = memory, .done = done, .data = data});
}

static void late_postpone(greffe_store *store, const greffe_effect_row *effect, int64_t next_ms,
                          greffe_done_fn done, void *data)
{
    take_off(store, &(flight){.call = LATE_POSTPONE,
                              .effect = effect,
                              .instant = next_ms,
                              .done = done,
                              .data = data});
}

static void late_publish(greffe_store *store, const greffe_publication *publication,
                         greffe_done_fn done, void *data)
{
    take_off(
        store,
        &(flight){.call = LATE_PUBLISH, .publication = publication, .done = done, .data = data});
}

static void late_secret(greffe_store *store, const unsigned char fresh[32], unsigned char out[32],
                        greffe_done_fn done, void *data)
{
    take_off(
        store,
        &(flight){.call = LATE_SECRET, .fresh = fresh, .out = out, .done = done, .data = data});
}

static void late_close(greffe_store *store)
{
    late_store *s = (late_store *)store;
    pthread_mutex_lock(&s->lock);
    while (s->waiting > 0) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    s->inner->ops->close(s->inner);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->using);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const greffe_store_ops late_ops = {.size = sizeof(greffe_store_ops),
                                          .load = late_load,
                                          .commit = late_commit,
                                          .claim = late_claim,
                                          .read = late_read,
                                          .postpone = late_postpone,
                                          .publish = late_publish,
                                          .secret = late_secret,
                                          .close = late_close};

greffe_status late_store_create(greffe_store **out, greffe_store *inner, uint64_t seed,
                                unsigned most_delay_us)
{
    late_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        inner->ops->close(inner);
        return GREFFE_ENOMEM;
    }
    s->base.ops = &late_ops;
    s->inner = inner;
    s->random = seed;
    s->most_delay_us = most_delay_us;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->using, NULL);
    pthread_cond_init(&s->changed, NULL);
    *out = &s->base;
    return GREFFE_OK;
}

/* --- Faults and counts --- */

void late_store_arm(greffe_store *store, uint64_t nth, late_fault fault, greffe_status status)
{
    late_store *s = (late_store *)store;
    pthread_mutex_lock(&s->lock);
    s->fault_at = s->calls + nth;
    s->fault = fault;
    s->fault_status = status;
    pthread_mutex_unlock(&s->lock);
}

uint64_t late_store_calls(greffe_store *store)
{
    late_store *s = (late_store *)store;
    pthread_mutex_lock(&s->lock);
    uint64_t calls = s->calls;
    pthread_mutex_unlock(&s->lock);
    return calls;
}

uint64_t late_store_faults(greffe_store *store)
{
    late_store *s = (late_store *)store;
    pthread_mutex_lock(&s->lock);
    uint64_t faults = s->faults;
    pthread_mutex_unlock(&s->lock);
    return faults;
}

late_call late_store_faulty_call(greffe_store *store)
{
    late_store *s = (late_store *)store;
    pthread_mutex_lock(&s->lock);
    late_call call = s->faulty;
    pthread_mutex_unlock(&s->lock);
    return call;
}

void late_store_hold(greffe_store *store, bool held)
{
    late_store *s = (late_store *)store;
    pthread_mutex_lock(&s->lock);
    s->held = held;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

unsigned late_store_waiting(greffe_store *store)
{
    late_store *s = (late_store *)store;
    pthread_mutex_lock(&s->lock);
    unsigned waiting = s->waiting;
    pthread_mutex_unlock(&s->lock);
    return waiting;
}
