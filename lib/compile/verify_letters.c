/* What letters name: each {{fact}} has to be known wherever the letter leaves, on every way. One
 * that is not would stay behind as an incident, when a citizen waits for it. */
#include <string.h>

#include "compile/verify_priv.h"

/* Of which letters a fact is known: of all, of a receipt, of a request and its reminder. */
typedef enum known_in { EVERYWHERE, IN_RECEIPTS, IN_REQUESTS } known_in;

static const struct {
    const char *name;
    known_in in;
} plain_facts[] = {
    {"number", EVERYWHERE},   {"procedure", EVERYWHERE},  {"authority", EVERYWHERE},
    {"contact", EVERYWHERE},  {"appeal", EVERYWHERE},     {"today", EVERYWHERE},
    {"filed_on", EVERYWHERE}, {"email", EVERYWHERE},      {"missing", IN_RECEIPTS},
    {"asked", IN_REQUESTS},   {"answer_by", IN_REQUESTS}, {"message", IN_REQUESTS},
};

typedef struct reading {
    greffe__proof *p;
    uint32_t node; /* whose letter it is */
    greffe__str letter;
    const greffe__node *where;
    uint32_t reason, amount; /* facts, made when first asked for */
} reading;

/* --- What gives the facts that are not always known --- */

static void set_at(greffe__proof *p, greffe__str moment, uint32_t fact)
{
    greffe__proof_add(p, greffe__proof_occasion(p, moment),
                      (greffe__effect){.op = GREFFE__FX_SET, .value = 1, .fact = fact});
}

bool greffe__gives_reasons(const greffe__plan *plan, const greffe__edge *edge)
{
    bool gives = false;
    for (uint32_t i = 0; i < edge->fill.count; i++) {
        const greffe__field_def *field = &plan->fields.at[edge->fill.at[i]];
        gives = gives ||
                (greffe__str_is(field->name, "motif") && !field->optional && field->when == NULL);
    }
    return gives;
}

/* A board says why it refuses; a step fills in its `motif`. */
static void give_reasons(greffe__proof *p, uint32_t fact)
{
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        const greffe__step *step = &p->plan->steps.at[node->step];
        for (uint32_t j = 0; j < node->edges.count; j++) {
            const greffe__edge *edge = &node->edges.at[j];
            bool board =
                node->port == GREFFE__PORT_BOARD && greffe__str_is(edge->outcome, "refused");
            if ((board || greffe__gives_reasons(p->plan, edge)) && edge->done) {
                set_at(p, greffe__str_join(p->arena, step->id.data, ".", edge->outcome.data, NULL),
                       fact);
            }
        }
    }
}

static void give_amounts(greffe__proof *p, uint32_t fact)
{
    for (uint32_t i = 0; i < p->plan->values.count; i++) {
        if (p->plan->values.at[i].frozen_at.size > 0) {
            set_at(p, p->plan->values.at[i].frozen_at, fact);
        }
    }
}

/* --- Names --- */

/* It is never known there, or not on every way: the rule is broken where the fact is `bad`. */
static void check_fact(reading *r, greffe__str name, uint32_t fact, uint8_t bad)
{
    greffe__proof *p = r->p;
    greffe__rule *rule = greffe__arena_push(p->arena, &p->rules, sizeof *rule);
    if (rule == NULL || p->rules.count > UINT16_MAX) {
        p->failed = true;
        return;
    }
    *rule = (greffe__rule){
        .code = GREFFE__GR_LETTER_UNKNOWN, .node = r->where, .of = r->letter, .other = name};
    greffe__proof_add(p, &p->entering[r->node],
                      (greffe__effect){.op = GREFFE__FX_CHECK,
                                       .value = bad,
                                       .rule = (uint16_t)(p->rules.count - 1),
                                       .fact = fact});
}

static bool is_plain(const reading *r, greffe__str name)
{
    bool request =
        greffe__str_is(r->letter, "demande_pieces") || greffe__str_is(r->letter, "rappel");
    bool receipt = greffe__str_is(r->letter, "accuse_reception");
    for (size_t i = 0; i < sizeof plain_facts / sizeof *plain_facts; i++) {
        if (greffe__str_is(name, plain_facts[i].name)) {
            return plain_facts[i].in == EVERYWHERE ||
                   (plain_facts[i].in == IN_RECEIPTS ? receipt : request);
        }
    }
    return false;
}

static void check_name(reading *r, greffe__str name)
{
    greffe__proof *p = r->p;
    bool due = name.size > 4 && memcmp(name.data, "due.", 4) == 0;
    uint32_t clock =
        due ? greffe__plan_clock_at(p->plan, (greffe__str){name.data + 4, name.size - 4})
            : GREFFE__NONE;
    if (clock != GREFFE__NONE) {
        check_fact(r, name, p->clock_facts.at[clock], GREFFE__CLOCK_FRESH);
    } else if (greffe__str_is(name, "reason")) {
        if (r->reason == GREFFE__NONE) {
            r->reason = greffe__proof_fact(p);
            give_reasons(p, r->reason);
        }
        check_fact(r, name, r->reason, 0);
    } else if (greffe__str_is(name, "amount")) {
        if (r->amount == GREFFE__NONE) {
            r->amount = greffe__proof_fact(p);
            give_amounts(p, r->amount);
        }
        check_fact(r, name, r->amount, 0);
    } else if (!is_plain(r, name)) {
        greffe__proof_report(p, GREFFE__GR_LETTER_UNKNOWN, r->where, (greffe__str){"", 0},
                             "name a fact that letters have: number, filed_on, amount, reason, …",
                             "the letter '%.*s' names {{%.*s}}, which no such letter is given",
                             (int)r->letter.size, r->letter.data, (int)name.size, name.data);
    }
}

/* --- Texts --- */

/* The next {{mark}} from `*at` on, without its braces; `*at` moves past it. */
static bool next_mark(greffe__str text, size_t *at, greffe__str *mark)
{
    for (size_t i = *at; i + 3 < text.size; i++) {
        if (text.data[i] != '{' || text.data[i + 1] != '{') {
            continue;
        }
        size_t close = i + 2;
        while (close + 1 < text.size && !(text.data[close] == '}' && text.data[close + 1] == '}')) {
            close += 1;
        }
        *mark = (greffe__str){text.data + i + 2, close - i - 2};
        *at = close + 1;
        return true;
    }
    return false;
}

/* Marks outside sections: what a section is about may be absent, and what stands in it is its. */
static void check_text(reading *r, greffe__str text)
{
    uint32_t depth = 0;
    greffe__str mark;
    for (size_t at = 0; next_mark(text, &at, &mark);) {
        char sign = mark.data[0];
        depth += sign == '#';
        depth -= sign == '/' && depth > 0;
        if (depth == 0 && sign != '/') {
            check_name(r, greffe__str_trim(mark));
        }
    }
}

static bool text_names(greffe__str text, const char *name)
{
    bool names = false;
    greffe__str mark;
    for (size_t at = 0; !names && next_mark(text, &at, &mark);) {
        names = greffe__str_is(greffe__str_trim(mark), name);
    }
    return names;
}

bool greffe__letter_names(const greffe__plan *plan, greffe__str letter, const char *name)
{
    bool names = false;
    for (uint32_t i = 0; i < plan->letters.count; i++) {
        names = names || (greffe__str_equal(plan->letters.at[i].name, letter) &&
                          text_names(plan->letters.at[i].body, name));
    }
    return names;
}

void greffe__proof_letters(greffe__proof *p)
{
    reading r = {.p = p, .reason = GREFFE__NONE, .amount = GREFFE__NONE};
    for (uint32_t i = 0; i < p->plan->nodes.count; i++) {
        const greffe__plan_node *node = &p->plan->nodes.at[i];
        const greffe__step_def *step = p->d->steps.at[node->step];
        for (uint32_t j = 0; node->template_name.size > 0 && j < p->plan->letters.count; j++) {
            const greffe__letter *letter = &p->plan->letters.at[j];
            if (greffe__str_equal(letter->name, node->template_name)) {
                r.node = i;
                r.letter = letter->name;
                r.where = step->letter.node != NULL ? step->letter.node : step->node;
                check_text(&r, letter->subject);
                check_text(&r, letter->body);
            }
        }
    }
}
