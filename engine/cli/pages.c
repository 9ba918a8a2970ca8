/* The pages of the help that are not written from the engine's table of commands. */
#include <string.h>

#include "cli/cli.h"

const char cli_usage[] =
    "greffe: administrative procedures, checked before they are published, durable afterwards\n"
    "\n"
    "Authors\n"
    "  greffe check FILE.yaml…             find every fault, with its place and how to mend it\n"
    "  greffe build FILE.yaml --out F      write the bundle that is published\n"
    "  greffe test SCENARIO|FOLDER…        play scenarios in injected time, check what they "
    "expect\n"
    "  greffe record DOSSIER FILE.yaml     a real dossier's history as a scenario, nobody named\n"
    "  greffe explain CODE…                what a diagnostic means, with an example, mended\n"
    "  greffe eval [EXPRESSION]…           try expressions out, or ask for them at a prompt\n"
    "  greffe schema KIND                  what editors know: procedure, authority, site, "
    "scenario\n"
    "  greffe graph FILE.yaml              the steps as a picture: SVG, Mermaid, Graphviz\n"
    "Operators\n"
    "  greffe publish FILE.yaml            new dossiers of the procedure take it from now on\n"
    "  greffe file DOSSIER --procedure P --as ACCOUNT --args JSON\n"
    "  greffe act VERB STREAM --as ACCOUNT [--args JSON]\n"
    "         dossier: complete ask supply claim assign release 'hand over' comment withdraw\n"
    "                  message retry answer erase save\n"
    "  greffe session convene|agenda|presence|recuse|decide|close SESSION …\n"
    "  greffe allot allocate|transfer ALLOTMENT …\n"
    "  greffe pay batch|report|retry|settle BATCH …\n"
    "  greffe run                          fire due timers, deliver effects\n"
    "  greffe receive FILE…                take documents that dossiers will name\n"
    "  greffe sweep                        delete received documents that no dossier holds\n"
    "  greffe help COMMAND                 what it takes, with examples: help check, help "
    "session,\n"
    "                                      help act, help pay, help allot, help show, help VERB\n"
    "Reading\n"
    "  greffe tasks [--group SERVICE]      what waits for whom\n"
    "  greffe list dossiers|sessions|allotments|orders|batches|effects|procedures\n"
    "  greffe show DOSSIER [--why] [--history]\n"
    "  greffe report --by FIELD|batch      counts and amounts by an answer, or what became of "
    "each\n"
    "                                      payment file\n"
    "  greffe journal verify [SEAL]        read every journal, fold it anew, compare; with a "
    "seal,\n"
    "                                      also that nothing it names was cut or taken away\n"
    "  greffe journal seal FILE            verify, and write what every journal is now: keep it "
    "elsewhere\n"
    "  greffe db compact                   write the file anew, without what was erased\n"
    "Seasons\n"
    "  greffe play ACTIONS.jsonl --out DIR play dated actions; goes on where it was interrupted\n"
    "\n"
    "Options\n"
    "  --store FILE   the database (default greffe.db)     --site FILE   accounts and payer\n"
    "  --as ACCOUNT   who acts, from the site file         --for SUBJECT the citizen represented\n"
    "  --args JSON    or @FILE                             --key KEY     idempotency key\n"
    "  --now INSTANT  2020-03-02T09:00:00Z                 --out PATH    where files go\n"
    "  --effective DATE --because TEXT     a letter counts from the day it came, and why\n"
    "  --documents DIR                     where documents are kept\n"
    "  --if-version N                      refuse when somebody else has written since\n"
    "  --group, --status, --limit   narrow a list          --json        machine-readable\n"
    "  --fail-on warning   a warning is a fault            --quiet       no progress\n"
    "\n"
    "Exit codes: 0 fine, 1 faults or refused, 2 wrong use, 3 environment, 4 not proved.\n";

static const struct {
    const char *command, *page;
} pages[] = {
    {"check",
     "greffe check FILE.yaml|FOLDER… [--site FILE] [--format F] [--fail-on LEVEL]\n"
     "             [--counterexamples DIR] [--cache FILE] [--jobs N] [--no-replay]\n"
     "\n"
     "Reads procedures with their authority and letters, goes through every state that a dossier "
     "of\n"
     "theirs may come to, and says every fault with its code, its place, the shortest way to it, "
     "and\n"
     "how to mend it. Of a folder, every procedure that stands in it.\n"
     "\n"
     "  --site FILE          a site file too, or alone: accounts, payer, and whether letters and\n"
     "                       webhooks could leave as it says; nothing is sent\n"
     "  --format F           human; for tools, all files at once: json (code, severity, file, "
     "line,\n"
     "                       column, end_line, end_column, message, hint, story, fingerprint),\n"
     "                       sarif (2.1.0), junit (XML), github (annotations of a workflow)\n"
     "  --json               the same as --format json\n"
     "  --fail-on LEVEL      warning: exit 4 when there are warnings; error, if it is not said\n"
     "  --counterexamples DIR  write each way to a fault as a scenario, which greffe test plays, "
     "and\n"
     "                       as a picture; the folder is made\n"
     "  --cache FILE         keep what was found, and look anew only at procedures of which a "
     "file\n"
     "                       has changed\n"
     "  --jobs N             so many at a time; default: as many as there are processors\n"
     "  --no-replay          take the proof's word: do not play its ways to faults\n"
     "\n"
     "Exit: 0 no fault, 1 faults, 3 a file cannot be read, 4 something is not proved.\n"
     "    greffe check workflows/gpso-velo/velo.yaml\n"},
    {"explain", "greffe explain [CODE…] [--json]\n"
                "\n"
                "What a diagnostic means: why it is told, an example that gives it, and the same "
                "mended; of a\n"
                "code that arises while dossiers run, when it does, and what to do. Without a "
                "code, all codes, a\n"
                "line each.\n"
                "\n"
                "  --json    an object for each: code, summary, text\n"
                "\n"
                "Exit: 0; 2 there is no such code.\n"
                "    greffe explain GR-4101\n"},
    {"eval",
     "greffe eval [EXPRESSION | 'NAME := EXPRESSION']… [--lenient] [--now INSTANT] [--json]\n"
     "\n"
     "Evaluates expressions as procedures do, and prints each value. Without any, it reads lines;\n"
     "on a terminal it asks for them, with a history (in ~/.greffe_history, or the file that\n"
     "GREFFE_HISTORY names; empty: none).\n"
     "\n"
     "  --lenient        FEEL proper: null, and why, where a procedure would have an error\n"
     "  --now INSTANT    what now() and today() read; default: this machine's clock and zone\n"
     "  --json           values as JSON\n"
     "\n"
     "Exit: 0 all have a value, 1 faults.\n"
     "    greffe eval 'prix := 1249.90' 'round half up(min(0.25 * prix, 200), 2)'\n"},
    {"build",
     "greffe build FILE.yaml --out FILE.bundle [--fail-on LEVEL]\n"
     "\n"
     "Writes the bundle that is published: plan, texts and letters in one file. The same sources\n"
     "give the same bytes.\n"
     "    greffe build velo.yaml --out velo.bundle\n"},
    {"publish",
     "greffe publish FILE.yaml|FILE.bundle --store FILE [--quiet]\n"
     "\n"
     "New dossiers take the procedure from now on. Those that are under way keep the rules they\n"
     "were filed under, and take the newest words of those rules.\n"
     "    greffe publish velo.bundle --store portail.db\n"},
    {"test",
     "greffe test SCENARIO.yaml|FOLDER… [--site FILE] [--format human|json|junit] [--update]\n"
     "            [--coverage [--out DIR]] [--min-coverage PERCENT]\n"
     "\n"
     "Plays scenarios in a store of their own and in injected time, and compares what they "
     "expect;\n"
     "after each step all journals are folded and compared with what is stored. The format is in\n"
     "workflows/LANGUAGE.md, under Scenarios. A procedure that greffe check refuses is played "
     "too.\n"
     "\n"
     "  --format json           one object a line: file, passed, steps, expectations; as --json\n"
     "  --format junit          what CI systems read\n"
     "  --update                write the letters that are not as the files say\n"
     "  --coverage              what of each procedure no scenario passed through\n"
     "  --out DIR               with --coverage: a picture of each procedure that shows it; the\n"
     "                          folder is made\n"
     "  --min-coverage PERCENT  fail below that share, of all that was played\n"
     "\n"
     "Exit: 0 all as expected, 1 not so, 3 a file cannot be read.\n"
     "    greffe test workflows/gpso-velo/scenarios --coverage\n"},
    {"schema",
     "greffe schema procedure|authority|site|scenario\n"
     "\n"
     "Writes the JSON Schema of a kind of file, from the tables of keys that read it: with it an\n"
     "editor completes keys and words, shows what they mean, and marks what is wrong. It knows\n"
     "shapes alone; what they mean together, greffe check says.\n"
     "    greffe schema procedure > .vscode/procedure.schema.json\n"},
    {"record",
     "greffe record DOSSIER PROCEDURE.yaml --store FILE [--out FILE]\n"
     "\n"
     "Writes a dossier's history as a scenario of the procedure: what was done, when and by which\n"
     "role, and what became of it. What persons typed is replaced and nobody is named; choices,\n"
     "amounts, numbers, yes and no, and the months of dates stay, because they decide its course.\n"
     "Claims, hand-overs, remarks and what operators did are left out. The scenario is played at\n"
     "once: where it does not go as it went, that is said.\n"
     "\n"
     "  --out FILE    where it goes; default: it is printed\n"
     "\n"
     "Exit: 0, 1 it does not go as it went, or there is no such dossier, 3 a file cannot be read.\n"
     "    greffe record d1 velo.yaml --store portail.db --out scenarios/d1.yaml\n"},
    {"graph", "greffe graph FILE.yaml [--format svg|dot|mermaid|json]\n"
              "\n"
              "Draws the steps. svg: a lane for each role, a line for each outcome, clocks with "
              "their ends,\n"
              "for screens and paper, light and dark; mermaid: for pages that draw with it; dot, "
              "the default:\n"
              "every node, for Graphviz; json, or --json: the whole plan.\n"
              "    greffe graph velo.yaml --format svg > velo.svg\n"},
    {"run",
     "greffe run --store FILE --site FILE [--out DIR] [--documents DIR] [--now INSTANT] [--json]\n"
     "\n"
     "Does what is due: fires timers, tells dossiers what boards and banks decided, and lets\n"
     "letters, payment files and minutes leave: to the mail server, the webhooks and the services\n"
     "that the site file names, or into DIR/letters, DIR/payments and DIR/minutes. With\n"
     "--documents, what erased dossiers held is deleted; without, that waits. What fails is told,\n"
     "and tried again when it is due.\n"
     "Give it every few minutes, from cron or a systemd timer; several at once do not hurt.\n"
     "    greffe run --store portail.db --site site.yaml --out courrier\n"},
    {"receive",
     "greffe receive FILE… --documents DIR\n"
     "\n"
     "Takes files into a folder of documents, and says of each what a command has to say of it;\n"
     "the media type is the caller's to know. A store that is opened with --documents takes no\n"
     "document whose content is not there (GR-5212), holds it for its dossier, and deletes it "
     "when\n"
     "the last dossier that holds it is erased: give run that option too.\n"
     "    greffe receive facture.pdf --documents pieces\n"},
    {"sweep",
     "greffe sweep --documents DIR [--json]\n"
     "\n"
     "Deletes what was received a week ago or earlier and no dossier holds. Once a day is enough.\n"
     "    greffe sweep --documents pieces\n"},
    {"tasks", "greffe tasks [--group SERVICE|BOARD|ROLE] [--limit N] [--json] --store FILE\n"
              "\n"
              "What waits for whom: dossier, step, for, assignee or session, due, since.\n"
              "    greffe tasks --group mobilites --store portail.db\n"},
    {"list",
     "greffe list dossiers|sessions|allotments|orders|batches|effects|procedures\n"
     "            [--group G] [--status S] [--limit N] [--json] --store FILE\n"
     "\n"
     "  --group     of dossiers a procedure, of sessions a board, of orders an allotment\n"
     "  --status    of dossiers the step or outcome, of orders prepared, batched, accepted…\n"
     "  --json      one object a line\n"
     "    greffe list orders --status unknown --store portail.db\n"},
    {"show",
     "greffe show DOSSIER [--why] [--history] [--json] --store FILE\n"
     "\n"
     "Where a dossier is, since when, for whom, and when its clocks end.\n"
     "\n"
     "  --why        on what grounds: each clock's day from its start, length, suspensions and\n"
     "               source; which condition led where; what is frozen, and by which rules of its\n"
     "               tables; the timers that are set\n"
     "  --history    the journal: one entry a command, with its events\n"
     "    greffe show d17 --why --store portail.db\n"},
    {"report",
     "greffe report --by SECTION.FIELD [--procedure P] [--each] [--json] --store FILE\n"
     "greffe report --by batch [--json] --store FILE\n"
     "\n"
     "Counts dossiers by an answer and by outcome, and adds what was paid. By batch: what each\n"
     "payment file asked the bank for, and what became of it, so that control sums and what was\n"
     "spent can be reconciled.\n"
     "\n"
     "  --each    one object a line for each dossier\n"
     "  --json    one object a line for each group\n"
     "    greffe report --by demandeur.commune --store portail.db\n"},
    {"journal",
     "greffe journal verify [SEAL] [--json] --store FILE\n"
     "greffe journal seal FILE --store FILE\n"
     "\n"
     "Reads every journal, checks its chain, folds it anew and compares the state, the lists, the\n"
     "money and the personal values with what is stored. A seal, kept elsewhere, shows besides\n"
     "that nothing which it names was cut or taken away.\n"
     "\n"
     "Exit: 0 no fault, 1 faults, each named with its stream, entry and code.\n"
     "    greffe journal seal scelle-2026-11.txt --store portail.db\n"},
    {"db",
     "greffe db compact --store FILE\n"
     "\n"
     "Writes the file anew, without what was erased: until then old bytes may lie in free places\n"
     "of its pages. Nobody else may use the store meanwhile; it needs as much room again.\n"},
    {"play",
     "greffe play ACTIONS.jsonl --store FILE --site FILE --out DIR [--quiet]\n"
     "\n"
     "Plays dated actions, one JSON object a line: {\"at\": INSTANT, \"do\": VERB, \"key\": KEY,\n"
     "\"as\": ACCOUNT or {subject, kind}, \"dossier\"|\"session\"|\"allotment\"|\"batch\": its "
     "key, and\n"
     "the verb's arguments}; \"refused\": CODE where that is expected. What falls due before each\n"
     "is done first. Interrupted, it goes on from DIR/progress; with another store, from the\n"
     "start. Amounts are texts: a number is a whole one of at most 15 digits.\n"},
};

const char *cli_page(const char *command)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(pages[i].command, command) == 0) {
            return pages[i].page;
        }
    }
    return NULL;
}
