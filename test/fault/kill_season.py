#!/usr/bin/env python3
"""Plays a season while killing it, and compares the end with that of an uninterrupted season.

    kill_season.py --greffe PATH --kills N [--scale 0.05] [--seed 7]
                                       exit 0: the same end, 1: differences or too few hits
    kill_season.py --greffe PATH --self-check
                                       plants faults and proves that each is noticed

The process is killed at random instants, mostly by SIGKILL, sometimes by SIGINT, and started again
until the season is over; then the next season begins, until N kills have hit a running process.
Then a season that ends just after a session of the board is killed in its last action, a "run" that
has everything to tell and to send at one instant: nothing comes later that could heal it.
"""

import argparse
import datetime
import json
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "workflows" / "gpso-velo"
ORACLE = ROOT / "test" / "oracle" / "compare_season.py"
KILLS_PER_SEASON = 15
MOST_SEASONS = 200
END_KILLS = 10
SHOWN = 3
SHOWN_CHARACTERS = 240


class Fault(Exception):
    """What went wrong, in words."""


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, timeout=600, **options)


def must(command):
    done = run(command)
    if done.returncode != 0:
        words = " ".join(map(str, command))
        raise Fault(f"{words}: exit {done.returncode}: {done.stderr[-300:].strip()}")
    return done.stdout


# ---- One season ------------------------------------------------------------------------------

class Season:
    """A store and a directory for what it sends out."""

    def __init__(self, greffe, folder, actions):
        self.greffe, self.folder, self.actions = greffe, pathlib.Path(folder), actions
        self.store = self.folder / "greffe.db"

    def begin(self):
        self.folder.mkdir()
        must([self.greffe, "publish", WORKFLOW / "velo.yaml", "--store", self.store])
        return self

    def copy(self, folder):
        shutil.copytree(self.folder, folder)
        return Season(self.greffe, folder, self.actions)

    def command(self, actions=None):
        return [str(word) for word in (
            self.greffe, "play", actions or self.actions, "--store", self.store, "--site",
            WORKFLOW / "site.yaml", "--out", self.folder, "--quiet")]

    def play(self, actions=None):
        must(self.command(actions))
        return self

    def files(self, folder, suffix):
        return {path.name: path.read_bytes()
                for path in sorted((self.folder / folder).glob("*" + suffix))}

    def left_over(self):
        return sorted(path.name for path in self.folder.rglob("*.part"))

    def facts(self):
        """All that must be the same at the end, by name."""
        verified = run([self.greffe, "journal", "verify", "--store", self.store])
        oracle = run([sys.executable, ORACLE, self.actions, "--greffe", self.greffe, "--store",
                      self.store, "--out", self.folder])
        letters = self.files("letters", ".eml")
        return {
            "report": must([self.greffe, "report", "--by", "demandeur.commune", "--store",
                            self.store]).splitlines(),
            "payments": self.files("payments", ".xml"),
            "letters": dict.fromkeys(letters),
            # The date is when it was handed over: later, if that was interrupted. The message's id
            # is made with the store's own secret.
            "texts of letters": {name: re.sub(rb"\r\n(Date|Message-ID): [^\r]*", b"", text)
                                 for name, text in letters.items()},
            "allotments": must([self.greffe, "list", "allotments", "--json", "--store",
                                self.store]).splitlines(),
            "waiting effects": must([self.greffe, "list", "effects", "--json", "--store",
                                     self.store]).splitlines(),
            "half-written files": self.left_over(),
            # The seal depends on the store's own secret: it is left out.
            "verify": [verified.returncode, verified.stdout.split("; seal")[0], verified.stderr],
            "oracle": [oracle.returncode, oracle.stdout],
        }


def difference(expected, found):
    if isinstance(expected, dict):
        missing = sorted(set(expected) - set(found))
        extra = sorted(set(found) - set(expected))
        other = sorted(name for name in expected if name in found
                       and expected[name] != found[name])
        return f"missing {missing[:SHOWN]}, extra {extra[:SHOWN]}, different {other[:SHOWN]}"
    pairs = [(a, b) for a, b in zip(expected, found) if a != b]
    return f"{pairs[:SHOWN]}, {len(expected)} against {len(found)}"


def differences(reference, season):
    found = season.facts()
    return [f"{name}: {difference(reference[name], found[name])}"
            for name in reference if reference[name] != found[name]]


def sound(facts):
    """The reference itself must be right, or equality proves nothing."""
    if facts["verify"][0] != 0 or facts["oracle"][0] != 0 or not facts["payments"]:
        raise Fault(f"the uninterrupted season is wrong: {facts['verify']} {facts['oracle']}")
    return facts


# ---- Killing ---------------------------------------------------------------------------------

def strike(season, rng, longest):
    """Plays until a random instant. Returns (finished, the signal that hit or None)."""
    which = signal.SIGINT if rng.random() < 0.2 else signal.SIGKILL
    process = subprocess.Popen(season.command(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(rng.uniform(0, longest))
    if process.poll() is None:
        process.send_signal(which)
    problem = process.communicate()[1]
    code = process.returncode
    if code == 0:
        return True, None
    if code == -which or (which == signal.SIGINT and code == 130):
        return False, which
    raise Fault(f"it stopped by itself: exit {code}: {problem[-300:].strip()}")


class Hits(dict):
    def add(self, which):
        self[which.name] = self.get(which.name, 0) + 1

    def total(self):
        return sum(self.values())


def play_under_fire(season, rng, kills, longest, hits):
    """Until the season is over; undisturbed once enough kills have hit."""
    while hits.total() < kills:
        finished, which = strike(season, rng, longest)
        if finished:
            return
        hits.add(which)
    season.play()


def killed_seasons(reference, first, rng, kills, longest, hits):
    """Yields what differs in each season; goes on until enough kills have hit."""
    for number in range(MOST_SEASONS):
        if hits.total() >= kills:
            return
        season = Season(first.greffe, first.folder.parent / f"killed-{number}", first.actions)
        season.begin()
        try:
            play_under_fire(season, rng, kills, longest, hits)
            found = differences(reference, season)
        except Fault as fault:
            found = [str(fault)]
        yield f"season {number}", found
        shutil.rmtree(season.folder)


def cut_after_a_session(actions, cut):
    """Writes the actions up to the middle session's closing, which sets off its letters.

    A "run" follows a second later; the actions before the closing are written apart.
    """
    lines = actions.read_text(encoding="utf-8").splitlines()
    closings = [at for at, line in enumerate(lines) if '"do":"session.close"' in line
                and "no_quorum" not in line]
    at = closings[len(closings) // 2]
    form = "%Y-%m-%dT%H:%M:%SZ"
    closed = datetime.datetime.strptime(json.loads(lines[at])["at"], form)
    last = {**json.loads(lines[-1]), "at": f"{closed + datetime.timedelta(seconds=1):{form}}"}
    cut.write_text("\n".join(lines[:at + 1] + [json.dumps(last)]) + "\n", encoding="utf-8")
    before = cut.with_suffix(".before")
    before.write_text("\n".join(lines[:at]) + "\n", encoding="utf-8")
    return before


def strike_at_a_letter(season):
    """Kills as soon as a new letter is there, whole or half. True when that hit."""
    known = len(list((season.folder / "letters").iterdir()))
    process = subprocess.Popen(season.command(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while process.poll() is None and len(list((season.folder / "letters").iterdir())) <= known:
        pass
    process.kill()
    return process.wait() == -signal.SIGKILL


def killed_ends(first, hits):
    """The last action alone, killed once and played again, several times."""
    cut = first.folder.parent / "cut.jsonl"
    before = cut_after_a_session(first.actions, cut)
    started = Season(first.greffe, first.folder.parent / "before", cut).begin().play(before)
    reference = sound(started.copy(first.folder.parent / "cut").play().facts())
    for number in range(END_KILLS * 3):
        if hits.total() >= END_KILLS:
            return
        season = started.copy(first.folder.parent / f"end-{number}")
        if strike_at_a_letter(season):
            hits.add(signal.SIGKILL)
        season.play()
        yield f"end {number}", differences(reference, season)
        shutil.rmtree(season.folder)


def kill(options, folder):
    first, reference, took = uninterrupted(options, folder)
    rng = random.Random(options.seed)
    longest = max(0.02, 2 * took / min(options.kills, KILLS_PER_SEASON))
    hits, end_hits, faults = Hits(), Hits(), 0
    seasons = [*killed_seasons(reference, first, rng, options.kills, longest, hits),
               *killed_ends(first, end_hits)]
    for name, found in seasons:
        for text in found:
            print(f"{name}: {text[:SHOWN_CHARACTERS]}")
        faults += bool(found)
    print(f"{hits.total()} kills hit a running process ({dict(hits)}) in a season of "
          f"{took:.2f} s; {end_hits.total()} more hit a last action; "
          f"{len(seasons)} ends compared, {faults} differ")
    if hits.total() < options.kills or end_hits.total() < END_KILLS:
        print(f"fewer than {options.kills} and {END_KILLS} kills hit")
        return 1
    return 1 if faults else 0


def uninterrupted(options, folder):
    actions = pathlib.Path(folder) / "actions.jsonl"
    must([sys.executable, WORKFLOW / "generate.py", "--seed", options.seed, "--scale",
          options.scale, "--out", actions])
    first = Season(options.greffe, pathlib.Path(folder) / "reference", actions).begin()
    start = time.monotonic()
    first.play()
    took = time.monotonic() - start
    return first, sound(first.facts()), took


# ---- Self-check ------------------------------------------------------------------------------

def delete_payment(season):
    next((season.folder / "payments").glob("*.xml")).unlink()


def change_payment(season):
    path = next((season.folder / "payments").glob("*.xml"))
    path.write_bytes(path.read_bytes().replace(b"<Nm>", b"<Nm> ", 1))


def delete_letter(season):
    next((season.folder / "letters").glob("*.eml")).unlink()


def half_a_letter(season):
    (season.folder / "letters" / "x.eml.part").write_bytes(b"From: ")


def edit_entry(season):
    with sqlite3.connect(season.store) as store:
        position, body = store.execute("SELECT position, body FROM greffe_entry LIMIT 1").fetchone()
        changed = body[:-1] + bytes([body[-1] ^ 1])
        store.execute("UPDATE greffe_entry SET body = ? WHERE position = ?", (changed, position))
    store.close()


def remove_batches(season):
    with sqlite3.connect(season.store) as store:
        store.execute("DELETE FROM greffe_stream WHERE kind = 6")
    store.close()


PLANTED = [("nothing", None), ("a payment file deleted", delete_payment),
           ("a payment file changed", change_payment), ("a letter deleted", delete_letter),
           ("a file half written", half_a_letter), ("an entry edited", edit_entry),
           ("the batches removed", remove_batches)]


def self_check(options, folder):
    first, reference, _ = uninterrupted(options, folder)
    good = True
    for number, (name, plant) in enumerate(PLANTED):
        season = first.copy(first.folder.parent / f"planted-{number}")
        if plant:
            plant(season)
        found = differences(reference, season)
        passed = bool(found) == bool(plant)
        good = good and passed
        print(f"{'ok  ' if passed else 'FAIL'} {name}: {found[0] if found else 'the same'}")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--greffe", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="greffe-kill-") as folder:
        try:
            return (self_check if options.self_check else kill)(options, folder)
        except Fault as fault:
            print(fault)
            return 1


if __name__ == "__main__":
    sys.exit(main())
