/* FEEL for a host program: expressions of DMN 1.5, decimal to 34 digits, bounded in time and
 * memory.
 *
 * Procedures need none of this: their expressions are in their file. It is for a host that wants to
 * calculate as its procedures do, for trying an expression out, and for DMN.
 *
 * Thread rule: as the context; one thread at a time. */
#ifndef GREFFE_FEEL_H
#define GREFFE_FEEL_H

#include <greffe/compile.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Names with their values, and the expressions that are evaluated over them; opaque. */
typedef struct greffe_feel greffe_feel;

/** How expressions are evaluated. Zero means the default everywhere. */
typedef struct greffe_feel_options {
    size_t size;      /**< sizeof(greffe_feel_options) */
    bool lenient;     /**< FEEL proper: null where an operation has no answer; default: as in
                       *   procedures, an error with its place, most of them before anything runs */
    int64_t now_ms;   /**< what now() and today() read: milliseconds of UTC since 1970 */
    int32_t offset_s; /**< of the zone that they are told in: seconds east of UTC, at most 18 h */
} greffe_feel_options;

/** The forms of a result. */
typedef enum greffe_feel_form {
    GREFFE_FEEL_TEXT = 0, /**< as FEEL writes it: @"2026-01-31", [1, 2], {a: "x"} */
    GREFFE_FEEL_JSON = 1  /**< canonical JSON; what JSON lacks is a string */
} greffe_feel_form;

/** Makes a place for expressions; `options` may be NULL. `*out` is the caller's to destroy, before
 *  the context. Errors: GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_feel_create(greffe_feel **out, greffe_context *context,
                                            const greffe_feel_options *options);
/** Destroys it; NULL is fine. */
GREFFE_API void greffe_feel_destroy(greffe_feel *feel);

/** Gives a name the value of an expression over the names given before. A name is a word of
 *  letters, digits and _, or, when lenient, of several words; given again, it has the new value.
 *  Faults go to `diags`. Errors: GREFFE_EINVALID (see `diags`), GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_feel_set(greffe_feel *feel, greffe_diags *diags, greffe_str name,
                                         greffe_str expression);
/** Gives a name a value from JSON: numbers keep every digit up to 34, texts stay texts.
 *  Errors: as greffe_feel_set, and GREFFE_ELIMIT for JSON that is too long or too deep. */
GREFFE_API greffe_status greffe_feel_set_json(greffe_feel *feel, greffe_diags *diags,
                                              greffe_str name, greffe_str json);

/** Evaluates an expression. `*out` is terminated, and the caller's, to be given back with
 *  greffe_free. Faults go to `diags`; so does the first reason for a null, when lenient.
 *  Errors: GREFFE_EINVALID (see `diags`), GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_feel_eval(char **out, greffe_feel *feel, greffe_diags *diags,
                                          greffe_str expression, greffe_feel_form form);

/** How many names have values. */
GREFFE_API size_t greffe_feel_count(const greffe_feel *feel);
/** The name at `index`, in the order in which they were first given; it lives as long as `feel`.
 *  An empty string past the end. */
GREFFE_API greffe_str greffe_feel_name(const greffe_feel *feel, size_t index);

#ifdef __cplusplus
}
#endif
#endif
