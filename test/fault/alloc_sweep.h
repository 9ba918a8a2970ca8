/* What the sweep and its parts share: memory that fails on demand, and how a scenario is told.
 *
 * Every allocation of the process is counted, libyaml's, cJSON's and SQLite's too. */
#ifndef GREFFE_TEST_ALLOC_SWEEP_H
#define GREFFE_TEST_ALLOC_SWEEP_H

#include <greffe/async.h>
#include <greffe/compile.h>
#include <greffe/effects.h>
#include <greffe/engine.h>
#include <greffe/scenario.h>
#include <greffe/site.h>

/* --- Memory (failing_memory.c) --- */

/* The `point`-th allocation from now fails, counted from 1; with `ever_after`, all later ones
 * too. */
void memory_fail(size_t point, bool ever_after);
/* Memory is back. */
void memory_restore(void);
/* Has an allocation failed since memory_fail? */
bool memory_failed(void);
/* Allocations since memory_fail. */
size_t memory_calls(void);
/* Blocks that are alive. */
long memory_live(void);
/* Raise SIGTRAP where an allocation fails: for a debugger. */
void memory_trap(bool on);
/* For a context: moves each block that grows, so that a use of the old one shows. */
void *memory_context_alloc(void *data, void *ptr, size_t size);

/* --- Scenarios --- */

typedef struct scenario {
    const char *name;
    bool (*prepare)(void); /* once, with all the memory there is; NULL: nothing */
    /* Runs under failing memory; must leave nothing behind. False after sweep_fault. */
    bool (*run)(void);
    void (*dismiss)(void);
} scenario;

/* Reports what is wrong at this point; always false. */
bool sweep_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Tallies a status; false, after a fault, unless it is GREFFE_OK, GREFFE_ENOMEM or, when SQLite
 * may have swallowed the reason, GREFFE_EIO. */
bool sweep_status(const char *what, greffe_status status, bool sqlite);
greffe_status sweep_context(greffe_context **out);
/* Compiles velo.yaml. */
greffe_status sweep_plan(greffe_plan **out, greffe_context *context, greffe_diags *diags);

extern const scenario ENGINE_SCENARIO, SQLITE_SCENARIO, LIFE_SCENARIO;     /* alloc_engine.c */
extern const scenario LETTER_SCENARIO, PAYMENT_SCENARIO, MINUTES_SCENARIO; /* alloc_files.c */
extern const scenario COMPACT_SCENARIO;
extern const scenario JOIN_SCENARIO, INBOX_SCENARIO;   /* alloc_join.c */
extern const scenario DOCUMENT_SCENARIO;               /* alloc_documents.c */
extern const scenario FEEL_SCENARIO;                   /* alloc_feel.c */
extern const scenario CALL_SCENARIO;                   /* alloc_calls.c */
extern const scenario WEBHOOK_SCENARIO, SMTP_SCENARIO; /* alloc_sender.c */
/* The applicant c1 files d1, with the key k1. */
greffe_command sweep_filing(const char *args);
/* Arguments of "file" for velo.yaml. */
extern const char FILING[];

#endif
