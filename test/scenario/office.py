"""An office for tests: a fresh store with the procedure published, and the command to drive it.

It knows the command line and how an ordinary dossier is filled in; it judges nothing. The command
is taken from the environment variable GREFFE, or from build/greffe.
"""

import copy
import email
import email.policy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "workflows" / "gpso-velo"
GREFFE = os.environ.get("GREFFE", str(ROOT / "build" / "greffe"))
if not os.access(GREFFE, os.X_OK):
    sys.exit(f"{GREFFE} is not there: build it, or name the command in GREFFE")

SEATS = ["president", "boulogne", "chaville", "issy", "marnes", "meudon", "sevres", "vanves",
         "ville_davray"]
IBAN = "FR7630006000011234567890189"
OTHER_IBAN = "FR1420041010050500013M02606"

APPLICANT = {"nom": "Martin", "prenom": "Ève", "naissance": "1980-05-17",
             "courriel": "eve@example.org", "adresse": "1 rue de la Paix", "code_postal": "92100",
             "commune": "92012", "foyer": "1234567890123", "iban": IBAN}
BICYCLE = {"modele": "ville", "neuf": True, "prix": "1499.99", "achat": "2020-01-01"}
PAPERS = ["facture", "conformite", "identite", "domicile", "rib"]


def paper(name, **changes):
    """What is said of one document when it is given."""
    return {"name": name + ".pdf", "media": "application/pdf", "size": 123456,
            "sha256": "ab" * 32, **changes}


def filing(without=(), documents=None, **changes):
    """The arguments of `file`: all answers, all documents. An answer of None is taken out."""
    answers = {"demandeur": dict(APPLICANT), "velo": dict(BICYCLE)}
    for name, value in changes.items():
        section = answers["velo" if name in BICYCLE else "demandeur"]
        section[name] = value
        if value is None:
            del section[name]
    papers = {name: paper(name) for name in PAPERS if name not in without}
    papers.update(documents or {})
    return copy.deepcopy({"answers": answers, "documents": papers})


class Answer:
    """How one run of the command ended."""

    def __init__(self, done):
        self.exit, self.out, self.err = done.returncode, done.stdout, done.stderr
        found = re.search(r"GR-\d{4}", self.err)
        self.code = found.group() if found else ""

    def __str__(self):
        return f"exit {self.exit}\n{self.out}{self.err}"

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Office:
    """A store in a directory of its own. Times are given by `now`, and kept until changed."""

    def __init__(self, site=None, procedure=None):
        self.folder = tempfile.TemporaryDirectory(prefix="greffe-")
        self.path = pathlib.Path(self.folder.name)
        self.store, self.out = str(self.path / "greffe.db"), str(self.path / "out")
        self.site = str(WORKFLOW / "site.yaml")
        if site:
            self.site = str(self.path / "site.yaml")
            pathlib.Path(self.site).write_text(site, encoding="utf-8")
        self.now = "2020-03-02T09:00:00Z"
        self.count = 0
        self.afterwards = lambda: None  # what is looked at after every command
        published = self.greffe("publish", procedure or str(WORKFLOW / "velo.yaml"))
        assert published.exit == 0, str(published)

    def close(self):
        self.folder.cleanup()

    def greffe(self, *words, **options):
        """Runs the command with this store, site and directory."""
        command = [GREFFE, *words, "--store", self.store, "--site", self.site, "--out", self.out]
        for name, value in options.items():
            command += ["--" + name.rstrip("_").replace("_", "-"), value]
        return Answer(subprocess.run(command, capture_output=True, text=True, check=False,
                                     timeout=120, env={**os.environ, "NO_COLOR": "1"}))

    def do(self, who, *words, key=None, now=None, for_=None, **args):
        """A command with its arguments, and a key of its own unless one is given."""
        self.count += 1
        options = {"as": who, "now": now or self.now, "key": key or f"t{self.count}"}
        if for_:
            options["for"] = for_
        answer = self.greffe(*words, args=json.dumps(args), **options)
        self.afterwards()
        return answer

    def file(self, dossier="d1", who="eve", **rest):
        content = rest.pop("content", None) or filing()
        return self.do(who, "file", dossier, procedure="velo", **content, **rest)

    def act(self, who, verb, dossier="d1", **rest):
        return self.do(who, "act", verb, dossier, **rest)

    def complete(self, who, step, outcome, dossier="d1", **rest):
        return self.act(who, "complete", dossier, step=step, outcome=outcome, **rest)

    def session(self, verb, session="s1", who="secretariat-1", **rest):
        return self.do(who, "session", verb, session, **rest)

    def pay(self, verb, batch="b1", who="ordonnateur-1", **rest):
        return self.do(who, "pay", verb, batch, **rest)

    def allocate(self, amount="10000.00", who="finances-1", **rest):
        return self.do(who, "allot", "allocate", "velo_2020", amount=amount, **rest)

    def settle(self, now=None):
        answer = self.greffe("run", now=now or self.now)
        self.afterwards()
        return answer

    def verify(self):
        return self.greffe("journal", "verify")

    def seal(self):
        return self.verify().out.split("seal ")[-1].strip()

    def show(self, dossier="d1"):
        return json.loads(self.greffe_flag("show", dossier).out)

    def greffe_flag(self, *words):
        return self.greffe(*words, "--json")

    def list(self, what):
        return self.greffe_flag("list", what).lines()

    def letters(self):
        """Every letter as (name, text with its transfer encoding undone)."""
        folder = pathlib.Path(self.out) / "letters"
        return {path.name: readable(path) for path in sorted(folder.glob("*.eml"))}

    def payment(self, batch="b1"):
        return (pathlib.Path(self.out) / "payments" / (batch + ".xml")).read_text("utf-8")


def readable(path):
    """A letter's subject and text."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return f"{message['subject']}\n{message.get_content()}"
