/* The site file: bound by the same mechanism as a procedure, kept apart from it. */
#include <stddef.h>
#include <string.h>

#include "base/account.h"
#include "base/limits.h"
#include "compile/site_priv.h"

typedef struct account {
    greffe__str id;
    greffe_actor actor;
} account;

struct greffe_site {
    greffe_context *context;
    greffe__arena arena;
    greffe__str sender, payer, payer_iban, payer_bic;
    struct {
        account *at;
        uint32_t count, capacity;
    } accounts;
    greffe__destinations destinations;
};

typedef struct site_keys {
    greffe__ref version, id, sender;
    const greffe__node *accounts, *payer, *mail, *webhooks, *services;
} site_keys;
static const greffe__key site_rows[] = {
    {"greffe", GREFFE__K_SCALAR, true, offsetof(site_keys, version), 0, NULL,
     "the version of the language: 1"},
    {"site", GREFFE__K_SCALAR, true, offsetof(site_keys, id), 0, NULL, "its id"},
    {"sender", GREFFE__K_SCALAR, false, offsetof(site_keys, sender), 0, NULL,
     "the sender of letters: Service <address>"},
    {"payer", GREFFE__K_NODE, false, offsetof(site_keys, payer), 0, NULL,
     "{name: …, iban: …, bic: …}"},
    {"mail", GREFFE__K_NODE, false, offsetof(site_keys, mail), 0, NULL,
     "the server that letters are given to: {url: smtp://…}; without it they become files"},
    {"webhooks", GREFFE__K_NODE, false, offsetof(site_keys, webhooks), 0, NULL,
     "where the effects of other channels go: {sms: {url: https://…, secrets: whsec_…}}"},
    {"services", GREFFE__K_NODE, false, offsetof(site_keys, services), 0, NULL,
     "where outside services are: {cadastre: {url: https://…, secrets: whsec_…}}"},
    {"accounts", GREFFE__K_NODE, false, offsetof(site_keys, accounts), 0, NULL,
     "{id: {kind: agent, services: […]}}"},
};
const greffe__keys greffe__keys_site = {"a site", site_rows, sizeof site_rows / sizeof *site_rows};

typedef struct payer_keys {
    greffe__ref name, iban, bic;
} payer_keys;
static const greffe__key payer_rows[] = {
    {"name", GREFFE__K_SCALAR, true, offsetof(payer_keys, name), 0, NULL, "who pays"},
    {"iban", GREFFE__K_SCALAR, true, offsetof(payer_keys, iban), 0, NULL,
     "the account to pay from"},
    {"bic", GREFFE__K_SCALAR, true, offsetof(payer_keys, bic), 0, NULL, "of its bank"},
};
const greffe__keys greffe__keys_payer = {"a payer", payer_rows, 3};

typedef struct account_keys {
    uint32_t kind;
    greffe__strs services, roles;
    greffe__ref channel;
} account_keys;
static const char *const kinds[] = {"applicant", "agent", "delegate", "member", NULL};
static const greffe__key account_rows[] = {
    {"kind", GREFFE__K_WORD, true, offsetof(account_keys, kind), 0, kinds,
     "applicant, agent, delegate or member"},
    {"services", GREFFE__K_WORDS, false, offsetof(account_keys, services), 0, NULL,
     "the services it belongs to"},
    {"roles", GREFFE__K_WORDS, false, offsetof(account_keys, roles), 0, NULL,
     "the roles of a delegate; 'backdate' lets an agent enter what came earlier, "
     "'erase' lets one erase"},
    {"channel", GREFFE__K_SCALAR, false, offsetof(account_keys, channel), 0, NULL,
     "portal, counter…"},
};
const greffe__keys greffe__keys_account = {"an account", account_rows, 4};

static void bind_account(greffe_site *site, greffe__binder *b, const greffe__node *name,
                         const greffe__node *node)
{
    account_keys keys = {0};
    greffe__bind(b, &greffe__keys_account, node, 0, &keys);
    account *place = greffe__arena_push(&site->arena, &site->accounts, sizeof *place);
    if (place == NULL || keys.kind == 0) {
        return;
    }
    place->id = greffe__str_dup(&site->arena, name->text);
    place->actor = (greffe_actor){.size = sizeof place->actor,
                                  .subject = place->id.data,
                                  .kind = kinds[keys.kind - 1],
                                  .services = greffe__terminated(&site->arena, &keys.services),
                                  .roles = greffe__terminated(&site->arena, &keys.roles)};
    if (keys.channel.node != NULL) {
        place->actor.channel = greffe__str_dup(&site->arena, keys.channel.id).data;
    }
}

/* What money leaves from is checked before any of it does. */
static void bind_payer(greffe_site *site, greffe__binder *b, const greffe__node *node)
{
    char compact[GREFFE__IBAN_CHARS] = "";
    payer_keys payer = {0};
    greffe__bind(b, &greffe__keys_payer, node, 0, &payer);
    if (payer.iban.node != NULL && !greffe__iban_read(compact, payer.iban.id)) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, payer.iban.node,
                         "copy it from the bank's paper: FR76 …",
                         "the payer's account is no valid IBAN");
    }
    if (payer.bic.node != NULL && !greffe__bic_valid(payer.bic.id)) {
        greffe__complain(b, GREFFE__GR_WRONG_VALUE, payer.bic.node,
                         "it has 8 or 11 capitals and digits: AGRIFRPPXXX",
                         "the payer's bank is no valid BIC");
    }
    site->payer = greffe__str_dup(&site->arena, payer.name.id);
    site->payer_iban = greffe__str_dup(&site->arena, greffe__str_of(compact));
    site->payer_bic = greffe__str_dup(&site->arena, payer.bic.id);
}

static void bind_webhooks(greffe_site *site, greffe__binder *b, const greffe__node *node,
                          const char *what, const char *prefix)
{
    if (node == NULL || !greffe__expect_mapping(b, node, what)) {
        return;
    }
    for (uint32_t i = 0; i + 1 < node->count; i += 2) {
        greffe__str name = node->children[i]->text;
        greffe__str channel =
            greffe__str_format(b->arena, "%s%.*s", prefix, (int)name.size, name.data);
        if (channel.size >= GREFFE_MAX_ID_BYTES + sizeof "call:") {
            greffe__complain(b, GREFFE__GR_BAD_ID, node->children[i], "make it shorter",
                             "the name of a channel or service has at most 64 bytes");
            continue;
        }
        greffe__bind_destination(&site->destinations, b, channel,
                                 greffe__node_resolve(node->children[i + 1]));
    }
}

/* Letters are the site's, whoever takes them. */
static void give_sender(greffe_site *site)
{
    for (uint32_t i = 0; i < site->destinations.count; i++) {
        site->destinations.at[i].sender = site->sender.size > 0 ? site->sender.data : NULL;
    }
}

static void bind_site(greffe_site *site, greffe__binder *b)
{
    site_keys keys = {0};
    greffe__bind(b, &greffe__keys_site, b->doc->root, 0, &keys);
    site->sender = greffe__str_dup(&site->arena, keys.sender.id);
    if (keys.payer != NULL) {
        bind_payer(site, b, keys.payer);
    }
    if (keys.mail != NULL) {
        greffe__bind_destination(&site->destinations, b, greffe__str_of("mail"), keys.mail);
    }
    bind_webhooks(site, b, keys.webhooks, "the webhooks", "");
    bind_webhooks(site, b, keys.services, "the services", "call:");
    give_sender(site);
    if (keys.accounts == NULL || !greffe__expect_mapping(b, keys.accounts, "the accounts")) {
        return;
    }
    for (uint32_t i = 0; i + 1 < keys.accounts->count; i += 2) {
        bind_account(site, b, keys.accounts->children[i],
                     greffe__node_resolve(keys.accounts->children[i + 1]));
    }
}

greffe_status greffe_site_read(greffe_site **out, greffe_context *context, greffe_diags *diags,
                               const char *name, greffe_str text)
{
    if (out == NULL || context == NULL || diags == NULL || name == NULL || text.data == NULL) {
        return GREFFE_EMISUSE;
    }
    greffe_site *site = greffe__alloc(context, NULL, sizeof *site);
    if (site == NULL) {
        return GREFFE_ENOMEM;
    }
    *site = (greffe_site){.context = context};
    greffe__arena_init(&site->arena, context);
    greffe__doc doc;
    size_t before = greffe_diags_total(diags, GREFFE_ERROR);
    greffe_status status = greffe__doc_read(&doc, &site->arena, diags, name, text);
    if (status == GREFFE_OK) {
        greffe__binder b = {.context = context, .arena = &site->arena, .diags = diags, .doc = &doc};
        bind_site(site, &b);
        status = site->arena.failed                                 ? GREFFE_ENOMEM
                 : greffe_diags_total(diags, GREFFE_ERROR) > before ? GREFFE_EINVALID
                                                                    : GREFFE_OK;
    }
    if (status != GREFFE_OK) {
        greffe_site_destroy(site);
        return status;
    }
    *out = site;
    return GREFFE_OK;
}

void greffe_site_destroy(greffe_site *site)
{
    if (site != NULL) {
        greffe__arena_free(&site->arena);
        greffe__free(site->context, site);
    }
}

const greffe_actor *greffe_site_account(const greffe_site *site, const char *id)
{
    for (uint32_t i = 0; i < site->accounts.count; i++) {
        if (greffe__str_is(site->accounts.at[i].id, id)) {
            return &site->accounts.at[i].actor;
        }
    }
    return NULL;
}

const greffe_destination *greffe_site_destination(const greffe_site *site, size_t index)
{
    return index < site->destinations.count ? &site->destinations.at[index] : NULL;
}

const char *greffe_site_text(const greffe_site *site, const char *name)
{
    const struct {
        const char *name;
        greffe__str text;
    } texts[] = {{"sender", site->sender},
                 {"payer", site->payer},
                 {"payer_iban", site->payer_iban},
                 {"payer_bic", site->payer_bic}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i].name, name) == 0) {
            return texts[i].text.size > 0 ? texts[i].text.data : NULL;
        }
    }
    return NULL;
}
