/* Feeds any text to the lexer, parser, checker and evaluator of FEEL, strict and lenient.
 *
 * The first byte chooses: bit 0, lenient; bit 1, the values that may be absent are; bits 2 to 5,
 * the type that the result must have; bit 6, the text is a type. A refusal has a code and a place
 * in the source. What compiles is sound, can be stored, and gives the same once read; it comes to
 * an end; its result can be written as JSON. */
#include <string.h>
#include <time.h>

#include "expr/expr.h"
#include "fuzz.h"
#include "value/json.h"

enum { TODAY = 18322, MS_PER_DAY = 86400000, MOST_SECONDS = 8, NESTED = 100 };

static const greffe__type NUMBERS = {.kind = GREFFE__NUMBER};
static const greffe__type DATES = {.kind = GREFFE__DATE};
static const greffe__type ANYTHING = {.any = true, .optional = true};
static greffe__str option_names[] = {{"ville", 5}, {"cargo", 5}};
static const greffe__strs OPTIONS = {option_names, 2, 2};
static greffe__str entry_names[] = {{"prix", 4}, {"date d'achat", 12}};
static const greffe__strs ENTRIES = {entry_names, 2, 2};
static const greffe__type entry_types[] = {{.kind = GREFFE__NUMBER}, {.kind = GREFFE__DATE}};

typedef struct name {
    const char *name;
    greffe__type type;
} name;

static const name TABLE[] = {
    {"n", {.kind = GREFFE__NUMBER}},
    {"a.b", {.kind = GREFFE__NUMBER}},
    {"o", {.kind = GREFFE__NUMBER, .optional = true}},
    {"s", {.kind = GREFFE__STRING}},
    {"c", {.kind = GREFFE__STRING, .optional = true, .options = &OPTIONS}},
    {"t", {.kind = GREFFE__BOOL}},
    {"d", {.kind = GREFFE__DATE}},
    {"e", {.kind = GREFFE__DATE, .optional = true}},
    {"h", {.kind = GREFFE__TIME}},
    {"m", {.kind = GREFFE__DATETIME}},
    {"q", {.kind = GREFFE__DURATION}},
    {"p", {.kind = GREFFE__PERIOD}},
    {"l", {.kind = GREFFE__LIST, .item = &NUMBERS}},
    {"r", {.kind = GREFFE__RANGE, .item = &DATES}},
    {"v", {.kind = GREFFE__CONTEXT, .names = &ENTRIES, .of = entry_types}},
    {"x", {.any = true, .optional = true}},
    {"le prix", {.kind = GREFFE__NUMBER}},
    {"u", {.kind = GREFFE__LIST, .item = &ANYTHING}},
};
enum { NAMES = sizeof TABLE / sizeof TABLE[0] };

typedef struct room {
    greffe__arena arena;
    greffe__value at[NAMES];
    greffe__value items[5];
    greffe__entry entries[2];
    greffe__range range;
    bool lenient;
} room;

static void fill_values(room *r, bool absent)
{
    const greffe__moment morning = {36000, 0, 3600};
    const greffe__moment night = {(int64_t)TODAY * 86400 + 75000, 500, GREFFE__NO_OFFSET};
    const greffe__moment hours = {129600, 0, GREFFE__NO_OFFSET};
    const greffe__value null = greffe__null();
    for (int i = 0; i < 3; i++) {
        r->items[i] = greffe__integer(3 - i);
    }
    r->items[3] = greffe__text("été");
    r->items[4] = null;
    r->entries[0] = (greffe__entry){entry_names[0], greffe__integer(1000)};
    r->entries[1] = (greffe__entry){entry_names[1], greffe__date(TODAY - 30)};
    r->range = (greffe__range){greffe__date(TODAY - 60), greffe__date(TODAY), true, false};
    const greffe__value values[NAMES] = {
        greffe__integer(12),
        greffe__integer(-3),
        absent ? null : greffe__integer(5),
        greffe__text("été"),
        absent ? null : greffe__text("cargo"),
        greffe__bool(true),
        greffe__date(TODAY),
        absent ? null : greffe__date(-1),
        greffe__temporal(GREFFE__TIME, morning),
        greffe__temporal(GREFFE__DATETIME, night),
        greffe__temporal(GREFFE__DURATION, hours),
        {.kind = GREFFE__PERIOD, .as = {.months = 14}},
        greffe__list_of(r->items, 3),
        {.kind = GREFFE__RANGE, .as = {.range = &r->range}},
        greffe__context_of(r->entries, 2),
        absent ? null : greffe__text("mot"),
        greffe__integer(INT64_MAX),
        greffe__list_of(r->items, 5),
    };
    memcpy(r->at, values, sizeof values);
}

static greffe_status load(void *data, uint32_t slot, greffe__value *out)
{
    const room *r = data;
    if (slot >= NAMES) {
        return GREFFE_ENOTFOUND;
    }
    *out = r->at[slot];
    return GREFFE_OK;
}

static void check_error(const greffe__expr_error *error, greffe__str source)
{
    fuzz_check(error->message != NULL && error->message[0] != '\0', "an error says something");
    fuzz_check(greffe__code_text(error->code) != NULL, "an error has a code");
    fuzz_check(error->start <= error->end && error->end <= source.size,
               "an error has its place in the source");
    fuzz_check(greffe__utf8_valid(greffe__str_of(error->message), NULL), "its message is UTF-8");
    fuzz_check(error->hint == NULL || greffe__utf8_valid(greffe__str_of(error->hint), NULL),
               "its hint is UTF-8");
}

static greffe_status evaluate(greffe__value *out, greffe__expr_error *error, room *r,
                              const greffe__program *program)
{
    const greffe__eval eval = {.load = load,
                               .data = r,
                               .arena = &r->arena,
                               .today = TODAY,
                               .now_ms = (int64_t)TODAY * MS_PER_DAY + 1,
                               .offset = 3600};
    const clock_t began = clock();
    memset(error, 0, sizeof *error);
    const greffe_status status = greffe__expr_eval(out, error, program, &eval);
    fuzz_check((clock() - began) / CLOCKS_PER_SEC < MOST_SECONDS, "an evaluation comes to an end");
    const bool limit = error->code == GREFFE__GR_EVAL_LIMIT; /* it stops in both modes */
    fuzz_check(status == GREFFE_OK || (status == GREFFE_EINVALID && (!program->lenient || limit)),
               "a documented status");
    if (status == GREFFE_EINVALID || error->code != GREFFE__GR_NONE) {
        check_error(error, program->source);
    }
    return status;
}

/* Functions live while their program does, and equal nothing. */
static bool has_function(const greffe__value *value, uint32_t depth)
{
    bool found = value->kind == GREFFE__FUNCTION || depth == NESTED;
    for (uint32_t i = 0; !found && value->kind == GREFFE__LIST && i < value->count; i++) {
        found = has_function(&value->as.items[i], depth + 1);
    }
    for (uint32_t i = 0; !found && value->kind == GREFFE__CONTEXT && i < value->count; i++) {
        found = has_function(&value->as.entries[i].value, depth + 1);
    }
    return found;
}

static void check_results(room *r, const greffe__program *program, const greffe__program *again)
{
    greffe__value first = greffe__null(), second = greffe__null();
    greffe__expr_error error, other;
    greffe__buf text;
    const greffe_status status = evaluate(&first, &error, r, program);
    fuzz_check(evaluate(&second, &other, r, again) == status, "the same course");
    fuzz_check(error.code == other.code && error.start == other.start && error.end == other.end,
               "the same error");
    if (status != GREFFE_OK) {
        return;
    }
    fuzz_check(program->any || first.kind == GREFFE__NULL || first.kind == program->result,
               "the result has the kind that was announced");
    greffe__buf_init(&text, r->arena.context);
    greffe__json_write(&text, &first);
    fuzz_check(!text.failed && text.size > 0, "a result can be written");
    fuzz_check(greffe__utf8_valid((greffe__str){text.data, text.size}, NULL), "as UTF-8");
    greffe__buf_free(&text);
    fuzz_check(has_function(&first, 0) || greffe__value_equal(&first, &second), "the same result");
}

static void check_program(room *r, const greffe__program *program)
{
    greffe__program again;
    greffe__buf bytes;
    fuzz_check(greffe__program_sound(program), "a compiled program is sound");
    greffe__buf_init(&bytes, r->arena.context);
    greffe__record_write(&bytes, &greffe__program_shape, program);
    fuzz_check(!bytes.failed, "memory for the program");
    fuzz_check(greffe__record_decode(&again, &r->arena, &greffe__program_shape,
                                     (greffe__str){bytes.data, bytes.size}) == GREFFE_OK,
               "a compiled program can be stored");
    fuzz_check(greffe__program_sound(&again), "and is sound once it is read");
    check_results(r, program, &again);
    greffe__buf_free(&bytes);
}

static void try_source(room *r, const greffe__symbols *symbols, uint8_t how, greffe__str source)
{
    static const greffe__kind kinds[16] = {
        GREFFE__NULL,   GREFFE__BOOL, GREFFE__NUMBER,   GREFFE__STRING,
        GREFFE__DATE,   GREFFE__TIME, GREFFE__DATETIME, GREFFE__DURATION,
        GREFFE__PERIOD, GREFFE__LIST, GREFFE__NULL,     GREFFE__NULL,
        GREFFE__NULL,   GREFFE__NULL, GREFFE__NULL,     GREFFE__NULL};
    const greffe__type wanted = {.kind = (uint8_t)kinds[how & 15], .optional = r->lenient};
    greffe__program program;
    greffe__type type;
    greffe__expr_error error = {0};
    const greffe_status status =
        greffe__expr_compile(&program, &type, &error, &r->arena, symbols, source,
                             wanted.kind == GREFFE__NULL ? NULL : &wanted);
    if (status == GREFFE_OK) {
        fuzz_check(program.lenient == r->lenient, "the mode is kept");
        check_program(r, &program);
        return;
    }
    fuzz_check(status == GREFFE_EINVALID, "a documented status");
    check_error(&error, source);
}

static void try_type(room *r, const greffe__symbols *symbols, greffe__str text)
{
    greffe__type type;
    greffe__value out;
    if (greffe__symbols_type(symbols, &r->arena, text, &type)) {
        for (uint32_t i = 0; i < NAMES; i++) {
            if (!greffe__type_conform(&out, &r->at[i], &type, &r->arena)) {
                fuzz_check(out.kind == GREFFE__NULL, "what does not conform is null");
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    greffe_context *context = NULL;
    greffe__symbols symbols;
    room r;
    if (size == 0) {
        return 0;
    }
    const greffe__str rest = {(const char *)data + 1, size - 1};
    if (!greffe__utf8_valid(rest, NULL)) { /* readers give no other texts */
        return 0;
    }
    fuzz_check(greffe_context_create(&context, NULL) == GREFFE_OK, "a context");
    greffe__arena_init(&r.arena, context);
    r.lenient = (data[0] & 1) != 0;
    fill_values(&r, (data[0] & 2) != 0);
    greffe__symbols_init(&symbols, &r.arena);
    symbols.lenient = r.lenient;
    for (uint32_t i = 0; i < NAMES; i++) {
        fuzz_check(greffe__symbols_add(&symbols, greffe__str_of(TABLE[i].name), TABLE[i].type, i),
                   "a name is added once");
    }
    fuzz_check(greffe__symbols_add_type(&symbols, greffe__str_of("t_choix"), TABLE[4].type),
               "a type is added once");
    if ((data[0] & 64) != 0) {
        try_type(&r, &symbols, rest);
    } else {
        try_source(&r, &symbols, (uint8_t)(data[0] >> 2), rest);
    }
    greffe__arena_free(&r.arena);
    greffe_context_destroy(context);
    return 0;
}
