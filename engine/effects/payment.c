/* Payment files: ISO 20022 pain.001.001.09, one payment instruction for each order of a batch. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <greffe/site.h>

#include "effects/effects.h"

/* Text of an element, escaped, at most `most` characters. */
static void element(greffe__text *f, const char *name, const char *text, size_t most)
{
    greffe__text_say(f, "<");
    greffe__text_say(f, name);
    greffe__text_say(f, ">");
    for (size_t count = 0; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
        if (count > most) {
            break;
        }
        switch (*text) {
        case '&': greffe__text_say(f, "&amp;"); break;
        case '<': greffe__text_say(f, "&lt;"); break;
        case '>': greffe__text_say(f, "&gt;"); break;
        default: greffe__text_put(f, (unsigned char)*text < 0x20 ? " " : text, 1); break;
        }
    }
    greffe__text_say(f, "</");
    greffe__text_say(f, name);
    greffe__text_say(f, ">\n");
}

static void amount(char out[32], int64_t cents)
{
    (void)snprintf(out, 32, "%lld.%02d", (long long)(cents / 100), (int)(cents % 100));
}

/* cJSON keeps numbers as doubles: whole cents are exact far beyond any sum paid. */
static int64_t cents_of(const cJSON *object)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "cents");
    double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
    return value >= 0 && value < 9007199254740992.0 ? (int64_t)value : -1;
}

static void instruction(greffe__text *f, const cJSON *one)
{
    char sum[32];
    amount(sum, cents_of(one));
    greffe__text_say(f, "<CdtTrfTxInf>\n<PmtId>\n");
    element(f, "EndToEndId", greffe__text_of(one, "key"), 35);
    greffe__text_say(f, "</PmtId>\n<Amt><InstdAmt Ccy=\"EUR\">");
    greffe__text_say(f, sum);
    greffe__text_say(f, "</InstdAmt></Amt>\n<Cdtr>\n");
    element(f, "Nm", greffe__text_of(one, "name"), 70);
    greffe__text_say(f, "</Cdtr>\n<CdtrAcct><Id>");
    element(f, "IBAN", greffe__text_of(one, "account"), 34);
    greffe__text_say(f, "</Id></CdtrAcct>\n<RmtInf>");
    element(f, "Ustrd", greffe__text_of(one, "key"), 140);
    greffe__text_say(f, "</RmtInf>\n</CdtTrfTxInf>\n");
}

static void group_header(greffe__text *f, const greffe_file_effects *site, const char *id,
                         const char *created, int count, const char *sum)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%d", count);
    greffe__text_say(f, "<GrpHdr>\n");
    element(f, "MsgId", id, 35);
    element(f, "CreDtTm", created, 30);
    element(f, "NbOfTxs", number, 15);
    element(f, "CtrlSum", sum, 30);
    greffe__text_say(f, "<InitgPty>");
    element(f, "Nm", site->payer, 70);
    greffe__text_say(f, "</InitgPty>\n</GrpHdr>\n<PmtInf>\n");
    element(f, "PmtInfId", id, 35);
    greffe__text_say(f, "<PmtMtd>TRF</PmtMtd>\n");
    element(f, "NbOfTxs", number, 15);
    element(f, "CtrlSum", sum, 30);
    greffe__text_say(f, "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>\n");
}

static void debtor(greffe__text *f, const greffe_file_effects *site, const char *on)
{
    greffe__text_say(f, "<ReqdExctnDt>");
    element(f, "Dt", on, 10);
    greffe__text_say(f, "</ReqdExctnDt>\n<Dbtr>");
    element(f, "Nm", site->payer, 70);
    greffe__text_say(f, "</Dbtr>\n<DbtrAcct><Id>");
    element(f, "IBAN", site->payer_iban, 34);
    greffe__text_say(f, "</Id></DbtrAcct>\n<DbtrAgt><FinInstnId>");
    element(f, "BICFI", site->payer_bic, 11);
    greffe__text_say(f, "</FinInstnId></DbtrAgt>\n<ChrgBr>SLEV</ChrgBr>\n");
}

/* The lines add up to the batch's own sum, or nothing is written. */
static bool adds_up(const cJSON *body, const cJSON *lines, int64_t *sum)
{
    const cJSON *one;
    *sum = 0;
    cJSON_ArrayForEach(one, lines)
    {
        int64_t cents = cents_of(one);
        if (cents <= 0 || greffe__text_of(one, "account")[0] == '\0' ||
            strlen(greffe__text_of(one, "key")) > 35) {
            return false;
        }
        *sum += cents;
    }
    return *sum == cents_of(body) && *sum > 0;
}

static const char *payer_fault(const greffe_file_effects *site)
{
    const char *account = site->payer_iban, *bank = site->payer_bic;
    bool named = site->payer != NULL && account != NULL && bank != NULL;
    return !named ? "the site names no payer"
           : !greffe_iban_valid((greffe_str){account, strlen(account)})
               ? "the payer's account is no valid IBAN"
           : !greffe_bic_valid((greffe_str){bank, strlen(bank)})
               ? "the payer's bank is no valid BIC"
               : NULL;
}

greffe_status greffe_effect_payment(void *data, const greffe_effect *effect, char problem[256])
{
    const greffe_file_effects *site = data;
    cJSON *body = cJSON_ParseWithLength(effect->body.data, effect->body.size);
    const cJSON *lines = cJSON_GetObjectItemCaseSensitive(body, "lines");
    greffe__text f = {0};
    int64_t cents;
    char sum[32], created[40], name[200];
    const char *wrong = payer_fault(site);
    if (wrong != NULL || !adds_up(body, lines, &cents)) {
        (void)snprintf(problem, 256, "%s", wrong != NULL ? wrong : "the lines do not add up");
        cJSON_Delete(body);
        return GREFFE_EINVALID;
    }
    amount(sum, cents);
    /* Made on the day it is to be executed: the same batch always gives the same bytes. */
    (void)snprintf(created, sizeof created, "%.10sT00:00:00Z", greffe__text_of(body, "on"));
    greffe__text_say(&f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                         "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">\n"
                         "<CstmrCdtTrfInitn>\n");
    group_header(&f, site, effect->key, created, cJSON_GetArraySize(lines), sum);
    debtor(&f, site, greffe__text_of(body, "on"));
    const cJSON *one;
    cJSON_ArrayForEach(one, lines)
    {
        instruction(&f, one);
    }
    greffe__text_say(&f, "</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n");
    (void)snprintf(name, sizeof name, "%.140s.xml", effect->key);
    greffe_status status =
        f.failed ? GREFFE_ENOMEM
                 : greffe__file_write(site->directory, "payments", name, f.data, f.size, problem);
    free(f.data);
    cJSON_Delete(body);
    return status;
}
