#!/usr/bin/env python3
"""The 43 control-flow patterns: every scenario passes, every refusal stands where it is marked.

    python3 run.py GREFFE [--self-check]

LANGUAGE.md says of each pattern whether it is supported, supported by an idiom, or refused. What is
supported has scenarios and no mark; what is refused has `# GR-xxxx` at the end of each line that
`greffe check` refuses, and exactly those are found. --self-check plants faults and shows that
they are noticed.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PATTERNS = 43
TABLE = pathlib.Path(__file__).resolve().parents[3] / "workflows" / "LANGUAGE.md"
WORDS = ("supported", "by an idiom", "refused")
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| [^|]+ \| `([^`]+)` \|$", re.M)
MARK = re.compile(r"# (GR-\d{4})$")


def call(greffe, *words):
    return subprocess.run([greffe, *words], capture_output=True, text=True, timeout=120)


def found_by_check(greffe, path):
    """(line, code) of each error in the procedure, and the exit code."""
    done = call(greffe, "check", "--json", str(path))
    try:
        listed = json.loads(done.stdout)
    except json.JSONDecodeError:
        return None, done.returncode
    errors = [one for one in listed if one["severity"] == "error"]
    return sorted((one["line"], one["code"]) for one in errors), done.returncode


def marks(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    hits = ((number, MARK.search(line)) for number, line in enumerate(lines, 1))
    return sorted((number, hit.group(1)) for number, hit in hits if hit)


def said(pairs):
    return ", ".join(f"{code} at line {line}" for line, code in pairs) or "nothing"


def check_procedure(greffe, path):
    """None when `greffe check` finds exactly what is marked, else what differs."""
    expected = marks(path)
    found, status = found_by_check(greffe, path)
    if found is None:
        return f"greffe check gave no JSON (exit {status})"
    if found != expected:
        return f"expected {said(expected)}, found {said(found)}"
    if status != (1 if expected else 0):
        return f"greffe check ended with {status}"
    return None


def check_scenario(greffe, path):
    done = call(greffe, "test", str(path))
    if done.returncode == 0:
        return None
    return " ".join((done.stderr or done.stdout).split())[:300] or f"exit {done.returncode}"


def check_pattern(greffe, folder, word, name):
    """What differs, as a list of texts."""
    path = folder / name
    if not path.is_file():
        return [f"{name} is missing"]
    scenarios = sorted(folder.glob(path.stem + "*.scenario.yaml"))
    differs = []
    if word not in WORDS:
        differs.append(f"'{word}' is none of {', '.join(WORDS)}")
    if (word == "refused") != bool(marks(path)):
        differs.append(f"LANGUAGE.md says {word}, and the file has {said(marks(path))} marked")
    if (word == "refused") == bool(scenarios):
        differs.append(f"LANGUAGE.md says {word}, and there are {len(scenarios)} scenarios")
    problem = check_procedure(greffe, path)
    if problem:
        differs.append(f"{name}: {problem}")
    for scenario in scenarios:
        problem = check_scenario(greffe, scenario)
        if problem:
            differs.append(f"{scenario.name}: {problem}")
    return differs


def run(greffe, folder, table=TABLE, quiet=False):
    """How many faults there are in the folder."""
    faults, counts, seen = 0, dict.fromkeys(WORDS, 0), {"commune.yaml", "site.yaml"}
    rows = ROW.findall(table.read_text(encoding="utf-8"))
    say = (lambda text: None) if quiet else print
    for number, title, word, name in rows:
        differs = check_pattern(greffe, folder, word, name)
        say(f"{'FAIL' if differs else 'ok  '} WCP-{number} {title}: {word}")
        for text in differs:
            say(f"     {text}")
        faults += len(differs)
        counts[word] = counts.get(word, 0) + 1
        stem = name.removesuffix(".yaml")
        seen |= {path.name for path in folder.glob(stem + "*.yaml")}
        if not name.startswith(f"{int(number):02}-"):
            say(f"     {name} is not named after its number")
            faults += 1
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in seen:
            say(f"FAIL {path.name} stands in no row of LANGUAGE.md")
            faults += 1
    if [int(row[0]) for row in rows] != list(range(1, PATTERNS + 1)):
        say(f"FAIL LANGUAGE.md does not list the patterns 1 to {PATTERNS}, once each")
        faults += 1
    supported, idiom, refused = (counts[word] for word in WORDS)
    say(f"{len(rows)} patterns: {supported} supported, {idiom} by an idiom, {refused} refused")
    return faults


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r} any more: mend the self-check"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def self_check(greffe, folder):
    """Each planted fault has to be noticed, and the folder without it has none."""
    planted = [
        ("29-cancelling-discriminator.scenario.yaml", "at: rapport", "at: visites"),
        ("29-cancelling-discriminator.yaml", "join: any", "join: all"),
        ("15-multiple-instances-not-known-beforehand.yaml", "# GR-2026", "# GR-2024"),
        ("11-implicit-termination.yaml", "by: agent}  # GR-2002", "by: agent, then: fin}"),
        ("11-implicit-termination.yaml", "then: recherche}", "then: nulle_part}"),
        ("LANGUAGE.md", "| Sequence | supported |", "| Sequence | refused |"),
        ("LANGUAGE.md", "| 1 | Sequence |", "| 2 | Sequence |"),
    ]
    unnoticed = 0
    for name, old, new in [(None, None, None)] + planted:
        with tempfile.TemporaryDirectory() as place:
            copy = pathlib.Path(place) / "patterns"
            shutil.copytree(folder, copy)
            shutil.copy(TABLE, copy)
            if name:
                replace(copy / name, old, new)
            faults = run(greffe, copy, copy / TABLE.name, quiet=True)
            right = (faults > 0) == bool(name)
            unnoticed += not right
            what = f"{name}: {old} -> {new}" if name else "nothing planted"
            print(f"{'ok  ' if right else 'FAIL'} {what}: {faults} noticed")
    return unnoticed


def main(arguments):
    names = [one for one in arguments if not one.startswith("--")]
    options = set(arguments) - set(names)
    if len(names) != 1 or options - {"--self-check"}:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    greffe = str(pathlib.Path(names[0]).resolve())
    folder = pathlib.Path(__file__).resolve().parent
    return 1 if (self_check if options else run)(greffe, folder) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
