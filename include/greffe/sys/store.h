/* The interface between the engine and a store: for those who write an adapter.
 *
 * A store keeps streams (state, journal), personal values apart, the rows of lists, bundles and a
 * few numbers. It decides nothing: it loads what is asked, and commits write sets, each in one
 * transaction or not at all. Every call may complete later, by its `done`; no cursor crosses this
 * interface. What a reply holds lives in the memory that the caller gave.
 *
 * Thread rule: the engine calls a store from one thread at a time; `done` may come from any. */
#ifndef GREFFE_SYS_STORE_H
#define GREFFE_SYS_STORE_H

#include <greffe/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Memory for replies: it lives until the caller frees all of it. NULL: there is none left. */
typedef struct greffe_memory {
    void *(*take)(void *data, size_t size); /**< `size` bytes, aligned for any type */
    void *data;                             /**< given to `take` */
} greffe_memory;

/** Called once, when a request is complete; the reply is filled on GREFFE_OK. */
typedef void (*greffe_done_fn)(void *data, greffe_status status);

/* --- Loading --- */

/** What is loaded, with the members of greffe_load that it takes and gives. */
typedef enum greffe_load_kind {
    GREFFE_LOAD_STREAM = 1,   /**< kind, key: version, head, state, last_ms */
    GREFFE_LOAD_PERSONAL = 2, /**< kind, key: all personal values */
    GREFFE_LOAD_ENTRY = 3,    /**< kind, key, command: the entry with that idempotency key */
    GREFFE_LOAD_BUNDLE = 4,   /**< command: the hash in hexadecimal */
    GREFFE_LOAD_ACTIVE = 5,   /**< command: the procedure; gives its newest bundle */
    GREFFE_LOAD_NUMBER = 6,   /**< command: a sequence; gives the next number in `version` */
    GREFFE_LOAD_PINNED =
        7,                 /**< command: what dossiers pin, in hexadecimal; gives in `label` the
                                hash of the bundle that was published last of those that share it */
    GREFFE_LOAD_KNOWN = 8, /**< command: "board bureau"; gives in `label` the hash of the bundle
                               that was published last of those that know this name */
    GREFFE_LOAD_CURSOR = 9 /**< command: a subscriber; gives in `version` how far it has read */
} greffe_load_kind;

/** A personal value, kept beside the journal, which holds its commitment alone. */
typedef struct greffe_personal_row {
    greffe_str ref;        /**< what the journal calls it by; unique in its stream */
    greffe_str class_name; /**< what kind of value it is */
    greffe_str salt;       /**< of its commitment; empty once it was erased */
    greffe_str value;      /**< the value itself, encoded; empty once it was erased */
} greffe_personal_row;

/** One thing to load, and room for the answer. */
typedef struct greffe_load {
    greffe_load_kind what; /**< what is loaded */
    uint32_t kind;         /**< of the stream: 1 dossier, 2 session, 3 allotment, 4 order, 5 claim,
                              6 batch */
    greffe_str key;        /**< of the stream, unique in its kind */
    greffe_str command;    /**< what `what` says */
    bool found;            /**< answer */
    uint64_t version;      /**< answer: entries so far, or a number */
    greffe_str head;       /**< answer: 32 bytes, the chain's hash */
    greffe_str body;       /**< answer: state, entry or bundle */
    greffe_str label;      /**< answer of a bundle: its hash in hexadecimal */
    int64_t last_ms;       /**< answer: the instant of the last entry */
    int64_t due_ms;        /**< answer of a stream: its next timer; INT64_MAX when there is none */
    const greffe_personal_row *personal; /**< answer */
    size_t personal_count;               /**< answer: how many there are */
} greffe_load;

/* --- Committing --- */

/** An entry of a journal: what a command did. */
typedef struct greffe_entry_row {
    greffe_str command; /**< idempotency key, unique in its stream */
    greffe_str body;    /**< opaque to the store */
} greffe_entry_row;

/** Which list a row stands in. */
typedef enum greffe_list_kind {
    GREFFE_LIST_TASK = 1,  /**< somebody can do something */
    GREFFE_LIST_EFFECT = 2 /**< something has to leave */
} greffe_list_kind;

/** A row of a list, derived from a state. `remove`: only kind and item count. Of an effect
 * that is there already `assignee` changes alone, and it begins anew: no attempts, due at once. */
typedef struct greffe_list_row {
    greffe_list_kind kind; /**< which list */
    bool remove;           /**< takes it away */
    greffe_str item;       /**< unique in its stream and list */
    greffe_str name;       /**< of a task its step, of an effect its channel */
    greffe_str who;        /**< of a task the service, board or role; of an effect the letter */
    greffe_str assignee; /**< of a task who holds it, or empty; of an effect why it is not to leave,
                            or empty */
    greffe_str ref; /**< of a task the session on whose agenda it stands; of an effect the personal
                       value that is its body; or empty */
    int64_t due;    /**< of a task: the day, counted from 1970-01-01; 0: none */
    int64_t since_ms; /**< of a task: the instant at which it was opened */
} greffe_list_row;

/** What happens to one stream. `expected` is the version it was loaded at (0: it did not exist):
 * the store refuses the whole set with GREFFE_ECONFLICT when it has moved on. Without an entry,
 * only the version is checked. */
typedef struct greffe_stream_write {
    uint32_t kind;                 /**< as of greffe_load */
    greffe_str key;                /**< as of greffe_load */
    uint64_t expected;             /**< entries so far */
    const greffe_entry_row *entry; /**< NULL: the stream was only read */
    greffe_str head;               /**< the chain's hash behind the entry, 32 bytes */
    greffe_str state;              /**< opaque to the store */
    greffe_str group;              /**< a procedure, a board or an allotment, or empty */
    greffe_str status;             /**< a step, a phase or an outcome, or empty */
    greffe_str label;              /**< what people call it, or empty */
    greffe_str owner;              /**< whose it is, or empty */
    int64_t due_ms;                /**< the next timer; INT64_MAX: none */
    int64_t last_ms;               /**< the instant of the entry */
    int64_t amounts[4];            /**< cents: allocated, reserved, committed, spent */
    bool has_amounts; /**< an allotment: reserved + committed + spent <= allocated must hold */
    bool erase;       /**< what the stream has of personal values loses value and salt, for good and
                         before `personal` is added; rows and refs stay */
    const greffe_personal_row *personal; /**< values to add */
    size_t personal_count;               /**< how many */
    const greffe_list_row *rows;         /**< to set or to take away, in this order */
    size_t row_count;                    /**< how many */
} greffe_stream_write;

/** What happens to a sequence. The set is refused with GREFFE_ECONFLICT when it has moved on. */
typedef struct greffe_number_write {
    greffe_str name;  /**< of the sequence; made when it is not there */
    int64_t expected; /**< the number taken; the next becomes expected + 1 */
} greffe_number_write;

/** What is committed in one transaction, or not at all. */
typedef struct greffe_write_set {
    const greffe_stream_write *streams; /**< each stream at most once */
    size_t stream_count;                /**< how many */
    const greffe_number_write *numbers; /**< each sequence at most once */
    size_t number_count;                /**< how many */
    /** Called once all is written, before it is durable, with the store's own connection or NULL;
     * what it says, unless GREFFE_OK, is the set's end. May be NULL. */
    greffe_status (*before)(void *data, void *connection);
    void *before_data; /**< given to `before` */
} greffe_write_set;

/* --- Publishing --- */

/** A bundle. It becomes its procedure's active one, and answers for its names from now on. */
typedef struct greffe_publication {
    greffe_str procedure;    /**< its id */
    greffe_str hash;         /**< of the body, in hexadecimal */
    greffe_str pinned;       /**< of what its dossiers' course depends on, in hexadecimal */
    greffe_str body;         /**< opaque to the store */
    int64_t now_ms;          /**< when it is published */
    const greffe_str *names; /**< "board bureau", "allotment velo_2026": what others may ask for */
    size_t name_count;       /**< how many */
} greffe_publication;

/* --- Work that waits --- */

/** A stream whose timer is due. */
typedef struct greffe_due_row {
    uint32_t kind;  /**< as of greffe_load */
    greffe_str key; /**< as of greffe_load */
    int64_t due_ms; /**< its next timer */
} greffe_due_row;

/** An effect to be delivered, with its body. Those of the channel "greffe" come first: outcomes
 * that were decided and wait to be told. */
typedef struct greffe_effect_row {
    uint32_t kind;                    /**< of its stream, as of greffe_load */
    greffe_str key;                   /**< of its stream, as of greffe_load */
    greffe_str item, channel, letter; /**< item, name and who of its greffe_list_row */
    greffe_str body;                  /**< the personal value, or empty */
    uint32_t attempts;                /**< how often it was tried before */
    bool started;                     /**< an attempt began, and its end was never told */
    int64_t lease_ms; /**< until when it is the claimer's: what a later postpone holds it by */
    uint64_t fence;   /**< of the claim that gave it */
} greffe_effect_row;

/** Asks for work that is due at an instant. */
typedef struct greffe_claim_request {
    int64_t now_ms;   /**< the instant */
    uint32_t limit;   /**< how many at most */
    bool effects;     /**< effects, or timers */
    int64_t lease_ms; /**< an effect is not given again before now_ms + lease_ms */
    /** The epoch under which the claimer dispatches: GREFFE_ECONFLICT, and no effect, when it is
     * another's by now; 0: nobody asks. */
    uint64_t fence;
    /** Effects of these channels alone, or with `others` of all the others; "call:NAME" are the
     * calls of a service. At most 16 of at most 79 bytes each; none: of all. */
    const greffe_str *channels;
    size_t channel_count;      /**< how many; 0: none is named */
    bool others;               /**< of all but `channels` */
    const greffe_due_row *due; /**< answer, when timers were asked for */
    greffe_effect_row *effect; /**< answer, when effects were */
    size_t count;              /**< answer: how many there are */
} greffe_claim_request;

/** Who dispatches: one owner at a time, until its time is over or it gives it back. */
typedef struct greffe_lease {
    greffe_str owner; /**< asks: at most 64 bytes, its own */
    int64_t now_ms;   /**< the asker's clock */
    int64_t until_ms; /**< how long it wants it; not above now_ms: gives it back */
    bool held;        /**< answer: it is the asker's */
    uint64_t epoch;   /**< answer: from 1, grows each time it goes to another owner */
    int64_t held_ms;  /**< answer: until when it is somebody's */
} greffe_lease;

/* --- Commands of hosts that have nothing but SQL --- */

/** A command that waits in the inbox (greffe/engine.h), as its columns have it. */
typedef struct greffe_inbox_row {
    int64_t id;                                 /**< ascends in the order in which they came */
    greffe_str verb, stream, key;               /**< as of greffe_command */
    greffe_str actor, args;                     /**< each a JSON object */
    greffe_str represented, effective, because; /**< empty: none */
    uint64_t if_version;                        /**< 0: whatever */
} greffe_inbox_row;

/** Those that wait, in the order in which they came, behind `after`. */
typedef struct greffe_inbox_request {
    int64_t after;                /**< an id; 0: from the first */
    uint32_t limit;               /**< how many at most */
    const greffe_inbox_row *rows; /**< answer */
    size_t count;                 /**< answer: how many there are */
} greffe_inbox_request;

/** What became of one of them. It is written into the row, whose personal columns are emptied. */
typedef struct greffe_inbox_answer {
    int64_t id;                       /**< of the row */
    int64_t now_ms;                   /**< when it is answered */
    greffe_str status;                /**< as greffe_status_name says it */
    greffe_str code, message, answer; /**< as of greffe_result */
    uint64_t version;                 /**< as of greffe_result */
    bool repeated;                    /**< as of greffe_result */
} greffe_inbox_answer;

/* --- Lists --- */

/** What is listed, with the members of greffe_read that narrow it. */
typedef enum greffe_read_kind {
    GREFFE_READ_STREAMS = 1, /**< kind; group, status and owner when not empty */
    GREFFE_READ_TASKS = 2,   /**< owner: service, board or role; status: step; assignee, when
                                  `by_assignee` */
    GREFFE_READ_ENTRIES = 3, /**< kind, group: the stream's key */
    GREFFE_READ_ROWS = 4,    /**< kind, group: the stream's key; both lists */
    GREFFE_READ_EFFECTS = 5, /**< all that has to leave */
    GREFFE_READ_BUNDLES = 6, /**< published procedures */
    GREFFE_READ_AMOUNTS = 7, /**< group: an allotment's key; what the store's own check holds */
    GREFFE_READ_ORPHANS = 8, /**< streams that have entries and no state */
    GREFFE_READ_NUMBERS = 9, /**< sequences: key, and the next number in `version` */
    GREFFE_READ_NEXT = 10, /**< one row: `due` the next timer, `since_ms` the instant from which an
                               effect may be claimed, each INT64_MAX when there is none; `version`
                               is 1 while a command waits in the inbox */
    GREFFE_READ_COUNTS = 12, /**< how many streams of a kind by group and status, or with kind 0
                                 tasks by who and step: as `group`, `status` and `version`, in
                                 this order */
    GREFFE_READ_FEED = 11 /**< entries of all streams behind the position `after`, in the order of
                             their commits: as entries, and in `since_ms` the position */
} greffe_read_kind;

/** A row of any list; what its list does not have is empty, or 0. */
typedef struct greffe_read_row {
    uint32_t kind;   /**< of the stream, as of greffe_load */
    greffe_str key;  /**< of the stream; of a bundle its hash */
    greffe_str item; /**< as of greffe_list_row; of an entry its idempotency key */
    greffe_str name, who, assignee, ref; /**< as of greffe_list_row */
    greffe_str label, status;            /**< as of greffe_stream_write */
    greffe_str group; /**< as of greffe_stream_write; of a bundle its procedure */
    greffe_str owner; /**< as of greffe_stream_write */
    greffe_str body;  /**< of a stream its state; of an entry or a bundle its own */
    greffe_str head;  /**< of a stream or an entry: the chain's hash, 32 bytes */
    uint64_t version; /**< of a stream, how many entries it has; of an entry, which one it is, from
                         1; of a bundle, 1 when it is the active one */
    int64_t due; /**< of a task its day; of an effect its attempts; of a stream its next timer */
    int64_t since_ms; /**< of a task, when it was opened; of an effect, when it may be claimed; of a
                         bundle, when it was published */
    int64_t last_ms;  /**< of a stream: the instant of its last entry */
    int64_t amounts[4]; /**< as of greffe_stream_write */
} greffe_read_row;

/** In which order a list stands; what is equal stands by key and item. */
typedef enum greffe_read_order {
    GREFFE_ORDER_KEY = 0,    /**< by key and item alone */
    GREFFE_ORDER_RECENT = 1, /**< of streams: the instant of the last entry, the latest first */
    GREFFE_ORDER_DUE = 2     /**< of tasks: the day on which they are due, those without one last */
} greffe_read_order;

/** Pages by key: the rows after (`after`, `after_item`), at most `limit`, in ascending order. Of
 * another order: after (`after_number`, `after`, `after_item`), INT64_MAX before the latest and
 * INT64_MIN before the earliest. */
typedef struct greffe_read {
    greffe_read_kind what;           /**< which list */
    uint32_t kind;                   /**< of the streams, as of greffe_load */
    greffe_str group, status, owner; /**< what greffe_read_kind says; empty: any */
    greffe_str assignee;             /**< who holds the task, when `by_assignee` */
    bool by_assignee;                /**< an empty assignee: held by nobody */
    greffe_read_order order;         /**< which order */
    int64_t after_number; /**< of an order other than by key: the last row's instant or day */
    greffe_str after, after_item; /**< the last row's key and item; empty: from the first */
    uint32_t limit;               /**< how many at most */
    const greffe_read_row *rows;  /**< answer */
    size_t count;                 /**< answer: how many there are */
} greffe_read;

/* --- The table of functions --- */

typedef struct greffe_store greffe_store;

/** What a store can do. Each but `close` and `join` calls its `done` once, with its status. */
typedef struct greffe_store_ops {
    size_t size; /**< sizeof(greffe_store_ops) */
    /** Loads `count` items, each into its own. What is not there has `found` false; a failure is
     * that of all. */
    void (*load)(greffe_store *store, greffe_load *items, size_t count, greffe_memory *memory,
                 greffe_done_fn done, void *data);
    /** Commits a set, in one transaction or not at all. GREFFE_ECONFLICT: something has moved
     * on, is there already, or does not add up. */
    void (*commit)(greffe_store *store, const greffe_write_set *set, greffe_done_fn done,
                   void *data);
    /** Gives what is due; an effect is given to nobody else for the length of the lease. */
    void (*claim)(greffe_store *store, greffe_claim_request *request, greffe_memory *memory,
                  greffe_done_fn done, void *data);
    /** Gives a page of a list. */
    void (*read)(greffe_store *store, greffe_read *request, greffe_memory *memory,
                 greffe_done_fn done, void *data);
    /** Keeps an effect's `attempts` and `started`, and gives it to nobody before `next_ms`.
     * GREFFE_ECONFLICT, and nothing changes, when it is gone or was claimed again since, or its
     * `fence` is not 0 and no longer the dispatcher's epoch. */
    void (*postpone)(greffe_store *store, const greffe_effect_row *effect, int64_t next_ms,
                     greffe_done_fn done, void *data);
    /** Keeps a bundle, and makes it its procedure's active one. */
    void (*publish)(greffe_store *store, const greffe_publication *publication, greffe_done_fn done,
                    void *data);
    /** The store's own secret, made once from `fresh`: 32 bytes; each tenant has another. */
    void (*secret)(greffe_store *store, const unsigned char fresh[32], unsigned char out[32],
                   greffe_done_fn done, void *data);
    /** Closes the store and frees it; nothing of it is under way. */
    void (*close)(greffe_store *store);
    /** Commits between `begin` and its end share one sync: each set is taken, or refused, alone,
     *  later ones see the earlier ones, and none is durable before the end. When the end fails,
     *  nothing of the group was done: so may a store end a group of which a set was refused after
     *  a part of it had been written, unless it was `before` that refused it. NULL: this store has
     *  no such thing. */
    void (*group)(greffe_store *store, bool begin, greffe_done_fn done, void *data);
    /** Keeps how far a subscriber of the feed has read; never less than before. NULL: this store
     *  keeps no such thing. */
    void (*keep)(greffe_store *store, greffe_str subscriber, int64_t position, greffe_done_fn done,
                 void *data);
    /** A second store of the same data on a connection of the host's, inside whose transaction all
     *  its calls take place: its `group` begins with GREFFE_EMISUSE when none is open, and ends
     *  with what has become of it. From any thread. GREFFE_EMISUSE: the connection is to other
     *  data, whose secret is another one. NULL: this store knows no such thing. */
    greffe_status (*join)(greffe_store *store, void *connection, const unsigned char secret[32],
                          greffe_store **out);
    /** Asks for the dispatcher's lease, prolongs it, or gives it back. A lease that ends later than
     *  twice as long as is asked for now is another clock's, and over. NULL: no other process can
     *  use this store. */
    void (*lease)(greffe_store *store, greffe_lease *lease, greffe_done_fn done, void *data);
    /** Lists the inbox, and answers one of its rows, in a transaction or as a part of the group's.
     *  Both, or NULL: this store has none. */
    void (*inbox)(greffe_store *store, greffe_inbox_request *request, greffe_memory *memory,
                  greffe_done_fn done, void *data);
    /** Answers one row of the inbox; see `inbox`. */
    void (*answer)(greffe_store *store, const greffe_inbox_answer *answer, greffe_done_fn done,
                   void *data);
    /** Whether somebody else has committed since this was asked last. NULL: nobody can. */
    void (*moved)(greffe_store *store, bool *out, greffe_done_fn done, void *data);
} greffe_store_ops;

/** The head of every store; an adapter's own members follow. */
struct greffe_store {
    const greffe_store_ops *ops; /**< lives as long as the store */
};

/** A store in memory, for tests and trials: it is gone when it is closed. */
GREFFE_API greffe_status greffe_store_memory(greffe_store **out);

/** Which file, and which tables in it. */
typedef struct greffe_sqlite_options {
    size_t size;        /**< sizeof(greffe_sqlite_options) */
    const char *path;   /**< the database file; made when it is not there. Not empty.
                             ":memory:" and "file:…?mode=memory" are SQLite's: gone when closed */
    const char *prefix; /**< of table names; NULL: "greffe_". Letters, digits and _ */
    const char *tenant; /**< whose rows they are, in tables that several share; NULL: "" */
    bool read_only;     /**< a copy that was put aside may lie where nothing can be written */
} greffe_sqlite_options;

/** A store in SQLite (WAL, synchronous=FULL; the log beside the file grows to some 16 MiB before it
 *  is copied into it). It creates an empty database and never migrates one:
 *  GREFFE_EVERSION for another schema version, GREFFE_EREADONLY, GREFFE_EBUSY, GREFFE_EIO,
 *  GREFFE_EMISUSE, GREFFE_ENOMEM. */
GREFFE_API greffe_status greffe_store_sqlite(greffe_store **out,
                                             const greffe_sqlite_options *options);

/** Writes a store's file anew, without what was erased or deleted: until then old bytes may lie in
 *  free places of its pages. Needs as much room again. GREFFE_EBUSY while others use the store,
 *  GREFFE_EFULL, GREFFE_EIO, GREFFE_ENOTFOUND when there is no such file, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_sqlite_compact(const char *path);

#ifdef __cplusplus
}
#endif
#endif
