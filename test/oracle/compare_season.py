#!/usr/bin/env python3
"""Compares a played season with the independent oracle.

usage: compare_season.py ACTIONS.jsonl --greffe PATH --store FILE --out DIR

The engine's report is turned into the lines that season_oracle.py compares; nothing is computed.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def dossiers(greffe, store):
    """One line for each dossier, as the oracle wants them."""
    command = [greffe, "report", "--by", "demandeur.commune", "--each", "--store", store]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        row = json.loads(line)
        silence = next((clock for clock in row["clocks"] if clock["name"] == "silence"), {})
        euros, cents = row["paid"].split(".")
        yield {
            "dossier": row["dossier"],
            "town": row["by"],
            "phase": row["phase"],
            "outcome": row["outcome"] or None,
            "silence_due": silence.get("due"),
            "paid_cents": int(euros) * 100 + int(cents),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("actions")
    parser.add_argument("--greffe", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for row in dossiers(options.greffe, options.store):
            file.write(json.dumps(row) + "\n")
        file.flush()
        oracle = [sys.executable, str(HERE / "season_oracle.py"), options.actions,
                  "--compare", file.name, "--payments", f"{options.out}/payments"]
        return subprocess.run(oracle, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
