/* What has to have a value wherever a dossier comes by: the conditions of a choice, the values that
 * are used, the lists and the days of steps. One that has none refuses the command that leads to
 * it, whoever gives it: the dossier goes no further. */
#include "compile/verify_priv.h"

static void report(greffe__proof *p, const greffe__node *node, greffe__str part)
{
    greffe__proof_report(p, GREFFE__GR_NOT_PROVED, node, (greffe__str){"", 0},
                         "ask before: if <it can be> then … else …; or give the field a 'min'",
                         "that this always has a value is not proved: '%.*s' may have none",
                         (int)part.size, part.data);
}

static void check_text(greffe__proof *p, const greffe__node *node, greffe__str source)
{
    greffe__str part;
    if (node != NULL && source.size > 0 &&
        greffe__expr_partial(&part, p->arena, &p->d->symbols, source, NULL)) {
        report(p, node, part);
    }
}

/* What a table divides by, the tests of its rule may keep from being zero. */
static void check_table(greffe__proof *p, const struct greffe__table_def *table)
{
    greffe__str part;
    greffe__boxed boxed;
    greffe__str source = greffe__table_made(table, &boxed);
    if (source.size > 0 && greffe__expr_partial(&part, p->arena, &p->d->symbols, source, &boxed)) {
        report(p, greffe__table_part(table, part), part);
    }
}

/* A choice's cases stand in the order of its edges. */
static void check_choice(greffe__proof *p, const greffe__plan_node *node)
{
    const greffe__step_def *step = p->d->steps.at[node->step];
    for (uint32_t i = 0; i < node->edges.count && i < step->outcomes.count; i++) {
        check_text(p, step->outcomes.at[i].when, greffe__program_text(node->edges.at[i].guard));
    }
}

static void check_values(greffe__proof *p)
{
    for (uint32_t i = 0; i < p->d->value_sources.count; i++) {
        const struct greffe__value_source *source = &p->d->value_sources.at[i];
        const greffe__dated_programs *rules = &p->plan->values.at[source->value].rules;
        if (source->table != NULL) {
            check_table(p, source->table);
        } else if (source->node != NULL && source->rule < rules->count) {
            check_text(p, source->node, rules->at[source->rule].program.source);
        }
    }
}

void greffe__verify_partial(greffe__proof *p)
{
    check_values(p);
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        const greffe__step_def *step = p->d->steps.at[node->step];
        if (node->op == GREFFE__P_CHOOSE) {
            check_choice(p, node);
        } else if (node->op == GREFFE__P_EACH) {
            check_text(p, step->of, greffe__program_text(node->expression));
        } else if (node->op == GREFFE__P_WAIT) {
            check_text(p, step->at, greffe__program_text(node->expression));
        }
    }
}
