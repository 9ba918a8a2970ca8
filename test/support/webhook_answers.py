"""What the webhook test server sends, by the first segment of the path it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Answer:
    """A well-formed answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"{}"

    def render(self, close: bool = False) -> bytes:
        fields = list(self.headers)
        # HTTP gives these statuses no body, and what is sent anyway would be read as the head
        # of the next answer.
        bodiless = self.status < 200 or self.status in (204, 304)
        if not bodiless:
            fields.append(("Content-Type", "application/json"))
            fields.append(("Content-Length", str(len(self.body))))
        if close:
            fields.append(("Connection", "close"))
        lines = [f"HTTP/1.1 {self.status} {_reason(self.status)}"]
        lines += [f"{name}: {value}" for name, value in fields]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1") + (b"" if bodiless else self.body)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unheard Of"


START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

PLAIN = {
    "ok": Answer(200),
    "accepted": Answer(202),
    "gone": Answer(410),
    "bad_json": Answer(200, body=b'{"unfinished": '),
    "deep_json": Answer(200, body=b"[" * 100_000),
    "huge_header": Answer(200, (("X-Huge", "x" * 1024 * 1024),)),
    "many_headers": Answer(200, tuple((f"X-Header-{n}", "value") for n in range(10_000))),
    "set_cookie": Answer(200, (("Set-Cookie", "session=remember-me; Path=/"),)),
    "auth": Answer(401, (("WWW-Authenticate", 'Basic realm="test"'),)),
    "proxy_auth": Answer(407, (("Proxy-Authenticate", 'Basic realm="test"'),)),
}

# Sent as they are, whereupon the connection stays open and silent until the client leaves.
THEN_HOLD = {
    "silent": b"",
    "hang_after_headers": START + b"Content-Length: 2\r\n\r\n",
    "upgrade": (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    ),
}

# Sent as they are, whereupon the connection is closed.
THEN_CLOSE = {
    "close": b"",
    "close_mid_body": START + b'Content-Length: 100\r\n\r\n{"unfinished": "',
    "bad_length": START + b"Content-Length: 1000\r\n\r\n{}",
    "bad_chunks": START + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n{}\r\n0\r\n\r\n",
    "garbage": bytes(range(256)) * 4,
    "http09": b"{}",
    "no_reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" * 10 + Answer(200).render(close=True),
}

# A start, and what follows it again and again until the client leaves.
ENDLESS = {
    "endless_body": (START + b"Connection: close\r\n\r\n", b" " * 4096),
    "endless_headers": (START, b"X-Another: value\r\n" * 100),
    "informational_flood": (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100),
}
