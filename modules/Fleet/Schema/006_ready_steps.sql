DROP INDEX steps_waiting;

CREATE INDEX steps_waiting ON steps (type, (CASE WHEN not_before IS NULL THEN 0 ELSE 1 END), priority DESC, rank) WHERE status = 'pending';
