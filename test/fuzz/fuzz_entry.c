/* Feeds any bytes where stored ones are read: bundles, journal entries, states.
 *
 * The first byte chooses:
 *     0       the rest is a bundle
 *     1       the rest is a plan's record: it is written as a bundle with a true hash, so that the
 *             checks behind the hash are reached
 *     2       the rest is a journal entry
 *     11–16   a state of kind 1–6: two bytes of its length (low first), the state, then a journal
 *             entry whose events are folded onto it; length 0 means the empty state
 * What is accepted must be written to bytes that are read as the same record. */
#include <string.h>

#include <greffe/compile.h>

#include "fuzz.h"
#include "plan/plan_priv.h"
#include "run/run.h"

typedef union any_state {
    greffe__dossier dossier;
    greffe__session session;
    greffe__allotment allotment;
    greffe__order order;
    greffe__claim claim;
    greffe__batch batch;
} any_state;

typedef union any_record {
    any_state state;
    greffe__plan plan;
    greffe__journal_entry entry;
} any_record;

/* Writes, reads and writes: both texts are the same bytes. */
static void check_record(greffe__arena *arena, const greffe__shape *shape, const void *record)
{
    static any_record again;
    greffe__buf first, second, json;
    fuzz_check(shape->size <= sizeof again, "a shape that this harness knows");
    greffe__buf_init(&first, arena->context);
    greffe__buf_init(&second, arena->context);
    greffe__buf_init(&json, arena->context);
    greffe__record_write(&first, shape, record);
    fuzz_check(!first.failed, "memory for a record");
    const greffe__str bytes = {first.data, first.size};
    fuzz_check(greffe__record_decode(&again, arena, shape, bytes) == GREFFE_OK,
               "a written record can be read");
    greffe__record_write(&second, shape, &again);
    fuzz_check(greffe__str_equal(bytes, (greffe__str){second.data, second.size}),
               "a record has one form");
    greffe__record_json(&json, shape, record);
    greffe__buf_free(&first);
    greffe__buf_free(&second);
    greffe__buf_free(&json);
}

static void try_bundle(greffe_context *context, greffe__str bytes)
{
    greffe_plan *plan = NULL;
    char *text = NULL;
    const greffe_status status = greffe_plan_read(&plan, context, bytes);
    fuzz_check(status == GREFFE_OK || status == GREFFE_ECORRUPT || status == GREFFE_EVERSION,
               "a documented status");
    if (status != GREFFE_OK) {
        return;
    }
    fuzz_check(greffe__str_equal(bytes, greffe_plan_bundle(plan)), "a bundle has one form");
    fuzz_check(greffe_plan_render(&text, plan, GREFFE_PLAN_JSON) == GREFFE_OK, "as JSON");
    greffe_free(context, text);
    fuzz_check(greffe_plan_render(&text, plan, GREFFE_PLAN_DOT) == GREFFE_OK, "as a graph");
    greffe_free(context, text);
    greffe_plan_unref(plan);
}

static void try_plan(greffe__arena *arena, greffe__str bytes)
{
    static greffe__plan plan;
    if (greffe__record_decode(&plan, arena, &greffe__plan_shape, bytes) != GREFFE_OK) {
        return;
    }
    check_record(arena, &greffe__plan_shape, &plan);
    greffe__buf bundle;
    greffe__buf_init(&bundle, arena->context);
    greffe__bundle_write(&bundle, &plan, "");
    fuzz_check(!bundle.failed, "memory for a bundle");
    try_bundle(arena->context, (greffe__str){bundle.data, bundle.size});
    greffe__buf_free(&bundle);
}

static bool try_entry(greffe__journal_entry *entry, greffe__arena *arena, greffe__str bytes)
{
    const greffe_status status = greffe__record_decode(entry, arena, &greffe__entry_shape, bytes);
    fuzz_check(status == GREFFE_OK || status == GREFFE_ECORRUPT, "a documented status");
    if (status == GREFFE_OK) {
        check_record(arena, &greffe__entry_shape, entry);
    }
    return status == GREFFE_OK;
}

static void summarise(greffe__arena *arena, uint32_t kind, const void *state)
{
    greffe__summary summary;
    memset(&summary, 0, sizeof summary);
    fuzz_check(greffe__summarise(&summary, kind, state, arena) == GREFFE_OK,
               "every state has a summary");
}

static void try_fold(greffe__arena *arena, uint32_t kind, greffe__str rest)
{
    static any_state state;
    greffe__journal_entry entry;
    const greffe__shape *shape = greffe__state_shape(kind);
    fuzz_check(shape != NULL && shape->size <= sizeof state, "a kind that this harness knows");
    if (rest.size < 2) {
        return;
    }
    size_t size = (size_t)(unsigned char)rest.data[0] | (size_t)(unsigned char)rest.data[1] << 8;
    size = size < rest.size - 2 ? size : rest.size - 2;
    const greffe__str bytes = {rest.data + 2, size};
    memset(&state, 0, sizeof state);
    if (size > 0 && greffe__record_decode(&state, arena, shape, bytes) != GREFFE_OK) {
        return;
    }
    check_record(arena, shape, &state);
    summarise(arena, kind, &state);
    if (!try_entry(&entry, arena, (greffe__str){bytes.data + size, rest.size - 2 - size})) {
        return;
    }
    for (uint32_t i = 0; i < entry.events.count; i++) {
        const greffe_status status = greffe__apply(kind, &state, &entry.events.at[i], arena);
        fuzz_check(status == GREFFE_OK || status == GREFFE_ECORRUPT, "a documented status");
        if (status != GREFFE_OK) {
            return;
        }
        (void)greffe__event_name(entry.events.at[i].type);
    }
    check_record(arena, shape, &state);
    summarise(arena, kind, &state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    greffe_context *context = NULL;
    greffe__arena arena;
    greffe__journal_entry entry;
    if (size == 0) {
        return 0;
    }
    fuzz_check(greffe_context_create(&context, NULL) == GREFFE_OK, "a context");
    greffe__arena_init(&arena, context);
    const greffe__str rest = {(const char *)data + 1, size - 1};
    if (data[0] == 0) {
        try_bundle(context, rest);
    } else if (data[0] == 1) {
        try_plan(&arena, rest);
    } else if (data[0] == 2) {
        (void)try_entry(&entry, &arena, rest);
    } else if (data[0] >= 10 + GREFFE__DOSSIER && data[0] <= 10 + GREFFE__BATCH) {
        try_fold(&arena, data[0] - 10u, rest);
    }
    greffe__arena_free(&arena);
    greffe_context_destroy(context);
    return 0;
}
