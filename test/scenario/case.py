"""What the tests of commands share: an office with money, and the words they are written in.

After every command, all journals are folded anew and compared with what is stored.
"""

import contextlib
import unittest

from office import SEATS, Office, filing


class Case(unittest.TestCase):
    """An office with money, and the words that the tests are written in."""

    site = None  # the text of a site file, or that of the workflow
    procedure = None  # the path of another procedure than the workflow's
    money = "10000.00"

    def setUp(self):
        self.o = Office(self.site, self.procedure)
        self.o.afterwards = self.folded
        if self.money:
            self.ok(self.o.allocate(self.money))

    def tearDown(self):
        self.folded()
        self.o.close()

    def folded(self):
        """Every journal gives the state that is stored."""
        verified = self.o.verify()
        self.assertEqual(verified.exit, 0, str(verified))
        self.assertIn(" 0 faults", verified.out)

    def ok(self, answer):
        self.assertEqual(answer.exit, 0, str(answer))
        return answer

    def refused(self, answer, *codes):
        """Refused with one of these codes, in words as well as in the exit code."""
        self.assertEqual(answer.exit, 1, f"expected {codes}: {answer}")
        self.assertIn(answer.code, codes, str(answer))
        return answer

    @contextlib.contextmanager
    def nothing_written(self):
        before = self.o.seal()
        yield
        self.assertEqual(self.o.seal(), before, "the journal has grown")

    # -- The way of a dossier

    def filed(self, *dossiers, **changes):
        for at, dossier in enumerate(dossiers or ("d1",)):
            content = filing(**{"foyer": f"{at + 1:013d}", **changes})
            self.ok(self.o.file(dossier, content=content))

    def favourable(self, dossier="d1", who="instructeur-1"):
        self.ok(self.o.complete(who, "completude", "complete", dossier))
        self.ok(self.o.complete(who, "instruction", "favorable", dossier))

    def open_session(self, present=None, session="s1", proxies=None, **rest):
        self.ok(self.o.session("convene", session, board="bureau", on=self.o.now[:10], **rest))
        self.ok(self.o.session("agenda", session, take="waiting"))
        self.ok(self.o.session("presence", session, present=SEATS if present is None else present,
                               proxies=proxies or {}))

    def close_session(self, session="s1"):
        self.ok(self.o.session("close", session))
        self.ok(self.o.settle())

    def granted(self, *dossiers, session="s1"):
        """From nothing to a prepared order."""
        self.filed(*dossiers)
        for dossier in dossiers or ("d1",):
            self.favourable(dossier)
        self.open_session(session=session)
        self.ok(self.o.session("decide", session, rest="proposed"))
        self.close_session(session)

    def batch(self, batch="b1"):
        self.ok(self.o.pay("batch", batch, on="2020-03-10"))
        self.ok(self.o.settle())

    def report(self, batch="b1", **rest):
        self.ok(self.o.pay("report", batch, **{"rejected": {}, "unknown": [], **rest}))
        self.ok(self.o.settle())

    # -- What is expected

    def at(self, place, dossier="d1"):
        shown = self.o.show(dossier)
        self.assertEqual([one["at"].split("/")[0] for one in shown["open"]], [place], shown)

    def ended(self, outcome, dossier="d1"):
        shown = self.o.show(dossier)
        self.assertEqual((shown["phase"], shown.get("outcome")), ("closed", outcome))

    def due(self, expected, dossier="d1"):
        clock = self.o.show(dossier)["clocks"][0]
        self.assertEqual(clock.get("due"), expected, clock)

    def money_is(self, **expected):
        row = self.o.list("allotments")[0]
        self.assertEqual({name: row[name] for name in expected}, expected)
