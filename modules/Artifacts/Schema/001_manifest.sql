CREATE TABLE manifest_entries (
    entry_id BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    run_id TEXT,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    wheel TEXT NOT NULL,
    python_tag TEXT,
    platform_tag TEXT,
    status TEXT NOT NULL,
    sha256 TEXT,
    size_bytes BIGINT
);

CREATE INDEX manifest_entries_run ON manifest_entries (run_id, entry_id);

CREATE TABLE manifest_runs (
    run_key TEXT NOT NULL PRIMARY KEY,
    last_sequence BIGINT NOT NULL
);
