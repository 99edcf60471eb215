-- What hosts on one database share; where one process holds the database these stay empty, and log_texts says where a text lies.
-- BYTEA is Postgres' word; the embedded engine takes any.
CREATE INDEX logs_by_sequence ON logs (sequence);

CREATE TABLE log_bodies (
    sha256 TEXT NOT NULL PRIMARY KEY,
    size_bytes BIGINT NOT NULL,
    stored_at TEXT NOT NULL
);

CREATE TABLE log_parts (
    sha256 TEXT NOT NULL REFERENCES log_bodies (sha256) ON DELETE CASCADE,
    part BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (sha256, part)
);

CREATE TABLE live_logs (
    log_id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    normalized_name TEXT NOT NULL,
    version TEXT NOT NULL,
    attempt BIGINT,
    step_id TEXT,
    size_bytes BIGINT NOT NULL,
    beat TEXT NOT NULL
);

CREATE TABLE live_log_pieces (
    log_id TEXT NOT NULL REFERENCES live_logs (log_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (log_id, position)
);
