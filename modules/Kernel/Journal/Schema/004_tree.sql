-- The Merkle tree over the journal's lines, 256 by 256: at level 1 a tile is the root over 256 lines, at level 2 over 256 tiles of level 1, and so on.
CREATE TABLE journal_tiles (
    level BIGINT NOT NULL,
    tile BIGINT NOT NULL,
    root TEXT NOT NULL,
    PRIMARY KEY (level, tile)
) {{clustered}};
