CREATE INDEX steps_cancelled ON steps (claimed_by, updated_at) WHERE status = 'cancelled' AND claimed_by IS NOT NULL;
