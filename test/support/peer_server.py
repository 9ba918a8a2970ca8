"""What the SMTP and the webhook test server share: sockets, threads, record, command line."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import ClassVar, NoReturn, Self

POLL_SECONDS = 0.05
STOP_SECONDS = 3.0


class Hangup(Exception):
    """Ends a conversation: the peer has left, or the mode wants the connection dropped."""


class Connection:
    """An accepted socket with a receive buffer, which may turn to TLS half-way.

    Every method that waits raises Hangup (or OSError) once the peer has left or the server is
    being stopped, so that no thread outlives its server.
    """

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self._sock = sock
        self._stopping = stopping
        self._buffer = bytearray()

    @property
    def encrypted(self) -> bool:
        return isinstance(self._sock, ssl.SSLSocket)

    def prepare(self) -> None:
        # Without this the kernel gathers the single bytes of drip() into larger segments.
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start_tls(self, context: ssl.SSLContext) -> None:
        # Clear text that arrived ahead of the handshake must never be obeyed after it.
        self._buffer.clear()
        self._sock = context.wrap_socket(
            self._sock, server_side=True, do_handshake_on_connect=False
        )
        # wake() may have reached for the old socket just before it was replaced.
        if self._stopping.is_set():
            raise Hangup
        self._sock.do_handshake()

    def read_until(self, marker: bytes) -> bytes:
        """Return everything up to and including the marker."""
        searched = 0
        while (found := self._buffer.find(marker, searched)) < 0:
            searched = max(0, len(self._buffer) - len(marker) + 1)
            self._fill()
        return self._take(found + len(marker))

    def read_line(self) -> bytes:
        return self.read_until(b"\n").rstrip(b"\r\n")

    def read_exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        return self._take(size)

    def read_some(self) -> bytes:
        if not self._buffer:
            self._fill()
        return self._take(len(self._buffer))

    def unread(self, data: bytes) -> None:
        self._buffer[:0] = data

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def send_for_ever(self, data: bytes) -> NoReturn:
        while True:
            self._sock.sendall(data)

    def drip(self, data: bytes, interval: float) -> None:
        for byte in data:
            self.send(bytes([byte]))
            self.pause(interval)

    def pause(self, seconds: float) -> None:
        """Wait, but not for a peer that has already left."""
        deadline = time.monotonic() + seconds
        try:
            while (left := deadline - time.monotonic()) > 0:
                self._sock.settimeout(left)
                self._fill()
        except TimeoutError:
            pass
        finally:
            self._sock.settimeout(None)

    def hold(self) -> NoReturn:
        """Keep the connection open, and silent, until the peer leaves."""
        while True:
            self._buffer.clear()
            self._fill()

    def reset(self) -> NoReturn:
        """Drop the connection with RST in place of the orderly FIN."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Hangup

    def wake(self) -> None:
        """End, from another thread, whatever call the connection is blocked in."""
        try:
            # The plain socket's method: that of SSLSocket would pull the TLS state from under
            # the thread that is using it.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self) -> None:
        self._sock.close()

    def _fill(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise Hangup
        self._buffer += data

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


class Record:
    """A file of JSON lines, each safely on disk before the peer can hear of its acceptance."""

    def __init__(self, path: str | None) -> None:
        self._file = None if path is None else open(path, "a", encoding="ascii")

    def append(self, entry: dict[str, object]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class PeerServer:
    """Listens, and gives each connection a thread of its own; a context manager.

    The port is bound (and `port` known) from the constructor on; connections are taken from
    start() or `with` on. `changed` guards all counters and lists, and tells of every change.
    """

    MODES: ClassVar[frozenset[str]]

    def __init__(
        self,
        host: str,
        port: int,
        mode: str,
        record: str | None,
        tls: tuple[str, str] | None,
        implicit_tls: bool,
    ) -> None:
        self.mode = mode
        self.tls_context = None if tls is None else _server_context(*tls)
        if implicit_tls and self.tls_context is None:
            raise ValueError("implicit TLS needs a certificate and a key")
        self.connections = 0
        self.changed = threading.Condition()
        self.record = Record(record)
        self._implicit_tls = implicit_tls
        self._stopping = threading.Event()
        self._active: dict[Connection, threading.Thread] = {}
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self._listener.settimeout(POLL_SECONDS)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def mode(self) -> str:
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in self.MODES:
            raise ValueError(f"no such mode: {mode}")
        self._mode = mode

    def converse(self, connection: Connection) -> None:
        raise NotImplementedError

    def wait_until(self, predicate: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Wait for something to be counted or recorded; tell whether it was."""
        with self.changed:
            return self.changed.wait_for(predicate, seconds)

    def start(self) -> None:
        self._acceptor.start()

    def stop(self) -> None:
        self._stopping.set()
        deadline = time.monotonic() + STOP_SECONDS
        if self._acceptor.is_alive():
            self._acceptor.join(STOP_SECONDS)
        self._listener.close()
        with self.changed:
            active = list(self._active.items())
        for connection, _ in active:
            connection.wake()
        for _, thread in active:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.record.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                # Nobody called since the last poll, or a caller left again while queueing.
                continue
            connection = Connection(sock, self._stopping)
            thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
            with self.changed:
                self.connections += 1
                self._active[connection] = thread
                self.changed.notify_all()
            thread.start()

    def _run(self, connection: Connection) -> None:
        try:
            connection.prepare()
            self._receive(connection)
        except (Hangup, OSError):
            # A peer may leave at any moment and in any manner: that is no error here.
            pass
        finally:
            connection.close()
            with self.changed:
                del self._active[connection]
                self.changed.notify_all()

    def _receive(self, connection: Connection) -> None:
        # These act below TLS, hence ahead of any handshake.
        mode = self.mode
        if mode == "reset_at_connect":
            connection.reset()
        if mode == "close_at_connect":
            raise Hangup
        if mode in ("silent", "silent_at_connect"):
            connection.hold()
        if self._implicit_tls and self.tls_context is not None:
            connection.start_tls(self.tls_context)
        self.converse(connection)


def common_options(description: str, modes: frozenset[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", metavar="FILE", help="append a JSON line for each receipt")
    parser.add_argument("--mode", default="ok", choices=sorted(modes), metavar="MODE")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="PEM files")
    return parser


def serve_until_terminated(server: PeerServer) -> None:
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: done.set())
    with server:
        print(f"port {server.port}", flush=True)
        done.wait()


def _server_context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
