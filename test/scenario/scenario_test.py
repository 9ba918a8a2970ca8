#!/usr/bin/env python3
"""Scenarios: what each key of a step does, and each expectation, when it is right and when wrong.

    GREFFE=path/to/greffe python3 test/scenario/scenario_test.py

What is expected here was read in the chapter "Scenarios" of workflows/LANGUAGE.md alone.
"""

import re
import unittest

from stage import (ALLOCATE, BATCH, Stage, aide, applicant, complete, expect, filed, granted,
                   instructed, quotient, tri)

INCONNU = "services: {caf: {outcome: inconnu}}"
SIX_HUNDRED = 'services: {caf: {outcome: answered, gives: {quotient: "600.00"}}}'
WAITS = expect("dossier: d1, at: consultation")


class Dossier(Stage):
    procedure = "aide"

    def test_what_stands_there_before_a_decision(self):
        self.compares([aide()],
                      ("dossier: d1", "at", "completude", "instruction"),
                      ("dossier: d1", "at", "[completude]", "[completude, deliberation]"),
                      ("dossier: d1", "phase", "open", "closed"),
                      ("dossier: d1", "shown", "En vérification", "Déposée"),
                      ("dossier: d1", "number", "AIDE-2026-000001", "AIDE-2026-000002"),
                      ("dossier: d1", "filed_on", "2026-03-02", "2026-03-03"),
                      ("dossier: d1", "paid", '"0.00"', '"0.01"'),
                      ("dossier: d1", "asked", "[]", "[facture]"),
                      ("dossier: d1", "documents", "[facture, rib]", "[facture]"),
                      ("dossier: d1", "due", "{silence: 2026-05-04}", "{silence: 2026-05-02}"),
                      ("dossier: d1", "due", "{silence: 2026-05-04}", "{silence: paused}"),
                      ("dossier: d1", "happened", "{depot.done: 1}", "{depot.done: 2}"))

    def test_an_outcome_that_there_is_not_never_happens_and_is_told(self):
        for moment in ("instruction.favourable", "depot.filled", "deliberation.grantd"):
            with self.subTest(moment=moment):
                self.differs(ALLOCATE, aide(), expect(f"dossier: d1, happened: {{{moment}: 0}}"),
                             says=f"the procedure has no '{moment}' for 'happened'")
        self.plays(ALLOCATE, aide(), expect("dossier: d1, happened: {depot: 1, "
                                            "instruction.favorable: 0, deliberation.granted: 0}"))

    def test_what_is_asked(self):
        ask = ("{do: ask, dossier: d1, as: agent, step: completude, documents: [rib], "
               "fields: [demande.prix]}")
        self.compares([aide(documents="facture"), ask],
                      ("dossier: d1", "at", "completude/waiting", "completude"),
                      ("dossier: d1", "asked", "[rib, demande.prix]", "[rib]"),
                      ("dossier: d1", "due", "{silence: paused}", "{silence: 2026-05-04}"),
                      ("dossier: d1", "documents", "[facture]", "[facture, rib]"))

    def test_a_pause_makes_it_due_later(self):
        ask = "{do: ask, dossier: d1, as: agent, step: completude, documents: [rib]}"
        supply = "{after: 10 days, do: supply, dossier: d1, as: habitant, documents: [rib]}"
        # 2 May and ten days.
        self.compares([aide(documents="facture"), ask, supply],
                      ("dossier: d1", "due", "{silence: 2026-05-12}", "{silence: 2026-05-04}"),
                      ("dossier: d1", "documents", "[facture, rib]", "[facture]"))

    def test_amounts_once_they_are_frozen(self):
        amount = expect('dossier: d1, amounts: {montant: "150.00"}')
        self.differs(aide(), amount, says=("montant", "150"))
        self.plays(ALLOCATE, aide(), *instructed(), amount)
        self.differs(ALLOCATE, aide(prix="300.50"), *instructed(), amount,
                     says=("150", "150.25"))

    def test_what_is_paid(self):
        self.compares([*granted(), BATCH,
                       "{do: pay.report, batch: b1, as: payeur, rejected: {}}"],
                      ("dossier: d1", "paid", '"150.00"', '"300.00"'),
                      ("dossier: d1", "phase", "closed", "open"),
                      ("dossier: d1", "outcome", "verse", "refuse"),
                      ("dossier: d1", "shown", "Versée", "En vérification"),
                      ("dossier: d1", "at", "[]", "[paiement]"))

    def test_a_dossier_that_is_not_there(self):
        self.differs(aide(), expect("dossier: d2, at: completude"), says="d2")

    def test_happened_counts(self):
        ask = "{do: ask, dossier: d1, as: agent, step: completude, documents: [rib]}"
        self.compares([*granted()],
                      ("dossier: d1", "happened", "{deliberation.granted: 1}",
                       "{deliberation.granted: 0}"),
                      ("dossier: d1", "happened", "{deliberation.refused: 0}",
                       "{deliberation.refused: 1}"),
                      ("dossier: d1", "happened", "{depot.filed: 1, instruction.done: 1}",
                       "{depot.filed: 1, instruction.done: 7}"))
        self.plays(aide(), ask, expect("dossier: d1, happened: {completude.complete: 0}"))

    def test_a_step_alone_means_that_it_is_done(self):
        self.plays(aide(), expect("dossier: d1, happened: {depot: 1}"))
        self.differs(aide(), expect("dossier: d1, happened: {depot: 0}"))


class Journal(Stage):
    procedure = "aide"

    def found(self, *story):
        answer = self.differs(*story, expect("dossier: d1, journal: [rien]"), says="rien")
        return re.search(r"found (.*)$", answer.out + answer.err, re.M).group(1)

    def test_the_events_are_told_and_can_be_expected(self):
        story = [aide(), complete("completude", "complete")]
        found = self.found(*story)
        for event in ("entered instruction", "task opened agent accueil"):
            self.assertIn(event, found.split(", "))
        self.plays(*story, expect(f"dossier: d1, journal: [{found}]"))
        self.differs(*story, expect(f"dossier: d1, journal: [{found}, left]"))

    def test_they_are_those_since_it_was_last_compared(self):
        first = expect(f"dossier: d1, journal: [{self.found(aide())}]")
        self.plays(aide(), first, expect("dossier: d1, journal: []"))
        since = self.found(aide(), first, complete("completude", "complete")).split(", ")
        self.assertIn("entered instruction", since)
        self.assertNotIn("filed", since)

    def test_each_dossier_has_its_own(self):
        other = aide("d2", who=applicant("b"))
        first = self.found(aide())
        self.plays(aide(), other, expect(f"dossier: d1, journal: [{first}]"),
                   expect("dossier: d1, journal: []"))
        self.differs(aide(), other, expect(f"dossier: d1, journal: [{first}]"),
                     expect("dossier: d2, journal: []"), says="opened aide")


class Others(Stage):
    """Sessions, allotments, orders and batches."""

    procedure = "aide"

    def key_of_order(self):
        """Of the order that `granted` prepares: nothing in a scenario tells it."""
        keys = [f"AIDE-2026-000001-{count}" for count in range(1, 41)]
        answer = self.greffe(self.scenario(*granted(), *(expect(f"order: {key}, dossier: x")
                                                         for key in keys)))
        (key,) = [key for key in keys if f"'{key}'" not in answer.out + answer.err]
        return key

    def test_a_session(self):
        other = aide("d2", who=applicant("b"))
        self.compares([ALLOCATE, aide(), other, *instructed(), *instructed("d2", "defavorable"),
                       "{after: 7 days, hold: bureau, session: s1, rest: proposed}"],
                      ("session: s1", "status", "held", "open"),
                      ("session: s1", "board", "bureau", "conseil"),
                      ("session: s1", "on", "2026-03-09", "2026-03-02"),
                      ("session: s1", "items", "2", "1"))

    def test_an_allotment(self):
        other = aide("d2", prix="500.00", who=applicant("b"))
        self.compares([*granted(), BATCH, other, *instructed("d2")],
                      ("allotment: ligne", "allocated", '"1000.00"', '"1000.01"'),
                      ("allotment: ligne", "reserved", '"250.00"', '"0.00"'),
                      ("allotment: ligne", "committed", '"150.00"', '"250.00"'),
                      ("allotment: ligne", "spent", '"0.00"', '"150.00"'),
                      ("allotment: ligne", "free", '"600.00"', '"1000.00"'))

    def test_what_is_spent(self):
        report = "{do: pay.report, batch: b1, as: payeur, rejected: {}}"
        self.compares([*granted(), BATCH, report],
                      ("allotment: ligne", "spent", '"150.00"', '"0.00"'),
                      ("allotment: ligne", "committed", '"0.00"', '"150.00"'))

    def test_an_order(self):
        key = self.key_of_order()
        self.compares(granted(),
                      (f"order: {key}", "status", "prepared", "batched"),
                      (f"order: {key}", "dossier", "d1", "d2"),
                      (f"order: {key}", "amount", '"150.00"', '"300.00"'))
        reject = "{do: pay.report, batch: b1, as: payeur, rejected: {d1: AC04}}"
        self.compares([*granted(), BATCH, reject],
                      (f"order: {key}", "status", "rejected", "accepted"),
                      (f"order: {key}", "reason", "AC04", "AC01"))

    def test_the_batch_of_an_order(self):
        key = self.key_of_order()
        self.compares([*granted(), BATCH],
                      (f"order: {key}", "batch", "b1", "b2"))

    def test_a_batch(self):
        self.compares([*granted(), BATCH],
                      ("batch: b1", "status", "emitted", "reported"),
                      ("batch: b1", "orders", "1", "2"),
                      ("batch: b1", "sum", '"150.00"', '"300.00"'),
                      ("batch: b1", "on", "2026-03-10", "2026-03-11"))

    def test_what_is_not_there(self):
        for of in ("session: s9, status: held", "allotment: rien, free: 1",
                   "order: o9, status: batched", "batch: b9, orders: 1"):
            with self.subTest(of):
                self.differs(aide(), expect(of), says=f"'{of.split()[1].rstrip(',')}'")


class Everything(Stage):
    """Letters, tasks and incidents."""

    procedure = "aide"

    def test_letters_are_those_since_they_were_last_looked_at(self):
        refuse = "{hold: bureau, session: s1, decide: {d1: refused}}"
        self.plays(ALLOCATE, expect("letters: []"), aide(), expect("letters: [accuse_reception]"),
                   expect("letters: []"), *instructed(), refuse, expect("letters: [refus]"),
                   expect("letters: []"))

    def test_letters_that_differ(self):
        self.differs(aide(), expect("letters: [refus]"), says=("refus", "accuse_reception"))
        self.differs(aide(), expect("letters: []"), says="accuse_reception")
        self.differs(expect("letters: [refus]"), says="refus")

    def test_letters_beside_another_expectation(self):
        self.plays(aide(), expect("dossier: d1, at: completude, letters: [accuse_reception]"))
        self.differs(aide(), expect("dossier: d1, at: completude, letters: []"),
                     says="accuse_reception")

    def test_tasks(self):
        other = aide("d2", who=applicant("b"))
        self.plays(expect("tasks: []"), ALLOCATE, aide(), other, *instructed(),
                   expect("tasks: [d1/deliberation, d2/completude]"))
        self.differs(aide(), expect("tasks: [d1/instruction]"),
                     says=("d1/instruction", "d1/completude"))

    def test_tasks_for_a_service_or_a_board(self):
        other = aide("d2", who=applicant("b"))
        story = [ALLOCATE, aide(), other, *instructed()]
        self.plays(*story, expect("tasks: [d1/deliberation], for: bureau"),
                   expect("tasks: [d2/completude], for: accueil"),
                   expect("tasks: [], for: finances"))
        self.differs(*story, expect("tasks: [d1/deliberation], for: accueil"),
                     says=("d1/deliberation", "d2/completude"))

    def test_tasks_for_a_delegates_role(self):
        story = [tri(70), tri(40, dossier="d2")]
        self.plays(*story, expect("tasks: [d1/avis], for: expert"),
                   expect("tasks: [d2/examen], for: accueil"), procedure="tri.yaml")
        self.differs(*story, expect("tasks: [d2/examen], for: expert"),
                     says=("d2/examen", "d1/avis"), procedure="tri.yaml")

    def test_incidents(self):
        self.plays(expect("incidents: []"),
                   "{fail: {channel: mail, problem: 550 no such box, for_good: true}}", aide(),
                   expect("dossier: d1, at: completude, incidents: [accuse_reception]"))
        self.differs(aide(), expect("incidents: [accuse_reception]"), says="accuse_reception")
        self.differs("{fail: {channel: mail, problem: x, for_good: true}}", aide(),
                     expect("incidents: []"), says="accuse_reception")

    def test_an_incident_has_the_name_of_its_service_or_channel(self):
        self.plays("{fail: {channel: 'call:caf', problem: muet, for_good: true}}", quotient(),
                   expect("dossier: d1, at: consultation, incidents: [caf]"), top=SIX_HUNDRED,
                   procedure="quotient.yaml")
        self.plays(ALLOCATE, aide(), *instructed(),
                   "{fail: {channel: minutes, problem: plus de papier, for_good: true}}",
                   "{hold: bureau, session: s1, decide: {d1: granted}}",
                   expect("incidents: [minutes]"))
        self.plays(*granted(), "{fail: {channel: payment, problem: fermée, for_good: true}}",
                   BATCH,
                   expect("incidents: [payment]"))


class Time(Stage):
    def test_it_moves_by_hours_days_or_weeks(self):
        # The day is that of Paris, where it is 9 o'clock.
        for moved, on in (("{after: 14 hours}", "2026-03-02"), ("{after: 15 hours}", "2026-03-03"),
                          ("{after: 1 hour}", "2026-03-02"), ("{after: 3 days}", "2026-03-05"),
                          ("{after: 1 day}", "2026-03-03"), ("{after: 2 weeks}", "2026-03-16"),
                          ("{at: 2026-03-12T08:00:00Z}", "2026-03-12")):
            with self.subTest(moved):
                self.plays(moved, quotient(), expect(f"dossier: d1, filed_on: {on}"))

    def test_it_moves_before_what_is_done_in_the_step(self):
        file = quotient()[1:-1]
        self.plays(f"{{after: 2 days, {file}, expect: {{dossier: d1, filed_on: 2026-03-04}}}}")

    def test_what_falls_due_happens(self):
        # Five days: 7 March is a Saturday, so it ends with Monday 9 March, in Paris.
        self.plays(quotient(),
                   "{at: 2026-03-09T22:59:59Z, expect: {dossier: d1, at: consultation}}",
                   "{at: 2026-03-09T23:00:00Z, expect: {dossier: d1, outcome: retard}}")

    def test_a_clock_that_ends(self):
        self.plays(aide(), "{at: 2026-04-03T08:00:00Z}",
                   "{at: 2026-05-04T22:00:00Z, expect: {dossier: d1, outcome: rejet, "
                   "letters: [accuse_reception, rejet]}}", procedure="aide.yaml")

    def test_it_never_goes_back(self):
        self.differs("{after: 3 days}", "{at: 2026-03-03T08:00:00Z}", says="2026-03-03T08:00:00Z")
        self.differs("{at: 2026-03-01T08:00:00Z}", says="2026-03-01T08:00:00Z")

    def test_a_length_that_is_none(self):
        for length in ("3 fortnights", "3 months", "5 working days", "-3 days", "trois jours", "3",
                       "1.5 days", "99999999999999999999 days"):
            with self.subTest(length):
                self.differs(quotient(), f"{{after: {length}}}", WAITS, step=1, says=length)

    def test_a_length_of_another_shape(self):
        for length in ("[1, 2]", "{days: 3}"):
            with self.subTest(length):
                self.differs(quotient(), f"{{after: {length}}}", WAITS, step=1)

    def test_an_instant_that_is_none(self):
        for instant in ("demain", "2026-13-02T08:00:00Z", "[2026-03-12T08:00:00Z]"):
            with self.subTest(instant):
                self.differs(quotient(), f"{{at: {instant}}}", WAITS, step=1)


class Refused(Stage):
    procedure = "aide"
    LATE = "{do: complete, dossier: d1, as: payeur, step: paiement, outcome: paid, refused: %s}"

    def test_with_this_code(self):
        self.plays(aide(), self.LATE % "GR-5121", expect("dossier: d1, at: completude"))

    def test_with_another_code(self):
        self.differs(aide(), self.LATE % "GR-5101", says=("GR-5101", "GR-5121"))

    def test_what_is_not_refused(self):
        self.differs(aide(), "{do: complete, dossier: d1, as: agent, step: completude, "
                             "outcome: complete, refused: GR-5121}", says="GR-5121")

    def test_a_refusal_that_nobody_expected(self):
        self.differs(aide(), complete("paiement", "paid", who="payeur"), says="GR-5121")

    def test_in_these_words(self):
        answer = self.differs(aide(), self.LATE % "{GR-5121: non}", says="non")
        words = re.search(r"expected the message non, found (.*)$", answer.err, re.M)
        self.assertIsNotNone(words, str(answer))
        self.plays(aide(), self.LATE % f'{{GR-5121: "{words.group(1)}"}}')

    def test_in_these_words_with_another_code(self):
        self.differs(aide(), self.LATE % "{GR-5101: non}", says=("GR-5101", "GR-5121"))

    def test_in_the_words_that_the_procedure_has(self):
        story = [ALLOCATE, aide(neuf="false"), complete("completude", "complete")]
        self.plays(*story, complete("instruction", "favorable",
                                    more=", refused: {GR-5124: L'aide va au neuf}"))

    def test_nothing_but_a_code_or_a_message(self):
        for wrong in ("[GR-5121]", "{}", "{GR-5121: a, GR-5101: b}"):
            with self.subTest(wrong):
                self.differs(aide(), self.LATE % wrong)


class Do(Stage):
    procedure = "aide"

    def test_a_command_that_is_none(self):
        self.differs(aide(), "{do: completer, dossier: d1, as: agent}", says="completer")

    def test_an_argument_that_is_none(self):
        self.differs(aide(), "{do: comment, dossier: d1, as: agent, text: a, texte: b}",
                     says="texte")

    def test_without_who_acts(self):
        self.differs(aide(), "{do: comment, dossier: d1, text: a}", says="as")

    def test_documents_as_they_should_be(self):
        self.plays(aide(documents="facture"), expect("dossier: d1, documents: [facture]"))
        self.differs(aide(documents="facture, devis"), says="devis")

    def test_documents_as_the_command_takes_them(self):
        paper = ('{facture: {name: f.pdf, media: application/pdf, size: 123456, '
                 f'sha256: "{"0" * 64}"}}}}')
        self.plays(filed("aide", 'prix: "300.00", neuf: true', more=f", documents: {paper}"),
                   expect("dossier: d1, documents: [facture]"))

    def test_all_families_of_commands(self):
        session = ["{do: session.convene, session: s1, as: secretariat, board: bureau, "
                   "on: 2026-03-02}",
                   "{do: session.agenda, session: s1, as: secretariat, take: waiting}",
                   "{do: session.presence, session: s1, as: secretariat, present: [est, ouest]}",
                   "{do: session.decide, session: s1, as: secretariat, rest: proposed}",
                   "{do: session.close, session: s1, as: secretariat}"]
        pay = [BATCH,
               "{do: pay.report, batch: b1, as: finances, rejected: {}}"]
        self.plays(ALLOCATE, aide(), *instructed(), *session, *pay,
                   expect("dossier: d1, outcome: verse"))

    def test_a_step_over_many_lines_is_told_at_its_first(self):
        step = "do: comment\n    dossier: d9\n    as: agent\n    text: a"
        self.differs(aide(), step, says="d9")


class Hold(Stage):
    procedure = "aide"

    def setUp(self):
        super().setUp()
        self.story = [ALLOCATE, aide(), aide("d2", who=applicant("b")), *instructed(),
                      *instructed("d2", "defavorable")]

    def test_dossier_by_dossier(self):
        self.plays(*self.story, "{hold: bureau, session: s1, decide: {d1: refused, d2: granted}, "
                                "expect: {session: s1, status: held, items: 2}}",
                   expect("dossier: d1, outcome: refuse"), expect("dossier: d2, at: paiement"))

    def test_as_it_was_proposed(self):
        self.plays(*self.story, "{hold: bureau, session: s1, rest: proposed}",
                   expect("dossier: d1, at: paiement"), expect("dossier: d2, outcome: refuse"))

    def test_some_by_name_and_the_rest_as_proposed(self):
        self.plays(*self.story,
                   "{hold: bureau, session: s1, decide: {d1: refused}, rest: proposed}",
                   expect("dossier: d1, outcome: refuse"), expect("dossier: d2, outcome: refuse"))

    def test_with_the_boards_reasons(self):
        self.write("letters/refus.txt", "Objet: Refus\n\nMotif : {{reason}}\n")
        self.plays(*self.story, expect("letters: [accuse_reception, accuse_reception]"),
                   "{hold: bureau, session: s1, decide: {d1: postponed, "
                   "d2: {outcome: refused, because: Hors zone}}}",
                   expect("letters: {refus: refus.txt}"), words=("--update",))
        self.assertIn("Hors zone", (self.folder / "refus.txt").read_text(encoding="utf-8"))

    def test_a_second_one_takes_what_was_postponed(self):
        self.plays(*self.story,
                   "{hold: bureau, session: s1, decide: {d1: postponed, d2: refused}}",
                   "{after: 1 week, hold: bureau, session: s2, rest: proposed}",
                   expect("session: s2, items: 1"), expect("dossier: d1, at: paiement"))

    def test_its_day_is_that_of_the_instant_in_utc(self):
        self.plays(*self.story, "{at: 2026-03-05T23:30:00Z, hold: bureau, session: s1, "
                                "rest: proposed, expect: {session: s1, on: 2026-03-05}}")

    def test_what_is_wrong_is_told_at_its_line(self):
        for wrong, says in (("hold: bureau, session: s1, decide: {d9: granted}", "d9"),
                            ("hold: conseil, session: s1, rest: proposed", "hold"),
                            ("hold: bureau, rest: proposed", "session"),
                            ("hold: bureau, session: '', rest: proposed", ""),
                            (f"hold: bureau, session: {'s' * 600}, rest: proposed", ""),
                            ("hold: bureau, session: s1, decide: {d1: peut_être}", "peut_être"),
                            ("hold: bureau, session: s1, rest: toutes", "decide"),
                            ("hold: bureau, session: s1, decide: {d1: {outcome: granted, "
                             "couleur: bleu}}", "couleur"),
                            ("hold: bureau, session: s1, decide: [d1]", "decide"),
                            ("hold: [bureau], session: s1, rest: proposed", "hold"),
                            ("hold: bureau, session: s1, rest: proposed, ordre: 1", "ordre")):
            with self.subTest(wrong):
                self.differs(*self.story, f"{{{wrong}}}", says=says)


class Services(Stage):
    def test_from_the_start(self):
        self.plays(quotient(), expect("dossier: d1, outcome: traite"), top=SIX_HUNDRED)
        self.plays(quotient(), expect("dossier: d1, at: examen"), top=INCONNU)

    def test_answered_is_what_is_meant_where_only_gives_stands(self):
        self.plays(quotient(), expect("dossier: d1, at: examen"),
                   top='services: {caf: {gives: {quotient: "712.00"}}}')

    def test_from_a_step_on(self):
        self.plays(quotient(), expect("dossier: d1, outcome: traite"), f"{{{INCONNU}}}",
                   quotient("d2"), expect("dossier: d2, at: examen"), f"{{{SIX_HUNDRED}}}",
                   quotient("d3"), expect("dossier: d3, outcome: traite"), top=SIX_HUNDRED)

    def test_one_that_is_never_named_never_answers(self):
        self.plays(quotient(), WAITS, "{after: 4 days}", WAITS,
                   "{after: 6 days, expect: {dossier: d1, outcome: retard}}")

    def test_beside_what_is_done(self):
        self.plays(f"{{{INCONNU}, {quotient()[1:-1]}, expect: {{dossier: d1, at: examen}}}}")

    def test_a_key_that_is_not_known(self):
        self.differs(quotient(), "{services: {caf: {reponse: inconnu}}}", says="reponse")

    def test_a_key_that_is_not_known_at_the_top(self):
        self.fails(quotient(), WAITS, top="services: {caf: {reponse: inconnu}}", line=5,
                   says="reponse")

    def test_no_object_of_names(self):
        for wrong in ("caf", "[caf]", "[{}]", "{caf: inconnu}"):
            with self.subTest(wrong):
                self.differs(quotient(), f"{{services: {wrong}}}", WAITS, step=1)
                self.fails(quotient(), WAITS, top=f"services: {wrong}")


class Failing(Stage):
    MAIL = "{fail: {channel: mail, problem: 550 no such box}}"

    def test_it_is_tried_again_and_leaves_once_it_is_mended(self):
        self.plays(self.MAIL, quotient(), expect("letters: [], incidents: []"),
                   "{at: 2026-03-02T08:02:00Z}", expect("letters: [], incidents: []"),
                   "{mend: mail}",
                   "{after: 1 day, expect: {letters: [accuse_reception], incidents: []}}")

    def test_after_eight_times_it_is_an_incident(self):
        self.plays(self.MAIL, quotient(), *["{after: 1 hour}"] * 9,
                   expect("letters: [], incidents: [accuse_reception]"))

    def test_a_long_time_holds_all_eight(self):
        self.plays(self.MAIL, quotient(), "{after: 1 day}",
                   expect("letters: [], incidents: [accuse_reception]"))

    def test_for_good_it_is_an_incident_at_once(self):
        self.plays("{fail: {channel: mail, problem: 550, for_good: true}}", quotient(),
                   expect("letters: [], incidents: [accuse_reception]"))

    def test_only_from_here_on(self):
        self.plays(quotient(), "{fail: {channel: mail, problem: x, for_good: true}}",
                   expect("letters: [accuse_reception], incidents: []"))

    def test_only_this_way(self):
        self.plays("{fail: {channel: payment, problem: x, for_good: true}}", quotient(),
                   expect("letters: [accuse_reception], incidents: []"))

    def test_a_service(self):
        self.plays("{fail: {channel: 'call:caf', problem: 500}}", quotient(),
                   "{after: 1 hour, expect: {dossier: d1, at: consultation}}",
                   "{mend: 'call:caf'}", "{after: 1 hour, expect: {dossier: d1, outcome: traite}}",
                   top=SIX_HUNDRED)

    def test_a_payment_file_leaves_once_it_is_mended(self):
        self.plays(*granted(), "{fail: {channel: payment, problem: fermée}}",
                   BATCH,
                   expect("batch: b1, status: made, incidents: []"), "{mend: payment}",
                   "{after: 1 hour, expect: {batch: b1, status: emitted}}", procedure="aide.yaml")

    def test_minutes_that_failed_are_written_again(self):
        self.plays(ALLOCATE, aide(), *instructed(),
                   "{fail: {channel: minutes, problem: plus de papier, for_good: true}}",
                   "{hold: bureau, session: s1, rest: proposed}", expect("incidents: [minutes]"),
                   "{mend: minutes}",
                   "{do: session.retry, session: s1, as: secretariat, effect: s1/minutes}",
                   expect("incidents: []"), procedure="aide.yaml")

    def test_beside_what_is_done(self):
        file = quotient()[1:-1]
        self.plays(f"{{fail: {{channel: mail, problem: x, for_good: true}}, {file}, "
                   "expect: {incidents: [accuse_reception]}}")

    def test_mended_beside_what_is_done(self):
        file = quotient("d2")[1:-1]
        self.plays("{fail: {channel: mail, problem: x}}", f"{{mend: mail, {file}}}",
                   "{after: 1 hour, expect: {letters: [accuse_reception]}}")

    def test_what_is_wrong_is_told_at_its_line(self):
        for wrong, says in (("fail: mail", "fail"), ("fail: {channel: mail}", "problem"),
                            ("fail: {problem: x}", "channel"),
                            ("fail: {channel: mail, problem: x, toujours: true}", "toujours"),
                            ("mend: mail", "mail"), ("mend: [mail]", "mend")):
            with self.subTest(wrong):
                self.differs(quotient(), f"{{{wrong}}}", says=says)


class Who(Stage):
    procedure = "aide"

    def test_each_kind_of_role(self):
        self.plays(ALLOCATE, aide(), complete("completude", "complete", who="prestataire"),
                   complete("instruction", "favorable"),
                   "{hold: bureau, session: s1, rest: proposed}",
                   BATCH,
                   expect("dossier: d1, at: paiement"))

    def test_an_applicant_by_role_is_the_same_person(self):
        self.plays(aide(), "{do: withdraw, dossier: d1, as: habitant}",
                   expect("dossier: d1, outcome: withdrawn"))

    def test_a_role_has_no_more_than_its_rights(self):
        self.plays(aide(), "{do: complete, dossier: d1, as: payeur, step: completude, "
                           "outcome: complete, refused: GR-5101}",
                   "{do: complete, dossier: d1, as: habitant, step: completude, "
                   "outcome: complete, refused: GR-5101}", expect("dossier: d1, at: completude"))

    def test_a_service(self):
        self.plays(aide(), complete("completude", "complete", who="accueil"),
                   "{do: complete, dossier: d1, as: finances, step: instruction, "
                   "outcome: favorable, refused: GR-5101}", expect("dossier: d1, at: instruction"))

    def test_a_person_in_these_words(self):
        other = applicant("b")
        self.plays(ALLOCATE, aide(who=other), f"{{do: withdraw, dossier: d1, as: {applicant('c')}, "
                                    "refused: GR-5101}",
                   complete("completude", "complete",
                            who="{subject: p, kind: delegate, roles: [prestataire]}"),
                   complete("instruction", "defavorable",
                            who="{subject: g, kind: agent, services: [accueil]}"),
                   f"{{do: withdraw, dossier: d1, as: {other}}}",
                   expect("dossier: d1, outcome: withdrawn"))

    def test_a_person_without_a_service_has_none(self):
        for who in ("{subject: g, kind: agent}", "{subject: g, kind: agent, services: [finances]}",
                    "{subject: p, kind: delegate}",
                    "{subject: p, kind: delegate, roles: [payeur]}"):
            with self.subTest(who):
                self.differs(aide(), complete("completude", "complete", who=who), says="GR-5101")

    def test_an_account_of_the_site(self):
        self.plays(aide(), complete("completude", "complete", who="guichet-1"),
                   expect("dossier: d1, at: instruction"), top="site: site.yaml")
        self.differs(aide(), complete("completude", "complete", who="finances-1"), says="GR-5101",
                     top="site: site.yaml")

    def test_accounts_of_the_site_that_the_command_names(self):
        self.plays(aide(), complete("completude", "complete", who="guichet-1"),
                   expect("dossier: d1, at: instruction"), words=("--site", "site.yaml"))

    def test_who_is_not_known(self):
        for who in ("guichet-1", "maire", "bureau", "personne"):
            with self.subTest(who):
                self.differs(aide(), complete("completude", "complete", who=who), says=f"'{who}'")

    def test_words_that_are_none(self):
        for who, says in (("{kind: agent}", "subject"), ("{subject: a}", "kind"),
                          ("{subject: a, kind: chat}", ""), ("[agent]", "as"), ("7", "'7'"),
                          ("{subject: a, kind: agent, services: {accueil: 1}}", "")):
            with self.subTest(who):
                self.differs(aide(), complete("completude", "complete", who=who), says=says)

    def test_a_word_that_is_not_known_beside_the_others(self):
        self.differs(aide(who="{subject: a, kind: applicant, nom: Exemple}"),
                     expect("dossier: d1, at: completude"), step=0, says="nom")
        self.differs(aide(), complete("completude", "complete",
                                      who="{subject: a, kind: agent, service: [accueil]}"),
                     says="'service'")


if __name__ == "__main__":
    unittest.main()
