#!/usr/bin/env python3
"""greffe eval: as words, as lines, and at a prompt that remembers.

    GREFFE=path/to/greffe python3 test/scenario/eval_test.py
"""

import contextlib
import os
import pathlib
import pty
import select
import subprocess
import tempfile
import unittest

GREFFE = os.environ["GREFFE"]


def greffe(*words, given=""):
    return subprocess.run([GREFFE, "eval", *words], input=given, capture_output=True, text=True,
                          check=False, timeout=60)


class Lines(unittest.TestCase):
    """Expressions as words of the command, and as lines of a file."""

    def test_names_last_from_one_expression_to_the_next(self):
        done = greffe("prix := 1249.90", "round half up(0.125 * prix, 2)", '"a := b"')
        self.assertEqual((done.returncode, done.stdout), (0, '156.24\n"a := b"\n'))

    def test_a_fault_is_told_and_the_rest_is_evaluated(self):
        done = greffe(given="x := 3\nx * 2\nx +\n\nx + 1\n")
        self.assertEqual((done.returncode, done.stdout), (1, "6\n4\n"))
        self.assertIn("expression:1:4: error GR-3001", done.stderr)

    def test_json_is_one_value_a_line(self):
        done = greffe("--json", "[1, @\"P2M\"]", "{a: 1.50}")
        self.assertEqual(done.stdout, '[1,"P2M"]\n{"a":1.5}\n')

    def test_lenient_gives_null_and_its_reason(self):
        done = greffe("--lenient", "1 + \"a\"")
        self.assertEqual((done.returncode, done.stdout), (0, "null\n"))
        self.assertIn("GR-3101", done.stderr)

    def test_the_day_comes_in(self):
        done = greffe("--now", "2026-05-04T10:00:00Z", "today()")
        self.assertEqual(done.stdout, '@"2026-05-04"\n')
        self.assertEqual(greffe("--now", "demain", "today()").returncode, 2)


class Prompt(unittest.TestCase):
    """On a terminal."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.history = pathlib.Path(folder.name) / "history"

    def talk(self, *lines):
        """What a terminal shows when these lines are typed, each after a prompt."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(GREFFE_HISTORY=str(self.history), TERM="dumb")
            os.execv(GREFFE, [GREFFE, "eval"])
        shown = b""
        for line in lines:
            while shown.count(b"feel> ") <= lines.index(line) and \
                    select.select([terminal], [], [], 10)[0]:
                shown += os.read(terminal, 65536)
            os.write(terminal, line.encode() + b"\n")
        with contextlib.suppress(OSError):  # the end of a terminal
            while select.select([terminal], [], [], 10)[0]:
                piece = os.read(terminal, 65536)
                if not piece:
                    break
                shown += piece
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        return shown.decode()

    def test_it_answers_names_and_leaves(self):
        shown = self.talk("x := 40", "x + 2", ":names", ":quit")
        self.assertIn("42", shown)
        self.assertIn(":help says how", shown)

    def test_it_remembers_where_it_can_edit(self):
        self.talk("1 + 41", ":quit")
        if not self.history.exists():
            self.skipTest("built without libedit: no history")
        self.assertIn("41", self.history.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
