/* Records: C structs described by tables, and one codec for all of them.
 *
 * Plans, events, states and commands are structs whose shape is a table of fields. From it come
 * their bytes (a CBOR map with small integer keys, ascending, defaults left out), their reading
 * with every bound checked, a deep copy, and a JSON dump with the fields' names. A key is never
 * used again for another field: that is how stored records stay readable. */
#ifndef GREFFE_VALUE_RECORD_H
#define GREFFE_VALUE_RECORD_H

#include "value/cbor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum greffe__field_type {
    GREFFE__F_BOOL,
    GREFFE__F_U32,
    GREFFE__F_I64,
    GREFFE__F_STR,     /* greffe__str of UTF-8 */
    GREFFE__F_BYTES,   /* greffe__str of any bytes */
    GREFFE__F_VALUE,   /* greffe__value; null is the default */
    GREFFE__F_RECORD,  /* a struct inside this one */
    GREFFE__F_MAYBE,   /* a pointer to a struct, written alike; NULL is the default */
    GREFFE__F_RECORDS, /* greffe__list of structs */
    GREFFE__F_STRS,    /* greffe__list of greffe__str */
    GREFFE__F_U32S,    /* greffe__list of uint32_t */
    GREFFE__F_I64S,    /* greffe__list of int64_t */
    GREFFE__F_VALUES   /* greffe__list of greffe__value */
} greffe__field_type;

typedef struct greffe__shape greffe__shape;

typedef struct greffe__field {
    uint8_t key; /* 0–255, unique in its shape, ascending */
    uint8_t type;
    uint16_t offset;
    const char *name;
    const greffe__shape *shape; /* of F_RECORD and F_RECORDS */
    bool words;                 /* only said to people: nothing is decided by it */
} greffe__field;

struct greffe__shape {
    const char *name;
    uint16_t size;
    uint16_t count;
    const greffe__field *fields;
};

/* Typed lists that share greffe__list's layout. */
typedef struct greffe__strs {
    greffe__str *at;
    uint32_t count, capacity;
} greffe__strs;

typedef struct greffe__u32s {
    uint32_t *at;
    uint32_t count, capacity;
} greffe__u32s;

typedef struct greffe__i64s {
    int64_t *at;
    uint32_t count, capacity;
} greffe__i64s;

typedef struct greffe__values {
    greffe__value *at;
    uint32_t count, capacity;
} greffe__values;

void greffe__record_write(greffe__buf *out, const greffe__shape *shape, const void *record);
/* Without what is only said to people: two records that decide alike give the same bytes. */
void greffe__record_write_deciding(greffe__buf *out, const greffe__shape *shape,
                                   const void *record);
/* Fills `record`, zeroed by the callee; strings are borrowed from the bytes. */
void greffe__record_read(greffe__cbor *in, greffe__arena *arena, const greffe__shape *shape,
                         void *record);
/* A whole text of bytes: GREFFE_ECORRUPT when it is not exactly one such record. */
greffe_status greffe__record_decode(void *record, greffe__arena *arena, const greffe__shape *shape,
                                    greffe__str bytes);
void greffe__record_json(greffe__buf *out, const greffe__shape *shape, const void *record);

#ifdef __cplusplus
}
#endif
#endif
