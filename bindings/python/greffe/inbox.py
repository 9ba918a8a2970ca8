"""The inbox: commands beside the portal's own rows, in one transaction of the portal's, with any
DB-API driver of SQLite. An engine in some process executes them soon after the commit."""

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from . import _native, values
from .errors import error_of
from .requests import Actor, Answer


class Cursor(Protocol):
    """What DB-API drivers have: Python's sqlite3, Django's cursor of a SQLite database."""

    @property
    def lastrowid(self) -> int | None: ...

    def execute(self, sql: str, parameters: Any = ..., /) -> Any: ...

    def fetchone(self) -> Any: ...


_STATUSES = {_native.lib.greffe_status_name(status).decode(): status for status in range(18)}


def put(cursor: Cursor, verb: str, stream: str, *, key: str, actor: Actor,
        args: Mapping[str, object] | None = None, represented: str | None = None,
        effective: datetime.date | None = None, because: str | None = None,
        if_version: int | None = None, prefix: str = "greffe_", mark: str = "?") -> int:
    """Inserts a command, in the transaction that the cursor's connection has open, and gives its
    row's id. ``mark`` is how the driver writes a parameter: ``"%s"`` for Django."""
    who = {name: value for name, value in asdict(actor).items() if value}
    who = {name: list(value) if isinstance(value, (list, tuple)) else value
           for name, value in who.items()}
    marks = ", ".join([mark] * 9)
    cursor.execute(
        f"INSERT INTO {prefix}inbox (verb, stream, key, actor, args, represented, effective, "
        f"because, if_version) VALUES ({marks})",
        (verb, stream, key, json.dumps(who, ensure_ascii=False),
         (values.to_json(args) or b"{}").decode(), represented,
         effective.isoformat() if effective is not None else None, because, if_version))
    if cursor.lastrowid is None:
        raise RuntimeError("the driver tells no row's id")
    return cursor.lastrowid


def answer(cursor: Cursor, row: int, *, prefix: str = "greffe_", mark: str = "?") -> Answer | None:
    """What became of it: None while it waits; raises what the engine refused it with. The row is
    the portal's to delete."""
    cursor.execute(f"SELECT status, code, message, answer, version, repeated FROM {prefix}inbox "
                   f"WHERE id = {mark} AND answered_ms IS NOT NULL", (row,))
    found = cursor.fetchone()
    if found is None:
        return None
    status, code, message, text, version, repeated = found
    if status != "ok":
        raise error_of(_STATUSES.get(status, -1), message or status, code or "")
    return Answer(version, bool(repeated), values.from_json(text or "{}"))
