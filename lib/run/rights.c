/* Who may do what: roles, services, delegates, different people. */
#include "run/run_priv.h"

bool greffe__has_service(const greffe__bench *b, greffe__str service)
{
    return greffe__str_is(b->command->actor.kind, "system") ||
           (greffe__str_is(b->command->actor.kind, "agent") &&
            greffe__has_str(&b->command->actor.services, service));
}

/* The dossier's own, or an agent at the counter who acts for them. */
static bool speaks_for_applicant(const greffe__bench *b)
{
    const greffe__command *c = b->command;
    greffe__str applicant = b->dossier->applicant;
    return greffe__str_equal(c->actor.tag, applicant) ||
           (c->represented.tag.size > 0 && greffe__str_equal(c->represented.tag, applicant) &&
            greffe__str_is(c->actor.kind, "agent") && c->actor.services.count > 0);
}

bool greffe__may_act(greffe__bench *b, uint32_t role)
{
    const greffe__role *wanted = &b->plan->roles.at[role];
    const greffe__person_in *actor = &b->command->actor;
    switch ((greffe__role_kind)wanted->kind) {
    case GREFFE__ROLE_APPLICANT: return speaks_for_applicant(b);
    case GREFFE__ROLE_AGENT:
        return greffe__str_is(actor->kind, "agent") && greffe__has_service(b, wanted->service);
    case GREFFE__ROLE_DELEGATE:
        return greffe__str_is(actor->kind, "delegate") &&
               greffe__has_str(&actor->roles, wanted->id);
    case GREFFE__ROLE_BOARD: return false; /* a board acts by its session alone */
    }
    return false;
}

bool greffe__is_applicant(greffe__bench *b)
{
    const greffe__plan_node *filing = &b->plan->nodes.at[b->plan->scopes.at[0].entry];
    return filing->roles.count == 0 || greffe__may_act(b, filing->roles.at[0]) ||
           greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED,
                          "give it as the applicant, or as an agent for one",
                          "only the applicant may do this");
}

bool greffe__takes_part(greffe__bench *b)
{
    if (b->dossier->phase == GREFFE__PHASE_DRAFT) { /* until it is filed, nobody else's affair */
        return greffe__is_applicant(b);
    }
    greffe__sight sight = greffe__sight_of(b->plan, b->dossier, &b->command->actor);
    bool delegate = greffe__str_is(b->command->actor.kind, "delegate");
    for (uint32_t i = 0; i < b->plan->roles.count; i++) {
        /* A delegate takes part in what is before them, or was. */
        if (greffe__may_act(b, i) && (!delegate || sight.sees != GREFFE__SEES_NOTHING)) {
            return true;
        }
    }
    return greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                          delegate ? "this dossier is not before the actor, and never was"
                                   : "the actor has no role in this procedure");
}

/* An agent with a role here: neither the applicant nor a delegate. */
bool greffe__is_staff(greffe__bench *b)
{
    return greffe__takes_part(b) && (greffe__str_is(b->command->actor.kind, "agent") ||
                                     greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                                                    "this is done by an agent of the procedure"));
}

bool greffe__check_people(greffe__bench *b, greffe__str step)
{
    for (uint32_t i = 0; i < b->plan->guarantees.count; i++) {
        const greffe__guarantee *guarantee = &b->plan->guarantees.at[i];
        if (guarantee->pattern != GREFFE__DIFFERENT_PEOPLE ||
            !greffe__has_str(&guarantee->what, step)) {
            continue;
        }
        for (uint32_t j = 0; j < guarantee->what.count; j++) {
            greffe__str other = guarantee->what.at[j];
            greffe__str moment =
                greffe__str_format(b->arena, "%.*s.done", (int)other.size, other.data);
            const greffe__mark *mark = greffe__mark_of(b->dossier, moment);
            if (mark != NULL && !greffe__str_equal(other, step) &&
                greffe__has_str(&mark->who, b->command->actor.tag)) {
                return greffe__refuse(b, GREFFE__GR_DENIED_PERSON, GREFFE_EDENIED,
                                      "another person must do it",
                                      "the same person may not do both '%.*s' and '%.*s'",
                                      (int)other.size, other.data, (int)step.size, step.data);
            }
        }
    }
    return true;
}
