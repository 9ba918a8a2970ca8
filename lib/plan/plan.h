/* The plan: a frozen procedure, as the runtime reads it and a bundle stores it.
 *
 * Data, accessors, codec. It knows neither YAML nor dossiers. A plan is immutable once read, and
 * may be shared between threads. Positions in its lists are only meaningful inside it: states name
 * nodes by their paths. */
#ifndef GREFFE_PLAN_PLAN_H
#define GREFFE_PLAN_PLAN_H

#include "base/sha256.h"
#include "expr/expr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of what a plan means; part of its hash. */
enum { GREFFE__SEMANTICS = 1 };
static const uint32_t GREFFE__NONE = UINT32_MAX; /* no such position */

/* --- People --- */

typedef enum greffe__role_kind {
    GREFFE__ROLE_APPLICANT = 1,
    GREFFE__ROLE_AGENT = 2,
    GREFFE__ROLE_DELEGATE = 3, /* acts for an agent's role; never decides, never pays */
    GREFFE__ROLE_BOARD = 4
} greffe__role_kind;

typedef struct greffe__role {
    greffe__str id;
    uint32_t kind;
    greffe__str service;    /* of an agent */
    greffe__str stands_for; /* of a delegate: the role represented */
    greffe__str title;
} greffe__role;

typedef enum greffe__majority {
    GREFFE__MAJORITY_VOTES = 1,  /* more than half of the votes cast (CGCT L2121-20) */
    GREFFE__MAJORITY_MEMBERS = 2 /* more than half of the members */
} greffe__majority;

typedef struct greffe__board {
    greffe__str id, title;
    greffe__strs members; /* seats */
    greffe__str chair;    /* a seat; its vote breaks a tie when casting is set */
    uint32_t quorum;      /* members who must be present, proxies excluded (CGCT L2121-17) */
    uint32_t majority;
    uint32_t proxies; /* that one member may hold */
    bool casting;
    greffe__str secretary; /* the service that convenes it and keeps its minutes */
    uint32_t second_after; /* days from a meeting without quorum to the second, which needs none */
} greffe__board;

typedef struct greffe__allotment_def {
    greffe__str id, title;
    greffe__str service; /* that allocates and transfers it */
} greffe__allotment_def;

/* --- Data --- */

typedef enum greffe__data_type {
    GREFFE__DATA_TEXT = 1,
    GREFFE__DATA_LONG_TEXT = 2,
    GREFFE__DATA_BOOLEAN = 3,
    GREFFE__DATA_INTEGER = 4,
    GREFFE__DATA_NUMBER = 5,
    GREFFE__DATA_MONEY = 6,
    GREFFE__DATA_DATE = 7,
    GREFFE__DATA_CHOICE = 8,
    GREFFE__DATA_CHOICES = 9,
    GREFFE__DATA_EMAIL = 10,
    GREFFE__DATA_IBAN = 11,
    GREFFE__DATA_PHONE = 12,
    GREFFE__DATA_LIST = 13 /* of texts */
} greffe__data_type;

typedef struct greffe__field_def {
    greffe__str path;  /* demandeur.foyer, or instruction.motif */
    greffe__str owner; /* the section, or the step that fills it */
    greffe__str name, label;
    uint32_t type;
    bool optional;
    greffe__value min, max;          /* of the field's kind, or null */
    uint32_t min_length, max_length; /* characters; 0: none */
    greffe__strs options, option_labels;
    uint32_t digits;                    /* exactly so many digits, when not 0 */
    const greffe__program *when, *must; /* NULL: always */
    greffe__str message, help;
} greffe__field_def;

typedef struct greffe__section {
    greffe__str id, title;
    greffe__str role; /* the applicant's own section, or empty */
    greffe__strs see; /* roles that see it, besides who gave it; empty: all agents' */
} greffe__section;

typedef enum greffe__needed_to {
    GREFFE__NEEDED_TO_FILE = 1,
    GREFFE__NEEDED_TO_INSTRUCT = 2,
    GREFFE__NEEDED_TO_PAY = 3
} greffe__needed_to;

typedef struct greffe__document_def {
    greffe__str id, label;
    greffe__strs accept; /* media types */
    int64_t max_bytes;
    uint32_t needed_to;
    bool optional;
    const greffe__program *when; /* NULL: always */
    greffe__strs see;            /* as of a section */
} greffe__document_def;

/* --- Values --- */

typedef struct greffe__dated_program {
    bool always;  /* no beginning */
    int64_t from; /* civil date in days */
    greffe__program program;
    uint32_t rows;  /* of a decision table: its rules */
    bool otherwise; /* of a decision table: it says what it gives when none fires */
} greffe__dated_program;

typedef struct greffe__dated_programs {
    greffe__dated_program *at;
    uint32_t count, capacity;
} greffe__dated_programs;

typedef struct greffe__value_def {
    greffe__str name;
    greffe__dated_programs rules; /* ascending */
    bool by_today;                /* dated by the day of evaluation; default: by the filing */
    greffe__str frozen_at;        /* moment, or empty */
} greffe__value_def;

/* What an expression may read; a slot is a position in the plan's list. */
typedef enum greffe__slot_kind {
    GREFFE__SLOT_FIELD = 1,   /* name: the field's path */
    GREFFE__SLOT_VALUE = 2,   /* name: the value's */
    GREFFE__SLOT_MOMENT = 3,  /* name: step.outcome, step.done: has it happened? */
    GREFFE__SLOT_WAITING = 4, /* name: the step's */
    GREFFE__SLOT_DATE = 5,    /* name: the step's: the civil date on which it was done, or null */
    GREFFE__SLOT_ITEM = 6     /* name: of the step whose item it is */
} greffe__slot_kind;

typedef struct greffe__slot {
    uint32_t kind;
    greffe__str name;
} greffe__slot;

/* --- Time --- */

typedef enum greffe__unit {
    GREFFE__UNIT_DAYS = 1,
    GREFFE__UNIT_WORKING_DAYS = 2,
    GREFFE__UNIT_WEEKS = 3,
    GREFFE__UNIT_MONTHS = 4,
    GREFFE__UNIT_YEARS = 5,
    GREFFE__UNIT_HOURS = 6
} greffe__unit;

/* A length of time; count 0 means none. */
typedef struct greffe__term {
    uint32_t count, unit;
} greffe__term;

typedef enum greffe__means {
    GREFFE__MEANS_REJECTION = 1,
    GREFFE__MEANS_ACCEPTANCE = 2
} greffe__means;

typedef struct greffe__clock_def {
    greffe__str name;
    greffe__str from;         /* moment */
    greffe__strs until;       /* moments that stop it */
    greffe__str paused_while; /* a step whose wait suspends it, or empty */
    greffe__term within, warn;
    uint32_t means;
    uint32_t then; /* node */
    greffe__str because;
} greffe__clock_def;

/* --- The graph --- */

typedef enum greffe__primitive {
    GREFFE__P_TASK = 1,   /* somebody completes it with an outcome */
    GREFFE__P_WAIT = 2,   /* for a supply, a message, or an instant */
    GREFFE__P_CHOOSE = 3, /* the first edge whose guard holds */
    GREFFE__P_FORK = 4,   /* opens its scopes; joins them */
    GREFFE__P_EACH = 5,   /* opens its scope once for each item; joins them */
    GREFFE__P_EFFECT = 6, /* leaves through the outbox */
    GREFFE__P_ASK = 7,    /* asks a port, awaits its outcome */
    GREFFE__P_END = 8,    /* of the dossier */
    GREFFE__P_EXIT = 9    /* of the scope, with an outcome */
} greffe__primitive;

typedef enum greffe__port {
    GREFFE__PORT_NONE = 0,
    GREFFE__PORT_BOARD = 1,   /* a session decides: granted, refused, postponed */
    GREFFE__PORT_RESERVE = 2, /* allotment: reserved, unfunded */
    GREFFE__PORT_COMMIT = 3,  /* allotment: committed */
    GREFFE__PORT_ORDER = 4,   /* payment: paid, rejected, unknown */
    GREFFE__PORT_CALL = 5     /* a declared service: its outcomes */
} greffe__port;

typedef struct greffe__edge {
    greffe__str outcome;
    uint32_t target;              /* node */
    bool done;                    /* leaving here finishes the step with this outcome */
    const greffe__program *guard; /* of a choice, or of what a person may choose; or NULL */
    greffe__u32s fill;            /* fields filled in with this outcome */
    greffe__str label, message;   /* message: why a person may not choose it */
} greffe__edge;

typedef struct greffe__edges {
    greffe__edge *at;
    uint32_t count, capacity;
} greffe__edges;

/* What a called service is given. */
typedef struct greffe__argument {
    greffe__str name;
    greffe__program program;
} greffe__argument;

typedef struct greffe__arguments {
    greffe__argument *at;
    uint32_t count, capacity;
} greffe__arguments;

typedef struct greffe__plan_node {
    greffe__str path; /* stable: completude, completude/waiting */
    uint32_t op, step, scope;
    greffe__edges edges;
    greffe__u32s roles; /* positions of roles that may act */
    greffe__term within, remind;
    greffe__str expired; /* the edge's outcome when `within` ends; "expired" */
    greffe__str template_name;
    greffe__str channel; /* of an effect: "mail" */
    bool awaited;        /* an effect whose delivery is awaited */
    bool supply;         /* a wait that the applicant's supply ends */
    greffe__str message; /* a wait that a message of this name ends */
    uint32_t port;
    greffe__str budget, amount;        /* allotment, value */
    const greffe__program *account;    /* of a payment, or NULL */
    const greffe__program *expression; /* the list of each; the instant of a wait; or NULL */
    greffe__str board, service;
    greffe__u32s scopes;    /* of a fork or each */
    uint32_t join;          /* how many must finish; 0: all */
    bool sealed;            /* nothing interrupts it */
    greffe__str outcome;    /* of an end or exit */
    uint32_t limit;         /* items of each */
    greffe__arguments with; /* of a call */
} greffe__plan_node;

typedef enum greffe__step_kind {
    GREFFE__KIND_SUBMISSION = 1,
    GREFFE__KIND_COMPLETENESS = 2,
    GREFFE__KIND_INSTRUCTION = 3,
    GREFFE__KIND_DECISION = 4,
    GREFFE__KIND_DELIBERATION = 5,
    GREFFE__KIND_NOTIFICATION = 6,
    GREFFE__KIND_PAYMENT = 7,
    GREFFE__KIND_TASK = 8,
    GREFFE__KIND_CHOOSE = 9,
    GREFFE__KIND_WAIT = 10,
    GREFFE__KIND_END = 11,
    GREFFE__KIND_PARALLEL = 12,
    GREFFE__KIND_EACH = 13,
    GREFFE__KIND_CALL = 14
} greffe__step_kind;

typedef struct greffe__step {
    greffe__str id, title, shown;
    uint32_t kind, entry, scope; /* entry: node */
    greffe__strs see; /* roles that see what is filled in here; empty: all agents', and of a
                         decision the applicant */
} greffe__step;

typedef struct greffe__scope {
    greffe__str path; /* empty: the root */
    uint32_t parent, entry;
} greffe__scope;

/* --- Promises --- */

typedef enum greffe__pattern {
    GREFFE__BEFORE_ALWAYS = 1,
    GREFFE__AFTER_ALWAYS = 2,
    GREFFE__NEVER = 3,
    GREFFE__AT_MOST_ONCE = 4,
    GREFFE__DIFFERENT_PEOPLE = 5
} greffe__pattern;

typedef struct greffe__guarantee {
    uint32_t pattern;
    greffe__strs what; /* moments or steps */
    greffe__str because;
} greffe__guarantee;

typedef struct greffe__once {
    greffe__str key; /* field */
    greffe__term every;
    greffe__str claimed; /* moment */
} greffe__once;

typedef struct greffe__retention {
    greffe__str outcome; /* of the end, or empty for all others */
    greffe__term keep;
} greffe__retention;

/* A letter, in the small template language of engine/effects. */
typedef struct greffe__letter {
    greffe__str name, subject, body;
} greffe__letter;

#define GREFFE__LIST_TYPE(name, type)                                                              \
    typedef struct name {                                                                          \
        type *at;                                                                                  \
        uint32_t count, capacity;                                                                  \
    } name

GREFFE__LIST_TYPE(greffe__roles, greffe__role);
GREFFE__LIST_TYPE(greffe__boards, greffe__board);
GREFFE__LIST_TYPE(greffe__allotment_defs, greffe__allotment_def);
GREFFE__LIST_TYPE(greffe__sections, greffe__section);
GREFFE__LIST_TYPE(greffe__field_defs, greffe__field_def);
GREFFE__LIST_TYPE(greffe__document_defs, greffe__document_def);
GREFFE__LIST_TYPE(greffe__value_defs, greffe__value_def);
GREFFE__LIST_TYPE(greffe__slots, greffe__slot);
GREFFE__LIST_TYPE(greffe__clock_defs, greffe__clock_def);
GREFFE__LIST_TYPE(greffe__plan_nodes, greffe__plan_node);
GREFFE__LIST_TYPE(greffe__steps, greffe__step);
GREFFE__LIST_TYPE(greffe__scopes, greffe__scope);
GREFFE__LIST_TYPE(greffe__guarantees, greffe__guarantee);
GREFFE__LIST_TYPE(greffe__retentions, greffe__retention);
GREFFE__LIST_TYPE(greffe__letters, greffe__letter);

typedef struct greffe__plan {
    uint32_t semantics;
    greffe__str procedure, authority;
    greffe__str prefix; /* of dossiers' numbers: VELO */
    greffe__roles roles;
    greffe__boards boards;
    greffe__allotment_defs allotments;
    greffe__sections sections;
    greffe__field_defs fields;
    greffe__document_defs documents;
    greffe__value_defs values;
    greffe__slots slots;
    greffe__clock_defs clocks;
    greffe__steps steps;
    greffe__scopes scopes;
    greffe__plan_nodes nodes;
    greffe__guarantees guarantees;
    greffe__once once;
    greffe__retentions retention;
    uint32_t holidays;
    greffe__i64s closed; /* further closed days */
    greffe__str zone;    /* IANA name */

    /* Not part of the pinned hash: versioned apart. */
    greffe__str title, authority_title, contact, appeal, redirect;
    bool opens, closes;
    int64_t open_from, open_until; /* civil dates, both included */
    greffe__letters letters;
} greffe__plan;

extern const greffe__shape greffe__plan_shape, greffe__board_shape;

/* --- Bundle --- */

/* A bundle's bytes: {1: "greffe bundle", 2: format, 3: plan, 4: pinned hash, 5: verdict}. */
typedef struct greffe__bundle {
    greffe__str magic;
    uint32_t format;
    greffe__str verdict; /* what the check found, in words */
    greffe__str pinned;  /* 32 bytes: the hash of what changes behaviour */
    greffe__plan plan;
} greffe__bundle;

/* Writes the bundle of a plan; the same plan always gives the same bytes. */
void greffe__bundle_write(greffe__buf *out, const greffe__plan *plan, const char *verdict);
/* Reads and checks every index and hash, unless it is `trusted`: written here a moment ago.
 * GREFFE_ECORRUPT, GREFFE_EVERSION, GREFFE_ENOMEM. Strings are borrowed from the bytes. */
greffe_status greffe__bundle_read(greffe__bundle *out, greffe__arena *arena, greffe__str bytes,
                                  bool trusted);
greffe__hash *greffe__plan_hash(greffe__hash *out, const greffe__plan *plan,
                                greffe_context *context);

/* --- Accessors --- */

uint32_t greffe__plan_node_at(const greffe__plan *plan, greffe__str path);
uint32_t greffe__plan_step_at(const greffe__plan *plan, greffe__str id);
uint32_t greffe__plan_role_at(const greffe__plan *plan, greffe__str id);
uint32_t greffe__plan_field_at(const greffe__plan *plan, greffe__str path);
uint32_t greffe__plan_section_at(const greffe__plan *plan, greffe__str id);
uint32_t greffe__plan_document_at(const greffe__plan *plan, greffe__str id);
uint32_t greffe__plan_value_at(const greffe__plan *plan, greffe__str name);
uint32_t greffe__plan_clock_at(const greffe__plan *plan, greffe__str name);
uint32_t greffe__plan_board_at(const greffe__plan *plan, greffe__str id);
/* What the engine itself sends elsewhere is no letter's way. */
bool greffe__is_own_channel(greffe__str channel);
/* Moments are written step.outcome: whether this is one of the step, and whether it is this one. */
bool greffe__moment_of(greffe__str moment, greffe__str step);
bool greffe__moment_is(greffe__str moment, greffe__str step, const char *outcome);
/* How many of a block's `total` branches or items have to finish. */
uint32_t greffe__node_needs(const greffe__plan_node *node, uint32_t total);
/* Whether a token stays at a node of this kind until something comes; of blocks their branches
 * decide. */
bool greffe__node_waits(const greffe__plan_node *node);
/* Whether a scope lies in another, or is it. */
bool greffe__scope_within(const greffe__plan *plan, uint32_t scope, uint32_t outer);
const greffe__edge *greffe__node_edge(const greffe__plan_node *node, greffe__str outcome);
greffe__calendar greffe__plan_calendar(const greffe__plan *plan);
/* "submission", "completeness"… and the other way; 0 when unknown. */
const char *greffe__step_kind_name(uint32_t kind);
uint32_t greffe__step_kind_named(greffe__str name);
const char *greffe__data_type_name(uint32_t type);
uint32_t greffe__data_type_named(greffe__str name);
/* The civil date that a term after `days` ends on, before any rolling. */
int64_t greffe__term_add(const greffe__calendar *calendar, int64_t days, greffe__term term,
                         int sign);

#ifdef __cplusplus
}
#endif
#endif
