/* Inside the host room: the engine's parts. */
#ifndef GREFFE_HOST_HOST_PRIV_H
#define GREFFE_HOST_HOST_PRIV_H

#include <greffe/async.h>
#include <greffe/engine.h>
#include <stddef.h>

#include "base/limits.h"
#include "compile/compile.h"
#include "run/run.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GREFFE__MAX_CHANNELS = 16, GREFFE__MAX_PLANS = 64 };

typedef struct greffe__queue greffe__queue;
typedef struct greffe__notices greffe__notices;
typedef struct greffe__delivery greffe__delivery;

typedef struct greffe__cached_plan {
    char hash[GREFFE__HASH_CHARS];   /* of the bundle */
    char pinned[GREFFE__HASH_CHARS]; /* of what its dossiers' course depends on */
    greffe_plan *plan;
    const greffe__zone *zone;
} greffe__cached_plan;

/* What the store said of a name while commands share a commit: nobody else writes meanwhile. */
typedef struct greffe__named_plan {
    greffe_load_kind what;
    char name[96];
    char hash[GREFFE__HASH_CHARS];
} greffe__named_plan;

enum { GREFFE__MAX_NAMED = 8 };

typedef struct greffe__handler {
    char channel[80];
    greffe_effect_fn run;
    void *data;
    bool repeatable;
    greffe_effect_start_fn start;
    uint64_t within_ms;
    uint32_t at_once, per_minute, trips;
} greffe__handler;

/* An effect that was begun and has not ended. */
typedef struct greffe__open {
    uint64_t id;
    int64_t until_ms; /* then it is given up */
} greffe__open;

/* What is known of a channel's other side; beside each handler (valve.c). */
typedef struct greffe__valve {
    greffe__open open[GREFFE_MAX_AT_ONCE];
    uint32_t open_count;
    uint32_t failures;     /* in a row */
    int64_t next_us;       /* by its rate: no attempt sooner */
    int64_t shut_until_ms; /* it rests */
} greffe__valve;

typedef greffe_status (*greffe__job_fn)(greffe_engine *engine, void *data);

/* What is to be done on the store thread. */
typedef struct greffe__job {
    greffe__job_fn run;
    void *data;
    greffe_status status; /* what `run` said */
    /* On the store thread, when it is done and durable: from here on the job may be gone. */
    void (*finished)(struct greffe__job *job);
    /* Of a command that may share a commit: its stream, and what takes back what `run` gave, so
     * that it can be run again. Else NULL: it is done alone. */
    const char *stream;
    void (*undo)(struct greffe__job *job);
    struct greffe__job *next;
} greffe__job;

typedef struct greffe__subscriber greffe__subscriber;
/* Who reads the feed. */
enum { GREFFE__MAX_SUBSCRIBERS = 8 };
struct greffe__subscriber {
    char name[65];
    greffe_event_fn on_event; /* NULL: this place is free */
    void *data;
    greffe__job end; /* of a reading, told on the store thread */
    bool reading;    /* what was read has not been taken yet */
    bool failed;     /* one of them was not dealt with: the others wait */
    int64_t dealt;   /* the last position that was dealt with in this reading */
};
typedef struct greffe__untold greffe__untold;

struct greffe_engine {
    greffe_context *context; /* the host's: for what it is given back */
    greffe_context *own;     /* the store thread's */
    greffe_store *store;
    greffe__queue *queue;
    greffe__notices *notices;
    greffe__subscriber subscribers[GREFFE__MAX_SUBSCRIBERS]; /* the store thread's */
    greffe_clock_fn clock;
    void *clock_data;
    greffe_random_fn random;
    void *random_data;
    unsigned char secret[32];
    greffe__arena zones; /* bytes and parsed zone of the system */
    greffe__arena work;  /* of the command that is executed */
    greffe__cached_plan plans[GREFFE__MAX_PLANS];
    uint32_t plan_count;
    greffe__named_plan named[GREFFE__MAX_NAMED];
    uint32_t named_count;
    bool shares; /* commands share a commit now: the store thread's */
    greffe__handler handlers[GREFFE__MAX_CHANNELS];
    greffe__valve valves[GREFFE__MAX_CHANNELS];
    uint32_t handler_count;
    greffe__str zone_bytes;
    bool alone; /* no other process dispatches */
    /* The store thread's: the dispatcher's lease, as this engine knows it. */
    char owner[33];
    uint64_t epoch; /* 0: it is not ours */
    int64_t lease_until_ms;
    greffe_progress ended;  /* by greffe_engine_finish, since the last round began */
    greffe__untold *untold; /* what has left, and could not be told; see untold.c */
    uint32_t untold_count;
    greffe_authorize_fn authorize;
    void *authorize_data;
    greffe_before_commit_fn before_commit;
    void *before_commit_data;
    greffe_documents *documents;
};

/* --- Documents (documents.c) --- */

/* Holds, for the dossiers that they belong to, the contents that a command gives. GREFFE_ESTATE,
 * and the reason: one of them is not there. */
greffe_status greffe__hold_documents(greffe_engine *e, const greffe__world *world,
                                     greffe__arena *arena, char reason[256]);
/* Takes the channel "documents", when there are any. */
greffe_status greffe__take_documents_channel(greffe_engine *e);

/* --- The store thread --- */

greffe_status greffe__queue_open(greffe__queue **out, greffe_engine *engine);
/* Queues a job, from any thread. It lives until it is finished. */
void greffe__queue_post(greffe__queue *queue, greffe__job *job);
/* From now on, or no more: what others commit to the store stirs whoever watches. */
void greffe__queue_glance(greffe__queue *queue, bool wanted);
/* Finishes what is queued. */
void greffe__queue_close(greffe__queue *queue);
/* Runs a job on the store thread and waits for it. */
greffe_status greffe__queue_call(greffe__queue *queue, greffe__job_fn job, void *data);
/* The same for a job that may share a commit. */
greffe_status greffe__queue_await(greffe__queue *queue, greffe__job *job);

/* Runs jobs that share a commit; where there is none to share, or it fails, each alone (group.c).
 * Before that commit ends `more`, unless it is NULL, is asked for others to join in: it adds them
 * behind the `count` there are, and says how many there are then. So does the answer. */
typedef size_t (*greffe__more_fn)(void *data, greffe__job **jobs, size_t count);
size_t greffe__run_group(greffe_engine *engine, greffe__job **jobs, size_t count,
                         greffe__more_fn more, void *data);

/* --- What comes back to the host (notices.c) --- */

typedef struct greffe__notice {
    greffe_notice what;
    greffe__subscriber *subscriber; /* of an event */
    const char *entry;
    int64_t position;
    bool last;               /* of those that were read together */
    greffe__handler handler; /* of an effect */
    greffe__arena arena;     /* of what it holds */
    struct greffe__notice *next;
} greffe__notice;

greffe_status greffe__notices_open(greffe__notices **out, greffe_context *context);
/* What was not taken is replied to, here. */
void greffe__notices_close(greffe_engine *e);
/* While it is held, no subscriber comes or goes. */
void greffe__notices_lock(greffe__notices *notices);
void greffe__notices_unlock(greffe__notices *notices);
/* Between its beginning and its end the host is not woken: what comes together is told together. */
void greffe__notices_gather(greffe__notices *notices, bool begin);
/* Counts a call that is accepted; false: there are too many. */
bool greffe__notices_accept(greffe__notices *notices);
/* Takes a count back: what was to be accepted was not. */
void greffe__notices_refuse(greffe__notices *notices);
/* An effect that is held for its handler, as a notice of its own memory; NULL: there was none. */
greffe__notice *greffe__effect_notice(greffe_engine *e, const greffe__delivery *d);
void greffe__notice_free(greffe_engine *e, greffe__notice *notice);
/* Something was committed: whoever watches is told, once until it is taken. */
void greffe__notices_stir(greffe__notices *notices);
/* From any thread; it belongs to the notices now. */
void greffe__notices_put(greffe__notices *notices, greffe__notice *notice);

/* --- Subscribers of the feed (feed.c) --- */

/* On the store thread: what subscribers have not read becomes notices. */
greffe_status greffe__announce_events(greffe_engine *e);
/* How far a subscriber has come: as it is said, and kept on the store thread. */
typedef struct greffe__acknowledgement {
    const char *name;
    int64_t position;
} greffe__acknowledgement;
greffe_status greffe__acknowledgement_read(greffe__acknowledgement *out, const char *subscriber,
                                           const char *cursor);
greffe_status greffe__acknowledge(greffe_engine *e, void *data);
/* On the host's thread. */
void greffe__hand_event(greffe_engine *e, const greffe__notice *notice);

/* --- Rounds (queue.c) --- */

/* One round at a time delivers: two of them would be given the same effects. False: this thread is
 * in one already, a handler called it. */
bool greffe__queue_begin_round(greffe__queue *queue);
/* The same without waiting: false when one is under way. */
bool greffe__queue_try_round(greffe__queue *queue);
void greffe__queue_end_round(greffe__queue *queue);

/* A store call's completion, awaited. */
typedef struct greffe__wait greffe__wait;
greffe_status greffe__wait_load(greffe_engine *e, greffe_load *items, size_t count,
                                greffe__arena *arena);
greffe_status greffe__wait_commit(greffe_engine *e, const greffe_write_set *set);
greffe_status greffe__wait_claim(greffe_engine *e, greffe_claim_request *request,
                                 greffe__arena *arena);
greffe_status greffe__wait_read(greffe_engine *e, greffe_read *request, greffe__arena *arena);
greffe_status greffe__wait_postpone(greffe_engine *e, const greffe_effect_row *effect,
                                    int64_t next_ms);
greffe_status greffe__wait_publish(greffe_engine *e, const greffe_publication *publication);
greffe_status greffe__wait_group(greffe_engine *e, bool begin);
greffe_status greffe__wait_keep(greffe_engine *e, greffe__str subscriber, int64_t position);
greffe_status greffe__wait_secret(greffe_engine *e, const unsigned char fresh[32]);
greffe_status greffe__wait_lease(greffe_engine *e, greffe_lease *lease);
greffe_status greffe__wait_inbox(greffe_engine *e, greffe_inbox_request *request,
                                 greffe__arena *arena);
greffe_status greffe__wait_answer(greffe_engine *e, const greffe_inbox_answer *answer);
greffe_status greffe__wait_moved(greffe_engine *e, bool *out);

/* Whether a store has a call that it may lack: what was added to the table later. */
#define GREFFE__STORE_HAS(store, call)                                                             \
    ((store)->ops->size >= offsetof(greffe_store_ops, call) + sizeof(store)->ops->call &&          \
     (store)->ops->call != NULL)

/* --- Public commands (engine.c) --- */

/* Whether the host lets it; if not, `reason` is told. */
bool greffe__is_allowed(const greffe_engine *e, const greffe_access *access, char reason[256]);

/* An actor as decisions know one; its strings are borrowed. */
void greffe__person_of(const greffe_engine *e, greffe__person_in *out, const greffe_actor *actor,
                       greffe__arena *arena);

/* A host's command, and room for what became of it. */
typedef struct greffe__execution {
    const greffe_command *command;
    greffe_result *result;
    greffe_context *context;
    bool is_read; /* what follows: else it is read when it is executed */
    greffe_status read_status;
    greffe__command read;   /* but for its instant */
    char *message, *answer; /* room for what is said, if it was taken before */
} greffe__execution;

/* Reads the host's command on its own thread, into memory that lasts until it is executed. */
void greffe__read_early(const greffe_engine *e, greffe__execution *x, greffe__arena *arena);

/* What a host gives; GREFFE_EMISUSE for what it must not. */
greffe_status greffe__check_command(const greffe_command *command);
/* Whether a host's text is one, and whether this says who acts. */
bool greffe__is_text(greffe_str text);
bool greffe__is_actor(const greffe_actor *actor);
/* A job that executes `x`, with others where that may be. */
greffe__job greffe__command_job(greffe__execution *x);

/* --- Reads (read.c) --- */

greffe_status greffe__check_query(const greffe_query *query);
/* On the store thread: the answer is from the engine's context, terminated. */
greffe_status greffe__read_query(greffe_engine *e, char **out, const greffe_query *query);
/* The same as a job. */
typedef struct greffe__asked {
    const greffe_query *query;
    char **out;
} greffe__asked;
greffe_status greffe__answer_query(greffe_engine *e, void *data);

/* --- On the store thread --- */

typedef struct greffe__outcome {
    greffe_status status;
    bool repeated;
    uint64_t version;
    greffe__code code;
    greffe__str message, hint, answer;
    bool gave_up; /* a timer was refused: it is an incident now */
} greffe__outcome;

/* Loads, decides, commits; fires due timers first unless the command is one. */
greffe_status greffe__execute(greffe_engine *e, greffe__outcome *out, greffe__command *command,
                              greffe__arena *arena);
/* Loads and looks: what a portal shows, as JSON; nothing is committed. */
greffe_status greffe__look(greffe_engine *e, greffe__outcome *out, greffe__buf *json,
                           greffe__command *command, greffe__arena *arena);
/* Fills in what waits, where a command takes that. */
greffe_status greffe__expand(greffe_engine *e, greffe__command *c, const greffe_load *stream,
                             greffe__arena *arena);
/* --- Who dispatches (lead.c): on the store thread --- */

typedef struct greffe__turn {
    bool leads;
    int64_t until_ms; /* else: until when it is another's */
} greffe__turn;

/* A name of this engine's own. */
greffe_status greffe__name_owner(greffe_engine *e);
/* The earliest instants at which there is something to do; INT64_MAX when there is nothing. */
typedef struct greffe__next {
    int64_t effects_ms, others_ms;
} greffe__next;
greffe_status greffe__next_instant(greffe_engine *e, greffe__next *out);
/* Takes the lease, or prolongs it. */
greffe_status greffe__lead(greffe_engine *e, greffe__turn *turn);
void greffe__give_lead_back(greffe_engine *e);

/* --- The inbox (inbox.c): on the store thread --- */

/* Executes what waits, at most `limit`; what cannot be answered now stays. */
greffe_status greffe__empty_inbox(greffe_engine *e, int64_t now_ms, uint32_t limit,
                                  greffe_progress *did);

/* --- How fast effects begin (valve.c): on the store thread. `at`: a handler's place --- */

/* Whether its effects have to be claimed apart. */
bool greffe__valve_bounds(const greffe_engine *e, uint32_t at, int64_t now_ms);
/* How many may begin now, of a channel that is bound. */
uint32_t greffe__valve_room(greffe_engine *e, uint32_t at, int64_t now_ms);
/* When to look again at what is held back; INT64_MAX: nothing is. */
int64_t greffe__valve_next(const greffe_engine *e, int64_t now_ms);
/* An effect begins; until then it counts, unless it is held for longer or ends. */
void greffe__valve_begin(greffe_engine *e, const greffe__delivery *d, int64_t now_ms,
                         int64_t until_ms);
void greffe__valve_hold(greffe_engine *e, const greffe_effect_row *row, int64_t until_ms);
/* It has ended, as `d->status` says. */
void greffe__valve_end(greffe_engine *e, const greffe__delivery *d);
/* A new handler has no past. */
void greffe__valve_renew(greffe_engine *e, uint32_t at);
/* Between half of a time and all of it, another for each effect and attempt: those that failed
 * together do not come again together. */
int64_t greffe__spread(const greffe_effect_row *row, int64_t wait_ms);

/* --- Deliveries (deliver.c) --- */

/* What a handler says of a call while it runs; its texts lie in the arena. */
typedef struct greffe__answer {
    greffe__arena *arena;
    greffe__str outcome, gives;
} greffe__answer;
/* Whether a text is a JSON object: GREFFE_EINVALID. */
greffe_status greffe__check_gives(greffe_context *context, greffe__str gives);

/* One effect on its way, and what is to be told of its end. */
struct greffe__delivery {
    greffe_effect_row row;
    const greffe__handler *handler; /* NULL: it is the engine's own, an outcome to be told */
    greffe_effect effect;           /* what the handler is given */
    greffe_status status;           /* what it said, or why there is nothing to be given */
    char problem[256];
    bool once;                /* a payment whose handler does not bear the same key twice */
    bool left;                /* it left, or may have: what follows must never send it again */
    uint32_t valve;           /* its handler's place */
    int64_t again_ms;         /* the other side asks to be left alone so long; 0: it says nothing */
    int64_t now_ms, given_ms; /* given 0: the engine's clock */
    greffe__str said;         /* of a call: the outcome it gave */
    greffe__str gives;        /* and what with it, as JSON */
    greffe__str outcome, why; /* that are told */
    greffe_progress did;      /* what telling it added */
};

/* --- Tokens (finish.c) --- */

enum { GREFFE__TOKEN_CHARS = 920 };
/* What finishing a delivery needs to know of it, as a text. */
void greffe__token_write(const greffe_engine *e, char out[GREFFE__TOKEN_CHARS],
                         const greffe__delivery *d);

enum { GREFFE__MAX_PAGE = 256 }; /* effects of one claim: they are told together */
/* The effects that one claim gave, with their letters filled in; in memory of the host's. */
typedef struct greffe__page {
    greffe__arena arena;
    greffe__delivery **at;
    size_t count;
    bool full; /* there may be more */
    uint32_t limit;
    int64_t now_ms, given_ms;
    int64_t claimed_ms, claimed_us; /* by the engine's clock, and by one that is never set */
    greffe_progress did;
} greffe__page;

/* On the store thread. Claims effects; tells those that are the engine's own or whose attempt was
 * interrupted; leaves in the page what handlers are to be given. */
greffe_status greffe__claim_page(greffe_engine *e, greffe__page *page);
/* On the store thread: it is durable that an attempt begins, or that it surely did not. */
greffe_status greffe__delivery_mark(greffe_engine *e, greffe__delivery *d);
/* On the store thread: it stays this process's, although much of the time is over for which it was
 * claimed. GREFFE_ECONFLICT: somebody else has it now. */
greffe_status greffe__delivery_keep(greffe_engine *e, greffe__delivery *d, int64_t passed_ms);
/* How long ago a page was claimed; and whether so long that the time of what lies in it has to be
 * prolonged before a handler is called. */
int64_t greffe__page_age(greffe_engine *e, const greffe__page *page);
bool greffe__page_is_old(greffe_engine *e, const greffe__page *page);
/* On the store thread: it is the handler's until its time is over. GREFFE_ECONFLICT: somebody else
 * has it now. */
greffe_status greffe__delivery_hold(greffe_engine *e, greffe__delivery *d);
/* (untold.c) What has left is not given again because the store could not take its end. */
void greffe__untold_keep(greffe_engine *e, const greffe__delivery *d);
/* Whether this one has left: then its end is in it, which lives until it is forgotten. */
bool greffe__untold_take(greffe_engine *e, greffe__delivery *d);
void greffe__untold_forget(greffe_engine *e, const greffe_effect_row *row);
void greffe__untold_free(greffe_engine *e);
/* On the store thread: it was given again since, or has ended. */
bool greffe__delivery_is_old(greffe_engine *e, const greffe__delivery *d);
/* On the store thread: tells what became of these, in one commit where that may be. What cannot be
 * told now is tried again later; the first fault of the store ends it. */
greffe_status greffe__tell_all(greffe_engine *e, greffe__delivery *const *all, size_t count);
/* Whether the store itself failed; all else is one stream's affair. */
bool greffe__of_the_store(greffe_status status);
/* One round on the store thread: effects become notices. `*answer` says what it did, as JSON. */
greffe_status greffe__dispatch(greffe_engine *e, uint32_t limit, int64_t now_ms, char **answer);
/* Fires what is due, on the store thread. */
greffe_status greffe__fire_timers(greffe_engine *e, int64_t now_ms, uint32_t limit,
                                  greffe_progress *did);
void greffe__progress_add(greffe_progress *sum, const greffe_progress *more);

/* --- The journal's forms, written and verified alike --- */

/* What a command asks for, so that its key is not used for anything else. */
greffe__str greffe__request_hash(greffe__arena *arena, const greffe__command *c);
/* A record's bytes, in the arena, whose `failed` tells. */
greffe__str greffe__encoded(greffe__arena *arena, const greffe__shape *shape, const void *record);
/* The head after an entry of these bytes; an empty head stands before the first. */
greffe__str greffe__chained(greffe__arena *arena, greffe__str head, greffe__str body);
bool greffe__row_same(const greffe__row *a, const greffe__row *b);

/* --- Seals as text (seal.c) --- */

/* What a seal says of one stream. */
typedef struct greffe__sealed {
    uint32_t kind;
    greffe__str key;
    uint64_t version;
    greffe__hash head;
} greffe__sealed;

typedef struct greffe__seal_text {
    greffe__str rest;
    greffe__str line;
    bool there; /* `now` is a stream that has still to come */
    greffe__sealed now;
} greffe__seal_text;

/* The seal after one more line. */
greffe__hash greffe__seal_link(const greffe__hash *before, greffe__str line);
void greffe__seal_begin(greffe__buf *out);
void greffe__seal_line(greffe__buf *out, uint32_t kind, greffe__str key, uint64_t version,
                       greffe__str head);
void greffe__seal_end(greffe__buf *out, const greffe__hash *seal);
/* Reads a whole text once, and stands at its first stream. GREFFE_EINVALID: it is no seal, or was
 * changed. An empty text is the seal of nothing. */
greffe_status greffe__seal_open(greffe__seal_text *out, greffe__str text);
bool greffe__seal_next(greffe__seal_text *text);
bool greffe__sealed_before(const greffe__sealed *sealed, uint32_t kind, greffe__str key);

/* The plan of a bundle, from the cache or the store: a reference of the caller's own. */
greffe_status greffe__plan_by_hash(greffe_engine *e, greffe__str hash, greffe__cached_plan *out,
                                   greffe__arena *arena);
/* The same, of the bundle that the store names: the one that is active (GREFFE_LOAD_ACTIVE), that
 * was published last of those that a dossier may take (PINNED), or that knows a name (KNOWN). */
greffe_status greffe__plan_by(greffe_engine *e, greffe_load_kind what, greffe__str name,
                              greffe__cached_plan *out, greffe__arena *arena);
/* On the store thread: publishes `*(const greffe_plan **)data`. */
greffe_status greffe__publish(greffe_engine *e, void *data);
/* What a board or an allotment is called in the store. */
greffe__str greffe__known_name(greffe__arena *arena, uint32_t need, greffe__str key);
int64_t greffe__now(greffe_engine *e, int64_t given);
bool greffe__good_instant(int64_t at_ms); /* in the years 1 to 9999 */
/* Microseconds of a clock that no host sets: for how long something took. */
int64_t greffe__steady_us(void);
/* The clock and sources of the system. */
int64_t greffe__system_clock(void *data);
greffe_status greffe__system_random(void *data, unsigned char *out, size_t size);
greffe__str greffe__system_zone(greffe__arena *arena, const char *name);

/* A letter's template filled in; unknown names give nothing, and say so in `problem`. */
greffe_status greffe__render(greffe__buf *out, greffe__str text, const greffe__value *facts,
                             char problem[256]);

#ifdef __cplusplus
}
#endif
#endif
