/* Memory: the context's allocator, and an arena that frees everything at once.
 *
 * It refuses to know what is stored. All memory of the library comes through here, but for
 * libyaml's and cJSON's own, which have no allocator hook of ours. */
#ifndef GREFFE_BASE_MEMORY_H
#define GREFFE_BASE_MEMORY_H

#include <greffe/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* realloc's manners: NULL allocates, size 0 frees. */
void *greffe__alloc(greffe_context *context, void *ptr, size_t size);
void greffe__free(greffe_context *context, void *ptr);
/* Another context with the same allocator and log: for another thread. */
greffe_status greffe__context_clone(greffe_context **out, const greffe_context *from);
void greffe__log(greffe_context *context, greffe_log_level level, const char *text);

/* A bump allocator. Once an allocation failed, `failed` stays set, so that a builder may check
 * once at its end; every call still returns NULL on its own failure. */
typedef struct greffe__arena {
    greffe_context *context;
    struct greffe__block *blocks;
    char *next, *end;
    size_t used; /* bytes handed out */
    bool failed;
} greffe__arena;

void greffe__arena_init(greffe__arena *arena, greffe_context *context);
void greffe__arena_free(greffe__arena *arena);
/* Keeps the largest block for the next use. */
void greffe__arena_reset(greffe__arena *arena);
/* Aligned for any type but long double; not zeroed. */
void *greffe__arena_alloc(greffe__arena *arena, size_t size);
void *greffe__arena_zalloc(greffe__arena *arena, size_t size);
/* Copies bytes and terminates them. */
char *greffe__arena_copy(greffe__arena *arena, const void *data, size_t size);

/* Makes room for one more item in an arena-backed list; the old items stay in the arena.
 * Returns the address of the new, zeroed item, or NULL. `items`, `count` and `capacity` are the
 * list's own; items are `size` bytes. */
void *greffe__arena_push(greffe__arena *arena, void *list, size_t size);

/* Makes room for `capacity` items in all, for who knows how many will come; false without memory.
 */
bool greffe__arena_reserve(greffe__arena *arena, void *list, size_t size, uint32_t capacity);

/* The layout that greffe__arena_push expects at `list`: a typed pointer, then two counts. */
typedef struct greffe__list {
    void *items;
    uint32_t count, capacity;
} greffe__list;

#ifdef __cplusplus
}
#endif
#endif
