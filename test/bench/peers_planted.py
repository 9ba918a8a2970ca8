"""Programs that peers.py takes for a peer in its self-check: one does the work item, by hand and
without an engine; each of the others has one fault, and must be refused for it.
"""

# Takes dossiers from filing to end as peers/work.mjs has it, in as many real commits. Its first
# argument says what it does otherwise: settings of SQLite, statements in the end, or words.
PROGRAM = '''
import hashlib, json, sqlite3, sys
fault = json.loads(sys.argv[1])
given = dict(zip(sys.argv[2::2], sys.argv[3::2]))
warm, count, flight = (int(given.get(name, 0)) for name in ("--warm", "--count", "--flight"))
answers = json.load(open(given["--answers"]))["answers"]
told = {"peer": "xstate", "count": count, "seconds": 1.0, "cpu_seconds": 1.0, "sqlite": "3"}
if fault.get("idle"):
    print(json.dumps(told))
    sys.exit()
db = sqlite3.connect(given["--dir"] + "/canonical-xstate.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = " + fault.get("synchronous", "FULL"))
db.executescript("""
    BEGIN;
    CREATE TABLE dossier (key TEXT PRIMARY KEY, version INTEGER, head BLOB, state TEXT,
        status TEXT);
    CREATE TABLE journal (key TEXT, version INTEGER, head BLOB, body TEXT);
    CREATE TABLE personal (key TEXT, class TEXT, value TEXT);
    CREATE TABLE task (key TEXT, step TEXT, service TEXT);
    CREATE TABLE outbox (key TEXT, step TEXT);
    CREATE TABLE sequence (next INTEGER);
    INSERT INTO sequence VALUES (1);
    COMMIT;
""")
statuses = ["accuse_reception completude", "accuse_reception instruction",
            "accuse_reception decision", "accuse_reception accord", "accord", "accordee"]
apart = [["person", "letter", *answers.values()], ["person"], [{"avis": "Conforme"}],
         ["person", "letter"], [], []]
heads = {}

def transit(key, step):
    body = json.dumps({"step": step})
    head = hashlib.sha256(heads.get(key, bytes(32)) + body.encode()).digest()
    heads[key] = head
    db.execute("REPLACE INTO dossier VALUES (?, ?, ?, ?, ?)",
               (key, step + 1, head, "{}", statuses[step]))
    db.execute("INSERT INTO journal VALUES (?, ?, ?, ?)", (key, step + 1, head, body))
    for one in apart[step]:
        kind = one if isinstance(one, str) else "answers"
        db.execute("INSERT INTO personal VALUES (?, ?, ?)", (key, kind, json.dumps(one)))
    if step == 0:
        db.execute("UPDATE sequence SET next = next + 1")

def transact(keys, steps):
    db.execute("BEGIN IMMEDIATE")
    for key in keys:
        for step in steps:
            transit(key, step)
    db.execute("COMMIT")

def run(first, all):
    group = flight or 32
    for start in range(first, first + all, group):
        keys = ["D%07d" % n for n in range(start, min(start + group, first + all))]
        for some in [keys] if flight else [[key] for key in keys]:
            if fault.get("together"):
                transact(some, range(4))
                continue
            for step in range(4):
                transact(some, [step])
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE sequence SET next = next")
        db.execute("COMMIT")
        transact(keys, [4, 5])

run(1, warm)
run(1 + warm, count)
last = "D%07d" % (1 + warm + count)
transact([last], [0])
transact([last], [1])
db.execute("INSERT INTO task VALUES (?, 'instruction', 'guichet')", (last,))
db.execute("INSERT INTO outbox VALUES (?, 'accuse_reception')", (last,))
db.executescript(fault.get("sql", ""))
print(json.dumps({**told, **fault.get("told", {})}))
sys.exit(fault.get("exit", 0))
'''

# By what the program does: its fault, how many are in flight, what is said of it.
PLANTED: dict[str, tuple[dict[str, object], int, str]] = {
    "does the work": ({}, 0, ""),
    "does the work of several at a time": ({}, 4, ""),
    "ends with a fault": ({"exit": 3}, 0, "ends with 3"),
    "says that it has done more": ({"told": {"count": 100}}, 0, "says"),
    "does nothing": ({"idle": True}, 0, "there is no database"),
    "has no journal": ({"sql": "DROP TABLE journal"}, 0, "no such table"),
    "does not wait for the disk": ({"synchronous": "OFF"}, 0, "times for the disk"),
    "waits for the disk now and then": ({"synchronous": "NORMAL"}, 0, "times for the disk"),
    "commits four commands at once": ({"together": True}, 0, "times for the disk"),
    "does so with several at a time": ({"together": True}, 4, "times for the disk"),
    "does a dossier too few": (
        {"sql": "DELETE FROM dossier WHERE key = 'D0000001'"}, 0, "dossiers: 23, not 24"),
    "refuses a dossier": (
        {"sql": "UPDATE dossier SET status = 'refusee' WHERE key = 'D0000001'"}, 0,
        "status of D0000001: refusee"),
    "stops before the end": (
        {"sql": "UPDATE dossier SET version = 5 WHERE key = 'D0000001'"}, 0,
        "version of D0000001: 5"),
    "ends the dossier that waits": (
        {"sql": "UPDATE dossier SET status = 'accordee'"}, 0, "the last dossier waits for"),
    "loses an entry": (
        {"sql": "DELETE FROM journal WHERE key = 'D0000001' AND version = 3"}, 0,
        "D0000001, entry: 4, not 3"),
    "loses the last entry": (
        {"sql": "DELETE FROM journal WHERE key = 'D0000001' AND version = 6"}, 0,
        "not that of its last entry"),
    "has no chain": (
        {"sql": "UPDATE journal SET head = zeroblob(32)"}, 0, "does not follow"),
    "changes an entry": (
        {"sql": "UPDATE journal SET body = '{}' WHERE key = 'D0000002' AND version = 4"}, 0,
        "D0000002, entry 4: it does not follow"),
    "has another head": (
        {"sql": "UPDATE dossier SET head = zeroblob(32) WHERE key = 'D0000002'"}, 0,
        "not that of its last entry"),
    "keeps no person": ({"sql": "DELETE FROM personal WHERE class = 'person'"}, 0, "classes"),
    "loses answers": (
        {"sql": "DELETE FROM personal WHERE class = 'answers' AND key = 'D0000001'"}, 0,
        "personal rows, answers"),
    "keeps other answers": (
        {"sql": "UPDATE personal SET value = '{}' WHERE class = 'answers' AND key = 'D0000001'"},
        0, "answers that were filed"),
    "has answers in its state": (
        {"sql": "UPDATE dossier SET state = (SELECT value FROM personal WHERE class = 'answers'"
                " AND key = dossier.key)"}, 0, "lies in dossier.state"),
    "takes no number": ({"sql": "UPDATE sequence SET next = 1"}, 0, "numbers taken"),
    "leaves a task": (
        {"sql": "INSERT INTO task VALUES ('D0000001', 'decision', 'direction')"}, 0,
        "numbers taken, tasks"),
    "has no tasks": ({"sql": "DELETE FROM task"}, 0, "numbers taken, tasks"),
    "has a task of another dossier": (
        {"sql": "UPDATE task SET key = 'D0000001'"}, 0, "tasks: [('D0000001'"),
    "has no letters": ({"sql": "DELETE FROM outbox"}, 0, "numbers taken, tasks, letters"),
    "has a letter of another dossier": (
        {"sql": "UPDATE outbox SET key = 'D0000001'"}, 0, "letters to send: [('D0000001'"),
}
