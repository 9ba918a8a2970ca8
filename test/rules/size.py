#!/usr/bin/env python3
"""The shared library stays below 1 MB (1,000,000 bytes), stripped, in a release build.

usage: size.py LIBRARY
       size.py --self-check    proves that a library that is too large is refused
"""

import pathlib
import subprocess
import sys
import tempfile

MOST = 1_000_000


def size_of(library):
    with tempfile.TemporaryDirectory() as name:
        stripped = pathlib.Path(name) / "stripped"
        subprocess.run(["strip", "-o", stripped, library], check=True)
        return stripped.stat().st_size


def verdict(size):
    print(f"{size:,} bytes of {MOST:,}")
    return 0 if size < MOST else 1


def main():
    if sys.argv[1:] == ["--self-check"]:
        sys.exit(0 if verdict(MOST) == 1 and verdict(MOST - 1) == 0 else 1)
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(verdict(size_of(sys.argv[1])))


if __name__ == "__main__":
    main()
