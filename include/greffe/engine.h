/* The engine: commands in, durable dossiers, work that waits, and lists.
 *
 * It owns one thread, on which it loads, decides and commits. Calls block until their result is
 * durable. Thread rule: any call may come from any thread, but greffe_engine_close, which must be
 * the last one. Handlers run on the thread that calls greffe_engine_run. */
#ifndef GREFFE_ENGINE_H
#define GREFFE_ENGINE_H

#include <greffe/compile.h>
#include <greffe/documents.h>
#include <greffe/sys/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An engine on a store; opaque. */
typedef struct greffe_engine greffe_engine;

/** Milliseconds of UTC since 1970. */
typedef int64_t (*greffe_clock_fn)(void *data);
/** Fills `out` with `size` bytes that nobody can guess. */
typedef greffe_status (*greffe_random_fn)(void *data, unsigned char *out, size_t size);

/** What an actor wants to do. Strings live for the call. */
typedef struct greffe_access {
    const greffe_actor *actor; /**< NULL: the host itself reads */
    const char *verb;          /**< of a command; NULL: a read */
    const char *stream_kind;   /**< "dossier", "session"…; of a read, NULL for a list */
    const char *stream;        /**< its key, or NULL */
    int query;                 /**< of a read: greffe_query_kind */
} greffe_access;

/** Whether the host lets it: its rights only narrow what the procedure allows. False: `reason` is
 * told to the actor (GR-5105). Runs on the engine's thread, while the store's transaction is open:
 * what it would write to the same database with a connection of its own waits for it in vain. May
 * run again for a command that is given again, and must not call the engine: blocking calls return
 * GREFFE_EMISUSE there. */
typedef bool (*greffe_authorize_fn)(void *data, const greffe_access *access, char reason[256]);

/** What is about to become durable. Strings live for the call. */
typedef struct greffe_change {
    void *connection; /**< of a store in SQLite the sqlite3 that has the transaction open: what
                           is written with it becomes durable with the change, or not at all.
                           Not to be kept, nor to be committed. Other stores: NULL */
    const char *verb; /**< of the command, also of the engine's own: "timer", "result"… */
    const char *stream_kind; /**< of the command's own stream */
    const char *stream;      /**< its key */
    const char *status;      /**< of that stream then: a dossier's step or outcome… */
    const char *label;       /**< a dossier's number… */
    uint64_t version;        /**< of the stream then */
} greffe_change;

/** False: nothing of it is done, and `reason` is told to the actor (GR-5106); what the engine
 * itself wanted, such as a timer, is wanted again later. As greffe_authorize_fn otherwise. */
typedef bool (*greffe_before_commit_fn)(void *data, const greffe_change *change, char reason[256]);

/** What an engine works with. Zero means the default, but for `size` and `store`. */
typedef struct greffe_engine_options {
    size_t size;             /**< sizeof(greffe_engine_options) */
    greffe_store *store;     /**< taken over: the engine closes it, also when open fails */
    greffe_clock_fn clock;   /**< NULL: the system's */
    void *clock_data;        /**< given to `clock` */
    greffe_random_fn random; /**< NULL: the system's */
    void *random_data;       /**< given to `random` */
    greffe_str zone_bytes;   /**< a TZif file for the authority's zone; empty: the system's, or the
                                  built-in rule of Europe/Paris. Copied. */
    bool alone; /**< no other engine delivers effects of this store: then nothing is leased, and
                     what a killed process left is taken up at once. False: who dispatches holds a
                     lease for 10 s, and an effect is leased for 60 s. */
    greffe_authorize_fn authorize;         /**< NULL: the host lets all that the procedure allows */
    void *authorize_data;                  /**< given to `authorize` */
    greffe_before_commit_fn before_commit; /**< NULL: nobody looks */
    void *before_commit_data;              /**< given to `before_commit` */
    greffe_documents *documents; /**< whose contents dossiers hold; must live longer, and takes the
                                      channel "documents". NULL: they are kept elsewhere, and not
                                      asked for */
} greffe_engine_options;

/** Opens an engine on a store. The context's allocator must bear calls from two threads at once.
 *   GREFFE_EMISUSE, GREFFE_ENOMEM, and what the store says. */
GREFFE_API greffe_status greffe_engine_open(greffe_engine **out, greffe_context *context,
                                            const greffe_engine_options *options);
/** Finishes what was accepted, then closes the store; NULL is fine. */
GREFFE_API void greffe_engine_close(greffe_engine *engine);

/** Publishes a plan: its procedure's new dossiers take it from now on. */
GREFFE_API greffe_status greffe_engine_publish(greffe_engine *engine, const greffe_plan *plan);

/* --- Commands --- */

/** A command. Strings are borrowed for the length of the call. */
typedef struct greffe_command {
    size_t size;        /**< sizeof(greffe_command) */
    const char *verb;   /**< "file", "complete", "session.decide"… */
    const char *stream; /**< key of the dossier, session, allotment or batch: 1–128 bytes */
    const char *key;    /**< idempotency key, unique in its stream: 1–128 bytes */
    const greffe_actor *actor; /**< who gives it; never NULL */
    const char *represented;   /**< subject of the citizen an agent acts for, or NULL */
    const char *effective; /**< "2026-03-27": the day it counts from, at most today; NULL: today.
                              Only what an applicant gives, entered by an agent with the role
                              "backdate". What has happened since is not undone: where a delay has
                              ended meanwhile, the command opens a correction and moves nothing */
    const char *because;   /**< why it counts from that day; kept apart from the journal */
    uint64_t if_version;   /**< refuse unless the stream is at this version; 0: whatever */
    greffe_str args;       /**< a JSON object, or empty */
    int64_t now_ms;        /**< 0: the engine's clock */
} greffe_command;

/** What became of a command. It belongs to the caller: greffe_result_free. */
typedef struct greffe_result {
    greffe_status status; /**< GREFFE_OK, or why it was refused */
    bool repeated;        /**< this key was answered before: the first answer again */
    uint64_t version;     /**< of the stream, now */
    const char *code;     /**< "GR-5101" when refused, else "" ; static */
    char *message;        /**< why it was refused, with how to mend it; else "". Of a reply: NULL
                               where there was no memory for it */
    char *answer;         /**< JSON, or "{}"; as `message` */
} greffe_result;

/** Executes a command: load, decide, commit. Returns what `out->status` says, or GREFFE_EMISUSE or
 *  GREFFE_ENOMEM without a result. Due timers of the dossier fire first. */
GREFFE_API greffe_status greffe_engine_execute(greffe_engine *engine, greffe_result *out,
                                               const greffe_command *command);
/** Frees what a result holds, not `result` itself, which is empty afterwards; NULL is fine. */
GREFFE_API void greffe_result_free(greffe_engine *engine, greffe_result *result);

/** All commands, as JSON: [{"verb", "stream", "who", "what", "args": [{"name", "needed", "what"}],
 *  "example": {…}}, …]. `*out` is terminated and the caller's, to be given back with greffe_free.
 *  GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_commands_describe(char **out, greffe_context *context);

/* --- The inbox ---
 *
 * A host whose driver hides the database's handle inserts commands with SQL, in its own transaction
 * and beside its own rows, into the table greffe_inbox of the store's file:
 *
 *     INSERT INTO greffe_inbox (verb, stream, key, actor, args) VALUES (
 *       'file', 'd1', 'portal-4711', '{"subject": "c1", "kind": "applicant"}', '{"procedure": …}')
 *
 * The engine whose process dispatches executes those that were committed, in the order of their
 * ids, soon after the commit, and writes into the row: answered_ms, status ("ok", "denied"…), code,
 * message, answer, version, repeated; it empties the columns that name persons. A row that was
 * answered is the host's to delete. Other columns: represented, effective, because, if_version,
 * and tenant when the store has one. Who may write this table may say who acts: it is the host. */

/* --- Effects --- */

/** What a handler is given; strings live for the call. */
typedef struct greffe_effect {
    const char *key;            /**< unique for ever in its store, for its tenant */
    const char *stream;         /**< whose it is: the key of a dossier, a batch, a session */
    const char *channel;        /**< "mail", "payment", "call" */
    const char *letter;         /**< name of the template, of a call its service, or "" */
    const char *subject, *text; /**< a letter, filled in; else "" */
    greffe_str body;            /**< what the effect carries, as JSON; terminated */
    uint32_t attempts;          /**< how often it was tried before */
    int64_t now_ms;             /**< the instant of this attempt */
    int64_t at_ms; /**< when a letter or a call was decided: the same at each attempt; else now */
    void *own;     /**< the engine's */
    char id[33];   /**< 32 hexadecimal digits, the same at each attempt, unique for ever over all
                      stores and tenants: give it to the other side */
} greffe_effect;

/** Says, inside a greffe_effect_fn that is given a call, how the service answered: one of the
 * step's outcomes (NULL: "answered"), and what it gives, as a JSON object; both are copied. What
 * the procedure declares is kept, typed and checked as a form is; an answer that lacks something,
 * or has another type, is an incident. GREFFE_EINVALID: that is no JSON object; GREFFE_EMISUSE:
 * this effect is no call, or is only begun here; GREFFE_ENOMEM. */
GREFFE_API greffe_status greffe_effect_answer(const greffe_effect *effect, const char *outcome,
                                              greffe_str gives);

/** Delivers an effect. GREFFE_OK: it has left. GREFFE_EUNKNOWN: it may have left. Another status:
 * it has surely not left, and is tried again later, at growing intervals that differ from effect to
 * effect; after 8 attempts, or at once with GREFFE_EDENIED, which says that the other side will
 * never take it, it is an incident, for an operator to `retry` or to `answer`. `problem` takes a
 * line for the operator. The same key may come twice: when a process is killed, nobody else knows
 * whether its attempt reached the end. Payments are the exception, see `repeatable`. */
typedef greffe_status (*greffe_effect_fn)(void *data, const greffe_effect *effect,
                                          char problem[256]);

/** Begins to deliver an effect, and returns at once. GREFFE_OK: greffe_engine_finish will be called
 *  with this token, later, from any thread, also by another process or after a restart. Another
 *  status: as of greffe_effect_fn. The token is a text of letters, digits and points, at most 900
 *  bytes; nobody else can make one. */
typedef greffe_status (*greffe_effect_start_fn)(void *data, const greffe_effect *effect,
                                                const char *token, char problem[256]);

/** Who delivers the effects of a channel, and within which limits. */
typedef struct greffe_handler {
    size_t size;          /**< sizeof(greffe_handler) */
    const char *channel;  /**< 1 to 79 bytes; copied. "call:cadastre" are the calls of that service,
                               "call" those of services without a handler of their own, "*" the
                             letters of channels without one */
    greffe_effect_fn run; /**< at most one of run and start; neither: its effects wait. Where other
                               processes use the store it returns within 30 s, or they begin the
                               effect too: what may take longer is `start`ed */
    void *data;           /**< given to `run` and `start` */
    bool repeatable;      /**< of the channel "payment": to deliver the same key twice does what
                             delivering it once does. Otherwise an attempt that was interrupted, or
                             that ends with GREFFE_EUNKNOWN, is never repeated: the batch and its
                             orders become "unknown", until an operator settles them or the payer
                             answers. */
    greffe_effect_start_fn start; /**< as `run`, but the end is told later */
    uint64_t within_ms; /**< of `start`: an effect that was not finished so long after it began is
                           given again, or is unknown; 0: ten minutes; at most 90 days */
    /* Limits and rests of a channel that is named: not of "*" and "call". What is held back waits,
       and costs no attempt. They are this process's own, which dispatches alone. */
    uint32_t at_once;    /**< of `start`: how many are begun and not finished; 0: 64 at least;
                            above 64: GREFFE_ELIMIT */
    uint32_t per_minute; /**< how many begin in a minute, evenly; 0: as many as there are; above
                            60,000: GREFFE_ELIMIT */
    uint32_t trips; /**< after so many attempts in a row that ended with GREFFE_EIO, GREFFE_EBUSY or
                       GREFFE_EUNKNOWN, which say that the channel failed and not the effect, the
                       channel rests: half a minute, longer each time, at most 16 minutes; then one
                       attempt shows whether it is there again. 0: 10 */
} greffe_handler;

/** Sets the handler of a channel. A run that is under way may still call the one before. At most 16
 *  channels: GREFFE_ELIMIT; GREFFE_EMISUSE, GREFFE_ENOMEM. */
GREFFE_API greffe_status greffe_engine_handle(greffe_engine *engine, const greffe_handler *handler);

/** How an effect that was started has ended. */
typedef struct greffe_end {
    size_t size;          /**< sizeof(greffe_end) */
    greffe_status status; /**< as of greffe_effect_fn */
    const char *problem;  /**< a line for the operator, or NULL */
    const char *outcome;  /**< of a call: one of the step's; NULL: "answered" */
    greffe_str gives;     /**< of a call: what the service gives, as a JSON object, or empty; as of
                               greffe_effect_answer */
    uint64_t again_ms;    /**< of a failure: the other side asks to be left alone so long; at most a
                               day counts. The channel rests until then */
} greffe_end;

/** Says how a started effect has ended, from any thread; what it needs is copied, and told to the
 *  dossier soon. Twice the same end is one. An end that comes after the effect was given again
 *  counts when it is a success, and is passed over otherwise. GREFFE_EINVALID: this is no token, or
 *  `gives` is no JSON object;
 *  GREFFE_ENOMEM, GREFFE_EMISUSE: nothing was accepted. */
GREFFE_API greffe_status greffe_engine_finish(greffe_engine *engine, const char *token,
                                              const greffe_end *end);

/** What a round of greffe_engine_run did. */
typedef struct greffe_progress {
    uint64_t timers, effects, incidents; /**< fired, delivered, given up; the last two with what
                                              greffe_engine_finish ended since the last round */
    uint64_t commands;                   /**< of the inbox, executed and answered */
    bool more;                           /**< something is left to do at this instant */
    bool elsewhere; /**< there is something to do, and another process is about it: nothing was
                         done. It will have done it, or be gone, in 10 s */
} greffe_progress;

/** Does what is due: executes the inbox, fires timers, delivers effects, relays outcomes. At most
 *  `limit` of each. Of several processes on one store one does it at a time, unless they say that
 *  they are `alone`. `now_ms` 0: the engine's clock. Several threads take turns; a handler must not
 * call it: GREFFE_EMISUSE, as for an instant outside the years 1 to 9999. */
GREFFE_API greffe_status greffe_engine_run(greffe_engine *engine, greffe_progress *out,
                                           uint32_t limit, int64_t now_ms);

/* --- Reading --- */

/** What is asked, with the members of greffe_query that it takes. */
typedef enum greffe_query_kind {
    GREFFE_QUERY_DOSSIERS = 1, /**< group: procedure; status: step or outcome */
    GREFFE_QUERY_TASKS = 2,    /**< group: service, board or role */
    GREFFE_QUERY_SESSIONS = 3, /**< group: board */
    GREFFE_QUERY_ALLOTMENTS = 4,
    GREFFE_QUERY_ORDERS = 5, /**< group: allotment; status: prepared, batched… */
    GREFFE_QUERY_BATCHES = 6,
    GREFFE_QUERY_EFFECTS = 7,    /**< what has to leave; "again": not before then */
    GREFFE_QUERY_PROCEDURES = 8, /**< what is published */
    GREFFE_QUERY_DOSSIER = 9,    /**< key: one dossier's state, answers and dates */
    GREFFE_QUERY_HISTORY = 10,   /**< kind and key: the journal of a stream */
    GREFFE_QUERY_SESSION = 11,   /**< key: a session with its items */
    GREFFE_QUERY_FORM = 13,      /**< key: a dossier, or group: a procedure for a new one. What is
                                    asked, with what applies now: {"procedure", "title", "open",
                                    "sections": [{"id", "title", "fields": [{"path", "label",
                                    "type", "required", "applies", "options", "value", …}]}],
                                    "documents": [{"id", "label", "accept", "needed_to", "applies",
                                    "given", …}], "faults"}. `args`: {"answers", "documents"} as
                                    far as they are typed; or {"step", "outcome", "fill"}: what a
                                    step asks for. `applies` null: that hangs on what is missing */
    GREFFE_QUERY_CHECK = 14,     /**< the same, but what is wrong: {"valid", "faults": [{"path",
                                    "code", "message", "hint"}]}. `args`: those of the command that
                                    is meant, and "verb": file, supply or complete */
    GREFFE_QUERY_ACTIONS = 15,   /**< key: a dossier; what the actor may do with it now: {"dossier",
                                    "version", "actions": [{"verb", "step", "title", "due",
                                    "outcomes": [{"outcome", "fill"}], "asked", …}]}; but erasing */
    GREFFE_QUERY_COUNTS = 16,    /**< of the host alone: how many dossiers by group and status; with
                                    `stream_kind` others, with "task" tasks by service and step */
    GREFFE_QUERY_FEED = 12       /**< key: a subscriber; what was committed and it has not
                                    acknowledged, of all streams, in the order of commits; `after`:
                                    behind that position instead. It names no person. Its cursor is
                                    the last one's position */
} greffe_query_kind;

/** A question, for greffe_engine_read. Strings are borrowed for the length of the call. */
typedef struct greffe_query {
    size_t size;                      /**< sizeof(greffe_query) */
    greffe_query_kind kind;           /**< says what the members below mean */
    const char *key, *group, *status; /**< NULL: any */
    const char *stream_kind;          /**< of a history: "dossier", "session"… */
    const char *after;                /**< the `cursor` of the last page, or NULL */
    uint32_t limit;                   /**< 0: 100; at most 1,000 */
    const greffe_actor *actor; /**< who reads, and sees what the procedure lets them see; NULL: the
                                    host itself, which sees all */
    const char *subject;       /**< whose dossiers; of a form, for whom an agent fills it in */
    const char *person;        /**< of tasks: who holds them; "": nobody does */
    const char *order;         /**< "key" or NULL; of tasks "due": the most urgent first; of streams
                                    "recent": the last changed first, which sorts all that match */
    greffe_str args;           /**< a JSON object, of form and check */
    int64_t now_ms;            /**< of form and check, whose answers may hang on the day; 0: the
                                    engine's clock */
} greffe_query;

/** Answers with JSON: an object, or {"items": […], "cursor": "…"}; no cursor: the last page. A page
 *  holds what the actor may see, and may be short when that is little. `*out` is the caller's, to
 *  be given back with greffe_engine_free.
 *
 *  An applicant sees their own dossiers: what they gave, the public status with its history, what
 *  is asked of them, the decisions. An agent sees those of the procedures that their services work
 *  on, a delegate or a board's member those that are before them or that they had to do with; of
 *  each, what `see` in the procedure's file lets them see.
 *
 *  GREFFE_ENOTFOUND: there is no such thing, or the actor may not know of it; GREFFE_EDENIED: this
 *  list is not for such an actor, or the host's `authorize` says no; GREFFE_EINVALID: `args`;
 *  GREFFE_ESTATE: that step is not open; and the store's. */
GREFFE_API greffe_status greffe_engine_read(greffe_engine *engine, char **out,
                                            const greffe_query *query);
/** Frees an answer of greffe_engine_read; NULL is fine. From any thread. */
GREFFE_API void greffe_engine_free(greffe_engine *engine, void *memory);

/** A subscriber has dealt with the feed up to this cursor, durably: a text of at most 64 bytes
 * names it. Never goes back. GREFFE_EINVALID: this is no cursor; the store's; GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_engine_acknowledge(greffe_engine *engine, const char *subscriber,
                                                   const char *cursor);

/* --- Verifying --- */

/** One thing that is not as it should be: `code` as "GR-6101"; strings live for the call. */
typedef void (*greffe_finding_fn)(void *data, const char *stream_kind, const char *key,
                                  uint64_t version, const char *code, const char *message);

/** What greffe_engine_verify has read. */
typedef struct greffe_verified {
    uint64_t streams, entries, personal, faults; /**< how many: journals, their entries, personal
 values, findings */
    char seal[65]; /**< a hash over all heads, in hexadecimal: keep it elsewhere; empty when not all
                        was read */
} greffe_verified;

/** A line of a seal, terminated, without its line feed. */
typedef void (*greffe_line_fn)(void *data, const char *line);

/** Callbacks run on the engine's thread while the caller waits, and must not call the engine. */
typedef struct greffe_verify_options {
    size_t size;               /**< sizeof(greffe_verify_options) */
    greffe_finding_fn finding; /**< what is not as it should be; may be NULL */
    void *finding_data;        /**< given to `finding` */
    greffe_line_fn seal; /**< the seal as text, line by line, to be kept elsewhere; may be NULL */
    void *seal_data;     /**< given to `seal` */
    greffe_str sealed;   /**< a seal that was kept: all that it names must still be as it was, with
                              what came since behind it. Empty: none */
} greffe_verify_options;

/** Reads every journal, folds it anew, and compares chain, state, rows and commitments; with a
 * seal, also that no journal that it names was cut, changed or taken away. `options` NULL: no
 * callbacks. GREFFE_ECORRUPT when there was a finding; where the file itself is damaged that is
 * GR-6006, of no stream, and what comes behind it was not read. GREFFE_EINVALID when `sealed` is no
 * seal, or was changed. Personal values that were erased are not faults. */
GREFFE_API greffe_status greffe_engine_verify(greffe_engine *engine, greffe_verified *out,
                                              const greffe_verify_options *options);

#ifdef __cplusplus
}
#endif
#endif
