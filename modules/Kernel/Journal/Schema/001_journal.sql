CREATE TABLE events (
    sequence BIGINT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    event_type TEXT NOT NULL,
    target TEXT,
    canonical TEXT NOT NULL,
    hash TEXT NOT NULL
);
