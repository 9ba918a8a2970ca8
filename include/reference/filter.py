#!/usr/bin/env python3
"""What doxygen reads instead of a file: the same lines, with marks that only doxygen needs.

    filter.py PATH         from the root of the sources; prints the text

Of a header: its opening comment becomes the file's, a comment `--- Title ---` begins a group, or is
a part of the file's comment when it says more; the remark behind `a, b;` is said of both, and the
name of something public becomes a link. Of a page in Markdown: headings get the ids that links to
them use, and a link to what is not part of the reference becomes its text.
"""

import functools
import pathlib
import re
import sys

HEADERS = pathlib.Path("include/greffe")
PAGES = {"README.md": "greffe", "examples/GUIDE.md": "guide", "workflows/LANGUAGE.md": "language"}
MARKS = re.compile(r"(?<!\\)[\\@<>#%]")
CODE = re.compile(r"(`[^`]*`)")


def declared(text: str) -> set[str]:
    """The public names of a header."""
    plain = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    names = re.findall(r"GREFFE_API[^;{]*?\b(greffe_\w+)\(", plain)
    names += re.findall(r"^typedef [^;{]*?\(\*(greffe_\w+)\)", plain, re.MULTILINE)
    names += re.findall(r"^typedef \w+ \w+ (greffe_\w+);", plain, re.MULTILINE)
    return set(names + re.findall(r"^} (greffe_\w+);", plain, re.MULTILINE))


@functools.cache
def public() -> frozenset[str]:
    """The public names of all headers."""
    return frozenset().union(*(declared(path.read_text(encoding="utf-8"))
                               for path in HEADERS.rglob("*.h")))


def linked(text: str) -> str:
    """The text, with a link from each public name that stands in it."""
    return re.sub(r"\bgreffe_\w+",
                  lambda name: ("#" if name[0] in public() else "") + name[0], text)


def comment(text: str) -> str:
    """A comment: all of doxygen's own signs are plain letters, but inside `code`."""
    parts = CODE.split(text)
    for number in range(0, len(parts), 2):
        opening = re.match(r"\s*/\*\*<?", parts[number]) if number == 0 else None
        start = opening.end() if opening else 0
        body = MARKS.sub(lambda sign: "\\" + sign[0], parts[number][start:])
        parts[number] = parts[number][:start] + linked(body)
    return "".join(parts)


def each(found: re.Match[str]) -> str:
    """`int a, b; /**< what */` as two declarations, each with the remark, on the same lines."""
    indent, kind, names, gap, remark = found.groups()
    *first, last = names.split(", ")
    once = re.sub(r"\s*\n[ *]*", " ", remark)
    return (indent + "".join(f"{kind} {name}; {once} " for name in first)
            + f"{kind} {last};{gap}{remark}")


def header(path: pathlib.Path, text: str) -> str:
    name = path.relative_to(HEADERS.parent)
    text, opened = re.subn(r"\A/\*(?!\*)", "/**", text)
    text = re.sub(r"/\*\*.*?\*/", lambda found: comment(found[0]), text, flags=re.DOTALL)
    if opened:
        text = text.replace("*/", f"@file {name} */", 1)
    text = re.sub(r"^( +)((?:const )?(?:struct )?\w+) (\*?\w+(?:, \*?\w+)+);(\s*)(/\*\*<.*?\*/)",
                  each, text, flags=re.MULTILINE | re.DOTALL)
    begun = ""
    pieces = re.split(r"^/\* --- (.*?) ---(.*?)\*/", text, flags=re.MULTILINE | re.DOTALL)
    text = pieces[0]
    for title, words, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3]):
        if words.strip():  # it is of the file itself
            told = comment(words).replace("\n *\n", f"\n * @par {title}\n", 1)
            text += f"{begun}/** @file {name}{told}*/{rest}"
            begun = ""
        else:
            text += f"{begun}/** @name {comment(title)} *//** @{{ */{rest}"
            begun = "/** @} */"
    if begun:
        start, end = text.rsplit("#ifdef __cplusplus", 1)
        text = f"{start}{begun}#ifdef __cplusplus{end}"
    return text


def slug(heading: str) -> str:
    """The id that a heading has where the page is read as Markdown."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def whole(code: re.Match[str]) -> str:
    """Code that goes over the end of a line, before it; and a quotation mark alone."""
    if code[0] == '`"`':
        return "<code>&quot;</code>"
    return f"`{code[1]} {code[2]}`{code[3]}\n" if code[1] else code[0]


def named(code: re.Match[str]) -> str:
    """A public name that stands as code, as a link; another as it is."""
    return f"<code>@ref {code[1]}</code>" if code[1] in public() else code[0]


def page(path: pathlib.Path, text: str) -> str:
    own = PAGES[str(path)]

    def link(found: re.Match[str]) -> str:
        words, target = found.groups()
        if "://" in target:
            return found[0]
        file, _, place = target.partition("#")
        aim = (path.parent / file).resolve().relative_to(pathlib.Path.cwd()) if file else path
        if str(aim) in PAGES:
            return f"[{words}](@ref {PAGES[str(aim)]}{'-' + place if place else ''})"
        return words if aim.suffix != ".h" else f"[{words}](@ref {aim.name})"

    def heading(found: re.Match[str]) -> str:
        marks, words = found.groups()
        return f"{marks} {words} {{#{own if marks == '#' else own + '-' + slug(words)}}}"

    parts = re.split(r"^(```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    for number in range(0, len(parts), 2):
        part = re.sub(r"\[([^\]]*)\]\(([^)]*)\)", link, parts[number])
        part = re.sub(r"^(#+) (.*)$", heading, part, flags=re.MULTILINE)
        part = re.sub(r"`([^`\n]+)\n([^`\n]+)`([.,;:)]*) ?|`[^`]*`", whole, part)
        parts[number] = re.sub(r"`(greffe_\w+)`", named, part)
    return "".join(parts)


def main(path: pathlib.Path) -> None:
    path = path.resolve().relative_to(pathlib.Path.cwd())
    text = path.read_text(encoding="utf-8")
    text = page(path, text) if path.suffix == ".md" else header(path, text)
    sys.stdout.buffer.write(text.encode())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
