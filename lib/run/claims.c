/* What may be granted once: a claim is taken at the moment that the procedure names, and is free
 * again when nothing came of it.
 *
 * Where a board's grant is that moment, the claim is held from the agenda on: whoever does not hold
 * it cannot be granted, and that is known before the board decides. */
#include "run/run_priv.h"

/* The deliberation whose grant is the moment, or NULL. */
static const greffe__step *granting(const greffe__plan *plan)
{
    for (uint32_t i = 0; i < plan->steps.count; i++) {
        const greffe__step *step = &plan->steps.at[i];
        if (step->kind == GREFFE__KIND_DELIBERATION &&
            greffe__moment_is(plan->once.claimed, step->id, "granted")) {
            return step;
        }
    }
    return NULL;
}

/* Whether the dossier stands before that board, at that step. */
static bool asks_for_it(const greffe__bench *b)
{
    const greffe__step *board = granting(b->plan);
    for (uint32_t i = 0; board != NULL && i < b->dossier->tokens.count; i++) {
        const greffe__plan_node *node = greffe__node_of(b, &b->dossier->tokens.at[i]);
        if (node != NULL && &b->plan->steps.at[node->step] == board) {
            return true;
        }
    }
    return false;
}

static bool claim_key(greffe__bench *b, greffe__str *out)
{
    greffe__value value;
    char text[GREFFE__HASH_CHARS];
    if (!greffe__field_value(b, b->plan->once.key, &value)) {
        return false;
    }
    if (value.kind != GREFFE__STRING) {
        (void)greffe__refuse(b, GREFFE__GR_FIELD_MISSING, GREFFE_EINVALID, NULL,
                             "%.*s: an answer is required", (int)b->plan->once.key.size,
                             b->plan->once.key.data);
        return false;
    }
    greffe__hash hash = greffe__hmac(b->world->secret, b->plan->procedure, value.as.string);
    greffe__hex(text, (greffe__str){(const char *)hash.bytes, 16});
    *out = greffe__str_dup(b->arena, (greffe__str){text, 32});
    return true;
}

static bool held_by_another(const greffe__bench *b, const greffe__claim *claim)
{
    return claim->holder.size > 0 && !greffe__str_equal(claim->holder, b->stream->key) &&
           (claim->until == 0 || b->today < claim->until);
}

/* From today on; taken again, it counts from the later day. One that waits for a board's word has
 * no end: however long the board takes, nobody else comes in between. */
static bool take(greffe__bench *b, greffe__stream *stream, bool waits)
{
    const greffe__claim *claim = stream->state;
    greffe__calendar calendar = greffe__plan_calendar(b->plan);
    greffe__event taken = {.type = GREFFE__EV_CLAIM_TAKEN, .key = b->stream->key, .days = b->today};
    if (b->plan->once.every.count > 0 && !waits) {
        taken.due = greffe__term_add(&calendar, b->today, b->plan->once.every, 1);
    }
    bool mine = greffe__str_equal(claim->holder, b->stream->key);
    if (mine && claim->since == taken.days && claim->until == taken.due) {
        return true;
    }
    return greffe__emit(b, stream, taken) &&
           (mine || greffe__emit(b, b->stream,
                                 (greffe__event){.type = GREFFE__EV_CLAIMED, .key = stream->key}));
}

static bool take_at_moment(greffe__bench *b)
{
    greffe__str key = b->dossier->claim;
    bool held = key.size > 0;
    if (held && granting(b->plan) == NULL) {
        return true; /* taken the first time that the moment came */
    }
    if (!held && !claim_key(b, &key)) {
        return false;
    }
    greffe__stream *stream = greffe__open_stream(b, GREFFE__CLAIM, key);
    if (stream == NULL) {
        return false;
    }
    const greffe__claim *claim = stream->state;
    if (held_by_another(b, claim)) {
        return greffe__refuse(b, GREFFE__GR_CLAIM_HELD, GREFFE_ESTATE,
                              "choose another outcome, with this as its reason",
                              "'%.*s' was already granted, or is in instruction, by the dossier "
                              "'%.*s'",
                              (int)b->plan->once.key.size, b->plan->once.key.data,
                              (int)claim->holder.size, claim->holder.data);
    }
    return take(b, stream, false);
}

/* --- Before a board --- */

bool greffe__open_claims(greffe__bench *b, const greffe__value *dossiers)
{
    bool missing = false;
    for (uint32_t i = 0; i < dossiers->count; i++) {
        greffe__str key;
        uint32_t need = 0, kind = GREFFE__DOSSIER;
        if (!greffe__open_dossier(b, dossiers->as.items[i].as.string)) {
            return false;
        }
        if (!asks_for_it(b) || b->dossier->claim.size > 0) {
            continue;
        }
        if (!b->stream->values_loaded) {
            need = GREFFE__NEED_VALUES;
            key = b->stream->key;
        } else if (!claim_key(b, &key)) {
            return false;
        } else if (greffe__world_stream(b->world, GREFFE__CLAIM, key) == NULL) {
            need = GREFFE__NEED_STREAM;
            kind = GREFFE__CLAIM;
        }
        if (need != 0) { /* go on: all of them are fetched together */
            (void)greffe__need_more(b, need, kind, key);
            b->stop = b->arena->failed;
            missing = true;
        }
    }
    b->stop = b->stop || missing;
    return !b->stop;
}

bool greffe__hold_claim(greffe__bench *b, greffe__str *barred)
{
    greffe__str key;
    *barred = (greffe__str){"", 0};
    if (!asks_for_it(b) || b->dossier->claim.size > 0) {
        return true;
    }
    greffe__stream *stream = claim_key(b, &key) ? greffe__open_stream(b, GREFFE__CLAIM, key) : NULL;
    if (stream == NULL) {
        return false;
    }
    const greffe__claim *claim = stream->state;
    if (held_by_another(b, claim)) {
        *barred = claim->holder;
        return true;
    }
    return take(b, stream, true);
}

/* --- Moments, and the end --- */

/* A board's last word was a grant, and it came after the claim: a grant that only sent the dossier
 * back is older than it. */
static bool board_granted(const greffe__bench *b)
{
    const greffe__mark *claimed = greffe__mark_of(b->dossier, b->plan->once.claimed), *last = NULL;
    bool granted = false;
    for (uint32_t i = 0; i < b->dossier->marks.count; i++) {
        const greffe__mark *mark = &b->dossier->marks.at[i];
        for (uint32_t j = 0; j < b->plan->steps.count; j++) {
            const greffe__step *step = &b->plan->steps.at[j];
            bool grant = greffe__moment_is(mark->moment, step->id, "granted");
            bool word = step->kind == GREFFE__KIND_DELIBERATION &&
                        (grant || greffe__moment_is(mark->moment, step->id, "refused"));
            if (word && (last == NULL || mark->at_ms >= last->at_ms)) {
                last = mark;
                granted = grant;
            }
        }
    }
    return granted && (claimed == NULL || last->at_ms >= claimed->at_ms);
}

/* What a board granted, a payment paid or a decision claimed stays so; all else is free again. */
static bool was_granted(const greffe__bench *b)
{
    if (board_granted(b)) {
        return true;
    }
    for (uint32_t i = 0; i < b->dossier->marks.count; i++) {
        greffe__str moment = b->dossier->marks.at[i].moment;
        for (uint32_t j = 0; j < b->plan->steps.count; j++) {
            const greffe__step *step = &b->plan->steps.at[j];
            bool decision = step->kind == GREFFE__KIND_DECISION &&
                            greffe__moment_of(moment, step->id) &&
                            greffe__str_equal(moment, b->plan->once.claimed);
            if (decision || (step->kind == GREFFE__KIND_PAYMENT &&
                             greffe__moment_is(moment, step->id, "paid"))) {
                return true;
            }
        }
    }
    return false;
}

bool greffe__release_claim(greffe__bench *b)
{
    greffe__str key = b->dossier->claim;
    if (key.size == 0 || was_granted(b)) {
        return true;
    }
    greffe__stream *stream = greffe__open_stream(b, GREFFE__CLAIM, key);
    return stream != NULL &&
           greffe__emit(b, stream,
                        (greffe__event){.type = GREFFE__EV_CLAIM_FREED, .key = b->stream->key}) &&
           greffe__emit(b, b->stream, (greffe__event){.type = GREFFE__EV_UNCLAIMED, .key = key});
}

bool greffe__claim_at_moment(greffe__bench *b, greffe__str moment)
{
    if (greffe__str_equal(b->plan->once.claimed, moment)) {
        return take_at_moment(b);
    }
    const greffe__step *board = granting(b->plan);
    bool refused = board != NULL && greffe__moment_is(moment, board->id, "refused");
    return !refused || greffe__release_claim(b);
}
