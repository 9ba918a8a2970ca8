#!/usr/bin/env python3
"""Reads the symbols of lib's objects: what they import, what they export, what they could change.

    symbols.py ARCHIVE_OR_OBJECT... [--nm nm]
                                       exit 0: clean, 1: faults, 2: nothing was read
    symbols.py --self-check [--cc cc]  compiles one fault of each kind and proves it is found

lib may import only what computes from its arguments. It exports only greffe_ names, and holds no
data that can be written. What compilers add for coverage and sanitizers is passed over.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from common import Report, Trials, plant

ALLOWED = set("""
    memchr memcmp memcpy memmove memset strchr strcmp strlen strncmp
    snprintf vsnprintf
    calloc free malloc realloc
    __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_
""".split())

# What compilers write in place of the above: clang compares for equality with bcmp, and
# _FORTIFY_SOURCE adds the size of the destination.
ALLOWED |= {"bcmp"} | {f"__{name}_chk" for name in
                       ("memcpy", "memmove", "memset", "snprintf", "vsnprintf")}

# Arithmetic on __int128, from the compiler's own library.
ALLOWED |= {"__divti3", "__modti3", "__udivti3", "__umodti3", "__udivmodti4", "__multi3",
            "__muloti4"}

ALLOWED_PREFIXES = ("yaml_", "cJSON_", "nettle_sha256_", "nettle_hmac_sha256_", "pcre2_",
                    "__bid128_",
                    "bid128_")

# Coverage and sanitizers, of gcc and of clang.
RUNTIME = re.compile(r"_?__asan_|__odr_asan|__ubsan_|__tsan_|__sanitizer_|__sancov_|__msan_"
                     r"|__gcov|__llvm_|llvm_gc|__prof[cdnv]|__covrec_|_GLOBAL__sub_[ID]_"
                     r"|__(start|stop)_(asan_globals|__sancov|__llvm_prf)|__afl_"
                     r"|(asan|tsan|ubsan|sancov)\.module|__unnamed_\d+$")

# Refused with or without this list, which only gives better messages: (names, reason, mend).
DENIED = [
    (r"time|clock|clock_gettime|gettimeofday|timespec_get|ftime|nanosleep|u?sleep",
     "reads a clock", "let the host give the instant as an argument"),
    (r"(local|gm|mk)time(64)?(_r)?|timegm|c?asctime(_r)?|ctime(_r)?|str[fp]time|tzset"
     r"|tzname",
     "reads the zone or the calendar of the process", "use the civil calendar of lib/base"),
    (r"(f|fd|fre)open(64)?|open(at)?(64)?|creat|fclose|close|f?read|p?write|pread|fwrite|fseeko?"
     r"|lseek|mmap|munmap|stat|fstat|unlink|rename|remove|mkdir|opendir|readdir|tmpfile|mkstemp"
     r"|fgets|getc|fgetc|getline|fflush|ferror|feof|(__isoc99_)?fscanf",
     "touches files", "let the host read, and give bytes"),
    (r"socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|select|poll|epoll_\w+"
     r"|getaddrinfo|gethostby\w+|ioctl|pipe2?|fork|exec\w+|wait(pid)?|popen|system|kill",
     "talks to the world", "return an effect that the engine carries out"),
    (r"(__)?pthread_\w+|thrd_\w+|mtx_\w+|cnd_\w+|tss_\w+|call_once|sem_\w+|__tls_get_addr",
     "knows threads", "keep state in the context, which one thread uses at a time"),
    (r"s?rand(_r|om(_r)?|48)?|[delmn]rand48|arc4random\w*|getrandom|getentropy|randombytes\w*",
     "draws chance", "let the host give the seed or the identifier"),
    (r"(new|dup|free|use)?(set)?locale(conv)?|nl_langinfo|(to|is)w\w+|mbs?r?towcs?|wcr?to\w+|mbtowc"
     r"|__ctype_(b|tolower|toupper)_loc|to(upper|lower)|is(alpha|digit|alnum|space|upper|lower"
     r"|punct|print|xdigit)|strcoll|strxfrm|str(n)?casecmp",
     "depends on the locale", "compare bytes, with the helpers of lib/base"),
    (r"strto(d|f|ld|l|ul|ll|ull|imax|umax)|ato(i|l|ll|f)|(__isoc(99|23)_)?v?sscanf"
     r"|__isoc(99|23)_strto\w+",
     "reads numbers by the locale or in binary", "use the decimals or the digits of lib/base"),
    (r"qsort(_r)?|bsearch|hsearch|tsearch", "sorts in an order that is not stable",
     "use the stable sort of lib/base"),
    (r"v?f?printf|puts|fputs|f?putc|putchar|perror|std(in|out|err)|__v?f?printf_chk",
     "prints", "make a diagnostic, and let the host print"),
    (r"v?sprintf|str(n)?cpy|str(n)?cat|stp(n)?cpy|gets|__(v?sprintf|str(n)?(cpy|cat))_chk",
     "writes without a bound, or without an end", "use vsnprintf, or the strings of lib/base"),
    (r"exit|_exit|_Exit|quick_exit|abort|atexit|raise|signal|sigaction|_?_?(sig)?(set|long)jmp",
     "ends or diverts the process", "return a greffe_status"),
    (r"(secure_)?getenv|setenv|putenv|environ|getcwd|getpid|getuid|geteuid|sysconf|uname"
     r"|gethostname|isatty",
     "looks at the process", "let the host give it as an argument"),
    (r"(aligned_|p?v|mem)alloc|memalign|posix_memalign|reallocarray|strn?dup|v?asprintf|alloca",
     "takes memory behind the context's allocator", "allocate through the context"),
    (r"__errno_location", "reads errno", "return a greffe_status"),
    (r"strtok(_r)?|strerror(_r)?|dlopen|dlsym", "has state of its own", "do without it"),
]
DENIED = [(re.compile(names), reason, mend) for names, reason, mend in DENIED]

NOT_WRITABLE = re.compile(r"\.data\.rel\.ro(\.|$)")
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss|sdata|sbss)(\.|$)|\*COM\*")


def read_symbols(nm, path):
    """Return (object, name, class, section) for each symbol of an archive or an object."""
    done = subprocess.run([nm, "-A", "-f", "sysv", path], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit(f"{nm} cannot read {path}: {done.stderr.strip()}")
    symbols = []
    for line in done.stdout.splitlines():
        columns = [column.strip() for column in line.split("|")]
        if len(columns) == 7 and columns[0].startswith(path + ":"):
            # "lib.a:x.o:name" in an archive, "x.o:name" otherwise.
            place, _, name = columns[0].rpartition(":")
            symbols.append((place, name, columns[2], columns[6]))
    return symbols


def import_fault(name, defined):
    """Judge an import, as (reason, mend), or None if it is allowed."""
    if name in ALLOWED or name.startswith(ALLOWED_PREFIXES) or name in defined:
        return None
    if name.startswith("greffe_"):
        return f"{name} is imported, and nothing here defines it", "lib must stand alone"
    for names, reason, mend in DENIED:
        if names.fullmatch(name):
            return f"{name} {reason}", mend
    return f"{name} is not among what lib may import", "do without it, or argue for it here"


def writable(kind, section):
    """Whether a symbol is data that can change while the program runs."""
    if NOT_WRITABLE.match(section):
        return False
    return kind.lower() in ("d", "b", "c", "g", "s") or bool(WRITABLE.match(section))


def check(options):
    report = Report()
    symbols = []
    for path in options.inputs:
        symbols += read_symbols(options.nm, path)
    defined = {name for _, name, kind, _ in symbols
               if kind not in ("U", "w", "v") and name.startswith("greffe_")}
    for place, name, kind, section in symbols:
        if RUNTIME.match(name):
            continue
        if kind in ("U", "w", "v"):
            fault = import_fault(name, defined)
            if fault:
                report.fault(place, *fault)
            continue
        if (kind.isupper() or kind == "u") and not name.startswith("greffe_"):
            report.fault(place, f"{name} is global without the prefix",
                         "make it static, or call it greffe__room_verb")
        if writable(kind, section):
            report.fault(place, f"{name} is data that can change ({section})",
                         "make it const, or keep it in the context")
    objects = len({place for place, _, _, _ in symbols})
    status = report.close(f"{len(symbols)} symbols in {objects} objects")
    if not symbols:
        print("no symbol was read: are these the objects of lib?")
        return 2
    return status


# ---- self-check ------------------------------------------------------------------------------

CLEAN = """
    #include <assert.h>
    #include <stdarg.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    extern int yaml_parser_load(void *), cJSON_IsNull(void *), __bid128_add(int), bid128_neg(int);
    extern int nettle_sha256_init(void *), nettle_hmac_sha256_digest(void *);
    int greffe__room_help(const char *s);
    const int greffe_limits[] = {1, 2, 3};
    static const char *const NAMES[] = {"a", "b"};
    int (*const greffe_table[])(void *) = {yaml_parser_load, cJSON_IsNull};
    const char *greffe_name(unsigned i) { assert(i < 2); return NAMES[i]; }
    char *greffe_copy(const char *s, size_t n, void *old) {
        char *copy = realloc(old, n + strlen(s));
        if (!copy || memcmp(copy, s, n) == 0) { free(copy); return malloc(n); }
        snprintf(copy, n, "%d", __bid128_add(1) + bid128_neg(2) + greffe__room_help(s));
        return nettle_sha256_init(old) + nettle_hmac_sha256_digest(old) ? copy : NULL;
    }
    __extension__ typedef __int128 wide;
    wide greffe_divide(wide a, wide b) { return a / b; }
"""
HELP = "int greffe__room_help(const char *s); int greffe__room_help(const char *s) { return *s; }"

# Some of the imports to be refused: (name, how it is called, a fragment of the reason).
IMPORTS = [(name, f"extern long {name}(); long greffe_x(void) {{ return {name}(); }}", reason)
           for reason, names in {
               "reads a clock": "time clock_gettime gettimeofday clock",
               "calendar of the process": "localtime mktime strftime gmtime_r",
               "touches files": "fopen open read write fclose fwrite",
               "talks to the world": "socket connect fork system",
               "knows threads": "pthread_mutex_lock pthread_create thrd_create mtx_lock",
               "draws chance": "rand srand random getrandom randombytes_buf",
               "depends on the locale": "setlocale localeconv strcoll toupper strcasecmp",
               "in binary": "strtod strtol atoi sscanf",
               "not stable": "qsort qsort_r",
               "prints": "printf puts fprintf",
               "without a bound": "sprintf strcpy strcat strncpy",
               "ends or diverts": "exit abort signal longjmp",
               "looks at the process": "getenv getpid getcwd",
               "behind the context's allocator": "strdup aligned_alloc asprintf",
               "reads errno": "__errno_location",
               "state of its own": "strtok",
               "not among": "uv_run sqlite3_open crypto_sign sin",
               "nothing here defines it": "greffe_host_open",
           }.items() for name in names.split()]

# (what it is, a line of C, a fragment of the reason).
PLANTED = [
    ("a global name", "int helper(void); int helper(void) { return 1; }", "helper is global"),
    ("a global constant", "const int LIMIT = 3;", "LIMIT is global"),
    ("a weak name", "__attribute__((weak)) int f(void) { return 1; }", "f is global"),
    ("written data", "int greffe_x = 3;", "greffe_x is data that can change (.data"),
    ("zeroed data", "int greffe_x;", "greffe_x is data that can change (.bss"),
    ("a common symbol", "__attribute__((common)) int greffe_x;", "can change (*COM*"),
    ("a weak datum", "__attribute__((weak)) int greffe_x = 3;", "greffe_x is data"),
    ("a static counter", "int greffe_x(void) { static int n; return ++n; }", "is data that can"),
    ("a static variable", "static int n = 4; int greffe_x(void) { return ++n; }", "n is data"),
    ("a table of pointers without const", 'const char *greffe_x[] = {"a"};', "greffe_x is data"),
    ("data of a thread", "_Thread_local int greffe_x;", "greffe_x is data"),
    ("data in a named section", '__attribute__((section("own"))) int greffe_x = 1;', "(own)"),
]


CLANG_ONLY = [["-O1", "-fprofile-instr-generate", "-fcoverage-mapping"],
              ["-O1", "-g", "-fsanitize=fuzzer-no-link,address,undefined"]]


def is_clang(cc):
    return "clang" in subprocess.run([cc, "--version"], text=True, check=True,
                                     stdout=subprocess.PIPE).stdout


def self_check(cc):
    trials = Trials(main)
    with tempfile.TemporaryDirectory() as root:

        def build(name, text, *flags):
            plant(root, {f"{name}.c": text + "\n"})
            target = os.path.join(root, f"{name}.o")
            subprocess.run([cc, "-w", "-fno-builtin", *flags, "-c", "-o", target,
                            os.path.join(root, f"{name}.c")], check=True)
            return target

        def archive(*objects):
            target = os.path.join(root, "lib.a")
            if os.path.exists(target):
                os.remove(target)
            subprocess.run(["ar", "rcs", target, *objects], check=True)
            return target

        for flags in (["-O0"], ["-O2", "-fPIC"], ["-O2", "-fbuiltin", "-D_FORTIFY_SOURCE=2"],
                      ["-O2", "-fPIC", "-fdata-sections", "-fstack-protector-all"],
                      ["-O1", "-fsanitize=address,undefined"], ["-O1", "-fsanitize=thread"],
                      ["-O0", "--coverage"], *CLANG_ONLY * is_clang(cc)):
            pair = build("clean", CLEAN, *flags), build("help", HELP, *flags)
            trials.expect(f"clean, {flags}", [archive(*pair)], 0, "2 objects", faults=0)
            trials.expect(f"clean objects, {flags}", list(pair), 0, "2 objects", faults=0)
        pair = build("clean", CLEAN), build("help", HELP)
        trials.expect("half of a pair", [pair[0]], 1, "greffe__room_help is imported")
        for name, text, reason in IMPORTS:
            trials.expect(name, [build("x", text)], 1, "x.o: ", name, reason, faults=1)
        for name, text, reason in PLANTED:
            for flags in (["-O0"], ["-O2", "-fPIC", "-fdata-sections"]):
                planted = build("x", text, *flags)
                trials.expect(name, [archive(*pair, planted)], 1, "x.o: ", reason, faults=1)
        trials.expect("an empty object", [build("x", "")], 2, "no symbol")
        trials.expect("an empty archive", [archive()], 2, "no symbol")
    return trials.close()


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("inputs", nargs="*", metavar="ARCHIVE_OR_OBJECT")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args(arguments)
    if options.self_check:
        return self_check(options.cc)
    if not options.inputs:
        parser.error("ARCHIVE_OR_OBJECT is missing")
    return check(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
