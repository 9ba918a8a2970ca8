/* Inside the run room: views are built as values, and faults are gathered instead of refusing. */
#ifndef GREFFE_RUN_VIEW_PRIV_H
#define GREFFE_RUN_VIEW_PRIV_H

#include "run/run_priv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct greffe__object {
    greffe__entry *at;
    uint32_t count, capacity;
} greffe__object;

typedef struct greffe__array {
    greffe__value *at;
    uint32_t count, capacity;
} greffe__array;

void greffe__view_put(greffe__bench *b, greffe__object *object, const char *name,
                      greffe__value value);
/* Nothing when it is empty. */
void greffe__view_text(greffe__bench *b, greffe__object *object, const char *name,
                       greffe__str text);
void greffe__view_add(greffe__bench *b, greffe__array *array, greffe__value value);
greffe__value greffe__view_object(const greffe__object *object);
greffe__value greffe__view_array(const greffe__array *array);
greffe__value greffe__view_strs(greffe__bench *b, const greffe__strs *texts);

/* A question whose refusal is an answer: false, and the bench goes on. Needs and failures unwind
 * as ever: then `b->stop` is still set. */
bool greffe__view_probe(greffe__bench *b, bool answer);

/* What is wrong, by the path of a field or the id of a document. */
typedef struct greffe__fault {
    greffe__str path;
    greffe__code code;
    greffe__str message, hint;
} greffe__fault;

typedef struct greffe__faults {
    greffe__fault *at;
    uint32_t count, capacity;
} greffe__faults;

/* Takes a refusal as a fault of this path, once; true: the bench goes on. */
bool greffe__view_fault(greffe__bench *b, greffe__faults *faults, greffe__str path);
bool greffe__has_fault(const greffe__faults *faults, greffe__str path);

/* --- Gathering (forms.c): what is right is kept in the working dossier --- */

bool greffe__try_answers(greffe__bench *b, greffe__str owner, const greffe__value *given,
                         greffe__faults *faults);
bool greffe__try_field(greffe__bench *b, uint32_t field, greffe__faults *faults);
bool greffe__try_documents(greffe__bench *b, const greffe__value *documents,
                           greffe__faults *faults);

/* --- Views --- */

bool greffe__view_form(greffe__bench *b, greffe__value *out);
bool greffe__view_check(greffe__bench *b, greffe__value *out);
bool greffe__view_actions(greffe__bench *b, greffe__value *out);
/* Opens the dossier of the command as the actor sees it, or a new one of the procedure. */
bool greffe__view_open(greffe__bench *b, bool fresh, greffe__sight *sight);

#ifdef __cplusplus
}
#endif
#endif
