/* A small procedure in memory, with its authority, and short forms of what people do with it: an
 * aid that a citizen asks for, an agent examines, a board grants, and the treasury pays. */
#ifndef GREFFE_TEST_PRIME_KIT_H
#define GREFFE_TEST_PRIME_KIT_H

#include <greffe/engine.h>

/* 2 March 2026, 9:00 in Paris. */
static const int64_t PRIME_START = 1772438400000;
enum { prime_minute_ms = 60000 };

typedef enum prime_actor { CITIZEN, AGENT, SECRETARY, TREASURER } prime_actor;

/* Compiles it; NULL when that fails, with the diagnostics on the error output. `label` stands in
 * the titles of the procedure and of its allotment: another label, another bundle. */
greffe_plan *prime_compile(greffe_context *context, const char *label);
/* An engine on a file; its options but the store. NULL when that fails. */
greffe_engine *prime_open(greffe_context *context, const char *path, greffe_engine_options options);
/* Who acts; its strings are static. */
greffe_actor prime_actor_of(prime_actor who);
/* Executes one command. The result is the caller's. */
greffe_status prime_do(greffe_engine *engine, greffe_result *out, const char *verb,
                       const char *stream, const char *key, prime_actor actor, const char *args,
                       int64_t now_ms);
/* The same, without its result. */
greffe_status prime_tell(greffe_engine *engine, const char *verb, const char *stream,
                         const char *key, prime_actor actor, const char *args, int64_t now_ms);
/* Arguments of "file" for the household of this number. */
const char *prime_filing(char out[256], unsigned household);

/* Sets a handler that bears being given the same key twice. */
greffe_status prime_take(greffe_engine *engine, const char *channel, greffe_effect_fn run,
                         void *data);

/* Deterministic bytes that differ at each call; `data` points to a uint64_t. From one thread. */
greffe_status prime_random(void *data, unsigned char *out, size_t size);

#endif
