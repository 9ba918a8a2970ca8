#!/usr/bin/env python3
"""Proofs against a second opinion: random small procedures, explored state by state.

    prove.py GREFFE                     a short run: exit 0 when `greffe check` and the oracle agree
    prove.py GREFFE --count 20000       a long one; --seed S for other procedures
    prove.py GREFFE --self-check        proves that a fault of the oracle is noticed
    prove.py GREFFE --only K --seed S   one procedure, with what either side says of it
    prove.py GREFFE --keep DIR          writes each difference, shrunk, into DIR
    prove.py GREFFE --exact --missed    only what was accepted, and gets stuck, never ends, or
                                        breaks its guarantee: there is none
    prove.py GREFFE --replay            how many of the faults the engine was seen to come to: nine
                                        of ten at least
    prove.py GREFFE --exact             the engine's own order: a `choose` takes no time, and the
                                        branches of a block begin in the order in which they stand

The generator makes a procedure as data; the oracle explores that data (never the YAML): every
answer that the constants tell apart, every interleaving, every moment, and reduces nothing. What it
finds (codes 4101-4106, 4201, 4202, 4305, each with its step, case, outcome or guarantee) is
compared with `greffe check --json`. Procedures with another diagnostic than 4xxx are counted and
left out.

The checker looks at more ways than there are where it must: it misses a few steps that no dossier
comes to. Without --exact a `choose` is a step like any other: other branches, deadlines and
clocks may come before it; and a list has another length each time that it is gone through. What
the applicant withdraws is not modelled.
"""

import argparse
import collections
import concurrent.futures
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from prove_make import (AUTHORITY, variables, all_fields, all_conditions, Writer, Generator,
                        outcomes_of)
from prove_oracle import TooLarge, Oracle, expected

COMPARED = {"GR-4101", "GR-4102", "GR-4103", "GR-4104", "GR-4105", "GR-4106", "GR-4201", "GR-4202",
            "GR-4305"}
UNSOUND = {"GR-4101", "GR-4106", "GR-4201"}
PLANTS = ("interleavings", "an answer", "deadlines", "the clock", "that answers may change")
FORGOTTEN = ("that a join is at once", "that items have records", "that answers may change")

def check(greffe, folder, procedures, replay=False):
    """For each procedure what the checker says, or None when it is no procedure at all. Without
    `replay` the proof's word is taken: a way that needs more time than there is counts."""
    names, writers = [], []
    for i, p in enumerate(procedures):
        writer = Writer(p)
        path = folder / f"p{i}.yaml"
        path.write_text(writer.text, encoding="utf-8")
        names.append(path.name)
        writers.append(writer)
    words = ["--json"] + ([] if replay else ["--no-replay"])
    answer = subprocess.run([greffe, "check", *words, *names], cwd=folder, check=False,
                            capture_output=True, text=True, encoding="utf-8", timeout=600)
    try:
        said = json.loads(answer.stdout)
    except ValueError:
        sys.exit(f"no answer: {answer.returncode} {answer.stderr[-300:]}")
    found = [set() for _ in procedures]
    other = [set() for _ in procedures]
    for one in said:
        i = int(pathlib.Path(one["file"]).stem[1:])
        what = writers[i].at.get(one["line"])
        if one["code"] < "GR-4" or one["severity"] not in ("error", "warning"):
            other[i].add(one["code"])
        else:
            found[i].add((one["code"], None if one["code"] == "GR-4106" else what))
    return found, other


def prepare(folder):
    (folder / "aut.yaml").write_text(AUTHORITY, encoding="utf-8")
    (folder / "letters").mkdir(exist_ok=True)
    (folder / "letters" / "a.txt").write_text("Objet: o\n\nTexte\n", encoding="utf-8")


def make(seed, number):
    return Generator(random.Random(f"{seed}/{number}")).procedure()


def difference(said, wanted):
    said = {one for one in said if one[0] in COMPARED or one[0] == "GR-4001"}
    return {("checker only",) + one for one in said - wanted} | \
           {("oracle only",) + one for one in wanted - said}


# --- Shrinking ---

def smaller(p):
    """Procedures that are a little smaller."""
    for i in range(len(p["guarantees"])):
        q = copy.deepcopy(p)
        del q["guarantees"][i]
        yield q
    if p["clock"]:
        q = copy.deepcopy(p)
        q["clock"] = None
        yield q
        if p["clock"]["paused"]:
            q = copy.deepcopy(p)
            q["clock"]["paused"] = None
            yield q
    for name, step in p["steps"].items():
        if name in ("s0", "fin"):
            continue
        ways = list(step.get("then", {}).values()) + [c[1] for c in step.get("cases", [])] + \
            ([step["otherwise"]] if step.get("otherwise") else [])
        for target in sorted(set(ways) - {name}) or (["fin"] if step["kind"] == "end" else []):
            yield without(p, name, target)
        for i in range(len(step.get("branches", []))):
            if step["kind"] == "parallel" and len(step["branches"]) > 1:
                q = copy.deepcopy(p)
                gone = q["steps"][name]["branches"].pop(i)
                for inner in gone:
                    drop(q, inner)
                if q["steps"][name]["join"] >= len(q["steps"][name]["branches"]):
                    q["steps"][name]["join"] = 0
                yield q
        for outcome in step.get("then", {}):
            if len(step["then"]) > 1 and step["kind"] == "task" or \
                    outcome == "expired" and step["kind"] in ("parallel", "each"):
                q = copy.deepcopy(p)
                s = q["steps"][name]
                del s["then"][outcome]
                if outcome == "expired":
                    s["within"] = False
                s.get("must", {}).pop(outcome, None)
                s.get("fill", {}).pop(outcome, None)
                yield q
            if outcome in step.get("must", {}):
                q = copy.deepcopy(p)
                del q["steps"][name]["must"][outcome]
                yield q
            if outcome in step.get("fill", {}):
                q = copy.deepcopy(p)
                del q["steps"][name]["fill"][outcome]
                yield q
            for c in simpler(step.get("must", {}).get(outcome)):
                q = copy.deepcopy(p)
                q["steps"][name]["must"][outcome] = c
                yield q
        if step.get("join"):
            q = copy.deepcopy(p)
            q["steps"][name]["join"] = 0
            yield q
        for i, (when, _) in enumerate(step.get("cases", [])):
            if len(step["cases"]) > 1:
                q = copy.deepcopy(p)
                del q["steps"][name]["cases"][i]
                yield q
            for c in simpler(when):
                q = copy.deepcopy(p)
                q["steps"][name]["cases"][i][0] = c
                yield q
    for name, field in p["fields"].items():
        if not any(f"f.{name}" in variables(c) for c in all_conditions(p)) and \
                not any(f.get("when") == f"f.{name}" for f in p["fields"].values()):
            q = copy.deepcopy(p)
            del q["fields"][name]
            yield q


def simpler(c):
    if c and c[0] in ("and", "or", "not"):
        yield from c[1:]
        for i, one in enumerate(c[1:], 1):
            for other in simpler(one):
                yield c[:i] + (other,) + c[i + 1:]


def drop(p, name):
    step = p["steps"].pop(name, None)
    for branch in (step or {}).get("branches", []):
        for inner in branch:
            drop(p, inner)


def without(p, name, target):
    q = copy.deepcopy(p)
    drop(q, name)
    for ids in [q["top"]] + [b for s in q["steps"].values() for b in s.get("branches", [])]:
        if name in ids:
            ids.remove(name)
    for step in q["steps"].values():
        for outcome in step.get("then", {}):
            if step["then"][outcome] == name:
                step["then"][outcome] = target
        for case in step.get("cases", []):
            if case[1] == name:
                case[1] = target
        if step.get("otherwise") == name:
            step["otherwise"] = target
    if q["clock"] and q["clock"]["then"] == name:
        q["clock"]["then"] = target
    return q


def valid(p):
    if any(not b for s in p["steps"].values() for b in s.get("branches", [])):
        return False
    fields = all_fields(p)
    known = {f"{n}.{o}" for n, s in p["steps"].items() for o in outcomes_of(s) + ["done"]}
    waits = {f"{n}.waiting" for n, s in p["steps"].items()
             if s["kind"] in ("wait", "completeness")}
    named = [m for g in p["guarantees"] for m in g[1:]]
    if p["clock"]:
        named += [p["clock"]["from"], p["clock"]["until"]]
        if p["steps"].get(p["clock"]["then"], {}).get("kind") != "notification":
            return False

    def good(c):
        if c[0] == "moment":
            return c[1] in known | waits
        return c[1] in fields if c[0] not in ("and", "or", "not") else all(map(good, c[1:]))
    return all(m in known for m in named) and all(good(c) for c in all_conditions(p))


def shrink(greffe, folder, p, signature, exact):
    def same(q):
        if not valid(q):
            return False
        found, other = check(greffe, folder, [q])
        if other[0]:
            return False
        try:
            wanted = expected(q, exact)
        except TooLarge:
            return False
        return signature <= {one[:2] for one in difference(found[0], wanted)}
    changed = True
    while changed:
        changed = False
        for q in smaller(p):
            try:
                good = same(q)
            except (KeyError, IndexError):
                good = False
            if good:
                p, changed = q, True
                break
    return p


def explain(greffe, folder, p, wrong, exact):
    """The smallest procedure, what the checker seems to forget, and what is left of the rest."""
    p = shrink(greffe, folder, p, {one[:2] for one in wrong}, exact)
    said = check(greffe, folder, [p])[0][0]
    kinds = []
    for plant in FORGOTTEN:
        try:
            if not difference(said, expected(p, False, plant)):
                kinds.append("as if it forgot " + plant)
        except TooLarge:
            pass
    return Writer(p).text, kinds, difference(said, expected(p, exact))


# --- Running ---

def batch(greffe, seed, numbers, options):
    tally = collections.Counter()
    differences = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(folder)
        procedures = [make(seed, n) for n in numbers]
        found, other = check(greffe, folder, procedures)
        for number, p, said, odd in zip(numbers, procedures, found, other):
            tally["all"] += 1
            if odd:
                tally["left out"] += 1
                tally.update(odd)
                continue
            try:
                oracle = Oracle(p, options["exact"], options["plant"])
                oracle.explore()
                wanted = oracle.told()
            except TooLarge:
                tally["too large"] += 1
                continue
            tally["kept"] += 1
            tally["states"] += oracle.states
            tally["with a fault"] += bool(wanted)
            tally.update({code for code, _ in wanted})
            tally.update({"other " + one[0] for one in said if one[0] not in COMPARED})
            wrong = difference(said, wanted)
            if wrong:
                text, kinds = Writer(p).text, []
                if options["shrink"]:
                    text, kinds, wrong = explain(greffe, folder, p, wrong, options["exact"])
                differences.append((number, text, kinds + sorted(map(str, wrong))))
    return tally, differences


def run(greffe, seed, count, options, quiet=False, start=0):
    size, tally, differences = 50, collections.Counter(), []
    parts = [range(i, min(i + size, start + count)) for i in range(start, start + count, size)]
    began = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(batch, greffe, seed, part, options) for part in parts]
        for i, job in enumerate(jobs, 1):
            more, found = job.result()
            tally += more
            differences += found
            if not quiet and i % 20 == 0 and i < len(jobs):
                print(f"  {tally['all']} procedures, {len(differences)} differences, "
                      f"{time.monotonic() - began:.0f} s", flush=True)
    return tally, differences


def replayed(greffe, seed, count):
    """Of the faults that the proof refutes, how many are seen to happen."""
    told = seen = 0
    for start in range(0, count, 50):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            prepare(folder)
            procedures = [make(seed, n) for n in range(start, min(start + 50, count))]
            refuted, _ = check(greffe, folder, procedures)
            played, _ = check(greffe, folder, procedures, True)
            for i, faults in enumerate(refuted):
                ways = {one for one in faults if one[0] in UNSOUND | {"GR-4104"}}
                told += len(ways)
                seen += len(ways & played[i])
                more = {one for one in played[i] - faults if one[0] != "GR-4001"}
                if more:
                    print(f"--- --seed {seed} --only {start + i}: playing finds more: {more}")
                    return 1
    print(f"{seen} of {told} faults were seen to happen on the engine")
    return 0 if seen >= told * 0.9 and told > 0 else 1


def self_check(greffe, seed):
    """An oracle that forgets something has to differ where the whole one agrees."""
    known, good = {}, True

    def differ(start, plant):
        options = {"exact": False, "plant": plant, "shrink": False}
        return {number for number, _, _ in run(greffe, seed, 400, options, True, start)[1]}
    for plant in PLANTS:
        for start in range(0, 4000, 400):
            if start not in known:
                known[start] = differ(start, None)
            found = differ(start, plant) - known[start]
            if found:
                break
        print(f"self-check: the oracle forgets {plant}: "
              f"{f'found (--only {min(found)})' if found else 'MISSED'}", flush=True)
        good = good and bool(found)
    return 0 if good else 1


def one(greffe, seed, number, exact):
    p = make(seed, number)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(folder)
        print(Writer(p).text)
        found, other = check(greffe, folder, [p])
        print("checker:", sorted(map(str, found[0])), sorted(other[0]))
        print("oracle: ", sorted(map(str, expected(p, exact))))


def missed(text):
    """Whether a procedure was accepted that gets stuck, never ends, or breaks its guarantee."""
    return "oracle only" in text and any(code in text for code in UNSOUND)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("greffe")
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--self-check", action="store_true")
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep")
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--missed", action="store_true",
                        help="only what was accepted, and gets stuck or breaks its promise")
    parser.add_argument("--rates", action="store_true", help="how often each code occurs")
    parser.add_argument("--replay", action="store_true")
    words = parser.parse_args()
    greffe = os.path.abspath(words.greffe)
    if words.self_check:
        sys.exit(self_check(greffe, words.seed))
    if words.replay:
        sys.exit(replayed(greffe, words.seed, words.count))
    if words.only is not None:
        sys.exit(one(greffe, words.seed, words.only, words.exact))
    options = {"exact": words.exact, "plant": None, "shrink": True}
    tally, differences = run(greffe, words.seed, words.count, options)
    if words.missed:
        differences = [one for one in differences if any(missed(text) for text in one[2])]
    for number, text, wrong in differences[:20]:
        print(f"--- --seed {words.seed} --only {number}: {'; '.join(wrong)}")
        if words.keep:
            folder = pathlib.Path(words.keep)
            folder.mkdir(parents=True, exist_ok=True)
            prepare(folder)
            said = "".join(f"# {one}\n" for one in wrong)
            (folder / f"d{words.seed}-{number}.yaml").write_text(said + text, encoding="utf-8")
        else:
            print(text)
    if words.rates:
        print(dict(sorted(tally.items())))
    print(f"{tally['all']} procedures ({tally['kept']} kept): {tally['with a fault']} with a "
          f"fault, {len(differences)} differences")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
