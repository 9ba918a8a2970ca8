/* Lists of dossiers and tasks, in pages, for those who may see them. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/grant_kit.c"

/* --- Lists --- */

static const who OWNERS[] = {ANNE, BOB};

static void file_many(fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "d%02u", i);
        done(f, OWNERS[i % 2], "file", key, FILING);
    }
}

/* How many there are, page by page; none twice. */
static int count_all(fixture *f, greffe_query query, uint32_t limit, const char *member)
{
    char after[200] = "", seen[200][64];
    int count = 0;
    query.limit = limit;
    for (int pages = 0; pages < 100; pages++) {
        query.after = after[0] != '\0' ? after : NULL;
        cJSON *answer = asked(f, &query);
        const cJSON *item;
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(answer, "items"))
        {
            const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, member));
            for (int i = 0; i < count; i++) {
                assert_string_not_equal(seen[i], name);
            }
            assert_in_range(count, 0, 199);
            (void)snprintf(seen[count++], sizeof seen[0], "%s", name);
        }
        const char *cursor = cJSON_GetStringValue(cJSON_GetObjectItem(answer, "cursor"));
        (void)snprintf(after, sizeof after, "%s", cursor != NULL ? cursor : "");
        cJSON_Delete(answer);
        if (after[0] == '\0') {
            return count;
        }
    }
    fail_msg("the pages have no end");
    return -1;
}

static void lists_hold_what_their_reader_may_see(void **state)
{
    fixture *f = *state;
    static const char *const orders[] = {NULL, "key", "recent"};
    file_many(f, 24);
    done(f, ANNE, "save", "draft", "{\"procedure\":\"bourse\"}");
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t limit = 1; limit < 30; limit += 7) {
            greffe_query query = query_of(HOST, GREFFE_QUERY_DOSSIERS, NULL);
            query.order = orders[i];
            assert_int_equal(count_all(f, query, limit, "dossier"), 25);
            query.actor = &PEOPLE[ANNE];
            assert_int_equal(count_all(f, query, limit, "dossier"), 13); /* with the draft */
            query.actor = &PEOPLE[CULTURE];
            assert_int_equal(count_all(f, query, limit, "dossier"), 24);
            query.subject = "bob";
            assert_int_equal(count_all(f, query, limit, "dossier"), 12);
            query.status = "choix";
            assert_int_equal(count_all(f, query, limit, "dossier"), 0);
            query = query_of(ROADS, GREFFE_QUERY_DOSSIERS, NULL);
            assert_int_equal(count_all(f, query, limit, "dossier"), 0);
            query = query_of(ANNE, GREFFE_QUERY_DOSSIERS, NULL);
            query.subject = "bob";
            assert_int_equal(count_all(f, query, limit, "dossier"), 0);
        }
    }
}

static void tasks_are_listed_by_service_step_person_and_urgency(void **state)
{
    fixture *f = *state;
    file_many(f, 12);
    done(f, CULTURE, "complete", "d03", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    done(f, CULTURE, "claim", "d04", "{\"step\":\"completude\"}");
    static const char *const orders[] = {"key", "due"};
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t limit = 1; limit < 20; limit += 5) {
            greffe_query query = query_of(CULTURE, GREFFE_QUERY_TASKS, NULL);
            query.order = orders[i];
            query.group = "culture";
            assert_int_equal(count_all(f, query, limit, "dossier"), 12);
            query.status = "examen";
            assert_int_equal(count_all(f, query, limit, "dossier"), 1);
            query.status = NULL;
            query.person = "agent-c";
            assert_int_equal(count_all(f, query, limit, "dossier"), 1);
            query.person = "";
            assert_int_equal(count_all(f, query, limit, "dossier"), 11);
            query.person = NULL;
            query.actor = &PEOPLE[RELAY]; /* all of them are before them */
            assert_int_equal(count_all(f, query, limit, "dossier"), 12);
            query.actor = &PEOPLE[ROADS];
            assert_int_equal(count_all(f, query, limit, "dossier"), 0);
        }
    }
    greffe_query query = query_of(CULTURE, GREFFE_QUERY_TASKS, NULL);
    query.order = "due";
    cJSON *answer = asked(f, &query);
    const cJSON *items = cJSON_GetObjectItem(answer, "items");
    assert_true(is(cJSON_GetArrayItem(items, 0), "dossier", "\"d03\"") &&
                is(cJSON_GetArrayItem(items, 0), "due", "\"2026-03-12\""));
    assert_true(is(cJSON_GetArrayItem(items, 1), "dossier", "\"d00\"")); /* has no due day */
    cJSON_Delete(answer);
    query = query_of(ANNE, GREFFE_QUERY_TASKS, NULL);
    assert_int_equal(status_of(f, &query), GREFFE_EDENIED);
}

static void counts_are_the_host_s(void **state)
{
    fixture *f = *state;
    file_many(f, 7);
    done(f, CULTURE, "complete", "d03", "{\"step\":\"completude\",\"outcome\":\"complete\"}");
    greffe_query query = query_of(HOST, GREFFE_QUERY_COUNTS, NULL);
    cJSON *answer = asked(f, &query);
    const cJSON *items = cJSON_GetObjectItem(answer, "items");
    assert_int_equal(cJSON_GetArraySize(items), 2);
    assert_true(is(with(items, "status", "completude"), "count", "6"));
    cJSON_Delete(answer);
    query.stream_kind = "task";
    answer = asked(f, &query);
    items = cJSON_GetObjectItem(answer, "items");
    assert_true(is(with(items, "step", "examen"), "count", "1"));
    assert_true(is(with(items, "step", "completude"), "for", "\"culture\""));
    cJSON_Delete(answer);
    query.stream_kind = "planet";
    assert_int_equal(status_of(f, &query), GREFFE_EMISUSE);
    query = query_of(CULTURE, GREFFE_QUERY_COUNTS, NULL);
    assert_int_equal(status_of(f, &query), GREFFE_EDENIED);
    query = query_of(CULTURE, GREFFE_QUERY_FEED, "x");
    assert_int_equal(status_of(f, &query), GREFFE_EDENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(lists_hold_what_their_reader_may_see),
        TEST(tasks_are_listed_by_service_step_person_and_urgency),
        TEST(counts_are_the_host_s),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
