CREATE TABLE logs (
    log_id TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    name TEXT NOT NULL,
    normalized_name TEXT NOT NULL,
    version TEXT NOT NULL,
    attempt BIGINT,
    run_id TEXT,
    timestamp TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    lines BIGINT NOT NULL
);

CREATE INDEX logs_newest ON logs (timestamp, sequence);

CREATE INDEX logs_newest_of_version ON logs (normalized_name, version, timestamp, sequence);

CREATE INDEX logs_newest_of_name ON logs (normalized_name, timestamp, sequence);

CREATE INDEX logs_of_text ON logs (sha256);

CREATE TABLE log_texts (
    sha256 TEXT NOT NULL PRIMARY KEY,
    segment BIGINT NOT NULL,
    position BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL
);
