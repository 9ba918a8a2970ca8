/* Inside the store in memory: records in lists, gathered by stream. */
#ifndef GREFFE_STORE_MEMORY_PRIV_H
#define GREFFE_STORE_MEMORY_PRIV_H

#include <greffe/sys/store.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { most_texts = 6, most_numbers = 4 };

/* One row: its texts, terminated, lie behind it in the same block. */
typedef struct record {
    int64_t numbers[most_numbers];
    greffe_str texts[most_texts];
} record;

typedef struct records {
    record **at;
    size_t count, capacity;
} records;

/* What stands where in a record. */
enum { STREAM_HEAD, STREAM_STATE, STREAM_GROUP, STREAM_STATUS, STREAM_LABEL, STREAM_OWNER };
enum { STREAM_VERSION, STREAM_DUE, STREAM_LAST };
enum { ENTRY_COMMAND, ENTRY_BODY, ENTRY_HEAD };
enum { ENTRY_POSITION };
enum { PERSONAL_REF, PERSONAL_CLASS, PERSONAL_SALT, PERSONAL_VALUE };
enum { ROW_ITEM, ROW_NAME, ROW_WHO, ROW_ASSIGNEE, ROW_REF };
enum { TASK_DUE, TASK_SINCE };
enum { EFFECT_ATTEMPTS, EFFECT_STARTED, EFFECT_NEXT };
enum { BUNDLE_HASH, BUNDLE_PROCEDURE, BUNDLE_BODY, BUNDLE_PINNED };
enum { BUNDLE_ACTIVE, BUNDLE_PUBLISHED };
enum { KNOWN_NAME, KNOWN_HASH };
enum { NUMBER_NAME };
enum { NUMBER_NEXT };

typedef struct stream {
    uint32_t kind;
    greffe_str key; /* lies behind it */
    record *row;
    records entries; /* in the order of their versions, from 1 */
    records personal, tasks, effects;
    bool has_amounts;
    int64_t amounts[4];
} stream;

typedef struct memory_store {
    greffe_store head;
    stream **streams; /* by kind and key */
    size_t count, capacity;
    records bundles, numbers;
    records cursors;
    int64_t position; /* of the last entry */
    records known;    /* the newest of a name stands last */
    bool has_secret;
    unsigned char secret[32];
} memory_store;

int greffe__memory_compare(greffe_str a, greffe_str b);
/* NULL when there is none; `place` (may be NULL) is where it stands, or would stand. */
stream *greffe__memory_find(const memory_store *s, uint32_t kind, greffe_str key, size_t *place);
/* The record with this text at this place, or NULL. */
record *greffe__memory_named(const records *list, size_t text, greffe_str name);

void greffe__memory_load(greffe_store *store, greffe_load *items, size_t count,
                         greffe_memory *memory, greffe_done_fn done, void *data);
void greffe__memory_claim(greffe_store *store, greffe_claim_request *request, greffe_memory *memory,
                          greffe_done_fn done, void *data);
void greffe__memory_read(greffe_store *store, greffe_read *request, greffe_memory *memory,
                         greffe_done_fn done, void *data);

#ifdef __cplusplus
}
#endif
#endif
