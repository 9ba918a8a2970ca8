"""The engine with calls that wait: for scripts, workers of a WSGI portal, and tests.

Any thread may call an engine; calls give up the interpreter's lock while they wait. An engine
belongs to the process that opened it: a server that forks opens one in each worker.
"""

import ctypes
import datetime
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from ctypes import byref, c_char, c_void_p
from typing import Any, Self

from . import _native, values
from .documents import Documents
from .errors import BusyError, StoreError, check, error_of, status_of
from .plan import Plan
from .requests import (Actor, Answer, Effect, Given, Page, Progress, Request, Verified, answer_of,
                       effect_of, given_of, misuse, page_of, problem_of)

Handler = Callable[[Effect], Given | Mapping[str, object] | None]


class Connection:
    """An engine on a store, for both kinds of call."""

    def __init__(self, path: str | os.PathLike[str] | None, *, prefix: str | None = None,
                 tenant: str | None = None, read_only: bool = False, alone: bool = False,
                 clock: Callable[[], datetime.datetime] | None = None,
                 documents: Documents | None = None,
                 options: _native.EngineOptions | None = None) -> None:
        self._engine, self._context = c_void_p(), c_void_p()
        self._process = os.getpid()
        self._kept: list[object] = []
        store = c_void_p()
        if path is None:
            check(_native.lib.greffe_store_memory(byref(store)))
        else:
            where = _native.SqliteOptions(ctypes.sizeof(_native.SqliteOptions), os.fsencode(path),
                                          _native.text(prefix), _native.text(tenant), read_only)
            check(_native.lib.greffe_store_sqlite(byref(store), byref(where)))
        options = options or _native.EngineOptions()
        options.size = ctypes.sizeof(_native.EngineOptions)
        options.store, options.alone = store, alone
        if documents is not None:
            options.documents = self._keep(documents).pointer
        if clock is not None:
            read = clock
            options.clock = self._keep(_native.CLOCK(lambda _data: values.to_ms(read())))
        status = _native.lib.greffe_context_create(byref(self._context), None)
        if status == 0:
            status = _native.lib.greffe_engine_open(byref(self._engine), self._context,
                                                    byref(options))
        if status != 0:
            _native.lib.greffe_context_destroy(self._context)
            raise error_of(status)

    def _keep(self, thing: Any) -> Any:
        self._kept.append(thing)
        return thing

    @property
    def _pointer(self) -> c_void_p:
        if not self._engine:
            raise misuse("this engine is closed")
        if os.getpid() != self._process:
            raise misuse("this engine was opened before the process forked: open one in each "
                         "worker")
        return self._engine

    def _close(self) -> None:
        if self._engine and os.getpid() == self._process:
            _native.lib.greffe_engine_close(self._engine)
            _native.lib.greffe_context_destroy(self._context)
        self._engine = c_void_p()


class Engine(Connection):
    """Opens a store in a SQLite file, made when it is not there; ``path`` None: in memory.

    :param prefix: of table names; default ``greffe_``
    :param alone: no other process delivers effects of this store
    :param clock: gives the time instead of the system; called from a thread of the library's own
    :param documents: whose contents dossiers hold; to be closed behind the engine

    Use it as a context manager, or :meth:`close` it.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()

    def close(self) -> None:
        """Finishes what was accepted; twice is fine."""
        self._close()

    # ---- Commands ----

    def publish(self, plan: Plan) -> None:
        """New dossiers of the plan's procedure take it from now on."""
        check(_native.lib.greffe_engine_publish(self._pointer, plan.pointer))

    def execute(self, verb: str, stream: str, *, key: str, actor: Actor,
                args: Mapping[str, object] | None = None, represented: str | None = None,
                effective: datetime.date | None = None, because: str | None = None,
                if_version: int = 0, now: datetime.datetime | None = None) -> Answer:
        """Executes a command, durably. ``key`` is its idempotency key: the same one gives the first
        answer again.

        :raises GreffeError: with the code and the words of the refusal
        """
        request, result = Request(), _native.Result()
        command = request.command(verb, stream, key, actor, args, represented, effective, because,
                                  if_version, now)
        engine = self._pointer
        status = _native.lib.greffe_engine_execute(engine, byref(result), byref(command))
        try:
            if status != 0 and result.status == 0:
                raise error_of(status)
            return answer_of(result)
        finally:
            _native.lib.greffe_result_free(engine, byref(result))

    # ---- Reading ----

    def read(self, kind: str, **how: Any) -> Any:
        """Any query, by its name; see the methods below."""
        request, out = Request(), c_void_p()
        query = request.query(kind, **how)
        engine = self._pointer
        check(_native.lib.greffe_engine_read(engine, byref(out), byref(query)))
        try:
            return values.from_json(ctypes.string_at(out))
        finally:
            _native.lib.greffe_engine_free(engine, out)

    def dossier(self, key: str, *, actor: Actor | None = None) -> dict[str, Any]:
        """One dossier, as the actor sees it; without one, all of it."""
        return dict(self.read("dossier", key=key, actor=actor))

    def history(self, key: str, *, stream_kind: str = "dossier", actor: Actor | None = None,
                after: str | None = None, limit: int = 0) -> dict[str, Any]:
        """The journal of a stream; for an applicant ``{"history": …}``, what was shown when."""
        return dict(self.read("history", key=key, stream_kind=stream_kind, actor=actor,
                              after=after, limit=limit))

    def session(self, key: str, *, actor: Actor | None = None) -> dict[str, Any]:
        return dict(self.read("session", key=key, actor=actor))

    def form(self, procedure: str | None = None, *, dossier: str | None = None,
             actor: Actor | None = None, subject: str | None = None,
             args: Mapping[str, object] | None = None,
             now: datetime.datetime | None = None) -> dict[str, Any]:
        """What is asked, with what applies to what was typed so far (``args["answers"]``); of a
        dossier's step with ``args["step"]`` and ``args["outcome"]``."""
        return dict(self.read("form", group=procedure, key=dossier, actor=actor, subject=subject,
                              args=args, now=now))

    def check(self, procedure: str | None = None, *, dossier: str | None = None,
              actor: Actor | None = None, subject: str | None = None,
              args: Mapping[str, object] | None = None,
              now: datetime.datetime | None = None) -> list[dict[str, Any]]:
        """All that is wrong with a command's arguments, by the path of each field; ``args["verb"]``
        is file, supply or complete. Empty: it is as it should be."""
        return list(self.read("check", group=procedure, key=dossier, actor=actor, subject=subject,
                              args=args, now=now)["faults"])

    def actions(self, dossier: str, *, actor: Actor) -> list[dict[str, Any]]:
        """What the actor may do with a dossier now."""
        return list(self.read("actions", key=dossier, actor=actor)["actions"])

    def page(self, kind: str, *, after: str | None = None, limit: int = 0, **how: Any) -> Page:
        """A page of dossiers, tasks, sessions, allotments, orders, batches, effects or
        procedures; ``group``, ``status``, ``subject``, ``person``, ``order`` and ``actor``
        choose."""
        return page_of(self.read(kind, after=after, limit=limit, **how))

    def all(self, kind: str, **how: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.page(kind, after=cursor, **how)
            yield from page.items
            if page.cursor is None:
                return
            cursor = page.cursor

    def counts(self, stream_kind: str = "dossier") -> list[dict[str, Any]]:
        """How many dossiers by procedure and status; ``"task"``: tasks by service and step."""
        return list(self.read("counts", stream_kind=stream_kind)["items"])

    def feed(self, subscriber: str, *, limit: int = 0) -> Page:
        """What was committed and the subscriber has not acknowledged yet."""
        return page_of(self.read("feed", key=subscriber, limit=limit))

    def acknowledge(self, subscriber: str, cursor: str) -> None:
        """The subscriber has dealt with the feed up to this cursor, durably."""
        check(_native.lib.greffe_engine_acknowledge(self._pointer, _native.text(subscriber),
                                                    _native.text(cursor)))

    # ---- What leaves, and what falls due ----

    def handle(self, channel: str, handler: Handler, *, repeatable: bool = False,
               per_minute: int = 0, trips: int = 0) -> None:
        """Delivers the effects of a channel: ``"mail"``, ``"payment"``, ``"call:cadastre"``… The
        handler is called in the thread that calls :meth:`run`. It returns nothing, or of a call
        what the service gives; when it raises, the effect has not left and is tried again later;
        :class:`OutcomeUnknownError`: it may have left; :class:`EffectRefusedError`: it will never
        be taken, and is an incident at once.

        At most ``per_minute`` begin in a minute, evenly; 0: as many as there are. After ``trips``
        attempts in a row, 10 unless it says otherwise, that ended with an :class:`OSError` or an
        unknown outcome, the channel rests for a while; what waits costs no attempt."""

        def deliver(_data: object, effect: "ctypes._Pointer[_native.Effect]",
                    problem: "ctypes._Pointer[c_char]") -> int:
            try:
                one = effect_of(effect.contents)
                given = given_of(handler(one), one.channel)
                if channel.startswith("call"):
                    gives = values.to_json(given.gives)
                    check(_native.lib.greffe_effect_answer(effect, _native.text(given.outcome),
                                                           _native.string(gives)))
                return 0
            except BaseException as error:  # nothing passes through C
                words = problem_of(error)
                ctypes.memmove(problem, words + b"\0", len(words) + 1)
                if not isinstance(error, Exception):
                    self._raised = error
                return status_of(error)

        made = _native.Handler(size=ctypes.sizeof(_native.Handler), channel=_native.text(channel),
                               run=_native.RUN(deliver), repeatable=repeatable,
                               per_minute=per_minute, trips=trips)
        check(_native.lib.greffe_engine_handle(self._pointer, byref(self._keep(made))))

    _raised: BaseException | None = None

    def run(self, *, limit: int = 100, now: datetime.datetime | None = None) -> Progress:
        """Does what is due: commands of the inbox, timers, effects."""
        did = _native.Progress()
        check(_native.lib.greffe_engine_run(self._pointer, byref(did), limit, values.to_ms(now)))
        raised, self._raised = self._raised, None
        if raised is not None:  # an interrupt while a handler ran
            raise raised
        return Progress(did.timers, did.effects, did.incidents, did.commands, did.more,
                        did.elsewhere)

    def run_until(self, stop: threading.Event, *, every: float = 0.25) -> None:
        """Does what is due, again and again, until ``stop`` is set: for a thread of its own. A
        store that is busy or full is tried again after a second."""
        while not stop.is_set():
            try:
                if not self.run().more:
                    stop.wait(every)
            except (BusyError, StoreError):
                stop.wait(max(every, 1.0))

    # ---- Verifying ----

    def verify(self) -> Verified:
        """Reads every journal, folds it anew and compares; what is wrong stands in ``faults``."""
        faults: list[str] = []

        def finding(_data: object, kind: bytes, key: bytes, version: int, code: bytes,
                    message: bytes) -> None:
            faults.append(f"{code.decode()} {kind.decode()} {key.decode()} entry {version}: "
                          f"{message.decode()}")

        out = _native.Verified()
        options = _native.VerifyOptions(ctypes.sizeof(_native.VerifyOptions),
                                        _native.FINDING(finding))
        status = _native.lib.greffe_engine_verify(self._pointer, byref(out), byref(options))
        if status != 14 or not faults:  # what was found is told by the list
            check(status)
        return Verified(out.streams, out.entries, out.personal, out.seal.decode(), faults)
