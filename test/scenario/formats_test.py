#!/usr/bin/env python3
"""What `check` found, in the forms that CI systems read.

    GREFFE=path/to/greffe python3 test/scenario/formats_test.py
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree

from office import GREFFE, ROOT

FAULTY = ROOT / "test" / "golden" / "faulty"
SUITES = os.environ.get("GREFFE_SUITES", "")


def check(*words, cwd=None):
    return subprocess.run([GREFFE, "check", *map(str, words)], cwd=cwd, capture_output=True,
                          text=True, check=False, timeout=60)


class Folder(unittest.TestCase):
    """A folder with a sound procedure, one with a fault, and what is no procedure."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        inner = self.folder / "aides"
        shutil.copytree(FAULTY / "letters", inner / "letters")
        for name in ("commune.yaml", "001-cent-gap.yaml", "001-cent-gap.sound.yaml"):
            shutil.copy(FAULTY / name, inner)
        self.faulty = inner / "001-cent-gap.yaml"
        (self.folder / "notes.txt").write_text("procedure: none\n", encoding="utf-8")

    def told(self, form, *words):
        answer = check(*words or ["."], "--format", form, cwd=self.folder)
        self.assertEqual(answer.returncode, 1, answer.stderr)
        return answer.stdout


class Sarif(Folder):
    def results(self):
        log = json.loads(self.told("sarif"))
        self.assertEqual(log["version"], "2.1.0")
        (run,) = log["runs"]
        self.assertEqual(run["columnKind"], "unicodeCodePoints")
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
        return run["results"]

    def test_a_fault_has_its_rule_place_and_words(self):
        (result,) = self.results()
        self.assertEqual((result["ruleId"], result["level"]), ("GR-4101", "error"))
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "aides/001-cent-gap.yaml")
        self.assertEqual(place["region"]["startLine"], 13)
        self.assertIn("Way: demandeur files", result["message"]["text"])

    def test_a_fingerprint_stays_when_lines_are_added_above(self):
        before = [one["partialFingerprints"] for one in self.results()]
        text = self.faulty.read_text(encoding="utf-8")
        self.faulty.write_text("# one line more\n" + text, encoding="utf-8")
        self.assertEqual([one["partialFingerprints"] for one in self.results()], before)

    def test_a_fingerprint_and_a_name_are_those_of_the_file_however_it_is_written(self):
        told = set()
        for word in ("aides", "./aides", "aides/../aides/.", str(self.folder / "aides")):
            log = json.loads(self.told("sarif", word))
            (result,) = log["runs"][0]["results"]
            place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            told.add((place, result["partialFingerprints"]["greffe/v1"]))
        self.assertEqual(len(told), 1, told)
        self.assertEqual(told.pop()[0], "aides/001-cent-gap.yaml")

    def test_a_name_is_written_as_a_uri_has_it(self):
        self.faulty.rename(self.faulty.with_name("à #1, 100%.yaml"))
        (result,) = self.results()
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"],
                         "aides/" + urllib.parse.quote("à #1, 100%.yaml"))

    def test_a_rule_says_what_it_means(self):
        log = json.loads(self.told("sarif"))
        (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
        self.assertEqual(rule["shortDescription"]["text"],
                         "a choice leads nowhere for some dossiers")
        self.assertIn("mended:", rule["help"]["text"])

    def test_two_faults_alike_have_two_fingerprints(self):
        text = self.faulty.read_text(encoding="utf-8")
        self.faulty.write_text(text + "couleur: a\n", encoding="utf-8")
        shutil.copy(self.faulty, self.folder / "aides" / "002.yaml")
        marks = [one["partialFingerprints"]["greffe/v1"] for one in self.results()]
        self.assertEqual(len(marks), len(set(marks)), marks)


class Junit(Folder):
    def test_each_file_is_a_test_and_a_faulty_one_fails(self):
        root = xml.etree.ElementTree.fromstring(self.told("junit"))
        (suite,) = root
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        cases = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
        self.assertIsNone(cases["aides/001-cent-gap.sound.yaml"])
        self.assertEqual(cases["aides/001-cent-gap.yaml"].get("type"), "GR-4101")
        self.assertIn("help: add a case", cases["aides/001-cent-gap.yaml"].text.lower())

    def test_the_public_schema_takes_it(self):
        schema = pathlib.Path(SUITES) / "schemas" / "JUnit.xsd"
        if not SUITES or not schema.exists() or not shutil.which("xmllint"):
            self.skipTest("the public schema of JUnit's reports, or xmllint, is not here")
        path = self.folder / "report.xml"
        path.write_text(self.told("junit", ".", FAULTY), encoding="utf-8")
        done = subprocess.run(["xmllint", "--noout", "--schema", str(schema), str(path)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-500:])


class Github(Folder):
    def test_an_annotation_is_one_line(self):
        (line,) = self.told("github").splitlines()
        self.assertTrue(line.startswith("::error file=aides/001-cent-gap.yaml,line=13,"), line)
        self.assertIn(",title=GR-4101::no case of 'tri' holds", line)
        self.assertIn("%0AWay: demandeur files", line)


class Words(Folder):
    def test_a_fault_is_worse_than_what_is_not_proved(self):
        inner = self.folder / "aides"
        shutil.copy(FAULTY / "130-nobody-in-the-household.yaml", inner)
        self.faulty.unlink()
        self.assertEqual(check(".", cwd=self.folder).returncode, 4)
        shutil.copy(FAULTY / "001-cent-gap.yaml", inner)
        self.assertEqual(check(".", cwd=self.folder).returncode, 1)

    def test_a_format_that_is_none_is_wrong_use(self):
        self.assertEqual(check("--format", "toml", self.faulty).returncode, 2)

    def test_a_file_that_is_not_there_is_the_environment(self):
        self.assertEqual(check("none.yaml", cwd=self.folder).returncode, 3)

    def test_people_are_told_of_each_file(self):
        answer = check(".", cwd=self.folder)
        self.assertEqual(answer.stdout, "aides/001-cent-gap.sound.yaml: no fault found\n")
        self.assertIn("error GR-4101", answer.stderr)


class Cache(Folder):
    """Only what changed is looked at again; what is told is the same."""

    def setUp(self):
        super().setUp()
        self.cache = self.folder / "cache.json"
        self.sound = "aides/001-cent-gap.sound.yaml: no fault found"

    def look(self, *words):
        return check(".", "--cache", self.cache, *words, cwd=self.folder)

    def test_the_second_time_is_as_the_first(self):
        first, second = self.look(), self.look()
        self.assertEqual((first.returncode, first.stderr), (second.returncode, second.stderr))
        self.assertEqual(first.stdout, self.sound + "\n")
        self.assertEqual(second.stdout, self.sound + " (as before)\n")
        self.assertEqual(self.look("--format", "sarif").stdout,
                         check(".", "--format", "sarif", cwd=self.folder).stdout)

    def test_whatever_a_procedure_reads_counts(self):
        inner = self.folder / "aides"
        for path in (inner / "commune.yaml", inner / "letters" / "accord.txt",
                     inner / "001-cent-gap.sound.yaml"):
            self.look()
            path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            self.assertEqual(self.look().stdout, self.sound + "\n", path)
            self.assertEqual(self.look().stdout, self.sound + " (as before)\n", path)

    def test_a_letter_that_goes_and_comes(self):
        self.look()
        letter = self.folder / "aides" / "letters" / "accord.txt"
        text = letter.read_bytes()
        letter.unlink()
        self.assertIn("letters/accord.txt", self.look().stderr)
        letter.write_bytes(text)
        self.assertNotIn("letters/accord.txt", self.look().stderr)

    def test_a_waiver_runs_out_though_no_file_changes(self):
        path = self.folder / "aides" / "001-cent-gap.sound.yaml"
        with open(path, "a", encoding="utf-8") as file:
            file.write("waive:\n  - {rule: GR-4204, because: Essai, until: 2099-12-31}\n")
        self.look()
        kept = json.loads(self.cache.read_text(encoding="utf-8"))
        kept["files"]["aides/001-cent-gap.sound.yaml"]["day"] -= 1
        self.cache.write_text(json.dumps(kept), encoding="utf-8")
        self.assertNotIn("(as before)", self.look().stdout)

    def test_what_is_no_cache_is_none(self):
        for text in ("", "{", "[]", "null", '{"of": "another", "files": {}}'):
            self.cache.write_text(text, encoding="utf-8")
            self.assertEqual(self.look().stdout, self.sound + "\n", text)

    def test_a_place_where_it_cannot_be(self):
        answer = check(".", "--cache", self.folder / "none" / "cache.json", cwd=self.folder)
        self.assertEqual(answer.returncode, 3)

    def test_as_many_at_a_time_as_one_likes(self):
        many = [check(FAULTY, "--jobs", count) for count in (1, 2, 7)]
        self.assertEqual(many[0].stderr, many[1].stderr)
        self.assertEqual(many[0].stdout, many[2].stdout)
        self.assertEqual(check(FAULTY, "--jobs", "0").returncode, 2)

    def test_a_file_that_is_named_twice_is_looked_at_once(self):
        answer = check("aides", "aides/001-cent-gap.sound.yaml", cwd=self.folder)
        self.assertEqual(answer.stdout, self.sound + "\n")


if __name__ == "__main__":
    unittest.main()
