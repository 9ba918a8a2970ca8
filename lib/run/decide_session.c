/* Sessions of a board: convened, agenda, presence and proxies, recusals, decisions, closing. */
#include "base/limits.h"
#include "run/run_priv.h"

static bool secretary(greffe__bench *b, const greffe__board *board)
{
    return greffe__has_service(b, board->secretary) ||
           greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                          "the sessions of '%.*s' are kept by the service '%.*s'",
                          (int)board->id.size, board->id.data, (int)board->secretary.size,
                          board->secretary.data);
}

static greffe__value definition(greffe__bench *b, const greffe__board *board)
{
    greffe__entry *e = greffe__arena_alloc(b->arena, 7 * sizeof *e);
    if (e == NULL) {
        return greffe__null();
    }
    e[0] = (greffe__entry){greffe__str_of("casting"), greffe__bool(board->casting)};
    e[1] = (greffe__entry){greffe__str_of("chair"), greffe__string(board->chair)};
    e[2] = (greffe__entry){greffe__str_of("majority"), greffe__integer(board->majority)};
    e[3] = (greffe__entry){greffe__str_of("proxies"), greffe__integer(board->proxies)};
    e[4] = (greffe__entry){greffe__str_of("quorum"), greffe__integer(board->quorum)};
    e[5] = (greffe__entry){greffe__str_of("secretary"), greffe__string(board->secretary)};
    e[6] = (greffe__entry){greffe__str_of("title"), greffe__string(board->title)};
    return greffe__context_of(e, 7);
}

/* Without quorum, the board is convened again, some days later, and then needs none. */
static bool follows(greffe__bench *b, greffe__str after, const greffe__board *board, int64_t day)
{
    greffe__stream *stream = greffe__open_stream(b, GREFFE__SESSION, after);
    if (stream == NULL) {
        return false;
    }
    const greffe__session *first = stream->state;
    if (!stream->exists || !greffe__str_equal(first->board.id, board->id) ||
        !greffe__str_is(first->closed_how, "no quorum")) {
        return greffe__refuse(b, GREFFE__GR_SESSION_STATE, GREFFE_ESTATE,
                              "close that one with no_quorum first",
                              "a second meeting follows one of the same board that lacked its "
                              "quorum; '%.*s' is none",
                              (int)after.size, after.data);
    }
    return day - first->on >= (int64_t)board->second_after ||
           greffe__refuse(b, GREFFE__GR_SESSION_STATE, GREFFE_ESTATE, "choose a later day",
                          "the second meeting is at least %u days after the first",
                          board->second_after);
}

static bool convene(greffe__bench *b)
{
    greffe__str board, on;
    int64_t day;
    if (!greffe__arg_needed(b, "board", &board) || !greffe__arg_needed(b, "on", &on)) {
        return false;
    }
    if (b->stream->exists) {
        return greffe__refuse(b, GREFFE__GR_CMD_EXISTS, GREFFE_ESTATE, "choose another key",
                              "this session was already convened");
    }
    if (!greffe__date_parse(&day, on)) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, "write 2026-01-31",
                              "'on' must be a date");
    }
    const greffe__known_plan *known = greffe__find_plan(b, GREFFE__NEED_BOARD, board);
    if (known == NULL) {
        return false;
    }
    uint32_t at = greffe__plan_board_at(known->plan, board);
    if (at == GREFFE__NONE) {
        return greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND, NULL,
                              "no published procedure has a board '%.*s'", (int)board.size,
                              board.data);
    }
    const greffe__board *def = &known->plan->boards.at[at];
    const greffe__value *named = greffe__value_at(&b->command->args, "follows");
    greffe__str after = greffe__arg(b, "follows");
    if (named != NULL && after.size == 0) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, "\"follows\": \"s1\"",
                              "'follows' must be the key of a session");
    }
    if (after.size > 0 && !follows(b, after, def, day)) {
        return false;
    }
    greffe__event event = {.type = GREFFE__EV_CONVENED,
                           .path = def->id,
                           .days = day,
                           .list = def->members,
                           .value = definition(b, def)};
    event.key = after;
    event.count = after.size > 0;
    return secretary(b, def) && greffe__meet_actor(b, b->stream) &&
           greffe__emit(b, b->stream, event);
}

/* --- Agenda --- */

/* What the last instruction proposed: its favorable outcome asks for a grant. */
static greffe__str proposal(greffe__bench *b)
{
    const greffe__mark *last = NULL;
    for (uint32_t i = 0; i < b->plan->steps.count; i++) {
        const greffe__step *step = &b->plan->steps.at[i];
        for (uint32_t j = 0; step->kind == GREFFE__KIND_INSTRUCTION && j < b->dossier->marks.count;
             j++) {
            const greffe__mark *mark = &b->dossier->marks.at[j];
            bool newer = greffe__moment_of(mark->moment, step->id) &&
                         !greffe__moment_is(mark->moment, step->id, "done") &&
                         (last == NULL || mark->at_ms >= last->at_ms);
            last = newer ? mark : last;
        }
    }
    if (last == NULL) {
        return (greffe__str){"", 0};
    }
    size_t dot = 0;
    while (last->moment.data[dot] != '.') {
        dot += 1;
    }
    return (greffe__str){last->moment.data + dot + 1, last->moment.size - dot - 1};
}

static bool waits_for(greffe__bench *b, greffe__str board)
{
    for (uint32_t i = 0; i < b->dossier->tasks.count; i++) {
        if (greffe__str_equal(b->dossier->tasks.at[i].service, board)) {
            return true;
        }
    }
    return false;
}

static bool add_item(greffe__bench *b, greffe__stream *session, greffe__str key)
{
    const greffe__session *s = session->state;
    if (!greffe__open_dossier(b, key)) {
        return false;
    }
    if (!waits_for(b, s->board.id) || b->dossier->session.size > 0) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                              "the dossier '%.*s' does not wait for this board, or is on another "
                              "agenda",
                              (int)key.size, key.data);
    }
    greffe__event item = {
        .type = GREFFE__EV_ITEM_ADDED, .key = key, .name = proposal(b), .text = b->dossier->number};
    greffe__event listed = {.type = GREFFE__EV_LISTED, .key = session->key};
    return greffe__hold_claim(b, &item.path) && greffe__emit(b, session, item) &&
           greffe__emit(b, b->stream, listed);
}

static bool agenda(greffe__bench *b)
{
    greffe__stream *session = b->stream;
    const greffe__value *dossiers;
    if (!greffe__arg_keys(b, "dossiers", &dossiers)) {
        return false;
    }
    if (dossiers->count + ((const greffe__session *)session->state)->items.count >
        GREFFE_MAX_AGENDA) {
        return greffe__refuse(b, GREFFE__GR_CMD_LIMIT, GREFFE_ELIMIT, "convene another session",
                              "an agenda has at most 1,000 dossiers");
    }
    if (!greffe__open_all(b, GREFFE__DOSSIER, dossiers) || !greffe__open_claims(b, dossiers)) {
        return false;
    }
    for (uint32_t i = 0; i < dossiers->count; i++) {
        if (dossiers->as.items[i].kind != GREFFE__STRING ||
            !add_item(b, session, dossiers->as.items[i].as.string)) {
            return b->stop ? false
                           : greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                                            "'dossiers' must be a list of keys");
        }
    }
    b->out->answer = greffe__str_format(b->arena, "{\"added\":%u}", dossiers->count);
    return true;
}

/* --- Presence, recusals --- */

/* Who came is known on the day, wherever the board sits. */
static bool its_day_has_come(const greffe__bench *b, const greffe__session *s)
{
    enum { widest_zone_ms = 14 * 3600000 };
    return greffe__zone_date(greffe__zone_utc(), b->now_ms + widest_zone_ms) >= s->on;
}

static bool presence(greffe__bench *b, const greffe__session *s)
{
    if (!its_day_has_come(b, s)) {
        return greffe__refuse(b, GREFFE__GR_SESSION_STATE, GREFFE_ESTATE,
                              "wait for its day; convene another one if it sits earlier",
                              "the day of the session has not come");
    }
    const greffe__value *present = greffe__value_at(&b->command->args, "present");
    const greffe__value *proxies = greffe__value_at(&b->command->args, "proxies");
    greffe__event event = {.type = GREFFE__EV_PRESENT};
    if (present == NULL || present->kind != GREFFE__LIST) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL,
                              "'present' must be a list of seats");
    }
    for (uint32_t i = 0; i < present->count; i++) {
        greffe__str seat = present->as.items[i].kind == GREFFE__STRING
                               ? present->as.items[i].as.string
                               : (greffe__str){"", 0};
        if (!greffe__has_str(&s->board.members, seat) || greffe__has_str(&event.list, seat)) {
            return greffe__refuse(b, GREFFE__GR_PROXY, GREFFE_EINVALID, NULL,
                                  "'%.*s' is not a seat of the board, or is named twice",
                                  (int)seat.size, seat.data);
        }
        if (!greffe__push_str(&event.list, seat, b->arena)) {
            return false;
        }
    }
    if (proxies != NULL && proxies->kind != GREFFE__CONTEXT) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, "{\"meudon\": \"issy\"}",
                              "'proxies' must be an object of absent seats and their holders");
    }
    for (uint32_t i = 0; proxies != NULL && proxies->kind == GREFFE__CONTEXT && i < proxies->count;
         i++) {
        const greffe__entry *proxy = &proxies->as.entries[i];
        uint32_t held = 0;
        for (uint32_t j = 0; j < proxies->count; j++) {
            held += greffe__value_equal(&proxies->as.entries[j].value, &proxy->value);
        }
        bool good = proxy->value.kind == GREFFE__STRING &&
                    greffe__has_str(&s->board.members, proxy->name) &&
                    !greffe__has_str(&event.list, proxy->name) &&
                    greffe__has_str(&event.list, proxy->value.as.string) &&
                    held <= s->board.proxies;
        if (!good) {
            return greffe__refuse(b, GREFFE__GR_PROXY, GREFFE_EINVALID,
                                  "an absent seat gives one to a present seat, within the board's "
                                  "number",
                                  "the proxy of '%.*s' is not allowed", (int)proxy->name.size,
                                  proxy->name.data);
        }
    }
    if (proxies != NULL && proxies->kind == GREFFE__CONTEXT && proxies->count > 0) {
        event.value = *proxies;
        if (!greffe__value_sort(b->arena, &event.value)) { /* as the journal will give it back */
            return false;
        }
    }
    return greffe__emit(b, b->stream, event);
}

static bool recuse(greffe__bench *b, const greffe__session *s)
{
    greffe__str member, dossier;
    if (!greffe__arg_needed(b, "member", &member) || !greffe__arg_needed(b, "dossier", &dossier)) {
        return false;
    }
    if (greffe__item_of(s, dossier) == NULL || !greffe__has_str(&s->board.members, member)) {
        return greffe__refuse(b, GREFFE__GR_NOT_ON_AGENDA, GREFFE_ENOTFOUND, NULL,
                              "the dossier is not on the agenda, or the seat not in the board");
    }
    return greffe__emit(
        b, b->stream, (greffe__event){.type = GREFFE__EV_RECUSED, .key = dossier, .name = member});
}

/* --- Decisions --- */

static bool number(const greffe__value *votes, const char *name, uint32_t *out)
{
    const greffe__value *value = greffe__value_at(votes, name);
    int64_t whole = 0;
    bool good = value == NULL || (greffe__value_whole(value, &whole) && whole <= 1000);
    *out = good ? (uint32_t)whole : 0;
    return good;
}

/* Voices that may be cast on an item: members present and proxies held by them, without those
 * who are recused. */
static uint32_t voices(const greffe__session *s, const greffe__item *item)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->present.count; i++) {
        count += !greffe__has_str(&item->recused, s->present.at[i]);
    }
    for (uint32_t i = 0; i < s->proxies.count; i++) {
        count += !greffe__has_str(&item->recused, s->proxies.at[i].holder) &&
                 !greffe__has_str(&item->recused, s->proxies.at[i].absent);
    }
    return count;
}

static bool known_votes(const greffe__value *votes)
{
    for (uint32_t i = 0; votes->kind == GREFFE__CONTEXT && i < votes->count; i++) {
        greffe__str name = votes->as.entries[i].name;
        if (!greffe__str_is(name, "for") && !greffe__str_is(name, "against") &&
            !greffe__str_is(name, "abstain")) {
            return false;
        }
    }
    return votes->kind == GREFFE__CONTEXT;
}

static bool check_votes(greffe__bench *b, const greffe__session *s, const greffe__item *item,
                        greffe__str outcome, const greffe__value *votes)
{
    uint32_t yes, no, abstain, all = voices(s, item);
    if (all == 0 && !greffe__str_is(outcome, "postponed")) {
        return greffe__refuse(b, GREFFE__GR_VOTES, GREFFE_ESTATE, "postpone it",
                              "nobody who is present may vote on this dossier");
    }
    if (votes != NULL && !known_votes(votes)) {
        return greffe__refuse(b, GREFFE__GR_VOTES, GREFFE_EINVALID,
                              "{\"for\": 7, \"against\": 1, \"abstain\": 0}",
                              "'votes' must be an object of numbers");
    }
    bool whole =
        s->board.majority == GREFFE__MAJORITY_MEMBERS && !greffe__str_is(outcome, "postponed");
    if (votes == NULL && whole && all * 2 <= s->board.members.count) {
        return greffe__refuse(b, GREFFE__GR_VOTES, GREFFE_ESTATE, "postpone it",
                              "%u voices are no majority of the %u members", all,
                              s->board.members.count);
    }
    if (votes == NULL) {
        return true; /* unanimous, or by show of hands without a count */
    }
    if (!number(votes, "for", &yes) || !number(votes, "against", &no) ||
        !number(votes, "abstain", &abstain) || yes + no + abstain > all) {
        return greffe__refuse(b, GREFFE__GR_VOTES, GREFFE_EINVALID, NULL,
                              "these are more votes than the %u voices present", all);
    }
    bool members = s->board.majority == GREFFE__MAJORITY_MEMBERS;
    bool chair = s->board.casting && greffe__has_str(&s->present, s->board.chair) &&
                 !greffe__has_str(&item->recused, s->board.chair);
    bool tie = yes == no && yes > 0; /* where all abstain, nothing was decided */
    bool carried = members ? yes * 2 > s->board.members.count : yes > no || (tie && chair);
    bool postponed = greffe__str_is(outcome, "postponed");
    return postponed || carried ||
           greffe__refuse(b, GREFFE__GR_VOTES, GREFFE_EINVALID,
                          "the votes are counted for and against the decision that is taken",
                          "%u for and %u against do not carry this decision", yes, no);
}

static bool decide_one(greffe__bench *b, const greffe__session *s, const greffe__item *item,
                       greffe__str outcome)
{
    static const char *const outcomes[] = {"granted", "refused", "postponed"};
    bool known = false;
    for (size_t i = 0; i < 3; i++) {
        known = known || greffe__str_is(outcome, outcomes[i]);
    }
    if (!known) {
        return greffe__refuse(b, GREFFE__GR_NO_SUCH_OUTCOME, GREFFE_EINVALID,
                              "granted, refused or postponed", "'%.*s' is no decision of a board",
                              (int)outcome.size, outcome.data);
    }
    if (item->barred.size > 0 && greffe__str_is(outcome, "granted")) {
        return greffe__refuse(
            b, GREFFE__GR_CLAIM_HELD, GREFFE_ESTATE,
            "refuse it, or postpone it until that one is decided",
            "the dossier '%.*s' cannot be granted: '%.*s' was granted for the same "
            "one, or is before the board",
            (int)item->dossier.size, item->dossier.data, (int)item->barred.size, item->barred.data);
    }
    const greffe__value *votes = greffe__value_at(&b->command->args, "votes");
    greffe__event event = {.type = GREFFE__EV_DECIDED, .key = item->dossier, .name = outcome};
    event.value = votes != NULL ? *votes : greffe__null();
    greffe__str because = greffe__arg(b, "because");
    return check_votes(b, s, item, outcome, votes) &&
           (because.size == 0 ||
            greffe__keep_personal(b, b->stream, "reasons", greffe__string(because), &event)) &&
           greffe__emit(b, b->stream, event);
}

/* All as the instruction proposed. What was not proposed, or is barred, is left to a decision of
 * its own. */
static bool decide_rest(greffe__bench *b, const greffe__session *s)
{
    uint32_t decided = 0, left = 0;
    for (uint32_t i = 0; i < s->items.count; i++) {
        const greffe__item *item = &s->items.at[i];
        bool grant = greffe__str_is(item->proposal, "favorable");
        bool known = grant || greffe__str_is(item->proposal, "defavorable");
        if (item->outcome.size > 0) {
            continue;
        }
        if (!known || (grant && item->barred.size > 0)) {
            left += 1;
            continue;
        }
        if (!decide_one(b, s, item, greffe__str_of(grant ? "granted" : "refused"))) {
            return false;
        }
        decided += 1;
    }
    b->out->answer = greffe__str_format(b->arena, "{\"decided\":%u,\"left\":%u}", decided, left);
    return true;
}

static bool decide(greffe__bench *b, const greffe__session *s)
{
    greffe__str rest = greffe__arg(b, "rest"), dossier, outcome;
    if (!s->quorate) {
        return greffe__refuse(b, GREFFE__GR_NO_QUORUM, GREFFE_ESTATE,
                              "close it without quorum, and convene a second meeting",
                              "%u of %u members are present; the quorum is %u", s->present.count,
                              s->board.members.count, s->board.quorum);
    }
    if (greffe__str_is(rest, "proposed")) {
        return decide_rest(b, s);
    }
    if (!greffe__arg_needed(b, "dossier", &dossier) ||
        !greffe__arg_needed(b, "outcome", &outcome)) {
        return false;
    }
    const greffe__item *item = greffe__item_of(s, dossier);
    if (item == NULL) {
        return greffe__refuse(b, GREFFE__GR_NOT_ON_AGENDA, GREFFE_ENOTFOUND, NULL,
                              "the dossier '%.*s' is not on the agenda", (int)dossier.size,
                              dossier.data);
    }
    return decide_one(b, s, item, outcome);
}

static bool close_session(greffe__bench *b, const greffe__session *s)
{
    const greffe__value *flag = greffe__value_at(&b->command->args, "no_quorum");
    bool without = flag != NULL && flag->kind == GREFFE__BOOL && flag->as.truth;
    if (!without && !s->quorate) {
        return greffe__refuse(b, GREFFE__GR_NO_QUORUM, GREFFE_ESTATE, "close it with no_quorum",
                              "a session without quorum decides nothing");
    }
    if (without && s->quorate) {
        return greffe__refuse(b, GREFFE__GR_SESSION_STATE, GREFFE_ESTATE, NULL,
                              "this session has its quorum");
    }
    if (without && !s->counted) {
        return greffe__refuse(b, GREFFE__GR_SESSION_STATE, GREFFE_ESTATE,
                              "on its day, say who came: session presence, with an empty list for "
                              "nobody",
                              "without quorum is what was found on the day of the session");
    }
    greffe__event closed = {.type = GREFFE__EV_SESSION_CLOSED,
                            .name = greffe__str_of(without ? "no quorum" : "held")};
    return greffe__emit(b, b->stream, closed) && greffe__queue_minutes(b, s);
}

bool greffe__decide_session(greffe__bench *b)
{
    const greffe__command *c = b->command;
    b->stream = greffe__open_stream(b, GREFFE__SESSION, c->stream_key);
    if (b->stream == NULL) {
        return false;
    }
    if (greffe__str_is(c->verb, "session.convene")) {
        return convene(b);
    }
    if (!b->stream->exists) {
        return greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND, "convene it first",
                              "there is no session '%.*s'", (int)c->stream_key.size,
                              c->stream_key.data);
    }
    const greffe__session *s = b->stream->state;
    bool failed;
    if (greffe__str_is(c->verb, "session.written")) {
        return greffe__written(b, &s->pending, &failed);
    }
    if (greffe__str_is(c->verb, "session.retry")) {
        return secretary(b, &s->board) && greffe__meet_actor(b, b->stream) &&
               greffe__retried(b, &s->pending);
    }
    if (s->closed) {
        return greffe__refuse(b, GREFFE__GR_SESSION_STATE, GREFFE_ESTATE, NULL,
                              "the session is closed");
    }
    if (!secretary(b, &s->board) || !greffe__meet_actor(b, b->stream)) {
        return false;
    }
    if (greffe__str_is(c->verb, "session.agenda")) {
        return agenda(b);
    }
    return greffe__str_is(c->verb, "session.presence") ? presence(b, s)
           : greffe__str_is(c->verb, "session.recuse") ? recuse(b, s)
           : greffe__str_is(c->verb, "session.decide") ? decide(b, s)
                                                       : close_session(b, s);
}
