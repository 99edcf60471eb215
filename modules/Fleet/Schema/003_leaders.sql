ALTER TABLE pods ADD COLUMN state TEXT NOT NULL DEFAULT 'live';

ALTER TABLE pods ADD COLUMN rank BIGINT NOT NULL DEFAULT 0;

CREATE TABLE leaders (
    role TEXT NOT NULL PRIMARY KEY,
    term BIGINT NOT NULL,
    beats BIGINT NOT NULL,
    pod_id TEXT,
    elected_at TEXT,
    checked_at TEXT
);

INSERT INTO leaders (role, term, beats) VALUES ('recovery', 0, 0);
