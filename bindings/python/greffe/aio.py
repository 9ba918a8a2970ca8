"""The engine with calls that do not wait, on an asyncio loop: replies, handlers and events come in
the loop's own thread, timers are armed at the earliest instant at which something is due, and what
other processes commit is noticed."""

import asyncio
import ctypes
import datetime
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from ctypes import byref
from typing import Any, Self

from . import _native, values
from .engine import Connection
from .errors import GreffeError, check, error_of, status_of
from .plan import Plan
from .requests import (Actor, Answer, Effect, Given, Page, Progress, Request, answer_of, effect_of,
                       given_of, misuse, page_of, problem_of)

Returned = Given | Mapping[str, object] | None
AsyncHandler = Callable[[Effect], Awaitable[Returned] | Returned]
REPLY, EFFECT, WORK = 1, 2, 3
LIMIT, BUSY_S, IDLE_S = 100, 0.05, 30.0


# Replies, effects and commits are taken from the engine's list: none of these is ever called.
_never = _native.REPLY(lambda _data, _result: None)
_stirred = _native.WORK(lambda _data: None)
_begun = _native.START(lambda _data, _effect, _token, _problem: 0)


class AsyncEngine(Connection):
    """As :class:`greffe.Engine`, on the running loop. Open it inside the loop, with ``async with``.

    While it is open it does what is due by itself: commands of the inbox, timers, effects.
    """

    def __init__(self, path: Any, **how: Any) -> None:
        super().__init__(path, **how)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls: dict[int, asyncio.Future[_native.Result]] = {}
        self._handlers: dict[str, AsyncHandler] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._round: asyncio.Task[None] | None = None
        self._again = self._closing = False
        self._last = 0

    # ---- Life ----

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(_native.lib.greffe_engine_fd(self._pointer), self._take)
        check(_native.lib.greffe_engine_watch(self._pointer, _stirred, None))
        self._stir()
        return self

    async def __aexit__(self, *_why: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Waits for what was submitted and for handlers that run, then closes; twice is fine."""
        if not self._engine or self._loop is None:
            self._close()
            return
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        while self._calls or self._tasks or self._round is not None:
            waiting: list[asyncio.Future[Any]] = [*self._calls.values(), *self._tasks]
            if self._round is not None:
                waiting.append(self._round)
            await asyncio.wait(waiting)
            await asyncio.sleep(0)
        self._loop.remove_reader(_native.lib.greffe_engine_fd(self._pointer))
        self._close()

    # ---- What comes ----

    def _take(self) -> None:
        notice = _native.Notice()
        notice.size = ctypes.sizeof(_native.Notice)
        for _ in range(LIMIT):  # the loop's other readers want their turn
            if not self._engine:
                return
            check(_native.lib.greffe_engine_next(self._engine, byref(notice)))
            if notice.kind == 0:
                return
            try:
                self._take_one(notice)
            finally:
                _native.lib.greffe_notice_release(self._engine, byref(notice))

    def _take_one(self, notice: _native.Notice) -> None:
        if notice.kind == WORK:
            self._stir()
        elif notice.kind == REPLY:
            future = self._calls.pop(notice.data or 0, None)
            if future is not None and not future.done():
                try:
                    future.set_result(self._copied(notice.result))
                except BaseException as error:
                    future.set_exception(error)
        elif notice.kind == EFFECT:
            effect = effect_of(notice.effect.contents)
            task = asyncio.ensure_future(self._deliver(effect, bytes(notice.token)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _copied(result: _native.Result) -> Any:
        """The result's texts, before they are given back."""
        copy = _native.Result(result.status, result.repeated, result.version)
        copy.code, copy.message, copy.answer = result.code, result.message, result.answer
        return copy

    async def _deliver(self, effect: Effect, token: bytes) -> None:
        end = _native.End()
        end.size = ctypes.sizeof(_native.End)
        try:
            handler = self._handlers.get(effect.channel)
            if effect.channel == "call":
                handler = self._handlers.get(f"call:{effect.letter}", handler)
            elif handler is None and effect.channel != "payment":
                handler = self._handlers.get("*")  # letters of channels without one
            if handler is None:
                raise LookupError("nobody handles this any more")
            returned = handler(effect)
            given = given_of(await returned if inspect.isawaitable(returned) else returned,
                             effect.channel)
            gives = values.to_json(given.gives)
            end.outcome, end.gives = _native.text(given.outcome), _native.string(gives)
        except asyncio.CancelledError:
            return  # it is given again when its time is over
        except Exception as error:
            end.status = status_of(error)
            end.problem = problem_of(error)
        status = _native.lib.greffe_engine_finish(self._pointer, token, byref(end))
        if status == 3:  # what the service gave is no JSON object
            end.status, end.problem, end.gives = 3, b"the handler gives no object", _native.Str()
            status = _native.lib.greffe_engine_finish(self._pointer, token, byref(end))
        check(status)

    # ---- Rounds ----

    def _stir(self) -> None:
        if self._closing:
            return
        if self._round is not None:
            self._again = True
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._round = asyncio.ensure_future(self._dispatch())

    async def _dispatch(self) -> None:
        delay = BUSY_S
        try:
            _, delay = await self._round_once()
        except GreffeError:
            pass  # another round is under way, or the store is in trouble: soon again
        finally:
            self._round = None
            if not self._closing and self._loop is not None and self._engine:
                delay = 0.0 if self._again else min(delay, IDLE_S)
                self._again = False
                self._timer = self._loop.call_later(delay, self._stir)

    async def _round_once(self) -> tuple[Progress, float]:
        """What it did, and in how many seconds there is something to do again."""
        found = (await self._ask(lambda data: _native.lib.greffe_engine_dispatch(
            self._pointer, LIMIT, 0, _never, data))).answer
        now, upcoming = found["now_ms"], found["next_ms"]
        did = Progress(found["timers"], found["effects"], found["incidents"], found["commands"],
                       found["more"], found["elsewhere"],
                       values.from_ms(upcoming) if upcoming is not None else None)
        if did.more:
            return did, 0.0
        return did, IDLE_S if upcoming is None else max((upcoming - now) / 1000, BUSY_S)

    # ---- Calls ----

    async def _ask(self, submit: Callable[[int], Any]) -> Answer:
        if self._loop is None:
            raise misuse("open the engine with 'async with'")
        self._last += 1
        number = self._last
        future: asyncio.Future[_native.Result] = self._loop.create_future()
        self._calls[number] = future
        status = submit(number)
        if status != 0:
            del self._calls[number]
            raise error_of(status)
        return answer_of(await future)

    async def publish(self, plan: Plan) -> None:
        """New dossiers of the plan's procedure take it from now on."""
        await self._ask(lambda data: _native.lib.greffe_engine_submit_plan(
            self._pointer, plan.pointer, _never, data))

    async def execute(self, verb: str, stream: str, *, key: str, actor: Actor,
                      args: Mapping[str, object] | None = None, represented: str | None = None,
                      effective: datetime.date | None = None, because: str | None = None,
                      if_version: int = 0, now: datetime.datetime | None = None) -> Answer:
        """As :meth:`greffe.Engine.execute`. Commands that are awaited together share a commit. A
        task that is cancelled meanwhile leaves the command as it is: it may be done."""
        request = Request()
        command = request.command(verb, stream, key, actor, args, represented, effective, because,
                                  if_version, now)
        return await self._ask(lambda data: _native.lib.greffe_engine_submit(
            self._pointer, byref(command), _never, data))

    async def read(self, kind: str, **how: Any) -> Any:
        """Any query, by its name, with the arguments of :class:`greffe.Engine`'s methods."""
        request = Request()
        query = request.query(kind, **how)
        return (await self._ask(lambda data: _native.lib.greffe_engine_ask(
            self._pointer, byref(query), _never, data))).answer

    async def dossier(self, key: str, *, actor: Actor | None = None) -> dict[str, Any]:
        return dict(await self.read("dossier", key=key, actor=actor))

    async def form(self, procedure: str | None = None, *, dossier: str | None = None,
                   **how: Any) -> dict[str, Any]:
        return dict(await self.read("form", group=procedure, key=dossier, **how))

    async def check(self, procedure: str | None = None, *, dossier: str | None = None,
                    **how: Any) -> list[dict[str, Any]]:
        return list((await self.read("check", group=procedure, key=dossier, **how))["faults"])

    async def actions(self, dossier: str, *, actor: Actor) -> list[dict[str, Any]]:
        return list((await self.read("actions", key=dossier, actor=actor))["actions"])

    async def page(self, kind: str, **how: Any) -> Page:
        return page_of(await self.read(kind, **how))

    async def all(self, kind: str, **how: Any) -> AsyncIterator[dict[str, Any]]:
        """Every row of a list, page by page."""
        cursor: str | None = None
        while True:
            page = await self.page(kind, after=cursor, **how)
            for row in page.items:
                yield row
            if page.cursor is None:
                return
            cursor = page.cursor

    # ---- What leaves, and what comes ----

    def handle(self, channel: str, handler: AsyncHandler, *, repeatable: bool = False,
               within: datetime.timedelta = datetime.timedelta(minutes=10),
               at_once: int = 0, per_minute: int = 0, trips: int = 0) -> None:
        """Delivers the effects of a channel, by a function or a coroutine function; as
        :meth:`greffe.Engine.handle`. What is not finished ``within`` this time is given again. At
        most ``at_once`` are under way, up to 64; 0: as many as there are."""
        self._handlers[channel] = handler
        made = _native.Handler(size=ctypes.sizeof(_native.Handler), channel=_native.text(channel),
                               repeatable=repeatable, start=_begun,
                               within_ms=within // datetime.timedelta(milliseconds=1),
                               at_once=at_once, per_minute=per_minute, trips=trips)
        check(_native.lib.greffe_engine_handle(self._pointer, byref(self._keep(made))))
        self._stir_later()

    def _stir_later(self) -> None:
        if self._loop is not None:
            self._loop.call_soon(self._stir)

    def kick(self) -> None:
        """Something may be due that the portal's own transaction has written: looks now."""
        _native.lib.greffe_engine_kick(self._pointer)

    async def follow(self, subscriber: str, *, every: float = 0.25
                     ) -> AsyncIterator[dict[str, Any]]:
        """What was committed, in order, at least once. What the loop over it has taken counts as
        dealt with when it asks for the next one, durably at the end of a page."""
        while True:
            page = page_of(await self.read("feed", key=subscriber))
            for entry in page.items:
                yield entry
            if page.items and page.cursor is not None:
                check(_native.lib.greffe_engine_acknowledge(
                    self._pointer, _native.text(subscriber), _native.text(page.cursor)))
            else:
                await asyncio.sleep(every)


__all__ = ["AsyncEngine", "AsyncHandler"]
