#!/usr/bin/env python3
"""Planted faults: each procedure of faulty/ has one, and is told it, there, and nothing else.

    faulty.py GREFFE              exit 0: all as planted, 1: not
    faulty.py GREFFE --update     writes what is said now; read the difference before you commit it
    faulty.py GREFFE --self-check proves that a fault that is missed, one too many, and another word
                                  are noticed

A fault with a way to it is kept as a scenario, and playing that shows it.

The comment `# GR-xxxx` at the end of a line says which diagnostic stands there. What is said, to
the letter, is in the .txt beside the file. The twin `.sound.yaml` is the same procedure, mended:
nothing is said of it, and its exit code is 0.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent / "faulty"


def run(greffe, path, *words):
    return subprocess.run([greffe, "check", *words, path.name], cwd=path.parent, check=False,
                          capture_output=True, text=True, encoding="utf-8", timeout=60,
                          env={**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"})


def planted(path):
    marks = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.search(r"# (GR-\d{4})$", line)
        if mark:
            marks.append((number, mark.group(1)))
    return [] if path.name.endswith(".sound.yaml") else marks


def look(greffe, path, update):
    """What is wrong with one file; empty when all is as planted."""
    sound = path.name.endswith(".sound.yaml")
    answer = run(greffe, path, "--json")
    try:
        said = [(one["line"], one["code"]) for one in json.loads(answer.stdout)]
    except ValueError:
        return f"{path.name}: no answer: {answer.stderr[-200:]}"
    if said != planted(path) or (not sound and len(said) != 1):
        return f"{path.name}: planted {planted(path)}, said {said}"
    if sound:
        return "" if answer.returncode == 0 else f"{path.name}: exit {answer.returncode}"
    kept, text = path.with_suffix(".txt"), run(greffe, path).stderr
    if update:
        kept.write_text(text, encoding="utf-8")
    known = kept.read_text(encoding="utf-8") if kept.exists() else ""
    return "" if text == known else f"{path.name}: expected\n{known}said\n{text}"


def look_at_all(greffe, folder, update=False):
    files = sorted(folder.glob("[0-9]*.yaml"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [one for one in pool.map(lambda path: look(greffe, path, update), files) if one]
    alone = [path.name for path in files if not path.name.endswith(".sound.yaml")
             and not path.with_name(path.stem + ".sound.yaml").exists()]
    return files, wrong + [f"{name}: has no sound twin" for name in alone]


def play_ways(greffe, folder):
    """How many ways were kept as scenarios, and what is wrong with them."""
    with tempfile.TemporaryDirectory() as name:
        ways = 0
        for path in sorted(folder.glob("[0-9]*.yaml")):
            told = path.with_suffix(".txt")
            text = told.read_text(encoding="utf-8") if told.exists() else ""
            if "\n  way: " in text and "GR-4001" not in text:  # which is not played
                ways += 1
                run(greffe, path, "--counterexamples", name)
        kept = len(list(pathlib.Path(name).glob("*.yaml")))
        played = subprocess.run([greffe, "test", name], check=False, capture_output=True,
                                text=True, encoding="utf-8", timeout=300)
    wrong = [] if kept == ways else [f"{ways} ways, {kept} scenarios"]
    return ways, wrong + ([] if played.returncode == 0 else [played.stdout + played.stderr])


def self_check(greffe):
    def missed(folder):
        shutil.copy(folder / "001-cent-gap.sound.yaml", folder / "001-cent-gap.yaml")
        with open(folder / "001-cent-gap.yaml", "a", encoding="utf-8") as file:
            file.write("# GR-4101\n")

    def too_many(folder):
        path = folder / "001-cent-gap.sound.yaml"
        path.write_text(path.read_text(encoding="utf-8") + "couleur: bleu\n", encoding="utf-8")

    def another_word(folder):
        path = folder / "001-cent-gap.txt"
        path.write_text(path.read_text(encoding="utf-8").replace("case", "cane"), encoding="utf-8")

    good = True
    for plant in (missed, too_many, another_word):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name) / "faulty"
            shutil.copytree(FOLDER, folder)
            for path in folder.glob("[1-9]*"):
                path.unlink()
            plant(folder)
            found = any(one.startswith("001-") for one in look_at_all(greffe, folder)[1])
            what = plant.__name__.replace("_", " ")
            print(f"self-check: {what}: {'found' if found else 'MISSED'}")
            good = good and found
    return 0 if good else 1


def main():
    greffe = os.path.abspath(sys.argv[1])
    if sys.argv[2:] == ["--self-check"]:
        sys.exit(self_check(greffe))
    files, wrong = look_at_all(greffe, FOLDER, sys.argv[2:] == ["--update"])
    ways, broken = play_ways(greffe, FOLDER)
    wrong += broken
    for one in wrong:
        print(one)
    print(f"{ways} ways to a fault kept as scenarios, and played")
    print(f"{len(files)} procedures, half of them with a planted fault: {len(wrong)} not as said")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
