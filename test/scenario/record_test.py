"""Recorded dossiers: a season is played, and each of its dossiers becomes a scenario that goes as
it went, and says nothing of the person.

    GREFFE=path/to/greffe python3 test/scenario/record_test.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GREFFE = os.path.abspath(os.environ["GREFFE"])
VELO = ROOT / "workflows" / "gpso-velo"
PERSONAL = ("nom", "prenom", "courriel", "adresse", "foyer", "iban")


def run(*words, cwd=None):
    return subprocess.run([str(one) for one in words], cwd=cwd, check=False, capture_output=True,
                          text=True, encoding="utf-8", timeout=300)


class Recorded(unittest.TestCase):
    """One season for all."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.store = cls.folder / "greffe.db"
        actions = cls.folder / "actions.jsonl"
        made = run(sys.executable, VELO / "generate.py", "--seed", "11", "--scale", "0.04",
                   "--rates", "silent=0.05,withdrawn=0.08", "--out", actions)
        assert made.returncode == 0, made.stderr
        run(GREFFE, "publish", VELO / "velo.yaml", "--store", cls.store)
        played = run(GREFFE, "play", actions, "--store", cls.store, "--site", VELO / "site.yaml",
                     "--out", cls.folder, "--quiet")
        assert played.returncode == 0, played.stderr
        listed = run(GREFFE, "list", "dossiers", "--store", cls.store, "--json", "--limit", 10000)
        cls.keys = [json.loads(line)["dossier"] for line in listed.stdout.splitlines()]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def record(self, key, *words):
        return run(GREFFE, "record", key, VELO / "velo.yaml", "--store", self.store, *words)

    def test_each_goes_as_it_went_and_names_nobody(self):
        kept = self.folder / "recorded"
        kept.mkdir()
        for key in self.keys:
            with self.subTest(key):
                answer = self.record(key, "--out", kept / f"{key}.yaml")
                self.assertEqual(answer.returncode, 0, answer.stderr)
                text = (kept / f"{key}.yaml").read_text(encoding="utf-8")
                shown = json.loads(run(GREFFE, "show", key, "--store", self.store,
                                       "--json").stdout)
                for section in shown["answers"]:
                    for name, value in section["values"].items():
                        if name in PERSONAL:
                            self.assertNotIn(str(value), text, name)
        played = run(GREFFE, "test", kept)
        self.assertEqual(played.returncode, 0, played.stdout[-500:] + played.stderr[-500:])
        print(f"{len(self.keys)} dossiers recorded, and played again")
        self.assertGreater(len(self.keys), 50)

    def test_it_is_printed_where_no_file_is_named(self):
        answer = self.record(self.keys[0])
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertTrue(answer.stdout.startswith("greffe: 1\nscenario: "), answer.stdout[:100])

    def test_what_is_not_there(self):
        self.assertEqual(self.record("rien").returncode, 1)
        self.assertIn("GR-5001", self.record("rien").stderr)
        self.assertEqual(run(GREFFE, "record", self.keys[0], "--store", self.store).returncode, 2)
        self.assertEqual(run(GREFFE, "record", self.keys[0], "rien.yaml", "--store",
                             self.store).returncode, 3)

    def test_another_course_is_told(self):
        other = self.folder / "other"
        other.mkdir()
        (other / "letters").mkdir()
        for one in (VELO / "letters").iterdir():
            (other / "letters" / one.name).write_bytes(one.read_bytes())
        (other / "gpso.yaml").write_bytes((VELO / "gpso.yaml").read_bytes())
        text = (VELO / "velo.yaml").read_text(encoding="utf-8")
        (other / "velo.yaml").write_text(text.replace("montant: '200.00'", "montant: '199.00'"),
                                         encoding="utf-8")
        paid = [key for key in self.keys
                if '"paid":"200.00"' in run(GREFFE, "show", key, "--store", self.store,
                                            "--json").stdout]
        answer = run(GREFFE, "record", paid[0], other / "velo.yaml", "--store", self.store)
        self.assertEqual(answer.returncode, 1)
        self.assertIn("does not go as it went", answer.stderr)


if __name__ == "__main__":
    unittest.main()
