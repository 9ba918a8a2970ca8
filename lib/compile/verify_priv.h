/* Inside the compile room: the proof of a finished plan.
 *
 * The plan becomes a net: places of one token in each open scope, and facts that guards and
 * promises ask for (what happened, which clock runs, in which segment an answer lies). All its
 * states are visited, within a budget. Answers are only told apart where a guard asks for them,
 * and forgotten once none does any more; branches that do not ask after each other run one after
 * the other, each as far as it pleases. So a procedure that forks twenty times has not a million
 * states. */
#ifndef GREFFE_COMPILE_VERIFY_PRIV_H
#define GREFFE_COMPILE_VERIFY_PRIV_H

#include "base/limits.h"
#include "compile/compile_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Facts --- */

/* What a fact of a name says besides a segment, which is counted from 1. */
enum { GREFFE__ANY = 0, GREFFE__PRESENT = 255, GREFFE__MOST_SEGMENTS = 254 };
/* What the fact of a list says. */
enum { GREFFE__LIST_UNKNOWN = 0, GREFFE__LIST_EMPTY = 1, GREFFE__LIST_FULL = 2 };
/* What a fact of a clock says. */
enum { GREFFE__CLOCK_FRESH = 0, GREFFE__CLOCK_RUNS = 1, GREFFE__CLOCK_OVER = 2 };

typedef enum greffe__effect_op {
    GREFFE__FX_SET,   /* the fact becomes the value */
    GREFFE__FX_START, /* a clock that never ran runs */
    GREFFE__FX_STOP,  /* one that runs is over */
    GREFFE__FX_CHECK, /* the rule is broken where the fact is the value */
    GREFFE__FX_ALL    /* the rule is broken where all its facts are 1 */
} greffe__effect_op;

/* What happens to the facts at an occasion, one after the other. */
typedef struct greffe__effect {
    uint8_t op, value;
    uint16_t rule;
    uint32_t fact;
    uint32_t before, next; /* of the same occasion, or GREFFE__NONE */
} greffe__effect;

/* When a moment comes, a node is entered, a clock ends. */
typedef struct greffe__occasion {
    uint32_t first, last;
} greffe__occasion;

/* A name that guards ask for, and where a state keeps what is known of it. */
typedef struct greffe__known {
    uint32_t kind;    /* greffe__slot_kind */
    uint32_t fact;    /* of a field, a frozen value, a moment; GREFFE__NONE: nothing is kept */
    uint32_t step;    /* of step.waiting and step.date */
    uint32_t segment; /* of a value that is always the same, else GREFFE__NONE */
    uint32_t null;    /* the segment that is null, or GREFFE__NONE */
    uint32_t applies; /* the condition under which a field is asked for, or GREFFE__NONE */
    uint32_t among;   /* of step.waiting: the scope of the items that may wait, or GREFFE__NONE */
    bool optional;    /* it may be left out even then */
    bool read;        /* it has segments that say all, and not too many */
} greffe__known;

/* --- Rules: what must not happen on any way --- */

typedef struct greffe__rule {
    greffe__code code;
    const greffe__node *node; /* where it is told */
    greffe__str of;           /* what it is about, for its words */
    greffe__str other;
    greffe__u32s facts; /* of FX_ALL */
    uint32_t pattern;   /* of a guarantee */
} greffe__rule;

typedef struct greffe__rules {
    greffe__rule *at;
    uint32_t count, capacity;
} greffe__rules;

/* --- States --- */

typedef enum greffe__move_kind {
    GREFFE__MOVE_BEGIN,
    GREFFE__MOVE_EDGE,
    GREFFE__MOVE_CLOCK, /* node: the clock */
    GREFFE__MOVE_REST,  /* a branch goes no further before something ends its block */
    GREFFE__MOVE_JOIN,  /* the last item of `each` is done */
    GREFFE__MOVE_AGAIN, /* another item of `each` begins */
    GREFFE__MOVE_OTHER, /* another item of `each` has come to a moment: guessed */
    GREFFE__MOVE_KNOW   /* nothing moves: answers that leave no outcome open are told apart */
} greffe__move_kind;

typedef struct greffe__move {
    uint8_t kind;
    bool guessed; /* a guard was not read: it may hold, or not */
    uint32_t node, edge;
    uint32_t way;  /* of answers to what its guards ask */
    uint32_t fill; /* of what is filled in with it */
} greffe__move;

/* A move with the state that it begins in. */
typedef struct greffe__moved {
    uint32_t from;
    greffe__move move;
} greffe__moved;

typedef struct greffe__moves {
    greffe__moved *at;
    uint32_t count, capacity;
} greffe__moves;

/* What an item does that items of the same `each` ask after: an edge makes a fact. */
typedef struct greffe__shared {
    uint32_t each, edge, fact;
    uint8_t value;
} greffe__shared;

typedef struct greffe__shareds {
    greffe__shared *at;
    uint32_t count, capacity;
} greffe__shareds;

/* From a state to one that follows. */
typedef struct greffe__arrow {
    uint32_t from, to;
    uint32_t node; /* whose outcome is taken, or GREFFE__NONE */
} greffe__arrow;

typedef struct greffe__proof {
    greffe__definition *d;
    const greffe__plan *plan;
    greffe__arena *arena;
    greffe__conditions *conditions;
    const greffe__names *names;
    greffe__known *known;     /* of each name */
    uint32_t *applies;        /* of each field: a condition, or GREFFE__NONE */
    greffe__u32s form_fields; /* fields that no step fills in */
    greffe__u32s lists;       /* the nodes of `each` whose list is made of fields alone */
    uint32_t *list_facts;     /* of each of them: whether its list is empty; else GREFFE__NONE */
    uint32_t *field_names;    /* of each field: its name among them, or GREFFE__NONE */

    uint32_t fact_count;
    greffe__u32s clock_facts; /* of each clock */
    struct {
        greffe__effect *at;
        uint32_t count, capacity;
    } effects;
    greffe__map moment_index; /* of the moments that matter */
    struct {
        greffe__occasion *at;
        uint32_t count, capacity;
    } moments;
    greffe__u32s moment_facts;  /* of each: that it has happened, or GREFFE__NONE */
    greffe__occasion *entering; /* of each node */
    greffe__occasion *firing;   /* of each clock */
    uint32_t *edge_base;        /* of each node: the first of its edges in the two lists below */
    uint32_t *edge_moments;     /* two of each edge, or GREFFE__NONE */
    uint32_t *guards;           /* of each edge: a condition, or GREFFE__NONE */
    uint64_t *live;             /* of each node: the facts that may still be asked for */
    uint64_t *live_held; /* the same of a token there; of a block, while its branches go on */
    uint32_t words;      /* of such a set */
    bool *tied;          /* of each node: branches of its block ask after each other */
    greffe__shareds shared;
    uint32_t *block_of; /* of each scope: the node that opens it, or GREFFE__NONE */
    greffe__rules rules;
    bool failed; /* no memory */

    /* The states that were reached. */
    uint32_t size;  /* of one: a place for each scope, two bytes each, then the facts */
    uint32_t *keys; /* of all states: index << 16 | value of each place and fact that is not 0 */
    uint32_t key_count, key_room;
    uint32_t *key_at;  /* of each state, and one past the last: where its key begins */
    uint32_t *packed;  /* the key of a state that is looked for */
    uint8_t *unpacked; /* the state that was asked for last */
    uint32_t count, room;
    uint32_t *table, mask;
    uint32_t *parents;
    greffe__move *moves;
    struct {
        greffe__arrow *at;
        uint32_t count, capacity;
    } arrows;
    bool *node_seen, *edge_taken;
    bool coarse; /* answers are not kept: there are more ways than a dossier may go */
    bool spent;  /* there are more states than are looked at */

    /* What was found: for each rule, the state before it and the move that breaks it. */
    uint32_t *broken_at;
    greffe__move *broken_by;
    bool *ends; /* of each state: an end can be reached from it */
    struct greffe__held {
        uint32_t from, state;
        greffe__move move;
    } * held; /* tasks whose outcomes are all closed, for now or for ever */
    uint32_t held_count, held_room;
    uint32_t *stuck_at; /* of each node: a state in which no way leads on, or GREFFE__NONE */
    greffe__move *stuck_by;
    bool *maybe_stuck; /* of each node: where a guard could not be read */
    uint32_t caught;   /* the first state from which no end can be reached, or GREFFE__NONE */
} greffe__proof;

enum { GREFFE__PLACE_NONE = 0, GREFFE__PLACE_DONE = 0xFFFF, GREFFE__PLACE_REST = 0xFFFE };

/* Places are nodes, counted from 1. */
static inline uint32_t greffe__proof_place(const uint8_t *state, uint32_t scope)
{
    return (uint32_t)state[2 * scope] | (uint32_t)state[2 * scope + 1] << 8;
}
void greffe__proof_put(uint8_t *state, uint32_t scope, uint32_t place);
const uint8_t *greffe__proof_facts(const greffe__proof *p, const uint8_t *state);
/* It lives until the next one is asked for. */
const uint8_t *greffe__proof_state(const greffe__proof *p, uint32_t index);
/* Writes it over the one that was loaded before, of which `open` is what this call left there: the
 * scopes that have a place, ascending. */
void greffe__proof_load(const greffe__proof *p, uint32_t index, uint8_t *state, greffe__u32s *open);
/* Where the token of the whole stands; whether a branch is at rest. */
const greffe__plan_node *greffe__proof_root(const greffe__proof *p, uint32_t index);
bool greffe__proof_rests(const greffe__proof *p, uint32_t index);
/* Whether a token stands at a node. */
bool greffe__proof_stands(const greffe__proof *p, uint32_t index, uint32_t node);
/* Keeps a state that a move leads to, whose open scopes are given, and the arrow; which it is.
 * GREFFE__NONE without memory, or past the limits: then the proof has failed, or is spent. */
uint32_t greffe__proof_reach(greffe__proof *p, const uint8_t *state, const greffe__u32s *open,
                             uint32_t from, const greffe__move *move);

/* In this order; each false without memory. */
bool greffe__proof_net(greffe__proof *p);     /* the facts that guards and clocks ask for */
bool greffe__proof_rules(greffe__proof *p);   /* guarantees, and what holds for every procedure */
void greffe__proof_letters(greffe__proof *p); /* what letters name */
bool greffe__proof_live(greffe__proof *p);    /* which facts are asked for from where on */
bool greffe__proof_explore(greffe__proof *p);
bool greffe__proof_ends(greffe__proof *p); /* of what was explored: who is caught */
void greffe__proof_tell(greffe__proof *p);

/* A new fact, 0 at first. */
uint32_t greffe__proof_fact(greffe__proof *p);
/* The fact that a moment has happened. */
uint32_t greffe__proof_happened(greffe__proof *p, greffe__str moment);
/* The moment's occasion, made when there is none; NULL without memory. It moves when another is
 * made. */
greffe__occasion *greffe__proof_occasion(greffe__proof *p, greffe__str moment);
void greffe__proof_add(greffe__proof *p, greffe__occasion *occasion, greffe__effect effect);
/* The moments of an edge, which a step that is done reaches: `done`, and its outcome. */
bool greffe__proof_reaches(const greffe__proof *p, uint32_t node, const greffe__edge *edge,
                           greffe__str moment);

/* The node of a scope's token; NULL: it has none that moves. */
const greffe__plan_node *greffe__proof_token(const greffe__proof *p, const uint8_t *state,
                                             uint32_t scope);
/* Whether the ways on from a node are asked for: a choice, or outcomes with conditions. */
bool greffe__proof_guarded(const greffe__proof *p, uint32_t node);
/* Whether a step is waiting. */
bool greffe__proof_waits(const greffe__proof *p, const uint8_t *state, uint32_t step);
/* Whether a condition is about names whose segments say all in a state. */
bool greffe__proof_reads(const greffe__proof *p, const uint8_t *state, uint32_t condition);

/* What a node's guards ask for in a state: names, and in how many ways they may be answered. */
typedef struct greffe__asked {
    uint32_t names[GREFFE_MAX_ASKED], count;
    uint32_t ways; /* 0: too many to look at */
} greffe__asked;
void greffe__proof_ask(greffe__asked *out, const greffe__proof *p, const uint8_t *state,
                       uint32_t node);
/* The same of what is filled in with an edge, as its guard asks for it. */
void greffe__proof_ask_fill(greffe__asked *out, const greffe__proof *p, const uint8_t *state,
                            uint32_t node, uint32_t edge);
/* The segments of one of the ways, in the order of the names. */
void greffe__proof_way(uint32_t *segments, const greffe__proof *p, const uint8_t *state,
                       const greffe__asked *asked, uint32_t way);
/* Whether citizens file it: then what they are due holds on every way, unless it is waived. */
bool greffe__is_public(const greffe__plan *plan);
/* Reports, unless the file waives it. */
void greffe__proof_report(greffe__proof *p, greffe__code code, const greffe__node *node,
                          greffe__str story, const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* What needs no states: duties of law, and waivers. */
void greffe__verify_duties(greffe__proof *p);
void greffe__verify_partial(greffe__proof *p); /* what may have no value */
/* Whether who chooses this outcome must say why: it refuses. */
bool greffe__gives_reasons(const greffe__plan *plan, const greffe__edge *edge);
/* Whether the text of a letter has a place for a fact. */
bool greffe__letter_names(const greffe__plan *plan, greffe__str letter, const char *name);
void greffe__verify_waivers(greffe__definition *d);

/* A field is filled in with what is not known: in the facts of a state. */
void greffe__proof_fill(const greffe__proof *p, uint8_t *state, uint32_t field);

/* What a way is said to show. */
typedef struct greffe__goal {
    greffe__code code;
    const char *kind;         /* "no case", "stuck", "caught", "broken" */
    uint32_t state;           /* the way to it is told */
    const greffe__move *last; /* with this move at its end, or NULL */
    uint32_t node;            /* where it ends, or GREFFE__NONE */
    const char *pattern;      /* "before" or "after" of a guarantee, or NULL */
    greffe__str of, other;    /* what it is about */
    greffe__str story;
} greffe__goal;
/* The way as JSON, for greffe_replay_fn; empty without memory. */
greffe__str greffe__proof_trace(greffe__proof *p, const greffe__goal *goal);

/* "demandeur files; the Bureau refuses": the way to a state, and the move that follows. */
greffe__str greffe__proof_story(const greffe__proof *p, uint32_t state, const greffe__move *last);
/* "velo.prix = 400": what a move from a state takes for granted. */
greffe__str greffe__proof_values(const greffe__proof *p, uint32_t state, const greffe__move *move);

#ifdef __cplusplus
}
#endif
#endif
