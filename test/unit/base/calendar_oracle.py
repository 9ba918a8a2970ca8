#!/usr/bin/env python3
"""Compares the calendar of the base room with a calendar computed apart, day by day.

French public holidays (code du travail, art. L3133-1, and L3134-13 for Alsace-Moselle), months
added with clamping (code de procédure civile, art. 641), rolling past closed days (art. 642),
working days, weekdays, and time zones. Easter comes from two algorithms that must agree; dates
from Python's datetime; zones from Python's zoneinfo and the rule of directive 2000/84/EC.

Exit: 0 all agree, 1 a difference, 2 nothing was compared.
"""

import argparse
import bisect
import calendar
import collections
import datetime
import os
import random
import subprocess
import sys
import zoneinfo

CHUNK = 20000
SHOWN = 5  # differences of one kind
FIRST_YEAR, LAST_YEAR = 1950, 2100
SETS = ["none", "fr", "fr-alsace-moselle"]
MONTHS = [-25, -12, -1, 1, 2, 3, 12]
FILES = "/usr/share/zoneinfo"
ZONES = ["Europe/Paris", "Europe/London", "Europe/Dublin", "America/New_York", "Asia/Kolkata",
         "America/Sao_Paulo", "America/Cayenne", "America/Martinique", "America/Miquelon",
         "America/Nuuk", "Africa/Casablanca", "Asia/Gaza", "Asia/Tehran", "Australia/Sydney",
         "Australia/Lord_Howe", "Indian/Reunion", "Indian/Mayotte", "Pacific/Apia",
         "Pacific/Auckland", "Pacific/Chatham", "Pacific/Noumea", "Pacific/Tahiti",
         "Atlantic/Azores", "America/Santiago", "Antarctica/Troll", "Asia/Beirut", "UTC"]
EPOCH = datetime.date(1970, 1, 1)


# --- What is right ---

def easter_meeus(year):
    """Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return datetime.date(year, month, (h - m + r + month + 19) % 32)


def easter_epact(year):
    """The Sunday after the ecclesiastical full moon, from the Gregorian epact."""
    century = year // 100 + 1
    golden = year % 19 + 1
    solar = 3 * century // 4 - 12
    lunar = (8 * century + 5) // 25 - 5
    epact = (11 * golden + 20 + lunar - solar) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    moon = 44 - epact
    if moon < 21:
        moon += 30
    moon = datetime.date(year, 3, 1) + datetime.timedelta(moon - 1)
    return moon + datetime.timedelta(7 - moon.isoweekday() % 7)


def easter(year):
    day = easter_meeus(year)
    if day != easter_epact(year):
        raise AssertionError("the two algorithms for Easter disagree in %d" % year)
    return day


def holidays(name, year):
    if name == "none":
        return set()
    sunday = easter(year)
    days = {datetime.date(year, month, day)
            for month, day in [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11),
                               (12, 25)]}
    days |= {sunday + datetime.timedelta(after) for after in (1, 39, 50)}
    if name == "fr-alsace-moselle":
        days |= {sunday - datetime.timedelta(2), datetime.date(year, 12, 26)}
    return days


def add_months(day, count):
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return datetime.date(year, month + 1,
                         min(day.day, calendar.monthrange(year, month + 1)[1]))


def working_days(name, first, last):
    closed = set()
    for year in range(first, last + 1):
        closed |= holidays(name, year)
    day, end = datetime.date(first, 1, 1), datetime.date(last, 12, 31)
    days = []
    while day <= end:
        if day.isoweekday() < 6 and day not in closed:
            days.append(day)
        day += datetime.timedelta(1)
    return days


def last_sunday(year, month):
    day = datetime.date(year, month, 31)
    return day - datetime.timedelta(day.isoweekday() % 7)


def switches(year):
    """The two instants of Europe/Paris since 1996, in ms: 01:00 UTC of two last Sundays."""
    return [((last_sunday(year, month) - EPOCH).days * 86400 + 3600) * 1000 for month in (3, 10)]


def paris_offset(instant_ms):
    year = (EPOCH + datetime.timedelta(instant_ms // 86400000)).year
    spring, autumn = switches(year)
    return 7200 if spring <= instant_ms < autumn else 3600


# --- Questions with their answers ---

def all_days(first=FIRST_YEAR, last=LAST_YEAR):
    day, end = datetime.date(first, 1, 1), datetime.date(last, 12, 31)
    while day <= end:
        yield day
        day += datetime.timedelta(1)


def ask_holidays(_rng):
    for name in SETS:
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            days = " ".join(day.isoformat() for day in sorted(holidays(name, year)))
            yield "holidays %s %d" % (name, year), days


def ask_days(rng):
    for day in all_days():
        yield "weekday %s" % day, str(day.isoweekday())
        yield "days %s" % day, str((day - EPOCH).days)
    for _ in range(20000):
        day = datetime.date.fromordinal(rng.randrange(1, datetime.date.max.toordinal() + 1))
        yield "weekday %s" % day, str(day.isoweekday())
        yield "days %s" % day, str((day - EPOCH).days)


def ask_months(rng):
    for day in all_days():
        for count in MONTHS + [rng.randrange(-600, 600)]:
            yield "date %s +%dm" % (day, count), add_months(day, count).isoformat()


def ask_roll(_rng):
    for name in SETS:
        working = working_days(name, FIRST_YEAR, LAST_YEAR + 1)
        for day in all_days():
            yield "roll %s %s" % (name, day), str(working[bisect.bisect_left(working, day)])


def ask_work(rng):
    for name in SETS:
        working = working_days(name, FIRST_YEAR, LAST_YEAR + 9)
        for day in all_days():
            after = bisect.bisect_right(working, day)
            for count in (1, rng.randrange(2, 40), rng.randrange(40, 2000)):
                yield "work %s %s %d" % (name, day, count), str(working[after + count - 1])


def ask_paris(rng):
    for year in range(1996, 2400):
        for instant in switches(year):
            for beside in (-86400000, -1, 0, 1, 3599999, 3600000, rng.randrange(10 ** 10)):
                at = instant + beside
                yield "zone paris %d" % at, str(paris_offset(at))
    for day in all_days(1996, 2100):
        midnight = (day - EPOCH).days * 86400000
        offset = paris_offset(midnight - 3600000)  # no switch comes near midnight
        yield "zonestart paris %s 0" % day, str(midnight - offset * 1000)
        yield "zonedate paris %d" % (midnight - offset * 1000), str(day)
        yield ("zonedate paris %d" % (midnight - offset * 1000 - 1),
               str(day - datetime.timedelta(1)))


def ask_files(rng):
    utc = datetime.timezone.utc
    epoch = datetime.datetime(1970, 1, 1, tzinfo=utc)
    for name in ZONES:
        path = os.path.join(FILES, name)
        if not os.path.exists(path):
            print("SKIPPED: no file %s" % path)
            continue
        with open(path, "rb") as file:
            zone = zoneinfo.ZoneInfo.from_file(file)
        first = int((datetime.datetime(1900, 1, 1, tzinfo=utc) - epoch).total_seconds())
        last = int((datetime.datetime(2150, 1, 1, tzinfo=utc) - epoch).total_seconds())
        drawn = [rng.randrange(first, last) for _ in range(3000)]
        seconds = drawn + [at + beside for at in changes(zone, epoch) for beside in (-1, 0, 1)]
        for at in seconds:
            local = (epoch + datetime.timedelta(seconds=at)).astimezone(zone)
            offset = int(local.utcoffset().total_seconds())
            yield "zone %s %d" % (path, at * 1000), str(offset)
            yield "zonedate %s %d" % (path, at * 1000), str(local.date())


def ask_starts(_rng):
    """Where civil times begin around each change: the first instant that shows the time, or the
    change itself where the time is skipped."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    for name in ZONES:
        path = os.path.join(FILES, name)
        if not os.path.exists(path):
            print("SKIPPED: no file %s" % path)
            continue
        with open(path, "rb") as file:
            zone = zoneinfo.ZoneInfo.from_file(file)
        for change in changes(zone, epoch):
            middle = (epoch + datetime.timedelta(seconds=change)).astimezone(zone).date()
            for day in (middle + datetime.timedelta(beside) for beside in (-2, -1, 0, 1, 2)):
                for hour in (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 12, 23, 23.5):
                    start = start_of(zone, epoch, day, int(hour * 3600), change)
                    yield "zonestart %s %s %d" % (path, day, hour * 3600000), str(start * 1000)


def start_of(zone, epoch, day, second, change):
    wall = (day - EPOCH).days * 86400 + second

    def offset(at):
        moment = (epoch + datetime.timedelta(seconds=at)).astimezone(zone)
        return int(moment.utcoffset().total_seconds())

    around = {offset(change - 1), offset(change), offset(wall - 3 * 86400),
              offset(wall + 3 * 86400)}
    found = [wall - shift for shift in around if offset(wall - shift) == shift]
    return min(found) if found else change


def changes(zone, epoch):
    """Where the offset changes between 1970 and 2045, to the second, by halving."""
    def offset(at):
        return (epoch + datetime.timedelta(seconds=at)).astimezone(zone).utcoffset()

    found = []
    step = 5 * 86400
    for start in range(0, 75 * 365 * 86400, step):
        low, high = start, start + step
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if offset(middle) == offset(low):
                low = middle
            else:
                high = middle
        found.append(high)
    return found


QUESTIONS = [("holidays", ask_holidays), ("days", ask_days), ("months", ask_months),
             ("roll", ask_roll), ("work", ask_work), ("paris", ask_paris), ("files", ask_files),
             ("starts", ask_starts)]


# --- Comparing ---

def ask(calc, lines):
    try:
        result = subprocess.run([calc], input="".join(line + "\n" for line in lines),
                                capture_output=True, text=True, check=False)
    except OSError as error:
        print("calc cannot be run: %s" % error)
        return None
    answers = result.stdout.split("\n")[:-1]
    if result.returncode != 0 or len(answers) != len(lines):
        print("calc ended with %d after %d of %d lines\n%s"
              % (result.returncode, len(answers), len(lines), result.stderr[:2000]))
        return None
    return answers


def chunks(questions):
    chunk = []
    for question in questions:
        chunk.append(question)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def spoiled(answer):
    """Another answer of the same form, or one for none."""
    return answer[:-1] + str((int(answer[-1]) + 1) % 10) if answer else "2000-01-01"


def compare_one(calc, questions, plants=(), show=True):
    """Returns how many were compared and how many differ; `plants` are indices to spoil."""
    compared = differ = 0
    for chunk in chunks(questions):
        answers = ask(calc, [line for line, _ in chunk])
        if answers is None:
            return compared, differ + 1
        for index, ((line, want), got) in enumerate(zip(chunk, answers)):
            if compared + index in plants:
                got = spoiled(got)
            if want == got:
                continue
            differ += 1
            if differ <= SHOWN and show:
                print("%s\n  expected %s\n  got      %s" % (line, want, got))
        compared += len(chunk)
    return compared, differ


def compare(calc, seed):
    compared = differ = 0
    parts = collections.OrderedDict()
    for name, questions in QUESTIONS:
        parts[name] = compare_one(calc, questions(random.Random(seed)))
        compared += parts[name][0]
        differ += parts[name][1]
    print("compared: " + ", ".join("%s %d" % (name, part[0]) for name, part in parts.items()))
    if differ:
        print("differ: " + ", ".join("%s %d" % (name, part[1])
                                     for name, part in parts.items() if part[1]))
    return compared, differ


def first_of(questions, count):
    for _, question in zip(range(count), questions):
        yield question


def self_check(calc, seed):
    """In each part, three planted wrong answers must be counted; an empty run must not pass."""
    missed = 0
    for name, questions in QUESTIONS:
        _, honest = compare_one(calc, first_of(questions(random.Random(seed)), 400), show=False)
        _, differ = compare_one(calc, first_of(questions(random.Random(seed)), 400),
                                plants={0, 200, 399}, show=False)
        print("self-check: %s: 3 wrong answers planted, %d found" % (name, differ - honest))
        missed += differ - honest != 3
    empty = verdict(*compare_one(calc, []))
    if empty != 2:
        print("self-check: an empty run gave %d" % empty)
    return 0 if missed == 0 and empty == 2 else 1


def verdict(compared, differ):
    print("%d compared, %d differ" % (compared, differ))
    if not compared:
        return 2
    return 1 if differ else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--calc", default=os.environ.get("GREFFE_CALC", "./calc"),
                        help="the program to ask (default: $GREFFE_CALC, or ./calc)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--self-check", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_check:
        return self_check(arguments.calc, arguments.seed)
    return verdict(*compare(arguments.calc, arguments.seed))


if __name__ == "__main__":
    sys.exit(main())
