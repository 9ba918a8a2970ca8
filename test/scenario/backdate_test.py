#!/usr/bin/env python3
"""Letters that came on Friday and are entered on Monday.

    GREFFE=path/to/greffe python3 test/scenario/backdate_test.py

After each command the journals are verified.
"""

import json
import unittest

from case import Case
from office import WORKFLOW, filing, paper


class Backdate(Case):
    site = (WORKFLOW / "site.yaml").read_text(encoding="utf-8") + """\
  courrier-1: {kind: agent, services: mobilites, roles: backdate, channel: mail}
"""

    def enter(self, what, day, why="reçu par courrier", who="courrier-1", dossier="d1", **rest):
        """A command of the citizen's, entered by an agent, counting from a day."""
        words = ["file", dossier] if what == "file" else ["act", what, dossier]
        options = {"effective": day, "because": why} if why else {"effective": day}
        self.o.count += 1
        return self.o.greffe(*words, as_=who, for_="eve", now=self.o.now,
                             key=f"b{self.o.count}", args=json.dumps(rest), **options)

    def asked(self, now="2020-03-10T09:00:00Z"):
        self.filed("d1")
        self.o.now = now
        self.ok(self.o.act("instructeur-1", "ask", step="completude", documents=["rib"]))
        self.ok(self.o.settle())

    def effects(self):
        return [one for one in self.o.list("effects") if one.get("state") == "incident"]

    def test_a_filing_counts_from_the_day_it_came(self):
        self.o.now = "2020-03-09T09:00:00Z"
        content = filing(achat="2020-01-02")
        self.ok(self.enter("file", "2020-03-06", procedure="velo", **content))
        shown = self.o.show()
        self.assertEqual(shown["filed_on"], "2020-03-06")
        self.due("2020-05-06")
        history = self.o.greffe("show", "d1", "--history", "--json").out
        self.assertIn('"effective":"2020-03-06"', history)
        self.assertNotIn("courrier", history.replace('"mail"', ""))

    def test_after_the_closing_a_letter_that_came_in_time_is_taken(self):
        self.o.now = "2021-01-04T09:00:00Z"
        content = filing(achat="2020-01-02")
        self.refused(self.enter("file", "2021-01-02", procedure="velo", **content), "GR-5110")
        self.ok(self.enter("file", "2020-12-31", procedure="velo", **content))

    def test_it_needs_a_right_a_reason_and_a_day_that_can_be(self):
        self.o.now = "2020-03-09T09:00:00Z"
        content = filing(achat="2020-01-02")
        with self.nothing_written():
            for who, why, day in (("instructeur-1", "parce que", "2020-03-06"),
                                  ("courrier-1", None, "2020-03-06"),
                                  ("courrier-1", "demain", "2020-03-10")):
                with self.subTest(who=who, why=why, day=day):
                    self.refused(self.enter("file", day, why, who, procedure="velo", **content),
                                 "GR-5008")
            self.refused(self.enter("file", "6 mars", procedure="velo", **content), "GR-5001")
        self.filed("d1")
        with self.nothing_written():
            self.refused(self.enter("withdraw", "2020-03-08"), "GR-5008")  # before the filing
            self.refused(self.enter("comment", "2020-03-09", text="x"), "GR-5008")

    def test_the_same_key_for_another_day_is_another_command(self):
        self.filed("d1")
        self.o.now = "2020-03-09T09:00:00Z"
        give = dict(as_="courrier-1", for_="eve", now=self.o.now, key="same", because="courrier",
                    args="{}")
        self.ok(self.o.greffe("act", "withdraw", "d1", effective="2020-03-05", **give))
        self.ok(self.o.greffe("act", "withdraw", "d1", effective="2020-03-05", **give))
        self.refused(self.o.greffe("act", "withdraw", "d1", effective="2020-03-06", **give),
                     "GR-5004")

    def test_a_suspension_ends_on_the_day_the_document_came(self):
        self.asked()
        self.o.now = "2020-03-16T09:00:00Z"
        self.ok(self.enter("supply", "2020-03-13", documents={"rib": paper("rib")}))
        self.at("completude")
        self.due("2020-05-05")  # 2 March + 2 months + 3 days, not 6

    def test_what_came_in_time_and_is_entered_too_late_opens_a_correction(self):
        self.asked()
        self.o.now = "2020-04-15T09:00:00Z"
        self.ok(self.o.settle())
        self.ended("classe")
        late = self.enter("supply", "2020-04-09", documents={"rib": paper("rib")})
        self.assertIn("correction", self.ok(late).out)
        self.ended("classe")
        incident = self.effects()
        self.assertEqual(len(incident), 1, incident)
        self.assertIn("came in time", incident[0]["problem"])
        key = incident[0]["effect"]
        self.refused(self.o.act("instructeur-1", "retry", effect=key), "GR-5120")
        self.ok(self.o.act("instructeur-1", "answer", effect=key,
                           because="Dossier redéposé sous d1bis"))
        self.assertEqual(self.effects(), [])

    def test_an_answer_cannot_have_come_before_its_question(self):
        self.asked()
        self.o.now = "2020-03-16T09:00:00Z"
        with self.nothing_written():
            self.refused(self.enter("supply", "2020-03-05", documents={"rib": paper("rib")}),
                         "GR-5008")
        self.ok(self.enter("supply", "2020-03-10", documents={"rib": paper("rib")}))
        self.due("2020-05-04")

    def test_a_withdrawal_that_came_in_time_opens_a_correction_whether_the_letter_left_or_not(self):
        self.asked()
        self.o.now = "2020-04-15T09:00:00Z"
        answer = self.ok(self.enter("withdraw", "2020-03-20"))
        self.assertIn("correction", answer.out)
        self.ok(self.o.settle())
        self.ended("classe")

    def test_a_correction_is_the_applicant_s_own_or_entered_for_one(self):
        self.asked()
        self.o.now = "2020-04-15T09:00:00Z"
        self.ok(self.o.settle())
        self.o.count += 1
        with self.nothing_written():
            self.refused(self.o.greffe("act", "withdraw", "d1", as_="courrier-1", args="{}",
                                       now=self.o.now, key="alone", because="courrier",
                                       effective="2020-03-20"), "GR-5101")

    def test_an_answer_to_a_correction_is_no_place_for_free_text(self):
        self.asked()
        self.o.now = "2020-04-15T09:00:00Z"
        self.ok(self.o.settle())
        self.ok(self.enter("supply", "2020-04-09", documents={"rib": paper("rib")}))
        key = self.effects()[0]["effect"]
        with self.nothing_written():
            self.refused(self.o.act("instructeur-1", "answer", effect=key, because="vu",
                                    outcome="Madame Untel"), "GR-5122")

    def test_what_came_too_late_is_refused_as_ever(self):
        self.asked()
        self.o.now = "2020-04-15T09:00:00Z"
        self.ok(self.o.settle())
        with self.nothing_written():
            self.refused(self.enter("supply", "2020-04-14", documents={"rib": paper("rib")}),
                         "GR-5120")


if __name__ == "__main__":
    unittest.main()
