/* Documents as files. A content is one file, named by its SHA-256; each dossier that holds it has a
 * hard link to it, so that the file system counts who does:
 *
 *     incoming/UPLOAD           being received
 *     quarantine/SHA256         received, and not yet released
 *     content/AB/SHA256         released
 *     held/DOSSIER/SHA256       held: DOSSIER is the SHA-256 of its key
 *
 * Who counts holds the lock, a file too: several processes may share a folder. A name is durable
 * before a function comes back. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <greffe/sys/documents.h>

enum { room = 400, most_folder = 200 };
static const uint64_t default_most_bytes = UINT64_C(100) << 20;

typedef struct files {
    greffe_documents base; /* the first member: a store of documents is its files */
    char folder[most_folder];
    uint64_t most_bytes;
    greffe_examine_fn examine;
    void *examine_data;
    atomic_uint uploads;
} files;

typedef struct upload {
    greffe_upload base; /* the first member */
    int fd;
    uint64_t size;
    struct sha256_ctx hash;
    char path[room];
} upload;

static greffe_status status_of(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? GREFFE_EFULL
           : error == EROFS                                     ? GREFFE_EREADONLY
           : error == ENOMEM                                    ? GREFFE_ENOMEM
                                                                : GREFFE_EIO;
}

/* --- Names --- */

static void path_of(char out[room], const files *f, const char *folder, const char *name)
{
    (void)snprintf(out, room, "%s/%s%s%s", f->folder, folder, name[0] != '\0' ? "/" : "", name);
}

static void content_path(char out[room], const files *f, const char *sha256)
{
    (void)snprintf(out, room, "%s/content/%.2s/%.64s", f->folder, sha256, sha256);
}

static void hex(char out[GREFFE_SHA256_CHARS], struct sha256_ctx *hash)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * sizeof digest] = '\0';
}

/* "held/…": a key may have any letter in it, and says nothing to who looks at the folder. */
static void holder_of(char out[80], const char *dossier)
{
    struct sha256_ctx hash;
    char digits[GREFFE_SHA256_CHARS];
    sha256_init(&hash);
    sha256_update(&hash, strlen(dossier), (const uint8_t *)dossier);
    hex(digits, &hash);
    (void)snprintf(out, 80, "held/%s", digits);
}

static greffe_status sync_folder(const char *path)
{
    int folder = open(path, O_RDONLY | O_CLOEXEC);
    bool good = folder >= 0 && fsync(folder) == 0;
    int error = errno;
    if (folder >= 0) {
        (void)close(folder);
    }
    return good ? GREFFE_OK : status_of(error);
}

/* A folder of ours; durable when it is new. */
static greffe_status make_folder(const files *f, const char *name)
{
    char path[room], parent[room];
    path_of(path, f, name, "");
    (void)snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    if (mkdir(path, 0700) == 0) {
        return sync_folder(parent);
    }
    return errno == EEXIST ? GREFFE_OK : status_of(errno);
}

static greffe_status make_content_folder(const files *f, const char *sha256)
{
    char name[16];
    (void)snprintf(name, sizeof name, "content/%.2s", sha256);
    return make_folder(f, name);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* --- The lock: of this thread among all threads and processes --- */

/* A descriptor of its own: flock(2) knows no threads. */
static greffe_status lock(const files *f, int *out)
{
    char path[room];
    path_of(path, f, "lock", "");
    *out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*out < 0) {
        return status_of(errno);
    }
    while (flock(*out, LOCK_EX) != 0) {
        if (errno != EINTR) {
            (void)close(*out);
            return GREFFE_EIO;
        }
    }
    return GREFFE_OK;
}

static void unlock(int held)
{
    (void)close(held);
}

/* --- Receiving --- */

static greffe_status begin(greffe_documents *documents, greffe_upload **out)
{
    files *f = (files *)documents;
    upload *u = calloc(1, sizeof *u);
    char name[64];
    if (u == NULL) {
        return GREFFE_ENOMEM;
    }
    u->base.documents = documents;
    sha256_init(&u->hash);
    do { /* the name is nobody else's: of another process with this number, which is gone */
        (void)snprintf(name, sizeof name, "%ld-%u", (long)getpid(),
                       atomic_fetch_add(&f->uploads, 1));
        path_of(u->path, f, "incoming", name);
        u->fd = open(u->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    } while (u->fd < 0 && (errno == EEXIST || errno == EINTR));
    if (u->fd < 0) {
        greffe_status status = status_of(errno);
        free(u);
        return status;
    }
    *out = &u->base;
    return GREFFE_OK;
}

static greffe_status take(greffe_upload *base, const void *data, size_t size)
{
    upload *u = (upload *)base;
    const files *f = (const files *)base->documents;
    const char *at = data;
    if (size > f->most_bytes - u->size) {
        return GREFFE_ELIMIT;
    }
    for (size_t left = size; left > 0;) {
        ssize_t written = write(u->fd, at, left);
        if (written < 0 && errno != EINTR) {
            return status_of(errno);
        }
        at += written > 0 ? written : 0;
        left -= written > 0 ? (size_t)written : 0;
    }
    sha256_update(&u->hash, size, data);
    u->size += size;
    return GREFFE_OK;
}

static void abandon(greffe_upload *base)
{
    upload *u = (upload *)base;
    if (u->fd >= 0) {
        (void)close(u->fd);
    }
    (void)unlink(u->path);
    free(u);
}

/* From incoming or quarantine to where it may be held. What is there already is the same. */
static greffe_status settle(const files *f, const char *from, const char *sha256)
{
    char path[room];
    greffe_status status = make_content_folder(f, sha256);
    content_path(path, f, sha256);
    if (status == GREFFE_OK && exists(path)) {
        (void)utimensat(AT_FDCWD, path, NULL, 0); /* received again: a sweep counts from now */
        return unlink(from) == 0 ? GREFFE_OK : status_of(errno);
    }
    if (status == GREFFE_OK && rename(from, path) != 0) {
        status = status_of(errno);
    }
    *strrchr(path, '/') = '\0';
    return status == GREFFE_OK ? sync_folder(path) : status;
}

static greffe_status locked_settle(const files *f, const char *from, const char *sha256)
{
    int held;
    greffe_status status = lock(f, &held);
    if (status == GREFFE_OK) {
        status = settle(f, from, sha256);
        unlock(held);
    }
    return status;
}

/* In quarantine before anybody looks at it: a process that ends meanwhile releases nothing. */
static greffe_status examine(const files *f, const upload *u, const greffe_received *received,
                             char reason[256])
{
    char path[room], folder[room];
    path_of(path, f, "quarantine", received->sha256);
    path_of(folder, f, "quarantine", "");
    if (rename(u->path, path) != 0) {
        return status_of(errno);
    }
    greffe_status status = sync_folder(folder);
    if (status != GREFFE_OK) {
        return status;
    }
    status = f->examine(f->examine_data, path, received, reason);
    if (status == GREFFE_OK) {
        return locked_settle(f, path, received->sha256);
    }
    if (status == GREFFE_EDENIED) {
        (void)unlink(path);
        return sync_folder(folder) == GREFFE_OK ? status : GREFFE_EIO;
    }
    return GREFFE_EBUSY;
}

static greffe_status end(greffe_upload *base, greffe_received *out, char reason[256])
{
    upload *u = (upload *)base;
    const files *f = (const files *)base->documents;
    greffe_received received = {.size = u->size};
    hex(received.sha256, &u->hash);
    bool good = fsync(u->fd) == 0;
    int error = errno;
    good = close(u->fd) == 0 && good;
    u->fd = -1;
    greffe_status status = !good                ? status_of(error)
                           : f->examine == NULL ? locked_settle(f, u->path, received.sha256)
                                                : examine(f, u, &received, reason);
    if (status == GREFFE_OK || status == GREFFE_EBUSY) {
        *out = received;
    }
    abandon(base);
    return status;
}

static greffe_status release(greffe_documents *documents, const char *sha256, bool good)
{
    const files *f = (const files *)documents;
    char path[room], folder[room];
    path_of(path, f, "quarantine", sha256);
    path_of(folder, f, "quarantine", "");
    if (!exists(path)) {
        return GREFFE_ENOTFOUND;
    }
    if (good) {
        return locked_settle(f, path, sha256);
    }
    return unlink(path) == 0 ? sync_folder(folder) : status_of(errno);
}

/* --- Holding --- */

static greffe_status link_it(const files *f, const char *holder, const char *sha256, uint64_t size)
{
    char from[room], to[room], quarantined[room];
    struct stat found;
    content_path(from, f, sha256);
    path_of(quarantined, f, "quarantine", sha256);
    if (stat(from, &found) != 0) {
        return errno != ENOENT       ? status_of(errno)
               : exists(quarantined) ? GREFFE_ESTATE
                                     : GREFFE_ENOTFOUND;
    }
    if ((uint64_t)found.st_size != size) {
        return GREFFE_ENOTFOUND;
    }
    greffe_status status = make_folder(f, holder);
    path_of(to, f, holder, sha256);
    if (status == GREFFE_OK && link(from, to) != 0 && errno != EEXIST) {
        status = status_of(errno);
    }
    *strrchr(to, '/') = '\0';
    return status == GREFFE_OK ? sync_folder(to) : status;
}

static greffe_status hold(greffe_documents *documents, const char *dossier, const char *sha256,
                          uint64_t size)
{
    const files *f = (const files *)documents;
    char holder[80];
    int held;
    holder_of(holder, dossier);
    greffe_status status = lock(f, &held);
    if (status == GREFFE_OK) {
        status = link_it(f, holder, sha256, size);
        unlock(held);
    }
    return status;
}

static greffe_status read_held(greffe_documents *documents, const char *dossier, const char *sha256,
                               uint64_t offset, void *buffer, size_t size, size_t *got)
{
    const files *f = (const files *)documents;
    char holder[80], path[room];
    holder_of(holder, dossier);
    path_of(path, f, holder, sha256);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? GREFFE_ENOTFOUND : status_of(errno);
    }
    ssize_t count = offset > INT64_MAX ? 0 : pread(fd, buffer, size, (off_t)offset);
    greffe_status status = count < 0 ? status_of(errno) : GREFFE_OK;
    (void)close(fd);
    if (status == GREFFE_OK) {
        *got = (size_t)count;
    }
    return status;
}

/* --- Letting go --- */

typedef greffe_status (*each_fn)(const files *f, const char *path, const char *name, void *data);

/* Every file of a folder; none when there is no folder. */
static greffe_status each_file(const files *f, const char *folder, each_fn look, void *data)
{
    char path[room];
    DIR *list = opendir(folder);
    greffe_status status = GREFFE_OK;
    if (list == NULL) {
        return errno == ENOENT ? GREFFE_OK : status_of(errno);
    }
    for (struct dirent *one; status == GREFFE_OK && (one = readdir(list)) != NULL;) {
        int size =
            one->d_name[0] == '.' ? 0 : snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
        if (size > 0 && size < room) {
            status = look(f, path, one->d_name, data);
        }
    }
    (void)closedir(list);
    return status;
}

/* One name is left, its own: nobody holds it. */
static bool is_free(const struct stat *found)
{
    return found->st_nlink == 1;
}

static greffe_status let_go(const files *f, const char *path, const char *name, void *data)
{
    char content[room];
    struct stat found;
    (void)data;
    content_path(content, f, name);
    if (unlink(path) != 0 && errno != ENOENT) {
        return status_of(errno);
    }
    if (stat(content, &found) == 0 && is_free(&found) && unlink(content) != 0) {
        return status_of(errno);
    }
    *strrchr(content, '/') = '\0';
    return sync_folder(content);
}

static greffe_status drop(greffe_documents *documents, const char *dossier)
{
    const files *f = (const files *)documents;
    char holder[80], path[room], folder[room];
    int held;
    holder_of(holder, dossier);
    path_of(path, f, holder, "");
    path_of(folder, f, "held", "");
    greffe_status status = lock(f, &held);
    if (status != GREFFE_OK) {
        return status;
    }
    status = each_file(f, path, let_go, NULL);
    if (status == GREFFE_OK && rmdir(path) != 0 && errno != ENOENT) {
        status = status_of(errno);
    }
    status = status == GREFFE_OK ? sync_folder(folder) : status;
    unlock(held);
    return status;
}

typedef struct sweeping {
    time_t before;
    uint64_t deleted;
} sweeping;

static greffe_status sweep_file(const files *f, const char *path, const char *name, void *data)
{
    sweeping *s = data;
    struct stat found;
    (void)f;
    (void)name;
    if (stat(path, &found) == 0 && S_ISREG(found.st_mode) && is_free(&found) &&
        found.st_mtime <= s->before) {
        if (unlink(path) != 0) {
            return status_of(errno);
        }
        s->deleted += 1;
    }
    return GREFFE_OK;
}

static greffe_status sweep_folder(const files *f, const char *path, const char *name, void *data)
{
    (void)name;
    return each_file(f, path, sweep_file, data);
}

static greffe_status sweep(greffe_documents *documents, uint64_t age_s, uint64_t *deleted)
{
    const files *f = (const files *)documents;
    char content[room], incoming[room];
    int held;
    time_t now = time(NULL);
    sweeping s = {.before = age_s < (uint64_t)now ? now - (time_t)age_s : 0};
    path_of(content, f, "content", "");
    path_of(incoming, f, "incoming", "");
    greffe_status status = lock(f, &held);
    if (status == GREFFE_OK) {
        status = each_file(f, content, sweep_folder, &s);
        status = status == GREFFE_OK ? each_file(f, incoming, sweep_file, &s) : status;
        unlock(held);
    }
    *deleted = s.deleted;
    return status;
}

/* --- Life --- */

static void close_files(greffe_documents *documents)
{
    free(documents);
}

greffe_status greffe_documents_files(greffe_documents **out,
                                     const greffe_documents_options *options)
{
    static const greffe_documents_ops ops = {.size = sizeof ops,
                                             .begin = begin,
                                             .write = take,
                                             .end = end,
                                             .abandon = abandon,
                                             .release = release,
                                             .hold = hold,
                                             .read = read_held,
                                             .drop = drop,
                                             .sweep = sweep,
                                             .close = close_files};
    static const char *const folders[] = {"incoming", "quarantine", "content", "held"};
    if (out == NULL || options == NULL || options->size != sizeof *options ||
        options->folder == NULL || strlen(options->folder) >= most_folder) {
        return GREFFE_EMISUSE;
    }
    files *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return GREFFE_ENOMEM;
    }
    f->base.ops = &ops;
    (void)snprintf(f->folder, sizeof f->folder, "%s", options->folder);
    f->most_bytes = options->most_bytes > 0 ? options->most_bytes : default_most_bytes;
    f->examine = options->examine;
    f->examine_data = options->examine_data;
    greffe_status status =
        mkdir(f->folder, 0700) == 0 || errno == EEXIST ? GREFFE_OK : status_of(errno);
    for (size_t i = 0; i < sizeof folders / sizeof *folders && status == GREFFE_OK; i++) {
        status = make_folder(f, folders[i]);
    }
    if (status != GREFFE_OK) {
        free(f);
        return status;
    }
    *out = &f->base;
    return GREFFE_OK;
}
