/* The authority's file: services, boards, allotments, calendar, sections to share. */
#include <stddef.h>

#include "compile/compile_priv.h"

typedef struct authority_keys {
    greffe__ref version, id, zone;
    greffe__str title, contact, appeal;
    const greffe__node *calendar, *services, *boards, *allotments, *form;
} authority_keys;

static const greffe__key authority_rows[] = {
    {"greffe", GREFFE__K_SCALAR, true, offsetof(authority_keys, version), 0, NULL,
     "the version of the language: 1"},
    {"authority", GREFFE__K_NAME, true, offsetof(authority_keys, id), 0, NULL, "its id"},
    {"title", GREFFE__K_TEXT, true, offsetof(authority_keys, title), 0, NULL, "its name"},
    {"zone", GREFFE__K_SCALAR, false, offsetof(authority_keys, zone), 0, NULL,
     "its time zone; default Europe/Paris"},
    {"calendar", GREFFE__K_NODE, false, offsetof(authority_keys, calendar), 0, NULL,
     "{holidays: fr, closed: [dates]}"},
    {"contact", GREFFE__K_TEXT, false, offsetof(authority_keys, contact), 0, NULL,
     "whom a citizen may ask; stands in every letter"},
    {"appeal", GREFFE__K_TEXT, false, offsetof(authority_keys, appeal), 0, NULL,
     "the ways of appeal; stand in every refusal (CRPA R112-5)"},
    {"services", GREFFE__K_NODE, false, offsetof(authority_keys, services), 0, NULL,
     "its services: {id: {title: …}}"},
    {"boards", GREFFE__K_NODE, false, offsetof(authority_keys, boards), 0, NULL,
     "its boards: {id: {title: …, members: […], quorum: half}}"},
    {"allotments", GREFFE__K_NODE, false, offsetof(authority_keys, allotments), 0, NULL,
     "its budget lines: {id: {title: …}}"},
    {"form", GREFFE__K_NODE, false, offsetof(authority_keys, form), 0, NULL,
     "form sections that procedures share"},
};
const greffe__keys greffe__keys_authority = {"an authority", authority_rows,
                                             sizeof authority_rows / sizeof *authority_rows};

typedef struct calendar_keys {
    greffe__ref holidays;
    const greffe__node *closed_node;
} calendar_keys;

static const greffe__key calendar_rows[] = {
    {"holidays", GREFFE__K_NAME, true, offsetof(calendar_keys, holidays), 0, NULL,
     "fr, fr-alsace-moselle or none"},
    {"closed", GREFFE__K_NODE, false, offsetof(calendar_keys, closed_node), 0, NULL,
     "further days on which the authority is closed: a list of dates"},
};
const greffe__keys greffe__keys_calendar = {"a calendar", calendar_rows, 2};

typedef struct board_keys {
    greffe__str title;
    greffe__strs members;
    greffe__ref chair, quorum, secretary;
    uint32_t majority, proxies;
    bool casting;
    greffe__term second_after;
} board_keys;

static const char *const majorities[] = {"votes", "members", NULL};
static const greffe__key board_rows[] = {
    {"title", GREFFE__K_TEXT, true, offsetof(board_keys, title), 0, NULL, "its name"},
    {"members", GREFFE__K_WORDS, true, offsetof(board_keys, members), 0, NULL,
     "its seats, as ids: functions, not persons"},
    {"secretary", GREFFE__K_NAME, true, offsetof(board_keys, secretary), 0, NULL,
     "the service that convenes it and keeps its minutes"},
    {"chair", GREFFE__K_NAME, false, offsetof(board_keys, chair), 0, NULL,
     "the seat that presides"},
    {"quorum", GREFFE__K_SCALAR, false, offsetof(board_keys, quorum), 0, NULL,
     "half (more than half present, CGCT L2121-17), or a number"},
    {"majority", GREFFE__K_WORD, false, offsetof(board_keys, majority), 0, majorities,
     "votes (more than half of those cast, CGCT L2121-20) or members"},
    {"proxies", GREFFE__K_UINT, false, offsetof(board_keys, proxies), 0, NULL,
     "how many proxies one member may hold; default 1"},
    {"casting", GREFFE__K_BOOL, false, offsetof(board_keys, casting), 0, NULL,
     "the chair's vote breaks a tie; default true"},
    {"second_after", GREFFE__K_TERM, false, offsetof(board_keys, second_after), 0, NULL,
     "from a meeting without quorum to the second; default 3 days (CGCT L2121-17)"},
};
const greffe__keys greffe__keys_board = {"a board", board_rows,
                                         sizeof board_rows / sizeof *board_rows};

typedef struct title_keys {
    greffe__str title;
} title_keys;
static const greffe__key title_rows[] = {
    {"title", GREFFE__K_TEXT, true, offsetof(title_keys, title), 0, NULL, "its name"}};
const greffe__keys greffe__keys_authority_service = {"a service", title_rows, 1};

typedef struct allotment_keys {
    greffe__str title;
    greffe__ref service;
} allotment_keys;
static const greffe__key allotment_rows[] = {
    {"title", GREFFE__K_TEXT, true, offsetof(allotment_keys, title), 0, NULL, "its name"},
    {"service", GREFFE__K_NAME, true, offsetof(allotment_keys, service), 0, NULL,
     "the service that allocates it"},
};
const greffe__keys greffe__keys_allotment = {"an allotment", allotment_rows, 2};

static void bind_calendar(greffe__definition *d, const greffe__node *node)
{
    calendar_keys keys = {0};
    greffe__binder *b = &d->binder;
    greffe__bind(b, &greffe__keys_calendar, node, 0, &keys);
    if (keys.holidays.node != NULL &&
        !greffe__holidays_named(&d->plan->holidays, keys.holidays.id)) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, keys.holidays.node, calendar_rows[0].doc,
                         "'%.*s' is not a known set of public holidays", (int)keys.holidays.id.size,
                         keys.holidays.id.data);
    }
    const greffe__node *closed = keys.closed_node;
    if (closed != NULL && closed->kind != GREFFE__SEQUENCE) {
        greffe__complain(b, GREFFE__GR_WRONG_SHAPE, closed, "closed: [2026-12-24]",
                         "'closed' takes a list of dates");
        return;
    }
    for (uint32_t i = 0; closed != NULL && i < closed->count; i++) {
        const greffe__node *item = greffe__node_resolve(closed->children[i]);
        int64_t days;
        if (item->kind != GREFFE__SCALAR || !greffe__date_parse(&days, item->text)) {
            greffe__complain(b, GREFFE__GR_BAD_DATE, item, "write year-month-day: 2026-12-24",
                             "this is not a date");
            continue;
        }
        int64_t *place = greffe__arena_push(b->arena, &d->plan->closed, sizeof *place);
        if (place != NULL) {
            *place = days;
        }
    }
}

static bool is_member(const greffe__strs *members, greffe__str seat)
{
    for (uint32_t i = 0; i < members->count; i++) {
        if (greffe__str_equal(members->at[i], seat)) {
            return true;
        }
    }
    return false;
}

static void bind_board(greffe__definition *d, greffe__str id, const greffe__node *node)
{
    greffe__binder *b = &d->binder;
    board_keys keys = {.majority = GREFFE__MAJORITY_VOTES, .proxies = 1, .casting = true};
    greffe__bind(b, &greffe__keys_board, node, 0, &keys);
    greffe__board *board = greffe__arena_push(b->arena, &d->plan->boards, sizeof *board);
    if (board == NULL) {
        return;
    }
    *board = (greffe__board){.id = id,
                             .title = keys.title,
                             .members = keys.members,
                             .chair = keys.chair.id,
                             .secretary = keys.secretary.id,
                             .majority = keys.majority,
                             .proxies = keys.proxies,
                             .casting = keys.casting,
                             .second_after = 3};
    if (keys.second_after.count > 0) {
        board->second_after = keys.second_after.count;
    }
    if (keys.second_after.count > 0 && keys.second_after.unit != GREFFE__UNIT_DAYS) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, node, "second_after: 3 days",
                         "a second meeting is convened a number of days after the first");
    }
    if (keys.secretary.node != NULL) {
        (void)greffe__name_find(d, keys.secretary.node, keys.secretary.id,
                                1u << GREFFE__THING_SERVICE, "a service");
    }
    int64_t quorum = keys.members.count / 2 + 1;
    bool half = keys.quorum.node == NULL || greffe__str_is(keys.quorum.id, "half");
    if (!half && (!greffe__str_to_i64(&quorum, keys.quorum.id) || quorum < 1 ||
                  quorum > keys.members.count)) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, keys.quorum.node,
                         "half, or a number of members", "this is no quorum");
    }
    board->quorum = (uint32_t)quorum;
    if (keys.chair.node != NULL && !is_member(&keys.members, keys.chair.id)) {
        greffe__complain(b, GREFFE__GR_UNKNOWN_NAME, keys.chair.node, "add it to 'members'",
                         "the chair '%.*s' is not a member", (int)keys.chair.id.size,
                         keys.chair.id.data);
    }
    (void)greffe__name_add(d, node, id, GREFFE__THING_BOARD, d->plan->boards.count - 1);
}

static void bind_allotment(greffe__definition *d, greffe__str id, const greffe__node *node)
{
    allotment_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_allotment, node, 0, &keys);
    if (keys.service.node != NULL) {
        (void)greffe__name_find(d, keys.service.node, keys.service.id, 1u << GREFFE__THING_SERVICE,
                                "a service");
    }
    greffe__allotment_def *allotment =
        greffe__arena_push(d->binder.arena, &d->plan->allotments, sizeof *allotment);
    if (allotment != NULL) {
        *allotment = (greffe__allotment_def){id, keys.title, keys.service.id};
        (void)greffe__name_add(d, node, id, GREFFE__THING_ALLOTMENT, d->plan->allotments.count - 1);
    }
}

static void bind_service(greffe__definition *d, greffe__str id, const greffe__node *node)
{
    title_keys keys = {0};
    greffe__bind(&d->binder, &greffe__keys_authority_service, node, 0, &keys);
    greffe__str *place = greffe__arena_push(d->binder.arena, &d->services, sizeof *place);
    if (place != NULL) {
        *place = id;
        (void)greffe__name_add(d, node, id, GREFFE__THING_SERVICE, d->services.count - 1);
    }
}

static void each(greffe__definition *d, const greffe__node *node, const char *what,
                 void (*bind)(greffe__definition *, greffe__str, const greffe__node *))
{
    if (node == NULL || !greffe__expect_mapping(&d->binder, node, what)) {
        return;
    }
    for (uint32_t i = 0; i + 1 < node->count; i += 2) {
        if (greffe__check_id(&d->binder, node->children[i])) {
            bind(d, node->children[i]->text, greffe__node_resolve(node->children[i + 1]));
        }
    }
}

static void bind_shared(greffe__definition *d, greffe__str id, const greffe__node *node)
{
    greffe__section_source section;
    greffe__section_source *place =
        greffe__bind_form_section(d, id, node, &section)
            ? greffe__arena_push(d->binder.arena, &d->shared, sizeof *place)
            : NULL;
    if (place != NULL) {
        *place = section;
    }
    if (place != NULL && section.see != NULL) {
        greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_KEY, section.see,
                         "write 'see' with the procedure's role that has this form",
                         "an authority knows no roles: who sees a section is said by procedures");
    }
}

void greffe__bind_authority(greffe__definition *d, const greffe__doc *doc)
{
    authority_keys keys = {0};
    const greffe__doc *outer = d->binder.doc;
    d->binder.doc = doc;
    greffe__bind(&d->binder, &greffe__keys_authority, doc->root, 0, &keys);
    if (keys.version.node != NULL && !greffe__str_is(keys.version.id, "1")) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_LANGUAGE_VERSION, keys.version.node,
                         "greffe: 1", "this library knows version 1 of the language");
    }
    greffe__plan *plan = d->plan;
    plan->authority = keys.id.id;
    plan->authority_title = keys.title;
    plan->contact = keys.contact;
    plan->appeal = keys.appeal;
    plan->zone = keys.zone.node != NULL ? keys.zone.id : greffe__str_of("Europe/Paris");
    if (keys.calendar != NULL) {
        bind_calendar(d, keys.calendar);
    }
    each(d, keys.services, "the list of services", bind_service);
    each(d, keys.boards, "the list of boards", bind_board);
    each(d, keys.allotments, "the list of allotments", bind_allotment);
    each(d, keys.form, "the list of form sections", bind_shared);
    d->binder.doc = outer;
}
