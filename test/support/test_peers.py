"""Checks the two test servers with the standard library's own clients."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import shutil
import smtplib
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

from peer_clients import (
    RECIPIENT,
    SENDER,
    TEXT,
    TIMEOUT,
    caller,
    certificate,
    fetch,
    http_client,
    read_all,
    send_mail,
    smtp_client,
    trust_anything,
)
from smtp_server import SmtpServer
from webhook_receiver import WebhookReceiver, verify

HERE = Path(__file__).resolve().parent


class SmtpCase(unittest.TestCase):
    def test_message_arrives_as_sent(self) -> None:
        with SmtpServer() as server:
            send_mail(server, RECIPIENT, "mode-ok+c@example.org")
            self.assertEqual((server.connections, server.data_ended), (1, 1))
            self.assertEqual(server.commands["RCPT"], 2)
            message = server.messages[0]
        self.assertEqual(message.data.encode("latin-1"), TEXT)
        self.assertEqual(message.rcpt_to, [RECIPIENT, "mode-ok+c@example.org"])
        self.assertEqual((message.mail_from, message.helo), (SENDER, "client.test"))
        self.assertEqual((message.tls, message.user), (False, None))

    def test_pipelined_commands_and_strict_line_ends(self) -> None:
        dialogue = (
            b"EHLO client.test\r\nNOOP\r\nMAIL FROM:<> SIZE=9\r\nRCPT TO:<\"x>y\"@example.org>\r\n"
            b"DATA\r\n.\n\n.\r\nstill data\r\n.\r\nRSET\r\nBOGUS\r\nQUIT\r\n"
        )
        with SmtpServer() as server, caller(server) as sock:
            sock.sendall(dialogue)
            replies = read_all(sock, 65536).decode("ascii").splitlines()
            codes = [line[:3] for line in replies if line[3] == " "]
            self.assertEqual(" ".join(codes), "220 250 250 250 250 354 250 250 500 221")
            # Neither lone line feed makes a line of its own, so no dot ends the data early.
            self.assertEqual(server.messages[0].data, "\n\n.\r\nstill data\r\n")
            self.assertEqual(server.messages[0].rcpt_to, ['"x>y"@example.org'])
            self.assertEqual(server.messages[0].mail_options, ["SIZE=9"])

    def test_refusals_by_mode(self) -> None:
        codes = {
            "greeting_421": 421, "greeting_554": 554, "garbage_greeting": -1, "mail_450": 450,
            "mail_550": 550, "shutdown_421": 421, "data_refused_451": 451,
            "data_refused_554": 554, "wrong_codes": 250, "tempfail_end": 451,
            "permfail_end": 554, "full": 452,
        }
        with SmtpServer() as server:
            for mode, code in codes.items():
                with self.subTest(mode), self.assertRaises(smtplib.SMTPResponseException) as caught:
                    server.mode = mode
                    send_mail(server)
                self.assertEqual(caught.exception.smtp_code, code, mode)
            self.assertEqual((server.messages, server.data_ended), ([], 3))

    def test_recipients_override_the_mode(self) -> None:
        temporary, permanent = "mode-tempfail_rcpt@example.org", "mode-permfail_rcpt@example.org"
        grey, early = "mode-greylist@example.org", "mode-mail_550@example.org"
        with SmtpServer(mode="full") as server:
            refused = send_mail(server, temporary, permanent, grey, early, "mode-ok@example.org")
            self.assertEqual(refused, {temporary: 450, permanent: 550, grey: 450, early: 501})
            server.mode = "ok"
            self.assertEqual(send_mail(server, grey), {})
            with self.assertRaises(smtplib.SMTPDataError):
                send_mail(server, RECIPIENT, "mode-permfail_end@example.org")
            self.assertEqual(len(server.messages), 2)

    def test_dropped_connections(self) -> None:
        ended_and_kept = {
            "close_at_connect": (0, 0), "drop_before_data": (0, 0), "drop_during_data": (0, 0),
            "drop_after_data": (1, 1), "silent": (0, 0), "silent_after_data": (1, 1),
        }
        for mode, expected in ended_and_kept.items():
            with self.subTest(mode), SmtpServer(mode=mode) as server:
                with self.assertRaises(smtplib.SMTPServerDisconnected):
                    send_mail(server, timeout=0.6)
                self.assertEqual((server.data_ended, len(server.messages)), expected)

    def test_mail_goes_through_regardless(self) -> None:
        with SmtpServer() as server:
            for mode in ("close_after_accept", "ehlo_refused", "greylist"):
                server.mode = mode
                with smtp_client(server) as client:
                    if mode == "greylist":
                        with self.assertRaises(smtplib.SMTPRecipientsRefused):
                            client.sendmail(SENDER, RECIPIENT, TEXT)
                    client.sendmail(SENDER, RECIPIENT, TEXT)
            self.assertEqual((len(server.messages), server.commands["HELO"]), (3, 1))

    def test_reset_at_connect(self) -> None:
        for server in (SmtpServer(mode="reset_at_connect"), WebhookReceiver()):
            server.mode = "reset_at_connect"
            # The reset may come as early as during the call to connect.
            with server, self.assertRaises(ConnectionResetError):
                with caller(server) as sock:
                    sock.recv(1)

    def test_greetings_without_end(self) -> None:
        with SmtpServer(mode="endless_greeting") as server, caller(server) as sock:
            lines = read_all(sock, 200_000).split(b"\r\n")[:-1]
            self.assertEqual({line[:4] for line in lines}, {b"220-"})
            server.mode = "long_line"
            with caller(server) as other:
                self.assertNotIn(b"\n", read_all(other, 1024 * 1024))

    def test_slow_and_unsolicited_replies(self) -> None:
        with SmtpServer(mode="slow_greeting") as server:
            server.greeting_delay = 0.3
            begun = time.monotonic()
            with smtp_client(server) as client:
                self.assertGreater(time.monotonic() - begun, 0.25)
                server.mode = "slow_drip"
                begun = time.monotonic()
                self.assertEqual(client.noop()[0], 250)
                self.assertGreater(time.monotonic() - begun, 0.5)
                server.mode = "ok"
            server.mode = "unsolicited"
            with smtp_client(server) as client:
                self.assertEqual(client.getreply()[0], 250)
                server.mode = "ok"

    def test_authentication(self) -> None:
        with SmtpServer(user="us\u00e9r", password="secret") as server:
            # smtplib's login() takes ASCII only.
            plain = base64.b64encode("\0us\u00e9r\0secret".encode()).decode("ascii")
            with self.assertRaises(smtplib.SMTPSenderRefused):
                send_mail(server)
            with smtp_client(server) as client:
                self.assertEqual(client.docmd("EHLO", "x")[0], 250)
                self.assertEqual(client.docmd("AUTH", "PLAIN *")[0], 501)
                self.assertEqual(client.docmd("AUTH", "BOGUS")[0], 504)
                for mode, code in {"auth_refused": 535, "auth_temporary": 454, "ok": 235}.items():
                    server.mode = mode
                    self.assertEqual(client.docmd("AUTH", "PLAIN " + plain)[0], code)
                client.sendmail(SENDER, RECIPIENT, TEXT)
            self.assertEqual(server.messages[0].user, "us\u00e9r")

    def test_login_with_a_dialogue(self) -> None:
        with SmtpServer(user="user", password="secret") as server, smtp_client(server) as client:
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                client.login("user", "wrong")
            steps = {"AUTH LOGIN": 334, "dXNlcg==": 334, "c2VjcmV0": 235}
            self.assertEqual([client.docmd(step)[0] for step in steps], list(steps.values()))


@unittest.skipUnless(shutil.which("openssl"), "a certificate cannot be made without openssl")
class TlsCase(unittest.TestCase):
    def test_starttls(self) -> None:
        with certificate() as files, SmtpServer(tls=files) as server:
            with smtp_client(server) as client:
                client.starttls(context=trust_anything())
                self.assertNotIn("starttls", client.ehlo()[1].decode("ascii").lower())
                client.sendmail(SENDER, RECIPIENT, TEXT)
            self.assertTrue(server.messages[0].tls)
            for mode, kind in {
                "no_starttls": smtplib.SMTPNotSupportedError,
                "starttls_refused": smtplib.SMTPResponseException,
                "starttls_garbage": ssl.SSLError,
            }.items():
                with self.subTest(mode), smtp_client(server) as client:
                    server.mode = mode
                    with self.assertRaises(kind):
                        client.starttls(context=trust_anything())
                    client.close()

    def test_commands_before_the_handshake_are_forgotten(self) -> None:
        with certificate() as files, SmtpServer(tls=files) as server, caller(server) as sock:
            sock.sendall(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
            read_all(sock, 65536, end=b"220 2.0.0 Go ahead\r\n")
            with trust_anything().wrap_socket(sock) as secure:
                secure.sendall(b"NOOP\r\n")
                self.assertEqual(secure.recv(3), b"250")
            self.assertEqual(server.commands["MAIL"], 0)

    def test_tls_from_the_start(self) -> None:
        with certificate() as files:
            with SmtpServer(tls=files, implicit_tls=True) as server:
                context = trust_anything()
                with smtplib.SMTP_SSL("127.0.0.1", server.port, context=context) as client:
                    client.sendmail(SENDER, RECIPIENT, TEXT)
                self.assertTrue(server.messages[0].tls)
            with WebhookReceiver(tls=files) as receiver:
                self.assertEqual(fetch(receiver, "/ok")[2], b"{}")


class WebhookCase(unittest.TestCase):
    def test_request_is_recorded_whole(self) -> None:
        with WebhookReceiver() as server:
            fetch(server, "/ok?x=1", "msg_1")
            self.assertEqual(fetch(server, "/early_answer")[0], 413)
            (request,) = server.requests
        self.assertEqual((request.method, request.path), ("POST", "/ok?x=1"))
        self.assertEqual((request.headers["webhook-id"], request.body), ("msg_1", "\xff{}"))
        self.assertLess(abs(request.received - time.time()), TIMEOUT)

    def test_statuses(self) -> None:
        statuses = {
            "/ok": 200, "/accepted": 202, "/answer": 200, "/status/204": 204, "/status/599": 599,
            "/retry-after/429/soon": 429, "/redirect/307": 307, "/continue": 200, "/auth": 401,
            "/bad_json": 200, "/deep_json": 200, "/upgrade": 101, "/set_cookie": 200,
            "/proxy_auth": 407, "/gone": 410, "/no_reason": 200, "/slow/0.1": 200,
            "/status/none": 400, "/status": 400, "/nowhere": 404,
        }
        with WebhookReceiver() as server:
            server.answer = b'{"answer": 42}'
            for path, status in statuses.items():
                with self.subTest(path):
                    self.assertEqual(fetch(server, path)[0], status)
            self.assertEqual(fetch(server, "/answer")[2], server.answer)
            self.assertEqual(fetch(server, "/retry-after/429/soon")[1]["Retry-After"], "soon")
            self.assertEqual(fetch(server, "/redirect/301")[1]["Location"], server.base_url + "/ok")
            date = str(fetch(server, "/retry-date/503/100")[1]["Retry-After"])
            seconds = parsedate_to_datetime(date).timestamp() - time.time()
            self.assertAlmostEqual(seconds, 100, delta=TIMEOUT)

    def test_answers_that_are_none(self) -> None:
        errors: dict[str, type[Exception]] = {
            "/close": http.client.RemoteDisconnected, "/close_mid_body": http.client.IncompleteRead,
            "/bad_length": http.client.IncompleteRead, "/garbage": http.client.BadStatusLine,
            "/bad_chunks": http.client.IncompleteRead, "/http09": http.client.BadStatusLine,
            "/huge_header": http.client.LineTooLong, "/many_headers": http.client.HTTPException,
            "/endless_headers": http.client.HTTPException, "/silent": TimeoutError,
            "/hang_after_headers": TimeoutError, "/reset": ConnectionResetError,
        }
        with WebhookReceiver() as server:
            for path, error in errors.items():
                with self.subTest(path), self.assertRaises(error):
                    fetch(server, path, timeout=0.6)
            self.assertEqual(len(server.requests), len(errors))
            for mode in ("close_at_connect", "silent_at_connect"):
                server.mode = mode
                with self.assertRaises((ConnectionError, TimeoutError)):
                    fetch(server, "/ok", timeout=0.6)

    def test_answers_without_end(self) -> None:
        with WebhookReceiver() as server:
            for path in ("/endless_body", "/informational_flood"):
                with self.subTest(path), caller(server) as sock:
                    sock.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode("ascii"))
                    self.assertGreaterEqual(len(read_all(sock, 1_000_000)), 1_000_000)
            begun = time.monotonic()
            self.assertEqual(fetch(server, "/drip")[0], 200)
            self.assertGreater(time.monotonic() - begun, 0.5)
            bomb = fetch(server, "/gzip_bomb")[2]
            self.assertEqual(zlib.decompress(bomb, wbits=31).count(0), 100_000_000)

    def test_answers_that_count(self) -> None:
        with WebhookReceiver() as server:
            flaky = [fetch(server, "/flaky/2", identity)[0] for identity in "aaaabb"]
            self.assertEqual(flaky, [503, 503, 200, 200, 503, 503])
            once = [fetch(server, "/once", identity)[0] for identity in "aab"]
            self.assertEqual(once, [200, 409, 200])

    def test_keep_alive_chunks_and_expectation(self) -> None:
        with WebhookReceiver() as server:
            with closing(http_client(server)) as client:
                for _ in range(3):
                    client.request("POST", "/ok", iter([b"ab", b"c"]), {"Expect": "100-continue"})
                    client.getresponse().read()
            self.assertEqual([request.body for request in server.requests], ["abc"] * 3)
            self.assertEqual((server.connections, server.most_at_once), (1, 1))

    def test_concurrent_requests_are_counted(self) -> None:
        with WebhookReceiver() as server:
            threads = [threading.Thread(target=fetch, args=(server, "/slow/0.3")) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT)
            self.assertEqual(server.most_at_once, 8)
            self.assertTrue(server.wait_until(lambda: server.open_requests == 0))


class VerifyCase(unittest.TestCase):
    # The test vector that the implementations of Standard Webhooks share.
    SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    BODY = b'{"test": 2432232314}'
    SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    STAMP = 1614265330

    def check(self, signature: str, *secrets: str, age: float = 0, body: bytes = BODY) -> bool:
        headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-signature": signature}
        headers["webhook-timestamp"] = str(self.STAMP)
        return verify(list(secrets), headers, body, now=self.STAMP + age)

    def test_verify(self) -> None:
        key = b"another key, of thirty-two bytes"
        other = "whsec_" + base64.b64encode(key).decode("ascii")
        signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + self.BODY
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        second = "v1," + base64.b64encode(digest).decode("ascii")
        self.assertTrue(self.check(self.SIGNATURE, self.SECRET))
        self.assertTrue(self.check(second, self.SECRET, other))
        self.assertTrue(self.check(f"v1a,x {second} {self.SIGNATURE}", self.SECRET))
        self.assertFalse(self.check(self.SIGNATURE, other))
        self.assertFalse(self.check(self.SIGNATURE, self.SECRET, body=self.BODY + b" "))
        self.assertFalse(self.check(self.SIGNATURE[:-4], self.SECRET))
        for age, fresh in {300: True, 301: False, -300: True, -301: False}.items():
            self.assertEqual(self.check(self.SIGNATURE, self.SECRET, age=age), fresh)
        self.assertFalse(verify([self.SECRET], {}, self.BODY))
        with self.assertRaises(ValueError):
            self.check(self.SIGNATURE, "no secret")


class CommandLineCase(unittest.TestCase):
    @contextmanager
    def running(self, script: str, *options: str) -> Iterator[int]:
        command = [sys.executable, str(HERE / script), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                word, number = process.stdout.readline().split()
                self.assertEqual(word, "port")
                yield int(number)
            finally:
                process.terminate()
                self.assertEqual(process.wait(TIMEOUT), 0)

    def test_both_servers(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            record, answer = f"{folder}/record", f"{folder}/answer"
            Path(answer).write_bytes(b"[1]")
            with self.running("smtp_server.py", "--record", record) as port:
                with smtplib.SMTP("127.0.0.1", port, "client.test", TIMEOUT) as mail_client:
                    mail_client.sendmail(SENDER, RECIPIENT, TEXT)
            options = ("--record", record, "--answer", answer)
            with self.running("webhook_receiver.py", *options) as port:
                with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
                    client.request("POST", "/answer", b"{}")
                    self.assertEqual(client.getresponse().read(), b"[1]")
            message, request = map(json.loads, Path(record).read_text("ascii").splitlines())
        self.assertEqual((message["rcpt_to"], message["user"]), ([RECIPIENT], None))
        self.assertEqual((request["path"], request["body"]), ("/answer", "{}"))


if __name__ == "__main__":
    unittest.main()
