/* The door of views: what a portal shows of a dossier, calculated by the decider's own rules over
 * the same states, and never kept. */
#include <string.h>

#include "run/view_priv.h"

/* --- Values --- */

void greffe__view_put(greffe__bench *b, greffe__object *object, const char *name,
                      greffe__value value)
{
    greffe__entry *place = greffe__arena_push(b->arena, object, sizeof *place);
    if (place != NULL) {
        *place = (greffe__entry){greffe__str_of(name), value};
    }
}

void greffe__view_text(greffe__bench *b, greffe__object *object, const char *name, greffe__str text)
{
    if (text.size > 0) {
        greffe__view_put(b, object, name, greffe__string(text));
    }
}

void greffe__view_add(greffe__bench *b, greffe__array *array, greffe__value value)
{
    greffe__value *place = greffe__arena_push(b->arena, array, sizeof *place);
    if (place != NULL) {
        *place = value;
    }
}

greffe__value greffe__view_object(const greffe__object *object)
{
    return greffe__context_of(object->at, object->count);
}

greffe__value greffe__view_array(const greffe__array *array)
{
    return greffe__list_of(array->at, array->count);
}

greffe__value greffe__view_strs(greffe__bench *b, const greffe__strs *texts)
{
    greffe__array list = {0};
    for (uint32_t i = 0; i < texts->count; i++) {
        greffe__view_add(b, &list, greffe__string(texts->at[i]));
    }
    return greffe__view_array(&list);
}

/* --- Refusals that are answers --- */

static bool refused(const greffe__bench *b)
{
    return b->stop && b->failure == GREFFE_OK && !b->out->needs_more &&
           b->out->refused != GREFFE__GR_NONE;
}

static void go_on(greffe__bench *b)
{
    b->stop = false;
    b->out->refused = GREFFE__GR_NONE;
    b->out->status = GREFFE_OK;
}

bool greffe__view_probe(greffe__bench *b, bool answer)
{
    if (!answer && refused(b)) {
        go_on(b);
    }
    return answer;
}

bool greffe__has_fault(const greffe__faults *faults, greffe__str path)
{
    for (uint32_t i = 0; i < faults->count; i++) {
        if (greffe__str_equal(faults->at[i].path, path)) {
            return true;
        }
    }
    return false;
}

/* Messages name their field, for those who read them alone: here the path stands beside. */
static greffe__str without_path(greffe__str message, greffe__str path)
{
    bool named = message.size > path.size + 2 && path.size > 0 &&
                 memcmp(message.data, path.data, path.size) == 0 &&
                 memcmp(message.data + path.size, ": ", 2) == 0;
    size_t skip = named ? path.size + 2 : 0;
    return (greffe__str){message.data + skip, message.size - skip};
}

bool greffe__view_fault(greffe__bench *b, greffe__faults *faults, greffe__str path)
{
    if (!refused(b)) {
        return !b->stop;
    }
    if (!greffe__has_fault(faults, path)) {
        greffe__fault *fault = greffe__arena_push(b->arena, faults, sizeof *fault);
        if (fault != NULL) {
            *fault = (greffe__fault){path, b->out->refused, without_path(b->out->message, path),
                                     b->out->hint};
        }
    }
    go_on(b);
    return true;
}

/* --- Opening --- */

static bool open_fresh(greffe__bench *b)
{
    greffe__str procedure;
    if (!greffe__arg_needed(b, "procedure", &procedure)) {
        return false;
    }
    const greffe__known_plan *known = greffe__find_plan(b, GREFFE__NEED_PROCEDURE, procedure);
    greffe__stream *stream = known == NULL ? NULL : greffe__arena_zalloc(b->arena, sizeof *stream);
    greffe__dossier *dossier =
        stream == NULL ? NULL : greffe__arena_zalloc(b->arena, sizeof *dossier);
    if (dossier == NULL) {
        return false;
    }
    greffe__use_plan(b, known);
    stream->kind = GREFFE__DOSSIER;
    stream->key = b->command->stream_key;
    stream->state = dossier;
    dossier->procedure = known->plan->procedure;
    dossier->applicant =
        b->command->represented.tag.size > 0 ? b->command->represented.tag : b->command->actor.tag;
    b->stream = stream;
    b->dossier = dossier;
    return true;
}

bool greffe__view_open(greffe__bench *b, bool fresh, greffe__sight *sight)
{
    static const greffe__person_in nobody;
    bool host = b->command->actor.kind.size == 0;
    *sight = (greffe__sight){.actor = &nobody};
    if (!(fresh ? open_fresh(b) : greffe__open_dossier(b, b->command->stream_key))) {
        return false;
    }
    *sight = greffe__sight_of(b->plan, b->dossier, host ? NULL : &b->command->actor);
    if (fresh) { /* whoever fills it in sees what they typed */
        sight->sees = GREFFE__SEES_ALL;
    }
    /* That it exists is nobody's affair who may not see it. */
    return sight->sees != GREFFE__SEES_NOTHING ||
           greffe__refuse(b, GREFFE__GR_CMD_NO_STREAM, GREFFE_ENOTFOUND, "look at its key",
                          "there is no dossier '%.*s'", (int)b->command->stream_key.size,
                          b->command->stream_key.data);
}

/* --- The door --- */

static bool run(greffe__bench *b, greffe__value *what)
{
    static const struct {
        const char *verb;
        bool (*view)(greffe__bench *, greffe__value *);
    } views[] = {{"form", greffe__view_form},
                 {"check", greffe__view_check},
                 {"actions", greffe__view_actions}};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        if (greffe__str_is(b->command->verb, views[i].verb)) {
            return views[i].view(b, what);
        }
    }
    return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, NULL, "there is no such view");
}

greffe_status greffe__view(greffe__decision *out, greffe__value *what, greffe__world *world,
                           const greffe__command *command, greffe__arena *arena)
{
    greffe__bench b;
    greffe__bench_begin(&b, out, world, command, arena);
    *what = greffe__null();
    return greffe__bench_end(&b, run(&b, what));
}
