"""A stage for tests of `greffe test`: small procedures in a folder, and scenarios played in it.

It knows how a scenario's file is written and at which line each step stands; it judges nothing but
that the command does not crash. The command is that of office.py.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from office import GREFFE, IBAN, Answer

COMMUNE = """greffe: 1
authority: commune
title: Commune d'essai
contact: "Accueil, accueil@commune.example"
appeal: Vous pouvez contester cette décision dans un délai de deux mois.
services:
  accueil: {title: Accueil}
  finances: {title: Finances}
  secretariat: {title: Secrétariat}
boards:
  bureau: {title: Bureau, secretary: secretariat, members: [est, ouest, nord], chair: est}
allotments:
  ligne: {title: Aides, service: finances}
form:
  personne:
    title: Vous
    fields:
      nom: {type: text, label: Nom}
      courriel: {type: email, label: Courriel}
      iban: {type: iban, label: IBAN}
"""

# Money, a board, a clock, a condition, documents, a delegate.
AIDE = """greffe: 1
procedure: aide
title: Une aide
uses: commune
roles:
  habitant: {kind: applicant, form: personne}
  agent: {kind: agent, service: accueil}
  prestataire: {kind: delegate, for: agent}
  payeur: {kind: agent, service: finances}
form:
  demande:
    title: Votre demande
    fields:
      prix: {type: money, label: Prix, min: 1.00, max: 5000.00}
      neuf: {type: boolean, label: Neuf}
documents:
  facture: {label: Facture, accept: [pdf], max_size: 1 MB, needed_to: instruct}
  rib: {label: RIB, accept: [pdf], max_size: 1 MB, needed_to: pay}
values: {montant: 'round half up(0.5 * demande.prix, 2)'}
freeze: {montant: instruction.done}
clocks:
  silence:
    from: depot
    within: 2 months
    until: [deliberation.granted, deliberation.refused, completude.expired]
    paused_while: completude.waiting
    warn: 15 days
    means: rejection
    then: rejet
    because: Le silence vaut rejet (CRPA, art. L231-4, 3°)
steps:
  depot: {kind: submission, by: habitant, shown: Déposée, then: completude}
  completude:
    kind: completeness
    by: [agent, prestataire]
    shown: En vérification
    within: 1 month
    then: {complete: instruction, expired: classement}
  instruction:
    kind: instruction
    by: [agent, prestataire]
    then:
      favorable: {must: demande.neuf, message: L'aide va au neuf, then: deliberation}
      defavorable: {then: deliberation}
  deliberation:
    kind: deliberation
    by: bureau
    reserve: {budget: ligne, amount: montant}
    then: {granted: accord, refused: refus, unfunded: attente}
  attente: {kind: task, by: payeur, then: {credits: deliberation}}
  accord: {kind: notification, to: habitant, template: accord, then: paiement}
  paiement:
    kind: payment
    by: payeur
    to: habitant
    account: habitant.iban
    amount: montant
    budget: ligne
    then: {paid: verse, rejected: rejete}
  refus: {kind: notification, to: habitant, template: refus, then: refuse}
  classement: {kind: notification, to: habitant, template: classement, then: classe}
  rejet: {kind: notification, to: habitant, template: rejet, then: silencieux}
  verse: {kind: end, outcome: verse, shown: Versée}
  rejete: {kind: end, outcome: rejete}
  refuse: {kind: end, outcome: refuse}
  classe: {kind: end, outcome: classe}
  silencieux: {kind: end, outcome: rejet}
guarantees:
  - {different_people: [instruction, paiement], because: Celui qui instruit ne paie pas}
retention: {verse: 10 years, other: 2 years}
"""

# An outside service, whose answer decides.
QUOTIENT = """greffe: 1
procedure: quotient
title: Réduction
retention: {other: 2 years}
uses: commune
roles:
  habitant: {kind: applicant, form: personne}
  agent: {kind: agent, service: accueil}
services:
  caf:
    title: Quotient familial
    with: {nom: text}
    gives: {quotient: {type: money, label: Quotient familial}}
    outcomes: [inconnu]
    within: 5 days
steps:
  depot: {kind: submission, by: habitant, then: consultation}
  consultation:
    kind: call
    service: caf
    with: {nom: habitant.nom}
    then: {answered: tri, inconnu: examen, expired: retard}
  tri:
    kind: choose
    cases:
      - {when: consultation.quotient != null and consultation.quotient <= 700, then: accord}
    otherwise: examen
  examen: {kind: task, by: agent, then: {accorde: accord, refuse: refus}}
  accord: {kind: notification, to: habitant, template: accord, then: fin}
  refus: {kind: notification, to: habitant, template: refus, then: non}
  retard: {kind: end, outcome: retard}
  fin: {kind: end, outcome: traite}
  non: {kind: end, outcome: refuse}
"""

# Conditions alone: two cases, what is otherwise, and a `must`.
TRI = """greffe: 1
procedure: tri
title: Tri
retention: {other: 2 years}
uses: commune
roles:
  habitant: {kind: applicant, form: personne}
  agent: {kind: agent, service: accueil}
  expert: {kind: delegate, for: agent}
form:
  demande:
    title: Demande
    fields:
      age: {type: integer, label: Âge, min: 0, max: 120}
      neuf: {type: boolean, label: Neuf}
steps:
  depot: {kind: submission, by: habitant, then: choix}
  choix:
    kind: choose
    cases:
      - {when: demande.age < 18, then: jeune}
      - {when: demande.age > 64, then: avis}
    otherwise: examen
  avis: {kind: task, by: expert, then: {vu: vieux}}
  examen:
    kind: task
    by: agent
    then:
      oui: {must: demande.neuf, message: Il faut du neuf, then: adulte}
      non: {then: refus}
  jeune: {kind: end, outcome: jeune}
  vieux: {kind: end, outcome: vieux}
  adulte: {kind: end, outcome: adulte}
  refus: {kind: end, outcome: refus}
"""

SITE = """greffe: 1
site: commune
accounts:
  guichet-1: {kind: agent, services: accueil, channel: counter}
  finances-1: {kind: agent, services: finances}
"""

LETTER = """Objet: Votre dossier {{number}}

Bonjour,

Décision : %s.
{{appeal}}
{{contact}}
"""

START = "2026-03-02T08:00:00Z"
BATCH = "{do: pay.batch, batch: b1, as: payeur, on: 2026-03-10}"
ALLOCATE = '{do: allotment.allocate, allotment: ligne, as: finances, amount: "1000.00"}'


def person(name="Exemple"):
    return f"habitant: {{nom: {name}, courriel: e@example.org, iban: {IBAN}}}"


def applicant(subject):
    return f"{{subject: {subject}, kind: applicant}}"


def filed(procedure, demande="", dossier="d1", who="habitant", name="Exemple", more=""):
    answers = person(name) + (f", demande: {{{demande}}}" if demande else "")
    return (f"{{do: file, dossier: {dossier}, as: {who}, procedure: {procedure}, "
            f"answers: {{{answers}}}{more}}}")


def aide(dossier="d1", prix="300.00", neuf="true", who="habitant", documents="facture, rib"):
    return filed("aide", f'prix: "{prix}", neuf: {neuf}', dossier, who,
                 more=f", documents: [{documents}]")


def tri(age, neuf="true", dossier="d1"):
    return filed("tri", f"age: {age}, neuf: {neuf}", dossier)


def quotient(dossier="d1", name="Exemple"):
    return filed("quotient", dossier=dossier, name=name)


def complete(step, outcome, dossier="d1", who="agent", more=""):
    return (f"{{do: complete, dossier: {dossier}, as: {who}, step: {step}, "
            f"outcome: {outcome}{more}}}")


def instructed(dossier="d1", opinion="favorable"):
    return [complete("completude", "complete", dossier), complete("instruction", opinion, dossier)]


def granted():
    return [ALLOCATE, aide(), *instructed(), "{hold: bureau, session: s1, decide: {d1: granted}}"]


def expect(text):
    return f"{{expect: {{{text}}}}}"


SOUND = expect("incidents: []")


class Stage(unittest.TestCase):
    """A folder with procedures, where scenarios are written and played."""

    procedure = "quotient"

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="greffe-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        for name, text in (("commune", COMMUNE), ("aide", AIDE), ("quotient", QUOTIENT),
                           ("tri", TRI), ("site", SITE)):
            self.write(f"{name}.yaml", text)
        for name in ("accord", "refus", "classement", "rejet"):
            self.write(f"letters/{name}.txt", LETTER % name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def scenario(self, *steps, name="s.yaml", procedure=None, top=""):
        """Writes a scenario, one line for each step, and keeps the line at which each begins."""
        file = procedure or self.procedure + ".yaml"
        head = (f"greffe: 1\nscenario: Un essai\nprocedure: {file}\nstart: {START}\n{top}"
                + ("\n" if top else "") + "steps:\n")
        self.write(name, head + "".join(f"  - {step}\n" for step in steps))
        first = head.count("\n") + 1
        self.lines = list(range(first, first + len(steps)))
        return name

    def greffe(self, *words, cwd=None, command="test"):
        done = subprocess.run([GREFFE, command, *words], cwd=cwd or self.folder, check=False,
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, "NO_COLOR": "1"})
        answer = Answer(done)
        self.assertGreaterEqual(answer.exit, 0, f"it crashed: {answer}")
        self.assertNotRegex(answer.err, "Sanitizer|runtime error")
        return answer

    def plays(self, *steps, words=(), **rest):
        """All is as it is expected."""
        answer = self.greffe(self.scenario(*steps, **rest), *words)
        self.assertEqual(answer.exit, 0, str(answer))
        return answer

    def differs(self, *steps, says=(), step=-1, words=(), **rest):
        """This step, the last if none is named, is told with its line and these words.

        A sound expectation stands before all, so that it is not told for want of one.
        """
        answer = self.greffe(self.scenario(SOUND, *steps, **rest), *words)
        self.lines = self.lines[1:]
        self.assertEqual(answer.exit, 1, str(answer))
        self.told(answer, self.lines[step], says)
        return answer

    def fails(self, *steps, says=(), line=None, **rest):
        """It fails, wherever that is told, with these words."""
        answer = self.greffe(self.scenario(*steps, **rest))
        self.assertEqual(answer.exit, 1, str(answer))
        if line:
            self.told(answer, line, says)
        for words in (says,) if isinstance(says, str) else says:
            self.assertIn(words, answer.out + answer.err)
        return answer

    def told(self, answer, line, says=(), name="s.yaml"):
        """What stands with this line of the file, which has to hold these words."""
        found = re.findall(rf"^{re.escape(name)}:{line}:.*$", answer.out + answer.err, re.M)
        self.assertTrue(found, f"nothing is told of line {line}: {answer}")
        for words in (says,) if isinstance(says, str) else says:
            self.assertTrue(any(words in one for one in found), f"'{words}' is not told: {answer}")
        return found

    def compares(self, story, *rows, **rest):
        """After this story each row (of, name, right, wrong) is right, and is noticed when wrong.

        A value that is a list or an object ends with what is said of it: "[a, b]" with "a, b".
        """
        self.plays(*story, *(expect(f"{of}, {name}: {right}") for of, name, right, _ in rows),
                   **rest)
        wrong = [expect(f"{of}, {name}: {wrong}") for of, name, _, wrong in rows]
        answer = self.greffe(self.scenario(*story, *wrong, **rest))
        self.assertEqual(answer.exit, 1, str(answer))
        for (of, name, right, other), line in zip(rows, self.lines[len(story):]):
            with self.subTest(of=of, name=name):
                self.told(answer, line, (bare(other), bare(right)))


def bare(value):
    """The last word of a value, without what YAML needs around it: what a message must quote."""
    words = re.findall(r"[^\[\]{}\"\s,]+", value)
    return words[-1].rstrip(":") if words else ""
