#!/usr/bin/env python3
"""Checks that hostile YAML is refused about as fast as harmless YAML is read.

    yaml_bombs.py GREFFE           exit 0: all are, 1: one is not
    yaml_bombs.py --self-check     plants a slow, a silent and an accepting program in its place

Each bomb must be refused with a diagnostic, within 20 times what a harmless file of 200 kB takes
and within two seconds; 200 kB of [ in no more time than the harmless file. The best of several
runs counts, so that a busy machine does no harm.
"""

import os
import stat
import subprocess
import sys
import tempfile
import time

SIZE = 200_000
RATIO = 20
BRACKETS = "200 kB of ["  # in no more time than the harmless file of that size
LIMIT_S = 2.0
RUNS = 3

HEADER = "greffe: 1\nprocedure: velo\ntitle: Aide à l'achat d'un vélo\n"


def filled(part):
    return HEADER + "form: " + part * (SIZE // len(part))


def harmless():
    """A procedure with as many documents as 200 kB hold, and its two steps."""
    lines = [HEADER, "roles: {demandeur: {kind: applicant}}\ndocuments:\n"]
    size = 0
    while size < SIZE:
        lines.append(f"  piece_{len(lines)}: {{label: Pièce numéro {len(lines)}, accept: [pdf]}}\n")
        size += len(lines[-1].encode())
    lines.append("steps:\n  depot: {kind: submission, by: demandeur, then: clos}\n"
                 "  clos: {kind: end, outcome: clos}\n")
    return "".join(lines)


def aliases_of_aliases():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]\n"]
    for i in range(1, 200):
        lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n")
    return HEADER + "".join(lines)


def many_aliases():
    return HEADER + "a: &a [" + "x, " * 9000 + "x]\nb: [" + "*a, " * 40_000 + "*a]\n"


def chained_aliases():
    chain = "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 9000))
    return HEADER + "a0: &a0 x\n" + chain


BOMBS = {
    "200 kB of [": lambda: filled("["),
    "200 kB of {": lambda: filled("{"),
    "200 kB of [{": lambda: filled("[{"),
    "200 kB of {a: ": lambda: filled("{a: "),
    "200 kB of [a, ": lambda: filled("[a, "),
    "200 kB of '- '": lambda: HEADER + "form:\n" + "- " * (SIZE // 2) + "x\n",
    "200 kB of '? '": lambda: HEADER + "form:\n  " + "? " * (SIZE // 2) + "x\n",
    "200 kB of ]": lambda: filled("]"),
    "200 kB of &": lambda: filled("&a "),
    "200 kB of !": lambda: filled("!"),
    "200 kB of *": lambda: filled("*a "),
    "200 kB in one quoted key": lambda: HEADER + '"' + "k" * SIZE + '": x\n',
    "200 kB in one open quote": lambda: HEADER + 'form: "' + "k\n" * (SIZE // 2),
    "200 kB of escapes in an open quote": lambda: HEADER + 'form: "' + "\\x41" * (SIZE // 4),
    "200 kB of colons": lambda: filled(": "),
    "one key 30,000 times": lambda: HEADER + "form:\n" + "  a: b\n" * 30_000,
    "30,000 keys, one twice": lambda: HEADER + "".join(f"k{i}: v\n" for i in range(30_000))
                              + "k0: v\n",
    "aliases of aliases": aliases_of_aliases,
    "40,000 aliases of 9,000 nodes": many_aliases,
    "a chain of 9,000 aliases": chained_aliases,
    "a mapping merged into itself": lambda: HEADER + "form: &a {<<: *a}\n",
    "250,000 nodes": lambda: HEADER + "form: [" + "," .join(["x"] * 250_000) + "]\n",
    "two mebibytes": lambda: HEADER + "#" * (2 << 20),
    "100,000 documents": lambda: HEADER + "---\n" * 100_000,
}


def best_time(greffe, path):
    """The least time of several runs, with the last result; no run may take longer than 10 s."""
    best, result = None, None
    for _ in range(RUNS):
        start = time.monotonic()
        try:
            result = subprocess.run([greffe, "check", path], capture_output=True, timeout=10)
        except subprocess.TimeoutExpired:
            return 10.0, None
        took = time.monotonic() - start
        best = took if best is None else min(best, took)
    return best, result


def check(greffe, bombs, quiet=False):
    """Return how many bombs were not refused in time."""
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.yaml")

        def write(text):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

        write(harmless())
        usual, result = best_time(greffe, path)
        if result is None or result.returncode != 0:
            print("the harmless file is not accepted:")
            print("" if result is None else result.stderr.decode(errors="replace")[:500])
            return 1
        limit = min(LIMIT_S, usual * RATIO)
        for name, make in bombs.items():
            write(make())
            took, result = best_time(greffe, path)
            refused = (result is not None and result.returncode == 1
                       and b" error GR-" in result.stderr)
            good = refused and took <= (usual if name == BRACKETS else limit)
            faults += 0 if good else 1
            if not quiet:
                first = b"" if result is None else result.stderr.split(b"\n")[0]
                code = first[first.find(b"GR-"):][:7].decode() if b"GR-" in first else "no code"
                print(f"{'refused' if good else 'FAILED '} {took * 1000:8.1f} ms"
                      f" {took / usual:6.2f} times  {code}  {name}")
        if not quiet:
            print(f"harmless: {usual * 1000:.1f} ms; {len(bombs)} bombs, {faults} failed")
    return faults


def self_check():
    """Stand-ins for the program accept the harmless file, and err on the bomb."""
    answers = {"a program that is slow": "sleep 3; echo 'a: error GR-1004' >&2; exit 1",
               "a program that refuses in silence": "exit 1",
               "a program that accepts": "exit 0",
               "a program that dies": "echo 'a: error GR-1004' >&2; kill -9 $$"}
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "greffe")
        for name, answer in answers.items():
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\nif grep -q documents: \"$2\"; then exit 0; fi\n{answer}\n")
            os.chmod(path, stat.S_IRWXU)
            found = check(path, {"[": BOMBS["200 kB of ["]}, quiet=True) == 1
            missed += 0 if found else 1
            print(f"self-check: {name}: {'found' if found else 'MISSED'}")
    return 1 if missed else 0


def main():
    if sys.argv[1:] == ["--self-check"]:
        return self_check()
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    return 1 if check(os.path.abspath(sys.argv[1]), BOMBS) else 0


if __name__ == "__main__":
    sys.exit(main())
