-- The store of one task hub. Instants are ticks of 100 ns since 1970 (devhost/ticks.py), texts are JSON as the host keeps it.
-- Columns without a type hold texts, or BLOBs of them where packing.py made them smaller.
-- `seq` names one incarnation of an instance id: a purged or replaced instance leaves no row under its old seq,
-- so whatever still refers to it (a running activity, a due timer) finds nothing and is dropped.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,               -- 'schema', 'words' (the dictionary of packing.py), 'clock offset'
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE instances (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    execution_id NOT NULL,              -- new after continue-as-new; empty for an entity
    name TEXT NOT NULL,                 -- as the caller spelt it
    version TEXT,                       -- NULL when none was given and host.json has none
    generation INTEGER,                 -- how often the id was used before; NULL in children and after continue-as-new
    parent TEXT,                        -- JSON of who waits for it, or NULL
    status INTEGER NOT NULL,            -- RuntimeStatus
    input,                              -- of an entity what it is between two batches
    custom_status,
    output,                             -- also the reason of the last suspend or resume, until the end
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    is_fresh INTEGER NOT NULL DEFAULT 0 -- 1: continued as new, and its first turn was not answered yet
);

CREATE TABLE turns (                    -- history, one row a turn, as codec.py writes it
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    events NOT NULL,
    PRIMARY KEY (seq, number)
) WITHOUT ROWID;

CREATE TABLE messages (                 -- what came in and no turn has taken yet, in order of arrival
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    event TEXT NOT NULL,                -- '[0]' for the ExecutionStarted, all of which is in the instance's row
    PRIMARY KEY (seq, number)
) WITHOUT ROWID;

CREATE TABLE activities (               -- scheduled and not ended; run again after a crash
    number INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    task_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    input TEXT
);
CREATE INDEX activities_of_instance ON activities (seq);

CREATE TABLE timers (                   -- created and not fired; a cancelled one fires too, as on the real host
    seq INTEGER NOT NULL,
    timer_id INTEGER NOT NULL,
    fire_at INTEGER NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (seq, timer_id)
) WITHOUT ROWID;
