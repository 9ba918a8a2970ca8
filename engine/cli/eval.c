/* eval: expressions tried out: one as words, many as lines, or at a prompt with history. */
#include <greffe/feel.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#ifdef GREFFE_EDIT
#include <editline/readline.h>
#endif

static const char *const prompt_help =
    "An expression is evaluated: 0.5 * 1200, today() + @\"P2M\"\n"
    "name := expression   gives a name a value       :names   shows them\n"
    ":quit, or the end of the input, leaves          :help    says this\n";

static greffe_str trimmed(const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t')) {
        from += 1;
    }
    while (end > from && strchr(" \t\r\n", end[-1]) != NULL) {
        end -= 1;
    }
    return (greffe_str){from, (size_t)(end - from)};
}

/* Where " := " stands outside of quotes, or NULL. */
static const char *assignment(const char *line)
{
    bool quoted = false;
    for (const char *at = line; *at != '\0'; at++) {
        if (*at == '\\' && quoted && at[1] != '\0') {
            at += 1;
        } else if (*at == '"') {
            quoted = !quoted;
        } else if (!quoted && at[0] == ':' && at[1] == '=') {
            return at;
        }
    }
    return NULL;
}

/* Prints what there is to say of a line, and returns its exit code. */
static int told(cli *c, greffe_status status)
{
    if (greffe_diags_count(c->diags) > 0) {
        cli_print_diags(c);
        greffe_diags_clear(c->diags);
    }
    return status == GREFFE_OK         ? EXIT_FINE
           : status == GREFFE_EINVALID ? EXIT_FAULTS
                                       : cli_fail(EXIT_ENVIRONMENT, "out of memory");
}

static int answer(cli *c, greffe_feel *feel, greffe_str expression)
{
    char *text = NULL;
    greffe_status status = greffe_feel_eval(&text, feel, c->diags, expression,
                                            c->json ? GREFFE_FEEL_JSON : GREFFE_FEEL_TEXT);
    if (status == GREFFE_OK) {
        (void)printf("%s\n", text);
        greffe_free(c->context, text);
    }
    return told(c, status);
}

static int evaluate_line(cli *c, greffe_feel *feel, const char *line)
{
    const char *end = line + strlen(line), *mark = assignment(line);
    if (mark == NULL) {
        greffe_str expression = trimmed(line, end);
        return expression.size == 0 ? EXIT_FINE : answer(c, feel, expression);
    }
    greffe_status status =
        greffe_feel_set(feel, c->diags, trimmed(line, mark), trimmed(mark + 2, end));
    return told(c, status);
}

/* --- At a prompt --- */

static void print_names(const greffe_feel *feel)
{
    for (size_t i = 0; i < greffe_feel_count(feel); i++) {
        greffe_str name = greffe_feel_name(feel, i);
        (void)printf("%.*s\n", (int)name.size, name.data);
    }
}

/* False: leave. */
static bool prompt_line(cli *c, greffe_feel *feel, const char *line)
{
    greffe_str word = trimmed(line, line + strlen(line));
    if (word.size == 5 && memcmp(word.data, ":quit", 5) == 0) {
        return false;
    }
    if (word.size == 6 && memcmp(word.data, ":names", 6) == 0) {
        print_names(feel);
    } else if (word.size > 0 && word.data[0] == ':') {
        (void)fputs(prompt_help, stdout);
    } else {
        (void)evaluate_line(c, feel, line);
    }
    (void)fflush(stdout);
    return true;
}

#ifdef GREFFE_EDIT
/* ~/.greffe_history, or what GREFFE_HISTORY names; empty: none is kept. */
static const char *history_file(char *room, size_t size)
{
    const char *named = getenv("GREFFE_HISTORY"), *home = getenv("HOME");
    if (named != NULL) {
        return named[0] != '\0' ? named : NULL;
    }
    int written = home != NULL ? snprintf(room, size, "%s/.greffe_history", home) : -1;
    return written > 0 && (size_t)written < size ? room : NULL;
}

static void converse(cli *c, greffe_feel *feel)
{
    enum { most_lines = 1000 };
    char room[1024];
    const char *file = history_file(room, sizeof room);
    char *line;
    /* The editor reads characters; what is typed here is UTF-8, whatever the locale's language. */
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
    using_history();
    stifle_history(most_lines);
    if (file != NULL) {
        (void)read_history(file);
    }
    while ((line = readline("feel> ")) != NULL) {
        if (line[0] != '\0') {
            (void)add_history(line);
        }
        bool stays = prompt_line(c, feel, line);
        free(line);
        if (!stays) {
            break;
        }
    }
    if (file != NULL) {
        (void)write_history(file);
    }
    if (line == NULL) {
        (void)putchar('\n');
    }
}
#else
static void converse(cli *c, greffe_feel *feel)
{
    char *line = NULL;
    size_t size = 0;
    for (;;) {
        (void)fputs("feel> ", stdout);
        (void)fflush(stdout);
        if (getline(&line, &size, stdin) < 0) {
            (void)putchar('\n');
            break;
        }
        if (!prompt_line(c, feel, line)) {
            break;
        }
    }
    free(line);
}
#endif

/* --- Lines --- */

static int read_lines(cli *c, greffe_feel *feel)
{
    char *line = NULL;
    size_t size = 0;
    int worst = EXIT_FINE;
    while (worst != EXIT_ENVIRONMENT && getline(&line, &size, stdin) >= 0) {
        int code = evaluate_line(c, feel, line);
        worst = cli_worse(code, worst);
    }
    free(line);
    return worst;
}

/* The offset of this machine's zone, so that today() is the day on its clock. */
static int32_t offset_of(time_t now)
{
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL) {
        return 0;
    }
    utc.tm_isdst = -1;
    time_t as_local = mktime(&utc);
    double east = difftime(now, as_local);
    return east > -64800 && east < 64800 ? (int32_t)east : 0;
}

int cli_eval(cli *c)
{
    greffe_feel *feel = NULL;
    greffe_feel_options options = {.size = sizeof options, .lenient = c->lenient};
    time_t now = time(NULL);
    options.now_ms = (int64_t)now * 1000;
    if (c->now != NULL && !cli_instant(c->now, &options.now_ms)) {
        return cli_fail(EXIT_USAGE, "--now takes an instant: 2026-01-31T10:00:00Z");
    }
    options.offset_s = c->now == NULL ? offset_of(now) : 0;
    if (greffe_feel_create(&feel, c->context, &options) != GREFFE_OK) {
        return cli_fail(EXIT_ENVIRONMENT, "out of memory");
    }
    int code = EXIT_FINE;
    for (int i = 0; i < c->word_count; i++) {
        int one = evaluate_line(c, feel, c->words[i]);
        code = one > code ? one : code;
    }
    if (c->word_count == 0 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        (void)fputs("FEEL. :help says how, :quit leaves.\n", stdout);
        converse(c, feel);
    } else if (c->word_count == 0) {
        code = read_lines(c, feel);
    }
    greffe_feel_destroy(feel);
    return code;
}
