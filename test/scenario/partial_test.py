#!/usr/bin/env python3
"""What may have no value is not proved, and what always has one is; nor what may be no amount.

    GREFFE=path/to/greffe python3 test/scenario/partial_test.py

Each expression stands in a choose; its procedure is checked, in one run of `greffe check` for all.
"""

import re
import unittest

from stage import Stage

PROCEDURE = """\
greffe: 1
procedure: {name}
title: Une démarche
uses: commune
roles:
  habitant: {{kind: applicant, form: personne}}
form:
  f:
    title: Vos réponses
    fields:
      n: {{type: integer, label: N}}
      m: {{type: integer, label: M, min: 1, max: 12}}
      p: {{type: money, label: P, min: 0.00, max: 900.00}}
      d: {{type: date, label: D}}
      b: {{type: date, label: B, min: 2000-01-01, max: 2100-12-31}}
      t: {{type: text, label: T}}
      l: {{type: list, label: L}}
steps:
  depot: {{kind: submission, by: habitant, then: tri}}
  tri: {{kind: choose, cases: [{{when: '{when}', then: un}}], otherwise: deux}}
  un: {{kind: end, outcome: un}}
  deux: {{kind: end, outcome: deux}}
retention: {{other: 2 years}}
"""

# The part that may have none; nothing where the whole always has a value.
EXPRESSIONS = [
    ("f.n ** 0.5 > 2", "f.n ** 0.5"),
    ("f.p ** 0.5 > 2", "f.p ** 0.5"),
    ("f.m ** 0.5 > 2", ""),
    ("f.n ** -1 > 2", "f.n ** -1"),
    ("f.m ** -1 > 2", ""),
    ("f.n ** 2 > 2", ""),
    ("10 ** f.n > 2", "10 ** f.n"),
    ("exp(f.n) > 2", "exp(f.n)"),
    ("max(for i in f.l return string length(i)) > 2",
     "max(for i in f.l return string length(i))"),
    ("count(f.l) > 0 and mode(f.l)[1] = \"a\"", ""),
    ("min(f.l) = \"a\"", "min(f.l)"),
    ("count(f.l) > 0 and min(f.l) = \"a\"", ""),
    ("count(f.l) = 0 or min(f.l) = \"a\"", ""),
    ("count(f.l) >= 0 and min(f.l) = \"a\"", "min(f.l)"),
    ("min(f.n, f.m) > 2", ""),
    ("sum(for i in f.l return string length(i)) > 2", ""),
    ("mean(for i in f.l return 1) > 2", "mean(for i in f.l return 1)"),
    ("stddev(f.n, f.m) > 2", ""),
    ("count(sublist(f.l, 3)) > 2", "sublist(f.l, 3)"),
    ("count(remove(f.l, 1)) > 2", "remove(f.l, 1)"),
    ("count(insert before(f.l, 2, \"a\")) > 2", "insert before(f.l, 2, \"a\")"),
    ("5 in [f.n..20]", "[f.n..20]"),
    ("5 in [f.m..20]", ""),
    ("f.n in [5..20]", ""),
    ("before(3, [f.n..20])", "[f.n..20]"),
    ("date(2026, f.n, 1) > today()", "date(2026, f.n, 1)"),
    ("time(f.n, 0, 0).hour > 2", "time(f.n, 0, 0)"),
    ("add working days(f.d, f.n) > today()", "add working days(f.d, f.n)"),
    ("add working days(f.d, f.m) > today()", ""),
    ("add working days(f.d, 10) > today()", ""),
    ("working days between(f.d, today()) > 2", "working days between(f.d, today())"),
    ("working days between(f.b, today()) > 2", ""),
    ("is working day(f.d)", ""),
    ("public holiday(today(), f.t) = \"x\"", "public holiday(today(), f.t)"),
    ("f.d > today() + f.n * @\"P1D\"", "f.n * @\"P1D\""),
    ("f.d > today() + f.m * @\"P1D\"", ""),
    ("f.d + @\"P2M\" > today()", ""),
    ("matches(f.t, \"a+\")", ""),
    ("matches(\"abc\", f.t)", "matches(\"abc\", f.t)"),
    ("split(\"a,b\", f.t)[1] = \"a\"", "split(\"a,b\", f.t)"),
    ("replace(f.t, \"a\", f.t) = \"a\"", "replace(f.t, \"a\", f.t)"),
    ("substring(f.t, 1) = \"a\"", ""),
    ("substring(f.t, 2) = \"a\"", "substring(f.t, 2)"),
    ("round half up(f.n / 3, f.n) > 2", "round half up(f.n / 3, f.n)"),
    ("round half up(f.n / 3, f.m) > 2", ""),
    ("floor(f.p) > 2", ""),
    ("count(for i in 1..f.n return i) > 2", "1..f.n"),
    ("count(for i in 1..f.m return i) > 2", ""),
    ("10 / (f.m + 1) > 2", ""),
    ("10 / (f.n - 1) > 2", "10 / (f.n - 1)"),
    ("sqrt(f.p) > 2", ""),
    ("sqrt(f.n) > 2", "sqrt(f.n)"),
]

PAID = """\
greffe: 1
procedure: {name}
title: Une prime
uses: commune
roles:
  habitant: {{kind: applicant, form: personne}}
  agent: {{kind: agent, service: accueil}}
  payeur: {{kind: agent, service: finances}}
form:
  f:
    title: Vos réponses
    fields:
      x: {{type: money, label: X}}
      p: {{type: money, label: P, min: 0.01, max: 900.00}}
      q: {{type: money, label: Q, min: 100.00, max: 900.00}}
      n: {{type: integer, label: N, min: 1, max: 12}}
      t: {{type: text, label: T}}
      l: {{type: list, label: L}}
{tables}values:
{values}
freeze: {{montant: decision.oui}}
steps:
  depot: {{kind: submission, by: habitant, then: decision}}
  decision:
    kind: decision
    by: agent
    then: {{oui: accord, non: {{fill: {{motif: {{type: text, label: Motif}}}}, then: refus}}}}
  accord: {{kind: notification, to: habitant, template: accord, then: paiement}}
  paiement: {{kind: payment, by: payeur, to: habitant, account: f.t, amount: montant,
    budget: {budget}, then: {{paid: fin, rejected: fin}}}}
  refus: {{kind: notification, to: habitant, template: refus, then: fin}}
  fin: {{kind: end, outcome: fin}}
guarantees: [{{different_people: [decision, paiement], because: Deux personnes}}]
retention: {{other: 2 years}}
"""

ABOVE, CENTS = "above zero", "of whole cents"

# Of an amount that is paid: what is not proved of it.
AMOUNTS = [
    ("250", None),
    ("0", ABOVE),
    ("0.125", CENTS),
    ("f.x", ABOVE),
    ("f.p", None),
    ("f.p - 0.01", ABOVE),
    ("f.q - 99.99", None),
    ("f.q - 100", ABOVE),
    ("max(f.q - 200, 0.01)", None),
    ("max(f.x, 10)", None),
    ("min(f.q, 300)", None),
    ("min(f.x, 300)", ABOVE),
    ("f.q / 3", CENTS),
    ("round half up(f.q / 3, 2)", None),
    ("round half up(f.p / 3, 2)", ABOVE),
    ("round half up(f.p / 3, 3)", CENTS),
    ("round up(f.p / 3, 2)", None),
    ("0.25 * f.q", CENTS),
    ("f.n * f.q", None),
    ("f.n * 12.5", None),
    ("ceiling(f.q / 7)", None),
    ("floor(f.p)", ABOVE),
    ("if f.q > 200 then f.q - 200 else 50", None),
    ("if f.q >= 200 then f.q - 200 else 50", ABOVE),
    ("if f.n > 3 and f.q > 300 then f.q - 300 else 50", None),
    ("if f.n > 3 or f.q > 300 then f.q - 300 else 50", ABOVE),
    ("10 + 5 * count(f.l)", None),
    ("5 * count(f.l)", ABOVE),
    ("abs(f.q - 200) + 1", None),
    ("-f.q + 901", None),
    ("-f.q + 900", ABOVE),
]


class Amounts(Stage):

    def told(self, values, tables=""):
        self.write("p.yaml", PAID.format(name="p", values=values, tables=tables, budget="ligne"))
        self.write("letters/refus.txt", "Objet: Refus\n\nMotif : {{reason}}. {{appeal}}\n")
        answer = self.greffe("p.yaml", command="check")
        told = re.findall(r"GR-4001: that the amount 'montant' is always (.*?) is not", answer.err)
        self.assertEqual(answer.exit, 4 if told else 0, answer)
        return told[0] if told else None

    def test_what_is_paid_is_above_zero_and_of_whole_cents(self):
        for value, wanted in AMOUNTS:
            with self.subTest(value=value):
                self.assertEqual(self.told(f"  montant: '{value}'"), wanted)

    def test_values_and_tables_that_it_is_made_of_count(self):
        table = ("tables:\n  taux:\n    inputs: [f.n]\n    outputs: [part, plafond]\n    rules:\n"
                 "      - ['< 5', {part}, 300]\n      - ['>= 5', 0.5, 200]\n")
        whole = "  montant: 'round half up(min(taux.part * f.q, taux.plafond), 2)'"
        self.assertIsNone(self.told(whole, table.format(part="0.25")))
        self.assertEqual(self.told(whole, table.format(part="0")), ABOVE)
        self.assertIsNone(self.told("  base: f.q\n  montant: base - 50"))
        self.assertEqual(self.told("  base: f.q\n  montant: base - 150"), ABOVE)
        dated = "  base: [{from: 2020-01-01, value: 100}, {from: 2026-01-01, value: %s}]\n"
        self.assertIsNone(self.told(dated % "120" + "  montant: base - 50"))
        self.assertEqual(self.told(dated % "40" + "  montant: base - 50"), ABOVE)


class Partial(Stage):

    def test_what_may_have_no_value_is_told(self):
        for i, (when, _) in enumerate(EXPRESSIONS):
            self.write(f"p{i}.yaml", PROCEDURE.format(name=f"p{i}", when=when))
        for i, (when, part) in enumerate(EXPRESSIONS):
            with self.subTest(when=when):
                answer = self.greffe(f"p{i}.yaml", command="check")
                told = re.findall(r"GR-4001: .*proved: '(.*)' may have none", answer.err)
                self.assertEqual(told, [part] if part else [], answer)
                self.assertEqual(answer.exit, 4 if part else 0, answer)

    def test_it_counts_wherever_an_expression_stands(self):
        base = PROCEDURE.format(name="p", when="f.n > 2")
        for old, new in (("      t: {type: text, label: T}",
                          "      t: {type: text, label: T, when: 10 / f.n > 3}"),
                         ("      t: {type: text, label: T}",
                          "      t: {type: text, label: T, must: 10 / f.n > 3, message: M}"),
                         ("steps:", "documents: {k: {label: K, when: 10 / f.n > 3}}\nsteps:")):
            with self.subTest(new=new):
                self.assertIn(old, base)
                self.write("p.yaml", base.replace(old, new))
                answer = self.greffe("p.yaml", command="check")
                self.assertIn("'10 / f.n' may have none", answer.err + answer.out)
                self.assertEqual(answer.exit, 4, answer)


if __name__ == "__main__":
    unittest.main()
