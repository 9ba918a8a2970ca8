/* From YAML to a plan, and to the bundle that is published.
 *
 * Thread rule: as the context; a plan may afterwards be shared between threads. */
#ifndef GREFFE_COMPILE_H
#define GREFFE_COMPILE_H

#include <greffe/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A procedure that was compiled, and never changes; opaque, counted by references. */
typedef struct greffe_plan greffe_plan;

/** Gives the bytes of a file that the procedure names: its authority ("gpso.yaml"), a letter
 *  ("letters/accord.txt"). `name` is relative to the procedure's folder. The bytes must live until
 *  greffe_compile returns. GREFFE_ENOTFOUND when there is none. */
typedef greffe_status (*greffe_read_fn)(void *data, const char *name, greffe_str *out);

/** Plays the way to a fault that the proof has found, on the plan as it is, and says whether it
 *  happens. `trace` is JSON: {"code", "goal": "no case", "stuck", "caught" or "broken", "node",
 *  "pattern", "of", "other", "story", "answers": {field: value}, "items": {step: [value]}, "moves":
 *  [{"node", "outcome", "fill"} or {"clock"} or {"item"} or {}]}; it lives for the call. False: the
 *  fault is told as not proved (GR-4001). Must not use `diags`, and leaves the plan as it is. */
typedef bool (*greffe_replay_fn)(void *data, const greffe_plan *plan, greffe_str trace);

/** How other files are read, and what the proof may lean on. Zero means the default everywhere. */
typedef struct greffe_compile_options {
    size_t size;         /**< sizeof(greffe_compile_options) */
    greffe_read_fn read; /**< NULL: no other file can be read */
    void *read_data;     /**< given to `read` */
    int64_t today;       /**< civil date in days since 1970-01-01, by which waivers run out; 0: none
                              does */
    greffe_replay_fn replay; /**< NULL: the proof's word is taken for what it refutes */
    void *replay_data;       /**< given to `replay` */
    bool also_refuted; /**< true: a plan is given although the proof refutes it; to be played, and
                            never published. `diags` hold what was found */
} greffe_compile_options;

/** Compiles a procedure: reads, binds, types, checks. Faults and warnings go to `diags`, sorted.
 *  On success `*out` is the caller's, to be given back with greffe_plan_unref; `out` NULL: it is
 *  checked, and no plan is made. Errors: GREFFE_EINVALID (see `diags`), GREFFE_ENOMEM,
 *  GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_compile(greffe_plan **out, greffe_context *context,
                                        greffe_diags *diags, const char *name, greffe_str text,
                                        const greffe_compile_options *options);

/** Reads a plan back from a bundle's bytes, which are copied. GREFFE_ECORRUPT, GREFFE_EVERSION,
 *  GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_plan_read(greffe_plan **out, greffe_context *context,
                                          greffe_str bundle);
/** Shares a plan; every reference is given back with greffe_plan_unref. From any thread. */
GREFFE_API greffe_plan *greffe_plan_ref(greffe_plan *plan);
/** Gives a reference back; NULL is fine. The last one frees the plan: on its context's thread. */
GREFFE_API void greffe_plan_unref(greffe_plan *plan);

/** The plan's bundle: the same procedure always gives the same bytes. They live as long as the
 *  plan. */
GREFFE_API greffe_str greffe_plan_bundle(const greffe_plan *plan);
/** The 32-byte hash of what changes a dossier's course. Lives as long as the plan. */
GREFFE_API greffe_str greffe_plan_hash(const greffe_plan *plan);
/** The procedure's id. Lives as long as the plan. */
GREFFE_API greffe_str greffe_plan_id(const greffe_plan *plan);

/** The forms that greffe_plan_render writes. */
typedef enum greffe_plan_form {
    GREFFE_PLAN_JSON = 0, /**< the whole plan, for tools */
    GREFFE_PLAN_DOT = 1   /**< the graph of steps, for Graphviz */
} greffe_plan_form;

/** Writes the plan in a form; `*out` is terminated and is the caller's, to be given back with
 *  greffe_free. GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_plan_render(char **out, const greffe_plan *plan,
                                            greffe_plan_form form);
/** Writes the JSON Schema (draft 07) of a kind of file, "procedure", "authority" or "site", for
 *  editors: the keys that the compiler knows, what they take, and what they mean. `*out` is
 *  terminated and is the caller's, to be given back with greffe_free. GREFFE_ENOTFOUND: there is no
 *  such kind; GREFFE_ENOMEM, GREFFE_EMISUSE. */
GREFFE_API greffe_status greffe_schema(char **out, greffe_context *context, const char *kind);
/** Frees what a function of this library said is the caller's. NULL is fine. */
GREFFE_API void greffe_free(greffe_context *context, void *memory);

#ifdef __cplusplus
}
#endif
#endif
