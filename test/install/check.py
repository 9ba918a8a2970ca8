#!/usr/bin/env python3
"""Installs a build into a temporary folder, and builds and runs an outside program against it.

    check.py --build BUILD_DIR --source TEST_INSTALL_DIR [--cc cc]
                                       exit 0: clean, 1: faults
    check.py --self-check [--cc cc]    plants faulty libraries and proves that each is found

Variants: core and engine, shared and static, found by CMake and by pkg-config. The installed
shared libraries must carry a version in their soname, and export greffe_ names only.
"""

import argparse
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

PACKAGES = {"core": "greffe-core", "engine": "greffe"}


class Fault(Exception):
    """What is wrong, in words that say how to mend it."""


def run(command, **options):
    """Run a command; return what it printed, or raise a Fault that quotes it."""
    done = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise Fault(f"{shlex.join(command)} fails with {done.returncode}:\n{done.stdout.strip()}")
    return done.stdout.strip()


def dynamic(path, tag):
    """The values of one tag of a binary's dynamic section, such as NEEDED or SONAME."""
    return re.findall(rf"\({tag}\).*\[(.*)\]", run(["readelf", "-d", path]))


def check_library(path):
    """A shared library must carry a versioned soname and export our names only."""
    soname = dynamic(path, "SONAME")
    if not soname or not re.search(r"\.so\.\d+", soname[0]):
        raise Fault(f"its soname is {soname or 'missing'}; set SOVERSION on the target")
    # Class A holds the names of versions themselves, when a version script is used.
    lines = [line.split() for line in run(["nm", "-D", "--defined-only", path]).splitlines()]
    names = {line[-1].split("@")[0] for line in lines if line[-2] != "A"}
    foreign = sorted(name for name in names if not name.startswith("greffe_"))
    if foreign:
        raise Fault(f"it exports {', '.join(foreign[:8])} ({len(foreign)} in all); "
                    "hide them with C_VISIBILITY_PRESET hidden, or a version script")
    if not names:
        raise Fault("it exports nothing; mark the public functions as visible")


class Outside:
    """The outside program in its variants, against one installed prefix."""

    def __init__(self, options, prefix, work):
        self.options, self.prefix, self.work = options, prefix, work
        self.folders = sorted({os.path.dirname(path) for path in
                               glob.glob(f"{prefix}/lib*/**/libgreffe*", recursive=True)})
        packages = glob.glob(f"{prefix}/lib*/**/pkgconfig", recursive=True)
        packages += glob.glob(f"{prefix}/share/pkgconfig")
        self.env = dict(os.environ, LD_LIBRARY_PATH=":".join(self.folders),
                        PKG_CONFIG_PATH=":".join(packages))
        self.versions = {}

    def libraries(self):
        """The shared libraries that were installed, without their symbolic links."""
        return sorted({os.path.realpath(path) for folder in self.folders
                       for path in glob.glob(f"{folder}/libgreffe*.so*")})

    def configure(self, static):
        """Configure the CMake project once for shared or for static; return its build folder."""
        build = os.path.join(self.work, "static" if static else "shared")
        if not os.path.isfile(os.path.join(build, "build.ok")):
            run(["cmake", "-S", self.options.source, "-B", build,
                 f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_C_COMPILER={self.options.cc}",
                 "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF",
                 f"-DOUTSIDE_STATIC={'ON' if static else 'OFF'}"], env=self.env)
            with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as cache:
                found = re.search(r"^greffe_DIR:\w+=(.*)$", cache.read(), re.MULTILINE).group(1)
            if not os.path.realpath(found).startswith(self.prefix + os.sep):
                raise Fault(f"find_package took {found}; install greffeConfig.cmake under "
                            "LIBDIR/cmake/greffe")
            with open(os.path.join(build, "build.ok"), "w", encoding="utf-8"):
                pass
        return build

    def by_cmake(self, part, static):
        build = self.configure(static)
        run(["cmake", "--build", build, "--target", f"outside_{part}"], env=self.env)
        return os.path.join(build, f"outside_{part}")

    def by_pkg_config(self, part, static):
        package, ask = PACKAGES[part], ["pkg-config"] + ["--static"] * static
        prefix = run(ask + ["--variable=prefix", package], env=self.env)
        if os.path.realpath(prefix) != self.prefix:
            raise Fault(f"{package}.pc says prefix={prefix}, and was installed under "
                        f"{self.prefix}; write it relative to ${{pcfiledir}}")
        compiling = shlex.split(run(ask + ["--cflags", package], env=self.env))
        linking = shlex.split(run(ask + ["--libs", package], env=self.env))
        if static:
            linking = [self.archive(word) for word in linking]
        program = os.path.join(self.work, f"{package}-{'static' if static else 'shared'}")
        run([self.options.cc, "-o", program, os.path.join(self.options.source, "main.c"),
             *compiling, *linking], env=self.env)
        return program

    def archive(self, word):
        """Name our archives by path: the linker would take the shared library beside them."""
        if not word.startswith("-lgreffe"):
            return word
        for folder in self.folders:
            path = os.path.join(folder, f"lib{word[2:]}.a")
            if os.path.isfile(path):
                return path
        raise Fault(f"pkg-config gives {word}, and lib{word[2:]}.a is not installed")

    def check(self, way, part, static):
        """Build one variant, run it, and look at what it was linked with."""
        build = {"cmake": self.by_cmake, "pkg-config": self.by_pkg_config}[way]
        program = build(part, static)
        ours = [name for name in dynamic(program, "NEEDED") if name.startswith("libgreffe")]
        if static and ours:
            raise Fault(f"the static program still needs {', '.join(ours)}")
        if not static and not ours:
            raise Fault("the shared program needs no libgreffe")
        version = run([program], env=self.env)
        told = run(["pkg-config", "--modversion", PACKAGES[part]], env=self.env)
        if not told or not version.startswith(told):
            raise Fault(f'the program prints "{version}", {PACKAGES[part]}.pc says "{told}"')


def check(options):
    faults, checked, ran = 0, 0, 0

    def attempt(name, function, *arguments):
        nonlocal faults, checked
        checked += 1
        try:
            function(*arguments)
            return True
        except Fault as fault:
            faults += 1
            print(f"{name}: {fault}")
            return False

    with tempfile.TemporaryDirectory() as work:
        work = os.path.realpath(work)
        prefix = os.path.join(work, "prefix")
        if attempt("install", run, ["cmake", "--install", options.build, "--prefix", prefix]):
            outside = Outside(options, prefix, work)
            libraries = outside.libraries()
            for path in libraries:
                attempt(os.path.basename(path), check_library, path)
            if not libraries:
                faults += 1
                print("install: no libgreffe*.so was installed; add the targets to install()")
            for way in ("cmake", "pkg-config"):
                for part in PACKAGES:
                    for static in (False, True):
                        name = f"{way}, {part}, {'static' if static else 'shared'}"
                        ran += attempt(name, outside.check, way, part, static)
    print(f"{ran} of 8 variants were built, ran and agreed")
    print(f"{checked} checked, {faults} faults")
    return 1 if faults else 0


def self_check(cc):
    """Each planted library must be refused for its own reason, and the sound one accepted."""
    sound, soname = "int greffe_x(void) { return 1; }", "-Wl,-soname,libgreffe.so.1"
    trials = [
        (sound, soname, None),
        (sound, "-Wl,-soname,libgreffe.so", "soname"),
        (sound, "-g", "missing"),
        (sound + " int helper(void) { return 1; }", soname, "exports helper"),
        (sound + " int limit = 3;", soname, "exports limit"),
        ("static int x;", soname, "exports nothing"),
    ]
    faults = 0
    with tempfile.TemporaryDirectory() as work:
        for text, flag, reason in trials:
            path = os.path.join(work, "libgreffe.so")
            run([cc, "-w", "-shared", "-fPIC", flag, "-x", "c", "-o", path, "-"], input=text)
            try:
                check_library(path)
                said = None
            except Fault as fault:
                said = str(fault)
            if (said is None) != (reason is None) or (reason and reason not in said):
                faults += 1
                print(f"self-check: {text} with {flag}: said {said}, expected {reason}")
    print(f"self-check: {len(trials)} trials checked, {faults} faults")
    return 1 if faults else 0


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", help="the build folder of the project")
    parser.add_argument("--source", help="the folder of the outside program")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args(arguments)
    if options.self_check:
        return self_check(options.cc)
    if not options.build or not options.source:
        parser.error("--build and --source are both needed")
    options.source = os.path.abspath(options.source)
    return check(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
