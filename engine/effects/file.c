/* Files that are whole or absent: written beside, synced, renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "effects/effects.h"

static greffe_status failed(char problem[256], const char *what, const char *path)
{
    (void)snprintf(problem, 256, "%s %.150s: %s", what, path, strerror(errno));
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? GREFFE_EFULL
           : errno == EROFS                                     ? GREFFE_EREADONLY
                                                                : GREFFE_EIO;
}

/* Keys become names: anything but letters, digits, - _ . is written _. */
static void safe_name(char out[160], const char *name)
{
    const char *whole = name;
    bool changed = false;
    size_t at = 0;
    for (; *name != '\0' && at < 150; name++) {
        char c = *name;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || (c == '.' && at > 0);
        out[at++] = plain ? c : '_';
        changed = changed || !plain;
    }
    out[at] = '\0';
    /* Two keys never share a file: one that had to be changed carries its hash. */
    unsigned long hash = 2166136261UL;
    for (const char *c = whole; changed && *c != '\0'; c++) {
        hash = ((hash ^ (unsigned char)*c) * 16777619UL) & 0xFFFFFFFFUL;
    }
    const char *dot = changed ? strrchr(out, '.') : NULL;
    if (dot != NULL) {
        char ending[16];
        (void)snprintf(ending, sizeof ending, "%s", dot);
        size_t stem = (size_t)(dot - out) < 130 ? (size_t)(dot - out) : 130;
        (void)snprintf(out + stem, 160 - stem, ".%08lx%s", hash, ending);
    }
}

static bool write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, data, size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        data += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

greffe_status greffe__file_write(const char *directory, const char *folder, const char *name,
                                 const char *data, size_t size, char problem[256])
{
    char safe[160], path[1024], temporary[1100];
    safe_name(safe, name);
    (void)mkdir(directory, 0777);
    int length = snprintf(path, sizeof path, "%s/%s", directory, folder);
    if (length < 0 || (size_t)length > sizeof path - 200) {
        (void)snprintf(problem, 256, "the directory's name is too long");
        return GREFFE_EMISUSE;
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return failed(problem, "cannot make", path);
    }
    (void)snprintf(path, sizeof path, "%s/%s/%s", directory, folder, safe);
    (void)snprintf(temporary, sizeof temporary, "%s.part", path);
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) {
        return failed(problem, "cannot write", temporary);
    }
    bool good = write_all(file, data, size) && fsync(file) == 0;
    int error = errno;
    good = close(file) == 0 && good;
    if (!good || rename(temporary, path) != 0) {
        errno = good ? errno : error;
        greffe_status status = failed(problem, "cannot write", path);
        (void)unlink(temporary);
        return status;
    }
    (void)snprintf(temporary, sizeof temporary, "%s/%s", directory, folder);
    int parent = open(temporary, O_RDONLY);
    if (parent >= 0) { /* the name itself has to last */
        good = fsync(parent) == 0;
        (void)close(parent);
    }
    return good ? GREFFE_OK : failed(problem, "cannot sync", temporary);
}
