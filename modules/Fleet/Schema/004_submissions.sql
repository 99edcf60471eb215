CREATE TABLE submissions (
    submission_key TEXT NOT NULL PRIMARY KEY,
    step_id TEXT,
    created_at TEXT NOT NULL
);
