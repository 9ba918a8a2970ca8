/* What operators use: commands, lists, showing, running, verifying. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

/* --- Commands --- */

static const char id_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* {"procedure":"velo", and what the object says: its bytes stay as they are, so that the engine's
 * strict reader sees every digit. */
static char *with_procedure(const char *object, const char *procedure)
{
    size_t blank = strspn(object, " \t\r\n");
    if (object[blank] != '{' || strspn(procedure, id_characters) != strlen(procedure)) {
        return NULL;
    }
    const char *rest = object + blank + 1;
    rest += strspn(rest, " \t\r\n");
    size_t size = strlen(procedure) + strlen(rest) + 32;
    char *text = malloc(size);
    if (text != NULL) {
        (void)snprintf(text, size, "{\"procedure\":\"%s\"%s%s", procedure, *rest == '}' ? "" : ",",
                       rest);
    }
    return text;
}

static int arguments(cli *c, char **text, size_t *size)
{
    char *given = NULL;
    *text = NULL;
    *size = 0;
    if (c->args != NULL && c->args[0] == '@' && !cli_read_file(c->args + 1, &given, size)) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", c->args + 1);
    }
    if (given == NULL && (c->args != NULL || c->procedure != NULL)) {
        given = strdup(c->args != NULL ? c->args : "{}");
    }
    *text = given;
    if (given != NULL && c->procedure != NULL) {
        *text = with_procedure(given, c->procedure);
        free(given);
        if (*text == NULL) {
            return cli_fail(EXIT_USAGE, "--procedure takes an id, and --args a JSON object");
        }
    }
    *size = *text != NULL ? strlen(*text) : 0;
    return EXIT_FINE;
}

static void print_result(const cli *c, const greffe_result *result)
{
    if (result->status == GREFFE_OK) {
        (void)printf("%s\n", result->answer);
    } else if (c->json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "refused", result->code);
        cJSON_AddStringToObject(object, "message", result->message);
        cli_print_object(object);
    } else {
        (void)fprintf(stderr, "refused %s: %s\n", result->code, result->message);
    }
}

int cli_act(cli *c)
{
    char verb[80], key[140];
    char *args;
    size_t size;
    bool files = strcmp(c->command, "file") == 0;
    int wanted = files ? 1 : 2;
    if (c->word_count != wanted || c->as == NULL || c->accounts == NULL) {
        return cli_fail(EXIT_USAGE, "greffe %s %s--as ACCOUNT --site SITE.yaml [--args JSON]",
                        c->command, files ? "DOSSIER --procedure P " : "VERB STREAM ");
    }
    const greffe_actor *account = greffe_site_account(c->accounts, c->as);
    greffe_actor citizen = {.size = sizeof citizen, .subject = c->as, .kind = "applicant"};
    const greffe_actor *actor = account != NULL ? account : &citizen;
    (void)snprintf(verb, sizeof verb, "%s%s", cli_family_named(c->command)->prefix,
                   files ? "file" : c->words[0]);
    greffe_command command = {.size = sizeof command,
                              .verb = verb,
                              .stream = c->words[wanted - 1],
                              .actor = actor,
                              .represented = c->represented,
                              .effective = c->effective,
                              .because = c->because,
                              .if_version = c->if_version};
    if (c->now != NULL && !cli_instant(c->now, &command.now_ms)) {
        return cli_fail(EXIT_USAGE, "--now takes 2020-03-02T09:00:00Z");
    }
    int code = arguments(c, &args, &size);
    if (code != EXIT_FINE) {
        return code;
    }
    /* Without a key each call is a command of its own; with one, giving it twice is safe. */
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)snprintf(key, sizeof key, "cli/%lld.%09ld/%ld", (long long)now.tv_sec, now.tv_nsec,
                   (long)getpid());
    command.key = c->key != NULL ? c->key : key;
    command.args = (greffe_str){args, size};
    greffe_result result;
    greffe_status status = greffe_engine_execute(c->engine, &result, &command);
    free(args);
    if (status == GREFFE_EMISUSE && result.message == NULL) {
        return cli_fail(EXIT_USAGE, "this is not a command that a person gives");
    }
    print_result(c, &result);
    bool refused = result.status != GREFFE_OK && result.code[0] != '\0';
    code = result.status == GREFFE_OK ? EXIT_FINE
           : refused                  ? EXIT_FAULTS
                                      : cli_status(result.status, c->store);
    greffe_result_free(c->engine, &result);
    return code;
}

/* --- Lists --- */

static int print_json(cli *c, const cJSON *row, void *data)
{
    (void)c;
    (void)data;
    cli_print_object(cJSON_Duplicate(row, true));
    return EXIT_FINE;
}

static int print_columns(cli *c, const cJSON *row, void *data)
{
    const cJSON *member;
    bool first = true;
    (void)c;
    (void)data;
    cJSON_ArrayForEach(member, row)
    {
        if (cJSON_IsString(member)) {
            (void)printf("%s%s", first ? "" : "\t", member->valuestring);
        } else if (cJSON_IsNumber(member)) {
            (void)printf("%s%.0f", first ? "" : "\t", member->valuedouble);
        } else {
            continue;
        }
        first = false;
    }
    (void)printf("\n");
    return EXIT_FINE;
}

/* A command on a line, and below it what it did: each event with what it names. Hashes are for
 * machines. */
static int print_entry(cli *c, const cJSON *entry, void *data)
{
    const cJSON *event, *member;
    (void)c;
    (void)data;
    const char *by = cli_words(entry, "by");
    (void)printf("%4.0f  %s  %s, by %s%s%.12s\n",
                 cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, "version")),
                 cli_words(entry, "at"), cli_words(entry, "verb"), cli_words(entry, "as"),
                 by[0] != '\0' ? " " : "", by);
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(entry, "events"))
    {
        (void)printf("        %s", cli_words(event, "event"));
        cJSON_ArrayForEach(member, event)
        {
            bool hash = cJSON_IsString(member) && strlen(member->valuestring) >= 32;
            if (strcmp(member->string, "event") == 0 || hash) {
                continue;
            }
            char *value = cJSON_IsString(member) ? NULL : cJSON_PrintUnformatted(member);
            (void)printf("  %s", value != NULL ? value : member->valuestring);
            free(value);
        }
        (void)printf("\n");
    }
    return EXIT_FINE;
}

int cli_list(cli *c)
{
    static const struct {
        const char *name;
        greffe_query_kind kind;
    } lists[] = {{"tasks", GREFFE_QUERY_TASKS},       {"dossiers", GREFFE_QUERY_DOSSIERS},
                 {"sessions", GREFFE_QUERY_SESSIONS}, {"allotments", GREFFE_QUERY_ALLOTMENTS},
                 {"orders", GREFFE_QUERY_ORDERS},     {"batches", GREFFE_QUERY_BATCHES},
                 {"effects", GREFFE_QUERY_EFFECTS},   {"procedures", GREFFE_QUERY_PROCEDURES}};
    const char *name = strcmp(c->command, "tasks") == 0 ? "tasks"
                       : c->word_count == 1             ? c->words[0]
                                                        : "";
    greffe_query query = {.size = sizeof query, .group = c->group, .status = c->status};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(lists[i].name, name) == 0) {
            query.kind = lists[i].kind;
            return cli_each_row(c, &query, c->json ? print_json : print_columns, NULL);
        }
    }
    return cli_fail(EXIT_USAGE, "greffe list dossiers, sessions, allotments, orders, batches, "
                                "effects or procedures");
}

/* --- One dossier --- */

/* From its first day to its last, step by step, with its source. */
static void show_grounds(const cJSON *clock)
{
    const cJSON *spans = cJSON_GetObjectItemCaseSensitive(clock, "suspensions");
    const cJSON *suspended = cJSON_GetObjectItemCaseSensitive(clock, "suspended_days");
    (void)printf("    from %s, %s", cli_words(clock, "from"), cli_words(clock, "within"));
    if (cli_words(clock, "length_ends")[0] != '\0') {
        (void)printf(": %s", cli_words(clock, "length_ends"));
    }
    (void)printf("\n");
    for (int i = 0; i + 1 < cJSON_GetArraySize(spans); i += 2) {
        (void)printf("    suspended from %s until %s\n", cJSON_GetArrayItem(spans, i)->valuestring,
                     cJSON_GetArrayItem(spans, i + 1)->valuestring);
    }
    if (cJSON_GetArraySize(spans) > 0 && cli_words(clock, "unrolled")[0] != '\0') {
        (void)printf("    and %.0f suspended days: %s\n", suspended->valuedouble,
                     cli_words(clock, "unrolled"));
    }
    if (cli_words(clock, "due")[0] != '\0' && cli_words(clock, "unrolled")[0] != '\0' &&
        strcmp(cli_words(clock, "due"), cli_words(clock, "unrolled")) != 0) {
        (void)printf("    which is no working day: %s\n", cli_words(clock, "due"));
    }
    if (cli_words(clock, "because")[0] != '\0') {
        (void)printf("    %s\n", cli_words(clock, "because"));
    }
}

static void show_clock(const cJSON *clock, bool why)
{
    const char *due = cli_words(clock, "due");
    (void)printf("  clock %s: %s", cli_words(clock, "name"), cli_words(clock, "phase"));
    if (due[0] != '\0') {
        (void)printf(", due %s", due);
    } else {
        (void)printf(" since %s: an answer is awaited", cli_words(clock, "paused_on"));
    }
    if (cli_words(clock, "stopped_by")[0] != '\0') {
        (void)printf("; stopped by %s", cli_words(clock, "stopped_by"));
    }
    (void)printf("\n");
    if (why) {
        show_grounds(clock);
    }
}

/* Ends the line of what has versions. */
static void show_version(const cJSON *of)
{
    const char *from = cli_words(of, "from");
    (void)printf("%s%s\n", from[0] != '\0' ? ", by what holds from " : "", from);
}

/* Which rules of a decision table fired when it was last read. */
static void show_table(const cJSON *table)
{
    const cJSON *rule, *rules = cJSON_GetObjectItemCaseSensitive(table, "rules");
    const char *before = cJSON_GetArraySize(rules) > 1 ? "rules " : "rule ";
    (void)printf("  table %s: ", cli_words(table, "table"));
    cJSON_ArrayForEach(rule, rules)
    {
        bool otherwise = strcmp(rule->valuestring, "otherwise") == 0;
        (void)printf("%s%s", otherwise ? "" : before, rule->valuestring);
        before = ", ";
    }
    (void)printf("%s", cJSON_GetArraySize(rules) == 0 ? "no rule" : "");
    show_version(table);
}

static void show_text(const cli *c, const cJSON *d)
{
    const cJSON *one;
    const char *outcome = cli_words(d, "outcome");
    (void)printf("%s  %s  %s%s%s\n", cli_words(d, "dossier"), cli_words(d, "number"),
                 cli_words(d, "phase"), outcome[0] != '\0' ? ": " : "", outcome);
    (void)printf("  procedure %s, filed on %s, shown as \"%s\", paid %s\n",
                 cli_words(d, "procedure"), cli_words(d, "filed_on"), cli_words(d, "shown"),
                 cli_words(d, "paid"));
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(d, "open"))
    {
        (void)printf("  at %s since %s%s%s\n", cli_words(one, "at"), cli_words(one, "since"),
                     cli_words(one, "role")[0] != '\0' ? ", for " : "", cli_words(one, "role"));
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(d, "clocks"))
    {
        show_clock(one, c->why);
    }
    if (!c->why) {
        return;
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(d, "timers"))
    {
        (void)printf("  timer %s %s: last day %s, fires %s\n", cli_words(one, "kind"),
                     cli_words(one, "name"), cli_words(one, "day"), cli_words(one, "due"));
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(d, "frozen"))
    {
        const cJSON *is = cJSON_GetObjectItemCaseSensitive(one, "is");
        char *value = cJSON_IsString(is) ? NULL : cJSON_PrintUnformatted(is);
        (void)printf("  value %s = %s, frozen at %s", cli_words(one, "value"),
                     value != NULL ? value : cli_words(one, "is"), cli_words(one, "at"));
        show_version(one);
        free(value);
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(d, "tables"))
    {
        show_table(one);
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(d, "moments"))
    {
        const char *condition = cli_words(one, "condition");
        (void)printf("  moment %s at %s%s%s\n", cli_words(one, "moment"), cli_words(one, "at"),
                     condition[0] != '\0' ? ", because " : "", condition);
    }
}

int cli_show(cli *c)
{
    char *text;
    if (c->word_count != 1) {
        return cli_fail(EXIT_USAGE, "greffe show DOSSIER [--why] [--history] [--json]");
    }
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = c->words[0]};
    if (c->history) {
        query.kind = GREFFE_QUERY_HISTORY;
        return cli_each_row(c, &query, c->json ? print_json : print_entry, NULL);
    }
    greffe_status status = greffe_engine_read(c->engine, &text, &query);
    if (status == GREFFE_ENOTFOUND) {
        return cli_fail(EXIT_FAULTS, "GR-5003: there is no dossier '%s'", c->words[0]);
    }
    if (status != GREFFE_OK) {
        return cli_status(status, c->store);
    }
    if (c->json) {
        (void)printf("%s\n", text);
    } else {
        cJSON *dossier = cJSON_Parse(text);
        show_text(c, dossier);
        cJSON_Delete(dossier);
    }
    greffe_engine_free(c->engine, text);
    return EXIT_FINE;
}

/* --- Running, verifying --- */

int cli_run(cli *c)
{
    int64_t now = 0;
    greffe_progress total = {0};
    if (c->now != NULL && !cli_instant(c->now, &now)) {
        return cli_fail(EXIT_USAGE, "--now takes 2020-03-02T09:00:00Z");
    }
    int code = cli_add_destinations(c);
    if (code != EXIT_FINE) {
        return code;
    }
    greffe_status status = cli_settle(c, now, &total);
    (void)printf(c->json ? "{\"timers\":%llu,\"effects\":%llu,\"incidents\":%llu,"
                           "\"commands\":%llu,\"elsewhere\":%s}\n"
                         : "%llu timers fired, %llu effects delivered, %llu incidents, %llu "
                           "commands of the inbox%s\n",
                 (unsigned long long)total.timers, (unsigned long long)total.effects,
                 (unsigned long long)total.incidents, (unsigned long long)total.commands,
                 c->json           ? (total.elsewhere ? "true" : "false")
                 : total.elsewhere ? "; another process is about what is left"
                                   : "");
    return cli_status(status, c->store);
}

static void finding(void *data, const char *kind, const char *key, uint64_t version,
                    const char *code, const char *message)
{
    const cli *c = data;
    if (c->json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "stream", kind);
        cJSON_AddStringToObject(object, "key", key);
        cJSON_AddNumberToObject(object, "entry", (double)version);
        cJSON_AddStringToObject(object, "code", code);
        cJSON_AddStringToObject(object, "message", message);
        cli_print_object(object);
        return;
    }
    if (kind[0] == '\0') {
        (void)fprintf(stderr, "%s: %s: %s\n", c->store, code, message);
        return;
    }
    (void)fprintf(stderr, "%s %s, entry %llu: %s: %s\n", kind, key, (unsigned long long)version,
                  code, message);
}

int cli_compact(cli *c)
{
    if (c->word_count != 1 || strcmp(c->words[0], "compact") != 0) {
        return cli_fail(EXIT_USAGE, "greffe db compact --store FILE");
    }
    return cli_status(greffe_sqlite_compact(c->store), c->store);
}

static void write_line(void *data, const char *line)
{
    (void)fprintf(data, "%s\n", line);
}

static int verify(cli *c, const greffe_verify_options *options)
{
    greffe_verified result = {0};
    greffe_status status = greffe_engine_verify(c->engine, &result, options);
    if (status == GREFFE_EINVALID) {
        return cli_fail(EXIT_FAULTS, "%s is no seal, or was changed", c->words[1]);
    }
    (void)printf(
        c->json ? "{\"streams\":%llu,\"entries\":%llu,\"personal\":%llu,"
                  "\"faults\":%llu,\"seal\":\"%s\"}\n"
                : "%llu streams, %llu entries, %llu personal values: %llu faults; seal %s\n",
        (unsigned long long)result.streams, (unsigned long long)result.entries,
        (unsigned long long)result.personal, (unsigned long long)result.faults, result.seal);
    return status == GREFFE_ECORRUPT ? EXIT_FAULTS : cli_status(status, c->store);
}

/* The file is whole, or is not there: nothing is sealed that does not verify. */
static int seal(cli *c, greffe_verify_options *options)
{
    char part[1024];
    const char *path = c->words[1];
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part) {
        return cli_fail(EXIT_USAGE, "the name %s is too long", path);
    }
    FILE *file = fopen(part, "wb");
    if (file == NULL) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be written", part);
    }
    options->seal = write_line;
    options->seal_data = file;
    int code = verify(c, options);
    bool written = fflush(file) == 0 && ferror(file) == 0 && fsync(fileno(file)) == 0;
    written = fclose(file) == 0 && written;
    if (code == EXIT_FINE && (!written || rename(part, path) != 0)) {
        code = cli_fail(EXIT_ENVIRONMENT, "%s cannot be written", path);
    }
    if (code != EXIT_FINE) {
        (void)remove(part);
    }
    return code;
}

int cli_verify(cli *c)
{
    greffe_verify_options options = {.size = sizeof options, .finding = finding, .finding_data = c};
    bool seals = c->word_count == 2 && strcmp(c->words[0], "seal") == 0;
    bool verifies = c->word_count >= 1 && c->word_count <= 2 && strcmp(c->words[0], "verify") == 0;
    char *text = NULL;
    size_t size = 0;
    if (!seals && !verifies) {
        return cli_fail(EXIT_USAGE, "greffe journal verify [SEAL], or greffe journal seal FILE");
    }
    if (verifies && c->word_count == 2) {
        if (!cli_read_file(c->words[1], &text, &size)) {
            return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", c->words[1]);
        }
        if (size == 0) {
            free(text);
            return cli_fail(EXIT_FAULTS, "%s is no seal: it is empty", c->words[1]);
        }
        options.sealed = (greffe_str){text, size};
    }
    int code = seals ? seal(c, &options) : verify(c, &options);
    free(text);
    return code;
}
