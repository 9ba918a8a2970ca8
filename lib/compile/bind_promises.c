/* Clocks and guarantees: what the law and the author promise about every dossier. */
#include <stddef.h>

#include "compile/compile_priv.h"

typedef struct clock_keys {
    greffe__ref from, paused_while, then;
    greffe__refs until;
    greffe__term within, warn;
    uint32_t means;
    greffe__str because;
} clock_keys;
static const char *const meanings[] = {"rejection", "acceptance", NULL};
static const greffe__key clock_rows[] = {
    {"from", GREFFE__K_NAME, true, offsetof(clock_keys, from), 0, NULL,
     "the moment that starts it: depot"},
    {"within", GREFFE__K_TERM, true, offsetof(clock_keys, within), 0, NULL, "its length: 2 months"},
    {"until", GREFFE__K_NAMES, false, offsetof(clock_keys, until), 0, NULL,
     "the moments that stop it; default the first decision"},
    {"paused_while", GREFFE__K_NAME, false, offsetof(clock_keys, paused_while), 0, NULL,
     "step.waiting: suspended while an answer is awaited (CRPA L114-5-1)"},
    {"warn", GREFFE__K_TERM, false, offsetof(clock_keys, warn), 0, NULL,
     "so long before its end, the dossier's tasks carry that day"},
    {"means", GREFFE__K_WORD, true, offsetof(clock_keys, means), 0, meanings,
     "what silence means: rejection or acceptance"},
    {"then", GREFFE__K_NAME, true, offsetof(clock_keys, then), 0, NULL, "the step at its end"},
    {"because", GREFFE__K_TEXT, false, offsetof(clock_keys, because), 0, NULL, "its legal source"},
};
const greffe__keys greffe__keys_clock = {"a clock", clock_rows,
                                         sizeof clock_rows / sizeof *clock_rows};

static void add_moment(greffe__definition *d, greffe__strs *list, greffe__str moment)
{
    greffe__str *place = greffe__arena_push(d->binder.arena, list, sizeof *place);
    if (place != NULL) {
        *place = moment;
    }
}

static void add_node(greffe__definition *d, greffe__nodes *list, const greffe__node *node)
{
    const greffe__node **place = greffe__arena_push(d->binder.arena, list, sizeof *place);
    if (place != NULL) {
        *place = node;
    }
}

/* The first decision: every step of a kind that decides. */
static void default_until(greffe__definition *d, greffe__clock_def *clock)
{
    static const char *const outcomes[] = {".granted", ".refused"};
    for (uint32_t i = 0; i < d->plan->steps.count; i++) {
        const greffe__step *step = &d->plan->steps.at[i];
        if (step->kind == GREFFE__KIND_DELIBERATION) {
            for (size_t j = 0; j < 2; j++) {
                add_moment(d, &clock->until,
                           greffe__str_join(d->binder.arena, step->id.data, outcomes[j], NULL));
            }
        } else if (step->kind == GREFFE__KIND_DECISION) {
            add_moment(d, &clock->until,
                       greffe__str_join(d->binder.arena, step->id.data, ".done", NULL));
        }
    }
}

static void paused_while(greffe__definition *d, const greffe__ref *ref, greffe__clock_def *clock)
{
    static const char suffix[] = ".waiting";
    size_t size = sizeof suffix - 1;
    greffe__str id = ref->id;
    bool waiting =
        id.size > size && greffe__str_is((greffe__str){id.data + id.size - size, size}, suffix);
    if (!waiting) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_MOMENT, ref->node, "completude.waiting",
                         "a clock is suspended while a step is waiting, and only then");
        return;
    }
    id.size -= size;
    if (greffe__name_find(d, ref->node, id, 1u << GREFFE__THING_STEP, "a step") != NULL) {
        clock->paused_while = id;
    }
}

static void bind_clock(greffe__definition *d, const greffe__node *name, const greffe__node *node)
{
    clock_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_clock, node, 0, &keys);
    greffe__clock_def *clock = greffe__arena_push(d->binder.arena, &d->plan->clocks, sizeof *clock);
    if (clock == NULL) {
        return;
    }
    add_node(d, &d->clock_nodes, name);
    *clock = (greffe__clock_def){.name = name->text,
                                 .within = keys.within,
                                 .warn = keys.warn,
                                 .means = keys.means,
                                 .because = keys.because};
    (void)greffe__name_add(d, name, name->text, GREFFE__THING_CLOCK, d->plan->clocks.count - 1);
    if (keys.within.unit == GREFFE__UNIT_HOURS || keys.warn.unit == GREFFE__UNIT_HOURS) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_PERIOD, node,
                         "write days, weeks, months or years",
                         "a legal delay counts civil days, not hours");
    }
    if (keys.from.node != NULL) {
        (void)greffe__read_moment(d, keys.from.node, keys.from.id, &clock->from);
    }
    for (uint32_t i = 0; i < keys.until.count; i++) {
        greffe__str moment;
        if (greffe__read_moment(d, keys.until.at[i].node, keys.until.at[i].id, &moment)) {
            add_moment(d, &clock->until, moment);
        }
    }
    if (keys.until.count == 0) {
        default_until(d, clock);
    }
    if (clock->until.count == 0) {
        greffe__complain(&d->binder, GREFFE__GR_MISSING_KEY, node, "until: <moment>",
                         "nothing stops this clock: the procedure has no decision");
    }
    if (keys.paused_while.node != NULL) {
        paused_while(d, &keys.paused_while, clock);
    }
    if (keys.then.node != NULL) {
        const greffe__named *then =
            greffe__name_find(d, keys.then.node, keys.then.id, 1u << GREFFE__THING_STEP, "a step");
        clock->then = then != NULL ? d->plan->steps.at[then->index].entry : 0;
        if (then != NULL && d->plan->steps.at[then->index].scope != 0) {
            greffe__complain(&d->binder, GREFFE__GR_STEP_ELSEWHERE, keys.then.node,
                             "name a step that stands directly under 'steps'",
                             "a clock leads to a step that is in no block");
        }
    }
}

void greffe__bind_clocks(greffe__definition *d, const greffe__node *clocks)
{
    if (!greffe__expect_mapping(&d->binder, clocks, "the list of clocks")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < clocks->count; i += 2) {
        if (greffe__check_id(&d->binder, clocks->children[i])) {
            bind_clock(d, clocks->children[i], greffe__node_resolve(clocks->children[i + 1]));
        }
    }
}

/* --- Guarantees --- */

typedef struct guarantee_keys {
    greffe__ref before, after, always, at_most_once;
    greffe__refs never, different_people;
    greffe__str because;
} guarantee_keys;
static const greffe__key guarantee_rows[] = {
    {"before", GREFFE__K_NAME, false, offsetof(guarantee_keys, before), 0, NULL,
     "before this moment, `always` has happened"},
    {"after", GREFFE__K_NAME, false, offsetof(guarantee_keys, after), 0, NULL,
     "after this moment, `always` happens"},
    {"always", GREFFE__K_NAME, false, offsetof(guarantee_keys, always), 0, NULL,
     "the moment that goes with before or after"},
    {"never", GREFFE__K_NAMES, false, offsetof(guarantee_keys, never), 0, NULL,
     "moments that never all happen to one dossier"},
    {"at_most_once", GREFFE__K_NAME, false, offsetof(guarantee_keys, at_most_once), 0, NULL,
     "a moment that happens once at the most"},
    {"different_people", GREFFE__K_NAMES, false, offsetof(guarantee_keys, different_people), 0,
     NULL, "steps that no person does two of; enforced at run time"},
    {"because", GREFFE__K_TEXT, false, offsetof(guarantee_keys, because), 0, NULL, "why"},
};
const greffe__keys greffe__keys_guarantee = {"a guarantee", guarantee_rows,
                                             sizeof guarantee_rows / sizeof *guarantee_rows};

static void what(greffe__definition *d, greffe__guarantee *guarantee, const greffe__ref *ref,
                 bool step)
{
    greffe__str moment = ref->id;
    bool good =
        step ? greffe__name_find(d, ref->node, ref->id, 1u << GREFFE__THING_STEP, "a step") != NULL
             : greffe__read_moment(d, ref->node, ref->id, &moment);
    if (good) {
        add_moment(d, &guarantee->what, moment);
    }
}

/* The last one is none. */
static void drop_guarantee(greffe__definition *d)
{
    d->plan->guarantees.count -= 1;
    d->guarantee_nodes.count -= 1;
}

static void bind_guarantee(greffe__definition *d, const greffe__node *node)
{
    guarantee_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_guarantee, node, 0, &keys);
    greffe__guarantee *guarantee =
        greffe__arena_push(d->binder.arena, &d->plan->guarantees, sizeof *guarantee);
    if (guarantee == NULL) {
        return;
    }
    *guarantee = (greffe__guarantee){.because = keys.because};
    add_node(d, &d->guarantee_nodes, node);
    bool paired = keys.always.node != NULL;
    int patterns = (keys.before.node != NULL) + (keys.after.node != NULL) +
                   (keys.at_most_once.node != NULL) + (keys.never.count > 0) +
                   (keys.different_people.count > 0);
    if (patterns > 1) {
        greffe__complain(&d->binder, GREFFE__GR_BAD_GUARANTEE, node, "write one entry for each",
                         "this guarantee mixes several patterns");
        drop_guarantee(d);
        return;
    }
    if (keys.before.node != NULL && paired) {
        guarantee->pattern = GREFFE__BEFORE_ALWAYS;
        what(d, guarantee, &keys.before, false);
        what(d, guarantee, &keys.always, false);
    } else if (keys.after.node != NULL && paired) {
        guarantee->pattern = GREFFE__AFTER_ALWAYS;
        what(d, guarantee, &keys.after, false);
        what(d, guarantee, &keys.always, false);
    } else if (keys.at_most_once.node != NULL) {
        guarantee->pattern = GREFFE__AT_MOST_ONCE;
        what(d, guarantee, &keys.at_most_once, false);
    } else if (keys.never.count > 0 || keys.different_people.count > 1) {
        bool never = keys.never.count > 0;
        const greffe__refs *list = never ? &keys.never : &keys.different_people;
        guarantee->pattern = never ? GREFFE__NEVER : GREFFE__DIFFERENT_PEOPLE;
        for (uint32_t i = 0; i < list->count; i++) {
            what(d, guarantee, &list->at[i], !never);
        }
    } else {
        greffe__complain(&d->binder, GREFFE__GR_BAD_GUARANTEE, node,
                         "{before: X, always: Y}, {after: X, always: Y}, {never: [X, Y]}, "
                         "{at_most_once: X} or {different_people: [A, B]}",
                         "this is none of the five patterns of a guarantee");
        drop_guarantee(d);
    }
}

void greffe__bind_guarantees(greffe__definition *d, const greffe__node *guarantees)
{
    if (guarantees->kind != GREFFE__SEQUENCE) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_SHAPE, guarantees,
                         "- {before: X, always: Y, because: …}", "'guarantees' takes a list");
        return;
    }
    for (uint32_t i = 0; i < guarantees->count; i++) {
        bind_guarantee(d, greffe__node_resolve(guarantees->children[i]));
    }
}

/* --- Waivers --- */

typedef struct waiver_keys {
    greffe__ref rule;
    greffe__str because;
    greffe__maybe_date until;
} waiver_keys;
static const greffe__key waiver_rows[] = {
    {"rule", GREFFE__K_SCALAR, true, offsetof(waiver_keys, rule), 0, NULL,
     "the code of what is let pass: GR-4206"},
    {"because", GREFFE__K_TEXT, true, offsetof(waiver_keys, because), 0, NULL, "why, in words"},
    {"until", GREFFE__K_DATE, true, offsetof(waiver_keys, until), 0, NULL,
     "the last day on which it is let pass"},
};
const greffe__keys greffe__keys_waiver = {"a waiver", waiver_rows, 3};

static void bind_waiver(greffe__definition *d, const greffe__node *node)
{
    waiver_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_waiver, node, 0, &keys);
    greffe__waiver *waiver = greffe__arena_push(d->binder.arena, &d->waivers, sizeof *waiver);
    if (waiver == NULL || keys.rule.node == NULL) {
        return;
    }
    greffe__str rule = keys.rule.id;
    bool known = rule.size == 7 && greffe__str_starts(rule, "GR-4") &&
                 (rule.data[4] == '2' || rule.data[4] == '3' || greffe__str_is(rule, "GR-4001"));
    if (!known) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_VALUE, keys.rule.node,
                         "rule: GR-4206; what makes a procedure get stuck cannot be waived",
                         "'%.*s' is no rule that can be waived", (int)rule.size, rule.data);
    }
    *waiver = (greffe__waiver){
        .node = node, .rule = rule, .until = keys.until.given ? keys.until.days : INT64_MAX};
}

void greffe__bind_waivers(greffe__definition *d, const greffe__node *waivers)
{
    if (waivers->kind != GREFFE__SEQUENCE) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_SHAPE, waivers,
                         "- {rule: GR-4206, because: why, until: 2027-12-31}",
                         "'waive' takes a list");
        return;
    }
    for (uint32_t i = 0; i < waivers->count; i++) {
        bind_waiver(d, greffe__node_resolve(waivers->children[i]));
    }
}
