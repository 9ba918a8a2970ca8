/* Inside the compile room: the typed definition of a procedure, between YAML and plan, and the
 * one mechanism that binds it.
 *
 * Binding is driven by tables of keys: each says a key's type, whether it is required, for which
 * kinds of step it is meant, where it goes, and what it means. */
#ifndef GREFFE_COMPILE_COMPILE_PRIV_H
#define GREFFE_COMPILE_COMPILE_PRIV_H

#include <greffe/compile.h>

#include "plan/plan.h"
#include "text/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- The mechanism --- */

typedef enum greffe__key_type {
    GREFFE__K_TEXT,  /* greffe__str: a title, label or message */
    GREFFE__K_NAME,  /* greffe__ref: the id of something */
    GREFFE__K_NAMES, /* greffe__refs: one id, or a list of them */
    GREFFE__K_WORD,  /* uint32_t: one of `words`, counted from 1 */
    GREFFE__K_WORDS, /* greffe__strs: one text, or a list of them, read raw */
    GREFFE__K_BOOL,
    GREFFE__K_UINT,   /* uint32_t */
    GREFFE__K_SCALAR, /* greffe__ref: any scalar, read raw by what comes after */
    GREFFE__K_DATE,   /* greffe__maybe_date */
    GREFFE__K_TERM,   /* greffe__term: 2 months, 5 working days */
    GREFFE__K_EXPR,   /* const greffe__node *: an expression, compiled later */
    GREFFE__K_NODE    /* const greffe__node *: bound by code of its own */
} greffe__key_type;

typedef struct greffe__ref {
    greffe__str id;
    const greffe__node *node; /* NULL: absent */
} greffe__ref;

typedef struct greffe__refs {
    greffe__ref *at;
    uint32_t count, capacity;
} greffe__refs;

typedef struct greffe__maybe_date {
    bool given;
    int64_t days;
} greffe__maybe_date;

typedef struct greffe__key {
    const char *name;
    uint8_t type;
    bool required;
    uint16_t offset;
    uint32_t kinds;           /* of step, as bits; 0: all */
    const char *const *words; /* of K_WORD; NULL-terminated */
    const char *doc;          /* one line, for editors and the reference */
} greffe__key;

typedef struct greffe__keys {
    const char *what; /* "a role", for messages */
    const greffe__key *at;
    uint32_t count;
} greffe__keys;

typedef struct greffe__binder {
    greffe_context *context;
    greffe__arena *arena;
    greffe_diags *diags;
    const greffe__doc *doc; /* the file being bound */
} greffe__binder;

/* All tables, for whoever reads them too: (schema.c) what editors know of the language. */
extern const greffe__keys greffe__keys_authority, greffe__keys_calendar, greffe__keys_board,
    greffe__keys_authority_service, greffe__keys_allotment, greffe__keys_field,
    greffe__keys_section, greffe__keys_procedure, greffe__keys_open, greffe__keys_role,
    greffe__keys_document, greffe__keys_rule, greffe__keys_value, greffe__keys_once,
    greffe__keys_clock, greffe__keys_guarantee, greffe__keys_waiver, greffe__keys_service,
    greffe__keys_step, greffe__keys_outcome, greffe__keys_case, greffe__keys_table,
    greffe__keys_version, greffe__keys_reserve, greffe__keys_site, greffe__keys_payer,
    greffe__keys_account, greffe__keys_destination;

/* Fills `out` from a mapping; faults are reported, and what is right is kept. `kind` is the kind
 * of step whose keys count, or 0. */
void greffe__bind(greffe__binder *b, const greffe__keys *keys, const greffe__node *mapping,
                  uint32_t kind, void *out);
/* Reports at a node, with a format. */
void greffe__complain(greffe__binder *b, greffe__code code, const greffe__node *node,
                      const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* "did you mean x?" from a list of candidates, or `otherwise`. */
const char *greffe__did_you_mean(greffe__binder *b, greffe__str word, const char *const *words,
                                 const char *otherwise);
/* Reports an expression that YAML took for a list or a mapping, and shows it in quotes. */
void greffe__taken_for_list(greffe__binder *b, const greffe__node *node);
/* Checks the shape; reports when it is another. */
bool greffe__expect_mapping(greffe__binder *b, const greffe__node *node, const char *what);
/* The key at `at` of a flow mapping is the rest of a text that a comma cut. */
bool greffe__cut_by_comma(const greffe__node *mapping, uint32_t at);
bool greffe__check_id(greffe__binder *b, const greffe__node *node);
bool greffe__read_term(greffe__term *out, greffe__str text);
bool greffe__read_money(greffe__dec *out, greffe__str text);

/* --- The definition --- */

typedef struct greffe__field_source {
    const greffe__node *node; /* its mapping */
    const greffe__doc *doc;
    greffe__field_def def;
    const greffe__node *when, *must;
} greffe__field_source;

typedef struct greffe__section_source {
    greffe__str id, title;
    const greffe__node *node, *see;
    const greffe__doc *doc;
    struct {
        greffe__field_source *at;
        uint32_t count, capacity;
    } fields;
} greffe__section_source;

typedef struct greffe__section_sources {
    greffe__section_source *at;
    uint32_t count, capacity;
} greffe__section_sources;

typedef struct greffe__branch {
    greffe__ref outcome;
    const greffe__node *when; /* of a choice */
    const greffe__node *must; /* of what a person chooses */
    greffe__str message;      /* what they read when it is not so */
    greffe__ref target;
    greffe__section_source fill;
} greffe__branch;

typedef struct greffe__step_def {
    greffe__str id;
    const greffe__node *node;
    uint32_t kind;
    greffe__str title, shown;
    greffe__refs by;
    greffe__ref to, letter, channel, board, budget, amount, service, message, outcome;
    greffe__ref otherwise_ref, item;
    const greffe__node *then, *cases, *account, *reserve, *branches, *steps, *of, *at, *with;
    const greffe__node *see;
    greffe__term within, remind;
    bool sealed;
    uint32_t limit, join;
    greffe__ref join_word;
    greffe__str because;
    uint32_t scope; /* in the plan */
    uint32_t plan_step;
    greffe__u32s scopes; /* of a block */
    struct {
        greffe__branch *at;
        uint32_t count, capacity;
    } outcomes;
    uint64_t taken; /* bits: which outcomes have an edge */
} greffe__step_def;

typedef struct greffe__step_defs {
    greffe__step_def **at;
    uint32_t count, capacity;
} greffe__step_defs;

typedef struct greffe__call_service {
    greffe__str id;
    bool declares_with; /* else it is given what the step says */
    greffe__strs with;  /* names, and the types of fields that they have */
    greffe__u32s types;
    greffe__section_source gives;
    greffe__strs outcomes; /* besides answered and expired */
    greffe__term within;
} greffe__call_service;

typedef struct greffe__call_services {
    greffe__call_service *at;
    uint32_t count, capacity;
} greffe__call_services;

typedef struct greffe__nodes {
    const greffe__node **at;
    uint32_t count, capacity;
} greffe__nodes;

/* What the author lets pass, in words and until a day. */
typedef struct greffe__waiver {
    const greffe__node *node;
    greffe__str rule; /* its code: GR-4206 */
    int64_t until;    /* civil date in days, included */
    bool used;
} greffe__waiver;

typedef enum greffe__thing {
    GREFFE__THING_ROLE = 1,
    GREFFE__THING_BOARD,
    GREFFE__THING_SECTION,
    GREFFE__THING_STEP,
    GREFFE__THING_VALUE,
    GREFFE__THING_CLOCK,
    GREFFE__THING_ALLOTMENT,
    GREFFE__THING_SERVICE,
    GREFFE__THING_DOCUMENT,
    GREFFE__THING_CALL
} greffe__thing;

typedef struct greffe__named {
    greffe__str id;
    greffe__thing thing;
    uint32_t index;
} greffe__named;

typedef struct greffe__definition {
    greffe__binder binder;
    greffe__plan *plan;
    greffe__doc procedure, authority;
    size_t errors_before; /* that the collector held already */
    const greffe_compile_options *options;
    bool reaches_proof;             /* nothing else is wrong with it */
    greffe_plan *as_it_is;          /* frozen for greffe_replay_fn, or NULL */
    greffe__section_sources shared; /* sections of the authority */
    greffe__step_defs steps;        /* of all scopes, in the order of the file */
    greffe__strs services;          /* of the authority */
    greffe__call_services calls;    /* declared services of call steps */
    struct {
        greffe__named *at;
        uint32_t count, capacity;
    } names;
    greffe__map name_index;
    greffe__map field_index; /* by path */
    greffe__u32s exits;      /* of each scope: the node that finishes its branch, or GREFFE__NONE */
    struct {
        struct greffe__value_source {
            uint32_t value, rule;
            const greffe__node *node;        /* of an expression */
            struct greffe__table_def *table; /* or a table */
        } * at;
        uint32_t count, capacity;
    } value_sources;
    struct {
        struct greffe__field_pending {
            uint32_t field;
            const greffe__node *when, *must;
            const greffe__doc *doc;
        } * at;
        uint32_t count, capacity;
    } field_sources;
    struct {
        struct greffe__document_pending {
            uint32_t document;
            const greffe__node *when;
        } * at;
        uint32_t count, capacity;
    } document_sources;
    struct {
        struct greffe__fixup {
            uint32_t node, edge;
            greffe__ref target;
            uint32_t scope;
        } * at;
        uint32_t count, capacity;
    } fixups; /* edges whose target is still a name */
    greffe__symbols symbols;
    struct {
        struct greffe__partial {
            const greffe__doc *doc;
            const greffe__node *node;
            greffe__str part;
        } * at;
        uint32_t count, capacity;
    } partials;                                 /* expressions of which a part may have no value */
    greffe__nodes guarantee_nodes, clock_nodes; /* of the plan's, in its order */
    struct {
        greffe__waiver *at;
        uint32_t count, capacity;
    } waivers;
} greffe__definition;

/* Adds to the one namespace; reports a name used twice. */
bool greffe__name_add(greffe__definition *d, const greffe__node *node, greffe__str id,
                      greffe__thing thing, uint32_t index);
/* The thing of that name, or NULL after a report. `node` is where the name stands. */
const greffe__named *greffe__name_find(greffe__definition *d, const greffe__node *node,
                                       greffe__str id, uint32_t wanted_things, const char *what);

/* (names.c) The step of this id, or GREFFE__NONE. */
uint32_t greffe__step_named(const greffe__definition *d, greffe__str id);
void greffe__bind_authority(greffe__definition *d, const greffe__doc *doc);
void greffe__bind_procedure(greffe__definition *d);
void greffe__bind_section(greffe__definition *d, const greffe__doc *doc, greffe__str id,
                          const greffe__node *node, greffe__section_source *out);
/* A section with its title and fields, as forms write it; false when it has no fields. */
bool greffe__bind_form_section(greffe__definition *d, greffe__str id, const greffe__node *node,
                               greffe__section_source *out);
/* A rule of a value, from a day on or always: an expression, or a table. */
bool greffe__add_rule(greffe__definition *d, uint32_t value, const greffe__node *expression,
                      struct greffe__table_def *table, bool always, int64_t from);
/* Rules that begin on days which ascend: each a mapping with `from` and what holds from then on. */
typedef struct greffe__dated {
    greffe__maybe_date from;
    const greffe__node *node;
} greffe__dated;
void greffe__bind_dated(greffe__definition *d, const greffe__keys *keys, const greffe__node *list,
                        void (*add)(greffe__definition *d, void *data, const greffe__node *node,
                                    int64_t from),
                        void *data);
/* A decision table; and its compiling and analysis, once all names above it are known. */
void greffe__bind_table(greffe__definition *d, const greffe__node *name, const greffe__node *node);
bool greffe__compile_table(greffe__definition *d, struct greffe__table_def *table,
                           greffe__dated_program *rule, greffe__type *type);
/* A table that was compiled, and the text that it is made of; empty: it has faults. And the node
 * that a part of that text stands in. */
greffe__str greffe__table_made(const struct greffe__table_def *table, greffe__boxed *out);
const greffe__node *greffe__table_part(const struct greffe__table_def *table, greffe__str text);
/* An outside service of the procedure. */
void greffe__bind_call_service(greffe__definition *d, const greffe__node *name,
                               const greffe__node *node);
/* Adds a section's fields to the plan under an owner's name. */
void greffe__add_fields(greffe__definition *d, const greffe__section_source *section,
                        greffe__str owner, bool optional, greffe__u32s *positions);
/* Reads and adds the steps of one block; `scope` is its position in the plan. */
void greffe__bind_steps(greffe__definition *d, const greffe__node *steps, uint32_t scope);

/* After all names are known. */
void greffe__make_symbols(greffe__definition *d);
bool greffe__compile_expression(greffe__definition *d, const greffe__doc *doc,
                                const greffe__node *node, const greffe__type *wanted,
                                greffe__program *out);
/* The same, and the type of what it gives. */
bool greffe__compile_typed(greffe__definition *d, const greffe__doc *doc, const greffe__node *node,
                           const greffe__type *wanted, greffe__program *out, greffe__type *type);
/* The roles that a `see` names; NULL names none. Once all roles are known. */
void greffe__read_see(greffe__definition *d, const greffe__node *see, greffe__strs *out);
/* The steps of a procedure that names none, in a document of their own, which is the binder's from
 * here on; NULL, with a diagnostic, when its roles do not allow it (default.c). */
const greffe__node *greffe__default_steps(greffe__definition *d, const greffe__node *where);
/* A file of the procedure's folder, from the host. */
/* (compile.c) The plan as its bundle has it. */
greffe_status greffe__freeze(greffe_plan **out, greffe__definition *d);
greffe_status greffe__read_file(greffe__definition *d, const char *name, greffe__str *out);
/* All letters into the plan (letters.c). */
void greffe__read_letters(greffe__definition *d);
void greffe__compile_expressions(greffe__definition *d);
/* Checks that a text is a moment of the procedure: step.outcome, step.done, or step. Gives its full
 * form (step alone means step.done). */
bool greffe__read_moment(greffe__definition *d, const greffe__node *node, greffe__str text,
                         greffe__str *out);
void greffe__bind_clocks(greffe__definition *d, const greffe__node *clocks);
void greffe__bind_guarantees(greffe__definition *d, const greffe__node *guarantees);
void greffe__bind_waivers(greffe__definition *d, const greffe__node *waivers);
/* Whether the file lets a rule pass; its waiver has been of use then. */
bool greffe__waives(greffe__definition *d, greffe__code code);

/* --- Lowering: kinds of step to primitives --- */

typedef struct greffe__lowering {
    greffe__definition *d;
    greffe__step_def *step;
    greffe__plan *plan;
} greffe__lowering;

/* Each kind's file has one of these: adds its nodes to the plan; edges name their targets as
 * steps until greffe__lower_all has all entries. */
typedef void (*greffe__lower_fn)(greffe__lowering *l);
void greffe__lower_submission(greffe__lowering *l);
void greffe__lower_completeness(greffe__lowering *l);
void greffe__lower_task(greffe__lowering *l); /* instruction, decision, task */
void greffe__lower_deliberation(greffe__lowering *l);
void greffe__lower_notification(greffe__lowering *l);
void greffe__lower_payment(greffe__lowering *l);
void greffe__lower_choose(greffe__lowering *l);
void greffe__lower_wait(greffe__lowering *l);
void greffe__lower_end(greffe__lowering *l);
void greffe__lower_block(greffe__lowering *l); /* parallel, each */
void greffe__lower_call(greffe__lowering *l);
void greffe__lower_all(greffe__definition *d);

/* A node of the step: `suffix` NULL for the one that bears the step's id. NULL without memory. */
greffe__plan_node *greffe__new_node(greffe__lowering *l, greffe__primitive op, const char *suffix);
uint32_t greffe__node_position(const greffe__lowering *l, const greffe__plan_node *node);
/* An edge inside the step, to a node that is known by its path's suffix. */
greffe__edge *greffe__inner_edge(greffe__lowering *l, uint32_t node, const char *outcome,
                                 uint32_t target);
/* An edge to where the author says this outcome leads; reports a required one that is missing.
 * With several outcomes in the file, each is taken once. */
greffe__edge *greffe__author_edge(greffe__lowering *l, uint32_t node, const char *outcome,
                                  bool required);
/* All outcomes that the author declared and that no edge has taken. */
void greffe__author_edges(greffe__lowering *l, uint32_t node);
/* Reports outcomes that this kind doesn't have. */
void greffe__check_outcomes(greffe__lowering *l, const char *const *known);
/* Reports an outcome that comes only with a key that the step does not have. */
void greffe__needs_key(greffe__lowering *l, const char *outcome, const char *key, const char *hint);
/* Reports a step that may not stand inside a block: a dossier is before one board, and paid by one
 * order, at a time. */
void greffe__only_at_top(greffe__lowering *l);
/* The roles of `by` as positions; reports those that are none. */
void greffe__step_roles(greffe__lowering *l, greffe__u32s *out);

/* --- Checks on the finished plan --- */

void greffe__verify_reach(greffe__definition *d);
/* All ways through the plan, once it has no other fault. */
void greffe__verify_proof(greffe__definition *d);

#ifdef __cplusplus
}
#endif
#endif
