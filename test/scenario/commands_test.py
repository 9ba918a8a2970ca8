#!/usr/bin/env python3
"""Drives dossiers by hand, command by command, as clerks would: what is done, and what is refused.

    GREFFE=path/to/greffe python3 test/scenario/commands_test.py

Filing, roles, keys, completeness, clocks and tasks; the board and the money are in board_test.py.
Every date that is expected was worked out by hand. After each command the journals are verified.
"""

import json
import re
import pathlib
import shutil
import tempfile
import unittest

from case import Case
from office import IBAN, OTHER_IBAN, PAPERS, SEATS, WORKFLOW, Office, filing, paper

STAFF = ["guichet-1", "instructeur-1", "prestataire-1", "secretariat-1", "ordonnateur-1",
         "finances-1"]


class HappyPath(Case):
    def test_from_filing_to_payment(self):
        answer = self.ok(self.o.file())
        self.assertEqual(answer.lines()[0]["number"], "VELO-2020-000001")
        self.favourable()
        self.at("deliberation")
        self.money_is(reserved="200.00", committed="0.00", free="9800.00")
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed", votes={"for": 7, "against": 2}))
        self.close_session()
        self.at("paiement")
        self.money_is(reserved="0.00", committed="200.00", spent="0.00")
        self.batch()
        self.assertIn("<CtrlSum>200.00</CtrlSum>", self.o.payment())
        self.assertIn(f"<IBAN>{IBAN}</IBAN>", self.o.payment())
        self.report()
        self.ended("verse")
        self.money_is(committed="0.00", spent="200.00", free="9800.00")
        self.assertEqual(self.o.show()["paid"], "200.00")

    def test_its_letters_are_whole(self):
        self.granted()
        letters = self.o.letters()
        self.assertEqual(len(letters), 2, list(letters))
        for name, text in letters.items():
            self.assertNotIn("{{", text, name)
            self.assertIn("VELO-2020-000001", text, name)

    def test_at_the_counter(self):
        self.ok(self.o.file(who="guichet-1", for_="eve"))
        self.refused(self.o.act("guichet-1", "withdraw"), "GR-5101")
        self.ok(self.o.act("eve", "withdraw"))

    def test_a_refusal_carries_its_reason(self):
        self.filed()
        self.ok(self.o.complete("instructeur-1", "completude", "complete"))
        self.ok(self.o.complete("instructeur-1", "instruction", "defavorable",
                                fill={"motif": "Le vélo n'est pas neuf."}))
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        self.ended("refuse")
        self.assertTrue(any("Le vélo n'est pas neuf." in text
                            for text in self.o.letters().values()), self.o.letters())

    def test_the_boards_own_reason(self):
        self.filed()
        self.favourable()
        self.open_session()
        self.ok(self.o.session("decide", dossier="d1", outcome="refused",
                               because="Crédits réservés aux familles."))
        self.close_session()
        self.ended("refuse")
        self.money_is(reserved="0.00", committed="0.00", free="10000.00")
        self.assertTrue(any("Crédits réservés aux familles." in text
                            for text in self.o.letters().values()))

    def test_an_unfavourable_opinion_need_not_be_followed(self):
        self.filed()
        self.ok(self.o.complete("instructeur-1", "completude", "complete"))
        self.ok(self.o.complete("instructeur-1", "instruction", "defavorable",
                                fill={"motif": "Douteux."}))
        self.open_session()
        self.ok(self.o.session("decide", dossier="d1", outcome="granted"))
        self.close_session()
        self.at("instruction")


class Keys(Case):
    def test_twice_the_same_is_once(self):
        first = self.ok(self.o.file(key="k"))
        with self.nothing_written():
            again = self.ok(self.o.file(key="k"))
            later = self.ok(self.o.file(key="k", now="2020-03-05T09:00:00Z"))
        self.assertEqual((again.out, later.out), (first.out, first.out))

    def test_the_order_of_names_is_no_content(self):
        content = filing()
        self.ok(self.o.file(key="k", content=content))
        turned = {name: dict(reversed(value.items()))
                  for name, value in reversed(content.items())}
        with self.nothing_written():
            self.ok(self.o.file(key="k", content=turned))

    def test_another_content_is_refused(self):
        self.ok(self.o.file(key="k"))
        with self.nothing_written():
            self.refused(self.o.file(key="k", content=filing(nom="Durand")), "GR-5004")
            self.refused(self.o.file(key="k", who="adam"), "GR-5004")
            self.refused(self.o.act("eve", "comment", key="k", text="Bonjour"), "GR-5004")

    def test_a_refused_command_leaves_its_key_free(self):
        self.refused(self.o.file(key="k", content=filing(nom=None)), "GR-5202")
        self.ok(self.o.file(key="k"))

    def test_the_same_key_serves_another_stream(self):
        self.ok(self.o.file("d1", key="k"))
        self.ok(self.o.file("d2", key="k"))

    def test_a_dossier_is_filed_once(self):
        self.ok(self.o.file())
        with self.nothing_written():
            self.refused(self.o.file(), "GR-5006")

    def test_the_engines_own_keys_cannot_be_taken(self):
        """Whoever uses the key of a timer for a comment must not keep that timer from firing."""
        self.filed()
        for number in range(1, 9):
            self.o.act("eve", "comment", text="Bonjour", key=f"timer/{number}")
        self.ok(self.o.settle("2020-06-01T09:00:00Z"))
        self.ended("refus_implicite")


class Roles(Case):
    def forbidden(self, words, allowed, *codes, **args):
        """Refused to everybody but the roles that may; the journal stays as it is."""
        everybody = STAFF + ["eve", "adam"]
        with self.nothing_written():
            for who in everybody:
                if who.rsplit("-", 1)[0] not in allowed:
                    with self.subTest(command=words, who=who):
                        self.refused(self.o.do(who, *words, **args),
                                     *(codes or ("GR-5101", "GR-5104")))

    def test_filing(self):
        for who in ("prestataire-1",):
            with self.subTest(who=who):
                self.refused(self.o.file(who=who), "GR-5101")
                self.refused(self.o.file(who=who, for_="eve"), "GR-5101")
        self.refused(self.o.file(who="guichet-1"), "GR-5001")

    def test_completeness(self):
        self.filed()
        clerks = ("instructeur", "prestataire")
        self.forbidden(("act", "complete", "d1"), clerks, step="completude", outcome="complete")
        self.forbidden(("act", "ask", "d1"), clerks, step="completude", documents=["rib"])
        self.forbidden(("act", "claim", "d1"), clerks, step="completude")
        self.forbidden(("act", "hand over", "d1"), clerks, step="completude", person="x")

    def test_supplying_and_withdrawing(self):
        self.filed()
        self.ok(self.o.act("instructeur-1", "ask", step="completude", documents=["rib"]))
        self.forbidden(("act", "supply", "d1"), ("eve",), documents={"rib": paper("rib")})
        self.forbidden(("act", "withdraw", "d1"), ("eve",), because="Non")

    def test_instruction(self):
        self.filed()
        self.ok(self.o.complete("prestataire-1", "completude", "complete"))
        self.forbidden(("act", "complete", "d1"), ("instructeur", "prestataire"),
                       step="instruction", outcome="favorable")

    def test_comments(self):
        self.filed()
        self.forbidden(("act", "comment", "d1"),
                       ("eve", "instructeur", "prestataire", "ordonnateur", "finances"),
                       text="Bonjour")

    def test_sessions(self):
        self.filed()
        self.favourable()
        self.forbidden(("session", "convene", "s0"), ("secretariat",), board="bureau",
                       on="2020-03-02")
        self.open_session()
        for verb, args in (("agenda", {"take": "waiting"}), ("presence", {"present": SEATS}),
                           ("recuse", {"member": "issy", "dossier": "d1"}),
                           ("decide", {"rest": "proposed"}), ("close", {})):
            self.forbidden(("session", verb, "s1"), ("secretariat",), **args)

    def test_money(self):
        self.granted()
        cashiers = ("ordonnateur", "finances")
        self.forbidden(("allot", "allocate", "velo_2020"), cashiers, amount="1.00")
        self.forbidden(("pay", "batch", "b1"), cashiers, "GR-5101", "GR-5102", "GR-5104",
                       on="2020-03-10")
        self.batch()
        self.forbidden(("pay", "report", "b1"), cashiers, rejected={}, unknown=[])
        self.report(rejected={"d1": "AC04"})
        self.forbidden(("act", "complete", "d1"), ("eve",), step="iban", outcome="fourni",
                       fill={"iban": OTHER_IBAN})

    def test_timers_and_results_are_the_engines_own(self):
        self.granted()
        for number in range(1, 7):
            for verb in ("timer", "result", "session.result", "order.result", "pay.emitted"):
                with self.subTest(verb=verb, timer=number), self.nothing_written():
                    answer = self.o.act("adam", verb, timer=number, effect="d1/5", session="s1",
                                        order="VELO-2020-000001-1", outcome="sent")
                    self.assertNotEqual(answer.exit, 0)

    def test_a_stranger_cannot_fire_the_silence_clock(self):
        self.filed()
        for number in range(1, 7):
            self.o.act("adam", "timer", timer=number)
        self.at("completude")

    def test_unknown_things(self):
        self.filed()
        with self.nothing_written():
            self.refused(self.o.act("eve", "dance"), "GR-5002")
            self.refused(self.o.act("eve", "comment", "d9", text="Bonjour"), "GR-5003")
            self.refused(self.o.session("agenda", "s9", take="waiting"), "GR-5003")
            self.refused(self.o.pay("report", "b9"), "GR-5003")
            self.refused(self.o.session("convene", board="conseil", on="2020-03-02"), "GR-5003")
            self.refused(self.o.do("finances-1", "allot", "allocate", "autre", amount="1.00"),
                         "GR-5003")
            self.refused(self.o.complete("instructeur-1", "instruction", "favorable"), "GR-5121")
            self.refused(self.o.complete("instructeur-1", "completude", "perdu"), "GR-5122")
            self.refused(self.o.complete("instructeur-1", "completude", "expired"), "GR-5122")

    def test_wrong_use_of_the_command(self):
        self.assertEqual(self.o.greffe("dance").exit, 2)
        self.assertEqual(self.o.greffe("act", "comment", "d1").exit, 2)
        self.refused(self.o.greffe("act", "comment", "d1", args="{", as_="eve"), "GR-5001")
        self.assertEqual(self.o.greffe("file", "d1", args="[", procedure="velo", as_="eve").exit, 2)
        self.assertEqual(self.o.greffe("file", "d1", procedure='"velo', as_="eve").exit, 2)
        self.assertEqual(self.o.greffe("run", now="demain").exit, 2)
        self.refused(self.o.greffe("act", "comment", "d1", args="[]", as_="eve"), "GR-5001")
        self.refused(self.o.greffe("show", "d9"), "GR-5003")

    def test_a_date_that_does_not_exist_is_no_instant(self):
        self.assertEqual(self.o.greffe("run", now="2020-02-31").exit, 2)
        self.assertEqual(self.o.greffe("run", now="2019-02-29T10:00:00Z").exit, 2)


class Arguments(Case):
    """What is given to a command reaches it to the last digit."""

    money = None

    def file_raw(self, price, **options):
        text = json.dumps(filing()).replace('"1499.99"', price)
        return self.o.greffe("file", "d1", as_="eve", now=self.o.now, args=text, **options)

    def test_no_digit_of_an_amount_is_lost(self):
        for price in ("1499.990000000000000000001", "0.1e-40", '"1499.990000000000000000001"'):
            with self.subTest(price=price), self.nothing_written():
                self.refused(self.file_raw(price, procedure="velo"), "GR-5203", "GR-5204")

    def test_a_procedure_beside_its_arguments(self):
        path = self.o.path / "demande.json"
        path.write_text(json.dumps(filing()), encoding="utf-8")
        self.ok(self.o.greffe("file", "d1", as_="eve", now=self.o.now, procedure="velo",
                              args=f"@{path}"))

    def test_a_procedure_named_twice(self):
        text = json.dumps({"procedure": "velo", **filing()})
        self.refused(self.o.greffe("file", "d1", as_="eve", now=self.o.now, args=text,
                                   procedure="velo"), "GR-5001")

    def test_a_version_that_is_stale(self):
        self.filed("d1")
        seen = str(self.o.show()["version"])
        self.ok(self.o.act("instructeur-1", "comment", text="Vu"))
        with self.nothing_written():
            answer = self.refused(self.o.greffe(
                "act", "complete", "d1", as_="instructeur-1", now=self.o.now, if_version=seen,
                args='{"step": "completude", "outcome": "complete"}'), "GR-5005")
        self.assertIn("read it again", answer.err)
        seen = str(self.o.show()["version"])
        self.ok(self.o.greffe("act", "complete", "d1", as_="instructeur-1", now=self.o.now,
                              if_version=seen,
                              args='{"step": "completude", "outcome": "complete"}'))
        self.assertEqual(self.o.greffe("act", "comment", "d1", as_="eve", if_version="0").exit, 2)


class Filing(Case):
    def wrong(self, code, content):
        with self.nothing_written():
            self.refused(self.o.file(content=content), code)

    def test_before_the_opening(self):
        self.refused(self.o.file(now="2019-12-31T22:59:59Z",
                                 content=filing(achat="2019-12-01")), "GR-5110")
        self.ok(self.o.file(now="2019-12-31T23:00:00Z", content=filing(achat="2019-12-01")))
        self.assertEqual(self.o.show()["number"], "VELO-2020-000001")

    def test_after_the_closing(self):
        answer = self.refused(self.o.file(now="2020-12-31T23:00:00Z"), "GR-5110")
        self.assertIn("Mobilités", answer.err)
        self.ok(self.o.file(now="2020-12-31T22:59:59Z"))

    def test_accounts(self):
        for iban in ("FR7630006000011234567890188", "FR763000600001123456789018", "FR76",
                     "7630006000011234567890189FR", "FR76300060000112345678901é9"):
            with self.subTest(iban=iban):
                self.wrong("GR-5205", filing(iban=iban))
        self.ok(self.o.file(content=filing(iban="fr76 3000 6000 0112 3456 7890 189")))
        self.assertEqual(self.o.show()["answers"][0]["values"]["iban"], IBAN)

    def test_answers(self):
        for code, changes in (
                ("GR-5202", {"nom": None}), ("GR-5202", {"nom": ""}), ("GR-5202", {"neuf": None}),
                ("GR-5210", {"commune": "75056"}), ("GR-5210", {"modele": "tandem"}),
                ("GR-5203", {"neuf": "oui"}), ("GR-5203", {"prix": "1,50"}),
                ("GR-5203", {"prix": "1499.999"}), ("GR-5203", {"achat": "2020-02-30"}),
                ("GR-5203", {"courriel": "eve"}), ("GR-5204", {"prix": "0.99"}),
                ("GR-5203", {"courriel": "eve@example.org\r\nBcc: x@example.org"}),
                ("GR-5204", {"prix": "20000.01"}), ("GR-5204", {"foyer": "123456789012"}),
                ("GR-5204", {"foyer": "12345678901é3"}), ("GR-5204", {"nom": "x" * 101}),
                ("GR-5211", {"achat": "2020-03-03"}), ("GR-5211", {"naissance": "2002-03-03"})):
            with self.subTest(changes=changes):
                self.wrong(code, filing(**changes))

    def test_answers_at_the_bounds(self):
        self.ok(self.o.file("d1", content=filing(prix="20000.00", achat="2020-03-02",
                                                 naissance="2002-03-02", nom="é" * 100)))
        self.ok(self.o.file("d2", content=filing(prix="1.00")))

    def test_unknown_answers(self):
        content = filing()
        content["answers"]["velo"]["couleur"] = "rouge"
        self.wrong("GR-5201", content)
        self.wrong("GR-5201", {"answers": {"voiture": {}}, "documents": {}})

    def test_documents(self):
        for code, changes in (("GR-5208", {"media": "image/png"}), ("GR-5208", {"media": None}),
                              ("GR-5209", {"size": 0}), ("GR-5209", {"size": -1}),
                              ("GR-5209", {"size": "big"}), ("GR-5209", {"size": 5 * 2**20 + 1}),
                              ("GR-5001", {"sha256": "ab"})):
            with self.subTest(changes=changes):
                self.wrong(code, filing(documents={"rib": paper("rib", **changes)}))
        self.wrong("GR-5206", filing(documents={"permis": paper("permis")}))
        self.ok(self.o.file(content=filing(documents={"rib": paper("rib", size=5_000_000,
                                                                   media="image/jpeg")})))

    def test_a_digest_is_hexadecimal(self):
        self.wrong("GR-5001", filing(documents={"rib": paper("rib", sha256="zz" * 32)}))

    def test_nothing_at_all(self):
        self.wrong("GR-5202", {"answers": {}, "documents": {}})
        self.refused(self.o.do("eve", "file", "d1", procedure="auto"), "GR-5003")

    def test_missing_documents_stop_the_instruction(self):
        self.ok(self.o.file(content=filing(without=["facture"])))
        with self.nothing_written():
            self.refused(self.o.complete("instructeur-1", "completude", "complete"), "GR-5207")

    def test_a_missing_rib_stops_the_payment_only(self):
        self.ok(self.o.file(content=filing(without=["domicile"])))
        self.ok(self.o.act("instructeur-1", "ask", step="completude", documents=["domicile"]))
        self.ok(self.o.act("eve", "supply", documents={"domicile": paper("domicile")}))
        self.ok(self.o.complete("instructeur-1", "completude", "complete"))


class Drafts(Case):
    def save(self, who="eve", **rest):
        return self.o.act(who, "save", procedure="velo", **rest)

    def test_saved_and_filed(self):
        self.ok(self.save(answers={"demandeur": {"nom": "Martin"}}))
        self.assertEqual(self.o.show()["phase"], "draft")
        self.ok(self.save(answers={"demandeur": {"prenom": "Ève"}}))
        content = filing()
        for name in ("nom", "prenom"):
            del content["answers"]["demandeur"][name]
        self.ok(self.o.file(content=content))
        self.assertEqual(self.o.show()["number"], "VELO-2020-000001")
        self.due("2020-05-04")

    def test_an_incomplete_draft_is_not_filed(self):
        self.ok(self.save(answers={"velo": {"neuf": True}}))
        with self.nothing_written():
            self.refused(self.o.do("eve", "file", "d1", procedure="velo"), "GR-5202")

    def test_faults_are_told_at_once(self):
        self.refused(self.save(answers={"demandeur": {"iban": "FR76"}}), "GR-5205")

    def test_a_draft_is_its_owners(self):
        self.ok(self.save())
        with self.nothing_written():
            self.refused(self.save("adam", answers={"demandeur": {"nom": "Autre"}}), "GR-5101")
            self.refused(self.o.file(who="adam"), "GR-5101")

    def test_a_draft_does_not_outlive_the_procedure(self):
        self.ok(self.save(now="2020-12-31T12:00:00Z"))
        self.refused(self.o.file(now="2021-01-01T12:00:00Z"), "GR-5110")

    def test_the_clock_starts_at_the_filing(self):
        self.ok(self.save(now="2020-01-10T12:00:00Z"))
        self.ok(self.o.file())
        self.due("2020-05-04")


class Completeness(Case):
    def ask(self, now=None, **what):
        return self.o.act("instructeur-1", "ask", step="completude", now=now,
                          **(what or {"documents": ["rib"]}))

    def supply(self, now=None, **what):
        return self.o.act("eve", "supply", now=now,
                          **(what or {"documents": {"rib": paper("rib")}}))

    def test_what_is_needed_later_may_come_at_any_time(self):
        self.ok(self.o.file("d1", content=filing(without=("rib",))))
        self.favourable()
        with self.nothing_written():
            self.refused(self.supply(documents={"facture": paper("facture")}), "GR-5120")
            self.refused(self.supply(answers={"velo": {"prix": "1.00"}}), "GR-5120")
            self.refused(self.supply(documents={"photo": paper("photo")}), "GR-5206")
            self.refused(self.supply(documents={"rib": paper("rib", media="text/html")}),
                         "GR-5208")
            self.refused(self.o.act("instructeur-1", "supply", documents={"rib": paper("rib")}),
                         "GR-5101")
        self.ok(self.supply())
        self.at("deliberation")
        self.assertIn("rib", self.o.show()["documents"])
        self.refused(self.supply(), "GR-5120")

    def test_without_it_the_payment_waits_and_is_mended_without_a_second_letter(self):
        self.ok(self.o.file("d1", content=filing(without=("rib",))))
        self.favourable()
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        incident = [one for one in self.o.list("effects") if one.get("state") == "incident"]
        self.assertEqual(len(incident), 1)
        self.assertIn("rib", incident[0]["problem"])
        letters = len(self.o.letters())
        self.ok(self.supply())
        self.ok(self.o.act("instructeur-1", "answer", effect=incident[0]["effect"],
                           because="La lettre est partie, le RIB est là"))
        self.at("paiement")
        self.assertEqual(len(self.o.letters()), letters)

    def test_several_rounds(self):
        self.filed()
        for number in range(3):
            self.ok(self.ask(message=f"Pièce illisible ({number})", documents=["rib"]))
            self.refused(self.ask(), "GR-5121", "GR-5120")
            self.refused(self.o.complete("instructeur-1", "completude", "complete"), "GR-5121",
                         "GR-5120")
            self.ok(self.supply())
            self.refused(self.supply(), "GR-5120")
        self.ok(self.o.complete("instructeur-1", "completude", "complete"))
        self.ok(self.o.settle())
        asked = [text for text in self.o.letters().values() if "Pièce illisible" in text]
        self.assertEqual(len(asked), 3)

    def test_what_is_asked_exists(self):
        self.filed()
        with self.nothing_written():
            self.refused(self.ask(documents=["permis"]), "GR-5206")
            self.refused(self.ask(fields=["demandeur.age"]), "GR-5201")
            self.refused(self.ask(documents=[]), "GR-5001")

    def test_all_that_was_asked_is_supplied(self):
        self.filed()
        self.ok(self.ask(documents=["rib", "facture"]))
        with self.nothing_written():
            self.refused(self.supply(), "GR-5207")

    def test_a_field_that_was_asked_is_supplied(self):
        self.filed()
        self.ok(self.ask(documents=["rib"], fields=["demandeur.adresse"]))
        with self.nothing_written():
            self.refused(self.supply(), "GR-5202")

    def test_what_is_supplied_satisfies_the_form(self):
        for at, (code, answers) in enumerate((
                ("GR-5211", {"velo": {"achat": "2020-12-01"}}),
                ("GR-5202", {"demandeur": {"adresse": ""}}),
                ("GR-5202", {"demandeur": {}}),
                ("GR-5203", {"velo": {"achat": "hier"}}))):
            with self.subTest(answers=answers):
                self.filed(f"d{at}")
                self.ok(self.o.act("instructeur-1", "ask", f"d{at}", step="completude",
                                   fields=["velo.achat", "demandeur.adresse"]))
                content = {"velo": {"achat": "2020-01-01"}, "demandeur": {"adresse": "2 rue B"}}
                content.update(answers)
                self.refused(self.o.act("eve", "supply", f"d{at}", answers=content), code)

    def test_the_last_minute(self):
        """13 March + 1 month is Easter Monday, 13 April: the last day is Tuesday 14 April."""
        self.filed()
        self.ok(self.ask(now="2020-03-13T10:00:00Z"))
        self.ok(self.supply(now="2020-04-14T21:59:59Z"))

    def test_too_late(self):
        self.filed()
        self.ok(self.ask(now="2020-03-13T10:00:00Z"))
        self.refused(self.supply(now="2020-04-14T22:00:00Z"), "GR-5120")
        self.ok(self.o.settle("2020-04-15T08:00:00Z"))
        self.ended("classe")

    def test_a_reminder_goes_out_once(self):
        self.filed()
        self.ok(self.ask(now="2020-03-10T10:00:00Z"))
        self.ok(self.o.settle("2020-03-20T10:00:00Z"))
        before = len(self.o.letters())
        self.ok(self.o.settle("2020-04-05T10:00:00Z"))
        self.ok(self.o.settle("2020-04-06T10:00:00Z"))
        self.assertEqual(len(self.o.letters()), before + 1)


class Silence(Case):
    """Filing + 2 months + suspended days, then to a working day; the civil day is that of Paris."""

    def filed_at(self, now, dossier="d1"):
        self.ok(self.o.file(dossier, now=now, content=filing(achat="2019-12-01")))

    def suspend(self, asked, supplied):
        self.ok(self.o.act("instructeur-1", "ask", step="completude", documents=["rib"],
                           now=asked + "T10:00:00Z"))
        self.assertIsNone(self.o.show()["clocks"][0].get("due"))
        self.ok(self.o.act("eve", "supply", documents={"rib": paper("rib")},
                           now=supplied + "T10:00:00Z"))

    def test_dates(self):
        for at, (filed, due) in enumerate((
                ("2020-12-31T10:00:00Z", "2021-03-01"),  # 28 February 2021 is a Sunday
                ("2020-12-28T10:00:00Z", "2021-03-01"),  # the same Sunday, without clamping
                ("2020-12-30T10:00:00Z", "2021-03-01"),
                ("2020-01-01T10:00:00Z", "2020-03-02"),  # 1 March 2020 is a Sunday
                ("2020-02-13T10:00:00Z", "2020-04-14"),  # Easter Monday
                ("2020-02-11T10:00:00Z", "2020-04-14"),  # Saturday, Sunday, Easter Monday
                ("2020-03-21T10:00:00Z", "2020-05-22"),  # Ascension is Thursday 21 May
                ("2020-04-01T10:00:00Z", "2020-06-02"),  # Whit Monday
                ("2020-10-25T10:00:00Z", "2020-12-28"),  # Christmas, then a weekend
                ("2020-11-01T10:00:00Z", "2021-01-04"),  # New Year's Day, then a weekend
                ("2020-06-30T21:59:59Z", "2020-08-31"),  # still 30 June in Paris
                ("2020-06-30T22:00:00Z", "2020-09-01"),  # already 1 July in Paris
                ("2020-12-14T23:00:00Z", "2021-02-15"))):  # already 15 December in Paris
            with self.subTest(filed=filed):
                self.filed_at(filed, f"d{at}")
                self.due(due, f"d{at}")

    def test_suspension(self):
        """2 May + 15 days = Sunday 17 May. Rolling before adding would give the 19th."""
        self.filed_at("2020-03-02T10:00:00Z")
        self.suspend("2020-03-10", "2020-03-25")
        self.due("2020-05-18")

    def test_two_suspensions_up_to_ascension(self):
        """2 May + 15 + 4 days = 21 May, Ascension: Friday 22 May."""
        self.filed_at("2020-03-02T10:00:00Z")
        self.suspend("2020-03-10", "2020-03-25")
        self.suspend("2020-03-27", "2020-03-31")
        self.due("2020-05-22")

    def test_answered_the_same_day(self):
        self.filed_at("2020-03-02T10:00:00Z")
        self.suspend("2020-03-10", "2020-03-10")
        self.due("2020-05-04")

    def test_it_fires_after_the_last_day(self):
        self.filed_at("2020-02-13T10:00:00Z")
        self.ok(self.o.settle("2020-04-14T21:59:59Z"))
        self.at("completude")
        self.ok(self.o.settle("2020-04-14T22:00:00Z"))
        self.ended("refus_implicite")

    def test_a_late_command_meets_it(self):
        self.filed_at("2020-02-13T10:00:00Z")
        self.refused(self.o.complete("instructeur-1", "completude", "complete",
                                     now="2020-04-15T08:00:00Z"), "GR-5120", "GR-5121")

    def test_it_does_not_run_while_an_answer_is_awaited(self):
        self.filed_at("2020-02-13T10:00:00Z")
        self.ok(self.o.act("instructeur-1", "ask", step="completude", documents=["rib"],
                           now="2020-04-14T10:00:00Z"))
        self.ok(self.o.settle("2020-05-10T10:00:00Z"))
        self.at("completude")

    def test_money_and_claim_come_back(self):
        self.filed_at("2020-02-13T10:00:00Z")
        self.favourable()
        self.money_is(reserved="200.00")
        self.ok(self.o.settle("2020-04-15T00:00:00Z"))
        self.ended("refus_implicite")
        self.money_is(reserved="0.00", free="10000.00")
        self.o.now = "2020-04-20T09:00:00Z"
        self.ok(self.o.file("d2"))
        self.favourable("d2")

    def test_a_grant_in_time_counts_though_the_engine_runs_late(self):
        """Decided on the last day, relayed the day after: the board was in time."""
        self.filed_at("2020-02-13T10:00:00Z")
        self.o.now = "2020-04-14T16:00:00Z"
        self.favourable()
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.ok(self.o.session("close"))
        self.ok(self.o.settle("2020-04-15T08:00:00Z"))
        self.at("paiement")


class Tasks(Case):
    def setUp(self):
        super().setUp()
        self.filed()

    def task(self, who, verb, **rest):
        return self.o.act(who, verb, step="completude", **rest)

    def finish(self, who):
        return self.o.complete(who, "completude", "complete")

    def held(self, who):
        self.refused(self.finish(who), "GR-5103")

    def test_claimed(self):
        self.ok(self.task("instructeur-1", "claim"))
        self.held("instructeur-2")
        self.refused(self.task("instructeur-2", "claim"), "GR-5103")
        self.refused(self.task("instructeur-2", "ask", documents=["rib"]), "GR-5103")
        self.ok(self.finish("instructeur-1"))

    def test_released(self):
        self.ok(self.task("instructeur-1", "claim"))
        self.ok(self.task("instructeur-2", "release"))
        self.ok(self.finish("instructeur-2"))

    def test_handed_over(self):
        self.ok(self.task("instructeur-1", "claim"))
        self.ok(self.task("instructeur-1", "hand over", person="instructeur-2"))
        self.held("instructeur-1")
        self.ok(self.finish("instructeur-2"))

    def test_assigned_by_a_colleague(self):
        self.ok(self.task("instructeur-3", "assign", person="instructeur-1"))
        self.held("instructeur-3")
        self.refused(self.task("instructeur-3", "hand over"), "GR-5001")

    def test_the_list_follows(self):
        self.assertEqual([row["step"] for row in self.tasks()], ["completude"])
        self.ok(self.task("instructeur-1", "claim"))
        self.assertTrue(self.tasks()[0]["assignee"])
        self.ok(self.finish("instructeur-1"))
        self.assertEqual([row["step"] for row in self.tasks()], ["instruction"])

    def tasks(self):
        return self.o.greffe("tasks", "--json", group="mobilites").lines()

    def test_comments(self):
        self.ok(self.o.act("instructeur-1", "comment", text="À revoir"))
        self.refused(self.o.act("instructeur-1", "comment"), "GR-5001")
        self.ok(self.o.act("eve", "withdraw"))
        self.ok(self.o.act("instructeur-1", "comment", text="Dommage"))
        self.refused(self.finish("instructeur-1"), "GR-5120")
        self.refused(self.o.act("eve", "withdraw"), "GR-5120")

    def test_withdrawn_early(self):
        self.ok(self.o.act("eve", "withdraw", because="Vélo rendu"))
        self.ended("withdrawn")
        self.assertEqual(self.tasks(), [])

    def test_all_papers_are_listed(self):
        self.assertEqual(sorted(self.o.show()["documents"]), sorted(PAPERS))


class Today(unittest.TestCase):
    """As clerks work: at the clock on the wall, without --now and without --key."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="greffe-")
        copy = pathlib.Path(self.folder.name) / "velo"
        shutil.copytree(WORKFLOW, copy)
        text = (copy / "velo.yaml").read_text(encoding="utf-8")
        (copy / "velo.yaml").write_text(text.replace("until: 2020-12-31", "until: 2099-12-31"),
                                        encoding="utf-8")
        self.o = Office(procedure=str(copy / "velo.yaml"))
        self.plain("eve", "file", "d1", procedure="velo", **filing())

    def tearDown(self):
        verified = self.o.verify()
        self.o.close()
        self.folder.cleanup()
        self.assertEqual(verified.exit, 0, str(verified))

    def plain(self, who, *words, **args):
        answer = self.o.greffe(*words, as_=who, args=json.dumps(args))
        self.assertEqual(answer.exit, 0, str(answer))

    def place(self):
        return self.o.show()["open"][0]

    def test_claimed_again_after_a_release(self):
        for verb in ("claim", "release", "claim"):
            self.plain("instructeur-1", "act", verb, "d1", step="completude")
        self.assertTrue(self.place().get("assignee"), "the second claim was taken for the first")

    def test_asked_again_in_a_second_round(self):
        for _ in range(2):
            self.plain("instructeur-1", "act", "ask", "d1", step="completude", documents=["rib"])
            self.assertEqual(self.place()["at"], "completude/waiting")
            self.plain("eve", "act", "supply", "d1", documents={"rib": paper("rib")})
            self.assertEqual(self.place()["at"], "completude")


class Help(Case):
    """What the help says of a command is what the command takes."""

    def verbs(self):
        verbs = self.ok(self.o.greffe("help", "--json")).lines()
        self.assertGreater(len(verbs), 20)
        return verbs

    def words_of(self, verb):
        for prefix, word in (("session.", "session"), ("allotment.", "allot"), ("pay.", "pay")):
            if verb.startswith(prefix):
                return [word, verb[len(prefix):]]
        return ["file"] if verb == "file" else ["act", verb]

    def test_examples_show_what_is_needed_and_nothing_else(self):
        for verb in self.verbs():
            with self.subTest(verb=verb["verb"]):
                known = {arg["name"] for arg in verb["args"]}
                needed = {arg["name"] for arg in verb["args"] if arg["needed"]}
                self.assertLessEqual(set(verb["example"]), known)
                self.assertLessEqual(needed, set(verb["example"]))

    def test_examples_have_the_right_shape(self):
        """Each is given to a store; it may come at the wrong time, but it is never misshapen."""
        self.filed("d1")
        for verb in self.verbs():
            words = self.words_of(verb["verb"])
            people = ("instructeur-1", "secretariat-1", "finances-1", "ordonnateur-1", "eve")
            for who in people[4:] if words[0] == "file" else people:
                with self.subTest(verb=verb["verb"], who=who):
                    answer = self.o.do(who, *words, "x1" if words[0] != "act" else "d1",
                                       **verb["example"])
                    self.assertNotIn(answer.code, ("GR-5001", "GR-5002"), str(answer))

    def test_what_a_command_does_not_take_is_refused(self):
        self.filed("d1")
        for verb in self.verbs():
            words = self.words_of(verb["verb"])
            with self.subTest(verb=verb["verb"]), self.nothing_written():
                answer = self.o.do("eve", *words, "d1", **verb["example"], resaon="x")
                self.assertIn(answer.code, ("GR-5001", "GR-5003"), str(answer))
                if answer.code == "GR-5001":
                    self.assertIn("does not take 'resaon'", answer.err)

    def test_every_form_of_the_question(self):
        for words, wanted in ((["help", "session"], "greffe session convene SESSION"),
                              (["session", "--help"], "greffe session convene SESSION"),
                              (["help", "hand over"], "greffe act 'hand over' DOSSIER"),
                              (["help", "session.close"], "greffe session close SESSION"),
                              (["help", "file"], "greffe file DOSSIER"),
                              (["help", "close"], "greffe session close SESSION"),
                              (["check", "--help"], "greffe check FILE.yaml"),
                              (["help", "journal"], "greffe journal seal FILE"),
                              (["help"], "Exit codes"), (["--help"], "Exit codes")):
            with self.subTest(words=words):
                self.assertIn(wanted, self.ok(self.o.greffe(*words)).out)
        self.assertEqual(self.o.greffe("help", "nothing").exit, 2)

    def test_every_command_has_a_page(self):
        usage = self.o.greffe("--help").out
        words = set(re.findall(r"^  greffe ([a-z]+)", usage, re.MULTILINE)) - {"help"}
        self.assertGreater(len(words), 15)
        for word in words:
            with self.subTest(word=word):
                self.assertIn(f"greffe {word}", self.ok(self.o.greffe("help", word)).out)


if __name__ == "__main__":
    unittest.main()
