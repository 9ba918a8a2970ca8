/* What the fuzzers share: the entry point, and a check that stops the run with a sentence. */
#ifndef GREFFE_TEST_FUZZ_H
#define GREFFE_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input; libFuzzer and replay_main.c call it. Always returns 0: a fault aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(bool holds, const char *sentence)
{
    if (!holds) {
        fprintf(stderr, "fuzz: this should hold: %s\n", sentence);
        abort();
    }
}

#endif
