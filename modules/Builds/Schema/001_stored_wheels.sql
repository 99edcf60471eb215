-- Every wheel our builds made, and what from: a rebuild takes one again instead of building it anew.
CREATE TABLE stored_wheels (
    sequence BIGINT PRIMARY KEY,
    name_key TEXT NOT NULL,
    version TEXT NOT NULL,
    python_tag TEXT,
    platform_tag TEXT,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    source_sha256 TEXT
);
CREATE INDEX stored_wheels_of_package ON stored_wheels (name_key, sequence);
