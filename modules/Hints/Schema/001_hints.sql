-- A deleted hint stays as a tombstone, so that seeding does not bring it back.
CREATE TABLE hints (
    hint_id TEXT PRIMARY KEY,
    pattern TEXT NOT NULL,
    recipes {{json}} NOT NULL,
    note TEXT NOT NULL,
    applies_to {{json}},
    confidence DOUBLE PRECISION,
    origin TEXT NOT NULL,
    matches BIGINT NOT NULL,
    is_deleted BIGINT NOT NULL,
    created_sequence BIGINT NOT NULL,
    revision BIGINT NOT NULL
);
CREATE INDEX hints_newest ON hints (is_deleted, created_sequence DESC, hint_id);
CREATE INDEX hints_revision ON hints (revision);
