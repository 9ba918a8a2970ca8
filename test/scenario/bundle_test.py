#!/usr/bin/env python3
"""From a procedure's file to its graph and its bundle, and from the bundle to a running office.

    GREFFE=path/to/greffe python3 test/scenario/bundle_test.py

After each test of a running office the journal is verified.
"""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from case import Case
from office import GREFFE, ROOT, WORKFLOW, Answer

GOLDEN = ROOT / "test" / "golden"
PROCEDURES = (WORKFLOW / "velo.yaml", ROOT / "test" / "scenario" / "flow" / "flux.yaml",
              ROOT / "test" / "scenario" / "flow" / "delai.yaml")


def greffe(*words):
    return Answer(subprocess.run([GREFFE, *map(str, words)], capture_output=True, text=True,
                                 check=False, timeout=60))


def step_names(path):
    """Every step by its name: what stands before a mapping that has a kind, on one line or two."""
    text = path.read_text(encoding="utf-8").split("\nsteps:", 1)[1]
    return re.findall(r"^ +(\w+):(?: \{|\s+)kind: ", text, re.MULTILINE)


class Graph(unittest.TestCase):
    def test_every_step_appears_in_the_graph(self):
        for path in PROCEDURES:
            with self.subTest(path=path.name):
                drawn = greffe("graph", path)
                self.assertEqual(drawn.exit, 0, str(drawn))
                data = greffe("graph", path, "--json")
                self.assertEqual(data.exit, 0, str(data))
                steps = {step["id"]: step.get("title") or step["id"]
                         for step in json.loads(data.out)["steps"]}
                names = step_names(path)
                self.assertGreater(len(names), 5)
                self.assertLessEqual(set(names), set(steps))
                for name in names:
                    self.assertTrue(f'label="{steps[name]}' in drawn.out
                                    or f'label="{name}' in drawn.out, name)

    def test_every_line_is_a_node_an_edge_or_a_setting(self):
        """And every edge joins two nodes that are there."""
        for path in PROCEDURES:
            with self.subTest(path=path.name):
                lines = greffe("graph", path).out.splitlines()
                self.assertRegex(lines[0], r'^digraph "[^"]*" \{$')
                self.assertEqual(lines[-1], "}")
                nodes, ends = set(), set()
                for line in lines[1:-1]:
                    node = re.fullmatch(r'  (\w+) \[(?:\w+="?[^"\]]*"?(?:, )?)+\];', line)
                    edge = re.fullmatch(
                        r'  (\w+) -> (\w+)(?: \[(?:\w+="?[^"\]]*"?(?:, )?)+\])?;', line)
                    self.assertTrue(node or edge or re.fullmatch(r"  \w+=\w+;", line), line)
                    if edge:
                        ends.update(edge.groups())
                    elif node and node.group(1) not in ("node", "edge"):
                        nodes.add(node.group(1))
                self.assertTrue(ends)
                self.assertLessEqual(ends, nodes)

    @unittest.skipUnless(shutil.which("dot"), "dot is not installed")
    def test_graphviz_reads_it(self):
        for path in PROCEDURES:
            drawn = greffe("graph", path)
            subprocess.run(["dot", "-Tsvg"], input=drawn.out, text=True, check=True,
                           capture_output=True)

    def test_a_faulty_procedure_has_no_graph(self):
        answer = greffe("graph", ROOT / "test" / "golden" / "GR-2023-a-step.yaml")
        self.assertEqual((answer.exit, answer.code, answer.out), (1, "GR-2023", ""))


class Bundle(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="greffe-bundle-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.bundle = self.folder / "velo.bundle"

    def build(self, path=WORKFLOW / "velo.yaml", out=None):
        return greffe("build", path, "--out", out or self.bundle)

    def publish(self, path):
        return greffe("publish", path, "--store", self.folder / "greffe.db")

    def refused(self, content):
        path = self.folder / "damaged.bundle"
        path.write_bytes(content)
        answer = self.publish(path)
        self.assertEqual((answer.exit, answer.code), (1, "GR-6201"), str(answer))

    def test_it_is_reproducible(self):
        again = self.folder / "again.bundle"
        self.assertEqual(self.build().exit, 0)
        self.assertEqual(self.build(out=again).exit, 0)
        self.assertEqual(self.bundle.read_bytes(), again.read_bytes())

    def test_it_does_not_depend_on_where_it_was_built(self):
        copy = self.folder / "elsewhere"
        shutil.copytree(WORKFLOW, copy)
        other = self.folder / "other.bundle"
        self.assertEqual(self.build().exit, 0)
        self.assertEqual(self.build(copy / "velo.yaml", other).exit, 0)
        self.assertEqual(self.bundle.read_bytes(), other.read_bytes())

    def test_published_from_a_file_or_from_its_bundle_it_is_the_same(self):
        self.assertEqual(self.build().exit, 0)
        from_bundle, from_file = self.publish(self.bundle), self.publish(WORKFLOW / "velo.yaml")
        self.assertEqual(from_bundle.exit, 0, str(from_bundle))
        self.assertEqual(from_bundle.out, from_file.out)

    def test_nothing_of_a_site_is_in_it(self):
        self.assertEqual(self.build().exit, 0)
        content = self.bundle.read_bytes()
        for secret in (b"ordonnateur-1", b"FR7630006000011234567890189",
                       b"aide-velo@gpso.example>"):
            self.assertNotIn(secret, content)

    def test_what_is_no_bundle_is_refused(self):
        """Cut short, grown, empty, of another kind, or with another beginning."""
        self.assertEqual(self.build().exit, 0)
        good = self.bundle.read_bytes()
        for other in (good[:-1], good[:len(good) // 2], good[:8], good + b"\0", good + good, b"",
                      good.replace(b"greffe bundle", b"greffe bungle"),
                      (WORKFLOW / "velo.yaml").read_bytes()):
            with self.subTest(size=len(other)):
                self.refused(other)

    def test_rules_that_were_changed_are_refused(self):
        """They are pinned by a hash, so that nobody edits them after the proof."""
        self.assertEqual(self.build().exit, 0)
        good = self.bundle.read_bytes()
        for old, new in ((b"200.00", b"900.00"), (b"deliberation", b"deliberatiom"),
                         (b"mobilites", b"mobilitez"), (b"velo_2020", b"velo_2021"),
                         (b"prestataire", b"prestatairf")):
            with self.subTest(old=old):
                self.assertIn(old, good)
                self.refused(good.replace(old, new))

    def test_no_damage_passes(self):
        """One bit in each of many places, words as well as rules."""
        self.assertEqual(self.build().exit, 0)
        good = self.bundle.read_bytes()
        for at in [*range(0, len(good), max(1, len(good) // 60)), len(good) - 1]:
            with self.subTest(at=at):
                self.refused(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])

    def test_a_damaged_one_changes_nothing_that_is_published(self):
        self.assertEqual(self.build().exit, 0)
        self.assertEqual(self.publish(self.bundle).exit, 0)
        words = ("list", "procedures", "--store", self.folder / "greffe.db")
        before = greffe(*words).out
        self.assertIn("velo", before)
        self.refused(self.bundle.read_bytes()[:-9])
        self.assertEqual(greffe(*words).out, before)

    def test_a_faulty_procedure_gives_none(self):
        answer = self.build(ROOT / "test" / "golden" / "GR-2023-a-step.yaml")
        self.assertEqual((answer.exit, answer.code), (1, "GR-2023"), str(answer))
        self.assertFalse(self.bundle.exists())

    def test_what_is_not_proved_is_refused_where_a_warning_is_a_fault(self):
        answer = greffe("build", GOLDEN / "GR-4202-a-guarantee.yaml", "--out", self.bundle,
                        "--fail-on", "warning")
        self.assertEqual((answer.exit, answer.code), (4, "GR-4202"), str(answer))
        self.assertFalse(self.bundle.exists())

    def test_a_warning_is_no_fault_unless_that_is_asked_for(self):
        procedure = GOLDEN / "GR-4202-a-guarantee.yaml"
        self.assertEqual(greffe("check", procedure).exit, 0)
        self.assertEqual(greffe("check", procedure, "--fail-on=error").exit, 0)
        self.assertEqual(greffe("check", procedure, "--fail-on=warning").exit, 4)
        self.assertEqual(greffe("check", procedure, "--fail-on", "hint").exit, 2)

    def test_what_is_not_proved_is_refused(self):
        answer = greffe("build", GOLDEN / "GR-4001-a-choice.yaml", "--out", self.bundle)
        self.assertEqual((answer.exit, answer.code), (4, "GR-4001"), str(answer))
        self.assertFalse(self.bundle.exists())

    def test_where_nothing_can_be_written_is_said(self):
        self.assertEqual(self.build(out=self.folder / "none" / "velo.bundle").exit, 3)
        self.assertEqual(self.publish(self.folder / "none.bundle").exit, 3)


class Running(Case):
    """An office whose procedure came as a bundle: no YAML is read to run it."""

    def setUp(self):
        with tempfile.TemporaryDirectory(prefix="greffe-bundle-") as folder:
            bundle = pathlib.Path(folder) / "velo.bundle"
            self.ok(greffe("build", WORKFLOW / "velo.yaml", "--out", bundle))
            self.procedure = str(bundle)
            super().setUp()

    def test_a_dossier_is_paid(self):
        self.granted()
        self.batch()
        self.report()
        self.ended("verse")
        self.assertIn("Votre demande", "".join(self.o.letters().values()))


if __name__ == "__main__":
    unittest.main()
