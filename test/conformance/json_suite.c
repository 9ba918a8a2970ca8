/* Runs JSONTestSuite against the JSON reader.
 *
 *     json_suite PATH        exit 0: all as they should be, 1: not, 2: PATH is not such a file,
 *                            77: PATH is absent
 *     json_suite --self-check    plants wrong expectations and proves that each is found
 *
 * PATH holds one case a line: {"name": …, "expect": "accept|reject|either", "base64": …}. The
 * lines are taken apart here by hand, so that the reader under test judges nothing about them.
 * "either" still means: an orderly answer, and no other than accept or reject.
 *
 * Greffe differs on purpose where RFC 8259 only says "should": a name that stands twice in one
 * object is refused (value/json.h). Those cases are listed, and held to the refusal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/json.h"

enum { LINE_BYTES = 1 << 18, EXIT_SKIPPED = 77 };

/* Accepted by the suite, refused here for the name that stands twice. */
static const char *const TWICE[] = {"y_object_duplicated_key", "y_object_duplicated_key_and_value"};

typedef struct tally {
    unsigned accept, reject, either_accepted, either_rejected, twice, wrong;
    bool quiet;
} tally;

typedef enum verdict { ACCEPTED, REJECTED, REJECTED_TWICE, DISORDERLY } verdict;

/* Copies the text of a member whose value has no escapes; false when there is none. */
static bool member(char *out, size_t room, const char *line, const char *name)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "\"%s\": \"", name);
    const char *start = strstr(line, wanted);
    if (start == NULL) {
        return false;
    }
    start += strlen(wanted);
    const char *end = strchr(start, '"');
    if (end == NULL || (size_t)(end - start) >= room) {
        return false;
    }
    memcpy(out, start, (size_t)(end - start));
    out[end - start] = '\0';
    return true;
}

static bool base64_decode(char *text, size_t *size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t written = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (const char *at = text; *at != '\0' && *at != '='; at++) {
        const char *digit = strchr(digits, *at);
        if (digit == NULL) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(digit - digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            text[written++] = (char)(bits >> count & 0xff);
        }
    }
    *size = written;
    return true;
}

static bool written_reads_back(greffe__arena *arena, const greffe__value *value)
{
    greffe__buf buf;
    greffe__value again = greffe__null();
    greffe__buf_init(&buf, arena->context);
    greffe__json_write(&buf, value);
    const bool same = !buf.failed &&
                      greffe__json_read(&again, arena, NULL, "again",
                                        (greffe__str){buf.data, buf.size}) == GREFFE_OK &&
                      greffe__value_equal(value, &again);
    greffe__buf_free(&buf);
    return same;
}

static verdict judge(const char *data, size_t size)
{
    greffe_context *context = NULL;
    greffe_diags *diags = NULL;
    greffe__arena arena;
    greffe__value value = greffe__null();
    verdict found = DISORDERLY;
    if (greffe_context_create(&context, NULL) != GREFFE_OK) {
        return DISORDERLY;
    }
    greffe__arena_init(&arena, context);
    if (greffe_diags_create(&diags, context) == GREFFE_OK) {
        const greffe_status status =
            greffe__json_read(&value, &arena, diags, "case.json", (greffe__str){data, size});
        const size_t faults = greffe_diags_total(diags, GREFFE_ERROR);
        if (status == GREFFE_OK && faults == 0 && written_reads_back(&arena, &value)) {
            found = ACCEPTED;
        } else if ((status == GREFFE_EINVALID || status == GREFFE_ELIMIT) && faults > 0) {
            found = strcmp(greffe_diags_get(diags, 0)->code, "GR-1102") == 0 ? REJECTED_TWICE
                                                                             : REJECTED;
        }
    }
    greffe__arena_free(&arena);
    greffe_diags_destroy(diags);
    greffe_context_destroy(context);
    return found;
}

static bool stands_twice(const char *name)
{
    for (size_t i = 0; i < sizeof TWICE / sizeof TWICE[0]; i++) {
        if (strcmp(TWICE[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool run_line(tally *t, const char *line)
{
    static char text[LINE_BYTES];
    char name[256], expect[16];
    size_t size = 0;
    if (!member(name, sizeof name, line, "name") ||
        !member(expect, sizeof expect, line, "expect") ||
        !member(text, sizeof text, line, "base64") || !base64_decode(text, &size)) {
        return false;
    }
    const verdict found = judge(text, size);
    const bool either = strcmp(expect, "either") == 0, accept = strcmp(expect, "accept") == 0;
    if (!either && !accept && strcmp(expect, "reject") != 0) {
        return false;
    }
    if (accept && stands_twice(name) && found == REJECTED_TWICE) {
        t->twice++;
        return true;
    }
    if (found == DISORDERLY || (!either && (found == ACCEPTED) != accept) ||
        (accept && stands_twice(name))) {
        static const char *const words[] = {"accepted", "rejected", "rejected for GR-1102",
                                            "no orderly answer"};
        t->wrong++;
        if (!t->quiet) {
            printf("%s: expected %s, got %s\n", name, expect, words[found]);
        }
        return true;
    }
    t->accept += accept;
    t->reject += !accept && !either;
    t->either_accepted += either && found == ACCEPTED;
    t->either_rejected += either && found != ACCEPTED;
    return true;
}

static int self_check(void)
{
    static const char *const right[] = {
        "{\"name\": \"list\", \"expect\": \"accept\", \"base64\": \"WzFd\"}",
        "{\"name\": \"open\", \"expect\": \"reject\", \"base64\": \"WzE=\"}",
        "{\"name\": \"any\", \"expect\": \"either\", \"base64\": \"WzE=\"}",
    };
    static const char *const planted[] = {
        "{\"name\": \"list\", \"expect\": \"reject\", \"base64\": \"WzFd\"}",
        "{\"name\": \"open\", \"expect\": \"accept\", \"base64\": \"WzE=\"}",
        ("{\"name\": \"y_object_duplicated_key\", \"expect\": \"accept\", "
         "\"base64\": \"WzFd\"}"),
    };
    static const char *const unreadable[] = {
        "{\"name\": \"list\", \"base64\": \"WzFd\"}",
        "{\"name\": \"list\", \"expect\": \"perhaps\", \"base64\": \"WzFd\"}",
        "{\"name\": \"list\", \"expect\": \"accept\", \"base64\": \"W*Fd\"}",
    };
    tally t = {.quiet = true};
    bool fine = true;
    for (size_t i = 0; i < 3; i++) {
        fine = run_line(&t, right[i]) && t.wrong == 0 && fine;
        fine = !run_line(&t, unreadable[i]) && fine;
    }
    for (unsigned i = 0; i < 3; i++) {
        fine = run_line(&t, planted[i]) && t.wrong == i + 1 && fine;
    }
    printf("json_suite: planted faults %s\n", fine ? "were found" : "WERE NOT FOUND");
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    static char line[LINE_BYTES];
    tally t = {.wrong = 0};
    unsigned number = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: json_suite PATH | --self-check\n");
        return 2;
    }
    if (strcmp(argv[1], "--self-check") == 0) {
        return self_check();
    }
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL) {
        fprintf(stderr, "json_suite: SKIPPED, %s: %s\n", argv[1], strerror(errno));
        return errno == ENOENT ? EXIT_SKIPPED : 2;
    }
    bool fine = true;
    while (fine && fgets(line, sizeof line, file) != NULL) {
        number++;
        fine = strchr(line, '\n') != NULL && run_line(&t, line);
    }
    fclose(file);
    if (!fine || number == 0) {
        fprintf(stderr, "json_suite: %s:%u is not a case\n", argv[1], number);
        return 2;
    }
    printf("json_suite: %u cases: %u accepted and %u rejected as they should be; %u refused for a "
           "name that stands twice; of those that may be either, %u accepted and %u rejected; "
           "%u wrong\n",
           number, t.accept, t.reject, t.twice, t.either_accepted, t.either_rejected, t.wrong);
    return t.wrong == 0 ? 0 : 1;
}
