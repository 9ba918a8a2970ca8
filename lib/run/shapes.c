/* The shapes of events, entries and states: which member has which key in stored bytes. A key is
 * never used again. */
#include "run/run.h"

#define FIELD(key, type, owner, member, shape)                                                     \
    {                                                                                              \
        key, GREFFE__F_##type, offsetof(owner, member), #member, shape, false                      \
    }
#define SHAPE(name, type, fields)                                                                  \
    {                                                                                              \
        name, sizeof(type), sizeof fields / sizeof *fields, fields                                 \
    }

static const greffe__field event_fields[] = {
    FIELD(1, U32, greffe__event, type, NULL),     FIELD(2, U32, greffe__event, id, NULL),
    FIELD(3, U32, greffe__event, parent, NULL),   FIELD(4, U32, greffe__event, count, NULL),
    FIELD(5, STR, greffe__event, path, NULL),     FIELD(6, STR, greffe__event, name, NULL),
    FIELD(7, STR, greffe__event, key, NULL),      FIELD(8, STR, greffe__event, text, NULL),
    FIELD(9, STR, greffe__event, ref, NULL),      FIELD(10, BYTES, greffe__event, commitment, NULL),
    FIELD(11, I64, greffe__event, at, NULL),      FIELD(12, I64, greffe__event, days, NULL),
    FIELD(13, I64, greffe__event, due, NULL),     FIELD(14, I64, greffe__event, amount, NULL),
    FIELD(15, VALUE, greffe__event, value, NULL), FIELD(16, STRS, greffe__event, list, NULL),
};
static const greffe__shape event_shape = SHAPE("event", greffe__event, event_fields);

static const greffe__field journal_entry_fields[] = {
    FIELD(1, STR, greffe__journal_entry, verb, NULL),
    FIELD(2, STR, greffe__journal_entry, key, NULL),
    FIELD(3, BYTES, greffe__journal_entry, request, NULL),
    FIELD(4, STR, greffe__journal_entry, actor, NULL),
    FIELD(5, STR, greffe__journal_entry, actor_kind, NULL),
    FIELD(6, STR, greffe__journal_entry, channel, NULL),
    FIELD(7, I64, greffe__journal_entry, now_ms, NULL),
    FIELD(8, I64, greffe__journal_entry, effective, NULL),
    FIELD(9, RECORDS, greffe__journal_entry, events, &event_shape),
    FIELD(10, STR, greffe__journal_entry, answer, NULL),
    FIELD(11, BYTES, greffe__journal_entry, bundle, NULL),
};
const greffe__shape greffe__entry_shape =
    SHAPE("journal_entry", greffe__journal_entry, journal_entry_fields);

static const greffe__field scope_state_fields[] = {
    FIELD(1, U32, greffe__scope_state, id, NULL),
    FIELD(2, U32, greffe__scope_state, token, NULL),
    FIELD(3, STR, greffe__scope_state, path, NULL),
    FIELD(4, U32, greffe__scope_state, index, NULL),
    FIELD(5, STR, greffe__scope_state, ref, NULL),
    FIELD(6, BYTES, greffe__scope_state, commitment, NULL),
    FIELD(7, BOOL, greffe__scope_state, finished, NULL),
};
static const greffe__shape scope_state_shape =
    SHAPE("scope_state", greffe__scope_state, scope_state_fields);

static const greffe__field token_fields[] = {
    FIELD(1, U32, greffe__token, id, NULL),
    FIELD(2, U32, greffe__token, scope, NULL),
    FIELD(3, STR, greffe__token, path, NULL),
    FIELD(4, I64, greffe__token, since_ms, NULL),
};
static const greffe__shape token_shape = SHAPE("token", greffe__token, token_fields);

static const greffe__field task_fields[] = {
    FIELD(1, U32, greffe__task, token, NULL),     FIELD(2, STR, greffe__task, role, NULL),
    FIELD(3, STR, greffe__task, service, NULL),   FIELD(4, STR, greffe__task, assignee, NULL),
    FIELD(5, I64, greffe__task, opened_ms, NULL), FIELD(6, I64, greffe__task, due, NULL),
};
static const greffe__shape task_shape = SHAPE("task", greffe__task, task_fields);

static const greffe__field timer_fields[] = {
    FIELD(1, U32, greffe__timer, id, NULL),     FIELD(2, U32, greffe__timer, token, NULL),
    FIELD(3, STR, greffe__timer, kind, NULL),   FIELD(4, STR, greffe__timer, name, NULL),
    FIELD(5, I64, greffe__timer, due_ms, NULL), FIELD(6, I64, greffe__timer, day, NULL),
};
static const greffe__shape timer_shape = SHAPE("timer", greffe__timer, timer_fields);

static const greffe__field clock_fields[] = {
    FIELD(1, STR, greffe__clock, name, NULL),       FIELD(2, U32, greffe__clock, phase, NULL),
    FIELD(3, I64, greffe__clock, from, NULL),       FIELD(4, I64, greffe__clock, due, NULL),
    FIELD(5, I64, greffe__clock, paused_on, NULL),  FIELD(6, U32, greffe__clock, suspended, NULL),
    FIELD(7, STR, greffe__clock, stopped_by, NULL), FIELD(8, I64S, greffe__clock, spans, NULL),
};
static const greffe__shape clock_shape = SHAPE("clock", greffe__clock, clock_fields);

static const greffe__field frozen_fields[] = {
    FIELD(1, STR, greffe__frozen, name, NULL),
    FIELD(2, VALUE, greffe__frozen, value, NULL),
    FIELD(3, STR, greffe__frozen, moment, NULL),
    FIELD(4, I64, greffe__frozen, rule_from, NULL),
};
static const greffe__shape frozen_shape = SHAPE("frozen", greffe__frozen, frozen_fields);

static const greffe__field ruling_fields[] = {
    FIELD(1, STR, greffe__ruling, table, NULL),
    FIELD(2, STRS, greffe__ruling, rules, NULL),
    FIELD(3, I64, greffe__ruling, from, NULL),
};
static const greffe__shape ruling_shape = SHAPE("ruling", greffe__ruling, ruling_fields);

static const greffe__field fill_fields[] = {
    FIELD(1, STR, greffe__fill, owner, NULL),
    FIELD(2, STR, greffe__fill, ref, NULL),
    FIELD(3, BYTES, greffe__fill, commitment, NULL),
};
static const greffe__shape fill_shape = SHAPE("fill", greffe__fill, fill_fields);

static const greffe__field document_fields[] = {
    FIELD(1, STR, greffe__document, id, NULL),
    FIELD(2, STR, greffe__document, ref, NULL),
    FIELD(3, BYTES, greffe__document, commitment, NULL),
    FIELD(4, I64, greffe__document, on, NULL),
};
static const greffe__shape document_shape = SHAPE("document", greffe__document, document_fields);

static const greffe__field mark_fields[] = {
    FIELD(1, STR, greffe__mark, moment, NULL), FIELD(2, U32, greffe__mark, count, NULL),
    FIELD(3, I64, greffe__mark, at_ms, NULL),  FIELD(4, I64, greffe__mark, on, NULL),
    FIELD(5, STRS, greffe__mark, who, NULL),
};
static const greffe__shape mark_shape = SHAPE("mark", greffe__mark, mark_fields);

static const greffe__field money_fields[] = {
    FIELD(1, STR, greffe__money, allotment, NULL),
    FIELD(2, I64, greffe__money, reserved, NULL),
    FIELD(3, I64, greffe__money, committed, NULL),
    FIELD(4, I64, greffe__money, spent, NULL),
};
static const greffe__shape money_shape = SHAPE("money", greffe__money, money_fields);

static const greffe__field pending_fields[] = {
    FIELD(1, STR, greffe__pending, key, NULL),
    FIELD(2, STR, greffe__pending, channel, NULL),
    FIELD(3, STR, greffe__pending, letter, NULL),
    FIELD(4, U32, greffe__pending, token, NULL),
    FIELD(5, STR, greffe__pending, ref, NULL),
    FIELD(6, BYTES, greffe__pending, commitment, NULL),
    FIELD(7, BOOL, greffe__pending, incident, NULL),
    FIELD(9, STR, greffe__pending, problem_ref, NULL),
    FIELD(10, BYTES, greffe__pending, problem_commitment, NULL),
};
static const greffe__shape pending_shape = SHAPE("pending", greffe__pending, pending_fields);

static const greffe__field person_fields[] = {
    FIELD(1, STR, greffe__person, tag, NULL),
    FIELD(2, STR, greffe__person, ref, NULL),
    FIELD(3, BYTES, greffe__person, commitment, NULL),
};
static const greffe__shape person_shape = SHAPE("person", greffe__person, person_fields);

static const greffe__field ask_fields[] = {
    FIELD(1, U32, greffe__ask, scope, NULL),        FIELD(2, STR, greffe__ask, step, NULL),
    FIELD(3, STRS, greffe__ask, what, NULL),        FIELD(4, STR, greffe__ask, ref, NULL),
    FIELD(5, BYTES, greffe__ask, commitment, NULL),
};
static const greffe__shape ask_shape = SHAPE("ask", greffe__ask, ask_fields);

static const greffe__field dossier_fields[] = {
    FIELD(1, STR, greffe__dossier, procedure, NULL),
    FIELD(2, STR, greffe__dossier, pinned, NULL),
    FIELD(3, STR, greffe__dossier, number, NULL),
    FIELD(4, STR, greffe__dossier, applicant, NULL),
    FIELD(5, STR, greffe__dossier, channel, NULL),
    FIELD(6, STR, greffe__dossier, shown, NULL),
    FIELD(7, STR, greffe__dossier, outcome, NULL),
    FIELD(8, U32, greffe__dossier, phase, NULL),
    FIELD(9, I64, greffe__dossier, opened_ms, NULL),
    FIELD(10, I64, greffe__dossier, filed_on, NULL),
    FIELD(11, U32, greffe__dossier, serial, NULL),
    FIELD(12, RECORDS, greffe__dossier, scopes, &scope_state_shape),
    FIELD(13, RECORDS, greffe__dossier, tokens, &token_shape),
    FIELD(14, RECORDS, greffe__dossier, tasks, &task_shape),
    FIELD(15, RECORDS, greffe__dossier, timers, &timer_shape),
    FIELD(16, RECORDS, greffe__dossier, clocks, &clock_shape),
    FIELD(17, RECORDS, greffe__dossier, frozen, &frozen_shape),
    FIELD(18, RECORDS, greffe__dossier, fills, &fill_shape),
    FIELD(19, RECORDS, greffe__dossier, documents, &document_shape),
    FIELD(20, RECORDS, greffe__dossier, marks, &mark_shape),
    FIELD(21, RECORDS, greffe__dossier, money, &money_shape),
    FIELD(22, RECORDS, greffe__dossier, pending, &pending_shape),
    FIELD(23, RECORDS, greffe__dossier, people, &person_shape),
    FIELD(24, RECORDS, greffe__dossier, asks, &ask_shape),
    FIELD(27, STR, greffe__dossier, claim, NULL),
    FIELD(28, STR, greffe__dossier, session, NULL),
    FIELD(29, STR, greffe__dossier, order, NULL),
    FIELD(30, RECORDS, greffe__dossier, notes, &fill_shape),
    FIELD(31, I64, greffe__dossier, ended_ms, NULL),
    FIELD(32, I64, greffe__dossier, erased_on, NULL),
    FIELD(33, RECORDS, greffe__dossier, rulings, &ruling_shape),
};
static const greffe__shape dossier_shape = SHAPE("dossier", greffe__dossier, dossier_fields);

static const greffe__field item_fields[] = {
    FIELD(1, STR, greffe__item, dossier, NULL),
    FIELD(2, STR, greffe__item, number, NULL),
    FIELD(3, STR, greffe__item, proposal, NULL),
    FIELD(4, STR, greffe__item, outcome, NULL),
    FIELD(5, STRS, greffe__item, recused, NULL),
    FIELD(6, U32, greffe__item, votes_for, NULL),
    FIELD(7, U32, greffe__item, votes_against, NULL),
    FIELD(8, U32, greffe__item, abstentions, NULL),
    FIELD(9, STR, greffe__item, ref, NULL),
    FIELD(10, BYTES, greffe__item, commitment, NULL),
    FIELD(11, BOOL, greffe__item, relayed, NULL),
    FIELD(12, STR, greffe__item, barred, NULL),
};
static const greffe__shape item_shape = SHAPE("item", greffe__item, item_fields);

static const greffe__field proxy_fields[] = {
    FIELD(1, STR, greffe__proxy, absent, NULL),
    FIELD(2, STR, greffe__proxy, holder, NULL),
};
static const greffe__shape proxy_shape = SHAPE("proxy", greffe__proxy, proxy_fields);

static const greffe__field session_fields[] = {
    FIELD(1, RECORD, greffe__session, board, &greffe__board_shape),
    FIELD(2, I64, greffe__session, on, NULL),
    FIELD(3, BOOL, greffe__session, second, NULL),
    FIELD(4, BOOL, greffe__session, closed, NULL),
    FIELD(5, BOOL, greffe__session, quorate, NULL),
    FIELD(6, STRS, greffe__session, present, NULL),
    FIELD(7, RECORDS, greffe__session, proxies, &proxy_shape),
    FIELD(8, RECORDS, greffe__session, items, &item_shape),
    FIELD(9, STR, greffe__session, closed_how, NULL),
    FIELD(10, RECORDS, greffe__session, pending, &pending_shape),
    FIELD(11, RECORDS, greffe__session, people, &person_shape),
    FIELD(12, BOOL, greffe__session, counted, NULL),
};
static const greffe__shape session_shape = SHAPE("session", greffe__session, session_fields);

static const greffe__field allotment_fields[] = {
    FIELD(1, STR, greffe__allotment, title, NULL),
    FIELD(2, STR, greffe__allotment, service, NULL),
    FIELD(3, I64, greffe__allotment, allocated, NULL),
    FIELD(4, I64, greffe__allotment, reserved, NULL),
    FIELD(5, I64, greffe__allotment, committed, NULL),
    FIELD(6, I64, greffe__allotment, spent, NULL),
    FIELD(7, RECORDS, greffe__allotment, people, &person_shape),
};
static const greffe__shape allotment_shape =
    SHAPE("allotment", greffe__allotment, allotment_fields);

static const greffe__field order_fields[] = {
    FIELD(1, STR, greffe__order, dossier, NULL),
    FIELD(2, STR, greffe__order, allotment, NULL),
    FIELD(3, STR, greffe__order, service, NULL),
    FIELD(4, STR, greffe__order, batch, NULL),
    FIELD(5, STR, greffe__order, phase, NULL),
    FIELD(6, STR, greffe__order, reason, NULL),
    FIELD(7, I64, greffe__order, cents, NULL),
    FIELD(8, STR, greffe__order, ref, NULL),
    FIELD(9, BYTES, greffe__order, commitment, NULL),
    FIELD(10, STR, greffe__order, payer, NULL),
    FIELD(11, STRS, greffe__order, excluded, NULL),
    FIELD(12, BOOL, greffe__order, relay, NULL),
    FIELD(13, RECORDS, greffe__order, people, &person_shape),
};
static const greffe__shape order_shape = SHAPE("order", greffe__order, order_fields);

static const greffe__field batch_fields[] = {
    FIELD(1, STRS, greffe__batch, orders, NULL),
    FIELD(2, I64, greffe__batch, cents, NULL),
    FIELD(3, I64, greffe__batch, on, NULL),
    FIELD(4, STR, greffe__batch, service, NULL),
    FIELD(5, RECORDS, greffe__batch, pending, &pending_shape),
    FIELD(6, BOOL, greffe__batch, emitted, NULL),
    FIELD(7, BOOL, greffe__batch, reported, NULL),
    FIELD(8, RECORDS, greffe__batch, people, &person_shape),
    FIELD(9, BOOL, greffe__batch, unknown, NULL),
};
static const greffe__shape batch_shape = SHAPE("batch", greffe__batch, batch_fields);

static const greffe__field claim_fields[] = {
    FIELD(1, STR, greffe__claim, holder, NULL),
    FIELD(2, I64, greffe__claim, since, NULL),
    FIELD(3, I64, greffe__claim, until, NULL),
    FIELD(4, RECORDS, greffe__claim, people, &person_shape),
};
static const greffe__shape claim_shape = SHAPE("claim", greffe__claim, claim_fields);

const greffe__shape *greffe__state_shape(uint32_t kind)
{
    static const greffe__shape *const shapes[] = {
        [GREFFE__DOSSIER] = &dossier_shape,     [GREFFE__SESSION] = &session_shape,
        [GREFFE__ALLOTMENT] = &allotment_shape, [GREFFE__ORDER] = &order_shape,
        [GREFFE__CLAIM] = &claim_shape,         [GREFFE__BATCH] = &batch_shape,
    };
    return kind < sizeof shapes / sizeof *shapes ? shapes[kind] : NULL;
}

static const char *const kind_names[] = {"",      "dossier", "session", "allotment",
                                         "order", "claim",   "batch"};

const char *greffe__stream_kind_name(uint32_t kind)
{
    return kind < sizeof kind_names / sizeof *kind_names ? kind_names[kind] : "";
}

uint32_t greffe__stream_kind_named(greffe__str name)
{
    for (uint32_t i = 1; i < sizeof kind_names / sizeof *kind_names; i++) {
        if (greffe__str_is(name, kind_names[i])) {
            return i;
        }
    }
    return 0;
}

const char *greffe__event_name(uint32_t type)
{
    switch ((greffe__event_type)type) {
#define EVENT(number, name, text)                                                                  \
    case GREFFE__EV_##name:                                                                        \
        return text;
#include "run/events.def"
#undef EVENT
    case GREFFE__EV_NONE: break;
    }
    return "unknown";
}
