/* The built-in functions, family by family: their numbers, parameters and arguments. */
#include <string.h>

#include "expr/expr_priv.h"

enum { family_size = 64 };

static const greffe__family *family_at(uint32_t index)
{
    static const greffe__family *const families[] = {
        &greffe__numeric_functions,  &greffe__text_functions,  &greffe__list_functions,
        &greffe__temporal_functions, &greffe__range_functions, &greffe__context_functions,
        &greffe__legal_functions,
    };
    return index < sizeof families / sizeof *families ? families[index] : NULL;
}

/* A number says the family and the place in it, so that a family grows without moving others. */
const greffe__function *greffe__function_at(uint32_t index)
{
    const greffe__family *family = family_at(index / family_size);
    uint32_t at = index % family_size;
    return family != NULL && at < family->count ? &family->at[at] : NULL;
}

uint32_t greffe__function_count(void)
{
    return 7 * family_size;
}

/* How long the name of a parameter is, with its sign. */
static size_t parameter_size(const char *names)
{
    const char *comma = strchr(names, ',');
    return comma != NULL ? (size_t)(comma - names) : strlen(names);
}

void greffe__function_bounds(const greffe__function *function, uint32_t *least, uint32_t *most)
{
    const char *p = function->parameters;
    *least = 0;
    *most = 0;
    while (*p != '\0') {
        size_t size = parameter_size(p);
        char last = p[size - 1];
        *most += 1;
        if (last == '*') {
            *most = GREFFE__MAX_ARGUMENTS;
        }
        *least += last != '?' ? 1 : 0;
        p += size + (p[size] == ',');
    }
}

int greffe__function_parameter(const greffe__function *function, greffe__str name)
{
    const char *p = function->parameters;
    for (int place = 0; *p != '\0'; place++) {
        size_t size = parameter_size(p), length = size;
        length -= p[size - 1] == '?' || p[size - 1] == '*' ? 1 : 0;
        if (length == name.size && memcmp(p, name.data, length) == 0) {
            return place;
        }
        p += size + (p[size] == ',');
    }
    return -1;
}

bool greffe__argument_fits(char letter, const greffe__value *value)
{
    greffe__kind kind = (greffe__kind)value->kind;
    switch (letter) {
    case 'n': return kind == GREFFE__NUMBER;
    case 's': return kind == GREFFE__STRING;
    case 'b': return kind == GREFFE__BOOL;
    case 'd': return kind == GREFFE__DATE;
    case 't': return kind == GREFFE__DATE || kind == GREFFE__DATETIME;
    case 'l': return kind == GREFFE__LIST;
    case 'c': return kind == GREFFE__CONTEXT;
    case 'f': return kind == GREFFE__FUNCTION;
    case 'm': return kind == GREFFE__NUMBER || kind == GREFFE__PERIOD || kind == GREFFE__DURATION;
    case 'o': return kind >= GREFFE__NUMBER && kind <= GREFFE__LIST;
    case 'p': return kind == GREFFE__RANGE || (kind >= GREFFE__NUMBER && kind <= GREFFE__PERIOD);
    case 'x': return true;
    default: return kind != GREFFE__NULL;
    }
}
