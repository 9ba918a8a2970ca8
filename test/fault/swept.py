#!/usr/bin/env python3
"""Every public function is called under failing memory.

    swept.py [--self-check]

Reads the functions that the installed headers export, and looks for each in the sources of the
sweep. Those below allocate nothing, or cannot be tried; the reason stands beside.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WITHOUT_MEMORY = {
    "greffe_status_name": "a word from a table",
    "greffe_version": "a constant",
    "greffe_engine_kick": "its notice is there from the beginning",
    "greffe_iban_valid": "works in place",
    "greffe_bic_valid": "works in place",
    **{f"greffe_loop_{verb}": "libuv ends the process when it has no memory for its watchers"
       for verb in ("attach", "run", "stop", "detach")},
}


def exported():
    for path in sorted((ROOT / "include").rglob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        yield from re.findall(r"GREFFE_API[^;{]*?\b(greffe_\w+)\(", text)


def main():
    sources = "".join(path.read_text(encoding="utf-8")
                      for path in (ROOT / "test" / "fault").glob("alloc_*.c"))
    functions = list(exported())
    if sys.argv[1:] == ["--self-check"]:
        functions.append("greffe_planted")
    missing = [one for one in functions
               if one not in WITHOUT_MEMORY and not re.search(rf"\b{one}\b", sources)]
    for one in missing:
        print(f"{one} is not called under failing memory")
    if sys.argv[1:] == ["--self-check"]:
        print("the planted function was", "found" if missing == ["greffe_planted"] else "NOT found")
        sys.exit(0 if missing == ["greffe_planted"] else 1)
    print(f"{len(functions)} public functions, {len(missing)} not swept")
    sys.exit(1 if missing or len(functions) < 30 else 0)


if __name__ == "__main__":
    main()
