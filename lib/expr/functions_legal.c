/* Built-in functions that FEEL does not have: working days and legal deadlines, on calendars that
 * have names. Without a name they count by the authority's own.
 *
 * Working days leave out Saturdays, Sundays and public holidays (code du travail, art. L3133-1;
 * Alsace-Moselle: art. L3134-13). A deadline counted in months ends on the day that has the same
 * number, or on the month's last (code de procédure civile, art. 641); one that would end on a day
 * that is not a working day ends on the next that is (art. 642). */
#include "expr/expr_priv.h"

static const int64_t farthest = 40000000; /* days: about the year 111,000 */

static bool calendar_of(greffe__call *call, uint32_t index, greffe__calendar *out)
{
    static const greffe__calendar french = {.holidays = GREFFE__HOLIDAYS_FR};
    *out = call->eval->calendar != NULL ? *call->eval->calendar : french;
    if (call->count <= index || call->at[index].kind == GREFFE__NULL) {
        return true;
    }
    *out = (greffe__calendar){0};
    return (call->at[index].kind == GREFFE__STRING &&
            greffe__holidays_named(&out->holidays, call->at[index].as.string)) ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                     "the calendars are none, fr and fr-alsace-moselle",
                                     &call->at[index]);
}

static bool is_near(greffe__call *call, uint32_t index)
{
    int64_t days = call->at[index].as.days;
    return (days > -farthest && days < farthest) ||
           greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                     "no calendar is known for this date", &call->at[index]);
}

static bool run_is_working_day(greffe__call *call, greffe__value *out)
{
    greffe__calendar calendar;
    if (!calendar_of(call, 1, &calendar) || !is_near(call, 0)) {
        return false;
    }
    *out = greffe__bool(greffe__is_working_day(&calendar, call->at[0].as.days));
    return true;
}

static bool run_next_working_day(greffe__call *call, greffe__value *out)
{
    greffe__calendar calendar;
    if (!calendar_of(call, 1, &calendar) || !is_near(call, 0)) {
        return false;
    }
    *out = greffe__date(greffe__roll(&calendar, call->at[0].as.days));
    return true;
}

static bool run_add_working_days(greffe__call *call, greffe__value *out)
{
    enum { most = 10000 };
    greffe__calendar calendar;
    int64_t count;
    if (!calendar_of(call, 2, &calendar) || !is_near(call, 0)) {
        return false;
    }
    if (!greffe__dec_to_i64(&count, call->at[1].as.number) || count < 0 || count > most) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "working days are counted from 0 to 10,000", &call->at[1]);
    }
    *out = greffe__date(greffe__add_working_days(&calendar, call->at[0].as.days, count));
    return greffe__call_work(call, (uint64_t)count);
}

/* Those after the first day, up to the second. */
static bool run_working_days_between(greffe__call *call, greffe__value *out)
{
    enum { most = 20000 };
    greffe__calendar calendar;
    if (!calendar_of(call, 2, &calendar) || !is_near(call, 0) || !is_near(call, 1)) {
        return false;
    }
    int64_t from = call->at[0].as.days, to = call->at[1].as.days, count = 0;
    bool back = to < from;
    int64_t low = back ? to : from, high = back ? from : to;
    if (high - low > most || !greffe__call_work(call, (uint64_t)(high - low))) {
        return greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                   "working days are counted over 20,000 days at the most");
    }
    for (int64_t day = low + 1; day <= high; day++) {
        count += greffe__is_working_day(&calendar, day) ? 1 : 0;
    }
    *out = greffe__integer(back ? -count : count);
    return true;
}

static bool run_legal_deadline(greffe__call *call, greffe__value *out)
{
    greffe__calendar calendar;
    const greffe__value *length = &call->at[1];
    if (length->kind != GREFFE__PERIOD && length->kind != GREFFE__DURATION) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "a deadline is so many months, or so many days", length);
    }
    greffe__value end;
    if (!calendar_of(call, 2, &calendar) || !is_near(call, 0) ||
        !greffe__arithmetic(&end, GREFFE__OP_ADD, &call->at[0], length, call->arena,
                            &call->trouble)) {
        return false;
    }
    if (end.as.days > farthest || end.as.days < -farthest) {
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "no calendar is known for this date", &end);
    }
    *out = greffe__date(greffe__roll(&calendar, end.as.days));
    return true;
}

static bool run_public_holiday(greffe__call *call, greffe__value *out)
{
    greffe__calendar calendar;
    if (!calendar_of(call, 1, &calendar) || !is_near(call, 0)) {
        return false;
    }
    const char *name = greffe__holiday_name(calendar.holidays, call->at[0].as.days);
    *out = name != NULL ? greffe__text(name) : greffe__null();
    return true;
}

static const greffe__function functions[] = {
    {"is working day", "date,calendar?", "dx", "b", true, run_is_working_day},
    {"next working day", "date,calendar?", "dx", "d", true, run_next_working_day},
    {"add working days", "date,count,calendar?", "dnx", "d", true, run_add_working_days},
    {"working days between", "from,to,calendar?", "ddx", "n", true, run_working_days_between},
    {"legal deadline", "from,length,calendar?", "dmx", "d", true, run_legal_deadline},
    {"public holiday", "date,calendar?", "dx", "s?", true, run_public_holiday},
};

const greffe__family greffe__legal_functions = {functions, sizeof functions / sizeof *functions};
