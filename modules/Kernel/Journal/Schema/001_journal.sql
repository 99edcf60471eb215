CREATE TABLE events (
    sequence {{key}},
    event_id TEXT NOT NULL UNIQUE,
    event_type TEXT NOT NULL,
    target TEXT,
    canonical TEXT NOT NULL,
    hash TEXT NOT NULL
);
