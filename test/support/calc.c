/* Calculates what the lines of its input ask, so that the oracles can check the base room.
 *
 * One line in, one line out. It knows no arithmetic and no calendar of its own; what it cannot
 * read it answers with "?", which no oracle expects.
 *
 *     add|sub|mul|div|mod|pow A B  the number, or none
 *     cmp A B                      -1, 0 or 1
 *     parse|sqrt|exp|ln A          the number, or none
 *     round<mode>:<scale> A        mode: half-even half-up half-down up down floor ceiling
 *     i64|cents A                  an integer, or none
 *     add,sub,cmp A B              several of the above: their answers, separated by spaces
 *     date YYYY-MM-DD +Nm          the date N months later (N may be negative: +-3m or -3m)
 *     days YYYY-MM-DD              days since 1970-01-01
 *     weekday YYYY-MM-DD           1 Monday to 7 Sunday
 *     holidays SET YEAR            the dates, separated by spaces
 *     roll SET YYYY-MM-DD          the day itself or the next working day
 *     work SET YYYY-MM-DD N        the N-th working day after
 *     zone ZONE MS                 seconds to add to UTC; ZONE: paris, utc or a file's path
 *     zonedate ZONE MS             the civil date
 *     zonestart ZONE YYYY-MM-DD MS the instant of a civil date and time of day
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/decimal.h"

enum { LINE_BYTES = 1 << 16, MAX_WORDS = 4, ZONE_BYTES = 1 << 17 };

typedef struct words {
    char *at[MAX_WORDS];
    int count;
} words;

typedef struct zones {
    greffe__arena arena;
    char name[1024]; /* the zone that was read last */
    greffe__zone *zone;
} zones;

static void split_words(words *out, char *line)
{
    out->count = 0;
    for (char *word = strtok(line, " \r\n"); word != NULL; word = strtok(NULL, " \r\n")) {
        if (out->count == MAX_WORDS) {
            out->count = 0;
            return;
        }
        out->at[out->count++] = word;
    }
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool read_integer(int64_t *out, const char *text)
{
    char *end = NULL;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0') {
        return false;
    }
    *out = value;
    return true;
}

static void unreadable(void)
{
    puts("?");
}

static void write_number(bool there, greffe__dec value)
{
    char text[GREFFE__DEC_CHARS];
    if (!there) {
        fputs("none", stdout);
        return;
    }
    const size_t length = greffe__dec_format(text, value);
    const bool whole = length < sizeof text && strlen(text) == length;
    fputs(whole ? text : "?", stdout);
}

static void write_integer(bool there, int64_t value)
{
    if (there) {
        printf("%" PRId64, value);
    } else {
        fputs("none", stdout);
    }
}

static void print_integer(bool there, int64_t value)
{
    write_integer(there, value);
    puts("");
}

static void print_date(int64_t days)
{
    char text[GREFFE__DATE_CHARS];
    greffe__date_format(text, days);
    puts(text);
}

/* --- Numbers --- */

static bool rounding_named(greffe__rounding *mode, int *scale, const char *text)
{
    static const struct {
        const char *name;
        greffe__rounding mode;
    } modes[] = {
        {"half-even:", GREFFE__ROUND_HALF_EVEN}, {"half-up:", GREFFE__ROUND_HALF_UP},
        {"half-down:", GREFFE__ROUND_HALF_DOWN}, {"up:", GREFFE__ROUND_UP},
        {"down:", GREFFE__ROUND_DOWN},           {"floor:", GREFFE__ROUND_FLOOR},
        {"ceiling:", GREFFE__ROUND_CEILING},
    };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const size_t length = strlen(modes[i].name);
        int64_t value = 0;
        if (strncmp(text, modes[i].name, length) != 0) {
            continue;
        }
        if (!read_integer(&value, text + length) || value < INT_MIN || value > INT_MAX) {
            return false;
        }
        *mode = modes[i].mode;
        *scale = (int)value;
        return true;
    }
    return false;
}

static bool answer_one_number(const char *op, greffe__dec a)
{
    int64_t integer = 0;
    greffe__dec value = a;
    greffe__rounding mode;
    int scale = 0;
    if (is(op, "parse")) {
        write_number(true, a);
    } else if (is(op, "i64")) {
        const bool there = greffe__dec_to_i64(&integer, a);
        write_integer(there, integer);
    } else if (is(op, "cents")) {
        const bool there = greffe__dec_to_cents(&integer, a);
        write_integer(there, integer);
    } else if (is(op, "sqrt")) {
        const bool there = greffe__dec_sqrt(&value, a);
        write_number(there, value);
    } else if (is(op, "exp")) {
        const bool there = greffe__dec_exp(&value, a);
        write_number(there, value);
    } else if (is(op, "ln")) {
        const bool there = greffe__dec_ln(&value, a);
        write_number(there, value);
    } else if (strncmp(op, "round", 5) == 0 && rounding_named(&mode, &scale, op + 5)) {
        const bool there = greffe__dec_round(&value, a, scale, mode);
        write_number(there, value);
    } else {
        return false;
    }
    return true;
}

static bool answer_two_numbers(const char *op, greffe__dec a, greffe__dec b)
{
    greffe__dec value = a;
    bool there = false;
    if (is(op, "add")) {
        there = greffe__dec_add(&value, a, b);
    } else if (is(op, "sub")) {
        there = greffe__dec_sub(&value, a, b);
    } else if (is(op, "mul")) {
        there = greffe__dec_mul(&value, a, b);
    } else if (is(op, "div")) {
        there = greffe__dec_div(&value, a, b);
    } else if (is(op, "mod")) {
        there = greffe__dec_modulo(&value, a, b);
    } else if (is(op, "pow")) {
        there = greffe__dec_power(&value, a, b);
    } else if (is(op, "cmp")) {
        const int order = greffe__dec_compare(a, b);
        write_integer(true, (order > 0) - (order < 0));
        return true;
    } else {
        return false;
    }
    write_number(there, value);
    return true;
}

/* Each of the operations that `op` names; it is cut up at its commas. */
static bool answer_operations(char *op, bool two, greffe__dec a, greffe__dec b)
{
    for (char *next = op; next != NULL; op = next) {
        next = strchr(op, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        if (!(two ? answer_two_numbers(op, a, b) : answer_one_number(op, a))) {
            return false;
        }
        fputs(next != NULL ? " " : "\n", stdout);
    }
    return true;
}

static bool answer_number(const words *line)
{
    greffe__dec a = greffe__dec_of(0);
    greffe__dec b = a;
    if (line->count != 2 && line->count != 3) {
        return false;
    }
    const bool a_read = greffe__dec_parse(&a, greffe__str_of(line->at[1]));
    if (!a_read && is(line->at[0], "parse")) {
        puts("none");
        return true;
    }
    const bool two = line->count == 3;
    if (!a_read || (two && !greffe__dec_parse(&b, greffe__str_of(line->at[2])))) {
        return false;
    }
    return answer_operations(line->at[0], two, a, b);
}

/* --- Dates --- */

static bool answer_holidays(uint32_t set, const char *text)
{
    int64_t year = 0;
    const char *separator = "";
    if (!read_integer(&year, text)) {
        return false;
    }
    const int64_t end = greffe__days_of(year + 1, 1, 1);
    for (int64_t day = greffe__days_of(year, 1, 1); day < end; day++) {
        if (greffe__holiday_name(set, day) != NULL) {
            char date[GREFFE__DATE_CHARS];
            greffe__date_format(date, day);
            printf("%s%s", separator, date);
            separator = " ";
        }
    }
    puts("");
    return true;
}

static bool answer_months(int64_t day, const char *text)
{
    char number[32];
    int64_t months = 0;
    const size_t length = strlen(text);
    if (length < 2 || length >= sizeof number || text[length - 1] != 'm') {
        return false;
    }
    const size_t skipped = text[0] == '+' ? 1 : 0;
    memcpy(number, text + skipped, length - 1 - skipped);
    number[length - 1 - skipped] = '\0';
    if (!read_integer(&months, number)) {
        return false;
    }
    print_date(greffe__add_months(day, months));
    return true;
}

static bool answer_date(const words *line)
{
    const char *op = line->at[0];
    int64_t day = 0;
    if (line->count < 2 || !greffe__date_parse(&day, greffe__str_of(line->at[1]))) {
        return false;
    }
    if (is(op, "date") && line->count == 3) {
        return answer_months(day, line->at[2]);
    }
    if (is(op, "days") && line->count == 2) {
        print_integer(true, day);
        return true;
    }
    if (is(op, "weekday") && line->count == 2) {
        print_integer(true, greffe__weekday(day));
        return true;
    }
    return false;
}

static bool answer_working_days(const words *line)
{
    const char *op = line->at[0];
    greffe__calendar calendar = {0};
    int64_t day = 0;
    int64_t count = 0;
    if (line->count < 3 ||
        !greffe__holidays_named(&calendar.holidays, greffe__str_of(line->at[1]))) {
        return false;
    }
    if (is(op, "holidays")) {
        return answer_holidays(calendar.holidays, line->at[2]);
    }
    if (!greffe__date_parse(&day, greffe__str_of(line->at[2]))) {
        return false;
    }
    if (is(op, "roll")) {
        print_date(greffe__roll(&calendar, day));
        return true;
    }
    if (is(op, "work") && line->count == 4 && read_integer(&count, line->at[3]) && count >= 0) {
        print_date(greffe__add_working_days(&calendar, day, count));
        return true;
    }
    return false;
}

/* --- Zones --- */

static const greffe__zone *read_zone(zones *cache, const char *path)
{
    static char bytes[ZONE_BYTES];
    if (is(path, cache->name)) {
        return cache->zone;
    }
    if (strlen(path) >= sizeof cache->name) {
        return NULL;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    cache->name[0] = '\0';
    if (greffe__zone_read(&cache->zone, &cache->arena, (greffe__str){bytes, size}) != GREFFE_OK) {
        return NULL;
    }
    memcpy(cache->name, path, strlen(path) + 1);
    return cache->zone;
}

static bool answer_zone(zones *cache, const words *line)
{
    const char *op = line->at[0];
    int64_t ms = 0;
    int64_t day = 0;
    if (line->count < 3) {
        return false;
    }
    const char *name = line->at[1];
    const greffe__zone *zone = is(name, "paris") ? greffe__zone_paris()
                               : is(name, "utc") ? greffe__zone_utc()
                                                 : read_zone(cache, name);
    if (zone == NULL || !read_integer(&ms, line->at[line->count - 1])) {
        return false;
    }
    if (is(op, "zone") && line->count == 3) {
        print_integer(true, greffe__zone_offset(zone, ms));
    } else if (is(op, "zonedate") && line->count == 3) {
        print_date(greffe__zone_date(zone, ms));
    } else if (is(op, "zonestart") && line->count == 4 &&
               greffe__date_parse(&day, greffe__str_of(line->at[2]))) {
        print_integer(true, greffe__zone_instant(zone, day, ms));
    } else {
        return false;
    }
    return true;
}

static bool answer(zones *cache, const words *line)
{
    if (line->count == 0) {
        return false;
    }
    const char *op = line->at[0];
    if (strncmp(op, "zone", 4) == 0) {
        return answer_zone(cache, line);
    }
    if (is(op, "holidays") || is(op, "roll") || is(op, "work")) {
        return answer_working_days(line);
    }
    if (is(op, "date") || is(op, "days") || is(op, "weekday")) {
        return answer_date(line);
    }
    return answer_number(line);
}

int main(void)
{
    static char text[LINE_BYTES];
    greffe_context *context = NULL;
    zones cache = {0};
    if (greffe_context_create(&context, NULL) != GREFFE_OK) {
        fputs("calc: no memory\n", stderr);
        return 1;
    }
    greffe__arena_init(&cache.arena, context);
    while (fgets(text, (int)sizeof text, stdin) != NULL) {
        words line;
        split_words(&line, text);
        if (!answer(&cache, &line)) {
            unreadable();
        }
    }
    const int result = ferror(stdin) || fflush(stdout) != 0;
    greffe__arena_free(&cache.arena);
    greffe_context_destroy(context);
    return result;
}
