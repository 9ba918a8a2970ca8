/* What is attached: receive, sweep. */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"

static int no_folder(const char *form)
{
    return cli_fail(EXIT_USAGE, "name the folder that documents are kept in: %s", form);
}

static greffe_status take(greffe_upload *upload, FILE *file)
{
    char bytes[65536];
    greffe_status status = GREFFE_OK;
    for (size_t size; status == GREFFE_OK && (size = fread(bytes, 1, sizeof bytes, file)) > 0;) {
        status = greffe_upload_write(upload, bytes, size);
    }
    return status == GREFFE_OK && ferror(file) ? GREFFE_EIO : status;
}

static int receive(cli *c, const char *path)
{
    greffe_upload *upload = NULL;
    greffe_received received;
    char reason[256] = "";
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", path);
    }
    greffe_status status = greffe_upload_begin(&upload, c->documents);
    status = status == GREFFE_OK ? take(upload, file) : status;
    (void)fclose(file);
    if (status != GREFFE_OK) {
        greffe_upload_abandon(upload);
        return status == GREFFE_ELIMIT ? cli_fail(EXIT_FAULTS, "%s is larger than 100 MiB", path)
                                       : cli_status(status, path);
    }
    status = greffe_upload_end(upload, &received, reason);
    if (status != GREFFE_OK) {
        return cli_status(status, path);
    }
    const char *name = strrchr(path, '/');
    cJSON *said = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(said, "name", name != NULL ? name + 1 : path);
    (void)cJSON_AddNumberToObject(said, "size", (double)received.size);
    (void)cJSON_AddStringToObject(said, "sha256", received.sha256);
    cli_print_object(said);
    return EXIT_FINE;
}

int cli_receive(cli *c)
{
    if (c->word_count == 0 || c->folder == NULL) {
        return no_folder("greffe receive FILE… --documents DIR");
    }
    int code = cli_open_documents(c);
    for (int i = 0; i < c->word_count && code == EXIT_FINE; i++) {
        code = receive(c, c->words[i]);
    }
    return code;
}

int cli_sweep(cli *c)
{
    enum { week_s = 7 * 86400 };
    uint64_t deleted = 0;
    if (c->folder == NULL) {
        return no_folder("greffe sweep --documents DIR");
    }
    int code = cli_open_documents(c);
    if (code == EXIT_FINE) {
        code = cli_status(greffe_documents_sweep(c->documents, week_s, &deleted), c->folder);
    }
    if (code == EXIT_FINE) {
        (void)printf(c->json ? "{\"deleted\":%llu}\n" : "%llu deleted\n",
                     (unsigned long long)deleted);
    }
    return code;
}
