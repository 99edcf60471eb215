CREATE TABLE plans (
    plan_id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    nodes {{json}} NOT NULL,
    edges {{json}},
    sequence BIGINT NOT NULL
);
CREATE INDEX plans_newest ON plans (sequence);
CREATE INDEX plans_of_run ON plans (run_id, sequence);
