"""What the tests of the binding share: a small procedure, its people, and a clock that they own."""

import datetime
import pathlib
import sqlite3
import tempfile
import unittest
from decimal import Decimal

import greffe

BOURG = """greffe: 1
authority: bourg
title: Bourg d'essai
services:
  culture: {title: Culture}
  finances: {title: Finances}
form:
  personne: {title: Vous, fields: {nom: {type: text, label: Nom}}}
"""

BOURSE = """greffe: 1
procedure: bourse
title: Bourse
retention: {other: 2 years}
waive:
  - {rule: GR-4301, because: Cet essai regarde autre chose, until: 2999-12-31}
  - {rule: GR-4302, because: Cet essai regarde autre chose, until: 2999-12-31}
uses: bourg
roles:
  demandeur: {kind: applicant, form: personne}
  instructeur: {kind: agent, service: culture}
form:
  projet:
    title: Projet
    fields:
      cout: {type: money, label: Coût, min: 1.00}
      depart: {type: date, label: Départ}
      etapes: {type: integer, label: Étapes, optional: true}
services:
  caf: {with: {nom: text}, gives: {quotient: {type: money, label: Quotient}}, within: 2 days}
clocks:
  silence: {from: depot, within: 2 months, until: examen.done, means: rejection, then: non}
steps:
  depot: {kind: submission, by: demandeur, shown: Reçue, then: consultation}
  consultation:
    kind: call
    service: caf
    with: {nom: demandeur.nom}
    then: {answered: examen, expired: examen}
  examen: {kind: task, by: instructeur, shown: En cours, then: {oui: oui, non: non}}
  oui: {kind: notification, to: demandeur, template: accord, then: fin}
  non: {kind: end, outcome: rejetee}
  fin: {kind: end, outcome: accordee}
"""

FILES = {"bourg.yaml": BOURG.encode(), "letters/accord.txt": b"Objet: Accord\n\nOui, {{number}}.\n"}
ANNE = greffe.Actor("anne", "applicant")
BOB = greffe.Actor("bob", "applicant")
AGENT = greffe.Actor("agent-1", "agent", services=["culture"])
START = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.timezone.utc)


def bourse() -> greffe.Plan:
    return greffe.compile_text(BOURSE, name="bourse.yaml", read=FILES.get)


def filing(cost: str = "1200.00", **more: object) -> dict[str, object]:
    project = {"cout": Decimal(cost), "depart": datetime.date(2026, 7, 1), **more}
    return {"procedure": "bourse", "answers": {"demandeur": {"nom": "Anne"}, "projet": project}}


class InAFolder(unittest.TestCase):
    """A store in a file of its own, and a time that moves when the test says so."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "greffe.db"
        self.now = START

    def clock(self) -> datetime.datetime:
        return self.now

    def opened(self, **how: object) -> greffe.Engine:
        engine = greffe.Engine(self.path, clock=self.clock, **how)
        self.addCleanup(engine.close)
        return engine

    def sql(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        self.addCleanup(connection.close)
        return connection
