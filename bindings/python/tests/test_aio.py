"""The engine on an asyncio loop."""

import asyncio
import datetime
import threading
import unittest
from decimal import Decimal

import greffe
from common import AGENT, ANNE, InAFolder, bourse, filing
from greffe import inbox
from greffe.aio import AsyncEngine

PATIENCE_S = 20


async def until(condition):
    for _ in range(PATIENCE_S * 100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


class OnALoop(InAFolder, unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.engine = AsyncEngine(self.path, clock=self.clock)
        await self.engine.__aenter__()
        self.addAsyncCleanup(self.engine.close)
        await self.engine.publish(bourse())

    async def file(self, dossier="d1"):
        return await self.engine.execute("file", dossier, key="k", actor=ANNE, args=filing())

    async def test_commands_that_are_awaited_together_are_all_done(self):
        answers = await asyncio.gather(*[self.file(f"d{number}") for number in range(100)])
        self.assertEqual(len({one.answer["number"] for one in answers}), 100)
        self.assertEqual(len([row async for row in self.engine.all("dossiers", limit=7)]), 100)

    async def test_a_refusal_is_raised_where_it_is_awaited(self):
        with self.assertRaises(greffe.InvalidError) as caught:
            await self.engine.execute("file", "d1", key="k", actor=ANNE, args={
                "procedure": "bourse"})
        self.assertTrue(caught.exception.code)
        with self.assertRaises(greffe.NotFoundError):
            await self.engine.dossier("d9")

    async def test_handlers_run_in_the_loop_s_thread_and_may_wait(self):
        seen, threads = [], set()

        async def mail(effect):
            threads.add(threading.get_ident())
            await asyncio.sleep(0.01)
            seen.append(effect.letter)

        def caf(effect):
            threads.add(threading.get_ident())
            return greffe.Given({"quotient": Decimal("7.00")})

        self.engine.handle("mail", mail)
        self.engine.handle("call:caf", caf)
        await self.file()
        await until(lambda: seen == ["accuse_reception"])
        for _ in range(100):
            found = await self.engine.dossier("d1")
            if any(one["of"] == "consultation" for one in found["answers"]):
                break
            await asyncio.sleep(0.01)
        self.assertEqual(found["open"][0]["at"], "examen")
        self.assertEqual(threads, {threading.get_ident()})

    async def test_one_handler_takes_the_letters_of_all_other_channels(self):
        seen = []

        async def other(effect):
            seen.append((effect.channel, effect.letter))

        self.engine.handle("*", other)
        await self.file()
        await until(lambda: seen == [("mail", "accuse_reception")])

    async def test_a_handler_that_raises_is_tried_again_later(self):
        tries = []

        async def mail(effect):
            tries.append(effect.attempts)
            if len(tries) == 1:
                raise ConnectionError("away")

        self.engine.handle("mail", mail)
        await self.file()
        await until(lambda: tries == [0])
        await asyncio.sleep(0.1)
        self.now += datetime.timedelta(hours=1)
        self.engine.kick()
        await until(lambda: tries == [0, 1])

    async def test_what_another_process_commits_is_noticed(self):
        connection = self.sql()
        row = inbox.put(connection.cursor(), "file", "d1", key="k", actor=ANNE, args=filing())
        await until(lambda: inbox.answer(connection.cursor(), row) is not None)
        self.assertEqual((await self.engine.dossier("d1"))["number"], "BOURSE-2026-000001")

    async def test_time_that_passes_fires_what_is_due(self):
        await self.file()
        self.now += datetime.timedelta(days=80)
        self.engine.kick()
        for _ in range(200):
            if "outcome" in (found := await self.engine.dossier("d1")):
                break
            await asyncio.sleep(0.01)
        self.assertEqual(found["outcome"], "rejetee")

    async def test_the_feed_is_followed(self):
        await asyncio.gather(*[self.file(f"d{number}") for number in range(5)])
        seen = []
        async for entry in self.engine.follow("mirror"):
            seen.append(entry["key"])
            if len(seen) == 5:
                break
        self.assertEqual(sorted(seen), [f"d{number}" for number in range(5)])

    async def test_forms_and_actions_are_as_with_calls_that_wait(self):
        await self.file()
        actions = await self.engine.actions("d1", actor=AGENT)
        self.assertIn("comment", [one["verb"] for one in actions])
        self.assertEqual(await self.engine.check("bourse", actor=ANNE, args=filing()), [])
        self.assertEqual((await self.engine.form("bourse"))["title"], "Bourse")

    async def test_closing_waits_for_what_was_submitted(self):
        calls = [asyncio.ensure_future(self.file(f"d{number}")) for number in range(50)]
        await asyncio.sleep(0)
        await self.engine.close()
        self.assertTrue(all(call.done() for call in calls))
        with self.assertRaises(greffe.MisuseError):
            await self.file("late")


if __name__ == "__main__":
    unittest.main()
