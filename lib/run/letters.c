/* What a letter is given: the facts about a dossier that its template may name. */
#include "run/run_priv.h"

enum { most_facts = 32 };

typedef struct facts {
    greffe__bench *b;
    greffe__entry at[most_facts];
    uint32_t count;
} facts;

static void add(facts *f, const char *name, greffe__value value)
{
    for (uint32_t i = 0; i < f->count; i++) {
        if (greffe__str_is(f->at[i].name, name)) {
            return; /* the first one stays */
        }
    }
    if (f->count < most_facts) {
        f->at[f->count++] = (greffe__entry){greffe__str_of(name), value};
    }
}

static greffe__value french_date(greffe__bench *b, int64_t days)
{
    char iso[GREFFE__DATE_CHARS];
    size_t size = greffe__date_format(iso, days);
    const greffe__str year = {iso, size - 6}, month = {iso + size - 5, 2},
                      day = {iso + size - 2, 2};
    return greffe__string(GREFFE__CONCAT(b->arena, day, {"/", 1}, month, {"/", 1}, year));
}

static greffe__value labelled(greffe__bench *b, greffe__str label)
{
    greffe__entry *entry = greffe__arena_alloc(b->arena, sizeof *entry);
    if (entry == NULL) {
        return greffe__null();
    }
    *entry = (greffe__entry){greffe__str_of("label"), greffe__string(label)};
    return greffe__context_of(entry, 1);
}

static greffe__str label_of(const greffe__bench *b, greffe__str what)
{
    uint32_t document = greffe__plan_document_at(b->plan, what);
    uint32_t field = greffe__plan_field_at(b->plan, what);
    return document != GREFFE__NONE ? b->plan->documents.at[document].label
           : field != GREFFE__NONE  ? b->plan->fields.at[field].label
                                    : what;
}

static greffe__value asked(greffe__bench *b, const greffe__strs *list)
{
    greffe__value *items = greffe__arena_alloc(b->arena, list->count * sizeof *items);
    for (uint32_t i = 0; items != NULL && i < list->count; i++) {
        items[i] = labelled(b, label_of(b, list->at[i]));
    }
    return items == NULL ? greffe__null() : greffe__list_of(items, list->count);
}

static bool missing(greffe__bench *b, greffe__value *out)
{
    greffe__values list = {0};
    for (uint32_t i = 0; i < b->plan->documents.count; i++) {
        const greffe__document_def *def = &b->plan->documents.at[i];
        bool there = def->optional || greffe__document_of(b->dossier, def->id) != NULL, applies;
        if (!greffe__evaluate_condition(b, def->when, &applies)) {
            return false;
        }
        greffe__value *place =
            there || !applies ? NULL : greffe__arena_push(b->arena, &list, sizeof *place);
        if (place != NULL) {
            *place = labelled(b, def->label);
        }
    }
    *out = greffe__list_of(list.at, list.count);
    return true;
}

static greffe__value due_dates(greffe__bench *b)
{
    uint32_t count = b->dossier->clocks.count;
    greffe__entry *entries = greffe__arena_alloc(b->arena, count * sizeof *entries);
    for (uint32_t i = 0; entries != NULL && i < count; i++) {
        const greffe__clock *clock = &b->dossier->clocks.at[i];
        entries[i] = (greffe__entry){clock->name, french_date(b, clock->due)};
    }
    return entries == NULL ? greffe__null() : greffe__context_of(entries, count);
}

/* The last day to answer a request: that of the timer on the wait, or on the wait that follows. */
static greffe__value answer_by(greffe__bench *b, const greffe__plan_node *node)
{
    greffe__calendar calendar = greffe__plan_calendar(b->plan);
    for (uint32_t i = 0; i < b->dossier->timers.count; i++) {
        const greffe__timer *timer = &b->dossier->timers.at[i];
        const greffe__token *token = greffe__token_of(b->dossier, timer->token);
        if (token != NULL && token->scope == b->scope && greffe__node_of(b, token) == node &&
            greffe__str_is(timer->kind, "expire")) {
            return french_date(b, timer->day);
        }
    }
    const greffe__plan_node *next =
        node->edges.count > 0 ? &b->plan->nodes.at[node->edges.at[0].target] : node;
    return french_date(
        b, greffe__roll(&calendar, greffe__term_add(&calendar, b->today, next->within, 1)));
}

/* What was filled in as `motif`, by the last step that did. */
static bool motive(facts *f)
{
    greffe__bench *b = f->b;
    greffe__value value;
    for (uint32_t i = b->plan->fields.count; i > 0; i--) {
        const greffe__field_def *field = &b->plan->fields.at[i - 1];
        if (!greffe__str_is(field->name, "motif") ||
            greffe__plan_section_at(b->plan, field->owner) != GREFFE__NONE) {
            continue;
        }
        if (!greffe__field_value(b, field->path, &value)) {
            return false;
        }
        if (value.kind != GREFFE__NULL) {
            add(f, "reason", value);
            return !b->stop;
        }
    }
    return !b->stop;
}

static bool personal_facts(facts *f, greffe__str letter)
{
    greffe__bench *b = f->b;
    greffe__value value;
    for (uint32_t i = 0; i < b->plan->fields.count; i++) {
        const greffe__field_def *field = &b->plan->fields.at[i];
        uint32_t section = greffe__plan_section_at(b->plan, field->owner);
        bool of_applicant = section != GREFFE__NONE && b->plan->sections.at[section].role.size > 0;
        if (of_applicant && field->type == GREFFE__DATA_EMAIL) {
            if (!greffe__field_value(b, field->path, &value)) {
                return false;
            }
            add(f, "email", value);
        }
    }
    /* The reason is the board's, or what a step filled in as its motive. */
    for (uint32_t i = b->dossier->notes.count; i > 0; i--) { /* that of its last word */
        if (greffe__str_is(b->dossier->notes.at[i - 1].owner, "reasons")) {
            const greffe__value *reason =
                greffe__personal_value(b, b->stream, b->dossier->notes.at[i - 1].ref);
            if (reason != NULL) {
                add(f, "reason", *reason);
                return !b->stop;
            }
        }
    }
    return greffe__str_is(letter, "accuse_reception") || motive(f);
}

/* What a called service is given: nothing but what the author names. */
static bool arguments(greffe__bench *b, const greffe__plan_node *node, greffe__value *out)
{
    greffe__entry *entries = greffe__arena_alloc(b->arena, node->with.count * sizeof *entries);
    for (uint32_t i = 0; entries != NULL && i < node->with.count; i++) {
        entries[i].name = node->with.at[i].name;
        if (!greffe__evaluate(b, &node->with.at[i].program, &entries[i].value)) {
            return false;
        }
    }
    *out = greffe__context_of(entries, entries == NULL ? 0 : node->with.count);
    return entries != NULL;
}

static bool gather(facts *f, const greffe__plan_node *node, greffe__str letter)
{
    greffe__bench *b = f->b;
    const greffe__plan *plan = b->plan;
    greffe__value list;
    int64_t cents;
    char at[GREFFE__DATE_CHARS];
    size_t size = greffe__instant_format(at, b->now_ms);
    add(f, "letter", greffe__string(letter));
    add(f, "at", greffe__string(greffe__str_dup(b->arena, (greffe__str){at, size})));
    add(f, "bundle", greffe__string(b->out->bundle));
    add(f, "number", greffe__string(b->dossier->number));
    if (node->port == GREFFE__PORT_CALL) { /* an outside service is given what is declared, only */
        add(f, "procedure", greffe__string(plan->procedure));
        add(f, "service", greffe__string(node->service));
        if (!arguments(b, node, &list)) {
            return false;
        }
        add(f, "with", list);
        return !b->stop;
    }
    add(f, "procedure", greffe__string(plan->title));
    add(f, "authority", greffe__string(plan->authority_title));
    add(f, "contact", greffe__string(plan->contact));
    add(f, "appeal", greffe__string(plan->appeal));
    add(f, "today", french_date(b, b->today));
    add(f, "filed_on", french_date(b, b->dossier->filed_on));
    add(f, "due", due_dates(b));
    if (greffe__str_is(letter, "accuse_reception")) {
        if (!missing(b, &list)) {
            return false;
        }
        add(f, "missing", list);
    }
    const greffe__ask *ask = greffe__ask_of(b->dossier, b->scope, plan->steps.at[node->step].id);
    if (ask != NULL) {
        add(f, "asked", asked(b, &ask->what));
        add(f, "answer_by", answer_by(b, node));
        const greffe__value *message = greffe__personal_value(b, b->stream, ask->ref);
        add(f, "message", message != NULL ? *message : greffe__text(""));
    }
    for (uint32_t i = 0; i < b->dossier->frozen.count; i++) {
        const greffe__frozen *frozen = &b->dossier->frozen.at[i];
        if (frozen->value.kind == GREFFE__NUMBER &&
            greffe__dec_to_cents(&cents, frozen->value.as.number)) {
            /* A French reader expects a comma. */
            add(f, "amount",
                greffe__string(greffe__str_format(b->arena, "%lld,%02d", (long long)(cents / 100),
                                                  (int)(cents % 100))));
        }
    }
    return !b->stop && personal_facts(f, letter);
}

bool greffe__queue_effect(greffe__bench *b, const greffe__plan_node *node, uint32_t token,
                          const char *letter, const char *suffix)
{
    facts f = {.b = b};
    greffe__str name = letter != NULL ? greffe__str_of(letter) : node->template_name;
    if (b->stop || !gather(&f, node, name)) {
        return false;
    }
    greffe__value all = greffe__context_of(f.at, f.count);
    if (!greffe__value_sort(b->arena, &all)) { /* once, and into the arena */
        return false;
    }
    uint32_t serial = b->dossier->serial + 1;
    greffe__event event = {
        .type = GREFFE__EV_EFFECT_QUEUED, .id = token, .count = serial, .path = name};
    event.name = node->channel.size > 0 ? node->channel : greffe__str_of("mail");
    event.key =
        GREFFE__CONCAT(b->arena, b->stream->key, {"/", 1}, greffe__str_of_uint(b->arena, serial),
                       greffe__str_of(suffix != NULL ? suffix : ""));
    return greffe__keep_personal(b, b->stream, "letter", all, &event) &&
           greffe__emit(b, b->stream, event);
}
