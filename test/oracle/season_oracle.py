#!/usr/bin/env python3
"""Says what a file of actions must lead to, from the rules alone.

The oracle replays the actions in order: filings, requests, clocks, sessions, payments.
It trusts neither the generator nor the engine. Where a file contradicts the rules (an
impossible command, a wrong "refused" code) it records an anomaly instead of guessing.
"""
import argparse
import collections
import copy
import heapq
import json
import os
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

try:
    from zoneinfo import ZoneInfo
    PARIS = ZoneInfo("Europe/Paris")
except Exception:  # No zone database here: paris_offset applies the European rule.
    PARIS = None

TOWNS = ("92012", "92022", "92040", "92047", "92048", "92072", "92075", "92077")
CLOSING = date(2020, 12, 31)
SEATS = ("president boulogne chaville issy marnes meudon sevres vanves "
         "ville_davray").split()
QUORUM = 5
TO_INSTRUCT = {"facture", "conformite", "identite", "domicile"}
SHOWN = 20  # Differences printed before the summary.


# ---- Calendar -------------------------------------------------------------------

def last_sunday(year, month):
    day = date(year, month, 31)  # Only used for March and October.
    return day - timedelta(days=(day.weekday() + 1) % 7)


def rule_offset(instant):
    """Hours ahead of UTC under the European rule: both changes happen at 01:00 UTC."""
    def change(month):
        day = last_sunday(instant.year, month)
        return datetime(day.year, day.month, day.day, 1, tzinfo=timezone.utc)
    return 2 if change(3) <= instant < change(10) else 1


def paris_offset(instant):
    if PARIS is None:
        return rule_offset(instant)
    return int(instant.astimezone(PARIS).utcoffset().total_seconds()) // 3600


def civil_date(instant):
    return (instant + timedelta(hours=paris_offset(instant))).date()


def midnight(day):
    """UTC instant of 00:00 in Paris. The changes are at night but after midnight."""
    guess = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    return guess - timedelta(hours=paris_offset(guess - timedelta(hours=1)))


def easter(year):
    """Gregorian computus (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_holiday(day):
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    # Easter Monday, Ascension, Whit Monday.
    return (day.month, day.day) in fixed or (day - easter(day.year)).days in (1, 39, 50)


def roll(day):
    while day.weekday() >= 5 or is_holiday(day):
        day += timedelta(days=1)
    return day


def add_months(day, count):
    index = day.year * 12 + day.month - 1 + count
    year, month = index // 12, index % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    length = (following - timedelta(days=1)).day
    return date(year, month, min(day.day, length))


def parse_instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def iban_is_valid(text):
    if not re.fullmatch(r"FR\d{2}[A-Z0-9]{23}", text or ""):
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


# ---- State ----------------------------------------------------------------------

class Dossier:
    def __init__(self, ident, answers, documents, filed, owner):
        self.ident, self.owner, self.filed = ident, owner, filed
        self.town = answers["demandeur"]["commune"]
        self.household = answers["demandeur"]["foyer"]
        self.iban = answers["demandeur"]["iban"]
        self.price = answers["velo"]["prix"]
        self.documents = set(documents)
        self.step, self.outcome = "completude", None
        self.requested = None    # Civil date of the request that awaits its answer.
        self.last_answer = None  # Last day to answer it.
        self.suspensions = []    # (civil date of request, civil date of supply)
        self.clock_runs = True
        self.due = None
        self.proposal = None
        self.session = None
        self.paid_cents = 0
        self.compute_due()

    def compute_due(self):
        suspended = set()  # As a set of days, overlaps count once.
        for start, end in self.suspensions:
            suspended.update(start + timedelta(days=n) for n in range((end - start).days))
        self.due = roll(add_months(self.filed, 2) + timedelta(days=len(suspended)))

    def next_timer(self):
        """The instant at which a clock ends this dossier if nobody acts, or None."""
        if self.outcome:
            return None
        if self.requested:  # The silence clock is paused: only the request can expire.
            return midnight(self.last_answer + timedelta(days=1))
        return midnight(self.due + timedelta(days=1)) if self.clock_runs else None


class Session:
    def __init__(self, second):
        self.second = second
        self.items, self.decisions = [], {}
        self.present, self.proxies, self.recused = [], {}, set()
        self.closed = False

    def may_decide(self):
        return self.second or len(self.present) >= QUORUM


class Refused(Exception):
    """The rules refuse the action; the code is None when the format names none."""

    def __init__(self, reason, code=None):
        super().__init__(reason)
        self.code = code


def need(condition, reason):
    if not condition:
        raise Refused(reason)


class Oracle:
    def __init__(self, header):
        need(header.get("greffe") == "actions 1", "unknown header")
        self.amount = header["amount"]
        self.dossiers, self.sessions, self.claims = {}, {}, {}
        self.prepared, self.batches = [], {}
        self.allotted = self.engaged = 0
        self.refusals = collections.Counter()
        self.anomalies = []
        self.timers = []
        self.previous, self.keys = None, set()
        self.now = None

    # -- Replaying

    def play(self, action):
        now = parse_instant(action["at"])
        if self.previous and now <= self.previous:
            self.anomalies.append(f"{action['key']}: instants must increase")
        if action["key"] in self.keys:
            self.anomalies.append(f"{action['key']}: key used twice")
        self.keys.add(action["key"])
        self.previous = now
        self.fire_until(now)
        self.now = now
        code, reason = self.attempt(action)
        expected = action.get("refused")
        if code != expected:
            self.anomalies.append(f"{action['key']} {action['do']}: file says "
                                  f"{expected}, the rules say {code} ({reason})")
        elif expected:
            self.refusals[expected] += 1

    def attempt(self, action):
        verb = getattr(self, "do_" + action["do"].replace(".", "_"), None)
        if verb is None:
            return "unknown", "unknown verb"
        try:
            verb(action)
        except Refused as refusal:
            return refusal.code or "other", str(refusal)
        return None, "accepted"

    def schedule(self, dossier):
        at = dossier.next_timer()
        if at:
            heapq.heappush(self.timers, (at, dossier.ident))

    def fire_until(self, now):
        while self.timers and self.timers[0][0] <= now:
            at, ident = heapq.heappop(self.timers)
            dossier = self.dossiers[ident]
            if dossier.next_timer() != at:
                continue  # The dossier has moved since this entry was written.
            expired = dossier.requested
            if expired:  # The time allotted is over: the clock goes on, then the dossier ends.
                dossier.suspensions.append((expired, civil_date(at)))
                dossier.requested = None
                dossier.compute_due()
            self.end(dossier, "classe" if expired else "refus_implicite")

    def end(self, dossier, outcome):
        if dossier.requested:
            dossier.due = None  # It ended while paused: no due date stands.
        dossier.outcome, dossier.step, dossier.clock_runs = outcome, None, False
        if dossier.session:
            self.sessions[dossier.session].items.remove(dossier.ident)
            dossier.session = None
        # A household that gets nothing may apply again.
        if outcome != "verse" and self.claims.get(dossier.household) == dossier.ident:
            del self.claims[dossier.household]

    def at_step(self, action, step):
        dossier = self.dossiers.get(action["dossier"])
        need(dossier, "no such dossier")
        need(dossier.step == step, f"dossier at {dossier.step}, not {step}")
        return dossier

    def check_owner(self, action, dossier):
        need(action["as"] == dossier.owner, "not the applicant of this dossier")

    def check_staff(self, action, *roles):
        name = action["as"]
        need(isinstance(name, str) and name.rsplit("-", 1)[0] in roles, "wrong account")

    # -- The dossier

    def do_file(self, action):
        answers, filed = action["answers"], civil_date(self.now)
        if filed > CLOSING:
            raise Refused("after the closing date", "GR-5110")
        if answers["demandeur"]["commune"] not in TOWNS:
            raise Refused("outside the area", "GR-5210")
        need(action["dossier"] not in self.dossiers, "dossier filed twice")
        need(iban_is_valid(answers["demandeur"]["iban"]), "invalid IBAN")
        need(re.fullmatch(r"\d{13}", answers["demandeur"]["foyer"]), "invalid household")
        need(answers["velo"]["achat"] <= filed.isoformat(), "bought after the filing")
        owner = action["as"]
        if isinstance(owner, str):
            self.check_staff(action, "guichet")
            need(action.get("channel") == "counter", "an agent files at the counter")
            owner = action["for"]
        dossier = Dossier(action["dossier"], answers, action["documents"], filed, owner)
        self.dossiers[dossier.ident] = dossier
        self.schedule(dossier)

    def do_ask(self, action):
        self.check_staff(action, "instructeur", "prestataire")
        dossier = self.at_step(action, "completude")
        need(not dossier.requested, "an answer is already awaited")
        need(action["documents"] or action["fields"], "nothing asked")
        dossier.requested = civil_date(self.now)
        dossier.last_answer = roll(add_months(dossier.requested, 1))
        self.schedule(dossier)

    def do_supply(self, action):
        dossier = self.at_step(action, "completude")
        self.check_owner(action, dossier)
        need(dossier.requested, "nothing was asked")
        dossier.documents.update(action.get("documents", {}))
        dossier.suspensions.append((dossier.requested, civil_date(self.now)))
        dossier.requested = None
        dossier.compute_due()
        self.schedule(dossier)

    def do_complete(self, action):
        step = action["step"]
        need(step in ("completude", "instruction", "iban"), "unknown step")
        dossier = self.at_step(action, step)
        if step == "iban":
            return self.new_iban(action, dossier)
        self.check_staff(action, "instructeur", "prestataire")
        if step == "instruction":
            return self.instruct(action, dossier)
        need(not dossier.requested, "an answer is awaited")
        need(action["outcome"] == "complete", "unknown outcome")
        need(TO_INSTRUCT <= dossier.documents, "documents are missing")
        dossier.step = "instruction"

    def instruct(self, action, dossier):
        need(action["outcome"] in ("favorable", "defavorable"), "unknown outcome")
        if action["outcome"] == "favorable":
            holder = self.claims.setdefault(dossier.household, dossier.ident)
            if holder != dossier.ident:
                raise Refused(f"household held by {holder}", "GR-5310")
        else:
            need(action.get("fill", {}).get("motif"), "a refusal needs its motive")
        dossier.proposal, dossier.step = action["outcome"], "deliberation"

    def new_iban(self, action, dossier):
        self.check_owner(action, dossier)
        need(iban_is_valid(action["fill"]["iban"]), "invalid IBAN")
        dossier.iban = action["fill"]["iban"]
        self.prepare(dossier)

    def do_withdraw(self, action):
        dossier = self.dossiers.get(action["dossier"])
        need(dossier, "no such dossier")
        self.check_owner(action, dossier)
        need(dossier.step in ("completude", "instruction", "deliberation"), "too late")
        self.end(dossier, "withdrawn")

    # -- The board

    def open_session(self, action):
        session = self.sessions.get(action["session"])
        need(session and not session.closed, "no such open session")
        self.check_staff(action, "secretariat")
        return session

    def do_session_convene(self, action):
        self.check_staff(action, "secretariat")
        need(action["session"] not in self.sessions, "session convened twice")
        self.sessions[action["session"]] = Session("follows" in action)

    def do_session_agenda(self, action):
        session = self.open_session(action)
        need(action["take"] == "waiting", "unknown agenda")
        for dossier in self.dossiers.values():
            if dossier.step == "deliberation" and dossier.session is None:
                dossier.session = action["session"]
                session.items.append(dossier.ident)

    def do_session_presence(self, action):
        session = self.open_session(action)
        present, proxies = action["present"], action.get("proxies", {})
        need(len(set(present)) == len(present) and set(present) <= set(SEATS), "seats")
        need(set(proxies) <= set(SEATS) - set(present), "a proxy comes from an absent seat")
        need(set(proxies.values()) <= set(present), "a proxy goes to a present member")
        need(len(set(proxies.values())) == len(proxies), "one proxy per member")
        session.present, session.proxies = present, proxies

    def do_session_recuse(self, action):
        session = self.open_session(action)
        need(action["dossier"] in session.items, "not on the agenda")
        need(action["member"] in session.present, "not present")
        session.recused.add((action["dossier"], action["member"]))

    def do_session_decide(self, action):
        session = self.open_session(action)
        need(session.may_decide(), "no quorum")
        if action.get("rest") == "proposed":
            for ident in session.items:
                favourable = self.dossiers[ident].proposal == "favorable"
                session.decisions.setdefault(ident, "granted" if favourable else "refused")
            return
        ident, outcome = action["dossier"], action["outcome"]
        need(ident in session.items, "not on the agenda")
        need(ident not in session.decisions, "already decided")
        need(outcome in ("granted", "refused", "postponed"), "unknown outcome")
        self.check_votes(session, ident, action["votes"])
        session.decisions[ident] = outcome

    def check_votes(self, session, ident, votes):
        voters = [m for m in session.present + list(session.proxies)
                  if (ident, m) not in session.recused]
        need(sum(votes.values()) <= len(voters), "more votes than voters")
        need(votes["for"] > votes["against"], "no majority")

    def do_session_close(self, action):
        session = self.open_session(action)
        if action.get("no_quorum"):
            need(not session.may_decide(), "there is a quorum")
        else:
            need(session.may_decide(), "no quorum")
        session.closed = True
        for ident in session.items:
            dossier = self.dossiers[ident]
            dossier.session = None  # Postponed or undecided: waits for a next agenda.
            outcome = session.decisions.get(ident)
            if outcome in ("granted", "refused"):
                dossier.clock_runs = False
            if outcome == "refused":
                self.end(dossier, "refuse")
            elif outcome == "granted":
                self.grant(dossier)
        session.items = []

    # -- Money

    def cents(self, dossier):
        if self.amount["kind"] == "flat":
            euros = Decimal(self.amount["value"])
        else:
            euros = min(Decimal(self.amount["rate"]) * Decimal(dossier.price),
                        Decimal(self.amount["cap"]))
        return int((euros * 100).quantize(Decimal(1), ROUND_HALF_UP))

    def grant(self, dossier):
        need("rib" in dossier.documents, "granted without bank details")
        self.engaged += self.cents(dossier)
        need(self.engaged <= self.allotted, "the allotment is exhausted")
        self.prepare(dossier)

    def prepare(self, dossier):
        dossier.step = "paiement"
        self.prepared.append(dossier.ident)

    def do_allotment_allocate(self, action):
        self.check_staff(action, "finances")
        self.allotted += int(Decimal(action["amount"]) * 100)

    def do_pay_batch(self, action):
        self.check_staff(action, "ordonnateur")
        need(self.prepared, "no order is prepared")
        need(action["batch"] not in self.batches, "batch emitted twice")
        self.batches[action["batch"]] = {
            i: {"iban": self.dossiers[i].iban, "cents": self.cents(self.dossiers[i])}
            for i in sorted(self.prepared)}
        self.prepared = []

    def do_pay_report(self, action):
        self.check_staff(action, "finances")
        orders = self.batches.get(action["batch"])
        need(orders, "no such batch")
        need(set(action["rejected"]) <= set(orders), "rejected order not in the batch")
        need(not action.get("unknown"), "unknown orders are not modelled")
        for ident, order in orders.items():
            dossier = self.dossiers[ident]
            if ident in action["rejected"]:
                dossier.step = "iban"
            else:
                dossier.paid_cents = order["cents"]
                self.end(dossier, "verse")

    def do_run(self, action):
        """Clocks fire before every action anyway."""

    # -- Results

    def results(self):
        dossiers = {d.ident: self.describe(d) for d in self.dossiers.values()}
        batches = {}
        for name, orders in self.batches.items():
            batches[name] = {"transactions": len(orders), "orders": orders,
                             "control_cents": sum(o["cents"] for o in orders.values())}
        return {"dossiers": dossiers, "by_town": totals(dossiers), "batches": batches,
                "outcomes": dict(sorted(collections.Counter(
                    d["outcome"] for d in dossiers.values()).items())),
                "paid_cents": sum(d["paid_cents"] for d in dossiers.values()),
                "refusals": {"total": sum(self.refusals.values()),
                             "by_code": dict(sorted(self.refusals.items()))},
                "anomalies": self.anomalies}

    def describe(self, d):
        due = None if d.requested else d.due
        item = {"town": d.town, "outcome": d.outcome or "open",
                "silence_due": due and due.isoformat(), "paid_cents": d.paid_cents}
        if not d.outcome:
            item["step"] = d.step
        return item


def totals(dossiers):
    table = {}
    for item in dossiers.values():
        row = table.setdefault(item["town"], {"paid_cents": 0})
        row[item["outcome"]] = row.get(item["outcome"], 0) + 1
        row["paid_cents"] += item["paid_cents"]
    return {town: table[town] for town in sorted(table)}


def expect(path):
    with open(path, encoding="utf-8") as lines:
        oracle = Oracle(json.loads(next(lines)))
        for line in lines:
            if line.strip():
                oracle.play(json.loads(line))
    return oracle.results()


# ---- Comparing ------------------------------------------------------------------

def compare_dossiers(expected, lines):
    """Returns (number of dossiers compared, differences)."""
    differences, seen = [], set()
    for line in lines:
        ident, wanted = line["dossier"], expected["dossiers"].get(line["dossier"])
        if ident in seen:
            differences.append(f"{ident}: listed twice")
        elif wanted is None:
            differences.append(f"{ident}: must not exist")
        else:
            differences += compare_one(ident, wanted, line)
        seen.add(ident)
    missing = [i for i in expected["dossiers"] if i not in seen]
    differences += [f"{ident}: missing" for ident in missing]
    return len(seen & set(expected["dossiers"])), differences


def compare_one(ident, wanted, line):
    is_open = wanted["outcome"] == "open"
    pairs = [("town", wanted["town"], line.get("town")),
             ("outcome", None if is_open else wanted["outcome"], line.get("outcome")),
             ("phase", "open" if is_open else "closed", line.get("phase")),
             ("silence_due", wanted["silence_due"], line.get("silence_due")),
             # A dossier never paid may show null as well as zero.
             ("paid_cents", wanted["paid_cents"], line.get("paid_cents") or 0)]
    return [f"{ident}: {name} expected {want}, found {found}"
            for name, want, found in pairs if want != found]


def local_name(element):
    return element.tag.rsplit("}", 1)[-1]


def texts(element, *path):
    """Texts at a path of local names: the namespace itself is checked once, apart."""
    found = [element]
    for name in path:
        found = [child for parent in found for child in parent if local_name(child) == name]
    return [(item.text or "").strip() for item in found]


def to_cents(values):
    return sum(int(Decimal(value) * 100) for value in values)


def compare_payments(expected, folder):
    differences, end_to_end = [], collections.Counter()
    files = {name[:-4] for name in os.listdir(folder) if name.endswith(".xml")}
    differences += [f"{n}.xml: unexpected" for n in sorted(files - set(expected["batches"]))]
    for name, batch in expected["batches"].items():
        if name not in files:
            differences.append(f"{name}.xml: missing")
            continue
        try:
            root = ElementTree.parse(os.path.join(folder, name + ".xml")).getroot()
            found = compare_batch(batch, root, end_to_end)
        except (ElementTree.ParseError, ArithmeticError) as error:
            found = [f"unreadable ({error})"]
        differences += [f"{name}.xml: {text}" for text in found]
    differences += [f"EndToEndId {i!r} used {n} times" for i, n in end_to_end.items() if n > 1]
    return differences


def compare_batch(batch, root, end_to_end):
    differences = []

    def check(what, want, found):
        if want != found:
            differences.append(f"{what} expected {want}, found {found}")

    check("namespace", "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}Document", root.tag)
    count, cents = batch["transactions"], batch["control_cents"]
    head = ("CstmrCdtTrfInitn", "GrpHdr")
    check("GrpHdr NbOfTxs", [str(count)], texts(root, *head, "NbOfTxs"))
    check("GrpHdr CtrlSum", cents, to_cents(texts(root, *head, "CtrlSum")))
    blocks = [item for item in root.iter() if local_name(item) == "PmtInf"]
    found = collections.Counter()
    for block in blocks:
        compare_block(block, check, found, end_to_end)
    check("transactions", count, sum(found.values()))
    check("sum of InstdAmt", cents, sum(amount * n for (_, amount), n in found.items()))
    wanted = collections.Counter((o["iban"], o["cents"]) for o in batch["orders"].values())
    check("account and amount pairs missing", [], sorted((wanted - found).elements())[:3])
    check("account and amount pairs in excess", [], sorted((found - wanted).elements())[:3])
    return differences


def compare_block(block, check, found, end_to_end):
    """Checks one PmtInf against its own transactions and collects these in `found`."""
    payments = [item for item in block if local_name(item) == "CdtTrfTxInf"]
    amounts = []
    for payment in payments:
        amount = to_cents(texts(payment, "Amt", "InstdAmt"))
        account = "".join(texts(payment, "CdtrAcct", "Id", "IBAN"))
        found[(account, amount)] += 1
        end_to_end.update(texts(payment, "PmtId", "EndToEndId") or [""])
        amounts.append(amount)
        currencies = [i.get("Ccy") for i in payment.iter() if local_name(i) == "InstdAmt"]
        check("currency", ["EUR"], currencies)
    # Both are optional in a PmtInf, so that only a wrong value is a difference.
    for number in texts(block, "NbOfTxs"):
        check("PmtInf NbOfTxs", len(payments), int(number))
    for value in texts(block, "CtrlSum"):
        check("PmtInf CtrlSum", sum(amounts), to_cents([value]))


# ---- Checking the comparison itself ----------------------------------------------

def perfect_lines(expected):
    lines = []
    for ident, item in expected["dossiers"].items():
        is_open = item["outcome"] == "open"
        lines.append({"dossier": ident, "town": item["town"],
                      "outcome": None if is_open else item["outcome"],
                      "phase": "open" if is_open else "closed",
                      "silence_due": item["silence_due"], "paid_cents": item["paid_cents"]})
    return lines


def euros(cents):
    return f"{cents // 100}.{cents % 100:02d}"


def perfect_batch(name, batch):
    """The smallest file with all that compare_batch reads."""
    sums = (f"<NbOfTxs>{batch['transactions']}</NbOfTxs>"
            f"<CtrlSum>{euros(batch['control_cents'])}</CtrlSum>")
    payments = "".join(
        f"<CdtTrfTxInf><PmtId><EndToEndId>{name}-{ident}</EndToEndId></PmtId>"
        f"<Amt><InstdAmt Ccy=\"EUR\">{euros(order['cents'])}</InstdAmt></Amt>"
        f"<CdtrAcct><Id><IBAN>{order['iban']}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        for ident, order in batch["orders"].items())
    return ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">'
            f"<CstmrCdtTrfInitn><GrpHdr>{sums}</GrpHdr><PmtInf>{sums}{payments}</PmtInf>"
            "</CstmrCdtTrfInitn></Document>")


def planted_in_dossiers(expected):
    """Yields (name of the fault, faulty lines)."""
    def faulty(test, change):
        lines = copy.deepcopy(perfect_lines(expected))
        change(next(line for line in lines if test(line)), lines)
        return lines

    def next_day(text):
        return (date.fromisoformat(text) + timedelta(days=1)).isoformat()

    yield "one cent more", faulty(lambda l: l["paid_cents"],
                                  lambda l, _: l.update(paid_cents=l["paid_cents"] + 1))
    yield "due one day later", faulty(
        lambda l: l["silence_due"],
        lambda l, _: l.update(silence_due=next_day(l["silence_due"])))
    yield "dossier missing", faulty(lambda l: True, lambda l, lines: lines.remove(l))
    yield "dossier invented", perfect_lines(expected) + [{"dossier": "d999999"}]
    yield "wrong outcome", faulty(lambda l: l["outcome"] == "verse",
                                  lambda l, _: l.update(outcome="refuse"))


def planted_in_payments(expected):
    """Yields (name of the fault, batch names and faulty texts)."""
    files = {n: perfect_batch(n, b) for n, b in expected["batches"].items()}
    name = next(iter(files))

    def with_change(pattern, text):
        return {**files, name: re.sub(pattern, text, files[name], count=1)}

    yield "control sum", with_change("<CtrlSum>", "<CtrlSum>9")
    yield "one amount", with_change('"EUR">', '"EUR">9')
    yield "one account", with_change(r"<IBAN>FR\d\d", "<IBAN>FR00")
    yield "EndToEndId repeated", {
        n: re.sub(r"<EndToEndId>[^<]*", "<EndToEndId>same", t, count=1)
        for n, t in files.items()} if len(files) > 1 else with_change("EndToEndId", "Id")
    yield "batch missing", {n: t for n, t in files.items() if n != name}
    yield "batch invented", {**files, "0000-00-z": files[name]}


def differences_of(expected, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name + ".xml"), "w", encoding="utf-8") as out:
                out.write(text)
        return compare_payments(expected, folder)


def self_check(expected):
    """True when perfect results compare equal and every planted fault is caught."""
    count, found = compare_dossiers(expected, perfect_lines(expected))
    perfect = {n: perfect_batch(n, b) for n, b in expected["batches"].items()}
    results = [("perfect dossiers", count > 0 and not found),
               ("perfect payments", not differences_of(expected, perfect))]
    for name, lines in planted_in_dossiers(expected):
        results.append((name, bool(compare_dossiers(expected, lines)[1])))
    for name, files in planted_in_payments(expected):
        results.append((name, bool(differences_of(expected, files))))
    for name, passed in results:
        print(f"{'ok  ' if passed else 'FAIL'} {name}")
    return all(passed for _, passed in results)


# ---- Command line ---------------------------------------------------------------

def run_compare(expected, path, payments):
    with open(path, encoding="utf-8") as source:
        lines = [json.loads(line) for line in source if line.strip()]
    count, differences = compare_dossiers(expected, lines)
    if payments:
        differences += compare_payments(expected, payments)
    for text in differences[:SHOWN]:
        print(text)
    print(f"{count} dossiers compared, {len(differences)} differences")
    if count == 0:
        return 2  # Comparing nothing proves nothing.
    return 1 if differences else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("actions")
    parser.add_argument("--compare", metavar="DOSSIERS")
    parser.add_argument("--payments", metavar="DIR")
    parser.add_argument("--self-check", action="store_true")
    args = parser.parse_args()
    if args.payments and not args.compare:
        parser.error("--payments needs --compare")
    expected = expect(args.actions)
    for text in expected["anomalies"][:SHOWN]:
        print("anomaly:", text, file=sys.stderr)
    if args.self_check:
        return 0 if self_check(expected) and not expected["anomalies"] else 1
    if args.compare:
        status = run_compare(expected, args.compare, args.payments)
        return status or (1 if expected["anomalies"] else 0)
    json.dump(expected, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return 1 if expected["anomalies"] else 0


if __name__ == "__main__":
    sys.exit(main())
