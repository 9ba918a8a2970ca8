/* Account numbers and banks. It knows no procedure and no payment. */
#include "base/account.h"

#include <greffe/site.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* The lengths of the countries that SEPA reaches, from the IBAN registry of ISO 13616; 0: another
 * country, of which nothing is known. */
static size_t length_of(const char *country)
{
    static const struct {
        char country[3];
        unsigned char length;
    } lengths[] = {
        {"AD", 24}, {"AL", 28}, {"AT", 20}, {"BE", 16}, {"BG", 22}, {"CH", 21}, {"CY", 28},
        {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"EE", 20}, {"ES", 24}, {"FI", 18}, {"FR", 27},
        {"GB", 22}, {"GI", 23}, {"GR", 27}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IS", 26},
        {"IT", 27}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"MC", 27}, {"MD", 24},
        {"ME", 22}, {"MK", 19}, {"MT", 31}, {"NL", 18}, {"NO", 15}, {"PL", 28}, {"PT", 25},
        {"RO", 24}, {"RS", 22}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"VA", 22},
    };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        if (lengths[i].country[0] == country[0] && lengths[i].country[1] == country[1]) {
            return lengths[i].length;
        }
    }
    return 0;
}

/* Rearranged, with letters as two digits, the account is 1 modulo 97. */
static bool agrees(const char *account, size_t size)
{
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        char c = account[(i + 4) % size];
        rest = is_capital(c) ? (rest * 100 + (unsigned)(c - 'A' + 10)) % 97
                             : (rest * 10 + (unsigned)(c - '0')) % 97;
    }
    return rest == 1;
}

bool greffe__iban_read(char out[GREFFE__IBAN_CHARS], greffe__str text)
{
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        c = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
        if (c == ' ') {
            continue;
        }
        if ((!is_digit(c) && !is_capital(c)) || size == GREFFE__IBAN_CHARS - 1) {
            return false;
        }
        out[size++] = c;
    }
    out[size] = '\0';
    bool head = size >= 15 && is_capital(out[0]) && is_capital(out[1]) && is_digit(out[2]) &&
                is_digit(out[3]);
    size_t length = head ? length_of(out) : 0;
    return head && (length == 0 || length == size) && agrees(out, size);
}

bool greffe__bic_valid(greffe__str text)
{
    bool good = text.size == 8 || text.size == 11;
    for (size_t i = 0; good && i < text.size; i++) {
        good = is_capital(text.data[i]) || (i >= 6 && is_digit(text.data[i]));
    }
    return good;
}

bool greffe_iban_valid(greffe_str text)
{
    char account[GREFFE__IBAN_CHARS];
    return text.data != NULL && greffe__iban_read(account, text);
}

bool greffe_bic_valid(greffe_str text)
{
    return text.data != NULL && greffe__bic_valid(text);
}
