/* The door of document stores: what the host gives is checked once, for all of them. */
#include <greffe/sys/documents.h>
#include <string.h>

enum { most_key_bytes = 128 };

static bool is_hash(const char *text)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        char c = text[size];
        if (size == GREFFE_SHA256_CHARS - 1 || ((c < '0' || c > '9') && (c < 'a' || c > 'f'))) {
            return false;
        }
    }
    return size == GREFFE_SHA256_CHARS - 1;
}

static bool is_key(const char *text)
{
    size_t size = strnlen(text, most_key_bytes + 1);
    return size > 0 && size <= most_key_bytes;
}

void greffe_documents_close(greffe_documents *documents)
{
    if (documents != NULL) {
        documents->ops->close(documents);
    }
}

greffe_status greffe_upload_begin(greffe_upload **out, greffe_documents *documents)
{
    return out == NULL || documents == NULL ? GREFFE_EMISUSE
                                            : documents->ops->begin(documents, out);
}

greffe_status greffe_upload_write(greffe_upload *upload, const void *data, size_t size)
{
    return upload == NULL || (data == NULL && size > 0)
               ? GREFFE_EMISUSE
               : upload->documents->ops->write(upload, data, size);
}

greffe_status greffe_upload_end(greffe_upload *upload, greffe_received *out, char reason[256])
{
    if (upload == NULL || out == NULL || reason == NULL) {
        greffe_upload_abandon(upload);
        return GREFFE_EMISUSE;
    }
    reason[0] = '\0';
    return upload->documents->ops->end(upload, out, reason);
}

void greffe_upload_abandon(greffe_upload *upload)
{
    if (upload != NULL) {
        upload->documents->ops->abandon(upload);
    }
}

greffe_status greffe_documents_release(greffe_documents *documents, const char *sha256, bool good)
{
    return documents == NULL || sha256 == NULL ? GREFFE_EMISUSE
           : !is_hash(sha256)                  ? GREFFE_EINVALID
                                               : documents->ops->release(documents, sha256, good);
}

greffe_status greffe_documents_hold(greffe_documents *documents, const char *dossier,
                                    const char *sha256, uint64_t size)
{
    return documents == NULL || dossier == NULL || sha256 == NULL ? GREFFE_EMISUSE
           : !is_hash(sha256) || !is_key(dossier)
               ? GREFFE_EINVALID
               : documents->ops->hold(documents, dossier, sha256, size);
}

greffe_status greffe_documents_read(greffe_documents *documents, const char *dossier,
                                    const char *sha256, uint64_t offset, void *buffer, size_t size,
                                    size_t *got)
{
    return documents == NULL || dossier == NULL || sha256 == NULL || buffer == NULL || got == NULL
               ? GREFFE_EMISUSE
           : !is_hash(sha256) || !is_key(dossier)
               ? GREFFE_EINVALID
               : documents->ops->read(documents, dossier, sha256, offset, buffer, size, got);
}

greffe_status greffe_documents_drop(greffe_documents *documents, const char *dossier)
{
    return documents == NULL || dossier == NULL || !is_key(dossier)
               ? GREFFE_EMISUSE
               : documents->ops->drop(documents, dossier);
}

greffe_status greffe_documents_sweep(greffe_documents *documents, uint64_t age_s, uint64_t *deleted)
{
    return documents == NULL || deleted == NULL ? GREFFE_EMISUSE
                                                : documents->ops->sweep(documents, age_s, deleted);
}
