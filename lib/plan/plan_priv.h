/* Inside the plan room: shapes that the bundle's codec shares. */
#ifndef GREFFE_PLAN_PLAN_PRIV_H
#define GREFFE_PLAN_PLAN_PRIV_H

#include "plan/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const greffe__shape greffe__term_shape, greffe__bundle_shape;

#ifdef __cplusplus
}
#endif
#endif
