/* Tests deterministic CBOR: one value has one encoding, every other one is refused, and reading
 * what was written gives the same value and the same bytes. */
#include "room.h"
#include "value/cbor.h"

typedef struct encoding {
    const char *hex;
    greffe__value value;
} encoding;

static greffe__str bytes_of(room *r, const char *hex)
{
    const size_t size = strlen(hex) / 2;
    unsigned char *data = greffe__arena_alloc(&r->arena, size + 1);
    assert_non_null(data);
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        data[i] = (unsigned char)byte;
    }
    return (greffe__str){(const char *)data, size};
}

static bool read_value(room *r, greffe__str bytes, greffe__value *out)
{
    greffe__cbor in;
    greffe__cbor_open(&in, bytes);
    *out = greffe__cbor_read_value(&in, &r->arena);
    return greffe__cbor_done(&in);
}

static greffe__str write_value(room *r, const greffe__value *value)
{
    greffe__cbor_value(fresh(r), value);
    return kept(r);
}

static greffe__value number(const char *text)
{
    greffe__dec dec;
    assert_true(greffe__dec_parse(&dec, greffe__str_of(text)));
    return greffe__number(dec);
}

static void check_encoding(room *r, const char *hex, greffe__value value)
{
    char found[200] = "";
    const greffe__str bytes = write_value(r, &value);
    for (size_t i = 0; i < bytes.size && i < 99; i++) {
        snprintf(found + 2 * i, 3, "%02x", (unsigned)(unsigned char)bytes.data[i]);
    }
    assert_string_equal(found, hex);
    greffe__value again = greffe__null();
    assert_true(read_value(r, bytes, &again));
    assert_true(greffe__value_equal(&value, &again));
    assert_true(greffe__str_equal(write_value(r, &again), bytes));
}

static void values_have_the_bytes_that_rfc_8949_gives(void **state)
{
    room *r = *state;
    const greffe__value items[3] = {greffe__integer(1), greffe__integer(2), greffe__integer(3)};
    const greffe__entry entries[2] = {{greffe__str_of("a"), greffe__integer(1)},
                                      {greffe__str_of("b"), greffe__list_of(items + 1, 2)}};
    check_encoding(r, "f6", greffe__null());
    check_encoding(r, "f4", greffe__bool(false));
    check_encoding(r, "f5", greffe__bool(true));
    check_encoding(r, "00", greffe__integer(0));
    check_encoding(r, "17", greffe__integer(23));
    check_encoding(r, "1818", greffe__integer(24));
    check_encoding(r, "18ff", greffe__integer(255));
    check_encoding(r, "190100", greffe__integer(256));
    check_encoding(r, "1a000f4240", greffe__integer(1000000));
    check_encoding(r, "1b000000e8d4a51000", greffe__integer(INT64_C(1000000000000)));
    check_encoding(r, "1b7fffffffffffffff", greffe__integer(INT64_MAX));
    check_encoding(r, "20", greffe__integer(-1));
    check_encoding(r, "3863", greffe__integer(-100));
    check_encoding(r, "3b7fffffffffffffff", greffe__integer(INT64_MIN));
    check_encoding(r, "62c3bc", greffe__text("\xc3\xbc"));
    check_encoding(r, "60", greffe__text(""));
    check_encoding(r, "63610062", greffe__string((greffe__str){"a\0b", 3}));
    check_encoding(r, "83010203", greffe__list_of(items, 3));
    check_encoding(r, "80", greffe__list_of(NULL, 0));
    check_encoding(r, "a26161016162820203", greffe__context_of(entries, 2));
    check_encoding(r, "d86400", greffe__date(0));
    check_encoding(r, "d8643863", greffe__date(-100));
}

/* A shorter name does not go first: "aa" comes before "b". */
static void names_stand_in_the_order_of_their_bytes(void **state)
{
    room *r = *state;
    const greffe__entry entries[2] = {{greffe__str_of("aa"), greffe__integer(1)},
                                      {greffe__str_of("b"), greffe__integer(2)}};
    greffe__value value = greffe__null();
    check_encoding(r, "a262616101616202", greffe__context_of(entries, 2));
    assert_false(read_value(r, bytes_of(r, "a261620262616101"), &value));
}

static void a_number_is_written_without_trailing_zeros(void **state)
{
    room *r = *state;
    check_encoding(r, "c4822003", number("0.3"));
    check_encoding(r, "c4822003", number("0.300"));
    check_encoding(r, "c48221196ab3", number("273.15"));
    check_encoding(r, "18c8", number("200.00"));
    check_encoding(r, "18c8", number("2e2"));
    check_encoding(r, "00", number("-0.00"));
}

static void no_digit_of_a_number_is_lost(void **state)
{
    static const char *const numbers[] = {"9223372036854775807",
                                          "-9223372036854775808",
                                          "9223372036854775808",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "-18446744073709551617",
                                          "92233720368547758.07",
                                          "0.01",
                                          "-0.01",
                                          "1234567890123456789012345678901234",
                                          "9999999999999999999999999999999999",
                                          "-12345678901234567890123456789012.34",
                                          "1e6000",
                                          "9.999999999999999999999999999999999e6144",
                                          "1e-6176",
                                          "-1.5e-6000",
                                          "123456789e-30"};
    room *r = *state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const greffe__value value = number(numbers[i]);
        greffe__value again = greffe__null();
        const greffe__str bytes = write_value(r, &value);
        if (!read_value(r, bytes, &again) || !greffe__value_equal(&value, &again) ||
            !greffe__str_equal(write_value(r, &again), bytes)) {
            fail_msg("%s is lost", numbers[i]);
        }
    }
}

static void every_kind_survives_writing_and_reading(void **state)
{
    room *r = *state;
    const greffe__range range = {greffe__integer(1), greffe__null(), true, false};
    const greffe__moment moment = {-1, 999999999, -12600};
    const greffe__value values[] = {
        {.kind = GREFFE__TIME, .as = {.moment = {43200, 5, GREFFE__NO_OFFSET}}},
        {.kind = GREFFE__DATETIME, .as = {.moment = moment}},
        {.kind = GREFFE__DURATION, .as = {.moment = {-86400, 0, GREFFE__NO_OFFSET}}},
        {.kind = GREFFE__PERIOD, .as = {.months = -14}},
        {.kind = GREFFE__RANGE, .as = {.range = &range}}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        greffe__value again = greffe__null();
        const greffe__str bytes = write_value(r, &values[i]);
        assert_true(read_value(r, bytes, &again));
        assert_int_equal(again.kind, values[i].kind);
        assert_true(greffe__value_equal(&values[i], &again));
        assert_true(greffe__str_equal(write_value(r, &again), bytes));
        for (size_t cut = 0; cut < bytes.size; cut++) {
            assert_false(read_value(r, (greffe__str){bytes.data, cut}, &again));
        }
    }
}

/* Each is CBOR, or nearly, and none is what the writer gives. */
static void every_other_encoding_is_refused(void **state)
{
    static const char *const refused[] = {"",
                                          "1800",
                                          "1817",
                                          "190017",
                                          "1900ff",
                                          "1a0000ffff",
                                          "1b00000000ffffffff", /* long heads */
                                          "3800",
                                          "7800",
                                          "780161",
                                          "58",
                                          "9800",
                                          "980101",
                                          "b800",
                                          "d900640",
                                          "d9006400",
                                          "1b8000000000000000",
                                          "3b8000000000000000",
                                          "1bffffffffffffffff", /* past 64 bits signed */
                                          "9fff",
                                          "9f01ff",
                                          "bfff",
                                          "7fff",
                                          "7f6161ff",
                                          "5fff",
                                          "ff", /* indefinite lengths */
                                          "f7",
                                          "f0",
                                          "f820",
                                          "e0",
                                          "f90000",
                                          "f93e00",
                                          "fa47c35000",
                                          "fb3ff199999999999a",
                                          "61ff",
                                          "62c080",
                                          "63eda080",
                                          "616100",
                                          "0000", /* not UTF-8, something more */
                                          "61",
                                          "82",
                                          "8201",
                                          "a1",
                                          "a16161",
                                          "c4",
                                          "c482",
                                          "d864", /* cut */
                                          "9bffffffffffffffff",
                                          "bbffffffffffffffff",
                                          "7bffffffffffffffff",
                                          "9affffffff",
                                          "a2616201616101",
                                          "a2616101616102", /* order, twice */
                                          "a10101",
                                          "a1f601", /* names that are no texts */
                                          "c482000a",
                                          "c4820103",
                                          "c4822000",
                                          "c482201864",
                                          "c4822014", /* 10, 3e1, 0, trailing 0 */
                                          "c48220c24103",
                                          "c2420100",
                                          "c6",
                                          "d86501",
                                          "d8646130",
                                          "d864f6",
                                          "d9fde7",
                                          "d9fdec00",
                                          "c483200300",
                                          "c4812003",
                                          "1c",
                                          "1d",
                                          "1e",
                                          "1f",
                                          "fc",
                                          "fe",
                                          "5801",
                                          "40",
                                          "4161"};
    room *r = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        greffe__value value = greffe__null();
        if (read_value(r, bytes_of(r, refused[i]), &value)) {
            fail_msg("%s is read", refused[i]);
        }
    }
}

/* Whatever is read, writing gives its bytes again: so no value has two encodings. */
static void whatever_three_bytes_are_read_are_the_only_encoding(void **state)
{
    room *r = *state;
    unsigned accepted = 0;
    for (uint32_t i = 0; i < 1u << 24; i += i < 1u << 16 ? 1 : 37) {
        const char data[3] = {(char)(i & 0xff), (char)(i >> 8 & 0xff), (char)(i >> 16)};
        const greffe__str bytes = {data, i < 256 ? 1 : i < 1u << 16 ? 2 : 3};
        greffe__value value = greffe__null();
        greffe__arena_reset(&r->arena);
        if (read_value(r, bytes, &value)) {
            accepted++;
            r->buf.size = 0;
            greffe__cbor_value(&r->buf, &value);
            if (!greffe__str_equal(bytes, (greffe__str){r->buf.data, r->buf.size})) {
                fail_msg("%02x%02x%02x has two encodings", data[0] & 0xff, data[1] & 0xff,
                         data[2] & 0xff);
            }
        }
    }
    assert_true(accepted > 1000);
}

static void check_depth(room *r, uint32_t depth, bool readable)
{
    char data[2 * GREFFE_MAX_CBOR_DEPTH + 2];
    greffe__value value = greffe__null();
    memset(data, (char)0x81, depth);
    data[depth] = (char)0x80;
    assert_int_equal(read_value(r, (greffe__str){data, depth + 1}, &value), readable);
}

static void depth_is_bounded(void **state)
{
    check_depth(*state, GREFFE_MAX_CBOR_DEPTH - 2, true);
    check_depth(*state, GREFFE_MAX_CBOR_DEPTH + 1, false);
    check_depth(*state, 2 * GREFFE_MAX_CBOR_DEPTH, false);
}

static void a_reader_stops_at_its_first_fault(void **state)
{
    room *r = *state;
    greffe__cbor in;
    greffe__cbor_open(&in, bytes_of(r, "1800010203"));
    assert_int_equal(greffe__cbor_read_uint(&in), 0);
    assert_true(in.failed);
    assert_int_equal(greffe__cbor_read_uint(&in), 0);
    assert_int_equal(greffe__cbor_read_int(&in), 0);
    assert_false(greffe__cbor_read_bool(&in));
    assert_int_equal(greffe__cbor_read_text(&in).size, 0);
    assert_int_equal(greffe__cbor_read_bytes(&in).size, 0);
    assert_int_equal(greffe__cbor_read_array(&in), 0);
    assert_int_equal(greffe__cbor_read_map(&in), 0);
    assert_int_equal(greffe__cbor_read_value(&in, &r->arena).kind, GREFFE__NULL);
    assert_true(in.failed);
    assert_false(greffe__cbor_done(&in));
}

static void single_items_are_read_as_they_were_written(void **state)
{
    room *r = *state;
    greffe__cbor in;
    greffe__buf *buf = fresh(r);
    greffe__cbor_map(buf, 1);
    greffe__cbor_uint(buf, UINT64_MAX);
    greffe__cbor_array(buf, 5);
    greffe__cbor_int(buf, INT64_MIN);
    greffe__cbor_text(buf, greffe__str_of("a"));
    greffe__cbor_bytes(buf, (greffe__str){"\xff\0", 2});
    greffe__cbor_bool(buf, true);
    greffe__cbor_null(buf);
    greffe__cbor_open(&in, kept(r));
    assert_int_equal(greffe__cbor_read_map(&in), 1);
    assert_true(greffe__cbor_read_uint(&in) == UINT64_MAX);
    assert_int_equal(greffe__cbor_read_array(&in), 5);
    assert_true(greffe__cbor_read_int(&in) == INT64_MIN);
    assert_true(greffe__str_is(greffe__cbor_read_text(&in), "a"));
    assert_true(greffe__str_equal(greffe__cbor_read_bytes(&in), (greffe__str){"\xff\0", 2}));
    assert_true(greffe__cbor_read_bool(&in));
    assert_false(greffe__cbor_done(&in));
    assert_int_equal(greffe__cbor_read_value(&in, &r->arena).kind, GREFFE__NULL);
    assert_true(greffe__cbor_done(&in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(values_have_the_bytes_that_rfc_8949_gives),
        ROOM_TEST(names_stand_in_the_order_of_their_bytes),
        ROOM_TEST(a_number_is_written_without_trailing_zeros),
        ROOM_TEST(no_digit_of_a_number_is_lost),
        ROOM_TEST(every_kind_survives_writing_and_reading),
        ROOM_TEST(every_other_encoding_is_refused),
        ROOM_TEST(whatever_three_bytes_are_read_are_the_only_encoding),
        ROOM_TEST(depth_is_bounded),
        ROOM_TEST(a_reader_stops_at_its_first_fault),
        ROOM_TEST(single_items_are_read_as_they_were_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
