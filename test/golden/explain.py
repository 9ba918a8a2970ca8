#!/usr/bin/env python3
"""Reads what `greffe explain` says of each code, and runs the examples that it gives.

    explain.py GREFFE                 exit 0: all as it should be, 1: faults
    explain.py GREFFE --show GR-4101  prints both examples of one code, completed
    explain.py GREFFE --self-check    plants faults and proves that each is found

The texts are engine/cli/explain/GR-NNNN.txt, one for each code of codes.def: its summary, two to
five sentences, then `faulty:` and `mended:` with an excerpt of YAML each, or `happens:` and `do:`
where a code arises otherwise than from a file. `greffe check` must give the code for the faulty
excerpt, and no other one, and nothing at all for the mended one. A line `greffe eval '...'` that
stands first under `happens:` must give the code too.

An excerpt is completed by a frame, unless it holds a line `greffe: 1` or stands in AS_IT_IS:

- it begins with keys of a procedure (`form:`, `clocks:`, ...), or with steps, which go under
  `steps:`;
- what it gives takes the place of what BASE has under the same name, the rest of BASE stays;
- `depot` leads to the first step that it gives, or to `octroi` when it gives none;
- of the steps of STEPS those are added that a step or a clock leads to;
- where something is paid, PAID adds what it needs besides.
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

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = HERE.parent.parent / "engine" / "cli" / "explain"
CODES = HERE.parent.parent / "lib" / "base" / "codes.def"
SHARED = HERE / "faulty"  # commune.yaml and letters/
WIDTH = 78
EXCERPT_LINES = 12

# Codes below 5000 that have `happens:` and `do:`.
WITHOUT_YAML = {
    "GR-1003": "needs a file of more than 1 MiB",
    "GR-1005": "needs more than 200,000 nodes",
    "GR-1101": "JSON is given by programs that evaluate expressions",
    "GR-1102": "JSON is given by programs that evaluate expressions",
    "GR-1103": "JSON is given by programs that evaluate expressions",
    "GR-2014": "needs 2,000 fields or 5,000 steps",
    "GR-3101": "arises when a dossier runs",
    "GR-3102": "arises when a dossier runs",
    "GR-3103": "arises when a dossier runs",
    "GR-3104": "arises when a dossier runs",
    "GR-3105": "arises when a dossier runs",
    "GR-3106": "arises when a dossier runs",
}

# Codes that have excerpts which cannot be executed.
WITHOUT_EXECUTION = {
    "GR-1002": "bytes that are not UTF-8 cannot stand in a text that is",
}

# Excerpts that are a whole file without a line `greffe: 1`.
AS_IT_IS = {"GR-1012"}

BASE = """\
greffe: 1
procedure: aide
title: Aide à l'achat d'un vélo
uses: commune
roles:
  demandeur: {kind: applicant, form: beneficiaire}
  instructeur: {kind: agent, service: mobilites}
  directrice: {kind: agent, service: mobilites}
  ordonnateur: {kind: agent, service: finances}
  prestataire: {kind: delegate, for: instructeur}
form:
  velo:
    title: Votre vélo
    fields:
      modele: {type: choice, label: Modèle, options: {ville: De ville, cargo: Cargo}}
      prix: {type: money, label: Prix TTC, min: 1.00, max: 10000.00}
      remise: {type: money, label: Remise, min: 0.00, optional: true}
      achat: {type: date, label: Date de l'achat}
      neuf: {type: boolean, label: Le vélo est neuf}
retention: {other: 2 years}
"""

STEPS = """\
  completude:
    kind: completeness
    by: instructeur
    within: 1 month
    then: {complete: octroi, expired: classement}
  instruction: {kind: instruction, by: instructeur, then: {favorable: seance, defavorable: seance}}
  visite: {kind: task, by: instructeur, then: octroi}
  octroi:
    kind: decision
    by: directrice
    then: {accorde: accord, refuse: {fill: {motif: {type: text, label: Motif}}, then: refus}}
  seance: {kind: deliberation, by: bureau, then: {granted: paiement, refused: refus}}
  paiement:
    kind: payment
    by: ordonnateur
    to: demandeur
    account: demandeur.iban
    amount: montant
    budget: aides_2026
    then: {paid: verse, rejected: impaye}
  accord: {kind: notification, to: demandeur, template: accord, then: accepte}
  accord_tacite: {kind: notification, to: demandeur, template: accord_tacite, then: accepte}
  refus: {kind: notification, to: demandeur, template: refus, then: refuse}
  rejet_tacite: {kind: notification, to: demandeur, template: rejet_tacite, then: rejete}
  classement: {kind: notification, to: demandeur, template: classement, then: classe}
  impaye: {kind: notification, to: demandeur, template: information, then: non_verse}
  accepte: {kind: end, outcome: accepte}
  refuse: {kind: end, outcome: refuse}
  rejete: {kind: end, outcome: rejete}
  classe: {kind: end, outcome: classe}
  verse: {kind: end, outcome: verse}
  non_verse: {kind: end, outcome: non_verse}
"""

PAID = """\
values:
  montant: '200.00'
freeze: {montant: instruction}
guarantees:
  - {different_people: [instruction, paiement], because: Celui qui instruit ne paie pas}
"""

SECTIONS = ("greffe", "procedure", "title", "prefix", "uses", "open", "roles", "form", "documents",
            "once", "values", "freeze", "tables", "services", "clocks", "steps", "guarantees",
            "waive", "retention")


# ---- the frame -------------------------------------------------------------------------------

def parts_of(lines, indent):
    """Cut lines into [name, lines], a part beginning with `name:` at this indentation."""
    parts = []
    for line in lines:
        begins = re.match(rf" {{{indent}}}(['\"]?)([\w-]+)\1:(?= |$)", line)
        if begins:
            parts.append([begins.group(2), [line]])
        elif parts:
            parts[-1][1].append(line)
        else:
            parts.append(["", [line]])
    return parts


def merge(base, given):
    """The lines of a section: what is given takes the place of what has the same name."""
    entries = parts_of(given[1:], 2)
    if len(given) == 1 or not entries or not entries[0][0]:
        return given
    new = dict(entries)
    kept = [part for part in parts_of(base[1:], 2) if part[0] not in new]
    return given[:1] + [line for _, lines in kept + entries for line in lines]


def leads_to(lines):
    """The words of some steps that may be names of steps."""
    text = re.sub(r"\b(template|outcome|title|shown|because|from|until): *[^,}\n]*", "",
                  "\n".join(lines))
    return set(re.findall(r"(?<![\w.])([a-z_]+)(?![\w:])", text))


def steps_with(given, clocks):
    """The steps of a procedure in which these are given."""
    library = dict(parts_of(STEPS.splitlines(), 2))
    entries = parts_of(given, 2)
    names = [name for name, _ in entries]
    if "depot" not in names:
        first = names[0] if names else "octroi"
        line = f"  depot: {{kind: submission, by: demandeur, then: {first}}}"
        entries.insert(0, ["depot", [line]])
    here = {name for name, _ in entries}
    words = leads_to([line for _, lines in entries for line in lines] + clocks)
    while True:
        more = [name for name in library if name in words and name not in here]
        if not more:
            return [line for _, lines in entries for line in lines]
        for name in more:
            entries.append([name, library[name]])
            words |= leads_to(library[name])
            here.add(name)


def complete(excerpt):
    """A whole file with this excerpt in it."""
    if re.search(r"^greffe: ", excerpt, re.MULTILINE):
        return excerpt
    given = excerpt.splitlines()
    begins = re.match(r"(\w+):", excerpt)
    if not begins or begins.group(1) not in SECTIONS:
        given = ["steps:"] + ["  " + line if line else "" for line in given]
    sections = dict(parts_of(BASE.splitlines(), 0))
    new = dict(parts_of(given, 0))
    if "steps" not in new or len(new["steps"]) > 1:
        steps = steps_with(new.get("steps", ["steps:"])[1:], new.get("clocks", []))
        new["steps"] = ["steps:"] + steps
        if any("kind: payment" in line for line in steps):
            for name, lines in parts_of(PAID.splitlines(), 0):
                new.setdefault(name, lines)
    for name, lines in new.items():
        sections[name] = merge(sections[name], lines) if name in sections else lines
    order = sorted(sections, key=lambda name: SECTIONS.index(name) if name in SECTIONS else 99)
    return "\n".join(line for name in order for line in sections[name]) + "\n"


# ---- one text --------------------------------------------------------------------------------

def summaries():
    text = CODES.read_text(encoding="utf-8")
    return {f"GR-{number}": summary for number, summary in
            re.findall(r'^CODE\((\d+), \w+, \w+, "(.*)"\)$', text, re.MULTILINE)}


def examples(text):
    """The two excerpts of a text, without their indentation."""
    found = re.search(r"^faulty:\n(.*?)^mended:\n(.*)\Z", text, re.MULTILINE | re.DOTALL)
    if not found:
        return None
    return [re.sub(r"^    ", "", part, flags=re.MULTILINE).strip("\n") + "\n"
            for part in found.groups()]


def wrong_form(code, summary, text):
    """Yield what is wrong with the form of a text."""
    yaml = code < "GR-5" and code not in WITHOUT_YAML
    heads = ("faulty:", "mended:") if yaml else ("happens:", "do:")
    form = re.fullmatch(rf"(.*)\n\n(.*?)\n\n{heads[0]}\n(.*?)\n\n{heads[1]}\n(.*)\n", text,
                        re.DOTALL)
    if not form or "\n" in form.group(1):
        yield f"it is not a line, a paragraph, '{heads[0]}' and '{heads[1]}'"
        return
    first, prose, *parts = form.groups()
    if first != f"{code}: {summary}":
        yield "its first line is not the code and the summary of codes.def"
    sentences = len(re.findall(r"[.]['\")]*(?=\s+['\"]?[A-Z0-9]|$)", prose))
    if "\n\n" in prose or not 2 <= sentences <= 5:
        yield f"its paragraph has {sentences} sentences, not 2 to 5"
    if prose.startswith(" ") or "\n " in prose or re.search(r"!(?!=)", prose):
        yield "its paragraph is indented, or exclaims"
    for part in parts:
        lines = part.split("\n")
        if len(lines) > EXCERPT_LINES or not all(re.match(r"    ", line) for line in lines if line):
            yield "an excerpt is longer than 12 lines, or not indented by 4 spaces"
    if re.search(r"[ \t]$|\t|\r", text, re.MULTILINE):
        yield "it has tabs, or spaces at the end of a line"
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > WIDTH:
            yield f"line {number} is longer than {WIDTH} characters"


def said(greffe, folder, name, text):
    """The codes that greffe check gives for a file."""
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    site = ["--site"] if re.search(r"^site:", text, re.MULTILINE) else []
    answer = subprocess.run([greffe, "check", "--json", *site, path.name], cwd=folder, check=False,
                            capture_output=True, text=True, encoding="utf-8", timeout=60,
                            env={**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"})
    try:
        codes = [one["code"] for one in json.loads(answer.stdout)]
    except ValueError:
        return ["no answer: " + answer.stderr[-300:]]
    # GR-2032 is said on stderr alone, also with --json.
    return codes + re.findall(r": (GR-\d{4}): ", answer.stderr)


def wrong_examples(greffe, folder, code, text):
    """Yield what is wrong with the excerpts of a text when they are executed."""
    faulty, mended = examples(text)
    whole = str if code in AS_IT_IS else complete
    codes = said(greffe, folder, f"faulty_{code[3:]}", whole(faulty))
    if "GR-6007" in codes:
        print(f"skipped {code}: this greffe has no libcurl")
        return
    if set(codes) != {code}:
        yield f"the faulty excerpt gives {sorted(set(codes)) or 'nothing'}"
    codes = said(greffe, folder, f"mended_{code[3:]}", whole(mended))
    if codes:
        yield f"the mended excerpt gives {sorted(set(codes))}"


def wrong_eval(greffe, code, text):
    """Yield what is wrong with a line `greffe eval '...'` under `happens:`."""
    line = re.search(r"^happens:\n    greffe eval '(.*)'$", text, re.MULTILINE)
    if line:
        answer = subprocess.run([greffe, "eval", line.group(1)], check=False, capture_output=True,
                                text=True, encoding="utf-8", timeout=60)
        if f" {code}: " not in answer.stdout + answer.stderr:
            yield f"greffe eval does not give it: {(answer.stdout + answer.stderr)[:200]}"


# ---- all of them -----------------------------------------------------------------------------

def check(greffe, texts, only=None):
    """Return how many excerpts were executed, and what is wrong."""
    known, wrong, executed = summaries(), [], []
    there = {path.name for path in texts.iterdir()} if texts.is_dir() else set()
    if only is None:
        wrong += [f"{code}: it has no text" for code in known if code + ".txt" not in there]
        wrong += [f"{name}: it belongs to no code" for name in sorted(there)
                  if name.removesuffix(".txt") not in known or not name.endswith(".txt")]
        wrong += [f"{code}: listed in explain.py, not defined in codes.def"
                  for code in {*WITHOUT_YAML, *WITHOUT_EXECUTION, *AS_IT_IS} - known.keys()]

    def look(code, folder):
        text = (texts / f"{code}.txt").read_text(encoding="utf-8")
        found = [*wrong_form(code, known[code], text), *wrong_eval(greffe, code, text)]
        if not found and examples(text) and code not in WITHOUT_EXECUTION:
            executed.append(code)
            found = list(wrong_examples(greffe, folder, code, text))
        return [f"{code}: {one}" for one in found]

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copy(SHARED / "commune.yaml", folder)
        shutil.copytree(SHARED / "letters", folder / "letters")
        codes = [code for code in known if code + ".txt" in there and code in (only or known)]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(lambda code: look(code, folder), codes):
                wrong += found
    return 2 * len(executed), wrong


def change(texts, code, old, new):
    path = texts / f"{code}.txt"
    text = path.read_text(encoding="utf-8")
    assert old in text, (code, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def swap(texts, code, which):
    """Make both excerpts of a text the same one."""
    path = texts / f"{code}.txt"
    text = path.read_text(encoding="utf-8")
    head, faulty, mended = re.fullmatch(r"(.*)\nfaulty:\n(.*)\n\nmended:\n(.*)", text,
                                        re.DOTALL).groups()
    one = (faulty, mended.rstrip("\n"))[which]
    path.write_text(f"{head}\nfaulty:\n{one}\n\nmended:\n{one}\n", encoding="utf-8")


ONE = "GR-4101"
PLANTS = {
    "a faulty excerpt without its fault": lambda texts: swap(texts, ONE, 1),
    "a mended excerpt that is not": lambda texts: swap(texts, ONE, 0),
    "a summary of other words": lambda texts: change(texts, ONE, "leads nowhere", "leads away"),
    "a line that is too long": lambda texts: change(texts, ONE, "kind", 90 * "k"),
    "an exclamation": lambda texts: change(texts, ONE, ".\n\nfaulty", "!\n\nfaulty"),
    "a paragraph of one sentence":
        lambda texts: (texts / f"{ONE}.txt").write_text(re.sub(
            r"\n\n.*?\n\nfaulty", "\n\nOne.\n\nfaulty",
            (texts / f"{ONE}.txt").read_text(encoding="utf-8"), count=1, flags=re.DOTALL),
            encoding="utf-8"),
    "an excerpt that is missing": lambda texts: change(texts, ONE, "mended:", "sound:"),
    "a code without a text": lambda texts: (texts / f"{ONE}.txt").unlink(),
    "a text without a code": lambda texts: shutil.copy(texts / f"{ONE}.txt", texts / "GR-4199.txt"),
}
OF_ALL = ("a code without a text", "a text without a code")


def self_check(greffe):
    good = True
    for what, plant in PLANTS.items():
        with tempfile.TemporaryDirectory() as name:
            texts = pathlib.Path(name) / "explain"
            shutil.copytree(TEXTS, texts)
            only = None if what in OF_ALL else {ONE}
            before = check(greffe, texts, only)[1]
            plant(texts)
            found = not before and len(check(greffe, texts, only)[1]) > 0
        print(f"self-check: {what}: {'found' if found else 'MISSED'}")
        good = good and found
    return 0 if good else 1


def main():
    options = sys.argv[2:]
    if len(sys.argv) < 2 or options[:1] not in ([], ["--self-check"], ["--show"]):
        print(__doc__)
        return 2
    greffe = os.path.abspath(sys.argv[1])
    if options == ["--self-check"]:
        return self_check(greffe)
    if options:
        for one in examples((TEXTS / f"{options[1]}.txt").read_text(encoding="utf-8")) or ():
            print(one if options[1] in AS_IT_IS else complete(one), end="---\n")
        return 0
    executed, wrong = check(greffe, TEXTS)
    for one in wrong:
        print(f"FAILED {one}")
    print(f"{len(summaries())} codes, {executed} excerpts executed, {len(wrong)} faults; "
          "not executed:")
    for code, reason in sorted({**WITHOUT_EXECUTION, **WITHOUT_YAML}.items()):
        print(f"  {code}: {reason}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
