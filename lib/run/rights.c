/* Who may do what: roles, services, delegates, different people. */
#include "run/run_priv.h"

bool greffe__has_service(const greffe__bench *b, greffe__str service)
{
    return greffe__str_is(b->command->actor.kind, "system") ||
           (greffe__str_is(b->command->actor.kind, "agent") &&
            greffe__has_str(&b->command->actor.services, service));
}

static bool is_applicant(const greffe__bench *b)
{
    const greffe__command *c = b->command;
    greffe__str applicant = b->dossier->applicant;
    return greffe__str_equal(c->actor.tag, applicant) ||
           (c->represented.tag.size > 0 && greffe__str_equal(c->represented.tag, applicant) &&
            greffe__str_is(c->actor.kind, "agent") && c->actor.services.count > 0);
}

static bool fits(const greffe__bench *b, const greffe__role *role)
{
    const greffe__person_in *actor = &b->command->actor;
    switch ((greffe__role_kind)role->kind) {
    case GREFFE__ROLE_APPLICANT: return is_applicant(b);
    case GREFFE__ROLE_AGENT:
        return greffe__str_is(actor->kind, "agent") && greffe__has_service(b, role->service);
    case GREFFE__ROLE_DELEGATE:
        return greffe__str_is(actor->kind, "delegate") && greffe__has_str(&actor->roles, role->id);
    case GREFFE__ROLE_BOARD: return false; /* a board acts by its session alone */
    }
    return false;
}

bool greffe__may_act(greffe__bench *b, uint32_t role)
{
    return fits(b, &b->plan->roles.at[role]);
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
