/* Inside the run room: how events fold into each aggregate, and the decider's workbench. */
#ifndef GREFFE_RUN_RUN_PRIV_H
#define GREFFE_RUN_RUN_PRIV_H

#include "run/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Folding: one function an aggregate; false when the event does not fit the state --- */

bool greffe__apply_dossier(greffe__dossier *d, const greffe__event *e, greffe__arena *arena);
bool greffe__apply_session(greffe__session *s, const greffe__event *e, greffe__arena *arena);
bool greffe__apply_pending(greffe__pendings *list, const greffe__event *e, greffe__arena *arena);
bool greffe__add_person(greffe__persons *people, const greffe__event *e, greffe__arena *arena);
void greffe__remove_at(void *list, uint32_t index, size_t size);
bool greffe__push_str(greffe__strs *list, greffe__str text, greffe__arena *arena);

greffe__token *greffe__token_of(const greffe__dossier *d, uint32_t id);
greffe__clock *greffe__clock_of(const greffe__dossier *d, greffe__str name);
greffe__mark *greffe__mark_of(const greffe__dossier *d, greffe__str moment);
greffe__frozen *greffe__frozen_of(const greffe__dossier *d, greffe__str name);
greffe__ruling *greffe__ruling_of(const greffe__dossier *d, greffe__str table);
greffe__money *greffe__money_of(const greffe__dossier *d, greffe__str allotment);
/* What a step waits for in a scope, or NULL. */
greffe__ask *greffe__ask_of(const greffe__dossier *d, uint32_t scope, greffe__str step);
/* What was given last under a document's id, or NULL. */
greffe__document *greffe__document_of(const greffe__dossier *d, greffe__str id);
greffe__pending *greffe__pending_of(const greffe__pendings *list, greffe__str key);
greffe__scope_state *greffe__scope_of(const greffe__dossier *d, uint32_t id);
greffe__item *greffe__item_of(const greffe__session *s, greffe__str dossier);

/* --- The workbench of one decision --- */

typedef struct greffe__bench {
    greffe__world *world;
    const greffe__command *command;
    greffe__arena *arena;
    greffe__decision *out;
    bool stop; /* needs more, refused, or failed: unwind */
    greffe_status failure;
    greffe__stream *stream; /* the command's own */
    const greffe__plan *plan;
    const greffe__zone *zone;
    greffe__dossier *dossier;
    int64_t now_ms, today;
    uint32_t drawn;           /* values drawn from the seed */
    uint32_t passed;          /* nodes passed */
    greffe__str who;          /* the tag that moments are marked with */
    uint32_t scope;           /* in which expressions are evaluated and fields are filled in */
    const greffe__verb *verb; /* NULL: what is asked is a view */
    greffe__strs *fired;      /* rules of the table that is read, or NULL */
    greffe__str queue_reply;
} greffe__bench;

/* A bench over a world whose streams begin as they were loaded; and what came of it. */
void greffe__bench_begin(greffe__bench *b, greffe__decision *out, greffe__world *world,
                         const greffe__command *command, greffe__arena *arena);
greffe_status greffe__bench_end(greffe__bench *b, bool done);

/* Where a token stands in the bench's plan, or NULL: a token of NULL stands nowhere. */
const greffe__plan_node *greffe__node_of(const greffe__bench *b, const greffe__token *token);

/* Unwinding: each sets `stop` and returns false. */
bool greffe__need_more(greffe__bench *b, uint32_t need, uint32_t stream_kind, greffe__str key);
bool greffe__refuse(greffe__bench *b, greffe__code code, greffe_status status, const char *hint,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A stream with its state decoded for this decision; NULL after a need or failure. A stream that
 * does not exist has a zeroed state. */
greffe__stream *greffe__open_stream(greffe__bench *b, uint32_t kind, greffe__str key);
/* A list of keys among the arguments; refused when it is none. */
bool greffe__arg_keys(greffe__bench *b, const char *name, const greffe__value **out);
/* Asks at once for all streams of a list of keys that are not there yet. */
bool greffe__open_all(greffe__bench *b, uint32_t kind, const greffe__value *keys);
/* Records an event and folds it at once. */
bool greffe__emit(greffe__bench *b, greffe__stream *stream, greffe__event event);
/* Puts a value among the personal ones; fills ref and commitment of the event. */
bool greffe__keep_personal(greffe__bench *b, greffe__stream *stream, const char *class_name,
                           greffe__value value, greffe__event *event);
/* The personal value behind a reference; NULL after a need, or when it was erased. */
const greffe__value *greffe__personal_value(greffe__bench *b, greffe__stream *stream,
                                            greffe__str ref);
/* Names the actor in the stream, once; its tag is the command's. */
bool greffe__meet_actor(greffe__bench *b, greffe__stream *stream);
/* The plan that answers a need; NULL after asking for it. */
const greffe__known_plan *greffe__find_plan(greffe__bench *b, uint32_t need, greffe__str key);
/* Binds the bench to a plan: its zone gives today. */
void greffe__use_plan(greffe__bench *b, const greffe__known_plan *known);
/* Sets the bench's day to the command's own, once its dossier is known. */
bool greffe__count_from(greffe__bench *b);

/* Arguments of the command. The text of a required one is refused when missing. */
greffe__str greffe__arg(const greffe__bench *b, const char *name);
bool greffe__arg_needed(greffe__bench *b, const char *name, greffe__str *out);
bool greffe__arg_cents(greffe__bench *b, const char *name, int64_t *out);
/* A whole number, or its digits as a text; `*out` stays when there is none, and anything else is
 * refused. */
bool greffe__arg_whole(greffe__bench *b, const char *name, int64_t *out);
bool greffe__value_whole(const greffe__value *value, int64_t *out);
greffe__str greffe__cents_text(greffe__bench *b, int64_t cents);

/* --- Rights --- */

bool greffe__has_service(const greffe__bench *b, greffe__str service);
/* Whether the actor may act in a role on the bench's dossier; says why not. */
bool greffe__may_act(greffe__bench *b, uint32_t role);
bool greffe__check_people(greffe__bench *b, greffe__str step);
/* Each refuses who is not: the applicant, or an agent for one; anybody with a role here; an agent
 * with a role here, neither the applicant nor a delegate. */
bool greffe__is_applicant(greffe__bench *b);
bool greffe__takes_part(greffe__bench *b);
bool greffe__is_staff(greffe__bench *b);

/* --- Where the dossier waits (places.c) --- */

typedef struct greffe__place {
    greffe__token *token;
    const greffe__plan_node *node;
    greffe__task *task;
} greffe__place;

/* The open node of a step that is done by somebody; inside `each` the command names the item. */
bool greffe__find_place(greffe__bench *b, greffe__str step, greffe__primitive op,
                        greffe__place *out);
bool greffe__has_right(greffe__bench *b, const greffe__place *at);
/* A wait for the applicant from `*from` on, with what it waits for; NULL behind the last. */
const greffe__token *greffe__wait_at(const greffe__bench *b, uint32_t *from,
                                     const greffe__ask **ask);
/* What was filled in is what the outcome asks for, and what must hold for it does. */
bool greffe__only_fields(greffe__bench *b, const greffe__u32s *fields, const greffe__value *fill);
bool greffe__may_choose(greffe__bench *b, const greffe__edge *edge);
/* Refuses when it is too late. */
bool greffe__may_withdraw(greffe__bench *b);

/* --- Forms --- */

/* Whether a procedure's form has such a section; otherwise the command is refused. */
bool greffe__section_known(greffe__bench *b, greffe__str owner);
/* Checks answers for the fields of the owners, converts them by type, and keeps them. */
bool greffe__take_answers(greffe__bench *b, const greffe__value *answers, bool partial);
/* Whether the fields among these paths are answered as they must be. */
bool greffe__check_answers(greffe__bench *b, const greffe__strs *paths);
bool greffe__take_fill(greffe__bench *b, greffe__str owner, const greffe__u32s *fields,
                       const greffe__value *fill);
bool greffe__take_documents(greffe__bench *b, const greffe__value *documents);
/* Whether the documents needed so far are there; refuses with the first that is missing. */
bool greffe__documents_ready(greffe__bench *b, uint32_t needed_to);
/* The same for one document that is needed, if it applies. */
bool greffe__document_ready(greffe__bench *b, const greffe__document_def *def);
/* Refuses filings before the procedure opens, and after it has closed (decide_file.c). */
bool greffe__is_open(greffe__bench *b);
/* Whether the command itself gives a document, or answers a field; and the refusal when not. */
bool greffe__gives(const greffe__bench *b, greffe__str what);
bool greffe__refuse_lacking(greffe__bench *b, greffe__str what);

/* --- Expressions --- */

bool greffe__evaluate(greffe__bench *b, const greffe__program *program, greffe__value *out);
bool greffe__evaluate_condition(greffe__bench *b, const greffe__program *program, bool *out);
/* The value: frozen, or calculated now. */
bool greffe__value_now(greffe__bench *b, uint32_t value, greffe__value *out);
/* The rule in force on the day that the value is dated by, or NULL. */
const greffe__dated_program *greffe__rule_in_force(const greffe__bench *b,
                                                   const greffe__value_def *def);
/* The frozen amount of a value, in cents. */
bool greffe__frozen_cents(greffe__bench *b, greffe__str name, int64_t *out);
bool greffe__field_value(greffe__bench *b, greffe__str path, greffe__value *out);
/* The owner of what a step fills in: inside `each`, an instance has a record of its own. */
greffe__str greffe__record_owner(greffe__bench *b, greffe__str owner);

/* --- Flow --- */

bool greffe__enter(greffe__bench *b, uint32_t scope, uint32_t node);
/* Sets the timers of a node's allotted time; `*due` is its last day, or 0. */
bool greffe__set_terms(greffe__bench *b, const greffe__plan_node *node, uint32_t token,
                       int64_t *due);
bool greffe__leave_by(greffe__bench *b, greffe__token *token, const greffe__edge *edge);
bool greffe__leave_with(greffe__bench *b, greffe__token *token, greffe__str outcome);
/* A moment has come: marks it, freezes, claims, moves clocks. */
bool greffe__reach_moment(greffe__bench *b, greffe__str step, greffe__str outcome);
/* Closes all that is open in a scope, innermost first. */
bool greffe__cancel_scope(greffe__bench *b, uint32_t scope);
/* The same for all that a block's token has opened. */
bool greffe__cancel_block(greffe__bench *b, uint32_t token);
bool greffe__is_sealed(const greffe__bench *b);
/* Whether something inside a block's token, however deep, may not be interrupted. */
bool greffe__seals_in(const greffe__bench *b, uint32_t block);
bool greffe__finish(greffe__bench *b, greffe__str outcome);
bool greffe__queue_effect(greffe__bench *b, const greffe__plan_node *node, uint32_t token,
                          const char *letter, const char *suffix);
bool greffe__set_timer(greffe__bench *b, uint32_t token, const char *kind, greffe__str name,
                       int64_t day, int64_t due_ms);
int64_t greffe__day_end_ms(const greffe__bench *b, int64_t day);
bool greffe__clocks_on_moment(greffe__bench *b, greffe__str moment);
bool greffe__clocks_pause(greffe__bench *b, greffe__str step, bool pause);
bool greffe__stop_clocks(greffe__bench *b, const char *why);
bool greffe__enter_ask(greffe__bench *b, const greffe__plan_node *node, uint32_t token);
bool greffe__release_money(greffe__bench *b);

/* --- What may be granted once (claims.c) --- */

/* A moment has come: the claim is taken, or free again. */
bool greffe__claim_at_moment(greffe__bench *b, greffe__str moment);
/* The dossier ends: frees what was not granted. */
bool greffe__release_claim(greffe__bench *b);
/* Before these dossiers go on an agenda: fetches all that holding their claims needs. */
bool greffe__open_claims(greffe__bench *b, const greffe__value *dossiers);
/* Holds the claim of a dossier that a board is to grant; `barred`: the dossier that has it. */
bool greffe__hold_claim(greffe__bench *b, greffe__str *barred);

bool greffe__leave_agenda(greffe__bench *b);
/* Whether a board has decided on the dossier, which has not been told yet. */
bool greffe__board_decided(greffe__bench *b, bool *out);

/* What went wrong may name a person: it is kept apart. */
bool greffe__open_incident(greffe__bench *b, greffe__str effect, greffe__str problem);
/* Keeps what a service gave with its answer, as what its step fills in (decide_back.c). */
bool greffe__take_given(greffe__bench *b, const greffe__token *token, greffe__str outcome,
                        const greffe__value *gives);
bool greffe__written(greffe__bench *b, const greffe__pendings *list, bool *failed);
bool greffe__retried(greffe__bench *b, const greffe__pendings *list);

/* What the minutes of a session say, as an effect of the channel "minutes". */
bool greffe__queue_minutes(greffe__bench *b, const greffe__session *s);

/* --- Verbs --- */

bool greffe__decide_file(greffe__bench *b);
bool greffe__decide_dossier(greffe__bench *b);
bool greffe__decide_result(greffe__bench *b);
bool greffe__decide_timer(greffe__bench *b);
bool greffe__decide_session(greffe__bench *b);
bool greffe__decide_allotment(greffe__bench *b);
bool greffe__decide_pay(greffe__bench *b);
/* Binds the bench to the command's dossier and its plan. */
bool greffe__open_dossier(greffe__bench *b, greffe__str key);

/* --- Commands that count from an earlier day (backdate.c) --- */

/* Whether this one may be. */
bool greffe__check_effective(greffe__bench *b);
/* Keeps the reason. */
bool greffe__note_effective(greffe__bench *b);
/* Whether a delay has ended or a clock has fired since that day. */
bool greffe__overtaken(const greffe__bench *b);
/* Keeps the command for people to decide on; nothing moves. */
bool greffe__open_correction(greffe__bench *b);

/* All personal values of the bench's dossier go (erase.c). */
bool greffe__erase(greffe__bench *b);

/* --- Commands (verbs.c) --- */

/* The one of the bench's command; refused when there is none. */
bool greffe__find_verb(greffe__bench *b);
/* Refuses what the command does not take. */
bool greffe__check_args(greffe__bench *b);

#ifdef __cplusplus
}
#endif
#endif
