#!/usr/bin/env python3
"""Reads every #include of the house and refuses the arrows that are not in its table.

    arrows.py ROOT            exit 0: clean, 1: forbidden arrows, 2: too little was read
    arrows.py --self-check    plants one fault of each kind and proves that each is found

It looks at spelling only: whether a header exists is the compiler's business.
"""

import fnmatch
import os
import re
import sys

sys.dont_write_bytecode = True
from common import C_SUFFIXES, Report, Trials, blank, files_under, read_text, run_rule

FOLDERS = ("include", "lib", "engine", "examples", "bindings")
FEWEST_FILES = 10  # Fewer means a wrong ROOT, and a check of nothing must not pass.

# A room of lib sees itself, these, and whatever these see.
LIB_SEES = {
    "base": [],
    "value": ["base"],
    "text": ["base"],
    "expr": ["value"],
    "plan": ["expr"],
    "compile": ["text", "plan"],
    "run": ["plan"],
}

# What a room of engine may include besides itself and the public headers. "lib doors" stands for
# the headers of lib that are not private; anything else is one header, spelled out.
FRONT_END = ["effects/effects.h"]
ENGINE_SEES = {
    "host": ["lib doors"],
    "store": [],
    "loop": [],
    "effects": [],
    "cli": FRONT_END,
    "http": FRONT_END,
    "web": FRONT_END,
    "spool": FRONT_END,
}

# The libraries, and the only files that may include them.
LIBRARY_USERS = {
    "yaml.h": ["lib/text/yaml.c"],
    "cJSON.h": ["lib/value/json*.c", "engine/cli/*", "engine/effects/*"],
    "uv.h": ["engine/loop/*", "examples/*"],
    "sqlite3.h": ["engine/store/sqlite*.c", "examples/*"],
    "pcre2.h": ["lib/expr/regex.c"],
    "readline.h": ["engine/cli/eval.c"],
    "bid_functions.h": ["lib/base/decimal*.c"],
    "bid_conf.h": ["lib/base/decimal*.c"],
    "curl.h": ["engine/effects/curl_*"],
    "sha2.h": ["lib/base/sha256.c", "engine/effects/curl_webhook.c",
               "engine/store/documents_files.c"],
    "hmac.h": ["lib/base/sha256.c", "engine/effects/curl_webhook.c"],
    "base64.h": ["engine/effects/*"],
    "random.h": ["engine/host/random*.c"],
    "pthread.h": ["engine/host/*", "engine/loop/*", "engine/effects/curl_posting.c",
                  "engine/effects/curl_hand.c", "engine/cli/check.c"],
    "threads.h": ["engine/host/*", "engine/loop/*"],
}

# No clock, file, socket, thread or locale: stdio.h is there for vsnprintf only, which the test
# of symbols watches over; stdatomic.h for the one reference count that plans have.
PURE_C_HEADERS = {
    "assert.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h",
    "stdatomic.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdio.h", "stdlib.h", "string.h",
}

INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
SPELLING = re.compile(r'<([^>]+)>|"([^"]+)"')


def seen_by(room):
    """Every room of lib that a room of lib may include."""
    rooms = {room}
    for below in LIB_SEES[room]:
        rooms |= seen_by(below)
    return rooms


def place_fault(path):
    """Why a file lies outside the table, as (reason, mend), or None."""
    parts = path.split("/")
    if parts[0] == "include" and parts[1] != "greffe":
        return "a public header outside include/greffe", "move it to include/greffe"
    rooms = {"lib": LIB_SEES, "engine": ENGINE_SEES}.get(parts[0])
    if rooms is not None and (len(parts) < 3 or parts[1] not in rooms):
        return ("this file is in no room of the table",
                f"move it into one of {parts[0]}/{{{','.join(rooms)}}}")
    return None


def room_fault(path, header):
    """Judge an include of room/file.h, as (reason, mend), or None."""
    tree, own = path.split("/")[:2]
    target = header.split("/")[0]
    private = header.endswith("_priv.h")
    if tree in ("lib", "engine") and own == target:
        return None
    if tree not in ("lib", "engine"):
        return f"{tree}/ sees public headers only", "include <greffe/...>"
    if private:
        return (f'"{header}" is private to {target}', f"include the door of {target}, or move "
                "what is needed there")
    if tree == "lib" and target in ENGINE_SEES:
        return "lib does not know the engine", "let the engine call lib, never the reverse"
    if tree == "lib":
        if own in LIB_SEES and target not in seen_by(own):
            return (f"{own} does not see {target}", f"{own} sees only "
                    f"{', '.join(sorted(seen_by(own)))}: move what is shared below both")
        return None
    allowed = ENGINE_SEES.get(own, [])
    if header in allowed or (target in LIB_SEES and "lib doors" in allowed):
        return None
    extra = "".join(f" and {what}" for what in allowed)
    return f"engine/{own} does not see {target}", f"it sees itself, public headers{extra}"


def local_fault(root, path, header):
    """Judge a quoted include that names no room, as (reason, mend), or None."""
    parts = path.split("/")
    if parts[0] == "include":
        return f'"{header}" is not a public header', "include <greffe/...>"
    if parts[0] in ("lib", "engine"):
        return (f'"{header}" does not name its room',
                f'write "{parts[1]}/{os.path.basename(header)}"')
    if not os.path.isfile(os.path.join(root, os.path.dirname(path), header)):
        return (f'"{header}" is not beside this file', f"{parts[0]}/ sees public headers only: "
                "include <greffe/...>")
    return None


def include_fault(root, path, operand):
    """Judge one include directive, as (reason, mend), or None if the arrow is allowed."""
    match = SPELLING.match(operand)
    if not match:
        return "an include that cannot be read without the preprocessor", "name the header"
    header, quoted = match.group(1) or match.group(2), match.group(2) is not None
    if ".." in header.split("/") or header.startswith("/"):
        return f"a path that climbs ({header})", "name the header from its root"
    users = LIBRARY_USERS.get(header.split("/")[-1])
    if users and not (quoted and "/" in header and header != "cjson/cJSON.h"):
        if any(fnmatch.fnmatchcase(path, user) for user in users):
            return None
        return f"<{header}> is used here", f"only {', '.join(users)} may include it"
    first = header.split("/")[0]
    if first == "greffe":
        if quoted:
            return "a public header in quotes", f"write <{header}>"
        return None
    if "/" in header and (first in LIB_SEES or first in ENGINE_SEES):
        fault = room_fault(path, header)
        if fault is None and not quoted:
            return "a header of a room in angle brackets", f'write "{header}"'
        return fault
    if quoted:
        return local_fault(root, path, header)
    if path.startswith(("lib/", "include/")) and header not in PURE_C_HEADERS:
        return (f"<{header}> is not allowed in {path.split('/')[0]}",
                "take what you need through the context, or do it in engine")
    return None


def check(root):
    report, files, includes = Report(), 0, 0
    for path in files_under(root, FOLDERS, C_SUFFIXES):
        files += 1
        fault = place_fault(path)
        if fault:
            report.fault(f"{path}:1", *fault)
        # A directive that a backslash continues is rare, and joined at no cost in line numbers.
        text = re.sub(r"\\\r?\n", " ", blank(read_text(root, path), strings=False))
        for match in INCLUDE.finditer(text):
            includes += 1
            fault = include_fault(root, path, match.group(1))
            if fault:
                line = text.count("\n", 0, match.start()) + 1
                report.fault(f"{path}:{line}", *fault)
    status = report.close(f"{includes} includes in {files} files")
    if files < FEWEST_FILES:
        print(f"only {files} files were read under {root}: is it the root of the sources?")
        return 2
    return status


# ---- self-check ------------------------------------------------------------------------------

# Every kind of arrow that is allowed, once.
CLEAN = {
    "include/greffe/greffe.h": "#include <stdint.h>\n#include <greffe/sys/store.h>\n",
    "include/greffe/sys/store.h": "#include <stddef.h>\n",
    "lib/base/base.h": "#include <stdbool.h>\n#include <greffe/greffe.h>\n",
    "lib/base/base_priv.h": '#include "base/base.h"\n',
    "lib/base/arena.c": '#include "base/base_priv.h"\n#include "base/codes.def"\n',
    "lib/base/decimal_bid.c": "#include <bid_conf.h>\n#include <bid_functions.h>\n",
    "lib/base/sha256.c": "#include <nettle/sha2.h>\n",
    "lib/value/json_read.c": '#include <cjson/cJSON.h>\n#include "base/base.h"\n',
    "lib/text/yaml.c": '#include <yaml.h>\n#include "base/base.h"\n',
    "lib/expr/expr.h": '#  include "value/value.h" /* why */\n#include "base/base.h"\n',
    "lib/plan/plan.h": '#include "expr/expr.h"\n#include "base/base.h"\n',
    "lib/compile/bind.c": '#include "text/text.h"\n#include "plan/plan.h"\n'
                          '#include "value/value.h"\n',
    "lib/run/decide.c": '#include "plan/plan.h"\n/*\n#include <time.h>\n*/\n'
                        '// #include "host/x.h"\n',
    "engine/host/host.c": '#include "host/host_priv.h"\n#include "run/run.h"\n'
                          "#include <pthread.h>\n#include <time.h>\n",
    "engine/host/random_os.c": "#include <sys/random.h>\n",
    "engine/store/sqlite.c": '#include <sqlite3.h>\n#include "store/store.h"\n',
    "engine/loop/loop.c": '#include <uv.h>\n#include <threads.h>\n#include "loop/loop.h"\n',
    "engine/effects/mail.c": '#include "effects/effects.h"\n#include <greffe/greffe.h>\n',
    "engine/cli/main.c": '#include "effects/effects.h"\n#include <cjson/cJSON.h>\n'
                         "#include <time.h>\n",
    "examples/01-leave/main.c": '#include <greffe/greffe.h>\n#include "form.h"\n'
                                "#include <stdio.h>\n",
    "examples/01-leave/form.h": "#include <stddef.h>\n",
    "bindings/cpp/greffe.hpp": "#include <greffe/greffe.h>\n#include <string>\n",
}

# (file, its text, a fragment of the reason); each is planted alone in the clean tree.
PLANTED = [
    ("lib/base/x.c", '#include "value/value.h"', "base does not see value"),
    ("lib/value/x.c", '#include "text/text.h"', "value does not see text"),
    ("lib/text/x.c", '#include "value/value.h"', "text does not see value"),
    ("lib/expr/x.c", '#include "plan/plan.h"', "expr does not see plan"),
    ("lib/expr/x.c", '#include "text/text.h"', "expr does not see text"),
    ("lib/plan/x.c", '#include "text/text.h"', "plan does not see text"),
    ("lib/plan/x.c", '#include "run/run.h"', "plan does not see run"),
    ("lib/compile/x.c", '#include "run/run.h"', "compile does not see run"),
    ("lib/run/x.c", '#include "compile/compile.h"', "run does not see compile"),
    ("lib/run/x.c", '#include "text/text.h"', "run does not see text"),
    ("lib/value/x.c", '#include "base/base_priv.h"', "private to base"),
    ("lib/run/x.c", '#include "host/host.h"', "does not know the engine"),
    ("lib/run/x.c", '#include "run.h"', 'write "run/run.h"'),
    ("lib/run/x.c", '#include "../plan/plan.h"', "climbs"),
    ("lib/run/x.c", "#include <plan/plan.h>", "angle brackets"),
    ("lib/run/x.c", '#include "greffe/greffe.h"', "write <greffe/greffe.h>"),
    ("lib/run/x.c", "#include HEADER", "without the preprocessor"),
    ("lib/run/x.c", "#include \\\n<time.h>", "<time.h> is not allowed in lib"),
    ("lib/run/x.c", "#include <time.h>", "<time.h> is not allowed in lib"),
    ("lib/run/x.c", "#include <locale.h>", "<locale.h> is not allowed in lib"),
    ("lib/run/x.c", "#include <sys/types.h>", "<sys/types.h> is not allowed in lib"),
    ("lib/run/x.c", "#include <math.h>", "<math.h> is not allowed in lib"),
    ("lib/base/x.c", "#include <pthread.h>", "only engine/host/*, engine/loop/*"),
    ("lib/base/x.c", "#include <threads.h>", "only engine/host/*, engine/loop/*"),
    ("lib/text/map.c", "#include <yaml.h>", "only lib/text/yaml.c"),
    ("lib/text/text.h", "#include <yaml.h>", "only lib/text/yaml.c"),
    ("lib/run/codec.c", "#include <cjson/cJSON.h>", "only lib/value/json*.c"),
    ("lib/value/hash.c", '#include "cjson/cJSON.h"', "only lib/value/json*.c"),
    ("lib/value/x.c", "#include <bid_functions.h>", "only lib/base/decimal*.c"),
    ("lib/base/decimal.h", "#include <bid_conf.h>", "only lib/base/decimal*.c"),
    ("lib/base/hash.c", "#include <nettle/sha2.h>", "only lib/base/sha256.c"),
    ("lib/new/x.c", "", "in no room"),
    ("lib/x.c", "", "in no room"),
    ("engine/new/x.c", "", "in no room"),
    ("engine/host/x.c", '#include "store/store.h"', "engine/host does not see store"),
    ("engine/host/x.c", '#include "plan/plan_priv.h"', "private to plan"),
    ("engine/host/x.c", "#include <uv.h>", "only engine/loop/*"),
    ("engine/host/x.c", "#include <sqlite3.h>", "only engine/store/sqlite*.c"),
    ("engine/host/x.c", "#include <sys/random.h>", "engine/host/random*.c"),
    ("engine/store/x.c", '#include "base/base.h"', "engine/store does not see base"),
    ("engine/store/x.c", '#include "host/host.h"', "engine/store does not see host"),
    ("engine/store/memory.c", "#include <sqlite3.h>", "only engine/store/sqlite*.c"),
    ("engine/store/x.c", "#include <pthread.h>", "only engine/host/*, engine/loop/*"),
    ("engine/loop/x.c", '#include "host/host.h"', "engine/loop does not see host"),
    ("engine/effects/x.c", '#include "run/run.h"', "engine/effects does not see run"),
    ("engine/effects/x.c", '#include "host/host.h"', "engine/effects does not see host"),
    ("engine/cli/x.c", '#include "host/host.h"', "engine/cli does not see host"),
    ("engine/cli/x.c", '#include "base/base.h"', "engine/cli does not see base"),
    ("engine/cli/x.c", '#include "effects/mail.h"', "engine/cli does not see effects"),
    ("engine/cli/x.c", '#include "effects/effects_priv.h"', "private to effects"),
    ("include/greffe/x.h", '#include "base/base.h"', "sees public headers only"),
    ("include/greffe/x.h", '#include "greffe.h"', "is not a public header"),
    ("include/greffe/x.h", "#include <uv.h>", "only engine/loop/*"),
    ("include/greffe/x.h", "#include <sys/time.h>", "is not allowed in include"),
    ("include/x.h", "", "outside include/greffe"),
    ("examples/01-leave/x.c", '#include "host/host.h"', "examples/ sees public headers only"),
    ("examples/01-leave/x.c", '#include "gone.h"', "not beside this file"),
    ("bindings/cpp/x.cpp", '#include "base/base.h"', "bindings/ sees public headers only"),
    ("bindings/cpp/x.cpp", "#include <uv.h>", "only engine/loop/*"),
]


def self_check():
    trials = Trials(main)
    trials.tree("a clean tree passes", CLEAN, status=0, faults=0)
    for path, text, reason in PLANTED:
        place = f"{path}:2: " if text else f"{path}:1: "
        trials.tree(f"{path} with {text}", {**CLEAN, path: f"/* Job. */\n{text}\n"},
                    place, reason, status=1, faults=1)
    few = dict(list(CLEAN.items())[:FEWEST_FILES - 1])
    trials.tree("too few files", few, "only 9 files", status=2)
    trials.tree("nothing at all", {}, "only 0 files", status=2)
    return trials.close()


def main(arguments):
    return run_rule(__doc__, check, self_check, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
