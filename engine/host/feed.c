/* The feed: what was committed, for those who follow it, each from where it has come to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/read_priv.h"

enum { most_at_once = 100, most_name = 64 };

static bool good_name(const char *name)
{
    return name != NULL && name[0] != '\0' && strlen(name) <= most_name;
}

/* --- Acknowledging --- */

greffe_status greffe__acknowledge(greffe_engine *e, void *data)
{
    const greffe__acknowledgement *a = data;
    return GREFFE__STORE_HAS(e->store, keep)
               ? greffe__wait_keep(e, greffe__str_of(a->name), a->position)
               : GREFFE_EMISUSE;
}

greffe_status greffe__acknowledgement_read(greffe__acknowledgement *out, const char *subscriber,
                                           const char *cursor)
{
    char *end;
    if (cursor == NULL || !good_name(subscriber)) {
        return GREFFE_EMISUSE;
    }
    *out = (greffe__acknowledgement){subscriber, strtoll(cursor, &end, 10)};
    bool number = *end == '\0' && cursor[0] >= '0' && cursor[0] <= '9' && out->position < INT64_MAX;
    return number ? GREFFE_OK : GREFFE_EINVALID;
}

greffe_status greffe_engine_acknowledge(greffe_engine *engine, const char *subscriber,
                                        const char *cursor)
{
    greffe__acknowledgement a;
    greffe_status status =
        engine == NULL ? GREFFE_EMISUSE : greffe__acknowledgement_read(&a, subscriber, cursor);
    return status == GREFFE_OK ? greffe__queue_call(engine->queue, greffe__acknowledge, &a)
                               : status;
}

/* --- Announcing: on the store thread --- */

/* NULL: there was no memory, or the entry cannot be read. */
static greffe__notice *notice_of(greffe_engine *e, greffe__subscriber *s,
                                 const greffe_read_row *row)
{
    greffe__notice *notice = greffe__alloc(e->context, NULL, sizeof *notice);
    greffe__arena arena;
    greffe__buf text;
    if (notice == NULL) {
        return NULL;
    }
    *notice = (greffe__notice){.what = {.size = sizeof notice->what, .kind = GREFFE_NOTICE_EVENT},
                               .subscriber = s,
                               .position = row->since_ms};
    greffe__arena_init(&notice->arena, e->context);
    greffe__arena_init(&arena, e->own);
    greffe__buf_init(&text, e->own);
    greffe__reading reading = {.out = &text, .arena = &arena};
    greffe_status status = greffe__put_entry(&reading, row, true);
    notice->entry = greffe__str_dup(&notice->arena, (greffe__str){text.data, text.size}).data;
    bool good = status == GREFFE_OK && !text.failed && !arena.failed && !notice->arena.failed;
    greffe__buf_free(&text);
    greffe__arena_free(&arena);
    if (!good) {
        greffe__notice_free(e, notice);
        return NULL;
    }
    return notice;
}

/* All of them, or none: a reading has an end. */
static greffe_status announce(greffe_engine *e, greffe__subscriber *s, const greffe_read *read)
{
    greffe__notice *first = NULL, **last = &first;
    for (size_t i = 0; i < read->count; i++) {
        greffe__notice *notice = notice_of(e, s, &read->rows[i]);
        if (notice == NULL) {
            while (first != NULL) {
                greffe__notice *next = first->next;
                greffe__notice_free(e, first);
                first = next;
            }
            return GREFFE_ENOMEM;
        }
        notice->last = i + 1 == read->count;
        *last = notice;
        last = &notice->next;
    }
    s->reading = first != NULL;
    s->failed = false;
    s->dealt = 0;
    while (first != NULL) {
        greffe__notice *next = first->next;
        greffe__notices_put(e->notices, first); /* from here on it may be gone */
        first = next;
    }
    return GREFFE_OK;
}

static greffe_status announce_to(greffe_engine *e, greffe__subscriber *s)
{
    greffe__arena arena;
    greffe__arena_init(&arena, e->own);
    greffe_load cursor = {.what = GREFFE_LOAD_CURSOR, .command = greffe__str_of(s->name)};
    greffe_read read = {.what = GREFFE_READ_FEED, .limit = most_at_once};
    greffe_status status = greffe__wait_load(e, &cursor, 1, &arena);
    if (status == GREFFE_OK) {
        read.after = greffe__str_format(&arena, "%llu",
                                        (unsigned long long)(cursor.found ? cursor.version : 0));
        status = greffe__wait_read(e, &read, &arena);
    }
    status = status == GREFFE_OK ? announce(e, s, &read) : status;
    greffe__arena_free(&arena);
    return status;
}

greffe_status greffe__announce_events(greffe_engine *e)
{
    greffe_status status = GREFFE_OK;
    for (int i = 0; i < GREFFE__MAX_SUBSCRIBERS && status == GREFFE_OK; i++) {
        greffe__subscriber *s = &e->subscribers[i];
        if (s->on_event != NULL && !s->reading) {
            status = announce_to(e, s);
        }
    }
    return status;
}

/* --- Handing over: on the host's thread --- */

static greffe_status end_reading(greffe_engine *e, void *data)
{
    greffe__subscriber *s = data;
    greffe__acknowledgement a = {s->name, s->dealt};
    greffe_status status = s->dealt > 0 ? greffe__acknowledge(e, &a) : GREFFE_OK;
    s->reading = false;
    if (status == GREFFE_OK && !s->failed) {
        greffe__notices_stir(e->notices); /* there may be more */
    }
    return status;
}

static void nothing(greffe__job *job)
{
    (void)job;
}

void greffe__hand_event(greffe_engine *e, const greffe__notice *notice)
{
    greffe__subscriber *s = notice->subscriber;
    greffe__notices_lock(e->notices);
    greffe_event_fn on_event = s->on_event;
    void *data = s->data;
    greffe__notices_unlock(e->notices);
    if (!s->failed && on_event != NULL) {
        s->failed = on_event(data, notice->entry) != GREFFE_OK;
        s->dealt = s->failed ? s->dealt : notice->position;
    }
    if (notice->last) {
        s->end = (greffe__job){.run = end_reading, .data = s, .finished = nothing};
        greffe__queue_post(e->queue, &s->end);
    }
}

/* --- Subscribing --- */

typedef struct subscription {
    const char *name;
    greffe_event_fn on_event;
    void *data;
} subscription;

static greffe_status subscribe(greffe_engine *e, void *data)
{
    const subscription *wanted = data;
    greffe__subscriber *place = NULL;
    for (int i = 0; i < GREFFE__MAX_SUBSCRIBERS; i++) {
        greffe__subscriber *s = &e->subscribers[i];
        bool own = strcmp(s->name, wanted->name) == 0;
        place = own || (place == NULL && s->on_event == NULL && !s->reading) ? s : place;
        if (own) {
            break;
        }
    }
    if (place == NULL) {
        return GREFFE_ELIMIT;
    }
    greffe__notices_lock(e->notices);
    (void)snprintf(place->name, sizeof place->name, "%s", wanted->name);
    place->on_event = wanted->on_event;
    place->data = wanted->data;
    greffe__notices_unlock(e->notices);
    greffe__notices_stir(e->notices);
    return GREFFE_OK;
}

greffe_status greffe_engine_subscribe(greffe_engine *engine, const char *subscriber,
                                      greffe_event_fn on_event, void *data)
{
    subscription wanted = {subscriber, on_event, data};
    return engine == NULL || !good_name(subscriber)
               ? GREFFE_EMISUSE
               : greffe__queue_call(engine->queue, subscribe, &wanted);
}
