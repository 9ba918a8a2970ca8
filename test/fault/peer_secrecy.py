"""Cases of secrecy: TLS and passwords, addresses that are not public, proxies and .netrc."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import peer_checks as checks
from peer_server import PeerServer
from peer_world import MOTIVE, NEEDS_TLS, NEEDS_USER, Case, Faults, World, attempts_of, states_of
from sender_host import READER, mail_to, site_text, webhook_to
from smtp_server import SmtpServer
from webhook_receiver import WebhookReceiver

@dataclass(frozen=True)
class Tls:
    """A case of letters that must go encrypted; `keys` is what the site says of its server."""

    expected: str
    mode: str = "ok"
    vouched: bool = True
    other_name: bool = False
    implicit: bool = False
    user: str | None = None
    with_tls: bool = True
    plain: bool = False  # a planted fault alone

    def __call__(self, world: World) -> Faults:
        pair = world.certificates.of_another if self.other_name else world.certificates.good
        server = SmtpServer(
            mode=self.mode,
            tls=pair if self.with_tls else None,
            implicit_tls=self.implicit,
            user=self.user,
            password="secret" if self.user else None,
        )
        scheme = "smtps" if self.implicit else "smtp"
        to = mail_to(
            f"{scheme}://localhost:{server.port}",
            certificates=world.certificates.authority if self.vouched else None,
            user=self.user,
            password="secret" if self.user else None,
            plain=True if self.plain else None,
        )
        with server:
            with world.host(site_text(mail=to)) as host:
                host.file("lettre", "d1", MOTIVE)
                yield from attempts_of(host, 2, self.expected, 4)
            yield from checks.of_host(host)
            yield from checks.of_letters(server.messages, {READER}, MOTIVE)
            yield from checks.of_secrecy(server.messages, server.commands, self.user)
            if self.expected != "sent" and server.commands["MAIL"] and self.mode in NEEDS_TLS:
                yield "went on without TLS"


def tls_cases() -> Iterator[Case]:
    rows = {
        "STARTTLS": Tls("sent"),
        "STARTTLS, and nobody vouches": Tls("again", vouched=False),
        "STARTTLS, for another name": Tls("again", other_name=True),
        "TLS from the start": Tls("sent", implicit=True),
        "TLS from the start, and nobody vouches": Tls("again", implicit=True, vouched=False),
        "TLS from the start, for another name": Tls("again", implicit=True, other_name=True),
        "no TLS at all": Tls("again", with_tls=False),
        "no TLS at all, with a password": Tls("again", with_tls=False, user="greffe"),
        "a password": Tls("sent", user="greffe"),
        "a password from the start": Tls("sent", user="greffe", implicit=True),
        "a password, and nobody vouches": Tls("again", user="greffe", vouched=False),
        "replies that nobody asked for": Tls("again|sent", "unsolicited", user="greffe"),
    }
    for mode in sorted(NEEDS_TLS):
        rows[mode] = Tls("again", mode)
        rows[f"{mode}, with a password"] = Tls("again", mode, user="greffe")
    for mode in sorted(NEEDS_USER):
        rows[mode] = Tls("again", mode, user="greffe")
    for name, row in rows.items():
        yield Case(f"secret letter: {name}", row)


@dataclass(frozen=True)
class Https:
    expected: str
    vouched: bool = True
    other_name: bool = False
    with_tls: bool = True

    def __call__(self, world: World) -> Faults:
        pair = world.certificates.of_another if self.other_name else world.certificates.good
        with WebhookReceiver(tls=pair if self.with_tls else None) as receiver:
            authority = world.certificates.authority if self.vouched else None
            to = webhook_to(f"https://localhost:{receiver.port}/ok", certificates=authority)
            with world.host(site_text(webhooks={"sms": to})) as host:
                host.file("avis", "d1")
                yield from attempts_of(host, 1, self.expected, 4)
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests)
            if self.expected == "again" and receiver.requests:
                yield "told to one that nobody vouches for"


def https_cases() -> Iterator[Case]:
    yield Case("https", Https("sent"))
    yield Case("https, and nobody vouches", Https("again", vouched=False))
    yield Case("https, for another name", Https("again", other_name=True))
    yield Case("https to one who speaks http", Https("again", with_tls=False))


HERE = [
    "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0",
    "127.0.0.1.", "localhost.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[0:0:0:0:0:0:0:1]",
]
NOT_PUBLIC = [
    "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1",
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.0.0.1", "240.0.0.1", "255.255.255.255",
    "224.0.0.1", "0.1.2.3", "[fe80::1]", "[fc00::1]", "[fd00::1]", "[ff02::1]", "[2001:db8::1]",
    "[::ffff:10.0.0.1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[64:ff9b::a00:1]",
    "[64:ff9b:1::1]", "[100::1]", "[2001::1]", "[fec0::1]", "[5f00::1]", "[::ffff:0:127.0.0.1]",
]


@dataclass(frozen=True)
class Unreachable:
    """Addresses that are not public, and that the site does not name: nothing leaves for them."""

    hosts: list[str]
    networks: list[str] | None
    by_mail: bool = False

    def __call__(self, world: World) -> Faults:
        first: PeerServer = SmtpServer() if self.by_mail else WebhookReceiver()
        with first as server, same_port(server) as other:
            for name in self.hosts:
                begun = time.monotonic()
                yield from self.one(world, name, server.port)
                if time.monotonic() - begun > 5:
                    yield f"{name}: took {time.monotonic() - begun:.1f} s to find out"
                if server.connections + (other.connections if other else 0):
                    yield f"{name}: was connected to"
                    break

    def one(self, world: World, name: str, port: int) -> Faults:
        if self.by_mail:
            to = mail_to(f"smtp://{name}:{port}", plain=True, within=9, networks=self.networks)
            site = site_text(mail=to)
        else:
            url = f"http://{name}:{port}/ok"
            site = site_text(webhooks={"sms": webhook_to(url, within=9, networks=self.networks)})
        with world.host(site) as host:
            if host.refusals():
                return
            host.file("lettre" if self.by_mail else "avis", "d1")
            for end in host.go(2 if self.by_mail else 1, 12):
                if end["state"] not in ("again", "incident"):
                    yield f"{name}: {end['state']}"
        yield from checks.of_host(host)


class Nobody:
    connections = 0

    def __enter__(self) -> Nobody:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def same_port(server: PeerServer) -> PeerServer | Nobody:
    """The same kind of server at the loopback address of IPv6, where there is one."""
    try:
        if isinstance(server, SmtpServer):
            return SmtpServer(host="::1", port=server.port)
        return WebhookReceiver(host="::1", port=server.port)
    except OSError:
        return Nobody()


def network_cases() -> Iterator[Case]:
    for number in range(0, len(HERE), 6):
        part = HERE[number : number + 6]
        yield Case(f"networks: this machine {number}", Unreachable(part, None))
        elsewhere = ["10.0.0.0/8", "fd00::/8", "127.0.0.2"]
        yield Case(f"networks: others named {number}", Unreachable(part, elsewhere))
    yield Case("networks: letters to this machine", Unreachable(HERE[:3] + HERE[10:13], None, True))
    for number in range(0, len(NOT_PUBLIC), 8):
        part = NOT_PUBLIC[number : number + 8]
        yield Case(f"networks: not public {number}", Unreachable(part, None))
    yield Case("networks: that are named", networks_named)
    yield Case("networks: a name with two addresses", one_of_two)


def networks_named(world: World) -> Faults:
    reached = [
        ("127.0.0.1", "127.0.0.0/8"), ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1/32"),
        ("[::1]", "::1"), ("[::1]", "::/64"), ("localhost", "::1/128"),
    ]
    with WebhookReceiver() as receiver, same_port(receiver) as other:
        for name, network in reached:
            if isinstance(other, Nobody) and ":" in name + network:
                continue
            to = webhook_to(f"http://{name}:{receiver.port}/ok", networks=[network])
            with world.host(site_text(webhooks={"sms": to})) as host:
                host.file("avis", "d1")
                states = [end["state"] for end in host.go(1)]
                if states != ["sent"]:
                    yield f"{name} is in {network}, and not reached: {states} {host.logs()}"
            yield from checks.of_host(host)


def one_of_two(world: World) -> Faults:
    """What counts is the address that is connected to."""
    with WebhookReceiver() as receiver, same_port(receiver) as other:
        to = webhook_to(f"http://localhost:{receiver.port}/ok", networks=["::1"])
        with world.host(site_text(webhooks={"sms": to})) as host:
            host.file("avis", "d1")
            host.go(1)
        if receiver.connections:
            yield "127.0.0.1 was connected to, which is in no network that is named"
        if isinstance(other, PeerServer) and not other.connections:
            yield "::1 was not connected to"


@dataclass(frozen=True)
class Environment:
    """Proxies, and a file of passwords, that the process's environment names."""

    through: bool = False  # a planted fault alone: the proxy is the destination itself

    def __call__(self, world: World) -> Faults:
        netrc = world.folder / ".netrc"
        netrc.write_text("machine 127.0.0.1 login evil password evil\ndefault login e password e\n")
        with WebhookReceiver() as proxy, WebhookReceiver() as receiver, SmtpServer() as server:
            names = "http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY smtp_proxy".split()
            environment = dict.fromkeys(names, proxy.base_url)
            environment |= {"no_proxy": "", "NO_PROXY": "", "HOME": str(world.folder)}
            to = webhook_to((proxy if self.through else receiver).base_url + "/set_cookie")
            mail = mail_to(f"smtp://127.0.0.1:{server.port}", plain=True)
            with world.host(site_text(mail=mail, webhooks={"sms": to}), environment) as host:
                for dossier in ("d1", "d2"):
                    host.file("avis", dossier)
                    host.go(2)
            yield from checks.of_host(host)
            yield from checks.of_requests(receiver.requests)
            if proxy.connections:
                yield "a proxy of the environment was used"
            if server.commands["AUTH"]:
                yield "gave a password that nobody had given it"
            if states_of(host) != ["sent"] * 4:
                yield f"did not reach the other side: {states_of(host)} {host.logs()}"


def cases() -> Iterator[Case]:
    yield from tls_cases()
    yield from https_cases()
    yield from network_cases()
    yield Case("proxies of the environment", Environment())
