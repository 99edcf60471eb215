CREATE TABLE step_totals (
    status TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL
);

INSERT INTO step_totals (status, count)
SELECT status, COUNT(*) FROM steps WHERE status IN ('completed', 'failed', 'cancelled') GROUP BY status;
