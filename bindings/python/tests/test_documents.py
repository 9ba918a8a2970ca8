"""Documents, and dossiers that hold them."""

import hashlib
import io
import pathlib
import unittest

import greffe
from common import ANNE, BOURSE, FILES, InAFolder, filing

CONTENT = b"%PDF-1.7 " + bytes(200_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
WITH_A_PIECE = BOURSE.replace("clocks:", """documents:
  devis: {label: Devis, accept: [pdf], max_size: 1 MB}
clocks:""")


class Attached(InAFolder):
    def setUp(self) -> None:
        super().setUp()
        self.folder = self.path.parent / "pieces"

    def kept(self, **how):
        documents = greffe.Documents(self.folder, **how)
        self.addCleanup(documents.close)
        return documents

    def test_what_is_received_is_what_the_dossier_reads(self):
        pieces = self.kept()
        engine = self.opened(documents=pieces)
        engine.publish(greffe.compile_text(WITH_A_PIECE, name="bourse.yaml", read=FILES.get))
        forged = {"name": "devis.pdf", "media": "application/pdf", "size": len(CONTENT),
                  "sha256": DIGEST}
        with self.assertRaises(greffe.StateError) as caught:
            engine.execute("file", "d1", key="k", actor=ANNE,
                           args={**filing(), "documents": {"devis": forged}})
        self.assertEqual(caught.exception.code, "GR-5212")
        received = pieces.receive(io.BytesIO(CONTENT))
        self.assertEqual((received.sha256, received.size, received.released),
                         (DIGEST, len(CONTENT), True))
        named = received.named("devis.pdf", "application/pdf")
        self.assertEqual(named, forged)
        engine.execute("file", "d1", key="k", actor=ANNE,
                       args={**filing(), "documents": {"devis": named}})
        self.assertEqual(b"".join(pieces.read("d1", DIGEST)), CONTENT)
        with self.assertRaises(greffe.NotFoundError):
            next(pieces.read("d2", DIGEST))
        pieces.drop("d1")
        with self.assertRaises(greffe.NotFoundError):
            next(pieces.read("d1", DIGEST))

    def test_an_examiner_releases_throws_away_or_waits(self):
        seen: list[bytes] = []
        verdicts: list[bool | None] = [False, None, True]

        def examine(path: str, received: greffe.Received) -> bool | None:
            seen.append(pathlib.Path(path).read_bytes())
            return verdicts.pop(0)

        pieces = self.kept(examine=examine)
        with self.assertRaises(greffe.DeniedError):
            pieces.receive(b"one")
        waiting = pieces.receive(b"two")
        self.assertFalse(waiting.released)
        pieces.release(waiting.sha256, True)
        self.assertTrue(pieces.receive(b"three").released)
        self.assertEqual(seen, [b"one", b"two", b"three"])
        self.assertTrue(not pieces.receive(b"four").released)  # it raises: nobody looked at it
        self.assertEqual(pieces.sweep(0), 2)

    def test_bounds_and_sources_that_fail(self):
        class Torn(io.RawIOBase):
            def read(self, _size: int = -1) -> bytes:
                raise OSError("torn")

        pieces = self.kept(most_bytes=3)
        with self.assertRaises(greffe.LimitError):
            pieces.receive(b"four")
        with self.assertRaises(OSError):
            pieces.receive(Torn())
        self.assertEqual(list((self.folder / "incoming").iterdir()), [])
        pieces.close()
        pieces.close()
        with self.assertRaises(greffe.MisuseError):
            pieces.receive(b"one")


if __name__ == "__main__":
    unittest.main()
