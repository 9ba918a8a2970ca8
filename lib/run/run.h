/* Execution: pure decisions over states, and the folding of events into states.
 *
 * decide(plan, states, command, now) gives events; apply folds them. Neither reads a clock, a file
 * or randomness: time, ids and outside answers come in as arguments and are recorded. decide
 * evaluates expressions; apply never does, nor does it read personal values. */
#ifndef GREFFE_RUN_RUN_H
#define GREFFE_RUN_RUN_H

#include "plan/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are stored. */
typedef enum greffe__stream_kind {
    GREFFE__DOSSIER = 1,
    GREFFE__SESSION = 2,
    GREFFE__ALLOTMENT = 3,
    GREFFE__ORDER = 4,
    GREFFE__CLAIM = 5,
    GREFFE__BATCH = 6
} greffe__stream_kind;

const char *greffe__stream_kind_name(uint32_t kind);
uint32_t greffe__stream_kind_named(greffe__str name);

/* --- Events --- */

typedef enum greffe__event_type {
#define EVENT(number, name, text) GREFFE__EV_##name = number,
#include "run/events.def"
#undef EVENT
    GREFFE__EV_NONE = 0
} greffe__event_type;

/* One struct for all events; events.def says which members each uses. */
typedef struct greffe__event {
    uint32_t type;
    uint32_t id, parent, count;
    greffe__str path, name, key, text;
    greffe__str ref, commitment; /* of a personal value */
    int64_t at, days, due, amount;
    greffe__value value;
    greffe__strs list;
} greffe__event;

GREFFE__LIST_TYPE(greffe__events, greffe__event);

/* A journal entry: what one command did to one stream. */
typedef struct greffe__journal_entry {
    greffe__str verb, key; /* idempotency key */
    greffe__str request;   /* 32 bytes: hash of the command's content */
    greffe__str actor, actor_kind, channel;
    int64_t now_ms;
    int64_t effective; /* civil date, when it was backdated */
    greffe__events events;
    greffe__str answer; /* what the caller was told, as JSON */
    greffe__str bundle; /* 32 bytes, of a dossier's own command: whose words were used */
} greffe__journal_entry;

extern const greffe__shape greffe__entry_shape;
const char *greffe__event_name(uint32_t type);

/* --- States --- */

typedef struct greffe__scope_state {
    uint32_t id, token; /* token: of the block's node; 0: the root */
    greffe__str path;
    uint32_t index;              /* of an item in its list */
    greffe__str ref, commitment; /* the list, frozen when the block began */
    bool finished;
} greffe__scope_state;

typedef struct greffe__token {
    uint32_t id, scope;
    greffe__str path; /* node */
    int64_t since_ms;
} greffe__token;

typedef struct greffe__task {
    uint32_t token;
    greffe__str role, service;
    greffe__str assignee; /* tag, or empty */
    int64_t opened_ms;
    int64_t due; /* civil date; 0: none */
} greffe__task;

typedef struct greffe__timer {
    uint32_t id, token; /* token 0: a clock's */
    greffe__str kind;   /* expire, remind, warn, clock, at */
    greffe__str name;   /* of the clock */
    int64_t due_ms, day;
} greffe__timer;

typedef enum greffe__clock_phase {
    GREFFE__CLOCK_RUNNING = 1,
    GREFFE__CLOCK_PAUSED = 2,
    GREFFE__CLOCK_STOPPED = 3,
    GREFFE__CLOCK_FIRED = 4
} greffe__clock_phase;

typedef struct greffe__clock {
    greffe__str name;
    uint32_t phase;
    int64_t from, due; /* civil dates */
    int64_t paused_on;
    uint32_t suspended; /* civil days */
    greffe__str stopped_by;
    greffe__i64s spans; /* suspensions that ended: first day, day after the last */
} greffe__clock;

typedef struct greffe__frozen {
    greffe__str name;
    greffe__value value;
    greffe__str moment;
    int64_t rule_from;
} greffe__frozen;

/* Which rules of a decision table gave what was last read in it. */
typedef struct greffe__ruling {
    greffe__str table;
    greffe__strs rules; /* 1, 2, …, or: otherwise */
    int64_t from;       /* the first day of the table's version; 0: it always held */
} greffe__ruling;

typedef struct greffe__fill {
    greffe__str owner;
    greffe__str ref, commitment;
} greffe__fill;

typedef struct greffe__document {
    greffe__str id;
    greffe__str ref, commitment;
    int64_t on;
} greffe__document;

typedef struct greffe__mark {
    greffe__str moment;
    uint32_t count;
    int64_t at_ms, on;
    greffe__strs who; /* the tags of all who did it */
} greffe__mark;

typedef struct greffe__ask {
    uint32_t scope;
    greffe__str step;
    greffe__strs what;           /* documents, and fields by their paths */
    greffe__str ref, commitment; /* what the applicant reads with it */
} greffe__ask;

typedef struct greffe__money {
    greffe__str allotment;
    int64_t reserved, committed, spent; /* cents */
} greffe__money;

typedef struct greffe__pending {
    greffe__str key, channel, letter;
    uint32_t token;              /* awaits the result; 0: nobody */
    greffe__str ref, commitment; /* its body */
    bool incident;
    greffe__str problem_ref, problem_commitment; /* of an incident: what went wrong */
} greffe__pending;

typedef struct greffe__person {
    greffe__str tag, ref, commitment;
} greffe__person;

typedef enum greffe__phase {
    GREFFE__PHASE_DRAFT = 1,
    GREFFE__PHASE_OPEN = 2,
    GREFFE__PHASE_CLOSED = 3
} greffe__phase;

GREFFE__LIST_TYPE(greffe__scope_states, greffe__scope_state);
GREFFE__LIST_TYPE(greffe__tokens, greffe__token);
GREFFE__LIST_TYPE(greffe__tasks, greffe__task);
GREFFE__LIST_TYPE(greffe__timers, greffe__timer);
GREFFE__LIST_TYPE(greffe__clocks, greffe__clock);
GREFFE__LIST_TYPE(greffe__frozens, greffe__frozen);
GREFFE__LIST_TYPE(greffe__rulings, greffe__ruling);
GREFFE__LIST_TYPE(greffe__fills, greffe__fill);
GREFFE__LIST_TYPE(greffe__documents, greffe__document);
GREFFE__LIST_TYPE(greffe__marks, greffe__mark);
GREFFE__LIST_TYPE(greffe__monies, greffe__money);
GREFFE__LIST_TYPE(greffe__asks, greffe__ask);
GREFFE__LIST_TYPE(greffe__pendings, greffe__pending);
GREFFE__LIST_TYPE(greffe__persons, greffe__person);

typedef struct greffe__dossier {
    greffe__str procedure;
    greffe__str pinned;            /* what its course depends on: hash in hexadecimal */
    greffe__str number, applicant; /* applicant: tag */
    greffe__str channel, shown, outcome;
    uint32_t phase;
    int64_t opened_ms, filed_on;
    uint32_t serial; /* the last id given to a token, timer or scope */
    greffe__scope_states scopes;
    greffe__tokens tokens;
    greffe__tasks tasks;
    greffe__timers timers;
    greffe__clocks clocks;
    greffe__frozens frozen;
    greffe__rulings rulings;
    greffe__fills fills;
    greffe__documents documents;
    greffe__marks marks;
    greffe__monies money;
    greffe__pendings pending;
    greffe__persons people;
    greffe__asks asks; /* what the applicant is asked for, by each part that waits for it */
    greffe__str claim, session, order;
    greffe__fills notes; /* comments, motives, reasons, messages */
    int64_t ended_ms;
    int64_t erased_on; /* civil date; 0: what persons typed is still there */
} greffe__dossier;

typedef struct greffe__item {
    greffe__str dossier, number, proposal, outcome;
    greffe__str barred; /* the dossier that holds what may be granted once; empty: this one */
    greffe__strs recused;
    uint32_t votes_for, votes_against, abstentions;
    greffe__str ref, commitment; /* reasons */
    bool relayed;
} greffe__item;
GREFFE__LIST_TYPE(greffe__items, greffe__item);

typedef struct greffe__proxy {
    greffe__str absent, holder;
} greffe__proxy;
GREFFE__LIST_TYPE(greffe__proxies, greffe__proxy);

typedef struct greffe__session {
    greffe__board board; /* as it was when the session was convened */
    int64_t on;
    bool second, closed, quorate;
    bool counted; /* it was said who is present */
    greffe__strs present;
    greffe__proxies proxies;
    greffe__items items;
    greffe__str closed_how;
    greffe__pendings pending; /* its minutes, until they are written */
    greffe__persons people;
} greffe__session;

typedef struct greffe__allotment {
    greffe__str title, service;
    int64_t allocated, reserved, committed, spent; /* cents */
    greffe__persons people;
} greffe__allotment;

typedef struct greffe__order {
    greffe__str dossier, allotment, service, batch;
    greffe__str phase; /* prepared, batched, accepted, rejected, unknown, cancelled */
    greffe__str reason;
    int64_t cents;
    greffe__str ref, commitment; /* payee */
    greffe__str payer;           /* the tag of who put it in a batch */
    greffe__strs excluded;       /* tags of persons who may not pay it */
    bool relay;                  /* its outcome has not reached the dossier yet */
    greffe__persons people;
} greffe__order;

typedef struct greffe__batch {
    greffe__strs orders;
    int64_t cents, on;
    greffe__str service;
    greffe__pendings pending;
    bool emitted, reported;
    bool unknown; /* it may have left, or not: nobody tries again before that is known */
    greffe__persons people;
} greffe__batch;

typedef struct greffe__claim {
    greffe__str holder;
    int64_t since, until; /* civil dates; until 0: for ever */
    greffe__persons people;
} greffe__claim;

/* The task of a token, or NULL. */
greffe__task *greffe__task_of(const greffe__dossier *d, uint32_t token);
/* What a stream has queued and not yet seen done; NULL for kinds that queue nothing. */
const greffe__pendings *greffe__pendings_of(uint32_t kind, const void *state);
/* The shape of a kind's state. */
const greffe__shape *greffe__state_shape(uint32_t kind);
/* Folds one event into a state of that kind, which lives in the arena. GREFFE_ECORRUPT when the
 * event does not fit the state; GREFFE_ENOMEM. */
greffe_status greffe__apply(uint32_t kind, void *state, const greffe__event *event,
                            greffe__arena *arena);

/* --- Rows: what the store keeps beside a state, derived from it alone --- */

typedef enum greffe__row_kind {
    GREFFE__ROW_TASK = 1,  /* somebody can do something */
    GREFFE__ROW_EFFECT = 2 /* something has to leave */
} greffe__row_kind;

typedef struct greffe__row {
    uint32_t kind;
    greffe__str item; /* unique in its stream and kind */
    greffe__str name; /* step, or channel */
    greffe__str who;  /* service or board, or letter */
    greffe__str assignee;
    greffe__str ref; /* body */
    int64_t due, since_ms;
} greffe__row;
GREFFE__LIST_TYPE(greffe__rows, greffe__row);

typedef struct greffe__summary {
    greffe__str group;  /* procedure, board, allotment… */
    greffe__str status; /* phase or step */
    greffe__str label;  /* number */
    greffe__str owner;  /* applicant's tag */
    int64_t due_ms;     /* of the next timer; INT64_MAX: none */
    int64_t amounts[4]; /* of an allotment: allocated, reserved, committed, spent */
    greffe__rows rows;
} greffe__summary;

greffe_status greffe__summarise(greffe__summary *out, uint32_t kind, const void *state,
                                greffe__arena *arena);

/* --- Commands --- */

enum { GREFFE__MOST_ARGS = 6 };

typedef struct greffe__verb_arg {
    const char *name;
    bool needed;
    const char *text;
} greffe__verb_arg;

struct greffe__bench;

typedef struct greffe__verb {
    const char *verb, *stream;
    const char *who;  /* NULL: the engine itself */
    const char *text; /* what it does */
    bool (*decide)(struct greffe__bench *);
    greffe__verb_arg args[GREFFE__MOST_ARGS]; /* ends at the first without a name */
    const char *example;                      /* its arguments as JSON */
    bool dated; /* it may count from an earlier day: what an applicant gives */
    bool ended; /* also for a dossier that has ended */
} greffe__verb;

/* All of them, in the order of the help; NULL behind the last. */
const greffe__verb *greffe__verb_at(uint32_t index);
/* NULL: there is none. */
const greffe__verb *greffe__verb_named(greffe__str verb);

/* --- Decisions --- */

typedef struct greffe__person_in {
    greffe__str tag; /* keyed hash of the subject */
    greffe__str subject, kind, channel;
    greffe__strs services, roles;
} greffe__person_in;

typedef struct greffe__command {
    greffe__str verb;
    uint32_t stream_kind;
    greffe__str stream_key;
    greffe__str key; /* idempotency */
    greffe__person_in actor;
    greffe__person_in represented; /* tag empty: nobody */
    int64_t now_ms;
    uint64_t if_version; /* 0: whatever it is */
    bool dated;          /* it counts from `effective`, a civil date, because of `because` */
    int64_t effective;
    greffe__str because;
    greffe__value args;  /* a context */
    greffe__str request; /* 32 bytes: hash of verb, stream, actor and args */
} greffe__command;

bool greffe__has_str(const greffe__strs *list, greffe__str text);

/* --- What an actor may see (sight.c) --- */

typedef enum greffe__sees {
    GREFFE__SEES_NOTHING = 0,
    GREFFE__SEES_OWN = 1,   /* the applicant: own data, public status, decisions */
    GREFFE__SEES_NAMED = 2, /* a delegate, a board's member: what names their role */
    GREFFE__SEES_WORK = 3,  /* an agent of the procedure: all but what names others */
    GREFFE__SEES_ALL = 4    /* the host itself */
} greffe__sees;

typedef struct greffe__sight {
    const greffe__plan *plan;
    const greffe__person_in *actor; /* NULL: the host itself */
    greffe__sees sees;
} greffe__sight;

/* Of a dossier and its plan; `actor` NULL: the host itself. */
greffe__sight greffe__sight_of(const greffe__plan *plan, const greffe__dossier *dossier,
                               const greffe__person_in *actor);
/* Whether an agent of these services has to do with the procedure. */
bool greffe__works_on(const greffe__plan *plan, const greffe__person_in *actor);
/* Answers under this owner: a section, a step, or a step's item. */
bool greffe__sees_answers(const greffe__sight *sight, greffe__str owner);
bool greffe__sees_document(const greffe__sight *sight, greffe__str id);
/* An open place, as one of those who act there. */
bool greffe__sees_place(const greffe__sight *sight, const greffe__plan_node *node);

typedef enum greffe__need_kind {
    GREFFE__NEED_STREAM = 1,    /* kind, key */
    GREFFE__NEED_VALUES = 2,    /* personal values of the stream (kind, key) */
    GREFFE__NEED_PLAN = 3,      /* key: what a dossier pins; the newest bundle of those */
    GREFFE__NEED_PROCEDURE = 4, /* key: the plan that new dossiers of a procedure take */
    GREFFE__NEED_BOARD = 5,     /* key: a plan that knows this board */
    GREFFE__NEED_ALLOTMENT = 6, /* key: a plan that knows this allotment */
    GREFFE__NEED_NUMBER = 7     /* key: a sequence */
} greffe__need_kind;

typedef struct greffe__need {
    uint32_t kind, stream_kind;
    greffe__str key;
} greffe__need;
GREFFE__LIST_TYPE(greffe__needs, greffe__need);

typedef struct greffe__personal {
    greffe__str ref, class_name, salt;
    greffe__value value;
    greffe__str bytes; /* of the value, when it is new */
    bool stored;       /* false: new with this command */
} greffe__personal;
GREFFE__LIST_TYPE(greffe__personals, greffe__personal);

/* A stream as the engine loaded it, and what the decision did to it. */
typedef struct greffe__stream {
    uint32_t kind;
    greffe__str key;
    bool exists;
    uint64_t version;
    greffe__str bytes; /* the state's */
    greffe__str head;  /* of its chain */
    bool values_loaded;
    greffe__personals values;
    int64_t last_ms; /* of its last entry */
    /* filled by the decision */
    greffe__rows rows; /* those of the state as it was loaded */
    bool rows_known;
    void *state;
    greffe__events events;
    bool erase; /* all personal values that were loaded with it */
    greffe__personals created;
} greffe__stream;

typedef struct greffe__known_plan {
    uint32_t need; /* the kind of need it answers */
    greffe__str key;
    greffe__str hash;   /* of the bundle, in hexadecimal */
    greffe__str pinned; /* what its dossiers pin */
    const greffe__plan *plan;
    const greffe__zone *zone;
} greffe__known_plan;

typedef struct greffe__sequence {
    greffe__str name;
    int64_t next;
    bool taken;
} greffe__sequence;

GREFFE__LIST_TYPE(greffe__streams, greffe__stream *);
GREFFE__LIST_TYPE(greffe__known_plans, greffe__known_plan);
GREFFE__LIST_TYPE(greffe__sequences, greffe__sequence);

/* All that a decision may look at. The engine fills it as it is asked. */
typedef struct greffe__world {
    greffe__streams streams;
    greffe__known_plans plans;
    greffe__sequences sequences;
    const unsigned char *secret; /* 32 bytes: the store's key for tags and claims */
    const unsigned char *seed;   /* 32 bytes, new for each command: ids of personal values, salts */
} greffe__world;

typedef struct greffe__decision {
    bool needs_more;
    greffe__needs needs;
    greffe__code refused; /* GREFFE__GR_NONE: decided */
    greffe_status status; /* of a refusal */
    greffe__str message, hint;
    greffe__str answer; /* JSON, in the arena */
    greffe__str bundle; /* of the plan that was used, in hexadecimal; empty: none */
    int64_t now_ms;     /* the instant it was decided at: never below a stream's last entry */
} greffe__decision;

/* Decides one command. Returns GREFFE_OK with `*out` filled, or GREFFE_ENOMEM or GREFFE_ECORRUPT.
 * On `needs_more` the engine adds what is asked for to the world and calls again: every call starts
 * from the bytes of the streams. Everything made lives in the arena. */
greffe_status greffe__decide(greffe__decision *out, greffe__world *world,
                             const greffe__command *command, greffe__arena *arena);
/* --- Views: what a portal shows, calculated and not kept (view.c) --- */

/* What a dossier's form looks like, what is wrong with what is in it, and what the actor may do:
 * the verbs "form", "check" and "actions", as greffe/engine.h describes them. As greffe__decide
 * otherwise; a refusal says why there is nothing to be seen. */
greffe_status greffe__view(greffe__decision *out, greffe__value *what, greffe__world *world,
                           const greffe__command *command, greffe__arena *arena);

/* The first timer due at or before `now`, as a command of its own on the stream; false: none. */
bool greffe__due_timer(greffe__command *out, const greffe__stream *stream, int64_t now_ms,
                       greffe__arena *arena);
greffe__stream *greffe__world_stream(const greffe__world *world, uint32_t kind, greffe__str key);
/* The tag of a subject: what the journal knows of a person. */
greffe__str greffe__tag_of(const unsigned char secret[GREFFE__HASH_BYTES], greffe__str subject,
                           greffe__arena *arena);

#ifdef __cplusplus
}
#endif
#endif
