/* Stores in files: what is written stays, readers never write, tenants and prefixes are apart, and
 * several connections share a file. */
#define _POSIX_C_SOURCE 200809L

#include "support/store_kit.c"

/* --- What is written stays --- */

static void write_some(fixture *f)
{
    unsigned char secret[32];
    written w;
    assert_int_equal(commit_rich(f, entry_of(&w, 2, "second", 0, "c1")), GREFFE_OK);
    assert_int_equal(publish(f, "velo", "aa", "first", 1), GREFFE_OK);
    assert_int_equal(ask_secret(f, 5, secret), GREFFE_OK);
}

static void assert_some(fixture *f)
{
    greffe_read_row all[most_rows];
    greffe_load items[] = {
        {.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("first")},
        {.what = GREFFE_LOAD_ENTRY, .kind = 1, .key = str("first"), .command = str("c1")},
        {.what = GREFFE_LOAD_PERSONAL, .kind = 1, .key = str("first")}};
    assert_int_equal(load_from(f, f->store, items, 3), GREFFE_OK);
    assert_true(items[0].found && items[1].found);
    assert_int_equal(items[0].version, 1);
    assert_int_equal(items[2].personal_count, 1);
    assert_int_equal(version_of(f, 2, "second"), 1);
    assert_int_equal(next_number(f, "VELO-2020"), 2);
    assert_active(f, "velo", "aa", "first");
    greffe_read rows = {.what = GREFFE_READ_ROWS, .kind = 1, .group = str("first")};
    assert_int_equal(read_pages(f, rows, 9, all), 2);
}

static void a_file_that_is_opened_again_holds_everything(void **state)
{
    fixture *f = *state;
    write_some(f);
    reopen(f, false);
    assert_some(f);
    assert_int_equal(write_entry(f, 1, "first", 1, "c2"), GREFFE_OK);
}

static void a_file_opened_for_reading_is_never_written(void **state)
{
    fixture *f = *state;
    unsigned char secret[32];
    write_some(f);
    reopen(f, true);
    assert_some(f);
    assert_int_equal(ask_secret(f, 9, secret), GREFFE_OK);
    assert_int_equal(secret[0], 5);
    assert_int_equal(write_entry(f, 1, "first", 1, "c2"), GREFFE_EREADONLY);
    assert_int_equal(publish(f, "velo", "bb", "second", 2), GREFFE_EREADONLY);
    greffe_effect_row row = {.kind = 1, .key = str("first"), .item = str("m1")};
    assert_int_equal(postpone(f, &row, first_ms), GREFFE_EREADONLY);
    greffe_claim_request request = {
        .now_ms = first_ms, .limit = 9, .effects = true, .lease_ms = lease_ms};
    assert_int_equal(claim(f, &request), GREFFE_EREADONLY);
    reopen(f, false);
    assert_some(f);
    const greffe_effect_row *rows;
    assert_int_equal(claim_effects(f, first_ms, 9, &rows), 1);
}

static void tenants_and_prefixes_do_not_see_each_other(void **state)
{
    static const struct {
        const char *prefix, *tenant;
    } others[] = {{NULL, "other"}, {"p2_", NULL}, {"p2_", "other"}};
    fixture *f = *state;
    unsigned char secret[32];
    write_some(f);
    assert_int_equal(ask_secret(f, 1, secret), GREFFE_OK);
    greffe_store *own = f->store;
    for (size_t i = 0; i < 3; i++) {
        const greffe_effect_row *rows;
        assert_int_equal(open_as(f, &f->store, others[i].prefix, others[i].tenant, false),
                         GREFFE_OK);
        assert_no_trace_of_the_first(f);
        assert_int_equal(claim_effects(f, first_ms, 9, &rows), 0);
        greffe_load item =
            load_one(f, (greffe_load){.what = GREFFE_LOAD_ACTIVE, .command = str("velo")});
        assert_false(item.found);
        greffe_read_row all[most_rows];
        assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_BUNDLES}, 9, all), 0);
        write_some(f);
        assert_some(f);
        close_own(f);
    }
    f->store = own;
    assert_some(f);
}

static void two_connections_meet_in_conflicts(void **state)
{
    fixture *f = *state;
    greffe_store *other;
    written w;
    assert_int_equal(open_as(f, &other, NULL, NULL, false), GREFFE_OK);
    greffe_write_set set = {.streams = entry_of(&w, 1, "d", 0, "c1"), .stream_count = 1};
    assert_int_equal(commit_to(other, &set), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "d"), 1);
    assert_int_equal(write_entry(f, 1, "d", 0, "c2"), GREFFE_ECONFLICT);
    assert_int_equal(write_entry(f, 1, "d", 1, "c2"), GREFFE_OK);
    entry_of(&w, 1, "d", 1, "c3");
    assert_int_equal(commit_to(other, &set), GREFFE_ECONFLICT);
    greffe_load item = {.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("d")};
    assert_int_equal(load_from(f, other, &item, 1), GREFFE_OK);
    assert_int_equal(item.version, 2);
    other->ops->close(other);
}

/* What a thread does that opens the file when nobody has made it yet. */
typedef struct opener {
    const fixture *f;
    greffe_status status, secret_status;
    unsigned char secret[32];
} opener;

static void *open_and_ask(void *data)
{
    opener *o = data;
    greffe_store *store;
    unsigned char fresh[32];
    reply r;
    memset(fresh, (int)((uintptr_t)o & 0xff), sizeof fresh);
    o->status = open_as(o->f, &store, NULL, NULL, false);
    if (o->status == GREFFE_OK) {
        expect_reply(&r);
        store->ops->secret(store, fresh, o->secret, on_done, &r);
        o->secret_status = await(&r);
        store->ops->close(store);
    }
    return NULL;
}

static void many_open_an_empty_file_at_once(void **state)
{
    enum { threads = 8, rounds = 10 };
    fixture *f = *state;
    for (int round = 0; round < rounds; round++) {
        pthread_t thread[threads];
        opener openers[threads];
        close_own(f);
        assert_int_equal(unlink(f->path), 0);
        for (size_t i = 0; i < threads; i++) {
            openers[i] = (opener){.f = f};
            assert_int_equal(pthread_create(&thread[i], NULL, open_and_ask, &openers[i]), 0);
        }
        for (size_t i = 0; i < threads; i++) {
            assert_int_equal(pthread_join(thread[i], NULL), 0);
        }
        assert_int_equal(open_as(f, &f->store, NULL, NULL, false), GREFFE_OK);
        for (size_t i = 0; i < threads; i++) {
            assert_int_equal(openers[i].status, GREFFE_OK);
            assert_int_equal(openers[i].secret_status, GREFFE_OK);
            assert_memory_equal(openers[i].secret, openers[0].secret, 32);
        }
    }
}

static void wrong_options_open_nothing(void **state)
{
    static const char *const prefixes[] = {"a;b", "a b", "a\"b", "a-b", "\xc3\xa9"};
    const fixture *f = *state;
    greffe_store *none = NULL;
    char absent[96];
    (void)snprintf(absent, sizeof absent, "%s/no/such/folder.db", f->folder);
    greffe_sqlite_options options = {.size = sizeof options, .path = f->path};
    assert_int_equal(greffe_store_sqlite(NULL, &options), GREFFE_EMISUSE);
    assert_int_equal(greffe_store_sqlite(&none, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_store_memory(NULL), GREFFE_EMISUSE);
    options.size = 3;
    assert_int_equal(greffe_store_sqlite(&none, &options), GREFFE_EMISUSE);
    options = (greffe_sqlite_options){.size = sizeof options};
    assert_int_equal(greffe_store_sqlite(&none, &options), GREFFE_EMISUSE);
    options.path = f->path;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        options.prefix = prefixes[i];
        assert_int_equal(greffe_store_sqlite(&none, &options), GREFFE_EMISUSE);
    }
    options = (greffe_sqlite_options){.size = sizeof options, .path = absent};
    assert_int_equal(greffe_store_sqlite(&none, &options), GREFFE_EIO);
    (void)snprintf(absent, sizeof absent, "%s/absent.db", f->folder);
    options.read_only = true;
    assert_int_not_equal(greffe_store_sqlite(&none, &options), GREFFE_OK);
    assert_int_equal(access(absent, F_OK), -1);
    assert_null(none);
}

static int run_suite(backend which, const char *name)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_is_opened_again_holds_everything),
        TEST(a_file_opened_for_reading_is_never_written),
        TEST(tenants_and_prefixes_do_not_see_each_other),
        TEST(two_connections_meet_in_conflicts),
        TEST(many_open_an_empty_file_at_once),
        TEST(wrong_options_open_nothing),
    };
#undef TEST
    tried = which;
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
    int failed = run_suite(IN_SQLITE, "store in SQLite");
    failed += run_suite(LATE_SQLITE, "late store around SQLite");
    return failed > 0;
}
