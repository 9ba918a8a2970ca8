/* The same random write sets in memory and in SQLite: both say the same of each, and hold the same
 * afterwards. What one store takes for granted, the other shows. */
#define _POSIX_C_SOURCE 200809L

#include "support/store_kit.c"

enum { rounds = 4, writes = 400, keys = 6, refs = 5, items = 4, kinds = 3 };

typedef struct dice {
    uint64_t state;
} dice;

static unsigned roll(dice *d, unsigned sides)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (unsigned)(d->state % sides);
}

typedef struct pair {
    fixture *memory, *sqlite;
    uint64_t versions[kinds + 1][keys]; /* as a good writer knows them */
    dice dice;
    char texts[256][24];
    unsigned text_count;
    unsigned refused, taken;
} pair;

static greffe_str text(pair *p, const char *word, unsigned number)
{
    char *place = p->texts[p->text_count++ % 256];
    (void)snprintf(place, sizeof p->texts[0], "%s%u", word, number);
    return str(place);
}

/* --- What both are given --- */

typedef struct random_set {
    greffe_stream_write streams[3];
    greffe_entry_row entries[3];
    greffe_personal_row personal[3][3];
    greffe_list_row rows[3][4];
    greffe_number_write number;
    unsigned keys[3];
    greffe_write_set set;
} random_set;

static void fill_rows(pair *p, greffe_stream_write *w, greffe_list_row *rows)
{
    w->row_count = roll(&p->dice, 4);
    w->rows = rows;
    for (size_t i = 0; i < w->row_count; i++) {
        bool task = roll(&p->dice, 2) == 0;
        rows[i] = (greffe_list_row){.kind = task ? GREFFE_LIST_TASK : GREFFE_LIST_EFFECT,
                                    .remove = roll(&p->dice, 3) == 0,
                                    .item = text(p, "i", roll(&p->dice, items)),
                                    .name = text(p, "n", roll(&p->dice, 3)),
                                    .who = text(p, "w", roll(&p->dice, 2)),
                                    .assignee = roll(&p->dice, 4) == 0 ? str("incident") : str(""),
                                    .ref = text(p, "r", roll(&p->dice, refs)),
                                    .due = task ? (int64_t)roll(&p->dice, 9) : 0,
                                    .since_ms = task ? (int64_t)roll(&p->dice, 9) : 0};
        if (!task && roll(&p->dice, 3) == 0) {
            rows[i].name = str("greffe");
        }
    }
}

static void fill_write(pair *p, random_set *s, size_t at)
{
    greffe_stream_write *w = &s->streams[at];
    unsigned key = s->keys[at] = (roll(&p->dice, keys / 3) + (unsigned)at * (keys / 3)) % keys;
    uint32_t kind = 1 + roll(&p->dice, kinds);
    uint64_t known = p->versions[kind][key];
    *w = (greffe_stream_write){.kind = kind,
                               .key = text(p, "k", key),
                               .expected = roll(&p->dice, 9) == 0 ? known + 1 : known,
                               .head = {HEAD, head_bytes},
                               .state = text(p, "state", roll(&p->dice, 99)),
                               .group = text(p, "g", roll(&p->dice, 2)),
                               .status = text(p, "s", roll(&p->dice, 2)),
                               .label = str("label"),
                               .owner = text(p, "o", roll(&p->dice, 2)),
                               .due_ms = roll(&p->dice, 3) == 0 ? INT64_MAX
                                                                : first_ms + roll(&p->dice, 99),
                               .last_ms = first_ms + roll(&p->dice, 400)};
    if (roll(&p->dice, 8) == 0) {
        return; /* only looked at */
    }
    s->entries[at] = (greffe_entry_row){text(p, "c", roll(&p->dice, 300)), str("body")};
    w->entry = &s->entries[at];
    w->erase = roll(&p->dice, 20) == 0;
    w->personal = s->personal[at];
    w->personal_count = roll(&p->dice, 10) == 0 ? 1 + roll(&p->dice, 2) : 0;
    for (size_t i = 0; i < w->personal_count; i++) {
        s->personal[at][i] = (greffe_personal_row){text(p, "r", roll(&p->dice, 40)), str("class"),
                                                   str("salt"), text(p, "v", roll(&p->dice, 99))};
    }
    if (kind == 3 && roll(&p->dice, 2) == 0) {
        w->has_amounts = true;
        w->amounts[0] = roll(&p->dice, 50);
        w->amounts[1] = (int64_t)roll(&p->dice, 20) - 1;
        w->amounts[2] = roll(&p->dice, 20);
    }
    fill_rows(p, w, s->rows[at]);
}

static void make_set(pair *p, random_set *s)
{
    *s = (random_set){.set = {.stream_count = 1 + roll(&p->dice, 3)}};
    for (size_t i = 0; i < s->set.stream_count; i++) {
        fill_write(p, s, i);
    }
    s->set.streams = s->streams;
    if (roll(&p->dice, 6) == 0) {
        s->number = (greffe_number_write){str("VELO"), 1 + roll(&p->dice, 3)};
        s->set.numbers = &s->number;
        s->set.number_count = 1;
    }
}

static void commit_both(pair *p)
{
    random_set s;
    make_set(p, &s);
    greffe_status memory = commit_to(p->memory->store, &s.set);
    greffe_status sqlite = commit_to(p->sqlite->store, &s.set);
    assert_int_equal(memory, sqlite);
    p->taken += memory == GREFFE_OK;
    p->refused += memory != GREFFE_OK;
    for (size_t i = 0; memory == GREFFE_OK && i < s.set.stream_count; i++) {
        if (s.streams[i].entry != NULL) {
            p->versions[s.streams[i].kind][s.keys[i]] = s.streams[i].expected + 1;
        }
    }
}

/* --- What both hold --- */

static void same_text(greffe_str a, greffe_str b)
{
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data != NULL ? a.data : "", b.data != NULL ? b.data : "", a.size);
}

static void same_row(const greffe_read_row *a, const greffe_read_row *b)
{
    const greffe_str left[] = {a->key,   a->item,   a->name,  a->who,   a->assignee, a->ref,
                               a->label, a->status, a->group, a->owner, a->body,     a->head};
    const greffe_str right[] = {b->key,   b->item,   b->name,  b->who,   b->assignee, b->ref,
                                b->label, b->status, b->group, b->owner, b->body,     b->head};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        same_text(left[i], right[i]);
    }
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->due, b->due);
    assert_int_equal(a->since_ms, b->since_ms);
    assert_int_equal(a->last_ms, b->last_ms);
    assert_memory_equal(a->amounts, b->amounts, sizeof a->amounts);
}

static void same_read(pair *p, greffe_read read)
{
    greffe_read left = read, right = read;
    assert_int_equal(read_rows(p->memory, &left), GREFFE_OK);
    assert_int_equal(read_rows(p->sqlite, &right), GREFFE_OK);
    assert_int_equal(left.count, right.count);
    for (size_t i = 0; i < left.count; i++) {
        same_row(&left.rows[i], &right.rows[i]);
    }
}

static void same_load(pair *p, greffe_load item)
{
    greffe_load a = load_one(p->memory, item), b = load_one(p->sqlite, item);
    assert_int_equal(a.found, b.found);
    assert_int_equal(a.personal_count, b.personal_count);
    if (a.found) {
        assert_int_equal(a.version, b.version);
        assert_int_equal(a.due_ms, b.due_ms);
        same_text(a.head, b.head);
        same_text(a.body, b.body);
    }
    for (size_t i = 0; i < a.personal_count; i++) { /* in no order of their own */
        size_t j = 0;
        while (j < b.personal_count && (a.personal[i].ref.size != b.personal[j].ref.size ||
                                        memcmp(a.personal[i].ref.data, b.personal[j].ref.data,
                                               a.personal[i].ref.size) != 0)) {
            j += 1;
        }
        assert_in_range(j, 0, b.personal_count - 1);
        same_text(a.personal[i].salt, b.personal[j].salt);
        same_text(a.personal[i].value, b.personal[j].value);
    }
}

static void same_claims(pair *p, int64_t now_ms)
{
    greffe_claim_request a = {.now_ms = now_ms, .limit = 5}, b = a;
    assert_int_equal(claim(p->memory, &a), GREFFE_OK);
    assert_int_equal(claim(p->sqlite, &b), GREFFE_OK);
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        assert_int_equal(a.due[i].kind, b.due[i].kind);
        same_text(a.due[i].key, b.due[i].key);
    }
    a = b =
        (greffe_claim_request){.now_ms = now_ms, .limit = 3, .effects = true, .lease_ms = lease_ms};
    assert_int_equal(claim(p->memory, &a), GREFFE_OK);
    assert_int_equal(claim(p->sqlite, &b), GREFFE_OK);
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        same_text(a.effect[i].key, b.effect[i].key);
        same_text(a.effect[i].item, b.effect[i].item);
        same_text(a.effect[i].channel, b.effect[i].channel);
        same_text(a.effect[i].body, b.effect[i].body);
        assert_int_equal(a.effect[i].lease_ms, b.effect[i].lease_ms);
        a.effect[i].attempts += 1;
        b.effect[i].attempts += 1;
        assert_int_equal(postpone(p->memory, &a.effect[i], now_ms + 9), GREFFE_OK);
        assert_int_equal(postpone(p->sqlite, &b.effect[i], now_ms + 9), GREFFE_OK);
    }
}

static void compare_all(pair *p, uint32_t limit)
{
    static const greffe_read_kind whats[] = {
        GREFFE_READ_STREAMS, GREFFE_READ_TASKS,   GREFFE_READ_EFFECTS, GREFFE_READ_ENTRIES,
        GREFFE_READ_ROWS,    GREFFE_READ_NUMBERS, GREFFE_READ_ORPHANS, GREFFE_READ_AMOUNTS};
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
        for (uint32_t kind = 1; kind <= kinds; kind++) {
            greffe_read read = {.what = whats[i], .kind = kind, .limit = limit};
            bool own = whats[i] == GREFFE_READ_ENTRIES || whats[i] == GREFFE_READ_ROWS ||
                       whats[i] == GREFFE_READ_AMOUNTS;
            read.group = own ? text(p, "k", roll(&p->dice, keys)) : str("");
            same_read(p, read);
            if (whats[i] == GREFFE_READ_STREAMS) {
                read.status = str("s1");
                read.owner = str("o0");
                same_read(p, read);
            }
            if (whats[i] == GREFFE_READ_TASKS || whats[i] == GREFFE_READ_EFFECTS) {
                read.after = text(p, "k", roll(&p->dice, keys));
                read.after_item = text(p, "i", roll(&p->dice, items));
                read.owner = str(whats[i] == GREFFE_READ_TASKS ? "w1" : "");
                same_read(p, read);
            }
        }
    }
    for (uint32_t kind = 0; kind <= kinds; kind++) {
        same_read(p, (greffe_read){.what = GREFFE_READ_COUNTS, .kind = kind, .limit = limit});
        bool recent = kind > 0;
        greffe_read read = {.what = recent ? GREFFE_READ_STREAMS : GREFFE_READ_TASKS,
                            .kind = kind,
                            .limit = limit,
                            .order = recent ? GREFFE_ORDER_RECENT : GREFFE_ORDER_DUE,
                            .after_number = recent ? INT64_MAX : INT64_MIN};
        same_read(p, read);
        read.after_number = recent ? first_ms + roll(&p->dice, 400) : roll(&p->dice, 3);
        read.after = text(p, "k", roll(&p->dice, keys));
        read.by_assignee = roll(&p->dice, 2) == 0;
        read.assignee = str(roll(&p->dice, 2) == 0 ? "incident" : "");
        read.status = recent ? str("") : text(p, "n", roll(&p->dice, 3));
        same_read(p, read);
    }
    for (uint32_t kind = 1; kind <= kinds; kind++) {
        for (unsigned key = 0; key < keys; key++) {
            greffe_str name = text(p, "k", key);
            same_load(p, (greffe_load){.what = GREFFE_LOAD_STREAM, .kind = kind, .key = name});
            same_load(p, (greffe_load){.what = GREFFE_LOAD_PERSONAL, .kind = kind, .key = name});
            same_load(p, (greffe_load){.what = GREFFE_LOAD_ENTRY,
                                       .kind = kind,
                                       .key = name,
                                       .command = text(p, "c", roll(&p->dice, 300))});
        }
    }
}

static fixture *opened(backend which)
{
    void *state;
    tried = which;
    assert_int_equal(set_up(&state), 0);
    return state;
}

static void closed(fixture *f)
{
    void *state = f;
    assert_int_equal(tear_down(&state), 0);
}

static void both_stores_say_and_hold_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        static pair p;
        p = (pair){.memory = opened(IN_MEMORY),
                   .sqlite = opened(IN_SQLITE),
                   .dice = {seed * 0x9E3779B97F4A7C15u}};
        for (unsigned i = 0; i < writes; i++) {
            commit_both(&p);
            if (i % 10 == 0) {
                compare_all(&p, 1 + roll(&p.dice, 60));
                same_claims(&p, first_ms + i);
            }
        }
        print_message("seed %u: %u write sets taken, %u refused\n", (unsigned)seed, p.taken,
                      p.refused);
        assert_true(p.taken > writes / 5 && p.refused > writes / 20);
        closed(p.memory);
        closed(p.sqlite);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_stores_say_and_hold_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
