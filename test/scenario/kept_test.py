#!/usr/bin/env python3
"""What is named by mistake is not overwritten, and nothing in a folder is passed over.

    GREFFE=path/to/greffe python3 test/scenario/kept_test.py
"""

import os
import pathlib
import unittest

from stage import Stage

FAULT = "then: verfi"


class Kept(Stage):

    def test_what_is_no_cache_stays_as_it_is(self):
        before = (self.folder / "tri.yaml").read_bytes()
        answer = self.greffe("--cache", "tri.yaml", ".", command="check")
        self.assertEqual(answer.exit, 2, answer)
        self.assertIn("tri.yaml is there, and is something else", answer.err)
        self.assertEqual((self.folder / "tri.yaml").read_bytes(), before)

    def test_what_is_no_bundle_stays_as_it_is(self):
        before = (self.folder / "tri.yaml").read_bytes()
        answer = self.greffe("tri.yaml", "--out", "tri.yaml", command="build")
        self.assertEqual(answer.exit, 2, answer)
        self.assertEqual((self.folder / "tri.yaml").read_bytes(), before)

    def test_a_device_is_no_file_to_be_replaced(self):
        for words, command in ((("--cache", "/dev/null", "tri.yaml"), "check"),
                               (("tri.yaml", "--out", "/dev/null"), "build")):
            self.assertEqual(self.greffe(*words, command=command).exit, 2)
        self.assertTrue(pathlib.Path("/dev/null").is_char_device())

    def test_a_cache_and_a_bundle_are_written_anew(self):
        for _ in range(2):
            self.assertEqual(self.greffe("--cache", "c.json", "tri.yaml", command="check").exit, 0)
            self.assertEqual(self.greffe("tri.yaml", "--out", "t.bundle", command="build").exit, 0)
        os.symlink("t.bundle", self.folder / "link.bundle")
        self.assertEqual(self.greffe("tri.yaml", "--out", "link.bundle", command="build").exit, 0)
        self.assertTrue((self.folder / "link.bundle").is_symlink())
        self.assertEqual([path.name for path in self.folder.glob("*.bundle.*")], [])

    def test_however_yaml_lets_its_key_be_written_a_procedure_is_found(self):
        tri = (self.folder / "tri.yaml").read_text(encoding="utf-8")
        (self.folder / "tri.yaml").unlink()
        for path in self.folder.glob("*.yaml"):
            if path.name != "commune.yaml":
                path.unlink()
        self.assertIn("\nprocedure: tri\n", tri)
        faulty = tri.replace("kind: submission", "kind: submision", 1)
        self.assertNotEqual(faulty, tri)
        for name, text in (("a.yaml", faulty.replace("procedure:", '"procedure":')),
                           ("b.yml", faulty.replace("procedure:", "'procedure' :")),
                           ("c.YAML", faulty.replace("procedure: tri", "procedure : tri")),
                           ("d.yaml", "\ufeff" + faulty),
                           ("e.yaml", "# comment\n---\n" + faulty),
                           ("f.yaml", '{"greffe": 1, "procedure": p}'),
                           ("g.yaml", "\n".join("  " + line for line in faulty.split("\n")))):
            with self.subTest(name=name):
                (self.folder / name).write_bytes(text.encode())
                answer = self.greffe(".", command="check")
                self.assertEqual(answer.exit, 1, answer)
                self.assertIn(f"{name}:", answer.err + answer.out)
                (self.folder / name).unlink()


if __name__ == "__main__":
    unittest.main()
