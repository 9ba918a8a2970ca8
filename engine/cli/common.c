/* Files, errors, the store and the site: what the subcommands share. */
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

int cli_fail(int code, const char *format, ...)
{
    va_list arguments;
    (void)fputs("greffe: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    return code;
}

int cli_status(greffe_status status, const char *what)
{
    switch (status) {
    case GREFFE_OK: return EXIT_FINE;
    case GREFFE_EFULL: return cli_fail(EXIT_ENVIRONMENT, "GR-6004: %s: the disk is full", what);
    case GREFFE_EREADONLY:
        return cli_fail(EXIT_ENVIRONMENT, "GR-6003: %s: the store is read-only", what);
    case GREFFE_EBUSY:
        return cli_fail(EXIT_ENVIRONMENT, "GR-6005: %s: another process holds the store", what);
    case GREFFE_EVERSION:
        return cli_fail(EXIT_ENVIRONMENT,
                        "GR-6002: %s: written by another version of greffe; use that one", what);
    case GREFFE_ECORRUPT: return cli_fail(EXIT_FAULTS, "%s: stored data contradicts itself", what);
    case GREFFE_EIO:
        return cli_fail(EXIT_ENVIRONMENT, "GR-6006: %s: reading or writing failed", what);
    default: return cli_fail(EXIT_ENVIRONMENT, "%s: %s", what, greffe_status_name(status));
    }
}

static bool is_ours(const char *path, const char *mark)
{
    char start[65] = "";
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(start, 1, sizeof start - 1, file) : 0, wanted = strlen(mark);
    bool found = file != NULL && size == 0; /* made before, for us */
    for (size_t i = 0; i + wanted <= size && !found; i++) {
        found = memcmp(start + i, mark, wanted) == 0;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

int cli_replace_file(const char *path, const char *data, size_t size, const char *mark)
{
    char beside[4200];
    struct stat info;
    bool there = stat(path, &info) == 0;
    if (there && (!S_ISREG(info.st_mode) || !is_ours(path, mark))) {
        return cli_fail(EXIT_USAGE, "%s is there, and is something else; name another file", path);
    }
    char *target = there ? realpath(path, NULL) : NULL; /* what a link leads to */
    int used =
        snprintf(beside, sizeof beside, "%s.%ld", target != NULL ? target : path, (long)getpid());
    FILE *file = used > 0 && (size_t)used < sizeof beside ? fopen(beside, "wb") : NULL;
    bool good = file != NULL && fwrite(data, 1, size, file) == size;
    good = file != NULL && fclose(file) == 0 && good;
    good = good && rename(beside, target != NULL ? target : path) == 0;
    if (!good && file != NULL) {
        (void)unlink(beside);
    }
    free(target);
    return good ? EXIT_FINE : cli_fail(EXIT_ENVIRONMENT, "%s cannot be written", path);
}

bool cli_read_file(const char *path, char **out, size_t *size)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *data = NULL;
    size_t used = 0, capacity = 0;
    if (file == NULL) {
        return false;
    }
    for (;;) {
        if (used + 65536 + 1 > capacity) {
            capacity = (used + 65536 + 1) * 2;
            char *grown = realloc(data, capacity);
            if (grown == NULL) {
                break;
            }
            data = grown;
        }
        size_t got = fread(data + used, 1, 65536, file);
        used += got;
        if (got == 0) {
            break;
        }
    }
    bool good = data != NULL && !ferror(file);
    if (file != stdin) {
        (void)fclose(file);
    }
    if (!good) {
        free(data);
        return false;
    }
    data[used] = '\0';
    *out = data;
    *size = used;
    return true;
}

static const cli_family families[] = {
    {"session.", "session", "session"},
    {"allotment.", "allot", "allotment"},
    {"pay.", "pay", "batch"},
    {"", "act", "dossier"},
};
enum { family_count = sizeof families / sizeof *families };

const cli_family *cli_family_of(const char *verb)
{
    const cli_family *family = families;
    while (strncmp(verb, family->prefix, strlen(family->prefix)) != 0) {
        family += 1; /* the last one begins nothing, and so every verb */
    }
    return family;
}

const cli_family *cli_family_named(const char *word)
{
    for (size_t i = 0; i + 1 < family_count; i++) {
        if (strcmp(word, families[i].word) == 0) {
            return &families[i];
        }
    }
    return &families[family_count - 1];
}

void cli_print_object(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    (void)printf("%s\n", text != NULL ? text : "{}");
    free(text);
    cJSON_Delete(object);
}

const char *cli_words(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

int cli_worse(int a, int b)
{
    static const int order[] = {EXIT_FINE, EXIT_UNPROVED, EXIT_FAULTS, EXIT_USAGE,
                                EXIT_ENVIRONMENT};
    for (size_t i = sizeof order / sizeof *order; i > 0; i--) {
        if (a == order[i - 1] || b == order[i - 1]) {
            return order[i - 1];
        }
    }
    return a;
}

int cli_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

void cli_add_word(cJSON *object, const char *list, const char *word)
{
    cJSON *words = cJSON_GetObjectItemCaseSensitive(object, list);
    words = words != NULL ? words : cJSON_AddArrayToObject(object, list);
    cJSON_AddItemToArray(words, cJSON_CreateString(word));
}

cJSON *cli_read(const cli *c, const greffe_query *query)
{
    char *text;
    if (greffe_engine_read(c->engine, &text, query) != GREFFE_OK) {
        return NULL;
    }
    cJSON *answer = cJSON_Parse(text);
    greffe_engine_free(c->engine, text);
    return answer;
}

int cli_each_row(cli *c, greffe_query *query, int (*take)(cli *, const cJSON *, void *), void *data)
{
    char *after = NULL;
    int code = EXIT_FINE;
    long left = c->limit > 0 ? c->limit : 1000000000L;
    query->size = sizeof *query;
    for (bool more = true; more && left > 0 && code == EXIT_FINE;) {
        char *text;
        query->after = after;
        query->limit = left < 500 ? (uint32_t)left : 500;
        greffe_status status = greffe_engine_read(c->engine, &text, query);
        if (status != GREFFE_OK) {
            code = cli_status(status, c->store);
            break;
        }
        cJSON *page = cJSON_Parse(text);
        const cJSON *one, *items = cJSON_GetObjectItemCaseSensitive(page, "items");
        cJSON_ArrayForEach(one, items)
        {
            code = code == EXIT_FINE ? take(c, one, data) : code;
        }
        const char *cursor = cli_words(page, "cursor");
        left -= cJSON_GetArraySize(items);
        free(after);
        more = cursor[0] != '\0';
        after = more ? strdup(cursor) : NULL;
        cJSON_Delete(page);
        greffe_engine_free(c->engine, text);
    }
    free(after);
    return code;
}

bool cli_path_from(const char *folder, const char *file, char out[1400])
{
    char *from = realpath(folder, NULL), *to = realpath(file, NULL);
    size_t same = 0, used = 0;
    bool good = from != NULL && to != NULL && strlen(from) < 600 && strlen(to) < 600;
    for (size_t i = 0; good && from[i] == to[i] && from[i] != '\0'; i++) {
        same = from[i] == '/' ? i + 1 : same;
        same = from[i + 1] == '\0' && to[i + 1] == '/' ? i + 2 : same; /* the folder's own */
    }
    out[0] = '\0';
    for (size_t i = same; good && same <= strlen(from) && from[i] != '\0'; i++) {
        bool begins = i == same || from[i - 1] == '/';
        used += begins ? (size_t)snprintf(out + used, 1400 - used, "../") : 0;
    }
    if (good) {
        (void)snprintf(out + used, 1400 - used, "%s", to + same);
    }
    free(from);
    free(to);
    return good;
}

/* --- Diagnostics --- */

static void print_one(const char *text, bool colour)
{
    const char *end_of_first = strchr(text, '\n');
    if (!colour || end_of_first == NULL) {
        (void)fputs(text, stderr);
        return;
    }
    bool warning = strstr(text, " warning ") != NULL && strstr(text, " warning ") < end_of_first;
    (void)fprintf(stderr, "%s%.*s\033[0m%s", warning ? "\033[33m" : "\033[31m",
                  (int)(end_of_first - text), text, end_of_first);
}

void cli_print_diag(const char *text)
{
    print_one(text, isatty(2) == 1 && getenv("NO_COLOR") == NULL);
}

static void log_line(void *data, greffe_log_level level, const char *text)
{
    const cli *c = data;
    if (level <= GREFFE_LOG_WARNING && !c->mute) {
        (void)fprintf(stderr, "greffe: %s\n", text);
    }
}

int cli_open_context(cli *c)
{
    const greffe_context_options options = {.size = sizeof options, .log = log_line, .log_data = c};
    c->context = NULL;
    c->diags = NULL;
    return greffe_context_create(&c->context, &options) == GREFFE_OK &&
                   greffe_diags_create(&c->diags, c->context) == GREFFE_OK
               ? EXIT_FINE
               : cli_fail(EXIT_ENVIRONMENT, "out of memory");
}

void cli_print_diags(cli *c)
{
    const char *text;
    if (c->json) {
        if (greffe_diags_render_json(&text, c->diags) == GREFFE_OK) {
            (void)printf("%s\n", text);
        }
        return;
    }
    bool colour = isatty(2) == 1 && getenv("NO_COLOR") == NULL;
    for (size_t i = 0; i < greffe_diags_count(c->diags); i++) {
        if (greffe_diags_render(&text, c->diags, i) == GREFFE_OK) {
            print_one(text, colour);
        }
    }
    size_t total =
        greffe_diags_total(c->diags, GREFFE_ERROR) + greffe_diags_total(c->diags, GREFFE_WARNING);
    if (total > greffe_diags_count(c->diags)) {
        (void)fprintf(stderr, "… and %zu more\n", total - greffe_diags_count(c->diags));
    }
}

/* --- Site and store --- */

int cli_read_site(cli *c)
{
    char *text;
    size_t size;
    if (!cli_read_file(c->site, &text, &size)) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", c->site);
    }
    greffe_status status =
        greffe_site_read(&c->accounts, c->context, c->diags, c->site, (greffe_str){text, size});
    free(text);
    if (status == GREFFE_EINVALID) {
        cli_print_diags(c);
        return EXIT_FAULTS;
    }
    return cli_status(status, c->site);
}

int cli_add_destinations(cli *c)
{
    const greffe_destination *one;
    char problem[256];
    int code = EXIT_FINE;
    for (size_t i = 0;
         c->accounts != NULL && (one = greffe_site_destination(c->accounts, i)) != NULL; i++) {
        greffe_status status =
            c->sender == NULL ? greffe_sender_create(&c->sender, c->engine) : GREFFE_OK;
        if (status == GREFFE_ENOTFOUND) {
            return cli_fail(EXIT_ENVIRONMENT,
                            "GR-6007: this greffe was built without libcurl and cannot send to %s",
                            one->url);
        }
        status = status == GREFFE_OK ? greffe_sender_add(c->sender, one, problem) : status;
        if (status == GREFFE_EINVALID) {
            code = cli_fail(EXIT_FAULTS, "%s:%u: GR-2032: %s", c->site, one->line, problem);
        } else if (status != GREFFE_OK) {
            return cli_status(status, c->site);
        }
    }
    return code;
}

int cli_open_documents(cli *c)
{
    const greffe_documents_options options = {.size = sizeof options, .folder = c->folder};
    return c->folder == NULL
               ? EXIT_FINE
               : cli_status(greffe_documents_files(&c->documents, &options), c->folder);
}

int cli_open(cli *c, cli_store_use use)
{
    greffe_sqlite_options sqlite = {.size = sizeof sqlite, .path = c->store};
    if (use != CLI_CREATES && access(c->store, F_OK) != 0) {
        return cli_fail(EXIT_ENVIRONMENT, "GR-6001: there is no store %s; greffe publish makes one",
                        c->store);
    }
    int code = cli_open_documents(c);
    if (code != EXIT_FINE) {
        return code;
    }
    /* A season is played by one process, in a time of its own. */
    greffe_engine_options options = {.size = sizeof options,
                                     .alone = strcmp(c->command, "play") == 0,
                                     .documents = c->documents};
    greffe_status status = greffe_store_sqlite(&options.store, &sqlite);
    if (status == GREFFE_EREADONLY && use == CLI_READS) {
        sqlite.read_only = true;
        status = greffe_store_sqlite(&options.store, &sqlite);
    }
    if (status == GREFFE_ECORRUPT || status == GREFFE_EIO) {
        return cli_fail(EXIT_ENVIRONMENT, "GR-6001: %s cannot be opened as a store: %s", c->store,
                        status == GREFFE_EIO ? "is its folder there, and writable?"
                                             : "it is no such database, or was damaged");
    }
    if (status != GREFFE_OK) {
        return cli_status(status, c->store);
    }
    status = greffe_engine_open(&c->engine, c->context, &options);
    c->files.directory = c->out;
    if (c->accounts != NULL) {
        c->files.sender = greffe_site_text(c->accounts, "sender");
        c->files.payer = greffe_site_text(c->accounts, "payer");
        c->files.payer_iban = greffe_site_text(c->accounts, "payer_iban");
        c->files.payer_bic = greffe_site_text(c->accounts, "payer_bic");
    }
    const greffe_handler handlers[] = {
        {.size = sizeof(greffe_handler),
         .channel = "mail",
         .run = greffe_effect_mail,
         .data = &c->files,
         .repeatable = false},
        /* The file has the batch's name: written twice, it is the same file. */
        {.size = sizeof(greffe_handler),
         .channel = "payment",
         .run = greffe_effect_payment,
         .data = &c->files,
         .repeatable = true},
        {.size = sizeof(greffe_handler),
         .channel = "minutes",
         .run = greffe_effect_minutes,
         .data = &c->files,
         .repeatable = false},
    };
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers && status == GREFFE_OK; i++) {
        status = greffe_engine_handle(c->engine, &handlers[i]);
    }
    return cli_status(status, c->store);
}

/* --- Time --- */

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static int64_t days_of(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = year - 1;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return y * 365 + y / 4 - y / 100 + y / 400 + before[month - 1] + (month > 2 && leap) + day - 1 -
           719162;
}

bool cli_instant(const char *text, int64_t *out)
{
    int year, month, day, hour = 0, minute = 0, second = 0, end = 0;
    int fields = sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end);
    if (fields != 3 || end != 10 || month < 1 || month > 12 || year < 1 || day < 1 ||
        day > month_days(year, month)) {
        return false;
    }
    if (text[end] != '\0') {
        int rest = 0;
        if (sscanf(text + end, "T%2d:%2d:%2dZ%n", &hour, &minute, &second, &rest) != 3 ||
            text[end + rest] != '\0' || rest == 0 || hour > 23 || minute > 59 || second > 59) {
            return false;
        }
    }
    *out = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60000 + second * 1000;
    return true;
}

void cli_moment(int64_t at_ms, char out[32])
{
    const time_t seconds = (time_t)(at_ms / 1000);
    struct tm parts;
    out[0] = '\0';
    if (gmtime_r(&seconds, &parts) != NULL) {
        (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
}

void cli_day(int64_t at_ms, char out[16])
{
    char moment[32];
    cli_moment(at_ms, moment);
    (void)snprintf(out, 16, "%.10s", moment);
}

greffe_status cli_settle(cli *c, int64_t now_ms, greffe_progress *total)
{
    for (int rounds = 0; rounds < 100000; rounds++) {
        greffe_progress once;
        greffe_status status = greffe_engine_run(c->engine, &once, 256, now_ms);
        if (status != GREFFE_OK) {
            return status;
        }
        total->timers += once.timers;
        total->effects += once.effects;
        total->incidents += once.incidents;
        total->commands += once.commands;
        total->elsewhere = once.elsewhere;
        greffe_sending sending = {0};
        status = c->sender != NULL ? greffe_sender_turn(c->sender, &sending, 1000) : GREFFE_OK;
        if (status != GREFFE_OK) {
            return status;
        }
        uint64_t done = once.timers + once.effects + once.commands + sending.sent + sending.failed;
        if (done == 0 && sending.under_way == 0) {
            break;
        }
    }
    return GREFFE_OK;
}
