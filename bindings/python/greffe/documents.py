"""What persons attach, kept as files by content, and held by the dossiers that name it.

    pieces = greffe.Documents("pieces")
    with greffe.Engine("town.db", documents=pieces) as engine:
        received = pieces.receive(upload_from_the_browser)
        engine.execute("file", "d1", …, args={…, "documents": {
            "facture": received.named("facture.pdf", "application/pdf")}})

Say what this person has just sent, never a SHA-256 that a browser sends: whoever may name a content
may read it.
"""

import ctypes
import os
from collections.abc import Callable, Iterator
from ctypes import byref, c_size_t, c_uint64, c_void_p
from dataclasses import dataclass
from typing import IO, Any, Self

from . import _native
from .errors import DeniedError, check, error_of
from .requests import misuse

_PIECE = 1 << 16
_BUSY, _DENIED = 13, 6

#: Looks at a file that was received; False throws it away, None leaves it in quarantine.
Examine = Callable[[str, "Received"], bool | None]


@dataclass(frozen=True)
class Received:
    """What was received."""

    sha256: str
    size: int
    released: bool = True
    """False: it is in quarantine until :meth:`Documents.release`."""

    def named(self, name: str, media: str) -> dict[str, object]:
        """What a command says of it."""
        return {"name": name, "media": media, "size": self.size, "sha256": self.sha256}


class Documents:
    """A folder of documents, made when it is not there; several processes may share it. Any thread
    may use it. Engines that were opened with it are closed before it is.

    :param most_bytes: of one document; default 100 MiB
    :param examine: a scanner's place: it is given a path and what was received
    """

    def __init__(self, folder: str | os.PathLike[str], *, most_bytes: int = 0,
                 examine: Examine | None = None) -> None:
        self._documents = c_void_p()
        options = _native.DocumentsOptions()
        options.size = ctypes.sizeof(options)
        options.folder = os.fsencode(folder)
        options.most_bytes = most_bytes
        if examine is not None:
            self._kept = _native.EXAMINE(self._examiner(examine))
            options.examine = self._kept
        check(_native.lib.greffe_documents_files(byref(self._documents), byref(options)))

    @staticmethod
    def _examiner(examine: Examine) -> Callable[[object, bytes, Any, object], int]:
        def call(_data: object, path: bytes, received: Any, _reason: object) -> int:
            try:
                found = received.contents
                verdict = examine(os.fsdecode(path),
                                  Received(found.sha256.decode(), found.size, False))
            except Exception:  # nobody looked at it: it stays where nobody reads it
                return _BUSY
            return 0 if verdict else _BUSY if verdict is None else _DENIED
        return call

    @property
    def pointer(self) -> c_void_p:
        """For an engine's ``documents``."""
        if not self._documents:
            raise misuse("these documents are closed")
        return self._documents

    def receive(self, source: bytes | IO[bytes]) -> Received:
        """Takes one, whole or not at all.

        :raises LimitError: it is larger than one may be
        :raises DeniedError: the examiner threw it away
        """
        upload, out, reason = c_void_p(), _native.Received(), ctypes.create_string_buffer(256)
        check(_native.lib.greffe_upload_begin(byref(upload), self.pointer))
        try:
            for piece in _pieces(source):
                check(_native.lib.greffe_upload_write(upload, piece, len(piece)))
        except BaseException:
            _native.lib.greffe_upload_abandon(upload)
            raise
        status = _native.lib.greffe_upload_end(upload, byref(out), reason)
        if status == _DENIED:
            raise DeniedError(status, reason.value.decode() or "it was thrown away")
        if status not in (0, _BUSY):
            raise error_of(status)
        return Received(out.sha256.decode(), out.size, status == 0)

    def release(self, sha256: str, good: bool) -> None:
        """Ends a quarantine: it is released, or thrown away."""
        check(_native.lib.greffe_documents_release(self.pointer, _native.text(sha256), good))

    def read(self, dossier: str, sha256: str) -> Iterator[bytes]:
        """What a dossier holds, piece by piece. Whether the actor may see it is the dossier's page
        to say.

        :raises NotFoundError: the dossier holds no such content
        """
        buffer, got, at = ctypes.create_string_buffer(_PIECE), c_size_t(), 0
        while True:
            check(_native.lib.greffe_documents_read(
                self.pointer, _native.text(dossier), _native.text(sha256), at, buffer, _PIECE,
                byref(got)))
            if got.value == 0:
                return
            yield buffer.raw[:got.value]
            at += got.value

    def drop(self, dossier: str) -> None:
        """Lets all go that a dossier holds; engines do, when it is erased."""
        check(_native.lib.greffe_documents_drop(self.pointer, _native.text(dossier)))

    def sweep(self, age_s: int = 7 * 86400) -> int:
        """Deletes what was received so long ago and nobody holds; how many."""
        deleted = c_uint64()
        check(_native.lib.greffe_documents_sweep(self.pointer, age_s, byref(deleted)))
        return deleted.value

    def close(self) -> None:
        """Twice is fine."""
        _native.lib.greffe_documents_close(self._documents)
        self._documents = c_void_p()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()


def _pieces(source: bytes | IO[bytes]) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    while piece := source.read(_PIECE):
        yield piece
