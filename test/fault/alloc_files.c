/* The sweep's scenarios of files: a letter, a payment file and minutes are written, and a store's
 * file is written anew. What could not be written for want of memory is written when it is back. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc_sweep.h"

static char folder[64];

static const char LETTER[] = "{\"email\":\"c1@example.org\"}";
static const char PAYMENT[] =
    "{\"batch\":\"b1\",\"cents\":40000,\"lines\":["
    "{\"account\":\"FR7630006000011234567890189\",\"cents\":20000,\"key\":\"a-1\",\"name\":\"A\"},"
    "{\"account\":\"FR7630006000011234567890189\",\"cents\":20000,\"key\":\"a-2\",\"name\":\"B & "
    "C\"}],"
    "\"on\":\"2020-03-27\"}";
static const char MINUTES[] =
    "{\"board\":\"Bureau\",\"how\":\"held\",\"items\":[{\"abstain\":1,\"against\":0,\"for\":7,"
    "\"number\":\"V-1\",\"outcome\":\"granted\",\"proposal\":\"favorable\",\"reasons\":\"\","
    "\"recused\":[\"issy\"]}],\"members\":9,\"on\":\"2020-03-25\",\"present\":[\"president\","
    "\"issy\"],"
    "\"proxies\":{\"meudon\":\"issy\"},\"quorum\":5}";

static bool prepare(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/greffe-sweep-XXXXXX");
    return mkdtemp(folder) != NULL;
}

static void dismiss(void)
{
    static const char *const names[] = {"letters/e1.eml", "payments/e1.xml", "minutes/e1.txt",
                                        "letters",        "payments",        "minutes",
                                        "a.db",           "a.db-wal",        "a.db-shm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path);
    }
    (void)rmdir(folder);
}

static long size_of(const char *name)
{
    char path[128];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

/* The file is whole, or is not there; and it is there in the end. */
static bool write_file(greffe_effect_fn handler, const char *body, const char *name, long *size)
{
    greffe_file_effects files = {.directory = folder,
                                 .sender = "Service é <aide@example.org>",
                                 .payer = "Commune",
                                 .payer_iban = "FR7630006000011234567890189",
                                 .payer_bic = "AGRIFRPPXXX"};
    const greffe_effect effect = {.key = "e1",
                                  .channel = "x",
                                  .letter = "accord",
                                  .subject = "Décision",
                                  .text = "Bonjour,\nÀ bientôt.\n",
                                  .body = {body, strlen(body)},
                                  .now_ms = INT64_C(1583139600000)};
    char path[128], problem[256] = "";
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)remove(path);
    greffe_status status = handler(&files, &effect, problem);
    /* A body that cannot be parsed for want of memory is taken for one that is wrong. */
    if (status != GREFFE_OK && size_of(name) >= 0) {
        return sweep_fault("a file is there, though \"%s\" was said", greffe_status_name(status));
    }
    if (status != GREFFE_OK) {
        memory_restore();
        status = handler(&files, &effect, problem);
    }
    if (status != GREFFE_OK) {
        return sweep_fault("memory is back, and it says \"%s\": %s", greffe_status_name(status),
                           problem);
    }
    *size = *size == 0 ? size_of(name) : *size;
    return size_of(name) == *size || sweep_fault("the file is another: %ld bytes", size_of(name));
}

static bool run_letter(void)
{
    static long size;
    return write_file(greffe_effect_mail, LETTER, "letters/e1.eml", &size);
}

static bool run_payment(void)
{
    static long size;
    return write_file(greffe_effect_payment, PAYMENT, "payments/e1.xml", &size);
}

static bool run_minutes(void)
{
    static long size;
    return write_file(greffe_effect_minutes, MINUTES, "minutes/e1.txt", &size);
}

static bool run_compact(void)
{
    char path[128];
    greffe_store *store = NULL;
    (void)snprintf(path, sizeof path, "%s/a.db", folder);
    const greffe_sqlite_options options = {.size = sizeof options, .path = path};
    greffe_status status = greffe_store_sqlite(&store, &options);
    if (!sweep_status("greffe_store_sqlite", status, true)) {
        return false;
    }
    if (status == GREFFE_OK) {
        store->ops->close(store);
        status = greffe_sqlite_compact(path);
        if (!sweep_status("greffe_sqlite_compact", status, true)) {
            return false;
        }
    }
    if (status == GREFFE_OK) {
        return true;
    }
    memory_restore();
    status = greffe_store_sqlite(&store, &options);
    if (status == GREFFE_OK) {
        store->ops->close(store);
        status = greffe_sqlite_compact(path);
    }
    return status == GREFFE_OK ||
           sweep_fault("memory is back, and it says \"%s\"", greffe_status_name(status));
}

const scenario LETTER_SCENARIO = {
    .name = "letter", .prepare = prepare, .run = run_letter, .dismiss = dismiss};
const scenario PAYMENT_SCENARIO = {
    .name = "payment", .prepare = prepare, .run = run_payment, .dismiss = dismiss};
const scenario MINUTES_SCENARIO = {
    .name = "minutes", .prepare = prepare, .run = run_minutes, .dismiss = dismiss};
const scenario COMPACT_SCENARIO = {
    .name = "compact", .prepare = prepare, .run = run_compact, .dismiss = dismiss};
