#!/usr/bin/env python3
"""Checks that every code of lib/base/codes.def is said by something, once, and in order.

    codes.py ROOT            exit 0: clean, 1: faults, 2: nothing was read
    codes.py --self-check    plants one fault of each kind and proves that each is found

A code is said by its name (GREFFE__GR_NAME) or as a text ("GR-1234") in lib or engine.
"""

import os
import re
import sys

sys.dont_write_bytecode = True
from common import C_SUFFIXES, Report, Trials, blank, files_under, read_text, run_rule

CODES = "lib/base/codes.def"
ENTRY = re.compile(r"^CODE\((\d+), \w+, (\w+),", re.MULTILINE)


def check(root):
    report = Report()
    if not os.path.isfile(os.path.join(root, CODES)):
        print(f"nothing to read under {root}: {CODES} is not there")
        return 2
    text = read_text(root, CODES)
    said = set()
    for path in files_under(root, ("lib", "engine"), C_SUFFIXES):
        if path != CODES:
            plain = blank(read_text(root, path), strings=False)
            said.update(re.findall(r"\bGREFFE__GR_(\w+)|\bGR-(\d{4})\b", plain))
    said = {one for pair in said for one in pair if one}
    before, count = 0, 0
    for entry in ENTRY.finditer(text):
        place = f"{CODES}:{text.count(chr(10), 0, entry.start()) + 1}"
        number, name = entry.groups()
        count += 1
        if int(number) <= before:
            report.fault(place, f"{number} comes after {before}", "order the codes, each once")
        if number not in said and name not in said:
            report.fault(place, f"nothing says {number} {name}",
                         "say it where it happens, or take it away")
        before = int(number)
    return report.close(f"{count} codes")


# ---- self-check ------------------------------------------------------------------------------

CLEAN = {
    CODES: 'CODE(1001, ERROR, ONE, "one")\nCODE(1002, ERROR, TWO, "two")\n',
    "lib/a.c": "int a = GREFFE__GR_ONE;\n",
    "engine/cli/a.c": 'const char *two = "GR-1002: two";\n',
}

PLANTED = [
    ("lib/a.c", "/* GREFFE__GR_ONE */\n", ":1: nothing says 1001 ONE"),
    ("lib/a.c", "int a = GREFFE__GR_ONE_MORE;\n", ":1: nothing says 1001 ONE"),
    ("engine/cli/a.c", 'const char *two = "GR-10021";\n', ":2: nothing says 1002 TWO"),
    (CODES, 'CODE(1002, ERROR, TWO, "two")\nCODE(1001, ERROR, ONE, "one")\n',
     ":2: 1001 comes after 1002"),
    (CODES, 'CODE(1001, ERROR, ONE, "one")\nCODE(1001, ERROR, ONE, "one")\n',
     ":2: 1001 comes after 1001"),
]


def self_check():
    trials = Trials(main)
    trials.tree("a clean tree passes", CLEAN, status=0, faults=0)
    for path, text, fragment in PLANTED:
        trials.tree(f"{path} with {fragment}", {**CLEAN, path: text}, CODES + fragment,
                    status=1, faults=1)
    trials.tree("nothing at all", {}, "nothing to read", status=2)
    return trials.close()


def main(arguments):
    return run_rule(__doc__, check, self_check, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
