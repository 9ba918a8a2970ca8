/* Tests records: defaults are left out and come back, every bound is checked, keys that a shape
 * does not know are dealt with as the codec promises, and a record has one encoding. */
#include "room.h"
#include "value/record.h"

typedef struct inner {
    uint32_t number;
    greffe__str text;
} inner;

typedef struct inners {
    inner *at;
    uint32_t count, capacity;
} inners;

typedef struct outer {
    bool truth;
    uint32_t small;
    int64_t large;
    greffe__str text, bytes;
    greffe__value value;
    inner one;
    const inner *maybe;
    inners many;
    greffe__strs strs;
    greffe__u32s u32s;
    greffe__i64s i64s;
    greffe__values values;
} outer;

static const greffe__field INNER[] = {
    {1, GREFFE__F_U32, offsetof(inner, number), "number", NULL, false},
    {2, GREFFE__F_STR, offsetof(inner, text), "text", NULL, false}};
static const greffe__shape INNER_SHAPE = {"inner", sizeof(inner), 2, INNER};

static const greffe__field OUTER[] = {
    {1, GREFFE__F_BOOL, offsetof(outer, truth), "truth", NULL, false},
    {2, GREFFE__F_U32, offsetof(outer, small), "small", NULL, false},
    {3, GREFFE__F_I64, offsetof(outer, large), "large", NULL, false},
    {4, GREFFE__F_STR, offsetof(outer, text), "text", NULL, false},
    {5, GREFFE__F_BYTES, offsetof(outer, bytes), "bytes", NULL, false},
    {6, GREFFE__F_VALUE, offsetof(outer, value), "value", NULL, false},
    {7, GREFFE__F_RECORD, offsetof(outer, one), "one", &INNER_SHAPE, false},
    {8, GREFFE__F_RECORDS, offsetof(outer, many), "many", &INNER_SHAPE, false},
    {9, GREFFE__F_STRS, offsetof(outer, strs), "strs", NULL, false},
    {10, GREFFE__F_U32S, offsetof(outer, u32s), "u32s", NULL, false},
    {11, GREFFE__F_I64S, offsetof(outer, i64s), "i64s", NULL, false},
    {13, GREFFE__F_MAYBE, offsetof(outer, maybe), "maybe", &INNER_SHAPE, false},
    {200, GREFFE__F_VALUES, offsetof(outer, values), "values", NULL, false}};
static const greffe__shape OUTER_SHAPE = {"outer", sizeof(outer), 13, OUTER};

static greffe__str write_outer(room *r, const outer *record)
{
    greffe__record_write(fresh(r), &OUTER_SHAPE, record);
    return kept(r);
}

static greffe_status decode(room *r, outer *out, const char *data, size_t size)
{
    memset(out, 0xaa, sizeof *out);
    return greffe__record_decode(out, &r->arena, &OUTER_SHAPE, (greffe__str){data, size});
}

static void fill(outer *o)
{
    static inner many[2];
    static greffe__str strs[3];
    static uint32_t u32s[2] = {0, UINT32_MAX};
    static int64_t i64s[3] = {INT64_MIN, 0, INT64_MAX};
    static greffe__value values[2];
    static const inner maybe = {3, {"trois", 5}};
    memset(o, 0, sizeof *o);
    o->maybe = &maybe;
    many[0] = (inner){0, {NULL, 0}};
    many[1] = (inner){7, {"sept", 4}};
    strs[0] = (greffe__str){"", 0};
    strs[1] = greffe__str_of("\xc3\xa9");
    strs[2] = (greffe__str){"\0", 1};
    values[0] = greffe__null();
    values[1] = greffe__integer(INT64_MAX);
    o->truth = true;
    o->small = UINT32_MAX;
    o->large = INT64_MIN;
    o->text = greffe__str_of("texte");
    o->bytes = (greffe__str){"\xff\0\x80", 3};
    o->value = greffe__date(18262);
    o->one = (inner){1, {"un", 2}};
    o->many = (inners){many, 2, 2};
    o->strs = (greffe__strs){strs, 3, 3};
    o->u32s = (greffe__u32s){u32s, 2, 2};
    o->i64s = (greffe__i64s){i64s, 3, 3};
    o->values = (greffe__values){values, 2, 2};
}

static void a_record_of_defaults_is_an_empty_map(void **state)
{
    room *r = *state;
    outer o;
    memset(&o, 0, sizeof o);
    const greffe__str bytes = write_outer(r, &o);
    assert_int_equal(bytes.size, 1);
    assert_int_equal((unsigned char)bytes.data[0], 0xa0);
}

static void what_a_text_leaves_out_has_its_default(void **state)
{
    room *r = *state;
    outer o;
    assert_int_equal(decode(r, &o, "\xa0", 1), GREFFE_OK);
    assert_false(o.truth);
    assert_int_equal(o.small, 0);
    assert_true(o.large == 0);
    assert_int_equal(o.text.size, 0);
    assert_int_equal(o.bytes.size, 0);
    assert_int_equal(o.value.kind, GREFFE__NULL);
    assert_int_equal(o.one.number, 0);
    assert_int_equal(o.many.count, 0);
    assert_int_equal(o.strs.count, 0);
    assert_int_equal(o.u32s.count, 0);
    assert_int_equal(o.i64s.count, 0);
    assert_int_equal(o.values.count, 0);
}

static void a_record_that_may_be_absent_is_written_like_one_inside(void **state)
{
    room *r = *state;
    const inner nothing = {0, {NULL, 0}}, something = {24, {NULL, 0}};
    outer o, again;
    memset(&o, 0, sizeof o);
    o.maybe = &nothing;
    greffe__str bytes = write_outer(r, &o);
    assert_int_equal(bytes.size, 1); /* as if it were absent */
    o.maybe = &something;
    bytes = write_outer(r, &o);
    assert_int_equal(bytes.size, 6);
    assert_memory_equal(bytes.data, "\xa1\x0d\xa1\x01\x18\x18", 6);
    assert_int_equal(decode(r, &again, bytes.data, bytes.size), GREFFE_OK);
    assert_int_equal(again.maybe->number, 24);
    assert_int_equal(decode(r, &again, "\xa0", 1), GREFFE_OK);
    assert_null(again.maybe);
    assert_int_equal(decode(r, &again, "\xa1\x0d\xa0", 3), GREFFE_ECORRUPT);
}

static void a_full_record_comes_back_whole(void **state)
{
    room *r = *state;
    outer o, again;
    fill(&o);
    const greffe__str bytes = write_outer(r, &o);
    assert_int_equal(decode(r, &again, bytes.data, bytes.size), GREFFE_OK);
    assert_true(again.truth && again.small == UINT32_MAX && again.large == INT64_MIN);
    assert_true(greffe__str_is(again.text, "texte"));
    assert_true(greffe__str_equal(again.bytes, o.bytes));
    assert_true(greffe__value_equal(&again.value, &o.value));
    assert_true(again.one.number == 1 && greffe__str_is(again.one.text, "un"));
    assert_true(again.maybe->number == 3 && greffe__str_is(again.maybe->text, "trois"));
    assert_int_equal(again.many.count, 2);
    assert_int_equal(again.many.at[0].number, 0);
    assert_true(again.many.at[1].number == 7 && greffe__str_is(again.many.at[1].text, "sept"));
    assert_int_equal(again.strs.count, 3);
    assert_true(greffe__str_equal(again.strs.at[2], (greffe__str){"\0", 1}));
    assert_true(again.u32s.count == 2 && again.u32s.at[1] == UINT32_MAX);
    assert_true(again.i64s.count == 3 && again.i64s.at[0] == INT64_MIN);
    assert_true(again.i64s.at[2] == INT64_MAX);
    assert_true(again.values.count == 2 && again.values.at[0].kind == GREFFE__NULL);
    assert_true(greffe__value_equal(&again.values.at[1], &o.values.at[1]));
    assert_true(greffe__str_equal(write_outer(r, &again), bytes));
}

static void a_text_that_was_cut_or_goes_on_is_refused(void **state)
{
    room *r = *state;
    outer o, again;
    fill(&o);
    greffe__buf *buf = fresh(r);
    greffe__record_write(buf, &OUTER_SHAPE, &o);
    greffe__buf_byte(buf, '\0');
    const greffe__str longer = kept(r);
    assert_int_equal(decode(r, &again, longer.data, longer.size), GREFFE_ECORRUPT);
    for (size_t size = 0; size < longer.size - 1; size++) {
        assert_int_equal(decode(r, &again, longer.data, size), GREFFE_ECORRUPT);
    }
}

/* Whatever one changed byte makes of a record, it is refused or has that one encoding. */
static void a_changed_byte_is_refused_or_gives_another_record(void **state)
{
    room *r = *state;
    outer o, again;
    fill(&o);
    const greffe__str bytes = write_outer(r, &o);
    char *data = malloc(bytes.size);
    unsigned accepted = 0;
    assert_non_null(data);
    for (size_t i = 0; i < bytes.size; i++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(data, bytes.data, bytes.size);
            data[i] = (char)byte;
            const greffe_status status = decode(r, &again, data, bytes.size);
            assert_true(status == GREFFE_OK || status == GREFFE_ECORRUPT);
            if (status == GREFFE_OK) {
                accepted++;
                greffe__record_write(fresh(r), &OUTER_SHAPE, &again);
                if (!greffe__str_equal((greffe__str){data, bytes.size},
                                       (greffe__str){r->buf.data, r->buf.size})) {
                    fail_msg("byte %zu as %02x gives a record with two encodings", i,
                             (unsigned)byte);
                }
            }
        }
    }
    assert_true(accepted > bytes.size);
    free(data);
}

static void what_is_no_such_record_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *data;
        size_t size;
    } refused[] = {
        {"a list", "\x80", 1},
        {"a number", "\x01", 1},
        {"a default that is written", "\xa1\x01\xf4", 3},
        {"a number that is default", "\xa1\x02\x00", 3},
        {"an empty text", "\xa1\x04\x60", 3},
        {"null that is default", "\xa1\x06\xf6", 3},
        {"an empty list", "\xa1\x09\x80", 3},
        {"an empty record", "\xa1\x07\xa0", 3},
        {"keys that descend", "\xa2\x02\x01\x01\xf5", 5},
        {"a key that stands twice", "\xa2\x02\x01\x02\x02", 5},
        {"a key that is a text", "\xa1\x61\x61\x01", 4},
        {"a truth that is a number", "\xa1\x01\x01", 3},
        {"a number past 32 bits", "\xa1\x02\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 11},
        {"a number below zero", "\xa1\x02\x20", 3},
        {"a text that is not UTF-8", "\xa1\x04\x61\xff", 4},
        {"bytes where text is due", "\xa1\x04\x41\x61", 4},
        {"text where bytes are due", "\xa1\x05\x61\x61", 4},
        {"a list longer than the text", "\xa1\x0a\x9a\x00\x0f\x42\x40\x01", 8},
        {"a record that is a list", "\xa1\x07\x80", 3},
    };
    room *r = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        outer o;
        if (decode(r, &o, refused[i].data, refused[i].size) != GREFFE_ECORRUPT) {
            fail_msg("%s is read", refused[i].why);
        }
    }
}

/* Keys 12 and 255 belong to no field of this shape. */
static void a_key_that_the_shape_does_not_know_is_refused(void **state)
{
    room *r = *state;
    outer o;
    assert_int_equal(decode(r, &o, "\xa1\x0c\x01", 3), GREFFE_ECORRUPT);
    assert_int_equal(decode(r, &o, "\xa2\x02\x01\x18\xff\x01", 6), GREFFE_ECORRUPT);
    assert_int_equal(decode(r, &o, "\xa1\x19\x01\x01\x01", 5), GREFFE_ECORRUPT);
    assert_int_equal(decode(r, &o, "\xa1\x07\xa1\x03\x01", 5), GREFFE_ECORRUPT);
}

static void the_json_form_names_the_fields(void **state)
{
    room *r = *state;
    outer o;
    memset(&o, 0, sizeof o);
    o.truth = true;
    o.large = INT64_MAX;
    o.text = greffe__str_of("a\"\xc3\xa9");
    o.one.number = 3;
    greffe__record_json(fresh(r), &OUTER_SHAPE, &o);
    const char *text = greffe__buf_done(&r->buf);
    assert_non_null(text);
    assert_non_null(strstr(text, "\"truth\":true"));
    assert_non_null(strstr(text, "\"large\":9223372036854775807"));
    assert_non_null(strstr(text, "\"text\":\"a\\\"\xc3\xa9\""));
    assert_non_null(strstr(text, "\"number\":3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(a_record_of_defaults_is_an_empty_map),
        ROOM_TEST(what_a_text_leaves_out_has_its_default),
        ROOM_TEST(a_record_that_may_be_absent_is_written_like_one_inside),
        ROOM_TEST(a_full_record_comes_back_whole),
        ROOM_TEST(a_text_that_was_cut_or_goes_on_is_refused),
        ROOM_TEST(a_changed_byte_is_refused_or_gives_another_record),
        ROOM_TEST(what_is_no_such_record_is_refused),
        ROOM_TEST(a_key_that_the_shape_does_not_know_is_refused),
        ROOM_TEST(the_json_form_names_the_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
