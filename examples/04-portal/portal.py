#!/usr/bin/env python3
"""A small portal with a login of its own, in several worker processes, that shows the forms, lists
and tasks of a published procedure.

    portal.py --store STORE --procedure FILE.yaml [--port 8080] [--workers 3] [--letters FOLDER]

Everything that is specific to a procedure comes from Greffe: which fields there are and which
apply, what is wrong with what was typed, who may do what now, what each may see. The portal brings
what is its own: pages, people, a session cookie, and the way in which letters leave.
"""

import argparse
import hashlib
import hmac
import html
import os
import pathlib
import secrets
import signal
import socket
import threading
import urllib.parse
from http import cookies
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

import greffe

# ---- People: the portal's own affair. Passwords of a demonstration. -----------------------------

PEOPLE = {
    "anne": ("anne-secret", greffe.Actor("anne", "applicant")),
    "bob": ("bob-secret", greffe.Actor("bob", "applicant")),
    "agent-7": ("agent-secret", greffe.Actor("agent-7", "agent", services=["technique"])),
}
SECRET = os.environ.get("PORTAL_SECRET", "").encode() or secrets.token_bytes(32)
MOST_BODY = 1 << 20


def sealed(text: str) -> str:
    return hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()


class Refused(Exception):
    """An answer other than a page: its status, and a line."""


# ---- One request --------------------------------------------------------------------------------

class Request:
    def __init__(self, environ):
        self.method, self.path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > MOST_BODY:
            raise Refused("413 Content Too Large", "Le formulaire est trop long.")
        body = environ["wsgi.input"].read(size).decode("utf-8", "replace") if size else ""
        self.form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        jar = cookies.SimpleCookie(environ.get("HTTP_COOKIE", ""))
        name, _, seal = (jar["who"].value if "who" in jar else "").partition(":")
        known = name in PEOPLE and hmac.compare_digest(seal, sealed("who " + name))
        self.name = name if known else None
        if self.method == "POST" and self.path != "/login":
            if not hmac.compare_digest(self.form.pop("seal", ""), self.seal):
                raise Refused("403 Forbidden", "Ce formulaire n'est pas de votre session.")

    @property
    def actor(self) -> greffe.Actor:
        if self.name is None:
            raise Refused("303 See Other", "/login")
        return PEOPLE[self.name][1]

    @property
    def seal(self) -> str:
        return sealed(f"form {self.name}")


# ---- Pages --------------------------------------------------------------------------------------

def text(value) -> str:
    return html.escape(str(value))


def page(request: Request, title: str, body: str) -> str:
    who = (f"{text(request.name)} · <a href='/logout'>Quitter</a>" if request.name else "")
    return ("<!doctype html><html lang=fr><meta charset=utf-8>"
            "<meta name=viewport content='width=device-width'><title>" + text(title) + "</title>"
            "<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}"
            "label{display:block;margin:1rem 0 .2rem}input,select{font:inherit;padding:.3rem}"
            ".fault{color:#b00020}.hint{color:#555}table{border-collapse:collapse;width:100%}"
            "td,th{border-bottom:1px solid #ccc;padding:.3rem;text-align:left}"
            "fieldset{margin:1rem 0}@media(prefers-color-scheme:dark){body{background:#111;"
            "color:#eee}a{color:#9cf}.hint{color:#aaa}.fault{color:#f88}}</style>"
            f"<p><a href='/'>Accueil</a> {who}</p><h1>{text(title)}</h1>{body}</html>")


def control(field: dict, value: str) -> str:
    """A field of a form, by its type."""
    name, kind = text(field["path"]), field["type"]
    if kind in ("choice", "choices"):
        chosen = [f"<option value='{text(one['id'])}'"
                  f"{' selected' if one['id'] == value else ''}>{text(one['label'])}"
                  for one in field["options"]]
        return f"<select id='{name}' name='{name}'><option value=''>{''.join(chosen)}</select>"
    if kind == "boolean":
        return (f"<select id='{name}' name='{name}'><option value=''>"
                f"<option value='true'{' selected' if value == 'true' else ''}>Oui"
                f"<option value='false'{' selected' if value == 'false' else ''}>Non</select>")
    types = {"date": "date", "email": "email", "integer": "number", "phone": "tel"}
    return (f"<input id='{name}' name='{name}' type='{types.get(kind, 'text')}' "
            f"value='{text(value)}'>")


def fieldset(section: dict, typed: dict, faults: dict) -> str:
    """A section: the fields that apply, what was typed, and what is wrong with it."""
    rows = [f"<fieldset><legend>{text(section.get('title', section['id']))}</legend>"]
    for field in section["fields"]:
        if field["applies"] is False:
            continue
        path = field["path"]
        value = typed.get(path, field.get("value", ""))
        star = " *" if field["required"] else ""
        rows.append(f"<label for='{text(path)}'>{text(field['label'])}{star}</label>"
                    + control(field, str(value)))
        if "help" in field:
            rows.append(f"<div class=hint>{text(field['help'])}</div>")
        if path in faults:
            rows.append(f"<div class=fault>{text(faults[path])}</div>")
    return "".join(rows) + "</fieldset>"


def answers_of(typed: dict) -> dict:
    """section.field texts as the object that commands take; what is empty was not typed."""
    answers: dict = {}
    for path, value in typed.items():
        section, dot, name = path.partition(".")
        if dot and value != "":
            known = {"true": True, "false": False}
            answers.setdefault(section, {})[name] = known.get(value, value)
    return answers


def hidden(**values) -> str:
    return "".join(f"<input type=hidden name='{text(name)}' value='{text(value)}'>"
                   for name, value in values.items())


# ---- The portal ---------------------------------------------------------------------------------

class Portal:
    """Its pages, over an engine of this process."""

    def __init__(self, engine: greffe.Engine, procedure: str):
        self.engine, self.procedure = engine, procedure

    def __call__(self, environ, start_response):
        headers = [("Content-Type", "text/html; charset=utf-8"), ("X-Frame-Options", "DENY"),
                   ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
                                               "form-action 'self'")]
        try:
            request = Request(environ)
            status, body, more = self.route(request)
        except Refused as refused:
            status, body = refused.args
            more = [("Location", body)] if status.startswith("303") else []
        except greffe.NotFoundError:
            status, body, more = "404 Not Found", "Il n'y a rien ici.", []
        except greffe.DeniedError as denied:
            status, body, more = "403 Forbidden", text(denied.message), []
        start_response(status, headers + more)
        return [body.encode()]

    def route(self, request: Request):
        parts = request.path.strip("/").split("/")
        match (request.method, *parts):
            case ("GET", ""):
                return "200 OK", self.home(request), []
            case ("GET", "login"):
                return "200 OK", self.login_page(request), []
            case ("POST", "login"):
                return self.login(request)
            case ("GET", "logout"):
                return "303 See Other", "", [("Location", "/login"),
                                             ("Set-Cookie", "who=; Max-Age=0; Path=/")]
            case ("GET", "new"):
                return "200 OK", self.form_page(request, {}, {}, greffe.new_key()), []
            case ("POST", "new"):
                return self.file(request)
            case ("GET", "d", key):
                return "200 OK", self.dossier(request, key), []
            case ("POST", "d", key):
                return self.act(request, key)
        return "404 Not Found", "Il n'y a rien ici.", []

    # Login

    def login_page(self, request: Request, fault: str = "") -> str:
        return page(request, "Connexion", f"<div class=fault>{text(fault)}</div>"
                    "<form method=post action='/login'><label for=name>Nom</label>"
                    "<input id=name name=name><label for=password>Mot de passe</label>"
                    "<input id=password name=password type=password> "
                    "<button>Entrer</button></form>")

    def login(self, request: Request):
        name = request.form.get("name", "")
        password, _ = PEOPLE.get(name, ("", None))
        given = request.form.get("password", "")
        if not password or not hmac.compare_digest(given.encode(), password.encode()):
            return "200 OK", self.login_page(request, "Nom ou mot de passe inconnu."), []
        cookie = f"who={name}:{sealed('who ' + name)}; HttpOnly; SameSite=Strict; Path=/"
        return "303 See Other", "", [("Location", "/"), ("Set-Cookie", cookie)]

    # Lists

    def home(self, request: Request) -> str:
        actor, rows = request.actor, []
        if actor.kind == "applicant":
            rows.append("<p><a href='/new'>Nouvelle demande</a></p><h2>Vos demandes</h2>")
            listed = self.engine.page("dossiers", actor=actor, order="recent").items
            cells = [f"<tr><td><a href='/d/{text(one['dossier'])}'>{text(one['number'])}</a>"
                     f"<td>{text(one.get('shown', one['phase']))}" for one in listed]
        else:
            rows.append("<h2>À faire</h2>")
            listed = self.engine.page("tasks", actor=actor, order="due").items
            cells = [f"<tr><td><a href='/d/{text(one['dossier'])}'>{text(one['dossier'])}</a>"
                     f"<td>{text(one['step'])}<td>{text(one.get('due', ''))}" for one in listed]
        rows.append("<table>" + "".join(cells) + "</table>" if cells else "<p>Rien.</p>")
        return page(request, "Portail de Bourg-Exemple", "".join(rows))

    # A new dossier

    def form_page(self, request: Request, typed: dict, faults: dict, key: str) -> str:
        form = self.engine.form(self.procedure, actor=request.actor,
                                args={"answers": answers_of(typed)})
        parts = [fieldset(section, typed, faults) for section in form["sections"]]
        general = f"<div class=fault>{text(faults[''])}</div>" if "" in faults else ""
        return page(request, form["title"], general + "<form method=post action='/new'>"
                    + hidden(seal=request.seal, key=key) + "".join(parts)
                    + "<button name=do value=refresh>Mettre à jour</button> "
                    + "<button name=do value=file>Envoyer</button></form>")

    def file(self, request: Request):
        typed = dict(request.form)
        key, wanted = typed.pop("key", "") or greffe.new_key(), typed.pop("do", "refresh")
        if wanted != "file":  # what applies may be another now
            return "200 OK", self.form_page(request, typed, {}, key), []
        args = {"procedure": self.procedure, "answers": answers_of(typed)}
        faults = {fault.get("path", ""): fault["message"]
                  for fault in self.engine.check(self.procedure, actor=request.actor, args=args)}
        if faults:
            return "200 OK", self.form_page(request, typed, faults, key), []
        # The key is the form's: who sends it twice has filed once.
        self.engine.execute("file", key, key="form", actor=request.actor, args=args)
        return "303 See Other", "", [("Location", f"/d/{key}")]

    # A dossier

    def dossier(self, request: Request, key: str, faults: dict | None = None,
                typed: dict | None = None) -> str:
        actor = request.actor
        found = self.engine.dossier(key, actor=actor)
        body = [f"<p>État : {text(found.get('shown', found['phase']))}</p>"]
        for part in found["answers"]:
            cells = [f"<tr><th>{text(name)}<td>{text(part.get('labels', {}).get(name, value))}"
                     for name, value in part["values"].items()]
            body.append(f"<h2>{text(part['of'])}</h2><table>{''.join(cells)}</table>")
        for one in found.get("history", []):
            what = one.get("shown") or one.get("outcome") or "déposée"
            body.append(f"<div class=hint>{one['at']:%d/%m/%Y} {text(what)}</div>")
        for fault in (faults or {}).values():
            body.append(f"<div class=fault>{text(fault)}</div>")
        for number, action in enumerate(self.engine.actions(key, actor=actor)):
            body.append(self.action(request, key, number, action, faults or {}, typed or {}))
        return page(request, found["number"] or key, "".join(body))

    def action(self, request: Request, key: str, number: int, action: dict, faults: dict,
               typed: dict) -> str:
        """A form for one thing that the actor may do; those that need more than words are left."""
        verb, names = action["verb"], {"claim": "Prendre", "release": "Rendre",
                                       "withdraw": "Retirer la demande"}
        common = hidden(seal=request.seal, key=greffe.new_key(), verb=verb,
                        step=action.get("step", ""))
        opening = f"<form method=post action='/d/{text(key)}'>{common}"
        if verb == "complete":
            forms = []
            for outcome in action["outcomes"]:
                args = {"step": action["step"], "outcome": outcome["outcome"]}
                form = self.engine.form(dossier=key, actor=request.actor, args=args)
                fields = [fieldset(section, typed, faults) for section in form["sections"]
                          if section["fields"]]
                forms.append(opening + hidden(outcome=outcome["outcome"]) + "".join(fields)
                             + f"<button>{text(outcome['label'])}</button></form>")
            return f"<h2>{text(action['title'])}</h2>" + "".join(forms)
        if verb == "comment":
            return (f"{opening}<label for=c{number}>Remarque</label>"
                    f"<input id=c{number} name=text> <button>Ajouter</button></form>")
        if verb in names:
            return opening + f"<button>{names[verb]}</button></form>"
        return ""

    def act(self, request: Request, key: str):
        typed = dict(request.form)
        command, verb = typed.pop("key", ""), typed.pop("verb", "")
        args = {name: typed[name] for name in ("step", "outcome", "text") if typed.get(name)}
        fill = answers_of(typed).get(typed.get("step", ""))
        if fill:
            args["fill"] = fill
        try:
            self.engine.execute(verb, key, key=command, actor=request.actor, args=args)
        except greffe.NotFoundError:
            raise
        except greffe.GreffeError as refused:
            return "200 OK", self.dossier(request, key, {"": refused.message}, typed), []
        return "303 See Other", "", [("Location", f"/d/{key}")]


# ---- Worker processes ---------------------------------------------------------------------------

class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_what):
        pass


class SharedServer(WSGIServer):
    """Serves on a socket that it was given: all workers share it."""

    def __init__(self, shared: socket.socket):
        super().__init__(shared.getsockname(), QuietHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = shared
        self.setup_environ()

    def server_bind(self):
        pass

    def setup_environ(self):
        self.server_name, self.server_port = "localhost", self.server_address[1]
        super().setup_environ()


ServerHandler.http_version = "1.1"


def work(shared: socket.socket, options: argparse.Namespace) -> None:
    """One worker: an engine of its own, pages, and a thread that does what is due. Of all workers
    one dispatches at a time; when it dies, another goes on."""
    stop = threading.Event()
    letters = pathlib.Path(options.letters)
    letters.mkdir(parents=True, exist_ok=True)

    def send(effect: greffe.Effect) -> None:
        name = hashlib.sha256(effect.key.encode()).hexdigest()[:16]
        (letters / f"{effect.letter}-{name}.txt").write_text(
            f"{effect.subject}\n\n{effect.text}", encoding="utf-8")

    with greffe.Engine(options.store) as engine:
        engine.handle("mail", send)
        dispatcher = threading.Thread(target=engine.run_until, args=(stop,))
        dispatcher.start()
        server = SharedServer(shared)
        server.set_app(Portal(engine, options.id))
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.serve_forever(poll_interval=0.1)
        stop.set()
        dispatcher.join()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True)
    parser.add_argument("--procedure", required=True)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--letters", default="letters")
    options = parser.parse_args()
    try:
        plan = greffe.compile_file(options.procedure)
    except greffe.CompileError as faults:
        raise SystemExit(str(faults)) from None
    options.id = plan.id
    with greffe.Engine(options.store) as engine:  # before the workers are forked
        engine.publish(plan)
    shared = socket.create_server(("127.0.0.1", options.port))
    shared.setblocking(False)  # another worker may have taken the connection already
    print(f"http://127.0.0.1:{shared.getsockname()[1]}/", flush=True)
    running: set[int] = set()
    stopping = False

    def stop(*_how: object) -> None:
        nonlocal stopping
        stopping = True
        for child in running:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping or running:
        while not stopping and len(running) < options.workers:  # one that died is replaced
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until the worker has its own
                work(shared, options)
                os._exit(0)
            running.add(child)
        try:
            gone, _ = os.wait()
            running.discard(gone)
        except (InterruptedError, ChildProcessError):
            continue


if __name__ == "__main__":
    main()
