/* The context, the allocator behind it, and the arena. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct greffe_context {
    greffe_alloc_fn alloc;
    void *alloc_data;
    greffe_log_fn log;
    void *log_data;
};

static void *default_alloc(void *data, void *ptr, size_t size)
{
    (void)data;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

greffe_status greffe_context_create(greffe_context **out, const greffe_context_options *options)
{
    if (out == NULL || (options != NULL && options->size != sizeof *options)) {
        return GREFFE_EMISUSE;
    }
    greffe_alloc_fn alloc =
        options != NULL && options->alloc != NULL ? options->alloc : default_alloc;
    void *alloc_data = options != NULL ? options->alloc_data : NULL;
    greffe_context *context = alloc(alloc_data, NULL, sizeof *context);
    if (context == NULL) {
        return GREFFE_ENOMEM;
    }
    context->alloc = alloc;
    context->alloc_data = alloc_data;
    context->log = options != NULL ? options->log : NULL;
    context->log_data = options != NULL ? options->log_data : NULL;
    *out = context;
    return GREFFE_OK;
}

greffe_status greffe__context_clone(greffe_context **out, const greffe_context *from)
{
    greffe_context_options options = {sizeof options, from->alloc, from->alloc_data, from->log,
                                      from->log_data};
    return greffe_context_create(out, &options);
}

void greffe_context_destroy(greffe_context *context)
{
    if (context != NULL) {
        context->alloc(context->alloc_data, context, 0);
    }
}

void *greffe__alloc(greffe_context *context, void *ptr, size_t size)
{
    return context->alloc(context->alloc_data, ptr, size);
}

void greffe__free(greffe_context *context, void *ptr)
{
    if (ptr != NULL) {
        context->alloc(context->alloc_data, ptr, 0);
    }
}

void greffe__log(greffe_context *context, greffe_log_level level, const char *text)
{
    if (context->log != NULL) {
        context->log(context->log_data, level, text);
    }
}

/* --- Arena --- */

struct greffe__block {
    struct greffe__block *previous;
    size_t size;
};

enum { first_block_bytes = 4096, largest_block_bytes = 1 << 20, alignment = 16 };

void greffe__arena_init(greffe__arena *arena, greffe_context *context)
{
    *arena = (greffe__arena){.context = context};
}

void greffe__arena_free(greffe__arena *arena)
{
    struct greffe__block *block = arena->blocks;
    while (block != NULL) {
        struct greffe__block *previous = block->previous;
        greffe__free(arena->context, block);
        block = previous;
    }
    *arena = (greffe__arena){.context = arena->context};
}

void greffe__arena_reset(greffe__arena *arena)
{
    struct greffe__block *kept = arena->blocks;
    if (kept == NULL) {
        arena->failed = false;
        return;
    }
    struct greffe__block *block = kept->previous;
    while (block != NULL) {
        struct greffe__block *previous = block->previous;
        greffe__free(arena->context, block);
        block = previous;
    }
    kept->previous = NULL;
    arena->next = (char *)kept + alignment;
    arena->end = (char *)kept + kept->size;
    arena->used = 0;
    arena->failed = false;
}

static bool grow(greffe__arena *arena, size_t size)
{
    size_t wanted = arena->blocks == NULL ? first_block_bytes : arena->blocks->size * 2;
    if (wanted > largest_block_bytes) {
        wanted = largest_block_bytes;
    }
    if (size > SIZE_MAX - 2 * alignment) {
        return false;
    }
    if (wanted < size + alignment) {
        wanted = size + alignment;
    }
    _Static_assert(sizeof(struct greffe__block) <= alignment, "a block's head fits its place");
    struct greffe__block *block = greffe__alloc(arena->context, NULL, wanted);
    if (block == NULL) {
        return false;
    }
    block->previous = arena->blocks;
    block->size = wanted;
    arena->blocks = block;
    arena->next = (char *)block + alignment;
    arena->end = (char *)block + wanted;
    return true;
}

void *greffe__arena_alloc(greffe__arena *arena, size_t size)
{
    size = size == 0 ? 1 : size; /* every allocation has an address of its own */
    size_t rounded = (size + (alignment - 1)) & ~(size_t)(alignment - 1);
    if (rounded < size) {
        arena->failed = true;
        return NULL;
    }
    if ((size_t)(arena->end - arena->next) < rounded && !grow(arena, rounded)) {
        arena->failed = true;
        return NULL;
    }
    void *result = arena->next;
    arena->next += rounded;
    arena->used += rounded;
    return result;
}

void *greffe__arena_zalloc(greffe__arena *arena, size_t size)
{
    void *result = greffe__arena_alloc(arena, size);
    if (result != NULL) {
        memset(result, 0, size);
    }
    return result;
}

char *greffe__arena_copy(greffe__arena *arena, const void *data, size_t size)
{
    char *result = size == SIZE_MAX ? NULL : greffe__arena_alloc(arena, size + 1);
    if (result != NULL) {
        if (size > 0) {
            memcpy(result, data, size);
        }
        result[size] = '\0';
    }
    return result;
}

bool greffe__arena_reserve(greffe__arena *arena, void *list, size_t size, uint32_t capacity)
{
    greffe__list header;
    memcpy(&header, list, sizeof header);
    if (capacity <= header.capacity) {
        return true;
    }
    void *items = greffe__arena_alloc(arena, (size_t)capacity * size);
    if (items == NULL) {
        return false;
    }
    if (header.count > 0) {
        memcpy(items, header.items, (size_t)header.count * size);
    }
    header.items = items;
    header.capacity = capacity;
    memcpy(list, &header, sizeof header);
    return true;
}

void *greffe__arena_push(greffe__arena *arena, void *list, size_t size)
{
    greffe__list header;
    memcpy(&header, list, sizeof header);
    if (header.count == header.capacity) {
        if (header.capacity > UINT32_MAX / 2) {
            arena->failed = true;
            return NULL;
        }
        uint32_t first = size <= 64 ? 4 : size <= 256 ? 2 : 1;
        uint32_t capacity = header.capacity == 0 ? first : header.capacity * 2;
        if (!greffe__arena_reserve(arena, list, size, capacity)) {
            return NULL;
        }
        memcpy(&header, list, sizeof header);
    }
    char *item = (char *)header.items + (size_t)header.count * size;
    memset(item, 0, size);
    header.count += 1;
    memcpy(list, &header, sizeof header);
    return item;
}
