/* One suite of conformance for every store: in memory, in SQLite, and late. What a new adapter of
 * greffe/sys/store.h has to pass. It knows the interface, and no table. */
#define _POSIX_C_SOURCE 200809L

#include "support/store_kit.c"

/* --- Loading and versions --- */

static void what_was_never_stored_is_not_found(void **state)
{
    fixture *f = *state;
    greffe_load items[] = {
        {.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("d"), .found = true},
        {.what = GREFFE_LOAD_ENTRY, .kind = 1, .key = str("d"), .command = str("c"), .found = true},
        {.what = GREFFE_LOAD_BUNDLE, .command = str("abc"), .found = true},
        {.what = GREFFE_LOAD_ACTIVE, .command = str("velo"), .found = true}};
    assert_int_equal(load_from(f, f->store, items, 4), GREFFE_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_false(items[i].found);
    }
    greffe_load values =
        load_one(f, (greffe_load){.what = GREFFE_LOAD_PERSONAL, .kind = 1, .key = str("d")});
    assert_int_equal(values.personal_count, 0);
    assert_int_equal(next_number(f, "VELO-2020"), 1);
}

static void loading_nothing_is_fine(void **state)
{
    fixture *f = *state;
    assert_int_equal(load_from(f, f->store, NULL, 0), GREFFE_OK);
    assert_int_equal(commit_to(f->store, &(greffe_write_set){.streams = NULL}), GREFFE_OK);
}

static void a_new_stream_is_found_as_it_was_committed(void **state)
{
    fixture *f = *state;
    written w;
    static const char bytes[] = {'s', 0, 't', (char)0xff, 0};
    entry_of(&w, 1, "d", 0, "c1");
    w.write.state = (greffe_str){bytes, sizeof bytes};
    w.entry.body = (greffe_str){bytes + 1, sizeof bytes - 1};
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    greffe_load items[] = {
        {.what = GREFFE_LOAD_ENTRY, .kind = 1, .key = str("d"), .command = str("c1")},
        {.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("d")},
        {.what = GREFFE_LOAD_STREAM, .kind = 2, .key = str("d")},
        {.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("D")},
        {.what = GREFFE_LOAD_ENTRY, .kind = 1, .key = str("d"), .command = str("c")}};
    assert_int_equal(load_from(f, f->store, items, 5), GREFFE_OK);
    assert_true(items[0].found && items[1].found);
    assert_false(items[2].found || items[3].found || items[4].found);
    assert_int_equal(items[0].body.size, sizeof bytes - 1);
    assert_memory_equal(items[0].body.data, bytes + 1, sizeof bytes - 1);
    assert_int_equal(items[1].version, 1);
    assert_int_equal(items[1].last_ms, first_ms);
    assert_int_equal(items[1].head.size, head_bytes);
    assert_memory_equal(items[1].head.data, HEAD, head_bytes);
    assert_int_equal(items[1].body.size, sizeof bytes);
    assert_memory_equal(items[1].body.data, bytes, sizeof bytes);
}

static void a_stream_moves_on_by_one_version_an_entry(void **state)
{
    fixture *f = *state;
    written w;
    assert_int_equal(write_entry(f, 1, "d", 0, "c1"), GREFFE_OK);
    entry_of(&w, 1, "d", 1, "c2");
    w.write.state = str("another state");
    w.write.last_ms = first_ms + 5;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    greffe_load item =
        load_one(f, (greffe_load){.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("d")});
    assert_int_equal(item.version, 2);
    assert_int_equal(item.last_ms, first_ms + 5);
    assert_str(item.body, "another state");
}

static void a_stale_version_is_a_conflict(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_entry(f, 1, "d", 1, "c0"), GREFFE_ECONFLICT);
    assert_int_equal(write_entry(f, 1, "d", 0, "c1"), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "d", 0, "c2"), GREFFE_ECONFLICT);
    assert_int_equal(write_entry(f, 1, "d", 1, "c2"), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "d", 1, "c3"), GREFFE_ECONFLICT);
    assert_int_equal(write_entry(f, 1, "d", 3, "c3"), GREFFE_ECONFLICT);
    assert_int_equal(version_of(f, 1, "d"), 2);
}

static void a_stream_that_was_only_read_is_checked_and_left_alone(void **state)
{
    fixture *f = *state;
    greffe_stream_write read = {.kind = 1, .key = str("d"), .expected = 0};
    assert_int_equal(commit_one(f, &read), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "d"), 0);
    assert_int_equal(write_entry(f, 1, "d", 0, "c1"), GREFFE_OK);
    assert_int_equal(commit_one(f, &read), GREFFE_ECONFLICT);
    read.expected = 1;
    assert_int_equal(commit_one(f, &read), GREFFE_OK);
    read.expected = 2;
    assert_int_equal(commit_one(f, &read), GREFFE_ECONFLICT);
    greffe_load item =
        load_one(f, (greffe_load){.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("d")});
    assert_int_equal(item.version, 1);
    assert_str(item.body, "a state");
}

static greffe_status group(fixture *f, bool begin)
{
    reply r;
    expect_reply(&r);
    f->store->ops->group(f->store, begin, on_done, &r);
    return await(&r);
}

/* Each set of a group by itself: what one of them meets is not the others' fate. A store need not
 * have groups. */
static void what_shares_a_commit_is_taken_or_refused_alone(void **state)
{
    fixture *f = *state;
    if (f->store->ops->group == NULL) {
        skip();
    }
    assert_int_equal(group(f, true), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "a", 0, "c1"), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "b", 7, "c1"), GREFFE_ECONFLICT);
    assert_int_equal(write_entry(f, 1, "a", 0, "c2"), GREFFE_ECONFLICT); /* it sees the first */
    assert_int_equal(write_entry(f, 1, "a", 1, "c2"), GREFFE_OK);
    greffe_list_row row = task("1", "completude", "mobilites");
    assert_int_equal(write_rows(f, 1, "x", 0, &row, 1), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "a"), 2);
    assert_int_equal(group(f, false), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "a"), 2);
    assert_int_equal(version_of(f, 1, "b"), 0);
    assert_int_equal(version_of(f, 1, "x"), 1);
    assert_int_equal(group(f, true), GREFFE_OK); /* an empty one is fine */
    assert_int_equal(group(f, false), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "b", 0, "c1"), GREFFE_OK); /* alone again */
}

/* A set that is refused half-way leaves nothing behind, alone or with its whole group. */
static void what_is_refused_half_way_in_a_group_leaves_nothing(void **state)
{
    fixture *f = *state;
    written one, two;
    if (f->store->ops->group == NULL) {
        skip();
    }
    greffe_stream_write both[] = {*entry_of(&one, 1, "half", 0, "c1"),
                                  *entry_of(&two, 1, "stale", 7, "c1")};
    greffe_write_set set = {.streams = both, .stream_count = 2};
    assert_int_equal(group(f, true), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "before", 0, "c1"), GREFFE_OK);
    assert_int_equal(commit_to(f->store, &set), GREFFE_ECONFLICT);
    bool after = write_entry(f, 1, "after", 0, "c1") == GREFFE_OK;
    bool kept = group(f, false) == GREFFE_OK;
    assert_true(after || !kept);
    assert_int_equal(version_of(f, 1, "before"), kept ? 1 : 0);
    assert_int_equal(version_of(f, 1, "after"), kept ? 1 : 0);
    assert_int_equal(version_of(f, 1, "half"), 0);
    assert_int_equal(group(f, true), GREFFE_OK); /* and the next one is whole again */
    assert_int_equal(write_entry(f, 1, "half", 0, "c1"), GREFFE_OK);
    assert_int_equal(group(f, false), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "half"), 1);
}

static greffe_status refuse(void *data, void *connection)
{
    (void)data;
    (void)connection;
    return GREFFE_EDENIED;
}

static void what_is_vetoed_in_a_group_is_refused_alone(void **state)
{
    fixture *f = *state;
    written w;
    if (f->store->ops->group == NULL) {
        skip();
    }
    greffe_write_set set = {
        .streams = entry_of(&w, 1, "vetoed", 0, "c1"), .stream_count = 1, .before = refuse};
    assert_int_equal(group(f, true), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "before", 0, "c1"), GREFFE_OK);
    assert_int_equal(commit_to(f->store, &set), GREFFE_EDENIED);
    assert_int_equal(write_entry(f, 1, "after", 0, "c1"), GREFFE_OK);
    assert_int_equal(group(f, false), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "before"), 1);
    assert_int_equal(version_of(f, 1, "vetoed"), 0);
    assert_int_equal(version_of(f, 1, "after"), 1);
}

static greffe_status keep(fixture *f, const char *subscriber, int64_t position)
{
    reply r;
    expect_reply(&r);
    f->store->ops->keep(f->store, str(subscriber), position, on_done, &r);
    return await(&r);
}

static void the_feed_gives_all_entries_in_the_order_of_their_commits(void **state)
{
    fixture *f = *state;
    greffe_read feed = {.what = GREFFE_READ_FEED, .after = str("0"), .limit = 2};
    assert_int_equal(write_entry(f, 1, "b", 0, "c1"), GREFFE_OK);
    assert_int_equal(write_entry(f, 2, "a", 0, "c1"), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "b", 0, "c9"), GREFFE_ECONFLICT);
    assert_int_equal(write_entry(f, 1, "b", 1, "c2"), GREFFE_OK);
    assert_int_equal(read_rows(f, &feed), GREFFE_OK);
    assert_int_equal(feed.count, 2);
    assert_int_equal(feed.rows[0].kind, 1);
    assert_str(feed.rows[0].key, "b");
    assert_int_equal(feed.rows[0].version, 1);
    assert_int_equal(feed.rows[1].kind, 2);
    assert_true(feed.rows[0].since_ms < feed.rows[1].since_ms);
    char after[24];
    (void)snprintf(after, sizeof after, "%lld", (long long)feed.rows[1].since_ms);
    feed.after = str(after);
    assert_int_equal(read_rows(f, &feed), GREFFE_OK);
    assert_int_equal(feed.count, 1);
    assert_int_equal(feed.rows[0].version, 2);
}

static void a_subscriber_s_cursor_is_kept_and_never_goes_back(void **state)
{
    fixture *f = *state;
    const greffe_load cursor = {.what = GREFFE_LOAD_CURSOR, .command = str("portail")};
    if (f->store->ops->keep == NULL) {
        skip();
    }
    assert_false(load_one(f, cursor).found);
    assert_int_equal(keep(f, "portail", 7), GREFFE_OK);
    assert_int_equal(keep(f, "autre", 3), GREFFE_OK);
    assert_int_equal(load_one(f, cursor).version, 7);
    assert_int_equal(keep(f, "portail", 5), GREFFE_OK);
    assert_int_equal(load_one(f, cursor).version, 7);
    assert_int_equal(keep(f, "portail", 9), GREFFE_OK);
    greffe_load found = load_one(f, cursor);
    assert_true(found.found);
    assert_int_equal(found.version, 9);
}

static void a_command_key_is_taken_once_in_a_stream(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_entry(f, 1, "d", 0, "c1"), GREFFE_OK);
    assert_int_not_equal(write_entry(f, 1, "d", 1, "c1"), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "d"), 1);
    assert_int_equal(write_entry(f, 1, "e", 0, "c1"), GREFFE_OK);
    assert_int_equal(write_entry(f, 2, "d", 0, "c1"), GREFFE_OK);
    assert_int_equal(write_entry(f, 1, "d", 1, "c2"), GREFFE_OK);
}

/* --- All or nothing --- */

static void a_conflict_in_the_second_stream_leaves_the_first_untouched(void **state)
{
    fixture *f = *state;
    written w;
    assert_int_equal(commit_rich(f, entry_of(&w, 2, "second", 4, "c1")), GREFFE_ECONFLICT);
    assert_no_trace_of_the_first(f);
    greffe_stream_write read = {.kind = 2, .key = str("second"), .expected = 4};
    assert_int_equal(commit_rich(f, &read), GREFFE_ECONFLICT);
    assert_no_trace_of_the_first(f);
    assert_int_equal(commit_rich(f, entry_of(&w, 2, "second", 0, "c1")), GREFFE_OK);
    assert_int_equal(version_of(f, 1, "first"), 1);
    assert_int_equal(version_of(f, 2, "second"), 1);
    assert_int_equal(next_number(f, "VELO-2020"), 2);
}

static greffe_stream_write *allot(written *w, uint64_t expected, const int64_t amounts[4])
{
    static const char *const commands[] = {"a0", "a1", "a2", "a3", "a4"};
    entry_of(w, 3, "velo_2020", expected, commands[expected]);
    memcpy(w->write.amounts, amounts, sizeof w->write.amounts);
    w->write.has_amounts = true;
    return &w->write;
}

static void an_overspend_is_refused_by_the_store_itself(void **state)
{
    static const int64_t full[4] = {100, 50, 30, 20}, more[4] = {100, 50, 31, 20},
                         none[4] = {0, 0, 0, 0};
    static const int64_t below[3][4] = {{100, -1, 0, 0}, {100, 0, -1, 0}, {100, 0, 0, -1}};
    fixture *f = *state;
    written w;
    assert_int_not_equal(commit_rich(f, allot(&w, 0, more)), GREFFE_OK);
    assert_no_trace_of_the_first(f);
    assert_int_equal(version_of(f, 3, "velo_2020"), 0);
    assert_int_equal(commit_one(f, allot(&w, 0, full)), GREFFE_OK);
    assert_int_not_equal(commit_one(f, allot(&w, 1, more)), GREFFE_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_not_equal(commit_one(f, allot(&w, 1, below[i])), GREFFE_OK);
    }
    assert_int_equal(version_of(f, 3, "velo_2020"), 1);
    assert_int_equal(commit_one(f, allot(&w, 1, none)), GREFFE_OK);
}

static void numbers_are_taken_in_turn(void **state)
{
    fixture *f = *state;
    greffe_number_write two[] = {{str("A"), 1}, {str("B"), 1}};
    assert_int_equal(commit_to(f->store, &(greffe_write_set){.numbers = two, .number_count = 2}),
                     GREFFE_OK);
    two[0].expected = 2;
    assert_int_equal(commit_to(f->store, &(greffe_write_set){.numbers = two, .number_count = 2}),
                     GREFFE_ECONFLICT);
    assert_int_equal(next_number(f, "A"), 2);
    assert_int_equal(next_number(f, "B"), 2);
    assert_int_equal(commit_to(f->store, &(greffe_write_set){.numbers = two, .number_count = 1}),
                     GREFFE_OK);
    assert_int_equal(next_number(f, "A"), 3);
    two[0].expected = 7;
    assert_int_equal(commit_to(f->store, &(greffe_write_set){.numbers = two, .number_count = 1}),
                     GREFFE_ECONFLICT);
}

/* --- Personal values --- */

static void personal_values_are_kept_apart_from_the_journal(void **state)
{
    fixture *f = *state;
    written w;
    static const char bytes[] = {0, 1, (char)0xfe};
    greffe_personal_row rows[] = {{str("r2"), str("name"), str("s2"), {bytes, sizeof bytes}},
                                  {str("r1"), str("answer"), str("s1"), str("v1")}};
    entry_of(&w, 1, "d", 0, "c1");
    w.write.personal = rows;
    w.write.personal_count = 2;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    greffe_load wanted = {.what = GREFFE_LOAD_PERSONAL, .kind = 1, .key = str("d")};
    greffe_load item = load_one(f, wanted);
    assert_int_equal(item.personal_count, 2);
    size_t second = item.personal[0].ref.data[1] == '2' ? 0 : 1;
    const greffe_personal_row *a = &item.personal[1 - second], *b = &item.personal[second];
    assert_str(a->ref, "r1");
    assert_str(a->class_name, "answer");
    assert_str(a->salt, "s1");
    assert_str(a->value, "v1");
    assert_str(b->ref, "r2");
    assert_int_equal(b->value.size, sizeof bytes);
    assert_memory_equal(b->value.data, bytes, sizeof bytes);
    entry_of(&w, 1, "d", 1, "c2");
    rows[0] = (greffe_personal_row){str("r3"), str("answer"), str("s3"), str("v3")};
    w.write.personal = rows;
    w.write.personal_count = 1;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    assert_int_equal(load_one(f, wanted).personal_count, 3);
    wanted.kind = 2;
    assert_int_equal(load_one(f, wanted).personal_count, 0);
}

/* --- Lists --- */

static void rows_of_lists_are_inserted_replaced_and_removed(void **state)
{
    fixture *f = *state;
    greffe_read_row all[most_rows];
    greffe_list_row rows[] = {task("1", "depot", "mobilites"), task("2", "avis", "finances"),
                              effect("m1", "accord", "")};
    assert_int_equal(write_rows(f, 1, "d", 0, rows, 3), GREFFE_OK);
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_TASKS}, 9, all), 2);
    assert_str(all[0].key, "d");
    assert_str(all[0].item, "1");
    assert_str(all[0].name, "depot");
    assert_str(all[0].who, "mobilites");
    assert_str(all[0].assignee, "a person");
    assert_str(all[0].ref, "s1");
    assert_int_equal(all[0].kind, 1);
    assert_int_equal(all[0].due, 18000);
    assert_int_equal(all[0].since_ms, 77);
    greffe_read finances = {.what = GREFFE_READ_TASKS, .owner = str("finances")};
    assert_int_equal(read_pages(f, finances, 9, all), 1);
    assert_str(all[0].item, "2");
    greffe_list_row changes[] = {
        {.kind = GREFFE_LIST_TASK, .remove = true, .item = str("1")},
        {.kind = GREFFE_LIST_EFFECT, .remove = true, .item = str("2")}, /* there is none */
        task("2", "avis", "mobilites")};
    assert_int_equal(write_rows(f, 1, "d", 1, changes, 3), GREFFE_OK);
    assert_int_equal(read_pages(f, finances, 9, all), 0);
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_TASKS}, 9, all), 1);
    assert_str(all[0].who, "mobilites");
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_EFFECTS}, 9, all), 1);
    assert_str(all[0].item, "m1");
    assert_str(all[0].name, "mail");
    assert_str(all[0].who, "accord");
    greffe_read both = {.what = GREFFE_READ_ROWS, .kind = 1, .group = str("d")};
    assert_int_equal(read_pages(f, both, 9, all), 2);
    both.kind = 2;
    assert_int_equal(read_pages(f, both, 9, all), 0);
}

static void streams_are_listed_by_group_status_and_owner(void **state)
{
    fixture *f = *state;
    greffe_read_row all[most_rows];
    static const char *const keys[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        written w;
        entry_of(&w, 1, keys[i], 0, "c");
        w.write.group = str(i % 2 == 0 ? "velo" : "taxi");
        w.write.status = str(i < 2 ? "open" : "closed");
        w.write.owner = str(i == 3 ? "other" : "somebody");
        w.write.due_ms = i == 0 ? first_ms : INT64_MAX;
        assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    }
    greffe_read read = {.what = GREFFE_READ_STREAMS, .kind = 1};
    assert_int_equal(read_pages(f, read, 9, all), 4);
    assert_str(all[0].key, "a");
    assert_str(all[0].group, "velo");
    assert_str(all[0].status, "open");
    assert_str(all[0].label, "VELO-1");
    assert_str(all[0].owner, "somebody");
    assert_str(all[0].body, "a state");
    assert_int_equal(all[0].head.size, head_bytes);
    assert_int_equal(all[0].version, 1);
    assert_int_equal(all[0].last_ms, first_ms);
    assert_int_equal(all[0].due, first_ms);
    assert_true(all[1].due == INT64_MAX);
    read.group = str("taxi");
    assert_int_equal(read_pages(f, read, 9, all), 2);
    read.status = str("closed");
    assert_int_equal(read_pages(f, read, 9, all), 1);
    assert_str(all[0].key, "d");
    read.owner = str("somebody");
    assert_int_equal(read_pages(f, read, 9, all), 0);
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_STREAMS, .kind = 2}, 9, all),
                     0);
}

static void assert_pages_alike(fixture *f, greffe_read read, size_t expected)
{
    greffe_read_row whole[most_rows], pages[most_rows];
    assert_int_equal(read_pages(f, read, most_rows, whole), expected);
    for (uint32_t limit = 1; limit <= expected + 1; limit++) {
        size_t count = read_pages(f, read, limit, pages);
        if (count != expected) {
            print_message("read %d in pages of %u: %zu rows of %zu\n", (int)read.what, limit, count,
                          expected);
        }
        assert_int_equal(count, expected);
        for (size_t i = 0; i < expected; i++) {
            assert_int_equal(pages[i].kind, whole[i].kind);
            assert_int_equal(pages[i].version, whole[i].version);
            assert_int_equal(pages[i].key.size, whole[i].key.size);
            assert_memory_equal(pages[i].key.data, whole[i].key.data, whole[i].key.size);
            assert_int_equal(pages[i].item.size, whole[i].item.size);
            assert_memory_equal(pages[i].item.data, whole[i].item.data, whole[i].item.size);
        }
    }
}

static int compare(greffe_str a, greffe_str b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static void pages_have_neither_gap_nor_repetition(void **state)
{
    fixture *f = *state;
    /* Bytes order them, not letters: upper case first, and é last. */
    static const char *const keys[] = {"b", "a", "ab", "Z", "\xc3\xa9", "a b", "a-1"};
    greffe_read_row all[most_rows];
    for (size_t i = 0; i < 7; i++) {
        greffe_list_row rows[] = {task("1", "x", "s"), task("10", "x", "s"), task("2", "x", "t"),
                                  effect("m2", "l", ""), effect("m1", "l", "")};
        assert_int_equal(write_rows(f, 1, keys[i], 0, rows, 5), GREFFE_OK);
    }
    size_t count = read_pages(f, (greffe_read){.what = GREFFE_READ_STREAMS, .kind = 1}, 3, all);
    assert_int_equal(count, 7);
    for (size_t i = 1; i < count; i++) {
        assert_true(compare(all[i - 1].key, all[i].key) < 0);
    }
    assert_pages_alike(f, (greffe_read){.what = GREFFE_READ_STREAMS, .kind = 1}, 7);
    assert_pages_alike(
        f, (greffe_read){.what = GREFFE_READ_STREAMS, .kind = 1, .group = str("velo")}, 7);
    assert_pages_alike(f, (greffe_read){.what = GREFFE_READ_TASKS}, 21);
    assert_pages_alike(f, (greffe_read){.what = GREFFE_READ_TASKS, .owner = str("s")}, 14);
    assert_pages_alike(f, (greffe_read){.what = GREFFE_READ_EFFECTS}, 14);
}

static void the_rows_of_a_stream_are_read_in_pages(void **state)
{
    fixture *f = *state;
    greffe_list_row rows[] = {task("1", "x", "s"), task("10", "x", "s"), task("2", "x", "t"),
                              effect("m2", "l", ""), effect("m1", "l", "")};
    assert_int_equal(write_rows(f, 1, "a", 0, rows, 5), GREFFE_OK);
    assert_int_equal(write_rows(f, 1, "b", 0, rows, 5), GREFFE_OK);
    assert_pages_alike(f, (greffe_read){.what = GREFFE_READ_ROWS, .kind = 1, .group = str("a")}, 5);
}

static void entries_are_read_in_the_order_they_were_written(void **state)
{
    fixture *f = *state;
    greffe_read_row all[most_rows];
    for (uint64_t i = 0; i < 12; i++) {
        written w;
        char command[16], body[16];
        (void)snprintf(command, sizeof command, "c%d", (int)i);
        (void)snprintf(body, sizeof body, "body %d", (int)i + 1);
        entry_of(&w, 1, "d", i, command);
        w.entry.body = str(body);
        assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
        assert_int_equal(write_entry(f, 1, "e", i, command), GREFFE_OK);
    }
    greffe_read read = {
        .what = GREFFE_READ_ENTRIES, .kind = 1, .group = str("d"), .after = str("0")};
    assert_int_equal(read_pages(f, read, 5, all), 12);
    for (int i = 0; i < 12; i++) {
        char body[16];
        (void)snprintf(body, sizeof body, "body %d", i + 1);
        assert_int_equal(all[i].version, i + 1);
        assert_str(all[i].body, body);
    }
    assert_pages_alike(f, read, 12);
    read.after = str("");
    assert_pages_alike(f, read, 12);
    read.after = str("9");
    assert_int_equal(read_pages(f, read, 2, all), 3);
}

/* --- Work that waits --- */

static void due_timers_come_in_order_of_instant_kind_and_key(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *key;
        uint32_t kind;
        int64_t due_ms;
    } streams[] = {{"z", 1, 10}, {"b", 1, 20},        {"a", 1, 20}, {"a", 2, 20},
                   {"q", 1, 30}, {"n", 1, INT64_MAX}, {"k", 6, 5},  {"l", 1, 31}};
    static const char *const order[] = {"k", "z", "a", "b", "a", "q"};
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        written w;
        entry_of(&w, streams[i].kind, streams[i].key, 0, "c");
        w.write.due_ms = streams[i].due_ms;
        assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    }
    for (uint32_t limit = 1; limit <= 8; limit++) {
        greffe_claim_request request = {.now_ms = 30, .limit = limit};
        assert_int_equal(claim(f, &request), GREFFE_OK);
        assert_int_equal(request.count, limit < 6 ? limit : 6);
        for (size_t i = 0; i < request.count; i++) {
            assert_str(request.due[i].key, order[i]);
        }
    }
    greffe_claim_request none = {.now_ms = 4, .limit = 9};
    assert_int_equal(claim(f, &none), GREFFE_OK);
    assert_int_equal(none.count, 0);
    written w;
    assert_int_equal(commit_one(f, entry_of(&w, 6, "k", 1, "c2")), GREFFE_OK);
    greffe_claim_request later = {.now_ms = 30, .limit = 1};
    assert_int_equal(claim(f, &later), GREFFE_OK);
    assert_str(later.due[0].key, "z");
    assert_int_equal(later.due[0].due_ms, 10);
    assert_int_equal(later.due[0].kind, 1);
}

static void what_comes_next_is_known(void **state)
{
    fixture *f = *state;
    written w;
    greffe_read next = {.what = GREFFE_READ_NEXT, .limit = 1};
    assert_int_equal(read_rows(f, &next), GREFFE_OK);
    assert_int_equal(next.count, 1);
    assert_true(next.rows[0].due == INT64_MAX && next.rows[0].since_ms == INT64_MAX);
    entry_of(&w, 1, "a", 0, "c");
    w.write.due_ms = first_ms + 70;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    entry_of(&w, 1, "b", 0, "c");
    w.write.due_ms = first_ms + 30;
    greffe_list_row rows[] = {effect("e1", "accord", ""), effect("e2", "refus", "")};
    w.write.rows = rows;
    w.write.row_count = 2;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    const greffe_effect_row *claimed;
    assert_int_equal(claim_effects(f, first_ms, 1, &claimed), 1);
    assert_int_equal(postpone(f, &claimed[0], first_ms + 500), GREFFE_OK);
    assert_int_equal(read_rows(f, &next), GREFFE_OK);
    assert_int_equal(next.rows[0].due, first_ms + 30);
    assert_in_range(next.rows[0].since_ms, 0, first_ms + 499); /* the other one */
}

static void an_effect_is_leased_and_comes_back_until_it_is_removed(void **state)
{
    fixture *f = *state;
    written w;
    const greffe_effect_row *row;
    greffe_personal_row value = {str("r1"), str("letter"), str("s"), str("Dear citizen")};
    greffe_list_row rows[] = {effect("m1", "accord", "r1"), effect("m2", "refus", "")};
    entry_of(&w, 1, "d", 0, "c0");
    w.write.personal = &value;
    w.write.personal_count = 1;
    w.write.rows = rows;
    w.write.row_count = 2;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    assert_int_equal(claim_effects(f, first_ms, 1, &row), 1);
    assert_int_equal(row->kind, 1);
    assert_str(row->key, "d");
    assert_str(row->item, "m1");
    assert_str(row->channel, "mail");
    assert_str(row->letter, "accord");
    assert_str(row->body, "Dear citizen");
    assert_int_equal(row->attempts, 0);
    assert_int_equal(claim_effects(f, first_ms, 9, &row), 1);
    assert_str(row->item, "m2");
    assert_str(row->body, "");
    assert_int_equal(claim_effects(f, first_ms + lease_ms - 1, 9, &row), 0);
    assert_int_equal(claim_effects(f, first_ms + lease_ms, 9, &row), 2);
    greffe_list_row gone = {.kind = GREFFE_LIST_EFFECT, .remove = true, .item = str("m1")};
    assert_int_equal(write_rows(f, 1, "d", 1, &gone, 1), GREFFE_OK);
    assert_int_equal(claim_effects(f, first_ms + 2 * lease_ms, 9, &row), 1);
    assert_str(row->item, "m2");
}

static void an_effect_that_failed_waits_and_counts_its_attempts(void **state)
{
    fixture *f = *state;
    const greffe_effect_row *row;
    greffe_read_row all[most_rows];
    greffe_list_row rows[] = {effect("m1", "accord", ""), effect("m2", "refus", "")};
    assert_int_equal(write_rows(f, 1, "d", 0, rows, 2), GREFFE_OK);
    assert_int_equal(claim_effects(f, first_ms, 1, &row), 1);
    greffe_effect_row failed = *row;
    failed.attempts = 3;
    failed.started = true;
    assert_int_equal(postpone(f, &failed, first_ms + 5 * lease_ms), GREFFE_OK);
    assert_int_equal(claim_effects(f, first_ms + 2 * lease_ms, 9, &row), 1);
    assert_str(row->item, "m2");
    assert_int_equal(claim_effects(f, first_ms + 5 * lease_ms, 9, &row), 2);
    size_t first = row[0].item.data[1] == '1' ? 0 : 1;
    assert_str(row[first].item, "m1");
    assert_int_equal(row[first].attempts, 3);
    assert_true(row[first].started);
    assert_int_equal(row[1 - first].attempts, 0);
    assert_false(row[1 - first].started);
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_EFFECTS}, 9, all), 2);
    assert_int_equal(all[0].due, 3); /* its attempts */
    /* What was claimed again since, or is gone, is no longer the first one's to put off. */
    assert_int_equal(postpone(f, &failed, first_ms), GREFFE_ECONFLICT);
    failed = row[first];
    failed.item = str("nothing");
    assert_int_equal(postpone(f, &failed, first_ms), GREFFE_ECONFLICT);
    assert_int_equal(postpone(f, &row[first], first_ms), GREFFE_OK);
    assert_int_equal(claim_effects(f, first_ms, 9, &row), 1);
}

static void an_incident_is_listed_but_never_claimed(void **state)
{
    fixture *f = *state;
    const greffe_effect_row *row;
    greffe_read_row all[most_rows];
    greffe_list_row rows[] = {effect("m1", "accord", ""), effect("m2", "refus", "")};
    rows[0].assignee = str("incident");
    assert_int_equal(write_rows(f, 1, "d", 0, rows, 2), GREFFE_OK);
    assert_int_equal(claim_effects(f, first_ms, 9, &row), 1);
    assert_str(row->item, "m2");
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_EFFECTS}, 9, all), 2);
    assert_str(all[0].assignee, "incident");
    rows[0].assignee = str("");
    assert_int_equal(write_rows(f, 1, "d", 1, rows, 1), GREFFE_OK);
    assert_int_equal(claim_effects(f, first_ms, 9, &row), 1);
    assert_str(row->item, "m1");
}

/* --- Bundles --- */

static void the_bundle_published_last_is_active_and_older_ones_stay(void **state)
{
    fixture *f = *state;
    greffe_read_row all[most_rows];
    assert_int_equal(publish(f, "velo", "aa", "first", 1), GREFFE_OK);
    assert_int_equal(publish(f, "taxi", "cc", "other", 2), GREFFE_OK);
    assert_active(f, "velo", "aa", "first");
    assert_int_equal(publish(f, "velo", "bb", "second", 3), GREFFE_OK);
    assert_active(f, "velo", "bb", "second");
    assert_active(f, "taxi", "cc", "other");
    greffe_load old = load_one(f, (greffe_load){.what = GREFFE_LOAD_BUNDLE, .command = str("aa")});
    assert_true(old.found);
    assert_str(old.body, "first");
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_BUNDLES}, 9, all), 3);
    for (size_t i = 0; i < 3; i++) {
        bool active = all[i].key.data[0] != 'a';
        assert_int_equal(all[i].version != 0, active);
        assert_str(all[i].group, all[i].key.data[0] == 'c' ? "taxi" : "velo");
    }
    /* The same again: back to the first. */
    assert_int_equal(publish(f, "velo", "aa", "first", 4), GREFFE_OK);
    assert_active(f, "velo", "aa", "first");
    assert_int_equal(read_pages(f, (greffe_read){.what = GREFFE_READ_BUNDLES}, 9, all), 3);
}

static void what_is_erased_leaves_its_rows_and_nothing_else(void **state)
{
    fixture *f = *state;
    written w;
    greffe_personal_row first = {str("r1"), str("answers"), str("salt"), str("value")};
    greffe_personal_row second = {str("r2"), str("reason"), str("new"), str("why")};
    entry_of(&w, 1, "d", 0, "c0");
    w.write.personal = &first;
    w.write.personal_count = 1;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    entry_of(&w, 1, "e", 0, "c0");
    w.write.personal = &first;
    w.write.personal_count = 1;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    entry_of(&w, 1, "d", 7, "c1"); /* refused: nothing is erased */
    w.write.erase = true;
    assert_int_equal(commit_one(f, &w.write), GREFFE_ECONFLICT);
    entry_of(&w, 1, "d", 1, "c1");
    greffe_load d = {.what = GREFFE_LOAD_PERSONAL, .kind = 1, .key = str("d")}, e = d;
    e.key = str("e");
    assert_str(load_one(f, d).personal[0].value, "value");
    w.write.erase = true;
    w.write.personal = &second;
    w.write.personal_count = 1;
    assert_int_equal(commit_one(f, &w.write), GREFFE_OK);
    greffe_load after = load_one(f, d);
    assert_int_equal(after.personal_count, 2);
    size_t old = after.personal[0].ref.data[1] == '1' ? 0 : 1;
    assert_str(after.personal[old].ref, "r1");
    assert_str(after.personal[old].class_name, "answers");
    assert_str(after.personal[old].salt, "");
    assert_str(after.personal[old].value, "");
    assert_str(after.personal[1 - old].value, "why");
    assert_str(load_one(f, e).personal[0].value, "value");
}

static greffe_str label_of(fixture *f, greffe_load_kind what, const char *name)
{
    greffe_load item = load_one(f, (greffe_load){.what = what, .command = str(name)});
    return item.found ? item.label : (greffe_str){"", 0};
}

static void a_bundle_is_found_by_what_it_pins_and_by_what_it_knows(void **state)
{
    fixture *f = *state;
    greffe_str names[] = {str("board bureau"), str("allotment velo")};
    greffe_publication one = {.procedure = str("velo"), .pinned = str("p1"), .body = str("x")};
    assert_str(label_of(f, GREFFE_LOAD_PINNED, "p1"), "");
    assert_str(label_of(f, GREFFE_LOAD_KNOWN, "board bureau"), "");
    one.hash = str("bb");
    one.names = names;
    one.name_count = 2;
    assert_int_equal(publish_all(f, &one), GREFFE_OK);
    one.hash = str("aa"); /* other words, the same course; it knows the board alone */
    one.name_count = 1;
    assert_int_equal(publish_all(f, &one), GREFFE_OK);
    assert_str(label_of(f, GREFFE_LOAD_PINNED, "p1"), "aa");
    assert_str(label_of(f, GREFFE_LOAD_KNOWN, "board bureau"), "aa");
    assert_str(label_of(f, GREFFE_LOAD_KNOWN, "allotment velo"), "bb");
    assert_str(label_of(f, GREFFE_LOAD_KNOWN, "bureau"), "");
    one.hash = str("cc");
    one.pinned = str("p2");
    one.procedure = str("taxi");
    assert_int_equal(publish_all(f, &one), GREFFE_OK);
    one.hash = str("bb"); /* the first again */
    one.pinned = str("p1");
    one.procedure = str("velo");
    assert_int_equal(publish_all(f, &one), GREFFE_OK);
    assert_str(label_of(f, GREFFE_LOAD_PINNED, "p1"), "bb");
    assert_str(label_of(f, GREFFE_LOAD_PINNED, "p2"), "cc");
    assert_str(label_of(f, GREFFE_LOAD_KNOWN, "board bureau"), "bb");
}

static void bundles_are_read_in_pages(void **state)
{
    fixture *f = *state;
    assert_int_equal(publish(f, "velo", "b2", "x", 1), GREFFE_OK);
    assert_int_equal(publish(f, "taxi", "b1", "x", 2), GREFFE_OK);
    assert_int_equal(publish(f, "taxi", "b4", "x", 3), GREFFE_OK);
    assert_int_equal(publish(f, "velo", "b3", "x", 3), GREFFE_OK);
    assert_pages_alike(f, (greffe_read){.what = GREFFE_READ_BUNDLES}, 4);
}

/* --- The secret, and calls that overtake each other --- */

static void the_secret_is_made_once(void **state)
{
    fixture *f = *state;
    unsigned char first[32], again[32];
    assert_int_equal(ask_secret(f, 5, first), GREFFE_OK);
    assert_int_equal(first[0], 5);
    assert_int_equal(first[31], 5);
    assert_int_equal(ask_secret(f, 6, again), GREFFE_OK);
    assert_memory_equal(first, again, sizeof first);
    if (tried != IN_MEMORY) {
        reopen(f, false);
        assert_int_equal(ask_secret(f, 7, again), GREFFE_OK);
        assert_memory_equal(first, again, sizeof first);
    }
}

static void calls_that_are_not_awaited_are_all_answered(void **state)
{
    enum { calls = 40 };
    fixture *f = *state;
    reply replies[calls];
    greffe_load items[calls];
    greffe_memory memory = {take_block, f};
    assert_int_equal(write_entry(f, 1, "d", 0, "c1"), GREFFE_OK);
    for (size_t i = 0; i < calls; i++) {
        expect_reply(&replies[i]);
        items[i] = (greffe_load){
            .what = GREFFE_LOAD_STREAM, .kind = 1, .key = i % 2 == 0 ? str("d") : str("e")};
        f->store->ops->load(f->store, &items[i], 1, &memory, on_done, &replies[i]);
    }
    for (size_t i = 0; i < calls; i++) {
        assert_int_equal(await(&replies[i]), GREFFE_OK);
        assert_int_equal(items[i].found, i % 2 == 0);
    }
}

static int run_suite(backend which, const char *name)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_never_stored_is_not_found),
        TEST(loading_nothing_is_fine),
        TEST(a_new_stream_is_found_as_it_was_committed),
        TEST(a_stream_moves_on_by_one_version_an_entry),
        TEST(a_stale_version_is_a_conflict),
        TEST(a_stream_that_was_only_read_is_checked_and_left_alone),
        TEST(what_shares_a_commit_is_taken_or_refused_alone),
        TEST(what_is_refused_half_way_in_a_group_leaves_nothing),
        TEST(what_is_vetoed_in_a_group_is_refused_alone),
        TEST(the_feed_gives_all_entries_in_the_order_of_their_commits),
        TEST(a_subscriber_s_cursor_is_kept_and_never_goes_back),
        TEST(a_command_key_is_taken_once_in_a_stream),
        TEST(a_conflict_in_the_second_stream_leaves_the_first_untouched),
        TEST(an_overspend_is_refused_by_the_store_itself),
        TEST(numbers_are_taken_in_turn),
        TEST(personal_values_are_kept_apart_from_the_journal),
        TEST(rows_of_lists_are_inserted_replaced_and_removed),
        TEST(streams_are_listed_by_group_status_and_owner),
        TEST(pages_have_neither_gap_nor_repetition),
        TEST(the_rows_of_a_stream_are_read_in_pages),
        TEST(entries_are_read_in_the_order_they_were_written),
        TEST(due_timers_come_in_order_of_instant_kind_and_key),
        TEST(what_comes_next_is_known),
        TEST(an_effect_is_leased_and_comes_back_until_it_is_removed),
        TEST(an_effect_that_failed_waits_and_counts_its_attempts),
        TEST(an_incident_is_listed_but_never_claimed),
        TEST(the_bundle_published_last_is_active_and_older_ones_stay),
        TEST(what_is_erased_leaves_its_rows_and_nothing_else),
        TEST(a_bundle_is_found_by_what_it_pins_and_by_what_it_knows),
        TEST(bundles_are_read_in_pages),
        TEST(the_secret_is_made_once),
        TEST(calls_that_are_not_awaited_are_all_answered),
    };
#undef TEST
    tried = which;
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
    int failed = run_suite(IN_MEMORY, "store in memory");
    failed += run_suite(IN_SQLITE, "store in SQLite");
    failed += run_suite(LATE_SQLITE, "late store around SQLite");
    return failed > 0;
}
