/* What tests of stores share: a store of each kind in a folder of its own, calls that are awaited,
 * and things to write. */
#ifndef GREFFE_TEST_STORE_KIT_H
#define GREFFE_TEST_STORE_KIT_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/late_store.h"
#include "support/store_folder.h"

enum { first_ms = 1000000, lease_ms = 60000, most_rows = 64, head_bytes = 32 };

typedef enum backend { IN_MEMORY, IN_SQLITE, LATE_SQLITE } backend;

typedef struct block {
    struct block *next;
    max_align_t bytes[];
} block;

typedef struct fixture {
    greffe_store *store;
    char folder[folder_room], path[store_path_room];
    block *blocks;
    pthread_mutex_t lock;
} fixture;

typedef struct reply {
    pthread_mutex_t lock;
    pthread_cond_t came;
    unsigned times;
    greffe_status status;
} reply;

typedef struct written {
    greffe_entry_row entry;
    greffe_stream_write write;
} written;

/* Which store the tests try now. */
extern backend tried;
extern const char HEAD[head_bytes];

/* --- Fixtures: an empty store for each test --- */

int set_up(void **state);
int tear_down(void **state);
void close_own(fixture *f);
void reopen(fixture *f, bool read_only);
void *take_block(void *data, size_t size);
/* Another connection to the fixture's file. */
greffe_status open_as(const fixture *f, greffe_store **out, const char *prefix, const char *tenant,
                      bool read_only);

/* --- Calls, awaited: `done` comes once --- */

void on_done(void *data, greffe_status status);
void expect_reply(reply *r);
greffe_status await(reply *r);
greffe_status load_from(fixture *f, greffe_store *store, greffe_load *items, size_t count);
greffe_load load_one(fixture *f, greffe_load item);
greffe_status commit_to(greffe_store *store, const greffe_write_set *set);
greffe_status claim(fixture *f, greffe_claim_request *request);
size_t claim_effects(fixture *f, int64_t now_ms, uint32_t limit, const greffe_effect_row **out);
greffe_status read_rows(fixture *f, greffe_read *read);
/* All pages of a read, each of at most `limit` rows. */
size_t read_pages(fixture *f, greffe_read read, uint32_t limit, greffe_read_row *all);
greffe_status postpone(fixture *f, const greffe_effect_row *row, int64_t next_ms);
greffe_status publish(fixture *f, const char *procedure, const char *hash, const char *body,
                      int64_t now_ms);
greffe_status publish_all(fixture *f, const greffe_publication *publication);
greffe_status ask_secret(fixture *f, unsigned char fresh, unsigned char out[32]);

/* --- Things to write --- */

greffe_str str(const char *text);
void assert_str(greffe_str actual, const char *expected);
/* The next entry of a stream; `w` must stay where it is. */
greffe_stream_write *entry_of(written *w, uint32_t kind, const char *key, uint64_t expected,
                              const char *command);
greffe_status commit_one(fixture *f, const greffe_stream_write *write);
greffe_status write_entry(fixture *f, uint32_t kind, const char *key, uint64_t expected,
                          const char *command);
greffe_status write_rows(fixture *f, uint32_t kind, const char *key, uint64_t expected,
                         const greffe_list_row *rows, size_t count);
/* 0: there is no such stream. */
uint64_t version_of(fixture *f, uint32_t kind, const char *key);
int64_t next_number(fixture *f, const char *name);
greffe_list_row task(const char *item, const char *step, const char *who);
greffe_list_row effect(const char *item, const char *letter, const char *ref);
/* A set that writes everything there is in its first stream, and `second` after it. */
greffe_status commit_rich(fixture *f, const greffe_stream_write *second);
void assert_no_trace_of_the_first(fixture *f);
void assert_active(fixture *f, const char *procedure, const char *hash, const char *body);

#endif
