/* Minutes of a session as a text file, in French, as they are read out and signed. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "effects/effects.h"

static int number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

static const char *in_french(const char *outcome)
{
    static const char *const words[][2] = {{"granted", "accordé"},
                                           {"refused", "refusé"},
                                           {"postponed", "ajourné"},
                                           {"unreached", "renvoyé à la séance suivante"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i][0], outcome) == 0) {
            return words[i][1];
        }
    }
    return outcome;
}

static void list(greffe__text *out, const char *label, const cJSON *names)
{
    const cJSON *one;
    bool first = true;
    if (cJSON_GetArraySize(names) == 0) {
        return;
    }
    greffe__text_format(out, "%s : ", label);
    cJSON_ArrayForEach(one, names)
    {
        greffe__text_format(out, "%s%s", first ? "" : ", ",
                            cJSON_IsString(one) ? one->valuestring : "");
        if (one->string != NULL && cJSON_IsString(one)) {
            greffe__text_format(out, " pour %s", one->string);
        }
        first = false;
    }
    greffe__text_say(out, "\n");
}

static void item(greffe__text *out, int rank, const cJSON *one)
{
    int votes = number_of(one, "for") + number_of(one, "against") + number_of(one, "abstain");
    greffe__text_format(out, "%4d. %s : %s", rank, greffe__text_of(one, "number"),
                        in_french(greffe__text_of(one, "outcome")));
    if (votes > 0) {
        greffe__text_format(out, " (pour %d, contre %d, abstentions %d)", number_of(one, "for"),
                            number_of(one, "against"), number_of(one, "abstain"));
    }
    greffe__text_say(out, "\n");
    if (greffe__text_of(one, "reasons")[0] != '\0') {
        greffe__text_format(out, "      Motif : %s\n", greffe__text_of(one, "reasons"));
    }
    list(out, "      Ne prennent pas part au vote",
         cJSON_GetObjectItemCaseSensitive(one, "recused"));
}

static void write_text(greffe__text *out, const cJSON *body)
{
    const cJSON *one, *present = cJSON_GetObjectItemCaseSensitive(body, "present");
    bool held = strcmp(greffe__text_of(body, "how"), "held") == 0;
    int rank = 0;
    greffe__text_format(out, "%s\nProcès-verbal de la séance du %s\n\n",
                        greffe__text_of(body, "board"), greffe__text_of(body, "on"));
    list(out, "Présents", present);
    list(out, "Pouvoirs", cJSON_GetObjectItemCaseSensitive(body, "proxies"));
    greffe__text_format(out, "Membres en exercice : %d ; présents : %d ; quorum : %d\n",
                        number_of(body, "members"), cJSON_GetArraySize(present),
                        number_of(body, "quorum"));
    greffe__text_format(out, "%s\n\n",
                        held ? "La séance a pu délibérer."
                             : "Le quorum n'étant pas atteint, la séance n'a pas délibéré.");
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(body, "items"))
    {
        item(out, ++rank, one);
    }
}

greffe_status greffe_effect_minutes(void *data, const greffe_effect *effect, char problem[256])
{
    const greffe_file_effects *site = data;
    cJSON *body = cJSON_ParseWithLength(effect->body.data, effect->body.size);
    greffe__text text = {0};
    char name[200];
    if (body == NULL) {
        (void)snprintf(problem, 256, "out of memory");
        return GREFFE_ENOMEM;
    }
    write_text(&text, body);
    cJSON_Delete(body);
    const char *slash = strchr(effect->key, '/');
    (void)snprintf(name, sizeof name, "%.*s.txt", slash != NULL ? (int)(slash - effect->key) : 140,
                   effect->key);
    greffe_status status = text.failed ? GREFFE_ENOMEM
                                       : greffe__file_write(site->directory, "minutes", name,
                                                            text.data, text.size, problem);
    free(text.data);
    return status;
}
