#!/usr/bin/env python3
"""Plays a generated season from beginning to end, and compares it with the independent oracle.

usage: play_season.py --greffe PATH [--schema XSD] -- GENERATOR ARGUMENTS

An amount other than the flat one is written into a copy of the procedure first: the generator's
`--amount` and the procedure's `values` say the same. Journals are verified, payment files checked
against their schema where it is there.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROCEDURE = HERE.parent.parent / "workflows" / "gpso-velo"


def expression(amount):
    """The FEEL expression of the generator's --amount."""
    kind, *numbers = amount.split(":")
    if kind == "flat":
        return numbers[0]
    return f"round half up(min({numbers[0]} * velo.prix, {numbers[1]}), 2)"


def copy_procedure(folder, arguments):
    """A copy whose amount is the one asked for."""
    shutil.copytree(PROCEDURE, folder)
    if "--amount" in arguments:
        path = folder / "velo.yaml"
        text = path.read_text(encoding="utf-8")
        amount = expression(arguments[arguments.index("--amount") + 1])
        text, changed = re.subn(r"montant: '200\.00'", f"montant: '{amount}'", text)
        if changed != 1:
            sys.exit("the procedure's amount was not found: nothing would be tested")
        path.write_text(text, encoding="utf-8")


def validate(payments, schema):
    """How many files were checked against the schema."""
    files = sorted(payments.glob("*.xml"))
    if schema is None or not pathlib.Path(schema).exists():
        print("SKIPPED: no schema, the payment files were not validated")
        return len(files)
    for file in files:
        subprocess.run(["xmllint", "--noout", "--schema", schema, file], check=True,
                       stderr=subprocess.DEVNULL)
    print(f"{len(files)} payment files validated")
    return len(files)


def play(greffe, work, schema, arguments):
    copy_procedure(work / "procedure", arguments)
    actions, store, out = work / "actions.jsonl", work / "greffe.db", work / "out"
    generator = [sys.executable, PROCEDURE / "generate.py", *arguments, "--out", actions]
    subprocess.run(generator, check=True)
    site = ["--site", work / "procedure" / "site.yaml", "--out", out, "--quiet"]
    subprocess.run([greffe, "publish", work / "procedure" / "velo.yaml", "--store", store],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run([greffe, "play", actions, "--store", store, *site], check=True)
    subprocess.run([greffe, "journal", "verify", "--store", store], check=True)
    compare = [sys.executable, HERE / "compare_season.py", actions, "--greffe", greffe,
               "--store", store, "--out", out]
    subprocess.run(compare, check=True)
    if validate(out / "payments", schema) == 0:
        sys.exit("no payment file was written")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--greffe", required=True)
    parser.add_argument("--schema")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        play(options.greffe, pathlib.Path(work), options.schema, options.arguments)


if __name__ == "__main__":
    main()
