"""Where a case of the harness runs, and how attempts should end there."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sender_host import Certificates, Host

MOTIVE = "Une ligne.\r\n.\r\n.\r\n..\nBcc: evil@example.org\r\n" + "à" * 400
NEEDS_TLS = {"no_starttls", "starttls_refused", "starttls_garbage"}
NEEDS_USER = {"auth_refused", "auth_temporary"}
SLACK_S = 2.5  # of a machine that is busy
LONG_BACK_OFF_S = 4000  # longer than any of eight attempts waits, and than a channel rests
DAY_S = 86400

Faults = Iterator[str]


@dataclass
class World:
    """Where a case runs; each has its own."""

    kit: str
    folder: pathlib.Path
    certificates: Certificates
    how: str
    store: str = "memory"

    def host(self, site: str, environment: dict[str, str] | None = None) -> Host:
        path = self.folder / "site.yaml"
        path.write_text(site, encoding="utf-8")
        return Host(self.kit, path, self.how, self.store, environment)


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable[[World], Faults]


# ---- How attempts end ----------------------------------------------------------------------------

def attempts_of(host: Host, effects: int, expected: str, most_s: float) -> Faults:
    """Attempts end as `expected` says: "again sent", or "incident|again" where both are right.

    Between two of them passes what any back-off takes.
    """
    left = effects
    for number, words in enumerate(expected.split(), 1):
        if number > 1:
            host.later(LONG_BACK_OFF_S)
        begun = time.monotonic()
        states = [end["state"] for end in host.go(left, most_s + SLACK_S)]
        took = time.monotonic() - begun
        if len(states) < left:
            yield f"attempt {number} did not end within {most_s} s, but: {states}"
        if any(state not in words.split("|") for state in states):
            yield f"attempt {number} ended as {states}, which should be {words}: {host.logs()[-1:]}"
        if took > most_s + SLACK_S:
            yield f"attempt {number} took {took:.1f} s of {most_s} s"
        left -= len(states) - states.count("again")
        if left == 0:
            break


def states_of(host: Host) -> list[str]:
    return [line["state"] for line in host.lines if "state" in line]
