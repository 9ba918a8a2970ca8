"""The engine with calls that wait."""

import datetime
import os
import resource
import threading
import unittest
from decimal import Decimal

import greffe
from common import AGENT, ANNE, BOB, BOURSE, FILES, START, InAFolder, bourse, filing


class Compiling(unittest.TestCase):
    def test_a_plan_survives_as_its_bundle(self):
        plan = bourse()
        self.assertEqual(plan.id, "bourse")
        again = greffe.Plan.from_bundle(plan.bundle)
        self.assertEqual((again.id, again.bundle), (plan.id, plan.bundle))

    def test_faults_are_told_with_place_and_mend(self):
        with self.assertRaises(greffe.CompileError) as caught:
            greffe.compile_text(BOURSE.replace("kind: task", "kind: tsk"), name="b.yaml",
                                read=FILES.get)
        fault = caught.exception.diagnostics[0]
        self.assertEqual((fault.code, fault.severity, fault.file), ("GR-2004", "error", "b.yaml"))
        self.assertIn("task", fault.hint)
        self.assertIn("^", fault.text)
        self.assertEqual(caught.exception.code, fault.code)

    def test_a_reader_that_fails_is_heard(self):
        def read(name):
            raise PermissionError(name)

        with self.assertRaises(PermissionError):
            greffe.compile_text(BOURSE, read=read)

    def test_what_is_no_bundle_is_refused(self):
        with self.assertRaises(greffe.StoreError):
            greffe.Plan.from_bundle(b"nothing")


class Commands(InAFolder):
    def setUp(self):
        super().setUp()
        self.engine = self.opened()
        self.engine.publish(bourse())

    def file(self, dossier="d1", actor=ANNE, **more):
        return self.engine.execute("file", dossier, key="k", actor=actor, args=filing(**more))

    def test_what_is_typed_comes_back_as_it_was(self):
        self.assertEqual(self.file(cost="1.10", etapes=3).answer["number"], "BOURSE-2026-000001")
        found = self.engine.dossier("d1")
        project = next(one["values"] for one in found["answers"] if one["of"] == "projet")
        self.assertEqual(project, {"cout": Decimal("1.1"), "depart": datetime.date(2026, 7, 1),
                                   "etapes": 3})
        self.assertIsInstance(project["cout"], Decimal)
        self.assertIsInstance(project["etapes"], int)
        self.assertEqual(found["filed_on"], datetime.date(2026, 3, 2))
        self.assertEqual(found["clocks"][0]["due"], datetime.date(2026, 5, 4))
        self.assertEqual(found["moments"][0]["at"], START)

    def test_the_same_key_gives_the_first_answer(self):
        first, again = self.file(), self.file()
        self.assertEqual((first.repeated, again.repeated), (False, True))
        self.assertEqual(first.answer, again.answer)
        with self.assertRaises(greffe.KeyReusedError):
            self.file(cost="7.00")

    def test_a_refusal_carries_its_code_and_its_mend(self):
        with self.assertRaises(greffe.InvalidError) as caught:
            self.file(cost="0.50")
        self.assertEqual(caught.exception.code, "GR-5204")
        self.file()
        cases = [
            (greffe.DeniedError, "GR-5121", dict(actor=BOB, verb="withdraw")),
            (greffe.StateError, "GR-5123", dict(actor=AGENT, verb="claim",
                                                args={"step": "examen"})),
            (greffe.ConflictError, "GR-5004", dict(actor=ANNE, verb="withdraw", if_version=9)),
            (greffe.NotFoundError, "GR-5003", dict(actor=ANNE, verb="withdraw", stream="d9")),
        ]
        for number, (kind, code, how) in enumerate(cases):
            with self.subTest(code), self.assertRaises(kind) as caught:
                how = {"stream": "d1", "key": f"x{number}", **how}
                self.engine.execute(how.pop("verb"), how.pop("stream"), **how)
            self.assertTrue(caught.exception.code.startswith("GR-5"), caught.exception)
            self.assertTrue(caught.exception.message)

    def test_a_float_and_a_naive_instant_are_refused(self):
        with self.assertRaises(TypeError):
            self.engine.execute("file", "d1", key="k", actor=ANNE, args={"amount": 0.1})
        with self.assertRaises(ValueError):
            self.engine.execute("file", "d1", key="k", actor=ANNE,
                                now=datetime.datetime(2026, 3, 2))
        with self.assertRaises(ValueError):
            self.engine.execute("file", "d\0", key="k", actor=ANNE)
        with self.assertRaises(ValueError):
            self.engine.execute("file", "d1", key="k", actor=ANNE, args={"x": Decimal("NaN")})

    def test_effects_are_delivered_in_the_thread_that_runs(self):
        seen, threads = [], set()

        def mail(effect):
            threads.add(threading.get_ident())
            seen.append((effect.letter, effect.body["number"], effect.now))

        def caf(effect):
            self.assertEqual(effect.body["with"], {"nom": "Anne"})
            return {"quotient": Decimal("612.50")}

        self.engine.handle("mail", mail)
        self.engine.handle("call:caf", caf)
        self.file()
        self.assertGreaterEqual(self.engine.run().effects, 2)
        self.assertEqual(seen, [("accuse_reception", "BOURSE-2026-000001", START)])
        self.assertEqual(threads, {threading.get_ident()})
        given = next(one["values"] for one in self.engine.dossier("d1")["answers"]
                     if one["of"] == "consultation")
        self.assertEqual(given, {"quotient": Decimal("612.5")})

    def test_a_handler_that_raises_is_tried_again(self):
        tries = []

        def mail(effect):
            tries.append(effect.attempts)
            if len(tries) == 1:
                raise ConnectionError("the mail server is away")

        self.engine.handle("mail", mail)
        self.file()
        self.engine.run()
        self.now += datetime.timedelta(hours=1)
        self.engine.run()
        self.assertEqual(tries, [0, 1])

    def test_an_interrupt_in_a_handler_reaches_who_runs(self):
        def mail(effect):
            raise KeyboardInterrupt

        self.engine.handle("mail", mail)
        self.file()
        with self.assertRaises(KeyboardInterrupt):
            self.engine.run()

    def test_what_a_call_s_handler_returns_must_be_a_mapping(self):
        self.engine.handle("call:caf", lambda effect: 7)
        self.file()
        self.engine.run()
        attempts = {one["channel"]: one["attempts"] for one in self.engine.all("effects")}
        self.assertEqual(attempts["call"], 1)

    def test_time_that_passes_fires_what_is_due(self):
        self.file()
        self.now += datetime.timedelta(days=80)
        while self.engine.run().timers > 0:
            pass
        self.assertEqual(self.engine.dossier("d1")["outcome"], "rejetee")

    def test_a_dispatcher_survives_a_store_that_is_in_trouble(self):
        stop, runs, run = threading.Event(), [], self.engine.run

        def planted(**_how):
            runs.append(len(runs))
            if len(runs) == 1:
                raise greffe.BusyError(13)
            stop.set()
            return run()

        self.engine.run = planted
        self.engine.run_until(stop, every=0.01)
        self.assertEqual(runs, [0, 1])

    def test_pages_follow_each_other(self):
        for number in range(25):
            self.file(f"d{number:02}", ANNE if number % 2 else BOB)
        self.assertEqual(len(list(self.engine.all("dossiers", limit=4))), 25)
        self.assertEqual(len(list(self.engine.all("dossiers", actor=BOB, order="recent"))), 13)
        page = self.engine.page("dossiers", limit=10)
        self.assertEqual(len(page.items), 10)
        self.assertIsNotNone(page.cursor)
        self.assertEqual(self.engine.counts()[0]["count"], 25)

    def test_each_reader_sees_their_own(self):
        self.file()
        self.assertNotIn("moments", self.engine.dossier("d1", actor=ANNE))
        with self.assertRaises(greffe.NotFoundError):
            self.engine.dossier("d1", actor=BOB)
        shown = self.engine.history("d1", actor=ANNE)["history"]
        self.assertEqual(shown[0]["at"], START)
        self.assertIn("withdraw", [one["verb"] for one in self.engine.actions("d1", actor=ANNE)])

    def test_a_form_has_bounds_of_its_types(self):
        form = self.engine.form("bourse", actor=ANNE, args={"answers": {"projet": {
            "cout": Decimal("3.50"), "depart": datetime.date(2026, 7, 1)}}})
        fields = {one["path"]: one for part in form["sections"] for one in part["fields"]}
        self.assertEqual(fields["projet.cout"]["min"], Decimal(1))
        self.assertEqual(fields["projet.cout"]["value"], Decimal("3.50"))
        self.assertEqual(fields["projet.depart"]["value"], datetime.date(2026, 7, 1))
        faults = self.engine.check("bourse", actor=ANNE, args={"answers": {}})
        self.assertIn("projet.cout", [one["path"] for one in faults])
        self.assertEqual(self.engine.check("bourse", actor=ANNE, args=filing()), [])

    def test_the_feed_is_read_from_where_it_was_left(self):
        self.file()
        page = self.engine.feed("mirror")
        self.assertEqual(page.items[0]["verb"], "file")
        self.engine.acknowledge("mirror", page.cursor)
        self.assertEqual(self.engine.feed("mirror").items, [])

    def test_what_has_left_does_not_leave_again_because_the_disk_takes_no_word_of_it(self):
        calls = []
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)

        def mail(effect):
            calls.append(effect.key)
            size = self.path.with_name("greffe.db-wal").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

        self.engine.handle("mail", mail)
        self.file()
        with self.assertRaises(greffe.StoreError):
            self.engine.run()
        for _ in range(2):
            self.now += datetime.timedelta(minutes=2)
            with self.assertRaises(greffe.StoreError):
                self.engine.run()
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        self.now += datetime.timedelta(minutes=2)
        self.assertEqual(self.engine.run().effects, 1)
        self.assertEqual(len(calls), 1)

    def test_what_a_letter_s_handler_returns_says_nothing(self):
        calls = []
        self.engine.handle("mail", lambda effect: calls.append(effect.key) or True)
        self.file()
        self.assertEqual(self.engine.run().effects, 1)
        self.now += datetime.timedelta(days=1)
        self.engine.run()
        self.assertEqual(len(calls), 1)

    def test_effects_of_two_tenants_have_one_key_and_two_ids(self):
        seen = []
        for tenant in ("bourg", "ville"):
            with self.opened(tenant=tenant) as engine:
                engine.publish(bourse())
                engine.handle("mail", seen.append)
                engine.execute("file", "d1", key="k", actor=ANNE, args=filing())
                engine.run()
        self.assertEqual(len(seen), 2)
        self.assertEqual(len({one.key for one in seen}), 1)
        self.assertEqual(len({one.id for one in seen}), 2)
        self.assertTrue(all(len(one.id) == 32 for one in seen), seen)

    def test_verifying_finds_nothing_and_tells_what_it_finds(self):
        self.file()
        verified = self.engine.verify()
        self.assertEqual((verified.streams, verified.faults), (1, []))
        self.engine.close()
        connection = self.sql()
        connection.execute("UPDATE greffe_stream SET status = 'planted'")
        self.assertIn("GR-6", self.opened().verify().faults[0])

    def test_verifying_tells_that_the_file_itself_is_damaged(self):
        for number in range(40):
            self.file(f"d{number}")
        self.engine.close()
        connection = self.sql()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = "
                                  "'greffe_entry'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.close()
        with open(self.path, "r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * size)
        verified = self.opened().verify()
        self.assertTrue(any("GR-6006" in one for one in verified.faults), verified)
        self.assertEqual(verified.seal, "")

    def test_many_threads_share_an_engine(self):
        def work(who):
            for number in range(20):
                self.file(f"d{who}-{number}")

        threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.engine.verify().streams, 160)


class Life(InAFolder):
    def test_a_closed_engine_says_so(self):
        engine = self.opened()
        engine.close()
        engine.close()
        with self.assertRaises(greffe.MisuseError):
            engine.run()

    def test_an_engine_is_of_its_process(self):
        engine = self.opened()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                engine.run()
            except greffe.MisuseError:
                os.write(write, b"told")
            finally:
                engine.close()  # must leave the parent's alone
                os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(os.read(read, 10), b"told")
        engine.run()
        os.close(read)
        os.close(write)

    def test_a_store_that_cannot_be_opened_is_told(self):
        with self.assertRaises(greffe.StoreError):
            greffe.Engine(self.path / "missing" / "greffe.db")
        self.path.write_bytes(b"no database, but long enough to be taken for something" * 9)
        with self.assertRaises(greffe.StoreError):
            greffe.Engine(self.path)


if __name__ == "__main__":
    unittest.main()
