/* The sweep's part about documents: received, held, read, let go, in a folder of their own. */
#define _XOPEN_SOURCE 700

#include <greffe/documents.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_sweep.h"
#include "support/whole_folder.h"

static const char HELLO[] = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
static char folder[] = "/tmp/greffe-sweep-XXXXXX";

static greffe_status examine(void *data, const char *path, const greffe_received *received,
                             char reason[256])
{
    (void)data;
    (void)path;
    (void)received;
    (void)reason;
    return GREFFE_EBUSY;
}

static greffe_status receive(greffe_documents *documents)
{
    greffe_upload *upload = NULL;
    greffe_received received;
    char reason[256];
    greffe_status status = greffe_upload_begin(&upload, documents);
    status = status == GREFFE_OK ? greffe_upload_write(upload, "hello", 5) : status;
    if (status != GREFFE_OK) {
        greffe_upload_abandon(upload);
        return status;
    }
    status = greffe_upload_end(upload, &received, reason);
    status = status == GREFFE_EBUSY ? GREFFE_OK : status;
    return status == GREFFE_OK ? greffe_documents_release(documents, HELLO, true) : status;
}

static greffe_status read_it(greffe_documents *documents)
{
    char text[8];
    size_t got;
    greffe_status status = greffe_documents_read(documents, "d1", HELLO, 0, text, 8, &got);
    if (status == GREFFE_OK && (got != 5 || memcmp(text, "hello", 5) != 0)) {
        (void)sweep_fault("what is read is not what was received");
    }
    return status;
}

static greffe_status live(greffe_documents *documents)
{
    uint64_t deleted;
    greffe_status status = receive(documents);
    status = status == GREFFE_OK ? greffe_documents_hold(documents, "d1", HELLO, 5) : status;
    status = status == GREFFE_OK ? read_it(documents) : status;
    status = status == GREFFE_OK ? greffe_documents_drop(documents, "d1") : status;
    return status == GREFFE_OK ? greffe_documents_sweep(documents, 0, &deleted) : status;
}

/* Whatever is refused is done once more with memory back. */
static bool run(void)
{
    greffe_documents *documents = NULL;
    greffe_status status = GREFFE_ENOMEM;
    bool fine = true;
    const greffe_documents_options options = {
        .size = sizeof options, .folder = folder, .examine = examine};
    for (int i = 0; i < 2 && fine && status != GREFFE_OK; i++) {
        status = documents == NULL ? greffe_documents_files(&documents, &options) : GREFFE_OK;
        status = status == GREFFE_OK ? live(documents) : status;
        fine = sweep_status("a document", status, false);
        memory_restore();
    }
    greffe_documents_close(documents);
    return fine && (status == GREFFE_OK || sweep_fault("memory is back, no document"));
}

static bool prepare(void)
{
    return mkdtemp(folder) != NULL;
}

static void dismiss(void)
{
    (void)remove_whole_folder(folder);
}

const scenario DOCUMENT_SCENARIO = {
    .name = "document", .prepare = prepare, .run = run, .dismiss = dismiss};
