"""What an editor is to offer where an author writes on, as LANGUAGE.md has it.

An excerpt is YAML, and `|` is where the author stands; it is taken out. The names that are expected
are told apart by commas.
"""

from typing import NamedTuple


class Offer(NamedTuple):
    """All of `offered` is offered, and nothing of `kept_back`."""

    what: str
    schema: str
    text: str
    offered: str
    kept_back: str = ""
    nothing_else: bool = False  # `offered` is the whole list: the words that may stand there


FIELD_KEYS = ("type, label, help, optional, when, must, message, min, max, min_length, max_length, "
              "digits, options")
FIELD_TYPES = ("text, long text, boolean, integer, number, money, date, choice, choices, email, "
               "iban, phone, list")
STEP_KINDS = ("submission, completeness, instruction, decision, deliberation, notification, "
              "payment, task, choose, wait, parallel, each, call, end")
GUARANTEE_KEYS = "before, after, always, never, at_most_once, different_people, because"
DESTINATION_KEYS = ("url, user, password, secrets, networks, certificates, plain, within, at_once, "
                    "per_minute, answers_within, repeatable")

# The keys of a step, by its kind. What stands here of another kind is not offered, and is refused.
STEP_KEYS = {
    "submission": "title, shown, because, by, then",
    "completeness": "title, shown, because, by, within, remind, then",
    "instruction": "title, shown, because, by, within, then",
    "decision": "title, shown, because, by, within, then",
    "deliberation": "title, shown, because, by, reserve, then",
    "notification": "title, shown, because, to, template, channel, then",
    "payment": "title, shown, because, by, to, account, amount, budget, then",
    "task": "title, shown, because, by, within, then",
    "choose": "title, shown, because, cases, otherwise",
    "wait": "title, shown, because, message, at, within, then",
    "parallel": "title, shown, because, branches, join, within, then",
    "each": "title, shown, because, of, as, steps, join, limit, within, then",
    "call": "title, shown, because, service, with, within, then",
    "end": "title, shown, because, outcome",
}
FOREIGN_STEP_KEYS = {
    "submission": "within, remind, to, cases, outcome, reserve",
    "completeness": "to, budget, cases, reserve, template",
    "instruction": "to, amount, cases, reserve, message",
    "decision": "to, account, otherwise, reserve, outcome",
    "deliberation": "within, budget, amount, to, cases",
    "notification": "by, within, budget, cases, account",
    "payment": "cases, otherwise, within, reserve, template, message, branches",
    "task": "to, budget, cases, reserve, template, service, with",
    "choose": "within, then, by, to, budget, at, outcome",
    "wait": "by, to, cases, otherwise, of, outcome",
    "parallel": "by, of, as, steps, limit, cases",
    "each": "by, branches, cases, message, service",
    "call": "by, to, template, cases, reserve, of",
    "end": "then, by, within, cases, otherwise, to",
}

OFFERS = [
    # --- The procedure ---
    Offer("an empty file of a procedure", "procedure", "|\n",
          "greffe, procedure, title, uses, roles, steps", "authority, site, scenario, kind"),
    Offer("the top of a procedure", "procedure", """\
greffe: 1
procedure: velo
|
""", "title, uses, prefix, open, roles, form, documents, once, values, freeze, tables, clocks, "
          "services, steps, guarantees, waive, retention",
          "greffe, procedure, authority, site, scenario, boards, accounts, kind"),
    Offer("the top of a procedure, between two keys", "procedure", """\
greffe: 1
procedure: velo
|
steps:
  depot: {kind: end, outcome: traite}
""", "title, roles, form, clocks, retention", "steps, procedure"),
    Offer("the opening", "procedure", """\
open:
  |
""", "from, until, redirect", "kind, title"),
    Offer("a role", "procedure", """\
roles:
  demandeur:
    |
""", "kind, service, form, for, title, see", "by, type, then"),
    Offer("a role, below its kind", "procedure", """\
roles:
  instructeur:
    kind: agent
    |
""", "service, title", "kind, by, channel"),
    Offer("the kind of a role", "procedure", """\
roles:
  demandeur:
    kind: |
""", "applicant, agent, delegate", nothing_else=True),
    Offer("the kind of a role, in braces", "procedure", """\
roles:
  demandeur: {kind: |}
""", "applicant, agent, delegate", nothing_else=True),
    Offer("a section of the form", "procedure", """\
form:
  velo:
    |
""", "title, see, fields", "type, label, kind"),
    Offer("a field", "procedure", """\
form:
  velo:
    fields:
      prix:
        |
""", FIELD_KEYS, "kind, fields, title, needed_to"),
    Offer("a field, below its type", "procedure", """\
form:
  velo:
    fields:
      prix:
        type: money
        |
""", "label, help, optional, min, max", "type, kind"),
    Offer("the type of a field", "procedure", """\
form:
  velo:
    fields:
      prix:
        type: |
""", FIELD_TYPES, nothing_else=True),
    Offer("the type of a field, with other keys below", "procedure", """\
form:
  velo:
    fields:
      prix:
        type: |
        label: Prix
""", FIELD_TYPES, nothing_else=True),
    Offer("whether a field is optional", "procedure", """\
form:
  velo:
    fields:
      prix:
        type: money
        optional: |
""", "true, false", nothing_else=True),
    Offer("a document", "procedure", """\
documents:
  facture:
    |
""", "label, accept, max_size, needed_to, optional, when, see", "type, kind, title"),
    Offer("until when a document is needed", "procedure", """\
documents:
  facture:
    label: Facture
    needed_to: |
""", "file, instruct, pay", nothing_else=True),
    Offer("what is granted once", "procedure", """\
once:
  |
""", "key, every, claimed", "within, kind"),
    Offer("a dated value", "procedure", """\
values:
  montant:
    - from: 2020-01-01
      |
""", "value", "from, rules"),
    Offer("a value that is chosen by the day", "procedure", """\
values:
  montant:
    rules: 200
    |
""", "as_of", "rules, from"),
    Offer("a decision table", "procedure", """\
tables:
  taux:
    |
""", "title, hit, as_of, inputs, outputs, rules, otherwise, order", "kind, from"),
    Offer("what counts when several rules fire", "procedure", """\
tables:
  taux:
    hit: |
""", "unique, any, first, priority, collect, rule order, output order, sum, min, max, count",
          nothing_else=True),
    Offer("a clock", "procedure", """\
clocks:
  silence:
    |
""", "from, within, until, paused_while, warn, means, then, because", "kind, remind, by"),
    Offer("what silence means", "procedure", """\
clocks:
  silence:
    from: depot
    means: |
""", "rejection, acceptance", nothing_else=True),
    Offer("an outside service", "procedure", """\
services:
  caf:
    |
""", "title, with, gives, outcomes, within", "kind, url, secrets"),
    Offer("the type of what an outside service is given", "procedure", """\
services:
  caf:
    with:
      nom: |
""", FIELD_TYPES, nothing_else=True),
    Offer("a field that an outside service gives back", "procedure", """\
services:
  caf:
    gives:
      quotient:
        |
""", "type, label, min, max", "kind, url"),
    Offer("a guarantee", "procedure", """\
guarantees:
  - |
""", GUARANTEE_KEYS, "kind, then"),
    Offer("a guarantee, below its first key", "procedure", """\
guarantees:
  - before: paiement
    |
""", "always, because", "before, kind"),
    Offer("a waiver", "procedure", """\
waive:
  - rule: GR-4204
    |
""", "because, until", "rule, kind, from"),

    # --- Its steps; those of each kind are below ---
    Offer("a step, whose kind is not said yet", "procedure", """\
steps:
  depot:
    |
""", "kind", "type, fields, budget, cases, template, branches, of, service"),
    Offer("the kind of a step", "procedure", """\
steps:
  depot:
    kind: |
""", STEP_KINDS, nothing_else=True),
    Offer("the kind of a step, in braces", "procedure", """\
steps:
  depot: {kind: |}
""", STEP_KINDS, nothing_else=True),
    Offer("the kind of a step, above its other keys", "procedure", """\
steps:
  depot:
    kind: |
    by: demandeur
    then: fin
  fin: {kind: end, outcome: traite}
""", STEP_KINDS, nothing_else=True),
    Offer("the kind of a step, half written", "procedure", """\
steps:
  depot:
    kind: co|
""", "completeness"),
    Offer("a step, above its kind and with a step behind", "procedure", """\
steps:
  paiement:
    |
    kind: payment
    by: ordonnateur
  fin: {kind: end, outcome: traite}
""", "to, account, amount, budget, then", "by, kind, cases"),
    Offer("a step, half a key", "procedure", """\
steps:
  paiement:
    kind: payment
    bu|
""", "budget", "branches"),
    Offer("a step in braces, half a key", "procedure", """\
steps:
  paiement: {kind: payment, b|}
""", "by, budget", "branches, kind"),
    Offer("whether a step is sealed", "procedure", """\
steps:
  examen:
    kind: task
    sealed: |
""", "true, false", nothing_else=True),
    Offer("what a deliberation reserves", "procedure", """\
steps:
  deliberation:
    kind: deliberation
    reserve:
      |
""", "budget, amount", "account, by"),
    Offer("how branches join", "procedure", """\
steps:
  avis:
    kind: parallel
    join: |
""", "all, any"),
    Offer("a case", "procedure", """\
steps:
  tri:
    kind: choose
    cases:
      - |
""", "when, then", "kind, otherwise, must"),
    Offer("a case, below its condition", "procedure", """\
steps:
  tri:
    kind: choose
    cases:
      - when: velo.neuf
        |
""", "then", "when, kind"),
    Offer("an outcome", "procedure", """\
steps:
  instruction:
    kind: instruction
    by: instructeur
    then:
      favorable:
        |
""", "fill, must, message, then", "kind, by, type"),
    Offer("an outcome, below what must hold", "procedure", """\
steps:
  instruction:
    kind: instruction
    by: instructeur
    then:
      favorable:
        must: velo.neuf
        |
""", "fill, message, then", "must, kind"),
    Offer("a field that is filled in with an outcome", "procedure", """\
steps:
  instruction:
    kind: instruction
    by: instructeur
    then:
      defavorable:
        then: refus
        fill:
          motif:
            |
""", FIELD_KEYS, "kind, fill"),
    Offer("the type of a field that is filled in with an outcome", "procedure", """\
steps:
  instruction:
    kind: instruction
    by: instructeur
    then:
      defavorable:
        then: refus
        fill:
          motif:
            type: |
""", FIELD_TYPES, nothing_else=True),
    Offer("a branch", "procedure", """\
steps:
  avis:
    kind: parallel
    branches:
      voirie:
        |
""", "steps", "kind, then"),
    Offer("the kind of a step in a branch", "procedure", """\
steps:
  avis:
    kind: parallel
    branches:
      voirie:
        steps:
          mesure:
            kind: |
""", STEP_KINDS, nothing_else=True),
    Offer("a step in a branch, below its kind", "procedure", """\
steps:
  avis:
    kind: parallel
    branches:
      voirie:
        steps:
          mesure:
            kind: wait
            |
""", "message, at, within, then", "by, cases, budget"),
    Offer("a step for each item, below its kind", "procedure", """\
steps:
  visites:
    kind: each
    of: dossier.lots
    steps:
      visite:
        kind: task
        |
""", "by, within, then", "of, limit, to, cases"),

    # --- The authority ---
    Offer("the top of an authority", "authority", """\
greffe: 1
authority: gpso
|
""", "title, zone, calendar, contact, appeal, services, boards, allotments, form",
          "greffe, authority, steps, roles, procedure, accounts"),
    Offer("a calendar", "authority", """\
calendar:
  |
""", "holidays, closed", "title, kind"),
    Offer("the holidays of a calendar", "authority", """\
calendar:
  holidays: |
""", "fr, fr-alsace-moselle, none", nothing_else=True),
    Offer("a service", "authority", """\
services:
  accueil:
    |
""", "title", "kind, url, service, members"),
    Offer("a board", "authority", """\
boards:
  bureau:
    |
""", "title, secretary, members, chair, quorum, majority, proxies, casting, second_after",
          "kind, service, by"),
    Offer("a board, below its title", "authority", """\
boards:
  bureau:
    title: Bureau
    |
""", "secretary, members, quorum", "title, kind"),
    Offer("the quorum of a board", "authority", """\
boards:
  bureau:
    title: Bureau
    quorum: |
""", "half"),
    Offer("the majority of a board", "authority", """\
boards:
  bureau:
    title: Bureau
    majority: |
""", "votes, members", nothing_else=True),
    Offer("an allotment", "authority", """\
allotments:
  velo_2020:
    |
""", "title, service", "kind, amount, budget"),
    Offer("a field that procedures share", "authority", """\
form:
  personne:
    fields:
      nom:
        |
""", FIELD_KEYS, "kind"),
    Offer("the type of a field that procedures share", "authority", """\
form:
  personne:
    fields:
      nom:
        type: |
""", FIELD_TYPES, nothing_else=True),

    # --- The site ---
    Offer("the top of a site", "site", """\
greffe: 1
site: gpso
|
""", "sender, payer, accounts, mail, webhooks, services",
          "greffe, site, title, roles, boards, procedure"),
    Offer("the payer", "site", """\
payer:
  |
""", "name, iban, bic", "title, kind"),
    Offer("an account", "site", """\
accounts:
  guichet-1:
    |
""", "kind, services, roles, channel", "service, form, by"),
    Offer("the kind of an account", "site", """\
accounts:
  guichet-1:
    kind: |
""", "applicant, agent, delegate, member", nothing_else=True),
    Offer("the mail server", "site", """\
mail:
  |
""", DESTINATION_KEYS, "kind, title"),
    Offer("a channel of one's own", "site", """\
webhooks:
  sms:
    |
""", DESTINATION_KEYS, "kind, title"),
    Offer("where an outside service is", "site", """\
services:
  cadastre:
    url: https://cadastre.example/greffe
    |
""", "secrets, networks, within, answers_within, at_once, per_minute", "url, title, gives"),

    # --- Scenarios ---
    Offer("the top of a scenario", "scenario", """\
greffe: 1
scenario: Le délai s'arrête
|
""", "procedure, site, services, start, steps", "greffe, scenario, title, roles, accounts"),
    Offer("a step of a scenario", "scenario", """\
steps:
  - |
""", "do, at, after, as, expect, refused", "kind, by, then"),
    Offer("a step of a scenario, below its time", "scenario", """\
steps:
  - after: 2 days
    |
""", "do, expect", "after, kind"),
    Offer("what is expected", "scenario", """\
steps:
  - expect:
      |
""", "dossier, session, allotment, order, batch, letters, tasks", "do, kind, as"),
    Offer("what is expected of a dossier", "scenario", """\
steps:
  - expect:
      dossier: d1
      |
""", "at, phase, outcome, shown, number, filed_on, paid, due, amounts", "dossier, do"),
    Offer("what an outside service answers", "scenario", """\
services:
  caf:
    |
""", "outcome, gives", "url, within, kind"),
]

OFFERS += [
    Offer(f"a step of the kind {kind}", "procedure", f"""\
steps:
  depot: {{kind: submission, by: demandeur, then: ici}}
  ici:
    kind: {kind}
    |
""", keys, f"kind, {FOREIGN_STEP_KEYS[kind]}")
    for kind, keys in STEP_KEYS.items()]
