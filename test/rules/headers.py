#!/usr/bin/env python3
"""Compiles each header alone: all as C11, and those under include/ as C++17 too.

    headers.py ROOT [--cc gcc] [--cxx g++] [--include DIR]... [--define NAME=VALUE]...
                             exit 0: clean, 1: faults, 2: nothing was read
    headers.py --self-check  plants one fault of each kind and proves that each is found

A public header sees only include/ (and the generated folders given by --include), as it will
once installed. Each is included twice, so that a missing guard is found as well.
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from common import Report, Trials, files_under

FOLDERS = ("include", "lib", "engine")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def compile_alone(options, path, language):
    """Compile one header; return what the compiler printed, or "" if it was content."""
    root = os.path.abspath(options.root)
    folder, name = path.split(os.sep, 1)
    roots = ["include"] if folder == "include" else list(FOLDERS)
    command = [options.cc, "-std=c11", "-x", "c"]
    if language == "C++17":
        command = [options.cxx, "-std=c++17", "-x", "c++"]
    command += WARNINGS
    command += [f"-I{os.path.join(root, each)}" for each in roots]
    command += [f"-I{os.path.abspath(each)}" for each in options.include]
    command += [f"-D{each}" for each in options.define]
    # The declaration keeps the unit from being empty, which ISO C forbids.
    source = f'#include "{name}"\n#include "{name}"\nextern int greffe_header_probe;\n'
    done = subprocess.run(command + ["-"], input=source, text=True, cwd=root,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return "" if done.returncode == 0 else done.stdout.strip() or "the compiler failed in silence"


def check(options):
    report = Report()
    jobs = []
    for path in files_under(options.root, FOLDERS, (".h",)):
        jobs.append((path, "C11"))
        if path.startswith("include" + os.sep):
            jobs.append((path, "C++17"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(lambda job: compile_alone(options, *job), jobs)
        for (path, language), answer in zip(jobs, answers):
            if answer:
                report.fault(f"{path}:1", f"does not compile alone as {language}",
                             "include what it uses:\n    " + answer.replace("\n", "\n    "))
    headers = len({path for path, _ in jobs})
    status = report.close(f"{len(jobs)} compilations of {headers} headers")
    if not jobs:
        print(f"no header under {options.root}: is it the root of the sources?")
        return 2
    return status


# ---- self-check ------------------------------------------------------------------------------

def guarded(text, name):
    return f"#ifndef {name}_H\n#define {name}_H\n{text}\n#endif\n"


CLEAN = {
    "include/greffe/a.h": guarded("#include <stdint.h>\nint32_t a(void);", "A"),
    "lib/base/b.h": "#pragma once\n#include <greffe/a.h>\n#include <stdbool.h>\nbool b(int32_t);\n",
    "engine/host/c.h": guarded('#include "host/d.h"\nint c(bool class);', "C"),
    "engine/host/d.h": guarded('#include "base/b.h"', "D"),
}

PLANTED = [
    ("include/greffe/x.h", guarded("int x(size_t a);", "X"), "size_t", 2),
    ("lib/base/x.h", guarded("bool x(void);", "X"), "bool", 1),
    ("engine/host/x.h", guarded("uint8_t x(void);", "X"), "uint8_t", 1),
    ("include/greffe/x.h", guarded("int x(int class);", "X"), "alone as C++17", 1),
    ("include/greffe/x.h", guarded("struct x { int a; int b[]; };", "X"), "alone as C++17", 1),
    ("include/greffe/x.h", guarded('#include "base/b.h"', "X"), "base/b.h", 2),
    ("lib/base/x.h", "struct x { int a; };\n", "redefinition", 1),
    ("lib/base/x.h", guarded("struct x { };", "X"), "struct", 1),
]


def self_check(options):
    tools = ["--cc", options.cc, "--cxx", options.cxx]
    trials = Trials(main)
    trials.tree("a clean tree passes", CLEAN, "5 compilations of 4 headers", status=0, faults=0,
                options=tools)
    for path, text, fragment, faults in PLANTED:
        trials.tree(f"{path} with {text}", {**CLEAN, path: text}, f"{path}:1: ", fragment,
                    status=1, faults=faults, options=tools)
    trials.tree("nothing at all", {}, "no header", status=2, options=tools)
    return trials.close()


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("root", nargs="?")
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--cxx", default="g++")
    parser.add_argument("--include", action="append", default=[], metavar="DIR",
                        help="a folder of generated headers")
    parser.add_argument("--define", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args(arguments)
    if options.self_check:
        return self_check(options)
    if options.root is None:
        parser.error("ROOT is missing")
    return check(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
