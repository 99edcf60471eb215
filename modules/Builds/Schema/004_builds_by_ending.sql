-- An id ends with the end of its step's id, and those ascend: what is made together lies together.
DROP INDEX builds_by_id;
CREATE INDEX builds_by_ending ON builds (substr(build_id, length(build_id) - 7));
