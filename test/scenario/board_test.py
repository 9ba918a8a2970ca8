#!/usr/bin/env python3
"""Drives the sessions of the board and the payments by hand: what is done, and what is refused.

    GREFFE=path/to/greffe python3 test/scenario/board_test.py

After each command the journals are verified.
"""

import pathlib
import re
import unittest

from case import Case
from office import APPLICANT, OTHER_IBAN, SEATS, WORKFLOW


class Board(Case):
    def setUp(self):
        super().setUp()
        self.filed("d1", "d2")
        self.favourable("d1")
        self.favourable("d2")

    def decide(self, **args):
        return self.o.session("decide", **{"dossier": "d1", "outcome": "granted", **args})

    def test_quorum(self):
        self.open_session(present=SEATS[:4], proxies={"meudon": "president",
                                                      "sevres": "boulogne"})
        with self.nothing_written():
            self.refused(self.decide(), "GR-5401")
            self.refused(self.o.session("decide", rest="proposed"), "GR-5401")
            self.refused(self.o.session("close"), "GR-5401")
        self.ok(self.o.session("close", no_quorum=True))
        self.ok(self.o.settle())
        self.at("deliberation")
        self.refused(self.o.session("convene", "s2", board="bureau", on="2020-03-04", follows="s1"),
                     "GR-5402")
        self.refused(self.o.session("convene", "s2", board="bureau", on="2020-03-05", follows="s9"),
                     "GR-5402")
        self.refused(self.o.session("convene", "s2", board="bureau", on="2020-03-05", second=True),
                     "GR-5001")
        self.o.now = "2020-03-05T09:00:00Z"
        self.open_session(present=SEATS[:1], session="s2", follows="s1")
        self.ok(self.o.session("decide", "s2", rest="proposed"))
        self.close_session("s2")
        self.at("paiement")

    def test_that_nobody_came_is_said_on_the_day(self):
        self.ok(self.o.session("convene", board="bureau", on="2020-03-02"))
        self.ok(self.o.session("agenda", take="waiting"))
        self.refused(self.o.session("close", no_quorum=True), "GR-5402")
        self.ok(self.o.session("presence", present=[]))
        self.ok(self.o.session("close", no_quorum=True))
        self.ok(self.o.session("convene", "s2", board="bureau", on="2020-03-20"))
        self.refused(self.o.session("presence", "s2", present=SEATS), "GR-5402")
        self.refused(self.o.session("close", "s2", no_quorum=True), "GR-5402")

    def test_odd_arguments_are_not_ignored(self):
        self.refused(self.o.session("convene", board="bureau", on="2020-03-02", follows=5),
                     "GR-5001")
        self.ok(self.o.session("convene", board="bureau", on="2020-03-02"))
        self.refused(self.o.session("presence", present=SEATS[:5], proxies=["meudon"]), "GR-5001")

    def test_a_grant_that_only_sent_it_back_neither_claims_nor_ends_it(self):
        self.filed("d3", foyer="7777777777777")
        self.ok(self.o.complete("instructeur-1", "completude", "complete", "d3"))
        self.ok(self.o.complete("instructeur-1", "instruction", "defavorable", "d3",
                                fill={"motif": "Hors zone"}))
        self.open_session()
        self.ok(self.o.session("decide", dossier="d3", outcome="granted"))
        self.close_session()
        self.at("instruction", "d3")
        self.ok(self.o.complete("instructeur-1", "instruction", "favorable", "d3"))
        self.open_session(session="s2")
        self.ok(self.o.session("decide", "s2", dossier="d3", outcome="refused"))
        self.close_session("s2")
        self.ended("refuse", "d3")
        self.filed("d4", foyer="7777777777777")
        self.favourable("d4")  # the claim is free again

    def test_what_was_sent_back_may_be_withdrawn(self):
        self.filed("d3", foyer="7777777777777")
        self.ok(self.o.complete("instructeur-1", "completude", "complete", "d3"))
        self.ok(self.o.complete("instructeur-1", "instruction", "defavorable", "d3",
                                fill={"motif": "Hors zone"}))
        self.open_session()
        self.ok(self.o.session("decide", dossier="d3", outcome="granted"))
        self.close_session()
        self.ok(self.o.act("eve", "withdraw", "d3"))
        self.ended("withdrawn", "d3")

    def test_five_of_nine_suffice(self):
        self.open_session(present=SEATS[4:])
        self.refused(self.o.session("close", no_quorum=True), "GR-5402")
        self.ok(self.decide())

    def test_without_presence_nothing_is_decided(self):
        self.ok(self.o.session("convene", board="bureau", on="2020-03-02"))
        self.ok(self.o.session("agenda", take="waiting"))
        self.refused(self.decide(), "GR-5401")

    def test_a_session_without_quorum_decides_nothing(self):
        """Members leave after a vote: closing "without quorum" may not carry that vote along."""
        self.open_session()
        self.ok(self.decide())
        self.ok(self.o.session("presence", present=SEATS[:2]))
        if self.o.session("close", no_quorum=True).exit == 0:
            self.ok(self.o.settle())
            self.at("deliberation")

    def test_proxies(self):
        self.ok(self.o.session("convene", board="bureau", on="2020-03-02"))
        self.ok(self.o.session("agenda", take="waiting"))
        present = SEATS[:5]
        for proxies in ({"meudon": "president", "sevres": "president"},  # two for one holder
                        {"boulogne": "president"},                       # the giver is there
                        {"meudon": "sevres"},                            # the holder is not
                        {"paris": "president"}, {"meudon": "paris"}, {"meudon": 7}):
            with self.subTest(proxies=proxies), self.nothing_written():
                self.refused(self.o.session("presence", present=present, proxies=proxies),
                             "GR-5405")
        with self.nothing_written():
            self.refused(self.o.session("presence", present=["paris"]), "GR-5405")
            self.refused(self.o.session("presence", present=["issy", "issy"]), "GR-5405")
        self.ok(self.o.session("presence", present=present, proxies={"meudon": "president"}))

    def test_votes(self):
        self.open_session(present=SEATS[:5], proxies={"meudon": "president"})
        with self.nothing_written():
            self.refused(self.decide(votes={"for": 7}), "GR-5404")
            self.refused(self.decide(votes={"for": 4, "against": 2, "abstain": 1}), "GR-5404")
            self.refused(self.decide(votes={"for": 2, "against": 4}), "GR-5404")
            self.refused(self.decide(votes={"for": -1, "against": 0}), "GR-5404")
            self.refused(self.decide(votes={"for": 1.5}), "GR-5404")
        self.ok(self.decide(votes={"for": 4, "against": 2}))

    def test_where_all_abstain_the_chair_breaks_no_tie(self):
        self.open_session()
        self.refused(self.decide(votes={"for": 0, "against": 0, "abstain": 9}), "GR-5404")

    def test_the_letter_gives_the_reasons_of_the_last_decision(self):
        self.filed("d3", foyer="7777777777777")
        self.ok(self.o.complete("instructeur-1", "completude", "complete", "d3"))
        self.ok(self.o.complete("instructeur-1", "instruction", "defavorable", "d3",
                                fill={"motif": "Hors zone"}))
        self.open_session()
        self.ok(self.o.session("decide", dossier="d3", outcome="granted", because="À revoir"))
        self.close_session()
        self.ok(self.o.complete("instructeur-1", "instruction", "favorable", "d3"))
        self.open_session(session="s2")
        self.ok(self.o.session("decide", "s2", dossier="d3", outcome="refused",
                               because="Doublon avec une autre aide"))
        self.close_session("s2")
        letter = [text for text in self.o.letters().values() if "est refusée" in text][0]
        self.assertIn("Doublon avec une autre aide", letter)
        self.assertNotIn("À revoir", letter)

    def test_a_postponement_that_is_not_told_yet_does_not_bar_a_withdrawal(self):
        self.open_session()
        self.ok(self.decide(outcome="postponed"))
        self.ok(self.o.session("close"))
        self.ok(self.o.act("eve", "withdraw"))
        self.ok(self.o.settle())
        self.ended("withdrawn")

    def test_votes_are_counts(self):
        self.open_session()
        for votes in ("beaucoup", [9], {"for": "neuf"}, {"pour": 9}):
            with self.subTest(votes=votes):
                self.refused(self.decide(votes=votes), "GR-5404", "GR-5001")

    def test_a_refusal_needs_its_majority_as_well(self):
        """Votes are counted for and against the decision that is taken."""
        self.open_session()
        self.refused(self.decide(outcome="refused", votes={"for": 0, "against": 9}), "GR-5404")

    def test_nobody_grants_nothing(self):
        """A second meeting needs no quorum, but somebody."""
        self.open_session(present=SEATS[:1])
        self.refused(self.o.session("convene", "s2", board="bureau", on="2020-03-20", follows="s1"),
                     "GR-5402")
        self.ok(self.o.session("close", no_quorum=True))
        self.ok(self.o.settle())
        self.o.now = "2020-03-05T09:00:00Z"
        self.open_session(present=[], session="s2", follows="s1")
        self.refused(self.o.session("decide", "s2", dossier="d1", outcome="granted"),
                     "GR-5401", "GR-5404")

    def test_the_chair_breaks_a_tie(self):
        self.open_session(present=SEATS[:6])
        self.ok(self.decide(votes={"for": 3, "against": 3}))

    def test_a_tie_without_the_chair_grants_nothing(self):
        self.open_session(present=SEATS[1:7])
        self.refused(self.decide(votes={"for": 3, "against": 3}), "GR-5404")

    def test_recusal(self):
        self.open_session(present=SEATS[:6], proxies={"vanves": "chaville"})
        self.ok(self.o.session("recuse", member="chaville", dossier="d1"))
        with self.nothing_written():  # neither chaville's own voice nor the one it holds
            self.refused(self.decide(votes={"for": 6}), "GR-5404")
            self.refused(self.o.session("recuse", member="paris", dossier="d1"), "GR-5403")
            self.refused(self.o.session("recuse", member="issy", dossier="d9"), "GR-5403")
        self.ok(self.decide(votes={"for": 5}))
        self.ok(self.decide(dossier="d2", votes={"for": 7}))

    def test_not_on_the_agenda(self):
        self.filed("d3", foyer="9999999999999")
        self.favourable("d3")
        self.ok(self.o.session("convene", board="bureau", on="2020-03-02"))
        self.ok(self.o.session("agenda", dossiers=["d1"]))
        self.ok(self.o.session("presence", present=SEATS))
        with self.nothing_written():
            self.refused(self.decide(dossier="d3"), "GR-5403")
            self.refused(self.decide(dossier="d9"), "GR-5403")
            self.refused(self.decide(outcome="perhaps"), "GR-5122")
            self.refused(self.o.session("agenda", dossiers=["d1"]), "GR-5120")
            self.refused(self.o.session("agenda", dossiers=["d9"]), "GR-5003")
            self.refused(self.o.session("agenda", dossiers="d3"), "GR-5001")

    def test_one_agenda_at_a_time(self):
        self.open_session()
        self.ok(self.o.session("convene", "s2", board="bureau", on="2020-03-09"))
        self.refused(self.o.session("agenda", "s2", dossiers=["d1"]), "GR-5120")

    def test_postponed(self):
        self.open_session()
        self.ok(self.decide(outcome="postponed"))
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        self.at("deliberation")
        self.at("paiement", "d2")
        self.open_session(session="s2")
        self.ok(self.o.session("decide", "s2", rest="proposed"))
        self.close_session("s2")
        self.at("paiement")
        self.money_is(committed="400.00", reserved="0.00")

    def test_not_reached(self):
        self.open_session()
        self.ok(self.decide())
        self.close_session()
        self.at("paiement")
        self.at("deliberation", "d2")

    def test_closed_is_closed(self):
        self.open_session()
        self.close_session()
        with self.nothing_written():
            self.refused(self.decide(), "GR-5402")
            self.refused(self.o.session("presence", present=SEATS), "GR-5402")
            self.refused(self.o.session("close"), "GR-5402")
            self.refused(self.o.session("convene", board="bureau", on="2020-03-02"), "GR-5006")

    def test_withdrawn_from_the_agenda(self):
        self.open_session()
        self.ok(self.o.act("eve", "withdraw", because="Vélo volé"))
        self.refused(self.decide(), "GR-5403")
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        self.ended("withdrawn")
        self.money_is(reserved="0.00", committed="200.00")

    def test_no_withdrawal_after_the_decision(self):
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        with self.nothing_written():
            self.refused(self.o.act("eve", "withdraw"), "GR-5120")

    def test_no_withdrawal_between_the_closing_and_its_relay(self):
        """The board has decided when its session closes, whenever the engine tells the dossier."""
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.ok(self.o.session("close"))
        self.refused(self.o.act("eve", "withdraw"), "GR-5120")


class Money(Case):
    money = "300.00"

    def test_unfunded_then_funded(self):
        self.filed("d1", "d2")
        self.favourable("d1")
        self.favourable("d2")
        self.at("deliberation")
        self.at("attente_credits", "d2")
        self.refused(self.o.complete("instructeur-1", "attente_credits", "credits", "d2"),
                     "GR-5101")
        self.ok(self.o.complete("ordonnateur-1", "attente_credits", "credits", "d2"))
        self.at("attente_credits", "d2")  # still too little
        self.ok(self.o.allocate("100.00"))
        self.ok(self.o.complete("ordonnateur-1", "attente_credits", "credits", "d2"))
        self.at("deliberation", "d2")
        self.money_is(allocated="400.00", reserved="400.00", free="0.00")

    def test_to_the_cent(self):
        self.ok(self.o.allocate("-100.01"))
        self.filed()
        self.favourable()
        self.at("attente_credits")
        self.ok(self.o.allocate("0.01"))
        self.ok(self.o.complete("ordonnateur-1", "attente_credits", "credits"))
        self.money_is(reserved="200.00", free="0.00")
        with self.nothing_written():
            self.refused(self.o.allocate("-0.01"), "GR-5301")

    def test_amounts(self):
        with self.nothing_written():
            for amount in ("1.001", "1,00", "", "beaucoup", True, None, "1e30"):
                with self.subTest(amount=amount):
                    self.refused(self.o.allocate(amount), "GR-5001")

    def test_rejected_by_the_bank(self):
        self.granted()
        self.batch()
        self.report(rejected={"d1": "AC04"})
        self.at("iban")
        self.money_is(committed="200.00", spent="0.00")
        self.refused(self.o.act("eve", "withdraw"), "GR-5120")
        for fill, code in (({"iban": "FR76"}, "GR-5205"), ({}, "GR-5202")):
            self.refused(self.o.complete("eve", "iban", "fourni", fill=fill), code)
        self.ok(self.o.complete("eve", "iban", "fourni", fill={"iban": OTHER_IBAN}))
        self.batch("b2")
        self.assertIn(f"<IBAN>{OTHER_IBAN}</IBAN>", self.o.payment("b2"))
        self.report("b2")
        self.ended("verse")
        self.money_is(committed="0.00", spent="200.00")
        ids = re.findall("<EndToEndId>([^<]+)", self.o.payment() + self.o.payment("b2"))
        self.assertEqual(len(ids), len(set(ids)))

    def test_unknown_then_accepted(self):
        self.granted()
        self.batch()
        self.report(unknown=["d1"])
        self.at("paiement")
        self.refused(self.o.pay("batch", "b2", on="2020-03-20"), "GR-5501")
        self.report(unknown=["d1"])
        self.at("paiement")
        self.report()
        self.ended("verse")
        self.money_is(spent="200.00")

    def test_unknown_then_rejected(self):
        self.granted()
        self.batch()
        self.report(unknown=["d1"])
        self.report(rejected={"d1": "AC04"})
        self.at("iban")

    def test_a_second_report_changes_nothing(self):
        self.granted()
        self.batch()
        self.report()
        self.ended("verse")
        self.report(rejected={"d1": "AC04"})
        self.ended("verse")
        self.money_is(spent="200.00")

    def test_a_report_names_what_is_in_the_batch(self):
        """A rejection of nothing may not pass for an acceptance of all."""
        self.granted()
        self.batch()
        for args in ({"rejected": {"d9": "AC04"}, "unknown": []},
                     {"rejected": {}, "unknown": ["d9"]},
                     {"rejected": ["d1"]}):
            with self.subTest(args=args):
                self.assertEqual(self.o.pay("report", "b1", **args).exit, 1)

    def test_batches(self):
        self.refused(self.o.pay("batch", on="2020-03-10"), "GR-5501")
        self.granted()
        with self.nothing_written():
            self.refused(self.o.pay("batch", on="demain"), "GR-5001")
            self.refused(self.o.pay("batch"), "GR-5001")
            self.refused(self.o.pay("batch", on="2020-03-10", orders=[]), "GR-5501")
            self.refused(self.o.pay("batch", on="2020-03-10", orders=["x"]), "GR-5502",
                         "GR-5003")
        order = self.o.list("orders")[0]["order"]
        self.refused(self.o.pay("batch", on="2020-03-10", orders=[order, order]), "GR-5502")
        self.ok(self.o.pay("batch", on="2020-03-10", orders=[order]))
        self.refused(self.o.pay("report", rejected={}, unknown=[]), "GR-5502")
        self.refused(self.o.pay("batch", on="2020-03-10"), "GR-5006")
        self.refused(self.o.pay("batch", "b2", on="2020-03-10", orders=[order]), "GR-5502")

    def test_an_order_that_is_no_key(self):
        self.granted()
        self.refused(self.o.pay("batch", on="2020-03-10", orders=[7]), "GR-5001", "GR-5502",
                     "GR-5003")


class Households(Case):
    def setUp(self):
        super().setUp()
        self.filed("d1", "d2", foyer=APPLICANT["foyer"])
        self.favourable("d1")
        self.ok(self.o.complete("instructeur-1", "completude", "complete", "d2"))

    def second(self, **rest):
        return self.o.complete("instructeur-1", "instruction", "favorable", "d2", **rest)

    def test_held_while_in_instruction_and_after_the_grant(self):
        with self.nothing_written():
            answer = self.refused(self.second(), "GR-5310")
        self.assertIn("d1", answer.err)
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        self.refused(self.second(), "GR-5310")
        self.batch()
        self.report()
        self.refused(self.second(), "GR-5310")

    def test_free_after_a_withdrawal(self):
        self.ok(self.o.act("eve", "withdraw"))
        self.ok(self.second())

    def test_free_after_a_refusal(self):
        self.open_session()
        self.ok(self.o.session("decide", dossier="d1", outcome="refused", because="Non."))
        self.close_session()
        self.ok(self.second())

    def test_free_after_silence(self):
        self.filed("d3", foyer="7777777777777")
        self.ok(self.o.settle("2020-05-05T00:00:00Z"))
        self.ended("refus_implicite")
        self.o.now = "2020-05-06T09:00:00Z"
        self.ok(self.o.file("d4"))
        self.favourable("d4")


class People(Case):
    """One person in both services; a delegate that somebody put into services by mistake."""

    site = (WORKFLOW / "site.yaml").read_text(encoding="utf-8") + """\
  double-1: {kind: agent, services: [mobilites, finances]}
  faux-1: {kind: delegate, roles: prestataire, services: [finances, assemblees]}
"""

    def test_who_instructed_does_not_pay(self):
        self.filed()
        self.favourable(who="double-1")
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        with self.nothing_written():
            self.refused(self.o.pay("batch", who="double-1", on="2020-03-10"), "GR-5102")
        self.batch()

    def test_who_instructed_nothing_pays(self):
        self.granted()
        self.ok(self.o.pay("batch", who="double-1", on="2020-03-10"))

    def test_a_delegate_instructs(self):
        self.filed()
        self.favourable(who="faux-1")

    def test_a_delegate_never_pays(self):
        self.granted()
        for who in ("prestataire-1", "faux-1"):
            with self.subTest(who=who):
                self.refused(self.o.pay("batch", who=who, on="2020-03-10"), "GR-5104", "GR-5101",
                             "GR-5102")

    def test_a_delegate_never_decides(self):
        for who in ("prestataire-1", "faux-1"):
            with self.subTest(who=who):
                self.refused(self.o.allocate("1.00", who=who), "GR-5104", "GR-5101")
                self.refused(self.o.session("convene", "s9", who=who, board="bureau",
                                            on="2020-03-09"), "GR-5104", "GR-5101")


class Incidents(Case):
    """A file stands where a folder of letters or payments should be, until somebody removes it."""

    def block(self, folder):
        path = pathlib.Path(self.o.out) / folder
        path.parent.mkdir(exist_ok=True)
        path.write_text("in the way")
        return path

    def try_often(self):
        for hour in range(9, 24):
            self.ok(self.o.settle(f"2020-03-03T{hour:02d}:00:00Z"))
        self.o.now = "2020-03-04T09:00:00Z"

    def effects(self):
        return self.o.list("effects")

    def test_a_letter_is_sent_again(self):
        path = self.block("letters")
        self.filed()
        self.try_often()
        stuck = self.effects()
        self.assertEqual(len(stuck), 1)
        self.assertTrue(stuck[0].get("state"), stuck)
        path.unlink()
        self.ok(self.o.settle())
        self.assertEqual(self.o.letters(), {})  # nobody tries again unasked
        self.refused(self.o.act("adam", "retry", effect=stuck[0]["effect"]), "GR-5101")
        self.refused(self.o.act("instructeur-1", "retry", effect="d1/99"), "GR-5120")
        self.ok(self.o.act("instructeur-1", "retry", effect=stuck[0]["effect"]))
        self.ok(self.o.settle())
        self.assertEqual(len(self.o.letters()), 1)
        self.assertEqual(self.effects(), [])

    def test_a_letter_is_answered_for(self):
        self.block("letters")
        self.filed()
        self.try_often()
        effect = self.effects()[0]["effect"]
        self.refused(self.o.act("instructeur-1", "answer", effect=effect), "GR-5001")
        self.ok(self.o.act("instructeur-1", "answer", effect=effect, because="Remise en main."))
        self.assertEqual(self.effects(), [])

    def test_it_succeeds_by_itself_when_mended_early(self):
        path = self.block("letters")
        self.filed()
        self.ok(self.o.settle())
        path.unlink()
        self.ok(self.o.settle("2020-03-02T09:10:00Z"))
        self.assertEqual(len(self.o.letters()), 1)

    def test_a_payment_file_is_written_again(self):
        self.granted()
        path = self.block("payments")
        self.ok(self.o.pay("batch", on="2020-03-10"))
        self.try_often()
        stuck = self.effects()
        self.assertTrue(stuck[0].get("state"), stuck)
        path.unlink()
        answers = [self.o.act("ordonnateur-1", "retry", "b1", effect="b1"),
                   self.o.pay("retry", "b1", effect="b1")]
        self.ok(self.o.settle())
        self.assertEqual(self.effects(), [], "\n".join(map(str, answers)))
        self.report()
        self.ended("verse")


if __name__ == "__main__":
    unittest.main()
