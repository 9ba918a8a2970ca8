#!/usr/bin/env python3
"""Confronts the generator and the oracle, which share no code: python3 test_season.py"""
import collections
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from datetime import date, datetime, timedelta, timezone

import generate
import season_oracle as oracle

PAID = {"92012": 746, "92022": 129, "92040": 432, "92047": 9, "92048": 255,
        "92072": 194, "92075": 177, "92077": 85}
OUTCOMES = {"verse", "refuse", "classe", "refus_implicite", "withdrawn"}


def season(seed, scale=1.0, amount="flat:200.00", rates=""):
    return list(generate.lines(seed, scale, generate.parse_amount(amount),
                               generate.parse_rates(rates)))


def replay(lines):
    judge = oracle.Oracle(lines[0])
    for action in lines[1:]:
        judge.play(action)
    return judge.results()


def classes(lines):
    """What a file shows, read from its actions only."""
    seen = collections.Counter()
    for a in lines[1:]:
        seen[a["do"]] += 1
        seen["refused " + a.get("refused", "")] += 1
        seen["decided " + a.get("outcome", "")] += a["do"] == "session.decide"
        seen["counter"] += "channel" in a
        seen["no quorum"] += "no_quorum" in a
        seen["second"] += "follows" in a
        seen["proxies"] += bool(a.get("proxies"))
        seen["bank rejections"] += len(a.get("rejected", ()))
        seen["rejecting batches"] += bool(a.get("rejected"))
        seen["new iban"] += a.get("step") == "iban"
        seen["delegate"] += str(a["as"]).startswith("prestataire")
        seen["own staff"] += str(a["as"]).startswith("instructeur")
    return seen


class Confrontation(unittest.TestCase):
    def check_file(self, lines, flat=True):
        result, seen = replay(lines), classes(lines)
        self.assertEqual(result["anomalies"], [])
        self.assertEqual(set(result["outcomes"]), OUTCOMES)  # So nothing stays open.
        for what in ("refused GR-5310", "refused GR-5210", "refused GR-5110", "counter",
                     "decided postponed", "decided refused", "session.recuse", "proxies",
                     "new iban", "ask", "supply", "withdraw", "delegate", "own staff"):
            self.assertTrue(seen[what], what)
        for what in ("no quorum", "second", "rejecting batches", "run"):
            self.assertEqual(seen[what], 1, what)
        self.assertEqual(seen["bank rejections"], seen["new iban"])
        accounts = [o["iban"] for b in result["batches"].values() for o in b["orders"].values()]
        self.assertEqual(len(set(accounts)), len(accounts))
        instants = [a["at"] for a in lines[1:]]
        self.assertEqual(instants, sorted(set(instants)))
        self.assertEqual(lines[-1]["do"], "run")
        return result, seen

    def test_full_year(self):
        for seed in (1, 7, 2020, 2021, 99999):
            with self.subTest(seed=seed):
                result, seen = self.check_file(season(seed))
                paid = {t: row["verse"] for t, row in result["by_town"].items()}
                self.assertEqual(paid, PAID)
                self.assertEqual(result["paid_cents"], 405_400_00)
                self.assertEqual(len(result["batches"]), 12)
                self.assertEqual(seen["session.convene"], 14)

    def test_rate_amount(self):
        for amount, cap in (("rate:0.25:300.00", 30000), ("rate:0.333:500.00", 50000)):
            result, _ = self.check_file(season(3, amount=amount))
            cents = [d["paid_cents"] for d in result["dossiers"].values() if d["paid_cents"]]
            self.assertEqual(max(cents), cap)
            self.assertGreater(len(set(cents)), 100)

    def test_small_files(self):
        for seed in range(150):
            with self.subTest(seed=seed):
                self.check_file(season(seed, 0.02))
        for scale in (0.001, 0.1, 0.5, 2):
            with self.subTest(scale=scale):
                result = replay(season(5, scale))
                self.assertEqual(result["anomalies"], [])
                paid = {t: row["verse"] for t, row in result["by_town"].items()}
                self.assertEqual(paid, {t: max(1, int(n * scale + 0.5))
                                        for t, n in PAID.items()})

    def test_rates(self):
        off = ",".join(f"{key}=0" for key in generate.DEFAULT_RATES)
        result = replay(season(4, 0.05, rates=off))
        self.assertEqual((set(result["outcomes"]), result["anomalies"]), ({"verse"}, []))
        more = replay(season(4, 0.05, rates="silent=0.5,two_rounds=0.4"))
        self.assertGreater(more["outcomes"]["refus_implicite"], 40)
        self.assertEqual(more["anomalies"], [])

    def test_same_bytes_whatever_the_hash_seed(self):
        texts = set()
        for hash_seed in ("0", "1", "77"):
            done = subprocess.run(
                [sys.executable, generate.__file__, "--seed", "8", "--scale", "0.1"],
                env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo"},
                capture_output=True, check=True)
            texts.add(done.stdout)
        self.assertEqual(len(texts), 1)

    def test_a_lost_action_shows(self):
        """Session papers can be redundant (a second meeting), these actions never are."""
        lines = season(6, 0.02)
        whole = replay(lines)
        verbs = {"file", "ask", "supply", "withdraw", "pay.batch", "pay.report",
                 "session.convene", "allotment.allocate"}
        for index in range(1, len(lines)):
            if lines[index]["do"] in verbs:
                self.assertNotEqual(replay(lines[:index] + lines[index + 1:]), whole,
                                    lines[index])


class Calendar(unittest.TestCase):
    def test_known_dates(self):
        for year, day in ((2019, "2019-04-21"), (2020, "2020-04-12"), (2021, "2021-04-04"),
                          (2024, "2024-03-31"), (2038, "2038-04-25")):
            self.assertEqual(oracle.easter(year), date.fromisoformat(day))
        self.assertEqual(oracle.add_months(date(2020, 1, 31), 1), date(2020, 2, 29))
        self.assertEqual(oracle.add_months(date(2020, 12, 31), 2), date(2021, 2, 28))
        self.assertEqual(oracle.roll(date(2021, 2, 28)), date(2021, 3, 1))
        self.assertEqual(oracle.roll(date(2020, 5, 8)), date(2020, 5, 11))

    def test_both_calendars_agree(self):
        day = date(2020, 1, 1)
        while day < date(2021, 4, 10):
            self.assertEqual(day in generate.HOLIDAYS, oracle.is_holiday(day), day)
            self.assertEqual(generate.last_answer_day(day),
                             oracle.roll(oracle.add_months(day, 1)), day)
            noon = generate.local(day, 12).replace(tzinfo=timezone.utc)
            self.assertEqual(noon - oracle.midnight(day),
                             timedelta(hours=12 + {date(2020, 3, 29): -1, date(2020, 10, 25): 1,
                                                   date(2021, 3, 28): -1}.get(day, 0)), day)
            day += timedelta(days=1)

    @unittest.skipIf(oracle.PARIS is None, "no zone database")
    def test_offset_rule_equals_database(self):
        instant = datetime(2019, 12, 31, tzinfo=timezone.utc)
        while instant.year < 2022:
            self.assertEqual(oracle.paris_offset(instant), oracle.rule_offset(instant))
            instant += timedelta(minutes=30)


class ByHand(unittest.TestCase):
    """One dossier whose dates were worked out with a wall calendar."""

    def dossier(self, *actions):
        filing = next(a for a in season(1, 0.02) if a.get("do") == "file"
                      and not isinstance(a["as"], str))
        lines = [season(1, 0.02)[0]]
        for index, (at, do, rest) in enumerate(actions):
            base = filing if do == "file" else {"dossier": filing["dossier"],
                                                "as": filing["as"]}
            lines.append({**base, "at": at, "key": f"a{index}", "do": do, **rest})
        lines[1]["answers"]["velo"]["achat"] = "2020-01-02"
        result = replay(lines)
        self.assertEqual(result["anomalies"], [])
        item = result["dossiers"][filing["dossier"]]
        return item["outcome"], item["silence_due"]

    ASK = {"as": "instructeur-1", "documents": ["rib"], "fields": []}

    def test_silence_to_the_second(self):
        # 10 February + 2 months + 1 day = Saturday 11 April; the 13th is Easter Monday.
        start = [("2020-02-10T12:00:00Z", "file", {}),
                 ("2020-02-12T12:00:00Z", "ask", self.ASK),
                 ("2020-02-13T12:00:00Z", "supply", {})]
        self.assertEqual(self.dossier(*start, ("2020-04-14T21:59:59Z", "run", {})),
                         ("open", "2020-04-14"))
        self.assertEqual(self.dossier(*start, ("2020-04-14T22:00:00Z", "run", {})),
                         ("refus_implicite", "2020-04-14"))

    def test_request_to_the_second(self):
        # 31 January + 1 month = Saturday 29 February, so Monday 2 March.
        start = [("2020-01-30T23:30:00Z", "file", {}),
                 ("2020-01-31T12:00:00Z", "ask", self.ASK)]
        self.assertEqual(self.dossier(*start, ("2020-03-02T22:59:59Z", "run", {})),
                         ("open", None))
        self.assertEqual(self.dossier(*start, ("2020-03-02T23:00:00Z", "run", {})),
                         ("classe", "2020-05-04"))  # 31 March + 32 days = Saturday 2 May.
        # Filed on 31 January in Paris: 31 March, plus the 31 days up to 2 March.
        self.assertEqual(self.dossier(*start, ("2020-03-02T22:59:59Z", "supply", {})),
                         ("open", "2020-05-04"))


class Comparison(unittest.TestCase):
    def quietly(self, function, *arguments):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            return function(*arguments), out.getvalue()

    def test_planted_faults(self):
        for amount in ("flat:200.00", "rate:0.25:300.00"):
            expected = replay(season(2, 0.05, amount))
            passed, text = self.quietly(oracle.self_check, expected)
            self.assertTrue(passed, text)

    def test_exit_codes(self):
        expected = replay(season(2, 0.02))
        lines = oracle.perfect_lines(expected)
        wrong = [dict(lines[0], silence_due="1999-01-01")] + lines[1:]
        for content, code in ((lines, 0), (wrong, 1), ([], 2)):
            with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as out:
                out.writelines(json.dumps(line) + "\n" for line in content)
                out.flush()
                status, text = self.quietly(oracle.run_compare, expected, out.name, None)
            self.assertEqual(status, code)
            self.assertIn(f"{len(content)} dossiers compared", text)
            self.assertLessEqual(len(text.splitlines()), oracle.SHOWN + 1)


if __name__ == "__main__":
    unittest.main()
