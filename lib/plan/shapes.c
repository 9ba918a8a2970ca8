/* The shapes of a plan: which member has which key in a bundle. A key is never used again. */
#include "plan/plan_priv.h"

#define FIELD(key, type, owner, member, shape)                                                     \
    {                                                                                              \
        key, GREFFE__F_##type, offsetof(owner, member), #member, shape, false                      \
    }
/* What is only said to people, or says who sees what: it may change while a dossier is under way.
 */
#define WORDS(key, type, owner, member, shape)                                                     \
    {                                                                                              \
        key, GREFFE__F_##type, offsetof(owner, member), #member, shape, true                       \
    }
#define SHAPE(name, type, fields)                                                                  \
    {                                                                                              \
        name, sizeof(type), sizeof fields / sizeof *fields, fields                                 \
    }

static const greffe__field term_fields[] = {
    FIELD(1, U32, greffe__term, count, NULL),
    FIELD(2, U32, greffe__term, unit, NULL),
};
const greffe__shape greffe__term_shape = SHAPE("term", greffe__term, term_fields);

static const greffe__field role_fields[] = {
    FIELD(1, STR, greffe__role, id, NULL),      FIELD(2, U32, greffe__role, kind, NULL),
    FIELD(3, STR, greffe__role, service, NULL), FIELD(4, STR, greffe__role, stands_for, NULL),
    WORDS(5, STR, greffe__role, title, NULL),
};
static const greffe__shape role_shape = SHAPE("role", greffe__role, role_fields);

static const greffe__field board_fields[] = {
    FIELD(1, STR, greffe__board, id, NULL),
    WORDS(2, STR, greffe__board, title, NULL),
    FIELD(3, STRS, greffe__board, members, NULL),
    FIELD(4, STR, greffe__board, chair, NULL),
    FIELD(5, U32, greffe__board, quorum, NULL),
    FIELD(6, U32, greffe__board, majority, NULL),
    FIELD(7, U32, greffe__board, proxies, NULL),
    FIELD(8, BOOL, greffe__board, casting, NULL),
    FIELD(9, STR, greffe__board, secretary, NULL),
    FIELD(10, U32, greffe__board, second_after, NULL),
};
const greffe__shape greffe__board_shape = SHAPE("board", greffe__board, board_fields);

static const greffe__field allotment_def_fields[] = {
    FIELD(1, STR, greffe__allotment_def, id, NULL),
    WORDS(2, STR, greffe__allotment_def, title, NULL),
    FIELD(3, STR, greffe__allotment_def, service, NULL),
};
static const greffe__shape allotment_def_shape =
    SHAPE("allotment_def", greffe__allotment_def, allotment_def_fields);

static const greffe__field section_fields[] = {
    FIELD(1, STR, greffe__section, id, NULL),
    WORDS(2, STR, greffe__section, title, NULL),
    FIELD(3, STR, greffe__section, role, NULL),
    WORDS(4, STRS, greffe__section, see, NULL),
};
static const greffe__shape section_shape = SHAPE("section", greffe__section, section_fields);

static const greffe__field field_def_fields[] = {
    FIELD(1, STR, greffe__field_def, path, NULL),
    FIELD(2, STR, greffe__field_def, owner, NULL),
    FIELD(3, STR, greffe__field_def, name, NULL),
    WORDS(4, STR, greffe__field_def, label, NULL),
    FIELD(5, U32, greffe__field_def, type, NULL),
    FIELD(6, BOOL, greffe__field_def, optional, NULL),
    FIELD(7, VALUE, greffe__field_def, min, NULL),
    FIELD(8, VALUE, greffe__field_def, max, NULL),
    FIELD(9, U32, greffe__field_def, min_length, NULL),
    FIELD(10, U32, greffe__field_def, max_length, NULL),
    FIELD(11, STRS, greffe__field_def, options, NULL),
    WORDS(12, STRS, greffe__field_def, option_labels, NULL),
    FIELD(13, U32, greffe__field_def, digits, NULL),
    FIELD(14, MAYBE, greffe__field_def, when, &greffe__program_shape),
    FIELD(15, MAYBE, greffe__field_def, must, &greffe__program_shape),
    WORDS(16, STR, greffe__field_def, message, NULL),
    WORDS(17, STR, greffe__field_def, help, NULL),
};
static const greffe__shape field_def_shape =
    SHAPE("field_def", greffe__field_def, field_def_fields);

static const greffe__field document_def_fields[] = {
    FIELD(1, STR, greffe__document_def, id, NULL),
    WORDS(2, STR, greffe__document_def, label, NULL),
    FIELD(3, STRS, greffe__document_def, accept, NULL),
    FIELD(4, I64, greffe__document_def, max_bytes, NULL),
    FIELD(5, U32, greffe__document_def, needed_to, NULL),
    FIELD(6, BOOL, greffe__document_def, optional, NULL),
    FIELD(7, MAYBE, greffe__document_def, when, &greffe__program_shape),
    WORDS(8, STRS, greffe__document_def, see, NULL),
};
static const greffe__shape document_def_shape =
    SHAPE("document_def", greffe__document_def, document_def_fields);

static const greffe__field dated_program_fields[] = {
    FIELD(1, BOOL, greffe__dated_program, always, NULL),
    FIELD(2, I64, greffe__dated_program, from, NULL),
    FIELD(3, RECORD, greffe__dated_program, program, &greffe__program_shape),
    FIELD(4, U32, greffe__dated_program, rows, NULL),
    FIELD(5, BOOL, greffe__dated_program, otherwise, NULL),
};
static const greffe__shape dated_program_shape =
    SHAPE("dated_program", greffe__dated_program, dated_program_fields);

static const greffe__field value_def_fields[] = {
    FIELD(1, STR, greffe__value_def, name, NULL),
    FIELD(2, RECORDS, greffe__value_def, rules, &dated_program_shape),
    FIELD(3, BOOL, greffe__value_def, by_today, NULL),
    FIELD(4, STR, greffe__value_def, frozen_at, NULL),
};
static const greffe__shape value_def_shape =
    SHAPE("value_def", greffe__value_def, value_def_fields);

static const greffe__field slot_fields[] = {
    FIELD(1, U32, greffe__slot, kind, NULL),
    FIELD(2, STR, greffe__slot, name, NULL),
};
static const greffe__shape slot_shape = SHAPE("slot", greffe__slot, slot_fields);

static const greffe__field clock_def_fields[] = {
    FIELD(1, STR, greffe__clock_def, name, NULL),
    FIELD(2, STR, greffe__clock_def, from, NULL),
    FIELD(3, STRS, greffe__clock_def, until, NULL),
    FIELD(4, STR, greffe__clock_def, paused_while, NULL),
    FIELD(5, RECORD, greffe__clock_def, within, &greffe__term_shape),
    FIELD(6, RECORD, greffe__clock_def, warn, &greffe__term_shape),
    FIELD(7, U32, greffe__clock_def, means, NULL),
    FIELD(8, U32, greffe__clock_def, then, NULL),
    WORDS(9, STR, greffe__clock_def, because, NULL),
};
static const greffe__shape clock_def_shape =
    SHAPE("clock_def", greffe__clock_def, clock_def_fields);

static const greffe__field edge_fields[] = {
    FIELD(1, STR, greffe__edge, outcome, NULL),
    FIELD(2, U32, greffe__edge, target, NULL),
    FIELD(3, BOOL, greffe__edge, done, NULL),
    FIELD(4, MAYBE, greffe__edge, guard, &greffe__program_shape),
    FIELD(5, U32S, greffe__edge, fill, NULL),
    WORDS(6, STR, greffe__edge, label, NULL),
    WORDS(7, STR, greffe__edge, message, NULL),
};
static const greffe__shape edge_shape = SHAPE("edge", greffe__edge, edge_fields);

static const greffe__field argument_fields[] = {
    FIELD(1, STR, greffe__argument, name, NULL),
    FIELD(2, RECORD, greffe__argument, program, &greffe__program_shape),
};
static const greffe__shape argument_shape = SHAPE("argument", greffe__argument, argument_fields);

static const greffe__field plan_node_fields[] = {
    FIELD(1, STR, greffe__plan_node, path, NULL),
    FIELD(2, U32, greffe__plan_node, op, NULL),
    FIELD(3, U32, greffe__plan_node, step, NULL),
    FIELD(4, U32, greffe__plan_node, scope, NULL),
    FIELD(5, RECORDS, greffe__plan_node, edges, &edge_shape),
    FIELD(6, U32S, greffe__plan_node, roles, NULL),
    FIELD(7, RECORD, greffe__plan_node, within, &greffe__term_shape),
    FIELD(8, RECORD, greffe__plan_node, remind, &greffe__term_shape),
    FIELD(9, STR, greffe__plan_node, expired, NULL),
    FIELD(10, STR, greffe__plan_node, template_name, NULL),
    FIELD(11, STR, greffe__plan_node, channel, NULL),
    FIELD(12, BOOL, greffe__plan_node, awaited, NULL),
    FIELD(13, BOOL, greffe__plan_node, supply, NULL),
    FIELD(14, STR, greffe__plan_node, message, NULL),
    FIELD(15, U32, greffe__plan_node, port, NULL),
    FIELD(16, STR, greffe__plan_node, budget, NULL),
    FIELD(17, STR, greffe__plan_node, amount, NULL),
    FIELD(18, MAYBE, greffe__plan_node, account, &greffe__program_shape),
    FIELD(19, MAYBE, greffe__plan_node, expression, &greffe__program_shape),
    FIELD(20, STR, greffe__plan_node, board, NULL),
    FIELD(21, STR, greffe__plan_node, service, NULL),
    FIELD(22, U32S, greffe__plan_node, scopes, NULL),
    FIELD(23, U32, greffe__plan_node, join, NULL),
    FIELD(24, BOOL, greffe__plan_node, sealed, NULL),
    FIELD(25, STR, greffe__plan_node, outcome, NULL),
    FIELD(26, U32, greffe__plan_node, limit, NULL),
    FIELD(27, RECORDS, greffe__plan_node, with, &argument_shape),
};
static const greffe__shape plan_node_shape =
    SHAPE("plan_node", greffe__plan_node, plan_node_fields);

static const greffe__field step_fields[] = {
    FIELD(1, STR, greffe__step, id, NULL),    WORDS(2, STR, greffe__step, title, NULL),
    WORDS(3, STR, greffe__step, shown, NULL), FIELD(4, U32, greffe__step, kind, NULL),
    FIELD(5, U32, greffe__step, entry, NULL), FIELD(6, U32, greffe__step, scope, NULL),
    WORDS(7, STRS, greffe__step, see, NULL),
};
static const greffe__shape step_shape = SHAPE("step", greffe__step, step_fields);

static const greffe__field scope_fields[] = {
    FIELD(1, STR, greffe__scope, path, NULL),
    FIELD(2, U32, greffe__scope, parent, NULL),
    FIELD(3, U32, greffe__scope, entry, NULL),
};
static const greffe__shape scope_shape = SHAPE("scope", greffe__scope, scope_fields);

static const greffe__field guarantee_fields[] = {
    FIELD(1, U32, greffe__guarantee, pattern, NULL),
    FIELD(2, STRS, greffe__guarantee, what, NULL),
    WORDS(3, STR, greffe__guarantee, because, NULL),
};
static const greffe__shape guarantee_shape =
    SHAPE("guarantee", greffe__guarantee, guarantee_fields);

static const greffe__field once_fields[] = {
    FIELD(1, STR, greffe__once, key, NULL),
    FIELD(2, RECORD, greffe__once, every, &greffe__term_shape),
    FIELD(3, STR, greffe__once, claimed, NULL),
};
static const greffe__shape once_shape = SHAPE("once", greffe__once, once_fields);

static const greffe__field retention_fields[] = {
    FIELD(1, STR, greffe__retention, outcome, NULL),
    FIELD(2, RECORD, greffe__retention, keep, &greffe__term_shape),
};
static const greffe__shape retention_shape =
    SHAPE("retention", greffe__retention, retention_fields);

static const greffe__field letter_fields[] = {
    FIELD(1, STR, greffe__letter, name, NULL),
    FIELD(2, STR, greffe__letter, subject, NULL),
    FIELD(3, STR, greffe__letter, body, NULL),
};
static const greffe__shape letter_shape = SHAPE("letter", greffe__letter, letter_fields);

static const greffe__field plan_fields[] = {
    FIELD(1, U32, greffe__plan, semantics, NULL),
    FIELD(2, STR, greffe__plan, procedure, NULL),
    FIELD(3, STR, greffe__plan, authority, NULL),
    FIELD(4, STR, greffe__plan, prefix, NULL),
    FIELD(5, RECORDS, greffe__plan, roles, &role_shape),
    FIELD(6, RECORDS, greffe__plan, boards, &greffe__board_shape),
    FIELD(7, RECORDS, greffe__plan, allotments, &allotment_def_shape),
    FIELD(8, RECORDS, greffe__plan, sections, &section_shape),
    FIELD(9, RECORDS, greffe__plan, fields, &field_def_shape),
    FIELD(10, RECORDS, greffe__plan, documents, &document_def_shape),
    FIELD(11, RECORDS, greffe__plan, values, &value_def_shape),
    FIELD(12, RECORDS, greffe__plan, slots, &slot_shape),
    FIELD(13, RECORDS, greffe__plan, clocks, &clock_def_shape),
    FIELD(14, RECORDS, greffe__plan, steps, &step_shape),
    FIELD(15, RECORDS, greffe__plan, scopes, &scope_shape),
    FIELD(16, RECORDS, greffe__plan, nodes, &plan_node_shape),
    FIELD(17, RECORDS, greffe__plan, guarantees, &guarantee_shape),
    FIELD(18, RECORD, greffe__plan, once, &once_shape),
    FIELD(19, RECORDS, greffe__plan, retention, &retention_shape),
    FIELD(20, U32, greffe__plan, holidays, NULL),
    FIELD(21, I64S, greffe__plan, closed, NULL),
    FIELD(22, STR, greffe__plan, zone, NULL),
    WORDS(23, STR, greffe__plan, title, NULL),
    WORDS(24, STR, greffe__plan, authority_title, NULL),
    WORDS(25, STR, greffe__plan, contact, NULL),
    WORDS(26, STR, greffe__plan, appeal, NULL),
    WORDS(27, STR, greffe__plan, redirect, NULL),
    WORDS(28, BOOL, greffe__plan, opens, NULL),
    WORDS(29, BOOL, greffe__plan, closes, NULL),
    WORDS(30, I64, greffe__plan, open_from, NULL),
    WORDS(31, I64, greffe__plan, open_until, NULL),
    WORDS(32, RECORDS, greffe__plan, letters, &letter_shape),
};
const greffe__shape greffe__plan_shape = SHAPE("plan", greffe__plan, plan_fields);

static const greffe__field bundle_fields[] = {
    FIELD(1, STR, greffe__bundle, magic, NULL),
    FIELD(2, U32, greffe__bundle, format, NULL),
    FIELD(3, STR, greffe__bundle, verdict, NULL),
    FIELD(4, BYTES, greffe__bundle, pinned, NULL),
    FIELD(5, RECORD, greffe__bundle, plan, &greffe__plan_shape),
};
const greffe__shape greffe__bundle_shape = SHAPE("bundle", greffe__bundle, bundle_fields);
