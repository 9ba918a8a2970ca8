#!/usr/bin/env python3
"""The sender before peers that misbehave in every way that the test servers know.

    bad_peers.py --kit PATH                exit 0: it does as its headers say, 1: it does not
    bad_peers.py --kit PATH --long         each case in each of the three ways to turn it
    bad_peers.py --kit PATH --only WORD    the cases whose name has that word
    bad_peers.py --kit PATH --self-check   plants faults and proves that each is noticed

For each case a server is started, a host sends to it, and what the host was told is held against
what the server has seen: how an attempt ended, when it was made again, that an effect is always
the same effect, and that nothing leaves that should not.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import peer_checks as checks
import peer_secrecy as secrecy
import smtp_modes as modes
from peer_world import (
    DAY_S, LONG_BACK_OFF_S, MOTIVE, NEEDS_TLS, NEEDS_USER, SLACK_S, Case, Faults, World,
    attempts_of, states_of,
)
from sender_host import READER, Certificates, Dead, Host, mail_to, site_text, webhook_to
from smtp_server import SmtpServer
from webhook_receiver import WebhookReceiver

WORKERS = 6
WAYS = ("turn", "loop", "watch")


@dataclass(frozen=True)
class Hook:
    """A case of a webhook."""

    path: str
    expected: str
    mode: str = "ok"
    within: int = 4
    drip: float = 0.03
    most_s: float = 0  # 0: as long as one attempt may take

    def __call__(self, world: World) -> Faults:
        with WebhookReceiver() as receiver, WebhookReceiver() as elsewhere:
            receiver.mode, receiver.drip_interval = self.mode, self.drip
            receiver.redirect_to = elsewhere.base_url + "/ok"
            to = webhook_to(receiver.base_url + self.path, within=self.within)
            with world.host(site_text(webhooks={"sms": to})) as host:
                host.file("avis", "d1")
                yield from attempts_of(host, 1, self.expected, self.most_s or self.within)
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests)
            yield from checks.of_stamps(receiver.requests[:1])
            if elsewhere.connections:
                yield "a redirect was followed"
            if "sent" in states_of(host) and not receiver.requests:
                yield "said to have left, and nothing came"


HOOKS_SENT = (
    "/ok /accepted /answer /status/201 /status/204 /status/206 /status/299 /continue /no_reason"
    " /set_cookie /bad_json /slow/0.4 /drip /once"
).split()
HOOKS_DENIED = "/status/400 /status/413 /status/415 /status/422 /retry-after/400/60".split()
HOOKS_AGAIN = (
    "/status/408 /status/425 /status/429 /status/500 /status/501 /status/502 /status/503"
    " /status/504 /status/599 /redirect/301 /redirect/302 /redirect/303 /redirect/307"
    " /redirect/308 /status/300 /status/304 /status/401 /status/403 /status/404 /status/405"
    " /status/409 /status/414 /status/451 /gone /auth /proxy_auth /close /garbage /http09 /reset"
).split()
HOOKS_SLOW = "/silent /slow/3 /upgrade".split()
# Broken off after a status of 2xx: it may count as said, or not. Of a call it is no answer.
HOOKS_HALF = "/close_mid_body /bad_length /bad_chunks".split()
HOOKS_ENDLESS = (
    "/huge_header /many_headers /deep_json /endless_body /endless_headers /gzip_bomb"
).split()


def hooks() -> Iterator[Case]:
    rows = [Hook(path, "sent") for path in HOOKS_SENT]
    rows += [Hook(path, "incident") for path in HOOKS_DENIED]
    rows += [Hook("/early_answer", "incident|again")]
    rows += [Hook(path, "again again") for path in HOOKS_AGAIN]
    rows += [Hook(path, "again", within=1) for path in HOOKS_SLOW]
    rows += [Hook(path, "sent|again") for path in HOOKS_HALF]
    rows += [Hook(path, "sent|again", within=30, most_s=2) for path in HOOKS_ENDLESS]
    rows += [Hook("/informational_flood", "again", within=30, most_s=2)]
    rows += [Hook("/hang_after_headers", "sent|again", within=1)]
    rows += [Hook("/drip", "again", within=1, drip=0.5), Hook("/flaky/2", "again again sent")]
    rows += [Hook("/status/500", "again " * 7 + "incident")]
    for mode in ("reset_at_connect", "close_at_connect", "silent_at_connect"):
        rows.append(Hook("/ok", "again", mode, within=1))
    for row in rows:
        label = f"{row.path} {row.mode}" + (" to the end" if len(row.expected) > 30 else "")
        yield Case(f"webhook {label}", row)


@dataclass(frozen=True)
class Later:
    """A case of Retry-After: no attempt before, one soon after."""

    path: str
    waits_s: int

    def __call__(self, world: World) -> Faults:
        with WebhookReceiver() as receiver:
            site = site_text(webhooks={"sms": webhook_to(receiver.base_url + self.path)})
            with world.host(site) as host:
                host.file("avis", "d1")
                if [end["state"] for end in host.go(1)] != ["again"]:
                    yield f"the first attempt did not fail: {host.logs()}"
                host.file("avis", "d2")
                if self.waits_s > 60:
                    host.later(self.waits_s - 30)
                if host.go(1, 0.3) or len(receiver.requests) > 1:
                    yield f"came again before {self.waits_s} s were over"
                host.later(60 if self.waits_s > 60 else 31)
                if not host.go(1):
                    yield f"did not come again after {self.waits_s} s"
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests)


def laters() -> Iterator[Case]:
    for status in (408, 425, 429, 500, 503):
        yield Case(f"retry-after {status}", Later(f"/retry-after/{status}/3600", 3600))
    yield Case("retry-after a date", Later("/retry-date/503/3600", 3600))
    yield Case("retry-after of a year", Later("/retry-after/503/31536000", DAY_S))
    yield Case("retry-after of a date in a year", Later("/retry-date/503/31536000", DAY_S))
    for value in ("soon", "-5", "", "0", "3600abc"):
        yield Case(f"retry-after '{value}'", Bounded(f"/retry-after/503/{value}"))
    yield Case("retry-after of many digits", Bounded("/retry-after/503/" + "9" * 30))
    yield Case("retry-after a date that is over", Bounded("/retry-date/429/-100"))


@dataclass(frozen=True)
class Bounded:
    """Whatever it says, nothing waits longer than a day."""

    path: str

    def __call__(self, world: World) -> Faults:
        with WebhookReceiver() as receiver:
            site = site_text(webhooks={"sms": webhook_to(receiver.base_url + self.path)})
            with world.host(site) as host:
                host.file("avis", "d1")
                yield from attempts_of(host, 1, "again", 4)
                host.later(DAY_S + 60)
                if not host.go(1):
                    yield "did not come again after a day"
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests)


# ---- Letters -------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Letter:
    """A case of letters in clear: a receipt, and an answer with lines that begin with dots."""

    expected: str
    mode: str = "ok"
    to: str = "anne@example.org"
    within: int = 4
    greeting_delay: float = 0.3

    def __call__(self, world: World) -> Faults:
        with SmtpServer(mode=self.mode) as server:
            server.greeting_delay, server.drip_interval = self.greeting_delay, 0.01
            to = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True, within=self.within)
            with world.host(site_text(mail=to)) as host:
                host.file("lettre", "d1", MOTIVE, self.to)
                yield from attempts_of(host, 2, self.expected, self.within)
            yield from checks.of_host(host)
            yield from checks.of_letters(server.messages, {self.to}, MOTIVE)
            sent = states_of(host).count("sent")
            if sent > len({message.data for message in server.messages}):
                yield f"{sent} said to have left, and {len(server.messages)} came"


SMTP_SENT = {"ok", "slow_greeting", "slow_drip", "close_after_accept"}
SMTP_EITHER = {"ehlo_refused", "unsolicited"}
SMTP_NEVER = {"permfail_rcpt", "permfail_end", "data_refused_554"}
SMTP_SLOW = {"silent", "silent_after_data", "garbage_greeting", "long_line"}


def expected_of(mode: str) -> str:
    if mode == "greylist":  # the second letter to somebody is taken at once
        return "again|sent sent"
    if mode in SMTP_SENT:
        return "sent"
    if mode in SMTP_EITHER:
        return "sent|again"
    if mode in SMTP_NEVER:
        return "incident"
    return "again" if mode in SMTP_SLOW else "again again"


def letters() -> Iterator[Case]:
    for mode in sorted(modes.EARLY_MODES - NEEDS_TLS - NEEDS_USER):
        within = 1 if mode in SMTP_SLOW else 4
        yield Case(f"letter {mode}", Letter(expected_of(mode), mode, within=within))
    for mode in sorted(modes.RECIPIENT_MODES):
        to = f"mode-{mode}+anne@example.org"
        within = 1 if mode in SMTP_SLOW else 4
        yield Case(f"letter to one who is {mode}", Letter(expected_of(mode), "ok", to, within))
    slow = Letter("again", "slow_greeting", within=1, greeting_delay=5.0)
    yield Case("letter slow_greeting, too slow", slow)


ADDRESSES = [
    "anne@example.org\r\nRCPT TO:<evil@example.org>",
    "anne@example.org>\r\nRCPT TO:<evil@example.org",
    "anne@example.org> SIZE=1",
    "anne@example.org,evil@example.org",
    "anne@example.org\nBcc: evil@example.org",
    "anne@example.org\tevil@example.org",
    "<evil@example.org>",
    "Evil <evil@example.org>",
    '"anne evil"@example.org',
    "anne@example.org evil@example.org",
    "@example.org",
    "-oQ@example.org",
    "ann\u00e9@example.org",
    "anne@ex\u00e4mple.org",
    "a" * 300 + "@example.org",
]


def addresses(world: World) -> Faults:
    """Whatever an applicant writes, a letter goes to that one address or to nobody."""
    with SmtpServer() as server:
        to = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True)
        with world.host(site_text(mail=to)) as host:
            for number, address in enumerate(ADDRESSES):
                if host.file("lettre", f"d{number}", MOTIVE, address) == "ok":
                    host.go(2, 3)
        yield from checks.of_host(host)
        yield from checks.of_letters(server.messages, set(ADDRESSES) - UNWRITABLE, MOTIVE)


UNWRITABLE = {one for one in ADDRESSES if any(sign in one for sign in "\r\n\t ,<>")}


# ---- How many, how fast, how long ----------------------------------------------------------------

@dataclass(frozen=True)
class AtOnce:
    allowed: int = 3
    given: int = 3

    def __call__(self, world: World) -> Faults:
        with WebhookReceiver() as receiver:
            to = webhook_to(receiver.base_url + "/slow/0.2", at_once=self.given, within=8)
            with world.host(site_text(webhooks={"sms": to})) as host:
                for number in range(12):
                    host.file("avis", f"d{number}")
                if len(host.go(12, 15)) != 12:
                    yield f"not all ended: {states_of(host)}"
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests)
            if receiver.most_at_once > self.allowed:
                yield f"{receiver.most_at_once} at once, where {self.allowed} are allowed"
            if receiver.most_at_once < 2:
                yield "never more than one at once"


def per_minute(world: World) -> Faults:
    with WebhookReceiver() as receiver:
        to = webhook_to(receiver.base_url + "/ok", per_minute=6)
        with world.host(site_text(webhooks={"sms": to})) as host:
            for number in range(9):
                host.file("avis", f"d{number}")
            for _ in range(8):
                host.go(9, 0.3)
                host.later(5)
            if not 3 <= len(receiver.requests) <= 6:
                yield f"{len(receiver.requests)} in 40 s, where 6 a minute are allowed"
        yield from checks.of_host(host)


@dataclass(frozen=True)
class Rests:
    """A channel whose peer fails again and again is left alone, and tried with one."""

    path: str
    rests: bool = True

    def __call__(self, world: World) -> Faults:
        with WebhookReceiver() as receiver:
            to = webhook_to(receiver.base_url + self.path)
            with world.host(site_text(webhooks={"sms": to})) as host:
                for number in range(14):
                    host.file("avis", f"d{number}")
                host.go(14, 10)
                rested = any("rests" in line for line in host.logs())
                if rested != self.rests:
                    yield f"the channel {'rests' if rested else 'does not rest'}: {host.logs()[:2]}"
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests)


def many(world: World) -> Faults:
    """Neither memory nor descriptors grow, however often it fails."""
    with WebhookReceiver() as receiver:
        to = webhook_to(receiver.base_url + "/huge_header", at_once=8)
        with world.host(site_text(webhooks={"sms": to})) as host:
            for number in range(24):
                host.file("avis", f"d{number}")
            host.go(24, 10)
            first = host.lines[-1]
            for _ in range(5):
                host.later(LONG_BACK_OFF_S)
                host.go(24, 2)
            last = host.lines[-1]
            if last["descriptors"] > first["descriptors"] + 2:
                yield f"{first['descriptors']} descriptors, then {last['descriptors']}"
            if last["resident_kb"] > first["resident_kb"] + 4096:
                yield f"{first['resident_kb']} kB, then {last['resident_kb']}"
        yield from checks.of_host(host)


# ---- Calls ---------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Call:
    """What a service answers, how the attempt ends, and where the dossier goes."""

    answer: bytes
    expected: str
    outcome: str = ""
    path: str = "/answer"
    within: int = 4

    def __call__(self, world: World) -> Faults:
        with WebhookReceiver() as receiver:
            receiver.answer = self.answer
            to = webhook_to(receiver.base_url + self.path, within=self.within)
            site = site_text(services={"caf": to})
            with world.host(site) as host:
                host.file("appel", "d1")
                yield from attempts_of(host, 1, self.expected, self.within)
                if host.outcome("d1") != self.outcome:
                    yield f"the dossier's outcome is '{host.outcome('d1')}'"
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests, call=True)


GIVES = b'{"gives": {"quotient": "12.50"}}'


def calls() -> Iterator[Case]:
    rows = [
        Call(GIVES, "sent", "fini"),
        Call(b'{"outcome": "answered", "gives": {"quotient": "1.00"}}', "sent", "fini"),
        Call(b'{"outcome": "inconnu"}', "sent", "perdu"),
        Call(b" " * 60000 + GIVES, "sent", "fini"),
        Call(b" " * 70000 + GIVES, "again"),
        Call(b"{}", "incident|again"),
        Call(b"", "incident|again"),
        Call(b"null", "incident|again"),
        Call(b'"answered"', "incident|again"),
        Call(b'{"gives": {"quotient": {}}}', "incident|again"),
        Call(b'{"gives": {"quotient": "beaucoup"}}', "incident|again"),
        Call(b'{"gives": []}', "incident|again"),
        Call(b'{"outcome": "autre"}', "incident|again"),
        Call(b'{"outcome": 7}', "incident|again"),
        Call(b'{"outcome": "' + b"x" * 5000 + b'"}', "incident|again"),
        Call(GIVES + b"\0", "incident|again"),
        Call(GIVES + b"x", "incident|again"),
        Call(GIVES + b"{}", "incident|again"),
        Call(GIVES[:-1], "incident|again"),
        Call(b'\xff{"outcome": "inconnu"}', "incident|again"),
        Call(b"", "again", "", "/accepted"),
        Call(b"", "incident|again", "", "/bad_json"),
        Call(b"", "again", "", "/deep_json"),
        Call(b"", "incident|again", "", "/status/204"),
        Call(b"", "incident", "", "/status/422"),
        Call(b"", "again", "", "/status/503"),
        Call(b"", "again", "", "/close_mid_body"),
        Call(b"", "again", "", "/bad_length"),
        Call(b"", "again", "", "/bad_chunks"),
        Call(b"", "again", "", "/endless_body"),
        Call(b"", "again", "", "/huge_header"),
        Call(b"", "again", "", "/hang_after_headers", 1),
        Call(b"", "again", "", "/redirect/307"),
    ]
    for number, row in enumerate(rows):
        yield Case(f"call {number} {row.path}", row)
    for name, case in {
        "that is answered later": answered_later,
        "that is never answered": never_answered,
        "that is answered with a token of somebody's own": forged,
    }.items():
        yield Case(f"call {name}", case)


def accepted_call(world: World, receiver: WebhookReceiver) -> Host:
    to = webhook_to(receiver.base_url + "/accepted", answers_within="2 days")
    host = world.host(site_text(services={"caf": to}))
    host.file("appel", "d1")
    host.go(1, 0.5)
    return host


def answered_later(world: World) -> Faults:
    with WebhookReceiver() as receiver:
        with accepted_call(world, receiver) as host:
            if states_of(host):
                yield f"202 ended the attempt: {states_of(host)} {host.logs()}"
            host.later(DAY_S)
            host.go(1, 0.3)
            token = checks.token_of(receiver.requests[0])
            host.ask("finish", token, 0, 0, "", '{"quotient": "7.00"}')
            host.go(1, 3)
            if host.outcome("d1") != "fini" or len(receiver.requests) != 1:
                yield f"'{host.outcome('d1')}' after {len(receiver.requests)} requests"
            host.ask("finish", token, 0, 0, "inconnu", "")
            host.go(1, 0.3)
            if host.outcome("d1") != "fini":
                yield "a second end changed the first"
        yield from checks.of_host(host)
        yield from checks.of_requests(receiver.requests, call=True)


def never_answered(world: World) -> Faults:
    with WebhookReceiver() as receiver:
        with accepted_call(world, receiver) as host:
            host.later(2 * DAY_S + 120)
            host.go(1, 1)
            host.later(LONG_BACK_OFF_S)
            host.go(1, 1)
            if len(receiver.requests) < 2:
                yield "was not asked again when the answer did not come"
        yield from checks.of_host(host)
        yield from checks.of_requests(receiver.requests, call=True)


def forged(world: World) -> Faults:
    with WebhookReceiver() as receiver:
        with accepted_call(world, receiver) as host:
            token = checks.token_of(receiver.requests[0])
            changed = ("0" if token[-1] != "0" else "1").join((token[:-1], ""))
            for one in (changed, token[:-1], "", "x" * 2000, token + "0"):
                said = host.ask("finish", one, 0, 0, "inconnu", "")[-1]["status"]
                if said == "ok":
                    yield f"a token that was made up is taken: {one[:40]}"
            host.go(1, 0.3)
            if host.outcome("d1"):
                yield "a token that was made up ended a call"
        yield from checks.of_host(host)


# ---- What cannot be written, what is broken off --------------------------------------------------

def refused_mails() -> list[dict[str, object]]:
    url = "smtp://mail.example.org"
    return [
        mail_to("smtp://mail.example.org\r\nRSET"), mail_to("ftp://mail.example.org"),
        mail_to("https://mail.example.org"), mail_to("mail.example.org"), mail_to("smtp://"),
        mail_to("file:///etc/passwd"), mail_to(""),
        mail_to(url, password="p", user="u", plain=True),
        mail_to(url, password="p\r\nq", user="u"), mail_to(url, networks=["10.0.0.0/33"]),
        mail_to(url, networks=["here"]), mail_to(url, networks=["::/129"]),
        mail_to(url, networks=["10.0.0.1"] * 17), mail_to(url, within=601),
        mail_to(url, at_once=65), mail_to(url, per_minute=60001),
    ]


def refused_hooks() -> list[dict[str, object]]:
    url, short = "https://hook.example.org/", "whsec_c2hvcnQ="
    long = "whsec_" + "QUJD" * 22
    return [
        webhook_to("http://hook.example.org/", plain=None), webhook_to("smtp://hook.example.org"),
        webhook_to("ftp://hook.example.org/"), webhook_to("file:///etc/passwd"),
        webhook_to("gopher://hook.example.org/"), webhook_to("https://"), webhook_to("/path"),
        webhook_to("https://hook.example.org/\r\nX: y"), webhook_to(url, secrets=None),
        webhook_to(url, secrets=[]), webhook_to(url, secrets=["secret"]),
        webhook_to(url, secrets=[short]), webhook_to(url, secrets=[long]),
        webhook_to(url, secrets=["whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"]),
        webhook_to(url, secrets=["whsec_" + "QUJD" * 8] * 9), webhook_to(url, within=601),
        webhook_to(url, at_once=65), webhook_to(url, networks=["127.0.0.1/"]),
        webhook_to(url, networks=["127.0.0.1/8/8"]), webhook_to(url, networks=[""]),
        webhook_to("http://u:p@hook.example.org/", plain=True),
    ]


def cannot_be_written(world: World) -> Faults:
    sites = [(str(one), site_text(mail=one)) for one in refused_mails()]
    sites += [(str(one), site_text(webhooks={"sms": one})) for one in refused_hooks()]
    for what, site in sites:
        try:
            with world.host(site) as host:
                if not host.refusals():
                    yield f"is taken: {what}"
                elif host.refusals()[0]["refused"] == "invalid" and not (
                    host.refusals()[0]["problem"]
                ):
                    yield f"is refused without a problem: {what}"
            yield from checks.of_host(host)
        except Dead as dead:
            yield f"{what}: {dead}"


SENDERS = [
    "Ville <a@example.org>\r\nBcc: evil@example.org",
    "a@example.org>\r\nRCPT TO:<evil@example.org",
    "Ville <a@example.org", "Ville", "<>", "", " ", "a@example.org, evil@example.org",
]


def senders(world: World) -> Faults:
    """A site whose sender is no address sends nothing, or says so at once."""
    with SmtpServer() as server:
        mail = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True)
        for sender in SENDERS:
            with world.host(site_text(sender, mail=mail)) as host:
                if not host.refusals():
                    host.file("lettre", "d1")
                    host.go(2, 3)
            yield from checks.of_host(host)
            if server.messages:
                message = server.messages.pop()
                yield f"{sender!r} wrote as {message.mail_from!r} to {message.rcpt_to}"
                server.messages.clear()


def no_certificates(world: World) -> Faults:
    """A file of certificates that is not there vouches for nobody."""
    with WebhookReceiver(tls=world.certificates.good) as receiver:
        url = f"https://localhost:{receiver.port}/ok"
        for path in ("/nowhere/at/all.pem", "/dev/null", world.certificates.good[1]):
            to = webhook_to(url, certificates=path)
            with world.host(site_text(webhooks={"sms": to})) as host:
                if not host.refusals():
                    host.file("avis", "d1")
                    yield from attempts_of(host, 1, "again", 4)
            yield from checks.of_host(host)


def held_up(world: World) -> Faults:
    """One peer that is silent keeps nobody else waiting."""
    with WebhookReceiver() as receiver, SmtpServer(mode="silent_after_data") as server:
        mail = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True, within=8)
        site = site_text(mail=mail, webhooks={"sms": webhook_to(receiver.base_url + "/slow/0.5")})
        with world.host(site) as host:
            host.file("avis", "d1")
            ended = [end["channel"] for end in host.go(1, 4)]
            if ended != ["sms"]:
                yield f"ended while a mail server was silent: {ended} {host.logs()}"
            begun = time.monotonic()
        took = time.monotonic() - begun
        if took > SLACK_S:
            yield f"ending took {took:.1f} s while a mail server was silent"
        yield from checks.of_host(host)


def broken_off(world: World) -> Faults:
    """A host that ends in the middle leaves no letter behind that is not whole."""
    with SmtpServer() as server, WebhookReceiver() as receiver:
        mail = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True, at_once=16)
        site = site_text(mail=mail, webhooks={"sms": webhook_to(receiver.base_url + "/slow/2")})
        for ends in (0, 1, 1, 3, 3, 7):
            with world.host(site) as host:
                for number in range(8):
                    host.file("lettre", f"d{number}", MOTIVE * 20)
                host.file("avis", "d9")
                host.go(max(ends, 1), 5 if ends else 0.002)
            yield from checks.of_host(host)
        for message in server.messages:
            yield from checks.of_letter(message, {READER}, MOTIVE * 20)


def killed(world: World) -> Faults:
    """Who is killed in the middle of an attempt comes again, with the same."""
    world.store = str(world.folder / "store.db")
    with WebhookReceiver() as receiver, SmtpServer(mode="silent_after_data") as server:
        mail = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True)
        sites = [
            site_text(mail=mail, webhooks={"sms": webhook_to(receiver.base_url + path)})
            for path in ("/slow/2", "/ok")
        ]
        with world.host(sites[0]) as host:
            host.file("avis", "d1")
            for _ in range(60):
                host.go(2, 0.2)
                if receiver.requests and server.messages:
                    break
            host.kill()
        server.mode = "ok"
        with world.host(sites[1]) as host:
            for _ in range(2):
                host.later(LONG_BACK_OFF_S)
                host.go(2, 3)
        yield from checks.of_host(host)
        yield from checks.of_requests(receiver.requests)
        yield from checks.of_letters(server.messages, {READER}, "Anne")
        if len(receiver.requests) < 2 or len(server.messages) < 2:
            yield f"came {len(receiver.requests)} and {len(server.messages)} times"


def clock_leaps(world: World) -> Faults:
    """A clock that leaps gives an effect again that is under way: it stays the same effect."""
    with SmtpServer() as server, WebhookReceiver() as receiver:
        server.mode, server.greeting_delay = "slow_greeting", 0.5
        mail = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True)
        site = site_text(mail=mail, webhooks={"sms": webhook_to(receiver.base_url + "/slow/0.5")})
        with world.host(site) as host:
            host.file("lettre", "d1", MOTIVE)
            host.file("avis", "d2", MOTIVE)
            for _ in range(3):
                host.go(4, 0.3)
                host.later(DAY_S)
            for _ in range(4):
                host.go(4, 2)
                host.later(LONG_BACK_OFF_S)
        yield from checks.of_host(host)
        yield from checks.of_requests(receiver.requests)
        yield from checks.of_letters(server.messages, {READER}, MOTIVE)


def nobody_there(world: World) -> Faults:
    with WebhookReceiver() as gone:
        port = gone.port
    names = [f"http://127.0.0.1:{port}/", f"http://nobody.invalid:{port}/"]
    for url in names:
        with world.host(site_text(webhooks={"sms": webhook_to(url)})) as host:
            host.file("avis", "d1")
            yield from attempts_of(host, 1, "again again", 4)
        yield from checks.of_host(host)


def others() -> Iterator[Case]:
    yield Case("at once", AtOnce())
    yield Case("in a minute", per_minute)
    for path in ("/status/500", "/status/403", "/close", "/redirect/302"):
        yield Case(f"a channel rests {path}", Rests(path))
    yield Case("a channel that denies does not rest", Rests("/status/422", False))
    yield Case("memory and descriptors", many)
    yield Case("addresses", addresses)
    yield Case("destinations that cannot be written", cannot_be_written)
    yield Case("senders", senders)
    yield Case("certificates that are not there", no_certificates)
    yield Case("held up", held_up)
    yield Case("broken off", broken_off)
    yield Case("killed", killed)
    yield Case("a clock that leaps", clock_leaps)
    yield Case("nobody there", nobody_there)


# ---- Running -------------------------------------------------------------------------------------

EVERY_WAY = ("held up", "broken off", "a clock that leaps", "at once", "proxies of the environment")


def all_cases() -> list[Case]:
    return list(itertools.chain(
        hooks(), laters(), letters(), secrecy.cases(), calls(), others()
    ))


def faults_of(kit: str, certificates: Certificates, case: Case, how: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(kit, pathlib.Path(folder), certificates, how)
        try:
            return list(case.run(world))
        except Dead as dead:
            return [str(dead)]


def play(kit: str, certificates: Certificates, chosen: list[tuple[Case, str]]) -> int:
    found: collections.Counter[str] = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        futures = {pool.submit(faults_of, kit, certificates, *one): one for one in chosen}
        for future in concurrent.futures.as_completed(futures):
            case, how = futures[future]
            for fault in dict.fromkeys(future.result()):
                print(f"{case.name} ({how}): {fault}", flush=True)
                found[fault] += 1
    return sum(found.values())


# ---- Planted faults ------------------------------------------------------------------------------

Trial = tuple[str, str, Callable[[World], Faults]]


def trials() -> list[Trial]:
    """Worlds in which something is wrong, and a word of what must be said."""
    from_here = secrecy.Unreachable(["127.0.0.1"], ["127.0.0.0/8"])
    return [
        ("an address that is reached", "was connected to", from_here),
        ("a letter in clear", "in clear", secrecy.Tls("sent", "no_starttls", plain=True)),
        ("one that is vouched for", "should be again", secrecy.Tls("again", vouched=True)),
        ("one that is told", "nobody vouches for", secrecy.Https("again")),
        ("too many at once", "at once, where", AtOnce(3, 8)),
        ("a failure for a success", "should be sent", Hook("/status/500", "sent")),
        ("a success for a failure", "should be again", Hook("/ok", "again")),
        ("an attempt that hangs", "did not end", Hang()),
        ("too early", "before 3600 s", Later("/retry-after/503/60", 3600)),
        ("too late", "did not come again after 61 s", Later("/retry-after/503/3600", 61)),
        ("a proxy", "a proxy of", secrecy.Environment(through=True)),
        ("no rest", "does not rest", Rests("/ok")),
        ("a wrong outcome", "the dossier's outcome", Call(GIVES, "sent", "perdu")),
    ]


class Hang:
    """An attempt may take longer than the harness was told."""

    def __call__(self, world: World) -> Faults:
        with WebhookReceiver() as receiver:
            to = webhook_to(receiver.base_url + "/silent", within=30)
            with world.host(site_text(webhooks={"sms": to})) as host:
                host.file("avis", "d1")
                yield from attempts_of(host, 1, "again", 0.2)


def plant(kit: str, certificates: Certificates) -> int:
    missed = 0
    for name, words, run in trials():
        said = faults_of(kit, certificates, Case(name, run), "turn")
        if any(words in one for one in said):
            print(f"found: {name}")
        else:
            print(f"not found: {name}, but: {said}")
            missed += 1
    for name in checks.missed():
        print(f"not found: {name}")
        missed += 1
    return missed


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kit", required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    kit, began = os.path.abspath(options.kit), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            certificates = Certificates(pathlib.Path(folder))
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            print(f"openssl makes no certificates: {error}")
            return 1
        if options.self_check:
            return 1 if plant(kit, certificates) else 0
        chosen = [
            (case, how)
            for number, case in enumerate(all_cases())
            for way, how in enumerate(WAYS)
            if options.long or case.name in EVERY_WAY or number % len(WAYS) == way
            if options.only in case.name
        ]
        found = play(kit, certificates, chosen)
    print(f"{len(chosen)} cases in {time.monotonic() - began:.0f} s: {found} faults")
    return 1 if found or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
