#!/usr/bin/env python3
"""Compares the decimal numbers of the base room with Python's decimal module, digit for digit.

It draws operands at random, asks `calc` for the results of several operations on them, and computes
them itself as IEEE 754 decimal128 does. Powers, which Python's decimal does not always round
correctly, are computed with more digits and rounded once. It knows nothing of the library but the
lines that `calc` takes.

    decimal_oracle.py --calc build/test/calc --count 10000000 --jobs 2       the long form

Exit: 0 all agree, 1 a difference, 2 nothing was compared.
"""

import argparse
import collections
import decimal
import multiprocessing
import os
import random
import re
import subprocess
import sys

CHUNK = 20000  # lines
SHOWN = 5  # differences of one operation

CONTEXT = decimal.Context(prec=34, Emax=6144, Emin=-6143, rounding=decimal.ROUND_HALF_EVEN,
                          clamp=1, traps=[])
WIDE = decimal.Context(prec=12600, Emax=20000, Emin=-20000, traps=[])
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?(e(-?[1-9][0-9]*))?\Z")
MODES = {"half-even": decimal.ROUND_HALF_EVEN, "half-up": decimal.ROUND_HALF_UP,
         "half-down": decimal.ROUND_HALF_DOWN, "up": decimal.ROUND_UP,
         "down": decimal.ROUND_DOWN, "floor": decimal.ROUND_FLOOR,
         "ceiling": decimal.ROUND_CEILING}
DIGITS = 34
TEXT_LIMIT = 64  # GREFFE__DEC_CHARS, with the terminator
SCALES = range(-6111, 6177)  # what FEEL's decimal(n, scale) takes; past it `none` is right too
ZERO, ONE, NAN = decimal.Decimal(0), decimal.Decimal(1), decimal.Decimal("NaN")


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


def draw_uniform(rng):
    """As many digits as one likes from 1 to 34, each of them drawn."""
    count = rng.randrange(1, 35)
    return text_of(rng, signed(rng), str(rng.randrange(10 ** (count - 1), 10 ** count)),
                   rng.randrange(-40, 40))


def draw_nines(rng):
    digits = rng.choice(["9" * 34, "9" * 33, "1" + "0" * 33, "1" + "0" * 32 + "1", "5" + "0" * 33,
                         "4" + "9" * 33, "9" * 17, "1" + "0" * 17])
    return text_of(rng, signed(rng), digits, rng.randrange(-40, 8))


def draw_zero(rng):
    return signed(rng) + rng.choice(["0", "0.0", "0.000", "0e10", "0e-10", "0e6000", "0E-6000",
                                     ".0", "0." + "0" * 40])


DRAWS = [(draw_money, 20), (draw_small, 10), (draw_long, 20), (draw_middle, 10), (draw_wide, 12),
         (draw_uniform, 10), (draw_trailing, 5), (draw_nines, 8), (draw_zero, 5)]
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


def sum_carrying(rng):
    """Nines in all the last of 34 digits, and what makes them zeros."""
    nines = rng.randrange(1, 35)
    first = (str(rng.randrange(10 ** 33, 10 ** 34))[nines:] + "9" * nines)[-34:]
    exponent = rng.randrange(-40, 20)
    second = rng.choice(["1", "2", "9", "5", "10", "1" + "0" * rng.randrange(0, 33)])
    sign = signed(rng)
    return (text_of(rng, sign, first, exponent),
            text_of(rng, sign, second, exponent - rng.choice([0, 0, 0, 1, 2])))


def equal_exponents(rng):
    exponent = rng.choice([-2, -2, 0, rng.randrange(-40, 40)])
    return [text_of(rng, signed(rng), str(rng.randrange(10 ** rng.randrange(1, 35))), exponent)
            for _ in range(2)]


def near_multiple(rng):
    """A multiple of the second number, or the next one to it: for modulo."""
    second = rng.randrange(1, 10 ** rng.randrange(1, 18))
    first = second * rng.randrange(1, 10 ** rng.randrange(1, 17)) + rng.choice([-1, 0, 0, 1])
    exponent = rng.randrange(-20, 10)
    return (text_of(rng, signed(rng), str(first), exponent),
            text_of(rng, signed(rng), str(second), exponent))


PAIRS = [sum_near_tie, sum_cancelling, sum_carrying, equal_exponents, product_near_tie,
         quotient_near_tie, edge_of_range, near_multiple]


def draw_pair(rng):
    if rng.random() < 0.5:
        return rng.choice(PAIRS)(rng)
    return draw_operand(rng), draw_operand(rng)


def draw_round(rng):
    """A number, and the scale to round it to."""
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
    return operand, scale


def draw_parse(rng):
    kind = rng.random()
    if kind < 0.4:
        return draw_operand(rng)
    if kind < 0.8:  # more digits than fit, a tie or beside
        head = str(rng.randrange(10 ** 33, 10 ** 34))
        tail = rng.choice(["5", "50", "5" + "0" * 60, "5" + "0" * 60 + "1", "4" + "9" * 70, "6",
                           str(rng.randrange(10 ** 40)), "5" + "0" * 300 + "1"])
        digits = ("9" * 34 if rng.random() < 0.1 else head) + tail
        return text_of(rng, signed(rng), digits, rng.randrange(-150, 20))
    digits = str(rng.randrange(1, 10 ** rng.randrange(1, 60)))
    exponent = rng.choice([rng.randrange(-6260, -6130), rng.randrange(6050, 6160),
                           rng.randrange(-10 ** 9, 10 ** 9), 10 ** 30, -10 ** 30])
    return text_of(rng, signed(rng), digits, exponent)


def draw_integer(rng):
    if rng.random() < 0.4:
        zeros = rng.randrange(0, 12)
        edge = 2 ** 63 + rng.randrange(-2, 3)
        return text_of(rng, signed(rng), str(edge) + "0" * zeros, rng.choice([0, -2]) - zeros)
    return draw_operand(rng)


def draw_square(rng):
    """A square of 17 digits, or the next number to one; else any operand."""
    kind = rng.random()
    if kind > 0.4:
        operand = draw_operand(rng)
        return operand if kind < 0.45 else operand.lstrip("-")
    square = rng.randrange(1, 10 ** rng.randrange(1, 18)) ** 2 + rng.choice([-1, 0, 0, 1])
    return text_of(rng, "", str(square), rng.randrange(-40, 20))


def near_one(rng):
    """1 and a little more, or less; with few digits, whose powers come near a tie."""
    place = rng.randrange(1, 34)
    little = rng.choice([1, 1, 5, 5, rng.randrange(1, 10 ** rng.randrange(1, place + 1))])
    return text_of(rng, "", str(10 ** place + rng.choice([-1, 1]) * little), -place)


def draw_exp(rng):
    kind = rng.random()
    if kind < 0.2:
        return draw_operand(rng)
    digits = rng.randrange(1, 35)
    if kind < 0.3:  # 1 and half a unit of its last place, or less
        return text_of(rng, signed(rng), str(rng.choice([5, 15, 25, 35, 45, 5 * 10 ** 20 + 1])),
                       rng.randrange(-56, -30))
    if kind < 0.5:  # the ends of the range: e^14149.4 and e^-14220.8
        whole = rng.choice([rng.randrange(14140, 14152), -rng.randrange(14140, 14226)])
    else:
        whole = rng.choice([-1, 1]) * rng.randrange(10 ** rng.randrange(1, 5))
    fraction = str(rng.randrange(10 ** digits))[:34 - len(str(abs(whole)))].rjust(1, "0")
    return "%d.%s" % (whole, fraction)


def draw_ln(rng):
    kind = rng.random()
    if kind < 0.25:
        return near_one(rng)
    operand = draw_operand(rng)
    return operand if kind < 0.3 else operand.lstrip("-")


def draw_power(rng):
    """Whole exponents for the most part, small ones above all."""
    kind = rng.random()
    if kind < 0.35:  # as interest is computed
        return (text_of(rng, signed(rng), str(rng.randrange(1, 10 ** rng.randrange(1, 8))),
                        rng.randrange(-7, 3)), str(rng.randrange(-60, 400)))
    if kind < 0.5:  # any base, and the whole range
        exponent = rng.choice([-1, 1]) * rng.randrange(10 ** rng.randrange(1, 5))
        return draw_operand(rng), str(exponent)
    if kind < 0.65:  # powers of 34 and 35 digits: exact, and ties
        count = rng.choice([2, 3, 4, 5, 7, 10])
        digits = str(rng.randrange(1, 10 ** (35 // count + 1)) // 10 * 10 + 5)
        return text_of(rng, signed(rng), digits, rng.randrange(-20, 20)), str(count)
    if kind < 0.8:
        exponent = str(rng.randrange(1, 10 ** rng.randrange(1, 35)))
        return near_one(rng), text_of(rng, signed(rng), exponent, 0)
    if kind < 0.9:  # roots and their powers
        square = str(rng.randrange(1, 10 ** rng.randrange(1, 18)) ** 2)
        return (text_of(rng, "", square, 2 * rng.randrange(-10, 10)),
                rng.choice(["0.5", "-0.5", "1.5", "2.5", "0.25", "-1.5"]))
    if kind < 0.97:
        return draw_operand(rng).lstrip("-"), text_of(
            rng, signed(rng), str(rng.randrange(1, 10 ** rng.randrange(1, 20))),
            rng.randrange(-20, -1))
    return draw_operand(rng), draw_operand(rng)


# --- What is right: a Decimal, one that is not finite for `none`, or the text itself ---

EXPONENT = re.compile(r"(.*)[eE]([-+]?[0-9]{13,})\Z")


def value_of(text):
    """Reads a literal as decimal128 does; exponents past what Python takes are cut first."""
    match = EXPONENT.match(text)
    if match:
        text = match.group(1) + ("e-" if match.group(2).startswith("-") else "e+") + "9" * 12
    return CONTEXT.create_decimal(text)


def parts_of(value):
    """Sign, digits and exponent without trailing zeros."""
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    return (sign, stripped, exponent + len(text) - len(stripped)) if stripped else (0, "0", 0)


def text_form(value):
    """The one text that a number has."""
    sign, digits, exponent = parts_of(value)
    point = len(digits) + exponent
    if 0 <= exponent and point <= DIGITS:
        body = digits + "0" * exponent
    elif exponent < 0 < point:
        body = digits[:point] + "." + digits[point:]
    elif -DIGITS <= exponent < 0:
        body = "0." + "0" * -point + digits
    else:
        body = "%se%d" % (digits, exponent)
    return "-" * sign + body


def right_parse(text):
    value = value_of(text)
    return [text_form(value) if value.is_finite() else "none"]


def right_integers(text):
    value = value_of(text)
    answers = []
    for factor in (1, 100):
        scaled = WIDE.multiply(value, decimal.Decimal(factor))
        small = scaled == 0 or scaled.adjusted() < 25
        whole = small and scaled == scaled.to_integral_value(context=WIDE)
        fits = whole and -2 ** 63 <= scaled < 2 ** 63
        answers.append(str(int(scaled)) if fits else "none")
    return answers


def right_rounds(text, scale):
    value = value_of(text)
    if value == 0 or value.as_tuple().exponent >= -scale:
        return [value] * len(MODES)
    unit = decimal.Decimal((0, (1,), -scale))
    if not unit.adjusted() < WIDE.Emax:
        return [NAN] * len(MODES)
    return [CONTEXT.plus(value.quantize(unit, rounding, WIDE)) for rounding in MODES.values()]


def modulo(first, second):
    """The remainder of the floor, exact but for its last step, however long the quotient is."""
    if second == 0:
        return NAN
    size = second.copy_abs()
    rest = CONTEXT.remainder(first.copy_abs(), size)
    if rest.is_nan():
        (_, a, a_exponent), (_, b, b_exponent) = parts_of(first), parts_of(second)
        rest = int(a) * pow(10, a_exponent - b_exponent, int(b)) % int(b)
        rest = decimal.Decimal("%de%d" % (rest, b_exponent))
    if rest != 0 and first.is_signed() != second.is_signed():
        rest = CONTEXT.subtract(size, rest)
    return rest.copy_sign(second)


def right_pair(first, second):
    first, second = value_of(first), value_of(second)
    return [CONTEXT.add(first, second), CONTEXT.subtract(first, second),
            CONTEXT.multiply(first, second), CONTEXT.divide(first, second),
            str((first > second) - (first < second)), modulo(first, second)]


def right_power(first, second):
    """Rounded once, from a power of more digits that lie on one side of a tie; or of many, where
    what lies on neither is a tie."""
    first, second = value_of(first), value_of(second)
    if second == 0:
        return [ONE]
    for precision in (64, 300):
        context = decimal.Context(prec=precision, Emax=999999, Emin=-999999, traps=[])
        power = context.power(first, second)
        error = context.scaleb(power, 8 - precision)
        low, high = CONTEXT.plus(context.subtract(power, error)), CONTEXT.plus(
            context.add(power, error))
        if low == high or not power.is_finite():
            return [high]
    return [CONTEXT.plus(decimal.Context(prec=precision - 10, Emax=999999,
                                         Emin=-999999).plus(power))]


# What is asked of the same operands, how those are drawn, and the right answers.
Group = collections.namedtuple("Group", "operations draw right")
GROUPS = {
    "pair": Group(["add", "sub", "mul", "div", "cmp", "mod"], draw_pair, right_pair),
    "round": Group(["round" + mode for mode in MODES], draw_round, right_rounds),
    "parse": Group(["parse"], lambda rng: [draw_parse(rng)], right_parse),
    "integer": Group(["i64", "cents"], lambda rng: [draw_integer(rng)], right_integers),
    "sqrt": Group(["sqrt"], lambda rng: [draw_square(rng)],
                  lambda text: [CONTEXT.sqrt(value_of(text))]),
    "exp": Group(["exp"], lambda rng: [draw_exp(rng)],
                 lambda text: [CONTEXT.exp(value_of(text))]),
    "ln": Group(["ln"], lambda rng: [draw_ln(rng)],
                lambda text: [CONTEXT.ln(value_of(text)) if value_of(text) > 0 else NAN]),
    "pow": Group(["pow"], draw_power, right_power),
}


def agree(operation, operands, want, got):
    if isinstance(want, str):
        return want == got
    if got == "none":
        return not want.is_finite() or (operation.startswith("round")
                                        and operands[1] not in SCALES)
    # The form that has no zero too many is the only one with these digits.
    return (want.is_finite() and NUMBER.match(got) is not None and len(got) < TEXT_LIMIT
            and got != "-0" and decimal.Decimal(got) == want)


# --- Comparing ---

def line_of(group, operands):
    if group.draw is draw_round:
        operations = ",".join("%s:%d" % (name, operands[1]) for name in group.operations)
        return "%s %s\n" % (operations, operands[0])
    return "%s %s\n" % (",".join(group.operations), " ".join(operands))


def ask(calc, lines):
    try:
        result = subprocess.run([calc], input="".join(lines), capture_output=True, text=True,
                                check=False)
    except OSError as error:
        return None, "calc cannot be run: %s" % error
    answers = result.stdout.split("\n")[:-1]
    if result.returncode != 0 or len(answers) != len(lines):
        return None, ("calc ended with %d after %d of %d lines\n%s"
                      % (result.returncode, len(answers), len(lines), result.stderr[:2000]))
    return answers, None


def spoiled(answer):
    """Another answer of the same form: the last digit changed, or none for something."""
    if answer == "none":
        return "1"
    if answer[-1] in "123456789":
        return answer[:-1] + str(int(answer[-1]) % 9 + 1)
    return "none"


# The part of a run that one process takes at a time; `plant` is the line and column to spoil.
Part = collections.namedtuple("Part", "calc group number count seed plant")


def compare_part(part):
    """Returns how many lines were compared, and the differences: (operation, description)."""
    group = GROUPS[part.group]
    rng = random.Random("%d %s %d" % (part.seed, part.group, part.number))
    drawn = [group.draw(rng) for _ in range(part.count)]
    lines = [line_of(group, operands) for operands in drawn]
    answers, fault = ask(part.calc, lines)
    if fault:
        return part.group, 0, [("calc", fault)]
    differences = []
    for number, (operands, line) in enumerate(zip(drawn, answers)):
        got = line.split(" ")
        if part.plant and part.plant[0] == number:
            got[part.plant[1]] = spoiled(got[part.plant[1]])
        want = group.right(*operands)
        if len(got) != len(want):
            differences.append((part.group, "%s  got %s" % (lines[number], line)))
            continue
        for operation, right, answer in zip(group.operations, want, got):
            if not agree(operation, operands, right, answer):
                differences.append((operation, "%s %s\n  expected %s\n  got      %s" % (
                    operation, " ".join(map(str, operands)), right, answer)))
    return part.group, len(lines), differences


def parts_of_run(calc, groups, count, seed):
    return [Part(calc, group, number, min(CHUNK, count - number * CHUNK), seed, None)
            for group in groups for number in range(-(-count // CHUNK))]


def compare(calc, groups, count, seed, jobs):
    """Returns how many answers were compared, and how many differ."""
    parts = parts_of_run(calc, groups, count, seed)
    compared, differ = collections.Counter(), collections.Counter()
    with multiprocessing.Pool(jobs) as pool:
        for done, (group, lines, differences) in enumerate(
                pool.imap_unordered(compare_part, parts), 1):
            compared.update({operation: lines for operation in GROUPS[group].operations})
            for operation, description in differences:
                differ[operation] += 1
                if differ[operation] <= SHOWN:
                    print(description)
            if sys.stderr.isatty():
                print("\r%3d %% %-6s %d differ " % (100 * done // len(parts), group,
                                                   sum(differ.values())),
                      end="\n" if done == len(parts) else "", file=sys.stderr, flush=True)
    print("compared: " + ", ".join("%s %d" % kind for kind in compared.items()))
    if differ:
        print("differ: " + ", ".join("%s %d" % kind for kind in sorted(differ.items())))
    return sum(compared.values()), sum(differ.values())


def self_check(calc, seed):
    """Each planted wrong answer must be counted, and an empty run must not pass."""
    count = 40
    planted = missed = 0
    for name, group in GROUPS.items():
        part = Part(calc, name, 0, count, seed, None)
        _, compared, differences = compare_part(part)
        if compared != count or differences:
            print("self-check: %d of %d compared, %d differ" % (compared, count, len(differences)))
            return 1
        for line in range(0, count, 2):
            plant = line, line // 2 % len(group.operations)
            _, _, differences = compare_part(part._replace(plant=plant))
            planted += 1
            missed += [group.operations[plant[1]]] != [operation for operation, _ in differences]
    print("self-check: %d wrong answers planted, %d missed" % (planted, missed))
    empty = verdict(0, 0)
    absent = compare_part(Part("./no-calc", "pair", 0, count, seed, None))
    if empty != 2 or not absent[2]:
        print("self-check: an empty run gave %d, one without calc %s" % (empty, absent))
        return 1
    return 1 if missed else 0


def verdict(compared, differ):
    print("%d compared, %d differ" % (compared, differ))
    if differ:
        return 1
    return 0 if compared else 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--calc", default=os.environ.get("GREFFE_CALC", "./calc"),
                        help="the program to ask (default: $GREFFE_CALC, or ./calc)")
    parser.add_argument("--count", type=int, default=100000,
                        help="comparisons of each operation (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes (%(default)s)")
    parser.add_argument("--only", choices=GROUPS, action="append", help="these alone")
    parser.add_argument("--self-check", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_check:
        return self_check(arguments.calc, arguments.seed)
    return verdict(*compare(arguments.calc, arguments.only or list(GROUPS), arguments.count,
                            arguments.seed, arguments.jobs))


if __name__ == "__main__":
    sys.exit(main())
