/* "Take what waits": a command names no dossiers or orders, and the engine fills in those that wait
 * at this instant. Its content, for idempotency, is what was asked, not what was found. */
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"

enum { page = 500 };

typedef struct found {
    greffe__values list;
    greffe__arena *arena;
} found;

static bool add(found *f, greffe__str key)
{
    greffe__value *place = greffe__arena_push(f->arena, &f->list, sizeof *place);
    if (place != NULL) {
        *place = greffe__string(key);
    }
    return place != NULL;
}

static greffe_status waiting_dossiers(greffe_engine *e, found *f, greffe__str board)
{
    greffe_read read = {.what = GREFFE_READ_TASKS, .owner = board, .limit = page};
    for (;;) {
        greffe_status status = greffe__wait_read(e, &read, f->arena);
        for (size_t i = 0; i < read.count && status == GREFFE_OK; i++) {
            const greffe_read_row *row = &read.rows[i];
            if (row->ref.size == 0 && f->list.count < GREFFE_MAX_AGENDA && !add(f, row->key)) {
                return GREFFE_ENOMEM;
            }
        }
        if (status != GREFFE_OK || read.count < page) {
            return status;
        }
        read.after = read.rows[read.count - 1].key;
        read.after_item = read.rows[read.count - 1].item;
    }
}

static greffe_status prepared_orders(greffe_engine *e, found *f, greffe__str allotment)
{
    greffe_read read = {.what = GREFFE_READ_STREAMS,
                        .kind = GREFFE__ORDER,
                        .group = allotment,
                        .status = greffe__str_of("prepared"),
                        .limit = page};
    for (;;) {
        greffe_status status = greffe__wait_read(e, &read, f->arena);
        for (size_t i = 0; i < read.count && status == GREFFE_OK; i++) {
            if (f->list.count < GREFFE_MAX_BATCH && !add(f, read.rows[i].key)) {
                return GREFFE_ENOMEM;
            }
        }
        if (status != GREFFE_OK || read.count < page) {
            return status;
        }
        read.after = read.rows[read.count - 1].key;
    }
}

static greffe_status with_list(greffe__command *c, const char *name, const found *f)
{
    uint32_t count = c->args.count;
    greffe__entry *entries = greffe__arena_alloc(f->arena, (count + 1) * sizeof *entries);
    if (entries == NULL) {
        return GREFFE_ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = c->args.as.entries[i];
    }
    entries[count] =
        (greffe__entry){greffe__str_of(name), greffe__list_of(f->list.at, f->list.count)};
    c->args = greffe__context_of(entries, count + 1);
    return GREFFE_OK;
}

greffe_status greffe__expand(greffe_engine *e, greffe__command *c, const greffe_load *stream,
                             greffe__arena *arena)
{
    found f = {.arena = arena};
    greffe__str take = greffe__value_str(&c->args, "take");
    bool agenda = greffe__str_is(c->verb, "session.agenda") && greffe__str_is(take, "waiting");
    bool pay = greffe__str_is(c->verb, "pay.batch") && greffe__value_at(&c->args, "orders") == NULL;
    if (pay) {
        greffe_status status = prepared_orders(e, &f, greffe__value_str(&c->args, "allotment"));
        return status == GREFFE_OK ? with_list(c, "orders", &f) : status;
    }
    if (!agenda || !stream->found) {
        return GREFFE_OK;
    }
    greffe__session session;
    greffe_status status =
        greffe__record_decode(&session, arena, greffe__state_shape(GREFFE__SESSION), stream->body);
    if (status == GREFFE_OK) {
        status = waiting_dossiers(e, &f, session.board.id);
    }
    return status == GREFFE_OK ? with_list(c, "dossiers", &f) : status;
}
