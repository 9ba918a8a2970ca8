/* Calls that do not wait, for hosts with a loop of their own: what is submitted from any thread is
 * done on the engine's thread, and comes back when the host takes it.
 *
 * A host with a loop watches greffe_engine_fd for reading, and calls greffe_engine_poll when it is
 * readable; a binding calls greffe_engine_next instead, and no function of the host is ever called
 * from another thread. greffe/loop.h does this on a uv_loop_t.
 *
 * Thread rule: submit and ask from any thread, and from replies. next and poll from one thread at a
 * time; replies are called on that thread alone. */
#ifndef GREFFE_ASYNC_H
#define GREFFE_ASYNC_H

#include <greffe/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How many calls may be accepted and not taken back yet. */
#define GREFFE_MAX_ACCEPTED 10000u

/** What a call gave: `result` is the callee's to free with greffe_result_free. Of a read, `answer`
 *  is the JSON that greffe_engine_read gives. */
typedef void (*greffe_reply_fn)(void *data, greffe_result *result);

/** Accepts a command; what it needs of it is copied. Each one that was accepted is done, also when
 *  the engine is closed before, and replied to once. Commands of one stream are done in the order
 *  in which they were accepted.
 *  GREFFE_EBUSY: too many wait; take replies first. GREFFE_ENOMEM, GREFFE_EMISUSE: nothing was
 *  accepted. */
GREFFE_API greffe_status greffe_engine_submit(greffe_engine *engine, const greffe_command *command,
                                              greffe_reply_fn reply, void *data);
/** Accepts a read, as greffe_engine_submit does a command. It sees what was accepted before it. */
GREFFE_API greffe_status greffe_engine_ask(greffe_engine *engine, const greffe_query *query,
                                           greffe_reply_fn reply, void *data);
/** Accepts a plan to publish, which must live until it is replied to. */
GREFFE_API greffe_status greffe_engine_submit_plan(greffe_engine *engine, const greffe_plan *plan,
                                                   greffe_reply_fn reply, void *data);

/** Does what is due, without waiting, as greffe_engine_run; but effects are given to their handlers
 *  when the host polls. At most `limit` of each; `now_ms` 0: the engine's clock. The reply's answer
 *  is {"timers": n, "effects": n, "incidents": n, "commands": n, "more": bool, "elsewhere": bool,
 *  "now_ms": instant, "next_ms": instant or null}: `more`, dispatch again at once; else not before
 *  `next_ms`. Its status is GREFFE_EBUSY while another round is under way. */
GREFFE_API greffe_status greffe_engine_dispatch(greffe_engine *engine, uint32_t limit,
                                                int64_t now_ms, greffe_reply_fn reply, void *data);

/** Called by greffe_engine_poll after something was committed: at once by whichever thread of this
 *  engine's, within 100 ms by anybody else: time to dispatch. Several commits may be one call.
 *  `work` NULL: nobody wants to know; then greffe_engine_next gives none either. From any thread.
 */
GREFFE_API greffe_status greffe_engine_watch(greffe_engine *engine, void (*work)(void *data),
                                             void *data);

/** Something may be due that this engine has not committed itself, such as what the host's own
 *  transaction has written: whoever watches is told now, and needs not to notice. From any thread;
 *  NULL is fine. */
GREFFE_API void greffe_engine_kick(greffe_engine *engine);

/** An entry of the feed, as JSON: {"position", "stream", "key", "version", "at", "verb", "by",
 * "as", "events": [{"event", …}, …]}; it lives for the call. GREFFE_OK: it is dealt with, and will
 * not come again once that is durable; another status: it comes again, and nothing behind it
 * before. */
typedef greffe_status (*greffe_event_fn)(void *data, const char *entry);

/** Has greffe_engine_poll call a function for everything that was committed and that the subscriber
 *  has not dealt with, in order, at least once, after each greffe_engine_dispatch. One process
 * reads as one subscriber at a time. `on_event` NULL: no more. At most 8: GREFFE_ELIMIT;
 *  GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_engine_subscribe(greffe_engine *engine, const char *subscriber,
                                                 greffe_event_fn on_event, void *data);

/** What a notice is about. */
typedef enum greffe_notice_kind {
    GREFFE_NOTICE_NONE = 0,   /**< nothing has come */
    GREFFE_NOTICE_REPLY = 1,  /**< to a call: `reply`, `data`, `result` */
    GREFFE_NOTICE_EFFECT = 2, /**< to be delivered: `effect`, `token`; greffe_engine_finish is
                                 awaited whatever kind of handler the channel has */
    GREFFE_NOTICE_EVENT =
        4, /**< for a subscriber; greffe_engine_next gives none: it reads the feed */
    GREFFE_NOTICE_WORK = 3 /**< something was committed: dispatch */
} greffe_notice_kind;

/** What has come for the host. */
typedef struct greffe_notice {
    size_t size;                 /**< sizeof(greffe_notice), set by the caller */
    greffe_notice_kind kind;     /**< says which of the members below are filled */
    greffe_reply_fn reply;       /**< as it was submitted; not called */
    void *data;                  /**< as it was submitted, with `reply` */
    greffe_result result;        /**< of a reply */
    const greffe_effect *effect; /**< lives until the notice is released */
    const char *token;           /**< of an effect, for greffe_engine_finish; lives as long */
    void *own;                   /**< the engine's */
} greffe_notice;

/** Takes the next notice, without waiting and without calling anything; greffe_notice_release gives
 *  back what it holds. GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_engine_next(greffe_engine *engine, greffe_notice *out);
/** Gives back a notice that greffe_engine_next filled. */
GREFFE_API void greffe_notice_release(greffe_engine *engine, greffe_notice *notice);
/** Takes at most `limit` notices and calls their functions, on this thread. `*taken` says how many
 *  there were. A reply that calls it is told GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_engine_poll(greffe_engine *engine, uint32_t limit, uint32_t *taken);
/** A descriptor that is readable while a notice waits; it lives as long as the engine, which alone
 *  reads and writes it. -1: this engine has none. */
GREFFE_API int greffe_engine_fd(const greffe_engine *engine);

#ifdef __cplusplus
}
#endif
#endif
