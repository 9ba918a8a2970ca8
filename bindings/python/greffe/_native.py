"""libgreffe as its headers declare it, for ctypes. Nothing here is for users of the package."""

import ctypes
import ctypes.util
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_int, c_int64,
                    c_size_t, c_uint32, c_uint64, c_void_p)

SONAME = "libgreffe.so.0"


def _load() -> ctypes.CDLL:
    """The library that GREFFE_LIBRARY names, or the one that the system finds."""
    named = os.environ.get("GREFFE_LIBRARY")
    found = named or ctypes.util.find_library("greffe") or SONAME
    try:
        return ctypes.CDLL(found)
    except OSError as error:
        raise ImportError(f"libgreffe cannot be loaded ({error}): install it, or name its file in "
                          "the environment variable GREFFE_LIBRARY") from error


lib = _load()


# ---- Structures: as in greffe/*.h ---------------------------------------------------------------

class Str(Structure):
    """Bytes with their size; whoever makes one keeps the bytes."""

    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def bytes(self) -> bytes:
        return ctypes.string_at(self.data, self.size) if self.size else b""


class Actor(Structure):
    _fields_ = [("size", c_size_t), ("subject", c_char_p), ("kind", c_char_p),
                ("on_behalf_of", c_char_p), ("mandate", c_char_p),
                ("services", POINTER(c_char_p)), ("roles", POINTER(c_char_p)),
                ("assurance", c_char_p), ("channel", c_char_p)]


class Command(Structure):
    _fields_ = [("size", c_size_t), ("verb", c_char_p), ("stream", c_char_p), ("key", c_char_p),
                ("actor", POINTER(Actor)), ("represented", c_char_p), ("effective", c_char_p),
                ("because", c_char_p), ("if_version", c_uint64), ("args", Str),
                ("now_ms", c_int64)]


class Result(Structure):
    _fields_ = [("status", c_int), ("repeated", c_bool), ("version", c_uint64),
                ("code", c_char_p), ("message", c_char_p), ("answer", c_char_p)]


class Query(Structure):
    _fields_ = [("size", c_size_t), ("kind", c_int), ("key", c_char_p), ("group", c_char_p),
                ("status", c_char_p), ("stream_kind", c_char_p), ("after", c_char_p),
                ("limit", c_uint32), ("actor", POINTER(Actor)), ("subject", c_char_p),
                ("person", c_char_p), ("order", c_char_p), ("args", Str), ("now_ms", c_int64)]


class Effect(Structure):
    _fields_ = [("key", c_char_p), ("stream", c_char_p), ("channel", c_char_p),
                ("letter", c_char_p), ("subject", c_char_p), ("text", c_char_p), ("body", Str),
                ("attempts", c_uint32), ("now_ms", c_int64), ("at_ms", c_int64), ("own", c_void_p),
                ("id", c_char * 33)]


class End(Structure):
    _fields_ = [("size", c_size_t), ("status", c_int), ("problem", c_char_p),
                ("outcome", c_char_p), ("gives", Str), ("again_ms", c_uint64)]


class Progress(Structure):
    _fields_ = [("timers", c_uint64), ("effects", c_uint64), ("incidents", c_uint64),
                ("commands", c_uint64), ("more", c_bool), ("elsewhere", c_bool)]


class Verified(Structure):
    _fields_ = [("streams", c_uint64), ("entries", c_uint64), ("personal", c_uint64),
                ("faults", c_uint64), ("seal", c_char * 65)]


class Notice(Structure):
    _fields_ = [("size", c_size_t), ("kind", c_int), ("reply", c_void_p), ("data", c_void_p),
                ("result", Result), ("effect", POINTER(Effect)), ("token", c_char_p),
                ("own", c_void_p)]


class Diag(Structure):
    _fields_ = [("code", c_char_p), ("severity", c_int), ("file", c_char_p), ("line", c_uint32),
                ("column", c_uint32), ("end_line", c_uint32), ("end_column", c_uint32),
                ("message", c_char_p), ("hint", c_char_p), ("source_line", c_char_p),
                ("story", c_char_p)]


# ---- Functions that libgreffe calls -------------------------------------------------------------

class Received(Structure):
    _fields_ = [("sha256", c_char * 65), ("size", c_uint64)]


CLOCK = CFUNCTYPE(c_int64, c_void_p)
EXAMINE = CFUNCTYPE(c_int, c_void_p, c_char_p, POINTER(Received), POINTER(c_char))
RANDOM = CFUNCTYPE(c_int, c_void_p, POINTER(ctypes.c_ubyte), c_size_t)
RUN = CFUNCTYPE(c_int, c_void_p, POINTER(Effect), POINTER(c_char))
START = CFUNCTYPE(c_int, c_void_p, POINTER(Effect), c_char_p, POINTER(c_char))
REPLY = CFUNCTYPE(None, c_void_p, POINTER(Result))
WORK = CFUNCTYPE(None, c_void_p)
READ = CFUNCTYPE(c_int, c_void_p, c_char_p, POINTER(Str))
FINDING = CFUNCTYPE(None, c_void_p, c_char_p, c_char_p, c_uint64, c_char_p, c_char_p)


class Handler(Structure):
    _fields_ = [("size", c_size_t), ("channel", c_char_p), ("run", RUN), ("data", c_void_p),
                ("repeatable", c_bool), ("start", START), ("within_ms", c_uint64),
                ("at_once", c_uint32), ("per_minute", c_uint32), ("trips", c_uint32)]


class SqliteOptions(Structure):
    _fields_ = [("size", c_size_t), ("path", c_char_p), ("prefix", c_char_p),
                ("tenant", c_char_p), ("read_only", c_bool)]


class EngineOptions(Structure):
    _fields_ = [("size", c_size_t), ("store", c_void_p), ("clock", CLOCK),
                ("clock_data", c_void_p), ("random", RANDOM), ("random_data", c_void_p),
                ("zone_bytes", Str), ("alone", c_bool), ("authorize", c_void_p),
                ("authorize_data", c_void_p), ("before_commit", c_void_p),
                ("before_commit_data", c_void_p), ("documents", c_void_p)]


class DocumentsOptions(Structure):
    _fields_ = [("size", c_size_t), ("folder", c_char_p), ("most_bytes", c_uint64),
                ("examine", EXAMINE), ("examine_data", c_void_p)]


class CompileOptions(Structure):
    _fields_ = [("size", c_size_t), ("read", READ), ("read_data", c_void_p),
                ("today", c_int64), ("replay", c_void_p), ("replay_data", c_void_p),
                ("also_refuted", c_bool)]


class VerifyOptions(Structure):
    _fields_ = [("size", c_size_t), ("finding", FINDING), ("finding_data", c_void_p),
                ("seal", c_void_p), ("seal_data", c_void_p), ("sealed", Str)]


# ---- Functions of libgreffe ---------------------------------------------------------------------

def _declare(name: str, result: object, *arguments: object) -> None:
    function = getattr(lib, name)
    function.restype = result
    function.argtypes = arguments


_declare("greffe_version", c_char_p)
_declare("greffe_status_name", c_char_p, c_int)
_declare("greffe_context_create", c_int, POINTER(c_void_p), c_void_p)
_declare("greffe_context_destroy", None, c_void_p)
_declare("greffe_free", None, c_void_p, c_void_p)
_declare("greffe_diags_create", c_int, POINTER(c_void_p), c_void_p)
_declare("greffe_diags_destroy", None, c_void_p)
_declare("greffe_diags_count", c_size_t, c_void_p)
_declare("greffe_diags_get", POINTER(Diag), c_void_p, c_size_t)
_declare("greffe_diags_render", c_int, POINTER(c_char_p), c_void_p, c_size_t)
_declare("greffe_compile", c_int, POINTER(c_void_p), c_void_p, c_void_p, c_char_p, Str,
         POINTER(CompileOptions))
_declare("greffe_plan_read", c_int, POINTER(c_void_p), c_void_p, Str)
_declare("greffe_plan_unref", None, c_void_p)
_declare("greffe_plan_bundle", Str, c_void_p)
_declare("greffe_plan_hash", Str, c_void_p)
_declare("greffe_plan_id", Str, c_void_p)
_declare("greffe_store_memory", c_int, POINTER(c_void_p))
_declare("greffe_store_sqlite", c_int, POINTER(c_void_p), POINTER(SqliteOptions))
_declare("greffe_engine_open", c_int, POINTER(c_void_p), c_void_p, POINTER(EngineOptions))
_declare("greffe_engine_close", None, c_void_p)
_declare("greffe_engine_free", None, c_void_p, c_void_p)
_declare("greffe_engine_publish", c_int, c_void_p, c_void_p)
_declare("greffe_engine_execute", c_int, c_void_p, POINTER(Result), POINTER(Command))
_declare("greffe_result_free", None, c_void_p, POINTER(Result))
_declare("greffe_engine_read", c_int, c_void_p, POINTER(c_void_p), POINTER(Query))
_declare("greffe_engine_acknowledge", c_int, c_void_p, c_char_p, c_char_p)
_declare("greffe_engine_handle", c_int, c_void_p, POINTER(Handler))
_declare("greffe_engine_run", c_int, c_void_p, POINTER(Progress), c_uint32, c_int64)
_declare("greffe_engine_finish", c_int, c_void_p, c_char_p, POINTER(End))
_declare("greffe_effect_answer", c_int, POINTER(Effect), c_char_p, Str)
_declare("greffe_engine_verify", c_int, c_void_p, POINTER(Verified), POINTER(VerifyOptions))
_declare("greffe_engine_submit", c_int, c_void_p, POINTER(Command), REPLY, c_void_p)
_declare("greffe_engine_ask", c_int, c_void_p, POINTER(Query), REPLY, c_void_p)
_declare("greffe_engine_submit_plan", c_int, c_void_p, c_void_p, REPLY, c_void_p)
_declare("greffe_engine_dispatch", c_int, c_void_p, c_uint32, c_int64, REPLY, c_void_p)
_declare("greffe_engine_watch", c_int, c_void_p, WORK, c_void_p)
_declare("greffe_engine_kick", None, c_void_p)
_declare("greffe_engine_next", c_int, c_void_p, POINTER(Notice))
_declare("greffe_notice_release", None, c_void_p, POINTER(Notice))
_declare("greffe_engine_fd", c_int, c_void_p)
_declare("greffe_documents_files", c_int, POINTER(c_void_p), POINTER(DocumentsOptions))
_declare("greffe_documents_close", None, c_void_p)
_declare("greffe_documents_release", c_int, c_void_p, c_char_p, c_bool)
_declare("greffe_documents_read", c_int, c_void_p, c_char_p, c_char_p, c_uint64, c_void_p,
         c_size_t, POINTER(c_size_t))
_declare("greffe_documents_drop", c_int, c_void_p, c_char_p)
_declare("greffe_documents_sweep", c_int, c_void_p, c_uint64, POINTER(c_uint64))
_declare("greffe_upload_begin", c_int, POINTER(c_void_p), c_void_p)
_declare("greffe_upload_write", c_int, c_void_p, c_char_p, c_size_t)
_declare("greffe_upload_end", c_int, c_void_p, POINTER(Received), c_char_p)
_declare("greffe_upload_abandon", None, c_void_p)


def text(value: str | None) -> bytes | None:
    """A text for C; no zero byte may be in it."""
    if value is None:
        return None
    if "\0" in value:
        raise ValueError("a text for Greffe holds no zero byte")
    return value.encode("utf-8")


def string(value: bytes) -> Str:
    """What ctypes keeps alive with the structure that it becomes a part of."""
    made = Str(ctypes.cast(c_char_p(value), c_void_p), len(value))
    made.kept = value
    return made
