/* A scenario that is played: a procedure in a store in memory, and what is made of it step by step.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"

greffe_status scenario_open(scenario *s, const greffe_plan *plan)
{
    greffe_engine_options options = {.size = sizeof options};
    const char *start = cli_text(s->root, "start");
    s->services = cJSON_CreateObject();
    s->failing = cJSON_CreateObject();
    s->looked = cJSON_CreateObject();
    s->refused = cJSON_CreateObject();
    s->line = 1;
    if (start == NULL || !cli_instant(start, &s->now_ms)) {
        s->line = scenario_line(s, "start");
        scenario_fail(s, "'start' takes an instant, such as 2020-03-02T09:00:00Z");
    }
    char *text = NULL;
    greffe_status status = greffe_plan_render(&text, plan, GREFFE_PLAN_JSON);
    s->plan = status == GREFFE_OK ? cJSON_Parse(text) : NULL;
    greffe_free(s->c->context, text);
    status = status == GREFFE_OK ? greffe_store_memory(&options.store) : status;
    if (status == GREFFE_OK) {
        status = greffe_engine_open(&s->c->engine, s->c->context, &options);
    }
    if (status == GREFFE_OK) {
        status = greffe_engine_publish(s->c->engine, plan);
    }
    status = status == GREFFE_OK ? scenario_catch(s) : status;
    return status == GREFFE_OK
               ? scenario_services(s, cJSON_GetObjectItemCaseSensitive(s->root, "services"))
               : status;
}

void scenario_close(scenario *s)
{
    cJSON *const own[] = {s->plan, s->services, s->failing, s->looked, s->refused};
    scenario_forget_letters(s);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        cJSON_Delete(own[i]);
    }
    greffe_engine_close(s->c->engine);
    s->c->engine = NULL;
}

void scenario_begin(scenario *s, const char *title, int64_t start_ms)
{
    char at[32];
    cli_moment(start_ms, at);
    s->root = cJSON_CreateObject();
    cJSON_AddStringToObject(s->root, "greffe", "1");
    cJSON_AddStringToObject(s->root, "scenario", title);
    cJSON_AddStringToObject(s->root, "procedure", s->procedure);
    cJSON_AddStringToObject(s->root, "start", at);
    (void)cJSON_AddArrayToObject(s->root, "steps");
}

bool scenario_add(scenario *s, cJSON *step)
{
    cJSON *copy = cJSON_Duplicate(step, true); /* playing changes it */
    unsigned failures = s->failures;
    scenario_step(s, copy);
    cJSON_Delete(copy);
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(s->root, "steps"), step);
    return s->failures == failures;
}
