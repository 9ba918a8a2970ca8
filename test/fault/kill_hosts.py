#!/usr/bin/env python3
"""Hosts and dispatchers on one store, killed again and again: nothing that was accepted is lost.

    kill_hosts.py --kit PATH --greffe PATH [--kills 200] [--seed 1]
                                       exit 0: all is there, 1: something is not
    kill_hosts.py --kit PATH --greffe PATH --self-check
                                       plants faults and proves that each is noticed

Two processes dispatch, or would; one submits commands, one executes them in transactions of its
own, one inserts rows with SQL alone. At random instants one of them, a dispatcher and a host, or
all of them are killed by SIGKILL and started again. In the end:

- every command that was accepted, by whichever way, has its dossier;
- a host's row and its dossier are both there, or neither is;
- each dossier's receipt was received at least once, and never with another content;
- every row of the inbox has its one answer;
- every journal folds to what is stored.
"""

import argparse
import collections
import json
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 120
SHOWN = 5
ACTOR = json.dumps({"subject": "c1", "kind": "applicant"})


class Fault(Exception):
    """What went wrong, in words."""


def connect(store):
    db = sqlite3.connect(store, timeout=20, isolation_level=None)
    db.execute("PRAGMA synchronous = FULL")
    return db


# ---- The host that has nothing but SQL -----------------------------------------------------------

def insert_rows(store, name, first):
    """Is killed; its rows and the commands beside them are committed together."""
    db = connect(store)
    number = first
    while True:
        dossier = f"{name}-{number}"
        args = json.dumps({"procedure": "prime", "answers": {"demandeur": {
            "nom": "Exemple", "foyer": f"{number % 10000:04}",
            "iban": "FR7630006000011234567890189"}}})
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO portal VALUES (?)", (dossier,))
        db.execute("INSERT INTO greffe_inbox (verb, stream, key, actor, args) "
                   "VALUES ('file', ?, 'k', ?, ?)", (dossier, ACTOR, args))
        db.execute("ROLLBACK" if number % 5 == 0 else "COMMIT")
        number += 1
        time.sleep(0.004)


# ---- Processes that are killed -------------------------------------------------------------------

class World:
    """A store, the processes on it, and what the world outside has seen."""

    def __init__(self, kit, folder):
        self.kit, self.folder = str(kit), pathlib.Path(folder)
        self.store = self.folder / "greffe.db"
        self.received, self.accepted = self.folder / "received", self.folder / "accepted"
        self.began = str(int(time.time() * 1000))
        self.running, self.starts = {}, collections.Counter()
        subprocess.run([self.kit, "publish", self.store, self.began], check=True, timeout=60)
        db = connect(self.store)
        db.execute("CREATE TABLE portal (dossier TEXT PRIMARY KEY)")
        db.close()

    def command(self, role):
        self.starts[role] += 1
        name, first = f"{role}{self.starts[role]}", "1"
        if role.startswith("dispatch"):
            return [self.kit, "dispatch", self.store, self.began, self.received]
        if role == "insert":
            return [sys.executable, __file__, "--insert", self.store, name]
        return [self.kit, role, self.store, self.began, self.accepted, name, first]

    def start(self, role):
        words = [str(word) for word in self.command(role)]
        self.running[role] = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

    def kill(self, role):
        """False: it had ended by itself, which none of them should."""
        process = self.running.pop(role)
        alive = process.poll() is None
        process.kill()
        _, words = process.communicate()
        if not alive:
            raise Fault(f"{role} ended by itself, exit {process.returncode}: {words.strip()}")

    def lines(self, path):
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


HOSTS = ["submit", "join", "insert"]
DISPATCHERS = ["dispatch-a", "dispatch-b"]


def victims(chance):
    kind = chance.random()
    if kind < 0.35:
        return [chance.choice(HOSTS)]
    if kind < 0.7:
        return [chance.choice(DISPATCHERS)]
    if kind < 0.9:
        return [chance.choice(HOSTS), chance.choice(DISPATCHERS)]
    return HOSTS + DISPATCHERS


def harass(world, kills, chance):
    for role in HOSTS + DISPATCHERS:
        world.start(role)
    done = 0
    while done < kills:
        time.sleep(chance.uniform(0.02, 0.35))
        chosen = victims(chance)
        for role in chosen:
            world.kill(role)
        done += len(chosen)
        for role in chosen:
            world.start(role)
    wait_for_enough(world, done)
    for role in HOSTS:
        world.kill(role)
    return done


def is_enough(accepted, inserted, kills):
    return accepted >= 2 * kills and inserted >= kills


def wait_for_enough(world, kills):
    """On a slow machine processes may have been killed before they did much."""
    db, end = connect(world.store), time.time() + PATIENCE_S
    while time.time() < end:
        inserted = db.execute("SELECT count(*) FROM greffe_inbox").fetchone()[0]
        if is_enough(len(set(world.lines(world.accepted))), inserted, kills):
            break
        time.sleep(0.1)
    db.close()


def settle(world):
    """What is left is done by those that dispatch."""
    db, end = connect(world.store), time.time() + PATIENCE_S
    while time.time() < end:
        left = db.execute("SELECT (SELECT count(*) FROM greffe_outbox) + (SELECT count(*) FROM "
                          "greffe_inbox WHERE answered_ms IS NULL)").fetchone()[0]
        if left == 0:
            break
        time.sleep(0.1)
    for role in DISPATCHERS:
        world.kill(role)
    db.close()
    if left:
        raise Fault(f"{left} effects and commands still wait after {PATIENCE_S} s")


# ---- What must hold ------------------------------------------------------------------------------

def some(things):
    things = sorted(things)
    return ", ".join(map(str, things[:SHOWN])) + (" …" if len(things) > SHOWN else "")


def faults(world, greffe, kills):
    db = connect(world.store)
    dossiers = {key for key, in db.execute("SELECT key FROM greffe_stream WHERE kind = 1")}
    rows = {key for key, in db.execute("SELECT dossier FROM portal")}
    inbox = db.execute("SELECT stream, status, code, message FROM greffe_inbox").fetchall()
    db.close()
    accepted = set(world.lines(world.accepted))
    inserted = [stream for stream, *_ in inbox]
    if accepted - dossiers:
        yield f"accepted, and not there: {some(accepted - dossiers)}"
    own = {key for key in dossiers if not key.startswith("submit")}
    if own != rows:
        yield f"a row without its dossier, or a dossier without its row: {some(own ^ rows)}"
    if set(inserted) - dossiers or len(inserted) != len(set(inserted)):
        yield f"inserted, and not done once: {some(set(inserted) - dossiers)}"
    for stream, status, code, message in inbox:
        if status != "ok":
            yield f"the inbox says of {stream}: {status} {code} {message}"
    contents = collections.defaultdict(set)
    for line in world.lines(world.received):
        key, mark, _ = line.split("\t")
        contents[key].add(mark)
    twice = [key for key, marks in contents.items() if len(marks) > 1]
    if twice:
        yield f"received with another content: {some(twice)}"
    letters = collections.Counter(key.split("/")[0] for key in contents)
    silent = [key for key in dossiers if letters[key] == 0]
    if silent:
        yield f"no receipt was received: {some(silent)}"
    verified = subprocess.run([greffe, "journal", "verify", "--store", world.store],
                              capture_output=True, text=True, check=False, timeout=300)
    if verified.returncode != 0:
        yield f"verifying says: {verified.stdout.strip()[-300:]}"
    if not is_enough(len(accepted), len(inserted), kills):
        yield (f"too little happened: {len(accepted)} accepted, {len(inserted)} inserted, "
               f"{len(dossiers)} dossiers")


def tell(world, kills, began):
    db = connect(world.store)
    counted = db.execute("SELECT (SELECT count(*) FROM greffe_stream WHERE kind = 1), (SELECT "
                         "count(*) FROM greffe_inbox), (SELECT epoch FROM greffe_lease)").fetchone()
    lines = world.lines(world.received)
    print(f"{kills} kills in {time.time() - began:.0f} s: {counted[0]} dossiers, "
          f"{len(world.lines(world.accepted))} of them accepted and said so, {counted[1]} by the "
          f"inbox; {len(lines)} letters received, {len(lines) - len(set(lines))} of them again; "
          f"the dispatcher changed {counted[2] - 1} times")
    db.close()


def plant(world, greffe, kills):
    """Each planted fault must be found, one after the other."""
    db = connect(world.store)
    lines = world.lines(world.received)
    trials = [
        ("a command that is lost", "accepted, and not there",
         lambda: world.accepted.open("a").write("submit1-999999\n")),
        ("a row alone", "a row without its dossier",
         lambda: db.execute("INSERT INTO portal VALUES ('join1-999999')")),
        ("a letter with another content", "received with another content",
         lambda: world.received.open("a").write(lines[0].split("\t")[0] + "\tffff\tx\n")),
        ("an answer that is none", "the inbox says",
         lambda: db.execute("UPDATE greffe_inbox SET status = 'denied' WHERE id = 1")),
        ("a letter that never left", "no receipt",
         lambda: world.received.write_text("".join(
             line + "\n" for line in lines if not line.startswith(lines[0].split("/")[0] + "/")))),
    ]
    found = list(faults(world, greffe, kills))
    if found:
        raise Fault("without a planted fault: " + "; ".join(found))
    for name, words, how in trials:
        how()
        said = list(faults(world, greffe, kills))
        if not any(one.startswith(words) for one in said):
            raise Fault(f"{name} was not found, but: {said}")
        print(f"found: {name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kit")
    parser.add_argument("--greffe")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--self-check", action="store_true")
    parser.add_argument("--insert", nargs=2)
    options = parser.parse_args()
    if options.insert:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        insert_rows(*options.insert, 1)
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        world = World(options.kit, folder)
        try:
            kills = harass(world, 10 if options.self_check else options.kills,
                           random.Random(options.seed))
            settle(world)
            if options.self_check:
                plant(world, options.greffe, kills)
                return 0
            found = list(faults(world, options.greffe, kills))
            tell(world, kills, began)
        except Fault as fault:
            found = [str(fault)]
        finally:
            for process in world.running.values():
                process.kill()
        for one in found:
            print(one)
        return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
