-- Builds lie in the order of the journal, and each tree that a new build or a new status touches is one that a list needs.
CREATE TABLE builds_in_order (
    sequence {{key}},
    step_id TEXT NOT NULL,
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
INSERT INTO builds_in_order
SELECT sequence, step_id, build_id, type, third_party_id, parser_id, image_uri, package, version, run_id, status, created_at, started_at, completed_at, detail
FROM builds;
DROP TABLE builds;
ALTER TABLE builds_in_order RENAME TO builds;

CREATE INDEX builds_by_id ON builds (build_id);

-- The status stands before the sequence: a list of every status is five short ones merged, whatever the table's size.
CREATE INDEX builds_by_status ON builds (status, sequence);
CREATE INDEX builds_by_third_party ON builds (third_party_id, status, sequence);

-- Parsers are as many as builds, so theirs are counted here and not in a counter each; the third party is there to be looked at without the row.
CREATE INDEX builds_by_parser ON builds (parser_id, status, sequence, third_party_id);

CREATE TABLE build_attempts_together (
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
) {{clustered}};
INSERT INTO build_attempts_together
SELECT step_id, attempt_number, status, pod_id, created_at, started_at, ended_at, detail, failure_reason, matched_hint_ids, log_sha256
FROM build_attempts;
DROP TABLE build_attempts;
ALTER TABLE build_attempts_together RENAME TO build_attempts;

-- How many builds a third party has of each status; '' stands for all of them.
CREATE TABLE build_totals (
    third_party_id TEXT NOT NULL PRIMARY KEY,
    pending BIGINT NOT NULL,
    running BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    cancelled BIGINT NOT NULL
);
INSERT INTO build_totals
SELECT third_party_id, pending, running, succeeded, failed, cancelled FROM build_counts WHERE parser_id = '';
DROP TABLE build_counts;
