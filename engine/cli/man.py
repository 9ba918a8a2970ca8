#!/usr/bin/env python3
"""Writes the manual page of the command from what the command itself tells.

    man.py GREFFE VERSION > greffe.1
"""

import re
import subprocess
import sys

INTRODUCTION = """\
Greffe executes administrative procedures that are written in YAML: submission, completeness check,
instruction, deliberation by a board, notification, payment. The command checks, tests and publishes
procedures, does by hand what a portal does through the library, and reads and verifies what is
stored. The language is described in LANGUAGE.md."""


def told(greffe: str, *words: str) -> str:
    return subprocess.run([greffe, *words], capture_output=True, text=True, check=True).stdout


def plain(text: str) -> str:
    """A text as roff takes it: nothing in it is a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    lines = "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in text).splitlines()
    return "\n".join("\\&" + line if line.startswith((".", "\\(aq")) else line for line in lines)


def as_it_is(text: str) -> str:
    return f".nf\n{plain(text.rstrip())}\n.fi"


def main() -> None:
    greffe, version = sys.argv[1:]
    usage = told(greffe, "--help")
    print(f'.TH GREFFE 1 "" "greffe {version}" "User Commands"')
    print(".SH NAME\ngreffe \\- administrative procedures, checked before they are published")
    print(".SH SYNOPSIS\n.B greffe\n.I COMMAND\n.RI [ ARGUMENT \\&.\\|.\\|. ]")
    print(f".SH DESCRIPTION\n{plain(INTRODUCTION)}\n.PP\n{as_it_is(usage.split(chr(10), 2)[2])}")
    for page in dict.fromkeys(re.findall(r"^  greffe (?!help)([a-z]+)", usage, re.MULTILINE)):
        print(f".SH {page.upper()}\n{as_it_is(told(greffe, 'help', page))}")
    print(".SH EXIT STATUS\n.TP\n0\nall is well\n.TP\n1\nfaults were found, or the command was "
          "refused\n.TP\n2\nwrong use\n.TP\n3\nthe environment: files, the store\n.TP\n4\nnot "
          "proved")


if __name__ == "__main__":
    main()
