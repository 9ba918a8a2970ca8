#!/usr/bin/env python3
"""Checks the rules of style that a machine can count.

    style.py ROOT            exit 0: clean, 1: faults, 2: nothing was read
    style.py --self-check    plants one fault of each kind and proves that each is found

Widths are counted in characters. Functions are found by their brace at column 0, or at the end
of a line that begins at column 0, which is how the project writes them.
"""

import os
import re
import sys

sys.dont_write_bytecode = True
from common import C_SUFFIXES, Report, Trials, blank, files_under, read_text, run_rule

FOLDERS = ("include", "lib", "engine", "bindings", "examples", "test")
OTHER_SUFFIXES = (".py", ".sh", ".mjs", ".cmake", "CMakeLists.txt")
MOST_COLUMNS = 100
MOST_FILE_LINES = 900
MOST_FUNCTION_LINES = 70

# Split so that this file does not accuse itself. In quotes, the third is the ISO 4217 code for
# "no currency", and legitimate.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|(?<!\")X" r"XX(?!\")|HA" r"CK)\b")

DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\r?\n|[^\n])*", re.MULTILINE)


def functions(text):
    """Yield (first line, name, number of lines) for each function, signature included."""
    plain = blank(text, strings=True)
    plain = DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), plain)
    head, first, inside = "", 0, None
    for number, line in enumerate(plain.split("\n"), 1):
        line = line.rstrip()
        if inside is not None:
            if line.startswith("}"):
                yield inside[0], inside[1], number - inside[0] + 1
                inside = None
            continue
        if not line:
            continue
        if not head:
            first = number
        head += " " + line
        if line[0] not in " \t" and line.endswith("{"):
            # A parameter list makes a function; an equals sign, an initialiser.
            name = re.search(r"(\w+)\s*\(", head)
            if name and "=" not in head:
                inside = first, name.group(1)
            head = ""
        elif line.endswith((";", "}")):
            head = ""


def check_file(root, path, report):
    text = read_text(root, path)
    lines = text.splitlines()
    if "\ufffd" in text:
        report.fault(f"{path}:1", "bytes that are not UTF-8", "save the file as UTF-8")
    for number, line in enumerate(lines, 1):
        place = f"{path}:{number}"
        if len(line) > MOST_COLUMNS:
            report.fault(place, f"{len(line)} columns", f"break the line at {MOST_COLUMNS}")
        if "\t" in line:
            report.fault(place, "a tab", "indent by four spaces, and write \\t in strings")
        word = UNFINISHED.search(line)
        if word:
            report.fault(place, f"{word.group()} marks unfinished work",
                         "finish it, or say why it is not done")
    if len(lines) > MOST_FILE_LINES:
        report.fault(f"{path}:{MOST_FILE_LINES + 1}", f"{len(lines)} lines in a file",
                     f"split it: {MOST_FILE_LINES} at the most")
    if not path.endswith(C_SUFFIXES):
        return
    if path.startswith(("lib/", "engine/", "include/")) and path.endswith((".c", ".h")):
        if not text.startswith(("/*", "//")):
            report.fault(f"{path}:1", "no opening comment",
                         "say the file's job and what it refuses to know")
    if path.startswith(("lib/", "engine/")):
        for first, name, length in functions(text):
            if length > MOST_FUNCTION_LINES:
                report.fault(f"{path}:{first}", f"{name} has {length} lines",
                             f"give it one job: {MOST_FUNCTION_LINES} lines at the most")


def check(root):
    report = Report()
    paths = list(files_under(root, FOLDERS, C_SUFFIXES + OTHER_SUFFIXES))
    if os.path.isfile(os.path.join(root, "CMakeLists.txt")):
        paths.append("CMakeLists.txt")
    for path in paths:
        check_file(root, path, report)
    status = report.close(f"{len(paths)} files")
    if not paths:
        print(f"nothing to read under {root}: is it the root of the sources?")
        return 2
    return status


# ---- self-check ------------------------------------------------------------------------------

OPENING = "/* Its job. */\n"


def function(lines, head="static int\nlong_one(int a)\n{\n"):
    """A function of exactly this many lines."""
    body = lines - head.count("\n") - 1
    return head + "    a++;\n" * body + "}\n"


CLEAN = {
    "CMakeLists.txt": "project(greffe C)\n",
    "include/greffe/a.h": OPENING + 'extern "C" {\nint a(int b);\n}\n',
    "lib/base/a.c": OPENING + "/* " + "é" * (MOST_COLUMNS - 6) + " */\n"
                    + function(MOST_FUNCTION_LINES)
                    + "static const int TABLE[] = {\n" + "    f(1),\n" * 100 + "};\n"
                    + "struct s {\n" + "    int (*call)(void);\n" * 100 + "};\n",
    "lib/base/b.c": OPENING + "\n" * (MOST_FILE_LINES - 1),
    "engine/host/a.c": OPENING + 'int hack(void) { return *"{"; }\nconst char *NONE = "X' 'XX";\n',
    "test/unit/a.c": function(MOST_FUNCTION_LINES + 1),
    "test/data/a.yaml": "a: \t" + "x" * 200,
}

PLANTED = [
    ("lib/base/x.c", OPENING + "/* " + "é" * (MOST_COLUMNS - 5) + " */\n", ":2: 101 columns"),
    ("test/rules/x.py", "#" * (MOST_COLUMNS + 1) + "\n", ":1: 101 columns"),
    ("engine/cli/x.c", OPENING + "\tint a;\n", ":2: a tab"),
    ("test/unit/x.c", "int a;\n\n\tint b;\n", ":3: a tab"),
    ("lib/base/x.c", OPENING + "\n" * MOST_FILE_LINES, ":901: 901 lines"),
    ("lib/base/x.c", OPENING + function(MOST_FUNCTION_LINES + 1), ":2: long_one has 71 lines"),
    ("engine/loop/x.c", OPENING + function(71, "int long_two(void) {\n"), ":2: long_two has 71"),
    ("lib/base/x.c", OPENING + "#define M(x) \\\n    x\n\nint z;\n"
     + function(71, 'int\nlong_three(char c, /* "{" */\n    int a)\n{\n'), ":6: long_three has 71"),
    ("lib/base/x.c", "int a;\n", ":1: no opening comment"),
    ("include/greffe/x.h", "\n" + OPENING, ":1: no opening comment"),
    ("engine/store/x.h", "#pragma once\n", ":1: no opening comment"),
    ("lib/base/x.c", OPENING + "/* TO" "DO: later */\n", ":2: TO" "DO marks"),
    ("test/unit/x.c", "// FIX" "ME\n", ":1: FIX" "ME marks"),
    ("bindings/c/x.h", "// X" "XX\n", ":1: X" "XX marks"),
    ("examples/1/CMakeLists.txt", "# HA" "CK\n", ":1: HA" "CK marks"),
    ("lib/base/x.c", OPENING + "/* \ufffd */\n", "not UTF-8"),
]


def self_check():
    trials = Trials(main)
    trials.tree("a clean tree passes", CLEAN, status=0, faults=0)
    for path, text, fragment in PLANTED:
        trials.tree(f"{path} with {fragment}", {**CLEAN, path: text}, path, fragment,
                    status=1, faults=1)
    trials.tree("nothing at all", {}, "nothing to read", status=2)
    return trials.close()


def main(arguments):
    return run_rule(__doc__, check, self_check, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
