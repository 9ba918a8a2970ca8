#!/usr/bin/env python3
"""A procedure is published again while dossiers are under way: words reach them, rules do not.

    GREFFE=path/to/greffe python3 test/scenario/versions_test.py

After each command the journals are verified.
"""

import shutil
import unittest

from case import Case
from office import WORKFLOW, paper


class Versions(Case):
    def setUp(self):
        super().setUp()
        self.copy = self.o.path / "velo"
        shutil.copytree(WORKFLOW, self.copy)
        self.filed("d1")

    def publish(self, *changes):
        """The workflow with changes of text, each (file, old, new), published again."""
        for name, old, new in changes:
            path = self.copy / name
            text = path.read_text(encoding="utf-8")
            self.assertIn(old, text)
            path.write_text(text.replace(old, new), encoding="utf-8")
        self.ok(self.o.greffe("publish", str(self.copy / "velo.yaml")))

    def bundles(self, dossier="d1"):
        """The bundles that the dossier's own commands used, in order, each once."""
        answer = self.ok(self.o.greffe("show", dossier, "--history", "--json"))
        used = [entry["bundle"] for line in answer.lines()
                for entry in line.get("items", [line]) if "bundle" in entry]
        return list(dict.fromkeys(used))

    def test_words_reach_a_dossier_under_way(self):
        self.publish(("letters/demande_pieces.txt", "Madame, Monsieur", "Chère habitante, cher"),
                     ("velo.yaml", "shown: Inscrite au Bureau", "shown: Au prochain Bureau"),
                     ("velo.yaml", "label: RIB au nom du demandeur", "label: Relevé d'identité"))
        self.ok(self.o.act("instructeur-1", "ask", step="completude", documents=["rib"],
                           message="Il manque une pièce"))
        self.ok(self.o.settle())
        letters = "".join(self.o.letters().values())
        self.assertIn("Chère habitante", letters)
        self.assertIn("Relevé d'identité", letters)
        self.ok(self.o.act("eve", "supply", documents={"rib": paper("rib")}))
        self.favourable()
        self.assertEqual(self.o.show()["shown"], "Au prochain Bureau")
        self.assertEqual(len(self.bundles()), 2)

    def test_rules_do_not(self):
        self.publish(("velo.yaml", "    within: 1 month\n    remind: 15 days\n    then: {complete",
                      "    within: 3 months\n    remind: 15 days\n    then: {complete"),
                     ("velo.yaml", "montant: '200.00'", "montant: '300.00'"))
        self.filed("d1b", foyer="9999999999999")
        self.favourable("d1")
        self.favourable("d1b")
        self.open_session()
        self.ok(self.o.session("decide", rest="proposed"))
        self.close_session()
        amounts = {one["dossier"]: one["amount"] for one in self.o.list("orders")}
        self.assertEqual(amounts, {"d1": "200.00", "d1b": "300.00"})
        self.assertEqual(len(self.bundles("d1")), 1)
        self.assertNotEqual(self.bundles("d1"), self.bundles("d1b"))

    def test_words_of_an_older_rule_can_still_be_mended(self):
        """New rules were published since: whoever pinned the older ones gets their newest words."""
        self.publish(("velo.yaml", "montant: '200.00'", "montant: '300.00'"))
        self.publish(("velo.yaml", "montant: '300.00'", "montant: '200.00'"),
                     ("velo.yaml", "shown: Inscrite au Bureau", "shown: Au prochain Bureau"))
        self.favourable()
        self.assertEqual(self.o.show()["shown"], "Au prochain Bureau")


if __name__ == "__main__":
    unittest.main()
