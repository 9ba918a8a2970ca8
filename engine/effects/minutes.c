/* Minutes of a session as a text file, in French, as they are read out and signed. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "effects/effects.h"

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

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

static void list(FILE *out, const char *label, const cJSON *names)
{
    const cJSON *one;
    bool first = true;
    if (cJSON_GetArraySize(names) == 0) {
        return;
    }
    (void)fprintf(out, "%s : ", label);
    cJSON_ArrayForEach(one, names)
    {
        (void)fprintf(out, "%s%s", first ? "" : ", ", cJSON_IsString(one) ? one->valuestring : "");
        if (one->string != NULL && cJSON_IsString(one)) {
            (void)fprintf(out, " pour %s", one->string);
        }
        first = false;
    }
    (void)fprintf(out, "\n");
}

static void item(FILE *out, int rank, const cJSON *one)
{
    int votes = number_of(one, "for") + number_of(one, "against") + number_of(one, "abstain");
    (void)fprintf(out, "%4d. %s : %s", rank, text_of(one, "number"),
                  in_french(text_of(one, "outcome")));
    if (votes > 0) {
        (void)fprintf(out, " (pour %d, contre %d, abstentions %d)", number_of(one, "for"),
                      number_of(one, "against"), number_of(one, "abstain"));
    }
    (void)fprintf(out, "\n");
    if (text_of(one, "reasons")[0] != '\0') {
        (void)fprintf(out, "      Motif : %s\n", text_of(one, "reasons"));
    }
    list(out, "      Ne prennent pas part au vote",
         cJSON_GetObjectItemCaseSensitive(one, "recused"));
}

static void write_text(FILE *out, const cJSON *body)
{
    const cJSON *one, *present = cJSON_GetObjectItemCaseSensitive(body, "present");
    bool held = strcmp(text_of(body, "how"), "held") == 0;
    int rank = 0;
    (void)fprintf(out, "%s\nProcès-verbal de la séance du %s\n\n", text_of(body, "board"),
                  text_of(body, "on"));
    list(out, "Présents", present);
    list(out, "Pouvoirs", cJSON_GetObjectItemCaseSensitive(body, "proxies"));
    (void)fprintf(out, "Membres en exercice : %d ; présents : %d ; quorum : %d\n",
                  number_of(body, "members"), cJSON_GetArraySize(present),
                  number_of(body, "quorum"));
    (void)fprintf(out, "%s\n\n",
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
    char *text = NULL, name[200];
    size_t size = 0;
    FILE *out = body != NULL ? open_memstream(&text, &size) : NULL;
    if (out == NULL) {
        cJSON_Delete(body);
        (void)snprintf(problem, 256, "out of memory");
        return GREFFE_ENOMEM;
    }
    write_text(out, body);
    cJSON_Delete(body);
    if (fclose(out) != 0) {
        free(text);
        return GREFFE_ENOMEM;
    }
    const char *slash = strchr(effect->key, '/');
    (void)snprintf(name, sizeof name, "%.*s.txt", slash != NULL ? (int)(slash - effect->key) : 140,
                   effect->key);
    greffe_status status =
        greffe__file_write(site->directory, "minutes", name, text, size, problem);
    free(text);
    return status;
}
