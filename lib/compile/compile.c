/* The compiler's door: reads the files, runs the passes, freezes the plan. */
#include "compile/compile.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "compile/compile_priv.h"

struct greffe_plan {
    greffe_context *context;
    greffe__arena arena;
    atomic_uint references;
    greffe__bundle bundle;
    greffe__str bytes;
};

const greffe__plan *greffe__plan_of(const greffe_plan *plan)
{
    return &plan->bundle.plan;
}

/* --- Plans --- */

static greffe_status read_plan(greffe_plan **out, greffe_context *context, greffe_str bundle,
                               bool trusted)
{
    greffe_plan *plan = greffe__alloc(context, NULL, sizeof *plan);
    if (plan == NULL) {
        return GREFFE_ENOMEM;
    }
    *plan = (greffe_plan){.context = context};
    greffe__arena_init(&plan->arena, context);
    atomic_init(&plan->references, 1);
    plan->bytes = greffe__str_dup(&plan->arena, bundle);
    greffe_status status =
        plan->arena.failed ? GREFFE_ENOMEM
                           : greffe__bundle_read(&plan->bundle, &plan->arena, plan->bytes, trusted);
    if (status != GREFFE_OK) {
        greffe_plan_unref(plan);
        return status;
    }
    *out = plan;
    return GREFFE_OK;
}

greffe_status greffe_plan_read(greffe_plan **out, greffe_context *context, greffe_str bundle)
{
    if (out == NULL || context == NULL || bundle.data == NULL) {
        return GREFFE_EMISUSE;
    }
    return read_plan(out, context, bundle, false);
}

greffe_plan *greffe_plan_ref(greffe_plan *plan)
{
    atomic_fetch_add(&plan->references, 1);
    return plan;
}

void greffe_plan_unref(greffe_plan *plan)
{
    if (plan != NULL && atomic_fetch_sub(&plan->references, 1) == 1) {
        greffe__arena_free(&plan->arena);
        greffe__free(plan->context, plan);
    }
}

greffe_str greffe_plan_bundle(const greffe_plan *plan)
{
    return plan->bytes;
}

greffe_str greffe_plan_hash(const greffe_plan *plan)
{
    return plan->bundle.pinned;
}

greffe_str greffe_plan_id(const greffe_plan *plan)
{
    return plan->bundle.plan.procedure;
}

void greffe_free(greffe_context *context, void *memory)
{
    greffe__free(context, memory);
}

/* --- Files --- */

greffe_status greffe__read_file(greffe__definition *d, const char *name, greffe__str *out)
{
    if (d->options == NULL || d->options->read == NULL) {
        return GREFFE_ENOTFOUND;
    }
    return d->options->read(d->options->read_data, name, out);
}

static greffe_status read_authority(greffe__definition *d)
{
    const greffe__node *uses = greffe__node_get(d->procedure.root, "uses");
    d->plan->zone = greffe__str_of("Europe/Paris");
    d->plan->holidays = GREFFE__HOLIDAYS_FR;
    if (uses == NULL || uses->kind != GREFFE__SCALAR || !greffe__check_id(&d->binder, uses)) {
        return GREFFE_OK;
    }
    greffe__str name = greffe__str_join(d->binder.arena, uses->text.data, ".yaml", NULL), text;
    greffe_status status =
        d->binder.arena->failed ? GREFFE_ENOMEM : greffe__read_file(d, name.data, &text);
    if (status == GREFFE_ENOMEM) {
        return status;
    }
    if (status != GREFFE_OK) {
        greffe__complain(&d->binder, GREFFE__GR_UNKNOWN_NAME, uses,
                         "put the authority's file beside the procedure's",
                         "the authority's file '%s' cannot be read", name.data);
        return GREFFE_EINVALID;
    }
    status = greffe__doc_read(&d->authority, d->binder.arena, d->binder.diags, name.data, text);
    const greffe__node *id =
        status == GREFFE_OK ? greffe__node_get(d->authority.root, "authority") : NULL;
    if (status == GREFFE_OK && (id == NULL || !greffe__str_equal(id->text, uses->text))) {
        greffe__complain(&d->binder, GREFFE__GR_WRONG_FILE_KIND, uses,
                         "the file begins with 'greffe: 1' and 'authority: <the same id>'",
                         "'%s' is not the file of the authority '%.*s'", name.data,
                         (int)uses->text.size, uses->text.data);
        return GREFFE_EINVALID;
    }
    if (status == GREFFE_OK) {
        greffe__bind_authority(d, &d->authority);
    }
    return status;
}

/* --- Passes --- */

static greffe_status run_passes(greffe__definition *d, const char *name, greffe__str text)
{
    greffe_status status =
        greffe__doc_read(&d->procedure, d->binder.arena, d->binder.diags, name, text);
    if (status != GREFFE_OK) {
        return status;
    }
    d->binder.doc = &d->procedure;
    if (greffe__node_get(d->procedure.root, "procedure") != NULL) {
        status = read_authority(d);
    }
    if (status != GREFFE_OK) {
        return status; /* without its authority, half of a procedure's names would seem wrong */
    }
    greffe__bind_procedure(d);
    if (d->binder.arena->failed) {
        return GREFFE_ENOMEM;
    }
    greffe__read_letters(d);
    if (!d->binder.arena->failed) {
        greffe__compile_expressions(d);
    }
    if (!d->binder.arena->failed &&
        greffe_diags_total(d->binder.diags, GREFFE_ERROR) == d->errors_before) {
        greffe__verify_reach(d);
    }
    if (!d->binder.arena->failed &&
        greffe_diags_total(d->binder.diags, GREFFE_ERROR) == d->errors_before) {
        d->reaches_proof = true;
        greffe__verify_proof(d);
    }
    return d->binder.arena->failed ? GREFFE_ENOMEM : GREFFE_OK;
}

greffe_status greffe__freeze(greffe_plan **out, greffe__definition *d)
{
    bool unproved = greffe_diags_total(d->binder.diags, GREFFE_WARNING) > 0;
    greffe__buf bytes;
    greffe__buf_init(&bytes, d->binder.context);
    greffe__bundle_write(&bytes, d->plan, unproved ? "not proved" : "no guarantee is open");
    greffe_status status = bytes.failed ? GREFFE_ENOMEM
                                        : read_plan(out, d->binder.context,
                                                    (greffe__str){bytes.data, bytes.size}, true);
    greffe__buf_free(&bytes);
    return status;
}

greffe_status greffe_compile(greffe_plan **out, greffe_context *context, greffe_diags *diags,
                             const char *name, greffe_str text,
                             const greffe_compile_options *options)
{
    if (context == NULL || diags == NULL || name == NULL || text.data == NULL ||
        (options != NULL && options->size != sizeof *options)) {
        return GREFFE_EMISUSE;
    }
    greffe__arena arena;
    greffe__arena_init(&arena, context);
    greffe__definition *d = greffe__arena_zalloc(&arena, sizeof *d);
    greffe__plan *plan = greffe__arena_zalloc(&arena, sizeof *plan);
    greffe_status status = GREFFE_ENOMEM;
    size_t before = greffe_diags_total(diags, GREFFE_ERROR);
    if (d != NULL && plan != NULL) {
        d->binder = (greffe__binder){.context = context, .arena = &arena, .diags = diags};
        d->plan = plan;
        d->options = options;
        d->errors_before = before;
        greffe__map_init(&d->name_index, &arena);
        greffe__map_init(&d->field_index, &arena);
        status = run_passes(d, name, text);
        greffe__diags_sort(diags);
        if (status == GREFFE_OK) {
            bool played = options != NULL && options->also_refuted && d->reaches_proof;
            bool good = greffe_diags_total(diags, GREFFE_ERROR) == before || played;
            status = !good ? GREFFE_EINVALID : out != NULL ? greffe__freeze(out, d) : GREFFE_OK;
        }
    }
    greffe_plan_unref(d != NULL ? d->as_it_is : NULL);
    greffe__arena_free(&arena);
    return status;
}

/* --- Forms --- */

static const char *const shapes[] = {
    [GREFFE__P_TASK] = "box",     [GREFFE__P_WAIT] = "hexagon",     [GREFFE__P_CHOOSE] = "diamond",
    [GREFFE__P_FORK] = "Mrecord", [GREFFE__P_EACH] = "Mrecord",     [GREFFE__P_EFFECT] = "note",
    [GREFFE__P_ASK] = "house",    [GREFFE__P_END] = "doublecircle", [GREFFE__P_EXIT] = "circle",
};

static void dot_escape(greffe__buf *out, greffe__str text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\') {
            greffe__buf_byte(out, '\\');
        }
        greffe__buf_byte(out, text.data[i]);
    }
}

static void write_dot(greffe__buf *out, const greffe__plan *plan)
{
    greffe__buf_text(out, "digraph \"");
    dot_escape(out, plan->title);
    greffe__buf_text(out, "\" {\n  rankdir=TB;\n  node [fontname=\"sans-serif\"];\n");
    for (uint32_t i = 0; i < plan->nodes.count; i++) {
        const greffe__plan_node *node = &plan->nodes.at[i];
        bool own = greffe__str_equal(node->path, plan->steps.at[node->step].id);
        greffe__buf_format(out, "  n%u [shape=%s, label=\"", i, shapes[node->op]);
        dot_escape(out, own ? plan->steps.at[node->step].title : node->path);
        greffe__buf_text(out, "\"];\n");
    }
    for (uint32_t i = 0; i < plan->nodes.count; i++) {
        const greffe__plan_node *node = &plan->nodes.at[i];
        for (uint32_t j = 0; j < node->edges.count; j++) {
            greffe__buf_format(out, "  n%u -> n%u [label=\"", i, node->edges.at[j].target);
            dot_escape(out, node->edges.at[j].label);
            greffe__buf_text(out, "\"];\n");
        }
        for (uint32_t j = 0; j < node->scopes.count; j++) {
            greffe__buf_format(out, "  n%u -> n%u [style=dotted];\n", i,
                               plan->scopes.at[node->scopes.at[j]].entry);
        }
    }
    for (uint32_t i = 0; i < plan->clocks.count; i++) {
        const greffe__clock_def *clock = &plan->clocks.at[i];
        greffe__buf_format(out, "  c%u [shape=oval, style=dashed, label=\"", i);
        dot_escape(out, clock->name);
        greffe__buf_format(out, "\"];\n  c%u -> n%u [style=dashed, label=\"%s\"];\n", i,
                           clock->then,
                           clock->means == GREFFE__MEANS_REJECTION ? "rejection" : "acceptance");
    }
    greffe__buf_text(out, "}\n");
}

greffe_status greffe_plan_render(char **out, const greffe_plan *plan, greffe_plan_form form)
{
    if (out == NULL || plan == NULL || (form != GREFFE_PLAN_JSON && form != GREFFE_PLAN_DOT)) {
        return GREFFE_EMISUSE;
    }
    greffe__buf text;
    greffe__buf_init(&text, plan->context);
    if (form == GREFFE_PLAN_DOT) {
        write_dot(&text, &plan->bundle.plan);
    } else {
        greffe__record_json(&text, &greffe__plan_shape, &plan->bundle.plan);
    }
    if (greffe__buf_done(&text) == NULL) {
        greffe__buf_free(&text);
        return GREFFE_ENOMEM;
    }
    *out = text.data;
    return GREFFE_OK;
}
