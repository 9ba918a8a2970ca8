"""Reads as much of YAML as the files of examples/ci are written in: block mappings and sequences,
flow ones on one line, plain and quoted scalars, `|` and `>`. Every scalar is a string.

What it does not know it refuses, with the line; it never guesses. A test compares it with PyYAML.
"""

import re

KEY = re.compile(r"([\w.-]+):(?: +|$)")
QUOTED = re.compile(r"""'((?:[^']|'')*)'|"([^"\\]*)\"""")
HEADER = re.compile(r"([|>])(-?)$")


class NotRead(ValueError):
    """The text has something that this reader does not know."""


def read(text):
    """The document's mappings, lists and strings."""
    reader = _Reader(text)
    value = reader.block()
    if reader.peek():
        reader.refuse("this stands deeper or less deep than what is before it")
    return value


class _Reader:
    def __init__(self, text):
        self.lines = text.split("\n")
        self.at = 0

    def refuse(self, why):
        at = min(self.at, len(self.lines) - 1)
        raise NotRead(f"line {at + 1}: {why}: {self.lines[at].strip()!r}")

    def peek(self):
        """How deep the next line that says something stands, and what it says; None at the end."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            said = line.lstrip(" ")
            if said and not said.startswith("#"):
                if said.startswith(("\t", "&", "*", "!", "? ", "---", "<<")):
                    self.refuse("this is not read here")
                return len(line) - len(said), said
            self.at += 1
        return None

    def block(self):
        depth, said = self.peek() or self.refuse("there is nothing here")
        return self.sequence(depth) if said.startswith("- ") else self.mapping(depth)

    def sequence(self, depth):
        items = []
        while (line := self.peek()) and line[0] == depth and line[1].startswith("- "):
            rest = line[1][2:].lstrip(" ")
            inner = depth + len(line[1]) - len(rest)
            if KEY.match(rest):
                self.lines[self.at] = " " * inner + rest
                items.append(self.mapping(inner))
            else:
                items.append(self.value(rest, depth))
        return items

    def mapping(self, depth):
        pairs = {}
        while (line := self.peek()) and line[0] == depth and not line[1].startswith("- "):
            key = KEY.match(line[1]) or self.refuse("no key stands here")
            if key[1] in pairs:
                self.refuse("this key has been said before")
            pairs[key[1]] = self.value(line[1][key.end():], depth)
        return pairs

    def value(self, rest, depth):
        """What stands after a key or a dash, on its line and below."""
        header = HEADER.match(_plain(rest))
        if header:
            return self.lines_below(depth, *header.groups())
        if not rest or rest.startswith("#"):
            self.at += 1
            line = self.peek()
            below = line and (line[0] > depth or line[0] == depth and line[1].startswith("- "))
            return self.block() if below else ""
        try:
            found = _flow(rest, "")
        except NotRead as why:
            self.refuse(str(why))
        self.at += 1
        line = self.peek()
        if line and line[0] > depth:
            self.refuse("a scalar goes on here")
        return found

    def lines_below(self, depth, kind, chomp):
        self.at += 1
        first = self.at
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= depth:
                break
            self.at += 1
        lines = self.lines[first:self.at]
        inner = min(len(one) - len(one.lstrip(" ")) for one in lines if one.strip())
        lines = [one[inner:] for one in lines]
        while lines and not lines[-1].strip():
            lines.pop()
        if kind == ">":
            if any(not one.strip() or one.startswith(" ") for one in lines):
                self.refuse("a folded text with empty or deeper lines is not read here")
            lines = [" ".join(lines)]
        return "\n".join(lines) + ("" if chomp else "\n")


def _plain(text):
    """The text without the comment after it."""
    return re.sub(r"(^| +)#.*$", "", text).rstrip(" ")


def _flow(text, ends):
    """The value that the text is; where it is inside brackets, as (value, what follows)."""
    quoted = QUOTED.match(text)
    if quoted:
        found = quoted[2] if quoted[1] is None else quoted[1].replace("''", "'")
        rest = text[quoted.end():]
    elif text[:1] in ("[", "{"):
        found, rest = _bracket(text)
    elif text[:1] in ("'", '"', "&", "*", "!", "%", "@", "`", "|", ">"):
        raise NotRead("this scalar is not read here")
    elif ends:
        stop = re.search(f"[{re.escape(ends)}]", text) or _unfinished()
        found, rest = text[:stop.start()].rstrip(" "), text[stop.start():]
    else:
        found, rest = _plain(text), ""
        if ": " in found or found.endswith(":"):
            raise NotRead("a mapping inside a scalar")
    if ends:
        return found, rest.lstrip(" ")
    if _plain(rest):
        raise NotRead("something stands after the value")
    return found


def _unfinished():
    raise NotRead("a bracket that does not end on its line")


def _bracket(text):
    keyed, rest = text[0] == "{", text[1:].lstrip(" ")
    ends = ",}" if keyed else ",]"
    pairs, items = {}, []
    while rest[:1] != ends[1]:
        if keyed:
            key = KEY.match(rest) or _unfinished()
            pairs[key[1]], rest = _flow(rest[key.end():], ends)
        else:
            found, rest = _flow(rest, ends)
            items.append(found)
        if rest[:1] == ",":
            rest = rest[1:].lstrip(" ")
        elif rest[:1] != ends[1]:
            _unfinished()
    return (pairs if keyed else items), rest[1:]
