#!/usr/bin/env python3
"""Compares what `greffe check` says of each faulty workflow, to the letter.

    run.py GREFFE              exit 0: all as written, 1: faults
    run.py GREFFE --update     writes what it says now; read the difference before you commit it
    run.py GREFFE --self-check plants faults and proves that each is found

A case is GR-<code>-<what it shows>.yaml; beside it stands a .txt with the exit code on its first
line and then the text on stderr, in which each diagnostic says how to mend it. Other YAML files are
authorities that cases use. Every code of 1xxx to 3xxx in codes.def has a case, or stands below with
the reason why it cannot have one.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
CODES = os.path.join(FOLDER, "..", "..", "lib", "base", "codes.def")

WITHOUT_CASE = {
    "GR-1003": "needs a file of more than 1 MiB; test/conformance/yaml_bombs.py makes one",
    "GR-1005": "needs more than 200,000 nodes; test/conformance/yaml_bombs.py makes them",
    "GR-1101": "JSON comes from hosts, not from a procedure's file",
    "GR-1102": "JSON comes from hosts, not from a procedure's file",
    "GR-1103": "JSON comes from hosts, not from a procedure's file",
    "GR-2014": "needs 2,000 fields or 5,000 steps",
    "GR-2015": "nothing reports it yet",
    "GR-3102": "arises when a dossier runs, not when a procedure is checked",
    "GR-3104": "arises when a dossier runs, not when a procedure is checked",
    "GR-3106": "arises when a dossier runs, not when a procedure is checked",
}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def cases_of(folder):
    return sorted(name[:-5] for name in os.listdir(folder)
                  if name.startswith("GR-") and name.endswith(".yaml"))


def says(greffe, folder, name):
    """What a .txt should hold. The case must show the code that it is named after."""
    environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    site = ["--site"] if name.startswith("GR-") and b"\nsite:" in read(
        os.path.join(folder, name + ".yaml")) else []
    result = subprocess.run([greffe, "check", *site, name + ".yaml"], cwd=folder,
                            capture_output=True, timeout=30, env=environment)
    return b"# exit %d\n" % result.returncode + result.stderr


def check_case(greffe, folder, name):
    """Return what is wrong with a case, or nothing."""
    path = os.path.join(folder, name + ".txt")
    if not re.fullmatch(r"GR-\d{4}(-[a-z0-9]+)+", name):
        return "its name is not GR-<code>-<words in lower case>"
    found = says(greffe, folder, name)
    if b"GR-6007" in found:
        print(f"skipped {name}: this greffe has no libcurl")
        return None
    if b" " + name[:7].encode() + b": " not in found:
        return "the code it is named after is not reported:\n" + found.decode(errors="replace")
    if len(re.findall(rb" (?:error|warning) GR-\d+: ", found)) != found.count(b"\n  help: "):
        return "a diagnostic does not say how to mend it:\n" + found.decode(errors="replace")
    if not os.path.exists(path):
        return "its .txt is missing; read this, then run with --update:\n" \
            + found.decode(errors="replace")
    if read(path) != found:
        return ("expected\n" + read(path).decode(errors="replace") + "found\n"
                + found.decode(errors="replace"))
    return None


def check_codes(cases, codes):
    """Yield what is wrong with the list of codes that have a case."""
    shown = {name[:7] for name in cases}
    defined = {f"GR-{number}" for number in re.findall(r"^CODE\((\d+),", codes, re.MULTILINE)}
    asked = {code for code in defined if code < "GR-4"}
    for code in sorted(asked - shown - WITHOUT_CASE.keys()):
        yield f"{code}: no case shows it"
    for code in sorted(shown - defined):
        yield f"{code}: a case is named after it, but codes.def does not define it"
    for code in sorted(WITHOUT_CASE):
        if code in shown:
            yield f"{code}: it has a case; take it off the list of those that have none"
        if code not in asked:
            yield f"{code}: it is listed as without a case, but codes.def does not define it"


def check(greffe, folder, codes, quiet=False):
    cases = cases_of(folder)
    faults = 0
    for name in cases:
        wrong = check_case(greffe, folder, name)
        if wrong is not None:
            faults += 1
            if not quiet:
                print(f"FAILED {name}: {wrong}")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".txt") and name[:-4] not in cases:
            faults += 1
            if not quiet:
                print(f"FAILED {name}: it belongs to no case")
    for wrong in check_codes(cases, codes):
        faults += 1
        if not quiet:
            print(f"FAILED {wrong}")
    if not quiet:
        shown = {name[:7] for name in cases}
        print(f"{len(cases)} cases of {len(shown)} codes, {faults} failed; without a case:")
        for code, reason in sorted(WITHOUT_CASE.items()):
            print(f"  {code}: {reason}")
    return faults if cases else 1


def update(greffe, folder):
    for name in cases_of(folder):
        with open(os.path.join(folder, name + ".txt"), "wb") as file:
            file.write(says(greffe, folder, name))


# ---- self-check ------------------------------------------------------------------------------

CASE = "GR-2001-unknown-key"


def change(folder, name, old, new):
    path = os.path.join(folder, name)
    text = read(path)
    assert old in text, (name, old)
    with open(path, "wb") as file:
        file.write(text.replace(old, new, 1))


PLANTS = {
    "a message that differs by one letter":
        lambda folder: change(folder, CASE + ".txt", b"not known", b"not knowm"),
    "a caret that stands one column further":
        lambda folder: change(folder, CASE + ".txt", b"| ^", b"|  ^"),
    "another exit code":
        lambda folder: change(folder, CASE + ".txt", b"# exit 1", b"# exit 0"),
    "a case whose fault was mended":
        lambda folder: change(folder, CASE + ".yaml", b"clock: {}\n", b""),
    "an expected text that is missing":
        lambda folder: os.remove(os.path.join(folder, CASE + ".txt")),
    "an expected text without a case":
        lambda folder: shutil.copy(os.path.join(folder, CASE + ".txt"),
                                   os.path.join(folder, "GR-2001-nothing.txt")),
    "a case named after another code":
        lambda folder: [os.rename(os.path.join(folder, CASE + end),
                                  os.path.join(folder, "GR-2002-unknown-key" + end))
                        for end in (".yaml", ".txt")],
}


def self_check(greffe, codes):
    missed = 0
    for what, plant in PLANTS.items():
        with tempfile.TemporaryDirectory() as parent:
            folder = os.path.join(parent, "golden")
            shutil.copytree(FOLDER, folder)
            before = check(greffe, folder, codes, quiet=True)
            plant(folder)
            found = before == 0 and check(greffe, folder, codes, quiet=True) > 0
        missed += 0 if found else 1
        print(f"self-check: {what}: {'found' if found else 'MISSED'}")
    more = codes + 'CODE(2999, ERROR, NEW, "a new code")\n'
    found = any("GR-2999" in wrong for wrong in check_codes(cases_of(FOLDER), more))
    missed += 0 if found else 1
    print(f"self-check: a code without a case: {'found' if found else 'MISSED'}")
    return 1 if missed else 0


def main():
    options = sys.argv[2:]
    if len(sys.argv) < 2 or options not in ([], ["--update"], ["--self-check"]):
        print(__doc__)
        return 2
    greffe = os.path.abspath(sys.argv[1])
    codes = read(CODES).decode()
    if options == ["--self-check"]:
        return self_check(greffe, codes)
    if options == ["--update"]:
        update(greffe, FOLDER)
    return 1 if check(greffe, FOLDER, codes) else 0


if __name__ == "__main__":
    sys.exit(main())
