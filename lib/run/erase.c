/* Erasing what persons typed, and what names them, once it need not be kept any longer. */
#include "run/run_priv.h"

/* The first day on which the procedure's retention lets a dossier's values go; 0: it says nothing.
 */
static int64_t kept_until(const greffe__bench *b)
{
    greffe__calendar calendar = greffe__plan_calendar(b->plan);
    int64_t ended = greffe__zone_date(b->zone, b->dossier->ended_ms), until = 0;
    for (uint32_t i = 0; i < b->plan->retention.count; i++) {
        const greffe__retention *rule = &b->plan->retention.at[i];
        bool own = greffe__str_equal(rule->outcome, b->dossier->outcome);
        if (own || (rule->outcome.size == 0 && until == 0)) {
            until = greffe__term_add(&calendar, ended, rule->keep, 1);
        }
        if (own) {
            break;
        }
    }
    return until;
}

/* What needs its values to leave: not the word to let documents go. */
static bool has_letters(const greffe__dossier *dossier)
{
    for (uint32_t i = 0; i < dossier->pending.count; i++) {
        if (!greffe__str_is(dossier->pending.at[i].channel, "documents")) {
            return true;
        }
    }
    return false;
}

/* Their contents lie elsewhere: whoever keeps them is told. */
static bool let_documents_go(greffe__bench *b)
{
    greffe__event queued = {.type = GREFFE__EV_EFFECT_QUEUED,
                            .count = b->dossier->serial + 1,
                            .name = greffe__str_of("documents")};
    if (b->dossier->documents.count == 0) {
        return true;
    }
    queued.key = greffe__str_format(b->arena, "%.*s/%u", (int)b->stream->key.size,
                                    b->stream->key.data, queued.count);
    return greffe__emit(b, b->stream, queued);
}

bool greffe__erase(greffe__bench *b)
{
    greffe__str because;
    greffe__event erased = {.type = GREFFE__EV_ERASED, .days = b->today};
    if (!greffe__str_is(b->command->actor.kind, "agent") ||
        !greffe__has_str(&b->command->actor.roles, greffe__str_of("erase"))) {
        return greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED,
                              "an agent whose account has the role 'erase' may",
                              "this actor may not erase what persons typed");
    }
    if (!greffe__arg_needed(b, "because", &because)) {
        return false;
    }
    bool leaving = has_letters(b->dossier);
    if (b->dossier->phase != GREFFE__PHASE_CLOSED || leaving) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                              leaving ? "a letter of this dossier has still to leave"
                                      : "the dossier has not ended");
    }
    int64_t until = kept_until(b);
    if (b->today < until) {
        char date[GREFFE__DATE_CHARS];
        (void)greffe__date_format(date, until);
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE,
                              "the procedure's retention says so", "it is kept until %s", date);
    }
    b->stream->erase = true;
    return greffe__keep_personal(b, b->stream, "reason", greffe__string(because), &erased) &&
           greffe__emit(b, b->stream, erased) && greffe__meet_actor(b, b->stream) &&
           let_documents_go(b);
}
