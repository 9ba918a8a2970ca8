/* Feeds any text to the expression compiler and evaluates what compiles; feeds any bytes to the
 * evaluator as a stored program.
 *
 * The first byte chooses: below 128, the type that the result must have (its low bits) and which
 * values the names have (bit 6: the optional ones are absent); from 128 on, the rest is a program
 * record. A compiled program that is written and read again must give the same result, of the
 * kind that the compiler announced. */
#include <string.h>

#include "expr/expr.h"
#include "fuzz.h"
#include "value/json.h"

enum { NAMES = 13, MS_PER_DAY = 86400000 };

typedef struct name {
    const char *name;
    greffe__kind kind;
    bool optional, any;
} name;

static const name TABLE[NAMES] = {
    {"n", GREFFE__NUMBER, false, false},   {"m", GREFFE__NUMBER, false, false},
    {"a.b", GREFFE__NUMBER, false, false}, {"o", GREFFE__NUMBER, true, false},
    {"s", GREFFE__STRING, false, false},   {"c", GREFFE__STRING, true, false},
    {"t", GREFFE__BOOL, false, false},     {"d", GREFFE__DATE, false, false},
    {"e", GREFFE__DATE, true, false},      {"l", GREFFE__LIST, false, false},
    {"x", GREFFE__NULL, true, true},       {"p", GREFFE__PERIOD, false, false},
    {"r", GREFFE__CONTEXT, false, false}};

static greffe__str option_names[] = {{"ville", 5}, {"cargo", 5}};
static const greffe__strs OPTIONS = {option_names, 2, 2};
static const greffe__type NUMBER_TYPE = {.kind = GREFFE__NUMBER};

typedef struct values {
    greffe__value at[NAMES];
    greffe__value items[3];
    greffe__entry entries[2];
} values;

static void fill_values(values *v, bool absent)
{
    for (int i = 0; i < 3; i++) {
        v->items[i] = greffe__integer(i + 1);
    }
    v->entries[0] = (greffe__entry){greffe__str_of("k"), greffe__integer(7)};
    v->entries[1] = (greffe__entry){greffe__str_of("w"), greffe__text("mot")};
    v->at[0] = greffe__integer(12);
    v->at[1] = greffe__integer(INT64_MAX);
    v->at[2] = greffe__integer(-3);
    v->at[3] = absent ? greffe__null() : greffe__integer(5);
    v->at[4] = greffe__text("été");
    v->at[5] = absent ? greffe__null() : greffe__text("cargo");
    v->at[6] = greffe__bool(true);
    v->at[7] = greffe__date(18262);
    v->at[8] = absent ? greffe__null() : greffe__date(-1);
    v->at[9] = greffe__list_of(v->items, 3);
    v->at[10] = absent ? greffe__null() : greffe__text("x");
    v->at[11] = (greffe__value){.kind = GREFFE__PERIOD, .as = {.months = 14}};
    v->at[12] = greffe__context_of(v->entries, 2);
}

static void fill_symbols(greffe__symbols *symbols, greffe__arena *arena)
{
    greffe__symbols_init(symbols, arena);
    for (uint32_t i = 0; i < NAMES; i++) {
        greffe__type type = {
            .kind = (uint8_t)TABLE[i].kind, .any = TABLE[i].any, .optional = TABLE[i].optional};
        if (strcmp(TABLE[i].name, "c") == 0) {
            type.options = &OPTIONS;
        }
        if (TABLE[i].kind == GREFFE__LIST) {
            type.item = &NUMBER_TYPE;
        }
        fuzz_check(greffe__symbols_add(symbols, greffe__str_of(TABLE[i].name), type, i),
                   "a name is added once");
    }
}

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    const values *v = data;
    if (slot >= NAMES) {
        return GREFFE_ENOTFOUND;
    }
    *out = v->at[slot];
    return GREFFE_OK;
}

static greffe_status evaluate(greffe__value *out, greffe__expr_error *error, values *v,
                              greffe__arena *arena, const greffe__program *program)
{
    const greffe__eval eval = {.load = load,
                               .data = v,
                               .arena = arena,
                               .today = 18262,
                               .now_ms = (int64_t)18262 * MS_PER_DAY + 1,
                               .offset = 3600};
    memset(error, 0, sizeof *error);
    const greffe_status status = greffe__expr_eval(out, error, program, &eval);
    fuzz_check(status == GREFFE_OK || status == GREFFE_EINVALID || status == GREFFE_ENOTFOUND,
               "a documented status");
    if (status == GREFFE_EINVALID) {
        fuzz_check(error->message != NULL && greffe__code_text(error->code) != NULL,
                   "an error says something");
    }
    return status;
}

/* As JSON: two functions are two values, and are written alike. */
static bool same_text(const greffe__value *first, const greffe__value *second, greffe__arena *arena)
{
    greffe__buf a, b;
    greffe__buf_init(&a, arena->context);
    greffe__buf_init(&b, arena->context);
    greffe__json_write(&a, first);
    greffe__json_write(&b, second);
    bool same = a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
    greffe__buf_free(&a);
    greffe__buf_free(&b);
    return same;
}

static void check_stored(const greffe__program *program, values *v, greffe__arena *arena)
{
    greffe__program again;
    greffe__value first = greffe__null(), second = greffe__null();
    greffe__expr_error error, other;
    greffe__buf bytes;
    greffe__buf_init(&bytes, arena->context);
    greffe__record_write(&bytes, &greffe__program_shape, program);
    fuzz_check(!bytes.failed, "memory for the program");
    fuzz_check(greffe__record_decode(&again, arena, &greffe__program_shape,
                                     (greffe__str){bytes.data, bytes.size}) == GREFFE_OK,
               "a compiled program can be stored");
    fuzz_check(greffe__program_sound(program) && greffe__program_sound(&again),
               "a compiled program is sound");
    const greffe_status status = evaluate(&first, &error, v, arena, program);
    fuzz_check(evaluate(&second, &other, v, arena, &again) == status, "the same course");
    fuzz_check(status != GREFFE_ENOTFOUND, "only known slots are asked for");
    if (status == GREFFE_OK) {
        fuzz_check(same_text(&first, &second, arena), "the same result");
        fuzz_check(program->any || first.kind == GREFFE__NULL || first.kind == program->result,
                   "the result has the kind that was announced");
    } else {
        fuzz_check(error.code == other.code && error.start == other.start, "the same error");
        fuzz_check(error.start <= error.end && error.end <= program->source.size,
                   "an error has its place in the source");
    }
    greffe__buf_free(&bytes);
}

static void try_source(uint8_t how, greffe__str source, values *v, greffe__arena *arena)
{
    static const greffe__kind kinds[8] = {GREFFE__NULL,     GREFFE__BOOL, GREFFE__NUMBER,
                                          GREFFE__STRING,   GREFFE__DATE, GREFFE__LIST,
                                          GREFFE__DURATION, GREFFE__NULL};
    const greffe__type wanted = {.kind = (uint8_t)kinds[how & 7], .optional = (how & 8) != 0};
    greffe__symbols symbols;
    greffe__program program;
    greffe__type type;
    greffe__expr_error error = {0};
    fill_symbols(&symbols, arena);
    const greffe_status status =
        greffe__expr_compile(&program, &type, &error, arena, &symbols, source,
                             wanted.kind == GREFFE__NULL ? NULL : &wanted);
    if (status == GREFFE_OK) {
        check_stored(&program, v, arena);
        return;
    }
    fuzz_check(status == GREFFE_EINVALID, "a documented status");
    fuzz_check(error.message != NULL && error.message[0] != '\0', "an error says something");
    fuzz_check(greffe__code_text(error.code) != NULL, "an error has a code");
    fuzz_check(error.start <= error.end && error.end <= source.size,
               "an error has its place in the source");
}

static void try_program(greffe__str bytes, values *v, greffe__arena *arena)
{
    greffe__program program;
    greffe__value value = greffe__null();
    greffe__expr_error error;
    const greffe_status status =
        greffe__record_decode(&program, arena, &greffe__program_shape, bytes);
    fuzz_check(status == GREFFE_OK || status == GREFFE_ECORRUPT, "a documented status");
    if (status == GREFFE_OK && greffe__program_sound(&program) &&
        evaluate(&value, &error, v, arena, &program) == GREFFE_OK) {
        greffe__buf text;
        greffe__buf_init(&text, arena->context);
        greffe__cbor_value(&text, &value);
        greffe__buf_free(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    greffe_context *context = NULL;
    greffe__arena arena;
    values v;
    if (size == 0) {
        return 0;
    }
    fuzz_check(greffe_context_create(&context, NULL) == GREFFE_OK, "a context");
    greffe__arena_init(&arena, context);
    fill_values(&v, (data[0] & 0x40) != 0);
    const greffe__str rest = {(const char *)data + 1, size - 1};
    if (data[0] < 128 && greffe__utf8_valid(rest, NULL)) { /* as the YAML reader gives it */
        try_source(data[0], rest, &v, &arena);
    } else if (data[0] >= 128) {
        try_program(rest, &v, &arena);
    }
    greffe__arena_free(&arena);
    greffe_context_destroy(context);
    return 0;
}
