/* Documents of dossiers: their contents are held before a dossier names them, and let go when it is
 * erased. What a content is, and where, the host's documents know. */
#include <greffe/documents.h>
#include <stdio.h>

#include "host/host_priv.h"

static greffe_status hold(greffe_engine *e, const greffe__stream *dossier,
                          const greffe__value *document, greffe__arena *arena, char reason[256])
{
    const greffe__value *size = greffe__value_at(document, "size");
    int64_t bytes = 0;
    greffe__str sha256 = greffe__value_str(document, "sha256");
    if (greffe__value_str(document, "reference").size > 0) {
        return GREFFE_OK; /* it stands elsewhere */
    }
    (void)(size != NULL && greffe__dec_to_i64(&bytes, size->as.number)); /* it was looked at */
    const char *key = greffe__str_dup(arena, dossier->key).data;
    const char *digits = greffe__str_dup(arena, sha256).data;
    if (arena->failed) {
        return GREFFE_ENOMEM;
    }
    greffe_status status = greffe_documents_hold(e->documents, key, digits, (uint64_t)bytes);
    bool there = status != GREFFE_ENOTFOUND && status != GREFFE_EINVALID;
    if (!there || status == GREFFE_ESTATE) {
        greffe__str name = greffe__value_str(document, "name");
        (void)snprintf(reason, 256, "%.*s: %s", (int)(name.size < 100 ? name.size : 100), name.data,
                       there ? "it is still being examined" : "no such content was received");
        return GREFFE_ESTATE;
    }
    return status;
}

greffe_status greffe__hold_documents(greffe_engine *e, const greffe__world *world,
                                     greffe__arena *arena, char reason[256])
{
    greffe_status status = GREFFE_OK;
    for (uint32_t i = 0; i < world->streams.count; i++) {
        const greffe__stream *stream = world->streams.at[i];
        for (uint32_t j = 0; j < stream->created.count && status == GREFFE_OK; j++) {
            if (greffe__str_is(stream->created.at[j].class_name, "document")) {
                status = hold(e, stream, &stream->created.at[j].value, arena, reason);
            }
        }
    }
    return status;
}

static greffe_status let_go(void *data, const greffe_effect *effect, char problem[256])
{
    greffe_status status = greffe_documents_drop(data, effect->stream);
    (void)snprintf(problem, 256, "the documents of %.128s are not deleted: %s", effect->stream,
                   greffe_status_name(status));
    return status;
}

greffe_status greffe__take_documents_channel(greffe_engine *e)
{
    const greffe_handler handler = {.size = sizeof handler,
                                    .channel = "documents",
                                    .run = let_go,
                                    .data = e->documents,
                                    .repeatable = true};
    return e->documents != NULL ? greffe_engine_handle(e, &handler) : GREFFE_OK;
}
