/* Dossiers and the contents of their documents: held before they are named, let go when the dossier
 * is erased. */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>
#include <greffe/engine.h>

#include "support/whole_folder.h"

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static const char PROCEDURE[] =
    "greffe: 1\n"
    "procedure: aide\n"
    "title: Aide\n"
    "roles: {habitant: {kind: applicant}}\n"
    "form: {demande: {fields: {motif: {type: text, label: Motif}}}}\n"
    "documents: {piece: {label: Justificatif, accept: [pdf], max_size: 1 MB}}\n"
    "retention: {fin: 1 day}\n"
    "steps:\n"
    "  depot: {kind: submission, by: habitant, then: fin}\n"
    "  fin: {kind: end, outcome: fin}\n";
static const int64_t START_MS = INT64_C(1772438400000), DAY_MS = 86400000;

typedef struct fixture {
    char folder[64];
    greffe_documents *documents;
    greffe_status verdict;
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
    int64_t now_ms;
    unsigned told; /* how often the host was told to let documents go */
    char whose[32];
} fixture;

static int64_t read_clock(void *data)
{
    return ((const fixture *)data)->now_ms;
}

static greffe_status examine(void *data, const char *path, const greffe_received *received,
                             char reason[256])
{
    (void)path;
    (void)received;
    (void)reason;
    return ((const fixture *)data)->verdict;
}

static greffe_status leave(void *data, const greffe_effect *effect, char problem[256])
{
    fixture *f = data;
    (void)problem;
    if (strcmp(effect->channel, "documents") == 0) {
        f->told += 1;
        (void)snprintf(f->whose, sizeof f->whose, "%s", effect->stream);
    }
    return GREFFE_OK;
}

static void handle(fixture *f, const char *channel)
{
    const greffe_handler handler = {
        .size = sizeof handler, .channel = channel, .run = leave, .data = f};
    assert_int_equal(greffe_engine_handle(f->engine, &handler), GREFFE_OK);
}

static int open_with(void **state, bool keeps)
{
    fixture *f = calloc(1, sizeof *f);
    greffe_diags *diags;
    assert_non_null(f);
    const greffe_compile_options compiling = {.size = sizeof compiling};
    (void)snprintf(f->folder, sizeof f->folder, "%s", "/tmp/greffe-documents-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    const greffe_documents_options keeping = {
        .size = sizeof keeping, .folder = f->folder, .examine = examine, .examine_data = f};
    assert_int_equal(greffe_documents_files(&f->documents, &keeping), GREFFE_OK);
    f->now_ms = START_MS;
    assert_int_equal(greffe_context_create(&f->context, NULL), GREFFE_OK);
    assert_int_equal(greffe_diags_create(&diags, f->context), GREFFE_OK);
    assert_int_equal(greffe_compile(&f->plan, f->context, diags, "aide.yaml",
                                    (greffe_str){PROCEDURE, sizeof PROCEDURE - 1}, &compiling),
                     GREFFE_OK);
    greffe_diags_destroy(diags);
    greffe_engine_options options = {.size = sizeof options,
                                     .clock = read_clock,
                                     .clock_data = f,
                                     .documents = keeps ? f->documents : NULL};
    assert_int_equal(greffe_store_memory(&options.store), GREFFE_OK);
    assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    handle(f, "mail");
    *state = f;
    return 0;
}

static int with_documents(void **state)
{
    return open_with(state, true);
}

static int without_documents(void **state)
{
    return open_with(state, false);
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    greffe_engine_close(f->engine);
    greffe_documents_close(f->documents);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    assert_int_equal(remove_whole_folder(f->folder), 0);
    free(f);
    return 0;
}

static greffe_status tell(fixture *f, const char *verb, const char *dossier, bool agent,
                          const char *args, char message[160])
{
    static const char *const roles[] = {"erase", NULL};
    greffe_result result;
    const greffe_actor actor = {.size = sizeof actor,
                                .subject = agent ? "archives" : "habitante",
                                .kind = agent ? "agent" : "applicant",
                                .roles = agent ? roles : NULL};
    const greffe_command command = {.size = sizeof command,
                                    .verb = verb,
                                    .stream = dossier,
                                    .key = verb,
                                    .actor = &actor,
                                    .args = {args, strlen(args)}};
    greffe_status status = greffe_engine_execute(f->engine, &result, &command);
    (void)snprintf(message, 160, "%s %s", result.code != NULL ? result.code : "",
                   result.message != NULL ? result.message : "");
    greffe_result_free(f->engine, &result);
    return status;
}

static greffe_status file(fixture *f, const char *dossier, const char *more, char message[160])
{
    char args[400];
    (void)snprintf(args, sizeof args,
                   "{\"procedure\":\"aide\",\"answers\":{\"demande\":{\"motif\":\"x\"}},"
                   "\"documents\":{\"piece\":{\"name\":\"scan.pdf\",\"media\":\"application/pdf\","
                   "\"size\":5,\"sha256\":\"" HELLO "\"%s}}}",
                   more);
    return tell(f, "file", dossier, false, args, message);
}

static greffe_status send(const fixture *f)
{
    greffe_upload *upload;
    greffe_received received;
    char reason[256];
    assert_int_equal(greffe_upload_begin(&upload, f->documents), GREFFE_OK);
    assert_int_equal(greffe_upload_write(upload, "hello", 5), GREFFE_OK);
    return greffe_upload_end(upload, &received, reason);
}

static greffe_status reads(const fixture *f, const char *dossier)
{
    char text[8];
    size_t got;
    return greffe_documents_read(f->documents, dossier, HELLO, 0, text, sizeof text, &got);
}

static void turn(fixture *f)
{
    greffe_progress did = {.more = true};
    while (did.more) {
        assert_int_equal(greffe_engine_run(f->engine, &did, 100, 0), GREFFE_OK);
    }
}

static void erase(fixture *f, const char *dossier)
{
    char message[160];
    turn(f);
    f->now_ms = START_MS + 3 * DAY_MS;
    assert_int_equal(tell(f, "erase", dossier, true, "{\"because\":\"fin\"}", message), GREFFE_OK);
    turn(f);
}

static void a_dossier_names_only_what_was_received(void **state)
{
    fixture *f = *state;
    char message[160];
    assert_int_equal(file(f, "d1", "", message), GREFFE_ESTATE);
    assert_non_null(strstr(message, "GR-5212 scan.pdf: no such content was received; send it"));
    f->verdict = GREFFE_EBUSY;
    assert_int_equal(send(f), GREFFE_EBUSY);
    assert_int_equal(file(f, "d1", "", message), GREFFE_ESTATE);
    assert_non_null(strstr(message, "GR-5212 scan.pdf: it is still being examined"));
    assert_int_equal(greffe_documents_release(f->documents, HELLO, true), GREFFE_OK);
    assert_int_equal(reads(f, "d1"), GREFFE_ENOTFOUND);
    assert_int_equal(file(f, "d1", "", message), GREFFE_OK); /* refusals are not kept */
    assert_int_equal(reads(f, "d1"), GREFFE_OK);
}

static void what_stands_elsewhere_is_not_asked_for(void **state)
{
    fixture *f = *state;
    char message[160];
    assert_int_equal(file(f, "d1", ",\"reference\":\"ged:4711\"", message), GREFFE_OK);
    assert_int_equal(reads(f, "d1"), GREFFE_ENOTFOUND);
}

static void erasing_a_dossier_lets_its_documents_go_and_no_others(void **state)
{
    fixture *f = *state;
    char message[160];
    assert_int_equal(send(f), GREFFE_OK);
    assert_int_equal(file(f, "d1", "", message), GREFFE_OK);
    assert_int_equal(file(f, "d2", "", message), GREFFE_OK);
    erase(f, "d1");
    assert_int_equal(reads(f, "d1"), GREFFE_ENOTFOUND);
    assert_int_equal(reads(f, "d2"), GREFFE_OK);
    erase(f, "d2");
    assert_int_equal(reads(f, "d2"), GREFFE_ENOTFOUND);
    assert_int_equal(greffe_documents_hold(f->documents, "d3", HELLO, 5), GREFFE_ENOTFOUND);
}

static void a_host_that_keeps_them_elsewhere_is_told(void **state)
{
    fixture *f = *state;
    char message[160];
    assert_int_equal(file(f, "d1", "", message), GREFFE_OK); /* nobody asks for its content */
    handle(f, "*");
    erase(f, "d1");
    assert_int_equal(f->told, 0); /* it is no letter */
    handle(f, "documents");
    f->now_ms += 60000;
    turn(f);
    assert_int_equal(f->told, 1);
    assert_string_equal(f->whose, "d1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dossier_names_only_what_was_received, with_documents,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_stands_elsewhere_is_not_asked_for, with_documents,
                                        tear_down),
        cmocka_unit_test_setup_teardown(erasing_a_dossier_lets_its_documents_go_and_no_others,
                                        with_documents, tear_down),
        cmocka_unit_test_setup_teardown(a_host_that_keeps_them_elsewhere_is_told, without_documents,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
