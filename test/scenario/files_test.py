#!/usr/bin/env python3
"""What leaves as files, what is played from one, and what is written for machines.

    GREFFE=path/to/greffe python3 test/scenario/files_test.py
"""

import contextlib
import email.header
import json
import os
import pathlib
import pty
import subprocess
import unittest

from case import Case
from office import GREFFE, IBAN, ROOT, WORKFLOW, Office, filing, paper

SITE = (WORKFLOW / "site.yaml").read_text(encoding="utf-8")


class Letters(Case):
    def headers(self):
        """Of the first letter: name to value, still folded and encoded."""
        path = sorted((pathlib.Path(self.o.out) / "letters").glob("*.eml"))[0]
        head = path.read_bytes().split(b"\r\n\r\n")[0]
        self.assertTrue(head.isascii(), head)
        self.assertTrue(all(len(line) <= 78 for line in head.split(b"\r\n")), head)
        unfolded = head.decode("ascii").replace("\r\n ", " ")
        return dict(line.split(": ", 1) for line in unfolded.split("\r\n"))

    def decoded(self, text):
        return str(email.header.make_header(email.header.decode_header(text)))

    def test_a_letter_s_headers_are_as_the_standard_has_them(self):
        self.filed("d1")
        self.ok(self.o.settle())
        head = self.headers()
        self.assertEqual(self.decoded(head["From"]),
                         "Direction des mobilités <aide-velo@gpso.example>")
        self.assertEqual(head["To"], "eve@example.org")
        self.assertIn("VELO-2020-000001", self.decoded(head["Subject"]))
        self.assertEqual(head["Date"], "Mon, 02 Mar 2020 09:00:00 +0000")
        self.assertRegex(head["Message-ID"], r"^<[^<>@ ]+@[^<>@ ]+>$")
        self.assertEqual(head["MIME-Version"], "1.0")
        self.assertEqual(head["Content-Type"], "text/plain; charset=utf-8")


class PlainSender(Letters):
    site = SITE.replace('"Direction des mobilités <aide-velo@gpso.example>"', "aide@gpso.example")

    def test_a_letter_s_headers_are_as_the_standard_has_them(self):
        self.filed("d1")
        self.ok(self.o.settle())
        self.assertEqual(self.headers()["From"], "aide@gpso.example")


class BuiltIn(Case):
    """A procedure whose author wrote no letter: what the law asks for leaves all the same."""

    site = (ROOT / "test/scenario/clock/site.yaml").read_text(encoding="utf-8")
    procedure = str(ROOT / "test/scenario/clock/lots.yaml")
    money = None

    def letter(self, word):
        found = [text for text in self.o.letters().values() if word in text.splitlines()[0]]
        self.assertEqual(len(found), 1, self.o.letters())
        return found[0]

    def test_receipt_request_and_reminder(self):
        self.o.now = "2026-03-02T09:00:00Z"
        self.ok(self.o.do("eve", "file", "d1", procedure="lots", documents={"plan": paper("plan")},
                          answers={"habitant": {"nom": "Exemple", "courriel": "eve@example.org"},
                                   "demande": {"lots": ["l1", "l2"]}}))
        self.ok(self.o.settle())
        receipt = self.letter("Accusé de réception")
        for words in ("reçu le 02/03/2026 votre demande « Autorisation par lots »",
                      "LOTS-2026-000001",
                      "Sans réponse de notre part le 04/05/2026", "considérée comme rejetée"):
            self.assertIn(words, receipt)
        self.o.now = "2026-03-04T09:00:00Z"
        self.ok(self.o.act("agent-1", "ask", step="controle", item=0, documents=["coupe"],
                           message="En couleurs, s'il vous plaît."))
        self.o.now = "2026-03-06T09:00:00Z"
        self.ok(self.o.act("agent-1", "ask", step="controle", item=1, documents=["plan"]))
        self.ok(self.o.settle())
        requests = sorted(text for text in self.o.letters().values() if "compléter" in text)
        self.assertEqual(len(requests), 2)
        with_message = [text for text in requests if "En couleurs" in text]
        self.assertEqual(len(with_message), 1)
        self.assertIn("- Coupe", with_message[0])
        self.assertNotIn("- Plan", with_message[0])
        # Each names the day of its own request, a month later: 4 April is a Saturday, the 6th is
        # Easter Monday.
        self.assertIn("jusqu'au 07/04/2026", with_message[0])
        self.assertEqual(self.o.list("effects"), [])


class Payer(Case):
    """Money does not leave from an account that cannot be one."""

    def test_faults_of_the_payer(self):
        for old, new, word in ((IBAN, "FR7630006000011234567890188", "no valid IBAN"),
                               (IBAN, "FR00BAD", "no valid IBAN"),
                               (IBAN, "DE7630006000011234567890189", "no valid IBAN"),
                               ("AGRIFRPPXXX", "AGRIFRPPXX", "no valid BIC"),
                               ("AGRIFRPPXXX", "agrifrpp", "no valid BIC")):
            with self.subTest(new=new):
                path = self.o.path / "other.yaml"
                path.write_text(SITE.replace(old, new), encoding="utf-8")
                answer = self.refused(self.o.greffe("run", site=str(path)), "GR-2004")
                self.assertIn(word, answer.err)
                self.assertIn("other.yaml:5:", answer.err)

    def test_spaces_in_an_account_do_no_harm(self):
        path = self.o.path / "other.yaml"
        path.write_text(SITE.replace(IBAN, "FR76 3000 6000 0112 3456 7890 189"), encoding="utf-8")
        self.o.site = str(path)
        self.granted()
        self.batch()
        self.assertIn(f"<DbtrAcct><Id><IBAN>{IBAN}</IBAN>", self.o.payment())


class Played(Case):
    """Actions from a file: gone on with, begun anew, and with no digit lost."""

    money = None

    def action(self, at, verb, key, **rest):
        return json.dumps({"at": at, "do": verb, "key": key, **rest})

    def written(self, *lines):
        path = self.o.path / "actions.jsonl"
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return str(path)

    def actions(self):
        citizen = {"subject": "eve", "kind": "applicant"}
        return [self.action("2020-03-02T09:00:00Z", "allotment.allocate", "a1",
                            allotment="velo_2020", amount="1000.00", **{"as": "finances-1"}),
                self.action("2020-03-02T09:00:00Z", "file", "f1", dossier="d1", procedure="velo",
                            **{"as": citizen}, **filing()),
                self.action("2020-03-03T09:00:00Z", "run", "r1")]

    def test_it_goes_on_where_it_was(self):
        path = self.written(*self.actions())
        self.assertIn("2 actions done", self.ok(self.o.greffe("play", path)).out)
        self.assertIn("0 actions done", self.ok(self.o.greffe("play", path)).out)
        path = self.written(*self.actions(),
                            self.action("2020-03-04T09:00:00Z", "comment", "c1", dossier="d1",
                                        text="Vu", **{"as": "instructeur-1"}))
        answer = self.ok(self.o.greffe("play", path))
        self.assertIn("1 actions done", answer.out)
        self.assertIn("from line 4", answer.out)

    def test_with_another_store_it_begins_anew(self):
        path = self.written(*self.actions())
        self.ok(self.o.greffe("play", path))
        other = Office()
        other.out = self.o.out
        answer = other.greffe("play", path)
        self.assertIn("2 actions done", answer.out, str(answer))
        self.assertIn("does not know what was done up to line 3", answer.err)
        self.assertEqual(other.list("dossiers")[0]["dossier"], "d1")
        other.close()

    def test_a_number_that_would_lose_digits(self):
        citizen = {"subject": "eve", "kind": "applicant"}
        for price in ("1499.99", "1e3", "1234567890123456", "-0.5"):
            with self.subTest(price=price):
                line = self.action("2020-03-02T09:00:00Z", "file", "f1", dossier="d1",
                                   procedure="velo", **{"as": citizen}, **filing())
                path = self.written(line.replace('"1499.99"', price))
                answer = self.o.greffe("play", path)
                self.assertEqual(answer.exit, 1, str(answer))
                self.assertIn("write amounts as texts", answer.err)
                self.assertEqual(self.o.list("dossiers"), [])


class Dormant(Case):
    """A dossier that waits costs room in the store, and none in memory."""

    money = None

    def peak(self, count):
        """The greatest size in memory, in KiB, of a process that has so many filed."""
        path = self.o.path / "actions.jsonl"
        citizen = {"subject": "eve", "kind": "applicant"}
        with path.open("w", encoding="utf-8") as file:
            for i in range(count):
                file.write(json.dumps({
                    "at": "2020-03-02T09:00:00Z", "do": "file", "key": "f", "dossier": f"d{i}",
                    "procedure": "velo", "as": citizen, **filing(foyer=f"{i:013d}")}) + "\n")
        office = Office()
        process = subprocess.Popen(
            [GREFFE, "play", str(path), "--quiet", "--store", office.store, "--site", office.site,
             "--out", office.out], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(len(office.list("dossiers")), count)
        office.close()
        return usage.ru_maxrss

    def test_ten_times_as_many_take_no_more_memory(self):
        few, many = self.peak(200), self.peak(2000)
        self.assertLess(many, few * 1.3, f"{few} KiB for 200, {many} KiB for 2,000")


class ForMachines(Case):
    def test_one_array_for_all_files(self):
        faulty = ROOT / "test" / "golden"
        answer = self.o.greffe("check", "--json", str(faulty / "GR-2002-no-title.yaml"),
                               str(faulty / "GR-4202-a-guarantee.yaml"),
                               str(faulty / "GR-2013-an-authority.yaml"))
        found = json.loads(answer.out)
        self.assertEqual({pathlib.Path(one["file"]).name for one in found},
                         {"GR-2002-no-title.yaml", "GR-4202-a-guarantee.yaml",
                          "GR-2013-an-authority.yaml"})
        fine = self.o.greffe("check", "--json", str(ROOT / "test/scenario/once/aide.yaml"))
        self.assertEqual((fine.exit, json.loads(fine.out)), (0, []))

    def test_every_report(self):
        self.granted("d1", "d2")
        self.batch()
        self.report(rejected={"d2": "AC04"})
        towns = self.ok(self.o.greffe_flag("report", "--by", "demandeur.commune")).lines()
        self.assertEqual(towns, [{"by": "92012", "label": "Boulogne-Billancourt",
                                  "outcomes": {"verse": 1, "open": 1}, "all": 2, "paid": "200.00"}])
        batches = self.ok(self.o.greffe_flag("report", "--by", "batch")).lines()
        self.assertEqual(batches, [{"batch": "b1", "orders": 2, "sum": "400.00",
                                    "accepted": "200.00", "rejected": "200.00", "unknown": "0.00",
                                    "batched": "0.00"}])
        table = self.ok(self.o.greffe("report", by="batch")).out.splitlines()
        self.assertEqual(table[-1].split(), ["all", "2", "400.00", "200.00", "200.00", "0.00",
                                             "0.00"])
        verified = json.loads(self.ok(self.o.greffe_flag("journal", "verify")).out)
        self.assertEqual(verified["faults"], 0)
        ran = json.loads(self.ok(self.o.greffe_flag("run", "--now", self.o.now)).out)
        self.assertEqual(ran, {"timers": 0, "effects": 0, "incidents": 0, "commands": 0,
                               "elsewhere": False})
        self.assertEqual(self.o.greffe("report", by="velo.couleur").exit, 1)

    def test_played_scenarios(self):
        paths = sorted(str(path) for path in (WORKFLOW / "scenarios").glob("*.yaml"))
        for one in self.ok(self.o.greffe_flag("test", *paths)).lines():
            self.assertIs(one["passed"], True)
            self.assertIn(one["file"], paths)

    def test_why_a_clock_ends_when_it_does(self):
        self.filed("d1")
        self.ok(self.o.act("instructeur-1", "ask", step="completude", documents=["rib"]))
        self.o.now = "2020-03-12T09:00:00Z"
        self.ok(self.o.act("eve", "supply", documents={"rib": filing()["documents"]["rib"]}))
        clock = self.o.show()["clocks"][0]
        self.assertEqual({name: clock[name] for name in ("from", "within", "length_ends",
                                                         "suspensions", "unrolled", "due")},
                         {"from": "2020-03-02", "within": "2 months", "length_ends": "2020-05-02",
                          "suspensions": ["2020-03-02", "2020-03-12"], "unrolled": "2020-05-12",
                          "due": "2020-05-12"})
        said = self.ok(self.o.greffe("show", "d1", "--why")).out
        for line in ("from 2020-03-02, 2 months: 2020-05-02",
                     "suspended from 2020-03-02 until 2020-03-12",
                     "and 10 suspended days: 2020-05-12", "CRPA, art. L231-4"):
            self.assertIn(line, said)
        self.ok(self.o.complete("instructeur-1", "completude", "complete"))
        self.ok(self.o.complete("instructeur-1", "instruction", "favorable"))
        self.assertIn('moment instruction.favorable at 2020-03-12T09:00:00Z, because velo.neuf and '
                      'list contains(["ville", "pliant", "cargo"], velo.modele)',
                      self.ok(self.o.greffe("show", "d1", "--why")).out)


class Wrong(Case):
    def test_a_store_that_is_not_there_is_not_made_by_looking(self):
        path = self.o.path / "typo.db"
        for words in (["list", "dossiers"], ["tasks"], ["show", "d1"], ["run"],
                      ["report", "--by", "demandeur.commune"], ["journal", "verify"],
                      ["act", "comment", "d1", "--as", "eve"]):
            with self.subTest(words=words):
                answer = self.o.greffe(*words, store=str(path))
                self.assertEqual((answer.exit, answer.code), (3, "GR-6001"), str(answer))
                self.assertFalse(path.exists())

    def test_a_word_too_many(self):
        for words in (["run", "x"], ["tasks", "mobilites"], ["report", "batch"],
                      ["list", "dossiers", "d1"], ["act", "comment", "d1", "d2"]):
            with self.subTest(words=words):
                answer = self.o.greffe(*words)
                self.assertEqual(answer.exit, 2, str(answer))
                self.assertIn("a word too many", answer.err)


class OnATerminal(Case):
    """Colours and a line of progress are for people who look on."""

    money = None

    def seen(self, *words, **changes):
        """What a terminal shows of both outputs."""
        here, there = pty.openpty()
        env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        process = subprocess.Popen([GREFFE, *words], stdout=there, stderr=there,
                                   env={**env, **changes})
        os.close(there)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            for piece in iter(lambda: os.read(here, 65536), b""):
                shown += piece
        os.close(here)
        process.wait(timeout=60)
        return shown.decode("utf-8")

    def test_faults_are_coloured_unless_that_is_not_wanted(self):
        faulty = str(ROOT / "test/golden/GR-2002-no-title.yaml")
        self.assertIn("\033[31m", self.seen("check", faulty))
        self.assertNotIn("\033[", self.seen("check", faulty, NO_COLOR="1"))
        self.assertNotIn("\033[", self.o.greffe("check", faulty).err)

    def test_a_season_shows_how_far_it_is(self):
        citizen = {"subject": "eve", "kind": "applicant"}
        path = self.o.path / "actions.jsonl"
        lines = [{"at": "2020-03-02T09:00:00Z", "do": "file", "key": f"f{i}", "dossier": f"d{i}",
                  "procedure": "velo", "as": citizen, **filing(foyer=f"{i:013d}")}
                 for i in range(20)]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        options = ["--store", self.o.store, "--site", self.o.site, "--out", self.o.out]
        shown = self.seen("play", str(path), *options)
        self.assertIn("\r 50 %  10 actions, 10 letters and files, 0 timers", shown)
        self.assertIn("\r100 %  20 actions", shown)
        os.remove(pathlib.Path(self.o.out) / "progress")
        self.assertNotIn("%", self.seen("play", str(path), *options, "--quiet"))


if __name__ == "__main__":
    unittest.main()
