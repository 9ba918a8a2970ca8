/* Ports: what a step asks of an aggregate, and what it gives back when a dossier lets go; claims;
 * and the effects that leave through the outbox. */
#include "run/run_priv.h"

/* --- Money --- */

static greffe__stream *allotment(greffe__bench *b, greffe__str key)
{
    greffe__stream *stream = greffe__open_stream(b, GREFFE__ALLOTMENT, key);
    if (stream != NULL && !stream->exists && stream->events.count == 0) {
        (void)greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND,
                             "allocate it first: greffe allot allocate",
                             "the allotment '%.*s' has no money yet", (int)key.size, key.data);
        return NULL;
    }
    return stream;
}

/* One change on both sides: the dossier's and the allotment's events go together. */
static bool both(greffe__bench *b, greffe__str key, greffe__event_type own,
                 greffe__event_type other, int64_t cents, const char *from)
{
    greffe__stream *stream = cents == 0 ? NULL : allotment(b, key);
    if (cents == 0) {
        return !b->stop;
    }
    greffe__event mine = {.type = own, .key = key, .amount = cents, .name = greffe__str_of(from)};
    greffe__event theirs = {
        .type = other, .key = b->stream->key, .amount = cents, .name = greffe__str_of(from)};
    return stream != NULL && greffe__emit(b, b->stream, mine) && greffe__emit(b, stream, theirs);
}

static bool funded(greffe__bench *b, greffe__str key, int64_t cents, bool *out)
{
    greffe__stream *stream = allotment(b, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__allotment *a = stream->state;
    *out = a->allocated - a->reserved - a->committed - a->spent >= cents;
    return true;
}

static bool release_one(greffe__bench *b, const greffe__money *money)
{
    greffe__str key = money->allotment;
    /* What an open order may still pay stays committed until the payer has answered. */
    int64_t reserved = money->reserved;
    int64_t committed = b->dossier->order.size > 0 ? 0 : money->committed;
    return both(b, key, GREFFE__EV_RELEASED, GREFFE__EV_GIVEN_BACK, reserved, "reserved") &&
           both(b, key, GREFFE__EV_RELEASED, GREFFE__EV_GIVEN_BACK, committed, "committed");
}

bool greffe__release_money(greffe__bench *b)
{
    for (uint32_t i = 0; i < b->dossier->money.count; i++) {
        if (!release_one(b, &b->dossier->money.at[i])) {
            return false;
        }
    }
    return !b->stop;
}

static bool ask_reserve(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    int64_t cents;
    bool enough;
    const greffe__money *before = greffe__money_of(b->dossier, node->budget);
    if (!greffe__frozen_cents(b, node->amount, &cents) ||
        (before != NULL && !release_one(b, before)) || !funded(b, node->budget, cents, &enough)) {
        return false;
    }
    if (enough && !both(b, node->budget, GREFFE__EV_RESERVED, GREFFE__EV_HELD, cents, "reserved")) {
        return false;
    }
    return greffe__leave_with(b, greffe__token_of(b->dossier, token),
                              greffe__str_of(enough ? "reserved" : "unfunded"));
}

static bool ask_commit(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    const greffe__money *money = greffe__money_of(b->dossier, node->budget);
    int64_t cents = money == NULL ? 0 : money->reserved;
    return both(b, node->budget, GREFFE__EV_COMMITTED, GREFFE__EV_PLEDGED, cents, "reserved") &&
           greffe__leave_with(b, greffe__token_of(b->dossier, token), greffe__str_of("committed"));
}

/* --- Orders --- */

/* Money that no step has reserved before is set aside now; the allotment's rule decides. */
static bool secure(greffe__bench *b, const greffe__plan_node *node, int64_t cents)
{
    const greffe__money *money = greffe__money_of(b->dossier, node->budget);
    int64_t reserved = money == NULL ? 0 : money->reserved;
    int64_t adopted = money == NULL ? 0 : money->committed;
    if (adopted > 0 && adopted != cents) {
        return greffe__refuse(b, GREFFE__GR_AMOUNT_UNDETERMINED, GREFFE_ESTATE,
                              "have the new amount adopted",
                              "the amount has changed since it was adopted");
    }
    int64_t missing = cents - reserved - adopted;
    bool enough = true;
    if (missing > 0 && (!funded(b, node->budget, missing, &enough) || !enough)) {
        return greffe__refuse(b, GREFFE__GR_UNFUNDED, GREFFE_ESTATE,
                              "allocate more, or reserve the money in the deliberation",
                              "the allotment '%.*s' does not cover %.*s euros",
                              (int)node->budget.size, node->budget.data,
                              (int)greffe__cents_text(b, cents).size,
                              greffe__cents_text(b, cents).data);
    }
    if (missing > 0) {
        reserved += missing;
        if (!both(b, node->budget, GREFFE__EV_RESERVED, GREFFE__EV_HELD, missing, "reserved")) {
            return false;
        }
    }
    return both(b, node->budget, GREFFE__EV_COMMITTED, GREFFE__EV_PLEDGED, reserved, "reserved");
}

/* The tags of persons who did a step that may not go together with this one. */
static bool excluded(greffe__bench *b, greffe__str step, greffe__strs *out)
{
    for (uint32_t i = 0; i < b->plan->guarantees.count; i++) {
        const greffe__guarantee *g = &b->plan->guarantees.at[i];
        if (g->pattern != GREFFE__DIFFERENT_PEOPLE || !greffe__has_str(&g->what, step)) {
            continue;
        }
        for (uint32_t j = 0; j < g->what.count; j++) {
            const greffe__mark *mark = greffe__mark_of(
                b->dossier, greffe__str_format(b->arena, "%.*s.done", (int)g->what.at[j].size,
                                               g->what.at[j].data));
            bool other = mark != NULL && !greffe__str_equal(g->what.at[j], step);
            for (uint32_t k = 0; other && k < mark->who.count; k++) {
                if (!greffe__push_str(out, mark->who.at[k], b->arena)) {
                    return false;
                }
            }
        }
    }
    return true;
}

static greffe__value payee(greffe__bench *b, const greffe__value *account)
{
    /* The name is the applicant's: prenom and nom, or a company's, whatever the form has. */
    static const char *const names[] = {"prenom", "nom", "raison_sociale"};
    greffe__str name = {"", 0};
    for (uint32_t i = 0; i < b->plan->sections.count; i++) {
        const greffe__section *section = &b->plan->sections.at[i];
        for (size_t j = 0; section->role.size > 0 && j < 3; j++) {
            greffe__value value;
            greffe__str path = greffe__str_format(b->arena, "%.*s.%s", (int)section->id.size,
                                                  section->id.data, names[j]);
            if (greffe__field_value(b, path, &value) && value.kind == GREFFE__STRING) {
                name = greffe__str_format(b->arena, "%.*s%s%.*s", (int)name.size, name.data,
                                          name.size > 0 ? " " : "", (int)value.as.string.size,
                                          value.as.string.data);
            }
        }
    }
    greffe__entry *entries = greffe__arena_alloc(b->arena, 2 * sizeof *entries);
    if (entries == NULL) {
        return greffe__null();
    }
    entries[0] = (greffe__entry){greffe__str_of("account"), *account};
    entries[1] = (greffe__entry){greffe__str_of("name"), greffe__string(name)};
    return greffe__context_of(entries, 2);
}

static bool ask_order(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    int64_t cents;
    greffe__value account;
    if (!greffe__documents_ready(b, GREFFE__NEEDED_TO_PAY) ||
        !greffe__frozen_cents(b, node->amount, &cents) || !secure(b, node, cents) ||
        !greffe__evaluate(b, node->account, &account)) {
        return false;
    }
    if (account.kind != GREFFE__STRING) {
        return greffe__refuse(b, GREFFE__GR_FIELD_IBAN, GREFFE_EINVALID, NULL,
                              "there is no account to pay to");
    }
    if (b->dossier->order.size > 0) {
        return greffe__refuse(b, GREFFE__GR_ORDER_STATE, GREFFE_ESTATE,
                              "report what became of it first: nothing is paid twice",
                              "the order '%.*s' is still open", (int)b->dossier->order.size,
                              b->dossier->order.data);
    }
    /* Short enough for ISO 20022's end-to-end identification, 35 characters. */
    greffe__str key = greffe__str_format(b->arena, "%.*s-%u", (int)b->dossier->number.size,
                                         b->dossier->number.data, token);
    greffe__stream *stream = greffe__open_stream(b, GREFFE__ORDER, key);
    greffe__event prepared = {.type = GREFFE__EV_ORDER_PREPARED,
                              .key = b->stream->key,
                              .amount = cents,
                              .name = node->budget};
    const greffe__role *role = node->roles.count > 0 ? &b->plan->roles.at[node->roles.at[0]] : NULL;
    prepared.text = role != NULL ? role->service : prepared.text;
    return stream != NULL && excluded(b, b->plan->steps.at[node->step].id, &prepared.list) &&
           greffe__keep_personal(b, stream, "payee", payee(b, &account), &prepared) &&
           greffe__emit(b, stream, prepared) &&
           greffe__emit(b, b->stream,
                        (greffe__event){.type = GREFFE__EV_ORDERED, .key = key, .id = token});
}

/* --- The board --- */

static bool ask_board(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    greffe__event event = {.type = GREFFE__EV_TASK_OPENED,
                           .id = token,
                           .path = node->board,
                           .name = node->board,
                           .at = b->now_ms};
    return greffe__emit(b, b->stream, event);
}

bool greffe__leave_agenda(greffe__bench *b)
{
    greffe__str key = b->dossier->session;
    if (key.size == 0) {
        return true;
    }
    greffe__stream *stream = greffe__open_stream(b, GREFFE__SESSION, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__session *session = stream->state;
    greffe__event removed = {.type = GREFFE__EV_ITEM_REMOVED, .key = b->stream->key};
    bool listed = !session->closed && greffe__item_of(session, b->stream->key) != NULL;
    return greffe__emit(b, b->stream, (greffe__event){.type = GREFFE__EV_UNLISTED, .key = key}) &&
           (!listed || greffe__emit(b, stream, removed));
}

bool greffe__enter_ask(greffe__bench *b, const greffe__plan_node *node, uint32_t token)
{
    int64_t due;
    switch ((greffe__port)node->port) {
    case GREFFE__PORT_BOARD: return ask_board(b, node, token);
    case GREFFE__PORT_RESERVE: return ask_reserve(b, node, token);
    case GREFFE__PORT_COMMIT: return ask_commit(b, node, token);
    case GREFFE__PORT_ORDER: return ask_order(b, node, token);
    case GREFFE__PORT_CALL:
        return greffe__set_terms(b, node, token, &due) &&
               greffe__queue_effect(b, node, token, greffe__str_dup(b->arena, node->service).data,
                                    NULL);
    case GREFFE__PORT_NONE: break;
    }
    return false;
}
