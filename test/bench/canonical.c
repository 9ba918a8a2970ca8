/* The canonical dossier: what does Greffe cost on top of the SQLite it writes?
 *
 * One applicant, about 1 KB of answers, six durable commands: filed; complete; instructed; decided
 * by an agent; the receipt has left; the decision has left, which ends the dossier. One command of
 * a person a transaction, WAL, synchronous=FULL. Letters leave a page at a time: 64 letters of 32
 * dossiers are leased in one transaction, and told in one, by Greffe and by the equal program.
 *
 * Three programs do this in one process, each on a database of its own in one directory:
 *   greffe  the engine, through its public interface;
 *   equal   hand-written SQLite that writes the same rows: see canonical_equal.c for what is equal;
 *   bare    hand-written SQLite without Greffe's promises: see canonical_bare.c.
 * With --flight 100, a hundred dossiers are under way: Greffe is given their commands without
 * waiting, the others commit a hundred transitions together. With --visits yes one is under way,
 * and what its agent does on one page is given, or committed, together: three visits, four
 * commands. --sync-us makes each sync dearer.
 * They take turns, round after round, so that a machine that drifts drifts for all three. The first
 * round warms up and is not counted. Afterwards the two databases are compared: same columns and
 * indexes, as many rows, as many bytes; if not, the equal program is no longer equal and the exit
 * code is 1. No time ever decides over an exit code. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "canonical.h"
#include "syncs.h"

enum { programs = 3, most_rounds = 1000 };

typedef struct arguments {
    const char *directory, *procedure, *script, *one, *planted;
    uint32_t rounds, dossiers, warm;
    bool record, answers;
} arguments;

/* --- What the three share --- */

uint32_t bench_flight;
bool bench_visits;

int bench_after(int transition)
{
    enum { complete = 1, decide = 3 }; /* the agent who finds it complete instructs it at once */
    return bench_visits && transition == complete ? decide : transition + 1;
}

const char bench_answers[] =
    "{\"procedure\":\"canonique\",\"answers\":{\"identite\":{\"nom\":\"Lefèvre-Beaumont\","
    "\"prenom\":\"Marie-Hélène\",\"naissance\":\"1971-04-23\","
    "\"courriel\":\"marie-helene.lefevre@courriel.example\",\"telephone\":\"+33 1 23 45 67 89\","
    "\"adresse\":\"12 bis, allée des Tilleuls, bâtiment C, escalier 2, appartement 34\","
    "\"code_postal\":\"92130\",\"commune\":\"Issy-les-Moulineaux\","
    "\"iban\":\"FR7630006000011234567890189\"},"
    "\"travaux\":{\"nature\":\"isolation\",\"montant\":\"14250.00\",\"debut\":\"2026-09-01\","
    "\"proprietaire\":true,\"surface\":87,\"description\":\"Isolation par l'intérieur des murs"
    " donnant sur la cour et sur la rue, en panneaux de fibre de bois de 145 mm avec frein-vapeur"
    " continu; reprise des tableaux et des appuis de fenêtre, dépose et repose des radiateurs."
    " Isolation des combles perdus par soufflage de ouate de cellulose sur 350 mm, avec trappe"
    " isolée et chemin de circulation. Les travaux sont confiés à une entreprise qualifiée de la"
    " commune voisine; le devis joint comprend la protection du chantier, l'évacuation des gravats"
    " et la remise en peinture des surfaces touchées. Début dès l'accord de la copropriété.\"}}}";

_Noreturn void bench_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "canonical: %s: %s\n", what, why);
    exit(1);
}

int64_t bench_instant_ms(int transition)
{
    static const int64_t monday_ms = 1772438400000, hour_ms = 3600000; /* 2026-03-02, 08:00 UTC */
    return monday_ms + transition * hour_ms;
}

void bench_key(char out[16], uint32_t dossier)
{
    (void)snprintf(out, 16, "D%07u", dossier);
}

sqlite3 *bench_open(const char *path, const char *schema)
{
    static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN;";
    sqlite3 *db;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(db, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        bench_fail(path, sqlite3_errmsg(db));
    }
    return db;
}

sqlite3_stmt *bench_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
        bench_fail(sql, sqlite3_errmsg(db));
    }
    return stmt;
}

void bench_step(sqlite3 *db, sqlite3_stmt *stmt, bool changed)
{
    if (sqlite3_step(stmt) != SQLITE_DONE || (changed && sqlite3_changes(db) != 1)) {
        bench_fail(sqlite3_sql(stmt), sqlite3_errmsg(db));
    }
    (void)sqlite3_reset(stmt);
}

void bench_close(sqlite3 *db, sqlite3_stmt *const *statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)sqlite3_finalize(statements[i]);
    }
    (void)sqlite3_close(db);
}

/* --- Databases --- */

static const char *database(const arguments *a, const char *name, const char *suffix)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/canonical-%s.db%s", a->directory, name, suffix);
    return path;
}

static void remove_database(const arguments *a, const char *name)
{
    (void)remove(database(a, name, ""));
    (void)remove(database(a, name, "-wal"));
    (void)remove(database(a, name, "-shm"));
}

/* What a query gives for the tables of a prefix; the caller frees it. */
static char *asked(const arguments *a, const char *name, const char *prefix, const char *query)
{
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    char *sql = sqlite3_mprintf(query, prefix, prefix);
    if (sqlite3_open(database(a, name, ""), &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW) {
        bench_fail(name, sqlite3_errmsg(db));
    }
    char *answer = sqlite3_mprintf("%s", sqlite3_column_text(stmt, 0));
    sqlite3_free(sql);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return answer;
}

/* A fault of the yardstick that the comparison has to find. */
static void plant(const arguments *a)
{
    const char *sql = strcmp(a->planted, "column") == 0
                          ? "ALTER TABLE equal_entry ADD COLUMN more BLOB"
                          : "DELETE FROM equal_personal WHERE key = (SELECT min(key) FROM"
                            " equal_personal)";
    sqlite3 *db;
    if (sqlite3_open(database(a, "equal", ""), &db) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        bench_fail("--plant", sqlite3_errmsg(db));
    }
    (void)sqlite3_close(db);
}

/* Columns and indexes, without their names. */
static const char shape_query[] =
    "SELECT group_concat(line, ' ') FROM (SELECT * FROM ("
    " SELECT substr(t.name, length(%Q) + 1) || ':' || c.name || ':' || c.type || ':' || c.pk"
    "  || ':' || c.\"notnull\" AS line"
    "  FROM sqlite_schema t, pragma_table_info(t.name) c"
    "  WHERE t.type = 'table' AND t.name LIKE '%%\\_%%' ESCAPE '\\' AND t.name <> 'sqlite_sequence'"
    " UNION ALL SELECT substr(t.name, length(%Q) + 1) || '[' || l.\"unique\" || l.partial ||"
    "  (SELECT group_concat(x.name) FROM pragma_index_xinfo(l.name) x WHERE x.key) || ']'"
    "  FROM sqlite_schema t, pragma_index_list(t.name) l WHERE t.type = 'table')"
    " WHERE line GLOB 'stream[:[]*' OR line GLOB 'entry[:[]*' OR line GLOB 'personal[:[]*'"
    "  OR line GLOB 'task[:[]*' OR line GLOB 'outbox[:[]*' OR line GLOB 'sequence[:[]*'"
    " ORDER BY line)";

static const struct {
    const char *what, *query;
} contents[] = {
    {"stream rows", "SELECT count(*) FROM %sstream"},
    {"stream bytes", "SELECT sum(length(head) + length(state) + length(grp) + length(status) +"
                     " length(label) + length(owner)) FROM %sstream"},
    {"entry rows", "SELECT count(*) FROM %sentry"},
    {"entry bytes", "SELECT sum(length(command) + length(head) + length(body)) FROM %sentry"},
    {"personal rows", "SELECT count(*) FROM %spersonal"},
    {"personal bytes", "SELECT sum(length(ref) + length(class) + length(salt) + length(value))"
                       " FROM %spersonal"},
    {"task rows left", "SELECT count(*) FROM %stask"},
    {"outbox rows left", "SELECT count(*) FROM %soutbox"},
    {"next number", "SELECT sum(next) FROM %ssequence"},
};

/* Is the equal program equal? Prints rows and bytes a dossier. */
static bool compare(const arguments *a, uint32_t dossiers)
{
    char *greffe = asked(a, "greffe", "greffe_", shape_query);
    char *equal = asked(a, "equal", "equal_", shape_query);
    bool same = strcmp(greffe, equal) == 0;
    (void)printf("\n%-18s %12s %12s\n", "a dossier", "greffe", "equal");
    if (!same) {
        (void)printf("columns or indexes differ:\n  %s\n  %s\n", greffe, equal);
    }
    sqlite3_free(greffe);
    sqlite3_free(equal);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        greffe = asked(a, "greffe", "greffe_", contents[i].query);
        equal = asked(a, "equal", "equal_", contents[i].query);
        double of_greffe = strtod(greffe, NULL), of_equal = strtod(equal, NULL);
        bool bytes = strstr(contents[i].what, "bytes") != NULL;
        double apart = of_greffe - of_equal, allowed = bytes ? of_equal / 100 : 0;
        bool close = apart <= allowed && -apart <= allowed;
        (void)printf("%-18s %12.2f %12.2f%s\n", contents[i].what, of_greffe / dossiers,
                     of_equal / dossiers, close ? "" : "  differ");
        same = same && close;
        sqlite3_free(greffe);
        sqlite3_free(equal);
    }
    return same;
}

/* --- Measuring --- */

typedef struct sample {
    double wall_s, cpu_s, syncs;
} sample;

static double seconds(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static sample measure(const bench_program *program, uint32_t first, uint32_t count)
{
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    unsigned long before = atomic_load(&bench_syncs);
    uint32_t group = bench_flight > 0 ? bench_flight : bench_group;
    for (uint32_t done = 0; done < count; done += group) {
        uint32_t left = count - done;
        program->run(first + done, left < group ? left : group);
    }
    return (sample){seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                    (double)(atomic_load(&bench_syncs) - before) / count};
}

typedef struct spread {
    double least, median, most;
} spread;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static spread spread_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    double median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    return (spread){values[0], median, values[count - 1]};
}

/* How long the disk takes to make 4 KB durable, as each of the six commands asks it to. The place
 * is written before: a log that is used again does not grow. */
static double sync_s(const arguments *a)
{
    enum { times = 100 };
    static char page[4096];
    double taken[times];
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/canonical-sync", a->directory);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    for (int i = -1; i < times; i++) {
        double start = seconds(CLOCK_MONOTONIC);
        if (file < 0 || pwrite(file, page, sizeof page, 0) < 0 || fdatasync(file) != 0) {
            bench_fail(path, "cannot be written");
        }
        taken[i < 0 ? 0 : i] = seconds(CLOCK_MONOTONIC) - start;
    }
    (void)close(file);
    (void)remove(path);
    return spread_of(taken, times).median;
}

static sample samples[programs][most_rounds];

static void print_program(const char *name, const sample *of, const arguments *a)
{
    double rate[most_rounds], cpu[most_rounds], synced[most_rounds];
    for (uint32_t i = 0; i < a->rounds; i++) {
        rate[i] = a->dossiers / of[i].wall_s;
        cpu[i] = of[i].cpu_s * 1e6 / a->dossiers / bench_transitions;
        synced[i] = of[i].syncs;
    }
    spread r = spread_of(rate, a->rounds), c = spread_of(cpu, a->rounds);
    (void)printf("%-8s %8.1f (%.1f..%.1f) %10.0f (%.0f..%.0f) %8.1f (%.1f..%.1f) %6.2f\n", name,
                 r.median, r.least, r.most, r.median * bench_transitions,
                 r.least * bench_transitions, r.most * bench_transitions, c.median, c.least, c.most,
                 spread_of(synced, a->rounds).median);
}

/* The speed of Greffe as a share of another's, round by round. */
static spread ratio_to(const sample *other, const arguments *a, bool cpu)
{
    double ratios[most_rounds];
    for (uint32_t i = 0; i < a->rounds; i++) {
        ratios[i] =
            cpu ? other[i].cpu_s / samples[0][i].cpu_s : other[i].wall_s / samples[0][i].wall_s;
    }
    return spread_of(ratios, a->rounds);
}

static void print_all(const bench_program *const *all, const arguments *a)
{
    (void)printf("\n%-8s %-22s %-25s %s\n", "", "dossiers/s", "transitions/s",
                 "CPU us/transition: medians (least..most)  syncs/dossier");
    for (int p = 0; p < programs; p++) {
        print_program(all[p]->name, samples[p], a);
    }
    (void)printf("\n");
    for (int p = programs - 1; p > 0; p--) {
        spread c = ratio_to(samples[p], a, true);
        (void)printf("CPU time of %s as a share of greffe's: %.2f (%.2f..%.2f)\n", all[p]->name,
                     c.median, c.least, c.most);
    }
    for (int p = programs - 1; p > 0; p--) {
        spread r = ratio_to(samples[p], a, false);
        (void)printf("greffe/%s: %.2f (%.2f..%.2f)\n", all[p]->name, r.median, r.least, r.most);
    }
}

static int compare_three(const arguments *a)
{
    bench_script script;
    bench_record(&script, a->procedure);
    const bench_program *all[programs] = {bench_greffe(a->procedure), bench_equal(&script),
                                          bench_bare()};
    for (int p = 0; p < programs; p++) {
        remove_database(a, all[p]->name);
        all[p]->open(database(a, all[p]->name, ""));
    }
    (void)printf("SQLite %s; %u rounds of %u dossiers; answers %zu bytes; "
                 "4 KB made durable in %.0f us; %s\n\n",
                 sqlite3_libversion(), a->rounds, a->dossiers, strlen(bench_answers),
                 sync_s(a) * 1e6,
                 bench_flight > 0 ? "many in flight"
                 : bench_visits   ? "one caller, who waits for each visit"
                                  : "one caller, who waits for each command");
    (void)printf("round   greffe    equal     bare dossiers/s   greffe/equal  greffe/bare\n");
    for (uint32_t round = 0; round <= a->rounds; round++) {
        sample now[programs];
        for (int p = 0; p < programs; p++) {
            now[p] = measure(all[p], 1 + round * a->dossiers, a->dossiers);
            samples[p][round > 0 ? round - 1 : 0] = now[p];
        }
        if (round > 0) {
            (void)printf("%5u %8.1f %8.1f %8.1f %22.2f %12.2f\n", round,
                         a->dossiers / now[0].wall_s, a->dossiers / now[1].wall_s,
                         a->dossiers / now[2].wall_s, now[1].wall_s / now[0].wall_s,
                         now[2].wall_s / now[0].wall_s);
        }
    }
    for (int p = 0; p < programs; p++) {
        all[p]->close();
    }
    if (a->planted != NULL) {
        plant(a);
    }
    bool equal = compare(a, (a->rounds + 1) * a->dossiers);
    print_all(all, a);
    for (int p = 0; p < programs; p++) {
        remove_database(a, all[p]->name);
    }
    if (!equal) {
        bench_fail("equal", "it no longer writes what Greffe writes; the ratio means nothing");
    }
    (void)printf("ratio greffe/equal %.2f (yardstick %s)\n", ratio_to(samples[1], a, false).median,
                 bench_flight > 0 ? "0.55 at 100 in flight"
                 : bench_visits   ? "3.3 syncs for each dossier at most"
                                  : "0.70");
    return 0;
}

/* --- One of them --- */

/* With --warm, dossiers that are not counted come first, and a line says what the others took. */
static int run_one(const arguments *a)
{
    bench_script script;
    const bench_program *program = NULL;
    if (strcmp(a->one, "greffe") == 0) {
        program = bench_greffe(a->procedure);
    } else if (strcmp(a->one, "bare") == 0) {
        program = bench_bare();
    } else if (strcmp(a->one, "equal") == 0 && a->script != NULL) {
        bench_load(&script, a->script);
        program = bench_equal(&script);
    } else {
        bench_fail(a->one, "--one is greffe, bare, or equal with --script FILE");
    }
    remove_database(a, a->one);
    program->open(database(a, a->one, ""));
    if (a->warm > 0) {
        (void)measure(program, 1, a->warm);
    }
    sample taken = measure(program, 1 + a->warm, a->dossiers);
    program->close();
    if (a->warm > 0) {
        (void)printf("{\"peer\": \"%s\", \"count\": %u, \"seconds\": %.9f,"
                     " \"cpu_seconds\": %.9f, \"sqlite\": \"%s\"}\n",
                     program->name, a->dossiers, taken.wall_s, taken.cpu_s, sqlite3_libversion());
    }
    return 0;
}

static uint32_t number_of(const char *text, uint32_t most)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end != '\0' || number == 0 || number > most) {
        bench_fail(text, "this is no number, or too large a one");
    }
    return (uint32_t)number;
}

static arguments read_arguments(int count, char **texts)
{
    arguments a = {.directory = ".", .procedure = BENCH_PROCEDURE, .rounds = 15};
    for (int i = 1; i < count; i += 2) {
        const char *name = texts[i], *value = i + 1 < count ? texts[i + 1] : "";
        if (strcmp(name, "--dir") == 0) {
            a.directory = value;
        } else if (strcmp(name, "--procedure") == 0) {
            a.procedure = value;
        } else if (strcmp(name, "--rounds") == 0) {
            a.rounds = number_of(value, most_rounds);
        } else if (strcmp(name, "--dossiers") == 0) {
            a.dossiers = number_of(value, 1000);
        } else if (strcmp(name, "--warm") == 0) {
            a.warm = number_of(value, 1000);
        } else if (strcmp(name, "--flight") == 0) {
            bench_flight = number_of(value, bench_most_flight);
        } else if (strcmp(name, "--visits") == 0 && strcmp(value, "yes") == 0) {
            bench_visits = true;
        } else if (strcmp(name, "--sync-us") == 0) {
            bench_sync_extra_us = number_of(value, 100000);
        } else if (strcmp(name, "--one") == 0) {
            a.one = value;
        } else if (strcmp(name, "--script") == 0) {
            a.script = value;
        } else if (strcmp(name, "--plant") == 0) {
            a.planted = value;
        } else if (strcmp(name, "--record") == 0) {
            a.script = value;
            a.record = true;
        } else if (strcmp(name, "--print") == 0 && strcmp(value, "answers") == 0) {
            a.answers = true;
        } else {
            bench_fail(name, "usage: canonical [--dir D] [--rounds N] [--dossiers N]"
                             " [--flight N | --visits yes] [--sync-us N]"
                             " [--procedure F]"
                             " [--plant column|row] | --record F | --print answers |"
                             " --one NAME [--script F] [--warm N]");
        }
    }
    if (bench_flight > 0 && bench_visits) {
        bench_fail("--visits", "is of one dossier at a time");
    }
    uint32_t group = bench_flight > 0 ? bench_flight : bench_group;
    a.dossiers = a.dossiers > 0 ? a.dossiers : a.one != NULL ? 1 : 2 * group;
    return a;
}

int main(int count, char **texts)
{
    arguments a = read_arguments(count, texts);
    if (a.answers) {
        (void)puts(bench_answers);
        return 0;
    }
    if (a.record) {
        bench_script script;
        bench_record(&script, a.procedure);
        bench_save(&script, a.script);
        return 0;
    }
    return a.one != NULL ? run_one(&a) : compare_three(&a);
}
