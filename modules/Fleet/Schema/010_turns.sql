CREATE TABLE turns (
    type TEXT NOT NULL,
    priority BIGINT NOT NULL,
    owner TEXT NOT NULL,
    rank BIGINT NOT NULL,
    PRIMARY KEY (type, priority, owner)
) {{clustered}};

DROP INDEX steps_waiting;

CREATE INDEX steps_waiting ON steps (type, (CASE WHEN not_before IS NULL THEN 0 ELSE 1 END), priority DESC, rank, step_id) WHERE status = 'pending';

CREATE INDEX steps_oldest ON steps (type, created_at) WHERE status = 'pending';
