#!/usr/bin/env python3
"""What persons typed is erased once it need not be kept; the journal still verifies.

    GREFFE=path/to/greffe python3 test/scenario/erase_test.py

After each command the journals are verified.
"""

import pathlib
import sqlite3
import unittest

from case import Case
from office import WORKFLOW, filing

NAME = "Zoraïde-Unique"


class Erase(Case):
    site = (WORKFLOW / "site.yaml").read_text(encoding="utf-8") + """\
  archiviste-1: {kind: agent, services: mobilites, roles: erase}
"""

    def withdrawn(self, dossier="d1"):
        self.ok(self.o.file(dossier, content=filing(nom=NAME)))
        self.ok(self.o.act("instructeur-1", "comment", dossier, text=f"{NAME} a rappelé"))
        self.ok(self.o.act("eve", "withdraw", dossier, because=f"{NAME} renonce"))
        self.ok(self.o.settle())

    def erase(self, who="archiviste-1", dossier="d1", **rest):
        args = {"because": "Fin de la durée de conservation", **rest}
        return self.o.act(who, "erase", dossier, **args)

    def bytes_of_the_store(self):
        return b"".join(path.read_bytes() for path in pathlib.Path(self.o.path).glob("greffe.db*"))

    def test_nothing_of_it_is_left_in_the_files(self):
        self.withdrawn()
        self.assertIn(NAME.encode(), self.bytes_of_the_store())
        self.o.now = "2022-03-02T09:00:00Z"
        self.ok(self.erase())
        self.ok(self.o.greffe("db", "compact"))
        self.assertNotIn(NAME.encode(), self.bytes_of_the_store())
        shown = self.o.show()
        self.assertEqual((shown["erased_on"], shown["outcome"]), ("2022-03-02", "withdrawn"))
        self.assertEqual(shown["answers"], [])
        store = sqlite3.connect(self.o.store)
        values = store.execute("SELECT count(*), sum(length(value) > 0) FROM greffe_personal "
                               "WHERE kind = 1 AND key = 'd1'").fetchone()
        store.close()
        self.assertGreater(values[0], 5)
        self.assertEqual(values[1], 2)  # why it was erased, and by whom

    def test_other_dossiers_keep_theirs(self):
        self.withdrawn()
        self.ok(self.o.file("d2", content=filing(nom="Habitante", foyer="2222222222222")))
        self.o.now = "2022-03-02T09:00:00Z"
        self.ok(self.erase())
        self.assertIn("Habitante", str(self.o.show("d2")["answers"]))

    def test_not_before_retention_is_over(self):
        self.withdrawn()
        self.o.now = "2022-03-01T09:00:00Z"
        with self.nothing_written():
            late = self.refused(self.erase(), "GR-5120")
            self.assertIn("2022-03-02", late.err)

    def test_not_by_everybody_nor_without_a_reason_nor_while_it_is_open(self):
        self.filed("d2")
        self.withdrawn("d1")
        self.o.now = "2022-03-02T09:00:00Z"
        with self.nothing_written():
            for who in ("instructeur-1", "eve", "prestataire-1"):
                self.refused(self.erase(who), "GR-5101")
            self.refused(self.erase(because=""), "GR-5001")
        self.refused(self.erase(dossier="d2"), "GR-5120")

    def test_who_erased_is_known_even_who_had_acted_before(self):
        self.filed("d1")
        self.ok(self.o.act("archiviste-1", "comment", text="Vu"))
        self.ok(self.o.act("eve", "withdraw"))
        self.ok(self.o.settle())
        self.o.now = "2022-03-02T09:00:00Z"
        self.ok(self.erase())
        store = sqlite3.connect(self.o.store)
        left = store.execute("SELECT class FROM greffe_personal WHERE kind = 1 AND key = 'd1' AND "
                             "length(value) > 0 ORDER BY class").fetchall()
        store.close()
        self.assertEqual(left, [("person",), ("reason",)])

    def test_what_comes_after_it_is_kept(self):
        self.withdrawn()
        self.o.now = "2022-03-02T09:00:00Z"
        self.ok(self.erase())
        self.ok(self.o.act("instructeur-1", "comment", text="Demande d'accès reçue"))
        self.ok(self.o.verify())
        self.ok(self.erase())

    def test_what_is_emptied_without_an_order_is_a_fault(self):
        self.withdrawn()
        before = pathlib.Path(self.o.store).read_bytes()
        store = sqlite3.connect(self.o.store)
        store.execute("UPDATE greffe_personal SET value = x'', salt = x'' WHERE key = 'd1' AND "
                      "class = 'answers'")
        store.commit()
        store.close()
        found = self.o.verify()
        self.assertEqual((found.exit, found.code), (1, "GR-6106"), str(found))
        pathlib.Path(self.o.store).write_bytes(before)

    def test_what_was_to_be_erased_and_is_still_there_is_a_fault(self):
        self.withdrawn()
        store = sqlite3.connect(self.o.store)
        ref, salt, value = store.execute(
            "SELECT ref, salt, value FROM greffe_personal WHERE key = 'd1' AND class = 'answers' "
            "LIMIT 1").fetchone()
        store.close()
        self.o.now = "2022-03-02T09:00:00Z"
        self.ok(self.erase())
        after = pathlib.Path(self.o.store).read_bytes()
        store = sqlite3.connect(self.o.store)
        store.execute("UPDATE greffe_personal SET value = ?, salt = ? WHERE ref = ?",
                      (value, salt, ref))
        store.commit()
        store.close()
        found = self.o.verify()
        self.assertEqual((found.exit, found.code), (1, "GR-6106"), str(found))
        pathlib.Path(self.o.store).write_bytes(after)


if __name__ == "__main__":
    unittest.main()
