/* Runs an extract of the DMN Technology Compatibility Kit against the expression room.
 *
 *     dmn_tck CASES.jsonl [--strict] [--known FILE [--update]] [--planted]
 *     dmn_tck --self-check     plants wrong expectations and proves that each is found
 *
 * Exit 0: as it should be, 1: not, or a line is no case, 2: wrong use, 77: CASES.jsonl is absent.
 *
 * Lenient, a case passes when its value is the expected one; an error is null, as DMN has it.
 * Strict, a case that is marked as an error passes when it is refused, before or while it runs;
 * one that expects null may also be refused. Values and nulls are counted apart: two cases in five
 * expect null, which an evaluator that can do nothing gives too.
 *
 * FILE lists what fails: lines "mode id — reason", where a # begins a comment. With it, exactly
 * these fail, or the run is a fault: one more is a step back, one less has to leave the list.
 * --update takes those out that pass now; it adds none, but begins the list of a mode that has no
 * line yet. Without FILE the thresholds below hold.
 *
 * --planted changes every seventh expected value that is not null. It is exit 1 when every one of
 * these was found to be wrong, and 0 when one was not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dmn_case.h"
#include "value/json.h"

enum {
    LINE_BYTES = 1 << 20,
    EXIT_SKIPPED = 77,
    SHOWN_BYTES = 240, /* of an expression or a value in a report */
    PLANTED_EVERY = 7,
    /* In percent. */
    LEAST_OF_LEVEL_2 = 100,
    LEAST_OF_VALUES = 99,
    LEAST_OF_NULLS = 98,
    LEAST_OF_ERRORS = 99
};

static const char DASH[] = " \xe2\x80\x94 "; /* between an id and its reason */
static const char UNSEEN[] = "not yet looked at";

typedef enum sort { VALUES, NULLS, ERRORS, SORTS } sort;
static const char *const SORT_NAMES[] = {"non-null", "null", "error"};

typedef struct tally {
    unsigned run[SORTS], passed[SORTS];
} tally;

typedef struct folder {
    greffe__str name; /* level/directory */
    tally tally;
} folder;

typedef struct failure {
    greffe__str id, report;
    bool listed;
} failure;

/* A line of the list as it stands there; `id` is empty for a comment or another mode. */
typedef struct known {
    greffe__str line, id;
    bool fails;
} known;

typedef struct run {
    greffe_context *context;
    greffe__arena keep; /* what lasts as long as the run */
    dmn_zones zones;
    bool strict, planted;
    tally all, level_2;
    unsigned refused_nulls; /* strict: null was expected, an error came */
    unsigned tolerated, met_values, changed, unfound;
    struct {
        folder *at;
        uint32_t count, capacity;
    } folders;
    struct {
        failure *at;
        uint32_t count, capacity;
    } failures;
    struct {
        known *at;
        uint32_t count, capacity;
    } list;
} run;

/* --- Reports --- */

/* One line of at most so many bytes, not cut inside a character. */
static void show_text(greffe__buf *out, greffe__str text)
{
    size_t size = text.size;
    if (size > SHOWN_BYTES) {
        size = SHOWN_BYTES;
        while (size > 0 && ((unsigned char)text.data[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    for (size_t i = 0; i < size; i++) {
        greffe__buf_byte(out, (unsigned char)text.data[i] < 0x20 ? ' ' : text.data[i]);
    }
    if (size < text.size) {
        greffe__buf_text(out, "...");
    }
}

static void show_value(greffe__buf *out, const greffe__value *value)
{
    greffe__buf text;
    greffe__buf_init(&text, out->context);
    greffe__json_write(&text, value);
    show_text(out, (greffe__str){text.data, text.size});
    greffe__buf_free(&text);
}

static void show_error(greffe__buf *out, const greffe__expr_error *error)
{
    const char *code = greffe__code_text(error->code);
    greffe__buf_text(out, code == NULL ? "" : code);
    greffe__buf_text(out, code == NULL ? "" : " ");
    show_text(out, greffe__str_of(error->message));
}

static greffe__str report_of(run *r, const dmn_case *c)
{
    greffe__buf out;
    greffe__buf_init(&out, r->context);
    show_text(&out, greffe__str_trim(c->source));
    greffe__buf_text(&out, "   expected ");
    greffe__buf_text(&out, c->err ? "an error, " : "");
    show_value(&out, &c->expected);
    greffe__buf_text(&out, "   came ");
    if (c->status == GREFFE_EINVALID) {
        greffe__buf_text(&out, "the error ");
    } else if (c->status != GREFFE_OK) {
        greffe__buf_format(&out, "the status \"%s\" ", greffe_status_name(c->status));
    } else {
        const bool null = c->got.kind == GREFFE__NULL;
        greffe__buf_text(&out, null ? "" : greffe__kind_name((greffe__kind)c->got.kind));
        greffe__buf_text(&out, null ? "" : " ");
        show_value(&out, &c->got);
        greffe__buf_text(&out, c->error.message == NULL ? "" : ", for ");
    }
    show_error(&out, &c->error);
    const greffe__str report = greffe__str_dup(&r->keep, (greffe__str){out.data, out.size});
    greffe__buf_free(&out);
    return report;
}

static void print_tally(const char *name, size_t size, const tally *t)
{
    printf("%-44.*s", (int)size, name);
    for (unsigned i = 0; i < SORTS; i++) {
        const unsigned ran = t->run[i], passed = t->passed[i];
        const unsigned tenths = ran == 0 ? 0 : (unsigned)((uint64_t)passed * 1000 / ran);
        if (ran == 0) {
            printf("  %s -", SORT_NAMES[i]);
        } else {
            printf("  %s %u/%u (%u.%u %%)", SORT_NAMES[i], passed, ran, tenths / 10, tenths % 10);
        }
    }
    printf("\n");
}

static unsigned count_of(const unsigned counts[SORTS])
{
    return counts[VALUES] + counts[NULLS] + counts[ERRORS];
}

static void print_run(const run *r)
{
    const char *mode = r->strict ? "strict" : "lenient";
    for (uint32_t i = 0; i < r->folders.count; i++) {
        const folder *f = &r->folders.at[i];
        print_tally(f->name.data, f->name.size, &f->tally);
    }
    print_tally("level 2", 7, &r->level_2);
    print_tally("total", 5, &r->all);
    for (uint32_t i = 0; i < r->failures.count; i++) {
        const failure *f = &r->failures.at[i];
        printf("%s %s: %s\n", mode, f->id.data, f->report.data);
    }
    const unsigned ran = count_of(r->all.run), passed = count_of(r->all.passed);
    const unsigned tenths = ran == 0 ? 0 : (unsigned)((uint64_t)passed * 1000 / ran);
    printf("dmn_tck: %s: %u cases, %u passed (%u.%u %%), %u failed; %u only within the kit's "
           "tolerance of 0.00000001",
           mode, ran, passed, tenths / 10, tenths % 10, r->failures.count, r->tolerated);
    if (r->strict) {
        printf("; %u that expect null without an error were refused", r->refused_nulls);
    }
    printf("\n");
}

/* --- One case --- */

/* A value that is certainly another one than the expected, of the same form. */
static bool change(greffe__arena *arena, greffe__value *typed)
{
    greffe__value *parts = greffe__arena_zalloc(arena, 2 * sizeof *parts);
    greffe__value *item = greffe__arena_zalloc(arena, sizeof *item);
    if (parts == NULL || item == NULL) {
        return false;
    }
    const greffe__str tag = typed->as.items[0].as.string;
    const greffe__value *rest = &typed->as.items[1];
    parts[0] = typed->as.items[0];
    if (rest->kind != GREFFE__STRING) {
        /* A list or a context is changed into a list that holds it: no value holds itself. */
        *item = *typed;
        parts[0] = greffe__text("list");
        parts[1] = greffe__list_of(item, 1);
    } else if (greffe__str_is(tag, "boolean")) {
        parts[1] = greffe__text(greffe__str_is(rest->as.string, "true") ? "false" : "true");
    } else if (greffe__str_is(tag, "decimal") || greffe__str_is(tag, "double")) {
        greffe__dec number;
        char text[GREFFE__DEC_CHARS];
        if (!greffe__dec_parse(&number, rest->as.string)) {
            return false;
        }
        /* Far enough for any number that the kit has, and for its tolerance. */
        const bool zero = greffe__dec_compare(number, greffe__dec_of(0)) == 0;
        const greffe__dec other = zero ? greffe__dec_of(1) : greffe__dec_neg(number);
        const size_t size = greffe__dec_format(text, other);
        parts[1] = greffe__string(greffe__str_dup(arena, (greffe__str){text, size}));
    } else {
        parts[0] = greffe__text("string");
        parts[1] = greffe__string(greffe__str_join(arena, rest->as.string.data, " changed", NULL));
    }
    *typed = greffe__list_of(parts, 2);
    return true;
}

/* Strictly, an error must be raised where one is expected, and may be where null is. One that says
 * nothing is none. */
static bool passes(run *r, dmn_case *c, sort kind)
{
    if (c->status == GREFFE_EINVALID && r->strict && c->error.message != NULL) {
        r->refused_nulls += kind == NULLS;
        return kind != VALUES;
    }
    if (c->status != GREFFE_OK || (kind == ERRORS && r->strict)) {
        return false;
    }
    return dmn_case_matches(c, &c->expected, &c->got);
}

static folder *folder_of(run *r, greffe__str id)
{
    unsigned slashes = 0;
    size_t size = 0;
    while (size < id.size && (slashes += id.data[size] == '/') < 2) {
        size++;
    }
    const greffe__str name = {id.data, size};
    for (uint32_t i = r->folders.count; i > 0; i--) { /* the last one, nearly always */
        if (greffe__str_equal(r->folders.at[i - 1].name, name)) {
            return &r->folders.at[i - 1];
        }
    }
    folder *made = slashes < 2 ? NULL : greffe__arena_push(&r->keep, &r->folders, sizeof *made);
    if (made != NULL) {
        made->name = greffe__str_dup(&r->keep, name);
    }
    return made;
}

static bool is_null(const greffe__value *typed)
{
    return greffe__str_is(typed->as.items[0].as.string, "null");
}

static bool count(run *r, const dmn_case *c, sort kind, bool passed)
{
    folder *f = folder_of(r, c->id);
    if (f == NULL) {
        return false;
    }
    tally *const tallies[] = {&r->all, &f->tally,
                              greffe__str_starts(c->id, "2/") ? &r->level_2 : NULL};
    for (size_t i = 0; i < 3; i++) {
        if (tallies[i] != NULL) {
            tallies[i]->run[kind]++;
            tallies[i]->passed[kind] += passed;
        }
    }
    if (passed) {
        r->tolerated += c->tolerated;
        return true;
    }
    failure *failed = greffe__arena_push(&r->keep, &r->failures, sizeof *failed);
    if (failed != NULL) {
        failed->id = greffe__str_dup(&r->keep, c->id);
        failed->report = report_of(r, c);
    }
    return failed != NULL && failed->id.data != NULL && failed->report.data != NULL;
}

static bool run_case(run *r, greffe__arena *arena, greffe__str line)
{
    dmn_case c = {.arena = arena, .zones = &r->zones, .strict = r->strict};
    if (!dmn_case_read(&c, line)) {
        return false;
    }
    const sort kind = c.err ? ERRORS : is_null(&c.expected) ? NULLS : VALUES;
    const bool changed = kind == VALUES && ++r->met_values % PLANTED_EVERY == 0 && r->planted;
    if ((changed && !change(arena, &c.expected)) || !dmn_case_run(&c)) {
        return false;
    }
    const bool passed = passes(r, &c, kind);
    r->changed += changed;
    r->unfound += changed && passed;
    return count(r, &c, kind, passed);
}

/* Each case in an arena of its own, so that the last one has as much memory as the first. */
static bool run_line(run *r, greffe__str line)
{
    greffe__arena arena;
    greffe__arena_init(&arena, r->context);
    const bool fine = run_case(r, &arena, line);
    greffe__arena_free(&arena);
    return fine;
}

/* --- The list of what fails --- */

/* Takes a line of the list. False when it is neither a comment nor "mode id — reason". */
static bool take_known(run *r, greffe__str line)
{
    const char *mode = r->strict ? "strict " : "lenient ";
    const greffe__str text = greffe__str_trim(line);
    known *made = greffe__arena_push(&r->keep, &r->list, sizeof *made);
    if (made == NULL) {
        return false;
    }
    made->line = greffe__str_dup(&r->keep, line);
    if (text.size == 0 || text.data[0] == '#') {
        return made->line.data != NULL;
    }
    /* The copy is terminated. */
    const greffe__str copy = greffe__str_dup(&r->keep, text);
    const char *dash = copy.data == NULL ? NULL : strstr(copy.data, DASH);
    const char *id = copy.data == NULL ? NULL : strchr(copy.data, ' ');
    if (dash == NULL || id == NULL || id + 1 >= dash || dash[strlen(DASH)] == '\0' ||
        (!greffe__str_starts(text, "strict ") && !greffe__str_starts(text, "lenient "))) {
        return false;
    }
    if (!greffe__str_starts(text, mode)) {
        return true;
    }
    made->id = (greffe__str){id + 1, (size_t)(dash - id - 1)};
    for (uint32_t i = 0; i + 1 < r->list.count; i++) {
        if (greffe__str_equal(r->list.at[i].id, made->id)) {
            return false;
        }
    }
    return true;
}

/* A list that is absent may be begun. */
static bool read_known(run *r, const char *path, bool begin)
{
    static char line[LINE_BYTES];
    unsigned number = 0;
    bool fine = true;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        if (errno != ENOENT || !begin) {
            fprintf(stderr, "dmn_tck: %s: %s\n", path, strerror(errno));
        }
        return errno == ENOENT && begin;
    }
    while (fine && fgets(line, sizeof line, file) != NULL) {
        number++;
        line[strcspn(line, "\r\n")] = '\0';
        fine = take_known(r, greffe__str_of(line));
    }
    fclose(file);
    if (!fine) {
        fprintf(stderr, "dmn_tck: %s:%u is not \"mode id%sreason\", or stands twice\n", path,
                number, DASH);
    }
    return fine;
}

/* Writes the list without what passes now; whole, when the mode had none. */
static bool write_known(const run *r, const char *path, bool begin)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "dmn_tck: %s: %s\n", path, strerror(errno));
        return false;
    }
    for (uint32_t i = 0; i < r->list.count; i++) {
        const known *k = &r->list.at[i];
        if (k->id.size == 0 || k->fails) {
            fprintf(file, "%s\n", k->line.data);
        }
    }
    for (uint32_t i = 0; begin && i < r->failures.count; i++) {
        fprintf(file, "%s %s%s%s\n", r->strict ? "strict" : "lenient", r->failures.at[i].id.data,
                DASH, UNSEEN);
    }
    const bool written = ferror(file) == 0;
    return fclose(file) == 0 && written;
}

static void mark_known(run *r)
{
    for (uint32_t i = 0; i < r->list.count; i++) {
        known *k = &r->list.at[i];
        for (uint32_t j = 0; k->id.size > 0 && j < r->failures.count; j++) {
            if (greffe__str_equal(r->failures.at[j].id, k->id)) {
                k->fails = r->failures.at[j].listed = true;
            }
        }
    }
}

static int judge_known(run *r, const char *path, bool update)
{
    unsigned listed = 0, gone = 0, unlisted = 0;
    mark_known(r);
    for (uint32_t i = 0; i < r->list.count; i++) {
        const known *k = &r->list.at[i];
        listed += k->id.size > 0;
        if (k->id.size > 0 && !k->fails) {
            gone++;
            printf("dmn_tck: %.*s is listed as failing, but passes or is no case: take it out\n",
                   (int)k->id.size, k->id.data);
        }
    }
    const bool begin = update && listed == 0;
    for (uint32_t i = 0; !begin && i < r->failures.count; i++) {
        if (!r->failures.at[i].listed) {
            unlisted++;
            printf("dmn_tck: %s fails and is not listed\n", r->failures.at[i].id.data);
        }
    }
    printf("dmn_tck: %u listed failures, %u of them gone, %u not listed\n", listed, gone, unlisted);
    if (update && !write_known(r, path, begin)) {
        return 1;
    }
    return unlisted > 0 || (gone > 0 && !update) ? 1 : 0;
}

/* --- Thresholds --- */

static bool at_least(const char *what, unsigned passed, unsigned ran, unsigned percent)
{
    const bool fine = (uint64_t)passed * 100 >= (uint64_t)ran * percent;
    if (!fine) {
        printf("dmn_tck: %s: %u of %u passed, fewer than %u %%\n", what, passed, ran, percent);
    }
    return fine;
}

/* Lenient, an error is one more null. */
static int judge_thresholds(const run *r)
{
    const tally *t = &r->all;
    if (r->strict) {
        return at_least("errors raised", t->passed[ERRORS], t->run[ERRORS], LEAST_OF_ERRORS) ? 0
                                                                                             : 1;
    }
    bool fine = at_least("level 2", count_of(r->level_2.passed), count_of(r->level_2.run),
                         LEAST_OF_LEVEL_2);
    fine = at_least("non-null", t->passed[VALUES], t->run[VALUES], LEAST_OF_VALUES) && fine;
    fine = at_least("null", t->passed[NULLS] + t->passed[ERRORS], t->run[NULLS] + t->run[ERRORS],
                    LEAST_OF_NULLS) &&
           fine;
    return fine ? 0 : 1;
}

static int judge_planted(const run *r)
{
    printf("dmn_tck: %u expected values were changed, %u of them without being found\n", r->changed,
           r->unfound);
    return r->changed > 0 && r->unfound == 0 ? 1 : 0;
}

/* --- Whole runs --- */

static bool open_run(run *r)
{
    if (greffe_context_create(&r->context, NULL) != GREFFE_OK) {
        return false;
    }
    greffe__arena_init(&r->keep, r->context);
    greffe__arena_init(&r->zones.arena, r->context);
    return true;
}

static void close_run(run *r)
{
    greffe__arena_free(&r->zones.arena);
    greffe__arena_free(&r->keep);
    greffe_context_destroy(r->context);
}

/* 0, or the exit code that ends the run. */
static int run_file(run *r, const char *path)
{
    static char line[LINE_BYTES];
    unsigned number = 0;
    bool fine = true;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "dmn_tck: SKIPPED, %s: %s\n", path, strerror(errno));
        return errno == ENOENT ? EXIT_SKIPPED : 2;
    }
    while (fine && fgets(line, sizeof line, file) != NULL) {
        number++;
        fine = strchr(line, '\n') != NULL && run_line(r, greffe__str_of(line));
    }
    fine = fine && ferror(file) == 0;
    fclose(file);
    if (!fine || number == 0) {
        fprintf(stderr, "dmn_tck: %s:%u is not a case\n", path, number);
        return 1;
    }
    return 0;
}

static int run_and_judge(run *r, const char *path, const char *list, bool update)
{
    if (list != NULL && !read_known(r, list, update)) {
        return 2;
    }
    const int ended = run_file(r, path);
    if (ended != 0) {
        return ended;
    }
    print_run(r);
    return r->planted     ? judge_planted(r)
           : list != NULL ? judge_known(r, list, update)
                          : judge_thresholds(r);
}

/* A case that is a literal expression: its text, and its members from the expected value on. */
typedef struct trial {
    const char *text, *rest;
} trial;

static bool try_line(run *r, const trial *t)
{
    return run_line(r, greffe__str_format(&r->keep,
                                          "{\"id\":\"2/a/a#1/x\",\"expr\":{\"k\":\"lit\","
                                          "\"t\":\"%s\"},\"exp\":%s}",
                                          t->text, t->rest));
}

static const trial RIGHT[] = {
    {"1 + 1", "[\"decimal\",\"2\"]"},
    {"1 / 3", "[\"double\",\"0.333333333\"]"},
    {"[1, 2]", "[\"list\",[[\"decimal\",\"1\"],[\"decimal\",\"2\"]]]"},
    {"{a: 1, b: true}", "[\"ctx\",{\"b\":[\"boolean\",\"true\"],\"a\":[\"decimal\",\"1\"]}]"},
    {"date(2020, 3, 1)", "[\"date\",\"2020-03-01\"]"},
    {"1 +", "[\"null\"],\"err\":true"},
    {"a", ("[\"string\",\"b\"],\"in\":{\"a\":[\"string\",\"b\"]},"
           "\"pre\":[{\"n\":\"a\",\"input\":\"string\"}]")},
};
static const trial WRONG[] = {
    {"1 + 1", "[\"decimal\",\"2.00000001\"]"},
    {"\\\"2\\\"", "[\"decimal\",\"2\"]"},
    {"[1]", "[\"list\",[[\"decimal\",\"1\"],[\"decimal\",\"1\"]]]"},
    {"{a: 1, b: 1}", "[\"ctx\",{\"a\":[\"decimal\",\"1\"]}]"},
    {"date(2020, 3, 1)", "[\"date\",\"2020-03-02\"]"},
    {"1", "[\"null\"],\"err\":true"},
    {"null", "[\"boolean\",\"false\"]"},
};
static const trial UNREADABLE[] = {
    {"1", "[\"number\",\"1\"]"},
    {"1", "[\"decimal\",\"one\"]"},
    {"1", "[\"null\"],\"err\":\"yes\""},
    {"1", "[\"null\"],\"pre\":[{\"n\":\"a\"}]"},
    {"1\"},\"expr\":{\"k\":\"lit", "[\"null\"]"},
    {"1", "[\"null\"]}"},
};

/* Cases that pass, that must fail and that cannot be read, for each thing that the runner itself
 * could get wrong. */
static bool self_check_mode(run *r)
{
    bool fine = true;
    for (size_t i = 0; i < sizeof RIGHT / sizeof *RIGHT; i++) {
        fine = try_line(r, &RIGHT[i]) && r->failures.count == 0 && fine;
    }
    for (size_t i = 0; i < sizeof UNREADABLE / sizeof *UNREADABLE; i++) {
        fine = !try_line(r, &UNREADABLE[i]) && r->failures.count == 0 && fine;
    }
    for (uint32_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        fine = try_line(r, &WRONG[i]) && r->failures.count == i + 1 && fine;
    }
    return fine && judge_thresholds(r) == 1;
}

static int self_check(void)
{
    bool fine = true;
    for (int strict = 0; strict < 2; strict++) {
        run r = {.strict = strict == 1};
        fine = open_run(&r) && self_check_mode(&r) && fine;
        close_run(&r);
    }
    printf("dmn_tck: planted faults %s\n", fine ? "were found" : "WERE NOT FOUND");
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    run r = {.strict = false};
    const char *path = NULL, *list = NULL;
    bool update = false, fine = true;
    if (argc == 2 && strcmp(argv[1], "--self-check") == 0) {
        return self_check();
    }
    for (int i = 1; fine && i < argc; i++) {
        if (strcmp(argv[i], "--strict") == 0) {
            r.strict = true;
        } else if (strcmp(argv[i], "--planted") == 0) {
            r.planted = true;
        } else if (strcmp(argv[i], "--update") == 0) {
            update = true;
        } else if (strcmp(argv[i], "--known") == 0 && i + 1 < argc) {
            list = argv[++i];
        } else {
            fine = path == NULL && argv[i][0] != '-';
            path = argv[i];
        }
    }
    if (!fine || path == NULL || (update && list == NULL) || (r.planted && list != NULL)) {
        fprintf(stderr, "usage: dmn_tck CASES.jsonl [--strict] [--known FILE [--update]] "
                        "[--planted]\n       dmn_tck --self-check\n");
        return 2;
    }
    if (!open_run(&r)) {
        return 1;
    }
    const int code = run_and_judge(&r, path, list, update);
    close_run(&r);
    return code;
}
