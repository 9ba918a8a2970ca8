/* Commands that count from an earlier day than the one on which they are given: a letter that came
 * on Friday and is entered on Monday.
 *
 * It needs a right and a reason, which the journal keeps. Nothing that has happened since is
 * undone: where a delay has ended or a clock has fired meanwhile, the command is kept as it was
 * given, moves nothing, and opens a correction, which people decide on. */
#include "run/run_priv.h"

bool greffe__check_effective(greffe__bench *b)
{
    const greffe__command *c = b->command;
    if (!c->dated) {
        return true;
    }
    if (!b->verb->dated) {
        return greffe__refuse(b, GREFFE__GR_CMD_BACKDATED, GREFFE_EINVALID,
                              "what an applicant gives may: file, supply, withdraw, message",
                              "the command '%.*s' counts from today", (int)c->verb.size,
                              c->verb.data);
    }
    if (!greffe__str_is(c->actor.kind, "agent") ||
        !greffe__has_str(&c->actor.roles, greffe__str_of("backdate"))) {
        return greffe__refuse(b, GREFFE__GR_CMD_BACKDATED, GREFFE_EDENIED,
                              "an agent whose account has the role 'backdate' may",
                              "this actor may not give a command that counts from an earlier day");
    }
    return c->because.size > 0 ||
           greffe__refuse(b, GREFFE__GR_CMD_BACKDATED, GREFFE_EINVALID,
                          "say why: \"reçu par courrier le 27 mars\"",
                          "a command that counts from an earlier day needs a reason");
}

bool greffe__note_effective(greffe__bench *b)
{
    greffe__event noted = {.type = GREFFE__EV_BACKDATED, .days = b->command->effective};
    return !b->command->dated ||
           (greffe__keep_personal(b, b->stream, "reason", greffe__string(b->command->because),
                                  &noted) &&
            greffe__emit(b, b->stream, noted));
}

static bool is_expiry(greffe__str moment)
{
    static const char ending[] = ".expired";
    size_t size = sizeof ending - 1;
    return moment.size > size &&
           greffe__str_is((greffe__str){moment.data + moment.size - size, size}, ending);
}

bool greffe__overtaken(const greffe__bench *b)
{
    const greffe__dossier *d = b->dossier;
    bool over = false;
    for (uint32_t i = 0; i < d->marks.count; i++) {
        over = over ||
               (is_expiry(d->marks.at[i].moment) && d->marks.at[i].on >= b->command->effective);
    }
    for (uint32_t i = 0; i < d->clocks.count; i++) {
        over = over || (d->clocks.at[i].phase == GREFFE__CLOCK_FIRED &&
                        d->clocks.at[i].due >= b->command->effective);
    }
    return b->command->dated && over;
}

bool greffe__open_correction(greffe__bench *b)
{
    const greffe__command *c = b->command;
    greffe__event queued = {.type = GREFFE__EV_EFFECT_QUEUED,
                            .count = b->dossier->serial + 1,
                            .name = greffe__str_of("incident"),
                            .path = greffe__str_of("correction")};
    queued.key = greffe__str_format(b->arena, "correction/%u/%.*s", queued.count, (int)c->verb.size,
                                    c->verb.data);
    b->out->answer = greffe__str_format(b->arena, "{\"correction\":\"%.*s\"}", (int)queued.key.size,
                                        queued.key.data);
    return greffe__keep_personal(b, b->stream, "late", c->args, &queued) &&
           greffe__emit(b, b->stream, queued) &&
           greffe__open_incident(
               b, queued.key,
               greffe__str_of("it came in time, and is entered after the delay had ended"));
}
