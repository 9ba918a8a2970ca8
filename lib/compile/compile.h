/* The door of the compile room: what the engine needs of a compiled procedure. */
#ifndef GREFFE_COMPILE_COMPILE_H
#define GREFFE_COMPILE_COMPILE_H

#include <greffe/compile.h>

#include "plan/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

const greffe__plan *greffe__plan_of(const greffe_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
