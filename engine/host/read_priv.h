/* Inside the host: what is read is written as JSON. */
#ifndef GREFFE_HOST_READ_PRIV_H
#define GREFFE_HOST_READ_PRIV_H

#include "host/host_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One answer that is being written; `first`: nothing stands in the object that is open. */
typedef struct greffe__reading {
    const greffe_query *query;
    greffe__buf *out;
    greffe__arena *arena;
    bool first;
    /* Who reads (read_sight.c); NULL: the host itself. */
    const greffe__person_in *reader;
    greffe__person_in person;
    greffe__cached_plan plan; /* of the last dossier that was looked at */
} greffe__reading;

/* --- Who reads, and what they may see (read_sight.c) --- */

void greffe__reader_begin(const greffe_engine *e, greffe__reading *r);
void greffe__reader_end(greffe__reading *r);
bool greffe__reader_is(const greffe__reading *r, const char *kind);
/* The plan stays the reading's. */
greffe_status greffe__reader_sight(greffe_engine *e, greffe__reading *r, const greffe__dossier *d,
                                   greffe__sight *out);
/* Whether the reader may see a stream at all. */
greffe_status greffe__reader_sees(greffe_engine *e, greffe__reading *r, uint32_t kind,
                                  const void *state, bool *out);
greffe_status greffe__reader_sees_key(greffe_engine *e, greffe__reading *r, uint32_t kind,
                                      greffe__str key, bool *out);

/* --- Lists (read_lists.c) --- */

greffe_status greffe__read_list(greffe_engine *e, greffe__reading *r, greffe_read *read);

/* --- Writing: objects and their members --- */

void greffe__put_open(greffe__reading *r);
void greffe__put_close(greffe__reading *r);
void greffe__put_name(greffe__reading *r, const char *text);
void greffe__put_text(greffe__reading *r, const char *key, greffe__str value);
/* Nothing when it is empty. */
void greffe__put_optional(greffe__reading *r, const char *key, greffe__str value);
void greffe__put_number(greffe__reading *r, const char *key, int64_t value);
void greffe__put_date(greffe__reading *r, const char *key, int64_t days);
void greffe__put_instant(greffe__reading *r, const char *key, int64_t ms);
/* As a text with two decimals. */
void greffe__put_cents(greffe__reading *r, const char *key, int64_t amount);

/* A member that is a list; what it holds, and the commas between, are its writer's. */
void greffe__put_list(greffe__reading *r, const char *key);
void greffe__put_list_end(greffe__reading *r);
void greffe__put_texts(greffe__reading *r, const char *key, const greffe__strs *texts);
/* The first day of a rule that is dated; 0: it always held. */
void greffe__put_version(greffe__reading *r, int64_t from);

/* --- Dossiers (read_dossier.c) --- */

greffe__str greffe__phase_name(const greffe__dossier *d);
void greffe__put_money(greffe__reading *r, const greffe__dossier *d);
/* With a plan, on what grounds as well. */
void greffe__put_clocks(greffe__reading *r, const greffe__dossier *d, const greffe__plan *plan);
greffe_status greffe__read_dossier(greffe_engine *e, greffe__reading *r);
/* An entry of a journal with its events; in a feed with its stream and position (read.c). */
greffe_status greffe__put_entry(greffe__reading *r, const greffe_read_row *row, bool feed);
/* A member "history": what was shown when, and how it ended (read.c). */
greffe_status greffe__put_public_history(greffe_engine *e, greffe__reading *r, greffe__str key);
/* A stream's state, decoded into the answer's arena. */
greffe_status greffe__read_state(greffe__reading *r, uint32_t kind, greffe__str bytes, void **out);

#ifdef __cplusplus
}
#endif
#endif
