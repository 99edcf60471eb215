CREATE INDEX turns_passed ON turns (type, priority, rank);
