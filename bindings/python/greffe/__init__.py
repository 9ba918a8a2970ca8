"""Greffe: administrative procedures, executed inside the portal.

    import greffe

    plan = greffe.compile_file("velo.yaml")
    with greffe.Engine("town.db") as engine:
        engine.publish(plan)
        anne = greffe.Actor("anne", "applicant")
        filed = engine.execute("file", "d1", key=greffe.new_key(), actor=anne,
                               args={"procedure": "velo", "answers": {...}})
        print(filed.answer["number"])

``greffe.aio.AsyncEngine`` is the same on an asyncio loop; ``greffe.inbox`` puts commands beside a
portal's own rows with SQL alone. Amounts are ``Decimal``, days ``date``, instants ``datetime`` with
their zone. Every refusal is an exception that carries its stable code.
"""

from . import aio, inbox
from ._native import lib as _lib
from .documents import Documents, Received
from .engine import Engine, Handler
from .errors import (BusyError, CompileError, ConflictError, DeniedError, Diagnostic,
                     EffectRefusedError, GreffeError, InvalidError, KeyReusedError, LimitError,
                     MisuseError, NotFoundError, OutcomeUnknownError, StateError, StoreError)
from .plan import Plan, compile_file, compile_text
from .requests import Actor, Answer, Effect, Given, Page, Progress, Verified, new_key

#: The version of the library that is loaded.
__version__: str = _lib.greffe_version().decode()

__all__ = ["Actor", "Answer", "BusyError", "CompileError", "ConflictError", "DeniedError",
           "Diagnostic", "Documents", "Effect", "EffectRefusedError", "Engine", "Given",
           "GreffeError", "Handler", "InvalidError", "KeyReusedError", "LimitError", "MisuseError",
           "NotFoundError", "OutcomeUnknownError", "Page", "Plan", "Progress", "Received",
           "StateError", "StoreError", "Verified", "aio", "compile_file", "compile_text", "inbox",
           "new_key"]
