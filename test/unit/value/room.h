/* What the tests of this room share: a context, an arena and a buffer for each test. */
#ifndef GREFFE_TEST_VALUE_ROOM_H
#define GREFFE_TEST_VALUE_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/limits.h"
#include "value/value.h"

typedef struct room {
    greffe_context *context;
    greffe_diags *diags;
    greffe__arena arena;
    greffe__buf buf;
} room;

static inline int open_room(void **state)
{
    room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    assert_int_equal(greffe_context_create(&r->context, NULL), GREFFE_OK);
    assert_int_equal(greffe_diags_create(&r->diags, r->context), GREFFE_OK);
    greffe__arena_init(&r->arena, r->context);
    greffe__buf_init(&r->buf, r->context);
    *state = r;
    return 0;
}

static inline int close_room(void **state)
{
    room *r = *state;
    greffe__buf_free(&r->buf);
    greffe__arena_free(&r->arena);
    greffe_diags_destroy(r->diags);
    greffe_context_destroy(r->context);
    free(r);
    return 0;
}

/* An empty buffer. */
static inline greffe__buf *fresh(room *r)
{
    greffe__buf_free(&r->buf);
    greffe__buf_init(&r->buf, r->context);
    return &r->buf;
}

/* What the buffer holds, kept in the arena. */
static inline greffe__str kept(room *r)
{
    assert_false(r->buf.failed);
    const char *copy = greffe__arena_copy(&r->arena, r->buf.data, r->buf.size);
    assert_non_null(copy);
    return (greffe__str){copy, r->buf.size};
}

#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)

#endif
