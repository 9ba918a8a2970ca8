/* Letters by SMTP, and other effects by webhook, sent by libcurl: on a loop of the host's, or
 * turned by hand. What may begin, when, and what becomes of failures is as for every handler
 * (greffe/engine.h); a host may take a channel back with a handler of its own.
 *
 * No destination is reached at a private, loopback, link-local or otherwise special address (the
 * registries of RFC 6890) unless it names that network: what counts is the address that is
 * connected to, not the name. Redirects are not followed, proxies of the environment not used.
 *
 * A letter is given whole to the mail server, which must offer STARTTLS unless the url begins with
 * smtps:// or the destination is `plain`. A 4xx of the server's, or a 5xx that is about all
 * letters, is tried again; a 5xx about this reader or this letter is an incident at once. A letter
 * that was given whole and had no answer is given again, with the same Message-ID and the same
 * words.
 *
 * A webhook is a POST, signed as Standard Webhooks 1.0.0 says, of
 *     {"type": CHANNEL, of a call "call.SERVICE", "timestamp": …,
 *      "data": {"key", "channel", "letter" or "service", "subject", "text", "facts": what the
 * effect carries}} It may come more than once, the same to the byte, with the same `webhook-id`;
 * `greffe-attempt` counts from 1, and `greffe-token` is of this attempt. An answer of 2xx says that
 * it has left; of a call, its body, which must come whole, may be {"outcome": …, "gives": {…}}, and
 * 202 that the answer will come later, to greffe_engine_finish with the token. 408, 425, 429 and
 * 5xx are tried again, when they say so after their Retry-After; 400, 413, 415 and 422 are an
 * incident at once; all else is taken for a channel that fails.
 *
 * Thread rule: one thread at a time, which is that of the loop when it is on one. Letters leave
 * from threads of the sender's own, `at_once` of them, in which no signal is taken. */
#ifndef GREFFE_SENDER_H
#define GREFFE_SENDER_H

#include <greffe/engine.h>
#include <greffe/site.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of an answer, with its headers, beyond which it is broken off. */
#define GREFFE_MAX_REPLY_BYTES 65536u

/** Sends the effects of some channels; opaque. */
typedef struct greffe_sender greffe_sender;

/** Makes one for an engine, which must live longer. On success `*out` is the caller's.
 *  GREFFE_ENOTFOUND: the library was built without libcurl; GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_sender_create(greffe_sender **out, greffe_engine *engine);

/** Sends a channel's effects there from now on; all is copied, and one that was added before for
 *  the same channel is replaced. GREFFE_EINVALID: it cannot be reached so, and `problem` says why;
 *  GREFFE_ENOMEM, GREFFE_EMISUSE, and what greffe_engine_handle says. */
GREFFE_API greffe_status greffe_sender_add(greffe_sender *sender,
                                           const greffe_destination *destination,
                                           char problem[256]);

/** What a turn did. */
typedef struct greffe_sending {
    uint64_t sent, failed; /**< attempts that ended since it was asked last; those that failed are
                                tried again, or are incidents */
    uint32_t under_way;    /**< and those that have not */
} greffe_sending;

/** Of a sender that nobody watches: goes on with what was begun, for at most `wait_ms`, or until
 *  something has ended. A host calls it between two greffe_engine_run. On a loop it only tells, and
 *  `wait_ms` is 0. GREFFE_EMISUSE, GREFFE_EIO. */
GREFFE_API greffe_status greffe_sender_turn(greffe_sender *sender, greffe_sending *out,
                                            uint32_t wait_ms);

/** Breaks off what is under way, which is given again when its time is over, and takes the channels
 *  back; a second may pass while a name is looked up. Nobody may run, poll or watch any more; NULL
 *  is fine. */
GREFFE_API void greffe_sender_destroy(greffe_sender *sender);

/* --- On a loop: greffe_loop does this for its own; others may --- */

/** What a descriptor may be ready for; both may be meant. */
enum { GREFFE_WATCH_READ = 1, GREFFE_WATCH_WRITE = 2 };

/** What a sender asks of a loop. Called on the thread that calls the sender, and in handlers. */
typedef struct greffe_watch {
    size_t size; /**< sizeof(greffe_watch) */
    /** From now on, greffe_sender_ready when this descriptor is ready for one of `events`; 0: no
     * more. */
    greffe_status (*descriptor)(void *data, int fd, unsigned events);
    /** greffe_sender_ready with fd -1 in so many ms, once, instead of what was asked before; below
     * 0: not at all. */
    void (*timer)(void *data, int64_t in_ms);
    void *data; /**< given to both */
} greffe_watch;

/** Puts a sender on a loop, before anything is under way; `watch` NULL: takes it off, and breaks
 *  off what is. GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_sender_watch(greffe_sender *sender, const greffe_watch *watch);
/** A descriptor is ready, or with fd -1 the time has come. */
GREFFE_API void greffe_sender_ready(greffe_sender *sender, int fd, unsigned events);

#ifdef __cplusplus
}
#endif
#endif
