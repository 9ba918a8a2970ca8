"""What can go wrong. Each error keeps the library's status, and where there are, the stable code
(``GR-5101``) and the words that tell how to mend it."""

from dataclasses import dataclass

from . import _native


@dataclass(frozen=True)
class Diagnostic:
    """One fault or warning in a procedure's files. Lines and columns count from 1; 0: no place."""

    code: str
    severity: str  # "error", "warning" or "note"
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    hint: str
    source_line: str
    story: str  # the shortest way to it, told, or ""
    text: str  # the whole of it, with the line and a caret


class GreffeError(Exception):
    """The root of all errors of this package."""

    def __init__(self, status: int, message: str = "", code: str = "") -> None:
        self.status: str = _native.lib.greffe_status_name(status).decode()
        self.code = code
        self.message = message or self.status
        super().__init__(f"{code} {self.message}".strip())


class MisuseError(GreffeError):
    """A rule of the interface was broken: an engine that is closed, a field that does not fit."""


class InvalidError(GreffeError):
    """What was given has faults: an answer of the wrong type, an unknown verb."""


class CompileError(InvalidError):
    """A procedure's files have faults; ``diagnostics`` holds them all."""

    def __init__(self, status: int, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        faults = [one for one in diagnostics if one.severity == "error"]
        first = faults[0] if faults else None
        super().__init__(status, "\n".join(one.text for one in faults),
                         first.code if first else "")


class LimitError(GreffeError):
    """A documented limit was passed."""


class NotFoundError(GreffeError):
    """There is no such thing, or this actor may not know of it."""


class DeniedError(GreffeError):
    """This actor may not do this."""


class StateError(GreffeError):
    """Not possible where the dossier is now."""


class ConflictError(GreffeError):
    """The stream has moved on since it was read: read it again and decide anew."""


class KeyReusedError(GreffeError):
    """The same idempotency key came with another command."""


class BusyError(GreffeError):
    """Another process holds the store, or too many calls wait: try again."""


class StoreError(GreffeError):
    """The store failed: the disk is full, the file is read-only, damaged or of another version.
    Nothing of the command was done."""


class OutcomeUnknownError(Exception):
    """Raised by a handler: the effect may have left, and may not."""


class EffectRefusedError(Exception):
    """Raised by a handler: the other side will never take this effect. It is an incident at once,
    without further attempts."""


def status_of(error: BaseException) -> int:
    """What a handler's exception says of its effect. Those of the operating system, such as
    ConnectionError and TimeoutError, say that the channel failed."""
    return (17 if isinstance(error, OutcomeUnknownError) else
            6 if isinstance(error, EffectRefusedError) else
            10 if isinstance(error, OSError) else 3)


_BY_STATUS: dict[int, type[GreffeError]] = {
    2: MisuseError, 3: InvalidError, 4: LimitError, 5: NotFoundError, 6: DeniedError,
    7: StateError, 8: ConflictError, 9: KeyReusedError, 10: StoreError, 11: StoreError,
    12: StoreError, 13: BusyError, 14: StoreError, 15: StoreError,
}


def error_of(status: int, message: str = "", code: str = "") -> Exception:
    """The exception of a status; there is one for each but success."""
    if status == 1:
        return MemoryError("libgreffe found no memory")
    return _BY_STATUS.get(status, GreffeError)(status, message, code)


def check(status: int) -> None:
    """Raises what a status says, unless it says that all is well."""
    if status != 0:
        raise error_of(status)
