#!/usr/bin/env python3
"""What the command says of a store that was tampered with, and of one that cannot be used.

    GREFFE=path/to/greffe python3 test/fault/bad_store_test.py

Full and read-only disks are small file systems mounted in a namespace of their own; where that is
not permitted, those tests are skipped, and say so. A limit on the size of files stands in for a
full disk everywhere.
"""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "scenario"), str(HERE)]
sys.dont_write_bytecode = True

from kill_season import Season, differences, sound  # noqa: E402
from office import GREFFE, SEATS, WORKFLOW, Answer, Office, filing  # noqa: E402

DOSSIER, ALLOTMENT, BATCH = 1, 3, 6
SITE = str(WORKFLOW / "site.yaml")


def filled_office():
    """Three dossiers: one granted and in a batch, one waiting for the board, one just filed."""
    o = Office()
    o.allocate()
    for at, dossier in enumerate(("d1", "d2", "d3")):
        o.file(dossier, content=filing(foyer=f"{at:013d}"))
    for dossier in ("d1", "d2"):
        o.complete("instructeur-1", "completude", "complete", dossier)
        o.complete("instructeur-1", "instruction", "favorable", dossier)
    o.session("convene", board="bureau", on="2020-03-02")
    o.session("agenda", dossiers=["d1"])
    o.session("presence", present=SEATS)
    o.session("decide", rest="proposed")
    o.session("close")
    o.settle()
    o.pay("batch", on="2020-03-10")
    last = o.settle()
    assert last.exit == 0, str(last)
    return o


class Tampering(unittest.TestCase):
    """One fault in a copy of a sound store; verifying must tell where and what."""

    @classmethod
    def setUpClass(cls):
        cls.office = filled_office()
        cls.sound = cls.office.verify()
        cls.bytes = pathlib.Path(cls.office.store).read_bytes()

    @classmethod
    def tearDownClass(cls):
        cls.office.close()

    def setUp(self):
        self.assertEqual(self.sound.exit, 0, str(self.sound))
        pathlib.Path(self.office.store).write_bytes(self.bytes)
        self.store = sqlite3.connect(self.office.store, isolation_level=None)

    def tearDown(self):
        self.store.close()

    def sql(self, text, *values):
        return self.store.execute(text.replace("{", "greffe_").replace("}", ""), values)

    def change(self, text, *values):
        self.assertGreater(self.sql(text, *values).rowcount, 0, "the fault was not planted")

    def verify(self):
        self.store.close()
        return self.office.verify()

    def found(self, code, place):
        """Exit 1, and a line that names the stream (and the entry) with this code."""
        answer = self.verify()
        self.assertEqual(answer.exit, 1, str(answer))
        lines = [line for line in answer.err.splitlines() if code in line]
        self.assertTrue(any(line.startswith(place) for line in lines),
                        f"no {code} at {place}: {answer}")
        return answer

    def body(self, version, key="d1"):
        return self.sql("SELECT body FROM {entry} WHERE kind = 1 AND key = ? AND version = ?",
                        key, version).fetchone()[0]

    def put_body(self, version, body, key="d1"):
        self.change("UPDATE {entry} SET body = ? WHERE kind = 1 AND key = ? AND version = ?", body,
                    key, version)

    def last(self, key="d1"):
        return self.sql("SELECT version FROM {stream} WHERE kind = 1 AND key = ?",
                        key).fetchone()[0]

    def edit_the_verb(self, version=2):
        body = self.body(version)
        self.assertIn(b"complete", body)
        self.put_body(version, body.replace(b"complete", b"complite", 1))

    # -- Entries

    def test_untouched(self):
        answer = self.verify()
        self.assertEqual((answer.exit, answer.out), (0, self.sound.out))

    def test_an_entry_edited(self):
        self.edit_the_verb()
        self.found("GR-6101", "dossier d1, entry ")

    def test_an_entry_edited_is_named_by_its_number(self):
        self.edit_the_verb(2)
        self.found("GR-6101", "dossier d1, entry 2:")

    def test_an_entry_that_cannot_be_read(self):
        self.put_body(2, self.body(2)[:-7])
        self.found("GR-6107", "dossier d1, entry 2:")

    def test_an_entry_removed_in_the_middle(self):
        self.change("DELETE FROM {entry} WHERE kind = 1 AND key = 'd1' AND version = 3")
        self.found("GR-6102", "dossier d1, entry 3:")

    def test_the_first_entry_removed(self):
        self.change("DELETE FROM {entry} WHERE kind = 1 AND key = 'd1' AND version = 1")
        self.found("GR-6102", "dossier d1, entry 1:")

    def test_cut_at_the_tail(self):
        last = self.last()
        self.change("DELETE FROM {entry} WHERE kind = 1 AND key = 'd1' AND version = ?", last)
        self.found("GR-6103", f"dossier d1, entry {last - 1}:")

    def test_cut_at_the_tail_with_its_count(self):
        last = self.last()
        self.change("DELETE FROM {entry} WHERE kind = 1 AND key = 'd1' AND version = ?", last)
        self.change("UPDATE {stream} SET version = ? WHERE kind = 1 AND key = 'd1'", last - 1)
        self.found("GR-61", "dossier d1, entry ")

    def test_an_entry_added(self):
        self.change("INSERT INTO {entry} (tenant, kind, key, version, command, body) SELECT tenant,"
                    " kind, key, version + 1, 'more', body FROM {entry} WHERE kind = 1 AND "
                    "key = 'd3' ORDER BY version DESC LIMIT 1")
        self.found("GR-61", "dossier d3, entry ")

    def test_two_entries_exchanged(self):
        second, third = self.body(2), self.body(3)
        self.put_body(2, third)
        self.put_body(3, second)
        self.found("GR-6101", "dossier d1, entry ")

    def test_two_streams_at_once(self):
        self.edit_the_verb()
        self.change("UPDATE {stream} SET head = zeroblob(32) WHERE kind = 1 AND key = 'd2'")
        answer = self.found("GR-6101", "dossier d1, entry ")
        self.assertIn("dossier d2, entry ", answer.err)
        self.assertIn(" 2 faults", answer.out)

    def test_a_stream_removed_whole(self):
        for table in ("entry", "stream", "personal", "task", "outbox"):
            self.sql(f"DELETE FROM {{{table}}} WHERE kind = 1 AND key = 'd3'")
        answer = self.verify()
        self.assertNotEqual(answer.out.split("seal ")[-1], self.sound.out.split("seal ")[-1])

    def test_a_stream_removed_but_not_its_journal(self):
        self.change("DELETE FROM {stream} WHERE kind = 1 AND key = 'd3'")
        self.assertEqual(self.verify().exit, 1)

    # -- State and tables

    def test_the_state_edited(self):
        for kind, key, place in ((DOSSIER, "d1", "dossier d1"),
                                 (ALLOTMENT, "velo_2020", "allotment velo_2020"),
                                 (BATCH, "b1", "batch b1")):
            with self.subTest(stream=place):
                self.setUp()
                state = bytearray(self.sql("SELECT state FROM {stream} WHERE kind = ? AND key = ?",
                                           kind, key).fetchone()[0])
                state[-1] ^= 1
                self.change("UPDATE {stream} SET state = ? WHERE kind = ? AND key = ?",
                            bytes(state), kind, key)
                self.found("GR-6104", place)

    def table(self, code, text, *values, place="dossier d2"):
        with self.subTest(change=text):
            self.setUp()
            self.change(text, *values)
            self.found(code, place)

    def test_tasks(self):
        where = " WHERE kind = 1 AND key = 'd2'"
        self.table("GR-6105", "DELETE FROM {task}" + where)
        self.table("GR-6105", "UPDATE {task} SET who = 'finances'" + where)
        self.table("GR-6105", "UPDATE {task} SET assignee = 'x'" + where)
        self.table("GR-6105", "INSERT INTO {task} SELECT tenant, kind, key, '99', name, who, "
                   "assignee, ref, due, since_ms FROM {task}" + where)

    def test_dates_of_tasks(self):
        where = " WHERE kind = 1 AND key = 'd3'"
        self.table("GR-6105", "UPDATE {task} SET due = due + 30" + where, place="dossier d3")
        self.table("GR-6105", "UPDATE {task} SET since_ms = since_ms - 1" + where,
                   place="dossier d3")

    def test_the_columns_that_lists_read(self):
        for column, value in (("status", "verse"), ("label", "X"), ("grp", "autre"),
                              ("owner", "0"), ("due_ms", 1), ("due_ms", None)):
            self.table("GR-6105", f"UPDATE {{stream}} SET {column} = ? WHERE kind = 1 AND "
                       "key = 'd2'", value)

    def test_the_time_of_the_last_entry(self):
        self.table("GR-6105", "UPDATE {stream} SET last_ms = last_ms + 86400000 WHERE kind = 1 AND"
                   " key = 'd2'")

    def test_the_table_of_allotments(self):
        self.table("GR-6105", "UPDATE {allotment} SET allocated = allocated + 100000",
                   place="allotment velo_2020")
        self.table("GR-6105", "DELETE FROM {allotment}", place="allotment velo_2020")

    def test_the_sequence_of_numbers(self):
        """Set back, it would give two dossiers, and two payments, the same number."""
        self.change("UPDATE {sequence} SET next = 1")
        self.assertEqual(self.verify().exit, 1)

    def test_a_queued_effect_removed(self):
        self.store.close()
        self.office.file("d4", content=filing(foyer="4444444444444"))
        self.store = sqlite3.connect(self.office.store, isolation_level=None)
        self.change("DELETE FROM {outbox} WHERE kind = 1 AND key = 'd4'")
        self.found("GR-6105", "dossier d4")

    def test_a_letter_of_the_published_bundle(self):
        body = self.sql("SELECT body FROM {bundle}").fetchone()[0]
        self.assertIn("refusée".encode(), body)
        self.change("UPDATE {bundle} SET body = ?",
                    body.replace("refusée".encode(), "acceptée".encode()[:8], 1))
        self.assertEqual(self.verify().exit, 1)

    # -- Personal values

    def test_a_personal_value_changed(self):
        self.table("GR-6106", "UPDATE {personal} SET value = value || x'00' WHERE kind = 1 AND "
                   "key = 'd2' AND class = 'answers'")

    def test_a_salt_changed(self):
        self.table("GR-6106", "UPDATE {personal} SET salt = randomblob(16) WHERE kind = 1 AND "
                   "key = 'd2' AND class = 'person'")

    def test_an_account_to_pay_to_changed(self):
        """The payee of an order is personal, too: one digit of its account is noticed."""
        self.change("UPDATE {personal} SET value = replace(value, 'FR76', 'FR77') "
                    "WHERE class = 'payee'")
        self.found("GR-6106", "order ")

    def test_a_personal_value_invented(self):
        self.table("GR-6106", "INSERT INTO {personal} VALUES ('', 1, 'd2', 'feed', 'answers', "
                   "x'00', x'A0')")


# ---- Seals -----------------------------------------------------------------------------------

class Sealed(unittest.TestCase):
    """What a sound journal can hide, a seal that was kept elsewhere shows."""

    def setUp(self):
        self.office = filled_office()
        self.path = pathlib.Path(self.office.store)
        self.kept = self.office.path / "kept.seal"

    def tearDown(self):
        self.office.close()

    def seal(self):
        answer = self.office.greffe("journal", "seal", str(self.kept))
        self.assertEqual(answer.exit, 0, str(answer))
        self.assertEqual(self.kept.read_text().split()[-1], answer.out.split("seal ")[-1].strip())

    def against(self, seal=None):
        return self.office.greffe("journal", "verify", str(seal or self.kept))

    def found(self, code, place):
        answer = self.against()
        self.assertEqual(answer.exit, 1, str(answer))
        self.assertRegex(answer.err, rf"(?m)^{place}.*{code}")

    def test_nothing_happened_or_only_more(self):
        self.seal()
        self.assertEqual(self.against().exit, 0)
        self.office.file("d4", content=filing(foyer="4000000000000"))
        self.office.complete("instructeur-1", "completude", "complete", "d3")
        self.assertEqual(self.against().exit, 0)

    def test_streams_taken_away(self):
        self.seal()
        store = sqlite3.connect(self.path)
        for table in ("entry", "stream", "personal", "task", "outbox"):
            store.execute(f"DELETE FROM greffe_{table} WHERE kind = 1 AND key IN ('d1', 'd3')")
        store.commit()
        store.close()
        self.assertEqual(self.office.verify().exit, 0)
        self.found("GR-6108", "dossier d1")
        self.found("GR-6108", "dossier d3")

    def test_an_older_copy_brought_back(self):
        older = self.path.read_bytes()
        self.office.complete("instructeur-1", "completude", "complete", "d3")
        self.seal()
        self.path.write_bytes(older)
        self.assertEqual(self.office.verify().exit, 0)
        self.found("GR-6103", "dossier d3")

    def test_a_history_lived_again_differently(self):
        older = self.path.read_bytes()
        self.office.complete("instructeur-1", "completude", "complete", "d3")
        self.seal()
        self.path.write_bytes(older)
        self.office.complete("instructeur-2", "completude", "complete", "d3")
        self.assertEqual(self.office.verify().exit, 0)
        self.found("GR-6101", "dossier d3")

    def test_a_seal_that_was_changed(self):
        self.seal()
        text = self.kept.read_text()
        lines = text.splitlines(keepends=True)
        number = lines[1].split(" ")[1]
        for what, changed in (
                ("a line less", text.replace(lines[1], "")),
                ("a line twice", text.replace(lines[1], lines[1] * 2)),
                ("two lines exchanged", "".join([lines[0], lines[2], lines[1], *lines[3:]])),
                ("another count", text.replace(f" {number} ", f" {int(number) - 1} ", 1)),
                ("another hash", text.replace(lines[1][20:24], "0000", 1)),
                ("the end cut", "".join(lines[:-1])),
                ("another title", text.replace("greffe-seal 1", "greffe-seal 2")),
                ("something behind it", text + "dossier 1 00 d9\n"),
                ("nothing", "")):
            with self.subTest(change=what):
                self.kept.write_text(changed)
                answer = self.against()
                self.assertEqual(answer.exit, 1, str(answer))
                self.assertIn("is no seal", answer.err)

    def test_what_does_not_verify_is_not_sealed(self):
        self.seal()
        before = self.kept.read_bytes()
        store = sqlite3.connect(self.path)
        store.execute("UPDATE greffe_stream SET state = x'A0' WHERE key = 'd1'")
        store.commit()
        store.close()
        answer = self.office.greffe("journal", "seal", str(self.kept))
        self.assertEqual(answer.exit, 1, str(answer))
        self.assertEqual(self.kept.read_bytes(), before)
        self.assertEqual(list(self.office.path.glob("*.part")), [])


# ---- Stores that cannot be used --------------------------------------------------------------

class Unusable(unittest.TestCase):
    def setUp(self):
        self.o = Office()

    def tearDown(self):
        self.o.close()

    def environment(self, answer, *codes):
        """Exit 3, one line that begins with the command's name and carries the code."""
        self.assertEqual(answer.exit, 3, str(answer))
        self.assertIn(answer.code, codes, str(answer))

    def each_command(self):
        yield self.o.file()
        for words in (("run",), ("journal", "verify"), ("list", "dossiers"),
                      ("publish", str(WORKFLOW / "velo.yaml")), ("report", "--by", "velo.modele")):
            yield self.o.greffe(*words)

    def test_a_newer_schema(self):
        with sqlite3.connect(self.o.store) as store:
            store.execute("UPDATE greffe_meta SET value = 99 WHERE name = 'schema'")
        store.close()
        before = pathlib.Path(self.o.store).read_bytes()
        for answer in self.each_command():
            with self.subTest(answer=str(answer)):
                self.assertEqual(answer.exit, 3)
                self.assertIn("GR-6002", answer.err)
        self.assertEqual(pathlib.Path(self.o.store).read_bytes(), before)

    def test_not_a_database(self):
        text = "Ceci n'est pas une base de données.\n" * 100
        pathlib.Path(self.o.store).write_text(text, encoding="utf-8")
        for answer in self.each_command():
            with self.subTest(answer=str(answer)):
                self.assertEqual(answer.exit, 3)
                self.assertRegex(answer.err, "GR-600[16]")
        self.assertEqual(pathlib.Path(self.o.store).read_text(encoding="utf-8"), text)

    def test_no_such_folder(self):
        self.o.store = str(self.o.path / "none" / "greffe.db")
        self.environment(self.o.greffe("run"), "GR-6001")

    def test_a_folder(self):
        self.o.store = str(self.o.path)
        self.environment(self.o.greffe("run"), "GR-6001")

    def test_a_table_that_is_missing(self):
        """The store fails in the middle of the work: said so, and nothing half done is kept."""
        self.o.file()
        with contextlib.closing(sqlite3.connect(self.o.store, isolation_level=None)) as store:
            store.execute("ALTER TABLE greffe_entry RENAME TO aside")
        for answer in (self.o.act("instructeur-1", "comment", text="Vu"), self.o.verify()):
            with self.subTest(answer=str(answer)):
                self.environment(answer, "GR-6006")
        with contextlib.closing(sqlite3.connect(self.o.store, isolation_level=None)) as store:
            store.execute("ALTER TABLE aside RENAME TO greffe_entry")
        verified = self.o.verify()
        self.assertEqual(verified.exit, 0, str(verified))
        self.assertIn(" 0 faults", verified.out)

    def test_half_a_database(self):
        self.o.file()
        path = pathlib.Path(self.o.store)
        path.write_bytes(path.read_bytes()[:path.stat().st_size // 2 // 4096 * 4096])
        for answer in self.each_command():
            with self.subTest(answer=str(answer)):
                self.assertIn(answer.exit, (1, 3))
                self.assertTrue(answer.err)

    # -- Held by another process

    def held_for(self, seconds):
        """Holds the write lock in a thread; returns once it is held."""
        held = threading.Event()

        def hold():
            store = sqlite3.connect(self.o.store, isolation_level=None)
            store.execute("BEGIN IMMEDIATE")
            held.set()
            time.sleep(seconds)
            store.execute("ROLLBACK")
            store.close()
        thread = threading.Thread(target=hold)
        thread.start()
        self.addCleanup(thread.join)
        held.wait()

    def test_held_for_a_moment(self):
        self.held_for(1.5)
        answer = self.o.file()
        self.assertEqual(answer.exit, 0, str(answer))

    def test_held_too_long(self):
        self.held_for(14)
        start = time.monotonic()
        answer = self.o.file()
        took = time.monotonic() - start
        self.assertIn("GR-6005", answer.err)
        self.assertEqual(answer.exit, 3, str(answer))
        self.assertTrue(3 < took < 12, took)

    def test_readers_do_not_wait_for_a_writer(self):
        self.o.file()
        self.held_for(8)
        for words in (("list", "dossiers"), ("show", "d1")):
            with self.subTest(words=words):
                start = time.monotonic()
                answer = self.o.greffe(*words)
                self.assertEqual(answer.exit, 0, str(answer))
                self.assertLess(time.monotonic() - start, 2)


# ---- Disks -----------------------------------------------------------------------------------

def private_mounts():
    """Why file systems cannot be mounted here, or an empty text."""
    if shutil.which("unshare") is None:
        return "there is no unshare"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", folder],
                              capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no mount in a namespace: {done.stderr.strip()}"


NO_MOUNTS = private_mounts()


class Disks(unittest.TestCase):
    """A small season, played once undisturbed, then on a disk that has something wrong."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="greffe-disk-")
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.actions = cls.folder / "actions.jsonl"
        subprocess.run([sys.executable, str(WORKFLOW / "generate.py"), "--seed", "7", "--scale",
                        "0.03", "--out", str(cls.actions)], check=True)
        cls.undisturbed = Season(GREFFE, cls.folder / "reference", cls.actions).begin().play()
        cls.reference = sound(cls.undisturbed.facts())

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def season(self, name):
        return Season(GREFFE, self.folder / name, self.actions).begin()

    def in_namespace(self, script, **values):
        """Runs shell commands where mounts are our own; $M is an empty folder to mount on."""
        mount = self.folder / "mount"
        mount.mkdir(exist_ok=True)
        text = 'mount --make-rprivate /\nM=$1\n' + script
        done = subprocess.run(["unshare", "-m", "sh", "-c", text, "sh", str(mount)], text=True,
                              capture_output=True, check=False, timeout=300,
                              env={**os.environ, **{key: str(value) for key, value
                                                    in values.items()}})
        return done.stdout + done.stderr

    def same_end(self, season):
        self.assertEqual(differences(self.reference, season), [])

    def stopped_clearly(self, output, *codes):
        """The first play ended with exit 3 and named the reason; the second with 0."""
        self.assertRegex(output, "first=3", output)
        self.assertRegex(output, "|".join(codes), output)
        self.assertRegex(output, "second=0", output)

    PLAY = """
play() {{ "$GREFFE" play "$ACTIONS" --store {store} --site "$SITE" --out {out} --quiet; }}
"""

    @unittest.skipIf(NO_MOUNTS, NO_MOUNTS)
    def test_the_store_fills_its_disk(self):
        season = self.season("full-store")
        output = self.in_namespace(self.PLAY.format(store='"$M/greffe.db"', out='"$OUT"') + """
            mount -t tmpfs -o size=1500k none "$M" && cp "$OUT/greffe.db" "$M/"
            play; echo "first=$?"
            mount -o remount,size=200m "$M"
            "$GREFFE" journal verify --store "$M/greffe.db" || echo faults
            play; echo "second=$?"
            cp "$M"/greffe.db* "$OUT/"
            """, GREFFE=GREFFE, ACTIONS=self.actions, SITE=SITE, OUT=season.folder)
        self.stopped_clearly(output, "GR-6004")
        self.assertIn(" 0 faults", output)
        self.same_end(season)

    @unittest.skipIf(NO_MOUNTS, NO_MOUNTS)
    def test_the_letters_fill_their_disk(self):
        season = self.season("full-letters")
        output = self.in_namespace(self.PLAY.format(store='"$OUT/greffe.db"', out='"$M"') + """
            mount -t tmpfs -o size=200k none "$M"
            play; echo "first=$?"
            mount -o remount,size=200m "$M"
            play; echo "second=$?"
            cp -r "$M"/* "$OUT/"
            """, GREFFE=GREFFE, ACTIONS=self.actions, SITE=SITE, OUT=season.folder)
        self.stopped_clearly(output, "GR-6004", "GR-7002")
        self.same_end(season)

    @unittest.skipIf(NO_MOUNTS, NO_MOUNTS)
    def test_a_read_only_disk(self):
        season = self.season("read-only")
        output = self.in_namespace("""
            mount --bind "$OUT" "$M" && mount -o remount,ro,bind "$M"
            "$GREFFE" play "$ACTIONS" --store "$M/greffe.db" --site "$SITE" --out /tmp --quiet
            echo "play=$?"
            "$GREFFE" publish "$PROCEDURE" --store "$M/greffe.db" 2>&1 | tail -n 1
            "$GREFFE" journal verify --store "$M/greffe.db"
            "$GREFFE" list procedures --store "$M/greffe.db"
            """, GREFFE=GREFFE, ACTIONS=self.actions, SITE=SITE, OUT=season.folder,
                                   PROCEDURE=WORKFLOW / "velo.yaml")
        self.assertIn("play=3", output)
        self.assertEqual(len(re.findall("GR-6003", output)), 2, output)
        self.assertIn(" 0 faults", output)  # what only reads can
        self.assertRegex(output, r"(?m)^velo\t")
        season.play()
        self.same_end(season)

    def test_files_may_not_grow(self):
        season = self.season("limited")

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        done = subprocess.run(season.command(), capture_output=True, text=True, check=False,
                              preexec_fn=limit, restore_signals=False, timeout=300)
        answer = Answer(done)
        self.assertEqual(answer.exit, 3, str(answer))
        self.assertRegex(answer.err, "GR-600[46]")
        verified = subprocess.run([GREFFE, "journal", "verify", "--store", str(season.store)],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        season.play()
        self.same_end(season)


if __name__ == "__main__":
    unittest.main()
