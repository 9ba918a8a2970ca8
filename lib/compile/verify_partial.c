/* What has to have a value wherever a dossier comes by: every expression. One that has none refuses
 * the command that leads to it, whoever gives it: the dossier goes no further. */
#include "compile/verify_priv.h"

static void report(greffe__proof *p, const greffe__node *node, greffe__str part)
{
    greffe__proof_report(p, GREFFE__GR_NOT_PROVED, node, (greffe__str){"", 0},
                         "ask before: if <it can be> then … else …; or give the field a 'min'",
                         "that this always has a value is not proved: '%.*s' may have none",
                         (int)part.size, part.data);
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

void greffe__verify_partial(greffe__proof *p)
{
    greffe__definition *d = p->d;
    const greffe__doc *own = d->binder.doc;
    for (uint32_t i = 0; i < d->partials.count; i++) {
        const struct greffe__partial *one = &d->partials.at[i];
        d->binder.doc = one->doc; /* the authority's sections have rules of their own */
        report(p, one->node, one->part);
    }
    d->binder.doc = own;
    for (uint32_t i = 0; i < d->value_sources.count; i++) {
        if (d->value_sources.at[i].table != NULL) {
            check_table(p, d->value_sources.at[i].table);
        }
    }
}
