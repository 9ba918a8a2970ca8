/* Documents as files: received, examined, held, let go. */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <greffe/documents.h>

#include "support/whole_folder.h"

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"

typedef struct fixture {
    char folder[64];
    greffe_documents *documents;
    greffe_status verdict;
    unsigned examined;
} fixture;

static greffe_status examine(void *data, const char *path, const greffe_received *received,
                             char reason[256])
{
    fixture *f = data;
    assert_int_equal(access(path, R_OK), 0);
    assert_true(received->size > 0);
    f->examined += 1;
    (void)snprintf(reason, 256, "a virus");
    return f->verdict;
}

static greffe_documents *open_at(fixture *f, uint64_t most_bytes, greffe_examine_fn fn)
{
    greffe_documents *documents = NULL;
    const greffe_documents_options options = {.size = sizeof options,
                                              .folder = f->folder,
                                              .most_bytes = most_bytes,
                                              .examine = fn,
                                              .examine_data = f};
    assert_int_equal(greffe_documents_files(&documents, &options), GREFFE_OK);
    return documents;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "%s", "/tmp/greffe-documents-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->documents = open_at(f, 0, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_documents_close(f->documents);
    assert_int_equal(remove_whole_folder(f->folder), 0);
    free(f);
    return 0;
}

static greffe_status send(greffe_documents *documents, const char *text, greffe_received *out)
{
    greffe_upload *upload;
    char reason[256];
    assert_int_equal(greffe_upload_begin(&upload, documents), GREFFE_OK);
    for (size_t i = 0; text[i] != '\0'; i++) { /* in small pieces */
        greffe_status status = greffe_upload_write(upload, text + i, 1);
        if (status != GREFFE_OK) {
            greffe_upload_abandon(upload);
            return status;
        }
    }
    return greffe_upload_end(upload, out, reason);
}

/* What a dossier reads of a content, or the status. */
static greffe_status reads(const fixture *f, const char *dossier, const char *sha256, char out[64])
{
    size_t got = 0;
    greffe_status status = greffe_documents_read(f->documents, dossier, sha256, 0, out, 63, &got);
    out[status == GREFFE_OK ? got : 0] = '\0';
    return status;
}

/* How many files there are of a content. */
static long links_of(const fixture *f, const char *sha256)
{
    char path[256];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s/content/%.2s/%s", f->folder, sha256, sha256);
    return stat(path, &found) == 0 ? (long)found.st_nlink : 0;
}

static void what_is_sent_is_named_by_its_content_and_read_by_who_holds_it(void **state)
{
    const fixture *f = *state;
    greffe_received received;
    char text[64];
    size_t got;
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_OK);
    assert_string_equal(received.sha256, HELLO);
    assert_int_equal(received.size, 5);
    assert_int_equal(reads(f, "d1", HELLO, text), GREFFE_ENOTFOUND);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_OK);
    assert_int_equal(reads(f, "d1", HELLO, text), GREFFE_OK);
    assert_string_equal(text, "hello");
    assert_int_equal(reads(f, "d2", HELLO, text), GREFFE_ENOTFOUND);
    assert_int_equal(greffe_documents_read(f->documents, "d1", HELLO, 3, text, 9, &got), GREFFE_OK);
    assert_int_equal(got, 2);
    assert_int_equal(greffe_documents_read(f->documents, "d1", HELLO, 5, text, 9, &got), GREFFE_OK);
    assert_int_equal(got, 0);
}

static void the_last_who_lets_go_deletes(void **state)
{
    const fixture *f = *state;
    greffe_received received;
    char text[64];
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_OK);
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_OK); /* there once */
    assert_int_equal(links_of(f, HELLO), 1);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_OK);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_OK);
    assert_int_equal(greffe_documents_hold(f->documents, "d/2 \xC3\xA9", HELLO, 5), GREFFE_OK);
    assert_int_equal(links_of(f, HELLO), 3);
    assert_int_equal(greffe_documents_drop(f->documents, "d1"), GREFFE_OK);
    assert_int_equal(greffe_documents_drop(f->documents, "d1"), GREFFE_OK);
    assert_int_equal(reads(f, "d1", HELLO, text), GREFFE_ENOTFOUND);
    assert_int_equal(reads(f, "d/2 \xC3\xA9", HELLO, text), GREFFE_OK);
    assert_int_equal(greffe_documents_drop(f->documents, "d/2 \xC3\xA9"), GREFFE_OK);
    assert_int_equal(links_of(f, HELLO), 0);
    assert_int_equal(greffe_documents_hold(f->documents, "d3", HELLO, 5), GREFFE_ENOTFOUND);
}

static void what_is_not_there_or_of_another_size_is_not_held(void **state)
{
    const fixture *f = *state;
    greffe_received received;
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_ENOTFOUND);
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_OK);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 4), GREFFE_ENOTFOUND);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", "../../etc/passwd", 5),
                     GREFFE_EINVALID);
    assert_int_equal(greffe_documents_hold(f->documents, "", HELLO, 5), GREFFE_EINVALID);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", OTHER "0", 5), GREFFE_EINVALID);
}

static void an_upload_has_its_bound_and_may_be_abandoned(void **state)
{
    fixture *f = *state;
    greffe_received received;
    greffe_upload *upload;
    uint64_t deleted;
    greffe_documents_close(f->documents);
    f->documents = open_at(f, 4, NULL);
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_ELIMIT);
    assert_int_equal(send(f->documents, "hell", &received), GREFFE_OK);
    assert_int_equal(greffe_upload_begin(&upload, f->documents), GREFFE_OK);
    greffe_upload_abandon(upload);
    assert_int_equal(greffe_documents_sweep(f->documents, 0, &deleted), GREFFE_OK);
    assert_int_equal(deleted, 1); /* "hell": nothing is left of the two others */
}

static void what_nobody_holds_is_swept_when_it_is_old(void **state)
{
    const fixture *f = *state;
    greffe_received received;
    uint64_t deleted = 9;
    char text[64];
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_OK);
    assert_int_equal(send(f->documents, "other", &received), GREFFE_OK);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_OK);
    assert_int_equal(greffe_documents_sweep(f->documents, 3600, &deleted), GREFFE_OK);
    assert_int_equal(deleted, 0);
    assert_int_equal(greffe_documents_sweep(f->documents, 0, &deleted), GREFFE_OK);
    assert_int_equal(deleted, 1);
    assert_int_equal(reads(f, "d1", HELLO, text), GREFFE_OK);
    assert_int_equal(links_of(f, OTHER), 0);
}

static void what_is_examined_is_released_or_thrown_away_or_waits(void **state)
{
    fixture *f = *state;
    greffe_received received;
    greffe_documents_close(f->documents);
    f->documents = open_at(f, 0, examine);
    f->verdict = GREFFE_EDENIED;
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_EDENIED);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_ENOTFOUND);
    f->verdict = GREFFE_EBUSY;
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_EBUSY);
    assert_string_equal(received.sha256, HELLO);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_ESTATE);
    assert_int_equal(greffe_documents_release(f->documents, HELLO, false), GREFFE_OK);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_ENOTFOUND);
    assert_int_equal(greffe_documents_release(f->documents, HELLO, true), GREFFE_ENOTFOUND);
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_EBUSY);
    assert_int_equal(greffe_documents_release(f->documents, HELLO, true), GREFFE_OK);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", HELLO, 5), GREFFE_OK);
    f->verdict = GREFFE_OK;
    assert_int_equal(send(f->documents, "other", &received), GREFFE_OK);
    assert_int_equal(greffe_documents_hold(f->documents, "d1", OTHER, 5), GREFFE_OK);
    assert_int_equal(f->examined, 4);
}

static void nothing_is_open_to_others(void **state)
{
    const fixture *f = *state;
    greffe_received received;
    char path[256];
    struct stat found;
    assert_int_equal(send(f->documents, "hello", &received), GREFFE_OK);
    (void)snprintf(path, sizeof path, "%s/content/2c/%s", f->folder, HELLO);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s/content", f->folder);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
}

typedef struct worker {
    const fixture *f;
    unsigned number;
} worker;

/* Each sends the same, holds it, and lets it go: who holds it finds it there. */
static void *hold_and_let_go(void *data)
{
    const worker *w = data;
    char dossier[16], text[64];
    (void)snprintf(dossier, sizeof dossier, "d%u", w->number);
    for (int i = 0; i < 20; i++) {
        greffe_received received;
        greffe_status status;
        do { /* another may have let it go in between */
            if (send(w->f->documents, "hello", &received) != GREFFE_OK) {
                return data;
            }
            status = greffe_documents_hold(w->f->documents, dossier, HELLO, 5);
        } while (status == GREFFE_ENOTFOUND);
        if (status != GREFFE_OK || reads(w->f, dossier, HELLO, text) != GREFFE_OK ||
            strcmp(text, "hello") != 0 ||
            greffe_documents_drop(w->f->documents, dossier) != GREFFE_OK) {
            return data;
        }
    }
    return NULL;
}

static void many_may_hold_and_let_go_at_once(void **state)
{
    enum { workers = 4 };
    const fixture *f = *state;
    pthread_t threads[workers];
    worker all[workers];
    for (unsigned i = 0; i < workers; i++) {
        all[i] = (worker){f, i};
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_let_go, &all[i]), 0);
    }
    for (unsigned i = 0; i < workers; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(links_of(f, HELLO), 0);
}

static void what_is_misused_says_so(void **state)
{
    const fixture *f = *state;
    greffe_documents *none;
    greffe_upload *upload;
    greffe_received received;
    uint64_t deleted;
    size_t got;
    char text[8], reason[256];
    const greffe_documents_options lost = {.size = sizeof lost, .folder = "/nowhere/at/all"};
    assert_int_equal(greffe_documents_files(NULL, &lost), GREFFE_EMISUSE);
    assert_int_equal(greffe_documents_files(&none, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_documents_files(&none, &lost), GREFFE_EIO);
    assert_int_equal(greffe_upload_begin(NULL, f->documents), GREFFE_EMISUSE);
    assert_int_equal(greffe_upload_begin(&upload, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_upload_write(NULL, "a", 1), GREFFE_EMISUSE);
    assert_int_equal(greffe_upload_end(NULL, &received, reason), GREFFE_EMISUSE);
    assert_int_equal(greffe_upload_begin(&upload, f->documents), GREFFE_OK);
    assert_int_equal(greffe_upload_write(upload, NULL, 1), GREFFE_EMISUSE);
    assert_int_equal(greffe_upload_end(upload, NULL, reason), GREFFE_EMISUSE);
    greffe_upload_abandon(NULL);
    greffe_documents_close(NULL);
    assert_int_equal(greffe_documents_release(f->documents, "xyz", true), GREFFE_EINVALID);
    assert_int_equal(greffe_documents_release(NULL, HELLO, true), GREFFE_EMISUSE);
    assert_int_equal(greffe_documents_read(f->documents, "d", HELLO, 0, NULL, 1, &got),
                     GREFFE_EMISUSE);
    assert_int_equal(greffe_documents_read(f->documents, "d", "x", 0, text, 1, &got),
                     GREFFE_EINVALID);
    assert_int_equal(greffe_documents_drop(f->documents, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_documents_sweep(f->documents, 0, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_documents_sweep(NULL, 0, &deleted), GREFFE_EMISUSE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_sent_is_named_by_its_content_and_read_by_who_holds_it),
        TEST(the_last_who_lets_go_deletes),
        TEST(what_is_not_there_or_of_another_size_is_not_held),
        TEST(an_upload_has_its_bound_and_may_be_abandoned),
        TEST(what_nobody_holds_is_swept_when_it_is_old),
        TEST(what_is_examined_is_released_or_thrown_away_or_waits),
        TEST(nothing_is_open_to_others),
        TEST(many_may_hold_and_let_go_at_once),
        TEST(what_is_misused_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
