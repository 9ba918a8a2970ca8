"""An SMTP server that behaves, or misbehaves, as a test asks of it.

The mode holds for the whole server. A recipient whose local part is `mode-MODE`, or
`mode-MODE+anything`, overrides it for modes that act at RCPT or later: a refusal at RCPT concerns
that recipient alone, any other mode the rest of the transaction (the last such recipient counts).
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass

import smtp_modes as modes
from peer_server import Connection, Hangup, PeerServer, common_options, serve_until_terminated

# A quoted local part may hold the bracket that otherwise ends the path.
PATH = re.compile(r'(FROM|TO):\s*<((?:"(?:\\.|[^"\\])*"|[^">])*)>\s*(.*)', re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """An accepted message; `data` is what arrived, dots unstuffed, a character for each byte."""

    mail_from: str
    rcpt_to: list[str]
    data: str
    tls: bool
    user: str | None
    helo: str
    mail_options: list[str]


class SmtpServer(PeerServer):
    """See the head of this file for the modes' reach.

    With a user given, AUTH is offered and MAIL refused without it. With a certificate given,
    STARTTLS is offered, or TLS spoken from the start if implicit_tls is set.
    """

    MODES = modes.EARLY_MODES | modes.RECIPIENT_MODES

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        mode: str = "ok",
        record: str | None = None,
        tls: tuple[str, str] | None = None,
        implicit_tls: bool = False,
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        super().__init__(host, port, mode, record, tls, implicit_tls)
        self.user = user
        self.password = password
        self.greeting_delay = 2.0
        self.drip_interval = 0.05
        self.size_limit = 64 * 1024 * 1024
        self.messages: list[Message] = []
        self.commands: Counter[str] = Counter()
        self.data_ended = 0
        self._greylisted: set[tuple[str, str]] = set()

    def converse(self, connection: Connection) -> None:
        Session(self, connection).run()

    def count_command(self, verb: str) -> None:
        with self.changed:
            self.commands[verb] += 1
            self.changed.notify_all()

    def count_end_of_data(self) -> None:
        with self.changed:
            self.data_ended += 1
            self.changed.notify_all()

    def accept(self, message: Message) -> None:
        with self.changed:
            self.record.append(asdict(message))
            self.messages.append(message)
            self.changed.notify_all()

    def is_first_attempt(self, sender: str, recipient: str) -> bool:
        with self.changed:
            first = (sender, recipient) not in self._greylisted
            self._greylisted.add((sender, recipient))
            return first


class Session:
    """One connection's conversation."""

    def __init__(self, server: SmtpServer, connection: Connection) -> None:
        self.server = server
        self.connection = connection
        self.turned_away = False
        self.forget_client()
        self.handlers: dict[str, Callable[[str], None]] = {
            "EHLO": self.ehlo,
            "HELO": self.helo_only,
            "STARTTLS": self.starttls,
            "AUTH": self.auth,
            "MAIL": self.mail,
            "RCPT": self.rcpt,
            "DATA": self.data,
            "RSET": self.rset,
            "NOOP": self.noop,
            "QUIT": self.quit,
        }

    def forget_client(self) -> None:
        self.helo: str | None = None
        self.user: str | None = None
        self.forget_transaction()

    def forget_transaction(self) -> None:
        self.mail_from: str | None = None
        self.mail_options: list[str] = []
        self.rcpt_to: list[str] = []
        self.override: str | None = None

    @property
    def mode(self) -> str:
        return self.override or self.server.mode

    @property
    def offers_starttls(self) -> bool:
        possible = self.server.tls_context is not None and not self.connection.encrypted
        return possible and self.mode != "no_starttls"

    def run(self) -> None:
        self.greet()
        while True:
            self.obey(_text(self.connection.read_line()))

    def reply(self, text: str) -> None:
        data = text.encode("ascii") + b"\r\n"
        if self.mode == "unsolicited":
            data += b"250 2.0.0 Nobody asked\r\n"
        if self.mode == "slow_drip":
            self.connection.drip(data, self.server.drip_interval)
        else:
            self.connection.send(data)
        # The one code by which a server announces that it is closing the connection.
        if text.startswith("421"):
            raise Hangup

    def greet(self) -> None:
        mode = self.mode
        if mode == "slow_greeting":
            self.connection.pause(self.server.greeting_delay)
        elif mode == "garbage_greeting":
            self.connection.send(bytes(range(256)))
            self.connection.hold()
        elif mode == "endless_greeting":
            self.connection.send_for_ever(b"220-And another thing\r\n")
        elif mode == "long_line":
            self.connection.send(b"220 " + b"x" * (1024 * 1024 - 4))
            self.connection.hold()
        self.turned_away = mode in modes.REFUSED_GREETING
        self.reply(modes.REFUSED_GREETING.get(mode, f"220 {modes.HOST_NAME} ESMTP"))

    def obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        self.server.count_command(verb)
        handler = self.handlers.get(verb)
        if self.turned_away and verb != "QUIT":
            self.reply("503 5.5.1 No service here")
        elif handler is None:
            self.reply("500 5.5.2 Command not recognized")
        else:
            handler(rest.strip())

    def ehlo(self, rest: str) -> None:
        if self.mode == "ehlo_refused":
            self.reply("502 5.5.1 Command not implemented")
            return
        self.forget_transaction()
        self.helo = rest
        lines = [modes.HOST_NAME, "8BITMIME", "SMTPUTF8", f"SIZE {self.server.size_limit}"]
        if self.offers_starttls:
            lines.append("STARTTLS")
        if self.server.user is not None:
            lines.append("AUTH PLAIN LOGIN")
        last = lines.pop()
        self.reply("".join(f"250-{line}\r\n" for line in lines) + f"250 {last}")

    def helo_only(self, rest: str) -> None:
        self.forget_transaction()
        self.helo = rest
        self.reply(f"250 {modes.HOST_NAME}")

    def starttls(self, _rest: str) -> None:
        context = self.server.tls_context
        if context is None or not self.offers_starttls:
            self.reply("502 5.5.1 Command not implemented")
            return
        if self.mode == "starttls_refused":
            self.reply("454 4.7.0 TLS not available")
            return
        self.reply("220 2.0.0 Go ahead")
        if self.mode == "starttls_garbage":
            # Sent with the reply, the garbage would be taken for a further reply, not for TLS.
            self.connection.read_some()
            self.connection.send(b"no TLS here, sorry\r\n" * 10)
            self.connection.hold()
        self.connection.start_tls(context)
        self.forget_client()

    def auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        ask = {"PLAIN": self.ask_plain, "LOGIN": self.ask_login}.get(mechanism.upper())
        if self.server.user is None:
            self.reply("502 5.5.1 Command not implemented")
        elif self.user is not None or self.mail_from is not None:
            self.reply("503 5.5.1 AUTH not allowed now")
        elif ask is None:
            self.reply("504 5.5.4 Mechanism not supported")
        else:
            self.judge(ask, initial)

    def judge(self, ask: Callable[[str], tuple[str, str]], initial: str) -> None:
        try:
            user, password = ask(initial)
        except ValueError:
            # Bad base 64, a wrong number of fields, or the "*" that cancels the exchange.
            self.reply("501 5.5.2 Malformed or cancelled")
            return
        if self.mode in modes.REFUSED_AUTH:
            self.reply(modes.REFUSED_AUTH[self.mode])
        elif (user, password) != (self.server.user, self.server.password):
            self.reply(modes.REFUSED_AUTH["auth_refused"])
        else:
            self.user = user
            self.reply("235 2.7.0 Authenticated")

    def ask_plain(self, initial: str) -> tuple[str, str]:
        _, user, password = (_unbase64(initial) if initial else self.ask("")).split("\0")
        return user, password

    def ask_login(self, initial: str) -> tuple[str, str]:
        user = _unbase64(initial) if initial else self.ask("Username:")
        return user, self.ask("Password:")

    def ask(self, prompt: str) -> str:
        self.reply("334 " + base64.b64encode(prompt.encode("ascii")).decode("ascii"))
        return _unbase64(_text(self.connection.read_line()))

    def mail(self, rest: str) -> None:
        path = PATH.fullmatch(rest)
        if self.helo is None or self.mail_from is not None:
            self.reply("503 5.5.1 Bad sequence of commands")
        elif self.server.user is not None and self.user is None:
            self.reply("530 5.7.0 Authentication required")
        elif path is None or path[1].upper() != "FROM":
            self.reply("501 5.5.4 Syntax: MAIL FROM:<address>")
        elif self.mode in modes.REFUSED_MAIL:
            self.reply(modes.REFUSED_MAIL[self.mode])
        elif _declared_size(path[3]) > self.server.size_limit:
            self.reply("552 5.3.4 Message too big")
        else:
            self.mail_from = path[2]
            self.mail_options = path[3].split()
            self.reply("250 2.1.0 Ok")

    def rcpt(self, rest: str) -> None:
        path = PATH.fullmatch(rest)
        if self.mail_from is None:
            self.reply("503 5.5.1 Bad sequence of commands")
        elif path is None or path[1].upper() != "TO" or not path[2]:
            self.reply("501 5.5.4 Syntax: RCPT TO:<address>")
        else:
            self.add_recipient(self.mail_from, path[2])

    def add_recipient(self, sender: str, recipient: str) -> None:
        requested = modes.requested_mode(recipient)
        # Not self.mode: one recipient's override must not decide on the next recipient.
        mode = requested or self.server.mode
        if requested is not None and requested not in modes.RECIPIENT_MODES:
            self.reply("501 5.1.3 The test asks for a mode that does not exist at RCPT")
        elif mode in modes.REFUSED_RCPT:
            self.reply(modes.REFUSED_RCPT[mode])
        elif mode == "greylist" and self.server.is_first_attempt(sender, recipient):
            self.reply("450 4.7.1 Greylisted, come back later")
        else:
            if requested in modes.TRANSACTION_MODES:
                self.override = requested
            self.rcpt_to.append(recipient)
            self.reply("250 2.1.5 Ok")

    def data(self, _rest: str) -> None:
        if not self.rcpt_to:
            self.reply("503 5.5.1 No recipients")
            return
        if self.mode == "drop_before_data":
            raise Hangup
        if self.mode in modes.REFUSED_DATA:
            self.reply(modes.REFUSED_DATA[self.mode])
            self.forget_transaction()
            return
        self.reply("354 End data with <CR><LF>.<CR><LF>")
        if self.mode == "drop_during_data":
            self.connection.read_some()
            raise Hangup
        self.end_of_data(self.read_data())
        self.forget_transaction()

    def read_data(self) -> bytes:
        # With a line end ahead of the first line, that line's dot is like any other line's. Only
        # CRLF counts: a server that took bare line feeds would hide a client's smuggled message.
        self.connection.unread(b"\r\n")
        raw = self.connection.read_until(b"\r\n.\r\n")[:-3]
        return raw.replace(b"\r\n.", b"\r\n")[2:]

    def end_of_data(self, data: bytes) -> None:
        self.server.count_end_of_data()
        mode = self.mode
        if mode in modes.REFUSED_MESSAGE:
            self.reply(modes.REFUSED_MESSAGE[mode])
            return
        if len(data) > self.server.size_limit:
            self.reply("552 5.3.4 Message too big")
            return
        self.server.accept(self.message(data))
        if mode == "drop_after_data":
            raise Hangup
        if mode == "silent_after_data":
            self.connection.hold()
        self.reply("250 2.0.0 Ok")
        if mode == "close_after_accept":
            raise Hangup

    def message(self, data: bytes) -> Message:
        return Message(
            mail_from=self.mail_from or "",
            rcpt_to=self.rcpt_to,
            data=data.decode("latin-1"),
            tls=self.connection.encrypted,
            user=self.user,
            helo=self.helo or "",
            mail_options=self.mail_options,
        )

    def rset(self, _rest: str) -> None:
        self.forget_transaction()
        self.reply("250 2.0.0 Ok")

    def noop(self, _rest: str) -> None:
        self.reply("250 2.0.0 Ok")

    def quit(self, _rest: str) -> None:
        self.reply("221 2.0.0 Bye")
        raise Hangup


def _text(line: bytes) -> str:
    # Addresses may be UTF-8; bytes that are not must survive to be seen in the record.
    return line.decode("utf-8", "surrogateescape")


def _unbase64(text: str) -> str:
    return base64.b64decode(text, validate=True).decode("utf-8")


def _declared_size(options: str) -> int:
    found = re.search(r"\bSIZE=(\d{1,19})\b", options, re.IGNORECASE)
    return int(found[1]) if found else 0


def main() -> None:
    parser = common_options("An SMTP server for tests.", SmtpServer.MODES)
    parser.add_argument("--implicit-tls", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--greeting-delay", type=float, default=2.0, metavar="SECONDS")
    options = parser.parse_args()
    server = SmtpServer(
        host=options.host,
        port=options.port,
        mode=options.mode,
        record=options.record,
        tls=options.tls and (options.tls[0], options.tls[1]),
        implicit_tls=options.implicit_tls,
        user=options.user,
        password=options.password,
    )
    server.greeting_delay = options.greeting_delay
    serve_until_terminated(server)


if __name__ == "__main__":
    main()
