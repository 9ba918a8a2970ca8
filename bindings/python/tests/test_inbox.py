"""A portal with nothing but SQL."""

import unittest

import greffe
from common import ANNE, InAFolder, bourse, filing
from greffe import inbox


class Inbox(InAFolder):
    def setUp(self):
        super().setUp()
        self.engine = self.opened()
        self.engine.publish(bourse())
        self.portal = self.sql()
        self.portal.execute("CREATE TABLE portal (dossier TEXT PRIMARY KEY)")

    def test_the_portal_s_row_and_the_dossier_are_there_together(self):
        self.portal.execute("BEGIN")
        self.portal.execute("INSERT INTO portal VALUES ('d1')")
        row = inbox.put(self.portal.cursor(), "file", "d1", key="k", actor=ANNE, args=filing())
        self.portal.execute("COMMIT")
        self.assertIsNone(inbox.answer(self.portal.cursor(), row))
        self.assertEqual(self.engine.run().commands, 1)
        answer = inbox.answer(self.portal.cursor(), row)
        self.assertEqual(answer.answer["number"], "BOURSE-2026-000001")

    def test_neither_is_there_when_the_portal_takes_it_back(self):
        self.portal.execute("BEGIN")
        self.portal.execute("INSERT INTO portal VALUES ('d1')")
        inbox.put(self.portal.cursor(), "file", "d1", key="k", actor=ANNE, args=filing())
        self.portal.execute("ROLLBACK")
        self.assertEqual(self.engine.run().commands, 0)
        with self.assertRaises(greffe.NotFoundError):
            self.engine.dossier("d1")

    def test_a_refusal_is_raised_with_its_code(self):
        row = inbox.put(self.portal.cursor(), "file", "d1", key="k", actor=ANNE,
                        args=filing(cost="0.50"))
        self.engine.run()
        with self.assertRaises(greffe.InvalidError) as caught:
            inbox.answer(self.portal.cursor(), row)
        self.assertEqual(caught.exception.code, "GR-5204")


if __name__ == "__main__":
    unittest.main()
