/* Reads the cases of the public YAML test suite with greffe__doc_read and compares the trees with
 * the expected events.
 *
 *     yaml_suite SUITE.jsonl LIST    exit 0: as expected, 1: faults, 77: no suite at that path
 *     yaml_suite --self-check        plants faults and proves that each is found
 *
 * A case passes when its tree gives the expected events, or when it is invalid and is refused as
 * not being YAML (GR-1001). Every other case stands in LIST with a reason and must do exactly what
 * is written there: be refused with that code, or give the tree of that digest. It knows no YAML
 * of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "text/text.h"

enum { MAX_ENTRIES = 512, SKIPPED = 77 };

/* [refused]: with another code than GR-1001, or although it is valid. [accepted]: invalid, yet
 * read. [differs]: valid, but read as another tree. */
typedef enum part { REFUSED, ACCEPTED, DIFFERS, PARTS } part;

/* A line of the list: what a case does instead of passing. */
typedef struct entry {
    char id[16], outcome[16]; /* a code, or the digest of a tree */
    part part;
    bool seen;
} entry;

typedef struct list {
    entry at[MAX_ENTRIES];
    size_t count;
} list;

typedef struct run {
    list list;
    size_t cases, passed, failed, listed[PARTS];
    bool quiet;
} run;

/* --- The list --- */

static bool add_entry(list *out, const char *line, part in)
{
    entry *last = out->count > 0 ? &out->at[out->count - 1] : NULL;
    entry *next = &out->at[out->count];
    int end = 0;
    if (out->count == MAX_ENTRIES || in == PARTS) {
        return false;
    }
    *next = (entry){.part = in};
    int words = sscanf(line, "%15s %15s %n", next->id, next->outcome, &end);
    bool reason = words == 2 && strlen(line + end) >= 10;
    bool sorted = last == NULL || last->part != in || strcmp(last->id, next->id) < 0;
    bool code = strncmp(next->outcome, "GR-", 3) == 0;
    out->count += 1;
    return reason && sorted && code == (in == REFUSED);
}

/* Lines of `id outcome reason` below the names of their parts. */
static bool read_list(list *out, char *text)
{
    part in = PARTS;
    *out = (list){0};
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strcmp(line, "[refused]") == 0) {
            in = REFUSED;
        } else if (strcmp(line, "[accepted]") == 0) {
            in = ACCEPTED;
        } else if (strcmp(line, "[differs]") == 0) {
            in = DIFFERS;
        } else if (line[0] != '#' && !add_entry(out, line, in)) {
            printf("the list: not sorted, or without code or reason: %s\n", line);
            return false;
        }
    }
    return true;
}

static entry *find_entry(list *all, const char *id)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->at[i].id, id) == 0) {
            return &all->at[i];
        }
    }
    return NULL;
}

/* --- Events --- */

static void put_text(greffe__buf *out, greffe__str text)
{
    static const char specials[] = "\n\t\\\b\r", letters[] = "nt\\br";
    for (size_t i = 0; i < text.size; i++) {
        const char *special = text.data[i] != '\0' ? strchr(specials, text.data[i]) : NULL;
        if (special != NULL) {
            greffe__buf_byte(out, '\\');
            greffe__buf_byte(out, letters[special - specials]);
        } else {
            greffe__buf_byte(out, text.data[i]);
        }
    }
}

static void put_anchor(greffe__buf *out, const greffe__node *node)
{
    if (node->anchor != NULL) {
        greffe__buf_text(out, " &");
        greffe__buf_text(out, node->anchor);
    }
}

static void put_node(greffe__buf *out, const greffe__node *node)
{
    static const char marks[] = {[GREFFE__PLAIN] = ':',
                                 [GREFFE__SINGLE_QUOTED] = '\'',
                                 [GREFFE__DOUBLE_QUOTED] = '"',
                                 [GREFFE__LITERAL] = '|',
                                 [GREFFE__FOLDED] = '>'};
    bool mapping = node->kind == GREFFE__MAPPING;
    if (node->kind == GREFFE__ALIAS) {
        greffe__buf_text(out, "=ALI *");
        greffe__buf_str(out, node->text);
    } else if (node->kind == GREFFE__SCALAR) {
        greffe__buf_text(out, "=VAL");
        put_anchor(out, node);
        greffe__buf_byte(out, ' ');
        greffe__buf_byte(out, marks[node->style]);
        put_text(out, node->text);
    } else {
        bool flow = node->style == GREFFE__FLOW;
        greffe__buf_text(out, mapping ? "+MAP" : "+SEQ");
        greffe__buf_text(out, !flow ? "" : mapping ? " {}" : " []");
        put_anchor(out, node);
        greffe__buf_byte(out, '\n');
        for (uint32_t i = 0; i < node->count; i++) {
            put_node(out, node->children[i]);
        }
        greffe__buf_text(out, mapping ? "-MAP" : "-SEQ");
    }
    greffe__buf_byte(out, '\n');
}

/* FNV-1a, in hexadecimal: enough to see that a tree has changed. */
static void digest_of(char out[16], const char *text)
{
    uint32_t digest = 2166136261u;
    for (; *text != '\0'; text++) {
        digest = (digest ^ (unsigned char)*text) * 16777619u;
    }
    (void)snprintf(out, 16, "%08x", (unsigned)digest);
}

static void put_document(greffe__buf *out, const greffe__doc *doc)
{
    greffe__buf_text(out, doc->explicit_start ? "+STR\n+DOC ---\n" : "+STR\n+DOC\n");
    put_node(out, doc->root);
    greffe__buf_text(out, doc->explicit_end ? "-DOC ...\n-STR\n" : "-DOC\n-STR\n");
}

/* --- Cases --- */

static void fail(run *r, const char *id, const char *problem, const char *outcome,
                 const char *events)
{
    r->failed += 1;
    if (!r->quiet) {
        printf("FAILED %s: %s%s\n%s", id, problem, outcome, events);
    }
}

/* `code` is NULL for a case that was read, and then `events` is what its tree gives. */
static void judge(run *r, const char *id, const cJSON *item, const char *code, const char *events)
{
    bool invalid = cJSON_IsTrue(cJSON_GetObjectItem(item, "invalid"));
    const char *expected = cJSON_GetStringValue(cJSON_GetObjectItem(item, "events"));
    entry *listed = find_entry(&r->list, id);
    char digest[16];
    digest_of(digest, events);
    const char *outcome = code != NULL ? code : digest;
    part in = code != NULL ? REFUSED : invalid ? ACCEPTED : DIFFERS;
    bool passes = invalid ? code != NULL && strcmp(code, "GR-1001") == 0
                          : code == NULL && expected != NULL && strcmp(events, expected) == 0;
    if (listed != NULL) {
        listed->seen = true;
    }
    if (passes && listed == NULL) {
        r->passed += 1;
    } else if (passes) {
        fail(r, id, "it passes now; take it off the list", "", "");
    } else if (listed == NULL) {
        fail(r, id, "not listed: ", outcome, code != NULL ? "" : events);
    } else if (listed->part != in || strcmp(listed->outcome, outcome) != 0) {
        fail(r, id, "it does not what the list says, but ", outcome, code != NULL ? "" : events);
    } else {
        r->listed[in] += 1;
    }
}

static void run_case(run *r, const cJSON *item)
{
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(item, "id"));
    const char *yaml = cJSON_GetStringValue(cJSON_GetObjectItem(item, "yaml"));
    greffe_context *context = NULL;
    greffe_diags *diags = NULL;
    greffe__doc doc;
    r->cases += 1;
    if (id == NULL || yaml == NULL || greffe_context_create(&context, NULL) != GREFFE_OK ||
        greffe_diags_create(&diags, context) != GREFFE_OK) {
        fail(r, id != NULL ? id : "?", "not a case, or no memory", "", "");
        greffe_context_destroy(context);
        return;
    }
    greffe__arena arena;
    greffe__buf events;
    greffe__arena_init(&arena, context);
    greffe__buf_init(&events, context);
    greffe_status status = greffe__doc_read(&doc, &arena, diags, id, greffe__str_of(yaml));
    size_t errors = greffe_diags_total(diags, GREFFE_ERROR);
    if (status == GREFFE_OK) {
        put_document(&events, &doc);
    }
    const char *text = greffe__buf_done(&events);
    if ((status == GREFFE_OK) != (errors == 0) || errors > 1 || text == NULL) {
        fail(r, id, "the status and the diagnostics disagree", "", "");
    } else {
        judge(r, id, item, errors > 0 ? greffe_diags_get(diags, 0)->code : NULL, text);
    }
    greffe__buf_free(&events);
    greffe__arena_free(&arena);
    greffe_diags_destroy(diags);
    greffe_context_destroy(context);
}

static void run_suite(run *r, char *text)
{
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        cJSON *item = cJSON_Parse(line);
        if (item == NULL) {
            r->cases += 1;
            fail(r, "?", "a line of the suite is not JSON", "", "");
            continue;
        }
        run_case(r, item);
        cJSON_Delete(item);
    }
    for (size_t i = 0; i < r->list.count; i++) {
        if (!r->list.at[i].seen) {
            fail(r, r->list.at[i].id, "listed, but not in the suite", "", "");
        }
    }
}

/* --- Self-check --- */

static const char good_suite[] =
    "{\"id\":\"A\",\"yaml\":\"a: 'b'\\n\",\"events\":\"+STR\\n+DOC\\n+MAP\\n=VAL :a\\n=VAL 'b\\n"
    "-MAP\\n-DOC\\n-STR\\n\",\"invalid\":false}\n"
    "{\"id\":\"B\",\"yaml\":\"!t b\",\"events\":\"\",\"invalid\":false}\n"
    "{\"id\":\"C\",\"yaml\":\"a: [\",\"events\":\"\",\"invalid\":true}\n"
    "{\"id\":\"D\",\"yaml\":\"a: b\",\"events\":\"\",\"invalid\":true}\n";
static const char good_list[] = "[refused]\nB GR-1007 it has a tag\n"
                                "[accepted]\nD cd994fc2 it is accepted\n";

/* Runs the small suite after replacing one text in it or in its list. */
static size_t faults_after(const char *from, const char *to)
{
    static run r;
    char suite[1024], words[256];
    r = (run){.quiet = true};
    for (int i = 0; i < 2; i++) {
        const char *text = i == 0 ? good_suite : good_list;
        char *out = i == 0 ? suite : words;
        const char *at = strstr(text, from);
        int before = at != NULL ? (int)(at - text) : (int)strlen(text);
        (void)snprintf(out, i == 0 ? sizeof suite : sizeof words, "%.*s%s%s", before, text,
                       at != NULL ? to : "", at != NULL ? at + strlen(from) : "");
    }
    if (!read_list(&r.list, words)) {
        return SIZE_MAX;
    }
    run_suite(&r, suite);
    return r.failed;
}

static int self_check(void)
{
    static const struct {
        const char *what, *from, *to;
    } plants[] = {
        {"an expected event that differs", "=VAL 'b", "=VAL :b"},
        {"an expected event that is missing", "=VAL :a\\n", ""},
        {"a listed case with another code", "B GR-1007", "B GR-1008"},
        {"a refused case that is not listed", "B GR-1007 it has a tag\n", ""},
        {"a listed case that passes", "[refused]\n", "[refused]\nA GR-1007 it has a tag\n"},
        {"a listed case that is not there", "[accepted]\n",
         "[accepted]\nA1 00000000 it is not there\n"},
        {"a listed case with another tree", "a: b", "a: c"},
        {"an invalid case that is read", "a: [", "a: []"},
        {"an invalid case that is refused at last", "a: b", "a: {"},
    };
    int missed = 0;
    if (faults_after("no such text", "") != 0) {
        puts("self-check: the sound suite has faults");
        missed += 1;
    }
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++) {
        size_t faults = faults_after(plants[i].from, plants[i].to);
        bool found = faults == 1;
        missed += found ? 0 : 1;
        printf("self-check: %s: %s\n", plants[i].what, found ? "found" : "MISSED");
    }
    return missed == 0 ? 0 : 1;
}

/* --- Door --- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        text = size >= 0 && fseek(file, 0, SEEK_SET) == 0 ? malloc((size_t)size + 1) : NULL;
        if (text != NULL) {
            text[fread(text, 1, (size_t)size, file)] = '\0';
        }
    }
    fclose(file);
    return text;
}

int main(int count, char **words)
{
    static run r;
    if (count == 2 && strcmp(words[1], "--self-check") == 0) {
        return self_check();
    }
    if (count != 3) {
        fputs("yaml_suite SUITE.jsonl LIST, or yaml_suite --self-check\n", stderr);
        return 2;
    }
    char *suite = read_file(words[1]);
    char *text = read_file(words[2]);
    if (suite == NULL) {
        printf("SKIPPED: no suite at %s\n", words[1]);
        free(text);
        return SKIPPED;
    }
    bool listed = text != NULL && read_list(&r.list, text);
    if (!listed) {
        printf("%s cannot be read\n", words[2]);
    } else {
        run_suite(&r, suite);
        printf("%zu cases: %zu passed, %zu refused as listed, %zu listed deviations, %zu failed\n",
               r.cases, r.passed, r.listed[REFUSED], r.listed[ACCEPTED] + r.listed[DIFFERS],
               r.failed);
    }
    free(suite);
    free(text);
    return listed && r.cases > 0 && r.failed == 0 ? 0 : 1;
}
