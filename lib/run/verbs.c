/* Every command: whose stream it is for, who gives it, what it takes. The one truth about them:
 * what is not in here is refused, and the help that people read is written from it. */
#include "run/run_priv.h"

#define NEEDED(name, text)                                                                         \
    {                                                                                              \
        name, true, text                                                                           \
    }
#define MAY(name, text)                                                                            \
    {                                                                                              \
        name, false, text                                                                          \
    }
#define ITEM MAY("item", "inside each: which one, counted from 0")
#define STEP NEEDED("step", "the step at which the dossier waits")
#define EFFECT NEEDED("effect", "its key, as greffe list effects shows it")
#define RESULT                                                                                     \
    {                                                                                              \
        EFFECT, NEEDED("outcome", "what became of it"), MAY("problem", "why it failed"),           \
            MAY("gives", "of a call: what the service gave")                                       \
    }

static const char answers[] = "an object of sections, each an object of fields";
static const char papers[] = "an object: document to {name, media, size, sha256}";

static const greffe__verb verbs[] = {
    {"file",
     "dossier",
     "the applicant, or an agent for one (--for)",
     "files a dossier, or the draft that was kept",
     greffe__decide_file,
     {NEEDED("procedure", "its id"), MAY("answers", answers), MAY("documents", papers)},
     .example =
         "{\"procedure\":\"velo\",\"answers\":{\"velo\":{\"prix\":\"1899.00\"}},\"documents\":"
         "{\"facture\":{\"name\":\"facture.pdf\",\"media\":\"application/pdf\",\"size\":123456,"
         "\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"}}}",
     .dated = true},
    {"save",
     "dossier",
     "the applicant, or an agent for one (--for)",
     "keeps a draft: nothing is checked for completeness, nobody else sees it",
     greffe__decide_file,
     {NEEDED("procedure", "its id"), MAY("answers", answers), MAY("documents", papers)},
     .example = "{\"procedure\":\"velo\",\"answers\":{\"velo\":{\"prix\":\"1899.00\"}}}"},
    {"ask",
     "dossier",
     "who checks completeness",
     "asks the applicant for documents or fields; clocks that say so are suspended meanwhile",
     greffe__decide_dossier,
     {STEP, MAY("documents", "ids of documents"), MAY("fields", "fields, as section.field"),
      MAY("message", "what the applicant reads"), ITEM},
     .example =
         "{\"step\":\"completude\",\"documents\":[\"rib\"],\"message\":\"Il manque votre RIB\"}"},
    {"supply",
     "dossier",
     "the applicant, or an agent for one (--for)",
     "gives what was asked for, all at once; documents that are still missing at any time",
     greffe__decide_dossier,
     {MAY("answers", answers), MAY("documents", papers)},
     .example = "{\"answers\":{\"demandeur\":{\"nom\":\"Exemple\"}}}",
     .dated = true},
    {"complete",
     "dossier",
     "the step's role, or the person who claimed it",
     "ends a step with one of its outcomes",
     greffe__decide_dossier,
     {STEP, NEEDED("outcome", "one of the step's"),
      MAY("fill", "an object of the fields that the outcome asks for"), ITEM},
     .example = "{\"step\":\"instruction\",\"outcome\":\"defavorable\",\"fill\":{\"motif\":\"Hors "
                "zone\"}}"},
    {"claim",
     "dossier",
     "the step's role",
     "takes a task: nobody else completes it until it is released or handed over",
     greffe__decide_dossier,
     {STEP, ITEM},
     .example = "{\"step\":\"instruction\"}"},
    {"assign",
     "dossier",
     "the step's role",
     "gives a task to a person",
     greffe__decide_dossier,
     {STEP, NEEDED("person", "subject of who shall do it"), ITEM},
     .example = "{\"step\":\"instruction\",\"person\":\"agent-7\"}"},
    {"release",
     "dossier",
     "the step's role",
     "gives a task back to its service",
     greffe__decide_dossier,
     {STEP, ITEM},
     .example = "{\"step\":\"instruction\"}"},
    {"hand over",
     "dossier",
     "the step's role, also while the holder is away",
     "passes a task on, with its history",
     greffe__decide_dossier,
     {STEP, NEEDED("person", "subject of who takes it"), ITEM},
     .example = "{\"step\":\"instruction\",\"person\":\"agent-8\"}"},
    {"comment",
     "dossier",
     "whoever has a role in the procedure",
     "adds a remark; it can be erased like all that a person typed",
     greffe__decide_dossier,
     {NEEDED("text", "the remark")},
     .example = "{\"text\":\"Rappelé par téléphone\"}",
     .ended = true},
    {"withdraw",
     "dossier",
     "the applicant, or an agent for one (--for)",
     "ends the dossier, until the decision is taken",
     greffe__decide_dossier,
     {MAY("because", "why")},
     .example = "{\"because\":\"Achat annulé\"}",
     .dated = true},
    {"message",
     "dossier",
     "an agent of the procedure",
     "brings a message that a wait step may be waiting for",
     greffe__decide_dossier,
     {NEEDED("message", "its name, as the step says"), MAY("content", "any JSON value")},
     .example = "{\"message\":\"affiche\",\"content\":{\"lieu\":\"mairie\"}}",
     .dated = true,
     .ended = true},
    {"retry",
     "dossier",
     "an agent of the procedure",
     "has a failed letter, call or timer tried again",
     greffe__decide_dossier,
     {EFFECT},
     .example = "{\"effect\":\"d1/7\"}",
     .ended = true},
    {"answer",
     "dossier",
     "an agent of the procedure",
     "ends an incident by hand, with one of the step's outcomes",
     greffe__decide_dossier,
     {EFFECT, NEEDED("because", "why"), MAY("outcome", "default: sent"),
      MAY("gives", "of a call that is answered by hand: an object of what the service gives")},
     .example = "{\"effect\":\"d1/7\",\"because\":\"Lettre remise au guichet\"}",
     .ended = true},
    {"erase",
     "dossier",
     "an agent whose account has the role 'erase'",
     "erases what persons typed in the dossier and what names them there, once the procedure's "
     "retention is over; orders and minutes stay",
     greffe__decide_dossier,
     {NEEDED("because", "why")},
     .example = "{\"because\":\"Fin de la durée de conservation\"}"},
    {"session.convene",
     "session",
     "the board's secretary",
     "convenes a board; the members are those of the authority's file today",
     greffe__decide_session,
     {NEEDED("board", "its id"), NEEDED("on", "the day"),
      MAY("follows", "a second meeting: the session that lacked its quorum")},
     .example = "{\"board\":\"bureau\",\"on\":\"2020-03-25\"}"},
    {"session.agenda",
     "session",
     "the board's secretary",
     "puts dossiers on the agenda, at most 1,000",
     greffe__decide_session,
     {MAY("take", "\"waiting\": all that wait for this board"), MAY("dossiers", "their keys")},
     .example = "{\"take\":\"waiting\"}"},
    {"session.presence",
     "session",
     "the board's secretary",
     "says, on its day, who is there, and who gave a proxy to whom",
     greffe__decide_session,
     {NEEDED("present", "the seats that are taken"), MAY("proxies", "{absent seat: its holder}")},
     .example = "{\"present\":[\"president\",\"issy\"],\"proxies\":{\"meudon\":\"issy\"}}"},
    {"session.recuse",
     "session",
     "the board's secretary",
     "a member takes no part in a dossier",
     greffe__decide_session,
     {NEEDED("member", "the seat"), NEEDED("dossier", "its key")},
     .example = "{\"member\":\"issy\",\"dossier\":\"d1\"}"},
    {"session.decide",
     "session",
     "the board's secretary",
     "one dossier with its outcome, or all that are left as the instruction proposed",
     greffe__decide_session,
     {MAY("dossier", "its key"), MAY("outcome", "granted, refused or postponed"),
      MAY("rest", "\"proposed\": all that are left"),
      MAY("votes", "{for, against, abstain}, counted for and against this decision"),
      MAY("because", "the reasons, which the letter gives")},
     .example = "{\"dossier\":\"d1\",\"outcome\":\"refused\",\"votes\":{\"for\":5,\"against\":2},"
                "\"because\":\"Vélo exclu\"}"},
    {"session.close",
     "session",
     "the board's secretary",
     "ends it: the outcomes reach the dossiers, the minutes are written",
     greffe__decide_session,
     {MAY("no_quorum", "true: nothing was decided")},
     .example = "{}"},
    {"session.retry",
     "session",
     "the board's secretary",
     "has minutes that failed written again",
     greffe__decide_session,
     {EFFECT},
     .example = "{\"effect\":\"s1/minutes\"}"},
    {"allotment.allocate",
     "allotment",
     "the allotment's service",
     "adds to what may be spent; a negative amount takes back what is free",
     greffe__decide_allotment,
     {NEEDED("amount", "euros and cents, as a text")},
     .example = "{\"amount\":\"500000.00\"}"},
    {"allotment.transfer",
     "allotment",
     "the allotment's service",
     "moves what is free to another allotment",
     greffe__decide_allotment,
     {NEEDED("to", "the other one's id"), NEEDED("amount", "euros and cents, as a text")},
     .example = "{\"to\":\"velo_2021\",\"amount\":\"1000.00\"}"},
    {"pay.batch",
     "batch",
     "the paying service; nobody who instructed one of the dossiers, where that is asked",
     "puts prepared orders in one payment file, at most 1,000",
     greffe__decide_pay,
     {NEEDED("on", "the day of execution"), MAY("orders", "their keys; default: all prepared"),
      MAY("allotment", "only those of this one")},
     .example = "{\"on\":\"2020-03-27\"}"},
    {"pay.report",
     "batch",
     "the paying service",
     "what the bank answered: whoever is not named was paid",
     greffe__decide_pay,
     {MAY("rejected", "{dossier: the bank's reason}"), MAY("unknown", "dossiers")},
     .example = "{\"rejected\":{\"d2\":\"AC04\"}}"},
    {"pay.retry",
     "batch",
     "the paying service",
     "has a file that surely did not leave written again",
     greffe__decide_pay,
     {EFFECT},
     .example = "{\"effect\":\"b1\"}"},
    {"pay.settle",
     "batch",
     "the paying service",
     "says of a batch that may have left whether it did; if not, it goes again",
     greffe__decide_pay,
     {NEEDED("sent", "true or false"), NEEDED("because", "how you know")},
     .example = "{\"sent\":false,\"because\":\"Rien reçu, dit la banque\"}"},
    /* What comes back by itself. */
    {"timer",
     "dossier",
     NULL,
     "a timer that is due",
     greffe__decide_timer,
     {NEEDED("timer", "its number"), MAY("failed", "why it could not be fired")},
     .example = NULL},
    {"result", "dossier", NULL, "what became of an effect", greffe__decide_result, RESULT,
     .example = NULL},
    {"session.result",
     "dossier",
     NULL,
     "what a board decided",
     greffe__decide_result,
     {NEEDED("session", "its key")},
     .example = NULL},
    {"order.result",
     "dossier",
     NULL,
     "what the payer answered",
     greffe__decide_result,
     {NEEDED("order", "its key")},
     .example = NULL},
    {"pay.written", "batch", NULL, "what became of a file", greffe__decide_pay, RESULT,
     .example = NULL},
    {"session.written", "session", NULL, "what became of the minutes", greffe__decide_session,
     RESULT, .example = NULL},
};

const greffe__verb *greffe__verb_at(uint32_t index)
{
    return index < sizeof verbs / sizeof *verbs ? &verbs[index] : NULL;
}

static greffe__str nearest_verb(greffe__str word)
{
    greffe__str best = {"", 0};
    unsigned least = 4;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        unsigned distance = greffe__str_distance(word, greffe__str_of(verbs[i].verb), 3);
        if (distance < least) {
            least = distance;
            best = greffe__str_of(verbs[i].verb);
        }
    }
    return best;
}

const greffe__verb *greffe__verb_named(greffe__str verb)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (greffe__str_is(verb, verbs[i].verb)) {
            return &verbs[i];
        }
    }
    return NULL;
}

bool greffe__find_verb(greffe__bench *b)
{
    greffe__str word = b->command->verb;
    b->verb = greffe__verb_named(word);
    if (b->verb != NULL) {
        return true;
    }
    greffe__str best = nearest_verb(word);
    greffe__str hint =
        greffe__str_format(b->arena, "did you mean '%.*s'?", (int)best.size, best.data);
    return greffe__refuse(b, GREFFE__GR_CMD_UNKNOWN, GREFFE_EINVALID,
                          best.size > 0 ? hint.data : "greffe help lists them",
                          "there is no command '%.*s'", (int)word.size, word.data);
}

static greffe__str takes(greffe__bench *b, const greffe__verb *verb)
{
    greffe__str list = greffe__str_of("it takes ");
    for (uint32_t i = 0; i < GREFFE__MOST_ARGS && verb->args[i].name != NULL; i++) {
        list = greffe__str_format(b->arena, "%.*s%s%s", (int)list.size, list.data,
                                  i > 0 ? ", " : "", verb->args[i].name);
    }
    return list;
}

bool greffe__check_args(greffe__bench *b)
{
    const greffe__verb *verb = b->verb;
    const greffe__value *args = &b->command->args;
    for (uint32_t i = 0; args->kind == GREFFE__CONTEXT && i < args->count; i++) {
        greffe__str name = args->as.entries[i].name;
        bool known = false;
        for (uint32_t j = 0; j < GREFFE__MOST_ARGS && verb->args[j].name != NULL; j++) {
            known = known || greffe__str_is(name, verb->args[j].name);
        }
        if (!known) {
            return greffe__refuse(b, GREFFE__GR_CMD_SHAPE, GREFFE_EINVALID, takes(b, verb).data,
                                  "the command %s does not take '%.*s'", verb->verb, (int)name.size,
                                  name.data);
        }
    }
    return true;
}
