"""Values both ways: ``Decimal``, ``date`` and ``datetime`` here, JSON on the library's side.

A float is refused: 0.1 is none, and an amount must not be nearly right.
"""

import datetime
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# Members that hold a date or an instant, and members that hold an amount as a text.
_TEMPORAL = {"at", "since", "published", "due", "on", "from", "until", "filed_on", "erased_on",
             "paused_on", "length_ends", "unrolled", "day", "effective", "suspensions"}
_AMOUNTS = {"amount", "allocated", "reserved", "committed", "spent", "free", "sum", "paid", "is"}


def _writable(value: object) -> object:
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no number that can be stored")
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone: datetime.now(timezone.utc)")
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _writable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(one) for one in value]
    if isinstance(value, float):
        raise TypeError("a float is no amount: write Decimal(\"0.10\")")
    raise TypeError(f"a {type(value).__name__} cannot be given to Greffe")


def to_json(value: Mapping[str, object] | None) -> bytes:
    """The library's form of arguments; empty for none."""
    if value is None:
        return b""
    return json.dumps(_writable(value), ensure_ascii=False).encode("utf-8")


def _temporal(text: str) -> object:
    if _DATE.fullmatch(text):
        return datetime.date.fromisoformat(text)
    if _INSTANT.fullmatch(text):
        return datetime.datetime.fromisoformat(text)
    return text


def _amount(text: str) -> object:
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def _typed_answers(values: dict[str, Any], types: dict[str, str]) -> dict[str, Any]:
    """What a person typed, by the types of the fields."""
    typed = dict(values)
    for name, kind in types.items():
        value = typed.get(name)
        if kind == "date" and isinstance(value, str):
            typed[name] = datetime.date.fromisoformat(value)
        elif kind in ("money", "number") and isinstance(value, (int, Decimal)):
            typed[name] = Decimal(value)
    return typed


def _typed_field(field: dict[str, Any]) -> dict[str, Any]:
    """A field of a form: its bounds and its value are of its type."""
    typed = dict(field)
    for name in ("min", "max", "value"):
        if name in typed:
            kind = {name: str(field.get("type"))}
            typed[name] = _typed_answers({name: typed[name]}, kind)[name]
    return typed


def _readable(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        if "values" in value and "of" in value:
            return {**value, "values": _typed_answers(value["values"], value.get("types", {}))}
        if "path" in value and "type" in value:
            return _typed_field(value)
        return {key: _readable(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_readable(one, name) for one in value]
    if isinstance(value, str) and name in _TEMPORAL:
        return _temporal(value)
    if isinstance(value, str) and name in _AMOUNTS:
        return _amount(value)
    return value


def from_json(text: bytes | str) -> Any:
    """The library's answer with its dates, instants and amounts as such."""
    return _readable(json.loads(text, parse_float=Decimal))


def plain_json(text: bytes | str) -> Any:
    """What a person or another system wrote: numbers exact, texts as they are."""
    return json.loads(text, parse_float=Decimal)


def to_ms(instant: datetime.datetime | None) -> int:
    """Milliseconds since 1970; 0 stands for now."""
    if instant is None:
        return 0
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone: datetime.now(timezone.utc)")
    since = instant - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime.datetime:
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return epoch + datetime.timedelta(milliseconds=milliseconds)
