#!/usr/bin/env python3
"""Delays whose consequence is refused: they become incidents, and people see to them.

    GREFFE=path/to/greffe python3 test/scenario/incident_test.py

In most of them the condition that follows cannot be decided before 1 April. After each test the
journal is verified.
"""

import unittest

from case import Case
from office import IBAN, ROOT

FOLDER = ROOT / "test" / "scenario" / "incident"
SEALED = ROOT / "test" / "scenario" / "sealed"
WAYS = {"tache": "rapport", "message": "affichage", "decision": "decision", "bloc": "avis",
        "delai": "lent"}
TOO_EARLY, LATE_ENOUGH = "2026-03-13T09:00:00Z", "2026-04-02T09:00:00Z"


class Incidents(Case):
    site = (FOLDER / "site.yaml").read_text(encoding="utf-8")
    procedure = str(FOLDER / "attente.yaml")
    money = None

    def setUp(self):
        super().setUp()
        self.o.now = "2026-03-02T09:00:00Z"
        for way in WAYS:
            self.ok(self.o.do("eve", "file", way, procedure="attente", answers={
                "habitant": {"nom": "Exemple", "courriel": "eve@example.org"},
                "demande": {"voie": way}}))
        self.ok(self.o.complete("agent-1", "lancement", "done", "delai"))
        self.o.now = TOO_EARLY
        self.ok(self.o.settle())

    def incident(self, dossier):
        """The one incident of a dossier, or nothing."""
        found = [one for one in self.o.list("effects")
                 if one["stream"] == dossier and one.get("state") == "incident"]
        self.assertLessEqual(len(found), 1, found)
        return found[0] if found else None

    def see_to(self, verb, dossier, who="agent-1", **args):
        effect = (self.incident(dossier) or {"effect": "timer/6/expired"})["effect"]
        answer = self.o.act(who, verb, dossier, effect=effect, **args)
        self.ok(self.o.settle())
        return answer

    def answer(self, dossier, **args):
        return self.see_to("answer", dossier, **{"because": "Vu avec le service", **args})

    def test_each_delay_becomes_an_incident_and_moves_nothing(self):
        for dossier, step in WAYS.items():
            with self.subTest(dossier=dossier):
                incident = self.incident(dossier)
                self.assertIsNotNone(incident)
                self.assertIn("cannot be decided", incident["problem"])
                self.assertEqual(self.o.show(dossier)["open"][0]["at"].split("/")[0], step)

    def test_the_engine_does_not_try_again_by_itself(self):
        before = {way: self.incident(way) for way in WAYS}
        self.o.now = LATE_ENOUGH
        self.ok(self.o.settle())
        self.assertEqual({way: self.incident(way) for way in WAYS}, before)

    def test_tried_again_too_early_it_is_an_incident_again(self):
        for dossier in WAYS:
            with self.subTest(dossier=dossier):
                first = self.incident(dossier)
                self.ok(self.see_to("retry", dossier))
                second = self.incident(dossier)
                self.assertIsNotNone(second)
                self.assertNotEqual(second["effect"], first["effect"])
                self.assertEqual(second["letter"], first["letter"])

    def test_tried_again_once_it_can_be_decided_it_goes_on(self):
        self.o.now = LATE_ENOUGH
        for dossier in WAYS:
            with self.subTest(dossier=dossier):
                self.ok(self.see_to("retry", dossier))
                self.ended("classe", dossier)
                self.assertIsNone(self.incident(dossier))
        self.assertEqual(self.ok(self.o.greffe("tasks")).out, "")

    def test_the_step_can_still_be_done_and_the_incident_goes(self):
        self.ok(self.o.complete("agent-1", "rapport", "rendu", "tache"))
        self.ended("rendu", "tache")
        self.ok(self.o.act("agent-1", "message", "message", message="affiche"))
        self.ended("affiche", "message")
        self.ok(self.o.complete("agent-1", "decision", "accordee", "decision"))
        self.ended("accorde", "decision")
        for step in ("avis_nord", "avis_sud"):
            self.ok(self.o.complete("agent-1", step, "done", "bloc"))
        self.ended("rendu", "bloc")
        for dossier in ("tache", "message", "decision", "bloc"):
            self.assertIsNone(self.incident(dossier))

    def test_an_answer_is_no_way_round_a_person_or_a_decision(self):
        with self.nothing_written():
            self.refused(self.answer("tache", outcome="rendu"), "GR-5122")
            self.refused(self.answer("tache"), "GR-5122")
            self.refused(self.answer("decision", outcome="accordee"), "GR-5122")
            self.refused(self.answer("bloc", outcome="done"), "GR-5122")
            self.refused(self.answer("delai", outcome="classe"), "GR-5122")
            self.refused(self.answer("tache", outcome="expired"), "GR-5303")

    def test_an_answer_brings_what_the_delay_would_have_brought(self):
        self.o.now = LATE_ENOUGH
        for dossier in ("tache", "decision", "message"):
            with self.subTest(dossier=dossier):
                self.ok(self.answer(dossier, outcome="expired"))
                self.ended("classe", dossier)
                self.assertIsNone(self.incident(dossier))

    def test_a_block_that_is_answered_is_left_with_all_that_is_in_it(self):
        self.o.now = LATE_ENOUGH
        self.ok(self.answer("bloc", outcome="expired"))
        self.assertEqual(self.o.show("bloc")["open"], [])
        self.assertNotIn("bloc", [one["dossier"] for one in self.o.list("tasks")])

    def test_a_wait_takes_another_of_its_outcomes(self):
        self.ok(self.answer("message", outcome="done"))
        self.ended("affiche", "message")

    def test_a_clock_that_is_answered_leaves_the_dossier_where_it_is(self):
        self.ok(self.answer("delai"))
        self.assertIsNone(self.incident("delai"))
        self.at("lent", "delai")
        self.ok(self.o.complete("agent-1", "lent", "done", "delai"))
        self.ended("rendu", "delai")

    def test_who_may_see_to_it_and_how(self):
        key = self.incident("tache")["effect"]
        with self.nothing_written():
            for who in ("eve", "accueil-1"):
                self.refused(self.see_to("retry", "tache", who), "GR-5101")
                self.refused(self.o.act(who, "answer", "tache", effect=key, outcome="expired",
                                        because="Je sais"), "GR-5101")
            self.refused(self.o.act("agent-1", "answer", "tache", effect=key, outcome="expired"),
                         "GR-5001")
            self.refused(self.o.act("agent-1", "retry", "tache", effect="timer/99/expired"),
                         "GR-5120")
            self.refused(self.o.act("agent-1", "retry", "tache"), "GR-5001")

    def test_a_clock_warns_before_its_end(self):
        """Two days before 12 March, when that day begins."""
        history = self.ok(self.o.greffe("show", "delai", "--history", "--json")).lines()
        warned = [entry["at"] for entry in history
                  for event in entry["events"] if event.get("name") == "silence.warned"]
        self.assertEqual(warned, ["2026-03-09T23:00:00Z"])


class Sealed(Case):
    """A clock that ends while money is on its way."""

    site = (SEALED / "site.yaml").read_text(encoding="utf-8")
    procedure = str(SEALED / "avance.yaml")
    money = None

    def test_a_clock_fires_and_the_sealed_part_goes_on(self):
        self.o.now = "2026-03-02T09:00:00Z"
        self.ok(self.o.do("payeur-1", "allot", "allocate", "aides", amount="80.00"))
        self.ok(self.o.do("eve", "file", "d1", procedure="avance", answers={
            "habitant": {"nom": "Exemple", "courriel": "eve@example.org", "iban": IBAN}}))
        self.ok(self.o.complete("agent-1", "constat", "done"))
        self.o.now = "2026-04-03T09:00:00Z"
        self.ok(self.o.settle())
        self.assertEqual(self.o.show()["clocks"][0]["phase"], "fired")
        self.at("paiement")
        self.ok(self.o.pay("batch", who="payeur-1", on="2026-04-07"))
        self.ok(self.o.settle())
        self.ok(self.o.pay("report", who="payeur-1", rejected={}))
        self.ok(self.o.settle())
        self.ended("verse")


if __name__ == "__main__":
    unittest.main()
