/* For who keeps documents in another way than as files: an object store, the portal's own. An
 * adapter begins with a greffe_documents, and does what greffe/documents.h says of each name.
 *
 * Thread rule: all may be called from several threads at once, but for what belongs to one upload;
 * `hold` is called on the engine's own thread, which everything waits for. */
#ifndef GREFFE_SYS_DOCUMENTS_H
#define GREFFE_SYS_DOCUMENTS_H

#include <greffe/documents.h>

#ifdef __cplusplus
extern "C" {
#endif

/** All have been checked: no pointer is NULL, a SHA-256 has 64 digits in lower case, a dossier's
 *  key 1 to 128 bytes. */
typedef struct greffe_documents_ops {
    size_t size; /**< sizeof(greffe_documents_ops) */
    /** greffe_upload_begin */
    greffe_status (*begin)(greffe_documents *documents, greffe_upload **out);
    /** greffe_upload_write */
    greffe_status (*write)(greffe_upload *upload, const void *data, size_t size);
    /** greffe_upload_end: gives the upload back; `reason` is empty when it comes */
    greffe_status (*end)(greffe_upload *upload, greffe_received *out, char reason[256]);
    /** greffe_upload_abandon: gives the upload back */
    void (*abandon)(greffe_upload *upload);
    /** greffe_documents_release */
    greffe_status (*release)(greffe_documents *documents, const char *sha256, bool good);
    /** greffe_documents_hold: durable when it comes back with GREFFE_OK */
    greffe_status (*hold)(greffe_documents *documents, const char *dossier, const char *sha256,
                          uint64_t size);
    /** greffe_documents_read */
    greffe_status (*read)(greffe_documents *documents, const char *dossier, const char *sha256,
                          uint64_t offset, void *buffer, size_t size, size_t *got);
    /** greffe_documents_drop: given again until it comes back with GREFFE_OK */
    greffe_status (*drop)(greffe_documents *documents, const char *dossier);
    /** greffe_documents_sweep */
    greffe_status (*sweep)(greffe_documents *documents, uint64_t age_s, uint64_t *deleted);
    /** greffe_documents_close */
    void (*close)(greffe_documents *documents);
} greffe_documents_ops;

/** What an adapter begins with. */
struct greffe_documents {
    const greffe_documents_ops *ops; /**< static */
};
/** What an upload begins with. */
struct greffe_upload {
    greffe_documents *documents; /**< where it goes */
};

#ifdef __cplusplus
}
#endif
#endif
