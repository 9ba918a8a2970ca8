#!/usr/bin/env python3
"""Which rules of a decision table fired: in the journal, for whoever asks why, and in coverage.

    GREFFE=path/to/greffe python3 test/scenario/rules_test.py
"""

import re
import shutil
import unittest
import xml.etree.ElementTree

from case import Case
from office import WORKFLOW
from stage import TRI, Stage, complete, expect, filed

# A table that gives an amount, one that decides a way, and one in two versions.
BAREME = TRI[:TRI.index("steps:\n")].replace("procedure: tri", "procedure: bareme") + """\
tables:
  part:
    rules: |
      demande.age | demande.neuf || part
      < 18        | -            || 100
      >= 18       | true         || 50
      >= 18       | false        || 20
  plus:
    hit: sum
    inputs: [demande.age, demande.neuf]
    outputs: [plus]
    otherwise: '0'
    rules:
      - from: 2020-01-01
        rules:
          - ['< 18', '-', 1]
          - ['-', 'true', 2]
      - from: 2026-06-01
        rules:
          - ['-', 'true', 3]
  voie:
    hit: first
    rules: |
      demande.age || voie
      > 64        || "avis"
      -           || "direct"
values:
  montant: round half up(part + plus, 2)
freeze: {montant: depot.filed}
steps:
  depot: {kind: submission, by: habitant, then: choix}
  choix:
    kind: choose
    cases: [{when: voie = "avis", then: avis}]
    otherwise: accord
  avis: {kind: task, by: agent, then: {vu: accord}}
  accord: {kind: end, outcome: accord}
"""


def bareme(age, neuf):
    return filed("bareme", f"age: {age}, neuf: {neuf}")


class Coverage(Stage):
    procedure = "bareme"

    def setUp(self):
        super().setUp()
        self.write("bareme.yaml", BAREME)

    def missing(self, *stories, words=()):
        files = [self.scenario(*story, name=f"s{at}.yaml") for at, story in enumerate(stories)]
        answer = self.greffe(*files, "--coverage", *words)
        self.assertEqual(answer.exit, 0, str(answer))
        line = re.search(r"(?m)^ *rules +(\d+) of +(\d+).*$", answer.out)
        _, _, names = line.group().partition("not: ")
        missing = [name for name in names.split(", ") if name]
        self.assertEqual(int(line.group(2)) - int(line.group(1)), len(missing))
        self.assertEqual(int(line.group(2)), 10)
        return missing

    YOUNG = [bareme(12, "true"),
             expect("dossier: d1, outcome: accord, amounts: {montant: 103.00}")]
    OLD = [bareme(70, "false"), complete("avis", "vu"),
           expect("dossier: d1, amounts: {montant: 20.00}")]

    def test_a_rule_that_fired_is_covered_and_no_other(self):
        self.assertEqual(self.missing(self.YOUNG),
                         ["part rule 2", "part rule 3", "plus 2020-01-01 otherwise",
                          "plus 2026-06-01 rule 1", "plus 2026-06-01 otherwise", "voie rule 1"])

    def test_scenarios_add_up(self):
        self.assertEqual(self.missing(self.YOUNG, self.OLD),
                         ["part rule 2", "plus 2026-06-01 rule 1", "plus 2026-06-01 otherwise"])

    def test_a_version_counts_by_itself(self):
        later = ["{at: 2026-07-01T09:00:00Z}", bareme(30, "true"),
                 expect("dossier: d1, amounts: {montant: 53.00}")]
        found = self.missing(self.YOUNG, later)
        self.assertNotIn("plus 2026-06-01 rule 1", found)
        self.assertIn("plus 2020-01-01 otherwise", found)

    def test_it_is_in_the_journal_before_what_it_gave(self):
        answer = self.fails(bareme(12, "true"), expect("dossier: d1, journal: []"))
        self.assertIn("happened depot.filed, ruled part, ruled plus, frozen depot.filed montant",
                      answer.out + answer.err)

    def test_the_picture_says_which_rules_no_scenario_reaches(self):
        self.missing(self.OLD, words=("--out", "pictures"))
        svg = xml.etree.ElementTree.parse(self.folder / "pictures" / "bareme.svg").getroot()
        texts = [one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("part : règle 1 jamais appliquée", texts)
        self.assertNotIn("part : règle 3 jamais appliquée", texts)
        self.assertIn("plus 2026-06-01 : toujours une règle de la table", texts)
        self.assertIn("choix.case_1 : condition toujours remplie", texts)
        _, _, width, height = (float(one) for one in svg.get("viewBox").split())
        lowest = max(float(one.get("y")) for one in svg.iter("{http://www.w3.org/2000/svg}text"))
        self.assertLess(lowest, height - 40)
        self.assertGreater(width, 0)


class Why(Case):
    """The same on a store, where every journal is folded after each command."""

    def setUp(self):
        super().setUp()
        copy = self.o.path / "velo"
        shutil.copytree(WORKFLOW, copy)
        file = copy / "velo.yaml"
        text = file.read_text(encoding="utf-8")
        self.assertIn("  montant: '200.00'\n", text)
        text = text.replace("values:\n  montant: '200.00'\n", """tables:
  aide:
    rules:
      - from: 2020-01-01
        rules: |
          velo.neuf | velo.prix  || montant
          true      | <= 1000    || 150
          true      | >= 1000.01 || 200
    otherwise: '1'
values:
  montant: round half up(aide, 2)
""")
        file.write_text(text, encoding="utf-8")
        self.ok(self.o.greffe("publish", str(file)))

    def why(self, dossier):
        return self.ok(self.o.greffe("show", dossier, "--why")).out

    def test_whoever_asks_why_is_told_the_rule_and_its_day(self):
        self.filed("d1")
        self.assertNotIn("table", self.why("d1"))
        self.favourable("d1")
        self.assertIn("  table aide: rule 2, by what holds from 2020-01-01\n", self.why("d1"))
        self.assertRegex(self.why("d1"), r"value montant = 200\S*, frozen at instruction.done\n")

    def test_otherwise_is_told_by_its_name(self):
        self.filed("d1", neuf=False)
        self.ok(self.o.complete("instructeur-1", "completude", "complete", "d1"))
        self.ok(self.o.complete("instructeur-1", "instruction", "defavorable", "d1",
                                fill={"motif": "pas neuf"}))
        self.assertIn("  table aide: otherwise, by what holds from 2020-01-01\n", self.why("d1"))

    def test_the_journal_holds_it_once(self):
        self.filed("d1")
        self.favourable("d1")
        history = self.ok(self.o.greffe("show", "d1", "--history", "--json")).out
        self.assertEqual(history.count('"ruled"'), 1)
        self.assertIn('"rules":["2"],"from":"2020-01-01"', history)


if __name__ == "__main__":
    unittest.main()
