"""An HTTP/1.1 server that receives webhooks and answers as the path's first segment asks.

The answers themselves are in webhook_answers.py; what stands here reads requests, records them
and chooses. A request is recorded once its body has arrived whole, before anything is answered.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.utils import formatdate
from urllib.parse import unquote

from peer_server import Connection, Hangup, PeerServer, common_options, serve_until_terminated
from webhook_answers import ENDLESS, PLAIN, THEN_CLOSE, THEN_HOLD, Answer

TOLERANCE_SECONDS = 300


def verify(
    secrets: list[str],
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> bool:
    """Tell whether one of the secrets signed the request, as Standard Webhooks specifies.

    A body given as text stands for bytes as in Request.body. A malformed secret is a mistake of
    the test, not of the sender: it raises ValueError.
    """
    keys = [_signing_key(secret) for secret in secrets]
    fields = {name.lower(): value for name, value in headers.items()}
    identity = fields.get("webhook-id", "")
    timestamp = fields.get("webhook-timestamp", "")
    if not identity or not re.fullmatch("[0-9]{1,15}", timestamp):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        return False
    content = body.encode("latin-1") if isinstance(body, str) else body
    signed = f"{identity}.{timestamp}.".encode("latin-1") + content
    expected = [b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    # Entries of other versions, such as v1a, are not ours to judge: they match nothing.
    entries = fields.get("webhook-signature", "").encode("latin-1").split(b" ")
    return any(hmac.compare_digest(entry, known) for entry in entries for known in expected)


def _signing_key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        raise ValueError("a signing secret begins with whsec_")
    return base64.b64decode(secret[len("whsec_") :], validate=True)


@dataclass(frozen=True)
class Request:
    """A whole request; `body` has a character for each byte, repeated headers are joined."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    received: float


class WebhookReceiver(PeerServer):
    """With a certificate given, TLS is spoken from the start.

    `answer` is what /answer sends, `redirect_to` where /redirect points.
    """

    MODES = frozenset({"ok", "reset_at_connect", "close_at_connect", "silent_at_connect"})

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        mode: str = "ok",
        record: str | None = None,
        tls: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(host, port, mode, record, tls, implicit_tls=tls is not None)
        self.base_url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        self.redirect_to = self.base_url + "/ok"
        self.answer = b"{}"
        self.drip_interval = 0.05
        self.requests: list[Request] = []
        self.open_requests = 0
        self.most_at_once = 0
        self._attempts: Counter[tuple[str, str]] = Counter()

    def converse(self, connection: Connection) -> None:
        while True:
            head = connection.read_until(b"\r\n\r\n")
            with self.open_request():
                Exchange(self, connection).serve(head)

    @contextmanager
    def open_request(self) -> Iterator[None]:
        with self.changed:
            self.open_requests += 1
            self.most_at_once = max(self.most_at_once, self.open_requests)
            self.changed.notify_all()
        try:
            yield
        finally:
            with self.changed:
                self.open_requests -= 1
                self.changed.notify_all()

    def keep(self, request: Request) -> None:
        with self.changed:
            self.record.append(asdict(request))
            self.requests.append(request)
            self.changed.notify_all()

    def count_attempt(self, request: Request) -> int:
        """Tell how often this path has seen this webhook-id, the request included."""
        key = (request.path, request.headers.get("webhook-id", ""))
        with self.changed:
            self._attempts[key] += 1
            return self._attempts[key]


class Exchange:
    """One request and its answer."""

    def __init__(self, server: WebhookReceiver, connection: Connection) -> None:
        self.server = server
        self.connection = connection
        self.close_after = False
        self.choices: dict[str, Callable[[Request, list[str]], None]] = {
            "answer": self.configured,
            "status": self.status,
            "retry-after": self.retry_after,
            "retry-date": self.retry_date,
            "redirect": self.redirect,
            "slow": self.slow,
            "drip": self.drip,
            "reset": self.reset,
            "gzip_bomb": self.gzip_bomb,
            "flaky": self.flaky,
            "once": self.once,
        }

    def serve(self, head: bytes) -> None:
        try:
            method, path, version, headers = _parse_head(head)
            name, *arguments = unquote(path.partition("?")[0]).lstrip("/").split("/")
            self.close_after = version == "HTTP/1.0" or _is(headers, "connection", "close")
            if name == "early_answer":
                # Closing with the body unread may reset the connection under the answer, as it
                # does with real servers.
                self.close_after = True
                self.send(Answer(413))
            body = self.read_body(headers).decode("latin-1")
            request = Request(method, path, headers, body, time.time())
            self.server.keep(request)
            self.choose(name, arguments, request)
        except (ValueError, IndexError) as error:
            self.close_after = True
            self.send(Answer(400, body=f"the test server cannot use this: {error}".encode()))

    def read_body(self, headers: dict[str, str]) -> bytes:
        if _is(headers, "expect", "100-continue"):
            self.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if _is(headers, "transfer-encoding", "chunked"):
            return self.read_chunks()
        length = int(headers.get("content-length", "0"))
        if length < 0:
            raise ValueError("a negative length")
        return self.connection.read_exactly(length)

    def read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self.connection.read_line().partition(b";")[0], 16):
            body += self.connection.read_exactly(size)
            self.connection.read_line()
        while self.connection.read_line():
            pass
        return bytes(body)

    def choose(self, name: str, arguments: list[str], request: Request) -> None:
        if name in PLAIN:
            self.send(PLAIN[name])
        elif name in THEN_HOLD:
            self.connection.send(THEN_HOLD[name])
            self.connection.hold()
        elif name in THEN_CLOSE:
            self.connection.send(THEN_CLOSE[name])
            raise Hangup
        elif name in ENDLESS:
            start, repeated = ENDLESS[name]
            self.connection.send(start)
            self.connection.send_for_ever(repeated)
        elif name in self.choices:
            self.choices[name](request, arguments)
        else:
            self.send(Answer(404, body=b"the test server knows no such path"))

    def send(self, answer: Answer) -> None:
        self.connection.send(answer.render(self.close_after))
        if self.close_after:
            raise Hangup

    def configured(self, _request: Request, _arguments: list[str]) -> None:
        self.send(Answer(200, body=self.server.answer))

    def status(self, _request: Request, arguments: list[str]) -> None:
        self.send(Answer(int(arguments[0])))

    def retry_after(self, _request: Request, arguments: list[str]) -> None:
        # Passed on as it is, so that a test may ask for values that are no numbers.
        self.send(Answer(int(arguments[0]), (("Retry-After", arguments[1]),)))

    def retry_date(self, _request: Request, arguments: list[str]) -> None:
        date = formatdate(time.time() + int(arguments[1]), usegmt=True)
        self.send(Answer(int(arguments[0]), (("Retry-After", date),)))

    def redirect(self, _request: Request, arguments: list[str]) -> None:
        self.send(Answer(int(arguments[0]), (("Location", self.server.redirect_to),)))

    def slow(self, _request: Request, arguments: list[str]) -> None:
        self.connection.pause(float(arguments[0]))
        self.send(Answer(200))

    def drip(self, _request: Request, _arguments: list[str]) -> None:
        status_line, end, rest = Answer(200).render(self.close_after).partition(b"\r\n")
        self.connection.drip(status_line, self.server.drip_interval)
        self.connection.send(end + rest)
        if self.close_after:
            raise Hangup

    def reset(self, _request: Request, _arguments: list[str]) -> None:
        self.connection.reset()

    def gzip_bomb(self, _request: Request, _arguments: list[str]) -> None:
        self.send(Answer(200, (("Content-Encoding", "gzip"),), _zipped_zeros()))

    def flaky(self, request: Request, arguments: list[str]) -> None:
        refused = self.server.count_attempt(request) <= int(arguments[0])
        self.send(Answer(503 if refused else 200))

    def once(self, request: Request, _arguments: list[str]) -> None:
        self.send(Answer(200 if self.server.count_attempt(request) == 1 else 409))


def _parse_head(head: bytes) -> tuple[str, str, str, dict[str, str]]:
    start, *lines = head.decode("latin-1").strip("\r\n").split("\r\n")
    method, path, version = start.split(" ")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("a header line without a colon")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return method, path, version, headers


def _is(headers: dict[str, str], name: str, value: str) -> bool:
    return headers.get(name, "").lower() == value


@functools.lru_cache(maxsize=None)
def _zipped_zeros() -> bytes:
    # Made at first use, and piece by piece: few tests need it and none needs the 100 MB here.
    packer = zlib.compressobj(wbits=31)
    piece = bytes(1_000_000)
    return b"".join(packer.compress(piece) for _ in range(100)) + packer.flush()


def main() -> None:
    parser = common_options("An HTTP server for tests of webhooks.", WebhookReceiver.MODES)
    parser.add_argument("--answer", metavar="FILE", help="what /answer sends")
    parser.add_argument("--redirect-to", metavar="URL", help="where /redirect points")
    options = parser.parse_args()
    server = WebhookReceiver(
        host=options.host,
        port=options.port,
        mode=options.mode,
        record=options.record,
        tls=options.tls and (options.tls[0], options.tls[1]),
    )
    if options.answer is not None:
        with open(options.answer, "rb") as file:
            server.answer = file.read()
    if options.redirect_to is not None:
        server.redirect_to = options.redirect_to
    serve_until_terminated(server)


if __name__ == "__main__":
    main()
