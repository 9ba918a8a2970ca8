/* check: procedures, several at a time, and only those that changed. Each is looked at in a context
 * of its own; what is told of them comes in the order in which they stand. */
#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

/* What was found in one procedure: {"reads": [{"path", "hash"}], "day", "exit", "texts": […],
 * "findings": […], "unproved"}. */
typedef struct job {
    char *path;
    cJSON *found; /* NULL: not yet looked at */
    bool known;   /* from the cache: nothing it reads has changed */
    bool done;
} job;

typedef struct checking {
    cli *c;
    job *jobs;
    unsigned count, room, next;
    cJSON *cache; /* {"of": …, "files": {path: found}}, or NULL */
    pthread_mutex_t lock;
    pthread_cond_t one_more;
} checking;

/* --- What is still as it was --- */

static double today(void)
{
    const int64_t days = (int64_t)time(NULL) / 86400;
    return (double)days;
}

/* A waiver runs out by itself: then the day counts too. */
static bool is_as_it_was(const cJSON *found)
{
    const cJSON *one, *day = cJSON_GetObjectItemCaseSensitive(found, "day");
    if (found == NULL || (cJSON_IsNumber(day) && day->valuedouble < today())) {
        return false;
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(found, "reads"))
    {
        char *text, hash[40] = "";
        size_t size;
        if (cli_read_file(cli_words(one, "path"), &text, &size)) {
            cli_hash(text, size, hash);
            free(text);
        }
        if (strcmp(hash, cli_words(one, "hash")) != 0) {
            return false;
        }
    }
    return true;
}

static bool fails_on_warning(const cli *c)
{
    return c->fail_on != NULL && strcmp(c->fail_on, "warning") == 0;
}

/* What findings hang on besides files. */
static void key_of(const cli *c, char out[80])
{
    (void)snprintf(out, 80, "greffe %s%s%s", greffe_version(), c->no_replay ? " no replay" : "",
                   fails_on_warning(c) ? " warnings" : "");
}

static void read_cache(checking *all)
{
    char key[80], *text;
    size_t size;
    if (all->c->cache == NULL || all->c->counterexamples != NULL) {
        return;
    }
    key_of(all->c, key);
    if (cli_read_file(all->c->cache, &text, &size)) {
        all->cache = cJSON_Parse(text);
        free(text);
    }
    if (strcmp(cli_words(all->cache, "of"), key) != 0) { /* another version's, or none */
        cJSON_Delete(all->cache);
        all->cache = cJSON_CreateObject();
        cJSON_AddStringToObject(all->cache, "of", key);
        (void)cJSON_AddObjectToObject(all->cache, "files");
    }
}

/* It is written beside, and takes its place at once: two that run at a time do no harm. */
static int write_cache(const checking *all)
{
    char *text = all->cache != NULL ? cJSON_PrintUnformatted(all->cache) : NULL;
    int code = text == NULL
                   ? EXIT_FINE
                   : cli_replace_file(all->c->cache, text, strlen(text), "\"of\":\"greffe");
    cJSON_free(text);
    return code;
}

/* --- One procedure --- */

/* Whether something that the procedure promises is neither proved nor waived. */
bool cli_unproved(const cli *c)
{
    const greffe_diag *diag;
    for (size_t i = 0; (diag = greffe_diags_get(c->diags, i)) != NULL; i++) {
        /* A way that was not proved, or a decision table. */
        if (strcmp(diag->code, "GR-4001") == 0 || strcmp(diag->code, "GR-3205") == 0) {
            return true;
        }
    }
    return false;
}

int cli_verdict(const cli *c, int code)
{
    bool warned = greffe_diags_total(c->diags, GREFFE_WARNING) > 0 && fails_on_warning(c);
    return code == EXIT_FINE && (warned || cli_unproved(c)) ? EXIT_UNPROVED : code;
}

static void keep_texts(const cli *c, cJSON *found)
{
    cJSON *texts = cJSON_AddArrayToObject(found, "texts");
    const char *text;
    for (size_t i = 0; i < greffe_diags_count(c->diags); i++) {
        if (greffe_diags_render(&text, c->diags, i) == GREFFE_OK) {
            cJSON_AddItemToArray(texts, cJSON_CreateString(text));
        }
    }
    size_t total =
        greffe_diags_total(c->diags, GREFFE_ERROR) + greffe_diags_total(c->diags, GREFFE_WARNING);
    if (total > greffe_diags_count(c->diags)) {
        char more[64];
        (void)snprintf(more, sizeof more, "… and %zu more\n", total - greffe_diags_count(c->diags));
        cJSON_AddItemToArray(texts, cJSON_CreateString(more));
    }
}

static cJSON *look_at(const cli *base, const char *path)
{
    cli c = *base;
    cJSON *found = cJSON_CreateObject(), *findings = cli_findings_new();
    c.engine = NULL;
    c.accounts = NULL;
    c.reads = cJSON_AddArrayToObject(found, "reads");
    int code = cli_open_context(&c);
    code = code == EXIT_FINE ? cli_compile(&c, path, NULL) : code;
    if (c.waives) {
        cJSON_AddNumberToObject(found, "day", today());
    }
    keep_texts(&c, found);
    cli_findings_diags(&c, findings, path);
    cJSON_AddItemToObject(found, "findings",
                          cJSON_DetachItemFromObjectCaseSensitive(findings, "findings"));
    cJSON_AddBoolToObject(found, "unproved", cli_unproved(&c));
    cJSON_AddBoolToObject(found, "compiled", code == EXIT_FINE);
    cJSON_AddNumberToObject(found, "exit", cli_verdict(&c, code));
    cJSON_Delete(findings);
    greffe_diags_destroy(c.diags);
    greffe_context_destroy(c.context);
    return found;
}

/* --- All of them --- */

static void *work(void *data)
{
    checking *all = data;
    for (;;) {
        (void)pthread_mutex_lock(&all->lock);
        unsigned at = all->next++;
        (void)pthread_mutex_unlock(&all->lock);
        if (at >= all->count) {
            return NULL;
        }
        job *one = &all->jobs[at];
        one->known = is_as_it_was(one->found);
        cJSON *found = one->known ? one->found : look_at(all->c, one->path);
        (void)pthread_mutex_lock(&all->lock);
        one->found = found;
        one->done = true;
        (void)pthread_cond_broadcast(&all->one_more);
        (void)pthread_mutex_unlock(&all->lock);
    }
}

static int add_job(cli *c, const char *path, void *data)
{
    checking *all = data;
    (void)c;
    for (unsigned i = 0; i < all->count; i++) {
        if (strcmp(all->jobs[i].path, path) == 0) {
            return EXIT_FINE; /* named twice, looked at once */
        }
    }
    if (all->count == all->room) {
        all->room = all->room > 0 ? 2 * all->room : 64;
        job *more = realloc(all->jobs, all->room * sizeof *more);
        if (more == NULL) {
            return cli_fail(EXIT_ENVIRONMENT, "out of memory");
        }
        all->jobs = more;
    }
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(all->cache, "files");
    all->jobs[all->count] =
        (job){.path = strdup(path), .found = cJSON_GetObjectItemCaseSensitive(files, path)};
    return all->jobs[all->count++].path != NULL ? EXIT_FINE
                                                : cli_fail(EXIT_ENVIRONMENT, "out of memory");
}

static void tell(const checking *all, const job *one, cJSON *findings)
{
    const cJSON *text, *finding;
    int code = cli_number(one->found, "exit");
    if (findings != NULL) {
        cJSON *list = cJSON_GetObjectItemCaseSensitive(findings, "findings");
        cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(one->found, "findings"))
        {
            cJSON_AddItemToArray(list, cJSON_Duplicate(finding, true));
        }
        cli_findings_end(findings, one->path, code);
        return;
    }
    cJSON_ArrayForEach(text, cJSON_GetObjectItemCaseSensitive(one->found, "texts"))
    {
        cli_print_diag(text->valuestring);
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one->found, "compiled"))) {
        bool open = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one->found, "unproved"));
        (void)printf("%s: no fault found%s%s\n", one->path, open ? ", but not all is proved" : "",
                     one->known && !all->c->quiet ? " (as before)" : "");
    }
}

/* In the order of the files, each as soon as it and those before it are looked at. */
static int tell_all(checking *all, cJSON *findings)
{
    int worst = EXIT_FINE;
    for (unsigned i = 0; i < all->count; i++) {
        job *one = &all->jobs[i];
        (void)pthread_mutex_lock(&all->lock);
        while (!one->done) {
            (void)pthread_cond_wait(&all->one_more, &all->lock);
        }
        (void)pthread_mutex_unlock(&all->lock);
        tell(all, one, findings);
        int code = cli_number(one->found, "exit");
        worst = cli_worse(code, worst);
    }
    return worst;
}

static void keep(checking *all)
{
    cJSON *files = cJSON_GetObjectItemCaseSensitive(all->cache, "files");
    for (unsigned i = 0; i < all->count; i++) {
        job *one = &all->jobs[i];
        bool readable =
            cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(one->found, "reads")) > 0;
        if (one->known) {
            continue;
        }
        if (files != NULL) {
            cJSON_DeleteItemFromObjectCaseSensitive(files, one->path);
        }
        if (files != NULL && readable) {
            cJSON_AddItemToObject(files, one->path, one->found);
        } else {
            cJSON_Delete(one->found);
        }
    }
}

static int run(checking *all, cJSON *findings)
{
    enum { most_threads = 16 };
    pthread_t threads[most_threads];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = all->c->jobs > 0 ? (unsigned)all->c->jobs
                      : processors > 0 ? (unsigned)processors
                                       : 1;
    unsigned started = 0, most = wanted < most_threads ? wanted : most_threads;
    while (started < most && started < all->count &&
           pthread_create(&threads[started], NULL, work, all) == 0) {
        started += 1;
    }
    if (started == 0) {
        (void)work(all); /* no thread is to be had: one after the other */
    }
    int worst = tell_all(all, findings);
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return worst;
}

int cli_check_all(cli *c, cJSON *findings)
{
    checking all = {.c = c};
    int worst = EXIT_FINE;
    (void)pthread_mutex_init(&all.lock, NULL);
    (void)pthread_cond_init(&all.one_more, NULL);
    read_cache(&all);
    for (int i = 0; i < c->word_count; i++) {
        unsigned before = all.count;
        int code = cli_walk(c, c->words[i], CLI_PROCEDURES, add_job, &all);
        worst = cli_worse(code, worst);
        if (all.count == before && code == EXIT_FINE && before == 0) {
            worst = cli_fail(EXIT_FAULTS, "there is no procedure in %s", c->words[i]);
        }
    }
    int code = run(&all, findings);
    worst = cli_worse(code, worst);
    keep(&all);
    code = write_cache(&all);
    worst = cli_worse(code, worst);
    for (unsigned i = 0; i < all.count; i++) {
        free(all.jobs[i].path);
    }
    free(all.jobs);
    cJSON_Delete(all.cache);
    (void)pthread_cond_destroy(&all.one_more);
    (void)pthread_mutex_destroy(&all.lock);
    return worst;
}
