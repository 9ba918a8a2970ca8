"""Drives the portal as people with a browser do."""

import http.cookiejar
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 20


class Browser:
    """One person's session: pages, and forms that are filled in and sent."""

    def __init__(self, root, name):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.root, self.opener, self.html = root, urllib.request.build_opener(jar), ""
        self.url = ""
        self.go("/login")
        self.send(name=name, password=name.split("-")[0] + "-secret")

    def go(self, path):
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.root, path)))

    def _open(self, request):
        for _ in range(50):  # a worker that was killed takes its connections with it
            try:
                with self.opener.open(request, timeout=PATIENCE_S) as answer:
                    self.html, self.url = answer.read().decode(), answer.geturl()
                    return self.html
            except (ConnectionError, urllib.error.URLError) as error:
                if isinstance(error, urllib.error.HTTPError):
                    raise
                time.sleep(0.1)
        raise AssertionError("the portal does not answer")

    def send(self, button=None, **typed):
        """Fills in the form that has this button, or the first one, and sends it."""
        forms = re.findall(r"<form.*?</form>", self.html, re.S)
        form = next(one for one in forms if button is None or f">{button}<" in one)
        fields = dict(re.findall(r"type=hidden name='([^']*)' value='([^']*)'", form))
        named = re.search(rf"<button name=(\w+) value=(\w+)>{button}<", form)
        fields.update({named[1]: named[2]} if named else {})
        fields.update({name.replace("__", "."): value for name, value in typed.items()})
        action = re.search(r"action='([^']*)'", form)[1]
        return self._open(urllib.request.Request(
            urllib.parse.urljoin(self.root, action),
            data=urllib.parse.urlencode(fields).encode()))


class Portal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.letters = pathlib.Path(folder.name) / "letters"
        self.process = subprocess.Popen(
            [sys.executable, HERE / "portal.py", "--store", pathlib.Path(folder.name) / "town.db",
             "--procedure", HERE.parent / "town" / "composteur.yaml", "--port", "0", "--letters",
             self.letters], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.root = self.process.stdout.readline().strip()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE_S)
        self.process.stdout.close()

    def until(self, condition, patience_s=PATIENCE_S):
        for _ in range(patience_s * 20):
            if condition():
                return
            time.sleep(0.05)
        self.fail("it never came")

    GOOD = dict(habitant__nom="Anne", habitant__courriel="anne@bourg.example",
                jardin__logement="maison", jardin__surface="120", jardin__pose="2099-01-01")

    def test_a_dossier_from_the_form_to_the_letter(self):
        anne = Browser(self.root, "anne")
        anne.go("/new")
        self.assertNotIn("jardin.surface", anne.html)
        anne.send("Mettre à jour", jardin__logement="maison")
        self.assertIn("jardin.surface", anne.html)
        self.assertNotIn("jardin.syndic", anne.html)
        anne.send("Envoyer", **{**self.GOOD, "jardin__surface": "3", "jardin__pose": "2000-01-01",
                                "habitant__courriel": "anne"})
        self.assertIn("this is not an e-mail address", anne.html)
        self.assertIn("Choisissez un jour à venir", anne.html)
        self.assertIn("below the least", anne.html)
        anne.send("Envoyer", **self.GOOD)
        self.assertRegex(anne.html, "COMPOSTEUR-20[0-9]{2}-000001")
        where = anne.url

        bob = Browser(self.root, "bob")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            bob.go(where)
        self.assertEqual(caught.exception.code, 404)

        agent = Browser(self.root, "agent-7")
        agent.go("/")
        agent.go(re.search(r"href='(/d/[^']*)'", agent.html)[1])
        self.assertIn("120", agent.html)
        agent.send("accord", examen__modele="")
        self.assertIn("an answer is required", agent.html)
        agent.send("accord", examen__modele="grand")
        self.assertIn("600 litres", agent.html)
        self.until(lambda: list(self.letters.glob("accord-*.txt")))
        anne.go(where)
        self.until(lambda: "Accordée" in anne.go(where))
        self.assertNotIn("Retirer", anne.html)

    def test_a_refusal_says_why_and_how_to_appeal(self):
        anne, agent = Browser(self.root, "anne"), Browser(self.root, "agent-7")
        anne.go("/new")
        anne.send("Envoyer", **self.GOOD)
        agent.go("/")
        agent.go(re.search(r"href='(/d/[^']*)'", agent.html)[1])
        agent.send("refus", examen__motif="Le jardin est trop petit")
        self.until(lambda: list(self.letters.glob("refus-*.txt")))
        letter = next(self.letters.glob("refus-*.txt")).read_text(encoding="utf-8")
        self.assertIn("Le jardin est trop petit", letter)
        self.assertIn("tribunal administratif", letter)

    def test_the_same_form_sent_twice_is_one_dossier(self):
        anne = Browser(self.root, "anne")
        anne.go("/new")
        form = anne.html
        anne.send("Envoyer", **self.GOOD)
        anne.html = form
        anne.send("Envoyer", **self.GOOD)
        anne.go("/")
        self.assertEqual(len(re.findall("COMPOSTEUR-", anne.html)), 1)

    def test_a_form_of_another_session_is_refused(self):
        anne, bob = Browser(self.root, "anne"), Browser(self.root, "bob")
        anne.go("/new")
        bob.html = anne.html
        with self.assertRaises(urllib.error.HTTPError) as caught:
            bob.send("Envoyer", **self.GOOD)
        self.assertEqual(caught.exception.code, 403)

    def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(self):
        anne = Browser(self.root, "anne")
        for number in range(6):
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            victims = children.read_text(encoding="utf-8").split()
            os.kill(int(victims[number % len(victims)]), signal.SIGKILL)
            anne.go("/new")
            anne.send("Envoyer", **self.GOOD)
        anne.go("/")
        self.assertEqual(len(set(re.findall("COMPOSTEUR-[0-9-]*", anne.html))), 6)
        # What a worker had claimed when it died is given again after a minute.
        self.until(lambda: len(list(self.letters.glob("accuse_reception-*.txt"))) == 6, 90)


if __name__ == "__main__":
    unittest.main()
