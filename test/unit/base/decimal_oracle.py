#!/usr/bin/env python3
"""Compares the decimal numbers of the base room with Python's decimal module, by value.

It draws operations at random, asks `calc` for the results, and computes them itself as IEEE 754
decimal128 does. Rounding to a scale is computed with integers alone. It knows nothing of the
library but the lines that `calc` takes.

Exit: 0 all agree, 1 a difference, 2 nothing was compared.
"""

import argparse
import collections
import decimal
import os
import random
import re
import subprocess
import sys

CHUNK = 20000
SHOWN = 5  # differences of one kind

CONTEXT = decimal.Context(prec=34, Emax=6144, Emin=-6143, rounding=decimal.ROUND_HALF_EVEN,
                          clamp=1, traps=[])
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?(e(-?[1-9][0-9]*))?\Z")
MODES = ["half-even", "half-up", "half-down", "up", "down", "floor", "ceiling"]
TEXT_LIMIT = 64  # GREFFE__DEC_CHARS, with the terminator
SCALES = range(-6111, 6177)  # what FEEL's decimal(n, scale) takes; past it `none` is right too


# --- Drawing operands: texts that are JSON or FEEL literals ---

def text_of(rng, sign, digits, exponent):
    """One of the ways to write sign digits x 10^exponent."""
    digits = digits.lstrip("0") or "0"
    if exponent == 0:
        body = digits
    elif -45 <= exponent < 0 and rng.random() < 0.7:
        padded = digits.rjust(1 - exponent, "0")
        body = padded[:exponent] + "." + padded[exponent:]
        if body.startswith("0.") and rng.random() < 0.05:
            body = body[1:]
    elif 0 < exponent <= 40 and rng.random() < 0.5:
        body = digits + "0" * exponent
    elif len(digits) > 1 and rng.random() < 0.5:
        cut = rng.randrange(1, len(digits))
        body = "%s.%s%s%+d" % (digits[:cut], digits[cut:], rng.choice("eE"),
                               exponent + len(digits) - cut)
    else:
        body = "%s%s%d" % (digits, rng.choice("eE"), exponent)
    return sign + body


def signed(rng):
    return "-" if rng.random() < 0.4 else ""


def draw_money(rng):
    return text_of(rng, signed(rng), str(rng.randrange(10 ** rng.randrange(1, 12))), -2)


def draw_small(rng):
    return text_of(rng, signed(rng), str(rng.randrange(10 ** rng.randrange(1, 5))),
                   rng.randrange(-4, 4))


def draw_long(rng):
    return text_of(rng, signed(rng), str(rng.randrange(10 ** 33, 10 ** 34)),
                   rng.randrange(-45, 12))


def draw_middle(rng):
    return text_of(rng, signed(rng), str(rng.randrange(1, 10 ** rng.randrange(1, 35))),
                   rng.randrange(-40, 40))


def draw_wide(rng):
    return text_of(rng, signed(rng), str(rng.randrange(1, 10 ** rng.randrange(1, 35))),
                   rng.choice([rng.randrange(-6176, 6112), rng.randrange(-6176, -6100),
                               rng.randrange(6040, 6112), rng.randrange(-3120, -3040),
                               rng.randrange(3020, 3090)]))


def draw_trailing(rng):
    digits = str(rng.randrange(1, 10 ** rng.randrange(1, 12))) + "0" * rng.randrange(1, 22)
    return text_of(rng, signed(rng), digits, rng.randrange(-30, 10))


def draw_nines(rng):
    digits = rng.choice(["9" * 34, "9" * 33, "1" + "0" * 33, "1" + "0" * 32 + "1", "5" + "0" * 33,
                         "4" + "9" * 33, "9" * 17, "1" + "0" * 17])
    return text_of(rng, signed(rng), digits, rng.randrange(-40, 8))


def draw_zero(rng):
    return signed(rng) + rng.choice(["0", "0.0", "0.000", "0e10", "0e-10", "0e6000", "0E-6000",
                                     ".0", "0." + "0" * 40])


DRAWS = [(draw_money, 20), (draw_small, 10), (draw_long, 20), (draw_middle, 15), (draw_wide, 12),
         (draw_trailing, 10), (draw_nines, 8), (draw_zero, 5)]
DRAW_FUNCTIONS = [draw for draw, _ in DRAWS]
DRAW_WEIGHTS = [weight for _, weight in DRAWS]


def draw_operand(rng):
    return rng.choices(DRAW_FUNCTIONS, DRAW_WEIGHTS)[0](rng)


def sum_near_tie(rng):
    """A 34-digit number, and half a unit of its last place, or a little beside."""
    exponent = rng.randrange(-40, 20)
    first = text_of(rng, signed(rng), str(rng.randrange(10 ** 33, 10 ** 34)), exponent)
    half = rng.choice(["5", "50", "5" + "0" * 33, "5" + "0" * 32 + "1", "4" + "9" * 33, "49",
                       "51", "500000001"])
    return first, text_of(rng, signed(rng), half, exponent - len(half))


def sum_cancelling(rng):
    """Two numbers that nearly cancel, or are equal in other words."""
    digits = rng.randrange(1, 10 ** rng.randrange(2, 35))
    exponent = rng.randrange(-40, 20)
    other = str(max(digits + rng.choice([-1, 0, 0, 1]), 0))
    zeros = rng.randrange(0, max(1, 35 - len(other)))
    sign = signed(rng)
    return (text_of(rng, sign, str(digits), exponent),
            text_of(rng, rng.choice([sign, signed(rng)]), other + "0" * zeros, exponent - zeros))


def product_near_tie(rng):
    """Products of 35 digits and more whose tail is 5, 50 and so on."""
    first = str(rng.randrange(10 ** 16, 10 ** 17) * 10 + 5)
    second = str(rng.randrange(10 ** 16, 10 ** 17) | 1)
    if rng.random() < 0.3:
        first += "0" * rng.randrange(1, 8)
    return (text_of(rng, signed(rng), first, rng.randrange(-30, 10)),
            text_of(rng, signed(rng), second, rng.randrange(-30, 10)))


def quotient_near_tie(rng):
    """An odd number of 34 digits by a small power of two: a quotient of 35 digits ending in 5."""
    first = str(rng.randrange(10 ** 33, 10 ** 34) | 1)
    second = rng.choice(["2", "2", "2", "4", "8", "16", "5", "3", "6", "7", "9", "11", "64"])
    return (text_of(rng, signed(rng), first, rng.randrange(-30, 10)),
            text_of(rng, signed(rng), second, rng.randrange(-10, 10)))


def edge_of_range(rng):
    """Pairs whose product is near the largest or the smallest number."""
    edge = rng.choice([6111, 6144, 6145, -6176, -6177, -6180, -6200, -6143])
    exponent = rng.randrange(-3000, 3000)
    digits = str(rng.randrange(1, 10 ** rng.randrange(1, 35)))
    other = str(rng.randrange(1, 10 ** rng.randrange(1, 35)))
    rest = min(max(edge - exponent - rng.randrange(0, 40), -6176), 6111)
    return (text_of(rng, signed(rng), digits, exponent), text_of(rng, signed(rng), other, rest))


SPECIAL = {"add": [sum_near_tie, sum_cancelling], "sub": [sum_near_tie, sum_cancelling],
           "mul": [product_near_tie, edge_of_range], "div": [quotient_near_tie, edge_of_range],
           "cmp": [sum_cancelling, sum_near_tie]}


def draw_binary(rng, op):
    if rng.random() < 0.4:
        first, second = rng.choice(SPECIAL[op])(rng)
    else:
        first, second = draw_operand(rng), draw_operand(rng)
    return [op, first, second]


def draw_round(rng):
    mode = rng.choice(MODES)
    kind = rng.random()
    if kind < 0.4:  # a tie, or a little beside
        scale = rng.randrange(-12, 20)
        tail = rng.choice(["5", "5", "50", "500", "501", "499", "49", "51", "0", "00", "25", "75"])
        digits = str(rng.randrange(0, 10 ** rng.randrange(1, 30))) + tail
        operand = text_of(rng, signed(rng), digits[-34:], -scale - len(tail))
    elif kind < 0.9:
        scale = rng.randrange(-45, 45)
        operand = draw_operand(rng)
    else:
        scale = rng.choice([rng.randrange(-6200, 6200), 6176, 6177, 6111, -6111, -6144, -6145,
                            2 ** 31 - 1, -2 ** 31, 10 ** 6, -10 ** 6])
        operand = draw_wide(rng) if rng.random() < 0.7 else draw_operand(rng)
    return ["round%s:%d" % (mode, scale), operand]


def draw_parse(rng):
    kind = rng.random()
    if kind < 0.4:
        return ["parse", draw_operand(rng)]
    if kind < 0.8:  # more digits than fit, a tie or beside
        head = str(rng.randrange(10 ** 33, 10 ** 34))
        tail = rng.choice(["5", "50", "5" + "0" * 60, "5" + "0" * 60 + "1", "4" + "9" * 70, "6",
                           str(rng.randrange(10 ** 40)), "5" + "0" * 300 + "1"])
        digits = ("9" * 34 if rng.random() < 0.1 else head) + tail
        return ["parse", text_of(rng, signed(rng), digits, rng.randrange(-150, 20))]
    digits = str(rng.randrange(1, 10 ** rng.randrange(1, 60)))
    exponent = rng.choice([rng.randrange(-6260, -6130), rng.randrange(6050, 6160),
                           rng.randrange(-10 ** 9, 10 ** 9), 10 ** 30, -10 ** 30])
    return ["parse", text_of(rng, signed(rng), digits, exponent)]


def draw_integer(rng):
    edge = 2 ** 63 + rng.randrange(-2, 3)
    op = rng.choice(["i64", "cents"])
    if rng.random() < 0.4:
        zeros = rng.randrange(0, 12)
        exponent = (-2 if op == "cents" else 0) - zeros
        return [op, text_of(rng, signed(rng), str(edge) + "0" * zeros, exponent)]
    return [op, draw_operand(rng)]


OPERATIONS = [("add", 17), ("sub", 14), ("mul", 17), ("div", 17), ("cmp", 9), ("round", 18),
              ("parse", 5), ("integer", 3)]
OPERATION_NAMES = [name for name, _ in OPERATIONS]
OPERATION_WEIGHTS = [weight for _, weight in OPERATIONS]


def draw_line(rng):
    op = rng.choices(OPERATION_NAMES, OPERATION_WEIGHTS)[0]
    if op == "round":
        return draw_round(rng)
    if op == "parse":
        return draw_parse(rng)
    if op == "integer":
        return draw_integer(rng)
    return draw_binary(rng, op)


# --- What is right ---

EXPONENT = re.compile(r"(.*)[eE]([-+]?[0-9]+)\Z")


def value_of(text):
    """Reads a literal as decimal128 does; exponents past what Python takes are cut first."""
    match = EXPONENT.match(text)
    if match and len(match.group(2)) > 12:
        text = match.group(1) + ("e-" if match.group(2).startswith("-") else "e+") + "9" * 12
    return CONTEXT.create_decimal(text)


def kept_digit(mode, negative, quotient, rest, half):
    """Whether the quotient's magnitude grows by one; `half` is -1, 0, 1: the rest against 1/2."""
    if rest == 0:
        return False
    if mode in ("up", "down"):
        return mode == "up"
    if mode in ("floor", "ceiling"):
        return negative == (mode == "floor")
    if half != 0:
        return half > 0
    return mode == "half-up" or (mode == "half-even" and quotient % 2 == 1)


def rounded(value, mode, scale):
    """The value to `scale` digits after the point, with integers alone."""
    sign, digits, exponent = value.as_tuple()
    coefficient = int("".join(map(str, digits)))
    if coefficient == 0 or exponent >= -scale:
        return value
    shift = -scale - exponent
    if shift > len(digits):
        quotient, rest, half = 0, coefficient, -1
    else:
        unit = 10 ** shift
        quotient, rest = divmod(coefficient, unit)
        half = (2 * rest > unit) - (2 * rest < unit)
    quotient += kept_digit(mode, sign == 1, quotient, rest, half)
    if quotient == 0:
        return decimal.Decimal(0)
    if -scale > 10000:
        return decimal.Decimal("Infinity")
    exact = decimal.Decimal((sign, tuple(map(int, str(quotient))), -scale))
    return CONTEXT.plus(exact)


def integer_of(value, cents):
    exact = decimal.Context(prec=80, Emax=99999, Emin=-99999)
    if value == 0:
        return 0
    scaled = exact.multiply(value, decimal.Decimal(100 if cents else 1))
    if scaled.adjusted() > 25 or scaled.normalize(exact).as_tuple().exponent < 0:
        return None
    result = int(scaled)
    return result if -2 ** 63 <= result < 2 ** 63 else None


def expected(line):
    """A Decimal (not finite for none), or the text of an integer."""
    op = line[0]
    first = value_of(line[1])
    if op == "parse":
        return first
    if op in ("i64", "cents"):
        result = integer_of(first, op == "cents")
        return "none" if result is None else str(result)
    if op.startswith("round"):
        mode, scale = op[len("round"):].split(":")
        return rounded(first, mode, int(scale))
    second = value_of(line[2])
    if op == "cmp":
        return str((first > second) - (first < second))
    function = {"add": CONTEXT.add, "sub": CONTEXT.subtract, "mul": CONTEXT.multiply,
                "div": CONTEXT.divide}[op]
    return function(first, second)


def normal(value):
    """Sign, digits and exponent without trailing zeros."""
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    return (sign, stripped, exponent + len(text) - len(stripped)) if stripped else (0, "", 0)


def agree(line, want, got):
    if line[0].startswith("round") and got == "none" and int(line[0].split(":")[1]) not in SCALES:
        return True
    if isinstance(want, str):
        return want == got
    if not want.is_finite():
        return got == "none"
    if not NUMBER.match(got) or len(got) >= TEXT_LIMIT or got == "-0":
        return False
    return normal(decimal.Decimal(got)) == normal(want)


# --- Comparing ---

def ask(calc, lines):
    text = "".join(" ".join(line) + "\n" for line in lines)
    try:
        result = subprocess.run([calc], input=text, capture_output=True, text=True, check=False)
    except OSError as error:
        print("calc cannot be run: %s" % error)
        return None
    answers = result.stdout.split("\n")[:-1]
    if result.returncode != 0 or len(answers) != len(lines):
        print("calc ended with %d after %d of %d lines\n%s"
              % (result.returncode, len(answers), len(lines), result.stderr[:2000]))
        return None
    return answers


def spoiled(answer):
    """Another answer of the same form: the last digit changed, or none for something."""
    if answer == "none":
        return "1"
    if answer[-1] in "123456789":
        return answer[:-1] + str(int(answer[-1]) % 9 + 1)
    return "none"


def compare(calc, count, seed, plant=None, quiet=False):
    """Returns how many were compared and how many differ; `plant` is the line to spoil."""
    rng = random.Random(seed)
    compared = differ = 0
    kinds = collections.Counter()
    differences = collections.Counter()
    while compared < count:
        lines = [draw_line(rng) for _ in range(min(CHUNK, count - compared))]
        answers = ask(calc, lines)
        if answers is None:
            return compared, differ + 1
        if plant is not None and compared <= plant < compared + len(lines):
            answers[plant - compared] = spoiled(answers[plant - compared])
        for line, got in zip(lines, answers):
            want = expected(line)
            kind = line[0].split(":")[0]
            kinds[kind] += 1
            if agree(line, want, got):
                continue
            differ += 1
            differences[kind] += 1
            if differences[kind] <= SHOWN and not quiet:
                print("%s\n  expected %s\n  got      %s" % (" ".join(line), want, got))
        compared += len(lines)
    if not quiet:
        print("compared: " + ", ".join("%s %d" % kind for kind in sorted(kinds.items())))
    if differences and not quiet:
        print("differ: " + ", ".join("%s %d" % kind for kind in sorted(differences.items())))
    return compared, differ


def self_check(calc, seed):
    """Each planted wrong answer must be counted, and an empty run must not pass."""
    count = 400
    compared, honest = compare(calc, count, seed, quiet=True)
    missed = 0
    for plant in range(0, count, 4):
        _, differ = compare(calc, count, seed, plant, quiet=True)
        if differ == honest:
            missed += 1
    print("self-check: %d wrong answers planted, %d missed" % (count // 4, missed))
    empty = verdict(*compare(calc, 0, seed, quiet=True))
    if empty != 2:
        print("self-check: an empty run gave %d" % empty)
    # A plant in a line that differs already adds nothing; there are `honest` such lines.
    return 0 if missed <= honest < 10 and compared == count and empty == 2 else 1


def verdict(compared, differ):
    print("%d compared, %d differ" % (compared, differ))
    if not compared:
        return 2
    return 1 if differ else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--calc", default=os.environ.get("GREFFE_CALC", "./calc"),
                        help="the program to ask (default: $GREFFE_CALC, or ./calc)")
    parser.add_argument("--count", type=int, default=1000000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--self-check", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_check:
        return self_check(arguments.calc, arguments.seed)
    return verdict(*compare(arguments.calc, arguments.count, arguments.seed))


if __name__ == "__main__":
    sys.exit(main())
