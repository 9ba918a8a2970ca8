/* Tests that one program serves several threads at once: it never changes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "expr/expr.h"

enum { THREADS = 8, ROUNDS = 2000 };

static greffe__program program;

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    (void)slot;
    *out = greffe__integer(*(const int64_t *)data);
    return GREFFE_OK;
}

/* Counts the rounds whose value is right, with a context and a value of its own. */
static void *evaluate(void *unused)
{
    static const int64_t base = 100;
    greffe_context *context = NULL;
    greffe__arena arena;
    intptr_t right = 0;
    (void)unused;
    if (greffe_context_create(&context, NULL) != GREFFE_OK) {
        return NULL;
    }
    greffe__arena_init(&arena, context);
    for (int64_t i = 0; i < ROUNDS; i++) {
        int64_t price = base + i;
        greffe__value value;
        greffe__expr_error error;
        const greffe__eval eval = {.load = load, .data = &price, .arena = &arena};
        greffe__arena_reset(&arena);
        bool good = greffe__expr_eval(&value, &error, &program, &eval) == GREFFE_OK &&
                    value.kind == GREFFE__NUMBER &&
                    greffe__dec_compare(value.as.number, greffe__dec_of(3 * price)) == 0;
        right += good;
    }
    greffe__arena_free(&arena);
    greffe_context_destroy(context);
    return (void *)right;
}

static void one_program_serves_several_threads(void **state)
{
    greffe_context *context = NULL;
    greffe__arena arena;
    greffe__symbols symbols;
    greffe__expr_error error;
    greffe__type type;
    pthread_t threads[THREADS];
    (void)state;
    assert_int_equal(greffe_context_create(&context, NULL), GREFFE_OK);
    greffe__arena_init(&arena, context);
    greffe__symbols_init(&symbols, &arena);
    assert_true(greffe__symbols_add(&symbols, greffe__str_of("prix"),
                                    (greffe__type){.kind = GREFFE__NUMBER}, 0));
    assert_int_equal(greffe__expr_compile(&program, &type, &error, &arena, &symbols,
                                          greffe__str_of("sum(for i in [1, 1, 1] return i * prix)"),
                                          NULL),
                     GREFFE_OK);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *right = NULL;
        assert_int_equal(pthread_join(threads[i], &right), 0);
        assert_int_equal((intptr_t)right, ROUNDS);
    }
    greffe__arena_free(&arena);
    greffe_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_program_serves_several_threads)};
    return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
