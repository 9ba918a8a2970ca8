-- The tables of a store, version 3. {p} is the prefix of their names.
-- A stream is a dossier (1), session (2), allotment (3), order (4), claim (5) or batch (6).
CREATE TABLE {p}meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE {p}bundle (
    tenant       TEXT NOT NULL,
    hash         TEXT NOT NULL,
    procedure    TEXT NOT NULL,
    pinned       TEXT NOT NULL,         -- what its dossiers' course depends on
    published_ms INTEGER NOT NULL,
    active       INTEGER NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (tenant, procedure, hash)
);
CREATE INDEX {p}bundle_hash ON {p}bundle (tenant, hash);
CREATE INDEX {p}bundle_pinned ON {p}bundle (tenant, pinned);

-- Which bundle speaks for a board or an allotment: the one published last.
CREATE TABLE {p}known (
    tenant TEXT NOT NULL,
    name   TEXT NOT NULL,
    hash   TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

CREATE TABLE {p}stream (
    tenant  TEXT NOT NULL,
    kind    INTEGER NOT NULL,
    key     TEXT NOT NULL,
    version INTEGER NOT NULL,           -- entries in its journal
    head    BLOB NOT NULL,              -- hash of the last entry and all before it
    state   BLOB NOT NULL,
    grp     TEXT NOT NULL,              -- procedure, board, allotment
    status  TEXT NOT NULL,
    label   TEXT NOT NULL,
    owner   TEXT NOT NULL,
    due_ms  INTEGER,                    -- the next timer
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, key)
);
CREATE INDEX {p}stream_due ON {p}stream (tenant, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX {p}stream_list ON {p}stream (tenant, kind, grp, status, key);

-- The journal. Positions ascend in the order of commits: the feed reads along them.
CREATE TABLE {p}entry (
    position INTEGER PRIMARY KEY,
    tenant   TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    key      TEXT NOT NULL,
    version  INTEGER NOT NULL,
    command  TEXT NOT NULL,             -- idempotency key, with its origin
    head     BLOB NOT NULL DEFAULT x'', -- hash of this entry and all before it
    body     BLOB NOT NULL
);
CREATE UNIQUE INDEX {p}entry_stream ON {p}entry (tenant, kind, key, version);
CREATE UNIQUE INDEX {p}entry_command ON {p}entry (tenant, kind, key, command);

-- What a person typed, or what names one: kept apart, so that it can be erased.
CREATE TABLE {p}personal (
    tenant TEXT NOT NULL,
    kind   INTEGER NOT NULL,
    key    TEXT NOT NULL,
    ref    TEXT NOT NULL,
    class  TEXT NOT NULL,
    salt   BLOB,
    value  BLOB,
    PRIMARY KEY (tenant, kind, key, ref)
) WITHOUT ROWID;

CREATE TABLE {p}task (
    tenant   TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    key      TEXT NOT NULL,
    item     TEXT NOT NULL,
    name     TEXT NOT NULL,             -- step
    who      TEXT NOT NULL,             -- service, board or role
    assignee TEXT NOT NULL,
    ref      TEXT NOT NULL,             -- session on whose agenda it stands
    due      INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, key, item)
) WITHOUT ROWID;
CREATE INDEX {p}task_who ON {p}task (tenant, who, key);

-- What has to leave after a commit. Attempts and leases are the dispatcher's own.
CREATE TABLE {p}outbox (
    tenant   TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    key      TEXT NOT NULL,
    item     TEXT NOT NULL,
    channel  TEXT NOT NULL,
    letter   TEXT NOT NULL,
    ref      TEXT NOT NULL,             -- personal value: its body
    incident TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    started  INTEGER NOT NULL DEFAULT 0, -- 1: an attempt began, its end was never told
    next_ms  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, kind, key, item)
) WITHOUT ROWID;
CREATE INDEX {p}outbox_next ON {p}outbox (tenant, next_ms) WHERE incident = '';

-- The database itself refuses an overspend.
CREATE TABLE {p}allotment (
    tenant    TEXT NOT NULL,
    key       TEXT NOT NULL,
    allocated INTEGER NOT NULL,         -- cents, all of them
    reserved  INTEGER NOT NULL CHECK (reserved >= 0),
    committed INTEGER NOT NULL CHECK (committed >= 0),
    spent     INTEGER NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (tenant, key),
    CHECK (reserved + committed + spent <= allocated)
) WITHOUT ROWID;

CREATE TABLE {p}sequence (
    tenant TEXT NOT NULL,
    name   TEXT NOT NULL,
    next   INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- How far each subscriber of the feed has read.
CREATE TABLE {p}cursor (
    tenant     TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    position   INTEGER NOT NULL,
    PRIMARY KEY (tenant, subscriber)
) WITHOUT ROWID;

-- One process dispatches timers, effects and the inbox; the epoch fences those that come late.
CREATE TABLE {p}lease (
    tenant   TEXT NOT NULL,
    name     TEXT NOT NULL,
    owner    TEXT NOT NULL,
    epoch    INTEGER NOT NULL,          -- grows each time it goes to another owner
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- Commands of a host that has nothing but SQL: it inserts a row in its own transaction, the engine
-- executes it soon after the commit and writes the answer here. The row is the host's to delete.
CREATE TABLE {p}inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      TEXT NOT NULL DEFAULT '',
    verb        TEXT NOT NULL,          -- file, complete, session.decide
    stream      TEXT NOT NULL,          -- key of the dossier, session, allotment or batch
    key         TEXT NOT NULL,          -- idempotency key, unique in its stream
    actor       TEXT NOT NULL,          -- JSON: subject, kind, services, roles
    args        TEXT NOT NULL DEFAULT '{}',
    represented TEXT,                   -- the citizen an agent acts for
    effective   TEXT,                   -- 2026-03-27: the day it counts from
    because     TEXT,
    if_version  INTEGER,
    -- The answer. What persons typed above is emptied then: it lies in the dossier.
    answered_ms INTEGER,                -- null while it waits
    status      TEXT,                   -- ok, denied, conflict
    code        TEXT,                   -- GR-5101 when it was refused
    message     TEXT,
    answer      TEXT,                   -- JSON
    version     INTEGER,                -- of the stream
    repeated    INTEGER                 -- 1: this key was answered before
);
CREATE INDEX {p}inbox_waits ON {p}inbox (tenant, id) WHERE answered_ms IS NULL;
