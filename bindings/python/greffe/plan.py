"""Procedures: compiled from YAML, or read back from a bundle."""

import ctypes
import os
import pathlib
from collections.abc import Callable
from ctypes import byref, c_char_p, c_void_p
from typing import Self

from . import _native
from .errors import CompileError, Diagnostic, check

_SEVERITIES = ("error", "warning", "note")
ReadFile = Callable[[str], bytes | None]


class Plan:
    """A procedure that was checked and frozen. It may be published in any number of engines."""

    def __init__(self, context: c_void_p, pointer: c_void_p,
                 diagnostics: list[Diagnostic]) -> None:
        self._context, self._pointer = context, pointer
        #: What the check had to say that is no fault: warnings, notes.
        self.diagnostics = diagnostics

    @classmethod
    def from_bundle(cls, bundle: bytes) -> Self:
        """Reads a plan back from what :attr:`bundle` gave, or ``greffe build`` wrote."""
        context, pointer = c_void_p(), c_void_p()
        check(_native.lib.greffe_context_create(byref(context), None))
        status = _native.lib.greffe_plan_read(byref(pointer), context, _native.string(bundle))
        if status != 0:
            _native.lib.greffe_context_destroy(context)
            check(status)
        return cls(context, pointer, [])

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            _native.lib.greffe_plan_unref(self._pointer)
            _native.lib.greffe_context_destroy(self._context)
            self._pointer = c_void_p()

    @property
    def id(self) -> str:
        """The procedure's id."""
        found: bytes = _native.lib.greffe_plan_id(self._pointer).bytes()
        return found.decode()

    @property
    def bundle(self) -> bytes:
        """The procedure, frozen: the same files always give the same bytes."""
        found: bytes = _native.lib.greffe_plan_bundle(self._pointer).bytes()
        return found

    @property
    def pointer(self) -> c_void_p:
        return self._pointer


def _diagnostics(collector: c_void_p) -> list[Diagnostic]:
    found = []
    for index in range(_native.lib.greffe_diags_count(collector)):
        one = _native.lib.greffe_diags_get(collector, index).contents
        text = c_char_p()
        check(_native.lib.greffe_diags_render(byref(text), collector, index))
        found.append(Diagnostic(
            code=one.code.decode(), severity=_SEVERITIES[one.severity], file=one.file.decode(),
            line=one.line, column=one.column, end_line=one.end_line, end_column=one.end_column,
            message=one.message.decode(), hint=one.hint.decode(),
            source_line=one.source_line.decode(), story=one.story.decode(),
            text=(text.value or b"").decode()))
    return found


def compile_text(text: str | bytes, *, name: str = "procedure.yaml",
                 read: ReadFile | None = None) -> Plan:
    """Compiles a procedure from its text. ``read`` gives the files that it names, relative to its
    own folder (``"gpso.yaml"``, ``"letters/accord.txt"``), or None when there is none.

    :raises CompileError: with all that is wrong, where, and how to mend it
    """
    source = text.encode("utf-8") if isinstance(text, str) else text
    kept: list[bytes] = []
    raised: list[BaseException] = []

    def give(_data: object, wanted: bytes, out: "ctypes._Pointer[_native.Str]") -> int:
        try:
            found = read(wanted.decode()) if read is not None else None
        except Exception as error:  # it must not pass through C
            raised.append(error)
            return 10
        if found is None:
            return 5
        kept.append(found)
        out.contents.data = ctypes.cast(c_char_p(found), c_void_p).value
        out.contents.size = len(found)
        return 0

    options = _native.CompileOptions(ctypes.sizeof(_native.CompileOptions), _native.READ(give))
    context, collector, pointer = c_void_p(), c_void_p(), c_void_p()
    check(_native.lib.greffe_context_create(byref(context), None))
    try:
        check(_native.lib.greffe_diags_create(byref(collector), context))
        status = _native.lib.greffe_compile(byref(pointer), context, collector,
                                            _native.text(name), _native.string(source),
                                            byref(options))
        found = _diagnostics(collector)
        if raised:
            raise raised[0]
        if status == 3:
            raise CompileError(status, found)
        check(status)
    except BaseException:
        _native.lib.greffe_plan_unref(pointer)
        _native.lib.greffe_diags_destroy(collector)
        _native.lib.greffe_context_destroy(context)
        raise
    _native.lib.greffe_diags_destroy(collector)
    return Plan(context, pointer, found)


def compile_file(path: str | os.PathLike[str]) -> Plan:
    """Compiles a procedure's file; the files that it names lie beside it."""
    file = pathlib.Path(path)

    def read(name: str) -> bytes | None:
        beside = file.parent / name
        return beside.read_bytes() if beside.is_file() else None

    return compile_text(file.read_bytes(), name=str(path), read=read)
