#!/usr/bin/env python3
"""A portal with nothing but SQL: it never loads Greffe.

    portal.py DATABASE

It takes a basket: its own row and the filing are inserted in one transaction, through the driver
that it has anyway. Whichever process dispatches (dispatcher.py here) executes the filing soon after
the commit, and writes the answer into the row, which the portal reads and deletes. PHP's PDO, or a
Django project on SQLite, does the same with the same statements.
"""

import json
import sqlite3
import sys
import time

PATIENCE_S = 20
ANSWERS = {"habitant": {"nom": "Anne Exemple", "courriel": "anne@bourg.example"},
           "jardin": {"logement": "maison", "surface": 120, "pose": "2099-01-01"}}


def take_basket(db: sqlite3.Connection, number: str, answers: dict[str, object]) -> int | None:
    """The basket and its filing: both, or neither."""
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("INSERT INTO basket (number) VALUES (?)", (number,))
        row = db.execute(
            "INSERT INTO greffe_inbox (verb, stream, key, actor, args) "
            "VALUES ('file', ?, ?, ?, ?)",
            (f"basket-{number}", f"form-{number}",
             json.dumps({"subject": "anne", "kind": "applicant"}),
             json.dumps({"procedure": "composteur", "answers": answers}))).lastrowid
    except sqlite3.IntegrityError as error:
        db.execute("ROLLBACK")
        print(f"basket {number}: {error}; nothing was filed")
        return None
    db.execute("COMMIT")
    return row


def answer_of(db: sqlite3.Connection, row: int) -> str:
    """What Greffe wrote; the row is the portal's to delete."""
    for _ in range(PATIENCE_S * 20):
        found = db.execute("SELECT status, code, message, answer FROM greffe_inbox "
                           "WHERE id = ? AND answered_ms IS NOT NULL", (row,)).fetchone()
        if found is not None:
            db.execute("DELETE FROM greffe_inbox WHERE id = ?", (row,))
            status, code, message, answer = found
            return json.loads(answer)["number"] if status == "ok" else f"{code} {message}"
        time.sleep(0.05)
    return "no answer: does a dispatcher run?"


def main() -> int:
    db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE IF NOT EXISTS basket (number TEXT PRIMARY KEY)")
    first = take_basket(db, "4711", ANSWERS)
    again = take_basket(db, "4711", ANSWERS)
    wrong = take_basket(db, "4712", {**ANSWERS, "jardin": {"logement": "château"}})
    if first is None or wrong is None:
        return 1
    filed, refused = answer_of(db, first), answer_of(db, wrong)
    print(f"basket 4711: {filed}")
    print(f"basket 4712: {refused}")
    return 0 if again is None and filed.startswith("COMPOSTEUR-") and "GR-5210" in refused else 1


if __name__ == "__main__":
    sys.exit(main())
