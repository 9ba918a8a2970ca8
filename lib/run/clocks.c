/* Legal clocks: started by a moment, suspended while an answer is awaited, stopped by a decision;
 * and the timers that they and the steps set. */
#include "run/run_priv.h"

int64_t greffe__day_end_ms(const greffe__bench *b, int64_t day)
{
    return greffe__zone_instant(b->zone, day + 1, 0);
}

bool greffe__set_timer(greffe__bench *b, uint32_t token, const char *kind, greffe__str name,
                       int64_t day, int64_t due_ms)
{
    greffe__event event = {.type = GREFFE__EV_TIMER_SET,
                           .id = token,
                           .parent = b->dossier->serial + 1,
                           .name = greffe__str_of(kind),
                           .path = name,
                           .days = day,
                           .at = due_ms};
    return greffe__emit(b, b->stream, event);
}

static bool close_clock_timers(greffe__bench *b, greffe__str name)
{
    for (uint32_t i = b->dossier->timers.count; i > 0; i--) {
        const greffe__timer *timer = &b->dossier->timers.at[i - 1];
        if (timer->token == 0 && greffe__str_equal(timer->name, name) &&
            !greffe__emit(b, b->stream,
                          (greffe__event){.type = GREFFE__EV_TIMER_CLOSED, .parent = timer->id})) {
            return false;
        }
    }
    return true;
}

static bool in_span(const greffe__clock *clock, int64_t day)
{
    for (uint32_t i = 0; i + 1 < clock->spans.count; i += 2) {
        if (day >= clock->spans.at[i] && day < clock->spans.at[i + 1]) {
            return true;
        }
    }
    return false;
}

/* Start + length + suspended civil days, rolled to a working day (CPC art. 641-642). Working-day
 * clocks count the working days that were not suspended. */
static int64_t due_of(const greffe__bench *b, const greffe__clock_def *def,
                      const greffe__clock *clock, uint32_t suspended)
{
    greffe__calendar calendar = greffe__plan_calendar(b->plan);
    if (def->within.unit != GREFFE__UNIT_WORKING_DAYS) {
        int64_t end = greffe__term_add(&calendar, clock->from, def->within, 1);
        return greffe__roll(&calendar, end + suspended);
    }
    int64_t day = clock->from;
    for (uint32_t left = def->within.count; left > 0;) {
        day += 1;
        left -= greffe__is_working_day(&calendar, day) && !in_span(clock, day);
    }
    return day;
}

static bool set_clock_timers(greffe__bench *b, const greffe__clock_def *def, int64_t due)
{
    greffe__calendar calendar = greffe__plan_calendar(b->plan);
    if (def->warn.count > 0) {
        int64_t day = greffe__term_add(&calendar, due, def->warn, -1);
        int64_t at = greffe__zone_instant(b->zone, day, 0);
        if (at > b->now_ms && !greffe__set_timer(b, 0, "warn", def->name, day, at)) {
            return false;
        }
    }
    return greffe__set_timer(b, 0, "clock", def->name, due, greffe__day_end_ms(b, due));
}

static bool start(greffe__bench *b, const greffe__clock_def *def)
{
    greffe__clock fresh = {.from = b->today};
    int64_t due = due_of(b, def, &fresh, 0);
    greffe__event event = {
        .type = GREFFE__EV_CLOCK_STARTED, .name = def->name, .days = b->today, .due = due};
    return greffe__emit(b, b->stream, event) && set_clock_timers(b, def, due);
}

static bool stop(greffe__bench *b, greffe__str name, greffe__str moment)
{
    greffe__event event = {.type = GREFFE__EV_CLOCK_STOPPED, .name = name, .path = moment};
    return close_clock_timers(b, name) && greffe__emit(b, b->stream, event);
}

static bool is_running(const greffe__clock *clock)
{
    return clock != NULL &&
           (clock->phase == GREFFE__CLOCK_RUNNING || clock->phase == GREFFE__CLOCK_PAUSED);
}

bool greffe__clocks_on_moment(greffe__bench *b, greffe__str moment)
{
    for (uint32_t i = 0; i < b->plan->clocks.count; i++) {
        const greffe__clock_def *def = &b->plan->clocks.at[i];
        const greffe__clock *clock = greffe__clock_of(b->dossier, def->name);
        if (clock == NULL && greffe__str_equal(def->from, moment) && !start(b, def)) {
            return false;
        }
        if (is_running(clock) && greffe__has_str(&def->until, moment) &&
            !stop(b, def->name, moment)) {
            return false;
        }
    }
    return !b->stop;
}

bool greffe__clocks_pause(greffe__bench *b, greffe__str step, bool pause)
{
    for (uint32_t i = 0; i < b->plan->clocks.count; i++) {
        const greffe__clock_def *def = &b->plan->clocks.at[i];
        const greffe__clock *clock = greffe__clock_of(b->dossier, def->name);
        if (!greffe__str_equal(def->paused_while, step) || clock == NULL) {
            continue;
        }
        if (pause && clock->phase == GREFFE__CLOCK_RUNNING) {
            greffe__event event = {
                .type = GREFFE__EV_CLOCK_PAUSED, .name = def->name, .days = b->today};
            if (!close_clock_timers(b, def->name) || !greffe__emit(b, b->stream, event)) {
                return false;
            }
        } else if (!pause && clock->phase == GREFFE__CLOCK_PAUSED) {
            int64_t until = b->today > clock->paused_on ? b->today : clock->paused_on;
            uint32_t suspended = clock->suspended + (uint32_t)(until - clock->paused_on);
            greffe__clock later = *clock; /* as it will be, for working days */
            int64_t spans[2] = {clock->paused_on, until};
            int64_t due = due_of(b, def, &later, suspended);
            if (def->within.unit == GREFFE__UNIT_WORKING_DAYS) {
                later.spans.at =
                    greffe__arena_alloc(b->arena, (clock->spans.count + 2) * sizeof(int64_t));
                if (later.spans.at == NULL) {
                    return false;
                }
                for (uint32_t j = 0; j < clock->spans.count + 2; j++) {
                    later.spans.at[j] =
                        j < clock->spans.count ? clock->spans.at[j] : spans[j - clock->spans.count];
                }
                later.spans.count = clock->spans.count + 2;
                due = due_of(b, def, &later, suspended);
            }
            greffe__event event = {.type = GREFFE__EV_CLOCK_RESUMED,
                                   .name = def->name,
                                   .days = until,
                                   .count = suspended,
                                   .due = due};
            if (!greffe__emit(b, b->stream, event) || !set_clock_timers(b, def, due)) {
                return false;
            }
        }
    }
    return !b->stop;
}

bool greffe__stop_clocks(greffe__bench *b, const char *why)
{
    for (uint32_t i = 0; i < b->dossier->clocks.count; i++) {
        if (is_running(&b->dossier->clocks.at[i]) &&
            !stop(b, b->dossier->clocks.at[i].name, greffe__str_of(why))) {
            return false;
        }
    }
    return !b->stop;
}
