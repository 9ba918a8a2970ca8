/* Who sees what. The applicant sees what they gave, the public status and the decisions; an agent
 * of the procedure sees all that does not name others; a delegate and a board's member see what
 * names their role, of dossiers that are before them or that they had to do with. */
#include "run/run_priv.h"

static bool has_service(const greffe__person_in *actor, greffe__str service)
{
    return greffe__str_is(actor->kind, "agent") && service.size > 0 &&
           greffe__has_str(&actor->services, service);
}

bool greffe__works_on(const greffe__plan *plan, const greffe__person_in *actor)
{
    for (uint32_t i = 0; i < plan->roles.count; i++) {
        if (has_service(actor, plan->roles.at[i].service)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < plan->nodes.count; i++) { /* boards that the procedure asks */
        uint32_t board = plan->nodes.at[i].board.size > 0
                             ? greffe__plan_board_at(plan, plan->nodes.at[i].board)
                             : GREFFE__NONE;
        if (board != GREFFE__NONE && has_service(actor, plan->boards.at[board].secretary)) {
            return true;
        }
    }
    return false;
}

/* As whom the actor sees; rights to act are another matter. */
static bool fits(const greffe__sight *s, greffe__str id)
{
    uint32_t at = greffe__plan_role_at(s->plan, id);
    if (at == GREFFE__NONE) {
        return false;
    }
    const greffe__role *role = &s->plan->roles.at[at];
    switch ((greffe__role_kind)role->kind) {
    case GREFFE__ROLE_APPLICANT: return s->sees == GREFFE__SEES_OWN;
    case GREFFE__ROLE_AGENT: return has_service(s->actor, role->service);
    case GREFFE__ROLE_DELEGATE:
        return greffe__str_is(s->actor->kind, "delegate") &&
               greffe__has_str(&s->actor->roles, role->id);
    case GREFFE__ROLE_BOARD:
        return greffe__str_is(s->actor->kind, "member") &&
               greffe__has_str(&s->actor->roles, role->id);
    }
    return false;
}

/* A wait inside a step is those people's who act in the step. */
bool greffe__sees_place(const greffe__sight *s, const greffe__plan_node *node)
{
    bool whole = s->sees == GREFFE__SEES_ALL || s->sees == GREFFE__SEES_WORK;
    if (whole || node == NULL) {
        return whole;
    }
    const greffe__u32s *roles = &node->roles;
    uint32_t entry = s->plan->steps.at[node->step].entry;
    if (roles->count == 0 && entry < s->plan->nodes.count) {
        roles = &s->plan->nodes.at[entry].roles;
    }
    for (uint32_t i = 0; i < roles->count; i++) {
        if (fits(s, s->plan->roles.at[roles->at[i]].id)) {
            return true;
        }
    }
    return node->board.size > 0 && fits(s, node->board);
}

/* It waits for them, or they had to do with it. */
static bool before(const greffe__sight *s, const greffe__dossier *d)
{
    for (uint32_t i = 0; i < d->people.count; i++) {
        if (greffe__str_equal(d->people.at[i].tag, s->actor->tag)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < d->tokens.count; i++) {
        uint32_t at = greffe__plan_node_at(s->plan, d->tokens.at[i].path);
        if (at != GREFFE__NONE && greffe__sees_place(s, &s->plan->nodes.at[at])) {
            return true;
        }
    }
    return false;
}

greffe__sight greffe__sight_of(const greffe__plan *plan, const greffe__dossier *d,
                               const greffe__person_in *actor)
{
    greffe__sight s = {.plan = plan, .actor = actor, .sees = GREFFE__SEES_NOTHING};
    bool draft = d->phase == GREFFE__PHASE_DRAFT;
    if (actor == NULL) {
        s.sees = GREFFE__SEES_ALL;
    } else if (greffe__str_is(actor->kind, "agent")) {
        /* A draft is the applicant's own affair until it is filed. */
        s.sees = !draft && greffe__works_on(plan, actor) ? GREFFE__SEES_WORK : GREFFE__SEES_NOTHING;
    } else if (greffe__str_is(actor->kind, "delegate") || greffe__str_is(actor->kind, "member")) {
        s.sees = !draft && before(&s, d) ? GREFFE__SEES_NAMED : GREFFE__SEES_NOTHING;
    } else if (greffe__str_equal(actor->tag, d->applicant)) {
        s.sees = GREFFE__SEES_OWN;
    }
    return s;
}

static bool named(const greffe__sight *s, const greffe__strs *see, bool by_default)
{
    if (s->sees == GREFFE__SEES_ALL || s->sees == GREFFE__SEES_NOTHING || see->count == 0) {
        return s->sees == GREFFE__SEES_ALL || (s->sees != GREFFE__SEES_NOTHING && by_default);
    }
    for (uint32_t i = 0; i < see->count; i++) {
        if (fits(s, see->at[i])) {
            return true;
        }
    }
    return false;
}

bool greffe__sees_document(const greffe__sight *s, greffe__str id)
{
    uint32_t at = greffe__plan_document_at(s->plan, id);
    return at != GREFFE__NONE &&
           (s->sees == GREFFE__SEES_OWN ||
            named(s, &s->plan->documents.at[at].see, s->sees == GREFFE__SEES_WORK));
}

bool greffe__sees_answers(const greffe__sight *s, greffe__str owner)
{
    size_t size = 0; /* without an item's number */
    while (size < owner.size && owner.data[size] != '#') {
        size += 1;
    }
    owner.size = size;
    for (uint32_t i = 0; i < s->plan->sections.count; i++) {
        const greffe__section *section = &s->plan->sections.at[i];
        if (greffe__str_equal(section->id, owner)) {
            return s->sees == GREFFE__SEES_OWN ||
                   named(s, &section->see, s->sees == GREFFE__SEES_WORK);
        }
    }
    uint32_t at = greffe__plan_step_at(s->plan, owner);
    if (at == GREFFE__NONE) {
        return s->sees == GREFFE__SEES_ALL;
    }
    const greffe__step *step = &s->plan->steps.at[at];
    bool decision = step->kind == GREFFE__KIND_DECISION && s->sees == GREFFE__SEES_OWN;
    return named(s, &step->see, decision || s->sees == GREFFE__SEES_WORK);
}
