/* The command line: options, help, and the way to each subcommand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* What a command does to the store, and how many words it takes after its own name. */
static const struct {
    const char *name;
    int (*run)(cli *c);
    cli_store_use use;
    int most_words;
} commands[] = {
    {"check", cli_check, CLI_NO_STORE, 64}, {"eval", cli_eval, CLI_NO_STORE, 64},
    {"build", cli_build, CLI_NO_STORE, 1},  {"graph", cli_graph, CLI_NO_STORE, 1},
    {"test", cli_test, CLI_NO_STORE, 64},   {"publish", cli_publish, CLI_CREATES, 1},
    {"file", cli_act, CLI_WRITES, 1},       {"act", cli_act, CLI_WRITES, 2},
    {"session", cli_act, CLI_WRITES, 2},    {"allot", cli_act, CLI_WRITES, 2},
    {"pay", cli_act, CLI_WRITES, 2},        {"run", cli_run, CLI_WRITES, 0},
    {"play", cli_play, CLI_WRITES, 1},      {"tasks", cli_list, CLI_READS, 0},
    {"list", cli_list, CLI_READS, 1},       {"show", cli_show, CLI_READS, 1},
    {"report", cli_report, CLI_READS, 0},   {"journal", cli_verify, CLI_READS, 2},
    {"db", cli_compact, CLI_NO_STORE, 1},   {"receive", cli_receive, CLI_NO_STORE, 64},
    {"sweep", cli_sweep, CLI_NO_STORE, 0},  {"explain", cli_explain, CLI_NO_STORE, 64},
    {"record", cli_record, CLI_READS, 2},   {"schema", cli_schema, CLI_NO_STORE, 1},
};

static const struct {
    const char *name;
    size_t offset;
} values[] = {
    {"--store", offsetof(cli, store)},
    {"--site", offsetof(cli, site)},
    {"--out", offsetof(cli, out)},
    {"--as", offsetof(cli, as)},
    {"--key", offsetof(cli, key)},
    {"--args", offsetof(cli, args)},
    {"--now", offsetof(cli, now)},
    {"--procedure", offsetof(cli, procedure)},
    {"--by", offsetof(cli, by)},
    {"--status", offsetof(cli, status)},
    {"--group", offsetof(cli, group)},
    {"--for", offsetof(cli, represented)},
    {"--effective", offsetof(cli, effective)},
    {"--documents", offsetof(cli, folder)},
    {"--because", offsetof(cli, because)},
    {"--format", offsetof(cli, format)},
    {"--counterexamples", offsetof(cli, counterexamples)},
    {"--cache", offsetof(cli, cache)},
    {"--fail-on", offsetof(cli, fail_on)},
};

static const struct {
    const char *name;
    size_t offset;
} flags[] = {
    {"--json", offsetof(cli, json)},
    {"--quiet", offsetof(cli, quiet)},
    {"--why", offsetof(cli, why)},
    {"--history", offsetof(cli, history)},
    {"--each", offsetof(cli, each)},
    {"--lenient", offsetof(cli, lenient)},
    {"--update", offsetof(cli, update)},
    {"--coverage", offsetof(cli, coverage)},
    {"--no-replay", offsetof(cli, no_replay)},
};

/* `--format=junit` is `--format junit`: false when there is no such option with a value. */
static bool with_equals(cli *c, const char *word)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        size_t size = strlen(values[i].name);
        if (strncmp(word, values[i].name, size) == 0 && word[size] == '=') {
            *(const char **)(void *)((char *)c + values[i].offset) = word + size + 1;
            return true;
        }
    }
    return false;
}

static int option(cli *c, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    if (with_equals(c, word)) {
        return EXIT_FINE;
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(word, flags[i].name) == 0) {
            *(bool *)((char *)c + flags[i].offset) = true;
            return EXIT_FINE;
        }
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (strcmp(word, values[i].name) == 0 && *at + 1 < argc) {
            *(const char **)(void *)((char *)c + values[i].offset) = argv[++*at];
            return EXIT_FINE;
        }
    }
    if (strcmp(word, "--limit") == 0 && *at + 1 < argc) {
        c->limit = atoi(argv[++*at]);
        return c->limit > 0 ? EXIT_FINE : cli_fail(EXIT_USAGE, "--limit takes a number above zero");
    }
    if (strcmp(word, "--jobs") == 0 && *at + 1 < argc) {
        c->jobs = atoi(argv[++*at]);
        return c->jobs > 0 ? EXIT_FINE : cli_fail(EXIT_USAGE, "--jobs takes a number above zero");
    }
    if (strcmp(word, "--min-coverage") == 0 && *at + 1 < argc) {
        c->min_coverage = atoi(argv[++*at]);
        return c->min_coverage > 0 && c->min_coverage <= 100
                   ? EXIT_FINE
                   : cli_fail(EXIT_USAGE, "--min-coverage takes a share in percent, 1 to 100");
    }
    if (strcmp(word, "--if-version") == 0 && *at + 1 < argc) {
        c->if_version = strtoull(argv[++*at], NULL, 10);
        return c->if_version > 0
                   ? EXIT_FINE
                   : cli_fail(EXIT_USAGE, "--if-version takes the version that greffe show says");
    }
    return cli_fail(EXIT_USAGE, "the option %s is not known, or lacks its value; see greffe --help",
                    word);
}

static int parse(cli *c, int argc, char **argv)
{
    c->command = argv[1];
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            int code = option(c, argc, argv, &i);
            if (code != EXIT_FINE) {
                return code;
            }
        } else if (c->word_count < 64) {
            c->words[c->word_count++] = argv[i];
        } else {
            return cli_fail(EXIT_USAGE, "there are more than 64 words");
        }
    }
    bool known = c->fail_on == NULL || strcmp(c->fail_on, "error") == 0 ||
                 strcmp(c->fail_on, "warning") == 0;
    return known ? EXIT_FINE : cli_fail(EXIT_USAGE, "--fail-on takes error or warning");
}

static int dispatch(cli *c)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(c->command, commands[i].name) != 0) {
            continue;
        }
        int opened = cli_open_context(c);
        if (opened != EXIT_FINE) {
            return opened;
        }
        if (c->word_count > commands[i].most_words) {
            return cli_fail(EXIT_USAGE, "'%s' is a word too many; see greffe help %s",
                            c->words[commands[i].most_words], c->command);
        }
        int code = c->site != NULL ? cli_read_site(c) : EXIT_FINE;
        if (code == EXIT_FINE && commands[i].use != CLI_NO_STORE) {
            code = cli_open(c, commands[i].use);
        }
        return code == EXIT_FINE ? commands[i].run(c) : code;
    }
    return cli_fail(EXIT_USAGE, "there is no command '%s'; see greffe --help", c->command);
}

static bool asks_for_help(int argc, char **argv)
{
    bool asks = strcmp(argv[1], "help") == 0;
    for (int i = 1; i < argc; i++) {
        asks = asks || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    }
    return asks;
}

/* `greffe help`, `greffe help session.decide`, `greffe session --help`. */
static int help(int argc, char **argv)
{
    int at = strcmp(argv[1], "help") == 0 ? 2 : 1;
    const char *what = at < argc && argv[at][0] != '-' ? argv[at] : "";
    bool json = false;
    for (int i = 1; i < argc; i++) {
        json = json || strcmp(argv[i], "--json") == 0;
    }
    const char *page = cli_page(what);
    if (page != NULL) {
        (void)fputs(page, stdout);
        return EXIT_FINE;
    }
    if (what[0] == '\0' && !json) {
        (void)fputs(cli_usage, stdout);
        return EXIT_FINE;
    }
    return cli_help(what, json) == EXIT_FINE
               ? EXIT_FINE
               : cli_fail(EXIT_USAGE, "there is no command '%s'; see greffe --help", what);
}

int main(int argc, char **argv)
{
    cli c = {.store = "greffe.db", .out = "out"};
    if (argc < 2) {
        (void)fputs(cli_usage, stderr);
        return EXIT_USAGE;
    }
    if (asks_for_help(argc, argv)) {
        return help(argc, argv);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("greffe %s\n", greffe_version());
        return EXIT_FINE;
    }
    int code = parse(&c, argc, argv);
    if (code == EXIT_FINE) {
        code = dispatch(&c);
    }
    greffe_sender_destroy(c.sender);
    greffe_engine_close(c.engine);
    greffe_documents_close(c.documents);
    greffe_site_destroy(c.accounts);
    greffe_diags_destroy(c.diags);
    greffe_context_destroy(c.context);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return cli_fail(EXIT_ENVIRONMENT, "what was to be told could not be written: %s",
                        strerror(errno));
    }
    return code;
}
