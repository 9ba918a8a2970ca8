/* Tests the context and the arena, and lets the allocator fail at each of its calls in turn under
 * every function of the base room that takes memory: each returns cleanly and nothing leaks.
 *
 * The allocator here moves each block when it grows and overwrites what it frees, so that a use
 * of dead memory shows. Two negative controls show that it catches a leak and a foreign block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/diag.h"

/* --- An allocator that counts and fails --- */

typedef union header {
    struct {
        size_t size;
        uint64_t mark;
    } block;
    max_align_t alignment;
} header;

static const uint64_t LIVE = 0x11feb10c11feb10c;

typedef struct allocator {
    size_t calls;   /* that ask for memory */
    size_t fail_at; /* the call that fails, from 1; 0 for none */
    bool fail_ever_after;
    bool failed;
    size_t live;  /* blocks */
    bool foreign; /* a block came back that was never given, or twice */
} allocator;

static void give_back(allocator *self, header *block)
{
    if (block->block.mark != LIVE) {
        self->foreign = true;
        return;
    }
    memset(block, 0xdd, sizeof *block + block->block.size);
    self->live--;
    free(block);
}

static void *counting_alloc(void *data, void *ptr, size_t size)
{
    allocator *self = data;
    header *old = ptr == NULL ? NULL : (header *)ptr - 1;
    if (size == 0) {
        if (old != NULL) {
            give_back(self, old);
        }
        return NULL;
    }
    self->calls++;
    if (self->fail_at != 0 &&
        (self->calls == self->fail_at || (self->fail_ever_after && self->calls > self->fail_at))) {
        self->failed = true;
        return NULL;
    }
    if (size > (size_t)1 << 30) { /* more than any test here may need */
        return NULL;
    }
    header *block = malloc(sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    memset(block, 0xcd, sizeof *block + size);
    block->block.size = size;
    block->block.mark = LIVE;
    self->live++;
    if (old != NULL) {
        memcpy(block + 1, ptr, old->block.size < size ? old->block.size : size);
        give_back(self, old);
    }
    return block + 1;
}

static greffe_status context_with(greffe_context **context, allocator *self)
{
    const greffe_context_options options = {
        .size = sizeof options, .alloc = counting_alloc, .alloc_data = self};
    return greffe_context_create(context, &options);
}

/* A use of memory: true when all of it succeeded, false when it was told of a failure. */
typedef bool (*use_fn)(greffe_context *context);

static bool run_once(use_fn use, allocator *self)
{
    greffe_context *context = NULL;
    const greffe_status status = context_with(&context, self);
    if (status != GREFFE_OK) {
        assert_int_equal(status, GREFFE_ENOMEM);
        assert_null(context);
        return false;
    }
    const bool done = use(context);
    greffe_context_destroy(context);
    return done;
}

static void fail_each_call(use_fn use, bool ever_after)
{
    for (size_t n = 1; n < 100000; n++) {
        allocator self = {.fail_at = n, .fail_ever_after = ever_after};
        const bool done = run_once(use, &self);
        if (self.live != 0 || self.foreign) {
            fail_msg("call %zu failed: %zu blocks leak%s", n, self.live,
                     self.foreign ? ", and a foreign block was freed" : "");
        }
        if (!self.failed) {
            assert_true(done);
            assert_true(n > 1); /* something was allocated at all */
            return;
        }
        if (done) {
            fail_msg("call %zu failed and nobody was told", n);
        }
    }
    fail_msg("no end");
}

static void fail_each(use_fn use)
{
    fail_each_call(use, false);
    fail_each_call(use, true);
}

/* --- Uses --- */

static bool use_nothing(greffe_context *context)
{
    return context != NULL;
}

static bool use_arena(greffe_context *context)
{
    greffe__arena arena;
    bool all = true;
    greffe__arena_init(&arena, context);
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        char *bytes = greffe__arena_alloc(&arena, size);
        char *zeros = greffe__arena_zalloc(&arena, size);
        char *copy = greffe__arena_copy(&arena, "abc", 3);
        if (bytes != NULL) {
            memset(bytes, 0xff, size);
        }
        for (size_t i = 0; zeros != NULL && i < size; i++) {
            assert_int_equal(zeros[i], 0);
        }
        if (copy != NULL) {
            assert_string_equal(copy, "abc");
        }
        all = all && bytes != NULL && zeros != NULL && copy != NULL;
    }
    assert_int_equal(arena.failed, !all);
    greffe__arena_reset(&arena);
    const bool again = greffe__arena_alloc(&arena, 300000) != NULL;
    greffe__arena_free(&arena);
    return all && again;
}

typedef struct numbers {
    uint64_t *items;
    uint32_t count, capacity;
} numbers;

static bool use_list(greffe_context *context)
{
    greffe__arena arena;
    numbers list = {NULL, 0, 0};
    uint64_t pushed = 0;
    greffe__arena_init(&arena, context);
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t *item = greffe__arena_push(&arena, &list, sizeof *item);
        if (item != NULL) {
            assert_true(*item == 0);
            *item = i + 1;
            pushed++;
        }
    }
    assert_true(list.count == pushed);
    uint64_t last = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        assert_true(list.items[i] > last);
        last = list.items[i];
    }
    const bool done = pushed == 5000;
    assert_int_equal(arena.failed, !done);
    greffe__arena_free(&arena);
    return done;
}

static bool use_strings(greffe_context *context)
{
    greffe__arena arena;
    char text[3000];
    greffe__arena_init(&arena, context);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 40; i++) {
        (void)greffe__str_dup(&arena, greffe__str_of(text));
        (void)greffe__str_join(&arena, text, "b", text, (char *)NULL);
        (void)greffe__str_format(&arena, "%s %d", text, i);
        (void)greffe__str_format(&arena, "%d", i);
    }
    const bool done = !arena.failed;
    greffe__arena_free(&arena);
    return done;
}

static bool use_map(greffe_context *context)
{
    greffe__arena arena;
    greffe__map map;
    static char names[3000][8];
    bool added[3000];
    bool all = true;
    greffe__arena_init(&arena, context);
    greffe__map_init(&map, &arena);
    for (uint32_t i = 0; i < 3000; i++) {
        snprintf(names[i], sizeof names[i], "n%u", (unsigned)i);
        added[i] = greffe__map_add(&map, greffe__str_of(names[i]), i);
        all = all && added[i];
    }
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t value = UINT32_MAX;
        assert_int_equal(greffe__map_get(&map, greffe__str_of(names[i]), &value), added[i]);
        assert_true(!added[i] || value == i);
    }
    assert_int_equal(arena.failed, !all);
    greffe__arena_free(&arena);
    return all;
}

static bool use_buffer(greffe_context *context)
{
    greffe__buf buf;
    greffe__buf_init(&buf, context);
    for (int i = 0; i < 2000; i++) {
        const size_t before = buf.size;
        const bool failed = buf.failed;
        greffe__buf_format(&buf, "%d", i);
        greffe__buf_json(&buf, greffe__str_of("a\"\n\xc3\xa9"));
        greffe__buf_put(&buf, "abc", 3);
        greffe__buf_byte(&buf, 'd');
        greffe__buf_text(&buf, "e");
        greffe__buf_str(&buf, greffe__str_of("f"));
        assert_true(!failed || (buf.failed && buf.size == before));
    }
    const char *text = greffe__buf_done(&buf);
    const bool done = text != NULL;
    assert_int_equal(buf.failed, !done);
    greffe__buf_free(&buf);
    return done;
}

static bool use_source(greffe_context *context)
{
    static char text[20000];
    greffe__arena arena;
    greffe__source source;
    greffe__arena_init(&arena, context);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 3 == 2 ? '\n' : 'a';
    }
    const greffe_status status =
        greffe__source_init(&source, &arena, "a.yaml", (greffe__str){text, sizeof text});
    assert_true(status == GREFFE_OK || status == GREFFE_ENOMEM);
    greffe__arena_free(&arena);
    return status == GREFFE_OK;
}

static bool report_and_render(greffe_diags *diags, const greffe__source *source)
{
    bool done = true;
    for (int i = 0; i < 30; i++) {
        greffe__report(diags, GREFFE__GR_UNKNOWN_KEY, i % 2 == 0 ? source : NULL,
                       (greffe__span){2, 4}, i % 3 == 0 ? NULL : "a hint", "number %d", i);
    }
    /* Counted, kept or not. */
    assert_int_equal(greffe_diags_total(diags, GREFFE_ERROR), 30);
    assert_true(greffe_diags_count(diags) <= 30);
    done = greffe_diags_count(diags) == 30;
    greffe__diags_sort(diags);
    for (size_t i = 0; i < greffe_diags_count(diags); i++) {
        const char *text = NULL;
        const greffe_diag *diag = greffe_diags_get(diags, i);
        assert_non_null(diag);
        assert_non_null(diag->message);
        assert_non_null(diag->hint);
        const greffe_status status = greffe_diags_render(&text, diags, i);
        assert_true(status == GREFFE_OK || (status == GREFFE_ENOMEM && text == NULL));
        done = done && status == GREFFE_OK;
    }
    const char *json = NULL;
    const greffe_status status = greffe_diags_render_json(&json, diags);
    assert_true(status == GREFFE_OK || (status == GREFFE_ENOMEM && json == NULL));
    return done && status == GREFFE_OK;
}

static bool use_diags(greffe_context *context)
{
    greffe_diags *diags = NULL;
    greffe__source source;
    const greffe_status status = greffe_diags_create(&diags, context);
    if (status != GREFFE_OK) {
        assert_int_equal(status, GREFFE_ENOMEM);
        assert_null(diags);
        return false;
    }
    bool done = greffe__source_init(&source, greffe__diags_arena(diags), "a.yaml",
                                    greffe__str_of("ab: c\nd: e\n")) == GREFFE_OK;
    if (done) {
        done = report_and_render(diags, &source);
    }
    greffe_diags_clear(diags);
    greffe_diags_destroy(diags);
    return done;
}

static const unsigned char ZONE[] = {
    'T', 'Z', 'i', 'f', '2', 0, 0, 0, 0, 0,   0,   0,   0,   0,    0,   0,   0,   0,   0,
    0,   0,   0,   0,   0,   0, 0, 0, 0, 0,   0,   0,   0,   0,    0,   0,   0,   0,   0,
    0,   1,   0,   0,   0,   4, 0, 0, 0, 0,   0,   0,   'U', 'T',  'C', 0,   'T', 'Z', 'i',
    'f', '2', 0,   0,   0,   0, 0, 0, 0, 0,   0,   0,   0,   0,    0,   0,   0,   0,   0,
    0,   0,   0,   0,   0,   0, 0, 0, 0, 0,   0,   0,   0,   0,    0,   0,   0,   1,   0,
    0,   0,   4,   0,   0,   0, 0, 0, 0, 'U', 'T', 'C', 0,   '\n', 'U', 'T', 'C', '0', '\n'};

static bool use_zone(greffe_context *context)
{
    greffe__arena arena;
    greffe__zone *zone = NULL;
    greffe__arena_init(&arena, context);
    const greffe_status status =
        greffe__zone_read(&zone, &arena, (greffe__str){(const char *)ZONE, sizeof ZONE});
    assert_true(status == GREFFE_OK || (status == GREFFE_ENOMEM && zone == NULL));
    greffe__arena_free(&arena);
    return status == GREFFE_OK;
}

static void a_context_survives_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_nothing);
}

static void an_arena_survives_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_arena);
}

static void a_list_survives_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_list);
}

static void strings_survive_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_strings);
}

static void a_table_survives_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_map);
}

static void a_buffer_survives_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_buffer);
}

static void a_source_survives_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_source);
}

static void diagnostics_survive_every_failing_allocation_and_are_counted(void **state)
{
    (void)state;
    fail_each(use_diags);
}

static void a_zone_survives_every_failing_allocation(void **state)
{
    (void)state;
    fail_each(use_zone);
}

/* --- Negative controls --- */

static void a_planted_leak_is_seen(void **state)
{
    allocator self = {.calls = 0};
    greffe_context *context = NULL;
    (void)state;
    assert_int_equal(context_with(&context, &self), GREFFE_OK);
    void *leak = greffe__alloc(context, NULL, 10);
    assert_non_null(leak);
    const size_t live = self.live;
    greffe__arena arena;
    greffe__arena_init(&arena, context);
    assert_non_null(greffe__arena_alloc(&arena, 10));
    assert_true(self.live > live);
    greffe__arena_free(&arena);
    assert_true(self.live == live);
    greffe_context_destroy(context);
    assert_true(self.live == 1);
    counting_alloc(&self, leak, 0);
    assert_true(self.live == 0);
}

static void a_planted_foreign_block_is_seen(void **state)
{
    allocator self = {.calls = 0};
    greffe_context *context = NULL;
    header foreign[2];
    (void)state;
    memset(foreign, 0, sizeof foreign);
    assert_int_equal(context_with(&context, &self), GREFFE_OK);
    greffe__free(context, &foreign[1]);
    assert_true(self.foreign);
    greffe_context_destroy(context);
    assert_true(self.live == 0);
}

/* --- The context and the arena by themselves --- */

static void a_context_needs_no_options_and_null_may_be_destroyed(void **state)
{
    greffe_context *context = NULL;
    (void)state;
    assert_int_equal(greffe_context_create(&context, NULL), GREFFE_OK);
    assert_non_null(context);
    greffe_context_destroy(context);
    greffe_context_destroy(NULL);
    greffe_diags_destroy(NULL);
}

static void a_context_refuses_a_misused_interface(void **state)
{
    const greffe_context_options options = {.size = 1};
    greffe_context *context = NULL;
    (void)state;
    assert_int_equal(greffe_context_create(NULL, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_context_create(&context, &options), GREFFE_EMISUSE);
    assert_null(context);
}

typedef struct log_line {
    int count;
    greffe_log_level level;
    char text[64];
} log_line;

static void keep_line(void *data, greffe_log_level level, const char *text)
{
    log_line *line = data;
    line->count++;
    line->level = level;
    snprintf(line->text, sizeof line->text, "%s", text);
}

static void a_log_line_reaches_the_host(void **state)
{
    log_line line = {0, GREFFE_LOG_DEBUG, ""};
    const greffe_context_options options = {
        .size = sizeof options, .log = keep_line, .log_data = &line};
    greffe_context *context = NULL;
    (void)state;
    assert_int_equal(greffe_context_create(&context, &options), GREFFE_OK);
    greffe__log(context, GREFFE_LOG_WARNING, "something");
    assert_int_equal(line.count, 1);
    assert_int_equal(line.level, GREFFE_LOG_WARNING);
    assert_string_equal(line.text, "something");
    greffe_context_destroy(context);
    assert_int_equal(greffe_context_create(&context, NULL), GREFFE_OK);
    greffe__log(context, GREFFE_LOG_ERROR, "to nobody");
    greffe_context_destroy(context);
}

static void memory_grows_and_size_zero_frees(void **state)
{
    allocator self = {.calls = 0};
    greffe_context *context = NULL;
    (void)state;
    assert_int_equal(context_with(&context, &self), GREFFE_OK);
    const size_t live = self.live;
    char *bytes = greffe__alloc(context, NULL, 3);
    assert_non_null(bytes);
    memcpy(bytes, "ab", 3);
    bytes = greffe__alloc(context, bytes, 3000);
    assert_non_null(bytes);
    assert_string_equal(bytes, "ab");
    assert_null(greffe__alloc(context, bytes, 0));
    greffe__free(context, NULL);
    assert_true(self.live == live);
    greffe_context_destroy(context);
    assert_true(self.live == 0 && !self.foreign);
}

static void an_arena_aligns_what_it_gives(void **state)
{
    greffe_context *context = NULL;
    greffe__arena arena;
    (void)state;
    assert_int_equal(greffe_context_create(&context, NULL), GREFFE_OK);
    greffe__arena_init(&arena, context);
    for (size_t size = 1; size < 2000; size += 7) {
        void *bytes = greffe__arena_alloc(&arena, size);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % _Alignof(double), 0);
        assert_int_equal((uintptr_t)bytes % _Alignof(uint64_t), 0);
        assert_int_equal((uintptr_t)bytes % _Alignof(void *), 0);
        memset(bytes, 0xff, size);
        assert_non_null(greffe__arena_copy(&arena, "a", 1));
    }
    greffe__arena_free(&arena);
    greffe_context_destroy(context);
}

static void an_arena_refuses_sizes_that_would_wrap(void **state)
{
    static const size_t sizes[] = {SIZE_MAX,      SIZE_MAX - 1,  SIZE_MAX - 7,  SIZE_MAX - 8,
                                   SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 64, SIZE_MAX - 4096};
    allocator self = {.calls = 0};
    greffe_context *context = NULL;
    (void)state;
    assert_int_equal(context_with(&context, &self), GREFFE_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        greffe__arena arena;
        greffe__arena_init(&arena, context);
        assert_non_null(greffe__arena_alloc(&arena, 1));
        assert_null(greffe__arena_alloc(&arena, sizes[i]));
        assert_true(arena.failed);
        assert_null(greffe__arena_zalloc(&arena, sizes[i]));
        greffe__arena_free(&arena);
    }
    greffe_context_destroy(context);
    assert_true(self.live == 0);
}

static void a_reset_arena_takes_no_new_memory_for_the_same_use(void **state)
{
    allocator self = {.calls = 0};
    greffe_context *context = NULL;
    greffe__arena arena;
    (void)state;
    assert_int_equal(context_with(&context, &self), GREFFE_OK);
    greffe__arena_init(&arena, context);
    for (int i = 0; i < 1000; i++) {
        assert_non_null(greffe__arena_alloc(&arena, 100));
    }
    assert_true(arena.used >= 100000);
    greffe__arena_reset(&arena);
    assert_true(arena.used == 0);
    const size_t calls = self.calls;
    char *zeros = greffe__arena_zalloc(&arena, 100);
    assert_non_null(zeros);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(zeros[i], 0);
    }
    assert_true(self.calls == calls);
    greffe__arena_free(&arena);
    greffe_context_destroy(context);
    assert_true(self.live == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_context_survives_every_failing_allocation),
        cmocka_unit_test(an_arena_survives_every_failing_allocation),
        cmocka_unit_test(a_list_survives_every_failing_allocation),
        cmocka_unit_test(strings_survive_every_failing_allocation),
        cmocka_unit_test(a_table_survives_every_failing_allocation),
        cmocka_unit_test(a_buffer_survives_every_failing_allocation),
        cmocka_unit_test(a_source_survives_every_failing_allocation),
        cmocka_unit_test(diagnostics_survive_every_failing_allocation_and_are_counted),
        cmocka_unit_test(a_zone_survives_every_failing_allocation),
        cmocka_unit_test(a_planted_leak_is_seen),
        cmocka_unit_test(a_planted_foreign_block_is_seen),
        cmocka_unit_test(a_context_needs_no_options_and_null_may_be_destroyed),
        cmocka_unit_test(a_context_refuses_a_misused_interface),
        cmocka_unit_test(a_log_line_reaches_the_host),
        cmocka_unit_test(memory_grows_and_size_zero_frees),
        cmocka_unit_test(an_arena_aligns_what_it_gives),
        cmocka_unit_test(an_arena_refuses_sizes_that_would_wrap),
        cmocka_unit_test(a_reset_arena_takes_no_new_memory_for_the_same_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
