#!/usr/bin/env python3
"""The ABI of libgreffe.so is that of its snapshot: whatever changes it is seen in a commit.

    check.py [--library libgreffe.so]   exit 0: the same, 1: it differs, 77: skipped
    check.py --update [--library ...]   writes the snapshot anew
    check.py --self-check               plants changes of each kind: each is found

Names and soname are those of the library that is shipped. Types are those of the public headers,
with which it is compiled: a unit that includes them all and defines every function in one line is
compiled with debug information, which takes no time and holds nothing private. libabigail describes
it, and compares the description; it reads types from what gcc writes, and not from what clang does.
Where abidw or abidiff is missing, or on another machine than x86-64, the test is skipped.
"""

import argparse
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "test" / "abi" / "libgreffe-x86_64.abi"
TOOLS = ("abidw", "abidiff", "gcc", "readelf", "nm")
SKIPPED = 77
INCOMPATIBLE = 8  # a bit of abidiff's exit status; so are 1 and 2, for faults of its own
RULE = "see CONTRIBUTING.md, The ABI; if it is meant: python3 test/abi/check.py --update"


class Fault(Exception):
    """What is wrong."""


def run(command: list[str | pathlib.Path], text: str = "") -> str:
    """Run a command; return what it printed, or raise a Fault that quotes it."""
    done = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise Fault(f"{command[0]} fails with {done.returncode}:\n{done.stdout.strip()}")
    return done.stdout


def headers(include: pathlib.Path) -> dict[str, str]:
    """The public headers, each without its comments."""
    return {str(path.relative_to(include)): re.sub(
        r"/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for path in sorted(include.rglob("*.h"))}


def functions(include: pathlib.Path) -> dict[str, str]:
    """The functions that the headers export, each with its declaration."""
    return {found[2]: found[1] for text in headers(include).values()
            for found in re.finditer(r"GREFFE_API\s+([^;{]*?\b(greffe_\w+)\([^;]*\));", text)}


def unit(include: pathlib.Path) -> str:
    """C that includes all headers, defines all functions, and uses all types and enumerators."""
    lines = [f"#include <{name}>" for name in headers(include)]
    lines += [declared + " { __builtin_trap(); }" for declared in functions(include).values()]
    lines.append("__attribute__((used)) static void uses(void) {")
    for text in headers(include).values():
        lines += [f"{{ {name} *used; }}" for name in re.findall(r"^} (\w+);", text, re.M)]
        for body in re.findall(r"\benum\s*\w*\s*{([^}]*)}", text):
            lines += [f"(void){name};" for name in re.findall(r"\bGREFFE_\w+", body)]
    return "\n".join(lines + ["}\n"])


def describe(include: pathlib.Path, soname: str, out: pathlib.Path) -> None:
    """Write libabigail's description of what the headers promise."""
    with tempfile.TemporaryDirectory() as work:
        source, library = pathlib.Path(work) / "greffe.c", pathlib.Path(work) / "libgreffe.so"
        source.write_text(unit(include), encoding="utf-8")
        run(["gcc", "-std=c11", "-shared", "-fPIC", "-gdwarf-4", "-O0", "-w", f"-I{include}",
             f"-Wl,-soname,{soname}", f"-ffile-prefix-map={work}/=", "-o", library, source])
        run(["abidw", "--headers-dir", include, "--drop-private-types", "--load-all-types",
             "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed",
             "--drop-undefined-syms", "--no-parameter-names", "--no-write-default-sizes",
             "--type-id-style", "hash", "--out-file", out, library])


def soname_of(library: pathlib.Path) -> str:
    found = re.search(r"\(SONAME\).*\[(.*)\]", run(["readelf", "-d", library]))
    if not found:
        raise Fault(f"{library} has no soname")
    return found[1]


def exports_of(library: pathlib.Path) -> set[str]:
    """What a library exports, but for the names of versions."""
    lines = run(["nm", "-D", "--defined-only", library]).splitlines()
    return {line.split()[-1] for line in lines if line.split()[-2] != "A"}


def agree(declared: set[str], exported: set[str]) -> None:
    """The headers must declare what the library exports, and nothing else."""
    lines = [f"{name} is declared and not exported" for name in sorted(declared - exported)]
    lines += [f"{name} is exported and not declared" for name in sorted(exported - declared)]
    if lines:
        raise Fault("\n".join(lines))


def compare(old: pathlib.Path, new: pathlib.Path) -> str:
    """What abidiff says of the way from one description to another; "" when nothing changed."""
    done = subprocess.run(["abidiff", "--harmless", "--non-reachable-types", old, new], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return ""
    if done.returncode & 3:
        raise Fault(f"abidiff fails with {done.returncode}:\n{done.stdout.strip()}")
    kind = "incompatible" if done.returncode & INCOMPATIBLE else "changed"
    return f"{done.stdout.strip()}\nThe ABI is {kind}: {RULE}"


def check(library: pathlib.Path, update: bool) -> int:
    include = ROOT / "include"
    if not library.is_file():
        raise Fault(f"{library} is not there; build it, or name another with --library")
    agree(set(functions(include)), exports_of(library))
    if update:
        describe(include, soname_of(library), SNAPSHOT)
        print(f"wrote {SNAPSHOT.relative_to(ROOT)}")
        return 0
    with tempfile.TemporaryDirectory() as work:
        new = pathlib.Path(work) / "new.abi"
        describe(include, soname_of(library), new)
        said = compare(SNAPSHOT, new)
    print(said or f"{len(functions(include))} public functions and their types are as they were")
    return 1 if said else 0


# ---- self-check ------------------------------------------------------------------------------

SONAME = "libgreffe.so.0"
PLANTED = [  # header, what stands there, what is planted, what is said
    ("engine.h", "GREFFE_API void greffe_engine_close(greffe_engine *engine);", "",
     "[D] 'function void greffe_engine_close(greffe_engine*)'"),
    ("engine.h", "GREFFE_API void greffe_engine_close(",
     "GREFFE_API int greffe_planted(void);\nGREFFE_API void greffe_engine_close(",
     "[A] 'function int greffe_planted()'"),
    ("engine.h", "char **out,\n", "char **out, int planted,\n", "to 'int'"),
    ("types.h", "    size_t size;", "    uint32_t size;", "type of 'size_t size' changed"),
    ("types.h", "    size_t size;", "    size_t planted;\n    size_t size;", "size_t planted"),
    ("types.h", "GREFFE_EIO = 10,", "GREFFE_EIO = 40,", "from value '10' to '40'"),
    ("context.h", "    GREFFE_LOG_DEBUG = 3\n", "    GREFFE_LOG_DEBUG = 3, GREFFE_PLANTED\n",
     "GREFFE_PLANTED"),
    ("effects.h", "    const char *payer;", "    int planted;\n    const char *payer;", "planted"),
    ("sender.h", "GREFFE_WATCH_WRITE = 2", "GREFFE_WATCH_WRITE = 4", "from value '2' to '4'"),
    ("sys/store.h", "    void (*close)(greffe_store *store);",
     "    int (*close)(greffe_store *store);", "close"),
]


def trial(old: pathlib.Path, plant: tuple[str, str, str], soname: str) -> str:
    """What is said of a copy of the headers in which something was planted."""
    name, there, planted = plant
    with tempfile.TemporaryDirectory() as work:
        include, new = pathlib.Path(work) / "include", pathlib.Path(work) / "new.abi"
        shutil.copytree(ROOT / "include", include)
        path = include / "greffe" / name
        text = path.read_text(encoding="utf-8")
        if there not in text:
            raise Fault(f"{name} has no {there!r}; plant something else")
        path.write_text(text.replace(there, planted, 1), encoding="utf-8")
        describe(include, soname, new)
        return compare(old, new)


def self_check() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as work:
        old = pathlib.Path(work) / "old.abi"
        describe(ROOT / "include", SONAME, old)
        trials = [(name, there, planted, said, SONAME) for name, there, planted, said in PLANTED]
        trials.append(("types.h", "#define", "#define", "SONAME changed", "libgreffe.so.1"))
        trials.append(("types.h", "#define", "/* A word. */\n#define", "", SONAME))
        for name, there, planted, expected, soname in trials:
            said = trial(old, (name, there, planted), soname)
            if expected not in said or bool(expected) != bool(said):
                wrong += 1
                print(f"self-check: {planted!r} in {name}, and not {expected!r} but:\n{said}")
    for declared, exported in (({"a", "b"}, {"a"}), ({"a"}, {"a", "b"})):
        try:
            agree(declared, exported)
            wrong += 1
            print(f"self-check: {declared} and {exported} agree")
        except Fault:
            pass
    print(f"self-check: {len(trials) + 2} trials checked, {wrong} faults")
    return 1 if wrong else 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "build" / "libgreffe.so")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args(arguments)
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or platform.machine() != "x86_64":
        print(f"skipped: {', '.join(missing) + ' missing' if missing else platform.machine()}")
        return SKIPPED
    try:
        if options.self_check:
            return self_check()
        return check(options.library, options.update)
    except Fault as fault:
        print(fault)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
