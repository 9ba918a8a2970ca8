"""What a database must hold after a run of peers.py: the work item was done, and all of it.

It knows nothing of engines nor of time. The tables of Greffe and of the equal program are those of
canonical_equal.c; those of the peers, of peers/work.mjs.
"""

import contextlib
import hashlib
import json
import pathlib
import sqlite3
from typing import Any, NamedTuple

TRANSITIONS = 6
PAGE = 32  # dossiers whose letters leave together, when nothing is in flight


class Fault(Exception):
    """A program has not done the work item."""


class Wanted(NamedTuple):
    """What the programs have been asked for."""
    dossiers: int
    answers: dict[str, Any]  # what an applicant has filed, by section


class Tables(NamedTuple):
    """Queries for what is the same in all programs: {0} is the program's name."""
    dossiers: str  # key, version, head, status
    entries: str  # key, version, head, body
    left: str  # numbers and rows
    personal: str  # class, rows


OF_GREFFE = Tables(
    "SELECT key, version, head, status FROM {0}_stream",
    "SELECT key, version, head, body FROM {0}_entry ORDER BY key, version",
    "SELECT sum(next) - 1, (SELECT count(*) FROM {0}_task), (SELECT count(*) FROM {0}_outbox)"
    " FROM {0}_sequence",
    "SELECT class, count(*) FROM {0}_personal GROUP BY class")
OF_PEERS = Tables(
    "SELECT key, version, head, status FROM dossier",
    "SELECT key, version, head, body FROM journal ORDER BY key, version",
    "SELECT sum(next) - 1, (SELECT count(*) FROM task), (SELECT count(*) FROM outbox)"
    " FROM sequence",
    "SELECT class, count(*) FROM personal GROUP BY class")

# The dossier that peers leave with an agent: after filing, and after "complete".
LAST_STATUS = {"accuse_reception", "instruction"}
LAST_VERSION = 2
OPINION = {"avis": "Conforme"}  # what an agent fills in
LONG = 8  # a shorter text, such as a postal code, can be part of a reference by chance
PERSONAL = {"answers": 3, "letter": 2, "person": 3}
PERSONAL_OF_LAST = {"answers": 2, "letter": 1, "person": 2}


def commits(dossiers: int, flight: int) -> int:
    """How often a program waits for the disk at least, to take so many from filing to end."""
    groups = -(-dossiers // (flight or PAGE))
    of_letters = 2 * groups  # one leases them, one tells that they have left
    return of_letters + (TRANSITIONS - 2) * (groups if flight else dossiers)


def same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Fault(f"{what}: {found}, not {wanted}")


def check_dossiers(rows: list[tuple[str, int, bytes, str]], wanted: Wanted, peer: bool) -> None:
    """All are granted, after six transitions; the last of a peer waits."""
    rows = sorted(rows)
    if peer:
        same("dossiers", len(rows), wanted.dossiers + 1)
        _, version, _, status = rows.pop()
        same("the last dossier waits for", sorted(status.split(" ")), sorted(LAST_STATUS))
        same("version of the last dossier", version, LAST_VERSION)
    same("dossiers", len(rows), wanted.dossiers)
    for key, version, _, status in rows:
        same(f"status of {key}", status, "accordee")
        same(f"version of {key}", version, TRANSITIONS)


def check_journal(entries: list[tuple[str, int, bytes, bytes | str]],
                  dossiers: list[tuple[str, int, bytes, str]]) -> None:
    """An entry for each transition, chained; the dossier's head is that of its last entry."""
    chains: dict[str, tuple[int, bytes]] = {}
    for key, version, head, body in entries:
        before, chained = chains.get(key, (0, bytes(32)))
        same(f"{key}, entry", version, before + 1)
        text = body.encode() if isinstance(body, str) else body
        if head != hashlib.sha256(chained + text).digest():
            raise Fault(f"{key}, entry {version}: it does not follow from the one before")
        chains[key] = (version, head)
    for key, version, head, _ in dossiers:
        if chains.get(key) != (version, head):
            raise Fault(f"{key}: its head is not that of its last entry")


def check_personal(rows: list[tuple[str, int]], wanted: Wanted, peer: bool) -> None:
    """As many rows apart as Greffe writes."""
    last = PERSONAL_OF_LAST if peer else {}
    for name, found in rows:
        same(f"personal rows, {name}", found,
             PERSONAL.get(name, 0) * wanted.dossiers + last.get(name, 0))
    same("classes of personal rows", sorted(name for name, _ in rows), sorted(PERSONAL))


def check_answers(database: sqlite3.Connection, wanted: Wanted) -> None:
    """Of peers: the answers are those that were filed, and lie nowhere else."""
    found = [(json.loads(value), rows) for value, rows in database.execute(
        "SELECT value, count(*) FROM personal WHERE class = 'answers' GROUP BY value")]
    for section in (*wanted.answers.values(), OPINION):
        same("rows with the answers that were filed",
             sum(rows for value, rows in found if value == section),
             wanted.dossiers + (0 if section == OPINION else 1))
    texts = [value for section in (*wanted.answers.values(), OPINION) for value in section.values()
             if isinstance(value, str) and len(value) >= LONG]
    for table, column in (("dossier", "state"), ("journal", "body")):
        for text in texts:
            if database.execute(f"SELECT 1 FROM {table} WHERE instr({column}, ?)",
                                (text,)).fetchone():
                raise Fault(f"a personal value lies in {table}.{column}")


def check_rows(database: sqlite3.Connection) -> None:
    """Of peers: a task and a letter of the dossier that waits, and of no other."""
    (last,) = database.execute("SELECT max(key) FROM dossier").fetchone()
    same("tasks", database.execute("SELECT key, step, service FROM task").fetchall(),
         [(last, "instruction", "guichet")])
    same("letters to send", database.execute("SELECT key, step FROM outbox").fetchall(),
         [(last, "accuse_reception")])


def check(name: str, path: pathlib.Path, wanted: Wanted, peer: bool) -> None:
    """Raises a fault where the database is not that of the work."""
    if not path.is_file():
        raise Fault("there is no database")
    tables = OF_PEERS if peer else OF_GREFFE
    with contextlib.closing(sqlite3.connect(path)) as database:
        def ask(query: str) -> list[Any]:
            return database.execute(query.format(name)).fetchall()
        try:
            dossiers = ask(tables.dossiers)
            check_dossiers(dossiers, wanted, peer)
            check_journal(ask(tables.entries), dossiers)
            check_personal(ask(tables.personal), wanted, peer)
            more = 1 if peer else 0
            same("numbers taken, tasks, letters to send", ask(tables.left),
                 [(wanted.dossiers + more, more, more)])
            if peer:
                check_rows(database)
                check_answers(database, wanted)
        except sqlite3.Error as fault:
            raise Fault(str(fault)) from fault
