/* Regular expressions, as XPath has them, on PCRE2: bounded in steps and depth.
 *
 * Where XPath differs from PCRE2: subtraction in a class ([a-z-[aeiou]]) becomes a lookahead;
 * \i and \c (the characters of XML names) and blocks of Unicode (\p{IsGreek}) become classes; the
 * flag x takes blanks out, but not those of a class; no group is named in a class. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "base/limits.h"
#include "expr/regex.h"

static void *take(PCRE2_SIZE size, void *data)
{
    return greffe__alloc(data, NULL, size);
}

static void give(void *memory, void *data)
{
    greffe__free(data, memory);
}

typedef struct regex {
    pcre2_general_context *general;
    pcre2_compile_context *compiling;
    pcre2_match_context *matching;
    pcre2_code *code;
    pcre2_match_data *data;
} regex;

static void close_regex(regex *r)
{
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->code);
    pcre2_match_context_free(r->matching);
    pcre2_compile_context_free(r->compiling);
    pcre2_general_context_free(r->general);
}

/* --- XPath's own --- */

/* Where the class that opens at `at` ends: one past its ']'. */
static size_t class_end(greffe__str p, size_t at)
{
    size_t i = at + 1;
    while (i < p.size && p.data[i] != ']') {
        if (p.data[i] == '\\') {
            i += 1;
        } else if (p.data[i] == '[') {
            i = class_end(p, i) - 1;
        }
        i += 1;
    }
    return i + 1 < p.size ? i + 1 : p.size;
}

/* Blocks of Unicode as XPath names them, those of Europe. */
static const char *block_named(greffe__str name)
{
    static const struct {
        const char *name, *range;
    } blocks[] = {
        {"IsBasicLatin", "\\x{0}-\\x{7F}"},
        {"IsLatin-1Supplement", "\\x{80}-\\x{FF}"},
        {"IsLatinExtended-A", "\\x{100}-\\x{17F}"},
        {"IsLatinExtended-B", "\\x{180}-\\x{24F}"},
        {"IsGreek", "\\x{370}-\\x{3FF}"},
        {"IsGreekandCoptic", "\\x{370}-\\x{3FF}"},
        {"IsCyrillic", "\\x{400}-\\x{4FF}"},
        {"IsArmenian", "\\x{530}-\\x{58F}"},
        {"IsHebrew", "\\x{590}-\\x{5FF}"},
        {"IsArabic", "\\x{600}-\\x{6FF}"},
        {"IsGeneralPunctuation", "\\x{2000}-\\x{206F}"},
        {"IsCurrencySymbols", "\\x{20A0}-\\x{20CF}"},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (greffe__str_is(name, blocks[i].name)) {
            return blocks[i].range;
        }
    }
    return NULL;
}

/* Puts what stands after a backslash at `at`; returns how many bytes that was, 0 for a fault. */
static size_t put_escape(greffe__buf *out, greffe__str p, size_t at, bool in_class)
{
    static const struct {
        char letter;
        const char *as, *within;
    } names[] = {{'i', "[\\p{L}_:]", "\\p{L}_:"},
                 {'I', "[^\\p{L}_:]", NULL},
                 {'c', "[\\p{L}\\p{N}\\p{M}._:-]", "\\p{L}\\p{N}\\p{M}._:\\-"},
                 {'C', "[^\\p{L}\\p{N}\\p{M}._:-]", NULL}};
    if (at + 1 >= p.size) {
        return 0;
    }
    char c = p.data[at + 1];
    if (c == '0' || (in_class && c >= '0' && c <= '9')) {
        return 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].letter == c) {
            const char *as = in_class ? names[i].within : names[i].as;
            greffe__buf_text(out, as != NULL ? as : "");
            return as != NULL ? 2 : 0;
        }
    }
    const char *close = (c == 'p' || c == 'P') && at + 2 < p.size && p.data[at + 2] == '{'
                            ? memchr(p.data + at, '}', p.size - at)
                            : NULL;
    if (close != NULL && p.data[at + 3] == 'I' && p.data[at + 4] == 's') {
        const char *name = p.data + at + 3;
        const char *range = block_named((greffe__str){name, (size_t)(close - name)});
        if (range == NULL || (in_class && c == 'P')) {
            return 0;
        }
        greffe__buf_text(out, in_class ? "" : c == 'P' ? "[^" : "[");
        greffe__buf_text(out, range);
        greffe__buf_text(out, in_class ? "" : "]");
        return (size_t)(close + 1 - (p.data + at));
    }
    greffe__buf_put(out, p.data + at, 2);
    return 2;
}

/* What stands in a class, its escapes made PCRE2's. */
static bool put_items(greffe__buf *out, greffe__str p, size_t from, size_t end)
{
    for (size_t i = from; i < end;) {
        size_t size = 1;
        if (p.data[i] == '\\') {
            size = put_escape(out, p, i, true);
        } else {
            greffe__buf_byte(out, p.data[i]);
        }
        if (size == 0) {
            return false;
        }
        i += size;
    }
    return true;
}

static bool put_class(greffe__buf *out, greffe__str p, size_t from, size_t end)
{
    size_t minus = 0;
    for (size_t i = from + 1; i + 1 < end; i++) {
        if (p.data[i] == '\\') {
            i += 1;
        } else if (p.data[i] == '-' && p.data[i + 1] == '[') {
            minus = i;
            break;
        }
    }
    if (minus == 0) {
        return put_items(out, p, from, end);
    }
    greffe__buf_text(out, "(?:(?!");
    bool good = put_class(out, p, minus + 1, class_end(p, minus + 1));
    greffe__buf_byte(out, ')');
    good = put_items(out, p, from, minus) && good;
    greffe__buf_text(out, "])");
    return good;
}

/* The pattern without the blanks that stand in no class. */
static greffe__str without_blanks(greffe__arena *arena, greffe__str p)
{
    char *text = greffe__arena_alloc(arena, p.size + 1);
    size_t size = 0, in_class = 0;
    if (text == NULL) {
        return (greffe__str){"", 0};
    }
    for (size_t i = 0; i < p.size; i++) {
        char c = p.data[i];
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (blank && in_class == 0) {
            continue;
        }
        bool escaped = size > 0 && text[size - 1] == '\\';
        in_class += !escaped && c == '[' ? 1 : 0;
        in_class -= !escaped && c == ']' && in_class > 0 ? 1 : 0;
        text[size++] = c;
    }
    return (greffe__str){text, size};
}

static bool translate(greffe__buf *out, greffe__str p)
{
    for (size_t i = 0; i < p.size;) {
        size_t size = 1;
        bool good = true;
        if (p.data[i] == '[') {
            size = class_end(p, i) - i;
            good = put_class(out, p, i, i + size);
        } else if (p.data[i] == '\\') {
            size = put_escape(out, p, i, false);
        } else {
            greffe__buf_byte(out, p.data[i]);
        }
        if (!good || size == 0) {
            return false;
        }
        i += size;
    }
    return true;
}

static bool options_of(greffe__str flags, uint32_t *options)
{
    *options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    for (size_t i = 0; i < flags.size; i++) {
        switch (flags.data[i]) {
        case 's': *options |= PCRE2_DOTALL; break;
        case 'm': *options |= PCRE2_MULTILINE; break;
        case 'i': *options |= PCRE2_CASELESS; break;
        case 'x': break; /* see without_blanks */
        case 'q': *options |= PCRE2_LITERAL; break;
        default: return false;
        }
    }
    if ((*options & PCRE2_LITERAL) != 0) { /* what PCRE2 takes beside it */
        *options &= PCRE2_LITERAL | PCRE2_UTF | PCRE2_CASELESS;
    }
    return true;
}

static bool is_valid(greffe__str text)
{
    size_t bad;
    return greffe__utf8_valid(text, &bad);
}

static bool no_regex(greffe__call *call, greffe__str pattern)
{
    greffe__value text = greffe__string(pattern);
    return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                     "this is no regular expression", &text);
}

static bool open_regex(greffe__call *call, regex *r, greffe__str pattern, uint32_t options,
                       bool blanks)
{
    int error;
    PCRE2_SIZE place;
    greffe__buf text;
    greffe_context *context = call->arena->context;
    *r = (regex){0};
    if (!is_valid(pattern)) {
        return no_regex(call, pattern);
    }
    r->general = pcre2_general_context_create(take, give, context);
    r->compiling = r->general != NULL ? pcre2_compile_context_create(r->general) : NULL;
    r->matching = r->general != NULL ? pcre2_match_context_create(r->general) : NULL;
    greffe__buf_init(&text, context);
    greffe__str bare = blanks ? pattern : without_blanks(call->arena, pattern);
    bool literal = (options & PCRE2_LITERAL) != 0;
    if (literal) {
        greffe__buf_str(&text, pattern);
    } else if (!translate(&text, bare)) {
        greffe__buf_free(&text);
        return no_regex(call, pattern);
    }
    bool good = r->compiling != NULL && r->matching != NULL && greffe__buf_done(&text) != NULL;
    if (good) {
        (void)pcre2_set_parens_nest_limit(r->compiling, GREFFE_MAX_EXPR_DEPTH);
        (void)pcre2_set_match_limit(r->matching, GREFFE_MAX_REGEX_STEPS);
        (void)pcre2_set_depth_limit(r->matching, GREFFE_MAX_REGEX_DEPTH);
        (void)pcre2_set_heap_limit(r->matching, GREFFE_MAX_REGEX_KIB);
        r->code =
            pcre2_compile((PCRE2_SPTR)text.data, text.size, options, &error, &place, r->compiling);
    }
    greffe__buf_free(&text);
    if (good && r->code == NULL && error != PCRE2_ERROR_NOMEMORY && error != 121) {
        return no_regex(call, pattern);
    }
    r->data =
        good && r->code != NULL ? pcre2_match_data_create_from_pattern(r->code, r->general) : NULL;
    if (r->data == NULL) {
        call->arena->failed = true;
    }
    return r->data != NULL;
}

/* Looks for the next place: 1 found, 0 none, -1 refused. */
static int find(greffe__call *call, regex *r, greffe__str text, size_t from, uint32_t options)
{
    int found = pcre2_match(r->code, (PCRE2_SPTR)(text.size > 0 ? text.data : ""), text.size, from,
                            options | PCRE2_NO_UTF_CHECK, r->data, r->matching);
    if (found > 0 || found == PCRE2_ERROR_NOMATCH) {
        return found > 0;
    }
    if (found == PCRE2_ERROR_NOMEMORY) {
        call->arena->failed = true;
        return -1;
    }
    (void)greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                              "the regular expression takes more than 100,000 steps");
    return -1;
}

static bool begin(greffe__call *call, regex *r, greffe__str text, greffe__str pattern,
                  greffe__str flags)
{
    uint32_t options;
    *r = (regex){0};
    if (!options_of(flags, &options)) {
        greffe__value value = greffe__string(flags);
        return greffe__call_refuse_value(call, GREFFE__GR_EVAL_ARGUMENT,
                                         "the flags of a regular expression are s, m, i, x, q",
                                         &value);
    }
    return greffe__call_work(call, 50 + text.size / 16) && is_valid(text) &&
           open_regex(call, r, pattern, options,
                      flags.size == 0 || memchr(flags.data, 'x', flags.size) == NULL);
}

/* --- The functions --- */

bool greffe__regex_matches(greffe__call *call, greffe__str text, greffe__str pattern,
                           greffe__str flags, greffe__value *out)
{
    regex r;
    int found = begin(call, &r, text, pattern, flags) ? find(call, &r, text, 0, 0) : -1;
    close_regex(&r);
    *out = greffe__bool(found == 1);
    return found >= 0;
}

/* $1 is a group, \$ and \\ are themselves. */
static bool put_replacement(greffe__buf *out, const regex *r, greffe__str text, greffe__str with,
                            bool literal)
{
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(r->data);
    uint32_t groups = pcre2_get_ovector_count(r->data);
    for (size_t i = 0; i < with.size; i++) {
        char c = with.data[i];
        char next = i + 1 < with.size ? with.data[i + 1] : '\0';
        if (literal || (c != '$' && c != '\\')) {
            greffe__buf_byte(out, c);
        } else if (c == '\\') {
            if (next != '$' && next != '\\') {
                return false;
            }
            greffe__buf_byte(out, next);
            i += 1;
        } else {
            uint32_t group = 0;
            size_t digits = 0;
            while (i + 1 < with.size && with.data[i + 1] >= '0' && with.data[i + 1] <= '9') {
                uint32_t longer = group * 10 + (uint32_t)(with.data[i + 1] - '0');
                if (digits > 0 && longer >= groups) {
                    break; /* the longest number that names a group */
                }
                group = longer;
                digits += 1;
                i += 1;
            }
            if (digits == 0) {
                return false;
            }
            if (group < groups && places[2 * group] != PCRE2_UNSET) {
                greffe__buf_put(out, text.data + places[2 * group],
                                places[2 * group + 1] - places[2 * group]);
            }
        }
    }
    return true;
}

static bool replace_all(greffe__call *call, regex *r, greffe__str text, greffe__str with,
                        bool literal, greffe__buf *out)
{
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(r->data);
    size_t from = 0;
    int found;
    while ((found = find(call, r, text, from, 0)) == 1) {
        if (places[0] == places[1]) {
            return greffe__call_refuse(call, GREFFE__GR_EVAL_ARGUMENT,
                                       "the regular expression matches the empty text");
        }
        greffe__buf_put(out, text.data + from, places[0] - from);
        if (!put_replacement(out, r, text, with, literal)) {
            greffe__value value = greffe__string(with);
            return greffe__call_refuse_value(
                call, GREFFE__GR_EVAL_ARGUMENT,
                "in what replaces, $ stands before a group's number; \\$ is a dollar", &value);
        }
        from = places[1];
        if (out->size > GREFFE_MAX_EXPR_STRING) {
            return greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                       "the text would be longer than 1 MiB");
        }
        if (!greffe__call_work(call, 10)) {
            return false;
        }
    }
    greffe__buf_put(out, text.data + from, text.size - from);
    return found == 0;
}

bool greffe__regex_replace(greffe__call *call, greffe__str text, greffe__str pattern,
                           greffe__str replacement, greffe__str flags, greffe__value *out)
{
    regex r;
    greffe__buf made;
    greffe__buf_init(&made, call->arena->context);
    bool literal = flags.size > 0 && memchr(flags.data, 'q', flags.size) != NULL;
    bool good = begin(call, &r, text, pattern, flags) &&
                replace_all(call, &r, text, replacement, literal, &made);
    close_regex(&r);
    if (good) {
        *out = greffe__string(greffe__str_dup(call->arena, (greffe__str){made.data, made.size}));
        call->arena->failed = call->arena->failed || made.failed;
    }
    greffe__buf_free(&made);
    return good && !call->arena->failed;
}

bool greffe__regex_split(greffe__call *call, greffe__str text, greffe__str delimiter,
                         greffe__value *out)
{
    regex r;
    size_t from = 0, search = 0;
    int found = 0;
    greffe__value list = greffe__list_of(NULL, 0);
    bool good = begin(call, &r, text, delimiter, (greffe__str){"", 0});
    const PCRE2_SIZE *places = good ? pcre2_get_ovector_pointer(r.data) : NULL;
    while (good && search <= text.size && (found = find(call, &r, text, search, 0)) == 1) {
        bool empty = places[0] == places[1];
        size_t cut = places[0];
        search = places[1] + (empty ? 1 : 0);
        while (empty && search < text.size && ((unsigned char)text.data[search] & 0xC0) == 0x80) {
            search += 1;
        }
        if (empty && (cut == 0 || cut == text.size)) {
            continue;
        }
        greffe__value part = greffe__string((greffe__str){text.data + from, cut - from});
        good = list.count < GREFFE_MAX_EXPR_LIST
                   ? greffe__list_append(call->arena, &list, &part)
                   : greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                         "a list would have more than 10,000 items");
        from = places[1];
    }
    close_regex(&r);
    greffe__value last = greffe__string((greffe__str){text.data + from, text.size - from});
    good = good && found >= 0 && greffe__list_append(call->arena, &list, &last);
    *out = list;
    return good;
}

bool greffe__regex_case(greffe__call *call, greffe__str text, bool upper, greffe__value *out)
{
    regex r;
    PCRE2_SIZE size = 3 * text.size + 16; /* a character grows at most that much */
    greffe__str all = greffe__str_of("(?s)^.*$");
    const char *with = upper ? "\\U$0" : "\\L$0";
    char *made = greffe__arena_alloc(call->arena, size + 1);
    bool good = made != NULL && begin(call, &r, text, all, (greffe__str){"", 0});
    if (made == NULL) {
        return false;
    }
    if (good) {
        int done =
            pcre2_substitute(r.code, (PCRE2_SPTR)(text.size > 0 ? text.data : ""), text.size, 0,
                             PCRE2_SUBSTITUTE_EXTENDED | PCRE2_NO_UTF_CHECK, r.data, r.matching,
                             (PCRE2_SPTR)with, strlen(with), (PCRE2_UCHAR *)made, &size);
        good = done >= 0 || greffe__call_refuse(call, GREFFE__GR_EVAL_LIMIT,
                                                "the text is too long to change its case");
    }
    close_regex(&r);
    *out = good ? greffe__string((greffe__str){made, size}) : greffe__null();
    return good;
}
