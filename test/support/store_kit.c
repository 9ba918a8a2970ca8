/* What tests of stores share. A test includes this file, late_store.c with it. */
#include "support/store_kit.h"

#include "support/late_store.c"

/* --- Stores --- */

backend tried;

void *take_block(void *data, size_t size)
{
    fixture *f = data;
    block *b = calloc(1, sizeof *b + size);
    assert_non_null(b);
    pthread_mutex_lock(&f->lock);
    b->next = f->blocks;
    f->blocks = b;
    pthread_mutex_unlock(&f->lock);
    return b->bytes;
}

greffe_status open_as(const fixture *f, greffe_store **out, const char *prefix, const char *tenant,
                      bool read_only)
{
    if (tried == IN_MEMORY) {
        return greffe_store_memory(out);
    }
    greffe_sqlite_options options = {.size = sizeof options,
                                     .path = f->path,
                                     .prefix = prefix,
                                     .tenant = tenant,
                                     .read_only = read_only};
    greffe_status status = greffe_store_sqlite(out, &options);
    return status == GREFFE_OK && tried == LATE_SQLITE ? late_store_create(out, *out, 7, 200)
                                                       : status;
}

int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    pthread_mutex_init(&f->lock, NULL);
    make_store_folder(f->folder, f->path);
    assert_int_equal(open_as(f, &f->store, NULL, NULL, false), GREFFE_OK);
    *state = f;
    return 0;
}

void close_own(fixture *f)
{
    if (f->store != NULL) {
        f->store->ops->close(f->store);
        f->store = NULL;
    }
}

int tear_down(void **state)
{
    fixture *f = *state;
    close_own(f);
    remove_store_folder(f->folder, f->path);
    while (f->blocks != NULL) {
        block *next = f->blocks->next;
        free(f->blocks);
        f->blocks = next;
    }
    pthread_mutex_destroy(&f->lock);
    free(f);
    return 0;
}

void reopen(fixture *f, bool read_only)
{
    close_own(f);
    assert_int_equal(open_as(f, &f->store, NULL, NULL, read_only), GREFFE_OK);
}

/* --- Calls, awaited: `done` comes once --- */

void on_done(void *data, greffe_status status)
{
    reply *r = data;
    pthread_mutex_lock(&r->lock);
    r->times += 1;
    r->status = status;
    pthread_cond_signal(&r->came);
    pthread_mutex_unlock(&r->lock);
}

void expect_reply(reply *r)
{
    *r = (reply){.status = GREFFE_EMISUSE};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->came, NULL);
}

greffe_status await(reply *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->times == 0) {
        pthread_cond_wait(&r->came, &r->lock);
    }
    assert_int_equal(r->times, 1);
    pthread_mutex_unlock(&r->lock);
    pthread_cond_destroy(&r->came);
    pthread_mutex_destroy(&r->lock);
    return r->status;
}

greffe_status load_from(fixture *f, greffe_store *store, greffe_load *items, size_t count)
{
    reply r;
    greffe_memory memory = {take_block, f};
    expect_reply(&r);
    store->ops->load(store, items, count, &memory, on_done, &r);
    return await(&r);
}

greffe_load load_one(fixture *f, greffe_load item)
{
    assert_int_equal(load_from(f, f->store, &item, 1), GREFFE_OK);
    return item;
}

greffe_status commit_to(greffe_store *store, const greffe_write_set *set)
{
    reply r;
    expect_reply(&r);
    store->ops->commit(store, set, on_done, &r);
    return await(&r);
}

greffe_status claim(fixture *f, greffe_claim_request *request)
{
    reply r;
    greffe_memory memory = {take_block, f};
    expect_reply(&r);
    f->store->ops->claim(f->store, request, &memory, on_done, &r);
    return await(&r);
}

greffe_status read_rows(fixture *f, greffe_read *read)
{
    reply r;
    greffe_memory memory = {take_block, f};
    expect_reply(&r);
    f->store->ops->read(f->store, read, &memory, on_done, &r);
    return await(&r);
}

greffe_status postpone(fixture *f, const greffe_effect_row *row, int64_t next_ms)
{
    reply r;
    expect_reply(&r);
    f->store->ops->postpone(f->store, row, next_ms, on_done, &r);
    return await(&r);
}

greffe_status publish(fixture *f, const char *procedure, const char *hash, const char *body,
                      int64_t now_ms)
{
    char pinned[32];
    (void)snprintf(pinned, sizeof pinned, "%.8s pins", hash);
    greffe_str name = str("board bureau");
    greffe_publication one = {.procedure = str(procedure),
                              .hash = str(hash),
                              .pinned = str(pinned),
                              .body = str(body),
                              .now_ms = now_ms,
                              .names = &name,
                              .name_count = 1};
    return publish_all(f, &one);
}

greffe_status publish_all(fixture *f, const greffe_publication *publication)
{
    reply r;
    expect_reply(&r);
    f->store->ops->publish(f->store, publication, on_done, &r);
    return await(&r);
}

greffe_status ask_secret(fixture *f, unsigned char fresh, unsigned char out[32])
{
    unsigned char bytes[32];
    reply r;
    memset(bytes, fresh, sizeof bytes);
    expect_reply(&r);
    f->store->ops->secret(f->store, bytes, out, on_done, &r);
    return await(&r);
}

/* --- Things to write --- */

greffe_str str(const char *text)
{
    return (greffe_str){text, strlen(text)};
}

void assert_str(greffe_str actual, const char *expected)
{
    assert_int_equal(actual.size, strlen(expected));
    assert_memory_equal(actual.data, expected, actual.size);
}

const char HEAD[head_bytes] = {1, 0, 2, 0, 3};

/* The next entry of a stream; `w` must stay where it is. */
greffe_stream_write *entry_of(written *w, uint32_t kind, const char *key, uint64_t expected,
                              const char *command)
{
    w->entry = (greffe_entry_row){str(command), str("what happened")};
    w->write = (greffe_stream_write){.kind = kind,
                                     .key = str(key),
                                     .expected = expected,
                                     .entry = &w->entry,
                                     .head = {HEAD, head_bytes},
                                     .state = str("a state"),
                                     .group = str("velo"),
                                     .status = str("open"),
                                     .label = str("VELO-1"),
                                     .owner = str("somebody"),
                                     .due_ms = INT64_MAX,
                                     .last_ms = first_ms};
    return &w->write;
}

greffe_status commit_one(fixture *f, const greffe_stream_write *write)
{
    return commit_to(f->store, &(greffe_write_set){.streams = write, .stream_count = 1});
}

greffe_status write_entry(fixture *f, uint32_t kind, const char *key, uint64_t expected,
                          const char *command)
{
    written w;
    return commit_one(f, entry_of(&w, kind, key, expected, command));
}

greffe_status write_rows(fixture *f, uint32_t kind, const char *key, uint64_t expected,
                         const greffe_list_row *rows, size_t count)
{
    written w;
    char command[24];
    (void)snprintf(command, sizeof command, "c%llu", (unsigned long long)expected);
    entry_of(&w, kind, key, expected, command);
    w.write.rows = rows;
    w.write.row_count = count;
    return commit_one(f, &w.write);
}

uint64_t version_of(fixture *f, uint32_t kind, const char *key)
{
    greffe_load item =
        load_one(f, (greffe_load){.what = GREFFE_LOAD_STREAM, .kind = kind, .key = str(key)});
    return item.found ? item.version : 0;
}

int64_t next_number(fixture *f, const char *name)
{
    greffe_load item = load_one(f, (greffe_load){.what = GREFFE_LOAD_NUMBER, .command = str(name)});
    return item.found ? (int64_t)item.version : 1;
}

greffe_list_row task(const char *item, const char *step, const char *who)
{
    return (greffe_list_row){.kind = GREFFE_LIST_TASK,
                             .item = str(item),
                             .name = str(step),
                             .who = str(who),
                             .assignee = str("a person"),
                             .ref = str("s1"),
                             .due = 18000,
                             .since_ms = 77};
}

greffe_list_row effect(const char *item, const char *letter, const char *ref)
{
    return (greffe_list_row){.kind = GREFFE_LIST_EFFECT,
                             .item = str(item),
                             .name = str("mail"),
                             .who = str(letter),
                             .assignee = str(""),
                             .ref = str(ref)};
}

/* All pages of a read, each of at most `limit` rows. */
size_t read_pages(fixture *f, greffe_read read, uint32_t limit, greffe_read_row *all)
{
    size_t count = 0;
    char version[24];
    for (;;) {
        read.limit = limit;
        assert_int_equal(read_rows(f, &read), GREFFE_OK);
        assert_true(read.count <= limit);
        for (size_t i = 0; i < read.count; i++) {
            assert_in_range(count, 0, most_rows - 1); /* else it never ends */
            all[count++] = read.rows[i];
        }
        if (read.count < limit) {
            return count;
        }
        const greffe_read_row *last = &all[count - 1];
        (void)snprintf(version, sizeof version, "%llu", (unsigned long long)last->version);
        read.after = read.what == GREFFE_READ_ENTRIES ? str(version) : last->key;
        read.after_item = last->item;
    }
}

/* A set that writes everything there is in its first stream, and `second` after it. */
greffe_status commit_rich(fixture *f, const greffe_stream_write *second)
{
    written w;
    greffe_personal_row value = {str("r1"), str("answer"), str("salt"), str("value")};
    greffe_list_row rows[] = {task("1", "depot", "mobilites"), effect("m1", "accord", "r1")};
    greffe_number_write number = {str("VELO-2020"), 1};
    entry_of(&w, 1, "first", 0, "c1");
    w.write.due_ms = first_ms;
    w.write.personal = &value;
    w.write.personal_count = 1;
    w.write.rows = rows;
    w.write.row_count = 2;
    greffe_stream_write both[] = {w.write, *second};
    return commit_to(
        f->store, &(greffe_write_set){
                      .streams = both, .stream_count = 2, .numbers = &number, .number_count = 1});
}

void assert_no_trace_of_the_first(fixture *f)
{
    greffe_read_row rows[most_rows];
    greffe_claim_request due = {.now_ms = INT64_MAX - 1, .limit = 9};
    greffe_load items[] = {
        {.what = GREFFE_LOAD_STREAM, .kind = 1, .key = str("first")},
        {.what = GREFFE_LOAD_ENTRY, .kind = 1, .key = str("first"), .command = str("c1")},
        {.what = GREFFE_LOAD_PERSONAL, .kind = 1, .key = str("first")}};
    assert_int_equal(load_from(f, f->store, items, 3), GREFFE_OK);
    assert_false(items[0].found || items[1].found);
    assert_int_equal(items[2].personal_count, 0);
    assert_int_equal(next_number(f, "VELO-2020"), 1);
    assert_int_equal(claim(f, &due), GREFFE_OK);
    assert_int_equal(due.count, 0);
    greffe_read reads[] = {{.what = GREFFE_READ_TASKS},
                           {.what = GREFFE_READ_EFFECTS},
                           {.what = GREFFE_READ_ROWS, .kind = 1, .group = str("first")},
                           {.what = GREFFE_READ_ENTRIES, .kind = 1, .group = str("first")},
                           {.what = GREFFE_READ_STREAMS, .kind = 1, .status = str("open")}};
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
        assert_int_equal(read_pages(f, reads[i], 10, rows), 0);
    }
}

void assert_active(fixture *f, const char *procedure, const char *hash, const char *body)
{
    greffe_load item =
        load_one(f, (greffe_load){.what = GREFFE_LOAD_ACTIVE, .command = str(procedure)});
    assert_true(item.found);
    assert_str(item.label, hash);
    assert_str(item.body, body);
}

size_t claim_effects(fixture *f, int64_t now_ms, uint32_t limit, const greffe_effect_row **out)
{
    greffe_claim_request request = {
        .now_ms = now_ms, .limit = limit, .effects = true, .lease_ms = lease_ms};
    assert_int_equal(claim(f, &request), GREFFE_OK);
    *out = request.effect;
    return request.count;
}
