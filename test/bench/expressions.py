#!/usr/bin/env python3
"""Other engines evaluate the same expressions, in turns with Greffe.

    expressions.py EXPRESSIONS [--rounds N] [--count N] [--ms N]
    expressions.py EXPRESSIONS --self-check

EXPRESSIONS is the program that is built from expressions.c; it says there what is evaluated. In
each round every program runs once, as a process of its own; the first round isn't counted, and each
begins with another program. A program that gives a result which is not the table's ends the run
with exit code 1. No time decides over an exit code.

A peer whose packages are not installed is skipped, with the command that installs them; exit 77
when none is left, after Greffe's own.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from peers import HERE, SKIPPED, installed, number, spread, version
from peers_check import Fault

PACKAGES = {"feelin": "feelin", "zen": "@gorules/zen-engine"}
WORKS = ("guard", "amount", "date")
FORMS = ("anew", "compiled", "by hand")
OF_PEERS = ("anew", "compiled")
FASTER = 20  # at least so many times as fast as the fastest peer
BY_HAND = 4  # at most so many times as long as by hand

Sample = dict[str, dict[str, float]]  # by work and form: nanoseconds for one evaluation


def read_told(name: str, text: str) -> Sample:
    """What a program has printed; a fault where that is not all that was asked for."""
    try:
        told = json.loads(text)
        forms = FORMS if name == "greffe" else OF_PEERS
        times = {work: {form: float(told[work][form]) for form in forms} for work in WORKS}
    except (ValueError, KeyError, TypeError) as fault:
        raise Fault(f"{name} says {text}") from fault
    if told.get("program") != name or not all(ns > 0 for of in times.values()
                                              for ns in of.values()):
        raise Fault(f"{name} says {text}")
    return times


def sample(name: str, command: list[str]) -> Sample:
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if ended.returncode != 0:
        raise Fault(f"{name} ends with {ended.returncode}")
    return read_told(name, ended.stdout)


def peer_command(name: str, inputs: pathlib.Path, milliseconds: int) -> list[str]:
    return ["node", str(HERE / "peers" / name / "peer.mjs"), "--inputs", str(inputs),
            "--ms", str(milliseconds)]


def write_inputs(options: argparse.Namespace, path: pathlib.Path) -> None:
    """What comes in is written in expressions.c, and given to the peers as a file."""
    ended = subprocess.run([options.expressions, "--print", "inputs"], stdout=subprocess.PIPE,
                           check=True)
    path.write_bytes(ended.stdout)


def report_times(samples: dict[str, list[Sample]]) -> None:
    print(f"\n{'ns for one':16} " + " ".join(f"{form:30}" for form in FORMS)
          + " medians (least..most)")
    for work in WORKS:
        for name, of in samples.items():
            cells = [spread([one[work][form] for one in of], 1) if form in of[0][work] else ""
                     for form in FORMS]
            print(f"{work:8} {name:7} " + " ".join(f"{cell:30}" for cell in cells).rstrip())


def report_ratios(samples: dict[str, list[Sample]]) -> None:
    ours = samples["greffe"]
    print("\nratios: medians (least..most)")
    for form in OF_PEERS:
        for work in WORKS if len(samples) > 1 else ():
            ratios, fastest = [], set()
            for i, one in enumerate(ours):
                # Where a peer is faster from a text than compiled, a host would take the text.
                ns, name, how = min((of[i][work][form_of], name, form_of)
                                    for name, of in samples.items() if name != "greffe"
                                    for form_of in {"anew", form})
                ratios.append(ns / one[work][form])
                fastest.add(name if how == form else f"{name} {how}")
            print(f"{f'{work}, {form}: fastest peer/greffe':38} {spread(ratios, 2):24} "
                  f"yardstick: {FASTER} at least; fastest: {', '.join(sorted(fastest))}")
    for work in WORKS:
        ratios = [one[work]["compiled"] / one[work]["by hand"] for one in ours]
        yardstick = f"yardstick: {BY_HAND} at most" if work == "guard" else ""
        print(f"{f'{work}: compiled/by hand':38} {spread(ratios, 2):24} {yardstick}".rstrip())


def compare(options: argparse.Namespace, inputs: pathlib.Path) -> int:
    peers = installed(tuple(PACKAGES))
    write_inputs(options, inputs)
    commands = {"greffe": [str(options.expressions), "--rounds", "1", "--json",
                           "--count", str(options.count)]}
    for name in peers:
        commands[name] = peer_command(name, inputs, options.ms)
    print(f"{options.rounds} rounds of {options.count} evaluations, of {options.ms} ms for peers; "
          f"load before {os.getloadavg()[0]:.1f}")
    if peers:
        print(f"node {version('node')}, "
              + ", ".join(f"{PACKAGES[name]} {version(name, PACKAGES[name])}" for name in peers))
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    names = list(commands)
    for round_number in range(options.rounds + 1):
        first = round_number % len(names)
        now = {name: sample(name, commands[name]) for name in names[first:] + names[:first]}
        if round_number == 0:
            continue
        for name in names:
            samples[name].append(now[name])
        print(f"round {round_number}: guard, compiled: "
              + ", ".join(f"{name} {now[name]['guard']['compiled']:.1f}" for name in names)
              + " ns", flush=True)
    report_times(samples)
    report_ratios(samples)
    return 0 if peers else SKIPPED


def told_by(name: str, drop: str = "", ns: float = 1.0) -> str:
    forms = FORMS if name == "greffe" else OF_PEERS
    return json.dumps({"program": name, **{work: {form: ns for form in forms if form != drop}
                                           for work in WORKS}})


def refused(ask: list[str]) -> tuple[bool, str]:
    """Whether a program ends with 1, and what it says."""
    ended = subprocess.run(ask, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return ended.returncode == 1, ended.stderr


def self_check(options: argparse.Namespace, inputs: pathlib.Path) -> int:
    """Results that are wrong, and programs that tell less than they were asked for."""
    tried, faults = 0, []
    for name, text, good in (("zen", told_by("zen"), True), ("greffe", told_by("greffe"), True),
                             ("zen", told_by("feelin"), False), ("zen", "", False),
                             ("zen", told_by("zen", drop="anew"), False),
                             ("greffe", told_by("greffe", drop="by hand"), False),
                             ("zen", told_by("zen", ns=0), False)):
        tried += 1
        try:
            read_told(name, text)
            found = True
        except Fault:
            found = False
        if found != good:
            faults.append(f"{name} says {text}: taken for {'good' if found else 'bad'}")
    own = [str(options.expressions), "--rounds", "1", "--count", "100"]
    for plant, wanted in (("result", "the table says"), ("allocation", "asks the context")):
        tried += 1
        ends, says = refused([*own, "--plant", plant])
        if not ends or wanted not in says:
            faults.append(f"greffe, planted {plant}: {says or 'nothing is found'}")
    write_inputs(options, inputs)
    rows = json.loads(inputs.read_text())
    for name in installed(tuple(PACKAGES)):
        for work in WORKS:
            planted = [dict(row) for row in rows]
            right = planted[-1][work]
            planted[-1][work] = right + 0.01 if work == "amount" else not right
            inputs.write_text(json.dumps(planted))
            tried += 1
            ends, says = refused(peer_command(name, inputs, 1))
            if not ends or f"{name}: {work}," not in says:
                faults.append(f"{name}, {work} planted: {says or 'nothing is found'}")
    for fault in faults:
        print(fault)
    print(f"self-check: {tried} planted, {len(faults)} faults")
    return 1 if faults else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("expressions", type=pathlib.Path)
    parser.add_argument("--rounds", type=number(1, 1000), default=7)
    parser.add_argument("--count", type=number(1, 100000000), default=100000,
                        help="evaluations by Greffe, of each form")
    parser.add_argument("--ms", type=number(1, 60000), default=300,
                        help="that a peer evaluates each form, after as many to warm up")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    options.expressions = options.expressions.resolve()
    try:
        with tempfile.TemporaryDirectory() as directory:
            inputs = pathlib.Path(directory) / "inputs.json"
            return self_check(options, inputs) if options.self_check else compare(options, inputs)
    except Fault as fault:
        print(f"expressions: {fault}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
