/* The context: allocator, log and limits of one user of the library.
 *
 * Thread rule: a context, and all that was made from it, belongs to one thread at a time.
 * Contexts share nothing. */
#ifndef GREFFE_CONTEXT_H
#define GREFFE_CONTEXT_H

#include <greffe/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What one user of the library works with; opaque. */
typedef struct greffe_context greffe_context;

/** How much a log line matters. */
typedef enum greffe_log_level {
    GREFFE_LOG_ERROR = 0,
    GREFFE_LOG_WARNING = 1,
    GREFFE_LOG_INFO = 2,
    GREFFE_LOG_DEBUG = 3
} greffe_log_level;

/** Receives a log line; `text` lives for the call only. An engine calls it from threads of its own
 *  too. */
typedef void (*greffe_log_fn)(void *data, greffe_log_level level, const char *text);

/** Zero means the default everywhere. */
typedef struct greffe_context_options {
    size_t size;           /**< sizeof(greffe_context_options) */
    greffe_alloc_fn alloc; /**< default: the C library's allocator */
    void *alloc_data;      /**< given to `alloc` */
    greffe_log_fn log;     /**< default: nothing is logged */
    void *log_data;        /**< given to `log` */
} greffe_context_options;

/** Makes a context; `options` may be NULL. On success `*out` is the caller's to destroy.
 *  Errors: GREFFE_EMISUSE, GREFFE_ENOMEM. */
GREFFE_API greffe_status greffe_context_create(greffe_context **out,
                                               const greffe_context_options *options);

/** Destroys a context; NULL is fine. Everything made from it must be destroyed before. */
GREFFE_API void greffe_context_destroy(greffe_context *context);

#ifdef __cplusplus
}
#endif
#endif
