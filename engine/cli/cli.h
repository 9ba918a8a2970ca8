/* The command `greffe`: what its subcommands share. It sees the public interface alone. */
#ifndef GREFFE_CLI_CLI_H
#define GREFFE_CLI_CLI_H

#include <greffe/effects.h>
#include <greffe/engine.h>
#include <greffe/greffe.h>
#include <greffe/sender.h>
#include <greffe/site.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EXIT_FINE = 0, EXIT_FAULTS = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3, EXIT_UNPROVED = 4 };

struct cJSON;

/* The words of the command line after the subcommand, options taken out. */
typedef struct cli {
    const char *command;
    const char *words[64];
    int word_count;
    const char *store, *site, *out, *as, *key, *args, *now, *procedure, *by, *status, *group;
    const char *represented, *effective, *because, *format, *counterexamples, *cache, *fail_on;
    int limit, min_coverage, jobs;
    uint64_t if_version;
    bool json, quiet, why, history, each, lenient, update, coverage, no_replay;
    bool mute;           /* what the library logs is of no interest now */
    struct cJSON *reads; /* the files that were read, with their hashes; NULL: nobody asks */
    bool waives;         /* one of them lets something pass until a day */
    greffe_context *context;
    greffe_diags *diags;
    greffe_site *accounts;
    greffe_engine *engine;
    greffe_file_effects files;
    greffe_sender *sender;       /* NULL: the site names no destination */
    const char *folder;          /* of documents */
    greffe_documents *documents; /* NULL: without --documents */
} cli;

int cli_check(cli *c);
/* (check.c) Every procedure that the command line names; what is found is printed, or added. */
int cli_check_all(cli *c, struct cJSON *findings);
/* What the diagnostics make of an exit code: warnings may count, and what is not proved does. */
int cli_verdict(const cli *c, int code);
bool cli_unproved(const cli *c);
int cli_eval(cli *c);
int cli_explain(cli *c);
/* {"code", "summary", "text"} of a code, to be deleted; NULL: there is none. */
struct cJSON *cli_explained(const char *code);
int cli_build(cli *c);
int cli_graph(cli *c);
int cli_publish(cli *c);
int cli_act(cli *c);
int cli_list(cli *c);
int cli_show(cli *c);
int cli_run(cli *c);
int cli_verify(cli *c);
int cli_play(cli *c);
int cli_report(cli *c);
int cli_test(cli *c);
int cli_compact(cli *c);
int cli_record(cli *c);
int cli_schema(cli *c);
int cli_receive(cli *c);
int cli_sweep(cli *c);

/* A family of commands: "session.close" is written `greffe session close SESSION`, and an action
 * names its stream under "session". Those of a dossier have no prefix. */
typedef struct cli_family {
    const char *prefix, *word, *stream;
} cli_family;
/* By a verb or by a word of the command line; never NULL. */
const cli_family *cli_family_of(const char *verb);
const cli_family *cli_family_named(const char *word);

/* Prints what the commands of people take: all, those of a word such as "session", or one verb.
 * EXIT_USAGE when there is none of that name. */
int cli_help(const char *what, bool json);
/* What a command line such as `greffe check` takes, or NULL. */
const char *cli_page(const char *command);
/* All of them at a glance. */
extern const char cli_usage[];

typedef enum cli_store_use { CLI_NO_STORE, CLI_READS, CLI_WRITES, CLI_CREATES } cli_store_use;

/* Opens the store and the site's handlers; an exit code when it cannot. Only what creates a store
 * may find none, and what reads is content with one that cannot be written. */
int cli_open(cli *c, cli_store_use use);
int cli_read_site(cli *c);
/* Opens the documents of --documents; fine without it. */
int cli_open_documents(cli *c);
/* Where the site says that effects go: only what runs sends there. A channel that it does not name
 * becomes files, or waits. */
int cli_add_destinations(cli *c);
/* The text of a member, or "". */
const char *cli_words(const struct cJSON *object, const char *name);
/* The number of a member, or 0. */
int cli_number(const struct cJSON *object, const char *name);
/* Adds a text to a list of an object, which is made when there is none. */
void cli_add_word(struct cJSON *object, const char *list, const char *word);
/* What the engine answers, to be deleted; NULL when there is no such thing. */
struct cJSON *cli_read(const cli *c, const greffe_query *query);
/* Gives every row of a list to `take`, page after page, at most --limit of them, until it answers
 * with another code than EXIT_FINE. */
int cli_each_row(cli *c, greffe_query *query,
                 int (*take)(cli *c, const struct cJSON *row, void *data), void *data);
/* What is found in several files, for tools: collected, then printed in a format. The caller
 * deletes it. NULL stands for people's own, which is printed as it is found. */
struct cJSON *cli_findings_new(void);
/* What the diagnostics say of a file, and one thing that is said of it elsewhere. */
void cli_findings_diags(cli *c, struct cJSON *all, const char *path);
void cli_findings_say(struct cJSON *all, const char *of, const char *file, int line,
                      const char *message);
/* A file was looked at, and this is its verdict. */
void cli_findings_end(struct cJSON *all, const char *path, int code);
/* `command`: whose findings they are. */
void cli_findings_print(struct cJSON *all, const char *format, const char *command);
bool cli_format_known(const char *format);
/* The one of two exit codes that matters more: what is not proved is less than a fault. */
int cli_worse(int a, int b);
typedef enum cli_files { CLI_PROCEDURES, CLI_SCENARIOS } cli_files;
/* Gives `take` a file, or each of those that stand somewhere in a folder; the worst exit code. */
int cli_walk(cli *c, const char *path, cli_files which,
             int (*take)(cli *c, const char *path, void *data), void *data);
/* Prints an object on one line, and deletes it. */
void cli_print_object(struct cJSON *object);
/* The path of a file as it is named from a folder; false: one of them is not there. */
bool cli_path_from(const char *folder, const char *file, char out[1400]);
/* Reads a whole file; from malloc, terminated. */
bool cli_read_file(const char *path, char **out, size_t *size);
/* Puts a file in the place of the one that is there, whole or not at all. That must be one of the
 * same kind, with `mark` near its beginning: a procedure that is named by mistake stays as it is.
 */
int cli_replace_file(const char *path, const char *data, size_t size, const char *mark);
/* What a text is known by, as long as nobody wants to deceive. */
void cli_hash(const char *text, size_t size, char out[40]);
/* (compile.c) `out` NULL: it is checked, and no plan is made. */
int cli_compile(cli *c, const char *path, greffe_plan **out);
void cli_print_diags(cli *c);
/* One that was rendered before. */
void cli_print_diag(const char *text);
/* A context and diagnostics of its own. */
int cli_open_context(cli *c);
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_status(greffe_status status, const char *what);
/* "2020-03-02T09:00:00Z" or a date; false when it is neither. */
bool cli_instant(const char *text, int64_t *out);
/* The day of an instant, in UTC: "2020-03-02"; and the instant: "2020-03-02T09:00:00Z". */
void cli_day(int64_t at_ms, char out[16]);
void cli_moment(int64_t at_ms, char out[32]);
/* Fires and delivers until nothing is left at this instant. */
greffe_status cli_settle(cli *c, int64_t now_ms, greffe_progress *total);

#ifdef __cplusplus
}
#endif
#endif
