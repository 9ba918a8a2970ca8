/* An engine on a libuv loop: the host's own, or one that is made for it. Replies and handlers are
 * called in the loop, timers are armed at the earliest instant at which something is due, what any
 * thread of this process has done is dispatched at once, and what another process has done soon.
 *
 * libuv ends the process when it finds no memory for its watchers; all else is a status.
 *
 * Thread rule: attach, run and detach from the loop's thread; stop from any. */
#ifndef GREFFE_LOOP_H
#define GREFFE_LOOP_H

#include <greffe/async.h>
#include <greffe/sender.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;
/** An engine on a loop; opaque. */
typedef struct greffe_loop greffe_loop;

/** What is attached, to which loop. Zero means the default, but for `size` and `engine`. */
typedef struct greffe_loop_options {
    size_t size;           /**< sizeof(greffe_loop_options) */
    greffe_engine *engine; /**< must live until it is detached; on one loop at a time */
    struct uv_loop_s *uv;  /**< the host's loop; NULL: one of its own, for greffe_loop_run */
    uint32_t limit;        /**< timers, and effects, of one round: 0: 100 */
    uint32_t idle_ms;      /**< how long to wait at most before looking again: 0: 30 s */
    greffe_sender *sender; /**< sends on this loop, until it is detached; NULL: none */
} greffe_loop_options;

/** Attaches an engine to a loop. On success `*out` is the caller's, to be given back with
 *  greffe_loop_detach. GREFFE_EMISUSE, GREFFE_ENOMEM, GREFFE_EIO. */
GREFFE_API greffe_status greffe_loop_attach(greffe_loop **out, const greffe_loop_options *options);
/** Turns the loop until greffe_loop_stop; only a loop of its own: else GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_loop_run(greffe_loop *loop);
/** Ends greffe_loop_run soon. */
GREFFE_API void greffe_loop_stop(greffe_loop *loop);
/** Takes the engine off the loop; what was accepted goes on, and is told when the engine closes or
 * is polled otherwise. `closed` is called in the loop once nothing of it is left there; it may be
 * NULL. A loop of its own is turned to its end here, and NULL is fine. */
GREFFE_API void greffe_loop_detach(greffe_loop *loop, void (*closed)(void *data), void *data);

#ifdef __cplusplus
}
#endif
#endif
