-- One row for every change of a wheel's status. id = sequence of the journal event * 2, + 1 for the second row of an event.
CREATE TABLE history (
    id {{key}},
    timestamp TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    version TEXT NOT NULL,
    python_tag TEXT,
    platform_tag TEXT,
    status TEXT NOT NULL,
    run_id TEXT,
    attempt BIGINT,
    duration_ms DOUBLE PRECISION,
    detail TEXT,
    matched_hint_ids {{json}},
    metadata {{json}}
);

-- Newest first is by timestamp, because history may be recorded after the fact. The status rides along so that counts touch no rows.
CREATE INDEX history_by_time ON history (timestamp, id, status);
CREATE INDEX history_by_package ON history (name_key, timestamp, id, status);
CREATE INDEX history_by_status ON history (status, timestamp, id);
CREATE INDEX history_by_run ON history (run_id, timestamp, id) WHERE run_id IS NOT NULL;
CREATE INDEX history_failures ON history (timestamp, id)
    WHERE status IN ('failed', 'failed_attempt', 'missing', 'system_recipe_failed');

-- How many events of a status an hour saw; the hour '' counts all there ever were.
CREATE TABLE history_hours (
    hour TEXT NOT NULL,
    status TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (hour, status)
);

-- Microseconds are whole numbers in a float: sums are exact in any order up to 285 years of building a package.
CREATE TABLE history_packages (
    name_key TEXT NOT NULL,
    status TEXT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    timed BIGINT NOT NULL,
    micros DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (name_key, status)
);

CREATE INDEX history_packages_failures ON history_packages (name_key, count)
    WHERE status IN ('failed', 'failed_attempt', 'missing', 'system_recipe_failed');
