/* What persons attach: kept outside the store, by content, for as long as a dossier holds it.
 *
 * A host streams a document in and gets its SHA-256; the command that files or supplies it says
 * {"name", "media", "size", "sha256"}. An engine that was opened with these documents takes the
 * command only if the content is there, released, and held for the dossier: that is durable before
 * the dossier names it (GR-5212). A document that stands elsewhere has "reference", in the host's
 * own words, and is not asked for here. Say the SHA-256 of what this person has just sent, never
 * one that a browser sends: whoever may name a content may read it.
 *
 * When a dossier is erased, the effect "documents" tells that what it holds is to go: an engine
 * with documents drops it by itself, and content that nobody else holds is deleted. A host that
 * keeps documents elsewhere takes the channel "documents"; the key of its effect is the dossier's,
 * then "/documents".
 *
 * Thread rule: any thread; one upload is one thread's at a time. */
#ifndef GREFFE_DOCUMENTS_H
#define GREFFE_DOCUMENTS_H

#include <greffe/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Characters of a SHA-256, and the zero behind it. */
#define GREFFE_SHA256_CHARS 65u

/** A place that keeps documents; from any thread. */
typedef struct greffe_documents greffe_documents;
/** A document that is being received; one thread at a time. */
typedef struct greffe_upload greffe_upload;

/** What was received. */
typedef struct greffe_received {
    char sha256[GREFFE_SHA256_CHARS]; /**< in lower case */
    uint64_t size;                    /**< in bytes */
} greffe_received;

/** Examines what was received, before anybody may hold or read it: a scanner's place. `path` is a
 * file. GREFFE_OK: it is released; GREFFE_EBUSY: it stays in quarantine until
 * greffe_documents_release; GREFFE_EDENIED: it is thrown away, and `reason` is told to whoever
 * sends it; another status: as GREFFE_EBUSY. From the thread that ends the upload. */
typedef greffe_status (*greffe_examine_fn)(void *data, const char *path,
                                           const greffe_received *received, char reason[256]);

/** Where documents are kept as files, and who looks at them first. */
typedef struct greffe_documents_options {
    size_t size;               /**< sizeof(greffe_documents_options) */
    const char *folder;        /**< made when it is not there; on a file system with hard links, of
                                    this machine: several processes may share it */
    uint64_t most_bytes;       /**< of one document: 0: 100 MiB */
    greffe_examine_fn examine; /**< NULL: all is released */
    void *examine_data;        /**< given to `examine` */
} greffe_documents_options;

/** Documents as files, named by their content: the same content is there once. Files and folders
 *  are the owner's alone. On success `*out` is the caller's. GREFFE_EMISUSE, GREFFE_ENOMEM,
 *  GREFFE_EIO, GREFFE_EFULL, GREFFE_EREADONLY. */
GREFFE_API greffe_status greffe_documents_files(greffe_documents **out,
                                                const greffe_documents_options *options);
/** Engines that were opened with it must be closed before; NULL is fine. */
GREFFE_API void greffe_documents_close(greffe_documents *documents);

/** Begins to receive one. On success `*out` is the caller's, to be ended or abandoned.
 *  GREFFE_EMISUSE, GREFFE_ENOMEM, GREFFE_EIO, GREFFE_EFULL. */
GREFFE_API greffe_status greffe_upload_begin(greffe_upload **out, greffe_documents *documents);
/** Takes more of it. After a failure it can only be abandoned. GREFFE_ELIMIT: it is larger than one
 *  may be; GREFFE_EFULL, GREFFE_EIO, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_upload_write(greffe_upload *upload, const void *data, size_t size);
/** All is there: synced, examined, named. The upload is given back, whatever it says. GREFFE_OK: it
 *  may be held. GREFFE_EBUSY: it is in quarantine, `*out` is set; GREFFE_EDENIED: it was thrown
 *  away, for `reason`; GREFFE_EIO, GREFFE_EFULL, GREFFE_EMISUSE: it is not there. */
GREFFE_API greffe_status greffe_upload_end(greffe_upload *upload, greffe_received *out,
                                           char reason[256]);
/** Forgets what was received of it; NULL is fine. */
GREFFE_API void greffe_upload_abandon(greffe_upload *upload);

/** Ends the quarantine of a content: it is released, or thrown away. GREFFE_ENOTFOUND: none such is
 *  in quarantine; GREFFE_EINVALID: this is no SHA-256; GREFFE_EIO, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_documents_release(greffe_documents *documents, const char *sha256,
                                                  bool good);

/** Holds a content for a dossier, durably; engines do. Twice is once. GREFFE_ENOTFOUND: there is no
 *  such content of this size; GREFFE_ESTATE: it is in quarantine; GREFFE_EINVALID, GREFFE_EIO,
 *  GREFFE_EFULL, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_documents_hold(greffe_documents *documents, const char *dossier,
                                               const char *sha256, uint64_t size);
/** Reads from `offset` of what a dossier holds, at most `size` bytes: `*got` are read, 0 at its
 *  end. Whether the actor may see it is the view's to say: GREFFE_QUERY_DOSSIER lists the documents
 *  that it may. GREFFE_ENOTFOUND: the dossier holds no such content; GREFFE_EINVALID, GREFFE_EIO,
 *  GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_documents_read(greffe_documents *documents, const char *dossier,
                                               const char *sha256, uint64_t offset, void *buffer,
                                               size_t size, size_t *got);
/** Lets all go that a dossier holds, durably; what nobody holds any more is deleted. None is fine.
 *  GREFFE_EIO, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_documents_drop(greffe_documents *documents, const char *dossier);
/** Deletes what was received at least `age_s` seconds ago and nobody holds, uploads that were cut
 *  off among them; not what is in quarantine. How many, in `*deleted`. Give it once a day, with an
 *  age that no form takes to be filled in. GREFFE_EIO, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_documents_sweep(greffe_documents *documents, uint64_t age_s,
                                                uint64_t *deleted);

#ifdef __cplusplus
}
#endif
#endif
