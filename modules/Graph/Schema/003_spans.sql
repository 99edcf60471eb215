-- The spans of the journal, 128 sequences each, that hold an event of the graph, and when the earliest of those happened.
CREATE TABLE graph_spans (
    span BIGINT NOT NULL PRIMARY KEY,
    happened_at TEXT NOT NULL
) {{clustered}};

-- What other events there were before these tables comes with the next rebuild of the projections.
INSERT INTO graph_spans (span, happened_at) SELECT sequence / 128, MIN(happened_at) FROM nodes GROUP BY sequence / 128;
