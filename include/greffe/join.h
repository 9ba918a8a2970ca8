/* The host's own transaction: commands, reads and acknowledgements on a connection of the host's to
 * the database file that the engine's store lies in. What they write becomes durable with the
 * host's rows, or not at all.
 *
 *     BEGIN IMMEDIATE                        the host, on its connection
 *     greffe_engine_execute_in (…)           the dossier
 *     UPDATE my_table …                      the host's own row
 *     COMMIT                                 both, or neither
 *     greffe_engine_kick (engine)            letters may leave now
 *
 * The connection must have a transaction open: BEGIN IMMEDIATE, or one that has read nothing yet;
 * one that has read, and that somebody else has overtaken, is told GREFFE_EBUSY and has to begin
 * again. How durable COMMIT is depends on the host's `PRAGMA synchronous`; the engine's own
 * connection has FULL. While the transaction is open, blocking calls of the engine itself wait for
 * it, and give up after 5 s: a host that makes one from the same thread waits for itself.
 *
 * Hooks are called on the caller's thread. A host whose driver hides the handle inserts rows into
 * the table greffe_inbox instead: see greffe/engine.h.
 *
 * Thread rule: join from any thread; all else from one thread at a time, that of the connection. */
#ifndef GREFFE_JOIN_H
#define GREFFE_JOIN_H

#include <greffe/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An engine at work on a connection of the host's; opaque. */
typedef struct greffe_joined greffe_joined;

/** Makes ready to work on a connection, a sqlite3 of the library that Greffe is linked with. It
 *  keeps prepared statements there and what it knows of published procedures: join once for each
 *  connection. `*out` is the caller's, to be given back with greffe_engine_leave before the
 *  connection and the engine are closed. GREFFE_EMISUSE: the engine's store is none in a file, or
 *  this connection is to another database; GREFFE_ENOMEM, and the store's. */
GREFFE_API greffe_status greffe_engine_join(greffe_joined **out, greffe_engine *engine,
                                            void *connection);
/** Gives back what greffe_engine_join gave; the connection stays open. NULL is fine. */
GREFFE_API void greffe_engine_leave(greffe_joined *joined);

/** greffe_engine_execute, in the host's transaction. A command that is refused leaves the
 *  transaction as it was. GREFFE_EMISUSE: no transaction is open; or the verb is "erase", which has
 *  to empty the database's log. GREFFE_EFULL, GREFFE_EIO: SQLite may have taken the whole
 *  transaction back, as sqlite3_get_autocommit says. The result is to be given back with
 *  greffe_result_free. */
GREFFE_API greffe_status greffe_engine_execute_in(greffe_joined *joined, greffe_result *out,
                                                  const greffe_command *command);
/** greffe_engine_read, with what the host's transaction has written. */
GREFFE_API greffe_status greffe_engine_read_in(greffe_joined *joined, char **out,
                                               const greffe_query *query);
/** greffe_engine_publish, in the host's transaction. */
GREFFE_API greffe_status greffe_engine_publish_in(greffe_joined *joined, const greffe_plan *plan);
/** greffe_engine_acknowledge, in the host's transaction: what a subscriber makes of the feed in its
 *  own tables, and how far it has come, are durable together. */
GREFFE_API greffe_status greffe_engine_acknowledge_in(greffe_joined *joined, const char *subscriber,
                                                      const char *cursor);

#ifdef __cplusplus
}
#endif
#endif
