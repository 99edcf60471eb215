-- Which package waits for which in each run, and which task is for which package: where the two meet there is an edge between tasks.
-- An empty version stands for any, or for one that is not known.
-- What earlier plans and tasks say comes with the next rebuild of the projections.
CREATE TABLE plan_edges (
    run_id TEXT NOT NULL,
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    awaited TEXT NOT NULL,
    awaited_version TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    PRIMARY KEY (run_id, package, version, awaited, awaited_version)
) {{clustered}};
CREATE INDEX plan_edges_into ON plan_edges (run_id, awaited);

CREATE TABLE run_tasks (
    run_id TEXT NOT NULL,
    package TEXT NOT NULL,
    task_id TEXT NOT NULL,
    version TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    PRIMARY KEY (run_id, package, task_id)
) {{clustered}};
