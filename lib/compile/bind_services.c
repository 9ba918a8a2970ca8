/* The outside services that steps of the kind call ask: what they are given, what they give back,
 * and how else they may answer. */
#include <stddef.h>

#include "compile/compile_priv.h"

typedef struct service_keys {
    greffe__str title, because;
    const greffe__node *with, *gives;
    greffe__refs outcomes;
    greffe__term within;
} service_keys;
static const greffe__key service_rows[] = {
    {"title", GREFFE__K_TEXT, false, offsetof(service_keys, title), 0, NULL, "its name"},
    {"with", GREFFE__K_NODE, false, offsetof(service_keys, with), 0, NULL,
     "what it is given: {name: type of a field}"},
    {"gives", GREFFE__K_NODE, false, offsetof(service_keys, gives), 0, NULL,
     "what it gives back with the outcome 'answered': fields"},
    {"outcomes", GREFFE__K_NAMES, false, offsetof(service_keys, outcomes), 0, NULL,
     "how else it may answer, without giving anything"},
    {"within", GREFFE__K_TERM, false, offsetof(service_keys, within), 0, NULL,
     "how long an answer is waited for, where the step says nothing else"},
    {"because", GREFFE__K_TEXT, false, offsetof(service_keys, because), 0, NULL, "why, in words"},
};
const greffe__keys greffe__keys_service = {"a service", service_rows,
                                           sizeof service_rows / sizeof *service_rows};

static void bind_with(greffe__definition *d, const greffe__node *with, greffe__call_service *out)
{
    greffe__binder *b = &d->binder;
    if (!greffe__expect_mapping(b, with, "what the service is given")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < with->count; i += 2) {
        const greffe__node *type = greffe__node_resolve(with->children[i + 1]);
        uint32_t number = type->kind == GREFFE__SCALAR ? greffe__data_type_named(type->text) : 0;
        if (!greffe__check_id(b, with->children[i])) {
            continue;
        }
        if (number == 0) {
            greffe__complain(b, GREFFE__GR_WRONG_VALUE, type, "write a type, as of a field: number",
                             "'%.*s' is given as no type of field",
                             (int)with->children[i]->text.size, with->children[i]->text.data);
        }
        greffe__str *name = greffe__arena_push(b->arena, &out->with, sizeof *name);
        uint32_t *place = greffe__arena_push(b->arena, &out->types, sizeof *place);
        if (name != NULL && place != NULL) {
            *name = with->children[i]->text;
            *place = number;
        }
    }
}

void greffe__bind_call_service(greffe__definition *d, const greffe__node *name,
                               const greffe__node *node)
{
    greffe__binder *b = &d->binder;
    service_keys keys = {0};
    greffe__call_service *service = greffe__arena_push(b->arena, &d->calls, sizeof *service);
    if (service == NULL) {
        return;
    }
    *service = (greffe__call_service){.id = name->text};
    (void)greffe__name_add(d, name, name->text, GREFFE__THING_CALL, d->calls.count - 1);
    greffe__bind(b, &greffe__keys_service, node, 0, &keys);
    service->within = keys.within;
    service->declares_with = keys.with != NULL;
    if (keys.with != NULL) {
        bind_with(d, keys.with, service);
    }
    if (keys.gives != NULL &&
        greffe__expect_mapping(b, keys.gives, "what the service gives back")) {
        greffe__bind_section(d, b->doc, name->text, keys.gives, &service->gives);
    }
    for (uint32_t i = 0; i < keys.outcomes.count; i++) {
        const greffe__ref *outcome = &keys.outcomes.at[i];
        bool own =
            greffe__str_is(outcome->id, "answered") || greffe__str_is(outcome->id, "expired");
        if (own || greffe__str_is(outcome->id, "failed")) {
            greffe__complain(b, GREFFE__GR_BAD_OUTCOME, outcome->node,
                             "every call has answered and expired; one that fails is an incident",
                             "'%.*s' is not to be declared", (int)outcome->id.size,
                             outcome->id.data);
            continue;
        }
        greffe__str *place = greffe__check_id(b, outcome->node)
                                 ? greffe__arena_push(b->arena, &service->outcomes, sizeof *place)
                                 : NULL;
        if (place != NULL) {
            *place = outcome->id;
        }
    }
}

/* --- The steps that call them --- */

static bool declares(const greffe__call_service *service, greffe__str name)
{
    for (uint32_t i = 0; i < service->with.count; i++) {
        if (greffe__str_equal(service->with.at[i], name)) {
            return true;
        }
    }
    return false;
}

/* It is given what it declares: neither less nor more. */
static void check_with(greffe__lowering *l, const greffe__call_service *service)
{
    const greffe__node *with = l->step->with;
    greffe__binder *b = &l->d->binder;
    for (uint32_t i = 0; service->declares_with && i < service->with.count; i++) {
        const char *name = greffe__str_dup(b->arena, service->with.at[i]).data;
        if (with == NULL || greffe__node_get(with, name) == NULL) {
            greffe__complain(b, GREFFE__GR_MISSING_KEY, with != NULL ? with : l->step->node,
                             "with: {name: expression}", "the service '%.*s' needs '%s'",
                             (int)service->id.size, service->id.data, name);
        }
    }
    for (uint32_t i = 0; service->declares_with && with != NULL && with->kind == GREFFE__MAPPING &&
                         i + 1 < with->count;
         i += 2) {
        if (!declares(service, with->children[i]->text)) {
            greffe__complain(b, GREFFE__GR_UNKNOWN_KEY, with->children[i],
                             "declare it under 'with' of the service",
                             "the service '%.*s' takes no '%.*s'", (int)service->id.size,
                             service->id.data, (int)with->children[i]->text.size,
                             with->children[i]->text.data);
        }
    }
}

static void check_outcomes(greffe__lowering *l, const greffe__call_service *service)
{
    greffe__binder *b = &l->d->binder;
    const char **known =
        greffe__arena_zalloc(b->arena, ((size_t)service->outcomes.count + 3) * sizeof *known);
    if (known == NULL) {
        return;
    }
    known[0] = "answered";
    known[1] = "expired";
    for (uint32_t i = 0; i < service->outcomes.count; i++) {
        known[i + 2] = greffe__str_dup(b->arena, service->outcomes.at[i]).data;
    }
    greffe__check_outcomes(l, known);
}

void greffe__lower_call(greffe__lowering *l)
{
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_ASK, NULL);
    greffe__definition *d = l->d;
    if (node == NULL) {
        return;
    }
    uint32_t call = greffe__node_position(l, node);
    node->port = GREFFE__PORT_CALL;
    node->service = l->step->service.id;
    node->channel = greffe__str_of("call");
    node->expired = greffe__str_of("expired");
    const greffe__named *named =
        l->step->service.node == NULL
            ? NULL
            : greffe__name_find(d, l->step->service.node, l->step->service.id,
                                1u << GREFFE__THING_CALL, "a declared service");
    const greffe__call_service *service = named != NULL ? &d->calls.at[named->index] : NULL;
    bool own = l->step->within.count > 0 || service == NULL;
    node->within = own ? l->step->within : service->within;
    bool timed = node->within.count > 0;
    if (service != NULL) {
        check_with(l, service);
        check_outcomes(l, service);
    }
    greffe__edge *answered = greffe__author_edge(l, call, "answered", true);
    if (answered != NULL && service != NULL) {
        greffe__u32s fill = {0};
        greffe__add_fields(d, &service->gives, l->step->id, false, &fill);
        answered->fill = fill;
    }
    for (uint32_t i = 0; service != NULL && i < service->outcomes.count; i++) {
        const char *outcome = greffe__str_dup(d->binder.arena, service->outcomes.at[i]).data;
        (void)greffe__author_edge(l, call, outcome, true);
    }
    if (timed) {
        (void)greffe__author_edge(l, call, "expired", true);
    } else {
        greffe__complain(&d->binder, GREFFE__GR_MISSING_KEY, l->step->node,
                         "within: 1 day; a service may never answer",
                         "a step of kind call needs the key 'within'");
    }
    greffe__author_edges(l, call);
}
