-- A run is known by its run_id; entries of an event without one are a run of their own.
CREATE TABLE manifest_runs (
    run_key TEXT PRIMARY KEY,
    last_sequence BIGINT NOT NULL
);
CREATE INDEX manifest_runs_newest ON manifest_runs (last_sequence);
CREATE TABLE manifest_entries (
    sequence BIGINT NOT NULL,
    position BIGINT NOT NULL,
    run_key TEXT NOT NULL,
    run_id TEXT,
    name TEXT NOT NULL,
    version TEXT,
    wheel TEXT NOT NULL,
    python_tag TEXT,
    platform_tag TEXT,
    status TEXT NOT NULL,
    sha256 TEXT,
    size_bytes BIGINT,
    PRIMARY KEY (sequence, position)
);
CREATE INDEX manifest_entries_of_run ON manifest_entries (run_key, sequence, position);
