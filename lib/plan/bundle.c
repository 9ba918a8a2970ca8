/* Bundles: writing and reading a plan as bytes, and the hash of what changes its behaviour. */
#include <string.h>

#include "plan/plan_priv.h"

static const char magic[] = "greffe bundle";
enum { bundle_format = 1 };

greffe__hash *greffe__plan_hash(greffe__hash *out, const greffe__plan *plan,
                                greffe_context *context)
{
    greffe__buf bytes;
    greffe__buf_init(&bytes, context);
    greffe__record_write_deciding(&bytes, &greffe__plan_shape, plan);
    bool good = !bytes.failed;
    if (good) {
        *out = greffe__sha256((greffe__str){bytes.data, bytes.size});
    }
    greffe__buf_free(&bytes);
    return good ? out : NULL;
}

void greffe__bundle_write(greffe__buf *out, const greffe__plan *plan, const char *verdict)
{
    greffe__hash hash;
    if (greffe__plan_hash(&hash, plan, out->context) == NULL) {
        out->failed = true;
        return;
    }
    greffe__bundle bundle = {.magic = greffe__str_of(magic),
                             .format = bundle_format,
                             .verdict = greffe__str_of(verdict),
                             .pinned = greffe__hash_str(&hash),
                             .plan = *plan};
    size_t start = out->size;
    greffe__record_write(out, &greffe__bundle_shape, &bundle);
    if (!out->failed) { /* the words too: a damaged letter would be sent as it is */
        greffe__hash whole = greffe__sha256((greffe__str){out->data + start, out->size - start});
        greffe__buf_put(out, whole.bytes, sizeof whole.bytes);
    }
}

/* --- Checking --- */

static bool role_positions(const greffe__plan *plan, const greffe__u32s *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->at[i] >= plan->roles.count) {
            return false;
        }
    }
    return true;
}

static bool program_runs(const greffe__plan *plan, const greffe__program *program)
{
    return program == NULL || (greffe__program_sound(program) &&
                               (program->slots.count == 0 ||
                                program->slots.at[program->slots.count - 1] < plan->slots.count));
}

static bool node_positions(const greffe__plan *plan, const greffe__plan_node *node)
{
    if (node->step >= plan->steps.count || node->scope >= plan->scopes.count ||
        !role_positions(plan, &node->roles) || node->op < GREFFE__P_TASK ||
        node->op > GREFFE__P_EXIT || !program_runs(plan, node->account) ||
        !program_runs(plan, node->expression)) {
        return false;
    }
    for (uint32_t i = 0; i < node->edges.count; i++) {
        const greffe__edge *edge = &node->edges.at[i];
        if (edge->target >= plan->nodes.count || !program_runs(plan, edge->guard)) {
            return false;
        }
        for (uint32_t j = 0; j < edge->fill.count; j++) {
            if (edge->fill.at[j] >= plan->fields.count) {
                return false;
            }
        }
    }
    for (uint32_t i = 0; i < node->scopes.count; i++) {
        if (node->scopes.at[i] == 0 || node->scopes.at[i] >= plan->scopes.count) {
            return false;
        }
    }
    return true;
}

/* A bundle may come from anywhere: no position in it may lead outside. */
static bool positions(const greffe__plan *plan)
{
    if (plan->nodes.count == 0 || plan->scopes.count == 0 || plan->steps.count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < plan->nodes.count; i++) {
        if (!node_positions(plan, &plan->nodes.at[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < plan->steps.count; i++) {
        if (plan->steps.at[i].entry >= plan->nodes.count ||
            plan->steps.at[i].scope >= plan->scopes.count) {
            return false;
        }
    }
    for (uint32_t i = 0; i < plan->scopes.count; i++) {
        const greffe__scope *scope = &plan->scopes.at[i];
        if (scope->entry >= plan->nodes.count || (i > 0 && scope->parent >= i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < plan->clocks.count; i++) {
        if (plan->clocks.at[i].then >= plan->nodes.count) {
            return false;
        }
    }
    for (uint32_t i = 0; i < plan->values.count; i++) {
        for (uint32_t j = 0; j < plan->values.at[i].rules.count; j++) {
            if (!program_runs(plan, &plan->values.at[i].rules.at[j].program)) {
                return false;
            }
        }
    }
    for (uint32_t i = 0; i < plan->fields.count; i++) {
        if (!program_runs(plan, plan->fields.at[i].when) ||
            !program_runs(plan, plan->fields.at[i].must)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < plan->documents.count; i++) {
        if (!program_runs(plan, plan->documents.at[i].when)) {
            return false;
        }
    }
    return true;
}

/* Its sums are right, and its positions lie within their lists. */
static greffe_status check(const greffe__bundle *bundle, greffe__str record, greffe__arena *arena)
{
    greffe__hash whole = greffe__sha256(record), hash;
    if (memcmp(whole.bytes, record.data + record.size, GREFFE__HASH_BYTES) != 0) {
        return GREFFE_ECORRUPT;
    }
    if (greffe__plan_hash(&hash, &bundle->plan, arena->context) == NULL) {
        return GREFFE_ENOMEM;
    }
    return greffe__str_equal(greffe__hash_str(&hash), bundle->pinned) && positions(&bundle->plan)
               ? GREFFE_OK
               : GREFFE_ECORRUPT;
}

greffe_status greffe__bundle_read(greffe__bundle *out, greffe__arena *arena, greffe__str bytes,
                                  bool trusted)
{
    greffe__bundle bundle;
    if (bytes.size < GREFFE__HASH_BYTES) {
        return GREFFE_ECORRUPT;
    }
    greffe__str record = {bytes.data, bytes.size - GREFFE__HASH_BYTES};
    greffe_status status = greffe__record_decode(&bundle, arena, &greffe__bundle_shape, record);
    if (status != GREFFE_OK) {
        return status;
    }
    if (!greffe__str_is(bundle.magic, magic)) {
        return GREFFE_ECORRUPT;
    }
    if (bundle.format != bundle_format || bundle.plan.semantics != GREFFE__SEMANTICS) {
        return GREFFE_EVERSION;
    }
    status = trusted ? GREFFE_OK : check(&bundle, record, arena);
    if (status != GREFFE_OK) {
        return status;
    }
    *out = bundle;
    return GREFFE_OK;
}
