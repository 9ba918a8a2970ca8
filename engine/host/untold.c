/* Effects that have left, and whose end the store could not take: a disk that is full takes
 * nothing. Given again they would leave again; so what became of them is kept here, and told when
 * there is room. All of it is the store thread's. A process that dies meanwhile knows no better
 * than before: it gives them again. */
#include "base/limits.h"
#include "host/host_priv.h"

struct greffe__untold {
    greffe__untold *next;
    greffe__arena arena;
    uint32_t kind;
    greffe__str key, item, said, gives;
};

static greffe__untold **place_of(greffe_engine *e, const greffe_effect_row *row)
{
    greffe__untold **at = &e->untold;
    while (*at != NULL && !((*at)->kind == row->kind && greffe__str_equal((*at)->item, row->item) &&
                            greffe__str_equal((*at)->key, row->key))) {
        at = &(*at)->next;
    }
    return at;
}

void greffe__untold_keep(greffe_engine *e, const greffe__delivery *d)
{
    greffe__untold *one = *place_of(e, &d->row) == NULL && e->untold_count < GREFFE_MAX_UNTOLD
                              ? greffe__alloc(e->own, NULL, sizeof *one)
                              : NULL;
    if (one == NULL) {
        return; /* it is known already; or it is given again, as after a death */
    }
    *one = (greffe__untold){.next = e->untold, .kind = d->row.kind};
    greffe__arena_init(&one->arena, e->own);
    one->key = greffe__str_dup(&one->arena, d->row.key);
    one->item = greffe__str_dup(&one->arena, d->row.item);
    one->said = greffe__str_dup(&one->arena, d->said);
    one->gives = greffe__str_dup(&one->arena, d->gives);
    if (one->arena.failed) {
        greffe__arena_free(&one->arena);
        greffe__free(e->own, one);
        return;
    }
    e->untold = one;
    e->untold_count += 1;
}

bool greffe__untold_take(greffe_engine *e, greffe__delivery *d)
{
    const greffe__untold *one = *place_of(e, &d->row);
    if (one != NULL) {
        d->status = GREFFE_OK;
        d->said = one->said;
        d->gives = one->gives;
        d->once = greffe__str_is(d->row.channel, "payment") && d->row.started;
    }
    return one != NULL;
}

static void drop(greffe_engine *e, greffe__untold **at)
{
    greffe__untold *one = *at;
    *at = one->next;
    e->untold_count -= 1;
    greffe__arena_free(&one->arena);
    greffe__free(e->own, one);
}

void greffe__untold_forget(greffe_engine *e, const greffe_effect_row *row)
{
    greffe__untold **at = place_of(e, row);
    if (*at != NULL) {
        drop(e, at);
    }
}

void greffe__untold_free(greffe_engine *e)
{
    while (e->untold != NULL) {
        drop(e, &e->untold);
    }
}
