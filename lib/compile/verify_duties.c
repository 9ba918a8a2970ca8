/* Duties that need no states to be seen: who may do what, how long data is kept, what clocks owe;
 * and the waivers of a file. Each says its source, where it is in law. */
#include "base/limits.h"
#include "compile/verify_priv.h"

static const greffe__str no_story = {"", 0};

bool greffe__is_public(const greffe__plan *plan)
{
    bool applicant = false;
    for (uint32_t i = 0; i < plan->roles.count; i++) {
        applicant = applicant || plan->roles.at[i].kind == GREFFE__ROLE_APPLICANT;
    }
    return applicant;
}

/* --- People --- */

static bool names_both(const greffe__plan *plan, greffe__str a, greffe__str b)
{
    for (uint32_t i = 0; i < plan->guarantees.count; i++) {
        const greffe__guarantee *g = &plan->guarantees.at[i];
        bool first = false, second = false;
        for (uint32_t j = 0; g->pattern == GREFFE__DIFFERENT_PEOPLE && j < g->what.count; j++) {
            first = first || greffe__str_equal(g->what.at[j], a);
            second = second || greffe__str_equal(g->what.at[j], b);
        }
        if (first && second) {
            return true;
        }
    }
    return false;
}

/* Who instructs, or decides, does not pay (décret 2012-1246, art. 9: separation of duties). */
static void check_payers(greffe__proof *p)
{
    const greffe__steps *steps = &p->plan->steps;
    for (uint32_t i = 0; i < steps->count; i++) {
        for (uint32_t j = 0; steps->at[i].kind == GREFFE__KIND_PAYMENT && j < steps->count; j++) {
            greffe__str pays = steps->at[i].id, instructs = steps->at[j].id;
            if (steps->at[j].kind == GREFFE__KIND_INSTRUCTION &&
                !names_both(p->plan, pays, instructs)) {
                greffe__str hint = greffe__str_format(
                    p->arena, "guarantees: - {different_people: [%.*s, %.*s], because: …}",
                    (int)instructs.size, instructs.data, (int)pays.size, pays.data);
                greffe__proof_report(
                    p, GREFFE__GR_INSTRUCTS_AND_PAYS, p->d->steps.at[i]->node, no_story, hint.data,
                    "one person may do '%.*s' and '%.*s' of one dossier", (int)instructs.size,
                    instructs.data, (int)pays.size, pays.data);
                break;
            }
        }
    }
}

/* Whether nobody but the applicant can do a step. */
static bool by_applicant(const greffe__proof *p, greffe__str id)
{
    uint32_t step = greffe__plan_step_at(p->plan, id);
    const greffe__plan_node *node =
        step != GREFFE__NONE ? &p->plan->nodes.at[p->plan->steps.at[step].entry] : NULL;
    bool all = node != NULL && node->roles.count > 0;
    for (uint32_t i = 0; all && i < node->roles.count; i++) {
        all = p->plan->roles.at[node->roles.at[i]].kind == GREFFE__ROLE_APPLICANT;
    }
    return all;
}

static void check_people(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->guarantees.count; i++) {
        const greffe__guarantee *g = &p->plan->guarantees.at[i];
        uint32_t own = 0;
        for (uint32_t j = 0; g->pattern == GREFFE__DIFFERENT_PEOPLE && j < g->what.count; j++) {
            own += by_applicant(p, g->what.at[j]);
        }
        if (own > 1) {
            greffe__proof_report(p, GREFFE__GR_ONE_PERSON_ONLY, p->d->guarantee_nodes.at[i],
                                 no_story, "leave one of the applicant's steps out",
                                 "the applicant alone can do two of these steps: the second could "
                                 "never be done");
        }
    }
}

/* --- Data --- */

/* Personal data has an end (RGPD, art. 5 (1) e). */
static void check_retention(greffe__proof *p)
{
    for (uint32_t i = 0; p->plan->fields.count > 0 && i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        bool kept = node->op != GREFFE__P_END;
        for (uint32_t j = 0; j < p->plan->retention.count; j++) {
            greffe__str outcome = p->plan->retention.at[j].outcome;
            kept = kept || outcome.size == 0 || greffe__str_equal(outcome, node->outcome);
        }
        if (!kept) {
            const greffe__node *where = greffe__node_get(p->d->procedure.root, "retention");
            where = where != NULL ? where : greffe__node_get(p->d->procedure.root, "procedure");
            greffe__proof_report(p, GREFFE__GR_NO_RETENTION,
                                 where != NULL ? where : p->d->procedure.root, no_story,
                                 "retention: {other: 2 years}",
                                 "nothing says how long a dossier that ends with '%.*s' is kept",
                                 (int)node->outcome.size, node->outcome.data);
            return;
        }
    }
}

/* --- Time --- */

/* The least and the most days that a term takes. */
static void days_of(greffe__term term, uint32_t *least, uint32_t *most)
{
    static const struct {
        uint32_t least, most;
    } units[] = {[GREFFE__UNIT_DAYS] = {1, 1},      [GREFFE__UNIT_WORKING_DAYS] = {1, 5},
                 [GREFFE__UNIT_WEEKS] = {7, 7},     [GREFFE__UNIT_MONTHS] = {28, 31},
                 [GREFFE__UNIT_YEARS] = {365, 366}, [GREFFE__UNIT_HOURS] = {0, 1}};
    *least = term.count * units[term.unit].least;
    *most = term.count * units[term.unit].most;
}

static void check_reminder(greffe__proof *p, const greffe__node *node, greffe__term within,
                           greffe__term before, const char *key)
{
    uint32_t within_least, within_most, before_least, before_most;
    if (within.count == 0 || before.count == 0 || within.unit == GREFFE__UNIT_HOURS) {
        return;
    }
    days_of(within, &within_least, &within_most);
    days_of(before, &before_least, &before_most);
    bool same = within.unit == before.unit && before.count >= within.count;
    if (same || before_least >= within_most) {
        greffe__proof_report(p, GREFFE__GR_REMIND_LATE, node, no_story,
                             "let it be shorter than 'within'",
                             "'%s' reaches back to before the time begins", key);
    }
}

static void check_waits(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        const greffe__step_def *step = p->d->steps.at[node->step];
        check_reminder(p, step->node, node->within, node->remind, "remind");
        if (node->op == GREFFE__P_WAIT && node->message.size > 0 && node->within.count == 0) {
            greffe__proof_report(p, GREFFE__GR_WAIT_FOR_EVER, step->node, no_story,
                                 "within: 1 month, then: {done: …, expired: …}",
                                 "the message '%.*s' may never come, and nothing else ends this "
                                 "wait",
                                 (int)node->message.size, node->message.data);
        }
    }
}

static bool pays(const greffe__plan *plan)
{
    bool pays = false;
    for (uint32_t i = 0; i < plan->steps.count; i++) {
        pays = pays || plan->steps.at[i].kind == GREFFE__KIND_PAYMENT;
    }
    return pays;
}

static void check_clock(greffe__proof *p, uint32_t index)
{
    const greffe__clock_def *clock = &p->plan->clocks.at[index];
    const greffe__node *node = p->d->clock_nodes.at[index];
    int size = (int)clock->name.size;
    const char *name = clock->name.data;
    uint32_t paused = clock->paused_while.size > 0
                          ? greffe__plan_step_at(p->plan, clock->paused_while)
                          : GREFFE__NONE;
    check_reminder(p, node, clock->within, clock->warn, "warn");
    if (clock->warn.count == 0) {
        greffe__proof_report(p, GREFFE__GR_CLOCK_UNWARNED, node, no_story, "warn: 15 days",
                             "nobody is warned before the clock '%.*s' ends", size, name);
    }
    if (clock->means == GREFFE__MEANS_ACCEPTANCE && pays(p->plan)) {
        greffe__proof_report(p, GREFFE__GR_SILENCE_PAYS, node, no_story,
                             "means: rejection (CRPA L231-4, 3°)",
                             "silence on a request for money means rejection, not acceptance");
    }
    bool asks =
        paused != GREFFE__NONE && p->plan->steps.at[paused].kind == GREFFE__KIND_COMPLETENESS;
    if (paused != GREFFE__NONE && clock->means == GREFFE__MEANS_ACCEPTANCE) {
        greffe__proof_report(p, GREFFE__GR_CLOCK_PAUSED, node, no_story,
                             "let it start when the file is complete: from: completude.complete "
                             "(CRPA L114-5)",
                             "a clock that means acceptance is not suspended");
    } else if (paused != GREFFE__NONE && !asks) {
        greffe__proof_report(p, GREFFE__GR_CLOCK_PAUSED, node, no_story,
                             "name a step of kind completeness (CRPA L114-5)",
                             "a clock is suspended only while the applicant is asked for what is "
                             "missing");
    }
}

void greffe__verify_duties(greffe__proof *p)
{
    check_people(p);
    check_waits(p);
    if (!greffe__is_public(p->plan)) {
        return;
    }
    check_payers(p);
    check_retention(p);
    for (uint32_t i = 0; i < p->plan->clocks.count; i++) {
        check_clock(p, i);
    }
}

/* --- Waivers --- */

void greffe__verify_waivers(greffe__definition *d)
{
    for (uint32_t i = 0; i < d->waivers.count; i++) {
        const greffe__waiver *waiver = &d->waivers.at[i];
        int64_t today = d->options != NULL ? d->options->today : 0;
        if (today != 0 && waiver->until < today) {
            greffe__complain(&d->binder, GREFFE__GR_WAIVER_OVER, waiver->node,
                             "mend what it waives, or decide anew until when",
                             "this waiver of %.*s has run out", (int)waiver->rule.size,
                             waiver->rule.data);
        } else if (!waiver->used) {
            greffe__complain(&d->binder, GREFFE__GR_WAIVER_IDLE, waiver->node, "delete it",
                             "nothing is found that %.*s would be waived for",
                             (int)waiver->rule.size, waiver->rule.data);
        }
    }
}
