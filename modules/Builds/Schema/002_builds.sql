-- One row a build, made from the journal. sequence is that of task.created: newest first is by it.
CREATE TABLE builds (
    step_id TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    build_id TEXT NOT NULL,
    type TEXT NOT NULL,
    third_party_id TEXT NOT NULL,
    parser_id TEXT NOT NULL,
    image_uri TEXT,
    package TEXT,
    version TEXT,
    run_id TEXT,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    completed_at TEXT,
    detail TEXT
);

CREATE INDEX builds_by_id ON builds (build_id, sequence);

-- The status stands before the sequence: a list of every status is five short ones merged, whatever the table's size.
CREATE INDEX builds_by_status ON builds (status, sequence);
CREATE INDEX builds_by_third_party ON builds (third_party_id, status, sequence);
CREATE INDEX builds_by_parser ON builds (parser_id, status, sequence);
CREATE INDEX builds_by_both ON builds (third_party_id, parser_id, status, sequence);

-- Attempts are rows for ever.
CREATE TABLE build_attempts (
    step_id TEXT NOT NULL,
    attempt_number BIGINT NOT NULL,
    status TEXT NOT NULL,
    pod_id TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    detail TEXT,
    failure_reason TEXT,
    matched_hint_ids {{json}},
    log_sha256 TEXT,
    PRIMARY KEY (step_id, attempt_number)
);

-- How many builds a third party and a parser have of each status; '' stands for all of them.
CREATE TABLE build_counts (
    third_party_id TEXT NOT NULL,
    parser_id TEXT NOT NULL,
    pending BIGINT NOT NULL,
    running BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    PRIMARY KEY (third_party_id, parser_id)
);

-- How many builds ended in a second, so that the last hour is never counted anew.
CREATE TABLE build_seconds (
    second TEXT NOT NULL PRIMARY KEY,
    ended BIGINT NOT NULL
);
