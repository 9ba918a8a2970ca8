/* report: dossiers counted, and amounts added, by one answer and by outcome. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { most_groups = 200, most_outcomes = 24 };

typedef struct table {
    char *groups[most_groups], *labels[most_groups], *outcomes[most_outcomes];
    int group_count, outcome_count;
    long counts[most_groups][most_outcomes];
    long long cents[most_groups];
} table;

static int place(char **list, int *count, int most, const char *text)
{
    for (int i = 0; i < *count; i++) {
        if (strcmp(list[i], text) == 0) {
            return i;
        }
    }
    if (*count == most) {
        return most - 1; /* the last one takes what does not fit */
    }
    list[*count] = strdup(*count == most - 1 ? "…" : text);
    return list[*count] == NULL ? 0 : (*count)++;
}

/* The newest answer to owner.field: its value, or what the form calls it. */
static const char *answer_of(const cJSON *dossier, const char *by, const char *what)
{
    const char *dot = strchr(by, '.'), *found = "";
    const cJSON *fill;
    if (dot == NULL) {
        return cli_words(dossier, by);
    }
    cJSON_ArrayForEach(fill, cJSON_GetObjectItemCaseSensitive(dossier, "answers"))
    {
        const char *of = cli_words(fill, "of");
        const cJSON *value =
            cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(fill, what), dot + 1);
        if (strlen(of) == (size_t)(dot - by) && strncmp(of, by, strlen(of)) == 0 &&
            cJSON_IsString(value)) {
            found = value->valuestring;
        }
    }
    return found;
}

static long long cents_of(const char *amount)
{
    long long euros = 0;
    int cents = 0;
    return sscanf(amount, "%lld.%2d", &euros, &cents) == 2 ? euros * 100 + cents : 0;
}

static void add_cents(cJSON *row, const char *name, long long cents)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%lld.%02lld", cents / 100, cents % 100);
    cJSON_AddStringToObject(row, name, text);
}

static void print_each(const cJSON *dossier, const char *by)
{
    static const char *const members[] = {"dossier", "number", "phase", "outcome", "paid"};
    cJSON *row = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        cJSON_AddStringToObject(row, members[i], cli_words(dossier, members[i]));
    }
    cJSON_AddStringToObject(row, "by", answer_of(dossier, by, "values"));
    cJSON_AddItemToObject(
        row, "clocks", cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(dossier, "clocks"), true));
    cli_print_object(row);
}

static int take_dossier(cli *c, const cJSON *row, void *data)
{
    table *t = data;
    char *text;
    const char *key = cli_words(row, "dossier");
    greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = key};
    greffe_status status = greffe_engine_read(c->engine, &text, &query);
    if (status != GREFFE_OK) {
        return cli_status(status, key);
    }
    cJSON *dossier = cJSON_Parse(text);
    if (c->each) {
        print_each(dossier, c->by);
    }
    const char *outcome = cli_words(dossier, "outcome");
    int group = place(t->groups, &t->group_count, most_groups, answer_of(dossier, c->by, "values"));
    const char *label = answer_of(dossier, c->by, "labels");
    if (t->labels[group] == NULL) {
        t->labels[group] = strdup(label[0] != '\0' ? label : t->groups[group]);
    }
    int column = place(t->outcomes, &t->outcome_count, most_outcomes,
                       outcome[0] != '\0' ? outcome : cli_words(dossier, "phase"));
    t->counts[group][column] += 1;
    t->cents[group] += cents_of(cli_words(dossier, "paid"));
    cJSON_Delete(dossier);
    greffe_engine_free(c->engine, text);
    return EXIT_FINE;
}

enum { label_columns = 22 };

/* Padded by characters: an accent is two bytes and one column. */
static void print_label(const char *label)
{
    int columns = 0;
    for (const char *c = label; *c != '\0'; c++) {
        columns += ((unsigned char)*c & 0xC0) != 0x80;
    }
    (void)printf("%s%*s", label, columns < label_columns ? label_columns - columns : 0, "");
}

static void print_row(const char *label, const long *counts, int columns, long long cents)
{
    long total = 0;
    print_label(label);
    for (int i = 0; i < columns; i++) {
        (void)printf(" %15ld", counts[i]);
        total += counts[i];
    }
    (void)printf(" %9ld %12lld.%02lld\n", total, cents / 100, cents % 100);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One object for each group, on a line of its own. */
static void print_json(const table *t)
{
    for (int i = 0; i < t->group_count; i++) {
        long all = 0;
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "by", t->groups[i]);
        cJSON_AddStringToObject(row, "label", t->labels[i] != NULL ? t->labels[i] : t->groups[i]);
        cJSON *outcomes = cJSON_AddObjectToObject(row, "outcomes");
        for (int j = 0; j < t->outcome_count; j++) {
            cJSON_AddNumberToObject(outcomes, t->outcomes[j], (double)t->counts[i][j]);
            all += t->counts[i][j];
        }
        cJSON_AddNumberToObject(row, "all", (double)all);
        add_cents(row, "paid", t->cents[i]);
        cli_print_object(row);
    }
}

static void print_table(const cli *c, table *t)
{
    long sums[most_outcomes] = {0};
    long long cents = 0;
    char *sorted[most_groups];
    print_label(c->by);
    for (int i = 0; i < t->outcome_count; i++) {
        (void)printf(" %15s", t->outcomes[i]);
    }
    (void)printf(" %9s %15s\n", "all", "paid");
    memcpy(sorted, t->groups, sizeof sorted);
    qsort(sorted, (size_t)t->group_count, sizeof *sorted, by_name);
    for (int i = 0; i < t->group_count; i++) {
        int group = place(t->groups, &t->group_count, most_groups, sorted[i]);
        print_row(t->labels[group] != NULL ? t->labels[group] : sorted[i], t->counts[group],
                  t->outcome_count, t->cents[group]);
        cents += t->cents[group];
        for (int j = 0; j < t->outcome_count; j++) {
            sums[j] += t->counts[group][j];
        }
    }
    print_row("all", sums, t->outcome_count, cents);
}

/* --- What became of each payment file --- */

enum { most_batches = 2000, states = 4 };

static const char *const state_names[states] = {"accepted", "rejected", "unknown", "batched"};

typedef struct batch {
    char name[40];
    long orders;
    long long cents[states]; /* by what became of the order */
} batch;

typedef struct batches {
    batch at[most_batches];
    int count;
} batches;

static int take_order(cli *c, const cJSON *row, void *data)
{
    batches *all = data;
    const char *name = cli_words(row, "batch"), *status = cli_words(row, "status");
    batch *place = NULL;
    (void)c;
    if (name[0] == '\0') {
        return EXIT_FINE; /* it waits for a batch */
    }
    for (int i = 0; i < all->count; i++) {
        place = strcmp(all->at[i].name, name) == 0 ? &all->at[i] : place;
    }
    if (place == NULL && all->count == most_batches) {
        return cli_fail(EXIT_ENVIRONMENT, "there are more than %d batches", most_batches);
    }
    if (place == NULL) {
        place = &all->at[all->count++];
        (void)snprintf(place->name, sizeof place->name, "%s", name);
    }
    place->orders += 1;
    for (int i = 0; i < states; i++) {
        place->cents[i] +=
            strcmp(status, state_names[i]) == 0 ? cents_of(cli_words(row, "amount")) : 0;
    }
    return EXIT_FINE;
}

static void print_batch(const cli *c, const batch *b)
{
    long long sum = 0;
    for (int i = 0; i < states; i++) {
        sum += b->cents[i];
    }
    if (!c->json) {
        print_label(b->name);
        (void)printf(" %7ld %12lld.%02lld", b->orders, sum / 100, sum % 100);
        for (int i = 0; i < states; i++) {
            (void)printf(" %12lld.%02lld", b->cents[i] / 100, b->cents[i] % 100);
        }
        (void)printf("\n");
        return;
    }
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "batch", b->name);
    cJSON_AddNumberToObject(row, "orders", (double)b->orders);
    add_cents(row, "sum", sum);
    for (int i = 0; i < states; i++) {
        add_cents(row, state_names[i], b->cents[i]);
    }
    cli_print_object(row);
}

static int by_batch(const void *a, const void *b)
{
    return strcmp(((const batch *)a)->name, ((const batch *)b)->name);
}

static int report_batches(cli *c)
{
    greffe_query query = {.kind = GREFFE_QUERY_ORDERS};
    batches *all = calloc(1, sizeof *all);
    batch sum = {.name = "all"};
    if (all == NULL) {
        return cli_fail(EXIT_ENVIRONMENT, "out of memory");
    }
    int code = cli_each_row(c, &query, take_order, all);
    qsort(all->at, (size_t)all->count, sizeof *all->at, by_batch);
    if (code == EXIT_FINE && !c->json) {
        print_label("batch");
        (void)printf(" %7s %15s", "orders", "control sum");
        for (int i = 0; i < states; i++) {
            (void)printf(" %15s", state_names[i]);
        }
        (void)printf("\n");
    }
    for (int i = 0; code == EXIT_FINE && i < all->count; i++) {
        print_batch(c, &all->at[i]);
        sum.orders += all->at[i].orders;
        for (int j = 0; j < states; j++) {
            sum.cents[j] += all->at[i].cents[j];
        }
    }
    if (code == EXIT_FINE && !c->json) {
        print_batch(c, &sum);
    }
    free(all);
    return code;
}

int cli_report(cli *c)
{
    if (c->by == NULL) {
        return cli_fail(EXIT_USAGE, "greffe report --by demandeur.commune [--each], or --by batch");
    }
    if (strcmp(c->by, "batch") == 0) {
        return report_batches(c);
    }
    table *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return cli_fail(EXIT_ENVIRONMENT, "out of memory");
    }
    greffe_query query = {.kind = GREFFE_QUERY_DOSSIERS, .group = c->procedure};
    int code = cli_each_row(c, &query, take_dossier, t);
    bool answered = false;
    for (int i = 0; i < t->group_count; i++) {
        answered = answered || t->groups[i][0] != '\0';
    }
    if (code == EXIT_FINE && t->group_count > 0 && !answered) {
        code = cli_fail(EXIT_FAULTS, "no dossier has an answer to %s", c->by);
    } else if (code == EXIT_FINE && c->json && !c->each) {
        print_json(t);
    } else if (code == EXIT_FINE && !c->each) {
        print_table(c, t);
    }
    for (int i = 0; i < t->group_count; i++) {
        free(t->groups[i]);
        free(t->labels[i]);
    }
    for (int i = 0; i < t->outcome_count; i++) {
        free(t->outcomes[i]);
    }
    free(t);
    return code;
}
