/* play: dated actions from a file, in injected time. Each has an idempotency key, and the place
 * reached is written down, so that an interrupted season goes on where it was. */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/action.h"

typedef struct season {
    cli *c;
    unsigned long line, done, refused, total;
    greffe_progress progress;
    int place; /* file with the number of the last line done */
    unsigned long resume_at;
    int shown_percent;
} season;

static int refuse_line(const season *s, const char *problem)
{
    return cli_fail(EXIT_FAULTS, "line %lu: %s", s->line, problem);
}

static int check_result(season *s, const cJSON *action, const greffe_result *result)
{
    const char *expected = cli_text(action, "refused");
    if (expected != NULL && result->status != GREFFE_OK && strcmp(expected, result->code) == 0) {
        s->refused += 1;
        return EXIT_FINE;
    }
    if (expected == NULL && result->status == GREFFE_OK) {
        s->done += 1;
        return EXIT_FINE;
    }
    if (result->status == GREFFE_OK) {
        return refuse_line(s, "this was accepted, though a refusal was expected");
    }
    if (result->code[0] == '\0') {
        return cli_status(result->status, s->c->store);
    }
    return cli_fail(EXIT_FAULTS, "line %lu: refused %s: %s", s->line, result->code,
                    result->message);
}

static int execute(season *s, const cJSON *action, const char *verb, int64_t now)
{
    greffe_result result;
    const char *problem = cli_execute(s->c, action, verb, cli_text(action, "key"), now, &result);
    int code = problem != NULL ? refuse_line(s, problem) : check_result(s, action, &result);
    greffe_result_free(s->c->engine, &result);
    return code;
}

/* What reads this file knows floating point alone: a number that could lose a digit is refused, and
 * not rounded. */
static bool plain_numbers(const char *line)
{
    enum { most_digits = 15 };
    bool text = false;
    for (const char *c = line; *c != '\0'; c++) {
        if (text) {
            c += *c == '\\' && c[1] != '\0';
            text = *c != '"';
        } else if (*c == '"') {
            text = true;
        } else if (*c == '-' || (*c >= '0' && *c <= '9')) {
            size_t digits = strspn(c + (*c == '-'), "0123456789");
            c += digits + (*c == '-');
            if (digits > most_digits || *c == '.' || *c == 'e' || *c == 'E') {
                return false;
            }
            c -= 1;
        }
    }
    return true;
}

static int play_line(season *s, const char *line)
{
    int64_t now;
    cJSON *action = cJSON_Parse(line);
    const char *at = cli_text(action, "at"), *verb = cli_text(action, "do");
    int code = EXIT_FINE;
    if (action == NULL || (verb == NULL && cli_text(action, "greffe") == NULL)) {
        code = refuse_line(s, "this is no action: a JSON object with \"at\" and \"do\"");
    } else if (verb != NULL && (at == NULL || !cli_instant(at, &now))) {
        code = refuse_line(s, "\"at\" must be an instant: 2020-03-02T09:00:00Z");
    } else if (!plain_numbers(line)) {
        code = refuse_line(
            s, "write amounts as texts, \"1899.00\": a number here is a whole one of at "
               "most 15 digits");
    } else if (verb != NULL) {
        greffe_status status = cli_settle(s->c, now, &s->progress);
        code = status != GREFFE_OK        ? cli_status(status, "effects")
               : strcmp(verb, "run") == 0 ? EXIT_FINE
                                          : execute(s, action, verb, now);
        /* What an action sets off leaves at once, as it does where a dispatcher runs. */
        if (code == EXIT_FINE) {
            code = cli_status(cli_settle(s->c, now, &s->progress), "effects");
        }
    }
    cJSON_Delete(action);
    return code;
}

/* --- The place reached --- */

static void open_place(season *s)
{
    char path[1100], text[32] = "";
    (void)mkdir(s->c->out, 0777);
    (void)snprintf(path, sizeof path, "%s/progress", s->c->out);
    s->place = open(path, O_RDWR | O_CREAT, 0666);
    if (s->place >= 0 && read(s->place, text, sizeof text - 1) > 0) {
        s->resume_at = strtoul(text, NULL, 10);
    }
}

/* Whether the store knows an action that was done: it is given again with a version that no stream
 * has, so that it is answered as before, or refused without a trace. */
static bool is_known(season *s, const char *line)
{
    int64_t now = 0;
    greffe_result result;
    cJSON *action = cJSON_Parse(line);
    const char *verb = cli_text(action, "do"), *at = cli_text(action, "at");
    bool known = verb == NULL || at == NULL || !cli_instant(at, &now);
    if (!known) {
        cJSON_AddStringToObject(action, "if_version", "18446744073709551615");
        (void)cli_execute(s->c, action, verb, cli_text(action, "key"), now, &result);
        known = result.repeated;
        greffe_result_free(s->c->engine, &result);
    }
    cJSON_Delete(action);
    return known;
}

/* An action whose answer the store keeps: no refusal, and no mere passing of time. */
static bool leaves_a_trace(const char *line)
{
    cJSON *action = cJSON_Parse(line);
    const char *verb = cli_text(action, "do");
    bool leaves = verb != NULL && strcmp(verb, "run") != 0 && cli_text(action, "refused") == NULL;
    cJSON_Delete(action);
    return leaves;
}

/* The place that was written down belongs to a store: where another one stands now, all is given
 * from the start, which changes nothing of what that one knows already. */
static void check_place(season *s, FILE *file)
{
    char *line = NULL, *last = NULL;
    size_t capacity = 0;
    for (unsigned long i = 0; i < s->resume_at && getline(&line, &capacity, file) > 0; i++) {
        if (leaves_a_trace(line)) {
            free(last);
            last = line;
            line = NULL;
            capacity = 0;
        }
    }
    if (last != NULL && !is_known(s, last)) {
        (void)fprintf(stderr,
                      "greffe: %s does not know what was done up to line %lu; from the start\n",
                      s->c->store, s->resume_at);
        s->resume_at = 0;
    }
    free(last);
    free(line);
    rewind(file);
}

static void write_place(const season *s)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%20lu\n", s->line);
    if (s->place >= 0 && pwrite(s->place, text, (size_t)size, 0) != size) {
        (void)fprintf(stderr, "greffe: the place reached could not be written\n");
    }
}

static void show_progress(season *s)
{
    int percent = s->total > 0 ? (int)(s->line * 100 / s->total) : 0;
    if (s->c->quiet || percent == s->shown_percent) {
        return;
    }
    s->shown_percent = percent;
    bool terminal = isatty(2) == 1;
    if (terminal || percent % 10 == 0) {
        (void)fprintf(stderr, "%s%3d %%  %lu actions, %llu letters and files, %llu timers%s",
                      terminal ? "\r" : "", percent, s->done,
                      (unsigned long long)s->progress.effects,
                      (unsigned long long)s->progress.timers, terminal ? "" : "\n");
    }
}

static unsigned long count_lines(FILE *file)
{
    unsigned long count = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) {
        count += c == '\n';
    }
    rewind(file);
    return count;
}

int cli_play(cli *c)
{
    season s = {.c = c, .place = -1, .shown_percent = -1};
    if (c->word_count != 1) {
        return cli_fail(EXIT_USAGE, "greffe play ACTIONS.jsonl --store FILE --site FILE --out DIR");
    }
    FILE *file = fopen(c->words[0], "rb");
    if (file == NULL) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", c->words[0]);
    }
    s.total = count_lines(file);
    open_place(&s);
    check_place(&s, file);
    char *line = NULL;
    size_t capacity = 0;
    int code = EXIT_FINE;
    while (code == EXIT_FINE && getline(&line, &capacity, file) > 0) {
        s.line += 1;
        if (s.line <= s.resume_at) {
            continue;
        }
        code = play_line(&s, line);
        if (code == EXIT_FINE) {
            write_place(&s);
            show_progress(&s);
        }
    }
    if (!c->quiet && isatty(2) == 1) {
        (void)fputc('\n', stderr);
    }
    free(line);
    (void)fclose(file);
    if (s.place >= 0) {
        (void)close(s.place);
    }
    if (code == EXIT_FINE) {
        (void)printf("%lu actions done, %lu refused as expected, from line %lu\n", s.done,
                     s.refused, s.resume_at + 1);
    }
    return code;
}
