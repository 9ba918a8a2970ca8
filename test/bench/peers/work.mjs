/* The canonical dossier's six durable commands, for an engine that runs in Node: filing, three
 * steps of agents, two letters that have left. Here is all that the engines have in common, so that
 * they differ in nothing else: the tables, the transactions, the order of the commands.
 *
 * Equal to the equal program (../canonical_equal.c): WAL, synchronous=FULL, prepared statements;
 * one transaction for each command, or for as many as are in flight; one that leases a page of
 * letters and one that tells that they have left; in each command the state written whole under
 * the version that is expected, an entry of the journal with its unique key and the hash chain,
 * the rows of tasks and of the outbox; eight personal rows, of persons, answers and letters, each
 * with a salt, so that they can be erased while the chain holds; the number taken from a sequence.
 *
 * More than there, since it is what an engine is for: the state is read from the store before each
 * command, the engine is restored from it, says what comes next, and gives its new state. Nothing
 * is kept in memory between two commands: the next may come to another process of the portal. The
 * journal's pseudonyms and its proofs of personal values are computed; there they are replayed.
 *
 * Less than Greffe: answers are not checked, nor who may do what; values of letters are constants;
 * what is due is a column, for timers of an engine end with its process. Rows are in JSON, and
 * entries shorter: they tell what was asked, and not each event that came of it. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

const schema = `
    CREATE TABLE dossier (key TEXT PRIMARY KEY, version INTEGER NOT NULL, head BLOB NOT NULL,
        state TEXT NOT NULL, status TEXT NOT NULL, number INTEGER NOT NULL, due_ms INTEGER,
        updated_ms INTEGER NOT NULL);
    CREATE INDEX dossier_due ON dossier (due_ms) WHERE due_ms IS NOT NULL;
    CREATE INDEX dossier_status ON dossier (status, key);
    CREATE TABLE journal (position INTEGER PRIMARY KEY, key TEXT NOT NULL,
        version INTEGER NOT NULL, command TEXT NOT NULL, head BLOB NOT NULL, body TEXT NOT NULL);
    CREATE UNIQUE INDEX journal_version ON journal (key, version);
    CREATE UNIQUE INDEX journal_command ON journal (key, command);
    CREATE TABLE personal (key TEXT NOT NULL, ref TEXT NOT NULL, class TEXT NOT NULL,
        salt BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, ref)) WITHOUT ROWID;
    CREATE TABLE task (key TEXT NOT NULL, step TEXT NOT NULL, service TEXT NOT NULL,
        since_ms INTEGER NOT NULL, PRIMARY KEY (key, step)) WITHOUT ROWID;
    CREATE INDEX task_service ON task (service, key);
    CREATE TABLE outbox (key TEXT NOT NULL, step TEXT NOT NULL, attempts INTEGER NOT NULL,
        next_ms INTEGER NOT NULL, PRIMARY KEY (key, step)) WITHOUT ROWID;
    CREATE INDEX outbox_next ON outbox (next_ms);
    CREATE TABLE sequence (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;`;

const statements = {
    sqlite: 'SELECT sqlite_version() AS version',
    begin: 'BEGIN IMMEDIATE',
    commit: 'COMMIT',
    load: 'SELECT version, head, state, status FROM dossier WHERE key = ?',
    number: `INSERT INTO sequence VALUES ('dossier', 2)
        ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next - 1 AS number`,
    insert: 'INSERT INTO dossier VALUES (?, 1, ?, ?, ?, ?, ?, ?)',
    update: `UPDATE dossier SET version = version + 1, head = ?, state = ?, status = ?, due_ms = ?,
        updated_ms = ? WHERE key = ? AND version = ?`,
    entry: 'INSERT INTO journal (key, version, command, head, body) VALUES (?, ?, ?, ?, ?)',
    personal: 'INSERT INTO personal VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    openTask: 'INSERT INTO task VALUES (?, ?, ?, ?)',
    closeTask: 'DELETE FROM task WHERE key = ? AND step = ?',
    post: 'INSERT INTO outbox VALUES (?, ?, 0, ?)',
    letters: 'SELECT key, step FROM outbox WHERE next_ms <= ? ORDER BY next_ms, key LIMIT ?',
    lease: 'UPDATE outbox SET attempts = attempts + 1, next_ms = ? WHERE key = ? AND step = ?',
    posted: 'DELETE FROM outbox WHERE key = ? AND step = ?',
};

/* Who does a step; null: a letter, which the dispatcher sends. */
const services = {
    completude: 'guichet',
    instruction: 'guichet',
    decision: 'direction',
    accuse_reception: null,
    accord: null,
    refus: null,
};

const hourMs = 3600000;
const mondayMs = 1772438400000; // 2026-03-02, 08:00 UTC
const leaseMs = 60000;
const silenceMs = 61 * 24 * hourMs;
const page = 32; // dossiers whose letters leave together
const nothing = Buffer.alloc(32); // what is before the chain
const secret = randomBytes(32); // of the pseudonyms

/* What persons do with a dossier, in the order in which they do it. */
const decisions = [
    { step: 'depot' },
    { step: 'completude', who: 'agent-0001', outcome: 'complete' },
    {
        step: 'instruction',
        who: 'agent-0001',
        outcome: 'favorable',
        fill: { avis: 'Conforme' },
    },
    { step: 'decision', who: 'directeur-0001', outcome: 'accordee' },
].map((command, order) => ({ ...command, nowMs: mondayMs + order * hourMs }));
const letterValues = {
    appeal:
        'Vous pouvez contester cette décision dans un délai de deux mois à compter de sa' +
        ' réception devant le tribunal administratif.',
    authority: "Commune d'essai",
    procedure: 'Aide de la commune aux travaux de rénovation',
    plan: '7f4a9a55bc6a10c1708cba9d8b102c7b197d5bfdbcea08080004b85f62e121dd',
    contact: 'Service instructeur, instruction@commune.example',
    due: { silence: '04/05/2026' },
    filed_on: '02/03/2026',
    today: '02/03/2026',
};
const letterLeft = { who: 'poste', outcome: 'partie', nowMs: mondayMs + 5 * hourMs };

function open(Database, path) {
    const db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(`BEGIN;${schema}COMMIT;`);
    return Object.fromEntries(
        Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]),
    );
}

/* A personal value lies apart; the journal has its reference, and a proof that it was this one. */
function keepApart(sql, key, kind, value) {
    const ref = randomBytes(12).toString('hex');
    const salt = randomBytes(16);
    const text = JSON.stringify(value);
    sql.personal.run(key, ref, kind, salt, text);
    return { ref, proof: createHash('sha256').update(salt).update(text).digest('base64') };
}

/* The same person has the same pseudonym in a dossier, and another in the next. */
function pseudonym(sql, key, who) {
    const ref = createHmac('sha256', secret).update(key).update(who).digest('hex').slice(0, 16);
    sql.personal.run(key, ref, 'person', randomBytes(16), JSON.stringify(who));
    return ref;
}

/* Rows of what waits now and didn't before, and the other way round. Gives the proofs of what the
 * letters say. */
function putRows(sql, key, before, now, nowMs) {
    const letters = [];
    for (const step of before.filter((one) => !now.includes(one))) {
        (services[step] === null ? sql.posted : sql.closeTask).run(key, step);
    }
    for (const step of now.filter((one) => !before.includes(one))) {
        if (services[step] === null) {
            letters.push(keepApart(sql, key, 'letter', { ...letterValues, letter: step }));
            sql.post.run(key, step, nowMs);
        } else {
            sql.openTask.run(key, step, services[step], nowMs);
        }
    }
    return letters;
}

function putDossier(sql, key, row, head, after, nowMs) {
    const status = after.waiting.join(' ') || after.outcome;
    const due = after.waiting.some((step) => services[step]) ? mondayMs + silenceMs : null;
    if (row) {
        const { changes } = sql.update.run(
            head, after.state, status, due, nowMs, key, row.version,
        );
        if (changes !== 1) {
            throw new Error(`${key} is no longer at version ${row.version}`);
        }
    } else {
        const { number } = sql.number.get();
        sql.insert.run(key, head, after.state, status, number, due, nowMs);
    }
}

/* One command: the engine is asked, and what it says is written. The engine is not given what an
 * agent wrote, but where it lies; `aide` is no personal value. */
async function execute(sql, engine, { key, step, who, outcome, fill, nowMs }, answers) {
    const filed = step === 'depot';
    const row = filed ? null : sql.load.get(key);
    const before = filed ? [] : row.status.split(' ');
    if (!filed && !before.includes(step)) {
        throw new Error(`${key}: ${step} is not what it waits for`);
    }
    const given = filed ? Object.values(answers) : fill ? [fill] : [];
    const kept = given.map((value) => keepApart(sql, key, 'answers', value));
    const after = filed
        ? await engine.file(key)
        : await engine.complete(
            row.state, step, outcome, fill && { avis: kept[0].ref, aide: '2850.00' },
        );
    const letters = putRows(sql, key, before, after.waiting, nowMs);
    const by = who === 'poste' ? who : pseudonym(sql, key, who ?? `citoyen-${key}`);
    const body = JSON.stringify({ at: nowMs, by, step, outcome, kept, letters });
    const head = createHash('sha256').update(row?.head ?? nothing).update(body).digest();
    putDossier(sql, key, row, head, after, nowMs);
    sql.entry.run(key, (row?.version ?? 0) + 1, `${step}-1`, head, body);
}

function keyOf(number) {
    return `D${String(number).padStart(7, '0')}`;
}

async function transact(sql, engine, answers, commands) {
    sql.begin.run();
    for (const command of commands) {
        await execute(sql, engine, command, answers);
    }
    sql.commit.run();
}

/* Takes dossiers from filing to end: one commit for each command, or for as many as are in flight;
 * their letters leave together. */
async function run(sql, engine, answers, first, count, flight) {
    const keys = Array.from({ length: count }, (_, i) => keyOf(first + i));
    if (flight > 0) {
        for (const decision of decisions) {
            const commands = keys.map((key) => ({ key, ...decision }));
            await transact(sql, engine, answers, commands);
        }
    } else {
        for (const key of keys) {
            for (const decision of decisions) {
                await transact(sql, engine, answers, [{ key, ...decision }]);
            }
        }
    }
    sql.begin.run();
    const letters = sql.letters.all(letterLeft.nowMs, 2 * count);
    for (const { key, step } of letters) {
        sql.lease.run(letterLeft.nowMs + leaseMs, key, step);
    }
    sql.commit.run();
    const left = letters.map((letter) => ({ ...letter, ...letterLeft }));
    await transact(sql, engine, answers, left);
}

/* The command line of a peer. The first dossiers, those of --warm, are not counted: a portal's
 * worker runs for days, and its code is compiled. Nor is the last one, which stays with an agent:
 * so that the rows of a task and of a letter can be seen afterwards. */
export async function main(name, Database, engine) {
    const text = { type: 'string' };
    const options = { dir: text, answers: text, count: text, flight: text, warm: text };
    const values = parseArgs({ options }).values;
    const [count, flight, warm] = [values.count, values.flight ?? 0, values.warm].map(Number);
    const { answers } = JSON.parse(readFileSync(values.answers, 'utf8'));
    const sql = open(Database, join(values.dir, `canonical-${name}.db`));
    const group = flight || page;
    async function runAll(first, all) {
        for (let done = 0; done < all; done += group) {
            const some = Math.min(group, all - done);
            await run(sql, engine, answers, first + done, some, flight);
        }
    }
    await runAll(1, warm);
    const cpu = process.cpuUsage();
    const start = performance.now();
    await runAll(1 + warm, count);
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    for (const decision of decisions.slice(0, 2)) {
        await transact(sql, engine, answers, [{ key: keyOf(1 + warm + count), ...decision }]);
    }
    const told = { peer: name, count, seconds, cpu_seconds: (user + system) / 1e6 };
    console.log(JSON.stringify({ ...told, sqlite: sql.sqlite.get().version }));
}
