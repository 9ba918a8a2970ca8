#!/usr/bin/env python3
"""Runs an example with a procedure's bundle and a store, in a folder of its own.

    in_a_folder.py --greffe GREFFE --procedure FILE PROGRAM
"""

import argparse
import os
import subprocess
import sys
import tempfile


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--greffe", required=True)
    parser.add_argument("--procedure", required=True)
    parser.add_argument("program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle, store = os.path.join(folder, "bundle"), os.path.join(folder, "greffe.db")
        subprocess.run([options.greffe, "build", options.procedure, "--out", bundle], check=True)
        return subprocess.run([options.program, bundle, store], check=False,
                              timeout=120).returncode


if __name__ == "__main__":
    sys.exit(main())
