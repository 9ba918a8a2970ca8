#!/usr/bin/env python3
"""Executes the examples of workflows/LANGUAGE.md.

usage: language.py --greffe PATH [--self-check]

Each YAML block that begins with `# example: NAME` is checked by `greffe check`, or played by
`greffe test`, beside the authority, the procedure and the letters of the bike aid; each example
of the table of expressions has to compile as a value.
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


def run(greffe, text):
    """How many examples ran, and how many failed."""
    count = failed = 0
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
        _, failed = run(options.greffe, text)
        print("the planted fault was", "found" if failed == 1 else "NOT found")
        sys.exit(0 if failed == 1 else 1)
    count, failed = run(options.greffe, text)
    print(f"{count} examples executed, {failed} failed")
    sys.exit(1 if failed or count < 10 else 0)


if __name__ == "__main__":
    main()
