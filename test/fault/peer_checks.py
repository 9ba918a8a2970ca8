"""What must hold of all that a server has received, whatever it answered."""

from __future__ import annotations

import base64
import collections
import copy
import email
import email.policy
import hashlib
import hmac
import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from email.headerregistry import Address
from typing import Any

from sender_host import READER, SECRETS, SENDER, Host, Line
from smtp_server import Message
from webhook_receiver import Request, verify

KEYS_OF_A_BODY = {"type", "timestamp", "data"}
KEYS_OF_DATA = {"key", "channel", "subject", "text", "facts"}
HEADERS = {
    "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version",
    "content-type", "content-transfer-encoding",
}
LONGEST_LINE = 998
LONGEST_TURN_MS = 700  # of a machine that is busy; a turn waits for 5 ms

Faults = Iterator[str]


# ---- The host ------------------------------------------------------------------------------------

def of_host(host: Host) -> Faults:
    """It has ended in order, left nothing open, and no peer has held it up."""
    yield from of_end(host.exit_code, host.lines[-1])
    yield from of_turns([line for line in host.lines if "turned" in line])


def of_turns(turns: list[Line]) -> Faults:
    for one in turns:
        if one["longest_ms"] > LONGEST_TURN_MS:
            yield f"a turn of the host's loop took {one['longest_ms'] / 1000:.1f} s"


def of_end(exit_code: int | None, last: Mapping[str, Any]) -> Faults:
    if exit_code != 0:
        yield f"the host ended with {exit_code}"
    elif last.get("did") != "end":
        yield f"the host said last: {last}"
    elif last["left_open"] != 0 or last["watched"] != 0:
        yield f"{last['left_open']} descriptors left open, {last['watched']} left watched"


# ---- Webhooks ------------------------------------------------------------------------------------

def token_of(request: Request) -> str:
    return request.headers["greffe-token"]


def of_requests(requests: list[Request], *, call: bool = False) -> Faults:
    contents: collections.defaultdict[str, set[str]] = collections.defaultdict(set)
    identities: collections.defaultdict[str, set[str]] = collections.defaultdict(set)
    attempts: collections.defaultdict[str, list[int]] = collections.defaultdict(list)
    for request in requests:
        faults = list(of_request(request, call))
        yield from faults
        if faults:
            continue
        body = json.loads(request.body.encode("latin-1"))
        data = body["data"]
        identity = request.headers["webhook-id"]
        identities[data["key"]].add(identity)
        attempts[data["key"]].append(int(request.headers["greffe-attempt"]))
        contents[identity].add(request.body)
    for key, several in identities.items():
        if len(several) > 1:
            yield f"{key} came with {len(several)} values of webhook-id"
    if len({one for several in identities.values() for one in several}) < len(identities):
        yield "two effects came with one webhook-id"
    for identity, several in contents.items():
        if len(several) > 1:
            yield f"{identity} came with {len(several)} different contents"
    for key, numbers in attempts.items():
        # One that was given again while it was under way may be overtaken by the next.
        if any(max(numbers[:i], default=0) > number + 1 for i, number in enumerate(numbers)):
            yield f"the attempts of {key} are numbered {numbers}"


def of_stamps(requests: list[Request]) -> Faults:
    """Of attempts that were made before the host's clock was put forward."""
    for request in requests:
        stamp = request.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) - request.received) > 10:
            yield f"signed at {stamp}, received at {request.received:.0f}"


def of_request(request: Request, call: bool) -> Faults:
    headers = request.headers
    for secret in SECRETS:
        stamp = headers.get("webhook-timestamp", "")
        now = int(stamp) if re.fullmatch("[0-9]{1,15}", stamp) else None
        if not verify([secret], headers, request.body, now=now):
            yield "a signature does not agree"
    if len(headers.get("webhook-signature", "").split(" ")) != len(SECRETS):
        yield "not one signature for each secret"
    if not re.fullmatch(r"[\x21-\x7e]{1,256}", headers.get("webhook-id", "")):
        yield "a webhook-id that is none"
    if not headers.get("greffe-token") or not headers.get("greffe-attempt", "").isdigit():
        yield "no token, or no attempt"
    if request.method != "POST" or headers.get("content-type", "")[:16] != "application/json":
        yield f"{request.method} of {headers.get('content-type')}"
    for name in ("cookie", "authorization", "proxy-authorization", "proxy-connection", "referer"):
        if name in headers:
            yield f"a header that nobody asked for: {name}"
    if not all(re.fullmatch(r"[\x20-\x7e]*", value) for value in headers.values()):
        yield "a header with bytes that are no text"
    yield from of_body(request, call)


def of_body(request: Request, call: bool) -> Faults:
    try:
        body = json.loads(request.body.encode("latin-1").decode("utf-8"))
    except ValueError as error:
        yield f"the body is no JSON: {error}"
        return
    data = body.get("data", {})
    wanted = KEYS_OF_DATA - {"subject", "text"} if call else KEYS_OF_DATA
    of_what = "service" if call else "letter"
    if set(body) != KEYS_OF_A_BODY or not wanted | {of_what} <= set(data):
        yield f"the body has {sorted(body)}, its data {sorted(data)}"
    elif body["type"] != ("call.caf" if call else "sms"):
        yield f"the type is {body['type']}"
    elif not isinstance(data["facts"], dict):
        yield "no facts"
    elif not re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body["timestamp"]):
        yield f"the timestamp is {body['timestamp']}"


# ---- Letters -------------------------------------------------------------------------------------

def of_letters(messages: list[Message], to: Collection[str], motive: str) -> Faults:
    contents: collections.defaultdict[str, set[str]] = collections.defaultdict(set)
    for message in messages:
        faults = list(of_letter(message, to, motive))
        yield from faults
        if not faults:
            contents[str(parsed(message)["Message-ID"])].add(message.data)
    for identity, several in contents.items():
        if len(several) > 1:
            one, other, *_ = sorted(several)
            changed = set(one.split("\r\n")) ^ set(other.split("\r\n"))
            yield f"a letter came with two different contents: {sorted(changed)} of {identity}"


def parsed(message: Message) -> email.message.EmailMessage:
    raw = message.data.encode("latin-1")
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def of_letter(message: Message, to: Collection[str], motive: str) -> Faults:
    if message.data == "":
        yield "an empty letter was delivered"
        return
    if re.search(r"(?<!\r)\n|\r(?!\n)|\0", message.data) or message.data[-2:] != "\r\n":
        yield "a line of a letter that does not end as it should"
    if max(map(len, message.data.split("\r\n"))) > LONGEST_LINE:
        yield "a line of a letter that is too long"
    if message.mail_from != SENDER:
        yield f"a letter comes from {message.mail_from!r}"
    if len(message.rcpt_to) != 1 or message.rcpt_to[0] not in to:
        yield f"a letter goes to {message.rcpt_to}"
        return
    letter = parsed(message)
    if {name.lower() for name in letter.keys()} != HEADERS or len(letter.keys()) != len(HEADERS):
        yield f"a letter has these headers: {letter.keys()}"
        return
    if [str(letter["To"])] != message.rcpt_to and message.rcpt_to[0].isascii():
        yield f"a letter for {message.rcpt_to} names {letter['To']}"
    sender = letter["From"].addresses
    if sender != (Address("Ville", addr_spec=SENDER),):
        yield f"a letter is signed by {sender}"
    yield from of_text(letter, motive)


def of_text(letter: email.message.EmailMessage, motive: str) -> Faults:
    text = re.sub(r"[\r\n]+", "\n", str(letter.get_content())).rstrip()
    clean = re.sub(r"[\r\n]+", "\n", motive.replace("\r\n", "\n")).rstrip()
    answer = f".une ligne\n..deux points\n.\nFrom rien\n{clean}\n.\nFin."
    as_it_is = {re.sub(r"[ \n]+", " ", one) for one in ("Merci.", answer)}
    if re.sub(r"[ \n]+", " ", text) not in as_it_is:
        yield f"a letter has another text: {text[:200]!r} … {text[-40:]!r}"


def of_secrecy(messages: list[Message], commands: Mapping[str, int], user: str | None) -> Faults:
    for message in messages:
        if not message.tls:
            yield "a letter went in clear"
        if message.user != user:
            yield f"a letter was given by {message.user}"
    if commands["AUTH"] and (user is None or not commands["STARTTLS"] and not messages):
        yield "a password in clear"


# ---- Planted faults, in what was received --------------------------------------------------------

def signed(body: dict[str, object], identity: str, secrets: list[str]) -> Request:
    content, stamp = json.dumps(body).encode(), str(int(time.time()))
    headers = {"webhook-id": identity, "webhook-timestamp": stamp}
    entries = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.digest(key, f"{identity}.{stamp}.".encode() + content, hashlib.sha256)
        entries.append("v1," + base64.b64encode(digest).decode("ascii"))
    headers |= {"webhook-signature": " ".join(entries), "content-type": "application/json",
                "greffe-token": "g1", "greffe-attempt": "1"}
    return Request("POST", "/ok", headers, content.decode("latin-1"), time.time())


def good_request(text: str = "x", identity: str = "msg_1", both: bool = True) -> Request:
    data: dict[str, object] = dict.fromkeys(KEYS_OF_DATA | {"letter"}, text)
    data |= {"key": "d1/5", "facts": {}}
    body: dict[str, object] = {"type": "sms", "timestamp": "2026-03-02T08:00:00Z", "data": data}
    return signed(body, identity, SECRETS if both else SECRETS[:1])


def good_letter() -> Message:
    text = (
        f"From: Ville <{SENDER}>\r\nTo: {READER}\r\nSubject: x\r\n"
        "Date: Mon, 02 Mar 2026 08:00:00 +0000\r\nMessage-ID: <d1.5@example.org>\r\n"
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        "\r\n.une ligne\r\n..deux points\r\n.\r\nFrom rien\r\nAnne\r\n.\r\nFin.\r\n"
    )
    return Message(SENDER, [READER], text, True, "greffe", "vm", [])


def with_header(name: str, value: str) -> Request:
    request = copy.deepcopy(good_request())
    request.headers[name] = value
    return request


def planted() -> Iterator[tuple[str, str, list[str]]]:
    """What is wrong, a word of what must be said, and what was said."""
    letter, request = good_letter(), good_request()
    data = letter.data
    end = {"did": "end", "left_open": 0, "watched": 0}

    def letters(*several: Message) -> list[str]:
        return list(of_letters(list(several), {READER}, "Anne"))

    def requests(*several: Request) -> list[str]:
        return list(of_requests(list(several)))

    yield "nothing", "", [*letters(letter, letter), *requests(request, request), *of_end(0, end)]
    yield "another content", "different contents", requests(request, good_request("y"))
    yield "another id", "values of webhook-id", requests(request, good_request(identity="msg_2"))
    yield "one secret", "does not agree", requests(good_request(both=False))
    changed = replace(request, body=request.body.replace('"x"', '"y"'))
    yield "a body that was changed", "does not agree", requests(changed)
    yield "a cookie", "nobody asked for", requests(with_header("cookie", "a=b"))
    yield "bytes of memory", "no text", requests(with_header("user-agent", "a\x1cb"))
    dated = replace(letter, data=data.replace("08:00:00", "09:00:00"))
    yield "another date", "different contents", letters(letter, dated)
    yield "a lost dot", "another text", letters(replace(letter, data=data.replace("..d", ".d")))
    yield "half a letter", "another text", letters(replace(letter, data=data[:-20] + "\r\n"))
    yield "nothing in it", "empty", letters(replace(letter, data=""))
    yield "a second reader", "goes to", letters(replace(letter, rcpt_to=[READER, "e@x.org"]))
    bcc = data.replace("Subject: x", "Subject: x\r\nBcc: e@x.org")
    yield "a header", "these headers", letters(replace(letter, data=bcc))
    yield "a bare line feed", "does not end", letters(replace(letter, data=data[:-2] + "\n\r\n"))
    clear = list(of_secrecy([replace(letter, tls=False)], {"AUTH": 0, "STARTTLS": 0}, "greffe"))
    yield "a letter in clear", "in clear", clear
    secret = list(of_secrecy([], {"AUTH": 1, "STARTTLS": 0}, "greffe"))
    yield "a password in clear", "a password", secret
    yield "a descriptor", "left open", list(of_end(0, {**end, "left_open": 1}))
    slow = list(of_turns([{"longest_ms": 1000}]))
    yield "a loop that is held up", "a turn of", slow
    yield "a host that died", "ended with", list(of_end(-13, end))


def missed() -> Iterator[str]:
    for name, words, said in planted():
        wrong = said if words == "" else not any(words in one for one in said)
        if wrong:
            yield f"{name}: {said}"
        else:
            print(f"found: {name}")
