/* Tests SHA-256 with the examples of FIPS 180, and the keyed hash with values that Python's hmac
 * gave for HMAC-SHA-256(key, first || 00 || second). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"

static void assert_hash(greffe__hash hash, const char *expected)
{
    char text[GREFFE__HASH_CHARS];
    greffe__hex(text, greffe__hash_str(&hash));
    assert_string_equal(text, expected);
}

static void the_examples_of_fips_180_give_their_hashes(void **state)
{
    (void)state;
    assert_hash(greffe__sha256(greffe__str_of("")),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash(greffe__sha256(greffe__str_of("abc")),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash(
        greffe__sha256(greffe__str_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_hash(
        greffe__sha256(greffe__str_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                                      "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")),
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void a_million_letters_give_the_hash_of_fips_180(void **state)
{
    (void)state;
    const size_t size = 1000000;
    char *letters = malloc(size);
    assert_non_null(letters);
    memset(letters, 'a', size);
    assert_hash(greffe__sha256((greffe__str){letters, size}),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(letters);
}

static void the_empty_string_without_data_hashes_as_any_empty_string(void **state)
{
    (void)state;
    const greffe__str empty = {NULL, 0};
    assert_hash(greffe__sha256(empty),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash(greffe__sha256_pair(empty, empty),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_pair_hashes_as_its_strings_one_after_the_other(void **state)
{
    (void)state;
    const char *text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopqabcdefghijklmnop";
    const size_t size = strlen(text);
    const greffe__hash whole = greffe__sha256(greffe__str_of(text));
    for (size_t cut = 0; cut <= size; cut++) {
        const greffe__hash pair =
            greffe__sha256_pair((greffe__str){text, cut}, (greffe__str){text + cut, size - cut});
        assert_memory_equal(pair.bytes, whole.bytes, GREFFE__HASH_BYTES);
    }
}

static void the_keyed_hash_is_hmac_with_a_zero_byte_between(void **state)
{
    (void)state;
    unsigned char counting[GREFFE__HASH_BYTES];
    unsigned char elevens[GREFFE__HASH_BYTES];
    const unsigned char zeros[GREFFE__HASH_BYTES] = {0};
    char first[200];
    char second[300];
    for (unsigned i = 0; i < GREFFE__HASH_BYTES; i++) {
        counting[i] = (unsigned char)i;
        elevens[i] = 0x0b;
    }
    memset(first, 'a', sizeof first);
    memset(second, 'b', sizeof second);
    assert_hash(greffe__hmac(counting, greffe__str_of("field"), greffe__str_of("value")),
                "103b397711eceb013b64f3751dbb42c0133962202cbedf0181399efecf1ad08f");
    assert_hash(greffe__hmac(elevens, greffe__str_of("Hi"), greffe__str_of("There")),
                "4a01cac9698c82030c7487d8109290916f10111ccacc9e10031434fc7266d69a");
    assert_hash(greffe__hmac(counting, greffe__str_of(""), greffe__str_of("")),
                "e711546e3faad4c7c4aa756bc26cad6abea8241984a0f6b0839c70ca61c4ef88");
    assert_hash(greffe__hmac(zeros, (greffe__str){first, sizeof first},
                             (greffe__str){second, sizeof second}),
                "83c424fd517eaa18dff39412a19bc82432c3933faad921f18ee702c2450de2fb");
}

static void moving_the_border_between_the_strings_changes_the_keyed_hash(void **state)
{
    (void)state;
    const unsigned char key[GREFFE__HASH_BYTES] = {1, 2, 3};
    const greffe__hash one = greffe__hmac(key, greffe__str_of("ab"), greffe__str_of("c"));
    const greffe__hash other = greffe__hmac(key, greffe__str_of("a"), greffe__str_of("bc"));
    assert_memory_not_equal(one.bytes, other.bytes, GREFFE__HASH_BYTES);
}

static void one_bit_of_the_key_changes_the_keyed_hash(void **state)
{
    (void)state;
    unsigned char key[GREFFE__HASH_BYTES] = {0};
    const greffe__hash one = greffe__hmac(key, greffe__str_of("a"), greffe__str_of("b"));
    for (unsigned i = 0; i < GREFFE__HASH_BYTES; i++) {
        key[i] = 0x80;
        const greffe__hash other = greffe__hmac(key, greffe__str_of("a"), greffe__str_of("b"));
        assert_memory_not_equal(one.bytes, other.bytes, GREFFE__HASH_BYTES);
        key[i] = 0;
    }
}

static void a_hash_lends_its_own_bytes(void **state)
{
    (void)state;
    const greffe__hash hash = greffe__sha256(greffe__str_of("abc"));
    const greffe__str bytes = greffe__hash_str(&hash);
    assert_int_equal(bytes.size, GREFFE__HASH_BYTES);
    assert_ptr_equal(bytes.data, hash.bytes);
}

static void bytes_are_written_as_two_small_hexadecimal_digits_each(void **state)
{
    (void)state;
    char text[2 * 4 + 2];
    memset(text, '#', sizeof text);
    greffe__hex(text, (greffe__str){"\x00\x0f\xa5\xff", 4});
    assert_string_equal(text, "000fa5ff");
    assert_int_equal(text[9], '#');
    greffe__hex(text, (greffe__str){NULL, 0});
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_fips_180_give_their_hashes),
        cmocka_unit_test(a_million_letters_give_the_hash_of_fips_180),
        cmocka_unit_test(the_empty_string_without_data_hashes_as_any_empty_string),
        cmocka_unit_test(a_pair_hashes_as_its_strings_one_after_the_other),
        cmocka_unit_test(the_keyed_hash_is_hmac_with_a_zero_byte_between),
        cmocka_unit_test(moving_the_border_between_the_strings_changes_the_keyed_hash),
        cmocka_unit_test(one_bit_of_the_key_changes_the_keyed_hash),
        cmocka_unit_test(a_hash_lends_its_own_bytes),
        cmocka_unit_test(bytes_are_written_as_two_small_hexadecimal_digits_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
