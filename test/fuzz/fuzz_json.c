/* Feeds any bytes to the JSON reader. What it accepts is written canonically, and must be read
 * back as an equal value whose canonical form is the same bytes; what it refuses must be
 * diagnosed. The same value passes through CBOR too. */
#include <string.h>

#include "fuzz.h"
#include "value/cbor.h"
#include "value/json.h"

static void check_json_again(greffe__arena *arena, const greffe__value *value)
{
    greffe__buf first, second;
    greffe__value again = greffe__null();
    greffe__buf_init(&first, arena->context);
    greffe__buf_init(&second, arena->context);
    greffe__json_write(&first, value);
    fuzz_check(!first.failed, "memory for writing");
    const greffe__str text = {first.data, first.size};
    fuzz_check(greffe__json_read(&again, arena, NULL, "again", text) == GREFFE_OK,
               "what was written can be read");
    fuzz_check(greffe__value_equal(value, &again), "reading what was written gives the value");
    greffe__json_write(&second, &again);
    fuzz_check(greffe__str_equal(text, (greffe__str){second.data, second.size}),
               "the canonical form is stable");
    greffe__buf_free(&first);
    greffe__buf_free(&second);
}

static void check_cbor_again(greffe__arena *arena, const greffe__value *value)
{
    greffe__buf first, second;
    greffe__cbor in;
    greffe__buf_init(&first, arena->context);
    greffe__buf_init(&second, arena->context);
    greffe__cbor_value(&first, value);
    greffe__cbor_open(&in, (greffe__str){first.data, first.size});
    const greffe__value again = greffe__cbor_read_value(&in, arena);
    if (greffe__cbor_done(&in)) { /* deeper than CBOR may be is refused */
        fuzz_check(greffe__value_equal(value, &again), "CBOR gives the value back");
        greffe__cbor_value(&second, &again);
        fuzz_check(greffe__str_equal((greffe__str){first.data, first.size},
                                     (greffe__str){second.data, second.size}),
                   "CBOR has one form");
    }
    greffe__buf_free(&first);
    greffe__buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    greffe_context *context = NULL;
    greffe_diags *diags = NULL;
    greffe__arena arena;
    greffe__value value = greffe__null();
    fuzz_check(greffe_context_create(&context, NULL) == GREFFE_OK, "a context");
    fuzz_check(greffe_diags_create(&diags, context) == GREFFE_OK, "a collector");
    greffe__arena_init(&arena, context);
    const greffe_status status = greffe__json_read(&value, &arena, diags, "input.json",
                                                   (greffe__str){(const char *)data, size});
    if (status == GREFFE_OK) {
        fuzz_check(greffe_diags_total(diags, GREFFE_ERROR) == 0, "no fault in what is accepted");
        check_json_again(&arena, &value);
        check_cbor_again(&arena, &value);
    } else {
        const char *text = NULL;
        fuzz_check(status == GREFFE_EINVALID || status == GREFFE_ELIMIT, "a documented status");
        fuzz_check(greffe_diags_count(diags) > 0, "a refusal is diagnosed");
        fuzz_check(greffe_diags_render(&text, diags, 0) == GREFFE_OK && text != NULL, "a text");
        fuzz_check(greffe_diags_render_json(&text, diags) == GREFFE_OK, "its JSON");
    }
    greffe__arena_free(&arena);
    greffe_diags_destroy(diags);
    greffe_context_destroy(context);
    return 0;
}
