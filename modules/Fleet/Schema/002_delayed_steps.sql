CREATE INDEX steps_delayed ON steps (type, not_before, rank) WHERE status = 'pending' AND not_before IS NOT NULL;
