/* The linker puts these between the compiler's door and its passes (--wrap), so that the library
 * that is measured is the one that is shipped. They cost two looks at the clock for each pass, some
 * twenty in all. */
#define _POSIX_C_SOURCE 200809L

#include "check_passes.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/sha256.h"
#include "plan/plan.h"
#include "text/text.h"

struct greffe__definition;
struct greffe__proof;
struct greffe__move;

static passes_taken *now;
static pass running;
static double since;
static long faults_since;

/* Of this process: what else the machine does is not in it. */
double passes_clock(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) {
        (void)fputs("check: no clock\n", stderr);
        exit(2);
    }
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static long count_faults(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        (void)fputs("check: nobody counts pages\n", stderr);
        exit(2);
    }
    return usage.ru_minflt;
}

/* What ran until here is told; which pass it was. */
static pass turn_to(pass next)
{
    double at = passes_clock();
    long faults = count_faults();
    pass before = running;
    if (now != NULL) {
        now->ns[before] += at - since;
        now->faults[before] += (uint32_t)(faults - faults_since);
    }
    running = next;
    since = at;
    faults_since = faults;
    return before;
}

static pass enter(pass next)
{
    if (now != NULL) {
        now->calls[next] += 1;
    }
    return turn_to(next);
}

void passes_begin(passes_taken *taken)
{
    *taken = (passes_taken){0};
    now = taken;
    running = pass_rest;
    since = passes_clock();
    faults_since = count_faults();
}

void passes_end(void)
{
    (void)turn_to(pass_rest);
    now = NULL;
}

/* --- Passes without an answer --- */

#define PASS(name, which, parameters, arguments)                                                   \
    void __real_greffe__##name parameters;                                                         \
    void __wrap_greffe__##name parameters;                                                         \
    void __wrap_greffe__##name parameters                                                          \
    {                                                                                              \
        pass before = enter(which);                                                                \
        __real_greffe__##name arguments;                                                           \
        (void)turn_to(before);                                                                     \
    }

#define ANSWER(type, name, which, parameters, arguments)                                           \
    type __real_greffe__##name parameters;                                                         \
    type __wrap_greffe__##name parameters;                                                         \
    type __wrap_greffe__##name parameters                                                          \
    {                                                                                              \
        pass before = enter(which);                                                                \
        type result = __real_greffe__##name arguments;                                             \
        (void)turn_to(before);                                                                     \
        return result;                                                                             \
    }

ANSWER(greffe_status, doc_read, pass_read,
       (greffe__doc * out, greffe__arena *arena, greffe_diags *diags, const char *name,
        greffe__str text),
       (out, arena, diags, name, text))
PASS(bind_authority, pass_bind, (struct greffe__definition * d, const greffe__doc *doc), (d, doc))
PASS(bind_procedure, pass_bind, (struct greffe__definition * d), (d))
PASS(read_letters, pass_bind, (struct greffe__definition * d), (d))
PASS(compile_expressions, pass_expressions, (struct greffe__definition * d), (d))
PASS(verify_reach, pass_graph, (struct greffe__definition * d), (d))
ANSWER(bool, proof_net, pass_facts, (struct greffe__proof * p), (p))
ANSWER(bool, proof_rules, pass_facts, (struct greffe__proof * p), (p))
ANSWER(bool, proof_live, pass_live, (struct greffe__proof * p), (p))
ANSWER(bool, proof_explore, pass_explore, (struct greffe__proof * p), (p))
PASS(proof_tell, pass_tell, (struct greffe__proof * p), (p))
PASS(verify_duties, pass_tell, (struct greffe__proof * p), (p))
PASS(bundle_write, pass_write, (greffe__buf * out, const greffe__plan *plan, const char *verdict),
     (out, plan, verdict))
ANSWER(greffe_status, bundle_read, pass_read_back,
       (greffe__bundle * out, greffe__arena *arena, greffe__str bytes), (out, arena, bytes))
ANSWER(greffe__hash, sha256, pass_hash, (greffe__str data), (data))

/* --- Not timed: how many --- */

uint32_t __real_greffe__proof_reach(struct greffe__proof *p, const uint8_t *state, uint32_t from,
                                    const struct greffe__move *move);
uint32_t __wrap_greffe__proof_reach(struct greffe__proof *p, const uint8_t *state, uint32_t from,
                                    const struct greffe__move *move);
uint32_t __wrap_greffe__proof_reach(struct greffe__proof *p, const uint8_t *state, uint32_t from,
                                    const struct greffe__move *move)
{
    uint32_t index = __real_greffe__proof_reach(p, state, from, move);
    if (now != NULL) {
        now->arrows += 1;
        now->states = index != UINT32_MAX && index >= now->states ? index + 1 : now->states;
    }
    return index;
}
