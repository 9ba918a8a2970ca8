/* Runs a fuzzer's harness without libFuzzer: over files, and over mutations of them that a seed
 * determines, so that any compiler can run it and a failure can be had again.
 *
 *     HARNESS [--mutations N] [--seed S] [--keep FILE] FILE|DIRECTORY…
 *
 * Before each mutation runs it is written to FILE (default: nowhere), so that it is at hand after
 * a crash. Prints how many inputs ran. Exit 0, or 2 when there was none. */
#include <dirent.h>
#include <inttypes.h>
#include <string.h>

#include "fuzz.h"

enum { MAX_FILES = 4096, MAX_BYTES = 1 << 20, MAX_EDITS = 6 };

typedef struct input {
    uint8_t *data;
    size_t size;
} input;

static input inputs[MAX_FILES];
static size_t input_count;
static uint8_t scratch[MAX_BYTES];

/* xorshift64*: the same numbers everywhere. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *state, size_t bound)
{
    return bound == 0 ? 0 : (size_t)(next_random(state) >> 16) % bound;
}

static bool add_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    const size_t size = fread(scratch, 1, sizeof scratch, file);
    fclose(file);
    if (input_count == MAX_FILES) {
        return true;
    }
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, scratch, size);
    inputs[input_count++] = (input){copy, size};
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of a folder in the order of their names, so that a seed always means the same. */
static bool add_folder(const char *path)
{
    static char *names[MAX_FILES];
    size_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return false;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && count < MAX_FILES;
         entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            const size_t size = strlen(path) + strlen(entry->d_name) + 2;
            names[count] = malloc(size);
            if (names[count] != NULL) {
                snprintf(names[count++], size, "%s/%s", path, entry->d_name);
            }
        }
    }
    closedir(folder);
    qsort(names, count, sizeof names[0], by_name);
    for (size_t i = 0; i < count; i++) {
        (void)add_file(names[i]);
        free(names[i]);
    }
    return true;
}

static size_t insert(uint8_t *data, size_t size, size_t at, const uint8_t *more, size_t count)
{
    if (size + count > MAX_BYTES) {
        return size;
    }
    memmove(data + at + count, data + at, size - at);
    memcpy(data + at, more, count);
    return size + count;
}

static size_t cut(uint8_t *data, size_t size, size_t at, size_t count)
{
    count = count < size - at ? count : size - at;
    memmove(data + at, data + at + count, size - at - count);
    return size - count;
}

static size_t edit(uint8_t *data, size_t size, uint64_t *state)
{
    static const uint8_t telling[] = {0,   1,   0x17, 0x18, 0x1b, 0x7f, 0x80, 0xff, ' ', '\n', ':',
                                      '[', '{', '"',  '\\', '-',  '#',  '&',  '*',  ',', '@',  '.'};
    const size_t at = below(state, size);
    uint8_t byte = (uint8_t)next_random(state);
    switch (size == 0 ? 3 : below(state, 7)) {
    case 0: data[at] ^= (uint8_t)(1u << below(state, 8)); return size;
    case 1: data[at] = telling[below(state, sizeof telling)]; return size;
    case 2: data[at] = (uint8_t)(data[at] + (byte & 1 ? 1 : -1)); return size;
    case 3: return insert(data, size, at, &byte, 1);
    case 4: return cut(data, size, at, 1 + below(state, 16));
    case 5: { /* a piece of itself, again */
        uint8_t piece[64];
        const size_t from = below(state, size);
        const size_t most = size - from < sizeof piece ? size - from : sizeof piece;
        const size_t count = 1 + below(state, most);
        memcpy(piece, data + from, count);
        return insert(data, size, at, piece, count);
    }
    default: { /* a piece of another input */
        const input *other = &inputs[below(state, input_count)];
        const size_t from = below(state, other->size);
        const size_t left = other->size - from;
        return insert(data, size, at, other->data + from, below(state, left < 64 ? left : 64));
    }
    }
}

static void keep_input(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = path == NULL ? NULL : fopen(path, "wb");
    if (file != NULL) {
        (void)fwrite(data, 1, size, file);
        fclose(file);
    }
}

/* An exact copy, so that a sanitizer sees a read past its end. */
static void run_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (copy != NULL) {
        memcpy(copy, data, size);
        (void)LLVMFuzzerTestOneInput(copy, size);
        free(copy);
    }
}

static void run_mutations(uint64_t count, uint64_t seed, const char *keep)
{
    uint64_t state = seed * 2 + 1;
    for (uint64_t i = 0; i < count; i++) {
        const input *from = &inputs[below(&state, input_count)];
        size_t size = from->size;
        memcpy(scratch, from->data, size);
        for (size_t edits = 1 + below(&state, MAX_EDITS); edits > 0; edits--) {
            size = edit(scratch, size, &state);
        }
        keep_input(keep, scratch, size);
        run_one(scratch, size);
    }
}

int main(int argc, char **argv)
{
    uint64_t mutations = 0, seed = 1;
    const char *keep = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mutations") == 0 && i + 1 < argc) {
            mutations = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--keep") == 0 && i + 1 < argc) {
            keep = argv[++i];
        } else if (!add_folder(argv[i]) && !add_file(argv[i])) {
            fprintf(stderr, "replay: %s cannot be read\n", argv[i]);
            return 2;
        }
    }
    if (input_count == 0) {
        fprintf(stderr, "usage: %s [--mutations N] [--seed S] [--keep FILE] FILE|DIRECTORY...\n",
                argv[0]);
        return 2;
    }
    for (size_t i = 0; i < input_count; i++) {
        run_one(inputs[i].data, inputs[i].size);
    }
    run_mutations(mutations, seed, keep);
    printf("%zu files and %" PRIu64 " mutations (seed %" PRIu64 ") ran, no fault\n", input_count,
           mutations, seed);
    for (size_t i = 0; i < input_count; i++) {
        free(inputs[i].data);
    }
    return 0;
}
