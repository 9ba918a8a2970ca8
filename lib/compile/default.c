/* What a procedure does whose author wrote no steps: it is filed, a service sees to it, and the
 * applicant is answered. Written as an author would, and bound like any other. */
#include "compile/compile_priv.h"

static greffe__str role_of(const greffe__definition *d, uint32_t kind)
{
    for (uint32_t i = 0; i < d->plan->roles.count; i++) {
        if (d->plan->roles.at[i].kind == kind) {
            return d->plan->roles.at[i].id;
        }
    }
    return (greffe__str){"", 0};
}

const greffe__node *greffe__default_steps(greffe__definition *d, const greffe__node *where)
{
    static const char steps[] =
        "steps:\n"
        "  depot: {kind: submission, by: %.*s, shown: Déposée, then: traitement}\n"
        "  traitement: {kind: task, by: %.*s, shown: En cours de traitement, then: reponse}\n"
        "  reponse: {kind: notification, to: %.*s, template: reponse, then: traitee}\n"
        "  traitee: {kind: end, outcome: traitee, shown: Traitée}\n";
    greffe__str applicant = role_of(d, GREFFE__ROLE_APPLICANT);
    greffe__str agent = role_of(d, GREFFE__ROLE_AGENT);
    if (applicant.size == 0 || agent.size == 0) {
        greffe__complain(&d->binder, GREFFE__GR_MISSING_KEY, where,
                         "write 'steps', or the roles {kind: applicant} and {kind: agent}",
                         "a procedure without steps goes from an applicant to an agent");
        return NULL;
    }
    greffe__arena *arena = d->binder.arena;
    greffe__str text =
        greffe__str_format(arena, steps, (int)applicant.size, applicant.data, (int)agent.size,
                           agent.data, (int)applicant.size, applicant.data);
    greffe__doc *doc = greffe__arena_zalloc(arena, sizeof *doc);
    if (doc == NULL ||
        greffe__doc_read(doc, arena, d->binder.diags, "default steps", text) != GREFFE_OK) {
        return NULL;
    }
    d->binder.doc = doc; /* what is wrong in them stands there */
    return greffe__node_get(doc->root, "steps");
}
