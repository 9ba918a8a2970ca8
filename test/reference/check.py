#!/usr/bin/env python3
"""The reference of the public headers is whole: every exported function stands in it, with a text.

    check.py ROOT [--doxygen PROGRAM]   exit 0: whole, 1: faults, 77: there is no doxygen
    check.py --self-check               plants one fault of each kind and proves that each is found

Doxygen warns about what is public and has no comment, and about links that lead nowhere. A header
without its opening comment it leaves out, in silence: so the pages are read as well.
"""

import argparse
import html
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
LEAST = 30  # functions, fewer of which say that the headers were not read


def exported(root: pathlib.Path) -> list[str]:
    """The functions that the public headers export."""
    functions: list[str] = []
    for path in sorted((root / "include" / "greffe").rglob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        functions += re.findall(r"GREFFE_API[^;{]*?\b(greffe_\w+)\(", text)
    return functions


def described(folder: pathlib.Path) -> set[str]:
    """The functions that have an anchor, and a text behind it, in the pages of a folder."""
    found = set()
    for path in folder.glob("*_8h.html"):
        parts = re.split(r'<a id="\w+" name="\w+"></a>\s*<h2 class="memtitle">',
                         path.read_text(encoding="utf-8"))
        for part in parts[1:]:
            name = re.search(r"</span>(\w+)\(\)</h2>", part)
            text = re.search(r'<div class="memdoc">(.*?)</div>', part, re.DOTALL)
            if name and text and html.unescape(re.sub(r"<[^>]*>", "", text[1])).strip():
                found.add(name[1])
    return found


def faults(root: pathlib.Path, doxygen: str) -> list[str]:
    """What is wrong with the reference of a tree, one line each."""
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run([doxygen, "include/reference/Doxyfile"], cwd=root, text=True,
                              env={**os.environ, "GREFFE_VERSION": "", "GREFFE_REFERENCE": work},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        said = done.stdout.replace(f"{root.resolve()}{os.sep}", "").split("\n")
        lines = sorted({line for line in said if line.strip()})
        if done.returncode != 0 and not lines:
            lines = [f"doxygen fails with {done.returncode}, in silence"]
        known = described(pathlib.Path(work) / "html")
    return lines + [f"{name} has no text in the reference; give it a comment, and its header an "
                    "opening one" for name in exported(root) if name not in known]


def check(root: pathlib.Path, doxygen: str) -> int:
    found, count = faults(root, doxygen), len(exported(root))
    if count < LEAST:
        found.append(f"only {count} functions under {root}: is it the root of the sources?")
    for line in found:
        print(line)
    print(f"{count} public functions checked, {len(found)} faults")
    return 1 if found else 0


# ---- self-check ------------------------------------------------------------------------------

TYPES = """/* Basic types. */
#ifndef GREFFE_TYPES_H
#define GREFFE_TYPES_H

/** Marks what is exported. */
#define GREFFE_API __attribute__((visibility("default")))

/** Two numbers: see greffe_one. */
typedef struct greffe_pair {
    int first, second; /**< one
                            each */
} greffe_pair;

/** Gives `pair` a "number" <of 1>, with @ and # and 5%. */
GREFFE_API int greffe_one(const greffe_pair *pair);

/* --- More --- */

/** What is there. */
GREFFE_API void greffe_two(void);

#ifdef __cplusplus
#endif
#endif
"""
CLEAN = {
    "README.md": "# Greffe\n\n[guide](examples/GUIDE.md), [types](include/greffe/types.h).\n",
    "examples/GUIDE.md": "# Guide\n\n`greffe_one`, [words](../workflows/LANGUAGE.md#the-words).\n",
    "workflows/LANGUAGE.md": "# Language\n\n## The words\n\nOf `<two\nlines>` or `\"`.\n",
    "include/greffe/types.h": TYPES,
}
HEADER, GUIDE = "include/greffe/types.h", "examples/GUIDE.md"
PLANTED = [
    (HEADER, "/** What is there. */\n", "", "greffe_two(void) (function) of file types.h is not"),
    (HEADER, "/** Marks what is exported. */\n", "", "GREFFE_API (macro definition) of file"),
    (HEADER, "/** Two numbers: see greffe_one. */\n", "", "greffe_pair is not documented"),
    (HEADER, "first, second; /**<", "first, second; /*", "second (variable) of struct greffe_pair"),
    (HEADER, "/* Basic types. */\n", "", "greffe_one has no text in the reference"),
    (GUIDE, "#the-words", "#no-words", "unable to resolve reference to 'language-no-words'"),
]


def trial(files: dict[str, str], doxygen: str) -> list[str]:
    """The faults of a small tree."""
    own = pathlib.Path(__file__).resolve().parents[2] / "include" / "reference"
    with tempfile.TemporaryDirectory() as work:
        root = pathlib.Path(work)
        shutil.copytree(own, root / "include" / "reference")
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return faults(root, doxygen)


def self_check(doxygen: str) -> int:
    wrong = 0
    if trial(CLEAN, doxygen):
        wrong += 1
        print("self-check: the clean tree has faults:", *trial(CLEAN, doxygen), sep="\n    ")
    for path, old, new, expected in PLANTED:
        assert CLEAN[path].count(old) == 1
        said = trial({**CLEAN, path: CLEAN[path].replace(old, new)}, doxygen)
        if not any(expected in line for line in said):
            wrong += 1
            print(f"self-check: no fault with {expected!r}; it said:", *said, sep="\n    ")
    print(f"self-check: {len(PLANTED) + 1} trials checked, {wrong} faults")
    return 1 if wrong else 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("root", nargs="?", type=pathlib.Path)
    parser.add_argument("--doxygen", default="doxygen")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args(arguments)
    if options.root is None and not options.self_check:
        parser.error("ROOT is missing")
    if shutil.which(options.doxygen) is None:
        print(f"skipped: there is no {options.doxygen}; the reference was not made")
        return SKIPPED
    if options.self_check:
        return self_check(options.doxygen)
    return check(options.root, options.doxygen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
