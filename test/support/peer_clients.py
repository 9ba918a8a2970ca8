"""What the checks of the test servers talk to them with."""

from __future__ import annotations

import http.client
import smtplib
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager

from peer_server import PeerServer
from smtp_server import SmtpServer
from webhook_receiver import WebhookReceiver

TIMEOUT = 5.0
SENDER = "a@example.org"
RECIPIENT = "b@example.org"
TEXT = b"Subject: hello\r\n\r\n.first\r\n..second\r\nl\xc3\xa4st\r\n"


def caller(server: PeerServer, timeout: float = TIMEOUT) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout)


def read_all(sock: socket.socket, most: int, end: bytes | None = None) -> bytes:
    """Read until the peer closes, but no further than `most` bytes or what ends with `end`."""
    data = b""
    while len(data) < most and (piece := sock.recv(65536)):
        data += piece
        if end is not None and data.endswith(end):
            break
    return data


@contextmanager
def certificate() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        files = f"{folder}/cert.pem", f"{folder}/key.pem"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        subject = ["-subj", "/CN=localhost", "-days", "2", "-out", files[0], "-keyout", files[1]]
        subprocess.run(command.split() + subject, check=True, capture_output=True)
        yield files


def trust_anything() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def smtp_client(server: SmtpServer, timeout: float = TIMEOUT) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", server.port, "client.test", timeout)


def send_mail(server: SmtpServer, *recipients: str, timeout: float = TIMEOUT) -> dict[str, int]:
    """Return the refused recipients with their codes; what concerns all of them is raised."""
    with smtp_client(server, timeout) as client:
        refused = client.sendmail(SENDER, recipients or (RECIPIENT,), TEXT)
        return {address: code for address, (code, _) in refused.items()}


def http_client(server: WebhookReceiver, timeout: float = TIMEOUT) -> http.client.HTTPConnection:
    if server.tls_context is None:
        return http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    context = trust_anything()
    return http.client.HTTPSConnection("127.0.0.1", server.port, timeout=timeout, context=context)


def fetch(
    server: WebhookReceiver, path: str, identity: str = "", timeout: float = TIMEOUT
) -> tuple[int, http.client.HTTPMessage, bytes]:
    with closing(http_client(server, timeout)) as client:
        client.request("POST", path, b"\xff{}", {"Webhook-Id": identity})
        response = client.getresponse()
        return response.status, response.headers, response.read()
