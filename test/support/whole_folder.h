/* A folder of a test's own with all that is in it; _XOPEN_SOURCE is 700 before anything is
 * included.
 */
#ifndef GREFFE_TEST_WHOLE_FOLDER_H
#define GREFFE_TEST_WHOLE_FOLDER_H

#include <ftw.h>
#include <stdio.h>

static inline int remove_one(const char *path, const struct stat *found, int kind,
                             struct FTW *where)
{
    (void)found;
    (void)kind;
    (void)where;
    return remove(path);
}

/* 0: nothing is left of it. */
static inline int remove_whole_folder(const char *path)
{
    return nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
