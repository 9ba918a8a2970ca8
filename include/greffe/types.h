/* Basic types of the public interface: status codes, strings, allocator.
 *
 * Thread rule: nothing here has state. */
#ifndef GREFFE_TYPES_H
#define GREFFE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Marks a function that the library exports. */
#define GREFFE_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/** What a fallible function returns. A value never changes its meaning. */
typedef enum greffe_status {
    GREFFE_OK = 0,
    GREFFE_ENOMEM = 1,     /**< The allocator refused; nothing was changed. */
    GREFFE_EMISUSE = 2,    /**< The host broke a rule of this interface. */
    GREFFE_EINVALID = 3,   /**< The input has faults; the diagnostics name them. */
    GREFFE_ELIMIT = 4,     /**< A documented limit was passed (limits.h). */
    GREFFE_ENOTFOUND = 5,  /**< The thing named does not exist. */
    GREFFE_EDENIED = 6,    /**< This actor may not do this. */
    GREFFE_ESTATE = 7,     /**< Not possible in the present state. */
    GREFFE_ECONFLICT = 8,  /**< The stream has moved on: stale version. */
    GREFFE_EKEY = 9,       /**< The same idempotency key came with other content. */
    GREFFE_EIO = 10,       /**< The store or a file failed. */
    GREFFE_EFULL = 11,     /**< The disk is full; nothing was changed. */
    GREFFE_EREADONLY = 12, /**< The store is read-only. */
    GREFFE_EBUSY = 13,     /**< Another process holds the store; try again. */
    GREFFE_ECORRUPT = 14,  /**< Stored data contradicts itself. */
    GREFFE_EVERSION = 15,  /**< Written by another version of the library. */
    GREFFE_EUNPROVED = 16, /**< A guarantee is refuted or not proved. */
    GREFFE_EUNKNOWN = 17   /**< A handler cannot tell whether its effect reached the other side. */
} greffe_status;

/** A short English word for a status, for logs ("denied"). Never NULL; static. */
GREFFE_API const char *greffe_status_name(greffe_status status);

/** Bytes of UTF-8 with a length; not terminated unless said. Not owned. */
typedef struct greffe_str {
    const char *data; /**< the bytes; NULL: there are none */
    size_t size;      /**< bytes */
} greffe_str;

/** One function allocates, grows and frees, as realloc does:
 *  `ptr` NULL allocates, `size` 0 frees and returns NULL. It returns memory aligned for any
 *  type, or NULL when there is none (then `ptr` is untouched). `data` is the host's own. */
typedef void *(*greffe_alloc_fn)(void *data, void *ptr, size_t size);

/** Who gives the command. Every string is borrowed for the length of the call.
 *  `subject` names a person and is kept apart from the journal, which holds a keyed hash. */
typedef struct greffe_actor {
    size_t size;                 /**< sizeof(greffe_actor) */
    const char *subject;         /**< stable id of the person or system in the host; not empty */
    const char *kind;            /**< "applicant", "agent", "delegate", "member", "system" */
    const char *on_behalf_of;    /**< subject of the represented person, or NULL */
    const char *mandate;         /**< reference of the mandate, or NULL */
    const char *const *services; /**< ids of services, NULL-terminated, or NULL */
    const char *const *roles;    /**< rights beyond services, NULL-terminated, or NULL */
    const char *assurance;       /**< level of authentication, host's words, or NULL */
    const char *channel;         /**< "portal", "counter", "mail"…, or NULL for "portal" */
} greffe_actor;

#ifdef __cplusplus
}
#endif
#endif
