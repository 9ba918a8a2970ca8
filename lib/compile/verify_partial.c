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

/* --- Amounts --- */

/* Whether a value is reserved or paid somewhere. */
static bool is_amount(const greffe__proof *p, greffe__str value)
{
    bool amount = false;
    for (uint32_t i = 0; i < p->plan->nodes.count && !amount; i++) {
        amount = greffe__str_equal(p->plan->nodes.at[i].amount, value);
    }
    return amount;
}

/* What is reserved or paid is above zero, and of whole cents: else nobody gets any further there.
 */
static void check_amount(greffe__proof *p, const greffe__node *node, greffe__str value,
                         const greffe__bounds *found)
{
    enum { cents = 2 };
    char low[GREFFE__DEC_CHARS];
    bool above = found->has_low && greffe__dec_compare(found->low, greffe__dec_of(0)) > 0;
    if (!above && found->has_low) {
        (void)greffe__dec_format(low, found->low);
    }
    if (!above) {
        greffe__proof_report(p, GREFFE__GR_NOT_PROVED, node, (greffe__str){"", 0},
                             "give the fields it is made of a 'min', or end with max(…, 0.01)",
                             "that the amount '%.*s' is always above zero is not proved%s%s",
                             (int)value.size, value.data, found->has_low ? ": it may be " : "",
                             found->has_low ? low : "");
    } else if (found->decimals < 0 || found->decimals > cents) {
        greffe__proof_report(p, GREFFE__GR_NOT_PROVED, node, (greffe__str){"", 0},
                             "round it: round half up(…, 2)",
                             "that the amount '%.*s' is always of whole cents is not proved",
                             (int)value.size, value.data);
    }
}

/* A value may use those that stand above it. */
static void check_amounts(greffe__proof *p)
{
    greffe__definition *d = p->d;
    greffe__bounds_list all = {0};
    for (uint32_t i = 0; i < p->plan->values.count; i++) {
        greffe__str name = p->plan->values.at[i].name;
        for (uint32_t j = 0; j < d->value_sources.count; j++) {
            const struct greffe__value_source *source = &d->value_sources.at[j];
            greffe__boxed boxed;
            bool table = source->table != NULL;
            if (source->value != i || (!table && source->node == NULL)) {
                continue;
            }
            greffe__str text =
                table ? greffe__table_made(source->table, &boxed) : source->node->text;
            uint32_t at = all.count;
            if (text.size > 0 &&
                greffe__expr_bounds(&all, p->arena, &d->symbols, text, table ? &boxed : NULL,
                                    name) &&
                is_amount(p, name)) {
                const greffe__node *node =
                    table ? greffe__table_part(source->table, (greffe__str){text.data, 0})
                          : source->node;
                check_amount(p, node, name, &all.at[at].bounds);
            }
        }
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
    check_amounts(p);
}
