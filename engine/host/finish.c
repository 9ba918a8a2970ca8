/* Effects that were begun, and end later: the token that names one, and its end. A token says all
 * that is needed, so that another process, or the same one after a restart, can finish what was
 * begun. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "host/host_priv.h"

/* --- Tokens: kind, attempts, once, lease, the round's own instant or 0; then stream, effect and
 * channel in hexadecimal; then a keyed hash of all that, so that whoever carries it around can make
 * no other --- */

enum { seal_bytes = 12 };

static greffe__hash sealed(const greffe_engine *e, const char *token, size_t size)
{
    return greffe__hmac(e->secret, greffe__str_of("token"), (greffe__str){token, size});
}

static void put_hex(char **at, greffe__str text)
{
    static const char digits[] = "0123456789abcdef";
    *(*at)++ = '.';
    for (size_t i = 0; i < text.size; i++) {
        *(*at)++ = digits[(unsigned char)text.data[i] >> 4];
        *(*at)++ = digits[(unsigned char)text.data[i] & 15];
    }
    **at = '\0';
}

void greffe__token_write(const greffe_engine *e, char out[GREFFE__TOKEN_CHARS],
                         const greffe__delivery *d)
{
    int size =
        snprintf(out, GREFFE__TOKEN_CHARS, "g1.%u.%u.%u.%lld.%lld", d->row.kind, d->row.attempts,
                 d->once ? 1u : 0u, (long long)d->row.lease_ms, (long long)d->given_ms);
    char *at = out + size;
    put_hex(&at, d->row.key);
    put_hex(&at, d->row.item);
    put_hex(&at, d->row.channel);
    greffe__hash seal = sealed(e, out, (size_t)(at - out));
    put_hex(&at, (greffe__str){(const char *)seal.bytes, seal_bytes});
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads up to the next point, or to the end; false for what is no hexadecimal. */
static bool take_hex(const char **at, greffe__str *out, greffe__arena *arena)
{
    size_t size = **at == '.' ? strcspn(*at + 1, ".") : 0;
    char *bytes = greffe__arena_alloc(arena, size / 2 + 1);
    if (size == 0 || size % 2 != 0 || bytes == NULL) {
        return false;
    }
    for (size_t i = 0; i < size; i += 2) {
        int high = digit_of((*at)[1 + i]), low = digit_of((*at)[2 + i]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i / 2] = (char)(high * 16 + low);
    }
    bytes[size / 2] = '\0';
    *out = (greffe__str){bytes, size / 2};
    *at += size + 1;
    return true;
}

static bool token_read(const greffe_engine *e, greffe__delivery *out, const char *token,
                       greffe__arena *arena)
{
    unsigned kind, attempts, once;
    long long lease, given;
    greffe__str seal;
    int used = 0;
    if (strlen(token) >= GREFFE__TOKEN_CHARS ||
        sscanf(token, "g1.%9u.%9u.%1u.%19lld.%19lld%n", &kind, &attempts, &once, &lease, &given,
               &used) != 5 ||
        kind < GREFFE__DOSSIER || kind > GREFFE__BATCH || once > 1) {
        return false;
    }
    const char *at = token + used;
    *out = (greffe__delivery){
        .row = {.kind = kind, .attempts = attempts, .started = true, .lease_ms = lease},
        .given_ms = given,
        .once = once == 1};
    if (!take_hex(&at, &out->row.key, arena) || !take_hex(&at, &out->row.item, arena) ||
        !take_hex(&at, &out->row.channel, arena)) {
        return false;
    }
    greffe__hash own = sealed(e, token, (size_t)(at - token));
    return take_hex(&at, &seal, arena) && *at == '\0' &&
           greffe__str_equal(seal, (greffe__str){(const char *)own.bytes, seal_bytes});
}

/* --- Ends --- */

static const uint64_t most_again_ms = UINT64_C(24) * 3600000;

typedef struct ending {
    greffe__job job; /* the first member: a job is its ending */
    greffe_engine *engine;
    greffe__arena arena;
    greffe__delivery delivery;
} ending;

static greffe_status run(greffe_engine *e, void *data)
{
    ending *ends = data;
    greffe__delivery *one = &ends->delivery;
    one->now_ms = greffe__now(e, one->given_ms);
    if (one->status != GREFFE_OK && greffe__delivery_is_old(e, one)) {
        return GREFFE_OK; /* what is under way now has an end of its own */
    }
    greffe_status status = greffe__tell_all(e, &one, 1);
    greffe__notices_stir(e->notices); /* what follows from it may be due at once */
    return status;
}

static void forget(greffe__job *job)
{
    ending *ends = (ending *)job;
    greffe_engine *engine = ends->engine;
    if (job->status == GREFFE_OK) {
        greffe__progress_add(&engine->ended, &ends->delivery.did);
    } else {
        greffe__log(engine->own, GREFFE_LOG_ERROR, "an end could not be told; it is tried again");
    }
    greffe__arena_free(&ends->arena);
    greffe__free(engine->context, ends);
}

greffe_status greffe_engine_finish(greffe_engine *engine, const char *token, const greffe_end *end)
{
    if (engine == NULL || token == NULL || end == NULL || end->size != sizeof *end) {
        return GREFFE_EMISUSE;
    }
    ending *ends = greffe__alloc(engine->context, NULL, sizeof *ends);
    if (ends == NULL) {
        return GREFFE_ENOMEM;
    }
    *ends = (ending){.engine = engine};
    greffe__arena_init(&ends->arena, engine->context);
    bool good = token_read(engine, &ends->delivery, token, &ends->arena);
    ends->delivery.status = end->status;
    (void)snprintf(ends->delivery.problem, sizeof ends->delivery.problem, "%s",
                   end->problem != NULL ? end->problem : "");
    ends->delivery.said =
        greffe__str_dup(&ends->arena, greffe__str_of(end->outcome != NULL ? end->outcome : ""));
    ends->delivery.gives = greffe__str_dup(&ends->arena, end->gives);
    ends->delivery.again_ms =
        (int64_t)(end->again_ms < most_again_ms ? end->again_ms : most_again_ms);
    greffe_status checked = greffe__check_gives(engine->context, end->gives);
    good = good && checked == GREFFE_OK;
    bool failed = ends->arena.failed || checked == GREFFE_ENOMEM;
    if (!good || failed) {
        greffe__arena_free(&ends->arena);
        greffe__free(engine->context, ends);
        return failed ? GREFFE_ENOMEM : GREFFE_EINVALID;
    }
    ends->job = (greffe__job){.run = run, .data = ends, .finished = forget};
    greffe__queue_post(engine->queue, &ends->job);
    return GREFFE_OK;
}
