#!/usr/bin/env python3
"""What an editor makes of the schemas that `greffe schema` prints: yaml-language-server is asked.

    editor_test.py GREFFE CACHE            exit 0: all as said, 1: not, 77: skipped without Node,
                                           npm or a network
    editor_test.py GREFFE CACHE --planted  plants faults in the schemas, a key that is deleted among
                                           them; exit 0: each is noticed, 1: one is not

CACHE is a folder where the server is kept; npm installs it there when it is not. The tables:

    offers.py         what is offered where an author writes on
    excerpts/*.yaml   `# ! words` at the end of a line: a complaint with these words stands there,
                      and none stands elsewhere; `# ? words`: the description of the line's first
                      key has these words. Without words, any will do

Of the workflows, the examples, the scenarios, the sound twins of the faulty procedures and the
examples of LANGUAGE.md nothing is to be said. Where a pattern that is refused marks a line with
`# GR-xxxx`, something may be.
"""

import argparse
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

sys.dont_write_bytecode = True
from installed import Skipped, server_command
from language_server import Fault, LanguageServer
from offers import OFFERS, Offer

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The word that tells what a file is, in this order: a scenario names its procedure too.
KINDS = ("scenario", "procedure", "authority", "site")
EXCERPTS = "test/editor/excerpts/*.yaml"
REAL = ("workflows/**/*.yaml", "examples/town/*.yaml", "test/scenario/**/*.yaml",
        "test/golden/faulty/[!0-9]*.yaml", "test/golden/faulty/*.sound.yaml")
WRONG_ON_PURPOSE = "planted"
REFERENCE = "workflows/LANGUAGE.md"
COMPLAINT = re.compile(r"# !\s*(.*)$")
DESCRIPTION = re.compile(r"^([\s-]*)(\w+):.*# \?\s*(.*)$")
REFUSED = re.compile(r"# GR-\d{4}$")
PROPERTY, SKELETON = 10, 7  # kinds of an item that is offered: a key, and all that are required
WARNING = 2
SKIPPED = 77

Schemas = dict[str, Any]


class Document(NamedTuple):
    name: str
    uri: str
    text: str

    def lines(self) -> list[tuple[int, str]]:
        return list(enumerate(self.text.split("\n")))


class Editor:
    """An editor with these schemas. What is not as said is told as lines of text."""

    def __init__(self, server: LanguageServer, folder: pathlib.Path) -> None:
        self.server = server
        self.folder = folder
        self.opened = 0

    def open(self, name: str, text: str, kind: str = "") -> Document:
        """Open a text as a file of its kind, which stands in a folder that the settings name."""
        kind = kind or next((word for word in KINDS if re.search(f"^{word}:", text, re.M)), "none")
        self.opened += 1
        uri = (self.folder / kind / f"{self.opened}.yaml").as_uri()
        self.server.open(uri, text)
        return Document(name, uri, text)

    def ask(self, what: str, document: Document, line: int, character: int) -> int:
        return self.server.ask(f"textDocument/{what}", {
            "textDocument": {"uri": document.uri},
            "position": {"line": line, "character": character}})


# --- What is offered ---

def names(text: str) -> set[str]:
    return set(text.split(", ")) - {""}


def listed(some: set[str]) -> str:
    return ", ".join(sorted(some)) or "nothing"


def compare_offer(offer: Offer, items: list[dict[str, Any]]) -> list[str]:
    """What is wrong with what is offered."""
    items = [item for item in items if item.get("kind") != SKELETON]
    labels = [item["label"] for item in items]
    found, wanted = set(labels), names(offer.offered)
    unwanted = found - wanted if offer.nothing_else else found & names(offer.kept_back)
    twice = {label for label in labels if labels.count(label) > 1}
    silent = {item["label"] for item in items
              if item.get("kind") == PROPERTY and not item.get("documentation")}
    faults = []
    for what, some in (("lacks", wanted - found), ("should not have", unwanted),
                       ("has more than once", twice), ("does not describe", silent)):
        if some:
            faults.append(f"{what} {listed(some)}")
    where = f"{offer.what} ({offer.schema})"
    return [f"{where}: expected {offer.offered}; found {listed(found)}: it {'; it '.join(faults)}"
            ] if faults else []


def check_offers(editor: Editor) -> list[str]:
    asked = []
    for offer in OFFERS:
        before, after = offer.text.split("|")
        document = editor.open(offer.what, before + after, offer.schema)
        asked.append(editor.ask("completion", document, before.count("\n"),
                                len(before.rpartition("\n")[2])))
    faults = []
    for offer, number in zip(OFFERS, asked):
        answer = editor.server.answer(number) or {"items": []}
        faults += compare_offer(offer, answer["items"])
    return faults


# --- What is complained of ---

def excerpts() -> list[pathlib.Path]:
    return sorted(ROOT.glob(EXCERPTS))


def complaints(document: Document) -> dict[int, str]:
    """The words that are wanted, by line."""
    marks = ((number, COMPLAINT.search(line)) for number, line in document.lines())
    return {number: mark.group(1).strip() for number, mark in marks if mark}


def compare_complaints(document: Document, diagnostics: list[dict[str, Any]]) -> list[str]:
    wanted = complaints(document)
    found: dict[int, list[str]] = {}
    for one in diagnostics:
        if one.get("severity", 1) <= WARNING:
            found.setdefault(one["range"]["start"]["line"], []).append(one["message"])
    faults = []
    for number in sorted(wanted.keys() | found.keys()):
        messages = found.get(number, [])
        words = wanted.get(number)
        said = " / ".join(messages) or "nothing"
        where = f"{document.name}:{number + 1}"
        if words is None:
            faults.append(f"{where}: expected nothing, found: {said}")
        elif not any(words in message for message in messages):
            faults.append(f"{where}: expected a complaint with {words!r}, found: {said}")
    return faults


def check_complaints(editor: Editor) -> tuple[list[str], int]:
    """What is wrong, and how many complaints are wanted."""
    documents = [editor.open(path.name, path.read_text(encoding="utf-8")) for path in excerpts()]
    said = editor.server.diagnosed(document.uri for document in documents)
    faults = [fault for document in documents
              for fault in compare_complaints(document, said[document.uri])]
    return faults, sum(len(complaints(document)) for document in documents)


# --- What is described ---

def described(answer: dict[str, Any] | None) -> str:
    """The description alone: not the title above it, nor the words below it that may stand there;
    and without the marks of Markdown."""
    contents = (answer or {}).get("contents", "")
    text = contents["value"] if isinstance(contents, dict) else str(contents)
    text = re.sub(r"^#### .*$", "", text, flags=re.M).partition("Allowed Values:")[0]
    return " ".join(re.sub(r"\\(.)", r"\1", text).replace("&nbsp;", " ").split())


def check_descriptions(editor: Editor) -> tuple[list[str], int]:
    """What is wrong, and how many keys are pointed at."""
    asked = []
    for path in excerpts():
        document = editor.open(path.name, path.read_text(encoding="utf-8"))
        for number, line in document.lines():
            if mark := DESCRIPTION.search(line):
                # Between its first two letters: before them ends the value of the key above.
                asked.append((f"{path.name}:{number + 1}: {mark.group(2)}", mark.group(3).strip(),
                              editor.ask("hover", document, number, len(mark.group(1)) + 1)))
    faults = []
    for where, words, number in asked:
        shown = described(editor.server.answer(number))
        if shown == "" or words not in shown:
            faults.append(f"{where}: expected {words or 'a description'!r}, "
                          f"found: {shown or 'nothing'}")
    return faults, len(asked)


# --- Of what is sound, nothing ---

def real_files() -> Iterator[tuple[str, str]]:
    """Names and texts: files, and the examples of the language's reference."""
    for pattern in REAL:
        for path in sorted(ROOT.glob(pattern)):
            if WRONG_ON_PURPOSE not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    reference = (ROOT / REFERENCE).read_text(encoding="utf-8")
    for block in re.finditer(r"^```yaml\n(# example: .*\n(?:.*\n)*?)```$", reference, re.M):
        line = reference.count("\n", 0, block.start()) + 1
        yield f"{REFERENCE}, the example at line {line}", block.group(1)


def check_files(editor: Editor) -> tuple[list[str], int]:
    """What is wrong, and how many files there are."""
    documents = [editor.open(name, text) for name, text in real_files()]
    said = editor.server.diagnosed(document.uri for document in documents)
    faults = []
    for document in documents:
        may = set() if document.name.endswith(".sound.yaml") else {
            number for number, line in document.lines() if REFUSED.search(line)}
        faults += [f"{document.name}:{one['range']['start']['line'] + 1}: expected nothing, found: "
                   f"{one['message']}" for one in said[document.uri]
                   if one.get("severity", 1) <= WARNING
                   and one["range"]["start"]["line"] not in may]
        if document.uri.split("/")[-2] == "none":
            faults.append(f"{document.name}: no key says what kind of file it is")
    return faults, len(documents)


# --- All of it ---

def read_schemas(greffe: str) -> Schemas:
    schemas = {}
    for kind in KINDS:
        ended = subprocess.run([greffe, "schema", kind], capture_output=True, text=True,
                               encoding="utf-8", timeout=60, check=False)
        if ended.returncode != 0:
            raise Fault(f"greffe schema {kind} ends with {ended.returncode}: {ended.stderr}")
        try:
            schemas[kind] = json.loads(ended.stdout)
        except ValueError as error:
            raise Fault(f"greffe schema {kind} prints no JSON: {error}") from error
        if "draft-07" not in str(schemas[kind].get("$schema")):
            raise Fault(f"greffe schema {kind}: $schema does not say draft-07")
    return schemas


class Outcome(NamedTuple):
    faults: list[str]
    offers: int
    complaints: int
    descriptions: int
    files: int


def check(command: list[str], schemas: Schemas) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        globs = {}
        for kind, schema in schemas.items():
            path = folder / f"{kind}.schema.json"
            path.write_text(json.dumps(schema), encoding="utf-8")
            globs[path.as_uri()] = f"**/{kind}/*.yaml"
        settings = {"yaml": {"schemas": globs, "validate": True, "completion": True, "hover": True,
                             "hoverSchemaSource": False, "schemaStore": {"enable": False},
                             "kubernetesCRDStore": {"enable": False}}}
        with LanguageServer(command, settings) as server:
            editor = Editor(server, folder)
            faults = check_offers(editor)
            of_complaints, wanted = check_complaints(editor)
            of_descriptions, pointed = check_descriptions(editor)
            of_files, files = check_files(editor)
    faults += of_complaints + of_descriptions + of_files
    if 0 in (len(OFFERS), wanted, pointed, files):
        faults.append("a table is empty, or is not where it was")
    return Outcome(faults, len(OFFERS), wanted, pointed, files)


def report(outcome: Outcome) -> int:
    for fault in outcome.faults:
        print(f"FAILED {fault}")
    print(f"{outcome.descriptions} descriptions")
    print(f"{outcome.offers} completions, {outcome.complaints} errors, {outcome.files} files: "
          f"{len(outcome.faults)} not as said")
    return 1 if outcome.faults else 0


# --- Planted faults ---

def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a schema, itself included."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from objects(child)


def is_list_of_names(node: Any) -> bool:
    return isinstance(node, list) and all(isinstance(one, str) for one in node)


def not_required(key: str) -> Callable[[Schemas], None]:
    def plant(schemas: Schemas) -> None:
        for one in objects(schemas):
            if is_list_of_names(one.get("required")):
                one["required"] = [name for name in one["required"] if name != key]
    return plant


def without_key(key: str) -> Callable[[Schemas], None]:
    def plant(schemas: Schemas) -> None:
        not_required(key)(schemas)
        for one in objects(schemas):
            if isinstance(one.get("properties"), dict):
                one["properties"].pop(key, None)
    return plant


def without_word(word: str) -> Callable[[Schemas], None]:
    def plant(schemas: Schemas) -> None:
        for one in objects(schemas):
            if isinstance(one.get("enum"), list):
                one["enum"] = [value for value in one["enum"] if value != word]
    return plant


def without(keyword: str) -> Callable[[Schemas], None]:
    """Take a keyword of JSON Schema out; a key of that name has a schema, and stays."""
    def plant(schemas: Schemas) -> None:
        for one in objects(schemas):
            if not isinstance(one.get(keyword), dict):
                one.pop(keyword, None)
    return plant


PLANTS: dict[str, Callable[[Schemas], None]] = {
    "without the key 'budget'": without_key("budget"),
    "without the key 'secretary'": without_key("secretary"),
    "without the word 'acceptance'": without_word("acceptance"),
    "with a 'template' that may be missing": not_required("template"),
    "with keys that nobody knows": without("additionalProperties"),
    "without patterns": without("pattern"),
    "without descriptions": without("description"),
}


def planted(command: list[str], schemas: Schemas) -> int:
    """A fault is noticed when something is not as said that was before."""
    before = set(check(command, schemas).faults)
    missed = 0
    for what, plant in PLANTS.items():
        changed = copy.deepcopy(schemas)
        plant(changed)
        after = [fault for fault in check(command, changed).faults if fault not in before]
        missed += 0 if after else 1
        print(f"planted: schemas {what}: " + (f"noticed, {len(after)} times" if after
                                              else "MISSED"))
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("greffe")
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--planted", action="store_true")
    options = parser.parse_args()
    try:
        schemas = read_schemas(options.greffe)
        command = server_command(options.cache)
        return planted(command, schemas) if options.planted else report(check(command, schemas))
    except Skipped as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except Fault as fault:
        print(f"FAILED {fault}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
