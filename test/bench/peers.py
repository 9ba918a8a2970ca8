#!/usr/bin/env python3
"""Other engines do the canonical dossier, in turns with Greffe and the equal program.

    peers.py CANONICAL [--dir D] [--rounds N] [--dossiers N] [--warm N] [--flight N] [--sync-us N]
    peers.py CANONICAL --self-check

CANONICAL is the program that is built from canonical.c; libsyncs.so lies beside it. In each round
every program takes as many dossiers from filing to end as the others, on a database of its own that
is new, after some that are not counted; the first round isn't counted either, and each begins with
another program. Afterwards the database is read: a program that has not done the work, or has not
waited for the disk, ends the run with exit code 1. No time decides over an exit code.

A peer whose packages are not installed is skipped, with the command that installs them; exit 77
when none is left.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any, NamedTuple

sys.dont_write_bytecode = True
from peers_check import TRANSITIONS, Fault, Wanted, check, commits
from peers_planted import PLANTED, PROGRAM

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ("xstate", "bpmn-engine")
# Dossiers before those that are counted: from then on V8 has compiled what runs hot, and the
# write-ahead log no longer grows. bpmn-engine takes its time for each, and is no faster after more.
WARM = {"greffe": 600, "equal": 600, "xstate": 600, "bpmn-engine": 100}
SKIPPED = 77


class Sample(NamedTuple):
    rate: float  # dossiers per second
    cpu_us: float  # for each transition, of the whole process
    syncs: float  # for each dossier
    sqlite: str  # its version


def sample(name: str, command: list[str], options: argparse.Namespace) -> Sample:
    """Run a program once on a new database, and look at what it has done."""
    database = options.dir / f"canonical-{name}.db"
    counted = options.dir / "canonical-syncs"
    for old in (counted, *options.dir.glob(database.name + "*")):
        old.unlink(missing_ok=True)
    peer = name in PEERS
    warm = options.warm or WARM[name]
    arguments = ["--dir", str(options.dir), "--warm", str(warm)]
    arguments += ["--count" if peer else "--dossiers", str(options.dossiers)]
    if options.flight > 0:
        arguments += ["--flight", str(options.flight)]
    environment = {**os.environ, "BENCH_SYNCS": str(counted), "BENCH_SYNC_US": str(options.sync_us)}
    if peer:
        arguments += ["--answers", str(options.dir / "canonical-answers")]
        environment["LD_PRELOAD"] = str(options.canonical.with_name("libsyncs.so"))
    ended = subprocess.run(command + arguments, env=environment, stdout=subprocess.PIPE, text=True)
    if ended.returncode != 0:
        raise Fault(f"{name} ends with {ended.returncode}")
    told = json.loads(ended.stdout or "{}")
    if told.get("peer") != name or told.get("count") != options.dossiers:
        raise Fault(f"{name} says {ended.stdout}")
    done = warm + options.dossiers
    try:
        check(name, database, Wanted(done, options.answers), peer)
    except Fault as fault:
        raise Fault(f"{name}: {fault}") from fault
    syncs = int(counted.read_text()) if counted.is_file() else 0
    least = commits(warm, options.flight) + commits(options.dossiers, options.flight)
    if syncs < least:
        raise Fault(f"{name} has waited {syncs} times for the disk, and has {least} commits")
    return Sample(options.dossiers / told["seconds"],
                  told["cpu_seconds"] * 1e6 / options.dossiers / TRANSITIONS, syncs / done,
                  told["sqlite"])


def version(name: str, package_name: str = "") -> str:
    """Of a peer's package, which has its name or another; of Node, for "node"."""
    if name == "node":
        ended = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True, check=True)
        return ended.stdout.strip().removeprefix("v")
    package = HERE / "peers" / name / "node_modules" / (package_name or name) / "package.json"
    return str(json.loads(package.read_text())["version"])


def installed(names: tuple[str, ...]) -> list[str]:
    """Those peers that can run; says of the others what is missing."""
    if shutil.which("node") is None:
        print(f"skipped: {' and '.join(names)} need Node; install it with: "
              "apt-get install nodejs npm")
        return []
    there = []
    for name in names:
        if (HERE / "peers" / name / "node_modules" / ".package-lock.json").is_file():
            there.append(name)
        else:
            print(f"skipped: {name}; install it with: "
                  f"npm ci --prefix {os.path.relpath(HERE / 'peers' / name)}")
    return there


def spread(values: list[float], digits: int) -> str:
    median, least, most = statistics.median(values), min(values), max(values)
    return f"{median:.{digits}f} ({least:.{digits}f}..{most:.{digits}f})"


def report(samples: dict[str, list[Sample]]) -> None:
    print(f"\n{'':12} {'dossiers/s':24} {'transitions/s':24} {'CPU us/transition':24} "
          "syncs/dossier: medians (least..most)")
    for name, of in samples.items():
        rates = [one.rate for one in of]
        print(f"{name:12} {spread(rates, 1):24} "
              f"{spread([rate * TRANSITIONS for rate in rates], 0):24} "
              f"{spread([one.cpu_us for one in of], 1):24} "
              f"{statistics.median(one.syncs for one in of):.2f}")
    print()
    for name, of in samples.items():
        if name != "greffe":
            ratios = [ours.rate / one.rate for ours, one in zip(samples["greffe"], of)]
            print(f"greffe/{name}: {spread(ratios, 2)}")


def print_heading(options: argparse.Namespace, peers: list[str]) -> None:
    flight = f"{options.flight} in flight" if options.flight else "one caller, who waits"
    print(f"{options.rounds} rounds of {options.dossiers} dossiers; {flight}; "
          f"syncs {options.sync_us} us dearer; load before {os.getloadavg()[0]:.1f}")
    print(", ".join(f"{name} {version(name)}" for name in ["node", *peers]))


def read_answers(options: argparse.Namespace) -> None:
    """What the applicant answers is written in canonical.c, and given to the peers as a file."""
    ended = subprocess.run([options.canonical, "--print", "answers"], stdout=subprocess.PIPE,
                           check=True)
    (options.dir / "canonical-answers").write_bytes(ended.stdout)
    answers: dict[str, Any] = json.loads(ended.stdout)
    options.answers = answers["answers"]


def compare(options: argparse.Namespace) -> int:
    peers = installed(PEERS)
    if not peers:
        return SKIPPED
    read_answers(options)
    script = options.dir / "canonical-script"
    subprocess.run([options.canonical, "--record", script], check=True)
    one = [str(options.canonical), "--one"]
    commands = {"greffe": one + ["greffe"], "equal": one + ["equal", "--script", str(script)]}
    for name in peers:
        commands[name] = ["node", str(HERE / "peers" / name / "peer.mjs")]
    print_heading(options, peers)
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    names = list(commands)
    for number in range(options.rounds + 1):
        first = number % len(names)
        now = {name: sample(name, commands[name], options)
               for name in names[first:] + names[:first]}
        if number == 0:
            print("SQLite of " + ", ".join(f"{name} {now[name].sqlite}" for name in names))
            continue
        for name in names:
            samples[name].append(now[name])
        print(f"round {number}: "
              + ", ".join(f"{name} {now[name].rate:.1f}" for name in names)
              + " dossiers/s", flush=True)
    report(samples)
    for left in options.dir.glob("canonical-*"):
        left.unlink()
    return 0


def self_check(options: argparse.Namespace) -> int:
    """Planted programs: one that does the work, others that only say so."""
    faults = 0
    for name, (fault_of, flight, wanted) in PLANTED.items():
        with tempfile.TemporaryDirectory(dir=options.dir) as directory:
            planted = argparse.Namespace(canonical=options.canonical, dir=pathlib.Path(directory),
                                         warm=3, dossiers=20, flight=flight, sync_us=0)
            read_answers(planted)
            command = [sys.executable, "-c", PROGRAM, json.dumps(fault_of)]
            try:
                sample("xstate", command, planted)
                found = ""
            except Fault as fault:
                found = str(fault)
        if (wanted == "") != (found == "") or wanted not in found:
            print(f"a program that {name}: {found or 'no fault is found'}; "
                  f"expected: {wanted or 'no fault'}")
            faults += 1
    print(f"self-check: {len(PLANTED)} planted programs, {faults} faults")
    return 1 if faults else 0


def number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not between {least} and {most}")
        return value
    return read


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("canonical", type=pathlib.Path)
    parser.add_argument("--dir", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--rounds", type=number(1, 1000), default=5)
    parser.add_argument("--dossiers", type=number(1, 1000), default=200, help="of each round")
    parser.add_argument("--warm", type=number(1, 1000), help="dossiers before those, not counted")
    parser.add_argument("--flight", type=number(0, 100), default=0)
    parser.add_argument("--sync-us", type=number(0, 100000), default=0)
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    options.canonical = options.canonical.resolve()
    options.dir = options.dir.resolve()
    try:
        return self_check(options) if options.self_check else compare(options)
    except Fault as fault:
        print(f"peers: {fault}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
