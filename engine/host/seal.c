/* Seals as text: what every journal was at an instant, to be kept elsewhere.
 *
 *     greffe-seal 1
 *     dossier 7 1f0c… d1            kind, entries, hash of the last entry and all before it, key
 *     seal 93ab…                    hash over all of these
 *
 * Lines ascend by kind and key, so that verifying reads along them. */
#include <string.h>

#include "host/host_priv.h"

static const char title[] = "greffe-seal 1";

greffe__hash greffe__seal_link(const greffe__hash *before, greffe__str line)
{
    return greffe__sha256_pair(greffe__hash_str(before), line);
}

void greffe__seal_begin(greffe__buf *out)
{
    greffe__buf_text(out, title);
}

void greffe__seal_line(greffe__buf *out, uint32_t kind, greffe__str key, uint64_t version,
                       greffe__str head)
{
    char hex[GREFFE__HASH_CHARS];
    if (head.size == GREFFE__HASH_BYTES) {
        greffe__hex(hex, head);
        greffe__buf_format(out, "%s %llu %s ", greffe__stream_kind_name(kind),
                           (unsigned long long)version, hex);
        greffe__buf_str(out, key);
    }
}

void greffe__seal_end(greffe__buf *out, const greffe__hash *seal)
{
    char hex[GREFFE__HASH_CHARS];
    greffe__hex(hex, greffe__hash_str(seal));
    greffe__buf_format(out, "seal %s", hex);
}

/* --- Reading --- */

static greffe__str cut(greffe__str *rest, char at)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != at) {
        size += 1;
    }
    greffe__str part = {rest->data, size};
    size_t skip = size < rest->size ? size + 1 : size;
    *rest = (greffe__str){rest->data + skip, rest->size - skip};
    return part;
}

static bool read_line(greffe__sealed *out, greffe__str line)
{
    int64_t version;
    out->kind = greffe__stream_kind_named(cut(&line, ' '));
    bool good = greffe__str_to_i64(&version, cut(&line, ' ')) && version > 0 && out->kind != 0;
    good = good && greffe__unhex(&out->head, cut(&line, ' ')) && line.size > 0;
    out->version = good ? (uint64_t)version : 0;
    out->key = line;
    return good;
}

/* Whether this one stands before that stream. */
bool greffe__sealed_before(const greffe__sealed *sealed, uint32_t kind, greffe__str key)
{
    return sealed->kind < kind ||
           (sealed->kind == kind && greffe__str_compare(sealed->key, key) < 0);
}

bool greffe__seal_next(greffe__seal_text *text)
{
    greffe__str line = cut(&text->rest, '\n');
    text->line = line;
    text->there = text->rest.size > 0 && read_line(&text->now, line);
    return text->there;
}

greffe_status greffe__seal_open(greffe__seal_text *out, greffe__str text)
{
    greffe__hash seal = {{0}}, told;
    greffe__sealed before = {.kind = 0};
    *out = (greffe__seal_text){.rest = text};
    if (text.size == 0) {
        return GREFFE_OK;
    }
    if (!greffe__str_is(cut(&out->rest, '\n'), title)) {
        return GREFFE_EINVALID;
    }
    greffe__seal_text first = *out;
    while (greffe__seal_next(out)) {
        if (before.kind != 0 && !greffe__sealed_before(&before, out->now.kind, out->now.key)) {
            return GREFFE_EINVALID;
        }
        before = out->now;
        seal = greffe__seal_link(&seal, out->line);
    }
    const char *last = text.data + text.size;
    while (last > first.rest.data && last[-1] == '\n') {
        last -= 1;
    }
    const char *begin = last;
    while (begin > first.rest.data && begin[-1] != '\n') {
        begin -= 1;
    }
    greffe__str end = {begin, (size_t)(last - begin)};
    bool good = greffe__str_is(cut(&end, ' '), "seal") && greffe__unhex(&told, end) &&
                memcmp(told.bytes, seal.bytes, sizeof told.bytes) == 0;
    *out = first;
    (void)greffe__seal_next(out);
    return good ? GREFFE_OK : GREFFE_EINVALID;
}
