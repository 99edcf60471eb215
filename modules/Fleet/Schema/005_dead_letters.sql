CREATE TABLE dead_letters (
    step_id TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    pod_id TEXT,
    attempts BIGINT NOT NULL,
    retry_count BIGINT NOT NULL,
    failure_reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    died_at TEXT NOT NULL
);

CREATE INDEX dead_letters_newest ON dead_letters (sequence);
