CREATE TABLE steps (
    step_id TEXT NOT NULL PRIMARY KEY,
    build_id TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    priority BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    args {{json}} NOT NULL,
    metadata {{json}} NOT NULL,
    recipes {{json}},
    max_retries BIGINT NOT NULL,
    retry_count BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    fence BIGINT NOT NULL DEFAULT 0,
    claimed_by TEXT,
    lease_until TEXT,
    not_before TEXT,
    detail TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX steps_waiting ON steps (type, priority DESC, rank) WHERE status = 'pending';

CREATE INDEX steps_leased ON steps (claimed_by) WHERE status IN ('claimed', 'running');

CREATE TABLE pods (
    pod_id TEXT NOT NULL PRIMARY KEY,
    host_id TEXT,
    kinds {{json}} NOT NULL,
    capacity BIGINT NOT NULL,
    running BIGINT NOT NULL,
    version TEXT NOT NULL,
    born_at TEXT NOT NULL,
    beat_at TEXT NOT NULL
);
