#!/usr/bin/env python3
"""Boards that count otherwise: the majority of the members, no casting vote, several proxies.

    GREFFE=path/to/greffe python3 test/scenario/voices_test.py

After each command the journals are verified.
"""

import unittest

from case import Case
from office import ROOT

BOARD = ROOT / "test" / "scenario" / "board"
COMMITTEE = ["est", "ouest", "nord", "sud", "centre", "littoral"]


class Voices(Case):
    """One session of a board with two dossiers that were proposed favourably."""

    site = (BOARD / "site.yaml").read_text(encoding="utf-8")
    procedure = str(BOARD / "adhesion.yaml")
    money = None
    board, step, statutes = "comite", "vote_comite", True

    def setUp(self):
        super().setUp()
        for dossier in ("d1", "d2"):
            self.ok(self.o.do(dossier, "file", dossier, procedure="adhesion", answers={
                "habitant": {"nom": "Exemple", "courriel": "a@example.org"},
                "demande": {"statuts": self.statutes}}))
            self.ok(self.o.complete("agent-1", "instruction", "favorable", dossier))
        self.ok(self.session("convene", board=self.board, on="2020-03-02"))
        self.ok(self.session("agenda", take="waiting"))

    def session(self, verb, **args):
        return self.o.session(verb, who="agent-1", **args)

    def present(self, *seats, **proxies):
        return self.session("presence", present=list(seats), proxies=proxies)

    def decide(self, outcome="granted", dossier="d1", **votes):
        args = {"votes": votes} if votes else {}
        return self.session("decide", dossier=dossier, outcome=outcome, **args)

    def votes(self, yes, no=0, abstain=0, **rest):
        return self.decide(**{"for": yes, "against": no, "abstain": abstain}, **rest)

    def close(self):
        self.ok(self.session("close"))
        self.ok(self.o.settle())


class MajorityOfTheMembers(Voices):
    """Six members, a quorum of three, two proxies a holder: four voices carry a decision."""

    def test_half_of_the_members_is_no_majority(self):
        self.ok(self.present(*COMMITTEE[:3]))
        with self.nothing_written():
            self.refused(self.votes(3), "GR-5404")
            self.refused(self.votes(3, outcome="refused"), "GR-5404")

    def test_without_a_count_all_voices_have_to_suffice(self):
        self.ok(self.present(*COMMITTEE[:3]))
        with self.nothing_written():
            self.refused(self.decide(), "GR-5404")
            self.refused(self.session("decide", rest="proposed"), "GR-5404")
        self.ok(self.present(*COMMITTEE[:4]))
        self.ok(self.session("decide", rest="proposed"))
        self.close()
        self.ended("accorde", "d1")
        self.ended("accorde", "d2")

    def test_to_postpone_takes_no_majority(self):
        self.ok(self.present(*COMMITTEE[:3]))
        self.ok(self.votes(1, 2, outcome="postponed"))
        self.ok(self.decide("postponed", "d2"))
        self.close()
        self.at(self.step, "d1")
        self.at(self.step, "d2")

    def test_abstentions_count_for_nobody(self):
        self.ok(self.present(*COMMITTEE))
        self.refused(self.votes(3, 2, 1), "GR-5404")
        self.refused(self.votes(3, 0, 3), "GR-5404")
        self.ok(self.votes(4, 0, 2))

    def test_the_chair_breaks_no_tie_of_the_members(self):
        self.ok(self.present(*COMMITTEE))
        self.refused(self.votes(3, 3), "GR-5404")
        self.ok(self.votes(4, 2))

    def test_a_recusal_does_not_make_the_board_smaller(self):
        self.ok(self.present(*COMMITTEE[:5]))
        self.ok(self.session("recuse", member="est", dossier="d1"))
        self.refused(self.votes(5), "GR-5404")
        self.refused(self.votes(3, 1), "GR-5404")
        self.ok(self.votes(4))
        self.ok(self.votes(5, dossier="d2"))

    def test_a_proxy_is_a_voice_and_no_presence(self):
        self.ok(self.present("est", "ouest", nord="est", sud="est"))
        self.refused(self.votes(4), "GR-5401")
        self.ok(self.present("est", "ouest", "centre", nord="est"))
        self.refused(self.votes(5), "GR-5404")
        self.ok(self.votes(4))

    def test_two_proxies_a_holder_and_not_three(self):
        with self.nothing_written():
            self.refused(self.present("est", "ouest", "nord", sud="est", centre="est",
                                      littoral="est"), "GR-5405")
        self.ok(self.present("est", "ouest", "nord", sud="est", centre="est", littoral="ouest"))
        self.ok(self.votes(6))

    def test_who_leaves_takes_the_proxies_along(self):
        self.ok(self.present("est", "ouest", "nord", sud="est"))
        self.ok(self.present("ouest", "nord", "littoral"))
        self.refused(self.votes(4), "GR-5404")


class NoCastingVote(Voices):
    """Four members, more than half of the votes cast, and a chair who breaks no tie."""

    board, step, statutes = "bureau", "vote_bureau", False

    def test_a_tie_decides_nothing(self):
        self.ok(self.present(*COMMITTEE[:4]))
        with self.nothing_written():
            self.refused(self.votes(2, 2), "GR-5404")
            self.refused(self.votes(2, 2, outcome="refused"), "GR-5404")
            self.refused(self.votes(1, 1, 2), "GR-5404")
            self.refused(self.votes(0, 0, 4), "GR-5404")
        self.ok(self.votes(2, 2, outcome="postponed"))
        self.close()
        self.at(self.step)

    def test_more_than_half_of_the_votes_cast(self):
        self.ok(self.present(*COMMITTEE[:4]))
        self.ok(self.votes(1, 0, 3))
        self.ok(self.votes(2, 1, 1, outcome="refused", dossier="d2"))
        self.close()
        self.ended("accorde")
        self.ended("refuse", "d2")

    def test_half_of_the_members_is_no_quorum(self):
        self.ok(self.present("est", "ouest"))
        self.refused(self.votes(2), "GR-5401")

    def test_no_proxies_where_none_are_allowed(self):
        with self.nothing_written():
            self.refused(self.present("est", "ouest", "nord", sud="est"), "GR-5405")

    def test_another_service_keeps_no_session(self):
        self.refused(self.o.session("presence", who="accueil-1", present=["est"]), "GR-5101")


if __name__ == "__main__":
    unittest.main()
