-- The timestamp as its sender wrote it, where it is written otherwise than ours; it is answered, and not part of the hash.
ALTER TABLE events ADD COLUMN sent_timestamp TEXT;
