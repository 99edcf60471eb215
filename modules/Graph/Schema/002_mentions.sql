-- The events that name an attempt without telling more about it: they are listed with it and make no part of it.
CREATE TABLE node_mentions (
    node_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (node_id, sequence)
) {{clustered}};
