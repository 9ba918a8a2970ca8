#!/usr/bin/env python3
"""Invents one year of an e-bike aid: applications and human actions, never results.

The same arguments always give the same bytes: one random.Random is consumed in a
fixed order, no set is ever iterated, and no floating-point library function is used.
Instants are naive datetimes in UTC. Work goes in three phases: plan the instants of
every dossier, number them in filing order, then write the actions.
"""
import argparse
import json
import random
import sys
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

# INSEE code -> (postal code, dossiers paid in 2020).
TOWNS = {
    "92012": ("92100", 746), "92022": ("92370", 129), "92040": ("92130", 432),
    "92047": ("92430", 9), "92048": ("92190", 255), "92072": ("92310", 194),
    "92075": ("92170", 177), "92077": ("92410", 85),
}
OUTSIDE = [("92050", "92000"), ("75115", "75015"), ("78646", "78000"), ("92023", "92140")]
MONTH_WEIGHTS = [4, 4, 6, 7, 12, 14, 12, 9, 13, 8, 6, 5]
DEFAULT_RATES = {  # Every rate is relative to the number of paid dossiers,
    "one_round": 0.20, "two_rounds": 0.05, "postponed": 0.01, "bank_rejected": 0.004,
    "never_supplied": 0.06, "ineligible": 0.05, "duplicate": 0.02, "withdrawn": 0.025,
    "bureau_refused": 0.005, "silent": 0.015, "outside": 0.02, "late": 0.01,
    "counter": 0.04, "delegate": 0.5,  # except these two: shares of all filings.
}
# Variants rotate inside a class, and a class is never smaller than its variants,
# so that a very small file still shows each of them.
VARIANTS = {
    "never_supplied": ["first", "second"],
    "ineligible": ["speed", "kit", "trottinette", "used"],
    "duplicate": ["tried", "direct"],
    "withdrawn": ["completude", "asked", "instruction", "waiting", "agenda"],
    "bureau_refused": [""],
    "silent": ["untouched", "completed", "round"],
    "outside": [""],
    "late": ["midnight", "january"],
}
SEATS = ["president", "boulogne", "chaville", "issy", "marnes", "meudon", "sevres",
         "vanves", "ville_davray"]
QUORUM = 5
DOCUMENTS = ["facture", "conformite", "identite", "domicile", "rib"]
# Written down rather than computed: the oracle computes them, which cross-checks both.
HOLIDAYS = {date.fromisoformat(day) for day in (
    "2020-01-01 2020-04-13 2020-05-01 2020-05-08 2020-05-21 2020-06-01 2020-07-14 "
    "2020-08-15 2020-11-01 2020-11-11 2020-12-25 2021-01-01 2021-04-05").split()}
# Third Tuesdays; the last one only clears the refusals of the filings of December.
SESSION_DAYS = [date.fromisoformat(day) for day in (
    "2020-01-21 2020-02-18 2020-03-17 2020-04-21 2020-05-19 2020-06-16 2020-07-21 "
    "2020-08-18 2020-09-15 2020-10-20 2020-11-17 2020-12-15 2021-01-19").split()]
LAST_PAID_SESSION = 11
# The shortest two months have 59 days; two more keep decisions clear of the clock.
SAFE_DAYS = 57
FIRST_DAY = date(2020, 1, 3)
LAST_DAY = date(2020, 12, 31)


# ---- Calendar -------------------------------------------------------------------

def is_working(day):
    return day.weekday() < 5 and day not in HOLIDAYS


def next_working(day):
    while not is_working(day):
        day += timedelta(days=1)
    return day


def previous_working(day):
    while not is_working(day):
        day -= timedelta(days=1)
    return day


def local(day, hour, minute=0, second=0):
    """UTC instant of a Paris wall-clock time (right for any hour from 03:00 on)."""
    summer = date(2020, 3, 29) <= day < date(2020, 10, 25) or day >= date(2021, 3, 28)
    wall = datetime.combine(day, time(hour, minute, second))
    return wall - timedelta(hours=2 if summer else 1)


def last_answer_day(asked):
    """One month after the request, clamped, rolled forward to a working day."""
    year, month = asked.year + asked.month // 12, asked.month % 12 + 1
    day = asked.day
    while True:
        try:
            return next_working(date(year, month, day))
        except ValueError:  # The month is shorter: step back to its last day.
            day -= 1


# ---- What is planned ------------------------------------------------------------

@dataclass
class Round:
    asked: datetime
    documents: list
    address: bool  # The address is asked for too.
    supplied: datetime = None


@dataclass(eq=False)
class Dossier:
    plan: str
    variant: str
    town: str
    filed: datetime
    agent: str
    counter: str = ""
    rounds: list = field(default_factory=list)
    completed: datetime = None
    attempted: datetime = None  # A favourable attempt that must be refused.
    instructed: datetime = None
    withdrawn: datetime = None
    postpone: bool = False
    original: "Dossier" = None  # The household's first dossier.
    foyer: str = ""
    ident: str = ""
    citizen: dict = None

    @property
    def favourable(self):
        return self.plan in ("paid", "bureau_refused", "withdrawn")

    def suspended_days(self):
        return sum((r.supplied.date() - r.asked.date()).days
                   for r in self.rounds if r.supplied)

    def in_time(self, session_day):
        """Decided before the silence clock, even if the meeting slips three days."""
        elapsed = (session_day + timedelta(days=3) - self.filed.date()).days
        return elapsed - self.suspended_days() <= SAFE_DAYS


@dataclass(eq=False)
class Meeting:
    name: str
    on: date
    convened: datetime
    agenda: datetime
    after: str = None
    quorate: bool = True
    items: list = field(default_factory=list)


def regular_meeting(day):
    # The agenda is public five clear days before; the convocation comes a bit earlier.
    agenda = previous_working(day - timedelta(days=6))
    return Meeting(f"bureau-{day:%Y-%m}", day, local(day - timedelta(days=12), 10),
                   local(agenda, 17, 45))


def nominal_session(dossier):
    """Index of the first regular session that can take the dossier."""
    for index, day in enumerate(SESSION_DAYS):
        if dossier.instructed < regular_meeting(day).agenda:
            return index
    return len(SESSION_DAYS)


class Planner:
    """Draws the instants of all dossiers; drafts that break the calendar are redrawn."""

    def __init__(self, seed, scale, rates):
        self.rng = random.Random(seed)
        self.scale, self.rates = scale, rates
        self.used = set()  # Instants already taken: "at" is strictly increasing.
        self.dossiers = []

    def unique(self, instant):
        while instant in self.used:
            instant += timedelta(seconds=1)
        self.used.add(instant)
        return instant

    # -- Drawing instants

    def season_day(self):
        """A filing day: month by weight, then any day of it."""
        month = self.rng.choices(range(1, 13), MONTH_WEIGHTS)[0]
        first = date(2020, month, 1)
        following = date(2020 + month // 12, month % 12 + 1, 1)
        day = first + timedelta(days=self.rng.randrange((following - first).days))
        return max(day, FIRST_DAY)

    def citizen_instant(self, day):
        """Any hour; drawn in UTC, so some fall on the next civil day in Paris."""
        start = datetime.combine(day, time())
        return start + timedelta(seconds=self.rng.randrange(86400))

    def agent_instant(self, day):
        """Office hours, 08:30 to 17:20, on the next working day."""
        start = local(next_working(day), 8, 30)
        return start + timedelta(seconds=self.rng.randrange(31800))

    def later(self, instant, low, high):
        return instant.date() + timedelta(days=self.rng.randint(low, high))

    def supply_instant(self, asked):
        # Some citizens answer in the last hour of the last day.
        if self.rng.random() < 0.05:
            return local(last_answer_day(asked.date()), 23, self.rng.randrange(60))
        return self.citizen_instant(self.later(asked, 1, 26))

    # -- Drafting one dossier

    def agent(self):
        if self.rng.random() < self.rates["delegate"]:
            return f"prestataire-{self.rng.randint(1, 3)}"
        return f"instructeur-{self.rng.randint(1, 4)}"

    def file(self, plan, variant, town, day=None):
        day = day or self.season_day()
        filed, counter = self.citizen_instant(day), ""
        rate = self.rates["counter"]
        # The very first dossier is filed at the counter, so that small files have one.
        wanted = self.rng.random() < rate or (rate > 0 and not self.dossiers)
        if wanted and next_working(day) <= LAST_DAY:
            filed, counter = self.agent_instant(day), f"guichet-{self.rng.randint(1, 2)}"
        return Dossier(plan, variant, town, filed, self.agent(), counter)

    def add_rounds(self, dossier, count, answered):
        """Appends `count` requests, the first `answered` of which are answered."""
        missing = self.rng.sample(DOCUMENTS, count + self.rng.randint(0, 1))
        previous = dossier.filed
        for index in range(count):
            # The last request names every document that is still missing.
            asked_for = missing[index:] if index == count - 1 else [missing[index]]
            asked = self.agent_instant(self.later(previous, 1, 5))
            item = Round(asked, asked_for, self.rng.random() < 0.2)
            if index < answered:
                item.supplied = previous = self.supply_instant(asked)
            dossier.rounds.append(item)

    def last_event(self, dossier):
        return dossier.rounds[-1].supplied if dossier.rounds else dossier.filed

    def instruct(self, dossier):
        dossier.completed = self.agent_instant(self.later(self.last_event(dossier), 1, 4))
        dossier.instructed = self.agent_instant(self.later(dossier.completed, 1, 5))

    def decidable(self, dossier, last_session):
        index = nominal_session(dossier)
        return index <= last_session and dossier.in_time(SESSION_DAYS[index])

    def keep(self, dossier):
        """Accepts a draft: its instants become unique in the whole file."""
        for name in ("filed", "completed", "attempted", "instructed", "withdrawn"):
            if getattr(dossier, name):
                setattr(dossier, name, self.unique(getattr(dossier, name)))
        for item in dossier.rounds:
            item.asked = self.unique(item.asked)
            item.supplied = item.supplied and self.unique(item.supplied)
        self.dossiers.append(dossier)
        return dossier

    # -- The classes

    def plan_all(self):
        towns = [town for town, (_, paid) in TOWNS.items()
                 for _ in range(max(1, int(paid * self.scale + 0.5)))]
        self.rng.shuffle(towns)
        self.paid_count = len(towns)
        self.plan_paid(towns)
        for plan, variants in VARIANTS.items():
            draft = getattr(self, "draft_" + plan)
            for index in range(self.count(plan, len(variants))):
                variant = variants[index % len(variants)]
                town = self.rng.choice(towns)
                dossier = draft(variant, town)
                while dossier is None:
                    dossier = draft(variant, town)
                self.keep(dossier)
        self.number()

    def count(self, key, minimum=1):
        if self.rates[key] <= 0:
            return 0
        return max(minimum, int(self.rates[key] * self.paid_count + 0.5))

    def plan_paid(self, towns):
        two, one = self.count("two_rounds"), self.count("one_round")
        rounds = ([2] * two + [1] * one + [0] * len(towns))[:len(towns)]
        for town, count in zip(towns, rounds):
            dossier = self.draft_decided("paid", "", town, count, LAST_PAID_SESSION)
            while dossier is None:
                dossier = self.draft_decided("paid", "", town, count, LAST_PAID_SESSION)
            self.keep(dossier)

    def draft_decided(self, plan, variant, town, rounds, last_session, day=None):
        dossier = self.file(plan, variant, town, day)
        self.add_rounds(dossier, rounds, rounds)
        self.instruct(dossier)
        return dossier if self.decidable(dossier, last_session) else None

    def some_rounds(self):
        return 1 if self.rng.random() < 0.2 else 0

    def draft_ineligible(self, variant, town):
        return self.draft_decided("ineligible", variant, town, self.some_rounds(),
                                  len(SESSION_DAYS) - 1)

    def draft_bureau_refused(self, variant, town):
        return self.draft_decided("bureau_refused", variant, town, self.some_rounds(),
                                  len(SESSION_DAYS) - 1)

    def draft_duplicate(self, variant, town):
        """A paid dossier keeps its claim for good: any later attempt must fail."""
        original = self.dossiers[self.rng.randrange(self.paid_count)]
        day = self.later(original.filed, 1, 120)
        if day > date(2020, 12, 20):
            return None
        dossier = self.draft_decided("duplicate", variant, original.town,
                                     self.some_rounds(), len(SESSION_DAYS) - 1, day)
        if dossier is None or dossier.instructed <= original.instructed:
            return None
        dossier.original = original
        # Most instructors try first; rotating the variants alone would give one half.
        if variant == "tried" or self.rng.random() < 0.6:
            dossier.attempted = dossier.instructed
            dossier.instructed += timedelta(seconds=self.rng.randint(120, 900))
        return dossier

    def draft_never_supplied(self, variant, town):
        dossier = self.file("never_supplied", variant, town)
        count = 1 if variant == "first" else 2
        self.add_rounds(dossier, count, count - 1)
        # Everything must have expired before the end of March.
        return dossier if dossier.rounds[-1].asked.date() < date(2021, 2, 10) else None

    def draft_withdrawn(self, variant, town):
        dossier = self.file("withdrawn", variant, town)
        if variant == "completude":
            dossier.withdrawn = self.citizen_instant(self.later(dossier.filed, 1, 10))
            return dossier
        if variant == "asked":
            self.add_rounds(dossier, 1, 0)
            asked = dossier.rounds[0].asked
            dossier.withdrawn = self.citizen_instant(self.later(asked, 1, 20))
            return dossier
        self.instruct(dossier)
        if not self.decidable(dossier, len(SESSION_DAYS) - 1):
            return None
        return self.withdraw_late(dossier, variant)

    def withdraw_late(self, dossier, variant):
        """Withdraws after completeness: while instructed, waiting, or on an agenda."""
        session = regular_meeting(SESSION_DAYS[nominal_session(dossier)])
        if variant == "instruction":
            dossier.instructed = None
            dossier.withdrawn = self.citizen_instant(self.later(dossier.completed, 1, 8))
        elif variant == "waiting":
            dossier.withdrawn = self.citizen_instant(self.later(dossier.instructed, 1, 9))
            if dossier.withdrawn >= session.agenda:
                return None
        else:
            dossier.withdrawn = self.citizen_instant(session.on - timedelta(days=2))
        return None if self.between_agendas(dossier) else dossier

    def between_agendas(self, dossier):
        """Instructed just before a session: its second meeting might decide first."""
        return dossier.instructed is not None and any(
            regular_meeting(day).agenda < dossier.instructed < local(day, 20)
            for day in SESSION_DAYS)

    def draft_silent(self, variant, town):
        dossier = self.file("silent", variant, town)
        if variant == "untouched" and not any(d.plan == "silent" for d in self.dossiers):
            # The last acceptable minutes of the year, 23:50 in Paris.
            dossier.filed, dossier.counter = datetime(2020, 12, 31, 22, 50), ""
        if variant == "completed":
            dossier.completed = self.agent_instant(self.later(dossier.filed, 2, 12))
        if variant == "round":
            self.add_rounds(dossier, 1, 1)
            if dossier.filed.date() > date(2020, 11, 30):
                return None
        return dossier

    def draft_outside(self, variant, town):
        return self.file("outside", variant, "")

    def draft_late(self, variant, town):
        if variant == "midnight":  # Still 2020 in UTC, already 2021 in Paris.
            filed = datetime(2020, 12, 31, 23, self.rng.randrange(1, 59))
        else:
            filed = self.citizen_instant(date(2021, 1, self.rng.randint(2, 31)))
        return Dossier("late", variant, town, filed, self.agent())

    def number(self):
        self.dossiers.sort(key=lambda d: d.filed)
        for index, dossier in enumerate(self.dossiers, 1):
            dossier.ident = f"d{index:06d}"
            dossier.citizen = {"subject": f"c{index:06d}", "kind": "applicant"}
            dossier.foyer = f"{self.rng.randrange(10**6):06d}{index:07d}"
        for dossier in self.dossiers:
            if dossier.original:
                dossier.foyer = dossier.original.foyer


# ---- Invented people and papers -------------------------------------------------

SYLLABLES = "ba ce di fo gu la me ni po ra se ti vo lu ka".split()
STREETS = ["des Essais", "du Modèle", "de la Maquette", "du Gabarit", "des Épreuves"]


def invented_name(rng):
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4))).capitalize()


def address(rng):
    return f"{rng.randint(1, 180)} rue {rng.choice(STREETS)}"


def iban(rng):
    """A French IBAN whose national key and international check digits are both right."""
    bank, branch = f"{rng.randrange(10000, 99999)}", f"{rng.randrange(100000):05d}"
    account = f"{rng.randrange(10**11):011d}"
    if rng.random() < 0.25:  # Some banks put one letter in the account number.
        account = account[:5] + rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") + account[6:]
    # National key: letters count as 1..9, 1..9, then 2..9.
    digits = account.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                             "12345678912345678923456789"))
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(digits)) % 97
    bban = f"{bank}{branch}{account}{key:02d}"
    number = int("".join(str(int(c, 36)) for c in bban + "FR00"))
    return f"FR{98 - number % 97:02d}{bban}"


def document(rng, name):
    media, suffix = rng.choice([("application/pdf", "pdf"), ("application/pdf", "pdf"),
                                ("image/jpeg", "jpg")])
    return {"name": f"{name}.{suffix}", "media": media,
            "size": rng.randint(20000, 4_000_000), "sha256": f"{rng.getrandbits(256):064x}"}


def bicycle(rng, dossier):
    model = rng.choice(["ville", "ville", "ville", "pliant", "cargo"])
    if dossier.plan == "ineligible" and dossier.variant != "used":
        model = dossier.variant
    euros = rng.randint(450, 4500) if rng.random() < 0.7 else rng.randint(450, 1200)
    bought = dossier.filed.date() - timedelta(days=rng.randrange(90))
    return {"modele": model, "neuf": dossier.variant != "used",
            "prix": f"{euros}.{rng.choice(['00', '00', '90', '99', '50', '02'])}",
            "achat": bought.isoformat()}


def applicant(rng, dossier):
    insee, postal = dossier.town, TOWNS.get(dossier.town, ("",))[0]
    if dossier.plan == "outside":
        insee, postal = rng.choice(OUTSIDE)
    born = date(1938, 1, 1) + timedelta(days=rng.randrange(23000))
    return {"nom": invented_name(rng), "prenom": invented_name(rng),
            "naissance": born.isoformat(),
            "courriel": f"{dossier.citizen['subject']}@example.org",
            "adresse": address(rng), "code_postal": postal, "commune": insee,
            "foyer": dossier.foyer, "iban": iban(rng)}


# ---- Writing the actions --------------------------------------------------------

MOTIVES = {
    "speed": "Les vélos rapides (speed bikes) sont exclus de l'aide.",
    "kit": "Les kits d'électrification sont exclus de l'aide.",
    "trottinette": "Les trottinettes sont exclues de l'aide.",
    "used": "Le vélo n'est pas neuf.",
    "duplicate": "Le foyer a déjà bénéficié de l'aide.",
}


class Writer:
    def __init__(self, planner, amount):
        self.planner, self.rng, self.amount = planner, planner.rng, amount
        self.events = []
        self.meetings = [regular_meeting(day) for day in SESSION_DAYS]
        self.orders = {}  # Session month -> dossiers granted then.

    def act(self, at, who, do, **rest):
        self.events.append((at, {"as": who, "do": do, **rest}))

    def act_at(self, at, who, do, **rest):
        """For the actions whose instants the planner did not reserve."""
        self.act(self.planner.unique(at), who, do, **rest)

    # -- One dossier

    def write_dossier(self, d):
        self.write_filing(d)
        for item in d.rounds:
            self.write_round(d, item)
        if d.completed:
            self.act(d.completed, d.agent, "complete", dossier=d.ident, step="completude",
                     outcome="complete")
        if d.attempted:
            self.act(d.attempted, d.agent, "complete", dossier=d.ident,
                     step="instruction", outcome="favorable", refused="GR-5310")
        if d.instructed:
            self.write_instruction(d)
        if d.withdrawn:
            self.act(d.withdrawn, d.citizen, "withdraw", dossier=d.ident,
                     because="Le demandeur renonce à sa demande.")

    def write_filing(self, d):
        absent = [name for item in d.rounds for name in item.documents]
        papers = {n: document(self.rng, n) for n in DOCUMENTS if n not in absent}
        rest = {"dossier": d.ident, "procedure": "velo",
                "answers": {"demandeur": applicant(self.rng, d),
                            "velo": bicycle(self.rng, d)}, "documents": papers}
        if d.plan in ("outside", "late"):
            rest["refused"] = "GR-5210" if d.plan == "outside" else "GR-5110"
        if d.counter:
            rest.update({"for": d.citizen, "channel": "counter"})
        self.act(d.filed, d.counter or d.citizen, "file", **rest)

    def write_round(self, d, item):
        self.act(item.asked, d.agent, "ask", dossier=d.ident, step="completude",
                 documents=item.documents,
                 fields=["demandeur.adresse"] if item.address else [],
                 message="Merci de compléter votre dossier.")
        if item.supplied:
            rest = {"documents": {n: document(self.rng, n) for n in item.documents}}
            if item.address:
                rest["answers"] = {"demandeur": {"adresse": address(self.rng)}}
            self.act(item.supplied, d.citizen, "supply", dossier=d.ident, **rest)

    def write_instruction(self, d):
        rest = {"outcome": "favorable"}
        if not d.favourable:
            motive = MOTIVES[d.variant if d.plan == "ineligible" else "duplicate"]
            rest = {"outcome": "defavorable", "fill": {"motif": motive}}
        self.act(d.instructed, d.agent, "complete", dossier=d.ident, step="instruction",
                 **rest)

    # -- The Bureau

    def write_sessions(self):
        waiting = [d for d in self.planner.dossiers if d.instructed]
        failed = self.choose_failed(waiting)
        self.choose_postponed(waiting, failed)
        self.recused = False
        for meeting in self.meetings:
            on_agenda = [d for d in waiting if d.instructed < meeting.agenda
                         and not (d.withdrawn and d.withdrawn < meeting.agenda)]
            if not on_agenda:
                continue
            meeting.items = [d for d in on_agenda if not d.withdrawn]
            self.write_opening(meeting)
            if meeting.quorate:
                decided = self.write_decisions(meeting)
                waiting = [d for d in waiting if d not in decided]

    def choose_failed(self, waiting):
        """The busiest summer session lacks its quorum; a second one follows."""
        sizes = {i: 0 for i in (6, 7, 8)}
        for d in waiting:
            if nominal_session(d) in sizes:
                sizes[nominal_session(d)] += 1
        index = max(sizes, key=lambda i: (sizes[i], -i))
        failed = self.meetings[index]
        failed.quorate = False
        second = Meeting(failed.name + "-bis", failed.on + timedelta(days=3),
                         local(failed.on, 18, 55), local(failed.on, 19, 5), after=failed.name)
        self.meetings.insert(index + 1, second)
        return index

    def choose_postponed(self, waiting, failed):
        """Only dossiers early enough to be decided in time one session later."""
        fit = []
        for d in waiting:
            index = nominal_session(d)
            if d.plan == "paid" and index != failed and index < LAST_PAID_SESSION \
                    and d.in_time(SESSION_DAYS[index + 1]):
                fit.append(d)
        wanted = min(self.planner.count("postponed"), len(fit))
        for d in self.rng.sample(fit, wanted):
            d.postpone = True

    def write_opening(self, meeting):
        who, name = "secretariat-1", meeting.name
        second = {"follows": meeting.after} if meeting.after else {}
        self.act_at(meeting.convened, who, "session.convene", session=name,
                    board="bureau", on=meeting.on.isoformat(), **second)
        self.act_at(meeting.agenda, who, "session.agenda", session=name, take="waiting")
        present, proxies = self.presence(meeting)
        self.present, self.voters = len(present), len(present) + len(proxies)
        # A recusal never involves a proxy: whether it would vote is not specified.
        self.free = [m for m in present[1:] if m not in proxies.values()]
        self.act_at(local(meeting.on, 18), who, "session.presence", session=name,
                    present=present, proxies=proxies)
        if not meeting.quorate:
            self.act_at(local(meeting.on, 18, 30), who, "session.close", session=name,
                        no_quorum=True)

    def presence(self, meeting):
        """Proxies lift a failed session over five votes, and still make no quorum."""
        # Two members more than the quorum: the first recusal can't put it in doubt.
        low = QUORUM if self.recused else QUORUM + 2
        number = self.rng.randint(low, len(SEATS))
        if meeting.after or not meeting.quorate:
            number = QUORUM - 1
        present = ["president"] + self.rng.sample(SEATS[1:], number - 1)
        present.sort(key=SEATS.index)
        absent = [seat for seat in SEATS if seat not in present]
        holders = self.rng.sample(present, len(present))
        proxies = {}
        for giver, holder in zip(absent, holders):
            if not meeting.quorate or self.rng.random() < 0.6:
                proxies[giver] = holder
        return present, proxies

    def votes(self, excluded=0):
        total = self.voters - excluded
        against = self.rng.randint(0, (total - 1) // 3)
        abstain = self.rng.randint(0, 1) if total - against > against + 1 else 0
        return {"for": total - against - abstain, "against": against, "abstain": abstain}

    def write_decisions(self, meeting):
        """One vote for the exceptions; everything else follows the instruction."""
        who, name, at = "secretariat-1", meeting.name, local(meeting.on, 18, 5)
        recused = self.write_recusal(meeting, at)
        decided, rest = [], []
        for d in meeting.items:
            outcome, because = self.exception(d)
            if outcome:
                at += timedelta(seconds=20)
                self.act_at(at, who, "session.decide", session=name, dossier=d.ident,
                            outcome=outcome, votes=self.votes(int(d is recused)),
                            because=because)
            else:
                rest.append(d)
            if outcome == "postponed":
                d.postpone = False
                continue
            decided.append(d)
            if d.plan == "paid":
                self.orders.setdefault(meeting.on.strftime("%Y-%m"), []).append(d)
        if rest:
            at += timedelta(minutes=5)
            self.act_at(at, who, "session.decide", session=name, rest="proposed")
        self.act_at(at + timedelta(minutes=10), who, "session.close", session=name)
        return set(decided)

    def exception(self, d):
        if d.postpone:
            return "postponed", "Le Bureau demande un complément d'information."
        if d.plan == "bureau_refused":
            return "refused", "Le Bureau ne suit pas la proposition."
        if d.plan == "paid" and self.rng.random() < 0.01:
            return "granted", "Vote séparé à la demande d'un membre."
        return None, None

    def write_recusal(self, meeting, at):
        """The first possible meeting has one, then about a third of them."""
        granted = [d for d in meeting.items if d.plan == "paid" and not d.postpone]
        if self.present < QUORUM + 2 or not granted:
            return None
        if self.recused and self.rng.random() > 0.35:
            return None
        self.recused = True
        dossier = self.rng.choice(granted)
        self.act_at(at, "secretariat-1", "session.recuse", session=meeting.name,
                    member=self.rng.choice(self.free), dossier=dossier.ident)
        return dossier

    # -- Money

    def write_payments(self):
        """One batch a week after each session, the bank's answer one week later."""
        months = sorted(self.orders)
        failing = max(months[:-1] or months, key=lambda m: (len(self.orders[m]), m))
        for day in SESSION_DAYS:
            month = day.strftime("%Y-%m")
            if month not in self.orders:
                continue
            on, name = day + timedelta(days=7), month + "-a"
            answered = local(day + timedelta(days=14), 11)
            self.act_at(local(on, 10), "ordonnateur-1", "pay.batch", batch=name,
                        on=on.isoformat())
            rejected = {}
            if month == failing and len(months) > 1:
                rejected = self.reject(self.orders[month], answered)
            self.act_at(answered, "finances-1", "pay.report", batch=name,
                        rejected=rejected, unknown=[])

    def reject(self, orders, answered):
        """A few accounts are wrong; each citizen gives another before the next batch."""
        count = min(self.planner.count("bank_rejected"), max(1, len(orders) - 1))
        rejected = {}
        for d in self.rng.sample(orders, count):
            rejected[d.ident] = self.rng.choice(["AC04", "AC01", "AC06"])
            at = self.planner.citizen_instant(self.planner.later(answered, 1, 10))
            self.act_at(at, d.citizen, "complete", dossier=d.ident, step="iban",
                        outcome="fourni", fill={"iban": iban(self.rng)})
        return rejected

    # -- The whole file

    def allotment(self):
        """Enough even if every filing were granted the highest amount."""
        highest = float(self.amount.get("value") or self.amount["cap"])
        need = int(highest * len(self.planner.dossiers))
        return f"{max(500_000, -(-need // 50_000) * 50_000)}.00"

    def write_all(self):
        self.act_at(datetime(2020, 1, 2, 8), "finances-1", "allotment.allocate",
                    allotment="velo_2020", amount=self.allotment())
        for dossier in self.planner.dossiers:
            self.write_dossier(dossier)
        self.write_sessions()
        self.write_payments()
        self.act_at(datetime(2021, 3, 31, 8), "secretariat-1", "run")
        self.events.sort(key=lambda event: event[0])


def parse_amount(text):
    kind, *rest = text.split(":")
    if kind == "flat" and len(rest) == 1:
        return {"kind": "flat", "value": rest[0]}
    if kind == "rate" and len(rest) == 2:
        return {"kind": "rate", "rate": rest[0], "cap": rest[1]}
    raise argparse.ArgumentTypeError("expected flat:VALUE or rate:RATE:CAP")


def parse_rates(text):
    rates = dict(DEFAULT_RATES)
    for pair in filter(None, text.split(",")):
        key, _, value = pair.partition("=")
        if key not in rates:
            raise argparse.ArgumentTypeError(f"unknown rate {key!r}; one of {sorted(rates)}")
        rates[key] = float(value)
    return rates


def lines(seed, scale, amount, rates):
    planner = Planner(seed, scale, rates)
    planner.plan_all()
    writer = Writer(planner, amount)
    writer.write_all()
    yield {"greffe": "actions 1", "procedure": "velo", "authority": "gpso", "seed": seed,
           "amount": amount}
    for index, (at, action) in enumerate(writer.events, 1):
        yield {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "key": f"a{index:06d}", **action}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--amount", type=parse_amount, default=parse_amount("flat:200.00"))
    parser.add_argument("--rates", type=parse_rates, default=parse_rates(""))
    args = parser.parse_args()
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
                   for line in lines(args.seed, args.scale, args.amount, args.rates))
    if args.out:
        with open(args.out, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
    else:
        sys.stdout.buffer.write(text.encode("utf-8"))


if __name__ == "__main__":
    main()
