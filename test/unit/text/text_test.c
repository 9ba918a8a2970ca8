/* Tests documents: what is refused and where, the bounds, encodings, the traps, and the places of
 * characters inside scalars. Offsets are looked up in the source, so that no test counts bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/limits.h"
#include "text/text.h"

#define NO_BREAK "\xc2\xa0"
#define NARROW "\xe2\x80\xaf"

typedef struct fixture {
    greffe_context *context;
    greffe_diags *diags;
    greffe__arena arena;
    greffe__doc doc;
    greffe_status status;
} fixture;

static int set_up(void **state)
{
    fixture *all = calloc(1, sizeof *all);
    if (all == NULL || greffe_context_create(&all->context, NULL) != GREFFE_OK ||
        greffe_diags_create(&all->diags, all->context) != GREFFE_OK) {
        return -1;
    }
    greffe__arena_init(&all->arena, all->context);
    *state = all;
    return 0;
}

static int tear_down(void **state)
{
    fixture *all = *state;
    greffe__arena_free(&all->arena);
    greffe_diags_destroy(all->diags);
    greffe_context_destroy(all->context);
    free(all);
    return 0;
}

static void read_bytes(fixture *all, const char *text, size_t size)
{
    greffe_diags_clear(all->diags);
    greffe__arena_reset(&all->arena);
    all->status =
        greffe__doc_read(&all->doc, &all->arena, all->diags, "a.yaml", (greffe__str){text, size});
    bool faults = greffe_diags_total(all->diags, GREFFE_ERROR) > 0;
    assert_int_equal(all->status, faults ? GREFFE_EINVALID : GREFFE_OK);
}

static const greffe__node *read_good(fixture *all, const char *text)
{
    read_bytes(all, text, strlen(text));
    if (all->status != GREFFE_OK) {
        fail_msg("%s: %s", text, greffe_diags_get(all->diags, 0)->message);
    }
    return all->doc.root;
}

static const greffe__node *value_of(fixture *all, const char *text, const char *key)
{
    const greffe__node *node = greffe__node_get(read_good(all, text), key);
    assert_non_null(node);
    return node;
}

/* One diagnostic, of this code, at this place. */
static void assert_one(const fixture *all, const char *text, const char *code, uint32_t line,
                       uint32_t column)
{
    const greffe_diag *diag = greffe_diags_get(all->diags, 0);
    if (diag == NULL || greffe_diags_count(all->diags) != 1 || strcmp(diag->code, code) != 0 ||
        diag->line != line || diag->column != column) {
        fail_msg("%s\nexpected %s at %u:%u, found %s at %u:%u", text, code, (unsigned)line,
                 (unsigned)column, diag != NULL ? diag->code : "none",
                 (unsigned)(diag != NULL ? diag->line : 0),
                 (unsigned)(diag != NULL ? diag->column : 0));
    }
    assert_true(diag->hint[0] != '\0');
}

static void refuses(fixture *all, const char *text, const char *code, uint32_t line,
                    uint32_t column)
{
    read_bytes(all, text, strlen(text));
    assert_int_equal(all->status, GREFFE_EINVALID);
    assert_one(all, text, code, line, column);
}

static const char *code_of(const fixture *all)
{
    return greffe_diags_count(all->diags) == 0 ? "none" : greffe_diags_get(all->diags, 0)->code;
}

/* --- The tree --- */

static void a_tree_keeps_what_was_written(void **state)
{
    fixture *all = *state;
    const greffe__node *root = read_good(all, "greffe: 1\ncode: 01004\n'oui': no\nl: [a, \"b\"]\n"
                                              "t: |\n  un\n  deux\n");
    assert_int_equal(root->kind, GREFFE__MAPPING);
    assert_int_equal(root->count, 10);
    assert_true(greffe__str_is(greffe__node_get(root, "code")->text, "01004"));
    assert_true(greffe__str_is(greffe__node_get(root, "oui")->text, "no"));
    assert_int_equal(root->children[4]->style, GREFFE__SINGLE_QUOTED);
    const greffe__node *list = greffe__node_get(root, "l");
    assert_int_equal(list->kind, GREFFE__SEQUENCE);
    assert_int_equal(list->style, GREFFE__FLOW);
    assert_int_equal(list->children[1]->style, GREFFE__DOUBLE_QUOTED);
    assert_true(greffe__str_is(greffe__node_get(root, "t")->text, "un\ndeux\n"));
    assert_null(greffe__node_get(root, "absent"));
    assert_null(greffe__node_get(list, "a"));
    assert_null(greffe__node_get(NULL, "a"));
}

static void kinds_have_names_for_messages(void **state)
{
    const greffe__node *root = read_good(*state, "a: b\nc: [d]\n");
    assert_string_equal(greffe__node_kind_name(root), "a mapping");
    assert_string_equal(greffe__node_kind_name(root->children[1]), "a text");
    assert_string_equal(greffe__node_kind_name(root->children[3]), "a list");
}

static void an_alias_stands_for_its_anchor(void **state)
{
    const greffe__node *root = read_good(*state, "a: &x {b: c}\nd: *x\ne: &x f\ng: *x\n");
    assert_int_equal(root->children[3]->kind, GREFFE__ALIAS);
    assert_ptr_equal(greffe__node_resolve(root->children[3]), root->children[1]);
    assert_ptr_equal(greffe__node_get(root, "d"), root->children[1]);
    assert_true(greffe__str_is(greffe__node_get(root, "g")->text, "f")); /* the later anchor */
    assert_null(greffe__node_resolve(NULL));
}

static void a_span_covers_its_node(void **state)
{
    fixture *all = *state;
    static const char text[] = "\xc3\xa9t\xc3\xa9: caf\xc3\xa9 noir\nl: [a, 'b']\n";
    const greffe__node *root = read_good(all, text);
    assert_int_equal(root->children[0]->span.start, 0);
    assert_int_equal(root->children[0]->span.end, 5);
    assert_int_equal(root->children[1]->span.start, strstr(text, "caf") - text);
    assert_int_equal(root->children[1]->span.end, strstr(text, "\nl") - text);
    assert_int_equal(root->children[3]->span.start, strchr(text, '[') - text);
    assert_int_equal(root->children[3]->span.end, strchr(text, ']') + 1 - text);
}

/* --- Strictness --- */

static void what_the_language_does_not_have_is_refused(void **state)
{
    static const struct {
        const char *text, *code;
        uint32_t line, column;
    } cases[] = {
        {"a: !str b\n", "GR-1007", 1, 4},
        {"a: !!map {}\n", "GR-1007", 1, 4},
        {"\xc3\xa9: [!x b]\n", "GR-1007", 1, 5},
        {"a: ! b\n", "GR-1007", 1, 4},
        {"a: b\nc: d\na: e\n", "GR-1008", 3, 1},
        {"{a: b, 'a': c}\n", "GR-1008", 1, 8},
        {"a: b\n---\nc: d\n", "GR-1009", 2, 1},
        {"a: *b\n", "GR-1010", 1, 4},
        {"a: &b [*b]\n", "GR-1010", 1, 8},
        {"? [a]\n: b\n", "GR-1011", 1, 3},
        {"a: {{b: c}: d}\n", "GR-1011", 1, 5},
        {"a: &b c\n*b : d\n", "GR-1011", 2, 1},
        {"", "GR-1012", 1, 1},
        {"# rien\n", "GR-1012", 1, 1},
        {"a: &a {b: c}\nd: {<<: *a}\n", "GR-1013", 2, 5},
        {"%YAML 1.1\n---\na: b\n", "GR-1014", 1, 1},
        {"%TAG ! tag:x,2026:\n---\na: b\n", "GR-1014", 1, 1},
        {"a: [b\n", "GR-1001", 1, 4}, /* what was left open */
        {"a: {b: c]\n", "GR-1001", 1, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refuses(*state, cases[i].text, cases[i].code, cases[i].line, cases[i].column);
    }
}

static void what_only_looks_forbidden_is_read(void **state)
{
    static const char *const texts[] = {
        "'<<': a\n",
        "---\na: b\n",
        "a: b\n...\n",
        "a: '!x'\n",
        "a: '*b'\n",
        "a: b!\n",
        "a: {b: c}\nd: {b: c}\n",
        "a: 'b: c'\n",
        "a: http://b.example/c#d\n",
        "a: b#c\n",
        "a: 12:30\n",
        "a: ''\n",
        "a:\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        (void)read_good(*state, texts[i]);
    }
}

/* --- Bounds --- */

static char *repeated(const char *head, const char *part, size_t times, const char *tail)
{
    size_t size = strlen(part);
    char *text = malloc(strlen(head) + size * times + strlen(tail) + 1);
    assert_non_null(text);
    char *at = text + strlen(strcpy(text, head));
    for (size_t i = 0; i < times; i++, at += size) {
        memcpy(at, part, size);
    }
    memcpy(at, tail, strlen(tail) + 1);
    return text;
}

static const char *code_of_repeated(fixture *all, const char *head, const char *part, size_t times,
                                    const char *tail)
{
    char *text = repeated(head, part, times, tail);
    read_bytes(all, text, strlen(text));
    free(text);
    return code_of(all);
}

static void nesting_ends_at_64_levels(void **state)
{
    fixture *all = *state;
    char *text = repeated("", "[", 64, "");
    char *whole = repeated(text, "]", 64, "\n");
    (void)read_good(all, whole);
    free(text);
    free(whole);
    assert_string_equal(code_of_repeated(all, "", "[", 65, ""), "GR-1004");
    assert_int_equal(greffe_diags_get(all->diags, 0)->column, 65);
    assert_string_equal(code_of_repeated(all, "", "- ", 65, "a\n"), "GR-1004");
    assert_string_equal(code_of_repeated(all, "", "{a: ", 65, ""), "GR-1004");
}

static void open_brackets_by_the_hundred_thousand_end_early(void **state)
{
    static const char *const parts[] = {"[", "{", "[{", "- ", "? ", "{a: ", "[a, "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        clock_t start = clock();
        const char *code = code_of_repeated(*state, "", parts[i], 200000 / strlen(parts[i]), "");
        bool deep = strcmp(code, "GR-1004") == 0;
        assert_true(deep || strcmp(code, "GR-1011") == 0); /* a list where a key should be */
        assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    }
}

static void a_file_has_at_most_200_000_events(void **state)
{
    /* Start and end of the stream, the document and the list are six. */
    size_t most = GREFFE_MAX_YAML_EVENTS - 6;
    assert_string_equal(code_of_repeated(*state, "", "- a\n", most, ""), "none");
    assert_string_equal(code_of_repeated(*state, "", "- a\n", most + 1, ""), "GR-1005");
    assert_string_equal(code_of_repeated(*state, "[", "a,", most + 1, "]"), "GR-1005");
}

static void a_file_has_at_most_one_mebibyte(void **state)
{
    fixture *all = *state;
    size_t most = GREFFE_MAX_YAML_BYTES;
    assert_string_equal(code_of_repeated(all, "a: ", "b", most - 3, ""), "none");
    assert_string_equal(code_of_repeated(all, "a: ", "b", most - 2, ""), "GR-1003");
    assert_string_equal(code_of_repeated(all, "", "#", most + 1, ""), "GR-1003");
}

static void aliases_are_counted(void **state)
{
    fixture *all = *state;
    assert_string_equal(code_of_repeated(all, "a: &a b\nc:\n", "- *a\n", 1000, ""), "none");
    assert_string_equal(code_of_repeated(all, "a: &a b\nc:\n", "- *a\n", 1001, ""), "GR-1006");
}

static void what_aliases_stand_for_is_counted(void **state)
{
    fixture *all = *state;
    char *anchored = repeated("a: &a [", "b,", 99, "]\nc:\n"); /* 100 nodes with the list */
    assert_string_equal(code_of_repeated(all, anchored, "- *a\n", 100, ""), "none");
    assert_string_equal(code_of_repeated(all, anchored, "- *a\n", 101, ""), "GR-1006");
    free(anchored);
}

static void bombs_of_aliases_are_refused(void **state)
{
    fixture *all = *state;
    char text[4096];
    int size = snprintf(text, sizeof text, "a0: &a0 [lol, lol]\n");
    for (int i = 1; i < 40; i++) {
        size += snprintf(text + size, sizeof text - (size_t)size, "a%d: &a%d [*a%d, *a%d]\n", i, i,
                         i - 1, i - 1);
    }
    clock_t start = clock();
    read_bytes(all, text, (size_t)size);
    assert_string_equal(code_of(all), "GR-1006");
    assert_true(clock() - start < CLOCKS_PER_SEC);
    refuses(all, "a: &a {<<: *a}\n", "GR-1013", 1, 8);
    refuses(all, "&a {<<: *a}\n", "GR-1013", 1, 5);
    refuses(all, "&a [*a, *a]\n", "GR-1010", 1, 5);
    refuses(all, "a: &a {b: &b [*a, *b]}\n", "GR-1010", 1, 15);
}

static void duplicate_keys_are_found_fast_in_a_large_mapping(void **state)
{
    enum { KEYS = 60000 };
    fixture *all = *state;
    char *text = malloc(KEYS * 12 + 32);
    size_t size = 0;
    assert_non_null(text);
    for (int i = 0; i < KEYS; i++) {
        size += (size_t)snprintf(text + size, 16, "k%d: v\n", i);
    }
    clock_t start = clock();
    read_bytes(all, text, size);
    assert_string_equal(code_of(all), "none");
    size += (size_t)snprintf(text + size, 16, "k0: v\n");
    read_bytes(all, text, size);
    assert_one(all, "60,000 keys", "GR-1008", KEYS + 1, 1);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    free(text);
}

/* --- Encodings --- */

static void bytes_that_are_not_utf_8_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        uint32_t line, column;
    } cases[] = {
        {"\xff\xfe"
         "a\0:\0 \0b\0",
         10, 1, 1}, /* UTF-16 with its mark */
        {"\xfe\xff\0a\0:\0 \0b", 10, 1, 1},
        {"a: b\nc: caf\xe9\n", 13, 2, 7}, /* Latin-1 */
        {"\xc3\xa9: \xe9\n", 6, 1, 4},
        {"a: \xc0\xaf\n", 6, 1, 4},     /* overlong */
        {"a: \xed\xa0\x80\n", 7, 1, 4}, /* a surrogate */
        {"a: \xf4\x90\x80\x80\n", 8, 1, 4},
        {"a: \xe2\x82", 5, 1, 4}, /* cut short */
    };
    fixture *all = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_bytes(all, cases[i].bytes, cases[i].size);
        assert_one(all, cases[i].bytes, "GR-1002", cases[i].line, cases[i].column);
    }
}

static void control_characters_are_refused(void **state)
{
    fixture *all = *state;
    read_bytes(all, "a: b\0c\n", 7);
    assert_one(all, "a nul", "GR-1001", 1, 5);
    refuses(all, "a: b\nc: \x07\n", "GR-1001", 2, 4);
    read_bytes(all, "a\0:\0 \0b\0", 8); /* UTF-16 without a mark */
    assert_one(all, "UTF-16", "GR-1001", 1, 2);
}

/* libyaml ends a line where no editor does. */
static void places_hold_behind_any_break_of_a_line(void **state)
{
    fixture *all = *state;
    static const char text[] = "caf\xc3\xa9: b\rc: \xc3\xa9t\xc3\xa9\r\nd: e\xC2\x85"
                               "f: g\xE2\x80\xA8h: \xc3\xa9\xE2\x80\xA9i: {j: k, \xc3\xa9: l}\r";
    static const char *const keys[] = {"caf", "c: ", "d: ", "f: ", "h: ", "i: "};
    const greffe__node *root = read_good(all, text);
    assert_int_equal(root->count, 2 * sizeof keys / sizeof *keys);
    for (uint32_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const greffe__node *key = root->children[2 * (size_t)i];
        assert_int_equal(key->span.start, strstr(text, keys[i]) - text);
        assert_memory_equal(text + key->span.start, key->text.data, key->text.size);
        assert_int_equal(key->span.end, key->span.start + key->text.size);
    }
    const greffe__node *inner = root->children[11];
    assert_int_equal(inner->children[3]->span.start, strchr(text, 'l') - text);
    assert_int_equal(inner->span.end, strchr(text, '}') + 1 - text);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    fixture *all = *state;
    static const char text[] = "\xef\xbb\xbf"
                               "a: b\n\xc3\xa9: caf\xc3\xa9\n";
    const greffe__node *root = read_good(all, text);
    assert_true(greffe__str_is(root->children[0]->text, "a"));
    assert_int_equal(root->children[0]->span.start, 3);
    assert_int_equal(root->children[3]->span.start, strstr(text, "caf") - text);
    refuses(all,
            "\xef\xbb\xbf"
            "a: b\nc: !x d\n",
            "GR-1007", 2, 4);
    refuses(all,
            "\xef\xbb\xbf"
            "a: b\n\xc3\xa9\xc3\xa9: !x d\n",
            "GR-1007", 2, 5);
    refuses(all, "\xef\xbb\xbf", "GR-1012", 1, 1);
}

static void line_ends_may_be_those_of_windows(void **state)
{
    fixture *all = *state;
    const greffe__node *root = read_good(all, "a: b\r\nc: |\r\n  d\r\n  e\r\n");
    assert_true(greffe__str_is(greffe__node_get(root, "c")->text, "d\ne\n"));
    refuses(all, "a: b\r\n\xc3\xa9: !x c\r\n", "GR-1007", 2, 4);
}

/* --- Traps that reading finds --- */

static void a_sign_that_ate_a_title_is_found(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, column;
    } cases[] = {
        {"title: Lot #3\n", 1, 8},
        {"- \xc3\xa9t\xc3\xa9 #3\n", 1, 3},
        {"a: {b: Facture #1, c: d}\n", 1, 8},
        {"a: [Facture #1]\n", 1, 5},
        {"title: L'aide #v\xc3\xa9lo\n", 1, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refuses(*state, cases[i].text, "GR-1020", cases[i].line, cases[i].column);
    }
}

static void a_comment_that_is_meant_is_none(void **state)
{
    static const char *const texts[] = {
        "a: b  #3\n",  "a: b # un commentaire\n", "a: b   # deux\n", "a:  # rien\n  b: c\n",
        "a: 'b' #3\n", "a: \"b\" #3\n",           "#a: b\nc: d\n",   "a: [b, c] #3\n",
        "a: b\n #c\n", "a: |  # d\n  b #3\n",     "a: b ## titre\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        (void)read_good(*state, texts[i]);
    }
}

static void a_colon_that_cut_a_text_is_found(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, column;
    } cases[] = {
        {"message: Attention : trop cher\n", 1, 20},
        {"message: Attention: trop cher\n", 1, 19},
        {"a: b\nmessage: \xc3\x89t\xc3\xa9 : trop cher\nc: d\n", 2, 14},
        {"message: Attention:\n", 1, 19},
        {"- message: a : b\n", 1, 14},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refuses(*state, cases[i].text, "GR-1021", cases[i].line, cases[i].column);
    }
}

static void a_colon_before_a_no_break_space_is_found(void **state)
{
    fixture *all = *state;
    refuses(all, "message: Attention" NO_BREAK ":" NO_BREAK "trop cher\n", "GR-1026", 1, 20);
    refuses(all, "message: Attention:" NO_BREAK "trop cher\n", "GR-1026", 1, 19);
    refuses(all, "message: \xc3\x89t\xc3\xa9 :" NARROW "trop cher\n", "GR-1026", 1, 14);
    refuses(all, "title:" NO_BREAK "Aide\n", "GR-1026", 1, 6);
    refuses(all, "message: Attention" NO_BREAK ": trop cher\n", "GR-1021", 1, 20);
    (void)read_good(all, "message: 'Attention" NO_BREAK ":" NO_BREAK "trop cher'\n");
    (void)read_good(all, "message: 100" NO_BREAK "%, oui" NO_BREAK "!\n");
}

static void an_inequality_taken_for_a_tag_is_found(void **state)
{
    fixture *all = *state;
    refuses(all, "when: != \"cargo\"\n", "GR-1022", 1, 7);
    refuses(all, "\xc3\xa9t\xc3\xa9: {when: != b}\n", "GR-1022", 1, 13);
    refuses(all, "- != 3\n", "GR-1022", 1, 3);
    (void)read_good(all, "when: a != \"cargo\"\n");
    (void)read_good(all, "when: '!= \"cargo\"'\n");
}

static void quotes_that_end_too_early_are_found(void **state)
{
    fixture *all = *state;
    refuses(all, "must: \"cargo\" = modele\n", "GR-1024", 1, 7);
    refuses(all, "a: b\nmust: \"cargo\" = modele\nc: d\n", "GR-1024", 2, 7);
    (void)read_good(all, "must: modele = \"cargo\"\n");
    (void)read_good(all, "must: '\"cargo\" = modele'\n");
}

static void reserved_first_characters_are_found(void **state)
{
    fixture *all = *state;
    refuses(all, "a: @b\n", "GR-1025", 1, 4);
    refuses(all, "a: `b`\n", "GR-1025", 1, 4);
    refuses(all, "a: %b\n", "GR-1025", 1, 4);
    refuses(all, "\xc3\xa9: [b, @\"P2M\"]\n", "GR-1025", 1, 8);
    (void)read_good(all, "a: b@c\nd: today() - @\"P18Y\"\ne: 50 %\n");
}

/* --- Traps that the meaning tells --- */

static bool text_trap(fixture *all, const char *text)
{
    return greffe__trap_text(&all->doc, all->diags, value_of(all, text, "a"));
}

static bool expression_trap(fixture *all, const char *text, const char *key)
{
    const greffe__node *node = greffe__node_get(value_of(all, text, "a"), key);
    assert_non_null(node);
    return greffe__trap_expression(&all->doc, all->diags, node);
}

static void any_comment_after_one_space_is_a_trap_in_a_text(void **state)
{
    fixture *all = *state;
    assert_true(text_trap(all, "a: \xc3\x89t\xc3\xa9 # 3 personnes\n"));
    assert_one(all, "a text", "GR-1020", 1, 4);
    assert_false(text_trap(all, "a: b  # un commentaire\n"));
    assert_false(text_trap(all, "a: 'b' # un commentaire\n"));
    assert_false(text_trap(all, "a: b\n"));
    assert_false(text_trap(all, "a: b"));
    assert_false(text_trap(all, "a: b#c\n"));
    assert_int_equal(greffe_diags_count(all->diags), 0);
}

static void a_comma_that_cut_an_expression_is_a_trap(void **state)
{
    fixture *all = *state;
    assert_true(expression_trap(all, "a: {\xc3\xa9: x, b: min(0.5 * c, 300)}\n", "b"));
    assert_one(all, "min", "GR-1023", 1, 14);
    assert_true(expression_trap(all, "a: {b: round(min(c, 3), 2)}\n", "b"));
    assert_true(expression_trap(all, "a: {b: c = \"x, y\"}\n", "b"));
    assert_false(expression_trap(all, "a: {b: 'min(c, 3)'}\n", "b"));
    assert_false(expression_trap(all, "a: {b: min(c), d: e}\n", "b"));
    assert_false(expression_trap(all, "a:\n  b: min(c, 3)\n", "b"));
    assert_false(expression_trap(all, "a: {b: c = \"(\", d: e}\n", "b"));
}

static void quotes_that_vanished_are_a_trap_in_an_expression(void **state)
{
    fixture *all = *state;
    assert_true(expression_trap(all, "a: {b: \"cargo\"}\n", "b"));
    assert_one(all, "cargo", "GR-1024", 1, 8);
    assert_non_null(strstr(greffe_diags_get(all->diags, 0)->hint, "'\"cargo\"'"));
    assert_false(expression_trap(all, "a: {b: '\"cargo\"'}\n", "b"));
    assert_false(expression_trap(all, "a: {b: cargo}\n", "b"));
    assert_false(expression_trap(all, "a: {b: \"true\"}\n", "b"));
    assert_false(expression_trap(all, "a: {b: \"velo.prix > 3\"}\n", "b"));
    assert_false(expression_trap(all, "a: {b: \"200\"}\n", "b"));
}

/* --- Places --- */

/* The place where `part` first stands in the scalar's text. */
static void assert_place(fixture *all, const char *text, const char *part, uint32_t line,
                         uint32_t column)
{
    const greffe__node *node = value_of(all, text, "a");
    const char *found = strstr(node->text.data, part);
    assert_non_null(found);
    uint32_t start = (uint32_t)(found - node->text.data);
    greffe__span span = greffe__node_place(&all->doc, node, start, start + (uint32_t)strlen(part));
    uint32_t got_line = 0, got_column = 0;
    greffe__source_place(&all->doc.source, span.start, &got_line, &got_column);
    if (got_line != line || got_column != column) {
        fail_msg("%s: '%s' at %u:%u, expected %u:%u", text, part, (unsigned)got_line,
                 (unsigned)got_column, (unsigned)line, (unsigned)column);
    }
    assert_true(span.end > span.start && span.end <= all->doc.source.text.size);
    if (span.end - span.start > 1) {
        assert_memory_equal(all->doc.source.text.data + span.start, part, span.end - span.start);
    }
}

static void places_in_plain_and_quoted_scalars_are_exact(void **state)
{
    fixture *all = *state;
    assert_place(all, "a: b + c\n", "b", 1, 4);
    assert_place(all, "a: b + c\n", "c", 1, 8);
    assert_place(all, "\xc3\xa9: 1\na: \"\xe2\x82\xac\xf0\x9f\x98\x80 + c\"\n", "c", 2, 10);
    assert_place(all, "a: \xc3\xa9t\xc3\xa9 = \xe2\x82\xac + c\n", "c", 1, 14);
    assert_place(all, "x: \xf0\x9f\x98\x80\na: 'l\xc3\xa9 = \"c\"'\n", "\"c\"", 2, 10);
    assert_place(all,
                 "\xef\xbb\xbf"
                 "x: y\na: \xc3\xa9 + c\n",
                 "c", 2, 8);
    assert_place(all, "{x: y, a: \xc3\xa9 + c}\n", "c", 1, 15);
    assert_place(all, "a:\n  b +\n  c\n", "b", 2, 3);
}

static void places_in_literal_blocks_are_exact(void **state)
{
    fixture *all = *state;
    assert_place(all, "a: |\n  b +\n  c\n", "b", 2, 3);
    assert_place(all, "a: |\n  \xc3\xa9 +\n  \xe2\x82\xac + c\n", "c", 3, 7);
    assert_place(all, "a: |-\n  b\n\n    \xc3\xa9 + c\n", "c", 4, 9);
    assert_place(all, "x: {y: z}\na: |\n\n\n  \xc3\xa9\n  c\n", "c", 6, 3);
    assert_place(all, "a: |  # \xc3\xa9\n      b\n      c\n", "c", 3, 7);
    assert_place(all, "a: |\r\n  \xc3\xa9\r\n  b c\r\n", "c", 3, 5);
    assert_place(all, "a: |\n  b\n   c", "c", 3, 4);
}

static void a_place_that_is_not_known_is_the_beginning(void **state)
{
    fixture *all = *state;
    assert_place(all, "a: >\n  b\n  c\n", "c", 1, 4);
    assert_place(all, "a: \"\\\"b\\\" + c\"\n", "c", 1, 4);
    assert_place(all, "a: b\n  c\n", "c", 1, 4);
}

/* --- Memory --- */

typedef struct failing {
    size_t left;
} failing;

static void *fail_at_last(void *data, void *ptr, size_t size)
{
    failing *f = data;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (f->left == 0) {
        return NULL;
    }
    f->left -= 1;
    return realloc(ptr, size);
}

static void a_failed_allocation_is_told(void **state)
{
    static const char text[] = "\xc3\xa9: &x {b: [c, d]}\ne: *x\nf: |\n  g\n";
    (void)state;
    for (size_t most = 0;; most++) {
        failing f = {most};
        greffe_context *context = NULL;
        greffe_context_options options = {
            .size = sizeof options, .alloc = fail_at_last, .alloc_data = &f};
        greffe_diags *diags = NULL;
        greffe__doc doc;
        greffe__arena arena;
        assert_true(most < 1000);
        if (greffe_context_create(&context, &options) != GREFFE_OK) {
            continue;
        }
        if (greffe_diags_create(&diags, context) != GREFFE_OK) {
            greffe_context_destroy(context);
            continue;
        }
        greffe__arena_init(&arena, context);
        greffe_status status =
            greffe__doc_read(&doc, &arena, diags, "a.yaml", greffe__str_of(text));
        greffe__arena_free(&arena);
        greffe_diags_destroy(diags);
        greffe_context_destroy(context);
        if (status == GREFFE_OK) {
            return;
        }
        assert_int_equal(status, GREFFE_ENOMEM);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_tree_keeps_what_was_written),
        TEST(kinds_have_names_for_messages),
        TEST(an_alias_stands_for_its_anchor),
        TEST(a_span_covers_its_node),
        TEST(what_the_language_does_not_have_is_refused),
        TEST(what_only_looks_forbidden_is_read),
        TEST(nesting_ends_at_64_levels),
        TEST(open_brackets_by_the_hundred_thousand_end_early),
        TEST(a_file_has_at_most_200_000_events),
        TEST(a_file_has_at_most_one_mebibyte),
        TEST(aliases_are_counted),
        TEST(what_aliases_stand_for_is_counted),
        TEST(bombs_of_aliases_are_refused),
        TEST(duplicate_keys_are_found_fast_in_a_large_mapping),
        TEST(bytes_that_are_not_utf_8_are_refused),
        TEST(control_characters_are_refused),
        TEST(places_hold_behind_any_break_of_a_line),
        TEST(a_byte_order_mark_is_passed_over),
        TEST(line_ends_may_be_those_of_windows),
        TEST(a_sign_that_ate_a_title_is_found),
        TEST(a_comment_that_is_meant_is_none),
        TEST(a_colon_that_cut_a_text_is_found),
        TEST(a_colon_before_a_no_break_space_is_found),
        TEST(an_inequality_taken_for_a_tag_is_found),
        TEST(quotes_that_end_too_early_are_found),
        TEST(reserved_first_characters_are_found),
        TEST(any_comment_after_one_space_is_a_trap_in_a_text),
        TEST(a_comma_that_cut_an_expression_is_a_trap),
        TEST(quotes_that_vanished_are_a_trap_in_an_expression),
        TEST(places_in_plain_and_quoted_scalars_are_exact),
        TEST(places_in_literal_blocks_are_exact),
        TEST(a_place_that_is_not_known_is_the_beginning),
        TEST(a_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
