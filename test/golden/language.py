#!/usr/bin/env python3
"""Executes the examples of workflows/LANGUAGE.md.

usage: language.py --greffe PATH [--self-check]

Each YAML block that begins with `# example: NAME` is checked by `greffe check`, or played by
`greffe test`, beside the authority, the procedure and the letters of the bike aid; each example
of the table of expressions has to compile as a value. Each line `expression --> value` of a FEEL
block is evaluated by `greffe eval`, with the names that the blocks above give; `--> error GR-…`
expects that fault. Every built-in function stands in one of these blocks.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AID = ROOT / "workflows" / "gpso-velo"

# Names that the table's expressions use, declared as the reader would expect.
FRAME = """greffe: 1
procedure: exemple
title: Exemple
retention: {other: 2 years}
uses: gpso
roles:
  demandeur: {kind: applicant, form: personne}
  agent: {kind: agent, service: mobilites}
form:
  velo:
    fields:
      modele: {type: choice, options: {ville: Ville, cargo: Cargo}}
      prix: {type: money}
      achat: {type: date}
      x: {type: number}
      y: {type: text}
      a: {type: boolean}
      b: {type: boolean}
      liste: {type: list}
values:
  valeur: '%s'
steps:
  depot: {kind: submission, by: demandeur, then: iban}
  iban: {kind: task, by: agent, then: {fourni: {fill: {iban: {type: iban}}, then: fin}}}
  fin: {kind: end, outcome: fin}
"""


def check(greffe, folder, text):
    """What `greffe check` or, of a scenario, `greffe test` says; empty when there is no fault."""
    words = ["test"] if "\nscenario:" in text else ["check"]
    words += ["--site"] * text.startswith("greffe: 1\nsite:")
    (folder / "exemple.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run([greffe, *words, "exemple.yaml"], cwd=folder, capture_output=True,
                          text=True, check=False)
    if "GR-6007" in done.stderr:
        print("skipped, this greffe has no libcurl: a site that sends")
        return ""
    return "" if done.returncode == 0 else done.stderr


def full_names(expression):
    """The table writes short names; the frame has them in a section."""
    for name in ("achat", "liste", "a", "b"):
        expression = re.sub(rf'(?<![\w."]){name}(?![\w".(])', f"velo.{name}", expression)
    expression = re.sub(r"(?<![\w.])achat\.", "velo.achat.", expression)
    kind = "velo.y" if '["a"' in expression else "velo.x"
    return re.sub(r'(?<![\w."])x(?![\w".])', kind, expression)


def expressions(text):
    table = text.split("| form | example |")[1].split("\n\n")[0]
    for row in table.splitlines()[2:]:
        yield from re.findall(r"`([^`]+)`", row.split("|")[2])


def evaluate(greffe, names, expression, expected):
    """What is wrong with an example of FEEL; empty when it gives what it says."""
    done = subprocess.run([greffe, "eval", *names, expression], capture_output=True, text=True,
                          check=False)
    given = done.stdout.strip()
    if expected.startswith("error "):
        code = expected.split()[1]
        return "" if f"error {code}:" in done.stderr else f"{expression}: {given}{done.stderr}"
    good = done.returncode == 0 and given == expected
    return "" if good else f"{expression} gives {given}{done.stderr}, not {expected}"


def feel(greffe, text):
    """The faults of the FEEL blocks, and how many lines they have."""
    faults, names, count = [], [], 0
    for block in re.findall(r"```feel\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            expression, arrow, expected = line.partition(" --> ")
            if not arrow:
                names.append(line)
                continue
            count += 1
            fault = evaluate(greffe, names, expression, expected)
            faults += [fault] if fault else []
    blocks = "".join(re.findall(r"```feel\n(.*?)```", text, re.DOTALL))
    for source in sorted((ROOT / "lib" / "expr").glob("functions_*.c")):
        for name in re.findall(r'^    \{"([a-z @]+)", "', source.read_text(), re.MULTILINE):
            if name not in ("@", "today", "now") and f"{name}(" not in blocks:
                faults.append(f"the function '{name}' has no example")
    return faults, count


def run(greffe, text):
    """How many examples ran, and how many failed."""
    faults, count = feel(greffe, text)
    failed = len(faults)
    for fault in faults:
        print(fault)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copy(AID / "gpso.yaml", folder)
        shutil.copytree(AID / "letters", folder / "letters")
        shutil.copy(AID / "velo.yaml", folder)
        shutil.copy(AID / "site.yaml", folder)
        blocks = re.findall(r"```yaml\n# example: \w+\n(.*?)```", text, re.DOTALL)
        sources = blocks + [FRAME % full_names(one).replace("'", "''") for one in
                            expressions(text)]
        for source in sources:
            count += 1
            fault = check(greffe, folder, source)
            if fault:
                failed += 1
                print(fault)
    return count, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--greffe", required=True)
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    options.greffe = str(pathlib.Path(options.greffe).resolve())
    text = (ROOT / "workflows" / "LANGUAGE.md").read_text(encoding="utf-8")
    if options.self_check:
        text = text.replace("`0.5 * velo.prix`", '`0.5 * velo.modele`')
        text = text.replace("sqrt(16) --> 4", "sqrt(16) --> 5").replace("abs(-3) --> 3\n", "")
        _, failed = run(options.greffe, text)
        print("the planted faults were", "found" if failed == 3 else "NOT found")
        sys.exit(0 if failed == 3 else 1)
    count, failed = run(options.greffe, text)
    print(f"{count} examples executed, {failed} failed")
    sys.exit(1 if failed or count < 10 else 0)


if __name__ == "__main__":
    main()
