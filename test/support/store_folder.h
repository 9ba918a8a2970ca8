/* A folder of a test's own, for one store in a file; to be included after cmocka.h. */
#ifndef GREFFE_TEST_STORE_FOLDER_H
#define GREFFE_TEST_STORE_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { folder_room = 64, store_path_room = 80 };

/* Makes it: the folder's own path, and that of the store's file in it. */
static inline void make_store_folder(char folder[folder_room], char path[store_path_room])
{
    (void)snprintf(folder, folder_room, "/tmp/greffe-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, store_path_room, "%s/a.db", folder);
}

/* Removes the store's files and the folder, in which nothing else may have been left. */
static inline void remove_store_folder(const char *folder, const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[store_path_room + 16];
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(folder), 0);
}

#endif
