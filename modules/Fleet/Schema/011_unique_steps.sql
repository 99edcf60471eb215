ALTER TABLE steps ADD COLUMN unique_key TEXT;

CREATE UNIQUE INDEX steps_unique ON steps (type, unique_key)
WHERE unique_key IS NOT NULL AND status IN ('pending', 'claimed', 'running');
