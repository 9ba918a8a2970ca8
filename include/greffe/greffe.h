/* The whole public interface of Greffe, but for adapters (greffe/sys/). */
#ifndef GREFFE_GREFFE_H
#define GREFFE_GREFFE_H

#include <greffe/context.h>
#include <greffe/diag.h>
#include <greffe/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of these headers. */
#define GREFFE_VERSION "0.1.0"

/** The version of the library that runs; compare with GREFFE_VERSION. Static. */
GREFFE_API const char *greffe_version(void);

#ifdef __cplusplus
}
#endif
#endif
