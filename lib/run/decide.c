/* The door of decisions: a command, the states it may look at, and what follows from them. */
#include "base/limits.h"
#include "run/run_priv.h"

static bool run(greffe__bench *b)
{
    const greffe__command *c = b->command;
    const greffe__stream *own = greffe__world_stream(b->world, c->stream_kind, c->stream_key);
    if (c->key.size == 0 || c->key.size > GREFFE_MAX_KEY_BYTES || c->stream_key.size == 0 ||
        c->stream_key.size > GREFFE_MAX_KEY_BYTES) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                              "a command needs an idempotency key and the key of its stream, each "
                              "of 1 to 128 bytes");
    }
    if (own != NULL && c->if_version != 0 && own->version != c->if_version) {
        return greffe__refuse(b, GREFFE__GR_CMD_STALE, GREFFE_ECONFLICT,
                              "read it again, and decide on what it says now",
                              "the stream is at version %llu, not %llu",
                              (unsigned long long)own->version, (unsigned long long)c->if_version);
    }
    return greffe__find_verb(b) && greffe__check_args(b) && greffe__check_effective(b) &&
           b->verb->decide(b);
}

void greffe__bench_begin(greffe__bench *b, greffe__decision *out, greffe__world *world,
                         const greffe__command *command, greffe__arena *arena)
{
    *out = (greffe__decision){0};
    *b = (greffe__bench){.world = world,
                         .command = command,
                         .arena = arena,
                         .out = out,
                         .zone = greffe__zone_utc(),
                         .now_ms = command->now_ms};
    for (uint32_t i = 0; i < world->streams.count; i++) {
        greffe__stream *stream = world->streams.at[i];
        /* A state that no event has touched is as it was decoded. */
        stream->state = stream->events.count == 0 ? stream->state : NULL;
        stream->events = (greffe__events){0};
        stream->erase = false;
        stream->created = (greffe__personals){0};
        b->now_ms = stream->last_ms > b->now_ms ? stream->last_ms : b->now_ms;
    }
    for (uint32_t i = 0; i < world->sequences.count; i++) {
        world->sequences.at[i].taken = false;
    }
    out->now_ms = b->now_ms;
}

greffe_status greffe__bench_end(greffe__bench *b, bool done)
{
    if (!done && !b->stop && b->failure == GREFFE_OK) {
        b->failure = GREFFE_ECORRUPT; /* a plan that leads nowhere: nothing of it is kept */
    }
    if (b->failure != GREFFE_OK || b->arena->failed) {
        return b->arena->failed ? GREFFE_ENOMEM : b->failure;
    }
    return GREFFE_OK;
}

greffe_status greffe__decide(greffe__decision *out, greffe__world *world,
                             const greffe__command *command, greffe__arena *arena)
{
    greffe__bench b;
    greffe__bench_begin(&b, out, world, command, arena);
    return greffe__bench_end(&b, run(&b));
}
