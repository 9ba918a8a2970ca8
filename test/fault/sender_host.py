"""What the harness of misbehaving peers drives: the kit as a process, its site, certificates."""

from __future__ import annotations

import json
import os
import pathlib
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

sys.dont_write_bytecode = True

Line = dict[str, Any]

SECRETS = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr",
    "whsec_c2Vjb25kIGtleSBvZiB0aGlydHktdHdvIGJ5dGVzISEhISE=",
]
SENDER = "aide@example.org"
READER = "anne@example.org"
PATIENCE_S = 60.0
SANITIZER = "quarantine_size_mb=1"  # what was freed is no memory that grows


class Dead(Exception):
    """The kit ended by itself, or no longer answers."""


def site_text(sender: str = f"Ville <{SENDER}>", **parts: object) -> str:
    """A site file; what JSON says, YAML says too."""
    whole = {"greffe": 1, "site": "essai", "sender": sender, **parts}
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in whole.items())


def webhook_to(url: str, **keys: object) -> dict[str, object]:
    """A webhook on this machine, unless the keys say otherwise; None takes a key away."""
    usual: dict[str, object] = {"url": url, "secrets": SECRETS, "within": 4}
    if url.startswith("http://"):
        usual["plain"] = True
    return _merged(usual, keys)


def mail_to(url: str, **keys: object) -> dict[str, object]:
    return _merged({"url": url, "within": 4}, keys)


def _merged(usual: dict[str, object], keys: Mapping[str, object]) -> dict[str, object]:
    local: dict[str, object] = {"networks": ["127.0.0.0/8"]}
    merged = {**local, **usual, **keys}
    return {name: value for name, value in merged.items() if value is not None}


class Host:
    """The kit, running; a context manager. All that it said is in `lines`."""

    def __init__(
        self,
        kit: str,
        site: pathlib.Path,
        how: str,
        store: str = "memory",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.lines: list[Line] = []
        self.exit_code: int | None = None
        self._rest = b""
        self._process = subprocess.Popen(
            [kit, str(site), store, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "ASAN_OPTIONS": SANITIZER, **(environment or {})},
        )
        self._answer("open")

    def _next(self, deadline: float) -> Line | None:
        output = self._process.stdout
        assert output is not None
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                raise Dead("the host does not answer any more")
            piece = os.read(output.fileno(), 1 << 16)
            if not piece:
                return None
            self._rest += piece
        text, self._rest = self._rest.split(b"\n", 1)
        line: Line = json.loads(text)
        self.lines.append(line)
        return line

    def _answer(self, command: str) -> list[Line]:
        begun, deadline = len(self.lines), time.monotonic() + PATIENCE_S
        while True:
            line = self._next(deadline)
            if line is None:
                raise Dead(f"the host ended during '{command}': {self._last_words()}")
            if "did" in line:
                return self.lines[begun:]

    def _last_words(self) -> str:
        self.exit_code = self._process.wait(PATIENCE_S)
        said = self._process.stderr.read() if self._process.stderr else b""
        words = said.decode("utf-8", "replace").strip()
        # A sanitizer says a great deal, and one line that counts.
        counts = words[words.find("SUMMARY:") :] if "SUMMARY:" in words else words[-400:]
        return f"exit {self.exit_code} {counts.splitlines()[0] if counts else ''}"

    def ask(self, *words: object) -> list[Line]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("\t".join(map(str, words)).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Dead(f"the host ended before '{words[0]}': {self._last_words()}") from None
        return self._answer(str(words[0]))

    def file(self, procedure: str, dossier: str, motive: str = "Anne", to: str = READER) -> str:
        answers, fill = json.dumps({"demandeur": {"courriel": to}}), json.dumps({"motif": motive})
        return str(self.ask("file", procedure, dossier, answers, fill)[-1]["status"])

    def go(self, ends: int, most_s: float = 8.0) -> list[Line]:
        """What has ended: effect and state, in order."""
        lines = self.ask("go", ends, int(most_s * 1000))
        return [line for line in lines if "state" in line]

    def later(self, seconds: float) -> None:
        self.ask("later", int(seconds * 1000))

    def outcome(self, dossier: str) -> str:
        found = self.ask("look", dossier)[0]["dossier"]
        return str(found.get("outcome") or "")

    def refusals(self) -> list[Line]:
        return [line for line in self.lines if "refused" in line]

    def logs(self) -> list[str]:
        return [line["log"] for line in self.lines if "log" in line]

    def kill(self) -> None:
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends it in order; what it says last is in `lines` too."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            try:
                process.stdin.close()
            except BrokenPipeError:
                pass
        try:
            while self._next(time.monotonic() + PATIENCE_S) is not None:
                pass
        except Dead:
            process.kill()
        self.exit_code = process.wait(PATIENCE_S)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


# ---- Certificates --------------------------------------------------------------------------------

Pair = tuple[str, str]


class Certificates:
    """An authority of the test's own, and what it vouches for."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self.authority = str(folder / "ca.pem")
        self._openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
            f" -subj /CN=essai -keyout {folder}/ca.key -out {self.authority}"
        )
        self.good = self._issue("good", "DNS:localhost,IP:127.0.0.1,IP:::1")
        self.of_another = self._issue("other", "DNS:other.example,IP:192.0.2.1")

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], check=True, capture_output=True)

    def _issue(self, name: str, names: str) -> Pair:
        base = self._folder / name
        extensions = base.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={names}\n", encoding="ascii")
        self._openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
            f" -subj /CN={name} -keyout {base}.key -out {base}.csr"
        )
        self._openssl(
            f"x509 -req -in {base}.csr -CA {self.authority} -CAkey {self._folder}/ca.key"
            f" -CAcreateserial -days 2 -extfile {extensions} -out {base}.pem"
        )
        return f"{base}.pem", f"{base}.key"
