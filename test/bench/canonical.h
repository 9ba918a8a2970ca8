/* The parts of the canonical benchmark: three programs that do the same six transitions. */
#ifndef GREFFE_BENCH_CANONICAL_H
#define GREFFE_BENCH_CANONICAL_H

#include <greffe/sys/store.h>

struct sqlite3;
struct sqlite3_stmt;

enum {
    bench_transitions = 6, /* durable commands of a dossier */
    bench_letters = 2,     /* of these, "a letter has left" */
    bench_group = 32,      /* dossiers whose letters leave together: one page of the dispatcher */
    bench_most_flight = 100
};

/* How many commands are given without waiting, each for another dossier; those that write by hand
 * make as many durable with one commit. 0: one caller, who waits for each. */
extern uint32_t bench_flight;
/* One dossier at a time, but what a person does on one page is given together: a commit a visit. */
extern bool bench_visits;

/* The transition after those that are given, or committed, together with this one. */
int bench_after(int transition);

/* The instant of a transition: the same for every dossier, and in all three programs. */
int64_t bench_instant_ms(int transition);
/* "D0000042"; always the same width. */
void bench_key(char out[16], uint32_t dossier);
/* The applicant's answers, as the JSON arguments of a filing. */
extern const char bench_answers[];
/* Prints a line and ends the program: a benchmark does not go on after a fault. */
_Noreturn void bench_fail(const char *what, const char *why);

/* --- Hand-written SQLite --- */

struct sqlite3 *bench_open(const char *path, const char *schema);
struct sqlite3_stmt *bench_prepare(struct sqlite3 *db, const char *sql);
/* Steps a statement that gives no row, and resets it; `changed`: exactly one row must. */
void bench_step(struct sqlite3 *db, struct sqlite3_stmt *stmt, bool changed);
void bench_close(struct sqlite3 *db, struct sqlite3_stmt *const *statements, size_t count);

/* --- What Greffe commits for one dossier --- */

typedef struct bench_write {
    greffe_stream_write stream;
    greffe_entry_row entry;
    bool numbered; /* takes the next number of `sequence` */
    greffe_str sequence;
} bench_write;

typedef struct bench_script {
    bench_write writes[bench_transitions];
    size_t count;
} bench_script;

/* Takes one dossier through Greffe on a store, which it closes. */
void bench_greffe_once(greffe_store *store, const char *procedure);
/* The same on a store in memory that notes every write set. */
void bench_record(bench_script *out, const char *procedure);
void bench_save(const bench_script *script, const char *path);
void bench_load(bench_script *out, const char *path);

/* --- The three --- */

typedef struct bench_program {
    const char *name;
    void (*open)(const char *path);
    /* Takes a group of dossiers, at most bench_group or bench_flight, from filing to end. */
    void (*run)(uint32_t first, uint32_t count);
    void (*close)(void);
} bench_program;

const bench_program *bench_greffe(const char *procedure);
const bench_program *bench_equal(const bench_script *script);
const bench_program *bench_bare(void);

#endif
