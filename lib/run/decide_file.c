/* file and save: a dossier begins, as a draft or at once. */
#include <stdio.h>

#include "run/run_priv.h"

bool greffe__is_open(greffe__bench *b)
{
    const greffe__plan *plan = b->plan;
    bool early = plan->opens && b->today < plan->open_from;
    bool late = plan->closes && b->today > plan->open_until;
    if (!early && !late) {
        return true;
    }
    char date[GREFFE__DATE_CHARS];
    (void)greffe__date_format(date, early ? plan->open_from : plan->open_until);
    greffe__str hint = greffe__str_dup(b->arena, plan->redirect);
    return greffe__refuse(b, GREFFE__GR_PROCEDURE_CLOSED, GREFFE_ESTATE, hint.data,
                          early ? "the procedure takes filings from %s on"
                                : "the procedure took filings until %s",
                          date);
}

/* VELO-2020-000123: can be said on the telephone. */
static bool take_number(greffe__bench *b)
{
    greffe__str sequence =
        greffe__str_format(b->arena, "%.*s-%lld", (int)b->plan->prefix.size, b->plan->prefix.data,
                           (long long)greffe__civil_of(b->today).year);
    for (uint32_t i = 0; i < b->world->sequences.count; i++) {
        greffe__sequence *known = &b->world->sequences.at[i];
        if (greffe__str_equal(known->name, sequence)) {
            known->taken = true;
            greffe__str number = greffe__str_format(b->arena, "%.*s-%06lld", (int)sequence.size,
                                                    sequence.data, (long long)known->next);
            return greffe__emit(b, b->stream,
                                (greffe__event){.type = GREFFE__EV_NUMBERED, .name = number});
        }
    }
    return greffe__need_more(b, GREFFE__NEED_NUMBER, 0, sequence);
}

static bool open_new(greffe__bench *b)
{
    greffe__str procedure;
    if (!greffe__arg_needed(b, "procedure", &procedure)) {
        return false;
    }
    const greffe__known_plan *known = greffe__find_plan(b, GREFFE__NEED_PROCEDURE, procedure);
    if (known == NULL) {
        return false;
    }
    greffe__use_plan(b, known);
    b->dossier = b->stream->state;
    if (!greffe__count_from(b)) {
        return false;
    }
    const greffe__command *c = b->command;
    bool counter = greffe__str_is(c->actor.kind, "agent");
    if (!counter && !greffe__str_is(c->actor.kind, "applicant")) {
        return greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED,
                              "file as the applicant, or as an agent for one",
                              "only an applicant, or an agent at the counter, may file");
    }
    if (counter && c->represented.tag.size == 0) {
        return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID,
                              "name the applicant under 'for'", "an agent files for somebody");
    }
    greffe__event opened = {.type = GREFFE__EV_OPENED,
                            .path = known->plan->procedure,
                            .key = known->pinned,
                            .at = b->now_ms,
                            .text = counter ? c->represented.tag : c->actor.tag};
    return greffe__is_open(b) && greffe__emit(b, b->stream, opened);
}

static bool reopen_draft(greffe__bench *b)
{
    if (!greffe__open_dossier(b, b->command->stream_key)) {
        return false;
    }
    if (b->dossier->phase != GREFFE__PHASE_DRAFT) {
        return greffe__refuse(b, GREFFE__GR_CMD_EXISTS, GREFFE_ESTATE, "choose another key",
                              "the dossier '%.*s' was already filed", (int)b->stream->key.size,
                              b->stream->key.data);
    }
    return greffe__is_open(b) && (greffe__may_act(b, b->plan->nodes.at[0].roles.at[0]) ||
                                  greffe__refuse(b, GREFFE__GR_DENIED_ROLE, GREFFE_EDENIED, NULL,
                                                 "this draft belongs to somebody else"));
}

static bool answer(greffe__bench *b)
{
    b->out->answer = greffe__str_format(b->arena, "{\"dossier\":\"%.*s\",\"number\":\"%.*s\"}",
                                        (int)b->stream->key.size, b->stream->key.data,
                                        (int)b->dossier->number.size, b->dossier->number.data);
    return true;
}

bool greffe__decide_file(greffe__bench *b)
{
    const greffe__command *c = b->command;
    bool files = greffe__str_is(c->verb, "file");
    b->stream = greffe__open_stream(b, GREFFE__DOSSIER, c->stream_key);
    if (b->stream == NULL || !(b->stream->exists ? reopen_draft(b) : open_new(b))) {
        return false;
    }
    const greffe__plan *plan = b->plan;
    const greffe__plan_node *filing = &plan->nodes.at[plan->scopes.at[0].entry];
    if (filing->roles.count == 0 || filing->op != GREFFE__P_TASK) {
        return greffe__refuse(b, GREFFE__GR_WRONG_STATE, GREFFE_ESTATE, NULL,
                              "this procedure does not begin with a submission");
    }
    if (!greffe__meet_actor(b, b->stream) || !greffe__note_effective(b) ||
        (files && !take_number(b)) ||
        !greffe__take_answers(b, greffe__value_at(&c->args, "answers"), !files) ||
        !greffe__take_documents(b, greffe__value_at(&c->args, "documents"))) {
        return false;
    }
    bool fresh = b->dossier->tokens.count == 0;
    if (!files) {
        return (!fresh || greffe__enter(b, 0, plan->scopes.at[0].entry)) && answer(b);
    }
    greffe__str channel = c->actor.channel.size > 0 ? c->actor.channel : greffe__str_of("portal");
    greffe__event filed = {.type = GREFFE__EV_FILED, .days = b->today, .text = channel};
    if (!greffe__documents_ready(b, GREFFE__NEEDED_TO_FILE) || !greffe__emit(b, b->stream, filed)) {
        return false;
    }
    if (fresh) { /* filed at once: no task is opened only to be closed again */
        greffe__event entered = {.type = GREFFE__EV_ENTERED,
                                 .id = b->dossier->serial + 1,
                                 .path = filing->path,
                                 .at = b->now_ms};
        if (!greffe__emit(b, b->stream, entered)) {
            return false;
        }
    }
    return greffe__leave_with(b, &b->dossier->tokens.at[0], greffe__str_of("filed")) && answer(b);
}
