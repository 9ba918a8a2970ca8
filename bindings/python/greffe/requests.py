"""What is asked of an engine and what it answers, in both kinds of call: those that wait, and those
that do not."""

import ctypes
import datetime
import uuid
from collections.abc import Mapping, Sequence
from ctypes import c_char_p
from dataclasses import dataclass, field
from typing import Any

from . import _native, values
from .errors import InvalidError, MisuseError, error_of

QUERIES = {"dossiers": 1, "tasks": 2, "sessions": 3, "allotments": 4, "orders": 5, "batches": 6,
           "effects": 7, "procedures": 8, "dossier": 9, "history": 10, "session": 11, "feed": 12,
           "form": 13, "check": 14, "actions": 15, "counts": 16}


@dataclass(frozen=True)
class Actor:
    """Who acts or reads. ``subject`` is the stable id of the person in the portal; ``kind`` is
    ``"applicant"``, ``"agent"``, ``"delegate"`` or ``"member"``. The portal has seen to it that
    they are who they say."""

    subject: str
    kind: str
    services: Sequence[str] = ()
    roles: Sequence[str] = ()
    on_behalf_of: str | None = None
    mandate: str | None = None
    assurance: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Answer:
    """What became of a command: the stream's version, and what it answers, such as a number."""

    version: int
    repeated: bool
    answer: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A page of a list; ``cursor`` is where the next one begins, or None behind the last."""

    items: list[dict[str, Any]]
    cursor: str | None


@dataclass(frozen=True)
class Progress:
    """What a round has done; ``elsewhere``: another process is about what there is to do."""

    timers: int
    effects: int
    incidents: int
    commands: int
    more: bool
    elsewhere: bool
    next: datetime.datetime | None = None


@dataclass(frozen=True)
class Verified:
    """What verifying has read, and each thing that is not as it should be."""

    streams: int
    entries: int
    personal: int
    seal: str
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Effect:
    """What has to leave: a letter, a payment file, a call. ``key`` is unique in its store, for its
    tenant; ``id`` over all of them, for ever: give it to the other side, which may see the same
    one twice."""

    key: str
    stream: str
    """Whose it is: the key of a dossier, a batch, a session."""
    channel: str
    letter: str
    subject: str
    text: str
    body: dict[str, Any]
    attempts: int
    now: datetime.datetime
    at: datetime.datetime
    """When a letter or a call was decided: the same at each attempt."""
    id: str


@dataclass(frozen=True)
class Given:
    """Returned by the handler of a call: the outcome, and what the service gives."""

    gives: Mapping[str, object] | None = None
    outcome: str | None = None


def new_key() -> str:
    """An idempotency key. Keep it with the form that it belongs to: who sends the form twice must
    send the key twice."""
    return uuid.uuid4().hex


class Request:
    """A structure for C, and all that it points to."""

    def __init__(self) -> None:
        self._kept: list[object] = []

    def _list(self, texts: Sequence[str]) -> "ctypes.Array[c_char_p] | None":
        if not texts:
            return None
        array = (c_char_p * (len(texts) + 1))(*[_native.text(one) for one in texts], None)
        self._kept.append(array)
        return array

    def actor(self, actor: Actor) -> "ctypes._Pointer[_native.Actor]":
        made = _native.Actor(
            ctypes.sizeof(_native.Actor), _native.text(actor.subject), _native.text(actor.kind),
            _native.text(actor.on_behalf_of), _native.text(actor.mandate),
            self._list(actor.services), self._list(actor.roles), _native.text(actor.assurance),
            _native.text(actor.channel))
        self._kept.append(made)
        return ctypes.pointer(made)

    def string(self, value: bytes) -> _native.Str:
        self._kept.append(value)
        return _native.string(value)

    def command(self, verb: str, stream: str, key: str, actor: Actor,
                args: Mapping[str, object] | None, represented: str | None,
                effective: datetime.date | None, because: str | None, if_version: int,
                now: datetime.datetime | None) -> _native.Command:
        return _native.Command(
            ctypes.sizeof(_native.Command), _native.text(verb), _native.text(stream),
            _native.text(key), self.actor(actor), _native.text(represented),
            _native.text(effective.isoformat() if effective is not None else None),
            _native.text(because), if_version, self.string(values.to_json(args)),
            values.to_ms(now))

    def query(self, kind: str, *, key: str | None = None, group: str | None = None,
              status: str | None = None, stream_kind: str | None = None,
              after: str | None = None, limit: int = 0, actor: Actor | None = None,
              subject: str | None = None, person: str | None = None, order: str | None = None,
              args: Mapping[str, object] | None = None,
              now: datetime.datetime | None = None) -> _native.Query:
        return _native.Query(
            ctypes.sizeof(_native.Query), QUERIES[kind], _native.text(key), _native.text(group),
            _native.text(status), _native.text(stream_kind), _native.text(after), limit,
            self.actor(actor) if actor is not None else None, _native.text(subject),
            _native.text(person), _native.text(order), self.string(values.to_json(args)),
            values.to_ms(now))


def answer_of(result: _native.Result) -> Answer:
    """What a result says, or the exception that it stands for."""
    if result.status != 0:
        raise error_of(result.status, (result.message or b"").decode(),
                       (result.code or b"").decode())
    return Answer(result.version, result.repeated, values.from_json(result.answer or b"{}"))


def effect_of(effect: _native.Effect) -> Effect:
    body = effect.body.bytes()
    return Effect(key=effect.key.decode(), stream=effect.stream.decode(),
                  channel=effect.channel.decode(),
                  letter=effect.letter.decode(), subject=effect.subject.decode(),
                  text=effect.text.decode(),
                  body=values.plain_json(body) if body not in (b"", b"null") else {},
                  attempts=effect.attempts, now=values.from_ms(effect.now_ms),
                  at=values.from_ms(effect.at_ms), id=effect.id.decode())


def page_of(found: dict[str, Any]) -> Page:
    return Page(found["items"], found.get("cursor"))


def problem_of(error: BaseException) -> bytes:
    """A line for the operator: at most 255 bytes, cut between characters."""
    return f"{type(error).__name__}: {error}".encode()[:255].decode(errors="ignore").encode()


def given_of(returned: object, channel: str) -> Given:
    """What a handler returned. Only a service gives something: a letter has left by then, whatever
    its handler returns."""
    if returned is None or channel != "call":
        return Given()
    if isinstance(returned, Given):
        return returned
    if isinstance(returned, Mapping):
        return Given(gives=returned)
    raise InvalidError(3, "a handler returns nothing, a mapping of what a service gives, or Given")


def misuse(words: str) -> MisuseError:
    return MisuseError(2, words)
