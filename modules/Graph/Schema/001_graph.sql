-- What a node is follows from its events; these tables say only which nodes and edges there are, and where their events stand.
CREATE TABLE nodes (
    node_id TEXT NOT NULL PRIMARY KEY,
    node_type TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    happened_at TEXT NOT NULL
) {{clustered}};
CREATE INDEX nodes_of_type ON nodes (node_type, sequence);

-- The events of a node beside the one that made it.
CREATE TABLE node_events (
    node_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (node_id, sequence)
) {{clustered}};

CREATE TABLE edges (
    source TEXT NOT NULL,
    edge_type TEXT NOT NULL,
    target TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    PRIMARY KEY (source, edge_type, target)
) {{clustered}};
CREATE INDEX edges_into ON edges (target, edge_type, source);

CREATE TABLE graph_counts (
    kind TEXT NOT NULL,
    type TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (kind, type)
) {{clustered}};
