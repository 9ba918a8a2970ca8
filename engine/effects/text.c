/* A text that grows; want of memory is kept until the end is asked about it. */
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "effects/effects.h"

const char *greffe__text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static bool make_room(greffe__text *text, size_t size)
{
    if (!text->failed && text->size + size + 1 > text->capacity) {
        size_t capacity = (text->size + size + 1) * 2;
        char *grown = realloc(text->data, capacity);
        text->failed = grown == NULL;
        text->data = grown != NULL ? grown : text->data;
        text->capacity = grown != NULL ? capacity : text->capacity;
    }
    return !text->failed;
}

void greffe__text_put(greffe__text *text, const char *data, size_t size)
{
    if (size > 0 && make_room(text, size)) {
        memcpy(text->data + text->size, data, size);
        text->size += size;
        text->data[text->size] = '\0';
    }
}

void greffe__text_say(greffe__text *text, const char *words)
{
    greffe__text_put(text, words, strlen(words));
}

void greffe__text_format(greffe__text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    if (size < 0) {
        text->failed = true;
    } else if (make_room(text, (size_t)size)) {
        (void)vsnprintf(text->data + text->size, (size_t)size + 1, format, again);
        text->size += (size_t)size;
    }
    va_end(again);
    va_end(arguments);
}
