CREATE TABLE paused_types (
    type TEXT NOT NULL PRIMARY KEY,
    reason TEXT,
    paused_by TEXT,
    paused_at TEXT NOT NULL
);
