"""Speaks with a language server over its standard streams: JSON-RPC, each message with its length.

It knows the protocol, and nothing of Greffe. Only who waits reads what has arrived, so nothing
happens behind the caller's back.
"""

import json
import pathlib
import queue
import subprocess
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Any

CAPABILITIES = {
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
        "hover": {"contentFormat": ["plaintext"]},
        "publishDiagnostics": {},
    },
}


class Fault(Exception):
    """A program does not do what it promises."""


def read_messages(stream: IO[bytes], into: "queue.Queue[dict[str, Any] | None]") -> None:
    """Read until the stream ends, which None says."""
    size = 0
    while line := stream.readline():
        name, _, value = line.decode("ascii", "replace").partition(":")
        if name.lower() == "content-length":
            size = int(value)
        elif line.strip() == b"":
            into.put(json.loads(stream.read(size)))
    into.put(None)


class LanguageServer:
    """A server that runs while the `with` lasts. `seconds` is how long any one answer may take."""

    def __init__(self, command: list[str], settings: dict[str, Any], seconds: float = 30) -> None:
        self.seconds = seconds
        self.settings = settings
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.asked = 0
        self.configured = False
        self.arrived: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        reader = threading.Thread(target=read_messages, daemon=True,
                                  args=(self.process.stdout, self.arrived))
        reader.start()

    def __enter__(self) -> "LanguageServer":
        self.request("initialize", {"processId": None, "rootUri": None, "workspaceFolders": None,
                                    "capabilities": CAPABILITIES})
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": self.settings})
        # A question that comes before the settings are there is answered as if there were none.
        deadline = time.monotonic() + self.seconds
        while not self.configured:
            self.take(deadline, "the question for the settings")
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.process.stdin.flush()
        except BrokenPipeError as broken:
            raise Fault("the server has ended") from broken

    def notify(self, method: str, params: dict[str, Any]) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: dict[str, Any]) -> int:
        """Ask without waiting; `answer` waits. Many questions under way take less time."""
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        return self.asked

    def answer(self, number: int) -> Any:
        deadline = time.monotonic() + self.seconds
        while number not in self.answers:
            self.take(deadline, f"the answer to question {number}")
        message = self.answers.pop(number)
        if "error" in message:
            raise Fault(f"the server refuses: {message['error']}")
        return message["result"]

    def request(self, method: str, params: dict[str, Any]) -> Any:
        return self.answer(self.ask(method, params))

    def take(self, deadline: float, wanted: str) -> None:
        """Wait for one message, and see to it."""
        try:
            message = self.arrived.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise Fault(f"{wanted} does not come within {self.seconds:.0f} s") from None
        if message is None:
            raise Fault(f"the server has ended; {wanted} does not come")
        if "method" not in message:
            self.answers[message["id"]] = message
        elif "id" in message:
            self.send({"id": message["id"], "result": self.own_answer(message)})
        elif message["method"] == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]

    def own_answer(self, message: dict[str, Any]) -> Any:
        """What a client is asked: its settings, section by section; the rest needs no answer."""
        if message["method"] != "workspace/configuration":
            return None
        self.configured = True
        return [self.settings.get(item.get("section", "")) for item in message["params"]["items"]]

    def open(self, uri: str, text: str) -> None:
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "yaml", "version": 1, "text": text}})

    def diagnosed(self, uris: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """What is said of these documents, once something, or nothing, has been said of each."""
        deadline = time.monotonic() + self.seconds
        wanted = list(uris)
        for uri in wanted:
            while uri not in self.diagnostics:
                self.take(deadline, f"what is said of {pathlib.PurePosixPath(uri).name}")
        return {uri: self.diagnostics[uri] for uri in wanted}
