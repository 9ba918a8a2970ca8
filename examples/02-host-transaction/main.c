/* The portal's own row and the dossier, in one transaction of the portal's: both, or neither.
 *
 *     host_transaction BUNDLE STORE
 *
 * The portal keeps a table of its own in the same database file. Its unique constraint is the
 * planted failure: the second form of the same basket takes the dossier back with it. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <greffe/async.h>
#include <greffe/join.h>

static void expect(greffe_status status, const char *what)
{
    if (status != GREFFE_OK) {
        (void)fprintf(stderr, "%s: %s\n", what, greffe_status_name(status));
        exit(1);
    }
}

/* The procedure, checked and frozen: running needs no YAML. */
static greffe_plan *read_plan(greffe_context *context, const char *path)
{
    static char bytes[1 << 18];
    greffe_plan *plan;
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    expect(greffe_plan_read(&plan, context, (greffe_str){bytes, size}), path);
    return plan;
}

static void sql(sqlite3 *db, const char *text)
{
    char *problem = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &problem) != SQLITE_OK) {
        (void)fprintf(stderr, "%s: %s\n", text, problem);
        exit(1);
    }
}

/* One form of the portal's: true when all of it is durable. */
static bool take_form(sqlite3 *db, greffe_engine *engine, greffe_joined *joined, const char *basket,
                      const char *dossier)
{
    static const greffe_actor anne = {.size = sizeof anne, .subject = "anne", .kind = "applicant"};
    static const char args[] =
        "{\"procedure\":\"composteur\",\"answers\":{\"habitant\":{\"nom\":\"Anne Exemple\","
        "\"courriel\":\"anne@bourg.example\"},\"jardin\":{\"logement\":\"immeuble\","
        "\"syndic\":\"Syndic du Parc\",\"pose\":\"2099-01-01\"}}}";
    const greffe_command command = {.size = sizeof command,
                                    .verb = "file",
                                    .stream = dossier,
                                    .key = dossier, /* the form's own key, kept by the portal */
                                    .actor = &anne,
                                    .args = {args, sizeof args - 1}};
    greffe_result result;
    sql(db, "BEGIN IMMEDIATE");
    greffe_status status = greffe_engine_execute_in(joined, &result, &command);
    bool fine = status == GREFFE_OK;
    if (fine) {
        char *text = sqlite3_mprintf("INSERT INTO basket VALUES (%Q, %Q)", basket, dossier);
        fine = sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
        (void)printf("%s: %s; the portal's row: %s\n", dossier, result.answer,
                     fine ? "inserted" : sqlite3_errmsg(db));
        sqlite3_free(text);
    } else {
        (void)printf("%s was refused: %s %s\n", dossier, result.code, result.message);
    }
    greffe_result_free(engine, &result);
    sql(db, fine ? "COMMIT" : "ROLLBACK");
    if (fine) {
        greffe_engine_kick(engine); /* letters may leave now */
    }
    return fine;
}

static bool is_there(greffe_engine *engine, const char *dossier)
{
    char *answer = NULL;
    const greffe_query query = {.size = sizeof query, .kind = GREFFE_QUERY_DOSSIER, .key = dossier};
    greffe_status status = greffe_engine_read(engine, &answer, &query);
    greffe_engine_free(engine, answer);
    (void)printf("%s is %s\n", dossier, status == GREFFE_OK ? "there" : "not there");
    return status == GREFFE_OK;
}

int main(int argc, char **argv)
{
    greffe_context *context;
    greffe_store *store;
    greffe_engine *engine;
    greffe_joined *joined;
    sqlite3 *db;
    if (argc != 3) {
        (void)fprintf(stderr, "host_transaction BUNDLE STORE\n");
        return 2;
    }
    expect(greffe_context_create(&context, NULL), "a context");
    const greffe_sqlite_options where = {.size = sizeof where, .path = argv[2]};
    expect(greffe_store_sqlite(&store, &where), "the store");
    const greffe_engine_options options = {.size = sizeof options, .store = store};
    expect(greffe_engine_open(&engine, context, &options), "the engine");
    greffe_plan *plan = read_plan(context, argv[1]);
    expect(greffe_engine_publish(engine, plan), "publishing");

    /* The portal's connection to the same file, made ready once. */
    if (sqlite3_open(argv[2], &db) != SQLITE_OK) {
        return 1;
    }
    (void)sqlite3_busy_timeout(db, 5000);
    sql(db, "PRAGMA synchronous = FULL");
    sql(db, "CREATE TABLE IF NOT EXISTS basket (number TEXT PRIMARY KEY, dossier TEXT)");
    expect(greffe_engine_join(&joined, engine, db), "joining");

    bool good = take_form(db, engine, joined, "4711", "d1");
    good = !take_form(db, engine, joined, "4711", "d2") && good; /* the same basket again */
    good = is_there(engine, "d1") && good;
    good = !is_there(engine, "d2") && good;

    greffe_engine_leave(joined);
    (void)sqlite3_close(db);
    greffe_engine_close(engine);
    greffe_plan_unref(plan);
    greffe_context_destroy(context);
    return good ? 0 : 1;
}
