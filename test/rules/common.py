"""What the structural tests share: faults and their closing line, reading of C text, self-checks.

It knows no rule; each rule lives in the script that is named after it.
"""

import argparse
import contextlib
import io
import os
import re
import sys
import tempfile

# The tests must leave no trace in the source tree.
sys.dont_write_bytecode = True

C_SUFFIXES = (".c", ".h", ".def", ".inc", ".c.in", ".h.in",
              ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx")
SKIPPED_FOLDERS = {"__pycache__", "node_modules", "_deps", "build"}

# Comments, strings and characters, in the one order in which C reads them.
_LEXEME = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)"""
    r"""|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.DOTALL)


class Report:
    """Prints each fault as it is found, and counts."""

    def __init__(self):
        self.faults = 0

    def fault(self, place, reason, mend):
        self.faults += 1
        print(f"{place}: {reason}; {mend}")

    def close(self, checked):
        """Print the closing line; return the exit status that it deserves."""
        print(f"{checked} checked, {self.faults} faults")
        return 1 if self.faults else 0


def files_under(root, folders, suffixes):
    """Yield the paths, relative to root and sorted, of the files with one of the suffixes."""
    for folder in folders:
        for where, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = sorted(name for name in inner if name not in SKIPPED_FOLDERS
                              and not name.startswith((".", "build-")))
            for name in sorted(names):
                if name.endswith(tuple(suffixes)):
                    yield os.path.relpath(os.path.join(where, name), root)


def read_text(root, path):
    """The text of a file; bytes that are not UTF-8 become U+FFFD."""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def blank(text, strings):
    """Replace comments (and what strings hold, if asked) by spaces, keeping every line break."""
    def spaces(match):
        if match.group("string") and not strings:
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())
    return _LEXEME.sub(spaces, text)


class Trials:
    """A self-check: each trial runs a script's main on a planted tree and looks at the answer."""

    def __init__(self, main):
        self.main = main
        self.count = 0
        self.report = Report()

    def run(self, arguments):
        """Run main; return its exit status and what it printed."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = self.main(arguments)
        return status, output.getvalue()

    def expect(self, name, arguments, status, *fragments, faults=None):
        """The run must end with this status, print these fragments and count these faults."""
        got, output = self.run(arguments)
        wanted = list(fragments) + ([] if faults is None else [f" checked, {faults} faults\n"])
        missing = [fragment for fragment in wanted if fragment not in output]
        self.count += 1
        if got != status or missing:
            self.report.fault("self-check", f"{name}: status {got}, expected {status}; "
                              f"not printed: {missing}", "it printed:\n" + output)

    def tree(self, name, files, *fragments, status, faults=None, options=()):
        """As expect, on a temporary tree made of a dictionary of paths and texts."""
        with tempfile.TemporaryDirectory() as root:
            plant(root, files)
            self.expect(name, [root, *options], status, *fragments, faults=faults)

    def close(self):
        return self.report.close(f"self-check: {self.count} trials")


def run_rule(description, check, self_check, arguments):
    """The command line of a rule that needs nothing but the root of the sources."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("root", nargs="?")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args(arguments)
    if options.self_check:
        return self_check()
    if options.root is None:
        parser.error("ROOT is missing")
    return check(options.root)


def plant(root, files):
    """Write a dictionary of paths and texts under root."""
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8", newline="") as file:
            file.write(text)
