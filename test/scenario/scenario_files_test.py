#!/usr/bin/env python3
"""Files of scenarios: letters beside them, examples, folders, reports, coverage, and faulty files.

    GREFFE=path/to/greffe python3 test/scenario/scenario_files_test.py

What is expected here was read in the chapter "Scenarios" of workflows/LANGUAGE.md, and in
`greffe help test`, alone.
"""

import json
import re
import shutil
import unittest
import xml.etree.ElementTree

from stage import (ALLOCATE, BATCH, QUOTIENT, TRI, Stage, aide, complete, expect, filed, granted,
                   instructed, quotient, tri)

INCONNU = "services: {caf: {outcome: inconnu}}"
SIX_HUNDRED = 'services: {caf: {outcome: answered, gives: {quotient: "600.00"}}}'
WAITS = expect("dossier: d1, at: consultation")
BOTH = expect("letters: {accuse_reception: attendu/recu.txt, accord: attendu/accord.txt}")


class Letters(Stage):
    """Letters as they should be, in files beside the scenario."""

    def setUp(self):
        super().setUp()
        (self.folder / "attendu").mkdir()
        self.kept = self.folder / "attendu" / "accord.txt"

    def updated(self, *steps, **rest):
        return self.plays(*steps, words=("--update",), top=SIX_HUNDRED, **rest)

    def test_update_writes_what_then_is_right(self):
        self.updated(quotient(), BOTH)
        self.plays(quotient(), BOTH, top=SIX_HUNDRED)
        text = self.kept.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("Votre dossier QUOTIENT-2026-000001\n\nBonjour,\n"), text)
        self.assertIn("Décision : accord.", text)

    def test_update_makes_the_folder_that_is_named(self):
        (self.folder / "attendu").rmdir()
        self.updated(quotient(), BOTH)
        self.assertTrue(self.kept.exists())

    def test_a_file_that_is_not_there_is_a_difference(self):
        self.differs(quotient(), BOTH, says=("attendu/accord.txt", "attendu/recu.txt"),
                     top=SIX_HUNDRED)
        self.assertFalse(self.kept.exists())

    def test_one_word_is_a_difference_and_is_not_overwritten(self):
        self.updated(quotient(), BOTH)
        changed = self.kept.read_text(encoding="utf-8").replace("Bonjour", "Bonsoir")
        self.kept.write_text(changed, encoding="utf-8")
        self.differs(quotient(), BOTH, says="attendu/accord.txt", top=SIX_HUNDRED)
        self.assertEqual(self.kept.read_text(encoding="utf-8"), changed)

    def test_what_differs_is_told(self):
        self.updated(quotient(), BOTH)
        changed = self.kept.read_text(encoding="utf-8").replace("Bonjour", "Bonsoir")
        self.kept.write_text(changed, encoding="utf-8")
        answer = self.differs(quotient(), BOTH, top=SIX_HUNDRED)
        self.assertIn("Bonsoir", answer.out + answer.err)
        self.assertIn("Bonjour", answer.out + answer.err)

    def test_the_subject_is_compared_too(self):
        self.updated(quotient(), BOTH)
        first, rest = self.kept.read_text(encoding="utf-8").split("\n", 1)
        self.kept.write_text(first.upper() + "\n" + rest, encoding="utf-8")
        self.differs(quotient(), BOTH, says="attendu/accord.txt", top=SIX_HUNDRED)

    def test_update_mends_what_differs_and_leaves_the_rest(self):
        self.updated(quotient(), BOTH)
        right = self.kept.read_bytes()
        self.kept.write_text("Objet\n", encoding="utf-8")
        before = (self.folder / "attendu" / "recu.txt").stat().st_mtime_ns
        self.updated(quotient(), BOTH)
        self.assertEqual(self.kept.read_bytes(), right)
        self.assertEqual((self.folder / "attendu" / "recu.txt").stat().st_mtime_ns, before)

    def test_update_writes_no_letter_that_did_not_leave(self):
        self.differs(quotient(), BOTH, words=("--update",), says="accord", top=INCONNU)
        self.assertFalse(self.kept.exists())

    def test_update_makes_nothing_else_right(self):
        wrong = expect("dossier: d1, outcome: refuse, letters: {accuse_reception: attendu/r.txt, "
                       "accord: attendu/accord.txt}")
        self.differs(quotient(), wrong, words=("--update",), says="refuse", top=SIX_HUNDRED)

    def test_a_letter_that_is_not_named_is_a_difference(self):
        one = expect("letters: {accord: attendu/accord.txt}")
        self.differs(quotient(), one, says="accuse_reception", top=SIX_HUNDRED)

    def test_two_letters_of_one_name_have_a_file_each(self):
        two = (quotient("d1"), quotient("d2"),
               expect("letters: [{accuse_reception: attendu/un.txt}, "
                      "{accord: attendu/accord.txt}, accuse_reception, "
                      "{accord: attendu/deux.txt}]"))
        self.updated(*two)
        self.plays(*two, top=SIX_HUNDRED)
        self.assertIn("000001", self.kept.read_text(encoding="utf-8"))
        other = self.folder / "attendu" / "deux.txt"
        self.assertIn("000002", other.read_text(encoding="utf-8"))
        other.write_bytes(self.kept.read_bytes())
        self.differs(*two, says="attendu/deux.txt", top=SIX_HUNDRED)

    def test_a_list_of_letters_has_names_and_files_alone(self):
        for item in ("[accord]", "{accord: [a.txt]}", "{accord: {a: b}}"):
            with self.subTest(item=item):
                self.differs(quotient(), expect(f"letters: [{item}]"),
                             says="names, or {name: file}", top=SIX_HUNDRED)

    def test_the_file_stands_beside_the_scenario_not_beside_who_plays_it(self):
        self.scenario(quotient(), BOTH, name="inner/s.yaml", procedure="../quotient.yaml",
                      top=SIX_HUNDRED)
        shutil.copytree(self.folder / "attendu", self.folder / "inner" / "attendu")
        self.assertEqual(self.greffe("inner/s.yaml", "--update").exit, 0)
        self.assertTrue((self.folder / "inner" / "attendu" / "accord.txt").exists())
        self.assertEqual(self.greffe("s.yaml", cwd=self.folder / "inner").exit, 0)


class Examples(Stage):
    TWO = ('examples:\n  - {example: bas, quotient: "612.00", fin: traite}\n'
           '  - {example: haut, quotient: "712.00", fin: refuse}\n'
           "services: {caf: {gives: {quotient: <quotient>}}}")

    def rows(self, *rows):
        return "examples:\n" + "\n".join(f"  - {row}" for row in rows)

    def test_a_scenario_is_played_once_for_each_row_which_is_named(self):
        answer = self.plays(quotient(), expect("dossier: d1, phase: <phase>"),
                            top=self.TWO.replace("fin: traite", "phase: closed")
                            .replace("fin: refuse", "phase: open"))
        for name in ("bas", "haut"):
            self.assertRegex(answer.out, rf"(?m)^ok\s+s\.yaml.*\b{name}\b")
        self.assertIn("2 passed, 0 failed", answer.out)

    def test_the_row_that_differs_is_named(self):
        answer = self.fails(quotient(), expect("dossier: d1, outcome: <fin>"), says="refuse",
                            line=11, top=self.TWO)
        self.assertRegex(answer.out, r"(?m)^ok\s+s\.yaml.*\bbas\b")
        self.assertRegex(answer.out, r"(?m)^FAIL\s+s\.yaml.*\bhaut\b")

    def test_a_value_stands_in_several_places(self):
        row = ("{example: un, dossier: d7, verbe: claim, qui: agent, jours: 3, code: GR-5121, "
               "nombre: 'QUOTIENT-2026-000001', numero: '000001'}")
        self.plays(quotient("<dossier>"),
                   "{do: <verbe>, dossier: <dossier>, as: <qui>, step: examen, refused: <code>}",
                   "{after: <jours> days, expect: {dossier: <dossier>, at: consultation, "
                   "number: <nombre>}}",
                   expect("dossier: <dossier>, number: QUOTIENT-2026-<numero>"),
                   top=self.rows(row))

    def test_a_value_does_not_stand_for_a_procedure(self):
        top = self.rows("{example: un, quelle: quotient}")
        self.scenario(quotient(), WAITS, top=top, procedure="<quelle>.yaml")
        self.assertEqual(self.greffe("s.yaml").exit, 3)

    def test_a_value_stands_for_a_name(self):
        top = self.rows("{example: un, etape: depot}")
        self.plays(quotient(), expect("dossier: d1, happened: {<etape>.done: 1}"), top=top)

    def test_a_value_stands_for_a_letters_file(self):
        (self.folder / "attendu").mkdir()
        step = expect("letters: {accuse_reception: attendu/<nom>.txt}")
        top = self.rows("{example: un, nom: Dupont}", "{example: deux, nom: Martin}")
        self.plays(quotient(name="<nom>"), step, top=top, words=("--update",))
        self.assertEqual(sorted(one.name for one in (self.folder / "attendu").iterdir()),
                         ["Dupont.txt", "Martin.txt"])

    def test_a_column_that_is_not_there(self):
        self.fails(quotient(), expect("dossier: d1, outcome: <sort>"), says="sort",
                   top=self.TWO.replace(", fin: traite", "").replace(", fin: refuse", ""))

    def test_a_column_that_one_row_lacks(self):
        answer = self.fails(quotient(), expect("dossier: d1, outcome: <fin>"), says="'fin'",
                            top=self.TWO.replace(", fin: refuse", ""))
        self.assertRegex(answer.out, r"(?m)^FAIL\s+s\.yaml.*\bhaut\b")

    def test_a_column_that_nothing_reads(self):
        self.fails(quotient(), expect("dossier: d1, at: []"), says="fin", line=6, top=self.TWO)

    def test_examples_of_another_shape(self):
        for wrong in ("examples: bas", "examples: {bas: 1}", "examples: [bas]", "examples: [[bas]]",
                      "examples: [{example: bas, jours: [1, 2]}]", "examples: []"):
            with self.subTest(wrong):
                self.assertIn("0 passed", self.fails(quotient(), WAITS, top=wrong).out)

    def test_a_scenario_without_a_row_does_not_hide_behind_another(self):
        self.scenario(quotient(), WAITS, name="sound.yaml")
        for wrong in ("examples: bas", "examples: []"):
            with self.subTest(wrong):
                self.scenario(quotient(), expect("dossier: d1, outcome: faux"), top=wrong)
                answer = self.greffe("sound.yaml", "s.yaml")
                self.assertEqual(answer.exit, 1, str(answer))

    def test_each_row_has_to_expect_something(self):
        self.fails(quotient(name="<nom>"), top=self.rows("{example: un, nom: A}"))


class Apart(Stage):
    """No two scenarios share anything."""

    def setUp(self):
        super().setUp()
        first = "dossier: d1, number: QUOTIENT-2026-000001, filed_on: 2026-03-02, "
        self.steps = [expect("tasks: [], letters: [], incidents: []"), quotient(),
                      expect(first + "letters: [accuse_reception], incidents: []"),
                      "{fail: {channel: mail, problem: x, for_good: true}}",
                      f"{{{SIX_HUNDRED}}}", quotient("d2"), expect("dossier: d2, at: accord"),
                      "{after: 3 weeks}"]

    def test_two_files(self):
        self.scenario(*self.steps, name="a.yaml")
        self.scenario(*self.steps, expect("dossier: d1, at: accord"), name="b.yaml")
        for order in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml"), ("a.yaml", "a.yaml")):
            with self.subTest(order):
                answer = self.greffe(*order)
                self.assertEqual(answer.exit, 0, str(answer))

    def test_two_rows(self):
        self.plays(*self.steps, expect("dossier: d1, phase: <phase>"),
                   top="examples: [{example: a, phase: open}, {example: b, phase: open}]")

    def test_money_and_sessions(self):
        steps = [*granted(), expect('allotment: ligne, allocated: "1000.00", free: "850.00"'),
                 expect("session: s1, items: 1")]
        self.scenario(*steps, name="a.yaml", procedure="aide.yaml")
        self.scenario(*steps, name="b.yaml", procedure="aide.yaml")
        answer = self.greffe("a.yaml", "b.yaml")
        self.assertEqual(answer.exit, 0, str(answer))

    def test_what_differs_in_one_leaves_the_other_as_it_is(self):
        self.scenario("{do: rien}", WAITS, name="a.yaml")
        self.scenario(quotient(), WAITS, name="b.yaml")
        answer = self.greffe("a.yaml", "b.yaml")
        self.assertEqual(answer.exit, 1, str(answer))
        self.assertIn("1 passed, 1 failed", answer.out)

    def test_nothing_is_left_in_the_folder(self):
        before = sorted(self.folder.rglob("*"))
        self.scenario(*self.steps)
        self.greffe("s.yaml")
        self.assertEqual(sorted(self.folder.rglob("*")), sorted([*before, self.folder / "s.yaml"]))


class Folder(Stage):
    def setUp(self):
        super().setUp()
        self.scenario(quotient(), WAITS, name="un.yaml")
        self.scenario(quotient(), WAITS, name="plus/deux.yaml", procedure="../quotient.yaml")
        self.write("notes.txt", "scenario: aucun\n")

    def test_all_scenarios_of_a_folder_are_played_and_nothing_else(self):
        answer = self.greffe(".")
        self.assertEqual(answer.exit, 0, str(answer))
        self.assertRegex(answer.out, r"ok\s+\S*un\.yaml")
        self.assertRegex(answer.out, r"ok\s+\S*plus/deux\.yaml")
        self.assertIn("2 passed, 0 failed", answer.out)

    def test_one_that_differs(self):
        self.scenario(quotient(), expect("dossier: d1, at: examen"), name="plus/trois.yaml",
                      procedure="../quotient.yaml")
        answer = self.greffe("plus")
        self.assertEqual(answer.exit, 1, str(answer))
        self.assertIn("1 passed, 1 failed", answer.out)
        self.told(answer, self.lines[-1], ("examen", "consultation"), name="plus/trois.yaml")

    def test_a_folder_and_a_file(self):
        answer = self.greffe("plus", "un.yaml")
        self.assertIn("2 passed, 0 failed", answer.out)

    def test_a_folder_without_scenarios(self):
        (self.folder / "vide").mkdir()
        self.assertEqual(self.greffe("vide").exit, 1)

    def test_a_folder_that_is_not_there(self):
        self.assertEqual(self.greffe("nulle_part").exit, 3)


class Formats(Stage):
    AWFUL = "<a & 'b' ]]> é>"

    def setUp(self):
        super().setUp()
        self.scenario(quotient(), WAITS, name="sound.yaml")
        self.scenario(quotient(), expect(f'dossier: d1, at: "{self.AWFUL}", phase: closed'),
                      name="wrong.yaml")

    def lines_of(self, *files):
        answer = self.greffe(*files, "--format", "json")
        return answer, [json.loads(line) for line in answer.out.splitlines()]

    def test_json_is_one_object_a_line(self):
        answer, lines = self.lines_of("sound.yaml", "wrong.yaml")
        self.assertEqual(answer.exit, 1)
        self.assertEqual([(one["file"], one["passed"], one["steps"], one["expectations"])
                          for one in lines],
                         [("sound.yaml", True, 2, 1), ("wrong.yaml", False, 2, 2)])

    def test_json_is_the_same_as_the_flag(self):
        self.assertEqual(self.greffe("sound.yaml", "--json").out,
                         self.greffe("sound.yaml", "--format", "json").out)

    def test_json_of_examples_has_a_line_for_each_row(self):
        self.scenario(quotient(name="<nom>"), WAITS,
                      top="examples: [{example: un, nom: A}, {example: deux, nom: B}]")
        _, lines = self.lines_of("s.yaml")
        self.assertEqual(len(lines), 2)
        self.assertIn("un", lines[0]["file"])
        self.assertIn("deux", lines[1]["file"])

    def test_json_stays_one_object_a_line_when_files_are_faulty(self):
        self.write("broken.yaml", "greffe: 1\nscenario: [x\n")
        self.scenario(WAITS, name="none.yaml", procedure="rien.yaml")
        self.write("faulty.yaml", QUOTIENT.replace("answered: tri", "answered: tru"))
        self.scenario(WAITS, name="of_faulty.yaml", procedure="faulty.yaml")
        files = ["broken.yaml", "none.yaml", "of_faulty.yaml", "sound.yaml"]
        _, lines = self.lines_of(*files)
        self.assertTrue(all(isinstance(one, dict) for one in lines), lines)
        self.assertEqual([(one["file"], one["passed"]) for one in lines],
                         list(zip(files, (False, False, False, True))))

    def suite(self, *files):
        answer = self.greffe(*files, "--format", "junit")
        (suite,) = xml.etree.ElementTree.fromstring(answer.out)
        return answer, suite

    def test_junit_counts_and_names(self):
        answer, suite = self.suite("sound.yaml", "wrong.yaml")
        self.assertEqual(answer.exit, 1)
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        cases = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
        self.assertIsNone(cases["sound.yaml"])
        self.assertIsNotNone(cases["wrong.yaml"])

    def test_junit_has_every_difference_whole(self):
        _, suite = self.suite("wrong.yaml")
        text = suite.find("testcase/failure").text
        line = self.lines[-1]
        self.assertIn(f"wrong.yaml:{line}", text)
        self.assertIn(self.AWFUL, text)
        self.assertIn("consultation", text)
        self.assertIn("closed", text)

    def test_junit_has_the_row_of_the_examples(self):
        self.scenario(quotient(name="<nom>"), WAITS,
                      top='examples: [{example: "<&\\">", nom: A}, {example: deux, nom: B}]')
        _, suite = self.suite("s.yaml")
        names = [case.get("name") for case in suite.iter("testcase")]
        self.assertEqual(len(names), 2)
        self.assertIn('<&">', names[0])
        self.assertIn("deux", names[1])

    def test_junit_is_sound_xml_whatever_is_written(self):
        for odd in ("a\\u0001b\\u000bc\\u007f", "\\uFFFE", "\\uFFFF", "\\U0001F6B2"):
            with self.subTest(odd):
                self.scenario(quotient(), expect(f'dossier: d1, at: "{odd}"'))
                answer = self.greffe("s.yaml", "--format", "junit")
                try:
                    (suite,) = xml.etree.ElementTree.fromstring(answer.out)
                except xml.etree.ElementTree.ParseError as problem:
                    self.fail(f"{problem}: {answer}")
                self.assertIn("consultation", suite.find("testcase/failure").text)

    def test_junit_of_a_scenario_that_expects_nothing(self):
        self.scenario(quotient())
        _, suite = self.suite("s.yaml")
        self.assertEqual(suite.get("failures"), "1")

    def test_junit_tells_which_file_is_not_there(self):
        self.scenario(WAITS, procedure="rien.yaml")
        answer, suite = self.suite("s.yaml")
        self.assertEqual(answer.exit, 3)
        failure = suite.find("testcase/failure")
        self.assertIn("rien.yaml", failure.get("message") + (failure.text or ""))

    def test_junit_of_a_procedure_with_faults(self):
        self.write("quotient.yaml", QUOTIENT.replace("answered: tri", "answered: tru"))
        _, suite = self.suite("sound.yaml")
        self.assertIn("GR-2007", suite.find("testcase/failure").text)

    def test_a_format_that_is_none_is_wrong_use(self):
        self.assertEqual(self.greffe("sound.yaml", "--format", "toml").exit, 2)
        self.assertEqual(self.greffe().exit, 2)


class FieldRules(Stage):
    """A rule may name its field alone: that is its own, whatever others are called."""

    procedure = "deux"

    def setUp(self):
        super().setUp()
        field = "fields: {prix: {type: money, label: Prix, must: prix > %d, message: Trop peu}}"
        self.write("deux.yaml", TRI[:TRI.index("form:\n")].replace("procedure: tri",
                                                                   "procedure: deux")
                   + f"form:\n  demande:\n    title: Demande\n    {field % 10}\n"
                   + f"  casque:\n    title: Casque\n    {field % 100}\n"
                   + "steps:\n  depot: {kind: submission, by: habitant, then: fin}\n"
                   + "  fin: {kind: end, outcome: fin}\n")

    def of(self, demande, casque, more=""):
        return filed("deux", f'prix: "{demande}"}}, casque: {{prix: "{casque}"', more=more)

    def test_each_rule_asks_of_its_own_field(self):
        self.plays(self.of("50.00", "500.00"), expect("dossier: d1, outcome: fin"))
        refused = ", refused: GR-5211"
        self.plays(self.of("5.00", "500.00", refused), expect("incidents: []"))
        self.plays(self.of("500.00", "50.00", refused), expect("incidents: []"))


class Coverage(Stage):
    procedure = "tri"
    OUI = complete("examen", "oui")
    NOT = "{do: complete, dossier: d1, as: agent, step: examen, outcome: oui, refused: GR-5124}"
    ALL = {"jeune": [tri(12), expect("dossier: d1, outcome: jeune")],
           "vieux": [tri(70), complete("avis", "vu", who="expert"),
                     expect("dossier: d1, outcome: vieux")],
           "oui": [tri(40), OUI, expect("dossier: d1, outcome: adulte")],
           "non": [tri(40, "false"), NOT, complete("examen", "non"),
                   expect("dossier: d1, outcome: refus")]}

    def missing(self, *scenarios, procedure="tri.yaml", top="", words=("--coverage",)):
        """What is named as not covered, by kind."""
        files = [self.scenario(*steps, name=f"s{at}.yaml", procedure=procedure, top=top)
                 for at, steps in enumerate(scenarios)]
        answer = self.greffe(*files, *words)
        self.assertEqual(answer.exit, 0, str(answer))
        self.assertIn(procedure, answer.out)
        found = {}
        for kind in ("steps", "outcomes", "guards", "clocks"):
            line = re.search(rf"(?m)^ *{kind}.*$", answer.out)
            _, _, names = (line.group() if line else "").partition("not: ")
            found[kind] = [name for name in names.split(", ") if name]
        return found

    def test_all_is_covered(self):
        self.assertEqual(self.missing(*self.ALL.values()),
                         {"steps": [], "outcomes": [], "guards": [], "clocks": []})

    def test_steps_and_outcomes_that_no_scenario_passed_through(self):
        found = self.missing(self.ALL["oui"])
        self.assertEqual(sorted(found["steps"]), ["avis", "jeune", "refus", "vieux"])
        for outcome in ("examen.non", "avis.vu"):
            self.assertIn(outcome, found["outcomes"])
        for outcome in ("examen.oui", "depot.filed", "choix.otherwise"):
            self.assertNotIn(outcome, found["outcomes"])

    def guards(self, *names):
        found = self.missing(*(self.ALL[name] for name in names))["guards"]
        return sorted(found)

    def test_a_case_that_held_has_not_failed(self):
        found = self.guards("jeune")
        self.assertIn("choix.case_1 does not hold", found)
        self.assertNotIn("choix.case_1 holds", found)

    def test_a_case_that_held_has_not_failed_behind_one_that_did_not_hold(self):
        found = self.guards("vieux")
        self.assertIn("choix.case_1 holds", found)
        self.assertIn("choix.case_2 does not hold", found)
        self.assertNotIn("choix.case_1 does not hold", found)
        self.assertNotIn("choix.case_2 holds", found)

    def test_a_case_behind_the_one_that_held_was_not_asked(self):
        found = self.guards("jeune")
        self.assertIn("choix.case_2 holds", found)
        self.assertIn("choix.case_2 does not hold", found)

    def test_no_case_held(self):
        self.assertEqual(self.guards("oui"), ["choix.case_1 holds", "choix.case_2 holds",
                                              "examen.oui does not hold"])

    def test_a_must_that_held_and_one_that_did_not(self):
        self.assertNotIn("examen.oui holds", self.guards("oui"))
        refused = self.guards("non")
        self.assertIn("examen.oui holds", refused)
        self.assertNotIn("examen.oui does not hold", refused)
        both = self.guards("oui", "non")
        self.assertEqual(both, ["choix.case_1 holds", "choix.case_2 holds"])

    def test_clocks_that_ended_and_that_were_stopped(self):
        stopped = [*granted(), expect("dossier: d1, at: paiement")]
        ended = [ALLOCATE, aide(), *instructed(),
                 "{after: 10 weeks, expect: {dossier: d1, outcome: rejet}}"]
        self.assertEqual(self.missing(stopped, procedure="aide.yaml")["clocks"], ["silence ends"])
        self.assertEqual(self.missing(ended, procedure="aide.yaml")["clocks"],
                         ["silence is stopped"])
        self.assertEqual(self.missing(stopped, ended, procedure="aide.yaml")["clocks"], [])

    def test_each_procedure_is_told_apart(self):
        self.scenario(*self.ALL["oui"], name="a.yaml")
        self.scenario(quotient(), WAITS, name="b.yaml", procedure="quotient.yaml")
        answer = self.greffe("a.yaml", "b.yaml", "--coverage")
        self.assertRegex(answer.out, r"(?m)^tri\.yaml$")
        self.assertRegex(answer.out, r"(?m)^quotient\.yaml$")

    def test_one_procedure_is_told_once_however_it_is_named(self):
        self.scenario(*self.ALL["oui"], name="a.yaml")
        self.scenario(*self.ALL["non"], name="plus/b.yaml", procedure="../tri.yaml")
        for files in (("a.yaml", "plus/b.yaml"), ("a.yaml", "./plus/b.yaml"),
                      ("a.yaml", str(self.folder / "plus" / "b.yaml"))):
            with self.subTest(files):
                out = self.greffe(*files, "--coverage").out
                self.assertEqual(len(re.findall(r"(?m)^\S*tri\.yaml$", out)), 1, out)

    def test_it_is_said_although_a_scenario_differs(self):
        self.scenario(tri(40), expect("dossier: d1, outcome: jeune"))
        answer = self.greffe("s.yaml", "--coverage")
        self.assertEqual(answer.exit, 1)
        self.assertIn("examen.non", answer.out)

    def test_without_the_word_nothing_is_said_of_it(self):
        self.scenario(*self.ALL["oui"])
        self.assertNotIn("examen.non", self.greffe("s.yaml").out)

    def share(self, *names):
        out = self.greffe(*names, "--coverage").out
        return float(re.search(r"(?m)^covered.*?([0-9.]+) %", out).group(1))

    def test_below_the_share_that_is_asked_for_it_fails(self):
        self.scenario(*self.ALL["oui"])
        share = self.share("s.yaml")
        self.assertTrue(0 < share < 100, share)
        self.assertEqual(self.greffe("s.yaml", "--min-coverage", str(int(share))).exit, 0)
        self.assertEqual(self.greffe("s.yaml", "--min-coverage", str(int(share) + 1)).exit, 1)
        self.assertEqual(self.greffe("s.yaml", "--min-coverage", "100").exit, 1)

    def test_for_tools_it_is_a_test_of_its_own(self):
        self.scenario(*self.ALL["oui"])
        share = int(self.share("s.yaml"))
        for least, failures in ((share, []), (share + 1, ["coverage"])):
            with self.subTest(least=least):
                out = self.greffe("s.yaml", "--format", "junit", "--min-coverage", str(least)).out
                cases = xml.etree.ElementTree.fromstring(out).findall(".//testcase")
                self.assertEqual([case.get("name") for case in cases], ["s.yaml", "coverage"])
                failed = [case for case in cases if case.find("failure") is not None]
                self.assertEqual([case.get("name") for case in failed], failures)
                for case in failed:
                    self.assertIn(f"{least} are asked for", case.find("failure").get("message"))

    def test_it_is_the_share_of_all_that_was_played(self):
        for name, steps in self.ALL.items():
            self.scenario(*steps, name=f"{name}.yaml")
        files = [f"{name}.yaml" for name in self.ALL]
        self.assertEqual(self.greffe(*files, "--min-coverage", "100").exit, 0)
        self.assertEqual(self.greffe(*files[1:], "--min-coverage", "100").exit, 1)
        self.scenario(quotient(), WAITS, name="s.yaml", procedure="quotient.yaml")
        self.assertEqual(self.greffe(*files, "s.yaml", "--min-coverage", "100").exit, 1)
        self.assertTrue(self.share("s.yaml") < self.share(*files, "s.yaml") < 100)

    def test_a_share_that_is_enough_excuses_nothing(self):
        self.scenario(tri(40), expect("dossier: d1, outcome: jeune"))
        self.assertEqual(self.greffe("s.yaml", "--min-coverage", "1").exit, 1)

    def test_a_share_that_is_none_is_wrong_use(self):
        self.scenario(*self.ALL["oui"])
        for share in ("0", "101", "-1", "beaucoup", ""):
            with self.subTest(share):
                self.assertEqual(self.greffe("s.yaml", "--min-coverage", share).exit, 2)


class Faulty(Stage):
    """Files that are no scenario, or expect what cannot be."""

    HEAD = "greffe: 1\nscenario: Un essai\nprocedure: quotient.yaml\nstart: 2026-03-02T08:00:00Z\n"

    def judged(self, text, status=1, line=None, says=()):
        self.write("s.yaml", text)
        answer = self.greffe("s.yaml")
        self.assertEqual(answer.exit, status, str(answer))
        self.assertIn("0 passed, 1 failed", answer.out)
        if line:
            self.told(answer, line, says)
        return answer

    def test_a_scenario_that_expects_nothing(self):
        self.fails(quotient(), says="nothing", line=6)
        self.fails(quotient(), "{after: 3 days}", says="nothing")

    def test_an_expectation_that_expects_nothing(self):
        for nothing in ("{}", "{dossier: d1}", "{for: accueil}", "[]", "rien"):
            with self.subTest(nothing):
                self.differs(quotient(), f"{{expect: {nothing}}}")

    def test_expectations_of_another_shape(self):
        for wrong in ("[{dossier: d1, at: consultation}]", "[[a, b], c]", "[dossier, d1]",
                      "{dossier: [d1], at: consultation}", "{dossier: d1, at: {a: b}}",
                      "{dossier: d1, due: x}", "{dossier: d1, happened: [depot.done]}",
                      "{dossier: d1, amounts: []}", "{letters: {accuse_reception: [a]}}",
                      "{tasks: {a: b}}"):
            with self.subTest(wrong):
                self.differs(quotient(), f"{{expect: {wrong}}}")

    def test_unknown_words_in_an_expectation(self):
        story = [*granted(), BATCH]
        for wrong in ("dossier: d1, couleur: bleu", "dossier: d1, phase: open, couleur: bleu",
                      "session: s1, couleur: bleu", "allotment: ligne, couleur: bleu",
                      "batch: b1, couleur: bleu", "couleur: bleu", "letters: [], couleur: bleu",
                      "dossier: d1, free: '1'", "session: s1, at: bureau",
                      "allotment: ligne, sum: '1'", "batch: b1, free: '1'"):
            with self.subTest(wrong):
                name = wrong.split(", ")[-1].split(":")[0]
                self.differs(*story, expect(wrong), says=f"{name}", procedure="aide.yaml")

    def test_unknown_words_in_a_step(self):
        self.differs(quotient(), "{expect: {dossier: d1, at: consultation}, couleur: bleu}",
                     says="couleur")
        self.differs(quotient(), "{after: 1 day, couleur: bleu}", WAITS, step=1, says="couleur")
        self.differs(quotient(), "{refused: GR-5121}", WAITS, step=1, says="refused")

    def test_an_unknown_word_at_the_top_is_told_at_its_line(self):
        self.judged(self.HEAD + f"couleur: bleu\nsteps:\n  - {quotient()}\n  - {WAITS}\n", line=5,
                    says="couleur")

    def test_a_step_that_is_none_is_told_at_its_line_or_the_one_before(self):
        for step, told in (("{}", 1), ("rien", 0), ("[do, file]", 0), ("[[]]", 0), ("null", 0)):
            with self.subTest(step):
                self.differs(quotient(), step, WAITS, step=told)

    def test_what_is_missing(self):
        steps = f"steps:\n  - {quotient()}\n  - {WAITS}\n"
        for text in (self.HEAD, self.HEAD.replace("procedure: quotient.yaml\n", "") + steps,
                     self.HEAD.replace("start: 2026-03-02T08:00:00Z\n", "") + steps,
                     self.HEAD + "steps: {a: b}\n", self.HEAD + "steps: []\n"):
            with self.subTest(text):
                self.judged(text)

    def test_a_start_that_is_no_instant(self):
        self.judged(self.HEAD.replace("2026-03-02T08:00:00Z", "lundi")
                    + f"steps:\n  - {quotient()}\n  - {WAITS}\n", line=4)

    def test_a_file_that_is_no_scenario(self):
        for text in ("", "- 1\n", "- - 1\n", "- a: 1\n", "rien\n", "42\n",
                     "greffe: 1\nauthority: commune\ntitle: x\n"):
            with self.subTest(text):
                self.judged(text)

    def test_what_is_not_yaml_is_told_at_its_line(self):
        self.judged("greffe: 1\nscenario: [x\n", line=2)
        self.judged(self.HEAD + "steps:\n  - {do: file, do: file}\n", line=6, says="do")

    def test_files_that_cannot_be_read_are_the_environment(self):
        self.assertEqual(self.greffe("rien.yaml").exit, 3)
        answer = self.greffe(self.scenario(WAITS, procedure="rien.yaml"))
        self.assertEqual(answer.exit, 3, str(answer))
        self.assertIn("rien.yaml", answer.err)
        answer = self.greffe(self.scenario(WAITS, top="site: rien.yaml"))
        self.assertEqual(answer.exit, 3, str(answer))
        self.assertIn("rien.yaml", answer.err)

    def test_a_procedure_with_faults_is_told_as_check_tells_it(self):
        text = QUOTIENT.replace("answered: tri", "answered: tru")
        line = text[:text.index("answered: tru")].count("\n") + 1
        self.write("faulty.yaml", text)
        answer = self.fails(WAITS, procedure="faulty.yaml")
        self.assertRegex(answer.err, rf"faulty\.yaml:{line}:\d+: error GR-2007")

    def test_several_differences_are_all_told(self):
        answer = self.fails(quotient(), expect("dossier: d1, at: examen"),
                            "{do: rien, dossier: d1, as: agent}", expect("letters: [refus]"))
        for line, says in zip(self.lines[1:], ("examen", "rien", "refus")):
            self.told(answer, line, says)


if __name__ == "__main__":
    unittest.main()
