{{refusal}}

CREATE TRIGGER events_keep_rows BEFORE DELETE ON events {{refuse}};

CREATE TRIGGER events_keep_text BEFORE UPDATE ON events {{refuse}};
